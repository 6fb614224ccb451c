//! The options of a search beside its filter; all of them are off unless asked for.

use jiff::civil::Date;

use crate::Error;
use crate::search::FacetField;
use wenmai_rank::diversify::Lambda;
use wenmai_rank::recency::Recency;

/// Facets of one search at most.
const FACETS_MAX: usize = 8;

/// The options of a search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchOptions {
    /// Whether newer articles score higher, and how.
    pub newness: Option<Newness>,
    /// Whether articles that add something come before those that repeat others, and how much.
    pub diversity: Option<Diversity>,
    /// The fields whose values are counted.
    pub facets: Vec<FacetField>,
    /// The order of the hits.
    pub order: Order,
    /// The day that words such as yesterday are read against; `None` takes today.
    pub as_of: Option<Date>,
}

/// How newer articles score higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newness {
    /// How fast scores fall with age.
    pub recency: Recency,
    /// The day at which ages are 0; `None` takes the newest day among the candidates that is not in
    /// the future.
    pub as_of: Option<Date>,
}

/// How much diversity counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diversity {
    /// The share of relevance in the choice of the next hit; the rest is difference from the hits
    /// before it.
    pub lambda: Lambda,
}

/// The order of the hits of a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The highest score first.
    #[default]
    Relevance,
    /// The articles that match, the newest first.
    Newest,
    /// The articles that match, the oldest first.
    Oldest,
}

impl SearchOptions {
    /// Refuses options that exclude each other, and too many facets.
    pub(super) fn check(&self) -> Result<(), Error> {
        let invalid = |field, what: String| Err(Error::invalid(field, what));
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
