//! What a use case can fail with, and what a caller can do about it.

use crate::pool;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::ThemeId;
use wenmai_domain::topic::TopicId;
use wenmai_embed as embed;
use wenmai_store as store;
use wenmai_summary::ranker;
use wenmai_text::entity;
use wenmai_text::terms::Broken;

/// One thing wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as a path (`articles[3].title`, `filter`).
    pub field: String,
    /// What is wrong with it, for a person.
    pub description: String,
}

impl Violation {
    /// A violation that names `field` and says what is wrong with it.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// What a use case can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields that cannot be used; nothing was done.
    #[error("{}", list(.0))]
    Invalid(Vec<Violation>),
    /// A text over the limit.
    #[error("{field} has {given} {unit}, at most {limit} are taken")]
    TextTooLong {
        /// The field.
        field: String,
        /// What is counted: `bytes` or `characters`.
        unit: &'static str,
        /// How many are taken at most.
        limit: usize,
        /// How many were given.
        given: usize,
    },
    /// A batch over the limit.
    #[error("batch has {given} entries, at most {limit} are taken")]
    BatchTooLarge {
        /// How many are taken at most.
        limit: usize,
        /// How many were given.
        given: usize,
    },
    /// No article of that id is stored.
    #[error("article {id} is not stored")]
    ArticleNotFound {
        /// The id asked for.
        id: ArticleId,
    },
    /// There is no topic of that id, and there never was.
    #[error("topic {id} does not exist")]
    TopicNotFound {
        /// The id asked for.
        id: TopicId,
    },
    /// No three stories show the word of that theme.
    #[error("theme {id} does not exist")]
    ThemeNotFound {
        /// The id asked for.
        id: ThemeId,
    },
    /// The topic has changed since the caller read it.
    #[error("topic {id} is at revision {current:x}, not {given:x}")]
    StaleTopic {
        /// The topic.
        id: TopicId,
        /// The revision that the caller knows.
        given: u64,
        /// The one that it has.
        current: u64,
    },
    /// This engine was opened without topics.
    #[error("topics are off")]
    TopicsOff,
    /// The program broke down while it worked on topics. Nothing of it was kept, and the topics go
    /// on from their log.
    #[error("the program broke down over topics, which start again from their log")]
    TopicsBroke,
    /// Topics cannot be opened.
    #[error("topics cannot be opened")]
    Topics(#[source] store::BoxError),
    /// The dictionaries inside the program are not what this version was built for.
    #[error("terms are broken")]
    Terms(#[from] Broken),
    /// The lists of places and organisations inside the program cannot be used.
    #[error("entities are broken")]
    Entities(#[from] entity::Error),
    /// The ranker of clauses inside the program cannot be used.
    #[error("summary ranker is broken")]
    Summary(#[from] ranker::Error),
    /// The pool of threads did not do a piece of work.
    #[error("the work was not done")]
    Pool(#[from] pool::Error),
    /// The model failed.
    #[error("embedding failed")]
    Embed(#[from] embed::Error),
    /// The store failed.
    #[error("store failed")]
    Store(#[from] store::Error),
}

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Correct the request.
    Invalid,
    /// Send less text.
    TextTooLong,
    /// Send fewer entries.
    BatchTooLarge,
    /// Ask for another article or topic.
    NotFound,
    /// Read the topic again, then decide anew.
    Stale,
    /// Reindex, or start with the model the index was made with.
    IndexModelMismatch,
    /// Try again later.
    Overloaded,
    /// A part that this engine depends on is away; try again when it is back.
    Unavailable,
    /// Nothing: the fault is this program's.
    Internal,
}

impl Error {
    /// `description` is wrong with `field`, and with nothing else.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Error::Invalid(vec![Violation::new(field, description)])
    }

    /// The same failure with each field that it names where `place` puts it: a part of a request
    /// does not know where in the request it stands.
    #[must_use]
    pub fn under(self, place: impl Fn(&str) -> String) -> Self {
        match self {
            Error::Invalid(violations) => {
                let moved = |Violation { field, description }| Violation {
                    field: place(&field),
                    description,
                };
                Error::Invalid(violations.into_iter().map(moved).collect())
            }
            Error::TextTooLong { field, unit, limit, given } => {
                Error::TextTooLong { field: place(&field), unit, limit, given }
            }
            other @ (Error::BatchTooLarge { .. }
            | Error::ArticleNotFound { .. }
            | Error::TopicNotFound { .. }
            | Error::ThemeNotFound { .. }
            | Error::StaleTopic { .. }
            | Error::TopicsOff
            | Error::TopicsBroke
            | Error::Topics(_)
            | Error::Terms(_)
            | Error::Entities(_)
            | Error::Summary(_)
            | Error::Pool(_)
            | Error::Embed(_)
            | Error::Store(_)) => other,
        }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) => ErrorKind::Invalid,
            Error::TextTooLong { .. } => ErrorKind::TextTooLong,
            Error::BatchTooLarge { .. } => ErrorKind::BatchTooLarge,
            Error::ArticleNotFound { .. }
            | Error::TopicNotFound { .. }
            | Error::ThemeNotFound { .. } => ErrorKind::NotFound,
            Error::StaleTopic { .. } => ErrorKind::Stale,
            Error::TopicsOff => ErrorKind::Unavailable,
            Error::Pool(pool::Error::Overloaded) => ErrorKind::Overloaded,
            Error::Terms(_)
            | Error::Entities(_)
            | Error::Summary(_)
            | Error::Topics(_)
            | Error::TopicsBroke
            | Error::Pool(pool::Error::Broken) => ErrorKind::Internal,
            Error::Embed(error) => match error {
                embed::Error::Empty | embed::Error::NoDirection => ErrorKind::Invalid,
                embed::Error::Overloaded => ErrorKind::Overloaded,
                embed::Error::Stopped => ErrorKind::Unavailable,
                embed::Error::Tokenize(_)
                | embed::Error::Model(_)
                | embed::Error::Panicked
                | embed::Error::Hub(_)
                | embed::Error::Folder { .. } => ErrorKind::Internal,
            },
            Error::Store(error) => match error {
                store::Error::IndexVersion { .. } => ErrorKind::IndexModelMismatch,
                store::Error::Overloaded => ErrorKind::Overloaded,
                store::Error::Locked { .. }
                | store::Error::Folder { .. }
                | store::Error::Settings { .. }
                | store::Error::Server { .. }
                | store::Error::Away(_)
                | store::Error::Led { .. }
                | store::Error::Fenced { .. }
                | store::Error::Full(_)
                | store::Error::Closed => ErrorKind::Unavailable,
                store::Error::Dim { .. } | store::Error::Failed(_) => ErrorKind::Internal,
            },
        }
    }
}

/// The violations as one sentence each, in a row.
fn list(violations: &[Violation]) -> String {
    let parts: Vec<String> =
        violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_failure_of_a_part_names_the_field_of_the_whole() {
        let place = |field: &str| format!("pages[2].{field}");
        let error = Error::invalid("text", "holds no text").under(place);
        assert_eq!(error.to_string(), "pages[2].text: holds no text");
        let field = "text".to_owned();
        let error = Error::TextTooLong { field, unit: "bytes", limit: 1, given: 2 }.under(place);
        assert_eq!(error.to_string(), "pages[2].text has 2 bytes, at most 1 are taken");
        assert!(matches!(Error::TopicsOff.under(place), Error::TopicsOff));
    }
}
