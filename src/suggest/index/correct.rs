//! What a query may have meant: names and words in it that were mistyped, or typed in pinyin.

use crate::index::Index;
use crate::index::LOOKED_AT_MAX;
use crate::index::spelled;
use crate::lexicon::Kind;
use crate::ranges::Key;
use crate::slip::Slip;
use crate::sound;
use wenmai_domain::span::Span;
use wenmai_text::normalize::normalize;
use wenmai_text::terms::Analyzer;

/// Characters of a query that are looked at.
const QUERY_CHARS_MAX: usize = 64;
/// Characters of a mistyped name at most.
const WINDOW_CHARS_MAX: usize = 8;
/// Letters of pinyin at least and at most.
const PINYIN_LETTERS: std::ops::RangeInclusive<usize> = 4..=40;
/// Words of one run of pinyin at most.
const PINYIN_WORDS_MAX: usize = 4;

/// A query as it may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The whole query.
    pub query: String,
    /// What is different in it, in order.
    pub parts: Vec<Part>,
}

/// What was written, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it stands: bytes of the query as given.
    pub span: Span,
    /// As written.
    pub written: String,
    /// What may have been meant.
    pub meant: String,
    /// What that is.
    pub kind: Kind,
    /// How many articles name it.
    pub article_count: u32,
    /// How both differ; `None` where it was typed in pinyin.
    pub slip: Option<Slip>,
}

impl Part {
    /// How sure it is, the surest first.
    fn order(&self) -> impl Ord + use<> {
        let chars = self.meant.chars().count();
        (self.slip, std::cmp::Reverse(chars), std::cmp::Reverse(self.article_count))
    }
}

