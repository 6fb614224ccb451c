//! A web page as pieces of text in order, and the elements that they stand in.
//!
//! The tokenizer of html5ever reads the markup; nesting is repaired in one pass with the part of the
//! HTML rules that matters here: paragraphs, list items and cells end where the next begins, an end
//! tag closes nothing outside its table, whatever is never closed ends with what holds it. Elements
//! that are not known to be blocks stand in the line, so Word's markup and new elements cut nothing.
//! Every element covers a run of pieces.

mod markup;
mod open;
mod reader;

use crate::html::words::Roles;

pub(super) use reader::outline;

/// A run of text between two ends of blocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece {
    /// The text, its white space folded, invisible characters left out.
    pub text: String,
    /// Characters of it that are not blank.
    pub chars: usize,
    /// Of those, how many are inside links.
    pub link_chars: usize,
    /// Of those, how many are bold.
    pub bold_chars: usize,
    /// Its marks of sentences: commas, full stops and the like.
    pub marks: usize,
    /// The block that it stands in, an index of [`Outline::elements`].
    pub element: usize,
    /// Rank of the heading that it is, 1 to 6; 0 where it is none.
    pub heading: u8,
    /// Whether the page's style hides it.
    pub is_hidden: bool,
    /// Whether a picture stands directly before it.
    pub after_picture: bool,
    /// Whether a line break alone parts it from the piece before.
    pub after_break: bool,
    /// What the names of the elements inside its block say, where one covers all of it.
    pub roles: Roles,
}

impl Piece {
    /// Whether most of it is links.
    pub fn is_link(&self) -> bool {
        self.link_chars * 2 > self.chars
    }
}

/// An element that ends a line, or one in the line whose names say something.
#[derive(Debug, Clone)]
pub(super) struct Element {
    /// The name of its tag.
    pub name: Box<str>,
    /// The block around it; its own index for the root.
    pub parent: usize,
    /// What its `class` and `id` say.
    pub roles: Roles,
    /// The same for elements of one tag whose names differ in digits alone; 0 where it has no names.
    pub shape: u64,
    /// What schema.org calls it (`itemprop`), lower case.
    pub property: Box<str>,
    /// A `datetime` or `content` attribute.
    pub value: Box<str>,
    /// Pieces that it covers: from, to.
    pub from: usize,
    /// One past its last piece.
    pub to: usize,
    /// Bytes of the first piece before it, and of the last piece up to its end, where it stands in a
    /// line.
    pub cut: (usize, usize),
    /// Whether it stands in a line.
    pub is_inline: bool,
}

/// A link of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Its words.
    pub text: String,
    /// Where it goes, as written.
    pub href: String,
}

/// What a web page holds.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Its title.
    pub title: String,
    /// Names and contents of its `meta` elements in order, names in lower case.
    pub meta: Vec<(String, String)>,
    /// Its canonical address.
    pub canonical: String,
    /// Its text in order.
    pub pieces: Vec<Piece>,
    /// Its elements in the order of their beginnings; the first is the whole page.
    pub elements: Vec<Element>,
    /// What it tells machines of itself, as JSON.
    pub data: Vec<String>,
    /// Markup that it keeps in text areas for its scripts to show.
    pub areas: Vec<String>,
    /// The beginnings of its scripts that set variables.
    pub scripts: Vec<String>,
    /// Comments that hold the properties of an e-paper's article.
    pub properties: Vec<String>,
    /// Its links, those without words left out.
    pub anchors: Vec<Anchor>,
    /// Whether it has the elements of an e-paper.
    pub is_epaper: bool,
    /// Bytes of script.
    pub script_bytes: usize,
    /// Whether it asks for a password.
    pub asks_password: bool,
    /// Pictures in it.
    pub pictures: usize,
}

impl Outline {
    /// The text of an element.
    pub fn text_of(&self, element: &Element) -> String {
        if element.is_inline && element.from == element.to {
            let text = self.pieces.get(element.from).map_or("", |piece| piece.text.as_str());
            return text.get(element.cut.0..element.cut.1).unwrap_or_default().trim().to_owned();
        }
        let to = element.to + usize::from(element.is_inline);
        let pieces = self.pieces.get(element.from..to.min(self.pieces.len())).unwrap_or_default();
        pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The blocks around a piece, innermost first.
    pub fn around(&self, piece: &Piece) -> impl Iterator<Item = usize> + '_ {
        self.up(piece.element)
    }

    /// A block and those around it, innermost first.
    pub fn up(&self, element: usize) -> impl Iterator<Item = usize> + '_ {
        let next = |at: &usize| {
            let parent = self.elements.get(*at)?.parent;
            (parent != *at).then_some(parent)
        };
        std::iter::successors(Some(element), next)
    }
}
