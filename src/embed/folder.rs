//! Loads a model, from a folder in Hugging Face layout or from inside this program.
//!
//! A name on the hub is first turned into a folder by `hub`; reading a folder never uses the
//! network. What is wrong with a folder is reported when it is opened, with the name of the file,
//! and not with the first text.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Arc;

use crate::Config;
use crate::Error;
use crate::Model;
use crate::ModelInfo;
use crate::bundled;
use crate::bundled::Bundled;
use crate::cut::Cut;
use crate::encoder::Encoder;
use crate::family::Family;
use crate::files::Files;
use crate::hub;
use crate::hub::Located;
use crate::qwen3::Qwen3;
use crate::statics::StaticModel;

/// Loads the model that `config` names: a folder, a name on the hub, or else the model inside this
/// program.
///
/// # Errors
/// [`Error::Hub`] for a name that is neither in the cache nor can be downloaded; [`Error::Folder`]
/// with what is missing or wrong.
pub fn open(config: &Config) -> Result<Model, Error> {
    load(&hub::locate(config)?, config)
}

/// Loads the model from the files at `located`.
///
/// # Errors
/// [`Error::Folder`] with what is missing or wrong.
pub(super) fn load(located: &Located, config: &Config) -> Result<Model, Error> {
    let (files, shown) = match located {
        Located::Bundled if Bundled::serves(config) => return Ok(Arc::new(Bundled::default())),
        Located::Bundled => (Files::bundled(), Path::new(bundled::NAME)),
        Located::Folder(folder) => (Files::read(folder), folder.as_path()),
        Located::Cached(repo, folder) => {
            let files = Files::read(folder);
            (files.map(|files| Files { name: repo.id(), ..files }), folder.as_path())
        }
    };
    files
        .and_then(|files| files.load(config))
        .map_err(|reason| Error::Folder { folder: shown.to_owned(), reason })
}

impl Files {
    /// Loads the model of these files with the settings of `config`.
    ///
    /// # Errors
    /// A sentence about what is wrong with the files or the settings.
    pub(super) fn load(mut self, config: &Config) -> Result<Model, String> {
        self = self.with(config.precision);
        self.prompts = self.prompts.overridden(config);
        self.check()?;
        let info = ModelInfo {
            name: self.name.clone(),
            family: "",
            dim: 0,
            window_tokens_max: 0,
            pooling: "",
            version: self.version(None),
        };
        let model = load_family(&self, info)?;
        self.finish(model, config)
    }

    /// Wraps `model` so that it gives embeddings of the final length, which the head, the folder
    /// and the settings decide; until then its `dim` is the length of its pooled vectors.
    fn finish(&self, model: Model, config: &Config) -> Result<Model, String> {
        let pooled = model.info().dim;
        let whole = self.modules.head.dim(pooled)?;
        let kept = match config.dim {
            Some(dim) if dim > whole => {
                return Err(format!(
                    "--embed-dim {dim} is more than the {whole} numbers that the model gives"
                ));
            }
            Some(0) => whole,
            Some(dim) => dim,
            None => self.truncate_dim.filter(|dim| *dim > 0).map_or(whole, |dim| dim.min(whole)),
        };
        if kept == pooled {
            return Ok(model);
        }
        let version = self.version((kept < whole).then_some(kept));
        let info = ModelInfo { dim: kept, version, ..model.info().clone() };
        Ok(Arc::new(Cut::new(model, info)))
    }
}

