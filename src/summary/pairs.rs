//! Pairs of neighbouring units of a body, each looked up once: what many features are made of.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::feature;
use crate::feature::Body;
use wenmai_text::likeness::share;

/// A pair of neighbouring units that stands in the body.
pub(super) struct Pair {
    /// Clauses that hold it.
    pub(super) clause_count: usize,
    /// The last of them.
    last: usize,
    /// Whether the first sentence holds it.
    pub(super) in_lead: bool,
    /// Whether the title does.
    pub(super) in_title: bool,
}

/// The pairs of a body, each looked up once.
pub(super) struct Pairs {
    all: Vec<Pair>,
    /// Of each clause, places in `all`.
    clauses: Vec<Vec<usize>>,
    /// Different pairs of the title.
    title_count: usize,
}

impl Pairs {
    /// Looks the pairs of `body` up among those of its title.
    pub(super) fn of(body: &Body<'_>, title: &[u64]) -> Self {
        let title: HashSet<u64> = title.iter().copied().collect();
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut all: Vec<Pair> = Vec::new();
        let mut clauses = Vec::with_capacity(body.bigrams.len());
        for (at, bigrams) in body.bigrams.iter().enumerate() {
            let in_lead = body.one_sentence(0, at);
            let mut found = Vec::with_capacity(bigrams.len());
            for bigram in bigrams {
                let place = *places.entry(*bigram).or_insert_with(|| {
                    let in_title = title.contains(bigram);
                    all.push(Pair { clause_count: 0, last: usize::MAX, in_lead, in_title });
                    all.len() - 1
                });
                if let Some(pair) = all.get_mut(place).filter(|pair| pair.last != at) {
                    pair.clause_count += 1;
                    pair.last = at;
                }
                found.push(place);
            }
            clauses.push(found);
        }
        Self { all, clauses, title_count: title.len() }
    }

    fn in_clause(&self, at: usize) -> impl Iterator<Item = &Pair> {
        self.clauses.get(at).into_iter().flatten().filter_map(|place| self.all.get(*place))
    }

    /// The share of the clause's pairs of which `holds` is true.
    pub(super) fn share_of(&self, at: usize, holds: impl Fn(&Pair) -> bool) -> f32 {
        let count = self.clauses.get(at).map_or(0, Vec::len);
        share(self.in_clause(at).filter(|pair| holds(pair)).count(), count)
    }

    /// How often the clause's pairs stand elsewhere: the mean of the logarithms.
    pub(super) fn repetition(&self, at: usize) -> f32 {
        let count = self.clauses.get(at).map_or(0, Vec::len);
        let sum: f32 = self.in_clause(at).map(|pair| feature::log(pair.clause_count - 1)).sum();
        sum / share(count.max(1), 1)
    }

    /// The share of the title that `clauses` hold.
    pub(super) fn title_covered(&self, clauses: std::ops::Range<usize>) -> f32 {
        let places = self.clauses.get(clauses).unwrap_or_default().iter().flatten().copied();
        let in_title = |place: &usize| self.all.get(*place).is_some_and(|pair| pair.in_title);
        let mut held: Vec<usize> = places.filter(in_title).collect();
        held.sort_unstable();
        held.dedup();
        share(held.len(), self.title_count)
    }
}

#[cfg(test)]
mod tests {
    use super::Pairs;
    use crate::feature::Body;
    use crate::unit::bigrams;
    use crate::unit::units;

    #[test]
    fn a_pair_knows_where_else_it_stands() {
        let body = Body::new("清河开闸，清河放水。麦田返青。");
        let pairs = Pairs::of(&body, &bigrams(&units("清河麦田")));
        // 清河 河开 开闸: the first stands in two clauses, and in the title of three pairs.
        assert!((pairs.share_of(0, |pair| pair.clause_count > 1) - 1.0 / 3.0).abs() < 1e-6);
        assert!((pairs.title_covered(0..1) - 1.0 / 3.0).abs() < 1e-6);
        assert!((pairs.title_covered(0..3) - 2.0 / 3.0).abs() < 1e-6);
        assert!((pairs.repetition(0) - 2.0_f32.ln() / 3.0).abs() < 1e-6);
        assert!(pairs.share_of(1, |pair| pair.in_lead) > 0.99);
        assert!(pairs.share_of(2, |pair| pair.in_lead) < 0.01);
    }
}
