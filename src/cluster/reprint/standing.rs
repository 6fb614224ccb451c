//! Which article of a group is the original.

use std::cmp::Ordering;
use std::cmp::Reverse;

use jiff::civil::DateTime;

use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;

/// What decides who was first: the time, then the fuller text, then the id. An article without a
/// time comes after those with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    published: Option<DateTime>,
    char_count: usize,
    id: ArticleId,
}

impl Standing {
    /// The standing of the article `id` with `record`, whose text has `char_count` characters.
    #[must_use]
    pub fn new(id: ArticleId, record: &Record, char_count: usize) -> Self {
        // The first second of 1970 is what programs write that know no time.
        let published = record.published_at.filter(|at| day::number(at.date()) != 0);
        Self { published, char_count, id }
    }

    /// The article.
    #[must_use]
    pub fn id(&self) -> ArticleId {
        self.id
    }

    /// Which of the two was printed first, as far as their times tell.
    #[must_use]
    pub fn in_time(&self, other: &Self) -> Ordering {
        match (self.published, other.published) {
            (Some(own), Some(others)) => own.cmp(&others),
            _ => Ordering::Equal,
        }
    }

    fn key(&self) -> (bool, Option<DateTime>, Reverse<usize>, ArticleId) {
        (self.published.is_none(), self.published, Reverse(self.char_count), self.id)
    }
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::civil::date;

    use super::Standing;
    use wenmai_domain::article::Record;
    use wenmai_domain::id::ArticleId;

    fn standing(source: &str, day: Option<Date>, char_count: usize) -> Standing {
        let published_at = day.map(|day| day.at(0, 0, 0, 0));
        let record = Record { source: source.into(), published_at, ..Record::default() };
        Standing::new(ArticleId::derive(&record), &record, char_count)
    }

    #[test]
    fn the_earliest_is_first_then_the_fuller() {
        let (early, late) = (Some(date(2024, 9, 8)), Some(date(2025, 9, 8)));
        assert!(standing("b", early, 10) < standing("a", late, 90));
        assert!(standing("b", early, 90) < standing("a", early, 10));
    }

    #[test]
    fn a_time_that_is_missing_or_no_time_comes_last() {
        let known = standing("a", Some(date(2025, 9, 8)), 10);
        for other in [None, Some(date(1970, 1, 1)), Some(date(2099, 1, 1))] {
            assert!(known < standing("b", other, 90));
        }
    }
}
