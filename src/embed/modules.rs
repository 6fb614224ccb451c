//! Reads `modules.json`, which lists the modules of a sentence-transformers model and where their
//! files are.
//!
//! A module that we do not have is refused, because without it the vectors would be wrong.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use crate::dense::Head;

/// The folder of the pooling's configuration when there is no `modules.json`.
const POOLING: &str = "1_Pooling";

/// The modules of a model: where its own files are, and what follows them.
#[derive(Debug, Default)]
pub(super) struct Modules {
    /// The folder of the first module, relative to the model's folder.
    pub(super) root: PathBuf,
    /// Whether the first module is a `StaticEmbedding`, which needs no `config.json`.
    pub(super) is_static: bool,
    /// The path of the pooling's `config.json`, for messages, and its content.
    pub(super) pooling: Option<(String, Vec<u8>)>,
    /// The modules behind the pooling.
    pub(super) head: Head,
}

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Modules {
    /// Reads `modules.json` in `folder` and the modules that it lists, except the model itself.
    /// Without that file, the model is a transformer with the pooling in `1_Pooling`, or else with
    /// mean pooling.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let Some(json) = optional(folder, Path::new("modules.json"))? else {
            let pooling = read_pooling(folder, Path::new(POOLING))?;
            return Ok(Self { pooling, ..Self::default() });
        };
        let listed: Vec<Module> =
            serde_json::from_slice(&json).map_err(|error| format!("modules.json: {error}"))?;
        let mut modules = Self::default();
        let mut before = None;
        for module in &listed {
            let kind = module.kind.rsplit('.').next().unwrap_or_default();
            modules.add(folder, before, kind, &inside(&module.path)?)?;
            before = Some(kind);
        }
        if before.is_none() {
            return Err("modules.json: it lists no module".to_owned());
        }
        if modules.pooling.is_none() && !modules.is_static {
            return Err("modules.json: a Transformer needs a Pooling module behind it".to_owned());
        }
        Ok(modules)
    }

    /// Adds the module of type `kind` at `path`, which follows a module of type `before`.
    fn add(
        &mut self,
        folder: &Path,
        before: Option<&str>,
        kind: &str,
        path: &Path,
    ) -> Result<(), String> {
        match (before, kind) {
            (None, "Transformer" | "StaticEmbedding") => {
                path.clone_into(&mut self.root);
                self.is_static = kind == "StaticEmbedding";
            }
            (Some("Transformer"), "Pooling") => {
                self.pooling = read_pooling(folder, path)?;
                if self.pooling.is_none() {
                    return Err(format!("{}/config.json is missing", path.display()));
                }
            }
            // Dropout is used in training only.
            (Some("StaticEmbedding" | "Pooling" | "Dense" | "Normalize" | "Dropout"), kind) => {
                match kind {
                    "Normalize" => self.head.push_normalize(),
                    "Dense" => self.head.push_dense(&folder.join(path), path)?,
                    "Dropout" => {}
                    _ => return Err(unsupported(kind)),
                }
            }
            _ => return Err(unsupported(kind)),
        }
        Ok(())
    }
}

fn unsupported(kind: &str) -> String {
    format!(
        "modules.json: module {kind} is not supported in its place: Transformer and Pooling, or \
         StaticEmbedding, then Dense, Normalize, Dropout"
    )
}

/// The path of a module, which must not lead out of the model's folder.
fn inside(path: &str) -> Result<PathBuf, String> {
    let mut inside = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(format!("modules.json: path `{path}` leads out of the folder"));
            }
        }
    }
    Ok(inside)
}

fn read_pooling(folder: &Path, path: &Path) -> Result<Option<(String, Vec<u8>)>, String> {
    let path = path.join("config.json");
    Ok(optional(folder, &path)?.map(|json| (path.display().to_string(), json)))
}

/// The content of `folder/path`; `None` if there is no such file.
pub(super) fn optional(folder: &Path, path: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(folder.join(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::inside;
    use crate::fixture;

    fn reason(modules: &str) -> String {
        let folder = fixture::copy("bert");
        std::fs::write(folder.path().join("modules.json"), modules).unwrap();
        fixture::reason(folder.path())
    }

    #[test]
    fn paths_stay_inside_the_folder() {
        assert_eq!(inside("./2_Dense/").unwrap().to_str(), Some("2_Dense"));
        assert_eq!(inside(".").unwrap().to_str(), Some(""));
        assert!(inside("../other").is_err());
        assert!(inside("/etc").is_err());
    }

    #[test]
    fn a_module_that_we_lack_is_named() {
        let lstm = r#"[{"path": "", "type": "sentence_transformers.models.Transformer"},
            {"path": "1_LSTM", "type": "sentence_transformers.models.LSTM"}]"#;
        assert!(reason(lstm).contains("module LSTM is not supported"));
        assert!(reason("[]").contains("no module"));
        let alone = r#"[{"path": "", "type": "sentence_transformers.models.Transformer"}]"#;
        assert!(reason(alone).contains("needs a Pooling"));
    }

    #[test]
    fn the_model_may_lie_in_a_folder_of_its_own() {
        let folder = fixture::copy("bert");
        let own = folder.path().join("0_Transformer");
        std::fs::create_dir(&own).unwrap();
        for file in
            ["config.json", "tokenizer.json", "model.safetensors", "sentence_bert_config.json"]
        {
            std::fs::rename(folder.path().join(file), own.join(file)).unwrap();
        }
        std::fs::rename(folder.path().join("1_Pooling"), folder.path().join("pooled")).unwrap();
        let modules = r#"[
            {"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
            {"path": "pooled", "type": "sentence_transformers.models.Pooling"}]"#;
        std::fs::write(folder.path().join("modules.json"), modules).unwrap();
        assert_eq!(fixture::load(folder.path()).info().pooling, "cls");
    }
}
