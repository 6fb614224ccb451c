//! The data folder: which process has it open, whether it is an index of ours, and what made it.
//!
//! ```text
//! <data>/wenmai.lock         locked while a process has the folder open; names that process
//! <data>/wenmai-index.json   the manifest: what the index was made with
//! <data>/wenmai-seal.json    the list of all files, while no process has the folder open
//! <data>/articles/           the engine's files of the articles
//! <data>/topics/             the engine's files of the topics
//! ```
//!
//! The manifest is written before the engine's files, completely or not at all, so a crash in
//! between leaves a folder that the next start completes. A folder that holds other files and no
//! manifest is not ours, and is refused before anything is written to it.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::BoxError;
use crate::Error;
use crate::Make;
use crate::edge::error;
use crate::edge::seal;
use crate::edge::seal::Seal;
use crate::edge::snapshot;

const LOCK: &str = "wenmai.lock";
/// Begins the line of the lock file that says which folder it was written in.
const FOLDER: &str = "folder ";
const MANIFEST: &str = "wenmai-index.json";
/// Appended to the name of a file that is not complete yet.
const NEW: &str = ".new";
const ARTICLES: &str = "articles";
const TOPICS: &str = "topics";
/// The folder in which the engine builds segments; what a crash leaves there is of no use.
const TEMP_SEGMENTS: &str = "temp_segments";
/// The version of the layout of the folder and of a payload; it counts up when an older program
/// could not read the new layout.
const FORMAT: u32 = 3;

/// What the index in a folder was made with, and by which program.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    index_version: String,
    dim: usize,
    created_by: String,
}

/// A data folder that only this process has open, until it is dropped.
#[derive(Debug)]
pub struct Folder {
    data: PathBuf,
    _lock: File,
    /// The seal with which the folder was opened, if it was closed in good order before.
    sealed: Option<Seal>,
}

impl Folder {
    /// Locks the folder, checks it, and creates what is missing.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has it open, [`Error::IndexVersion`] if another make is
    /// stored there, [`Error::Folder`] if it cannot be used or is not ours, [`Error::Full`].
    pub fn open(data: &Path, make: &Make) -> Result<Self, Error> {
        fs::create_dir_all(data).map_err(|source| error::folder(data, source))?;
        refuse_foreign(data)?;
        let lock = claim(data, lock(data)?)?;
        match read_manifest(data)? {
            Some(manifest) => check(data, &manifest, make)?,
            None => write_manifest(data, make).map_err(|source| error::folder(data, source))?,
        }
        let sealed = seal::open(data, &[ARTICLES, TOPICS])?;
        let folder = Self { data: data.to_owned(), _lock: lock, sealed };
        for temp in [folder.articles(), folder.topics()].map(|part| part.join(TEMP_SEGMENTS)) {
            match fs::remove_dir_all(temp) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(error::folder(data, source));
                }
                _ => {}
            }
        }
        Ok(folder)
    }

    /// The path of the folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether the folder was closed in good order before it was opened.
    pub fn was_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// Seals the folder, to which nothing is written any more, and releases it. `is_written` says
    /// whether anything was written since it was opened; if not, its files need no sync.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Full`] if it could not be sealed: the next start compares
    /// nothing then.
    pub fn close(self, is_written: bool) -> Result<(), Error> {
        let before = self.sealed.as_ref().filter(|_| !is_written);
        let sealed = seal::close(&self.data, &[ARTICLES, TOPICS], before);
        sealed.map_err(|source| error::folder(&self.data, source))
    }

    /// Copies the index into the new folder `to`. Nobody may write meanwhile.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Full`], both naming `to`.
    pub fn copy(&self, to: &Path) -> Result<(), Error> {
        snapshot::copy(&self.data, &[MANIFEST], &[ARTICLES, TOPICS], to)
            .map_err(|source| error::folder(to, source))
    }

    /// The folder of the engine's files of the articles.
    pub fn articles(&self) -> PathBuf {
        self.data.join(ARTICLES)
    }

    /// The folder of the engine's files of the topics.
    pub fn topics(&self) -> PathBuf {
        self.data.join(TOPICS)
    }
}

/// What the index in the folder `data` was made with; `None` if there is no index.
///
/// # Errors
/// [`Error::Folder`] if the manifest cannot be read or is damaged.
pub fn made(data: &Path) -> Result<Option<Make>, Error> {
    let manifest = read_manifest(data)?;
    Ok(manifest.map(|Manifest { index_version, dim, .. }| Make { index_version, dim }))
}

/// Refuses a folder that holds files and no manifest.
fn refuse_foreign(data: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(data).map_err(|source| error::folder(data, source))?;
    let mut stranger = None;
    for entry in entries {
        let name = entry.map_err(|source| error::folder(data, source))?.file_name();
        if name == MANIFEST {
            return Ok(());
        }
        // These are left by a start that was killed before it had written the manifest.
        if name != LOCK && name != format!("{MANIFEST}{NEW}").as_str() {
            stranger = Some(name);
        }
    }
    let Some(name) = stranger else { return Ok(()) };
    let name = name.display();
    let reason = format!("it is not empty (`{name}`) and holds no index of ours (`{MANIFEST}`)");
    Err(error::folder(data, reason))
}

