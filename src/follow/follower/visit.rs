//! What became of an item: its page read and stored, the feed's own text in its place, or a reason.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::Followed;
use super::Shared;
use super::owner;
use super::poll;
use crate::address;
use crate::article;
use crate::article::NoArticle;
use crate::fault::Fault;
use crate::fetch::Answer;
use crate::fetch::Found;
use crate::listing;
use crate::queue::Task;
use crate::queue::Until;
use crate::queue::Work;
use crate::schedule;
use crate::schedule::later;
use crate::sink::NotStored;
use crate::state::Attempts;
use crate::state::Waiting;
use crate::state::key;
use wenmai_domain::article::Record;
use wenmai_page::PageKind;

/// After how long something is stored that could not be stored now.
const STORE_RETRY: Duration = Duration::from_mins(1);

/// What an item is claimed as.
#[derive(Clone, Copy)]
struct Claim {
    owner: u64,
    /// Whether it was dealt with before, and has changed.
    is_known: bool,
}

/// What became of an item.
struct Outcome<'i> {
    item: &'i Waiting,
    /// Its name in reports and metrics.
    name: &'static str,
    /// Whether the text is the feed's own.
    is_from_feed: bool,
    /// Other keys under which it is known.
    aliases: Vec<u64>,
}

impl<'i> Outcome<'i> {
    /// Nothing of the item is stored, for this reason.
    fn skipped(item: &'i Waiting, reason: &'static str) -> Self {
        Self { item, name: reason, is_from_feed: false, aliases: Vec::new() }
    }
}

/// Takes what came for the page of the item with that key, of the feed at that place.
pub(super) fn finish(
    shared: &Shared,
    (at, key): (usize, u64),
    task: &Task,
    result: Result<Answer, Fault>,
) {
    let Some((item, claim)) = shared.followed(at).and_then(|followed| {
        let item = followed.waiting.get(&key).map(|(_, item)| item.clone())?;
        let is_known = followed.state.seen.entry(key).is_some();
        Some((item, Claim { owner: owner(&followed.state.url, key), is_known }))
    }) else {
        return;
    };
    let no_article = match result {
        Err(Fault::Stopped) => return,
        Err(fault) if fault.is_lasting() => NoArticle::Fault(fault),
        Err(fault) if again(shared, at, &item, &fault) => return,
        Err(fault) => NoArticle::Fault(fault),
        Ok(Answer::Found(found)) => match read(&found) {
            Ok(record) => {
                let record = article::joined(record, &item.record, &task.url);
                return take(shared, at, &item, (record, claim), &task.url);
            }
            Err(NoArticle::Kind(PageKind::List)) if item.lists == 1 => {
                return descend(shared, at, &item, &found, &task.url);
            }
            Err(no_article) => no_article,
        },
        Ok(Answer::NotModified(_) | Answer::Moved { .. }) => {
            NoArticle::Fault(Fault::Protocol("nothing was asked that could be so".to_owned()))
        }
    };
    if claim.is_known {
        // What was stored before is more than the feed's own words.
        return settle(shared, at, &Outcome::skipped(&item, no_article.reason()));
    }
    instead(shared, at, &item, no_article.reason());
}

/// Takes the articles that a list names to which the page list led, in place of an article. The list
/// is read again with every poll of the page list; lists that it names are not.
fn descend(shared: &Shared, at: usize, item: &Waiting, found: &Found, url: &Url) {
    let Some(mut followed) = shared.followed(at) else { return };
    let Some(feed) = followed.address().filter(|_| followed.lists < LISTS_MAX) else {
        drop(followed);
        return settle(shared, at, &Outcome::skipped(item, "no_article_list"));
    };
    let read = AssertUnwindSafe(|| listing::below(found, url, &feed));
    let named = catch_unwind(read).unwrap_or_default();
    if named.is_empty() {
        drop(followed);
        return settle(shared, at, &Outcome::skipped(item, "no_article_list"));
    }
    followed.lists += 1;
    followed.report.named += named.len() as u64;
    let new = followed.fresh(shared, named, 2);
    tracing::info!(list = %url, feed = followed.state.url, new = new.len(), "a list is read");
    poll::add(shared, at, &mut followed, new);
    drop(followed);
    settle(shared, at, &Outcome::skipped(item, LIST));
}

/// The outcome of an item that is a list of others, which were taken in its place.
const LIST: &str = "list";
/// Lists that one poll of a page list reads, at most.
const LISTS_MAX: usize = 40;

/// Reads a page; a fault of ours costs that page, not the thread.
fn read(found: &Found) -> Result<Record, NoArticle> {
    let read = catch_unwind(AssertUnwindSafe(|| article::of_page(found)));
    read.unwrap_or(Err(NoArticle::Nothing))
}

/// Whether `task` leads to a page that some feed deals with already; then the item is settled.
pub(super) fn is_repeated(shared: &Shared, task: &Task) -> bool {
    let Work::Page(at, own) = task.work else { return false };
    let to = url_key(&task.url);
    // What is gone leads to the front page with many sites.
    if to == own || task.url.path() == "/" {
        return false;
    }
    let item = shared.followed(at).and_then(|followed| {
        // A page that was changed leads where it did before.
        let is_known = followed.state.seen.entry(own).is_some();
        let is_free = is_known || shared.claims(to, owner(&followed.state.url, own));
        followed.waiting.get(&own).filter(|_| !is_free).map(|(_, item)| item.clone())
    });
    let Some(item) = item else { return false };
    settle(shared, at, &Outcome::skipped(&item, "repeated"));
    true
}

