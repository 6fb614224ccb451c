//! Groups reprints as they come in: every article joins a group before it is written.
//!
//! The decision depends on the order of the articles alone, not on how they were divided into
//! calls: an article is compared with all before it, whether stored or in the same call. One call
//! at a time decides and writes. Articles are compared only with originals, and with members that
//! print more than their original, so that the ten-thousandth copy of a text costs what the second
//! did.

mod divide;
mod mend;
mod merge;
mod plan;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedSemaphorePermit;

use crate::Engine;
use crate::Error;
use crate::change::to_its_end;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::Standing;
use wenmai_cluster::reprint::signature;
use wenmai_domain::article::Article;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::terms::TermVector;
use wenmai_store as store;
use wenmai_store::Point;
use wenmai_store::Regroup;
use wenmai_store::Stored;

use plan::Decided;
use plan::Plan;

/// An article on its way into the store, in a group of its own so far.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    printed: Printed,
    article: Article,
    content_hash: String,
    signature: Signature,
    vectors: Option<(Embedding, TermVector)>,
    times_us: (i64, i64),
}

impl Draft {
    pub(super) fn new(article: Article, plain: Plain, content_hash: String) -> Self {
        let signature = signature(&plain);
        let printed = printed(&article, plain);
        Self { printed, article, content_hash, signature, vectors: None, times_us: (0, 0) }
    }

    /// The same draft with its vectors, and the times when the article was first and last stored,
    /// in microseconds since 1970 UTC.
    pub(super) fn with(
        self,
        text: Embedding,
        terms: TermVector,
        created_at_us: i64,
        updated_at_us: i64,
    ) -> Self {
        let times_us = (created_at_us, updated_at_us);
        Self { vectors: Some((text, terms)), times_us, ..self }
    }

    pub(super) fn article(&self) -> &Article {
        &self.article
    }

    /// The hash of everything that decides the article and its vectors.
    pub(super) fn content_hash(&self) -> &str {
        &self.content_hash
    }

    /// Sets the time when the article was first stored, in microseconds since 1970 UTC.
    pub(super) fn was_created(&mut self, at_us: i64) {
        self.times_us.0 = at_us;
    }

    fn id(&self) -> ArticleId {
        self.article.id
    }

    /// The group that the draft founds if it joins none.
    fn own_group(&self) -> GroupId {
        GroupId::found(self.article.id, &self.content_hash)
    }

    /// The point to be written; `None` for a draft that got no vectors. The number in the order of
    /// arrival is set later, when the point is written.
    fn point(self, membership: Membership, signature: Signature) -> Option<Point> {
        let (text, terms) = self.vectors?;
        let (created_at_us, updated_at_us) = self.times_us;
        let (article, content_hash) = (self.article, self.content_hash);
        Some(Point {
            article,
            text,
            terms,
            membership,
            signature,
            arrival: 0,
            content_hash,
            created_at_us,
            updated_at_us,
        })
    }
}

/// `article` in the form in which reprints are compared.
pub(super) fn printed(article: &Article, plain: Plain) -> Printed {
    Printed::new(article, Arc::new(plain))
}

