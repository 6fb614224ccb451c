//! How much a graph finds under a filter: a search that silently loses articles is the worst kind.

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::EAGER;
use crate::Make;
use crate::Point;
use crate::VectorStore;
use crate::conformance::oracle::assert_same_hits;
use crate::conformance::sample::Sampler;
use crate::conformance::sample::point;
use crate::edge::Folder;
use crate::edge::Shard;
use crate::edge::Tuning;
use crate::memory::MemoryStore;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_domain::terms::TermVector;

const DIM: usize = 32;
const CLUSTERS: usize = 40;
const POINTS: usize = 4_000;
const QUERIES: usize = 60;

/// Articles in tight clusters, as news is. One in twenty is of paper 甲报, whatever its cluster, and
/// two clusters (5 %) make up section 体育.
fn clustered(sampler: &mut Sampler) -> Vec<Point> {
    let centers: Vec<Embedding> = (0..CLUSTERS).map(|_| sampler.embedding(DIM)).collect();
    let one = |number: usize| {
        let cluster = sampler.below(CLUSTERS);
        let record = Record {
            source: "s".into(),
            source_id: number.to_string(),
            paper: if sampler.below(20) == 0 { "甲报".into() } else { "乙报".into() },
            section: if cluster < 2 { "体育".into() } else { "要闻".into() },
            ..Record::default()
        };
        point(record, sampler.near(&centers[cluster], 0.4), TermVector::default())
    };
    (0..POINTS).map(one).collect()
}

/// The share of the ten nearest articles that `tuning` finds, for each filter.
async fn recalls(tuning: Tuning) -> Vec<f64> {
    let make = Make { index_version: "recall".into(), dim: DIM };
    let root = TempDir::new().unwrap();
    let shard = Shard::open(Folder::open(root.path(), &make).unwrap(), DIM, tuning).unwrap();
    let oracle = MemoryStore::new(&make);
    let mut sampler = Sampler::new(11);
    let points = clustered(&mut sampler);
    shard.upsert(points.clone()).unwrap();
    shard.optimize().unwrap();
    assert_eq!(shard.indexed_count(), POINTS, "nothing was built, so nothing is tested");
    oracle.upsert(points.clone()).await.unwrap();
    let limit = Limit::new(10).unwrap();
    let mut recalls = Vec::new();
    for filter in [
        "",
        "paper = 甲报",
        "section = 体育",
        "NOT section = 体育",
        "paper = 甲报 OR section = 体育",
    ] {
        let filter = Filter::parse(filter).unwrap();
        let (mut found, mut wanted) = (0_u32, 0_u32);
        for _ in 0..QUERIES {
            let like = sampler.below(POINTS);
            let query = sampler.near(&points[like].text, 0.3);
            let hits = shard.nearest(&query, &filter, limit).unwrap();
            let hits: BTreeSet<_> = hits.iter().map(|hit| hit.id).collect();
            let best = oracle.nearest(&query, &filter, limit).await.unwrap();
            for hit in best {
                wanted += 1;
                found += u32::from(hits.contains(&hit.id));
            }
        }
        recalls.push(f64::from(found) / f64::from(wanted));
    }
    recalls
}

#[tokio::test]
async fn a_graph_finds_what_no_filter_or_a_weak_one_lets_through() {
    // Nothing is scanned here. Whether a graph finds the few points that a strong filter lets
    // through depends on the entry points it was built with, so the store scans them and never asks
    // the graph.
    let recalls = recalls(EAGER).await;
    assert!(recalls[0] >= 0.98 && recalls[3] >= 0.98, "{recalls:?}");
}

#[tokio::test]
async fn a_scan_of_what_a_filter_lets_through_misses_nothing() {
    let scan = Tuning { scan_bytes_max: 96 * 1024, ..EAGER };
    let recalls = recalls(scan).await;
    assert!(recalls[1] >= 1.0 && recalls[2] >= 1.0 && recalls[4] >= 1.0, "{recalls:?}");
    assert!(recalls.iter().all(|recall| *recall >= 0.98), "{recalls:?}");
}

#[tokio::test]
async fn without_a_graph_every_answer_is_exact() {
    let exact = Tuning { graph_bytes_min: usize::MAX, ..EAGER };
    let recalls = recalls(exact).await;
    assert!(recalls.iter().all(|recall| *recall >= 1.0), "{recalls:?}");
}

#[tokio::test]
async fn codes_find_what_all_numbers_find() {
    let codes = Tuning { graph_bytes_min: usize::MAX, codes: true, ..EAGER };
    let recalls = recalls(codes).await;
    assert!(recalls.iter().all(|recall| *recall >= 0.995), "{recalls:?}");
    let graph = Tuning { codes: true, ..EAGER };
    let recalls = self::recalls(graph).await;
    assert!(recalls[0] >= 0.98 && recalls[3] >= 0.98, "{recalls:?}");
}

#[tokio::test]
async fn a_graph_finds_what_was_not_replaced() {
    // Half of the articles come again, too few to be cleaned up after: those they replace stay in
    // the graph, deleted, between the ones to be found.
    let make = Make { index_version: "recall".into(), dim: DIM };
    let root = TempDir::new().unwrap();
    let folder = Folder::open(root.path(), &make).unwrap();
    let shard = Shard::open(folder, DIM, EAGER).unwrap();
    let oracle = MemoryStore::new(&make);
    let mut sampler = Sampler::new(12);
    let limit = Limit::new(30).unwrap();
    let all = Filter::default();
    for _ in 0..5 {
        let mut points = clustered(&mut sampler);
        points.truncate(900);
        points.retain(|_| sampler.below(2) == 0);
        oracle.upsert(points.clone()).await.unwrap();
        shard.upsert(points).unwrap();
        shard.optimize().unwrap();
    }
    for _ in 0..QUERIES {
        let query = sampler.embedding(DIM);
        let hits = shard.nearest(&query, &all, limit).unwrap();
        let best = oracle.nearest(&query, &all, limit).await.unwrap();
        assert_same_hits(&hits, &best, limit.count(), "replaced");
    }
}
