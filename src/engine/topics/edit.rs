//! What people change: merge, split, rename, pin, move. Every later decision respects it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Error;
use crate::Violation;
use crate::topics::book::Book;
use crate::topics::book::Entered;
use crate::topics::book::Topic;
use crate::topics::desk::Desk;
use crate::topics::desk::now_us;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Known;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Move;

/// Characters of a label at most.
const LABEL_CHARS_MAX: usize = 100;

/// What a person wants changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The topic; an id that redirects means where it leads.
    pub topic: TopicId,
    /// The revision that the person saw; `None` for whatever it is.
    pub revision: Option<u64>,
    /// What to do.
    pub action: Action,
}

/// What to do with a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make it one with this one; the older stays.
    Merge(TopicId),
    /// Put these articles of it into a new topic.
    Split(BTreeSet<ArticleId>),
    /// Change what is given.
    Update {
        /// The new name; empty lets it name itself again.
        label: Option<String>,
        /// Whether repair leaves it alone.
        pinned: Option<bool>,
        /// Articles that belong to it.
        articles: BTreeSet<ArticleId>,
    },
}

impl Desk {
    /// Does what a person wants; returns the topic that there is now: of a split the new one.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`], [`Error::StaleTopic`], [`Error::ArticleNotFound`],
    /// [`Error::Invalid`]: then nothing was done; [`Error::Store`].
    pub(super) async fn edit(&mut self, edit: Edit) -> Result<TopicId, Error> {
        let Edit { topic, revision, action } = edit;
        let id = {
            let book = self.book();
            let (id, found) = book.resolve(topic).ok_or(Error::TopicNotFound { id: topic })?;
            let current = found.revision;
            if let Some(given) = revision.filter(|given| *given != current) {
                return Err(Error::StaleTopic { id, given, current });
            }
            id
        };
        let kept = match action {
            Action::Merge(other) => self.merge(id, other).await?,
            Action::Split(articles) => self.divide(id, &articles).await?,
            Action::Update { label, pinned, articles } => {
                self.update(id, label, pinned, &articles).await?;
                id
            }
        };
        self.commit().await?;
        Ok(kept)
    }

    async fn merge(&mut self, id: TopicId, other: TopicId) -> Result<TopicId, Error> {
        let (level, kept, gone) = {
            let book = self.book();
            let (other, second) = book.resolve(other).ok_or(Error::TopicNotFound { id: other })?;
            let Some(first) = book.topics.get(&id) else {
                return Err(Error::TopicNotFound { id });
            };
            if id == other {
                return invalid("other", "is the topic itself");
            }
            if first.level != second.level {
                return invalid("other", "is of another level");
            }
            if first.level == Level::Event && first.story != second.story {
                return invalid("other", "is an event of another story; merge the stories first");
            }
            let age = |id: TopicId, topic: &Topic| (topic.founded, id);
            let older = age(id, first) < age(other, second);
            (first.level, if older { id } else { other }, if older { other } else { id })
        };
        self.clusterer.constrain(Constraint::Together { level, kept, gone });
        self.log(Change::Merged { level, kept, gone }, Vec::new(), now_us()).await?;
        Ok(kept)
    }

    async fn divide(
        &mut self,
        from: TopicId,
        articles: &BTreeSet<ArticleId>,
    ) -> Result<TopicId, Error> {
        let (new, moves, known) = {
            let book = self.book();
            let Some(topic) = book.topics.get(&from) else {
                return Err(Error::TopicNotFound { id: from });
            };
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
            let going = entered(&book, articles);
            let Some(first) = going.first().map(|one| one.member) else {
                return invalid("articles", "is empty");
            };
            let new = free_id(&book, topic.level, first.article, &BTreeMap::new());
            let mut made = BTreeMap::from([(new, (topic.level, first.at))]);
            let moves = match topic.level {
                Level::Event => {
                    let to = |one: &Entered| Placement { event: new, ..one.placement };
                    going.iter().map(|one| moved(one, to(one))).collect()
                }
                Level::Story => carry(&book, &going, new, &mut made),
            };
            (new, moves, made)
        };
        self.know(&known);
        self.tell(&moves);
        self.clusterer.constrain(Constraint::Apart(from, new));
        self.log(Change::Split { from, new, moves }, Vec::new(), now_us()).await?;
        Ok(new)
    }

