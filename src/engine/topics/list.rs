//! Lists topics, reads one topic, and lists the articles of a topic.

use crate::Engine;
use crate::Error;
use crate::Progress;
use crate::StoredArticle;
use crate::topics::projection::Projection;
use crate::topics::view;
use crate::topics::view::Measures;
use crate::topics::view::Period;
use crate::topics::view::TopicView;
use wenmai_cluster::topic;
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
        let progress = self.topics_progress().await?;
        let projection = self.topics()?.projection();
        let mut found: Vec<(f64, i64, TopicId, Measures)> = Vec::new();
        for (id, topic) in &projection.topics {
            if topic.level != request.level || !topic.is_alive() {
                continue;
            }
            let Some(measures) = view::measure(&projection, &topic.members, request.period) else {
                continue;
            };
            let passes = |condition: &Condition| {
                condition.negated != holds(&projection, *id, &measures, &condition.test)
            };
            if request.filter.0.iter().all(|any| any.iter().any(passes)) {
                let score = score(request.order, &measures);
                found.push((score, measures.last_at, *id, measures));
            }
        }
        // The newer first on a tie, then by id, so that pages never repeat or lose a topic.
        found.sort_unstable_by(|left, right| {
            right.0.total_cmp(&left.0).then(right.1.cmp(&left.1)).then(left.2.cmp(&right.2))
        });
        let total_count = found.len();
        let page = found.into_iter().skip(request.offset).take(request.limit.count());
        let topics = page
            .filter_map(|(_, _, id, measures)| {
                Some(view::topic_view(&projection, id, projection.topics.get(&id)?, measures))
            })
            .collect();
        Ok(TopicList { topics, total_count, progress })
    }

    /// The topic that `id` refers to now, with redirects followed.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`].
    pub fn topic(&self, id: TopicId) -> Result<TopicView, Error> {
        let projection = self.topics()?.projection();
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
        let projection = self.topics()?.projection();
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
        let projection = self.topics()?.projection();
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

    /// The members of a topic, the most recent arrival first.
    pub(crate) fn members_of(&self, id: TopicId) -> Result<Vec<ArticleId>, Error> {
        let projection = self.topics()?.projection();
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
        WordField::Keyword | WordField::Source => None,
    }
}

fn score(order: TopicOrder, measures: &Measures) -> f64 {
    match order {
        TopicOrder::Heat => measures.heat,
        #[expect(clippy::cast_precision_loss, reason = "a count of articles")]
        TopicOrder::Size => measures.size as f64,
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        TopicOrder::Recency => measures.last_at as f64,
        TopicOrder::Burst => measures.burst,
    }
}

fn holds(projection: &Projection, id: TopicId, measures: &Measures, test: &Test) -> bool {
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
            compare(comparison, count(measures.sources.len()), *value)
        }
        Test::Word(field, value) => {
            let face = &topic.face;
            let words = match field {
                WordField::Place => &face.places,
                WordField::Person => &face.persons,
                WordField::Organisation => &face.organisations,
                WordField::Keyword => &face.keywords,
                WordField::Source => {
                    return measures.sources.iter().any(|(source, _)| source == value);
                }
            };
            words.contains(value)
        }
        Test::Status(status) => view::status(projection, topic) == *status,
        Test::Pinned(pinned) => topic.pinned == *pinned,
    }
}
