//! Why a command did not do all it was asked, and the exit code that says so.

use std::fmt::Write;
use std::process::ExitCode;

use tonic::Status;
use tonic_types::StatusExt;

use wenmai_engine as engine;
use wenmai_engine::ErrorKind;
use wenmai_engine::calibration;
use wenmai_engine::places;
use wenmai_engine::ranker;
use wenmai_engine::vocabulary;
use wenmai_generate as generate;
use wenmai_store as store;

/// Why a command did not do all it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Arguments or settings that cannot be used: exit code 64.
    Usage(String),
    /// It failed: exit code 1.
    Failed(String),
    /// Some of it failed, and that has been said: exit code 1.
    Partial,
}

impl Failure {
    /// A failure with the whole chain of its causes.
    pub(super) fn failed(error: &dyn std::error::Error) -> Self {
        Failure::Failed(chain(error))
    }

    /// The same without the name of the file at its start, for those who say it themselves.
    pub(super) fn without(self, path: &std::path::Path) -> Self {
        match self {
            Failure::Failed(text) => {
                let start = format!("{}: ", path.display());
                Failure::Failed(text.strip_prefix(&start).unwrap_or(&text).to_owned())
            }
            other @ (Failure::Usage(_) | Failure::Partial) => other,
        }
    }

    /// Says it on standard error.
    #[expect(clippy::print_stderr, reason = "the last words of the program")]
    pub(super) fn print(&self) {
        match self {
            Failure::Usage(text) | Failure::Failed(text) => eprintln!("wenmai: {text}"),
            Failure::Partial => {}
        }
    }

    pub(super) fn code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => usage_code(),
            Failure::Failed(_) | Failure::Partial => ExitCode::FAILURE,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::failed(&error)
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        if let engine::Error::Store(store::Error::Settings { reason }) = &error {
            return Failure::Usage(reason.clone());
        }
        // The same reason as on the wire, but with the local folder in the message.
        let reason = match error.kind() {
            ErrorKind::IndexModelMismatch => " [INDEX_MODEL_MISMATCH]",
            ErrorKind::Invalid
            | ErrorKind::TextTooLong
            | ErrorKind::BatchTooLarge
            | ErrorKind::NotFound
            | ErrorKind::Stale
            | ErrorKind::Overloaded
            | ErrorKind::Unavailable
            | ErrorKind::Internal => "",
        };
        Failure::Failed(format!("{}{reason}", chain(&error)))
    }
}

impl From<ranker::Error> for Failure {
    fn from(error: ranker::Error) -> Self {
        Failure::Usage(chain(&error))
    }
}

impl From<calibration::FileError> for Failure {
    fn from(error: calibration::FileError) -> Self {
        Failure::Usage(chain(&error))
    }
}

impl From<generate::Error> for Failure {
    fn from(error: generate::Error) -> Self {
        Failure::Usage(chain(&error))
    }
}

impl From<places::Error> for Failure {
    fn from(error: places::Error) -> Self {
        Failure::Usage(chain(&error))
    }
}

impl From<vocabulary::Error> for Failure {
    fn from(error: vocabulary::Error) -> Self {
        Failure::Usage(chain(&error))
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Failure::Failed(describe(&status))
    }
}

/// `EX_USAGE` of `sysexits.h`.
pub(super) fn usage_code() -> ExitCode {
    ExitCode::from(64)
}

/// An error and its causes, joined by colons.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // Some errors repeat their cause in their own text.
        let also = source.to_string();
        if !text.ends_with(&also) {
            let _ = write!(text, ": {also}");
        }
        cause = source.source();
    }
    text
}

/// A status for a person: message, reason, and the fields that are wrong.
fn describe(status: &Status) -> String {
    let message = status.message();
    let said = if message.is_empty() { status.code().description() } else { message };
    let mut text = said.to_owned();
    let details = status.get_error_details();
    if let Some(info) = details.error_info() {
        let _ = write!(text, " [{}]", info.reason);
    }
    for violation in details.bad_request().map(|bad| &bad.field_violations).into_iter().flatten() {
        let told = format!("{}: {}", violation.field, violation.description);
        if !text.contains(&told) {
            let _ = write!(text, "\n  {told}");
        }
    }
    if let Some(source) = std::error::Error::source(status) {
        let _ = write!(text, ": {}", chain(source));
    }
    text
}