impl Index {
    /// What `query` may have meant, the likeliest first, at most `limit`. Empty where all that it names is
    /// known, or nothing is near what is not. The caller knows which words are found in texts, and asks only
    /// about a query that finds too little.
    #[must_use]
    pub fn correct(&self, query: &str, analyzer: &Analyzer, limit: usize) -> Vec<Correction> {
        if query.chars().count() > QUERY_CHARS_MAX {
            return Vec::new();
        }
        let normalized = normalize(query);
        let text = normalized.text();
        let mut chosen: Vec<Vec<Part>> = Vec::new();
        for run in runs(text) {
            let written = run.of(text).unwrap_or_default();
            let mut parts = if sound::is_typed(written) {
                self.typed_in_pinyin(written, run)
            } else {
                self.mistyped(text, run, analyzer)
            };
            parts.sort_by_key(Part::order);
            while let Some(best) = parts.first().cloned() {
                let here = |part: &Part| {
                    part.span.start < best.span.end && best.span.start < part.span.end
                };
                let (same, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(here);
                chosen.push(same.into_iter().filter(|part| part.span == best.span).collect());
                parts = others;
            }
        }
        for part in chosen.iter_mut().flatten() {
            part.span = normalized.source(part.span);
            part.span.of(query).unwrap_or_default().clone_into(&mut part.written);
        }
        chosen.sort_by_key(|choices| choices.first().map(|part| part.span));
        alternatives(query, &chosen, limit)
    }

    /// What letters mean as pinyin: one name or word, or several in a row.
    fn typed_in_pinyin(&self, letters: &str, span: Span) -> Vec<Part> {
        if !PINYIN_LETTERS.contains(&letters.len()) || self.known(letters).is_some() {
            return Vec::new();
        }
        let part = |meant: String, kind, article_count| Part {
            span,
            written: letters.to_owned(),
            meant,
            kind,
            article_count,
            slip: None,
        };
        let whole = self.spelled_exactly(letters, 3);
        if !whole.is_empty() {
            return whole.into_iter().map(|(text, kind, count)| part(text, kind, count)).collect();
        }
        let words = self.in_a_row(letters);
        let least = words.iter().map(|(.., count)| *count).min().unwrap_or(0);
        let text: Vec<String> = words.into_iter().map(|(text, ..)| text).collect();
        if text.is_empty() { Vec::new() } else { vec![part(text.join(" "), Kind::Word, least)] }
    }

    /// Names and words that are spelled exactly so in full, at most `wanted`.
    fn spelled_exactly(&self, letters: &str, wanted: usize) -> Vec<(String, Kind, u32)> {
        let letters: String = letters.chars().filter(|c| *c != '\'').collect();
        let rest = |key: Key| spelled(&self.entries, key);
        // Spellings in full stand at even places.
        let exactly = |key: Key| key.from.is_multiple_of(2) && rest(key) == letters;
        let keys = self.name_sounds.top(&letters, (wanted, LOOKED_AT_MAX), rest, exactly);
        let entries = keys.into_iter().filter_map(|key| self.entries.get(key.of as usize));
        entries.map(|(entry, count, _)| (entry.text.to_string(), entry.kind, *count)).collect()
    }

    /// The fewest names and words whose spellings stand one after the other in `letters`.
    fn in_a_row(&self, letters: &str) -> Vec<(String, Kind, u32)> {
        let mut best: Vec<Option<Vec<(String, Kind, u32)>>> = vec![None; letters.len() + 1];
        if let Some(first) = best.first_mut() {
            *first = Some(Vec::new());
        }
        for from in 0..letters.len() {
            let Some(Some(before)) = best.get(from).cloned() else { continue };
            if before.len() == PINYIN_WORDS_MAX {
                continue;
            }
            for to in from + 4..=letters.len() {
                let Some(piece) = letters.get(from..to) else { continue };
                let Some(slot) = best.get_mut(to) else { continue };
                if slot.as_ref().is_some_and(|known| known.len() <= before.len() + 1) {
                    continue;
                }
                if let Some(word) = self.spelled_exactly(piece, 1).pop() {
                    *slot = Some(before.iter().cloned().chain([word]).collect());
                }
            }
        }
        best.pop().flatten().unwrap_or_default()
    }

    /// What pieces of a run of characters may mean that name nothing known.
    fn mistyped(&self, text: &str, run: Span, analyzer: &Analyzer) -> Vec<Part> {
        let written = run.of(text).unwrap_or_default();
        if self.known(written).is_some() {
            return Vec::new();
        }
        let cut = analyzer.tagged(written);
        let mut parts = Vec::new();
        for (at, (first, _)) in cut.iter().enumerate() {
            for (last, _) in cut.get(at..).unwrap_or_default() {
                let window = Span::new(first.start, last.end);
                let piece = window.of(written).unwrap_or_default();
                let char_count = piece.chars().count();
                if char_count > WINDOW_CHARS_MAX {
                    break;
                }
                let is_whole = piece.len() == written.len();
                let inside = cut
                    .iter()
                    .filter(|(span, _)| span.start >= window.start && span.end <= window.end);
                let is_single =
                    |span: &Span| span.of(written).is_some_and(|word| word.chars().count() == 1);
                // What consists of words of the dictionary was hardly mistyped.
                let is_odd = inside.clone().any(|(span, _)| is_single(span));
                let enough = if is_whole { 2 } else { 3 };
                if char_count < enough || !(is_odd || is_whole) || self.known(piece).is_some() {
                    continue;
                }
                let span = Span::new(run.start + window.start, run.start + window.end);
                parts.extend(self.meant(piece, span));
            }
        }
        parts
    }

    fn meant(&self, piece: &str, span: Span) -> Vec<Part> {
        let found = self.slips.find(piece, &self.entries).into_iter();
        let told = found.filter_map(|(of, slip)| {
            let (entry, article_count, _) = self.entries.get(of as usize)?;
            Some(Part {
                span,
                written: piece.to_owned(),
                meant: entry.text.to_string(),
                kind: entry.kind,
                article_count: *article_count,
                slip: Some(slip),
            })
        });
        told.collect()
    }
}

/// Runs of characters, and runs of letters, in normalized `text`.
fn runs(text: &str) -> Vec<Span> {
    let class = |c: char| match c {
        'a'..='z' | '\'' => 1,
        c if c.is_alphanumeric() && !c.is_ascii() => 2,
        _ => 0,
    };
    let mut runs: Vec<Span> = Vec::new();
    let mut before = 0;
    for (at, c) in text.char_indices() {
        let (end, class) = (at + c.len_utf8(), class(c));
        match runs.last_mut().filter(|_| class == before && class != 0) {
            Some(run) => run.end = end,
            None if class != 0 => runs.push(Span::new(at, end)),
            None => {}
        }
        before = class;
    }
    runs
}

/// The query with the best choice in each place, then with the other choices in one place after the other.
fn alternatives(query: &str, chosen: &[Vec<Part>], limit: usize) -> Vec<Correction> {
    let best: Vec<&Part> = chosen.iter().filter_map(|choices| choices.first()).collect();
    let mut found: Vec<Correction> = Vec::new();
    let mut add = |parts: Vec<&Part>| {
        let mut text = String::new();
        let mut behind = 0;
        for part in &parts {
            text.push_str(query.get(behind..part.span.start).unwrap_or_default());
            text.push_str(&part.meant);
            behind = part.span.end;
        }
        text.push_str(query.get(behind..).unwrap_or_default());
        if found.len() < limit && text != query && found.iter().all(|one| one.query != text) {
            found.push(Correction { query: text, parts: parts.into_iter().cloned().collect() });
        }
    };
    if best.is_empty() {
        return Vec::new();
    }
    add(best.clone());
    for (at, choices) in chosen.iter().enumerate() {
        for other in choices.iter().skip(1) {
            let parts = best.iter().enumerate();
            add(parts.map(|(place, part)| if place == at { other } else { *part }).collect());
        }
    }
    found
}
