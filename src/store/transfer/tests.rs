//! A move loses nothing, writes nothing twice, and reports what differs.

use std::sync::Mutex;

use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::Kept;
use super::Part;
use super::Report;
use super::Transfer;
use super::batch;
use super::transfer;
use crate::Config;
use crate::Mark;
use crate::Placed;
use crate::Row;
use crate::TopicPoint;
use crate::TopicStore as _;
use crate::VectorStore as _;
use crate::conformance::sample;
use crate::conformance::sample::Sampler;
use crate::edge::EdgeStore;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

pub fn folder(root: &TempDir, name: &str) -> EdgeStore {
    let config = Config::folder(root.path().join(name));
    EdgeStore::open(&config, &sample::make()).unwrap()
}

/// Fills a store with articles, topics and a log, more than one batch of each.
pub async fn fill(store: &dyn Transfer) {
    let mut sampler = Sampler::new(21);
    let points: Vec<_> = (0..450).map(|number| sampler.point(number)).collect();
    let placed = points.iter().zip(1..).map(|(point, arrival)| Placed {
        article: point.article.id,
        arrival,
        placement: Placement {
            event: TopicId::found(Level::Event, point.article.id),
            story: TopicId::found(Level::Story, point.article.id),
        },
    });
    let placed: Vec<Placed> = placed.collect();
    store.upsert(points).await.unwrap();
    let topics = placed.iter().take(220).enumerate().map(|(at, placed)| TopicPoint {
        id: placed.placement.story,
        level: Level::Story,
        centroid: (at % 7 > 0).then(|| sampler.embedding(sample::DIM)),
        payload: serde_json::Map::from_iter([("label".to_owned(), Value::from("题"))]),
    });
    let topics = topics.collect();
    store.project(topics, placed).await.unwrap();
    let row = |version: u64| {
        let value = serde_json::json!({ "version": version, "p": 0.1_f32, "n": [1, null] });
        let Value::Object(value) = value else { panic!() };
        Row { version, value }
    };
    let mark = Mark { projected: 7, arrival: 450, ..Mark::default() };
    store.append(0, (1..=430).map(row).collect(), mark).await.unwrap();
}

pub async fn everything(store: &dyn Transfer, part: Part) -> Vec<Kept> {
    let (mut all, mut from) = (Vec::new(), Some(Uuid::nil()));
    while let Some(start) = from {
        let (points, next) = store.dump(part, start, batch()).await.unwrap();
        all.extend(points);
        from = next;
    }
    all
}

fn counts(report: &Report) -> [(u64, u64); 3] {
    report.parts().map(|(_, moved)| (moved.target.count, moved.written_count))
}

#[tokio::test]
async fn everything_arrives_to_the_bit_and_once() {
    let root = TempDir::new().unwrap();
    let (source, target) = (folder(&root, "source"), folder(&root, "target"));
    fill(&source).await;
    let heard = Mutex::new(Vec::new());
    let told = |done| heard.lock().unwrap().push(done);
    let report = transfer(&source, &target, &told).await.unwrap();
    assert!(report.is_same(), "{report:?}");
    // The mark of the log is counted as one point more.
    assert_eq!(counts(&report), [(450, 450), (220, 220), (431, 430)]);
    assert_eq!(*heard.lock().unwrap(), [200, 400, 450, 650, 670]);
    for part in [Part::Articles, Part::Topics] {
        assert_eq!(everything(&source, part).await, everything(&target, part).await);
    }
    assert_eq!(
        target.mark().await.unwrap(),
        Mark { projected: 7, arrival: 450, ..Mark::default() }
    );
    let again = transfer(&source, &target, &|_| ()).await.unwrap();
    assert!(again.is_same());
    assert_eq!(counts(&again), [(450, 0), (220, 0), (431, 0)]);
}

#[tokio::test]
async fn a_move_that_was_cut_off_goes_on() {
    let root = TempDir::new().unwrap();
    let (source, target) = (folder(&root, "source"), folder(&root, "target"));
    fill(&source).await;
    let mut some = everything(&source, Part::Articles).await;
    some.truncate(130);
    // The target has one of them with another content.
    some[3].payload.insert("title".to_owned(), "旧".into());
    target.load(Part::Articles, some).await.unwrap();
    let report = transfer(&source, &target, &|_| ()).await.unwrap();
    assert!(report.is_same());
    assert_eq!(report.articles.written_count, 450 - 130 + 1);
}

#[tokio::test]
async fn what_the_source_does_not_have_is_told() {
    let root = TempDir::new().unwrap();
    let (source, target) = (folder(&root, "source"), folder(&root, "target"));
    fill(&source).await;
    target.upsert(vec![Sampler::new(3).point(9_999)]).await.unwrap();
    let report = transfer(&source, &target, &|_| ()).await.unwrap();
    assert!(!report.is_same());
    assert_eq!(report.articles.target.count, report.articles.source.count + 1);
    assert_ne!(report.articles.target.checksum(), report.articles.source.checksum());
}
