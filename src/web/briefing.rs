//! 简报: what a day's stories say, each in a few sentences with sources; to be read in the morning,
//! printed, or taken as Markdown.

use std::fmt::Write as _;

use askama::Template;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::client::each;
use crate::client::told;
use crate::export;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::summary;
use crate::summary::Piece;
use crate::topics;
use crate::topics::Choice;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;

/// Stories that are told, those with the most articles first.
const STORIES: i32 = 12;
/// Characters in which each is told.
const CHARS: i32 = 100;
/// Outlets that are named beside a story.
const OUTLETS: usize = 4;
/// Days that are told of together at most.
const DAYS_MAX: i64 = 31;

struct Story {
    href: String,
    label: String,
    facts: String,
    pieces: Vec<Piece>,
}

/// Where a piece stands.
struct Source {
    number: usize,
    href: String,
    title: String,
    outlet: String,
    day: String,
}

#[derive(Template)]
#[template(path = "briefing.html")]
struct Page {
    shell: Shell,
    /// The days in words.
    when: String,
    day: String,
    told: String,
    before: String,
    after: String,
    lengths: Vec<Choice>,
    kept_days: String,
    stories: Vec<Story>,
    sources: Vec<Source>,
    markdown: String,
}

/// What was asked: a topic, and what its articles of these days say.
type Told = (wire::Topic, wire::SummarizeArticlesResponse);

