//! What every call to one of our services goes through: access, phase, admission, deadline, panics,
//! and tonic's own errors.
//!
//! A [`Guard`] stands before one generated service. It lets in whom `access` lets in, refuses calls
//! while the service starts or drains or has no room, ends those whose time is up, answers a panic
//! with `INTERNAL` instead of a broken connection, rewrites tonic's codes to those of the contract,
//! and gives every answer an `x-request-id`. A call that ends, however it does, is counted and
//! logged (`record`). A call that is dropped, because its time is up or its client has gone, drops
//! all that it waits for: a permit to work, the model, the store.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use futures::FutureExt;
use tonic::Code;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::codegen::Service;
use tonic::codegen::http;
use tonic::server::NamedService;
use tracing::Instrument;

use crate::DEADLINE_DEFAULT;
use crate::DEADLINE_MAX;
use crate::access::Access;
use crate::access::Caller;
use crate::access::Refusal;
use crate::access::Right;
use crate::admission::Admission;
use crate::admission::Slot;
use crate::executor::CallExecutor;
use crate::method;
use crate::method::Method;
use crate::phase::Life;
use crate::phase::Phase;
use crate::record::Begun;
use crate::record::Carried;
use crate::record::Record;
use crate::record::code_of;
use crate::status::Failure;
use crate::transport::of_transport;
use wenmai_engine::deadline;
use wenmai_telemetry as telemetry;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::context::Parent;
use wenmai_telemetry::context::TRACEPARENT;
use wenmai_telemetry::label::Denied;
use wenmai_telemetry::label::Lane;
use wenmai_telemetry::label::OverloadReason;

/// The header that carries a request id, both ways.
pub const REQUEST_ID: &str = "x-request-id";
/// Longer ids of clients are replaced: they go into every log line.
const REQUEST_ID_BYTES_MAX: usize = 128;
/// A service with the checks that every call goes through.
#[derive(Clone)]
pub struct Guard<S> {
    inner: S,
    state: GuardState,
}

/// What the guards of all services share. Cheap to clone.
#[derive(Clone)]
pub struct GuardState {
    life: Life,
    access: Access,
    admission: Admission,
    metrics: Metrics,
    executor: CallExecutor,
    ids: Arc<RequestIds>,
}

impl GuardState {
    /// State for guards that let in whom `access` lets in, while `life` says that the service
    /// serves and `admission` has room.
    #[must_use]
    pub(super) fn new(life: Life, access: Access, admission: Admission, metrics: Metrics) -> Self {
        let (executor, ids) = (CallExecutor::default(), Arc::default());
        Self { life, access, admission, metrics, executor, ids }
    }

    /// The same state, with calls that run on `executor`.
    pub(super) fn with_executor(self, executor: CallExecutor) -> Self {
        Self { executor, ..self }
    }

    /// Says who calls, and takes a slot for the call or says why there is none.
    fn admit(&self, headers: &http::HeaderMap, method: &Method) -> (Caller, Result<Slot, Failure>) {
        let caller = match self.access.admit(headers, method.needed, Instant::now()) {
            Ok(caller) => caller,
            Err((refusal, caller)) => {
                self.count(refusal);
                return (caller, Err(Failure::Access(refusal)));
            }
        };
        let slot = match self.life.phase() {
            Phase::Serving => {
                self.admission.enter(method.lane).map_err(|_reason| Failure::Overloaded)
            }
            Phase::Starting => Err(Failure::NotReady),
            Phase::Draining => Err(Failure::Draining),
        };
        (caller, slot)
    }

    fn count(&self, refusal: Refusal) {
        match refusal {
            Refusal::NoKey => self.metrics.denied(Denied::NoKey),
            Refusal::WrongKey => self.metrics.denied(Denied::WrongKey),
            Refusal::ReadOnly => self.metrics.denied(Denied::ReadOnly),
            Refusal::TooOften { .. } => self.metrics.overloaded(OverloadReason::Rate),
        }
    }

    /// Begins the record of a call of `method`.
    fn begin(&self, headers: &http::HeaderMap, method: &'static str) -> Record {
        let request_id = self.ids.of(headers);
        let parent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let parent = parent.and_then(Parent::parse);
        let (span, trace_id) = telemetry::call_span(method, &request_id, parent);
        let (metrics, since) = (self.metrics.clone(), Instant::now());
        Record { metrics, method, request_id, trace_id, span, since, code: None }
    }
}

impl<S> Guard<S> {
    /// A guard before `inner`.
    pub fn new(inner: S, state: GuardState) -> Self {
        Self { inner, state }
    }
}

