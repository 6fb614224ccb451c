//! What an operator sees of the service: the log, metrics and traces.
//!
//! The log goes to standard error, as text for people or as JSON for machines. [`Metrics`] are
//! counters for Prometheus. Traces go to an OpenTelemetry collector, if one is set (feature
//! `otlp`). None of them contains a text or a key, and none of them can delay an answer: while a
//! collector is away, spans are lost.
//!
//! [`start`] sets up the log and the traces.

pub mod context;
pub mod label;
pub mod metrics;
pub mod snapshot;
#[cfg(feature = "otlp")]
mod trace;

use std::io::IsTerminal;

use tracing::Span;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use context::Parent;

pub use metrics::Metrics;

/// Whether this build can send traces.
pub const WITH_OTLP: bool = cfg!(feature = "otlp");

/// A failure of another crate, kept as the cause of an [`Error`].
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The settings of the log and the traces.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// What to log: `error`, `warn`, `info`, `debug`, `trace`, or a list such as
    /// `info,wenmai::access=debug`, which adds a line for every call that was answered.
    #[arg(
        long,
        env = "WENMAI_LOG",
        default_value = "info,qdrant_edge=error",
        value_name = "FILTER",
        global = true
    )]
    pub log: String,

    /// Log one JSON object per line.
    #[arg(long, env = "WENMAI_LOG_JSON", global = true)]
    pub log_json: bool,

    /// Send traces to the OpenTelemetry collector that listens there (OTLP over gRPC), such as
    /// <http://127.0.0.1:4317>. Without it nothing is sent.
    #[cfg(feature = "otlp")]
    #[arg(long, env = "WENMAI_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// Share of the calls that are traced, from 0 to 1, where the caller has not decided.
    #[cfg(feature = "otlp")]
    #[arg(long, env = "WENMAI_OTLP_SHARE", default_value_t = 1.0, value_name = "SHARE")]
    pub otlp_share: f64,
}

impl Config {
    /// Settings that log what passes `filter` as text, and send no traces.
    #[must_use]
    pub fn quiet(filter: &str) -> Self {
        Self {
            log: filter.to_owned(),
            log_json: false,
            #[cfg(feature = "otlp")]
            otlp_endpoint: None,
            #[cfg(feature = "otlp")]
            otlp_share: 1.0,
        }
    }
}

/// The ways in which the log or the traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log filter cannot be read.
    #[error("log filter `{filter}` cannot be read")]
    Filter {
        filter: String,
        #[source]
        source: BoxError,
    },
    /// The collector cannot be used.
    #[error("OpenTelemetry collector `{endpoint}` cannot be used")]
    Collector {
        /// The address of the collector.
        endpoint: String,
        #[source]
        source: BoxError,
    },
    /// The process has set up a log before.
    #[error("log is already set up")]
    Twice(#[source] BoxError),
}

/// The running log and traces; on [`Running::stop`] the spans that still wait are sent.
#[derive(Debug, Default)]
#[must_use = "traces that are still waiting are lost without `stop`"]
pub struct Running {
    #[cfg(feature = "otlp")]
    traces: Option<trace::Traces>,
}

impl Running {
    /// Sends the spans that still wait; gives up after a few seconds if the collector is away.
    pub fn stop(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.stop();
        }
    }
}

/// Starts the log and the traces. Call it once in a process, and inside a tokio runtime if traces
/// are sent.
///
/// # Errors
/// [`Error`] if the settings cannot be used, or on a second call.
pub fn start(config: &Config) -> Result<Running, Error> {
    snapshot::started();
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| Error::Filter { filter: config.log.clone(), source: error.into() })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = if config.log_json {
        lines.json().with_current_span(true).with_filter(filter).boxed()
    } else {
        lines.with_filter(filter).boxed()
    };
    let registry = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "otlp")]
    if let Some(endpoint) = &config.otlp_endpoint {
        let traces = trace::Traces::start(endpoint, config.otlp_share)
            .map_err(|source| Error::Collector { endpoint: endpoint.clone(), source })?;
        registry.with(traces.layer()).try_init().map_err(|error| Error::Twice(error.into()))?;
        return Ok(Running { traces: Some(traces) });
    }
    registry.try_init().map_err(|error| Error::Twice(error.into()))?;
    Ok(Running::default())
}

/// The span for a call of `method`, as a child of the caller's span if it named one, and the id of
/// its trace, if there is one.
#[must_use]
pub fn call_span(
    method: &'static str,
    request_id: &str,
    parent: Option<Parent>,
) -> (Span, Option<String>) {
    let traced = is_tracing();
    let span = tracing::info_span!(
        "rpc",
        method,
        request_id,
        otel.name = traced.then_some(method),
        otel.kind = traced.then_some("server"),
        rpc.system.name = traced.then_some("grpc"),
        rpc.response.status_code = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
    );
    let given = parent.map(context::Parent::trace_id);
    #[cfg(feature = "otlp")]
    if traced {
        let own = trace::follow(&span, parent);
        return (span, own.or(given));
    }
    (span, given)
}

/// Records on the span of a call how it ended; `failed` says that the fault is the server's.
pub fn end_span(span: &Span, code: &'static str, failed: bool) {
    if is_tracing() {
        span.record("rpc.response.status_code", code);
        if failed {
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// Whether traces are sent.
#[cfg(feature = "otlp")]
fn is_tracing() -> bool {
    trace::is_on()
}

/// Whether traces are sent.
#[cfg(not(feature = "otlp"))]
fn is_tracing() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::Error;
    use super::start;

    #[test]
    fn a_filter_that_is_none_is_named() {
        let Err(Error::Filter { filter, .. }) = start(&Config::quiet("wenmai=loud")) else {
            unreachable!()
        };
        assert_eq!(filter, "wenmai=loud");
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn a_collector_that_is_none_is_named() {
        for wrong in ["127.0.0.1:4317", "https://collector:4317", "http://"] {
            let config = Config { otlp_endpoint: Some(wrong.to_owned()), ..Config::quiet("error") };
            let Err(Error::Collector { endpoint, .. }) = start(&config) else { unreachable!() };
            assert_eq!(endpoint, wrong);
        }
    }
}
