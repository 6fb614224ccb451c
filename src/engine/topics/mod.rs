//! Topics that keep their names: assigned as articles arrive, corrected, edited, listed, watched.
//!
//! [`book`] is the state, a fold over the log; [`desk`] changes it, on one thread and in the order of
//! arrival; the rest reads. An ingest that was answered is on disk; its articles find their topics
//! right after, and the next ingest waits for that, while searches never do.

mod adhoc;
mod book;
mod desk;
mod edit;
mod follow;
mod list;
mod look;
mod noting;
mod reading;
mod recluster;
mod search;
mod shown;
mod timeline;
mod watching;
mod window;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::Engine;
use crate::Error;
use crate::lead;
use wenmai_cluster::topic::Weights;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_store as store;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Stage;

use book::Book;
use desk::Desk;
use reading::Reader;

pub use adhoc::Cluster;
pub use adhoc::Clusters;
pub use adhoc::Of;
pub use edit::Action;
pub use edit::Edit;
pub use list::ListTopics;
pub use list::MemberOf;
pub use list::Members;
pub use list::Order;
pub use list::TopicList;
pub use recluster::Recluster;
pub use recluster::Reclustered;
pub use search::FoundTopic;
pub use search::FoundTopics;
pub use search::SearchTopics;
pub use shown::Measures;
pub use shown::Period;
pub use shown::Shown;
pub use shown::day_of;
pub use timeline::Entry as TimelineEntry;
pub use timeline::Timeline;
pub use watching::Change;
pub use watching::Changes;

/// Jobs that may wait. Each has the engine's turn, so there is never more than one.
const QUEUE_LEN: usize = 1;

/// The face of the desk towards the engine.
pub(super) struct Topics {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
    book: Arc<RwLock<Book>>,
    versions: watch::Receiver<u64>,
    reader: Reader,
    weights: Arc<Weights>,
    /// Where other processes share the store: what follows them.
    attendant: Mutex<Option<AbortHandle>>,
}

/// Something to do, and the turn that it needs.
struct Job {
    work: Work,
    /// Given back when the job is done.
    turn: OwnedSemaphorePermit,
    reply: oneshot::Sender<Result<Done, Error>>,
}

enum Work {
    /// Place what arrived.
    CatchUp,
    /// An article was deleted.
    Removed(ArticleId),
    /// A person wants something changed.
    Edit(Edit),
    /// Place all that is stored, also what came before there were topics.
    Rebuild,
    /// Cluster a period anew.
    Recluster(Recluster),
    /// Take in what another process wrote.
    Follow,
}

/// What came of a job.
enum Done {
    Nothing,
    Topic(TopicId),
    Placed(u64),
    Reclustered(Reclustered),
    Followed(Vec<ArticleId>),
}

/// How far topics are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The version of the last change that is on disk.
    pub version: u64,
    /// Articles that are stored and not in a topic: on their way, or of a time before topics.
    pub pending_count: u64,
}

impl Topics {
    async fn open(engine: &Engine) -> Result<Self, Error> {
        let weights = Weights::bundled();
        let weights = Arc::new(weights.map_err(|error| Error::Topics(error.into()))?);
        let reader = Reader::new(Arc::clone(&engine.analyzer));
        let (sender, versions) = watch::channel(0);
        let store = Arc::clone(&engine.store);
        let mut desk = Desk::new(
            store,
            Arc::clone(&engine.lead),
            reader.clone(),
            Arc::clone(&weights),
            sender,
        );
        desk.ensure_sound().await?;
        let (book, stop) = (desk.shared(), Arc::clone(&desk.stop));
        let (jobs, queue) = sync_channel(QUEUE_LEN);
        let metrics = engine.metrics().clone();
        let serve = move || serve(desk, &queue, &metrics);
        let thread = std::thread::Builder::new().name("topics".to_owned()).spawn(serve);
        let thread = thread.map_err(|error| Error::Topics(error.into()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            stop,
            book,
            versions,
            reader,
            weights,
            attendant: Mutex::default(),
        })
    }

