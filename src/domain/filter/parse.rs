//! Reads the text form of a filter of articles.

use crate::article::Kind;
use crate::filter::Filter;
use crate::filter::InvalidFilter;
use crate::filter::NameField;
use crate::filter::Reason;
use crate::filter::TextField;
use crate::filter::grammar;
use crate::filter::grammar::CHARS_MAX;
use crate::filter::grammar::Fault;
use crate::filter::grammar::Field;
use crate::filter::grammar::Grammar;
use crate::filter::grammar::Language;
use crate::filter::grammar::Read;
use crate::filter::grammar::Wrong;

/// Filters of articles: a tree.
pub(super) struct Articles;

impl Language for Articles {
    type Term = Filter;
    type Any = Filter;
    type All = Filter;

    const GRAMMAR: Grammar =
        Grammar { quotes: &['"', '\''], strict: true, signed_values: false, depth_max: 32 };
    const FIELDS: &'static [Field<Filter>] = &[
        exact(TextField::Paper.name(), "", |name| text(TextField::Paper, name)),
        exact(TextField::Source.name(), "", |name| text(TextField::Source, name)),
        exact(TextField::Section.name(), "", |name| text(TextField::Section, name)),
        exact("kind", "one of news, comment, feature, brief, photo, notice", |name| {
            Kind::from_name(name).map(Filter::Kind)
        }),
        Field {
            name: "date",
            wants: "a day as 2024-03-14",
            read: Read::Ordered(|comparison, day| {
                Some(Filter::Date(comparison, day.parse().ok()?))
            }),
        },
        Field {
            name: "page",
            wants: "a page as 3 or A03",
            read: Read::Ordered(|comparison, page| {
                Some(Filter::Page(comparison, page.parse().ok()?))
            }),
        },
        Field {
            name: "page_no",
            wants: "a whole number",
            read: Read::Ordered(|comparison, number| {
                Some(Filter::PageNo(comparison, number.parse().ok()?))
            }),
        },
        exact(NameField::Person.name(), "", |name| names(NameField::Person, name)),
        exact(NameField::Place.name(), "", |name| names(NameField::Place, name)),
        exact(NameField::Organisation.name(), "", |name| names(NameField::Organisation, name)),
        exact("group", "the id of a group of reprints", |id| id.parse().ok().map(Filter::Group)),
        exact("original", "true or false", |given| given.parse().ok().map(Filter::Original)),
        exact("topic", "a topic's name or id", |name| {
            let id = name.strip_prefix("topics/").unwrap_or(name);
            id.parse().ok().map(Filter::Topic)
        }),
    ];
    const GROUP: Option<fn(Filter) -> Filter> = Some(|inside| inside);

    fn not(term: Filter) -> Filter {
        Filter::Not(Box::new(term))
    }

    fn any(terms: Vec<Filter>) -> Filter {
        single_or(terms, Filter::Any)
    }

    fn all(parts: Vec<Filter>) -> Filter {
        single_or(parts, Filter::All)
    }
}

/// A field without an order.
const fn exact(
    name: &'static str,
    wants: &'static str,
    read: fn(&str) -> Option<Filter>,
) -> Field<Filter> {
    Field { name, wants, read: Read::Exact(read) }
}

#[expect(clippy::unnecessary_wraps, reason = "reads beside fields that not every value suits")]
fn text(field: TextField, value: &str) -> Option<Filter> {
    Some(Filter::Text(field, value.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "reads beside fields that not every value suits")]
fn names(field: NameField, name: &str) -> Option<Filter> {
    Some(Filter::Names(field, name.to_owned()))
}

fn single_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

pub(super) fn filter(text: &str) -> Result<Filter, InvalidFilter> {
    grammar::parse::<Articles>(text).map_err(|Fault { at_char, part_at_char: _, wrong }| {
        let reason = match wrong {
            Wrong::TooLong => Reason::TooLong(CHARS_MAX),
            Wrong::TooDeep(most) => Reason::TooDeep(most),
            Wrong::NoField => Reason::Expected("a field"),
            Wrong::Expected(what) => Reason::Expected(what),
            Wrong::NoOperator { .. } => Reason::Expected("an operator after the field"),
            Wrong::UnknownField { name, comparison: _ } => Reason::UnknownField(name),
            Wrong::Operator { field, operator } => Reason::Operator { field, operator },
            Wrong::Value { field, wants, given } => Reason::Value { field, wants, given },
        };
        InvalidFilter { at_char, reason }
    })
}
