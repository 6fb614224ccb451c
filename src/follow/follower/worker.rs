//! One request after the other: the site's rules first, then what was asked for, then what it means.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::Shared;
use super::poll;
use super::visit;
use crate::fault::Fault;
use crate::fetch::Answer;
use crate::fetch::Ask;
use crate::queue::Site;
use crate::queue::Task;
use crate::queue::Turn;
use crate::queue::Work;
use crate::robots;
use crate::robots::Robots;
use crate::schedule;
use crate::schedule::later;

/// Redirects that are followed for one request.
const REDIRECTS_MAX: usize = 5;
/// What a site may ask for between two requests, at most.
const CRAWL_DELAY_MAX: Duration = Duration::from_mins(1);
/// For how long a whole host is left alone when it asks for that, at most.
const HOST_PAUSE_MAX: Duration = Duration::from_hours(1);
/// Failures of a host in a row from which it is left alone for longer.
const HOST_FAILURES: u32 = 3;
/// For how long the rules of a site hold; RFC 9309 advises no more than a day.
const ROBOTS_HOLD: Duration = Duration::from_hours(24);
/// After how long rules that could not be read are asked for again.
const ROBOTS_RETRY: Duration = Duration::from_mins(10);
/// Bytes of a feed, at most.
const FEED_BYTES_MAX: usize = 32 << 20;
/// Bytes of a page, at most.
const PAGE_BYTES_MAX: usize = 8 << 20;

const FEED_TYPES: &str = "application/rss+xml, application/atom+xml, application/feed+json, \
     application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.7, */*;q=0.1";
const PAGE_TYPES: &str = "text/html, application/xhtml+xml, */*;q=0.1";

/// Works until nothing is left, or all is to stop.
pub(super) fn work(shared: &Shared) {
    while let Some(turn) = shared.queue.take(&*shared.clock) {
        match turn {
            Turn::Make(task) => {
                // Given back whatever happens, or nobody would ask this host again.
                let mut held = Held { shared, url: task.url.clone(), pause: shared.delay };
                held.pause = step(shared, task);
            }
            Turn::Postpone(task) => postpone(shared, &task),
        }
    }
}

struct Held<'s> {
    shared: &'s Shared,
    url: Url,
    pause: Duration,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.shared.queue.done(&self.url, self.shared.clock.now(), self.pause);
    }
}

/// Makes a request if the site allows it; gives the pause until the next one to its host.
fn step(shared: &Shared, task: Task) -> Duration {
    let (Work::Poll(at) | Work::Page(at, _) | Work::Own(at, _)) = task.work;
    if shared.followed(at).is_none() {
        return Duration::ZERO;
    }
    if let Work::Own(at, key) = task.work {
        visit::without_page(shared, (at, key));
        return Duration::ZERO;
    }
    let now = shared.clock.now();
    let Some(site) = shared.queue.site(&task.url, now) else {
        let (site, pause) = ask_rules(shared, &task.url, now);
        match site {
            Ok(site) => {
                shared.queue.learn(&task.url, site);
                // In front of everything else of this host.
                shared.queue.put(task, Timestamp::MIN);
            }
            Err(fault) => finish(shared, &task, Err(fault)),
        }
        return pause;
    };
    let Some(robots) = site.robots else {
        finish(shared, &task, Err(Fault::RobotsAway));
        return Duration::ZERO;
    };
    let path = task.url.query().map(|query| format!("{}?{query}", task.url.path()));
    if !robots.allows(path.as_deref().unwrap_or(task.url.path())) {
        finish(shared, &task, Err(Fault::Robots));
        return Duration::ZERO;
    }
    let result = ask(shared, &task);
    let pause = pause(shared, &task.url, robots.delay, result.as_ref().err());
    match result {
        Ok(Answer::Moved { to, is_permanent }) => hop(shared, task, to, is_permanent),
        result => finish(shared, &task, result),
    }
    pause
}

/// Makes the request of `task`.
fn ask(shared: &Shared, task: &Task) -> Result<Answer, Fault> {
    let (kind, accept, bytes_max) = match task.work {
        Work::Poll(_) => ("feed", FEED_TYPES, FEED_BYTES_MAX),
        Work::Page(..) | Work::Own(..) => ("page", PAGE_TYPES, PAGE_BYTES_MAX),
    };
    let (etag, modified) = match task.work {
        Work::Poll(at) => shared.followed(at).map_or((None, None), |followed| {
            (followed.state.etag.clone(), followed.state.modified.clone())
        }),
        Work::Page(..) | Work::Own(..) => (None, None),
    };
    let (etag, modified) = (etag.as_deref(), modified.as_deref());
    let ask = Ask { url: &task.url, accept, etag, modified, bytes_max };
    counted(shared, kind, &ask)
}

fn counted(shared: &Shared, kind: &'static str, ask: &Ask<'_>) -> Result<Answer, Fault> {
    let result = shared.client.get(ask, &shared.stop);
    let outcome = match &result {
        Ok(Answer::Found(found)) => {
            shared.metrics.follow_bytes(found.wire_bytes);
            shared.bytes.fetch_add(found.wire_bytes as u64, Ordering::Relaxed);
            "found"
        }
        Ok(Answer::NotModified(_)) => "not_modified",
        Ok(Answer::Moved { .. }) => "moved",
        Err(fault) => fault.reason(),
    };
    shared.requests.fetch_add(1, Ordering::Relaxed);
    shared.metrics.follow_request(kind, outcome);
    tracing::debug!(kind, url = %ask.url, outcome, "request");
    result
}

