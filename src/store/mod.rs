//! What is kept, and what is near a vector or a set of terms: Qdrant behind one async trait.
//!
//! Two stores stand behind [`VectorStore`]: `edge`, Qdrant's own engine in this process over a data
//! folder (the default), and `memory`, an exact scan that the others are checked against. One
//! suite, `conformance`, says what each must do. A Qdrant server will be the third.
//!
//! Promises: an upsert that returned is on disk (`edge`); a point is there once; a vector is finite
//! and of the collection's dim. It does not embed, tokenize or rank.

#[cfg(test)]
mod conformance;
#[cfg(feature = "edge")]
mod edge;
mod memory;
mod metered;
#[cfg(feature = "edge")]
mod payload;
mod topics;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::article::Article;
use crate::domain::embedding::Embedding;
use crate::domain::filter::Filter;
use crate::domain::id::ArticleId;
use crate::domain::limit::Limit;
use crate::domain::reprint::Membership;
use crate::domain::reprint::Signature;
use crate::domain::terms::TermVector;
use crate::telemetry::Metrics;

pub use topics::Arrival;
pub use topics::Mark;
pub use topics::Placed;
pub use topics::Row;
pub use topics::TopicPoint;
pub use topics::TopicStore;

/// An error that another part caused.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An article with the vectors it is found by.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The article.
    pub article: Article,
    /// Its embedding: the named vector `text`.
    pub text: Embedding,
    /// Its terms: the sparse vector `terms`. May be empty.
    pub terms: TermVector,
    /// Where it stands among its reprints.
    pub membership: Membership,
    /// By what new texts find it: the sparse vector `reprint`. Empty where they need not.
    pub signature: Signature,
    /// Its number in the order in which articles arrived, from 1; 0 where nobody counts.
    pub arrival: u64,
    /// Hash of everything that decides article and vectors; equal means nothing to do.
    pub content_hash: String,
    /// When it was first stored, in microseconds since 1970 UTC; the caller's clock.
    pub created_at_us: i64,
    /// When this revision was stored, likewise.
    pub updated_at_us: i64,
}

/// A point as the store gives it back; vectors only where asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The article.
    pub article: Article,
    /// Where it stands among its reprints.
    pub membership: Membership,
    /// As it was given; 0 for a point of a time before arrivals were counted.
    pub arrival: u64,
    /// As it was given.
    pub content_hash: String,
    /// As it was given.
    pub created_at_us: i64,
    /// As it was given.
    pub updated_at_us: i64,
    /// Embedding and terms, where [`Vectors::Yes`] was asked.
    pub vectors: Option<(Embedding, TermVector)>,
}

/// Whether vectors come with a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// They come.
    Yes,
    /// They stay.
    No,
}

/// A candidate: an id, its score in one leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Which article.
    pub id: ArticleId,
    /// Cosine for `nearest`, BM25 for `lexical`, hashes shared for `alike`.
    pub score: f32,
}

/// A new standing of a stored point among its reprints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regroup {
    /// Which article.
    pub id: ArticleId,
    /// Where it stands now.
    pub membership: Membership,
    /// By what new texts find it now.
    pub signature: Signature,
}

/// A question for texts that share passages with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The text's hashes.
    pub signature: Signature,
    /// How many of them must be shared, at least.
    pub shared_min: usize,
    /// How many answers at most.
    pub limit: Limit,
}

/// A piece of the list of all articles.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// In ascending order of id.
    pub points: Vec<Stored>,
    /// The id to go on from, if there are more.
    pub next: Option<ArticleId>,
}

/// What a collection must be made of; a stored one of another make is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Make {
    /// The engine's index version: model, pooling, window policy, terms.
    pub index_version: String,
    /// Numbers in an embedding.
    pub dim: usize,
}

/// Facts about a store, for `GetInfo` and health.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// `edge`, `memory`.
    pub backend: &'static str,
    /// Where it is: the data folder; empty for memory.
    pub location: String,
    /// Articles in it.
    pub article_count: u64,
}

/// Keeps points and finds them.
///
/// Every call is safe from several tasks at once. A call whose future is dropped may still take
/// effect.
#[async_trait]
pub trait VectorStore: TopicStore {
    /// Writes points, each replacing the one of the same id; durable when it returns.
    ///
    /// Of points with one id in one call the last counts. An empty list writes nothing and returns
    /// once everything that was written before it is durable.
    ///
    /// # Errors
    /// [`Error::Dim`] before anything is written; [`Error::Failed`], [`Error::Full`].
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error>;

