//! The months of what a search finds, as bars from which a period is chosen.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::visit::Visit;
use wenmai_proto::wire;

/// Width and height of the histogram.
const SIZE: (i32, i32) = (300, 46);
/// What is free between two months.
pub(super) const GAP: i32 = 2;
/// Months up to which those without an article have a place as well.
const FILLED_MAX: usize = 60;

/// A month of the histogram.
pub(super) struct Month {
    /// Leads to its days.
    pub(super) href: String,
    pub(super) name: String,
    pub(super) count: u64,
    /// Whether the period of the search leaves it out.
    pub(super) is_out: bool,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// Months as bars, the oldest first.
pub(super) fn histogram(visit: &Visit, facet: &wire::Facet) -> Vec<Month> {
    let all = counts(facet);
    let most = all.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let (width, height) = SIZE;
    let pitch = (width / i32::try_from(all.len()).unwrap_or(1).max(1)).clamp(3, 30);
    let bound = |name| visit.value(name).and_then(|day| day.parse::<Date>().ok());
    let (from, to) = (bound("from"), bound("to"));
    let month = |(at, (first, count)): (i32, &(Date, u64))| {
        let last = first.last_of_month();
        let share = u64::try_from(height).unwrap_or_default() * count / most;
        let tall = if *count == 0 { 0 } else { i32::try_from(share).unwrap_or(height).max(2) };
        let is_out = from.is_some_and(|from| last < from) || to.is_some_and(|to| *first > to);
        Month {
            href: visit.with(&[("from", &first.to_string()), ("to", &last.to_string())]),
            name: first.strftime("%Y-%m").to_string(),
            count: *count,
            is_out,
            x: at * pitch,
            width: (pitch - GAP).max(1),
            y: height - tall,
            height: tall,
        }
    };
    (0..).zip(&all).map(month).collect()
}

/// The first days of the months, and how many articles each has; where there are not too many, also
/// of the months without any.
fn counts(facet: &wire::Facet) -> Vec<(Date, u64)> {
    let day = |month: &str| format!("{month}-01").parse::<Date>().ok();
    let counted = facet.values.iter();
    let mut counts: Vec<(Date, u64)> =
        counted.filter_map(|value| Some((day(&value.value)?, value.count))).collect();
    counts.sort();
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else { return counts };
    let (mut at, last) = (first.0, last.0);
    let mut filled = Vec::new();
    while at <= last && filled.len() <= FILLED_MAX {
        let known = counts.binary_search_by_key(&at, |(day, _)| *day).ok();
        let count = known.and_then(|index| counts.get(index)).map_or(0, |(_, count)| *count);
        filled.push((at, count));
        at = at.saturating_add(1.month());
    }
    if filled.len() > FILLED_MAX { counts } else { filled }
}

/// The first and the last of the months that the period holds.
pub(super) fn chosen(months: &[Month]) -> (usize, usize) {
    let last = months.len().saturating_sub(1);
    let first = months.iter().position(|month| !month.is_out).unwrap_or(0);
    (first, months.iter().rposition(|month| !month.is_out).unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::counts;
    use wenmai_proto::wire;

    fn facet(months: &[(&str, u64)]) -> wire::Facet {
        let value = |(value, count): &(&str, u64)| wire::FacetValue {
            value: (*value).to_owned(),
            count: *count,
        };
        wire::Facet { values: months.iter().map(value).collect(), ..Default::default() }
    }

    #[test]
    fn months_without_an_article_have_their_place() {
        let counts = counts(&facet(&[("2025-03", 2), ("2024-12", 5)]));
        let wanted = [
            (date(2024, 12, 1), 5),
            (date(2025, 1, 1), 0),
            (date(2025, 2, 1), 0),
            (date(2025, 3, 1), 2),
        ];
        assert_eq!(counts, wanted);
    }

    #[test]
    fn of_many_years_only_months_with_articles_are_shown() {
        assert_eq!(counts(&facet(&[("1995-03", 2), ("2024-12", 5), ("x", 1)])).len(), 2);
    }
}
