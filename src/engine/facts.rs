//! What ranking needs of many candidates, kept in memory: a few dozen bytes an article.
//!
//! Reading five hundred whole articles for one question would take longer than everything else
//! together. Facts are learned when an article is stored or first met, replaced when it changes. Who
//! writes to the store past this engine makes them stale: then the order may be a little off, never
//! what an answer shows, which is always read fresh.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use jiff::civil::Date;

use crate::Engine;
use crate::Error;
use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;
use wenmai_rank::feature::Facts;
use wenmai_store::Vectors;
use wenmai_text::terms::index;

/// Articles that are kept, at most: about 100 MB. Full, it starts anew.
const KEPT_MAX: usize = 500_000;

type Known = HashMap<ArticleId, Arc<Facts>>;

/// Facts by article.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Known>);

impl Cache {
    /// Takes what was just written in place of what was known.
    pub(super) fn replace(&self, facts: impl IntoIterator<Item = (ArticleId, Facts)>) {
        let mut known = self.lock();
        for (id, facts) in facts {
            make_room(&mut known);
            known.insert(id, Arc::new(facts));
        }
    }

    /// Forgets an article that was deleted.
    pub(super) fn forget(&self, id: ArticleId) {
        self.lock().remove(&id);
    }

    /// Takes what was read; what a writer said since stays.
    fn learn(&self, facts: impl IntoIterator<Item = (ArticleId, Arc<Facts>)>) {
        let mut known = self.lock();
        for (id, facts) in facts {
            make_room(&mut known);
            known.entry(id).or_insert(facts);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Whoever panicked while holding it left a map that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(known: &mut Known) {
    if known.len() >= KEPT_MAX {
        known.clear();
    }
}

impl Engine {
    /// The facts of a record.
    pub(super) fn facts_of(&self, record: &Record) -> Facts {
        let title = self.analyzer.terms(&record.title);
        Facts::new(record.date().map(day_number), title.iter().map(|term| index(&term.text)))
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
        let read: Known = read.into_iter().collect();
        for (id, facts) in ids.iter().zip(&mut facts) {
            if facts.is_none() {
                *facts = read.get(id).cloned();
            }
        }
        Ok(facts)
    }
}

/// Days since 1970-01-01; negative before.
fn day_number(date: Date) -> i32 {
    let hours = date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours();
    // jiff's dates lie within ±9999 years.
    i32::try_from(hours / 24).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Cache;
    use super::day_number;
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

    #[test]
    fn days_are_counted_from_1970_both_ways() {
        assert_eq!(day_number(jiff::civil::date(1970, 1, 2)), 1);
        assert_eq!(day_number(jiff::civil::date(1969, 12, 31)), -1);
    }
}
