//! What is known of a model, and whether it can be relied on, for `wenmai model info` and `verify`.
//!
//! Facts are read from the files: the loaded model, the headers of the weights, the prompts, and
//! the front matter of the model card. The hub is not asked.

mod card;
pub mod verify;
mod weights;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::Error;
use crate::Model;
use crate::ModelInfo;
use crate::bundled;
use crate::folder;
use crate::hub::Located;
use crate::hub::files;

pub use card::Card;

/// The model card of the model inside this program.
const BUNDLED_CARD: &str = include_str!("../../models/wenmai-news-zh/README.md");
/// How many bytes of a model card are read; its front matter is at the start.
const CARD_BYTES_MAX: u64 = 1024 * 1024;

/// What is known of a loaded model.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the loaded model says of itself.
    pub info: ModelInfo,
    /// How many numbers its weights have.
    pub parameter_count: u64,
    /// Bytes of the files that this program uses.
    pub bytes: u64,
    /// The prompts of the model, by their names.
    pub prompts: BTreeMap<String, String>,
    /// Languages and licence from the model card.
    pub card: Card,
}

/// Loads the model from the files at `located`.
///
/// # Errors
/// [`Error::Folder`] with what is missing or wrong.
pub fn open(located: &Located) -> Result<Model, Error> {
    folder::load(located, &crate::Config::default())
}

/// Collects the facts of `model`, which was loaded from `located`.
///
/// # Errors
/// [`Error::Folder`] if a file cannot be read again.
pub fn facts(located: &Located, model: &Model) -> Result<Facts, Error> {
    let wrong = |reason: String| Error::Folder { folder: place(located).to_owned(), reason };
    let mut parameter_count = 0;
    for mut file in weights_of(located).map_err(wrong)? {
        parameter_count += weights::Header::read(&mut file).map_err(wrong)?.parameter_count();
    }
    let prompts = text(located, "config_sentence_transformers.json").unwrap_or_default();
    let prompts: Prompts = serde_json::from_str(&prompts).unwrap_or_default();
    let prompts = prompts.prompts.unwrap_or_default().into_iter();
    Ok(Facts {
        info: model.info().clone(),
        parameter_count,
        bytes: sizes(located).map_err(wrong)?.iter().map(|(_, bytes)| bytes).sum(),
        prompts: prompts.filter_map(|(name, prompt)| Some((name, prompt?))).collect(),
        card: Card::read(&text(located, "README.md").unwrap_or_default()),
    })
}

/// What is known of a model without loading it; a field is empty if no file tells.
#[derive(Debug, Clone, Default)]
pub struct Sketch {
    /// `bert`, `static`, or the `model_type` of its configuration.
    pub family: Option<String>,
    /// The length of a hidden state, which is that of an embedding unless a later module changes
    /// it.
    pub dim: Option<u64>,
    /// How many numbers its weights have.
    pub parameter_count: Option<u64>,
    /// Languages and licence from the model card.
    pub card: Card,
}

/// The fields of `config.json` that a sketch reads.
#[derive(Default, Deserialize)]
struct Config {
    model_type: Option<String>,
    hidden_size: Option<u64>,
    hidden_dim: Option<u64>,
}

/// Collects what can be known of the model in `folder` without loading it.
#[must_use]
pub fn sketch(folder: &Path) -> Sketch {
    let located = Located::Folder(folder.to_owned());
    let config = text(&located, "config.json").unwrap_or_default();
    let config: Config = serde_json::from_str(&config).unwrap_or_default();
    let count =
        |mut file: WeightsFile| Some(weights::Header::read(&mut file).ok()?.parameter_count());
    let counts = weights_of(&located).ok().filter(|files| !files.is_empty());
    let family = config.model_type.map(|kind| match kind.as_str() {
        "model2vec" => "static".to_owned(),
        _ => kind,
    });
    Sketch {
        family,
        dim: config.hidden_size.or(config.hidden_dim),
        parameter_count: counts.and_then(|files| files.into_iter().map(count).sum()),
        card: Card::read(&text(&located, "README.md").unwrap_or_default()),
    }
}

/// The field of `config_sentence_transformers.json` that is read.
#[derive(Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: Option<BTreeMap<String, Option<String>>>,
}

/// A file of weights that is open for reading, with its length in bytes.
struct WeightsFile {
    name: String,
    bytes: u64,
    reader: Box<dyn Read>,
}

/// Opens the model's files of weights, those of later modules included.
fn weights_of(located: &Located) -> Result<Vec<WeightsFile>, String> {
    let Some(folder) = folder_of(located) else {
        let (name, bytes) = (files::WEIGHTS.to_owned(), bundled::WEIGHTS.len() as u64);
        return Ok(vec![WeightsFile { name, bytes, reader: Box::new(bundled::WEIGHTS) }]);
    };
    let named = sizes(located)?.into_iter().filter(|(name, _)| name.ends_with(".safetensors"));
    let open = |(name, bytes): (String, u64)| {
        let file = File::open(folder.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        Ok(WeightsFile { name, bytes, reader: Box::new(file) })
    };
    named.map(open).collect()
}

/// The names of the model's files, with their lengths in bytes.
fn sizes(located: &Located) -> Result<Vec<(String, u64)>, String> {
    let Some(folder) = folder_of(located) else {
        let parts = [
            ("config.json", bundled::CONFIG),
            (files::WEIGHTS, bundled::WEIGHTS),
            ("tokenizer.json", bundled::TOKENIZER),
        ];
        return Ok(parts.map(|(name, bytes)| (name.to_owned(), bytes.len() as u64)).into());
    };
    files::lengths(folder).map_err(|error| error.to_string())
}

/// The text of a file; `None` if there is no such file or it is not text.
fn text(located: &Located, name: &str) -> Option<String> {
    let Some(folder) = folder_of(located) else {
        return (name == "README.md").then(|| BUNDLED_CARD.to_owned());
    };
    let mut text = String::new();
    let file = File::open(folder.join(name)).ok()?;
    file.take(CARD_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

fn folder_of(located: &Located) -> Option<&Path> {
    match located {
        Located::Bundled => None,
        Located::Folder(folder) | Located::Cached(_, folder) => Some(folder),
    }
}

/// The folder, to be named in a message.
fn place(located: &Located) -> &Path {
    folder_of(located).unwrap_or_else(|| Path::new(bundled::NAME))
}

#[cfg(test)]
mod tests {
    use super::facts;
    use super::open;
    use crate::hub::Located;

    #[test]
    fn facts_of_the_model_inside_this_program_come_from_its_files() {
        let model = open(&Located::Bundled).unwrap();
        let facts = facts(&Located::Bundled, &model).unwrap();
        // Each token has a row and a factor.
        assert_eq!(facts.parameter_count % (facts.info.dim as u64 + 1), 0);
        assert!(facts.bytes > facts.parameter_count);
        assert_eq!(facts.card.languages, ["zh"]);
        assert_eq!(facts.card.licence.as_deref(), Some("mit OR apache-2.0"));
    }

    #[test]
    fn facts_of_a_folder_count_what_its_weights_hold() {
        let located = Located::Folder(crate::fixture::folder("bert"));
        let facts = facts(&located, &open(&located).unwrap()).unwrap();
        assert_eq!((facts.info.family, facts.info.dim), ("bert", 32));
        assert!((40_000..42_000).contains(&facts.parameter_count), "{}", facts.parameter_count);
        assert!(facts.card.licence.is_none() && facts.prompts.is_empty());
    }
}
