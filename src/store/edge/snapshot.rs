//! A copy of the data folder of an index that is open, as it was at one moment.
//!
//! Writes wait while the files are copied, reads go on. The copy is sealed like a folder that was
//! closed in good order, so that whoever opens it can tell whether it is whole. It is made under
//! another name and renamed when it is complete: a copy that was cut off is never taken for one.

use std::fs;
use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::Error;
use crate::edge::folder;
use crate::edge::seal;
use crate::edge::shard::Shard;

impl Shard {
    /// Keeps a snapshot from being taken until the guard is dropped, or a write from being done
    /// while one is taken.
    pub fn hold_still(&self) -> MutexGuard<'_, ()> {
        self.still.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes everything out and copies the index into the new folder `to`. Writes wait meanwhile.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]; [`Error::Folder`] naming `to`.
    pub fn snapshot(&self, to: &Path) -> Result<(), Error> {
        let _still = self.hold_still();
        // A question that opens topics would make files.
        let _opening = self.opening_topics.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush()?;
        self.folder.copy(to)
    }
}

/// Copies `files` of `data`, and everything below its `parts`, into the new folder `to`.
///
/// # Errors
/// `AlreadyExists` if there is something at `to`; what the system says otherwise. What was copied
/// until then is removed by the next copy to the same place.
pub fn copy(data: &Path, files: &[&str], parts: &[&str], to: &Path) -> io::Result<()> {
    if to.exists() {
        let what = format!("{} exists already", to.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, what));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    match fs::remove_dir_all(&partial) {
        Err(source) if source.kind() != ErrorKind::NotFound => return Err(source),
        _ => {}
    }
    fs::create_dir_all(&partial)?;
    for file in files {
        copy_file(&data.join(file), &partial.join(file))?;
    }
    let mut folders: Vec<PathBuf> = parts.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(data.join(&folder)) {
            Err(source) if source.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        fs::create_dir_all(partial.join(&folder))?;
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                copy_file(&entry.path(), &partial.join(path))?;
            }
        }
    }
    seal::close(&partial, parts, None)?;
    fs::rename(&partial, to)?;
    to.parent().map_or(Ok(()), folder::sync)
}

/// Copies a file and leaves its holes holes: most of the engine's small files are a megabyte long
/// with a few kilobytes written.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let (mut source, mut target) = (File::open(from)?, File::create(to)?);
    let length = source.metadata()?.len();
    target.set_len(length)?;
    let mut at = 0;
    while let Some(extent) = seal::next_data(&source, at, length)? {
        at = extent.end;
        source.seek(SeekFrom::Start(extent.start))?;
        target.seek(SeekFrom::Start(extent.start))?;
        io::copy(&mut Read::take(&mut source, extent.end - extent.start), &mut target)?;
    }
    target.flush()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use tempfile::TempDir;

    use super::copy;

    #[test]
    fn a_copy_has_every_byte_and_never_replaces_anything() {
        let root = TempDir::new().unwrap();
        let (data, to) = (root.path().join("data"), root.path().join("copy"));
        fs::create_dir_all(data.join("articles/segment")).unwrap();
        let holey = fs::File::create(data.join("articles/segment/flags")).unwrap();
        holey.set_len(1_000_000).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&holey, b"flag", 700_000).unwrap();
        fs::write(data.join("manifest"), "what it was made with").unwrap();
        // What an earlier copy that was cut off had left.
        fs::create_dir_all(root.path().join("copy.partial/articles")).unwrap();
        fs::write(root.path().join("copy.partial/articles/old"), "").unwrap();
        copy(&data, &["manifest"], &["articles", "topics"], &to).unwrap();
        for file in ["articles/segment/flags", "manifest"] {
            assert_eq!(fs::read(data.join(file)).unwrap(), fs::read(to.join(file)).unwrap());
        }
        assert!(!to.join("articles/old").exists());
        let again = copy(&data, &["manifest"], &["articles"], &to).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    }
}
