//! Which points pass a filter.

use ::qdrant_client::qdrant::Condition;
use ::qdrant_client::qdrant::FieldCondition;
use ::qdrant_client::qdrant::Filter;
use ::qdrant_client::qdrant::Value;
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::r#match::MatchValue;
use ::qdrant_client::qdrant::value::Kind;
use tonic::Status;

use super::Id;
use super::Kept;

/// Whether a point passes; no filter lets everything pass.
pub fn passes(filter: Option<&Filter>, id: &Id, point: &Kept) -> Result<bool, Status> {
    let Some(Filter { should, min_should: None, must, must_not }) = filter else {
        return if filter.is_none() { Ok(true) } else { Err(unknown("min_should")) };
    };
    for condition in must {
        if !holds(condition, id, point)? {
            return Ok(false);
        }
    }
    for condition in must_not {
        if holds(condition, id, point)? {
            return Ok(false);
        }
    }
    let mut is_any = should.is_empty();
    for condition in should {
        is_any |= holds(condition, id, point)?;
    }
    Ok(is_any)
}

fn holds(condition: &Condition, id: &Id, point: &Kept) -> Result<bool, Status> {
    match condition.condition_one_of.as_ref() {
        Some(ConditionOneOf::Field(field)) => of_field(field, point.payload.get(&field.key)),
        Some(ConditionOneOf::IsEmpty(empty)) => {
            Ok(point.payload.get(&empty.key).is_none_or(|value| values(value).is_empty()))
        }
        Some(ConditionOneOf::HasId(ids)) => {
            let ids: Result<Vec<Id>, Status> =
                ids.has_id.iter().map(|id| Id::read(Some(id))).collect();
            Ok(ids?.contains(id))
        }
        Some(ConditionOneOf::Filter(filter)) => passes(Some(filter), id, point),
        other => Err(unknown(&format!("{other:?}"))),
    }
}

fn of_field(field: &FieldCondition, value: Option<&Value>) -> Result<bool, Status> {
    let values = value.map(values).unwrap_or_default();
    if let Some(range) = &field.range {
        let within = |number: f64| {
            range.lt.is_none_or(|bound| number < bound)
                && range.lte.is_none_or(|bound| number <= bound)
                && range.gt.is_none_or(|bound| number > bound)
                && range.gte.is_none_or(|bound| number >= bound)
        };
        return Ok(values.iter().filter_map(|value| number(value)).any(within));
    }
    let wanted = field.r#match.as_ref().and_then(|wanted| wanted.match_value.as_ref());
    let is = |value: &&Value| match (wanted, value.kind.as_ref()) {
        (Some(MatchValue::Keyword(wanted)), Some(Kind::StringValue(text))) => wanted == text,
        (Some(MatchValue::Integer(wanted)), Some(Kind::IntegerValue(number))) => wanted == number,
        (Some(MatchValue::Boolean(wanted)), Some(Kind::BoolValue(value))) => wanted == value,
        _ => false,
    };
    match wanted {
        Some(MatchValue::Keyword(_) | MatchValue::Integer(_) | MatchValue::Boolean(_)) => {
            Ok(values.iter().any(is))
        }
        _ => Err(unknown(&format!("{field:?}"))),
    }
}

/// The values of a key: those of a list, or the one.
fn values(value: &Value) -> Vec<&Value> {
    match value.kind.as_ref() {
        None | Some(Kind::NullValue(_)) => Vec::new(),
        Some(Kind::ListValue(list)) => list.values.iter().collect(),
        Some(_) => vec![value],
    }
}

/// The number that a value is.
#[expect(clippy::cast_precision_loss, reason = "as Qdrant compares them")]
pub fn number(value: &Value) -> Option<f64> {
    match value.kind.as_ref()? {
        Kind::IntegerValue(number) => Some(*number as f64),
        Kind::DoubleValue(number) => Some(*number),
        _ => None,
    }
}

fn unknown(what: &str) -> Status {
    Status::unimplemented(format!("this stand-in knows no {what}"))
}
