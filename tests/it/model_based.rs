//! Any history of ingest, delete, get, list, filter, count and search against a plain map.
//!
//! Each step goes to the service over the embedded store and over the store in memory, through the
//! same contract that clients use. What a map can know is checked against the map: outcomes, texts,
//! filters, totals, pages, which articles a dense search finds and how similar they are. What it
//! cannot (terms, fusion) must be the same over both stores. A history that fails is cut to its
//! shortest failing prefix, and what can be left out of that is left out.

mod history;
mod subject;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Instant;

use tempfile::TempDir;
use wenmai::proto::wire;
use wenmai::proto::wire::IngestOutcome;
use wenmai::proto::wire::SearchMode;

use crate::support::counts;
use history::Condition;
use history::Draft;
use history::History;
use history::Op;
use history::WORLD;
use subject::Held;
use subject::Scores;
use subject::Subject;

/// How far a similarity may be from that of the texts.
const TOLERANCE: f32 = 1e-3;
/// How far BM25, and what is made of it, may be apart between the stores, as a share: Qdrant's
/// engine counts deleted points among those that hold a term until it rebuilds their segment.
const LEXICAL_TOLERANCE: f32 = 0.25;
/// Operations that are done again to leave something out of a history that fails.
const REPLAYED_MAX: usize = 100_000;

/// What a step found wrong.
type Wrong = String;

/// Fails a step.
macro_rules! hold {
    ($condition:expr, $($told:tt)+) => {
        if !$condition {
            return Err(format!($($told)+));
        }
    };
}

/// Both services and the map.
struct Trial {
    _folder: TempDir,
    subjects: Vec<Subject>,
    held: Held,
    names: BTreeMap<usize, String>,
}

