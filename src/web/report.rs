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
    form: options::Form,
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
        Form::Html => Ok(html_answer(
            Page::of(visit, &found, (&options.kept(summary), style), &options).render()?,
        )),
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
            form: options.form(visit),
            has_course: options.shows(wire::SummaryPart::Course),
            has_sources: options.shows(wire::SummaryPart::Sources),
            pieces: summary.sentences.iter().map(piece).collect(),
            days: summary.timeline.iter().map(|day| day_of(day, sources, l)).collect(),
            series: summary
                .series
                .iter()
                .map(|series| Series {
                    what: series.what.clone(),
                    figures: series.figures.iter().map(figure).collect(),
                })
                .collect(),
            figures: summary.figures.iter().map(figure).collect(),
            conflicts: summary.conflicts.iter().filter_map(pair).collect(),
            statements: summary
                .statements
                .iter()
                .map(|statement| Statement {
                    speaker: statement.speaker.clone(),
                    piece: piece(&statement.sentence.clone().unwrap_or_default()),
                    is_direct: statement.direct,
                })
                .collect(),
            outlets: summary
                .outlets
                .iter()
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
