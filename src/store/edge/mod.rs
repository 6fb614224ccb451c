//! The embedded store: Qdrant's own engine in this process, over a data folder.
//!
//! The engine blocks and does nothing in the background, so this module owns a few threads: readers
//! that answer queries; one writer, which writes all that is queued and makes it durable with one
//! sync; and one for upkeep, which seals and merges segments when writing pauses. Their queues are
//! bounded, and a full one refuses at once. A job whose caller has gone is skipped if it has not
//! begun.
//!
//! `shard` translates calls for the engine, `folder` and `seal` guard the data folder, `tuning`
//! holds the engine's settings.

mod checkpoint;
mod error;
mod filter;
mod folder;
mod groups;
mod listing;
mod log;
mod measure;
mod placement;
mod point;
mod reader;
mod seal;
mod shard;
mod snapshot;
#[cfg(test)]
mod tests;
mod topics;
#[cfg(feature = "server")]
mod transfer;
mod tuning;
mod upkeep;
mod writer;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::thread;
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::Alike;
use crate::Arrival;
use crate::Checkpoint;
use crate::Config;
use crate::Copies;
use crate::Error;
use crate::Lease;
use crate::Listing;
use crate::Make;
use crate::Mark;
use crate::Placed;
use crate::Point;
use crate::Regroup;
use crate::Row;
use crate::Scored;
use crate::Status;
use crate::Stored;
use crate::TopicPoint;
use crate::TopicStore;
use crate::VectorStore;
use crate::Vectors;
use crate::edge::error::guarded;
use crate::edge::folder::Folder;
use crate::edge::shard::Shard;
use crate::edge::tuning::Tuning;
use crate::edge::writer::Change;
use crate::lease::Local;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// How many signatures one reader job searches for.
const ALIKE_PIECE: usize = 64;
/// Terms whose holders one reader job finds.
const HOLDERS_PIECE: usize = 4;

/// A store over a data folder.
#[derive(Debug)]
pub struct EdgeStore {
    location: String,
    dim: usize,
    /// `None` once the store was closed.
    open: Mutex<Option<Open>>,
    /// A lease in memory is enough, because no other process can open the folder.
    lease: Local,
}

/// What an open store consists of.
#[derive(Debug)]
struct Open {
    shard: Arc<Shard>,
    reads: SyncSender<reader::Job>,
    writes: SyncSender<writer::Write>,
    tasks: SyncSender<upkeep::Task>,
    threads: Vec<JoinHandle<()>>,
}

impl EdgeStore {
    /// Opens the folder of `config`, or creates it; after a crash the engine's log is replayed.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::IndexVersion`], [`Error::Folder`], [`Error::Full`];
    /// [`Error::Failed`] if no thread can be started.
    pub fn open(config: &Config, make: &Make) -> Result<Self, Error> {
        Self::open_tuned(config, make, Tuning::default())
    }

    /// What the index in the folder was made with; `None` if there is no index.
    ///
    /// # Errors
    /// [`Error::Folder`] if the folder cannot be read or is damaged.
    pub fn made(config: &Config) -> Result<Option<Make>, Error> {
        folder::made(&config.data)
    }

    /// Copies the index in the folder of `config`, which no other process may have open, into the
    /// new folder `to`.
    ///
    /// # Errors
    /// As [`EdgeStore::open`]; [`Error::Settings`] if there is no index; those of
    /// [`VectorStore::snapshot`].
    pub async fn copy(config: &Config, to: &Path) -> Result<(), Error> {
        let make = Self::made(config)?.ok_or_else(|| {
            let reason = format!("there is no index at {}", config.place());
            Error::Settings { reason }
        })?;
        let store = Self::open(config, &make)?;
        let copied = store.snapshot(to).await;
        store.close().await?;
        copied
    }

    fn open_tuned(config: &Config, make: &Make, tuning: Tuning) -> Result<Self, Error> {
        let folder = Folder::open(&config.data, make)?;
        // Opening writes to the disk as well, and on a full one the engine would end the process.
        writer::room(folder.data())?;
        let location = folder.data().display().to_string();
        let shard = Arc::new(Shard::open(folder, make.dim, tuning)?);
        let open = Open::start(shard).map_err(error::failed)?;
        let (open, lease) = (Mutex::new(Some(open)), Local::default());
        Ok(Self { location, dim: make.dim, open, lease })
    }

