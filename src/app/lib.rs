//! Puts the service together, serves it, and stops it in good order.
//!
//! [`App::bind`] opens everything that can fail, and [`App::run`] serves until it is told to stop.
//! Health says `NOT_SERVING` until the model has embedded a text and the store has answered, and
//! again while the store is away. When the service stops, health says `NOT_SERVING`, a delay lets
//! load balancers notice, new calls are refused, running calls finish, those that do not finish in
//! time are cut, and the engine is closed. Nothing is printed. Keys and certificates are read again
//! when their files change. Metrics are shown on a port of their own (`scrape`), until the very
//! end.

mod connections;
mod keys;
mod limits;
mod reload;
mod scrape;
pub mod settings;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use wenmai_engine as engine;
use wenmai_engine::Engine;
use wenmai_engine::ErrorKind;
use wenmai_rpc as rpc;
use wenmai_rpc::CALLS_PER_CONNECTION;
use wenmai_rpc::CallExecutor;
use wenmai_rpc::Health;
use wenmai_rpc::Phase;
use wenmai_rpc::Switch;
use wenmai_rpc::access::Access;
use wenmai_rpc::access::KeyRing;

use connections::counted;
use reload::Reload;
use scrape::Scrape;

pub use keys::Config as KeysConfig;
pub use keys::Error as KeysError;
pub use limits::Config as LimitsConfig;
pub use scrape::Config as ScrapeConfig;
pub use tls::Config as TlsConfig;
pub use tls::Error as TlsError;

