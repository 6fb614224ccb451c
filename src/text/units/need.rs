//! What a question looks for: units that an article should hold, each told as held or not.

use crate::normalize::normalize;
use crate::terms::Analyzer;
use crate::terms::join;
use crate::terms::words::Words;
use crate::units::chain_end;
use crate::units::index;
use crate::units::of_chain;
use crate::units::token;
use crate::units::token::Joint;
use crate::units::token::Kind;
use crate::units::token::Token;
use crate::units::value;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;

/// What a word inside a word of the question counts.
pub const INNER_WEIGHT: f32 = 0.15;
/// What a piece of a joined name (`f`, `16` of F-16) counts.
pub const PIECE_WEIGHT: f32 = 0.2;

/// Something that an article should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The unit by which it is known.
    pub unit: String,
    /// Where it stands in the question.
    pub span: Span,
    /// Units that show it as well, if an article holds all of them.
    pub pieces: Vec<String>,
    /// Further units that speak for an article, with what each counts.
    pub extras: Vec<(String, f32)>,
    /// Whether it says nothing by itself (的, 我们): it is looked for only where nothing else is.
    pub is_common: bool,
}

impl Need {
    fn new(unit: String, span: Span) -> Self {
        let (pieces, extras) = (Vec::new(), Vec::new());
        Self { unit, span, pieces, extras, is_common: false }
    }

    /// Whether an article holds it of whose units `holds` tells.
    #[must_use]
    pub fn is_held(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        let by_pieces = || self.pieces.iter().all(|unit| holds(unit));
        holds(&self.unit) || (!self.pieces.is_empty() && by_pieces())
    }
}

impl Analyzer {
    /// What `text` looks for, in its order, with repetitions.
    #[must_use]
    pub fn needs(&self, text: &str) -> Vec<Need> {
        let normalized = normalize(text);
        let text = normalized.text();
        let tokens = token::tokens(text);
        let cut = Self::cut(text);
        let mut found = Vec::new();
        let mut taken: Vec<Span> = Vec::new();
        for value in value::values(text, &tokens) {
            let run = tokens.get(value.from..value.to).unwrap_or_default();
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let behind = value.unit.and_then(|_| tokens.get(value.to)).unwrap_or(last);
            let span = Span::new(first.span.start, behind.span.end);
            let in_chain =
                first.kind == Kind::Number && joins_letters(&tokens, value.from, value.to);
            if in_chain || (first.kind != Kind::Number && !borders(&cut, span)) {
                continue;
            }
            taken.push(span);
            let unit = value.text + &value.unit.map(String::from).unwrap_or_default();
            let mut need = Need::new(unit, span);
            if first.kind == Kind::Ideograph {
                // 二百 stands in 一千二百 as well, though it is another number.
                let written = run.iter().chain(value.unit.and_then(|_| tokens.get(value.to)));
                let chars: Vec<char> = written.map(|token| token.first).collect();
                need.pieces = chars.windows(2).map(|pair| pair.iter().collect()).collect();
                need.extras = need.pieces.iter().map(|pair| (pair.clone(), PIECE_WEIGHT)).collect();
            }
            found.push(need);
        }
        let is_taken = |span: Span| taken.iter().any(|t| t.start < span.end && span.start < t.end);
        found.extend(of_chains(text, &tokens).into_iter().filter(|need| !is_taken(need.span)));
        found.extend(of_other_scripts(text, &tokens));
        for (word, span) in join(text, &cut) {
            let is_han = word.chars().all(|c| token::is_ideograph(c) && !is_sound(c));
            if !word.is_empty() && is_han && !is_taken(span) {
                found.push(of_word(word, span, self.is_stop(word)));
            }
        }
        found.sort_by_key(|need| (need.span.start, need.span.end));
        for need in &mut found {
            need.span = normalized.source(need.span);
        }
        found
    }

    /// All units of a phrase that every text with the phrase holds.
    #[must_use]
    pub fn units_of_phrase(&self, phrase: &str) -> Vec<String> {
        let normalized = normalize(phrase);
        let text = normalized.text();
        let tokens = token::tokens(text);
        let mut units: Vec<String> = Vec::new();
        let mut before: Option<&Token> = None;
        let mut single: Option<String> = None;
        for token in &tokens {
            let piece = token.span.of(text).unwrap_or_default();
            match token.kind {
                Kind::Ideograph => {
                    let joins = matches!(token.joint, Joint::Tight | Joint::Blank);
                    let before = before.filter(|one| joins && one.kind == Kind::Ideograph);
                    if let Some(before) = before {
                        units.push([before.first, token.first].iter().collect());
                        single = None;
                    } else {
                        units.extend(single.take());
                        single = Some(token.first.to_string());
                    }
                }
                Kind::Number => units.push(value::plain(piece)),
                Kind::Letters | Kind::Picture => units.push(piece.to_owned()),
            }
            before = Some(token);
        }
        units.extend(single);
        units.sort_unstable();
        units.dedup();
        units
    }
}

/// The words of a vector for a phrase or a question, looked for as units.
#[must_use]
pub fn vector<'n>(units: impl IntoIterator<Item = &'n String>) -> TermVector {
    TermVector::from_weights(units.into_iter().map(|unit| (index(unit), 1.0)))
}

