//! Failures as the wire tells them: code, reason, details.
//!
//! Every error is a `google.rpc.Status` with an `ErrorInfo` of the domain `wenmai`. What is our
//! fault is told by a fixed sentence, and the log has all.

mod describe;

use std::any::Any;
use std::time::Duration;

use tokio::task::JoinError;
use tonic::Status;

use crate::access::Refusal;
use wenmai_engine as engine;
use wenmai_engine::Violation;

pub use describe::Description;
pub use describe::describe;

/// The domain of every reason.
pub const DOMAIN: &str = "wenmai";

/// Why a call, or one item of it, is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Fields that cannot be read as what they should be.
    #[error("request has invalid fields")]
    Fields(Vec<Violation>),
    /// The use case failed.
    #[error("use case failed")]
    Engine(#[from] engine::Error),
    /// The caller may not do this, or not now.
    #[error("call was not let in")]
    Access(Refusal),
    /// The request message is over the limit.
    #[error("request message is too large")]
    RequestTooLarge,
    /// The answer would be over the limit.
    #[error("answer has {given} bytes")]
    AnswerTooLarge {
        /// So many bytes it would have.
        given: usize,
    },
    /// The bytes are not the message that the method takes.
    #[error("request message cannot be decoded")]
    Malformed {
        /// The field at which that is seen; empty where it is not known.
        field: String,
        /// Whether the field is a text that is not UTF-8.
        is_text: bool,
    },
    /// Model or store have not answered yet.
    #[error("service is starting")]
    NotReady,
    /// As much as may be is at work or waiting.
    #[error("service has no room for this")]
    Overloaded,
    /// The service is about to stop.
    #[error("service is stopping")]
    Draining,
    /// The connection reached its age while the call was going on.
    #[error("connection has ended")]
    ConnectionEnded,
    /// The time was up.
    #[error("deadline of {after:?} passed")]
    Deadline {
        /// After so long.
        after: Duration,
    },
    /// A bug.
    #[error("handler panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// A failure of the library below that is not known to be the caller's.
    #[error("{sentence}")]
    Unexplained {
        /// What the library says.
        sentence: String,
    },
}

impl Failure {
    /// The failure of work that panicked with `payload`.
    #[must_use]
    pub fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self::Panicked { message: text.unwrap_or("without a word").to_owned() }
    }

    /// The failure of a task that did not come to its end: it panicked, or its threads have ended.
    #[must_use]
    pub fn of_task(error: JoinError) -> Self {
        error.try_into_panic().map_or(Self::Draining, |payload| Self::panicked(&*payload))
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Failure::Fields(vec![violation])
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        describe(&failure).status()
    }
}

/// An engine's failure as a status.
pub fn refuse(error: engine::Error) -> Status {
    Failure::Engine(error).into()
}

/// The same failure with its fields under `prefix`, and named as on the wire.
#[must_use]
pub fn under(prefix: &str, error: engine::Error) -> engine::Error {
    error.under(|field| format!("{prefix}{}", wire_field(field)))
}

/// The engine says `body` for what the wire calls `paragraphs`.
fn wire_field(field: &str) -> String {
    match field.strip_suffix("body") {
        Some(path) if path.is_empty() || path.ends_with('.') => format!("{path}paragraphs"),
        Some(_) | None => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::Failure;
    use super::refuse;
    use super::under;
    use wenmai_embed as embed;
    use wenmai_engine as engine;
    use wenmai_engine::Violation;
    use wenmai_store as store;

    fn reason(status: &Status) -> (Code, String) {
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.domain, "wenmai");
        (status.code(), info.reason)
    }

    #[test]
    fn what_is_our_fault_is_told_by_a_fixed_sentence() {
        let error = store::Error::Failed("password=secret".into());
        let status = refuse(error.into());
        assert_eq!(reason(&status), (Code::Internal, "INTERNAL".into()));
        assert!(!status.message().contains("secret"));
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let status = refuse(embed::Error::Overloaded.into());
        assert_eq!(reason(&status), (Code::ResourceExhausted, "OVERLOADED".into()));
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }

    #[test]
    fn another_models_index_names_both_versions_and_no_folder() {
        let status = refuse(
            store::Error::IndexVersion {
                place: "/home/somebody".into(),
                stored: "old".into(),
                wanted: "new".into(),
            }
            .into(),
        );
        assert_eq!(reason(&status), (Code::FailedPrecondition, "INDEX_MODEL_MISMATCH".into()));
        let metadata = status.get_details_error_info().unwrap().metadata;
        assert_eq!((metadata["stored"].as_str(), metadata["wanted"].as_str()), ("old", "new"));
        assert!(!format!("{status:?}").contains("somebody"));
    }

    #[test]
    fn a_store_that_is_away_and_one_that_is_closed_differ() {
        let away = refuse(store::Error::Full("disk".into()).into());
        assert_eq!(reason(&away), (Code::Unavailable, "STORE_UNAVAILABLE".into()));
        let closed = refuse(store::Error::Closed.into());
        assert_eq!(reason(&closed), (Code::Unavailable, "DRAINING".into()));
    }

    #[test]
    fn a_bug_is_internal_and_its_words_stay_in_the_log() {
        let bug = std::panic::catch_unwind(|| panic!("secret {}", 7)).unwrap_err();
        let failure = Failure::panicked(&*bug);
        assert_eq!(failure.to_string(), "handler panicked: secret 7");
        let status = tonic::Status::from(failure);
        assert_eq!(reason(&status), (Code::Internal, "INTERNAL".into()));
        assert!(!format!("{status:?}").contains("secret"));
        let id = status.get_details_error_info().unwrap().metadata["log_id"].clone();
        assert!(status.message().contains(&id) && id.len() == 16, "{status:?}");
    }

    #[test]
    fn a_text_that_is_not_utf_8_is_named() {
        let failure = Failure::Malformed { field: "articles.title".into(), is_text: true };
        let status = tonic::Status::from(failure);
        assert_eq!(reason(&status), (Code::InvalidArgument, "MALFORMED_MESSAGE".into()));
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, "articles.title");
        assert!(status.message().contains("articles.title is not UTF-8"), "{status:?}");
    }

    #[test]
    fn fields_are_named_as_on_the_wire() {
        let error = engine::Error::Invalid(vec![
            Violation::new("body", "is empty"),
            Violation::new("articles[2].body", "is empty"),
            Violation::new("antibody", "stays"),
        ]);
        let engine::Error::Invalid(violations) = under("given.", error) else { unreachable!() };
        let fields: Vec<&str> = violations.iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["given.paragraphs", "given.articles[2].paragraphs", "given.antibody"]);
    }
}
