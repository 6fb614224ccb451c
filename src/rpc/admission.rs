//! How much is done at a time, and what is refused.
//!
//! Each unary call belongs to a lane. It takes a slot of the lane's queue, or is refused at once if
//! all slots are taken or if the calls before it would keep it waiting too long. In the queue it
//! waits for a permit to work, within its deadline. There are only as many permits as keep the
//! processors busy: with more, all calls would become slow, refusals included. Reading, what takes
//! long to read, and writing are lanes of their own, so that neither an import nor a few summaries
//! take the permits of searches. A stream holds a slot as long as it is open and needs no permit,
//! since it waits by itself when model or store are busy. Answers that clients have not yet
//! received are bounded in bytes.
//!
//! A long queue is good for a burst: each call waits longer, and none is refused. Where more calls
//! come than can be worked on, a long queue stays full, refuses as many calls as a short one, and
//! only makes the others wait. So after a refusal only few calls may wait, until a while has passed
//! without a refusal (after Nichols and Jacobson 2012, who tell a standing queue from a burst in a
//! like way).

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
use wenmai_telemetry::label::OverloadReason;
use wenmai_telemetry::label::Stage;
use wenmai_telemetry::metrics::GaugeGuard;

/// Slots per processor in each lane of unary calls.
const CALLS_PER_PROCESSOR: usize = 32;
/// Permits per processor in each lane: one call calculates while another is being passed on.
const PERMITS_PER_PROCESSOR: usize = 2;
/// The same with a store on another machine, for whose answers calls wait.
const PERMITS_PER_PROCESSOR_ELSEWHERE: usize = 8;
/// The longest wait for a permit that is worth it: a client that is refused at once can try
/// elsewhere.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// After a refusal one call may wait for each so many permits, until none was refused for
/// [`RELIEF`].
const AT_WORK_PER_WAITING: usize = 4;
/// The time without a refusal after which the whole queue may be used again.
const RELIEF: Duration = Duration::from_secs(1);
/// The last call counts for one in so many in the running mean of the time that a call takes.
const MEAN_OVER: u64 = 8;
/// Streams open at a time.
const STREAMS_MAX: usize = 256;
/// Connections open at a time.
const CONNECTIONS_MAX: usize = 1_024;
/// Bytes of answers that clients have not yet received.
const ANSWER_BYTES_MAX: usize = 16 * RESPONSE_BYTES_MAX;

