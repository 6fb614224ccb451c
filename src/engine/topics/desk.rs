//! The one place where topics change: it has the clusterer, and a thread of its own.
//!
//! Work comes with the engine's turn, so nobody stores or deletes articles meanwhile, and everything
//! follows in the order of arrival. Each step is decided, written to the log, and only then noted on
//! topics and articles. A process that is killed in between starts from the log: what was not logged
//! is decided again, from the same state and so alike; what was not noted is noted again.

mod start;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::Error;
use crate::lead::Lead;
use crate::topics::book::Book;
use crate::topics::book::Entered;
use crate::topics::book::Member;
use crate::topics::book::Touched;
use crate::topics::reading::Reader;
use crate::topics::window::Window;
use wenmai_cluster::topic::Clusterer;
use wenmai_cluster::topic::Constraint;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::Known;
use wenmai_cluster::topic::Repair;
use wenmai_cluster::topic::Weights;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
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

/// Times that a rebuild looks at all topics again, at most.
const REPAIR_ROUNDS_MAX: usize = 16;

/// Decides, logs, notes.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) lead: Arc<Lead>,
    /// The term up to which the log was read to its end.
    pub(super) term: u64,
    pub(super) reader: Reader,
    pub(super) weights: Arc<Weights>,
    pub(super) clusterer: Clusterer,
    shared: Arc<RwLock<Book>>,
    pub(super) window: Window,
    versions: watch::Sender<u64>,
    pub(super) stop: Arc<AtomicBool>,
    /// Entries that are not yet logged, and what they touched.
    fresh: Vec<Entry>,
    pub(super) touched: Touched,
    /// Points and placements follow from the log up to here.
    pub(super) projected: u64,
    /// The version of the last checkpoint.
    checkpointed: u64,
    /// Whether the book is what the log says; not so after a failed write.
    sound: bool,
    /// Whether clusterer and window are what the book says; filled when first needed.
    filled: bool,
}

impl Desk {
    /// A desk that has read nothing yet.
    pub(super) fn new(
        store: Store,
        lead: Arc<Lead>,
        reader: Reader,
        weights: Arc<Weights>,
        versions: watch::Sender<u64>,
    ) -> Self {
        Self {
            store,
            lead,
            term: 0,
            reader,
            clusterer: Clusterer::new(Arc::clone(&weights)),
            weights,
            shared: Arc::default(),
            window: Window::default(),
            versions,
            stop: Arc::default(),
            fresh: Vec::new(),
            touched: Touched::default(),
            projected: 0,
            checkpointed: 0,
            sound: false,
            filled: false,
        }
    }

    /// The book that readers see.
    pub(super) fn shared(&self) -> Arc<RwLock<Book>> {
        Arc::clone(&self.shared)
    }

    pub(super) fn book(&self) -> RwLockReadGuard<'_, Book> {
        // Whoever panicked while holding it is this thread, and reads the log anew.
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an entry that another process wrote.
    pub(super) fn take_in(&mut self, entry: &Entry) {
        let touched = self.book_mut().apply(entry);
        merge(&mut self.touched, touched);
        // Clusterer and window know nothing of it.
        self.filled = false;
        self.versions.send_replace(entry.version);
    }

    /// Notes how far another process came.
    pub(super) fn reached(&mut self, mark: Mark) {
        let version = {
            let mut book = self.book_mut();
            book.arrival = book.arrival.max(mark.arrival);
            book.version
        };
        self.projected = self.projected.max(mark.projected);
        if mark.projected >= version {
            self.touched = Touched::default();
        }
    }

