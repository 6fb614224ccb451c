//! What is asked for as one types: what it may become, and what filters every search shares.

use axum::response::Response;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::shown;
use crate::json;
use crate::topics::quoted;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Suggestions at a time.
const SUGGESTIONS: i32 = 8;
/// Characters of what is typed that suggestions are made for.
const TYPED_CHARS_MAX: usize = 64;
/// What can be chosen beside the words of a search, and the field of the contract.
pub(crate) const FIELDS: [(&str, wire::FacetField); 7] = [
    ("paper", wire::FacetField::Paper),
    ("source", wire::FacetField::Source),
    ("section", wire::FacetField::Section),
    ("kind", wire::FacetField::Kind),
    ("person", wire::FacetField::Person),
    ("place", wire::FacetField::Place),
    ("organisation", wire::FacetField::Organisation),
];

/// What may be typed to the end, as a list in JSON.
pub(crate) async fn suggest(visit: Visit) -> Response {
    let answer = suggestions(&visit).await;
    shown(&visit, answer)
}

async fn suggestions(visit: &Visit) -> Result<Response, Failure> {
    let typed = visit.value("q").unwrap_or_default().trim();
    if typed.is_empty() || typed.chars().count() > TYPED_CHARS_MAX {
        return Ok(json::of("[]".to_owned()));
    }
    let request = wire::SuggestQueriesRequest {
        text: typed.to_owned(),
        limit: SUGGESTIONS,
        ..Default::default()
    };
    let found = told(visit.search_service().suggest_queries(visit.call(request)).await)?;
    let meant = found.corrections.into_iter().map(|one| one.query);
    let texts: Vec<String> =
        found.suggestions.into_iter().map(|one| one.text).chain(meant).collect();
    Ok(json::of(serde_json::json!(texts).to_string()))
}

/// What was chosen beside the words of a search, as a filter of the contract: of one field any
/// value, of several fields all.
pub(crate) fn filter_of(visit: &Visit) -> String {
    let mut parts = Vec::new();
    for (name, _) in FIELDS {
        let values = visit.query.iter().filter(|(key, _)| key == name);
        let any: Vec<_> = values.map(|(_, value)| format!("{name} = {}", quoted(value))).collect();
        if !any.is_empty() {
            parts.push(format!("({})", any.join(" OR ")));
        }
    }
    for (name, bound) in [("from", ">="), ("to", "<=")] {
        let day = visit.value(name).and_then(|day| day.parse::<jiff::civil::Date>().ok());
        parts.extend(day.map(|day| format!("date {bound} {day}")));
    }
    parts.extend(visit.value("topic").map(|topic| format!("topic = {}", quoted(topic))));
    parts.join(" AND ")
}
