//! Metrics, liveness and readiness over HTTP, on a port of their own.
//!
//! `/metrics` is what Prometheus reads, `/livez` says that the process runs, `/readyz` that it can
//! be called. There are no keys here and no TLS: listen on this machine, or where only the
//! operator's own programs can connect. Nothing here reveals texts, keys or folders.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use wenmai_engine::Engine;
use wenmai_engine::ErrorKind;
use wenmai_engine::Info;
use wenmai_rpc::Life;
use wenmai_rpc::Phase;
use wenmai_store::Status;
use wenmai_telemetry::metrics;
use wenmai_telemetry::snapshot::Index;
use wenmai_telemetry::snapshot::Process;
use wenmai_telemetry::snapshot::Snapshot;
use wenmai_telemetry::snapshot::Topics;
use wenmai_telemetry::snapshot::folder_bytes;

/// The time that the store has to answer; Prometheus waits ten seconds.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);
/// The shortest time between two measurements of the size of the data folder.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

/// The settings for the port of metrics.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Address and port for `/metrics`, `/livez` and `/readyz` over HTTP, such as 127.0.0.1:9464.
    /// They ask for no key. Off unless given.
    #[arg(long, env = "WENMAI_METRICS_LISTEN", value_name = "ADDR:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}

/// The port of metrics, which is listened on and not yet served.
pub(super) struct Scrape {
    listener: TcpListener,
    pub(super) local_addr: SocketAddr,
    state: Arc<ScrapeState>,
}

/// What the handlers of requests share.
struct ScrapeState {
    engine: Engine,
    life: Life,
    build: [(&'static str, String); 4],
    /// The data folder; empty for a store that has none here.
    folder: PathBuf,
    measured: Mutex<Option<(Instant, u64)>>,
}

impl Scrape {
    /// Listens on `address`; `info` says what to show of the model and the store.
    pub(super) async fn bind(
        address: SocketAddr,
        engine: Engine,
        life: Life,
        info: Info,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let local_addr = listener.local_addr()?;
        if !local_addr.ip().is_loopback() {
            tracing::warn!(%local_addr, "metrics are open beyond this machine");
        }
        let Info { model, index_version, store } = info;
        let Status { backend, location, article_count: _ } = store;
        let build = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("model", model.name),
            ("index_version", index_version),
            ("store", backend.to_owned()),
        ];
        let folder = PathBuf::from(location);
        let state =
            Arc::new(ScrapeState { engine, life, build, folder, measured: Mutex::default() });
        Ok(Self { listener, local_addr, state })
    }

    /// Serves; never ends.
    pub(super) async fn run(self) {
        let routes = Router::new()
            .route("/metrics", get(show))
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .with_state(self.state);
        if let Err(error) = axum::serve(self.listener, routes).await {
            tracing::error!(%error, "metrics are no longer shown");
        }
        std::future::pending::<()>().await;
    }
}

async fn show(State(state): State<Arc<ScrapeState>>) -> impl IntoResponse {
    let text = state.engine.metrics().text(&state.snapshot().await);
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text)
}

async fn ready(State(state): State<Arc<ScrapeState>>) -> (StatusCode, &'static str) {
    match state.life.phase() {
        Phase::Starting => return (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        Phase::Draining => return (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        Phase::Serving => {}
    }
    match tokio::time::timeout(ASK_TIMEOUT, state.engine.info()).await {
        Ok(Ok(_alive)) => (StatusCode::OK, "ok\n"),
        // Busy is not away.
        Ok(Err(error)) if error.kind() == ErrorKind::Overloaded => (StatusCode::OK, "busy\n"),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "store is away\n"),
    }
}

impl ScrapeState {
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
