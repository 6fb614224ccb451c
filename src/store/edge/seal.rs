//! The seal of a folder that was closed in good order: a list of its files, which the next start
//! compares.
//!
//! The engine opens whatever it finds: a segment that is missing, or a list of versions that was
//! cut short, looks to it like fewer articles and not like an error. So closing writes down every
//! file with its length, and a digest of the smaller ones. A start that finds a seal compares the
//! files with it, names one that differs and refuses the folder, or else removes the seal before
//! the engine writes. A process that was killed leaves no seal: the engine replays its log then,
//! and nothing is compared.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::Path;
use std::thread;

use serde::Deserialize;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

use crate::Error;
use crate::edge::error;
use crate::edge::folder::sync;
use crate::edge::folder::write_whole;
use crate::edge::tuning;
use wenmai_domain::digest::hex;

/// The name of the seal's file in the data folder.
const NAME: &str = "wenmai-seal.json";
/// Files up to this many bytes have a digest. Of larger ones (vectors, payloads, the log) only the
/// length is compared, or a close would have to read the whole index.
const DIGEST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes that are read at a time; a block of zeros has no part in a digest.
const BLOCK_BYTES: u64 = 4096;

/// The files of a closed folder, by their path in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seal {
    files: BTreeMap<String, Sealed>,
}

/// The length and the digest of a file when the folder was closed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed {
    bytes: u64,
    /// See [`digest`]; absent for large files. Older seals have another kind of hash, which is not
    /// read: with them only lengths are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

/// Seals `data`, to whose `parts` nobody writes any more. `before` is the seal with which the
/// folder was opened, if nothing was written since: files that are still as it says are durable
/// already and are not synced again.
///
/// # Errors
/// Any error of reading a file or of writing the seal; the folder has no seal then.
pub fn close(data: &Path, parts: &[&str], before: Option<&Seal>) -> io::Result<()> {
    let files = files(data, parts)?;
    for (path, sealed) in &files {
        if before.is_none_or(|before| before.files.get(path) != Some(sealed)) {
            File::open(data.join(path))?.sync_all()?;
        }
    }
    let bytes = serde_json::to_vec_pretty(&Seal { files }).map_err(io::Error::other)?;
    write_whole(data, NAME, &bytes)
}

/// Whether `data` has a seal, sound or not.
pub fn is_there(data: &Path) -> bool {
    data.join(NAME).exists()
}

/// Compares `data` with its seal, removes the seal and returns it; `None` if there was none.
///
/// # Errors
/// [`Error::Folder`] if a file is missing or differs; the seal stays in that case.
pub fn open(data: &Path, parts: &[&str]) -> Result<Option<Seal>, Error> {
    let path = data.join(NAME);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(error::folder(data, source)),
    };
    let seal = match serde_json::from_slice::<Seal>(&text) {
        Ok(seal) => {
            let found = files(data, parts).map_err(|source| error::folder(data, source))?;
            seal.check(&found).map_err(|reason| error::folder(data, reason))?;
            Some(seal)
        }
        // A damaged seal says nothing about the articles.
        Err(reason) => {
            let reason: &dyn std::error::Error = &reason;
            tracing::warn!(file = NAME, reason, "damaged; the folder's files were not compared");
            None
        }
    };
    let broken = fs::remove_file(&path).and_then(|()| sync(data));
    broken.map(|()| seal).map_err(|source| error::folder(data, source))
}

impl Seal {
    /// Fails with the first file that differs from the seal; files that were added do no harm.
    fn check(&self, found: &BTreeMap<String, Sealed>) -> Result<(), String> {
        let what = self.files.iter().find_map(|(path, sealed)| match found.get(path) {
            None => Some(format!("`{path}` is gone")),
            Some(now) if now.bytes != sealed.bytes => Some(format!(
                "`{path}` has {} bytes, {} when it was closed",
                now.bytes, sealed.bytes
            )),
            Some(now) if sealed.digest.is_some() && now.digest != sealed.digest => {
                Some(format!("`{path}` was changed"))
            }
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

/// The length and digest of every file below `parts` of `data`.
fn files(data: &Path, parts: &[&str]) -> io::Result<BTreeMap<String, Sealed>> {
    let mut names = Vec::new();
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
            } else {
                names.push(path);
            }
        }
    }
    let sealed = |names: &[String]| -> io::Result<Vec<(String, Sealed)>> {
        names.iter().map(|name| Ok((name.clone(), Sealed::of(&data.join(name))?))).collect()
    };
    // There are some seven hundred files, so they are read by one thread for each core.
    let share = names.len().div_ceil(tuning::threads()).max(1);
    let found: io::Result<Vec<_>> = thread::scope(|scope| {
        let readers: Vec<_> =
            names.chunks(share).map(|names| scope.spawn(move || sealed(names))).collect();
        let read = |reader: thread::ScopedJoinHandle<'_, _>| {
            reader.join().unwrap_or_else(|_panic| Err(io::Error::other("a reader panicked")))
        };
        readers.into_iter().map(read).collect()
    });
    Ok(found?.into_iter().flatten().collect())
}

