//! Why the store did not do what it was asked for.

use std::path::PathBuf;

use crate::BoxError;

/// The ways in which a store can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The length of a vector is not that of the collection's vectors.
    #[error("embedding has {given} numbers, the index holds {wanted}")]
    Dim {
        /// The length in the collection.
        wanted: usize,
        /// The length of the vector that was given.
        given: usize,
    },
    /// The index was made by another model or by other rules than this program's.
    #[error("{place} was indexed as {stored}, this program makes {wanted}")]
    IndexVersion {
        /// The data folder or the collection.
        place: String,
        /// The index version that is stored there.
        stored: String,
        /// The index version that this program makes.
        wanted: String,
    },
    /// Another process has the data folder open.
    #[error("data folder {} is in use by {holder}; ask a server with --server", folder.display())]
    Locked {
        folder: PathBuf,
        /// The other process as it noted itself in the folder: program, process id, start time.
        holder: String,
    },
    /// The data folder cannot be created, read or written.
    #[error("data folder {} cannot be used", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: BoxError,
    },
    /// The settings cannot be used.
    #[error("{reason}")]
    Settings {
        /// What is wrong, as a sentence for a person.
        reason: String,
    },
    /// The collection on the server cannot be used.
    #[error("collection {place} cannot be used")]
    Server {
        /// The address of the server and the name of the collection.
        place: String,
        #[source]
        source: BoxError,
    },
    /// The server cannot be reached or does not answer in time.
    #[error("store is away")]
    Away(#[source] BoxError),
    /// Another process holds the lease to write.
    #[error("{holder} is writing")]
    Led {
        /// The holder, as it named itself in the lease.
        holder: String,
    },
    /// This process has lost the lease: another one has taken it since.
    #[error("the turn of term {term} has passed")]
    Fenced {
        /// The term of the lost lease.
        term: u64,
    },
    /// There is no room left on the disk.
    #[error("no room left for the index")]
    Full(#[source] BoxError),
    /// The queue in front of the store is full.
    #[error("store is busy")]
    Overloaded,
    /// The engine or the server failed.
    #[error("store operation failed")]
    Failed(#[source] BoxError),
    /// The store was closed.
    #[error("store is closed")]
    Closed,
}
