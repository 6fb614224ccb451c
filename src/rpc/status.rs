//! Failures as the wire tells them: code, reason, details.
//!
//! Every error is a `google.rpc.Status` with an `ErrorInfo` of the domain `wenmai`. What is our fault is told
//! by a fixed sentence, and the log has all.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use tonic::Code;
use tonic::Status;
use tonic_types::ErrorDetails;
use tonic_types::FieldViolation;
use tonic_types::StatusExt;

use crate::embed;
use crate::engine;
use crate::engine::ErrorKind;
use crate::engine::Violation;
use crate::rpc::wire;
use crate::rpc::REQUEST_BYTES_MAX;
use crate::rpc::RESPONSE_BYTES_MAX;
use crate::store;

/// The domain of every reason.
pub const DOMAIN: &str = "wenmai";

/// Long enough for a queue to move, short enough for a person.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a call, or one item of it, is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Fields that cannot be read as what they should be.
    #[error("request has invalid fields")]
    Fields(Vec<Violation>),
    /// The use case failed.
    #[error("use case failed")]
    Engine(#[from] engine::Error),
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
    Malformed,
    /// Model or store have not answered yet.
    #[error("service is starting")]
    NotReady,
    /// The service is about to stop.
    #[error("service is stopping")]
    Draining,
    /// The time was up.
    #[error("deadline of {after:?} passed")]
    Deadline {
        /// After so long.
        after: Duration,
    },
    /// A bug.
    #[error("handler panicked")]
    Panicked,
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
    let on_wire = |field: &str| format!("{prefix}{}", wire_field(field));
    match error {
        engine::Error::Invalid(violations) => engine::Error::Invalid(
            violations
                .into_iter()
                .map(|Violation { field, description }| Violation {
                    field: on_wire(&field),
                    description,
                })
                .collect(),
        ),
        engine::Error::TextTooLong { field, unit, limit, given } => {
            engine::Error::TextTooLong { field: on_wire(&field), unit, limit, given }
        }
        other @ (engine::Error::BatchTooLarge { .. }
        | engine::Error::ArticleNotFound { .. }
        | engine::Error::Terms(_)
        | engine::Error::Embed(_)
        | engine::Error::Store(_)) => other,
    }
}

/// The engine says `body` for what the wire calls `paragraphs`.
fn wire_field(field: &str) -> String {
    match field.strip_suffix("body") {
        Some(path) if path.is_empty() || path.ends_with('.') => format!("{path}paragraphs"),
        Some(_) | None => field.to_owned(),
    }
}

/// All that the wire says about a failure.
#[derive(Debug, Clone)]
pub struct Description {
    /// The canonical code.
    pub code: Code,
    /// The stable detail.
    pub reason: &'static str,
    message: String,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    /// Resource name of what is missing.
    resource: Option<String>,
    retry: bool,
}

impl Description {
    fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            metadata: Vec::new(),
            violations: Vec::new(),
            resource: None,
            retry: false,
        }
    }

    fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    fn retry(mut self) -> Self {
        self.retry = true;
        self
    }

    /// As the status of a call.
    #[must_use]
    pub fn status(self) -> Status {
        let Self { code, reason, message, metadata, violations, resource, retry } = self;
        let metadata: HashMap<String, String> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
        if !violations.is_empty() {
            details.set_bad_request(
                violations
                    .into_iter()
                    .map(|Violation { field, description }| FieldViolation::new(field, description))
                    .collect::<Vec<_>>(),
            );
        }
        if let Some(name) = resource {
            details.set_resource_info("wenmai.v1.Article", name, "", "it is not stored");
        }
        if retry {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        Status::with_error_details(code, message, details)
    }

    /// As the error of one item.
    #[must_use]
    pub fn item(self) -> wire::ItemError {
        let Self { code, reason, message, metadata, violations, resource, retry: _ } = self;
        let mut metadata: HashMap<String, String> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if let Some(name) = resource {
            metadata.insert("resource_name".to_owned(), name);
        }
        wire::ItemError {
            code: code.into(),
            reason: reason.to_owned(),
            message,
            field_violations: violations
                .into_iter()
                .map(|Violation { field, description }| wire::FieldViolation { field, description })
                .collect(),
            metadata,
        }
    }
}

