//! Verifies a model: first its files, then the vectors that it computes.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;

use crate::Error;
use crate::Model;
use crate::Purpose;
use crate::bundled;
use crate::hub::Located;
use crate::hub::cache;
use crate::hub::files;
use crate::inspect::folder_of;
use crate::inspect::open;
use crate::inspect::sizes;
use crate::inspect::weights::Header;
use crate::inspect::weights_of;
use crate::tokenize::Tokens;

/// How much a number of an embedding may change with the other texts of its batch.
const TOLERANCE: f32 = 1e-5;
/// Texts of different subjects and lengths, so that a batch of them is padded.
const TEXTS: [&str; 4] = [
    "清河大桥主桥今天上午顺利合龙，预计年底建成通车。",
    "秋粮收购",
    "受强降雨影响，清河水位上涨，县防汛指挥部启动三级应急响应，二十四小时值守，转移群众三百二十人。",
    "县医院新院区正式启用。",
];
/// The most tokens of a text here: enough for padding, and few enough for a large model.
const TOKENS_MAX: usize = 64;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    /// There was nothing to check, or an earlier check failed.
    Skipped,
}

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The name of the check.
    pub name: &'static str,
    pub outcome: Outcome,
    /// What was found, as a text for a person.
    pub detail: String,
}

/// What a check found: `Ok(Some)` means passed, `Ok(None)` nothing to check, `Err` failed.
type Found = Result<Option<String>, String>;

type Step = fn(&Located) -> Found;

/// Checks the model at `located` in this order: files, headers, checksums, numbers, tokenizer,
/// loading, vectors. After a failure all later checks but that of the checksums are skipped.
#[must_use]
pub fn verify(located: &Located) -> Vec<Check> {
    let mut checks = Vec::new();
    let steps: [(_, Step); 5] = [
        ("files", check_files),
        ("headers", check_headers),
        ("checksums", check_checksums),
        ("numbers", check_numbers),
        ("tokenizer", check_tokenizer),
    ];
    for (name, step) in steps {
        checks.push(check(name, &checks, || step(located)));
    }
    let mut model = None;
    let loads = check("loads", &checks, || {
        let loaded = open(located).map_err(|error| words(&error))?;
        let info = loaded.info();
        let detail = format!("{}, dim {}, pooling {}", info.family, info.dim, info.pooling);
        model = Some(loaded);
        Ok(Some(detail))
    });
    checks.push(loads);
    checks.push(check("vectors", &checks, || match &model {
        Some(model) => check_vectors(model),
        None => Ok(None),
    }));
    checks
}

/// Runs a check, unless an earlier one failed: the result would say nothing about a broken model.
fn check(name: &'static str, before: &[Check], run: impl FnOnce() -> Found) -> Check {
    // Checksums are of interest even if the files are broken.
    let failed = before.iter().any(|check| check.outcome == Outcome::Failed);
    if failed && name != "checksums" {
        let detail = "not after what failed".to_owned();
        return Check { name, outcome: Outcome::Skipped, detail };
    }
    let found = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("it broke down".into()));
    let (outcome, detail) = match found {
        Ok(Some(detail)) => (Outcome::Passed, detail),
        Ok(None) => (Outcome::Skipped, "nothing to compare with".to_owned()),
        Err(detail) => (Outcome::Failed, detail),
    };
    Check { name, outcome, detail }
}

/// Checks that every file that is needed exists.
fn check_files(located: &Located) -> Found {
    let files = sizes(located)?;
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    match files::missing(&names) {
        Some(missing) => Err(missing),
        None => Ok(Some(format!("{} files", names.len()))),
    }
}

/// Checks that the header of every file of weights agrees with the length of the file.
fn check_headers(located: &Located) -> Found {
    let mut parameter_count = 0;
    for mut file in weights_of(located)? {
        parameter_count += Header::read(&mut file)?.parameter_count();
    }
    Ok(Some(format!("{parameter_count} parameters")))
}

