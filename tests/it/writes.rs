//! Writes that finish or never were: a fault at a call of the store, chosen by a seed, in every
//! kind of write, and afterwards nothing is half done.
//!
//! The fault fails a call before or after its work, panics, ends the process, or holds the call
//! until the caller has gone away. After each of them the same write is asked for once more, and
//! everything that must hold is checked against what the store and the log hold. The store is the one
//! in memory, the embedded one, or a Qdrant server (`qdrant`).

mod faulty;
mod late;
pub mod sound;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use wenmai::domain::article::Record;
use wenmai::domain::id::ArticleId;
use wenmai::domain::reprint::Membership;
use wenmai::domain::reprint::Signature;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::TopicId;
use wenmai::engine::Action;
use wenmai::engine::Edit;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::LeaseTiming;
use wenmai::engine::Outcome;
use wenmai::store;
use wenmai::store::Store;

use crate::model_based::setting;
use crate::support;
use faulty::Fault;
use faulty::Faulty;

/// Articles that there are at most.
const ARTICLES: usize = 24;
/// Calls of the store that may go through before the fault.
const CALLS_MAX: u32 = 24;
const FAULTS: [Fault; 6] =
    [Fault::Fail, Fault::FailLate, Fault::Panic, Fault::Wait, Fault::Die, Fault::DieLate];

/// Texts that articles print; those of one text are reprints of each other.
const TEXTS: [&str; 4] = [
    "清河县水务局介绍，清河大桥加固工程昨日完工，施工历时五个月，桥面重新铺装，两侧护栏全部更换，\
     过往车辆不再限速，附近三个村的村民出行更加方便。",
    "青山市教育局公布新学年招生办法，小学按学区就近入学，初中实行多校划片，民办学校报名人数超过计划\
     的全部摇号，结果当天公布。",
    "河湾新区今年要改造老旧小区三十二个，涉及居民一万二千户，重点是漏水的屋面、老化的电线和没有扶手\
     的楼梯，工程下月开工。",
    "望川港上月货物吞吐量首次超过四百万吨，其中集装箱增长两成，两条新航线通往南方沿海，港口方面说年底\
     前还要增加三台岸桥。",
];

/// The text of this number is the first and the second of [`TEXTS`] together: where it comes behind
/// them, their groups become one.
const WHOLE: usize = TEXTS.len();

fn text(number: usize) -> String {
    if number == WHOLE { TEXTS[..2].concat() } else { TEXTS[number].to_owned() }
}

/// What an article says: which text it prints, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    text: usize,
    revision: u32,
}

fn record(number: usize, state: State) -> Record {
    let day = i8::try_from(number % 27).unwrap() + 1;
    let text = text(state.text);
    Record {
        paper: format!("纸{}", number % 5),
        source: "故障试验".into(),
        source_id: number.to_string(),
        published_at: Some(date(2025, 9, day).at(8, 0, 0, 0)),
        title: text.chars().take(12).collect(),
        // A revision changes what is stored, but not which text it is.
        section: format!("第{}稿", state.revision),
        paragraphs: vec![text],
        ..Record::default()
    }
}

/// Records of different articles, some of which print one text.
pub fn some_records(count: usize) -> Vec<Record> {
    (0..count).map(|number| record(number, State { text: number % 4, revision: 1 })).collect()
}

#[derive(Debug, Clone)]
enum Write {
    Ingest(Vec<(usize, State)>),
    Delete(usize),
    Edit(Edit),
    Rebuild,
}

/// What a write came to, as far as its caller knows.
#[derive(Debug)]
enum Known {
    Done(Vec<Outcome>),
    NotFound,
    Refused,
    /// It failed, or the caller went away.
    Unknown,
}

struct Trial {
    opener: Opener,
    disk: Store,
    faulty: Arc<Faulty>,
    engine: Engine,
    rng: ChaCha8Rng,
    /// What is stored for certain.
    held: BTreeMap<usize, State>,
    revision: u32,
    struck: BTreeMap<String, u32>,
}

/// Short, so that a process that starts need not wait long for one that died.
const TIMING: LeaseTiming = LeaseTiming {
    silence_max: Duration::from_secs(2),
    wait_max: Duration::from_secs(20),
    poll: Duration::from_millis(5),
    tick: Duration::from_millis(60),
};

async fn open(faulty: &Arc<Faulty>) -> Engine {
    let gate = support::Gate::default();
    gate.open();
    let store: Store = Arc::clone(faulty) as Store;
    let engine = support::fake_engine_over(&store, &gate).with_lease_timing(TIMING);
    engine.with_topics().await.unwrap()
}

/// Opens the store of a trial, again where it keeps anything.
pub type Opener = Box<dyn Fn() -> Store + Send + Sync>;

