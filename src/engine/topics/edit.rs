//! Changes of topics by people: merge, split, rename, pin, move articles. Every later decision of
//! the program respects them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Error;
use crate::Violation;
use crate::clock::now_us;
use crate::topics::projection::PlacedArticle;
use crate::topics::projection::Projection;
use crate::topics::projection::Topic;
use crate::topics::worker::Worker;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Known;
use wenmai_cluster::topic::older_first;
use wenmai_cluster::topic::unused_id;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Move;

/// Characters of a label at most.
const LABEL_CHARS_MAX: usize = 100;

/// A change of a topic that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The topic; an id that redirects stands for the topic that it redirects to.
    pub topic: TopicId,
    /// The revision that the person saw; the change is refused if the topic has another one. `None`
    /// accepts any revision.
    pub revision: Option<u64>,
    /// The change.
    pub action: Action,
}

/// What to do with a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Merge it with this topic; the older of the two stays, and the other redirects to it.
    Merge(TopicId),
    /// Move these of its articles into a new topic.
    Split(BTreeSet<ArticleId>),
    /// Change those properties that are given.
    Update {
        /// The new label; an empty one has the program make the label again.
        label: Option<String>,
        /// Whether the program must neither merge nor divide it.
        pinned: Option<bool>,
        /// Articles to move into it.
        articles: BTreeSet<ArticleId>,
    },
}

/// A change of a topic that was found possible, and what it leads to.
enum Planned {
    Merge { level: Level, kept: TopicId, gone: TopicId },
    Split { from: TopicId, new: TopicId, moves: Vec<Move>, made: NewTopics },
    Update { topic: TopicId, label: Option<String>, pinned: Option<bool>, taken_in: TakenIn },
}

/// The moves that bring articles into a topic, and the new topics that this needs.
type TakenIn = (Vec<Move>, NewTopics);

impl Worker {
    /// Carries out a change and returns the topic that there is afterwards; of a split, the new
    /// topic. A change that is refused costs nothing: it is refused on what is in memory.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`], [`Error::StaleTopic`], [`Error::ArticleNotFound`],
    /// [`Error::Invalid`]: then nothing was done; [`Error::Store`].
    pub(super) async fn edit(&mut self, edit: &Edit) -> Result<TopicId, Error> {
        let mut planned = plan(&self.projection(), edit)?;
        if !self.is_filled() {
            self.fill().await?;
            // Filling takes out what is not stored any more.
            planned = plan(&self.projection(), edit)?;
        }
        let kept = match planned {
            Planned::Merge { level, kept, gone } => {
                self.clusterer.constrain(Constraint::Together { level, kept, gone });
                self.clusterer.constrain(Constraint::Shaped(kept));
                self.log(Change::Merged { level, kept, gone }, Vec::new(), now_us()).await?;
                kept
            }
            Planned::Split { from, new, moves, made } => {
                self.know(&made);
                self.tell(&moves);
                self.clusterer.constrain(Constraint::Apart(from, new));
                for topic in [from, new] {
                    self.clusterer.constrain(Constraint::Shaped(topic));
                }
                self.log(Change::Split { from, new, moves }, Vec::new(), now_us()).await?;
                new
            }
            Planned::Update { topic, label, pinned, taken_in } => {
                self.update(topic, label, pinned, taken_in).await?;
                topic
            }
        };
        self.commit().await?;
        Ok(kept)
    }

    async fn update(
        &mut self,
        topic: TopicId,
        label: Option<String>,
        pinned: Option<bool>,
        (moves, made): TakenIn,
    ) -> Result<(), Error> {
        if !moves.is_empty() {
            self.know(&made);
            self.tell(&moves);
            for Placement { event, story } in moves.iter().map(|one| one.placement) {
                for topic in [event, story] {
                    self.clusterer.constrain(Constraint::Shaped(topic));
                }
            }
            self.log(Change::Moved { moves }, Vec::new(), now_us()).await?;
        }
        if let Some(label) = label {
            self.log(Change::Renamed { topic, label }, Vec::new(), now_us()).await?;
        }
        if let Some(pinned) = pinned {
            let pin = if pinned { Constraint::Pinned } else { Constraint::Unpinned };
            self.clusterer.constrain(pin(topic));
            self.log(Change::Pinned { topic, pinned }, Vec::new(), now_us()).await?;
        }
        Ok(())
    }

    /// Tells the clusterer of new topics.
    pub(super) fn know(&mut self, made: &NewTopics) {
        for (id, (level, founded)) in made {
            self.clusterer.know(Known { id: *id, level: *level, founded: *founded });
        }
    }

    /// Tells the clusterer of moves.
    pub(super) fn tell(&mut self, moves: &[Move]) {
        for Move { article, placement } in moves {
            let told = Constraint::Moved { article: *article, placement: *placement };
            self.clusterer.constrain(told);
        }
    }
}

/// Checks a change against the topics as they are, and works out what it leads to.
///
/// # Errors
/// As [`Worker::edit`].
fn plan(projection: &Projection, edit: &Edit) -> Result<Planned, Error> {
    let topic = edit.topic;
    let (id, found) = projection.resolve(topic).ok_or(Error::TopicNotFound { id: topic })?;
    let current = found.revision;
    if let Some(given) = edit.revision.filter(|given| *given != current) {
        return Err(Error::StaleTopic { id, given, current });
    }
    match &edit.action {
        Action::Merge(other) => merge(projection, (id, found), *other),
        Action::Split(articles) => divide(projection, (id, found), articles),
        Action::Update { label, pinned, articles } => {
            if label.is_none() && pinned.is_none() && articles.is_empty() {
                return invalid("topic", "nothing to change is given");
            }
            let label = label.as_deref().map(|label| label.trim().to_owned());
            if label.as_ref().is_some_and(|label| label.chars().count() > LABEL_CHARS_MAX) {
                return invalid("label", &format!("is longer than {LABEL_CHARS_MAX} characters"));
            }
            let taken_in = taken_in(projection, (id, found), articles)?;
            Ok(Planned::Update { topic: id, label, pinned: *pinned, taken_in })
        }
    }
}

