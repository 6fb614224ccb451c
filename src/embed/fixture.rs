//! The tiny models of `tests/fixtures`, as they are and with something wrong in them.

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

/// A text and what the reference says about it.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) text: String,
    /// The ids of the text as a passage; with marks where the family has them.
    pub(super) ids: Vec<u32>,
    /// The reference cuts a long text off; we cut it into windows.
    #[serde(default)]
    pub(super) truncated: bool,
    /// As a passage.
    #[serde(default)]
    pub(super) embedding: Vec<f32>,
    /// As a question.
    #[serde(default)]
    pub(super) query: Vec<f32>,
    /// By pooling.
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

/// What the reference says about the texts of fixture `name` that it took whole.
pub(super) fn expected(name: &str) -> Vec<Case> {
    let json = std::fs::read(folder(name).join("expected.json")).unwrap();
    let Expected { mut cases } = serde_json::from_slice(&json).unwrap();
    cases.retain(|case| !case.truncated);
    assert!(cases.len() >= 7);
    cases
}

/// A copy of the fixture `name` to break.
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

/// Sets `field` of the JSON file at `path`.
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

/// The settings for the model in `folder`.
pub(super) fn config(folder: &Path) -> Config {
    Config { folder: Some(folder.to_owned()), ..Config::default() }
}

/// The model in `folder`.
pub(super) fn load(folder: &Path) -> Model {
    open(&config(folder)).unwrap()
}

/// Why the model in `folder` cannot be loaded.
pub(super) fn reason(folder: &Path) -> String {
    open(&config(folder)).err().unwrap().to_string()
}

/// The embedding of `text`, alone.
pub(super) fn embed(model: &dyn Embedder, text: &str, purpose: Purpose) -> Vec<f32> {
    let ids = model.tokenize(text, purpose).unwrap();
    model.forward(&[&ids]).unwrap().remove(0).values().to_vec()
}

/// Embeds all texts in one call: no number may be off by more than 1e-5 (the tanh form of GELU
/// would be).
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

/// As [`assert_parity`], for the texts of fixture `name` as passages.
pub(super) fn assert_passages_agree(model: &Model, name: &str) {
    let cases = expected(name);
    let pairs: Vec<(&str, &[f32])> =
        cases.iter().map(|case| (case.text.as_str(), case.embedding.as_slice())).collect();
    assert_parity(model, Purpose::Passage, &pairs);
}
