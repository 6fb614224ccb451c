//! Keeps topics up to date where several processes share the store.
//!
//! A task of its own renews the lease while this process writes, and follows the log of whichever
//! process holds the lease otherwise.

use std::sync::Arc;
use std::sync::Weak;

use tokio::task::AbortHandle;

use crate::Engine;
use crate::Error;
use crate::topics::Topics;

/// Starts the task; it ends when it is aborted, or when nobody uses `topics` any more.
pub(super) fn start(engine: &Engine, topics: &Arc<Topics>) -> AbortHandle {
    let (engine, topics) = (engine.clone(), Arc::downgrade(topics));
    tokio::spawn(run(engine, topics)).abort_handle()
}

async fn run(engine: Engine, topics: Weak<Topics>) {
    let mut was_away = false;
    loop {
        tokio::time::sleep(engine.lease.timing().tick).await;
        let Some(topics) = topics.upgrade() else { return };
        let done = engine.renew_or_follow(&topics).await;
        if let Err(error) = &done
            && !was_away
        {
            let error: &dyn std::error::Error = error;
            tracing::warn!(error, "the other processes cannot be followed");
        }
        was_away = done.is_err();
    }
}

impl Engine {
    async fn renew_or_follow(&self, topics: &Topics) -> Result<(), Error> {
        if self.lease.is_held() {
            let lock = Arc::clone(&self.write_lock).try_acquire_owned();
            self.lease.renew(lock.is_err()).await?;
            return self.look_for_late(lock.ok()).await;
        }
        let lock = self.lock_local().await?;
        for article in topics.follow(lock).await? {
            self.forget(article);
        }
        // A process that stored articles and died leaves them without topics.
        if self.lease.is_free().await? && self.store.last_arrival().await? > topics.arrival() {
            let lock = self.lock_writes().await?;
            topics.catch_up(lock)?;
        }
        Ok(())
    }
}
