//! Names and words of the user's: other names of one thing, and a table of the archive's own words.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Engine;
use wenmai_suggest::words::Table;
use wenmai_suggest::words::Wrong;
use wenmai_text::query::synonym::Synonyms;

/// The settings for other names and own words.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Other names: a line holds the names of one thing, apart by blanks, short forms that are only
    /// understood behind a tab; a line `-NAME` takes away what is known of a name. A search for one
    /// of them also looks for the others.
    #[arg(long, env = "WENMAI_SYNONYMS", value_name = "FILE")]
    pub synonyms: Option<PathBuf>,

    /// Words of the archive's own, as `wenmai words` keeps them: a word a line, a number of articles
    /// behind a tab; a line `-WORD` keeps a word out. Keywords of topics keep them whole, and they
    /// are suggested.
    #[arg(long, env = "WENMAI_WORDS", value_name = "FILE")]
    pub words: Option<PathBuf>,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{what} {} cannot be read", path.display())]
    Read {
        /// What the file is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line of the file cannot be used.
    #[error("words {} cannot be used", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line that is wrong.
        #[source]
        source: Wrong,
    },
}

/// Other names and own words.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    synonyms: Option<Synonyms>,
    pub(super) words: Table,
}

impl Vocabulary {
    /// The other names of what a query names.
    pub(super) fn synonyms(&self) -> &Synonyms {
        self.synonyms.as_ref().unwrap_or_else(|| Synonyms::bundled())
    }
}

impl Engine {
    /// The same engine with the names and words that `config` names.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Wrong`] names the line.
    pub fn with_vocabulary(mut self, config: &Config) -> Result<Self, Error> {
        let read = |what, path: &PathBuf| {
            std::fs::read_to_string(path).map_err(|source| Error::Read {
                what,
                path: path.clone(),
                source,
            })
        };
        let mut vocabulary = Vocabulary::default();
        if let Some(path) = &config.synonyms {
            vocabulary.synonyms = Some(Synonyms::amended(&read("synonyms", path)?));
        }
        if let Some(path) = &config.words {
            let wrong = |source| Error::Wrong { path: path.clone(), source };
            vocabulary.words = Table::read(&read("words", path)?).map_err(wrong)?;
        }
        self.vocabulary = Arc::new(vocabulary);
        Ok(self)
    }
}
