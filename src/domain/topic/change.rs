//! The change log of topics: everything that ever happened to them, in order.
//!
//! An [`Entry`] holds all that it changes, so that the state of all topics is a fold over the log
//! and nothing else. Versions count from 1 without a gap.

use serde::Deserialize;
use serde::Serialize;

use crate::id::ArticleId;
use crate::reprint::GroupId;
use crate::topic::Level;
use crate::topic::Placement;
use crate::topic::TopicId;

/// One step of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1.
    pub version: u64,
    /// Microseconds since 1970 UTC: of an assignment when the article was stored, else when it was
    /// written.
    pub at_us: i64,
    /// What happened.
    pub change: Change,
    /// What follows from it, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// What topics show from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faces: Vec<Face>,
}

/// What happened to topics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An article found its topics.
    Assigned(Assigned),
    /// An article is gone, or its text changed and it is assigned anew next.
    Removed {
        /// The article.
        article: ArticleId,
    },
    /// Topics were looked at again; what came of it stands in the corrections.
    Repaired,
    /// A person merged two topics.
    Merged {
        /// Of both.
        level: Level,
        /// The one that stays.
        kept: TopicId,
        /// The one that redirects from now on.
        gone: TopicId,
    },
    /// A person divided a topic; the parts are never merged again by themselves.
    Split {
        /// What was divided.
        from: TopicId,
        /// The new topic.
        new: TopicId,
        /// Who went over, and where each is now.
        moves: Vec<Move>,
    },
    /// A person moved articles.
    Moved {
        /// Who, and where each is now.
        moves: Vec<Move>,
    },
    /// A period was clustered anew; topics that lost all their articles lead to others.
    Reclustered {
        /// Who, and where each is now.
        moves: Vec<Move>,
    },
    /// A person named a topic; an empty label lets it name itself again.
    Renamed {
        /// The topic.
        topic: TopicId,
        /// Its name.
        label: String,
    },
    /// A person pinned a topic, or took the pin back.
    Pinned {
        /// The topic.
        topic: TopicId,
        /// Whether it is pinned now.
        pinned: bool,
    },
}

/// An article in its topics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// The article.
    pub article: ArticleId,
    /// Its number in the order of arrival, from 1; the log holds each once.
    pub arrival: u64,
    /// Seconds since 1970 that count for it: publication, at most its arrival.
    pub at: i64,
    /// Paper or site; empty where unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Its group of reprints when it was assigned.
    pub group: GroupId,
    /// The article whose text it prints, where that one was assigned earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<ArticleId>,
    /// Its topics.
    pub placement: Placement,
    /// Probability that the story is right.
    pub probability: f32,
}

/// A correction of earlier assignments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Two topics were one.
    Merged {
        /// Of both.
        level: Level,
        /// The older one.
        kept: TopicId,
        /// The one that redirects from now on.
        gone: TopicId,
    },
    /// A topic was two; `from` keeps the larger part.
    Split {
        /// Of both.
        level: Level,
        /// What was divided.
        from: TopicId,
        /// The new topic.
        new: TopicId,
        /// Articles that went over.
        members: Vec<ArticleId>,
    },
}

/// An article and where it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The article.
    pub article: ArticleId,
    /// Its topics.
    pub placement: Placement,
}

/// What topics show of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Face {
    /// The topics that show it: an event and its story may look alike.
    pub topics: Vec<TopicId>,
    /// The most central cleaned headline.
    pub label: String,
    /// Words that tell it from other topics, the weightiest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Keys of persons that most members name, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<String>,
    /// Keys of places, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Keys of organisations, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organisations: Vec<String>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Assigned;
    use super::Change;
    use super::Entry;
    use super::Face;
    use crate::id::ArticleId;
    use crate::reprint::GroupId;
    use crate::topic::Level;
    use crate::topic::Placement;
    use crate::topic::TopicId;

    #[test]
    fn an_entry_comes_back_from_json_to_the_bit() {
        let article = ArticleId::from(Uuid::from_u128(7));
        let story = TopicId::found(Level::Story, article);
        let event = TopicId::found(Level::Event, article);
        let entry = Entry {
            version: 1,
            at_us: -5,
            change: Change::Assigned(Assigned {
                article,
                arrival: u64::from(u32::MAX) + 7,
                at: 1_740_758_400,
                source: "甲网".into(),
                group: GroupId::found(article, "h"),
                original: None,
                placement: Placement { event, story },
                probability: 0.1 + 0.2,
            }),
            corrections: Vec::new(),
            faces: vec![Face { topics: vec![story], label: "甲".into(), ..Face::default() }],
        };
        let value = serde_json::to_value(&entry).unwrap();
        assert_eq!(serde_json::from_value::<Entry>(value).unwrap(), entry);
    }
}
