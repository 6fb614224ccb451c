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

use token::Joint;
use token::Kind;
use token::Token;

use crate::normalize::Normalized;
use crate::normalize::normalize;
use crate::terms::Analyzer;
use crate::terms::words::Words;
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
        let mut units = Vec::new();
        each(&normalized, |text, span, share| {
            units.push(Unit { text: text.to_owned(), span: normalized.source(span), share });
        });
        units
    }
}

/// Where a text holds the units that `wanted` names, each with what it is there mapped to; places are of
/// the source.
#[must_use]
pub fn places(source: &str, wanted: &HashMap<&str, usize>) -> Vec<(usize, Span)> {
    let normalized = normalize(source);
    let mut found = Vec::new();
    each(&normalized, |unit, span, _| {
        if let Some(at) = wanted.get(unit) {
            found.push((*at, normalized.source(span)));
        }
    });
    found
}

/// Adds what the occurrences of each unit of a text count, times `weight`, to `counts`.
pub(crate) fn count(normalized: &Normalized, weight: f32, counts: &mut HashMap<u32, f32>) {
    each(normalized, |unit, _, share| *counts.entry(index(unit)).or_default() += weight * share);
}

/// Gives `found` every unit of a text with its place in the normalized text and what it counts.
fn each(normalized: &Normalized, mut found: impl FnMut(&str, Span, f32)) {
    let text = normalized.text();
    let tokens = token::tokens(text);
    let words = Cut::of(text);
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
            Kind::Ideograph => of_segment(run, &words, &mut buffer, &mut found),
            Kind::Letters | Kind::Number => of_chain(text, run, &mut buffer, &mut found),
            Kind::Picture => found(token.span.of(text).unwrap_or_default(), token.span, 1.0),
        }
        at = end;
    }
    for value in value::values(text, &tokens) {
        let run = tokens.get(value.from..value.to).unwrap_or_default();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        // A number in plain digits is a unit already.
        let is_unit = run.len() == 1 && first.kind == Kind::Number;
        if !is_unit && (run.len() > 1) {
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

/// Characters, pairs and words of a run of characters.
fn of_segment(
    run: &[Token],
    words: &Cut,
    buffer: &mut String,
    found: &mut impl FnMut(&str, Span, f32),
) {
    let dictionary = Words::bundled();
    for (at, first) in run.iter().enumerate() {
        let rest = run.get(at..).unwrap_or_default();
        buffer.clear();
        buffer.push(first.first);
        let alone = words.is_word(first.span);
        found(buffer, first.span, if alone { 1.0 } else { share::CHARACTER });
        let mut is_pair_word = false;
        let mut longer: Vec<usize> = Vec::new();
        if let Some(dictionary) = dictionary {
            let chars = rest.iter().take(WORD_CHARS_MAX).map(|token| token.first);
            for length in dictionary.lengths(chars) {
                match length {
                    0 | 1 => {}
                    2 => is_pair_word = true,
                    length => longer.push(length),
                }
            }
        }
        if let Some(second) = rest.get(1) {
            buffer.push(second.first);
            let span = Span::new(first.span.start, second.span.end);
            let singles = alone && words.is_word(second.span) && second.joint == Joint::Tight;
            let share = match () {
                () if words.is_word(span) || singles => 1.0,
                () if is_pair_word && words.is_inside(span) => share::INSIDE,
                () => share::PAIR,
            };
            found(buffer, span, share);
        }
        for length in longer {
            let Some(last) = rest.get(length - 1) else { continue };
            buffer.clear();
            buffer.extend(rest.iter().take(length).map(|token| token.first));
            let span = Span::new(first.span.start, last.span.end);
            found(buffer, span, if words.is_word(span) { 1.0 } else { share::INSIDE });
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

/// The words into which `text::terms` cuts a text, to tell whether something is one of them.
struct Cut(Vec<Span>);

impl Cut {
    fn of(text: &str) -> Self {
        Self(Analyzer::cut(text))
    }

    /// Whether a word stands exactly here.
    fn is_word(&self, span: Span) -> bool {
        self.holding(span) == Some(span)
    }

    /// Whether this lies inside one word.
    fn is_inside(&self, span: Span) -> bool {
        self.holding(span).is_some_and(|word| word.end >= span.end)
    }

    /// The word in which `span` begins.
    fn holding(&self, span: Span) -> Option<Span> {
        let after = self.0.partition_point(|word| word.start <= span.start);
        let word = self.0.get(after.checked_sub(1)?)?;
        (word.end > span.start).then_some(*word)
    }
}

/// The sparse vector of an article: the BM25 weights of its words (`Analyzer::passage`) and of its units,
/// which have indices of their own.
impl Analyzer {
    /// What the index keeps of an article: words, by which texts are compared, and units, by which they
    /// are searched for.
    #[must_use]
    pub fn article(&self, title: &str, body: &str) -> TermVector {
        self.weighed(title, body, true)
    }
}
