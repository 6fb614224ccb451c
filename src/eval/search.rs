//! `wenmai eval search`: whether a search finds the articles that answer a query.
//!
//! A feed is indexed, every query is asked once in each mode, and the answers are compared with the
//! ids that the query names. A query none of whose articles is in the index is reported and left
//! out, because it says nothing about the search. A query that a mode cannot ask counts as one
//! without answers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use crate::Progress;
use crate::bootstrap;
use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::index;
use crate::index::IngestReport;
use crate::metrics;
use crate::queries::Judgement;
use wenmai_domain::article::Record;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::ErrorKind;
use wenmai_engine::Search;

/// The depth of nDCG, of the reciprocal rank and of the first recall.
const DEPTH: usize = 10;
/// The depth of the second recall and of an answer.
const DEPTH_FAR: usize = 100;
/// The most calls that are timed.
const TIMED_CALLS: usize = 1_000;

/// The settings of a measurement.
#[derive(Debug, Clone)]
pub struct Options {
    /// The modes to compare, in the order of the report.
    pub modes: Vec<Mode>,
    /// How queries are resampled for the intervals.
    pub bootstrap: Bootstrap,
}

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The index version of the engine.
    pub index_version: String,
    /// How queries were resampled for the intervals.
    pub bootstrap: Bootstrap,
    /// How many articles were indexed.
    pub article_count: usize,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// How many queries were measured.
    pub query_count: usize,
    /// The queries that were not measured, because no relevant article is in the index.
    pub unanswerable: Vec<Unanswerable>,
    /// The ids that name no indexed article or several.
    pub ids_in_doubt: Vec<IdInDoubt>,
    /// One entry for each mode.
    pub modes: Vec<ModeReport>,
    /// The time spent on indexing.
    pub ingest: IngestReport,
}

/// A query none of whose relevant articles is in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unanswerable {
    /// The number of its line.
    pub line: u64,
    pub query: String,
}

/// An id that names no indexed article, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdInDoubt {
    /// The number of the query's line.
    pub line: u64,
    pub id: String,
    /// How many indexed articles it names; all of them count as relevant.
    pub article_count: usize,
}

/// A mean over the queries with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    pub value: f64,
    /// The 95 % interval from resampling queries.
    pub interval: Option<Interval>,
}

/// The figures of one mode.
#[derive(Debug, Clone, Serialize)]
pub struct ModeReport {
    pub mode: Mode,
    /// The nDCG of the first 10 answers.
    pub ndcg_10: Figure,
    /// The reciprocal rank of the first relevant answer among 10.
    pub mrr_10: Figure,
    /// The share of the relevant articles (at most 10) that are among the first 10 answers.
    pub recall_10: Figure,
    /// The share of the relevant articles (at most 100) that are among the first 100 answers.
    pub recall_100: Figure,
    /// The share of queries whose first answer is relevant.
    pub success_1: Figure,
    /// The 95 % interval of nDCG@10 minus that of the first mode, on the same resamples; `None` for
    /// the first mode.
    pub ndcg_10_ahead: Option<Interval>,
    /// The figures by kind of query, if the file names kinds.
    pub kinds: Vec<KindReport>,
    /// How many queries this mode cannot ask; they count as without answers.
    pub refused_count: usize,
    /// How many calls were timed.
    pub timed_count: usize,
    /// The median time of one call for ten hits by one client, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
}

/// The figures for queries of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindReport {
    /// The name of the kind in the file.
    pub kind: String,
    /// How many queries are of this kind.
    pub query_count: usize,
    pub ndcg_10: f64,
    /// The share of queries whose first answer is relevant.
    pub success_1: f64,
}

