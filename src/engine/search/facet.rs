//! Counts the matching articles by paper, section, kind, month, and the entities that they name.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use wenmai_domain::article::Article;
use wenmai_domain::entity;

/// Values shown for each facet; the others are counted together.
const VALUES_MAX: usize = 20;

/// The fields that articles can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FacetField {
    /// The newspaper.
    Paper,
    /// The feed or site.
    Source,
    /// The column or series.
    Section,
    /// The kind, by its name.
    Kind,
    /// The month of publication, as `2024-03`.
    Month,
    /// Persons, by their keys.
    Person,
    /// Places, by their keys.
    Place,
    /// Organisations, by their keys.
    Organisation,
}

/// The values of a field, each with the number of articles that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub field: FacetField,
    /// The most frequent values, most first; months newest first.
    pub values: Vec<FacetValue>,
    /// How many articles have a value that is not shown. Where an article can have several values,
    /// such as persons, each of its values counts.
    pub other_count: usize,
    /// How many articles have no value.
    pub missing_count: usize,
}

/// A value and the number of articles that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// The value in the form that a filter takes; a month as `2024-03`.
    pub value: String,
    /// How many articles have it.
    pub count: usize,
}

impl FacetField {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Paper,
        Self::Source,
        Self::Section,
        Self::Kind,
        Self::Month,
        Self::Person,
        Self::Place,
        Self::Organisation,
    ];

    /// The values of `article`, each once, none of them empty.
    #[must_use]
    pub fn of(self, article: &Article) -> Vec<String> {
        let record = &article.record;
        let keys = |kind| article.entities.of(kind).map(|entity| entity.key.clone()).collect();
        let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        match self {
            FacetField::Paper => one(&record.paper),
            FacetField::Source => one(&record.source),
            FacetField::Section => one(&record.section),
            FacetField::Kind => one(record.kind.name()),
            FacetField::Month => {
                let month = |day: Date| format!("{:04}-{:02}", day.year(), day.month());
                record.date().map(month).into_iter().collect()
            }
            FacetField::Person => keys(entity::Kind::Person),
            FacetField::Place => keys(entity::Kind::Place),
            FacetField::Organisation => keys(entity::Kind::Organisation),
        }
    }
}

/// Counts the values of articles, each article's as [`FacetField::of`] gives them.
pub(super) fn count<'a>(field: FacetField, of: impl Iterator<Item = &'a [Arc<str>]>) -> Facet {
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut missing_count = 0;
    for values in of {
        missing_count += usize::from(values.is_empty());
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut values: Vec<FacetValue> = counts
        .into_iter()
        .map(|(value, count)| FacetValue { value: value.into(), count })
        .collect();
    values.sort_by_key(|value| Reverse(value.count));
    let other_count = values.iter().skip(VALUES_MAX).map(|value| value.count).sum();
    values.truncate(VALUES_MAX);
    if field == FacetField::Month {
        values.sort_by(|left, right| right.value.cmp(&left.value));
    }
    Facet { field, values, other_count, missing_count }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::FacetField;
    use super::VALUES_MAX;
    use super::count;

    fn values(field: FacetField, given: &[&str]) -> Vec<(String, usize)> {
        let given: Vec<_> = given.iter().map(|&value| [Arc::from(value)]).collect();
        let facet = count(field, given.iter().map(|one| &one[..]));
        facet.values.into_iter().map(|value| (value.value, value.count)).collect()
    }

    #[test]
    fn the_most_frequent_value_comes_first_and_months_by_time() {
        let of = |value: &str, count| (value.to_owned(), count);
        assert_eq!(values(FacetField::Paper, &["乙", "甲", "甲"]), [of("甲", 2), of("乙", 1)]);
        assert_eq!(
            values(FacetField::Month, &["2024-03", "2024-03", "2024-05"]),
            [of("2024-05", 1), of("2024-03", 2)]
        );
    }

    #[test]
    fn an_article_counts_for_each_thing_that_it_names() {
        let given: [Vec<Arc<str>>; 3] =
            [vec!["甲".into(), "乙".into()], vec!["乙".into()], Vec::new()];
        let facet = count(FacetField::Person, given.iter().map(|one| &one[..]));
        let counts: Vec<_> =
            facet.values.iter().map(|one| (one.value.as_str(), one.count)).collect();
        assert_eq!((counts, facet.missing_count), (vec![("乙", 2), ("甲", 1)], 1));
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let one = |n| if n < 28 { vec![format!("报{n}").into()] } else { Vec::new() };
        let given: Vec<Vec<Arc<str>>> = (0..30).map(one).collect();
        let facet = count(FacetField::Paper, given.iter().map(|one| &one[..]));
        assert_eq!(facet.values.len(), VALUES_MAX);
        assert_eq!((facet.other_count, facet.missing_count), (8, 2));
    }
}
