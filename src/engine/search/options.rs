//! What a person may want of an answer beside its filter; everything is off unless asked for.

use jiff::civil::Date;

use crate::Error;
use crate::Violation;
use crate::search::FacetField;
use wenmai_rank::diversify::Lambda;
use wenmai_rank::recency::Recency;

/// Facets of one search at most.
const FACETS_MAX: usize = 8;

/// What is wanted of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchOptions {
    /// Newer articles count more.
    pub newness: Option<Newness>,
    /// Articles that add something come before those that repeat.
    pub diversity: Option<Diversity>,
    /// What to count.
    pub facets: Vec<FacetField>,
    /// What comes first.
    pub order: Order,
}

/// How newer articles count more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newness {
    /// The decay.
    pub recency: Recency,
    /// The day that ages are counted to; `None` takes the newest day among the candidates that is
    /// not in the future.
    pub as_of: Option<Date>,
}

/// How much novelty counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diversity {
    /// The share of relevance.
    pub lambda: Lambda,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The highest score.
    #[default]
    Relevance,
    /// Of the matching articles the newest.
    Newest,
    /// Of the matching articles the oldest.
    Oldest,
}

impl SearchOptions {
    /// Refuses what cannot be had together, or too much of it.
    pub(super) fn check(&self) -> Result<(), Error> {
        let invalid = |field, what: String| Err(Error::Invalid(vec![Violation::new(field, what)]));
        let by_date = self.order != Order::Relevance;
        let what = "means nothing in an order by date";
        if by_date && self.newness.is_some() {
            return invalid("recency", what.to_owned());
        }
        if by_date && self.diversity.is_some() {
            return invalid("diversity", what.to_owned());
        }
        if self.facets.len() > FACETS_MAX {
            return invalid("facets", format!("{FACETS_MAX} at most"));
        }
        Ok(())
    }
}