    /// The points of `ids`, in their order; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error>;

    /// Deletes; returns which of `ids` were there. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error>;

    /// The points whose embedding is most similar to `query`, best first; ties by id.
    ///
    /// # Errors
    /// [`Error::Dim`]; [`Error::Failed`].
    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error>;

    /// The points with the highest sum over shared terms of `idf × query weight × point weight`,
    /// best first; ties by id; points that share no term are left out.
    ///
    /// `idf = ln(1 + (N − n + 0.5) / (n + 0.5))` with `N` points and `n` of them holding the term,
    /// as Qdrant's `Modifier::Idf`. An empty query finds nothing.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error>;

    /// For each question the points that share the most hashes with its signature, best first; ties
    /// by id.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error>;

    /// Gives stored points another standing; of those with one id the last counts, an id that is
    /// not there is passed over. Durable when it returns.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error>;

    /// How the points of `ids` stand among their reprints, in their order; `None` where there is
    /// no such point. Cheaper than `fetch`.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error>;

    /// The points that pass `filter`, in ascending order of id, from `from` on.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error>;

    /// How many points pass `filter`, exactly.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn count(&self, filter: &Filter) -> Result<u64, Error>;

    /// Facts about the store; an answer means that it is alive.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn status(&self) -> Result<Status, Error>;

    /// Merges segments and builds the graph where that is due; may take minutes, reads and writes
    /// go on.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn optimize(&self) -> Result<(), Error>;

    /// Writes everything out and lets the data folder go; later calls fail with [`Error::Closed`].
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn close(&self) -> Result<(), Error>;
}

/// Where and how articles are kept.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Folder that holds the index; made on first use.
    #[arg(long, env = "WENMAI_DATA", default_value = "./wenmai-data", value_name = "DIR")]
    pub data: PathBuf,
}

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A vector of another length than the collection's.
    #[error("embedding has {given} numbers, the index holds {wanted}")]
    Dim {
        /// The collection's.
        wanted: usize,
        /// The vector's.
        given: usize,
    },
    /// The folder holds an index that another model or another version of the terms made.
    #[error("data folder {} was indexed as {stored}, this program makes {wanted}", folder.display())]
    IndexVersion {
        /// The data folder.
        folder: PathBuf,
        /// The index version in the folder.
        stored: String,
        /// The one asked for.
        wanted: String,
    },
    /// Another process has the folder open.
    #[error("data folder {} is in use by {holder}", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// Who has it, as they wrote it down: program, process id, since when.
        holder: String,
    },
    /// The folder cannot be made, read or written.
    #[error("data folder {} cannot be used", folder.display())]
    Folder {
        /// The data folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// No room left on the disk.
    #[error("no room left for the index")]
    Full(#[source] BoxError),
    /// The queue before the store is full.
    #[error("store is busy")]
    Overloaded,
    /// The engine failed.
    #[error("store operation failed")]
    Failed(#[source] BoxError),
    /// The store was closed.
    #[error("store is closed")]
    Closed,
}

/// A store, shared.
pub type Store = Arc<dyn VectorStore>;

/// Opens the store that `config` names, and makes it on first use.
///
/// Blocks: after a crash it reads the log back, which may take seconds.
///
/// # Errors
/// [`Error::Locked`], [`Error::IndexVersion`], [`Error::Folder`], [`Error::Full`],
/// [`Error::Failed`].
#[cfg(feature = "edge")]
pub fn open(config: &Config, make: &Make) -> Result<Store, Error> {
    Ok(Arc::new(edge::EdgeStore::open(config, make)?))
}

/// Says that this program has no store to open.
///
/// # Errors
/// [`Error::Folder`], always.
#[cfg(not(feature = "edge"))]
pub fn open(config: &Config, _make: &Make) -> Result<Store, Error> {
    let source = "this program was built without the embedded store (feature `edge`)".into();
    Err(Error::Folder { folder: config.data.clone(), source })
}

/// An empty store in memory, which nothing outlives.
#[must_use]
pub fn open_memory(make: &Make) -> Store {
    Arc::new(memory::MemoryStore::new(make))
}

/// The same store, counted by `metrics`.
#[must_use]
pub fn metered(inner: Store, metrics: Metrics) -> Store {
    Arc::new(metered::Metered { inner, metrics })
}

/// The order of an answer: the higher score first, the lower id on a tie.
fn best_first(left: &Scored, right: &Scored) -> Ordering {
    right.score.total_cmp(&left.score).then(left.id.cmp(&right.id))
}
