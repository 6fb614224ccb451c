//! What a use case can fail with, and what a caller can do about it.

use crate::crew;
use wenmai_domain::id::ArticleId;
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
    /// `description` is wrong with `field`.
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
        /// At most so many.
        limit: usize,
        /// So many were given.
        given: usize,
    },
    /// A batch over the limit.
    #[error("batch has {given} entries, at most {limit} are taken")]
    BatchTooLarge {
        /// At most so many.
        limit: usize,
        /// So many were given.
        given: usize,
    },
    /// No article of that id.
    #[error("article {id} is not stored")]
    ArticleNotFound {
        /// The id asked for.
        id: ArticleId,
    },
    /// No topic of that id, nor was there ever.
    #[error("topic {id} does not exist")]
    TopicNotFound {
        /// The id asked for.
        id: TopicId,
    },
    /// The topic changed since the caller looked at it.
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
    /// Topics cannot be opened.
    #[error("topics cannot be opened")]
    Topics(#[source] store::BoxError),
    /// The program's dictionaries are not what this version promises.
    #[error("terms are broken")]
    Terms(#[from] Broken),
    /// The program's lists of places and organisations cannot be used.
    #[error("entities are broken")]
    Entities(#[from] entity::Error),
    /// The program's ranker of clauses cannot be used.
    #[error("summary ranker is broken")]
    Summary(#[from] ranker::Error),
    /// A summary was not made.
    #[error("summary was not made")]
    Crew(#[from] crew::Error),
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
    /// Mend the request.
    Invalid,
    /// Send less text.
    TextTooLong,
    /// Send fewer.
    BatchTooLarge,
    /// Ask for something else.
    NotFound,
    /// Look again, then decide anew.
    Stale,
    /// Reindex, or start with the model the index was made with.
    IndexModelMismatch,
    /// Try again later.
    Overloaded,
    /// The part behind is away; try again when it is back.
    Unavailable,
    /// Nothing: it is our fault.
    Internal,
}

impl Error {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) => ErrorKind::Invalid,
            Error::TextTooLong { .. } => ErrorKind::TextTooLong,
            Error::BatchTooLarge { .. } => ErrorKind::BatchTooLarge,
            Error::ArticleNotFound { .. } | Error::TopicNotFound { .. } => ErrorKind::NotFound,
            Error::StaleTopic { .. } => ErrorKind::Stale,
            Error::TopicsOff => ErrorKind::Unavailable,
            Error::Terms(_) | Error::Entities(_) | Error::Summary(_) | Error::Topics(_) => {
                ErrorKind::Internal
            }
            Error::Crew(crew::Error::Overloaded) => ErrorKind::Overloaded,
            Error::Crew(crew::Error::Broken) => ErrorKind::Internal,
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

fn list(violations: &[Violation]) -> String {
    let parts: Vec<String> =
        violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
    parts.join("; ")
}
