//! Which topics may be listed: comparisons, alternatives of which one must hold.
//!
//! The text form is a subset of AIP-160 (<https://google.aip.dev/160>): comparisons side by side or
//! joined by `AND`, each negated by `NOT` or `-`. As there, `OR` binds tighter than `AND`;
//! parentheses may stand around alternatives, and are not nested. An unknown field is an error, never
//! ignored.

use crate::article;
use crate::filter::Comparison;
use crate::filter::grammar;
use crate::filter::grammar::CHARS_MAX;
use crate::filter::grammar::Fault;
use crate::filter::grammar::Field;
use crate::filter::grammar::Grammar;
use crate::filter::grammar::Language;
use crate::filter::grammar::Read;
use crate::filter::grammar::Wrong;

/// Conditions on a topic: of each list one holds, at least. No list lets every topic through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicFilter(pub Vec<Vec<Condition>>);

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// It must not hold.
    pub negated: bool,
    /// What is compared.
    pub test: Test,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// A number compares so.
    Number(NumberField, Comparison, i64),
    /// One of several words is this.
    Word(WordField, String),
    /// The status is this.
    Status(Status),
    /// It is pinned, or not.
    Pinned(bool),
}

/// Numbers of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberField {
    /// Its articles in the period.
    Size,
    /// Articles in the later half of the period less those in the earlier half.
    Growth,
    /// Papers and sites.
    Sources,
}

/// Words of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordField {
    /// Places that its articles name.
    Place,
    /// Persons.
    Person,
    /// Organisations.
    Organisation,
    /// Its keywords.
    Keyword,
    /// Papers and sites that report on it.
    Source,
    /// Columns and series in which its articles stand.
    Section,
    /// Kinds of its articles, by name.
    Kind,
}

/// What a topic is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// An article came within seven days before the newest of all.
    Active,
    /// None came within seven days, but one within ninety.
    Dormant,
    /// None came within ninety days. One may still join, see `cluster::topic`.
    Closed,
    /// It redirects.
    Merged,
    /// All its articles are gone.
    Empty,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 5] =
        [Status::Active, Status::Dormant, Status::Closed, Status::Merged, Status::Empty];

    /// Its name in filters, JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Dormant => "dormant",
            Status::Closed => "closed",
            Status::Merged => "merged",
            Status::Empty => "empty",
        }
    }
}

/// A filter text that cannot be read: where, in characters from 0, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, at character {at_char}: {reason}")]
pub struct InvalidTopicFilter {
    /// Where the comparison starts that cannot be read.
    pub at_char: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl TopicFilter {
    /// Reads the text form; an empty text lets every topic through.
    ///
    /// # Errors
    /// [`InvalidTopicFilter`].
    pub fn parse(text: &str) -> Result<Self, InvalidTopicFilter> {
        grammar::parse::<Topics>(text).map_err(|Fault { at_char: _, part_at_char, wrong }| {
            InvalidTopicFilter { at_char: part_at_char, reason: reason(wrong) }
        })
    }
}

/// Filters of topics: alternatives, all of which are joined.
struct Topics;

impl Language for Topics {
    type Term = Condition;
    type Any = Vec<Condition>;
    type All = TopicFilter;

    const GRAMMAR: Grammar =
        Grammar { quotes: &['"'], strict: false, signed_values: true, depth_max: usize::MAX };
    const FIELDS: &'static [Field<Condition>] = &[
        number("size", |comparison, value| count(NumberField::Size, comparison, value)),
        number("growth", |comparison, value| count(NumberField::Growth, comparison, value)),
        number("sources", |comparison, value| count(NumberField::Sources, comparison, value)),
        exact("place", "", |value| word(WordField::Place, value)),
        exact("person", "", |value| word(WordField::Person, value)),
        exact("organisation", "", |value| word(WordField::Organisation, value)),
        exact("keyword", "", |value| word(WordField::Keyword, value)),
        exact("source", "", |value| word(WordField::Source, value)),
        exact("section", "", |value| word(WordField::Section, value)),
        exact("kind", "news, comment, feature, brief, photo or notice", |value| {
            let kinds = article::Kind::ALL.into_iter().filter(|kind| kind.is_article());
            kinds.map(article::Kind::name).find(|name| *name == value)?;
            word(WordField::Kind, value)
        }),
        exact("status", "active, dormant or closed", |value| {
            let named = Status::ALL.into_iter().find(|status| status.name() == value);
            named.map(Test::Status).map(Condition::from)
        }),
        exact("pinned", "true or false", |value| {
            value.parse().ok().map(Test::Pinned).map(Condition::from)
        }),
    ];
    const GROUP: Option<fn(TopicFilter) -> Condition> = None;