    fn check(&self, embedding: &Embedding) -> Result<(), Error> {
        if embedding.dim() == self.dim {
            return Ok(());
        }
        Err(Error::Dim { wanted: self.dim, given: embedding.dim() })
    }

    /// Runs `look` on the open parts. A poisoned lock does no harm: the value is only ever taken
    /// out as a whole.
    fn with<T>(&self, look: impl FnOnce(&Open) -> Result<T, Error>) -> Result<T, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().ok_or(Error::Closed).and_then(look)
    }

    /// Runs `ask` on one of the reader threads.
    async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Shard) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, answer) = reader::job(ask);
        self.with(|open| offer(&open.reads, job))?;
        answer.await.map_err(|_stopped| Error::Closed)?
    }

    /// Hands `change` to the writer thread and waits until it is durable.
    async fn write(&self, change: Change) -> Result<BTreeSet<ArticleId>, Error> {
        let (reply, answer) = oneshot::channel();
        self.with(|open| offer(&open.writes, writer::Write { change, reply }))?;
        answer.await.map_err(|_stopped| Error::Closed)?
    }

    fn take(&self) -> Option<Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Open {
    fn start(shard: Arc<Shard>) -> std::io::Result<Self> {
        let mut threads = Vec::new();
        let (tasks, notice) = upkeep::start(&shard, &mut threads)?;
        let writes = writer::start(&shard, notice, &mut threads)?;
        let reads = reader::start(&shard, &mut threads)?;
        Ok(Self { shard, reads, writes, tasks, threads })
    }

    /// Lets the queues run empty, ends the threads, writes everything out, and releases the folder.
    fn finish(self) -> Result<(), Error> {
        let Self { shard, reads, writes, tasks, threads } = self;
        drop((reads, writes, tasks));
        for thread in threads {
            // A thread that panicked has nothing left to write, and `guarded` keeps the jobs from
            // panicking it.
            let _panicked = thread.join();
        }
        match Arc::try_unwrap(shard) {
            Ok(shard) => guarded(|| shard.close()),
            // A reader still holds the shard, so the folder gets no seal, and the next start
            // compares nothing.
            Err(shard) => guarded(|| shard.flush()),
        }
    }
}

impl Drop for EdgeStore {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.take().map(Open::finish) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "closing the store failed");
        }
    }
}

