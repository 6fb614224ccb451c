//! The articles that print one text: how many, which, where and when.

use jiff::civil::DateTime;

use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;

/// The members of one reprint group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// How many articles the group has.
    pub count: u64,
    /// The members of lowest id, as many as were asked for, and the original if it is not among
    /// them. Empty for a group of one article.
    pub some: Vec<Imprint>,
}

/// Where and when one member of a reprint group was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imprint {
    pub id: ArticleId,
    /// Whether the article is the original of its group.
    pub is_original: bool,
    /// The [`Record::published_at`] of the article.
    pub published_at: Option<DateTime>,
    /// The [`Record::paper`] of the article, or else its [`Record::source`]; empty where neither is
    /// known.
    pub outlet: String,
}

impl Imprint {
    /// The imprint of the article `id` with this `record`.
    #[must_use]
    pub fn new(id: ArticleId, is_original: bool, record: Record) -> Self {
        let outlet = if record.paper.is_empty() { record.source } else { record.paper };
        Self { id, is_original, published_at: record.published_at, outlet }
    }
}
