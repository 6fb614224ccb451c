//! Writes that arrive late: a process is stopped in the middle of a write for longer than its lease
//! lasts while another one takes over, or a write that was told to have failed arrives after all.
//! What was acknowledged stays as it is, and nothing of the late write is left half done.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinHandle;
use wenmai::engine::Engine;
use wenmai::engine::LeaseTiming;
use wenmai::store::SharedMemory;
use wenmai::store::Store;

use super::Known;
use super::State;
use super::Trial;
use super::WHOLE;
use super::Write;
use super::faulty::Fault;
use super::faulty::Faulty;
use super::record;
use super::sound;
use crate::model_based::setting;
use crate::support;

/// Few, so that both processes change the same ones.
const ARTICLES: usize = 8;
const CALLS_MAX: u32 = 22;
const FAULTS: [Fault; 3] = [Fault::Stop, Fault::StopLate, Fault::Stray];
/// Short, so that many leases are lost in a test.
const TIMING: LeaseTiming = LeaseTiming {
    silence_max: Duration::from_millis(300),
    wait_max: Duration::from_secs(20),
    poll: Duration::from_millis(5),
    tick: Duration::from_millis(30),
};

async fn open(store: &Store) -> Engine {
    let gate = support::Gate::default();
    gate.open();
    let engine = support::fake_engine_over(store, &gate).with_lease_timing(TIMING);
    engine.with_topics().await.unwrap()
}

/// What may be stored of an article: one state if that is known for certain.
type Allowed = Vec<Option<State>>;

/// Two processes on one store; the left one is struck.
struct Pair {
    shared: SharedMemory,
    disk: Store,
    faulty: Arc<Faulty>,
    left: Engine,
    right: Engine,
    rng: ChaCha8Rng,
    allowed: BTreeMap<usize, Allowed>,
    revision: u32,
    struck: BTreeMap<String, u32>,
}

impl Pair {
    async fn start(seed: u64) -> Self {
        let shared = SharedMemory::new(&support::fake_make());
        let faulty = Faulty::of(shared.clone());
        let (left, right) =
            (open(&(Arc::clone(&faulty) as Store)).await, open(&shared.open()).await);
        let (disk, rng) = (shared.open(), ChaCha8Rng::seed_from_u64(seed));
        let (allowed, struck) = (BTreeMap::new(), BTreeMap::new());
        Self { shared, disk, faulty, left, right, rng, allowed, revision: 0, struck }
    }

    fn draw(&mut self) -> Write {
        if self.rng.random_range(0..10) < 3 {
            return Write::Delete(self.rng.random_range(0..ARTICLES));
        }
        let count = self.rng.random_range(1..=3);
        let mut numbers = BTreeSet::new();
        while numbers.len() < count {
            numbers.insert(self.rng.random_range(0..ARTICLES));
        }
        let mut articles = Vec::new();
        for number in numbers {
            self.revision += 1;
            let text = self.rng.random_range(0..=WHOLE);
            articles.push((number, State { text, revision: self.revision }));
        }
        Write::Ingest(articles)
    }

    /// What each article is after `write`.
    fn results(write: &Write) -> Vec<(usize, Option<State>)> {
        match write {
            Write::Ingest(articles) => {
                articles.iter().map(|(number, state)| (*number, Some(*state))).collect()
            }
            Write::Delete(number) => vec![(*number, None)],
            Write::Edit(_) | Write::Rebuild => Vec::new(),
        }
    }

    /// Takes note of what a write came to.
    fn note(&mut self, write: &Write, known: &Known) {
        for (number, state) in Self::results(write) {
            let allowed = self.allowed.entry(number).or_insert_with(|| vec![None]);
            match known {
                Known::Done(_) | Known::NotFound => *allowed = vec![state],
                Known::Refused | Known::Unknown => allowed.push(state),
            }
        }
    }

    /// A write that must come to an end, whoever has the lease when it is asked for.
    async fn surely(engine: &Engine, write: &Write) -> Known {
        for _attempt in 0..5 {
            let known = Trial::write(engine.clone(), write.clone()).await;
            if matches!(known, Known::Done(_) | Known::NotFound) {
                return known;
            }
        }
        panic!("{write:?} was refused five times");
    }

