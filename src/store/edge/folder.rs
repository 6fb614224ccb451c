//! The data folder: whose it is, what it holds, who has it open.
//!
//! ```text
//! <data>/wenmai.lock         locked while a process has the folder open; says who
//! <data>/wenmai-index.json   the manifest: what the index is made of
//! <data>/wenmai-seal.json    which files there are, while nobody has the folder open
//! <data>/articles/           the engine's files
//! <data>/topics/             the engine's files of the topics
//! ```
//!
//! The manifest is written before the engine's files, whole or not at all, so a crash in between
//! leaves a folder that the next start completes. A folder that holds anything else and no manifest
//! is not ours: it is refused before a byte is written.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
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

const LOCK: &str = "wenmai.lock";
const MANIFEST: &str = "wenmai-index.json";
/// Behind the name of a file that is not whole yet.
const NEW: &str = ".new";
const ARTICLES: &str = "articles";
const TOPICS: &str = "topics";
/// Where the engine builds segments; what a crash leaves there is of no use to anyone.
const TEMP_SEGMENTS: &str = "temp_segments";
/// The layout of the folder and of a payload; counts up when a program of today could not read it.
const FORMAT: u32 = 3;

/// What the index in a folder is made of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    index_version: String,
    dim: usize,
    created_by: String,
}

/// A data folder that this process alone has open, until it is dropped.
#[derive(Debug)]
pub struct Folder {
    data: PathBuf,
    _lock: File,
    /// What the folder held when it was last closed in good order.
    sealed: Option<Seal>,
}

impl Folder {
    /// Takes the folder, and makes what is missing.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process has it, [`Error::IndexVersion`] if it was made
    /// otherwise, [`Error::Folder`] if it cannot be used or is not ours, [`Error::Full`].
    pub fn open(data: &Path, make: &Make) -> Result<Self, Error> {
        fs::create_dir_all(data).map_err(|source| error::folder(data, source))?;
        refuse_foreign(data)?;
        let lock = lock(data)?;
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

    /// The folder itself.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Whether it was closed in good order before it was opened.
    pub fn was_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// Lets the folder go, in which nothing is written any more, with a seal on it. Unless
    /// `is_written` the files have changed only by being opened.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Full`] if there is none: then the next start compares nothing.
    pub fn close(self, is_written: bool) -> Result<(), Error> {
        let before = self.sealed.as_ref().filter(|_| !is_written);
        let sealed = seal::close(&self.data, &[ARTICLES, TOPICS], before);
        sealed.map_err(|source| error::folder(&self.data, source))
    }

    /// Where the engine keeps the articles.
    pub fn articles(&self) -> PathBuf {
        self.data.join(ARTICLES)
    }

    /// Where the engine keeps the topics.
    pub fn topics(&self) -> PathBuf {
        self.data.join(TOPICS)
    }
}

/// What the index in a folder is made of; `None` if there is none.
///
/// # Errors
/// [`Error::Folder`] if it cannot be read or is damaged.
#[cfg(feature = "server")]
pub fn made(data: &Path) -> Result<Option<Make>, Error> {
    let manifest = read_manifest(data)?;
    Ok(manifest.map(|Manifest { index_version, dim, .. }| Make { index_version, dim }))
}

/// Refuses a folder that holds something and no manifest.
fn refuse_foreign(data: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(data).map_err(|source| error::folder(data, source))?;
    let mut stranger = None;
    for entry in entries {
        let name = entry.map_err(|source| error::folder(data, source))?.file_name();
        if name == MANIFEST {
            return Ok(());
        }
        // What a start leaves that was killed before it wrote the manifest.
        if name != LOCK && name != format!("{MANIFEST}{NEW}").as_str() {
            stranger = Some(name);
        }
    }
    let Some(name) = stranger else { return Ok(()) };
    let name = name.display();
    let reason = format!("it is not empty (`{name}`) and holds no index of ours (`{MANIFEST}`)");
    Err(error::folder(data, reason))
}

/// Locks the folder and writes down who has it.
fn lock(data: &Path) -> Result<File, Error> {
    let unusable = |source| error::folder(data, source);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(data.join(LOCK)).map_err(|source| unwritable(data, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who it is only helps; that there is someone is certain.
            if file.read_to_string(&mut holder).is_err() || holder.trim().is_empty() {
                "another process".clone_into(&mut holder);
            }
            let holder = holder.trim().to_owned();
            return Err(Error::Locked { folder: data.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    let since = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let holder = format!("{}, process {}, since {since}\n", program(), std::process::id());
    file.set_len(0).and_then(|()| file.write_all(holder.as_bytes())).map_err(unusable)?;
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

/// The manifest, if there is one.
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

/// Writes a file of the folder, durably, whole or not at all.
pub fn write_whole(data: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = data.join(format!("{name}{NEW}"));
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, data.join(name))?;
    sync(data)
}

/// Makes durable which names a folder holds; not every system opens one.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

/// Whether an index of this `manifest` is what `make` asks for.
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

/// This program and its version.
fn program() -> String {
    concat!("wenmai ", env!("CARGO_PKG_VERSION")).to_owned()
}
