//! Searches and hits.

use crate::domain::hit::Hit;
use crate::domain::hit::Mode;
use crate::domain::hit::Scores;
use crate::domain::hit::When;
use crate::engine::Violation;
use crate::rpc::convert;
use crate::rpc::convert::View;
use crate::rpc::convert::article;
use crate::rpc::convert::known;
use crate::rpc::wire;

/// Reads a mode; unspecified means hybrid.
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

/// A hit as the wire has it.
#[must_use]
pub fn hit(from: Hit, view: View) -> wire::SearchHit {
    let Hit { article: found, rank, scores, when, matched_terms, reprints, is_reprint } = from;
    let Scores { similarity, lexical, fused } = scores;
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
        lexical_score: lexical,
        fused_score: fused,
        when: when.into(),
        matched_terms,
        reprint_count: reprints.as_ref().map_or(0, |of| convert::small(of.count)),
        original: reprints.as_ref().map_or_else(String::new, |of| convert::name(of.original)),
        reprint_sources: reprints.map_or_else(Vec::new, |of| of.sources),
        is_reprint,
    }
}
