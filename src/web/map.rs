//! 地图: the topics of a period laid out by similarity, and the same as a list.

mod place;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use askama::Template;
use axum::response::Response;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::topics;
use crate::topics::Choice;
use crate::visit::Form;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Topics on a map, the hottest first.
const TOPICS_MAX: usize = 160;
/// Topics on a page of the contract.
const PAGE_SIZE: i32 = 100;
/// Texts whose vectors are remembered.
const VECTORS_MAX: usize = 8_192;
/// Maps that are kept ready.
const MAPS_MAX: usize = 16;
/// Names that are written on the map.
const LABELS: usize = 40;
/// Width and height of the map, and the margin that no middle of a topic enters.
const SIZE: (f32, f32) = (1_000.0, 680.0);

/// What was calculated before: vectors of texts, and places of topics by what the map shows.
#[derive(Default)]
pub(crate) struct Maps {
    vectors: Mutex<HashMap<String, Arc<[f32]>>>,
    places: Mutex<HashMap<String, Places>>,
}

/// Where topics are on a map.
type Places = Arc<Vec<(f32, f32)>>;

/// A topic on the map.
struct Spot {
    href: String,
    label: String,
    short: String,
    facts: String,
    x: String,
    /// The middle of the name, which stays inside the map.
    label_x: String,
    y: String,
    radius: String,
    /// From cool to hot, `h1` to `h5`.
    heat: &'static str,
    is_labelled: bool,
    /// Whether the words of a search stand in its label or keywords.
    is_hit: bool,
    words: String,
}

#[derive(Template)]
#[template(path = "map.html")]
struct Page {
    shell: Shell,
    periods: Vec<Choice>,
    spots: Vec<Spot>,
    total: u32,
    wanted: String,
}

/// The map.
pub(crate) async fn show(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    let list = topics_of(visit).await?;
    match visit.form {
        Form::Json => return json::answer("ListTopicsResponse", &list),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let l = visit.lang;
    let wanted = visit.value("q").unwrap_or_default().trim().to_lowercase();
    let spots =
        if list.topics.is_empty() { Vec::new() } else { spots(visit, &list, &wanted).await? };
    let days = visit.value("days").unwrap_or("30");
    let period = |value: &str, title: &str| Choice {
        href: visit.with(&[("days", value)]),
        name: title.to_owned(),
        count: 0,
        is_on: days == value,
    };
    let page = Page {
        shell: Shell::of(visit, Tab::Map, l.map()),
        periods: vec![
            period("7", l.one_week()),
            period("30", l.one_month()),
            period("365", l.one_year()),
            period("all", l.all_time()),
        ],
        spots,
        total: list.total_count,
        wanted,
    };
    Ok(html_answer(page.render()?))
}

/// The hottest topics of the period.
async fn topics_of(visit: &Visit) -> Result<wire::ListTopicsResponse, Failure> {
    let newest = topics::newest_day(visit).await?;
    let days = visit.value("days").unwrap_or("30").parse::<i32>().ok();
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
    while list.topics.len() < TOPICS_MAX && !list.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut list.next_page_token);
        let more = visit.topic_service().list_topics(visit.call(request.clone())).await;
        let more = told(more)?;
        list.topics.extend(more.topics);
        list.next_page_token = more.next_page_token;
    }
    list.topics.truncate(TOPICS_MAX);
    Ok(list)
}

