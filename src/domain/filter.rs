//! Which articles may be found: a small tree over indexed fields, and its text form.
//!
//! The text form is a subset of AIP-160 (<https://google.aip.dev/160>): comparisons joined by `AND`
//! and `OR`, negated by `NOT` or `-`, grouped by parentheses. As there, `OR` binds tighter than
//! `AND`, and terms that only stand side by side are joined by `AND`. An unknown field is an error,
//! never ignored.

pub(crate) mod grammar;
mod parse;
mod token;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::article::Article;
use crate::article::Kind;
use crate::article::Record;
use crate::entity;
use crate::id::ArticleId;
use crate::page_code::PageCode;
use crate::reprint::GroupId;
use crate::reprint::Membership;
use crate::topic::TopicId;

/// A condition on articles; the default lets every article through.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of these holds; none at all lets everything through.
    All(Vec<Filter>),
    /// At least one of these holds; none at all lets nothing through.
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A text field equals a value exactly.
    Text(TextField, String),
    /// The article names what has this key.
    Names(NameField, String),
    /// The kind is this.
    Kind(Kind),
    /// The publication day compares so; an article without a date never matches.
    Date(Comparison, Date),
    /// The page compares so in the order of the issue; an article without a page never matches.
    /// A double page compares by its first.
    Page(Comparison, PageCode),
    /// The page's number within its part compares so; an article without a page never matches.
    PageNo(Comparison, u32),
    /// The article belongs to this group of reprints.
    Group(GroupId),
    /// The article is, or is not, the original of its group.
    Original(bool),
    /// The article belongs to this topic. Whoever asks a store puts the topic's articles in its
    /// place ([`Filter::with_topics`]): stores know no topics, and nothing passes this.
    Topic(TopicId),
    /// The article is one of these.
    Among(Arc<BTreeSet<ArticleId>>),
}

impl Default for Filter {
    fn default() -> Self {
        Filter::All(Vec::new())
    }
}

impl Filter {
    /// Reads the text form; an empty text lets every article through.
    ///
    /// # Errors
    /// [`InvalidFilter`] with the place and the reason.
    pub fn parse(text: &str) -> Result<Self, InvalidFilter> {
        parse::filter(text)
    }

