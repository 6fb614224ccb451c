//! How much is done at a time, and what is refused.
//!
//! A unary call takes a place in its lane or is refused at once: when all are taken, or when those
//! before it would keep it waiting too long. Then it waits for a turn, within its deadline. As few
//! calls have a turn as keep the processors busy: more would only make each other slow, refusals
//! included. Reading, what takes long to read, and writing are lanes of their own, so that neither an
//! import nor a few summaries take the turns of those who search. A stream has a place as long as it
//! is open; it waits by itself when model or store have no room. Answers that clients do not take are
//! bounded in bytes.
//!
//! A long queue is for a burst: each waits longer, none is refused. Where more comes than can be
//! done, it stays full, refuses as many as a short one, and only makes those who are let in wait.
//! So once somebody was refused, few may wait until a while has passed without a refusal (after
//! Nichols and Jacobson 2012, who tell a standing queue from a burst likewise).

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::RESPONSE_BYTES_MAX;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Lane;
use wenmai_telemetry::label::Shed;
use wenmai_telemetry::label::Stage;
use wenmai_telemetry::metrics::Held;

/// Places per processor in each lane of unary calls.
const CALLS_PER_PROCESSOR: usize = 32;
/// Turns per processor in each lane: one call calculates while another is handed on.
const TURNS_PER_PROCESSOR: usize = 2;
/// The same over a store elsewhere, whose answers calls wait for.
const TURNS_PER_PROCESSOR_ELSEWHERE: usize = 8;
/// Longest wait for a turn that is worth it: a client that is told at once can go elsewhere.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// After a refusal one may wait for so many at work, until nobody was refused for [`RELIEF`].
const AT_WORK_PER_WAITING: usize = 4;
/// See [`AT_WORK_PER_WAITING`].
const RELIEF: Duration = Duration::from_secs(1);
/// A turn counts for so much of what a turn is expected to take.
const SHARE_OF_LAST: u64 = 8;
/// Streams open at a time.
const STREAMS_MAX: usize = 256;
/// Connections open at a time.
const CONNECTIONS_MAX: usize = 1_024;
/// Bytes of answers that clients have not yet taken.
const ANSWER_BYTES_MAX: usize = 16 * RESPONSE_BYTES_MAX;

