//! Where articles go: whoever follows says what that is.

use wenmai_domain::article::Record;

/// Takes articles.
pub trait Sink: Send + Sync {
    /// Stores one article; it is kept when this returns. May block.
    ///
    /// # Errors
    /// [`NotStored`]
    fn store(&self, record: Record) -> Result<Stored, NotStored>;
}

/// What became of an article that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    Created,
    /// It replaces an older text.
    Updated,
    /// It was there already.
    Unchanged,
}

/// Why an article was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// It cannot be stored, now or later.
    #[error("the article cannot be stored: {0}")]
    Refused(String),
    /// Nothing can be stored now.
    #[error("nothing can be stored now: {0}")]
    Away(String),
}
