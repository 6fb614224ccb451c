//! Opens the model, the analyzer of terms and the store, and joins them to an engine.

use std::sync::Arc;

use crate::Engine;
use crate::Error;
use crate::index_version;
use wenmai_embed as embed;
use wenmai_store as store;
use wenmai_store::Make;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

impl Engine {
    /// An engine over the data folder that `store` names.
    ///
    /// # Errors
    /// [`Error::Embed`] for a model folder that cannot be loaded; [`Error::Terms`];
    /// [`Error::Entities`];
    /// [`Error::Store`] for a data folder that is locked, unusable, or of another index version.
    pub fn open(embed: &embed::Config, store: &store::Config) -> Result<Self, Error> {
        Ok(Self::open_with(embed, |make| store::open(store, make))?.0)
    }

    /// An engine over an empty store in memory, whose contents are gone when it is dropped.
    ///
    /// # Errors
    /// [`Error::Embed`] for a model folder that cannot be loaded; [`Error::Terms`];
    /// [`Error::Entities`].
    pub fn open_in_memory(embed: &embed::Config) -> Result<Self, Error> {
        Ok(Self::open_with(embed, |make| Ok(store::open_memory(make)))?.0)
    }

    /// An engine over the store that `open` opens, and that store.
    ///
    /// # Errors
    /// As [`Engine::open`]; also what `open` returns.
    pub fn open_with(
        config: &embed::Config,
        open: impl FnOnce(&Make) -> Result<store::Store, store::Error>,
    ) -> Result<(Self, store::Store), Error> {
        let model = embed::open(config)?;
        let extractor = Extractor::load(Arc::new(Analyzer::load()?))?;
        let make = Make { index_version: index_version(model.info()), dim: model.info().dim };
        let store = open(&make)?;
        let engine =
            Self::new(embed::Handle::start(model, config), store.clone(), Arc::new(extractor));
        Ok((engine, store))
    }
}
