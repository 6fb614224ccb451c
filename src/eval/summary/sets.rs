//! Summarizes sets of articles on one event, and compares the text with a report that is not in the
//! set.
//!
//! The ids of the stories have the form `story_event_kind_rank`. Kind `0` is the report of the
//! timeline itself, which is held out. Its facts (the numbers, dates and names in headline and
//! opening) are looked for in the summary of the other articles. Copied openings are the baselines,
//! and every text is cut at the same length.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Instant;

use serde::Serialize;

use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::bootstrap::mean;
use crate::bootstrap::once;
use crate::metrics::quantile;
use crate::stories::Labelled;
use crate::summary::baseline;
use wenmai_domain::article::Record;
use wenmai_summary::Budget;
use wenmai_summary::joined;
use wenmai_summary::reading;
use wenmai_summary::series;
use wenmai_summary::set;
use wenmai_summary::set::Source;
use wenmai_summary::topic;
use wenmai_summary::topic::Reader;
use wenmai_text::entity::Extractor;
use wenmai_text::entity::Kind;

/// The least number of articles of an event beside the report.
const MEMBERS_MIN: usize = 3;
/// The most articles in a set.
const MEMBERS_MAX: usize = 40;
/// Facts are taken from this many characters of the report's body.
const GOLD_CHARS: usize = 300;
/// The number of opening characters by which copies of one text are recognized.
const COPY_CHARS: usize = 60;
/// The number of articles in the sets that are timed.
const TIMED: usize = 200;
/// The most sets that are timed.
const TIMED_SETS_MAX: usize = 40;

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How many events have a report and enough other articles.
    pub set_count: usize,
    /// The median number of articles in a set.
    pub member_count: f64,
    /// The median number of facts in a report.
    pub fact_count: f64,
    /// One table for each length.
    pub tables: Vec<Table>,
    /// How many sets of 200 articles were timed; for each, all parts of a story were made at the
    /// last length.
    pub timed_count: usize,
    /// The median time of these, in milliseconds on one thread.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
    /// How events were resampled for the intervals.
    pub bootstrap: Bootstrap,
}

/// The figures of all systems at one length.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// How many characters each system may use; longer texts are cut.
    pub budget: usize,
    /// The systems, of which ours is the last.
    pub systems: Vec<System>,
}

/// The figures of one system.
#[derive(Debug, Clone, Serialize)]
pub struct System {
    /// The name of the system.
    pub name: &'static str,
    /// The mean share of the report's facts that the text contains.
    pub recall: f64,
    /// The mean share of the text's facts that the report contains.
    pub precision: f64,
    /// The mean length in characters.
    pub mean_chars: f64,
    /// The mean share of a sentence's pairs that earlier sentences contain.
    pub redundancy: f64,
    /// The 95 % intervals of recall and precision from resampling events.
    pub intervals: [Option<Interval>; 2],
    /// Our recall minus this one's, and our precision minus this one's; 0 for our own system.
    pub ours_less: [f64; 2],
    /// The 95 % intervals of `ours_less`.
    pub ours_less_intervals: [Option<Interval>; 2],
}

/// The names of the systems, ours last.
const NAMES: [&str; 4] =
    ["first article's text", "first sentences, by time", "sentences in turn, by time", "ours"];

type Facts = BTreeSet<(Kind, String)>;

/// Measures sets of `articles` at each of the lengths `budgets`.
#[must_use]
pub fn run(
    articles: &[Labelled],
    reader: Reader<'_>,
    budgets: &[Budget],
    bootstrap: Bootstrap,
) -> Report {
    let events = events(articles);
    let events: Vec<Event<'_>> = events
        .iter()
        .map(|(report, others)| Event { gold: gold(report, reader.extractor), others })
        .filter(|event| !event.gold.is_empty())
        .collect();
    let members: Vec<f64> = events.iter().map(|event| count(event.others.len())).collect();
    let facts: Vec<f64> = events.iter().map(|event| count(event.gold.len())).collect();
    let tables = budgets.iter().map(|budget| table(&events, reader, *budget, bootstrap)).collect();
    let times = budgets.last().map_or_else(Vec::new, |last| times(articles, reader, *last));
    Report {
        set_count: events.len(),
        member_count: quantile(&members, 0.5).unwrap_or_default(),
        fact_count: quantile(&facts, 0.5).unwrap_or_default(),
        tables,
        timed_count: times.len(),
        p50_ms: quantile(&times, 0.5).unwrap_or_default(),
        p99_ms: quantile(&times, 0.99).unwrap_or_default(),
        bootstrap,
    }
}

/// The facts of a report, and the other articles of its event.
struct Event<'a> {
    gold: Facts,
    others: &'a [&'a Record],
}

