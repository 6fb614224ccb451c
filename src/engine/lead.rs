//! Whose turn it is to change a store that several processes share.
//!
//! One at a time has the lease, and only its holder stores articles and decides on topics. It is taken
//! for the first write, kept while there is work, and let go when there is none; the others follow
//! the log of changes meanwhile and answer queries. A holder that died is noticed by its silence, on
//! the watcher's own clock. One that was only slow comes back to find its term passed, and the store
//! takes nothing from it into the log.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::task::AbortHandle;

use crate::Engine;
use crate::Error;
use crate::topics::Topics;
use wenmai_store as store;
use wenmai_store::Lease;
use wenmai_store::Store;

/// How long processes that share a store wait for each other; the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A lease that was silent for so long may be taken.
    pub silence_max: Duration,
    /// Time that a write waits for its turn, at most.
    pub wait_max: Duration,
    /// Time between two looks of who waits.
    pub poll: Duration,
    /// Time between two signs of life, and between two looks at the log: a fraction of the silence.
    pub tick: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence_max: Duration::from_secs(5),
            wait_max: Duration::from_secs(8),
            poll: Duration::from_millis(100),
            tick: Duration::from_secs(1),
        }
    }
}

/// This process's claim on the lease.
pub(super) struct Lead {
    store: Store,
    holder: String,
    patience: Patience,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The last term that was held here.
    term: u64,
    /// Whether there was a write since the last tick.
    used: bool,
    /// The lease as it was last seen, and since when.
    seen: Option<(Lease, Instant)>,
}

#[derive(Clone)]
struct Held {
    lease: Lease,
    /// Before the last sign of life was sent.
    renewed: Instant,
}

impl Lead {
    pub(super) fn new(store: Store, patience: Patience) -> Self {
        let number: u64 = rand::random();
        let holder = format!(
            "wenmai {}, process {}, {number:016x}",
            env!("CARGO_PKG_VERSION"),
            std::process::id()
        );
        Self { store, holder, patience, state: Mutex::default() }
    }

    /// The term of this process's last turn; 0 where nobody shares the store.
    pub(super) fn term(&self) -> u64 {
        self.state().term
    }

    /// Whether this process may change the store, as far as it knows.
    pub(super) fn is_held(&self) -> bool {
        !self.store.is_shared() || self.state().held.is_some()
    }

    /// Waits for the turn, a while. Whether somebody else may have had it since the last time.
    ///
    /// # Errors
    /// [`store::Error::Led`] if another process keeps it; what the store gives.
    pub(super) async fn take(&self) -> Result<bool, store::Error> {
        if !self.store.is_shared() {
            return Ok(false);
        }
        let started = Instant::now();
        loop {
            self.state().used = true;
            let held = self.state().held.clone();
            if held.is_some_and(|held| held.renewed.elapsed() < self.patience.silence_max / 2) {
                return Ok(false);
            }
            let seen = self.look().await?;
            let term = self.state().term;
            let is_ours = seen.holder == self.holder;
            if is_ours || self.may_be_taken(&seen) {
                let is_fresh = seen.term != term || term == 0;
                let term = if is_fresh { seen.term + 1 } else { term };
                let next = Lease { term, holder: self.holder.clone(), beat: seen.beat + 1 };
                if self.swap(&seen, next).await? {
                    return Ok(is_fresh);
                }
            }
            if started.elapsed() > self.patience.wait_max {
                return Err(store::Error::Led { holder: seen.holder });
            }
            tokio::time::sleep(self.patience.poll).await;
        }
    }

    /// Whether nobody has the turn, as far as can be seen.
    async fn is_free(&self) -> Result<bool, store::Error> {
        let seen = self.look().await?;
        Ok(self.may_be_taken(&seen))
    }

    /// Gives a sign of life, or lets the lease go if nobody wrote since the last time.
    async fn keep(&self, is_busy: bool) -> Result<(), store::Error> {
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
            // Unless a write of this process gave a sign of life meanwhile.
            self.state().held.take_if(|now| now.lease == held.lease);
        }
        Ok(())
    }

    /// Lets others have the turn at once.
    pub(super) async fn release(&self) -> Result<(), store::Error> {
        let Some(held) = self.state().held.take() else { return Ok(()) };
        let beat = held.lease.beat + 1;
        let free = Lease { holder: String::new(), beat, ..held.lease.clone() };
        // Who was faster has it already.
        self.store.swap_lease(&held.lease, &free).await.map(|_swapped| ())
    }

    /// Notes that the turn is somebody else's.
    pub(super) fn lose(&self) {
        self.state().held = None;
    }

    async fn swap(&self, seen: &Lease, next: Lease) -> Result<bool, store::Error> {
        let renewed = Instant::now();
        let swapped = self.store.swap_lease(seen, &next).await?;
        if swapped {
            let mut state = self.state();
            state.term = next.term;
            state.held = Some(Held { lease: next, renewed });
        }
        Ok(swapped)
    }

    /// Looks at the lease, and notes since when it is as it is.
    async fn look(&self) -> Result<Lease, store::Error> {
        let lease = self.store.lease().await?;
        let mut state = self.state();
        if state.seen.as_ref().is_none_or(|(seen, _)| *seen != lease) {
            state.seen = Some((lease.clone(), Instant::now()));
        }
        Ok(lease)
    }

    fn may_be_taken(&self, lease: &Lease) -> bool {
        let silent = |(seen, since): &(Lease, Instant)| {
            seen == lease && since.elapsed() >= self.patience.silence_max
        };
        lease.holder.is_empty() || self.state().seen.as_ref().is_some_and(silent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding it had set one field.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts what keeps the lease while it is used, and follows the others while it is not.
pub(super) fn attend(engine: &Engine, topics: &Arc<Topics>) -> AbortHandle {
    let (engine, topics) = (engine.clone(), Arc::downgrade(topics));
    tokio::spawn(attend_to(engine, topics)).abort_handle()
}

async fn attend_to(engine: Engine, topics: Weak<Topics>) {
    let mut was_away = false;
    loop {
        tokio::time::sleep(engine.lead.patience.tick).await;
        let Some(topics) = topics.upgrade() else { return };
        let done = engine.attend_once(&topics).await;
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
    /// The same engine with other times for what it shares with other processes; before
    /// [`Engine::with_topics`].
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.lead = Arc::new(Lead::new(self.store.clone(), patience));
        self
    }

    async fn attend_once(&self, topics: &Topics) -> Result<(), Error> {
        if self.lead.is_held() {
            let turn = Arc::clone(&self.turn).try_acquire_owned();
            return Ok(self.lead.keep(turn.is_err()).await?);
        }
        let turn = self.local_turn().await?;
        for article in topics.follow(turn).await? {
            self.facts.forget(article);
        }
        // Who stored articles and died leaves them without topics.
        if self.lead.is_free().await? && self.store.last_arrival().await? > topics.arrival() {
            let turn = self.own_turn().await?;
            topics.catch_up(turn)?;
        }
        Ok(())
    }

    /// Waits until no other call, and no other process, decides on groups or topics.
    pub(super) async fn own_turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Error> {
        let turn = self.local_turn().await?;
        if self.lead.take().await? {
            // Others gave numbers to articles.
            self.next_arrival.store(0, Ordering::Relaxed);
        }
        Ok(turn)
    }
}
