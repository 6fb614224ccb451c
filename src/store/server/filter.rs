//! The conditions of a Qdrant server, for [`crate::condition`].

use std::collections::BTreeSet;

use ::qdrant_client::qdrant::Condition;
use ::qdrant_client::qdrant::FieldCondition;
use ::qdrant_client::qdrant::Filter as Wanted;
use ::qdrant_client::qdrant::HasIdCondition;
use ::qdrant_client::qdrant::Match;
use ::qdrant_client::qdrant::Range;
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::r#match::MatchValue;

use crate::condition;
use crate::condition::Bounds;
use crate::server::wire::article_point;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;

/// What a filter asks of the server.
pub type Asked = condition::Asked<Wanted>;

/// Translates `filter` for the server.
pub fn ask(filter: &Filter) -> Asked {
    condition::ask(filter)
}

impl condition::Condition for Wanted {
    fn all(parts: Vec<Self>) -> Self {
        Self { must: parts.into_iter().map(nested).collect(), ..Self::default() }
    }

    fn any(parts: Vec<Self>) -> Self {
        Self { should: parts.into_iter().map(nested).collect(), ..Self::default() }
    }

    fn not(part: Self) -> Self {
        Self { must_not: vec![nested(part)], ..Self::default() }
    }

    fn keyword(key: &str, value: &str) -> Self {
        must([equals(key, MatchValue::Keyword(value.to_owned()))])
    }

    fn flag(key: &str, value: bool) -> Self {
        must([equals(key, MatchValue::Boolean(value))])
    }

    fn within(key: &str, Bounds { lt, lte, gt, gte }: Bounds) -> Self {
        must([within(key, Range { lt, gt, gte, lte })])
    }

    fn among(ids: &BTreeSet<ArticleId>) -> Self {
        let has_id = ids.iter().map(article_point).collect();
        let among = ConditionOneOf::HasId(HasIdCondition { has_id });
        must([Condition { condition_one_of: Some(among) }])
    }
}

/// A filter of conditions that must all hold.
pub fn must(conditions: impl IntoIterator<Item = Condition>) -> Wanted {
    Wanted { must: conditions.into_iter().collect(), ..Wanted::default() }
}

/// The condition that the value of `key` is `value`.
pub fn equals(key: &str, value: MatchValue) -> Condition {
    field(FieldCondition {
        key: key.to_owned(),
        r#match: Some(Match { match_value: Some(value) }),
        ..FieldCondition::default()
    })
}

/// The condition that the number under `key` lies in `range`.
pub fn within(key: &str, range: Range) -> Condition {
    field(FieldCondition { key: key.to_owned(), range: Some(range), ..FieldCondition::default() })
}

/// A filter that every point passes, because the server searches in another way with a filter than
/// without.
pub fn everything() -> Wanted {
    let none = HasIdCondition { has_id: Vec::new() };
    let none = Condition { condition_one_of: Some(ConditionOneOf::HasId(none)) };
    Wanted { must_not: vec![none], ..Wanted::default() }
}

fn field(condition: FieldCondition) -> Condition {
    Condition { condition_one_of: Some(ConditionOneOf::Field(condition)) }
}

/// The condition that `filter` holds.
pub fn nested(filter: Wanted) -> Condition {
    Condition { condition_one_of: Some(ConditionOneOf::Filter(filter)) }
}
