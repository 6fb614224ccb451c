//! Loads a language model from a folder with one GGUF file and its `tokenizer.json`.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::Error;
use crate::Writer;
use crate::qwen3::Qwen3;

/// The file that is used if a folder contains several.
const USUAL: &str = "model.gguf";
/// The file of the tokenizer.
const TOKENIZER: &str = "tokenizer.json";

/// Loads the model in `folder`.
///
/// # Errors
/// [`Error::Folder`] with the reason: a file is missing, damaged or of another architecture, or the
/// two do not fit together.
pub fn open(folder: &Path) -> Result<Box<dyn Writer>, Error> {
    let failed = |reason: String| Error::Folder { folder: folder.to_owned(), reason };
    let weights = gguf(folder).map_err(failed)?;
    let tokenizer = folder.join(TOKENIZER);
    let json = fs::read(&tokenizer).map_err(|error| failed(format!("{TOKENIZER}: {error}")))?;
    let model = Qwen3::read(&weights, &json).map_err(failed)?;
    Ok(Box::new(model))
}

/// The path of the one GGUF file in `folder`.
fn gguf(folder: &Path) -> Result<PathBuf, String> {
    let usual = folder.join(USUAL);
    if usual.is_file() {
        return Ok(usual);
    }
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf")))
        .collect();
    match (found.pop(), found.len()) {
        (Some(one), 0) => Ok(one),
        (Some(_), more) => Err(format!("it holds {} .gguf files and none is {USUAL}", more + 1)),
        (None, _) => Err("it holds no .gguf file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::gguf;
    use super::open;

    #[test]
    fn one_file_is_taken_and_several_need_the_usual_name() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(folder.path().join(name), "x").unwrap();
        assert!(gguf(folder.path()).unwrap_err().contains("no .gguf"));
        put("one-Q8_0.gguf");
        assert!(gguf(folder.path()).unwrap().ends_with("one-Q8_0.gguf"));
        put("two.GGUF");
        assert!(gguf(folder.path()).unwrap_err().contains("2 .gguf"));
        put("model.gguf");
        assert!(gguf(folder.path()).unwrap().ends_with("model.gguf"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let reason = |at: &std::path::Path| open(at).err().unwrap().to_string();
        assert!(reason(&folder.path().join("nowhere")).contains("nowhere"));
        fs::write(folder.path().join("model.gguf"), "not a model").unwrap();
        assert!(reason(folder.path()).contains("tokenizer.json"));
        fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
        assert!(reason(folder.path()).contains("model.gguf"), "{}", reason(folder.path()));
    }
}
