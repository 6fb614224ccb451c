//! The two copies of the projection: what readers see, and what the worker decides on.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;

use crate::topics::projection::Projection;
use crate::topics::published::Published;
use crate::topics::worker::Worker;

/// The projection as the worker sees it.
pub(in crate::topics) enum Current<'a> {
    /// With what is decided on and not in the log yet.
    Ahead(&'a Projection),
    /// As readers see it, while nothing was decided on.
    Published(RwLockReadGuard<'a, Published>),
}

impl Deref for Current<'_> {
    type Target = Projection;

    fn deref(&self) -> &Projection {
        match self {
            Current::Ahead(projection) => projection,
            Current::Published(projection) => projection,
        }
    }
}

impl Worker {
    /// What readers see.
    pub(in crate::topics) fn published(&self) -> Arc<RwLock<Published>> {
        Arc::clone(&self.published)
    }

    /// The projection with everything that was decided.
    pub(in crate::topics) fn projection(&self) -> Current<'_> {
        match &self.ahead {
            Some(ahead) => Current::Ahead(ahead),
            // Only this thread writes it; after a panic it is read from the log anew.
            None => {
                Current::Published(self.published.read().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    pub(super) fn published_mut(&self) -> RwLockWriteGuard<'_, Published> {
        self.published.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The copy for decisions, made if there is none.
    pub(super) fn ahead_mut(&mut self) -> &mut Projection {
        let published = &self.published;
        self.ahead.get_or_insert_with(|| {
            Projection::clone(&published.read().unwrap_or_else(PoisonError::into_inner))
        })
    }

    /// Shows readers what was decided and is in the log now.
    pub(super) fn publish(&mut self) {
        let version = {
            let mut published = self.published_mut();
            published.apply(&self.fresh);
            published.version
        };
        self.fresh.clear();
        self.suspects.clear();
        self.versions.send_replace(version);
    }

    /// Drops what was decided and is not in the log, after a failure. The end of the log is read
    /// again before the next task, since it may hold some of it.
    pub(in crate::topics) fn abandon(&mut self) {
        self.sound = false;
        if self.ahead.take().is_some() || !self.fresh.is_empty() {
            self.fresh.clear();
            // The clusterer and the window have taken in what is dropped.
            self.filled = false;
        }
    }

    /// Drops everything that a panic may have left half done.
    pub(in crate::topics) fn recover(&mut self) {
        self.abandon();
        self.filled = false;
        self.suspects.broke_down();
        if self.published.is_poisoned() {
            self.published.clear_poison();
            self.loaded = false;
        }
    }
}
