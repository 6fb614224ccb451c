//! Fetches the hits of a page and marks the words in them that match the query.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::Engine;
use crate::Error;
use crate::answer::first_rank;
use crate::search::Candidate;
use crate::search::PreparedQuery;
use wenmai_domain::article::Record;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::When;
use wenmai_domain::id::ArticleId;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::highlight::highlights;
use wenmai_text::units::Wanted;

/// Words shown with a hit, at most.
const MATCHED_TERMS_MAX: usize = 12;

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
        let mut hits = Vec::with_capacity(there.len());
        for ((scores, stored, rank), reprints) in there.into_iter().zip(reprints) {
            let Stored { article, vectors, .. } = stored;
            let embeddings = (prepared.embedding.as_ref(), vectors.as_ref().map(|(own, _)| own));
            let scores = self.shown(scores, prepared.script(), embeddings).await?;
            let held = vectors.map(|(_, terms)| terms).unwrap_or_default();
            let words = prepared.reading.answered_by(&held);
            let Record { title, paragraphs, .. } = &article.record;
            let matched_terms = printed(&article.record, &words);
            let highlights = highlights(title, paragraphs, &words, &prepared.query.phrases);
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

/// The `words` as the article prints them, each once, the longest first.
fn printed(record: &Record, words: &BTreeSet<String>) -> Vec<String> {
    let wanted = Wanted::new(words.iter().map(String::as_str));
    let mut found: Vec<Option<String>> = vec![None; words.len()];
    for text in std::iter::once(&record.title).chain(&record.paragraphs) {
        for (at, span) in wanted.places(text) {
            if let Some(slot) = found.get_mut(at).filter(|slot| slot.is_none()) {
                *slot = span.of(text).map(str::to_owned);
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    let mut printed: Vec<String> = Vec::new();
    for word in found.into_iter().flatten() {
        if !printed.contains(&word) {
            printed.push(word);
        }
    }
    printed.sort_by_key(|word| Reverse(word.chars().count()));
    printed.truncate(MATCHED_TERMS_MAX);
    printed
}
