//! A model's files: from a Hugging Face folder, or the model inside this program.
//!
//! Never touches the network. A file that is missing, unreadable or of a family we lack is named.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::domain::digest::sha256;
use crate::embed::Config;
use crate::embed::Error;
use crate::embed::Model;
use crate::embed::ModelInfo;
use crate::embed::Precision;
use crate::embed::Purpose;
use crate::embed::encoder::Encoder;
use crate::embed::statics::StaticModel;

/// The files of the model inside this program.
mod bundled {
    pub(super) const NAME: &str = "wenmai-news-zh";
    pub(super) const CONFIG: &[u8] = include_bytes!("../../models/wenmai-news-zh/config.json");
    pub(super) const TOKENIZER: &[u8] =
        include_bytes!("../../models/wenmai-news-zh/tokenizer.json");
    pub(super) const WEIGHTS: &[u8] =
        include_bytes!("../../models/wenmai-news-zh/model.safetensors");
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
    let files = files.map(|files| files.with(config.precision));
    files.and_then(Files::load).map_err(|reason| Error::Folder {
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
    precision: Precision,
}

/// The field of `config.json` that decides the family.
#[derive(Deserialize)]
struct Family {
    model_type: Option<String>,
}

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
}

/// Steps after the model that we take; every embedding is normalized in any case.
const MODULES: [&str; 4] = ["Transformer", "Pooling", "Normalize", "StaticEmbedding"];

/// Refuses a model with a step that we do not take: its vectors would be wrong.
fn check_modules(json: &[u8]) -> Result<(), String> {
    let modules: Vec<Module> =
        serde_json::from_slice(json).map_err(|error| format!("modules.json: {error}"))?;
    let name = |module: &Module| module.kind.rsplit('.').next().unwrap_or_default().to_owned();
    match modules.iter().map(name).find(|name| !MODULES.contains(&name.as_str())) {
        Some(unknown) => Err(format!("modules.json: module {unknown} is not supported")),
        None => Ok(()),
    }
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
            precision: Precision::F32,
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Self, String> {
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
        if let Some(json) = optional("modules.json")? {
            check_modules(&json)?;
        }
        let prompts = match optional("config_sentence_transformers.json")? {
            Some(json) => Self::read_prompts(&json)?,
            None => Prompts::default(),
        };
        let max_seq_length = match optional("sentence_bert_config.json")? {
            Some(json) => {
                serde_json::from_slice::<SentenceConfig>(&json)
                    .map_err(|error| format!("sentence_bert_config.json: {error}"))?
                    .max_seq_length
            }
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
            precision: Precision::F32,
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

    /// These files, for a model that multiplies in `precision`.
    pub(super) fn with(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// These files with another `1_Pooling/config.json`.
    #[cfg(test)]
    pub(super) fn with_pooling(self, json: &str) -> Self {
        Self { pooling: Some(json.as_bytes().to_vec()), ..self }
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
            Some("bert" | "xlm-roberta") => Ok(Arc::new(Encoder::load(&self, info)?)),
            Some(other) => Err(format!(
                "config.json: model_type `{other}` is not supported: bert, xlm-roberta, model2vec"
            )),
            None => Err("config.json: model_type is missing".to_owned()),
        }
    }

    /// The first 12 hexadecimal digits of the SHA-256 over everything that decides a vector.
    fn version(&self) -> String {
        let pooling = self.pooling.as_deref().unwrap_or_default();
        let window = self.max_seq_length.unwrap_or(0).to_le_bytes();
        let (query, passage) = (self.prompts.query.as_bytes(), self.prompts.passage.as_bytes());
        let parts =
            [&*self.config, &*self.tokenizer, &*self.weights, pooling, &window, query, passage];
        sha256(parts).chars().take(12).collect()
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

    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    pub(super) fn max_seq_length(&self) -> Option<usize> {
        self.max_seq_length
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde::Deserialize;

    use super::Files;
    use super::open;
    use crate::embed::Config;
    use crate::embed::Model;
    use crate::embed::Purpose;

    #[derive(Deserialize)]
    struct Expected {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        text: String,
        ids: Vec<u32>,
        /// The reference cuts a long text off; we cut it into windows.
        #[serde(default)]
        truncated: bool,
        #[serde(default)]
        embedding: Vec<f32>,
        #[serde(default)]
        embeddings: std::collections::BTreeMap<String, Vec<f32>>,
    }

    fn fixture(name: &str) -> (PathBuf, Expected) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        let json = std::fs::read(folder.join("expected.json")).unwrap();
        let mut expected: Expected = serde_json::from_slice(&json).unwrap();
        expected.cases.retain(|case| !case.truncated);
        assert!(expected.cases.len() >= 7);
        (folder, expected)
    }

    /// No number off by more than 1e-5 (which the tanh form of GELU would be), all texts in one
    /// batch.
    fn assert_parity(model: &Model, texts: &[&str], expected: &[&[f32]]) {
        let ids: Vec<Vec<u32>> =
            texts.iter().map(|text| model.tokenize(text, Purpose::Passage).unwrap()).collect();
        let windows: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let embeddings = model.forward(&windows).unwrap();
        for ((embedding, expected), text) in embeddings.iter().zip(expected).zip(texts) {
            let ours = embedding.values();
            let cosine: f32 = ours.iter().zip(*expected).map(|(a, b)| a * b).sum();
            let worst = ours.iter().zip(*expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(cosine >= 0.9999 && worst <= 1e-5, "{text}: cosine {cosine}, off by {worst}");
        }
    }

    #[test]
    fn bert_agrees_with_the_reference_in_every_pooling_mode() {
        assert_family_agrees("bert");
    }

    #[test]
    fn xlm_roberta_agrees_with_the_reference_in_every_pooling_mode() {
        assert_family_agrees("xlmr");
    }

    fn assert_family_agrees(name: &str) {
        let (folder, expected) = fixture(name);
        let modes =
            [("cls", "cls"), ("mean", "mean"), ("last", "lasttoken"), ("weighted", "weightedmean")];
        for (wanted_mode, mode) in modes {
            let json = format!("{{\"pooling_mode\": \"{mode}\"}}");
            let loaded = Files::read(&folder).unwrap().with_pooling(&json).load().unwrap();
            assert_eq!(loaded.info().pooling, wanted_mode);
            let texts: Vec<&str> = expected.cases.iter().map(|case| case.text.as_str()).collect();
            let wanted: Vec<&[f32]> =
                expected.cases.iter().map(|case| case.embeddings[wanted_mode].as_slice()).collect();
            assert_parity(&loaded, &texts, &wanted);
        }
    }

    #[test]
    fn tokens_of_encoders_agree_with_the_reference() {
        for (name, family) in [("bert", "bert"), ("xlmr", "xlm-roberta")] {
            let (folder, expected) = fixture(name);
            let model = open(&Config { folder: Some(folder), ..config() }).unwrap();
            assert_eq!((model.info().family, model.info().window_tokens_max), (family, 62));
            for case in expected.cases {
                let ids = model.tokenize(&case.text, Purpose::Passage).unwrap();
                assert_eq!(ids, case.ids[1..case.ids.len() - 1], "{}", case.text);
            }
        }
    }

    #[test]
    fn static_vectors_agree_with_the_reference() {
        let (folder, expected) = fixture("static");
        let model = open(&Config { folder: Some(folder), ..config() }).unwrap();
        for case in &expected.cases {
            let known: Vec<u32> = case.ids.iter().copied().filter(|id| *id != 1).collect();
            assert_eq!(
                model.tokenize(&case.text, Purpose::Passage).unwrap(),
                known,
                "{}",
                case.text
            );
            if !known.is_empty() {
                assert_parity(&model, &[case.text.as_str()], &[case.embedding.as_slice()]);
            }
        }
    }

    #[test]
    fn the_bundled_model_loads_and_knows_like_from_unlike() {
        let model = open(&config()).unwrap();
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
    fn what_is_wrong_with_a_folder_is_named() {
        let reason = |folder: PathBuf| {
            let error = open(&Config { folder: Some(folder), ..config() }).err().unwrap();
            error.to_string()
        };
        assert!(reason("no/such/folder".into()).contains("no such folder"));
        let empty = tempfile::tempdir().unwrap();
        assert!(reason(empty.path().into()).contains("config.json is missing"));
        for (name, text) in [
            ("config.json", r#"{"model_type": "mamba"}"#),
            ("tokenizer.json", "{}"),
            ("model.safetensors", ""),
        ] {
            std::fs::write(empty.path().join(name), text).unwrap();
        }
        assert!(reason(empty.path().into()).contains("`mamba` is not supported"));
        let modules = r#"[{"type": "sentence_transformers.models.Dense"}]"#;
        std::fs::write(empty.path().join("modules.json"), modules).unwrap();
        assert!(reason(empty.path().into()).contains("module Dense is not supported"));
    }

    fn config() -> Config {
        Config {
            folder: None,
            threads: 1,
            queue_texts_max: 8,
            embed_batch_tokens: 512,
            precision: crate::embed::Precision::F32,
        }
    }
}
