//! `wenmai eval related`: does the engine find the other articles of the same event and story?
//!
//! Every labelled article that is drawn asks for its related ones, once per mode. An answer gains 2
//! if it is of the same event, 1 if only of the same story.

use std::collections::BTreeMap;
use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::domain::filter::Filter;
use crate::domain::hit::Mode;
use crate::domain::id::ArticleId;
use crate::domain::limit::Limit;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Related;
use crate::engine::Target;
use crate::eval::Progress;
use crate::eval::index;
use crate::eval::index::Indexed;
use crate::eval::index::IngestReport;
use crate::eval::metrics;
use crate::eval::stories::Labelled;

/// Depth of nDCG and event recall.
const DEPTH: usize = 10;
/// Depth of story recall.
const DEPTH_STORY: u16 = 100;
/// Calls that are timed, at most.
const TIMED_CALLS: usize = 1_000;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Queries to draw; 0 asks all labelled articles.
    pub query_count: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Modes to compare, in the order of the report.
    pub modes: Vec<Mode>,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What the index was made with.
    pub index_version: String,
    /// Seed of the draw.
    pub seed: u64,
    /// Articles indexed.
    pub article_count: usize,
    /// Stories among them.
    pub story_count: usize,
    /// Articles that could not be indexed.
    pub refused_count: usize,
    /// Queries asked.
    pub query_count: usize,
    /// One entry per mode.
    pub modes: Vec<ModeReport>,
    /// Time spent indexing.
    pub ingest: IngestReport,
}

/// What was measured of one mode.
#[derive(Debug, Clone, Serialize)]
pub struct ModeReport {
    /// The mode.
    pub mode: Mode,
    /// Mean nDCG@10, gain 2 same event, 1 same story.
    pub ndcg_10: f64,
    /// Mean reciprocal rank of the first answer of the same event.
    pub event_mrr: f64,
    /// Mean share of the event's other articles (at most 10) among the first 10.
    pub event_recall_10: f64,
    /// Mean share of the story's other articles (at most 100) among the first 100.
    pub story_recall_100: f64,
    /// Queries that have another article of their event.
    pub event_query_count: usize,
    /// Median time of one call for ten hits, milliseconds, one client.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
}

/// Indexes `articles` into `engine`, asks and measures.
///
/// # Errors
/// What the engine gives; a refused article is counted, not an error.
pub async fn run(
    engine: &Engine,
    articles: Vec<Labelled>,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let (corpus, ingest) = index(engine, articles, progress).await?;
    let queries = draw(&corpus, options);
    let mut modes = Vec::new();
    for &mode in &options.modes {
        modes.push(ask(engine, &corpus, &queries, mode, progress).await?);
    }
    Ok(Report {
        index_version: engine.info().await?.index_version,
        seed: options.seed,
        article_count: corpus.labels.len(),
        story_count: corpus.stories.len(),
        refused_count: corpus.refused_count,
        query_count: queries.len(),
        modes,
        ingest,
    })
}

/// What is known of the indexed articles.
#[derive(Default)]
struct Corpus {
    labels: BTreeMap<ArticleId, Label>,
    /// Articles per story.
    stories: BTreeMap<String, usize>,
    /// Articles per story and event.
    events: BTreeMap<Label, usize>,
    refused_count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    story: String,
    event: Option<String>,
}

async fn index(
    engine: &Engine,
    articles: Vec<Labelled>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Corpus, IngestReport), Error> {
    let labelled = |one: Labelled| (one.record, Label { story: one.story, event: one.event });
    let articles = articles.into_iter().map(labelled).collect();
    let Indexed { labels, refused_count, took } = index::index(engine, articles, progress).await?;
    let labels: BTreeMap<ArticleId, Label> = labels.into_iter().collect();
    let mut corpus = Corpus { labels, refused_count, ..Corpus::default() };
    for label in corpus.labels.values() {
        *corpus.stories.entry(label.story.clone()).or_default() += 1;
        *corpus.events.entry(label.clone()).or_default() += 1;
    }
    Ok((corpus, took))
}

