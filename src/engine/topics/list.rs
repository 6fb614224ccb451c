//! Lists topics, reads one topic, and lists the articles of a topic.

use std::collections::BTreeMap;
use std::collections::HashSet;

use crate::Engine;
use crate::Error;
use crate::Progress;
use crate::StoredArticle;
use crate::topics::marks::Marks;
use crate::topics::order::Course;
use crate::topics::projection::Projection;
use crate::topics::published::Published;
use crate::topics::view;
use crate::topics::view::BURST_DAYS;
use crate::topics::view::DayMeasures;
use crate::topics::view::Period;
use crate::topics::view::TopicView;
use wenmai_cluster::topic;
use wenmai_domain::day;
use wenmai_domain::entity::Kind;
use wenmai_domain::filter::Comparison;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::filter::Condition;
use wenmai_domain::topic::filter::NumberField;
use wenmai_domain::topic::filter::Test;
use wenmai_domain::topic::filter::TopicFilter;
use wenmai_domain::topic::filter::WordField;
use wenmai_store::Vectors;

/// How many of a topic's most recent members are ranked by centrality; the others follow by
/// arrival, the latest first.
const RANKED_MAX: usize = 1_000;

/// The order of a list of topics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TopicOrder {
    /// The topic of the highest heat first.
    #[default]
    Heat,
    /// The topic with the most articles first.
    Size,
    /// The topic with the newest article first.
    Recency,
    /// The topic of the highest burst first.
    Burst,
}

/// A request for a list of topics.
#[derive(Debug, Clone)]
pub struct ListTopics {
    /// Whether to list events or stories.
    pub level: Level,
    /// The days whose articles count.
    pub period: Period,
    /// The conditions that topics must meet.
    pub filter: TopicFilter,
    /// The order of the list.
    pub order: TopicOrder,
    /// How many topics to skip.
    pub offset: usize,
    /// How many topics to return at most.
    pub limit: Limit,
}

/// A page of a list of topics.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicList {
    /// The topics, in the order that was asked for.
    pub topics: Vec<TopicView>,
    /// How many topics meet the conditions in all.
    pub total_count: usize,
    /// How far the topics had come when the list was made.
    pub progress: Progress,
}

/// A page of the articles of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicArticles {
    /// The topic, with redirects followed.
    pub topic: TopicView,
    /// The articles, the most central first.
    pub members: Vec<MemberArticle>,
    /// How many articles the topic has in all.
    pub total_count: usize,
}

/// An article of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberArticle {
    /// The article.
    pub article: StoredArticle,
    /// The event that it belongs to.
    pub event: TopicId,
    /// The cosine of its embedding to the mean of the topic's members, in `[-1, 1]`; `None` for an
    /// article that is not among the most recent thousand.
    pub centrality: Option<f32>,
}

/// An article that stands for its event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CentralArticle {
    /// The article.
    pub(crate) id: ArticleId,
    /// The event that it belongs to.
    pub(crate) event: TopicId,
    /// The cosine of its embedding to the mean of its event's, in `[-1, 1]`.
    pub(crate) centrality: f32,
}