    /// The book as it is now.
    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the desk something to do.
    fn send(
        &self,
        work: Work,
        turn: OwnedSemaphorePermit,
    ) -> Result<oneshot::Receiver<Result<Done, Error>>, Error> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or_else(closed)?;
        jobs.try_send(Job { work, turn, reply }).map_err(|_ended| closed())?;
        Ok(answer)
    }

    /// Places what arrived, and waits for it.
    pub(super) async fn settle(&self, turn: OwnedSemaphorePermit) -> Result<(), Error> {
        self.ask(Work::CatchUp, turn).await.map(|_done| ())
    }

    async fn ask(&self, work: Work, turn: OwnedSemaphorePermit) -> Result<Done, Error> {
        self.send(work, turn)?.await.map_err(|_ended| closed())?
    }

    /// Places what arrived, while the caller goes on.
    pub(super) fn catch_up(&self, turn: OwnedSemaphorePermit) -> Result<(), Error> {
        self.send(Work::CatchUp, turn).map(|_nobody_waits| ())
    }

    /// Takes in what another process wrote; returns the articles whose text may be another one.
    pub(super) async fn follow(&self, turn: OwnedSemaphorePermit) -> Result<Vec<ArticleId>, Error> {
        match self.ask(Work::Follow, turn).await? {
            Done::Followed(articles) => Ok(articles),
            Done::Nothing | Done::Topic(_) | Done::Placed(_) | Done::Reclustered(_) => {
                Ok(Vec::new())
            }
        }
    }

    /// The highest arrival number that is placed.
    pub(super) fn arrival(&self) -> u64 {
        self.book().arrival
    }

    /// Notes that an article was deleted.
    pub(super) async fn removed(
        &self,
        id: ArticleId,
        turn: OwnedSemaphorePermit,
    ) -> Result<(), Error> {
        self.ask(Work::Removed(id), turn).await.map(|_done| ())
    }

    /// Ends the desk after the step it is at.
    pub(super) fn close(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let attendant = self.attendant.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(attendant) = attendant {
            attendant.abort();
        }
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It ends by itself; a panic was answered to whoever waited.
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

/// The life of the desk's thread: one job after the other, until nobody can send any.
fn serve(mut desk: Desk, jobs: &Receiver<Job>, metrics: &Metrics) {
    while let Ok(Job { work, turn, reply }) = jobs.recv() {
        // The store's answers come from threads of its own, so this one may wait for them.
        let work = metrics.stage(Stage::Topics, work_on(&mut desk, work));
        let done = futures::executor::block_on(work);
        if let Err(error) = &done {
            desk.doubt();
            tracing::warn!(error = error as &dyn std::error::Error, "topics fell behind");
        }
        drop(turn);
        let _gone = reply.send(done);
    }
}

async fn work_on(desk: &mut Desk, work: Work) -> Result<Done, Error> {
    desk.ensure_sound().await?;
    if matches!(work, Work::Follow) {
        return desk.follow().await.map(Done::Followed);
    }
    desk.take_over().await?;
    // What an earlier failure or a killed process left comes first: it arrived first.
    desk.catch_up().await?;
    match work {
        Work::CatchUp | Work::Follow => Ok(Done::Nothing),
        Work::Removed(id) => {
            desk.fill().await?;
            desk.take_out(id, desk::now_us()).await?;
            desk.commit().await?;
            Ok(Done::Nothing)
        }
        Work::Edit(edit) => {
            desk.fill().await?;
            desk.edit(edit).await.map(Done::Topic)
        }
        Work::Rebuild => desk.rebuild().await.map(Done::Placed),
        Work::Recluster(asked) => desk.recluster(asked).await.map(Done::Reclustered),
    }
}

impl Engine {
    /// The same engine with topics. Reads the whole log of changes, then places what arrived and was
    /// not placed, while the engine is in use.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Topics`] if weights or dictionaries are broken.
    pub async fn with_topics(mut self) -> Result<Self, Error> {
        if self.topics.is_some() {
            return Ok(self);
        }
        let topics = Arc::new(Topics::open(&self).await?);
        if self.store.is_shared() {
            // Another process may have the turn; who only reads need not wait for it.
            let attendant = lead::attend(&self, &topics);
            *topics.attendant.lock().unwrap_or_else(PoisonError::into_inner) = Some(attendant);
        } else {
            let turn = self.own_turn().await?;
            topics.catch_up(turn)?;
        }
        self.topics = Some(topics);
        Ok(self)
    }

    /// Whether topics are kept.
    #[must_use]
    pub fn has_topics(&self) -> bool {
        self.topics.is_some()
    }

    /// Living topics of each level, events first; `None` without topics.
    #[must_use]
    pub fn topic_counts(&self) -> Option<(u64, u64)> {
        let book = self.topics.as_deref()?.book();
        let mut counts = (0, 0);
        for topic in book.topics.values().filter(|topic| topic.is_alive()) {
            match topic.level {
                Level::Event => counts.0 += 1,
                Level::Story => counts.1 += 1,
            }
        }
        Some(counts)
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
        let turn = self.own_turn().await?;
        topics.settle(turn).await
    }

    /// How far topics are.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topics_progress(&self) -> Result<Progress, Error> {
        let topics = self.topics()?;
        let stored = self.store.count(&Filter::default()).await?;
        let placed = u64::try_from(topics.book().articles.len()).unwrap_or(u64::MAX);
        let version = *topics.versions.borrow();
        Ok(Progress { version, pending_count: stored.saturating_sub(placed) })
    }

    /// Changes a topic as a person wants; returns the topic that there is now, of a split the new
    /// one.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::StaleTopic`]; [`Error::ArticleNotFound`];
    /// [`Error::Invalid`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn edit_topic(&self, edit: Edit) -> Result<Shown, Error> {
        let topics = self.topics()?;
        let turn = self.own_turn().await?;
        match topics.ask(Work::Edit(edit), turn).await? {
            Done::Topic(id) => self.topic(id),
            Done::Nothing | Done::Placed(_) | Done::Reclustered(_) | Done::Followed(_) => {
                Err(closed())
            }
        }
    }

    /// Places all that is stored and has no topic, in the order of (time, id), and looks at all
    /// topics again; returns how many were placed.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn rebuild_topics(&self) -> Result<u64, Error> {
        let topics = self.topics()?;
        let turn = self.own_turn().await?;
        // Articles get numbers from there on.
        self.next_arrival.store(0, Ordering::Relaxed);
        match topics.ask(Work::Rebuild, turn).await? {
            Done::Placed(count) => Ok(count),
            Done::Nothing | Done::Topic(_) | Done::Reclustered(_) | Done::Followed(_) => {
                Err(closed())
            }
        }
    }

    /// Clusters a period anew under the names that its topics have; what people shaped stays.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `from` for too many articles; [`Error::TopicsOff`];
    /// [`Error::Store`].
    pub async fn recluster_topics(&self, asked: Recluster) -> Result<Reclustered, Error> {
        let topics = self.topics()?;
        let turn = self.own_turn().await?;
        match topics.ask(Work::Recluster(asked), turn).await? {
            Done::Reclustered(done) => Ok(done),
            Done::Nothing | Done::Topic(_) | Done::Placed(_) | Done::Followed(_) => Err(closed()),
        }
    }
}
