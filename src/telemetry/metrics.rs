//! The metrics of the service, in the form that Prometheus reads.
//!
//! There is one [`Metrics`] for one engine: the threads of the model, the store, the use cases and
//! the calls write into it, and `app` serves it. A name follows OpenTelemetry's conventions where
//! they have one (`rpc.server.call.duration`, with its attributes as labels); all others begin with
//! `wenmai_`. Units come last. Every label has a fixed set of values, so that no caller can make
//! the number of series grow.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/>.

mod follow;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;
use tracing::Instrument;

use crate::label::Denied;
use crate::label::Ending;
use crate::label::Lane;
use crate::label::OverloadReason;
use crate::label::Queue;
use crate::label::Stage;
use crate::label::StoreFailure;
use crate::snapshot::Snapshot;
use follow::Follow;

/// The content type of the text that [`Metrics::text`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the buckets for durations, in seconds: those that OpenTelemetry advises, and
/// smaller ones for what takes about a millisecond.
const SECONDS: [f64; 17] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];
/// Upper bounds of the buckets for tokens in one forward pass.
const TOKENS: [f64; 10] =
    [16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0, 8_192.0];
/// Upper bounds of the buckets for shares.
const SHARES: [f64; 8] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0];

type Label = (&'static str, &'static str);
type Counters = Family<[Label; 1], Counter>;
type Gauges = Family<[Label; 1], Gauge>;
type Histograms<const N: usize> = Family<[Label; N], Histogram, fn() -> Histogram>;

fn seconds<const N: usize>() -> Histograms<N> {
    Family::new_with_constructor(|| Histogram::new(SECONDS))
}

/// The metrics of one engine. Cheap to clone; all clones write to the same counters.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    registry: Registry,
    calls: Histograms<3>,
    active: Gauges,
    waiting: Gauges,
    overloads: Counters,
    denied: Counters,
    connections: Gauge,
    endings: Counters,
    depth: Gauges,
    stages: Histograms<1>,
    batch_tokens: Histogram,
    padding: Histogram,
    texts: Counter,
    tokens: Counter,
    truncated: Counter,
    skipped: Counter,
    articles: Counters,
    store: Histograms<1>,
    store_errors: Counters,
    topics_restarts: Counter,
    topics_well: Gauge,
    follow: Follow,
    now: Gauged,
}

/// Values that are measured only when the metrics are read.
#[derive(Default)]
struct Gauged {
    build: Family<[(&'static str, String); 4], Gauge>,
    ready: Gauge,
    index_articles: Gauge,
    index_bytes: Gauge,
    topics: Gauges,
    topic_lag: Gauge,
    topic_version: Gauge,
    start_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
    cpu_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    resident_bytes: Gauge,
    open_files: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut parts = Parts {
            registry: Registry::default(),
            calls: seconds(),
            active: Family::default(),
            waiting: Family::default(),
            overloads: Family::default(),
            denied: Family::default(),
            connections: Gauge::default(),
            endings: Family::default(),
            depth: Family::default(),
            stages: seconds(),
            batch_tokens: Histogram::new(TOKENS),
            padding: Histogram::new(SHARES),
            texts: Counter::default(),
            tokens: Counter::default(),
            truncated: Counter::default(),
            skipped: Counter::default(),
            articles: Family::default(),
            store: seconds(),
            store_errors: Family::default(),
            topics_restarts: Counter::default(),
            topics_well: Gauge::default(),
            follow: Follow::default(),
            now: Gauged::default(),
        };
        parts.begin();
        parts.register_counts();
        parts.follow.register(&mut parts.registry);
        parts.now.register(&mut parts.registry);
        Self(Arc::new(parts))
    }
}

impl Parts {
    /// Creates every series of a fixed set at the start, with the value 0: a rate over a series
    /// that appears with its first event would miss that event.
    fn begin(&self) {
        for lane in Lane::ALL {
            drop(self.active.get_or_create(&[("lane", lane.name())]));
            drop(self.waiting.get_or_create(&[("lane", lane.name())]));
        }
        for reason in OverloadReason::ALL {
            drop(self.overloads.get_or_create(&[("reason", reason.name())]));
        }
        for reason in Denied::ALL {
            drop(self.denied.get_or_create(&[("reason", reason.name())]));
        }
        for ending in Ending::ALL {
            drop(self.endings.get_or_create(&[("reason", ending.name())]));
        }
        for queue in Queue::ALL {
            drop(self.depth.get_or_create(&[("queue", queue.name())]));
        }
        for stage in Stage::ALL {
            drop(self.stages.get_or_create(&[("stage", stage.name())]));
        }
        for kind in StoreFailure::ALL {
            drop(self.store_errors.get_or_create(&[("kind", kind.name())]));
        }
        for outcome in ["created", "updated", "unchanged", "refused"] {
            drop(self.articles.get_or_create(&[("outcome", outcome)]));
        }
    }

