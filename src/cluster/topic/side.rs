//! Terms of texts in a form that is quick to compare with those of many others.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use crate::topic::vocabulary::Vocabulary;
use crate::topic::vocabulary::Weighted;
use wenmai_domain::terms::TermVector;

/// Terms of a new article, weighed by how rare they are, each under its number of the [`Vocabulary`].
///
/// A comparison looks up every term of another article, nearly all of which are not there: a bit for
/// each number says so, and the bits before it say where the weight stands.
pub(super) struct Side<const TEXTS: usize> {
    marks: Vec<Mark>,
    /// By rising number; one for each of the texts, 0 where it lacks the term.
    weights: Vec<[f32; TEXTS]>,
    /// The length of each of the vectors, with the terms that the vocabulary does not know.
    pub(super) lengths: [f32; TEXTS],
    /// The numbers and weights of each of the texts.
    pub(super) terms: [Vec<Weighted>; TEXTS],
}

/// Which of 64 numbers have weights, and how many before them have.
#[derive(Clone, Copy, Default)]
struct Mark {
    bits: u64,
    before: u32,
}

impl<const TEXTS: usize> Side<TEXTS> {
    pub(super) fn new(vocabulary: &Vocabulary, texts: [&TermVector; TEXTS]) -> Self {
        let mut lengths = [0.0; TEXTS];
        let mut terms = [const { Vec::new() }; TEXTS];
        for ((text, length), terms) in texts.into_iter().zip(&mut lengths).zip(&mut terms) {
            let mut square = 0.0;
            for (number, weight, idf) in vocabulary.read(text) {
                let weight = weight * idf;
                square += weight * weight;
                terms.extend(number.map(|number| (number, weight)));
            }
            *length = square.sqrt();
        }
        let mut all: Vec<(u32, [f32; TEXTS])> = Vec::new();
        for (at, terms) in terms.iter().enumerate() {
            all.extend(terms.iter().map(|(number, weight)| {
                let mut weights = [0.0; TEXTS];
                weights.iter_mut().skip(at).take(1).for_each(|place| *place = *weight);
                (*number, weights)
            }));
        }
        all.sort_unstable_by_key(|(number, _)| *number);
        all.dedup_by(|(number, later), (kept, weights)| {
            let is_same = number == kept;
            if is_same {
                // Each text has a term once: of the two weights at a place, one is 0.
                weights.iter_mut().zip(later).for_each(|(sum, weight)| *sum += *weight);
            }
            is_same
        });
        let mut marks = vec![Mark::default(); vocabulary.len().div_ceil(64)];
        for (number, _) in &all {
            if let Some(mark) = marks.get_mut(*number as usize / 64) {
                mark.bits |= 1_u64 << (number % 64);
            }
        }
        let mut before = 0;
        for mark in &mut marks {
            mark.before = before;
            before += mark.bits.count_ones();
        }
        let weights = all.into_iter().map(|(_, weights)| weights).collect();
        Self { marks, weights, lengths, terms }
    }

    /// The weights of the term with this number, 0 in a text that lacks it.
    #[inline]
    pub(super) fn weights(&self, number: u32) -> [f32; TEXTS] {
        let mark = self.marks.get(number as usize / 64).copied().unwrap_or_default();
        let bit = 1_u64 << (number % 64);
        if mark.bits & bit == 0 {
            return [0.0; TEXTS];
        }
        let place = mark.before + (mark.bits & (bit - 1)).count_ones();
        self.weights.get(place as usize).copied().unwrap_or([0.0; TEXTS])
    }
}

/// A cosine from a sum of products, one length, and the square of the other.
pub(super) fn share(sum: f32, length: f32, square: f32) -> f32 {
    let lengths = length * square.sqrt();
    if lengths > 0.0 { (sum / lengths).clamp(0.0, 1.0) } else { 0.0 }
}

/// The summed weights of several texts, in the order in which their terms came.
#[derive(Default)]
pub(super) struct Sums {
    places: HashMap<u32, u32, FxBuildHasher>,
    sums: Vec<Weighted>,
}

