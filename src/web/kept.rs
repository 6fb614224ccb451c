//! What was found before about topics: it holds until the topic has another version.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Things that are remembered of one kind; then all are forgotten and begin anew.
const KEPT_MAX: usize = 4_096;

/// Values by key, each of one version.
pub(crate) struct Kept<K, V>(Mutex<HashMap<K, (u64, V)>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    /// The value of `key`, if it is of this version.
    pub(crate) fn of(&self, key: &K, version: u64) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, value) = kept.get(key)?;
        (*of == version).then(|| value.clone())
    }

    /// Remembers a value of this version.
    pub(crate) fn keep(&self, key: K, version: u64, value: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (version, value));
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn a_value_of_another_version_is_not_shown() {
        let kept = Kept::default();
        kept.keep("one", 1, "told");
        assert_eq!(kept.of(&"one", 1), Some("told"));
        assert_eq!(kept.of(&"one", 2), None);
        kept.keep("one", 2, "told anew");
        assert_eq!((kept.of(&"one", 1), kept.of(&"one", 2)), (None, Some("told anew")));
    }
}
