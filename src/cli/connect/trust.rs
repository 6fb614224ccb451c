//! How a server is trusted, and how it trusts us: certificates and a key, from files.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use tonic::codegen::http::HeaderValue;
use tonic::transport::Certificate;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Endpoint;
use tonic::transport::Identity;

use crate::failure::Failure;

/// What goes with `--server`.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// File with the key that the server asks for; its first line counts.
    #[arg(long, env = "WENMAI_SERVER_KEY", value_name = "FILE")]
    server_key: Option<PathBuf>,

    /// Certificates of the authorities that vouch for the server, PEM, beside the well-known ones.
    #[arg(long, env = "WENMAI_SERVER_CA", value_name = "FILE")]
    server_ca: Option<PathBuf>,

    /// Certificate to show the server, PEM.
    #[arg(long, env = "WENMAI_CLIENT_CERT", value_name = "FILE", requires = "client_cert_key")]
    client_cert: Option<PathBuf>,

    /// Private key of that certificate, PEM.
    #[arg(long, env = "WENMAI_CLIENT_CERT_KEY", value_name = "FILE", requires = "client_cert")]
    client_cert_key: Option<PathBuf>,
}

impl Args {
    /// `endpoint` with TLS, where `url` asks for it.
    pub(super) fn applied(&self, endpoint: Endpoint, url: &str) -> Result<Endpoint, Failure> {
        if !url.starts_with("https://") {
            return Ok(endpoint);
        }
        let mut tls = ClientTlsConfig::new().with_enabled_roots();
        if let Some(file) = &self.server_ca {
            tls = tls.ca_certificate(Certificate::from_pem(read(file)?));
        }
        if let (Some(cert), Some(key)) = (&self.client_cert, &self.client_cert_key) {
            tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?));
        }
        endpoint.tls_config(tls).map_err(|error| Failure::failed(&error))
    }

    /// The `authorization` header, if there is a key; the log does not show it.
    pub(super) fn key(&self) -> Result<Option<HeaderValue>, Failure> {
        let Some(file) = &self.server_key else { return Ok(None) };
        let text = String::from_utf8_lossy(&read(file)?).into_owned();
        let key = text.lines().map(str::trim).find(|line| !line.is_empty());
        let header = key.and_then(|key| HeaderValue::from_str(&format!("Bearer {key}")).ok());
        let mut header = header.ok_or_else(|| {
            Failure::Usage(format!("{} holds no key that can be sent", file.display()))
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))
}
