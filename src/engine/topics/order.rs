//! The living topics by day and in the orders of lists, kept up with the log, so that a list costs
//! what it returns and not what there is.
//!
//! For each topic there are its number of articles a day and the times of its first and last
//! article. Heat halves for all topics alike as days go by, so its order does not depend on the day
//! on which one looks, and can be kept.

use std::cmp::Ordering;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::topics::list::TopicOrder;
use crate::topics::projection::Projection;
use crate::topics::view;
use crate::topics::view::HEAT_HALF_LIFE;
use wenmai_domain::day;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// The articles of a living topic over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Event or story.
    pub level: Level,
    /// The time of its first article, in seconds since 1970 UTC.
    pub first_at: i64,
    /// The time of its last article, in seconds since 1970 UTC.
    pub last_at: i64,
    /// The number of articles of each day that has any, in ascending order of days, which count
    /// from 1970-01-01 in China's time zone.
    pub days: Vec<(i64, u32)>,
}

impl Course {
    fn of(projection: &Projection, id: TopicId) -> Option<Self> {
        Self::until(projection, id, i64::MAX)
    }

    /// The same of its articles up to the day `end`; `None` where it has none by then.
    fn until(projection: &Projection, id: TopicId, end: i64) -> Option<Self> {
        let topic = projection.topics.get(&id).filter(|topic| topic.is_alive())?;
        let times = topic.members.iter().map(|member| member.at);
        let times = || times.clone().filter(|at| day::of_second(*at) <= end);
        let mut days = view::days(&topic.members);
        days.retain(|(day, _)| *day <= end);
        Some(Self { level: topic.level, first_at: times().min()?, last_at: times().max()?, days })
    }

