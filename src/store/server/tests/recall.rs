//! How much a graph on the server finds under a filter, compared with an exact scan.

use std::collections::BTreeSet;

use ::qdrant_client::qdrant::CollectionStatus;

use super::Place;
use crate::Make;
use crate::Point;
use crate::VectorStore as _;
use crate::conformance::sample::Sampler;
use crate::conformance::sample::point;
use crate::memory::MemoryStore;
use crate::server::ServerStore;
use crate::server::schema;
use crate::server::schema::Tuning;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_domain::terms::TermVector;

const DIM: usize = 32;
const CLUSTERS: usize = 40;
const POINTS: usize = 4_000;
const QUERIES: usize = 60;

/// Articles in tight clusters, as news is: one in twenty is of paper 甲报, and two clusters make up
/// section 体育.
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

/// Waits until the server has built all that it wants to, and returns how many vectors it indexed.
async fn settled(store: &ServerStore) -> u64 {
    let indexed = |remote: crate::server::Remote| async move {
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(2);
        loop {
            let info = schema::info(&remote.client, &remote.names.articles).await?.unwrap();
            let indexed = info.indexed_vectors_count.unwrap_or_default();
            let done = info.status() == CollectionStatus::Green && indexed > 0;
            if done || std::time::Instant::now() > deadline {
                return Ok(indexed);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    store.call(indexed).await.unwrap()
}

/// The share of the ten nearest articles that `tuning` finds, for each filter.
async fn recalls(tuning: Tuning) -> Option<Vec<f64>> {
    let place = Place::on_server()?;
    let make = Make { index_version: "recall".into(), dim: DIM };
    let store = place.open_tuned(&make, tuning);
    let oracle = MemoryStore::new(&make);
    let mut sampler = Sampler::new(11);
    let points = clustered(&mut sampler);
    store.upsert(points.clone()).await.unwrap();
    oracle.upsert(points.clone()).await.unwrap();
    let indexed = settled(&store).await;
    assert!(indexed > 0, "nothing was built, so nothing is tested");
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
            let hits = store.nearest(&query, &filter, limit).await.unwrap();
            let hits: BTreeSet<_> = hits.iter().map(|hit| hit.id).collect();
            for hit in oracle.nearest(&query, &filter, limit).await.unwrap() {
                wanted += 1;
                found += u32::from(hits.contains(&hit.id));
            }
        }
        recalls.push(f64::from(found) / f64::from(wanted));
    }
    eprintln!("recall with {tuning:?}, {indexed} vectors indexed: {recalls:?}");
    Some(recalls)
}

#[tokio::test]
async fn a_graph_finds_what_no_filter_or_a_weak_one_lets_through() {
    let Some(recalls) = recalls(Tuning { graph_kb_min: 1, scan_kb_max: 10 }).await else { return };
    assert!(recalls[0] >= 0.98 && recalls[3] >= 0.98, "{recalls:?}");
}

#[tokio::test]
async fn a_scan_of_what_a_filter_lets_through_misses_nothing() {
    let tuning = Tuning { graph_kb_min: 1, scan_kb_max: 96 };
    let Some(recalls) = recalls(tuning).await else { return };
    assert!(recalls[1] >= 1.0 && recalls[2] >= 1.0 && recalls[4] >= 1.0, "{recalls:?}");
    assert!(recalls.iter().all(|recall| *recall >= 0.98), "{recalls:?}");
}
