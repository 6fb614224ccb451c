//! How the matching articles spread over papers, sections, kinds and months.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::article::Record;

/// Values shown per facet; the rest is counted together.
const VALUES_MAX: usize = 20;

/// What articles can be counted by.
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
}

/// How many articles have which value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Of what.
    pub field: FacetField,
    /// The most frequent values, most first; months newest first.
    pub values: Vec<FacetValue>,
    /// Articles with another value.
    pub other_count: usize,
    /// Articles without a value.
    pub missing_count: usize,
}

/// A value and the articles that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// As a filter takes it; a month as `2024-03`.
    pub value: String,
    /// Articles.
    pub count: usize,
}

impl FacetField {
    /// The value of `record`, empty where it has none.
    #[must_use]
    pub fn of(self, record: &Record) -> String {
        match self {
            FacetField::Paper => record.paper.clone(),
            FacetField::Source => record.source.clone(),
            FacetField::Section => record.section.clone(),
            FacetField::Kind => record.kind.name().to_owned(),
            FacetField::Month => record
                .date()
                .map_or_else(String::new, |day| format!("{:04}-{:02}", day.year(), day.month())),
        }
    }
}

/// Counts `values`, one per article, empty where it has none.
pub(super) fn count(field: FacetField, values: impl Iterator<Item = String>) -> Facet {
    let mut counts = BTreeMap::<String, usize>::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let missing_count = counts.remove("").unwrap_or(0);
    let mut values: Vec<FacetValue> =
        counts.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
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
    use super::FacetField;
    use super::VALUES_MAX;
    use super::count;

    fn values(field: FacetField, given: &[&str]) -> Vec<(String, usize)> {
        let facet = count(field, given.iter().map(|&value| value.to_owned()));
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
    fn what_is_not_shown_is_counted() {
        let given = (0..30).map(|n| if n < 28 { format!("报{n}") } else { String::new() });
        let facet = count(FacetField::Paper, given);
        assert_eq!(facet.values.len(), VALUES_MAX);
        assert_eq!((facet.other_count, facet.missing_count), (8, 2));
    }
}
