//! The use cases: ingest, search, related, topics, get, list, delete; one per file.
//!
//! An [`Engine`] joins the model, the analysis of terms and entities, and the store. All its
//! functions may be called from many tasks at once. It knows nothing of the wire or the terminal.

mod answer;
pub mod calibration;
mod change;
mod clock;
mod collapse;
mod columns;
pub mod deadline;
mod error;
mod facts;
pub mod feed;
mod fence;
mod grouping;
mod ingest;
mod input;
mod judge;
mod lease;
mod open;
mod pages;
pub mod places;
mod pool;
mod ranked;
pub mod ranker;
mod read;
mod reasons;
mod related;
mod reprints;
mod rewrite;
mod search;
mod suggest;
mod summarize;
mod topics;
mod version;
pub mod vocabulary;
mod words;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::OnceCell;
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

pub use error::Error;
pub use error::ErrorKind;
pub use error::Violation;
pub use ingest::IngestResults;
pub use ingest::to_store;
pub use input::decode;
pub use lease::LeaseTiming;
pub use pages::PageFile;
pub use pages::PageGiven;
pub use pages::ReadLayout;
pub use pages::ReadPage;
pub use pool::Error as PoolError;
pub use reprints::Chain;
pub use reprints::Correction;
pub use reprints::FindReprints;
pub use reprints::Link;
pub use reprints::Version;
pub use rewrite::RewriteFailure;
pub use rewrite::Rewriting;
pub use search::Diversity;
pub use search::Facet;
pub use search::FacetField;
pub use search::FacetValue;
pub use search::Newness;
pub use search::Notice;
pub use search::Order;
pub use search::SEARCH_FEATURES;
pub use search::SearchFeatures;
pub use search::SearchOptions;
pub use search::SearchResults;
pub use suggest::Hints;
pub use suggest::SUGGEST_CHARS_MAX;
pub use suggest::Suggest;
pub use suggest::Suggestions;
pub use summarize::ArticleSummary;
pub use summarize::SUMMARIZED_MAX;
pub use summarize::SetSummary;
pub use summarize::SummarizeArticle;
pub use summarize::SummarizeArticles;
pub use summarize::SummarizeTopic;
pub use summarize::SummarySource;
pub use summarize::Telling;
pub use topics::Action;
pub use topics::Change;
pub use topics::Changes;
pub use topics::Cluster;
pub use topics::ClusterSource;
pub use topics::Clusters;
pub use topics::Edit;
pub use topics::FoundTopic;
pub use topics::FoundTopics;
pub use topics::ListTopics;
pub use topics::Measures;
pub use topics::MemberArticle;
pub use topics::Period;
pub use topics::Progress;
pub use topics::Rebuilt;
pub use topics::Recluster;
pub use topics::Reclustered;
pub use topics::SearchTopics;
pub use topics::ThemeList;
pub use topics::ThemeView;
pub use topics::Timeline;
pub use topics::TimelineEntry;
pub use topics::TopicArticles;
pub use topics::TopicList;
pub use topics::TopicOrder;
pub use topics::TopicView;
pub use topics::background;
pub use version::index_version;
pub use wenmai_feed::encoding::Decoded;
pub use words::ArchiveWords;
pub use words::WORDS_MAX;

/// The most bytes that one page or one text may have.
pub const TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// The most pages that one issue may have.
pub const PAGES_MAX: usize = 100;
/// The most articles that one atomic batch may have.
pub const BATCH_ARTICLES_MAX: usize = 1_000;
/// The most texts that one embed call may have.
pub const EMBED_TEXTS_MAX: usize = 1_000;
/// The most characters that the text of a search may have.
pub const QUERY_CHARS_MAX: usize = 10_000;

/// The model, the analysis of terms and entities, and the store, joined. Cheap to clone; all clones
/// share the same parts.
#[derive(Clone)]
pub struct Engine {
    embed: embed::Handle,
    store: store::Store,
    analyzer: Arc<Analyzer>,
    extractor: Arc<Extractor>,
    index_version: Arc<str>,
    facts: Arc<facts::Cache>,
    columns: Arc<columns::Cache>,
    /// What suggestions are made of.
    names: Arc<suggest::Names>,
    /// Other names and own words of the user.
    vocabulary: Arc<vocabulary::Vocabulary>,
    ranker: Arc<ranker::Ranker>,
    /// How the cosines of the model are measured; found by the first question that needs it.
    calibration: Arc<OnceCell<calibration::Calibrated>>,
    /// A lock with one permit. Whoever has it decides on groups and topics and writes, so that each
    /// write sees the one before. It is a semaphore because the permit moves on to the thread of
    /// the topics.
    write_lock: Arc<Semaphore>,
    /// Where several processes share the store: the lease that one of them holds to write.
    lease: Arc<lease::WriterLease>,
    /// The number of the next article to arrive; 0 where the store must be asked. Changes only
    /// under the write lock.
    next_arrival: Arc<AtomicU64>,
    /// Counts the changes of articles that this process made or may have missed, so that what was
    /// read before the write lock was taken is known to hold still. Grows only under that lock.
    changes: Arc<AtomicU64>,
    /// The topics; `None` for an engine that was opened without.
    topics: Option<Arc<topics::Topics>>,
    /// The language model that rewrites summaries, where one is loaded.
    rewriter: Option<generate::Handle>,
    /// The folder below which named snapshots are made.
    snapshots: Option<Arc<Path>>,
    /// The threads for work that takes long, such as summaries.
    pool: pool::Pool,
}

