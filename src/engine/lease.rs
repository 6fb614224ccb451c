//! The lease that a process holds while it changes a store that several processes share.
//!
//! At any time one process holds the lease, and only that process stores articles and decides on
//! topics. A process takes the lease for its first write, renews it while there is work, and
//! releases it when there is none. The other processes answer queries meanwhile and follow the log
//! of changes (`topics::replica`). A holder that died is noticed because it stops renewing; the
//! time is measured on the clock of the process that watches. A holder that was only slow finds,
//! when it comes back, that its term has passed: the store accepts no log entry of a past term, and
//! no article over what a later term wrote (`fence`).

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::Engine;
use crate::Error;
use crate::deadline;
use wenmai_store as store;
use wenmai_store::Lease;
use wenmai_store::Store;

/// How long after a change of the term its holder looks for late writes at every tick; later ones
/// are found at the next change of the term.
const LATE_MAX: Duration = Duration::from_mins(5);

/// The times by which processes that share a store hand the lease on; all of them must use the
/// same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTiming {
    /// A lease that was not renewed for this long may be taken by another process.
    pub silence_max: Duration,
    /// The longest time that a write waits for the lease before it fails; half of what is left
    /// until the caller's deadline, if that is less.
    pub wait_max: Duration,
    /// The time between two looks at the lease while a write waits for it.
    pub poll: Duration,
    /// The time between two renewals, and between two looks at the log of another process; a
    /// fraction of `silence_max`.
    pub tick: Duration,
}

impl Default for LeaseTiming {
    fn default() -> Self {
        Self {
            silence_max: store::LEASE_SILENCE,
            wait_max: Duration::from_secs(8),
            poll: Duration::from_millis(100),
            tick: Duration::from_secs(1),
        }
    }
}

/// This process's side of the lease. Where nobody shares the store it counts as held all the time.
pub(super) struct WriterLease {
    store: Store,
    holder: String,
    timing: LeaseTiming,
    state: Mutex<State>,
    /// Whether the store may hold the note of a change that has not ended.
    unsettled: AtomicBool,
}

#[derive(Default)]
struct State {
    held: Option<HeldLease>,
    /// The last term that this process held; 0 if it never held one.
    term: u64,
    /// Whether there was a write since the last renewal.
    used: bool,
    /// Whether a write of this term failed and may still reach the store.
    doubtful: bool,
    /// When this process last took over while a write was on its way.
    watched_since: Option<Instant>,
    /// The lease as it was last seen, and since when it has looked like that.
    seen: Option<(Lease, Instant)>,
}

#[derive(Clone)]
struct HeldLease {
    lease: Lease,
    /// A moment before the last renewal was sent.
    renewed: Instant,
}

impl WriterLease {
    pub(super) fn new(store: Store, timing: LeaseTiming) -> Self {
        let number: u64 = rand::random();
        let holder = format!(
            "wenmai {}, process {}, {number:016x}",
            env!("CARGO_PKG_VERSION"),
            std::process::id()
        );
        let unsettled = AtomicBool::new(true);
        Self { store, holder, timing, state: Mutex::default(), unsettled }
    }

    pub(super) fn timing(&self) -> LeaseTiming {
        self.timing
    }

    /// The last term that this process held; 0 where nobody shares the store.
    pub(super) fn term(&self) -> u64 {
        self.state().term
    }

    /// Whether the store may hold the note of a change that has not ended: after the start, after
    /// another process held the lease, and while a change of several writes is on its way.
    pub(super) fn is_unsettled(&self) -> bool {
        self.unsettled.load(Ordering::Acquire)
    }

    /// Takes note that such a change begins.
    pub(super) fn unsettle(&self) {
        self.unsettled.store(true, Ordering::Release);
    }

    /// Takes note that the store holds no such note any more.
    pub(super) fn settle(&self) {
        self.unsettled.store(false, Ordering::Release);
    }

    /// Whether this process may change the store, as far as it knows.
    pub(super) fn is_held(&self) -> bool {
        !self.store.is_shared() || self.state().held.is_some()
    }

    /// Takes the lease, and waits for it up to [`LeaseTiming::wait_max`]. Returns whether another
    /// process may have held it since this one did.
    ///
    /// # Errors
    /// [`store::Error::Led`] if another process keeps the lease; otherwise what the store returns.
    pub(super) async fn acquire(&self) -> Result<bool, store::Error> {
        if !self.store.is_shared() {
            return Ok(false);
        }
        let started = Instant::now();
        let patience = deadline::remaining()
            .map_or(self.timing.wait_max, |remaining| self.timing.wait_max.min(remaining / 2));
        loop {
            self.state().used = true;
            let (held, doubtful) = {
                let state = self.state();
                (state.held.clone(), state.doubtful)
            };
            let is_recent = |held: HeldLease| held.renewed.elapsed() < self.timing.silence_max / 2;
            if !doubtful && held.is_some_and(is_recent) {
                return Ok(false);
            }
            let seen = self.observe().await?;
            let term = self.state().term;
            let is_ours = seen.holder == self.holder;
            if is_ours || self.may_be_taken(&seen) {
                let is_fresh = seen.term != term || term == 0 || doubtful;
                let term = if is_fresh { seen.term + 1 } else { term };
                let next = Lease { term, holder: self.holder.clone(), beat: seen.beat + 1 };
                if self.swap(&seen, next).await? {
                    if is_fresh {
                        self.state().doubtful = false;
                        self.unsettle();
                    }
                    return Ok(is_fresh);
                }
            }
            if started.elapsed() > patience {
                return Err(store::Error::Led { holder: seen.holder });
            }
            tokio::time::sleep(self.timing.poll).await;
        }
    }

