//! Cuts a query into words, phrases and conditions, each wanted or not.

use crate::query::Note;
use crate::query::add_note;
use crate::query::field;

/// One part of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) body: Body,
    /// Whether a minus stands before it.
    pub(super) negated: bool,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Words(String),
    Phrase(String),
    /// A title, with its marks.
    Title(String),
    Field {
        name: String,
        value: String,
        written: String,
    },
}

/// Marks that open a phrase, and the one that closes it.
const QUOTES: [(char, char); 5] =
    [('"', '"'), ('＂', '＂'), ('“', '”'), ('「', '」'), ('『', '』')];

/// The parts of `text` in order; what looked like more than words and was not goes to `notes`.
pub(super) fn pieces(text: &str, notes: &mut Vec<Note>) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars: &chars, at: 0, notes, found: Vec::new() };
    while lexer.at < chars.len() {
        lexer.step();
    }
    lexer.found
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    notes: &'a mut Vec<Note>,
    found: Vec<Piece>,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Reads one part, or passes over a space.
    fn step(&mut self) {
        if self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
            return;
        }
        let minus = matches!(self.peek(), Some('-' | '－' | '−'));
        let next = self.chars.get(self.at + 1).copied();
        // A minus belongs to what it touches: another minus or a space is nothing to leave out.
        let negated =
            minus && next.is_some_and(|c| c.is_alphanumeric() || opens(c).is_some() || c == '《');
        self.at += usize::from(negated);
        if let Some(body) = self.field().or_else(|| self.title()).or_else(|| self.phrase()) {
            self.found.push(Piece { body, negated });
            return;
        }
        let negated = negated && self.peek().is_none_or(|c| opens(c).is_none());
        let words = self.words();
        self.found.push(Piece { body: Body::Words(words), negated });
    }

    /// `name:value` or `name:"value"`, where the name is a field's.
    fn field(&mut self) -> Option<Body> {
        let rest = self.chars.get(self.at..)?;
        let colon = rest.iter().take(field::NAME_CHARS_MAX + 1).position(|c| is_colon(*c))?;
        let name: String = rest.get(..colon)?.iter().collect();
        if !field::is_known(&name) {
            return None;
        }
        let begun = self.at;
        self.at += colon + 1;
        let value = match self.peek().and_then(opens).and_then(|close| self.closing(close)) {
            Some(end) => self.take_quoted(end),
            None => self.take_until_space(),
        };
        let written = self.chars.get(begun..self.at)?.iter().collect();
        Some(Body::Field { name, value, written })
    }

    /// A title in its marks that stands apart.
    fn title(&mut self) -> Option<Body> {
        let end = (self.peek()? == '《').then(|| self.closing('》')).flatten()?;
        let inside = self.chars.get(self.at + 1..end)?;
        let apart = self.chars.get(end + 1).is_none_or(|c| c.is_whitespace());
        if !apart || !inside.iter().any(|c| c.is_alphanumeric()) {
            return None;
        }
        let title = self.chars.get(self.at..=end)?.iter().collect();
        self.at = end + 1;
        Some(Body::Title(title))
    }

    /// A phrase that begins here; a quote without its partner is passed over with a note.
    fn phrase(&mut self) -> Option<Body> {
        let open = self.peek()?;
        let close = opens(open)?;
        let Some(end) = self.closing(close) else {
            self.broken();
            return None;
        };
        let apart = self.chars.get(end + 1).is_none_or(|c| c.is_whitespace());
        if !apart && !is_plain(open) {
            return None;
        }
        Some(Body::Phrase(self.take_quoted(end)))
    }

    /// Words up to a space, or to a plain quote, which is never a headline's.
    fn words(&mut self) -> String {
        let mut words = String::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() {
                break;
            }
            if let Some(close) = opens(c) {
                match self.closing(close) {
                    Some(_) if is_plain(c) && !words.is_empty() => break,
                    Some(end) if !is_plain(c) => {
                        let inside = self.chars.get(self.at + 1..end).unwrap_or_default();
                        self.note(Note::QuotesAsWords(inside.iter().collect()));
                        words.extend(self.chars.get(self.at..=end).unwrap_or_default());
                        self.at = end + 1;
                        continue;
                    }
                    Some(_) | None => self.broken(),
                }
            } else if closes(c) {
                self.broken();
            }
            words.push(c);
            self.at += 1;
        }
        words
    }

    /// Where the mark that closes the quote here stands.
    fn closing(&self, close: char) -> Option<usize> {
        let rest = self.chars.get(self.at + 1..)?;
        rest.iter().position(|c| *c == close).map(|ahead| self.at + 1 + ahead)
    }

    fn take_quoted(&mut self, end: usize) -> String {
        let inside = self.chars.get(self.at + 1..end).unwrap_or_default().iter().collect();
        self.at = end + 1;
        inside
    }

    fn take_until_space(&mut self) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let value: String = rest.iter().take_while(|c| !c.is_whitespace()).collect();
        self.at += value.chars().count();
        value
    }

    fn broken(&mut self) {
        self.note(Note::BrokenQuote);
    }

    fn note(&mut self, note: Note) {
        add_note(self.notes, note);
    }
}

/// The mark that closes what `c` opens.
fn opens(c: char) -> Option<char> {
    QUOTES.iter().find(|(open, _)| *open == c).map(|(_, close)| *close)
}

/// Whether `c` closes a quote and opens none.
fn closes(c: char) -> bool {
    matches!(c, '”' | '」' | '』')
}

/// Whether a quotation mark is typed for a machine: Chinese text has others.
fn is_plain(open: char) -> bool {
    matches!(open, '"' | '＂')
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：')
}
