//! The promises of the embedded store that go beyond the conformance suite.

mod crash;
mod folder;
mod recall;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

use tempfile::TempDir;

use super::EdgeStore;
use super::Folder;
use super::Shard;
use super::Tuning;
use super::error::guarded;
use super::offer;
use super::reader;
use crate::Config;
use crate::Error;
use crate::Make;
use crate::VectorStore;
use crate::Vectors;
use crate::conformance;
use crate::conformance::oracle;
use crate::conformance::sample;
use crate::conformance::sample::Sampler;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;

/// Seals segments and builds a graph from the first points on, so that small tests reach all of the
/// code.
const EAGER: Tuning =
    Tuning { graph_bytes_min: 0, scan_bytes_max: 1024, seal_bytes_min: 1024, codes: false };

fn config(data: &Path) -> Config {
    Config::folder(data)
}

fn open(data: &Path) -> EdgeStore {
    EdgeStore::open(&config(data), &sample::make()).unwrap()
}

fn open_eager(data: &Path, make: &Make) -> EdgeStore {
    EdgeStore::open_tuned(&config(data), make, EAGER).unwrap()
}

#[tokio::test]
async fn conforms() {
    let root = TempDir::new().unwrap();
    let count = Cell::new(0);
    conformance::run(|make| {
        count.set(count.get() + 1);
        let data = root.path().join(count.get().to_string());
        async move { EdgeStore::open(&Config::folder(data), &make).unwrap() }
    })
    .await;
}

#[tokio::test]
async fn conforms_with_sealed_segments_and_a_graph() {
    let root = TempDir::new().unwrap();
    let store = open_eager(root.path(), &sample::make());
    oracle::any_history_gives_the_oracles_answers(&store, 3).await;
}

#[tokio::test]
async fn a_reopened_store_has_everything() {
    let root = TempDir::new().unwrap();
    let mut sampler = Sampler::new(5);
    let points: Vec<_> = (0..50).map(|number| sampler.point(number)).collect();
    let ids: Vec<_> = points.iter().map(|point| point.article.id).collect();
    let store = open(root.path());
    store.upsert(points.clone()).await.unwrap();
    store.delete(&ids[..1]).await.unwrap();
    store.close().await.unwrap();
    // Dropping the store closes it as well.
    drop(open(root.path()));
    let store = open(root.path());
    let stored = store.fetch(&ids, Vectors::Yes).await.unwrap();
    assert_eq!(stored[0], None);
    for (stored, point) in stored.iter().zip(&points).skip(1) {
        oracle::assert_same_point(stored.as_ref().unwrap(), point);
    }
    let query = &points[9];
    let hits =
        store.lexical(&query.terms, &Filter::default(), Limit::new(50).unwrap()).await.unwrap();
    assert!(hits.iter().any(|hit| hit.id == query.article.id));
    assert_eq!(store.status().await.unwrap().article_count, 49);
}

#[tokio::test]
async fn optimizing_again_changes_nothing() {
    let root = TempDir::new().unwrap();
    let folder = Folder::open(root.path(), &sample::make()).unwrap();
    let shard = Shard::open(folder, sample::DIM, EAGER).unwrap();
    let mut sampler = Sampler::new(6);
    shard.upsert((0..300).map(|number| sampler.point(number)).collect()).unwrap();
    shard.optimize().unwrap();
    let segments = |shard: &Shard| {
        let folder = std::fs::read_dir(shard.articles().join("segments")).unwrap();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = segments(&shard);
    shard.optimize().unwrap();
    assert_eq!(segments(&shard), before);
    drop(shard);
    let folder = Folder::open(root.path(), &sample::make()).unwrap();
    let shard = Shard::open(folder, sample::DIM, EAGER).unwrap();
    shard.optimize().unwrap();
    assert_eq!(segments(&shard), before);
}

#[test]
fn a_full_queue_refuses_at_once() {
    let (queue, jobs) = sync_channel(1);
    offer(&queue, 1).unwrap();
    assert!(matches!(offer(&queue, 2), Err(Error::Overloaded)));
    drop(jobs);
    assert!(matches!(offer(&queue, 3), Err(Error::Closed)));
}

#[test]
fn a_question_nobody_waits_for_is_not_asked() {
    let root = TempDir::new().unwrap();
    let folder = Folder::open(root.path(), &sample::make()).unwrap();
    let shard = Shard::open(folder, sample::DIM, Tuning::default()).unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&asked);
    let (job, answer) = reader::job(move |_| {
        flag.store(true, Ordering::Relaxed);
        Ok(())
    });
    drop(answer);
    job(&shard);
    assert!(!asked.load(Ordering::Relaxed));
}

#[test]
fn a_panic_in_the_engine_fails_the_call_alone() {
    let failed: Result<(), Error> = guarded(|| panic!("on purpose"));
    assert!(matches!(failed, Err(Error::Failed(_))));
}
