//! Topics on the server, in a collection of their own beside that of the articles.
//!
//! Points with a number are rows of the change log, number 0 is the mark, and points with a UUID
//! are topics. The mark also holds the lease and the number of the last row that counts, so that
//! one conditional write decides everything: a row is part of the log once the mark says so, and
//! the mark accepts nothing from a writer whose term has passed. What such a writer still puts
//! beyond the end of the log is not read and is replaced by the next writer; rows of a later term
//! it cannot replace.

use std::collections::BTreeMap;

use ::qdrant_client::qdrant::Condition;
use ::qdrant_client::qdrant::DenseVector;
use ::qdrant_client::qdrant::Direction;
use ::qdrant_client::qdrant::Filter;
use ::qdrant_client::qdrant::GetPoints;
use ::qdrant_client::qdrant::HasIdCondition;
use ::qdrant_client::qdrant::OrderBy;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::PointsSelector;
use ::qdrant_client::qdrant::Query;
use ::qdrant_client::qdrant::QueryPoints;
use ::qdrant_client::qdrant::ReadConsistency;
use ::qdrant_client::qdrant::ReadConsistencyType;
use ::qdrant_client::qdrant::RetrievedPoint;
use ::qdrant_client::qdrant::ScrollPoints;
use ::qdrant_client::qdrant::SetPayloadPoints;
use ::qdrant_client::qdrant::StartFrom;
use ::qdrant_client::qdrant::UpdateMode;
use ::qdrant_client::qdrant::UpsertPoints;
use ::qdrant_client::qdrant::VectorInput;
use ::qdrant_client::qdrant::WriteOrderingType;
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::r#match::MatchValue;
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::query;
use ::qdrant_client::qdrant::read_consistency;
use ::qdrant_client::qdrant::start_from;
use ::qdrant_client::qdrant::vector_input;
use serde_json::Map;
use serde_json::Value;

use crate::Arrival;
use crate::Error;
use crate::Lease;
use crate::Mark;
use crate::Placed;
use crate::Row;
use crate::TopicPoint;
use crate::payload;
use crate::server::Remote;
use crate::server::articles::POINTS_PER_WRITE;
use crate::server::articles::ordering;
use crate::server::client::Points;
use crate::server::client::completed;
use crate::server::error;
use crate::server::fence::Suspects;
use crate::server::filter;
use crate::server::schema::CENTROID;
use crate::server::wire;
use crate::topics::CALIBRATION;
use crate::topics::CALIBRATION_POINT;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// Key of the name of a topic's level; the store's own key.
const LEVEL: &str = "level";
/// The number of the point that holds the mark and the lease.
const MARK: u64 = 0;
const PROJECTED: &str = "projected";
const ARRIVAL: &str = "arrival";
const UNSETTLED: &str = "unsettled";
/// Key of the number of the last row that counts.
const VERSION: &str = "version";
pub const TERM: &str = "term";
const HOLDER: &str = "holder";
const BEAT: &str = "beat";
/// How many more topics are asked for than wanted, so that those that tie with the last are seen.
const TIE_MARGIN: usize = 64;

/// What the point of the mark holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// How far the work on topics has come.
    pub mark: Mark,
    /// The number of the last row that is part of the log.
    pub version: u64,
    /// Which process may write.
    pub lease: Lease,
    /// Articles that a writer of an earlier term may still send.
    pub suspects: Vec<Suspects>,
}

impl Remote {
    /// Writes the mark of a new index; leaves it as it is if there is one.
    pub async fn found(&self) -> Result<(), Error> {
        let Lease { term, holder, beat } = Lease::default();
        let mut value = Map::new();
        for (key, number) in
            [(PROJECTED, 0), (ARRIVAL, 0), (VERSION, 0), (TERM, term), (BEAT, beat)]
        {
            value.insert(key.to_owned(), number.into());
        }
        value.insert(HOLDER.to_owned(), holder.into());
        let mut request = self.upsert_topics(vec![row_point(MARK, value)]);
        request.update_mode = Some(UpdateMode::InsertOnly.into());
        self.write_topics(request).await
    }