impl Engine {
    /// Lists the topics that have an article in the period and meet the conditions.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn list_topics(&self, mut request: ListTopics) -> Result<TopicList, Error> {
        // People name things in many ways; faces hold keys.
        for condition in request.filter.0.iter_mut().flatten() {
            if let Test::Word(field, value) = &mut condition.test
                && let Some(kind) = kind(*field)
            {
                *value = self.extractor.key(kind, value);
            }
        }
        let marks = self.marks(&request).await?;
        let progress = self.topics_progress().await?;
        let published = self.topics()?.published();
        let (page, total_count) = page(&published, &request, &marks);
        let view = |id: TopicId| {
            let topic = published.topics.get(&id)?;
            let measures = view::measure(&published, &topic.members, request.period)?;
            Some(view::topic_view(&published, id, topic, measures))
        };
        let topics = page.into_iter().filter_map(view).collect();
        Ok(TopicList { topics, total_count, progress })
    }

    /// The topic that `id` refers to now, with redirects followed.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`].
    pub fn topic(&self, id: TopicId) -> Result<TopicView, Error> {
        let projection = self.topics()?.published();
        let (kept, topic) = projection.resolve(id).ok_or(Error::TopicNotFound { id })?;
        let measures =
            view::measure(&projection, &topic.members, Period::default()).unwrap_or_default();
        Ok(view::topic_view(&projection, kept, topic, measures))
    }

    /// The events of a story that have members, the latest first; empty for an event.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`].
    pub fn events_of(&self, id: TopicId) -> Result<Vec<TopicView>, Error> {
        let projection = self.topics()?.published();
        let (_, topic) = projection.resolve(id).ok_or(Error::TopicNotFound { id })?;
        let events = topic.events.iter().filter_map(|id| Some((id, projection.topics.get(id)?)));
        let mut events: Vec<TopicView> = events
            .filter_map(|(id, event)| {
                let measures = view::measure(&projection, &event.members, Period::default())?;
                Some(view::topic_view(&projection, *id, event, measures))
            })
            .collect();
        events.sort_by_key(|event| (std::cmp::Reverse(event.measures.last_at), event.id));
        Ok(events)
    }

    /// The event and the story that an article belongs to; `None` if it is in no topic.
    ///
    /// # Errors
    /// [`Error::TopicsOff`].
    pub fn topics_of(&self, id: ArticleId) -> Result<Option<(TopicId, TopicId)>, Error> {
        let projection = self.topics()?.published();
        let placement = projection.articles.get(&id).map(|placed| placed.placement);
        Ok(placement.map(|placement| (placement.event, placement.story)))
    }

    /// The articles of a topic, the most central first.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topic_articles(
        &self,
        id: TopicId,
        offset: usize,
        limit: Limit,
    ) -> Result<TopicArticles, Error> {
        let topic = self.topic(id)?;
        let members = self.members_of(topic.id)?;
        let total_count = members.len();
        let (recent, older) = members.split_at(members.len().min(RANKED_MAX));
        let ranked =
            self.by_centrality(recent).await?.into_iter().map(|(id, share)| (id, Some(share)));
        let all = ranked.chain(older.iter().map(|id| (*id, None)));
        let page: Vec<(ArticleId, Option<f32>)> = all.skip(offset).take(limit.count()).collect();
        let ids: Vec<ArticleId> = page.iter().map(|(id, _)| *id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        let mut members = Vec::with_capacity(page.len());
        for ((id, centrality), stored) in page.into_iter().zip(stored) {
            let Some(stored) = stored else { continue };
            let event = self.topics_of(id)?.map_or(topic.id, |(event, _)| event);
            let article = crate::read::stored_article(stored);
            members.push(MemberArticle { article, event, centrality });
        }
        Ok(TopicArticles { topic, members, total_count })
    }

    /// At most `count` articles of a topic, the most central of each of its events: in rounds, of each
    /// event the next one, so that no event is left out for another's sake while there is room. Those
    /// among `first` come before all others. Returns also the id of the topic, with redirects followed.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub(crate) async fn central_articles(
        &self,
        id: TopicId,
        count: usize,
        first: Option<&HashSet<ArticleId>>,
    ) -> Result<(TopicId, Vec<CentralArticle>), Error> {
        let id = self.topic(id)?.id;
        let mut events: BTreeMap<TopicId, Vec<ArticleId>> = BTreeMap::new();
        for article in self.members_of(id)? {
            let event = self.topics_of(article)?.map_or(id, |(event, _)| event);
            events.entry(event).or_default().push(article);
        }
        let each = RANKED_MAX / events.len().clamp(1, RANKED_MAX);
        // What is left of small events is for large ones.
        let spare: usize = events.values().map(|all| each.saturating_sub(all.len())).sum();
        let large = events.values().filter(|all| all.len() > each).count();
        let each = each + spare / large.max(1);
        let is_later = |id: &ArticleId| first.is_some_and(|first| !first.contains(id));
        let mut rounds: Vec<((bool, usize), CentralArticle)> = Vec::new();
        for (event, mut articles) in events {
            articles.truncate(each);
            let ranked = self.by_centrality(&articles).await?;
            let central = ranked.into_iter().enumerate();
            rounds.extend(central.map(|(round, (id, centrality))| {
                ((is_later(&id), round), CentralArticle { id, event, centrality })
            }));
        }
        rounds.sort_by(|left, right| {
            left.0.cmp(&right.0).then(right.1.centrality.total_cmp(&left.1.centrality))
        });
        Ok((id, rounds.into_iter().take(count).map(|(_, one)| one).collect()))
    }

    /// The articles of a topic that found their topics after `version`; `None` for version 0, which is
    /// before all.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `options.since_version` for a version that does not exist yet;
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub(crate) async fn arrived_after(
        &self,
        id: TopicId,
        version: u64,
    ) -> Result<Option<HashSet<ArticleId>>, Error> {
        if version == 0 {
            return Ok(None);
        }
        let last = self.last_arrival(version).await?;
        let projection = self.topics()?.published();
        let (_, topic) = projection.resolve(id).ok_or(Error::TopicNotFound { id })?;
        let fresh = topic.members.iter().filter(|member| member.arrival > last);
        Ok(Some(fresh.map(|member| member.article).collect()))
    }

    /// The members of a topic, the most recent arrival first.
    pub(crate) fn members_of(&self, id: TopicId) -> Result<Vec<ArticleId>, Error> {
        let projection = self.topics()?.published();
        let (_, topic) = projection.resolve(id).ok_or(Error::TopicNotFound { id })?;
        Ok(topic.members.iter().rev().map(|member| member.article).collect())
    }

    /// Orders articles by their centrality among themselves, the most central first.
    pub(super) async fn by_centrality(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<(ArticleId, f32)>, Error> {
        let stored = self.store.fetch(ids, Vectors::Yes).await?;
        let found: Vec<_> = stored
            .into_iter()
            .flatten()
            .filter_map(|one| Some((one.article.id, one.article.record.title, one.vectors?.0)))
            .collect();
        let members: Vec<topic::Member<'_>> = found
            .iter()
            .map(|(id, title, embedding)| topic::Member { id: *id, title, embedding })
            .collect();
        Ok(topic::ranked(&members))
    }
}

