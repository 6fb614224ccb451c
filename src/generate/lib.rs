//! Writes text with a language model that runs in this process.
//!
//! A [`Writer`] is a loaded model, whose calls block. A [`Handle`] makes it asynchronous with a
//! bounded queue before a thread that it owns. Between two tokens the thread notices that its
//! caller has gone or that the time is up, and a full queue refuses at once. What the model wrote
//! is not judged here; that is the caller's task (`wenmai-summary`, `guard`).

#[cfg(feature = "rewrite")]
mod chat;
#[cfg(feature = "rewrite")]
mod folder;
#[cfg(feature = "rewrite")]
mod qwen3;
mod worker;

#[cfg(not(feature = "rewrite"))]
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "rewrite")]
pub use folder::open;
pub use worker::Handle;

/// A failure of another crate, kept as the cause of an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Refuses every folder, because this program was built without the feature `rewrite`.
///
/// # Errors
/// [`Error::Folder`] in every case.
#[cfg(not(feature = "rewrite"))]
pub fn open(folder: &Path) -> Result<Box<dyn Writer>, Error> {
    let reason = "this program was built without the feature `rewrite`".to_owned();
    Err(Error::Folder { folder: folder.to_owned(), reason })
}

/// The settings of the language model and its queue.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Folder with a Qwen3 language model, as one `*.gguf` (or `model.gguf`) and its
    /// `tokenizer.json`, that rewrites summaries for calls that ask for it. Without it nothing is
    /// rewritten.
    #[arg(long = "rewrite-model", env = "WENMAI_REWRITE_MODEL", value_name = "DIR")]
    pub rewrite_model: Option<PathBuf>,

    /// Milliseconds that one rewriting may take, waiting included; after that the cited sentences
    /// are shown. Should be less than the time that callers allow (10 s unless they say more).
    #[arg(
        long = "rewrite-ms",
        env = "WENMAI_REWRITE_MS",
        default_value_t = 8_000,
        value_name = "MS"
    )]
    pub rewrite_ms_max: u64,

    /// Rewritings that may wait for the model before more are refused.
    #[arg(
        long = "rewrite-queue",
        env = "WENMAI_REWRITE_QUEUE",
        default_value_t = 8,
        value_name = "N"
    )]
    pub rewrite_queue_max: usize,
}

impl Default for Config {
    /// The settings of a command line that sets none of them.
    fn default() -> Self {
        Self { rewrite_model: None, rewrite_ms_max: 8_000, rewrite_queue_max: 8 }
    }
}

impl Config {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.rewrite_ms_max)
    }
}

/// What a language model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The system message: the role of the model and the rules for its answer.
    pub system: String,
    /// The user message: the task with the text. Special tokens of a chat in it are read as plain
    /// text.
    pub user: String,
    /// The most tokens that the model may write.
    pub token_max: usize,
}

/// The answer of a language model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    /// Whether the model ended the answer itself, and not the limit of [`Prompt::token_max`].
    pub is_finished: bool,
}

/// A loaded language model. Its calls block, so only its own thread may make them.
pub trait Writer: Send {
    /// The name of the model.
    fn name(&self) -> &str;

    /// Writes the likeliest answer to `prompt`, which is the same every time.
    ///
    /// Calls `goes_on` before each step, and ends with [`Error::Stopped`] if it returns `false`.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Model`]; [`Error::Stopped`].
    fn write(
        &mut self,
        prompt: &Prompt,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Written, Error>;
}

/// The ways in which writing can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model cannot be loaded from its folder.
    #[error("language model folder {} cannot be loaded: {reason}", folder.display())]
    Folder {
        folder: PathBuf,
        /// What is missing or wrong in it.
        reason: String,
    },
    /// The prompt does not fit into the context of the model.
    #[error("prompt has {given} tokens, at most {limit} fit")]
    TooLong {
        /// The most tokens that fit.
        limit: usize,
        /// The tokens of the prompt.
        given: usize,
    },
    /// There is no room in the queue.
    #[error("language model is busy")]
    Overloaded,
    /// The answer took longer than it may.
    #[error("language model took too long")]
    TimedOut,
    /// The forward pass failed.
    #[error("language model failed")]
    Model(#[source] BoxError),
    /// The model panicked over this prompt.
    #[error("language model broke down")]
    Panicked,
    /// The thread has ended, or nobody waits for the answer any more.
    #[error("language model has stopped")]
    Stopped,
}