async fn spots(
    visit: &Visit,
    list: &wire::ListTopicsResponse,
    wanted: &str,
) -> Result<Vec<Spot>, Failure> {
    let l = visit.lang;
    let radii: Vec<f32> = list.topics.iter().map(|topic| radius(topic.article_count)).collect();
    let places = places(visit, &list.topics, &radii).await?;
    let mut by_heat: Vec<f64> = list.topics.iter().map(|topic| topic.heat).collect();
    by_heat.sort_by(f64::total_cmp);
    let mut labelled: Vec<(f32, f32, f32)> = Vec::new();
    let mut spots = Vec::new();
    for ((topic, radius), (x, y)) in list.topics.iter().zip(radii).zip(places.iter().copied()) {
        let label = show::label(topic, l);
        let short = show::shortened(&label, 12);
        // About what a line of the label takes.
        let width = 12.0 * count(short.chars().count());
        let is_apart = labelled.iter().all(|(of_x, of_y, of_width)| {
            (of_x - x).abs() > (of_width + width) / 2.0 || (of_y - y).abs() > 15.0
        });
        let is_labelled = is_apart && labelled.len() < LABELS;
        labelled.extend(is_labelled.then_some((x, y, width)));
        let cooler = by_heat.partition_point(|heat| *heat < topic.heat);
        let heat = ["h1", "h2", "h3", "h4", "h5"];
        let words = format!(
            "{label} {}",
            topic.keywords.iter().take(4).cloned().collect::<Vec<_>>().join(" ")
        )
        .to_lowercase();
        spots.push(Spot {
            href: show::href(&topic.name),
            short,
            facts: format!(
                "{} · {}",
                l.articles_of(topic.article_count, topic.source_count),
                show::span_of(topic)
            ),
            label_x: format!("{:.0}", x.clamp(width / 2.0, SIZE.0 - width / 2.0)),
            x: format!("{x:.0}"),
            y: format!("{y:.0}"),
            radius: format!("{radius:.1}"),
            heat: heat.get(5 * cooler / by_heat.len().max(1)).copied().unwrap_or("h5"),
            is_labelled,
            is_hit: !wanted.is_empty() && words.contains(wanted),
            words,
            label,
        });
    }
    Ok(spots)
}

/// A circle whose area follows the number of articles.
fn radius(articles: u32) -> f32 {
    (4.0 + 2.6 * count(show::index(articles)).sqrt()).min(46.0)
}

#[expect(clippy::cast_precision_loss, reason = "small counts become lengths")]
fn count(count: usize) -> f32 {
    count as f32
}

/// Where the topics are on the map.
async fn places(visit: &Visit, topics: &[wire::Topic], radii: &[f32]) -> Result<Places, Failure> {
    let texts: Vec<String> = topics
        .iter()
        .map(|topic| format!("{} {}", show::label(topic, visit.lang), topic.keywords.join(" ")))
        .collect();
    let counts: Vec<String> = topics.iter().map(|t| t.article_count.to_string()).collect();
    let key = format!("{}\n{}", texts.join("\n"), counts.join(" "));
    let maps = &visit.site.maps;
    let kept = maps.places.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(kept) = kept.filter(|kept| kept.len() == topics.len()) {
        return Ok(kept);
    }
    let vectors = vectors(visit, &texts).await?;
    let laid = Arc::new(place::lay_out(&vectors, radii, SIZE));
    let mut kept = maps.places.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAPS_MAX {
        kept.clear();
    }
    kept.insert(key, laid.clone());
    Ok(laid)
}

/// The vectors of `texts`, of which only new ones are asked for.
async fn vectors(visit: &Visit, texts: &[String]) -> Result<Vec<Arc<[f32]>>, Failure> {
    let kept = &visit.site.maps.vectors;
    let new: Vec<String> = {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().filter(|text| !kept.contains_key(*text)).cloned().collect()
    };
    let mut found: HashMap<String, Arc<[f32]>> = HashMap::new();
    if !new.is_empty() {
        let request = wire::EmbedTextsRequest { texts: new.clone(), ..Default::default() };
        let answer = told(visit.embedding_service().embed_texts(visit.call(request)).await)?;
        let vectors = answer.embeddings.into_iter().map(|embedding| embedding.values.into());
        found.extend(new.into_iter().zip(vectors));
    }
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() + found.len() > VECTORS_MAX {
        kept.clear();
    }
    let of = |text: &String| found.get(text).or_else(|| kept.get(text)).cloned();
    let all = texts.iter().map(|text| of(text).unwrap_or_default()).collect();
    kept.extend(found);
    Ok(all)
}
