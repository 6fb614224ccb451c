//! The use cases: ingest, search, related, topics, get, list, delete; one per file.
//!
//! An [`Engine`] joins model, terms and store. Everything is async and safe from many tasks at
//! once. It knows nothing of the wire or the terminal.

mod answer;
mod collapse;
mod crew;
mod error;
mod facts;
pub mod feed;
mod grouping;
mod ingest;
mod input;
mod judge;
mod lead;
mod open;
pub mod places;
pub mod ranker;
mod read;
mod reasons;
mod related;
mod reprints;
mod rewrite;
mod search;
mod summarize;
mod topics;
mod version;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::Semaphore;

use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Empty;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_embed as embed;
use wenmai_generate as generate;
use wenmai_store as store;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

pub use crew::Error as CrewError;
pub use error::Error;
pub use error::ErrorKind;
pub use error::Violation;
pub use ingest::IngestResults;
pub use input::Decoded;
pub use input::decode;
pub use lead::Patience;
pub use reprints::Chain;
pub use reprints::FindReprints;
pub use reprints::Link;
pub use rewrite::Rewriting;
pub use rewrite::Unwritten;
pub use search::Diversity;
pub use search::Facet;
pub use search::FacetField;
pub use search::FacetValue;
pub use search::Found;
pub use search::Newness;
pub use search::Notice;
pub use search::Order;
pub use search::SearchOptions;
pub use summarize::ArticleSummary;
pub use summarize::SUMMARIZED_MAX;
pub use summarize::SetSummary;
pub use summarize::SummarizeArticle;
pub use summarize::SummarizeArticles;
pub use summarize::SummarizeTopic;
pub use summarize::Which;
pub use topics::Action;
pub use topics::Change;
pub use topics::Changes;
pub use topics::Cluster;
pub use topics::Clusters;
pub use topics::Edit;
pub use topics::FoundTopic;
pub use topics::FoundTopics;
pub use topics::ListTopics;
pub use topics::Measures;
pub use topics::MemberOf;
pub use topics::Members;
pub use topics::Of;
pub use topics::Order as TopicOrder;
pub use topics::Period;
pub use topics::Progress;
pub use topics::Recluster;
pub use topics::Reclustered;
pub use topics::SearchTopics;
pub use topics::Shown;
pub use topics::Timeline;
pub use topics::TimelineEntry;
pub use topics::TopicList;
pub use topics::day_of;
pub use version::index_version;

/// Most bytes of one page or one text.
pub const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most pages of one issue.
pub const PAGES_MAX: usize = 100;
/// Most articles of one atomic batch.
pub const BATCH_ARTICLES_MAX: usize = 1_000;
/// Most texts of one embed call.
pub const EMBED_TEXTS_MAX: usize = 1_000;
/// Most characters of a search text.
pub const QUERY_CHARS_MAX: usize = 10_000;

/// Model, terms, entities and store, joined. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    embed: embed::Handle,
    store: store::Store,
    analyzer: Arc<Analyzer>,
    extractor: Arc<Extractor>,
    index_version: Arc<str>,
    facts: Arc<facts::Cache>,
    ranker: Arc<ranker::Ranker>,
    /// One permit: who has it decides on groups and writes, so that two calls see each other.
    turn: Arc<Semaphore>,
    /// Where other processes share the store: whose turn it is among them.
    lead: Arc<lead::Lead>,
    /// The number of the next article to arrive; 0 where the store must be asked. Changes only with
    /// the turn.
    next_arrival: Arc<AtomicU64>,
    /// Topics, where they are on.
    topics: Option<Arc<topics::Topics>>,
    /// Writes other words for citations, where a model is loaded.
    writer: Option<generate::Handle>,
    /// Does what would hold up others.
    crew: crew::Crew,
}

/// What became of one article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was not there before.
    Created,
    /// It replaced an earlier text of the same id.
    Updated,
    /// It was there already, exactly so.
    Unchanged,
}

/// An article that is stored, durably.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// Its id.
    pub id: ArticleId,
    /// What became of it.
    pub outcome: Outcome,
    /// Characters in title and body.
    pub char_count: usize,
    /// Characters of them that went into the embedding: title and lead. All of them go into the
    /// terms.
    pub char_count_embedded: usize,
}

/// Time spent where, for one ingest call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IngestTimings {
    /// Tokenizing and embedding, waiting included.
    pub embed: Duration,
    /// Cutting into terms and finding entities.
    pub terms: Duration,
    /// Reading and writing the store, flush included.
    pub store: Duration,
}

/// A stored article with its bookkeeping.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredArticle {
    /// The article.
    pub article: Article,
    /// Microseconds since 1970 UTC.
    pub created_at_us: i64,
    /// Microseconds since 1970 UTC.
    pub updated_at_us: i64,
}

/// Articles in ascending order of id.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleList {
    /// This page of them.
    pub articles: Vec<StoredArticle>,
    /// Where the next page starts, if there is one.
    pub next: Option<ArticleId>,
    /// How many pass the filter in all.
    pub total_count: u64,
}

/// A search.
#[derive(Debug, Clone)]
pub struct Search {
    /// What to look for.
    pub text: String,
    /// Which articles may answer.
    pub filter: Filter,
    /// Which legs answer.
    pub mode: Mode,
    /// Whether each text is shown once, its reprints behind it.
    pub collapse: bool,
    /// Hits to pass over.
    pub offset: usize,
    /// Hits to return.
    pub limit: Limit,
}

/// A question for related coverage.
#[derive(Debug, Clone)]
pub struct Related {
    /// Related to what.
    pub target: Target,
    /// Which articles may answer.
    pub filter: Filter,
    /// Which legs answer.
    pub mode: Mode,
    /// Hits less probably related are left out, `[0, 1]`; above 0 only with a learned ranker.
    pub min_probability: f32,
    /// Whether each text is shown once, its reprints behind it.
    pub collapse: bool,
    /// Hits to pass over.
    pub offset: usize,
    /// Hits to return.
    pub limit: Limit,
}

/// What the related ones are related to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A stored article; it is left out of the answer.
    Stored(ArticleId),
    /// An article that need not be stored; if one of its id is, that is left out.
    Given(Box<Record>),
}

/// The hits of a search, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether more stand behind them.
    pub more: bool,
    /// Why there are no hits, where [`Engine::related`] found none.
    pub empty: Option<Empty>,
    /// The ranker that ordered them: its version, `none` for the one without labels; empty where
    /// none did.
    pub ranker: String,
    /// What the index was made with.
    pub index_version: String,
    /// Time spent where.
    pub timings: Timings,
}

/// Time spent where, for one search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Embedding the question, waiting included.
    pub embed: Duration,
    /// Asking the store.
    pub store: Duration,
    /// All of it.
    pub total: Duration,
}

/// Facts about the running engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// The model.
    pub model: embed::ModelInfo,
    /// What the index was made with.
    pub index_version: String,
    /// The store.
    pub store: store::Status,
}
