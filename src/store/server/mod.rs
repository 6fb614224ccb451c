//! The store on a Qdrant server or cluster, over gRPC.
//!
//! Calls run on a small runtime of the store's own, so a caller needs none, and a caller that has
//! gone ends its call. Only so many calls run at a time; a further one is refused at once. Every
//! call ends at its deadline, and the call after a lost connection makes a new one.
//!
//! `client` makes the calls, `schema` the collections and their aliases, `wire` converts the types.

mod articles;
mod checkpoint;
mod client;
mod config;
mod copies;
mod error;
mod fence;
mod filter;
mod schema;
mod snapshot;
#[cfg(test)]
mod tests;
mod topics;
#[cfg(feature = "edge")]
mod transfer;
mod wire;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use ::qdrant_client::qdrant::CollectionStatus;
use async_trait::async_trait;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::Alike;
use crate::Arrival;
use crate::Checkpoint;
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
use client::Client;
use schema::Names;
use schema::Tuning;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

pub use config::Config;
pub use snapshot::Snapshot;
pub use snapshot::snapshots;

/// Threads of the store's runtime.
const THREADS: usize = 2;
/// How many calls may run at a time.
const CALLS: usize = 256;
/// The time between two looks at an optimization that is running.
const OPTIMIZE_POLL: Duration = Duration::from_millis(200);
/// How long an optimization may take.
const OPTIMIZE_TIMEOUT: Duration = Duration::from_hours(1);

/// A store on a Qdrant server, for articles and topics.
#[derive(Debug)]
pub struct ServerStore {
    location: String,
    dim: usize,
    /// `None` once the store was closed.
    open: Mutex<Option<Remote>>,
    calls: Arc<Semaphore>,
    threads: Threads,
    /// The last term of the lease that was taken through this store; 0 before the first.
    term: AtomicU64,
    /// Whether a write counts when more than one node has it.
    is_replicated: bool,
}

/// The store's own runtime. It is shut down without waiting for its threads, because dropping a
/// runtime waits for them, and a task must not wait.
#[derive(Debug)]
struct Threads(Option<Runtime>);

/// The open collections and the client for them; cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Client,
    names: Names,
    /// The last term of the lease that this process took when the call began.
    term: u64,
}

impl ServerStore {
    /// Opens the collections that `config` names, or creates them. Blocks until the server answers,
    /// at most for a few deadlines.
    ///
    /// # Errors
    /// [`Error::Settings`], [`Error::Away`], [`Error::IndexVersion`], [`Error::Server`].
    pub fn open(config: &Config, make: &Make) -> Result<Self, Error> {
        Self::open_tuned(config, make, Tuning::default())
    }

    fn open_tuned(config: &Config, make: &Make, tuning: Tuning) -> Result<Self, Error> {
        let threads = Threads::start()?;
        let (settings, wanted) = (config.clone(), make.clone());
        let remote = threads.wait(async move {
            let client = Client::new(&settings)?;
            let version = client.ping().await?;
            tracing::info!(version, "Qdrant answers");
            let names = schema::open(&client, &settings, &wanted, tuning).await?;
            let remote = Remote { client, names, term: 0 };
            remote.found().await?;
            Ok(remote)
        })?;
        let url = config.url.as_deref().unwrap_or_default();
        Ok(Self {
            location: format!("{url}/{}", remote.names.articles),
            dim: make.dim,
            open: Mutex::new(Some(remote)),
            calls: Arc::new(Semaphore::new(CALLS)),
            threads,
            term: AtomicU64::new(0),
            is_replicated: config.write_consistency() > 1,
        })
    }

    /// What the index on the server was made with; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Settings`], [`Error::Away`], [`Error::Server`].
    #[cfg(feature = "edge")]
    pub fn made(config: &Config) -> Result<Option<Make>, Error> {
        let settings = config.clone();
        Threads::start()?
            .wait(async move { schema::made(&Client::new(&settings)?, &settings).await })
    }

    fn check(&self, embedding: &Embedding) -> Result<(), Error> {
        if embedding.dim() == self.dim {
            return Ok(());
        }
        Err(Error::Dim { wanted: self.dim, given: embedding.dim() })
    }

    /// Runs `call` on the store's own threads. If the future is dropped, the call is ended.
    async fn call<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(Remote) -> Fut,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let remote = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (remote, runtime) = remote.zip(self.threads.0.as_ref()).ok_or(Error::Closed)?;
        let remote = Remote { term: self.term.load(Ordering::Acquire), ..remote };
        let permit = Arc::clone(&self.calls).try_acquire_owned();
        let permit = permit.map_err(|_full| Error::Overloaded)?;
        let mut tasks = JoinSet::new();
        tasks.spawn_on(call(remote).in_current_span(), runtime.handle());
        let done = tasks.join_next().await;
        drop(permit);
        match done {
            Some(Ok(answer)) => answer,
            Some(Err(panicked)) => Err(error::failed(panicked)),
            None => Err(Error::Closed),
        }
    }
}

