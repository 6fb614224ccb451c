//! A store that does what it is told at one of its calls: fails, panics, waits, or dies.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;
use tokio::sync::Semaphore;
use wenmai::domain::embedding::Embedding;
use wenmai::domain::filter::Filter;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::reprint::GroupId;
use wenmai::domain::reprint::Membership;
use wenmai::domain::terms::TermVector;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::TopicId;
use wenmai::store::Alike;
use wenmai::store::Arrival;
use wenmai::store::Checkpoint;
use wenmai::store::Copies;
use wenmai::store::Error;
use wenmai::store::Lease;
use wenmai::store::Listing;
use wenmai::store::Mark;
use wenmai::store::Placed;
use wenmai::store::Point;
use wenmai::store::Regroup;
use wenmai::store::Row;
use wenmai::store::Scored;
use wenmai::store::SharedMemory;
use wenmai::store::Status;
use wenmai::store::Store;
use wenmai::store::Stored;
use wenmai::store::TopicPoint;
use wenmai::store::TopicStore;
use wenmai::store::VectorStore;
use wenmai::store::Vectors;

/// A write on its way.
type Stray = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and does nothing.
    Fail,
    /// The call does its work and fails all the same.
    FailLate,
    /// The call panics on whoever made it.
    Panic,
    /// The call waits until [`Faulty::release`].
    Wait,
    /// This call and all after it fail, as if the process were gone; what it did before stays.
    Die,
    /// The same, but this call does its work first.
    DieLate,
    /// This call and all after it wait until [`Faulty::release`], as if the process were stopped.
    Stop,
    /// The same, but this call does its work first.
    StopLate,
    /// The call fails, and what it writes takes effect at [`Faulty::release`] all the same. For a
    /// store of [`Faulty::of`].
    Stray,
}

#[derive(Debug, Default)]
struct Plan {
    /// The calls that go through before the fault, and the fault.
    armed: Option<(u32, Fault)>,
    is_dead: bool,
    is_stopped: bool,
    /// Whether the fault has happened.
    struck: bool,
}

/// The store with the fault.
pub struct Faulty {
    inner: Store,
    /// What `inner` is one process's way to, if several share it.
    shared: Option<SharedMemory>,
    /// The last term that was taken through this store.
    term: AtomicU64,
    /// Writes that take effect at [`Faulty::release`].
    strays: Mutex<Vec<Stray>>,
    plan: Mutex<Plan>,
    reached: Notify,
    /// Closed once calls that wait may go on.
    gate: Mutex<Arc<Semaphore>>,
}

impl Faulty {
    /// A store over `inner` that does what that one does until it is told otherwise.
    pub fn over(inner: &Store) -> Arc<Self> {
        Self::new(Arc::clone(inner), None)
    }

    /// One process's way to a store that several share.
    pub fn of(shared: SharedMemory) -> Arc<Self> {
        Self::new(shared.open(), Some(shared))
    }

