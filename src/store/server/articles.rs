//! Articles on the server: writing, reading, searching and listing them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use ::qdrant_client::qdrant::AcornSearchParams;
use ::qdrant_client::qdrant::CountPoints;
use ::qdrant_client::qdrant::DeletePoints;
use ::qdrant_client::qdrant::DenseVector;
use ::qdrant_client::qdrant::Filter as Wanted;
use ::qdrant_client::qdrant::GetPoints;
use ::qdrant_client::qdrant::IdfParams;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::PointVectors;
use ::qdrant_client::qdrant::PointsUpdateOperation;
use ::qdrant_client::qdrant::Query;
use ::qdrant_client::qdrant::QueryPoints;
use ::qdrant_client::qdrant::RetrievedPoint;
use ::qdrant_client::qdrant::ScrollPoints;
use ::qdrant_client::qdrant::SearchParams;
use ::qdrant_client::qdrant::SparseVector;
use ::qdrant_client::qdrant::UpdateBatchPoints;
use ::qdrant_client::qdrant::UpsertPoints;
use ::qdrant_client::qdrant::VectorInput;
use ::qdrant_client::qdrant::WithPayloadSelector;
use ::qdrant_client::qdrant::WriteOrdering;
use ::qdrant_client::qdrant::WriteOrderingType;
use ::qdrant_client::qdrant::points_update_operation::Operation;
use ::qdrant_client::qdrant::points_update_operation::UpdateVectors;
use ::qdrant_client::qdrant::query;
use ::qdrant_client::qdrant::vector_input;
use futures::StreamExt as _;
use futures::TryStreamExt as _;

use crate::Alike;
use crate::Error;
use crate::Listing;
use crate::Point;
use crate::Regroup;
use crate::Scored;
use crate::Stored;
use crate::Vectors;
use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::server::Remote;
use crate::server::client::Points;
use crate::server::client::completed;
use crate::server::error;
use crate::server::filter;
use crate::server::filter::Asked;
use crate::server::wire;
use crate::ties;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;

/// The most points in one write.
pub const POINTS_PER_WRITE: usize = 256;
/// About the most bytes in one write; the server accepts 32 MiB.
const BYTES_PER_WRITE: usize = 8 * 1024 * 1024;
/// Candidates that are held while the graph is searched.
const SEARCH_CANDIDATES: u64 = 256;
/// How many questions of one call are sent at a time.
const QUESTIONS: usize = 16;

/// A search for the best points in one of the vectors.
struct Ask {
    using: &'static str,
    nearest: vector_input::Variant,
    params: SearchParams,
    filter: Option<Wanted>,
    above: Option<f32>,
}

impl Remote {
    /// Writes points; if several have the same id, the last one counts.
    pub async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        let unique: BTreeMap<ArticleId, Point> =
            points.into_iter().map(|point| (point.article.id, point)).collect();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for (id, point) in unique {
            bytes += bytes_about(&point);
            batch.push(wire::to_point(&id, point)?);
            if batch.len() == POINTS_PER_WRITE || bytes >= BYTES_PER_WRITE {
                self.write_in_time(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
        }
        if batch.is_empty() { Ok(()) } else { self.write_in_time(batch).await }
    }

    /// Writes points in one request, but over none of a later term.
    async fn write_in_time(&self, mut points: Vec<PointStruct>) -> Result<(), Error> {
        for point in &mut points {
            self.stamp(&mut point.payload);
        }
        self.write_articles(points, Some(filter::must([self.in_time()?]))).await
    }

    /// Writes points in one request; those that exist only where they pass `update_filter`.
    pub async fn write_articles(
        &self,
        points: Vec<PointStruct>,
        update_filter: Option<Wanted>,
    ) -> Result<(), Error> {
        let request = UpsertPoints {
            update_filter,
            collection_name: self.names.articles.clone(),
            wait: Some(true),
            points,
            ordering: Some(ordering(WriteOrderingType::Medium)),
            timeout: Some(self.client.timeout_s()),
            ..UpsertPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.upsert(request).await }
        };
        completed(self.client.points(call).await?.result)
    }

