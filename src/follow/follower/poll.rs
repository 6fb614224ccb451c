//! What a poll brought: which items are new, and when the feed is asked again.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::Followed;
use super::Shared;
use super::cannot_save;
use super::owner;
use crate::fault::Fault;
use crate::fetch::Answer;
use crate::fetch::Found;
use crate::listing;
use crate::listing::Listed;
use crate::listing::Listing;
use crate::queue::Task;
use crate::queue::Until;
use crate::queue::Work;
use crate::schedule;
use crate::schedule::later;
use crate::state::Waiting;

/// Takes what a poll of the feed at place `at` brought.
pub(super) fn finish(shared: &Shared, at: usize, task: &Task, result: Result<Answer, Fault>) {
    let now = shared.clock.now();
    let read = match result {
        Err(Fault::Stopped) => return,
        Err(fault) => Err(fault),
        Ok(Answer::NotModified(fresh)) => Ok((None, fresh)),
        Ok(Answer::Found(found)) => {
            let fresh = found.fresh;
            read(&found, &task.url, now).map(|listing| (Some((listing, found)), fresh))
        }
        Ok(Answer::Moved { .. }) => Err(Fault::Protocol("it moved".to_owned())),
    };
    let Some(mut followed) = shared.followed(at) else { return };
    let has_failed = followed.state.failures > 0;
    let before = (followed.report.named, followed.report.fresh);
    followed.state.polls += 1;
    followed.state.polled_at = Some(now);
    followed.report.polls += 1;
    followed.is_changed = true;
    match read {
        Err(fault) => followed.fails(&fault, now),
        Ok((None, fresh)) => followed.is_well("not_modified", false, fresh, now),
        Ok((Some((listing, found)), fresh)) => {
            let is_moved = task.is_permanent && !task.hops.is_empty();
            followed.lists = 0;
            let new = followed.takes(shared, listing);
            // A list that is read again is no news.
            let has_news = new.iter().any(|item| !followed.state.seen.is_list(item.key));
            followed.is_well("found", has_news, fresh, now);
            if is_moved {
                tracing::info!(feed = %followed.state.url, to = %task.url, "the feed moved for good");
                followed.state.moved_to = Some(task.url.to_string());
            }
            keep(shared, at, &mut followed, new, found);
        }
    }
    let fails = followed.state.failures > 0;
    if fails != has_failed {
        let one = if fails { 1 } else { u64::MAX };
        shared.failing.fetch_add(one, Ordering::Relaxed);
    }
    shared.save(&mut followed, true);
    tell(&followed, before);
    if shared.queue.until() == Until::Stopped
        && let (Some(url), Some(next)) = (followed.address(), followed.state.next_poll)
    {
        shared.queue.put(Task::new(url, Work::Poll(at)), next);
    }
    drop(followed);
    shared.publish();
}

/// Reads a feed; a fault of ours costs that feed, not the thread.
fn read(found: &Found, url: &Url, now: Timestamp) -> Result<Listing, Fault> {
    let read = catch_unwind(AssertUnwindSafe(|| listing::read(found, url, now)));
    read.unwrap_or_else(|_panic| Err(Fault::NotAFeed("reading it broke down".to_owned())))
}

/// Writes down what is new, then puts it into the queue.
fn keep(shared: &Shared, at: usize, followed: &mut Followed, new: Vec<Waiting>, found: Found) {
    if shared.is_dry {
        return;
    }
    if add(shared, at, followed, new) {
        (followed.state.etag, followed.state.modified) = (found.etag, found.modified);
    } else {
        // Without them on the disk the feed must be read again after a crash.
        (followed.state.etag, followed.state.modified) = (None, None);
    }
}

/// Writes down new items and puts them into the queue; says whether they are on the disk.
pub(super) fn add(shared: &Shared, at: usize, followed: &mut Followed, new: Vec<Waiting>) -> bool {
    let order = followed.waiting.values().map(|(order, _)| order + 1).max().unwrap_or_default();
    shared.waiting.fetch_add(new.len() as u64, Ordering::Relaxed);
    let has_new = !new.is_empty();
    let keys: Vec<u64> = new.iter().map(|item| item.key).collect();
    for (item, order) in new.into_iter().zip(order..) {
        followed.waiting.insert(item.key, (order, item));
    }
    let is_kept = !has_new || shared.save_waiting(followed);
    let now = shared.clock.now();
    for key in keys {
        if let Some((_, item)) = followed.waiting.get(&key) {
            let feed = (at, followed.state.url.as_str());
            shared.visit(feed, item, followed.not_before(key, now));
        }
    }
    is_kept
}

