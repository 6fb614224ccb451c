//! What the wire says about a failure: code, reason, sentence, details.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use tonic::Code;
use tonic::Status;
use tonic_types::ErrorDetails;
use tonic_types::FieldViolation;
use tonic_types::StatusExt;

use crate::REQUEST_BYTES_MAX;
use crate::RESPONSE_BYTES_MAX;
use crate::access::Refusal;
use crate::convert;
use crate::status::DOMAIN;
use crate::status::Failure;
use wenmai_embed as embed;
use wenmai_engine as engine;
use wenmai_engine::ErrorKind;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_store as store;

/// Long enough for a queue to move, short enough for a person.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
    retry_after: Option<Duration>,
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
            retry_after: None,
        }
    }

    fn with(mut self, key: &'static str, value: &impl ToString) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    fn retry(mut self) -> Self {
        self.retry_after = Some(RETRY_AFTER);
        self
    }

    /// As the status of a call.
    #[must_use]
    pub fn status(self) -> Status {
        let Self { code, reason, message, metadata, violations, resource, retry_after } = self;
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
            let of_topic = name.starts_with(convert::TOPIC_PREFIX);
            let kind = if of_topic { "wenmai.v1.Topic" } else { "wenmai.v1.Article" };
            details.set_resource_info(kind, name, "", "it is not stored");
        }
        if retry_after.is_some() {
            details.set_retry_info(retry_after);
        }
        Status::with_error_details(code, message, details)
    }

    /// As the error of one item.
    #[must_use]
    pub fn item(self) -> wire::ItemError {
        let Self { code, reason, message, metadata, violations, resource, retry_after: _ } = self;
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
        Failure::Access(refusal) => describe_refusal(*refusal),
        Failure::RequestTooLarge => Description::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("request message is over {REQUEST_BYTES_MAX} bytes"),
        )
        .with("limit", &REQUEST_BYTES_MAX),
        Failure::AnswerTooLarge { given } => Description::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("answer would have {given} bytes, at most {RESPONSE_BYTES_MAX} are sent"),
        )
        .with("limit", &RESPONSE_BYTES_MAX)
        .with("given", given),
        Failure::Malformed { field, is_text } => malformed(field, *is_text),
        Failure::NotReady => {
            Description::new(Code::Unavailable, "NOT_READY", "service is starting").retry()
        }
        Failure::Overloaded => overloaded(),
        Failure::Draining => {
            Description::new(Code::Unavailable, "DRAINING", "service is stopping").retry()
        }
        Failure::ConnectionEnded => {
            let sentence = "the connection is as old as it may get; call again, on a new one";
            Description::new(Code::Unavailable, "CONNECTION_ENDED", sentence).retry()
        }
        Failure::Deadline { after } => Description::new(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            format!("no answer within {} ms", after.as_millis()),
        ),
        Failure::Panicked { .. } | Failure::Unexplained { .. } => internal(failure),
    }
}

fn describe_refusal(refusal: Refusal) -> Description {
    match refusal {
        Refusal::NoKey => Description::new(
            Code::Unauthenticated,
            "KEY_MISSING",
            "a key is needed: send `authorization: Bearer …`",
        ),
        Refusal::WrongKey => {
            Description::new(Code::Unauthenticated, "KEY_WRONG", "this key is not known")
        }
        Refusal::ReadOnly => {
            Description::new(Code::PermissionDenied, "KEY_READ_ONLY", "this key only reads")
        }
        Refusal::TooOften { retry_after } => {
            let sentence = "this key was used too often; try again later";
            let description = Description::new(Code::ResourceExhausted, "RATE_LIMITED", sentence);
            Description { retry_after: Some(retry_after), ..description }
        }
    }
}

fn describe_engine(error: &engine::Error) -> Description {
    match error.kind() {
        ErrorKind::Invalid => {
            // The engine names fields where it knows them; the model only knows the text.
            invalid(if let engine::Error::Invalid(violations) = error {
                violations.clone()
            } else {
                vec![Violation::new("text", cause(error))]
            })
        }
        ErrorKind::TextTooLong => too_long(error),
        ErrorKind::BatchTooLarge => too_many(error),
        ErrorKind::NotFound => not_found(error),
        ErrorKind::Stale => stale(error),
        ErrorKind::IndexModelMismatch => mismatch(error),
        ErrorKind::Overloaded => overloaded(),
        ErrorKind::Unavailable => unavailable(error),
        ErrorKind::Internal => internal(error),
    }
}

