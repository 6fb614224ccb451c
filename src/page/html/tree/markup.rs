//! What is known of HTML's elements and characters.

/// Elements that end a run of text.
pub(super) const BLOCKS: [&str; 52] = [
    "html",
    "body",
    "head",
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "dd",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "legend",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
    "caption",
    "listing",
    "picture",
    "video",
    "audio",
];
/// Elements whose text is no text of the page.
pub(super) const SILENT: [&str; 20] = [
    "select",
    "button",
    "noscript",
    "iframe",
    "svg",
    "template",
    "object",
    "canvas",
    "rt",
    "rp",
    "del",
    "s",
    "strike",
    "noframes",
    "math",
    "amp-ad",
    "amp-embed",
    "amp-sidebar",
    "amp-sticky-ad",
    "amp-consent",
];
/// Elements without an end.
pub(super) const VOID: [&str; 14] = [
    "br", "hr", "img", "input", "meta", "link", "col", "wbr", "source", "area", "base", "embed",
    "param", "track",
];
/// Elements that hold no markup.
pub(super) const RAW: [&str; 4] = ["script", "style", "textarea", "xmp"];

/// Whether a character shows nothing and parts nothing: soft hyphens, zero-width blanks and joiners.
pub(super) fn is_nothing(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\0' | '\u{fffc}')
}

/// Whether a character is of those that are set without blanks between them.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}' | '“' | '”' | '‘' | '’' | '…' | '—')
}

pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '，' | '。' | '、' | '；' | '：' | '！' | '？' | ',' | ';' | '!' | '?')
}

/// Whether a style takes an element out of the page. `visibility` does not count: accounts' pages
/// hide their text so until a script has run.
pub(super) fn hides(style: &str) -> bool {
    let plain: String = style.chars().take(500).filter(|c| !c.is_whitespace()).collect();
    plain.to_ascii_lowercase().contains("display:none")
}

/// The rank of a heading element; e-papers have some of their own.
pub(super) fn rank(name: &str) -> Option<u8> {
    match name {
        "h1" | "founder-title" => Some(1),
        "h2" => Some(2),
        "h3" => Some(3),
        "h4" => Some(4),
        "h5" | "h6" => Some(5),
        _ => None,
    }
}
