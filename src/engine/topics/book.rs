//! All topics in memory: a fold over the change log and nothing else.
//!
//! Two books that were given the same entries are equal to the bit. A topic costs a few hundred
//! bytes and 40 for each member and level. It knows no titles and no vectors: what topics show
//! ([`Face`]) is in the log as well.

mod checkpoint;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

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
pub struct Book {
    /// The version of the last entry; 0 for none.
    pub version: u64,
    /// The highest arrival number.
    pub arrival: u64,
    /// The latest [`Member::at`] that was ever seen; the corpus's own clock.
    pub newest: i64,
    /// Every topic that ever was.
    pub topics: BTreeMap<TopicId, Topic>,
    /// Every article that is placed.
    pub articles: HashMap<ArticleId, Entered>,
    /// Pairs that people divided.
    pub apart: BTreeSet<(TopicId, TopicId)>,
    /// Topics that people merged, divided, or moved articles into.
    edited: BTreeSet<TopicId>,
    groups: HashMap<GroupId, ArticleId>,
    sources: Vec<Arc<str>>,
    source_numbers: HashMap<Arc<str>, u32>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Event or story.
    pub level: Level,
    /// When its first article counts: of two topics that merge the earlier stays.
    pub founded: i64,
    /// Its articles in the order of arrival.
    pub members: Vec<Member>,
    /// Of an event: its story.
    pub story: Option<TopicId>,
    /// Of a story: its events.
    pub events: BTreeSet<TopicId>,
    /// What it shows.
    pub face: Arc<Face>,
    /// The name that a person gave it.
    pub named: Option<String>,
    /// Whether a person pinned it: never merged or divided by itself.
    pub pinned: bool,
    /// Where it redirects, if it is gone; never another one that is gone.
    pub merged_into: Option<TopicId>,
    /// The topics that redirect here.
    pub absorbed: Vec<TopicId>,
    /// The last version that touched it.
    pub version: u64,
    /// The last version that changed more than its members grow: its label, pin, or shape.
    pub revision: u64,
}

/// An article in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its number in the order of arrival.
    pub arrival: u64,
    /// The article.
    pub article: ArticleId,
    /// Seconds since 1970 that count for it.
    pub at: i64,
    /// Its paper or site, see [`Book::source`].
    pub source: u32,
}

/// A placed article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entered {
    /// As a member.
    pub member: Member,
    /// Its group of reprints when it was placed.
    pub group: GroupId,
    /// The article whose text it prints, where that one came earlier.
    pub original: Option<ArticleId>,
    /// Its topics.
    pub placement: Placement,
}

/// What an entry touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Topics that differ.
    pub topics: BTreeSet<TopicId>,
    /// Topics whose shape changed beyond one more member.
    pub reshaped: BTreeSet<TopicId>,
    /// Articles whose placement is new.
    pub articles: BTreeSet<ArticleId>,
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

    /// Its name: a person's, else its own.
    #[must_use]
    pub fn label(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.face.label)
    }

    /// Whether it has members and redirects nowhere.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.merged_into.is_none() && !self.members.is_empty()
    }
}

impl Book {
    /// The topic that `id` means today, redirects followed.
    #[must_use]
    pub fn resolve(&self, id: TopicId) -> Option<(TopicId, &Topic)> {
        let topic = self.topics.get(&id)?;
        match topic.merged_into {
            None => Some((id, topic)),
            Some(kept) => self.topics.get(&kept).map(|topic| (kept, topic)),
        }
    }

    /// The name of a source.
    #[must_use]
    pub fn source(&self, number: u32) -> &str {
        self.sources.get(number as usize).map_or("", |name| name)
    }

    /// The first placed article of a group of reprints.
    #[must_use]
    pub fn first_of(&self, group: GroupId) -> Option<ArticleId> {
        self.groups.get(&group).copied()
    }

    /// Whether a person shaped a topic: merged, divided, moved, named or pinned it.
    #[must_use]
    pub fn is_shaped(&self, id: TopicId) -> bool {
        let marked = |topic: &Topic| topic.pinned || topic.named.is_some();
        self.edited.contains(&id) || self.topics.get(&id).is_some_and(marked)
    }

    /// Takes in a whole entry.
    pub fn apply(&mut self, entry: &Entry) -> Touched {
        let touched = self.reshape(entry);
        self.show(entry);
        touched
    }

