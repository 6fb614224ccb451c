//! Makes the engine's log durable, and with it everything that was written.
//!
//! A flush of the engine writes out every segment: some seventy synced files, a third of a second
//! on a busy disk. The log alone is one or two files, and after a crash the engine replays it. The
//! engine writes it through a memory map; syncing the file writes such pages out as well.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use qdrant_edge::WAL_PATH;

/// How the names of log files begin that are being written to, or will be.
const OPEN: &[u8] = b"open-";
/// How the names of log files begin that are full and never written again.
const CLOSED: &[u8] = b"closed-";

/// The files of one index's log.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    /// The names of the files at the last sync.
    names: BTreeSet<OsString>,
}

impl Log {
    /// The log of the engine whose files are in the folder `articles`.
    pub fn new(articles: &Path) -> Self {
        Self { folder: articles.join(WAL_PATH), names: BTreeSet::new() }
    }

    /// Waits until everything written to the log is on disk. Nobody may write to it meanwhile.
    ///
    /// # Errors
    /// Any error of the file system.
    pub fn sync(&mut self) -> io::Result<()> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let is_closed = name.as_encoded_bytes().starts_with(CLOSED);
            // A flush keeps notes in the same folder, and makes them durable itself.
            if !is_closed && !name.as_encoded_bytes().starts_with(OPEN) {
                continue;
            }
            if !(is_closed && self.names.contains(&name)) {
                self.sync_file(&name)?;
            }
            names.insert(name);
        }
        if names != self.names {
            // A file is new in the folder, so the folder has to be synced too.
            if cfg!(unix) {
                File::open(&self.folder)?.sync_all()?;
            }
            self.names = names;
        }
        Ok(())
    }

    fn sync_file(&self, name: &OsString) -> io::Result<()> {
        match OpenOptions::new().read(true).write(true).open(self.folder.join(name)) {
            Ok(file) => file.sync_data(),
            // The engine renames a file that it has just made, and deletes one that it no longer
            // needs.
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(source),
        }
    }
}
