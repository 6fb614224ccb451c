//! Topics as answers show them: labels and names, status, and measures over a period.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;

use crate::topics::projection::Projection;
use crate::topics::projection::Topic;
use crate::topics::projection::TopicMember;
use wenmai_domain::day;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_domain::topic::filter::Status;

/// Days between a topic's last article and the newest article of all up to which it is active.
const ACTIVE_DAYS: i64 = 7;
/// The same up to which it is dormant; after that it counts as closed. This only decides what the
/// status says: the clusterer compares new articles with those of the last 365 days, so that one
/// may still join a closed topic.
const DORMANT_DAYS: i64 = 90;
/// Days in which the heat of an article halves.
pub const HEAT_HALF_LIFE: f64 = 3.0;
/// Days at the end of the period in which a burst is looked for.
pub const BURST_DAYS: i64 = 3;
/// Days before those, with which they are compared.
const BASE_DAYS: i64 = 27;

/// A topic with everything that an answer says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicView {
    /// The topic.
    pub id: TopicId,
    /// Event or story.
    pub level: Level,
    /// Its label.
    pub label: String,
    /// Whether a person gave it its label.
    pub is_named: bool,
    /// Whether a person pinned it, so that the program never merges or divides it.
    pub pinned: bool,
    /// Its keywords and the names that its articles have in common.
    pub face: Face,
    /// Whether articles still come in, or whether it was merged or is empty.
    pub status: Status,
    /// The topic that it redirects to, if it was merged.
    pub merged_into: Option<TopicId>,
    /// The story of an event; `None` for a story.
    pub story: Option<TopicId>,
    /// How many events a story has; 0 for an event.
    pub event_count: usize,
    /// What is measured over the period that was asked for.
    pub measures: Measures,
    /// The last version of the log that changed it.
    pub version: u64,
    /// The last version that changed its label, its pin or its shape; one more article does not
    /// count.
    pub revision: u64,
}

/// What is measured over the articles of a topic in a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measures {
    /// The number of articles.
    pub size: usize,
    /// The time of the first article, in seconds since 1970 UTC.
    pub first_at: i64,
    /// The time of the last article, in seconds since 1970 UTC.
    pub last_at: i64,
    /// The number of articles of each day that has any. Days count from 1970-01-01 in China's time
    /// zone and are in ascending order.
    pub days: Vec<(i64, u32)>,
    /// The number of articles of each paper or site, the most frequent first. Articles that name
    /// neither are left out.
    pub sources: Vec<(String, u32)>,
    /// The sum over all articles of a weight that is 1 on the last day of the period and halves for
    /// every three days before it.
    pub heat: f64,
    /// `(n − e) / √(e + 1)`, where `n` is the number of articles in the last three days of the
    /// period and `e` the number that the 27 days before let expect.
    pub burst: f64,
    /// The number of articles in the later half of the period, minus that in the earlier half.
    pub growth: i64,
}

/// A range of days, both ends included. Days count from 1970-01-01 in China's time zone; `None`
/// means that there is no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Option<i64>,
    /// The last day; days after the newest article of all do not count.
    pub to: Option<i64>,
}

impl Period {
    /// The last day that counts where the newest article of all is of day `newest`.
    #[must_use]
    pub fn end(self, newest: i64) -> i64 {
        self.to.map_or(newest, |to| to.min(newest))
    }
}

/// What can be said of a topic in a period by its days alone; see [`Measures`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DayMeasures {
    /// The number of articles in the period.
    pub size: usize,
    /// As [`Measures::heat`].
    pub heat: f64,
    /// As [`Measures::burst`].
    pub burst: f64,
    /// As [`Measures::growth`].
    pub growth: i64,
}

/// How many of the articles are in the period, and the times of the first and the last of them, in
/// seconds since 1970 UTC; `None` where none is.
#[must_use]
pub fn times_in(members: &[TopicMember], period: Period) -> Option<(usize, i64, i64)> {
    let is_in = |at: i64| {
        let day = day::of_second(at);
        period.from.is_none_or(|from| day >= from) && period.to.is_none_or(|to| day <= to)
    };
    let mut found: Option<(usize, i64, i64)> = None;
    for at in members.iter().map(|member| member.at).filter(|at| is_in(*at)) {
        let (count, first, last) = found.unwrap_or((0, at, at));
        found = Some((count + 1, first.min(at), last.max(at)));
    }
    found
}

/// The number of articles of each day that has any, in ascending order of days.
#[must_use]
pub fn days(members: &[TopicMember]) -> Vec<(i64, u32)> {
    let mut days = BTreeMap::<i64, u32>::new();
    for member in members {
        *days.entry(day::of_second(member.at)).or_insert(0) += 1;
    }
    days.into_iter().collect()
}