fn memory() -> Opener {
    let disk = store::open_memory(&support::fake_make());
    Box::new(move || Arc::clone(&disk))
}

fn embedded(folder: &TempDir) -> Opener {
    let folder = folder.path().to_owned();
    Box::new(move || support::store_at(&folder, &support::fake_make()).unwrap())
}

impl Trial {
    async fn start(seed: u64, opener: Opener) -> Self {
        let disk = opener();
        let faulty = Faulty::over(&disk);
        let engine = open(&faulty).await;
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let (held, struck) = (BTreeMap::new(), BTreeMap::new());
        Self { opener, disk, faulty, engine, rng, held, revision: 0, struck }
    }

    /// Goes on as a process that starts after this one died.
    async fn restart(&mut self) {
        if !matches!(self.disk.status().await.unwrap().backend, "memory") {
            self.disk.close().await.unwrap();
            self.disk = (self.opener)();
        }
        self.faulty = Faulty::over(&self.disk);
        self.engine = open(&self.faulty).await;
    }

    fn id(number: usize) -> ArticleId {
        ArticleId::derive(&record(number, State { text: 0, revision: 0 }))
    }

    fn draw(&mut self) -> Write {
        match self.rng.random_range(0..10) {
            0..=5 => {
                let count = self.rng.random_range(1..=4);
                let mut numbers = BTreeSet::new();
                while numbers.len() < count {
                    numbers.insert(self.rng.random_range(0..ARTICLES));
                }
                let mut articles: Vec<(usize, State)> = Vec::new();
                for number in numbers {
                    self.revision += 1;
                    let text = self.rng.random_range(0..=WHOLE);
                    articles.push((number, State { text, revision: self.revision }));
                }
                Write::Ingest(articles)
            }
            6 | 7 => Write::Delete(self.rng.random_range(0..ARTICLES)),
            8 => self.edit().map_or(Write::Delete(0), Write::Edit),
            _ => Write::Rebuild,
        }
    }

    fn edit(&mut self) -> Option<Edit> {
        let numbers: Vec<usize> = self.held.keys().copied().collect();
        let mut story = || {
            let number = numbers.get(self.rng.random_range(0..numbers.len().max(1)))?;
            Some((self.engine.topics_of(Self::id(*number)).unwrap()?.1, *number))
        };
        let ((topic, number), (other, _)) = (story()?, story()?);
        let action = match self.rng.random_range(0..4) {
            0 => Action::Merge(other),
            1 => Action::Split(BTreeSet::from([Self::id(number)])),
            2 => Action::Update {
                label: Some(format!("题{}", self.revision)),
                pinned: None,
                articles: BTreeSet::new(),
            },
            _ => Action::Update { label: None, pinned: None, articles: BTreeSet::new() },
        };
        // One in three comes with a revision that nobody ever had.
        let revision = self.rng.random_bool(0.3).then_some(u64::MAX);
        Some(Edit { topic, revision, action })
    }

    async fn write(engine: Engine, write: Write) -> Known {
        match write {
            Write::Ingest(articles) => {
                let records = articles.into_iter().map(|(number, state)| record(number, state));
                match engine.ingest(records.collect()).await {
                    Ok((results, _)) => Known::Done(
                        results.into_iter().map(|result| result.unwrap().outcome).collect(),
                    ),
                    Err(_) => Known::Unknown,
                }
            }
            Write::Delete(number) => match engine.delete(Self::id(number)).await {
                Ok(()) => Known::Done(Vec::new()),
                Err(Error::ArticleNotFound { .. }) => Known::NotFound,
                Err(_) => Known::Unknown,
            },
            Write::Edit(edit) => match engine.edit_topic(edit).await {
                Ok(_) => Known::Done(Vec::new()),
                Err(Error::Invalid(_) | Error::StaleTopic { .. } | Error::TopicNotFound { .. }) => {
                    Known::Refused
                }
                Err(_) => Known::Unknown,
            },
            Write::Rebuild => match engine.rebuild_topics().await {
                Ok(_) => Known::Done(Vec::new()),
                Err(_) => Known::Unknown,
            },
        }
    }

