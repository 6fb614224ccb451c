//! Connections: how many there may be, and how long they last.
//!
//! What is usual for a server on an open port. A connection that says nothing soon is closed. So is
//! one that has no call for long, one whose client has vanished, and one whose client asks and then
//! does not read. After a while every connection is ended in good order (GOAWAY), so that clients
//! that stay connected for days spread over replicas that were added meanwhile. Who gets in when
//! all places are taken is up to `places`.

mod activity;
mod body;
mod drive;
mod places;
pub(super) mod stream;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use clap::value_parser;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rand::RngExt;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::listen::Listener;
use places::Places;
use wenmai_telemetry::Metrics;

pub(super) use drive::Handler;

/// A connection is closed this much earlier or later than its age says, as a share of it: those that
/// were opened together must not come back together.
const AGE_JITTER: f64 = 0.1;
/// The pause after the system had no more sockets.
const NO_SOCKET_PAUSE: Duration = Duration::from_millis(20);

/// The settings for connections.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Connections of one address that may be open (of one network, for IPv6); programs on this
    /// machine do not count. Without it half of all.
    #[arg(long, env = "WENMAI_CONNECTIONS_PER_PEER", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub connections_per_peer_max: Option<u32>,

    /// Milliseconds that a connection has for its first bytes, the handshake of TLS included.
    #[arg(long, env = "WENMAI_HANDSHAKE_MS", default_value_t = 5_000, value_name = "MS",
          value_parser = value_parser!(u32).range(1..))]
    pub handshake_ms_max: u32,

    /// Seconds after which a connection without a call is closed; 0 for never.
    #[arg(long, env = "WENMAI_CONNECTION_IDLE_S", default_value_t = 900, value_name = "S")]
    pub connection_idle_s_max: u32,

    /// Seconds after which a connection is ended in good order, give or take a tenth, so that
    /// clients find added replicas; 0 for never.
    #[arg(long, env = "WENMAI_CONNECTION_AGE_S", default_value_t = 1_800, value_name = "S")]
    pub connection_age_s_max: u32,

    /// Seconds that calls may go on after that; streams then end with UNAVAILABLE, and clients
    /// repeat what had no answer.
    #[arg(long, env = "WENMAI_CONNECTION_GRACE_S", default_value_t = 300, value_name = "S")]
    pub connection_grace_s: u32,

    /// Seconds of silence after which a client is asked whether it is still there; it has a third of
    /// that to answer.
    #[arg(long, env = "WENMAI_KEEPALIVE_S", default_value_t = 60, value_name = "S",
          value_parser = value_parser!(u32).range(1..))]
    pub keepalive_s: u32,

    /// Seconds that a client may leave an answer lying without taking any of it; its connection is
    /// closed then.
    #[arg(long, env = "WENMAI_ANSWER_STALL_S", default_value_t = 60, value_name = "S",
          value_parser = value_parser!(u32).range(1..))]
    pub answer_stall_s_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connections_per_peer_max: None,
            handshake_ms_max: 5_000,
            connection_idle_s_max: 900,
            connection_age_s_max: 1_800,
            connection_grace_s: 300,
            keepalive_s: 60,
            answer_stall_s_max: 60,
        }
    }
}

/// How long connections last.
#[derive(Debug, Clone)]
struct Policy {
    handshake_max: Duration,
    /// `None` for no limit.
    idle_max: Option<Duration>,
    /// `None` for no limit.
    age_max: Option<Duration>,
    grace: Duration,
    keepalive_every: Duration,
    stall_max: Duration,
}

impl Policy {
    fn of(config: Config) -> Self {
        let seconds = |count: u32| Duration::from_secs(count.into());
        let limit = |count: u32| (count > 0).then(|| seconds(count));
        Self {
            handshake_max: Duration::from_millis(config.handshake_ms_max.into()),
            idle_max: limit(config.connection_idle_s_max),
            age_max: limit(config.connection_age_s_max),
            grace: seconds(config.connection_grace_s),
            keepalive_every: seconds(config.keepalive_s),
            stall_max: seconds(config.answer_stall_s_max),
        }
    }

    /// The age of one connection, drawn anew for each.
    fn age(&self) -> Option<Duration> {
        let share = rand::rng().random_range(1.0 - AGE_JITTER..=1.0 + AGE_JITTER);
        self.age_max.map(|age| age.mul_f64(share))
    }

