//! TLS: reads certificate and key from files, checks clients' certificates where that is asked for,
//! and reads the files again when they change.
//!
//! A change applies to connections that are made after it.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;

use crate::BoxError;

/// The settings for TLS.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Certificate chain of the service, PEM; with it the service speaks TLS only. Read again when
    /// it changes.
    #[arg(long, env = "WENMAI_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate, PEM.
    #[arg(long, env = "WENMAI_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Certificates of the authorities whose clients are let in, PEM; without it clients need none.
    #[arg(long, env = "WENMAI_TLS_CLIENT_CA", value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
}

/// What can be wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read, or does not hold what it should.
    #[error("{} holds no usable {what}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Why it cannot be used.
        #[source]
        source: BoxError,
    },
    /// Certificate and key do not belong together, or cannot be used.
    #[error("certificate and key cannot be used")]
    Unusable(#[source] BoxError),
    /// One of certificate and key is named without the other.
    #[error("certificate and key are needed both")]
    Half,
}

impl Config {
    /// The files of certificates and keys, so that they can be watched for changes.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let Self { tls_cert, tls_key, tls_client_ca } = self;
        [tls_cert, tls_key, tls_client_ca].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Reads the files into the configuration of the server side; `None` where no certificate is
    /// named.
    ///
    /// # Errors
    /// [`Error`] for a file that is missing or cannot be used.
    pub fn read(&self) -> Result<Option<Arc<ServerConfig>>, Error> {
        let Self { tls_cert, tls_key, tls_client_ca } = self;
        let (cert, key) = match (tls_cert, tls_key) {
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert, key),
            (Some(_), None) | (None, Some(_)) => return Err(Error::Half),
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?;
        let builder = match tls_client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let mut roots = RootCertStore::empty();
                for root in certificates(file)? {
                    roots.add(root).map_err(|error| unfit(file, "certificate", error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().map_err(unusable)?)
            }
        };
        let key_der =
            PrivateKeyDer::from_pem_file(key).map_err(|error| unfit(key, "private key", error))?;
        let mut config =
            builder.with_single_cert(certificates(cert)?, key_der).map_err(unusable)?;
        // The second is for those who get told that they need the first, and for gRPC-Web.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Arc::new(config)))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = || -> Result<Vec<CertificateDer<'static>>, BoxError> {
        let found = CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() { Err("no certificate in it".into()) } else { Ok(found) }
    };
    read().map_err(|error| unfit(file, "certificate", error))
}

fn unfit(file: &Path, what: &'static str, source: impl Into<BoxError>) -> Error {
    Error::File { file: file.to_owned(), what, source: source.into() }
}

fn unusable(error: impl Into<BoxError>) -> Error {
    Error::Unusable(error.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Config;
    use super::Error;

    #[test]
    fn without_files_there_is_no_tls() {
        assert!(Config::default().read().unwrap().is_none());
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cert.pem");
        fs::write(&file, "nothing").unwrap();
        let config =
            Config { tls_cert: Some(file.clone()), tls_key: Some(file), ..Config::default() };
        let Err(Error::File { file, .. }) = config.read() else { unreachable!() };
        assert!(file.ends_with("cert.pem"));
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let config = Config { tls_cert: Some("cert.pem".into()), ..Config::default() };
        assert!(matches!(config.read(), Err(Error::Half)));
    }
}
