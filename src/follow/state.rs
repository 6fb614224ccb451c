//! What is remembered of each feed, on the disk: two files a feed, written whole beside the old one
//! and put in its place, so that a crash leaves the one or the other.
//!
//! `HASH.json` says what the feed's server told, when it is asked next, and which of its items were
//! dealt with. `HASH.items.jsonl` holds the items that are not: it is written before the feed's new
//! entity tag, so no item is lost that the server would not send again.

mod seen;

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use wenmai_domain::article::Record;
use wenmai_domain::digest::hex;
use wenmai_feed::channel::Channel;

pub use seen::Seen;

/// The version of the files.
const VERSION: u32 = 1;

/// What is remembered of a feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Feed {
    /// The version of the file.
    version: u32,
    /// Its address, as it is named by whoever follows it.
    pub url: String,
    /// Where it stands now, if it moved for good.
    pub moved_to: Option<String>,
    /// Its own name.
    pub title: String,
    /// The entity tag of the last copy.
    pub etag: Option<String>,
    /// When the last copy was changed, as its server said it.
    pub modified: Option<String>,
    /// When it was last asked.
    pub polled_at: Option<Timestamp>,
    /// When it is asked next.
    pub next_poll: Option<Timestamp>,
    /// Before when it must not be asked: it failed, or its server wants to be left alone.
    pub not_before: Option<Timestamp>,
    /// Seconds between two polls, as it turned out to be worth.
    pub interval_s: u64,
    /// How often it was asked.
    pub polls: u64,
    /// Failures in a row.
    pub failures: u32,
    /// What the last failure was; empty after a success.
    pub problem: String,
    /// What it said of how often it is to be asked.
    ttl_minutes: Option<u32>,
    skip_hours: u32,
    skip_days: u8,
    /// The items that were dealt with.
    pub seen: Seen,
    /// Attempts at items that are not, by key.
    pub attempts: BTreeMap<u64, Attempts>,
}

/// Attempts at an item that failed for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How many.
    pub count: u32,
    /// Not again before then.
    pub not_before: Timestamp,
}

/// An item of a feed that is to be dealt with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it is known by.
    pub key: u64,
    /// What it says; another one means that it was changed.
    pub print: u64,
    /// The address of its page; `None` where it has none.
    pub url: Option<String>,
    /// What the feed says of it.
    pub record: Record,
    /// How many lists of articles lead to it: none where a feed names it, one where the page list
    /// does, two where a list does that the page list names.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lists: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl Feed {
    /// Nothing is known of the feed at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { version: VERSION, url: url.to_owned(), ..Self::default() }
    }

    /// What it said of how often it is to be asked.
    #[must_use]
    pub fn channel(&self) -> Channel {
        Channel {
            title: self.title.clone(),
            ttl_minutes: self.ttl_minutes,
            skip_hours: self.skip_hours,
            skip_days: self.skip_days,
        }
    }

    /// Notes what it says of itself.
    pub fn says(&mut self, channel: Channel) {
        let Channel { title, ttl_minutes, skip_hours, skip_days } = channel;
        if !title.is_empty() {
            self.title = title.chars().take(200).collect();
        }
        (self.ttl_minutes, self.skip_hours, self.skip_days) = (ttl_minutes, skip_hours, skip_days);
    }
}

/// What is wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read or written.
    #[error("`{}` cannot be used", .path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Another process follows with it.
    #[error("another process follows feeds with `{}`", .0.display())]
    InUse(PathBuf),
    /// A later version of this program wrote it.
    #[error("`{}` was written by a later version of this program", .0.display())]
    Later(PathBuf),
}