/// How many calls, streams and bytes the service takes on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many calls of each lane (reading, long reading, writing) may be at work or waiting.
    pub calls_max: usize,
    /// How many calls of each lane may be at work.
    pub calls_at_once: usize,
    /// A call that would wait longer than this for its permit is refused.
    pub wait_max: Duration,
    /// How many streams may be open.
    pub streams_max: usize,
    /// How many connections may be open; `app` enforces this limit.
    pub connections_max: usize,
    /// How many bytes of answers may be held that clients have not yet received.
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    /// Limits that suit the processors of this machine, with the store on the same machine.
    fn default() -> Self {
        Self {
            calls_max: CALLS_PER_PROCESSOR * processors(),
            calls_at_once: PERMITS_PER_PROCESSOR * processors(),
            wait_max: WAIT_MAX,
            streams_max: STREAMS_MAX,
            connections_max: CONNECTIONS_MAX,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

impl Limits {
    /// Limits that suit the processors of this machine, with the store on another machine.
    #[must_use]
    pub fn with_store_elsewhere() -> Self {
        Self { calls_at_once: PERMITS_PER_PROCESSOR_ELSEWHERE * processors(), ..Self::default() }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Admits calls to their lanes. Cheap to clone; all clones share the same slots and permits.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    read: LaneQueue,
    long: LaneQueue,
    write: LaneQueue,
    streams: Arc<Semaphore>,
    answers: ResponseMemory,
    metrics: Metrics,
}

/// The bounded queue of a lane of unary calls.
#[derive(Debug, Clone)]
struct LaneQueue {
    /// One for each call that is at work or waiting.
    slots: Arc<Semaphore>,
    /// One for each call that is at work.
    permits: Arc<Semaphore>,
    slots_max: usize,
    permits_max: usize,
    wait_max: Duration,
    /// The time for which a call holds its permit: a running mean, in microseconds.
    work_us: Arc<AtomicU64>,
    last_refusal: Arc<LastRefusal>,
}

/// When a lane last refused a call.
#[derive(Debug)]
struct LastRefusal {
    started: Instant,
    /// Microseconds from `started` to the last refusal; 0 for none.
    last_us: AtomicU64,
}

impl LastRefusal {
    fn now_us(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// Whether the last refusal is less than [`RELIEF`] ago.
    fn is_recent(&self) -> bool {
        let last_us = self.last_us.load(Ordering::Relaxed);
        last_us > 0 && self.now_us().saturating_sub(last_us) < micros(RELIEF)
    }

    /// Takes note of a refusal.
    fn note(&self) {
        self.last_us.store(self.now_us().max(1), Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl LaneQueue {
    fn new(limits: Limits) -> Self {
        let slots_max = limits.calls_max.clamp(1, Semaphore::MAX_PERMITS);
        let permits_max = limits.calls_at_once.clamp(1, slots_max);
        Self {
            slots: bounded(slots_max),
            permits: bounded(permits_max),
            slots_max,
            permits_max,
            wait_max: limits.wait_max,
            work_us: Arc::default(),
            last_refusal: Arc::new(LastRefusal {
                started: Instant::now(),
                last_us: AtomicU64::new(0),
            }),
        }
    }

    /// Takes a slot, or says why there is none.
    fn enter(&self) -> Result<OwnedSemaphorePermit, OverloadReason> {
        let entered = if self.is_worth_waiting() {
            // Nobody closes it, so it is full.
            self.slots.clone().try_acquire_owned().map_err(|_full| OverloadReason::Calls)
        } else {
            Err(OverloadReason::Wait)
        };
        if entered.is_err() {
            self.last_refusal.note();
        }
        entered
    }

    /// Whether one more call would get its permit soon enough.
    fn is_worth_waiting(&self) -> bool {
        // Counts slots, not permits: a call that has just come may not have taken its permit yet.
        let inside = self.slots_max - self.slots.available_permits().min(self.slots_max);
        let Some(waiting) = inside.checked_sub(self.permits_max) else { return true };
        if self.last_refusal.is_recent()
            && waiting >= self.permits_max.div_ceil(AT_WORK_PER_WAITING)
        {
            return false;
        }
        let wait_us = (waiting as u64 + 1).saturating_mul(self.work_us.load(Ordering::Relaxed));
        Duration::from_micros(wait_us / self.permits_max as u64) <= self.wait_max
    }
}

/// A semaphore with `count` permits, but at least one, since nothing could be called otherwise.
fn bounded(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.clamp(1, Semaphore::MAX_PERMITS)))
}

/// The slot that a call or stream holds; dropping it frees the slot.
#[derive(Debug)]
pub(super) struct Slot {
    lane: Lane,
    /// The queue in which a call waits for its permit; `None` for a stream.
    queue: Option<LaneQueue>,
    metrics: Metrics,
    _permit: OwnedSemaphorePermit,
}

/// The permit that a call holds while it works; dropping it frees the permit.
#[derive(Debug)]
pub(super) struct CallPermit {
    _permit: Option<OwnedSemaphorePermit>,
    _active: GaugeGuard,
    since: Instant,
    mean_us: Option<Arc<AtomicU64>>,
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        let Some(work_us) = &self.mean_us else { return };
        let took = micros(self.since.elapsed());
        let mean = work_us.load(Ordering::Relaxed);
        // Of two that end at the same time one may be lost, which does not matter to a mean.
        let mean = mean - mean / MEAN_OVER + took / MEAN_OVER;
        work_us.store(mean, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(limits: Limits, metrics: Metrics) -> Self {
        let bytes_max = u32::try_from(limits.answer_bytes_max.max(1)).unwrap_or(u32::MAX);
        Self {
            read: LaneQueue::new(limits),
            long: LaneQueue::new(limits),
            write: LaneQueue::new(limits),
            streams: bounded(limits.streams_max),
            answers: ResponseMemory { bytes: bounded(bytes_max as usize), bytes_max },
            metrics,
        }
    }

    /// Takes a slot in `lane`, or says why there is none.
    pub(super) fn enter(&self, lane: Lane) -> Result<Slot, OverloadReason> {
        let (entered, queue) = match lane {
            Lane::Read => (self.read.enter(), Some(&self.read)),
            Lane::Long => (self.long.enter(), Some(&self.long)),
            Lane::Write => (self.write.enter(), Some(&self.write)),
            Lane::Stream => {
                let entered = self.streams.clone().try_acquire_owned();
                (entered.map_err(|_full| OverloadReason::Streams), None)
            }
        };
        match entered {
            Ok(slot) => {
                let (queue, metrics) = (queue.cloned(), self.metrics.clone());
                Ok(Slot { lane, queue, metrics, _permit: slot })
            }
            Err(reason) => {
                self.metrics.overloaded(reason);
                Err(reason)
            }
        }
    }

    /// The memory for answers that clients have not yet received.
    pub(super) fn answers(&self) -> ResponseMemory {
        self.answers.clone()
    }
}

impl Slot {
    /// Waits for a permit; a stream gets one at once.
    pub(super) async fn permit(&self) -> CallPermit {
        let permit = match &self.queue {
            None => None,
            Some(queue) => {
                let _waiting = self.metrics.waiting(self.lane);
                let permit = queue.permits.clone().acquire_owned();
                // Nobody closes it.
                self.metrics.stage(Stage::Wait, permit).await.ok()
            }
        };
        CallPermit {
            _permit: permit,
            _active: self.metrics.active(self.lane),
            since: Instant::now(),
            mean_us: self.queue.as_ref().map(|queue| Arc::clone(&queue.work_us)),
        }
    }
}

/// The memory that answers share until their clients have received them.
#[derive(Debug, Clone)]
pub(super) struct ResponseMemory {
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

impl ResponseMemory {
    /// Reserves `byte_count` bytes, if that many are free. A single answer, however large, fits if
    /// no other answer uses the memory.
    pub(super) fn reserve(&self, byte_count: usize) -> Option<OwnedSemaphorePermit> {
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
    use wenmai_telemetry::label::OverloadReason;

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
        let slots: Vec<_> = (0..2).map(|_| admission.enter(Lane::Read).unwrap()).collect();
        assert_eq!(admission.enter(Lane::Read).unwrap_err(), OverloadReason::Calls);
        admission.enter(Lane::Write).unwrap();
        admission.enter(Lane::Long).unwrap();
        let _stream = admission.enter(Lane::Stream).unwrap();
        assert_eq!(admission.enter(Lane::Stream).unwrap_err(), OverloadReason::Streams);
        drop(slots);
        admission.enter(Lane::Read).unwrap();
    }

    #[tokio::test]
    async fn the_second_call_waits_for_the_first_and_a_stream_for_nobody() {
        let admission = admission();
        let (first, second) =
            (admission.enter(Lane::Read).unwrap(), admission.enter(Lane::Read).unwrap());
        let permit = first.permit().await;
        assert!(second.permit().now_or_never().is_none());
        assert!(admission.enter(Lane::Write).unwrap().permit().now_or_never().is_some());
        assert!(admission.enter(Lane::Stream).unwrap().permit().now_or_never().is_some());
        drop(permit);
        assert!(second.permit().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_refused_while_there_are_places() {
        let limits = Limits { calls_max: 9, calls_at_once: 1, ..Limits::default() };
        let long = Limits { wait_max: Duration::from_hours(1), ..limits };
        let (hasty, patient) = (
            Admission::new(Limits { wait_max: Duration::ZERO, ..limits }, Metrics::default()),
            Admission::new(long, Metrics::default()),
        );
        for (admission, refused) in [(hasty, Some(OverloadReason::Wait)), (patient, None)] {
            let permit = admission.enter(Lane::Read).unwrap().permit().await;
            // How long a call takes is known from those that ended.
            while permit.since.elapsed() < Duration::from_micros(10) {}
            drop(permit);
            let first = admission.enter(Lane::Read).unwrap();
            let _permit = first.permit().await;
            assert_eq!(admission.enter(Lane::Read).err(), refused);
        }
    }

    #[test]
    fn after_a_refusal_few_may_wait() {
        let limits = Limits { calls_max: 12, calls_at_once: 4, ..Limits::default() };
        let admission = Admission::new(limits, Metrics::default());
        let enter = || admission.enter(Lane::Read);
        // A burst may fill the lane.
        let mut slots: Vec<_> = (0..12).map(|_| enter().unwrap()).collect();
        assert_eq!(enter().unwrap_err(), OverloadReason::Calls);
        slots.truncate(5);
        assert_eq!(enter().unwrap_err(), OverloadReason::Wait);
        slots.truncate(4);
        slots.push(enter().unwrap());
        assert_eq!(enter().unwrap_err(), OverloadReason::Wait);
        // The other lane had no refusal.
        let _writing: Vec<_> = (0..12).map(|_| admission.enter(Lane::Write).unwrap()).collect();
        // Long ago, as if nobody had been refused for a while.
        admission.read.last_refusal.last_us.store(0, std::sync::atomic::Ordering::Relaxed);
        enter().unwrap();
    }

    #[test]
    fn answers_share_memory_and_one_alone_always_fits() {
        let answers = admission().answers();
        let first = answers.reserve(60).unwrap();
        assert!(answers.reserve(60).is_none());
        drop(first);
        assert!(answers.reserve(1_000).is_some());
    }
}
