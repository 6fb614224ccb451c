//! Keeps articles with their vectors, and finds those near a vector or a set of terms.
//!
//! [`VectorStore`] is the boundary: an async trait in the words of the domain, with Qdrant behind
//! it. Three stores implement it: `edge`, Qdrant's own engine inside this process over a data
//! folder (the default); `server`, a Qdrant server or cluster; and `memory`, an exact scan that the
//! others are checked against. One test suite, `conformance`, holds all of them to the same
//! behaviour.
//!
//! An upsert that has returned is on disk (`edge`) or completed on the server; there is one point
//! for each id; every vector is finite and of the collection's length. The store does not embed,
//! tokenize or rank. [`open`] is the way in, `payload` says how an article is laid out.

#[cfg(any(feature = "edge", feature = "server"))]
mod condition;
#[cfg(test)]
mod conformance;
mod copies;
#[cfg(feature = "edge")]
mod edge;
mod error;
#[cfg(any(feature = "edge", feature = "server"))]
mod full;
mod lease;
mod measure;
mod memory;
mod metered;
mod open;
#[cfg(any(feature = "edge", feature = "server"))]
mod payload;
#[cfg(any(feature = "edge", feature = "server"))]
mod pieces;
#[cfg(all(feature = "edge", feature = "server"))]
mod raw;
mod remembered;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "edge", feature = "server"))]
mod ties;
mod topics;
#[cfg(all(feature = "edge", feature = "server"))]
mod transfer;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
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

pub use copies::Copies;
pub use copies::Imprint;
pub use error::Error;
pub use open::SharedMemory;
pub use open::copy;
pub use open::metered;
pub use open::open;
pub use open::open_memory;
pub use remembered::Remembered;
#[cfg(feature = "server")]
pub use server::Config as ServerConfig;
#[cfg(feature = "server")]
pub use server::Snapshot;
#[cfg(feature = "server")]
pub use server::snapshots;
pub use topics::Arrival;
pub use topics::Checkpoint;
pub use topics::LEASE_SILENCE;
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

/// A failure of another crate, kept as the cause of an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An article with the vectors by which it is found, as a caller writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    pub article: Article,
    /// The embedding, kept as the named dense vector `text`.
    pub text: Embedding,
    /// The weighted terms, kept as the sparse vector `terms`; may be empty.
    pub terms: TermVector,
    /// The article's reprint group, and whether it is the original of that group.
    pub membership: Membership,
    /// The hashes by which later texts find this one as a reprint, kept as the sparse vector
    /// `reprint`; empty where it need not be found.
    pub signature: Signature,
    /// The number of the article in the order of arrival, from 1; 0 where nobody counts.
    pub arrival: u64,
    /// Hash of everything that decides the article and its vectors; an equal hash means that
    /// nothing has to be written.
    pub content_hash: String,
    /// When the article was first stored, in microseconds since 1970 UTC by the caller's clock.
    pub created_at_us: i64,
    /// When this revision was stored, likewise.
    pub updated_at_us: i64,
}

/// A [`Point`] as it is read back; its fields are as they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub article: Article,
    pub membership: Membership,
    /// 0 for a point that was written before arrivals were counted.
    pub arrival: u64,
    pub content_hash: String,
    pub created_at_us: i64,
    pub updated_at_us: i64,
    /// Embedding and terms; present only where [`Vectors::Yes`] was asked for.
    pub vectors: Option<(Embedding, TermVector)>,
}

/// Whether a point is read with its vectors or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    Yes,
    No,
}

/// A candidate of one search: an article and its score there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    pub id: ArticleId,
    /// The cosine in `nearest`, the BM25 sum in `lexical`, the number of shared hashes in `alike`.
    pub score: f32,
}

/// A change of the reprint group of a stored article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regroup {
    pub id: ArticleId,
    /// The new group, and whether the article is its original.
    pub membership: Membership,
    /// The hashes by which later texts find the article from now on.
    pub signature: Signature,
}

/// A search for the articles that share passages with one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The hashes of that text's passages.
    pub signature: Signature,
    /// How many hashes an article must share at least to be an answer.
    pub shared_min: usize,
    pub limit: Limit,
}

/// One page of the list of all articles.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The articles of the page, in ascending order of id.
    pub points: Vec<Stored>,
    /// The id at which the next page starts; `None` on the last page.
    pub next: Option<ArticleId>,
}

/// What an index was made with; a store refuses to open an index of another make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Make {
    /// The index version of the engine: the model, its pooling, what of an article is embedded, and
    /// the versions of the rules for terms, reprints and entities.
    pub index_version: String,
    /// Numbers in an embedding.
    pub dim: usize,
}

/// What a store tells about itself, for `GetInfo` and the health check.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// `edge`, `server` or `memory`.
    pub backend: &'static str,
    /// The data folder, or the server and the collection; empty for memory.
    pub location: String,
    pub article_count: u64,
    /// What an acknowledged write survives: `process` (this process is killed), `power` (its
    /// machine loses power), `node` (a node of the store's cluster is lost).
    pub survives: &'static [&'static str],
}

/// Keeps articles and finds them.
///
/// Every method may be called from several tasks at once, and may also fail with [`Error::Closed`],
/// [`Error::Overloaded`] or, behind a server, [`Error::Away`]. A call whose future is dropped may still
/// take effect.
#[async_trait]
pub trait VectorStore: TopicStore {
    /// Writes points, each in the place of the one of the same id; they are durable when it
    /// returns.
    ///
    /// If several have the same id, the last one counts. An empty list writes nothing and returns
    /// once everything written before it is durable.
    ///
    /// # Errors
    /// [`Error::Dim`] before anything is written; [`Error::Failed`], [`Error::Full`].
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error>;

