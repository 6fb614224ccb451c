//! JSON: a record a line, an array of records, an object that holds a list of them, JSON Feed, ninjs.

use std::fmt::Write;

use serde_json::Map;
use serde_json::Value;

use crate::Failed;
use crate::Format;
use crate::Item;
use crate::Note;
use crate::Options;
use crate::Refused;
use crate::Taken;
use crate::names::Field;
use crate::names::Names;
use crate::record;

/// Levels of objects in which the list of records is looked for.
const DEPTH_MAX: usize = 4;

/// Reads one line of JSON Lines.
///
/// What can be told for certain is mended and noted: numbers that JSON does not have, halves of
/// surrogate pairs, a comma before a closing bracket, control characters in texts.
///
/// # Errors
/// [`Refused`] with what is wrong and in which field.
pub fn line(line: &str, options: &Options) -> Result<Taken, Refused> {
    let line = line.trim().trim_start_matches('\u{feff}');
    let (value, faults) = value(line)?;
    let Value::Object(values) = value else {
        return Err(Refused::Syntax("is not an object with named fields".to_owned()));
    };
    let mut taken = record::assemble(&values, options)?;
    taken.notes.extend(faults.into_iter().map(Note::Mended));
    Ok(taken)
}

/// The value of `text`, and what was mended in it.
fn value(text: &str) -> Result<(Value, Vec<String>), Refused> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok((value, Vec::new())),
        Err(error) => error,
    };
    let mended = mend(text);
    match serde_json::from_str(&mended.text) {
        Ok(value) if !mended.faults.is_empty() => Ok((value, mended.faults)),
        _ => Err(Refused::Syntax(wrong(text, &error, &mended))),
    }
}

/// What is wrong with `text`, for a person.
fn wrong(text: &str, error: &serde_json::Error, mended: &Mended) -> String {
    let start = text.trim_start_matches(['{', '[', ' ']);
    if start.starts_with('\'') || start.starts_with("u'") {
        return "names and texts stand in single quotes, as Python prints them; write the lines with \
                json.dumps"
            .to_owned();
    }
    if error.is_eof() {
        let within = mended.field.as_deref().map(|field| format!(", within `{field}`"));
        return format!("the line ends before the object does{}", within.unwrap_or_default());
    }
    let column = error.column();
    let field = field_at(text, column).map(|field| format!("in or behind `{field}`, "));
    let what = error.to_string();
    let what = what.split(" at line").next().unwrap_or_default();
    format!("is not JSON: {}at character {column}: {what}", field.unwrap_or_default())
}

/// The last field that begins before byte `column`.
fn field_at(text: &str, column: usize) -> Option<String> {
    let mut end = column.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    mend(text.get(..end)?).field
}

/// A text with what is certain mended.
struct Mended {
    text: String,
    faults: Vec<String>,
    /// The field at its end.
    field: Option<String>,
}

/// Walks over nearly-JSON, and mends what has only one meaning.
fn mend(text: &str) -> Mended {
    let mut mended =
        Mended { text: String::with_capacity(text.len()), faults: Vec::new(), field: None };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let (string, after) = string(rest, &mut mended);
            // A text before a colon is a name.
            if after.trim_start().starts_with(':') {
                mended.field = Some(string.trim_matches('"').to_owned());
            }
            rest = after;
            continue;
        }
        let bare = ["NaN", "-Infinity", "Infinity", "undefined"]
            .iter()
            .find(|bare| rest.starts_with(**bare));
        if let Some(bare) = bare {
            let field = mended.field.clone().unwrap_or_default();
            mended
                .faults
                .push(format!("`{field}` is {bare}, which JSON does not have; taken as missing"));
            mended.text.push_str("null");
            rest = rest.get(bare.len()..).unwrap_or_default();
            continue;
        }
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == ',' && after.trim_start().starts_with(['}', ']']) {
            mended.faults.push("a comma before a closing bracket was left out".to_owned());
        } else {
            mended.text.push(c);
        }
        rest = after;
    }
    mended
}

