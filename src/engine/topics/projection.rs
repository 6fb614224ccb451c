//! The state of all topics in memory, computed from the change log and from nothing else.
//!
//! Two projections that applied the same entries are equal to the bit. A topic costs a few hundred
//! bytes, and 40 more for each member and level. There are no titles and no vectors here: what
//! topics show ([`Face`]) is in the log as well.

#[cfg(test)]
mod agreement;
mod checkpoint;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use wenmai_cluster::topic::Divisions;
use wenmai_cluster::topic::Front;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Assigned;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_domain::topic::change::Entry;
use wenmai_domain::topic::change::Face;
use wenmai_domain::topic::change::Move;

/// The state of all topics at one version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    /// The version of the last entry; 0 for none.
    pub version: u64,
    /// The highest arrival number.
    pub arrival: u64,
    /// The time up to which the stream has come, by [`TopicMember::at`]. Ages of topics are measured
    /// to it, so that they do not depend on the clock.
    pub newest: i64,
    /// How `newest` came about: one date far ahead of all others does not count.
    front: Front,
    /// Every topic that ever was.
    pub topics: BTreeMap<TopicId, Topic>,
    /// Every article that is placed.
    pub articles: HashMap<ArticleId, PlacedArticle>,
    /// Pairs of topics that a person divided: the program never merges them.
    pub divisions: Divisions,
    /// Topics that a person merged, divided, or moved articles into.
    edited: BTreeSet<TopicId>,
    /// The first placed article of each group of reprints.
    groups: HashMap<GroupId, ArticleId>,
    /// Names of papers and sites; members refer to them by position.
    sources: Vec<Arc<str>>,
    source_numbers: HashMap<Arc<str>, u32>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Event or story.
    pub level: Level,
    /// [`TopicMember::at`] of the article that founded it. When two topics merge, the one that was
    /// founded earlier stays.
    pub founded: i64,
    /// Its articles in the order of arrival.
    pub members: Vec<TopicMember>,
    /// The story of an event; `None` for a story.
    pub story: Option<TopicId>,
    /// The events of a story; empty for an event.
    pub events: BTreeSet<TopicId>,
    /// The label, keywords and names that it shows.
    pub face: Arc<Face>,
    /// The label that a person gave it.
    pub named: Option<String>,
    /// Whether a person pinned it: then the program never merges or divides it.
    pub pinned: bool,
    /// The topic that it redirects to, if it was merged; that one is itself never merged.
    pub merged_into: Option<TopicId>,
    /// The topics that redirect to it.
    pub absorbed: Vec<TopicId>,
    /// The last version that changed it.
    pub version: u64,
    /// The last version that changed its label, its pin or its shape; one more member does not
    /// count.
    pub revision: u64,
}

/// An article in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicMember {
    /// Its number in the order of arrival.
    pub arrival: u64,
    /// The article.
    pub article: ArticleId,
    /// The time that counts for it: seconds since 1970 UTC.
    pub at: i64,
    /// The number of its paper or site; [`Projection::source`] has the name.
    pub source: u32,
}

/// An article and the topics in which it is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedArticle {
    /// The article as a member of its topics.
    pub member: TopicMember,
    /// The group of reprints that it belonged to when it was placed.
    pub group: GroupId,
    /// The article whose text it prints, if that article came earlier.
    pub original: Option<ArticleId>,
    /// Its event and its story.
    pub placement: Placement,
}

/// What an entry of the log changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// All topics that changed.
    pub topics: BTreeSet<TopicId>,
    /// The topics among them that changed by more than one new member.
    pub reshaped: BTreeSet<TopicId>,
    /// Articles that have another placement.
    pub articles: BTreeSet<ArticleId>,
}

impl Touched {
    /// Adds what another entry changed.
    pub fn merge(&mut self, more: Touched) {
        let Touched { topics, reshaped, articles } = more;
        self.topics.extend(topics);
        self.reshaped.extend(reshaped);
        self.articles.extend(articles);
    }
}

