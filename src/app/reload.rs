//! Reads keys and certificates again when their files change while the service runs.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::watch;

use crate::keys;
use crate::tls;
use wenmai_rpc::access::KeyRing;

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Watches the files of keys and certificates.
pub(super) struct Reload {
    pub(super) keys: keys::Config,
    pub(super) ring: KeyRing,
    pub(super) tls: tls::Config,
    /// Where new certificates go, if the service speaks TLS.
    pub(super) offered: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl Reload {
    /// Watches the files; never ends.
    pub(super) async fn run(self) {
        let mut keys_seen = seen(self.keys.files());
        let mut tls_seen = seen(self.tls.files());
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if changed(&mut keys_seen) {
                self.keys();
            }
            if changed(&mut tls_seen) {
                self.tls();
            }
        }
    }

    fn keys(&self) {
        match self.keys.read() {
            Ok(keys) => {
                tracing::info!(?keys, "keys read again");
                self.ring.replace(keys);
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "new keys are refused, the old ones stay");
            }
        }
    }

    fn tls(&self) {
        let Some(offered) = &self.offered else { return };
        match self.tls.read() {
            Ok(Some(config)) => {
                tracing::info!("certificates read again");
                offered.send_replace(config);
            }
            Ok(None) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "new certificates are refused, the old ones stay");
            }
        }
    }
}

/// A file and what was in it when it was last read; `None` if it could not be read.
type FileContent = (PathBuf, Option<Vec<u8>>);

fn seen<'path>(files: impl Iterator<Item = &'path Path>) -> Vec<FileContent> {
    files.map(|file| (file.to_owned(), fs::read(file).ok())).collect()
}

/// Whether one of the files holds something else than before. A file that cannot be read, perhaps
/// only for a moment, does not count as changed.
fn changed(files: &mut [FileContent]) -> bool {
    let mut any = false;
    for (file, before) in files {
        let now = fs::read(file).ok();
        if now.is_some() && now != *before {
            *before = now;
            any = true;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::changed;
    use super::seen;

    #[test]
    fn another_content_is_a_change_and_a_missing_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, "a").unwrap();
        let mut files = seen([file.as_path()].into_iter());
        assert!(!changed(&mut files));
        fs::remove_file(&file).unwrap();
        assert!(!changed(&mut files));
        fs::write(&file, "b").unwrap();
        assert!(changed(&mut files));
        assert!(!changed(&mut files));
    }
}
