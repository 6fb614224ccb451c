//! Which articles tell of one event, which of one story?
//!
//! A [`Clusterer`] takes articles one by one and answers at once where each belongs. Near articles in
//! a time window vote, learned weights turn their votes into a probability for each of at most eight
//! topics, and the best one is joined if it is probable enough; a single article is a topic in
//! waiting. Then the story looks at those that the article could as well have joined: what is one
//! story becomes one, the older id stays, unless both together would be a subject (`breadth`). A story
//! that has come apart is split as it grows, and a round-up (`digest`) is in none. Never is a graded
//! similarity closed transitively.
//!
//! It keeps a window of articles in memory, nothing else; all of it follows from items and placements
//! and can be rebuilt by [`Clusterer::restore`]. The same calls in the same order give the same bits.
//!
//! What it does not do: store, name, or tell anybody. Whoever drives it writes every [`Decision`] and
//! [`Repair`] down before the next call.

mod anchor;
mod breadth;
mod candidate;
mod clusterer;
mod cohesion;
mod digest;
mod dot;
mod front;
mod groups;
mod identity;
mod item;
mod keyword;
mod label;
mod merge;
mod pair;
mod phrase;
mod recluster;
mod repair;
mod side;
mod theme;
mod unite;
mod vocabulary;
mod weights;
mod window;

#[cfg(test)]
mod tests;

use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

pub use clusterer::Clusterer;
pub use front::Front;
pub use identity::Divisions;
pub use identity::older_first;
pub use identity::unused_id;
pub use item::Item;
pub use item::keys;
pub use keyword::keywords;
pub use label::Member;
pub use label::label;
pub use label::ranked;
pub use phrase::is_subject;
pub use phrase::keyword_candidates;
pub use recluster::recluster;
pub use theme::StoryWords;
pub use theme::Theme;
pub use theme::theme_of;
pub use theme::themes;
pub use vocabulary::Background;
pub use weights::Error;
pub use weights::Weights;

/// Where an article was put, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The article.
    pub article: ArticleId,
    /// Its topics, before `repairs`.
    pub placement: Placement,
    /// Whether the event is new.
    pub new_event: bool,
    /// Whether the story is new.
    pub new_story: bool,
    /// Probability that the story is the right one (for a new story: that none of the others is).
    pub probability: f32,
    /// The story that came second, and the probability that it would have been right.
    pub runner_up: Option<(TopicId, f32)>,
    /// What the article showed to be wrong with its story; already taken in, applies after the
    /// placement, in this order. Nearly always empty.
    pub repairs: Vec<Repair>,
}

/// What is kept of a topic beyond the articles in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The topic.
    pub id: TopicId,
    /// Its level.
    pub level: Level,
    /// [`Item::at`] of the article that founded it: of two topics that merge, the smaller (founded,
    /// id) stays.
    pub founded: i64,
}

/// A correction of earlier decisions.
#[derive(Debug, Clone, PartialEq)]
pub enum Repair {
    /// Two topics were one. `gone` redirects to `kept`, the older, for ever; all its members are
    /// `kept`'s. The events of a story that is gone live on in `kept`.
    Merged {
        /// The level of both topics.
        level: Level,
        /// The older one.
        kept: TopicId,
        /// The one that redirects from now on.
        gone: TopicId,
        /// Probability that they are one.
        probability: f32,
    },
    /// A topic was two. `from` keeps the larger part. Of a story whole events go over.
    Split {
        /// The level of both topics.
        level: Level,
        /// What was divided.
        from: TopicId,
        /// The new topic.
        new: TopicId,
        /// Articles of the window that went over, ascending.
        members: Vec<ArticleId>,
    },
}

/// What a person said; every later decision and repair respects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The two topics are one: `gone` redirects to `kept`.
    Together {
        /// Level of both.
        level: Level,
        /// The one that stays.
        kept: TopicId,
        /// The one that redirects.
        gone: TopicId,
    },
    /// The two topics are never merged.
    Apart(TopicId, TopicId),
    /// Repair leaves this topic alone: no automatic merge or split. New articles still join it.
    Pinned(TopicId),
    /// Takes a pin back.
    Unpinned(TopicId),
    /// A person merged, divided or filled this topic: it is never split by itself.
    Shaped(TopicId),
    /// The article belongs there, whatever the weights say.
    Moved {
        /// The article.
        article: ArticleId,
        /// Where to.
        placement: Placement,
    },
}

/// What [`Clusterer::assign_seen`] looks at, to learn weights from.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// The new article and one near it.
    Pair {
        /// The question.
        level: Level,
        /// The near article.
        other: ArticleId,
        /// In the order of [`feature_names`].
        features: &'a [f32],
    },
    /// The new article and a topic it may belong to.
    Candidate {
        /// Of the topic.
        level: Level,
        /// The topic.
        topic: TopicId,
        /// In the order of [`feature_names`].
        features: &'a [f32],
    },
    /// Two stories that may be one.
    Stories {
        /// The new article's.
        one: TopicId,
        /// The other.
        other: TopicId,
        /// In the order of [`feature_names`].
        features: &'a [f32],
    },
}

/// The names of the features of a pair, a candidate, and two stories.
#[must_use]
pub fn feature_names() -> [&'static [&'static str]; 3] {
    [&pair::NAMES, &candidate::NAMES, &merge::NAMES]
}