impl Topic {
    fn new(level: Level, founded: i64) -> Self {
        Self {
            level,
            founded,
            members: Vec::new(),
            story: None,
            events: BTreeSet::new(),
            face: Arc::default(),
            named: None,
            pinned: false,
            merged_into: None,
            absorbed: Vec::new(),
            version: 0,
            revision: 0,
        }
    }

    /// The label that a person gave it, otherwise the one that the program made.
    #[must_use]
    pub fn label(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.face.label)
    }

    /// Whether it has members and does not redirect.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.merged_into.is_none() && !self.members.is_empty()
    }
}

impl Projection {
    /// The topic that `id` refers to now, with redirects followed.
    #[must_use]
    pub fn resolve(&self, id: TopicId) -> Option<(TopicId, &Topic)> {
        let topic = self.topics.get(&id)?;
        match topic.merged_into {
            None => Some((id, topic)),
            Some(kept) => self.topics.get(&kept).map(|topic| (kept, topic)),
        }
    }

    /// The name of the paper or site of that number.
    #[must_use]
    pub fn source(&self, number: u32) -> &str {
        self.sources.get(number as usize).map_or("", |name| name)
    }

    /// The first placed article of a group of reprints.
    #[must_use]
    pub fn first_of(&self, group: GroupId) -> Option<ArticleId> {
        self.groups.get(&group).copied()
    }

    /// Whether a person merged, divided, named or pinned a topic, or moved articles into it.
    #[must_use]
    pub fn is_shaped(&self, id: TopicId) -> bool {
        let marked = |topic: &Topic| topic.pinned || topic.named.is_some();
        self.edited.contains(&id) || self.topics.get(&id).is_some_and(marked)
    }