/// What the wire says about `failure`; logs what it does not say.
#[must_use]
pub fn describe(failure: &Failure) -> Description {
    match failure {
        Failure::Fields(violations) => invalid(violations.clone()),
        Failure::Engine(error) => describe_engine(error),
        Failure::RequestTooLarge => Description::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("request message is over {REQUEST_BYTES_MAX} bytes"),
        )
        .with("limit", REQUEST_BYTES_MAX),
        Failure::AnswerTooLarge { given } => Description::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("answer would have {given} bytes, at most {RESPONSE_BYTES_MAX} are sent"),
        )
        .with("limit", RESPONSE_BYTES_MAX)
        .with("given", given),
        Failure::Malformed => Description::new(
            Code::InvalidArgument,
            "MALFORMED_MESSAGE",
            "request is not the message that this method takes, or a string in it is not UTF-8",
        ),
        Failure::NotReady => {
            Description::new(Code::Unavailable, "NOT_READY", "service is starting").retry()
        }
        Failure::Draining => {
            Description::new(Code::Unavailable, "DRAINING", "service is stopping").retry()
        }
        Failure::Deadline { after } => Description::new(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            format!("no answer within {} ms", after.as_millis()),
        ),
        Failure::Panicked => internal(failure),
    }
}

fn describe_engine(error: &engine::Error) -> Description {
    match error.kind() {
        ErrorKind::Invalid => match error {
            engine::Error::Invalid(violations) => invalid(violations.clone()),
            // The engine gives fields where it knows them; the model only knows the text.
            other => invalid(vec![Violation::new("text", cause(other))]),
        },
        ErrorKind::TextTooLong => too_long(error),
        ErrorKind::BatchTooLarge => too_many(error),
        ErrorKind::NotFound => {
            let mut description =
                Description::new(Code::NotFound, "ARTICLE_NOT_FOUND", error.to_string());
            if let engine::Error::ArticleNotFound { id } = error {
                description.resource = Some(format!("articles/{id}"));
            }
            description
        }
        ErrorKind::IndexModelMismatch => mismatch(error),
        ErrorKind::Overloaded => Description::new(
            Code::ResourceExhausted,
            "OVERLOADED",
            "too much work is waiting; try again later",
        )
        .retry(),
        ErrorKind::Unavailable => unavailable(error),
        ErrorKind::Internal => internal(error),
    }
}

fn invalid(violations: Vec<Violation>) -> Description {
    let parts: Vec<String> =
        violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
    let mut description =
        Description::new(Code::InvalidArgument, "INVALID_FIELD", parts.join("; "));
    description.violations = violations;
    description
}

fn too_long(error: &engine::Error) -> Description {
    let mut description =
        Description::new(Code::InvalidArgument, "TEXT_TOO_LONG", error.to_string());
    if let engine::Error::TextTooLong { field, unit, limit, given } = error {
        description.violations = vec![Violation::new(field, format!("over {limit} {unit}"))];
        description = description.with("limit", limit).with("given", given).with("unit", unit);
    }
    description
}

fn too_many(error: &engine::Error) -> Description {
    let description = Description::new(Code::InvalidArgument, "BATCH_TOO_LARGE", error.to_string());
    if let engine::Error::BatchTooLarge { limit, given } = error {
        return description.with("limit", limit).with("given", given);
    }
    description
}

fn mismatch(error: &engine::Error) -> Description {
    let description = Description::new(
        Code::FailedPrecondition,
        "INDEX_MODEL_MISMATCH",
        "the index was made with another model or another version of the terms",
    );
    // The folder stays on the server: only its owner can do something about it.
    if let engine::Error::Store(store::Error::IndexVersion { stored, wanted, folder: _ }) = error {
        return description.with("stored", stored).with("wanted", wanted);
    }
    description
}

fn unavailable(error: &engine::Error) -> Description {
    let stopped = matches!(
        error,
        engine::Error::Embed(embed::Error::Stopped) | engine::Error::Store(store::Error::Closed)
    );
    if stopped {
        return describe(&Failure::Draining);
    }
    tracing::error!(error = chain(error), "store is not available");
    Description::new(
        Code::Unavailable,
        "STORE_UNAVAILABLE",
        "the index is not available at the moment; try again later",
    )
    .retry()
}

fn internal(error: &(dyn std::error::Error + 'static)) -> Description {
    tracing::error!(error = chain(error), "call failed");
    Description::new(Code::Internal, "INTERNAL", "internal error; the server's log has the details")
}

/// The innermost reason, for a person who asked wrongly.
fn cause(error: &engine::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The whole chain of reasons, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic::Status;
    use tonic_types::StatusExt;

    use super::chain;
    use super::describe;
    use super::refuse;
    use super::under;
    use super::Failure;
    use crate::embed;
    use crate::engine;
    use crate::engine::Violation;
    use crate::store;

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
        let chained = engine::Error::from(store::Error::Failed("broken disk".into()));
        assert_eq!(chain(&chained), "store failed: store operation failed: broken disk");
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
                folder: "/home/somebody".into(),
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
    fn a_bug_is_internal() {
        assert_eq!(describe(&Failure::Panicked).code, Code::Internal);
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
