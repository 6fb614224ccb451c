//! The units of the search index: overlapping pieces of a text, so that whatever stands in it is found.
//!
//! `text::terms` cuts a text once, into words that do not overlap: good for comparing texts, but 气象局
//! inside 中国气象局 is no term. A search looks up units instead. Of a run of Chinese characters these are
//! all single characters, all pairs of neighbours, and all words of the dictionary with three characters
//! and more, wherever they stand; of letters and digits the pieces and what they give when joined
//! (`Wi-Fi 6`: wi, fi, 6, wifi, fi6, wifi6); of a number its value in one form (`text::units::value`).
//! Whether a text holds a string is then told by the units alone: by one unit for a word, by all the pairs
//! for anything else.
//!
//! An occurrence that is a whole word where it stands counts 1, one inside a longer word or across the
//! border of two counts less ([`share`]), so that whole words stay ahead.

pub mod need;
pub(crate) mod token;
mod value;

use std::collections::HashMap;
use std::collections::HashSet;

use token::Joint;
use token::Kind;
use token::Token;

use crate::normalize::Normalized;
use crate::normalize::normalize;
use crate::terms::Analyzer;
use crate::terms::words::Words as Dictionary;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;
use wenmai_domain::terms::UNIT_BIT;

pub use need::Need;

/// The version of everything that decides a unit or its weight; part of the index version.
pub const VERSION: &str = "units1";

/// Units of one piece of letters and digits reach over so many tokens.
const JOINED_MAX: usize = 4;
/// Characters of the longest word of the dictionary that is looked for inside others.
const WORD_CHARS_MAX: usize = 8;

/// What an occurrence counts, where one of a whole word counts 1.
pub mod share {
    /// A word of the dictionary inside a longer word.
    pub const INSIDE: f32 = 0.5;
    /// A pair of characters inside a word, or across the border of two, that is no word.
    pub const PAIR: f32 = 0.25;
    /// A character of a longer word.
    pub const CHARACTER: f32 = 0.25;
}

/// A unit and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The text of it, normalized.
    pub text: String,
    /// Where it stands in the source.
    pub span: Span,
    /// What this occurrence counts, up to 1.
    pub share: f32,
}

/// The index of a unit in a [`TermVector`].
#[must_use]
pub fn index(unit: &str) -> u32 {
    crate::terms::hash(unit) | UNIT_BIT
}

impl Analyzer {
    /// The units of `text`, with repetitions.
    #[must_use]
    pub fn units(&self, text: &str) -> Vec<Unit> {
        let normalized = normalize(text);
        let cut = Self::cut(normalized.text());
        let mut units = Vec::new();
        each(&normalized, &Words::of(&cut), |text, span, share| {
            units.push(Unit { text: text.to_owned(), span: normalized.source(span), share });
        });
        units
    }

    /// What the index keeps of an article: words, by which texts are compared, and units, by which they
    /// are searched for; the BM25 weights of both.
    #[must_use]
    pub fn article(&self, title: &str, body: &str) -> TermVector {
        self.weighed(title, body, true)
    }
}

/// Units to look for in texts.
#[derive(Debug)]
pub struct Wanted<'w> {
    /// The units, each with its place among those given.
    units: HashMap<&'w str, usize>,
    /// The characters with which they begin.
    first: HashSet<char>,
    /// Characters of the longest of them that is written in characters.
    chars_max: usize,
}