/// An error that another crate caused.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Time between two looks at the store, and between two attempts to get ready.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Milliseconds that the store has for closing at least, however little time running calls get.
const CLOSE_MS_MIN: u64 = 2_000;
/// The bytes that one stream may send ahead: enough for the next batch of an ingest to arrive while
/// this one is worked on.
const STREAM_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// The bytes that one connection may send ahead over all its streams.
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// The time after which a silent connection is pinged.
const KEEPALIVE_EVERY: Duration = Duration::from_mins(1);
/// The time within which the ping must be answered, or the connection is closed.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// The settings of the service: where to listen, whom to let in, and how to stop.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one. Beyond this machine, name keys and a
    /// certificate.
    #[arg(
        long,
        env = "WENMAI_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "ADDR:PORT"
    )]
    pub listen: SocketAddr,

    /// Milliseconds between saying "not serving" and refusing calls, for load balancers to notice.
    #[arg(long, env = "WENMAI_DRAIN_MS", default_value_t = 500, value_name = "MS")]
    pub drain_ms: u64,

    /// Milliseconds that running calls may still take after that, before they are cut.
    #[arg(long, env = "WENMAI_STOP_MS", default_value_t = 10_000, value_name = "MS")]
    pub stop_ms_max: u64,

    /// Who is let in.
    #[command(flatten)]
    pub keys: keys::Config,

    /// Certificates.
    #[command(flatten)]
    pub tls: tls::Config,

    /// How much is done at a time.
    #[command(flatten)]
    pub limits: limits::Config,

    /// Where metrics are shown.
    #[command(flatten)]
    pub scrape: scrape::Config,
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The keys cannot be used.
    #[error("keys cannot be used")]
    Keys(#[from] KeysError),
    /// The certificates cannot be used.
    #[error("TLS cannot be used")]
    Tls(#[from] TlsError),
    /// The engine did not answer, or did not close.
    #[error("engine failed")]
    Engine(#[from] engine::Error),
    /// The server failed while it was running.
    #[error("server failed")]
    Serve(#[source] BoxError),
}

/// The service, ready to run.
pub struct App {
    config: Config,
    listener: TcpListener,
    local_addr: SocketAddr,
    engine: Engine,
    routes: Routes,
    health: Health,
    phase: Switch,
    ring: KeyRing,
    scrape: Option<Scrape>,
    workers: Workers,
    /// The configuration of TLS, if the service speaks it.
    offer: Option<Arc<ServerConfig>>,
}

impl App {
    /// Opens the service and listens; connections wait until [`App::run`].
    ///
    /// # Errors
    /// [`Error::Keys`], [`Error::Tls`], [`Error::Listen`]; [`Error::Engine`] if the store does not
    /// answer.
    pub async fn bind(config: Config, engine: Engine) -> Result<Self, Error> {
        let offer = config.tls.read()?;
        let (ring, access) = Access::new(config.keys.read()?, config.keys.calls_per_second);
        let address = config.listen;
        let refused = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        let (phase, life) = rpc::starting();
        let scrape = match config.scrape.metrics_listen {
            None => None,
            Some(address) => {
                let refused = |source| Error::Listen { address, source };
                let info = engine.info().await?;
                let scrape = Scrape::bind(address, engine.clone(), life.clone(), info).await;
                Some(scrape.map_err(refused)?)
            }
        };
        let (limits, workers) = (config.limits.limits(), Workers::start()?);
        let executor = workers.executor();
        let (routes, health) =
            rpc::routes_within(engine.clone(), life, access, limits, executor).await?;
        Ok(Self {
            config,
            listener,
            local_addr,
            engine,
            routes,
            health,
            phase,
            ring,
            scrape,
            workers,
            offer,
        })
    }

    /// The address at which metrics are shown, with the actual port; `None` if they are not shown.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.scrape.as_ref().map(|scrape| scrape.local_addr)
    }

    /// The address at which the service listens, with the actual port.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `stop` ends, then drains and closes the engine.
    ///
    /// # Errors
    /// [`Error::Serve`]; [`Error::Engine`] if the engine does not close.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let Self { config, listener, local_addr, engine, routes, health, phase, ring, .. } = self;
        let (offer, scrape, mut health) = (self.offer, self.scrape, health);
        // Dropped last, so that they run calls until the very end.
        let _workers = self.workers;
        warn_of_what_is_open(&config, local_addr);
        let (close, closed) = oneshot::channel::<()>();
        let (offered, offers) = offer.map(watch::channel).unzip();
        let connections_max = config.limits.limits().connections_max;
        let server = serve(listener, offers, (routes, connections_max), closed);
        let reload =
            Reload { keys: config.keys.clone(), ring, tls: config.tls.clone(), offered }.run();
        let stopping = async {
            // Watching ends with the wish to stop, so that it cannot say "serving" again.
            tokio::select! {
                () = watch(&engine, &health, &phase) => {}
                () = reload => {}
                () = stop => {}
            }
            tracing::info!("stopping");
            health.not_serving().await;
            tokio::time::sleep(Duration::from_millis(config.drain_ms)).await;
            phase.set(Phase::Draining);
            health.close().await;
            // Fails only if the server has already ended.
            let _ended = close.send(());
            tokio::time::sleep(Duration::from_millis(config.stop_ms_max)).await;
            tracing::warn!("running calls are cut");
        };
        let ended = tokio::select! {
            ended = server => ended,
            () = stopping => Ok(()),
            () = shown(scrape) => Ok(()),
        };
        // Building a graph can take minutes; what was acknowledged is on disk without it.
        let patience = Duration::from_millis(config.stop_ms_max.max(CLOSE_MS_MIN));
        match tokio::time::timeout(patience, engine.close()).await {
            Ok(closed) => closed?,
            Err(_still_busy) => tracing::warn!("store was still busy at the end"),
        }
        ended
    }
}

/// The runtime whose threads run calls. Those that accept calls belong to the runtime of the
/// caller.
struct Workers(Option<Runtime>);

impl Workers {
    fn start() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread().thread_name("work").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|error| Error::Serve(error.into()))
    }

    fn executor(&self) -> CallExecutor {
        self.0.as_ref().map_or_else(CallExecutor::default, |runtime| {
            CallExecutor::on(runtime.handle().clone())
        })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // This is dropped on a thread of another runtime, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Serves metrics, if they are to be shown; never ends.
async fn shown(scrape: Option<Scrape>) {
    match scrape {
        Some(scrape) => scrape.run().await,
        None => std::future::pending().await,
    }
}

/// Warns of settings that leave the service open to strangers.
fn warn_of_what_is_open(config: &Config, local_addr: SocketAddr) {
    if local_addr.ip().is_loopback() {
        return;
    }
    if !config.keys.asks() {
        tracing::warn!(%local_addr, "listening beyond this machine, and everyone may write");
    }
    if config.tls.tls_cert.is_none() {
        tracing::warn!(%local_addr, "listening beyond this machine without TLS");
    }
}

/// Serves until `closed` ends; with TLS where `offers` has its configuration.
async fn serve(
    listener: TcpListener,
    offers: Option<watch::Receiver<Arc<ServerConfig>>>,
    (routes, connections_max): (Routes, usize),
    closed: oneshot::Receiver<()>,
) -> Result<(), Error> {
    // The sender is kept until it is used.
    let closed = async { closed.await.unwrap_or(()) };
    let ended = match offers {
        None => {
            let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
            let incoming = counted(incoming, connections_max);
            Box::pin(server().serve_with_incoming_shutdown(routes, incoming, closed)).await
        }
        Some(offers) => {
            let incoming = counted(tls::incoming(listener, offers), connections_max);
            Box::pin(server().serve_with_incoming_shutdown(routes, incoming, closed)).await
        }
    };
    ended.map_err(|error| Error::Serve(error.into()))
}

/// A server with the limits of every connection.
fn server() -> Server {
    Server::builder()
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE_EVERY))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
}

/// Starts serving once the engine is ready, and from then on tells health whether the store
/// answers; never ends.
async fn watch(engine: &Engine, health: &Health, phase: &Switch) {
    while let Err(error) = engine.ready().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
        tokio::time::sleep(PING_EVERY).await;
    }
    phase.set(Phase::Serving);
    health.serving().await;
    tracing::info!("serving");
    let mut away = false;
    loop {
        tokio::time::sleep(PING_EVERY).await;
        let lost = match engine.info().await {
            Ok(_alive) => None,
            // Busy is not away.
            Err(error) if error.kind() == ErrorKind::Overloaded => None,
            Err(error) => Some(error),
        };
        if lost.is_some() == away {
            continue;
        }
        away = lost.is_some();
        if let Some(error) = lost {
            tracing::error!(error = &error as &dyn std::error::Error, "store is away");
            health.store_away().await;
        } else {
            tracing::info!("store is back");
            health.serving().await;
        }
    }
}

/// A future that ends when the process is asked to stop, by SIGTERM or Ctrl-C.
///
/// # Errors
/// If the system does not let it listen for signals.
pub fn stop_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
