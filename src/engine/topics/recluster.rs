//! Clusters a period anew, while topics keep their ids where most of their articles stay together.
//!
//! Topics that a person changed (merged, divided, moved articles into, named, pinned) are left
//! alone. Events are taken whole: one that has an article in the period takes part with all its
//! articles. The result is written to the log as moves, so that it can be followed and read back
//! like any other change; a topic that loses all its articles redirects to the one that took most
//! of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Error;
use crate::Violation;
use crate::clock::now_us;
use crate::topics::edit::NewTopics;
use crate::topics::edit::free_id;
use crate::topics::projection::PlacedArticle;
use crate::topics::projection::Projection;
use crate::topics::projection::TopicMember;
use crate::topics::view::Period;
use crate::topics::worker::Worker;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::recluster;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_domain::topic::change::Move;
use wenmai_store::Vectors;

/// Articles that are clustered together at most, since they are held in memory.
const ARTICLES_MAX: usize = 100_000;
/// About how many moves stand in one entry of the log; events are not divided.
const MOVES: usize = 2_000;
const LEVELS: [Level; 2] = [Level::Event, Level::Story];

/// A request to cluster a period anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recluster {
    /// The days of the articles that take part.
    pub period: Period,
    /// Whether to change nothing and only say what would change.
    pub dry_run: bool,
}

/// What clustering a period anew changed, or would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reclustered {
    /// How many articles were clustered.
    pub article_count: usize,
    /// How many articles of the period were left alone because a person changed their topics.
    pub left_alone_count: usize,
    /// How many articles change their event or their story.
    pub moved_count: usize,
    /// How many stories the clustered articles had before.
    pub story_count_before: usize,
    /// How many stories they have afterwards.
    pub story_count: usize,
    /// How many events and stories are new.
    pub new_count: usize,
    /// How many events and stories redirect to another one afterwards.
    pub merged_count: usize,
}

/// The changes that clustering anew leads to.
struct Plan {
    /// The moves, those of one event next to each other.
    moves: Vec<(TopicMember, Move)>,
    made: NewTopics,
    corrections: Vec<Correction>,
}

impl Worker {
    /// Clusters a period anew.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many articles; [`Error::Store`].
    pub(super) async fn recluster(&mut self, request: Recluster) -> Result<Reclustered, Error> {
        self.fill().await?;
        let (picked, left_alone_count) = pick(&self.projection(), request.period);
        if picked.len() > ARTICLES_MAX {
            let what = format!("{} articles, at most {ARTICLES_MAX} at a time", picked.len());
            return Err(Error::Invalid(vec![Violation::new("from", what)]));
        }
        let old = picked.iter().map(|one| (one.member.article, one.placement)).collect();
        let new = recluster(&self.weights, self.items(&picked).await?, &old);
        let plan = Plan::new(&self.projection(), &picked, &new);
        let stories = |placements: &BTreeMap<ArticleId, Placement>| {
            placements.values().map(|one| one.story).collect::<BTreeSet<_>>().len()
        };
        let told = Reclustered {
            article_count: new.len(),
            left_alone_count,
            moved_count: plan.moves.len(),
            story_count_before: stories(&old),
            story_count: stories(&new),
            new_count: plan.made.len(),
            merged_count: plan.corrections.len(),
        };
        if !request.dry_run {
            self.carry_out(plan).await?;
        }
        Ok(told)
    }

    /// The items for the clusterer; articles that are not stored any more are left out.
    async fn items(&self, picked: &[PlacedArticle]) -> Result<Vec<Item>, Error> {
        let mut items = Vec::with_capacity(picked.len());
        for piece in picked.chunks(Limit::MOST.count()) {
            let ids: Vec<ArticleId> = piece.iter().map(|one| one.member.article).collect();
            let stored = self.store.fetch(&ids, Vectors::Yes).await?;
            for (placed, stored) in piece.iter().zip(stored) {
                let Some(read) = stored.and_then(|stored| self.reader.read(stored)) else {
                    continue;
                };
                let TopicMember { at, arrival, .. } = placed.member;
                items.push(Item { arrival, at, original: placed.original, ..read.item });
            }
        }
        Ok(items)
    }

    async fn carry_out(&mut self, plan: Plan) -> Result<(), Error> {
        let Plan { moves, made, corrections } = plan;
        if moves.is_empty() {
            return Ok(());
        }
        let moves: Vec<Move> = moves.into_iter().map(|(_, one)| one).collect();
        self.know(&made);
        self.tell(&moves);
        for correction in &corrections {
            if let Correction::Merged { level, kept, gone } = *correction {
                self.clusterer.constrain(Constraint::Together { level, kept, gone });
            }
        }
        let mut pieces = whole_events(moves);
        let last = pieces.pop().unwrap_or_default();
        for moves in pieces {
            self.log(Change::Reclustered { moves }, Vec::new(), now_us()).await?;
        }
        self.log(Change::Reclustered { moves: last }, corrections, now_us()).await?;
        self.commit().await
    }
}

