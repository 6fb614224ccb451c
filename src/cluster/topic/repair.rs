//! A look over the whole window: stories that are one, stories that are two.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::topic::Clusterer;
use crate::topic::Repair;
use crate::topic::dot;
use crate::topic::window::Held;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::Middle;
use wenmai_domain::scales::Scales;
use wenmai_domain::scales::Script;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// Rounds of merges: each may bring two stories together that the next one compares.
const ROUNDS: usize = 3;
/// Stories before and after a story, by their latest articles, that it is compared with.
const BESIDE: usize = 1_000;
/// Centres that lie further apart than this are of two stories.
const CENTRES_FROM: f32 = 0.4;
/// Members of a story that may be split, and of its smaller part, at least.
const SPLIT_MEMBERS_MIN: usize = 12;
const PART_MEMBERS_MIN: usize = 4;
/// Two parts of a story are two stories when it is less probable than this that they are one.
const SPLIT_BELOW: f32 = 0.05;
/// Passes in which members choose the nearer of two centres.
const PASSES: usize = 5;

/// The middle of a story.
struct Centre {
    story: TopicId,
    values: Vec<f32>,
    middle: Middle,
    script: Script,
}

impl Clusterer {
    /// Looks at all stories in the window again, merges and splits; its own changes are already taken
    /// in. Not needed while a stream runs, since [`Decision::repairs`](super::Decision::repairs) looks
    /// where something changed: for maintenance, after many removals or a batch of late articles.
    /// A story is compared with those that ended at about the same time, so the time it takes grows
    /// with the number of stories and not with its square.
    pub fn repair(&mut self) -> Vec<Repair> {
        let mut repairs = Vec::new();
        for _ in 0..ROUNDS {
            let merged = self.merge_nearest();
            if merged.is_empty() {
                break;
            }
            repairs.extend(merged);
        }
        for story in self.stories() {
            let is_subject = self.is_subject(&[story]);
            repairs.extend(self.split(story, is_subject));
        }
        repairs
    }

    /// Merges pairs of stories of which each is the other's nearest.
    fn merge_nearest(&mut self) -> Vec<Repair> {
        let mut stories = self.stories();
        stories.sort_by_cached_key(|story| (self.groups.latest(*story).next(), *story));
        let centres: Vec<Centre> = stories
            .into_iter()
            .map(|story| {
                let sample = self.sample(story);
                let (values, length) = dot::middle(sample.iter().map(|held| &held.embedding));
                let script = sample.first().map(|held| held.script).unwrap_or_default();
                Centre { story, values, middle: Middle { length, count: sample.len() }, script }
            })
            .collect();
        let nearest: Vec<Option<usize>> =
            (0..centres.len()).map(|at| nearest(&centres, at, self.scales())).collect();
        let mut repairs = Vec::new();
        for (at, to) in nearest.iter().enumerate() {
            let Some(to) = to.filter(|to| *to > at && nearest.get(*to) == Some(&Some(at))) else {
                continue;
            };
            let (Some(one), Some(other)) = (centres.get(at), centres.get(to)) else { continue };
            if !self.groups.may_merge(one.story, other.story) {
                continue;
            }
            let (_, probability) = self.compare(one.story, other.story);
            if !self.are_one(one.story, other.story, probability) {
                continue;
            }
            let (kept, gone) = self.groups.by_age(one.story, other.story);
            self.merge(Level::Story, kept, gone);
            repairs.push(Repair::Merged { level: Level::Story, kept, gone, probability });
        }
        repairs
    }

    /// Splits the story of an article that came in, if it has come apart: looked at whenever it has grown
    /// by a quarter, or has taken in another.
    pub(super) fn split_where_due(&mut self, id: ArticleId, has_merged: bool) -> Option<Repair> {
        let story = self.window.get(id)?.placement.story;
        let is_due = has_merged || is_due(self.groups.count(story));
        if is_due && self.is_subject(&[story]) { self.split(story, true) } else { None }
    }

