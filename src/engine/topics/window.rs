//! Keeps what recent articles contribute to topics, so that it need not be read again.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use crate::topics::contribution::Contribution;
use crate::topics::contribution::TermCounts;
use wenmai_domain::id::ArticleId;

/// The contributions of the articles in the time window, and how many of them hold each term.
#[derive(Debug, Default)]
pub struct TimeWindow {
    contributions: HashMap<ArticleId, ((i64, u64), Arc<Contribution>)>,
    by_time: BTreeSet<(i64, ArticleId)>,
    by_arrival: BTreeSet<(u64, ArticleId)>,
    term_counts: TermCounts,
}

impl TimeWindow {
    /// Adds an article with the time that counts for it, in seconds since 1970 UTC, and its number
    /// in the order of arrival.
    pub fn add(
        &mut self,
        id: ArticleId,
        (at, arrival): (i64, u64),
        mut contribution: Contribution,
    ) {
        self.forget(id);
        self.term_counts.add(&mut contribution);
        self.contributions.insert(id, ((at, arrival), Arc::new(contribution)));
        self.by_time.insert((at, id));
        self.by_arrival.insert((arrival, id));
    }

    /// Removes an article.
    pub fn forget(&mut self, id: ArticleId) {
        if let Some(((at, arrival), contribution)) = self.contributions.remove(&id) {
            self.by_time.remove(&(at, id));
            self.by_arrival.remove(&(arrival, id));
            self.term_counts.subtract(&contribution);
        }
    }

    /// Removes all articles whose time is before `oldest` or whose arrival number is below `first`.
    pub fn prune(&mut self, (oldest, first): (i64, u64)) {
        while let Some((at, id)) = self.by_time.first().copied()
            && at < oldest
        {
            self.forget(id);
        }
        while let Some((arrival, id)) = self.by_arrival.first().copied()
            && arrival < first
        {
            self.forget(id);
        }
    }

    /// The contribution of an article, if it is in the window.
    #[must_use]
    pub fn contribution(&self, id: ArticleId) -> Option<Arc<Contribution>> {
        self.contributions.get(&id).map(|(_, contribution)| Arc::clone(contribution))
    }

    /// How many articles in the window hold each term.
    #[must_use]
    pub fn term_counts(&self) -> &TermCounts {
        &self.term_counts
    }
}
