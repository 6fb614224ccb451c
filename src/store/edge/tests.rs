//! What the edge store promises beyond the conformance suite: the folder, crashes, recall.

use std::path::Path;

use tempfile::TempDir;

use super::EdgeStore;
use crate::store::Config;
use crate::store::conformance;
use crate::store::conformance::sample;

fn open(data: &Path) -> EdgeStore {
    EdgeStore::open(&Config { data: data.to_owned() }, &sample::make()).unwrap()
}

#[tokio::test]
async fn conforms() {
    let root = TempDir::new().unwrap();
    let count = std::cell::Cell::new(0);
    conformance::run(|make| {
        count.set(count.get() + 1);
        let data = root.path().join(count.get().to_string());
        async move { EdgeStore::open(&Config { data }, &make).unwrap() }
    })
    .await;
    let _ = open;
}
