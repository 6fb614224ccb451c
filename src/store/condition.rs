//! The domain's filter as a condition of Qdrant, in whichever types it is written: the embedded engine
//! and the client of a server have their own.

use std::collections::BTreeSet;

use crate::payload;
use wenmai_domain::day;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::page_code::PageCode;

/// What a filter asks of the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked<C> {
    /// Every point passes.
    Everything,
    /// No point passes, so there is nothing to ask.
    Nothing,
    /// Those that this condition lets through.
    Only(C),
}

/// Numbers between which a value must lie.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    pub lt: Option<f64>,
    pub lte: Option<f64>,
    pub gt: Option<f64>,
    pub gte: Option<f64>,
}

/// A condition in the types of one of the two.
pub trait Condition: Sized {
    /// All of these hold.
    fn all(parts: Vec<Self>) -> Self;
    /// One of these holds.
    fn any(parts: Vec<Self>) -> Self;
    /// This one does not hold.
    fn not(part: Self) -> Self;
    /// The value of `key` is this text.
    fn keyword(key: &str, value: &str) -> Self;
    /// The value of `key` is this.
    fn flag(key: &str, value: bool) -> Self;
    /// The value of `key` lies within `bounds`.
    fn within(key: &str, bounds: Bounds) -> Self;
    /// The point is one of these.
    fn among(ids: &BTreeSet<ArticleId>) -> Self;
}

/// Translates `filter`; what is always or never true is decided here, not left to the store.
pub fn ask<C: Condition>(filter: &Filter) -> Asked<C> {
    match filter {
        Filter::All(parts) => all(parts),
        Filter::Any(parts) => any(parts),
        Filter::Not(part) => match ask(part) {
            Asked::Everything => Asked::Nothing,
            Asked::Nothing => Asked::Everything,
            Asked::Only(condition) => Asked::Only(C::not(condition)),
        },
        Filter::Text(field, value) => Asked::Only(C::keyword(field.name(), value)),
        Filter::Names(field, key) => Asked::Only(C::keyword(payload::keys_of(field.kind()), key)),
        Filter::Kind(kind) => Asked::Only(C::keyword(payload::KIND, kind.name())),
        Filter::Date(comparison, date) => {
            Asked::Only(compares(payload::DATE, *comparison, day::number(*date).into()))
        }
        Filter::Page(comparison, page) => Asked::Only(page_compares(*comparison, *page)),
        Filter::PageNo(comparison, page_no) => {
            Asked::Only(compares(payload::PAGE_NO, *comparison, (*page_no).into()))
        }
        Filter::Group(group) => Asked::Only(C::keyword(payload::GROUP, &group.to_string())),
        // Whoever asks put the topic's articles in its place.
        Filter::Topic(_) => Asked::Nothing,
        Filter::Among(ids) if ids.is_empty() => Asked::Nothing,
        Filter::Among(ids) => Asked::Only(C::among(ids)),
        Filter::Original(is_original) => Asked::Only(C::flag(payload::ORIGINAL, *is_original)),
    }
}

fn all<C: Condition>(parts: &[Filter]) -> Asked<C> {
    let mut conditions = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => {}
            Asked::Nothing => return Asked::Nothing,
            Asked::Only(condition) => conditions.push(condition),
        }
    }
    if conditions.is_empty() { Asked::Everything } else { Asked::Only(C::all(conditions)) }
}

fn any<C: Condition>(parts: &[Filter]) -> Asked<C> {
    let mut conditions = Vec::new();
    for part in parts {
        match ask(part) {
            Asked::Everything => return Asked::Everything,
            Asked::Nothing => {}
            Asked::Only(condition) => conditions.push(condition),
        }
    }
    if conditions.is_empty() { Asked::Nothing } else { Asked::Only(C::any(conditions)) }
}

/// A page of a paper without parts is kept as its number alone, so that folders of before parts
/// were kept answer too; the others also have a key, in the same order and above every number.
fn page_compares<C: Condition>(comparison: Comparison, page: PageCode) -> C {
    let key = page.sort_key();
    let in_a_part = compares(payload::PAGE_KEY, Comparison::AtLeast, 0);
    C::any(vec![
        compares(payload::PAGE_KEY, comparison, key),
        C::all(vec![C::not(in_a_part), compares(payload::PAGE_NO, comparison, key)]),
    ])
}

fn compares<C: Condition>(key: &str, comparison: Comparison, value: i64) -> C {
    #[expect(clippy::cast_precision_loss, reason = "days and page numbers are far below 2^53")]
    let value = Some(value as f64);
    let none = Bounds::default();
    let bounds = match comparison {
        Comparison::Equal => Bounds { gte: value, lte: value, ..none },
        Comparison::Less => Bounds { lt: value, ..none },
        Comparison::AtMost => Bounds { lte: value, ..none },
        Comparison::Greater => Bounds { gt: value, ..none },
        Comparison::AtLeast => Bounds { gte: value, ..none },
    };
    C::within(key, bounds)
}
