//! The domain's filter as a condition of the engine.

use qdrant_edge::Condition;
use qdrant_edge::FieldCondition;
use qdrant_edge::HasIdCondition;
use qdrant_edge::JsonPath;
use qdrant_edge::Match;
use qdrant_edge::MatchValue;
use qdrant_edge::Range;
use qdrant_edge::ValueVariants;
use qdrant_edge::external::ordered_float::OrderedFloat;

use crate::domain::filter::Comparison;
use crate::domain::filter::Filter;
use crate::store::edge::shard::point_id;
use crate::store::payload;

/// What a filter asks of the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Every point passes.
    Everything,
    /// No point passes, so there is nothing to ask.
    Nothing,
    /// Those that this condition lets through.
    Only(qdrant_edge::Filter),
}

/// Translates `filter`; what is always or never true is decided here, not left to the engine.
pub fn ask(filter: &Filter) -> Asked {
    match filter {
        Filter::All(parts) => all(parts),
        Filter::Any(parts) => any(parts),
        Filter::Not(part) => match ask(part) {
            Asked::Everything => Asked::Nothing,
            Asked::Nothing => Asked::Everything,
            Asked::Only(condition) => Asked::Only(qdrant_edge::Filter {
                must_not: Some(vec![Condition::Filter(condition)]),
                ..qdrant_edge::Filter::default()
            }),
        },
        Filter::Text(field, value) => equals(field.name(), value),
        Filter::Names(field, key) => equals(payload::keys_of(field.kind()), key),
        Filter::Kind(kind) => equals(payload::KIND, kind.name()),
        Filter::Date(comparison, date) => {
            compares(payload::DATE, *comparison, payload::day_number(*date))
        }
        Filter::PageNo(comparison, page_no) => {
            compares(payload::PAGE_NO, *comparison, i64::from(*page_no))
        }
        Filter::Group(group) => equals(payload::GROUP, &group.to_string()),
        Filter::Topic(_) => Asked::Nothing,
        Filter::Among(ids) if ids.is_empty() => Asked::Nothing,
        Filter::Among(ids) => {
            let ids: HasIdCondition = ids.iter().map(point_id).collect();
            Asked::Only(qdrant_edge::Filter::new_must(Condition::HasId(ids)))
        }
        Filter::Original(is_original) => {
            let value = Match::Value(MatchValue { value: ValueVariants::Bool(*is_original) });
            only(FieldCondition::new_match(path(payload::ORIGINAL), value))
        }
    }
}

fn all(parts: &[Filter]) -> Asked {
    let mut conditions = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => {}
            Asked::Nothing => return Asked::Nothing,
            Asked::Only(condition) => conditions.push(Condition::Filter(condition)),
        }
    }
    if conditions.is_empty() {
        return Asked::Everything;
    }
    Asked::Only(qdrant_edge::Filter { must: Some(conditions), ..qdrant_edge::Filter::default() })
}

fn any(parts: &[Filter]) -> Asked {
    let mut conditions = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => return Asked::Everything,
            Asked::Nothing => {}
            Asked::Only(condition) => conditions.push(Condition::Filter(condition)),
        }
    }
    if conditions.is_empty() {
        return Asked::Nothing;
    }
    Asked::Only(qdrant_edge::Filter { should: Some(conditions), ..qdrant_edge::Filter::default() })
}

fn equals(key: &str, value: &str) -> Asked {
    let value = Match::Value(MatchValue { value: ValueVariants::String(value.into()) });
    only(FieldCondition::new_match(path(key), value))
}

fn compares(key: &str, comparison: Comparison, value: i64) -> Asked {
    #[expect(clippy::cast_precision_loss, reason = "days and page numbers are far below 2^53")]
    let value = Some(OrderedFloat(value as f64));
    let none = Range { lt: None, gt: None, gte: None, lte: None };
    let range = match comparison {
        Comparison::Equal => Range { gte: value, lte: value, ..none },
        Comparison::Less => Range { lt: value, ..none },
        Comparison::AtMost => Range { lte: value, ..none },
        Comparison::Greater => Range { gt: value, ..none },
        Comparison::AtLeast => Range { gte: value, ..none },
    };
    only(FieldCondition::new_range(path(key), range))
}

fn only(condition: FieldCondition) -> Asked {
    Asked::Only(qdrant_edge::Filter::new_must(Condition::Field(condition)))
}

/// A filter that every point passes, for searches that take another way with a filter than without.
pub fn everything() -> qdrant_edge::Filter {
    let none = HasIdCondition::from_iter([]);
    qdrant_edge::Filter {
        must_not: Some(vec![Condition::HasId(none)]),
        ..qdrant_edge::Filter::default()
    }
}

/// The path of a key at the top of a payload.
pub fn path(key: &str) -> JsonPath {
    JsonPath { first_key: key.to_owned(), rest: Vec::new() }
}