/// The folder of what is remembered; one process has it at a time.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Opens the folder at `path`, which is made if need be.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::InUse`]
    pub fn open(path: &Path) -> Result<Self, Error> {
        let disk = |source| Error::Disk { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(disk)?;
        let lock = File::create(path.join("lock")).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(fs::TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(disk(source)),
        }
    }

    /// Lets other processes have it. Nothing may be written after this.
    pub fn release(&self) {
        // Else the system does it when the file is closed.
        let _ = self.lock.unlock();
    }

    /// What is remembered of the feed at `url`, and its items that wait. A damaged file is put aside
    /// with a warning, as if nothing were remembered.
    ///
    /// # Errors
    /// [`Error::Disk`], [`Error::Later`]
    pub fn load(&self, url: &str) -> Result<(Feed, Vec<Waiting>), Error> {
        let path = self.file(url, "json");
        let disk = |source| Error::Disk { path: path.clone(), source };
        let feed = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Feed>(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Feed::new(url)),
            Err(source) => return Err(disk(source)),
        };
        let Some(feed) = feed.filter(|feed| feed.url == url) else {
            tracing::warn!(file = %path.display(), "damaged; put aside, and the feed is read anew");
            fs::rename(&path, path.with_extension("damaged")).map_err(disk)?;
            return Ok((Feed::new(url), Vec::new()));
        };
        if feed.version > VERSION {
            return Err(Error::Later(path));
        }
        let waiting = self.waiting(&feed)?;
        Ok((feed, waiting))
    }

    fn waiting(&self, feed: &Feed) -> Result<Vec<Waiting>, Error> {
        let path = self.file(&feed.url, "items.jsonl");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Disk { path, source }),
        };
        let mut waiting = Vec::new();
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|source| Error::Disk { path: path.clone(), source })?;
            match serde_json::from_str::<Waiting>(&line) {
                Ok(item) if feed.seen.is_done(item.key, item.print) => {}
                Ok(item) => waiting.push(item),
                Err(_damaged) => tracing::warn!(file = %path.display(), "an item is damaged"),
            }
        }
        Ok(waiting)
    }

    /// Keeps what is remembered of a feed.
    ///
    /// # Errors
    /// [`Error::Disk`]
    pub fn save(&self, feed: &Feed) -> Result<(), Error> {
        self.write(&self.file(&feed.url, "json"), |out| {
            serde_json::to_writer(out, feed).map_err(io::Error::other)
        })
    }

    /// Keeps the items of the feed at `url` that wait.
    ///
    /// # Errors
    /// [`Error::Disk`]
    pub fn save_waiting<'w>(
        &self,
        url: &str,
        waiting: impl Iterator<Item = &'w Waiting>,
    ) -> Result<(), Error> {
        let path = self.file(url, "items.jsonl");
        let mut waiting = waiting.peekable();
        if waiting.peek().is_none() {
            return match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    Err(Error::Disk { path, source })
                }
                _ => Ok(()),
            };
        }
        self.write(&path, |out| {
            for item in waiting {
                serde_json::to_writer(&mut *out, item).map_err(io::Error::other)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }

    /// Writes a file beside `path`, syncs it and puts it there.
    fn write(
        &self,
        path: &Path,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), Error> {
        let beside = path.with_extension("new");
        let written = || {
            let mut out = BufWriter::new(File::create(&beside)?);
            content(&mut out)?;
            out.flush()?;
            out.get_ref().sync_all()?;
            fs::rename(&beside, path)?;
            File::open(&self.path)?.sync_all()
        };
        written().map_err(|source| Error::Disk { path: path.to_owned(), source })
    }

    fn file(&self, url: &str, ending: &str) -> PathBuf {
        let hash = hex(&Sha256::digest(url.as_bytes()));
        self.path.join(format!("{}.{ending}", hash.get(..16).unwrap_or_default()))
    }
}

/// A number that stands for `parts`: the same parts give the same, in every run.
#[must_use]
pub fn key(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Error;
    use super::Feed;
    use super::Folder;
    use super::Waiting;
    use super::key;
    use wenmai_domain::article::Record;

    fn waiting(name: &str) -> Waiting {
        let record = Record { title: name.to_owned(), ..Record::default() };
        Waiting {
            key: key(&[name]),
            print: 7,
            url: Some(format!("https://q.example/{name}")),
            record,
            lists: 0,
        }
    }

    #[test]
    fn what_is_remembered_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        let url = "https://q.example/f";
        assert_eq!(opened.load(url).unwrap(), (Feed::new(url), Vec::new()));
        let mut feed = Feed { etag: Some("\"1\"".into()), polls: 3, ..Feed::new(url) };
        feed.seen.done(key(&["甲"]), 7, 3);
        let all = [waiting("甲"), waiting("乙")];
        opened.save_waiting(url, all.iter()).unwrap();
        opened.save(&feed).unwrap();
        // What was dealt with waits no more.
        assert_eq!(opened.load(url).unwrap(), (feed, vec![waiting("乙")]));
        opened.save_waiting(url, std::iter::empty()).unwrap();
        assert_eq!(opened.load(url).unwrap().1, []);
        assert!(matches!(Folder::open(folder.path()), Err(Error::InUse(_))));
    }

    #[test]
    fn a_damaged_file_costs_one_feed_its_memory_and_a_later_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        let url = "https://q.example/f";
        opened.save(&Feed { polls: 3, ..Feed::new(url) }).unwrap();
        let path = opened.file(url, "json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert_eq!(opened.load(url).unwrap().0, Feed::new(url));
        assert!(path.with_extension("damaged").exists());
        fs::write(&path, text.replace("\"version\":1", "\"version\":9")).unwrap();
        assert!(matches!(opened.load(url), Err(Error::Later(_))));
    }
}
