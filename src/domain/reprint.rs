//! Reprints: which articles print the same text, and which of them was first.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::id::ArticleId;
use crate::id::InvalidId;

/// The namespace of group ids; it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f6b_91c4_0e5d_5a77_8a34_c1d9_5b20_6e4f);

/// Names a group of articles that print one text; an article without a reprint is a group of one.
///
/// The id stays when the original changes, also when the article that founded the group goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(Uuid);

impl GroupId {
    /// The group that `founder` founds with the text of `content_hash`.
    ///
    /// The text is part of it: an article that changed and left its group founds another one.
    #[must_use]
    pub fn found(founder: ArticleId, content_hash: &str) -> Self {
        let name = format!("{founder}:{content_hash}");
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The id as a UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for GroupId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // The one form that we write, as for articles.
        text.parse::<ArticleId>().map(|id| Self(id.uuid()))
    }
}

/// Where an article stands among its reprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// Its group.
    pub group: GroupId,
    /// Whether it is the group's original: the earliest, as far as is stored.
    pub is_original: bool,
}

/// Which texts of a group new articles are compared with, and by which hashes they are found: a
/// set of 32-bit hashes, ascending. Empty where the text is found through another of its group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature(Vec<u32>);

impl Signature {
    /// Sorts `keys`; each counts once.
    #[must_use]
    pub fn new(mut keys: Vec<u32>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        Self(keys)
    }

    /// The hashes, ascending.
    #[must_use]
    pub fn keys(&self) -> &[u32] {
        &self.0
    }

    /// Whether it holds no hash.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many hashes both hold.
    #[must_use]
    pub fn shared(&self, other: &Signature) -> usize {
        let (few, many) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        few.0.iter().filter(|key| many.0.binary_search(key).is_ok()).count()
    }
}

/// What one text is to another that it shares sentences with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same text, but for small changes.
    Full,
    /// One of them holds a good part of the other, or little more than a part.
    Partial,
}

#[cfg(test)]
mod tests {
    use super::GroupId;
    use super::Signature;
    use crate::article::Record;
    use crate::id::ArticleId;

    #[test]
    fn a_group_is_named_after_founder_and_text() {
        let id = ArticleId::derive(&Record { title: "甲".into(), ..Record::default() });
        assert_eq!(GroupId::found(id, "h"), GroupId::found(id, "h"));
        assert_ne!(GroupId::found(id, "h"), GroupId::found(id, "i"));
        let group = GroupId::found(id, "h");
        assert_eq!(group.to_string().parse(), Ok(group));
    }

    #[test]
    fn a_signature_is_a_set() {
        let left = Signature::new(vec![3, 1, 3, 2]);
        assert_eq!(left.keys(), [1, 2, 3]);
        assert_eq!(left.shared(&Signature::new(vec![2, 3, 4])), 2);
    }
}
