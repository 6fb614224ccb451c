//! Reads the options of a summary, and converts summaries.

use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::convert::CharIndex;
use crate::convert::count32;
use crate::convert::date::read_time;
use crate::convert::date::timestamp;
use crate::convert::date::write_date;
use crate::convert::known;
use crate::convert::name;
use crate::convert::spans;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;
use wenmai_engine::ArticleSummary;
use wenmai_engine::RewriteFailure;
use wenmai_engine::Rewriting;
use wenmai_engine::SetSummary;
use wenmai_engine::Telling;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_summary::Budget;
use wenmai_summary::Extract;
use wenmai_summary::compare::Comparison;
use wenmai_summary::dated::dated;
use wenmai_summary::figure::Figure;
use wenmai_summary::joined;
use wenmai_summary::keyphrase::Keyphrase;
use wenmai_summary::place::place;
use wenmai_summary::quote::Statement;
use wenmai_summary::report;
use wenmai_summary::report::Layout;
use wenmai_summary::report::Order;
use wenmai_summary::report::Part;
use wenmai_summary::rewrite::Refusal;
use wenmai_summary::set::Cited;
use wenmai_summary::set::Told;
use wenmai_summary::topic::Asked;
use wenmai_summary::topic::Day;
use wenmai_summary::topic::Outlet;
use wenmai_summary::topic::Since;

/// The length of a summary, and whether it is a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub budget: Budget,
    /// Whether the report in Markdown is asked for.
    pub report: bool,
    /// Whether it is asked for as a page as well.
    pub html: bool,
}

/// Reads `style` and `budget_chars`; with 0 characters the budget is that of the style.
///
/// # Errors
/// A violation of `style` for an unknown number, or of `budget_chars` for a number out of range.
pub fn style(style: i32, budget_chars: i32) -> Result<Style, Violation> {
    let style = known(style, "style")?;
    let usual = match style {
        wire::SummaryStyle::Unspecified | wire::SummaryStyle::Brief => 100,
        wire::SummaryStyle::Digest => 300,
        wire::SummaryStyle::Report => 600,
    };
    let invalid = |what: String| Violation::new("budget_chars", what);
    let asked = usize::try_from(budget_chars).map_err(|_negative| invalid("is negative".into()))?;
    let chars = if asked == 0 { usual } else { asked };
    let budget = Budget::new(chars).map_err(|error| invalid(error.to_string()))?;
    Ok(Style { budget, report: style == wire::SummaryStyle::Report, html: false })
}

/// Reads what is told of several articles.
///
/// # Errors
/// A violation of the option that cannot be met.
pub fn telling(
    style: Style,
    options: wire::SummaryOptions,
    rewrite: bool,
) -> Result<(Style, Telling), Violation> {
    let wire::SummaryOptions { since, compare_outlets, parts, order, html, since_version } =
        options;
    if since.is_some() && since_version > 0 {
        return Err(Violation::new("options.since_version", "stands instead of `since`"));
    }
    let since = since.map(|time| read_time(time, "options.since")).transpose()?.map(Since::Time);
    let compare = match <[String; 2]>::try_from(compare_outlets) {
        Ok([left, right]) if left != right && !left.is_empty() && !right.is_empty() => {
            Some([left, right])
        }
        Err(none) if none.is_empty() => None,
        Ok(_) | Err(_) => {
            let what = "names two different outlets, or none";
            return Err(Violation::new("options.compare_outlets", what));
        }
    };
    let order = match known(order, "options.order")? {
        wire::SummaryOrder::Unspecified | wire::SummaryOrder::Time => Order::Time,
        wire::SummaryOrder::Newest => Order::Newest,
        wire::SummaryOrder::Tellers => Order::Tellers,
    };
    let parts = parts.into_iter().map(part).collect::<Result<Vec<Part>, Violation>>()?;
    let asked = Asked { since, compare, ..Asked::within(style.budget) };
    let style = Style { html: html && style.report, ..style };
    Ok((style, Telling { asked, layout: Layout { parts, order }, rewrite, since_version }))
}

fn part(number: i32) -> Result<Part, Violation> {
    Ok(match known(number, "options.parts")? {
        wire::SummaryPart::Unspecified => {
            return Err(Violation::new("options.parts", "names no part"));
        }
        wire::SummaryPart::Newest => Part::Newest,
        wire::SummaryPart::Course => Part::Course,
        wire::SummaryPart::Changes => Part::Changes,
        wire::SummaryPart::Figures => Part::Figures,
        wire::SummaryPart::Statements => Part::Statements,
        wire::SummaryPart::Background => Part::Background,
        wire::SummaryPart::Timeline => Part::Timeline,
        wire::SummaryPart::Comparison => Part::Comparison,
        wire::SummaryPart::Outlets => Part::Outlets,
        wire::SummaryPart::Sources => Part::Sources,
    })
}

/// Makes an article of a text without a title; each line is a paragraph.
#[must_use]
pub fn pasted(text: &str) -> Record {
    Record { paragraphs: text.split('\n').map(str::to_owned).collect(), ..Record::default() }
}

