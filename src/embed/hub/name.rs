//! How a model is named: by a folder, or by its name on the hub.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// The revision of a name that gives none.
const MAIN: &str = "main";

/// A model on the hub at one revision: `owner/name`, or `owner/name@revision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    owner: String,
    name: String,
    revision: String,
}

/// The text is not a valid name of a model on the hub.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a name on the hub: owner/name or owner/name@revision")]
pub struct InvalidName(pub String);

impl Repo {
    /// Reads `owner/name` or `owner/name@revision`.
    ///
    /// # Errors
    /// [`InvalidName`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let (id, revision) = text.split_once('@').unwrap_or((text, MAIN));
        let invalid = || InvalidName(text.to_owned());
        let (owner, name) = id.split_once('/').ok_or_else(invalid)?;
        if !is_part(owner) || !is_part(name) || !is_revision(revision) {
            return Err(invalid());
        }
        Ok(Self { owner: owner.into(), name: name.into(), revision: revision.into() })
    }

    /// The same model at another revision, which may be a branch, a tag or a commit.
    ///
    /// # Errors
    /// [`InvalidName`] if `revision` is not a valid git reference.
    pub fn at(self, revision: &str) -> Result<Self, InvalidName> {
        if !is_revision(revision) {
            return Err(InvalidName(format!("{}@{revision}", self.id())));
        }
        Ok(Self { revision: revision.to_owned(), ..self })
    }

    /// `owner/name`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The branch, the tag or the commit.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The name of its folder in the cache.
    pub(super) fn folder_name(&self) -> String {
        format!("models--{}--{}", self.owner, self.name)
    }

    /// The model to which a folder of the cache belongs; `None` for other folders.
    pub(super) fn of_folder_name(name: &str, revision: &str) -> Option<Self> {
        let (owner, name) = name.strip_prefix("models--")?.split_once("--")?;
        Self::parse(&format!("{owner}/{name}@{revision}")).ok()
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)?;
        if self.revision == MAIN { Ok(()) } else { write!(f, "@{}", self.revision) }
    }
}

/// The hub's rule for the two halves of a name; it also keeps `..` and `--` out of paths.
fn is_part(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=96).contains(&part.len())
        && part.bytes().all(allowed)
        && !part.contains("--")
        && !part.contains("..")
        && !part.starts_with(['-', '.'])
        && !part.ends_with(['-', '.'])
}

/// Whether `text` is a git reference that can be part of a path in the cache and of a URL.
fn is_revision(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.');
    text.len() <= 200 && text.bytes().all(allowed) && text.split('/').all(part)
}

/// Whether `text` is the full hash of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Where a model is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder; the network is not used.
    Folder(PathBuf),
    /// A model on the hub, which may be in the cache.
    Hub(Repo),
}

impl Source {
    /// Decides what `text` names: a folder if there is one, or if it begins with `.`, `/` or `~`,
    /// or cannot be a name on the hub; else a model on the hub.
    #[must_use]
    pub fn of(text: &Path) -> Self {
        let named = text.to_str().filter(|text| !text.starts_with(['.', '/', '~']));
        match named.map(Repo::parse) {
            Some(Ok(repo)) if !text.is_dir() => Self::Hub(repo),
            _ => Self::Folder(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::Repo;
    use super::Source;

    #[test]
    fn a_name_may_carry_a_revision() {
        let repo = Repo::parse("qinghe/news-zh@refs/pr/1").unwrap();
        assert_eq!((repo.id().as_str(), repo.revision()), ("qinghe/news-zh", "refs/pr/1"));
        assert_eq!(repo.to_string(), "qinghe/news-zh@refs/pr/1");
        assert_eq!(Repo::parse("qinghe/news-zh").unwrap().to_string(), "qinghe/news-zh");
    }

    #[test]
    fn what_would_leave_the_cache_is_no_name() {
        for text in ["a/..", "../a", "a/b/c", "a", "/a", "a/", "a/b@", "a/b@../x", "a/b@x/../y"] {
            assert!(Repo::parse(text).is_err(), "{text}");
        }
        for text in ["a--b/c", "a/b@/x", "a/b@x//y", "a/b c", "a/b@.git", "甲/乙", "a/b@c@d"] {
            assert!(Repo::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_folder_is_never_asked_of_the_hub() {
        for text in ["./a/b", "../a", "/a/b", "a", "a/b/c", "~/a"] {
            assert_eq!(Source::of(Path::new(text)), Source::Folder(text.into()), "{text}");
        }
        let repo = Repo::parse("owner/name").unwrap();
        assert_eq!(Source::of(Path::new("owner/name")), Source::Hub(repo));
    }

    proptest! {
        #[test]
        fn a_folder_in_the_cache_gives_its_name_back(
            owner in "[a-zA-Z0-9][a-zA-Z0-9_]{0,8}",
            name in "[a-zA-Z0-9](-?[a-zA-Z0-9_.]){0,8}",
        ) {
            if let Ok(repo) = Repo::parse(&format!("{owner}/{name}")) {
                let found = Repo::of_folder_name(&repo.folder_name(), repo.revision());
                prop_assert_eq!(found, Some(repo));
            }
        }
    }
}
