//! The tiny models of `tests/fixtures` for tests, unchanged or with something broken in them.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;

use candle_core::Device;
use candle_core::Tensor;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::Config;
use crate::Embedder;
use crate::Model;
use crate::Purpose;
use crate::open;

/// A text and what the reference implementation gives for it.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) text: String,
    /// The token ids of the text as a passage, with special tokens if the family has them.
    pub(super) ids: Vec<u32>,
    /// Whether the reference cut the text off, where we would cut it into windows.
    #[serde(default)]
    pub(super) truncated: bool,
    /// The embedding of the text as a passage.
    #[serde(default)]
    pub(super) embedding: Vec<f32>,
    /// The embedding of the text as a question.
    #[serde(default)]
    pub(super) query: Vec<f32>,
    /// The embedding for each pooling mode.
    #[serde(default)]
    pub(super) embeddings: BTreeMap<String, Vec<f32>>,
}

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

/// The folder of the fixture `name`.
pub(super) fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}

/// The cases of the fixture `name` that the reference did not cut off.
pub(super) fn expected(name: &str) -> Vec<Case> {
    let json = std::fs::read(folder(name).join("expected.json")).unwrap();
    let Expected { mut cases } = serde_json::from_slice(&json).unwrap();
    cases.retain(|case| !case.truncated);
    assert!(cases.len() >= 7);
    cases
}

/// A copy of the fixture `name` that a test may break.
pub(super) fn copy(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(&folder(name), copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy_into(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Sets `field` in the JSON file at `path`.
pub(super) fn set(path: &Path, field: &str, value: impl Into<Value>) {
    let mut json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    json[field] = value.into();
    std::fs::write(path, json.to_string()).unwrap();
}

/// Changes the tensors of the safetensors file at `path`.
pub(super) fn change(path: &Path, change: impl FnOnce(&mut HashMap<String, Tensor>)) {
    let mut tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    change(&mut tensors);
    candle_core::safetensors::save(&tensors, path).unwrap();
}

/// Settings for the model in `folder`.
pub(super) fn config(folder: &Path) -> Config {
    Config { folder: Some(folder.to_owned()), ..Config::default() }
}

pub(super) fn load(folder: &Path) -> Model {
    open(&config(folder)).unwrap()
}

/// The reason why the model in `folder` cannot be loaded.
pub(super) fn reason(folder: &Path) -> String {
    open(&config(folder)).err().unwrap().to_string()
}

/// The embedding of `text`, computed alone.
pub(super) fn embed(model: &dyn Embedder, text: &str, purpose: Purpose) -> Vec<f32> {
    let ids = model.tokenize(text, purpose).unwrap();
    model.forward(&[&ids]).unwrap().remove(0).values().to_vec()
}

/// Embeds all texts in one call and compares them with the reference. No number may be off by more
/// than 1e-5, which the tanh form of GELU would exceed.
pub(super) fn assert_parity(model: &Model, purpose: Purpose, expected: &[(&str, &[f32])]) {
    let tokenize = |text| model.tokenize(text, purpose).unwrap();
    let ids: Vec<Vec<u32>> = expected.iter().map(|(text, _)| tokenize(text)).collect();
    let windows: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    let embeddings = model.forward(&windows).unwrap();
    assert_eq!(embeddings.len(), expected.len());
    for (embedding, (text, expected)) in embeddings.iter().zip(expected) {
        let ours = embedding.values();
        assert_eq!(ours.len(), expected.len());
        let cosine: f32 = ours.iter().zip(*expected).map(|(a, b)| a * b).sum();
        let worst = ours.iter().zip(*expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(cosine >= 0.9999 && worst <= 1e-5, "{text}: cosine {cosine}, off by {worst}");
    }
}

/// Compares the texts of the fixture `name`, as passages, by [`assert_parity`].
pub(super) fn assert_passages_agree(model: &Model, name: &str) {
    let cases = expected(name);
    let pairs: Vec<(&str, &[f32])> =
        cases.iter().map(|case| (case.text.as_str(), case.embedding.as_slice())).collect();
    assert_parity(model, Purpose::Passage, &pairs);
}
