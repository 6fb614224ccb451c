//! What is followed: addresses, and files that list them.

use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use url::Url;

use crate::address;
use crate::address::InvalidAddress;
use wenmai_feed::encoding;
use wenmai_feed::opml;

/// Bytes of a list, at most.
const LIST_BYTES_MAX: u64 = 16 << 20;
/// Feeds that are followed, at most.
pub(crate) const SOURCES_MAX: usize = 10_000;

/// A feed, or a page that lists articles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its address.
    pub url: Url,
    /// What the list calls it; empty where it has no name.
    pub title: String,
}

/// Why a list of feeds cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum InvalidList {
    /// The file cannot be read.
    #[error("`{}` cannot be read", .file.display())]
    Read {
        /// The file that was given as a list of feeds.
        file: PathBuf,
        /// Why the system does not give it.
        #[source]
        source: std::io::Error,
    },
    /// It holds no list.
    #[error("`{}` {what}", .file.display())]
    Content {
        /// The file that was given as a list of feeds.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An address of it cannot be asked.
    #[error("{place}: `{url}` {source}")]
    Address {
        /// The list that gives the address, with the line of it where lists have lines.
        place: String,
        /// The address as it is written there.
        url: String,
        /// What is wrong with it.
        #[source]
        source: InvalidAddress,
    },
    /// Nothing is named.
    #[error("no feed is named")]
    Empty,
    /// Too much is named.
    #[error("more than {SOURCES_MAX} feeds are named")]
    TooMany,
}

/// The sources that `named` names: addresses, and files that list some, as OPML or one a line (`#`
/// begins a comment). Each address once, in order.
///
/// # Errors
/// [`InvalidList`]
pub fn sources(named: &[String]) -> Result<Vec<Source>, InvalidList> {
    let mut found = Vec::new();
    for name in named {
        if is_address(name) {
            found.push(source(name, "", "an argument")?);
        } else {
            found.extend(list(Path::new(name))?);
        }
    }
    let mut known = HashSet::new();
    found.retain(|source: &Source| known.insert(source.url.clone()));
    match found.len() {
        0 => Err(InvalidList::Empty),
        count if count > SOURCES_MAX => Err(InvalidList::TooMany),
        _ => Ok(found),
    }
}

/// The files among what is named, looked at again and again: whether they name something else now.
#[derive(Debug)]
pub struct Lists {
    named: Vec<String>,
    /// How the files were when they were read.
    read: Vec<Option<Stamp>>,
    /// How they were at the last look.
    seen: Vec<Option<Stamp>>,
}

/// When a file was changed and how long it is; another one means that it has to be read again.
type Stamp = (SystemTime, u64);

impl Lists {
    /// What is `named` as [`sources`] takes it, as it stands now; `None` where no file is among it.
    #[must_use]
    pub fn new(named: &[String]) -> Option<Self> {
        let named = named.to_vec();
        named.iter().any(|name| !is_address(name)).then(|| {
            let read = stamps(&named);
            Self { seen: read.clone(), named, read }
        })
    }

    /// What is named now, if a file is another than the one that was read last; only once it has come
    /// to rest, since it may be looked at in the middle of being written.
    pub fn changed(&mut self) -> Option<Result<Vec<Source>, InvalidList>> {
        let now = stamps(&self.named);
        let is_at_rest = now == self.seen;
        self.seen.clone_from(&now);
        if !is_at_rest || now == self.read {
            return None;
        }
        self.read = now;
        Some(sources(&self.named))
    }
}

fn stamps(named: &[String]) -> Vec<Option<Stamp>> {
    let files = named.iter().filter(|name| !is_address(name));
    let stamp = |name: &String| {
        let about = std::fs::metadata(name).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    files.map(stamp).collect()
}

fn is_address(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

fn source(url: &str, title: &str, place: &str) -> Result<Source, InvalidList> {
    let wrong = |source| InvalidList::Address {
        place: place.to_owned(),
        url: url.chars().take(200).collect(),
        source,
    };
    let read = address::read(url, None).map_err(wrong)?;
    // Better said here than by a server that asks who we are.
    let given = Url::parse(url.trim()).ok();
    if given.is_some_and(|given| !given.username().is_empty() || given.password().is_some()) {
        return Err(wrong(InvalidAddress::Credentials));
    }
    Ok(Source { url: read, title: title.to_owned() })
}

/// The sources that a file lists.
fn list(file: &Path) -> Result<Vec<Source>, InvalidList> {
    let read = |source| InvalidList::Read { file: file.to_owned(), source };
    let content = |what: String| InvalidList::Content { file: file.to_owned(), what };
    let length = std::fs::metadata(file).map_err(read)?.len();
    if length > LIST_BYTES_MAX {
        return Err(content(format!("is larger than {LIST_BYTES_MAX} bytes")));
    }
    let bytes = std::fs::read(file).map_err(read)?;
    let decoded = encoding::decode(&bytes, None).map_err(|error| content(error.to_string()))?;
    let text = decoded.text.trim_start();
    let shown = file.display();
    if text.starts_with('<') {
        let outlines = opml::outlines(text).map_err(|error| content(error.to_string()))?;
        let outlines = outlines.into_iter();
        let place = shown.to_string();
        return outlines.map(|one| source(&one.url, &one.title, &place)).collect();
    }
    let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
    let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    // A name may follow the address.
    lines
        .map(|(line, number)| {
            let (url, title) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            source(url, title.trim(), &format!("{shown}:{number}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::InvalidList;
    use super::sources;

    #[test]
    fn addresses_and_lists_are_put_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let lines = file(
            "a.txt",
            "\u{feff}# 报纸\nhttps://q.example/f  清河网\n\nhttp://d.example/f\n".as_bytes(),
        );
        let text = "<?xml version=\"1.0\" encoding=\"GBK\"?><opml><body><outline text=\"柳溪网新闻频道\" xmlUrl=\"https://l.example/f\"/>\
            <outline text=\"清河\" xmlUrl=\"https://q.example/f\"/></body></opml>";
        let opml = file("b.opml", &encoding_rs::GBK.encode(text).0);
        let found = sources(&["https://e.example/f#x".to_owned(), lines, opml]).unwrap();
        let shown: Vec<(&str, &str)> =
            found.iter().map(|one| (one.url.as_str(), one.title.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("https://e.example/f", ""),
                ("https://q.example/f", "清河网"),
                ("http://d.example/f", ""),
                ("https://l.example/f", "柳溪网新闻频道"),
            ]
        );
        let wrong = sources(&[file("c.txt", b"https://q.example/f\nfile:///etc/passwd\n")]);
        assert!(
            matches!(wrong, Err(InvalidList::Address { place, .. }) if place.ends_with("c.txt:2"))
        );
        let secret = sources(&["https://me:secret@q.example/f".to_owned()]).unwrap_err();
        assert!(secret.to_string().ends_with("sent nowhere"), "{secret}");
        assert!(matches!(sources(&[file("d.txt", b"# nothing\n")]), Err(InvalidList::Empty)));
        assert!(matches!(sources(&["/no/such/file".to_owned()]), Err(InvalidList::Read { .. })));
        let binary = sources(&[file("e.opml", b"\x00\x01\x02\x00\x00\x00")]);
        assert!(matches!(binary, Err(InvalidList::Content { .. })));
    }
}
