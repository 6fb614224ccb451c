//! How rare a term is among the articles of the window.

use std::collections::HashMap;
use std::collections::HashSet;

use rustc_hash::FxBuildHasher;

use wenmai_domain::terms::TermVector;

/// Terms of more articles than this share of the window say nothing and cost most.
const COMMON_SHARE: f32 = 0.15;
/// Of fewer articles no term is common.
const COMMON_MIN: u32 = 20;

/// A term by its number in the [`Vocabulary`], and how much it counts in its article.
pub(super) type Weighted = (u32, f32);

/// Terms of the articles in the window, numbered, with document counts. Numbers are used again when a
/// term is gone; they order nothing.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    numbers: HashMap<u32, u32, FxBuildHasher>,
    counts: Vec<u32>,
    /// The logarithm of each count: what a comparison reads, a hundred thousand times an article.
    count_logs: Vec<f32>,
    names: Vec<u32>,
    free: Vec<u32>,
    /// `ln(n + 0.5)` by `n`.
    logs: Vec<f32>,
    /// The logarithm that belongs to all articles, and the highest of a term that is not common.
    all_log: f32,
    common_log: f32,
    article_count: u32,
}

impl Vocabulary {
    /// Takes in the terms of an article, in the order of the vector.
    pub(super) fn add(&mut self, terms: &TermVector) -> Box<[Weighted]> {
        self.hold(self.article_count + 1);
        terms.iter().map(|(term, weight)| (self.count(term), weight)).collect()
    }

    /// From now on there are `article_count` articles.
    fn hold(&mut self, article_count: u32) {
        self.article_count = article_count;
        while self.logs.len() <= article_count.max(COMMON_MIN) as usize + 1 {
            self.logs.push((as_f32(self.logs.len()) + 0.5).ln());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count, not negative"
        )]
        let most = (COMMON_SHARE * as_f32(article_count as usize)) as u32;
        self.all_log = self.log(article_count + 1);
        self.common_log = self.log(most.max(COMMON_MIN));
    }

    fn log(&self, count: u32) -> f32 {
        self.logs.get(count as usize).copied().unwrap_or(0.0)
    }

    fn count(&mut self, term: u32) -> u32 {
        let number = match self.numbers.get(&term) {
            Some(number) => *number,
            None => self.number(term),
        };
        if let Some(count) = self.counts.get_mut(number as usize) {
            *count += 1;
            let count = *count;
            self.relog(number, count);
        }
        number
    }

    fn relog(&mut self, number: u32, count: u32) {
        let log = self.log(count);
        if let Some(place) = self.count_logs.get_mut(number as usize) {
            *place = log;
        }
    }

    fn number(&mut self, term: u32) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.counts.push(0);
            self.count_logs.push(0.0);
            self.names.push(0);
            u32::try_from(self.counts.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(name) = self.names.get_mut(number as usize) {
            *name = term;
        }
        self.numbers.insert(term, number);
        number
    }

    /// Takes the terms of an article out again.
    pub(super) fn remove(&mut self, terms: &[Weighted]) {
        self.hold(self.article_count.saturating_sub(1));
        for (number, _) in terms {
            let Some(count) = self.counts.get_mut(*number as usize) else { continue };
            *count = count.saturating_sub(1);
            let count = *count;
            self.relog(*number, count);
            if count == 0 {
                if let Some(name) = self.names.get(*number as usize) {
                    self.numbers.remove(name);
                }
                self.free.push(*number);
            }
        }
    }

    /// Those of `terms` that `text`, which was added, holds too; a headline's are part of its text's.
    pub(super) fn within(&self, terms: &TermVector, text: &[Weighted]) -> Box<[Weighted]> {
        let text: HashSet<u32, FxBuildHasher> = text.iter().map(|(number, _)| *number).collect();
        let known = |(term, weight)| Some((*self.numbers.get(&term)?, weight));
        terms.iter().filter_map(known).filter(|(number, _)| text.contains(number)).collect()
    }

    /// The terms of an article that is not in the window; a term that no article there holds has
    /// `None`.
    pub(super) fn read(&self, terms: &TermVector) -> Vec<(Option<u32>, f32)> {
        terms.iter().map(|(term, weight)| (self.numbers.get(&term).copied(), weight)).collect()
    }

    /// The inverse document frequency `ln((N + 1.5) / (n + 0.5))`; 0 for a term that is common.
    #[inline]
    pub(super) fn idf(&self, number: Option<u32>) -> f32 {
        let known = number.and_then(|number| self.count_logs.get(number as usize).copied());
        let log = known.unwrap_or_else(|| self.log(0));
        if log > self.common_log { 0.0 } else { (self.all_log - log).max(0.0) }
    }

    /// The length of a table over all numbers.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts in a window are far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;
    use wenmai_domain::terms::TermVector;

    fn terms(all: &[u32]) -> TermVector {
        TermVector::from_weights(all.iter().map(|term| (*term, 1.0)))
    }

    #[test]
    fn a_rare_term_counts_more_and_a_removed_one_is_forgotten() {
        let mut vocabulary = Vocabulary::default();
        let first = vocabulary.add(&terms(&[1, 2]));
        vocabulary.add(&terms(&[1, 3]));
        let idf = |vocabulary: &Vocabulary, term: u32| {
            vocabulary.idf(vocabulary.read(&terms(&[term])).first().unwrap().0)
        };
        assert!(idf(&vocabulary, 2) > idf(&vocabulary, 1));
        assert!(idf(&vocabulary, 9) > idf(&vocabulary, 2));
        vocabulary.remove(&first);
        assert_eq!(vocabulary.read(&terms(&[2])), [(None, 1.0)]);
        let again = vocabulary.add(&terms(&[2, 7]));
        assert_eq!(vocabulary.counts.len(), 4, "a free number is used again: {again:?}");
    }

    #[test]
    fn what_most_articles_hold_counts_nothing() {
        let mut vocabulary = Vocabulary::default();
        for n in 0..40 {
            vocabulary.add(&terms(&[1, 100 + n]));
        }
        let read = vocabulary.read(&terms(&[1, 100]));
        let idf: Vec<f32> = read.iter().map(|(number, _)| vocabulary.idf(*number)).collect();
        assert!(idf[0].abs() < 1e-9 && idf[1] > 3.0, "{idf:?}");
    }
}
