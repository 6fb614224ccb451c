//! Changes as server-sent events, which a browser takes up again where it stopped, and what watched
//! searches find since.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::response::Response;
use futures::stream;
use tokio::time::Instant;
use tonic::Streaming;
use tonic::codegen::http::header;

use super::Change;
use super::names;
use super::searches::Watched;
use super::searches::watched;
use crate::client::told;
use crate::failure::Failure;
use crate::failure::shown;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Live feeds at a time; one more is refused.
const FEEDS_MAX: usize = 64;
/// The time after which a feed without news says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);

#[derive(Template)]
#[template(path = "change.html")]
struct Row {
    change: Change,
}

/// The time after a change in which more of them are waited for before searches are asked again.
const GATHER: Duration = Duration::from_millis(500);
/// The time between two questions of the same searches.
const PAUSE: Duration = Duration::from_secs(10);

/// One open feed; it gives its place back when it ends, however it does.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let more = |count: usize| (count < FEEDS_MAX).then_some(count + 1);
        open.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(open.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A feed between two events.
struct Live {
    visit: Visit,
    changes: Streaming<wire::WatchTopicsResponse>,
    searches: Vec<Watched>,
    /// When the searches are asked again; `None` while nothing has changed.
    due: Option<Instant>,
    /// When they were asked last.
    asked: Option<Instant>,
    _place: Place,
}

/// The changes after `since`, or after the last one that the browser has seen.
pub(crate) async fn events(visit: Visit) -> Response {
    match open(&visit).await {
        Ok((place, changes)) => {
            let searches = watched(&visit).await;
            let (due, asked) = (None, None);
            answer(Live { visit, changes, searches, due, asked, _place: place })
        }
        Err(failure) => shown(&visit, Err(failure)),
    }
}

async fn open(visit: &Visit) -> Result<(Place, Streaming<wire::WatchTopicsResponse>), Failure> {
    let place = Place::take(&visit.site.feeds).ok_or(Failure::Feeds)?;
    let seen = visit.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = seen.or(visit.value("since")).and_then(|since| since.parse().ok());
    let since_version = since.unwrap_or_default();
    let request = visit.stream(wire::WatchTopicsRequest { since_version });
    let changes = told(visit.topic_service().watch_topics(request).await)?;
    Ok((place, changes))
}

fn answer(live: Live) -> Response {
    let events = stream::unfold(live, |mut live| async move {
        let text = next(&mut live).await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(text)), live))
    });
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(events)).into_response()
}

/// The next events, or a sign of life; `None` at the end.
async fn next(live: &mut Live) -> Option<String> {
    let until = live.due.unwrap_or_else(|| Instant::now() + HEARTBEAT);
    let Ok(change) = tokio::time::timeout_at(until, live.changes.message()).await else {
        return Some(if live.due.take().is_some() {
            live.asked = Some(Instant::now());
            found(live).await
        } else {
            ": still here\n\n".to_owned()
        });
    };
    let change = change.ok().flatten()?;
    if live.due.is_none() && !live.searches.is_empty() {
        let rested = live.asked.map(|asked| asked + PAUSE);
        let gathered = Instant::now() + GATHER;
        live.due = Some(rested.map_or(gathered, |rested| rested.max(gathered)));
    }
    let called = names(&live.visit, std::slice::from_ref(&change)).await;
    let row = Row { change: Change::of(&change, &called, live.visit.lang) };
    let html = row.render().ok()?;
    let mut event = format!("id: {}\nevent: change\n", change.version);
    for line in html.lines() {
        event.extend(["data: ", line, "\n"]);
    }
    event.push('\n');
    Some(event)
}

/// What watched searches find that was not there before, as events; a sign of life if it is nothing.
async fn found(live: &mut Live) -> String {
    let mut events = String::new();
    for search in &mut live.searches {
        for told in search.news(&live.visit).await {
            events.extend(["event: found\ndata: ", &told, "\n\n"]);
        }
    }
    if events.is_empty() { ": nothing new\n\n".to_owned() } else { events }
}

#[cfg(test)]
mod tests {
    use super::FEEDS_MAX;
    use super::Place;

    #[test]
    fn feeds_are_bounded_and_places_come_back() {
        let open = std::sync::Arc::default();
        let mut places: Vec<_> = (0..2 * FEEDS_MAX).filter_map(|_| Place::take(&open)).collect();
        assert_eq!(places.len(), FEEDS_MAX);
        places.pop();
        assert!(Place::take(&open).is_some());
    }
}