    /// Reads the points of `ids`, in the order of `ids`; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error>;

    /// Reads the embeddings of `ids`, in the order of `ids`; `None` where there is no point.
    /// Neither payloads nor terms are read.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error>;

    /// Reads embeddings and terms of `ids`, in the order of `ids`; `None` where there is no point.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn vectors(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<Option<(Embedding, TermVector)>>, Error> {
        let stored = self.fetch(ids, Vectors::Yes).await?.into_iter();
        Ok(stored.map(|one| one.and_then(|one| one.vectors)).collect())
    }

    /// Finds for each of `terms` those of `ids` that hold it, in the order of `terms`. No vector is read.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn holders(
        &self,
        terms: &[u32],
        ids: &[ArticleId],
    ) -> Result<Vec<BTreeSet<ArticleId>>, Error> {
        measure::holders(self, terms, ids).await
    }

    /// Measures the cosine to `query` of each of `ids` that is stored.
    ///
    /// # Errors
    /// [`Error::Dim`]; [`Error::Failed`].
    async fn similarities(
        &self,
        query: &Embedding,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        measure::similarities(self, query, ids).await
    }

    /// Deletes the points of `ids` and returns which of them existed; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error>;

    /// Finds the points whose embedding is most similar to `query`, best first, ties by id.
    ///
    /// # Errors
    /// [`Error::Dim`]; [`Error::Failed`].
    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error>;

    /// Finds the points with the highest BM25 sum, best first, ties by id: the sum over the shared
    /// terms of `idf × query weight × point weight`. Points that share no term are left out.
    ///
    /// `idf = ln(1 + (N − n + 0.5) / (n + 0.5))` with `N` points of which `n` hold the term, as
    /// Qdrant's `Modifier::Idf` has it. An empty query finds nothing.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error>;

    /// Finds for each question the points that share the most hashes with its signature, best
    /// first, ties by id; the answers are in the order of the questions.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error>;

    /// Gives stored points another reprint group; durable when it returns. If several changes name
    /// one id, the last counts; an id that is not stored is ignored.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error>;

    /// Reads the reprint groups of the points of `ids`, in the order of `ids`; `None` where there
    /// is no such point. Reads less than `fetch`.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error>;

    /// Lists the points that pass `filter` in ascending order of id, starting at the id `from`.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error>;

    /// Finds the ids of all points that pass `filter`. No text is read where the store can do without.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn passing(&self, filter: &Filter) -> Result<BTreeSet<ArticleId>, Error> {
        measure::passing(self, filter).await
    }

    /// Counts the articles in each of `groups`, and names at most `limit` of them and the original;
    /// in the order of `groups`. One call for many groups costs less than a `count` and a `list`
    /// for each.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error>;

    /// Counts the points that pass `filter`, exactly.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn count(&self, filter: &Filter) -> Result<u64, Error>;

    /// Reads facts about the store; an answer means that it is alive.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn status(&self) -> Result<Status, Error>;

    /// Copies the index as it is now into the new folder `to`, which a store can then open. Writes
    /// wait meanwhile, reads go on.
    ///
    /// # Errors
    /// [`Error::Settings`] if this store is not in a folder; [`Error::Folder`] naming `to` if
    /// something is there or it cannot be written; [`Error::Failed`], [`Error::Full`].
    async fn snapshot(&self, _to: &Path) -> Result<(), Error> {
        let reason = "only an index in a data folder can be copied into another folder".to_owned();
        Err(Error::Settings { reason })
    }

    /// Merges segments and builds the vector index where that is due. May take minutes, during
    /// which reads and writes go on.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn optimize(&self) -> Result<(), Error>;

    /// Writes everything out and releases the data folder; later calls fail with [`Error::Closed`].
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn close(&self) -> Result<(), Error>;
}

/// The settings of the store: a data folder, or a Qdrant server in its place.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Folder that holds the index; created on first use.
    #[arg(long, env = "WENMAI_DATA", default_value = "./wenmai-data", value_name = "DIR")]
    #[cfg_attr(feature = "server", arg(conflicts_with = "qdrant_url"))]
    pub data: PathBuf,

    /// The server that is used in place of the folder, if its address is set.
    #[cfg(feature = "server")]
    #[command(flatten)]
    pub server: ServerConfig,
}

impl Config {
    /// Settings for the data folder `data`.
    #[must_use]
    pub fn folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            #[cfg(feature = "server")]
            server: ServerConfig::none(),
        }
    }

    /// Settings for the server at `url`, with the default for everything else.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn server(url: &str) -> Self {
        Self { server: ServerConfig::at(url), ..Self::folder("") }
    }

    /// The address of the server; `None` where a folder is used.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        #[cfg(feature = "server")]
        return self.server.url.as_deref();
        #[cfg(not(feature = "server"))]
        None
    }

    /// The folder or the address, to be shown to a person.
    #[must_use]
    pub fn place(&self) -> String {
        self.url().map_or_else(|| self.data.display().to_string(), str::to_owned)
    }
}

/// A store that can be shared between tasks.
pub type Store = Arc<dyn VectorStore>;

/// Orders hits as answers are ordered: higher score first, lower id on a tie.
fn best_first(left: &Scored, right: &Scored) -> Ordering {
    right.score.total_cmp(&left.score).then(left.id.cmp(&right.id))
}