    /// Whether it lets every article through without a look.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self, Filter::All(parts) if parts.iter().all(Filter::is_all))
    }

    /// This and also `other`.
    #[must_use]
    pub fn and(self, other: Filter) -> Filter {
        match (self.is_all(), other.is_all()) {
            (true, _) => other,
            (_, true) => self,
            _ => Filter::All(vec![self, other]),
        }
    }

    /// The same with `key` of every thing that it wants named.
    #[must_use]
    pub fn with_keys(self, key: &impl Fn(NameField, &str) -> String) -> Filter {
        let each = |parts: Vec<Filter>| parts.into_iter().map(|part| part.with_keys(key)).collect();
        match self {
            Filter::All(parts) => Filter::All(each(parts)),
            Filter::Any(parts) => Filter::Any(each(parts)),
            Filter::Not(part) => Filter::Not(Box::new(part.with_keys(key))),
            Filter::Names(field, name) => Filter::Names(field, key(field, &name)),
            leaf @ (Filter::Text(..)
            | Filter::Kind(_)
            | Filter::Date(..)
            | Filter::Page(..)
            | Filter::PageNo(..)
            | Filter::Group(_)
            | Filter::Original(_)
            | Filter::Topic(_)
            | Filter::Among(_)) => leaf,
        }
    }

    /// The same with the articles of every topic that it names, as `members` tells them.
    ///
    /// # Errors
    /// The first failure of `members`.
    pub fn with_topics<E>(
        self,
        members: &impl Fn(TopicId) -> Result<BTreeSet<ArticleId>, E>,
    ) -> Result<Filter, E> {
        let each = |parts: Vec<Filter>| {
            parts.into_iter().map(|part| part.with_topics(members)).collect::<Result<_, _>>()
        };
        Ok(match self {
            Filter::All(parts) => Filter::All(each(parts)?),
            Filter::Any(parts) => Filter::Any(each(parts)?),
            Filter::Not(part) => Filter::Not(Box::new(part.with_topics(members)?)),
            Filter::Topic(topic) => Filter::Among(Arc::new(members(topic)?)),
            leaf @ (Filter::Text(..)
            | Filter::Names(..)
            | Filter::Kind(_)
            | Filter::Date(..)
            | Filter::Page(..)
            | Filter::PageNo(..)
            | Filter::Group(_)
            | Filter::Original(_)
            | Filter::Among(_)) => leaf,
        })
    }

    /// The same with the group that `present` gives in place of every group that it names.
    #[must_use]
    pub fn with_groups(self, present: &mut impl FnMut(GroupId) -> GroupId) -> Filter {
        let mut each = |parts: Vec<Filter>| -> Vec<Filter> {
            parts.into_iter().map(|part| part.with_groups(present)).collect()
        };
        match self {
            Filter::All(parts) => Filter::All(each(parts)),
            Filter::Any(parts) => Filter::Any(each(parts)),
            Filter::Not(part) => Filter::Not(Box::new(part.with_groups(present))),
            Filter::Group(group) => Filter::Group(present(group)),
            leaf @ (Filter::Text(..)
            | Filter::Names(..)
            | Filter::Kind(_)
            | Filter::Date(..)
            | Filter::Page(..)
            | Filter::PageNo(..)
            | Filter::Original(_)
            | Filter::Topic(_)
            | Filter::Among(_)) => leaf,
        }
    }

    /// Whether `article`, which stands so among its reprints, passes: the meaning that every store
    /// must agree with.
    #[must_use]
    pub fn matches(&self, article: &Article, membership: Membership) -> bool {
        let record = &article.record;
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.matches(article, membership)),
            Filter::Any(parts) => parts.iter().any(|part| part.matches(article, membership)),
            Filter::Not(part) => !part.matches(article, membership),
            Filter::Text(field, value) => field.of(record) == value,
            Filter::Names(field, key) => article.entities.holds(field.kind(), key),
            Filter::Kind(kind) => record.kind == *kind,
            Filter::Date(comparison, date) => {
                record.date().is_some_and(|of_record| comparison.holds(&of_record, date))
            }
            Filter::Page(comparison, page) => record
                .page
                .is_some_and(|of_record| comparison.holds(&of_record.sort_key(), &page.sort_key())),
            Filter::PageNo(comparison, page_no) => {
                record.page.is_some_and(|of_record| comparison.holds(&of_record.number(), page_no))
            }
            Filter::Group(group) => membership.group == *group,
            Filter::Original(is_original) => membership.is_original == *is_original,
            Filter::Topic(_) => false,
            Filter::Among(ids) => ids.contains(&article.id),
        }
    }
}

/// A text field that a filter can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextField {
    /// The newspaper.
    Paper,
    /// The feed or site.
    Source,
    /// The column or series.
    Section,
}

impl TextField {
    /// Every text field.
    pub const ALL: [TextField; 3] = [TextField::Paper, TextField::Source, TextField::Section];

    /// Its name in a filter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            TextField::Paper => "paper",
            TextField::Source => "source",
            TextField::Section => "section",
        }
    }

    /// Its value in `record`.
    #[must_use]
    pub fn of(self, record: &Record) -> &str {
        match self {
            TextField::Paper => &record.paper,
            TextField::Source => &record.source,
            TextField::Section => &record.section,
        }
    }
}

/// What an article can be wanted to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameField {
    /// A person.
    Person,
    /// A place.
    Place,
    /// An organisation.
    Organisation,
}

impl NameField {
    /// Every field of this kind.
    pub const ALL: [NameField; 3] = [NameField::Person, NameField::Place, NameField::Organisation];

