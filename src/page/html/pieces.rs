//! A web page as pieces of text, each with the elements that it stands in.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::BufferQueue;
use html5ever::tokenizer::Tag;
use html5ever::tokenizer::TagKind;
use html5ever::tokenizer::Token;
use html5ever::tokenizer::TokenSink;
use html5ever::tokenizer::TokenSinkResult;
use html5ever::tokenizer::Tokenizer;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tokenizer::states::RawKind;

/// A run of text between two ends of blocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece {
    /// The text, its white space folded.
    pub text: String,
    /// Characters of it inside links.
    pub link_chars: usize,
    /// Rank of the heading that it is, 1 to 6; 0 where it is none.
    pub heading: u8,
    /// Whether it stands in a menu, a footer, a form or the like.
    pub is_aside: bool,
    /// Whether it stands under a picture.
    pub is_caption: bool,
    /// The elements around it, outermost first; only the nearest few.
    pub within: Vec<u32>,
}

impl Piece {
    /// Whether most of it is links.
    pub fn is_link(&self) -> bool {
        self.link_chars * 2 > self.text.chars().count()
    }
}

/// What a web page holds.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Its title.
    pub title: String,
    /// Names and contents of its `meta` elements, names in lower case.
    pub meta: HashMap<String, String>,
    /// Its text in order.
    pub pieces: Vec<Piece>,
    /// What it tells machines of itself, as JSON.
    pub data: Vec<String>,
    /// Whom an element that is named for it gives as the source.
    pub source: String,
    /// Whether it has the elements of an e-paper.
    pub is_epaper: bool,
}

/// Elements that are remembered around a piece.
const NEAREST: usize = 6;
/// Elements that may be open at once; deeper ones count as their parents.
const DEPTH_MAX: usize = 256;

/// Elements that hold no news.
const ASIDE: [&str; 9] =
    ["nav", "footer", "aside", "form", "select", "button", "noscript", "iframe", "svg"];
/// Elements that do not end a run of text.
const INLINE: [&str; 18] = [
    "a", "b", "strong", "em", "i", "u", "span", "font", "small", "big", "sub", "sup", "mark",
    "abbr", "label", "wbr", "time", "ins",
];
/// Elements without an end.
const VOID: [&str; 9] = ["br", "hr", "img", "input", "meta", "link", "col", "wbr", "source"];

/// Words of `class` and `id` that say what does not belong to an article.
const ASIDE_NAMES: [&str; 16] = [
    "nav",
    "menu",
    "footer",
    "foot",
    "sidebar",
    "share",
    "comment",
    "related",
    "recommend",
    "hot-",
    "copyright",
    "breadcrumb",
    "crumb",
    "toolbar",
    "login",
    "advert",
];

/// Words of `class` and `id` that say what stands under a picture.
const CAPTION_NAMES: [&str; 6] =
    ["img_descr", "img-desc", "caption", "pic_txt", "pictext", "pci_c"];
/// Classes and ids that name who published.
const SOURCE_NAMES: [&str; 4] = ["source", "laiyuan", "js_name", "media-name"];
/// Longest JSON that is kept, in bytes, and how many.
const DATA_BYTES_MAX: usize = 100_000;
const DATA_MAX: usize = 8;

struct Open {
    name: String,
    id: u32,
    is_aside: bool,
    is_caption: bool,
}

#[derive(Default)]
struct Reader {
    outline: Outline,
    open: Vec<Open>,
    piece: Piece,
    next: u32,
    links: usize,
    in_title: bool,
    in_data: bool,
    /// The element that names the source, while it is open.
    in_source: Option<String>,
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return reader.tag(&tag),
            Token::CharacterTokens(text) => reader.text(&text),
            Token::EOFToken => reader.end_piece(),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// Cuts a web page into its pieces.
pub(super) fn outline(text: &str) -> Outline {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    // The sink never asks for a script to be run, so one call reads all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().outline
}

impl Reader {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.as_ref();
        let starts = tag.kind == TagKind::StartTag;
        self.source(tag, name, starts);
        if starts && matches!(name, "script" | "style" | "textarea" | "xmp") {
            let kind = if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
            self.push("script", true, false);
            self.in_data = attributes(tag, "type").any(|kind| kind == "application/ld+json")
                && self.outline.data.len() < DATA_MAX;
            if self.in_data {
                self.outline.data.push(String::new());
            }
            return TokenSinkResult::RawData(kind);
        }
        match name {
            "script" | "style" | "textarea" | "xmp" => self.pop("script"),
            "title" => {
                // A picture's title inside the page is no title of it.
                self.in_title = starts && self.outline.title.is_empty() && self.open.len() < 4;
            }
            "meta" => self.meta(tag),
            "a" if starts => self.links += 1,
            "a" => self.links = self.links.saturating_sub(1),
            "span" if starts && self.is_caption(tag) => self.block(tag, "caption", true),
            "span" if !starts && self.open.last().is_some_and(|open| open.name == "caption") => {
                self.block(tag, "caption", false);
            }
            name if INLINE.contains(&name) => {}
            name => self.block(tag, name, starts),
        }
        TokenSinkResult::Continue
    }

