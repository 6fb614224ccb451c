//! `wenmai eval related`: whether the engine finds the other articles of the same event and story.
//!
//! Every labelled article that is drawn asks for related articles, once in each mode. An answer has
//! the gain 2 if it is of the same event, and 1 if it is only of the same story. The modes answer
//! without learned weights; the learned ranker is measured beside them ([`crate::learned`]).

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
use wenmai_domain::scales::Script;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::Related;
use wenmai_engine::Target;

/// The depth of nDCG and of the recall of events.
const DEPTH: usize = 10;
/// The depth of the recall of stories.
const DEPTH_STORY: u16 = 100;
/// The most calls that are timed.
const TIMED_CALLS: usize = 1_000;

/// The settings of a measurement.
pub struct Options {
    /// How many queries to draw; 0 asks all labelled articles.
    pub query_count: usize,
    /// The seed of the draw.
    pub seed: u64,
    /// The modes to compare, in the order of the report.
    pub modes: Vec<Mode>,
    /// The rankers of the folds; without them the learned ranker is not measured.
    pub rankers: Option<Rankers>,
    /// Where to write the features of every query and candidate, for training.
    pub features: Option<Box<dyn Write + Send>>,
}

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The index version of the engine.
    pub index_version: String,
    /// How the cosines of the model are measured.
    pub calibration: String,
    /// The seed of the draw.
    pub seed: u64,
    /// How many articles were indexed.
    pub article_count: usize,
    /// How many stories these articles belong to.
    pub story_count: usize,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// How many queries were asked.
    pub query_count: usize,
    /// One entry for each mode.
    pub modes: Vec<ModeReport>,
    /// The learned ranker, cross-validated by story; `None` for a model that cannot be calibrated.
    pub learned: Option<Learned>,
    /// The time spent on indexing.
    pub ingest: IngestReport,
}

/// The figures of one mode.
#[derive(Debug, Clone, Serialize)]
pub struct ModeReport {
    pub mode: Mode,
    /// The mean nDCG@10, with the gain 2 for the same event and 1 for the same story.
    pub ndcg_10: f64,
    /// The mean reciprocal rank of the first answer of the same event.
    pub event_mrr: f64,
    /// The mean share of the other articles of the event (at most 10) that are among the first 10
    /// answers.
    pub event_recall_10: f64,
    /// The mean share of the other articles of the story (at most 100) that are among the first 100
    /// answers.
    pub story_recall_100: f64,
    /// How many queries have another article of their event.
    pub event_query_count: usize,
    /// The median time of one call for ten hits by one client, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
}

/// The ways in which a run can fail.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The features could not be written.
    #[error("features cannot be written")]
    Write(#[source] std::io::Error),
}

/// Indexes `articles` into `engine`, asks queries and measures the answers.
///
/// # Errors
/// [`Failure`]. A refused article is counted and is not an error.
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
    let can_judge = engine.calibrated().await?.scale(Script::Chinese).is_some();
    let rankers = options.rankers.take().filter(|_| can_judge);
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
        calibration: engine.calibrated().await?.shown(),
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

/// Computes the features of all candidates of all queries.
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

/// The labels of the indexed articles.
#[derive(Default)]
pub(super) struct Corpus {
    labels: BTreeMap<ArticleId, Label>,
    /// The number of articles in each story.
    stories: BTreeMap<String, usize>,
    /// The number of articles in each event of a story.
    events: BTreeMap<Label, usize>,
    refused_count: usize,
}

impl Corpus {
    /// The story of an article, if it is labelled.
    pub(super) fn story(&self, id: ArticleId) -> Option<&str> {
        self.labels.get(&id).map(|label| label.story.as_str())
    }

    /// How many other articles are of its event, and how many of its story.
    pub(super) fn others(&self, id: ArticleId) -> (usize, usize) {
        let Some(own) = self.labels.get(&id) else { return (0, 0) };
        let others = |count: Option<&usize>| count.map_or(0, |count| count.saturating_sub(1));
        (others(self.events.get(own)), others(self.stories.get(&own.story)))
    }

    /// The gain of `found` as an answer to `query`: 2 for the same event, 1 for the same story,
    /// else 0.
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

/// Draws labelled articles that have others to find; the same ones for one seed and corpus.
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

/// The median and the 99th percentile of one call for ten hits, in milliseconds. Timed separately,
/// because people ask for ten.
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

/// The figures of each query, in their order.
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
