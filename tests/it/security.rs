//! Keys and TLS, asked of the real server and of the program.

use std::net::SocketAddr;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use tokio::sync::oneshot;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Endpoint;
use tonic::transport::Identity;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use wenmai::app::App;
use wenmai::app::Config;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::info_service_client::InfoServiceClient;

use crate::cli::Desk;
use crate::support::app_config;
use crate::support::fake_engine;
use crate::support::told;

const WRITE: &str = "write-key-of-this-test";
const READ: &str = "read-key-of-this-test";

/// A server as `change` wants it; stops when the sender is dropped.
async fn serve(change: impl FnOnce(&mut Config)) -> (SocketAddr, oneshot::Sender<()>) {
    let (engine, _store, _gate) = fake_engine();
    let mut config = app_config("127.0.0.1:0".parse().unwrap());
    change(&mut config);
    let app = App::bind(config, engine).await.unwrap();
    let address = app.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(app.run(async { stopped.await.unwrap_or(()) }));
    (address, stop)
}

/// Waits until the service serves; health needs no key.
async fn until_serving(channel: &Channel) {
    let request = HealthCheckRequest { service: String::new() };
    let mut states = HealthClient::new(channel.clone()).watch(request).await.unwrap().into_inner();
    while states.message().await.unwrap().unwrap().status != 1 {}
}

async fn plain(address: SocketAddr) -> Channel {
    let channel =
        Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    until_serving(&channel).await;
    channel
}

fn with_key<M>(key: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

async fn info(channel: &Channel, key: Option<&str>) -> Result<(), Status> {
    let message = wire::GetInfoRequest {};
    let request = key.map_or(Request::new(message), |key| with_key(key, message));
    InfoServiceClient::new(channel.clone()).get_info(request).await.map(drop)
}

fn reason(status: &Status) -> (Code, String) {
    let (code, reason, _) = told(status);
    (code, reason)
}

#[tokio::test]
async fn a_service_with_keys_lets_in_whom_they_name() {
    let desk = Desk::new();
    let (write, read) = (desk.file("write", WRITE), desk.file("read", READ));
    let (address, _stop) = serve(|config| {
        config.keys.write_keys = Some(write.into());
        config.keys.read_keys = Some(read.into());
    })
    .await;
    let channel = plain(address).await;

    assert_eq!(
        reason(&info(&channel, None).await.unwrap_err()),
        (Code::Unauthenticated, "KEY_MISSING".into())
    );
    let wrong = info(&channel, Some("some-key-of-someone")).await.unwrap_err();
    assert_eq!(reason(&wrong), (Code::Unauthenticated, "KEY_WRONG".into()));
    info(&channel, Some(READ)).await.unwrap();
    info(&channel, Some(WRITE)).await.unwrap();

    let mut articles = ArticleServiceClient::new(channel.clone());
    let upsert = wire::BatchUpsertArticlesRequest {
        articles: vec![crate::support::record("清河水位回落", "降雨停止。", 6)],
    };
    let denied = articles.batch_upsert_articles(with_key(READ, upsert.clone())).await.unwrap_err();
    assert_eq!(reason(&denied), (Code::PermissionDenied, "KEY_READ_ONLY".into()));
    articles.batch_upsert_articles(with_key(WRITE, upsert)).await.unwrap();
}

#[tokio::test]
async fn a_key_file_that_is_deleted_revokes_its_keys() {
    let desk = Desk::new();
    let (write, read) = (desk.file("write", WRITE), desk.file("read", READ));
    let (of_writers, of_readers) = (write.clone(), read.clone());
    let (address, _stop) = serve(|config| {
        config.keys.write_keys = Some(of_writers.into());
        config.keys.read_keys = Some(of_readers.into());
    })
    .await;
    let channel = plain(address).await;
    info(&channel, Some(WRITE)).await.unwrap();

    std::fs::remove_file(&write).unwrap();
    std::fs::write(&read, "").unwrap();

    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while info(&channel, Some(WRITE)).await.is_ok() || info(&channel, Some(READ)).await.is_ok() {
        assert!(std::time::Instant::now() < until, "the keys still count");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let status = info(&channel, Some(WRITE)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::Unauthenticated, "KEY_WRONG".into()));
    // Nor is the service open to those without a key.
    let status = info(&channel, None).await.unwrap_err();
    assert_eq!(reason(&status), (Code::Unauthenticated, "KEY_MISSING".into()));
}

#[tokio::test]
async fn reflection_is_behind_the_keys() {
    let desk = Desk::new();
    let read = desk.file("read", READ);
    let (address, _stop) = serve(|config| config.keys.read_keys = Some(read.into())).await;
    let channel = plain(address).await;
    let mut client = ServerReflectionClient::new(channel);
    let ask = || futures::stream::iter([ServerReflectionRequest::default()]);
    let denied = client.server_reflection_info(ask()).await.unwrap_err();
    assert_eq!(denied.code(), Code::Unauthenticated);
    client.server_reflection_info(with_key(READ, ask())).await.unwrap();
}

#[tokio::test]
async fn a_key_used_too_often_waits() {
    let desk = Desk::new();
    let read = desk.file("read", READ);
    let (address, _stop) = serve(|config| {
        config.keys.read_keys = Some(read.into());
        config.keys.calls_per_second = Some(1);
    })
    .await;
    let channel = plain(address).await;
    let mut last = Ok(());
    for _ in 0..8 {
        last = info(&channel, Some(READ)).await;
        if last.is_err() {
            break;
        }
    }
    let status = last.unwrap_err();
    assert_eq!(reason(&status), (Code::ResourceExhausted, "RATE_LIMITED".into()));
}

#[tokio::test]
async fn keys_that_cannot_be_used_keep_the_service_from_starting() {
    let desk = Desk::new();
    let weak = desk.file("weak", "12345");
    let (engine, _store, _gate) = fake_engine();
    let mut config = app_config("127.0.0.1:0".parse().unwrap());
    config.keys.write_keys = Some(weak.into());
    let error = App::bind(config, engine).await.err().unwrap();
    assert!(matches!(error, wenmai::app::Error::Keys(_)), "{error}");
}

/// An authority made for this test, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and private key for `name`, PEM.
    fn vouch(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

async fn secure(address: SocketAddr, tls: ClientTlsConfig) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(format!("https://localhost:{}", address.port())).unwrap();
    let channel =
        endpoint.tls_config(tls).unwrap().connect().await.map_err(|error| format!("{error:?}"))?;
    // A client learns only now that its certificate was not liked.
    let request = HealthCheckRequest { service: String::new() };
    let asked = HealthClient::new(channel.clone()).check(request).await;
    asked.map(|_| channel).map_err(|status| format!("{status:?}"))
}

#[tokio::test]
async fn a_service_with_a_certificate_speaks_tls_only() {
    let (desk, authority) = (Desk::new(), Authority::new());
    let (cert, key) = authority.vouch("localhost");
    let (cert, key) = (desk.file("cert.pem", cert), desk.file("key.pem", key));
    let (address, _stop) = serve(|config| {
        config.tls.tls_cert = Some(cert.into());
        config.tls.tls_key = Some(key.into());
    })
    .await;

    let trusted = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    let channel = secure(address, trusted).await.unwrap();
    until_serving(&channel).await;
    info(&channel, None).await.unwrap();

    let stranger = Authority::new();
    let other = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(stranger.pem()));
    secure(address, other).await.unwrap_err();
    let plain = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    info(&plain, None).await.unwrap_err();
}

