//! Converts topics and their changes.

use crate::convert;
use crate::convert::date::timestamp_us;
use crate::convert::date::written_day;
use crate::convert::known;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::ThemeId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_domain::topic::change::Entry;
use wenmai_domain::topic::change::Face;
use wenmai_domain::topic::change::Move;
use wenmai_domain::topic::filter::Status;
use wenmai_engine::FoundTopic;
use wenmai_engine::Measures;
use wenmai_engine::ThemeView;
use wenmai_engine::TopicOrder;
use wenmai_engine::TopicView;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::watch_topics_response::Change as WireChange;

/// The prefix of the resource name of a topic.
pub const PREFIX: &str = "topics/";
/// The prefix of the resource name of a theme.
const THEMES: &str = "themes/";
/// The most sources that are sent with a topic.
const SOURCES: usize = 20;
const MICROS: i64 = 1_000_000;

/// The resource name of a topic.
#[must_use]
pub fn topic_name(id: TopicId) -> String {
    format!("{PREFIX}{id}")
}

/// The id in a resource name of a topic.
///
/// # Errors
/// A violation of `field` for any other text.
pub fn topic_id(name: &str, field: &str) -> Result<TopicId, Violation> {
    name.strip_prefix(PREFIX)
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Violation::new(field, "is not a resource name `topics/{uuid}`"))
}

/// The resource name of a theme.
#[must_use]
pub fn theme_name(id: ThemeId) -> String {
    format!("{THEMES}{id}")
}

/// The id in a resource name of a theme.
///
/// # Errors
/// A violation of `field` for any other text.
pub fn theme_id(name: &str, field: &str) -> Result<ThemeId, Violation> {
    name.strip_prefix(THEMES)
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Violation::new(field, "is not a resource name `themes/{uuid}`"))
}

/// Converts a theme.
#[must_use]
pub fn theme(from: ThemeView) -> wire::Theme {
    let ThemeView { id, label, keywords, stories, article_count, first_at, last_at } = from;
    wire::Theme {
        name: theme_name(id),
        label,
        keywords,
        story_count: convert::count32(stories.len()),
        article_count: convert::count32(article_count),
        first_time: timestamp_us(first_at.saturating_mul(MICROS)),
        last_time: timestamp_us(last_at.saturating_mul(MICROS)),
    }
}

/// The etag of a revision.
#[must_use]
pub fn etag(revision: u64) -> String {
    format!("{revision:x}")
}

/// The revision in an etag; `None` if the etag is empty.
///
/// # Errors
/// A violation of `etag` for any other text.
pub fn revision(etag: &str) -> Result<Option<u64>, Violation> {
    if etag.is_empty() {
        return Ok(None);
    }
    let parsed = u64::from_str_radix(etag, 16);
    parsed.map(Some).map_err(|_no_number| Violation::new("etag", "is not the etag of a topic"))
}

/// Reads a level; an unspecified one means story.
///
/// # Errors
/// A violation of `level` for an unknown number.
pub fn level(number: i32) -> Result<Level, Violation> {
    Ok(match known(number, "level")? {
        wire::TopicLevel::Unspecified | wire::TopicLevel::Story => Level::Story,
        wire::TopicLevel::Event => Level::Event,
    })
}

/// Reads how much of a topic is told; unspecified means everything.
///
/// # Errors
/// A violation of `view` for an unknown number.
pub fn topic_view(number: i32) -> Result<wire::TopicView, Violation> {
    Ok(match known(number, "view")? {
        wire::TopicView::Unspecified | wire::TopicView::Full => wire::TopicView::Full,
        view @ (wire::TopicView::Basic | wire::TopicView::Events) => view,
    })
}

/// Reads an order; an unspecified one means heat.
///
/// # Errors
/// A violation of `order` for an unknown number.
pub fn order(number: i32) -> Result<TopicOrder, Violation> {
    Ok(match known(number, "order")? {
        wire::TopicOrder::Unspecified | wire::TopicOrder::Heat => TopicOrder::Heat,
        wire::TopicOrder::Size => TopicOrder::Size,
        wire::TopicOrder::Recency => TopicOrder::Recency,
    })
}

/// Converts a topic.
#[must_use]
pub fn topic(from: TopicView) -> wire::Topic {
    let TopicView {
        id,
        level,
        label,
        is_named,
        pinned,
        face,
        status,
        merged_into: _,
        story,
        event_count,
        measures,
        version,
        revision,
    } = from;
    let Face { topics: _, label: _, keywords, persons, places, organisations } = face;
    let Measures { size, first_at, last_at, days, sources, heat, burst, growth } = measures;
    let time = |at: i64| (size > 0).then(|| timestamp_us(at.saturating_mul(MICROS))).flatten();
    let source_count = convert::count32(sources.len());
    let day_count = |(day, count)| wire::DayCount { date: written_day(day), count };
    let source = |(source, count)| wire::SourceCount { source, count };
    wire::Topic {
        name: topic_name(id),
        level: written_level(level).into(),
        label,
        is_named,
        is_pinned: pinned,
        status: written_status(status).into(),
        keywords,
        persons,
        places,
        organisations,
        article_count: convert::count32(size),
        first_time: time(first_at),
        last_time: time(last_at),
        days: days.into_iter().map(day_count).collect(),
        sources: sources.into_iter().take(SOURCES).map(source).collect(),
        source_count,
        story: story.map(topic_name).unwrap_or_default(),
        event_count: convert::count32(event_count),
        heat,
        burst,
        growth: i32::try_from(growth).unwrap_or(if growth < 0 { i32::MIN } else { i32::MAX }),
        version,
        etag: etag(revision),
    }
}