/// The need for a word, with the words of the dictionary inside it.
fn of_word(word: &str, span: Span, is_common: bool) -> Need {
    let mut need = Need { is_common, ..Need::new(word.to_owned(), span) };
    let chars: Vec<char> = word.chars().collect();
    let Some(dictionary) = Words::bundled().filter(|_| chars.len() > 2) else { return need };
    for from in 0..chars.len() {
        let rest = chars.get(from..).unwrap_or_default();
        for length in dictionary.lengths(rest.iter().copied()) {
            if length > 1 && length < chars.len() {
                let inner: String = rest.iter().take(length).collect();
                need.extras.push((inner, INNER_WEIGHT));
            }
        }
    }
    need
}

/// The needs for runs of letters and numbers. What stands without a blank is one need; a name and its
/// number with a blank between them are two, and together they speak for an article as well.
fn of_chains(text: &str, tokens: &[Token]) -> Vec<Need> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if !matches!(token.kind, Kind::Letters | Kind::Number) {
            if token.kind == Kind::Picture {
                let picture = token.span.of(text).unwrap_or_default().to_owned();
                found.push(Need::new(picture, token.span));
            }
            at += 1;
            continue;
        }
        let end = chain_end(tokens, at);
        let chain = tokens.get(at..end).unwrap_or_default();
        for part in chain.chunk_by(|_, next| next.joint != Joint::Blank) {
            found.push(of_part(text, part));
        }
        over_blanks(text, chain, &mut found);
        at = end;
    }
    found
}

/// The need for letters and numbers without a blank between them.
fn of_part(text: &str, part: &[Token]) -> Need {
    let mut joined: Vec<(String, Span)> = Vec::new();
    of_chain(text, part, &mut String::new(), &mut |unit, span, _| {
        joined.push((unit.to_owned(), span));
    });
    let (first, last) = (part.first(), part.last());
    let whole = first.zip(last).map(|(first, last)| Span::new(first.span.start, last.span.end));
    let whole = whole.unwrap_or(Span::new(0, 0));
    // What is too long to be one unit is known by its pieces.
    let unit = joined.iter().find(|(_, span)| *span == whole);
    let unit = unit.or(joined.first()).map(|(unit, _)| unit.clone()).unwrap_or_default();
    let mut need = Need::new(unit, whole);
    if part.len() < 2 {
        return need;
    }
    let pieces = part.iter().map(|token| {
        let piece = joined.iter().find(|(_, span)| *span == token.span);
        piece.map(|(piece, _)| piece.clone()).unwrap_or_default()
    });
    let pieces: Vec<String> = pieces.collect();
    // Words with a hyphen may be printed apart; a letter and a number apart are another thing.
    if part.iter().all(|token| token.kind == Kind::Letters && token.span.len() > 1) {
        need.pieces.clone_from(&pieces);
    }
    need.extras = pieces.into_iter().map(|piece| (piece, PIECE_WEIGHT)).collect();
    need
}

/// Adds to `found` what letters and a number give when joined over the blank between them.
fn over_blanks(text: &str, chain: &[Token], found: &mut [Need]) {
    let mut joined = Vec::new();
    of_chain(text, chain, &mut String::new(), &mut |unit, span: Span, _| {
        joined.push((unit.to_owned(), span));
    });
    for (unit, span) in joined {
        let has_blank = chain.iter().any(|token| {
            token.joint == Joint::Blank
                && token.span.start > span.start
                && token.span.end <= span.end
        });
        let need = found.iter_mut().rfind(|need| need.span.start <= span.start);
        if let Some(need) = need.filter(|_| has_blank) {
            need.extras.push((unit, 1.0));
        }
    }
}

/// The needs for kana and hangul, which no dictionary cuts: pairs, or a character alone.
fn of_other_scripts(text: &str, tokens: &[Token]) -> Vec<Need> {
    let mut found = Vec::new();
    let runs = tokens.chunk_by(|left, right| {
        is_sound_token(left) && is_sound_token(right) && right.joint == Joint::Tight
    });
    for run in runs.filter(|run| run.first().is_some_and(is_sound_token)) {
        let mut push = |span: Span| {
            found.push(Need::new(span.of(text).unwrap_or_default().to_owned(), span));
        };
        match run {
            [only] => push(only.span),
            run => run.windows(2).for_each(|pair| {
                if let [first, second] = pair {
                    push(Span::new(first.span.start, second.span.end));
                }
            }),
        }
    }
    found
}

fn is_sound_token(token: &Token) -> bool {
    token.kind == Kind::Ideograph && is_sound(token.first)
}

/// Whether `c` is kana, bopomofo or hangul.
fn is_sound(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether letters touch the tokens `from..to`, by a hyphen or nothing.
fn joins_letters(tokens: &[Token], from: usize, to: usize) -> bool {
    let is_close = |joint: Joint| matches!(joint, Joint::Tight | Joint::Hyphen);
    let letters = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Letters);
    let before = tokens.get(from).is_some_and(|token| is_close(token.joint))
        && from.checked_sub(1).is_some_and(letters);
    let after = tokens.get(to).is_some_and(|token| is_close(token.joint)) && letters(to);
    before || after
}

/// Whether words begin and end where `span` does.
fn borders(cut: &[Span], span: Span) -> bool {
    cut.iter().any(|word| word.start == span.start) && cut.iter().any(|word| word.end == span.end)
}