impl Engine {
    /// Gives each draft its group and writes all of them; they are durable when it returns. `lock`
    /// is the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn group_and_store(
        &self,
        drafts: Vec<Draft>,
        mut lock: OwnedSemaphorePermit,
    ) -> Result<(), Error> {
        if drafts.is_empty() {
            return Ok(self.store.upsert(Vec::new()).await?);
        }
        let mut rest = drafts.as_slice();
        let mut stored = self.stored_of(rest).await?;
        let mut is_pending = false;
        while let Some(first) = rest.first() {
            let mut piece = rest;
            if let Some(topics) = &self.topics {
                // What replaces an article is written when nothing waits for its topics: they see
                // every version, and a restart reads what was decided on.
                if is_pending && stored.contains(&first.id()) {
                    lock = topics.settle(lock).await?;
                    stored = self.stored_of(rest).await?;
                }
                let mut seen = BTreeSet::from([first.id()]);
                let is_new =
                    |draft: &&Draft| !stored.contains(&draft.id()) && seen.insert(draft.id());
                let new = rest.iter().skip(1).take_while(is_new).count();
                piece = rest.get(..=new).unwrap_or(rest);
            }
            let decided = self.group_some(piece).await?;
            let (done, left) = rest.split_at(decided.min(rest.len()));
            stored.extend(done.iter().map(Draft::id));
            (rest, is_pending) = (left, true);
        }
        // The lock moves on to the topics: the next write waits until these have been placed.
        match &self.topics {
            Some(topics) => topics.catch_up(lock),
            None => self.end().await,
        }
    }

    /// Which of the articles of `drafts` are stored. Needs the write lock.
    async fn stored_of(&self, drafts: &[Draft]) -> Result<BTreeSet<ArticleId>, Error> {
        let ids: Vec<ArticleId> = drafts.iter().map(Draft::id).collect();
        let found = self.store.memberships(&ids).await?;
        Ok(ids.into_iter().zip(found).filter_map(|(id, found)| found.map(|_| id)).collect())
    }

    /// Reserves the numbers of the next `count` articles to arrive and returns the first of them.
    /// Needs the write lock.
    async fn arrivals(&self, count: usize) -> Result<u64, Error> {
        let mut next = self.next_arrival.load(Ordering::Relaxed);
        if next == 0 {
            let stored = self.store.last_arrival().await?;
            next = stored.max(self.store.mark().await?.arrival) + 1;
        }
        let after = next.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        self.next_arrival.store(after, Ordering::Relaxed);
        Ok(next)
    }

    /// Groups and writes as many of `drafts`, from the first on, as can be decided on what is
    /// stored now, and returns how many; at least one.
    async fn group_some(&self, drafts: &[Draft]) -> Result<usize, Error> {
        let unique = unique_prefix(drafts);
        let drafts = drafts.get(..unique).unwrap_or_default();
        let ids: Vec<ArticleId> = drafts.iter().map(Draft::id).collect();
        let known = self.store.memberships(&ids).await?;
        // An article that is replaced leaves its group first, and a new original has to be there
        // before anyone else is compared with the group.
        let mut leaving = BTreeSet::new();
        for (id, known) in ids.iter().zip(&known) {
            if let Some(known) = known.filter(|known| known.is_original)
                && self.store.count(&Filter::Group(known.group)).await? > 1
            {
                leaving.insert(*id);
            }
        }
        let mut left = None;
        if let (Some(first), Some(Some(known))) = (ids.first(), known.first())
            && leaving.remove(first)
        {
            self.begin(BTreeSet::from([*first])).await?;
            self.hand_over(known.group, Some(*first)).await?;
            left = Some(*first);
        }
        let mut plan = Plan::load(&self.store, drafts, left).await?;
        for (draft, known) in drafts.iter().zip(known) {
            if leaving.contains(&draft.id()) || !plan.decide(draft, known) {
                break;
            }
            tokio::task::yield_now().await;
        }
        let Decided { mut points, changes, merged, contested } = plan.finish(drafts);
        let decided = points.len();
        if let Some((point, draft)) = points.first().zip(drafts.first()) {
            let group = point.membership.group;
            for gone in merged {
                self.merge_groups(group, gone).await?;
            }
            for contested in contested {
                self.divide_group(contested, (&draft.printed, group)).await?;
            }
        }
        let joined = joined_in_steps(&points, &changes, self.store.is_shared());
        if !joined.is_empty() {
            self.begin(joined).await?;
        }
        for (arrival, point) in (self.arrivals(decided).await?..).zip(&mut points) {
            point.arrival = arrival;
        }
        self.guarded(async {
            self.store.upsert(points).await?;
            if changes.is_empty() { Ok(()) } else { self.store.regroup(changes).await }
        })
        .await?;
        if decided == 0 {
            // A plan decides at least on its first draft. Should it not, nothing is passed over in
            // silence, and the call ends.
            let why = "the group of an article could not be decided".to_owned();
            return Err(Error::Store(store::Error::Failed(why.into())));
        }
        Ok(decided)
    }

    /// The group that `article`, whose text folds to `plain`, belongs to or would join; `None` if
    /// it would found one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn would_join(
        &self,
        article: &Article,
        plain: Plain,
    ) -> Result<Option<GroupId>, Error> {
        let draft = Draft::new(article.clone(), plain, String::new());
        let mut alone = Plan::load(&self.store, std::slice::from_ref(&draft), None).await?;
        let found = alone.group_of(&draft);
        Ok(found.filter(|group| *group != draft.own_group()))
    }

    /// Deletes an article; the next earliest of its group becomes the original. Once it holds the
    /// write lock it runs to its end.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn leave_and_delete(
        &self,
        id: ArticleId,
    ) -> Result<BTreeSet<ArticleId>, Error> {
        let lock = self.lock_writes().await?;
        let engine = self.clone();
        let done = to_its_end(async move { engine.delete_locked(id, lock).await });
        done.await.map(|(deleted, _lock)| deleted)
    }

    /// Deletes an article. `lock` is the write lock, which comes back unless the topics failed.
    pub(super) async fn delete_locked(
        &self,
        id: ArticleId,
        lock: OwnedSemaphorePermit,
    ) -> Result<(BTreeSet<ArticleId>, Option<OwnedSemaphorePermit>), Error> {
        let known = self.store.memberships(&[id]).await?.into_iter().flatten().next();
        let is_placed = self.topics.as_ref().is_some_and(|topics| topics.holds(id));
        if known.is_none() && !is_placed {
            return Ok((BTreeSet::new(), Some(lock)));
        }
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.begin(BTreeSet::from([id])).await?;
        if let Some(known) = known.filter(|known| known.is_original) {
            self.hand_over(known.group, Some(id)).await?;
        }
        let deleted = self.guarded(self.store.delete(&[id])).await?;
        self.forget(id);
        self.names.note([id]);
        let lock = match &self.topics {
            // The article is gone whether or not its topics know already; a failure was logged, and
            // the next change that takes the lock takes the article out of them.
            Some(topics) => topics.settle(lock).await.ok(),
            None => self.end().await.map(|()| Some(lock))?,
        };
        Ok((deleted, lock))
    }

    /// Makes the earliest of `group` but `leaving` its original; returns whether there is one. Where
    /// another is the original already, it stays so: `leaving` came too late, as a second one.
    ///
    /// Reads the whole group: the one step whose cost grows with it.
    async fn hand_over(&self, group: GroupId, leaving: Option<ArticleId>) -> Result<bool, Error> {
        let mut first: Option<Printed> = None;
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::Group(group), from, Limit::MOST).await?;
            for Stored { article, membership, .. } in page.points {
                if membership.is_original && Some(article.id) != leaving {
                    return Ok(true);
                }
                // Folding a text is dear, so what is later in any case is not folded.
                let bound = Standing::new(article.id, &article.record, usize::MAX);
                let later = first.as_ref().is_some_and(|first| bound > first.standing);
                if Some(article.id) == leaving || later {
                    continue;
                }
                let found = printed(&article, Plain::of(&article.record));
                if first.as_ref().is_none_or(|first| found.standing < first.standing) {
                    first = Some(found);
                }
                tokio::task::yield_now().await;
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let Some(first) = first else { return Ok(false) };
        let change = Regroup {
            id: first.standing.id(),
            membership: Membership { group, is_original: true },
            signature: signature(&first.plain),
        };
        self.announce([change.id]).await?;
        self.guarded(self.store.regroup(vec![change])).await?;
        Ok(true)
    }
}

/// The articles of a write that is announced: those whose groups are wrong if it breaks off, since
/// their groups also change the standing of stored articles; where processes share the store, all
/// that it touches, because it may arrive in part, or late.
fn joined_in_steps(points: &[Point], changes: &[Regroup], is_shared: bool) -> BTreeSet<ArticleId> {
    let regrouped: BTreeSet<GroupId> =
        changes.iter().map(|change| change.membership.group).collect();
    let is_joined = |point: &&Point| is_shared || regrouped.contains(&point.membership.group);
    let points = points.iter().filter(is_joined).map(|point| point.article.id);
    let standing = changes.iter().filter(|_| is_shared).map(|change| change.id);
    points.chain(standing).collect()
}

/// How many of `drafts`, from the first on, are of different articles.
fn unique_prefix(drafts: &[Draft]) -> usize {
    let mut seen = BTreeSet::new();
    drafts.iter().take_while(|draft| seen.insert(draft.id())).count()
}
