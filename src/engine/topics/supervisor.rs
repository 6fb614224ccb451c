//! Runs the worker's tasks on its thread, and sets it up again when it breaks down.
//!
//! A task that fails drops what it had decided and was not in the log. A panic does the same, is
//! counted and logged, and the worker goes on from the log at once, under the same write lock. Only
//! a task that was refused (a stale revision, a topic that does not exist) costs nothing.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use crate::Error;
use crate::topics::Job;
use crate::topics::Task;
use crate::topics::TaskOutcome;
use crate::topics::worker::Worker;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Stage;

/// How often the worker is set up again for one task, until the next one comes.
const RESTARTS_MAX: u32 = 3;

/// How the worker is, as others see it.
pub(super) struct State {
    is_well: AtomicBool,
    metrics: Metrics,
}

impl State {
    /// The state of a worker that has done nothing yet.
    pub(super) fn new(metrics: Metrics) -> Self {
        Self { is_well: AtomicBool::new(true), metrics }
    }

    /// Whether the worker neither broke down nor failed at its last task.
    pub(super) fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Acquire)
    }

    fn set(&self, is_well: bool) {
        self.is_well.store(is_well, Ordering::Release);
        self.metrics.topics_well(is_well);
    }
}

/// What the worker's thread runs: one job after the other, until no sender is left.
pub(super) fn serve(mut worker: Worker, jobs: &Receiver<Job>, state: &State) {
    state.set(true);
    while let Ok(Job { task, lock, reply }) = jobs.recv() {
        let done = run(&mut worker, &task, state);
        // The lock is released here where nobody waits for the answer.
        let _gone = reply.send((done, lock));
    }
}

/// Runs one task, and catches up again if the worker breaks down over it.
fn run(worker: &mut Worker, task: &Task, state: &State) -> Result<TaskOutcome, Error> {
    let done = attempt(worker, task, state);
    if !matches!(done, Err(Error::TopicsBroke)) {
        return done;
    }
    for _restart in 0..RESTARTS_MAX {
        let caught_up = attempt(worker, &Task::CatchUp, state);
        if !matches!(caught_up, Err(Error::TopicsBroke)) {
            // To have caught up is all that this task asks for.
            return if matches!(task, Task::CatchUp) { caught_up } else { done };
        }
    }
    done
}

/// Runs one task. A failure or a panic leaves a worker that goes on from the log.
fn attempt(worker: &mut Worker, task: &Task, state: &State) -> Result<TaskOutcome, Error> {
    // The store's answers come from threads of its own, so this one may wait for them.
    let work = || {
        let work = state.metrics.stage(Stage::Topics, perform(worker, task));
        futures::executor::block_on(work)
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => {
            state.set(true);
            Ok(done)
        }
        Ok(Err(error)) if is_refusal(&error) => Err(error),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "topics fell behind");
            worker.abandon();
            state.set(false);
            Err(error)
        }
        Err(_panic) => {
            tracing::error!("the worker of the topics panicked; it starts again from the log");
            worker.recover();
            state.set(false);
            state.metrics.topics_restarted();
            Err(Error::TopicsBroke)
        }
    }
}

/// Whether a task was refused before anything was decided.
fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_)
            | Error::TopicNotFound { .. }
            | Error::StaleTopic { .. }
            | Error::ArticleNotFound { .. }
    )
}

/// Carries out one task. Its steps are boxed: as one future they are so large that a panic in them
/// ended the process instead of unwinding, with rustc 1.95 and without incremental compilation.
async fn perform(worker: &mut Worker, task: &Task) -> Result<TaskOutcome, Error> {
    Box::pin(worker.ensure_sound()).await?;
    if matches!(task, Task::Follow) {
        return Box::pin(worker.follow()).await.map(TaskOutcome::Followed);
    }
    Box::pin(worker.take_over()).await?;
    // What an earlier failure or a killed process left comes first: it arrived first.
    Box::pin(worker.take_out_deleted()).await?;
    Box::pin(worker.catch_up()).await?;
    Box::pin(worker.settle()).await?;
    match task {
        Task::CatchUp | Task::Follow => Ok(TaskOutcome::Nothing),
        Task::Edit(edit) => Box::pin(worker.edit(edit)).await.map(TaskOutcome::Topic),
        Task::Rebuild => Box::pin(worker.rebuild()).await.map(TaskOutcome::Rebuilt),
        Task::Recluster(request) => {
            Box::pin(worker.recluster(*request)).await.map(TaskOutcome::Reclustered)
        }
    }
}