    /// Its name in a filter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NameField::Person => "person",
            NameField::Place => "place",
            NameField::Organisation => "organisation",
        }
    }

    /// The kind of entity that it asks for.
    #[must_use]
    pub fn kind(self) -> entity::Kind {
        match self {
            NameField::Person => entity::Kind::Person,
            NameField::Place => entity::Kind::Place,
            NameField::Organisation => entity::Kind::Organisation,
        }
    }
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// Whether `left` stands in this relation to `right`.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Greater => left > right,
            Comparison::AtLeast => left >= right,
        }
    }
}

/// A filter text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, at character {at_char}: {reason}")]
pub struct InvalidFilter {
    /// Where reading stopped, in characters from 0.
    pub at_char: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What can be wrong with a filter text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A field that is not indexed.
    UnknownField(String),
    /// An operator that this field does not take.
    Operator {
        /// The field's name.
        field: &'static str,
        /// What was written.
        operator: String,
    },
    /// A value that this field cannot have.
    Value {
        /// The field's name.
        field: &'static str,
        /// What it takes instead.
        wants: &'static str,
        /// What was written.
        given: String,
    },
    /// Something else was expected here.
    Expected(&'static str),
    /// Parentheses or negations are nested deeper than this.
    TooDeep(usize),
    /// More characters than this.
    TooLong(usize),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::UnknownField(name) => {
                let known = grammar::known::<parse::Articles>();
                write!(f, "unknown field `{name}`; known: {known}")
            }
            Reason::Operator { field, operator } => {
                write!(f, "`{field}` does not take the operator `{operator}`")
            }
            Reason::Value { field, wants, given } => {
                write!(f, "`{field}` wants {wants}, not `{given}`")
            }
            Reason::Expected(what) => write!(f, "expected {what}"),
            Reason::TooDeep(most) => write!(f, "nested deeper than {most}"),
            Reason::TooLong(most) => write!(f, "longer than {most} characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use super::Reason;
    use crate::article::Article;
    use crate::article::Kind;
    use crate::article::Record;
    use crate::entity;
    use crate::entity::Entities;
    use crate::entity::Entity;
    use crate::page_code::PageCode;
    use crate::reprint::GroupId;
    use crate::reprint::Membership;
    use crate::span::Span;

    fn record() -> Record {
        Record {
            paper: "清河日报".into(),
            section: "民生".into(),
            kind: Kind::Comment,
            published_at: Some(jiff::civil::date(2025, 9, 8).at(0, 0, 0, 0)),
            page: Some(PageCode::from_number(2)),
            ..Record::default()
        }
    }

    fn membership() -> Membership {
        let founder = Article::new(record()).id;
        Membership { group: GroupId::found(founder, "h"), is_original: true }
    }

    fn article() -> Article {
        let named = |kind, key: &str| Entity {
            kind,
            key: key.into(),
            count: 1,
            paragraph: None,
            span: Span::new(0, 3),
            is_ambiguous: false,
        };
        let found =
            vec![named(entity::Kind::Person, "周小禾"), named(entity::Kind::Place, "聊城市")];
        Article { entities: Entities::new(found), ..Article::new(record()) }
    }

    fn passes(text: &str) -> bool {
        Filter::parse(text).unwrap().matches(&article(), membership())
    }

    #[test]
    fn what_an_article_names_can_be_asked_for_by_its_key() {
        assert!(passes("person = 周小禾 AND place = 聊城市 AND organisation != 聊城市"));
        assert!(!passes("place = 周小禾") && !passes("place = 聊城"));
        let named = Filter::parse("NOT (place = 聊城 OR kind = news)").unwrap();
        let keyed = named.with_keys(&|_, name| format!("{name}市"));
        assert_eq!(keyed, Filter::parse("NOT (place = 聊城市 OR kind = news)").unwrap());
        let reason = Filter::parse("person > 甲").unwrap_err().reason;
        assert!(matches!(reason, Reason::Operator { field: "person", .. }));
    }

    #[test]
    fn an_empty_text_lets_everything_through() {
        assert!(Filter::parse("  ").unwrap().is_all());
    }

    #[test]
    fn fields_compare_as_written() {
        assert!(passes("paper = \"清河日报\" AND date >= 2025-09-01 AND date < \"2025-09-09\""));
        assert!(passes("paper=清河日报 kind=comment page_no<=2"));
        assert!(passes("kind = news OR kind = comment"));
        assert!(passes("-kind = news AND NOT section = 文体"));
        assert!(passes("kind != news"));
        assert!(!passes("page_no > 2"));
    }

    #[test]
    fn a_page_compares_by_part_and_number() {
        let on = |page: &str, filter: &str| {
            let record = Record { page: page.parse().ok(), ..Record::default() };
            Filter::parse(filter).unwrap().matches(&Article::new(record), membership())
        };
        assert!(on("A03", "page = A3") && on("A03", "page >= A01 page < B01"));
        assert!(!on("3", "page = A03") && !on("A03", "page = 3"));
        assert!(on("A03", "page_no = 3") && on("3", "page = 3"));
        assert!(on("B02-03", "page = B02") && !on("要闻", "page >= 1"));
        let wrong = Filter::parse("page = 要闻").unwrap_err().reason;
        assert!(matches!(wrong, Reason::Value { field: "page", .. }));
    }

    #[test]
    fn reprints_are_chosen_by_group_and_standing() {
        let group = membership().group;
        assert!(passes(&format!("group = {group} AND original = true")));
        assert!(!passes("original = false"));
        let reason = |text: &str| Filter::parse(text).unwrap_err().reason;
        assert!(matches!(reason("group = 甲"), Reason::Value { field: "group", .. }));
        assert!(matches!(reason("original = yes"), Reason::Value { field: "original", .. }));
        assert!(matches!(reason("original > true"), Reason::Operator { field: "original", .. }));
    }

    #[test]
    fn or_binds_tighter_than_and() {
        assert!(!passes("page_no = 9 AND kind = news OR kind = comment"));
        assert!(passes("(page_no = 9 AND kind = news) OR kind = comment"));
    }

    #[test]
    fn an_article_without_a_date_matches_no_date() {
        let undated = Article::new(Record::default());
        assert!(!Filter::parse("date >= 1900-01-01").unwrap().matches(&undated, membership()));
        assert!(!Filter::parse("date < 2100-01-01").unwrap().matches(&undated, membership()));
    }

    #[test]
    fn unknown_fields_operators_and_values_are_named() {
        let reason = |text: &str| Filter::parse(text).unwrap_err().reason;
        assert_eq!(reason("autor = 甲"), Reason::UnknownField("autor".into()));
        assert!(matches!(reason("paper > 甲"), Reason::Operator { field: "paper", .. }));
        assert!(matches!(reason("date = 昨天"), Reason::Value { field: "date", .. }));
        assert!(matches!(reason("kind = essay"), Reason::Value { field: "kind", .. }));
        assert!(matches!(reason("(kind = news"), Reason::Expected(_)));
        assert!(matches!(reason("kind = news AND"), Reason::Expected(_)));
        assert!(matches!(reason("\"kind"), Reason::Expected(_)));
    }

    #[test]
    fn deep_nesting_is_refused_and_not_recursed_into() {
        let text = format!("{}kind = news{}", "(".repeat(1_000), ")".repeat(1_000));
        assert!(matches!(Filter::parse(&text).unwrap_err().reason, Reason::TooDeep(_)));
    }

    #[test]
    fn the_place_of_an_error_is_in_characters() {
        assert_eq!(Filter::parse("paper = 甲 AND 乙乙 = 1").unwrap_err().at_char, 14);
    }
}
