//! Models by name: the cache of Hugging Face's own tools, and the hub behind it.
//!
//! A name is `owner/name`, with `@revision` where it is not `main`. The cache keeps its usual place
//! and layout, so models are shared with Python. Reading it needs neither a network nor a feature;
//! downloads are the feature `hub`. What is downloaded is compared with the hub's checksum before
//! it counts, an interrupted file goes on where it stopped, and pickles are never fetched.
//!
//! The variables are those of the Hugging Face tools: `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT`,
//! `HF_TOKEN`, `HF_TOKEN_PATH`, and `SSL_CERT_FILE` or `REQUESTS_CA_BUNDLE` where a proxy has
//! certificates of its own. They are read here and not by a setting of ours, because they are not
//! ours and a token has no place among arguments.

pub mod cache;
#[cfg(feature = "hub")]
mod client;
pub mod files;
pub mod name;
#[cfg(feature = "hub")]
mod transfer;

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use crate as embed;
use crate::BoxError;
use crate::hub::cache::Cache;
use crate::hub::name::Repo;
use crate::hub::name::Source;

/// Whether this build downloads models.
pub const WITH_HUB: bool = cfg!(feature = "hub");

/// Who is asked unless `HF_ENDPOINT` names a mirror.
const ENDPOINT: &str = "https://huggingface.co";

/// What can go wrong between a name and a folder of files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not in the cache, and the hub must not be asked.
    #[error("{repo} is not in the cache {}, and the hub is not asked: offline", cache.display())]
    Offline {
        /// The model.
        repo: Repo,
        /// The cache.
        cache: PathBuf,
    },
    /// This program cannot download.
    #[error(
        "{repo} is not in the cache {}, and this program was built without the feature `hub`",
        cache.display()
    )]
    NoDownloads {
        /// The model.
        repo: Repo,
        /// The cache.
        cache: PathBuf,
    },
    /// The hub knows no such model, or not to us.
    #[error("{repo} is not at {endpoint}, or is private: a token with the right to it is needed")]
    NotFound {
        /// The model.
        repo: Repo,
        /// Who was asked.
        endpoint: String,
    },
    /// The hub knows the model and does not give it to us.
    #[error("{repo} may not be read with this token, or its terms were not accepted at {endpoint}")]
    Refused {
        /// The model.
        repo: Repo,
        /// Who was asked.
        endpoint: String,
    },
    /// The hub knows the model, but not the revision.
    #[error("{} has no revision `{}`", repo.id(), repo.revision())]
    Revision {
        /// The model.
        repo: Repo,
    },
    /// The model lacks a file that we need.
    #[error("{repo} cannot be used: {missing}")]
    Missing {
        /// The model.
        repo: Repo,
        /// What is missing, in words.
        missing: String,
    },
    /// No connection, or it broke off.
    #[error("no answer from {endpoint}")]
    Unreachable {
        /// Who was asked.
        endpoint: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// An answer with another status than the hub's.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// An answer that is not one of the hub's.
    #[error("{url} gave an answer that no hub gives: {what}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// A file is not what the hub says it is, also when fetched anew.
    #[error("{file} arrived damaged: {what}")]
    Damaged {
        /// The file.
        file: String,
        /// How it differs.
        what: String,
    },
    /// The token cannot be sent.
    #[error("the token is not one: it holds characters that no token has")]
    Token,
    /// The cache cannot be read or written.
    #[error("{}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Turns a failure at `path` into an error that names it.
    fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::Disk { path: path.to_owned(), source }
    }
}

/// A right to read what is not public; never printed.
#[derive(Clone)]
struct Token(#[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))] String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where models are kept, who is asked for them, and whether.
#[derive(Debug, Clone)]
pub struct Hub {
    cache: Cache,
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    endpoint: String,
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    token: Option<Token>,
    /// Certificates to trust instead of those inside this program.
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    roots: Option<PathBuf>,
    offline: bool,
}

/// How far a download is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'f> {
    /// The file.
    pub file: &'f str,
    /// Bytes of it that are here, those of an earlier attempt included.
    pub bytes: u64,
    /// Bytes that it has.
    pub bytes_total: u64,
}

/// A model that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its folder in the cache.
    pub folder: PathBuf,
    /// Its files, and the bytes of each.
    pub files: Vec<(String, u64)>,
    /// Bytes that came over the network; 0 if all were here.
    pub bytes_downloaded: u64,
}

impl Hub {
    /// The hub and cache that this process's variables name. `offline`: the hub is never asked.
    ///
    /// # Errors
    /// [`Error::Token`] for a token that no request can carry; [`Error::Disk`] if there is no home
    /// folder to keep a cache in.
    pub fn from_env(offline: bool) -> Result<Self, Error> {
        Self::from_variables(offline, |name| std::env::var_os(name), std::env::home_dir())
    }

