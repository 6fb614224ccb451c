//! Which files of a repository a model needs, and which of them are missing.
//!
//! Pickles (`pytorch_model.bin`) are never among them, because reading one runs the code in it.

use std::io;
use std::path::Path;

/// Files in the top folder that describe the model.
const TOP: [&str; 6] = [
    "config.json",
    "tokenizer.json",
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "README.md",
];
/// The name of the weights in one file.
pub const WEIGHTS: &str = "model.safetensors";
/// The name of the index of weights in several files.
pub const WEIGHTS_INDEX: &str = "model.safetensors.index.json";
/// The name of pickled weights, which are never read.
const PICKLE: &str = "pytorch_model.bin";
/// Files that every model must have.
const REQUIRED: [&str; 2] = ["config.json", "tokenizer.json"];

/// Selects those of `names` that a model needs, in their order.
#[must_use]
pub fn wanted<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let single = names.contains(&WEIGHTS);
    let weights = |name: &str| {
        if single { name == WEIGHTS } else { name == WEIGHTS_INDEX || shard(name).is_some() }
    };
    let needed = |name: &&&str| TOP.contains(name) || weights(name) || is_step(name);
    names.iter().filter(needed).copied().collect()
}

/// A sentence about what a model with the files `names` lacks; `None` if it is complete.
#[must_use]
pub fn missing(names: &[&str]) -> Option<String> {
    if let Some(name) = REQUIRED.iter().find(|name| !names.contains(name)) {
        return Some(format!("{name} is missing"));
    }
    if names.contains(&WEIGHTS) {
        return None;
    }
    let Some((_, count)) = names.iter().find_map(|name| shard(name)) else {
        let pickle = names.contains(&PICKLE);
        let why = if pickle { "; its weights are a pickle, which is never read" } else { "" };
        return Some(format!("{WEIGHTS} is missing{why}"));
    };
    let here = |number: &u32| names.iter().any(|name| shard(name) == Some((*number, count)));
    if let Some(number) = (1..=count).find(|number| !here(number)) {
        return Some(format!("part {number} of {count} of its weights is missing"));
    }
    let index = names.contains(&WEIGHTS_INDEX);
    (!index).then(|| format!("{WEIGHTS_INDEX} is missing"))
}

/// The number and the count in the name of a shard: `model-00002-of-00005.safetensors`.
fn shard(name: &str) -> Option<(u32, u32)> {
    let numbers = name.strip_prefix("model-")?.strip_suffix(".safetensors")?;
    let (number, count) = numbers.split_once("-of-")?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(count) {
        return None;
    }
    Some((number.parse().ok()?, count.parse().ok().filter(|count| *count < 1_000)?))
}

/// Whether `name` is a file of a module behind the model, such as `1_Pooling/config.json` or
/// `2_Dense/model.safetensors`.
fn is_step(name: &str) -> bool {
    let Some((folder, file)) = name.split_once('/') else { return false };
    let Some((number, step)) = folder.split_once('_') else { return false };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let word = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_alphanumeric());
    digits && word && ["config.json", WEIGHTS].contains(&file)
}

/// The names of the files in `folder` that a model needs, with their lengths in bytes, in order of
/// name. Links are followed, and a broken link counts as a missing file.
///
/// # Errors
/// If the folder cannot be read.
pub fn lengths(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.path().is_dir() {
            found.push(name);
        } else if is_step(&format!("{name}/config.json")) {
            found.extend(["config.json", WEIGHTS].map(|file| format!("{name}/{file}")));
        }
    }
    found.sort();
    let names: Vec<&str> = found.iter().map(String::as_str).collect();
    let length = |name: &str| std::fs::metadata(folder.join(name)).ok().map(|file| file.len());
    let wanted = wanted(&names).into_iter();
    Ok(wanted.filter_map(|name| Some((name.to_owned(), length(name)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::missing;
    use super::wanted;

    const BASE: [&str; 2] = ["config.json", "tokenizer.json"];

    #[test]
    fn only_what_a_model_needs_is_wanted() {
        let names = [
            ".gitattributes",
            "1_Pooling/config.json",
            "2_Dense/model.safetensors",
            "2_Dense/pytorch_model.bin",
            "README.md",
            "config.json",
            "model.safetensors",
            "model-00001-of-00002.safetensors",
            "onnx/model.onnx",
            "openvino/config.json",
            "../config.json",
            "pytorch_model.bin",
            "tokenizer.json",
        ];
        let expected = [
            "1_Pooling/config.json",
            "2_Dense/model.safetensors",
            "README.md",
            "config.json",
            "model.safetensors",
            "tokenizer.json",
        ];
        assert_eq!(wanted(&names), expected);
    }

    #[test]
    fn parts_of_the_weights_are_wanted_where_they_are_not_in_one_file() {
        let names = ["model-00001-of-00001.safetensors", "model.safetensors.index.json", "x.bin"];
        assert_eq!(wanted(&names), names[..2]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let with = |more: &[&str]| missing(&[BASE.as_slice(), more].concat());
        assert_eq!(missing(&["config.json"]).unwrap(), "tokenizer.json is missing");
        assert_eq!(with(&["model.safetensors"]), None);
        assert!(with(&["pytorch_model.bin"]).unwrap().contains("pickle"));
        let first = "model-00001-of-00002.safetensors";
        assert_eq!(with(&[first]).unwrap(), "part 2 of 2 of its weights is missing");
        let both = [first, "model-00002-of-00002.safetensors"];
        assert_eq!(with(&both).unwrap(), "model.safetensors.index.json is missing");
    }
}
