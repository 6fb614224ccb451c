//! The part of the store in memory that keeps topics. It keeps the arrival number of a placement,
//! and not the topics, which no query of a store reads.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use serde_json::Map;
use serde_json::Value;

use crate::Arrival;
use crate::Checkpoint;
use crate::Error;
use crate::Lease;
use crate::Mark;
use crate::Placed;
use crate::Row;
use crate::TopicPoint;
use crate::TopicStore;
use crate::memory::MemoryStore;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// The log, its mark, the points of the topics, the checkpoint and the calibration.
#[derive(Debug, Default)]
pub struct Topics {
    rows: BTreeMap<u64, Map<String, Value>>,
    mark: Mark,
    points: BTreeMap<TopicId, TopicPoint>,
    checkpoint: Option<Checkpoint>,
    calibration: Option<String>,
}

#[async_trait]
impl TopicStore for MemoryStore {
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        let _held = self.lease.hold(term)?;
        self.write_topics(|topics| {
            topics.rows.extend(rows.into_iter().map(|Row { version, value }| (version, value)));
            topics.mark = mark;
        })
    }

    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        self.read_topics(|topics| {
            let rows = topics.rows.range(from..).take(limit.count());
            rows.map(|(version, value)| Row { version: *version, value: value.clone() }).collect()
        })
    }

    async fn mark(&self) -> Result<Mark, Error> {
        self.read_topics(|topics| topics.mark.clone())
    }

    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        for centroid in topics.iter().filter_map(|topic| topic.centroid.as_ref()) {
            self.check(centroid)?;
        }
        if !self.is_overtaken() {
            self.write_topics(|kept| {
                kept.points.extend(topics.into_iter().map(|topic| (topic.id, topic)));
            })?;
        }
        self.write(|points, touch| {
            for Placed { article, arrival, placement: _ } in placed {
                if let Some(point) = points.get_mut(&article).filter(|_| touch(article, true)) {
                    point.arrival = arrival;
                }
            }
        })
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        if self.is_overtaken() {
            return Ok(());
        }
        self.write_topics(|topics| topics.checkpoint = Some(checkpoint))
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.read_topics(|topics| topics.checkpoint.clone())
    }

    async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        self.write_topics(|topics| topics.calibration = Some(calibration))
    }

    async fn calibration(&self) -> Result<Option<String>, Error> {
        self.read_topics(|topics| topics.calibration.clone())
    }

    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        self.check(query)?;
        self.read_topics(|topics| {
            let of_level = topics.points.values().filter(|topic| topic.level == level);
            let mut hits: Vec<(TopicId, f32)> = of_level
                .filter_map(|topic| Some((topic.id, topic.centroid.as_ref()?.similarity(query))))
                .collect();
            hits.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
            hits.truncate(limit.count());
            hits
        })
    }

    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        self.read(|points| {
            let mut arrivals: Vec<Arrival> = points
                .values()
                .filter(|point| point.arrival > after)
                .map(|point| Arrival { arrival: point.arrival, article: point.article.id })
                .collect();
            arrivals.sort_unstable();
            arrivals.truncate(limit.count());
            arrivals
        })
    }

    async fn last_arrival(&self) -> Result<u64, Error> {
        self.read(|points| points.values().map(|point| point.arrival).max().unwrap_or(0))
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    async fn lease(&self) -> Result<Lease, Error> {
        self.read(|_open| self.lease.look())
    }

    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error> {
        let swapped = self.read(|_open| self.lease.swap(seen, next))?;
        if swapped {
            self.term.store(next.term, Ordering::Release);
        }
        Ok(swapped)
    }

    async fn fence(&self, term: u64, articles: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        self.read(|points| self.fence.raise(term, &articles, |id| points.contains_key(id)))
    }
}