impl Sealed {
    /// The length and digest of the file at `path` as it is now.
    fn of(path: &Path) -> io::Result<Self> {
        let bytes = fs::metadata(path)?.len();
        let digest = (bytes <= DIGEST_BYTES_MAX).then(|| digest(path)).transpose()?;
        Ok(Self { bytes, digest })
    }
}

/// The SHA-256 over the blocks of a file that are not all zeros, each preceded by its offset.
///
/// Most of the engine's small files are a megabyte long with a few kilobytes written: the rest is a
/// hole, which is skipped without being read. A copy of the file without holes has the same digest.
fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut sha256 = Sha256::new();
    let mut data = Vec::new();
    let mut at = 0;
    while let Some(extent) = next_data(&file, at, length)? {
        // The file system chooses where an extent begins and ends; the digest needs fixed blocks.
        let start = (extent.start / BLOCK_BYTES * BLOCK_BYTES).max(at);
        at = extent.end.next_multiple_of(BLOCK_BYTES).min(length);
        data.clear();
        file.seek(SeekFrom::Start(start))?;
        (&file).take(at - start).read_to_end(&mut data)?;
        let mut offset = start;
        for block in data.chunks(usize::try_from(BLOCK_BYTES).map_err(io::Error::other)?) {
            if block.iter().any(|byte| *byte != 0) {
                sha256.update(offset.to_le_bytes());
                sha256.update(block);
            }
            offset += BLOCK_BYTES;
        }
    }
    Ok(hex(&sha256.finalize()))
}

/// The next range of `file` from the offset `at` on that may hold more than a hole; `None` if there
/// is none before `length`.
pub fn next_data(file: &File, at: u64, length: u64) -> io::Result<Option<Range<u64>>> {
    if at >= length {
        return Ok(None);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::SeekFrom as Seek;
        use rustix::io::Errno;
        match rustix::fs::seek(file, Seek::Data(at)) {
            Ok(start) => {
                let end = rustix::fs::seek(file, Seek::Hole(start))?;
                return Ok(Some(start..end));
            }
            Err(Errno::NXIO) => return Ok(None),
            // The file system knows no holes, so everything is read.
            Err(_) => {}
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
    Ok(Some(at..length))
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
        close(root.path(), &PARTS, None).unwrap();
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
    fn a_hole_and_as_many_zeros_are_the_same() {
        let root = TempDir::new().unwrap();
        let (sparse, full) = (root.path().join("sparse"), root.path().join("full"));
        let file = fs::File::create(&sparse).unwrap();
        file.set_len(1_000_003).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"data", 500_001).unwrap();
        let mut bytes = vec![0; 1_000_003];
        bytes[500_001..500_005].copy_from_slice(b"data");
        fs::write(&full, &bytes).unwrap();
        assert_eq!(super::digest(&sparse).unwrap(), super::digest(&full).unwrap());
        for at in [0, 500_001, 1_000_002] {
            bytes[at] ^= 1;
            fs::write(&full, &bytes).unwrap();
            assert_ne!(super::digest(&sparse).unwrap(), super::digest(&full).unwrap(), "{at}");
            bytes[at] ^= 1;
        }
    }

    #[test]
    fn of_an_older_seal_the_lengths_are_compared() {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("articles")).unwrap();
        fs::write(root.path().join("articles/log"), "1234").unwrap();
        let seal = |bytes: u64| {
            let seal =
                format!(r#"{{"files":{{"articles/log":{{"bytes":{bytes},"sha256":"0123"}}}}}}"#);
            fs::write(root.path().join(NAME), seal).unwrap();
        };
        seal(4);
        open(root.path(), &PARTS).unwrap();
        seal(5);
        assert!(refused(root.path()).contains("`articles/log` has 4 bytes, 5 when"));
    }

    #[test]
    fn a_damaged_seal_says_nothing_of_the_articles() {
        let root = sealed();
        fs::write(root.path().join(NAME), "{").unwrap();
        open(root.path(), &PARTS).unwrap();
        assert!(!root.path().join(NAME).exists());
    }
}
