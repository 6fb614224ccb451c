//! One connection from its first byte to its end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::server::conn::http2;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;

use super::Policy;
use super::activity::Activity;
use super::body::Outgoing;
use super::places::Place;
use super::stream::Bytes;
use super::stream::Protocol;
use super::stream::ReadAhead;
use super::stream::Stream;
use super::stream::recognized;
use crate::BoxError;
use wenmai_rpc::CALLS_PER_CONNECTION;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Ending;

/// The bytes that one stream may send ahead: enough for the next batch of an ingest to arrive while
/// this one is worked on.
const STREAM_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// The bytes that one connection may send ahead over all its streams.
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// The bytes of the headers of one call.
const HEADER_BYTES_MAX: u32 = 16 * 1024;
/// The headers of one request of HTTP/1.1.
const HEADERS_MAX: usize = 64;
/// The bytes of an answer that are held ready for each stream.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// The time that a connection has to say goodbye once it must end.
const GOODBYE: Duration = Duration::from_secs(1);
/// The longest time between two looks at what a connection is doing.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(5);

/// What answers calls.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// Answers a call.
    fn handle(
        self,
        request: Request<Body>,
    ) -> impl Future<Output = Response<Body>> + Send + 'static;
}

/// What all connections of a listener share.
pub(super) struct Shared<H> {
    pub(super) handler: H,
    pub(super) policy: Policy,
    pub(super) metrics: Metrics,
    /// Changes when the service stops.
    pub(super) draining: watch::Receiver<bool>,
}

/// Serves `stream` until it ends, with TLS where there is `tls`.
pub(super) async fn serve<H: Handler>(
    stream: Stream,
    tls: Option<Arc<ServerConfig>>,
    place: Place,
    shared: Arc<Shared<H>>,
) {
    let activity = &place.activity;
    let mut draining = shared.draining.clone();
    let opened = tokio::select! {
        opened = tokio::time::timeout(shared.policy.handshake_max, open(stream, tls)) => opened,
        () = activity.displaced() => return,
        // Nobody has asked for anything yet.
        _ = draining.wait_for(|is_draining| *is_draining) => return,
    };
    let (bytes, protocol) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => return tracing::debug!(%error, "a connection never opened"),
        Err(_late) => return shared.metrics.connection_ended(Ending::Handshake),
    };
    activity.open();
    let (io, policy) = (TokioIo::new(bytes), &shared.policy);
    let calls = Calls { activity: Arc::clone(activity), handler: shared.handler.clone() };
    let watch = Watch { activity, policy, metrics: &shared.metrics };
    match protocol {
        Protocol::Http1 => {
            let connection = http1(policy).serve_connection(io, calls);
            watch.until_end(connection, draining).await;
        }
        Protocol::Http2 => {
            let connection = http2(policy).serve_connection(io, calls);
            watch.until_end(connection, draining).await;
        }
    }
}

/// Shakes hands and reads the first bytes.
async fn open(
    stream: Stream,
    tls: Option<Arc<ServerConfig>>,
) -> std::io::Result<(ReadAhead<Box<dyn Bytes>>, Protocol)> {
    let bytes: Box<dyn Bytes> = match tls {
        Some(config) => Box::new(TlsAcceptor::from(config).accept(stream.bytes).await?),
        None => stream.bytes,
    };
    recognized(bytes).await
}

fn http1(policy: &Policy) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(policy.handshake_max)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    builder
}

fn http2(policy: &Policy) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(Some(policy.keepalive_every))
        .keep_alive_timeout(policy.keepalive_timeout());
    builder
}

/// The calls of a connection, for hyper.
struct Calls<H> {
    activity: Arc<Activity>,
    handler: H,
}

impl<H: Handler> hyper::service::Service<Request<Incoming>> for Calls<H> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let call = self.activity.call();
        let answer = self.handler.clone().handle(request.map(Body::new));
        Box::pin(async move {
            let response = answer.await;
            Ok(response.map(|body| Body::new(Outgoing::new(body, call))))
        })
    }
}

/// A connection of hyper's.
trait Connection: Future<Output = hyper::Result<()>> {
    /// Lets the calls end that there are, and takes no more.
    fn wind_down(self: Pin<&mut Self>);
}

impl<I, S> Connection for http1::Connection<I, S>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S> Connection for http2::Connection<I, S, TokioExecutor>
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
{
    fn wind_down(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Looks after a connection.
struct Watch<'connection> {
    activity: &'connection Arc<Activity>,
    policy: &'connection Policy,
    metrics: &'connection Metrics,
}

impl Watch<'_> {
    /// Lets `connection` run, until it ends or must.
    async fn until_end(self, connection: impl Connection, mut draining: watch::Receiver<bool>) {
        let mut connection = pin!(connection);
        let never = Duration::from_hours(24 * 365);
        let mut aged = pin!(tokio::time::sleep(self.policy.age().unwrap_or(never)));
        let mut cut = pin!(tokio::time::sleep(never));
        let mut look = tokio::time::interval(self.policy.look_every(LOOK_EVERY_MAX));
        let (mut is_ending, mut is_cut) = (false, false);
        loop {
            tokio::select! {
                ended = &mut connection => return told(ended),
                _ = draining.wait_for(|is_draining| *is_draining), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().wind_down();
                }
                () = &mut aged, if !is_ending => {
                    is_ending = true;
                    self.metrics.connection_ended(Ending::Age);
                    connection.as_mut().wind_down();
                    cut.as_mut().reset(Instant::now() + self.policy.grace);
                }
                () = self.activity.displaced(), if !is_cut => {
                    (is_ending, is_cut) = (true, true);
                    connection.as_mut().wind_down();
                    cut.as_mut().reset(Instant::now() + GOODBYE);
                }
                () = &mut cut => {
                    if is_cut {
                        return;
                    }
                    is_cut = true;
                    self.activity.cut();
                    cut.as_mut().reset(Instant::now() + GOODBYE);
                }
                _ = look.tick() => {
                    if self.is_stalled() {
                        self.metrics.connection_ended(Ending::Stalled);
                        return;
                    }
                    if self.is_idle() && !is_ending {
                        is_ending = true;
                        self.metrics.connection_ended(Ending::Idle);
                        connection.as_mut().wind_down();
                        // A call may have been on its way just now.
                        cut.as_mut().reset(Instant::now() + self.policy.grace.max(GOODBYE));
                    }
                }
            }
        }
    }

    fn is_idle(&self) -> bool {
        let Some(idle_max) = self.policy.idle_max else { return false };
        self.activity.idle_for().is_some_and(|idle| idle >= idle_max)
    }

    fn is_stalled(&self) -> bool {
        self.activity.stalled_for().is_some_and(|stalled| stalled >= self.policy.stall_max)
    }
}

fn told(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        let error: BoxError = error.into();
        tracing::debug!(error = &*error as &dyn std::error::Error, "a connection ended");
    }
}