    /// Makes sure, right before a write, that this process still holds the lease: renews it if that
    /// was long ago. A process that was held up between two writes learns here that its term has
    /// passed, and does not write into the term of another.
    ///
    /// # Errors
    /// [`store::Error::Fenced`]; what the store returns.
    pub(super) async fn confirm(&self) -> Result<(), store::Error> {
        if !self.store.is_shared() {
            return Ok(());
        }
        let held = self.state().held.clone();
        let Some(held) = held else { return Err(store::Error::Fenced { term: self.term() }) };
        if held.renewed.elapsed() < self.timing.silence_max / 2 {
            return Ok(());
        }
        let next = Lease { beat: held.lease.beat + 1, ..held.lease.clone() };
        if self.swap(&held.lease, next).await? {
            return Ok(());
        }
        let renewed_meanwhile =
            self.state().held.clone().is_some_and(|now| now.lease != held.lease);
        if renewed_meanwhile {
            return Ok(());
        }
        self.lose();
        Err(store::Error::Fenced { term: held.lease.term })
    }

    /// Takes note that a write failed and may still reach the store: the next write takes a new term,
    /// so that the old one comes too late whenever it comes.
    pub(super) fn doubt(&self) {
        if self.store.is_shared() {
            self.state().doubtful = true;
        }
    }

    /// Takes note that a write of an earlier holder may still arrive.
    pub(super) fn watch_for_late(&self) {
        self.state().watched_since = Some(Instant::now());
    }

    /// Whether a write of an earlier holder may still arrive, as far as one waits for it.
    pub(super) fn watches_for_late(&self) -> bool {
        let since = self.state().watched_since;
        since.is_some_and(|since| since.elapsed() < LATE_MAX)
    }

    /// Whether no process holds the lease, as far as can be seen.
    pub(super) async fn is_free(&self) -> Result<bool, store::Error> {
        let seen = self.observe().await?;
        Ok(self.may_be_taken(&seen))
    }

    /// Renews the lease, or releases it if nobody wrote since the last time and `is_busy` is false.
    pub(super) async fn renew(&self, is_busy: bool) -> Result<(), store::Error> {
        let (held, used) = {
            let mut state = self.state();
            (state.held.clone(), std::mem::take(&mut state.used))
        };
        let Some(held) = held else { return Ok(()) };
        if !used && !is_busy {
            return self.release().await;
        }
        let next = Lease { beat: held.lease.beat + 1, ..held.lease.clone() };
        if !self.swap(&held.lease, next).await? {
            // Unless a write of this process renewed it meanwhile.
            self.state().held.take_if(|now| now.lease == held.lease);
        }
        Ok(())
    }

    /// Releases the lease, so that another process can take it at once.
    pub(super) async fn release(&self) -> Result<(), store::Error> {
        let Some(held) = self.state().held.take() else { return Ok(()) };
        let beat = held.lease.beat + 1;
        let free = Lease { holder: String::new(), beat, ..held.lease.clone() };
        // If the swap fails, another process has the lease already.
        self.store.swap_lease(&held.lease, &free).await.map(|_swapped| ())
    }

    /// Notes that another process holds the lease.
    pub(super) fn lose(&self) {
        self.state().held = None;
    }

    async fn swap(&self, seen: &Lease, next: Lease) -> Result<bool, store::Error> {
        let renewed = Instant::now();
        let swapped = self.store.swap_lease(seen, &next).await?;
        if swapped {
            let mut state = self.state();
            state.term = next.term;
            state.held = Some(HeldLease { lease: next, renewed });
        }
        Ok(swapped)
    }

    /// Reads the lease from the store, and notes since when it has looked as it does.
    async fn observe(&self) -> Result<Lease, store::Error> {
        let lease = self.store.lease().await?;
        let mut state = self.state();
        if state.seen.as_ref().is_none_or(|(seen, _)| *seen != lease) {
            state.seen = Some((lease.clone(), Instant::now()));
        }
        Ok(lease)
    }

    fn may_be_taken(&self, lease: &Lease) -> bool {
        let silent = |(seen, since): &(Lease, Instant)| {
            seen == lease && since.elapsed() >= self.timing.silence_max
        };
        lease.holder.is_empty() || self.state().seen.as_ref().is_some_and(silent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding it had set one field.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// The same engine with other times for the lease that processes share; to be called before
    /// [`Engine::with_topics`].
    #[must_use]
    pub fn with_lease_timing(mut self, timing: LeaseTiming) -> Self {
        self.lease = Arc::new(WriterLease::new(self.store.clone(), timing));
        self
    }

    /// Waits until no other call of this process decides on groups or topics.
    pub(super) async fn lock_local(&self) -> Result<OwnedSemaphorePermit, Error> {
        let lock = Arc::clone(&self.write_lock).acquire_owned();
        lock.await.map_err(|_closed| Error::Store(store::Error::Closed))
    }

    /// Waits until no other call, and no other process, decides on groups or topics; then shuts out
    /// the process before, and mends what a change that broke off left behind.
    pub(super) async fn lock_writes(&self) -> Result<OwnedSemaphorePermit, Error> {
        let lock = self.lock_local().await?;
        let is_fresh = self.lease.acquire().await?;
        if !is_fresh {
            self.mend().await?;
            return Ok(lock);
        }
        // Another process gave numbers to articles.
        self.next_arrival.store(0, Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
        let announced = self.store.mark().await?.unsettled;
        let late = self.fence(announced).await?;
        self.mend().await?;
        self.remove_late(late, lock).await
    }
}
