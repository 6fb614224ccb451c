//! How much of a text does another hold, and what does that make it?

use crate::cluster::reprint::Plain;
use crate::cluster::reprint::align::align;
use crate::cluster::reprint::facts::Changes;
use crate::cluster::reprint::numeral;
use crate::domain::reprint::Relation;

/// Both hold so much of each other: the same text.
const FULL_MIN: f64 = 0.8;
/// The shorter text, or what is left of it, stands in the other for so much.
const HELD_MIN: f64 = 0.75;
/// The other holds so much of the longer text, at least, to be a reprint of it.
const KEPT_MIN: f64 = 0.3;
/// So much of either makes a partial reprint worth naming.
const PART_MIN: f64 = 0.3;
/// Characters that must be the same, so that a stock phrase is not a text.
const MATCHED_MIN: usize = 60;
/// A text shorter than this must be the same but for misprints.
const SHORT_CHARS: usize = 80;
/// Characters that a text must have to be a reprint of anything.
const CHARS_MIN: usize = 16;

/// What two texts share, seen from both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// Characters that both print in the same order.
    pub matched: usize,
    /// Part of the left text that the right one holds, 0 to 1.
    pub of_left: f64,
    /// Part of the right text that the left one holds, 0 to 1.
    pub of_right: f64,
    /// Whether numbers, ordinals or places differ inside it.
    pub vetoed: bool,
    /// The characters of the shorter text.
    shorter: usize,
}

/// Aligns two texts and measures what they share.
#[must_use]
pub fn compare(left: &Plain, right: &Plain) -> Overlap {
    let found = align(left, right);
    let changes = Changes::between(left.chars(), right.chars(), &found.hunks);
    let (left_count, right_count) = (left.char_count(), right.char_count());
    let numerics = left.chars().iter().filter(|c| numeral::is_numeric(**c)).count();
    Overlap {
        matched: found.matched,
        of_left: part(found.matched, left_count),
        of_right: part(found.matched, right_count),
        vetoed: changes.veto(found.matched, numerics),
        shorter: left_count.min(right_count),
    }
}

impl Overlap {
    /// Whether the two print one text, whole or shortened: so that one stands for the other in a
    /// list.
    #[must_use]
    pub fn is_reprint(&self) -> bool {
        let (held, kept) = (self.of_left.max(self.of_right), self.of_left.min(self.of_right));
        if self.vetoed || self.shorter < CHARS_MIN {
            return false;
        }
        if self.shorter < SHORT_CHARS {
            return kept >= FULL_MIN;
        }
        held >= HELD_MIN && kept >= KEPT_MIN
    }

    /// What the two are to each other; `None` for no more than phrases in common, or another
    /// report in the same words.
    #[must_use]
    pub fn relation(&self) -> Option<Relation> {
        let (held, kept) = (self.of_left.max(self.of_right), self.of_left.min(self.of_right));
        if self.vetoed || self.shorter < CHARS_MIN {
            return None;
        }
        if kept >= FULL_MIN {
            return Some(Relation::Full);
        }
        (self.is_reprint() || (held >= PART_MIN && self.matched >= MATCHED_MIN))
            .then_some(Relation::Partial)
    }

    /// How alike the two are: the part of the longer text that both hold, 0 to 1.
    #[must_use]
    pub fn likeness(&self) -> f64 {
        self.of_left.min(self.of_right)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of characters, far below 2^53")]
fn part(matched: usize, count: usize) -> f64 {
    if count == 0 { 0.0 } else { (matched as f64 / count as f64).min(1.0) }
}
