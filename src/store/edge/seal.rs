//! The seal of a folder that was closed in good order: which files it holds, checked by the next start.
//!
//! The engine opens what it finds: to it a segment that is gone, or a list of versions that was cut
//! short, is fewer articles and no error. So closing writes down every file with its length, and of
//! the smaller ones a hash; a start that finds another compares, refuses by name, and else breaks
//! the seal before the engine writes. A killed process leaves none: what a crash leaves is the
//! engine's log to mend, and nothing is compared then.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::Error;
use crate::edge::error;
use crate::edge::folder::sync;
use crate::edge::folder::write_whole;
use wenmai_domain::digest::hex;

/// Where it lies in the data folder.
const NAME: &str = "wenmai-seal.json";
/// Bytes up to which a file is hashed; of larger ones (vectors, payloads, the log) only the length
/// counts, or a close would read the whole index.
const HASHED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The files of a closed folder, by their path in it.
#[derive(Debug, Serialize, Deserialize)]
struct Seal {
    files: BTreeMap<String, Sealed>,
}

/// A file as it was.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed {
    bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// Seals `data`, whose `parts` nobody writes any more.
///
/// # Errors
/// What reading a file or writing the seal gives; then there is none.
pub fn close(data: &Path, parts: &[&str]) -> io::Result<()> {
    let files = files(data, parts, |path| File::open(path)?.sync_all())?;
    let bytes = serde_json::to_vec_pretty(&Seal { files }).map_err(io::Error::other)?;
    write_whole(data, NAME, &bytes)
}

/// Compares `data` with its seal, if it has one, and breaks that.
///
/// # Errors
/// [`Error::Folder`] if a file is gone or is another; the seal stays then.
pub fn open(data: &Path, parts: &[&str]) -> Result<(), Error> {
    let path = data.join(NAME);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(error::folder(data, source)),
    };
    match serde_json::from_slice::<Seal>(&text) {
        Ok(seal) => {
            let found = files(data, parts, |_| Ok(()));
            let found = found.map_err(|source| error::folder(data, source))?;
            seal.check(&found).map_err(|reason| error::folder(data, reason))?;
        }
        // It says nothing about the articles.
        Err(reason) => {
            let reason: &dyn std::error::Error = &reason;
            tracing::warn!(file = NAME, reason, "damaged; the folder's files were not compared");
        }
    }
    fs::remove_file(&path).and_then(|()| sync(data)).map_err(|source| error::folder(data, source))
}

impl Seal {
    /// The first file that is not as it was; those that came are no loss.
    fn check(&self, found: &BTreeMap<String, Sealed>) -> Result<(), String> {
        let what = self.files.iter().find_map(|(path, sealed)| match found.get(path) {
            None => Some(format!("`{path}` is gone")),
            Some(now) if now.bytes != sealed.bytes => Some(format!(
                "`{path}` has {} bytes, {} when it was closed",
                now.bytes, sealed.bytes
            )),
            Some(now) if now != sealed => Some(format!("`{path}` was changed")),
            Some(_) => None,
        });
        match what {
            None => Ok(()),
            Some(what) => Err(format!(
                "it is damaged: {what}; restore a backup, or remove `{NAME}` to open what is left"
            )),
        }
    }
}

/// Every file below `parts` of `data`, each after `visit`.
fn files(
    data: &Path,
    parts: &[&str],
    visit: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<BTreeMap<String, Sealed>> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(data.join(&folder)) {
            Err(source) if source.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().display());
            if entry.file_type()?.is_dir() {
                folders.push(path);
                continue;
            }
            visit(&entry.path())?;
            let bytes = entry.metadata()?.len();
            let sha256 = if bytes > HASHED_BYTES_MAX { None } else { Some(hash(&entry.path())?) };
            found.insert(path, Sealed { bytes, sha256 });
        }
    }
    Ok(found)
}

fn hash(path: &Path) -> io::Result<String> {
    Ok(hex(&Sha256::digest(fs::read(path)?)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::NAME;
    use super::close;
    use super::open;

    const PARTS: [&str; 2] = ["articles", "topics"];

    fn sealed() -> TempDir {
        let root = TempDir::new().unwrap();
        fs::create_dir_all(root.path().join("articles/segment")).unwrap();
        fs::write(root.path().join("articles/segment/versions"), "1234").unwrap();
        fs::write(root.path().join("articles/log"), "").unwrap();
        close(root.path(), &PARTS).unwrap();
        root
    }

    fn refused(data: &Path) -> String {
        let refused = open(data, &PARTS).unwrap_err();
        assert!(data.join(NAME).exists(), "the next start must refuse it too");
        std::error::Error::source(&refused).unwrap().to_string()
    }

    #[test]
    fn a_seal_is_broken_once() {
        let root = sealed();
        fs::write(root.path().join("articles/new"), "").unwrap();
        open(root.path(), &PARTS).unwrap();
        assert!(!root.path().join(NAME).exists());
        fs::write(root.path().join("articles/log"), "more").unwrap();
        open(root.path(), &PARTS).unwrap();
    }

    #[test]
    fn what_is_gone_shorter_or_changed_is_named() {
        let root = sealed();
        let file = root.path().join("articles/segment/versions");
        fs::write(&file, "12").unwrap();
        assert!(refused(root.path()).contains("`articles/segment/versions` has 2 bytes, 4 when"));
        fs::write(&file, "1243").unwrap();
        assert!(refused(root.path()).contains("`articles/segment/versions` was changed"));
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
        assert!(refused(root.path()).contains("`articles/segment/versions` is gone"));
    }

    #[test]
    fn a_damaged_seal_says_nothing_of_the_articles() {
        let root = sealed();
        fs::write(root.path().join(NAME), "{").unwrap();
        open(root.path(), &PARTS).unwrap();
        assert!(!root.path().join(NAME).exists());
    }
}