    fn from_variables(
        offline: bool,
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = |name: &str| set(name).map(PathBuf::from);
        let base = named("HF_HOME").or_else(|| {
            let caches = named("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
            caches.map(|caches| caches.join("huggingface"))
        });
        let nowhere = || {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no home");
            Error::Disk { path: "~/.cache/huggingface".into(), source }
        };
        let root = named("HF_HUB_CACHE").or_else(|| base.as_ref().map(|base| base.join("hub")));
        let endpoint = set("HF_ENDPOINT").map(|value| value.to_string_lossy().into_owned());
        let token_file =
            named("HF_TOKEN_PATH").or_else(|| base.as_ref().map(|base| base.join("token")));
        let token = set("HF_TOKEN")
            .map(|value| value.to_string_lossy().into_owned())
            .or_else(|| std::fs::read_to_string(token_file?).ok());
        let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Error::Token);
        }
        Ok(Self {
            cache: Cache::new(root.ok_or_else(nowhere)?),
            endpoint: endpoint.as_deref().unwrap_or(ENDPOINT).trim_end_matches('/').to_owned(),
            token: token.map(Token),
            roots: named("SSL_CERT_FILE").or_else(|| named("REQUESTS_CA_BUNDLE")),
            offline,
        })
    }

    /// The cache.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The folder of `repo`: from the cache without asking anybody, else fetched.
    ///
    /// # Errors
    /// As [`Hub::fetch`].
    pub fn locate(
        &self,
        repo: &Repo,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, Error> {
        match self.cache.complete(repo) {
            Some(folder) => Ok(folder),
            None => Ok(self.fetch(repo, progress)?.folder),
        }
    }

    /// Fetches what the cache lacks of `repo` as it is on the hub now, and mends what is damaged in
    /// it. Offline: what the cache has.
    ///
    /// # Errors
    /// [`Error::Offline`], [`Error::NoDownloads`] if it is not in the cache; else as the hub and
    /// the disk have it.
    pub fn fetch(
        &self,
        repo: &Repo,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, Error> {
        if self.offline {
            let cache = || self.cache.root().to_owned();
            let folder = self.cache.complete(repo);
            let folder =
                folder.ok_or_else(|| Error::Offline { repo: repo.clone(), cache: cache() })?;
            let files = files::lengths(&folder).map_err(Error::disk(&folder))?;
            return Ok(Fetched { folder, files, bytes_downloaded: 0 });
        }
        self.download(repo, progress)
    }

    #[cfg(feature = "hub")]
    fn download(
        &self,
        repo: &Repo,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, Error> {
        client::Client::new(self)?.fetch(repo, progress)
    }

    #[cfg(not(feature = "hub"))]
    fn download(
        &self,
        repo: &Repo,
        _progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, Error> {
        let cache = self.cache.root().to_owned();
        Err(Error::NoDownloads { repo: repo.clone(), cache })
    }
}

/// Where the files of a model are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    /// Inside this program.
    Bundled,
    /// A folder of the user's.
    Folder(PathBuf),
    /// A model on the hub, and its folder in the cache.
    Cached(Repo, PathBuf),
}

/// Where the files of the model are that `config` names; a name that is not in the cache is
/// fetched, and the log says so.
///
/// # Errors
/// [`embed::Error::Hub`].
pub fn locate(config: &embed::Config) -> Result<Located, embed::Error> {
    let Some(model) = &config.folder else { return Ok(Located::Bundled) };
    let repo = match Source::of(model) {
        Source::Folder(folder) => return Ok(Located::Folder(folder)),
        Source::Hub(repo) => repo,
    };
    let mut last = String::new();
    let mut log = |Progress { file, bytes, bytes_total }: Progress<'_>| {
        if file != last {
            tracing::info!(model = %repo, file, bytes, bytes_total, "downloading");
            file.clone_into(&mut last);
        }
    };
    let folder = Hub::from_env(config.offline)
        .and_then(|hub| hub.locate(&repo, &mut log))
        .map_err(embed::Error::Hub)?;
    Ok(Located::Cached(repo, folder))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::Hub;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Hub::from_variables(false, find, Some("/home/lin".into())).unwrap()
    }

    #[test]
    fn the_cache_is_where_the_hubs_own_tools_keep_it() {
        let at = |variables: &[(&str, &str)]| hub(variables).cache.root().to_owned();
        assert_eq!(at(&[]), Path::new("/home/lin/.cache/huggingface/hub"));
        assert_eq!(at(&[("XDG_CACHE_HOME", "/c")]), Path::new("/c/huggingface/hub"));
        assert_eq!(at(&[("HF_HOME", "/h")]), Path::new("/h/hub"));
        assert_eq!(at(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/k")]), Path::new("/k"));
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let hub = hub(&[("HF_ENDPOINT", ""), ("HF_TOKEN", " "), ("HF_HUB_CACHE", "")]);
        assert_eq!(hub.endpoint, "https://huggingface.co");
        assert!(hub.token.is_none());
    }

    #[test]
    fn a_token_is_never_printed() {
        let hub = hub(&[("HF_TOKEN", "hf_secret\n")]);
        assert_eq!(hub.token.as_ref().unwrap().0, "hf_secret");
        assert!(!format!("{hub:?}").contains("secret"));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        let find = |name: &str| (name == "HF_TOKEN").then(|| OsString::from("a\r\nX-Other: b"));
        assert!(Hub::from_variables(false, find, Some("/home/lin".into())).is_err());
    }
}
