//! Threads for work that would hold up others: summaries of hundreds of articles.
//!
//! At most as many at a time as there are processors, a bounded number waiting; more are refused at
//! once. Work learns between two steps that its caller has gone.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::oneshot;

/// Calls that may wait for each thread.
const WAITING_PER_THREAD: usize = 16;

/// Why work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too much waits already.
    #[error("too many summaries wait")]
    Overloaded,
    /// It panicked, or the system gave no thread.
    #[error("work broke down")]
    Broken,
}

/// The threads. Cheap to clone.
#[derive(Clone)]
pub(super) struct Crew {
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Default for Crew {
    /// As many threads as processors.
    fn default() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(count, count * (1 + WAITING_PER_THREAD))
    }
}

impl Crew {
    /// `threads` at work, `places` at work or waiting.
    fn new(threads: usize, places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            threads: Arc::new(Semaphore::new(threads)),
        }
    }

    /// What `work` makes, on a thread of its own. It is told whether somebody still waits.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where no place is free; [`Error::Broken`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_full| Error::Overloaded)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.map_err(|_closed| Error::Broken)?;
        let (reply, answer) = oneshot::channel();
        let serve = move || {
            // Given back before the answer, also by a panic: who hears of it finds them free.
            let held = (place, thread);
            let done = work(&|| !reply.is_closed());
            drop(held);
            let _gone = reply.send(done);
        };
        let started = std::thread::Builder::new().name("crew".to_owned()).spawn(serve);
        started.map_err(|_no_thread| Error::Broken)?;
        answer.await.map_err(|_panicked| Error::Broken)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Crew;
    use super::Error;

    #[tokio::test]
    async fn what_is_made_comes_back_and_a_panic_ends_nothing_else() {
        let crew = Crew::new(1, 1);
        assert_eq!(crew.run(|_| 7).await, Ok(7));
        let broken: Result<(), Error> = crew.run(|_| panic!("the work broke")).await;
        assert_eq!(broken, Err(Error::Broken));
        assert_eq!(crew.run(|_| 8).await, Ok(8));
    }

    #[tokio::test]
    async fn a_full_crew_refuses_at_once() {
        let crew = Crew::new(1, 2);
        let (open, gate) = mpsc::channel::<()>();
        let (tell, begun) = mpsc::channel();
        let held = crew.clone();
        let held = tokio::spawn(async move {
            held.run(move |_| {
                tell.send(()).unwrap();
                gate.recv().unwrap();
            })
            .await
        });
        tokio::task::yield_now().await;
        begun.recv().unwrap();
        let waiting = crew.clone();
        let waiting = tokio::spawn(async move { waiting.run(|_| ()).await });
        tokio::task::yield_now().await;
        assert_eq!(crew.run(|_| ()).await, Err(Error::Overloaded));
        open.send(()).unwrap();
        assert_eq!((held.await.unwrap(), waiting.await.unwrap()), (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn work_learns_that_its_caller_has_gone() {
        let crew = Crew::new(1, 1);
        let (open, gate) = mpsc::channel::<()>();
        let (tell, said) = mpsc::channel();
        let gone = tokio::spawn(async move {
            crew.run(move |goes_on| {
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
