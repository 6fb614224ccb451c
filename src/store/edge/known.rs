//! Remembers the reprint groups of articles that were read, so that folding an answer reads none.
//!
//! A group is a small part of an article's payload, and the engine reads the whole of it: sixteen
//! articles for a page of ten hits. The folder belongs to this process alone, so what it does not
//! write does not change.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::Membership;

/// How many articles' groups are remembered, about 150 MB; then all of them are forgotten.
const KEPT_MAX: usize = 2_000_000;

/// What is known of the groups of articles.
#[derive(Debug, Default)]
pub struct Known(Mutex<Groups>);

#[derive(Debug, Default)]
struct Groups {
    of: HashMap<ArticleId, Membership>,
    /// How many writes have ended: what was read before one of them is not remembered after it.
    writes: u64,
}

/// The groups that are known of some articles, and when they were looked up.
#[derive(Debug)]
pub struct Seen {
    pub groups: HashMap<ArticleId, Membership>,
    writes: u64,
}

impl Known {
    /// What is known of the groups of `ids`.
    pub fn look_up(&self, ids: &[ArticleId]) -> Seen {
        let known = self.lock();
        let groups = ids.iter().filter_map(|id| Some((*id, *known.of.get(id)?)));
        Seen { groups: groups.collect(), writes: known.writes }
    }

    /// Remembers what was read after `seen` was looked up, unless something was written since.
    pub fn learn(&self, seen: &Seen, read: impl IntoIterator<Item = (ArticleId, Membership)>) {
        let mut known = self.lock();
        if known.writes != seen.writes {
            return;
        }
        if known.of.len() >= KEPT_MAX {
            known.of.clear();
        }
        known.of.extend(read);
    }

    /// Forgets the groups of articles that have just been written or deleted.
    pub fn forget<'a>(&self, ids: impl IntoIterator<Item = &'a ArticleId>) {
        let mut known = self.lock();
        known.writes += 1;
        for id in ids {
            known.of.remove(id);
        }
    }

    /// Forgets all groups.
    #[cfg(feature = "server")]
    pub fn forget_all(&self) {
        let mut known = self.lock();
        known.writes += 1;
        known.of.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        // Whoever panicked while holding it left a map that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Known;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::reprint::Membership;

    #[test]
    fn what_was_read_before_a_write_is_not_remembered_after_it() {
        let id = ArticleId::from(Uuid::from_u128(1));
        let membership = Membership { group: GroupId::found(id, "text"), is_original: true };
        let known = Known::default();
        let seen = known.look_up(&[id]);
        known.forget(&[id]);
        known.learn(&seen, [(id, membership)]);
        assert!(known.look_up(&[id]).groups.is_empty());
        known.learn(&known.look_up(&[id]), [(id, membership)]);
        assert_eq!(known.look_up(&[id]).groups[&id], membership);
        known.forget(&[id]);
        assert!(known.look_up(&[id]).groups.is_empty());
    }
}