    fn register_counts(&mut self) {
        let (calls, stages, store) = (self.calls.clone(), self.stages.clone(), self.store.clone());
        let registry = &mut self.registry;
        let per_second = Unit::Seconds;
        let help = "Calls, from their arrival to the end of the answer";
        registry.register_with_unit("rpc_server_call_duration", help, per_second.clone(), calls);
        let help = "Time spent in each part of the work, waiting for a permit included";
        registry.register_with_unit("wenmai_stage_duration", help, per_second.clone(), stages);
        let help = "Operations of the store, waiting in its queue included";
        registry.register_with_unit("wenmai_store_operation_duration", help, per_second, store);
        registry.register("wenmai_calls_active", "Calls at work", self.active.clone());
        registry.register("wenmai_calls_waiting", "Calls waiting", self.waiting.clone());
        registry.register("wenmai_shed", "Work refused because of load", self.overloads.clone());
        registry.register("wenmai_auth_denied", "Calls not let in", self.denied.clone());
        registry.register("wenmai_connections", "Open connections", self.connections.clone());
        let help = "Connections that the service ended or did not let in";
        registry.register("wenmai_connections_ended", help, self.endings.clone());
        registry.register("wenmai_queue_depth", "Texts waiting", self.depth.clone());
        let help = "Tokens of one forward pass, padding included";
        registry.register("wenmai_embed_batch_tokens", help, self.batch_tokens.clone());
        let help = "Share of a forward pass that is padding";
        registry.register("wenmai_embed_padding_ratio", help, self.padding.clone());
        registry.register("wenmai_embed_texts", "Texts embedded", self.texts.clone());
        registry.register("wenmai_embed_tokens", "Tokens embedded", self.tokens.clone());
        let help = "Texts of which not all tokens were embedded";
        registry.register("wenmai_embed_truncations", help, self.truncated.clone());
        let help = "Jobs dropped before the model because their caller had gone";
        registry.register("wenmai_embed_skipped", help, self.skipped.clone());
        registry.register("wenmai_articles_ingested", "Articles", self.articles.clone());
        registry.register("wenmai_store_errors", "Failures", self.store_errors.clone());
        let help = "Panics of the worker of the topics, after each of which it started again";
        registry.register("wenmai_topics_restarts", help, self.topics_restarts.clone());
        let help = "1 while topics are kept and their worker did its last task, else 0";
        registry.register("wenmai_topics_well", help, self.topics_well.clone());
    }
}

impl Gauged {
    fn register(&self, registry: &mut Registry) {
        registry.register("wenmai_build_info", "What runs; always 1", self.build.clone());
        let help = "1 while calls are served, else 0";
        registry.register("wenmai_ready", help, self.ready.clone());
        registry.register("wenmai_index_articles", "Articles", self.index_articles.clone());
        let help = "Size of the data folder; 0 where there is none";
        registry.register_with_unit(
            "wenmai_index_size",
            help,
            Unit::Bytes,
            self.index_bytes.clone(),
        );
        registry.register("wenmai_topics", "Living topics by level", self.topics.clone());
        let help = "Articles that are stored and not yet in a topic";
        registry.register("wenmai_topic_lag_articles", help, self.topic_lag.clone());
        let help = "Version of the last change of topics";
        registry.register("wenmai_topic_log_version", help, self.topic_version.clone());
        let help = "When the process started, since 1970";
        let start = self.start_seconds.clone();
        registry.register_with_unit("process_start_time", help, Unit::Seconds, start);
        let (help, cpu) = ("Processor time", self.cpu_seconds.clone());
        registry.register_with_unit("process_cpu", help, Unit::Seconds, cpu);
        let (help, resident) = ("Memory in use", self.resident_bytes.clone());
        registry.register_with_unit("process_resident_memory", help, Unit::Bytes, resident);
        registry.register("process_open_fds", "Open files", self.open_files.clone());
    }

