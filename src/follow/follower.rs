//! Follows feeds: threads that poll what is due, fetch what is new, hand it to the sink, and remember.
//!
//! Each thread makes one request after the other; [`Queue`] sees to it that a host has one at a time,
//! with a pause. What a poll brought is on the disk before its pages are fetched, and what became of
//! an item soon after, so that a kill costs a page or two to be fetched again, and loses none.

mod feeds;
mod poll;
mod visit;
mod worker;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::clock::Clock;
use crate::fetch::Bounds;
use crate::fetch::Client;
use crate::queue::Queue;
use crate::queue::Task;
use crate::queue::Until;
use crate::queue::Work;
use crate::report::FeedReport;
use crate::report::Report;
use crate::settings::Config;
use crate::sink::Sink;
use crate::source::Source;
use crate::state;
use crate::state::Feed;
use crate::state::Folder;
use crate::state::Waiting;
use feeds::Places;
use wenmai_telemetry::Metrics;

pub use feeds::Feeds;
pub use feeds::ListChange;

/// What is remembered of a feed is written this often, at most.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// For how long a request that is under way is waited for when all is to stop.
const GRACE: Duration = Duration::from_secs(3);

/// What following needs.
pub struct Setup {
    /// The settings.
    pub config: Config,
    /// Bounds of each request.
    pub bounds: Bounds,
    /// The feeds.
    pub sources: Vec<Source>,
    /// Where articles go.
    pub sink: Arc<dyn Sink>,
    /// What counts.
    pub metrics: Metrics,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The folder of what is remembered.
    pub folder: PathBuf,
    /// How long.
    pub until: Until,
    /// Only tell what would be fetched: no page is, and nothing is stored or remembered.
    pub is_dry: bool,
}

/// Why following cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is remembered cannot be used.
    #[error("what was followed before cannot be read")]
    State(#[from] state::Error),
    /// Threads cannot be started.
    #[error("threads cannot be started")]
    Threads(#[source] std::io::Error),
}

/// A feed that is followed.
struct Followed {
    state: Feed,
    /// Items whose pages are still to be fetched, by key, with their order.
    waiting: HashMap<u64, (u64, Waiting)>,
    report: FeedReport,
    /// Lists that were read since the page list was.
    lists: usize,
    /// Whether there is something to write.
    is_changed: bool,
    /// Whether it is no longer followed.
    is_dropped: bool,
    saved_at: Option<Timestamp>,
}

/// What the threads share.
struct Shared {
    client: Client,
    delay: Duration,
    sink: Arc<dyn Sink>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    /// None in a dry run of something that was never followed.
    folder: Option<Folder>,
    is_dry: bool,
    feeds: Places,
    /// How many of them are followed still.
    followed: AtomicU64,
    queue: Queue,
    /// Keys under which items are known that some feed deals with, or has, and of which item.
    known: Mutex<HashMap<u64, u64>>,
    /// Set when requests that are under way are to be given up.
    stop: AtomicBool,
    /// Set when nothing may go to the sink any more.
    is_closed: AtomicBool,
    requests: AtomicU64,
    bytes: AtomicU64,
    failing: AtomicU64,
    waiting: AtomicU64,
    /// Set when nothing may be written to the folder any more.
    is_released: AtomicBool,
    /// Threads that work.
    threads: Mutex<usize>,
    ended: Condvar,
}

/// Feeds being followed. Dropping it stops, without waiting.
pub struct Running {
    shared: Arc<Shared>,
}

/// Stops what is running, from anywhere.
#[derive(Clone)]
pub struct Stop(Arc<Shared>);

/// Begins to follow feeds.
///
/// # Errors
/// [`Error`]
pub fn start(setup: Setup) -> Result<Running, Error> {
    let at_once = setup.config.at_once.max(1);
    let shared = Arc::new(Shared::new(setup)?);
    shared.begin();
    for number in 0..at_once {
        let own = Arc::clone(&shared);
        *lock(&shared.threads) += 1;
        let thread = std::thread::Builder::new().name(format!("follow-{number}"));
        let started = thread.spawn(move || {
            // However it ends, or whoever waits would wait for ever.
            let counted = Counted(own);
            worker::work(&counted.0);
        });
        if let Err(error) = started {
            *lock(&shared.threads) -= 1;
            Stop(Arc::clone(&shared)).stop();
            return Err(Error::Threads(error));
        }
    }
    Ok(Running { shared })
}

/// A thread that works, and is counted as one.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        *lock(&self.0.threads) -= 1;
        self.0.ended.notify_all();
    }
}

impl Running {
    /// What stops it.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop(Arc::clone(&self.shared))
    }

    /// What others can be put into in place of the feeds that are followed.
    #[must_use]
    pub fn feeds(&self) -> Feeds {
        Feeds(Arc::clone(&self.shared))
    }

    /// Waits until the round has ended, or until it was stopped and all has come to rest; tells what
    /// was done. Blocks.
    #[must_use]
    pub fn wait(self) -> Report {
        let shared = &self.shared;
        let mut threads = lock(&shared.threads);
        let mut patience = GRACE;
        while *threads > 0 && !patience.is_zero() {
            let step = Duration::from_millis(100);
            let waited = shared.ended.wait_timeout(threads, step);
            threads = waited.unwrap_or_else(PoisonError::into_inner).0;
            if shared.stop.load(Ordering::Relaxed) {
                patience = patience.saturating_sub(step);
            }
        }
        drop(threads);
        shared.is_closed.store(true, Ordering::SeqCst);
        let report = shared.report();
        shared.release();
        report
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop().stop();
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.shared.release();
    }
}

