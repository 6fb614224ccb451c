//! What is kept of topics: their change log, a point for each, and where articles stand.
//!
//! The log is the truth. It is only ever appended to, and its rows are opaque here. Points of topics
//! and the placements on articles follow from it; [`Mark`] says how far they do, so that after a
//! crash the rest is done again.

use async_trait::async_trait;
use serde_json::Map;
use serde_json::Value;

use crate::Error;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// A row of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number, from 1.
    pub version: u64,
    /// What it says: a JSON object.
    pub value: Map<String, Value>,
}

/// How far writing has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// Points and placements follow from the log up to this version, at least.
    pub projected: u64,
    /// The highest arrival number that was ever given out and logged.
    pub arrival: u64,
    /// The articles of a change that takes several writes and is not known to have ended: those
    /// that it stores, deletes, or gives another standing among their reprints. Empty between two
    /// changes. After a crash these are the articles to look at.
    pub unsettled: Vec<ArticleId>,
}

/// A topic as it is found and as whoever looks at the store sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicPoint {
    /// The topic.
    pub id: TopicId,
    /// Its level.
    pub level: Level,
    /// The direction of its recent members; `None` for a topic that is not to be found any more.
    pub centroid: Option<Embedding>,
    /// All else.
    pub payload: Map<String, Value>,
}

/// Where an article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The article; passed over if it is not stored.
    pub article: ArticleId,
    /// Its number in the order of arrival.
    pub arrival: u64,
    /// Its topics.
    pub placement: Placement,
}

/// An article that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// Its number.
    pub arrival: u64,
    /// The article.
    pub article: ArticleId,
}

/// A copy of what follows from the log up to a version, so that a start need not read it all.
///
/// Derived and never needed: whoever finds none, or one that makes no sense, reads the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The version.
    pub version: u64,
    /// The copy, opaque here.
    pub bytes: Vec<u8>,
}

/// Whose turn it is to change the store, of all processes that share it.
///
/// Time is not part of it, because clocks differ: whoever holds the lease counts `beat` up, and a
/// lease that does not beat for long enough, by the clock of whoever watches, may be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lease {
    /// Counts who held it, from 1; 0 before anyone did. Each holder has a term of its own.
    pub term: u64,
    /// Who holds it; empty where nobody does.
    pub holder: String,
    /// Signs of life of this holder.
    pub beat: u64,
}

/// Keeps topics. Every call is safe from several tasks at once; one appends at a time.
#[async_trait]
pub trait TopicStore: Send + Sync {
    /// Appends rows to the log and replaces the mark, as the holder of the lease in `term`; durable
    /// when it returns. A row whose version is there already is replaced: appending again after a
    /// failure is safe.
    ///
    /// # Errors
    /// [`Error::Fenced`] if the term has passed: then nothing of it is part of the log.
    /// [`Error::Failed`], [`Error::Full`]: then some rows may be there, the earlier ones first.
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error>;

    /// Rows from version `from` on, ascending.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error>;

    /// The mark; all zero for a new store.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn mark(&self) -> Result<Mark, Error>;

    /// Writes points of topics, each replacing the one of its id, and placements on articles.
    ///
    /// # Errors
    /// [`Error::Dim`] before anything is written; [`Error::Failed`], [`Error::Full`].
    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error>;

    /// The topics of `level` whose centroid is most similar to `query`, best first, ties by id; with
    /// the cosine.
    ///
    /// # Errors
    /// [`Error::Dim`]; [`Error::Failed`].
    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error>;

    /// Articles that arrived after number `after`, in the order of arrival.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error>;

    /// The highest arrival number of an article that is stored; 0 without one.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn last_arrival(&self) -> Result<u64, Error>;

    /// Keeps a checkpoint in the place of the one before, wholly or not at all. A store that does not
    /// keep any does nothing.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: then the one before is still there.
    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error>;

    /// The checkpoint that was kept last; `None` without one, or if it is damaged.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error>;

    /// Whether other processes may have this store open as well.
    fn is_shared(&self) -> bool;

    /// Whose turn it is to change the store.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn lease(&self) -> Result<Lease, Error>;

    /// Replaces the lease `seen` by `next`, in one step; whether it was still there. Of several that
    /// try, one succeeds.
    ///
    /// # Errors
    /// [`Error::Failed`]: then it may have been replaced.
    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error>;
}
