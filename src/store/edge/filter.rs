//! The conditions of the embedded engine, for [`crate::condition`].

use std::collections::BTreeSet;

use qdrant_edge::Condition as Part;
use qdrant_edge::FieldCondition;
use qdrant_edge::HasIdCondition;
use qdrant_edge::JsonPath;
use qdrant_edge::Match;
use qdrant_edge::MatchValue;
use qdrant_edge::Range;
use qdrant_edge::ValueVariants;
use qdrant_edge::external::ordered_float::OrderedFloat;

use crate::condition;
use crate::condition::Bounds;
use crate::condition::Condition;
use crate::edge::point::point_id;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;

/// What a filter asks of the embedded engine.
pub type Asked = condition::Asked<qdrant_edge::Filter>;

/// Translates `filter` for the embedded engine.
pub fn ask(filter: &Filter) -> Asked {
    condition::ask(filter)
}

impl Condition for qdrant_edge::Filter {
    fn all(parts: Vec<Self>) -> Self {
        Self { must: Some(nested(parts)), ..Self::default() }
    }

    fn any(parts: Vec<Self>) -> Self {
        Self { should: Some(nested(parts)), ..Self::default() }
    }

    fn not(part: Self) -> Self {
        Self { must_not: Some(nested(vec![part])), ..Self::default() }
    }

    fn keyword(key: &str, value: &str) -> Self {
        equals(key, ValueVariants::String(value.into()))
    }

    fn flag(key: &str, value: bool) -> Self {
        equals(key, ValueVariants::Bool(value))
    }

    fn within(key: &str, Bounds { lt, lte, gt, gte }: Bounds) -> Self {
        let [lt, lte, gt, gte] = [lt, lte, gt, gte].map(|bound| bound.map(OrderedFloat));
        only(FieldCondition::new_range(path(key), Range { lt, gt, gte, lte }))
    }

    fn among(ids: &BTreeSet<ArticleId>) -> Self {
        among(ids)
    }
}

fn nested(parts: Vec<qdrant_edge::Filter>) -> Vec<Part> {
    parts.into_iter().map(Part::Filter).collect()
}

fn equals(key: &str, value: ValueVariants) -> qdrant_edge::Filter {
    only(FieldCondition::new_match(path(key), Match::Value(MatchValue { value })))
}

fn only(condition: FieldCondition) -> qdrant_edge::Filter {
    qdrant_edge::Filter::new_must(Part::Field(condition))
}

/// A filter that the points of `ids` pass and no others.
pub fn among<'a>(ids: impl IntoIterator<Item = &'a ArticleId>) -> qdrant_edge::Filter {
    let ids: HasIdCondition = ids.into_iter().map(point_id).collect();
    qdrant_edge::Filter::new_must(Part::HasId(ids))
}

/// A filter that every point passes, because the engine searches in another way with a filter than
/// without.
pub fn everything() -> qdrant_edge::Filter {
    let none = HasIdCondition::from_iter([]);
    qdrant_edge::Filter {
        must_not: Some(vec![Part::HasId(none)]),
        ..qdrant_edge::Filter::default()
    }
}

/// The path of a key at the top level of a payload.
pub fn path(key: &str) -> JsonPath {
    JsonPath { first_key: key.to_owned(), rest: Vec::new() }
}
