//! A model's files: from a Hugging Face folder, or the model inside this program.
//!
//! A name on the hub is turned into its folder first (`hub`); a folder never touches the network. A
//! file that is missing, unreadable or of a family we lack is named, and what is wrong with a folder
//! is said when it is opened, not at the first text.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::Config;
use crate::Error;
use crate::Model;
use crate::ModelInfo;
use crate::Precision;
use crate::cut::Cut;
use crate::family::Family;
use crate::hub;
use crate::hub::Located;
use crate::modules::Modules;
use crate::modules::optional;
use crate::pool::Pooling;
pub(super) use crate::prompts::Prompts;
use crate::prompts::SentenceTransformers;
use crate::shards;
use crate::sizes;
use crate::tokenize;
use crate::weights::Weights;
use wenmai_domain::digest::sha256;

/// The files of the model inside this program.
pub(super) mod bundled {
    pub(crate) const NAME: &str = "wenmai-news-zh";
    pub(crate) const CONFIG: &[u8] = include_bytes!("../../models/wenmai-news-zh/config.json");
    pub(crate) const TOKENIZER: &[u8] =
        include_bytes!("../../models/wenmai-news-zh/tokenizer.json");
    pub(crate) const WEIGHTS: &[u8] =
        include_bytes!("../../models/wenmai-news-zh/model.safetensors");
}

/// Loads the model that `config` names: a folder, a name on the hub, or else the one inside this
/// program.
///
/// # Errors
/// [`Error::Hub`] for a name that is neither in the cache nor to be had; [`Error::Folder`] with
/// what is missing or wrong.
pub fn open(config: &Config) -> Result<Model, Error> {
    load(&hub::locate(config)?, config)
}

