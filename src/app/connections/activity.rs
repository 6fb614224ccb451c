//! What a connection is doing: whether it has calls, since when it has none, and whether its client
//! takes the answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::Shared;
use tokio::sync::Notify;

/// Ends when the calls of a connection are to end.
pub(super) type Cut = Shared<oneshot::Receiver<()>>;

/// What a connection is doing; shared by its task, its calls, and the table of places.
pub(super) struct Activity {
    opened: Instant,
    /// Whether its first bytes have come.
    is_open: AtomicBool,
    /// Calls whose answers are not yet sent.
    calls: AtomicUsize,
    /// Milliseconds from `opened` to the end of the last call, or of the first bytes.
    idle_since_ms: AtomicU64,
    /// Wakes the task of the connection when its place is given to another.
    displaced: Notify,
    cut: Mutex<Option<oneshot::Sender<()>>>,
    cut_seen: Cut,
    answers: Mutex<HashMap<u64, Instant>>,
    next_answer: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let (cut, seen) = oneshot::channel();
        Arc::new(Self {
            opened: Instant::now(),
            is_open: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            idle_since_ms: AtomicU64::new(0),
            displaced: Notify::new(),
            cut: Mutex::new(Some(cut)),
            cut_seen: seen.shared(),
            answers: Mutex::default(),
            next_answer: AtomicU64::new(0),
        })
    }

    /// From now on the connection counts as open: its client has spoken.
    pub(super) fn open(&self) {
        self.touch();
        self.is_open.store(true, Ordering::Relaxed);
    }

    fn touch(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since_ms.store(since, Ordering::Relaxed);
    }

    /// Begins a call, which lasts as long as the guard.
    pub(super) fn call(self: &Arc<Self>) -> CallGuard {
        self.calls.fetch_add(1, Ordering::Relaxed);
        CallGuard(Arc::clone(self))
    }

    /// Whether nothing is lost if the connection ends, and how little: the lower, the sooner it
    /// should be the one. A connection without a word comes before one that has had calls, and the
    /// one that has been silent for longer before the other.
    pub(super) fn worth(&self) -> Option<(bool, Instant)> {
        self.idle_for().map(|idle| {
            let since = Instant::now().checked_sub(idle).unwrap_or(self.opened);
            (self.is_open.load(Ordering::Relaxed), since)
        })
    }

    /// For how long there has been no call; `None` while there is one.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        if self.calls.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let since = Duration::from_millis(self.idle_since_ms.load(Ordering::Relaxed));
        Some(self.opened.elapsed().saturating_sub(since))
    }

    /// Ends the connection in favour of another.
    pub(super) fn displace(&self) {
        self.displaced.notify_one();
    }

    /// Returns when the connection must end in favour of another.
    pub(super) async fn displaced(&self) {
        self.displaced.notified().await;
    }

    /// Ends the calls that are still there.
    pub(super) fn cut(&self) {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(cut) = cut {
            // The other end is part of this, so it is there.
            let _there = cut.send(());
        }
    }

    /// Ends when the calls must.
    pub(super) fn cut_seen(&self) -> Cut {
        self.cut_seen.clone()
    }

    /// Takes note of an answer that the client has not yet taken whole.
    pub(super) fn answer(self: &Arc<Self>) -> AnswerGuard {
        let id = self.next_answer.fetch_add(1, Ordering::Relaxed);
        let guard = AnswerGuard { activity: Arc::clone(self), id };
        guard.progress();
        guard
    }

    /// For how long an answer has been waiting for its client to take more of it.
    pub(super) fn stalled_for(&self) -> Option<Duration> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.values().min().map(Instant::elapsed)
    }
}

/// A call of a connection.
pub(super) struct CallGuard(Arc<Activity>);

impl CallGuard {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.touch();
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer that the client has not yet taken whole.
pub(super) struct AnswerGuard {
    activity: Arc<Activity>,
    id: u64,
}

impl AnswerGuard {
    /// The client has taken more of it.
    pub(super) fn progress(&self) {
        let mut answers = self.activity.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(self.id, Instant::now());
    }
}

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        let mut answers = self.activity.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::Activity;

    #[test]
    fn a_connection_with_a_call_is_worth_keeping_and_one_that_never_spoke_the_least() {
        let (silent, open) = (Activity::new(), Activity::new());
        open.open();
        assert!(silent.worth().unwrap() < open.worth().unwrap());
        let call = open.call();
        assert!(open.worth().is_none() && open.idle_for().is_none());
        drop(call);
        assert!(open.worth().is_some());
    }

    #[test]
    fn an_answer_is_stalled_until_it_is_taken() {
        let activity = Activity::new();
        assert!(activity.stalled_for().is_none());
        let answer = activity.answer();
        let before = activity.stalled_for().unwrap();
        answer.progress();
        assert!(activity.stalled_for().unwrap() <= before + std::time::Duration::from_secs(1));
        drop(answer);
        assert!(activity.stalled_for().is_none());
    }

    #[test]
    fn all_calls_see_the_cut() {
        let activity = Activity::new();
        let (first, second) = (activity.cut_seen(), activity.cut_seen());
        assert!(first.clone().now_or_never().is_none());
        activity.cut();
        activity.cut();
        assert!(first.now_or_never().is_some() && second.now_or_never().is_some());
    }
}
