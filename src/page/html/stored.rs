//! Articles that a page stores for its scripts to show: markup in a text area, a string of JSON that
//! a framework hands over (`__NEXT_DATA__`, percent-encoded or not), a string of a script's object.
//! What stands beside the text in the same object says when, where and by whom it was published.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Map;
use serde_json::Value;

use crate::html::body;
use crate::html::body::Body;
use crate::html::claims::Claims;
use crate::html::claims::Trust;
use crate::html::data;
use crate::html::headline::Headline;
use crate::html::headline::bare;
use crate::html::tree::Outline;
use wenmai_text::pattern;

/// What a page stores of its article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stored {
    /// The paragraphs of its text.
    pub lines: Vec<String>,
    title: String,
    published: String,
    source: String,
    author: String,
}

/// Names for the text of an article.
const TEXTS: [&str; 13] = [
    "content",
    "contents",
    "contenthtml",
    "articlecontent",
    "artcontent",
    "body",
    "bodyhtml",
    "html",
    "text",
    "detail",
    "contenttext",
    "newscontent",
    "richtext",
];
/// Names for its headline, day, source and author, in lower case without marks.
const TITLES: [&str; 6] =
    ["title", "headline", "newstitle", "articletitle", "subject", "contenttitle"];
const DAYS: [&str; 14] = [
    "publishtime",
    "pubtime",
    "publishdate",
    "pubdate",
    "publishedat",
    "datepublished",
    "ptime",
    "releasetime",
    "issuetime",
    "createtime",
    "createdat",
    "ctime",
    "displaytime",
    "time",
];
const SOURCES: [&str; 8] = [
    "source",
    "sourcename",
    "origin",
    "media",
    "medianame",
    "copyfrom",
    "infosource",
    "newssource",
];
const AUTHORS: [&str; 5] = ["author", "authorname", "writer", "reporter", "byline"];
/// Objects inside objects that are looked into, and values at most.
const DEPTH_MAX: usize = 24;
const VALUES_MAX: usize = 60_000;
/// Characters from which a string without markup may be a text, and its least full stops.
const PLAIN_CHARS: usize = 150;
const PLAIN_STOPS: usize = 3;
/// Bytes around a text in a script in which the rest of its object stands.
const AROUND_BYTES: usize = 3_000;

impl Stored {
    /// Adds what stands beside the text to what the page says of itself.
    pub fn tell(&self, claims: &mut Claims, headline: &mut Headline, body: &Body) {
        claims.moment(Trust::Linked, &self.published);
        claims.source(Trust::Linked, &self.source);
        claims.people(Trust::Linked, &self.author);
        claims.account(&self.author);
        let (own, stored) = (bare(&headline.text), bare(&self.title));
        let share = |line: &str| body::shared(line, &body.paragraphs);
        let better = || share(&headline.text) < 0.3 && share(&self.title) > share(&headline.text);
        if own.is_empty() || stored.chars().count() >= 4 && (own.contains(&stored) || better()) {
            self.title.clone_into(&mut headline.text);
        }
    }

    fn chars(&self) -> usize {
        self.lines.iter().map(|line| line.chars().count()).sum()
    }
}

/// The longest text that the page stores.
pub(super) fn stored(outline: &Outline) -> Stored {
    let areas = outline
        .areas
        .iter()
        .filter(|text| is_markup(text))
        .map(|text| Stored { lines: data::lines(text), ..Stored::default() });
    let scripts =
        outline.scripts.iter().filter_map(|script| json(script).or_else(|| string(script)));
    areas.chain(scripts).max_by_key(Stored::chars).unwrap_or_default()
}

fn is_markup(text: &str) -> bool {
    ["</p>", "&lt;/p", "<br", "</div>"].iter().any(|tag| text.contains(tag))
}

/// Whether a string under a name may be the text of an article.
fn is_text(name: &str, value: &str) -> bool {
    let named = TEXTS.contains(&name);
    let chars = || value.chars().count() >= PLAIN_CHARS;
    is_markup(value) && (named || value.contains("</p>") || value.contains("&lt;/p"))
        || named && chars() && value.matches('。').count() >= PLAIN_STOPS
}

