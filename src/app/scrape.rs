//! Metrics, liveness and readiness over HTTP, on a port of their own.
//!
//! `/metrics` is what Prometheus reads, `/livez` says that the process runs, `/readyz` that it can
//! be called. There is no TLS here, and a key is asked for only where one is set: listen on this
//! machine, or where only the operator's own programs can connect. Nothing here reveals texts, keys
//! or folders.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tonic::body::Body;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Method;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::codegen::http::StatusCode;
use tonic::codegen::http::header::CONTENT_TYPE;
use tonic::codegen::http::header::WWW_AUTHENTICATE;

use crate::connections;
use crate::connections::Handler;
use crate::connections::Server;
use crate::keys;
use crate::listen::BoundAddress;
use crate::listen::ListenAddress;
use crate::listen::Listener;
use crate::web::text;
use wenmai_engine::Engine;
use wenmai_engine::ErrorKind;
use wenmai_engine::Info;
use wenmai_rpc::Life;
use wenmai_rpc::Phase;
use wenmai_rpc::access::Access;
use wenmai_store::Status;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::metrics;
use wenmai_telemetry::snapshot::Index;
use wenmai_telemetry::snapshot::Process;
use wenmai_telemetry::snapshot::Snapshot;
use wenmai_telemetry::snapshot::Topics;
use wenmai_telemetry::snapshot::folder_bytes;

/// Connections for metrics: Prometheus, probes, and a person.
const CONNECTIONS_MAX: usize = 64;
/// The time that the store has to answer; Prometheus waits ten seconds.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);
/// The shortest time between two measurements of the size of the data folder.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

/// The settings for the port of metrics.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where to show `/metrics`, `/livez` and `/readyz` over HTTP, such as 127.0.0.1:9464; in the
    /// forms of `--listen`. Off unless given.
    #[arg(long, env = "WENMAI_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub metrics_listen: Option<ListenAddress>,

    /// File of keys, one a line, of which `/metrics` then asks for one (`authorization: Bearer …`).
    /// Read again when it changes.
    #[arg(long, env = "WENMAI_METRICS_KEYS", value_name = "FILE")]
    pub metrics_keys: Option<PathBuf>,
}

impl Config {
    /// Who may read metrics.
    pub(super) fn keys(&self) -> keys::Config {
        keys::Config { read_keys: self.metrics_keys.clone(), ..keys::Config::default() }
    }
}

/// The port of metrics, which is listened on and not yet served.
pub(super) struct Scrape {
    listeners: Vec<Listener>,
    state: Arc<ScrapeState>,
}

/// What the handlers of requests share.
struct ScrapeState {
    engine: Engine,
    life: Life,
    access: Access,
    build: [(&'static str, String); 4],
    /// The data folder; empty for a store that has none here.
    folder: PathBuf,
    measured: Mutex<Option<(Instant, u64)>>,
}

impl Scrape {
    /// Shows at `listeners` what `engine` counts, to those whom `access` lets in; `info` says what to
    /// show of the model and the store.
    pub(super) fn new(
        listeners: Vec<Listener>,
        (engine, life, info): (Engine, Life, Info),
        access: Access,
    ) -> Self {
        for Listener { address, .. } in &listeners {
            if !address.is_local() && !access.asks() {
                tracing::warn!(%address, "metrics are open beyond this machine");
            }
        }
        let Info { model, index_version, store } = info;
        let Status { backend, location, article_count: _, survives: _ } = store;
        let build = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("model", model.name),
            ("index_version", index_version),
            ("store", backend.to_owned()),
        ];
        let (folder, measured) = (PathBuf::from(location), Mutex::default());
        let state = Arc::new(ScrapeState { engine, life, access, build, folder, measured });
        Self { listeners, state }
    }

    /// Where it is shown.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &BoundAddress> {
        self.listeners.iter().map(|listener| &listener.address)
    }

    /// Serves; never ends.
    pub(super) async fn run(self, config: connections::Config) {
        // What it serves is not among what it shows.
        let uncounted = Metrics::default();
        let server = Server::new(Shown(self.state), CONNECTIONS_MAX, config, uncounted);
        server.serve(self.listeners, None, std::future::pending()).await;
    }
}

/// What answers requests.
#[derive(Clone)]
struct Shown(Arc<ScrapeState>);

impl Handler for Shown {
    fn handle(
        self,
        request: Request<Body>,
    ) -> impl Future<Output = Response<Body>> + Send + 'static {
        let Self(state) = self;
        async move {
            if ![Method::GET, Method::HEAD].contains(request.method()) {
                return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
            }
            match request.uri().path() {
                "/metrics" => state.metrics(request.headers()).await,
                "/livez" => text(StatusCode::OK, "ok\n"),
                "/readyz" => {
                    let (code, sentence) = state.ready().await;
                    text(code, sentence)
                }
                _ => text(StatusCode::NOT_FOUND, "there are /metrics, /livez and /readyz\n"),
            }
        }
    }
}

impl ScrapeState {
    async fn metrics(&self, headers: &HeaderMap) -> Response<Body> {
        if self.access.knows(headers).is_err() {
            let mut refused = text(StatusCode::UNAUTHORIZED, "a key is needed\n");
            let bearer = HeaderValue::from_static("Bearer");
            refused.headers_mut().insert(WWW_AUTHENTICATE, bearer);
            return refused;
        }
        let mut shown = text(StatusCode::OK, self.engine.metrics().text(&self.snapshot().await));
        let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
        shown.headers_mut().insert(CONTENT_TYPE, kind);
        shown
    }

    async fn ready(&self) -> (StatusCode, &'static str) {
        match self.life.phase() {
            Phase::Starting => return (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
            Phase::Draining => return (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            Phase::Serving => {}
        }
        match tokio::time::timeout(ASK_TIMEOUT, self.engine.info()).await {
            Ok(Ok(_alive)) => (StatusCode::OK, "ok\n"),
            // Busy is not away.
            Ok(Err(error)) if error.kind() == ErrorKind::Overloaded => (StatusCode::OK, "busy\n"),
            Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "store is away\n"),
        }
    }

    async fn snapshot(&self) -> Snapshot {
        let info = tokio::time::timeout(ASK_TIMEOUT, self.engine.info()).await;
        let articles = info.ok().and_then(Result::ok).map(|info| info.store.article_count);
        let index = articles.map(|articles| Index { articles, bytes: self.bytes() });
        Snapshot {
            build: self.build.clone(),
            ready: self.life.phase() == Phase::Serving && articles.is_some(),
            index,
            topics: self.topics().await,
            process: Process::now(),
        }
    }

    async fn topics(&self) -> Option<Topics> {
        let (events, stories) = self.engine.topic_counts()?;
        let progress = tokio::time::timeout(ASK_TIMEOUT, self.engine.topics_progress()).await;
        let progress = progress.ok()?.ok()?;
        let (lag_articles, version) = (progress.pending_count, progress.version);
        Some(Topics { events, stories, lag_articles, version })
    }

    /// The size of the data folder in bytes, measured at most every [`MEASURE_EVERY`].
    fn bytes(&self) -> u64 {
        if self.folder.as_os_str().is_empty() {
            return 0;
        }
        // A panic inside would have left an older measurement.
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        match *measured {
            Some((at, bytes)) if at.elapsed() < MEASURE_EVERY => bytes,
            Some(_) | None => {
                let bytes = folder_bytes(&self.folder);
                *measured = Some((Instant::now(), bytes));
                bytes
            }
        }
    }
}
