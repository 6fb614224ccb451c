//! How long does it take to assign one article to its topics, by how many the window holds?
//!
//! Made-up articles with 512 numbers and 200 terms each, 40 a story, stories that come and go; one
//! thread. Must stay flat beyond 100,000, the most that the window holds. With `--stream N` it
//! streams N articles once instead, and prints speed, percentiles and memory for each 100,000, then
//! how long a restart takes to fill the window.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark says what it measured"
)]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use divan::Bencher;
use wenmai::cluster::topic::Clusterer;
use wenmai::cluster::topic::Item;
use wenmai::cluster::topic::Weights;
use wenmai::domain::embedding::Embedding;
use wenmai::domain::id::ArticleId;
use wenmai::domain::terms::TermVector;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::Placement;
use wenmai::domain::topic::TopicId;

const DIM: usize = 512;
const TERMS: u64 = 200;
const PER_STORY: u64 = 40;
/// Stories that run side by side.
const RUNNING: u64 = 250;

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--stream");
    match (arguments.next(), arguments.next()) {
        (Some(_stream), Some(count)) => stream(count.parse().unwrap()),
        _ => divan::main(),
    }
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 50, sample_size = 1)]
fn assign(bencher: Bencher, held: u64) {
    let mut clusterer = Clusterer::new(Arc::new(Weights::bundled().unwrap()));
    // Where they belong is known, so that filling the window takes no time to speak of.
    for n in 0..held {
        clusterer.restore(item(n), placement(n));
    }
    let mut next = held;
    bencher
        .with_inputs(|| {
            next += 1;
            item(next)
        })
        .bench_local_values(|item| clusterer.assign(item));
}

/// Articles of one line of the report.
const BAND: u64 = 100_000;

/// Streams `count` articles and prints what it took, for each band and in all, then restarts.
fn stream(count: u64) {
    let weights = Arc::new(Weights::bundled().unwrap());
    let mut clusterer = Clusterer::new(Arc::clone(&weights));
    let band = BAND.min(count / 10).max(1);
    let (mut times, mut all) = (Vec::new(), Vec::new());
    let (mut recent, mut used) = (VecDeque::new(), Duration::ZERO);
    for n in 0..count {
        let item = item(n);
        let (started, before) = (Instant::now(), processor());
        let placement = clusterer.assign(item).placement;
        used += processor().saturating_sub(before);
        times.push(started.elapsed());
        recent.push_back((n, placement));
        if recent.len() as u64 > clusterer.window_arrivals() {
            recent.pop_front();
        }
        if (n + 1).is_multiple_of(band) {
            report(n + 1, clusterer.held_count(), &mut times, used);
            used = Duration::ZERO;
            all.append(&mut times);
        }
    }
    all.append(&mut times);
    report(count, clusterer.held_count(), &mut all, Duration::ZERO);
    println!("most memory {} MiB", memory("VmHWM:"));
    drop(clusterer);
    let mut restarted = Clusterer::new(weights);
    let mut took = Duration::ZERO;
    for (n, placement) in recent {
        let item = item(n);
        let started = Instant::now();
        restarted.restore(item, placement);
        took += started.elapsed();
    }
    let held = restarted.held_count();
    println!("restart: {held} articles restored in {:.1} s", took.as_secs_f64());
}

/// Prints one line; sorts `times`. The time of the processor is left out where it is not known.
fn report(done: u64, held: usize, times: &mut [Duration], used: Duration) {
    times.sort_unstable();
    let total: f64 = times.iter().map(Duration::as_secs_f64).sum();
    let at = |share: usize| times[(times.len() - 1) * share / 1_000].as_secs_f64() * 1e3;
    let each = match used.as_secs_f64() / times.len() as f64 * 1e3 {
        0.0 => String::new(),
        each => format!(", processor {each:.2} ms each"),
    };
    println!(
        "{done:>9} articles, {held} held: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, \
         p99.9 {:.2} ms{each}, {} MiB",
        times.len() as f64 / total,
        at(500),
        at(990),
        at(999),
        memory("VmRSS:"),
    );
}

/// MiB of memory of this process, where the system tells; else 0.
fn memory(which: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0) / 1024
}

/// What this thread has had of a processor, where the system tells: on a busy machine the clock on
/// the wall counts others' work too.
fn processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = told.split_whitespace().next().and_then(|spent| spent.parse().ok());
    Duration::from_nanos(spent.unwrap_or(0))
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

/// The story of article `n`.
fn story_of(n: u64) -> u64 {
    n / (RUNNING * PER_STORY) * RUNNING + n % RUNNING
}

/// Where article `n` belongs: five articles to an event.
fn placement(n: u64) -> Placement {
    let (story, event) = (u128::from(story_of(n)) << 64, u128::from(n / RUNNING / 5));
    let founder = |number| ArticleId::from(uuid::Uuid::from_u128(number));
    Placement {
        event: TopicId::found(Level::Event, founder(story | event)),
        story: TopicId::found(Level::Story, founder(story)),
    }
}

/// Article `n`: of one of the running stories, which follow each other.
fn item(n: u64) -> Item {
    let story = story_of(n);
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