/// Divides moves into pieces of about [`MOVES`], so that no event is divided.
fn whole_events(moves: Vec<Move>) -> Vec<Vec<Move>> {
    let mut pieces: Vec<Vec<Move>> = Vec::new();
    for one in moves {
        let fits = |piece: &&mut Vec<Move>| {
            let of_event = |last: &Move| last.placement.event == one.placement.event;
            piece.len() < MOVES || piece.last().is_some_and(of_event)
        };
        match pieces.last_mut().filter(fits) {
            Some(piece) => piece.push(one),
            None => pieces.push(vec![one]),
        }
    }
    pieces
}

/// The articles that take part, in the order of arrival: those of the period and of their events.
/// Also returns how many articles of the period are left alone.
fn pick(projection: &Projection, period: Period) -> (Vec<PlacedArticle>, usize) {
    let within = |one: &PlacedArticle| {
        let day = day::of_second(one.member.at);
        period.from.is_none_or(|from| from <= day) && period.to.is_none_or(|to| day <= to)
    };
    let shaped = |one: &PlacedArticle| {
        let Placement { event, story } = one.placement;
        [event, story].iter().any(|topic| projection.is_shaped(*topic))
    };
    let (mut events, mut left_alone) = (BTreeSet::new(), 0);
    for one in projection.articles.values().filter(|one| within(one)) {
        if shaped(one) {
            left_alone += 1;
        } else {
            events.insert(one.placement.event);
        }
    }
    let picked = projection.articles.values();
    let picked = picked.filter(|one| events.contains(&one.placement.event) && !shaped(one));
    let mut picked: Vec<PlacedArticle> = picked.copied().collect();
    picked.sort_unstable_by_key(|one| one.member.arrival);
    (picked, left_alone)
}

impl Plan {
    fn new(
        projection: &Projection,
        picked: &[PlacedArticle],
        new: &BTreeMap<ArticleId, Placement>,
    ) -> Self {
        let mut picked: Vec<&PlacedArticle> =
            picked.iter().filter(|one| new.contains_key(&one.member.article)).collect();
        picked.sort_unstable_by_key(|one| (one.member.at, one.member.arrival));
        let (mut made, mut renamed) = (NewTopics::new(), BTreeMap::new());
        let old: BTreeSet<TopicId> =
            picked.iter().flat_map(|one| LEVELS.map(|level| one.placement.at(level))).collect();
        let mut events: Vec<TopicId> = Vec::new();
        let mut by_event: BTreeMap<TopicId, Vec<(TopicMember, Placement, Placement)>> =
            BTreeMap::new();
        for PlacedArticle { member, placement: before, .. } in &picked {
            let Some(mut now) = new.get(&member.article).copied() else { continue };
            for level in LEVELS {
                let id = now.at(level);
                let name = *renamed.entry(id).or_insert_with(|| {
                    let kept = old.contains(&id);
                    if kept { id } else { free_id(projection, level, member.article, &made) }
                });
                if !projection.topics.contains_key(&name) {
                    made.entry(name).or_insert((level, member.at));
                }
                match level {
                    Level::Event => now.event = name,
                    Level::Story => now.story = name,
                }
            }
            let of_event = by_event.entry(now.event).or_default();
            if of_event.is_empty() {
                events.push(now.event);
            }
            of_event.push((*member, *before, now));
        }
        let corrections = heirs(projection, by_event.values().flatten());
        let mut moves = Vec::new();
        for (member, before, placement) in
            events.iter().filter_map(|event| by_event.get(event)).flatten()
        {
            if before != placement {
                moves.push((*member, Move { article: member.article, placement: *placement }));
            }
        }
        Self { moves, made, corrections }
    }
}

/// A merge for each topic that loses all its articles, into the topic that takes most of them; of
/// several that take equally many, into the one of the lowest id.
fn heirs<'a>(
    projection: &Projection,
    moved: impl Iterator<Item = &'a (TopicMember, Placement, Placement)>,
) -> Vec<Correction> {
    let mut taken: BTreeMap<(Level, TopicId), BTreeMap<TopicId, usize>> = BTreeMap::new();
    for (_, before, now) in moved {
        for level in LEVELS {
            let takers = taken.entry((level, before.at(level))).or_default();
            *takers.entry(now.at(level)).or_default() += 1;
        }
    }
    let mut corrections = Vec::new();
    for ((level, gone), takers) in taken {
        let all = projection.topics.get(&gone).map_or(0, |topic| topic.members.len());
        if takers.contains_key(&gone) || takers.values().sum::<usize>() < all {
            continue;
        }
        let most =
            takers.iter().max_by(|left, right| left.1.cmp(right.1).then(right.0.cmp(left.0)));
        if let Some((kept, _)) = most {
            corrections.push(Correction::Merged { level, kept: *kept, gone });
        }
    }
    corrections
}
