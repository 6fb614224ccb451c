//! Sets of one event's articles, told together, against a report that is not among them.
//!
//! The stories' ids read `story_event_kind_rank`; kind `0` is the timeline's own report, which is
//! held out, and its facts (numbers, dates, names of headline and opening) are looked for in what
//! is told from the others. Beside ours stand leads one after the other, at the same length.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Instant;

use serde::Serialize;

use crate::domain::article::Record;
use crate::eval::bootstrap::Bootstrap;
use crate::eval::bootstrap::Interval;
use crate::eval::bootstrap::mean;
use crate::eval::bootstrap::once;
use crate::eval::metrics::quantile;
use crate::eval::stories::Labelled;
use crate::eval::summary::baseline;
use crate::summary::Budget;
use crate::summary::joined;
use crate::summary::set;
use crate::summary::set::Source;
use crate::summary::topic;
use crate::summary::topic::Reader;
use crate::text::entity::Extractor;
use crate::text::entity::Kind;

/// Articles of an event beside the report, at least.
const MEMBERS_MIN: usize = 3;
/// Articles of a set, at most.
const MEMBERS_MAX: usize = 40;
/// Characters of the report's body whose facts are asked for.
const GOLD_CHARS: usize = 300;
/// Characters that tell copies of one text.
const COPY_CHARS: usize = 60;
/// Articles of the sets that are timed.
const TIMED: usize = 200;
/// Sets that are timed, at most.
const TIMED_SETS_MAX: usize = 40;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Events with a report and enough other articles.
    pub set_count: usize,
    /// Median articles of a set.
    pub member_count: f64,
    /// Median facts of a report.
    pub fact_count: f64,
    /// Characters told at most.
    pub budget: usize,
    /// Leads one after the other, and ours.
    pub systems: Vec<System>,
    /// Ours less leads: recall, precision, with 95 % intervals over events.
    pub over_leads: [f64; 2],
    /// Of `over_leads`.
    pub intervals: [Option<Interval>; 2],
    /// Sets of 200 articles that were timed, all parts of a story.
    pub timed_count: usize,
    /// Their median, milliseconds, one thread.
    pub p50_ms: f64,
    /// Their 99th percentile.
    pub p99_ms: f64,
    /// How intervals were drawn.
    pub bootstrap: Bootstrap,
}

/// One system's figures.
#[derive(Debug, Clone, Serialize)]
pub struct System {
    /// Its name.
    pub name: &'static str,
    /// Mean share of the report's facts that are told.
    pub recall: f64,
    /// Mean share of the told facts that the report holds.
    pub precision: f64,
    /// Mean characters.
    pub mean_chars: f64,
    /// Mean share of a sentence's pairs that sentences before it hold.
    pub redundancy: f64,
}

type Facts = BTreeSet<(Kind, String)>;

/// Measures sets of `articles`.
#[must_use]
pub fn run(
    articles: &[Labelled],
    reader: Reader<'_>,
    budget: Budget,
    bootstrap: Bootstrap,
) -> Report {
    let mut rows: [Vec<Row>; 2] = Default::default();
    let (mut members, mut facts) = (Vec::new(), Vec::new());
    for (report, others) in events(articles) {
        let gold = gold(report, reader.extractor);
        if gold.is_empty() {
            continue;
        }
        let bodies: Vec<String> = others.iter().map(|record| record.body()).collect();
        let sources = sources(&others, &bodies);
        let clusters = set::clusters(&sources, reader.ranker, budget);
        let told = set::tell(&sources, &clusters, budget);
        let ours = joined(told.iter().map(|one| one.extract.text.as_str()));
        let texts = [leads(&sources, budget.chars()), ours];
        for (rows, text) in rows.iter_mut().zip(texts) {
            rows.push(row(&text, &gold, reader.extractor));
        }
        members.push(count(others.len()));
        facts.push(count(gold.len()));
    }
    let [leads, ours] = &rows;
    let differ = |of: fn(&Row) -> f64| -> Vec<f64> {
        ours.iter().zip(leads).map(|(ours, lead)| of(ours) - of(lead)).collect()
    };
    let (recall, precision) = (differ(|row| row.recall), differ(|row| row.precision));
    let figures = |counts: &[u32]| [mean(&recall, counts), mean(&precision, counts)];
    let times = times(articles, reader, budget);
    Report {
        set_count: members.len(),
        member_count: quantile(&members, 0.5).unwrap_or_default(),
        fact_count: quantile(&facts, 0.5).unwrap_or_default(),
        budget: budget.chars(),
        systems: vec![system("concatenated leads", leads), system("ours", ours)],
        over_leads: figures(&once(recall.len())).map(Option::unwrap_or_default),
        intervals: bootstrap.intervals(recall.len(), figures),
        timed_count: times.len(),
        p50_ms: quantile(&times, 0.5).unwrap_or_default(),
        p99_ms: quantile(&times, 0.99).unwrap_or_default(),
        bootstrap,
    }
}

struct Row {
    recall: f64,
    precision: f64,
    chars: f64,
    redundancy: f64,
}

/// Of each event that has them: the report, and the other articles.
fn events(articles: &[Labelled]) -> Vec<(&Record, Vec<&Record>)> {
    let mut events: BTreeMap<(&str, &str), [Vec<&Record>; 2]> = BTreeMap::new();
    for Labelled { record, story, event } in articles {
        let Some(event) = event else { continue };
        let [reports, others] = events.entry((story, event)).or_default();
        let kind = record.source_id.rsplit('_').nth(1);
        if kind == Some("0") { reports.push(record) } else { others.push(record) }
    }
    let mut found = Vec::new();
    for [reports, mut others] in events.into_values() {
        others.truncate(MEMBERS_MAX);
        let report = reports.first().filter(|_| others.len() >= MEMBERS_MIN);
        found.extend(report.map(|report| (*report, others)));
    }
    found
}

