//! Named values → a record: what every format comes to in the end.

mod people;

use serde_json::Map;
use serde_json::Value;

use crate::Note;
use crate::Options;
use crate::Refused;
use crate::Taken;
use crate::markup;
use crate::names::Field;
use crate::time;
use crate::time::Clock;
use people::people;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::article::Role;
use wenmai_domain::page_code::PageCode;
use wenmai_text::unwrap::Unwrapped;

/// Names of unknown fields that an error lists, at most.
const UNKNOWN_SHOWN: usize = 12;
/// Objects in which exports wrap an article.
const WRAPPERS: [&str; 8] =
    ["_source", "data", "article", "item", "fields", "doc", "news", "attributes"];
/// Characters of an address, at most: an index takes no longer heading.
const URL_CHARS_MAX: usize = 1_000;
/// Characters of an id that can be meant for its own feed only; longer ones are made to be unlike
/// any other.
const SHORT_ID_CHARS: usize = 7;

/// The record that `values` describe.
pub(crate) fn assemble(values: &Map<String, Value>, options: &Options) -> Result<Taken, Refused> {
    let mut parts = Parts::new(values, options);
    if !parts.has(Field::Title) && !parts.has_text() {
        let mut inner = WRAPPERS.iter().filter_map(|name| values.get(*name)?.as_object());
        if let Some(inner) = inner.find(|inner| {
            let inner = Parts::new(inner, options);
            inner.has(Field::Title) || inner.has_text()
        }) {
            let mut merged = values.clone();
            merged.extend(inner.clone());
            return assemble_parts(&mut Parts::new(&merged, options));
        }
    }
    assemble_parts(&mut parts)
}

fn assemble_parts(parts: &mut Parts<'_>) -> Result<Taken, Refused> {
    let title = parts.needed(Field::Title)?.map(|text| markup::line(&text)).unwrap_or_default();
    let paragraphs = parts.body()?;
    let kind = parts.kind();
    let is_short = matches!(kind, Kind::Photo | Kind::Brief);
    let both = title.is_empty() && paragraphs.is_empty();
    let either = title.is_empty() || paragraphs.is_empty();
    if !parts.options.is_partial && (both || either && !is_short) {
        return Err(parts.missing(title.is_empty(), paragraphs.is_empty()));
    }
    let (page, name) = PageCode::read(&parts.text(Field::Page));
    let page_name = parts.line(Field::PageName);
    let source = parts.line(Field::Source);
    let source = if source.is_empty() { parts.options.source.clone() } else { source };
    let mut record = Record {
        paper: parts.line(Field::Paper),
        source,
        url: parts.url(),
        published_at: parts.time(),
        edition: parts.line(Field::Edition),
        page,
        page_name: if page_name.is_empty() { name } else { page_name },
        kind,
        kicker: parts.line(Field::Kicker),
        title,
        subtitle: parts.line(Field::Subtitle),
        section: parts.line(Field::Section),
        byline: parts.byline(),
        agency: parts.line(Field::Agency),
        paragraphs,
        ..Record::default()
    };
    record.source_id = parts.id(&record.source);
    Ok(Taken { record, notes: std::mem::take(&mut parts.notes) })
}

/// The values of one record by the fields that they are of.
struct Parts<'v> {
    values: &'v Map<String, Value>,
    options: &'v Options,
    /// What was found, the names that count first in front.
    found: Vec<(Field, usize, &'v str, &'v Value)>,
    notes: Vec<Note>,
}

impl<'v> Parts<'v> {
    fn new(values: &'v Map<String, Value>, options: &'v Options) -> Self {
        let mut found: Vec<_> = values
            .iter()
            .filter(|(_, value)| !is_blank(value))
            .filter_map(|(name, value)| {
                let (field, place) = options.names.find(name)?;
                Some((field, place, name.as_str(), value))
            })
            .collect();
        found.sort_by_key(|(field, place, ..)| (*field, *place));
        Self { values, options, found, notes: Vec::new() }
    }

    fn has(&self, field: Field) -> bool {
        self.found.iter().any(|(one, ..)| *one == field)
    }

    fn has_text(&self) -> bool {
        [Field::Body, Field::Paragraphs, Field::Summary].iter().any(|field| self.has(*field))
    }

