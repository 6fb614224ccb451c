//! An exact store in memory: the oracle that the other stores are checked against, and the store
//! that tests run on.
//!
//! Every search is a scan in the order of ids, and every number is computed as [`VectorStore`]
//! defines it. Nothing outlives the process.

mod fence;
mod topics;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::Alike;
use crate::Copies;
use crate::Error;
use crate::Imprint;
use crate::Listing;
use crate::Make;
use crate::Point;
use crate::Regroup;
use crate::Scored;
use crate::Status;
use crate::Stored;
use crate::VectorStore;
use crate::Vectors;
use crate::best_first;
use crate::lease::Local;
use fence::Fence;
use wenmai_domain::article::Article;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;

/// The points by id.
type Points = BTreeMap<ArticleId, Point>;

/// A store that keeps points in memory and scans them.
#[derive(Debug)]
pub struct MemoryStore {
    dim: usize,
    points: Arc<RwLock<Points>>,
    topics: Arc<RwLock<topics::Topics>>,
    lease: Arc<Local>,
    fence: Arc<Fence>,
    shared: bool,
    /// The last term of the lease that was taken through this handle; 0 before the first.
    term: AtomicU64,
    is_closed: AtomicBool,
}

impl MemoryStore {
    /// Creates an empty store for embeddings of `make.dim` numbers.
    #[must_use]
    pub fn new(make: &Make) -> Self {
        let (points, topics) = (Arc::default(), Arc::default());
        let (lease, fence) = (Arc::default(), Arc::default());
        let (term, is_closed) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { dim: make.dim, points, topics, lease, fence, shared: false, term, is_closed }
    }

    /// Creates an empty store that several engines may have open at once, as processes share a
    /// server.
    #[must_use]
    pub fn shared(make: &Make) -> Self {
        Self { shared: true, ..Self::new(make) }
    }

    /// Opens the same store once more, as another process does that last took the lease in `term`.
    #[must_use]
    pub fn another(&self, term: u64) -> Self {
        let (points, topics) = (Arc::clone(&self.points), Arc::clone(&self.topics));
        let (lease, fence) = (Arc::clone(&self.lease), Arc::clone(&self.fence));
        let (term, is_closed) = (AtomicU64::new(term), AtomicBool::new(false));
        Self { dim: self.dim, points, topics, lease, fence, shared: self.shared, term, is_closed }
    }

    /// Whether the lease has passed to a later term than that of this process.
    fn is_overtaken(&self) -> bool {
        self.lease.look().term > self.term.load(Ordering::Acquire)
    }

    fn check(&self, embedding: &Embedding) -> Result<(), Error> {
        if embedding.dim() == self.dim {
            return Ok(());
        }
        Err(Error::Dim { wanted: self.dim, given: embedding.dim() })
    }

