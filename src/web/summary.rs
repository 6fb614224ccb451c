//! Summaries for pages: pieces with links to where they stand, kept until what they tell changes.

use crate::client::told;
use crate::failure::Failure;
use crate::kept::Kept;
use crate::report::Options;
use crate::show;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Other sources that are shown with a piece.
const ALSO_MAX: usize = 6;

/// Articles of one story that are told together: what a call to tell several takes.
const ARTICLES_MAX: i32 = 200;

/// What is told, and how much of it.
pub(crate) type Key = (String, i32);

/// What was told of topics: it holds until a topic changes.
pub(crate) type Summaries = Kept<Key, wire::SummarizeArticlesResponse>;

/// A numbered source of a piece.
pub(crate) struct Source {
    pub(crate) number: u32,
    /// The place of the piece in the article; empty where nothing is known of it.
    pub(crate) href: String,
    pub(crate) outlet: String,
}

/// A piece of a summary.
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) source: Source,
    /// The numbers of those who say the same.
    pub(crate) also: Vec<Source>,
    pub(crate) is_newest: bool,
}

/// The summary of a topic.
///
/// # Errors
/// [`Failure::Call`] if a service refuses the call or cannot be reached.
pub(crate) async fn of_topic(
    visit: &Visit,
    topic: &wire::Topic,
    style: wire::SummaryStyle,
    options: &Options,
) -> Result<wire::SummarizeArticlesResponse, Failure> {
    let key = (format!("{}{}", topic.name, options.key()), i32::from(style));
    if let Some(summary) = visit.site.summaries.of(&key, topic.version) {
        return Ok(summary);
    }
    let request = wire::SummarizeTopicRequest {
        name: topic.name.clone(),
        style: style.into(),
        budget_chars: options.chars,
        options: Some(options.wire()),
        ..Default::default()
    };
    let answer = told(visit.summary_service().summarize_topic(visit.call(request)).await)?;
    let summary = answer.summary.unwrap_or_default();
    visit.site.summaries.keep(key, topic.version, summary.clone());
    Ok(summary)
}

/// Whether the summary of a topic is remembered.
pub(crate) fn is_kept(visit: &Visit, topic: &wire::Topic, style: wire::SummaryStyle) -> bool {
    let key = (topic.name.clone(), i32::from(style));
    visit.site.summaries.of(&key, topic.version).is_some()
}

/// What the articles of a topic that pass `period`, a part of a filter, say in at most `chars`
/// characters; `None` where none does.
///
/// # Errors
/// [`Failure::Call`] if a service refuses the call or cannot be reached.
pub(crate) async fn of_period(
    visit: &Visit,
    topic: &wire::Topic,
    period: &str,
    chars: i32,
) -> Result<Option<wire::SummarizeArticlesResponse>, Failure> {
    let key = (format!("{}{period}", topic.name), chars);
    if let Some(summary) = visit.site.summaries.of(&key, topic.version) {
        return Ok(Some(summary));
    }
    let request = wire::ListArticlesRequest {
        page_size: ARTICLES_MAX,
        filter: format!("topic = \"{}\"{period}", topic.name),
        ..Default::default()
    };
    let listed = told(visit.article_service().list_articles(visit.call(request)).await)?;
    let articles: Vec<_> = listed.articles.into_iter().map(|article| article.name).collect();
    // They may have gone since.
    if articles.is_empty() {
        return Ok(None);
    }
    let request = wire::SummarizeArticlesRequest {
        articles,
        style: wire::SummaryStyle::Brief.into(),
        budget_chars: chars,
        ..Default::default()
    };
    let summary = told(visit.summary_service().summarize_articles(visit.call(request)).await)?;
    visit.site.summaries.keep(key, topic.version, summary.clone());
    Ok(Some(summary))
}

/// A piece, with links to its sources.
pub(crate) fn piece(sentence: &wire::SummarySentence, sources: &[wire::SummarySource]) -> Piece {
    let outlet = |number: u32| {
        let source = sources.iter().find(|source| source.number == number);
        source.map(|source| source.outlet.clone()).unwrap_or_default()
    };
    let also = sentence.also_sources.iter().filter_map(|number| {
        let source = sources.iter().find(|source| source.number == *number)?;
        let (href, outlet) = (show::href(&source.article), source.outlet.clone());
        Some(Source { number: *number, href, outlet })
    });
    Piece {
        // A reader of today's page is told which day 昨天 of an older article was.
        text: closed(if sentence.dated.is_empty() { &sentence.text } else { &sentence.dated }),
        source: Source {
            number: sentence.source,
            href: cited(sentence),
            outlet: outlet(sentence.source),
        },
        also: also.take(ALSO_MAX).collect(),
        is_newest: sentence.newest,
    }
}

/// A piece that ends as a sentence does, so that the next one does not run into it.
fn closed(text: &str) -> String {
    let is_closed = text.ends_with(['。', '！', '？', '；', '…', '”', '」', '）', '!', '?']);
    if is_closed || text.is_empty() { text.to_owned() } else { format!("{text}。") }
}

/// The place in its article where a piece stands.
fn cited(sentence: &wire::SummarySentence) -> String {
    if sentence.article.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = sentence
        .parts
        .iter()
        .filter_map(|part| {
            let place = part.place.as_ref()?;
            Some(format!("{}.{}-{}", part.paragraph, place.start_char, place.end_char))
        })
        .collect();
    format!("{}?cite={}#cite", show::href(&sentence.article), parts.join("_"))
}

/// Reads what [`cited`] writes: places as paragraph and characters; what is none is left out.
pub(crate) fn places(text: &str) -> Vec<(usize, (usize, usize))> {
    let place = |part: &str| {
        let (paragraph, span) = part.split_once('.')?;
        let (from, to) = span.split_once('-')?;
        Some((paragraph.parse().ok()?, (from.parse().ok()?, to.parse().ok()?)))
    };
    text.split('_').filter_map(place).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::cited;
    use super::places;
    use wenmai_proto::wire;

    #[test]
    fn a_cited_place_is_read_back_as_it_was() {
        let part = |paragraph, start_char, end_char| wire::SummarySpan {
            paragraph,
            place: Some(wire::TextSpan { start_char, end_char }),
        };
        let sentence = wire::SummarySentence {
            article: "articles/a".to_owned(),
            parts: vec![part(0, 3, 9), part(2, 0, 4)],
            ..Default::default()
        };
        let href = cited(&sentence);
        assert_eq!(href, "/articles/a?cite=0.3-9_2.0-4#cite");
        assert_eq!(places("0.3-9_2.0-4"), [(0, (3, 9)), (2, (0, 4))]);
        assert!(places("x_1.2_-1.2-3").is_empty());
    }
}