impl Sums {
    /// Adds up the terms of texts.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t [Weighted]>) -> Self {
        let mut all = Self::default();
        for (number, weight) in texts.flatten() {
            let next = u32::try_from(all.sums.len()).unwrap_or(u32::MAX);
            let place = *all.places.entry(*number).or_insert(next);
            if place == next {
                all.sums.push((*number, 0.0));
            }
            if let Some((_, sum)) = all.sums.get_mut(place as usize) {
                *sum += weight;
            }
        }
        all
    }

    /// Each sum times how rare its term is.
    fn weighed<'s>(&'s self, vocabulary: &'s Vocabulary) -> impl Iterator<Item = Weighted> + 's {
        let weigh = |(number, sum): &Weighted| (*number, sum * vocabulary.idf(*number));
        self.sums.iter().map(weigh)
    }

    /// Whether all their terms are so common that they say nothing, or there are none.
    pub(super) fn is_silent(&self, vocabulary: &Vocabulary) -> bool {
        self.weighed(vocabulary).all(|(_, weight)| weight <= 0.0)
    }

    /// The cosine between two of them, terms weighed by how rare they are.
    pub(super) fn cosine(&self, other: &Self, vocabulary: &Vocabulary) -> f32 {
        let square = |sums: &Self| -> f32 {
            sums.weighed(vocabulary).map(|(_, weight)| weight * weight).sum()
        };
        let both = self.weighed(vocabulary).filter_map(|(number, weight)| {
            let (_, sum) = other.sums.get(*other.places.get(&number)? as usize)?;
            Some(weight * (sum * vocabulary.idf(number)))
        });
        let both: f32 = both.sum();
        let lengths = (square(self) * square(other)).sqrt();
        if lengths > 0.0 { (both / lengths).clamp(0.0, 1.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Side;
    use super::Sums;
    use crate::topic::vocabulary::Vocabulary;
    use wenmai_domain::terms::TermVector;

    fn terms(all: &[(u32, f32)]) -> TermVector {
        TermVector::from_weights(all.iter().copied())
    }

    /// A vocabulary of 200 articles, each with a term of its own and one that every third shares.
    fn vocabulary() -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for n in 0..200 {
            vocabulary.add(&terms(&[(n, 1.0), (1_000 + n % 30, 0.5)]));
        }
        vocabulary
    }

    #[test]
    fn each_text_has_its_own_weight_of_a_term() {
        let vocabulary = vocabulary();
        let text = terms(&[(3, 2.0), (70, 1.0), (131, 1.0), (9_999, 1.0)]);
        let title = terms(&[(70, 3.0), (190, 1.0)]);
        let side = Side::new(&vocabulary, [&text, &title]);
        for term in 0..200 {
            let one = terms(&[(term, 1.0)]);
            let (number, _, idf) = vocabulary.read(&one).next().unwrap();
            let weight = |of: &TermVector| {
                of.iter().find(|(other, _)| *other == term).map_or(0.0, |(_, weight)| weight * idf)
            };
            let found = side.weights(number.unwrap()).map(f32::to_bits);
            assert_eq!(found, [&text, &title].map(|of| weight(of).to_bits()), "{term}");
        }
        let unknown = side.weights(1_000_000);
        assert!(unknown.iter().all(|weight| weight.abs() < 1e-9), "a number that nobody gave");
        assert_eq!(
            side.terms.each_ref().map(Vec::len),
            [3, 2],
            "one that nobody holds has no number"
        );
    }

    #[test]
    fn sums_are_alike_as_far_as_they_share_rare_terms() {
        let mut vocabulary = vocabulary();
        let mut held = |all: &[(u32, f32)]| vocabulary.add(&terms(all));
        let (one, other) = (held(&[(1, 1.0), (2, 1.0)]), held(&[(2, 1.0), (3, 1.0)]));
        let far = held(&[(4, 1.0)]);
        let sums = |texts: &[&[(u32, f32)]]| Sums::of(texts.iter().copied());
        let both = sums(&[&one, &other]);
        assert!((both.cosine(&both, &vocabulary) - 1.0).abs() < 1e-6);
        let some = both.cosine(&sums(&[&one]), &vocabulary);
        assert!(some > 0.5 && some < 1.0, "{some}");
        assert!(both.cosine(&sums(&[&far]), &vocabulary).abs() < 1e-9);
        assert!(both.cosine(&Sums::default(), &vocabulary).abs() < 1e-9);
    }
}
