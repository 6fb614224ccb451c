//! Sends traces to an OpenTelemetry collector, by OTLP over gRPC.
//!
//! Spans wait in a bounded queue and are sent by a thread of their own. Spans for which there is no
//! room, or which the collector does not accept in time, are lost; the log reports it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanContext;
use opentelemetry::trace::SpanId;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::trace::TraceFlags;
use opentelemetry::trace::TraceId;
use opentelemetry::trace::TraceState;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::BatchConfigBuilder;
use opentelemetry_sdk::trace::BatchSpanProcessor;
use opentelemetry_sdk::trace::Sampler;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_sdk::trace::SpanExporter;
use tracing::Span;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::BoxError;
use crate::context::Parent;

/// The most spans that wait to be sent; each has a few hundred bytes.
const QUEUE_SPANS_MAX: usize = 8_192;
/// The most spans that are sent together.
const BATCH_SPANS_MAX: usize = 512;
/// The longest time that a span waits for others to be sent with.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// The time in which the collector must accept a batch, and at the end everything that is left.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);

static ON: OnceLock<()> = OnceLock::new();

/// Whether traces are sent.
pub(super) fn is_on() -> bool {
    ON.get().is_some()
}

/// The connection to the collector.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends traces to the collector at `endpoint`, without waiting for it. `share` is the share of
    /// calls that are traced where the caller has not decided. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// If the address or the share is not valid.
    pub(super) fn start(endpoint: &str, share: f64) -> Result<Self, BoxError> {
        if endpoint.strip_prefix("http://").is_none_or(str::is_empty) {
            return Err("it should be like http://127.0.0.1:4317; TLS is not spoken".into());
        }
        if !(0.0..=1.0).contains(&share) {
            return Err("the share of calls to trace should be from 0 to 1".into());
        }
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(SEND_TIMEOUT)
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS_MAX)
            .with_max_export_batch_size(BATCH_SPANS_MAX)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let exporter = Watched { exporter, failing: AtomicBool::new(false) };
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource =
            Resource::builder().with_service_name("wenmai").with_attribute(version).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        ON.get_or_init(|| ());
        Ok(Self(provider))
    }

    /// The layer that passes our own spans to the collector. Spans of other crates are left out,
    /// because sending spans would create more of them.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let ours = Targets::new().with_target("wenmai", LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("wenmai"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
    }

    /// Sends the spans that are left, and gives up after `SEND_TIMEOUT`.
    pub(super) fn stop(self) {
        if let Err(error) = self.0.shutdown_with_timeout(SEND_TIMEOUT) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Makes the span of a call a child of `parent`, and returns the id of its trace.
pub(super) fn follow(span: &Span, parent: Option<Parent>) -> Option<String> {
    if let Some(Parent { trace, span: above, sampled }) = parent {
        let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let (trace, above) = (TraceId::from(trace), SpanId::from(above));
        let remote = SpanContext::new(trace, above, flags, true, TraceState::default());
        // This fails only for a span that has begun already, or that nobody records.
        let _begun =
            span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote));
    }
    let own = span.context().span().span_context().trace_id();
    (own != TraceId::INVALID).then(|| own.to_string())
}

/// An exporter that logs once when the collector goes away, and once when it is back.
struct Watched<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E: fmt::Debug> fmt::Debug for Watched<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.exporter.fmt(formatter)
    }
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let sent = self.exporter.export(batch).await;
        let was_failing = self.failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Ok(()) if was_failing => tracing::info!("traces are sent again"),
            Err(error) if !was_failing => {
                tracing::warn!(%error, count, "traces cannot be sent; they are lost meanwhile");
            }
            Ok(()) | Err(_) => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
