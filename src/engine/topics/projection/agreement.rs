//! Holds the projection and the clusterer to the same rules: after the same merges, splits, moves,
//! pins and removals both have every article in the same topics, and both allow the same merges.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use crate::topics::projection::PlacedArticle;
use crate::topics::projection::Projection;
use wenmai_cluster::topic::Clusterer;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::Known;
use wenmai_cluster::topic::Weights;
use wenmai_cluster::topic::older_first;
use wenmai_cluster::topic::unused_id;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Assigned;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Entry;
use wenmai_domain::topic::change::Move;

/// A step; the numbers choose among the articles that are placed at that time.
#[derive(Debug, Clone)]
enum Step {
    /// An article founds an event and a story.
    Found,
    /// An article founds an event in the story of another.
    FoundEvent(usize),
    /// An article joins the topics of another.
    Join(usize),
    Remove(usize),
    Merge(Level, usize, usize),
    /// The event of an article becomes a story of its own.
    Split(usize),
    /// An article moves to the topics of another.
    Move(usize, usize),
    Pin(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let any = || 0_usize..1_000;
    let level = prop_oneof![Just(Level::Event), Just(Level::Story)];
    prop_oneof![
        3 => Just(Step::Found),
        2 => any().prop_map(Step::FoundEvent),
        3 => any().prop_map(Step::Join),
        1 => any().prop_map(Step::Remove),
        3 => (level, any(), any()).prop_map(|(level, one, other)| Step::Merge(level, one, other)),
        2 => any().prop_map(Step::Split),
        1 => (any(), any()).prop_map(|(article, to)| Step::Move(article, to)),
        1 => (any(), proptest::bool::ANY).prop_map(|(article, pinned)| Step::Pin(article, pinned)),
    ]
}

/// The projection and the clusterer, and all merges that there were.
struct Both {
    projection: Projection,
    clusterer: Clusterer,
    arrival: u64,
    merged: BTreeMap<TopicId, TopicId>,
}

impl Both {
    fn new() -> Self {
        let weights = Arc::new(Weights::bundled().unwrap());
        Self {
            projection: Projection::default(),
            clusterer: Clusterer::new(weights),
            arrival: 0,
            merged: BTreeMap::new(),
        }
    }

    fn log(&mut self, change: Change) {
        let version = self.projection.version + 1;
        let (corrections, faces) = (Vec::new(), Vec::new());
        self.projection.apply(&Entry { version, at_us: 0, change, corrections, faces });
    }

    /// The placed article that a number chooses.
    fn pick(&self, number: usize) -> Option<PlacedArticle> {
        let mut placed: Vec<PlacedArticle> = self.projection.articles.values().copied().collect();
        placed.sort_unstable_by_key(|one| one.member.arrival);
        let at = number.checked_rem(placed.len())?;
        placed.get(at).copied()
    }

    fn arrive(&mut self, placement: impl FnOnce(ArticleId) -> Option<Placement>) {
        self.arrival += 1;
        let article = ArticleId::from(Uuid::from_u128(u128::from(self.arrival)));
        let Some(placement) = placement(article) else { return };
        // Neighbours in the order of arrival are not neighbours in time.
        let at = i64::try_from(self.arrival * 7 % 50).unwrap() * 3_600;
        let item = Item {
            id: article,
            arrival: self.arrival,
            at,
            title: String::new(),
            embedding: Embedding::normalize(vec![1.0, 0.0]).unwrap(),
            title_terms: TermVector::default(),
            text_terms: TermVector::default(),
            keys: Vec::new(),
            original: None,
        };
        self.clusterer.restore(item, placement);
        self.log(Change::Assigned(Assigned {
            article,
            arrival: self.arrival,
            at,
            source: String::new(),
            group: GroupId::found(article, "h"),
            original: None,
            placement,
            probability: 1.0,
        }));
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Found => self.arrive(|article| {
                let [event, story] =
                    [Level::Event, Level::Story].map(|level| TopicId::found(level, article));
                Some(Placement { event, story })
            }),
            Step::FoundEvent(number) => {
                let found = self.pick(number);
                self.arrive(|article| {
                    let event = TopicId::found(Level::Event, article);
                    Some(Placement { event, ..found?.placement })
                });
            }
            Step::Join(number) => {
                let found = self.pick(number);
                self.arrive(|_| Some(found?.placement));
            }
            Step::Remove(number) => {
                if let Some(placed) = self.pick(number) {
                    self.clusterer.remove(placed.member.article);
                    self.log(Change::Removed { article: placed.member.article });
                }
            }
            Step::Merge(level, one, other) => self.merge(level, one, other),
            Step::Split(number) => self.split(number),
            Step::Move(number, to) => {
                if let (Some(placed), Some(to)) = (self.pick(number), self.pick(to)) {
                    let (article, placement) = (placed.member.article, to.placement);
                    self.clusterer.constrain(Constraint::Moved { article, placement });
                    self.log(Change::Moved { moves: vec![Move { article, placement }] });
                }
            }
            Step::Pin(number, pinned) => {
                if let Some(placed) = self.pick(number) {
                    let topic = placed.placement.story;
                    let pin = if pinned { Constraint::Pinned } else { Constraint::Unpinned };
                    self.clusterer.constrain(pin(topic));
                    self.log(Change::Pinned { topic, pinned });
                }
            }
        }
    }