/// Draws labelled articles that have something to find, the same for one seed and corpus.
fn draw(corpus: &Corpus, options: &Options) -> Vec<ArticleId> {
    let has_more = |label: &Label| corpus.stories.get(&label.story).is_some_and(|count| *count > 1);
    let labelled =
        corpus.labels.iter().filter(|(_, label)| label.event.is_some() && has_more(label));
    let mut drawn: Vec<ArticleId> = labelled.map(|(id, _)| *id).collect();
    if options.query_count > 0 {
        drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed));
        drawn.truncate(options.query_count);
    }
    drawn
}

async fn ask(
    engine: &Engine,
    corpus: &Corpus,
    queries: &[ArticleId],
    mode: Mode,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<ModeReport, Error> {
    let mut scores = Scores::default();
    for (at, &id) in queries.iter().enumerate() {
        let found = related(engine, id, mode, u32::from(DEPTH_STORY)).await?;
        scores.add(corpus, id, &found);
        if at % 50 == 49 {
            progress(Progress::Query(mode, at + 1, queries.len()));
        }
    }
    // Timed apart: people ask for ten.
    let mut ms = Vec::new();
    for &id in queries.iter().take(TIMED_CALLS) {
        let started = Instant::now();
        related(engine, id, mode, 10).await?;
        ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let mean = |values: &[f64]| metrics::mean(values).unwrap_or(0.0);
    Ok(ModeReport {
        mode,
        ndcg_10: mean(&scores.ndcg),
        event_mrr: mean(&scores.event_mrr),
        event_recall_10: mean(&scores.event_recall),
        story_recall_100: mean(&scores.story_recall),
        event_query_count: scores.event_mrr.len(),
        p50_ms: metrics::quantile(&ms, 0.5).unwrap_or(0.0),
        p99_ms: metrics::quantile(&ms, 0.99).unwrap_or(0.0),
    })
}

/// The articles related to `id`, best first.
async fn related(
    engine: &Engine,
    id: ArticleId,
    mode: Mode,
    limit: u32,
) -> Result<Vec<ArticleId>, Error> {
    let limit = Limit::new(limit).unwrap_or(Limit::MOST);
    let target = Target::Stored(id);
    let related = Related { target, filter: Filter::default(), mode, offset: 0, limit };
    let answer = engine.related(related).await?;
    Ok(answer.hits.into_iter().map(|hit| hit.article.id).collect())
}

/// Per query, in order.
#[derive(Default)]
struct Scores {
    ndcg: Vec<f64>,
    event_mrr: Vec<f64>,
    event_recall: Vec<f64>,
    story_recall: Vec<f64>,
}

impl Scores {
    fn add(&mut self, corpus: &Corpus, query: ArticleId, found: &[ArticleId]) {
        let Some(own) = corpus.labels.get(&query) else { return };
        let others = |count: Option<&usize>| count.map_or(0, |count| count.saturating_sub(1));
        let event_count = others(corpus.events.get(own));
        let story_count = others(corpus.stories.get(&own.story));
        let labels: Vec<Option<&Label>> = found.iter().map(|id| corpus.labels.get(id)).collect();
        let same_event: Vec<bool> = labels.iter().map(|label| *label == Some(own)).collect();
        let same_story: Vec<bool> = labels
            .iter()
            .map(|label| label.is_some_and(|label| label.story == own.story))
            .collect();
        let gain = |(event, story): (&bool, &bool)| f64::from(u8::from(*event) + u8::from(*story));
        let gains: Vec<f64> = same_event.iter().zip(&same_story).map(gain).collect();
        let mut relevant = vec![2.0; event_count];
        relevant.resize(story_count, 1.0);
        self.ndcg.extend(metrics::ndcg(&gains, &relevant, DEPTH));
        if event_count > 0 {
            self.event_mrr.push(metrics::reciprocal_rank(&same_event));
        }
        self.event_recall.extend(metrics::recall(&same_event, event_count, DEPTH));
        self.story_recall.extend(metrics::recall(
            &same_story,
            story_count,
            usize::from(DEPTH_STORY),
        ));
    }
}
