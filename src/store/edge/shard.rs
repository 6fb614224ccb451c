//! The engine's shard of articles, as blocking calls in the types of the domain.
//!
//! It may be called from several threads, but only one may write at a time; the callers see to
//! that. What was written survives the kill of the process at once, and a power cut once the log
//! was synced ([`crate::edge::log`]) or [`Shard::flush`] has returned. Reprint groups are in
//! `groups`, the placements on articles in `placement`, topics in `topics`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use qdrant_edge::CreateIndex;
use qdrant_edge::EdgeConfig;
use qdrant_edge::EdgeShard;
use qdrant_edge::FieldIndexOperations;
use qdrant_edge::NamedQuery;
use qdrant_edge::PointId;
use qdrant_edge::PointInsertOperations;
use qdrant_edge::PointOperations;
use qdrant_edge::PointStructPersisted;
use qdrant_edge::QueryEnum;
use qdrant_edge::QueryRequest;
use qdrant_edge::RetrieveRequest;
use qdrant_edge::ScoringQuery;
use qdrant_edge::SearchParams;
use qdrant_edge::UpdateOperation;
use qdrant_edge::VectorInternal;
use qdrant_edge::VectorStructInternal;
use qdrant_edge::WithPayloadInterface;
use qdrant_edge::WithVector;

use crate::Error;
use crate::Point;
use crate::Remembered;
use crate::Scored;
use crate::Stored;
use crate::Vectors;
use crate::edge::error;
use crate::edge::filter;
use crate::edge::filter::Asked;
use crate::edge::folder::Folder;
use crate::edge::point;
use crate::edge::point::article_id;
use crate::edge::point::point_id;
use crate::edge::topics::TopicShard;
use crate::edge::tuning;
use crate::edge::tuning::Tuning;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::ties;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;

/// Points in one entry of the engine's log; it bounds the memory that a large upsert takes.
const POINTS_PER_UPDATE: usize = 256;
/// How many articles' reprint groups are remembered, about 150 MB: the engine reads a whole article
/// for a group, and folding a page of hits needs sixteen. The folder belongs to this process alone,
/// so what it does not write does not change.
const GROUPS_KEPT_MAX: usize = 2_000_000;

/// An open index. Closing it writes out what is left and releases the folder.
#[derive(Debug)]
pub struct Shard {
    // Stands before the folder: fields are dropped in order, and the engine writes when it is
    // dropped.
    pub(super) engine: EdgeShard,
    /// Opened by the first call that needs topics, because a search does not.
    topics: OnceLock<TopicShard>,
    pub(super) opening_topics: Mutex<()>,
    /// Held by whoever changes files, and by a snapshot.
    pub(super) still: Mutex<()>,
    pub(super) folder: Folder,
    tuning: Tuning,
    dim: usize,
    graph: AtomicBool,
    /// About how many articles there are: those of the last count and what was written since.
    len: AtomicUsize,
    /// What is known of the reprint groups of articles.
    pub(super) known: Remembered<Membership>,
    /// Whether anything was written since the folder was opened.
    written: AtomicBool,
}

impl Shard {
    /// Opens the index in `folder`, or creates it.
    ///
    /// # Errors
    /// [`Error::Folder`] if what is there cannot be opened; [`Error::Full`].
    pub fn open(folder: Folder, dim: usize, tuning: Tuning) -> Result<Self, Error> {
        let articles = folder.articles();
        let unusable = |source| error::folder(folder.data(), source);
        // A start that was killed may have left a folder without settings; it holds no article yet.
        let (engine, graph) = match EdgeConfig::load(&articles) {
            None => (EdgeShard::new(&articles, tuning.engine(dim, false)), false),
            Some(stored) => {
                let graph = has_graph(&stored.map_err(unusable)?);
                (EdgeShard::load(&articles, Some(tuning.engine(dim, graph))), graph)
            }
        };
        let engine = engine.map_err(unusable)?;
        let info = engine.info().map_err(unusable)?;
        let known = info.payload_schema;
        // A folder that was closed in good order has nothing left to write out.
        let mut written = !folder.was_sealed();
        for (key, schema) in tuning::indexes() {
            let field_name = filter::path(key);
            if known.contains_key(&field_name) {
                continue;
            }
            written = true;
            let create = CreateIndex { field_name, field_schema: Some(schema) };
            let create = FieldIndexOperations::CreateIndex(create);
            engine.update(UpdateOperation::FieldIndexOperation(create)).map_err(unusable)?;
        }
        if written {
            engine.flush().map_err(unusable)?;
        }
        Ok(Self {
            engine,
            topics: OnceLock::new(),
            opening_topics: Mutex::default(),
            still: Mutex::default(),
            folder,
            tuning,
            dim,
            graph: AtomicBool::new(graph),
            known: Remembered::new(GROUPS_KEPT_MAX),
            len: AtomicUsize::new(info.points_count),
            written: AtomicBool::new(written),
        })
    }

