//! Converts failures of the server into errors of the store.
//!
//! A connection that fails shows up under several status codes, so the cause of a status counts for
//! more than its code: every failure of the transport is [`Error::Away`].

use std::error::Error as StdError;

use tonic::Code;
use tonic::Status;

use crate::BoxError;
use crate::Error;
use crate::full;

/// Converts a status that the server answered, or that the transport made in its place.
pub fn status(status: Status) -> Error {
    if is_transport(&status) || is_of_a_peer(&status) {
        return Error::Away(Box::new(status));
    }
    match status.code() {
        // tonic reports a deadline that has passed as `Cancelled`.
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

/// A failure inside the store: [`Error::Full`] if a full disk caused it, else [`Error::Failed`].
pub fn failed(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    if full::is_full(source.as_ref()) { Error::Full(source) } else { Error::Failed(source) }
}

/// The error for an answer that did not come within `after_ms` milliseconds.
pub fn late(after_ms: u128) -> Error {
    Error::Away(format!("no answer within {after_ms} ms").into())
}

/// Whether the transport failed and not the server. What a server answers comes as a code and a
/// text; only a failure on this side has a cause.
fn is_transport(status: &Status) -> bool {
    status.source().is_some()
}

/// Whether the server that was asked could not reach another node of its cluster. It reports this
/// as an internal error, until the cluster has noticed after some seconds that the other node is
/// away.
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