    /// Does a write with a fault in it, and then once more without.
    async fn step(&mut self) {
        let write = self.draw();
        let fault = FAULTS[self.rng.random_range(0..FAULTS.len())];
        let after = self.rng.random_range(0..CALLS_MAX);
        self.faulty.arm(after, fault);
        let (engine, asked) = (self.engine.clone(), write.clone());
        let mut call = tokio::spawn(Self::write(engine, asked));
        let known = if fault == Fault::Wait {
            tokio::select! {
                biased;
                done = &mut call => done.unwrap_or(Known::Unknown),
                () = self.faulty.until_reached() => {
                    // The caller goes away in the middle of it.
                    call.abort();
                    call.await.unwrap_or(Known::Unknown)
                }
            }
        } else {
            // A panic in a store that the caller itself asks is the caller's.
            call.await.unwrap_or(Known::Unknown)
        };
        if fault == Fault::Wait {
            // Nothing waits from now on, on the topics' thread either.
            self.faulty.disarm();
            self.faulty.release();
        }
        // The fault may strike the topics, which come behind.
        let _struck = self.engine.settle_topics().await;
        if self.faulty.disarm() {
            *self.struck.entry(format!("{fault:?}")).or_default() += 1;
        }
        if !self.faulty.is_dead() {
            self.engine.settle_topics().await.unwrap();
        }
        let what = format!("{write:?}, {fault:?} after {after}, {known:?}");
        let log = sound::last_version(&self.disk).await;
        let shown = self.engine.topics_progress().await.map_or(0, |progress| progress.version);
        assert!(shown <= log, "{what}: version {shown} is shown, the log ends at {log}");
        if matches!(fault, Fault::Die | Fault::DieLate) {
            self.restart().await;
        }
        self.ask_again(&write, &known, &what).await;
        self.check(&what).await;
    }

    /// The same write again has the result that is true by then, and leaves what was asked for.
    async fn ask_again(&mut self, write: &Write, known: &Known, what: &str) {
        let before = sound::stored(&self.disk).await;
        match write {
            Write::Ingest(articles) => {
                let is_done = |(number, state): &(usize, State)| {
                    let stored = before.get(&Self::id(*number));
                    stored.is_some_and(|stored| stored.article.record == record(*number, *state))
                };
                if matches!(known, Known::Done(_)) {
                    assert!(articles.iter().all(is_done), "{what}: acknowledged and not there");
                }
                let expected: Vec<Outcome> = articles
                    .iter()
                    .map(|one| match (is_done(one), before.contains_key(&Self::id(one.0))) {
                        (true, _) => Outcome::Unchanged,
                        (false, true) => Outcome::Updated,
                        (false, false) => Outcome::Created,
                    })
                    .collect();
                let mut again = Self::write(self.engine.clone(), write.clone()).await;
                // On a slow machine the lease of a trial can pass to one of its other processes.
                let mut is_first = true;
                while self.disk.is_shared() && is_first && matches!(again, Known::Unknown) {
                    is_first = false;
                    again = Self::write(self.engine.clone(), write.clone()).await;
                }
                let Known::Done(outcomes) = again else { panic!("{what}: again {again:?}") };
                let is_known = |(got, wanted): (&Outcome, &Outcome)| {
                    got == wanted || !is_first && *got == Outcome::Unchanged
                };
                assert!(
                    outcomes.len() == expected.len()
                        && outcomes.iter().zip(&expected).all(is_known),
                    "{what}: asked again {outcomes:?}, not {expected:?}"
                );
                self.held.extend(articles.iter().copied());
            }
            Write::Delete(number) => {
                let is_there = before.contains_key(&Self::id(*number));
                if matches!(known, Known::Done(_) | Known::NotFound) {
                    assert!(!is_there, "{what}: deleted and still there");
                }
                let again = Self::write(self.engine.clone(), write.clone()).await;
                match again {
                    Known::Done(_) => assert!(is_there, "{what}: deleted twice"),
                    Known::NotFound => assert!(!is_there, "{what}: there and not found"),
                    Known::Refused | Known::Unknown => panic!("{what}: again {again:?}"),
                }
                self.held.remove(number);
            }
            Write::Edit(_) | Write::Rebuild => {
                let again = Self::write(self.engine.clone(), write.clone()).await;
                assert!(!matches!(again, Known::Unknown), "{what}: again {again:?}");
            }
        }
        self.engine.settle_topics().await.unwrap();
    }

    /// Every article that was acknowledged is there once, with its group and its topic, and nothing
    /// else is; what is shown is what a process that starts now reads from the log.
    async fn check(&self, what: &str) {
        let fresh = open(&Faulty::over(&self.disk)).await;
        if !self.disk.is_shared() {
            fresh.settle_topics().await.unwrap();
        }
        let stored = sound::everything_fits(&self.disk, &self.engine, &fresh, what).await;
        let ids: BTreeSet<ArticleId> = self.held.keys().map(|number| Self::id(*number)).collect();
        assert_eq!(stored.keys().copied().collect::<BTreeSet<_>>(), ids, "{what}");
        for (number, state) in &self.held {
            let article = &stored[&Self::id(*number)].article;
            assert_eq!(article.record, record(*number, *state), "{what}");
        }
    }
}