    /// The shard of the topics, which is opened by the first call.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Full`] if it cannot be opened.
    pub fn topics(&self) -> Result<&TopicShard, Error> {
        if let Some(topics) = self.topics.get() {
            return Ok(topics);
        }
        // Nothing is changed under the lock, so a panic leaves nothing half done.
        let _opening = self.opening_topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topics) = self.topics.get() {
            return Ok(topics);
        }
        let (folder, data) = (self.folder.topics(), self.folder.data());
        let topics = TopicShard::open(&folder, data, self.dim)?;
        if !self.folder.was_sealed() {
            topics.flush()?;
        }
        Ok(self.topics.get_or_init(|| topics))
    }

    /// The folder of the topics' files; `None` as long as the topics were not opened.
    pub fn topics_in_use(&self) -> Option<PathBuf> {
        self.topics.get().map(|topics| topics.folder().to_owned())
    }

    /// Notes that something is about to be written, so that closing the index writes everything
    /// out.
    pub fn note_write(&self) {
        self.written.store(true, Ordering::Relaxed);
    }

    fn is_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    /// The folder of the articles' files.
    pub fn articles(&self) -> &Path {
        self.engine.path()
    }

    /// How many vectors are in sealed segments.
    #[cfg(test)]
    pub fn indexed_count(&self) -> usize {
        self.engine.info().unwrap().indexed_vectors_count
    }

    /// Writes points; if several have the same id, the last one counts.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: some points may have been written then.
    pub fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        let mut unique = BTreeMap::new();
        for point in points {
            unique.insert(point.article.id, point);
        }
        let mut batch = Vec::with_capacity(unique.len().min(POINTS_PER_UPDATE));
        for (id, point) in unique {
            batch.push(point::persisted(id, point)?);
            if batch.len() == POINTS_PER_UPDATE {
                self.write(std::mem::take(&mut batch))?;
            }
        }
        if batch.is_empty() { Ok(()) } else { self.write(batch) }
    }

    fn write(&self, batch: Vec<PointStructPersisted>) -> Result<(), Error> {
        self.len.fetch_add(batch.len(), Ordering::Relaxed);
        let ids: Vec<PointId> = batch.iter().map(|point| point.id).collect();
        let insert = PointInsertOperations::PointsList(batch);
        let operation = UpdateOperation::PointOperation(PointOperations::UpsertPoints(insert));
        let done = self.engine.update(operation).map_err(error::engine);
        self.known.forget(&ids.iter().map(article_id).collect::<Result<Vec<_>, _>>()?);
        done
    }

    /// Deletes articles and returns which of them existed.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        let mut request = RetrieveRequest::new(ids.iter().map(point_id).collect());
        request.with_payload = Some(WithPayloadInterface::Bool(false));
        let found = self.engine.retrieve(request).map_err(error::engine)?;
        let found: Vec<PointId> = found.into_iter().map(|record| record.id).collect();
        let deleted: BTreeSet<_> = found.iter().map(article_id).collect::<Result<_, _>>()?;
        if !found.is_empty() {
            let operation = PointOperations::DeletePoints { ids: found };
            let operation = UpdateOperation::PointOperation(operation);
            let done = self.engine.update(operation).map_err(error::engine);
            self.known.forget(&deleted);
            done?;
        }
        Ok(deleted)
    }

    /// Writes every segment out, so that the engine's log can begin anew.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn flush(&self) -> Result<(), Error> {
        self.engine.flush().map_err(error::engine)?;
        self.topics.get().map_or(Ok(()), TopicShard::flush)
    }

    /// Writes out what is left, closes the engine, seals the folder and releases it.
    ///
    /// # Errors
    /// [`Error::Failed`]; [`Error::Folder`] or [`Error::Full`] if the folder could not be sealed.
    pub fn close(self) -> Result<(), Error> {
        let is_written = self.is_written();
        if is_written {
            self.flush()?;
        }
        let Self { engine, topics, folder, .. } = self;
        drop((engine, topics));
        folder.close(is_written)
    }

    /// About how many points there are: the number may include points that were deleted or are
    /// being moved.
    pub fn len_about(&self) -> usize {
        self.engine.info().map_or(0, |info| info.points_count)
    }

    /// Seals and merges segments and builds the graph, where that is due.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn optimize(&self) -> Result<(), Error> {
        self.note_write();
        let info = self.engine.info().map_err(error::engine)?;
        self.len.store(info.points_count, Ordering::Relaxed);
        let bytes = info.points_count.saturating_mul(self.dim).saturating_mul(size_of::<f32>());
        // Once there is a graph it stays, or a collection at the threshold would be rebuilt again
        // and again.
        if bytes >= self.tuning.graph_bytes_min && !self.graph.load(Ordering::Relaxed) {
            let graph = self.tuning.graph(true);
            self.engine.set_vector_hnsw_config(TEXT, graph).map_err(error::engine)?;
            self.graph.store(true, Ordering::Relaxed);
        }
        self.engine.optimize().map_err(error::engine)?;
        // Topics that were not opened have not grown either, so they are not opened for this.
        if let Some(topics) = self.topics.get() {
            topics.optimize()?;
        }
        self.flush()
    }

    /// Reads points in the order of `ids`; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn fetch(&self, ids: &[ArticleId], vectors: Vectors) -> Result<Vec<Option<Stored>>, Error> {
        let mut request = RetrieveRequest::new(ids.iter().map(point_id).collect());
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        request.with_vector = Some(match vectors {
            Vectors::Yes => WithVector::Selector(vec![TEXT.to_owned(), TERMS.to_owned()]),
            Vectors::No => WithVector::Bool(false),
        });
        let mut found = HashMap::new();
        for record in self.engine.retrieve(request).map_err(error::engine)? {
            let point = point::stored(record, vectors)?;
            found.insert(point.article.id, point);
        }
        // An id may be asked for twice, so the points are cloned and not moved out.
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Reads embeddings in the order of `ids`; `None` where there is no point.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        self.vectors_named(ids, &[TEXT], point::embedding)
    }

    /// Reads embeddings and terms in the order of `ids`; `None` where there is no point.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn vectors(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<Option<(Embedding, TermVector)>>, Error> {
        self.vectors_named(ids, &[TEXT, TERMS], point::read_vectors)
    }

    fn vectors_named<T: Clone>(
        &self,
        ids: &[ArticleId],
        names: &[&str],
        read: impl Fn(Option<VectorStructInternal>) -> Result<T, Error>,
    ) -> Result<Vec<Option<T>>, Error> {
        let mut request = RetrieveRequest::new(ids.iter().map(point_id).collect());
        request.with_payload = Some(WithPayloadInterface::Bool(false));
        request.with_vector =
            Some(WithVector::Selector(names.iter().map(|name| (*name).to_owned()).collect()));
        let mut found = HashMap::new();
        for record in self.engine.retrieve(request).map_err(error::engine)? {
            found.insert(article_id(&record.id)?, read(record.vector)?);
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Finds the points most similar to `query`; see [`crate::VectorStore::nearest`].
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let filter = match filter::ask(filter) {
            // Only with a filter does the engine walk over deleted points. Without one, a graph
            // whose points were replaced falls apart: a tenth of the nearest points were not found.
            Asked::Everything if self.graph.load(Ordering::Relaxed) => Some(filter::everything()),
            Asked::Everything => None,
            Asked::Nothing => return Ok(Vec::new()),
            Asked::Only(filter) => Some(filter),
        };
        let query = VectorInternal::Dense(query.values().to_vec());
        let query = NamedQuery { query, using: Some(TEXT.to_owned()) };
        let mut hits = self.best(query, &tuning::nearest_params(), filter.as_ref(), None, limit)?;
        for hit in &mut hits {
            hit.score = hit.score.clamp(-1.0, 1.0);
        }
        Ok(hits)
    }

    /// Finds the points with the highest BM25 sum; see [`crate::VectorStore::lexical`].
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let filter = match filter::ask(filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok(Vec::new()),
            Asked::Only(filter) => Some(filter),
        };
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let query = NamedQuery {
            query: VectorInternal::Sparse(point::sparse(query)),
            using: Some(TERMS.to_owned()),
        };
        self.best(
            query,
            &tuning::lexical_params(self.len.load(Ordering::Relaxed)),
            filter.as_ref(),
            None,
            limit,
        )
    }

    /// The best `limit` points with a score above `above`, ties by id.
    pub(super) fn best(
        &self,
        query: NamedQuery<VectorInternal>,
        params: &SearchParams,
        filter: Option<&qdrant_edge::Filter>,
        above: Option<f32>,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let query = ScoringQuery::Vector(QueryEnum::Nearest(query));
        let mut wanted = ties::wanted_first(limit);
        loop {
            let mut request = QueryRequest::new(wanted);
            request.query = Some(query.clone());
            request.filter = filter.cloned();
            request.params = Some(params.clone());
            request.score_threshold = above;
            let mut hits = Vec::with_capacity(wanted);
            for hit in self.engine.query(request).map_err(error::engine)? {
                hits.push(Scored { id: article_id(&hit.id)?, score: hit.score });
            }
            match ties::settled(hits, wanted, limit) {
                Ok(best) => return Ok(best),
                Err(more) => wanted = more,
            }
        }
    }
}

/// Whether the stored settings ask for a graph.
fn has_graph(config: &EdgeConfig) -> bool {
    let text = config.vectors.get(TEXT);
    text.and_then(|params| params.hnsw_config).is_some_and(|graph| graph.m > 0)
}
