//! Reads and writes the points of a server as they are, for moving an index.

use std::collections::BTreeMap;

use ::qdrant_client::qdrant::DenseVector;
use ::qdrant_client::qdrant::GetPoints;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::RetrievedPoint;
use ::qdrant_client::qdrant::ScrollPoints;
use ::qdrant_client::qdrant::SparseVector;
use ::qdrant_client::qdrant::vector_output;
use async_trait::async_trait;
use uuid::Uuid;

use crate::Error;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::raw::Kept;
use crate::raw::Part;
use crate::raw::Transfer;
use crate::server::Remote;
use crate::server::ServerStore;
use crate::server::client::Points;
use crate::server::error;
use crate::server::schema::CENTROID;
use crate::server::wire;
use wenmai_domain::limit::Limit;

/// The most points in one write.
const POINTS_PER_WRITE: usize = 64;

#[async_trait]
impl Transfer for ServerStore {
    async fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error> {
        self.call(|remote| async move { remote.dump(part, from, limit).await }).await
    }

    async fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error> {
        self.call(|remote| async move { remote.pick(part, ids).await }).await
    }

    async fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error> {
        self.call(|remote| async move { remote.load(part, points).await }).await
    }
}

impl Remote {
    fn collection(&self, part: Part) -> String {
        match part {
            Part::Articles => self.names.articles.clone(),
            Part::Topics => self.names.topics.clone(),
        }
    }

    async fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error> {
        let request = ScrollPoints {
            collection_name: self.collection(part),
            // Points with a number, which are rows of the log, come before those with a UUID.
            offset: Some(wire::uuid_point(from)),
            limit: u32::try_from(limit.count()).ok(),
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(names(part))),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        };
        let (points, next) = self.scroll(request).await?;
        let points = points.into_iter().map(kept).collect::<Result<_, _>>()?;
        let next = next.map(|next| wire::uuid_of(Some(&next))).transpose()?;
        Ok((points, next.flatten()))
    }

    async fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = GetPoints {
            collection_name: self.collection(part),
            ids: ids.into_iter().map(wire::uuid_point).collect(),
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(names(part))),
            timeout: Some(self.client.timeout_s()),
            ..GetPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.get(request).await }
        };
        self.client.points(call).await?.result.into_iter().map(kept).collect()
    }

    async fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error> {
        for piece in points.chunks(POINTS_PER_WRITE) {
            let points = piece.iter().map(|point| loaded(part, point.clone())).collect();
            match part {
                Part::Articles => self.write_articles(points, None).await?,
                Part::Topics => self.write_topics(self.upsert_topics(points)).await?,
            }
        }
        Ok(())
    }
}

fn names(part: Part) -> &'static [&'static str] {
    match part {
        Part::Articles => &[TEXT, TERMS, REPRINT],
        Part::Topics => &[CENTROID],
    }
}

fn kept(point: RetrievedPoint) -> Result<Kept, Error> {
    let id = wire::uuid_of(point.id.as_ref())?;
    let id = id.ok_or_else(|| error::failed("a point with a number is out of order"))?;
    let (mut dense, mut sparse) = (None, BTreeMap::new());
    for (name, vector) in wire::vectors_of(point.vectors) {
        match vector {
            vector_output::Vector::Dense(DenseVector { data }) => dense = Some(data),
            vector_output::Vector::Sparse(SparseVector { indices, values }) => {
                let name = if name == TERMS { TERMS } else { REPRINT };
                let mut pairs: Vec<(u32, f32)> = indices.into_iter().zip(values).collect();
                pairs.sort_unstable_by_key(|(index, _)| *index);
                if !pairs.is_empty() {
                    sparse.insert(name, pairs);
                }
            }
            vector_output::Vector::MultiDense(_) => {
                return Err(error::failed("point has a vector of another kind"));
            }
        }
    }
    Ok(Kept { id, payload: wire::from_payload(point.payload), dense, sparse })
}

fn loaded(part: Part, point: Kept) -> PointStruct {
    let Kept { id, payload, dense, mut sparse } = point;
    let mut vectors = Vec::new();
    let name = match part {
        Part::Articles => TEXT,
        Part::Topics => CENTROID,
    };
    vectors.extend(dense.map(|dense| (name, wire::dense_of(dense))));
    if part == Part::Articles {
        for name in [TERMS, REPRINT] {
            let (indices, values) = sparse.remove(name).unwrap_or_default().into_iter().unzip();
            vectors.push((name, wire::sparse(indices, values)));
        }
    }
    PointStruct {
        id: Some(wire::uuid_point(id)),
        payload: wire::to_payload(payload),
        vectors: Some(wire::named(vectors)),
    }
}
