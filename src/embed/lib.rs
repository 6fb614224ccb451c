//! Computes the embeddings of texts with a neural model that runs in this process.
//!
//! An [`Embedder`] is a loaded model, whose calls block. A [`Handle`] makes it asynchronous: texts
//! wait in one of two bounded lanes until one of the model's threads takes them, so that a query
//! never waits for a whole import. A job whose caller has gone is skipped, and a full lane refuses
//! at once. A text longer than the model's window is cut into windows, whose embeddings are
//! averaged; [`Embedded`] says how much of the text was used, so nothing is truncated silently.
//!
//! [`open`] loads the model that a [`Config`] names: a folder, a name on the Hugging Face hub
//! ([`hub`]), or the model inside this program.

mod batch;
mod bundled;
mod cut;
mod dense;
mod encoder;
mod family;
mod files;
#[cfg(test)]
mod fixture;
mod folder;
pub mod hub;
pub mod inspect;
mod modules;
mod pool;
mod prompts;
mod qwen3;
mod qwen3_config;
mod shards;
mod sizes;
mod statics;
mod tokenize;
mod weights;
mod words;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::FalseyValueParser;

use wenmai_domain::embedding::Embedding;

pub use folder::open;
pub use words::common_words;
pub use worker::Handle;

/// The most windows that a text is cut into; tokens past them are counted but not embedded. This is
/// not a setting, because stored vectors depend on it.
pub const WINDOWS_MAX: usize = 64;

/// A failure of another crate, kept as the cause of an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The embedding of a text, and how much of the text went into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The embedding, `[dim]`, of unit length.
    pub embedding: Embedding,
    /// Tokens in the whole text, without the special tokens that a model adds.
    pub token_count: usize,
    /// Tokens that went into the embedding; fewer than `token_count` only if the text has more than
    /// [`WINDOWS_MAX`] windows.
    pub token_count_used: usize,
    /// Windows that the text was cut into.
    pub window_count: usize,
}

/// The role of a text in a search; some models want another prompt before each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A text that is stored to be found.
    #[default]
    Passage,
    /// A question that is searched with.
    Query,
}

/// The queue in which a text waits for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// For texts whose embedding somebody is waiting for; it goes first.
    Query,
    /// For texts of an import.
    Bulk,
}

/// The type of numbers in which an encoder computes its matrix products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Precision {
    /// 32-bit floating point, as in the reference implementation.
    #[default]
    F32,
    /// 8-bit integers: faster, with vectors that differ a little from those of `f32`.
    Int8,
}

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name of the folder or the name on the hub; `wenmai-news-zh` for the model inside this
    /// program.
    pub name: String,
    /// `bert`, `xlm-roberta`, `qwen3` or `static`.
    pub family: &'static str,
    pub dim: usize,
    /// Tokens that fit into one window, without the special tokens that the model adds.
    pub window_tokens_max: usize,
    /// How token vectors become one vector: `cls`, `mean`, …
    pub pooling: &'static str,
    /// The first 12 hexadecimal digits of the SHA-256 over everything that decides a vector:
    /// configuration, tokenizer, weights, pooling and the modules behind it, the longest input,
    /// prompts, lowercasing, the dimensions that are kept, and the precision unless it is f32.
    pub version: String,
}

/// A loaded model. Its calls block, so only the embedding threads may make them.
pub trait Embedder: Send + Sync {
    /// What is known of the model.
    fn info(&self) -> &ModelInfo;

    /// The token ids of `text` with the prompt for `purpose`, without special tokens.
    ///
    /// # Errors
    /// [`Error::Tokenize`].
    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error>;

    /// Computes the embeddings of windows of token ids, one for each window and in their order. No
    /// window may be empty or longer than [`ModelInfo::window_tokens_max`].
    ///
    /// # Errors
    /// [`Error::Model`]; [`Error::NoDirection`] for a window whose vector is zero or not finite.
    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error>;
}

