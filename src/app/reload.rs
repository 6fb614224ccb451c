//! Reads keys and certificates again when their files change while the service runs.

use std::fs;
use std::io;
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
    keys: Vec<(keys::Config, KeyRing)>,
    tls: tls::Config,
    /// Where new certificates go, if the service speaks TLS.
    offered: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl Reload {
    /// Gives the keys of each configuration to its ring, and certificates to `offered`.
    pub(super) fn new(
        keys: impl IntoIterator<Item = (keys::Config, KeyRing)>,
        (tls, offered): (tls::Config, Option<watch::Sender<Arc<ServerConfig>>>),
    ) -> Self {
        Self { keys: keys.into_iter().collect(), tls, offered }
    }

    /// Watches the files; never ends.
    pub(super) async fn run(self) {
        let mut keys_seen: Vec<_> = self.keys.iter().map(|(keys, _)| seen(keys.files())).collect();
        let mut tls_seen = seen(self.tls.files());
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for ((keys, ring), seen) in self.keys.iter().zip(&mut keys_seen) {
                if changed(seen) {
                    read_keys_again(keys, ring);
                }
            }
            // A certificate that is not there can only be waited for.
            if changed(&mut tls_seen) {
                self.tls();
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

fn read_keys_again(config: &keys::Config, ring: &KeyRing) {
    let revoked = |file: &Path| {
        tracing::warn!(file = %file.display(), "key file is empty or gone: its keys are revoked");
    };
    match config.read_again(revoked) {
        Ok(Some(keys)) => {
            if keys.is_empty() {
                tracing::error!("no key is left: nobody is let in until there is one");
            } else {
                tracing::info!(?keys, "keys read again");
            }
            ring.replace(keys);
        }
        Ok(None) => {}
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "new keys are refused, the old ones stay");
        }
    }
}

/// What was in a file when it was last read.
#[derive(PartialEq, Eq)]
enum Content {
    Bytes(Vec<u8>),
    /// There was no file.
    None,
    /// It could not be read, perhaps only for a moment.
    Unreadable,
}

impl Content {
    fn of(file: &Path) -> Self {
        match fs::read(file) {
            Ok(bytes) => Self::Bytes(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::None,
            Err(_) => Self::Unreadable,
        }
    }
}

fn seen<'path>(files: impl Iterator<Item = &'path Path>) -> Vec<(PathBuf, Content)> {
    files.map(|file| (file.to_owned(), Content::of(file))).collect()
}

/// Whether one of the files holds something else than before, or is gone. A file that cannot be read
/// does not count as changed.
fn changed(files: &mut [(PathBuf, Content)]) -> bool {
    let mut any = false;
    for (file, before) in files {
        let now = Content::of(file);
        if now != Content::Unreadable && now != *before {
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
    fn another_content_is_a_change_and_so_is_a_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        fs::write(&file, "a").unwrap();
        let mut files = seen([file.as_path()].into_iter());
        assert!(!changed(&mut files));
        fs::remove_file(&file).unwrap();
        assert!(changed(&mut files));
        assert!(!changed(&mut files));
        fs::write(&file, "b").unwrap();
        assert!(changed(&mut files));
        assert!(!changed(&mut files));
    }
}
