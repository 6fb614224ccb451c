//! The ways in: which store settings name, and stores for tests.

use std::path::Path;
use std::sync::Arc;

use crate::Config;
use crate::Error;
use crate::Make;
use crate::Store;
#[cfg(feature = "edge")]
use crate::edge;
use crate::memory;
use crate::metered::Metered;
#[cfg(feature = "server")]
use crate::server;
use wenmai_telemetry::Metrics;

/// Copies the index in the folder that `config` names, which no other process may have open, into
/// the new folder `to`.
///
/// # Errors
/// As [`open`]; [`Error::Settings`] if there is no index; those of [`crate::VectorStore::snapshot`].
#[cfg(feature = "edge")]
pub async fn copy(config: &Config, to: &Path) -> Result<(), Error> {
    edge::EdgeStore::copy(config, to).await
}

/// Fails, because this program was built without the embedded store.
///
/// # Errors
/// [`Error::Settings`], always.
#[cfg(not(feature = "edge"))]
#[expect(clippy::unused_async, reason = "as where there is an embedded store")]
pub async fn copy(_config: &Config, _to: &Path) -> Result<(), Error> {
    let reason = "this program was built without the embedded store (feature `edge`)".to_owned();
    Err(Error::Settings { reason })
}

/// Opens the store that `config` names, and creates it on first use.
///
/// Blocks: after a crash the log of a folder is replayed, which may take seconds, and a server may
/// be slow to answer.
///
/// # Errors
/// [`Error::Locked`], [`Error::IndexVersion`], [`Error::Folder`], [`Error::Full`],
/// [`Error::Settings`], [`Error::Server`], [`Error::Away`], [`Error::Failed`].
pub fn open(config: &Config, make: &Make) -> Result<Store, Error> {
    #[cfg(feature = "server")]
    if config.server.url.is_some() {
        return Ok(Arc::new(server::ServerStore::open(&config.server, make)?));
    }
    open_folder(config, make)
}

#[cfg(feature = "edge")]
fn open_folder(config: &Config, make: &Make) -> Result<Store, Error> {
    Ok(Arc::new(edge::EdgeStore::open(config, make)?))
}

/// Fails, because this program was built without the embedded store.
#[cfg(not(feature = "edge"))]
fn open_folder(config: &Config, _make: &Make) -> Result<Store, Error> {
    let source = "this program was built without the embedded store (feature `edge`)".into();
    Err(Error::Folder { folder: config.data.clone(), source })
}

/// Opens an empty store in memory; its content ends with the process.
#[must_use]
pub fn open_memory(make: &Make) -> Store {
    Arc::new(memory::MemoryStore::new(make))
}

/// A store in memory that several engines may share, as processes share a server.
#[derive(Debug, Clone)]
pub struct SharedMemory(Arc<memory::MemoryStore>);

impl SharedMemory {
    /// An empty store.
    #[must_use]
    pub fn new(make: &Make) -> Self {
        Self(Arc::new(memory::MemoryStore::shared(make)))
    }

    /// Opens the store as one more process does.
    #[must_use]
    pub fn open(&self) -> Store {
        self.open_in(0)
    }

    /// Opens the store as a process does whose writes were sent in `term` of the lease and come late.
    #[must_use]
    pub fn open_in(&self, term: u64) -> Store {
        Arc::new(self.0.another(term))
    }
}

/// Wraps a store so that `metrics` counts its operations, their time and their failures.
#[must_use]
pub fn metered(inner: Store, metrics: Metrics) -> Store {
    Arc::new(Metered { inner, metrics })
}