/// The text in a script that is JSON as a whole, percent-encoded or not.
fn json(script: &str) -> Option<Stored> {
    let script = script.trim();
    let decoded;
    let text = if script.starts_with("%7B") || script.starts_with("%5B") {
        decoded = percent_decoded(script);
        decoded.as_str()
    } else {
        script
    };
    let text = text.strip_prefix(|c: char| c == '{' || c == '[').map(|_| text)?;
    let value: Value = serde_json::from_str(text).ok()?;
    let mut best = Stored::default();
    let mut left = VALUES_MAX;
    look(&value, &mut Vec::new(), &mut best, &mut left);
    (!best.lines.is_empty()).then_some(best)
}

/// Looks for the longest text in a value inside the objects of `outer`.
fn look<'v>(
    value: &'v Value,
    outer: &mut Vec<&'v Map<String, Value>>,
    best: &mut Stored,
    left: &mut usize,
) {
    if outer.len() > DEPTH_MAX || *left == 0 {
        return;
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter().for_each(|one| look(one, outer, best, left)),
        Value::Object(object) => {
            outer.push(object);
            for (key, one) in object {
                match one {
                    Value::String(text) if is_text(&folded(key), text) => take(text, outer, best),
                    Value::Array(_) | Value::Object(_) => look(one, outer, best, left),
                    Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
                }
            }
            outer.pop();
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn take(text: &str, outer: &[&Map<String, Value>], best: &mut Stored) {
    let lines = data::lines(text);
    let chars: usize = lines.iter().map(|line| line.chars().count()).sum();
    if chars <= best.chars() {
        return;
    }
    let beside = |names: &[&str]| {
        let near = outer.iter().rev().take(3);
        near.flat_map(|object| names.iter().map(move |name| (object, *name)))
            .find_map(|(object, name)| word(object, name))
            .unwrap_or_default()
    };
    *best = Stored {
        lines,
        title: beside(&TITLES),
        published: beside(&DAYS),
        source: beside(&SOURCES),
        author: beside(&AUTHORS),
    };
}

/// The word or number that an object has under a name.
fn word(object: &Map<String, Value>, name: &str) -> Option<String> {
    let (_, value) = object.iter().find(|(key, _)| folded(key) == name)?;
    match value {
        Value::String(word) => Some(data::plain(word)).filter(|word| !word.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(one) => one.get("name").and_then(Value::as_str).map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// A key in lower case, its letters alone.
fn folded(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A string of a script's object under a name; the name may stand without quotes.
static STRING: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r#"["'\s,{](?P<name>[A-Za-z_]{2,24})["']?\s*:\s*(?P<value>"(?:[^"\\]|\\.){200,}")"#,
    )
});

/// A short string or a number of a script's object under a name.
static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r#"["'\s,{](?P<name>[A-Za-z_]{2,24})["']?\s*:\s*(?:"(?P<word>(?:[^"\\]|\\.){1,200})"|(?P<number>[0-9]{10,13})\b)"#,
    )
});

/// The longest text in the objects of a script that is no JSON.
fn string(script: &str) -> Option<Stored> {
    let texts = STRING.captures_iter(script).filter_map(|found| {
        let value = found.name("value")?;
        let text: String = serde_json::from_str(value.as_str()).ok()?;
        is_text(&folded(found.name("name")?.as_str()), &text).then(|| (value.range(), text))
    });
    let (range, text) = texts.max_by_key(|(_, text)| text.len())?;
    let floor = |mut at: usize| {
        while !script.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let before = script.get(floor(range.start.saturating_sub(AROUND_BYTES))..range.start)?;
    let behind = script.get(range.end..floor((range.end + AROUND_BYTES).min(script.len())))?;
    // The nearest before the text counts first, then the nearest behind it.
    let mut near: Vec<regex::Captures<'_>> = BESIDE.captures_iter(before).collect();
    near.reverse();
    near.extend(BESIDE.captures_iter(behind));
    let beside = |names: &[&str]| {
        let named = |found: &&regex::Captures<'_>| {
            found.name("name").is_some_and(|name| names.contains(&&*folded(name.as_str())))
        };
        let one = near.iter().find(named)?;
        let value = one.name("word").or_else(|| one.name("number"))?.as_str();
        Some(serde_json::from_str(&format!("\"{value}\"")).unwrap_or_else(|_| value.to_owned()))
    };
    Some(Stored {
        lines: data::lines(&text),
        title: beside(&TITLES).unwrap_or_default(),
        published: beside(&DAYS).unwrap_or_default(),
        source: beside(&SOURCES).unwrap_or_default(),
        author: beside(&AUTHORS).unwrap_or_default(),
    })
}

/// Text without its percent signs.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex =
            |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut ahead = rest.clone();
        match (byte, ahead.next().and_then(hex), ahead.next().and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
