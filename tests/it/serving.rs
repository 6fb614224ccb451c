//! Serving: health, reflection, request ids, deadlines, bytes that are no message, and a tidy end.

use prost::Message;
use prost_types::FileDescriptorProto;
use tonic::Code;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use wenmai::proto::wire;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::rpc;
use wenmai::rpc::Phase;

use crate::support::Running;
use crate::support::WAITS;
use crate::support::app_config;
use crate::support::fake_engine;
use crate::support::record;
use crate::support::told;

const SERVICES: [&str; 5] = [
    "wenmai.v1.ArticleService",
    "wenmai.v1.EmbeddingService",
    "wenmai.v1.InfoService",
    "wenmai.v1.SearchService",
    "wenmai.v1.TopicService",
];

fn embed(text: &str) -> wire::EmbedTextsRequest {
    wire::EmbedTextsRequest { texts: vec![text.to_owned()], ..Default::default() }
}

async fn health(running: &Running, service: &str) -> i32 {
    let request = HealthCheckRequest { service: service.into() };
    let mut health = HealthClient::new(running.channel.clone());
    health.check(request).await.unwrap().into_inner().status
}

#[tokio::test]
async fn health_says_serving_for_every_service() {
    let running = Running::start().await;
    for service in SERVICES.into_iter().chain([""]) {
        assert_eq!(health(&running, service).await, 1, "{service}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_takes_search_down_and_leaves_embedding() {
    let running = Running::start().await;

    running.store.close().await.unwrap();

    running.until_health("wenmai.v1.SearchService", false).await;
    assert_eq!(health(&running, "").await, 2);
    assert_eq!(health(&running, "wenmai.v1.EmbeddingService").await, 1);
    running.embedding().embed_texts(embed("好")).await.unwrap();
    let request = wire::ListArticlesRequest::default();
    let status = running.articles().list_articles(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

async fn reflect(running: &Running, ask: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut client = ServerReflectionClient::new(running.channel.clone());
    let asked = futures::stream::iter([request]);
    let mut answers = client.server_reflection_info(asked).await.unwrap().into_inner();
    answers.message().await.unwrap().unwrap().message_response.unwrap()
}

#[tokio::test]
async fn reflection_lists_every_service_and_gives_the_contract() {
    let running = Running::start().await;
    let listed = reflect(&running, MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = listed else { panic!("{listed:?}") };
    let names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES.into_iter().chain(["grpc.health.v1.Health"]) {
        assert!(names.iter().any(|name| name == service), "{service} in {names:?}");
    }

    let symbol = "wenmai.v1.SearchService".to_owned();
    let file = reflect(&running, MessageRequest::FileContainingSymbol(symbol)).await;
    let MessageResponse::FileDescriptorResponse(file) = file else { panic!("{file:?}") };
    let file = FileDescriptorProto::decode(file.file_descriptor_proto[0].as_slice()).unwrap();
    assert_eq!(file.service[0].name(), "SearchService");
}

#[tokio::test]
async fn a_request_id_is_echoed_or_given_also_with_an_error() {
    let running = Running::start().await;
    let mut request = Request::new(embed("好"));
    request.metadata_mut().insert(rpc::REQUEST_ID, "my-request-7".parse().unwrap());
    let answer = running.embedding().embed_texts(request).await.unwrap();
    assert_eq!(answer.metadata().get(rpc::REQUEST_ID).unwrap(), "my-request-7");

    let given = running.embedding().embed_texts(embed("好")).await.unwrap();
    let given = given.metadata().get(rpc::REQUEST_ID).unwrap().clone();
    let status = running.embedding().embed_texts(embed("")).await.unwrap_err();
    let other = status.metadata().get(rpc::REQUEST_ID).unwrap();
    assert_ne!(&given, other);
}

/// A client that talks to the services without a connection, so that no deadline of its own
/// interferes.
async fn in_process(
    phase: Phase,
) -> (EmbeddingServiceClient<tonic::service::Routes>, crate::support::Gate, rpc::Switch) {
    let (engine, _store, gate) = fake_engine();
    let (switch, life) = rpc::starting();
    let (routes, _health) = rpc::routes(engine, life, rpc::access::Access::open()).await.unwrap();
    switch.set(phase);
    (EmbeddingServiceClient::new(routes), gate, switch)
}

#[tokio::test]
async fn a_call_whose_time_is_up_is_told_so() {
    let (mut client, gate, _switch) = in_process(Phase::Serving).await;
    let mut request = Request::new(embed(&WAITS.to_string()));
    request.metadata_mut().insert("grpc-timeout", "20m".parse().unwrap());

    let status = client.embed_texts(request).await.unwrap_err();

    assert_eq!(told(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into(), vec![]));
    gate.open();
}

#[tokio::test]
async fn calls_before_readiness_and_after_the_wish_to_stop_are_refused() {
    for (phase, reason) in [(Phase::Starting, "NOT_READY"), (Phase::Draining, "DRAINING")] {
        let (mut client, _gate, _switch) = in_process(phase).await;
        let status = client.embed_texts(embed("好")).await.unwrap_err();
        assert_eq!(told(&status), (Code::Unavailable, reason.into(), vec![]));
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_fault() {
    let running = Running::start().await;
    let mut client = tonic::client::Grpc::new(running.channel.clone());
    client.ready().await.unwrap();
    let path = "/wenmai.v1.EmbeddingService/EmbedTexts".parse().unwrap();
    // Field 1 of EmbedTexts is text; this one is GBK for 新闻.
    let wrong = Bytes { texts: vec![0xd0, 0xc2, 0xce, 0xc5] };
    let codec = tonic_prost::ProstCodec::<Bytes, wire::EmbedTextsResponse>::default();

    let status = client.unary(Request::new(wrong), path, codec).await.unwrap_err();

    let fields = vec!["texts".to_owned()];
    assert_eq!(told(&status), (Code::InvalidArgument, "MALFORMED_MESSAGE".into(), fields));
    assert!(status.message().contains("texts is not UTF-8"), "{status:?}");
}

#[tokio::test]
async fn reflection_is_served_to_older_tools_too() {
    use tonic_reflection::pb::v1alpha;
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;

    let running = Running::start().await;
    let list = Some(MessageRequest::ListServices(String::new()));
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: list };
    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(running.channel.clone());
    let asked = futures::stream::iter([request]);
    let mut answers = client.server_reflection_info(asked).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(listed) = answer else { panic!("{answer:?}") };
    for service in SERVICES {
        assert!(listed.service.iter().any(|one| one.name == service), "{service}");
    }
}

#[tokio::test]
async fn a_client_that_compresses_is_answered_compressed_and_others_are_not() {
    use tonic::codec::CompressionEncoding;

    let running = Running::start().await;
    let long = "清河水位继续上涨，沿岸居民注意防汛。".repeat(2_000);
    let short = record("县图书馆开放", "读者借阅图书。", 4);
    running.with(vec![record("清河水位超过警戒线", &long, 3), short.clone()]).await;
    let request = wire::ListArticlesRequest { view: 2, ..Default::default() };
    let plain = running.articles().list_articles(request.clone()).await.unwrap();
    assert!(plain.metadata().get("grpc-encoding").is_none());
    for (encoding, name) in
        [(CompressionEncoding::Gzip, "gzip"), (CompressionEncoding::Zstd, "zstd")]
    {
        // It could read compressed answers, and does not say that it wants them.
        let mut able = running.articles().accept_compressed(encoding);
        let answer = able.list_articles(request.clone()).await.unwrap();
        assert!(answer.metadata().get("grpc-encoding").is_none(), "{name}");

        let mut client = running.articles().send_compressed(encoding).accept_compressed(encoding);
        let answer = client.list_articles(request.clone()).await.unwrap();
        assert_eq!(answer.metadata().get("grpc-encoding").unwrap(), name);
        assert!(answer.into_inner().articles == plain.get_ref().articles, "{name}");
        let page = wire::ParsePageRequest {
            text: "## 望江大桥合龙\n\n昨日合龙。\n".into(),
            issue: None,
            file: None,
        };
        client.parse_page(page).await.unwrap();
        // A stream, in which every message is compressed.
        let item =
            wire::IngestArticlesRequest { item_id: "1".into(), article: Some(short.clone()) };
        let stream = client.ingest_articles(futures::stream::iter([item])).await.unwrap();
        assert!(stream.into_inner().message().await.unwrap().is_some());
        // What is small on the wire and too large when unpacked is refused.
        let text = "水".repeat(3_000_000);
        let bomb = wire::ParsePageRequest { text, issue: None, file: None };
        let status = client.parse_page(bomb).await.unwrap_err();
        assert_eq!(told(&status).1, "MESSAGE_TOO_LARGE", "{name}");
    }
}

#[tokio::test]
async fn a_client_with_the_usual_limit_reads_every_page() {
    let running = Running::start().await;
    let long = "清河水位继续上涨，沿岸居民注意防汛。".repeat(2_500);
    for part in 0..4 {
        let title = |number: i32| format!("清河第{}号防汛通报", part * 15 + number);
        running.with((0..15).map(|number| record(&title(number), &long, 3)).collect()).await;
    }
    let (mut read, mut pages, mut token) = (0, 0, String::new());
    loop {
        let request = wire::ListArticlesRequest {
            page_size: 1_000,
            page_token: token,
            view: 2,
            ..Default::default()
        };
        // Four MiB, as the client has it by itself.
        let page = running.articles().list_articles(request).await.unwrap().into_inner();
        read += page.articles.len();
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(read, 60);
    assert!((2..=4).contains(&pages), "{pages} pages");
}

/// What a client without UTF-8 would send as `EmbedTextsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct Bytes {
    #[prost(bytes = "vec", tag = "1")]
    texts: Vec<u8>,
}

#[tokio::test]
async fn a_method_that_is_none_is_unimplemented() {
    let running = Running::start().await;
    let mut client = tonic::client::Grpc::new(running.channel.clone());
    client.ready().await.unwrap();
    let path = "/wenmai.v1.EmbeddingService/Nothing".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<Bytes, wire::EmbedTextsResponse>::default();
    let status =
        client.unary(Request::new(Bytes { texts: vec![] }), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_running_call_is_finished_before_the_end() {
    let running = Running::start().await;
    let gate = running.gate.clone();
    let mut client = running.embedding();
    let call = tokio::spawn(async move { client.embed_texts(embed(&WAITS.to_string())).await });
    let other = running.embedding();
    // Both model threads: one holds the call, the other answers, so the call is on its way.
    running.embedding().embed_texts(embed("好")).await.unwrap();
    let watched = watch(&running).await;

    let ended = running.begin_stop();
    watched.await.unwrap();
    gate.open();

    call.await.unwrap().unwrap();
    ended.await.unwrap().unwrap();
    drop(other);
}

/// Ends when health has said that the service is no longer to be called.
async fn watch(running: &Running) -> tokio::task::JoinHandle<()> {
    let mut health = HealthClient::new(running.channel.clone());
    let request = HealthCheckRequest { service: String::new() };
    let mut states = health.watch(request).await.unwrap().into_inner();
    tokio::spawn(async move {
        while let Ok(Some(state)) = states.message().await {
            if state.status == 2 {
                return;
            }
        }
    })
}

#[tokio::test]
async fn open_watches_of_health_do_not_hold_the_end_up() {
    let running = Running::start().await;
    let mut health = HealthClient::new(running.channel.clone());
    let request = HealthCheckRequest { service: String::new() };
    let mut states = health.watch(request).await.unwrap().into_inner();
    states.message().await.unwrap();
    let since = std::time::Instant::now();

    running.stop().await.unwrap();

    assert!(since.elapsed() < std::time::Duration::from_secs(4));
}

#[tokio::test]
async fn an_address_in_use_is_a_clear_error() {
    let running = Running::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = app_config(taken.local_addr().unwrap());
    let (engine, _store, _gate) = fake_engine();
    let error = wenmai::app::App::bind(config, engine).await.err().unwrap();
    assert!(matches!(error, wenmai::app::Error::Listen { .. }), "{error}");
    drop(running);
}
