//! What a store keeps of topics: their change log, a point for each topic, and the placement of
//! each article.
//!
//! The log is the source of truth. Rows are only ever appended to it, and the store does not read
//! what is in them. The points of the topics and the placements follow from the log; [`Mark`] says
//! how far they do, so that after a crash the missing part is done again. Where several processes
//! share a store, [`Lease`] says which of them may write.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Map;
use serde_json::Value;
#[cfg(any(feature = "edge", feature = "server"))]
use uuid::Uuid;

use crate::Error;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// The id of the point that keeps the calibration among those of the topics; no topic has it.
#[cfg(any(feature = "edge", feature = "server"))]
pub(crate) const CALIBRATION_POINT: Uuid =
    Uuid::from_u128(0x7b1d_03e6_52f4_5c0a_9e88_4d21_c6a5_b390);
/// Its key in that point.
#[cfg(any(feature = "edge", feature = "server"))]
pub(crate) const CALIBRATION: &str = "calibration";

/// A row of the change log.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number of the row, from 1.
    pub version: u64,
    /// The content, a JSON object that the store does not interpret.
    pub value: Map<String, Value>,
}

/// How far the work on topics has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// The points and placements are up to date at least to this row of the log.
    pub projected: u64,
    /// The highest arrival number that was given out and logged.
    pub arrival: u64,
    /// The articles of a change that takes several writes and is not known to have ended: those
    /// that it stores, deletes, or gives another standing among their reprints. Empty between two
    /// changes. After a crash these are the articles to look at.
    pub unsettled: Vec<ArticleId>,
}

/// A topic as it is stored to be searched and looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPoint {
    pub id: TopicId,
    pub level: Level,
    /// The mean direction of its recent members; `None` once it is empty or merged into another,
    /// so that no search finds it.
    pub centroid: Option<Embedding>,
    /// Everything else about the topic; the store does not interpret it.
    pub payload: Map<String, Value>,
}

/// The placement of one article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The article; if it is not stored, the placement is ignored.
    pub article: ArticleId,
    /// Its number in the order of arrival.
    pub arrival: u64,
    /// The event and the story that it belongs to.
    pub placement: Placement,
}

/// An article and its place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// The arrival number, from 1.
    pub arrival: u64,
    pub article: ArticleId,
}

/// A copy of the projection of the log up to some row, so that a start need not read the whole log.
///
/// It is derived from the log: if there is none, or if it cannot be read, the log is read instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last row of the log that is in the copy.
    pub version: u64,
    /// The copy, which the store does not interpret.
    pub bytes: Vec<u8>,
}

/// A lease that was not renewed for this long may be taken by another process.
pub const LEASE_SILENCE: Duration = Duration::from_secs(5);

/// The right of one process to write, where several share a store.
///
/// It does not depend on time, because clocks differ: the holder counts `beat` up, and a lease
/// whose `beat` stands still for long enough, by the clock of the one that watches it, may be taken
/// over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lease {
    /// Counts the holders, from 1; 0 before the first. Each holder has a term of its own.
    pub term: u64,
    /// The name of the holder; empty when nobody holds the lease.
    pub holder: String,
    /// Counts the signs of life of this holder.
    pub beat: u64,
}

/// Keeps topics. Every method may be called from several tasks at once, but only one may append at
/// a time.
#[async_trait]
pub trait TopicStore: Send + Sync {
    /// Appends rows to the log and replaces the mark, as the holder of the lease in `term`; durable
    /// when it returns. A row whose number exists already is replaced, so appending again after a
    /// failure is safe.
    ///
    /// # Errors
    /// [`Error::Fenced`] if the lease has passed to another term: nothing of the call is part of
    /// the log then. [`Error::Failed`], [`Error::Full`]: some of the rows may have been written,
    /// earlier ones first.
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error>;

    /// Reads rows of the log in ascending order, starting at number `from`.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error>;

    /// Reads the mark; all zero in a new store.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn mark(&self) -> Result<Mark, Error>;

    /// Writes the points of topics, each in the place of the one of the same id, and notes the
    /// placements on the articles.
    ///
    /// # Errors
    /// [`Error::Dim`] before anything is written; [`Error::Failed`], [`Error::Full`].
    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error>;

    /// Finds the topics of `level` whose centroid is most similar to `query`, with the cosine; best
    /// first, ties by id.
    ///
    /// # Errors
    /// [`Error::Dim`]; [`Error::Failed`].
    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error>;

    /// Lists the articles with an arrival number above `after`, in the order of arrival.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error>;

    /// The highest arrival number among the stored articles; 0 if there are none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn last_arrival(&self) -> Result<u64, Error>;

    /// Keeps a checkpoint in the place of the previous one, completely or not at all.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: the previous one is still there.
    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error>;

    /// Reads the latest checkpoint; `None` if there is none or if it is damaged.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error>;

    /// Keeps how the cosines of the model are measured, a text that the store does not interpret, in the
    /// place of what was kept before.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    async fn keep_calibration(&self, calibration: String) -> Result<(), Error>;

    /// Reads what [`TopicStore::keep_calibration`] kept; `None` in an index that has none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn calibration(&self) -> Result<Option<String>, Error>;

    /// Whether other processes may have this store open at the same time.
    fn is_shared(&self) -> bool;

    /// Reads the lease.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn lease(&self) -> Result<Lease, Error>;

    /// Replaces the lease by `next` if it still equals `seen`, in one atomic step, and returns
    /// whether it did. Of several callers that try, one succeeds.
    ///
    /// # Errors
    /// [`Error::Failed`]: the lease may have been replaced nevertheless.
    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error>;

    /// Shuts out writers of earlier terms, as the holder that has just taken `term`: nothing that
    /// they still send changes `articles` as they are now, nor anything that is written through
    /// this store from now on.
    ///
    /// Such a writer can still store an article that is not there. Returns those of the articles of
    /// this and of earlier calls where that happened since; the caller deletes them, for nobody
    /// acknowledged them.
    ///
    /// A store that no other process can reach has nobody to shut out.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn fence(&self, _term: u64, _articles: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        Ok(Vec::new())
    }
}
