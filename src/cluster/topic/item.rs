//! An article as the clusterer sees it, and its keys.

use std::collections::BTreeSet;

use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;

/// An article as the clusterer sees it.
#[derive(Debug, Clone)]
pub struct Item {
    /// The article.
    pub id: ArticleId,
    /// Its number in the order of arrival; rises by at least one with each article.
    pub arrival: u64,
    /// Seconds since 1970: publication, else arrival. The caller clamps dates in the future to the
    /// arrival, so that one wrong year does not move the window.
    pub at: i64,
    /// The headline as printed.
    pub title: String,
    /// The mean of title and title+lead vectors, as stored.
    pub embedding: Embedding,
    /// Terms of the headline, `text::terms::query`.
    pub title_terms: TermVector,
    /// Weighted terms of title and body, `Analyzer::passage`, as stored.
    pub text_terms: TermVector,
    /// Keys of unambiguous persons, places, organisations and numbers ([`keys`]).
    pub keys: Vec<String>,
    /// The article that founded its group of reprints, where that is another one.
    pub original: Option<ArticleId>,
}

/// The keys of an [`Item`]: kind and key of unambiguous persons, places, organisations and numbers,
/// `地:莘县`, sorted, each once. Days are left out: they say when, which [`Item::at`] does.
#[must_use]
pub fn keys(entities: &[Entity]) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for entity in entities.iter().filter(|entity| !entity.ambiguous) {
        let kind = match entity.kind {
            Kind::Person => PERSON,
            Kind::Place => PLACE,
            Kind::Organisation => ORGANISATION,
            Kind::Number => NUMBER,
            Kind::Date => continue,
        };
        keys.insert(format!("{kind}{}", entity.key));
    }
    keys.into_iter().collect()
}

const PERSON: &str = "人:";
pub(super) const PLACE: &str = "地:";
const ORGANISATION: &str = "机:";
const NUMBER: &str = "数:";
