//! `wenmai brief`: what a day's stories say, each in a few sentences with sources.

mod page;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::DateTime;
use serde::Serialize;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::summarize::clean;
use crate::summarize::said;
use crate::telling;
use wenmai_domain::day;
use wenmai_proto::wire;
use wenmai_rpc::date_to_wire;

/// Articles of one story that are read for its summary, at most: what a call to tell several takes.
const ARTICLES_MAX: i32 = 200;
/// Outlets that are named beside a story.
const OUTLETS_SHOWN: usize = 4;

/// Arguments of `wenmai brief`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The last day to tell of; without it, the newest day of which articles are stored.
    #[arg(long, value_name = "DAY")]
    date: Option<Date>,

    /// How many days to tell of, up to that one.
    #[arg(long, default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,

    /// Which stories, as for `topics`, such as 'size >= 3 AND place = 聊城'.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    filter: String,

    /// Only articles that name this person, and stories with some; several times: any of them.
    #[arg(long, value_name = "NAME")]
    person: Vec<String>,

    /// Only articles that name this place, and stories with some; several times: any of them.
    #[arg(long, value_name = "NAME")]
    place: Vec<String>,

    /// Tell only what articles after this time say and earlier ones of the days did not: the second
    /// brief of a day. A day counts as known whole.
    #[arg(long, value_name = "TIME", value_parser = telling::since)]
    since: Option<DateTime>,

    /// How many stories at most, those with the most articles first, 1 to 100.
    #[arg(long, short = 'n', default_value_t = 12, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,

    /// How much to tell of each: characters at most, 20 to 2000.
    #[arg(long, default_value_t = 100, value_name = "CHARS",
          value_parser = clap::value_parser!(i32).range(20..=2000))]
    budget: i32,

    /// Print Markdown, in Chinese, with numbered sources.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Print a page of HTML, in Chinese, with numbered sources.
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    html: bool,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object: the days, and of each story the messages `Topic` and
    /// `SummarizeArticlesResponse`.
    #[arg(long)]
    json: bool,
}

/// The stories of some days.
struct Brief {
    from: Date,
    to: Date,
    /// How many stories have articles of these days; more than are told, perhaps.
    story_count: u32,
    stories: Vec<Story>,
}

