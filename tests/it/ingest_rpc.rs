//! `IngestArticles`: one answer per item, in order, whatever the items are.

use tokio_stream::StreamExt;
use tonic::Code;
use wenmai::proto::wire;
use wenmai::proto::wire::ingest_articles_response::Outcome;

use crate::support::Running;
use crate::support::record;
use crate::support::told;

fn item(item_id: &str, article: wire::ArticleRecord) -> wire::IngestArticlesRequest {
    wire::IngestArticlesRequest { item_id: item_id.into(), article: Some(article) }
}

fn good(n: i64) -> wire::IngestArticlesRequest {
    item(&format!("item-{n}"), record(&format!("第{n}条"), "正文。", 1 + n % 28))
}

fn error(answer: &wire::IngestArticlesResponse) -> &wire::ItemError {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Error(error) => error,
        Outcome::Ingested(done) => panic!("{} was stored", done.name),
    }
}

async fn stored_count(running: &Running) -> u64 {
    let request = wire::ListArticlesRequest::default();
    running.articles().list_articles(request).await.unwrap().into_inner().total_count
}

#[tokio::test]
async fn bad_items_in_the_middle_are_answered_and_skipped() {
    let running = Running::start().await;
    let mut unknown = record("题", "文。", 1);
    unknown.byline = vec![wire::Contributor { name: "张三".into(), role: 50 }];
    let missing = wire::IngestArticlesRequest { item_id: "none".into(), article: None };
    let items = vec![
        good(0),
        item("empty", record("", "", 1)),
        good(2),
        item("unknown", unknown),
        missing,
        good(5),
    ];

    let answers = running.articles().ingest_articles(futures::stream::iter(items)).await.unwrap();
    let answers: Vec<_> = answers.into_inner().map(Result::unwrap).collect().await;

    let ids: Vec<_> = answers.iter().map(|a| (a.index, a.item_id.as_str())).collect();
    let expected = ["item-0", "empty", "item-2", "unknown", "none", "item-5"];
    assert_eq!(ids, (0..).zip(expected).collect::<Vec<_>>());
    let fields = |at: usize| -> Vec<&str> {
        let error = error(&answers[at]);
        assert_eq!((error.code, error.reason.as_str()), (3, "INVALID_FIELD"));
        error.field_violations.iter().map(|v| v.field.as_str()).collect()
    };
    assert_eq!(fields(1), ["article.title", "article.paragraphs"]);
    assert_eq!(fields(3), ["article.byline[0].role"]);
    assert_eq!(fields(4), ["article"]);
    assert_eq!(stored_count(&running).await, 3);
}

#[tokio::test]
async fn a_lone_item_is_answered_while_the_stream_stays_open() {
    let running = Running::start().await;
    let (send, items) = tokio::sync::mpsc::channel(1);
    let items = tokio_stream::wrappers::ReceiverStream::new(items);
    let mut answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    for n in 0..3 {
        send.send(good(n)).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.index, u64::try_from(n).unwrap());
        assert!(answer.timings.is_some());
        // Acknowledged means stored.
        assert_eq!(stored_count(&running).await, answer.index + 1);
    }
    drop(send);
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_long_stream_is_answered_in_order() {
    let running = Running::start().await;
    let items = futures::stream::iter((0..2_000).map(good));

    let answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(Result::unwrap).collect().await;

    assert!(answers.iter().map(|answer| answer.index).eq(0..2_000));
    assert_eq!(stored_count(&running).await, 2_000);
    let batches = answers.iter().filter(|answer| answer.timings.is_some()).count();
    assert!(batches < 1_000, "{batches} batches for 2000 items");
}

#[tokio::test]
async fn of_two_items_of_one_name_the_later_counts() {
    let running = Running::start().await;
    let of = |title: &str| {
        let mut article = record(title, "文。", 1);
        article.source_id = "a-1".into();
        item("", article)
    };
    let items = futures::stream::iter([of("旧题"), of("新题")]);

    let answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    let outcomes: Vec<_> = answers
        .map(|answer| match answer.unwrap().outcome.unwrap() {
            Outcome::Ingested(done) => done.outcome(),
            Outcome::Error(error) => panic!("{error:?}"),
        })
        .collect()
        .await;

    assert_eq!(outcomes, [wire::IngestOutcome::Created, wire::IngestOutcome::Updated]);
    let request = wire::ListArticlesRequest::default();
    let all = running.articles().list_articles(request).await.unwrap().into_inner();
    assert_eq!(all.articles[0].record.as_ref().unwrap().title, "新题");
}

#[tokio::test]
async fn an_oversized_message_ends_the_stream_after_what_came_before() {
    let running = Running::start().await;
    let huge = item("huge", record("题", &"长".repeat(1_500_000), 1));
    let items = futures::stream::iter([good(0), good(1), huge, good(3)]);

    let mut answers = running.articles().ingest_articles(items).await.unwrap().into_inner();

    assert_eq!(answers.message().await.unwrap().unwrap().index, 0);
    assert_eq!(answers.message().await.unwrap().unwrap().index, 1);
    let status = answers.message().await.unwrap_err();
    assert_eq!(told(&status), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".into(), vec![]));
    assert_eq!(stored_count(&running).await, 2);
}

#[tokio::test]
async fn an_empty_stream_has_an_empty_answer() {
    let running = Running::start().await;
    let items = futures::stream::iter(Vec::new());
    let mut answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_stopping_service_ends_open_streams() {
    let running = Running::start().await;
    let (send, items) = tokio::sync::mpsc::channel(1);
    let items = tokio_stream::wrappers::ReceiverStream::new(items);
    let mut answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    send.send(good(0)).await.unwrap();
    answers.message().await.unwrap().unwrap();

    let ended = running.begin_stop();

    let status = answers.message().await.unwrap_err();
    assert_eq!(told(&status), (Code::Unavailable, "DRAINING".into(), vec![]));
    drop((send, answers));
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_bundled_model_and_the_embedded_store_ingest_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let items = futures::stream::iter((0..300).map(good));
    let answers = running.articles().ingest_articles(items).await.unwrap().into_inner();
    let answers: Vec<_> = answers.map(Result::unwrap).collect().await;
    assert_eq!(answers.len(), 300);
    assert_eq!(stored_count(&running).await, 300);
}
