//! A fixed picture of what an archive names, which completes and corrects.
//!
//! Texts are sorted from each place at which one may begin to type them, and by their pinyin; of a range of
//! keys the weightiest are found without looking at all of them (`ranges`).

mod correct;

use std::sync::Arc;

use crate::lexicon::Entry;
use crate::lexicon::Kind;
use crate::ranges::Key;
use crate::ranges::Ranges;
use crate::slip::Slips;
use crate::sound;
use wenmai_text::normalize::normal;

pub use crate::slip::Slip;
pub use correct::Correction;
pub use correct::Part;

/// Keys that one completion looks at, at most.
const LOOKED_AT_MAX: usize = 2_000;
/// Suggestions of one answer at most.
pub const SUGGESTIONS_MAX: usize = 50;
/// Of the suggestions, names and words have this share before headlines, in percent.
const NAMES_PERCENT: usize = 60;
/// What the beginning of a text weighs above a place inside it, for a name: as much as ten times the articles.
const START_WEIGHT: f32 = 230.0;
/// What a factor of e in the number of articles weighs.
const COUNT_WEIGHT: f32 = 100.0;
/// Days that the beginning of a headline is worth above a place inside it.
const START_DAYS: i32 = 365;

/// How a suggestion was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Found {
    /// It holds what was typed, from the beginning of a word on.
    Text,
    /// What was typed is its pinyin so far, in full or by initials, or sounds like it.
    Sound,
    /// It differs from what was typed as typing slips do.
    Slip,
}

/// What may be typed to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The text, as printed.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// How many articles have it.
    pub article_count: u32,
    /// How it was found.
    pub found: Found,
}

/// A fixed picture of an archive's names.
#[derive(Debug, Default)]
pub struct Index {
    /// Each with the number of articles and the newest day; by kind and text.
    entries: Vec<(Arc<Entry>, u32, i32)>,
    names: Ranges,
    titles: Ranges,
    name_sounds: Ranges,
    title_sounds: Ranges,
    slips: Slips,
    article_count: usize,
}

