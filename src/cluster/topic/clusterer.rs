//! Assigns articles to topics, one by one.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::topic::Constraint;
use crate::topic::Decision;
use crate::topic::Front;
use crate::topic::Item;
use crate::topic::Known;
use crate::topic::Repair;
use crate::topic::Seen;
use crate::topic::Weights;
use crate::topic::anchor::Anchors;
use crate::topic::candidate;
use crate::topic::candidate::Evidence;
use crate::topic::digest::is_digest;
use crate::topic::dot;
use crate::topic::groups::Groups;
use crate::topic::merge;
use crate::topic::pair;
use crate::topic::window::Held;
use crate::topic::window::NEAR;
use crate::topic::window::Near;
use crate::topic::window::Window;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scale::Middle;
use wenmai_domain::scales::Scales;
use wenmai_domain::scales::Script;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// Seconds that an article is held: stories run for months.
const WINDOW_S: i64 = 365 * day::SECONDS;
/// Articles that are held at most, by arrival: bounds time and memory.
const WINDOW_ARTICLES: u64 = 100_000;
/// A near article of a lower probability says nothing.
const PAIR_FROM: f32 = 0.01;
/// Topics that are judged for one article.
const CANDIDATES: usize = 8;
/// Latest members whose middle stands for a topic.
const CENTRE_OF: usize = 40;

/// Assigns articles to topics, one by one. Not shared: one owner, `&mut`.
///
/// Everything it holds follows from the articles in the window, their placements, the topics that were
/// ever known, and the constraints in force.
pub struct Clusterer {
    weights: Arc<Weights>,
    pub(super) window: Window,
    pub(super) groups: Groups,
    /// Copies by the original that stands for them in the window.
    copies: HashMap<ArticleId, ArticleId>,
    front: Front,
    last_arrival: u64,
}

/// A topic that an article may belong to.
pub(super) struct Candidate {
    pub(super) topic: TopicId,
    features: candidate::Features,
    pub(super) probability: f32,
}

impl Clusterer {
    /// An empty clusterer.
    #[must_use]
    pub fn new(weights: Arc<Weights>) -> Self {
        Self {
            window: Window::before(Arc::clone(weights.background())),
            weights,
            groups: Groups::default(),
            copies: HashMap::new(),
            front: Front::default(),
            last_arrival: 0,
        }
    }

    /// Decides with other weights from now on; what was decided stays.
    pub fn weigh_with(&mut self, weights: Arc<Weights>) {
        self.weights = weights;
    }

    /// Takes in that a topic exists or existed (also one that is gone: its id is not given again).
    /// On a restart before any article.
    pub fn know(&mut self, known: Known) {
        self.groups.know(known);
    }

    /// Takes in an article whose topics are known: a restart. Decides nothing. In the order of arrival,
    /// originals before their copies.
    pub fn restore(&mut self, item: Item, placement: Placement) {
        let item = self.prepared(item);
        self.remove(item.id);
        self.advance(&item);
        match self.original_of(&item) {
            Some(original) => {
                self.copies.insert(item.id, original);
            }
            None => self.insert(&item, placement),
        }
    }

    /// Decides where an article belongs and takes it in. An article that it holds already is decided
    /// anew.
    pub fn assign(&mut self, item: Item) -> Decision {
        self.assign_seen(item, &mut |_| ())
    }