    /// Splits a story whose events fall into two groups that nobody would merge; a `subject` into those
    /// two, whatever they are.
    fn split(&mut self, story: TopicId, subject: bool) -> Option<Repair> {
        if !self.groups.may_split(story) || self.groups.count(story) < SPLIT_MEMBERS_MIN {
            return None;
        }
        let ids: Vec<ArticleId> = self.groups.latest(story).map(|(_, id)| id).collect();
        let held: Vec<&Held> = ids.iter().filter_map(|id| self.window.get(*id)).collect();
        let going = smaller_part(&held);
        let (going, staying): (Vec<&Held>, Vec<&Held>) =
            held.into_iter().partition(|held| going.contains(&held.placement.event));
        if going.len() < PART_MEMBERS_MIN || staying.len() < PART_MEMBERS_MIN {
            return None;
        }
        // What is not known to be two stays one.
        if !subject && !self.are_two(&going, &staying) {
            return None;
        }
        let founder = going.iter().map(|held| (held.at, held.id)).min()?;
        let mut members: Vec<ArticleId> = going.iter().map(|held| held.id).collect();
        members.sort_unstable();
        let new = self.groups.found(Level::Story, founder.1, founder.0);
        for id in &members {
            let Some(mut placement) = self.window.get(*id).map(|held| held.placement) else {
                continue;
            };
            placement.story = new;
            self.place(*id, placement);
        }
        Some(Repair::Split { level: Level::Story, from: story, new, members })
    }

    /// Whether nobody would merge the two parts of a story.
    fn are_two(&self, going: &[&Held], staying: &[&Held]) -> bool {
        let sample = |part: &'_ [&'_ Held]| part.len().min(crate::topic::merge::SAMPLE);
        let parts = [going.len(), staying.len()];
        let (left, right) = (going.get(..sample(going)), staying.get(..sample(staying)));
        let (Some(left), Some(right)) = (left, right) else { return false };
        let (_, probability) = self.compare_groups(left, right, parts);
        probability < SPLIT_BELOW
    }

    /// The stories that have members in the window, ascending.
    fn stories(&self) -> Vec<TopicId> {
        let is_story = |topic: &TopicId| {
            let first = self.groups.latest(*topic).next();
            let held = first.and_then(|(_, id)| self.window.get(id));
            held.is_some_and(|held| held.placement.story == *topic)
        };
        self.groups.open().filter(is_story).collect()
    }
}

/// Whether a story of so many members is looked at: each time it has grown by a quarter.
fn is_due(size: usize) -> bool {
    let mut due = SPLIT_MEMBERS_MIN;
    while due < size {
        due += due / 4;
    }
    due == size
}

/// The centre nearest to that at `at`, among those beside it; ties to the first.
fn nearest(centres: &[Centre], at: usize, scales: &Scales) -> Option<usize> {
    let own = centres.get(at)?;
    let scale = scales.of(own.script)?;
    let mut best: Option<(f32, usize)> = None;
    let beside = centres.iter().enumerate().take(at + BESIDE + 1).skip(at.saturating_sub(BESIDE));
    for (to, other) in beside.filter(|(to, _)| *to != at) {
        let cosine = dot::dot(&own.values, &other.values);
        let cosine = scale.between(cosine, own.middle, other.middle);
        if cosine >= CENTRES_FROM && best.is_none_or(|(most, _)| cosine > most) {
            best = Some((cosine, to));
        }
    }
    best.map(|(_, to)| to)
}

/// The events of the smaller of two parts: two means over the centres of the events, from the pair
/// of events that lie furthest from the middle and from each other.
fn smaller_part(held: &[&Held]) -> BTreeSet<TopicId> {
    let mut events: BTreeMap<TopicId, Vec<&Held>> = BTreeMap::new();
    for one in held {
        events.entry(one.placement.event).or_default().push(one);
    }
    let centre = |members: &[&Held]| dot::middle(members.iter().map(|held| &held.embedding)).0;
    let events: Vec<(TopicId, Vec<&Held>, Vec<f32>)> = events
        .into_iter()
        .map(|(event, members)| {
            let values = centre(&members);
            (event, members, values)
        })
        .collect();
    let furthest = |from: &[f32]| {
        let far = events.iter().map(|(_, _, values)| (dot::dot(from, values), values));
        far.min_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, values)| values.clone())
    };
    let Some(mut one) = furthest(&centre(held)) else { return BTreeSet::new() };
    let Some(mut other) = furthest(&one) else { return BTreeSet::new() };
    let mut first = BTreeSet::new();
    for _ in 0..PASSES {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        first.clear();
        for (event, members, values) in &events {
            if dot::dot(values, &one) > dot::dot(values, &other) {
                first.insert(*event);
                left.extend(members.iter().copied());
            } else {
                right.extend(members.iter().copied());
            }
        }
        if left.is_empty() || right.is_empty() {
            return BTreeSet::new();
        }
        (one, other) = (centre(&left), centre(&right));
    }
    let in_first = held.iter().filter(|held| first.contains(&held.placement.event)).count();
    if in_first * 2 <= held.len() {
        return first;
    }
    events.iter().map(|(event, _, _)| *event).filter(|event| !first.contains(event)).collect()
}