/// Copies the string that `text` begins with, mended; gives it and what follows.
fn string<'t>(text: &'t str, mended: &mut Mended) -> (String, &'t str) {
    let mut out = String::from("\"");
    let mut at = 1;
    let field = mended.field.clone().unwrap_or_default();
    let mut halves = false;
    let mut controls = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        at += c.len_utf8();
        match c {
            '"' => {
                out.push('"');
                break;
            }
            '\\' => {
                let unit = |from: usize| {
                    let digits = text
                        .get(from..from + 4)
                        .filter(|_| text.get(from - 1..from) == Some("u"))?;
                    u16::from_str_radix(digits, 16).ok()
                };
                match unit(at + 1) {
                    Some(high @ 0xd800..=0xdbff) => match unit(at + 7) {
                        Some(low @ 0xdc00..=0xdfff) if text.get(at + 5..at + 6) == Some("\\") => {
                            // Writing to a string cannot fail.
                            let _ = write!(out, "\\u{high:04x}\\u{low:04x}");
                            at += 11;
                        }
                        _ => (halves, at) = (push_replacement(&mut out), at + 5),
                    },
                    Some(0xdc00..=0xdfff) => (halves, at) = (push_replacement(&mut out), at + 5),
                    _ => {
                        out.push('\\');
                        if let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
                            out.push(next);
                            at += next.len_utf8();
                        }
                    }
                }
            }
            c if c.is_ascii_control() => {
                controls = true;
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    if halves {
        mended
            .faults
            .push(format!("`{field}` holds half of a surrogate pair, which stands as \u{fffd}"));
    }
    if controls {
        mended.faults.push(format!("`{field}` holds control characters without an escape"));
    }
    mended.text.push_str(&out);
    (out, text.get(at..).unwrap_or_default())
}

fn push_replacement(out: &mut String) -> bool {
    out.push('\u{fffd}');
    true
}

/// Reads a whole file of JSON.
pub(crate) fn read(text: &str, options: &Options) -> Result<(Format, Vec<Item>), Failed> {
    let (whole, faults) =
        value(text).map_err(|refused| Failed::Syntax("JSON", refused.to_string()))?;
    let mut options = options.clone();
    let (format, list) = match whole {
        Value::Array(list) => (Format::JsonArray, list),
        Value::Object(mut object) => {
            let is_feed = object
                .get("version")
                .and_then(Value::as_str)
                .is_some_and(|version| version.contains("jsonfeed.org"));
            if is_feed
                && options.source.is_empty()
                && let Some(Value::String(title)) = object.get("title")
            {
                options.source.clone_from(title);
            }
            match list_of(&mut object, &options.names, 0) {
                Some(list) => (if is_feed { Format::JsonFeed } else { Format::JsonArray }, list),
                None if is_feed => return Err(Failed::Empty("the JSON Feed has no `items`")),
                None => (Format::JsonArray, vec![Value::Object(object)]),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(Failed::Syntax("JSON", "it holds neither a list nor an object".to_owned()));
        }
    };
    let is_ninjs = list
        .iter()
        .any(|item| item.get("versioncreated").is_some() && item.get("headline").is_some());
    let format = if is_ninjs { Format::Ninjs } else { format };
    let items = list.into_iter().zip(1..).map(|(value, number)| {
        let outcome = match value {
            Value::Object(values) => record::assemble(&ours(format, values), &options),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => {
                Err(Refused::Syntax("is not an object with named fields".to_owned()))
            }
        };
        let outcome = outcome.map(|mut taken| {
            if number == 1 {
                taken.notes.extend(faults.iter().cloned().map(Note::Mended));
            }
            taken
        });
        Item { number, outcome }
    });
    Ok((format, items.collect()))
}

/// The list of records in an object: that of most objects, by any name.
fn list_of(object: &mut Map<String, Value>, names: &Names, depth: usize) -> Option<Vec<Value>> {
    let is_list =
        |value: &Value| value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
    let of_records = |value: &Value| {
        let first = value.as_array().and_then(|list| list.iter().find_map(Value::as_object));
        first.is_some_and(|first| first.len() > 1)
    };
    // An article with a list of pictures is no list of articles.
    let holds =
        |field| object.keys().any(|name| names.find(name).is_some_and(|(one, _)| one == field));
    if holds(Field::Title) && (holds(Field::Body) || holds(Field::Paragraphs)) {
        return None;
    }
    let longest = object
        .iter()
        .filter(|(_, value)| is_list(value) && of_records(value))
        .max_by_key(|(_, value)| value.as_array().map_or(0, Vec::len))
        .map(|(name, _)| name.clone());
    if let Some(name) = longest {
        let Some(Value::Array(list)) = object.remove(&name) else { return None };
        return Some(list);
    }
    if depth >= DEPTH_MAX {
        return None;
    }
    object
        .values_mut()
        .filter_map(Value::as_object_mut)
        .find_map(|inner| list_of(inner, names, depth + 1))
}

/// The values of an item under names that the table knows.
fn ours(format: Format, mut values: Map<String, Value>) -> Map<String, Value> {
    if format == Format::Ninjs {
        // In ninjs `name` is a short name and `slugline` none at all; the headline is the title.
        for name in ["name", "type", "slugline"] {
            values.remove(name);
        }
        // ninjs 2 keeps bodies, headlines and descriptions in lists of renditions.
        for (list, name) in
            [("headlines", "headline"), ("bodies", "body_text"), ("descriptions", "description")]
        {
            if let Some(Value::Array(all)) = values.remove(list)
                && let Some(first) = all.into_iter().find_map(|one| one.get("value").cloned())
            {
                values.entry(name).or_insert(first);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::line;
    use super::read;
    use crate::Format;
    use crate::Options;
    use crate::Refused;

    fn options() -> Options {
        Options { source: "清河网".into(), ..Options::default() }
    }

    #[test]
    fn nearly_json_is_mended_where_it_has_one_meaning_and_named_by_field() {
        let text = r#"{"id": 3, "title": "大桥\ud83d合龙", "score": NaN, "body": "第一句。",}"#;
        let taken = line(text, &options()).unwrap();
        assert_eq!(taken.record.title, "大桥\u{fffd}合龙");
        let notes: Vec<String> = taken.notes.iter().map(ToString::to_string).collect();
        let notes = notes.join("; ");
        assert!(notes.contains("`title`") && notes.contains("`score` is NaN"), "{notes}");
        let whole =
            line(r#"{"title": "喜\ud83d\ude00", "body": "甲。	乙。"}"#, &options()).unwrap();
        assert_eq!(whole.record.title, "喜😀");
    }

    #[test]
    fn what_cannot_be_mended_is_told_with_its_field() {
        let reason = |text: &str| line(text, &options()).unwrap_err().to_string();
        assert!(reason("{'title': '甲', 'body': '乙'}").contains("single quotes"));
        assert!(reason(r#"{"title": "甲", "body": "乙"#).contains("`body`"));
        assert!(reason(r#"{"title": "甲", "body": 乙}"#).contains("`body`"));
        assert!(reason("[1]").contains("object"));
    }

    #[test]
    fn lists_are_found_in_objects() {
        let item = |number: usize| json!({"标题": format!("第{number}条"), "正文": "河水上涨。"});
        let es = json!({"took": 1, "hits": {"hits": [{"_id": "a", "_source": item(1)}, {"_id": "b", "_source": item(2)}]}});
        for (whole, count) in [
            (json!([item(1), item(2)]), 2),
            (json!({"code": 0, "data": {"list": [item(1), item(2), item(3)]}}), 3),
            (es, 2),
            (item(1), 1),
        ] {
            let (format, items) = read(&whole.to_string(), &options()).unwrap();
            assert_eq!((format, items.len()), (Format::JsonArray, count));
            for item in items {
                assert_eq!(item.outcome.unwrap().record.paragraphs, ["河水上涨。"]);
            }
        }
    }

    #[test]
    fn a_json_feed_names_its_source() {
        let feed = json!({"version": "https://jsonfeed.org/version/1.1", "title": "柳溪网", "items": [
            {"id": "1", "title": "开镰", "content_html": "<p>昨日开镰。</p><p>天气晴好。</p>", "url": "https://liuxi.example/1",
             "date_published": "2025-09-08T07:30:00+08:00", "authors": [{"name": "周小禾"}, {"name": "林大川"}]}]});
        let (format, items) = read(&feed.to_string(), &Options::default()).unwrap();
        assert_eq!(format, Format::JsonFeed);
        let record = items[0].outcome.clone().unwrap().record;
        assert_eq!((record.source.as_str(), record.source_id.as_str()), ("柳溪网", "1"));
        assert_eq!(record.paragraphs, ["昨日开镰。", "天气晴好。"]);
        assert_eq!(
            record.byline.iter().map(|who| who.name.as_str()).collect::<Vec<_>>(),
            ["周小禾", "林大川"]
        );
        assert_eq!(record.url, "https://liuxi.example/1");
    }

    #[test]
    fn ninjs_is_read_in_both_versions() {
        let one = json!({"uri": "urn:news:1", "headline": "停水通知", "body_text": "明日停水。", "versioncreated": "2025-09-08T07:30:00+08:00",
            "name": "short", "byline": "周小禾"});
        let two = json!({"uri": "urn:news:2", "headline": "x", "versioncreated": "2025-09-08T07:30:00+08:00",
            "bodies": [{"role": "main", "value": "<p>后日停电。</p>"}]});
        let (format, items) = read(&json!([one, two]).to_string(), &options()).unwrap();
        assert_eq!(format, Format::Ninjs);
        assert_eq!(items[0].outcome.clone().unwrap().record.title, "停水通知");
        assert_eq!(items[1].outcome.clone().unwrap().record.paragraphs, ["后日停电。"]);
    }

    #[test]
    fn wrong_types_and_missing_fields_are_named() {
        let refused = |text: &str| line(text, &options()).unwrap_err();
        let wrong = refused(r#"{"title": 5, "body": "甲。"}"#);
        assert!(matches!(&wrong, Refused::Type { field, .. } if field == "title"), "{wrong}");
        let missing = refused(r#"{"大字": "甲", "小字": "乙", "date": "2025-09-08"}"#).to_string();
        assert!(
            missing.contains("大字") && missing.contains("小字") && !missing.contains("date"),
            "{missing}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "[{}\\[\\]\",:\\\\ud8NaN0-9x' ]{0,40}") {
            let _ = line(&text, &options());
            let _ = line(&near, &options());
            let _ = read(&near, &options());
        }
    }
}