    async fn update(
        &mut self,
        topic: TopicId,
        label: Option<String>,
        pinned: Option<bool>,
        articles: &BTreeSet<ArticleId>,
    ) -> Result<(), Error> {
        if label.is_none() && pinned.is_none() && articles.is_empty() {
            return invalid("topic", "nothing to change is given");
        }
        let label = label.map(|label| label.trim().to_owned());
        if label.as_ref().is_some_and(|label| label.chars().count() > LABEL_CHARS_MAX) {
            return invalid("label", &format!("is longer than {LABEL_CHARS_MAX} characters"));
        }
        let (moves, made) = self.taken_in(topic, articles)?;
        if !moves.is_empty() {
            self.know(&made);
            self.tell(&moves);
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

    /// The moves that bring `articles` into a topic, and the topics made for it.
    fn taken_in(
        &self,
        topic: TopicId,
        articles: &BTreeSet<ArticleId>,
    ) -> Result<(Vec<Move>, Made), Error> {
        let book = self.book();
        if let Some(id) = articles.iter().find(|id| !book.articles.contains_key(id)) {
            return Err(Error::ArticleNotFound { id: *id });
        }
        let mut coming = entered(&book, articles);
        let mut made = BTreeMap::new();
        let Some(target) = book.topics.get(&topic) else {
            return Err(Error::TopicNotFound { id: topic });
        };
        let moves = match (target.level, target.story) {
            (Level::Story, _) => {
                coming.retain(|one| one.placement.story != topic);
                carry(&book, &coming, topic, &mut made)
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

    pub(super) fn know(&mut self, made: &Made) {
        for (id, (level, founded)) in made {
            self.clusterer.know(Known { id: *id, level: *level, founded: *founded });
        }
    }

    pub(super) fn tell(&mut self, moves: &[Move]) {
        for Move { article, placement } in moves {
            let told = Constraint::Moved { article: *article, placement: *placement };
            self.clusterer.constrain(told);
        }
    }
}

/// New topics: their level, and when their first article counts.
pub(super) type Made = BTreeMap<TopicId, (Level, i64)>;

fn moved(entered: &Entered, placement: Placement) -> Move {
    Move { article: entered.member.article, placement }
}

/// What is known of articles, the earliest first.
fn entered(book: &Book, articles: &BTreeSet<ArticleId>) -> Vec<Entered> {
    let mut found: Vec<Entered> =
        articles.iter().filter_map(|id| book.articles.get(id)).copied().collect();
    found.sort_unstable_by_key(|one| (one.member.at, one.member.arrival));
    found
}

/// Moves articles into `story`: events go along whole, and of those that are divided the part that
/// goes becomes an event of its own.
fn carry(book: &Book, going: &[Entered], story: TopicId, made: &mut Made) -> Vec<Move> {
    let mut by_event = BTreeMap::<TopicId, Vec<&Entered>>::new();
    for one in going {
        by_event.entry(one.placement.event).or_default().push(one);
    }
    let mut events = BTreeMap::new();
    for (event, part) in by_event {
        let whole = book.topics.get(&event).is_some_and(|topic| topic.members.len() == part.len());
        let first = part.first().map(|one| one.member);
        let to = match first {
            Some(first) if !whole => {
                let id = free_id(book, Level::Event, first.article, made);
                made.insert(id, (Level::Event, first.at));
                id
            }
            _ => event,
        };
        events.insert(event, to);
    }
    let to = |one: &Entered| {
        let event = events.get(&one.placement.event).copied().unwrap_or(one.placement.event);
        Placement { event, story }
    };
    going.iter().map(|one| moved(one, to(one))).collect()
}

/// The first id of a topic that `founder` could found and that never was given.
pub(super) fn free_id(book: &Book, level: Level, founder: ArticleId, made: &Made) -> TopicId {
    let mut earlier = 0;
    loop {
        let id = TopicId::found_again(level, founder, earlier);
        if !book.topics.contains_key(&id) && !made.contains_key(&id) {
            return id;
        }
        earlier += 1;
    }
}

fn invalid<T>(field: &str, description: &str) -> Result<T, Error> {
    Err(Error::Invalid(vec![Violation::new(field, description)]))
}
