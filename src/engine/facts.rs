//! Keeps in memory what ranking needs of each candidate: a few dozen bytes per article.
//!
//! Reading five hundred whole articles for one question would take longer than everything else
//! together. The facts of an article are learned when it is stored or first read, and replaced when
//! it changes. A program that writes to the store past this engine makes them stale; then the order
//! of an answer may be a little off, but never what the answer shows, which is always read anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::Engine;
use crate::Error;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;
use wenmai_rank::feature::Facts;
use wenmai_store::Vectors;
use wenmai_text::terms::index;

/// How many articles' facts are kept, about 300 MB; one in [`DROPPED_OF`] is dropped when there are
/// more, whichever it is.
const KEPT_MAX: usize = 1_500_000;
const DROPPED_OF: usize = 8;

type FactsById = HashMap<ArticleId, Arc<Facts>>;

/// The facts of articles.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<FactsById>);

impl Cache {
    /// Replaces the facts of articles that were just written.
    pub(super) fn replace(&self, facts: impl IntoIterator<Item = (ArticleId, Facts)>) {
        let mut known = self.lock();
        for (id, facts) in facts {
            make_room(&mut known);
            known.insert(id, Arc::new(facts));
        }
    }

    /// Forgets the facts of an article that was deleted.
    pub(super) fn forget(&self, id: ArticleId) {
        self.lock().remove(&id);
    }

    /// Adds facts that were read, except of articles that were written since.
    fn learn(&self, facts: impl IntoIterator<Item = (ArticleId, Arc<Facts>)>) {
        let mut known = self.lock();
        for (id, facts) in facts {
            make_room(&mut known);
            known.entry(id).or_insert(facts);
        }
    }

    fn lock(&self) -> MutexGuard<'_, FactsById> {
        // Whoever panicked while holding it left a map that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(known: &mut FactsById) {
    if known.len() >= KEPT_MAX {
        let mut count = 0_usize;
        known.retain(|_, _| {
            count += 1;
            !count.is_multiple_of(DROPPED_OF)
        });
    }
}

impl Engine {
    /// The facts of a record.
    pub(super) fn facts_of(&self, record: &Record) -> Facts {
        let title = self.analyzer.terms(&record.title);
        Facts::new(record.date().map(day::number), title.iter().map(|term| index(&term.text)))
    }

    /// The facts of `ids`, in their order; `None` for an article that is not stored.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn facts(&self, ids: &[ArticleId]) -> Result<Vec<Option<Arc<Facts>>>, Error> {
        let mut facts: Vec<Option<Arc<Facts>>> = {
            let known = self.facts.lock();
            ids.iter().map(|id| known.get(id).cloned()).collect()
        };
        let missing: Vec<ArticleId> = ids
            .iter()
            .zip(&facts)
            .filter(|(_, known)| known.is_none())
            .map(|(id, _)| *id)
            .collect();
        if missing.is_empty() {
            return Ok(facts);
        }
        let read = self.store.fetch(&missing, Vectors::No).await?;
        let read: Vec<_> = read
            .into_iter()
            .flatten()
            .map(|stored| (stored.article.id, Arc::new(self.facts_of(&stored.article.record))))
            .collect();
        self.facts.learn(read.iter().cloned());
        let read: FactsById = read.into_iter().collect();
        for (id, facts) in ids.iter().zip(&mut facts) {
            if facts.is_none() {
                *facts = read.get(id).cloned();
            }
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Cache;
    use wenmai_domain::id::ArticleId;
    use wenmai_rank::feature::Facts;

    #[test]
    fn what_a_writer_said_is_not_undone_by_a_reader() {
        let cache = Cache::default();
        let id = ArticleId::from(uuid::Uuid::from_u128(1));
        let facts = |day| Facts::new(Some(day), []);
        cache.learn([(id, Arc::new(facts(1)))]);
        cache.replace([(id, facts(2))]);
        cache.learn([(id, Arc::new(facts(1)))]);
        assert_eq!(cache.lock()[&id].day, Some(2));
        cache.forget(id);
        assert!(cache.lock().is_empty());
    }
}
