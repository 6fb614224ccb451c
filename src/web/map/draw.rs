//! The map as a page: circles of all topics, of which those in the list beside are links.

use std::fmt::Write as _;

use askama::Template;

use super::Laid;
use super::SIZE;
use super::period;
use crate::failure::Failure;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::topics::Choice;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Names that are written on the map.
const LABELS: usize = 40;
/// Topics in the list beside the map.
const LISTED: usize = 100;
/// Classes of heat, from cool to hot.
const HEATS: [&str; 5] = ["h1", "h2", "h3", "h4", "h5"];

/// A topic of the list.
struct Spot {
    href: String,
    label: String,
    facts: String,
    x: String,
    y: String,
    radius: String,
    heat: &'static str,
    is_hit: bool,
    words: String,
}

/// A name on the map.
struct Name {
    x: String,
    y: String,
    text: String,
}

#[derive(Template)]
#[template(path = "map.html")]
struct Page {
    shell: Shell,
    periods: Vec<Choice>,
    days: String,
    /// Topics of the list.
    spots: Vec<Spot>,
    /// The circles of the others, by heat.
    others: Vec<(&'static str, String)>,
    names: Vec<Name>,
    on_map: usize,
    total: u32,
    wanted: String,
    is_making: bool,
    previous: String,
    next: String,
    /// Where a script finds the topics that are not in the list; empty where all are.
    rest: String,
}

/// The page.
///
/// # Errors
/// [`Failure::Page`] if it cannot be put together.
pub(super) fn page(visit: &Visit, laid: &Laid, is_making: bool) -> Result<String, Failure> {
    let l = visit.lang;
    let wanted = visit.value("q").unwrap_or_default().trim().to_lowercase();
    let at = visit.value("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1).max(1);
    let hits: Vec<bool> = laid
        .topics
        .iter()
        .map(|topic| !wanted.is_empty() && words(visit, topic).contains(&wanted))
        .collect();
    let is_wanted = |index: &usize| wanted.is_empty() || hits.get(*index) == Some(&true);
    let all: Vec<usize> = (0..laid.topics.len()).filter(is_wanted).collect();
    let first = (at - 1).saturating_mul(LISTED);
    let listed: Vec<usize> = all.iter().copied().skip(first).take(LISTED).collect();
    let period_of = |value: &str, title: &str| Choice {
        href: visit.with(&[("days", value)]),
        name: title.to_owned(),
        count: 0,
        is_on: period(visit) == value,
    };
    let page_of = |page: usize| visit.with(&[("page", &page.to_string())]);
    let is_last = first + listed.len() >= all.len();
    let heats = heats(laid);
    let spots: Vec<Spot> = listed
        .iter()
        .filter_map(|index| spot(visit, laid, &heats, *index, hits.get(*index) == Some(&true)))
        .collect();
    let page = Page {
        shell: Shell::of(visit, Tab::Map, l.map()),
        periods: vec![
            period_of("7", l.one_week()),
            period_of("30", l.one_month()),
            period_of("365", l.one_year()),
            period_of("all", l.all_time()),
        ],
        days: period(visit).to_owned(),
        others: others(laid, &heats, &listed),
        names: names(visit, laid),
        on_map: laid.topics.len(),
        total: laid.total,
        is_making,
        previous: if at > 1 { page_of(at - 1) } else { String::new() },
        next: if is_last { String::new() } else { page_of(at + 1) },
        rest: if spots.len() < laid.topics.len() {
            visit.here().replacen("/map", "/map/spots", 1)
        } else {
            String::new()
        },
        spots,
        wanted,
    };
    Ok(page.render()?)
}

/// All topics as JSON: by `x,y` the address, the name, and the words by which it is found.
pub(super) fn spots(visit: &Visit, laid: &Laid) -> String {
    let spot = |(topic, (x, y)): (&wire::Topic, &(f32, f32))| {
        let told = serde_json::json!([
            show::href(&topic.name),
            show::label(topic, visit.lang),
            words(visit, topic),
        ]);
        (format!("{x:.0},{y:.0}"), told)
    };
    let all: serde_json::Map<_, _> = laid.topics.iter().zip(&laid.places).map(spot).collect();
    serde_json::Value::Object(all).to_string()
}

/// The words by which a topic is found on the map.
fn words(visit: &Visit, topic: &wire::Topic) -> String {
    let keywords: Vec<_> = topic.keywords.iter().take(4).map(String::as_str).collect();
    format!("{} {}", show::label(topic, visit.lang), keywords.join(" ")).to_lowercase()
}

/// The class of heat of each topic.
fn heats(laid: &Laid) -> Vec<&'static str> {
    let mut sorted: Vec<f64> = laid.topics.iter().map(|topic| topic.heat).collect();
    sorted.sort_by(f64::total_cmp);
    let class = |topic: &wire::Topic| {
        let cooler = sorted.partition_point(|heat| *heat < topic.heat);
        HEATS.get(HEATS.len() * cooler / sorted.len().max(1)).copied().unwrap_or("h5")
    };
    laid.topics.iter().map(class).collect()
}

fn spot(
    visit: &Visit,
    laid: &Laid,
    heats: &[&'static str],
    index: usize,
    is_hit: bool,
) -> Option<Spot> {
    let topic = laid.topics.get(index)?;
    let (x, y) = laid.places.get(index)?;
    let counts = visit.lang.articles_of(topic.article_count, topic.source_count);
    Some(Spot {
        href: show::href(&topic.name),
        label: show::label(topic, visit.lang),
        facts: format!("{counts} · {}", show::span_of(topic)),
        x: format!("{x:.0}"),
        y: format!("{y:.0}"),
        radius: format!("{:.1}", laid.radii.get(index)?),
        heat: heats.get(index)?,
        is_hit,
        words: words(visit, topic),
    })
}

/// The circles of the topics that are not listed.
fn others(laid: &Laid, heats: &[&'static str], listed: &[usize]) -> Vec<(&'static str, String)> {
    let mut is_listed = vec![false; laid.topics.len()];
    for index in listed {
        if let Some(is_listed) = is_listed.get_mut(*index) {
            *is_listed = true;
        }
    }
    let circles = |class: &'static str| {
        let mut circles = String::new();
        let all = laid.places.iter().zip(&laid.radii).zip(heats).zip(&is_listed);
        for ((((x, y), radius), heat), is_listed) in all {
            if *heat == class && !is_listed {
                let _written =
                    write!(circles, r#"<circle cx="{x:.0}" cy="{y:.0}" r="{radius:.1}"/>"#);
            }
        }
        (class, circles)
    };
    HEATS.into_iter().map(circles).filter(|(_, circles)| !circles.is_empty()).collect()
}

/// The names of the hottest topics, as far as there is room for them.
fn names(visit: &Visit, laid: &Laid) -> Vec<Name> {
    let mut taken: Vec<(f32, f32, f32)> = Vec::new();
    let mut names = Vec::new();
    let all = laid.topics.iter().zip(&laid.places).zip(&laid.radii);
    for ((topic, &(x, y)), radius) in all {
        if names.len() >= LABELS {
            break;
        }
        // In a circle that is large enough, else below it.
        let y = if *radius > 18.0 { y } else { (y + radius + 10.0).min(SIZE.1 - 8.0) };
        let text = show::shortened(&show::label(topic, visit.lang), 12);
        // About what a line of the label takes.
        let width = 12.0 * count(text.chars().count());
        let x = x.clamp(width / 2.0, SIZE.0 - width / 2.0);
        let is_apart = taken.iter().all(|(of_x, of_y, of_width)| {
            (of_x - x).abs() > (of_width + width) / 2.0 || (of_y - y).abs() > 15.0
        });
        if is_apart {
            taken.push((x, y, width));
            names.push(Name { x: format!("{x:.0}"), y: format!("{y:.0}"), text });
        }
    }
    names
}

#[expect(clippy::cast_precision_loss, reason = "small counts become lengths")]
pub(super) fn count(count: usize) -> f32 {
    count as f32
}
