//! How long does the nearest-neighbour search of a store take under filters, and how much does it
//! find of what an exact scan finds?
//!
//! A graph may lose what a filter lets through, silently; so this is measured at the size that is
//! served, with filters by date of several strengths.

use std::time::Instant;

use jiff::civil::Date;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::index;
use crate::metrics;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_engine::Error;
use wenmai_store::Store;

/// How many nearest articles each question asks for.
const NEAREST: u16 = 100;
/// The shares of the archive that the filters let through, about.
const SHARES: [f64; 7] = [1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001];
/// By how much a cosine may fall short of the last one wanted and count as equal.
const TOLERANCE: f32 = 1e-4;

/// One filter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Row {
    /// The share of the articles that pass it; 1 is no filter.
    pub share: f64,
    /// The median time of a search for 100 neighbours, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
    /// The share of the 100 nearest articles, by an exact scan, that were found.
    pub recall: f64,
}

/// Asks `store` for the neighbours of `query_count` of its articles under each filter.
///
/// # Errors
/// [`Error::Store`].
pub async fn run(store: &Store, query_count: usize, seed: u64) -> Result<Vec<Row>, Error> {
    let all = everything(store).await?;
    let mut days: Vec<Date> = all.iter().filter_map(|(day, _)| *day).collect();
    days.sort_unstable();
    let mut asked: Vec<usize> = (0..all.len()).collect();
    asked.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    asked.truncate(query_count);
    let mut rows = Vec::new();
    for share in SHARES {
        #[expect(clippy::cast_precision_loss, reason = "a number of articles, far below 2^53")]
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
        let skipped = (days.len() as f64 * (1.0 - share)) as usize;
        let first = days.get(skipped).filter(|_| share < 1.0);
        let filter =
            first.map_or_else(Filter::default, |day| Filter::Date(Comparison::AtLeast, *day));
        let passes = |day: Option<Date>| first.is_none_or(|first| day.is_some_and(|d| d >= *first));
        let passing: Vec<&Embedding> =
            all.iter().filter(|(day, _)| passes(*day)).map(|(_, embedding)| embedding).collect();
        let (mut ms, mut found, mut wanted) = (Vec::new(), 0, 0);
        for query in asked.iter().filter_map(|at| all.get(*at)).map(|(_, embedding)| embedding) {
            let limit = Limit::new(NEAREST.into()).unwrap_or(Limit::MOST);
            let called = Instant::now();
            let hits = store.nearest(query, &filter, limit).await?;
            ms.push(called.elapsed().as_secs_f64() * 1e3);
            let mut cosines: Vec<f32> = passing.iter().map(|one| one.similarity(query)).collect();
            cosines.sort_unstable_by(|left, right| right.total_cmp(left));
            cosines.truncate(NEAREST.into());
            wanted += cosines.len();
            let last = cosines.last().map_or(1.0, |cosine| cosine - TOLERANCE);
            found += hits.iter().filter(|hit| hit.score >= last).count().min(cosines.len());
        }
        let quantile = |share| metrics::quantile(&ms, share).unwrap_or(0.0);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        rows.push(Row {
            share: passing.len() as f64 / all.len().max(1) as f64,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            recall: found as f64 / wanted.max(1) as f64,
        });
    }
    Ok(rows)
}

/// The day and the embedding of each stored article.
async fn everything(store: &Store) -> Result<Vec<(Option<Date>, Embedding)>, Error> {
    let stored = index::stored(store).await?;
    let mut all = Vec::with_capacity(stored.len());
    for piece in stored.chunks(Limit::MOST.count()) {
        let ids: Vec<_> = piece.iter().map(|(id, _)| *id).collect();
        let days = piece.iter().map(|(_, day)| *day);
        let embeddings = store.embeddings(&ids).await?;
        all.extend(days.zip(embeddings).filter_map(|(day, embedding)| Some((day, embedding?))));
    }
    Ok(all)
}
