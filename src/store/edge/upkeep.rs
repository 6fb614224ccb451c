//! The thread that seals, merges and builds, so that nobody has to ask for it.
//!
//! It waits until the writing pauses, because what it builds in the middle of a bulk import is soon
//! outgrown; a long import without a pause gets a run now and then, so that the growing segment, which is
//! the slow one to search and the one that lies in memory, stays bounded.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::store::Error;
use crate::store::edge::guarded;
use crate::store::edge::shard::Shard;

/// Requests that may wait.
const QUEUE_LEN: usize = 16;
/// No write for so long is a pause.
const PAUSE: Duration = Duration::from_secs(2);
/// Changes after which the pause is not waited for.
const CHANGED_MAX: usize = 20_000;

/// What upkeep is told.
#[derive(Debug)]
pub enum Task {
    /// So many points were written or deleted.
    Changed(usize),
    /// Do it now, and say when it is done.
    Optimize(oneshot::Sender<Result<(), Error>>),
}

/// Starts upkeep; it ends when the queue's senders are gone, after what it is doing.
pub fn start(
    shard: &Arc<Shard>,
    threads: &mut Vec<JoinHandle<()>>,
) -> io::Result<SyncSender<Task>> {
    let (queue, tasks) = sync_channel(QUEUE_LEN);
    let shard = Arc::clone(shard);
    let serve = move || serve(&shard, &tasks);
    threads.push(thread::Builder::new().name("store-upkeep".to_owned()).spawn(serve)?);
    Ok(queue)
}

fn serve(shard: &Shard, tasks: &Receiver<Task>) {
    // What an earlier process left undone counts as a change.
    let mut changed = 1;
    loop {
        let task = if changed == 0 {
            tasks.recv().map_err(|_closed| RecvTimeoutError::Disconnected)
        } else {
            tasks.recv_timeout(PAUSE)
        };
        match task {
            Ok(Task::Changed(count)) => {
                changed += count;
                if changed >= CHANGED_MAX {
                    run(shard);
                    changed = 0;
                }
            }
            Ok(Task::Optimize(reply)) => {
                if !reply.is_closed() {
                    let _gone = reply.send(guarded(|| shard.optimize()));
                    changed = 0;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                run(shard);
                changed = 0;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// A run that nobody waits for: its failure is logged, and the next change tries again.
fn run(shard: &Shard) {
    if let Err(error) = guarded(|| shard.optimize()) {
        let error: &dyn std::error::Error = &error;
        tracing::error!(error, "optimizing the index failed");
    }
}