    /// The topics that a person merged, divided, or moved articles into, ascending.
    pub fn shaped(&self) -> impl Iterator<Item = TopicId> + '_ {
        self.edited.iter().copied()
    }

    /// Applies an entry of the log.
    pub fn apply(&mut self, entry: &Entry) -> Touched {
        let touched = self.reshape(entry);
        self.show(entry);
        touched
    }

    /// Applies what an entry says of members and topics, but not yet what topics show.
    pub fn reshape(&mut self, entry: &Entry) -> Touched {
        self.version = entry.version;
        let mut touched = Touched::default();
        match &entry.change {
            Change::Assigned(assigned) => self.assign(assigned, &mut touched),
            Change::Removed { article } => self.remove(*article, &mut touched),
            Change::Repaired => {}
            Change::Merged { level: _, kept, gone } => {
                self.merge(*kept, *gone, &mut touched);
                self.edited.insert(*kept);
            }
            Change::Split { from, new, moves } => {
                self.divisions.insert(*from, *new);
                self.relocate(moves, &mut touched);
                self.edited.extend([*from, *new]);
            }
            Change::Moved { moves } => {
                self.relocate(moves, &mut touched);
                let to = moves.iter().map(|one| one.placement);
                self.edited.extend(to.flat_map(|to| [to.event, to.story]));
            }
            Change::Reclustered { moves } => self.relocate(moves, &mut touched),
            Change::Renamed { topic, label } => {
                if let Some(topic) = self.topics.get_mut(topic) {
                    topic.named = Some(label.clone()).filter(|label| !label.is_empty());
                    topic.revision = entry.version;
                }
                touched.topics.insert(*topic);
            }
            Change::Pinned { topic, pinned } => {
                if let Some(topic) = self.topics.get_mut(topic) {
                    topic.pinned = *pinned;
                    topic.revision = entry.version;
                }
                touched.topics.insert(*topic);
            }
        }
        for correction in &entry.corrections {
            match correction {
                Correction::Merged { level: _, kept, gone } => {
                    self.merge(*kept, *gone, &mut touched);
                }
                Correction::Split { level, from, new, members } => {
                    self.split(*level, (*from, *new), members, &mut touched);
                }
            }
        }
        touched.topics.extend(&touched.reshaped);
        for id in &touched.topics {
            if let Some(topic) = self.topics.get_mut(id) {
                topic.version = entry.version;
                if touched.reshaped.contains(id) {
                    topic.revision = entry.version;
                }
            }
        }
        touched
    }

    /// Applies what an entry says that topics show.
    pub fn show(&mut self, entry: &Entry) {
        for face in &entry.faces {
            let shown = Arc::new(Face { topics: Vec::new(), ..face.clone() });
            for id in &face.topics {
                let Some(topic) = self.topics.get_mut(id) else { continue };
                if topic.face.label != shown.label && topic.named.is_none() {
                    topic.revision = entry.version;
                }
                topic.version = entry.version;
                topic.face = Arc::clone(&shown);
            }
        }
    }

    fn assign(&mut self, assigned: &Assigned, touched: &mut Touched) {
        let Assigned { article, arrival, at, source, group, original, placement, .. } = assigned;
        self.arrival = self.arrival.max(*arrival);
        if self.articles.is_empty() {
            self.front = Front::default();
        }
        self.newest = self.front.advance(*at);
        let source = self.number(source);
        let member = TopicMember { arrival: *arrival, article: *article, at: *at, source };
        self.groups.entry(*group).or_insert(*article);
        let placed =
            PlacedArticle { member, group: *group, original: *original, placement: *placement };
        self.enter(placed, touched);
    }

    /// The number of a source's name.
    fn number(&mut self, source: &str) -> u32 {
        if let Some(number) = self.source_numbers.get(source) {
            return *number;
        }
        let number = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = source.into();
        self.sources.push(Arc::clone(&name));
        self.source_numbers.insert(name, number);
        number
    }

    /// Adds an article to its topics, which are created if they are new.
    fn enter(&mut self, placed: PlacedArticle, touched: &mut Touched) {
        let PlacedArticle { member, placement, .. } = placed;
        let Placement { event, story } = placement;
        for (id, level) in [(event, Level::Event), (story, Level::Story)] {
            let topic = self.topics.entry(id).or_insert_with(|| {
                touched.reshaped.insert(id);
                Topic::new(level, member.at)
            });
            let place = topic.members.partition_point(|other| other.arrival < member.arrival);
            topic.members.insert(place, member);
            touched.topics.insert(id);
        }
        self.adopt(event, story);
        self.articles.insert(member.article, placed);
        touched.articles.insert(member.article);
    }

    /// Makes `story` the parent of `event`.
    fn adopt(&mut self, event: TopicId, story: TopicId) {
        let before = self.topics.get_mut(&event).and_then(|topic| topic.story.replace(story));
        if before == Some(story) {
            return;
        }
        if let Some(before) = before.and_then(|before| self.topics.get_mut(&before)) {
            before.events.remove(&event);
        }
        if let Some(topic) = self.topics.get_mut(&story) {
            topic.events.insert(event);
        }
    }

    /// Takes an article out of its topics.
    fn leave(&mut self, article: ArticleId, touched: &mut Touched) -> Option<PlacedArticle> {
        let placed = self.articles.remove(&article)?;
        let Placement { event, story } = placed.placement;
        for id in [event, story] {
            if let Some(topic) = self.topics.get_mut(&id) {
                topic.members.retain(|member| member.article != article);
                touched.reshaped.insert(id);
            }
        }
        Some(placed)
    }

    fn remove(&mut self, article: ArticleId, touched: &mut Touched) {
        if let Some(placed) = self.leave(article, touched)
            && self.groups.get(&placed.group) == Some(&article)
        {
            self.groups.remove(&placed.group);
        }
    }

    fn relocate(&mut self, moves: &[Move], touched: &mut Touched) {
        for Move { article, placement } in moves {
            if let Some(placed) = self.leave(*article, touched) {
                self.enter(PlacedArticle { placement: *placement, ..placed }, touched);
                touched.reshaped.extend([placement.event, placement.story]);
            }
        }
    }

    /// Merges `gone` into `kept`: members, events, and redirects.
    fn merge(&mut self, kept: TopicId, gone: TopicId, touched: &mut Touched) {
        if kept == gone || !self.topics.contains_key(&kept) {
            return;
        }
        let Some(topic) = self.topics.get_mut(&gone) else { return };
        let level = topic.level;
        let members = std::mem::take(&mut topic.members);
        let events = std::mem::take(&mut topic.events);
        let mut absorbed = std::mem::take(&mut topic.absorbed);
        let parent = topic.story.take();
        topic.merged_into = Some(kept);
        absorbed.push(gone);
        for id in &absorbed {
            if let Some(topic) = self.topics.get_mut(id) {
                topic.merged_into = Some(kept);
            }
        }
        for member in &members {
            if let Some(placed) = self.articles.get_mut(&member.article) {
                match level {
                    Level::Event => placed.placement.event = kept,
                    Level::Story => placed.placement.story = kept,
                }
                touched.articles.insert(member.article);
            }
        }
        for event in events {
            self.adopt(event, kept);
        }
        self.inherit(kept, gone);
        if let Some(parent) = parent.and_then(|parent| self.topics.get_mut(&parent)) {
            parent.events.remove(&gone);
        }
        if let Some(topic) = self.topics.get_mut(&kept) {
            topic.members.extend(members);
            topic.members.sort_unstable_by_key(|member| member.arrival);
            topic.absorbed.extend(absorbed);
        }
        touched.reshaped.extend([kept, gone]);
    }

    /// Hands on to `kept` what a person said of `gone`, as the clusterer does.
    fn inherit(&mut self, kept: TopicId, gone: TopicId) {
        if self.edited.remove(&gone) {
            self.edited.insert(kept);
        }
        let was_pinned =
            self.topics.get_mut(&gone).is_some_and(|topic| std::mem::take(&mut topic.pinned));
        if let Some(topic) = self.topics.get_mut(&kept).filter(|_| was_pinned) {
            topic.pinned = true;
        }
        self.divisions.merge(kept, gone);
    }

    /// `members` of a topic and the articles that move with them: copies of an article that moves,
    /// and of a story all articles of the same event.
    fn company(&self, level: Level, from: TopicId, members: &[ArticleId]) -> Vec<ArticleId> {
        let going: BTreeSet<ArticleId> = members.iter().copied().collect();
        let found = going.iter().filter_map(|article| self.articles.get(article));
        let events: BTreeSet<TopicId> = found.map(|placed| placed.placement.event).collect();
        let all = self.topics.get(&from).map_or(&[][..], |topic| &topic.members);
        let goes = |member: &&TopicMember| {
            let Some(placed) = self.articles.get(&member.article) else { return false };
            let whole = level == Level::Story && events.contains(&placed.placement.event);
            let copied = placed.original.is_some_and(|original| going.contains(&original));
            whole || copied || going.contains(&member.article)
        };
        all.iter().filter(goes).map(|member| member.article).collect()
    }

    /// Moves `members` of a topic to a new topic.
    fn split(
        &mut self,
        level: Level,
        (from, new): (TopicId, TopicId),
        members: &[ArticleId],
        touched: &mut Touched,
    ) {
        let mut moves = Vec::with_capacity(members.len());
        for article in &self.company(level, from, members) {
            let Some(placed) = self.articles.get(article) else { continue };
            let placement = match level {
                Level::Event => Placement { event: new, ..placed.placement },
                Level::Story => Placement { story: new, ..placed.placement },
            };
            moves.push(Move { article: *article, placement });
        }
        self.relocate(&moves, touched);
        touched.reshaped.insert(from);
        let first = self
            .topics
            .get(&new)
            .and_then(|topic| topic.members.iter().map(|member| member.at).min());
        if let (Some(first), Some(topic)) = (first, self.topics.get_mut(&new)) {
            topic.founded = first;
        }
    }
}