/// Notes in the locked lock file which process has the folder, and which folder it is; refuses a
/// folder that was copied while a process had it open.
///
/// Such a copy looks like a folder whose process was killed: no seal, and a lock that nobody holds.
/// But its files are of different moments, and the engine would open what it finds. It is known by
/// the number of the folder in the file system, which a copy does not share.
fn claim(data: &Path, mut lock: File) -> Result<File, Error> {
    let unusable = |source| error::folder(data, source);
    let mut before = String::new();
    // A lock file that is no text says nothing.
    let _unreadable = lock.read_to_string(&mut before);
    let number = folder_number(data).map_err(unusable)?;
    let mut lines = before.lines();
    let holder = lines.next().unwrap_or_default();
    let noted = lines.next().and_then(|line| line.strip_prefix(FOLDER));
    let is_of_another = noted.is_some() && number.is_some() && noted != number.as_deref();
    if is_of_another && !seal::is_there(data) {
        let reason = format!(
            "it is a copy that was taken while {holder} had the folder open, so its files may be \
             of different moments; take the copy with `wenmai snapshot`, or remove `{LOCK}` to open \
             what is there"
        );
        return Err(error::folder(data, reason));
    }
    let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let holder = format!("{}, process {}, since {since}", program(), std::process::id());
    let number = number.map_or(String::new(), |number| {
        format!(
            "{FOLDER}{number}
"
        )
    });
    lock.set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| {
            lock.write_all(
                format!(
                    "{holder}
{number}"
                )
                .as_bytes(),
            )
        })
        .map_err(unusable)?;
    Ok(lock)
}

/// The number of a folder in its file system; `None` where there is none.
fn folder_number(data: &Path) -> io::Result<Option<String>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Ok(Some(fs::metadata(data)?.ino().to_string()))
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        Ok(None)
    }
}

/// Locks the folder.
///
/// # Errors
/// [`Error::Locked`] with the first line of the lock file, which names the process that has it.
fn lock(data: &Path) -> Result<File, Error> {
    let unusable = |source| error::folder(data, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(data.join(LOCK)).map_err(|source| unwritable(data, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The name of the holder only helps the reader; that there is a holder is certain.
            if file.read_to_string(&mut holder).is_err() || holder.trim().is_empty() {
                "another process".clone_into(&mut holder);
            }
            let holder = holder.lines().next().unwrap_or_default().trim().to_owned();
            return Err(Error::Locked { folder: data.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    Ok(file)
}

/// A folder in which no file can be opened for writing: read-only, or somebody else's.
fn unwritable(data: &Path, source: io::Error) -> Error {
    if !matches!(source.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) {
        return error::folder(data, source);
    }
    let reason = format!(
        "it cannot be written ({source}), which an index needs even to be read: copy it to where it \
         can be, or ask the `wenmai serve` that has it with --server URL"
    );
    error::folder(data, reason)
}

/// Reads the manifest; `None` if there is none.
fn read_manifest(data: &Path) -> Result<Option<Manifest>, Error> {
    let text = match fs::read(data.join(MANIFEST)) {
        Ok(text) => text,
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(error::folder(data, source)),
    };
    match serde_json::from_slice(&text) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(source) => Err(error::folder(data, format!("`{MANIFEST}` is damaged: {source}"))),
    }
}

fn write_manifest(data: &Path, make: &Make) -> Result<(), BoxError> {
    let Make { index_version, dim } = make;
    let manifest = Manifest {
        format: FORMAT,
        index_version: index_version.clone(),
        dim: *dim,
        created_by: program(),
    };
    Ok(write_whole(data, MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?)
}

/// Writes a file of the folder durably, and completely or not at all.
pub fn write_whole(data: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = data.join(format!("{name}{NEW}"));
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, data.join(name))?;
    sync(data)
}

/// Makes the names in a folder durable, on systems where a folder can be opened.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

/// Refuses an index whose `manifest` differs from what `make` asks for.
fn check(data: &Path, manifest: &Manifest, make: &Make) -> Result<(), Error> {
    let Manifest { format, index_version, dim, created_by } = manifest;
    if *format != FORMAT {
        let reason = format!(
            "its format is {format}, by {created_by}; this program reads {FORMAT}: \
                     ingest into another folder"
        );
        return Err(error::folder(data, reason));
    }
    let (mut stored, mut wanted) = (index_version.clone(), make.index_version.clone());
    if stored == wanted && *dim == make.dim {
        return Ok(());
    }
    if stored == wanted {
        stored = format!("{stored} with {dim} numbers");
        wanted = format!("{wanted} with {} numbers", make.dim);
    }
    let place = format!("data folder {}", data.display());
    Err(Error::IndexVersion { place, stored, wanted })
}

/// The name and version of this program.
fn program() -> String {
    concat!("wenmai ", env!("CARGO_PKG_VERSION")).to_owned()
}
