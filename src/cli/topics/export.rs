//! `wenmai topics export`: topics with their articles, for other programs and for people.

use clap::ValueEnum;

use crate::connect;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::output::escaped;
use crate::topics::label;
use crate::topics::list;
use crate::topics::span;
use crate::topics::written;
use wenmai_proto::wire;

/// Days of the timeline in a brief.
const BRIEF_DAYS: i32 = 12;
/// Articles that are read at a time.
const PAGE: i32 = 100;

/// Arguments of `wenmai topics export`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// In which form.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,

    #[command(flatten)]
    list: list::Args,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One topic a line, then its articles, each as the contract has it.
    Json,
    /// One article a line: topic, label, day, source, headline, centrality, names.
    Csv,
    /// A brief: each topic with its timeline and sources.
    Markdown,
}

pub(super) async fn run(services: &Services, args: Args, json: bool) -> Result<(), Failure> {
    let format = if json { Format::Json } else { args.format };
    let request = args.list.request(args.list.limit());
    let mut client = services.topics();
    let topics = client.list_topics(connect::patient(request)).await?.into_inner().topics;
    if format == Format::Csv {
        output::line("topic,label,day,source,headline,event,centrality,article")?;
    }
    for topic in topics {
        match format {
            Format::Json => {
                output::json("Topic", &topic)?;
                for article in articles(services, &topic.name).await? {
                    output::json("TopicArticle", &article)?;
                }
            }
            Format::Csv => {
                for article in articles(services, &topic.name).await? {
                    output::line(&row(&topic, &article))?;
                }
            }
            Format::Markdown => brief(services, &topic).await?,
        }
    }
    Ok(())
}

/// All articles of a topic.
async fn articles(services: &Services, name: &str) -> Result<Vec<wire::TopicArticle>, Failure> {
    let mut all = Vec::new();
    let mut request = wire::ListTopicArticlesRequest {
        name: name.to_owned(),
        page_size: PAGE,
        ..Default::default()
    };
    loop {
        let page = services.topics().list_topic_articles(connect::patient(request.clone())).await?;
        let page = page.into_inner();
        all.extend(page.articles);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

fn row(topic: &wire::Topic, member: &wire::TopicArticle) -> String {
    let article = member.article.clone().unwrap_or_default();
    let record = article.record.unwrap_or_default();
    let central = member.centrality.map_or_else(String::new, |share| format!("{share:.4}"));
    let fields = [
        topic.name.clone(),
        topic.label.clone(),
        output::day(&record),
        output::outlet(&record),
        output::headline(&record),
        member.event.clone(),
        central,
        article.name,
    ];
    fields.map(|field| quoted(&field)).join(",")
}

/// A field of RFC 4180. One that a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(field: &str) -> String {
    let safe = if field.starts_with(['=', '+', '-', '@']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if safe.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// A topic as a chapter of a brief.
async fn brief(services: &Services, topic: &wire::Topic) -> Result<(), Failure> {
    let request = wire::GetTopicTimelineRequest { name: topic.name.clone(), limit: BRIEF_DAYS };
    let timeline = services.topics().get_topic_timeline(connect::patient(request)).await?;
    output::line(&format!("## {}\n", escaped(label(topic))))?;
    output::line(&format!("{} · {} articles\n", span(topic), topic.article_count))?;
    for entry in timeline.into_inner().entries {
        let article = entry.article.unwrap_or_default();
        let record = article.record.unwrap_or_default();
        let (day, title) = (written(entry.date.as_ref()), escaped(&output::headline(&record)));
        let outlet = escaped(&output::outlet(&record));
        output::line(&format!("- **{day}** {title} ({outlet}, `{}`)", article.name))?;
    }
    let sources: Vec<String> = topic
        .sources
        .iter()
        .map(|one| format!("{} ({})", escaped(&one.source), one.count))
        .collect();
    if !sources.is_empty() {
        output::line(&format!("\nSources: {}", sources.join(", ")))?;
    }
    output::line("")
}

#[cfg(test)]
mod tests {
    use super::quoted;
    use crate::output::escaped;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(quoted("清河日报"), "清河日报");
        assert_eq!(quoted("甲,乙"), "\"甲,乙\"");
        assert_eq!(quoted("说“\"好\"”"), "\"说“\"\"好\"\"”\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }

    #[test]
    fn a_headline_is_no_markup() {
        assert_eq!(escaped("#[甲]*乙"), r"\#\[甲\]\*乙");
    }
}
