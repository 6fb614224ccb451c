//! The requests to the hub: which files a model has, and their contents.
//!
//! There are three kinds, as Hugging Face's own tools make them: the list of files at a revision,
//! `HEAD` of a file for its checksum and length, and `GET` of its content, from where an earlier
//! attempt stopped. A file is named `….incomplete` until its length and checksum are right. The
//! revision is written down last, so it never names a model that is not complete.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::Body;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Response;
use ureq::tls::PemItem;
use ureq::tls::RootCerts;
use ureq::tls::TlsConfig;
use ureq::tls::parse_pem;

use crate::hub::Error;
use crate::hub::Fetched;
use crate::hub::Hub;
use crate::hub::Progress;
use crate::hub::cache;
use crate::hub::cache::matches;
use crate::hub::files;
use crate::hub::name::Repo;
use crate::hub::name::is_commit;
use crate::hub::transfer;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the head of an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// A connection that is silent for this long is given up.
const SILENCE_TIMEOUT: Duration = Duration::from_mins(1);
/// How many redirections of one `HEAD` are followed; a renamed model or a mirror needs some.
const REDIRECTS_MAX: usize = 5;
/// The most bytes of a list of files.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A client for one hub.
pub(super) struct Client<'h> {
    hub: &'h Hub,
    agent: Agent,
}

/// The hub's answer about the files of a model at one commit.
#[derive(Deserialize)]
struct Listing {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

/// What the hub says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    /// The checksum, which is also the name of the file's blob in the cache.
    pub(super) etag: String,
    /// The length in bytes.
    pub(super) bytes: u64,
}

impl<'h> Client<'h> {
    pub(super) fn new(hub: &'h Hub) -> Result<Self, Error> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("wenmai/", env!("CARGO_PKG_VERSION")))
            // The file must arrive uncompressed, because its length is compared.
            .accept_encoding("identity")
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_per_read(Some(SILENCE_TIMEOUT));
        let config = match &hub.roots {
            Some(file) => config.tls_config(roots(file)?),
            None => config,
        };
        Ok(Self { hub, agent: config.build().into() })
    }

