//! Reads keys from files, those that may write and those that may only read, and reads them again
//! when the files change.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use wenmai_rpc::access::Keys;
use wenmai_rpc::access::KeysError;
use wenmai_rpc::access::Right;

/// The settings for who may call the service.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// File of keys that may do everything, one a line (two while one is being replaced); lines
    /// that begin with # do not count. Read again when it changes; emptied or deleted, it lets
    /// nobody in any more.
    #[arg(long, env = "WENMAI_WRITE_KEYS", value_name = "FILE")]
    pub write_keys: Option<PathBuf>,

    /// File of keys that may only read, likewise.
    #[arg(long, env = "WENMAI_READ_KEYS", value_name = "FILE")]
    pub read_keys: Option<PathBuf>,

    /// Calls a second that each key may make; twice as many at once after a rest. Not limited
    /// unless given.
    #[arg(long, env = "WENMAI_CALLS_PER_SECOND", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub calls_per_second: Option<u32>,
}

/// What can be wrong with a file of keys.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("key file {} cannot be read", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file holds a line that cannot be a key.
    #[error("key file {} is refused", file.display())]
    Keys {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: KeysError,
    },
    /// A file without a key would lock everyone out.
    #[error("key file {} holds no key, or is not there", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
}

impl Config {
    /// Whether calls need a key.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.write_keys.is_some() || self.read_keys.is_some()
    }

    /// The files of keys, so that they can be watched for changes.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.write_keys, &self.read_keys].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Reads the keys in the files for the first time; `None` where no file is named.
    ///
    /// # Errors
    /// [`Error`] for a file that cannot be read or holds no usable key.
    pub fn read(&self) -> Result<Option<Keys>, Error> {
        self.read_with(|empty| Err(Error::Empty { file: empty.to_owned() }))
    }

    /// Reads the keys in the files again. A file that was emptied or deleted holds none: its keys are
    /// revoked, and `without` is called with it.
    ///
    /// # Errors
    /// [`Error`] for a file that cannot be read or holds an unusable key.
    pub(super) fn read_again(&self, mut without: impl FnMut(&Path)) -> Result<Option<Keys>, Error> {
        self.read_with(|empty| {
            without(empty);
            Ok(())
        })
    }

    fn read_with(
        &self,
        mut empty: impl FnMut(&Path) -> Result<(), Error>,
    ) -> Result<Option<Keys>, Error> {
        let Self { write_keys, read_keys, calls_per_second: _ } = self;
        let mut keys = None;
        for (file, right) in [(write_keys, Right::Write), (read_keys, Right::Read)] {
            let Some(file) = file else { continue };
            let of_file = keys_in(file, right, &mut empty)?;
            keys = Some(keys.unwrap_or_else(Keys::default).and(of_file));
        }
        Ok(keys)
    }
}

fn keys_in(
    file: &Path,
    right: Right,
    empty: &mut impl FnMut(&Path) -> Result<(), Error>,
) -> Result<Keys, Error> {
    let text = match fs::read_to_string(file) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return empty(file).map(|()| Keys::default());
        }
        read => read.map_err(|source| Error::Read { file: file.to_owned(), source })?,
    };
    let keys = Keys::new(lines(&text).map(|line| (line, right)))
        .map_err(|source| Error::Keys { file: file.to_owned(), source })?;
    if keys.is_empty() {
        empty(file)?;
    }
    Ok(keys)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Config;
    use super::Error;

    fn config(write: &str) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, write).unwrap();
        let config = Config { write_keys: Some(file), ..Config::default() };
        (folder, config)
    }

    #[test]
    fn no_files_no_keys() {
        let config = Config::default();
        assert!(!config.asks() && config.read().unwrap().is_none());
    }

    #[test]
    fn remarks_and_blank_lines_do_not_count() {
        let (_folder, config) = config("# ours\n\n  0123456789abcdef \n");
        assert!(config.asks() && !config.read().unwrap().unwrap().is_empty());
    }

    #[test]
    fn a_file_without_keys_does_not_open_the_service() {
        let (_folder, config) = config("# none yet\n");
        assert!(matches!(config.read(), Err(Error::Empty { .. })));
    }

    #[test]
    fn a_file_that_was_emptied_or_deleted_holds_no_keys_and_is_named() {
        let (folder, config) = config("0123456789abcdef");
        let file = folder.path().join("keys");
        let again = |config: &Config| {
            let mut without = Vec::new();
            let keys = config.read_again(|file| without.push(file.to_owned())).unwrap().unwrap();
            (keys.is_empty(), without)
        };
        assert_eq!(again(&config), (false, vec![]));
        fs::write(&file, "").unwrap();
        assert_eq!(again(&config), (true, vec![file.clone()]));
        fs::remove_file(&file).unwrap();
        assert_eq!(again(&config), (true, vec![file.clone()]));
        // Another file's keys stay.
        let other = folder.path().join("others");
        fs::write(&other, "fedcba9876543210").unwrap();
        let both = Config { read_keys: Some(other), ..config };
        assert_eq!(again(&both), (false, vec![file]));
    }

    #[test]
    fn a_missing_file_and_a_weak_key_are_errors() {
        let (folder, weak) = config("secret\n");
        assert!(matches!(weak.read(), Err(Error::Keys { .. })));
        let missing = Config { read_keys: Some(folder.path().join("no")), ..Config::default() };
        assert!(matches!(missing.read(), Err(Error::Empty { .. })));
        let folder = Config { read_keys: Some(folder.path().to_owned()), ..Config::default() };
        assert!(matches!(folder.read(), Err(Error::Read { .. })));
    }
}
