//! What is kept, and what is near a vector or a set of terms: Qdrant behind one async trait.
//!
//! Three stores stand behind [`VectorStore`]: `edge`, Qdrant's own engine in this process over a data
//! folder (the default), `server`, a Qdrant server or cluster, and `memory`, an exact scan that the
//! others are checked against. One suite, `conformance`, says what each must do.
//!
//! Promises: an upsert that returned is on disk (`edge`), or completed on the server; a point is there
//! once; a vector is finite and of the collection's dim. It does not embed, tokenize or rank.

#[cfg(any(feature = "edge", feature = "server"))]
mod condition;
#[cfg(test)]
mod conformance;
mod copies;
#[cfg(feature = "edge")]
mod edge;
#[cfg(any(feature = "edge", feature = "server"))]
mod full;
mod lease;
mod memory;
mod metered;
#[cfg(any(feature = "edge", feature = "server"))]
mod payload;
#[cfg(all(feature = "edge", feature = "server"))]
mod raw;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "edge", feature = "server"))]
mod ties;
mod topics;
#[cfg(all(feature = "edge", feature = "server"))]
mod transfer;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use wenmai_domain::article::Article;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::terms::TermVector;
use wenmai_telemetry::Metrics;

pub use copies::Copies;
pub use copies::Imprint;
#[cfg(feature = "server")]
pub use server::Config as ServerConfig;
#[cfg(feature = "server")]
pub use server::Snapshot;
#[cfg(feature = "server")]
pub use server::snapshots;
pub use topics::Arrival;
pub use topics::Checkpoint;
pub use topics::Lease;
pub use topics::Mark;
pub use topics::Placed;
pub use topics::Row;
pub use topics::TopicPoint;
pub use topics::TopicStore;
#[cfg(all(feature = "edge", feature = "server"))]
pub use transfer::Moved;
#[cfg(all(feature = "edge", feature = "server"))]
pub use transfer::Report;
#[cfg(all(feature = "edge", feature = "server"))]
pub use transfer::Sum;
#[cfg(all(feature = "edge", feature = "server"))]
pub use transfer::migrate;

/// Whether this build has the embedded store.
pub const WITH_EDGE: bool = cfg!(feature = "edge");
/// Whether this build speaks to Qdrant servers.
pub const WITH_SERVER: bool = cfg!(feature = "server");

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
    /// `edge`, `server`, `memory`.
    pub backend: &'static str,
    /// Where it is: the data folder, the server and the collection; empty for memory.
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

    /// Who prints the texts of `groups`, in their order, with at most `limit` and the original of
    /// each. Cheaper than to count and list them one by one.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error>;

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
    #[cfg_attr(feature = "server", arg(conflicts_with = "qdrant_url"))]
    pub data: PathBuf,

    /// A server in place of the folder.
    #[cfg(feature = "server")]
    #[command(flatten)]
    pub server: ServerConfig,
}

impl Config {
    /// The folder `data`.
    #[must_use]
    pub fn folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            #[cfg(feature = "server")]
            server: ServerConfig::none(),
        }
    }

    /// The server at `url`, all else as it is by default.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn server(url: &str) -> Self {
        Self { server: ServerConfig::at(url), ..Self::folder("") }
    }

    /// The server's address, where there is one in place of the folder.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        #[cfg(feature = "server")]
        return self.server.url.as_deref();
        #[cfg(not(feature = "server"))]
        None
    }

    /// Where articles are kept, for a person.
    #[must_use]
    pub fn place(&self) -> String {
        self.url().map_or_else(|| self.data.display().to_string(), str::to_owned)
    }
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
    /// There is an index that another model or another version of the terms made.
    #[error("{place} was indexed as {stored}, this program makes {wanted}")]
    IndexVersion {
        /// The data folder or the collection.
        place: String,
        /// The index version in the folder.
        stored: String,
        /// The one asked for.
        wanted: String,
    },
    /// Another process has the folder open.
    #[error("data folder {} is in use by {holder}; ask a server with --server", folder.display())]
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
    /// Settings that cannot be used.
    #[error("{reason}")]
    Settings {
        /// What is wrong, for a person.
        reason: String,
    },
    /// The server's collection cannot be used.
    #[error("collection {place} cannot be used")]
    Server {
        /// The server and the collection.
        place: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The server cannot be reached, or does not answer in time.
    #[error("store is away")]
    Away(#[source] BoxError),
    /// Another process has the turn to change the store.
    #[error("{holder} is writing")]
    Led {
        /// Who, as they wrote it down.
        holder: String,
    },
    /// This process lost its turn to change the store.
    #[error("the turn of term {term} has passed")]
    Fenced {
        /// The term that passed.
        term: u64,
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
/// Blocks: after a crash a folder's log is read back, which may take seconds; a server may be slow.
///
/// # Errors
/// [`Error::Locked`], [`Error::IndexVersion`], [`Error::Folder`], [`Error::Full`],
/// [`Error::Settings`], [`Error::Server`], [`Error::Away`], [`Error::Failed`].
pub fn open(config: &Config, make: &Make) -> Result<Store, Error> {
    #[cfg(feature = "server")]
    if config.server.url.is_some() {
        return Ok(Arc::new(server::ServerStore::open(&config.server, make)?));
    }
    open_folder(config, make)
}

#[cfg(feature = "edge")]
fn open_folder(config: &Config, make: &Make) -> Result<Store, Error> {
    Ok(Arc::new(edge::EdgeStore::open(config, make)?))
}

/// Says that this program has no store to open in a folder.
#[cfg(not(feature = "edge"))]
fn open_folder(config: &Config, _make: &Make) -> Result<Store, Error> {
    let source = "this program was built without the embedded store (feature `edge`)".into();
    Err(Error::Folder { folder: config.data.clone(), source })
}

/// An empty store in memory, which nothing outlives.
#[must_use]
pub fn open_memory(make: &Make) -> Store {
    Arc::new(memory::MemoryStore::new(make))
}

/// An empty store in memory that several engines may have open at once, as processes have a server.
#[must_use]
pub fn open_memory_shared(make: &Make) -> Store {
    Arc::new(memory::MemoryStore::shared(make))
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