    /// The logarithm, to the base 2, of the topic's heat on day 0 of the calendar, had all its
    /// articles been printed by then.
    fn log_heat(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "days since 1970")]
        let halvings = |days: i64| days as f64 / HEAT_HALF_LIFE;
        let last = self.days.last().map_or(0, |(day, _)| *day);
        let share = |(day, count): &(i64, u32)| f64::from(*count) * halvings(day - last).exp2();
        self.days.iter().map(share).sum::<f64>().log2() + halvings(last)
    }

    fn size(&self) -> u64 {
        self.days.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// A place in an order: the highest score first, of equal ones the newest article first, then by
/// id.
type Place = (Reverse<Score>, Reverse<i64>, TopicId);

/// A score that is a number.
#[derive(Debug, Clone, Copy)]
struct Score(f64);

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// All living topics.
#[derive(Debug, Default)]
pub struct TopicIndex {
    courses: HashMap<TopicId, Course>,
    by_day: BTreeMap<i64, BTreeSet<TopicId>>,
    events: Orders,
    stories: Orders,
}

/// The topics of one level in those orders that do not depend on the period.
#[derive(Debug, Default)]
struct Orders {
    heat: BTreeSet<Place>,
    size: BTreeSet<Place>,
    recency: BTreeSet<Place>,
}

impl Orders {
    fn places(id: TopicId, course: &Course) -> [Place; 3] {
        #[expect(clippy::cast_precision_loss, reason = "articles of a topic, seconds since 1970")]
        let scores = [course.log_heat(), course.size() as f64, course.last_at as f64];
        scores.map(|score| (Reverse(Score(score)), Reverse(course.last_at), id))
    }

    fn insert(&mut self, id: TopicId, course: &Course) {
        let [heat, size, recency] = Self::places(id, course);
        self.heat.insert(heat);
        self.size.insert(size);
        self.recency.insert(recency);
    }

    fn remove(&mut self, id: TopicId, course: &Course) {
        let [heat, size, recency] = Self::places(id, course);
        self.heat.remove(&heat);
        self.size.remove(&size);
        self.recency.remove(&recency);
    }
}

impl TopicIndex {
    /// The index of a projection.
    #[must_use]
    pub fn of(projection: &Projection) -> Self {
        let mut index = Self::default();
        index.update(projection, projection.topics.keys().copied());
        index
    }

    /// Reads these topics anew.
    pub fn update(&mut self, projection: &Projection, changed: impl IntoIterator<Item = TopicId>) {
        for id in changed {
            let now = Course::of(projection, id);
            if self.courses.get(&id) == now.as_ref() {
                continue;
            }
            if let Some(before) = self.courses.remove(&id) {
                self.orders_mut(before.level).remove(id, &before);
                for (day, _) in &before.days {
                    if let Some(topics) = self.by_day.get_mut(day) {
                        topics.remove(&id);
                        if topics.is_empty() {
                            self.by_day.remove(day);
                        }
                    }
                }
            }
            if let Some(now) = now {
                self.orders_mut(now.level).insert(id, &now);
                for (day, _) in &now.days {
                    self.by_day.entry(*day).or_default().insert(id);
                }
                self.courses.insert(id, now);
            }
        }
    }

    fn orders(&self, level: Level) -> &Orders {
        match level {
            Level::Event => &self.events,
            Level::Story => &self.stories,
        }
    }

    fn orders_mut(&mut self, level: Level) -> &mut Orders {
        match level {
            Level::Event => &mut self.events,
            Level::Story => &mut self.stories,
        }
    }

    /// How many topics of a level live.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.orders(level).size.len()
    }

    /// The topics of a level with an article after the day `end`: of articles without a date beside an
    /// older archive, or of one that is far ahead of all others.
    fn late(&self, level: Level, end: i64) -> BTreeSet<TopicId> {
        let ids = self.by_day.range(end.saturating_add(1)..).flat_map(|(_, ids)| ids);
        let is_of_level =
            |id: &&TopicId| self.courses.get(*id).is_some_and(|one| one.level == level);
        ids.filter(is_of_level).copied().collect()
    }

    /// The topics of a level over all time up to the day `end`, in this order, and how many they are;
    /// `None` for an order that depends on the day.
    ///
    /// The order that is kept counts all articles of a topic. Those that have one after `end` are
    /// measured anew, by what they have until then; those that have nothing else are left out.
    pub fn ordered(
        &self,
        projection: &Projection,
        level: Level,
        order: TopicOrder,
        end: i64,
    ) -> Option<(impl Iterator<Item = TopicId> + '_, usize)> {
        let orders = self.orders(level);
        let (kept, at) = match order {
            TopicOrder::Heat => (&orders.heat, 0),
            TopicOrder::Size => (&orders.size, 1),
            TopicOrder::Recency => (&orders.recency, 2),
            TopicOrder::Burst => return None,
        };
        let late = self.late(level, end);
        let anew = |id: &TopicId| {
            let course = Course::until(projection, *id, end)?;
            Orders::places(*id, &course).into_iter().nth(at)
        };
        let mut anew: Vec<Place> = late.iter().filter_map(anew).collect();
        anew.sort_unstable();
        let count = kept.len() - late.len() + anew.len();
        let kept = kept.iter().filter(move |(_, _, id)| !late.contains(id)).copied();
        Some((merged(kept, anew.into_iter()).map(|(_, _, id)| id), count))
    }

    /// The topics of a level that have an article in the days `from` to `to`, in no order; all that
    /// live up to `to` where there is no first day.
    #[must_use]
    pub fn within(&self, level: Level, from: Option<i64>, to: i64) -> Vec<(TopicId, &Course)> {
        let begun =
            |course: &Course| course.level == level && day::of_second(course.first_at) <= to;
        match from {
            None => {
                let all = self.courses.iter().filter(|(_, course)| begun(course));
                all.map(|(id, course)| (*id, course)).collect()
            }
            Some(from) if from > to => Vec::new(),
            Some(from) => {
                let ids: BTreeSet<&TopicId> =
                    self.by_day.range(from..=to).flat_map(|(_, ids)| ids).collect();
                let found = ids.into_iter().filter_map(|id| Some((*id, self.courses.get(id)?)));
                found.filter(|(_, course)| course.level == level).collect()
            }
        }
    }
}

/// The places of two orders in one.
fn merged(
    one: impl Iterator<Item = Place>,
    other: impl Iterator<Item = Place>,
) -> impl Iterator<Item = Place> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if first <= second => one.next(),
        (Some(_), None) => one.next(),
        _ => other.next(),
    })
}
