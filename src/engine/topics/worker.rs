//! The one place where topics change: the worker owns the clusterer and has a thread of its own.
//!
//! Each task comes with the engine's write lock, so nobody stores or deletes articles meanwhile,
//! and everything happens in the order of arrival. Each step is decided on the worker's own copy of
//! the projection, appended to the log, and only then shown to readers and written to the topics
//! and articles in the store (`store_sync`). What could not be logged is dropped with the copy, so
//! no reader ever saw it. A process that is killed in between starts from the log: what was not
//! logged is decided again, from the same state and so with the same result, and what was not
//! written to the store is written again.

mod current;
mod rebuild;
mod start;
mod suspects;

use std::sync::Arc;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::Error;
use crate::clock::now_us;
use crate::lease::WriterLease;
use crate::topics::projection::PlacedArticle;
use crate::topics::projection::Projection;
use crate::topics::projection::TopicMember;
use crate::topics::projection::Touched;
use crate::topics::published::Published;
use crate::topics::reading::ArticleReader;
use crate::topics::window::TimeWindow;
use suspects::Suspects;
use wenmai_cluster::topic::Clusterer;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::Known;
use wenmai_cluster::topic::Repair;
use wenmai_cluster::topic::Weights;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Assigned;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_domain::topic::change::Entry;
use wenmai_store as store;
use wenmai_store::Mark;
use wenmai_store::Row;
use wenmai_store::Store;
use wenmai_store::Stored;
use wenmai_store::Vectors;

/// Articles that are decided on before they are logged together, with one sync.
pub(super) const PIECE: usize = 64;

/// Decides on topics, appends the decisions to the log, and writes what follows to the store.
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) lease: Arc<WriterLease>,
    /// The term of the lease for which the log was last read to its end.
    pub(super) term: u64,
    pub(super) reader: ArticleReader,
    pub(super) weights: Arc<Weights>,
    pub(super) clusterer: Clusterer,
    /// What readers see: the state of the log.
    published: Arc<RwLock<Published>>,
    /// The same with what is decided on and not in the log yet; made for the first decision.
    ahead: Option<Projection>,
    pub(super) window: TimeWindow,
    versions: watch::Sender<u64>,
    pub(super) stop: Arc<AtomicBool>,
    /// Entries that are decided on and not yet in the log.
    fresh: Vec<Entry>,
    /// What these and earlier entries changed that is not yet written to the store.
    pub(super) touched: Touched,
    /// The version up to which topics and articles in the store follow the log.
    pub(super) synced: u64,
    /// The version of the last checkpoint.
    checkpointed: u64,
    /// Whether the published projection has been read from the log.
    loaded: bool,
    /// Whether it is known to be the whole log; `false` after a failure.
    sound: bool,
    /// Whether the clusterer and the window agree with the projection; they are filled when first
    /// needed.
    filled: bool,
    /// Articles that are being placed, and those on which the worker broke down.
    suspects: Suspects,
}

impl Worker {
    /// A worker that has read nothing yet.
    pub(super) fn new(
        store: Store,
        lease: Arc<WriterLease>,
        reader: ArticleReader,
        weights: Arc<Weights>,
        versions: watch::Sender<u64>,
    ) -> Self {
        Self {
            store,
            lease,
            term: 0,
            reader,
            clusterer: Clusterer::new(Arc::clone(&weights)),
            weights,
            published: Arc::default(),
            ahead: None,
            window: TimeWindow::default(),
            versions,
            stop: Arc::default(),
            fresh: Vec::new(),
            touched: Touched::default(),
            synced: 0,
            checkpointed: 0,
            loaded: false,
            sound: false,
            filled: false,
            suspects: Suspects::default(),
        }
    }

    /// Applies an entry that is in the log and was not decided on here.
    pub(super) fn take_in(&mut self, entry: &Entry) {
        // The worker's own copy, the clusterer and the window do not know of it.
        (self.ahead, self.filled) = (None, false);
        let touched = self.published_mut().apply([entry]);
        self.touched.merge(touched);
        self.versions.send_replace(entry.version);
    }

