//! Reads the tokens of a page into pieces and elements.

mod text;

use std::cell::RefCell;
use std::hash::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;

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

use crate::html::tree::Anchor;
use crate::html::tree::Element;
use crate::html::tree::Outline;
use crate::html::tree::Piece;
use crate::html::tree::markup::BLOCKS;
use crate::html::tree::markup::RAW;
use crate::html::tree::markup::SILENT;
use crate::html::tree::markup::VOID;
use crate::html::tree::markup::hides;
use crate::html::tree::markup::rank;
use crate::html::tree::open::Open;
use crate::html::tree::open::State;
use crate::html::words;
use crate::html::words::Roles;

/// Elements that may be open at once; deeper ones count as their parents.
const DEPTH_MAX: usize = 400;

/// Longest JSON or script that is kept, in bytes, and how many.
const DATA_BYTES_MAX: usize = 400_000;
const DATA_MAX: usize = 12;
/// Bytes of a script that are kept.
const SCRIPT_BYTES_MAX: usize = 400_000;
const SCRIPTS_MAX: usize = 60;
/// Bytes of the page's title that are kept.
const TITLE_BYTES_MAX: usize = 2_000;
/// Links that are kept.
const ANCHORS_MAX: usize = 2_000;

/// What is done with the text of an element that is not shown.
#[derive(Default, PartialEq, Eq)]
enum Raw {
    #[default]
    None,
    Title,
    Skip,
    Area,
    Data,
    Script,
}

#[derive(Default)]
struct Reader {
    outline: Outline,
    open: Vec<Open>,
    piece: Piece,
    /// Ends of elements that were too deep to be opened.
    too_deep: usize,
    raw: Raw,
    picture: bool,
    break_before: bool,
    newline: bool,
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => return reader.tag(&tag),
            Token::CharacterTokens(text) => reader.text(&text),
            Token::CommentToken(text) => reader.comment(&text),
            Token::EOFToken => reader.finish(),
            Token::DoctypeToken(_) | Token::NullCharacterToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// Cuts a web page into its pieces.
pub(in crate::html) fn outline(text: &str) -> Outline {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    let mut reader = Reader::default();
    reader.open("#page", Roles::default(), true);
    let tokenizer = Tokenizer::new(Sink(RefCell::new(reader)), TokenizerOpts::default());
    // The sink never asks for a script to be run, so one call reads all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().outline
}

impl Reader {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = tag.name.as_ref();
        let starts = tag.kind == TagKind::StartTag;
        if RAW.contains(&name) {
            return self.raw(tag, name, starts);
        }
        match name {
            "title" => {
                // A picture's title inside the page is no title of it.
                let inside = self.open.last().is_some_and(|open| open.state.has(State::SILENT));
                let takes = starts && self.outline.title.is_empty() && !inside;
                self.raw = if takes { Raw::Title } else { Raw::None };
            }
            "html" | "body" | "head" if !starts => self.end_piece(),
            "html" | "body" | "head" => self.end_piece(),
            "meta" | "link" => self.about(tag, name),
            "img" => {
                self.picture = true;
                self.outline.pictures += 1;
            }
            "br" if self.heading() > 0 => self.text(" "),
            "br" | "hr" => {
                self.end_piece();
                self.break_before = name == "br";
            }
            "input" => {
                let is = |key: &str, value: &str| {
                    attribute(tag, key).is_some_and(|v| v.eq_ignore_ascii_case(value))
                };
                self.outline.asks_password |= starts && is("type", "password");
            }
            _ if VOID.contains(&name) => {}
            _ if starts => self.start(tag, name),
            _ => self.close(name),
        }
        TokenSinkResult::Continue
    }

