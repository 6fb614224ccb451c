//! The feeds that are followed, each in a place of its own for as long as this runs, and what is done
//! when others are to be followed from now on.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Error;
use super::Followed;
use super::Shared;
use super::cannot_save;
use super::lock;
use super::owner;
use crate::queue::Task;
use crate::queue::Until;
use crate::queue::Work;
use crate::report::FeedReport;
use crate::source::Lists;
use crate::source::SOURCES_MAX;
use crate::source::Source;
use crate::state;
use crate::state::Feed;

/// Feeds that were followed since the start, at most: a place is given once.
const PLACES_MAX: usize = 4 * SOURCES_MAX;
/// How often the files that name feeds are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long stopping may have to wait for whoever looks at them.
const STEP: Duration = Duration::from_millis(200);

/// Places that are filled one after the other and never emptied, so that a place can be looked up
/// while others are filled.
pub(super) struct Places {
    slots: Box<[OnceLock<Box<Mutex<Followed>>>]>,
    count: AtomicUsize,
    /// Held by whoever fills one.
    filling: Mutex<()>,
}

impl Places {
    pub(super) fn new() -> Self {
        let slots = std::iter::repeat_with(OnceLock::new).take(PLACES_MAX).collect();
        Self { slots, count: AtomicUsize::new(0), filling: Mutex::new(()) }
    }

    /// How many are filled.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// The feed at a place, whether it is still followed or not.
    pub(super) fn get(&self, at: usize) -> Option<MutexGuard<'_, Followed>> {
        self.slots.get(at)?.get().map(|followed| lock(followed))
    }

    /// Gives a feed the next place; `None` when none is left.
    pub(super) fn add(&self, followed: Followed) -> Option<usize> {
        let _filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.len();
        self.slots.get(at)?.set(Box::new(Mutex::new(followed))).ok()?;
        self.count.store(at + 1, Ordering::Release);
        Some(at)
    }
}

/// What became of the feeds when others were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListChange {
    /// Feeds that are followed from now on.
    pub added: usize,
    /// Feeds that no longer are.
    pub dropped: usize,
}

/// The feeds of what is running; others can be put in their stead.
#[derive(Clone)]
pub struct Feeds(pub(super) Arc<Shared>);

impl Feeds {
    /// Follows `sources` from now on and nothing else. What is followed already goes on as it was; a
    /// feed that is no longer named is let go with all that is remembered of it, so that it goes on
    /// from there when it is named again.
    ///
    /// # Errors
    /// [`Error::State`] if what is remembered of a new feed cannot be read; feeds named before it are
    /// followed then, and nothing is let go.
    pub fn set(&self, sources: Vec<Source>) -> Result<ListChange, Error> {
        let shared = &self.0;
        let wanted: HashSet<String> = sources.iter().map(|source| source.url.to_string()).collect();
        let followed: HashMap<String, usize> = shared.places().map(|(at, url)| (url, at)).collect();
        let mut change = ListChange { added: 0, dropped: 0 };
        for source in sources {
            if !followed.contains_key(source.url.as_str()) {
                let Some(at) = shared.take_in(source)? else {
                    tracing::error!(PLACES_MAX, "no more feeds can be followed before a restart");
                    break;
                };
                shared.queue_up(at);
                change.added += 1;
            }
        }
        for (url, at) in followed {
            if !wanted.contains(&url) {
                shared.let_go(at);
                change.dropped += 1;
            }
        }
        shared.publish();
        Ok(change)
    }

    /// Looks every few seconds at the files of `lists`, and follows what they name when they change,
    /// until all is stopped. A file that cannot be read is said in the log, and what it named before
    /// is followed on.
    ///
    /// # Errors
    /// [`std::io::Error`] if no thread can be started for it.
    pub fn watch(self, lists: Lists) -> std::io::Result<()> {
        let watch = move || self.look(lists);
        std::thread::Builder::new().name("follow-lists".to_owned()).spawn(watch).map(drop)
    }

