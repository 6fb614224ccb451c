//! How long does it take to assign one article to its topics, by how many the window holds?
//!
//! Made-up articles with 512 numbers and 200 terms each, 40 a story, stories that come and go; one
//! thread. Must stay flat beyond 100,000, the most that the window holds; with `--stream N` as its
//! only argument it streams N articles once instead, and prints speed, percentiles and memory.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark says what it measured"
)]

use std::sync::Arc;
use std::time::Instant;

use divan::Bencher;
use wenmai::cluster::topic::Clusterer;
use wenmai::cluster::topic::Item;
use wenmai::cluster::topic::Weights;
use wenmai::domain::embedding::Embedding;
use wenmai::domain::id::ArticleId;
use wenmai::domain::terms::TermVector;

const DIM: usize = 512;
const TERMS: u64 = 200;
const PER_STORY: u64 = 40;
/// Stories that run side by side.
const RUNNING: u64 = 250;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--stream"), Some(count)) => stream(count.parse().unwrap()),
        _ => divan::main(),
    }
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn assign(bencher: Bencher, held: u64) {
    let mut clusterer = Clusterer::new(Arc::new(Weights::bundled().unwrap()));
    for n in 0..held {
        let placement = clusterer.assign(item(n)).placement;
        assert!(placement.at(wenmai::domain::topic::Level::Story) == placement.story);
    }
    let mut next = held;
    bencher
        .with_inputs(|| {
            next += 1;
            item(next)
        })
        .bench_local_values(|item| clusterer.assign(item));
}

/// Streams `count` articles and prints what it took, for each tenth.
fn stream(count: u64) {
    let mut clusterer = Clusterer::new(Arc::new(Weights::bundled().unwrap()));
    let tenth = (count / 10).max(1);
    let mut times = Vec::new();
    for n in 0..count {
        let item = item(n);
        let started = Instant::now();
        clusterer.assign(item);
        times.push(started.elapsed());
        if (n + 1).is_multiple_of(tenth) {
            times.sort_unstable();
            let total: f64 = times.iter().map(std::time::Duration::as_secs_f64).sum();
            let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
            println!(
                "{:>9} articles, {} held: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms{}",
                n + 1,
                clusterer.held_count(),
                times.len() as f64 / total,
                at(50),
                at(99),
                memory()
            );
            times.clear();
        }
    }
}

/// Memory of this process now, where the system tells.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.map_or_else(String::new, |kib| format!(", {} MiB", kib / 1024))
}

/// Numbers that are the same on every machine.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Article `n`: of one of the running stories, which follow each other.
fn item(n: u64) -> Item {
    let round = n / (RUNNING * PER_STORY);
    let story = round * RUNNING + n % RUNNING;
    let (mut of_story, mut own) = (random(story + 7), random(n + 1));
    let unit = |bits: u64| f32::from(u16::try_from(bits >> 48).unwrap()) / 32_768.0 - 1.0;
    let values = (0..DIM).map(|at| {
        // As in the bundled model, the first numbers carry most.
        let scale = 1.0 / (1.0 + f32::from(u16::try_from(at).unwrap()) / 32.0);
        scale * (unit(of_story()) + 0.7 * unit(own()))
    });
    let values: Vec<f32> = values.collect();
    let word = |bits: u64, of: u64| u32::try_from(bits % of).unwrap();
    let terms = (0..TERMS).map(|at| match at % 4 {
        0 => word(of_story(), 500_000),
        1 => word(own(), 500_000),
        _ => word(own() % 20_000 * (own() % 20_000) / 20_000, 20_000),
    });
    let terms: Vec<(u32, f32)> = terms.map(|term| (term, 1.0)).collect();
    Item {
        id: ArticleId::from(uuid::Uuid::from_u128(u128::from(n) + 1)),
        arrival: n + 1,
        at: i64::try_from(n * 60).unwrap(),
        title: format!("第{story}号故事"),
        embedding: Embedding::normalize(values).unwrap(),
        title_terms: TermVector::from_weights(terms.iter().take(12).copied()),
        text_terms: TermVector::from_weights(terms),
        keys: (0..8).map(|at| format!("地:{}", (story * 31 + at) % 4_000)).collect(),
        original: None,
    }
}