/// Says what a poll brought; `before` are the items that were named and new before it.
fn tell(followed: &Followed, before: (u64, u64)) {
    let (state, report) = (&followed.state, &followed.report);
    let next = state.next_poll.map(|at| at.to_string()).unwrap_or_default();
    let (feed, outcome) = (state.url.as_str(), report.poll);
    if state.failures > 0 {
        let (problem, failures) = (state.problem.as_str(), state.failures);
        tracing::warn!(feed, outcome, problem, failures, next, "the feed cannot be read");
    } else {
        let (named, new) = (report.named - before.0, report.fresh - before.1);
        let waiting = followed.waiting.len();
        tracing::info!(feed, outcome, kind = report.kind, named, new, waiting, next, "polled");
    }
}

impl Shared {
    /// Writes the items of a feed that wait; says whether they are on the disk.
    pub(super) fn save_waiting(&self, followed: &Followed) -> bool {
        let Some(folder) = self.writable() else { return true };
        let mut waiting: Vec<_> = followed.waiting.values().collect();
        waiting.sort_by_key(|(order, _)| *order);
        let items = waiting.into_iter().map(|(_, item)| item);
        match folder.save_waiting(&followed.state.url, items) {
            Ok(()) => true,
            Err(error) => {
                cannot_save(&followed.state.url, &error);
                false
            }
        }
    }
}

impl Followed {
    /// The items of `listing` that are to be dealt with.
    fn takes(&mut self, shared: &Shared, listing: Listing) -> Vec<Waiting> {
        let Listing { kind, channel, items, refused } = listing;
        let poll = self.state.polls;
        self.state.says(channel);
        self.report.kind = kind;
        self.report.named += items.len() as u64;
        for (reason, count) in refused {
            *self.report.items.entry(reason).or_default() += count;
        }
        let new = self.fresh(shared, items, u8::from(kind == listing::PAGE_LIST));
        self.state.seen.forget(poll);
        new
    }

    /// Those of the named items that are to be dealt with, led to by so many lists.
    pub(super) fn fresh(&mut self, shared: &Shared, items: Vec<Listed>, lists: u8) -> Vec<Waiting> {
        let poll = self.state.polls;
        let mut new = Vec::new();
        let mut named = HashSet::new();
        for item in items {
            let (key, print) = (item.key(), item.print());
            self.state.seen.named(key, poll);
            if self.waiting.contains_key(&key) || !named.insert(key) {
                continue;
            }
            let is_new = match self.state.seen.entry(key) {
                Some(_) => self.state.seen.is_due(key, print) && self.may_read(key, lists),
                None if shared.claims(key, owner(&self.state.url, key)) => true,
                None => {
                    // Another feed deals with it.
                    self.state.seen.foreign(key, print, poll);
                    *self.report.items.entry("repeated").or_default() += 1;
                    shared.metrics.follow_item("repeated");
                    false
                }
            };
            if is_new {
                let url = item.url.map(|url| url.to_string());
                new.push(Waiting { key, print, url, record: item.record, lists });
            }
        }
        self.report.fresh += new.len() as u64;
        new
    }

    /// Whether an item may be read again: a list only where the page list itself names it.
    fn may_read(&self, key: u64, lists: u8) -> bool {
        lists <= 1 || !self.state.seen.is_list(key)
    }

    fn is_well(
        &mut self,
        outcome: &'static str,
        has_news: bool,
        fresh: Option<Duration>,
        now: Timestamp,
    ) {
        let state = &mut self.state;
        let before = match state.interval_s {
            0 => schedule::INTERVAL_FIRST,
            seconds => Duration::from_secs(seconds),
        };
        let interval = schedule::interval(before, has_news);
        state.interval_s = interval.as_secs();
        state.failures = 0;
        state.problem.clear();
        state.not_before = None;
        let wait = schedule::spread(interval, &state.url, state.polls);
        let next = schedule::next_poll(now, wait, fresh, &state.channel());
        state.next_poll = Some(next);
        self.report.poll = outcome;
        self.report.problem.clear();
    }

    fn fails(&mut self, fault: &Fault, now: Timestamp) {
        let state = &mut self.state;
        state.failures = state.failures.saturating_add(1);
        state.problem = format!("{fault} [{}]", fault.reason());
        let wait = schedule::spread(schedule::back_off(state.failures), &state.url, state.polls);
        // What is gone for good is looked for once a day.
        let is_gone = matches!(fault, Fault::Status(410, _));
        let wait = if is_gone { schedule::INTERVAL_MAX } else { wait };
        let wait = wait.max(fault.retry_after().unwrap_or_default()).min(schedule::INTERVAL_MAX);
        let next = later(now, wait);
        (state.next_poll, state.not_before) = (Some(next), Some(next));
        if fault.is_lasting() {
            // Where it moved to may have been a mistake.
            state.moved_to = None;
        }
        self.report.poll = fault.reason();
        self.report.problem.clone_from(&state.problem);
    }
}
