//! Compares a store with the exact store in memory: the same history and the same queries must give
//! the same answers.

use std::collections::BTreeMap;

use super::limit;
use super::sample::DIM;
use super::sample::Sampler;
use super::sample::filters;
use super::sample::id;
use super::sample::make;
use crate::Alike;
use crate::Point;
use crate::Regroup;
use crate::Scored;
use crate::Stored;
use crate::VectorStore;
use crate::memory::MemoryStore;
use wenmai_domain::id::ArticleId;

/// How much a score may differ from the oracle's, relative to it.
pub const TOLERANCE: f32 = 1e-4;

/// Applies upserts, replacements, deletions and optimizations in random order, and compares the
/// answers to every query after each round.
pub async fn any_history_gives_the_oracles_answers(store: &impl VectorStore, seed: u64) {
    let oracle = MemoryStore::new(&make());
    let mut sampler = Sampler::new(seed);
    for round in 0..6 {
        let numbers: Vec<usize> = (0..40).map(|_| sampler.below(150)).collect();
        let points: Vec<Point> = numbers.into_iter().map(|number| sampler.point(number)).collect();
        oracle.upsert(points.clone()).await.unwrap();
        store.upsert(points).await.unwrap();
        let changes: Vec<Regroup> = (0..9).map(|_| sampler.regroup()).collect();
        oracle.regroup(changes.clone()).await.unwrap();
        store.regroup(changes).await.unwrap();
        let gone: Vec<ArticleId> = (0..8).map(|_| id(sampler.below(150))).collect();
        assert_eq!(store.delete(&gone).await.unwrap(), oracle.delete(&gone).await.unwrap());
        if round % 2 == 1 {
            store.optimize().await.unwrap();
        }
        same_answers(store, &oracle, &mut sampler).await;
    }
}

/// Sends the same random queries to both stores.
async fn same_answers(store: &impl VectorStore, oracle: &MemoryStore, sampler: &mut Sampler) {
    let filters = filters();
    for _ in 0..12 {
        let filter = &filters[sampler.below(filters.len())];
        let most = limit(1 + sampler.below(60));
        let label = format!("{filter:?}, {most:?}");
        assert_eq!(store.count(filter).await.unwrap(), oracle.count(filter).await.unwrap());
        let query = sampler.embedding(DIM);
        let hits = store.nearest(&query, filter, most).await.unwrap();
        let expected = oracle.nearest(&query, filter, most).await.unwrap();
        assert_same_hits(&hits, &expected, most.count(), &label);
        let alike =
            Alike { signature: sampler.signature(), shared_min: sampler.below(4), limit: most };
        let hits = store.alike(vec![alike.clone()]).await.unwrap();
        let expected = oracle.alike(vec![alike]).await.unwrap();
        assert_same_hits(&hits[0], &expected[0], most.count(), "alike");
        let ids: Vec<ArticleId> = (0..20).map(|_| id(sampler.below(150))).collect();
        let expected = oracle.memberships(&ids).await.unwrap();
        assert_eq!(store.memberships(&ids).await.unwrap(), expected);
        let query = sampler.terms(8);
        let hits = store.lexical(&query, filter, most).await.unwrap();
        let expected = oracle.lexical(&query, filter, most).await.unwrap();
        assert_same_hits(&hits, &expected, most.count(), &label);
        let from = Some(id(sampler.below(150)));
        let listing = store.list(filter, from, most).await.unwrap();
        assert_eq!(listing, oracle.list(filter, from, most).await.unwrap(), "{label}");
    }
}

/// Asserts that two answers are equal up to rounding: scores within the tolerance, and any order
/// among hits whose scores are equal within it.
pub fn assert_same_hits(hits: &[Scored], expected: &[Scored], limit: usize, label: &str) {
    assert_eq!(hits.len(), expected.len(), "{label}");
    let near = |a: f32, b: f32| (a - b).abs() <= TOLERANCE * b.abs().max(1.0);
    let scores: BTreeMap<ArticleId, f32> = expected.iter().map(|hit| (hit.id, hit.score)).collect();
    for (hit, at_place) in hits.iter().zip(expected) {
        assert!(near(hit.score, at_place.score), "{label}: {hit:?} is not {at_place:?}");
        // A hit that ties with the last one may stand in its place.
        let last = || (expected.len() == limit).then(|| expected[expected.len() - 1].score);
        let score = scores.get(&hit.id).copied().or_else(last);
        assert!(
            score.is_some_and(|score| near(hit.score, score)),
            "{label}: {hit:?} is not {score:?}"
        );
    }
}

/// Asserts that a point was read back as it was written, up to the last bits of its embedding.
pub fn assert_same_point(stored: &Stored, point: &Point) {
    let Point { article, text, terms, membership, signature: _, content_hash, .. } = point;
    let Point { created_at_us, updated_at_us, .. } = point;
    assert_eq!(&stored.membership, membership);
    assert_eq!(&stored.article, article);
    assert_eq!(&stored.content_hash, content_hash);
    assert_eq!(&stored.created_at_us, created_at_us);
    assert_eq!(&stored.updated_at_us, updated_at_us);
    let (stored_text, stored_terms) = stored.vectors.as_ref().unwrap();
    assert!(stored_text.similarity(text) > 1.0 - TOLERANCE);
    assert_eq!(stored_terms, terms);
}
