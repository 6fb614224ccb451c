//! The model inside this program, which is loaded when the first text needs it.
//!
//! What is known of it is written down here, so a command that embeds nothing loads nothing, and
//! opening an index does not hash 20 MB to find a version that cannot have changed. A test compares
//! these facts with those that loading finds.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::OnceLock;

use crate::Config;
use crate::Embedder;
use crate::Error;
use crate::ModelInfo;
use crate::Precision;
use crate::Purpose;
use crate::family::Family;
use crate::files::Files;
use crate::modules::Modules;
use crate::prompts::Prompts;
use crate::statics::StaticModel;
use crate::weights::Weights;
use wenmai_domain::embedding::Embedding;

pub(super) const NAME: &str = "wenmai-news-zh";
pub(super) const CONFIG: &[u8] = include_bytes!("../../models/wenmai-news-zh/config.json");
pub(super) const TOKENIZER: &[u8] = include_bytes!("../../models/wenmai-news-zh/tokenizer.json");
pub(super) const WEIGHTS: &[u8] = include_bytes!("../../models/wenmai-news-zh/model.safetensors");

impl Files {
    pub(super) fn bundled() -> Result<Self, String> {
        Ok(Self {
            name: NAME.to_owned(),
            family: Family::Static,
            config: CONFIG.into(),
            tokenizer: TOKENIZER.into(),
            weights: Weights::unchecked("model.safetensors", WEIGHTS)?,
            modules: Modules::default(),
            prompts: Prompts::default(),
            max_seq_length: None,
            truncate_dim: None,
            precision: Precision::F32,
        })
    }
}

/// What [`Files::load`] finds for this model; [`ModelInfo::version`] says how the version is
/// computed.
static INFO: LazyLock<ModelInfo> = LazyLock::new(|| ModelInfo {
    name: NAME.to_owned(),
    family: "static",
    dim: 512,
    window_tokens_max: 512,
    pooling: "mean",
    version: "7a8d9e8ec2ea".to_owned(),
});

/// The bundled model without a change of its prompts or dimensions, loaded on first use.
#[derive(Default)]
pub(super) struct Bundled {
    model: OnceLock<Result<StaticModel, Arc<str>>>,
}

impl Bundled {
    /// Whether `config` leaves the dimensions and the prompts of the bundled model as they are.
    pub(super) fn serves(config: &Config) -> bool {
        let Config { folder: _, offline: _, dim, query_prompt, passage_prompt, .. } = config;
        dim.is_none() && query_prompt.is_none() && passage_prompt.is_none()
    }

    fn model(&self) -> Result<&StaticModel, Error> {
        let load = || Files::bundled().and_then(|files| StaticModel::load(&files, INFO.clone()));
        let loaded = self.model.get_or_init(|| load().map_err(Arc::from));
        loaded.as_ref().map_err(|reason| Error::Model(reason.to_string().into()))
    }
}

impl Embedder for Bundled {
    fn info(&self) -> &ModelInfo {
        &INFO
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        self.model()?.tokenize(text, purpose)
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        self.model()?.forward(windows)
    }
}

#[cfg(test)]
mod tests {
    use super::Bundled;
    use super::WEIGHTS;
    use crate::Config;
    use crate::Embedder;
    use crate::Purpose;
    use crate::files::Files;
    use crate::weights::Weights;

    #[test]
    fn the_facts_are_those_that_loading_finds() {
        let loaded = Files::bundled().unwrap().load(&Config::default()).unwrap();
        assert_eq!(Bundled::default().info(), loaded.info());
    }

    #[test]
    fn every_number_of_the_weights_is_finite() {
        assert!(Weights::new("model.safetensors", WEIGHTS).is_ok());
    }

    #[test]
    fn another_prompt_or_dim_is_another_model() {
        assert!(Bundled::serves(&Config::default()));
        let prompted = Config { query_prompt: Some("问：".into()), ..Config::default() };
        assert!(!Bundled::serves(&prompted));
        assert!(!Bundled::serves(&Config { dim: Some(256), ..Config::default() }));
    }

    #[test]
    fn a_text_loads_the_model() {
        let model = Bundled::default();
        let ids = model.tokenize("清河大桥今日合龙", Purpose::Query).unwrap();
        assert_eq!(model.forward(&[&ids]).unwrap().remove(0).dim(), 512);
    }
}
