//! `wenmai eval related`: does the engine find the other articles of the same event and story?
//!
//! Every labelled article that is drawn asks for its related ones, once per mode. An answer gains 2
//! if it is of the same event, 1 if only of the same story. The modes answer without learned weights;
//! the learned ranker is measured beside them (`eval::learned`).

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::Progress;
use crate::index;
use crate::index::Indexed;
use crate::index::IngestReport;
use crate::learned;
use crate::learned::Compared;
use crate::learned::Learned;
use crate::learned::Rankers;
use crate::metrics;
use crate::stories::Labelled;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::Related;
use wenmai_engine::Target;
use wenmai_engine::ranker;

/// Depth of nDCG and event recall.
const DEPTH: usize = 10;
/// Depth of story recall.
const DEPTH_STORY: u16 = 100;
/// Calls that are timed, at most.
const TIMED_CALLS: usize = 1_000;

/// How to measure.
pub struct Options {
    /// Queries to draw; 0 asks all labelled articles.
    pub query_count: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Modes to compare, in the order of the report.
    pub modes: Vec<Mode>,
    /// Rankers of the folds; without them the learned ranker is not measured.
    pub rankers: Option<Rankers>,
    /// Where to write the features of every query and candidate, to train on.
    pub features: Option<Box<dyn Write + Send>>,
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
    /// The learned ranker, cross-validated by story; absent for a model that it was not fitted to.
    pub learned: Option<Learned>,
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

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The features could not be written.
    #[error("features cannot be written")]
    Write(#[source] std::io::Error),
}

/// Indexes `articles` into `engine`, asks and measures.
///
/// # Errors
/// [`Failure`]; a refused article is counted, not an error.
pub async fn run(
    engine: &Engine,
    articles: Vec<Labelled>,
    mut options: Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let (corpus, ingest) = index(engine, articles, progress).await?;
    let queries = draw(&corpus, &options);
    let plain = engine.clone().without_ranker();
    let (mut modes, mut by_query) = (Vec::new(), Vec::new());
    for &mode in &options.modes {
        let (report, ndcg) = ask(&plain, &corpus, &queries, mode, progress).await?;
        modes.push(report);
        by_query.push((mode.name(), ndcg));
    }
    let fitted_to = ranker::name(&engine.info().await?.model);
    let rankers = options.rankers.take().filter(|rankers| rankers.model() == fitted_to);
    let mut learned = None;
    if rankers.is_some() || options.features.is_some() {
        let asked = compare(engine, &queries, progress).await?;
        if let Some(out) = &mut options.features {
            learned::write(&corpus, &asked, out).map_err(Failure::Write)?;
        }
        if let Some(rankers) = rankers {
            let mut report = learned::measure(&corpus, &asked, &rankers, &by_query);
            (report.p50_ms, report.p99_ms) = time(engine, &queries, Mode::Hybrid).await?;
            learned = Some(report);
        }
    }
    Ok(Report {
        index_version: engine.info().await?.index_version,
        seed: options.seed,
        article_count: corpus.labels.len(),
        story_count: corpus.stories.len(),
        refused_count: corpus.refused_count,
        query_count: queries.len(),
        modes,
        learned,
        ingest,
    })
}

/// Reads the features of all candidates of all queries.
async fn compare(
    engine: &Engine,
    queries: &[ArticleId],
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Compared>, Error> {
    let mut asked = Vec::with_capacity(queries.len());
    for (at, &query) in queries.iter().enumerate() {
        asked.push(Compared { query, found: engine.features(query).await? });
        if at % 50 == 49 {
            progress(Progress::Compare(at + 1, queries.len()));
        }
    }
    Ok(asked)
}

/// What is known of the indexed articles.
#[derive(Default)]
pub(super) struct Corpus {
    labels: BTreeMap<ArticleId, Label>,
    /// Articles per story.
    stories: BTreeMap<String, usize>,
    /// Articles per story and event.
    events: BTreeMap<Label, usize>,
    refused_count: usize,
}

impl Corpus {
    /// The story of an article.
    pub(super) fn story(&self, id: ArticleId) -> Option<&str> {
        self.labels.get(&id).map(|label| label.story.as_str())
    }

    /// How many other articles are of its event, and of its story.
    pub(super) fn others(&self, id: ArticleId) -> (usize, usize) {
        let Some(own) = self.labels.get(&id) else { return (0, 0) };
        let others = |count: Option<&usize>| count.map_or(0, |count| count.saturating_sub(1));
        (others(self.events.get(own)), others(self.stories.get(&own.story)))
    }

    /// What `found` is worth as an answer to `query`: 2 of one event, 1 of one story, else 0.
    pub(super) fn gain(&self, query: ArticleId, found: ArticleId) -> u8 {
        let (Some(own), Some(other)) = (self.labels.get(&query), self.labels.get(&found)) else {
            return 0;
        };
        let same_event = own.event.is_some() && own == other;
        u8::from(own.story == other.story) + u8::from(same_event)
    }
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
) -> Result<(ModeReport, Vec<f64>), Error> {
    let mut scores = Scores::default();
    for (at, &id) in queries.iter().enumerate() {
        let found = related(engine, id, mode, u32::from(DEPTH_STORY)).await?;
        scores.add(corpus, id, &found);
        if at % 50 == 49 {
            progress(Progress::Query(mode, at + 1, queries.len()));
        }
    }
    let (p50_ms, p99_ms) = time(engine, queries, mode).await?;
    let mean = |values: &[f64]| metrics::mean(values).unwrap_or(0.0);
    let report = ModeReport {
        mode,
        ndcg_10: mean(&scores.ndcg),
        event_mrr: mean(&scores.event_mrr),
        event_recall_10: mean(&scores.event_recall),
        story_recall_100: mean(&scores.story_recall),
        event_query_count: scores.event_mrr.len(),
        p50_ms,
        p99_ms,
    };
    Ok((report, scores.ndcg))
}

/// Median and 99th percentile of one call, milliseconds; timed apart, because people ask for ten.
async fn time(engine: &Engine, queries: &[ArticleId], mode: Mode) -> Result<(f64, f64), Error> {
    let mut ms = Vec::new();
    for &id in queries.iter().take(TIMED_CALLS) {
        let started = Instant::now();
        related(engine, id, mode, 10).await?;
        ms.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let quantile = |share| metrics::quantile(&ms, share).unwrap_or(0.0);
    Ok((quantile(0.5), quantile(0.99)))
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
    let related = Related {
        target,
        filter: Filter::default(),
        mode,
        min_probability: 0.0,
        collapse: false,
        offset: 0,
        limit,
    };
    let answer = engine.related(related).await?;
    Ok(answer.hits.into_iter().map(|hit| hit.article.id).collect())
}

/// Per query, in order.
#[derive(Default)]
pub(super) struct Scores {
    pub(super) ndcg: Vec<f64>,
    pub(super) event_mrr: Vec<f64>,
    pub(super) event_recall: Vec<f64>,
    pub(super) story_recall: Vec<f64>,
}

impl Scores {
    pub(super) fn add(&mut self, corpus: &Corpus, query: ArticleId, found: &[ArticleId]) {
        let (event_count, story_count) = corpus.others(query);
        let gains: Vec<u8> = found.iter().map(|id| corpus.gain(query, *id)).collect();
        let same_event: Vec<bool> = gains.iter().map(|gain| *gain == 2).collect();
        let same_story: Vec<bool> = gains.iter().map(|gain| *gain >= 1).collect();
        let gains: Vec<f64> = gains.into_iter().map(f64::from).collect();
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
