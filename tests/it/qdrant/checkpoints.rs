//! A start on a server reads the last checkpoint of the topics and the log after it; where the
//! checkpoint cannot be used, the log.

use ::qdrant_client::Payload;
use ::qdrant_client::Qdrant;
use ::qdrant_client::qdrant::DeletePointsBuilder;
use ::qdrant_client::qdrant::PointsIdsList;
use ::qdrant_client::qdrant::SetPayloadPointsBuilder;
use serde_json::json;
use uuid::Uuid;
use wenmai::domain::topic::Level;
use wenmai::engine::Engine;
use wenmai::engine::LeaseTiming;
use wenmai::engine::TopicView;
use wenmai::store;

use super::Place;
use crate::support;
use crate::support::Gate;
use crate::writes::sound;

/// The namespace of the points of a checkpoint, as `store::pieces` has it.
const NAMESPACE: Uuid = Uuid::from_u128(0x3c5e_92a7_1f40_5d6b_a8b3_64c0_e717_2d9f);

async fn open(place: &Place) -> Engine {
    let store = store::open(&place.config(&place.url), &support::fake_make()).unwrap();
    let gate = Gate::default();
    gate.open();
    let timing = LeaseTiming {
        silence_max: std::time::Duration::from_millis(800),
        tick: std::time::Duration::from_millis(100),
        ..LeaseTiming::default()
    };
    let engine = support::fake_engine_over(&store, &gate).with_lease_timing(timing);
    engine.with_topics().await.unwrap()
}

async fn stories(engine: &Engine) -> Vec<TopicView> {
    sound::topics(engine, Level::Story).await
}

/// Articles with topics, a checkpoint of them, and more articles after it; what is known then.
async fn with_a_checkpoint(place: &Place) -> Vec<TopicView> {
    let engine = open(place).await;
    let mut articles = crate::writes::some_records(9);
    let later = articles.split_off(6);
    engine.ingest(articles).await.unwrap();
    engine.settle_topics().await.unwrap();
    // Which writes a checkpoint at its end.
    engine.rebuild_topics().await.unwrap();
    engine.ingest(later).await.unwrap();
    engine.settle_topics().await.unwrap();
    let known = stories(&engine).await;
    engine.close().await.unwrap();
    assert_eq!(known.iter().map(|story| story.measures.size).sum::<usize>(), 9);
    known
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_server_reads_the_checkpoint_and_the_log_after_it() {
    let place = Place::anywhere();
    let known = with_a_checkpoint(&place).await;
    // Nobody can read the log from its beginning any more.
    let client = Qdrant::from_url(&place.url).skip_compatibility_check().build().unwrap();
    let first = PointsIdsList { ids: vec![1.into(), 2.into()] };
    let topics = format!("{}-topics", place.prefix);
    client.delete_points(DeletePointsBuilder::new(topics).points(first).wait(true)).await.unwrap();

    let engine = open(&place).await;

    assert_eq!(stories(&engine).await, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_on_a_server_that_cannot_be_used_is_passed_over() {
    let header = Uuid::new_v5(&NAMESPACE, b"header").to_string();
    let piece = Uuid::new_v5(&NAMESPACE, b"0:0").to_string();
    // One that is of another log, one whose piece is damaged, one whose header is.
    for (point, key, value) in [
        (&header, "version", json!(3)),
        (&piece, "text", json!("Zm9v")),
        (&header, "hash", json!(7)),
    ] {
        let place = Place::anywhere();
        let known = with_a_checkpoint(&place).await;
        let client = Qdrant::from_url(&place.url).skip_compatibility_check().build().unwrap();
        let mut payload = Payload::new();
        payload.insert(key, ::qdrant_client::qdrant::Value::from(value));
        let ids = PointsIdsList { ids: vec![point.as_str().into()] };
        let topics = format!("{}-topics", place.prefix);
        let request = SetPayloadPointsBuilder::new(topics, payload).points_selector(ids);
        client.set_payload(request.wait(true)).await.unwrap();

        let engine = open(&place).await;

        assert_eq!(stories(&engine).await, known, "{key}");
    }
}
