//! Reprints.

use crate::domain::reprint::Relation;
use crate::engine::Link;
use crate::rpc::convert::View;
use crate::rpc::convert::article;
use crate::rpc::wire;

/// A reprint as the wire has it.
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
