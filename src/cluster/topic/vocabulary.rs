//! How rare a term is among the articles of the window.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use wenmai_domain::terms::TermVector;

/// Terms of more articles than this share of the window say nothing and cost most.
const COMMON_SHARE: f32 = 0.15;
/// Of fewer articles no term is common.
const COMMON_MIN: u32 = 20;

/// A term by its number in the [`Vocabulary`], and how much it counts in its article.
pub(super) type Weighted = (u32, f32);

/// How common terms are in news at large: of so many articles, how many hold each.
///
/// They stand behind the articles of the window, so that in an archive of a few articles 今天 counts as
/// little, and a name as much, as in one of many.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Background {
    article_count: u32,
    /// By the index of the term; a term of none is not there.
    counts: HashMap<u32, u32, FxBuildHasher>,
}

impl Background {
    /// Of `article_count` articles so many hold each term, which is given by its index.
    #[must_use]
    pub fn new(article_count: u32, counts: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let counts = counts.into_iter().map(|(term, count)| (term, count.min(article_count)));
        Self { article_count, counts: counts.filter(|(_, count)| *count > 0).collect() }
    }

    /// How rare a term is: `ln(1 + (N − n + 0.5) / (n + 0.5))` with `N` articles of which `n` hold
    /// it, above 0, and highest for a term that none holds.
    #[must_use]
    pub fn rarity(&self, term: u32) -> f32 {
        let count = f64::from(self.count(term));
        let others = f64::from(self.article_count) - count;
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm, at most 22")]
        let rarity = f64::ln_1p((others + 0.5) / (count + 0.5)) as f32;
        rarity
    }

    fn count(&self, term: u32) -> u32 {
        self.counts.get(&term).copied().unwrap_or(0)
    }
}

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
    background: Arc<Background>,
    /// `ln(n + 0.5)` by `n`.
    logs: Vec<f32>,
    /// The logarithm that belongs to all articles, and the highest of a term that is not common.
    all_log: f32,
    common_log: f32,
    article_count: u32,
}

impl Vocabulary {
    /// An empty one, with news at large behind it.
    pub(super) fn before(background: Arc<Background>) -> Self {
        Self { background, ..Self::default() }
    }

    /// Takes in the terms of an article, in the order of the vector.
    pub(super) fn add(&mut self, terms: &TermVector) -> Box<[Weighted]> {
        self.hold(self.article_count + 1);
        terms.iter().map(|(term, weight)| (self.count(term), weight)).collect()
    }

    /// From now on there are `article_count` articles.
    fn hold(&mut self, article_count: u32) {
        self.article_count = article_count;
        let article_count = article_count.saturating_add(self.background.article_count);
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
            self.relog(number, term, count);
        }
        number
    }

    fn relog(&mut self, number: u32, term: u32, count: u32) {
        let log = self.log(count + self.background.count(term));
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
            let Some(name) = self.names.get(*number as usize).copied() else { continue };
            self.relog(*number, name, count);
            if count == 0 {
                self.numbers.remove(&name);
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

    /// The numbers of those of `terms` that articles of the window hold, ascending, each once.
    pub(super) fn numbers(&self, terms: impl Iterator<Item = u32>) -> Box<[u32]> {
        let mut numbers: Vec<u32> =
            terms.filter_map(|term| self.numbers.get(&term).copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_boxed_slice()
    }

    /// The terms of an article that is not in the window, each with its number, its weight, and its
    /// inverse document frequency; a term that no article there holds has no number.
    pub(super) fn read<'t>(
        &'t self,
        terms: &'t TermVector,
    ) -> impl Iterator<Item = (Option<u32>, f32, f32)> + 't {
        terms.iter().map(|(term, weight)| {
            let number = self.numbers.get(&term).copied();
            let idf = match number {
                Some(number) => self.idf(number),
                None => self.idf_of(self.log(self.background.count(term))),
            };
            (number, weight, idf)
        })
    }

    /// The inverse document frequency `ln((N + 1.5) / (n + 0.5))` of the term with this number, where
    /// the articles at large count too; 0 for a term that is common.
    #[inline]
    pub(super) fn idf(&self, number: u32) -> f32 {
        self.idf_of(self.count_logs.get(number as usize).copied().unwrap_or(0.0))
    }

    #[inline]
    fn idf_of(&self, log: f32) -> f32 {
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
    use std::sync::Arc;

    use super::Background;
    use super::Vocabulary;
    use wenmai_domain::terms::TermVector;

    fn terms(all: &[u32]) -> TermVector {
        TermVector::from_weights(all.iter().map(|term| (*term, 1.0)))
    }

    fn idf(vocabulary: &Vocabulary, term: u32) -> f32 {
        vocabulary.read(&terms(&[term])).next().unwrap().2
    }

    #[test]
    fn a_rare_term_counts_more_and_a_removed_one_is_forgotten() {
        let mut vocabulary = Vocabulary::default();
        let first = vocabulary.add(&terms(&[1, 2]));
        vocabulary.add(&terms(&[1, 3]));
        assert!(idf(&vocabulary, 2) > idf(&vocabulary, 1));
        assert!(idf(&vocabulary, 9) > idf(&vocabulary, 2));
        vocabulary.remove(&first);
        assert_eq!(vocabulary.read(&terms(&[2])).next().unwrap().0, None);
        let again = vocabulary.add(&terms(&[2, 7]));
        assert_eq!(vocabulary.counts.len(), 4, "a free number is used again: {again:?}");
    }

    #[test]
    fn what_most_articles_hold_counts_nothing() {
        let mut vocabulary = Vocabulary::default();
        for n in 0..40 {
            vocabulary.add(&terms(&[1, 100 + n]));
        }
        let idf = [1, 100].map(|term| idf(&vocabulary, term));
        assert!(idf[0].abs() < 1e-9 && idf[1] > 3.0, "{idf:?}");
    }

    #[test]
    fn what_all_news_say_is_common_among_two_articles_too() {
        let background = Background::new(1_000, [(1, 100), (2, 400), (3, 0)]);
        let mut vocabulary = Vocabulary::before(Arc::new(background));
        vocabulary.add(&terms(&[1, 2, 3]));
        let held = vocabulary.add(&terms(&[1, 2, 3]));
        let idf = [1, 2, 3, 4].map(|term| idf(&vocabulary, term));
        assert!(idf[0] > 0.0 && idf[2] > 2.5 * idf[0] && idf[3] > idf[2], "{idf:?}");
        assert!(idf[1].abs() < 1e-9, "two in five articles hold it: {idf:?}");
        vocabulary.remove(&held);
        assert!(self::idf(&vocabulary, 3) > idf[2], "one article fewer holds it");
    }
}
