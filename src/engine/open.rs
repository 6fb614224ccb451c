//! Opens the model, the analyzer of terms and the store, and joins them to an engine.

use std::sync::Arc;

use crate::Engine;
use crate::Error;
use crate::index_version;
use wenmai_embed as embed;
use wenmai_embed::Purpose;
use wenmai_store as store;
use wenmai_store::Make;
use wenmai_text::entity::Extractor;

/// A text that loads the model.
const PROBE: &str = "新闻";

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
    /// [`Error::Embed`] for a model folder that cannot be loaded.
    pub fn open_in_memory(embed: &embed::Config) -> Result<Self, Error> {
        let model = embed::open(embed)?;
        let store = store::open_memory(&make(&model));
        let extractor = Arc::new(Extractor::bundled(Arc::default()));
        Ok(Self::new(embed::Handle::start(model, embed), store, extractor))
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
        let extractor = Extractor::bundled(Arc::default());
        // What the first question needs is loaded while the store opens.
        let (store, checked) = std::thread::scope(|scope| {
            let loading = scope.spawn(|| {
                // Its failure is that of the first text.
                let _loaded = model.tokenize(PROBE, Purpose::Query);
                extractor.prepare();
                extractor.analyzer().check()
            });
            (open(&make(&model)), loading.join())
        });
        let store = store?;
        if let Ok(checked) = checked {
            checked?;
        }
        let engine =
            Self::new(embed::Handle::start(model, config), store.clone(), Arc::new(extractor));
        Ok((engine, store))
    }
}

/// What the index of `model` is made of.
fn make(model: &embed::Model) -> Make {
    Make { index_version: index_version(model.info()), dim: model.info().dim }
}
