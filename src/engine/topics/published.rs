//! What readers see of topics: the state of the log, and the order of the living topics.

use std::ops::Deref;

use crate::topics::order::TopicIndex;
use crate::topics::projection::Projection;
use crate::topics::projection::Touched;
use wenmai_domain::topic::change::Entry;

/// The projection of what is in the log, with an index that follows it. It is read as the
/// projection that it holds.
#[derive(Debug, Default)]
pub struct Published {
    projection: Projection,
    index: TopicIndex,
}

impl Published {
    /// A projection with its index.
    #[must_use]
    pub fn new(projection: Projection) -> Self {
        Self { index: TopicIndex::of(&projection), projection }
    }

    /// The living topics by day and in the orders of lists.
    #[must_use]
    pub fn index(&self) -> &TopicIndex {
        &self.index
    }

    /// Applies entries of the log.
    pub fn apply<'e>(&mut self, entries: impl IntoIterator<Item = &'e Entry>) -> Touched {
        let mut all = Touched::default();
        for entry in entries {
            all.merge(self.projection.apply(entry));
        }
        self.index.update(&self.projection, all.topics.iter().copied());
        all
    }

    /// Takes note of the highest arrival number.
    pub fn arrived(&mut self, arrival: u64) {
        self.projection.arrival = self.projection.arrival.max(arrival);
    }
}

impl Deref for Published {
    type Target = Projection;

    fn deref(&self) -> &Projection {
        &self.projection
    }
}
