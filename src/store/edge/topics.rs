//! The engine's shard of topics, beside that of the articles.
//!
//! Points with a number are rows of the change log, number 0 is the mark, and points with a UUID
//! are topics. Only topics have a vector, so a search sees nothing else. The engine lists numbers
//! before UUIDs, so the log comes first in a list of all points.

use std::collections::HashMap;
use std::path::Path;

use qdrant_edge::Condition;
use qdrant_edge::Distance;
use qdrant_edge::EdgeConfig;
use qdrant_edge::EdgeConfigBuilder;
use qdrant_edge::EdgeShard;
use qdrant_edge::EdgeVectorParamsBuilder;
use qdrant_edge::FieldCondition;
use qdrant_edge::Filter;
use qdrant_edge::Match;
use qdrant_edge::MatchValue;
use qdrant_edge::Memory;
use qdrant_edge::NamedQuery;
use qdrant_edge::Payload;
use qdrant_edge::PointId;
use qdrant_edge::PointInsertOperations;
use qdrant_edge::PointOperations;
use qdrant_edge::PointStructPersisted;
use qdrant_edge::QueryEnum;
use qdrant_edge::QueryRequest;
use qdrant_edge::RetrieveRequest;
use qdrant_edge::ScoringQuery;
use qdrant_edge::ScrollRequest;
use qdrant_edge::UpdateOperation;
use qdrant_edge::ValueVariants;
use qdrant_edge::VectorInternal;
use qdrant_edge::VectorPersisted;
use qdrant_edge::VectorStructPersisted;
use qdrant_edge::WithPayloadInterface;
use serde_json::Map;
use serde_json::Value;

use crate::Error;
use crate::Mark;
use crate::Row;
use crate::TopicPoint;
use crate::edge::error;
use crate::edge::filter;
use crate::edge::tuning;
use crate::payload;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// The name of the vector of a topic.
pub const CENTROID: &str = "centroid";
/// Key of the name of a topic's level; the store's own key.
const LEVEL: &str = "level";
/// The id of the point that holds the mark.
const MARK: PointId = PointId::NumId(0);
const PROJECTED: &str = "projected";
const ARRIVAL: &str = "arrival";
const UNSETTLED: &str = "unsettled";
/// Points in one entry of the engine's own log.
const POINTS_PER_UPDATE: usize = 256;
/// How many more topics are asked for than wanted, so that those that tie with the last are seen.
const TIE_MARGIN: usize = 64;

/// The open shard of the topics.
#[derive(Debug)]
pub struct TopicShard {
    engine: EdgeShard,
}

impl TopicShard {
    /// Opens the shard in `folder`, or creates it.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Full`]; both name the data folder `data`.
    pub fn open(folder: &Path, data: &Path, dim: usize) -> Result<Self, Error> {
        let unusable = |source| error::folder(data, source);
        std::fs::create_dir_all(folder).map_err(|source| error::folder(data, source))?;
        let engine = match EdgeConfig::load(folder) {
            None => EdgeShard::new(folder, config(dim)),
            Some(stored) => {
                stored.map_err(unusable)?;
                EdgeShard::load(folder, Some(config(dim)))
            }
        };
        Ok(Self { engine: engine.map_err(unusable)? })
    }

    /// The folder of the shard's files.
    pub fn folder(&self) -> &Path {
        self.engine.path()
    }

    /// The engine, for the other points that are kept in this shard.
    pub fn engine(&self) -> &EdgeShard {
        &self.engine
    }

