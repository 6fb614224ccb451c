//! What is told of a set already, and whether a piece would tell it again.

use rustc_hash::FxHashSet;

use super::Key;
use super::keys;
use crate::reading::Offer;
use crate::reading::Reading;
use crate::unit::PairSet;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::share;

/// Share of what was told that a piece may hold: it would tell that again in more words.
const SWALLOWED_MAX: f32 = 0.6;
/// Share of the words of one of two pieces, but for names, numbers and dates, that the other may hold
/// where both are of one person, place or number; and where they are of several.
const ALIKE_MAX: f32 = 0.3;
const ALIKE_SEVERAL_MAX: f32 = 0.2;
/// The same where a piece brings a number of its own.
const ALIKE_COUNTED_MAX: f32 = 0.4;

/// What is told already.
#[derive(Default)]
pub(crate) struct Told<'r> {
    pub(super) facts: FxHashSet<Key<'r>>,
    pub(super) pairs: PairSet,
    /// Each piece.
    pub(super) pieces: Vec<(&'r Reading<'r>, &'r Offer)>,
}

impl<'r> Told<'r> {
    /// Tells `offer` of `reading`.
    pub(crate) fn add(&mut self, reading: &'r Reading<'_>, offer: &'r Offer) {
        self.facts.extend(keys(reading, offer));
        self.pairs.extend(&offer.pairs);
        self.pieces.push((reading, offer));
    }

    /// The pairs of all that is told.
    pub(crate) fn pairs(&self) -> &PairSet {
        &self.pairs
    }

    /// Whether `offer` of `reading` tells again what one piece told before it says: it holds most of that
    /// piece, or is of the same persons, places or numbers and shares too many of the other words.
    pub(super) fn is_again(&self, reading: &Reading<'_>, offer: &Offer) -> bool {
        let held = |of: &[u64], by: &[u64]| {
            of.iter().filter(|pair| by.binary_search(pair).is_ok()).count()
        };
        let is_new = |key: &Key<'_>| key.0 == Kind::Number && !self.facts.contains(key);
        let counts = keys(reading, offer).any(|key| is_new(&key));
        self.pieces.iter().any(|(from, piece)| {
            let swallowed = share(held(&piece.pairs, &offer.pairs), piece.pairs.len().max(1));
            let shorter = piece.content.len().min(offer.content.len()).max(1);
            let alike = share(held(&piece.content, &offer.content), shorter);
            let anchors = || {
                let facts: FxHashSet<Key<'_>> = keys(from, piece).collect();
                let shared = keys(reading, offer).filter(|key| facts.contains(key));
                shared.collect::<FxHashSet<Key<'_>>>().len()
            };
            swallowed > SWALLOWED_MAX
                || alike >= if counts { ALIKE_COUNTED_MAX } else { ALIKE_SEVERAL_MAX }
                    && match anchors() {
                        0 => alike >= ALIKE_COUNTED_MAX,
                        1 => alike >= ALIKE_MAX,
                        _ => true,
                    }
        })
    }
}