fn merge(
    projection: &Projection,
    (id, first): (TopicId, &Topic),
    other: TopicId,
) -> Result<Planned, Error> {
    let (other, second) = projection.resolve(other).ok_or(Error::TopicNotFound { id: other })?;
    if id == other {
        return invalid("other", "is the topic itself");
    }
    if first.level != second.level {
        return invalid("other", "is of another level");
    }
    if first.level == Level::Event && first.story != second.story {
        return invalid("other", "is an event of another story; merge the stories first");
    }
    let (kept, gone) = older_first((first.founded, id), (second.founded, other));
    Ok(Planned::Merge { level: first.level, kept, gone })
}

fn divide(
    projection: &Projection,
    (from, topic): (TopicId, &Topic),
    articles: &BTreeSet<ArticleId>,
) -> Result<Planned, Error> {
    let there = topic.members.iter().filter(|one| articles.contains(&one.article)).count();
    if articles.is_empty() {
        return invalid("articles", "is empty");
    }
    if there < articles.len() {
        return invalid("articles", "names articles that are not in the topic");
    }
    if there == topic.members.len() {
        return invalid("articles", "names all of them: nothing would stay");
    }
    let going = placed(projection, articles);
    let Some(first) = going.first().map(|one| one.member) else {
        return invalid("articles", "is empty");
    };
    let new = free_id(projection, topic.level, first.article, &BTreeMap::new());
    let mut made = BTreeMap::from([(new, (topic.level, first.at))]);
    let moves = match topic.level {
        Level::Event => {
            let to = |one: &PlacedArticle| Placement { event: new, ..one.placement };
            going.iter().map(|one| moved(one, to(one))).collect()
        }
        Level::Story => carry(projection, &going, new, &mut made),
    };
    Ok(Planned::Split { from, new, moves, made })
}

/// The moves that bring `articles` into a topic, and the new topics that this needs.
fn taken_in(
    projection: &Projection,
    (topic, target): (TopicId, &Topic),
    articles: &BTreeSet<ArticleId>,
) -> Result<TakenIn, Error> {
    if let Some(id) = articles.iter().find(|id| !projection.articles.contains_key(id)) {
        return Err(Error::ArticleNotFound { id: *id });
    }
    let mut coming = placed(projection, articles);
    let mut made = BTreeMap::new();
    let moves = match (target.level, target.story) {
        (Level::Story, _) => {
            coming.retain(|one| one.placement.story != topic);
            carry(projection, &coming, topic, &mut made)
        }
        (Level::Event, Some(story)) => {
            coming.retain(|one| one.placement.event != topic);
            let to = Placement { event: topic, story };
            coming.iter().map(|one| moved(one, to)).collect()
        }
        (Level::Event, None) => return invalid("topic", "is empty and belongs to no story"),
    };
    Ok((moves, made))
}

/// New topics with their level and the time of their first article, in seconds since 1970 UTC.
pub(super) type NewTopics = BTreeMap<TopicId, (Level, i64)>;

fn moved(placed: &PlacedArticle, placement: Placement) -> Move {
    Move { article: placed.member.article, placement }
}

/// Those of `articles` that are placed, the earliest first.
fn placed(projection: &Projection, articles: &BTreeSet<ArticleId>) -> Vec<PlacedArticle> {
    let mut found: Vec<PlacedArticle> =
        articles.iter().filter_map(|id| projection.articles.get(id)).copied().collect();
    found.sort_unstable_by_key(|one| (one.member.at, one.member.arrival));
    found
}

/// The moves of articles into `story`. An event all of whose articles move stays one event; of an
/// event that is divided, the part that moves becomes an event of its own.
fn carry(
    projection: &Projection,
    going: &[PlacedArticle],
    story: TopicId,
    made: &mut NewTopics,
) -> Vec<Move> {
    let mut by_event = BTreeMap::<TopicId, Vec<&PlacedArticle>>::new();
    for one in going {
        by_event.entry(one.placement.event).or_default().push(one);
    }
    let mut events = BTreeMap::new();
    for (event, part) in by_event {
        let whole =
            projection.topics.get(&event).is_some_and(|topic| topic.members.len() == part.len());
        let first = part.first().map(|one| one.member);
        let to = match first {
            Some(first) if !whole => {
                let id = free_id(projection, Level::Event, first.article, made);
                made.insert(id, (Level::Event, first.at));
                id
            }
            _ => event,
        };
        events.insert(event, to);
    }
    let to = |one: &PlacedArticle| {
        let event = events.get(&one.placement.event).copied().unwrap_or(one.placement.event);
        Placement { event, story }
    };
    going.iter().map(|one| moved(one, to(one))).collect()
}

/// The id of a new topic that `founder` founds; neither the projection nor `made` has it.
pub(super) fn free_id(
    projection: &Projection,
    level: Level,
    founder: ArticleId,
    made: &NewTopics,
) -> TopicId {
    let is_taken = |id: TopicId| projection.topics.contains_key(&id) || made.contains_key(&id);
    unused_id(level, founder, is_taken)
}

fn invalid<T>(field: &str, description: &str) -> Result<T, Error> {
    Err(Error::Invalid(vec![Violation::new(field, description)]))
}
