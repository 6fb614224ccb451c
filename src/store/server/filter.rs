//! The domain's filter as a condition of the server.

use ::qdrant_client::qdrant::Condition;
use ::qdrant_client::qdrant::FieldCondition;
use ::qdrant_client::qdrant::Filter as Wanted;
use ::qdrant_client::qdrant::HasIdCondition;
use ::qdrant_client::qdrant::Match;
use ::qdrant_client::qdrant::Range;
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::r#match::MatchValue;

use crate::domain::filter::Comparison;
use crate::domain::filter::Filter;
use crate::store::payload;
use crate::store::server::wire::article_point;

/// What a filter asks of the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Every point passes.
    Everything,
    /// No point passes, so there is nothing to ask.
    Nothing,
    /// Those that this condition lets through.
    Only(Wanted),
}

/// Translates `filter`; what is always or never true is decided here, not left to the server.
pub fn ask(filter: &Filter) -> Asked {
    match filter {
        Filter::All(parts) => all(parts),
        Filter::Any(parts) => any(parts),
        Filter::Not(part) => match ask(part) {
            Asked::Everything => Asked::Nothing,
            Asked::Nothing => Asked::Everything,
            Asked::Only(condition) => {
                Asked::Only(Wanted { must_not: vec![nested(condition)], ..Wanted::default() })
            }
        },
        Filter::Text(field, value) => keyword(field.name(), value),
        Filter::Names(field, key) => keyword(payload::keys_of(field.kind()), key),
        Filter::Kind(kind) => keyword(payload::KIND, kind.name()),
        Filter::Date(comparison, date) => {
            compares(payload::DATE, *comparison, payload::day_number(*date))
        }
        Filter::PageNo(comparison, page_no) => {
            compares(payload::PAGE_NO, *comparison, i64::from(*page_no))
        }
        Filter::Group(group) => keyword(payload::GROUP, &group.to_string()),
        // Whoever asks put the topic's articles in its place.
        Filter::Topic(_) => Asked::Nothing,
        Filter::Among(ids) if ids.is_empty() => Asked::Nothing,
        Filter::Among(ids) => {
            let has_id = ids.iter().map(article_point).collect();
            let among = ConditionOneOf::HasId(HasIdCondition { has_id });
            Asked::Only(must([Condition { condition_one_of: Some(among) }]))
        }
        Filter::Original(is_original) => {
            Asked::Only(must([equals(payload::ORIGINAL, MatchValue::Boolean(*is_original))]))
        }
    }
}

fn all(parts: &[Filter]) -> Asked {
    let mut must = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => {}
            Asked::Nothing => return Asked::Nothing,
            Asked::Only(condition) => must.push(nested(condition)),
        }
    }
    if must.is_empty() {
        return Asked::Everything;
    }
    Asked::Only(Wanted { must, ..Wanted::default() })
}

fn any(parts: &[Filter]) -> Asked {
    let mut should = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => return Asked::Everything,
            Asked::Nothing => {}
            Asked::Only(condition) => should.push(nested(condition)),
        }
    }
    if should.is_empty() {
        return Asked::Nothing;
    }
    Asked::Only(Wanted { should, ..Wanted::default() })
}

fn keyword(key: &str, value: &str) -> Asked {
    Asked::Only(must([equals(key, MatchValue::Keyword(value.to_owned()))]))
}

fn compares(key: &str, comparison: Comparison, value: i64) -> Asked {
    #[expect(clippy::cast_precision_loss, reason = "days and page numbers are far below 2^53")]
    let value = Some(value as f64);
    let none = Range::default();
    let range = match comparison {
        Comparison::Equal => Range { gte: value, lte: value, ..none },
        Comparison::Less => Range { lt: value, ..none },
        Comparison::AtMost => Range { lte: value, ..none },
        Comparison::Greater => Range { gt: value, ..none },
        Comparison::AtLeast => Range { gte: value, ..none },
    };
    Asked::Only(must([within(key, range)]))
}

/// A filter of conditions that must all hold.
pub fn must(conditions: impl IntoIterator<Item = Condition>) -> Wanted {
    Wanted { must: conditions.into_iter().collect(), ..Wanted::default() }
}

/// That the value of `key` is this one.
pub fn equals(key: &str, value: MatchValue) -> Condition {
    field(FieldCondition {
        key: key.to_owned(),
        r#match: Some(Match { match_value: Some(value) }),
        ..FieldCondition::default()
    })
}

/// That the value of `key` lies in `range`.
pub fn within(key: &str, range: Range) -> Condition {
    field(FieldCondition { key: key.to_owned(), range: Some(range), ..FieldCondition::default() })
}

/// A filter that every point passes, for searches that take another way with a filter than without.
pub fn everything() -> Wanted {
    let none = HasIdCondition { has_id: Vec::new() };
    let none = Condition { condition_one_of: Some(ConditionOneOf::HasId(none)) };
    Wanted { must_not: vec![none], ..Wanted::default() }
}

fn field(condition: FieldCondition) -> Condition {
    Condition { condition_one_of: Some(ConditionOneOf::Field(condition)) }
}

fn nested(filter: Wanted) -> Condition {
    Condition { condition_one_of: Some(ConditionOneOf::Filter(filter)) }
}