    /// The same, and shows what it looks at.
    pub fn assign_seen(&mut self, item: Item, seen: &mut dyn FnMut(Seen<'_>)) -> Decision {
        let item = self.prepared(item);
        self.remove(item.id);
        self.advance(&item);
        if let Some((original, placement)) =
            self.original_of(&item).and_then(|id| Some((id, self.window.get(id)?.placement)))
        {
            self.copies.insert(item.id, original);
            return Decision {
                article: item.id,
                placement,
                new_event: false,
                new_story: false,
                probability: 1.0,
                runner_up: None,
                repairs: Vec::new(),
            };
        }
        let near = self.near(&item);
        let stories = self.candidates(Level::Story, &item, &near, None, seen);
        let story = chosen(&stories, self.weights.of(Level::Story).from).map(|one| one.topic);
        let events = match story {
            Some(story) => self.candidates(Level::Event, &item, &near, Some(story), seen),
            None => Vec::new(),
        };
        let event = chosen(&events, self.weights.of(Level::Event).from).map(|one| one.topic);
        drop(near);
        let placement = Placement {
            story: story.unwrap_or_else(|| self.groups.found(Level::Story, item.id, item.at)),
            event: event.unwrap_or_else(|| self.groups.found(Level::Event, item.id, item.at)),
        };
        self.insert(&item, placement);
        let mut repairs = self.merge_stories(placement.story, &stories, seen);
        let has_merged = !repairs.is_empty();
        repairs.extend(self.merge_events(placement.event, &events));
        repairs.extend(self.split_where_due(item.id, has_merged));
        decision(item.id, placement, story.is_none(), event.is_none(), &stories, repairs)
    }

    /// Forgets an article; its topics stay, as long as they have members. Unknown ids are ignored.
    /// Returns where it was. Copies of it are forgotten with it: what they were decided stays.
    pub fn remove(&mut self, id: ArticleId) -> Option<Placement> {
        if let Some(original) = self.copies.remove(&id) {
            return self.window.get(original).map(|held| held.placement);
        }
        let held = self.window.remove(id)?;
        self.groups.take(held.placement.story, held.at, id);
        self.groups.take(held.placement.event, held.at, id);
        Some(held.placement)
    }

    /// Articles older than this many seconds before the newest one are not held and need not be
    /// restored.
    #[must_use]
    pub fn window_s(&self) -> i64 {
        WINDOW_S
    }

    /// Articles whose arrival lies this far before the last one are not held and need not be restored.
    #[must_use]
    pub fn window_arrivals(&self) -> u64 {
        WINDOW_ARTICLES
    }

    /// Copies, each with the article that stands for its text; in no order.
    pub(super) fn copies(&self) -> impl Iterator<Item = (ArticleId, ArticleId)> + '_ {
        self.copies.iter().map(|(copy, original)| (*copy, *original))
    }

    /// How many articles it holds.
    #[must_use]
    pub fn held_count(&self) -> usize {
        self.window.len()
    }

