//! Shuts out writers whose term has passed, as a server does it (`server/fence.rs`).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use wenmai_domain::id::ArticleId;

/// The terms in which articles were last written, and the articles that a writer of an earlier term
/// may still send.
#[derive(Debug, Default)]
pub struct Fence(Mutex<Terms>);

#[derive(Debug, Default)]
struct Terms {
    written: BTreeMap<ArticleId, u64>,
    /// The term that began when the article was on its way.
    suspects: BTreeMap<ArticleId, u64>,
}

impl Fence {
    /// Whether a writer of `term` may write `article`; it then counts as written in that term. As on
    /// a server, an article that does not exist is written whatever the term.
    pub fn touch(&self, article: ArticleId, exists: bool, term: u64) -> bool {
        let mut terms = self.lock();
        let is_later = terms.written.get(&article).is_some_and(|written| *written > term);
        if exists && is_later {
            return false;
        }
        terms.written.insert(article, term);
        true
    }

    /// Makes `term` the only one that can change `articles`; returns the suspects that an earlier
    /// term wrote since.
    pub fn raise(
        &self,
        term: u64,
        articles: &[ArticleId],
        exists: impl Fn(&ArticleId) -> bool,
    ) -> Vec<ArticleId> {
        let mut terms = self.lock();
        let is_late = |(article, since): (&ArticleId, &u64)| {
            let written = terms.written.get(article).copied().unwrap_or(0);
            (exists(article) && written < *since).then_some(*article)
        };
        let late = terms.suspects.iter().filter_map(is_late).collect();
        for article in articles {
            terms.suspects.insert(*article, term);
            if exists(article) {
                terms.written.insert(*article, term);
            }
        }
        late
    }

    fn lock(&self) -> MutexGuard<'_, Terms> {
        // Whoever panicked while holding it had changed one entry.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
