//! Finds the names and words that a mistyped one may mean: that sound alike, differ in one character, or
//! have two characters in the other order.

use std::sync::Arc;

use crate::lexicon::Entry;
use crate::lexicon::Kind;
use crate::sound;

/// Characters of what is looked up, at least and at most.
const CHARS: std::ops::RangeInclusive<usize> = 2..=12;
/// Characters from which on another character is a slip; in shorter texts it is another word.
const OTHER_CHARACTER_MIN: usize = 3;

/// How a text differs from what was typed; the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slip {
    /// It sounds the same.
    SameSound,
    /// It sounds alike: z for zh, n for ng.
    NearSound,
    /// Two neighbouring characters stand the other way round.
    Swapped,
    /// One character is another.
    OneCharacter,
}

/// Hashes of what is left of each text when a slip is allowed for.
#[derive(Debug, Default)]
pub(crate) struct Slips(Vec<(u32, u32)>);

impl Slips {
    pub(crate) fn new<'e>(entries: impl Iterator<Item = (u32, &'e Entry)>) -> Self {
        let mut keys = Vec::new();
        for (at, entry) in entries.filter(|(_, entry)| entry.kind != Kind::Title) {
            let chars: Vec<char> = entry.normal().chars().collect();
            let has_sound = chars.iter().all(|c| !c.is_ascii());
            if has_sound && CHARS.contains(&chars.len()) {
                keys.extend(hashes(&chars).into_iter().map(|hash| (hash, at)));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        Self(keys)
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u32, u32)>()
    }

    /// The entries that normalized `typed` may mean, each with the nearest slip, in the order of entries.
    pub(crate) fn find(&self, typed: &str, entries: &[(Arc<Entry>, u32, i32)]) -> Vec<(u32, Slip)> {
        let chars: Vec<char> = typed.chars().collect();
        if !CHARS.contains(&chars.len()) || chars.iter().any(char::is_ascii) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for hash in hashes(&chars) {
            let from = self.0.partition_point(|(known, _)| *known < hash);
            let same = self.0.get(from..).unwrap_or_default().iter();
            found.extend(same.take_while(|(known, _)| *known == hash).map(|(_, at)| *at));
        }
        found.sort_unstable();
        found.dedup();
        let told = |at: u32| {
            let entry = &entries.get(at as usize)?.0;
            Some((at, slip(&chars, &entry.normal().chars().collect::<Vec<_>>())?))
        };
        found.into_iter().filter_map(told).collect()
    }
}

/// How `meant` differs from `typed`; `None` if they are the same, or too different.
fn slip(typed: &[char], meant: &[char]) -> Option<Slip> {
    if typed.len() != meant.len() || typed == meant {
        return None;
    }
    let syllables = |chars: &[char]| sound::syllables(&chars.iter().collect::<String>());
    if let (Some(typed), Some(meant)) = (syllables(typed), syllables(meant)) {
        if typed == meant {
            return Some(Slip::SameSound);
        }
        let blur = |all: &[String]| all.iter().map(|one| sound::blurred(one)).collect::<Vec<_>>();
        if blur(&typed) == blur(&meant) {
            return Some(Slip::NearSound);
        }
    }
    let differ: Vec<usize> =
        (0..typed.len()).filter(|at| typed.get(*at) != meant.get(*at)).collect();
    match differ.as_slice() {
        [first, second] if typed.len() >= OTHER_CHARACTER_MIN && *second == first + 1 => {
            let swapped =
                typed.get(*first) == meant.get(*second) && typed.get(*second) == meant.get(*first);
            swapped.then_some(Slip::Swapped)
        }
        [_] if typed.len() >= OTHER_CHARACTER_MIN => Some(Slip::OneCharacter),
        _ => None,
    }
}

/// The hashes by which a text and its slips meet: of its blurred sound, of its characters in their order by
/// number, and of its characters with one left open.
fn hashes(chars: &[char]) -> Vec<u32> {
    let mut found = Vec::with_capacity(chars.len() + 2);
    if let Some(syllables) = sound::syllables(&chars.iter().collect::<String>()) {
        let blurred = syllables.iter().map(|one| sound::blurred(one));
        found.push(hash(1, blurred.flat_map(|one| (one + " ").into_bytes())));
    }
    if chars.len() >= OTHER_CHARACTER_MIN {
        let bytes = |chars: &[char]| chars.iter().collect::<String>().into_bytes();
        let mut sorted = chars.to_vec();
        sorted.sort_unstable();
        found.push(hash(2, bytes(&sorted)));
        for open in 0..chars.len() {
            let mut masked = chars.to_vec();
            if let Some(c) = masked.get_mut(open) {
                *c = '?';
            }
            found.push(hash(3, bytes(&masked)));
        }
    }
    found
}

/// FNV-1a, 64 bits folded to 32.
fn hash(way: u8, bytes: impl IntoIterator<Item = u8>) -> u32 {
    let hash = std::iter::once(way).chain(bytes).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    #[expect(clippy::cast_possible_truncation, reason = "folding takes both halves")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}