    /// Downloads what the cache lacks of `repo`.
    pub(super) fn fetch(
        &self,
        repo: &Repo,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, Error> {
        let listing = self.list(repo)?;
        let names: Vec<&str> =
            listing.siblings.iter().map(|sibling| sibling.rfilename.as_str()).collect();
        if let Some(missing) = files::missing(&names) {
            return Err(Error::Missing { repo: repo.clone(), missing });
        }
        let folder = self.hub.cache.snapshot(repo, &listing.sha);
        let mut bytes_downloaded = 0;
        for name in files::wanted(&names) {
            bytes_downloaded += self.file(repo, &listing.sha, name, progress)?;
        }
        self.remember(repo, &listing.sha)?;
        let files = files::lengths(&folder).map_err(Error::disk(&folder))?;
        Ok(Fetched { folder, files, bytes_downloaded })
    }

    /// Asks for the commit of `repo`'s revision and its files.
    fn list(&self, repo: &Repo) -> Result<Listing, Error> {
        let revision = repo.revision().replace('/', "%2F").replace('+', "%2B");
        let url = format!("{}/api/models/{}/revision/{revision}", self.hub.endpoint, repo.id());
        let mut answer = self.get(&url, 0)?;
        let code = header(&answer, "x-error-code").unwrap_or_default();
        let endpoint = self.hub.endpoint.clone();
        let repo = repo.clone();
        match (answer.status().as_u16(), code) {
            (200, _) => {}
            (404, "RevisionNotFound") => return Err(Error::Revision { repo }),
            (401 | 403, "GatedRepo") | (403, _) => return Err(Error::Refused { repo, endpoint }),
            // To a stranger, the hub does not tell whether a private model exists.
            (401 | 404, _) => return Err(Error::NotFound { repo, endpoint }),
            (status, _) => return Err(Error::Status { url, status }),
        }
        let body = answer.body_mut().with_config().limit(LIST_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| self.unreachable(error))?;
        let wrong = |what: String| Error::Answer { url: url.clone(), what };
        let listing: Listing =
            serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
        // The commit becomes a part of a path.
        if !is_commit(&listing.sha) {
            return Err(wrong("no commit's hash".to_owned()));
        }
        Ok(listing)
    }

    /// Brings one file into the cache, and returns how many bytes were downloaded.
    fn file(
        &self,
        repo: &Repo,
        commit: &str,
        name: &str,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<u64, Error> {
        let link = self.hub.cache.snapshot(repo, commit).join(name);
        if let Some(etag) = cache::known_checksum(&link)
            && link.exists()
            && cache::has_checksum(&link, &etag).map_err(Error::disk(&link))? == Some(true)
        {
            return Ok(0);
        }
        let url = format!("{}/{}/resolve/{commit}/{name}", self.hub.endpoint, repo.id());
        let meta = self.head(repo, &url)?;
        if matches(&link, &meta.etag, meta.bytes).map_err(Error::disk(&link))? {
            return Ok(0);
        }
        let blob = self.hub.cache.folder(repo).join("blobs").join(&meta.etag);
        make_parent(&blob)?;
        let _alone = self.lock(repo, &meta.etag)?;
        let mut bytes = 0;
        // Another process may have downloaded it meanwhile, or another commit has the same file.
        if !matches(&blob, &meta.etag, meta.bytes).map_err(Error::disk(&blob))? {
            let part = blob.with_extension("incomplete");
            bytes = transfer::bring(self, &url, name, &meta, &part, progress)?;
            std::fs::rename(&part, &blob).map_err(Error::disk(&blob))?;
        }
        make_parent(&link)?;
        point(&link, &blob)?;
        Ok(bytes)
    }

    /// Asks for the checksum and the length of the file at `url`.
    ///
    /// The content of large files is on another server. The redirection to it carries both values,
    /// so it is not followed.
    fn head(&self, repo: &Repo, url: &str) -> Result<Meta, Error> {
        let mut at = url.to_owned();
        for _ in 0..=REDIRECTS_MAX {
            let mut request = self.agent.head(&at).config().max_redirects(0).build();
            if let Some(token) = self.hub.token.as_ref().filter(|_| origin(&at) == origin(url)) {
                request = request.header("Authorization", format!("Bearer {}", token.0));
            }
            let answer = request.call().map_err(|error| self.unreachable(error))?;
            let moved = answer.status().is_redirection();
            let linked = header(&answer, "x-linked-etag");
            let etag = linked.or_else(|| header(&answer, "etag").filter(|_| !moved));
            if let (true, None, Some(to)) = (moved, etag, header(&answer, "location")) {
                at = if to.starts_with('/') { format!("{}{to}", origin(&at)) } else { to.into() };
                continue;
            }
            match answer.status().as_u16() {
                200 => {}
                // The hub lists the files of a model whose terms were not accepted, but does not
                // give them.
                401 | 403 => {
                    let endpoint = self.hub.endpoint.clone();
                    return Err(Error::Refused { repo: repo.clone(), endpoint });
                }
                _ if moved => {}
                status => return Err(Error::Status { url: at, status }),
            }
            let length =
                header(&answer, "x-linked-size").or_else(|| header(&answer, "content-length"));
            let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_owned());
            let meta =
                etag.filter(|etag| is_file_name(etag)).zip(length.and_then(|n| n.parse().ok()));
            let what = || "no ETag or no length".to_owned();
            let (etag, bytes) = meta.ok_or_else(|| Error::Answer { url: at, what: what() })?;
            return Ok(Meta { etag, bytes });
        }
        Err(Error::Answer { url: at, what: "another redirection".to_owned() })
    }

    /// Requests the content at `url` from byte `start` on.
    pub(super) fn get(&self, url: &str, start: u64) -> Result<Response<Body>, Error> {
        let mut request = self.agent.get(url);
        if let Some(token) = &self.hub.token {
            request = request.header("Authorization", format!("Bearer {}", token.0));
        }
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        request.call().map_err(|error| self.unreachable(error))
    }

    pub(super) fn unreachable(
        &self,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        Error::Unreachable { endpoint: self.hub.endpoint.clone(), source: Box::new(error) }
    }

    /// Waits until no other process downloads this file; the lock is released when the returned
    /// file is dropped.
    fn lock(&self, repo: &Repo, etag: &str) -> Result<File, Error> {
        let path = self.hub.cache.root().join(".locks").join(repo.folder_name());
        let path = path.join(format!("{etag}.lock"));
        make_parent(&path)?;
        let file = File::create(&path).map_err(Error::disk(&path))?;
        match file.lock() {
            // Some network file systems do not support locks.
            Err(error) if error.kind() != std::io::ErrorKind::Unsupported => {
                Err(Error::disk(&path)(error))
            }
            _ => Ok(file),
        }
    }

    /// Writes down the commit of `repo`'s revision.
    fn remember(&self, repo: &Repo, commit: &str) -> Result<(), Error> {
        if is_commit(repo.revision()) {
            return Ok(());
        }
        let path = self.hub.cache.folder(repo).join("refs").join(repo.revision());
        make_parent(&path)?;
        std::fs::write(&path, commit).map_err(Error::disk(&path))
    }
}

/// Settings that trust the certificates in `file` instead of those inside this program.
fn roots(file: &Path) -> Result<TlsConfig, Error> {
    let pem = std::fs::read(file).map_err(Error::disk(file))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let roots = RootCerts::Specific(Arc::new(certificates.collect()));
    Ok(TlsConfig::builder().root_certs(roots).build())
}

/// The value of a header, if it is text.
pub(super) fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// The scheme, host and port of `url`.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// Whether an entity tag can be the name of a file; those of the hub are hexadecimal digits.
fn is_file_name(etag: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=128).contains(&etag.len()) && etag.bytes().all(allowed)
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(Error::disk(parent))
}

/// Makes `link` lead to `blob`, whatever it was before.
fn point(link: &Path, blob: &Path) -> Result<(), Error> {
    match std::fs::remove_file(link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::disk(link)(error));
        }
        _ => {}
    }
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(relative(link, blob), link);
    // On other systems links need a special right; the cache may have plain files in their place.
    #[cfg(not(unix))]
    let made = std::fs::rename(blob, link);
    made.map_err(Error::disk(link))
}

/// The path from `link`'s folder to `blob`. It is relative, so the cache can be moved as a whole.
#[cfg(unix)]
fn relative(link: &Path, blob: &Path) -> PathBuf {
    let shared = link.components().zip(blob.components()).take_while(|(a, b)| a == b).count();
    let up = link.components().count() - shared - 1;
    let down = blob.components().skip(shared);
    std::iter::repeat_n(std::path::Component::ParentDir, up).chain(down).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::origin;
    use super::relative;

    #[test]
    fn a_link_leads_to_its_content_by_a_relative_way() {
        let blob = Path::new("/c/models--a--b/blobs/0f");
        let link = Path::new("/c/models--a--b/snapshots/12/1_Pooling/config.json");
        assert_eq!(relative(link, blob), Path::new("../../../blobs/0f"));
        let link = Path::new("/c/models--a--b/snapshots/12/config.json");
        assert_eq!(relative(link, blob), Path::new("../../blobs/0f"));
    }

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        assert_eq!(origin("https://hub:80/a/b"), "https://hub:80");
        assert_eq!(origin("https://hub"), "https://hub");
    }
}