/// Measures a topic with articles on `days` over `period`, whose last day that counts is `end`.
/// Where the period has no first day, growth compares the last seven days with the seven before.
#[must_use]
pub fn of_days(days: &[(i64, u32)], period: Period, end: i64) -> DayMeasures {
    let middle = period.from.map_or(end - 6, |from| from.midpoint(end + 1));
    let start = period.from.unwrap_or(end - 13);
    let mut measures = DayMeasures::default();
    let (mut recent, mut before) = (0_u32, 0_u32);
    for (day, count) in days.iter().filter(|(day, _)| *day <= end) {
        let age = end - day;
        if age < BURST_DAYS {
            recent += count;
        } else if age < BURST_DAYS + BASE_DAYS {
            before += count;
        }
        if period.from.is_some_and(|from| *day < from) {
            continue;
        }
        measures.size += usize::try_from(*count).unwrap_or(usize::MAX);
        if *day >= start {
            measures.growth += if *day >= middle { i64::from(*count) } else { -i64::from(*count) };
        }
        #[expect(clippy::cast_precision_loss, reason = "days between two articles")]
        let age = age as f64;
        measures.heat += f64::from(*count) * (-age / HEAT_HALF_LIFE).exp2();
    }
    #[expect(clippy::cast_precision_loss, reason = "a few days")]
    let expected = f64::from(before) * BURST_DAYS as f64 / BASE_DAYS as f64;
    measures.burst = (f64::from(recent) - expected) / (expected + 1.0).sqrt();
    measures
}

/// Measures `members` over `period`; `None` if none of them is in it. A topic that lies as a whole after
/// the newest day is measured to its own last day where the period has no end.
#[must_use]
pub fn measure(
    projection: &Projection,
    members: &[TopicMember],
    period: Period,
) -> Option<Measures> {
    let mut days = days(members);
    let mut end = period.end(day::of_second(projection.newest));
    let is_beyond = period.to.is_none() && days.first().is_some_and(|(first, _)| *first > end);
    if let Some((last, _)) = days.last().filter(|_| is_beyond) {
        end = *last;
    }
    let DayMeasures { size, heat, burst, growth } = of_days(&days, period, end);
    if size == 0 {
        return None;
    }
    let in_period = |day: i64| day <= end && period.from.is_none_or(|from| from <= day);
    days.retain(|(day, _)| in_period(*day));
    let (mut first_at, mut last_at) = (i64::MAX, i64::MIN);
    let mut sources = BTreeMap::<u32, u32>::new();
    for member in members.iter().filter(|member| in_period(day::of_second(member.at))) {
        first_at = first_at.min(member.at);
        last_at = last_at.max(member.at);
        *sources.entry(member.source).or_insert(0) += 1;
    }
    let named = sources.into_iter().map(|(source, count)| (projection.source(source), count));
    let mut named: Vec<(&str, u32)> = named.filter(|(name, _)| !name.is_empty()).collect();
    named.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    let sources = named.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    Some(Measures { size, first_at, last_at, days, sources, heat, burst, growth })
}

/// The status of a topic, by the time between its last article and the newest article of all.
#[must_use]
pub fn status(projection: &Projection, topic: &Topic) -> Status {
    if topic.merged_into.is_some() {
        return Status::Merged;
    }
    let Some(last) = topic.members.iter().map(|member| member.at).max() else {
        return Status::Empty;
    };
    let age = projection.newest - last;
    if age <= ACTIVE_DAYS * day::SECONDS {
        Status::Active
    } else if age <= DORMANT_DAYS * day::SECONDS {
        Status::Dormant
    } else {
        Status::Closed
    }
}

/// The view of a topic with these measures.
#[must_use]
pub fn topic_view(
    projection: &Projection,
    id: TopicId,
    topic: &Topic,
    measures: Measures,
) -> TopicView {
    TopicView {
        id,
        level: topic.level,
        label: topic.label().to_owned(),
        is_named: topic.named.is_some(),
        pinned: topic.pinned,
        face: Face::clone(&topic.face),
        status: status(projection, topic),
        merged_into: topic.merged_into,
        story: topic.story,
        event_count: topic.events.iter().filter(|id| is_alive(projection, **id)).count(),
        measures,
        version: topic.version,
        revision: topic.revision,
    }
}

fn is_alive(projection: &Projection, id: TopicId) -> bool {
    projection.topics.get(&id).is_some_and(Topic::is_alive)
}

/// What the store keeps of a topic, for people who look at it there; the program never reads it.
#[must_use]
pub fn payload(projection: &Projection, topic: &Topic) -> Map<String, Value> {
    let measures = measure(projection, &topic.members, Period::default()).unwrap_or_default();
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