struct Story {
    /// Its counts are those of the days told of.
    topic: wire::Topic,
    summary: wire::SummarizeArticlesResponse,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Written {
    from: String,
    to: String,
    story_count: u32,
    stories: Vec<WrittenStory>,
}

#[derive(Serialize)]
struct WrittenStory {
    topic: serde_json::Value,
    summary: serde_json::Value,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let services = Services::connect(&args.connect, Needs::Topics).await?;
    let asked = brief(&services, &args).await;
    services.close().await?;
    match asked? {
        None => output::line("nothing to tell: no dated article is in a topic"),
        Some(brief) if args.json => written(brief),
        Some(brief) if args.markdown => output::line(markdown(&brief).trim_end()),
        Some(brief) if args.html => output::line(page::html(&brief).trim_end()),
        Some(brief) => print(&brief),
    }
}

/// Asks for the stories of the days and tells each; `None` where no day is given and none is stored.
async fn brief(services: &Services, args: &Args) -> Result<Option<Brief>, Failure> {
    let to = match args.date {
        Some(date) => date,
        None => match newest(services).await? {
            Some(date) => date,
            None => return Ok(None),
        },
    };
    let from = to.checked_sub((args.days - 1).days()).map_err(|error| Failure::failed(&error))?;
    let request = wire::ListTopicsRequest {
        level: wire::TopicLevel::Story.into(),
        from: Some(date_to_wire(from)),
        to: Some(date_to_wire(to)),
        filter: args.topics_filter(),
        order: wire::TopicOrder::Size.into(),
        page_size: args.limit,
        page_token: String::new(),
    };
    let found = services.topics().list_topics(connect::patient(request)).await?.into_inner();
    let mut stories = Vec::with_capacity(found.topics.len());
    for topic in found.topics {
        let articles = members(services, &topic.name, (from, to), args).await?;
        // Its articles may have gone since.
        if articles.is_empty() {
            continue;
        }
        let request = wire::SummarizeArticlesRequest {
            articles,
            style: wire::SummaryStyle::Brief.into(),
            budget_chars: args.budget,
            options: Some(wire::SummaryOptions {
                since: args.since.and_then(wenmai_rpc::time_to_wire),
                ..Default::default()
            }),
            ..Default::default()
        };
        let summary = services.summary().summarize_articles(connect::patient(request)).await?;
        let summary = summary.into_inner();
        // Nothing of it is new.
        if args.since.is_none() || !summary.sentences.is_empty() {
            stories.push(Story { topic, summary });
        }
    }
    Ok(Some(Brief { from, to, story_count: found.total_count, stories }))
}

/// The newest day that a story has an article of.
async fn newest(services: &Services) -> Result<Option<Date>, Failure> {
    let request = wire::ListTopicsRequest {
        level: wire::TopicLevel::Story.into(),
        order: wire::TopicOrder::Recency.into(),
        page_size: 1,
        ..Default::default()
    };
    let found = services.topics().list_topics(connect::patient(request)).await?.into_inner();
    Ok(found.topics.first().and_then(|topic| date_of(topic.last_time?.seconds)))
}

impl Args {
    /// The filter of the stories: what was given, and whom and what they name.
    fn topics_filter(&self) -> String {
        let given = if self.filter.trim().is_empty() {
            String::new()
        } else {
            format!("({})", self.filter)
        };
        joined([given, any("person", &self.person), any("place", &self.place)])
    }
}

/// That a thing has one of these names; empty without any.
fn any(field: &str, names: &[String]) -> String {
    let quoted = |name: &String| {
        let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        format!("{field} = \"{name}\"")
    };
    let all: Vec<String> = names.iter().map(quoted).collect();
    if all.is_empty() { String::new() } else { format!("({})", all.join(" OR ")) }
}

/// All conditions that are not empty, together.
fn joined<const N: usize>(conditions: [String; N]) -> String {
    let all: Vec<String> = conditions.into_iter().filter(|one| !one.is_empty()).collect();
    all.join(" AND ")
}

/// The names of the story's articles of these days.
async fn members(
    services: &Services,
    story: &str,
    (from, to): (Date, Date),
    args: &Args,
) -> Result<Vec<String>, Failure> {
    let request = wire::ListArticlesRequest {
        page_size: ARTICLES_MAX,
        page_token: String::new(),
        filter: joined([
            format!("topic = \"{story}\" AND date >= {from} AND date <= {to}"),
            any("person", &args.person),
            any("place", &args.place),
        ]),
        view: wire::ArticleView::Basic.into(),
    };
    let found = services.articles().list_articles(connect::patient(request)).await?.into_inner();
    Ok(found.articles.into_iter().map(|article| article.name).collect())
}

fn written(brief: Brief) -> Result<(), Failure> {
    let Brief { from, to, story_count, stories } = brief;
    let mut all = Vec::with_capacity(stories.len());
    for Story { topic, summary } in stories {
        all.push(WrittenStory {
            topic: output::value("Topic", &topic)?,
            summary: output::value("SummarizeArticlesResponse", &summary)?,
        });
    }
    let (from, to) = (from.to_string(), to.to_string());
    let written = Written { from, to, story_count, stories: all };
    output::line(&serde_json::to_string(&written).map_err(|error| Failure::failed(&error))?)
}

fn print(brief: &Brief) -> Result<(), Failure> {
    let Brief { from, to, story_count, stories } = brief;
    let days = if from == to { to.to_string() } else { format!("{from} – {to}") };
    if stories.is_empty() {
        return output::line(&format!("{days}: no story has an article of that time"));
    }
    let told = match u32::try_from(stories.len()) {
        Ok(told) if told < *story_count => format!(", the {told} with the most articles"),
        _ => String::new(),
    };
    let count =
        if *story_count == 1 { "1 story".to_owned() } else { format!("{story_count} stories") };
    output::line(&format!("{days} · {count}{told}"))?;
    for (number, Story { topic, summary }) in (1..).zip(stories) {
        output::line(&format!("\n{number:>3}  {}", clean(label(topic, summary))))?;
        let outlets = outlets(topic);
        let outlets =
            if outlets.is_empty() { String::new() } else { format!(" · {}", outlets.join(" ")) };
        let articles = output::counted(topic.article_count as usize, "article");
        output::line(&format!("     {articles}{outlets} · {}", topic.name))?;
        for sentence in &summary.sentences {
            let teller = source(summary, sentence.source).map(teller).unwrap_or_default();
            output::line(&format!("     - {}  ({})", clean(said(sentence)), clean(teller)))?;
        }
    }
    Ok(())
}

fn markdown(brief: &Brief) -> String {
    let Brief { from, to, story_count, stories } = brief;
    let written = |day: &Date| format!("{}年{}月{}日", day.year(), day.month(), day.day());
    let days =
        if from == to { written(to) } else { format!("{}—{}", written(from), written(to)) };
    let mut text = vec![format!("# {days} 简报\n\n")];
    if stories.is_empty() {
        text.push("这段时间没有报道。\n".to_owned());
        return text.concat();
    }
    let told = u32::try_from(stories.len()).unwrap_or(u32::MAX);
    let of =
        if told < *story_count { format!("，取报道最多的{told}个") } else { String::new() };
    text.push(format!("共{story_count}个话题{of}。\n"));
    let mut sources = Vec::new();
    for (number, Story { topic, summary }) in (1..).zip(stories) {
        text.push(format!("\n## {number}. {}\n\n", escaped(label(topic, summary))));
        for sentence in &summary.sentences {
            sources.push(source(summary, sentence.source).map(cited).unwrap_or_default());
            text.push(format!("{}[{}]", escaped(said(sentence)), sources.len()));
        }
        let outlets = outlets(topic);
        let outlets = if outlets.is_empty() {
            String::new()
        } else {
            format!("：{}", escaped(&outlets.join("、")))
        };
        let more = if topic.source_count as usize > OUTLETS_SHOWN { "等" } else { "" };
        text.push(format!("\n\n*{}篇{outlets}{more}*\n", topic.article_count));
    }
    text.push("\n## 来源\n\n".to_owned());
    for (number, source) in (1..).zip(sources) {
        text.push(format!("{number}. {source}\n"));
    }
    text.concat()
}

/// The label of a story, or the headline of its summary.
fn label<'s>(topic: &'s wire::Topic, summary: &'s wire::SummarizeArticlesResponse) -> &'s str {
    if topic.label.is_empty() { &summary.headline } else { &topic.label }
}

/// Those who told most, by their names; who is unknown is not named.
fn outlets(topic: &wire::Topic) -> Vec<&str> {
    let named = topic.sources.iter().map(|source| source.source.as_str());
    named.filter(|name| !name.is_empty()).take(OUTLETS_SHOWN).collect()
}

/// The source with this number.
fn source(summary: &wire::SummarizeArticlesResponse, number: u32) -> Option<&wire::SummarySource> {
    summary.sources.iter().find(|source| source.number == number)
}

/// The outlet of a source, or its headline where the outlet is unknown.
fn teller(source: &wire::SummarySource) -> &str {
    if source.outlet.is_empty() { &source.title } else { &source.outlet }
}

/// A source as a line of Markdown: headline, outlet, day, address or name.
fn cited(source: &wire::SummarySource) -> String {
    let day =
        source.publish_time.and_then(|time| date_of(time.seconds)).map(|date| date.to_string());
    let address = if source.url.is_empty() { &source.article } else { &source.url };
    let title = escaped(&source.title);
    let known = [Some(escaped(&source.outlet)), day, Some(address.clone())];
    let known = known.into_iter().flatten().filter(|part| !part.is_empty());
    format!("《{title}》 {}", known.collect::<Vec<_>>().join("，"))
}

/// The day in China of a point in time, in seconds since 1970 UTC.
fn date_of(seconds: i64) -> Option<Date> {
    let instant = jiff::Timestamp::from_second(seconds).ok()?;
    Some(day::civil_time(instant).date())
}

/// `text` on one line, with nothing in it that Markdown would take for a mark.
fn escaped(text: &str) -> String {
    output::escaped(&clean(text))
}

#[cfg(test)]
mod tests {
    use super::Brief;
    use super::Story;
    use super::markdown;
    use jiff::civil::date;
    use wenmai_proto::wire;

