//! Converts suggestions, corrections and offered conditions.

use crate::convert::count;
use crate::convert::date::read_date;
use crate::convert::search::marks;
use wenmai_domain::span::Span;
use wenmai_engine::ArchiveWords;
use wenmai_engine::Suggest;
use wenmai_engine::Suggestions;
use wenmai_engine::Violation;
use wenmai_engine::WORDS_MAX;
use wenmai_proto::wire;
use wenmai_suggest::discover::NewWord;
use wenmai_suggest::discover::Thresholds;
use wenmai_suggest::index::Correction;
use wenmai_suggest::index::Found;
use wenmai_suggest::index::Part;
use wenmai_suggest::index::SUGGESTIONS_MAX;
use wenmai_suggest::index::Suggestion;
use wenmai_suggest::lexicon::Kind;
use wenmai_suggest::offer::Offer;

/// Suggestions of one answer where the request does not say.
const SUGGESTIONS: usize = 10;
/// Words of one answer where the request does not say.
const WORDS: usize = 1_000;

/// Reads a request for suggestions.
///
/// # Errors
/// A violation of `limit` below 0, and of a day that there is not.
pub fn suggest(from: wire::SuggestQueriesRequest) -> Result<Suggest, Violation> {
    let wire::SuggestQueriesRequest { text, limit, wait, as_of } = from;
    let limit = match usize::try_from(limit) {
        Ok(0) => SUGGESTIONS,
        Ok(limit) => limit.min(SUGGESTIONS_MAX),
        Err(_negative) => return Err(Violation::new("limit", "must not be negative")),
    };
    let as_of = as_of.map(|day| read_date(day, "as_of")).transpose()?;
    Ok(Suggest { text, limit, wait, as_of })
}

/// Converts the answer to a request with `text`.
#[must_use]
pub fn suggestions(from: Suggestions, text: &str) -> wire::SuggestQueriesResponse {
    let Suggestions { suggestions, hints, article_count } = from;
    wire::SuggestQueriesResponse {
        suggestions: suggestions.into_iter().map(suggestion).collect(),
        corrections: hints.corrections.into_iter().map(|one| correction(one, text)).collect(),
        offers: hints.offers.into_iter().map(|one| offer(one, text)).collect(),
        article_count: article_count.map(count),
    }
}

/// Reads a request for the words of the archive: by which thresholds, and how many.
///
/// # Errors
/// A violation of `limit` below 0.
pub fn thresholds(from: wire::ListWordsRequest) -> Result<(Thresholds, usize), Violation> {
    let wire::ListWordsRequest { article_count_min, limit } = from;
    let limit = match usize::try_from(limit) {
        Ok(0) => WORDS,
        Ok(limit) => limit.min(WORDS_MAX),
        Err(_negative) => return Err(Violation::new("limit", "must not be negative")),
    };
    let usual = Thresholds::default();
    let article_count_min = match article_count_min {
        0 => usual.article_count_min,
        given => given,
    };
    Ok((Thresholds { article_count_min, ..usual }, limit))
}

/// Converts the words of the archive, at most `limit`.
#[must_use]
pub fn words(from: ArchiveWords, limit: usize) -> wire::ListWordsResponse {
    let ArchiveWords { words, article_count } = from;
    let word = |from: NewWord| {
        let NewWord { text, article_count, count, cohesion, entropy } = from;
        let (article_count, count) = (article_count.into(), count.into());
        wire::ArchiveWord { text, article_count, count, cohesion, entropy }
    };
    wire::ListWordsResponse {
        words: words.into_iter().take(limit).map(word).collect(),
        article_count: count(article_count),
    }
}

fn suggestion(from: Suggestion) -> wire::QuerySuggestion {
    let Suggestion { text, kind, article_count, found } = from;
    let found = match found {
        Found::Text => wire::SuggestionMatch::Text,
        Found::Sound => wire::SuggestionMatch::Sound,
        Found::Slip => wire::SuggestionMatch::Slip,
    };
    wire::QuerySuggestion {
        text,
        kind: self::kind(kind).into(),
        article_count: article_count.into(),
        r#match: found.into(),
    }
}

fn kind(from: Kind) -> wire::SuggestionKind {
    match from {
        Kind::Person => wire::SuggestionKind::Person,
        Kind::Organisation => wire::SuggestionKind::Organisation,
        Kind::Place => wire::SuggestionKind::Place,
        Kind::Topic => wire::SuggestionKind::Topic,
        Kind::Paper => wire::SuggestionKind::Paper,
        Kind::Source => wire::SuggestionKind::Source,
        Kind::Word => wire::SuggestionKind::Word,
        Kind::Title => wire::SuggestionKind::Title,
    }
}

/// Converts a correction of the query `text`.
#[must_use]
pub fn correction(from: Correction, text: &str) -> wire::QueryCorrection {
    let Correction { query, parts } = from;
    let part = |part: Part| {
        let Part { span, written: _, meant, kind, article_count, slip: _ } = part;
        wire::CorrectedPart {
            place: place(text, span),
            meant,
            kind: self::kind(kind).into(),
            article_count: article_count.into(),
        }
    };
    wire::QueryCorrection { query, parts: parts.into_iter().map(part).collect() }
}

/// Converts a condition offered for the query `text`.
#[must_use]
pub fn offer(from: Offer, text: &str) -> wire::QueryOffer {
    let Offer { field: _, span, written, condition, query } = from;
    wire::QueryOffer { place: place(text, span), written, condition, query }
}

fn place(text: &str, span: Span) -> Option<wire::TextSpan> {
    marks(text, &[span]).pop()
}
