//! What survives `kill -9`: the test binary starts itself again as the process to be killed.

use std::collections::BTreeMap;
use std::env;
use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use super::open_eager;
use crate::Point;
use crate::Stored;
use crate::VectorStore;
use crate::conformance::sample::Sampler;
use crate::conformance::sample::id;
use crate::conformance::sample::make;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;

/// Environment variable that tells the child where to write. If it is not set, this is not the
/// child.
const DATA: &str = "WENMAI_TEST_CRASH_DATA";
const FIRST: &str = "WENMAI_TEST_CRASH_FIRST";
const BATCH_LEN: usize = 20;
/// The number of the article that every batch writes anew.
const SHARED: usize = 1_000_000;

/// Batch `number`: articles of its own, and a revision of the one that all batches share.
fn batch(number: usize) -> Vec<Point> {
    let mut sampler = Sampler::new(number as u64);
    let first = number * BATCH_LEN;
    let mut points: Vec<Point> = (first..first + BATCH_LEN).map(|n| sampler.point(n)).collect();
    let mut shared = sampler.point(SHARED);
    shared.content_hash = number.to_string();
    points.push(shared);
    points
}

#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn ingests_until_killed() {
    #[expect(clippy::disallowed_methods, reason = "a process is told by its parent")]
    let (Ok(data), Ok(first)) = (env::var(DATA), env::var(FIRST)) else {
        return;
    };
    let first: usize = first.parse().unwrap();
    let store = open_eager(&PathBuf::from(data), &make());
    for number in first.. {
        store.upsert(batch(number)).await.unwrap();
        println!("\nacknowledged {number}");
        if number % 4 == 3 {
            store.optimize().await.unwrap();
        }
    }
}

/// Lets a child write from batch `first` on, kills it after `count` batches, and returns the last
/// batch that it acknowledged.
fn write_and_kill(data: &Path, first: usize, count: usize) -> usize {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "edge::tests::crash::ingests_until_killed"])
        .args(["--ignored", "--nocapture"])
        .env(DATA, data)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = None;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = || {
        let mut lines = lines.by_ref().map(Result::unwrap);
        lines.find_map(|line| line.strip_prefix("acknowledged ").map(|n| n.parse().unwrap()))
    };
    for _ in 0..count {
        last = acknowledged();
        assert!(last.is_some(), "the child ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The child may have acknowledged more before the signal arrived.
    while let Some(number) = acknowledged() {
        last = Some(number);
    }
    last.unwrap()
}

async fn everything(store: &impl VectorStore) -> Vec<Stored> {
    let mut points = Vec::new();
    let mut from = None;
    loop {
        let page = store.list(&Filter::default(), from, Limit::new(100).unwrap()).await.unwrap();
        points.extend(page.points);
        from = page.next;
        if from.is_none() {
            return points;
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_once() {
    let root = TempDir::new().unwrap();
    let mut first = 0;
    for count in [1, 4, 9] {
        let last = write_and_kill(root.path(), first, count);
        let store = open_eager(root.path(), &make());
        let points = everything(&store).await;
        assert_eq!(store.count(&Filter::default()).await.unwrap(), points.len() as u64);
        let by_id: BTreeMap<ArticleId, &Stored> =
            points.iter().map(|point| (point.article.id, point)).collect();
        assert_eq!(by_id.len(), points.len(), "an article is there twice");
        for number in 0..=last {
            for point in &batch(number)[..BATCH_LEN] {
                assert_eq!(by_id[&point.article.id].article, point.article, "batch {number}");
            }
        }
        let shared: usize = by_id[&id(SHARED)].content_hash.parse().unwrap();
        assert!(shared == last || shared == last + 1, "revision {shared} after {last}");
        let allowed = (0..(last + 2) * BATCH_LEN).chain([SHARED]).map(id);
        let allowed: Vec<ArticleId> = allowed.collect();
        assert!(by_id.keys().all(|id| allowed.contains(id)), "an article nobody wrote");
        store.close().await.unwrap();
        first = last + 1;
    }
}