impl Trial {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let subjects = vec![Subject::open(Some(&data)).await, Subject::open(None).await];
        Self { _folder: folder, subjects, held: Held::new(), names: BTreeMap::new() }
    }

    async fn step(&mut self, op: &Op) -> Result<(), Wrong> {
        match op {
            Op::Batch(drafts) => self.batch(drafts).await,
            Op::Stream(items) => self.stream(items).await,
            Op::Delete(number) => self.delete(*number).await,
            Op::Get(number) => self.get(*number).await,
            Op::List(filter, page_size) => self.list(filter, *page_size).await,
            Op::Search { words, filter, mode, page_size } => {
                self.search(words, filter, *mode, *page_size).await
            }
            Op::Reopen => {
                let mut reopened = Vec::new();
                for subject in self.subjects.drain(..) {
                    reopened.push(subject.reopened().await);
                }
                self.subjects = reopened;
                Ok(())
            }
        }
    }

    /// Notes `draft` as stored under `name`; what storing it must have changed.
    fn expect(&mut self, draft: &Draft, name: &str) -> Result<IngestOutcome, Wrong> {
        let known = self.names.entry(draft.number).or_insert_with(|| name.to_owned());
        hold!(known == name, "article {} was {known}, now is {name}", draft.number);
        Ok(match self.held.insert(draft.number, draft.record.clone()) {
            None => IngestOutcome::Created,
            Some(before) if before == draft.record => IngestOutcome::Unchanged,
            Some(_) => IngestOutcome::Updated,
        })
    }

    async fn batch(&mut self, drafts: &[Draft]) -> Result<(), Wrong> {
        let records: Vec<_> = drafts.iter().map(|draft| draft.record.clone()).collect();
        let mut answers = Vec::new();
        for subject in &mut self.subjects {
            answers.push(subject.batch(records.clone()).await.map_err(|error| told(&error))?);
        }
        hold!(answers[0] == answers[1], "stores differ: {answers:?}");
        hold!(answers[0].len() == drafts.len(), "{} of {}", answers[0].len(), drafts.len());
        for (draft, (name, outcome)) in drafts.iter().zip(&answers[0]) {
            let expected = self.expect(draft, name)?;
            hold!(*outcome == expected, "{}: {outcome:?}, not {expected:?}", draft.number);
        }
        Ok(())
    }

    async fn stream(&mut self, items: &[Option<Draft>]) -> Result<(), Wrong> {
        let record = |item: &Option<Draft>| {
            item.as_ref().map_or_else(wire::ArticleRecord::default, |draft| draft.record.clone())
        };
        let records: Vec<_> = items.iter().map(record).collect();
        let mut answers = Vec::new();
        for subject in &mut self.subjects {
            answers.push(subject.stream(records.clone()).await.map_err(|error| told(&error))?);
        }
        hold!(answers[0] == answers[1], "stores differ: {answers:?}");
        hold!(answers[0].len() == items.len(), "{} of {}", answers[0].len(), items.len());
        for (item, answer) in items.iter().zip(&answers[0]) {
            match (item, answer) {
                (None, None) => {}
                (Some(draft), Some((name, outcome))) => {
                    let expected = self.expect(draft, name)?;
                    hold!(*outcome == expected, "{}: {outcome:?}, not {expected:?}", draft.number);
                }
                _ => return Err(format!("{item:?} was answered {answer:?}")),
            }
        }
        Ok(())
    }

    /// The name of an article, or one that nothing has.
    fn name(&self, number: usize) -> String {
        let unknown = || format!("articles/00000000-0000-5000-8000-{number:012}");
        self.names.get(&number).cloned().unwrap_or_else(unknown)
    }

    async fn delete(&mut self, number: usize) -> Result<(), Wrong> {
        let (name, expected) = (self.name(number), self.held.remove(&number).is_some());
        for subject in &mut self.subjects {
            let was_there = subject.delete(&name).await.map_err(|error| told(&error))?;
            hold!(was_there == expected, "deleted {number}: was there {was_there}");
        }
        Ok(())
    }

    async fn get(&mut self, number: usize) -> Result<(), Wrong> {
        let (name, expected) = (self.name(number), self.held.get(&number));
        for subject in &mut self.subjects {
            let article = subject.get(&name).await.map_err(|error| told(&error))?;
            let record = article.as_ref().and_then(|article| article.record.as_ref());
            hold!(record == expected, "article {number} is {record:?}, not {expected:?}");
            hold!(article.is_none_or(|article| article.name == name), "{number} has another name");
        }
        Ok(())
    }

    /// The names of what passes.
    fn passing(&self, filter: &Condition) -> BTreeSet<&str> {
        let passing = self.held.iter().filter(|(_, record)| filter.passes(record));
        passing.map(|(number, _)| self.names[number].as_str()).collect()
    }

    async fn list(&mut self, filter: &Condition, page_size: i32) -> Result<(), Wrong> {
        for at in 0..self.subjects.len() {
            let listed = self.subjects[at].list(filter, page_size).await;
            let (articles, totals) = listed.map_err(|error| told(&error))?;
            let names: Vec<&str> = articles.iter().map(|article| article.name.as_str()).collect();
            // Sets are in order, and hold each name once.
            let expected: Vec<&str> = self.passing(filter).into_iter().collect();
            hold!(names == expected, "store {at} lists {names:?}, not {expected:?}");
            let total = expected.len() as u64;
            hold!(totals.iter().all(|one| *one == total), "store {at} counts {totals:?}");
            for article in &articles {
                let Some(record) = &article.record else {
                    return Err(format!("{} has no record", article.name));
                };
                hold!(record.paragraphs.is_empty(), "a body in the BASIC view");
                hold!(filter.passes(record), "{record:?} does not pass");
            }
        }
        Ok(())
    }

    async fn search(
        &mut self,
        words: &str,
        filter: &Condition,
        mode: SearchMode,
        page_size: i32,
    ) -> Result<(), Wrong> {
        let mut all: Vec<Scores> = Vec::new();
        for at in 0..self.subjects.len() {
            let subject = &mut self.subjects[at];
            let hits = subject.hits(words, filter, mode, 100).await.map_err(|e| told(&e))?;
            let first = subject.hits(words, filter, mode, page_size).await.map_err(|e| told(&e))?;
            let size = if page_size == 0 { 10 } else { usize::try_from(page_size).unwrap() };
            let head = &hits[..hits.len().min(size)];
            hold!(first.len() == head.len(), "store {at}: a page holds {}", first.len());
            let same = first.iter().zip(head).all(|(one, other)| one.article == other.article);
            hold!(same, "store {at}: a short page is not the start of a long one");
            let ordered = hits.windows(2).all(|two| two[0].fused_score >= two[1].fused_score);
            hold!(ordered, "store {at}: not best first");
            let scores = subject::scores(&hits);
            hold!(scores.len() == hits.len(), "store {at}: an article twice");
            let passing = self.passing(filter);
            for name in scores.keys() {
                hold!(passing.contains(name.as_str()), "store {at}: {name} is not to be found");
            }
            if mode == SearchMode::Dense {
                hold!(scores.len() == passing.len(), "store {at}: {} found", scores.len());
                self.similar(words, &scores)?;
            }
            all.push(scores);
        }
        same_scores(&all[0], &all[1])
    }

    /// Whether similarities are those of the texts.
    fn similar(&self, words: &str, scores: &Scores) -> Result<(), Wrong> {
        let query = unit(counts(words));
        for (number, record) in &self.held {
            let Some([Some(similarity), ..]) = scores.get(&self.names[number]) else { continue };
            let whole = format!("{}\n{}", record.title, record.paragraphs.join("\n"));
            let (title, whole) = (unit(counts(&record.title)), unit(counts(&whole)));
            let text = unit(title.iter().zip(&whole).map(|(a, b)| a + b).collect());
            let expected: f32 = query.iter().zip(&text).map(|(a, b)| a * b).sum();
            let near = (similarity - expected).abs() < TOLERANCE;
            hold!(near, "{number} is {similarity} similar, not {expected}");
        }
        Ok(())
    }
}

