//! A lease in this process, for stores that nobody outside it can reach.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::Error;
use crate::Lease;

/// A lease that only this process sees.
#[derive(Debug, Default)]
pub struct Local(Mutex<Lease>);

impl Local {
    /// The lease as it is.
    pub fn look(&self) -> Lease {
        self.lock().clone()
    }

    /// Replaces the lease `seen` by `next`; whether it was still there.
    pub fn swap(&self, seen: &Lease, next: &Lease) -> bool {
        let mut lease = self.lock();
        let same = *lease == *seen;
        if same {
            lease.clone_from(next);
        }
        same
    }

    /// Holds the lease still while a writer of `term` writes.
    ///
    /// # Errors
    /// [`Error::Fenced`] if that term has passed.
    pub fn hold(&self, term: u64) -> Result<impl Drop + '_, Error> {
        let lease = self.lock();
        if lease.term == term { Ok(lease) } else { Err(Error::Fenced { term }) }
    }

    fn lock(&self) -> MutexGuard<'_, Lease> {
        // Whoever panicked while holding it had read it or replaced it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