impl Index {
    pub(crate) fn new(entries: Vec<(Arc<Entry>, u32, i32)>, article_count: usize) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut keys = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let [names, titles, name_sounds, title_sounds] = &mut keys;
        for (at, (entry, count, day)) in entries.iter().enumerate() {
            let is_title = entry.kind == Kind::Title;
            let weigh = |is_start| weight(is_title, *count, *day, is_start);
            let texts = if is_title { &mut *titles } else { &mut *names };
            let key = |from, weight| Key { of: number(at), from, weight };
            texts.extend(entry.starts.iter().map(|from| key(*from, weigh(*from == 0))));
            let sounds = if is_title { &mut *title_sounds } else { &mut *name_sounds };
            let places = (0_u16..).zip(&entry.sounds);
            sounds.extend(places.map(|(from, _)| key(from, weigh(from % 2 == 0))));
        }
        let [names, titles, name_sounds, title_sounds] = keys;
        let text = |key: Key| text(&entries, key);
        let sound = |key: Key| spelled(&entries, key);
        let (names, titles) = (Ranges::new(names, text), Ranges::new(titles, text));
        let name_sounds = Ranges::new(name_sounds, sound);
        let title_sounds = Ranges::new(title_sounds, sound);
        let slips = Slips::new((0..).zip(entries.iter().map(|(entry, ..)| &**entry)));
        Self { entries, names, titles, name_sounds, title_sounds, slips, article_count }
    }

    /// How many articles it was made of.
    #[must_use]
    pub fn article_count(&self) -> usize {
        self.article_count
    }

    /// How many different texts it suggests.
    #[must_use]
    pub fn text_count(&self) -> usize {
        self.entries.len()
    }

    /// Bytes that it takes beside the texts, which the lexicon counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let ranges = [&self.names, &self.titles, &self.name_sounds, &self.title_sounds];
        let ranges: usize = ranges.into_iter().map(Ranges::bytes).sum();
        self.entries.capacity() * size_of::<(Arc<Entry>, u32, i32)>() + ranges + self.slips.bytes()
    }

    /// What `typed` may become, at most `limit`: names and words by the number of articles, then headlines, the
    /// newest first. Of two words the last one is completed. Empty where nothing begins so.
    #[must_use]
    pub fn complete(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        let limit = limit.min(SUGGESTIONS_MAX);
        let whole = normal(typed);
        let asked: String = whole.split_whitespace().collect();
        if asked.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut found = self.of_one(&asked, limit);
        let mut words = whole.split_whitespace().rev();
        if let Some(last) = words.next().filter(|_| found.len() < limit)
            && words.next().is_some()
        {
            let before = typed.trim().rsplit_once(char::is_whitespace).map_or("", |(all, _)| all);
            for mut one in self.of_one(last, limit - found.len()) {
                // What only holds the word somewhere would say something else.
                let begins = one.found != Found::Text || normal(&one.text).starts_with(last);
                if begins && one.kind != Kind::Title && !before.contains(&one.text) {
                    one.text = format!("{} {}", before.trim_end(), one.text);
                    found.push(one);
                }
            }
        }
        found
    }

    /// What one word may become.
    fn of_one(&self, asked: &str, limit: usize) -> Vec<Suggestion> {
        let (names, titles) = (&self.names, &self.titles);
        let by_text = |ranges: &Ranges| {
            let keys =
                ranges.top(asked, (limit, LOOKED_AT_MAX), |key| text(&self.entries, key), |_| true);
            keys.into_iter().map(|key| (key.of, Found::Text)).collect::<Vec<_>>()
        };
        let (mut names, mut titles) = (by_text(names), by_text(titles));
        if names.len() < limit {
            names.extend(self.by_sound(asked, &self.name_sounds, limit));
        }
        if titles.len() < limit {
            titles.extend(self.by_sound(asked, &self.title_sounds, limit));
        }
        if names.len() < limit {
            names.extend(
                self.slips.find(asked, &self.entries).into_iter().map(|(of, _)| (of, Found::Slip)),
            );
        }
        let first = (limit * NAMES_PERCENT).div_ceil(100);
        let (head, tail) = names.split_at(first.min(names.len()));
        let mut suggestions: Vec<Suggestion> = Vec::new();
        for (of, found) in head.iter().chain(&titles).chain(tail) {
            let Some((entry, count, _)) = self.entries.get(*of as usize) else { continue };
            if suggestions.len() < limit && !suggestions.iter().any(|one| *one.text == *entry.text)
            {
                suggestions.push(Suggestion {
                    text: entry.text.to_string(),
                    kind: entry.kind,
                    article_count: *count,
                    found: *found,
                });
            }
        }
        // What was typed exactly comes before what is longer, as far as it is a name.
        suggestions.sort_by_key(|one| normal(&one.text) != asked || one.kind == Kind::Title);
        suggestions
    }

    /// What begins with the sound of `asked`: pinyin, characters that sound so, or characters with pinyin
    /// behind them (王pu).
    fn by_sound(&self, asked: &str, ranges: &Ranges, limit: usize) -> Vec<(u32, Found)> {
        let letters: String = asked.chars().filter(|c| *c != '\'').collect();
        let tail = letters.trim_start_matches(|c: char| !c.is_ascii());
        let head = letters.strip_suffix(tail).unwrap_or_default();
        let is_pinyin = letters.chars().all(|c| c.is_ascii_alphanumeric());
        let is_mixed = !head.is_empty() && sound::is_typed(tail);
        let has_no_sound = asked.chars().count() < 2 && !is_pinyin;
        if has_no_sound || (!is_pinyin && !is_mixed && !tail.is_empty()) {
            return Vec::new();
        }
        let spelled_head =
            sound::spellings(head, usize::MAX).into_iter().next().unwrap_or_default();
        let start = if is_pinyin { letters.clone() } else { spelled_head.full + tail };
        // A single letter begins too much to say anything by its full spelling alone.
        let rest = |key: Key| spelled(&self.entries, key);
        let keep = |key: Key| {
            let entry = self.entries.get(key.of as usize).map(|(entry, ..)| entry);
            entry.is_some_and(|entry| !is_mixed || entry.normal().starts_with(head))
        };
        let keys = ranges.top(&start, (limit, LOOKED_AT_MAX), rest, keep);
        keys.into_iter().map(|key| (key.of, Found::Sound)).collect()
    }

    /// The name or word that is exactly `normal`, with the number of its articles; not a headline.
    fn known(&self, normal: &str) -> Option<(Kind, u32)> {
        let rest = |key: Key| text(&self.entries, key);
        let whole = |key: Key| key.from == 0 && rest(key) == normal;
        let key = self.names.top(normal, (1, LOOKED_AT_MAX), rest, whole).into_iter().next()?;
        self.entries.get(key.of as usize).map(|(entry, count, _)| (entry.kind, *count))
    }

    /// The kinds under which the archive knows a name that is exactly `name`, as printed there.
    #[must_use]
    pub fn kinds_of(&self, name: &str) -> Vec<(Kind, String, u32)> {
        let normal = normal(name);
        let rest = |key: Key| text(&self.entries, key);
        let whole = |key: Key| key.from == 0 && rest(key) == normal;
        let keys = self.names.top(&normal, (8, LOOKED_AT_MAX), rest, whole);
        let named = keys.into_iter().filter_map(|key| self.entries.get(key.of as usize));
        named.map(|(entry, count, _)| (entry.kind, entry.text.to_string(), *count)).collect()
    }
}

/// What a text weighs among those that begin alike.
fn weight(is_title: bool, count: u32, day: i32, is_start: bool) -> u16 {
    if is_title {
        let days = day.max(0) + if is_start { START_DAYS } else { 0 };
        return u16::try_from(days).unwrap_or(u16::MAX);
    }
    #[expect(clippy::cast_precision_loss, reason = "a weight may be off by a millionth")]
    let count = (count as f32).ln_1p() * COUNT_WEIGHT;
    let weight = count + if is_start { START_WEIGHT } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 3,000")]
    let weight = weight as u16;
    weight
}

/// The text that a key points into, from there on.
fn text(entries: &[(Arc<Entry>, u32, i32)], key: Key) -> &str {
    let entry = entries.get(key.of as usize).map(|(entry, ..)| entry);
    entry.and_then(|entry| entry.normal().get(usize::from(key.from)..)).unwrap_or_default()
}

/// The spelling that a key points to.
fn spelled(entries: &[(Arc<Entry>, u32, i32)], key: Key) -> &str {
    let entry = entries.get(key.of as usize).map(|(entry, ..)| entry);
    entry.and_then(|entry| entry.sounds.get(usize::from(key.from))).map_or("", |sound| sound)
}

#[cfg(test)]
mod tests;