impl<S: NamedService> NamedService for Guard<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Guard<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let state = &self.state;
        let path = request.uri().path();
        let method = method::at(path);
        let lane = method.lane;
        let mut record = state.begin(request.headers(), &method.name);
        let span = record.span.clone();
        let (caller, slot) = span.in_scope(|| state.admit(request.headers(), method));
        let denied = matches!(slot, Err(Failure::Access(_)));
        let is_audited = denied || method.needed == Right::Write;
        answer_as_asked(&mut request);
        let (after, answers) = (time_allowed(request.headers(), lane), state.admission.answers());
        let until = after.map(|after| Instant::now() + after);
        let executor = state.executor.clone();
        // The services that are generated are always ready.
        let mut inner = self.inner.clone();
        let answer = async move {
            let mut kept = None;
            let mut response = match slot {
                Ok(slot) => {
                    let slot = Arc::new(slot);
                    kept = (lane == Lane::Stream).then(|| Arc::clone(&slot));
                    let answering = async move {
                        let _permit = slot.permit().await;
                        // The slot is freed together with the permit, whenever the answer is sent.
                        compressed(inner.call(request).await, lane).await
                    };
                    let answered = executor.run(async move {
                        match until {
                            Some(until) => deadline::by(until, answering).await,
                            None => answering.await,
                        }
                    });
                    rewritten(within(after, answered).await)
                }
                Err(failure) => Status::from(failure).into_http(),
            };
            if let Ok(id) = http::HeaderValue::from_str(&record.request_id) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            record.code = code_of(response.headers());
            if is_audited {
                audit(record.code.unwrap_or(Code::Ok), &caller);
            }
            Ok(response.map(|body| Body::new(Carried::new(body, record, kept, answers))))
        };
        Box::pin(answer.instrument(span))
    }
}

/// The response of `call`; a status for a call that takes longer than `deadline` or panics.
async fn within<F>(deadline: Option<Duration>, call: F) -> http::Response<Body>
where
    F: Future<Output = Result<http::Response<Body>, Infallible>>,
{
    // A panicking handler leaves nothing behind: what it shares is behind the engine's own
    // channels.
    let call = AssertUnwindSafe(call).catch_unwind();
    let ended = match deadline {
        None => call.await,
        Some(after) => match tokio::time::timeout(after, call).await {
            Ok(ended) => ended,
            Err(_elapsed) => return Status::from(Failure::Deadline { after }).into_http(),
        },
    };
    match ended {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => Status::from(Failure::panicked(&*panic)).into_http(),
    }
}

/// `response`, with a code of the contract where tonic itself failed the call.
fn rewritten(response: http::Response<Body>) -> http::Response<Body> {
    match Status::from_header_map(response.headers()).and_then(|status| of_transport(&status)) {
        Some(failure) => Status::from(failure).into_http(),
        None => response,
    }
}

/// Has the answer compressed only where the request is. Most libraries say of themselves that they
/// could read compressed answers; that their user wants to pay for it, only the request says.
fn answer_as_asked(request: &mut http::Request<Body>) {
    let headers = request.headers_mut();
    let given = headers.get("grpc-encoding").map(http::HeaderValue::as_bytes);
    if given.is_none_or(|encoding| encoding == b"identity") {
        headers.remove("grpc-accept-encoding");
    }
}

/// The answer, compressed here if it is to be, and not where connections are served.
async fn compressed(
    answer: Result<http::Response<Body>, Infallible>,
    lane: Lane,
) -> Result<http::Response<Body>, Infallible> {
    let Ok(response) = answer;
    if lane == Lane::Stream || !response.headers().contains_key("grpc-encoding") {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    Ok(http::Response::from_parts(parts, Body::new(Begun::new(body).await)))
}

/// How long a call may take: what its client asks for, within limits; `None` for a stream.
fn time_allowed(headers: &http::HeaderMap, lane: Lane) -> Option<Duration> {
    if lane == Lane::Stream {
        return None;
    }
    let asked = headers.get("grpc-timeout").and_then(|value| value.to_str().ok());
    Some(asked.and_then(timeout).map_or(DEADLINE_DEFAULT, |asked| asked.min(DEADLINE_MAX)))
}

/// Reads a `grpc-timeout`: at most eight digits and a unit.
///
/// Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn timeout(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(count * 3600)),
        'M' => Some(Duration::from_secs(count * 60)),
        'S' => Some(Duration::from_secs(count)),
        'm' => Some(Duration::from_millis(count)),
        'u' => Some(Duration::from_micros(count)),
        'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// One line for each call that was denied or may have changed something; for a stream it says that
/// it began.
fn audit(code: Code, caller: &str) {
    tracing::info!(target: "wenmai::audit", caller, ?code, "audit");
}

/// Gives ids to requests that come without one.
#[derive(Debug)]
pub struct RequestIds {
    /// Differs from run to run.
    start_us: u128,
    next: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_us: start.as_micros(), next: AtomicU64::new(1) }
    }
}

