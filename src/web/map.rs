//! 地图: the topics of a period laid out by similarity, and the same as a list.
//!
//! A map of a few topics is made while one waits. A larger one is made in the background and kept:
//! until it is there the hottest topics are shown, and an older map while it is made anew.

mod draw;
mod place;

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use axum::response::Response;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::show;
use crate::topics;
use crate::visit::Form;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Topics on a map, the hottest first.
const TOPICS_MAX: usize = 1_000;
/// Topics of which a map is made while one waits.
const AT_ONCE: usize = 160;
/// Topics on a page of the contract.
const PAGE_SIZE: i32 = 100;
/// Texts that are embedded in one call, so that searches get their turn between two.
const BATCH: usize = 64;
/// Texts whose vectors are remembered.
const VECTORS_MAX: usize = 8_192;
/// Maps that are kept ready.
const MAPS_MAX: usize = 16;
/// The time in which a map is not made anew, whatever changes.
const FRESH: Duration = Duration::from_mins(1);
/// Width and height of the map.
const SIZE: (f32, f32) = (1_000.0, 680.0);

/// What was calculated before, and what is calculated now.
#[derive(Default)]
pub(crate) struct Maps {
    vectors: Mutex<HashMap<String, Arc<[f32]>>>,
    /// Maps by their period.
    made: Mutex<HashMap<String, Made>>,
    /// Periods whose maps are being made.
    making: Mutex<HashSet<String>>,
    /// The task that made the last one; it ends with the pages.
    task: Mutex<Option<AbortHandle>>,
}

impl Drop for Maps {
    fn drop(&mut self) {
        if let Some(task) = locked(&self.task).take() {
            task.abort();
        }
    }
}

/// A map that is ready.
#[derive(Clone)]
struct Made {
    at: Instant,
    /// Which topics at which version it shows.
    state: String,
    laid: Arc<Laid>,
}