fn written_level(level: Level) -> wire::TopicLevel {
    match level {
        Level::Event => wire::TopicLevel::Event,
        Level::Story => wire::TopicLevel::Story,
    }
}

fn written_status(status: Status) -> wire::TopicStatus {
    match status {
        Status::Active => wire::TopicStatus::Active,
        Status::Dormant => wire::TopicStatus::Dormant,
        Status::Closed => wire::TopicStatus::Closed,
        Status::Merged => wire::TopicStatus::Merged,
        Status::Empty => wire::TopicStatus::Empty,
    }
}

/// Converts a topic that a search found.
#[must_use]
pub fn found_topic(from: FoundTopic) -> wire::FoundTopic {
    let FoundTopic { topic: found, score, similarity, hit_count, holds } = from;
    wire::FoundTopic {
        topic: Some(topic(found)),
        score,
        similarity,
        hit_count,
        holds_article: holds,
    }
}

/// Converts an entry of the change log.
#[must_use]
pub fn change(from: Entry) -> wire::WatchTopicsResponse {
    let Entry { version, at_us, change, corrections, faces } = from;
    let labelled = |face: Face| wire::TopicLabelled {
        topics: face.topics.into_iter().map(topic_name).collect(),
        label: face.label,
        keywords: face.keywords,
    };
    wire::WatchTopicsResponse {
        version,
        time: timestamp_us(at_us),
        change: Some(written_change(change)),
        corrections: corrections.into_iter().map(correction).collect(),
        labelled: faces.into_iter().map(labelled).collect(),
    }
}

fn written_change(from: Change) -> WireChange {
    match from {
        Change::Assigned(assigned) => {
            let Move { article, placement } =
                Move { article: assigned.article, placement: assigned.placement };
            WireChange::Assigned(wire::ArticleAssigned {
                probability: assigned.probability,
                ..moved(Move { article, placement })
            })
        }
        Change::Removed { article } => WireChange::RemovedArticle(convert::name(article)),
        Change::Repaired => WireChange::Repaired(wire::TopicsRepaired {}),
        Change::Merged { level: _, kept, gone } => WireChange::Merged(merged(kept, gone)),
        Change::Split { from, new, moves } => {
            let articles = moves.into_iter().map(|one| convert::name(one.article));
            WireChange::Split(split(from, new, articles.collect()))
        }
        Change::Moved { moves } | Change::Reclustered { moves } => {
            let moves = moves.into_iter().map(moved).collect();
            WireChange::Moved(wire::ArticlesMoved { moves })
        }
        Change::Renamed { topic, label } => {
            WireChange::Renamed(wire::TopicRenamed { topic: topic_name(topic), label })
        }
        Change::Pinned { topic, pinned } => {
            WireChange::Pinned(wire::TopicPinned { topic: topic_name(topic), is_pinned: pinned })
        }
    }
}

fn moved(from: Move) -> wire::ArticleAssigned {
    let Move { article, placement } = from;
    wire::ArticleAssigned {
        article: convert::name(article),
        event: topic_name(placement.event),
        story: topic_name(placement.story),
        probability: 0.0,
    }
}

fn merged(kept: TopicId, gone: TopicId) -> wire::TopicsMerged {
    wire::TopicsMerged { kept: topic_name(kept), gone: topic_name(gone) }
}

fn split(from: TopicId, new: TopicId, articles: Vec<String>) -> wire::TopicSplit {
    wire::TopicSplit { from: topic_name(from), new_topic: topic_name(new), articles }
}

fn correction(from: Correction) -> wire::TopicCorrection {
    use wenmai_proto::wire::topic_correction::Correction as Wire;
    let written = match from {
        Correction::Merged { level: _, kept, gone } => Wire::Merged(merged(kept, gone)),
        Correction::Split { level: _, from, new, members } => {
            Wire::Split(split(from, new, members.into_iter().map(convert::name).collect()))
        }
    };
    wire::TopicCorrection { correction: Some(written) }
}

#[cfg(test)]
mod tests {
    use super::etag;
    use super::revision;

    #[test]
    fn an_etag_is_read_back_and_nothing_else_is() {
        assert_eq!(revision(&etag(4_711)), Ok(Some(4_711)));
        assert_eq!(revision(""), Ok(None));
        assert_eq!(revision("zz").unwrap_err().field, "etag");
    }
}
