//! Hashes as text.

use std::fmt::Write;

use sha2::Digest;
use sha2::Sha256;

/// SHA-256 over `parts`, each with its length before it so that no two lists run together; 64
/// hexadecimal digits.
#[must_use]
pub fn sha256<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// `bytes` as hexadecimal digits, two for each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::sha256;

    #[test]
    fn lists_that_run_together_differ() {
        assert_eq!(sha256([b"ab".as_slice()]).len(), 64);
        assert_ne!(sha256([b"ab".as_slice(), b"c"]), sha256([b"a".as_slice(), b"bc"]));
    }
}