    /// Runs `look` on the points. A poisoned lock does no harm: no step leaves the map half
    /// changed.
    fn read<T>(&self, look: impl FnOnce(&Points) -> T) -> Result<T, Error> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        Ok(look(&self.points.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Runs `change` on the points. Its second argument says whether this process may write an
    /// article that exists, or does not, and notes that it did.
    fn write<T>(
        &self,
        change: impl FnOnce(&mut Points, &dyn Fn(ArticleId, bool) -> bool) -> T,
    ) -> Result<T, Error> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        let term = self.term.load(Ordering::Acquire);
        let mut points = self.points.write().unwrap_or_else(PoisonError::into_inner);
        Ok(change(&mut points, &|article, exists| self.fence.touch(article, exists, term)))
    }

    fn read_topics<T>(&self, look: impl FnOnce(&topics::Topics) -> T) -> Result<T, Error> {
        self.read(|_open| look(&self.topics.read().unwrap_or_else(PoisonError::into_inner)))
    }

    fn write_topics<T>(&self, change: impl FnOnce(&mut topics::Topics) -> T) -> Result<T, Error> {
        self.read(|_open| change(&mut self.topics.write().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The `limit` best of the points that pass `filter` and for which `score` gives a score.
    fn scan(
        &self,
        filter: &Filter,
        limit: Limit,
        score: impl Fn(&Point) -> Option<f32>,
    ) -> Result<Vec<Scored>, Error> {
        self.read(|points| {
            let mut hits = Vec::new();
            for (id, point) in points {
                if !passes(filter, point) {
                    continue;
                }
                if let Some(score) = score(point) {
                    hits.push(Scored { id: *id, score });
                }
            }
            hits.sort_by(best_first);
            hits.truncate(limit.count());
            hits
        })
    }

    /// Computes `idf × query weight` for each term of `query`, by index.
    fn weigh(&self, query: &TermVector) -> Result<BTreeMap<u32, f32>, Error> {
        self.read(|points| {
            let mut holders: BTreeMap<u32, f32> =
                query.indices().iter().map(|index| (*index, 0.0)).collect();
            for point in points.values() {
                for index in point.terms.indices() {
                    if let Some(count) = holders.get_mut(index) {
                        *count += 1.0;
                    }
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of articles, below 2^24")]
            let all = points.len() as f32;
            let idf = |held: f32| ((all - held + 0.5) / (held + 0.5)).ln_1p();
            let weight = |index| holders.get(&index).copied().map_or(0.0, idf);
            query.iter().map(|(index, value)| (index, value * weight(index))).collect()
        })
    }
}

#[async_trait]
impl VectorStore for MemoryStore {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), Error> {
        for point in &points {
            self.check(&point.text)?;
        }
        self.write(|stored, touch| {
            for point in points {
                let id = point.article.id;
                if touch(id, stored.contains_key(&id)) {
                    stored.insert(id, point);
                }
            }
        })
    }

    async fn fetch(
        &self,
        ids: &[ArticleId],
        vectors: Vectors,
    ) -> Result<Vec<Option<Stored>>, Error> {
        self.read(|points| {
            ids.iter().map(|id| points.get(id).map(|point| stored(point, vectors))).collect()
        })
    }

    async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        self.read(|points| {
            ids.iter().map(|id| points.get(id).map(|point| point.text.clone())).collect()
        })
    }

    async fn delete(&self, ids: &[ArticleId]) -> Result<BTreeSet<ArticleId>, Error> {
        self.write(|points, touch| {
            let ids = ids.iter().copied();
            ids.filter(|id| {
                points.contains_key(id) && touch(*id, true) && points.remove(id).is_some()
            })
            .collect()
        })
    }

    async fn nearest(
        &self,
        query: &Embedding,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        self.check(query)?;
        self.scan(filter, limit, |point| Some(point.text.similarity(query)))
    }

    async fn lexical(
        &self,
        query: &TermVector,
        filter: &Filter,
        limit: Limit,
    ) -> Result<Vec<Scored>, Error> {
        let weights = self.weigh(query)?;
        self.scan(filter, limit, |point| {
            let mut score = None;
            for (index, value) in point.terms.iter() {
                if let Some(weight) = weights.get(&index) {
                    score = Some(score.unwrap_or(0.0) + weight * value);
                }
            }
            score
        })
    }

    async fn alike(&self, asked: Vec<Alike>) -> Result<Vec<Vec<Scored>>, Error> {
        let one = |Alike { signature, shared_min, limit }: Alike| {
            self.scan(&Filter::default(), limit, |point| {
                let shared = point.signature.shared(&signature);
                #[expect(clippy::cast_precision_loss, reason = "a count of hashes, below 2^24")]
                (shared >= shared_min.max(1)).then_some(shared as f32)
            })
        };
        asked.into_iter().map(one).collect()
    }

    async fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        self.write(|points, touch| {
            for Regroup { id, membership, signature } in changes {
                if let Some(point) = points.get_mut(&id).filter(|_| touch(id, true)) {
                    (point.membership, point.signature) = (membership, signature);
                }
            }
        })
    }

    async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        self.read(|points| {
            ids.iter().map(|id| points.get(id).map(|point| point.membership)).collect()
        })
    }

    async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        self.read(|points| {
            let mut left = points
                .iter()
                .filter(|(id, point)| from.is_none_or(|from| **id >= from) && passes(filter, point))
                .map(|(_, point)| point);
            let page = left.by_ref().take(limit.count());
            let page = page.map(|point| stored(point, Vectors::No)).collect();
            Listing { points: page, next: left.next().map(|point| point.article.id) }
        })
    }

    async fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        self.read(|points| {
            let of = |group: &GroupId| {
                let of_group = Filter::Group(*group);
                let all = points.values().filter(|point| passes(&of_group, point));
                copies(&all.collect::<Vec<_>>(), limit)
            };
            groups.iter().map(of).collect()
        })
    }

    async fn count(&self, filter: &Filter) -> Result<u64, Error> {
        self.read(|points| {
            let passing = points.values().filter(|point| passes(filter, point));
            passing.fold(0, |count, _| count + 1)
        })
    }

    async fn status(&self) -> Result<Status, Error> {
        let article_count = self.count(&Filter::default()).await?;
        Ok(Status { backend: "memory", location: String::new(), article_count, survives: &[] })
    }

    async fn optimize(&self) -> Result<(), Error> {
        self.read(|_| ())
    }

    async fn close(&self) -> Result<(), Error> {
        self.is_closed.store(true, Ordering::Release);
        Ok(())
    }
}

fn passes(filter: &Filter, point: &Point) -> bool {
    filter.matches(&point.article, point.membership)
}

/// The count and the imprints of `all`, which are the members of one reprint group in order of id.
fn copies(all: &[&Point], limit: Limit) -> Copies {
    let is_late = |at: usize| at >= limit.count();
    let told = all.iter().enumerate();
    let told = told.filter(|(at, one)| !is_late(*at) || one.membership.is_original);
    let some = told.map(|(_, one)| {
        let Article { id, record, .. } = &one.article;
        Imprint::new(*id, one.membership.is_original, record.clone())
    });
    let is_alone = all.len() < 2;
    let some = if is_alone { Vec::new() } else { some.collect() };
    Copies { count: all.len() as u64, some }
}

/// A copy of `point` to be returned, with its vectors where they are wanted.
fn stored(point: &Point, vectors: Vectors) -> Stored {
    let Point { article, text, terms, membership, content_hash, .. } = point;
    let Point { arrival, created_at_us, updated_at_us, .. } = point;
    Stored {
        article: article.clone(),
        membership: *membership,
        arrival: *arrival,
        content_hash: content_hash.clone(),
        created_at_us: *created_at_us,
        updated_at_us: *updated_at_us,
        vectors: match vectors {
            Vectors::Yes => Some((text.clone(), terms.clone())),
            Vectors::No => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::conformance;

    #[tokio::test]
    async fn conforms() {
        conformance::run(|make| async move { MemoryStore::new(&make) }).await;
    }

    #[tokio::test]
    async fn a_writer_whose_term_has_passed_is_shut_out() {
        let store = MemoryStore::shared(&conformance::sample::make());
        conformance::fence::a_writer_whose_term_has_passed_changes_nothing(
            &store.another(0),
            &store.another(0),
        )
        .await;
    }
}