/// Loads the model whose files are there.
///
/// # Errors
/// [`Error::Folder`] with what is missing or wrong.
pub(super) fn load(located: &Located, config: &Config) -> Result<Model, Error> {
    let (files, shown) = match located {
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

/// A model's files, read.
pub(super) struct Files {
    name: String,
    family: Family,
    config: Cow<'static, [u8]>,
    tokenizer: Cow<'static, [u8]>,
    weights: Weights,
    modules: Modules,
    prompts: Prompts,
    max_seq_length: Option<usize>,
    /// The numbers of an embedding that the folder wants kept.
    truncate_dim: Option<usize>,
    precision: Precision,
}

/// `sentence_bert_config.json`, the fields we read.
#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// `tokenizer_config.json`, the field we read; a number past all bounds means none.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<serde_json::Value>,
}

impl Files {
    fn bundled() -> Result<Self, String> {
        Ok(Self {
            name: bundled::NAME.to_owned(),
            family: Family::Static,
            config: bundled::CONFIG.into(),
            tokenizer: bundled::TOKENIZER.into(),
            weights: Weights::new("model.safetensors", bundled::WEIGHTS)?,
            modules: Modules::default(),
            prompts: Prompts::default(),
            max_seq_length: None,
            truncate_dim: None,
            precision: Precision::F32,
        })
    }

    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        if !folder.is_dir() {
            return Err("there is no such folder".to_owned());
        }
        let modules = Modules::read(folder)?;
        let within = |name: &str| modules.root.join(name);
        let required = |name: &str| {
            let path = within(name);
            optional(folder, &path)?.ok_or_else(|| format!("{} is missing", path.display()))
        };
        let config = match optional(folder, &within("config.json"))? {
            Some(json) => Cow::Owned(json),
            None if modules.is_static => Cow::Borrowed(b"{}".as_slice()),
            None => return Err(format!("{} is missing", within("config.json").display())),
        };
        // Before anything large is read.
        let family =
            Family::read(&config, &modules).map_err(|reason| format!("config.json: {reason}"))?;
        let whole: SentenceTransformers =
            parsed(folder, Path::new("config_sentence_transformers.json"))?;
        let sentence: SentenceConfig = parsed(folder, &within("sentence_bert_config.json"))?;
        let tokenizer_config: TokenizerConfig = parsed(folder, &within("tokenizer_config.json"))?;
        let length = tokenizer_config.model_max_length.as_ref().and_then(serde_json::Value::as_u64);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let prompts = Prompts::read(&whole)
            .map_err(|reason| format!("config_sentence_transformers.json: {reason}"))?;
        let name = folder.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name).unwrap_or(folder.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            family,
            config,
            tokenizer: required("tokenizer.json")?.into(),
            weights: shards::read(&folder.join(&modules.root), &modules.root)?,
            prompts: Prompts { lowercase: sentence.do_lower_case, ..prompts },
            max_seq_length: sentence.max_seq_length.or(length),
            truncate_dim: whole.truncate_dim,
            modules,
            precision: Precision::F32,
        })
    }

    /// These files, for a model that multiplies in `precision`.
    pub(super) fn with(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// These files with another pooling configuration.
    #[cfg(test)]
    pub(super) fn with_pooling(mut self, json: &str) -> Self {
        self.modules.pooling = Some(("1_Pooling/config.json".to_owned(), json.into()));
        self
    }

    fn load(mut self, config: &Config) -> Result<Model, String> {
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
        let model = self.family.load(&self, info)?;
        self.finish(model, config)
    }

    /// Finds what is wrong between the files, before a family reads them.
    fn check(&self) -> Result<(), String> {
        let pooling = Pooling::read(&self.modules).map_err(|reason| {
            let name = self.modules.pooling.as_ref().map_or("1_Pooling", |(name, _)| name);
            format!("{name}: {reason}")
        })?;
        if pooling.is_without_prompt && !self.prompts.is_empty() {
            return Err("include_prompt = false is not supported together with a prompt".to_owned());
        }
        if self.family.is_transformer() {
            let rows =
                sizes::check(&self.config).map_err(|reason| format!("config.json: {reason}"))?;
            tokenize::check_rows(&self.tokenizer, rows)
                .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        }
        Ok(())
    }

    /// `model`, whose `dim` is what it pools, with the dim of its embeddings.
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

    /// The first 12 hexadecimal digits of the SHA-256 over everything that decides a vector; `dim`
    /// is the part of it that is kept, if not all.
    fn version(&self, dim: Option<usize>) -> String {
        let pooling = self.modules.pooling.as_ref().map_or([].as_slice(), |(_, json)| json);
        let window = self.max_seq_length.unwrap_or(0).to_le_bytes();
        let (query, passage) = (self.prompts.query.as_bytes(), self.prompts.passage.as_bytes());
        let (tokenizer, weights) = (&*self.tokenizer, self.weights.bytes());
        let parts = [&*self.config, tokenizer, weights, pooling, &window, query, passage];
        // What few models have is named, so that those without keep their version.
        let mut rare = self.modules.head.digest();
        rare.extend(self.prompts.lowercase.then(|| "lowercase".to_owned()));
        rare.extend(dim.map(|dim| format!("dim {dim}")));
        let is_int8 = self.precision == Precision::Int8 && self.family.is_encoder();
        rare.extend(is_int8.then(|| "int8".to_owned()));
        let parts = parts.into_iter().chain(rare.iter().map(String::as_bytes));
        sha256(parts).chars().take(12).collect()
    }

    pub(super) fn config(&self) -> &[u8] {
        &self.config
    }

    pub(super) fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    /// All weights as one safetensors file.
    pub(super) fn weights(&self) -> &[u8] {
        self.weights.bytes()
    }

    /// The same, read.
    pub(super) fn tensors(&self) -> &Weights {
        &self.weights
    }

    /// What [`Pooling::read`] reads.
    pub(super) fn pooling(&self) -> &Modules {
        &self.modules
    }

    pub(super) fn prompts(&self) -> Prompts {
        self.prompts.clone()
    }

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn max_seq_length(&self) -> Option<usize> {
        self.max_seq_length
    }

    /// Whether an unknown token has no part in a static model's mean.
    pub(super) fn drops_unknown(&self) -> bool {
        self.family != Family::StaticEmbedding
    }
}

/// `folder/path` as JSON; what `T` is without, if there is no such file.
fn parsed<T: Default + for<'de> Deserialize<'de>>(folder: &Path, path: &Path) -> Result<T, String> {
    match optional(folder, path)? {
        Some(json) => {
            serde_json::from_slice(&json).map_err(|error| format!("{}: {error}", path.display()))
        }
        None => Ok(T::default()),
    }
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
        // Keeping all numbers is no change.
        assert_eq!(version(&Config { dim: Some(12), ..config.clone() }), seen[7]);
    }
}
