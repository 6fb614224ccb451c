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
mod listen;
mod pages;
mod reload;
mod scrape;
pub mod settings;
mod tls;
mod web;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tonic::service::Routes;

use wenmai_engine as engine;
use wenmai_engine::Engine;
use wenmai_engine::ErrorKind;
use wenmai_rpc as rpc;
use wenmai_rpc::CallExecutor;
use wenmai_rpc::Health;
use wenmai_rpc::Phase;
use wenmai_rpc::Switch;
use wenmai_rpc::access::Access;
use wenmai_rpc::access::KeyRing;

use connections::Server;
use listen::Listener;
use pages::Pages;
use reload::Reload;
use scrape::Scrape;
use web::Front;

pub use connections::Config as ConnectionsConfig;
pub use keys::Config as KeysConfig;
pub use keys::Error as KeysError;
pub use limits::Config as LimitsConfig;
pub use listen::BoundAddress;
pub use listen::InvalidAddress;
pub use listen::ListenAddress;
pub use scrape::Config as ScrapeConfig;
pub use tls::Config as TlsConfig;
pub use tls::Error as TlsError;
pub use web::Config as WebConfig;
pub use web::InvalidOrigin;
pub use web::Origin;

/// An error that another crate caused.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Time between two looks at the store, and between two attempts to get ready.
const PING_EVERY: Duration = Duration::from_secs(1);
/// Milliseconds that the store has for closing at least, however little time running calls get.
const CLOSE_MS_MIN: u64 = 2_000;
/// File descriptors that connections leave to the store, the log, and the rest.
const FILES_RESERVED: u64 = 256;

/// The settings of the service: where to listen, whom to let in, and how to stop.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where to listen, separated by commas: HOST:PORT such as 127.0.0.1:50051 or localhost:50051,
    /// `[::1]:50051` for IPv6, :50051 for all interfaces, unix:PATH for a socket. Port 0 takes a free
    /// one. Beyond this machine, name keys and a certificate.
    #[arg(
        long,
        env = "WENMAI_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT",
        value_delimiter = ','
    )]
    pub listen: Vec<ListenAddress>,

    /// Milliseconds between saying "not serving" and refusing calls, for load balancers to notice.
    #[arg(long, env = "WENMAI_DRAIN_MS", default_value_t = 500, value_name = "MS")]
    pub drain_ms: u64,

    /// Milliseconds that running calls may still take after that, before they are cut.
    #[arg(long, env = "WENMAI_STOP_MS", default_value_t = 10_000, value_name = "MS")]
    pub stop_ms_max: u64,

    /// The folder below which `wenmai snapshot --server URL` makes copies of the index; without it
    /// none are made.
    #[arg(long, env = "WENMAI_SNAPSHOTS", value_name = "DIR")]
    pub snapshots: Option<PathBuf>,

    /// Who is let in.
    #[command(flatten)]
    pub keys: keys::Config,

    /// Certificates.
    #[command(flatten)]
    pub tls: tls::Config,

    /// How much is done at a time.
    #[command(flatten)]
    pub limits: limits::Config,

    /// How long connections last.
    #[command(flatten)]
    pub connections: connections::Config,

    /// Browsers.
    #[command(flatten)]
    pub web: web::Config,

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
        address: ListenAddress,
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
    /// Pages are to be shown beyond this machine, and no key is asked for.
    #[error(
        "pages beyond this machine need keys: name --write-keys or --read-keys, or show them at \
         127.0.0.1 only"
    )]
    OpenPages,
    /// The threads that run calls cannot be started.
    #[error("threads cannot be started")]
    Threads(#[source] BoxError),
}

/// The service, ready to run.
pub struct App {
    config: Config,
    listeners: Vec<Listener>,
    addresses: Vec<BoundAddress>,
    engine: Engine,
    routes: Routes,
    health: Health,
    phase: Switch,
    ring: KeyRing,
    metrics_ring: KeyRing,
    scrape: Option<Scrape>,
    pages: Option<Pages>,
    workers: Workers,
    /// The configuration of TLS, if the service speaks it.
    offer: Option<Arc<ServerConfig>>,
}

impl App {
    /// Opens the service and listens; connections wait until [`App::run`].
    ///
    /// # Errors
    /// [`Error::Keys`], [`Error::Tls`], [`Error::Listen`], [`Error::OpenPages`], [`Error::Threads`];
    /// [`Error::Engine`] if the store does not answer.
    pub async fn bind(config: Config, engine: Engine) -> Result<Self, Error> {
        let offer = config.tls.read()?;
        let (ring, access) = Access::new(config.keys.read()?, config.keys.calls_per_second);
        let (metrics_ring, metrics_access) = Access::new(config.scrape.keys().read()?, None);
        let listeners = listen(&config.listen).await?;
        let addresses = listeners.iter().map(|listener| listener.address.clone()).collect();
        let (phase, life) = rpc::starting();
        let scrape = match &config.scrape.metrics_listen {
            None => None,
            Some(address) => {
                let listeners = listen(std::slice::from_ref(address)).await?;
                let of = (engine.clone(), life.clone(), engine.info().await?);
                Some(Scrape::new(listeners, of, metrics_access))
            }
        };
        let shown_at = match &config.web.web {
            None => None,
            Some(address) => Some(listen(std::slice::from_ref(address)).await?),
        };
        if shown_at.as_deref().is_some_and(|at| pages::are_open(at, config.keys.asks())) {
            return Err(Error::OpenPages);
        }
        let (limits, workers) = (config.limits.limits(), Workers::start()?);
        let (executor, doors) = (workers.executor(), access.clone());
        let (routes, health) =
            rpc::routes_within(engine.clone(), life, access, limits, executor).await?;
        let is_secure = offer.is_some();
        let pages = shown_at.map(|at| Pages::new(at, routes.clone(), doors, is_secure));
        Ok(Self {
            config,
            listeners,
            addresses,
            engine,
            routes,
            health,
            phase,
            ring,
            metrics_ring,
            scrape,
            pages,
            workers,
            offer,
        })
    }