/// Converts the summary of one article; the caller adds the times.
#[must_use]
pub fn of_article(from: ArticleSummary) -> wire::SummarizeArticleResponse {
    let ArticleSummary {
        id,
        record,
        extracts,
        keyphrases,
        rewriting,
        ranker,
        index_version,
        timings: _,
    } = from;
    wire::SummarizeArticleResponse {
        text: joined(extracts.iter().map(|one| one.text.as_str())),
        sentences: extracts.into_iter().map(|one| sentence(one, &record, id, 0)).collect(),
        keyphrases: keyphrases.into_iter().map(keyphrase).collect(),
        ranker,
        index_version,
        timings: None,
        rewriting: rewriting.map(self::rewriting),
    }
}

/// Converts the summary of several articles; the caller adds the times.
#[must_use]
pub fn of_articles(from: SetSummary, style: Style) -> wire::SummarizeArticlesResponse {
    let SetSummary { articles, story, report, rewriting, ranker, index_version, timings: _ } = from;
    let read = story.day;
    let cited = |piece: Cited| {
        let Cited { source, extract } = piece;
        sentence_of(&articles, source, extract, read)
    };
    let told = |one: Told| {
        let Told { piece, also, is_newest } = one;
        let also_sources = also.into_iter().map(number).collect();
        Some(wire::SummarySentence { also_sources, newest: is_newest, ..cited(piece)? })
    };
    let figure = |from: Figure| {
        let Figure { text, key, piece, outlet_count } = from;
        let sentence = cited(piece);
        wire::SummaryFigure { text, key, sentence, outlet_count: count32(outlet_count) }
    };
    let comparison = story.comparison;
    let title = |at: usize| articles.get(at).map_or("", |article| &article.record.title).to_owned();
    wire::SummarizeArticlesResponse {
        headline: story.headline.map(title).unwrap_or_default(),
        headline_source: story.headline.map_or(0, number),
        text: joined(story.told.iter().map(|one| one.piece.extract.text.as_str())),
        sentences: story.told.into_iter().filter_map(told).collect(),
        timeline: story.timeline.iter().map(|one| day(title(one.source), one)).collect(),
        figures: story.figures.into_iter().map(figure).collect(),
        series: story
            .series
            .into_iter()
            .map(|one| wire::SummarySeries {
                what: one.what,
                figures: one.points.into_iter().map(|point| figure(point.figure)).collect(),
            })
            .collect(),
        conflicts: story
            .conflicts
            .into_iter()
            .map(|one| wire::SummaryConflict {
                left: Some(figure(one.left)),
                right: Some(figure(one.right)),
            })
            .collect(),
        statements: story
            .statements
            .into_iter()
            .map(|(source, one)| statement(&articles, source, one, read))
            .collect(),
        outlets: story.outlets.into_iter().map(outlet).collect(),
        keyphrases: story.keyphrases.into_iter().map(keyphrase).collect(),
        markdown: if style.report { report::markdown(&report) } else { String::new() },
        html: if style.html { report::html(&report) } else { String::new() },
        comparison: comparison.map(|found| compared(found, &cited)),
        sources: articles.iter().enumerate().map(|(at, article)| source(at, article)).collect(),
        ranker,
        index_version,
        timings: None,
        rewriting: rewriting.map(self::rewriting),
    }
}

/// Converts a day of the timeline, which shows this headline.
fn day(headline: String, from: &Day) -> wire::SummaryDay {
    let Day { date, source, article_count } = *from;
    wire::SummaryDay {
        date: Some(write_date(date)),
        headline,
        source: number(source),
        article_count: count32(article_count),
    }
}

fn rewriting(from: Rewriting) -> wire::SummaryRewriting {
    let Rewriting { model, outcome } = from;
    let (text, why) = match outcome {
        Ok(text) => (text, None),
        Err(why) => (String::new(), Some(why)),
    };
    let invented = match &why {
        Some(RewriteFailure::Refused(Refusal::Invented(all))) => {
            all.iter().map(|one| one.text.clone()).collect()
        }
        Some(_) | None => Vec::new(),
    };
    let refusal = why.map_or(wire::RewritingRefusal::Unspecified, |why| refusal(&why));
    wire::SummaryRewriting { text, refusal: refusal.into(), invented, model }
}

fn refusal(why: &RewriteFailure) -> wire::RewritingRefusal {
    match why {
        RewriteFailure::Off => wire::RewritingRefusal::Off,
        RewriteFailure::Nothing => wire::RewritingRefusal::Nothing,
        RewriteFailure::Busy => wire::RewritingRefusal::Busy,
        RewriteFailure::TimedOut => wire::RewritingRefusal::TimedOut,
        RewriteFailure::Failed => wire::RewritingRefusal::Failed,
        RewriteFailure::Refused(refusal) => match refusal {
            Refusal::Empty => wire::RewritingRefusal::Empty,
            Refusal::Invented(_) => wire::RewritingRefusal::Invented,
            Refusal::Denied => wire::RewritingRefusal::Denied,
            Refusal::Unattributed => wire::RewritingRefusal::Unattributed,
            Refusal::Foreign => wire::RewritingRefusal::Foreign,
            Refusal::TooLong => wire::RewritingRefusal::TooLong,
            Refusal::Unfinished => wire::RewritingRefusal::Unfinished,
        },
    }
}

