//! The cache of models on this machine, in the layout of Hugging Face's own tools.
//!
//! A folder `models--owner--name/` holds `refs/{revision}` (the commit),
//! `snapshots/{commit}/{file}` (links) and `blobs/{etag}` (the contents, named by their checksum).
//! On a system without links, a snapshot has plain files.

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest;
use sha2::Sha256;

use crate::hub::files;
use crate::hub::name::Repo;
use crate::hub::name::is_commit;
use wenmai_domain::digest::hex;

/// Bytes that are read at a time for a checksum.
const CHUNK_BYTES: usize = 1 << 20;

/// The folder of the cache.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// A model in the cache.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The model at the revision under which it was fetched.
    pub repo: Repo,
    /// The commit of that revision.
    pub commit: String,
    /// The folder of its files.
    pub folder: PathBuf,
    /// A sentence about what is missing; `None` if the model can be used.
    pub missing: Option<String>,
    /// Bytes of the files that this program uses.
    pub bytes: u64,
}

impl Cache {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of the cache.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a model, with its links, contents and revisions.
    pub(super) fn folder(&self, repo: &Repo) -> PathBuf {
        self.root.join(repo.folder_name())
    }

    /// The folder with the files of one commit.
    pub(super) fn snapshot(&self, repo: &Repo, commit: &str) -> PathBuf {
        self.folder(repo).join("snapshots").join(commit)
    }

    /// The commit that `repo`'s revision had when it was fetched.
    #[must_use]
    pub fn commit(&self, repo: &Repo) -> Option<String> {
        if is_commit(repo.revision()) {
            return Some(repo.revision().to_owned());
        }
        let reference = self.folder(repo).join("refs").join(repo.revision());
        let commit = std::fs::read_to_string(reference).ok()?;
        // The commit becomes a part of a path, so it must look like one.
        Some(commit.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    /// The folder of `repo`, if it has everything that a model needs.
    #[must_use]
    pub fn complete(&self, repo: &Repo) -> Option<PathBuf> {
        let folder = self.snapshot(repo, &self.commit(repo)?);
        let (missing, _) = state(&folder);
        missing.is_none().then_some(folder)
    }

    /// The folder of `repo`, if anything of it is there.
    #[must_use]
    pub fn snapshot_of(&self, repo: &Repo) -> Option<PathBuf> {
        Some(self.snapshot(repo, &self.commit(repo)?)).filter(|folder| folder.is_dir())
    }

    /// Lists the models in the cache, in order of name; one that we cannot use has something in
    /// `missing`.
    ///
    /// # Errors
    /// If the cache exists and cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let folders = match std::fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            folders => folders?,
        };
        let mut entries = Vec::new();
        for folder in folders {
            let folder = folder?;
            let name = folder.file_name().to_string_lossy().into_owned();
            let refs = folder.path().join("refs");
            let named = revisions(&refs, "").into_iter();
            entries.extend(named.filter_map(|revision| {
                let repo = Repo::of_folder_name(&name, &revision)?;
                let commit = self.commit(&repo)?;
                let folder = self.snapshot(&repo, &commit);
                let (missing, bytes) = state(&folder);
                Some(Entry { repo, commit, folder, missing, bytes })
            }));
        }
        entries.sort_by_key(|entry| entry.repo.to_string());
        Ok(entries)
    }
}

/// What the model in `folder` lacks, and how many bytes it has.
fn state(folder: &Path) -> (Option<String>, u64) {
    let files = files::lengths(folder).unwrap_or_default();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    (files::missing(&names), files.iter().map(|(_, bytes)| bytes).sum())
}

/// The revisions below `refs`, such as `main` and `refs/pr/1`.
fn revisions(folder: &Path, before: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(revisions(&entry.path(), &format!("{name}/")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// The checksum that the cache knows of a file of a snapshot: the name of the blob that it links
/// to.
#[must_use]
pub fn known_checksum(file: &Path) -> Option<String> {
    let target = std::fs::read_link(file).ok()?;
    let in_blobs = target.parent().and_then(Path::file_name).is_some_and(|name| name == "blobs");
    let name = target.file_name()?.to_str()?;
    (in_blobs && kind(name).is_some()).then(|| name.to_owned())
}

/// The kind of checksum that an entity tag of the hub is; `None` if it is no known kind.
fn kind(etag: &str) -> Option<Kind> {
    let hex = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    match etag.len() {
        64 if hex => Some(Kind::Sha256),
        40 if hex => Some(Kind::Git),
        _ => None,
    }
}

/// The kind of a checksum: the hub gives the SHA-256 of large files and git's blob hash of small
/// ones.
enum Kind {
    Sha256,
    Git,
}

/// Whether the content of `file` has the checksum `etag`; `None` if `etag` is not a known checksum.
///
/// # Errors
/// If the file cannot be read.
pub fn has_checksum(file: &Path, etag: &str) -> io::Result<Option<bool>> {
    let Some(kind) = kind(etag) else { return Ok(None) };
    let mut file = File::open(file)?;
    let found = match kind {
        Kind::Sha256 => {
            let mut hash = Sha256::new();
            each_chunk(&mut file, |chunk| hash.update(chunk))?;
            hex(&hash.finalize())
        }
        Kind::Git => {
            let mut hash = sha1_smol::Sha1::new();
            hash.update(format!("blob {}\0", file.metadata()?.len()).as_bytes());
            each_chunk(&mut file, |chunk| hash.update(chunk))?;
            hash.digest().to_string()
        }
    };
    Ok(Some(found.eq_ignore_ascii_case(etag)))
}

/// Whether `file` exists with the length `bytes` and, if `etag` is a known checksum, with that
/// checksum.
///
/// # Errors
/// If the file exists and cannot be read.
#[cfg(feature = "hub")]
pub(super) fn matches(file: &Path, etag: &str, bytes: u64) -> io::Result<bool> {
    match std::fs::metadata(file) {
        Ok(found) if found.len() == bytes => Ok(has_checksum(file, etag)? != Some(false)),
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn each_chunk(file: &mut File, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        take(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Cache;
    use super::has_checksum;
    use crate::hub::name::Repo;

    #[test]
    fn checksums_are_those_of_the_hub() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "hello\n").unwrap();
        // The output of `git hash-object` and `sha256sum` for that file.
        let git = "ce013625030ba8dba906f756967f9e9ca394464a";
        let sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(has_checksum(&file, git).unwrap(), Some(true));
        assert_eq!(has_checksum(&file, sha).unwrap(), Some(true));
        assert_eq!(has_checksum(&file, &sha.replace('5', "6")).unwrap(), Some(false));
        assert_eq!(has_checksum(&file, "some-other-tag").unwrap(), None);
    }

    #[test]
    fn a_model_without_all_its_files_is_listed_and_not_complete() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        let repo = Repo::parse("owner/tiny").unwrap();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let snapshot = cache.snapshot(&repo, commit);
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(cache.folder(&repo).join("refs")).unwrap();
        fs::write(cache.folder(&repo).join("refs/main"), commit).unwrap();
        fs::write(snapshot.join("config.json"), "{}").unwrap();
        assert_eq!(cache.complete(&repo), None);
        let entries = cache.entries().unwrap();
        assert_eq!(entries[0].missing.as_deref(), Some("tokenizer.json is missing"));
        for name in ["tokenizer.json", "model.safetensors"] {
            fs::write(snapshot.join(name), "{}").unwrap();
        }
        assert_eq!(cache.complete(&repo), Some(snapshot));
        assert_eq!(cache.entries().unwrap()[0].bytes, 6);
    }
}