impl<'w> Wanted<'w> {
    /// Looks for these, each once.
    pub fn new(units: impl IntoIterator<Item = &'w str>) -> Self {
        let units: HashMap<&str, usize> = units.into_iter().zip(0..).collect();
        let first = units.keys().filter_map(|unit| unit.chars().next()).collect();
        let chars_max = units.keys().map(|unit| unit.chars().count()).max().unwrap_or(0);
        Self { units, first, chars_max }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Where `source` holds them: the place of each among those given, and the span in the source.
    #[must_use]
    pub fn places(&self, source: &str) -> Vec<(usize, Span)> {
        let normalized = normalize(source);
        let mut found = Vec::new();
        each(&normalized, self, |unit, span, _| {
            if let Some(at) = self.units.get(unit) {
                found.push((*at, normalized.source(span)));
            }
        });
        found
    }
}

/// Gives `found` the index of every unit of a text and what it counts there; `cut` are the words of the
/// text.
pub(crate) fn count(normalized: &Normalized, cut: &[Span], mut found: impl FnMut(u32, f32)) {
    each(normalized, &Words::of(cut), |unit, _, share| found(index(unit), share));
}

/// What tells which pieces of a run of characters are units, and what each counts.
trait Pieces {
    /// Gives `found` the units that begin with the first token of `rest`.
    fn of(&self, rest: &[Token], buffer: &mut String, found: &mut impl FnMut(&str, Span, f32));
}

/// Gives `found` every unit of a text with its place in the normalized text and what it counts; of runs of
/// characters those that `pieces` tells.
fn each(normalized: &Normalized, pieces: &impl Pieces, mut found: impl FnMut(&str, Span, f32)) {
    let text = normalized.text();
    let tokens = token::tokens(text);
    let mut buffer = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let end = match token.kind {
            Kind::Ideograph => segment_end(&tokens, at),
            Kind::Letters | Kind::Number => chain_end(&tokens, at),
            Kind::Picture => at + 1,
        };
        let run = tokens.get(at..end).unwrap_or_default();
        match token.kind {
            Kind::Ideograph => {
                for from in 0..run.len() {
                    pieces.of(run.get(from..).unwrap_or_default(), &mut buffer, &mut found);
                }
            }
            Kind::Letters | Kind::Number => of_chain(text, run, &mut buffer, &mut found),
            Kind::Picture => found(token.span.of(text).unwrap_or_default(), token.span, 1.0),
        }
        at = end;
    }
    for value in value::values(text, &tokens) {
        let run = tokens.get(value.from..value.to).unwrap_or_default();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        // A number in plain digits is a unit already, and one Chinese digit is a character.
        if run.len() > 1 {
            found(&value.text, Span::new(first.span.start, last.span.end), 1.0);
        }
        if let (Some(unit), Some(behind)) = (value.unit, tokens.get(value.to)) {
            buffer.clear();
            buffer.push_str(&value.text);
            buffer.push(unit);
            found(&buffer, Span::new(first.span.start, behind.span.end), 1.0);
        }
    }
}

/// The end of the run of characters that begins at `from`, with nothing but layout inside.
fn segment_end(tokens: &[Token], from: usize) -> usize {
    let rest = tokens.get(from + 1..).unwrap_or_default();
    let goes_on = |token: &&Token| {
        token.kind == Kind::Ideograph && matches!(token.joint, Joint::Tight | Joint::Blank)
    };
    from + 1 + rest.iter().take_while(goes_on).count()
}

/// The end of the run of letters and numbers that begins at `from`.
fn chain_end(tokens: &[Token], from: usize) -> usize {
    let rest = tokens.get(from + 1..).unwrap_or_default();
    let goes_on = |token: &&Token| {
        matches!(token.kind, Kind::Letters | Kind::Number) && token.joint != Joint::Apart
    };
    from + 1 + rest.iter().take_while(goes_on).count()
}

