//! `wenmai eval latency`: how long a call for related articles takes, in archives of several sizes,
//! with one client and with several.
//!
//! A larger archive is the given one, resampled: each copy of an article has another id, a date up
//! to a year earlier or later, an embedding with added noise, and most of its terms. So legs and
//! filters have as much work as in a real archive of that size, but the articles that are found
//! mean nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::ToSpan as _;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Progress;
use crate::filtered;
use crate::index;
use crate::index::IngestReport;
use crate::metrics;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::scales::Script;
use wenmai_domain::terms::TermVector;
use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::Related;
use wenmai_engine::Target;
use wenmai_store::Point;
use wenmai_store::Store;
use wenmai_store::Stored;
use wenmai_store::Vectors;

/// The number of articles that are copied at a time.
const BATCH: usize = 256;
/// The share of an article's terms that its copy keeps.
const TERMS_KEPT: f64 = 0.8;
/// The length of the noise that is added to an embedding; the cosine with the copy is about 0.9.
const NOISE: f32 = 0.48;
/// The most days by which the date of a copy differs.
const DAYS: i64 = 365;
/// The number of hits in one answer.
const HITS: u32 = 10;

/// The settings of a measurement.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often the archive holds each article; the sizes are measured one after the other, in
    /// ascending order.
    pub copies: Vec<usize>,
    /// How many clients ask at the same time; the numbers are measured one after the other.
    pub clients: Vec<usize>,
    /// The number of queries in each measurement.
    pub query_count: usize,
    /// The seed of the copies and of the queries.
    pub seed: u64,
    /// How many articles ask for their neighbours under each filter; 0 measures no filters.
    pub filtered_count: usize,
}

/// The result of the measurements.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The index version of the engine.
    pub index_version: String,
    /// The version of the ranker that answered in the mode `hybrid`.
    pub ranker: String,
    /// The number of queries in each row.
    pub query_count: usize,
    /// The seed of the copies and of the queries.
    pub seed: u64,
    /// One row for each size, mode and number of clients.
    pub rows: Vec<Row>,
    /// What the nearest-neighbour search takes and finds under filters, in the largest archive.
    pub filtered: Vec<filtered::Row>,
    /// The time spent on indexing the given archive.
    pub ingest: IngestReport,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Row {
    /// How many articles were stored.
    pub article_count: usize,
    /// `lexical` is BM25 with the headline, `hybrid` the learned ranker.
    pub mode: Mode,
    /// How many clients asked at the same time, each sending its next query as soon as it was
    /// answered.
    pub client_count: usize,
    /// The median time of one call for ten hits, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
    /// Answers per second of all clients together.
    pub answers_per_s: f64,
}

/// Indexes `records` into `engine`, whose store is `store`, and measures calls. A store that holds
/// articles already is measured as it is.
///
/// # Errors
/// Any error of the engine. A refused article is left out.
pub async fn run(
    engine: &Engine,
    store: &Store,
    records: Vec<Record>,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let stored: Vec<ArticleId> =
        index::stored(store).await?.into_iter().map(|(id, _)| id).collect();
    let is_made = !stored.is_empty();
    let (mut ids, took) = if is_made {
        (stored, IngestReport::default())
    } else {
        let records = records.into_iter().map(|record| (record, ())).collect();
        let indexed = index::index(engine, records, progress).await?;
        (indexed.labels.into_iter().map(|(id, ())| id).collect(), indexed.took)
    };
    // Two records of one article have one id.
    ids.sort_unstable();
    ids.dedup();
    let given = ids.clone();
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut rows = Vec::new();
    let copies = if is_made { &[1][..] } else { &options.copies[..] };
    for &size in copies {
        while ids.len() < size * given.len() && !given.is_empty() {
            let copy = ids.len() / given.len();
            for batch in given.chunks(BATCH) {
                ids.extend(add_copies(store, batch, copy, &mut rng).await?);
                progress(Progress::Ingest(ids.len(), size * given.len()));
            }
        }
        progress(Progress::Optimize);
        engine.optimize().await?;
        let mut asked = ids.clone();
        asked.shuffle(&mut rng);
        asked.truncate(options.query_count);
        let asked = Arc::new(asked);
        for mode in [Mode::Lexical, Mode::Hybrid] {
            progress(Progress::Query(mode, 0, asked.len()));
            // A first pass reads what a running server has read and kept already.
            ask(engine, &asked, mode, 1).await?;
            for &client_count in &options.clients {
                let answered = ask(engine, &asked, mode, client_count).await?;
                rows.push(row(ids.len(), mode, client_count, &answered));
            }
        }
    }
    let filtered = match options.filtered_count {
        0 => Vec::new(),
        count => filtered::run(store, count, options.seed).await?,
    };
    Ok(Report {
        index_version: engine.info().await?.index_version,
        ranker: engine.ranker_in_use(Script::Chinese).await?,
        query_count: options.query_count.min(ids.len()),
        seed: options.seed,
        rows,
        filtered,
        ingest: took,
    })
}

