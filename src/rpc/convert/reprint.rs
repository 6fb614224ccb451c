//! Converts reprints and updates.

use crate::convert::View;
use crate::convert::article;
use crate::convert::count32;
use wenmai_domain::reprint::Relation;
use wenmai_engine::Correction;
use wenmai_engine::Link;
use wenmai_engine::Version;
use wenmai_proto::wire;

/// Converts a reprint, with as much of its article as `view` says.
#[must_use]
pub fn link(from: Link, view: View) -> wire::Reprint {
    let Link { article: found, relation, share_of_other, share_of_own, days_after, is_original } =
        from;
    let relation = match relation {
        Relation::Full => wire::ReprintRelation::Full,
        Relation::Partial => wire::ReprintRelation::Partial,
    };
    wire::Reprint {
        article: Some(article(found, view)),
        relation: relation.into(),
        share_of_other,
        share_of_own,
        days_after,
        is_original,
    }
}

/// Converts an earlier or later version of an article, with as much of it as `view` says.
#[must_use]
pub fn version(from: Version, view: View) -> wire::TextVersion {
    let correction =
        |Correction { before, after }: Correction| wire::TextCorrection { before, after };
    wire::TextVersion {
        article: Some(article(from.article, view)),
        is_later: from.is_later,
        corrections: from.corrections.into_iter().map(correction).collect(),
        added_char_count: count32(from.added_chars),
        share_of_other: from.share_of_other,
        share_of_own: from.share_of_own,
        days_after: from.days_after,
    }
}
