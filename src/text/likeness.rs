//! How alike two texts are by the pieces that they share.
//!
//! A piece is a gram: some neighbouring units, two in a bigram. The measures are those of the field,
//! over sets where a gram counts once and over lists where it counts as often as it stands there;
//! each says which. Nothing here normalizes a text or knows what its units are.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::hash::Hash;

/// Every two neighbouring units, in order.
pub fn bigrams<T: Copy>(units: impl IntoIterator<Item = T>) -> impl Iterator<Item = (T, T)> {
    let mut before = None;
    units.into_iter().filter_map(move |unit| before.replace(unit).map(|first| (first, unit)))
}

/// The different bigrams of the letters and digits of `text`: punctuation and space are passed over.
#[must_use]
pub fn letter_bigrams(text: &str) -> BTreeSet<(char, char)> {
    bigrams(text.chars().filter(|c| c.is_alphanumeric())).collect()
}

/// Every `N` neighbouring units, in order.
pub fn grams<T: Copy, const N: usize>(units: &[T]) -> impl Iterator<Item = [T; N]> + '_ {
    units.windows(N).filter_map(|gram| gram.try_into().ok())
}

/// How many grams two lists have in common: one that stands twice in both counts twice.
#[must_use]
pub fn shared_count<T: Eq + Hash>(left: &[T], right: &[T]) -> usize {
    let mut counts: HashMap<&T, usize> = HashMap::new();
    for one in right {
        *counts.entry(one).or_default() += 1;
    }
    let mut found = 0;
    for one in left {
        if let Some(count) = counts.get_mut(one).filter(|count| **count > 0) {
            *count -= 1;
            found += 1;
        }
    }
    found
}

/// Whether one of the grams of `left` stands in `right`.
pub fn shares_any<T: PartialEq>(left: impl IntoIterator<Item = T>, right: &[T]) -> bool {
    left.into_iter().any(|gram| right.contains(&gram))
}

/// `part` of `whole`, `[0, 1]`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^24")]
#[must_use]
pub fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Containment: the share of the list `of` that the set `among` holds, `[0, 1]`; 0 of an empty list.
/// A gram counts as often as it stands in the list.
#[must_use]
pub fn containment<T: Eq + Hash, S: BuildHasher>(of: &[T], among: &HashSet<T, S>) -> f32 {
    share(of.iter().filter(|one| among.contains(one)).count(), of.len())
}

/// Overlap coefficient: the share of the shorter list that the longer one holds, `[0, 1]`; 0 if one
/// is empty. A gram counts as often as it stands in the shorter list, and once in the longer one is
/// enough; of two lists as long as each other the first is the shorter. For short lists: it takes as
/// many steps as the product of their lengths.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^53")]
#[must_use]
pub fn overlap_coefficient<T: PartialEq>(left: &[T], right: &[T]) -> f64 {
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let shared = short.iter().filter(|one| long.contains(one)).count();
    if short.is_empty() { 0.0 } else { shared as f64 / short.len() as f64 }
}

/// Jaccard similarity of two sets: what both hold over what either holds, `[0, 1]`; 0 if both are
/// empty.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^53")]
#[must_use]
pub fn jaccard<T: Ord>(left: &BTreeSet<T>, right: &BTreeSet<T>) -> f64 {
    let shared = left.intersection(right).count();
    let all = left.len() + right.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// Dice coefficient, which is F1: of two lists of so many grams so many are shared, `[0, 1]`; 0 if
/// both are empty.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^53")]
#[must_use]
pub fn dice(shared: usize, left: usize, right: usize) -> f64 {
    if left + right == 0 { 0.0 } else { 2.0 * shared as f64 / (left + right) as f64 }
}

/// Cosine of how often two texts hold each gram, `[0, 1]`; 0 if one holds none.
#[must_use]
pub fn cosine<T: Ord>(left: &BTreeMap<T, f64>, right: &BTreeMap<T, f64>) -> f64 {
    let shared = left.iter().filter_map(|(gram, count)| Some(count * right.get(gram)?));
    let both: f64 = shared.sum();
    let length =
        |counts: &BTreeMap<T, f64>| counts.values().map(|count| count * count).sum::<f64>();
    let spread = length(left) * length(right);
    if spread > 0.0 { both / spread.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::BTreeSet;
    use std::collections::HashSet;
    use std::hash::RandomState;

    use proptest::prelude::*;

    use super::bigrams;
    use super::containment;
    use super::cosine;
    use super::dice;
    use super::grams;
    use super::jaccard;
    use super::letter_bigrams;
    use super::overlap_coefficient;
    use super::shared_count;
    use super::shares_any;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn grams_are_neighbours_in_order() {
        assert_eq!(bigrams("清河桥".chars()).collect::<Vec<_>>(), [('清', '河'), ('河', '桥')]);
        assert_eq!(bigrams("清".chars()).count(), 0);
        assert_eq!(grams(&['清', '河', '大', '桥']).collect::<Vec<[char; 3]>>().len(), 2);
        assert_eq!(grams::<char, 5>(&['清', '河']).count(), 0);
        assert_eq!(letter_bigrams("清，河！清河"), BTreeSet::from([('清', '河'), ('河', '清')]));
    }

    #[test]
    fn lists_count_what_stands_twice_and_sets_do_not() {
        let (left, right) = ([1, 1, 2, 3], [1, 1, 1, 4]);
        assert_eq!(shared_count(&left, &right), 2);
        close(dice(2, 4, 4), 0.5);
        close(containment(&left, &HashSet::from([1])).into(), 0.5);
        close(overlap_coefficient(&left[..2], &right), 1.0);
        close(jaccard(&BTreeSet::from(left), &BTreeSet::from(right)), 0.25);
        assert!(shares_any(left, &right) && !shares_any([2, 3], &right));
    }

    #[test]
    fn nothing_is_like_nothing() {
        close(dice(0, 0, 0), 0.0);
        close(containment::<u8, RandomState>(&[], &HashSet::new()).into(), 0.0);
        close(overlap_coefficient::<u8>(&[], &[1]), 0.0);
        close(jaccard::<u8>(&BTreeSet::new(), &BTreeSet::new()), 0.0);
        close(cosine::<u8>(&BTreeMap::new(), &BTreeMap::from([(1, 1.0)])), 0.0);
    }

    proptest! {
        #[test]
        fn a_measure_is_symmetric_and_full_only_of_the_same(
            left in prop::collection::vec(0_u8..6, 0..9), right in prop::collection::vec(0_u8..6, 0..9),
        ) {
            prop_assert_eq!(shared_count(&left, &right), shared_count(&right, &left));
            let set = |list: &[u8]| list.iter().copied().collect::<BTreeSet<u8>>();
            let (one, other) = (set(&left), set(&right));
            let like = jaccard(&one, &other);
            prop_assert!((0.0..=1.0).contains(&like));
            prop_assert_eq!(like.to_bits(), jaccard(&other, &one).to_bits());
            prop_assert_eq!(like > 1.0 - 1e-9, one == other && !one.is_empty());
        }
    }
}
