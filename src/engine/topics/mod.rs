//! Topics that keep their names: assigned as articles arrive, corrected, edited, listed, watched.
//!
//! [`worker`] is the one thread that changes topics, in the order in which articles arrive: it
//! decides, and appends each decision to a log in the store. [`projection`] is the state that
//! follows from that log, and everything else reads it. An ingest that was answered is on disk; its
//! articles are placed in topics right after, and the next ingest waits for that, while searches
//! never do.

mod adhoc;
mod background;
mod contribution;
mod edit;
mod follow;
mod list;
mod marks;
mod order;
mod projection;
mod published;
mod reading;
mod recluster;
mod replica;
mod search;
mod store_sync;
mod supervisor;
mod themes;
mod timeline;
mod view;
mod watching;
mod window;
mod worker;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::Engine;
use crate::Error;
use wenmai_cluster::topic::Weights;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_store as store;

use published::Published;
use reading::ArticleReader;
use supervisor::State;
use worker::Worker;

pub use adhoc::Cluster;
pub use adhoc::ClusterSource;
pub use adhoc::Clusters;
pub use background::background;
pub use edit::Action;
pub use edit::Edit;
pub use list::ListTopics;
pub use list::MemberArticle;
pub use list::TopicArticles;
pub use list::TopicList;
pub use list::TopicOrder;
pub use recluster::Recluster;
pub use recluster::Reclustered;
pub use search::FoundTopic;
pub use search::FoundTopics;
pub use search::SearchTopics;
pub use themes::ThemeList;
pub use themes::ThemeView;
pub use timeline::Timeline;
pub use timeline::TimelineEntry;
pub use view::Measures;
pub use view::Period;
pub use view::TopicView;
pub use watching::Change;
pub use watching::Changes;

/// Jobs that may wait. Each comes with the engine's write lock, so there is never more than one.
const QUEUE_LEN: usize = 1;

/// What the engine holds of topics: the queue and thread of the [`Worker`], and the state to read.
pub(super) struct Topics {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether the worker is well.
    state: Arc<State>,
    stop: Arc<AtomicBool>,
    published: Arc<RwLock<Published>>,
    versions: watch::Receiver<u64>,
    reader: ArticleReader,
    weights: Arc<Weights>,
    /// The task of `replica`, where other processes share the store.
    replica: Mutex<Option<AbortHandle>>,
}

/// A task for the worker, and the write lock that it needs.
struct Job {
    task: Task,
    /// Given back when the job is done.
    lock: OwnedSemaphorePermit,
    reply: oneshot::Sender<Reply>,
}

/// What a job came to, and the write lock, for those who go on with it.
type Reply = (Result<TaskOutcome, Error>, OwnedSemaphorePermit);

enum Task {
    /// Place in topics what arrived, and take out what was deleted.
    CatchUp,
    /// A person wants something changed.
    Edit(Edit),
    /// Place all that is stored, also what came before there were topics.
    Rebuild,
    /// Cluster a period anew.
    Recluster(Recluster),
    /// Take in what another process wrote.
    Follow,
}

/// What a task returns.
enum TaskOutcome {
    Nothing,
    Topic(TopicId),
    Rebuilt(Rebuilt),
    Reclustered(Reclustered),
    Followed(Vec<ArticleId>),
}

/// What a rebuild found and mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many stored articles had no topic and were placed.
    pub placed_count: u64,
    /// How many articles were in topics but not stored any more, and were taken out.
    pub removed_count: u64,
    /// How many groups of reprints had no original or several.
    pub groups_mended: u64,
}

/// How far the topics have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The version of the last change that is on disk.
    pub version: u64,
    /// How many stored articles are in no topic: they were just stored, or before topics were on.
    pub pending_count: u64,
}

