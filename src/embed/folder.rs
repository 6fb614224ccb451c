//! A model's files: from a Hugging Face folder, or the model inside this program.
//!
//! Never touches the network. A file that is missing, unreadable or of a family we lack is named.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

use crate::embed::Config;
use crate::embed::Error;
use crate::embed::Model;
use crate::embed::ModelInfo;
use crate::embed::Purpose;
use crate::embed::bert::Bert;
use crate::embed::statics::StaticModel;

/// The files of the model inside this program.
mod bundled {
    pub(super) const NAME: &str = "wenmai-news-zh";
    pub(super) const CONFIG: &[u8] = include_bytes!("../../models/wenmai-news-zh/config.json");
    pub(super) const TOKENIZER: &[u8] = include_bytes!("../../models/wenmai-news-zh/tokenizer.json");
    pub(super) const WEIGHTS: &[u8] = include_bytes!("../../models/wenmai-news-zh/model.safetensors");
}

/// Loads the model that `config` names: a folder, or else the one inside this program.
///
/// # Errors
/// [`Error::Folder`] with what is missing or wrong.
pub fn open(config: &Config) -> Result<Model, Error> {
    let folder = config.folder.as_deref();
    let files = match folder {
        Some(folder) => Files::read(folder),
        None => Ok(Files::bundled()),
    };
    files.and_then(|files| files.load()).map_err(|reason| Error::Folder {
        folder: folder.unwrap_or_else(|| Path::new(bundled::NAME)).to_owned(),
        reason,
    })
}

/// A model's files, read.
pub(super) struct Files {
    name: String,
    config: Cow<'static, [u8]>,
    tokenizer: Cow<'static, [u8]>,
    weights: Cow<'static, [u8]>,
    pooling: Option<Vec<u8>>,
    prompts: Prompts,
    max_seq_length: Option<usize>,
}

/// The field of `config.json` that decides the family.
#[derive(Deserialize)]
struct Family {
    model_type: Option<String>,
}

/// `sentence_bert_config.json`, the field we read.
#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

/// `config_sentence_transformers.json`, the field we read.
#[derive(Deserialize)]
struct PromptConfig {
    #[serde(default)]
    prompts: Option<std::collections::BTreeMap<String, Option<String>>>,
}

/// What a model wants put before a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Prompts {
    query: String,
    passage: String,
}

impl Prompts {
    /// `text` with the prompt for `purpose` before it.
    pub(super) fn apply<'t>(&self, text: &'t str, purpose: Purpose) -> Cow<'t, str> {
        let prompt = match purpose {
            Purpose::Query => &self.query,
            Purpose::Passage => &self.passage,
        };
        if prompt.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{prompt}{text}")) }
    }
}

impl Files {
    fn bundled() -> Self {
        Self {
            name: bundled::NAME.to_owned(),
            config: bundled::CONFIG.into(),
            tokenizer: bundled::TOKENIZER.into(),
            weights: bundled::WEIGHTS.into(),
            pooling: None,
            prompts: Prompts::default(),
            max_seq_length: None,
        }
    }

    fn read(folder: &Path) -> Result<Self, String> {
        if !folder.is_dir() {
            return Err("there is no such folder".to_owned());
        }
        let optional = |name: &str| match std::fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{name}: {error}")),
        };
        let required = |name: &str| {
            optional(name)?.map(Cow::Owned).ok_or_else(|| format!("{name} is missing"))
        };
        let prompts = match optional("config_sentence_transformers.json")? {
            Some(json) => Self::read_prompts(&json)?,
            None => Prompts::default(),
        };
        let max_seq_length = match optional("sentence_bert_config.json")? {
            Some(json) => serde_json::from_slice::<SentenceConfig>(&json)
                .map_err(|error| format!("sentence_bert_config.json: {error}"))?
                .max_seq_length,
            None => None,
        };
        let name = folder.canonicalize().ok();
        let name = name.as_deref().and_then(Path::file_name).unwrap_or(folder.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            config: required("config.json")?,
            tokenizer: required("tokenizer.json")?,
            weights: required("model.safetensors")?,
            pooling: optional("1_Pooling/config.json")?,
            prompts,
            max_seq_length,
        })
    }

    fn read_prompts(json: &[u8]) -> Result<Prompts, String> {
        let config: PromptConfig = serde_json::from_slice(json)
            .map_err(|error| format!("config_sentence_transformers.json: {error}"))?;
        let prompts = config.prompts.unwrap_or_default();
        let named = |names: &[&str]| {
            let found = names.iter().find_map(|name| prompts.get(*name));
            found.cloned().flatten().unwrap_or_default()
        };
        Ok(Prompts { query: named(&["query"]), passage: named(&["passage", "document"]) })
    }

    fn load(self) -> Result<Model, String> {
        let family: Family = serde_json::from_slice(&self.config)
            .map_err(|error| format!("config.json: {error}"))?;
        let info = ModelInfo {
            name: self.name.clone(),
            family: "",
            dim: 0,
            window_tokens_max: 0,
            pooling: "",
            version: self.version(),
        };
        match family.model_type.as_deref() {
            Some("model2vec" | "static") => Ok(Arc::new(StaticModel::load(&self, info)?)),
            Some("bert") => Ok(Arc::new(Bert::load(&self, info)?)),
            Some(other) => Err(format!("config.json: model_type `{other}` is not supported: bert, model2vec")),
            None => Err("config.json: model_type is missing".to_owned()),
        }
    }

    /// The first 12 hexadecimal digits of the SHA-256 over everything that decides a vector.
    fn version(&self) -> String {
        let mut hash = Sha256::new();
        let pooling = self.pooling.as_deref().unwrap_or_default();
        let prompts = [self.prompts.query.as_bytes(), self.prompts.passage.as_bytes()];
        let window = self.max_seq_length.unwrap_or(0).to_le_bytes();
        let parts = [&*self.config, &*self.tokenizer, &*self.weights, pooling, &window];
        for part in parts.into_iter().chain(prompts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut hex = String::with_capacity(12);
        for byte in hash.finalize().iter().take(6) {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    pub(super) fn config(&self) -> &[u8] {
        &self.config
    }

    pub(super) fn tokenizer(&self) -> &[u8] {
        &self.tokenizer
    }

    pub(super) fn weights(&self) -> &[u8] {
        &self.weights
    }

    pub(super) fn pooling(&self) -> Option<&[u8]> {
        self.pooling.as_deref()
    }

    pub(super) fn prompts(&self) -> Prompts {
        self.prompts.clone()
    }

    pub(super) fn max_seq_length(&self) -> Option<usize> {
        self.max_seq_length
    }
}