    /// Fills clusterer and window from the book, if they are not: before the first decision, so that
    /// who only reads does not wait for it. An article of the window that is not stored any more was
    /// deleted by a process that was killed before it could log that.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
        if self.filled {
            return Ok(());
        }
        self.clusterer = Clusterer::new(Arc::clone(&self.weights));
        self.window = Window::default();
        let mut ghosts = Vec::new();
        for piece in self.recent_entered().chunks(Limit::MOST.count()) {
            let ids: Vec<ArticleId> = piece.iter().map(|one| one.member.article).collect();
            let stored = self.store.fetch(&ids, Vectors::Yes).await?;
            for (entered, stored) in piece.iter().zip(stored) {
                let Some(read) = stored.and_then(|stored| self.reader.read(stored)) else {
                    ghosts.push(entered.member.article);
                    continue;
                };
                let Member { arrival, at, .. } = entered.member;
                let item = Item { arrival, at, original: entered.original, ..read.item };
                self.window.add(item.id, (at, arrival), read.look);
                self.clusterer.restore(item, entered.placement);
            }
        }
        let (apart, pinned) = {
            let book = self.book();
            let pinned = book.topics.iter().filter(|(_, topic)| topic.pinned);
            (book.apart.clone(), pinned.map(|(id, _)| *id).collect::<Vec<_>>())
        };
        for (left, right) in apart {
            self.clusterer.constrain(Constraint::Apart(left, right));
        }
        for id in pinned {
            self.clusterer.constrain(Constraint::Pinned(id));
        }
        self.filled = true;
        for id in ghosts {
            self.take_out(id, now_us()).await?;
        }
        Ok(())
    }

    /// Tells the clusterer which topics there ever were; returns what the window holds, in the order
    /// of arrival.
    fn recent_entered(&mut self) -> Vec<Entered> {
        let shared = Arc::clone(&self.shared);
        let book = shared.read().unwrap_or_else(PoisonError::into_inner);
        for (id, topic) in &book.topics {
            let known = Known { id: *id, level: topic.level, founded: topic.founded };
            self.clusterer.know(known);
        }
        let oldest = self.oldest(book.newest, book.arrival);
        let in_window = |one: &Entered| one.member.at >= oldest.0 && one.member.arrival >= oldest.1;
        // The clusterer lets copies go with the article whose text they print.
        let is_recent = |one: &&Entered| {
            let original = one.original.map(|original| book.articles.get(&original));
            in_window(one)
                && original.is_none_or(|original| {
                    original.is_some_and(|original| {
                        in_window(original) && original.member.arrival < one.member.arrival
                    })
                })
        };
        let mut recent: Vec<Entered> = book.articles.values().filter(is_recent).copied().collect();
        recent.sort_unstable_by_key(|one| one.member.arrival);
        recent
    }

    /// The time and the arrival number from which on articles are in the window.
    fn oldest(&self, newest: i64, arrival: u64) -> (i64, u64) {
        let at = newest.saturating_sub(self.clusterer.window_s());
        (at, arrival.saturating_sub(self.clusterer.window_arrivals()))
    }

    /// Decides on everything that arrived and is not placed yet.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn catch_up(&mut self) -> Result<(), Error> {
        let mut after = self.book().arrival;
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
                let arrival = stored.arrival;
                self.place(stored, arrival).await?;
            }
            self.commit().await?;
        }
        Ok(())
    }

    /// Decides where an article belongs. One that was placed before leaves first: its text changed.
    pub(super) async fn place(&mut self, stored: Stored, arrival: u64) -> Result<(), Error> {
        let at_us = stored.updated_at_us;
        let group = stored.membership.group;
        let Some(read) = self.reader.read(stored) else { return Ok(()) };
        let (id, source) = (read.item.id, read.source);
        if self.book().articles.contains_key(&id) {
            self.take_out(id, at_us).await?;
        }
        let at = if read.is_dated { read.item.at } else { self.undated(read.item.at) };
        let original = self.original(group, at, arrival);
        let decision = self.clusterer.assign(Item { arrival, at, original, ..read.item });
        self.window.add(id, (at, arrival), read.look);
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

    /// When an article without a date counts: with the newest one before it, which the same stream
    /// gives again at any time and in an archive is nearer to the truth than the clock on the wall; the
    /// first one when it arrived.
    fn undated(&self, arrived: i64) -> i64 {
        let book = self.book();
        if book.articles.is_empty() { arrived } else { book.newest.min(arrived) }
    }

    /// The article whose text a new one of this group prints, if that one is still in the window.
    fn original(&self, group: GroupId, at: i64, arrival: u64) -> Option<ArticleId> {
        let book = self.book();
        let first = book.articles.get(&book.first_of(group)?)?;
        let root = first.original.and_then(|root| book.articles.get(&root)).unwrap_or(first);
        let oldest = self.oldest(book.newest.max(at), book.arrival.max(arrival));
        let Member { at, arrival, article, .. } = root.member;
        (at >= oldest.0 && arrival >= oldest.1).then_some(article)
    }

    /// Lets an article go.
    pub(super) async fn take_out(&mut self, id: ArticleId, at_us: i64) -> Result<(), Error> {
        if !self.book().articles.contains_key(&id) {
            return Ok(());
        }
        self.clusterer.remove(id);
        self.window.forget(id);
        self.log(Change::Removed { article: id }, Vec::new(), at_us).await
    }

    /// Adds an entry to those that are to be logged, with all that follows from it.
    pub(super) async fn log(
        &mut self,
        change: Change,
        corrections: Vec<Correction>,
        at_us: i64,
    ) -> Result<(), Error> {
        let version = self.book().version + 1;
        let mut entry = Entry { version, at_us, change, corrections, faces: Vec::new() };
        let touched = self.book_mut().reshape(&entry);
        entry.faces = self.faces(&touched).await?;
        self.book_mut().show(&entry);
        let (newest, arrival) = {
            let book = self.book();
            (book.newest, book.arrival)
        };
        self.window.prune(self.oldest(newest, arrival));
        merge(&mut self.touched, touched);
        self.fresh.push(entry);
        Ok(())
    }

    /// Makes what was decided durable, then notes it on topics and articles.
    ///
    /// # Errors
    /// [`Error::Store`]; then the log is read anew before anything else is decided.
    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.fresh).iter().map(write).collect::<Result<_, _>>()?;
        let (version, arrival) = {
            let book = self.book();
            (book.version, book.arrival)
        };
        let mark = Mark { projected: self.projected, arrival };
        if let Err(error) = self.store.append(self.lead.term(), rows, mark).await {
            self.sound = false;
            if matches!(error, store::Error::Fenced { .. }) {
                self.lead.lose();
            }
            return Err(error.into());
        }
        self.versions.send_replace(version);
        self.project().await?;
        self.checkpoint_if_due().await;
        Ok(())
    }

    /// Forgets that memory is what the log says.
    pub(super) fn doubt(&mut self) {
        self.sound = false;
    }

    /// Places what is stored and not placed, in the order of (time, id), lets go what is not stored
    /// any more, and looks at all topics again; returns how many were placed.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn rebuild(&mut self) -> Result<u64, Error> {
        self.fill().await?;
        let mut unplaced = Vec::new();
        let mut stored = BTreeSet::new();
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            for one in &page.points {
                stored.insert(one.article.id);
                if !self.book().articles.contains_key(&one.article.id) {
                    unplaced.push((self.reader.at(one), one.article.id));
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let gone: BTreeSet<ArticleId> = {
            let book = self.book();
            book.articles.keys().filter(|id| !stored.contains(id)).copied().collect()
        };
        for id in gone {
            self.take_out(id, now_us()).await?;
        }
        unplaced.sort_unstable();
        let mut next = self.store.last_arrival().await?;
        next = next.max(self.book().arrival);
        let mut count = 0;
        for piece in unplaced.chunks(PIECE) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let ids: Vec<ArticleId> = piece.iter().map(|(_, id)| *id).collect();
            for one in self.store.fetch(&ids, Vectors::Yes).await?.into_iter().flatten() {
                next += 1;
                self.place(one, next).await?;
                count += 1;
            }
            self.commit().await?;
        }
        // One repair may show the next one; a handful of rounds is enough, and there is an end.
        for _round in 0..REPAIR_ROUNDS_MAX {
            let repairs: Vec<Correction> =
                self.clusterer.repair().into_iter().map(correction).collect();
            if repairs.is_empty() {
                break;
            }
            self.log(Change::Repaired, repairs, now_us()).await?;
        }
        self.commit().await?;
        self.checkpoint().await;
        Ok(count)
    }
}

fn merge(all: &mut Touched, more: Touched) {
    let Touched { topics, reshaped, articles } = more;
    all.topics.extend(topics);
    all.reshaped.extend(reshaped);
    all.articles.extend(articles);
}

/// A repair as the log has it.
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

/// An entry as a row of the log.
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

/// Microseconds since 1970 UTC.
pub(super) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
