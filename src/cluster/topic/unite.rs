//! Merges topics that an article shows to be one.
//!
//! Two stories are one where the net says so, where they name the same or have it in their headlines, and
//! where they would not be a subject together. Two events of one story are one where a
//! report fits both, and all they tell lies within a few days: the desks that reported first wrote past
//! each other, and the report that came last says what they had in common.

use crate::topic::Clusterer;
use crate::topic::Repair;
use crate::topic::Seen;
use crate::topic::clusterer::Candidate;
use crate::topic::pair::days_apart;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// Other candidates whose story may be the same one, and their probability at least.
const STORY_LOOKS: usize = 3;
const STORY_LOOK_FROM: f32 = 0.15;
/// What two stories have in common, at least: the cosine of their names and that of their headlines,
/// added up. Of the merges of labelled stories one in fourteen has less, of those of web articles four
/// in ten, and there one in four of these brings two broad subjects together, of the others one in
/// eight.
const IN_COMMON_MIN: f32 = 0.2;
/// Another event that a report fits so well is the same one, and the days from the first of its articles
/// to the last of both.
const EVENT_FROM: f32 = 0.3;
const EVENT_DAYS_MAX: f32 = 3.0;

impl Clusterer {
    /// Merges the story of a new article with those that it could as well have joined.
    pub(super) fn merge_stories(
        &mut self,
        story: TopicId,
        candidates: &[Candidate],
        seen: &mut dyn FnMut(Seen<'_>),
    ) -> Vec<Repair> {
        let mut story = story;
        let mut repairs = Vec::new();
        let others = candidates.iter().filter(|one| one.probability >= STORY_LOOK_FROM);
        for other in others.take(STORY_LOOKS) {
            if !self.groups.may_merge(story, other.topic) || self.groups.count(other.topic) == 0 {
                continue;
            }
            let (features, probability) = self.compare(story, other.topic);
            seen(Seen::Stories { one: story, other: other.topic, features: &features });
            if !self.are_one(story, other.topic, probability) {
                continue;
            }
            let (kept, gone) = self.groups.by_age(story, other.topic);
            self.merge(Level::Story, kept, gone);
            repairs.push(Repair::Merged { level: Level::Story, kept, gone, probability });
            story = kept;
        }
        repairs
    }

    /// Whether two stories are one, given the probability; never where nothing is known of them.
    pub(super) fn are_one(&self, one: TopicId, other: TopicId, probability: f32) -> bool {
        probability >= self.merge_from()
            && self.share_names(one, other)
            && !self.is_subject(&[one, other])
    }

    /// Whether two stories name the same or have it in their headlines; or nothing rare stands there at all.
    fn share_names(&self, one: TopicId, other: TopicId) -> bool {
        let alike = self.window.named_alike(&self.sample(one), &self.sample(other));
        alike.is_none_or(|alike| alike >= IN_COMMON_MIN)
    }

    /// Merges the event that a new article joined with others of its story that it fits as well.
    pub(super) fn merge_events(&mut self, event: TopicId, candidates: &[Candidate]) -> Vec<Repair> {
        let mut event = event;
        let mut repairs = Vec::new();
        if candidates.first().is_none_or(|joined| joined.topic != event) {
            return repairs;
        }
        for other in candidates.iter().skip(1).filter(|one| one.probability >= EVENT_FROM) {
            if !self.groups.may_merge(event, other.topic)
                || self.groups.count(other.topic) == 0
                || self.days_of(event, other.topic) > EVENT_DAYS_MAX
            {
                continue;
            }
            let (kept, gone) = self.groups.by_age(event, other.topic);
            self.merge(Level::Event, kept, gone);
            let probability = other.probability;
            repairs.push(Repair::Merged { level: Level::Event, kept, gone, probability });
            event = kept;
        }
        repairs
    }

    /// The days from the first article of two topics to the last, of those in the window.
    fn days_of(&self, one: TopicId, other: TopicId) -> f32 {
        let times = || [one, other].into_iter().flat_map(|topic| self.groups.latest(topic));
        let times = || times().map(|(at, _)| at);
        days_apart(times().min().unwrap_or(0), times().max().unwrap_or(0))
    }
}
