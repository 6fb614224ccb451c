//! The settings of the server: its address, its key and certificates, and how its collections are
//! made.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use tonic::metadata::Ascii;
use tonic::metadata::MetadataValue;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Endpoint;

use crate::Error;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A silent connection is asked for a sign of life after this time, and given up if none comes
/// within `KEEPALIVE_TIMEOUT`.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes that the server may send of one answer before they are read; a page of articles fits.
const STREAM_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 16 * 1024 * 1024;

/// The settings of a Qdrant server or cluster that is used in place of the data folder.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// gRPC address of a Qdrant server or cluster, such as <http://127.0.0.1:6334>, on which the
    /// index is kept instead of in a folder.
    #[arg(id = "qdrant_url", long = "qdrant-url", env = "WENMAI_QDRANT_URL", value_name = "URL")]
    pub url: Option<String>,

    /// File with the API key for Qdrant; its first line that is not empty counts.
    #[arg(
        id = "qdrant_api_key_file",
        long = "qdrant-api-key-file",
        env = "WENMAI_QDRANT_API_KEY_FILE",
        value_name = "FILE"
    )]
    pub api_key_file: Option<PathBuf>,

    /// PEM file of certificate authorities to trust for Qdrant, beside the well-known ones.
    #[arg(id = "qdrant_ca", long = "qdrant-ca", env = "WENMAI_QDRANT_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Prefix of the names of this index's collections on Qdrant; each index on one server needs
    /// its own.
    #[arg(
        id = "qdrant_prefix",
        long = "qdrant-prefix",
        env = "WENMAI_QDRANT_PREFIX",
        value_name = "NAME",
        default_value = Config::PREFIX
    )]
    pub prefix: String,

    /// Milliseconds within which Qdrant must answer a call, retries included.
    #[arg(
        id = "qdrant_timeout_ms",
        long = "qdrant-timeout-ms",
        env = "WENMAI_QDRANT_TIMEOUT_MS",
        value_name = "MS",
        default_value_t = Config::TIMEOUT_MS,
        value_parser = clap::value_parser!(u64).range(100..=600_000)
    )]
    pub timeout_ms: u64,

    /// Number of shards of the articles, used when the collection is created; more than one spreads
    /// them over nodes, and the rarity of a term is then counted in each shard by itself.
    #[arg(
        id = "qdrant_shards",
        long = "qdrant-shards",
        env = "WENMAI_QDRANT_SHARDS",
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=1_000)
    )]
    pub shard_count: u32,

    /// Number of copies of each shard on different nodes, used when the collections are created.
    #[arg(
        id = "qdrant_replicas",
        long = "qdrant-replicas",
        env = "WENMAI_QDRANT_REPLICAS",
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    pub replica_count: u32,

    /// Number of copies that must have a write before it counts, used when the collections are
    /// created; without it the majority of the replicas, so that what was acknowledged is still
    /// there when one node of three is lost.
    #[arg(
        id = "qdrant_write_consistency",
        long = "qdrant-write-consistency",
        env = "WENMAI_QDRANT_WRITE_CONSISTENCY",
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    pub write_consistency: Option<u32>,
}

impl Config {
    const PREFIX: &str = "wenmai";
    const TIMEOUT_MS: u64 = 10_000;

    /// How many copies must have a write before it counts.
    #[must_use]
    pub fn write_consistency(&self) -> u32 {
        self.write_consistency.unwrap_or(self.replica_count / 2 + 1)
    }

