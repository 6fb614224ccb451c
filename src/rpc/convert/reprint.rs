//! Converts reprints.

use crate::convert::View;
use crate::convert::article;
use wenmai_domain::reprint::Relation;
use wenmai_engine::Link;
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
