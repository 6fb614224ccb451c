//! The example of `deploy/nginx.conf.example`, as it stands there but for addresses and files, in front
//! of a running service: calls, streams, errors and an absent service come through as gRPC has them.
//!
//! Each test says that it was skipped where nginx is not installed.

use std::fs;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::proto::wire::topic_service_client::TopicServiceClient;

use crate::support::Running;
use crate::support::WAITS;
use crate::support::flood_and_others;
use crate::support::record;
use crate::support::told;

const EXAMPLE: &str = "deploy/nginx.conf.example";
/// The name in the example.
const NAME: &str = "wenmai.example";
/// Where Debian puts it; `/usr/sbin` is not in everybody's path.
const PROGRAMS: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

/// A running nginx with the example, and its folder.
struct Nginx {
    program: &'static str,
    folder: TempDir,
    child: Child,
    address: SocketAddr,
    authority: String,
}

impl Nginx {
    /// In front of the service at `service`; `None` where there is no nginx.
    fn start(service: SocketAddr) -> Option<Self> {
        let works = |program: &&str| {
            let mut asked = Command::new(program);
            asked.arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        let Some(program) = PROGRAMS.into_iter().find(works) else {
            println!("skipped: nginx is not installed (Debian: apt-get install nginx-light)");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let authority = certificates(&folder);
        // Free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs::write(folder.path().join("nginx.conf"), configuration(&folder, service, address))
            .unwrap();
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).args(["-e", "error.log", "-c", "nginx.conf"]);
        let child = command.args(["-g", "daemon off;"]).spawn().unwrap();
        let mut nginx = Self { program, folder, child, address, authority };
        let since = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            let ended = nginx.child.try_wait().unwrap();
            assert!(ended.is_none(), "nginx ended: {}", nginx.log());
            assert!(since.elapsed() < Duration::from_secs(20), "nginx: {}", nginx.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// A client of nginx, over TLS.
    async fn channel(&self) -> Channel {
        let authority = Certificate::from_pem(&self.authority);
        let tls = ClientTlsConfig::new().ca_certificate(authority).domain_name(NAME);
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await.unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with the one that started them when that ends in good order.
        let mut command = Command::new(self.program);
        command.arg("-p").arg(self.folder.path()).args(["-e", "error.log", "-c", "nginx.conf"]);
        if !command.args(["-s", "stop"]).status().is_ok_and(|status| status.success()) {
            let _killed = self.child.kill();
        }
        let _ended = self.child.wait();
    }
}

/// Writes a certificate for [`NAME`] and its key; returns the authority that signed it.
fn certificates(folder: &TempDir) -> String {
    let mut of_authority = CertificateParams::default();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let of_server = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let signed = of_server.signed_by(&key, &issuer).unwrap();
    fs::write(folder.path().join("cert.pem"), signed.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    issuer.pem()
}

/// The example with other addresses and files, in the surroundings that a distribution gives it.
fn configuration(folder: &TempDir, service: SocketAddr, address: SocketAddr) -> String {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut example = fs::read_to_string(PathBuf::from(EXAMPLE)).unwrap();
    for (wanted, here) in [
        ("server 127.0.0.1:50051;", format!("server {service};")),
        ("listen 443 ssl http2;\n", format!("listen {address} ssl http2;\n")),
        ("/etc/wenmai/cert.pem;", format!("{};", at("cert.pem"))),
        ("/etc/wenmai/key.pem;", format!("{};", at("key.pem"))),
    ] {
        assert!(example.contains(wanted), "the example has no `{wanted}`");
        example = example.replace(wanted, &here);
    }
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let folders = folders.map(|name| format!("{name}_temp_path {};\n", at(name))).concat();
    format!(
        "pid {};\nworker_processes 1;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{example}}}\n",
        at("pid")
    )
}

#[tokio::test]
async fn calls_streams_and_errors_come_through_nginx() {
    let running = Running::start().await;
    let Some(nginx) = Nginx::start(running.address) else { return };
    let channel = nginx.channel().await;

    // Calls, compressed ones too, and a message of nearly 4 MiB.
    let articles = || ArticleServiceClient::new(channel.clone());
    let stored = articles()
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip)
        .batch_upsert_articles(wire::BatchUpsertArticlesRequest { articles: flood_and_others() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stored.articles.len(), 5);
    let text = "　　清河水位回落。\n".repeat(3_900_000 / 28);
    let request = wire::ParsePageRequest { text, ..Default::default() };
    let refused = articles().parse_page(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "the service itself refuses it: {refused:?}");

    // A stream in both directions, each answer before the next item is sent.
    let item = |number: usize| wire::IngestArticlesRequest {
        item_id: number.to_string(),
        article: Some(record(&format!("第{number}号通报"), "两岸居民已经转移。", 3)),
    };
    let (send, items) = tokio::sync::mpsc::channel(1);
    send.send(item(0)).await.unwrap();
    let stream = articles().ingest_articles(ReceiverStream::new(items)).await;
    let mut answers = stream.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().item_id, "0");
    for number in 1..20 {
        send.send(item(number)).await.unwrap();
        assert_eq!(answers.message().await.unwrap().unwrap().item_id, number.to_string());
    }
    drop(send);
    assert!(answers.message().await.unwrap().is_none());

    // A watch tells of a change as it comes.
    let mut topics = TopicServiceClient::new(channel.clone());
    let request = wire::WatchTopicsRequest::default();
    let mut changes = topics.watch_topics(request).await.unwrap().into_inner();
    running.with(vec![record("青山隧道贯通", "青山隧道昨日贯通。", 7)]).await;
    assert!(changes.message().await.unwrap().is_some());
    drop(changes);

    // An error keeps its code and details.
    let request = wire::GetArticleRequest { name: "articles/no".into(), ..Default::default() };
    let refused = articles().get_article(request).await.unwrap_err();
    assert_eq!(told(&refused).1, "INVALID_FIELD");
    // A deadline goes along, and the service ends the work.
    let mut late = tonic::Request::new(wire::EmbedTextsRequest {
        texts: vec![format!("{WAITS}一下")],
        ..Default::default()
    });
    late.set_timeout(Duration::from_millis(300));
    let late = EmbeddingServiceClient::new(channel.clone()).embed_texts(late).await.unwrap_err();
    assert!(matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled), "{late:?}");
    running.gate.open();
}

#[tokio::test]
async fn a_service_that_is_away_is_unavailable_behind_nginx_and_comes_back() {
    let running = Running::start().await;
    let address = running.address;
    let Some(nginx) = Nginx::start(address) else { return };
    let channel = nginx.channel().await;
    let health = || async {
        let request = HealthCheckRequest { service: String::new() };
        HealthClient::new(channel.clone()).check(request).await
    };
    assert_eq!(health().await.unwrap().into_inner().status, 1);
    running.stop().await.unwrap();

    let away = health().await.unwrap_err();

    assert_eq!(
        (away.code(), away.message()),
        (Code::Unavailable, "unavailable"),
        "{}",
        nginx.log()
    );
    let (engine, store, gate) = crate::support::fake_engine();
    let listen = move |config: &mut wenmai::app::Config| config.listen = vec![address.into()];
    let running = Running::serve(engine, store, gate, listen).await;
    let since = Instant::now();
    while health().await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", nginx.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running.stop().await.unwrap();
}
