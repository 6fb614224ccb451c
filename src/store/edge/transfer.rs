//! Reads and writes the points of a folder as they are, for moving an index.

use std::collections::BTreeMap;
use std::collections::HashMap;

use async_trait::async_trait;
use qdrant_edge::EdgeShard;
use qdrant_edge::Payload;
use qdrant_edge::PointId;
use qdrant_edge::PointInsertOperations;
use qdrant_edge::PointOperations;
use qdrant_edge::PointStructPersisted;
use qdrant_edge::Record;
use qdrant_edge::RetrieveRequest;
use qdrant_edge::ScrollRequest;
use qdrant_edge::SparseVector;
use qdrant_edge::UpdateOperation;
use qdrant_edge::VectorInternal;
use qdrant_edge::VectorPersisted;
use qdrant_edge::VectorStructInternal;
use qdrant_edge::VectorStructPersisted;
use qdrant_edge::WithPayloadInterface;
use qdrant_edge::WithVector;
use uuid::Uuid;

use crate::Error;
use crate::edge::EdgeStore;
use crate::edge::error;
use crate::edge::shard::Shard;
use crate::edge::topics::CENTROID;
use crate::edge::topics::TopicShard;
use crate::edge::writer::Change;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::raw::Kept;
use crate::raw::Part;
use crate::raw::Transfer;
use wenmai_domain::limit::Limit;

#[async_trait]
impl Transfer for EdgeStore {
    async fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error> {
        self.read(move |shard| shard.dump(part, from, limit)).await
    }

    async fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error> {
        self.read(move |shard| shard.pick(part, ids)).await
    }

    async fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error> {
        self.write(Change::Load(part, points)).await.map(|_none| ())
    }
}

impl Shard {
    fn part(&self, part: Part) -> Result<&EdgeShard, Error> {
        match part {
            Part::Articles => Ok(&self.engine),
            Part::Topics => self.topics().map(TopicShard::engine),
        }
    }

    /// Reads points in ascending order of id, from `from` on, with the id at which the next page
    /// starts.
    fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error> {
        let mut request = ScrollRequest::new();
        // Points with a number, which are rows of the log, come before those with a UUID.
        request.offset = Some(PointId::Uuid(from));
        request.limit = Some(limit.count());
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        request.with_vector = WithVector::Bool(true);
        let (records, next) = self.part(part)?.scroll(request).map_err(error::engine)?;
        let points = records.into_iter().map(kept).collect::<Result<_, _>>()?;
        Ok((points, next.as_ref().map(uuid).transpose()?))
    }

    /// Reads the points of `ids` that exist.
    fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error> {
        let ids = ids.into_iter().map(PointId::Uuid).collect();
        let mut request = RetrieveRequest::new(ids);
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        request.with_vector = Some(WithVector::Bool(true));
        let found = self.part(part)?.retrieve(request).map_err(error::engine)?;
        found.into_iter().map(kept).collect()
    }

    /// Writes points as they are.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error> {
        let points = points.into_iter().map(|point| persisted(part, point)).collect();
        let insert = PointInsertOperations::PointsList(points);
        let operation = UpdateOperation::PointOperation(PointOperations::UpsertPoints(insert));
        let done = self.part(part)?.update(operation).map_err(error::engine);
        self.known.forget_all();
        done
    }
}

fn uuid(id: &PointId) -> Result<Uuid, Error> {
    match id {
        PointId::Uuid(uuid) => Ok(*uuid),
        PointId::NumId(number) => Err(error::failed(format!("point {number} is out of order"))),
    }
}

fn kept(record: Record) -> Result<Kept, Error> {
    let id = uuid(&record.id)?;
    let payload = record.payload.unwrap_or_default().0;
    let (mut dense, mut sparse) = (None, BTreeMap::new());
    let named = match record.vector {
        Some(VectorStructInternal::Named(named)) => named,
        Some(_) => return Err(error::failed("point has no named vectors")),
        None => HashMap::new(),
    };
    for (name, vector) in named {
        match vector {
            VectorInternal::Dense(values) => dense = Some(values),
            VectorInternal::Sparse(SparseVector { indices, values }) => {
                let name = if name == TERMS { TERMS } else { REPRINT };
                let mut pairs: Vec<(u32, f32)> = indices.into_iter().zip(values).collect();
                pairs.sort_unstable_by_key(|(index, _)| *index);
                if !pairs.is_empty() {
                    sparse.insert(name, pairs);
                }
            }
            VectorInternal::MultiDense(_) => {
                return Err(error::failed("point has a vector of another kind"));
            }
        }
    }
    Ok(Kept { id, payload, dense, sparse })
}

fn persisted(part: Part, point: Kept) -> PointStructPersisted {
    let Kept { id, payload, dense, mut sparse } = point;
    let mut vectors = HashMap::new();
    let name = match part {
        Part::Articles => TEXT,
        Part::Topics => CENTROID,
    };
    if let Some(dense) = dense {
        vectors.insert(name.to_owned(), VectorPersisted::Dense(dense));
    }
    if part == Part::Articles {
        for name in [TERMS, REPRINT] {
            let (indices, values) = sparse.remove(name).unwrap_or_default().into_iter().unzip();
            let vector = VectorPersisted::Sparse(SparseVector { indices, values });
            vectors.insert(name.to_owned(), vector);
        }
    }
    PointStructPersisted {
        id: PointId::Uuid(id),
        vector: VectorStructPersisted::Named(vectors),
        payload: Some(Payload(payload)),
    }
}