impl Pieces for Words<'_> {
    /// The character, the pair and the longer words of the dictionary.
    fn of(&self, rest: &[Token], buffer: &mut String, found: &mut impl FnMut(&str, Span, f32)) {
        let Some(first) = rest.first() else { return };
        let word = self.holding(first.span);
        let alone = word == Some(first.span);
        buffer.clear();
        buffer.push(first.first);
        found(buffer, first.span, if alone { 1.0 } else { share::CHARACTER });
        let Some(second) = rest.get(1) else { return };
        let chars = rest.iter().take(WORD_CHARS_MAX).map(|token| token.first);
        let mut lengths = self.dictionary.into_iter().flat_map(|all| all.lengths(chars.clone()));
        let mut length = lengths.find(|length| *length > 1);
        buffer.push(second.first);
        let span = Span::new(first.span.start, second.span.end);
        let is_inside = word.is_some_and(|word| word.end >= span.end);
        let is_run = || alone && second.joint == Joint::Tight && self.is_word(second.span);
        let share = match () {
            () if word == Some(span) || is_run() => 1.0,
            () if length == Some(2) && is_inside => share::INSIDE,
            () => share::PAIR,
        };
        found(buffer, span, share);
        if length == Some(2) {
            length = lengths.next();
        }
        while let Some(last) = length.and_then(|length| rest.get(length - 1)) {
            buffer.clear();
            buffer.extend(rest.iter().take(length.unwrap_or(0)).map(|token| token.first));
            let span = Span::new(first.span.start, last.span.end);
            found(buffer, span, if word == Some(span) { 1.0 } else { share::INSIDE });
            length = lengths.next();
        }
    }
}

impl Pieces for Wanted<'_> {
    /// Whatever may be wanted: what begins with a character that one of them begins with.
    fn of(&self, rest: &[Token], buffer: &mut String, found: &mut impl FnMut(&str, Span, f32)) {
        let Some(first) = rest.first().filter(|first| self.first.contains(&first.first)) else {
            return;
        };
        buffer.clear();
        for token in rest.iter().take(self.chars_max) {
            buffer.push(token.first);
            found(buffer, Span::new(first.span.start, token.span.end), 1.0);
        }
    }
}

/// The pieces of a run of letters and numbers, and neighbours joined: where a hyphen or nothing stands
/// between them, and over one blank between letters and a number.
fn of_chain(
    text: &str,
    run: &[Token],
    buffer: &mut String,
    found: &mut impl FnMut(&str, Span, f32),
) {
    for (at, first) in run.iter().enumerate() {
        buffer.clear();
        let mut blanks = 0;
        let mut before: Option<&Token> = None;
        for token in run.iter().skip(at).take(JOINED_MAX) {
            if let Some(before) = before {
                let is_mixed = before.kind != token.kind;
                blanks += usize::from(token.joint == Joint::Blank);
                let digits_meet = before.kind == Kind::Number && token.kind == Kind::Number;
                if blanks > 1 || digits_meet || (token.joint == Joint::Blank && !is_mixed) {
                    break;
                }
            }
            push_piece(text, token, buffer);
            found(buffer, Span::new(first.span.start, token.span.end), 1.0);
            before = Some(token);
        }
    }
}

/// Adds a piece of letters and numbers to `buffer`, a number without its commas.
fn push_piece(text: &str, token: &Token, buffer: &mut String) {
    let piece = token.span.of(text).unwrap_or_default();
    if token.kind == Kind::Number && piece.contains([',', '.']) {
        buffer.push_str(&value::plain(piece));
    } else {
        buffer.push_str(piece);
    }
}

/// The words into which `text::terms` cuts a text, and those of the dictionary.
struct Words<'c> {
    cut: &'c [Span],
    dictionary: Option<&'static Dictionary>,
}

impl<'c> Words<'c> {
    fn of(cut: &'c [Span]) -> Self {
        Self { cut, dictionary: Dictionary::bundled() }
    }

    /// Whether a word stands exactly here.
    fn is_word(&self, span: Span) -> bool {
        self.holding(span) == Some(span)
    }

    /// The word in which `span` begins.
    fn holding(&self, span: Span) -> Option<Span> {
        let after = self.cut.partition_point(|word| word.start <= span.start);
        let word = self.cut.get(after.checked_sub(1)?)?;
        (word.end > span.start).then_some(*word)
    }
}
