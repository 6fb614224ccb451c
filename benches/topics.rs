//! How long does it take to assign one article to its topics, by how many the window holds?
//!
//! Made-up articles with 512 numbers and 200 terms each, 40 a story, stories that come and go; one
//! thread. Must stay flat beyond 100,000, the most that the window holds. With `--stream N` it
//! streams N articles once instead, and prints speed, percentiles and memory for each 100,000, then
//! how long a restart takes to fill the window. `--stories FILE` draws those articles from labelled
//! ones (as `wenmai eval topics --input FILE` reads them) instead of making them up: see [`Drawn`].
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark says what it measured"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::path::Path;
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
use wenmai::embed;
use wenmai::engine::Engine;
use wenmai::engine::feed;
use wenmai::eval::stories;
use wenmai::eval::topics::Streamed;
use wenmai::text::entity::Extractor;
use wenmai::text::terms::Analyzer;

const DIM: usize = 512;
const TERMS: u64 = 200;
const PER_STORY: u64 = 40;
/// Stories that run side by side.
const RUNNING: u64 = 250;

fn main() {
    let Some(count) = argument("--stream") else { return divan::main() };
    let count = count.parse().unwrap();
    match argument("--stories").map(|path| Drawn::read(path.as_ref())) {
        Some(drawn) => stream(count, |n| drawn.item(n)),
        None => stream(count, item),
    }
}

/// What follows `name` on the command line.
fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
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
fn stream(count: u64, item: impl Fn(u64) -> Item) {
    let weights = Arc::new(Weights::bundled().unwrap());
    let mut clusterer = Clusterer::new(Arc::clone(&weights));
    let band = BAND.min(count / 10).max(1);
    let (mut times, mut all) = (Vec::new(), Vec::new());
    let (mut recent, mut used) = (VecDeque::new(), Duration::ZERO);
    let mut topics = 0_u64;
    for n in 0..count {
        let item = item(n);
        let (started, before) = (Instant::now(), processor());
        let founder = item.id;
        let placement = clusterer.assign(item).placement;
        used += processor().saturating_sub(before);
        times.push(started.elapsed());
        topics += u64::from(placement.story == TopicId::found(Level::Story, founder));
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
    println!("{topics} stories founded, {} streamed", story_of(count - 1) + 1);
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

/// Labelled articles to draw a long stream from.
///
/// Each story of the stream follows one of the labelled ones from its beginning to its end, and drifts
/// away from it: half of its rarer terms and of its keys are others', a part of its vector is its
/// own and turns while it runs. Each article changes a little besides. So vectors, numbers of terms and
/// keys, and how often common words occur, are as in news, and no two stories are the same.
struct Drawn {
    /// The articles of each labelled story, by time.
    stories: Vec<Vec<Item>>,
    /// Terms of less than one labelled article in a hundred.
    rare: Vec<u32>,
    keys: Vec<String>,
}

impl Drawn {
    fn read(path: &Path) -> Self {
        let articles = stories::read(feed::open(path).unwrap()).map(|(_, line)| line.unwrap());
        let articles = articles.collect();
        let extractor = Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap();
        let config = embed::Config { threads: 1, ..embed::Config::default() };
        let engine = Engine::open_in_memory(&config).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut unseen = |_| ();
        let read = wenmai::eval::topics::stream(&engine, &extractor, articles, &mut unseen);
        let read = runtime.block_on(read).unwrap().items;
        let (mut holders, mut keys) = (BTreeMap::<u32, usize>::new(), BTreeSet::new());
        for Streamed { item, .. } in &read {
            for index in item.text_terms.indices() {
                *holders.entry(*index).or_default() += 1;
            }
            keys.extend(item.keys.iter().cloned());
        }
        holders.retain(|_, count| *count * 100 < read.len());
        let mut stories = BTreeMap::<usize, Vec<Item>>::new();
        for one in read {
            stories.entry(one.story).or_default().push(one.item);
        }
        Self {
            stories: stories.into_values().collect(),
            rare: holders.into_keys().collect(),
            keys: keys.into_iter().collect(),
        }
    }

    /// Article `n`: as the made-up one of that number, but for what it says.
    fn item(&self, n: u64) -> Item {
        let story = story_of(n);
        let (mut of_story, mut own) = (random(story + 7), random(n + 1));
        let templates = &self.stories[below(of_story(), self.stories.len())];
        let place = n / RUNNING % PER_STORY;
        let gone = usize::try_from(place).unwrap() * templates.len();
        let nearby = gone / usize::try_from(PER_STORY).unwrap() + below(own(), 3);
        let template = &templates[nearby.min(templates.len() - 1)];
        let turn = f32::from(u16::try_from(place).unwrap()) / 40.0;
        let unit = |bits: u64| f32::from(u16::try_from(bits >> 48).unwrap()) / 32_768.0 - 1.0;
        // Such numbers are 13 long in 512: what is the story's own is half as long as the rest.
        let values = template.embedding.values().iter().map(|value| {
            let (at_first, at_last) = (unit(of_story()), unit(of_story()));
            value + 0.04 * (at_first * (1.0 - turn) + at_last * turn) + 0.01 * unit(own())
        });
        let embedding = Embedding::normalize(values.collect()).unwrap();
        let swapped = |number: u64| random(story.rotate_left(32) ^ number)();
        let term = |term: u32| match (self.rare.binary_search(&term), swapped(u64::from(term))) {
            (Ok(_), other) if other % 2 == 0 => self.rare[below(other >> 1, self.rare.len())],
            _ => term,
        };
        let drawn = |terms: &TermVector| {
            TermVector::from_weights(terms.iter().map(|(index, weight)| (term(index), weight)))
        };
        let key = |key: &String| {
            let number = self.keys.binary_search(key).unwrap() as u64;
            match swapped(number << 32) {
                other if other % 2 == 0 => self.keys[below(other >> 1, self.keys.len())].clone(),
                _ => key.clone(),
            }
        };
        Item {
            title: template.title.clone(),
            embedding,
            title_terms: drawn(&template.title_terms),
            text_terms: drawn(&template.text_terms),
            keys: template.keys.iter().map(key).collect::<BTreeSet<_>>().into_iter().collect(),
            ..item(n)
        }
    }
}

/// A number below `count`.
fn below(bits: u64, count: usize) -> usize {
    usize::try_from((bits >> 16) % count as u64).unwrap()
}