/// The pause behind a request that ended with `fault`, or well.
fn pause(shared: &Shared, url: &Url, asked: Option<Duration>, fault: Option<&Fault>) -> Duration {
    let delay = shared.delay.max(asked.unwrap_or_default().min(CRAWL_DELAY_MAX));
    let Some(fault) = fault.filter(|fault| fault.is_of_host()) else {
        shared.queue.answered(url, true);
        return delay;
    };
    let failures = shared.queue.answered(url, false);
    let wanted = fault.retry_after().unwrap_or_default();
    let tired = if failures >= HOST_FAILURES {
        schedule::back_off(failures + 1 - HOST_FAILURES)
    } else {
        Duration::ZERO
    };
    delay.max(wanted.max(tired).min(HOST_PAUSE_MAX))
}

/// Asks for the rules of a site.
///
/// Source: RFC 9309, section 2.3.1: none (4xx) allow everything, rules that cannot be read allow
/// nothing. An error is a host that cannot be reached at all.
fn ask_rules(shared: &Shared, url: &Url, now: Timestamp) -> (Result<Site, Fault>, Duration) {
    let mut at = url.clone();
    at.set_path("/robots.txt");
    at.set_query(None);
    let mut hops = 0;
    let result = loop {
        let accept = "text/plain, */*;q=0.1";
        let bytes_max = robots::BYTES_MAX * 2;
        let ask = Ask { url: &at, accept, etag: None, modified: None, bytes_max };
        match counted(shared, "robots", &ask) {
            Ok(Answer::Moved { to, .. }) if hops < REDIRECTS_MAX => (at, hops) = (to, hops + 1),
            // Where it leads in circles there are no rules.
            Ok(Answer::Moved { .. }) => break Ok(Robots::default()),
            Ok(Answer::Found(found)) => break Ok(Robots::parse(&found.body)),
            Ok(Answer::NotModified(_)) => break Err(Fault::RobotsAway),
            Err(fault) => break Err(fault),
        }
    };
    let pause = pause(shared, url, None, result.as_ref().err());
    let site = match result {
        Ok(robots) => Ok(Site { robots: Some(robots), until: later(now, ROBOTS_HOLD) }),
        Err(fault) if allows_all(&fault) => {
            Ok(Site { robots: Some(Robots::default()), until: later(now, ROBOTS_HOLD) })
        }
        Err(
            fault @ (Fault::Private
            | Fault::Address(_)
            | Fault::Unresolved
            | Fault::Unreachable(_)
            | Fault::Stopped),
        ) => Err(fault),
        Err(fault) => {
            tracing::info!(site = %at, reason = fault.reason(), "robots.txt cannot be read");
            Ok(Site { robots: None, until: later(now, ROBOTS_RETRY) })
        }
    };
    (site, pause)
}

/// Whether a fault means that a site has no rules.
fn allows_all(fault: &Fault) -> bool {
    match fault {
        Fault::Status(status, _) => (400..429).contains(status) || (430..500).contains(status),
        Fault::TooLarge(_) | Fault::Compression | Fault::Type(_) | Fault::Encoding(_) => true,
        Fault::Private
        | Fault::Address(_)
        | Fault::Unresolved
        | Fault::Unreachable(_)
        | Fault::Timeout(_)
        | Fault::Tls(_)
        | Fault::Protocol(_)
        | Fault::Truncated
        | Fault::NotAFeed(_)
        | Fault::RedirectLoop(_)
        | Fault::Redirects(_)
        | Fault::Robots
        | Fault::RobotsAway
        | Fault::Stopped => false,
    }
}

/// Goes on to where an address leads.
fn hop(shared: &Shared, task: Task, to: Url, is_permanent: bool) {
    let Task { url, mut hops, is_permanent: before, work } = task;
    hops.push(url.clone());
    let is_loop = hops.contains(&to);
    let task = Task { url: to, hops, is_permanent: before && is_permanent, work };
    if is_loop {
        let fault = Fault::RedirectLoop(task.url.clone());
        finish(shared, &task, Err(fault));
    } else if task.hops.len() > REDIRECTS_MAX {
        finish(shared, &task, Err(Fault::Redirects(REDIRECTS_MAX)));
    } else if !visit::is_repeated(shared, &task) {
        shared.queue.put(task, Timestamp::MIN);
    }
}

fn finish(shared: &Shared, task: &Task, result: Result<Answer, Fault>) {
    match task.work {
        Work::Poll(at) => poll::finish(shared, at, task, result),
        Work::Page(at, key) | Work::Own(at, key) => visit::finish(shared, (at, key), task, result),
    }
}

/// Leaves a request for the next round.
fn postpone(shared: &Shared, task: &Task) {
    match task.work {
        Work::Poll(at) => {
            if let Some(mut followed) = shared.followed(at) {
                followed.report.poll = "later";
                "its host is to be left alone for now".clone_into(&mut followed.report.problem);
            }
        }
        Work::Page(at, _) | Work::Own(at, _) => {
            if let Some(mut followed) = shared.followed(at) {
                *followed.report.later.entry("left_for_later").or_default() += 1;
            }
        }
    }
}