    /// Reads the points of `ids`, in any order.
    pub async fn get_articles(
        &self,
        ids: Vec<PointId>,
        payload: WithPayloadSelector,
        vectors: &[&str],
    ) -> Result<Vec<RetrievedPoint>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = GetPoints {
            collection_name: self.names.articles.clone(),
            ids,
            with_payload: Some(payload),
            with_vectors: Some(wire::with_vectors(vectors)),
            timeout: Some(self.client.timeout_s()),
            ..GetPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.get(request).await }
        };
        Ok(self.client.points(call).await?.result)
    }

    /// Reads points in the order of `ids`; `None` where there is none.
    pub async fn fetch(
        &self,
        ids: Vec<ArticleId>,
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        let names: &[&str] = match vectors {
            Vectors::Yes => &[TEXT, TERMS],
            Vectors::No => &[],
        };
        let unique: BTreeSet<ArticleId> = ids.iter().copied().collect();
        let points = unique.iter().map(wire::article_point).collect();
        let mut found = HashMap::with_capacity(unique.len());
        for point in self.get_articles(points, wire::with_payload(true), names).await? {
            let point = wire::to_stored(point, vectors)?;
            found.insert(point.article.id, point);
        }
        // An id may be asked for twice, so the points are cloned and not moved out.
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Reads the embeddings of articles, in the order of `ids`; `None` where there is no article.
    pub async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        let points = ids.iter().map(wire::article_point).collect();
        let mut found = HashMap::with_capacity(ids.len());
        for point in self.get_articles(points, wire::with_payload(false), &[TEXT]).await? {
            let id = wire::article_of(point.id.as_ref())?;
            found.insert(id, wire::to_embedding(point.vectors)?);
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Reads the reprint groups of articles, in the order of `ids`; `None` where there is no
    /// article.
    pub async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        let points = ids.iter().map(wire::article_point).collect();
        let keys = wire::with_keys(&[payload::GROUP, payload::ORIGINAL]);
        let mut found = HashMap::new();
        for point in self.get_articles(points, keys, &[]).await? {
            let id = wire::article_of(point.id.as_ref())?;
            let mut payload = wire::from_payload(point.payload);
            let membership = payload::to_membership(&mut payload).map_err(error::failed)?;
            found.insert(id, membership);
        }
        Ok(ids.iter().map(|id| found.get(id).copied()).collect())
    }

    /// Deletes articles and returns which of them existed.
    pub async fn delete(&self, ids: Vec<ArticleId>) -> Result<BTreeSet<ArticleId>, Error> {
        let points = ids.iter().map(wire::article_point).collect();
        let found = self.get_articles(points, wire::with_payload(false), &[]).await?;
        let deleted: BTreeSet<ArticleId> = found
            .iter()
            .map(|point| wire::article_of(point.id.as_ref()))
            .collect::<Result<_, _>>()?;
        if deleted.is_empty() {
            return Ok(deleted);
        }
        let request = DeletePoints {
            collection_name: self.names.articles.clone(),
            wait: Some(true),
            points: Some(self.select_in_time(deleted.iter().map(wire::article_point).collect())?),
            ordering: Some(ordering(WriteOrderingType::Medium)),
            timeout: Some(self.client.timeout_s()),
            ..DeletePoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.delete(request).await }
        };
        completed(self.client.points(call).await?.result)?;
        Ok(deleted)
    }

    /// Finds the points most similar to `query`; see [`crate::VectorStore::nearest`].
    pub async fn nearest(
        &self,
        query: Embedding,
        filter: Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let filter = match filter::ask(&filter) {
            // Only with a filter does the server walk over deleted points, and without one a graph
            // whose points were replaced falls apart.
            Asked::Everything => filter::everything(),
            Asked::Nothing => return Ok(Vec::new()),
            Asked::Only(filter) => filter,
        };
        let acorn = AcornSearchParams { enable: Some(true), max_selectivity: Some(1.0) };
        let ask = Ask {
            using: TEXT,
            nearest: vector_input::Variant::Dense(DenseVector { data: query.values().to_vec() }),
            params: SearchParams {
                hnsw_ef: Some(SEARCH_CANDIDATES),
                acorn: Some(acorn),
                ..SearchParams::default()
            },
            filter: Some(filter),
            above: None,
        };
        let mut hits = self.best(&ask, limit).await?;
        for hit in &mut hits {
            hit.score = hit.score.clamp(-1.0, 1.0);
        }
        Ok(hits)
    }

    /// Finds the points with the highest BM25 sum; see [`crate::VectorStore::lexical`].
    pub async fn lexical(
        &self,
        query: TermVector,
        filter: Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let filter = match filter::ask(&filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok(Vec::new()),
            Asked::Only(filter) => Some(filter),
        };
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let sparse =
            SparseVector { indices: query.indices().to_vec(), values: query.values().to_vec() };
        // Without a corpus, deleted and replaced articles count into the IDF until the next
        // clean-up.
        let idf = IdfParams { corpus: Some(Wanted::default()) };
        let ask = Ask {
            using: TERMS,
            nearest: vector_input::Variant::Sparse(sparse),
            params: SearchParams { idf: Some(idf), ..SearchParams::default() },
            filter,
            above: None,
        };
        self.best(&ask, limit).await
    }

    /// Finds for each question the points that share the most hashes with its signature.
    pub async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        let questions = asked.into_iter().map(|one| self.alike_one(one));
        futures::stream::iter(questions).buffered(QUESTIONS).try_collect().await
    }

    async fn alike_one(&self, asked: Alike) -> Result<Vec<Scored>, Error> {
        let Alike { signature, shared_min, limit } = asked;
        if signature.is_empty() {
            return Ok(Vec::new());
        }
        let indices = signature.keys().to_vec();
        let sparse = SparseVector { values: vec![1.0; indices.len()], indices };
        #[expect(clippy::cast_precision_loss, reason = "a count of hashes, below 2^24")]
        let above = shared_min as f32 - 0.5;
        let ask = Ask {
            using: REPRINT,
            nearest: vector_input::Variant::Sparse(sparse),
            params: SearchParams::default(),
            filter: None,
            above: Some(above),
        };
        self.best(&ask, limit).await
    }

    /// The best `limit` points, ties by id.
    async fn best(&self, ask: &Ask, limit: Limit) -> Result<Vec<Scored>, Error> {
        let mut wanted = ties::wanted_first(limit);
        loop {
            let nearest = VectorInput { variant: Some(ask.nearest.clone()) };
            let request = QueryPoints {
                collection_name: self.names.articles.clone(),
                query: Some(Query { variant: Some(query::Variant::Nearest(nearest)) }),
                using: Some(ask.using.to_owned()),
                filter: ask.filter.clone(),
                params: Some(ask.params.clone()),
                score_threshold: ask.above,
                limit: Some(u64::try_from(wanted).unwrap_or(u64::MAX)),
                with_payload: Some(wire::with_payload(false)),
                with_vectors: Some(wire::with_vectors(&[])),
                timeout: Some(self.client.timeout_s()),
                ..QueryPoints::default()
            };
            let call = |mut api: Points| {
                let request = request.clone();
                async move { api.query(request).await }
            };
            let mut hits = Vec::with_capacity(wanted);
            for hit in self.client.points(call).await?.result {
                hits.push(Scored { id: wire::article_of(hit.id.as_ref())?, score: hit.score });
            }
            match ties::settled(hits, wanted, limit) {
                Ok(best) => return Ok(best),
                Err(more) => wanted = more,
            }
        }
    }

    /// Gives articles another reprint group.
    pub async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        let changes: BTreeMap<ArticleId, Regroup> =
            changes.into_iter().map(|change| (change.id, change)).collect();
        // The server fails for a point that does not exist.
        let ids: Vec<ArticleId> = changes.keys().copied().collect();
        let found = self.memberships(&ids).await?;
        let there = changes.into_values().zip(found).filter(|(_, found)| found.is_some());
        let mut operations = Vec::new();
        for (Regroup { id, membership, signature }, _) in there {
            operations.push(self.set_payload(&id, payload::from_membership(membership))?);
            let vectors = wire::named([(REPRINT, wire::signature(&signature))]);
            let point = PointVectors { id: Some(wire::article_point(&id)), vectors: Some(vectors) };
            operations.push(Operation::UpdateVectors(UpdateVectors {
                points: vec![point],
                update_filter: Some(filter::must([self.in_time()?])),
                ..UpdateVectors::default()
            }));
        }
        self.update_articles(operations).await
    }

    /// Applies several small changes in their order.
    pub async fn update_articles(&self, operations: Vec<Operation>) -> Result<(), Error> {
        for piece in operations.chunks(POINTS_PER_WRITE) {
            let operations = piece
                .iter()
                .map(|one| PointsUpdateOperation { operation: Some(one.clone()) })
                .collect();
            let request = UpdateBatchPoints {
                collection_name: self.names.articles.clone(),
                wait: Some(true),
                operations,
                ordering: Some(ordering(WriteOrderingType::Medium)),
                timeout: Some(self.client.timeout_s()),
            };
            let call = |mut api: Points| {
                let request = request.clone();
                async move { api.update_batch(request).await }
            };
            for result in self.client.points(call).await?.result {
                completed(Some(result))?;
            }
        }
        Ok(())
    }

    /// Lists the points that pass `filter`, in ascending order of id.
    pub async fn list(
        &self,
        filter: Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        let filter = match filter::ask(&filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok(Listing { points: Vec::new(), next: None }),
            Asked::Only(filter) => Some(filter),
        };
        let request = ScrollPoints {
            collection_name: self.names.articles.clone(),
            filter,
            offset: from.as_ref().map(wire::article_point),
            limit: u32::try_from(limit.count()).ok(),
            with_payload: Some(wire::with_payload(true)),
            with_vectors: Some(wire::with_vectors(&[])),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        };
        let answer = self.scroll(request).await?;
        let points = answer.0.into_iter().map(|point| wire::to_stored(point, Vectors::No));
        let next = answer.1.map(|next| wire::article_of(Some(&next))).transpose()?;
        Ok(Listing { points: points.collect::<Result<_, _>>()?, next })
    }

    /// Lists points in order, with the id at which the next page starts.
    pub async fn scroll(
        &self,
        request: ScrollPoints,
    ) -> Result<(Vec<RetrievedPoint>, Option<PointId>), Error> {
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.scroll(request).await }
        };
        let answer = self.client.points(call).await?;
        Ok((answer.result, answer.next_page_offset))
    }

    /// Counts the points that pass `filter`, exactly.
    pub async fn count(&self, filter: Filter) -> Result<u64, Error> {
        let filter = match filter::ask(&filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok(0),
            Asked::Only(filter) => Some(filter),
        };
        let request = CountPoints {
            collection_name: self.names.articles.clone(),
            filter,
            exact: Some(true),
            timeout: Some(self.client.timeout_s()),
            ..CountPoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.count(request).await }
        };
        let answer = self.client.points(call).await?.result;
        answer.map(|result| result.count).ok_or_else(|| error::failed("the count is missing"))
    }
}

/// The order in which the writes of several processes are applied.
pub fn ordering(kind: WriteOrderingType) -> WriteOrdering {
    WriteOrdering { r#type: kind.into() }
}

/// About the size of a point in a message, in bytes.
fn bytes_about(point: &Point) -> usize {
    let record = &point.article.record;
    let text: usize = record.paragraphs.iter().map(String::len).sum();
    let numbers = point.text.dim() + 2 * point.terms.indices().len();
    let hashes = 2 * point.signature.keys().len();
    text + record.title.len() + size_of::<f32>() * (numbers + hashes) + 4_096
}