    fn block(&mut self, tag: &Tag, name: &str, starts: bool) {
        if matches!(name, "td" | "th") {
            self.text("  ");
            return;
        }
        self.end_piece();
        if VOID.contains(&name) || tag.self_closing && name != "div" {
            return;
        }
        if starts {
            // A paragraph ends where the next begins, closed or not.
            if matches!(name, "p" | "li") && self.open.last().is_some_and(|open| open.name == name)
            {
                self.open.pop();
            }
            self.outline.is_epaper |= name.starts_with("founder-");
            let words: Vec<String> =
                attributes(tag, "class").chain(attributes(tag, "id")).collect();
            let has =
                |names: &[&str]| words.iter().any(|word| names.iter().any(|n| word.contains(n)));
            let named = has(&ASIDE_NAMES) && !matches!(name, "body" | "html");
            let captions = name == "figcaption" || has(&CAPTION_NAMES);
            self.push(name, ASIDE.contains(&name) || named, captions);
        } else {
            self.pop(name);
        }
    }

    /// Whether an element holds what stands under a picture.
    fn is_caption(&self, tag: &Tag) -> bool {
        let under = self.open.last().is_some_and(|open| open.is_caption);
        let mut words = attributes(tag, "class");
        !under && words.any(|word| CAPTION_NAMES.iter().any(|name| word.contains(name)))
    }

    /// Notes where an element begins and ends that names the source.
    fn source(&mut self, tag: &Tag, name: &str, starts: bool) {
        if !starts && self.in_source.as_deref() == Some(name) {
            self.in_source = None;
        } else if starts && self.outline.source.is_empty() && self.in_source.is_none() {
            let words: Vec<String> =
                attributes(tag, "class").chain(attributes(tag, "id")).collect();
            let mut words = words.iter().flat_map(|word| word.split_whitespace());
            let names = words.any(|word| SOURCE_NAMES.contains(&word));
            self.in_source = names.then(|| name.to_owned());
        }
    }

    fn push(&mut self, name: &str, hides: bool, captions: bool) {
        if self.open.len() >= DEPTH_MAX {
            return;
        }
        self.next += 1;
        let is_aside = hides || self.open.last().is_some_and(|open| open.is_aside);
        let is_caption = captions || self.open.last().is_some_and(|open| open.is_caption);
        self.open.push(Open { name: name.to_owned(), id: self.next, is_aside, is_caption });
    }

    fn pop(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
            self.open.truncate(at);
        }
    }

    fn meta(&mut self, tag: &Tag) {
        let value = |names: &[&str]| {
            let found = tag.attrs.iter().find(|a| names.contains(&a.name.local.as_ref()));
            found.map(|attribute| attribute.value.trim().to_owned())
        };
        if let (Some(name), Some(content)) = (value(&["name", "property"]), value(&["content"])) {
            self.outline.meta.entry(name.to_ascii_lowercase()).or_insert(content);
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            self.outline.title.push_str(text);
            return;
        }
        if self.open.last().is_some_and(|open| open.name == "script") {
            let data = self.outline.data.last_mut().filter(|_| self.in_data);
            if let Some(data) = data.filter(|data| data.len() + text.len() <= DATA_BYTES_MAX) {
                data.push_str(text);
            }
            return;
        }
        if self.in_source.is_some() && self.outline.source.len() < 200 {
            self.outline.source.push_str(text.trim());
        }
        for c in text.chars() {
            let blank = c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}';
            if blank && (self.piece.text.is_empty() || self.piece.text.ends_with(' ')) {
                continue;
            }
            self.piece.text.push(if blank { ' ' } else { c });
            self.piece.link_chars += usize::from(self.links > 0 && !blank);
        }
    }

    fn end_piece(&mut self) {
        let mut piece = std::mem::take(&mut self.piece);
        piece.text.truncate(piece.text.trim_end().len());
        if piece.text.is_empty() {
            return;
        }
        let nearest = self.open.len().saturating_sub(NEAREST);
        piece.within = self.open.iter().skip(nearest).map(|open| open.id).collect();
        piece.is_aside = self.open.last().is_some_and(|open| open.is_aside);
        piece.is_caption = self.open.last().is_some_and(|open| open.is_caption);
        let heading = self.open.iter().rev().take(2).find_map(|open| rank(&open.name));
        piece.heading = heading.unwrap_or_default();
        self.outline.pieces.push(piece);
    }
}

/// The values of an attribute, in lower case.
fn attributes<'t>(tag: &'t Tag, name: &'t str) -> impl Iterator<Item = String> + 't {
    let named = tag.attrs.iter().filter(move |attribute| &*attribute.name.local == name);
    named.map(|attribute| attribute.value.to_ascii_lowercase())
}

/// The rank of a heading element; e-papers have some of their own.
fn rank(name: &str) -> Option<u8> {
    match name {
        "h1" | "founder-title" => Some(1),
        "h2" => Some(2),
        "h3" => Some(3),
        "h4" | "h5" | "h6" => Some(4),
        _ => None,
    }
}
