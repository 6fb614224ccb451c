//! Collections that exist are found again, or refused.

use super::Place;
use crate::Error;
use crate::Make;
use crate::VectorStore as _;
use crate::Vectors;
use crate::conformance::oracle;
use crate::conformance::sample;
use crate::conformance::sample::Sampler;
use crate::server::Config;
use crate::server::ServerStore;
use wenmai_domain::filter::Filter;

#[tokio::test]
async fn what_was_stored_is_there_for_the_next_process() {
    let Some(place) = Place::on_server() else { return };
    assert_eq!(ServerStore::made(&place.config).unwrap(), None);
    let mut sampler = Sampler::new(5);
    let points: Vec<_> = (0..50).map(|number| sampler.point(number)).collect();
    let ids: Vec<_> = points.iter().map(|point| point.article.id).collect();
    let store = place.open(&sample::make());
    store.upsert(points.clone()).await.unwrap();
    store.close().await.unwrap();
    let store = place.open(&sample::make());
    let stored = store.fetch(&ids, Vectors::Yes).await.unwrap();
    for (stored, point) in stored.iter().zip(&points) {
        oracle::assert_same_point(stored.as_ref().unwrap(), point);
    }
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 50);
    assert_eq!(ServerStore::made(&place.config).unwrap(), Some(sample::make()));
}

#[tokio::test]
async fn an_index_of_another_make_is_refused() {
    let Some(place) = Place::on_server() else { return };
    let _store = place.open(&sample::make());
    for (make, told) in [
        (Make { index_version: "test-2".into(), ..sample::make() }, "test-2"),
        (Make { dim: 9, ..sample::make() }, "test-1 with 9 numbers"),
    ] {
        let refused = ServerStore::open(&place.config, &make);
        let Err(Error::IndexVersion { wanted, .. }) = refused else { panic!("opened") };
        assert_eq!(wanted, told);
    }
}

#[tokio::test]
async fn several_processes_may_begin_at_once() {
    let Some(place) = Place::on_server() else { return };
    let config = place.config.clone();
    let open = |_| {
        let config = config.clone();
        std::thread::spawn(move || ServerStore::open(&config, &sample::make()).unwrap())
    };
    let starts: Vec<_> = (0..4).map(open).collect();
    let stores: Vec<ServerStore> = starts.into_iter().map(|one| one.join().unwrap()).collect();
    let mut sampler = Sampler::new(6);
    stores[0].upsert(vec![sampler.point(1)]).await.unwrap();
    assert_eq!(stores[3].count(&Filter::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_there_is_away_and_not_for_long() {
    // This port was free a moment ago, and nobody listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config { timeout_ms: 500, ..Config::at(&format!("http://{free}")) };
    let refused = ServerStore::open(&config, &sample::make());
    assert!(matches!(refused, Err(Error::Away(_))), "{refused:?}");
}

#[tokio::test]
async fn a_listener_that_never_answers_is_away_at_the_deadline() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let config = Config { timeout_ms: 300, ..Config::at(&format!("http://{address}")) };
    let refused = ServerStore::open(&config, &sample::make());
    assert!(matches!(refused, Err(Error::Away(_))), "{refused:?}");
}