fn number(source: usize) -> u32 {
    count32(source + 1)
}

fn source(at: usize, article: &Article) -> wire::SummarySource {
    let record = &article.record;
    let outlet = if record.paper.is_empty() { &record.source } else { &record.paper };
    wire::SummarySource {
        number: number(at),
        article: name(article.id),
        title: record.title.clone(),
        outlet: outlet.clone(),
        publish_time: record.published_at.and_then(timestamp),
        url: record.url.clone(),
    }
}

/// Converts a piece of the article at `source`, for a reader on the day `read`.
fn sentence_of(
    articles: &[Article],
    source: usize,
    extract: Extract,
    read: Option<Date>,
) -> Option<wire::SummarySentence> {
    let article = articles.get(source)?;
    let issue = article.record.published_at.map(DateTime::date);
    let dated = dated(&extract.text, issue, read);
    let dated = if dated == extract.text { String::new() } else { dated };
    let sentence = sentence(extract, &article.record, Some(article.id), number(source));
    Some(wire::SummarySentence { dated, ..sentence })
}

fn compared(
    from: Comparison,
    cited: &dyn Fn(Cited) -> Option<wire::SummarySentence>,
) -> wire::SummaryComparison {
    let Comparison { outlets: [left, right], both, only: [of_left, of_right] } = from;
    let all = |pieces: Vec<Cited>| pieces.into_iter().filter_map(cited).collect();
    wire::SummaryComparison {
        left,
        right,
        both: all(both),
        only_left: all(of_left),
        only_right: all(of_right),
    }
}

/// Converts a piece of `record`; its spans in bytes of the body become spans in characters of the
/// paragraphs.
fn sentence(
    from: Extract,
    record: &Record,
    id: Option<ArticleId>,
    source: u32,
) -> wire::SummarySentence {
    let Extract { text, parts, score, is_cut } = from;
    let part = |part| {
        let found = place(&record.paragraphs, part)?;
        let paragraph = record.paragraphs.get(found.paragraph)?;
        Some(wire::SummarySpan {
            paragraph: count32(found.paragraph),
            place: spans(&[found.span], &CharIndex::new(paragraph)).pop(),
        })
    };
    wire::SummarySentence {
        text,
        article: id.map(name).unwrap_or_default(),
        source,
        parts: parts.into_iter().filter_map(part).collect(),
        score,
        cut: is_cut,
        also_sources: Vec::new(),
        newest: false,
        dated: String::new(),
    }
}

fn statement(
    articles: &[Article],
    source: usize,
    from: Statement,
    read: Option<Date>,
) -> wire::SummaryStatement {
    let Statement { speaker, speaker_parts: _, text, parts, is_direct } = from;
    let extract = Extract { text, parts, score: 0.0, is_cut: false };
    wire::SummaryStatement {
        speaker,
        sentence: sentence_of(articles, source, extract, read),
        direct: is_direct,
    }
}

fn outlet(from: Outlet) -> wire::SummaryOutlet {
    let Outlet { name, article_count, original_count, first, only } = from;
    wire::SummaryOutlet {
        name,
        article_count: count32(article_count),
        original_count: count32(original_count),
        first_time: first.and_then(timestamp),
        only,
    }
}

fn keyphrase(from: Keyphrase) -> wire::Keyphrase {
    let Keyphrase { text, count, score } = from;
    wire::Keyphrase { text, count: count32(count), score }
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use super::style;
    use wenmai_domain::article::Record;
    use wenmai_domain::span::Span;
    use wenmai_summary::Extract;

    #[test]
    fn a_style_has_its_budget_and_another_may_be_asked() {
        let chars = |number, chars| style(number, chars).map(|style| style.budget.chars());
        assert_eq!((chars(0, 0), chars(2, 0), chars(3, 0)), (Ok(100), Ok(300), Ok(600)));
        assert_eq!(chars(1, 40), Ok(40));
        assert!(style(3, 0).unwrap().report && !style(2, 0).unwrap().report);
        assert_eq!(chars(9, 0).unwrap_err().field, "style");
        for wrong in [-1, 9, 5_001] {
            assert_eq!(chars(0, wrong).unwrap_err().field, "budget_chars");
        }
    }

    #[test]
    fn places_are_characters_of_a_paragraph() {
        let record = Record {
            paragraphs: vec!["清河".into(), "昨天，开闸".into()],
            ..Record::default()
        };
        let start = record.body().find("开闸").unwrap();
        let parts = vec![Span::new(start, start + 6)];
        let extract = Extract { text: "开闸".into(), parts, score: 0.5, is_cut: false };
        let found = sentence(extract, &record, None, 0);
        let place = found.parts[0].place.unwrap();
        assert_eq!((found.parts[0].paragraph, place.start_char, place.end_char), (1, 3, 5));
    }
}
