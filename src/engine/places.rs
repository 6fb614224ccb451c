//! The places that the service knows: the bundled ones, and those of a file that the user names.

use std::path::PathBuf;
use std::sync::Arc;

use crate::Engine;
use wenmai_text::entity;
use wenmai_text::entity::Extractor;
use wenmai_text::entity::gazetteer::Gazetteer;
use wenmai_text::entity::gazetteer::Malformed;

/// The settings for the places that the service knows.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Places to add to the bundled ones, or to put in their stead: a line is
    /// `name<TAB>parent<TAB>other names`, as in src/text/entity/gazetteer.tsv. What is stored keeps
    /// the places it was stored with.
    #[arg(long, env = "WENMAI_GAZETTEER", value_name = "FILE")]
    pub gazetteer: Option<PathBuf>,
}

/// What is wrong with a file of places.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("gazetteer {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A line of the file cannot be used.
    #[error("gazetteer {} cannot be used", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line that is wrong, and the reason.
        #[source]
        source: Malformed,
    },
    /// The names of the places do not fit into the extractor.
    #[error("places cannot be used")]
    Entities(#[from] entity::Error),
}

impl Engine {
    /// The same engine with the places that `config` names.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Wrong`] names the line; [`Error::Entities`] for too many names.
    pub fn with_gazetteer(mut self, config: &Config) -> Result<Self, Error> {
        let Some(path) = config.gazetteer.clone() else {
            return Ok(self);
        };
        let rows = std::fs::read_to_string(&path)
            .map_err(|source| Error::Read { path: path.clone(), source })?;
        let mut gazetteer = Gazetteer::bundled().map_err(entity::Error::from)?;
        gazetteer.amend(&rows).map_err(|source| Error::Wrong { path, source })?;
        let extractor = Extractor::with_gazetteer(Arc::clone(&self.analyzer), gazetteer)?;
        self.extractor = Arc::new(extractor);
        Ok(self)
    }
}
