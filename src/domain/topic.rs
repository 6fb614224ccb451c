//! Topics: groups of articles that tell of one event or of one story.

pub mod change;
pub mod filter;

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::id::ArticleId;
use crate::id::InvalidId;

/// The namespace of topic ids; it never changes, or every id would.
const NAMESPACE: Uuid = Uuid::from_u128(0x91d4_0b7c_53aa_5e0e_8c66_2f1b_7a48_d903);

/// How wide a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// One thing that happened, reported over days; part of a story.
    Event,
    /// What runs through weeks: events that follow from each other.
    Story,
}

impl Level {
    /// `event` or `story`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Story => "story",
        }
    }
}

/// Names a topic for ever: `UUIDv5` over its level and the article that founded it.
///
/// The id stays when that article goes. An article that founds a second topic of one level, after it
/// was moved out of the first, needs another name: see [`TopicId::found_again`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TopicId(Uuid);

impl TopicId {
    /// The topic of `level` that `founder` founds.
    #[must_use]
    pub fn found(level: Level, founder: ArticleId) -> Self {
        Self::found_again(level, founder, 0)
    }

    /// The topic of `level` that `founder` founds after `earlier` others of that level.
    #[must_use]
    pub fn found_again(level: Level, founder: ArticleId, earlier: u32) -> Self {
        let name = format!("{}:{founder}:{earlier}", level.name());
        Self(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The id as a UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for TopicId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TopicId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // The one form that we write, as for articles.
        text.parse::<ArticleId>().map(|id| Self(id.uuid()))
    }
}

/// The namespace of theme ids; it never changes.
const THEMES: Uuid = Uuid::from_u128(0x3c7e_91a5_0d42_5b8f_a6d1_74e0_2b9c_5f18);

/// Names a theme, a standing subject that runs through stories, for ever: `UUIDv5` over its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeId(Uuid);

impl ThemeId {
    /// The theme of `word`.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self(Uuid::new_v5(&THEMES, word.as_bytes()))
    }
}

impl fmt::Display for ThemeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ThemeId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse::<ArticleId>().map(|id| Self(id.uuid()))
    }
}

/// The two topics that an article belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Placement {
    /// Its event, which lies inside the story.
    pub event: TopicId,
    /// Its story.
    pub story: TopicId,
}

impl Placement {
    /// The topic of `level`.
    #[must_use]
    pub fn at(&self, level: Level) -> TopicId {
        match level {
            Level::Event => self.event,
            Level::Story => self.story,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Level;
    use super::TopicId;
    use crate::article::Record;
    use crate::id::ArticleId;

    #[test]
    fn a_topic_is_named_after_level_and_founder() {
        let id = ArticleId::derive(&Record { title: "甲".into(), ..Record::default() });
        let story = TopicId::found(Level::Story, id);
        assert_eq!(story, TopicId::found(Level::Story, id));
        assert_ne!(story, TopicId::found(Level::Event, id));
        assert_ne!(story, TopicId::found_again(Level::Story, id, 1));
        assert_eq!(story.to_string().parse(), Ok(story));
        assert!(story.to_string().to_uppercase().parse::<TopicId>().is_err());
    }
}
