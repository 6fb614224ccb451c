//! Tests against a real server, and of what does not need one against a stand-in (`fake`). The former
//! report that they were skipped if `WENMAI_TEST_QDRANT_URL` is not set.

pub mod fake;
#[cfg(feature = "edge")]
mod moving;
mod open;
mod recall;

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use ::qdrant_client::qdrant::DeleteCollection;

use super::ServerStore;
use super::Threads;
use super::client::Client;
use super::client::Collections;
use super::config::Config;
use super::schema::Tuning;
use crate::Make;
use crate::conformance;
use crate::conformance::sample;

/// The collections of one test on the server; they are deleted when it is dropped.
struct Place {
    config: Config,
}

impl Place {
    /// Names collections of their own on the server; `None` if there is no server to test with.
    fn on_server() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(url) = std::env::var_os("WENMAI_TEST_QDRANT_URL") else {
            eprintln!("skipped: WENMAI_TEST_QDRANT_URL names no Qdrant server to test with");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let number: u32 = rand::random();
        let prefix = format!("wenmai-test-{}-{number:08x}-{count}", std::process::id());
        let config = Config { prefix, ..Config::at(&url.into_string().unwrap()) };
        Some(Self { config })
    }

    /// Names collections on the server, or else on a stand-in for one.
    fn anywhere() -> Self {
        Self::on_server().unwrap_or_else(|| Self { config: Config::at(&fake::Fake::start()) })
    }

    fn open(&self, make: &Make) -> ServerStore {
        ServerStore::open(&self.config, make).unwrap()
    }

    fn open_tuned(&self, make: &Make, tuning: Tuning) -> ServerStore {
        ServerStore::open_tuned(&self.config, make, tuning).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let config = self.config.clone();
        let removed = Threads::start().unwrap().wait(async move {
            let client = Client::new(&config)?;
            let list = |mut api: Collections| async move {
                api.list(::qdrant_client::qdrant::ListCollectionsRequest {}).await
            };
            for found in client.collections(list).await?.collections {
                if !found.name.starts_with(&format!("{}-", config.prefix)) {
                    continue;
                }
                let delete = |mut api: Collections| {
                    let collection_name = found.name.clone();
                    let request = DeleteCollection { collection_name, timeout: Some(10) };
                    async move { api.delete(request).await }
                };
                client.collections(delete).await?;
            }
            Ok(())
        });
        if let Err(error) = removed {
            eprintln!("the collections of a test stay on the server: {error}");
        }
    }
}

#[tokio::test]
async fn conforms() {
    let Some(first) = Place::on_server() else { return };
    let places = std::sync::Mutex::new(vec![first]);
    conformance::run(|make| {
        let place = Place::on_server().unwrap();
        let store = place.open(&make);
        places.lock().unwrap().push(place);
        async move { store }
    })
    .await;
}

#[tokio::test]
async fn conforms_with_sealed_segments_and_a_graph() {
    let Some(place) = Place::on_server() else { return };
    // Everything that the server can index is indexed from the first points on.
    let eager = Tuning { graph_kb_min: 1, scan_kb_max: 10 };
    let store = place.open_tuned(&sample::make(), eager);
    conformance::oracle::any_history_gives_the_oracles_answers(&store, 3).await;
}

#[tokio::test]
async fn conforms_on_a_stand_in() {
    conformance::run(|make| {
        let store = ServerStore::open(&Config::at(&fake::Fake::start()), &make).unwrap();
        async move { store }
    })
    .await;
}

#[tokio::test]
async fn a_writer_whose_term_has_passed_is_shut_out() {
    let place = Place::anywhere();
    let (slow, next) = (place.open(&sample::make()), place.open(&sample::make()));
    conformance::fence::a_writer_whose_term_has_passed_changes_nothing(&slow, &next).await;
}
