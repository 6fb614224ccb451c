//! The threads that answer queries.

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

/// How many queries may wait: about a tenth of a second of work at one millisecond each.
const QUEUE_LEN: usize = 128;

/// A query that is ready to be run on a reader thread.
pub type Job = Box<dyn FnOnce(&Shard) + Send>;

/// Makes a job out of a query, with the receiver for its answer.
pub fn job<T: Send + 'static>(
    ask: impl FnOnce(&Shard) -> Result<T, Error> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, Error>>) {
    let (reply, answer) = oneshot::channel();
    let span = Span::current();
    let job = Box::new(move |shard: &Shard| {
        // Nobody waits for the answer any more, so the query is not run.
        if reply.is_closed() {
            return;
        }
        let _gone = reply.send(span.in_scope(|| guarded(|| ask(shard))));
    });
    (job, answer)
}

/// Starts one reader thread for each core. They end when all senders of the queue are gone and it
/// is empty.
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
    // The lock is held while waiting: the thread that has it takes the next job, the others wait
    // for it.
    while let Ok(job) = { jobs.lock().unwrap_or_else(PoisonError::into_inner).recv() } {
        job(shard);
    }
}
