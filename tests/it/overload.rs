//! More work than there is room for: who is refused, who waits, what is dropped, and what it costs.

use std::time::Duration;

use tokio_stream::StreamExt;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use tonic_types::StatusExt;
use wenmai::embed;
use wenmai::engine::Engine;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::proto::wire::ingest_articles_response::Outcome;
use wenmai::rpc;
use wenmai::rpc::Limits;
use wenmai::rpc::Phase;
use wenmai::rpc::access::Access;

use crate::metrics::Scraped;
use crate::support::Gate;
use crate::support::Running;
use crate::support::WAITS;
use crate::support::embed_config;
use crate::support::fake_engine;
use crate::support::fake_engine_with;
use crate::support::flood_and_others;
use crate::support::record;
use crate::support::told;

fn embed(text: &str) -> wire::EmbedTextsRequest {
    wire::EmbedTextsRequest { texts: vec![text.to_owned()], ..Default::default() }
}

/// A text that waits in the model.
fn waits() -> wire::EmbedTextsRequest {
    embed(&WAITS.to_string())
}

/// The services without a connection: what is dropped there is dropped at once.
struct InProcess {
    routes: Routes,
    gate: Gate,
    engine: Engine,
    _phase: rpc::Switch,
}

impl Drop for InProcess {
    fn drop(&mut self) {
        // The threads of the model are joined when the engine goes: a test that fails must end.
        self.gate.open();
    }
}

impl InProcess {
    async fn start(limits: Limits) -> Self {
        let (engine, _store, gate) = fake_engine();
        let (phase, life) = rpc::starting();
        let access = Access::open();
        let work = rpc::CallExecutor::default();
        let routes = rpc::routes_within(engine.clone(), life, access, limits, work).await;
        phase.set(Phase::Serving);
        Self { routes: routes.unwrap().0, gate, engine, _phase: phase }
    }

    fn embedding(&self) -> EmbeddingServiceClient<Routes> {
        EmbeddingServiceClient::new(self.routes.clone())
    }

    /// Sends `request` and goes on; the answer comes from the task.
    fn send(
        &self,
        request: impl tonic::IntoRequest<wire::EmbedTextsRequest>,
    ) -> tokio::task::JoinHandle<Result<(), Status>> {
        let (mut client, request) = (self.embedding(), request.into_request());
        tokio::spawn(async move { client.embed_texts(request).await.map(drop) })
    }

    /// The value of a series, as `/metrics` has it.
    fn value(&self, series: &str) -> String {
        let text = self.engine.metrics().text(&wenmai::telemetry::snapshot::Snapshot::default());
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")));
        line.unwrap_or_else(|| panic!("{series} is not in\n{text}")).to_owned()
    }

    async fn until(&self, series: &str, value: &str) {
        while self.value(series) != value {
            tokio::task::yield_now().await;
        }
    }
}

fn limits(calls_max: usize, calls_at_once: usize) -> Limits {
    Limits { calls_max, calls_at_once, ..Limits::default() }
}

fn overloaded() -> (Code, String, Vec<String>) {
    (Code::ResourceExhausted, "OVERLOADED".into(), vec![])
}

