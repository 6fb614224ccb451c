//! Measures given articles by a question, through the searches that every store has.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::try_join_all;

use crate::Error;
use crate::VectorStore;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::terms::TermVector;

/// See [`VectorStore::holders`].
pub async fn holders<S: VectorStore + ?Sized>(
    store: &S,
    terms: &[u32],
    ids: &[ArticleId],
) -> Result<Vec<BTreeSet<ArticleId>>, Error> {
    let mut found = vec![BTreeSet::new(); terms.len()];
    for filter in among(ids) {
        let asked = terms.iter().map(|term| {
            let (term, filter) = (TermVector::from_weights([(*term, 1.0)]), filter.clone());
            async move { store.lexical(&term, &filter, Limit::MOST).await }
        });
        for (holders, hits) in found.iter_mut().zip(try_join_all(asked).await?) {
            holders.extend(hits.into_iter().map(|hit| hit.id));
        }
    }
    Ok(found)
}

/// See [`VectorStore::similarities`].
pub async fn similarities<S: VectorStore + ?Sized>(
    store: &S,
    query: &Embedding,
    ids: &[ArticleId],
) -> Result<BTreeMap<ArticleId, f32>, Error> {
    let mut found = BTreeMap::new();
    for filter in among(ids) {
        let hits = store.nearest(query, &filter, Limit::MOST).await?;
        found.extend(hits.into_iter().map(|hit| (hit.id, hit.score)));
    }
    Ok(found)
}

/// See [`VectorStore::passing`].
pub async fn passing<S: VectorStore + ?Sized>(
    store: &S,
    filter: &Filter,
) -> Result<BTreeSet<ArticleId>, Error> {
    let (mut found, mut from) = (BTreeSet::new(), None);
    loop {
        let page = store.list(filter, from, Limit::MOST).await?;
        found.extend(page.points.into_iter().map(|stored| stored.article.id));
        from = page.next;
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// Filters that together let `ids` pass, each no more than one answer holds.
fn among(ids: &[ArticleId]) -> impl Iterator<Item = Filter> {
    let pieces = ids.chunks(Limit::MOST.count());
    pieces.map(|piece| Filter::Among(Arc::new(piece.iter().copied().collect())))
}
