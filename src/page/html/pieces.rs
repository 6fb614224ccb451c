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

struct Open {
    name: String,
    id: u32,
    is_aside: bool,
}

#[derive(Default)]
struct Reader {
    outline: Outline,
    open: Vec<Open>,
    piece: Piece,
    next: u32,
    links: usize,
    in_title: bool,
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
        if starts && matches!(name, "script" | "style" | "textarea" | "xmp") {
            let kind = if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
            self.push("script", true);
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
            let marks =
                tag.attrs.iter().filter(|a| matches!(a.name.local.as_ref(), "class" | "id"));
            let words = marks.map(|mark| mark.value.to_ascii_lowercase()).collect::<Vec<_>>();
            let named = words.iter().any(|word| ASIDE_NAMES.iter().any(|name| word.contains(name)));
            let hides = ASIDE.contains(&name) || named && !matches!(name, "body" | "html");
            self.push(name, hides);
        } else {
            self.pop(name);
        }
    }

    fn push(&mut self, name: &str, hides: bool) {
        if self.open.len() >= DEPTH_MAX {
            return;
        }
        self.next += 1;
        let is_aside = hides || self.open.last().is_some_and(|open| open.is_aside);
        self.open.push(Open { name: name.to_owned(), id: self.next, is_aside });
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
            return;
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
        let heading = self.open.iter().rev().take(2).find_map(|open| rank(&open.name));
        piece.heading = heading.unwrap_or_default();
        self.outline.pieces.push(piece);
    }
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