    fn story(label: &str) -> Story {
        let topic = wire::Topic {
            label: label.to_owned(),
            article_count: 3,
            sources: vec![wire::SourceCount {
                source: "清河日报".to_owned(),
                ..Default::default()
            }],
            source_count: 1,
            ..Default::default()
        };
        let summary = wire::SummarizeArticlesResponse {
            sentences: vec![wire::SummarySentence {
                text: "清河大桥昨日合龙。".to_owned(),
                source: 2,
                ..Default::default()
            }],
            sources: vec![wire::SummarySource {
                number: 2,
                title: "清河大桥[图]合龙".to_owned(),
                outlet: "清河日报".to_owned(),
                url: "https://qinghe.example/1".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        Story { topic, summary }
    }

    #[test]
    fn sources_are_numbered_through_and_marks_are_escaped() {
        let day = date(2025, 9, 10);
        let stories = vec![story("清河大桥*合龙*"), story("柳溪秋收")];
        let text = markdown(&Brief { from: day, to: day, story_count: 7, stories });
        assert!(
            text.starts_with("# 2025年9月10日 简报\n\n共7个话题，取报道最多的2个。\n"),
            "{text}"
        );
        assert!(text.contains("## 1. 清河大桥\\*合龙\\*\n\n清河大桥昨日合龙。[1]"), "{text}");
        assert!(text.contains("## 2. 柳溪秋收\n\n清河大桥昨日合龙。[2]"), "{text}");
        assert!(text.contains("*3篇：清河日报*"), "{text}");
        assert!(
            text.contains("2. 《清河大桥\\[图\\]合龙》 清河日报，https://qinghe.example/1\n"),
            "{text}"
        );
    }

    #[test]
    fn days_without_a_story_say_so() {
        let days = (date(2025, 9, 8), date(2025, 9, 10));
        let brief = Brief { from: days.0, to: days.1, story_count: 0, stories: Vec::new() };
        let text = markdown(&brief);
        assert!(text.starts_with("# 2025年9月8日—2025年9月10日 简报\n"), "{text}");
        assert!(text.contains("没有报道"), "{text}");
    }
}
