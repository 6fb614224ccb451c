//! Writes that arrive after their term: nothing of them stays, and nobody is told that they were
//! stored.
//!
//! A holder of the lease can be held up (by its machine, by the network, by a server that is slow)
//! between its last look at the lease and the moment when its write takes effect, while another
//! process takes over. So a write announces its articles in the mark first ([`Engine::announce`]),
//! which the mark accepts in time only; the store writes nothing over what a later term touched; and
//! a new holder makes what was announced its own before it writes anything (`store::fence`). What a
//! late write can still do is to store an article that was not there. Nobody acknowledged it, since
//! its writer looks at the lease once more afterwards ([`Engine::guarded`]); the holder of the lease
//! finds it and takes it away ([`Engine::remove_late`]): after each change of the term, for some
//! minutes after it, and when topics are rebuilt.
//!
//! A write that failed may still arrive too, behind later writes of the same process. Therefore the
//! next write takes a new term ([`doubt`](crate::lease::WriterLease::doubt)).

use std::future::Future;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::Engine;
use crate::Error;
use wenmai_domain::id::ArticleId;
use wenmai_store as store;

/// How often a process whose write came too late tries to take the lease and clean up.
const TRIES_MAX: u32 = 20;
const TRY_EVERY: Duration = Duration::from_millis(500);

impl Engine {
    /// Does a write as the holder of the lease: looks at the lease before it, and once more after
    /// it, so that what returns without an error took effect in its term.
    ///
    /// # Errors
    /// [`store::Error::Fenced`] if the term has passed; what `write` returns.
    pub(super) async fn guarded<T>(
        &self,
        write: impl Future<Output = Result<T, store::Error>>,
    ) -> Result<T, Error> {
        self.lease.confirm().await?;
        match write.await {
            Ok(done) => {
                if let Err(error) = self.lease.confirm().await {
                    if matches!(error, store::Error::Fenced { .. }) {
                        tracing::warn!("a write came too late, another process holds the lease");
                        self.clean_up();
                    }
                    return Err(error.into());
                }
                Ok(done)
            }
            Err(error) => {
                self.lease.doubt();
                Err(error.into())
            }
        }
    }

    /// Makes `announced` this holder's own; returns the articles that an earlier holder stored after
    /// its time. Needs the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn fence(&self, announced: Vec<ArticleId>) -> Result<Vec<ArticleId>, Error> {
        if !self.store.is_shared() {
            return Ok(Vec::new());
        }
        if !announced.is_empty() {
            self.lease.watch_for_late();
        }
        Ok(self.store.fence(self.lease.term(), announced).await?)
    }

    /// Deletes articles that were stored too late; returns the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn remove_late(
        &self,
        late: Vec<ArticleId>,
        mut lock: OwnedSemaphorePermit,
    ) -> Result<OwnedSemaphorePermit, Error> {
        if !late.is_empty() {
            let removed = late.len();
            tracing::warn!(removed, "articles came too late from an earlier holder of the lease");
        }
        for id in late {
            lock = match self.delete_locked(id, lock).await? {
                (_, Some(lock)) => lock,
                (_, None) => self.lock_local().await?,
            };
        }
        Ok(lock)
    }

    /// Takes away what an earlier holder stored too late, for some minutes after a write of it may
    /// have been on its way. `lock` is the write lock, if nobody writes.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn look_for_late(
        &self,
        lock: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Error> {
        let Some(lock) = lock.filter(|_| self.lease.is_held() && self.lease.watches_for_late())
        else {
            return Ok(());
        };
        let late = self.fence(Vec::new()).await?;
        self.remove_late(late, lock).await.map(|_lock| ())
    }

    /// Takes the lease as soon as it can be had, by which whatever came too late is taken away.
    fn clean_up(&self) {
        let engine = self.clone();
        tokio::spawn(async move {
            for _try in 0..TRIES_MAX {
                match engine.lock_writes().await {
                    Ok(_) | Err(Error::Store(store::Error::Closed)) => return,
                    Err(_) => tokio::time::sleep(TRY_EVERY).await,
                }
            }
        });
    }
}