    /// Takes in what an entry says about members and topics, but not yet what topics show.
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
                self.apart.insert((*from.min(new), *from.max(new)));
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

    /// Takes in what topics show after an entry.
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
        self.newest = if self.articles.is_empty() { *at } else { self.newest.max(*at) };
        let source = self.number(source);
        let member = Member { arrival: *arrival, article: *article, at: *at, source };
        self.groups.entry(*group).or_insert(*article);
        let entered = Entered { member, group: *group, original: *original, placement: *placement };
        self.enter(entered, touched);
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

    /// Puts an article into its topics, which are made where they are new.
    fn enter(&mut self, entered: Entered, touched: &mut Touched) {
        let Entered { member, placement, .. } = entered;
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
        self.articles.insert(member.article, entered);
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
    fn leave(&mut self, article: ArticleId, touched: &mut Touched) -> Option<Entered> {
        let entered = self.articles.remove(&article)?;
        let Placement { event, story } = entered.placement;
        for id in [event, story] {
            if let Some(topic) = self.topics.get_mut(&id) {
                topic.members.retain(|member| member.article != article);
                touched.reshaped.insert(id);
            }
        }
        Some(entered)
    }

    fn remove(&mut self, article: ArticleId, touched: &mut Touched) {
        if let Some(entered) = self.leave(article, touched)
            && self.groups.get(&entered.group) == Some(&article)
        {
            self.groups.remove(&entered.group);
        }
    }

    fn relocate(&mut self, moves: &[Move], touched: &mut Touched) {
        for Move { article, placement } in moves {
            if let Some(entered) = self.leave(*article, touched) {
                self.enter(Entered { placement: *placement, ..entered }, touched);
                touched.reshaped.extend([placement.event, placement.story]);
            }
        }
    }

    /// All of `gone` becomes `kept`'s.
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
            if let Some(entered) = self.articles.get_mut(&member.article) {
                match level {
                    Level::Event => entered.placement.event = kept,
                    Level::Story => entered.placement.story = kept,
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

    /// What a person said of `gone` holds for `kept`, as in the clusterer.
    fn inherit(&mut self, kept: TopicId, gone: TopicId) {
        if self.edited.remove(&gone) {
            self.edited.insert(kept);
        }
        let was_pinned =
            self.topics.get_mut(&gone).is_some_and(|topic| std::mem::take(&mut topic.pinned));
        if let Some(topic) = self.topics.get_mut(&kept).filter(|_| was_pinned) {
            topic.pinned = true;
        }
        let rename = |id: TopicId| if id == gone { kept } else { id };
        let renamed = std::mem::take(&mut self.apart).into_iter().map(|(one, other)| {
            let (one, other) = (rename(one), rename(other));
            (one.min(other), one.max(other))
        });
        self.apart = renamed.filter(|(one, other)| one != other).collect();
    }

    /// `members` of a topic and who goes with them: copies with the article whose text they print, and
    /// of a story whole events.
    fn company(&self, level: Level, from: TopicId, members: &[ArticleId]) -> Vec<ArticleId> {
        let going: BTreeSet<ArticleId> = members.iter().copied().collect();
        let found = going.iter().filter_map(|article| self.articles.get(article));
        let events: BTreeSet<TopicId> = found.map(|entered| entered.placement.event).collect();
        let all = self.topics.get(&from).map_or(&[][..], |topic| &topic.members);
        let goes = |member: &&Member| {
            let Some(entered) = self.articles.get(&member.article) else { return false };
            let whole = level == Level::Story && events.contains(&entered.placement.event);
            let copied = entered.original.is_some_and(|original| going.contains(&original));
            whole || copied || going.contains(&member.article)
        };
        all.iter().filter(goes).map(|member| member.article).collect()
    }

    /// `members` of a topic go over to a new one.
    fn split(
        &mut self,
        level: Level,
        (from, new): (TopicId, TopicId),
        members: &[ArticleId],
        touched: &mut Touched,
    ) {
        let mut moves = Vec::with_capacity(members.len());
        for article in &self.company(level, from, members) {
            let Some(entered) = self.articles.get(article) else { continue };
            let placement = match level {
                Level::Event => Placement { event: new, ..entered.placement },
                Level::Story => Placement { story: new, ..entered.placement },
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
