//! A topic as answers show it: counts, measures, names.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use crate::topics::book::Book;
use crate::topics::book::Member;
use crate::topics::book::Topic;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_domain::topic::filter::Status;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds that China is ahead of UTC.
const CHINA_AHEAD: i64 = 8 * 3_600;
/// Days without an article after which a topic is no longer active.
const ACTIVE_DAYS: i64 = 7;
/// Days without an article after which nothing joins; the clusterer's window.
const OPEN_DAYS: i64 = 90;
/// Days in which heat halves.
const HEAT_HALF_LIFE: f64 = 3.0;
/// The days that a burst is seen in, and those before that it is compared with.
const BURST_DAYS: i64 = 3;
const BASE_DAYS: i64 = 27;

/// A topic and what can be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The topic.
    pub id: TopicId,
    /// Event or story.
    pub level: Level,
    /// Its name.
    pub label: String,
    /// Whether a person gave it.
    pub is_named: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Keywords and names.
    pub face: Face,
    /// What it is doing.
    pub status: Status,
    /// Where it redirects, if it is gone.
    pub merged_into: Option<TopicId>,
    /// Of an event: its story.
    pub story: Option<TopicId>,
    /// Of a story: how many events it has.
    pub event_count: usize,
    /// What is counted, in the period asked for.
    pub measures: Measures,
    /// The last version that touched it.
    pub version: u64,
    /// Changes with its label, pin or shape, not with one more article.
    pub revision: u64,
}

/// Counts over the members in a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measures {
    /// Articles.
    pub size: usize,
    /// Seconds since 1970 of the first and the last.
    pub first_at: i64,
    /// Seconds since 1970 of the last.
    pub last_at: i64,
    /// Articles by day, days since 1970-01-01 in China; ascending, only days with articles.
    pub days: Vec<(i64, u32)>,
    /// Articles by paper or site, most first; without those that name none.
    pub sources: Vec<(String, u32)>,
    /// Sum over articles of a half for every three days before the period's end.
    pub heat: f64,
    /// `(n − e) / √(e + 1)` with `n` articles of the last three days of the period and `e` as many as
    /// the 27 days before let expect.
    pub burst: f64,
    /// Articles in the later half of the period less those in the earlier half.
    pub growth: i64,
}

/// Days since 1970-01-01 in China, both included; `None` for no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Option<i64>,
    /// The last day; it ends with the newest article in any case.
    pub to: Option<i64>,
}

/// The day of a second.
#[must_use]
pub fn day_of(at: i64) -> i64 {
    (at + CHINA_AHEAD).div_euclid(DAY)
}

/// Measures of `members`; `None` if none is in `period`. Without a first day growth compares the last
/// seven days with the seven before.
#[must_use]
pub fn measure(book: &Book, members: &[Member], period: Period) -> Option<Measures> {
    let newest = day_of(book.newest);
    let end = period.to.map_or(newest, |to| to.min(newest));
    let middle = period.from.map_or(end - 6, |from| from.midpoint(end + 1));
    let start = period.from.unwrap_or(end - 13);
    let mut measures = Measures { first_at: i64::MAX, last_at: i64::MIN, ..Measures::default() };
    let mut days = BTreeMap::<i64, u32>::new();
    let mut sources = BTreeMap::<u32, u32>::new();
    let (mut recent, mut before) = (0_u32, 0_u32);
    for member in members {
        let day = day_of(member.at);
        if day > end {
            continue;
        }
        let age = end - day;
        recent += u32::from(age < BURST_DAYS);
        before += u32::from((BURST_DAYS..BURST_DAYS + BASE_DAYS).contains(&age));
        if period.from.is_some_and(|from| day < from) {
            continue;
        }
        measures.size += 1;
        measures.first_at = measures.first_at.min(member.at);
        measures.last_at = measures.last_at.max(member.at);
        *days.entry(day).or_insert(0) += 1;
        *sources.entry(member.source).or_insert(0) += 1;
        if day >= start {
            measures.growth += if day >= middle { 1 } else { -1 };
        }
    }
    if measures.size == 0 {
        return None;
    }
    for (day, count) in &days {
        #[expect(clippy::cast_precision_loss, reason = "days between two articles")]
        let age = (end - day).max(0) as f64;
        measures.heat += f64::from(*count) * (-age / HEAT_HALF_LIFE).exp2();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few days")]
    let expected = f64::from(before) * BURST_DAYS as f64 / BASE_DAYS as f64;
    measures.burst = (f64::from(recent) - expected) / (expected + 1.0).sqrt();
    measures.days = days.into_iter().collect();
    let named = sources.into_iter().map(|(source, count)| (book.source(source), count));
    let mut named: Vec<(&str, u32)> = named.filter(|(name, _)| !name.is_empty()).collect();
    named.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    measures.sources = named.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    Some(measures)
}

/// What a topic is doing.
#[must_use]
pub fn status(book: &Book, topic: &Topic) -> Status {
    if topic.merged_into.is_some() {
        return Status::Merged;
    }
    let Some(last) = topic.members.iter().map(|member| member.at).max() else {
        return Status::Empty;
    };
    let age = book.newest - last;
    if age <= ACTIVE_DAYS * DAY {
        Status::Active
    } else if age <= OPEN_DAYS * DAY {
        Status::Dormant
    } else {
        Status::Closed
    }
}

/// A topic with these measures.
#[must_use]
pub fn shown(book: &Book, id: TopicId, topic: &Topic, measures: Measures) -> Shown {
    Shown {
        id,
        level: topic.level,
        label: topic.label().to_owned(),
        is_named: topic.named.is_some(),
        pinned: topic.pinned,
        face: Face::clone(&topic.face),
        status: status(book, topic),
        merged_into: topic.merged_into,
        story: topic.story,
        event_count: topic.events.iter().filter(|id| is_alive(book, **id)).count(),
        measures,
        version: topic.version,
        revision: topic.revision,
    }
}

fn is_alive(book: &Book, id: TopicId) -> bool {
    book.topics.get(&id).is_some_and(Topic::is_alive)
}

/// What the store keeps of a topic, for whoever looks at it there; nothing is read back from it.
#[must_use]
pub fn payload(book: &Book, topic: &Topic) -> Map<String, Value> {
    let measures = measure(book, &topic.members, Period::default()).unwrap_or_default();
    let Measures { size, first_at, last_at, days, sources, .. } = measures;
    let Face { keywords, persons, places, organisations, .. } = Face::clone(&topic.face);
    let value = serde_json::json!({
        "label": topic.label(),
        "named": topic.named.is_some(),
        "pinned": topic.pinned,
        "keywords": keywords,
        "persons": persons,
        "places": places,
        "organisations": organisations,
        "article_count": size,
        "first_at": first_at,
        "last_at": last_at,
        "days": days,
        "sources": sources,
        "merged_into": topic.merged_into,
        "story": topic.story,
        "founded": topic.founded,
        "version": topic.version,
        "revision": topic.revision,
    });
    match value {
        Value::Object(map) => map,
        // Written as an object just above.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
