//! A lease held in memory, for stores that no other process can reach.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::Error;
use crate::Lease;

/// A lease that is visible only in this process.
#[derive(Debug, Default)]
pub struct Local(Mutex<Lease>);

impl Local {
    /// Reads the lease.
    pub fn look(&self) -> Lease {
        self.lock().clone()
    }

    /// Replaces the lease by `next` if it still equals `seen`, and returns whether it did.
    pub fn swap(&self, seen: &Lease, next: &Lease) -> bool {
        let mut lease = self.lock();
        let same = *lease == *seen;
        if same {
            lease.clone_from(next);
        }
        same
    }

    /// Keeps the lease from changing while a writer of `term` writes, until the guard is dropped.
    ///
    /// # Errors
    /// [`Error::Fenced`] if the lease has passed to another term.
    pub fn hold(&self, term: u64) -> Result<impl Drop + '_, Error> {
        let lease = self.lock();
        if lease.term == term { Ok(lease) } else { Err(Error::Fenced { term }) }
    }

    fn lock(&self) -> MutexGuard<'_, Lease> {
        // A thread that panicked here had either only read the lease or replaced it as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
