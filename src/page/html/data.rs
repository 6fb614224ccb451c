//! What a web page tells machines of its article: schema.org as JSON, the properties that an
//! e-paper's system writes into a comment, the variables of a chat account's page. Texts that scripts
//! are to show are read by `stored`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::html::claims::Claims;
use crate::html::claims::Trust;
use crate::html::tree;
use wenmai_text::pattern;

/// Objects inside objects that are looked into.
const DEPTH_MAX: usize = 6;

/// Adds what `data` says of an article to `claims`.
pub(super) fn tell(data: &[String], claims: &mut Claims) {
    for text in data {
        // Pages write line ends into strings, which JSON forbids.
        let text = text.replace(['\n', '\r', '\t'], " ");
        if let Ok(value) = serde_json::from_str::<Value>(text.trim().trim_end_matches(';')) {
            look(&value, claims, 0);
        }
    }
}

fn look(value: &Value, claims: &mut Claims, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    if let Some(list) = value.as_array() {
        for one in list {
            look(one, claims, depth + 1);
        }
    } else if is_article(value) {
        article(value, claims);
    } else if value.get("pubDate").is_some() && value.get("title").is_some() {
        // Baidu's own form.
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        claims.moment(Trust::Linked, word("pubDate"));
        title(word("title"), claims);
    } else if let Some(graph) = value.get("@graph") {
        look(graph, claims, depth + 1);
    }
}

/// Whether an object is an article, and not the page, the site or a list.
fn is_article(value: &Value) -> bool {
    let kind = match value.get("@type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    };
    let is_other = ["ListItem", "BreadcrumbList", "ItemList", "WebSite", "Organization", "Person"]
        .contains(&kind);
    !is_other
        && (value.get("headline").is_some() || kind.contains("Article") || kind == "BlogPosting")
}

fn article(value: &Value, claims: &mut Claims) {
    let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    claims.moment(Trust::Linked, word("datePublished"));
    claims.moment(Trust::Changed, word("dateModified"));
    title(word("headline"), claims);
    for name in value.get("author").map(names).unwrap_or_default() {
        claims.people(Trust::Linked, &name);
    }
    if let Some(office) = value.get("publisher").map(names).unwrap_or_default().first() {
        claims.source(Trust::Meta(0), office);
    }
    if claims.text.is_empty() {
        word("articleBody").clone_into(&mut claims.text);
    }
    for key in ["mainEntityOfPage", "url"] {
        match value.get(key) {
            Some(Value::String(url)) => claims.url(Trust::Meta(1), url),
            Some(one) => claims
                .url(Trust::Meta(1), one.get("@id").and_then(Value::as_str).unwrap_or_default()),
            None => {}
        }
    }
    claims.kinds.push("article".to_owned());
}

fn title(text: &str, claims: &mut Claims) {
    let text = plain(text);
    if (2..=200).contains(&text.chars().count()) {
        claims.titles.push(text);
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

/// `<title>…</title>` inside an e-paper's comment.
static PROPERTY: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"(?s)<(?P<name>[a-z]{2,20})>(?P<value>.*?)</"));

/// Reads the properties that Founder's system writes into the page of an article.
pub(super) fn properties(text: &str, claims: &mut Claims) {
    for found in PROPERTY.captures_iter(text) {
        let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let value = plain(part("value"));
        if value.is_empty() {
            continue;
        }
        match part("name") {
            "title" => title(&value, claims),
            "introtitle" => claims.kicker = value,
            "subtitle" => claims.subtitle = value,
            "date" => claims.moment(Trust::System, &value),
            "author" => claims.people(Trust::System, &value),
            "sourcename" | "source" => claims.source(Trust::System, &value),
            "url" => claims.url(Trust::System, &value),
            "nodename" => claims.page_name = value,
            "pagename" | "pageno" => claims.page = value,
            "papername" => claims.paper = value,
            _ => {}
        }
    }
}

/// `var ct = "1757757900";`, also as `window.ct = …` or `ct: '…'`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r#"(?:\bvar\s+|window\.|[\s,{;])(?P<name>ct|msg_title|nickname|msg_source_url|msg_link|publish_time|ori_create_time|user_name_nick)\s*[=:]\s*"#,
        r#"(?:htmlDecode\(|'' \|\| |"" \|\| )*["'](?P<value>[^"'\r\n]{1,400})["']"#,
    ))
});

/// Reads the variables that pages of chat accounts set of their article.
pub(super) fn variables(text: &str, claims: &mut Claims) {
    if !text.contains("msg_title") && !text.contains("var ct") && !text.contains("nickname") {
        return;
    }
    for found in VARIABLE.captures_iter(text) {
        let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
        let value = plain(&part("value").replace("&quot;", "\"").replace("\\x26", "&"));
        match part("name") {
            "ct" | "ori_create_time" if value.len() >= 10 => claims.moment(Trust::System, &value),
            "publish_time" => claims.moment(Trust::System, &value),
            "msg_title" => title(&value, claims),
            "nickname" => {
                claims.source(Trust::System, &value);
                claims.account(&value);
            }
            "msg_link" => {
                claims.url(Trust::System, &value.replace("\\x26amp;", "&").replace("amp;", ""));
            }
            _ => {}
        }
    }
}

/// A value without markup and entities, its blanks folded.
pub(super) fn plain(value: &str) -> String {
    if !value.contains(['<', '&']) {
        return value.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let outline = tree::outline(value);
    outline.pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// The paragraphs of a text that a page gives to machines, as text or as markup, escaped or not.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    if text.contains("&lt;") && !text.contains("</") {
        let outline = tree::outline(&text);
        text = outline.pieces.into_iter().map(|piece| piece.text).collect::<Vec<_>>().join("\n");
    }
    if text.contains("</") || text.contains("<br") {
        return tree::outline(&text).pieces.into_iter().map(|piece| piece.text).collect();
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}
