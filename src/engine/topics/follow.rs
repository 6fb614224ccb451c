//! The log as other processes write it: taken in while they have the turn, gone on from when it is
//! this one's.

use crate::Error;
use crate::topics::desk;
use crate::topics::desk::Desk;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::change::Change;

impl Desk {
    /// Takes in what others wrote; returns the articles whose text may be another one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn follow(&mut self) -> Result<Vec<ArticleId>, Error> {
        let mark = self.store.mark().await?;
        let mut changed = Vec::new();
        loop {
            let next = self.book().version + 1;
            let rows = self.store.rows(next, Limit::MOST).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let entry = desk::read(row)?;
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
        self.reached(mark);
        Ok(changed)
    }

    /// Goes on where the writer before stopped, if there was another one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn take_over(&mut self) -> Result<(), Error> {
        let term = self.lead.term();
        if self.term == term {
            return Ok(());
        }
        self.follow().await?;
        self.project().await?;
        self.term = term;
        Ok(())
    }
}
