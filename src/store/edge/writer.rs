//! The thread that writes: everything that is queued becomes durable with one sync of the log.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::Checkpoint;
use crate::Error;
use crate::Mark;
use crate::Placed;
use crate::Point;
use crate::Regroup;
use crate::Row;
use crate::TopicPoint;
use crate::edge::error;
use crate::edge::error::guarded;
use crate::edge::log::Log;
use crate::edge::shard::Shard;
use crate::edge::upkeep::Notice;
#[cfg(feature = "server")]
use crate::raw::Kept;
#[cfg(feature = "server")]
use crate::raw::Part;
use wenmai_domain::id::ArticleId;

/// How many changes may wait; each may hold some hundred articles.
const QUEUE_LEN: usize = 16;

/// Bytes of the disk that are kept free, for a log file of 32 MiB and for segments being merged.
#[cfg(unix)]
const FREE_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// One change of the store.
#[derive(Debug)]
pub enum Change {
    /// Writes these points; with none, it only waits for what was written before.
    Upsert(Vec<Point>),
    /// Gives these articles another reprint group.
    Regroup(Vec<Regroup>),
    /// Deletes these articles; the answer says which of them existed.
    Delete(Vec<ArticleId>),
    /// Appends these rows to the log of the topics and replaces its mark.
    Append(Vec<Row>, Mark),
    /// Writes these topics, and notes these placements on the articles.
    Project(Vec<TopicPoint>, Vec<Placed>),
    /// Keeps this checkpoint in the place of the previous one.
    Keep(Checkpoint),
    /// Keeps this calibration in the place of the previous one.
    Calibrate(String),
    /// Writes these points as they are.
    #[cfg(feature = "server")]
    Load(Part, Vec<Kept>),
}

impl Change {
    fn count(&self) -> usize {
        match self {
            Change::Upsert(points) => points.len(),
            Change::Regroup(changes) => changes.len(),
            Change::Delete(ids) => ids.len(),
            Change::Append(rows, _) => rows.len() + 1,
            Change::Project(topics, placed) => topics.len() + placed.len(),
            Change::Keep(_) | Change::Calibrate(_) => 1,
            #[cfg(feature = "server")]
            Change::Load(_, points) => points.len(),
        }
    }
}

/// Where the outcome of a change is sent.
type Reply = oneshot::Sender<Result<BTreeSet<ArticleId>, Error>>;

/// A change in the queue.
#[derive(Debug)]
pub struct Write {
    pub change: Change,
    /// Receives the outcome once the change is durable.
    pub reply: Reply,
}

/// Starts the writer thread. It ends when all senders of its queue are gone and the queue is empty.
pub fn start(
    shard: &Arc<Shard>,
    notice: Notice,
    threads: &mut Vec<JoinHandle<()>>,
) -> io::Result<SyncSender<Write>> {
    let (queue, writes) = sync_channel(QUEUE_LEN);
    let shard = Arc::clone(shard);
    let serve = move || serve(&shard, &writes, &notice);
    threads.push(thread::Builder::new().name("store-write".to_owned()).spawn(serve)?);
    Ok(queue)
}

fn serve(shard: &Shard, writes: &Receiver<Write>, notice: &Notice) {
    let mut log = Log::new(shard.articles());
    let mut topics: Option<Log> = None;
    // Whether anything was written since the log was last known to be on disk. It stays set after a
    // sync that failed: the next caller that only waits must not be told that all is well.
    let mut dirty = true;
    while let Ok(first) = writes.recv() {
        let mut done = Vec::new();
        let mut changed = 0;
        let mut next = Some(first);
        // At most one queue length at a time, or a stream of small writes would put the sync off
        // for ever.
        while let Some(Write { change, reply }) = next.take() {
            // A caller that has gone was promised nothing, so its change is skipped.
            if !reply.is_closed() {
                changed += change.count();
                done.push((reply, apply(shard, change)));
            }
            if done.len() < QUEUE_LEN {
                next = writes.try_recv().ok();
            }
        }
        if done.is_empty() {
            continue;
        }
        dirty = dirty || changed > 0;
        if topics.is_none() {
            topics = shard.topics_in_use().map(|folder| Log::new(&folder));
        }
        let synced = if dirty {
            let synced = log.sync().and_then(|()| topics.as_mut().map_or(Ok(()), Log::sync));
            synced.map_err(error::failed)
        } else {
            Ok(())
        };
        dirty = synced.is_err();
        answer(done, &synced);
        notice.changed(changed);
    }
}

fn apply(shard: &Shard, change: Change) -> Result<BTreeSet<ArticleId>, Error> {
    room(shard.articles())?;
    shard.note_write();
    let _still = shard.hold_still();
    guarded(|| match change {
        Change::Upsert(points) => shard.upsert(points).map(|()| BTreeSet::new()),
        Change::Regroup(changes) => shard.regroup(changes).map(|()| BTreeSet::new()),
        Change::Delete(ids) => shard.delete(&ids),
        Change::Append(rows, mark) => shard.topics()?.append(rows, mark).map(|()| BTreeSet::new()),
        #[cfg(feature = "server")]
        Change::Load(part, points) => shard.load(part, points).map(|()| BTreeSet::new()),
        Change::Project(topics, placed) => {
            shard.topics()?.show(topics)?;
            shard.place(placed).map(|()| BTreeSet::new())
        }
        Change::Keep(checkpoint) => shard.topics()?.keep(&checkpoint).map(|()| BTreeSet::new()),
        Change::Calibrate(calibration) => {
            shard.topics()?.keep_calibration(calibration).map(|()| BTreeSet::new())
        }
    })
}

/// Refuses a write to a disk that is nearly full. The engine writes through memory maps, and a page
/// for which there is no room ends the process instead of failing the call.
///
/// # Errors
/// [`Error::Full`] if fewer than `FREE_BYTES_MIN` bytes are free.
pub fn room(folder: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < FREE_BYTES_MIN {
            let what = format!("{free} bytes are free, at least {FREE_BYTES_MIN} are kept");
            return Err(Error::Full(what.into()));
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Sends each caller the failure of its own change, or else that of the sync.
fn answer(done: Vec<(Reply, Result<BTreeSet<ArticleId>, Error>)>, synced: &Result<(), Error>) {
    for (reply, result) in done {
        let result = match synced {
            Ok(()) => result,
            Err(failure) => result.and_then(|_not_durable| Err(again(failure))),
        };
        let _gone = reply.send(result);
    }
}

/// Makes the same failure for one more caller. Errors cannot be cloned, so their texts are copied.
fn again(failure: &Error) -> Error {
    let mut texts = Vec::new();
    let mut next = std::error::Error::source(failure);
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    let text = texts.join(": ").into();
    if matches!(failure, Error::Full(_)) { Error::Full(text) } else { Error::Failed(text) }
}