    /// Points of the topics' collection with their payloads, as most replicas have them.
    pub(super) async fn topic_points(
        &self,
        ids: Vec<PointId>,
    ) -> Result<Vec<RetrievedPoint>, Error> {
        let request = GetPoints {
            collection_name: self.names.topics.clone(),
            ids,
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(&[])),
            read_consistency: Some(consistent()),
            timeout: Some(self.client.timeout_s()),
            ..GetPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.get(request).await }
        };
        Ok(self.client.points(call).await?.result)
    }

    /// Reads the mark, the lease, and the end of the log.
    pub async fn head(&self) -> Result<Head, Error> {
        let found = self.topic_points(vec![wire::number_point(MARK)]).await?.into_iter().next();
        let value = found.ok_or_else(|| error::failed("the mark is missing"))?.payload;
        let value = wire::from_payload(value);
        let number = |key: &str| {
            let missing = || error::failed(format!("the mark has no `{key}`"));
            value.get(key).and_then(Value::as_u64).ok_or_else(missing)
        };
        let holder = value.get(HOLDER).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Head {
            mark: Mark {
                projected: number(PROJECTED)?,
                arrival: number(ARRIVAL)?,
                unsettled: payload::ids_of(value.get(UNSETTLED)),
            },
            version: number(VERSION)?,
            lease: Lease { term: number(TERM)?, holder, beat: number(BEAT)? },
            suspects: Suspects::read(&value),
        })
    }

    /// Replaces the lease by `next` if it still equals `seen`, and returns whether it did.
    pub async fn swap_lease(&self, seen: Lease, next: Lease) -> Result<bool, Error> {
        let still = filter::must([
            number_is(TERM, seen.term)?,
            number_is(BEAT, seen.beat)?,
            filter::equals(HOLDER, MatchValue::Keyword(seen.holder)),
        ]);
        let mut value = Map::new();
        value.insert(TERM.to_owned(), next.term.into());
        value.insert(BEAT.to_owned(), next.beat.into());
        value.insert(HOLDER.to_owned(), next.holder.clone().into());
        self.set_mark(value, still).await?;
        // The server does not tell whether the condition held, so the lease is read again.
        Ok(self.head().await?.lease == next)
    }

    /// Appends rows to the log and replaces the mark, if the lease is still in `term`.
    pub async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        let last = rows.iter().map(|row| row.version).max();
        // A row of a later term must stay.
        let writer = Self { term, ..self.clone() };
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let batch = rows.by_ref().take(POINTS_PER_WRITE);
            let batch = batch.map(|Row { version, value }| row_point(version, value));
            writer.upsert_in_time(batch.collect()).await?;
        }
        let Mark { projected, arrival, unsettled } = mark;
        let mut value = Map::new();
        value.insert(UNSETTLED.to_owned(), payload::ids(&unsettled));
        value.insert(PROJECTED.to_owned(), projected.into());
        value.insert(ARRIVAL.to_owned(), arrival.into());
        if let Some(last) = last {
            value.insert(VERSION.to_owned(), last.into());
        }
        // Written last, once the rows that the mark counts exist.
        self.set_mark(value, filter::must([number_is(TERM, term)?])).await?;
        let head = self.head().await?;
        if head.lease.term == term { Ok(()) } else { Err(Error::Fenced { term }) }
    }

    /// Sets keys of the mark if it satisfies `condition`.
    pub async fn set_mark(
        &self,
        value: Map<String, Value>,
        condition: Filter,
    ) -> Result<(), Error> {
        let only_mark = HasIdCondition { has_id: vec![wire::number_point(MARK)] };
        let only_mark = ConditionOneOf::HasId(only_mark);
        let only_mark = Condition { condition_one_of: Some(only_mark) };
        let mut condition = condition;
        condition.must.push(only_mark);
        let selector = PointsSelectorOneOf::Filter(condition);
        let request = SetPayloadPoints {
            collection_name: self.names.topics.clone(),
            wait: Some(true),
            payload: wire::to_payload(value),
            points_selector: Some(PointsSelector { points_selector_one_of: Some(selector) }),
            ordering: Some(ordering(WriteOrderingType::Strong)),
            timeout: Some(self.client.timeout_s()),
            ..SetPayloadPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.set_payload(request).await }
        };
        completed(self.client.points(call).await?.result)
    }

    /// Reads rows of the log in ascending order, from number `from` on.
    pub async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        let (from, end) = (from.max(1), self.head().await?.version);
        if from > end {
            return Ok(Vec::new());
        }
        let (points, _next) = self.scroll_topics(wire::number_point(from), limit, false).await?;
        let mut rows = Vec::with_capacity(points.len());
        for point in points {
            let Some(version) = wire::number_of(point.id.as_ref()) else { break };
            if version > end {
                break;
            }
            rows.push(Row { version, value: wire::from_payload(point.payload) });
        }
        Ok(rows)
    }

    /// Lists points of the topics' collection in order of id, with the id at which the next page
    /// starts.
    pub async fn scroll_topics(
        &self,
        from: PointId,
        limit: Limit,
        vectors: bool,
    ) -> Result<(Vec<RetrievedPoint>, Option<PointId>), Error> {
        let names: &[&str] = if vectors { &[CENTROID] } else { &[] };
        self.scroll(ScrollPoints {
            collection_name: self.names.topics.clone(),
            offset: Some(from),
            limit: u32::try_from(limit.count()).ok(),
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(names)),
            read_consistency: Some(consistent()),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        })
        .await
    }

    /// Writes the points of topics, and notes the placements on the articles.
    pub async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        for piece in topics.chunks(POINTS_PER_WRITE) {
            let points = piece.iter().map(topic_point).collect();
            self.upsert_in_time(points).await?;
        }
        let placed: BTreeMap<ArticleId, Placed> =
            placed.into_iter().map(|one| (one.article, one)).collect();
        let note = |Placed { article, arrival, placement }| {
            let Placement { event, story } = placement;
            let mut value = Map::new();
            value.insert(payload::ARRIVAL.to_owned(), arrival.into());
            value.insert(payload::EVENT.to_owned(), event.to_string().into());
            value.insert(payload::STORY.to_owned(), story.to_string().into());
            self.set_payload(&article, value)
        };
        self.update_articles(placed.into_values().map(note).collect::<Result<_, _>>()?).await
    }

    /// Keeps how the cosines of the model are measured. All processes make the same of the same archive,
    /// so no lease is asked for.
    pub async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        let value = Map::from_iter([(CALIBRATION.to_owned(), calibration.into())]);
        let point = PointStruct {
            id: Some(wire::uuid_point(CALIBRATION_POINT)),
            payload: wire::to_payload(value),
            vectors: Some(wire::named([])),
        };
        self.write_topics(self.upsert_topics(vec![point])).await
    }

    /// Reads what [`Remote::keep_calibration`] kept.
    pub async fn calibration(&self) -> Result<Option<String>, Error> {
        let request = GetPoints {
            collection_name: self.names.topics.clone(),
            ids: vec![wire::uuid_point(CALIBRATION_POINT)],
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(&[])),
            timeout: Some(self.client.timeout_s()),
            ..GetPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.get(request).await }
        };
        let found = self.client.points(call).await?.result.into_iter().next();
        let value = found.map(|point| wire::from_payload(point.payload));
        let text = value.as_ref().and_then(|value| value.get(CALIBRATION)?.as_str());
        Ok(text.map(str::to_owned))
    }

    /// Makes the request to write these points into the topics' collection.
    pub fn upsert_topics(&self, points: Vec<PointStruct>) -> UpsertPoints {
        UpsertPoints {
            collection_name: self.names.topics.clone(),
            wait: Some(true),
            points,
            ordering: Some(ordering(WriteOrderingType::Strong)),
            timeout: Some(self.client.timeout_s()),
            ..UpsertPoints::default()
        }
    }

    /// Writes these points into the topics' collection, but over none of a later term.
    pub async fn upsert_in_time(&self, mut points: Vec<PointStruct>) -> Result<(), Error> {
        for point in &mut points {
            self.stamp(&mut point.payload);
        }
        let mut request = self.upsert_topics(points);
        request.update_filter = Some(filter::must([self.in_time()?]));
        self.write_topics(request).await
    }

    /// Sends a request of [`Remote::upsert_topics`] and waits until it is completed.
    pub async fn write_topics(&self, request: UpsertPoints) -> Result<(), Error> {
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.upsert(request).await }
        };
        completed(self.client.points(call).await?.result)
    }

    /// Finds the topics of `level` whose centroid is most similar to `query`, with the cosine.
    pub async fn nearest_topics(
        &self,
        query: Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        let dense = DenseVector { data: query.values().to_vec() };
        let nearest = VectorInput { variant: Some(vector_input::Variant::Dense(dense)) };
        let level = MatchValue::Keyword(level.name().to_owned());
        let request = QueryPoints {
            collection_name: self.names.topics.clone(),
            query: Some(Query { variant: Some(query::Variant::Nearest(nearest)) }),
            using: Some(CENTROID.to_owned()),
            filter: Some(filter::must([filter::equals(LEVEL, level)])),
            limit: u64::try_from(limit.count() + TIE_MARGIN).ok(),
            with_payload: Some(wire::with_payload(false)),
            timeout: Some(self.client.timeout_s()),
            ..QueryPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.query(request).await }
        };
        let mut hits = Vec::new();
        for hit in self.client.points(call).await?.result {
            let Some(id) = wire::uuid_of(hit.id.as_ref())? else { continue };
            hits.push((TopicId::from(id), hit.score.clamp(-1.0, 1.0)));
        }
        hits.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        hits.truncate(limit.count());
        Ok(hits)
    }

    /// Lists articles with an arrival number above `after`, in the order of arrival.
    pub async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        let from = i64::try_from(after.saturating_add(1)).map_err(error::failed)?;
        let from = StartFrom { value: Some(start_from::Value::Integer(from)) };
        self.by_arrival(Direction::Asc, Some(from), limit.count()).await
    }

    /// The highest arrival number of a stored article; 0 if there are none.
    pub async fn last_arrival(&self) -> Result<u64, Error> {
        let last = self.by_arrival(Direction::Desc, None, 1).await?;
        Ok(last.first().map_or(0, |last| last.arrival))
    }

    async fn by_arrival(
        &self,
        direction: Direction,
        start_from: Option<StartFrom>,
        limit: usize,
    ) -> Result<Vec<Arrival>, Error> {
        let key = payload::ARRIVAL;
        let order = OrderBy { key: key.to_owned(), direction: Some(direction.into()), start_from };
        let request = ScrollPoints {
            collection_name: self.names.articles.clone(),
            limit: u32::try_from(limit).ok(),
            order_by: Some(order),
            with_payload: Some(wire::with_keys(&[key])),
            with_vectors: Some(wire::with_vectors(&[])),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        };
        let (points, _next) = self.scroll(request).await?;
        let mut arrivals = Vec::with_capacity(points.len());
        for point in points {
            let value = wire::from_payload(point.payload);
            let arrival = value.get(key).and_then(Value::as_u64).unwrap_or(0);
            arrivals.push(Arrival { arrival, article: wire::article_of(point.id.as_ref())? });
        }
        Ok(arrivals)
    }
}

/// Reads what most replicas agree on: the log must not seem shorter where one replica lags behind.
pub fn consistent() -> ReadConsistency {
    let majority = read_consistency::Value::Type(ReadConsistencyType::Majority.into());
    ReadConsistency { value: Some(majority) }
}

/// The condition that the number under `key` is `number`.
pub fn number_is(key: &str, number: u64) -> Result<Condition, Error> {
    let number = i64::try_from(number).map_err(error::failed)?;
    Ok(filter::equals(key, MatchValue::Integer(number)))
}

fn row_point(version: u64, value: Map<String, Value>) -> PointStruct {
    PointStruct {
        id: Some(wire::number_point(version)),
        payload: wire::to_payload(value),
        vectors: Some(wire::named([])),
    }
}

fn topic_point(topic: &TopicPoint) -> PointStruct {
    let TopicPoint { id, level, centroid, payload } = topic;
    let mut payload = payload.clone();
    payload.insert(LEVEL.to_owned(), level.name().into());
    let centroid = centroid.as_ref().map(|centroid| (CENTROID, wire::dense(centroid.values())));
    PointStruct {
        id: Some(wire::uuid_point(id.uuid())),
        payload: wire::to_payload(payload),
        vectors: Some(wire::named(centroid)),
    }
}