/// The kind of entity that a field of the filter names; `None` for a field that holds other words.
fn kind(field: WordField) -> Option<Kind> {
    match field {
        WordField::Place => Some(Kind::Place),
        WordField::Person => Some(Kind::Person),
        WordField::Organisation => Some(Kind::Organisation),
        WordField::Keyword | WordField::Source | WordField::Section | WordField::Kind => None,
    }
}

/// The topics on the page that is asked for, in order, and how many there are on all pages.
fn page(published: &Published, request: &ListTopics, marks: &Marks) -> (Vec<TopicId>, usize) {
    let ListTopics { level, period, ref filter, order, offset, limit } = *request;
    let (index, newest) = (published.index(), day::of_second(published.newest));
    let end = period.end(newest);
    let is_plain = filter.0.is_empty() && period.from.is_none();
    if is_plain
        && end == newest
        && let Some((ordered, count)) = index.ordered(published, level, order, end)
    {
        return (ordered.skip(offset).take(limit.count()).collect(), count);
    }
    let wanted = offset.saturating_add(limit.count());
    let all = index.within(level, period.from, end);
    if is_plain && order == TopicOrder::Burst {
        // Only what was printed in the last days bursts, and that comes first.
        let recent = index.within(level, Some(end - BURST_DAYS + 1), end);
        let bursting = ranked(published, request, &recent, marks);
        let bursting: Vec<Ranked> = bursting.into_iter().filter(|one| one.score > 0.0).collect();
        if bursting.len() >= wanted {
            return (cut(bursting, offset, wanted), all.len());
        }
    }
    let found = ranked(published, request, &all, marks);
    let total_count = found.len();
    (cut(found, offset, wanted), total_count)
}

