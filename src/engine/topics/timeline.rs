//! How a topic unfolded: the days that count, each with its most central headline.
//!
//! A day weighs one for every text published on it and a half for every text that names it in
//! headline or lead. Copies count once. Of two headlines that say the same the later day looks for
//! another, and is left out if it has none.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Engine;
use crate::Error;
use crate::StoredArticle;
use crate::read::stored_article;
use crate::topics::contribution;
use crate::topics::view::TopicView;
use wenmai_cluster::topic;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scales::Script;
use wenmai_domain::topic::TopicId;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::date;
use wenmai_text::date::Certainty;
use wenmai_text::likeness::jaccard;
use wenmai_text::likeness::letter_bigrams;

/// How many of a topic's most recent articles are read.
const ARTICLES_MAX: usize = 1_000;
/// What a text that names a day adds to the day's weight.
const MENTION: f64 = 0.5;
/// Days between an article and a day that it names, at most.
const REACH_DAYS: i64 = 180;
/// Cosine from which two articles say the same.
const SAME_SIMILARITY: f32 = 0.93;
/// Share of character pairs from which two headlines say the same.
const SAME_TITLE: f64 = 0.6;

/// The timeline of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The topic, redirects followed.
    pub topic: TopicView,
    /// The days that count most, in order of time.
    pub entries: Vec<TimelineEntry>,
    /// How many articles were read for it.
    pub article_count: usize,
}

/// A day of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// The day, counted from 1970-01-01 in China's time zone.
    pub day: i64,
    /// How much the day counts: one for each text published on it, a half for each that names it.
    pub weight: f64,
    /// How many texts were published on it; copies count once.
    pub published_count: u32,
    /// How many texts of other days name it; copies count once.
    pub mention_count: u32,
    /// The most central article that was published on the day or, if none was, that names it.
    pub article: StoredArticle,
}

/// An article with its day and the other days that it names.
struct DatedArticle {
    stored: Stored,
    embedding: Embedding,
    day: i64,
    mentions: BTreeSet<i64>,
    is_copy: bool,
}

/// The articles of a day, by their positions in a list.
#[derive(Default)]
struct Day {
    published: Vec<usize>,
    mentioned: Vec<usize>,
}

impl Day {
    fn weight(&self) -> f64 {
        let count = |list: &Vec<usize>| f64::from(u32::try_from(list.len()).unwrap_or(u32::MAX));
        count(&self.published) + MENTION * count(&self.mentioned)
    }
}