/// Checks that every file has the checksum that the cache knows of it, if any.
fn check_checksums(located: &Located) -> Found {
    let Some(folder) = folder_of(located) else { return Ok(None) };
    let mut count = 0;
    let mut wrong = Vec::new();
    for (name, _) in sizes(located)? {
        let file = folder.join(&name);
        let Some(etag) = cache::known_checksum(&file) else { continue };
        let same = cache::has_checksum(&file, &etag).map_err(|error| format!("{name}: {error}"))?;
        if same == Some(false) {
            wrong.push(name);
        }
        count += 1;
    }
    if wrong.is_empty() {
        return Ok((count > 0).then(|| format!("{count} files")));
    }
    Err(format!("{} not what the hub has; fetching again mends it", wrong.join(", ")))
}

/// Checks that no number of the weights is NaN or infinite.
fn check_numbers(located: &Located) -> Found {
    for mut file in weights_of(located)? {
        let header = Header::read(&mut file)?;
        if let Some(tensor) = header.not_finite(&mut file)? {
            return Err(format!("{}: tensor {tensor} holds NaN or infinity", file.name));
        }
    }
    Ok(Some("all finite".to_owned()))
}

/// Checks that every id that the tokenizer gives has a vector.
fn check_tokenizer(located: &Located) -> Found {
    let json = match folder_of(located) {
        None => bundled::TOKENIZER.to_owned(),
        Some(folder) => read(&folder.join("tokenizer.json"))?,
    };
    let tokens = Tokens::read(&json).map_err(|error| format!("tokenizer.json: {error}"))?;
    let mut vectors = None;
    for mut file in weights_of(located)? {
        vectors = vectors.or(Header::read(&mut file)?.vocabulary_size());
    }
    let (Some(vectors), last) = (vectors, tokens.largest) else { return Ok(None) };
    let detail =
        format!("{} tokens, the last is {last}; {vectors} vectors", tokens.vocabulary_size());
    if u64::from(last) < vectors { Ok(Some(detail)) } else { Err(detail) }
}

