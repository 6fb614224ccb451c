//! Who prints a text.

use jiff::civil::DateTime;

use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;

/// The articles that print one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    /// How many there are.
    pub count: u64,
    /// Those of lowest id, as many as asked for, and the original where it is not among them; none
    /// where there is only one article.
    pub some: Vec<Imprint>,
}

/// Where and when a text is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imprint {
    /// By which article.
    pub id: ArticleId,
    /// Whether it is the original.
    pub is_original: bool,
    /// [`Record::published_at`].
    pub published_at: Option<DateTime>,
    /// [`Record::paper`], else [`Record::source`]; empty where neither is known.
    pub outlet: String,
}

impl Imprint {
    /// That of an article of `record`.
    #[must_use]
    pub fn new(id: ArticleId, is_original: bool, record: Record) -> Self {
        let outlet = if record.paper.is_empty() { record.source } else { record.paper };
        Self { id, is_original, published_at: record.published_at, outlet }
    }
}
