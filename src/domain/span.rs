//! Where a piece of text stands in its source.

use serde::Deserialize;
use serde::Serialize;

/// A half-open range of **bytes** in a UTF-8 text; both ends stand on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` up to `end`, in bytes; an inverted pair becomes the empty span at
    /// `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// The text it names, or `None` where it does not fit `source`.
    #[must_use]
    pub fn of(self, source: &str) -> Option<&str> {
        source.get(self.start..self.end)
    }
}