    fn raw(&mut self, tag: &Tag, name: &str, starts: bool) -> TokenSinkResult<()> {
        if !starts {
            self.raw = Raw::None;
            return TokenSinkResult::Continue;
        }
        let kind = if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
        let is_data = attribute(tag, "type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("application/ld+json"));
        self.raw = if name == "script" && is_data && self.outline.data.len() < DATA_MAX {
            self.outline.data.push(String::new());
            Raw::Data
        } else if name == "textarea" && self.outline.areas.len() < DATA_MAX {
            self.outline.areas.push(String::new());
            Raw::Area
        } else if name == "script" && self.outline.scripts.len() < SCRIPTS_MAX {
            self.outline.scripts.push(String::new());
            Raw::Script
        } else {
            Raw::Skip
        };
        TokenSinkResult::RawData(kind)
    }

    fn start(&mut self, tag: &Tag, name: &str) {
        let is_block = BLOCKS.contains(&name) || name.starts_with("founder-");
        let named = |key: &str| attribute(tag, key).map(words::roles).unwrap_or_default();
        let by_rel = attribute(tag, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("author"));
        let stated = if by_rel { Roles::AUTHOR } else { Roles::default() };
        let roles = named("class").with(named("id")).with(stated);
        self.outline.is_epaper |= name.starts_with("founder-");
        if is_block {
            self.imply_ends(name);
            self.end_piece();
        } else if roles.has(BREAKS) && !self.in_running_text() {
            self.end_piece();
        }
        if name == "a" {
            // A link inside a link ends the first.
            self.close_inline("a");
        }
        if tag.self_closing && (!is_block || name != "div") {
            return;
        }
        let property = attribute(tag, "itemprop").unwrap_or_default().to_ascii_lowercase();
        let value =
            attribute(tag, "datetime").or_else(|| attribute(tag, "content")).unwrap_or_default();
        let keeps = is_block || !roles.is_empty() || !property.is_empty() || name == "time";
        if !self.open(name, roles, keeps) {
            return;
        }
        let (style, hidden) = (attribute(tag, "style"), attribute(tag, "hidden").is_some());
        if let Some(open) = self.open.last_mut() {
            open.is_block = is_block;
            open.state.add(State::SILENT, SILENT.contains(&name));
            open.state.add(State::HIDDEN, hidden || style.is_some_and(hides));
            open.state.add(State::LINES, matches!(name, "pre" | "listing"));
            open.state.add(State::BOLD, matches!(name, "b" | "strong"));
            open.heading = rank(name).unwrap_or(open.heading);
            if name == "a"
                && let Some(href) = attribute(tag, "href")
            {
                open.state.add(State::LINK, true);
                open.anchor = Some((self.piece.text.len(), href.to_owned()));
            }
            if let Some(element) = open.element.and_then(|at| self.outline.elements.get_mut(at)) {
                element.shape = shape(tag, name);
                element.property = property.into();
                element.value = value.into();
                element.is_inline = !is_block;
                if is_block {
                    open.block = open.element.unwrap_or(open.block);
                }
            }
        }
    }

    /// Whether what comes stands in a paragraph or heading, where names of spans cut nothing.
    fn in_running_text(&self) -> bool {
        let block = self.open.iter().rev().find(|open| open.is_block);
        block.is_some_and(|open| matches!(&*open.name, "p" | "h1" | "h2" | "h3" | "li"))
    }

    /// Opens an element; `false` where it is too deep.
    fn open(&mut self, name: &str, roles: Roles, keeps: bool) -> bool {
        if self.open.len() >= DEPTH_MAX {
            self.too_deep += 1;
            return false;
        }
        let last = self.open.last();
        let parent = last.map_or(0, |open| open.block);
        let element = keeps.then_some(self.outline.elements.len());
        let open = Open {
            name: name.into(),
            element,
            block: parent,
            is_block: true,
            state: last.map(|open| open.state).unwrap_or_default(),
            heading: last.map_or(0, |open| open.heading),
            anchor: None,
        };
        if keeps {
            let at = self.outline.pieces.len();
            self.outline.elements.push(Element {
                name: name.into(),
                parent,
                roles,
                shape: 0,
                property: Box::default(),
                value: Box::default(),
                from: at,
                to: at,
                cut: (self.piece.text.len(), self.piece.text.len()),
                is_inline: false,
            });
        }
        self.open.push(open);
        true
    }

    /// Ends what the beginning of a block ends: a paragraph, the item or cell before.
    fn imply_ends(&mut self, name: &str) {
        let (ends, stops): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol", "menu", "dir", "table"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl", "table"]),
            "td" | "th" => (&["td", "th"], &["tr", "table"]),
            "tr" => (&["tr"], &["table"]),
            _ => (&[], &[]),
        };
        if let Some(at) = self.find(ends, stops) {
            self.close_to(at);
        }
        if let Some(at) = self.find(&["p"], &["table", "td", "th", "li", "div", "button"]) {
            self.close_to(at);
        }
    }

    /// The innermost open element of those names, inside any of `stops`.
    fn find(&self, names: &[&str], stops: &[&str]) -> Option<usize> {
        for (at, open) in self.open.iter().enumerate().rev() {
            if names.contains(&&*open.name) {
                return Some(at);
            }
            if stops.contains(&&*open.name) {
                return None;
            }
        }
        None
    }

    fn close(&mut self, name: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let is_block = BLOCKS.contains(&name) || name.starts_with("founder-");
        if !is_block {
            self.close_inline(name);
            return;
        }
        self.end_piece();
        let stops: &[&str] = match name {
            "table" => &[],
            "tr" | "tbody" | "thead" | "tfoot" => &["table"],
            "td" | "th" => &["tr", "table"],
            "li" => &["ul", "ol", "td", "th", "table"],
            "p" => &["div", "td", "th", "li", "table"],
            _ => &["td", "th", "table"],
        };
        if let Some(at) = self.find(&[name], stops) {
            self.close_to(at);
        }
    }

    /// Ends an element that stands in a line, where it is open in the block that is open.
    fn close_inline(&mut self, name: &str) {
        let found = self.open.iter().rposition(|open| &*open.name == name);
        let block = self.open.iter().rposition(|open| open.is_block).unwrap_or_default();
        match found {
            Some(at) if at > block => {
                let roles =
                    self.open.get(at).and_then(|open| self.outline.elements.get(open.element?));
                let breaks = roles.is_some_and(|element| element.roles.has(BREAKS))
                    && !self.in_running_text();
                self.close_to(at);
                if breaks {
                    self.end_piece();
                }
            }
            Some(_) | None => {}
        }
    }

    fn close_to(&mut self, at: usize) {
        let closes_block = self.open.iter().skip(at).any(|open| open.is_block);
        if closes_block {
            self.end_piece();
        }
        for open in self.open.split_off(at.max(1)) {
            self.note_anchor(&open);
            self.close_element(&open);
        }
    }

    fn close_element(&mut self, open: &Open) {
        let (pieces, end) = (self.outline.pieces.len(), self.piece.text.len());
        if let Some(element) = open.element.and_then(|at| self.outline.elements.get_mut(at)) {
            element.to = pieces;
            element.cut.1 = end;
            // An element of a line that covers all of its piece names the piece.
            if element.is_inline && element.from == pieces && element.cut.0 == 0 {
                self.piece.roles = self.piece.roles.with(element.roles);
            }
        }
    }

    fn note_anchor(&mut self, open: &Open) {
        let Some((from, href)) = &open.anchor else { return };
        let words = match self.piece.text.get(*from..) {
            Some(words) if !words.trim().is_empty() => words,
            _ => match self.outline.pieces.last() {
                Some(piece) if piece.is_link() => piece.text.as_str(),
                _ => return,
            },
        };
        if self.outline.anchors.len() < ANCHORS_MAX && !words.trim().is_empty() {
            let text: String = words.trim().chars().take(200).collect();
            let href = href.chars().take(2_000).collect();
            self.outline.anchors.push(Anchor { text, href });
        }
    }

    fn about(&mut self, tag: &Tag, name: &str) {
        if name == "link" {
            let is_canonical =
                attribute(tag, "rel").is_some_and(|rel| rel.eq_ignore_ascii_case("canonical"));
            if is_canonical && self.outline.canonical.is_empty() {
                attribute(tag, "href")
                    .unwrap_or_default()
                    .trim()
                    .clone_into(&mut self.outline.canonical);
            }
            return;
        }
        let content =
            attribute(tag, "content").map(str::trim).filter(|content| !content.is_empty());
        for key in ["name", "property", "itemprop"] {
            if let (Some(name), Some(content)) = (attribute(tag, key), content)
                && self.outline.meta.len() < 400
            {
                let content = content.chars().take(2_000).collect();
                self.outline.meta.push((name.trim().to_ascii_lowercase(), content));
            }
        }
    }

    fn comment(&mut self, text: &str) {
        if text.contains("enpproperty") && self.outline.properties.len() < DATA_MAX {
            self.outline.properties.push(text.chars().take(20_000).collect());
            self.outline.is_epaper = true;
        }
    }

    fn finish(&mut self) {
        self.end_piece();
        self.close_to(1);
        let count = self.outline.pieces.len();
        if let Some(root) = self.outline.elements.first_mut() {
            root.to = count;
        }
    }
}

/// Names of elements in a line that part it: a template's headline, kicker and subtitle.
const BREAKS: Roles = Roles::HEADINGS;

/// A number for an element's tag and names, digits left out; 0 where it has no names.
fn shape(tag: &Tag, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut named = false;
    for key in ["class", "id"] {
        let letters = attribute(tag, key).unwrap_or_default().chars().take(200);
        for c in letters.filter(|c| !c.is_ascii_digit() && !c.is_whitespace()) {
            named = true;
            c.hash(&mut hasher);
        }
        key.hash(&mut hasher);
    }
    name.hash(&mut hasher);
    if named { hasher.finish().max(1) } else { 0 }
}

/// The value of an attribute.
fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs
        .iter()
        .find(|attribute| &*attribute.name.local == name)
        .map(|attribute| &*attribute.value)
}
