//! A period clustered anew, under the names that its topics have.
//!
//! What a person shaped (merged, divided, moved, named, pinned) is left alone. Events go whole: one
//! that has an article in the period is looked at with all its articles. What comes out is written to
//! the log as moves, so that it can be followed and read back like everything else; a topic that
//! loses all its articles leads to the one that took most of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Error;
use crate::Violation;
use crate::topics::book::Book;
use crate::topics::book::Entered;
use crate::topics::book::Member;
use crate::topics::desk::Desk;
use crate::topics::desk::now_us;
use crate::topics::edit::Made;
use crate::topics::edit::free_id;
use crate::topics::shown::Period;
use crate::topics::shown::day_of;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::recluster;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_domain::topic::change::Move;
use wenmai_store::Vectors;

/// Articles that are clustered together at most: they are held in memory.
const ARTICLES_MAX: usize = 100_000;
/// Moves in one entry of the log, about; events stay whole.
const MOVES: usize = 2_000;
const LEVELS: [Level; 2] = [Level::Event, Level::Story];

/// Which articles are clustered anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recluster {
    /// Their days.
    pub period: Period,
    /// Only say what would change.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reclustered {
    /// Articles that were clustered.
    pub article_count: usize,
    /// Articles of the period that were left alone since a person shaped their topics.
    pub left_alone_count: usize,
    /// Articles that change their event or story.
    pub moved_count: usize,
    /// Stories of the clustered articles before.
    pub story_count_before: usize,
    /// And after.
    pub story_count: usize,
    /// Topics of both levels that are new.
    pub new_count: usize,
    /// Topics of both levels that lead to another one now.
    pub merged_count: usize,
}

/// What is to change.
struct Plan {
    /// Whole events in a row.
    moves: Vec<(Member, Move)>,
    made: Made,
    corrections: Vec<Correction>,
}

impl Desk {
    /// Clusters a period anew.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many articles; [`Error::Store`].
    pub(super) async fn recluster(&mut self, asked: Recluster) -> Result<Reclustered, Error> {
        self.fill().await?;
        let (picked, left_alone_count) = pick(&self.book(), asked.period);
        if picked.len() > ARTICLES_MAX {
            let what = format!("{} articles, at most {ARTICLES_MAX} at a time", picked.len());
            return Err(Error::Invalid(vec![Violation::new("from", what)]));
        }
        let old = picked.iter().map(|one| (one.member.article, one.placement)).collect();
        let new = recluster(&self.weights, self.items(&picked).await?, &old);
        let plan = Plan::new(&self.book(), &picked, &new);
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
        if !asked.dry_run {
            self.carry_out(plan).await?;
        }
        Ok(told)
    }

    /// The articles as the clusterer takes them; those that are not stored any more are left out.
    async fn items(&self, picked: &[Entered]) -> Result<Vec<Item>, Error> {
        let mut items = Vec::with_capacity(picked.len());
        for piece in picked.chunks(Limit::MOST.count()) {
            let ids: Vec<ArticleId> = piece.iter().map(|one| one.member.article).collect();
            let stored = self.store.fetch(&ids, Vectors::Yes).await?;
            for (entered, stored) in piece.iter().zip(stored) {
                let Some(read) = stored.and_then(|stored| self.reader.read(stored)) else {
                    continue;
                };
                let Member { at, arrival, .. } = entered.member;
                items.push(Item { arrival, at, original: entered.original, ..read.item });
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

/// Moves in pieces of about [`MOVES`] that divide no event.
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

/// The articles of the period with whole events, in the order of arrival; and how many of the period
/// are left alone.
fn pick(book: &Book, period: Period) -> (Vec<Entered>, usize) {
    let within = |one: &Entered| {
        let day = day_of(one.member.at);
        period.from.is_none_or(|from| from <= day) && period.to.is_none_or(|to| day <= to)
    };
    let shaped = |one: &Entered| {
        let Placement { event, story } = one.placement;
        [event, story].iter().any(|topic| book.is_shaped(*topic))
    };
    let (mut events, mut left_alone) = (BTreeSet::new(), 0);
    for one in book.articles.values().filter(|one| within(one)) {
        if shaped(one) {
            left_alone += 1;
        } else {
            events.insert(one.placement.event);
        }
    }
    let picked = book.articles.values();
    let picked = picked.filter(|one| events.contains(&one.placement.event) && !shaped(one));
    let mut picked: Vec<Entered> = picked.copied().collect();
    picked.sort_unstable_by_key(|one| one.member.arrival);
    (picked, left_alone)
}

impl Plan {
    fn new(book: &Book, picked: &[Entered], new: &BTreeMap<ArticleId, Placement>) -> Self {
        let mut picked: Vec<&Entered> =
            picked.iter().filter(|one| new.contains_key(&one.member.article)).collect();
        picked.sort_unstable_by_key(|one| (one.member.at, one.member.arrival));
        let (mut made, mut renamed) = (Made::new(), BTreeMap::new());
        let old: BTreeSet<TopicId> =
            picked.iter().flat_map(|one| LEVELS.map(|level| one.placement.at(level))).collect();
        let mut events: Vec<TopicId> = Vec::new();
        let mut by_event: BTreeMap<TopicId, Vec<(Member, Placement, Placement)>> = BTreeMap::new();
        for Entered { member, placement: before, .. } in &picked {
            let Some(mut now) = new.get(&member.article).copied() else { continue };
            for level in LEVELS {
                let id = now.at(level);
                let name = *renamed.entry(id).or_insert_with(|| {
                    let kept = old.contains(&id);
                    if kept { id } else { free_id(book, level, member.article, &made) }
                });
                if !book.topics.contains_key(&name) {
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
        let corrections = heirs(book, by_event.values().flatten());
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

/// Topics that lose all their articles, each into the one that takes most of them; ties to the lower
/// id.
fn heirs<'a>(
    book: &Book,
    moved: impl Iterator<Item = &'a (Member, Placement, Placement)>,
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
        let all = book.topics.get(&gone).map_or(0, |topic| topic.members.len());
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