    /// Takes note of how far another process came.
    pub(super) fn reached(&mut self, mark: &Mark) {
        let version = {
            let mut published = self.published_mut();
            published.arrived(mark.arrival);
            published.version
        };
        if let Some(ahead) = &mut self.ahead {
            ahead.arrival = ahead.arrival.max(mark.arrival);
        }
        self.synced = self.synced.max(mark.projected);
        if mark.projected >= version {
            self.touched = Touched::default();
        }
    }

    /// Fills the clusterer and the window from the projection, unless they are filled. This happens
    /// before the first decision, so that a process that only reads need not wait for it. An
    /// article of the window that is not stored any more was deleted by a process that was killed
    /// before it could log the deletion; it is taken out of its topics now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
        if self.filled {
            return Ok(());
        }
        self.clusterer = Clusterer::new(Arc::clone(&self.weights));
        self.window = TimeWindow::default();
        let mut deleted = Vec::new();
        for piece in self.recent_articles().chunks(Limit::MOST.count()) {
            let ids: Vec<ArticleId> = piece.iter().map(|one| one.member.article).collect();
            let stored = self.store.fetch(&ids, Vectors::Yes).await?;
            for (placed, stored) in piece.iter().zip(stored) {
                let Some(read) = stored.and_then(|stored| self.reader.read(stored)) else {
                    deleted.push(placed.member.article);
                    continue;
                };
                let TopicMember { arrival, at, .. } = placed.member;
                let item = Item { arrival, at, original: placed.original, ..read.item };
                self.window.add(item.id, (at, arrival), read.contribution);
                self.clusterer.restore(item, placed.placement);
            }
        }
        let (divisions, pinned, shaped) = {
            let projection = self.projection();
            let pinned = projection.topics.iter().filter(|(_, topic)| topic.pinned);
            let pinned: Vec<TopicId> = pinned.map(|(id, _)| *id).collect();
            (projection.divisions.clone(), pinned, projection.shaped().collect::<Vec<_>>())
        };
        for (left, right) in divisions.iter() {
            self.clusterer.constrain(Constraint::Apart(left, right));
        }
        for id in pinned {
            self.clusterer.constrain(Constraint::Pinned(id));
        }
        for id in shaped {
            self.clusterer.constrain(Constraint::Shaped(id));
        }
        self.filled = true;
        for id in deleted {
            self.take_out(id, now_us()).await?;
        }
        Ok(())
    }

    /// Whether [`Worker::fill`] has nothing to do.
    pub(super) fn is_filled(&self) -> bool {
        self.filled
    }

    /// Tells the clusterer of all topics that there ever were, and returns the articles that the
    /// window holds, in the order of arrival.
    fn recent_articles(&mut self) -> Vec<PlacedArticle> {
        let known: Vec<Known> = {
            let projection = self.projection();
            let known = projection.topics.iter();
            known
                .map(|(id, topic)| Known { id: *id, level: topic.level, founded: topic.founded })
                .collect()
        };
        for known in known {
            self.clusterer.know(known);
        }
        let projection = self.projection();
        let oldest = self.oldest(projection.newest, projection.arrival);
        let in_window =
            |one: &PlacedArticle| one.member.at >= oldest.0 && one.member.arrival >= oldest.1;
        // The clusterer forgets copies together with the article whose text they print.
        let is_recent = |one: &&PlacedArticle| {
            let original = one.original.map(|original| projection.articles.get(&original));
            in_window(one)
                && original.is_none_or(|original| {
                    original.is_some_and(|original| {
                        in_window(original) && original.member.arrival < one.member.arrival
                    })
                })
        };
        let mut recent: Vec<PlacedArticle> =
            projection.articles.values().filter(is_recent).copied().collect();
        recent.sort_unstable_by_key(|one| one.member.arrival);
        recent
    }

    /// The earliest time (seconds since 1970 UTC) and the lowest arrival number of articles in the
    /// window.
    fn oldest(&self, newest: i64, arrival: u64) -> (i64, u64) {
        let at = newest.saturating_sub(self.clusterer.window_s());
        (at, arrival.saturating_sub(self.clusterer.window_arrivals()))
    }

    /// Decides on all articles that arrived and are not placed yet.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn catch_up(&mut self) -> Result<(), Error> {
        let mut after = self.projection().arrival;
        let limit = Limit::new(u32::try_from(PIECE).unwrap_or(1)).unwrap_or(Limit::MOST);
        while !self.stop.load(Ordering::Relaxed) {
            let arrivals = self.store.arrived(after, limit).await?;
            let Some(last) = arrivals.last() else { return Ok(()) };
            after = last.arrival;
            self.fill().await?;
            let ids: Vec<ArticleId> = arrivals.iter().map(|one| one.article).collect();
            let stored = self.store.fetch(&ids, Vectors::Yes).await?;
            for stored in stored.into_iter().flatten() {
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
                let (id, arrival) = (stored.article.id, stored.arrival);
                if self.suspects.begin(id) {
                    self.place(stored, arrival).await?;
                }
            }
            self.commit().await?;
        }
        Ok(())
    }

    /// Decides to which topics an article belongs. An article that was placed before is taken out
    /// first: its text has changed.
    pub(super) async fn place(&mut self, stored: Stored, arrival: u64) -> Result<(), Error> {
        let at_us = stored.updated_at_us;
        let group = stored.membership.group;
        let Some(read) = self.reader.read(stored) else { return Ok(()) };
        let (id, source) = (read.item.id, read.source);
        if self.projection().articles.contains_key(&id) {
            self.take_out(id, at_us).await?;
        }
        let at = if read.is_dated { read.item.at } else { self.undated(read.item.at) };
        let original = self.original(group, at, arrival);
        let decision = self.clusterer.assign(Item { arrival, at, original, ..read.item });
        self.window.add(id, (at, arrival), read.contribution);
        let assigned = Assigned {
            article: id,
            arrival,
            at,
            source,
            group,
            original,
            placement: decision.placement,
            probability: decision.probability,
        };
        let corrections = decision.repairs.into_iter().map(correction).collect();
        self.log(Change::Assigned(assigned), corrections, at_us).await
    }

    /// The time that counts for an article without a date, in seconds since 1970 UTC: that of the
    /// newest article before it. The same stream of articles gives the same time whenever it is
    /// read, and for an archive this is nearer to the truth than the clock. For the very first
    /// article it is the time of arrival.
    fn undated(&self, arrived: i64) -> i64 {
        let projection = self.projection();
        if projection.articles.is_empty() { arrived } else { projection.newest.min(arrived) }
    }

    /// The article whose text a new one of this group prints, if that one is still in the window.
    fn original(&self, group: GroupId, at: i64, arrival: u64) -> Option<ArticleId> {
        let projection = self.projection();
        let first = projection.articles.get(&projection.first_of(group)?)?;
        let root = first.original.and_then(|root| projection.articles.get(&root)).unwrap_or(first);
        let oldest = self.oldest(projection.newest.max(at), projection.arrival.max(arrival));
        let TopicMember { at, arrival, article, .. } = root.member;
        (at >= oldest.0 && arrival >= oldest.1).then_some(article)
    }

    /// Takes an article out of its topics.
    pub(super) async fn take_out(&mut self, id: ArticleId, at_us: i64) -> Result<(), Error> {
        if !self.projection().articles.contains_key(&id) {
            return Ok(());
        }
        self.clusterer.remove(id);
        self.window.forget(id);
        self.log(Change::Removed { article: id }, Vec::new(), at_us).await
    }

    /// Adds a change to the entries that are to be logged, and applies it to the projection.
    pub(super) async fn log(
        &mut self,
        change: Change,
        corrections: Vec<Correction>,
        at_us: i64,
    ) -> Result<(), Error> {
        let version = self.projection().version + 1;
        let mut entry = Entry { version, at_us, change, corrections, faces: Vec::new() };
        let touched = self.ahead_mut().reshape(&entry);
        entry.faces = self.faces(&touched).await?;
        self.ahead_mut().show(&entry);
        let (newest, arrival) = {
            let projection = self.projection();
            (projection.newest, projection.arrival)
        };
        self.window.prune(self.oldest(newest, arrival));
        self.touched.merge(touched);
        self.fresh.push(entry);
        Ok(())
    }

    /// Appends what was decided to the log, durably, shows it to readers, and then writes what
    /// follows to the store. The write to the store is made up for later if it fails, since the log
    /// is the truth.
    ///
    /// # Errors
    /// [`Error::Store`]; then nothing of it was shown, and [`Worker::abandon`] drops it.
    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        let rows = self.fresh.iter().map(write).collect::<Result<_, _>>()?;
        self.append(rows).await?;
        self.publish();
        self.sync_or_fall_behind().await;
        self.checkpoint_if_due().await;
        Ok(())
    }

    /// Appends rows to the log, with a mark that says that no change of articles is on its way.
    async fn append(&self, rows: Vec<Row>) -> Result<(), Error> {
        let arrival = self.projection().arrival;
        let mark = Mark { projected: self.synced, arrival, unsettled: Vec::new() };
        if let Err(error) = self.store.append(self.lease.term(), rows, mark).await {
            if matches!(error, store::Error::Fenced { .. }) {
                self.lease.lose();
            } else {
                self.lease.doubt();
            }
            return Err(error.into());
        }
        self.lease.settle();
        Ok(())
    }

    /// Writes to the store what follows from the log; a failure is logged, and made up for by the
    /// next commit.
    pub(super) async fn sync_or_fall_behind(&mut self) {
        if let Err(error) = self.sync_store().await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the store does not show the last changes of topics yet");
        }
    }

    /// Takes out of their topics the articles that a change deleted and that broke off before it
    /// could do so itself; see `change`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn take_out_deleted(&mut self) -> Result<(), Error> {
        if !self.lease.is_unsettled() {
            return Ok(());
        }
        let articles = self.store.mark().await?.unsettled;
        let stored = self.store.memberships(&articles).await?;
        for (id, stored) in articles.into_iter().zip(stored) {
            if stored.is_none() && self.projection().articles.contains_key(&id) {
                self.fill().await?;
                self.take_out(id, now_us()).await?;
            }
        }
        Ok(())
    }

    /// Commits what was decided, and has the store take note that no change of articles is on its
    /// way.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        self.commit().await?;
        if self.lease.is_unsettled() {
            self.append(Vec::new()).await?;
        }
        Ok(())
    }
}

/// A repair in the form that the log keeps.
pub(super) fn correction(repair: Repair) -> Correction {
    match repair {
        Repair::Merged { level, kept, gone, probability: _ } => {
            Correction::Merged { level, kept, gone }
        }
        Repair::Split { level, from, new, members } => {
            Correction::Split { level, from, new, members }
        }
    }
}

/// The row of the log for an entry.
fn write(entry: &Entry) -> Result<Row, Error> {
    match serde_json::to_value(entry) {
        Ok(serde_json::Value::Object(value)) => Ok(Row { version: entry.version, value }),
        Ok(_) => Err(damaged("an entry is no object".into())),
        Err(error) => Err(damaged(error.into())),
    }
}

/// The entry of a row.
pub(super) fn read(row: Row) -> Result<Entry, Error> {
    let Row { version, value } = row;
    let entry: Entry = serde_json::from_value(serde_json::Value::Object(value))
        .map_err(|error| damaged(error.into()))?;
    if entry.version == version { Ok(entry) } else { Err(damaged("versions differ".into())) }
}

fn damaged(source: store::BoxError) -> Error {
    Error::Store(store::Error::Failed(source))
}
