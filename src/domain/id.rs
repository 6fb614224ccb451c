//! Stable ids.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::article::Record;

/// The namespace of article ids; it never changes, or every id would.
const NAMESPACE: Uuid = Uuid::from_u128(0x7a5c_2d5e_6f0b_5c1a_9d37_0a4e_77e6_3b10);

/// Names one article for ever: `UUIDv5` over source and source id, else over the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(Uuid);

impl ArticleId {
    /// The id of `record`.
    ///
    /// With a `source_id` it depends on `source` and `source_id` alone, so a corrected text
    /// replaces the old one. Without, it depends on paper, source, publication time, page, title
    /// and body, so the same text in two papers has two ids.
    #[must_use]
    pub fn derive(record: &Record) -> Self {
        let published = record.published_at.map(|at| at.to_string()).unwrap_or_default();
        let page = record.page.map(|page| page.to_string()).unwrap_or_default();
        let body = record.body();
        let parts: Vec<&str> = if record.source_id.is_empty() {
            vec!["content", &record.paper, &record.source, &published, &page, &record.title, &body]
        } else {
            vec!["source", &record.source, &record.source_id]
        };
        // Lengths go in front, so that no two lists of parts run together into one name.
        let mut name = String::new();
        for part in parts {
            name.push_str(&part.len().to_string());
            name.push(':');
            name.push_str(part);
        }
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The id as a UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ArticleId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ArticleId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // Only the form that we write: others would make two names for one article.
        match Uuid::try_parse(text) {
            Ok(uuid) if uuid.to_string() == text => Ok(Self(uuid)),
            _ => Err(InvalidId),
        }
    }
}

/// A text that is not an article id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an article id is a lower-case hyphenated UUID")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use super::ArticleId;
    use crate::article::Record;

    #[test]
    fn a_source_id_outlives_a_corrected_text() {
        let first = Record { source: "s".into(), source_id: "1".into(), ..Record::default() };
        let corrected = Record { title: "更正".into(), ..first.clone() };
        assert_eq!(ArticleId::derive(&first), ArticleId::derive(&corrected));
    }

    #[test]
    fn one_text_in_two_papers_has_two_ids() {
        let first = Record { paper: "甲报".into(), title: "同题".into(), ..Record::default() };
        let second = Record { paper: "乙报".into(), ..first.clone() };
        assert_ne!(ArticleId::derive(&first), ArticleId::derive(&second));
    }

    #[test]
    fn the_id_of_a_record_is_pinned() {
        let record =
            Record { source: "清河日报".into(), source_id: "a-1".into(), ..Record::default() };
        let pinned = "c174aa86-0e0f-56a2-bf76-b0257d19e985";
        assert_eq!(ArticleId::derive(&record).to_string(), pinned);
        assert!(pinned.to_uppercase().parse::<ArticleId>().is_err());
        assert_eq!(ArticleId::derive(&record).to_string().parse(), Ok(ArticleId::derive(&record)));
    }
}