/// Indexes `articles` into `engine`, asks `queries` and measures the answers.
///
/// # Errors
/// Any error of the engine. A refused article and a query that a mode cannot ask are counted.
pub async fn run(
    engine: &Engine,
    articles: Vec<Record>,
    queries: Vec<Judgement>,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let with_id = |record: Record| {
        let id = record.source_id.clone();
        (record, id)
    };
    let articles = articles.into_iter().map(with_id).collect();
    let indexed = index::index(engine, articles, progress).await?;
    let names = Names::of(&indexed.labels);
    let mut report = Report {
        index_version: engine.info().await?.index_version,
        bootstrap: options.bootstrap,
        article_count: names.article_count(),
        refused_count: indexed.refused_count,
        query_count: 0,
        unanswerable: Vec::new(),
        ids_in_doubt: Vec::new(),
        modes: Vec::new(),
        ingest: indexed.took,
    };
    let mut asked = Vec::new();
    for query in queries {
        let (gains, doubts) = names.resolve(&query);
        report.ids_in_doubt.extend(doubts);
        let Judgement { number, query, kind, relevant: _ } = query;
        if gains.is_empty() {
            report.unanswerable.push(Unanswerable { line: number, query });
        } else {
            asked.push(Asked { text: query, kind, gains });
        }
    }
    report.query_count = asked.len();
    let mut first = None;
    for &mode in &options.modes {
        let (scores, mut measured) = ask(engine, &asked, mode, options, progress).await?;
        match &first {
            None => first = Some(scores),
            Some(first) => measured.ndcg_10_ahead = ahead(&scores, first, options.bootstrap),
        }
        report.modes.push(measured);
    }
    Ok(report)
}