    fn not(term: Condition) -> Condition {
        Condition { negated: !term.negated, ..term }
    }

    fn any(terms: Vec<Condition>) -> Vec<Condition> {
        terms
    }

    fn all(parts: Vec<Vec<Condition>>) -> TopicFilter {
        TopicFilter(parts)
    }
}

impl From<Test> for Condition {
    fn from(test: Test) -> Self {
        Self { negated: false, test }
    }
}

/// A field whose values are numbers.
const fn number(
    name: &'static str,
    read: fn(Comparison, &str) -> Option<Condition>,
) -> Field<Condition> {
    Field { name, wants: "a whole number", read: Read::Ordered(read) }
}

/// A field without an order.
const fn exact(
    name: &'static str,
    wants: &'static str,
    read: fn(&str) -> Option<Condition>,
) -> Field<Condition> {
    Field { name, wants, read: Read::Exact(read) }
}

fn count(field: NumberField, comparison: Comparison, value: &str) -> Option<Condition> {
    Some(Test::Number(field, comparison, value.parse().ok()?).into())
}

#[expect(clippy::unnecessary_wraps, reason = "reads beside fields that not every value suits")]
fn word(field: WordField, value: &str) -> Option<Condition> {
    Some(Test::Word(field, value.to_owned()).into())
}

/// What is wrong, for a person.
fn reason(wrong: Wrong) -> String {
    let known = || format!("known: {}", grammar::known::<Topics>());
    match wrong {
        Wrong::TooLong => format!("longer than {CHARS_MAX} characters"),
        Wrong::TooDeep(most) => format!("nested deeper than {most}"),
        Wrong::NoField => format!("expected a field; {}", known()),
        Wrong::Expected(what) => format!("expected {what}"),
        Wrong::NoOperator { field, operator } => {
            format!("`{field}` does not take the operator `{operator}`")
        }
        Wrong::UnknownField { name, comparison: Comparison::Equal } => {
            format!("unknown field `{name}`; {}", known())
        }
        // Every field that takes another operator is known.
        Wrong::UnknownField { name: field, comparison: _ } => {
            format!("`{field}` takes `=` and `!=` only")
        }
        Wrong::Operator { field, operator: _ } => format!("`{field}` takes `=` and `!=` only"),
        Wrong::Value { field, wants, given } => format!("`{field}` wants {wants}, not `{given}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::NumberField;
    use super::Test;
    use super::TopicFilter;
    use super::WordField;
    use crate::filter::Comparison;

    #[test]
    fn comparisons_stand_side_by_side() {
        let filter =
            TopicFilter::parse(r#"size>=3 AND -place = "聊城 市" NOT growth < -2"#).unwrap();
        let all: Vec<_> = filter.0.into_iter().flatten().collect();
        let negated: Vec<bool> = all.iter().map(|one| one.negated).collect();
        assert_eq!(negated, [false, true, true]);
        let tests: Vec<Test> = all.into_iter().map(|one| one.test).collect();
        assert_eq!(tests[0], Test::Number(NumberField::Size, Comparison::AtLeast, 3));
        assert_eq!(tests[1], Test::Word(WordField::Place, "聊城 市".into()));
        assert_eq!(tests[2], Test::Number(NumberField::Growth, Comparison::Less, -2));
        assert!(TopicFilter::parse("  ").unwrap().0.is_empty());
        assert!(TopicFilter::parse("person != 周小禾").unwrap().0[0][0].negated);
    }

    #[test]
    fn alternatives_bind_tighter_than_and() {
        let shape = |text: &str| -> Vec<usize> {
            TopicFilter::parse(text).unwrap().0.iter().map(Vec::len).collect()
        };
        assert_eq!(shape("size > 1 AND place = 聊城 OR place = 莘县"), [1, 2]);
        assert_eq!(shape("(place = 聊城 OR -place = 莘县) size > 1 OR pinned = true"), [2, 2]);
        assert_eq!(shape("(size > 1)AND(size < 9)"), [1, 1]);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, at_char) in [
            ("colour = red", 0),
            ("size >= 3 AND place > 聊城", 14),
            ("size = three", 0),
            ("place", 0),
            ("size >= 3 (", 10),
            ("(size >= 3", 0),
            ("size >= 3 )", 10),
            ("size >= 3 OR", 0),
            ("OR size >= 3", 0),
            ("(size > 1 AND size < 3)", 0),
            (r#"place = "聊城"#, 0),
            ("status = asleep", 0),
            ("place = ", 0),
        ] {
            assert_eq!(TopicFilter::parse(text).unwrap_err().at_char, at_char, "{text}");
        }
        assert!(TopicFilter::parse(&"x".repeat(5_000)).is_err());
    }
}