impl Stop {
    /// No more requests are begun, and those under way are given up soon.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.queue.stop();
    }
}

/// Says that what is remembered of a feed cannot be written.
fn cannot_save(feed: &str, error: &state::Error) {
    let error: &dyn std::error::Error = error;
    tracing::error!(feed, error, "what was followed cannot be kept");
}

/// What an item of `feed` is claimed as, so that one of another feed with the same page is told from
/// it.
fn owner(feed: &str, key: u64) -> u64 {
    key ^ state::key(&["feed", feed])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn new(setup: Setup) -> Result<Self, Error> {
        let Setup { config, bounds, sources, sink, metrics, clock, folder, until, is_dry } = setup;
        let folder = if is_dry && !folder.exists() { None } else { Some(Folder::open(&folder)?) };
        let shared = Self {
            client: Client::new(&config, bounds),
            delay: config.delay(),
            sink,
            metrics,
            clock,
            folder,
            is_dry,
            feeds: Places::new(),
            followed: AtomicU64::default(),
            queue: Queue::new(until),
            known: Mutex::default(),
            stop: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            requests: AtomicU64::default(),
            bytes: AtomicU64::default(),
            failing: AtomicU64::default(),
            waiting: AtomicU64::default(),
            is_released: AtomicBool::new(false),
            threads: Mutex::default(),
            ended: Condvar::new(),
        };
        for source in sources {
            shared.take_in(source)?;
        }
        Ok(shared)
    }

    /// Puts into the queue what is due, and what was left from before.
    fn begin(&self) {
        for at in 0..self.feeds.len() {
            self.queue_up(at);
        }
        self.publish();
        let waiting = self.waiting.load(Ordering::Relaxed);
        tracing::info!(feeds = self.feeds.len(), waiting, "following");
    }

    /// Puts an item into the queue: its page, or the item itself behind the host of its feed.
    fn visit(&self, (at, feed): (usize, &str), item: &Waiting, not_before: Timestamp) {
        let (url, work) = match item.url.as_deref() {
            Some(url) => (url, Work::Page(at, item.key)),
            None => (feed, Work::Own(at, item.key)),
        };
        if let Ok(url) = Url::parse(url) {
            self.queue.put(Task::new(url, work), not_before);
        }
    }

    /// Makes the item that is claimed as `owner` the one that is known under `key`, unless another
    /// is.
    fn claims(&self, key: u64, owner: u64) -> bool {
        *lock(&self.known).entry(key).or_insert(owner) == owner
    }

    /// Shows how many feeds are well, and how many items wait.
    fn publish(&self) {
        let failing = self.failing.load(Ordering::Relaxed);
        let well = self.followed.load(Ordering::Relaxed).saturating_sub(failing);
        self.metrics.follow_state(well, failing, self.waiting.load(Ordering::Relaxed));
    }

    /// Writes what is remembered of a feed, at once or if that was long ago. A disk that fails is
    /// said, and following goes on: at worst something is fetched again.
    fn save(&self, followed: &mut Followed, is_urgent: bool) {
        let Some(folder) = self.writable() else { return };
        let now = self.clock.now();
        let is_due =
            followed.saved_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= SAVE_EVERY);
        if !followed.is_changed || !is_urgent && !is_due {
            return;
        }
        followed.saved_at = Some(now);
        match folder.save(&followed.state) {
            Ok(()) => followed.is_changed = false,
            Err(error) => cannot_save(&followed.state.url, &error),
        }
    }

    /// The folder, if it may be written to.
    fn writable(&self) -> Option<&Folder> {
        let may = !self.is_dry && !self.is_released.load(Ordering::SeqCst);
        self.folder.as_ref().filter(|_| may)
    }

    /// Lets the folder go, though a thread may still wait for an answer.
    fn release(&self) {
        self.is_released.store(true, Ordering::SeqCst);
        if let Some(folder) = &self.folder {
            folder.release();
        }
    }

    /// Writes everything down and tells what was done.
    fn report(&self) -> Report {
        let mut feeds = Vec::new();
        for at in 0..self.feeds.len() {
            let Some(mut followed) = self.followed(at) else { continue };
            self.save(&mut followed, true);
            let mut report = followed.report.clone();
            report.waiting = followed.waiting.len() as u64;
            report.next_poll = followed.state.next_poll.map(|at| at.to_string());
            if report.title.is_empty() {
                report.title.clone_from(&followed.state.title);
            }
            feeds.push(report);
        }
        Report {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            dry_run: self.is_dry,
            ..Report::of(feeds)
        }
    }
}

impl Followed {
    /// Where the feed is asked for.
    fn address(&self) -> Option<Url> {
        Url::parse(self.state.moved_to.as_deref().unwrap_or(&self.state.url)).ok()
    }

    /// Before when the page of an item is not fetched.
    fn not_before(&self, key: u64, now: Timestamp) -> Timestamp {
        self.state.attempts.get(&key).map_or(now, |attempts| attempts.not_before.max(now))
    }
}