    /// Writes every segment out.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn flush(&self) -> Result<(), Error> {
        self.engine.flush().map_err(error::engine)
    }

    /// Merges segments where that is due.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn optimize(&self) -> Result<(), Error> {
        self.engine.optimize().map_err(error::engine)?;
        self.flush()
    }

    /// Appends rows to the log and replaces the mark.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn append(&self, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        let row = |Row { version, value }| point(PointId::NumId(version), None, value);
        let points: Vec<PointStructPersisted> = rows.into_iter().map(row).collect();
        self.write(points)?;
        let Mark { projected, arrival, unsettled } = mark;
        let value = [
            (PROJECTED, projected.into()),
            (ARRIVAL, arrival.into()),
            (UNSETTLED, payload::ids(&unsettled)),
        ];
        let value = value.map(|(key, value)| (key.to_owned(), value));
        // Written last, once the rows that the mark counts exist.
        self.write(vec![point(MARK, None, value.into_iter().collect())])
    }

    /// Reads rows of the log in ascending order, from number `from` on.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        let mut request = ScrollRequest::new();
        request.offset = Some(PointId::NumId(from.max(1)));
        request.limit = Some(limit.count());
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        let (records, _next) = self.engine.scroll(request).map_err(error::engine)?;
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            let PointId::NumId(version) = record.id else { break };
            rows.push(Row { version, value: record.payload.unwrap_or_default().0 });
        }
        Ok(rows)
    }

    /// Reads the mark; all zero in a new shard.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn mark(&self) -> Result<Mark, Error> {
        let mut request = RetrieveRequest::new(vec![MARK]);
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        let found = self.engine.retrieve(request).map_err(error::engine)?;
        let Some(record) = found.into_iter().next() else { return Ok(Mark::default()) };
        let value = record.payload.unwrap_or_default().0;
        let number = |key: &str| {
            let missing = || error::failed(format!("the mark has no `{key}`"));
            value.get(key).and_then(Value::as_u64).ok_or_else(missing)
        };
        let unsettled = payload::ids_of(value.get(UNSETTLED));
        Ok(Mark { projected: number(PROJECTED)?, arrival: number(ARRIVAL)?, unsettled })
    }

    /// Writes the points of topics.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn show(&self, topics: Vec<TopicPoint>) -> Result<(), Error> {
        let write = |TopicPoint { id, level, centroid, mut payload }| {
            payload.insert(LEVEL.to_owned(), level.name().into());
            point(PointId::Uuid(id.uuid()), centroid, payload)
        };
        self.write(topics.into_iter().map(write).collect())
    }

    fn write(&self, points: Vec<PointStructPersisted>) -> Result<(), Error> {
        let mut points = points.into_iter().peekable();
        while points.peek().is_some() {
            let batch = points.by_ref().take(POINTS_PER_UPDATE).collect();
            let insert = PointInsertOperations::PointsList(batch);
            let operation = PointOperations::UpsertPoints(insert);
            let operation = UpdateOperation::PointOperation(operation);
            self.engine.update(operation).map_err(error::engine)?;
        }
        Ok(())
    }

    /// Finds the topics of `level` whose centroid is most similar to `query`, with the cosine.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn nearest(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        let query = NamedQuery {
            query: VectorInternal::Dense(query.values().to_vec()),
            using: Some(CENTROID.to_owned()),
        };
        let value = ValueVariants::String(level.name().into());
        let value = Match::Value(MatchValue { value });
        let condition = FieldCondition::new_match(filter::path(LEVEL), value);
        let mut request = QueryRequest::new(limit.count() + TIE_MARGIN);
        request.query = Some(ScoringQuery::Vector(QueryEnum::Nearest(query)));
        request.filter = Some(Filter::new_must(Condition::Field(condition)));
        let mut hits = Vec::new();
        for hit in self.engine.query(request).map_err(error::engine)? {
            let PointId::Uuid(id) = hit.id else { continue };
            hits.push((TopicId::from(id), hit.score.clamp(-1.0, 1.0)));
        }
        hits.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        hits.truncate(limit.count());
        Ok(hits)
    }
}

/// The settings of the shard. It has no graph: topics are scanned, and there are fewer of them than
/// articles.
fn config(dim: usize) -> EdgeConfig {
    let centroid = EdgeVectorParamsBuilder::new(dim, Distance::Cosine)
        .memory(Memory::Cached)
        .hnsw_config(tuning::Tuning::default().graph(false))
        .build();
    EdgeConfigBuilder::new()
        .vector(CENTROID, centroid)
        .payload_memory(Memory::Cold)
        .max_search_threads(tuning::threads())
        .build()
}

fn point(
    id: PointId,
    centroid: Option<Embedding>,
    payload: Map<String, Value>,
) -> PointStructPersisted {
    let mut vectors = HashMap::new();
    if let Some(centroid) = centroid {
        let centroid = VectorPersisted::Dense(centroid.values().to_vec());
        vectors.insert(CENTROID.to_owned(), centroid);
    }
    let vector = VectorStructPersisted::Named(vectors);
    PointStructPersisted { id, vector, payload: Some(Payload(payload)) }
}