impl Topics {
    async fn open(engine: &Engine) -> Result<Self, Error> {
        let weights = Weights::bundled().map_err(|error| Error::Topics(error.into()))?;
        let scales = engine.calibrated().await?.scales();
        let weights = Arc::new(weights.with_scales(scales).with_background(background()));
        let reader = ArticleReader::new(Arc::clone(&engine.analyzer))
            .with_vocabulary(Arc::clone(&engine.vocabulary));
        let (sender, versions) = watch::channel(0);
        let store = Arc::clone(&engine.store);
        let mut worker = Worker::new(
            store,
            Arc::clone(&engine.lease),
            reader.clone(),
            Arc::clone(&weights),
            sender,
        );
        worker.ensure_sound().await?;
        let (published, stop) = (worker.published(), Arc::clone(&worker.stop));
        let (jobs, queue) = sync_channel(QUEUE_LEN);
        let state = Arc::new(State::new(engine.metrics().clone()));
        let told = Arc::clone(&state);
        let serve = move || supervisor::serve(worker, &queue, &told);
        let thread = std::thread::Builder::new().name("topics".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| Error::Topics(error.into()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            state,
            stop,
            published,
            versions,
            reader,
            weights,
            replica: Mutex::default(),
        })
    }

    /// The state as it is now.
    fn published(&self) -> RwLockReadGuard<'_, Published> {
        self.published.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a task to the worker; the receiver gets the outcome.
    fn send(
        &self,
        task: Task,
        lock: OwnedSemaphorePermit,
    ) -> Result<oneshot::Receiver<Reply>, Error> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or_else(closed)?;
        jobs.try_send(Job { task, lock, reply }).map_err(|_ended| closed())?;
        Ok(answer)
    }

    /// Places what arrived, takes out what was deleted, waits until that is done, and returns the
    /// write lock.
    pub(super) async fn settle(
        &self,
        lock: OwnedSemaphorePermit,
    ) -> Result<OwnedSemaphorePermit, Error> {
        let (done, lock) = self.send(Task::CatchUp, lock)?.await.map_err(|_ended| closed())?;
        done.map(|_caught_up| lock)
    }

    async fn ask(&self, task: Task, lock: OwnedSemaphorePermit) -> Result<TaskOutcome, Error> {
        let (done, _lock) = self.send(task, lock)?.await.map_err(|_ended| closed())?;
        done
    }

    /// Has the worker place what arrived; does not wait for it.
    pub(super) fn catch_up(&self, lock: OwnedSemaphorePermit) -> Result<(), Error> {
        self.send(Task::CatchUp, lock).map(|_nobody_waits| ())
    }

    /// Reads what another process wrote; returns the articles whose text may have changed.
    pub(super) async fn follow(&self, lock: OwnedSemaphorePermit) -> Result<Vec<ArticleId>, Error> {
        match self.ask(Task::Follow, lock).await? {
            TaskOutcome::Followed(articles) => Ok(articles),
            TaskOutcome::Nothing
            | TaskOutcome::Topic(_)
            | TaskOutcome::Rebuilt(_)
            | TaskOutcome::Reclustered(_) => Ok(Vec::new()),
        }
    }

    /// Whether an article is in topics.
    pub(super) fn holds(&self, id: ArticleId) -> bool {
        self.published().articles.contains_key(&id)
    }

    /// The first article that was placed as one of that group of reprints.
    pub(super) fn first_of(&self, group: GroupId) -> Option<ArticleId> {
        self.published().first_of(group)
    }

    /// The highest arrival number of the articles that are placed.
    pub(super) fn arrival(&self) -> u64 {
        self.published().arrival
    }

    /// Ends the worker's thread after its current step, and waits for that.
    pub(super) fn close(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let replica = self.replica.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(replica) = replica {
            replica.abort();
        }
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It ends by itself.
            let _panicked = thread.join();
        }
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        self.close();
    }
}

fn closed() -> Error {
    Error::Store(store::Error::Closed)
}

impl Engine {
    /// The same engine with topics. Reads the last checkpoint and the log of changes after it, or
    /// the whole log where there is no checkpoint; then places what arrived and was not placed,
    /// while the engine is already in use.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Topics`] if weights or dictionaries are broken.
    pub async fn with_topics(mut self) -> Result<Self, Error> {
        if self.topics.is_some() {
            return Ok(self);
        }
        let topics = Arc::new(Topics::open(&self).await?);
        // The lock leaves to the worker what is its to mend.
        self.topics = Some(Arc::clone(&topics));
        if self.store.is_shared() {
            // Another process may hold the lease; an engine that only reads need not wait for it.
            let replica = replica::start(&self, &topics);
            *topics.replica.lock().unwrap_or_else(PoisonError::into_inner) = Some(replica);
        } else {
            let lock = self.lock_writes().await?;
            topics.catch_up(lock)?;
        }
        Ok(self)
    }

