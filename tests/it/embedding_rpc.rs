//! `EmbeddingService`: vectors of unit length, and counts that hide nothing.

use tonic::Code;
use tonic_types::StatusExt;
use wenmai::proto::wire;

use crate::support::DIM;
use crate::support::Running;
use crate::support::invalid;
use crate::support::told;

fn texts(texts: &[&str]) -> wire::EmbedTextsRequest {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    wire::EmbedTextsRequest { texts, ..Default::default() }
}

fn cosine(left: &wire::TextEmbedding, right: &wire::TextEmbedding) -> f32 {
    left.values.iter().zip(&right.values).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn texts_are_embedded_in_order_with_their_counts() {
    let running = Running::start().await;
    let long = "防汛".repeat(100);
    let request = texts(&["清河水位", "清河水位", &long]);

    let answer = running.embedding().embed_texts(request).await.unwrap().into_inner();

    let [first, same, long] = answer.embeddings.as_slice() else { panic!("three in, three out") };
    assert_eq!(first.values.len(), DIM);
    assert!((cosine(first, same) - 1.0).abs() < 1e-5);
    assert_eq!((first.token_count, first.token_count_used, first.window_count), (4, 4, 1));
    assert_eq!((long.token_count, long.token_count_used, long.window_count), (200, 200, 2));
    assert_eq!(answer.model_version, "0123456789ab-mean");
    assert!(answer.index_version.contains(&answer.model_version));
    assert!(answer.timings.unwrap().embed.is_some());
}

#[tokio::test]
async fn a_text_longer_than_all_windows_says_how_much_was_used() {
    let running = Running::start().await;
    let request = texts(&[&"水".repeat(10_000)]);
    let answer = running.embedding().embed_texts(request).await.unwrap().into_inner();
    let embedding = &answer.embeddings[0];
    assert_eq!(embedding.token_count, 10_000);
    assert!(embedding.token_count_used < embedding.token_count);
}

#[tokio::test]
async fn bad_texts_are_refused_with_their_place() {
    let running = Running::start().await;
    let mut client = running.embedding();
    let status = client.embed_texts(texts(&[])).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["texts"]));
    let status = client.embed_texts(texts(&["好", "", "好", "  "])).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["texts[1]", "texts[3]"]));
    let request = wire::EmbedTextsRequest { purpose: 7, ..texts(&["好"]) };
    let status = client.embed_texts(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["purpose"]));

    let many = vec!["好"; 1_001];
    let status = client.embed_texts(texts(&many)).await.unwrap_err();
    assert_eq!(told(&status), (Code::InvalidArgument, "BATCH_TOO_LARGE".into(), vec![]));
    let long = "长".repeat(700_000);
    let status = client.embed_texts(texts(&["好", &long])).await.unwrap_err();
    let fields = vec!["texts[1]".to_owned()];
    assert_eq!(told(&status), (Code::InvalidArgument, "TEXT_TOO_LONG".into(), fields));
}

#[tokio::test]
async fn a_bad_text_costs_the_others_nothing_where_that_is_asked_for() {
    let running = Running::start().await;
    let long = "长".repeat(700_000);
    let mut some = vec!["好"; 1_000];
    (some[3], some[500], some[999]) = ("", &long, " 　");
    let request = wire::EmbedTextsRequest { partial: true, ..texts(&some) };

    let answer = running.embedding().embed_texts(request).await.unwrap().into_inner();

    let alone = running.embedding().embed_texts(texts(&["好"])).await.unwrap().into_inner();
    assert_eq!(answer.embeddings.len(), 1_000);
    for (at, one) in answer.embeddings.iter().enumerate() {
        let Some(error) = &one.error else {
            assert_eq!(one.values, alone.embeddings[0].values, "the same bits alone, at {at}");
            continue;
        };
        let reason = if at == 500 { "TEXT_TOO_LONG" } else { "INVALID_FIELD" };
        let fields: Vec<&str> = error.field_violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!((error.reason.as_str(), fields), (reason, vec![&*format!("texts[{at}]")]));
        assert!(one.values.is_empty());
    }
    let wrong = answer.embeddings.iter().filter(|one| one.error.is_some()).count();
    assert_eq!(wrong, 3);
    // What is wrong with the whole call still fails it.
    let request = wire::EmbedTextsRequest { partial: true, ..texts(&[]) };
    let status = running.embedding().embed_texts(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["texts"]));
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let running = Running::start_with(|config| config.limits.calls_at_once = Some(6)).await;
    let held = crate::support::WAITS.to_string();
    // The queue holds 4096 texts; six calls of a thousand do not fit while the model is held.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let request = texts(&vec![held.as_str(); 1_000]);
        let mut client = running.embedding();
        calls.spawn(async move { client.embed_texts(request).await });
    }

    let status = calls.join_next().await.unwrap().unwrap().unwrap_err();

    assert_eq!(told(&status), (Code::ResourceExhausted, "OVERLOADED".into(), vec![]));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    running.gate.open();
    let mut served = 0;
    while let Some(answer) = calls.join_next().await {
        served += usize::from(answer.unwrap().is_ok());
    }
    assert!(served >= 4, "{served}");
}

#[tokio::test]
async fn the_bundled_model_puts_like_texts_together() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let request =
        texts(&["台风登陆，渔船回港避风", "受台风影响，渔民返港避险", "县图书馆举办少儿读书会"]);
    let answer = running.embedding().embed_texts(request).await.unwrap().into_inner();
    let [storm, again, books] = answer.embeddings.as_slice() else { panic!("three in, three out") };
    assert!((cosine(storm, storm) - 1.0).abs() < 1e-4);
    assert!(cosine(storm, again) > cosine(storm, books));
}