fn url_key(url: &Url) -> u64 {
    key(&["url", &address::canonical(url)])
}

/// Deals with an item that has no page of its own.
pub(super) fn without_page(shared: &Shared, (at, key): (usize, u64)) {
    let item = shared
        .followed(at)
        .and_then(|followed| followed.waiting.get(&key).map(|(_, item)| item.clone()));
    if let Some(item) = item {
        instead(shared, at, &item, "no_address");
    }
}

/// Takes the feed's own text, or says why there is none.
fn instead(shared: &Shared, at: usize, item: &Waiting, reason: &'static str) {
    if let Some(record) = article::of_feed(&item.record) {
        return store(shared, at, item, record, (true, Vec::new()));
    }
    settle(shared, at, &Outcome::skipped(item, reason));
}

/// Stores the article of a page, unless it is one that another address led to.
fn take(shared: &Shared, at: usize, item: &Waiting, (record, claim): (Record, Claim), url: &Url) {
    let canonical = Url::parse(&record.url).map_or_else(
        |_unreadable| address::canonical(url),
        |canonical| address::canonical(&canonical),
    );
    // With its headline: some sites name one canonical address for all of their pages.
    let page = key(&["page", &canonical, &record.title]);
    let aliases = vec![url_key(url), page];
    if !shared.claims(page, claim.owner) && !claim.is_known {
        let outcome = Outcome { item, name: "repeated", is_from_feed: false, aliases };
        return settle(shared, at, &outcome);
    }
    store(shared, at, item, record, (false, aliases));
}

fn store(
    shared: &Shared,
    at: usize,
    item: &Waiting,
    record: Record,
    (is_from_feed, aliases): (bool, Vec<u64>),
) {
    if shared.is_closed.load(Ordering::SeqCst) {
        return;
    }
    let url = record.url.clone();
    let name = match shared.sink.store(record) {
        Ok(stored) => stored.name(),
        Err(NotStored::Refused(what)) => {
            tracing::warn!(url, what, "an article cannot be stored");
            "not_storable"
        }
        Err(NotStored::Away(what)) => {
            tracing::warn!(url, what, "nothing can be stored now");
            let not_before = later(shared.clock.now(), STORE_RETRY);
            return shared.retry(at, item, "store_away", not_before);
        }
    };
    settle(shared, at, &Outcome { item, name, is_from_feed, aliases });
}

/// Whether an item whose page failed for now is tried again.
fn again(shared: &Shared, at: usize, item: &Waiting, fault: &Fault) -> bool {
    let now = shared.clock.now();
    let Some(mut followed) = shared.followed(at) else { return false };
    let before = followed.state.attempts.get(&item.key).map_or(0, |attempts| attempts.count);
    let count = before + 1;
    if count >= schedule::ATTEMPTS_MAX {
        return false;
    }
    let wait = schedule::spread(schedule::retry(count), &item.record.url, u64::from(count));
    let wait = wait.max(fault.retry_after().unwrap_or_default()).min(schedule::INTERVAL_MAX);
    let not_before = later(now, wait);
    followed.state.attempts.insert(item.key, Attempts { count, not_before });
    followed.is_changed = true;
    shared.save(&mut followed, false);
    drop(followed);
    tracing::info!(url = item.url, reason = fault.reason(), count, "a page is tried again later");
    shared.retry(at, item, fault.reason(), not_before);
    true
}

impl Shared {
    /// Counts an attempt that failed for now, and makes another unless only this round is wanted.
    fn retry(&self, at: usize, item: &Waiting, reason: &'static str, not_before: Timestamp) {
        let Some(mut followed) = self.followed(at) else { return };
        *followed.report.later.entry(reason).or_default() += 1;
        if self.queue.until() == Until::Stopped {
            self.visit((at, &followed.state.url), item, not_before);
        }
    }
}

/// Notes what became of an item.
fn settle(shared: &Shared, at: usize, outcome: &Outcome<'_>) {
    let Outcome { item, name, is_from_feed, aliases } = outcome;
    shared.metrics.follow_item(name);
    tracing::debug!(url = item.url, outcome = name, is_from_feed, "an item is dealt with");
    let Some(mut followed) = shared.followed(at) else { return };
    let poll = followed.state.polls;
    if *name == LIST {
        followed.state.seen.listed(item.key, item.print, poll);
    } else {
        followed.state.seen.done(item.key, item.print, poll);
    }
    for alias in aliases.iter().filter(|alias| **alias != item.key) {
        followed.state.seen.foreign(*alias, 0, poll);
    }
    followed.state.attempts.remove(&item.key);
    *followed.report.items.entry(name).or_default() += 1;
    followed.report.from_feed += u64::from(*is_from_feed);
    followed.is_changed = true;
    let was_waiting = followed.waiting.remove(&item.key).is_some();
    if was_waiting {
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
    }
    let is_last = was_waiting && followed.waiting.is_empty();
    shared.save(&mut followed, is_last);
    if is_last {
        caught_up(shared, &followed);
    }
    drop(followed);
    shared.publish();
}

/// All that a feed named is dealt with.
fn caught_up(shared: &Shared, followed: &Followed) {
    // Where they cannot be removed, they are known as dealt with all the same.
    shared.save_waiting(followed);
    let report = &followed.report;
    let (feed, stored, items) = (&followed.state.url, report.stored(), &report.items);
    tracing::info!(feed, stored, ?items, "all items are dealt with");
}
