//! The files of a model, read from a folder in Hugging Face layout and checked against each other.
//!
//! An error names the file that is missing, cannot be read or belongs to no known family.

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;

use crate::Precision;
use crate::family::Family;
use crate::modules::Modules;
use crate::modules::optional;
use crate::pool::Pooling;
use crate::prompts::Prompts;
use crate::prompts::SentenceTransformers;
use crate::shards;
use crate::sizes;
use crate::tokenize;
use crate::weights::Weights;
use wenmai_domain::digest::sha256;

/// The content of a model's files.
pub(super) struct Files {
    pub(super) name: String,
    pub(super) family: Family,
    pub(super) config: Cow<'static, [u8]>,
    pub(super) tokenizer: Cow<'static, [u8]>,
    pub(super) weights: Weights,
    pub(super) modules: Modules,
    pub(super) prompts: Prompts,
    pub(super) max_seq_length: Option<usize>,
    /// How many numbers of an embedding the folder says to keep.
    pub(super) truncate_dim: Option<usize>,
    pub(super) precision: Precision,
}

/// The fields of `sentence_bert_config.json` that are read.
#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// The field of `tokenizer_config.json` that is read. A number too large for an integer means no
/// limit.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<serde_json::Value>,
}

impl Files {
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
        // The family is checked before anything large is read.
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

    /// The same files for a model that computes in `precision`.
    pub(super) fn with(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same files with another pooling configuration.
    #[cfg(test)]
    pub(super) fn with_pooling(mut self, json: &str) -> Self {
        self.modules.pooling = Some(("1_Pooling/config.json".to_owned(), json.into()));
        self
    }

    /// Checks that the files agree with each other, before a family reads them; `Err` is the reason
    /// as a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
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

    /// Computes [`crate::ModelInfo::version`]; `dim` is the number of dimensions that are kept, if
    /// not all are.
    pub(super) fn version(&self, dim: Option<usize>) -> String {
        let pooling = self.modules.pooling.as_ref().map_or([].as_slice(), |(_, json)| json);
        let window = self.max_seq_length.unwrap_or(0).to_le_bytes();
        let (query, passage) = (self.prompts.query.as_bytes(), self.prompts.passage.as_bytes());
        let (tokenizer, weights) = (&*self.tokenizer, self.weights.bytes());
        let parts = [&*self.config, tokenizer, weights, pooling, &window, query, passage];
        // Parts that few models have are added by name, so that models without them keep their
        // version.
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

    /// All weights as the bytes of one safetensors file.
    pub(super) fn weights(&self) -> &[u8] {
        self.weights.bytes()
    }

    /// All weights as tensors.
    pub(super) fn tensors(&self) -> &Weights {
        &self.weights
    }

    /// The modules, from which [`Pooling::read`] reads the pooling.
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

    /// Whether a static model leaves unknown tokens out of its mean.
    pub(super) fn drops_unknown(&self) -> bool {
        self.family != Family::StaticEmbedding
    }
}

/// Reads `folder/path` as JSON; the default of `T` if there is no such file.
fn parsed<T: Default + for<'de> Deserialize<'de>>(folder: &Path, path: &Path) -> Result<T, String> {
    match optional(folder, path)? {
        Some(json) => {
            serde_json::from_slice(&json).map_err(|error| format!("{}: {error}", path.display()))
        }
        None => Ok(T::default()),
    }
}
