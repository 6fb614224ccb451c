//! HTML in the fields of a feed → plain text with paragraphs.
//!
//! Only what is written as a tag of HTML counts as one, so that `气温<5℃` and `A&B` stay as they are.

use std::sync::LazyLock;

use quick_xml::escape::resolve_html5_entity;
use regex::Captures;
use regex::Regex;

use wenmai_text::pattern;

static TAG: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?is)<!--.*?(?:-->|$)|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!doctype[^>]*>|",
        r"<(?P<close>/)?(?P<name>[a-z][a-z0-9]{0,14}(?::[a-z]{1,12})?)",
        // Attributes with values; a tag with words alone (`a<b and c>d`) is a sentence.
        r#"(?:\s+[a-z_:@][-a-z0-9_:.]*\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)"#,
        r"|\s+(?:allowfullscreen|controls|autoplay|loop|hidden|async|defer|nowrap|noshade|open))*",
        r"\s*/?>",
    ))
});

static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"&(?:#(?P<ten>\d{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>[A-Za-z][A-Za-z0-9]{1,30}));?",
    )
});

/// Names that are read without the semicolon, as browsers do: `&nbsp` and `&lt`, but not `&para` of an
/// address.
const UNCLOSED: [&str; 5] = ["nbsp", "lt", "gt", "amp", "quot"];

/// Elements that end a paragraph.
const BLOCKS: [&str; 38] = [
    "p",
    "br",
    "div",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "tr",
    "td",
    "th",
    "table",
    "tbody",
    "thead",
    "section",
    "article",
    "header",
    "footer",
    "blockquote",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "figure",
    "figcaption",
    "body",
    "html",
    "center",
    "address",
    "main",
    "aside",
    "img",
    "video",
];
/// Elements within a line; with [`BLOCKS`] and [`SILENT`] all that is taken for a tag.
const INLINE: [&str; 31] = [
    "a", "b", "i", "u", "s", "em", "strong", "span", "font", "small", "big", "sub", "sup", "mark",
    "del", "ins", "code", "cite", "q", "abbr", "time", "label", "strike", "source", "wbr",
    "picture", "embed", "meta", "link", "input", "o:p",
];
/// Elements whose content is not text.
const SILENT: [&str; 8] =
    ["script", "style", "iframe", "noscript", "object", "svg", "head", "template"];

/// A field as plain text: one string per paragraph.
///
/// Line ends part paragraphs in plain text; in HTML only its elements do.
#[must_use]
pub fn paragraphs(field: &str) -> Vec<String> {
    let mut lines = lines(field);
    // Feeds that escape twice give their tags as text.
    if lines.iter().any(|line| holds_blocks(line) || NBSP.is_match(line)) {
        lines = self::lines(&lines.join("\n"));
    }
    lines
}

static NBSP: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"&(?:nbsp|ldquo|rdquo|mdash|middot|hellip|quot|amp|#\d{2,6});")
});

/// A heading as plain text of one line.
#[must_use]
pub fn line(field: &str) -> String {
    paragraphs(field).join(" ")
}

/// Whether `text` holds elements that part it, so that its line ends say nothing.
pub(crate) fn is_html(text: &str) -> bool {
    holds_blocks(text)
}

fn holds_blocks(text: &str) -> bool {
    TAG.captures_iter(text).any(|tag| BLOCKS.contains(&name(&tag).as_str()))
}

fn name(tag: &Captures<'_>) -> String {
    tag.name("name").map_or_else(String::new, |name| name.as_str().to_ascii_lowercase())
}

fn lines(field: &str) -> Vec<String> {
    let is_html = holds_blocks(field);
    let mut text = String::with_capacity(field.len());
    let mut silent: Option<String> = None;
    let mut from = 0;
    for tag in TAG.captures_iter(field) {
        let Some(whole) = tag.get(0) else { continue };
        let name = name(&tag);
        let known = [&BLOCKS[..], &INLINE, &SILENT].iter().any(|all| all.contains(&name.as_str()));
        if !name.is_empty() && !known {
            continue;
        }
        if silent.is_none() {
            push(&mut text, field.get(from..whole.start()).unwrap_or_default(), is_html);
        }
        from = whole.end();
        let closes = tag.name("close").is_some();
        match &silent {
            Some(open) if closes && *open == name => silent = None,
            Some(_) => {}
            None if SILENT.contains(&name.as_str()) => {
                let itself = whole.as_str().ends_with("/>");
                silent = (!closes && !itself).then(|| name.clone());
            }
            None if BLOCKS.contains(&name.as_str()) => text.push('\n'),
            None => {
                push(&mut text, tag.name("cdata").map_or("", |inner| inner.as_str()), is_html);
            }
        }
    }
    if silent.is_none() {
        push(&mut text, field.get(from..).unwrap_or_default(), is_html);
    }
    text.lines().map(tidy).filter(|line| !line.is_empty()).collect()
}