#[async_trait]
impl VectorStore for EdgeStore {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        for point in &points {
            self.check(&point.text)?;
        }
        self.write(Change::Upsert(points)).await.map(|_none| ())
    }

    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        let ids = ids.to_vec();
        self.read(move |shard| shard.fetch(&ids, vectors)).await
    }

    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        let ids = ids.to_vec();
        self.read(move |shard| shard.embeddings(&ids)).await
    }

    async fn vectors(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<Option<(Embedding, TermVector)>>, Error> {
        let ids = ids.to_vec();
        self.read(move |shard| shard.vectors(&ids)).await
    }

    /// Divides the terms, so that several readers answer.
    async fn holders(
        &self,
        terms: &[u32],
        ids: &[ArticleId],
    ) -> Result<Vec<BTreeSet<ArticleId>>, Error> {
        let pieces = terms.chunks(HOLDERS_PIECE).map(|piece| {
            let (piece, ids) = (piece.to_vec(), ids.to_vec());
            self.read(move |shard| shard.holders(&piece, &ids))
        });
        Ok(futures::future::try_join_all(pieces).await?.concat())
    }

    async fn similarities(
        &self,
        query: &Embedding,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        self.check(query)?;
        let (query, ids) = (query.clone(), ids.to_vec());
        self.read(move |shard| shard.similarities(&query, &ids)).await
    }

    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        self.write(Change::Delete(ids.to_vec())).await
    }

    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.check(query)?;
        let (query, filter) = (query.clone(), filter.clone());
        self.read(move |shard| shard.nearest(&query, &filter, limit)).await
    }

    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let (query, filter) = (query.clone(), filter.clone());
        self.read(move |shard| shard.lexical(&query, &filter, limit)).await
    }

    /// Divides a batch of questions, so that several readers answer it.
    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        let pieces = asked.chunks(ALIKE_PIECE).map(|piece| {
            let piece = piece.to_vec();
            self.read(move |shard| shard.alike(&piece))
        });
        Ok(futures::future::try_join_all(pieces).await?.concat())
    }

    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        self.write(Change::Regroup(changes)).await.map(|_none| ())
    }

    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        let ids = ids.to_vec();
        self.read(move |shard| shard.memberships(&ids)).await
    }

    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        let filter = filter.clone();
        self.read(move |shard| shard.list(&filter, from, limit)).await
    }

    async fn passing(&self, filter: &Filter) -> Result<BTreeSet<ArticleId>, Error> {
        let filter = filter.clone();
        self.read(move |shard| shard.passing(&filter)).await
    }

    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        let groups = groups.to_vec();
        self.read(move |shard| shard.copies(&groups, limit)).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        let filter = filter.clone();
        self.read(move |shard| shard.count(&filter)).await
    }

    async fn status(&self) -> Result<Status, Error> {
        let article_count = self.count(&Filter::default()).await?;
        let (location, survives) = (self.location.clone(), &["process", "power"]);
        Ok(Status { backend: "edge", location, article_count, survives })
    }

    async fn snapshot(&self, to: &Path) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let task = upkeep::Task::Snapshot(to.to_owned(), reply);
        self.with(|open| offer(&open.tasks, task))?;
        answer.await.map_err(|_stopped| Error::Closed)?
    }

    async fn optimize(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.with(|open| offer(&open.tasks, upkeep::Task::Optimize(reply)))?;
        answer.await.map_err(|_stopped| Error::Closed)?
    }

    /// Waits for the queued jobs and for an optimization that is running, which may take minutes
    /// with a graph. A process that does not wait loses nothing that was acknowledged. Closing
    /// twice is fine.
    async fn close(&self) -> Result<(), Error> {
        let Some(open) = self.take() else {
            return Ok(());
        };
        let (reply, answer) = oneshot::channel();
        let finish = move || {
            let _gone = reply.send(open.finish());
        };
        // Ending the threads blocks, so it must not happen on the caller's thread, nor on one of
        // those that end.
        thread::Builder::new()
            .name("store-close".to_owned())
            .spawn(finish)
            .map_err(error::failed)?;
        answer.await.map_err(|_stopped| Error::Closed)?
    }
}

#[async_trait]
impl TopicStore for EdgeStore {
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        self.lease.hold(term).map(drop)?;
        self.write(Change::Append(rows, mark)).await.map(|_none| ())
    }

    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        self.read(move |shard| shard.topics()?.rows(from, limit)).await
    }

    async fn mark(&self) -> Result<Mark, Error> {
        self.read(|shard| shard.topics()?.mark()).await
    }

    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        for centroid in topics.iter().filter_map(|topic| topic.centroid.as_ref()) {
            self.check(centroid)?;
        }
        self.write(Change::Project(topics, placed)).await.map(|_none| ())
    }

    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        self.check(query)?;
        let query = query.clone();
        self.read(move |shard| shard.topics()?.nearest(&query, level, limit)).await
    }

    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        self.read(move |shard| shard.arrived(after, limit)).await
    }

    async fn last_arrival(&self) -> Result<u64, Error> {
        self.read(Shard::last_arrival).await
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.write(Change::Keep(checkpoint)).await.map(|_none| ())
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.read(|shard| shard.topics()?.checkpoint()).await
    }

    async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        self.write(Change::Calibrate(calibration)).await.map(|_none| ())
    }

    async fn calibration(&self) -> Result<Option<String>, Error> {
        self.read(|shard| shard.topics()?.calibration()).await
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn lease(&self) -> Result<Lease, Error> {
        self.with(|_open| Ok(self.lease.look()))
    }

    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error> {
        self.with(|_open| Ok(self.lease.swap(seen, next)))
    }
}

/// Puts `job` into a queue, or refuses it at once if the queue is full.
fn offer<T>(queue: &SyncSender<T>, job: T) -> Result<(), Error> {
    queue.try_send(job).map_err(|refused| match refused {
        TrySendError::Full(_) => Error::Overloaded,
        TrySendError::Disconnected(_) => Error::Closed,
    })
}
