//! What a web page tells machines of its article (schema.org, as JSON).

use serde_json::Value;

use crate::html::Extract;
use crate::html::date;
use crate::html::names_of;

/// Objects inside objects that are looked into.
const DEPTH_MAX: usize = 6;

/// Adds what `data` says of an article to `extract`.
pub(super) fn tell(data: &[String], extract: &mut Extract) {
    for text in data {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            look(&value, extract, 0);
        }
    }
}

fn look(value: &Value, extract: &mut Extract, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    if let Some(list) = value.as_array() {
        for one in list {
            look(one, extract, depth + 1);
        }
    } else if value.get("headline").is_some() {
        article(value, extract);
    } else if let Some(graph) = value.get("@graph") {
        look(graph, extract, depth + 1);
    }
}

fn article(value: &Value, extract: &mut Extract) {
    let published = value.get("datePublished").and_then(Value::as_str);
    extract.date = extract.date.or_else(|| date(published?));
    if extract.authors.is_empty() {
        let named = value.get("author").map(names).unwrap_or_default();
        extract.authors = named.iter().flat_map(|name| names_of(name)).collect();
    }
    if extract.source.is_empty() {
        let offices = value.get("publisher").map(names).unwrap_or_default();
        extract.source = offices.into_iter().next().unwrap_or_default();
    }
}

/// The names of a person or office, or of several.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(list) => list.iter().flat_map(names).collect(),
        Value::Object(one) => {
            one.get("name").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
