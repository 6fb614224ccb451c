//! Which vector does the model give a text?
//!
//! An [`Embedder`] is a loaded model and blocks; a [`Handle`] is its async face: a bounded queue
//! with two lanes before owned threads. A query is never stuck behind a bulk import, a job whose
//! caller has gone is skipped, and a full queue refuses at once. A text longer than the model's
//! window is embedded window by window and averaged, and the answer says so: nothing is truncated
//! in silence.

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

/// Windows that a text may have; what is past them is counted but not embedded. Not a setting: stored
/// vectors depend on it.
pub const WINDOWS_MAX: usize = 64;

/// An error that another crate caused.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A text's embedding, and how much of the text went into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// The embedding, `[dim]`.
    pub embedding: Embedding,
    /// Tokens in the whole text, without the marks a model adds.
    pub token_count: usize,
    /// Tokens that went into the embedding; fewer than `token_count` only past the window limit.
    pub token_count_used: usize,
    /// Windows the text was cut into.
    pub window_count: usize,
}

/// What a text is to the model; some models put another prompt before each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A text that will be found.
    #[default]
    Passage,
    /// A question that finds.
    Query,
}

/// Which queue a text waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Somebody waits for the answer.
    Query,
    /// An import.
    Bulk,
}

/// In which numbers an encoder multiplies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Precision {
    /// 32-bit floating point: what the reference implementation gives.
    #[default]
    F32,
    /// 8-bit integers: faster, and vectors that differ a little from those of `f32`.
    Int8,
}

/// Facts about a loaded model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The model's name: the folder's, or `wenmai-news-zh`.
    pub name: String,
    /// `bert`, `xlm-roberta`, `qwen3` or `static`.
    pub family: &'static str,
    /// Numbers in an embedding.
    pub dim: usize,
    /// Tokens that one window holds, without the marks a model adds.
    pub window_tokens_max: usize,
    /// `cls`, `mean`, …
    pub pooling: &'static str,
    /// First 12 hexadecimal digits of the SHA-256 over all that decides a vector: weights,
    /// configuration, tokenizer, pooling and what is behind it, prompts, the part that is kept,
    /// and the precision unless it is f32.
    pub version: String,
}

/// A loaded model. Blocking; call it from the embed threads only.
pub trait Embedder: Send + Sync {
    /// Facts about the model.
    fn info(&self) -> &ModelInfo;

    /// The token ids of `text`, without the marks a model adds.
    ///
    /// # Errors
    /// [`Error::Tokenize`].
    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error>;

    /// The embeddings of windows of token ids, none of them empty or longer than the window, in
    /// order.
    ///
    /// # Errors
    /// [`Error::Model`]; [`Error::NoDirection`] for a window that the model gives no direction.
    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error>;
}

/// Which model, and how its work is queued.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Model folder in Hugging Face layout, or a name on the Hugging Face hub: `owner/name` or
    /// `owner/name@revision`, fetched if it is not in the cache. Without it the model inside this
    /// program.
    #[arg(long = "model", env = "WENMAI_MODEL", value_name = "DIR|NAME")]
    pub folder: Option<PathBuf>,

    /// Never ask the hub: a model by name must be in the cache.
    #[arg(long, env = "HF_HUB_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
    /// Keep the first N numbers of an embedding, for models trained so that these say most
    /// (Matryoshka); 0 keeps all. Without it, what the folder says.
    #[arg(long = "embed-dim", env = "WENMAI_EMBED_DIM", value_name = "N")]
    pub dim: Option<usize>,

    /// Text put before a question, instead of the folder's; \n is a line break, empty is none.
    #[arg(long, env = "WENMAI_QUERY_PROMPT", value_name = "TEXT")]
    pub query_prompt: Option<String>,

    /// Text put before a passage, instead of the folder's; \n is a line break, empty is none.
    #[arg(long, env = "WENMAI_PASSAGE_PROMPT", value_name = "TEXT")]
    pub passage_prompt: Option<String>,

    /// Threads that run the model; 0 means one per processor.
    #[arg(
        long = "embed-threads",
        env = "WENMAI_EMBED_THREADS",
        default_value_t = 0,
        value_name = "N"
    )]
    pub threads: usize,

    /// Texts that may wait in each lane before more are refused; one call is always taken by an
    /// empty lane.
    #[arg(
        long = "embed-queue",
        env = "WENMAI_EMBED_QUEUE",
        default_value_t = 4096,
        value_name = "N"
    )]
    pub queue_texts_max: usize,

    /// Tokens in one forward pass: the longest window of a batch times their number.
    #[arg(long, env = "WENMAI_EMBED_BATCH_TOKENS", default_value_t = 4096, value_name = "N")]
    pub embed_batch_tokens: usize,

    /// Numbers in which an encoder multiplies; a static model has nothing to multiply. What was
    /// stored with the one cannot be searched with the other.
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
    /// The settings of a command line that names none.
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

/// What can go wrong between a text and its embedding.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text holds no token that the model knows.
    #[error("text holds nothing that the model can read")]
    Empty,
    /// The lane is full.
    #[error("embedding queue is full")]
    Overloaded,
    /// The threads have stopped.
    #[error("embedding has stopped")]
    Stopped,
    /// The tokenizer failed.
    #[error("text could not be tokenized")]
    Tokenize(#[source] BoxError),
    /// The forward pass failed.
    #[error("model forward pass failed")]
    Model(#[source] BoxError),
    /// The model or its tokenizer broke down over this text.
    #[error("model broke down")]
    Panicked,
    /// The model's answer is zero or not finite.
    #[error("model gave a vector without a direction")]
    NoDirection,
    /// A model by name that cannot be had.
    #[error("model is not available")]
    Hub(#[source] hub::Error),
    /// A model folder that cannot be loaded.
    #[error("model folder {} cannot be loaded: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is missing or wrong in it.
        reason: String,
    },
}

/// A model, shared.
pub type Model = Arc<dyn Embedder>;
