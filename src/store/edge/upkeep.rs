//! The thread that flushes, seals and merges segments and builds the graph without being asked.
//!
//! It waits until writing pauses, because what it builds in the middle of a bulk import is soon
//! outgrown. A long import without a pause is flushed now and then, which keeps the log short, and
//! optimized less often, which bounds the growing segment: that one is slow to search and is kept
//! in memory.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::Error;
use crate::edge::error::guarded;
use crate::edge::shard::Shard;

/// How many requests may wait.
const QUEUE_LEN: usize = 16;
/// Writing pauses if nothing was written for this long.
const PAUSE: Duration = Duration::from_secs(2);
/// Changes after which the segments are flushed without a pause; it bounds the length of the log.
const UNFLUSHED_MAX: usize = 5_000;
/// Changes after which the index is optimized without a pause, if they are also at least a third of
/// it. So a long import is optimized when the index has grown by half, and not after every so many
/// articles.
const UNSEALED_MIN: usize = 20_000;

/// A request to the upkeep thread.
#[derive(Debug)]
pub enum Task {
    /// Something was written: see whether anything is due.
    Look,
    /// Optimize now, and send the outcome.
    Optimize(oneshot::Sender<Result<(), Error>>),
    /// Copy the index into this new folder, and send the outcome.
    Snapshot(PathBuf, oneshot::Sender<Result<(), Error>>),
}

/// Lets the writer report its changes.
#[derive(Debug)]
pub struct Notice {
    changed: Arc<AtomicUsize>,
    tasks: SyncSender<Task>,
}

impl Notice {
    /// Reports that `count` points were written or deleted.
    pub fn changed(&self, count: usize) {
        // The thread watches the count while it is not zero, so only the first change has to wake
        // it.
        if self.changed.fetch_add(count, Ordering::Relaxed) == 0 {
            let _full_is_awake = self.tasks.try_send(Task::Look);
        }
    }
}

/// Starts the upkeep thread. It ends when all senders are gone, after the work that it is doing.
pub fn start(
    shard: &Arc<Shard>,
    threads: &mut Vec<JoinHandle<()>>,
) -> io::Result<(SyncSender<Task>, Notice)> {
    let (queue, tasks) = sync_channel(QUEUE_LEN);
    // What an earlier process left undone counts as a change.
    let changed = Arc::new(AtomicUsize::new(1));
    let notice = Notice { changed: Arc::clone(&changed), tasks: queue.clone() };
    let upkeep = Upkeep { shard: Arc::clone(shard), changed, unsealed: 0 };
    let serve = move || upkeep.serve(&tasks);
    threads.push(thread::Builder::new().name("store-upkeep".to_owned()).spawn(serve)?);
    Ok((queue, notice))
}

struct Upkeep {
    shard: Arc<Shard>,
    /// Changes that were not flushed yet.
    changed: Arc<AtomicUsize>,
    /// Changes that were flushed but not optimized yet.
    unsealed: usize,
}

impl Upkeep {
    fn serve(mut self, tasks: &Receiver<Task>) {
        let mut seen = 0;
        loop {
            let now = self.changed.load(Ordering::Relaxed);
            let task = if now + self.unsealed == 0 {
                tasks.recv().map_err(|_closed| RecvTimeoutError::Disconnected)
            } else {
                seen = now;
                tasks.recv_timeout(PAUSE)
            };
            match task {
                Ok(Task::Look) => {}
                Ok(Task::Optimize(reply)) => {
                    if !reply.is_closed() {
                        let _gone = reply.send(self.optimize());
                    }
                }
                // On this thread nothing is merged meanwhile.
                Ok(Task::Snapshot(to, reply)) => {
                    if !reply.is_closed() {
                        let _gone = reply.send(guarded(|| self.shard.snapshot(&to)));
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.look(seen),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Does what is due, if `seen` changes were there one pause ago. Nobody waits for it: a failure
    /// is logged, and the next change tries again.
    fn look(&mut self, seen: usize) {
        let now = self.changed.load(Ordering::Relaxed);
        let grown = now + self.unsealed;
        let done = if now == seen || (grown >= UNSEALED_MIN && grown >= self.shard.len_about() / 3)
        {
            self.optimize()
        } else if now >= UNFLUSHED_MAX {
            self.unsealed += self.changed.swap(0, Ordering::Relaxed);
            guarded(|| self.shard.flush())
        } else {
            return;
        };
        if let Err(error) = done {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "upkeep of the index failed");
        }
    }

    fn optimize(&mut self) -> Result<(), Error> {
        // Reset before the work, so that what is written meanwhile is seen afterwards.
        self.changed.store(0, Ordering::Relaxed);
        self.unsealed = 0;
        guarded(|| self.shard.optimize())
    }
}