fn table(events: &[Event<'_>], reader: Reader<'_>, budget: Budget, bootstrap: Bootstrap) -> Table {
    let mut rows: [Vec<Row>; 4] = Default::default();
    for Event { gold, others } in events {
        let bodies: Vec<String> = others.iter().map(|record| record.body()).collect();
        let sources = sources(others, &bodies);
        let readings = reading::read(&sources, reader, budget.chars());
        let (matter, _) = series::matter(&sources, &readings);
        let told = set::tell(&sources, &readings, &matter, reader.ranker, budget);
        let ours = joined(told.iter().map(|one| one.piece.extract.text.as_str()));
        let [first, firsts, turns] = leads(&sources);
        for (rows, text) in rows.iter_mut().zip([first, firsts, turns, ours]) {
            let text: String = text.chars().take(budget.chars()).collect();
            rows.push(row(&text, gold, reader.extractor));
        }
    }
    let [.., ours] = &rows;
    let systems = NAMES.into_iter().zip(&rows);
    let systems = systems.map(|(name, rows)| system(name, rows, ours, bootstrap)).collect();
    Table { budget: budget.chars(), systems }
}

struct Row {
    recall: f64,
    precision: f64,
    chars: f64,
    redundancy: f64,
}

/// For each event that has both: its report and its other articles.
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

/// The articles as sources of a summary; articles with the same opening are one group.
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
            url: &record.url,
            group: *groups.entry(opening).or_insert(next),
            event: 0,
            weight: 1.0,
        }
    })
    .collect()
}

/// Three baselines of copied openings, which are as long as there is text: the earliest article
/// from its start; the first sentence of each article, in order of time; one sentence of each
/// article in turn, in order of time.
fn leads(sources: &[Source<'_>]) -> [String; 3] {
    let mut order: Vec<&Source<'_>> = sources.iter().collect();
    order.sort_by_key(|source| (source.time.is_none(), source.time));
    let mut groups = BTreeSet::new();
    order.retain(|source| groups.insert(source.group));
    let split: Vec<Vec<&str>> = order.iter().map(|source| baseline::split(source.body)).collect();
    let most = split.iter().map(Vec::len).max().unwrap_or_default();
    let turn = |at: usize| split.iter().filter_map(move |sentences| sentences.get(at).copied());
    let first = split.first().map(|sentences| sentences.concat()).unwrap_or_default();
    [first, turn(0).collect(), (0..most).flat_map(turn).collect()]
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

fn system(name: &'static str, rows: &[Row], ours: &[Row], bootstrap: Bootstrap) -> System {
    let values = |value: fn(&Row) -> f64| rows.iter().map(value).collect::<Vec<f64>>();
    let less = |value: fn(&Row) -> f64| {
        ours.iter().zip(rows).map(|(ours, row)| value(ours) - value(row)).collect::<Vec<f64>>()
    };
    let (recall, precision) = (values(|row| row.recall), values(|row| row.precision));
    let (more_recall, more_precision) = (less(|row| row.recall), less(|row| row.precision));
    let figures = |counts: &[u32]| {
        [&recall, &precision, &more_recall, &more_precision].map(|values| mean(values, counts))
    };
    let all = once(rows.len());
    let [recall_mean, precision_mean, more, more_precise] =
        figures(&all).map(Option::unwrap_or_default);
    let [recall_at, precision_at, more_at, more_precise_at] =
        bootstrap.intervals(rows.len(), figures);
    let of = |value: fn(&Row) -> f64| mean(&values(value), &all).unwrap_or_default();
    System {
        name,
        recall: recall_mean,
        precision: precision_mean,
        mean_chars: of(|row| row.chars),
        redundancy: of(|row| row.redundancy),
        intervals: [recall_at, precision_at],
        ours_less: [more, more_precise],
        ours_less_intervals: [more_at, more_precise_at],
    }
}

/// The milliseconds to summarize [`TIMED`] articles of one story with all parts, for each story
/// with that many.
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
    use crate::bootstrap::Bootstrap;
    use crate::stories::Labelled;
    use wenmai_domain::article::Record;
    use wenmai_summary::Budget;
    use wenmai_summary::ranker::Ranker;
    use wenmai_summary::topic::Reader;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

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
        let goes_on = &|| true;
        let reader =
            Reader { ranker: &ranker, extractor: &extractor, analyzer: &analyzer, goes_on };
        let bootstrap = Bootstrap { seed: 1, resample_count: 10 };
        let budgets = [20, 40].map(|chars| Budget::new(chars).unwrap());
        let report = run(&all, reader, &budgets, bootstrap);
        assert_eq!((report.set_count, report.timed_count, report.tables.len()), (1, 0, 2));
        for (table, budget) in report.tables.iter().zip([20.0, 40.0]) {
            let [first, firsts, turns, ours] = table.systems.as_slice() else { panic!() };
            assert!(table.systems.iter().all(|one| one.mean_chars <= budget), "{report:?}");
            assert!(turns.mean_chars > firsts.mean_chars - 0.1, "{report:?}");
            assert!((ours.ours_less[0]).abs() < 1e-9 && first.ours_less[0] > -1.0);
        }
        let [.., firsts, _, ours] = report.tables[1].systems.as_slice() else { panic!() };
        assert!(ours.recall > firsts.recall, "{report:?}");
        let without = run(&all[1..], reader, &budgets, bootstrap);
        assert_eq!(without.set_count, 0, "no report, nothing to compare with");
    }
}
