//! Remembers what was read of articles, for as long as they are not written.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use wenmai_domain::id::ArticleId;

/// What was read of articles. It may be used from several threads.
///
/// Whoever reads looks up first what is known, reads the rest, and teaches that; whoever writes
/// forgets once the write has ended. What was read before a write is not remembered after it.
#[derive(Debug)]
pub struct Remembered<V> {
    inner: Mutex<Inner<V>>,
    kept_max: usize,
}

#[derive(Debug)]
struct Inner<V> {
    of: HashMap<ArticleId, V>,
    /// How many writes have ended.
    writes: u64,
}

/// What is known of some articles, and when it was looked up.
#[derive(Debug)]
pub struct Seen<V> {
    /// What is known of those of which anything is known.
    pub known: HashMap<ArticleId, V>,
    writes: u64,
}

impl<V: Clone> Remembered<V> {
    /// Remembers nothing yet, and never more than `kept_max` articles: then it forgets all.
    #[must_use]
    pub fn new(kept_max: usize) -> Self {
        let inner = Inner { of: HashMap::new(), writes: 0 };
        Self { inner: Mutex::new(inner), kept_max }
    }

    /// What is known of `ids`.
    #[must_use]
    pub fn look_up(&self, ids: &[ArticleId]) -> Seen<V> {
        let inner = self.lock();
        let known = ids.iter().filter_map(|id| Some((*id, inner.of.get(id)?.clone())));
        Seen { known: known.collect(), writes: inner.writes }
    }

    /// Remembers what was read after `seen` was looked up, unless something was written since.
    pub fn learn(&self, seen: &Seen<V>, read: impl IntoIterator<Item = (ArticleId, V)>) {
        let mut inner = self.lock();
        if inner.writes != seen.writes {
            return;
        }
        if inner.of.len() >= self.kept_max {
            inner.of.clear();
        }
        inner.of.extend(read);
    }

    /// Forgets articles that have just been written or deleted.
    pub fn forget<'a>(&self, ids: impl IntoIterator<Item = &'a ArticleId>) {
        let mut inner = self.lock();
        inner.writes += 1;
        for id in ids {
            inner.of.remove(id);
        }
    }

    /// Forgets all articles.
    pub fn forget_all(&self) {
        let mut inner = self.lock();
        inner.writes += 1;
        inner.of.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        // Whoever panicked while holding it left a map that is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Remembered;
    use wenmai_domain::id::ArticleId;

    fn id(number: u128) -> ArticleId {
        ArticleId::from(Uuid::from_u128(number))
    }

    #[test]
    fn what_was_read_before_a_write_is_not_remembered_after_it() {
        let remembered = Remembered::new(10);
        let seen = remembered.look_up(&[id(1)]);
        remembered.forget(&[id(1)]);
        remembered.learn(&seen, [(id(1), "old")]);
        assert!(remembered.look_up(&[id(1)]).known.is_empty());
        remembered.learn(&remembered.look_up(&[id(1)]), [(id(1), "new")]);
        assert_eq!(remembered.look_up(&[id(1), id(2)]).known[&id(1)], "new");
        remembered.forget(&[id(1)]);
        assert!(remembered.look_up(&[id(1)]).known.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let remembered = Remembered::new(10);
        for number in 0..100 {
            remembered.learn(&remembered.look_up(&[]), [(id(number), number)]);
        }
        let ids: Vec<ArticleId> = (0..100).map(id).collect();
        let known = remembered.look_up(&ids).known;
        assert!((1..=10).contains(&known.len()) && known[&id(99)] == 99, "{known:?}");
    }
}