    /// Takes in what a person said. Applies it at once.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand it over; how it is held may change"
    )]
    pub fn constrain(&mut self, constraint: Constraint) {
        match constraint {
            Constraint::Together { level, kept, gone } => self.merge(level, kept, gone),
            Constraint::Apart(one, other) => self.groups.part(one, other),
            Constraint::Pinned(topic) => self.groups.pin(topic, true),
            Constraint::Unpinned(topic) => self.groups.pin(topic, false),
            Constraint::Moved { article, placement } => self.place(article, placement),
            Constraint::Shaped(topic) => self.groups.shape(topic),
        }
    }

    /// Whether the program may merge two topics: neither is pinned, and no person divided them.
    #[must_use]
    pub fn may_merge(&self, one: TopicId, other: TopicId) -> bool {
        self.groups.may_merge(one, other)
    }

    /// All members of `gone` are `kept`'s.
    pub(super) fn merge(&mut self, level: Level, kept: TopicId, gone: TopicId) {
        if kept == gone {
            return;
        }
        let members: Vec<ArticleId> = self.groups.latest(gone).map(|(_, id)| id).collect();
        for id in members {
            let Some(placement) = self.window.get(id).map(|held| held.placement) else { continue };
            let placement = match level {
                Level::Story => Placement { story: kept, ..placement },
                Level::Event => Placement { event: kept, ..placement },
            };
            self.place(id, placement);
        }
        self.groups.inherit(kept, gone);
    }

    pub(super) fn place(&mut self, id: ArticleId, placement: Placement) {
        let Some(held) = self.window.get_mut(id) else { return };
        let (at, before) = (held.at, std::mem::replace(&mut held.placement, placement));
        for (from, to) in [(before.story, placement.story), (before.event, placement.event)] {
            if from != to {
                self.groups.take(from, at, id);
                self.groups.add(to, at, id);
            }
        }
    }

    /// The features of two stories and the probability that they are one; not a number where the cosines
    /// of such texts say nothing.
    pub(super) fn compare(&self, one: TopicId, other: TopicId) -> (merge::Features, f32) {
        self.compare_groups(
            &self.sample(one),
            &self.sample(other),
            [one, other].map(|id| self.groups.count(id)),
        )
    }

    pub(super) fn compare_groups(
        &self,
        one: &[&Held],
        other: &[&Held],
        counts: [usize; 2],
    ) -> (merge::Features, f32) {
        let [left, right] = counts;
        let Some(scale) = self.scale_of(one) else {
            // Nothing is known of such texts.
            return ([0.0; merge::COUNT], f32::NAN);
        };
        let centres = centres(one, other, scale);
        let terms = self.window.terms_alike(one.iter().copied(), other.iter().copied());
        let groups = [group(one, left), group(other, right)];
        let features = merge::features(&groups, centres, terms, scale);
        (features, self.weights.merge(&features))
    }

    /// The scale for the cosines of some articles.
    pub(super) fn scale_of(&self, held: &[&Held]) -> Option<&CosineScale> {
        self.weights.scales.of(held.first().map(|held| held.script).unwrap_or_default())
    }

    pub(super) fn scales(&self) -> &Scales {
        &self.weights.scales
    }

    /// The probability from which on two stories are one.
    pub(super) fn merge_from(&self) -> f32 {
        self.weights.merge_from
    }

    /// The latest members of a topic.
    pub(super) fn sample(&self, topic: TopicId) -> Vec<&Held> {
        let ids = self.groups.latest(topic).take(merge::SAMPLE);
        ids.filter_map(|(_, id)| self.window.get(id)).collect()
    }

    fn insert(&mut self, item: &Item, placement: Placement) {
        self.window.insert(item, placement);
        self.groups.add(placement.story, item.at, item.id);
        self.groups.add(placement.event, item.at, item.id);
    }

    /// Moves the window on and drops what has left it.
    fn advance(&mut self, item: &Item) {
        let newest = self.front.advance(item.at);
        self.last_arrival = self.last_arrival.max(item.arrival);
        let from = newest.saturating_sub(WINDOW_S);
        let arrival = self.last_arrival.saturating_sub(WINDOW_ARTICLES);
        while let Some(old) = self.window.expired(from, arrival) {
            self.remove(old);
        }
    }

    /// `item` without what all vectors of its model share.
    fn prepared(&self, item: Item) -> Item {
        let script = Script::of(&item.title);
        let embedding = self.weights.scales.prepared(script, item.embedding);
        Item { embedding, ..item }
    }

    /// The articles of the window near `item`; none where the cosines of such texts say nothing.
    fn near(&self, item: &Item) -> Vec<Near<'_>> {
        let Some(scale) = self.weights.scales.of(Script::of(&item.title)) else {
            return Vec::new();
        };
        let mut near = self.window.near(item, scale);
        near.retain(|near| near.held.at.abs_diff(item.at) <= WINDOW_S.unsigned_abs());
        near
    }

    /// The article of the window that stands for `item`'s text.
    fn original_of(&self, item: &Item) -> Option<ArticleId> {
        let original = item.original.filter(|original| *original != item.id)?;
        let original = self.copies.get(&original).copied().unwrap_or(original);
        self.window.get(original).map(|held| held.id)
    }

    /// The most promising topics for `item`, judged, by falling probability.
    fn candidates(
        &self,
        level: Level,
        item: &Item,
        near: &[Near<'_>],
        within: Option<TopicId>,
        seen: &mut dyn FnMut(Seen<'_>),
    ) -> Vec<Candidate> {
        let accept = self.weights.of(level);
        let anchors = Anchors::of(&item.title, &item.keys);
        let mut judged = Vec::with_capacity(near.len());
        // A round-up tells of many things: it is in no story, and glues none together.
        let is_digest = is_digest(&item.title);
        for near in near.iter().filter(|near| !is_digest && !near.held.is_digest) {
            if within.is_some_and(|story| near.held.placement.story != story)
                || anchors.contradict(&near.held.anchors, near.like.title)
                || near.like.is_of_one_word()
            {
                continue;
            }
            let features = pair::features(&near.like, &near.standing);
            let p = accept.pair(&features);
            seen(Seen::Pair { level, other: near.held.id, features: &features });
            if p > PAIR_FROM {
                judged.push((p, near));
            }
        }
        judged.sort_by(|left, right| {
            right.0.total_cmp(&left.0).then(left.1.held.id.cmp(&right.1.held.id))
        });
        let total: f32 = judged.iter().map(|(p, _)| p).sum();
        let mut evidence: BTreeMap<TopicId, Evidence> = BTreeMap::new();
        for (rank, (p, near)) in judged.iter().enumerate() {
            let topic = near.held.placement.at(level);
            let evidence = evidence.entry(topic).or_default();
            evidence.near.push((*p, rank));
            evidence.cosine = evidence.cosine.max(near.like.cosine);
        }
        let mut candidates = self.judge(level, item, evidence, total);
        for one in &candidates {
            seen(Seen::Candidate { level, topic: one.topic, features: &one.features });
        }
        candidates.sort_by(|left, right| {
            right.probability.total_cmp(&left.probability).then(left.topic.cmp(&right.topic))
        });
        candidates
    }

    fn judge(
        &self,
        level: Level,
        item: &Item,
        evidence: BTreeMap<TopicId, Evidence>,
        total: f32,
    ) -> Vec<Candidate> {
        let best = |evidence: &Evidence| evidence.near.first().map_or(0.0, |(p, _)| *p);
        let mut topics: Vec<(f32, TopicId, Evidence)> =
            evidence.into_iter().map(|(topic, one)| (best(&one), topic, one)).collect();
        topics.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let first = topics.first().map_or(0.0, |(best, _, _)| *best);
        let second = topics.get(1).map_or(0.0, |(best, _, _)| *best);
        topics.truncate(CANDIDATES);
        let mut candidates = Vec::with_capacity(topics.len());
        let Some(scale) = self.weights.scales.of(Script::of(&item.title)) else {
            return candidates;
        };
        for (rank, (_, topic, mut evidence)) in topics.into_iter().enumerate() {
            let latest: Vec<(i64, ArticleId)> = self.groups.latest(topic).take(CENTRE_OF).collect();
            let held = latest.iter().filter_map(|(_, id)| self.window.get(*id));
            let (centre, length) = dot::middle(held.map(|held| &held.embedding));
            let middle = Middle { length, count: latest.len() };
            evidence.member_count = self.groups.count(topic);
            let to_centre = dot::dot(&centre, item.embedding.values());
            evidence.centre = scale.with_middle(to_centre, middle, false);
            evidence.cohesion = scale.length(middle);
            evidence.days_since =
                latest.first().map_or(0.0, |(at, _)| pair::days_apart(item.at, *at));
            let other = if rank == 0 { second } else { first };
            let features = candidate::features(&evidence, total, other, NEAR);
            let probability = self.weights.of(level).candidate(&features);
            candidates.push(Candidate { topic, features, probability });
        }
        candidates
    }
}

/// The cosine of the middles of two groups.
fn centres(one: &[&Held], other: &[&Held], scale: &CosineScale) -> f32 {
    let middle = |held: &[&Held]| {
        let (values, length) = dot::middle(held.iter().map(|held| &held.embedding));
        (values, Middle { length, count: held.len() })
    };
    let ((left, of_left), (right, of_right)) = (middle(one), middle(other));
    scale.between(dot::dot(&left, &right), of_left, of_right)
}

fn group<'a>(held: &[&'a Held], member_count: usize) -> merge::Group<'a> {
    merge::Group {
        sample: held.iter().map(|held| &held.embedding).collect(),
        member_count,
        from: held.iter().map(|held| held.at).min().unwrap_or(0),
        to: held.iter().map(|held| held.at).max().unwrap_or(0),
    }
}

fn chosen(candidates: &[Candidate], from: f32) -> Option<&Candidate> {
    candidates.first().filter(|best| best.probability >= from)
}

fn decision(
    article: ArticleId,
    placement: Placement,
    new_story: bool,
    new_event: bool,
    stories: &[Candidate],
    repairs: Vec<Repair>,
) -> Decision {
    let best = stories.first().map(|one| (one.topic, one.probability));
    let second = stories.get(1).map(|one| (one.topic, one.probability));
    let (probability, runner_up) = if new_story {
        (1.0 - best.map_or(0.0, |(_, probability)| probability), best)
    } else {
        (best.map_or(0.0, |(_, probability)| probability), second)
    };
    Decision { article, placement, new_event, new_story, probability, runner_up, repairs }
}
