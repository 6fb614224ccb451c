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
use crate::topics::look;
use crate::topics::shown::Shown;
use crate::topics::shown::day_of;
use wenmai_cluster::topic;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::TopicId;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::date;
use wenmai_text::date::Certainty;

/// Articles that are read at most, the most recent ones.
const ARTICLES_MAX: usize = 1_000;
/// What a text that names a day adds to it.
const MENTION: f64 = 0.5;
/// Days before the first and after the last article that a mention may lie.
const REACH_DAYS: i64 = 180;
/// Cosine from which two articles say the same.
const SAME_SIMILARITY: f32 = 0.93;
/// Share of character pairs from which two headlines say the same.
const SAME_TITLE: f64 = 0.6;

/// How a topic unfolded.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The topic, redirects followed.
    pub topic: Shown,
    /// Days in order of time.
    pub entries: Vec<Entry>,
    /// Articles that were read for it.
    pub article_count: usize,
}

/// A day of a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Days since 1970-01-01.
    pub day: i64,
    /// How much the day counts.
    pub weight: f64,
    /// Texts published on it.
    pub published_count: u32,
    /// Texts of other days that name it.
    pub mention_count: u32,
    /// The most central article of the day; of those that name it if none was published on it.
    pub article: StoredArticle,
}

/// An article and the days it speaks of.
struct Report {
    stored: Stored,
    embedding: Embedding,
    day: i64,
    mentions: BTreeSet<i64>,
    is_copy: bool,
}

/// A day under consideration.
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
    /// The `limit` days of a topic that count most.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topic_timeline(&self, id: TopicId, limit: usize) -> Result<Timeline, Error> {
        let topic = self.topic(id)?;
        let mut ids = self.members_of(topic.id)?;
        ids.truncate(ARTICLES_MAX);
        let reports = self.reports(&ids).await?;
        let mut days = BTreeMap::<i64, Day>::new();
        for (at, report) in reports.iter().enumerate().filter(|(_, report)| !report.is_copy) {
            days.entry(report.day).or_default().published.push(at);
            for day in &report.mentions {
                days.entry(*day).or_default().mentioned.push(at);
            }
        }
        let mut by_weight: Vec<(i64, Day)> = days.into_iter().collect();
        by_weight.sort_by(|left, right| {
            right.1.weight().total_cmp(&left.1.weight()).then(left.0.cmp(&right.0))
        });
        let mut entries: Vec<(Entry, usize)> = Vec::new();
        for (number, day) in by_weight {
            if entries.len() >= limit {
                break;
            }
            let chosen: Vec<&Report> =
                entries.iter().filter_map(|(_, at)| reports.get(*at)).collect();
            let Some(at) = headline(&reports, &day, &chosen) else { continue };
            let Some(report) = reports.get(at) else { continue };
            let count = |list: &Vec<usize>| u32::try_from(list.len()).unwrap_or(u32::MAX);
            let entry = Entry {
                day: number,
                weight: day.weight(),
                published_count: count(&day.published),
                mention_count: count(&day.mentioned),
                article: stored_article(report.stored.clone()),
            };
            entries.push((entry, at));
        }
        entries.sort_by_key(|(entry, _)| entry.day);
        let entries = entries.into_iter().map(|(entry, _)| entry).collect();
        Ok(Timeline { topic, entries, article_count: reports.len() })
    }

    /// The days that the opening of a topic's most recent articles names, each with how many texts
    /// name it, in order of time; of more than `limit` those named most.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn topic_mentions(
        &self,
        id: TopicId,
        limit: usize,
    ) -> Result<Vec<(i64, u32)>, Error> {
        let mut ids = self.members_of(id)?;
        ids.truncate(look::FACE_MEMBERS);
        let mut counts = BTreeMap::<i64, u32>::new();
        for report in self.reports(&ids).await?.iter().filter(|report| !report.is_copy) {
            for day in &report.mentions {
                *counts.entry(*day).or_insert(0) += 1;
            }
        }
        let mut days: Vec<(i64, u32)> = counts.into_iter().collect();
        days.sort_by_key(|(day, count)| (std::cmp::Reverse(*count), *day));
        days.truncate(limit);
        days.sort_unstable();
        Ok(days)
    }

    async fn reports(&self, ids: &[ArticleId]) -> Result<Vec<Report>, Error> {
        let reader = &self.topics()?.reader;
        let mut reports = Vec::with_capacity(ids.len());
        let mut groups = BTreeSet::new();
        // In the order of arrival, so that of copies the first counts.
        for stored in self.store.fetch(ids, Vectors::Yes).await?.into_iter().flatten().rev() {
            let Some((embedding, _)) = stored.vectors.clone() else { continue };
            // As it counts for its topics: an article without a date counts as of its arrival.
            let entered = self.topics()?.book().articles.get(&stored.article.id).copied();
            let day = day_of(entered.map_or_else(|| reader.at(&stored), |one| one.member.at));
            let record = &stored.article.record;
            let text = look::opening(record);
            let mentions = date::dates(&text, record.date())
                .into_iter()
                .filter(|mention| mention.certainty != Certainty::Vague)
                .filter_map(|mention| mention.from)
                .map(|date| date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24)
                .filter(|named| *named != day && (named - day).abs() <= REACH_DAYS)
                .collect();
            let is_copy = !groups.insert(stored.membership.group);
            reports.push(Report { stored, embedding, day, mentions, is_copy });
            if reports.len() % 32 == 0 {
                tokio::task::yield_now().await;
            }
        }
        Ok(reports)
    }
}

