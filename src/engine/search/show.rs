//! Fetches the hits of a page and marks the words in them that match the query.

use std::collections::BTreeSet;

use crate::Engine;
use crate::Error;
use crate::answer::first_rank;
use crate::answer::matched_terms;
use crate::search::Candidate;
use crate::search::PreparedQuery;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::When;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::highlight::highlights;
use wenmai_text::terms::index;

impl Engine {
    /// Fetches and marks the hits of a page; `offset` hits come before the first.
    pub(super) async fn show_page(
        &self,
        prepared: &PreparedQuery,
        page: Vec<Candidate>,
        offset: usize,
    ) -> Result<Vec<Hit>, Error> {
        let ids: Vec<ArticleId> = page.iter().map(|(id, _)| *id).collect();
        let stored = self.store.fetch(&ids, Vectors::Yes).await?;
        let ranked = page.into_iter().zip(stored).zip(first_rank(offset)..);
        // An article deleted since the legs answered is no hit.
        let there: Vec<_> = ranked
            .filter_map(|(((_, scores), stored), rank)| Some((scores, stored?, rank)))
            .collect();
        let standing = there.iter().map(|(_, stored, _)| stored.membership);
        let reprints = self.reprints_of(standing).await?;
        let terms = prepared.reading.asked();
        let mut hits = Vec::with_capacity(there.len());
        for ((scores, stored, rank), reprints) in there.into_iter().zip(reprints) {
            let Stored { article, vectors, .. } = stored;
            let held = vectors.map(|(_, terms)| terms).unwrap_or_default();
            let matched_terms = matched_terms(&article, &held, &terms);
            let words = words(prepared, &held, &terms);
            let highlights = highlights(&article.record.title, &article.record.paragraphs, &words);
            hits.push(Hit {
                article,
                rank,
                scores,
                when: When::Unknown,
                matched_terms,
                highlights,
                relation: None,
                reprints,
                is_reprint: false,
            });
        }
        Ok(hits)
    }
}

/// The words to mark in an article that holds the terms `held`: phrases, and terms of the query.
fn words(
    prepared: &PreparedQuery,
    held: &TermVector,
    terms: &BTreeSet<String>,
) -> BTreeSet<String> {
    let is_held = |term: &&String| held.indices().binary_search(&index(term)).is_ok();
    terms.iter().filter(is_held).chain(&prepared.query.phrases).cloned().collect()
}