    /// Settings for the server at `url`, with the default for everything else.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self { url: Some(url.to_owned()), ..Self::none() }
    }

    /// Settings without a server, with which the data folder is used.
    #[must_use]
    pub fn none() -> Self {
        Self {
            prefix: Self::PREFIX.to_owned(),
            timeout_ms: Self::TIMEOUT_MS,
            shard_count: 1,
            replica_count: 1,
            ..Self::default()
        }
    }

    /// The deadline of a call.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.max(1))
    }

    /// Makes the channel to the server, which connects when it is first used and again after a
    /// loss. Must be called inside a runtime.
    ///
    /// # Errors
    /// [`Error::Settings`] for an address, a certificate or a prefix that cannot be used.
    pub(super) fn channel(&self) -> Result<Channel, Error> {
        let url = self.url.as_deref().unwrap_or_default();
        check_prefix(&self.prefix)?;
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|error| settings(format!("`{url}` is no address of a server: {error}")))?;
        let uri = endpoint.uri();
        // The address is shown in messages and in `GetInfo`, so it must not hold a secret.
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(settings("an address of Qdrant holds no user and no password".to_owned()));
        }
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(settings(format!("`{url}` begins with neither http:// nor https://"))),
        };
        let mut endpoint = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE_EVERY)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
        if is_tls {
            let mut tls = ClientTlsConfig::new().with_enabled_roots();
            if let Some(file) = &self.ca {
                tls = tls.ca_certificate(Certificate::from_pem(read(file)?));
            }
            endpoint = endpoint
                .tls_config(tls)
                .map_err(|error| settings(format!("TLS to Qdrant cannot be used: {error}")))?;
        } else if self.ca.is_some() {
            return Err(settings("--qdrant-ca needs an https:// address".to_owned()));
        }
        Ok(endpoint.connect_lazy())
    }

    /// Reads the API key from its file; the value is marked so that no log shows it.
    ///
    /// # Errors
    /// [`Error::Settings`] for a file that cannot be read or holds no key.
    pub(super) fn api_key(&self) -> Result<Option<MetadataValue<Ascii>>, Error> {
        let Some(file) = &self.api_key_file else { return Ok(None) };
        let text = String::from_utf8_lossy(&read(file)?).into_owned();
        let key = text.lines().map(str::trim).find(|line| !line.is_empty());
        let key = key.and_then(|key| MetadataValue::try_from(key).ok());
        let mut key = key
            .ok_or_else(|| settings(format!("{} holds no key that can be sent", file.display())))?;
        key.set_sensitive(true);
        Ok(Some(key))
    }
}

/// Checks the prefix, which becomes part of the names of collections and so of folders on the
/// server.
fn check_prefix(prefix: &str) -> Result<(), Error> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=64).contains(&prefix.len()) && prefix.chars().all(fine) {
        return Ok(());
    }
    let what = "--qdrant-prefix takes 1 to 64 letters, digits, `-` and `_`";
    Err(settings(what.to_owned()))
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| settings(format!("{} cannot be read: {error}", file.display())))
}

fn settings(reason: String) -> Error {
    Error::Settings { reason }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::Config;
    use crate::Error;

    fn refused(config: &Config) -> String {
        match config.channel() {
            Err(Error::Settings { reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_used_is_named() {
        assert!(refused(&Config::at("127.0.0.1:6334")).contains("127.0.0.1:6334"));
        assert!(refused(&Config::at("ftp://qdrant")).contains("http"));
        let told = refused(&Config::at("http://user:geheim@qdrant:6334"));
        assert!(!told.contains("geheim"));
        assert!(Config::at("http://qdrant:6334").channel().is_ok());
        let slash = Config { prefix: "a/b".into(), ..Config::at("http://qdrant:6334") };
        assert!(refused(&slash).contains("--qdrant-prefix"));
    }

    #[test]
    fn a_key_is_read_and_never_shown() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "\n  geheim-7 \nmore\n").unwrap();
        let config = Config { api_key_file: Some(file), ..Config::at("http://qdrant:6334") };
        let key = config.api_key().unwrap().unwrap();
        assert_eq!(key.to_str().unwrap(), "geheim-7");
        assert!(!format!("{key:?} {config:?}").contains("geheim"));
    }

    #[test]
    fn an_empty_or_missing_key_file_is_refused() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("key");
        let config =
            Config { api_key_file: Some(file.clone()), ..Config::at("http://qdrant:6334") };
        assert!(matches!(config.api_key(), Err(Error::Settings { .. })));
        fs::write(file, " \n").unwrap();
        assert!(matches!(config.api_key(), Err(Error::Settings { .. })));
    }
}