/// A topic with what decides its place.
struct Ranked {
    score: f64,
    last_at: i64,
    id: TopicId,
}

/// Those of `topics` that have an article in the period and meet the conditions, in no order.
fn ranked(
    published: &Published,
    request: &ListTopics,
    topics: &[(TopicId, &Course)],
    marks: &Marks,
) -> Vec<Ranked> {
    let ListTopics { period, filter, order, .. } = request;
    let end = period.end(day::of_second(published.newest));
    let mut found = Vec::new();
    for (id, course) in topics {
        let by_day = view::of_days(&course.days, *period, end);
        if by_day.size == 0 {
            continue;
        }
        let passes = |condition: &Condition| {
            let holds = if let Test::Word(field, value) = &condition.test
                && matches!(field, WordField::Section | WordField::Kind)
            {
                marks.holds(published, *id, (*field, value))
            } else {
                holds(published, *id, *period, &by_day, &condition.test)
            };
            condition.negated != holds
        };
        if !filter.0.iter().all(|any| any.iter().any(passes)) {
            continue;
        }
        let last_at = if day::of_second(course.last_at) <= end {
            course.last_at
        } else {
            let members = published.topics.get(id).map_or(&[][..], |topic| &topic.members);
            let times = members.iter().map(|member| member.at);
            times.filter(|at| day::of_second(*at) <= end).max().unwrap_or(course.first_at)
        };
        #[expect(clippy::cast_precision_loss, reason = "articles of a topic, seconds since 1970")]
        let score = match order {
            TopicOrder::Heat => by_day.heat,
            TopicOrder::Size => by_day.size as f64,
            TopicOrder::Recency => last_at as f64,
            TopicOrder::Burst => by_day.burst,
        };
        found.push(Ranked { score, last_at, id: *id });
    }
    found
}

/// Those from `offset` up to `wanted`, in order. Of equal scores the one with the newer article
/// comes first, then by id, so that pages never repeat or lose a topic.
fn cut(mut found: Vec<Ranked>, offset: usize, wanted: usize) -> Vec<TopicId> {
    let order = |left: &Ranked, right: &Ranked| {
        let by_score = right.score.total_cmp(&left.score);
        by_score.then(right.last_at.cmp(&left.last_at)).then(left.id.cmp(&right.id))
    };
    if wanted < found.len() {
        found.select_nth_unstable_by(wanted, order);
        found.truncate(wanted);
    }
    found.sort_unstable_by(order);
    found.into_iter().skip(offset).map(|one| one.id).collect()
}

fn holds(
    projection: &Projection,
    id: TopicId,
    period: Period,
    measures: &DayMeasures,
    test: &Test,
) -> bool {
    let Some(topic) = projection.topics.get(&id) else { return false };
    let compare = |comparison: &Comparison, left: i64, right: i64| comparison.holds(&left, &right);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    match test {
        Test::Number(NumberField::Size, comparison, value) => {
            compare(comparison, count(measures.size), *value)
        }
        Test::Number(NumberField::Growth, comparison, value) => {
            compare(comparison, measures.growth, *value)
        }
        Test::Number(NumberField::Sources, comparison, value) => {
            let measures = view::measure(projection, &topic.members, period);
            let sources = measures.map_or(0, |measures| measures.sources.len());
            compare(comparison, count(sources), *value)
        }
        Test::Word(field, value) => {
            let face = &topic.face;
            let words = match field {
                WordField::Place => &face.places,
                WordField::Person => &face.persons,
                WordField::Organisation => &face.organisations,
                WordField::Keyword => &face.keywords,
                WordField::Source => {
                    let measures = view::measure(projection, &topic.members, period);
                    let sources = measures.map(|measures| measures.sources).unwrap_or_default();
                    return sources.iter().any(|(source, _)| source == value);
                }
                // Topics do not know them: see `Marks`.
                WordField::Section | WordField::Kind => return false,
            };
            words.contains(value)
        }
        Test::Status(status) => view::status(projection, topic) == *status,
        Test::Pinned(pinned) => topic.pinned == *pinned,
    }
}
