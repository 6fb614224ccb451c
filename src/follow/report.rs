//! What was done: for each feed, and altogether.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sink::Stored;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// The feeds, in the order in which they are named.
    pub feeds: Vec<FeedReport>,
    /// Items by what became of them, all feeds together.
    pub items: BTreeMap<&'static str, u64>,
    /// Requests that were made, those for `robots.txt` included.
    pub requests: u64,
    /// Bytes that came with them.
    pub bytes: u64,
    /// Whether nothing was stored or remembered, as only a list was wanted.
    pub dry_run: bool,
}

/// What was done for one feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FeedReport {
    /// Its address.
    pub url: String,
    /// Its name.
    pub title: String,
    /// What it is: `RSS`, `Atom`, `page list` …; empty where it was not read.
    pub kind: &'static str,
    /// What the last poll brought: `found`, `not_modified`, a reason, or `not_due`.
    pub poll: &'static str,
    /// Polls that were made.
    pub polls: u64,
    /// Items that it named.
    pub named: u64,
    /// Those that were not dealt with before.
    pub fresh: u64,
    /// What became of items: `created`, `updated`, `unchanged`, `repeated`, or why they were
    /// skipped.
    pub items: BTreeMap<&'static str, u64>,
    /// Of the stored ones, those whose text is the feed's own, as their page gave none.
    pub from_feed: u64,
    /// Attempts that failed for now, by reason; the item is tried again.
    pub later: BTreeMap<&'static str, u64>,
    /// Items that still wait.
    pub waiting: u64,
    /// When it is asked next, if that is known.
    pub next_poll: Option<String>,
    /// What is wrong with it; empty where it is well.
    pub problem: String,
}

impl FeedReport {
    /// Whether the feed itself cannot be read.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.problem.is_empty()
    }

    /// Items that were stored, newly or again.
    #[must_use]
    pub fn stored(&self) -> u64 {
        ["created", "updated", "unchanged"].iter().filter_map(|name| self.items.get(name)).sum()
    }

    /// Why items were not stored, and how many for each reason.
    pub fn skipped(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let items = self.items.iter().map(|(reason, count)| (*reason, *count));
        items.filter(|(reason, _)| !is_stored(reason) && *reason != "repeated")
    }
}

impl Report {
    /// Puts the feeds together.
    pub(crate) fn of(feeds: Vec<FeedReport>) -> Self {
        let mut items = BTreeMap::new();
        for (reason, count) in feeds.iter().flat_map(|feed| &feed.items) {
            *items.entry(*reason).or_default() += count;
        }
        Self { feeds, items, ..Self::default() }
    }

    /// Feeds that cannot be read.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.feeds.iter().filter(|feed| feed.has_failed()).count()
    }
}

/// Whether an outcome is one of stored articles.
#[must_use]
pub fn is_stored(outcome: &str) -> bool {
    matches!(outcome, "created" | "updated" | "unchanged")
}

impl Stored {
    /// Its name in reports and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stored::Created => "created",
            Stored::Updated => "updated",
            Stored::Unchanged => "unchanged",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FeedReport;
    use super::Report;

    #[test]
    fn feeds_are_put_together() {
        let feed = |rows: &[(&'static str, u64)]| FeedReport {
            items: rows.iter().copied().collect(),
            ..FeedReport::default()
        };
        let report = Report::of(vec![
            feed(&[("created", 2), ("unchanged", 1), ("gone", 1), ("repeated", 4)]),
            FeedReport { problem: "timeout".into(), ..feed(&[("created", 1), ("gone", 2)]) },
        ]);
        assert_eq!((report.items["created"], report.items["gone"]), (3, 3));
        assert_eq!((report.feeds[0].stored(), report.failed()), (3, 1));
        assert_eq!(report.feeds[0].skipped().collect::<Vec<_>>(), [("gone", 1)]);
    }
}
