//! Markup within lines: links, images, emphasis, code, tags, escapes, comments.

use std::sync::LazyLock;

use regex::Regex;

use wenmai_domain::span::Span;

/// Markup with what it encloses (group `in`), which stays.
static PAIRS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"!?\[(?P<a>[^\[\]\n]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+[^()\n]{0,80})?\)",
        r"|\[(?P<b>[^\[\]\n]+)\]\[[^\[\]\n]{0,40}\]",
        r"|\*\*(?P<c>[^*\n]+)\*\*|__(?P<d>[^_\n]+)__|~~(?P<e>[^~\n]+)~~|`(?P<f>[^`\n]+)`",
    ))
    .ok()
});

/// Markup with nothing to keep: tags, notes, addresses, escapes.
static ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"</?[A-Za-z][A-Za-z0-9]{0,11}(?:\s[^<>\n]*)?/?>|<https?://[^<>\s]+>|",
        r"\[\^[^\]\s]{1,20}\]:?|",
        r"\\[!#$%&()*+,./:;<=>?@\[\]^_`{|}~-]",
    ))
    .ok()
});

/// A line that is one link or image.
static LINK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:[-*>]\s+)?!?\[[^\[\]]*\]\([^()\s]*(?:\s+[^()]*)?\)$").ok());

/// A line that is an address, or defines one.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\[[^\[\]\s]{1,40}\]:\s*)?<?https?://\S+$").ok());

/// Words in place of a picture that say nothing of it.
const NO_CAPTIONS: [&str; 7] = ["图片", "图", "image", "img", "photo", "alt", "picture"];

/// Whether a line is nothing but one link.
pub(super) fn is_link(line: &str) -> bool {
    line.len() < 2_000 && LINK.as_ref().is_some_and(|link| link.is_match(line))
}

/// Whether a line is nothing but one picture.
pub(super) fn is_picture(line: &str) -> bool {
    line.starts_with("![") && is_link(line)
}

/// Whether a line is slanted as a whole, as the words below a picture are: `*两岸群众*`.
pub(super) fn is_slanted(line: &str) -> bool {
    ['*', '_'].iter().any(|mark| {
        let inner = line.strip_prefix(*mark).and_then(|line| line.strip_suffix(*mark));
        inner.is_some_and(|inner| !inner.trim().is_empty() && !inner.contains(*mark))
    })
}

/// Whether a line is nothing but an address.
pub(super) fn is_address(line: &str) -> bool {
    line.len() < 2_000 && ADDRESS.as_ref().is_some_and(|address| address.is_match(line))
}

/// The comments of `text` from `start` on: `<!-- … -->`, over lines if need be.
pub(super) fn comments(text: &str, start: usize) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find("<!--")) {
        let from = at + open;
        // One that is never closed is text.
        let Some(close) = text.get(from..).and_then(|rest| rest.find("-->")) else {
            break;
        };
        at = from + close + "-->".len();
        found.push(Span::new(from, at));
    }
    found
}

/// Notes what is markup in the line at `span`.
pub(super) fn cut(text: &str, span: Span, comments: &[Span], marks: &mut Vec<Span>) {
    let line = span.of(text).unwrap_or_default();
    if is_address(line) {
        marks.push(span);
        return;
    }
    if !line.contains(['[', '*', '_', '~', '`', '<', '\\']) {
        return;
    }
    let free = |mark: &Span| !comments.iter().any(|c| c.start < mark.end && c.end > mark.start);
    let whole = whole_line(line);
    let mut taken: Vec<Span> = Vec::new();
    for found in PAIRS.iter().flat_map(|pairs| pairs.captures_iter(line)) {
        let Some(all) = found.get(0).filter(|all| !(whole && all.len() == line.len())) else {
            continue;
        };
        let inner = ["a", "b", "c", "d", "e", "f"].iter().find_map(|name| found.name(name));
        let inner =
            inner.filter(|inner| !(all.as_str().starts_with('!') && is_no_caption(inner.as_str())));
        let (from, to) = inner.map_or((all.end(), all.end()), |inner| (inner.start(), inner.end()));
        for (start, end) in [(all.start(), from), (to, all.end())] {
            taken.push(Span::new(span.start + start, span.start + end));
        }
    }
    for found in ALONE.iter().flat_map(|alone| alone.find_iter(line)) {
        // Of an escape only the stroke goes.
        let end = if found.as_str().starts_with('\\') { found.start() + 1 } else { found.end() };
        let mark = Span::new(span.start + found.start(), span.start + end);
        if !taken.iter().any(|other| other.start < mark.end && other.end > mark.start) {
            taken.push(mark);
        }
    }
    taken.retain(|mark| !mark.is_empty() && free(mark));
    taken.sort_unstable();
    marks.extend(taken);
}

/// Whether emphasis stands around the whole line: the lines' own reader sees it.
fn whole_line(line: &str) -> bool {
    [("**", "**"), ("__", "__")].iter().any(|(open, close)| {
        let inner = line.strip_prefix(open).and_then(|line| line.strip_suffix(close));
        inner.is_some_and(|inner| !inner.contains(open))
    })
}

/// Whether the words in place of a picture say nothing of it: a file's name, a number.
fn is_no_caption(words: &str) -> bool {
    let words = words.trim().to_ascii_lowercase();
    let han = words.chars().any(crate::names::is_han);
    let name = words.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "jpg" | "jpeg" | "png"));
    !han || name || NO_CAPTIONS.contains(&words.as_str())
}
