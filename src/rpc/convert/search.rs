//! Reads the options of a search, and converts what an answer has beside its hits.

use crate::convert::CharIndex;
use crate::convert::count;
use crate::convert::count32;
use crate::convert::date::read_date;
use crate::convert::date::write_date;
use crate::convert::known;
use crate::convert::spans;
use wenmai_domain::hit::Snippet;
use wenmai_domain::span::Span;
use wenmai_engine::Diversity;
use wenmai_engine::Facet;
use wenmai_engine::FacetField;
use wenmai_engine::FacetValue;
use wenmai_engine::Newness;
use wenmai_engine::Notice;
use wenmai_engine::Order;
use wenmai_engine::SearchOptions;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::SearchNoticeKind;
use wenmai_rank::diversify::Lambda;
use wenmai_rank::recency::InvalidRecency;
use wenmai_rank::recency::Recency;
use wenmai_text::query::Note;
use wenmai_text::query::reading::Reading;

/// The options of a search request; all are off unless the request sets them.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub recency: Option<wire::Recency>,
    pub diversity: Option<wire::Diversity>,
    pub facets: Vec<i32>,
    pub order: i32,
    pub as_of: Option<wire::Date>,
}

/// Reads the options of a search.
///
/// # Errors
/// A violation of the field with a number out of range or an unknown value.
pub fn options(wanted: Wanted) -> Result<SearchOptions, Violation> {
    let Wanted { recency, diversity, facets, order, as_of } = wanted;
    let facets = facets.into_iter().map(read_facet_field);
    Ok(SearchOptions {
        newness: recency.map(read_recency).transpose()?,
        diversity: diversity.map(read_diversity).transpose()?,
        facets: facets.collect::<Result<_, _>>()?,
        order: match known(order, "order")? {
            wire::SearchOrder::Unspecified | wire::SearchOrder::Relevance => Order::Relevance,
            wire::SearchOrder::Newest => Order::Newest,
            wire::SearchOrder::Oldest => Order::Oldest,
        },
        as_of: as_of.map(|day| read_date(day, "as_of")).transpose()?,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a score has no more digits than an f32")]
fn read_recency(from: wire::Recency) -> Result<Newness, Violation> {
    let wire::Recency { half_life_days, floor, as_of } = from;
    let floor = floor.map_or(Recency::FLOOR, |floor| floor as f32);
    let recency = Recency::new(half_life_days as f32, floor).map_err(|error| {
        let field = match error {
            InvalidRecency::HalfLife => "recency.half_life_days",
            InvalidRecency::Floor => "recency.floor",
        };
        Violation::new(field, error.to_string())
    })?;
    let as_of = as_of.map(|day| read_date(day, "recency.as_of")).transpose()?;
    Ok(Newness { recency, as_of })
}

#[expect(clippy::cast_possible_truncation, reason = "a score has no more digits than an f32")]
fn read_diversity(from: wire::Diversity) -> Result<Diversity, Violation> {
    let wire::Diversity { lambda } = from;
    let share = lambda.map_or(Lambda::USUAL, |lambda| lambda as f32);
    let invalid = || Violation::new("diversity.lambda", "is a number from 0 to 1");
    Ok(Diversity { lambda: Lambda::new(share).ok_or_else(invalid)? })
}

fn read_facet_field(number: i32) -> Result<FacetField, Violation> {
    match known(number, "facets")? {
        wire::FacetField::Unspecified => Err(Violation::new("facets", "names no field")),
        wire::FacetField::Paper => Ok(FacetField::Paper),
        wire::FacetField::Source => Ok(FacetField::Source),
        wire::FacetField::Section => Ok(FacetField::Section),
        wire::FacetField::Kind => Ok(FacetField::Kind),
        wire::FacetField::Month => Ok(FacetField::Month),
        wire::FacetField::Person => Ok(FacetField::Person),
        wire::FacetField::Place => Ok(FacetField::Place),
        wire::FacetField::Organisation => Ok(FacetField::Organisation),
    }
}

/// Converts a facet.
#[must_use]
pub fn facet(from: Facet) -> wire::Facet {
    let Facet { field, values, other_count, missing_count } = from;
    let field = match field {
        FacetField::Paper => wire::FacetField::Paper,
        FacetField::Source => wire::FacetField::Source,
        FacetField::Section => wire::FacetField::Section,
        FacetField::Kind => wire::FacetField::Kind,
        FacetField::Month => wire::FacetField::Month,
        FacetField::Person => wire::FacetField::Person,
        FacetField::Place => wire::FacetField::Place,
        FacetField::Organisation => wire::FacetField::Organisation,
    };
    let value = |from: FacetValue| {
        let FacetValue { value, count: articles } = from;
        wire::FacetValue { value, count: count(articles) }
    };
    wire::Facet {
        field: field.into(),
        values: values.into_iter().map(value).collect(),
        other_count: count(other_count),
        missing_count: count(missing_count),
    }
}

/// Converts a notice.
#[must_use]
pub fn notice(from: &Notice) -> wire::SearchNotice {
    let kind = match from {
        Notice::Question(Note::BrokenQuote) => SearchNoticeKind::BrokenQuote,
        Notice::Question(Note::QuotesAsWords(_)) => SearchNoticeKind::QuotesAsWords,
        Notice::Question(Note::BadValue { .. }) => SearchNoticeKind::BadValue,
        Notice::Question(Note::TooMany { .. }) => SearchNoticeKind::TooManyParts,
        Notice::Shortened { .. } => SearchNoticeKind::Shortened,
        Notice::OnlyCommonWords => SearchNoticeKind::OnlyCommonWords,
        Notice::NoKnownTerm => SearchNoticeKind::NoKnownTerm,
        Notice::IndexEmpty => SearchNoticeKind::IndexEmpty,
        Notice::FilterLeavesNothing => SearchNoticeKind::FilterLeavesNothing,
        Notice::PhraseNotFound { .. } | Notice::TitleNotFound(_) | Notice::PhrasesApart => {
            SearchNoticeKind::PhraseNotFound
        }
        Notice::AllLeftOut => SearchNoticeKind::AllLeftOut,
        Notice::OnlyFirst(_) => SearchNoticeKind::OnlyFirst,
    };
    wire::SearchNotice { kind: kind.into(), message: from.to_string() }
}

/// Converts how a query was understood.
#[must_use]
pub fn reading(from: Reading, phrases: Vec<String>, left_out: Vec<String>) -> wire::QueryReading {
    let Reading { needs, synonyms, text: _, days, is_common: _, term_count: _ } = from;
    let (first, last) = days.unzip();
    wire::QueryReading {
        terms: needs.into_iter().map(|need| need.of.unit).collect(),
        other_names: synonyms.into_iter().map(|synonym| synonym.name).collect(),
        phrases,
        left_out,
        first_day: first.map(write_date),
        last_day: last.map(write_date),
    }
}

/// Converts spans of `text` into spans of characters.
#[must_use]
pub fn marks(text: &str, of: &[Span]) -> Vec<wire::TextSpan> {
    // Most articles have nothing to mark in the title, and then no index is made.
    if of.is_empty() { Vec::new() } else { spans(of, &CharIndex::new(text)) }
}

/// Converts a snippet of `paragraphs`.
#[must_use]
pub fn snippet(from: Snippet, paragraphs: &[String]) -> wire::Snippet {
    let Snippet { text, paragraph, span, matches } = from;
    let whole = paragraphs.get(paragraph).map(String::as_str).unwrap_or_default();
    wire::Snippet {
        place: marks(whole, &[span]).pop(),
        paragraph: count32(paragraph),
        matches: marks(&text, &matches),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use super::options;
    use super::snippet;
    use wenmai_domain::hit::Snippet;
    use wenmai_domain::span::Span;
    use wenmai_engine::SearchOptions;
    use wenmai_proto::wire;

    fn nothing() -> Wanted {
        Wanted { recency: None, diversity: None, facets: Vec::new(), order: 0, as_of: None }
    }

    #[test]
    fn nothing_asked_is_everything_off() {
        assert_eq!(options(nothing()), Ok(SearchOptions::default()));
    }

    #[test]
    fn impossible_numbers_are_refused_with_their_field() {
        let field = |wanted| options(wanted).unwrap_err().field;
        let recency = wire::Recency { half_life_days: 7.0, floor: Some(2.0), as_of: None };
        let of = |recency| Wanted { recency: Some(recency), ..nothing() };
        assert_eq!(field(of(recency)), "recency.floor");
        assert_eq!(field(of(wire::Recency::default())), "recency.half_life_days");
        let as_of = Some(wire::Date { year: 2025, month: 2, day: 30 });
        let recency = wire::Recency { half_life_days: 7.0, floor: None, as_of };
        assert!(field(of(recency)).starts_with("recency.as_of"));
        let diversity = Some(wire::Diversity { lambda: Some(f64::NAN) });
        assert_eq!(field(Wanted { diversity, ..nothing() }), "diversity.lambda");
        assert_eq!(field(Wanted { facets: vec![0], ..nothing() }), "facets");
        assert_eq!(field(Wanted { facets: vec![77], ..nothing() }), "facets");
        assert_eq!(field(Wanted { order: -1, ..nothing() }), "order");
    }

    #[test]
    fn the_spans_of_a_snippet_are_in_characters() {
        let paragraphs = ["清河涨水。河堤安全。".to_owned()];
        let (text, matches) = ("河堤安全。".to_owned(), vec![Span::new(3, 6)]);
        let from = Snippet { text, paragraph: 0, span: Span::new(15, 30), matches };
        let span = |start_char, end_char| wire::TextSpan { start_char, end_char };
        let on_wire = snippet(from, &paragraphs);
        assert_eq!((on_wire.place, on_wire.matches), (Some(span(5, 10)), vec![span(1, 2)]));
    }
}
