//! How long does it take to open a folder whose change log of topics is long, and how large is it?
//! And how long do lists of topics and a refused edit take there?
//!
//! Made-up entries as a stream of articles leaves them, 40 to a story and 5 to an event, written to a
//! new folder; opened from the log, which writes a checkpoint, and then from that. `-- N` says how
//! many; the articles themselves are not there, so the window of recent ones is not filled.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark says what it measured"
)]

use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::reprint::GroupId;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::Placement;
use wenmai::domain::topic::TopicId;
use wenmai::domain::topic::change::Assigned;
use wenmai::domain::topic::change::Change;
use wenmai::domain::topic::change::Entry;
use wenmai::domain::topic::change::Face;
use wenmai::domain::topic::filter::TopicFilter;
use wenmai::embed;
use wenmai::engine::Action;
use wenmai::engine::Edit;
use wenmai::engine::Engine;
use wenmai::engine::ListTopics;
use wenmai::engine::Period;
use wenmai::engine::TopicOrder;
use wenmai::store;
use wenmai::store::Make;
use wenmai::store::Mark;
use wenmai::store::Row;

/// Entries unless asked otherwise.
const ENTRIES: u64 = 10_000;
/// Questions of each kind.
const ASKED: usize = 200;
/// Entries that are written together, as the topics' worker does.
const PIECE: usize = 64;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(ENTRIES);
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        write(folder.path(), count).await;
        println!("{count} entries: {} MiB with the log", size(folder.path()));
        for what in ["the log, and a checkpoint written", "the checkpoint"] {
            let started = Instant::now();
            let engine = open(folder.path()).with_topics().await.unwrap();
            let version = engine.topics_progress().await.unwrap().version;
            assert_eq!(version, count);
            println!("opened from {what}: {:.2} s", started.elapsed().as_secs_f64());
            ask(&engine).await;
            engine.close().await.unwrap();
            println!("then {} MiB", size(folder.path()));
        }
    });
}

/// Times lists of topics and edits that are refused.
async fn ask(engine: &Engine) {
    let (events, stories) = engine.topic_counts().unwrap();
    println!("{events} events, {stories} stories");
    let list = |order, from: Option<i64>| ListTopics {
        level: Level::Event,
        period: Period { from, to: None },
        filter: TopicFilter::default(),
        order,
        offset: 0,
        limit: Limit::new(50).unwrap(),
    };
    let newest = engine.list_topics(list(TopicOrder::Recency, None)).await.unwrap();
    let latest = newest.topics.first().unwrap();
    let week = latest.measures.days.last().map(|(day, _)| day - 6);
    for (what, order, from) in [
        ("all by heat", TopicOrder::Heat, None),
        ("all by size", TopicOrder::Size, None),
        ("trending", TopicOrder::Burst, None),
        ("the last week by heat", TopicOrder::Heat, week),
    ] {
        let mut times = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let started = Instant::now();
            engine.list_topics(list(order, from)).await.unwrap();
            times.push(started.elapsed());
        }
        report(&format!("list, {what}"), times);
    }
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let action = Action::Merge(latest.id);
        let edit = Edit { topic: latest.id, revision: Some(u64::MAX), action };
        let started = Instant::now();
        engine.edit_topic(edit).await.unwrap_err();
        times.push(started.elapsed());
    }
    report("a refused edit", times);
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms", ms(at(50)), ms(at(99)));
}

fn open(folder: &Path) -> Engine {
    let config = embed::Config { threads: 1, ..embed::Config::default() };
    Engine::open(&config, &store::Config::folder(folder)).unwrap()
}

async fn write(folder: &Path, count: u64) {
    let engine = open(folder);
    let info = engine.info().await.unwrap();
    engine.close().await.unwrap();
    drop(engine);
    let make = Make { index_version: info.index_version, dim: info.model.dim };
    let store = store::open(&store::Config::folder(folder), &make).unwrap();
    let all: Vec<u64> = (1..=count).collect();
    for piece in all.chunks(PIECE) {
        let rows = piece.iter().map(|number| {
            let Value::Object(value) = serde_json::to_value(entry(*number)).unwrap() else {
                unreachable!("an entry is an object")
            };
            Row { version: *number, value }
        });
        let last = piece.last().copied().unwrap();
        let mark = Mark { projected: last, arrival: last, ..Mark::default() };
        store.append(0, rows.collect(), mark).await.unwrap();
    }
    store.close().await.unwrap();
}

/// The entry of one more article, with what its topics show where they are due.
fn entry(number: u64) -> Entry {
    let article = id(number);
    let (story, event) = (number / 40, number / 5);
    let placement = Placement {
        story: TopicId::found(Level::Story, id(story * 40)),
        event: TopicId::found(Level::Event, id(event * 5)),
    };
    let at = i64::try_from(number * 60).unwrap();
    let words = |what: &str, count: u64| (0..count).map(|n| format!("{what}{story}{n}")).collect();
    let face = Face {
        topics: vec![placement.story, placement.event],
        label: format!("清河县第{story}号工程的第{event}件事有了新的进展"),
        keywords: words("关键词", 8),
        persons: words("人名", 3),
        places: words("地名", 4),
        organisations: words("机构", 3),
    };
    // About every third article makes its topics look at themselves again.
    let faces = if number.is_multiple_of(3) { vec![face] } else { Vec::new() };
    let assigned = Assigned {
        article,
        arrival: number,
        at,
        source: format!("第{}号网", number % 300),
        group: GroupId::found(article, "text"),
        original: None,
        placement,
        probability: 0.9,
    };
    let change = Change::Assigned(assigned);
    Entry { version: number, at_us: at * 1_000_000, change, corrections: Vec::new(), faces }
}

fn id(number: u64) -> ArticleId {
    ArticleId::from(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &number.to_le_bytes()))
}

/// MiB that the files of a folder take on the disk.
fn size(folder: &Path) -> u64 {
    fn bytes(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let data = entry.metadata().unwrap();
                if data.is_dir() { bytes(&entry.path()) } else { on_disk(&data) }
            })
            .sum()
    }
    bytes(folder) / 1024 / 1024
}

#[cfg(unix)]
fn on_disk(data: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    data.blocks() * 512
}

#[cfg(not(unix))]
fn on_disk(data: &std::fs::Metadata) -> u64 {
    data.len()
}
