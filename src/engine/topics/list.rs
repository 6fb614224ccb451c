//! Topics listed, one topic, its articles.

use crate::Engine;
use crate::Error;
use crate::Progress;
use crate::StoredArticle;
use crate::topics::book::Book;
use crate::topics::shown;
use crate::topics::shown::Measures;
use crate::topics::shown::Period;
use crate::topics::shown::Shown;
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

/// Members that are ranked by centrality, the most recent ones; the others follow by time.
const RANKED_MAX: usize = 1_000;

/// What topics come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The hottest.
    #[default]
    Heat,
    /// Those with the most articles.
    Size,
    /// Those with the newest article.
    Recency,
    /// Those that burst most above what they were.
    Burst,
}

/// A question for topics.
#[derive(Debug, Clone)]
pub struct ListTopics {
    /// Events or stories.
    pub level: Level,
    /// Articles of these days count.
    pub period: Period,
    /// Which topics may answer.
    pub filter: TopicFilter,
    /// What comes first.
    pub order: Order,
    /// Topics to pass over.
    pub offset: usize,
    /// Topics to return.
    pub limit: Limit,
}

/// Topics in the order asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicList {
    /// This page of them.
    pub topics: Vec<Shown>,
    /// How many pass in all.
    pub total_count: usize,
    /// How far topics are.
    pub progress: Progress,
}

/// Articles of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    /// The topic, redirects followed.
    pub topic: Shown,
    /// This page of them, the most central first.
    pub members: Vec<MemberOf>,
    /// How many there are.
    pub total_count: usize,
}

/// An article of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberOf {
    /// The article.
    pub article: StoredArticle,
    /// Its event.
    pub event: TopicId,
    /// Cosine to the middle of the topic's members, `[-1, 1]`; `None` past the most recent
    /// thousand.
    pub centrality: Option<f32>,
}

impl Engine {
    /// Topics that are alive and have an article in the period.
    ///
    /// # Errors
    /// [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn list_topics(&self, mut asked: ListTopics) -> Result<TopicList, Error> {
        // People name things in many ways, faces hold keys.
        for condition in asked.filter.0.iter_mut().flatten() {
            if let Test::Word(field, value) = &mut condition.test
                && let Some(kind) = kind(*field)
            {
                *value = self.extractor.key(kind, value);
            }
        }
        let progress = self.topics_progress().await?;
        let book = self.topics()?.book();
        let mut found: Vec<(f64, i64, TopicId, Measures)> = Vec::new();
        for (id, topic) in &book.topics {
            if topic.level != asked.level || !topic.is_alive() {
                continue;
            }
            let Some(measures) = shown::measure(&book, &topic.members, asked.period) else {
                continue;
            };
            let passes = |condition: &Condition| {
                condition.negated != holds(&book, *id, &measures, &condition.test)
            };
            if asked.filter.0.iter().all(|any| any.iter().any(passes)) {
                let score = score(asked.order, &measures);
                found.push((score, measures.last_at, *id, measures));
            }
        }
        // The newer first on a tie, then by id, so that pages never repeat or lose a topic.
        found.sort_unstable_by(|left, right| {
            right.0.total_cmp(&left.0).then(right.1.cmp(&left.1)).then(left.2.cmp(&right.2))
        });
        let total_count = found.len();
        let page = found.into_iter().skip(asked.offset).take(asked.limit.count());
        let topics = page
            .filter_map(|(_, _, id, measures)| {
                Some(shown::shown(&book, id, book.topics.get(&id)?, measures))
            })
            .collect();
        Ok(TopicList { topics, total_count, progress })
    }

    /// The topic that `id` means today.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`].
    pub fn topic(&self, id: TopicId) -> Result<Shown, Error> {
        let book = self.topics()?.book();
        let (kept, topic) = book.resolve(id).ok_or(Error::TopicNotFound { id })?;
        let measures = shown::measure(&book, &topic.members, Period::default()).unwrap_or_default();
        Ok(shown::shown(&book, kept, topic, measures))
    }

    /// The events of a story that are alive, the latest first; none of an event.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`].
    pub fn events_of(&self, id: TopicId) -> Result<Vec<Shown>, Error> {
        let book = self.topics()?.book();
        let (_, topic) = book.resolve(id).ok_or(Error::TopicNotFound { id })?;
        let events = topic.events.iter().filter_map(|id| Some((id, book.topics.get(id)?)));
        let mut events: Vec<Shown> = events
            .filter_map(|(id, event)| {
                let measures = shown::measure(&book, &event.members, Period::default())?;
                Some(shown::shown(&book, *id, event, measures))
            })
            .collect();
        events.sort_by_key(|event| (std::cmp::Reverse(event.measures.last_at), event.id));
        Ok(events)
    }

    /// The topics that an article is in: event and story.
    ///
    /// # Errors
    /// [`Error::TopicsOff`].
    pub fn topics_of(&self, id: ArticleId) -> Result<Option<(TopicId, TopicId)>, Error> {
        let book = self.topics()?.book();
        let placement = book.articles.get(&id).map(|entered| entered.placement);
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
    ) -> Result<Members, Error> {
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
            members.push(MemberOf { article, event, centrality });
        }
        Ok(Members { topic, members, total_count })
    }

    /// The members of a topic, the most recent arrival first.
    pub(crate) fn members_of(&self, id: TopicId) -> Result<Vec<ArticleId>, Error> {
        let book = self.topics()?.book();
        let (_, topic) = book.resolve(id).ok_or(Error::TopicNotFound { id })?;
        Ok(topic.members.iter().rev().map(|member| member.article).collect())
    }

    /// Articles by centrality among themselves.
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

/// What a word names, if it is a name.
fn kind(field: WordField) -> Option<Kind> {
    match field {
        WordField::Place => Some(Kind::Place),
        WordField::Person => Some(Kind::Person),
        WordField::Organisation => Some(Kind::Organisation),
        WordField::Keyword | WordField::Source => None,
    }
}

fn score(order: Order, measures: &Measures) -> f64 {
    match order {
        Order::Heat => measures.heat,
        #[expect(clippy::cast_precision_loss, reason = "a count of articles")]
        Order::Size => measures.size as f64,
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        Order::Recency => measures.last_at as f64,
        Order::Burst => measures.burst,
    }
}

fn holds(book: &Book, id: TopicId, measures: &Measures, test: &Test) -> bool {
    let Some(topic) = book.topics.get(&id) else { return false };
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
        Test::Status(status) => shown::status(book, topic) == *status,
        Test::Pinned(pinned) => topic.pinned == *pinned,
    }
}
