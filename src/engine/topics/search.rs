//! Search for topics, by a text or by an article.

use std::collections::BTreeMap;

use crate::Engine;
use crate::Error;
use crate::Search;
use crate::Violation;
use crate::topics::contribution::FACE_MEMBERS;
use crate::topics::view::TopicView;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::scales::Script;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;

/// Articles, and as many topics, that are considered for one question.
const DEPTH: u32 = 50;

/// A search for topics.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchTopics {
    /// By a text as people type it.
    Text(String),
    /// By a stored article: its own topic, and topics that are similar to it.
    Article(ArticleId),
}

/// The topics that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTopics {
    /// The topics, best first.
    pub topics: Vec<FoundTopic>,
}

/// A topic that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTopic {
    /// The topic.
    pub topic: TopicView,
    /// What the topics are ordered by, in `[0, 1]`. For a text it is half the similarity and half
    /// the topic's share of the articles found, each of which weighs one over its rank; for an
    /// article it is the similarity.
    pub score: f64,
    /// The cosine of the question and the topic's centroid; `None` where the centroid is not among
    /// the nearest.
    pub similarity: Option<f32>,
    /// How many of the best fifty articles belong to the topic.
    pub hit_count: u32,
    /// Whether the article that was asked about belongs to the topic.
    pub holds: bool,
}

/// What speaks for a topic; see [`FoundTopic`].
#[derive(Default)]
struct TopicMatch {
    similarity: Option<f32>,
    share: f64,
    hits: u32,
}

impl Engine {
    /// Finds topics of `level` for a text or an article, best first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty text; [`Error::ArticleNotFound`]; [`Error::TopicsOff`];
    /// [`Error::Store`]; [`Error::Embed`].
    pub async fn search_topics(
        &self,
        request: SearchTopics,
        level: Level,
        limit: Limit,
    ) -> Result<FoundTopics, Error> {
        let depth = Limit::new(DEPTH).unwrap_or(limit).max(limit);
        let mut found = BTreeMap::<TopicId, TopicMatch>::new();
        let (embedding, home) = match &request {
            SearchTopics::Article(id) => {
                let embedding = self.embeddings(&[*id]).await?.into_iter().flatten().next();
                let embedding = embedding.ok_or(Error::ArticleNotFound { id: *id })?;
                let home = self.topics_of(*id)?.map(|(event, story)| match level {
                    Level::Event => event,
                    Level::Story => story,
                });
                (embedding, home)
            }
            SearchTopics::Text(text) => {
                if text.trim().is_empty() {
                    return Err(Error::Invalid(vec![Violation::new("text", "is empty")]));
                }
                self.by_articles(text, level, depth, &mut found).await?;
                let embed = self.embed.embed_one(text.clone(), Purpose::Query, Lane::Query);
                (embed.await?.embedding, None)
            }
        };
        for (id, similarity) in self.store.nearest_topics(&embedding, level, depth).await? {
            // What the store found may have been merged a moment ago.
            if let Some((id, _)) = self.topics()?.published().resolve(id) {
                found.entry(id).or_default().similarity.get_or_insert(similarity);
            }
        }
        if let Some(home) = home {
            found.entry(home).or_default();
        }
        let script = match &request {
            SearchTopics::Text(text) => Script::of(text),
            SearchTopics::Article(_) => Script::default(),
        };
        let scale = self.cosine_scale(script).await?;
        let by_words = matches!(request, SearchTopics::Text(_));
        let mut topics = Vec::with_capacity(found.len());
        for (id, TopicMatch { similarity, share, hits: hit_count }) in found {
            let topic = self.topic(id)?;
            let cosine = similarity.map_or(0.0, |similarity| scale.at(similarity));
            let cosine = f64::from(cosine.max(0.0));
            let score = if by_words { 0.5 * cosine + 0.5 * share } else { cosine };
            let holds = home == Some(topic.id);
            topics.push(FoundTopic { topic, score, similarity, hit_count, holds });
        }
        topics.sort_by(|left, right| {
            let by_score = right.score.total_cmp(&left.score);
            right.holds.cmp(&left.holds).then(by_score).then(left.topic.id.cmp(&right.topic.id))
        });
        topics.truncate(limit.count());
        Ok(FoundTopics { topics })
    }

    /// Other topics of the same level whose centroids are most similar to a topic's, best first.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn related_topics(
        &self,
        id: TopicId,
        limit: Limit,
    ) -> Result<Vec<FoundTopic>, Error> {
        let topic = self.topic(id)?;
        let Some(centroid) = self.centroid_of(topic.id).await? else { return Ok(Vec::new()) };
        // One more: the topic is nearest to itself.
        let most = u32::try_from(limit.count() + 1).unwrap_or(u32::MAX);
        let most = Limit::new(most).unwrap_or(limit);
        let scale = self.cosine_scale(Script::of(&topic.label)).await?;
        let mut related = Vec::new();
        for (id, cosine) in self.store.nearest_topics(&centroid, topic.level, most).await? {
            let found = self.topic(id)?;
            if found.id == topic.id || related.len() == limit.count() {
                continue;
            }
            related.push(FoundTopic {
                topic: found,
                score: f64::from(scale.at(cosine).max(0.0)),
                similarity: Some(cosine),
                hit_count: 0,
                holds: false,
            });
        }
        Ok(related)
    }

    /// The mean direction of the embeddings of a topic's recent members; `None` where it has none.
    async fn centroid_of(&self, id: TopicId) -> Result<Option<Embedding>, Error> {
        let mut recent = self.members_of(id)?;
        recent.truncate(FACE_MEMBERS);
        let found: Vec<Embedding> = self.embeddings(&recent).await?.into_iter().flatten().collect();
        Ok(Embedding::mean(&found.iter().collect::<Vec<_>>()).ok())
    }

    /// Adds to `found` the topics of the articles that a search for `text` finds.
    async fn by_articles(
        &self,
        text: &str,
        level: Level,
        limit: Limit,
        found: &mut BTreeMap<TopicId, TopicMatch>,
    ) -> Result<(), Error> {
        let search = Search {
            text: text.to_owned(),
            filter: Filter::default(),
            mode: Mode::Hybrid,
            collapse: true,
            offset: 0,
            limit,
        };
        let hits = self.search(search).await?.hits;
        let weight = |rank: u32| 1.0 / f64::from(rank.max(1));
        let all: f64 = hits.iter().map(|hit| weight(hit.rank)).sum();
        for hit in hits {
            let Some((event, story)) = self.topics_of(hit.article.id)? else { continue };
            let id = if level == Level::Event { event } else { story };
            let topic = found.entry(id).or_default();
            topic.share += weight(hit.rank) / all;
            topic.hits += 1;
        }
        Ok(())
    }
}
