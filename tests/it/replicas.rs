//! Several processes on one store: one writes at a time, the others follow; whoever dies is replaced,
//! and whoever comes back too late changes nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::date;
use wenmai::domain::article::Record;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::filter::TopicFilter;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::LeaseTiming;
use wenmai::engine::ListTopics;
use wenmai::engine::Period;
use wenmai::engine::TopicOrder;
use wenmai::engine::TopicView;
use wenmai::store;
use wenmai::store::Lease;
use wenmai::store::SharedMemory;
use wenmai::store::VectorStore;

use crate::support;
use crate::support::Gate;

/// Times short enough for a test, and long enough for a busy machine to give its signs of life.
const TIMING: LeaseTiming = LeaseTiming {
    silence_max: Duration::from_millis(1_500),
    wait_max: Duration::from_secs(30),
    poll: Duration::from_millis(20),
    tick: Duration::from_millis(100),
};

fn shared() -> SharedMemory {
    SharedMemory::new(&support::fake_make())
}

async fn engine(shared: &SharedMemory, timing: LeaseTiming) -> Engine {
    let gate = Gate::default();
    gate.open();
    let engine = support::fake_engine_over(&shared.open(), &gate).with_lease_timing(timing);
    engine.with_topics().await.unwrap()
}

/// The `number`th report of a fictional county.
fn report(number: usize) -> Record {
    let texts = [
        ("清河大桥加固工程开工", "清河大桥加固工程开工，工期五个月，桥面将重新铺装。"),
        ("清河大桥加固工程过半", "清河大桥加固工程过半，两侧护栏更换完毕。"),
        ("县图书馆新馆开放", "读者在新馆借阅图书，周末有讲座。"),
        ("柳溪镇秋粮收购展开", "柳溪镇秋粮收购全面展开，烘干机全部启用。"),
    ];
    let (title, text) = texts[number % texts.len()];
    Record {
        source: "清河".into(),
        source_id: number.to_string(),
        published_at: Some(date(2025, 9, 1 + i8::try_from(number).unwrap()).at(0, 0, 0, 0)),
        title: format!("{title}（{number}）"),
        paragraphs: vec![text.into()],
        ..Record::default()
    }
}

async fn ingest(engine: &Engine, numbers: std::ops::Range<usize>) -> Vec<ArticleId> {
    let (results, _) = engine.ingest(numbers.map(report).collect()).await.unwrap();
    results.into_iter().map(|one| one.unwrap().id).collect()
}

async fn stories(engine: &Engine) -> Vec<TopicView> {
    let asked = ListTopics {
        level: Level::Story,
        period: Period::default(),
        filter: TopicFilter::default(),
        order: TopicOrder::default(),
        offset: 0,
        limit: Limit::MOST,
    };
    engine.list_topics(asked).await.unwrap().topics
}