/// Indexes `articles` into `engine` and writes what a search knows of the candidates of each query, a line of
/// JSON for each: the query, its kind, the gains of all relevant articles, and of each candidate the gain and
/// the features ([`wenmai_engine::SEARCH_FEATURES`]).
///
/// # Errors
/// As [`run`]; [`FeaturesError::Write`].
pub async fn features(
    engine: &Engine,
    articles: Vec<Record>,
    queries: Vec<Judgement>,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), FeaturesError> {
    let with_id = |record: Record| {
        let id = record.source_id.clone();
        (record, id)
    };
    let articles = articles.into_iter().map(with_id).collect();
    let names = Names::of(&index::index(engine, articles, progress).await?.labels);
    let query_count = queries.len();
    for (at, query) in queries.into_iter().enumerate() {
        let (gains, _doubts) = names.resolve(&query);
        let compared = engine.search_features(&query.query).await?;
        let gain = |id| gains.get(id).copied().unwrap_or(0.0);
        let line = serde_json::json!({
            "query": query.query,
            "kind": query.kind,
            "relevant": gains.values().collect::<Vec<_>>(),
            "gains": compared.iter().map(|(id, _)| gain(id)).collect::<Vec<_>>(),
            "features": compared.iter().map(|(_, features)| features).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}").map_err(FeaturesError::Write)?;
        progress(Progress::Query(Mode::Hybrid, at + 1, query_count));
    }
    out.flush().map_err(FeaturesError::Write)
}

/// Features could not be computed or written.
#[derive(Debug, thiserror::Error)]
pub enum FeaturesError {
    /// The engine failed.
    #[error("features cannot be computed")]
    Engine(#[from] Error),
    /// They could not be written.
    #[error("features cannot be written")]
    Write(#[source] std::io::Error),
}

/// Finds the articles that an id names: an id of the feed, or of the article itself.
struct Names {
    articles: BTreeMap<String, BTreeSet<ArticleId>>,
    ids: BTreeSet<ArticleId>,
}

impl Names {
    fn of(labels: &[(ArticleId, String)]) -> Self {
        let ids: BTreeSet<ArticleId> = labels.iter().map(|(id, _)| *id).collect();
        let mut articles = BTreeMap::<String, BTreeSet<ArticleId>>::new();
        for (id, name) in labels.iter().filter(|(_, name)| !name.is_empty()) {
            articles.entry(name.clone()).or_default().insert(*id);
        }
        Self { articles, ids }
    }

    fn article_count(&self) -> usize {
        self.ids.len()
    }

    fn find(&self, name: &str) -> BTreeSet<ArticleId> {
        let own = || name.strip_prefix("articles/").unwrap_or(name).parse().ok();
        match self.articles.get(name) {
            Some(found) => found.clone(),
            None => own().into_iter().filter(|id| self.ids.contains(id)).collect(),
        }
    }

    /// The gains of the indexed articles that a query names, and the ids that name none or several.
    fn resolve(&self, query: &Judgement) -> (BTreeMap<ArticleId, f64>, Vec<IdInDoubt>) {
        let mut gains = BTreeMap::new();
        let mut doubts = Vec::new();
        for (name, gain) in &query.relevant {
            let found = self.find(name);
            if found.len() != 1 {
                let (line, id) = (query.number, name.clone());
                doubts.push(IdInDoubt { line, id, article_count: found.len() });
            }
            for id in found {
                let best = gains.entry(id).or_insert(*gain);
                *best = f64::max(*best, *gain);
            }
        }
        (gains, doubts)
    }
}

/// A query with the gains of the articles that answer it.
struct Asked {
    text: String,
    kind: String,
    gains: BTreeMap<ArticleId, f64>,
}

/// The figures of each query, in their order.
#[derive(Default)]
struct Scores {
    ndcg_10: Vec<f64>,
    mrr_10: Vec<f64>,
    recall_10: Vec<f64>,
    recall_100: Vec<f64>,
    success_1: Vec<f64>,
    refused_count: usize,
}

async fn ask(
    engine: &Engine,
    queries: &[Asked],
    mode: Mode,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Scores, ModeReport), Error> {
    let mut scores = Scores::default();
    for (at, query) in queries.iter().enumerate() {
        let found = search(engine, &query.text, mode, DEPTH_FAR).await?;
        scores.refused_count += usize::from(found.is_none());
        scores.add(&query.gains, &found.unwrap_or_default());
        if at % 50 == 49 {
            progress(Progress::Query(mode, at + 1, queries.len()));
        }
    }
    // Timed separately, because people ask for ten.
    let mut ms = Vec::new();
    for query in queries.iter().take(TIMED_CALLS) {
        let started = Instant::now();
        if search(engine, &query.text, mode, DEPTH).await?.is_some() {
            ms.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let mut report = scores.report(mode, options.bootstrap);
    report.kinds = scores.by_kind(queries);
    report.timed_count = ms.len();
    report.p50_ms = metrics::quantile(&ms, 0.5).unwrap_or(0.0);
    report.p99_ms = metrics::quantile(&ms, 0.99).unwrap_or(0.0);
    Ok((scores, report))
}

/// The articles that were found, best first; `None` for a query that the mode cannot ask.
async fn search(
    engine: &Engine,
    text: &str,
    mode: Mode,
    depth: usize,
) -> Result<Option<Vec<ArticleId>>, Error> {
    let limit = u32::try_from(depth).ok().and_then(|depth| Limit::new(depth).ok());
    let limit = limit.unwrap_or(Limit::MOST);
    let (text, filter) = (text.to_owned(), Filter::default());
    match engine.search(Search { text, filter, mode, collapse: false, offset: 0, limit }).await {
        Ok(answer) => Ok(Some(answer.hits.into_iter().map(|hit| hit.article.id).collect())),
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::TextTooLong) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

impl Scores {
    fn add(&mut self, relevant: &BTreeMap<ArticleId, f64>, found: &[ArticleId]) {
        let gains: Vec<f64> =
            found.iter().map(|id| relevant.get(id).copied().unwrap_or(0.0)).collect();
        let right: Vec<bool> = gains.iter().map(|gain| *gain > 0.0).collect();
        let ideal: Vec<f64> = relevant.values().copied().collect();
        let near = right.get(..DEPTH).unwrap_or(&right);
        let recall = |depth| metrics::recall(&right, relevant.len(), depth).unwrap_or(0.0);
        self.ndcg_10.push(metrics::ndcg(&gains, &ideal, DEPTH).unwrap_or(0.0));
        self.mrr_10.push(metrics::reciprocal_rank(near));
        self.recall_10.push(recall(DEPTH));
        self.recall_100.push(recall(DEPTH_FAR));
        self.success_1.push(f64::from(u8::from(right.first().copied().unwrap_or(false))));
    }

    fn report(&self, mode: Mode, draws: Bootstrap) -> ModeReport {
        let columns =
            [&self.ndcg_10, &self.mrr_10, &self.recall_10, &self.recall_100, &self.success_1];
        let intervals = draws.intervals(self.ndcg_10.len(), |counts| {
            columns.map(|values| bootstrap::mean(values, counts))
        });
        let mut figures = columns.into_iter().zip(intervals).map(|(values, interval)| Figure {
            value: metrics::mean(values).unwrap_or(0.0),
            interval,
        });
        let mut next = || figures.next().unwrap_or(Figure { value: 0.0, interval: None });
        ModeReport {
            mode,
            ndcg_10: next(),
            mrr_10: next(),
            recall_10: next(),
            recall_100: next(),
            success_1: next(),
            ndcg_10_ahead: None,
            kinds: Vec::new(),
            refused_count: self.refused_count,
            timed_count: 0,
            p50_ms: 0.0,
            p99_ms: 0.0,
        }
    }

    /// The figures for each kind of query; empty if no kind is named.
    fn by_kind(&self, queries: &[Asked]) -> Vec<KindReport> {
        let mut kinds = BTreeMap::<&str, (Vec<f64>, Vec<f64>)>::new();
        let scores = self.ndcg_10.iter().zip(&self.success_1);
        for (query, (ndcg, success)) in queries.iter().zip(scores) {
            let (ndcgs, successes) = kinds.entry(&query.kind).or_default();
            ndcgs.push(*ndcg);
            successes.push(*success);
        }
        if kinds.keys().all(|kind| kind.is_empty()) {
            return Vec::new();
        }
        let report = |(kind, (ndcgs, successes)): (&str, (Vec<f64>, Vec<f64>))| KindReport {
            kind: kind.to_owned(),
            query_count: ndcgs.len(),
            ndcg_10: metrics::mean(&ndcgs).unwrap_or(0.0),
            success_1: metrics::mean(&successes).unwrap_or(0.0),
        };
        kinds.into_iter().map(report).collect()
    }
}

/// The 95 % interval of the difference of nDCG@10, query by query.
fn ahead(scores: &Scores, first: &Scores, bootstrap: Bootstrap) -> Option<Interval> {
    let pairs = scores.ndcg_10.iter().zip(&first.ndcg_10);
    let differences: Vec<f64> = pairs.map(|(own, first)| own - first).collect();
    let statistic = |counts: &[u32]| [bootstrap::mean(&differences, counts)];
    let [interval] = bootstrap.intervals(differences.len(), statistic);
    interval
}

#[cfg(test)]
mod tests {
    use super::Names;
    use super::Scores;
    use crate::queries::Judgement;
    use wenmai_domain::article::Record;
    use wenmai_domain::id::ArticleId;

    fn id(source: &str, name: &str) -> (ArticleId, String) {
        let record = Record { source: source.into(), source_id: name.into(), ..Record::default() };
        (ArticleId::derive(&record), name.to_owned())
    }

    #[test]
    fn ids_that_name_none_or_several_are_in_doubt() {
        let (one, other) = (id("甲网", "1"), id("乙网", "1"));
        let third = id("甲网", "3");
        let names = Names::of(&[one, other, third.clone()]);
        let own = format!("articles/{}", third.0);
        let relevant = [("1".into(), 1.0), ("2".into(), 1.0), (own, 2.0)].into();
        let query = Judgement { number: 4, query: "桥".into(), kind: String::new(), relevant };
        let (gains, doubts) = names.resolve(&query);
        assert_eq!(gains.len(), 3);
        assert_eq!(gains.get(&third.0), Some(&2.0));
        let doubts: Vec<_> =
            doubts.iter().map(|doubt| (doubt.id.as_str(), doubt.article_count)).collect();
        assert_eq!(doubts, [("1", 2), ("2", 0)]);
    }

    #[test]
    fn a_query_is_scored_by_rank_and_gain() {
        let [best, good, wrong] = ["1", "2", "3"].map(|name| id("甲网", name).0);
        let mut scores = Scores::default();
        scores.add(&[(best, 2.0), (good, 1.0)].into(), &[wrong, good, best]);
        let log = f64::log2;
        // Computed by hand: gains 0, 1, 2 at ranks 1, 2, 3, where 2, 1 would be best.
        let ndcg = (1.0 / log(3.0) + 2.0 / log(4.0)) / (2.0 + 1.0 / log(3.0));
        assert!((scores.ndcg_10[0] - ndcg).abs() < 1e-12);
        assert_eq!((scores.mrr_10[0], scores.success_1[0]), (0.5, 0.0));
        assert_eq!((scores.recall_10[0], scores.recall_100[0]), (1.0, 1.0));
    }

    #[test]
    fn what_stands_past_ten_counts_for_the_far_recall_only() {
        let ids: Vec<ArticleId> = (0..20).map(|at| id("甲网", &at.to_string()).0).collect();
        let mut scores = Scores::default();
        scores.add(&[(ids[15], 1.0)].into(), &ids);
        assert_eq!((scores.ndcg_10[0], scores.mrr_10[0], scores.recall_10[0]), (0.0, 0.0, 0.0));
        assert!((scores.recall_100[0] - 1.0).abs() < 1e-12);
    }
}
