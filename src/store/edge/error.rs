//! Converts failures of the embedded engine into errors of the store.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;

use qdrant_edge::OperationError;

use crate::BoxError;
use crate::Error;
use crate::full;

/// Converts an error of the engine.
pub fn engine(source: OperationError) -> Error {
    failed(source)
}

/// A failure inside the store: [`Error::Full`] if a full disk caused it, else [`Error::Failed`].
pub fn failed(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    if full::is_full(source.as_ref()) { Error::Full(source) } else { Error::Failed(source) }
}

/// A data folder that cannot be used: [`Error::Full`] if a full disk is the cause, else
/// [`Error::Folder`].
pub fn folder(folder: &Path, source: impl Into<BoxError>) -> Error {
    let source = source.into();
    if full::is_full(source.as_ref()) {
        return Error::Full(source);
    }
    Error::Folder { folder: folder.to_owned(), source }
}

/// Runs `work`. If the engine panics, the call fails and the thread goes on.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(_payload) => Err(failed("the engine panicked")),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use qdrant_edge::OperationError;

    use super::engine;
    use super::folder;
    use crate::Error;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(folder(Path::new("x"), full), Error::Full(_)));
        let full = io::Error::from_raw_os_error(28);
        let full = OperationError::service_error(format!("failed to write: {full}"));
        assert!(matches!(engine(full), Error::Full(_)));
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(matches!(folder(Path::new("x"), other), Error::Folder { .. }));
        assert!(matches!(engine(OperationError::service_error("broken")), Error::Failed(_)));
    }
}