/// Checks that texts get finite unit vectors, the same alone as in any batch, and that different
/// texts get different ones.
fn check_vectors(model: &Model) -> Found {
    let ids = TEXTS.map(|text| model.tokenize(text, Purpose::Passage));
    let ids = ids.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| words(&error))?;
    let most = model.info().window_tokens_max.min(TOKENS_MAX);
    let windows: Vec<&[u32]> = ids.iter().map(|ids| ids.get(..most).unwrap_or(ids)).collect();
    if windows.iter().any(|window| window.is_empty()) {
        return Err("tokenizer finds nothing in a Chinese sentence".to_owned());
    }
    let forward = |windows: &[&[u32]]| model.forward(windows).map_err(|error| words(&error));
    let together = forward(&windows)?;
    let mut backwards = forward(&windows.iter().rev().copied().collect::<Vec<_>>())?;
    backwards.reverse();
    let mut alone = Vec::new();
    for window in &windows {
        alone.extend(forward(&[window])?);
    }
    let mut most_off = 0.0_f32;
    for ((one, other), third) in together.iter().zip(&backwards).zip(&alone) {
        let length = one.values().iter().map(|v| v * v).sum::<f32>().sqrt();
        if one.dim() != model.info().dim || (length - 1.0).abs() > 1e-4 {
            return Err(format!("a vector of {} numbers and length {length}", one.dim()));
        }
        let pairs = one.values().iter().zip(other.values()).zip(third.values());
        most_off =
            pairs.fold(most_off, |most, ((a, b), c)| most.max((a - b).abs()).max((a - c).abs()));
    }
    if most_off > TOLERANCE {
        return Err(format!("a text alone and in a batch differ by {most_off:.1e}"));
    }
    let alike = together.iter().skip(1).zip(&together).all(|(a, b)| a.similarity(b) > 0.9999);
    if alike {
        return Err("every text gets the same vector".to_owned());
    }
    Ok(Some(format!("unit length; alone and in batches alike within {most_off:.1e}")))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The text of an error and of its causes.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        words = format!("{words}: {source}");
        cause = source.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::Check;
    use super::Outcome;
    use super::verify;
    use crate::hub::Located;

    /// A copy of the tiny model, to be broken.
    fn copy() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("1_Pooling")).unwrap();
        let names = ["config.json", "modules.json", "model.safetensors", "tokenizer.json"];
        for name in names.into_iter().chain(["sentence_bert_config.json", "1_Pooling/config.json"])
        {
            let from = crate::fixture::folder("bert").join(name);
            fs::copy(from, folder.path().join(name)).unwrap();
        }
        folder
    }

    fn verified(folder: &TempDir) -> Vec<Check> {
        verify(&Located::Folder(folder.path().to_owned()))
    }

    fn failed(folder: &TempDir) -> (&'static str, String) {
        let checks = verified(folder);
        let mut failed = checks.into_iter().filter(|check| check.outcome == Outcome::Failed);
        let first = failed.next().unwrap();
        assert_eq!(failed.next(), None);
        (first.name, first.detail)
    }

    fn change(folder: &TempDir, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(folder.path().join(name)).unwrap();
        change(&mut bytes);
        fs::write(folder.path().join(name), bytes).unwrap();
    }

    #[test]
    fn sound_models_pass() {
        let passed = |checks: &[Check]| {
            assert!(checks.iter().all(|check| check.outcome != Outcome::Failed), "{checks:?}");
            checks.iter().filter(|check| check.outcome == Outcome::Passed).count()
        };
        assert_eq!(passed(&verified(&copy())), 6);
        assert_eq!(passed(&verify(&Located::Bundled)), 6);
    }

    #[test]
    fn a_truncated_file_is_found_by_its_header() {
        let folder = copy();
        change(&folder, "model.safetensors", |bytes| bytes.truncate(100_000));
        let (check, detail) = failed(&folder);
        assert_eq!(check, "headers");
        assert!(detail.contains("truncated"), "{detail}");
    }

    #[test]
    fn a_number_that_is_none_is_found() {
        let folder = copy();
        change(&folder, "model.safetensors", |bytes| {
            let at = bytes.len() - 4;
            bytes[at..].copy_from_slice(&f32::NAN.to_le_bytes());
        });
        assert_eq!(failed(&folder).0, "numbers");
    }

    #[test]
    fn a_tokenizer_of_another_model_is_found() {
        let folder = copy();
        fs::write(folder.path().join("tokenizer.json"), crate::bundled::TOKENIZER).unwrap();
        let (check, detail) = failed(&folder);
        assert_eq!((check, detail.contains("631 vectors")), ("tokenizer", true), "{detail}");
    }

    #[test]
    fn a_missing_file_is_named_and_the_rest_is_skipped() {
        let folder = copy();
        fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
        assert_eq!(failed(&folder), ("files", "tokenizer.json is missing".to_owned()));
    }

    #[test]
    fn weights_that_give_every_text_one_vector_are_found() {
        let folder = copy();
        change(&folder, "model.safetensors", |bytes| {
            let header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap()));
            let data = 8 + header.unwrap();
            // With all weights equal, nothing of the text is left in a vector.
            for number in bytes[data..].chunks_exact_mut(4) {
                number.copy_from_slice(&0.5_f32.to_le_bytes());
            }
        });
        assert_eq!(failed(&folder).0, "vectors");
    }

    #[test]
    fn a_family_that_is_not_supported_is_named() {
        let folder = copy();
        change(&folder, "config.json", |bytes| {
            let text = String::from_utf8_lossy(bytes).replace("\"bert\"", "\"clip\"");
            *bytes = text.into_bytes();
        });
        let (check, detail) = failed(&folder);
        assert_eq!((check, detail.contains("clip")), ("loads", true), "{detail}");
    }
}