impl RequestIds {
    /// The client's id, if it has a decent one; else a new one.
    fn of(&self, headers: &http::HeaderMap) -> String {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        match given {
            Some(id) if (1..=REQUEST_ID_BYTES_MAX).contains(&id.len()) => id.to_owned(),
            Some(_) | None => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                format!("{:x}-{number:x}", self.start_us)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::task::Context;
    use std::task::Poll;
    use std::time::Duration;

    use tonic::Code;
    use tonic::Status;
    use tonic::body::Body;
    use tonic::codegen::BoxFuture;
    use tonic::codegen::Service;
    use tonic::codegen::http;

    use super::Guard;
    use super::GuardState;
    use super::timeout;
    use crate::access::Access;
    use crate::access::Keys;
    use crate::access::Right;
    use crate::admission::Admission;
    use crate::admission::Limits;
    use crate::phase::Phase;
    use crate::phase::starting;
    use wenmai_telemetry::Metrics;

    /// Does what its path says.
    #[derive(Clone)]
    struct Inner;

    impl Service<http::Request<Body>> for Inner {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<http::Response<Body>, Infallible>;

        fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: http::Request<Body>) -> Self::Future {
            Box::pin(async move {
                match request.uri().path() {
                    "/panic" => panic!("a bug"),
                    "/hang" => std::future::pending().await,
                    "/tonic/size" => Ok(Status::out_of_range("too large").into_http()),
                    "/tonic/bytes" => {
                        Ok(Status::internal("failed to decode Protobuf message: invalid varint")
                            .into_http())
                    }
                    "/tonic/bug" => Ok(Status::internal("something else").into_http()),
                    _ => Ok(http::Response::new(Body::empty())),
                }
            })
        }
    }

    async fn call(path: &str) -> http::Response<Body> {
        call_with(path, Access::open()).await
    }

    async fn call_with(path: &str, access: Access) -> http::Response<Body> {
        let (switch, life) = starting();
        switch.set(Phase::Serving);
        let metrics = Metrics::default();
        let admission = Admission::new(Limits::default(), metrics.clone());
        let mut guard = Guard::new(Inner, GuardState::new(life, access, admission, metrics));
        let request = http::Request::builder().uri(path).header("grpc-timeout", "5m");
        guard.call(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn code(path: &str) -> Option<Code> {
        Status::from_header_map(call(path).await.headers()).map(|status| status.code())
    }

    #[tokio::test]
    async fn a_panic_is_answered() {
        assert_eq!(code("/panic").await, Some(Code::Internal));
    }

    #[tokio::test]
    async fn a_call_without_a_key_does_not_reach_the_service() {
        let keys = Keys::new([("0123456789abcdef", Right::Write)]).unwrap();
        let response = call_with("/panic", Access::new(Some(keys), None).1).await;
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert!(response.headers().contains_key(super::REQUEST_ID));
    }

    #[tokio::test]
    async fn a_call_without_end_is_ended() {
        assert_eq!(code("/hang").await, Some(Code::DeadlineExceeded));
    }

    #[tokio::test]
    async fn codes_of_tonic_become_codes_of_the_contract() {
        assert_eq!(code("/tonic/size").await, Some(Code::ResourceExhausted));
        assert_eq!(code("/tonic/bytes").await, Some(Code::InvalidArgument));
        assert_eq!(code("/tonic/bug").await, Some(Code::Internal));
    }

    #[tokio::test]
    async fn an_answer_passes_with_an_id() {
        let response = call("/fine").await;
        assert!(Status::from_header_map(response.headers()).is_none());
        assert!(response.headers().contains_key(super::REQUEST_ID));
    }

    #[test]
    fn timeouts_are_read_as_the_protocol_says() {
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_hours(99_999_999)));
        assert_eq!(timeout("3S"), Some(Duration::from_secs(3)));
    }

    #[test]
    fn what_is_no_timeout_is_none() {
        for text in ["", "S", "10", "+1S", "123456789S", "1秒", "1 S"] {
            assert_eq!(timeout(text), None, "{text}");
        }
    }
}
