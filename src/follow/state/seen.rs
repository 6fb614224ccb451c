//! The items of a feed that were dealt with, so many as are worth knowing.

use std::collections::HashMap;

use serde::Deserialize;
use serde::Serialize;

/// Names of items that are remembered, at most; those that a feed has not named for longest go first.
const SEEN_MAX: usize = 40_000;
/// How often an item is looked at again because it was changed: some change with every poll.
const VISITS_MAX: u8 = 4;
/// The visits of an item that another feed deals with.
const FOREIGN: u8 = u8::MAX;
/// The visits of an item that is a list of others, and is read with every poll.
const LIST: u8 = u8::MAX - 1;

/// What is known of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it said.
    pub print: u64,
    /// How often it was dealt with.
    visits: u8,
    /// The poll in which the feed last named it.
    poll: u64,
}

/// The items of a feed that were dealt with, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64, u8, u64)>", into = "Vec<(u64, u64, u8, u64)>")]
pub struct Seen {
    entries: HashMap<u64, Entry>,
}

impl Seen {
    /// What is known of the item.
    #[must_use]
    pub fn entry(&self, key: u64) -> Option<Entry> {
        self.entries.get(&key).copied()
    }

    /// Whether the item was dealt with as it is now.
    #[must_use]
    pub fn is_done(&self, key: u64, print: u64) -> bool {
        self.entry(key).is_some_and(|entry| {
            entry.visits == FOREIGN || entry.visits != LIST && entry.print == print
        })
    }

    /// Whether the item was a list of others when it was last read.
    #[must_use]
    pub fn is_list(&self, key: u64) -> bool {
        self.entry(key).is_some_and(|entry| entry.visits == LIST)
    }

    /// The item is a list of others.
    pub fn listed(&mut self, key: u64, print: u64, poll: u64) {
        self.entries.insert(key, Entry { print, visits: LIST, poll });
    }

    /// Whether an item that was dealt with is to be looked at again, as it was changed.
    #[must_use]
    pub fn is_due(&self, key: u64, print: u64) -> bool {
        let may = |entry: Entry| entry.visits < VISITS_MAX || entry.visits == LIST;
        !self.is_done(key, print) && self.entry(key).is_none_or(may)
    }

    /// The feed named the item in this poll.
    pub fn named(&mut self, key: u64, poll: u64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.poll = poll;
        }
    }

    /// The item was dealt with.
    pub fn done(&mut self, key: u64, print: u64, poll: u64) {
        let visits = self.entry(key).map_or(0, |entry| entry.visits);
        let visits = if visits == LIST { 0 } else { visits };
        self.entries.insert(key, Entry { print, visits: visits.saturating_add(1), poll });
    }

    /// Another feed deals with the item.
    pub fn foreign(&mut self, key: u64, print: u64, poll: u64) {
        self.entries.insert(key, Entry { print, visits: FOREIGN, poll });
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.entries.keys().copied()
    }

    /// Forgets the items that the feed has not named for longest, those of `poll` never.
    pub fn forget(&mut self, poll: u64) {
        let over = self.entries.len().saturating_sub(SEEN_MAX);
        if over == 0 {
            return;
        }
        let mut old: Vec<(u64, u64)> =
            self.entries.iter().map(|(key, entry)| (entry.poll, *key)).collect();
        old.sort_unstable();
        for (_, key) in old.into_iter().filter(|(of, _)| *of < poll).take(over) {
            self.entries.remove(&key);
        }
    }
}

impl From<Vec<(u64, u64, u8, u64)>> for Seen {
    fn from(rows: Vec<(u64, u64, u8, u64)>) -> Self {
        let entries = rows.into_iter();
        let entries =
            entries.map(|(key, print, visits, poll)| (key, Entry { print, visits, poll }));
        Self { entries: entries.collect() }
    }
}

impl From<Seen> for Vec<(u64, u64, u8, u64)> {
    fn from(seen: Seen) -> Self {
        let entries = seen.entries.into_iter();
        let mut rows: Vec<_> = entries
            .map(|(key, Entry { print, visits, poll })| (key, print, visits, poll))
            .collect();
        rows.sort_unstable();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::SEEN_MAX;
    use super::Seen;

    #[test]
    fn what_a_feed_still_names_is_never_forgotten() {
        let mut seen = Seen::default();
        let count = SEEN_MAX as u64;
        (0..count).for_each(|key| seen.done(key, 1, 1));
        (0..10).for_each(|key| seen.named(key, 2));
        (count..count + 100).for_each(|key| seen.done(key, 1, 2));
        seen.forget(2);
        assert_eq!(seen.entries.len(), SEEN_MAX);
        assert!((0..10).chain(count..count + 100).all(|key| seen.entry(key).is_some()));
    }

    #[test]
    fn an_item_that_changes_with_every_poll_is_let_be() {
        let mut seen = Seen::default();
        let mut visits = 0;
        for poll in 0..99 {
            if seen.is_due(1, poll) {
                seen.done(1, poll, poll);
                visits += 1;
            }
        }
        assert_eq!(visits, 4);
        seen.listed(3, 1, 1);
        assert!(seen.is_list(3) && seen.is_due(3, 1) && !seen.is_done(3, 1));
        seen.done(3, 1, 2);
        assert!(!seen.is_list(3) && seen.is_done(3, 1));
        seen.foreign(2, 1, 1);
        assert!(seen.is_done(2, 9) && !seen.is_due(2, 9));
    }
}