/// The settings of the model, its threads and its queue.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Model folder in Hugging Face layout, or a name on the Hugging Face hub, `owner/name` or
    /// `owner/name@revision`, which is downloaded if it is not in the cache. Without it, the model
    /// inside this program is used.
    #[arg(long = "model", env = "WENMAI_MODEL", value_name = "DIR|NAME")]
    pub folder: Option<PathBuf>,

    /// Never ask the hub: a model given by name must be in the cache.
    #[arg(long, env = "HF_HUB_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
    /// Keep only the first N numbers of an embedding, for models that were trained for that
    /// (Matryoshka); 0 keeps all. Without it, the model's folder decides.
    #[arg(long = "embed-dim", env = "WENMAI_EMBED_DIM", value_name = "N")]
    pub dim: Option<usize>,

    /// Text to put before a question instead of the model's own prompt; \n is a line break, an
    /// empty text means no prompt.
    #[arg(long, env = "WENMAI_QUERY_PROMPT", value_name = "TEXT")]
    pub query_prompt: Option<String>,

    /// Text to put before a passage instead of the model's own prompt; \n is a line break, an empty
    /// text means no prompt.
    #[arg(long, env = "WENMAI_PASSAGE_PROMPT", value_name = "TEXT")]
    pub passage_prompt: Option<String>,

    /// Threads that run the model; 0 means one for each processor.
    #[arg(
        long = "embed-threads",
        env = "WENMAI_EMBED_THREADS",
        default_value_t = 0,
        value_name = "N"
    )]
    pub threads: usize,

    /// Texts that may wait in each lane before more are refused; an empty lane always accepts one
    /// call, whatever its size.
    #[arg(
        long = "embed-queue",
        env = "WENMAI_EMBED_QUEUE",
        default_value_t = 4096,
        value_name = "N"
    )]
    pub queue_texts_max: usize,

    /// Tokens in one forward pass: the length of the longest window of a batch times the number of
    /// windows.
    #[arg(long, env = "WENMAI_EMBED_BATCH_TOKENS", default_value_t = 4096, value_name = "N")]
    pub embed_batch_tokens: usize,

    /// Type of numbers in which an encoder computes; a static model has no products to compute. An
    /// index made with one cannot be searched with the other.
    #[arg(
        long = "embed-precision",
        env = "WENMAI_EMBED_PRECISION",
        value_enum,
        default_value_t = Precision::F32,
        value_name = "NUMBERS"
    )]
    pub precision: Precision,
}

impl Default for Config {
    /// The settings of a command line that sets none of them.
    fn default() -> Self {
        Self {
            folder: None,
            offline: false,
            dim: None,
            query_prompt: None,
            passage_prompt: None,
            threads: 0,
            queue_texts_max: 4096,
            embed_batch_tokens: 4096,
            precision: Precision::F32,
        }
    }
}

/// The ways in which a text can fail to get an embedding.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text contains no token that the model knows.
    #[error("text holds nothing that the model can read")]
    Empty,
    /// There is no room in the lane.
    #[error("embedding queue is full")]
    Overloaded,
    /// The embedding threads have ended.
    #[error("embedding has stopped")]
    Stopped,
    /// The tokenizer failed.
    #[error("text could not be tokenized")]
    Tokenize(#[source] BoxError),
    /// The forward pass failed.
    #[error("model forward pass failed")]
    Model(#[source] BoxError),
    /// The model or its tokenizer panicked over this text.
    #[error("model broke down")]
    Panicked,
    /// The vector that the model computed is zero or not finite.
    #[error("model gave a vector without a direction")]
    NoDirection,
    /// A model given by name is neither in the cache nor could be downloaded.
    #[error("model is not available")]
    Hub(#[source] hub::Error),
    /// The model cannot be loaded from its folder.
    #[error("model folder {} cannot be loaded: {reason}", folder.display())]
    Folder {
        folder: PathBuf,
        /// What is missing or wrong in it.
        reason: String,
    },
}

/// A model that can be shared between threads.
pub type Model = Arc<dyn Embedder>;