/// Does `steps` writes, each with a fault, on the store that `opener` opens.
pub async fn campaign(seed: u64, steps: u32, opener: Opener) {
    campaign_between(seed, steps, opener, async |_step| {}).await;
}

/// The same; `between` is called before each of the writes, with its number.
pub async fn campaign_between(
    seed: u64,
    steps: u32,
    opener: Opener,
    mut between: impl AsyncFnMut(u32),
) {
    let mut trial = Trial::start(seed, opener).await;
    for step in 0..steps {
        between(step).await;
        trial.step().await;
    }
    println!("seed {seed}: {steps} writes, struck {:?}; lost 0, doubled 0", trial.struck);
    assert!(trial.struck.len() == FAULTS.len(), "{:?}", trial.struck);
    trial.disk.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_breaks_off_leaves_nothing_half_done() {
    campaign(11, 150, memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_breaks_off_leaves_nothing_half_done_in_a_folder() {
    let folder = TempDir::new().unwrap();
    campaign(12, 40, embedded(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn thousands_of_writes_that_break_off_leave_nothing_half_done_in_a_folder() {
    let first: u64 = setting("WENMAI_TEST_SEED", 2_000);
    let steps = u32::try_from(setting("WENMAI_TEST_STEPS", 1_000)).unwrap();
    for seed in first..first + setting("WENMAI_TEST_ROUNDS", 10) {
        let folder = TempDir::new().unwrap();
        campaign(seed, steps, embedded(&folder)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn a_hundred_thousand_writes_that_break_off_leave_nothing_half_done() {
    let first: u64 = setting("WENMAI_TEST_SEED", 1_000);
    // Most of the time is spent waiting, so that many can go side by side.
    for round in 0..10 {
        let seeds = (0..10).map(|place| first + round * 10 + place);
        let trials = seeds.map(|seed| tokio::spawn(campaign(seed, 1_000, memory())));
        for trial in futures::future::join_all(trials).await {
            trial.unwrap();
        }
    }
}

#[tokio::test]
async fn a_second_original_goes_without_naming_a_third() {
    let trial = Trial::start(5, memory()).await;
    let articles = (0..3).map(|number| (number, State { text: 0, revision: 1 }));
    let done = Trial::write(trial.engine.clone(), Write::Ingest(articles.collect())).await;
    assert!(matches!(done, Known::Done(_)));
    trial.engine.settle_topics().await.unwrap();
    let ids: Vec<ArticleId> = (0..3).map(Trial::id).collect();
    let known = trial.disk.memberships(&ids).await.unwrap();
    let group = known[0].unwrap().group;
    assert!(known.iter().all(|one| one.unwrap().group == group));
    // As a write leaves them that came too late: the last is an original beside the second.
    let change = |(id, is_original): (&ArticleId, bool)| store::Regroup {
        id: *id,
        membership: Membership { group, is_original },
        signature: Signature::default(),
    };
    let changes = ids.iter().zip([false, true, true]).map(change);
    trial.disk.regroup(changes.collect()).await.unwrap();
    let gone = Trial::write(trial.engine.clone(), Write::Delete(2)).await;
    assert!(matches!(gone, Known::Done(_)));
    let left = trial.disk.memberships(&ids).await.unwrap();
    let originals: Vec<bool> = left.iter().flatten().map(|one| one.is_original).collect();
    assert_eq!(originals, [false, true]);
}

#[tokio::test]
async fn a_refused_edit_costs_nothing() {
    let trial = {
        let mut trial = Trial::start(3, memory()).await;
        let articles = (0..6).map(|number| (number, State { text: number % 4, revision: 1 }));
        let done = Trial::write(trial.engine.clone(), Write::Ingest(articles.collect())).await;
        assert!(matches!(done, Known::Done(_)));
        trial.engine.settle_topics().await.unwrap();
        trial.held.insert(0, State { text: 0, revision: 1 });
        trial
    };
    // A process that has just started and has not read the articles of its topics.
    let faulty = Faulty::over(&trial.disk);
    let engine = open(&faulty).await;
    engine.settle_topics().await.unwrap();
    let (_, topic) = engine.topics_of(Trial::id(0)).unwrap().unwrap();
    let action = || Action::Merge(topic);
    let stale = Edit { topic, revision: Some(u64::MAX), action: action() };
    let unknown = Edit {
        topic: TopicId::found(Level::Story, Trial::id(20)),
        revision: None,
        action: action(),
    };
    let itself = Edit { topic, revision: None, action: action() };
    for edit in [stale, unknown, itself] {
        // The worker asks whether something arrived, and no more.
        faulty.arm(1, Fault::Panic);
        engine.edit_topic(edit).await.unwrap_err();
        assert!(!faulty.disarm(), "a refused edit asked the store");
        assert!(engine.topics_are_well());
    }
}