    async fn step(&mut self) {
        let (slow, other) = (self.draw(), self.draw());
        let fault = FAULTS[self.rng.random_range(0..FAULTS.len())];
        let after = self.rng.random_range(0..CALLS_MAX);
        let what = format!("{slow:?}, {fault:?} after {after}, meanwhile {other:?}");
        self.faulty.arm(after, fault);
        let call = tokio::spawn(Trial::write(self.left.clone(), slow.clone()));
        if fault == Fault::Stray {
            self.stray(&slow, &other, call).await;
        } else {
            self.stopped(&slow, &other, call).await;
        }
        if self.faulty.disarm() {
            *self.struck.entry(format!("{fault:?}")).or_default() += 1;
        }
        self.faulty.release();
        // Each takes the lease once more, by which what came late is found.
        for engine in [&self.left, &self.right, &self.left] {
            engine.settle_topics().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        }
        self.check(&what).await;
    }

    /// The left process is stopped somewhere in its write while the right one writes.
    async fn stopped(&mut self, slow: &Write, other: &Write, mut call: JoinHandle<Known>) {
        let early = tokio::select! {
            done = &mut call => Some(done.unwrap()),
            () = self.faulty.until_reached() => None,
        };
        if let Some(known) = &early {
            self.note(slow, known);
        }
        // Waits until the lease of a process that gives no sign of life may be taken.
        let known = Self::surely(&self.right, other).await;
        if early.is_some() {
            self.note(other, &known);
            self.faulty.release();
            return;
        }
        self.faulty.release();
        let late = call.await.unwrap();
        // If it was told that it failed, whatever of it is there was there before the other.
        self.note(slow, &late);
        self.note(other, &known);
        if matches!(late, Known::Done(_) | Known::NotFound) {
            // Both were done while the other was on its way: either may have been the last.
            for (number, state) in Self::results(slow) {
                self.allowed.entry(number).or_default().push(state);
            }
        }
    }

    /// A write of the left process fails and arrives behind what was asked for next.
    async fn stray(&mut self, slow: &Write, other: &Write, call: JoinHandle<Known>) {
        let known = call.await.unwrap();
        self.note(slow, &known);
        let _caught_up = self.left.settle_topics().await;
        let engine = if self.rng.random_bool(0.5) { self.left.clone() } else { self.right.clone() };
        let known = Self::surely(&engine, other).await;
        self.note(other, &known);
        self.faulty.release_strays().await;
    }

    async fn check(&mut self, what: &str) {
        let fresh = open(&self.shared.open()).await;
        let stored = sound::everything_fits(&self.disk, &self.left, &fresh, what).await;
        for number in 0..ARTICLES {
            let allowed = self.allowed.entry(number).or_insert_with(|| vec![None]);
            let found = stored.get(&Trial::id(number)).map(|stored| &stored.article.record);
            let same =
                |state: &&Option<State>| state.map(|state| record(number, state)).as_ref() == found;
            let state = allowed.iter().find(same).copied();
            let Some(state) = state else {
                panic!("{what}: {number} is {found:?}, allowed {allowed:?}")
            };
            *allowed = vec![state];
        }
    }
}

async fn campaign(seed: u64, steps: u32) {
    let mut pair = Pair::start(seed).await;
    for _ in 0..steps {
        pair.step().await;
    }
    println!("seed {seed}: {steps} late writes, struck {:?}; lost 0, left over 0", pair.struck);
    assert_eq!(pair.struck.len(), FAULTS.len(), "{:?}", pair.struck);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_comes_after_its_term_changes_nothing_that_was_acknowledged() {
    let trials = (0..4).map(|seed| tokio::spawn(campaign(seed, 25)));
    for trial in futures::future::join_all(trials).await {
        trial.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn ten_thousand_late_writes_change_nothing_that_was_acknowledged() {
    let first: u64 = setting("WENMAI_TEST_SEED", 1_000);
    // Nearly all of the time is spent waiting for leases.
    let trials = (first..first + 50).map(|seed| tokio::spawn(campaign(seed, 200)));
    for trial in futures::future::join_all(trials).await {
        trial.unwrap();
    }
}
