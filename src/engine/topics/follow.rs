//! Reads the log that another process writes while it holds the lease, and takes over from it when
//! this process holds the lease.

use crate::Error;
use crate::topics::worker;
use crate::topics::worker::Worker;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::change::Change;

impl Worker {
    /// Reads what other processes wrote; returns the articles whose text may have changed.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn follow(&mut self) -> Result<Vec<ArticleId>, Error> {
        let mark = self.store.mark().await?;
        let mut changed = Vec::new();
        loop {
            let next = self.projection().version + 1;
            let rows = self.store.rows(next, Limit::MOST).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let entry = worker::read(row)?;
                let article = match &entry.change {
                    Change::Assigned(assigned) => Some(assigned.article),
                    Change::Removed { article } => Some(*article),
                    Change::Repaired
                    | Change::Merged { .. }
                    | Change::Split { .. }
                    | Change::Moved { .. }
                    | Change::Reclustered { .. }
                    | Change::Renamed { .. }
                    | Change::Pinned { .. } => None,
                };
                changed.extend(article);
                self.take_in(&entry);
            }
        }
        self.reached(&mark);
        Ok(changed)
    }

    /// Continues where the previous writer stopped, if that was another process.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn take_over(&mut self) -> Result<(), Error> {
        let term = self.lease.term();
        if self.term == term {
            return Ok(());
        }
        self.follow().await?;
        self.sync_or_fall_behind().await;
        self.term = term;
        Ok(())
    }
}