/// The most central of a day's articles that says none of what was `chosen`.
fn headline(reports: &[Report], day: &Day, chosen: &[&Report]) -> Option<usize> {
    let of_day = if day.published.is_empty() { &day.mentioned } else { &day.published };
    let of_day: Vec<(usize, &Report)> =
        of_day.iter().filter_map(|at| Some((*at, reports.get(*at)?))).collect();
    let members: Vec<topic::Member<'_>> = of_day
        .iter()
        .map(|(_, report)| topic::Member {
            id: report.stored.article.id,
            title: &report.stored.article.record.title,
            embedding: &report.embedding,
        })
        .collect();
    for (id, _) in topic::ranked(&members) {
        let found = of_day.iter().find(|(_, report)| report.stored.article.id == id);
        let Some((at, report)) = found else { continue };
        if !chosen.iter().any(|other| says_the_same(report, other)) {
            return Some(*at);
        }
    }
    None
}

fn says_the_same(left: &Report, right: &Report) -> bool {
    let title = |report: &Report| pairs(&report.stored.article.record.title);
    left.stored.article.id == right.stored.article.id
        || left.embedding.similarity(&right.embedding) >= SAME_SIMILARITY
        || overlap(&title(left), &title(right)) >= SAME_TITLE
}

/// Neighbouring characters of a headline, punctuation left out.
fn pairs(title: &str) -> BTreeSet<(char, char)> {
    let chars: Vec<char> = title.chars().filter(|c| c.is_alphanumeric()).collect();
    chars.iter().copied().zip(chars.iter().copied().skip(1)).collect()
}

/// Shared pairs over all pairs; 0 where there are none.
fn overlap(left: &BTreeSet<(char, char)>, right: &BTreeSet<(char, char)>) -> f64 {
    let shared = left.intersection(right).count();
    let all = left.len() + right.len() - shared;
    #[expect(clippy::cast_precision_loss, reason = "pairs of a headline")]
    let share = if all == 0 { 0.0 } else { shared as f64 / all as f64 };
    share
}

#[cfg(test)]
mod tests {
    use super::overlap;
    use super::pairs;

    #[test]
    fn headlines_that_say_the_same_share_most_pairs() {
        let same = overlap(&pairs("清河大桥今日通车"), &pairs("清河大桥，今日通车！"));
        assert!((same - 1.0).abs() < 1e-9);
        assert!(overlap(&pairs("清河大桥今日通车"), &pairs("清河水位回落")) < 0.3);
        assert!(overlap(&pairs(""), &pairs("")).abs() < 1e-9);
    }
}