/// Waits until `engine` knows the log up to `version`.
async fn until(engine: &Engine, version: u64) {
    let reached = async {
        let mut changes = engine.watch_topics(0).unwrap();
        loop {
            let entries = changes.next().await.unwrap();
            if entries.iter().any(|entry| entry.version >= version) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the log is not followed");
}

/// The articles that the log assigned, each as often as it did; versions without a gap.
async fn assigned(store: &dyn VectorStore) -> Vec<ArticleId> {
    let rows = store.rows(1, Limit::MOST).await.unwrap();
    let mut articles = Vec::new();
    for (row, version) in rows.iter().zip(1..) {
        assert_eq!(row.version, version);
        if let Some(assigned) = row.value["change"].get("assigned") {
            articles.push(assigned["article"].as_str().unwrap().parse().unwrap());
        }
    }
    articles
}

async fn version(engine: &Engine) -> u64 {
    engine.topics_progress().await.unwrap().version
}

#[tokio::test]
async fn each_writes_in_turn_and_the_other_follows() {
    let shared = shared();
    let store = shared.open();
    let (left, right) = (engine(&shared, TIMING).await, engine(&shared, TIMING).await);
    let mut known = BTreeSet::new();
    for round in 0..4 {
        let (writer, reader) = if round % 2 == 0 { (&left, &right) } else { (&right, &left) };
        known.extend(ingest(writer, 3 * round..3 * round + 3).await);
        writer.settle_topics().await.unwrap();
        until(reader, version(writer).await).await;
        assert_eq!(stories(reader).await, stories(writer).await, "round {round}");
    }
    let assigned = assigned(store.as_ref()).await;
    assert_eq!(assigned.len(), 12, "an article was assigned twice or never");
    assert_eq!(assigned.into_iter().collect::<BTreeSet<_>>(), known);
    // Both gave numbers, and no number was given twice.
    let arrived = store.arrived(0, Limit::MOST).await.unwrap();
    let numbers: BTreeSet<u64> = arrived.iter().map(|one| one.arrival).collect();
    assert_eq!((arrived.len(), numbers.len()), (12, 12));
    left.close().await.unwrap();
}

#[tokio::test]
async fn two_that_write_at_once_do_not_harm_each_other() {
    let shared = shared();
    let store = shared.open();
    let (left, right) = (engine(&shared, TIMING).await, engine(&shared, TIMING).await);
    let one = async {
        for piece in 0..3 {
            ingest(&left, piece * 4..piece * 4 + 4).await;
        }
    };
    let other = async {
        for piece in 3..6 {
            ingest(&right, piece * 4..piece * 4 + 4).await;
        }
    };
    tokio::join!(one, other);
    left.settle_topics().await.unwrap();
    right.settle_topics().await.unwrap();
    let assigned = assigned(store.as_ref()).await;
    assert_eq!(assigned.len(), 24);
    assert_eq!(assigned.into_iter().collect::<BTreeSet<_>>().len(), 24);
    let arrived = store.arrived(0, Limit::MOST).await.unwrap();
    let numbers: BTreeSet<u64> = arrived.iter().map(|one| one.arrival).collect();
    assert_eq!(numbers.len(), 24);
}

#[tokio::test]
async fn who_dies_with_the_turn_is_replaced_and_what_it_left_is_placed() {
    let shared = shared();
    let store = shared.open();
    let (left, right) = (engine(&shared, TIMING).await, engine(&shared, TIMING).await);
    ingest(&left, 0..2).await;
    left.settle_topics().await.unwrap();
    // Stored and never placed: an engine without topics does just that. Neither gives its turn back.
    let gate = Gate::default();
    gate.open();
    drop(left);
    let without = support::fake_engine_over(&shared.open(), &gate).with_lease_timing(TIMING);
    let left_over = ingest(&without, 2..4).await;
    drop(without);
    assert!(!store.lease().await.unwrap().holder.is_empty());
    until(&right, 4).await;
    let assigned = assigned(store.as_ref()).await;
    assert!(left_over.iter().all(|id| assigned.contains(id)), "{assigned:?}");
    ingest(&right, 4..5).await;
    right.settle_topics().await.unwrap();
    assert_eq!(stories(&right).await.iter().map(|one| one.measures.size).sum::<usize>(), 5);
}

#[tokio::test]
async fn who_lost_the_turn_unawares_stores_nothing_and_adds_nothing_to_the_log() {
    let shared = shared();
    let store = shared.open();
    // It looks for signs of life so seldom that it believes in its turn throughout.
    let slow = LeaseTiming { silence_max: Duration::from_mins(10), ..TIMING };
    let unaware = LeaseTiming { tick: Duration::from_mins(10), ..slow };
    let left = engine(&shared, unaware).await;
    ingest(&left, 0..2).await;
    left.settle_topics().await.unwrap();
    let before = store.rows(1, Limit::MOST).await.unwrap();
    let held = store.lease().await.unwrap();
    let other = Lease { term: held.term + 1, holder: "other".into(), beat: 0 };
    assert!(store.swap_lease(&held, &other).await.unwrap());
    // It has to announce the article first, and the mark takes nothing of its term any more.
    let refused = left.ingest(vec![report(2)]).await;
    assert!(matches!(refused, Err(Error::Store(store::Error::Fenced { .. }))), "{refused:?}");
    assert_eq!(store.last_arrival().await.unwrap(), 2);
    // Whatever comes next waits for a turn that it does not get.
    let impatient = tokio::time::timeout(Duration::from_millis(500), left.settle_topics()).await;
    assert!(impatient.is_err(), "{impatient:?}");
    assert_eq!(store.rows(1, Limit::MOST).await.unwrap(), before);
    assert_eq!(store.lease().await.unwrap(), other);
}

#[tokio::test]
async fn a_write_that_waits_too_long_for_its_turn_says_who_has_it() {
    let shared = shared();
    let store = shared.open();
    let other = Lease { term: 1, holder: "somebody else".into(), beat: 0 };
    assert!(store.swap_lease(&Lease::default(), &other).await.unwrap());
    let timing = LeaseTiming { wait_max: Duration::from_millis(100), ..TIMING };
    let engine = engine(&shared, timing).await;
    let refused = engine.ingest(vec![report(0)]).await;
    let Err(Error::Store(store::Error::Led { holder })) = refused else { panic!("{refused:?}") };
    assert_eq!(holder, "somebody else");
    // Reading needs no turn.
    assert_eq!(stories(&engine).await, []);
}