    fn look(&self, mut lists: Lists) {
        let mut waited = Duration::ZERO;
        while !self.0.stop.load(Ordering::Relaxed) {
            std::thread::sleep(STEP);
            waited += STEP;
            if waited < LOOK_EVERY {
                continue;
            }
            waited = Duration::ZERO;
            match lists.changed() {
                None => {}
                Some(Ok(sources)) => match self.set(sources) {
                    Ok(ListChange { added, dropped }) => {
                        tracing::info!(added, dropped, "the lists of feeds have changed");
                    }
                    Err(error) => cannot_take_in(&error),
                },
                Some(Err(error)) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "the lists of feeds have changed and cannot be read");
                }
            }
        }
    }
}

fn cannot_take_in(error: &Error) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "a feed that is named now cannot be followed");
}

impl Shared {
    /// The feed at a place, unless it is no longer followed.
    pub(super) fn followed(&self, at: usize) -> Option<MutexGuard<'_, Followed>> {
        self.feeds.get(at).filter(|followed| !followed.is_dropped)
    }

    /// The places of what is followed, each with the address of its feed.
    fn places(&self) -> impl Iterator<Item = (usize, String)> + '_ {
        (0..self.feeds.len()).filter_map(|at| Some((at, self.followed(at)?.state.url.clone())))
    }

    /// Gives a source a place, with what is remembered of it; `None` when no place is left.
    pub(super) fn take_in(&self, source: Source) -> Result<Option<usize>, state::Error> {
        let url = source.url.as_str();
        let (state, waiting) = match &self.folder {
            Some(folder) => folder.load(url)?,
            None => (Feed::new(url), Vec::new()),
        };
        let keys = state.seen.keys().chain(waiting.iter().map(|item| item.key));
        lock(&self.known).extend(keys.map(|key| (key, owner(url, key))));
        let title = if source.title.is_empty() { state.title.clone() } else { source.title };
        let report = FeedReport { url: url.to_owned(), title, ..FeedReport::default() };
        let waiting = waiting.into_iter().zip(0..);
        let waiting = waiting.map(|(item, order)| (item.key, (order, item))).collect();
        let place = self.feeds.add(Followed {
            state,
            waiting,
            report,
            lists: 0,
            is_changed: false,
            is_dropped: false,
            saved_at: None,
        });
        self.followed.fetch_add(u64::from(place.is_some()), Ordering::Relaxed);
        Ok(place)
    }

    /// Puts into the queue when the feed at a place is due, and what waits of it from before.
    pub(super) fn queue_up(&self, at: usize) {
        let now = self.clock.now();
        let Some(mut followed) = self.followed(at) else { return };
        self.failing.fetch_add(u64::from(followed.state.failures > 0), Ordering::Relaxed);
        let is_round = self.queue.until() == Until::RoundEnds;
        let due = if is_round { followed.state.not_before } else { followed.state.next_poll };
        let due = due.unwrap_or(now).max(now);
        if is_round && due > now {
            followed.report.poll = "not_due";
            let problem = followed.state.problem.clone();
            followed.report.problem = problem;
        } else if let Some(url) = followed.address() {
            self.queue.put(Task::new(url, Work::Poll(at)), due);
        }
        if self.is_dry {
            return;
        }
        self.waiting.fetch_add(followed.waiting.len() as u64, Ordering::Relaxed);
        let mut waiting: Vec<_> = followed.waiting.values().collect();
        waiting.sort_by_key(|(order, _)| *order);
        for (_, item) in waiting {
            self.visit((at, &followed.state.url), item, followed.not_before(item.key, now));
        }
    }

    /// No longer follows the feed at a place. Requests of it that are under way come to nothing; their
    /// items stand in the folder.
    fn let_go(&self, at: usize) {
        let Some(mut followed) = self.followed(at) else { return };
        if let Some(folder) = self.writable().filter(|_| followed.is_changed)
            && let Err(error) = folder.save(&followed.state)
        {
            cannot_save(&followed.state.url, &error);
        }
        followed.is_dropped = true;
        let (failing, waiting) = (u64::from(followed.state.failures > 0), followed.waiting.len());
        self.failing.fetch_sub(failing, Ordering::Relaxed);
        self.waiting.fetch_sub(waiting as u64, Ordering::Relaxed);
        self.followed.fetch_sub(1, Ordering::Relaxed);
    }
}
