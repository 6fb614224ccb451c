//! `wenmai eval search`: does a search find the articles that answer a query?
//!
//! A feed is indexed, every query is asked once per mode, and the answers are held against the ids
//! that the query's line names. A query of which no article is in the index says nothing about the
//! search: it is named and left out. One that a mode cannot ask counts as answered with nothing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
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

/// Depth of nDCG, MRR and the first recall.
const DEPTH: usize = 10;
/// Depth of the second recall, and of an answer.
const DEPTH_FAR: usize = 100;
/// Calls that are timed, at most.
const TIMED_CALLS: usize = 1_000;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Modes to compare, in the order of the report.
    pub modes: Vec<Mode>,
    /// How to draw the queries for intervals.
    pub bootstrap: Bootstrap,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What the index was made with.
    pub index_version: String,
    /// How intervals were drawn.
    pub bootstrap: Bootstrap,
    /// Articles indexed.
    pub article_count: usize,
    /// Articles that could not be indexed.
    pub refused_count: usize,
    /// Queries measured.
    pub query_count: usize,
    /// Queries of which no relevant article is in the index: not measured.
    pub unanswerable: Vec<Unanswerable>,
    /// Ids that do not name just one indexed article.
    pub ids_in_doubt: Vec<IdInDoubt>,
    /// One entry per mode.
    pub modes: Vec<ModeReport>,
    /// Time spent indexing.
    pub ingest: IngestReport,
}

/// A query of which no relevant article is in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unanswerable {
    /// Number of the line.
    pub line: u64,
    /// What was to be asked.
    pub query: String,
}

/// An id that names no indexed article, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdInDoubt {
    /// Number of the query's line.
    pub line: u64,
    /// The id.
    pub id: String,
    /// Indexed articles that it names; where several, all count as relevant.
    pub article_count: usize,
}

/// A mean over the queries and how far it would move with others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The mean.
    pub value: f64,
    /// Its 95 % interval over the queries.
    pub interval: Option<Interval>,
}

/// What was measured of one mode.
#[derive(Debug, Clone, Serialize)]
pub struct ModeReport {
    /// The mode.
    pub mode: Mode,
    /// nDCG of the first 10.
    pub ndcg_10: Figure,
    /// Reciprocal rank of the first relevant answer among 10.
    pub mrr_10: Figure,
    /// Share of the relevant articles (at most 10) among the first 10.
    pub recall_10: Figure,
    /// Share of the relevant articles (at most 100) among the first 100.
    pub recall_100: Figure,
    /// Share of queries whose first answer is relevant.
    pub success_1: Figure,
    /// How much higher nDCG@10 is than that of the first mode, on the same resamples.
    pub ndcg_10_ahead: Option<Interval>,
    /// The same queries by kind, where the file names kinds.
    pub kinds: Vec<KindReport>,
    /// Queries that this mode cannot ask: answered with nothing.
    pub refused_count: usize,
    /// Calls that were timed.
    pub timed_count: usize,
    /// Median time of one call for ten hits, milliseconds, one client.
    pub p50_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
}

/// The queries of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindReport {
    /// What the file calls it.
    pub kind: String,
    /// How many there are.
    pub query_count: usize,
    /// Mean nDCG@10.
    pub ndcg_10: f64,
    /// Share whose first answer is relevant.
    pub success_1: f64,
}

/// Indexes `articles` into `engine`, asks and measures.
///
/// # Errors
/// What the engine gives; a refused article, and a query that a mode cannot ask, are counted.
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

/// What ids name: the feed's, and the articles' own.
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

/// A query with the gains of what answers it.
struct Asked {
    text: String,
    kind: String,
    gains: BTreeMap<ArticleId, f64>,
}

/// Per query, in order.
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
    // Timed apart: people ask for ten.
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

/// The articles found, best first; `None` for a query that the mode cannot ask.
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

    /// The figures of each kind of query; nothing where no kind is named.
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

/// How much higher nDCG@10 is, query by query.
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
        // By hand: gains 0, 1, 2 at ranks 1, 2, 3 against 2, 1.
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