    fn merge(&mut self, level: Level, one: usize, other: usize) {
        let (Some(one), Some(other)) = (self.pick(one), self.pick(other)) else { return };
        let ids = [one, other].map(|placed| placed.placement.at(level));
        // As the worker demands it: events of one story.
        let is_apart = level == Level::Event && one.placement.story != other.placement.story;
        if ids[0] == ids[1] || is_apart {
            return;
        }
        let [left, right] = ids.map(|id| (self.projection.topics[&id].founded, id));
        let (kept, gone) = older_first(left, right);
        self.clusterer.constrain(Constraint::Together { level, kept, gone });
        self.log(Change::Merged { level, kept, gone });
        self.merged.insert(gone, kept);
    }

    fn split(&mut self, number: usize) {
        let Some(placed) = self.pick(number) else { return };
        let Placement { event, story: from } = placed.placement;
        let members = &self.projection.topics[&from].members;
        let of_event = |article: &ArticleId| {
            self.projection.articles[article].placement == Placement { event, story: from }
        };
        let going: Vec<ArticleId> =
            members.iter().map(|member| member.article).filter(of_event).collect();
        if going.len() == members.len() {
            return;
        }
        let is_taken = |id: TopicId| self.projection.topics.contains_key(&id);
        let new = unused_id(Level::Story, going[0], is_taken);
        let founded = self.projection.articles[&going[0]].member.at;
        let placement = Placement { event, story: new };
        self.clusterer.know(Known { id: new, level: Level::Story, founded });
        for article in &going {
            self.clusterer.constrain(Constraint::Moved { article: *article, placement });
        }
        self.clusterer.constrain(Constraint::Apart(from, new));
        let moves = going.into_iter().map(|article| Move { article, placement }).collect();
        self.log(Change::Split { from, new, moves });
    }

    /// Whether the program may merge two topics, as the projection has it.
    fn may_merge(&self, one: TopicId, other: TopicId) -> bool {
        let is_pinned = |id: TopicId| self.projection.topics[&id].pinned;
        let is_divided = self.projection.divisions.contains(one, other);
        one != other && !is_pinned(one) && !is_pinned(other) && !is_divided
    }

    /// Where a topic leads after all merges.
    fn heir(&self, id: TopicId) -> TopicId {
        let mut id = id;
        while let Some(kept) = self.merged.get(&id) {
            id = *kept;
        }
        id
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn projection_and_clusterer_keep_the_same_rules(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut both = Both::new();
        for step in &steps {
            both.take(step);
        }
        let topics: Vec<TopicId> = both.projection.topics.keys().copied().collect();
        for one in &topics {
            let resolved = both.projection.resolve(*one).map(|(id, _)| id);
            prop_assert_eq!(resolved, Some(both.heir(*one)));
            for other in &topics {
                let allowed = both.clusterer.may_merge(*one, *other);
                prop_assert_eq!(allowed, both.may_merge(*one, *other), "{} and {}", one, other);
            }
        }
        let placed: Vec<PlacedArticle> = both.projection.articles.values().copied().collect();
        prop_assert_eq!(both.clusterer.held_count(), placed.len());
        for one in placed {
            let held = both.clusterer.remove(one.member.article);
            prop_assert_eq!(held, Some(one.placement), "{}", one.member.article);
        }
    }
}