/// Loads a model of the family that its files belong to. The `dim` of the result is the length of
/// its pooled vectors.
fn load_family(files: &Files, info: ModelInfo) -> Result<Model, String> {
    let load = || {
        Ok(match files.family {
            Family::Encoder => Arc::new(Encoder::load(files, info)?) as Model,
            Family::Qwen3 => Arc::new(Qwen3::load(files, info)?),
            Family::Static | Family::StaticEmbedding => Arc::new(StaticModel::load(files, info)?),
        })
    };
    // A panic over something that no check has found must not end the program.
    catch_unwind(AssertUnwindSafe(load))
        .unwrap_or_else(|_panic| Err("the model breaks down over these files".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::open;
    use crate::Config;
    use crate::Purpose;
    use crate::fixture;

    #[test]
    fn bert_agrees_with_the_reference_in_every_pooling_mode() {
        assert_encoder_agrees("bert");
    }

    #[test]
    fn xlm_roberta_agrees_with_the_reference_in_every_pooling_mode() {
        assert_encoder_agrees("xlmr");
    }

    fn assert_encoder_agrees(name: &str) {
        let cases = fixture::expected(name);
        let pooling_modes =
            [("cls", "cls"), ("mean", "mean"), ("last", "lasttoken"), ("weighted", "weightedmean")];
        for (mode, setting) in pooling_modes {
            let folder = fixture::copy(name);
            let pooling = folder.path().join("1_Pooling/config.json");
            fixture::set(&pooling, "pooling_mode", setting);
            let loaded = fixture::load(folder.path());
            assert_eq!(loaded.info().pooling, mode);
            let pairs: Vec<(&str, &[f32])> = cases
                .iter()
                .map(|case| (case.text.as_str(), case.embeddings[mode].as_slice()))
                .collect();
            fixture::assert_parity(&loaded, Purpose::Passage, &pairs);
        }
    }

    #[test]
    fn tokens_of_encoders_agree_with_the_reference() {
        for (name, family) in [("bert", "bert"), ("xlmr", "xlm-roberta")] {
            let model = fixture::load(&fixture::folder(name));
            assert_eq!((model.info().family, model.info().window_tokens_max), (family, 62));
            for case in fixture::expected(name) {
                let ids = model.tokenize(&case.text, Purpose::Passage).unwrap();
                assert_eq!(ids, case.ids[1..case.ids.len() - 1], "{}", case.text);
            }
        }
    }

    #[test]
    fn the_bundled_model_loads_and_knows_like_from_unlike() {
        let model = open(&Config::default()).unwrap();
        let embed = |text: &str| {
            let ids = model.tokenize(text, Purpose::Passage).unwrap();
            model.forward(&[&ids]).unwrap().remove(0)
        };
        let bridge = embed("清河大桥今日合龙，预计年底通车");
        let traffic = embed("清河大桥建成通车，两岸群众出行更方便");
        let grain = embed("秋粮收购全面展开，农民增收有保障");
        assert!(bridge.similarity(&traffic) > bridge.similarity(&grain) + 0.1);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        assert!(fixture::reason("no/such/folder".as_ref()).contains("no such folder"));
        for (fixture, file) in [
            ("bert", "config.json"),
            ("bert", "tokenizer.json"),
            ("bert", "model.safetensors"),
            ("bert", "1_Pooling/config.json"),
            ("dense", "2_Dense/config.json"),
            ("dense", "4_Dense/model.safetensors"),
            ("qwen3", "model-00002-of-00002.safetensors"),
            ("static_embedding", "tokenizer.json"),
        ] {
            let folder = fixture::copy(fixture);
            std::fs::remove_file(folder.path().join(file)).unwrap();
            let reason = fixture::reason(folder.path());
            assert!(reason.contains(file), "{file}: {reason}");
        }
    }

    #[test]
    fn pickled_weights_are_refused_with_a_way_out() {
        let folder = fixture::copy("bert");
        let file = folder.path().join("model.safetensors");
        std::fs::rename(file, folder.path().join("pytorch_model.bin")).unwrap();
        let reason = fixture::reason(folder.path());
        assert!(reason.contains("pytorch_model.bin is not read"), "{reason}");
        assert!(reason.contains("safe_serialization=True"), "{reason}");
    }

    #[test]
    fn a_prompt_that_pooling_should_leave_out_is_refused() {
        let folder = fixture::copy("dense");
        fixture::set(&folder.path().join("1_Pooling/config.json"), "include_prompt", false);
        assert!(fixture::reason(folder.path()).contains("include_prompt"));
        let no_prompts = Config {
            query_prompt: Some(String::new()),
            passage_prompt: Some(String::new()),
            ..fixture::config(folder.path())
        };
        assert!(open(&no_prompts).is_ok());
    }

    #[test]
    fn whatever_changes_a_vector_changes_the_version() {
        let folder = fixture::copy("dense");
        let config = fixture::config(folder.path());
        let version = |config: &Config| open(config).unwrap().info().version.clone();
        let mut seen = vec![version(&config)];
        seen.push(version(&Config { dim: Some(4), ..config.clone() }));
        seen.push(version(&Config { dim: Some(5), ..config.clone() }));
        seen.push(version(&Config { query_prompt: Some("问".into()), ..config.clone() }));
        seen.push(version(&Config { passage_prompt: Some("问".into()), ..config.clone() }));
        fixture::set(
            &folder.path().join("2_Dense/config.json"),
            "activation_function",
            "torch.nn.modules.linear.Identity",
        );
        seen.push(version(&config));
        fixture::set(&folder.path().join("1_Pooling/config.json"), "pooling_mode", "cls");
        seen.push(version(&config));
        fixture::set(&folder.path().join("sentence_bert_config.json"), "do_lower_case", true);
        seen.push(version(&config));
        let mut different = seen.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), seen.len());
        // To keep all numbers is no change.
        assert_eq!(version(&Config { dim: Some(12), ..config.clone() }), seen[7]);
    }
}
