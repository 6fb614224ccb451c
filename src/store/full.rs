//! How a full disk is told from other failures.

use std::io;

/// How systems say that a disk or a quota is full. Qdrant keeps only the text of an I/O error.
const FULL: [&str; 4] =
    ["No space left on device", "Disk quota exceeded", "os error 28)", "os error 122)"];

/// Whether an error, or one that caused it, is a full disk.
pub fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
            return true;
        }
        let text = error.to_string();
        if FULL.iter().any(|mark| text.contains(mark)) {
            return true;
        }
        next = error.source();
    }
    false
}
