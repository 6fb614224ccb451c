//! Finds models by name, in the cache of Hugging Face's own tools or on the hub.
//!
//! A name is `owner/name`, followed by `@revision` if that is not `main`. The cache is in its usual
//! place and layout, so models are shared with Python. Reading it needs neither a network nor a
//! feature; downloads need the feature `hub`. A downloaded file is compared with the hub's checksum
//! before it is used, an interrupted download continues where it stopped, and pickles are never
//! downloaded.
//!
//! The environment variables are those of the Hugging Face tools: `HF_HOME`, `HF_HUB_CACHE`,
//! `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, and `SSL_CERT_FILE` or `REQUESTS_CA_BUNDLE` for a
//! proxy with certificates of its own. They are read here and are no settings of this program,
//! because they belong to those tools, and because a token must not be among the arguments.
//!
//! [`locate`] turns the setting of a model into a folder, [`Hub::fetch`] downloads.

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

/// Whether this build can download models.
pub const WITH_HUB: bool = cfg!(feature = "hub");

/// The hub that is asked unless `HF_ENDPOINT` names a mirror.
const ENDPOINT: &str = "https://huggingface.co";

/// The ways in which a name can fail to become a folder of files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model is not in the cache, and the hub must not be asked.
    #[error("{repo} is not in the cache {}, and the hub is not asked: offline", cache.display())]
    Offline {
        repo: Repo,
        /// The folder of the cache.
        cache: PathBuf,
    },
    /// The model is not in the cache, and this build cannot download.
    #[error(
        "{repo} is not in the cache {}, and this program was built without the feature `hub`",
        cache.display()
    )]
    NoDownloads {
        repo: Repo,
        /// The folder of the cache.
        cache: PathBuf,
    },
    /// The hub has no such model, or does not show it to us.
    #[error("{repo} is not at {endpoint}, or is private: a token with the right to it is needed")]
    NotFound {
        repo: Repo,
        /// The address of the hub.
        endpoint: String,
    },
    /// The hub has the model but does not let us download it.
    #[error("{repo} may not be read with this token, or its terms were not accepted at {endpoint}")]
    Refused {
        repo: Repo,
        /// The address of the hub.
        endpoint: String,
    },
    /// The hub has the model, but not this revision.
    #[error("{} has no revision `{}`", repo.id(), repo.revision())]
    Revision { repo: Repo },
    /// The model does not have a file that is needed.
    #[error("{repo} cannot be used: {missing}")]
    Missing {
        repo: Repo,
        /// A sentence that names the missing file.
        missing: String,
    },
    /// There was no connection, or it broke off.
    #[error("no answer from {endpoint}")]
    Unreachable {
        /// The address of the hub.
        endpoint: String,
        #[source]
        source: BoxError,
    },
    /// The hub answered with an HTTP status that is no success.
    #[error("{url} answered with status {status}")]
    Status {
        /// The address that was requested.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is not of the form that a hub gives.
    #[error("{url} gave an answer that no hub gives: {what}")]
    Answer {
        /// The address that was requested.
        url: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// A file differs from what the hub says of it, even after it was downloaded again.
    #[error("{file} arrived damaged: {what}")]
    Damaged {
        file: String,
        /// How it differs.
        what: String,
    },
    /// The token contains characters that cannot be sent.
    #[error("the token is not one: it holds characters that no token has")]
    Token,
    /// A file of the cache cannot be read or written.
    #[error("{}", path.display())]
    Disk {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Makes an error for a failure at `path`.
    fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::Disk { path: path.to_owned(), source }
    }
}

/// A token that allows to read models that are not public; never printed.
#[derive(Clone)]
struct Token(#[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))] String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The cache, the address of the hub and how it may be asked.
#[derive(Debug, Clone)]
pub struct Hub {
    cache: Cache,
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    endpoint: String,
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    token: Option<Token>,
    /// File of certificates to trust instead of those inside this program.
    #[cfg_attr(not(feature = "hub"), allow(dead_code, reason = "for downloads"))]
    roots: Option<PathBuf>,
    offline: bool,
}

/// The state of a download, given to a callback.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'f> {
    /// The name of the file.
    pub file: &'f str,
    /// Bytes that are here, those of an earlier attempt included.
    pub bytes: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
}

/// A model that is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its folder.
    pub folder: PathBuf,
    /// The names of its files, with their lengths in bytes.
    pub files: Vec<(String, u64)>,
    /// Bytes that were downloaded; 0 if everything was here already.
    pub bytes_downloaded: u64,
}

impl Hub {
    /// The hub and cache that the environment variables name. With `offline` the hub is never
    /// asked.
    ///
    /// # Errors
    /// [`Error::Token`] for a token that cannot be sent; [`Error::Disk`] if there is no home folder
    /// to keep a cache in.
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

    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The folder of `repo`: from the cache without asking the hub, or else after a download.
    ///
    /// # Errors
    /// The same as [`Hub::fetch`].
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

    /// Downloads what the cache lacks of `repo` as it is on the hub now, and replaces damaged
    /// files. Offline it returns what the cache has.
    ///
    /// # Errors
    /// [`Error::Offline`] or [`Error::NoDownloads`] if it is not in the cache; otherwise any error
    /// of the hub or the disk.
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
    /// In a folder that the user named.
    Folder(PathBuf),
    /// In the cache, in the folder of this model of the hub.
    Cached(Repo, PathBuf),
}

/// Finds the files of the model that `config` names. A name that is not in the cache is downloaded,
/// which the log reports.
///
/// # Errors
/// [`embed::Error::Hub`] if the model is not available.
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
