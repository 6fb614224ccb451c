//! Who is in which topic, among the articles of the window.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::topic::Known;
use crate::topic::identity::Divisions;
use crate::topic::identity::older_first;
use crate::topic::identity::unused_id;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// Topics with their members in the window, and what is known of all topics.
#[derive(Default)]
pub(super) struct Groups {
    members: BTreeMap<TopicId, BTreeSet<(i64, ArticleId)>>,
    founded: HashMap<TopicId, i64>,
    pinned: HashSet<TopicId>,
    shaped: HashSet<TopicId>,
    divisions: Divisions,
}

impl Groups {
    pub(super) fn know(&mut self, known: Known) {
        let Known { id, level: _, founded } = known;
        self.founded.insert(id, founded);
    }

    /// A new topic that `founder` founds; its id was never given before.
    pub(super) fn found(&mut self, level: Level, founder: ArticleId, at: i64) -> TopicId {
        let id = unused_id(level, founder, |id| self.founded.contains_key(&id));
        self.founded.insert(id, at);
        id
    }

    pub(super) fn add(&mut self, topic: TopicId, at: i64, id: ArticleId) {
        self.members.entry(topic).or_default().insert((at, id));
        self.founded.entry(topic).or_insert(at);
    }

    pub(super) fn take(&mut self, topic: TopicId, at: i64, id: ArticleId) {
        if let Some(members) = self.members.get_mut(&topic) {
            members.remove(&(at, id));
            if members.is_empty() {
                self.members.remove(&topic);
            }
        }
    }

    /// The members in the window, the latest first; ties by id.
    pub(super) fn latest(&self, topic: TopicId) -> impl Iterator<Item = (i64, ArticleId)> + '_ {
        self.members.get(&topic).into_iter().flat_map(|members| members.iter().rev().copied())
    }

    pub(super) fn count(&self, topic: TopicId) -> usize {
        self.members.get(&topic).map_or(0, BTreeSet::len)
    }

    /// Topics of both levels that have members, ascending.
    pub(super) fn open(&self) -> impl Iterator<Item = TopicId> + '_ {
        self.members.keys().copied()
    }

    /// The two topics, the older one first.
    pub(super) fn by_age(&self, one: TopicId, other: TopicId) -> (TopicId, TopicId) {
        let age = |id: TopicId| (self.founded.get(&id).copied().unwrap_or(i64::MAX), id);
        older_first(age(one), age(other))
    }

    /// Takes note that `gone` was merged into `kept`: pins and divisions of `gone` become `kept`'s.
    pub(super) fn inherit(&mut self, kept: TopicId, gone: TopicId) {
        if self.pinned.remove(&gone) {
            self.pinned.insert(kept);
        }
        if self.shaped.remove(&gone) {
            self.shaped.insert(kept);
        }
        self.divisions.merge(kept, gone);
    }

    pub(super) fn pin(&mut self, topic: TopicId, pinned: bool) {
        if pinned {
            self.pinned.insert(topic);
        } else {
            self.pinned.remove(&topic);
        }
    }

    pub(super) fn part(&mut self, one: TopicId, other: TopicId) {
        self.divisions.insert(one, other);
    }

    /// Takes note that a person shaped this topic.
    pub(super) fn shape(&mut self, topic: TopicId) {
        self.shaped.insert(topic);
    }

    /// Whether the program may split the topic.
    pub(super) fn may_split(&self, topic: TopicId) -> bool {
        !self.is_pinned(topic) && !self.shaped.contains(&topic)
    }

    pub(super) fn is_pinned(&self, topic: TopicId) -> bool {
        self.pinned.contains(&topic)
    }

    /// Whether the program may merge the two topics.
    pub(super) fn may_merge(&self, one: TopicId, other: TopicId) -> bool {
        one != other
            && !self.is_pinned(one)
            && !self.is_pinned(other)
            && !self.divisions.contains(one, other)
    }
}
