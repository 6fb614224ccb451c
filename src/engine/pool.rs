//! The one bounded pool of threads for everything that calculates for long: reading pages, cutting
//! texts into terms, comparing chains of reprints, summaries.
//!
//! At most as many pieces of work run at a time as there are processors, and a bounded number
//! waits; more are refused at once. The work itself holds its permits, not the call that asked for
//! it: a call that goes away frees nothing before the work has ended. Work can ask between two
//! steps whether its caller is still there.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::oneshot;

use crate::Engine;

/// Calls that may wait for each thread.
const WAITING_PER_THREAD: usize = 16;

/// Why a piece of work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// As many as may wait are waiting already.
    #[error("too many calls wait for a thread")]
    Overloaded,
    /// The work panicked, or the system gave no thread.
    #[error("work broke down")]
    Broken,
}

/// The pool. Cheap to clone; all clones share the same threads.
#[derive(Clone)]
pub(super) struct Pool {
    /// One permit for each piece of work that runs or waits.
    slots: Arc<Semaphore>,
    /// One permit for each piece of work that runs.
    threads: Arc<Semaphore>,
}

impl Default for Pool {
    /// A pool with as many threads as there are processors.
    fn default() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(count, count * (1 + WAITING_PER_THREAD))
    }
}

impl Pool {
    /// At most `threads` pieces of work run, and at most `slots` run or wait.
    fn new(threads: usize, slots: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(slots)), threads: Arc::new(Semaphore::new(threads)) }
    }

    /// Runs `work` on a thread of its own and returns what it returns. The function that it is
    /// given says whether the caller still waits.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where no slot is free; [`Error::Broken`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let slot = slot.map_err(|_full| Error::Overloaded)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.map_err(|_closed| Error::Broken)?;
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let serve = move || {
            let _entered = span.entered();
            // Released before the answer, also by a panic: a caller that is told finds them free.
            let held = (slot, thread);
            let done = work(&|| !reply.is_closed());
            drop(held);
            let _gone = reply.send(done);
        };
        let started = std::thread::Builder::new().name("pool".to_owned()).spawn(serve);
        started.map_err(|_no_thread| Error::Broken)?;
        answer.await.map_err(|_panicked| Error::Broken)
    }
}

impl Engine {
    /// Runs `work`, which takes a processor for long, on the bounded pool and returns what it
    /// returns. The function that it is given says whether the caller still waits.
    ///
    /// # Errors
    /// [`crate::Error::Pool`]: too much waits already, or the work panicked.
    pub async fn calculate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, crate::Error> {
        Ok(self.pool.run(work).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Error;
    use super::Pool;

    #[tokio::test]
    async fn what_is_made_comes_back_and_a_panic_ends_nothing_else() {
        let pool = Pool::new(1, 1);
        assert_eq!(pool.run(|_| 7).await, Ok(7));
        let broken: Result<(), Error> = pool.run(|_| panic!("the work broke")).await;
        assert_eq!(broken, Err(Error::Broken));
        assert_eq!(pool.run(|_| 8).await, Ok(8));
    }

    #[tokio::test]
    async fn a_full_crew_refuses_at_once() {
        let pool = Pool::new(1, 2);
        let (open, gate) = mpsc::channel::<()>();
        let (tell, begun) = mpsc::channel();
        let held = pool.clone();
        let held = tokio::spawn(async move {
            held.run(move |_| {
                tell.send(()).unwrap();
                gate.recv().unwrap();
            })
            .await
        });
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        let waiting = pool.clone();
        let waiting = tokio::spawn(async move { waiting.run(|_| ()).await });
        tokio::task::yield_now().await;
        assert_eq!(pool.run(|_| ()).await, Err(Error::Overloaded));
        open.send(()).unwrap();
        assert_eq!((held.await.unwrap(), waiting.await.unwrap()), (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn work_learns_that_its_caller_has_gone() {
        let pool = Pool::new(1, 1);
        let (open, gate) = mpsc::channel::<()>();
        let (tell, said) = mpsc::channel();
        let gone = tokio::spawn(async move {
            pool.run(move |goes_on| {
                tell.send(goes_on()).unwrap();
                gate.recv().unwrap();
                tell.send(goes_on()).unwrap();
            })
            .await
        });
        tokio::task::yield_now().await;
        assert!(said.recv().unwrap());
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        open.send(()).unwrap();
        assert!(!said.recv().unwrap());
    }
}
