//! `InfoService`: what is running.

use wenmai::proto::wire;

use crate::support::DIM;
use crate::support::Running;
use crate::support::flood_and_others;

#[tokio::test]
async fn info_tells_versions_model_store_and_limits() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;

    let info = running.info().get_info(wire::GetInfoRequest {}).await.unwrap().into_inner();

    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    let model = info.model.unwrap();
    assert_eq!((model.name.as_str(), model.dim as usize), ("fake", DIM));
    assert!(info.index_version.contains(&model.version));
    let store = info.store.unwrap();
    assert_eq!((store.backend.as_str(), store.article_count), ("memory", 5));
    let limits = info.limits.unwrap();
    assert_eq!((limits.request_bytes_max, limits.batch_articles_max), (4 * 1024 * 1024, 1_000));
    assert_eq!(limits.deadline_default.unwrap().seconds, 10);
    assert_eq!(limits.deadline_max.unwrap().seconds, 60);
    assert!(info.uptime.is_some() && info.has_topics);
    assert_eq!(info.features.contains(&"otlp".to_owned()), cfg!(feature = "otlp"));
}

#[tokio::test]
async fn info_tells_the_limits_that_were_set() {
    let running = Running::start_with(|config| {
        config.limits.calls_max = Some(7);
        config.limits.calls_at_once = Some(3);
        config.limits.streams_max = Some(5);
        config.keys.calls_per_second = Some(90);
    })
    .await;
    let info = running.info().get_info(wire::GetInfoRequest {}).await.unwrap().into_inner();
    let limits = info.limits.unwrap();
    assert_eq!((limits.calls_max, limits.calls_at_once, limits.streams_max), (7, 3, 5));
    assert_eq!((limits.calls_per_second, limits.calls_per_connection), (90, 128));
    // A limit of nothing is one that somebody forgot to fill in.
    for limit in [
        limits.pages_max,
        limits.summarized_articles_max,
        limits.stream_batch_articles_max,
        limits.embed_queue_texts_max,
        limits.embed_batch_tokens_max,
        limits.answer_bytes_max,
        limits.connections_max,
    ] {
        assert!(limit > 0, "{limits:?}");
    }
}

#[tokio::test]
async fn the_bundled_model_and_the_embedded_store_name_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let answer = running.info().get_info(wire::GetInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(answer.model.unwrap().name, "wenmai-news-zh");
    assert_eq!(answer.store.unwrap().backend, "edge");
}