/// Appends text between tags with its entities read; line ends of HTML are no more than a space.
fn push(text: &mut String, piece: &str, is_html: bool) {
    let plain = entities(piece);
    if !is_html {
        text.push_str(&plain);
        return;
    }
    let mut chars = plain.chars().peekable();
    while let Some(c) = chars.next() {
        if !matches!(c, '\n' | '\r' | '\t') {
            text.push(c);
            continue;
        }
        while chars.next_if(|next| matches!(next, '\n' | '\r' | '\t' | ' ')).is_some() {}
        // Between Chinese characters a line end says nothing.
        let beside = text.chars().next_back().is_some_and(|c| c.is_ascii_graphic())
            && chars.peek().is_some_and(char::is_ascii_graphic);
        if beside {
            text.push(' ');
        }
    }
}

/// Text with the entities of HTML read; what is none stays.
#[must_use]
pub fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let read = |found: &Captures<'_>| {
        let whole = found.get(0).map_or("", |all| all.as_str());
        let code = |name: &str, base| {
            let digits = found.name(name)?.as_str();
            u32::from_str_radix(digits, base).ok().and_then(character)
        };
        if let Some(c) = code("ten", 10).or_else(|| code("hex", 16)) {
            return c.to_string();
        }
        let name = found.name("name").map_or("", |name| name.as_str());
        let closed = whole.ends_with(';');
        let known =
            if closed || UNCLOSED.contains(&name) { resolve_html5_entity(name) } else { None };
        known.unwrap_or(whole).to_owned()
    };
    ENTITY.replace_all(text, read).into_owned()
}

/// The character of a reference; pages of old name those of Windows by its numbers.
fn character(code: u32) -> Option<char> {
    let windows = match code {
        0x85 => '…',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0 | 0x80..=0x9f => return Some('\u{fffd}'),
        _ => return char::from_u32(code),
    };
    Some(windows)
}

/// A line without what cannot be seen, and with blanks at its ends and runs of them gone.
fn tidy(line: &str) -> String {
    let mut tidy = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\u{a0}' | '\t' | ' ' => {
                if !tidy.ends_with(' ') {
                    tidy.push(' ');
                }
            }
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{ad}' => {}
            c if c.is_control() => {}
            c => tidy.push(c),
        }
    }
    // An indent of ideographic spaces stays for whoever joins lines; the end tells nothing.
    tidy.trim_end().trim_start_matches(' ').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::line;
    use super::paragraphs;

    #[test]
    fn html_becomes_paragraphs() {
        let body = "<div class=\"c\"><p>柳溪镇昨日\n开镰。</p><p>全镇&nbsp;<strong>三百户</strong>收割，\
            &#26032;粮入仓。</p><img src='a.jpg' alt='图'/><script>var a='<p>x</p>';</script>\
            <!-- <p>旧稿</p> --><br/>镇长说：&ldquo;收成好。&rdquo;</div>";
        assert_eq!(
            paragraphs(body),
            ["柳溪镇昨日开镰。", "全镇 三百户收割，新粮入仓。", "镇长说：“收成好。”"]
        );
    }

    #[test]
    fn what_is_no_markup_stays() {
        for text in [
            "夜间气温<5℃要盖膜，A&B两种都行",
            "若 a<b and c>d 则停",
            "<清河日报>昨日报道",
            "R&D投入 3 > 2 & 1 < 2",
            "见 http://qinghe.example/?a=1&para=2",
        ] {
            assert_eq!(paragraphs(text), [text]);
        }
        assert_eq!(paragraphs("一行\n二行"), ["一行", "二行"]);
    }

    #[test]
    fn entities_are_read_even_where_they_were_escaped_twice() {
        assert_eq!(line("大桥&ldquo;合龙&rdquo; 两岸&middot;同庆&#8217;"), "大桥“合龙” 两岸·同庆’");
        assert_eq!(
            paragraphs("&lt;p&gt;甲。&lt;/p&gt;&lt;p&gt;乙&amp;nbsp;丙。&lt;/p&gt;"),
            ["甲。", "乙 丙。"]
        );
        assert_eq!(line("&#146;&#x4e00;&unknown; &"), "’一&unknown; &");
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_plain_text_is_kept(text: String, plain in "[一-龥，。]{1,40}") {
            let _ = paragraphs(&text);
            prop_assert_eq!(line(&plain), plain);
        }
    }
}