/// Whether two stores found the same with the same scores.
fn same_scores(left: &Scores, right: &Scores) -> Result<(), Wrong> {
    let names = |scores: &Scores| scores.keys().cloned().collect::<BTreeSet<_>>();
    hold!(names(left) == names(right), "stores differ: {left:?} and {right:?}");
    let tolerances = [TOLERANCE, LEXICAL_TOLERANCE, LEXICAL_TOLERANCE];
    for (name, scores) in left {
        for ((one, other), tolerance) in scores.iter().zip(right[name]).zip(tolerances) {
            let near = match (one, other) {
                (Some(one), Some(other)) => (one - other).abs() <= tolerance * other.abs().max(1.0),
                (one, other) => one.is_none() && other.is_none(),
            };
            hold!(near, "stores differ: {name} scores {scores:?} and {:?}", right[name]);
        }
    }
    Ok(())
}

fn unit(values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.into_iter().map(|value| value / length).collect()
}

fn told(status: &tonic::Status) -> Wrong {
    format!("{:?}: {}", status.code(), status.message())
}

/// Runs `ops` from nothing; the first that fails, and why.
async fn run(ops: &[Op]) -> Result<(), (usize, Wrong)> {
    let mut trial = Trial::start().await;
    for (at, op) in ops.iter().enumerate() {
        trial.step(op).await.map_err(|wrong| (at, wrong))?;
    }
    Ok(())
}

/// The shortest prefix of `ops` that fails, with what can be left out left out.
async fn shrunk(mut ops: Vec<Op>, failed_at: usize, mut wrong: Wrong) -> (Vec<Op>, Wrong) {
    ops.truncate(failed_at + 1);
    let mut size = ops.len() / 2;
    let mut replayed = 0;
    while size > 0 {
        let mut from = 0;
        while from + size < ops.len() && replayed < REPLAYED_MAX {
            let mut less = ops.clone();
            less.drain(from..from + size);
            replayed += less.len();
            match run(&less).await {
                Err((at, other)) => {
                    less.truncate(at + 1);
                    (ops, wrong) = (less, other);
                }
                Ok(()) => from += size,
            }
        }
        size /= 2;
    }
    (ops, wrong)
}

/// Checks a history of `count` steps.
async fn check(seed: u64, count: usize, reopen_every: usize) {
    println!("seed {seed}, {count} operations (WENMAI_TEST_SEED, WENMAI_TEST_OPERATIONS)");
    let mut history = History::new(seed);
    let ops: Vec<Op> = (0..count).map(|_| history.next(reopen_every)).collect();
    let since = Instant::now();
    let Err((at, wrong)) = run(&ops).await else {
        println!("no difference in {:.0} s", since.elapsed().as_secs_f64());
        return;
    };
    println!("seed {seed} fails at operation {at}: {wrong}");
    let (ops, wrong) = shrunk(ops, at, wrong).await;
    let mut text = String::new();
    for op in &ops {
        let _ = writeln!(text, "  {op:?}");
    }
    panic!("seed {seed}: {wrong}\nafter {} operations:\n{text}", ops.len());
}

/// A number that a person set, else `default`.
pub fn setting(name: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test is told by who starts it")]
    let given = std::env::var(name);
    given.map_or(default, |text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_history_agrees_with_a_plain_map() {
    check(setting("WENMAI_TEST_SEED", 7), 1_500, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn a_long_history_agrees_with_a_plain_map() {
    let count = usize::try_from(setting("WENMAI_TEST_OPERATIONS", 100_000)).unwrap();
    check(setting("WENMAI_TEST_SEED", 20_261_123), count, 5_000).await;
}

/// A search of 100 hits must be able to hold every article.
const _: () = assert!(WORLD <= 100);
