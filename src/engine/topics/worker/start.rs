//! How a worker starts, from the last checkpoint and the log after it, and when it writes the next
//! checkpoint.

use crate::Error;
use crate::topics::projection::Projection;
use crate::topics::projection::Touched;
use crate::topics::published::Published;
use crate::topics::worker::Worker;
use crate::topics::worker::damaged;
use crate::topics::worker::read;
use wenmai_domain::limit::Limit;
use wenmai_store::Checkpoint;

/// Entries after which a checkpoint is written, at least; and at least this share of all before, so
/// that checkpoints cost what the log's growth paid.
const CHECKPOINT_AFTER: u64 = 10_000;
const CHECKPOINT_SHARE: u64 = 8;

impl Worker {
    /// Reads the log, or after a failure its end, if the projection may differ from it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(in crate::topics) async fn ensure_sound(&mut self) -> Result<(), Error> {
        if self.sound {
            return Ok(());
        }
        if self.loaded {
            self.follow().await?;
        } else {
            self.load().await?;
        }
        self.sound = true;
        // Otherwise the process that holds the lease does this.
        if self.lease.is_held() {
            self.sync_or_fall_behind().await;
            self.checkpoint_if_due().await;
        }
        Ok(())
    }

    /// Reads the last checkpoint and the log after it.
    async fn load(&mut self) -> Result<(), Error> {
        let mark = self.store.mark().await?;
        let (mut projection, mut behind) = (self.restored().await, Touched::default());
        self.checkpointed = projection.version;
        // A checkpoint is written when everything before it is in the store.
        let projected = mark.projected.max(projection.version);
        loop {
            let rows = self.store.rows(projection.version + 1, Limit::MOST).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let entry = read(row)?;
                let touched = projection.apply(&entry);
                if entry.version > projected {
                    behind.merge(touched);
                }
            }
        }
        projection.arrival = projection.arrival.max(mark.arrival);
        (self.ahead, self.filled) = (None, false);
        self.versions.send_replace(projection.version);
        *self.published_mut() = Published::new(projection);
        (self.fresh, self.touched, self.synced) = (Vec::new(), behind, projected);
        self.term = self.lease.term();
        self.loaded = true;
        Ok(())
    }

    /// The projection that the checkpoint holds; an empty one if there is no checkpoint, or none
    /// that can be used.
    async fn restored(&self) -> Projection {
        let restored = async {
            let Some(Checkpoint { version, bytes }) = self.store.checkpoint().await? else {
                return Ok(None);
            };
            let rows = self.store.rows(version, Limit::ONE).await?;
            let Some(row) = rows.into_iter().next() else { return Ok(None) };
            let projection = Projection::from_checkpoint(&bytes, &read(row)?);
            projection.map(Some).map_err(|refused| damaged(refused.into()))
        };
        restored
            .await
            .unwrap_or_else(|error: Error| {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the checkpoint of topics is not used, the log is read");
                None
            })
            .unwrap_or_default()
    }

    /// Writes a checkpoint if the log has grown enough since the last one.
    pub(super) async fn checkpoint_if_due(&mut self) {
        let version = self.projection().version;
        let least = CHECKPOINT_AFTER.max(self.checkpointed / CHECKPOINT_SHARE);
        if version >= self.checkpointed.saturating_add(least) {
            self.checkpoint().await;
        }
    }

    /// Writes a checkpoint of the projection, once all of it is in the log and in the store. A
    /// failure does no harm, since the log holds everything.
    pub(in crate::topics) async fn checkpoint(&mut self) {
        let version = self.projection().version;
        if version == 0 || self.synced != version || !self.fresh.is_empty() {
            return;
        }
        let written = async {
            let rows = self.store.rows(version, Limit::ONE).await?;
            let Some(row) = rows.into_iter().next() else {
                return Err(damaged("the last version is missing from the log".into()));
            };
            let bytes = self.projection().to_checkpoint(&read(row)?);
            let bytes = bytes.map_err(|refused| damaged(refused.into()))?;
            self.store.keep_checkpoint(Checkpoint { version, bytes }).await?;
            Ok(())
        };
        let written: Result<(), Error> = written.await;
        if let Err(error) = written {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "no checkpoint of topics could be written");
        }
        // Not tried again at once after a failure.
        self.checkpointed = version;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;
    use uuid::Uuid;

    use super::CHECKPOINT_AFTER;
    use crate::lease::LeaseTiming;
    use crate::lease::WriterLease;
    use crate::topics::reading::ArticleReader;
    use crate::topics::worker::Worker;
    use crate::topics::worker::write;
    use wenmai_cluster::topic::Weights;
    use wenmai_domain::article::Record;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::limit::Limit;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::topic::Level;
    use wenmai_domain::topic::Placement;
    use wenmai_domain::topic::TopicId;
    use wenmai_domain::topic::change::Assigned;
    use wenmai_domain::topic::change::Change;
    use wenmai_domain::topic::change::Entry;
    use wenmai_store::Checkpoint;
    use wenmai_store::Make;
    use wenmai_store::Mark;
    use wenmai_store::Store;
    use wenmai_text::terms::Analyzer;

    fn worker(store: &Store) -> Worker {
        let reader = ArticleReader::new(Arc::new(Analyzer::load().unwrap()));
        let weights = Arc::new(Weights::bundled().unwrap());
        let lease = Arc::new(WriterLease::new(Arc::clone(store), LeaseTiming::default()));
        Worker::new(Arc::clone(store), lease, reader, weights, watch::channel(0).0)
    }

    fn store() -> Store {
        wenmai_store::open_memory(&Make { dim: 4, index_version: "v".into() })
    }

    fn assigned(number: u64) -> Entry {
        let record = Record { source_id: number.to_string(), ..Record::default() };
        let article = ArticleId::derive(&record);
        let founder = ArticleId::from(Uuid::from_u128(u128::from(number / 4)));
        let [event, story] =
            [Level::Event, Level::Story].map(|level| TopicId::found(level, founder));
        let assigned = Assigned {
            article,
            arrival: number,
            at: 0,
            source: String::new(),
            group: GroupId::found(article, "h"),
            original: None,
            placement: Placement { event, story },
            probability: 1.0,
        };
        let change = Change::Assigned(assigned);
        Entry { version: number, at_us: 0, change, corrections: Vec::new(), faces: Vec::new() }
    }

    async fn append(store: &Store, numbers: std::ops::RangeInclusive<u64>) {
        let mark =
            Mark { projected: numbers.end() - 1, arrival: *numbers.end(), ..Mark::default() };
        let rows = numbers.map(|number| write(&assigned(number)).unwrap()).collect();
        store.append(0, rows, mark).await.unwrap();
    }

    #[tokio::test]
    async fn a_start_from_a_checkpoint_is_one_from_the_log_and_a_wrong_one_is_passed_over() {
        let disk = store();
        append(&disk, 1..=50).await;
        let mut first = worker(&disk);
        first.ensure_sound().await.unwrap();
        first.checkpoint().await;
        append(&disk, 51..=80).await;
        let from_log = {
            let other = store();
            append(&other, 1..=80).await;
            let mut reader = worker(&other);
            reader.ensure_sound().await.unwrap();
            assert_eq!(reader.checkpointed, 0);
            reader.projection().clone()
        };
        let start = async || {
            let mut reader = worker(&disk);
            reader.ensure_sound().await.unwrap();
            assert_eq!(reader.projection().clone(), from_log);
            reader.checkpointed
        };
        assert_eq!(start().await, 50);
        let whole = disk.checkpoint().await.unwrap().unwrap();
        for (version, bytes) in
            [(50, Vec::new()), (50, vec![7; 99]), (49, whole.bytes.clone()), (900, whole.bytes)]
        {
            disk.keep_checkpoint(Checkpoint { version, bytes }).await.unwrap();
            assert_eq!(start().await, 0, "of version {version}");
        }
    }

    #[tokio::test]
    async fn a_long_log_gets_a_checkpoint_by_itself() {
        let disk = store();
        append(&disk, 1..=CHECKPOINT_AFTER - 1).await;
        worker(&disk).ensure_sound().await.unwrap();
        assert_eq!(disk.checkpoint().await.unwrap(), None);
        append(&disk, CHECKPOINT_AFTER..=CHECKPOINT_AFTER).await;
        worker(&disk).ensure_sound().await.unwrap();
        assert_eq!(disk.checkpoint().await.unwrap().unwrap().version, CHECKPOINT_AFTER);
        assert_eq!(disk.rows(1, Limit::MOST).await.unwrap().len(), 1_000, "the log stays");
    }
}
