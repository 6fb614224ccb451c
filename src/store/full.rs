//! Tells a full disk from other failures, so that a caller can be told to free space.

use std::io;

/// Texts by which operating systems report a full disk or quota. Qdrant keeps only the text of an
/// I/O error, so the text has to be searched.
const FULL: [&str; 4] =
    ["No space left on device", "Disk quota exceeded", "os error 28)", "os error 122)"];

/// Whether `error`, or an error that caused it, reports a full disk or quota.
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