/// What an ingest did with an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The article is new.
    Created,
    /// It replaced an article of the same id that had another text.
    Updated,
    /// The same article with the same text was stored already.
    Unchanged,
}

/// An article that an ingest has stored durably.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// The id of the article.
    pub id: ArticleId,
    /// Whether the article is new, changed, or as it was.
    pub outcome: Outcome,
    /// How many characters title and body have.
    pub char_count: usize,
    /// How many of these went into the embedding, which are those of title and lead. All of them go
    /// into the terms.
    pub char_count_embedded: usize,
}

/// Where an ingest spent its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IngestTimings {
    /// Time for tokenizing and embedding, waiting included.
    pub embed: Duration,
    /// Time for cutting texts into terms and finding entities.
    pub terms: Duration,
    /// Time for reading and writing the store, until everything was durable.
    pub store: Duration,
}

/// A stored article, with the times when it was stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredArticle {
    /// The article.
    pub article: Article,
    /// When it was first stored, in microseconds since 1970 UTC.
    pub created_at_us: i64,
    /// When it was last changed, in microseconds since 1970 UTC.
    pub updated_at_us: i64,
}

/// A page of a list of articles.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleList {
    /// The articles, in ascending order of their ids.
    pub articles: Vec<StoredArticle>,
    /// The id of the first article of the next page, if there is one.
    pub next: Option<ArticleId>,
    /// How many articles pass the filter in all.
    pub total_count: u64,
}

/// A request for a search.
#[derive(Debug, Clone)]
pub struct Search {
    /// The query, as people type it.
    pub text: String,
    /// The conditions that hits must meet.
    pub filter: Filter,
    /// Whether the dense search, the lexical search, or both answer.
    pub mode: Mode,
    /// Whether each text is shown only once, by the best of its reprints.
    pub collapse: bool,
    /// How many hits to skip.
    pub offset: usize,
    /// How many hits to return at most.
    pub limit: Limit,
}

/// A request for related coverage.
#[derive(Debug, Clone)]
pub struct Related {
    /// The article whose related coverage is wanted.
    pub target: Target,
    /// The conditions that hits must meet.
    pub filter: Filter,
    /// Whether the dense search, the lexical search, or both answer.
    pub mode: Mode,
    /// Hits that are less probably related than this are left out. In `[0, 1]`; above 0 only with a
    /// learned ranker.
    pub min_probability: f32,
    /// Whether each text is shown only once, by the best of its reprints.
    pub collapse: bool,
    /// How many hits to skip.
    pub offset: usize,
    /// How many hits to return at most.
    pub limit: Limit,
}

/// An article that a request is about.
#[derive(Debug, Clone)]
pub enum Target {
    /// A stored article. It is left out of an answer that finds others for it.
    Stored(ArticleId),
    /// An article that is given in full and need not be stored. A stored article of the same id is
    /// left out of an answer that finds others for it.
    Given(Box<Record>),
}

/// A page of the hits of a search, or of related coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Whether more hits follow.
    pub more: bool,
    /// Why there are no hits, if [`Engine::related`] found none.
    pub empty: Option<Empty>,
    /// The version of the ranker that ordered related coverage, which is `none` for the order
    /// without learned weights; empty for a search.
    pub ranker: String,
    /// The version of the index.
    pub index_version: String,
    /// Where the time was spent.
    pub timings: Timings,
}

/// Where a request spent its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Time for embedding the query, waiting included.
    pub embed: Duration,
    /// Time for asking the store.
    pub store: Duration,
    /// Time from the arrival of the request to its answer.
    pub total: Duration,
}

/// Facts about the running engine.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// The embedding model.
    pub model: embed::ModelInfo,
    /// The version of the index.
    pub index_version: String,
    /// The state of the store.
    pub store: store::Status,
}
