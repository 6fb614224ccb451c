//! The rules by which topics keep their ids when they merge and when new ones are made.
//!
//! Both the clusterer, which decides, and whoever reads the decisions back from a log must follow
//! these rules in the same way; so both use this module.

use std::collections::BTreeSet;

use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// Puts the one of two topics first that stays when they merge: the one that was founded earlier,
/// by (time, id). The other redirects to it for ever.
#[must_use]
pub fn older_first(one: (i64, TopicId), other: (i64, TopicId)) -> (TopicId, TopicId) {
    if one <= other { (one.1, other.1) } else { (other.1, one.1) }
}

/// The id of a new topic that `founder` founds: the first of its possible ids that `is_taken` does
/// not claim. An id that was given once is never given again.
#[must_use]
pub fn unused_id(level: Level, founder: ArticleId, is_taken: impl Fn(TopicId) -> bool) -> TopicId {
    let mut earlier = 0;
    loop {
        let id = TopicId::found_again(level, founder, earlier);
        if !is_taken(id) {
            return id;
        }
        earlier += 1;
    }
}

/// Pairs of topics that a person divided: the program never merges the two topics of a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divisions(BTreeSet<(TopicId, TopicId)>);

impl Divisions {
    /// Adds a pair.
    pub fn insert(&mut self, one: TopicId, other: TopicId) {
        self.0.insert(ordered(one, other));
    }

    /// Whether the two topics are a pair.
    #[must_use]
    pub fn contains(&self, one: TopicId, other: TopicId) -> bool {
        self.0.contains(&ordered(one, other))
    }

    /// All pairs, ascending; of each pair the lower id comes first.
    pub fn iter(&self) -> impl Iterator<Item = (TopicId, TopicId)> + '_ {
        self.0.iter().copied()
    }

    /// Takes note that `gone` was merged into `kept`: `kept` takes its place in every pair.
    pub fn merge(&mut self, kept: TopicId, gone: TopicId) {
        let rename = |id: TopicId| if id == gone { kept } else { id };
        let renamed = std::mem::take(&mut self.0).into_iter();
        let renamed = renamed.map(|(one, other)| ordered(rename(one), rename(other)));
        self.0 = renamed.filter(|(one, other)| one != other).collect();
    }
}

impl FromIterator<(TopicId, TopicId)> for Divisions {
    fn from_iter<I: IntoIterator<Item = (TopicId, TopicId)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(one, other)| ordered(one, other)).collect())
    }
}

fn ordered(one: TopicId, other: TopicId) -> (TopicId, TopicId) {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Divisions;
    use super::older_first;
    use super::unused_id;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::topic::Level;
    use wenmai_domain::topic::TopicId;

    fn topic(number: u128) -> TopicId {
        TopicId::found(Level::Story, ArticleId::from(Uuid::from_u128(number)))
    }

    #[test]
    fn the_topic_that_was_founded_earlier_stays() {
        let (one, other) = (topic(1), topic(2));
        assert_eq!(older_first((5, one), (3, other)), (other, one));
        assert_eq!(older_first((3, one), (5, other)), (one, other));
        let (lower, higher) = (one.min(other), one.max(other));
        assert_eq!(older_first((3, higher), (3, lower)), (lower, higher));
    }

    #[test]
    fn an_id_that_is_taken_is_not_given_again() {
        let founder = ArticleId::from(Uuid::from_u128(7));
        let first = unused_id(Level::Story, founder, |_| false);
        let second = unused_id(Level::Story, founder, |id| id == first);
        assert_eq!(first, TopicId::found(Level::Story, founder));
        assert_ne!(first, second);
    }

    #[test]
    fn a_merged_topic_hands_its_divisions_on() {
        let (one, other, third) = (topic(1), topic(2), topic(3));
        let mut divisions = Divisions::default();
        divisions.insert(other, one);
        divisions.insert(one, third);
        divisions.merge(third, other);
        assert!(divisions.contains(one, third) && !divisions.contains(one, other));
        assert_eq!(divisions.iter().count(), 1);
        divisions.merge(one, third);
        assert_eq!(divisions, Divisions::default());
    }
}
