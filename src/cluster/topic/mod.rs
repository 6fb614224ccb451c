//! Which articles tell of one event, which of one story?
//!
//! A [`Clusterer`] takes articles one by one and answers at once where each belongs. It keeps a time
//! window of articles in memory, nothing else; all of it follows from items and placements and can be
//! rebuilt by [`Clusterer::restore`]. The same calls in the same order give the same bits.
//!
//! What it does not do: store, name, or tell anybody. Whoever drives it writes every [`Decision`] and
//! [`Repair`] down before the next call.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::embedding::Embedding;
use crate::domain::id::ArticleId;
use crate::domain::terms::TermVector;
use crate::domain::topic::Level;
use crate::domain::topic::Placement;
use crate::domain::topic::TopicId;
use crate::text::entity::Entity;

mod weights;

pub use weights::Error;
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

    /// Takes in that a topic exists or existed (also one that is gone: its id is not given again).
    /// On a restart before any article.
    pub fn know(&mut self, known: Known) {
        let _ = known;
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
            repairs: Vec::new(),
        }
    }

    /// Forgets an article; its topics stay, as long as they have members. Unknown ids are ignored.
    /// Returns where it was.
    pub fn remove(&mut self, id: ArticleId) -> Option<Placement> {
        let _ = id;
        None
    }

    /// Looks at all topics in the window again, merges and splits; its own changes are already taken
    /// in. Not needed while a stream runs, since [`Decision::repairs`] looks where something changed:
    /// for maintenance, after many removals or a batch of late articles.
    pub fn repair(&mut self) -> Vec<Repair> {
        Vec::new()
    }

    /// Articles older than this many seconds before the newest one are no longer held and need not be
    /// restored.
    #[must_use]
    pub fn window_s(&self) -> i64 {
        90 * 86_400
    }

    /// Takes in what a person said. Applies it at once.
    pub fn constrain(&mut self, constraint: Constraint) {
        let _ = constraint;
    }
}

/// The keys of an [`Item`]: kind and key of unambiguous persons, places, organisations and numbers in
/// title and lead, sorted, each once.
#[must_use]
pub fn keys(entities: &[Entity]) -> Vec<String> {
    let _ = entities;
    Vec::new()
}

/// An article as labels and keywords see it.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The article.
    pub id: ArticleId,
    /// Its headline as printed.
    pub title: &'a str,
    /// Its embedding.
    pub embedding: &'a Embedding,
}

/// Members ordered by centrality: cosine to the middle of all, falling, ties by id.
#[must_use]
pub fn ranked(members: &[Member<'_>]) -> Vec<(ArticleId, f32)> {
    members.iter().map(|member| (member.id, 0.0)).collect()
}

/// The label of a topic: its most central cleaned headline, 8 to 30 characters where there is one.
/// `current` stays unless another is clearly better. Empty only where all titles are.
#[must_use]
pub fn label(members: &[Member<'_>], current: Option<&str>) -> String {
    current
        .map(str::to_owned)
        .or_else(|| members.first().map(|one| one.title.to_owned()))
        .unwrap_or_default()
}

/// Words that tell a topic from the rest (c-TF-IDF), weightiest first, at most `limit`.
///
/// `terms` are the members' terms by text with the number of members that hold each;
/// `background` gives the number of articles of `article_count` that hold one.
#[must_use]
pub fn keywords(
    terms: &[(String, u32)],
    background: &dyn Fn(&str) -> u32,
    article_count: u32,
    limit: usize,
) -> Vec<(String, f32)> {
    let _ = (background, article_count);
    terms.iter().take(limit).map(|(text, _)| (text.clone(), 0.0)).collect()
}

/// Clusters `items` in the order of (time, id) with nothing known before; each topic is then named
/// after the one of `old` that shares most members with it (one old name for one topic, at most).
#[must_use]
pub fn recluster(
    weights: &Arc<Weights>,
    items: Vec<Item>,
    old: &BTreeMap<ArticleId, Placement>,
) -> BTreeMap<ArticleId, Placement> {
    let _ = (weights, items);
    old.clone()
}
