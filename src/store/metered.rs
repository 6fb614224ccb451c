//! Wraps a store to measure each operation: its duration, its failures, and a span in the trace.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::time::Instant;

use async_trait::async_trait;
use tracing::Instrument;

use crate::Alike;
use crate::Arrival;
use crate::Checkpoint;
use crate::Copies;
use crate::Error;
use crate::Lease;
use crate::Listing;
use crate::Mark;
use crate::Placed;
use crate::Point;
use crate::Regroup;
use crate::Row;
use crate::Scored;
use crate::Status;
use crate::Store;
use crate::Stored;
use crate::TopicPoint;
use crate::TopicStore;
use crate::VectorStore;
use crate::Vectors;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::OverloadReason;
use wenmai_telemetry::label::StoreFailure;

/// Counts what `inner` does.
pub(super) struct Metered {
    pub(super) inner: Store,
    pub(super) metrics: Metrics,
}

impl Metered {
    async fn watch<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let done = work.instrument(tracing::debug_span!("store", operation)).await;
        self.metrics.stored(operation, started.elapsed());
        if let Err(error) = &done {
            let kind = kind(error);
            self.metrics.store_failed(kind);
            if kind == StoreFailure::Overloaded {
                self.metrics.overloaded(OverloadReason::StoreQueue);
            }
        }
        done
    }
}

fn kind(error: &Error) -> StoreFailure {
    match error {
        Error::Overloaded => StoreFailure::Overloaded,
        Error::Closed => StoreFailure::Closed,
        Error::Full(_) => StoreFailure::Full,
        Error::Locked { .. } | Error::Folder { .. } | Error::Away(_) | Error::Led { .. } => {
            StoreFailure::Unavailable
        }
        Error::Dim { .. }
        | Error::IndexVersion { .. }
        | Error::Settings { .. }
        | Error::Server { .. }
        | Error::Fenced { .. }
        | Error::Failed(_) => StoreFailure::Failed,
    }
}

#[async_trait]
impl VectorStore for Metered {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        self.watch("upsert", self.inner.upsert(points)).await
    }

    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        self.watch("fetch", self.inner.fetch(ids, vectors)).await
    }

    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        self.watch("embeddings", self.inner.embeddings(ids)).await
    }

    async fn vectors(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<Option<(Embedding, TermVector)>>, Error> {
        self.watch("vectors", self.inner.vectors(ids)).await
    }

    async fn holders(
        &self,
        terms: &[u32],
        ids: &[ArticleId],
    ) -> Result<Vec<BTreeSet<ArticleId>>, Error> {
        self.watch("holders", self.inner.holders(terms, ids)).await
    }

    async fn similarities(
        &self,
        query: &Embedding,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        self.watch("similarities", self.inner.similarities(query, ids)).await
    }

    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        self.watch("delete", self.inner.delete(ids)).await
    }

    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.watch("nearest", self.inner.nearest(query, filter, limit)).await
    }

    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.watch("lexical", self.inner.lexical(query, filter, limit)).await
    }

    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        self.watch("alike", self.inner.alike(asked)).await
    }

    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        self.watch("regroup", self.inner.regroup(changes)).await
    }

    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        self.watch("memberships", self.inner.memberships(ids)).await
    }

    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        self.watch("list", self.inner.list(filter, from, limit)).await
    }

    async fn passing(&self, filter: &Filter) -> Result<BTreeSet<ArticleId>, Error> {
        self.watch("passing", self.inner.passing(filter)).await
    }

    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        self.watch("copies", self.inner.copies(groups, limit)).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        self.watch("count", self.inner.count(filter)).await
    }

    async fn status(&self) -> Result<Status, Error> {
        self.watch("status", self.inner.status()).await
    }

    async fn snapshot(&self, to: &Path) -> Result<(), Error> {
        self.watch("snapshot", self.inner.snapshot(to)).await
    }

    async fn optimize(&self) -> Result<(), Error> {
        self.watch("optimize", self.inner.optimize()).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.watch("close", self.inner.close()).await
    }
}

#[async_trait]
impl TopicStore for Metered {
    async fn append(&self, term: u64, rows: Vec<Row>, mark: Mark) -> Result<(), Error> {
        self.watch("append", self.inner.append(term, rows, mark)).await
    }

    async fn rows(&self, from: u64, limit: Limit) -> Result<Vec<Row>, Error> {
        self.watch("rows", self.inner.rows(from, limit)).await
    }

    async fn mark(&self) -> Result<Mark, Error> {
        self.watch("mark", self.inner.mark()).await
    }

    async fn project(&self, topics: Vec<TopicPoint>, placed: Vec<Placed>) -> Result<(), Error> {
        self.watch("project", self.inner.project(topics, placed)).await
    }

    async fn nearest_topics(
        &self,
        query: &Embedding,
        level: Level,
        limit: Limit,
    ) -> Result<Vec<(TopicId, f32)>, Error> {
        self.watch("nearest_topics", self.inner.nearest_topics(query, level, limit)).await
    }

    async fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        self.watch("arrived", self.inner.arrived(after, limit)).await
    }

    async fn last_arrival(&self) -> Result<u64, Error> {
        self.watch("last_arrival", self.inner.last_arrival()).await
    }

    async fn fence(&self, term: u64, articles: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        self.watch("fence", self.inner.fence(term, articles)).await
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.watch("keep_checkpoint", self.inner.keep_checkpoint(checkpoint)).await
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.watch("checkpoint", self.inner.checkpoint()).await
    }

    async fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        self.watch("keep_calibration", self.inner.keep_calibration(calibration)).await
    }

    async fn calibration(&self) -> Result<Option<String>, Error> {
        self.watch("calibration", self.inner.calibration()).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    async fn lease(&self) -> Result<Lease, Error> {
        self.watch("lease", self.inner.lease()).await
    }

    async fn swap_lease(&self, seen: &Lease, next: &Lease) -> Result<bool, Error> {
        self.watch("swap_lease", self.inner.swap_lease(seen, next)).await
    }
}