fn row(
    article_count: usize,
    mode: Mode,
    client_count: usize,
    (ms, total_s): &(Vec<f64>, f64),
) -> Row {
    let quantile = |share| metrics::quantile(ms, share).unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "counts of calls, far below 2^53")]
    let answers_per_s = ms.len() as f64 / total_s.max(1e-9);
    let (p50_ms, p99_ms) = (quantile(0.5), quantile(0.99));
    Row { article_count, mode, client_count, p50_ms, p99_ms, answers_per_s }
}

/// Stores one more copy of each article of `ids` with the number `copy`, and returns the ids of the
/// copies.
async fn add_copies(
    store: &Store,
    ids: &[ArticleId],
    copy: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<ArticleId>, Error> {
    let stored = store.fetch(ids, Vectors::Yes).await?;
    let points: Vec<Point> =
        stored.into_iter().flatten().filter_map(|one| resampled(one, copy, rng)).collect();
    let ids = points.iter().map(|point| point.article.id).collect();
    store.upsert(points).await?;
    Ok(ids)
}

/// A resampled copy of `stored` with an id of its own; `None` without vectors.
fn resampled(stored: Stored, copy: usize, rng: &mut ChaCha8Rng) -> Option<Point> {
    let Stored { article, content_hash, created_at_us, updated_at_us, vectors, .. } = stored;
    let (text, terms) = vectors?;
    let Article { id, mut record, entities } = article;
    record.source_id = format!("{id}-{copy}");
    if record.source.is_empty() {
        record.source.push_str("resampled");
    }
    let days = rng.random_range(-DAYS..=DAYS).days();
    record.published_at = record.published_at.map(|at| at.checked_add(days).unwrap_or(at));
    let article = Article { entities, ..Article::new(record) };
    #[expect(clippy::cast_precision_loss, reason = "a number of dims, far below 2^24")]
    let step = NOISE * (3.0 / text.dim() as f32).sqrt();
    let tilted = text.values().iter().map(|value| value + rng.random_range(-step..=step));
    let text = Embedding::normalize(tilted.collect()).ok()?;
    let kept: Vec<(u32, f32)> = terms.iter().filter(|_| rng.random_bool(TERMS_KEPT)).collect();
    let group = GroupId::found(article.id, &content_hash);
    Some(Point {
        arrival: 0,
        text,
        terms: TermVector::from_weights(kept),
        membership: Membership { group, is_original: true },
        signature: Signature::default(),
        article,
        content_hash,
        created_at_us,
        updated_at_us,
    })
}

/// The milliseconds of each call and the seconds of all calls, with `client_count` clients.
async fn ask(
    engine: &Engine,
    asked: &Arc<Vec<ArticleId>>,
    mode: Mode,
    client_count: usize,
) -> Result<(Vec<f64>, f64), Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..client_count.max(1) {
        let (engine, asked, next) = (engine.clone(), Arc::clone(asked), Arc::clone(&next));
        clients.spawn(async move {
            let mut ms = Vec::new();
            while let Some(&id) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                let called = Instant::now();
                engine.related(question(id, mode)).await?;
                ms.push(called.elapsed().as_secs_f64() * 1e3);
            }
            Ok::<_, Error>(ms)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = clients.join_next().await {
        all.extend(done.map_err(|_panicked| Error::Embed(embed::Error::Stopped))??);
    }
    Ok((all, started.elapsed().as_secs_f64()))
}

fn question(id: ArticleId, mode: Mode) -> Related {
    Related {
        target: Target::Stored(id),
        filter: Filter::default(),
        mode,
        min_probability: 0.0,
        collapse: true,
        offset: 0,
        limit: Limit::new(HITS).unwrap_or(Limit::MOST),
    }
}