#[tokio::test]
async fn a_call_past_the_limit_is_refused_at_once_and_told_when_to_come_back() {
    let service = InProcess::start(limits(2, 1)).await;
    let (first, second) = (service.send(waits()), service.send(waits()));
    service.until(r#"wenmai_calls_waiting{lane="read"}"#, "1").await;

    let status = service.embedding().embed_texts(embed("水")).await.unwrap_err();

    assert_eq!(told(&status), overloaded());
    let retry = status.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(retry > Duration::ZERO);
    assert_eq!(service.value(r#"wenmai_shed_total{reason="calls"}"#), "1");
    service.gate.open();
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    service.embedding().embed_texts(embed("水")).await.unwrap();
}

#[tokio::test]
async fn those_who_read_do_not_take_the_places_of_those_who_write() {
    let service = InProcess::start(limits(1, 1)).await;
    let reading = service.send(waits());
    service.gate.until_arrived(1).await;
    let mut articles = ArticleServiceClient::new(service.routes.clone());
    let request = wire::BatchUpsertArticlesRequest { articles: flood_and_others() };
    articles.batch_upsert_articles(request).await.unwrap();
    service.gate.open();
    reading.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_whose_time_is_up_while_it_waits_never_reaches_the_model() {
    let service = InProcess::start(limits(4, 1)).await;
    let first = service.send(waits());
    service.gate.until_arrived(1).await;
    let mut request = Request::new(waits());
    request.metadata_mut().insert("grpc-timeout", "20m".parse().unwrap());

    let status = service.embedding().embed_texts(request).await.unwrap_err();

    assert_eq!(status.code(), Code::DeadlineExceeded);
    service.gate.open();
    first.await.unwrap().unwrap();
    service.embedding().embed_texts(waits()).await.unwrap();
    assert_eq!(service.gate.arrived(), 2, "the call that was given up reached the model");
}

#[tokio::test]
async fn a_call_whose_client_has_gone_is_dropped_before_the_forward_pass() {
    let service = InProcess::start(limits(8, 8)).await;
    // Both threads of the model are held, the third call waits in its queue.
    let held: Vec<_> = (0..2).map(|_| service.send(waits())).collect();
    service.gate.until_arrived(2).await;
    let gone = service.send(waits());
    service.until(r#"wenmai_queue_depth{queue="embed_query"}"#, "1").await;

    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    service.gate.open();

    for call in held {
        call.await.unwrap().unwrap();
    }
    service.until("wenmai_embed_skipped_total", "1").await;
    assert_eq!(service.gate.arrived(), 2);
    let cancelled = concat!(
        r#"rpc_server_call_duration_seconds_count{rpc_system_name="grpc","#,
        r#"rpc_method="wenmai.v1.EmbeddingService/EmbedTexts","#,
        r#"rpc_response_status_code="CANCELLED"}"#
    );
    assert_eq!(service.value(cancelled), "1");
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_its_place() {
    let running = Running::start_with(|config| config.limits.calls_max = Some(1)).await;
    let mut client = running.embedding();
    let call = tokio::spawn(async move { client.embed_texts(waits()).await });
    running.gate.until_arrived(1).await;
    let status = running.embedding().embed_texts(embed("水")).await.unwrap_err();
    assert_eq!(told(&status), overloaded());

    call.abort();

    // The model is still held; the place is not.
    while let Err(status) = running.embedding().embed_texts(embed("水")).await {
        assert_eq!(told(&status), overloaded());
    }
    running.gate.open();
}

#[tokio::test]
async fn a_stream_waits_for_room_and_loses_nothing() {
    let (_engine, store, gate) = fake_engine();
    let config = embed::Config { queue_texts_max: 1, threads: 1, ..embed_config() };
    let engine = fake_engine_with(&store, &gate, &config);
    let running = Running::serve(engine, store, gate, |_config| {}).await;
    let item = |text: &str| wire::IngestArticlesRequest {
        item_id: text.into(),
        article: Some(record(text, "正文。", 3)),
    };
    // One stream holds the model, the next fills its queue, the third must wait.
    let mut answers = Vec::new();
    for text in [format!("{WAITS}一"), "清河水位上涨".to_owned(), "县图书馆开放".to_owned()]
    {
        let mut client = running.articles();
        let items = futures::stream::iter([item(&text)]);
        answers.push(tokio::spawn(async move {
            let answers = client.ingest_articles(items).await.unwrap().into_inner();
            answers.map(Result::unwrap).collect::<Vec<_>>().await
        }));
        running.gate.until_arrived(1).await;
    }
    while Scraped::of(&running).await.value("wenmai_shed_total", &[("reason", "embed_queue")]) < 1.0
    {
    }

    running.gate.open();

    for answers in answers {
        let answers = answers.await.unwrap();
        assert!(matches!(answers[0].outcome, Some(Outcome::Ingested(_))), "{answers:?}");
    }
}

#[tokio::test]
async fn streams_past_their_limit_are_refused() {
    let running = Running::start_with(|config| config.limits.streams_max = Some(1)).await;
    let request = wire::WatchTopicsRequest::default();
    let open = running.topics().watch_topics(request).await.unwrap();
    let status = running.topics().watch_topics(request).await.unwrap_err();
    assert_eq!(told(&status), overloaded());
    drop(open);
    while running.topics().watch_topics(request).await.is_err() {}
}

/// A connection that takes little at a time.
async fn narrow(running: &Running) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
    let endpoint = endpoint.initial_stream_window_size(65_535);
    endpoint.initial_connection_window_size(65_535).connect().await.unwrap()
}

#[tokio::test]
async fn answers_that_nobody_takes_are_bounded() {
    let limit = |config: &mut wenmai::app::Config| config.limits.answer_bytes_max = Some(400_000);
    let running = Running::start_with(limit).await;
    let long = "清河水位上涨。".repeat(20_000);
    running.with(vec![record("清河水位超过警戒线", &long, 3)]).await;
    let request = wire::ListArticlesRequest { view: 2, ..Default::default() };
    let path: PathAndQuery = "/wenmai.v1.ArticleService/ListArticles".parse().unwrap();

    // Head and first bytes arrive, the rest is not taken.
    let mut slow = tonic::client::Grpc::new(narrow(&running).await);
    slow.ready().await.unwrap();
    let codec =
        tonic_prost::ProstCodec::<wire::ListArticlesRequest, wire::ListArticlesResponse>::default();
    let answer = slow.server_streaming(Request::new(request.clone()), path, codec).await.unwrap();

    let status = loop {
        match running.articles().list_articles(request.clone()).await {
            // The slow one's answer is not yet on its way.
            Ok(_) => tokio::task::yield_now().await,
            Err(status) => break status,
        }
    };
    assert_eq!(told(&status), overloaded());
    running.embedding().embed_texts(embed("水")).await.expect("small answers need no room");
    drop((answer, slow));
    while running.articles().list_articles(request.clone()).await.is_err() {}
}
