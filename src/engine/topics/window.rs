//! What recent articles contribute to topics, kept so that it is not read again and again.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use crate::topics::look::Look;
use crate::topics::look::Words;
use wenmai_domain::id::ArticleId;

/// Looks of the articles in the time window, and the words they hold.
#[derive(Debug, Default)]
pub struct Window {
    looks: HashMap<ArticleId, ((i64, u64), Arc<Look>)>,
    by_time: BTreeSet<(i64, ArticleId)>,
    by_arrival: BTreeSet<(u64, ArticleId)>,
    words: Words,
}

impl Window {
    /// Takes an article in that counts at a time and came as number so and so.
    pub fn add(&mut self, id: ArticleId, (at, arrival): (i64, u64), mut look: Look) {
        self.forget(id);
        self.words.add(&mut look);
        self.looks.insert(id, ((at, arrival), Arc::new(look)));
        self.by_time.insert((at, id));
        self.by_arrival.insert((arrival, id));
    }

    /// Lets an article go.
    pub fn forget(&mut self, id: ArticleId) {
        if let Some(((at, arrival), look)) = self.looks.remove(&id) {
            self.by_time.remove(&(at, id));
            self.by_arrival.remove(&(arrival, id));
            self.words.subtract(&look);
        }
    }

    /// Lets everything go that counts before a time or came before a number.
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

    /// What an article contributes, if it is in the window.
    #[must_use]
    pub fn look(&self, id: ArticleId) -> Option<Arc<Look>> {
        self.looks.get(&id).map(|(_, look)| Arc::clone(look))
    }

    /// The words of all articles in the window.
    #[must_use]
    pub fn words(&self) -> &Words {
        &self.words
    }
}
