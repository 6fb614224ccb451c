//! Hashes, and bytes as hexadecimal text.

use data_encoding::HEXLOWER;
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

/// `bytes` as hexadecimal digits in lower case, two for each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of a text that [`hex`] wrote; `None` for any other text, one in upper case included.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::hex;
    use super::sha256;
    use super::unhex;

    #[test]
    fn lists_that_run_together_differ() {
        assert_eq!(sha256([b"ab".as_slice()]).len(), 64);
        assert_ne!(sha256([b"ab".as_slice(), b"c"]), sha256([b"a".as_slice(), b"bc"]));
    }

    #[test]
    fn bytes_are_written_in_lower_case_and_read_again() {
        assert_eq!(hex(&[0, 9, 0xab, 0xff]), "0009abff");
        assert_eq!(unhex("0009abff"), Some(vec![0, 9, 0xab, 0xff]));
        assert_eq!(unhex(""), Some(Vec::new()));
        for other in ["0", "0009ABFF", "0g", " 00", "甲"] {
            assert_eq!(unhex(other), None, "{other}");
        }
    }
}
