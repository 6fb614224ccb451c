//! Which articles tell of one event, which of one story?
//!
//! A [`Clusterer`] takes articles one by one and answers at once where each belongs. It keeps a time
//! window of articles in memory, nothing else; all of it follows from items and placements and can be
//! rebuilt by [`Clusterer::restore`]. The same calls in the same order give the same bits.
//!
//! What it does not do: store, name, or tell anybody. Whoever drives it writes every [`Decision`] and
//! [`Repair`] down before the next call.

use std::sync::Arc;

use crate::domain::embedding::Embedding;
use crate::domain::id::ArticleId;
use crate::domain::terms::TermVector;
use crate::domain::topic::Level;
use crate::domain::topic::Placement;
use crate::domain::topic::TopicId;

mod weights;

pub use weights::Weights;

/// An article as the clusterer sees it.
#[derive(Debug, Clone)]
pub struct Item {
    /// The article.
    pub id: ArticleId,
    /// Seconds since 1970: publication, else arrival. The caller clamps dates in the future to the
    /// arrival, so that one wrong year does not move the window.
    pub at: i64,
    /// Paper or site; empty where unknown.
    pub source: String,
    /// The headline as printed.
    pub title: String,
    /// The mean of title and title+lead vectors, as stored.
    pub embedding: Embedding,
    /// Terms of the headline, `text::terms::query`.
    pub title_terms: TermVector,
    /// Weighted terms of title and body, `Analyzer::passage`, as stored.
    pub text_terms: TermVector,
    /// Keys of unambiguous persons, places, organisations and numbers ([`keys`]).
    pub keys: Vec<String>,
    /// The article that founded its group of reprints, where that is another one and was seen.
    pub original: Option<ArticleId>,
}

/// Where an article was put, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The article.
    pub article: ArticleId,
    /// Its topics.
    pub placement: Placement,
    /// Whether the event is new.
    pub new_event: bool,
    /// Whether the story is new.
    pub new_story: bool,
    /// Probability that the story is the right one (for a new story: that none of the others is).
    pub probability: f32,
    /// The story that came second, and the probability that it would have been right.
    pub runner_up: Option<(TopicId, f32)>,
}

/// A correction of earlier decisions.
#[derive(Debug, Clone, PartialEq)]
pub enum Repair {
    /// Two topics were one. `gone` redirects to `kept`, the older, for ever; all its members are
    /// `kept`'s. The events of a story that is gone live on in `kept`.
    Merged {
        /// Of both.
        level: Level,
        /// The older one.
        kept: TopicId,
        /// The one that redirects from now on.
        gone: TopicId,
        /// Probability that they are one.
        probability: f32,
    },
    /// A topic was two. `from` keeps the larger part.
    Split {
        /// Of both.
        level: Level,
        /// What was divided.
        from: TopicId,
        /// The new topic.
        new: TopicId,
        /// Articles that went over, ascending.
        members: Vec<ArticleId>,
    },
}

/// What a person said; every later decision and repair respects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The two topics are one: `gone` redirects to `kept`. Nothing splits what came from both.
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
    /// The article belongs there, whatever the weights say.
    Moved {
        /// The article.
        article: ArticleId,
        /// Where to.
        placement: Placement,
    },
}

/// Assigns articles to topics, one by one. Not shared: one owner, `&mut`.
pub struct Clusterer {
    weights: Arc<Weights>,
}

impl Clusterer {
    /// An empty clusterer.
    #[must_use]
    pub fn new(weights: Arc<Weights>) -> Self {
        Self { weights }
    }

    /// Takes in an article whose topics are known: a restart, or a correction. Decides nothing.
    pub fn restore(&mut self, item: Item, placement: Placement) {
        let _ = (&self.weights, item, placement);
    }

    /// Decides where an article belongs and takes it in.
    pub fn assign(&mut self, item: Item) -> Decision {
        let event = TopicId::found(Level::Event, item.id);
        let story = TopicId::found(Level::Story, item.id);
        Decision {
            article: item.id,
            placement: Placement { event, story },
            new_event: true,
            new_story: true,
            probability: 1.0,
            runner_up: None,
        }
    }

    /// Forgets an article; its topics stay, as long as they have members. Unknown ids are ignored.
    /// Returns where it was.
    pub fn remove(&mut self, id: ArticleId) -> Option<Placement> {
        let _ = id;
        None
    }

    /// Looks again at topics that changed since the last call; its own changes are already taken in.
    /// Call it after a fixed number of articles in the stream, so that batches do not matter
    /// ([`Clusterer::repair_due`]).
    pub fn repair(&mut self) -> Vec<Repair> {
        Vec::new()
    }

    /// Whether as many articles came since the last [`Clusterer::repair`] as call for another.
    #[must_use]
    pub fn repair_due(&self) -> bool {
        false
    }

    /// Takes in what a person said. Applies it at once.
    pub fn constrain(&mut self, constraint: Constraint) {
        let _ = constraint;
    }
}