/// The brief of a day.
pub(crate) async fn show(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    let given = visit.value("day").and_then(|day| day.parse::<Date>().ok());
    let newest = topics::newest_day(visit).await?;
    let days = visit.value("days").and_then(|days| days.parse::<i64>().ok()).unwrap_or(1);
    let days = days.clamp(1, DAYS_MAX);
    let Some(to) = given.or(newest) else {
        return match visit.form {
            Form::Html => Ok(html_answer(Page::empty(visit).render()?)),
            Form::Json => Ok(json::of(r#"{"stories":[]}"#.to_owned())),
            Form::Markdown | Form::Atom | Form::Csv => Err(Failure::NoForm),
        };
    };
    let from = to.saturating_sub((days - 1).days());
    let request = wire::ListTopicsRequest {
        level: wire::TopicLevel::Story.into(),
        from: Some(show::wire_date(from)),
        to: Some(show::wire_date(to)),
        order: wire::TopicOrder::Size.into(),
        page_size: STORIES,
        ..Default::default()
    };
    let list = told(visit.topic_service().list_topics(visit.call(request)).await)?;
    let period = format!(" AND date >= {from} AND date <= {to}");
    let calls = list.topics.iter().map(|topic| summary::of_period(visit, topic, &period, CHARS));
    let summaries = each(calls.collect()).await;
    let mut all: Vec<Told> = Vec::new();
    for (topic, summary) in list.topics.into_iter().zip(summaries) {
        all.extend(summary?.map(|summary| (topic, summary)));
    }
    match visit.form {
        Form::Json => written((from, to), list.total_count, &all),
        Form::Markdown => {
            let page = Page::of(visit, (from, to), list.total_count, &all);
            Ok(export::markdown_answer(page.as_markdown(visit)))
        }
        Form::Html => {
            let mut page = Page::of(visit, (from, to), list.total_count, &all);
            page.around(visit, (from, to, days), newest);
            Ok(html_answer(page.render()?))
        }
        Form::Atom | Form::Csv => Err(Failure::NoForm),
    }
}

/// The same as `wenmai brief --json` prints.
fn written((from, to): (Date, Date), count: u32, all: &[Told]) -> Result<Response, Failure> {
    let mut stories = Vec::new();
    for (topic, summary) in all {
        let topic = json::text("Topic", topic)?;
        let summary = json::text("SummarizeArticlesResponse", summary)?;
        stories.push(format!(r#"{{"topic":{topic},"summary":{summary}}}"#));
    }
    Ok(json::of(format!(
        r#"{{"from":"{from}","to":"{to}","story_count":{count},"stories":[{}]}}"#,
        stories.join(",")
    )))
}

impl Page {
    fn empty(visit: &Visit) -> Self {
        Self {
            shell: Shell::of(visit, Tab::Brief, visit.lang.day_brief()),
            when: String::new(),
            day: String::new(),
            told: String::new(),
            before: String::new(),
            after: String::new(),
            lengths: Vec::new(),
            kept_days: String::new(),
            stories: Vec::new(),
            sources: Vec::new(),
            markdown: String::new(),
        }
    }

    fn of(visit: &Visit, (from, to): (Date, Date), count: u32, all: &[Told]) -> Self {
        let l = visit.lang;
        let mut page = Self::empty(visit);
        page.when = if from == to {
            show::long_day(to, l)
        } else {
            format!("{} – {}", show::long_day(from, l), show::long_day(to, l))
        };
        page.told = l.stories_told(all.len(), count);
        for (topic, summary) in all {
            let pieces = summary.sentences.iter().map(|sentence| {
                let mut piece = summary::piece(sentence, &summary.sources);
                let of = summary.sources.iter().find(|source| source.number == sentence.source);
                let number = page.number_of(of, &piece.source.href, l);
                piece.source.number = number;
                piece
            });
            let pieces = pieces.collect();
            page.stories.push(Story {
                href: show::href(&topic.name),
                label: label(topic, summary, l),
                facts: facts(topic, l),
                pieces,
            });
        }
        page
    }

    /// The number of a source through the whole brief, counted from 1; 0 for none.
    fn number_of(&mut self, source: Option<&wire::SummarySource>, cited: &str, l: Lang) -> u32 {
        let Some(source) = source else { return 0 };
        let title = if source.title.trim().is_empty() { l.untitled() } else { &source.title };
        let number = self.sources.len() + 1;
        self.sources.push(Source {
            number,
            href: cited.to_owned(),
            title: show::shortened(title, 120),
            outlet: source.outlet.clone(),
            day: show::moment(source.publish_time.as_ref()),
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// The days around, and how many are told of.
    fn around(&mut self, visit: &Visit, (from, to, days): (Date, Date, i64), newest: Option<Date>) {
        let l = visit.lang;
        let of_day = |day: Date| visit.with(&[("day", &day.to_string())]);
        self.day = to.to_string();
        self.before = of_day(from.saturating_sub(1.days()));
        if let Some(newest) = newest.filter(|newest| to < *newest) {
            self.after = of_day(to.saturating_add(1.days()).min(newest));
        }
        let length = |(value, name): (&str, &str)| Choice {
            href: visit.with(&[("days", value)]),
            name: name.to_owned(),
            count: 0,
            is_on: visit.value("days").unwrap_or_default() == value,
        };
        let lengths = [("", l.one_day()), ("3", l.three_days()), ("7", l.one_week())];
        self.lengths = lengths.map(length).into();
        self.kept_days = if days == 1 { String::new() } else { days.to_string() };
        self.markdown = visit.here_as("md");
    }

    /// The brief as a text with numbered sources.
    fn as_markdown(&self, visit: &Visit) -> String {
        let l = visit.lang;
        let mut text = format!("# {} {}\n\n{}\n", self.when, l.day_brief(), self.told);
        for (number, story) in (1..).zip(&self.stories) {
            let _written = write!(text, "\n## {number}. {}\n\n", escaped(&story.label));
            for piece in &story.pieces {
                let _written = write!(text, "{}[{}]", escaped(&piece.text), piece.source.number);
            }
            let _written = write!(text, "\n\n*{}*\n", escaped(&story.facts));
        }
        let _written = write!(text, "\n## {}\n\n", l.sources());
        for source in &self.sources {
            let known = [escaped(&source.outlet), source.day.clone()];
            let known: Vec<_> = known.into_iter().filter(|part| !part.is_empty()).collect();
            let (title, href) = (escaped(&source.title), &source.href);
            let origin = visit.origin();
            let _written = writeln!(
                text,
                "{}. [{title}]({origin}{href}) {}",
                source.number,
                known.join(l.comma())
            );
        }
        text
    }
}

/// The name of a story, or the headline of what is told of it.
fn label(topic: &wire::Topic, summary: &wire::SummarizeArticlesResponse, l: Lang) -> String {
    if topic.label.trim().is_empty() && !summary.headline.is_empty() {
        return show::shortened(&summary.headline, 120);
    }
    show::label(topic, l)
}

/// How much was told, and by whom.
fn facts(topic: &wire::Topic, l: Lang) -> String {
    let named = topic.sources.iter().map(|source| source.source.as_str());
    let named: Vec<_> = named.filter(|name| !name.is_empty()).take(OUTLETS).collect();
    let all = l.articles_of(topic.article_count, topic.source_count);
    if named.is_empty() { all } else { format!("{all} · {}", named.join(l.comma())) }
}

/// A text with nothing in it that Markdown would take for a mark.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                safe.extend(['\\', character]);
            }
            '\n' | '\r' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn marks_of_markdown_are_words_in_a_brief() {
        assert_eq!(escaped("清河[图]*合龙*\n"), "清河\\[图\\]\\*合龙\\* ");
    }
}
