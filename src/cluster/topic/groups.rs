//! Who is in which topic, among the articles of the window.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;

use crate::topic::Known;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// Topics with their members in the window, and what is known of all topics.
#[derive(Default)]
pub(super) struct Groups {
    members: BTreeMap<TopicId, BTreeSet<(i64, ArticleId)>>,
    founded: HashMap<TopicId, i64>,
    pinned: HashSet<TopicId>,
    apart: BTreeSet<(TopicId, TopicId)>,
}

impl Groups {
    pub(super) fn know(&mut self, known: Known) {
        let Known { id, level: _, founded } = known;
        self.founded.insert(id, founded);
    }

    /// A new topic that `founder` founds; its id was never given before.
    pub(super) fn found(&mut self, level: Level, founder: ArticleId, at: i64) -> TopicId {
        let mut earlier = 0;
        loop {
            let id = TopicId::found_again(level, founder, earlier);
            if let Entry::Vacant(free) = self.founded.entry(id) {
                free.insert(at);
                return id;
            }
            earlier += 1;
        }
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

    /// The older of two first.
    pub(super) fn by_age(&self, one: TopicId, other: TopicId) -> (TopicId, TopicId) {
        let age = |id: TopicId| (self.founded.get(&id).copied().unwrap_or(i64::MAX), id);
        if age(one) <= age(other) { (one, other) } else { (other, one) }
    }

    /// What a person said of `gone` holds for `kept`.
    pub(super) fn inherit(&mut self, kept: TopicId, gone: TopicId) {
        if self.pinned.remove(&gone) {
            self.pinned.insert(kept);
        }
        let rename = |id: TopicId| if id == gone { kept } else { id };
        let apart = std::mem::take(&mut self.apart);
        let renamed = apart.into_iter().map(|(one, other)| ordered(rename(one), rename(other)));
        self.apart = renamed.filter(|(one, other)| one != other).collect();
    }

    pub(super) fn pin(&mut self, topic: TopicId, pinned: bool) {
        if pinned {
            self.pinned.insert(topic);
        } else {
            self.pinned.remove(&topic);
        }
    }

    pub(super) fn part(&mut self, one: TopicId, other: TopicId) {
        self.apart.insert(ordered(one, other));
    }

    pub(super) fn is_pinned(&self, topic: TopicId) -> bool {
        self.pinned.contains(&topic)
    }

    /// Whether the program may merge the two.
    pub(super) fn may_merge(&self, one: TopicId, other: TopicId) -> bool {
        one != other
            && !self.is_pinned(one)
            && !self.is_pinned(other)
            && !self.apart.contains(&ordered(one, other))
    }
}

fn ordered(one: TopicId, other: TopicId) -> (TopicId, TopicId) {
    (one.min(other), one.max(other))
}
