//! What does a language model write when it is asked to?
//!
//! A [`Writer`] is a loaded model and blocks; a [`Handle`] is its async face: a bounded queue
//! before one owned thread. A caller that has gone is noticed between two tokens, time that is up
//! as well, and a full queue refuses at once. Nothing here judges what was written: that is the
//! caller's (`summary::guard`).

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

/// An error that another crate caused.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Refuses `folder`: this program was built without the feature `rewrite`.
///
/// # Errors
/// [`Error::Folder`], always.
#[cfg(not(feature = "rewrite"))]
pub fn open(folder: &Path) -> Result<Box<dyn Writer>, Error> {
    let reason = "this program was built without the feature `rewrite`".to_owned();
    Err(Error::Folder { folder: folder.to_owned(), reason })
}

/// Which model writes, and for how long.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Folder with a Qwen3 language model, one `*.gguf` (or `model.gguf`) and its
    /// `tokenizer.json`, that may rewrite summaries where a call asks for it. Without it nothing
    /// is rewritten.
    #[arg(long = "rewrite-model", env = "WENMAI_REWRITE_MODEL", value_name = "DIR")]
    pub rewrite_model: Option<PathBuf>,

    /// Milliseconds that one rewriting may take, waiting included; then the citation is shown.
    /// Below the time that callers grant (10 s unless they say more).
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
    /// The settings of a command line that names none.
    fn default() -> Self {
        Self { rewrite_model: None, rewrite_ms_max: 8_000, rewrite_queue_max: 8 }
    }
}

impl Config {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.rewrite_ms_max)
    }
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Who it is and by which rules it writes.
    pub system: String,
    /// What it is to do, with the text. Marks of a chat inside are read as plain text.
    pub user: String,
    /// Tokens that it may write.
    pub token_max: usize,
}

/// What a model wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Whether it came to an end by itself, not by [`Prompt::token_max`].
    pub is_finished: bool,
}

/// A loaded model. Blocking; call it from its own thread only.
pub trait Writer: Send {
    /// Which model that is.
    fn name(&self) -> &str;

    /// The likeliest answer to `prompt`, the same every time.
    ///
    /// Asks `goes_on` between two steps and ends with [`Error::Stopped`] where it says no.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Model`]; [`Error::Stopped`].
    fn write(
        &mut self,
        prompt: &Prompt,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Written, Error>;
}

/// What can go wrong between a prompt and an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model folder that cannot be loaded.
    #[error("language model folder {} cannot be loaded: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is missing or wrong in it.
        reason: String,
    },
    /// The prompt does not fit into the model.
    #[error("prompt has {given} tokens, at most {limit} fit")]
    TooLong {
        /// At most so many.
        limit: usize,
        /// So many it has.
        given: usize,
    },
    /// Too many wait.
    #[error("language model is busy")]
    Overloaded,
    /// It took longer than it may.
    #[error("language model took too long")]
    TimedOut,
    /// The forward pass failed.
    #[error("language model failed")]
    Model(#[source] BoxError),
    /// The model broke down over this prompt.
    #[error("language model broke down")]
    Panicked,
    /// The thread has stopped, or nobody waits any more.
    #[error("language model has stopped")]
    Stopped,
}