    fn new(inner: Store, shared: Option<SharedMemory>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            shared,
            term: AtomicU64::new(0),
            strays: Mutex::default(),
            plan: Mutex::default(),
            reached: Notify::new(),
            gate: Mutex::new(Arc::new(Semaphore::new(0))),
        })
    }

    /// Has the fault happen once `after` more calls went through.
    pub fn arm(&self, after: u32, fault: Fault) {
        let mut plan = self.plan.lock().unwrap();
        (plan.armed, plan.struck) = (Some((after, fault)), false);
        *self.gate.lock().unwrap() = Arc::new(Semaphore::new(0));
    }

    /// Takes the fault back if it has not happened; whether it has.
    pub fn disarm(&self) -> bool {
        let mut plan = self.plan.lock().unwrap();
        plan.armed = None;
        plan.struck
    }

    /// Returns once a call waits.
    pub async fn until_reached(&self) {
        self.reached.notified().await;
    }

    /// Lets a call that waits go on, and every later one.
    pub fn release(&self) {
        self.plan.lock().unwrap().is_stopped = false;
        self.gate.lock().unwrap().close();
    }

    /// Has the writes arrive that were told to have failed; how many there were.
    pub async fn release_strays(&self) -> usize {
        let strays = std::mem::take(&mut *self.strays.lock().unwrap());
        let count = strays.len();
        for stray in strays {
            stray.await;
        }
        count
    }

    /// Whether every call fails by now.
    pub fn is_dead(&self) -> bool {
        self.plan.lock().unwrap().is_dead
    }

    /// The fault of the next call.
    fn next(&self) -> Result<Option<Fault>, Error> {
        let mut plan = self.plan.lock().unwrap();
        if plan.is_dead {
            return Err(failed());
        }
        let Some((after, fault)) = plan.armed else { return Ok(None) };
        if after > 0 {
            plan.armed = Some((after - 1, fault));
            return Ok(None);
        }
        (plan.armed, plan.struck) = (None, true);
        plan.is_dead = matches!(fault, Fault::Die | Fault::DieLate);
        plan.is_stopped = matches!(fault, Fault::Stop | Fault::StopLate);
        Ok(Some(fault))
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.plan.lock().unwrap().is_stopped {
            self.pass().await;
        }
        match self.next()? {
            None => work.await,
            // What reads has nothing that could arrive later.
            Some(Fault::Fail | Fault::Die | Fault::Stray) => Err(failed()),
            Some(Fault::FailLate | Fault::DieLate) => work.await.and_then(|_done| Err(failed())),
            Some(Fault::Panic) => panic!("a fault of the test"),
            Some(Fault::Wait | Fault::Stop) => {
                self.reached.notify_one();
                self.pass().await;
                work.await
            }
            Some(Fault::StopLate) => {
                let done = work.await;
                self.reached.notify_one();
                self.pass().await;
                done
            }
        }
    }

    /// Waits until calls that wait may go on.
    async fn pass(&self) {
        let gate = Arc::clone(&self.gate.lock().unwrap());
        let _closed = gate.acquire().await;
    }

    /// A call that writes, and that may arrive although it failed.
    async fn write<T, F, W>(&self, work: F) -> Result<T, Error>
    where
        F: Fn(Store) -> W,
        W: Future<Output = Result<T, Error>> + Send + 'static,
        T: 'static,
    {
        let is_stray = matches!(self.plan.lock().unwrap().armed, Some((0, Fault::Stray)));
        if let Some(shared) = self.shared.as_ref().filter(|_| is_stray) {
            let late = work(shared.open_in(self.term.load(Ordering::SeqCst)));
            self.strays.lock().unwrap().push(Box::pin(async move { drop(late.await) }));
        }
        self.call(work(Arc::clone(&self.inner))).await
    }
}

fn failed() -> Error {
    Error::Failed("a fault of the test".into())
}

#[async_trait::async_trait]
impl VectorStore for Faulty {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        self.write(|store| {
            let points = points.clone();
            async move { store.upsert(points).await }
        })
        .await
    }

    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        self.call(self.inner.fetch(ids, vectors)).await
    }

    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        self.call(self.inner.embeddings(ids)).await
    }

    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        let ids = ids.to_vec();
        self.write(|store| {
            let ids = ids.clone();
            async move { store.delete(&ids).await }
        })
        .await
    }

    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.call(self.inner.nearest(query, filter, limit)).await
    }

    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.call(self.inner.lexical(query, filter, limit)).await
    }

    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        self.call(self.inner.alike(asked)).await
    }

    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        self.write(|store| {
            let changes = changes.clone();
            async move { store.regroup(changes).await }
        })
        .await
    }

    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        self.call(self.inner.memberships(ids)).await
    }

    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        self.call(self.inner.list(filter, from, limit)).await
    }

    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        self.call(self.inner.copies(groups, limit)).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        self.call(self.inner.count(filter)).await
    }

    async fn status(&self) -> Result<Status, Error> {
        self.call(self.inner.status()).await
    }

    async fn optimize(&self) -> Result<(), Error> {
        self.call(self.inner.optimize()).await
    }

    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait::async_trait]
impl TopicStore for Faulty {
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        self.write(|store| {
            let (rows, mark) = (rows.clone(), mark.clone());
            async move { store.append(term, rows, mark).await }
        })
        .await
    }

    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        self.call(self.inner.rows(from, limit)).await
    }

    async fn mark(&self) -> Result<Mark, Error> {
        self.call(self.inner.mark()).await
    }

    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        self.write(|store| {
            let (topics, placed) = (topics.clone(), placed.clone());
            async move { store.project(topics, placed).await }
        })
        .await
    }

    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        self.call(self.inner.nearest_topics(query, level, limit)).await
    }

    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        self.call(self.inner.arrived(after, limit)).await
    }

    async fn last_arrival(&self) -> Result<u64, Error> {
        self.call(self.inner.last_arrival()).await
    }

    async fn fence(&self, term: u64, articles: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        self.call(self.inner.fence(term, articles)).await
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.call(self.inner.keep_checkpoint(checkpoint)).await
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.call(self.inner.checkpoint()).await
    }

    async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        self.inner.keep_calibration(calibration).await
    }

    async fn calibration(&self) -> Result<Option<String>, Error> {
        self.inner.calibration().await
    }

    async fn lease(&self) -> Result<Lease, Error> {
        self.call(self.inner.lease()).await
    }

    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error> {
        let swapped = self.call(self.inner.swap_lease(seen, next)).await?;
        if swapped {
            self.term.store(next.term, Ordering::SeqCst);
        }
        Ok(swapped)
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }
}
