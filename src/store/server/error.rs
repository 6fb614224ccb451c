//! The server's failures in the store's words.
//!
//! A connection that fails surfaces under several codes, so what caused a status counts for more
//! than its code: whatever the transport says is "away".

use std::error::Error as StdError;

use tonic::Code;
use tonic::Status;

use crate::BoxError;
use crate::Error;
use crate::full;

/// What the server answered, or did not.
pub fn status(status: Status) -> Error {
    if is_transport(&status) || is_of_a_peer(&status) {
        return Error::Away(Box::new(status));
    }
    match status.code() {
        // tonic says that a deadline has passed as `Cancelled`.
        Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded => {
            Error::Away(Box::new(status))
        }
        Code::ResourceExhausted => Error::Overloaded,
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => failed(status),
    }
}

/// A failure inside the store.
pub fn failed(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    if full::is_full(source.as_ref()) { Error::Full(source) } else { Error::Failed(source) }
}

/// No answer in time.
pub fn late(after_ms: u128) -> Error {
    Error::Away(format!("no answer within {after_ms} ms").into())
}

/// Whether the way to the server failed, not the server: what a server says comes as a code and a
/// text, and only what this side met has a cause.
fn is_transport(status: &Status) -> bool {
    status.source().is_some()
}

/// Whether the server that was asked could not reach another one of its cluster: it says so as an
/// internal error, until the cluster has noticed after some seconds that the other is away.
pub fn is_of_a_peer(status: &Status) -> bool {
    const SAID: [&str; 5] = [
        "Failed to connect to",
        "currently unavailable",
        "have enough active replicas",
        "has no active replica",
        "transport error",
    ];
    status.code() == Code::Internal && SAID.iter().any(|said| status.message().contains(said))
}

#[cfg(test)]
mod tests {
    use std::io;

    use tonic::Code;
    use tonic::Status;

    use super::late;
    use super::status;
    use crate::Error;

    #[test]
    fn whatever_the_transport_says_is_away() {
        for code in [Code::Internal, Code::Unknown, Code::Unavailable] {
            let mut lost = Status::new(code, "connection lost");
            lost.set_source(std::sync::Arc::new(io::Error::from(io::ErrorKind::ConnectionReset)));
            assert!(matches!(status(lost), Error::Away(_)), "{code:?}");
        }
        assert!(matches!(status(Status::cancelled("Timeout expired")), Error::Away(_)));
        assert!(matches!(status(Status::deadline_exceeded("late")), Error::Away(_)));
        assert!(matches!(late(5), Error::Away(_)));
    }

    #[test]
    fn a_peer_that_the_server_cannot_reach_is_away() {
        let said = "Service internal error: 1 out of 3 shards failed to apply operation. First error captured: \
            Tonic status error: code: 'The service is currently unavailable', message: \"Failed to connect to \
            http://127.0.0.1:6335/, error: transport error\"";
        assert!(matches!(status(Status::internal(said)), Error::Away(_)));
        let full = "Service internal error: Wal error: No space left on device";
        assert!(matches!(status(Status::internal(full)), Error::Full(_)));
    }

    #[test]
    fn what_the_server_says_is_a_failure_of_its_own() {
        assert!(matches!(status(Status::internal("broken")), Error::Failed(_)));
        assert!(matches!(status(Status::not_found("no collection")), Error::Failed(_)));
        assert!(matches!(status(Status::unauthenticated("wrong key")), Error::Failed(_)));
        assert!(matches!(status(Status::resource_exhausted("limit")), Error::Overloaded));
        let full = Status::internal("WAL: No space left on device (os error 28)");
        assert!(matches!(status(full), Error::Full(_)));
    }
}