    /// Where pages are shown, with the actual ports, as addresses for a browser.
    pub fn page_addresses(&self) -> impl Iterator<Item = String> {
        let scheme = if self.offer.is_some() { "https" } else { "http" };
        self.pages.iter().flat_map(Pages::addresses).map(move |address| match address.tcp() {
            Some(address) => format!("{scheme}://{address}"),
            None => address.to_string(),
        })
    }

    /// The first port at which metrics are shown; `None` if there is none.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addresses().find_map(BoundAddress::tcp)
    }

    /// Where metrics are shown, with the actual ports.
    pub fn metrics_addresses(&self) -> impl Iterator<Item = &BoundAddress> {
        self.scrape.iter().flat_map(Scrape::addresses)
    }

    /// The first port at which the service listens; `None` if it listens on sockets only.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(BoundAddress::tcp)
    }

    /// Where the service listens, with the actual ports.
    #[must_use]
    pub fn addresses(&self) -> &[BoundAddress] {
        &self.addresses
    }

    /// Serves until `stop` ends, then drains and closes the engine.
    ///
    /// # Errors
    /// [`Error::Engine`] if the engine does not close.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let Self { config, listeners, addresses, engine, routes, health, phase, ring, .. } = self;
        let (offer, scrape, pages, mut health) = (self.offer, self.scrape, self.pages, health);
        // Dropped last, so that they run calls until the very end.
        let _workers = self.workers;
        warn_of_what_is_open(&config, &addresses);
        let (close, closed) = watch::channel(false);
        let (offered, offers) = offer.map(watch::channel).unzip();
        let connections_max = affordable(config.limits.limits().connections_max);
        let front = Front::new(routes, &config.web);
        let server =
            Server::new(front, connections_max, config.connections, engine.metrics().clone());
        // The sender is kept until it is used.
        let calls = server.serve(listeners, offers.clone(), until(closed.clone()));
        let shown_pages = async {
            if let Some(pages) = pages {
                pages.run(connections_max, config.connections, offers, until(closed)).await;
            }
        };
        let server = async { tokio::join!(calls, shown_pages) };
        let keys = [(config.keys.clone(), ring), (config.scrape.keys(), self.metrics_ring)];
        let reload = Reload::new(keys, (config.tls.clone(), offered)).run();
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
            close.send_replace(true);
            tokio::time::sleep(Duration::from_millis(config.stop_ms_max)).await;
            tracing::warn!("running calls are cut");
        };
        tokio::select! {
            ((), ()) = server => {}
            () = stopping => {}
            () = shown(scrape, config.connections) => {}
        }
        // Building a graph can take minutes; what was acknowledged is on disk without it.
        let patience = Duration::from_millis(config.stop_ms_max.max(CLOSE_MS_MIN));
        match tokio::time::timeout(patience, engine.close()).await {
            Ok(closed) => closed?,
            Err(_still_busy) => tracing::warn!("store was still busy at the end"),
        }
        Ok(())
    }
}

/// The runtime whose threads run calls. Those that accept calls belong to the runtime of the
/// caller.
struct Workers(Option<Runtime>);

impl Workers {
    fn start() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread().thread_name("work").enable_all().build();
        runtime.map(|runtime| Self(Some(runtime))).map_err(|error| Error::Threads(error.into()))
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

/// Ends when it is said that listening ends.
async fn until(mut closed: watch::Receiver<bool>) {
    // An error means that nobody is left to say it.
    let _said = closed.wait_for(|closed| *closed).await;
}

/// Serves metrics, if they are to be shown; never ends.
async fn shown(scrape: Option<Scrape>, config: connections::Config) {
    match scrape {
        Some(scrape) => scrape.run(config).await,
        None => std::future::pending().await,
    }
}

/// Warns of settings that leave the service open to strangers.
fn warn_of_what_is_open(config: &Config, addresses: &[BoundAddress]) {
    for address in addresses.iter().filter(|address| !address.is_local()) {
        if !config.keys.asks() {
            tracing::warn!(%address, "listening beyond this machine, and everyone may write");
        }
        if config.tls.tls_cert.is_none() {
            tracing::warn!(%address, "listening beyond this machine without TLS");
        }
    }
}

/// Listens on all of `addresses`.
async fn listen(addresses: &[ListenAddress]) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    for address in addresses {
        let bound = address.bind().await;
        let refused = |source| Error::Listen { address: address.clone(), source };
        listeners.extend(bound.map_err(refused)?);
    }
    Ok(listeners)
}

/// So many of the connections that are wanted as the system gives descriptors for, after the limit
/// of this process was raised as far as it goes.
fn affordable(connections_max: usize) -> usize {
    use rustix::process::Resource;
    use rustix::process::getrlimit;
    use rustix::process::setrlimit;

    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let Some(files_max) = limit.current else { return connections_max };
    let affordable = usize::try_from(files_max.saturating_sub(FILES_RESERVED));
    let affordable = affordable.unwrap_or(usize::MAX).max(1);
    if affordable < connections_max {
        tracing::warn!(files_max, connections_max, affordable, "fewer connections than wanted");
    }
    connections_max.min(affordable)
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
        if !away {
            health.topics(engine.topics_are_well()).await;
        }
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