impl Threads {
    fn start() -> Result<Self, Error> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(THREADS).thread_name("store-server").enable_all();
        builder.build().map(Some).map(Self).map_err(error::failed)
    }

    /// Blocks until `work` is done; may be called from inside another runtime.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = sync_channel(1);
        let runtime = self.0.as_ref().ok_or(Error::Closed)?;
        runtime.spawn(async move {
            let _gone = reply.send(work.await);
        });
        answer.recv().map_err(error::failed)?
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Remote {
    /// Waits until the server has nothing left to seal, merge or build in either collection.
    async fn optimize(&self) -> Result<(), Error> {
        let settled = async {
            loop {
                let mut busy = false;
                for name in [&self.names.articles, &self.names.topics] {
                    let info = schema::info(&self.client, name).await?;
                    let info = info.ok_or_else(|| error::failed("a collection is gone"))?;
                    let ok = info.optimizer_status.as_ref().is_none_or(|status| status.ok);
                    if !ok || info.status() == CollectionStatus::Red {
                        let status = info.optimizer_status.unwrap_or_default();
                        return Err(error::failed(format!("it fails: {}", status.error)));
                    }
                    busy |= info.status() != CollectionStatus::Green;
                }
                if !busy {
                    return Ok(());
                }
                tokio::time::sleep(OPTIMIZE_POLL).await;
            }
        };
        let late = |_elapsed| Err(error::late(OPTIMIZE_TIMEOUT.as_millis()));
        tokio::time::timeout(OPTIMIZE_TIMEOUT, settled).await.unwrap_or_else(late)
    }
}

#[async_trait]
impl VectorStore for ServerStore {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        for point in &points {
            self.check(&point.text)?;
        }
        self.call(|remote| async move { remote.upsert(points).await }).await
    }

    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        let ids = ids.to_vec();
        self.call(|remote| async move { remote.fetch(ids, vectors).await }).await
    }

    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        let ids = ids.to_vec();
        self.call(|remote| async move { remote.embeddings(&ids).await }).await
    }

    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        let ids = ids.to_vec();
        self.call(|remote| async move { remote.delete(ids).await }).await
    }

    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.check(query)?;
        let (query, filter) = (query.clone(), filter.clone());
        self.call(|remote| async move { remote.nearest(query, filter, limit).await }).await
    }

    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let (query, filter) = (query.clone(), filter.clone());
        self.call(|remote| async move { remote.lexical(query, filter, limit).await }).await
    }

    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        self.call(|remote| async move { remote.alike(asked).await }).await
    }

    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        self.call(|remote| async move { remote.regroup(changes).await }).await
    }

    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        let ids = ids.to_vec();
        self.call(|remote| async move { remote.memberships(&ids).await }).await
    }

    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        let filter = filter.clone();
        self.call(|remote| async move { remote.list(filter, from, limit).await }).await
    }

    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        let groups = groups.to_vec();
        self.call(|remote| async move { remote.copies(groups, limit).await }).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        let filter = filter.clone();
        self.call(|remote| async move { remote.count(filter).await }).await
    }

    async fn status(&self) -> Result<Status, Error> {
        let location = self.location.clone();
        // The server syncs its own log by itself, some seconds later.
        let survives: &[&str] =
            if self.is_replicated { &["process", "node"] } else { &["process"] };
        self.call(|remote| async move {
            // The ping has a short deadline, because the health check waits for this answer.
            remote.client.ping().await?;
            let article_count = remote.count(Filter::default()).await?;
            Ok(Status { backend: "server", location, article_count, survives })
        })
        .await
    }

    /// Waits until the server, which seals, merges and builds by itself, has done so.
    async fn optimize(&self) -> Result<(), Error> {
        self.call(|remote| async move { remote.optimize().await }).await
    }

    /// Drops the connection; the server keeps what it has. Closing twice is fine.
    async fn close(&self) -> Result<(), Error> {
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(())
    }
}

#[async_trait]
impl TopicStore for ServerStore {
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        self.call(|remote| async move { remote.append(term, rows, mark).await }).await
    }

    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        self.call(|remote| async move { remote.rows(from, limit).await }).await
    }

    async fn mark(&self) -> Result<Mark, Error> {
        self.call(|remote| async move { Ok(remote.head().await?.mark) }).await
    }

    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        for centroid in topics.iter().filter_map(|topic| topic.centroid.as_ref()) {
            self.check(centroid)?;
        }
        self.call(|remote| async move { remote.project(topics, placed).await }).await
    }

    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        self.check(query)?;
        let query = query.clone();
        self.call(|remote| async move { remote.nearest_topics(query, level, limit).await }).await
    }

    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        self.call(|remote| async move { remote.arrived(after, limit).await }).await
    }

    async fn last_arrival(&self) -> Result<u64, Error> {
        self.call(|remote| async move { remote.last_arrival().await }).await
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.call(|remote| async move { remote.keep_checkpoint(checkpoint).await }).await
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.call(|remote| async move { remote.checkpoint().await }).await
    }

    async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        self.call(|remote| async move { remote.keep_calibration(calibration).await }).await
    }

    async fn calibration(&self) -> Result<Option<String>, Error> {
        self.call(|remote| async move { remote.calibration().await }).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn lease(&self) -> Result<Lease, Error> {
        self.call(|remote| async move { Ok(remote.head().await?.lease) }).await
    }

    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error> {
        let (seen, wanted) = (seen.clone(), next.clone());
        let swapped = self.call(|remote| async move { remote.swap_lease(seen, wanted).await });
        let swapped = swapped.await?;
        if swapped {
            self.term.store(next.term, Ordering::Release);
        }
        Ok(swapped)
    }

    async fn fence(&self, term: u64, articles: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        self.call(move |remote| async move { remote.fence(term, articles).await }).await
    }
}