#[tokio::test]
async fn a_service_that_asks_for_certificates_refuses_clients_without_one() {
    let (desk, authority) = (Desk::new(), Authority::new());
    let (cert, key) = authority.vouch("localhost");
    let (cert, key) = (desk.file("cert.pem", cert), desk.file("key.pem", key));
    let clients = Authority::new();
    let roots = desk.file("clients.pem", clients.pem());
    let (address, _stop) = serve(|config| {
        config.tls.tls_cert = Some(cert.into());
        config.tls.tls_key = Some(key.into());
        config.tls.tls_client_ca = Some(roots.into());
    })
    .await;
    let trusted = || ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));

    secure(address, trusted()).await.unwrap_err();
    let (cert, key) = authority.vouch("stranger");
    secure(address, trusted().identity(Identity::from_pem(cert, key))).await.unwrap_err();
    let (cert, key) = clients.vouch("newsroom");
    secure(address, trusted().identity(Identity::from_pem(cert, key))).await.unwrap();
}

#[tokio::test]
async fn the_program_brings_key_and_trust_to_a_server() {
    let (desk, authority) = (Desk::new(), Authority::new());
    let (cert, key) = authority.vouch("localhost");
    let (cert, key) = (desk.file("cert.pem", cert), desk.file("key.pem", key));
    let ca = desk.file("ca.pem", authority.pem());
    let (read, wrong) = (desk.file("read", READ), desk.file("wrong", "some-key-of-someone"));
    let of_server = read.clone();
    let (address, _stop) = serve(|config| {
        config.keys.read_keys = Some(of_server.into());
        config.tls.tls_cert = Some(cert.into());
        config.tls.tls_key = Some(key.into());
    })
    .await;
    let server = format!("https://localhost:{}", address.port());
    let trusted = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    until_serving(&secure(address, trusted).await.unwrap()).await;

    let run = |key: &str| {
        let mut command = desk.command(&["embed", "--server", &server, "--server-ca", &ca]);
        command.args(["--server-key", key, "清河水位回落"]);
        // The server lives on this test's runtime, which must not be held up.
        let (done, output) = oneshot::channel();
        std::thread::spawn(move || done.send(command.output().unwrap()));
        output
    };
    let done = run(&read).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let refused = run(&wrong).await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("not known") && !said.contains("some-key"), "{said}");
}

/// What opening a store on the server at `address` says.
#[cfg(feature = "server")]
async fn opened(address: SocketAddr, ca: String) -> wenmai::store::Error {
    use wenmai::store;

    let at = store::ServerConfig::at(&format!("https://localhost:{}", address.port()));
    let server = store::ServerConfig { ca: Some(ca.into()), timeout_ms: 5_000, ..at };
    let config = store::Config { server, ..store::Config::folder("") };
    // The server lives on this test's runtime, which must not be held up.
    let (done, opened) = oneshot::channel();
    std::thread::spawn(move || {
        let make = store::Make { index_version: "v".into(), dim: 8 };
        let _gone = done.send(store::open(&config, &make).err().unwrap());
    });
    opened.await.unwrap()
}

#[cfg(feature = "server")]
#[tokio::test]
async fn a_store_is_reached_over_tls_where_its_authority_is_trusted() {
    let (desk, authority) = (Desk::new(), Authority::new());
    let (cert, key) = authority.vouch("localhost");
    let (cert, key) = (desk.file("cert.pem", cert), desk.file("key.pem", key));
    let (address, _stop) = serve(|config| {
        config.tls.tls_cert = Some(cert.into());
        config.tls.tls_key = Some(key.into());
    })
    .await;
    // It is no Qdrant, and says so: the way there is fine.
    let answer = opened(address, desk.file("ca.pem", authority.pem())).await;
    assert!(matches!(answer, wenmai::store::Error::Failed(_)), "{answer:?}");
    let stranger = desk.file("other.pem", Authority::new().pem());
    let refused = opened(address, stranger).await;
    assert!(matches!(refused, wenmai::store::Error::Away(_)), "{refused:?}");
}