/// How much is done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls that read, at work or waiting; as many again that take long, and that write.
    pub calls_max: usize,
    /// Of these at work.
    pub calls_at_once: usize,
    /// One that would wait longer for its turn is refused.
    pub wait_max: Duration,
    /// Streams that are open.
    pub streams_max: usize,
    /// Connections that are open; `app` sees to that.
    pub connections_max: usize,
    /// Bytes of answers that clients have not yet taken.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// What suits the processors of this machine, with the store on it.
    fn default() -> Self {
        Self {
            calls_max: CALLS_PER_PROCESSOR * processors(),
            calls_at_once: TURNS_PER_PROCESSOR * processors(),
            wait_max: WAIT_MAX,
            streams_max: STREAMS_MAX,
            connections_max: CONNECTIONS_MAX,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

impl Limits {
    /// What suits the processors of this machine, with the store elsewhere.
    #[must_use]
    pub fn with_store_elsewhere() -> Self {
        Self { calls_at_once: TURNS_PER_PROCESSOR_ELSEWHERE * processors(), ..Self::default() }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Gives out places; cheap to clone, all clones share them.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    read: Doors,
    long: Doors,
    write: Doors,
    streams: Arc<Semaphore>,
    answers: Answers,
    metrics: Metrics,
}

/// A lane of unary calls.
#[derive(Debug, Clone)]
struct Doors {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    places_max: usize,
    turns_max: usize,
    wait_max: Duration,
    /// What a turn takes, microseconds: a mean of the last ones.
    turn_us: Arc<AtomicU64>,
    refused: Arc<Refused>,
}

/// When somebody was last refused.
#[derive(Debug)]
struct Refused {
    started: Instant,
    /// Microseconds since then; 0 for never.
    last_us: AtomicU64,
}

impl Refused {
    fn now_us(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// Whether that was a moment ago.
    fn of_late(&self) -> bool {
        let last_us = self.last_us.load(Ordering::Relaxed);
        last_us > 0 && self.now_us().saturating_sub(last_us) < micros(RELIEF)
    }

    fn again(&self) {
        self.last_us.store(self.now_us().max(1), Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Doors {
    fn new(limits: Limits) -> Self {
        let places_max = limits.calls_max.clamp(1, Semaphore::MAX_PERMITS);
        let turns_max = limits.calls_at_once.clamp(1, places_max);
        Self {
            places: bounded(places_max),
            turns: bounded(turns_max),
            places_max,
            turns_max,
            wait_max: limits.wait_max,
            turn_us: Arc::default(),
            refused: Arc::new(Refused { started: Instant::now(), last_us: AtomicU64::new(0) }),
        }
    }

    /// A place, or why there is none.
    fn enter(&self) -> Result<OwnedSemaphorePermit, Shed> {
        let entered = if self.is_worth_waiting() {
            // Nobody closes it, so it is full.
            self.places.clone().try_acquire_owned().map_err(|_full| Shed::Calls)
        } else {
            Err(Shed::Wait)
        };
        if entered.is_err() {
            self.refused.again();
        }
        entered
    }

    /// Whether one more call would have its turn soon enough.
    fn is_worth_waiting(&self) -> bool {
        // Not who has a turn: who has just come may not have taken it yet.
        let inside = self.places_max - self.places.available_permits().min(self.places_max);
        let Some(waiting) = inside.checked_sub(self.turns_max) else { return true };
        if self.refused.of_late() && waiting >= self.turns_max.div_ceil(AT_WORK_PER_WAITING) {
            return false;
        }
        let turns = (waiting as u64 + 1).saturating_mul(self.turn_us.load(Ordering::Relaxed));
        Duration::from_micros(turns / self.turns_max as u64) <= self.wait_max
    }
}

/// At least one: nothing at all could be called otherwise.
fn bounded(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)))
}

/// A call's place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    lane: Lane,
    /// Where it waits for its turn; a stream does not.
    doors: Option<Doors>,
    metrics: Metrics,
    _permit: OwnedSemaphorePermit,
}

/// A call's turn, likewise.
#[derive(Debug)]
pub(super) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    _active: Held,
    since: Instant,
    mean_us: Option<Arc<AtomicU64>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turn_us) = &self.mean_us else { return };
        let took = micros(self.since.elapsed());
        let mean = turn_us.load(Ordering::Relaxed);
        // Two at once may lose one of them, which a mean survives.
        let mean = mean - mean / SHARE_OF_LAST + took / SHARE_OF_LAST;
        turn_us.store(mean, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(limits: Limits, metrics: Metrics) -> Self {
        let bytes_max = u32::try_from(limits.answer_bytes_max.max(1)).unwrap_or(u32::MAX);
        Self {
            read: Doors::new(limits),
            long: Doors::new(limits),
            write: Doors::new(limits),
            streams: bounded(limits.streams_max),
            answers: Answers { bytes: bounded(bytes_max as usize), bytes_max },
            metrics,
        }
    }

    /// A place in `lane`, or why there is none.
    pub(super) fn enter(&self, lane: Lane) -> Result<Place, Shed> {
        let (entered, doors) = match lane {
            Lane::Read => (self.read.enter(), Some(&self.read)),
            Lane::Long => (self.long.enter(), Some(&self.long)),
            Lane::Write => (self.write.enter(), Some(&self.write)),
            Lane::Stream => {
                let entered = self.streams.clone().try_acquire_owned();
                (entered.map_err(|_full| Shed::Streams), None)
            }
        };
        match entered {
            Ok(place) => {
                let (doors, metrics) = (doors.cloned(), self.metrics.clone());
                Ok(Place { lane, doors, metrics, _permit: place })
            }
            Err(reason) => {
                self.metrics.shed(reason);
                Err(reason)
            }
        }
    }

    /// The memory that answers share.
    pub(super) fn answers(&self) -> Answers {
        self.answers.clone()
    }
}

impl Place {
    /// Waits for a turn; a stream needs none.
    pub(super) async fn turn(&self) -> Turn {
        let turn = match &self.doors {
            None => None,
            Some(doors) => {
                let _waiting = self.metrics.waiting(self.lane);
                let turn = doors.turns.clone().acquire_owned();
                // Nobody closes it.
                self.metrics.stage(Stage::Wait, turn).await.ok()
            }
        };
        Turn {
            _permit: turn,
            _active: self.metrics.active(self.lane),
            since: Instant::now(),
            mean_us: self.doors.as_ref().map(|doors| Arc::clone(&doors.turn_us)),
        }
    }
}

/// The memory that answers share until their clients take them.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

impl Answers {
    /// Sets `byte_count` bytes aside, if there are so many; a single answer always fits into memory
    /// that nobody else uses.
    pub(super) fn hold(&self, byte_count: usize) -> Option<OwnedSemaphorePermit> {
        let wanted = u32::try_from(byte_count).unwrap_or(u32::MAX).min(self.bytes_max);
        self.bytes.clone().try_acquire_many_owned(wanted).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::Admission;
    use super::Limits;
    use wenmai_telemetry::Metrics;
    use wenmai_telemetry::label::Lane;
    use wenmai_telemetry::label::Shed;

    fn admission() -> Admission {
        let limits = Limits {
            calls_max: 2,
            calls_at_once: 1,
            streams_max: 1,
            answer_bytes_max: 100,
            ..Limits::default()
        };
        Admission::new(limits, Metrics::default())
    }

    #[test]
    fn a_full_lane_refuses_at_once_and_the_others_do_not() {
        let admission = admission();
        let places: Vec<_> = (0..2).map(|_| admission.enter(Lane::Read).unwrap()).collect();
        assert_eq!(admission.enter(Lane::Read).unwrap_err(), Shed::Calls);
        admission.enter(Lane::Write).unwrap();
        admission.enter(Lane::Long).unwrap();
        let _stream = admission.enter(Lane::Stream).unwrap();
        assert_eq!(admission.enter(Lane::Stream).unwrap_err(), Shed::Streams);
        drop(places);
        admission.enter(Lane::Read).unwrap();
    }

    #[tokio::test]
    async fn the_second_call_waits_for_the_first_and_a_stream_for_nobody() {
        let admission = admission();
        let (first, second) =
            (admission.enter(Lane::Read).unwrap(), admission.enter(Lane::Read).unwrap());
        let turn = first.turn().await;
        assert!(second.turn().now_or_never().is_none());
        assert!(admission.enter(Lane::Write).unwrap().turn().now_or_never().is_some());
        assert!(admission.enter(Lane::Stream).unwrap().turn().now_or_never().is_some());
        drop(turn);
        assert!(second.turn().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_refused_while_there_are_places() {
        let limits = Limits { calls_max: 9, calls_at_once: 1, ..Limits::default() };
        let long = Limits { wait_max: Duration::from_hours(1), ..limits };
        let (hasty, patient) = (
            Admission::new(Limits { wait_max: Duration::ZERO, ..limits }, Metrics::default()),
            Admission::new(long, Metrics::default()),
        );
        for (admission, refused) in [(hasty, Some(Shed::Wait)), (patient, None)] {
            let turn = admission.enter(Lane::Read).unwrap().turn().await;
            // What a turn takes is known from those that ended.
            while turn.since.elapsed() < Duration::from_micros(10) {}
            drop(turn);
            let first = admission.enter(Lane::Read).unwrap();
            let _turn = first.turn().await;
            assert_eq!(admission.enter(Lane::Read).err(), refused);
        }
    }

    #[test]
    fn after_a_refusal_few_may_wait() {
        let limits = Limits { calls_max: 12, calls_at_once: 4, ..Limits::default() };
        let admission = Admission::new(limits, Metrics::default());
        let enter = || admission.enter(Lane::Read);
        // A burst may fill the lane.
        let mut places: Vec<_> = (0..12).map(|_| enter().unwrap()).collect();
        assert_eq!(enter().unwrap_err(), Shed::Calls);
        places.truncate(5);
        assert_eq!(enter().unwrap_err(), Shed::Wait);
        places.truncate(4);
        places.push(enter().unwrap());
        assert_eq!(enter().unwrap_err(), Shed::Wait);
        // The other lane had no refusal.
        let _writing: Vec<_> = (0..12).map(|_| admission.enter(Lane::Write).unwrap()).collect();
        // Long ago, as if nobody had been refused for a while.
        admission.read.refused.last_us.store(0, std::sync::atomic::Ordering::Relaxed);
        enter().unwrap();
    }

    #[test]
    fn answers_share_memory_and_one_alone_always_fits() {
        let answers = admission().answers();
        let first = answers.hold(60).unwrap();
        assert!(answers.hold(60).is_none());
        drop(first);
        assert!(answers.hold(1_000).is_some());
    }
}
