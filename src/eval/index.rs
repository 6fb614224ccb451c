//! Indexes a labelled corpus into the engine, and reports how long that took.

use std::time::Duration;
use std::time::Instant;

use jiff::civil::Date;
use serde::Serialize;

use crate::Progress;
use wenmai_domain::article::Record;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::IngestTimings;
use wenmai_store::Store;

/// The number of articles in one call of ingest.
const BATCH: usize = 256;

/// The time spent on indexing, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct IngestReport {
    /// From the first article to the last acknowledgement.
    pub total_s: f64,
    /// Tokenizing and embedding.
    pub embed_s: f64,
    /// Dividing texts into terms.
    pub terms_s: f64,
    /// Reading and writing the store, including flushes.
    pub store_s: f64,
    /// Building the vector index afterwards.
    pub optimize_s: f64,
    /// Articles divided by `total_s`.
    pub articles_per_s: f64,
}

/// The result of indexing.
pub struct Indexed<L> {
    /// The id of each article that the index accepted, with its label, in the order of the file.
    pub labels: Vec<(ArticleId, L)>,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// How long it took.
    pub took: IngestReport,
}

/// Indexes `articles` and builds the vector index.
///
/// # Errors
/// Any error of the engine. A refused article is counted and is not an error.
pub async fn index<L>(
    engine: &Engine,
    articles: Vec<(Record, L)>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Indexed<L>, Error> {
    let total = articles.len();
    let mut labels = Vec::with_capacity(total);
    let mut refused_count = 0;
    let mut spent = IngestTimings::default();
    let started = Instant::now();
    let mut rest = articles.into_iter().peekable();
    let mut done = 0;
    while rest.peek().is_some() {
        let (records, batch): (Vec<Record>, Vec<L>) = rest.by_ref().take(BATCH).unzip();
        done += records.len();
        let (results, timings) = engine.ingest(records).await?;
        spent.embed += timings.embed;
        spent.terms += timings.terms;
        spent.store += timings.store;
        for (result, label) in results.into_iter().zip(batch) {
            match result {
                Ok(ingested) => labels.push((ingested.id, label)),
                Err(_refused) => refused_count += 1,
            }
        }
        progress(Progress::Ingest(done, total));
    }
    let ingest = started.elapsed();
    progress(Progress::Optimize);
    let started = Instant::now();
    engine.optimize().await?;
    let took = report(ingest, spent, started.elapsed(), total);
    Ok(Indexed { labels, refused_count, took })
}

fn report(total: Duration, spent: IngestTimings, optimize: Duration, count: usize) -> IngestReport {
    #[expect(clippy::cast_precision_loss, reason = "article counts are far below 2^53")]
    let count = count as f64;
    let IngestTimings { embed, terms, store } = spent;
    IngestReport {
        total_s: total.as_secs_f64(),
        embed_s: embed.as_secs_f64(),
        terms_s: terms.as_secs_f64(),
        store_s: store.as_secs_f64(),
        optimize_s: optimize.as_secs_f64(),
        articles_per_s: count / total.as_secs_f64().max(1e-9),
    }
}

/// The id and the day of every article in `store`, in ascending order of id.
///
/// # Errors
/// [`Error::Store`] if the store could not be read.
pub async fn stored(store: &Store) -> Result<Vec<(ArticleId, Option<Date>)>, Error> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = store.list(&Filter::default(), next, Limit::MOST).await?;
        let articles = page.points.iter().map(|point| &point.article);
        found.extend(articles.map(|article| (article.id, article.record.date())));
        next = page.next;
        if next.is_none() {
            return Ok(found);
        }
    }
}