/// Topics with their places, and how many topics the period has.
struct Laid {
    topics: Vec<wire::Topic>,
    places: Vec<(f32, f32)>,
    radii: Vec<f32>,
    total: u32,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The map.
pub(crate) async fn show(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    match visit.form {
        Form::Json => {
            return json::answer("ListTopicsResponse", &topics_of(visit, TOPICS_MAX).await?);
        }
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let (laid, is_making) = ready(visit).await?;
    Ok(html_answer(draw::page(visit, &laid, is_making)?))
}

/// What is on the map, for a script: by its place the address and the name of each topic.
pub(crate) async fn spots(visit: Visit) -> Response {
    let answer = ready(&visit).await.map(|(laid, _)| json::of(draw::spots(&visit, &laid)));
    shown(&visit, answer)
}

/// The period that is asked for.
fn period(visit: &Visit) -> &str {
    visit.value("days").unwrap_or("30")
}

/// The map of the period, and whether a newer or larger one is being made.
async fn ready(visit: &Visit) -> Result<(Arc<Laid>, bool), Failure> {
    let made = locked(&visit.site.maps.made).get(period(visit)).cloned();
    let fresh = made.as_ref().filter(|made| made.at.elapsed() < FRESH && made.laid.is_large());
    if let Some(fresh) = fresh {
        return Ok((fresh.laid.clone(), false));
    }
    let list = topics_of(visit, AT_ONCE).await?;
    let state = state(&list);
    if let Some(made) = &made
        && made.state == state
    {
        return Ok((made.laid.clone(), false));
    }
    if show::index(list.total_count) <= list.topics.len() {
        let laid = Arc::new(laid(visit, list).await?);
        keep(visit, state, &laid);
        return Ok((laid, false));
    }
    prepare(visit, state);
    match made {
        Some(made) => Ok((made.laid, true)),
        None => Ok((Arc::new(laid(visit, list).await?), true)),
    }
}

impl Laid {
    /// Whether it was made in the background.
    fn is_large(&self) -> bool {
        self.topics.len() > AT_ONCE
    }
}

/// What the map of a list shows: it changes with every change of topics.
fn state(list: &wire::ListTopicsResponse) -> String {
    format!("{} {}", list.topics_version, list.total_count)
}

fn keep(visit: &Visit, state: String, laid: &Arc<Laid>) {
    let mut made = locked(&visit.site.maps.made);
    if made.len() >= MAPS_MAX {
        made.clear();
    }
    let now = Made { at: Instant::now(), state, laid: laid.clone() };
    made.insert(period(visit).to_owned(), now);
}

/// Makes the map of all topics of the period in the background, unless that is being done.
fn prepare(visit: &Visit, state: String) {
    let visit = visit.clone();
    let key = period(&visit).to_owned();
    // One at a time: each asks for the vectors of a thousand texts.
    let mut making = locked(&visit.site.maps.making);
    if !making.is_empty() {
        return;
    }
    making.insert(key.clone());
    drop(making);
    let site = visit.site.clone();
    let task = tokio::spawn(async move {
        let made = async { laid(&visit, topics_of(&visit, TOPICS_MAX).await?).await }.await;
        match made {
            Ok(laid) => keep(&visit, state, &Arc::new(laid)),
            Err(failure) => tracing::warn!(%failure, "a map could not be made"),
        }
        locked(&visit.site.maps.making).remove(&key);
    });
    *locked(&site.maps.task) = Some(task.abort_handle());
}

/// The hottest topics of the period.
async fn topics_of(visit: &Visit, count: usize) -> Result<wire::ListTopicsResponse, Failure> {
    let newest = topics::newest_day(visit).await?;
    let days = period(visit).parse::<i32>().ok();
    let from = newest
        .zip(days)
        .map(|(day, days)| day.saturating_sub(jiff::ToSpan::days(days.clamp(1, 36_500) - 1)));
    let mut request = wire::ListTopicsRequest {
        from: from.map(show::wire_date),
        to: newest.filter(|_| from.is_some()).map(show::wire_date),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let mut list = told(visit.topic_service().list_topics(visit.call(request.clone())).await)?;
    while list.topics.len() < count && !list.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut list.next_page_token);
        let more = visit.topic_service().list_topics(visit.call(request.clone())).await;
        let more = told(more)?;
        list.topics.extend(more.topics);
        list.next_page_token = more.next_page_token;
    }
    list.topics.truncate(count);
    Ok(list)
}

/// Lays the topics of a list out.
async fn laid(visit: &Visit, list: wire::ListTopicsResponse) -> Result<Laid, Failure> {
    let (topics, total) = (list.topics, list.total_count);
    let texts: Vec<String> = topics
        .iter()
        .map(|topic| format!("{} {}", show::label(topic, visit.lang), topic.keywords.join(" ")))
        .collect();
    let vectors = vectors(visit, &texts).await?;
    let radii = topics.iter().map(|topic| radius(topic.article_count)).collect();
    let radii = place::that_fit(radii, SIZE);
    let of = radii.clone();
    // A tenth of a second of counting must not hold up other pages.
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let _gone = sender.send(place::lay_out(&vectors, &of, SIZE));
    });
    let places = receiver.await.map_err(|_gone| Failure::Page)?;
    Ok(Laid { topics, places, radii, total })
}

/// A circle whose area follows the number of articles.
fn radius(articles: u32) -> f32 {
    (4.0 + 2.6 * draw::count(show::index(articles)).sqrt()).min(46.0)
}

/// The vectors of `texts`, of which only new ones are asked for.
async fn vectors(visit: &Visit, texts: &[String]) -> Result<Vec<Arc<[f32]>>, Failure> {
    let kept = &visit.site.maps.vectors;
    let new: Vec<String> = {
        let kept = locked(kept);
        texts.iter().filter(|text| !kept.contains_key(*text)).cloned().collect()
    };
    let mut found: HashMap<String, Arc<[f32]>> = HashMap::new();
    for batch in new.chunks(BATCH) {
        let request = wire::EmbedTextsRequest { texts: batch.to_vec(), ..Default::default() };
        let answer = told(visit.embedding_service().embed_texts(visit.call(request)).await)?;
        let vectors = answer.embeddings.into_iter().map(|embedding| embedding.values.into());
        found.extend(batch.iter().cloned().zip(vectors));
    }
    let mut kept = locked(kept);
    if kept.len() + found.len() > VECTORS_MAX {
        kept.clear();
    }
    let of = |text: &String| found.get(text).or_else(|| kept.get(text)).cloned();
    let all = texts.iter().map(|text| of(text).unwrap_or_default()).collect();
    kept.extend(found);
    Ok(all)
}