    fn keepalive_timeout(&self) -> Duration {
        self.keepalive_every / 3
    }

    /// The time between two looks at what a connection is doing, at most `longest`.
    fn look_every(&self, longest: Duration) -> Duration {
        let shortest_limit = self.idle_max.unwrap_or(longest).min(self.stall_max);
        (shortest_limit / 4).min(longest)
    }
}

/// Serves connections with one handler.
pub(super) struct Server<H> {
    shared: Arc<drive::Shared<H>>,
    places: Places,
    draining: watch::Sender<bool>,
}

impl<H: Handler> Server<H> {
    /// A server that has at most `connections_max` connections, each as `config` says.
    pub(super) fn new(
        handler: H,
        connections_max: usize,
        config: Config,
        metrics: Metrics,
    ) -> Self {
        let per_peer = config.connections_per_peer_max.map(|count| count as usize);
        let per_peer = per_peer.unwrap_or(connections_max / 2);
        let places = Places::new(connections_max, per_peer, metrics.clone());
        let (draining, is_draining) = watch::channel(false);
        let policy = Policy::of(config);
        let shared = drive::Shared { handler, policy, metrics, draining: is_draining };
        Self { shared: Arc::new(shared), places, draining }
    }

    /// Serves the connections of `listeners` until `closed` ends; then it listens no more and returns
    /// when the calls have ended. Where `offers` has a configuration of TLS, connections over a
    /// network speak it; those over a socket in the file system never leave this machine and do not.
    ///
    /// Dropping the future closes all connections.
    pub(super) async fn serve(
        self,
        listeners: Vec<Listener>,
        offers: Option<watch::Receiver<Arc<ServerConfig>>>,
        closed: impl Future<Output = ()>,
    ) {
        let mut tasks = JoinSet::new();
        let mut closed = std::pin::pin!(closed);
        let mut accepting: FuturesUnordered<_> = listeners.into_iter().map(next).collect();
        loop {
            let accepted = tokio::select! {
                () = &mut closed => break,
                accepted = accepting.next() => accepted,
                // Only to let ended tasks go.
                Some(_ended) = tasks.join_next() => continue,
            };
            let Some((accepted, listener)) = accepted else { break };
            match accepted {
                Ok(stream) => {
                    let over_network = listener.address.tcp().is_some();
                    let offers = offers.as_ref().filter(|_| over_network);
                    let tls = offers.map(|offers| offers.borrow().clone());
                    if let Some(place) = self.places.take(stream.peer) {
                        tasks.spawn(drive::serve(stream, tls, place, Arc::clone(&self.shared)));
                    }
                }
                Err(error) => self.failed(&error).await,
            }
            accepting.push(next(listener));
        }
        drop(accepting);
        self.draining.send_replace(true);
        while tasks.join_next().await.is_some() {}
    }

    /// Goes on after a connection could not be accepted.
    async fn failed(&self, error: &io::Error) {
        if !is_out_of_sockets(error) {
            return tracing::debug!(%error, "a connection was gone before it was accepted");
        }
        tracing::warn!(%error, "no socket for a connection");
        self.places.make_room();
        tokio::time::sleep(NO_SOCKET_PAUSE).await;
    }
}

/// The next connection of a listener, and the listener for the one after it.
async fn next(listener: Listener) -> (io::Result<stream::Stream>, Listener) {
    (listener.accept().await, listener)
}

fn is_out_of_sockets(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].into_iter().any(|e| code == Some(e))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Config;
    use super::Policy;

    #[test]
    fn ages_differ_and_zero_is_for_ever() {
        let policy = Policy::of(Config { connection_age_s_max: 1_000, ..Config::default() });
        let ages: Vec<Duration> = (0..100).map(|_| policy.age().unwrap()).collect();
        let (least, most) = (ages.iter().min().unwrap(), ages.iter().max().unwrap());
        assert!(*least >= Duration::from_mins(15) && *most <= Duration::from_secs(1_100));
        assert!(least < most);
        let ever = Policy::of(Config { connection_age_s_max: 0, ..Config::default() });
        assert!(ever.age().is_none());
    }

    #[test]
    fn the_default_is_what_the_flags_say() {
        #[derive(clap::Parser)]
        struct Settings {
            #[command(flatten)]
            config: Config,
        }
        let Settings { config } = clap::Parser::parse_from(["test"]);
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    }
}
