//! Converts search modes and hits.

use crate::convert;
use crate::convert::View;
use crate::convert::article;
use crate::convert::known;
use crate::convert::search::marks;
use crate::convert::search::snippet as write_snippet;
use wenmai_domain::hit::Empty;
use wenmai_domain::hit::Highlights;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Reason;
use wenmai_domain::hit::Relation;
use wenmai_domain::hit::RelationKind;
use wenmai_domain::hit::Scores;
use wenmai_domain::hit::Shared;
use wenmai_domain::hit::When;
use wenmai_engine::Violation;
use wenmai_proto::wire;

/// Reads a search mode; an unspecified one means hybrid.
///
/// # Errors
/// A violation of `mode` for an unknown number.
pub fn mode(number: i32) -> Result<Mode, Violation> {
    Ok(match known(number, "mode")? {
        wire::SearchMode::Unspecified | wire::SearchMode::Hybrid => Mode::Hybrid,
        wire::SearchMode::Dense => Mode::Dense,
        wire::SearchMode::Lexical => Mode::Lexical,
    })
}

/// Converts a hit, with as much of its article as `view` says.
#[must_use]
pub fn hit(from: Hit, view: View) -> wire::SearchHit {
    let Hit {
        article: found,
        rank,
        scores,
        when,
        matched_terms,
        highlights,
        relation: related,
        reprints,
        is_reprint,
    } = from;
    let Highlights { title, snippet } = highlights;
    let title_matches = marks(&found.record.title, &title);
    let snippet = snippet.map(|snippet| write_snippet(snippet, &found.record.paragraphs));
    let Scores { similarity, comparable, lexical, fused } = scores;
    let when = match when {
        When::Unknown => wire::RelativeTime::Unspecified,
        When::Past => wire::RelativeTime::Past,
        When::SameDay => wire::RelativeTime::SameDay,
        When::Future => wire::RelativeTime::Future,
    };
    wire::SearchHit {
        article: Some(article(found, view)),
        rank,
        similarity,
        comparable_similarity: comparable,
        lexical_score: lexical,
        fused_score: fused,
        when: when.into(),
        matched_terms,
        title_matches,
        snippet,
        relation: related.map(relation),
        reprint_count: reprints.as_ref().map_or(0, |of| convert::small(of.count)),
        original: reprints.as_ref().map_or_else(String::new, |of| convert::name(of.original)),
        reprint_sources: reprints.map_or_else(Vec::new, |of| of.sources),
        is_reprint,
    }
}

/// Converts the relation of a hit to the article asked about.
fn relation(from: Relation) -> wire::Relation {
    let Relation { kind, related, same_event, days_apart, shared, reasons } = from;
    let Shared { persons, places, organisations, numbers } = shared;
    let kind = match kind {
        RelationKind::Reprint => wire::RelationKind::Reprint,
        RelationKind::SameEvent => wire::RelationKind::SameEvent,
        RelationKind::Background => wire::RelationKind::Background,
        RelationKind::FollowUp => wire::RelationKind::FollowUp,
        RelationKind::SameStory => wire::RelationKind::SameStory,
        RelationKind::Update => wire::RelationKind::Update,
        RelationKind::EarlierVersion => wire::RelationKind::EarlierVersion,
    };
    let reason = |Reason { feature, value, contribution }| wire::Reason {
        feature: feature.to_owned(),
        value,
        contribution,
    };
    wire::Relation {
        kind: kind.into(),
        probability: related,
        same_event_probability: same_event,
        days_apart,
        shared_numbers: numbers,
        shared_persons: persons,
        shared_places: places,
        shared_organisations: organisations,
        reasons: reasons.into_iter().map(reason).collect(),
    }
}

/// Converts the reason why an answer has no hits.
#[must_use]
pub fn empty(from: Option<Empty>) -> wire::EmptyReason {
    match from {
        None => wire::EmptyReason::Unspecified,
        Some(Empty::NothingStored) => wire::EmptyReason::NothingStored,
        Some(Empty::Filtered) => wire::EmptyReason::Filtered,
        Some(Empty::Improbable) => wire::EmptyReason::Improbable,
        Some(Empty::NothingShared) => wire::EmptyReason::NothingShared,
        Some(Empty::End) => wire::EmptyReason::End,
    }
}