fn overloaded() -> Description {
    let sentence = "too much work is waiting; try again later";
    Description::new(Code::ResourceExhausted, "OVERLOADED", sentence).retry()
}

fn invalid(violations: Vec<Violation>) -> Description {
    let parts: Vec<String> =
        violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
    let mut description =
        Description::new(Code::InvalidArgument, "INVALID_FIELD", parts.join("; "));
    description.violations = violations;
    description
}

fn not_found(error: &engine::Error) -> Description {
    let (code, reason) = (Code::NotFound, "ARTICLE_NOT_FOUND");
    if let engine::Error::ArticleNotFound { id } = error {
        let name = convert::name(*id);
        let description = Description::new(code, reason, format!("{name} is not stored"));
        return Description { resource: Some(name), ..description };
    }
    if let engine::Error::TopicNotFound { id } = error {
        let (name, reason) = (convert::topic_name(*id), "TOPIC_NOT_FOUND");
        let description = Description::new(code, reason, format!("{name} does not exist"));
        return Description { resource: Some(name), ..description };
    }
    if let engine::Error::ThemeNotFound { id } = error {
        let (name, reason) = (convert::theme_name(*id), "THEME_NOT_FOUND");
        let description = Description::new(code, reason, format!("{name} does not exist"));
        return Description { resource: Some(name), ..description };
    }
    Description::new(code, reason, error.to_string())
}

fn stale(error: &engine::Error) -> Description {
    let description = Description::new(
        Code::Aborted,
        "STALE_REVISION",
        "the topic changed since it was read; read it again and decide anew",
    );
    if let engine::Error::StaleTopic { id, given, current } = error {
        return description
            .with("topic", &convert::topic_name(*id))
            .with("given", &convert::etag(*given))
            .with("current", &convert::etag(*current));
    }
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
    if let engine::Error::Store(store::Error::IndexVersion { stored, wanted, place: _ }) = error {
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
    if matches!(error, engine::Error::TopicsOff) {
        let what = "this server runs without topics";
        return Description::new(Code::FailedPrecondition, "TOPICS_OFF", what);
    }
    let is_turn = |error: &store::Error| {
        matches!(error, store::Error::Led { .. } | store::Error::Fenced { .. })
    };
    if matches!(error, engine::Error::Store(error) if is_turn(error)) {
        tracing::warn!(error = chain(error), "another process is writing");
        let what = "another process is writing to the index; try again";
        return Description::new(Code::Unavailable, "WRITER_ELSEWHERE", what).retry();
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
    let log_id = log_id();
    tracing::error!(log_id, error = chain(error), "call failed");
    let sentence = format!("internal error; the server's log has the details under {log_id}");
    Description::new(Code::Internal, "INTERNAL", sentence).with("log_id", &log_id)
}

/// An id by which a line of the log is found: 16 hexadecimal digits, random enough for that.
fn log_id() -> String {
    use std::hash::BuildHasher;

    // Each state is seeded anew.
    let random = std::collections::hash_map::RandomState::new().hash_one(0);
    format!("{random:016x}")
}

fn malformed(field: &str, is_text: bool) -> Description {
    let (code, reason) = (Code::InvalidArgument, "MALFORMED_MESSAGE");
    let wrong = match (field, is_text) {
        ("", true) => "a string in it is not UTF-8".to_owned(),
        ("", false) => "it cannot be decoded, or a string in it is not UTF-8".to_owned(),
        (field, true) => format!("{field} is not UTF-8, as every string must be"),
        (field, false) => format!("{field} cannot be decoded"),
    };
    let sentence = format!("request is not the message that this method takes: {wrong}");
    let mut description = Description::new(code, reason, sentence);
    if !field.is_empty() {
        description.violations = vec![Violation::new(field, wrong)];
    }
    description
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
    use super::chain;
    use wenmai_engine as engine;
    use wenmai_store as store;

    #[test]
    fn the_log_has_the_whole_chain() {
        let error = engine::Error::from(store::Error::Failed("broken disk".into()));
        assert_eq!(chain(&error), "store failed: store operation failed: broken disk");
    }
}