    fn set(&self, snapshot: &Snapshot) {
        let Snapshot { build, ready, index, topics, process } = snapshot;
        self.build.get_or_create(build).set(1);
        self.ready.set(i64::from(*ready));
        if let Some(index) = index {
            self.index_articles.set(signed(index.articles));
            self.index_bytes.set(signed(index.bytes));
        }
        if let Some(topics) = topics {
            self.topics.get_or_create(&[("level", "event")]).set(signed(topics.events));
            self.topics.get_or_create(&[("level", "story")]).set(signed(topics.stories));
            self.topic_lag.set(signed(topics.lag_articles));
            self.topic_version.set(signed(topics.version));
        }
        self.start_seconds.set(process.start_seconds);
        let spent = process.cpu_seconds - self.cpu_seconds.get();
        if spent > 0.0 {
            self.cpu_seconds.inc_by(spent);
        }
        self.resident_bytes.set(signed(process.resident_bytes));
        self.open_files.set(signed(process.open_files));
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Metrics {
    /// All metrics as OpenMetrics text of the type [`CONTENT_TYPE`]; `snapshot` contains the values
    /// that are measured at this moment.
    #[must_use]
    pub fn text(&self, snapshot: &Snapshot) -> String {
        self.0.now.set(snapshot);
        let mut text = String::new();
        if encode(&mut text, &self.0.registry).is_err() {
            // Writing into a string cannot fail.
            text.clear();
        }
        text
    }

    /// Counts a call of `method` (`package.Service/Method`) that ended with `code` (`OK`, …) after
    /// the time `took`.
    pub fn call(&self, method: &'static str, code: &'static str, took: Duration) {
        let labels = [
            ("rpc_system_name", "grpc"),
            ("rpc_method", method),
            ("rpc_response_status_code", code),
        ];
        self.0.calls.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Counts a call as at work until the returned guard is dropped.
    #[must_use]
    pub fn active(&self, lane: Lane) -> GaugeGuard {
        GaugeGuard::new(self.0.active.get_or_create_owned(&[("lane", lane.name())]))
    }

    /// Counts a call as waiting until the returned guard is dropped.
    #[must_use]
    pub fn waiting(&self, lane: Lane) -> GaugeGuard {
        GaugeGuard::new(self.0.waiting.get_or_create_owned(&[("lane", lane.name())]))
    }

    /// Counts work that was refused because of load.
    pub fn overloaded(&self, reason: OverloadReason) {
        self.0.overloads.get_or_create(&[("reason", reason.name())]).inc();
    }

    /// Counts a panic of the worker of the topics.
    pub fn topics_restarted(&self) {
        self.0.topics_restarts.inc();
    }

    /// Sets whether the worker of the topics did its last task.
    pub fn topics_well(&self, is_well: bool) {
        self.0.topics_well.set(i64::from(is_well));
    }

    /// Counts a call that was not let in.
    pub fn denied(&self, reason: Denied) {
        self.0.denied.get_or_create(&[("reason", reason.name())]).inc();
    }

    /// Counts a connection as open until the returned guard is dropped.
    #[must_use]
    pub fn connection(&self) -> GaugeGuard {
        GaugeGuard::new(self.0.connections.clone())
    }

    /// Counts a connection that the service ended or did not let in.
    pub fn connection_ended(&self, reason: Ending) {
        self.0.endings.get_or_create(&[("reason", reason.name())]).inc();
    }

    /// Sets the number of texts that wait in `queue`.
    pub fn depth(&self, queue: Queue, texts: usize) {
        let texts = i64::try_from(texts).unwrap_or(i64::MAX);
        self.0.depth.get_or_create(&[("queue", queue.name())]).set(texts);
    }

    /// Counts the time that a part of the work took.
    pub fn spent(&self, stage: Stage, took: Duration) {
        self.0.stages.get_or_create(&[("stage", stage.name())]).observe(took.as_secs_f64());
    }

    /// Awaits `work` and returns its output. Counts its time for `stage` and gives it a span in the
    /// trace. Work that is dropped before its end is not counted.
    pub async fn stage<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let done = work.instrument(stage.span()).await;
        self.spent(stage, started.elapsed());
        done
    }

    /// The same as [`Metrics::stage`] for work that blocks.
    pub fn blocking<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = stage.span().in_scope(work);
        self.spent(stage, started.elapsed());
        done
    }

    /// Counts a forward pass over windows that hold `tokens` tokens, and `padded` with their
    /// padding.
    #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
    pub fn batch(&self, tokens: usize, padded: usize) {
        self.0.batch_tokens.observe(padded as f64);
        if padded > 0 {
            self.0.padding.observe((padded.saturating_sub(tokens)) as f64 / padded as f64);
        }
    }

    /// Counts a text of `tokens` tokens, of which `used` were embedded.
    pub fn embedded(&self, tokens: usize, used: usize) {
        self.0.texts.inc();
        self.0.tokens.inc_by(u64::try_from(used).unwrap_or(u64::MAX));
        if used < tokens {
            self.0.truncated.inc();
        }
    }

    /// Counts a job that was dropped before it reached the model because its caller had gone.
    pub fn skipped(&self) {
        self.0.skipped.inc();
    }

    /// Counts an article by the outcome of its ingest: `created`, `updated`, `unchanged` or
    /// `refused`.
    pub fn ingested(&self, outcome: &'static str) {
        self.0.articles.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Counts the time that an operation of the store took.
    pub fn stored(&self, operation: &'static str, took: Duration) {
        self.0.store.get_or_create(&[("operation", operation)]).observe(took.as_secs_f64());
    }

    /// Counts an operation of the store that failed.
    pub fn store_failed(&self, kind: StoreFailure) {
        self.0.store_errors.get_or_create(&[("kind", kind.name())]).inc();
    }
}

/// Keeps a gauge one higher for as long as it lives.
#[derive(Debug)]
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Metrics;
    use crate::label::Lane;
    use crate::label::OverloadReason;
    use crate::snapshot::Snapshot;

    fn value(metrics: &Metrics, series: &str) -> f64 {
        let text = metrics.text(&Snapshot::default());
        let line = text.lines().find(|line| line.starts_with(&format!("{series} ")));
        let line = line.unwrap_or_else(|| panic!("{series} is not in:\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_counted_is_shown_and_clones_count_together() {
        let metrics = Metrics::default();
        metrics.clone().overloaded(OverloadReason::Calls);
        metrics.overloaded(OverloadReason::Calls);
        assert!((value(&metrics, r#"wenmai_shed_total{reason="calls"}"#) - 2.0).abs() < 1e-9);
        assert!(value(&metrics, r#"wenmai_shed_total{reason="streams"}"#).abs() < 1e-9);
    }

    #[test]
    fn a_call_that_is_held_is_counted_until_it_is_let_go() {
        let metrics = Metrics::default();
        let held = metrics.active(Lane::Read);
        let series = r#"wenmai_calls_active{lane="read"}"#;
        assert!((value(&metrics, series) - 1.0).abs() < 1e-9);
        drop(held);
        assert!(value(&metrics, series).abs() < 1e-9);
    }

    #[test]
    fn padding_is_the_share_that_is_not_tokens() {
        let metrics = Metrics::default();
        metrics.batch(75, 100);
        metrics.embedded(100, 60);
        assert!((value(&metrics, "wenmai_embed_padding_ratio_sum") - 0.25).abs() < 1e-9);
        assert!((value(&metrics, "wenmai_embed_tokens_total") - 60.0).abs() < 1e-9);
        assert!((value(&metrics, "wenmai_embed_truncations_total") - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_call_is_named_as_opentelemetry_names_it() {
        let metrics = Metrics::default();
        metrics.call("wenmai.v1.InfoService/GetInfo", "OK", Duration::from_millis(3));
        let series = concat!(
            r#"rpc_server_call_duration_seconds_count{rpc_system_name="grpc","#,
            r#"rpc_method="wenmai.v1.InfoService/GetInfo",rpc_response_status_code="OK"}"#
        );
        assert!((value(&metrics, series) - 1.0).abs() < 1e-9);
    }
}
