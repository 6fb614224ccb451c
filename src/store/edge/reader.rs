//! The threads that answer questions.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use tracing::Span;

use crate::Error;
use crate::edge::error::guarded;
use crate::edge::shard::Shard;
use crate::edge::tuning;

/// Questions that may wait; a tenth of a second of work at a millisecond each.
const QUEUE_LEN: usize = 128;

/// A question, ready to be asked.
pub type Job = Box<dyn FnOnce(&Shard) + Send>;

/// Packs a question with the way back of its answer.
pub fn job<T: Send + 'static>(
    ask: impl FnOnce(&Shard) -> Result<T, Error> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, Error>>) {
    let (reply, answer) = oneshot::channel();
    let span = Span::current();
    let job = Box::new(move |shard: &Shard| {
        // Nobody waits for the answer any more: do not look for it.
        if reply.is_closed() {
            return;
        }
        let _gone = reply.send(span.in_scope(|| guarded(|| ask(shard))));
    });
    (job, answer)
}

/// Starts one reader per core; they end when the queue's senders are gone and it is empty.
pub fn start(shard: &Arc<Shard>, threads: &mut Vec<JoinHandle<()>>) -> io::Result<SyncSender<Job>> {
    let (queue, jobs) = sync_channel(QUEUE_LEN);
    let jobs = Arc::new(Mutex::new(jobs));
    for number in 0..tuning::threads() {
        let (shard, jobs) = (Arc::clone(shard), Arc::clone(&jobs));
        let name = format!("store-read-{number}");
        threads.push(thread::Builder::new().name(name).spawn(move || serve(&shard, &jobs))?);
    }
    Ok(queue)
}

fn serve(shard: &Shard, jobs: &Mutex<Receiver<Job>>) {
    // The lock is held while waiting: whoever has it takes the next job, the others queue for it.
    while let Ok(job) = { jobs.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
        job(shard);
    }
}