    fn all(&self, field: Field) -> impl Iterator<Item = (&'v str, &'v Value)> + '_ {
        self.found
            .iter()
            .filter(move |(one, ..)| *one == field)
            .map(|(_, _, name, value)| (*name, *value))
    }

    /// A field that must be text if it is there.
    fn needed(&self, field: Field) -> Result<Option<String>, Refused> {
        let mut wrong = None;
        for (name, value) in self.all(field) {
            match text_of(value) {
                Some(text) if value.is_string() || value.is_object() => return Ok(Some(text)),
                _ => {
                    wrong.get_or_insert_with(|| Refused::Type {
                        field: name.to_owned(),
                        wants: "text",
                        given: type_of(value),
                    });
                }
            }
        }
        wrong.map_or(Ok(None), Err)
    }

    /// A field whose loss costs no article; the first of its names that holds text counts.
    fn text(&mut self, field: Field) -> String {
        let mut wrong = None;
        for (name, value) in self.all(field) {
            match text_of(value) {
                Some(text) => return text,
                None => wrong = wrong.or(Some((name, type_of(value)))),
            }
        }
        if let Some((name, given)) = wrong {
            let what = format!("`{name}` is {given}, not text, and was left out");
            self.notes.push(Note::Lost(what));
        }
        String::new()
    }

    fn line(&mut self, field: Field) -> String {
        let text = self.text(field);
        markup::line(&text)
    }

    fn body(&mut self) -> Result<Vec<String>, Refused> {
        if let Some((name, value)) = self.all(Field::Paragraphs).next() {
            let Value::Array(list) = value else {
                let (field, given) = (name.to_owned(), type_of(value));
                return Err(Refused::Type { field, wants: "a list of texts", given });
            };
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            if texts.len() != list.len() {
                let (field, given) = (name.to_owned(), "a list with other things than texts");
                return Err(Refused::Type { field, wants: "a list of texts", given });
            }
            return Ok(texts.into_iter().flat_map(markup::paragraphs).map(trimmed).collect());
        }
        // Several names may hold the text, one of them only a part of it: the longest is the whole.
        let mut bodies: Vec<Vec<String>> = Vec::new();
        for (name, value) in self.all(Field::Body) {
            match value {
                Value::String(text) => bodies.push(plain(text)),
                Value::Array(list) if list.iter().all(Value::is_string) => {
                    let texts = list.iter().filter_map(Value::as_str);
                    bodies.push(texts.flat_map(markup::paragraphs).map(trimmed).collect());
                }
                other @ (Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_)) => {
                    let text = text_of(other).filter(|_| other.is_object());
                    let (field, given) = (name.to_owned(), type_of(other));
                    let Some(text) = text else {
                        return Err(Refused::Type { field, wants: "text", given });
                    };
                    bodies.push(plain(&text));
                }
            }
        }
        let length = |body: &Vec<String>| body.iter().map(String::len).sum::<usize>();
        let body = bodies.into_iter().rev().max_by_key(length).unwrap_or_default();
        if !body.is_empty() {
            return Ok(body);
        }
        let name = self.all(Field::Summary).next().map(|(name, _)| name);
        let summary = plain(&self.text(Field::Summary));
        if let Some(name) = name.filter(|_| !summary.is_empty()) {
            // An RSS description is the text of most feeds, so it needs no note.
            if !self.options.is_summary_usual {
                let what = format!("the text is that of `{name}`: there is no other");
                self.notes.push(Note::Lost(what));
            }
        }
        Ok(summary)
    }

    fn kind(&mut self) -> Kind {
        let name = self.text(Field::Kind);
        if name.is_empty() {
            return Kind::News;
        }
        Kind::from_name(&name).unwrap_or_else(|| {
            self.notes.push(Note::Lost(format!("unknown kind `{name}`, taken as news")));
            Kind::News
        })
    }

    fn url(&mut self) -> String {
        let url = self.text(Field::Url);
        let url = markup::entities(url.trim());
        let is_address = url.contains("://")
            || url.starts_with("//")
            || self.options.is_address_relative && !url.contains(char::is_whitespace);
        if url.is_empty() || is_address && url.chars().count() <= URL_CHARS_MAX {
            return url;
        }
        // A relative address leads nowhere by itself.
        let url: String = url.chars().take(80).collect();
        self.notes.push(Note::Lost(format!("`{url}` is no address and was left out")));
        String::new()
    }

    /// The time, or none with a note: a wrong one must not stand in the order of time.
    fn time(&mut self) -> Option<jiff::civil::DateTime> {
        let mut clock = self.options.clock;
        let fetched = self.text(Field::Fetched);
        if let Some(fetched) = time::parse(&fetched, clock.fetched) {
            clock = Clock { fetched, ..clock };
        }
        let mut wrong = None;
        for field in [Field::Time, Field::Updated] {
            for (name, value) in self.all(field) {
                let read = text_of(value)
                    .ok_or_else(|| format!("it is {}", type_of(value)))
                    .and_then(|text| time::read(&text, clock).map_err(|error| error.to_string()));
                match read {
                    Ok(time) => return Some(time),
                    Err(why) => {
                        wrong = wrong.or(Some(format!("stored without a time: {name}: {why}")));
                    }
                }
            }
        }
        self.notes.extend(wrong.map(Note::NoTime));
        None
    }

    fn byline(&mut self) -> Vec<Contributor> {
        let mut names: Vec<String> = Vec::new();
        for (_, value) in self.all(Field::Byline) {
            if let Value::Array(list) = value {
                names.extend(list.iter().filter_map(text_of));
            } else {
                names.extend(text_of(value));
            }
            if !names.is_empty() {
                break;
            }
        }
        let names = names.iter().flat_map(|text| people(&markup::line(text)));
        names.map(|name| Contributor { name, role: Role::Author }).collect()
    }

    /// The id, made unlike those of other feeds where it can be meant for this one only.
    fn id(&mut self, source: &str) -> String {
        let id = self.text(Field::Id).trim().to_owned();
        let short = id.chars().count() <= SHORT_ID_CHARS;
        if id.is_empty() || !source.is_empty() || !short || self.options.feed.is_empty() {
            return id;
        }
        self.notes.push(Note::OwnId);
        format!("{}#{id}", self.options.feed)
    }

    fn missing(&self, title: bool, body: bool) -> Refused {
        let known = |name: &str| self.options.names.find(name).is_some();
        let unknown = self.values.keys().filter(|name| !known(name)).take(UNKNOWN_SHOWN);
        Refused::Missing { title, body, unknown: unknown.cloned().collect() }
    }
}

