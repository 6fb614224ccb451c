//! What is to be asked, host by host: one request at a time to each, with a pause behind it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::clock::Clock;
use crate::clock::Pass;
use crate::robots::Robots;
use crate::schedule::later;

/// For how long one round waits for a host that is paused, at most.
const ROUND_PATIENCE: Duration = Duration::from_mins(2);
/// A real wait is broken off after so long to look again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Sites whose rules are kept, at most.
const SITES_MAX: usize = 2_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A feed, by its place.
    Poll(usize),
    /// The page of an item, by the place of its feed and its key.
    Page(usize, u64),
    /// Nothing: an item without a page, by the place of its feed and its key, whose turn it is.
    Own(usize, u64),
}

/// A request to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The address that is asked next; of a redirect, where it leads.
    pub url: Url,
    /// The addresses that led there.
    pub hops: Vec<Url>,
    /// Whether each of them moved for good.
    pub is_permanent: bool,
    /// What it is for.
    pub work: Work,
}

impl Task {
    /// The first request for `work`.
    #[must_use]
    pub fn new(url: Url, work: Work) -> Self {
        Self { url, hops: Vec::new(), is_permanent: true, work }
    }
}

/// What a worker is to do.
#[derive(Debug)]
pub enum Turn {
    /// Make this request; the host is its own until [`Queue::done`].
    Make(Task),
    /// The round cannot wait for this one.
    Postpone(Task),
}

/// How long feeds are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until all that is due was asked for once.
    RoundEnds,
    /// Until it is stopped.
    Stopped,
}

/// The rules of a site, and until when they hold; `None` while they cannot be read.
#[derive(Debug, Clone)]
pub struct Site {
    /// The rules.
    pub robots: Option<Robots>,
    /// Until when they hold.
    pub until: Timestamp,
}

#[derive(Debug, Default)]
struct Host {
    tasks: BTreeMap<(Timestamp, u64), Task>,
    ready_at: Option<Timestamp>,
    is_busy: bool,
    failures: u32,
}

#[derive(Debug, Default)]
struct Inner {
    hosts: HashMap<String, Host>,
    sites: HashMap<String, Site>,
    number: u64,
    busy: usize,
    is_stopped: bool,
}

/// What is to be asked.
#[derive(Debug)]
pub struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
    until: Until,
}

impl Queue {
    /// An empty one.
    #[must_use]
    pub fn new(until: Until) -> Self {
        Self { inner: Mutex::default(), changed: Condvar::new(), until }
    }

    /// How long it goes on.
    #[must_use]
    pub fn until(&self) -> Until {
        self.until
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request in, to be made from `at` on.
    pub fn put(&self, task: Task, at: Timestamp) {
        let mut inner = self.lock();
        inner.number += 1;
        let number = inner.number;
        let host = inner.hosts.entry(address::host(&task.url)).or_default();
        host.tasks.insert((at, number), task);
        drop(inner);
        self.changed.notify_all();
    }

    /// Waits for the next request that can be made; `None` when there will be none.
    pub fn take(&self, clock: &dyn Clock) -> Option<Turn> {
        let mut inner = self.lock();
        loop {
            if inner.is_stopped {
                return None;
            }
            let now = clock.now();
            let next = inner.next();
            let is_round = self.until == Until::RoundEnds;
            inner = match next {
                Some((at, name)) if at <= now => return inner.start(&name).map(Turn::Make),
                Some((at, name)) if is_round && at > later(now, ROUND_PATIENCE) => {
                    return inner.first_of(&name).map(Turn::Postpone);
                }
                None if is_round && inner.busy == 0 => {
                    inner.is_stopped = true;
                    self.changed.notify_all();
                    return None;
                }
                // Time passes only when nobody works.
                _ if clock.is_virtual() && inner.busy > 0 => self.wait(inner, LOOK_AGAIN),
                None => self.wait(inner, LOOK_AGAIN),
                Some((at, _)) => match clock.pass(at) {
                    Pass::There => inner,
                    Pass::Wait(time) => self.wait(inner, time.min(LOOK_AGAIN)),
                    Pass::Over => {
                        inner.is_stopped = true;
                        self.changed.notify_all();
                        return None;
                    }
                },
            };
        }
    }

    fn wait<'q>(&self, inner: MutexGuard<'q, Inner>, time: Duration) -> MutexGuard<'q, Inner> {
        let waited = self.changed.wait_timeout(inner, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The request to the host of `url` was made: it is asked again only after `pause`.
    pub fn done(&self, url: &Url, now: Timestamp, pause: Duration) {
        let mut inner = self.lock();
        if let Some(host) = inner.hosts.get_mut(&address::host(url)) {
            host.is_busy = false;
            host.ready_at = Some(later(now, pause));
        }
        inner.busy = inner.busy.saturating_sub(1);
        let inner = &mut *inner;
        // A host without requests is known for its pause only.
        inner.hosts.retain(|_, host| {
            host.is_busy
                || !host.tasks.is_empty()
                || host.failures > 0
                || host.ready_at.is_some_and(|at| at > now)
        });
        self.changed.notify_all();
    }

    /// Counts whether the host of `url` answered; tells how often it did not, in a row.
    pub fn answered(&self, url: &Url, has_answered: bool) -> u32 {
        let mut inner = self.lock();
        let host = inner.hosts.entry(address::host(url)).or_default();
        host.failures = if has_answered { 0 } else { host.failures + 1 };
        host.failures
    }

    /// The rules of the site of `url`, if they are known and still hold.
    pub fn site(&self, url: &Url, now: Timestamp) -> Option<Site> {
        let inner = self.lock();
        let site = inner.sites.get(&address::origin(url));
        site.filter(|site| site.until > now).cloned()
    }

    /// Notes the rules of the site of `url`.
    pub fn learn(&self, url: &Url, site: Site) {
        let mut inner = self.lock();
        if inner.sites.len() >= SITES_MAX {
            let until = site.until;
            // Those that hold for longest were read last.
            inner.sites.retain(|_, old| old.until >= until);
            if inner.sites.len() >= SITES_MAX {
                inner.sites.clear();
            }
        }
        inner.sites.insert(address::origin(url), site);
    }

    /// No more requests are begun.
    pub fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_all();
    }
}

