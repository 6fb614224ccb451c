//! Converts between the messages of the contract and the types of the domain.
//!
//! What comes from outside is checked here, once; a value that cannot be used is a [`Violation`]
//! that names its field. Every conversion takes its source apart completely, so a new field on
//! either side fails to compile until it is converted.

mod article;
pub mod date;
mod entity;
mod hit;
mod layout;
mod page;
mod record;
mod reprint;
pub mod search;
pub mod suggest;
pub mod summary;
mod topic;

use std::time::Duration;
use std::time::Instant;

use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_embed::Purpose;
use wenmai_engine::IngestTimings;
use wenmai_engine::Timings;
use wenmai_engine::Violation;
use wenmai_proto::wire;

pub use article::article;
pub use article::ingested;
pub use article::stored;
pub use article::write_record;
pub use date::day;
pub use date::written_day;
pub use hit::empty;
pub use hit::hit;
pub use hit::mode;
pub use layout::layout;
pub use page::CharIndex;
pub use page::doubts;
pub use page::issue;
pub use page::no_article;
pub use page::parsed;
pub use page::spans;
pub use record::record;
pub use reprint::link;
pub use reprint::version;
pub use topic::PREFIX as TOPIC_PREFIX;
pub use topic::change;
pub use topic::etag;
pub use topic::found_topic;
pub use topic::level;
pub use topic::order;
pub use topic::revision;
pub use topic::theme;
pub use topic::theme_id;
pub use topic::theme_name;
pub use topic::topic;
pub use topic::topic_id;
pub use topic::topic_name;
pub use topic::topic_view;

/// The prefix of the resource name of an article.
const NAME_PREFIX: &str = "articles/";

/// The resource name of an article.
#[must_use]
pub fn name(id: ArticleId) -> String {
    format!("{NAME_PREFIX}{id}")
}

/// The id in a resource name of an article.
///
/// # Errors
/// A violation of `field` for any other text.
pub fn id(name: &str, field: &str) -> Result<ArticleId, Violation> {
    name.strip_prefix(NAME_PREFIX)
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Violation::new(field, "is not a resource name `articles/{uuid}`"))
}

/// How much of an article an answer contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Everything but paragraphs and captions.
    Basic,
    /// The whole article.
    Full,
}

/// Reads a view; an unspecified one means `default`.
///
/// # Errors
/// A violation of `view` for an unknown number.
pub fn view(number: i32, default: View) -> Result<View, Violation> {
    match known::<wire::ArticleView>(number, "view")? {
        wire::ArticleView::Unspecified => Ok(default),
        wire::ArticleView::Basic => Ok(View::Basic),
        wire::ArticleView::Full => Ok(View::Full),
    }
}

/// Reads a page size; 0 means `default`, and more than `max` means `max`.
///
/// # Errors
/// A violation of `page_size` for a negative number.
pub fn page_size(number: i32, default: u32, max: u32) -> Result<Limit, Violation> {
    let invalid = || Violation::new("page_size", "is negative");
    let asked = u32::try_from(number).map_err(|_negative| invalid())?;
    let size = if asked == 0 { default } else { asked.min(max) };
    Limit::new(size).map_err(|error| Violation::new("page_size", error.to_string()))
}

/// Reads a filter.
///
/// # Errors
/// A violation of `filter` that says where it cannot be read.
pub fn filter(text: &str) -> Result<Filter, Violation> {
    Filter::parse(text).map_err(|error| Violation::new("filter", error.to_string()))
}

/// The value of an enum with this number.
///
/// # Errors
/// A violation of `field` for a number that this version of the contract does not have.
fn known<E: TryFrom<i32>>(number: i32, field: &str) -> Result<E, Violation> {
    E::try_from(number)
        .map_err(|_unknown| Violation::new(field, format!("has the unknown value {number}")))
}

/// Reads a purpose; an unspecified one means passage.
///
/// # Errors
/// A violation of `purpose` for an unknown number.
pub fn purpose(number: i32) -> Result<Purpose, Violation> {
    Ok(match known(number, "purpose")? {
        wire::EmbedPurpose::Unspecified | wire::EmbedPurpose::Passage => Purpose::Passage,
        wire::EmbedPurpose::Query => Purpose::Query,
    })
}

/// The times of a call that began at `since`, without those of its parts.
#[must_use]
pub fn total(since: Instant) -> wire::Timings {
    wire::Timings { embed: None, terms: None, store: None, total: duration(since.elapsed()) }
}

/// The times of a search that began at `since`.
#[must_use]
pub fn search_timings(timings: Timings, since: Instant) -> wire::Timings {
    let Timings { embed, store, total: _ } = timings;
    wire::Timings { embed: duration(embed), store: duration(store), ..total(since) }
}

/// The times of an ingest that began at `since`.
#[must_use]
pub fn ingest_timings(timings: IngestTimings, since: Instant) -> wire::Timings {
    let IngestTimings { embed, terms, store } = timings;
    wire::Timings {
        embed: duration(embed),
        terms: duration(terms),
        store: duration(store),
        ..total(since)
    }
}

/// Converts a duration; `None` only past 292 billion years.
#[must_use]
pub fn duration(of: Duration) -> Option<prost_types::Duration> {
    of.try_into().ok()
}

/// Converts a count.
#[must_use]
pub fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Converts a count that is sent in 32 bits; one that is larger becomes the largest.
#[must_use]
pub fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Converts a count that is sent in 32 bits; one that is larger becomes the largest.
#[must_use]
pub fn count32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::View;
    use super::page_size;
    use super::view;

    #[test]
    fn a_page_size_is_defaulted_cut_or_refused() {
        let size = |n| page_size(n, 10, 100).map(wenmai_domain::limit::Limit::count);
        assert_eq!(size(0), Ok(10));
        assert_eq!(size(7), Ok(7));
        assert_eq!(size(i32::MAX), Ok(100));
        assert_eq!(size(-1).unwrap_err().field, "page_size");
    }

    #[test]
    fn an_unknown_view_is_refused() {
        assert_eq!(view(0, View::Full), Ok(View::Full));
        assert_eq!(view(1, View::Full), Ok(View::Basic));
        assert_eq!(view(9, View::Full).unwrap_err().description, "has the unknown value 9");
    }
}
