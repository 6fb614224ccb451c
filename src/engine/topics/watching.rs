//! The feed of changes: what happened to topics after a version, and waiting for more.

use crate::Engine;
use crate::Error;
use crate::Violation;
use crate::topics::worker;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::change::Entry;

pub use wenmai_domain::topic::change::Change;

/// Entries that are read at a time, so that a slow reader costs little memory.
const PIECE: u32 = 256;

/// A position in the log of changes, from which one reads on.
#[derive(Clone)]
pub struct Changes {
    engine: Engine,
    /// The last version that was read.
    seen: u64,
}

impl Engine {
    /// Follows the log of changes from the first entry after version `since`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `since_version` for one that does not exist yet;
    /// [`Error::TopicsOff`].
    pub fn watch_topics(&self, since: u64) -> Result<Changes, Error> {
        let newest = *self.topics()?.versions.borrow();
        if since > newest {
            let what = format!("is {since}, the newest version is {newest}");
            return Err(Error::Invalid(vec![Violation::new("since_version", what)]));
        }
        Ok(Changes { engine: self.clone(), seen: since })
    }
}

impl Engine {
    /// The arrival number of the last article that was assigned at `version` or before; 0 for none.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `options.since_version` for a version that does not exist yet;
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub(super) async fn last_arrival(&self, version: u64) -> Result<u64, Error> {
        let newest = *self.topics()?.versions.borrow();
        if version > newest {
            let what = format!("is {version}, the newest version is {newest}");
            return Err(Error::Invalid(vec![Violation::new("options.since_version", what)]));
        }
        let limit = Limit::new(PIECE).unwrap_or(Limit::MOST);
        let mut to = version;
        while to > 0 {
            let from = to.saturating_sub(u64::from(PIECE) - 1).max(1);
            let rows = self.store.rows(from, limit).await?;
            for row in rows.into_iter().rev().filter(|row| row.version <= to) {
                if let Change::Assigned(assigned) = worker::read(row)?.change {
                    return Ok(assigned.arrival);
                }
            }
            to = from - 1;
        }
        Ok(0)
    }
}

impl Changes {
    /// Waits for the next entries and returns at least one.
    ///
    /// # Errors
    /// [`Error::Store`], also when the engine is closed.
    pub async fn next(&mut self) -> Result<Vec<Entry>, Error> {
        let mut versions = self.engine.topics()?.versions.clone();
        // Once the worker has ended no new version can come.
        versions.wait_for(|newest| *newest > self.seen).await.map_err(|_ended| super::closed())?;
        let newest = *versions.borrow();
        let limit = Limit::new(PIECE).unwrap_or(Limit::MOST);
        let rows = self.engine.store.rows(self.seen + 1, limit).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows.into_iter().take_while(|row| row.version <= newest) {
            self.seen = row.version;
            entries.push(worker::read(row)?);
        }
        if entries.is_empty() {
            let missing = format!("version {} is missing from the log", self.seen + 1);
            return Err(Error::Store(wenmai_store::Error::Failed(missing.into())));
        }
        Ok(entries)
    }
}
