//! Places what is stored and has no topic, as after a time without topics, and repairs all topics.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::Error;
use crate::clock::now_us;
use crate::topics::Rebuilt;
use crate::topics::worker::PIECE;
use crate::topics::worker::Worker;
use crate::topics::worker::correction;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::change::Change;
use wenmai_domain::topic::change::Correction;
use wenmai_store::Vectors;

/// Rounds of repair that a rebuild runs at most.
const REPAIR_ROUNDS_MAX: usize = 16;

impl Worker {
    /// Places every stored article that is not placed, in the order of (time, id), takes out those
    /// that are not stored any more, and repairs all topics. Groups of reprints are not its matter.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(in crate::topics) async fn rebuild(&mut self) -> Result<Rebuilt, Error> {
        self.fill().await?;
        let mut unplaced = Vec::new();
        let mut stored = BTreeSet::new();
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            for one in &page.points {
                stored.insert(one.article.id);
                if !self.projection().articles.contains_key(&one.article.id) {
                    unplaced.push((self.reader.at(one), one.article.id));
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let gone: BTreeSet<ArticleId> = {
            let projection = self.projection();
            projection.articles.keys().filter(|id| !stored.contains(id)).copied().collect()
        };
        let removed_count = u64::try_from(gone.len()).unwrap_or(u64::MAX);
        for id in gone {
            self.take_out(id, now_us()).await?;
        }
        unplaced.sort_unstable();
        let mut next = self.store.last_arrival().await?;
        next = next.max(self.projection().arrival);
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
        Ok(Rebuilt { placed_count: count, removed_count, groups_mended: 0 })
    }
}