/// A body's paragraphs; those of plain text that were broken at a fixed width are joined.
fn plain(text: &str) -> Vec<String> {
    if markup::is_html(text) {
        return markup::paragraphs(text).into_iter().map(trimmed).collect();
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.replace("\r\n", "\n").split(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let read = markup::paragraphs(line);
        if read.is_empty() {
            // A blank line parts paragraphs whatever the width.
            lines.push(String::new());
        }
        lines.extend(read);
    }
    Unwrapped::of(&lines.join("\n")).paragraphs()
}

fn trimmed(text: String) -> String {
    let plain = text.trim();
    if plain.len() == text.len() { text } else { plain.to_owned() }
}

/// What a value says as text: texts, numbers, and the name in an object or in a list of one.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match number.as_f64() {
            // Tables give whole numbers as 3.0.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked to be whole and below 2^53"
            )]
            Some(float)
                if !number.is_i64()
                    && !number.is_u64()
                    && float.fract() == 0.0
                    && float.abs() < 9e15 =>
            {
                (float as i64).to_string()
            }
            _ => number.to_string(),
        }),
        Value::Array(list) => list.iter().find_map(text_of),
        Value::Object(object) => {
            const INNER: [&str; 12] = [
                "name", "title", "label", "value", "$oid", "$date", "text", "#text", "href", "url",
                "id", "@value",
            ];
            INNER.iter().find_map(|name| text_of(object.get(*name)?))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether a value says nothing: missing, blank, or what tables write for an empty cell.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => {
            let text = text.trim();
            text.is_empty()
                || ["null", "none", "nan", "nat", "\\n"]
                    .iter()
                    .any(|no| text.eq_ignore_ascii_case(no))
        }
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::Note;
    use crate::Options;
    use crate::Taken;
    use crate::json::line;
    use wenmai_domain::article::Contributor;
    use wenmai_domain::article::Record;
    use wenmai_domain::article::Role;

    fn taken(value: &serde_json::Value, options: &Options) -> Taken {
        line(&value.to_string(), options).unwrap()
    }

    #[test]
    fn what_is_wrong_beside_title_and_text_costs_only_itself() {
        let value = json!({"title": "渠道清淤", "body": "渠道开工。", "time": "2025-02-30", "author": true,
            "link": "/a/1.html", "kind": "杂记", "page": "要闻", "section": {"id": 3, "name": "水利"}});
        let Taken { record, notes } = taken(&value, &Options::default());
        assert_eq!((record.published_at, record.url.as_str(), record.page), (None, "", None));
        assert_eq!((record.page_name.as_str(), record.section.as_str()), ("要闻", "水利"));
        assert!(
            matches!(&notes[..], [.., Note::NoTime(what)] if what.contains("2025-02-30")),
            "{notes:?}"
        );
        assert!(notes.iter().any(|note| note.to_string().contains("/a/1.html")));
    }

    #[test]
    fn the_first_time_that_can_be_read_counts() {
        let value = json!({"title": "渠道清淤", "body": "渠道开工。", "date": "不详", "publish_time": "2025-09-08 07:30",
            "updated_at": "2025-09-09"});
        let record = taken(&value, &Options::default()).record;
        assert_eq!(record.published_at, Some(date(2025, 9, 8).at(7, 30, 0, 0)));
        let value = json!({"title": "渠道清淤", "body": "渠道开工。", "time": "2小时前", "crawl_time": "2025-09-08 09:30"});
        assert_eq!(taken(&value, &Options::default()).record.published_at.unwrap().hour(), 7);
    }

    #[test]
    fn lines_of_one_width_are_paragraphs_and_html_is_plain_text() {
        let value = json!({"title": "收购&mdash;开始", "body":
            "西山县昨日召开林场防火会议，会议决定从本月十\n五日起各林场轮流值守，全县设二十四个瞭望点，做\n\
             到一小时一报。县林业局负责人说，今年雨水比往年\n少，预计入冬以后还要干，请各村把柴草先搬走。\n"});
        let record = taken(&value, &Options::default()).record;
        assert_eq!(record.title, "收购—开始");
        assert_eq!(record.paragraphs.len(), 1);
        assert!(record.paragraphs[0].contains("从本月十五日起"));
    }

    #[test]
    fn a_short_id_without_a_source_is_one_of_its_feed() {
        let options = Options { feed: "east".into(), ..Options::default() };
        let id = |value: serde_json::Value| {
            let mut whole = json!({"title": "测流", "body": "今日测流。"});
            whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
            taken(&whole, &options).record.source_id
        };
        assert_eq!(id(json!({"id": 1})), "east#1");
        assert_eq!(id(json!({"id": "1.0"})), "east#1.0");
        assert_eq!(id(json!({"id": 1.0})), "east#1");
        assert_eq!(id(json!({"id": 1, "source": "东湖网"})), "1");
        assert_eq!(id(json!({"id": "202509080001"})), "202509080001");
        assert_eq!(id(json!({})), "");
    }

    #[test]
    fn an_article_may_stand_inside_a_wrapper() {
        let value = json!({"_index": "news", "_id": "8f14e45fceea", "_source": {"title": "测流", "content": "今日测流。"}});
        let record = taken(&value, &Options::default()).record;
        assert_eq!((record.title.as_str(), record.source_id.as_str()), ("测流", "8f14e45fceea"));
    }

    proptest! {
        #[test]
        fn a_record_written_as_a_line_comes_back(
            texts in prop::collection::vec("[一-龥，。A-Za-z0-9]{1,30}", 8),
            page in "[A-D]?[1-9][0-9]?",
            second in 0..1_700_000_000_i64,
        ) {
            let time = jiff::Timestamp::from_second(second + 100_000).unwrap();
            let record = Record {
                paper: texts[0].clone(),
                source: texts[1].clone(),
                source_id: texts[2].clone(),
                url: format!("https://a.example/{second}"),
                published_at: Some(wenmai_domain::day::civil_time(time)),
                page: page.parse().ok(),
                page_name: texts[3].clone(),
                title: texts[4].clone(),
                section: texts[5].clone(),
                byline: vec![Contributor { name: "周小禾".into(), role: Role::Author }],
                paragraphs: vec![texts[6].clone(), texts[7].clone()],
                ..Record::default()
            };
            prop_assume!(texts.iter().all(|text| !["null", "none", "nan", "nat"].contains(&text.to_lowercase().as_str())));
            let written = serde_json::to_string(&record).unwrap();
            let taken = line(&written, &Options::default()).unwrap();
            prop_assert_eq!(taken.record, record);
        }
    }
}