impl Inner {
    /// The host that can be asked first, and when.
    fn next(&self) -> Option<(Timestamp, String)> {
        let free = self.hosts.iter().filter(|(_, host)| !host.is_busy);
        let times = free.filter_map(|(name, host)| {
            let ((at, number), _) = host.tasks.first_key_value()?;
            let at = (*at).max(host.ready_at.unwrap_or(Timestamp::MIN));
            Some((at, *number, name))
        });
        times.min().map(|(at, _, name)| (at, name.clone()))
    }

    fn first_of(&mut self, name: &str) -> Option<Task> {
        self.hosts.get_mut(name)?.tasks.pop_first().map(|(_, task)| task)
    }

    fn start(&mut self, name: &str) -> Option<Task> {
        let host = self.hosts.get_mut(name)?;
        let (_, task) = host.tasks.pop_first()?;
        host.is_busy = true;
        self.busy += 1;
        Some(task)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use url::Url;

    use super::Queue;
    use super::Task;
    use super::Turn;
    use super::Until;
    use super::Work;
    use crate::clock::Clock;
    use crate::clock::Jumping;
    use crate::schedule::later;

    fn start() -> Timestamp {
        "2026-03-14T08:00:00Z".parse().unwrap()
    }

    fn clock() -> Jumping {
        Jumping::new(start(), later(start(), Duration::from_hours(48)))
    }

    fn task(url: &str) -> Task {
        Task::new(Url::parse(url).unwrap(), Work::Poll(0))
    }

    fn made(turn: Option<Turn>) -> Task {
        match turn {
            Some(Turn::Make(task)) => task,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_host_is_asked_once_at_a_time_with_a_pause() {
        let (queue, clock) = (Queue::new(Until::RoundEnds), clock());
        for url in ["http://a.example/1", "http://a.example/2", "http://b.example/1"] {
            queue.put(task(url), start());
        }
        let first = made(queue.take(&clock));
        assert_eq!(first.url.as_str(), "http://a.example/1");
        // The second of that host has to wait, another host has not.
        let other = made(queue.take(&clock));
        assert_eq!(other.url.as_str(), "http://b.example/1");
        queue.done(&other.url, clock.now(), Duration::from_secs(5));
        queue.done(&first.url, clock.now(), Duration::from_secs(5));
        let second = made(queue.take(&clock));
        assert_eq!(second.url.as_str(), "http://a.example/2");
        assert_eq!(clock.now(), later(start(), Duration::from_secs(5)));
        queue.done(&second.url, clock.now(), Duration::from_secs(5));
        assert!(queue.take(&clock).is_none());
    }

    #[test]
    fn a_round_does_not_wait_for_a_host_that_wants_to_be_left_alone() {
        let (queue, clock) = (Queue::new(Until::RoundEnds), clock());
        queue.put(task("http://a.example/1"), start());
        queue.put(task("http://a.example/2"), start());
        let first = made(queue.take(&clock));
        queue.done(&first.url, clock.now(), Duration::from_hours(1));
        assert!(matches!(queue.take(&clock), Some(Turn::Postpone(_))));
        assert!(queue.take(&clock).is_none());
        assert_eq!(clock.now(), start());
        let (queue, url) = (Queue::new(Until::Stopped), "http://a.example/1");
        queue.put(task(url), later(start(), Duration::from_hours(30)));
        assert_eq!(made(queue.take(&clock)).url.as_str(), url);
        queue.stop();
        assert!(queue.take(&clock).is_none());
    }
}
