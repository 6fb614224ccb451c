//! Log and traces of the program as an operator runs it.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;

use tokio::sync::oneshot;
use tonic::Request;
use tonic::transport::Channel;
use wenmai::proto::wire;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::rpc;

use crate::cli::Desk;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const KEY: &str = "read-key-of-this-test";
/// A text that is found nowhere else.
const TEXT: &str = "清河水位回落七厘米";

/// `wenmai serve`, and the lines that it logs.
struct Served {
    child: Child,
    address: String,
    lines: mpsc::Receiver<String>,
}

impl Served {
    fn start(desk: &Desk, more: &[&str]) -> Self {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--drain-ms", "0"];
        args.extend(more);
        let mut command = desk.command(&args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, address, lines }
    }

    /// Embeds [`TEXT`] below the caller's span, once the service is ready.
    async fn embed(&self) -> tonic::Response<wire::EmbedTextsResponse> {
        let channel = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        let mut client = EmbeddingServiceClient::new(channel.connect().await.unwrap());
        loop {
            let message =
                wire::EmbedTextsRequest { texts: vec![TEXT.into()], ..Default::default() };
            let mut request = Request::new(message);
            let metadata = request.metadata_mut();
            metadata.insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
            metadata.insert(rpc::REQUEST_ID, "request-7".parse().unwrap());
            metadata.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
            match client.embed_texts(request).await {
                Ok(answer) => return answer,
                Err(status) => assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}"),
            }
        }
    }

    /// Stops it as an operator does; returns the exit code and the lines not yet read.
    async fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        // What it sends at its end is taken by this test's runtime, which must not be held up.
        let (done, ended) = oneshot::channel();
        std::thread::spawn(move || {
            let code = self.child.wait().unwrap().code();
            done.send((code, self.lines.iter().collect())).unwrap();
        });
        ended.await.unwrap()
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_call_is_one_line_of_json_with_its_ids_and_without_texts_or_keys() {
    let desk = Desk::new();
    let keys = desk.file("keys", KEY);
    let log = ["--log", "debug,qdrant_edge=error", "--log-json", "--read-keys", &keys];
    let served = Served::start(&desk, &log);

    let answer = served.embed().await;

    assert_eq!(answer.metadata().get(rpc::REQUEST_ID).unwrap(), "request-7");
    let (code, lines) = served.stop().await;
    assert_eq!(code, Some(0), "{lines:?}");
    let parsed: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let is_call = |line: &&serde_json::Value| {
        line["target"] == "wenmai::access" && line["fields"]["status"] == "OK"
    };
    let calls: Vec<_> = parsed.iter().filter(is_call).collect();
    assert_eq!(calls.len(), 1, "{lines:?}");
    let fields = &calls[0]["fields"];
    assert_eq!(fields["request_id"], "request-7");
    assert_eq!(fields["trace_id"], TRACE);
    assert_eq!(fields["method"], "wenmai.v1.EmbeddingService/EmbedTexts");
    assert!(fields["duration_ms"].as_f64().unwrap() > 0.0);
    for line in lines {
        assert!(!line.contains("七厘米") && !line.contains(KEY), "{line}");
    }
}

#[cfg(all(unix, feature = "otlp"))]
mod traces {
    use std::collections::BTreeMap;
    use std::time::Duration;
    use std::time::Instant;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
    use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
    use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::trace::v1::Span;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;
    use tonic::Request;
    use tonic::Response;
    use tonic::Status;
    use tonic::transport::Server;
    use tonic::transport::server::TcpIncoming;

    use super::KEY;
    use super::PARENT;
    use super::Served;
    use super::TRACE;
    use crate::cli::Desk;

    /// A collector that keeps what it is sent.
    struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

    #[tonic::async_trait]
    impl TraceService for Collector {
        async fn export(
            &self,
            request: Request<ExportTraceServiceRequest>,
        ) -> Result<Response<ExportTraceServiceResponse>, Status> {
            self.0.send(request.into_inner()).unwrap();
            Ok(Response::new(ExportTraceServiceResponse::default()))
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn texts(
        attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue],
    ) -> BTreeMap<String, String> {
        let text = |of: &opentelemetry_proto::tonic::common::v1::KeyValue| {
            let value = of.value.as_ref().unwrap().value.as_ref().unwrap();
            let text = match value {
                Value::StringValue(text) => text.clone(),
                other => format!("{other:?}"),
            };
            (of.key.clone(), text)
        };
        attributes.iter().map(text).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_go_to_the_collector_below_the_callers_span() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, mut sent) = mpsc::unbounded_channel();
        let service = TraceServiceServer::new(Collector(sender));
        let incoming = TcpIncoming::from(listener);
        let collecting =
            tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        let desk = Desk::new();
        let keys = desk.file("keys", KEY);
        let served = Served::start(&desk, &["--otlp-endpoint", &endpoint, "--read-keys", &keys]);

        served.embed().await;
        // What is still waiting is sent at the end.
        let (code, lines) = served.stop().await;

        assert_eq!(code, Some(0), "{lines:?}");
        collecting.abort();
        let mut spans: Vec<Span> = Vec::new();
        while let Ok(request) = sent.try_recv() {
            for of in request.resource_spans {
                let resource = texts(&of.resource.unwrap().attributes);
                assert_eq!(resource["service.name"], "wenmai");
                assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
                spans.extend(of.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        let ours: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
        let call = ours
            .iter()
            .filter(|span| hex(&span.parent_span_id) == PARENT)
            .find(|span| texts(&span.attributes).get("rpc.response.status_code").unwrap() == "OK")
            .expect("the call's span");
        assert_eq!(call.name, "wenmai.v1.EmbeddingService/EmbedTexts");
        assert_eq!(call.kind, 2, "a server's");
        for stage in ["wait", "tokenize", "forward"] {
            let of_call = |span: &&&Span| span.parent_span_id == call.span_id && span.name == stage;
            assert_eq!(ours.iter().filter(of_call).count(), 1, "{stage} in {ours:#?}");
        }
        let told = format!("{spans:?}");
        assert!(!told.contains("七厘米") && !told.contains(KEY));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_is_away_costs_nothing_but_spans() {
        // Listened on and never answered: worse than a port that is closed.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let desk = Desk::new();
        let keys = desk.file("keys", KEY);
        let served = Served::start(&desk, &["--otlp-endpoint", &endpoint, "--read-keys", &keys]);

        for _ in 0..3 {
            served.embed().await;
        }
        let since = Instant::now();
        let (code, lines) = served.stop().await;

        assert_eq!(code, Some(0), "{lines:?}");
        assert!(since.elapsed() < Duration::from_secs(30), "the end took {:?}", since.elapsed());
        assert!(!lines.iter().any(|line| line.contains("panicked")), "{lines:?}");
    }
}
