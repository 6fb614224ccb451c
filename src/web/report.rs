//! The report of a topic: what happened, figures, who said what, and numbered sources that open where
//! a piece stands.

mod options;

pub(crate) use options::Options;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

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
use crate::topic;
use crate::topic::Head;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;

struct Day {
    date: String,
    headline: String,
    number: u32,
    href: String,
}

struct Figure {
    text: String,
    piece: Piece,
    outlets: u32,
}

struct Series {
    what: String,
    figures: Vec<Figure>,
}

struct Statement {
    speaker: String,
    piece: Piece,
    is_direct: bool,
}

struct Outlet {
    name: String,
    facts: String,
    only: String,
}

struct Source {
    number: u32,
    href: String,
    title: String,
    outlet: String,
    day: String,
    url: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    shell: Shell,
    head: Head,
    headline: String,
    styles: Vec<(String, &'static str, bool)>,
    /// The style by its name in the address.
    style: String,
    /// Characters that are asked for; empty for the style's.
    chars: String,
    orders: Vec<options::Choice>,
    parts: Vec<options::Choice>,
    has_course: bool,
    has_sources: bool,
    pieces: Vec<Piece>,
    days: Vec<Day>,
    series: Vec<Series>,
    figures: Vec<Figure>,
    conflicts: Vec<(Figure, Figure)>,
    statements: Vec<Statement>,
    outlets: Vec<Outlet>,
    sources: Vec<Source>,
    markdown: String,
}

/// The report of a topic.
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let found = topic::get(visit, name, wire::TopicView::Basic).await?.topic.unwrap_or_default();
    if found.name != name && visit.form == Form::Html {
        return Ok(topic::merged(visit, name, &found));
    }
    let style = match visit.value("style") {
        Some("brief") => wire::SummaryStyle::Brief,
        Some("digest") => wire::SummaryStyle::Digest,
        _ => wire::SummaryStyle::Report,
    };
    let options = Options::of(visit);
    let summary = summary::of_topic(visit, &found, style, &options).await?;
    match visit.form {
        Form::Json => json::answer("SummarizeArticlesResponse", &summary),
        Form::Markdown => {
            // Only the report is a text of its own.
            let report = summary::of_topic(visit, &found, wire::SummaryStyle::Report, &options);
            let report = report.await?;
            Ok(export::markdown_answer(report.markdown))
        }
        Form::Html => {
            Ok(html_answer(Page::of(visit, &found, (&summary, style), &options).render()?))
        }
        Form::Atom | Form::Csv => Err(Failure::NoForm),
    }
}

impl Page {
    fn of(
        visit: &Visit,
        topic: &wire::Topic,
        (summary, style): (&wire::SummarizeArticlesResponse, wire::SummaryStyle),
        options: &Options,
    ) -> Self {
        let l = visit.lang;
        let shows = |part| options.shows(part);
        let sources = &summary.sources;
        let piece = |sentence: &wire::SummarySentence| summary::piece(sentence, sources);
        let figure = |figure: &wire::SummaryFigure| Figure {
            text: figure.text.clone(),
            piece: piece(&figure.sentence.clone().unwrap_or_default()),
            outlets: figure.outlet_count,
        };
        let one = |value: &str, name, is_of: wire::SummaryStyle| {
            (visit.with(&[("style", value)]), name, style == is_of)
        };
        let pair = |conflict: &wire::SummaryConflict| {
            Some((figure(conflict.left.as_ref()?), figure(conflict.right.as_ref()?)))
        };
        Self {
            shell: Shell::of(visit, Tab::Today, show::label(topic, l)),
            head: Head::of(visit, topic, "report"),
            headline: summary.headline.clone(),
            styles: vec![
                one("brief", l.style_brief(), wire::SummaryStyle::Brief),
                one("digest", l.style_digest(), wire::SummaryStyle::Digest),
                one("", l.style_report(), wire::SummaryStyle::Report),
            ],
            style: visit.value("style").unwrap_or_default().to_owned(),
            chars: if options.chars > 0 { options.chars.to_string() } else { String::new() },
            orders: options.orders(l),
            parts: options.choices(l),
            has_course: shows(wire::SummaryPart::Course),
            has_sources: shows(wire::SummaryPart::Sources),
            pieces: options.ordered(summary.sentences.clone()).iter().map(piece).collect(),
            days: summary
                .timeline
                .iter()
                .filter(|_| shows(wire::SummaryPart::Timeline))
                .map(|day| day_of(day, sources, l))
                .collect(),
            series: summary
                .series
                .iter()
                .filter(|_| shows(wire::SummaryPart::Changes))
                .map(|series| Series {
                    what: series.what.clone(),
                    figures: series.figures.iter().map(figure).collect(),
                })
                .collect(),
            figures: summary
                .figures
                .iter()
                .filter(|_| shows(wire::SummaryPart::Figures))
                .map(figure)
                .collect(),
            conflicts: summary
                .conflicts
                .iter()
                .filter(|_| shows(wire::SummaryPart::Changes))
                .filter_map(pair)
                .collect(),
            statements: summary
                .statements
                .iter()
                .filter(|_| shows(wire::SummaryPart::Statements))
                .map(|statement| Statement {
                    speaker: statement.speaker.clone(),
                    piece: piece(&statement.sentence.clone().unwrap_or_default()),
                    is_direct: statement.direct,
                })
                .collect(),
            outlets: summary
                .outlets
                .iter()
                .filter(|_| shows(wire::SummaryPart::Outlets))
                .map(|outlet| Outlet {
                    name: outlet.name.clone(),
                    facts: l.outlet_facts(outlet.article_count, outlet.original_count),
                    only: outlet.only.join(l.comma()),
                })
                .collect(),
            sources: sources.iter().map(|source| source_of(source, l)).collect(),
            markdown: visit.here_as("md"),
        }
    }
}

fn day_of(day: &wire::SummaryDay, sources: &[wire::SummarySource], l: Lang) -> Day {
    let is_untitled = day.headline.trim().is_empty();
    let headline = if is_untitled { l.untitled() } else { &day.headline };
    let source = sources.iter().find(|source| source.number == day.source);
    Day {
        date: day.date.as_ref().map(show::date_text).unwrap_or_default(),
        headline: show::shortened(headline, 120),
        number: day.source,
        href: source.map(|source| show::href(&source.article)).unwrap_or_default(),
    }
}

fn source_of(source: &wire::SummarySource, l: Lang) -> Source {
    let is_untitled = source.title.trim().is_empty();
    let title = if is_untitled { l.untitled() } else { &source.title };
    Source {
        number: source.number,
        href: show::href(&source.article),
        title: show::shortened(title, 120),
        outlet: source.outlet.clone(),
        day: show::moment(source.publish_time.as_ref()),
        url: Some(source.url.clone())
            .filter(|url| crate::article::is_of_the_web(url))
            .unwrap_or_default(),
    }
}