/// The articles as sources; copies of one opening are one group.
fn sources<'a>(records: &[&'a Record], bodies: &'a [String]) -> Vec<Source<'a>> {
    let mut groups: HashMap<String, usize> = HashMap::new();
    let each = records.iter().zip(bodies);
    each.map(|(record, body)| {
        let next = groups.len();
        let opening: String =
            body.chars().filter(|c| c.is_alphanumeric()).take(COPY_CHARS).collect();
        Source {
            title: &record.title,
            body,
            outlet: &record.source,
            time: record.published_at,
            group: *groups.entry(opening).or_insert(next),
            weight: 1.0,
        }
    })
    .collect()
}

/// The first sentence of each text in order of time, until `chars` are full.
fn leads(sources: &[Source<'_>], chars: usize) -> String {
    let mut order: Vec<&Source<'_>> = sources.iter().collect();
    order.sort_by_key(|source| (source.time.is_none(), source.time));
    let mut groups = BTreeSet::new();
    order.retain(|source| groups.insert(source.group));
    let firsts = order.iter().filter_map(|source| baseline::split(source.body).into_iter().next());
    firsts.collect::<String>().chars().take(chars).collect()
}

fn gold(report: &Record, extractor: &Extractor) -> Facts {
    let opening: String = report.body().chars().take(GOLD_CHARS).collect();
    facts(&format!("{}\n{opening}", report.title), extractor)
}

fn facts(text: &str, extractor: &Extractor) -> Facts {
    extractor.entities(text, None).into_iter().map(|one| (one.kind, one.key)).collect()
}

fn row(text: &str, gold: &Facts, extractor: &Extractor) -> Row {
    let told = facts(text, extractor);
    let shared = count(told.intersection(gold).count());
    Row {
        recall: shared / count(gold.len()).max(1.0),
        precision: shared / count(told.len()).max(1.0),
        chars: count(text.chars().count()),
        redundancy: baseline::redundancy(text),
    }
}

fn system(name: &'static str, rows: &[Row]) -> System {
    let of = |value: fn(&Row) -> f64| {
        let values: Vec<f64> = rows.iter().map(value).collect();
        mean(&values, &once(values.len())).unwrap_or_default()
    };
    System {
        name,
        recall: of(|row| row.recall),
        precision: of(|row| row.precision),
        mean_chars: of(|row| row.chars),
        redundancy: of(|row| row.redundancy),
    }
}

/// Milliseconds to tell [`TIMED`] articles of one story with all parts, per story that has as many.
fn times(articles: &[Labelled], reader: Reader<'_>, budget: Budget) -> Vec<f64> {
    let mut stories: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for article in articles {
        stories.entry(&article.story).or_default().push(&article.record);
    }
    let large = stories.into_values().filter(|records| records.len() >= TIMED);
    let mut found = Vec::new();
    for mut records in large.take(TIMED_SETS_MAX) {
        records.truncate(TIMED);
        let bodies: Vec<String> = records.iter().map(|record| record.body()).collect();
        let sources = sources(&records, &bodies);
        let started = Instant::now();
        std::hint::black_box(topic::story(&sources, reader, budget));
        found.push(1_000.0 * started.elapsed().as_secs_f64());
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "counts of articles are far below 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::run;
    use crate::domain::article::Record;
    use crate::eval::bootstrap::Bootstrap;
    use crate::eval::stories::Labelled;
    use crate::summary::Budget;
    use crate::summary::ranker::Ranker;
    use crate::summary::topic::Reader;
    use crate::text::entity::Extractor;
    use crate::text::terms::Analyzer;

    fn article(kind: &str, rank: u8, body: &str) -> Labelled {
        let record = Record {
            source: format!("s{rank}"),
            source_id: format!("a_b_{kind}_{rank}"),
            title: "清河县遭遇暴雨 转移群众".to_owned(),
            paragraphs: vec![body.to_owned()],
            ..Record::default()
        };
        Labelled { record, story: "a".to_owned(), event: Some("b".to_owned()) }
    }

    #[test]
    fn the_report_is_held_out_and_its_facts_are_looked_for() {
        let all = [
            article("0", 1, "清河县暴雨，已转移群众3200人。"),
            article("1", 1, "记者今天到了现场。清河县暴雨，已转移群众3200人。"),
            article("1", 2, "雨下了一夜。截至目前，清河县转移群众3200人。"),
            article("N", 1, "大家都在忙。清河县的群众正在转移。"),
        ];
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let extractor = Extractor::load(Arc::clone(&analyzer)).unwrap();
        let ranker = Ranker::bundled().unwrap();
        let reader = Reader { ranker: &ranker, extractor: &extractor, analyzer: &analyzer };
        let bootstrap = Bootstrap { seed: 1, resample_count: 10 };
        let report = run(&all, reader, Budget::new(40).unwrap(), bootstrap);
        assert_eq!((report.set_count, report.timed_count), (1, 0));
        assert!(report.systems[1].recall > report.systems[0].recall, "{report:?}");
        let without = run(&all[1..], reader, Budget::new(40).unwrap(), bootstrap);
        assert_eq!(without.set_count, 0, "no report, nothing to compare with");
    }
}