impl Engine {
    /// The timeline of a topic, of at most `limit` days.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topic_timeline(&self, id: TopicId, limit: usize) -> Result<Timeline, Error> {
        let topic = self.topic(id)?;
        let mut ids = self.members_of(topic.id)?;
        ids.truncate(ARTICLES_MAX);
        let articles = self.dated_articles(&ids).await?;
        let mut days = BTreeMap::<i64, Day>::new();
        for (at, article) in articles.iter().enumerate().filter(|(_, article)| !article.is_copy) {
            days.entry(article.day).or_default().published.push(at);
            for day in &article.mentions {
                days.entry(*day).or_default().mentioned.push(at);
            }
        }
        let mut by_weight: Vec<(i64, Day)> = days.into_iter().collect();
        by_weight.sort_by(|left, right| {
            right.1.weight().total_cmp(&left.1.weight()).then(left.0.cmp(&right.0))
        });
        let scale = self.cosine_scale(Script::of(&topic.label)).await?;
        let mut entries: Vec<(TimelineEntry, usize)> = Vec::new();
        for (number, day) in by_weight {
            if entries.len() >= limit {
                break;
            }
            let chosen: Vec<&DatedArticle> =
                entries.iter().filter_map(|(_, at)| articles.get(*at)).collect();
            let Some(at) = headline(&articles, &day, &chosen, scale) else { continue };
            let Some(article) = articles.get(at) else { continue };
            let count = |list: &Vec<usize>| u32::try_from(list.len()).unwrap_or(u32::MAX);
            let entry = TimelineEntry {
                day: number,
                weight: day.weight(),
                published_count: count(&day.published),
                mention_count: count(&day.mentioned),
                article: stored_article(article.stored.clone()),
            };
            entries.push((entry, at));
        }
        entries.sort_by_key(|(entry, _)| entry.day);
        let entries = entries.into_iter().map(|(entry, _)| entry).collect();
        Ok(Timeline { topic, entries, article_count: articles.len() })
    }

    /// The days that title or lead of a topic's most recent articles name, each with the number of
    /// texts that name it, in order of time. Of more than `limit` days, those that are named most
    /// are taken.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topic_mentions(
        &self,
        id: TopicId,
        limit: usize,
    ) -> Result<Vec<(i64, u32)>, Error> {
        let mut ids = self.members_of(id)?;
        ids.truncate(contribution::FACE_MEMBERS);
        let mut counts = BTreeMap::<i64, u32>::new();
        for article in self.dated_articles(&ids).await?.iter().filter(|article| !article.is_copy) {
            for day in &article.mentions {
                *counts.entry(*day).or_insert(0) += 1;
            }
        }
        let mut days: Vec<(i64, u32)> = counts.into_iter().collect();
        days.sort_by_key(|(day, count)| (std::cmp::Reverse(*count), *day));
        days.truncate(limit);
        days.sort_unstable();
        Ok(days)
    }

    async fn dated_articles(&self, ids: &[ArticleId]) -> Result<Vec<DatedArticle>, Error> {
        let reader = &self.topics()?.reader;
        let mut articles = Vec::with_capacity(ids.len());
        let mut groups = BTreeSet::new();
        // In the order of arrival, so that of copies the first counts.
        for stored in self.store.fetch(ids, Vectors::Yes).await?.into_iter().flatten().rev() {
            let Some((embedding, _)) = stored.vectors.clone() else { continue };
            // As it counts for its topics: an article without a date counts as of its arrival.
            let placed = self.topics()?.published().articles.get(&stored.article.id).copied();
            let at = placed.map_or_else(|| reader.at(&stored), |one| one.member.at);
            let day = day::of_second(at);
            let record = &stored.article.record;
            let text = contribution::opening(record);
            let mentions = date::dates(&text, record.date())
                .into_iter()
                .filter(|mention| mention.certainty != Certainty::Vague)
                .filter_map(|mention| mention.from)
                .map(|date| i64::from(day::number(date)))
                .filter(|named| *named != day && (named - day).abs() <= REACH_DAYS)
                .collect();
            let is_copy = !groups.insert(stored.membership.group);
            articles.push(DatedArticle { stored, embedding, day, mentions, is_copy });
            if articles.len() % 32 == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok(articles)
    }
}

/// The most central of a day's articles that says something else than those that were `chosen`.
fn headline(
    articles: &[DatedArticle],
    day: &Day,
    chosen: &[&DatedArticle],
    scale: &CosineScale,
) -> Option<usize> {
    let of_day = if day.published.is_empty() { &day.mentioned } else { &day.published };
    let of_day: Vec<(usize, &DatedArticle)> =
        of_day.iter().filter_map(|at| Some((*at, articles.get(*at)?))).collect();
    let members: Vec<topic::Member<'_>> = of_day
        .iter()
        .map(|(_, article)| topic::Member {
            id: article.stored.article.id,
            title: &article.stored.article.record.title,
            embedding: &article.embedding,
        })
        .collect();
    for (id, _) in topic::ranked(&members) {
        let found = of_day.iter().find(|(_, article)| article.stored.article.id == id);
        let Some((at, article)) = found else { continue };
        if !chosen.iter().any(|other| says_the_same(article, other, scale)) {
            return Some(*at);
        }
    }
    None
}

fn says_the_same(left: &DatedArticle, right: &DatedArticle, scale: &CosineScale) -> bool {
    let (one, other) = (&left.stored.article, &right.stored.article);
    // By the model itself and by the scale: a day is left out only where both say so.
    let cosine = left.embedding.similarity(&right.embedding);
    one.id == other.id
        || cosine.min(scale.at(cosine)) >= SAME_SIMILARITY
        || overlap(&one.record.title, &other.record.title) >= SAME_TITLE
}

/// How alike two headlines are: what pairs of characters both hold, over what either holds.
fn overlap(left: &str, right: &str) -> f64 {
    jaccard(&letter_bigrams(left), &letter_bigrams(right))
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn headlines_that_say_the_same_share_most_pairs() {
        let same = overlap("清河大桥今日通车", "清河大桥，今日通车！");
        assert!((same - 1.0).abs() < 1e-9);
        assert!(overlap("清河大桥今日通车", "清河水位回落") < 0.3);
        assert!(overlap("", "").abs() < 1e-9);
    }
}
