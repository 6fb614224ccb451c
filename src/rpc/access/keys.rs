//! Keys as digests: found in constant time, never shown.

use std::fmt;
use std::sync::Arc;

use sha2::Digest;
use sha2::Sha256;
use subtle::Choice;
use subtle::ConditionallySelectable;
use subtle::ConstantTimeEq;

use crate::access::Right;

/// Shorter keys can be guessed.
const KEY_CHARS_MIN: usize = 16;

/// Keys that are let in.
#[derive(Default, Clone, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    digest: [u8; 32],
    pub(super) right: Right,
    /// The first eight hexadecimal digits of its SHA-256.
    pub(super) fingerprint: Arc<str>,
}

/// What can be wrong with keys.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeysError {
    /// One can be guessed.
    #[error("key {number} has {chars} characters, at least {KEY_CHARS_MIN} are needed")]
    TooShort {
        /// Which, from 1.
        number: usize,
        /// Its length.
        chars: usize,
    },
    /// One cannot be sent in a header.
    #[error("key {number} has blanks or characters that are not ASCII")]
    NotPlain {
        /// Which, from 1.
        number: usize,
    },
}

impl Keys {
    /// Takes keys with what they allow; one given twice allows the more.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn new<'key>(
        keys: impl IntoIterator<Item = (&'key str, Right)>,
    ) -> Result<Self, KeysError> {
        let mut taken = Self::default();
        for (index, (secret, right)) in keys.into_iter().enumerate() {
            let (number, chars) = (index + 1, secret.chars().count());
            if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(KeysError::NotPlain { number });
            }
            if chars < KEY_CHARS_MIN {
                return Err(KeysError::TooShort { number, chars });
            }
            let digest = digest(secret);
            let fingerprint = fingerprint(&digest);
            taken = taken.and(Self(vec![Key { digest, right, fingerprint }]));
        }
        Ok(taken)
    }

    /// These and `others`; a key among both allows the more.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for key in others.0 {
            match self.0.iter_mut().find(|known| known.digest == key.digest) {
                Some(known) => known.right = known.right.max(key.right),
                None => self.0.push(key),
            }
        }
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that `given` is; compares with all, each in constant time.
    pub(super) fn find(&self, given: &str) -> Option<&Key> {
        let given = digest(given);
        let (mut found, mut at) = (Choice::from(0), 0_u64);
        for (index, key) in (0_u64..).zip(&self.0) {
            let same = key.digest.ct_eq(&given);
            at.conditional_assign(&index, same);
            found |= same;
        }
        let at = usize::try_from(at).ok()?;
        if bool::from(found) { self.0.get(at) } else { None }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|key| (&key.fingerprint, key.right));
        formatter.debug_map().entries(shown).finish()
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn fingerprint(digest: &[u8; 32]) -> Arc<str> {
    let [a, b, c, d, ..] = *digest;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d])).into()
}

#[cfg(test)]
mod tests {
    use super::Keys;
    use super::KeysError;
    use crate::access::Right;

    #[test]
    fn a_short_key_and_one_with_blanks_are_refused_by_number() {
        let good = "0123456789abcdef";
        let short = Keys::new([(good, Right::Read), ("short", Right::Write)]).unwrap_err();
        assert_eq!(short, KeysError::TooShort { number: 2, chars: 5 });
        let blank = Keys::new([("0123456789 abcdef", Right::Read)]).unwrap_err();
        assert_eq!(blank, KeysError::NotPlain { number: 1 });
        assert!(!short.to_string().contains("short "));
    }

    #[test]
    fn a_key_is_found_by_itself_only() {
        let keys = ["first-key-012345", "second-key-01234", "third-key-012345"];
        let all = Keys::new(keys.map(|key| (key, Right::Read))).unwrap();
        for key in keys {
            assert!(all.find(key).is_some());
            assert!(all.find(&key[1..]).is_none());
        }
        assert!(Keys::default().find("").is_none());
    }

    #[test]
    fn a_key_given_twice_allows_the_more() {
        let key = "0123456789abcdef";
        let keys = Keys::new([(key, Right::Write), (key, Right::Read)]).unwrap();
        assert_eq!(keys.find(key).map(|key| key.right), Some(Right::Write));
    }

    #[test]
    fn keys_are_not_shown() {
        let keys = Keys::new([("0123456789abcdef", Right::Read)]).unwrap();
        let shown = format!("{keys:?}");
        assert!(!shown.contains("0123456789abcdef") && shown.contains("Read"), "{shown}");
    }
}
