//! One call from its arrival to the end of its answer: what is logged and counted of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Instant;

use http_body::Frame;
use http_body::SizeHint;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Code;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;
use tracing::Span;

use crate::admission::ResponseMemory;
use crate::admission::Slot;
use crate::status::Failure;
use wenmai_telemetry as telemetry;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::OverloadReason;

/// Frames of no more than this are sent even where the memory for answers is spent: a few clients
/// that do not read must not silence the service for all others.
const SMALL_BYTES: usize = 16 * 1024;

/// What is known of a call. When it goes the call has ended: it is counted, and a line is logged.
pub(super) struct Record {
    pub(super) metrics: Metrics,
    pub(super) method: &'static str,
    pub(super) request_id: String,
    pub(super) trace_id: Option<String>,
    pub(super) span: Span,
    pub(super) since: Instant,
    /// How it ended; a call that ends without was given up by its client.
    pub(super) code: Option<Code>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let (code, took) = (self.code.unwrap_or(Code::Cancelled), self.since.elapsed());
        let (status, method) = (name(code), self.method);
        self.metrics.call(method, status, took);
        telemetry::end_span(&self.span, status, is_ours(code));
        let _inside = self.span.enter();
        let (request_id, trace_id) = (self.request_id.as_str(), self.trace_id.as_deref());
        let duration_ms = took.as_secs_f64() * 1e3;
        // What is refused because of load may come a thousand times a second.
        if matches!(code, Code::Ok | Code::ResourceExhausted) {
            tracing::debug!(
                target: "wenmai::access",
                request_id, trace_id, method, status, duration_ms, "call"
            );
        } else {
            tracing::info!(
                target: "wenmai::access",
                request_id, trace_id, method, status, duration_ms, "call"
            );
        }
    }
}

/// The body of an answer on its way: notes how the call ended, keeps what it needs until then, and
/// bounds what clients have not yet taken.
pub(super) struct Carried {
    inner: Body,
    record: Record,
    /// Of a stream.
    _slot: Option<Arc<Slot>>,
    answers: ResponseMemory,
    ended: bool,
}

impl Carried {
    pub(super) fn new(
        inner: Body,
        record: Record,
        slot: Option<Arc<Slot>>,
        answers: ResponseMemory,
    ) -> Self {
        Self { inner, record, _slot: slot, answers, ended: false }
    }

    /// The same frame, its memory set aside until it is sent; else what ends the answer.
    fn bounded(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.record.code = code_of(trailers).or(Some(Code::Unknown));
                }
                return frame;
            }
        };
        if data.len() <= SMALL_BYTES {
            return Frame::data(data);
        }
        match self.answers.reserve(data.len()) {
            Some(memory) => Frame::data(Bytes::from_owner(Kept { data, _memory: memory })),
            None => self.refusal(),
        }
    }

    /// Ends the answer: there is no memory to keep it in.
    fn refusal(&mut self) -> Frame<Bytes> {
        self.ended = true;
        self.record.metrics.overloaded(OverloadReason::Answers);
        self.record.code = Some(Code::ResourceExhausted);
        let mut trailers = HeaderMap::new();
        // It is made of what a header may hold.
        let _whole = Status::from(Failure::Overloaded).add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

/// Bytes on their way, and the memory that is set aside until nobody holds them any more.
struct Kept {
    data: Bytes,
    _memory: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl http_body::Body for Carried {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        if let Some(Err(status)) = &frame {
            this.record.code = Some(status.code());
        }
        Poll::Ready(frame.map(|frame| frame.map(|frame| this.bounded(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A body whose first frame is there already.
pub(super) struct Begun {
    first: Option<Result<Frame<Bytes>, Status>>,
    rest: Body,
}

impl Begun {
    /// Waits for the first frame of `body`, which is made meanwhile.
    pub(super) async fn new(mut body: Body) -> Self {
        use http_body::Body as _;

        let first = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        Self { first, rest: body }
    }
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }
}

/// The code that headers or trailers name.
pub(super) fn code_of(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// Whether a code says that the server failed, and not its caller.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/>, server spans.
fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// A code as gRPC writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
