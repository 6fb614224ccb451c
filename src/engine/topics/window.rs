//! What recent articles contribute to topics, kept so that it is not read again and again.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::id::ArticleId;
use crate::engine::topics::look::Look;
use crate::engine::topics::look::Words;

/// Looks of the articles in the time window, and the words they hold.
#[derive(Debug, Default)]
pub struct Window {
    looks: HashMap<ArticleId, (i64, Arc<Look>)>,
    by_time: BTreeSet<(i64, ArticleId)>,
    words: Words,
}

impl Window {
    /// Takes an article in.
    pub fn add(&mut self, id: ArticleId, at: i64, mut look: Look) {
        self.forget(id);
        self.words.add(&mut look);
        self.looks.insert(id, (at, Arc::new(look)));
        self.by_time.insert((at, id));
    }

    /// Lets an article go.
    pub fn forget(&mut self, id: ArticleId) {
        if let Some((at, look)) = self.looks.remove(&id) {
            self.by_time.remove(&(at, id));
            self.words.subtract(&look);
        }
    }

    /// Lets everything before `oldest` go.
    pub fn prune(&mut self, oldest: i64) {
        while let Some((at, id)) = self.by_time.first().copied()
            && at < oldest
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