    /// Whether this engine keeps topics.
    #[must_use]
    pub fn has_topics(&self) -> bool {
        self.topics.is_some()
    }

    /// Whether the worker of the topics is well: it neither broke down nor failed at its last task.
    /// `true` for an engine without topics.
    #[must_use]
    pub fn topics_are_well(&self) -> bool {
        self.topics.as_ref().is_none_or(|topics| topics.state.is_well())
    }

    /// The number of events and the number of stories that have members; `None` without topics.
    #[must_use]
    pub fn topic_counts(&self) -> Option<(u64, u64)> {
        let published = self.topics.as_deref()?.published();
        let count = |level| u64::try_from(published.index().count(level)).unwrap_or(u64::MAX);
        Some((count(Level::Event), count(Level::Story)))
    }

    fn topics(&self) -> Result<&Topics, Error> {
        self.topics.as_deref().ok_or(Error::TopicsOff)
    }

    /// Waits until everything that was stored before has its topics.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn settle_topics(&self) -> Result<(), Error> {
        let Some(topics) = &self.topics else { return Ok(()) };
        let lock = self.lock_writes().await?;
        topics.settle(lock).await.map(|_lock| ())
    }

    /// How far the topics have come.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topics_progress(&self) -> Result<Progress, Error> {
        let topics = self.topics()?;
        let stored = self.store.count(&Filter::default()).await?;
        let placed = u64::try_from(topics.published().articles.len()).unwrap_or(u64::MAX);
        let version = *topics.versions.borrow();
        Ok(Progress { version, pending_count: stored.saturating_sub(placed) })
    }

    /// Carries out a person's change of a topic. Returns the topic as it is afterwards; of a split,
    /// the new topic.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::StaleTopic`]; [`Error::ArticleNotFound`];
    /// [`Error::Invalid`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn edit_topic(&self, edit: Edit) -> Result<TopicView, Error> {
        let topics = self.topics()?;
        let lock = self.lock_writes().await?;
        match topics.ask(Task::Edit(edit), lock).await? {
            TaskOutcome::Topic(id) => self.topic(id),
            TaskOutcome::Nothing
            | TaskOutcome::Rebuilt(_)
            | TaskOutcome::Reclustered(_)
            | TaskOutcome::Followed(_) => Err(closed()),
        }
    }

    /// Mends every group of reprints that has not exactly one original, places every stored article
    /// that has no topic, in the order of (time, id), takes out of the topics what is not stored,
    /// and then repairs all topics.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn rebuild_topics(&self) -> Result<Rebuilt, Error> {
        let topics = self.topics()?;
        let lock = self.lock_writes().await?;
        let late = self.fence(Vec::new()).await?;
        let lock = self.remove_late(late, lock).await?;
        let groups_mended = self.mend_all_groups().await?;
        // Articles get numbers from there on.
        self.next_arrival.store(0, Ordering::Relaxed);
        match topics.ask(Task::Rebuild, lock).await? {
            TaskOutcome::Rebuilt(done) => Ok(Rebuilt { groups_mended, ..done }),
            TaskOutcome::Nothing
            | TaskOutcome::Topic(_)
            | TaskOutcome::Reclustered(_)
            | TaskOutcome::Followed(_) => Err(closed()),
        }
    }

    /// Clusters a period anew. Topics keep their ids where most of their articles stay together,
    /// and topics that a person changed are left alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `from` for too many articles; [`Error::TopicsOff`];
    /// [`Error::Store`].
    pub async fn recluster_topics(&self, request: Recluster) -> Result<Reclustered, Error> {
        let topics = self.topics()?;
        let lock = self.lock_writes().await?;
        match topics.ask(Task::Recluster(request), lock).await? {
            TaskOutcome::Reclustered(done) => Ok(done),
            TaskOutcome::Nothing
            | TaskOutcome::Topic(_)
            | TaskOutcome::Rebuilt(_)
            | TaskOutcome::Followed(_) => Err(closed()),
        }
    }
}
