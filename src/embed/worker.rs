//! The asynchronous side of a model: two bounded queues before threads that this module owns.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;
use tracing::Span;

use crate::Config;
use crate::Embedded;
use crate::Error;
use crate::Lane;
use crate::Model;
use crate::ModelInfo;
use crate::Purpose;
use crate::WINDOWS_MAX;
use crate::batch;
use crate::batch::Budget;
use crate::batch::Means;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label;
use wenmai_telemetry::label::OverloadReason;
use wenmai_telemetry::label::Stage;

/// The most texts in one job. A larger call is divided, so that several threads work on it.
const JOB_TEXTS: usize = 64;

/// Sends texts to the threads of the model. Cheap to clone. The threads end after [`Handle::stop`]
/// or when the last handle is dropped.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    _threads: Arc<Threads>,
}

struct Shared {
    model: Model,
    budget: Budget,
    queue_texts_max: usize,
    queue: Mutex<Queue>,
    filled: Condvar,
    metrics: Metrics,
}

#[derive(Default)]
struct Queue {
    query: VecDeque<Job>,
    bulk: VecDeque<Job>,
    query_texts: usize,
    bulk_texts: usize,
    stopped: bool,
    metrics: Metrics,
}

struct Job {
    texts: Vec<String>,
    purpose: Purpose,
    /// The span of the caller, in which the work is traced.
    span: Span,
    queued_at: Instant,
    reply: oneshot::Sender<Vec<Result<Embedded, Error>>>,
}

impl Handle {
    /// Starts the threads for `model`, as many as `config` says.
    #[must_use]
    pub fn start(model: Model, config: &Config) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let count = if config.threads == 0 { processors } else { config.threads };
        let budget =
            Budget { batch_tokens: config.embed_batch_tokens.max(1), windows_max: WINDOWS_MAX };
        let metrics = Metrics::default();
        let queue = Queue { metrics: metrics.clone(), ..Queue::default() };
        let shared = Arc::new(Shared {
            model,
            budget,
            queue_texts_max: config.queue_texts_max.max(1),
            queue: Mutex::new(queue),
            filled: Condvar::new(),
            metrics,
        });
        let spawn = |at: usize| {
            let shared = Arc::clone(&shared);
            let name = format!("embed-{at}");
            std::thread::Builder::new().name(name).spawn(move || shared.work())
        };
        let joins = (0..count.max(1)).filter_map(|at| match spawn(at) {
            Ok(join) => Some(join),
            Err(error) => {
                tracing::error!(%error, "embed thread did not start");
                None
            }
        });
        let threads = Threads { shared: Arc::clone(&shared), joins: Mutex::new(joins.collect()) };
        Self { shared, _threads: Arc::new(threads) }
    }

    /// What is known of the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        self.shared.model.info()
    }

    /// The metrics that the threads write to; the rest of the program writes to the same.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The number of texts that may wait in each lane, and the number of tokens in one forward
    /// pass.
    #[must_use]
    pub fn limits(&self) -> (usize, usize) {
        (self.shared.queue_texts_max, self.shared.budget.batch_tokens)
    }

    /// Embeds `texts` and returns one result for each, in their order. Either all of them are
    /// queued or none.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the lane has no room for them; [`Error::Stopped`]. In the list are
    /// the errors of single texts: [`Error::Empty`], [`Error::Tokenize`], [`Error::Model`],
    /// [`Error::NoDirection`], [`Error::Panicked`].
    pub async fn embed(
        &self,
        texts: Vec<String>,
        purpose: Purpose,
        lane: Lane,
    ) -> Result<Vec<Result<Embedded, Error>>, Error> {
        let mut replies = Vec::new();
        let mut jobs = Vec::new();
        let mut rest = texts.into_iter();
        loop {
            let texts: Vec<String> = rest.by_ref().take(JOB_TEXTS).collect();
            if texts.is_empty() {
                break;
            }
            let (reply, answer) = oneshot::channel();
            let (span, queued_at) = (Span::current(), Instant::now());
            jobs.push(Job { texts, purpose, span, queued_at, reply });
            replies.push(answer);
        }
        self.shared.push(jobs, lane)?;
        let mut embedded = Vec::new();
        for reply in replies {
            embedded.extend(reply.await.map_err(|_closed| Error::Stopped)?);
        }
        Ok(embedded)
    }

    /// Embeds one text.
    ///
    /// # Errors
    /// The same as [`Handle::embed`].
    pub async fn embed_one(
        &self,
        text: String,
        purpose: Purpose,
        lane: Lane,
    ) -> Result<Embedded, Error> {
        let embedded = self.embed(vec![text], purpose, lane).await?;
        embedded.into_iter().next().unwrap_or(Err(Error::Stopped))
    }

    /// Lets the threads finish what is queued and then end; later calls fail with
    /// [`Error::Stopped`].
    pub fn stop(&self) {
        self.shared.lock().stopped = true;
        self.shared.filled.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A thread that panicked left the queue consistent, because it is never changed only in
        // part.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, jobs: Vec<Job>, lane: Lane) -> Result<(), Error> {
        let count: usize = jobs.iter().map(|job| job.texts.len()).sum();
        let mut queue = self.lock();
        if queue.stopped {
            return Err(Error::Stopped);
        }
        let queue_ref = &mut *queue;
        let (waiting, texts) = match lane {
            Lane::Query => (&mut queue_ref.query, &mut queue_ref.query_texts),
            Lane::Bulk => (&mut queue_ref.bulk, &mut queue_ref.bulk_texts),
        };
        // Without the first condition a call larger than the lane would be told to try again for
        // ever.
        if *texts > 0 && *texts + count > self.queue_texts_max {
            self.metrics.overloaded(OverloadReason::EmbedQueue);
            return Err(Error::Overloaded);
        }
        *texts += count;
        waiting.extend(jobs);
        queue.tell(lane);
        drop(queue);
        self.filled.notify_all();
        Ok(())
    }

    /// Waits for the next job, those of queries first; `None` once the queue is stopped and empty.
    fn next(&self) -> Option<(Job, Lane)> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.take_query() {
                return Some((job, Lane::Query));
            }
            if let Some(job) = queue.take_bulk() {
                return Some((job, Lane::Bulk));
            }
            if queue.stopped {
                return None;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        while let Some((job, lane)) = self.next() {
            // Queries that came in meanwhile go before the next batch of an import.
            self.run(job, &mut || {
                if lane == Lane::Query {
                    return;
                }
                // The lock must not be held while a query runs, so it is not taken in the head of
                // the loop.
                loop {
                    let Some(query) = self.lock().take_query() else { return };
                    self.run(query, &mut || {});
                }
            });
        }
    }

    fn run(&self, job: Job, meanwhile: &mut dyn FnMut()) {
        let Job { texts, purpose, span, queued_at, reply } = job;
        let mut between = || {
            meanwhile();
            !reply.is_closed()
        };
        if !between() {
            self.metrics.skipped();
            return;
        }
        self.metrics.spent(Stage::EmbedWait, queued_at.elapsed());
        let means = Means { model: &*self.model, budget: self.budget, metrics: &self.metrics };
        let embedded = span.in_scope(|| batch::embed(means, &texts, purpose, &mut between));
        // The caller may have gone meanwhile.
        let _ = reply.send(embedded);
    }
}

impl Queue {
    fn take_query(&mut self) -> Option<Job> {
        let job = self.query.pop_front()?;
        self.query_texts -= job.texts.len();
        self.tell(Lane::Query);
        Some(job)
    }

    fn take_bulk(&mut self) -> Option<Job> {
        let job = self.bulk.pop_front()?;
        self.bulk_texts -= job.texts.len();
        self.tell(Lane::Bulk);
        Some(job)
    }

    /// Records how many texts wait in `lane`.
    fn tell(&self, lane: Lane) {
        match lane {
            Lane::Query => self.metrics.depth(label::Queue::EmbedQuery, self.query_texts),
            Lane::Bulk => self.metrics.depth(label::Queue::EmbedBulk, self.bulk_texts),
        }
    }
}

/// Owns the threads; stops and joins them when the last handle is dropped.
struct Threads {
    shared: Arc<Shared>,
    joins: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.filled.notify_all();
        let joins = self.joins.get_mut().unwrap_or_else(PoisonError::into_inner);
        for join in joins.drain(..) {
            // The message of a thread that panicked is already on standard error.
            let _ = join.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::Handle;
    use crate::Config;
    use crate::Embedder;
    use crate::Error;
    use crate::Lane;
    use crate::ModelInfo;
    use crate::Purpose;
    use crate::WINDOWS_MAX;
    use wenmai_domain::embedding::Embedding;

    /// A model with one token per character. It reports every forward pass and waits until it is
    /// let through.
    struct Gated {
        info: ModelInfo,
        passes: Mutex<mpsc::Sender<usize>>,
        gate: Mutex<mpsc::Receiver<()>>,
    }

    impl Embedder for Gated {
        fn info(&self) -> &ModelInfo {
            &self.info
        }

        fn tokenize(&self, text: &str, _purpose: Purpose) -> Result<Vec<u32>, Error> {
            Ok(text.chars().map(u32::from).collect())
        }

        fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
            self.passes.lock().unwrap().send(windows[0].len()).unwrap();
            self.gate.lock().unwrap().recv().unwrap();
            let broken = windows.iter().any(|window| window.contains(&u32::from('炸')));
            assert!(!broken, "the model broke");
            Ok(windows.iter().map(|_| Embedding::normalize(vec![1.0, 2.0]).unwrap()).collect())
        }
    }

    struct Gate {
        handle: Handle,
        passes: mpsc::Receiver<usize>,
        open: mpsc::Sender<()>,
    }

    fn gated(queue_texts_max: usize) -> Gate {
        let (tell, passes) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let info = ModelInfo {
            name: "gated".into(),
            family: "fake",
            dim: 2,
            window_tokens_max: 4,
            pooling: "none",
            version: "0".into(),
        };
        let model = Arc::new(Gated { info, passes: Mutex::new(tell), gate: Mutex::new(gate) });
        let config =
            Config { threads: 1, queue_texts_max, embed_batch_tokens: 4, ..Config::default() };
        Gate { handle: Handle::start(model, &config), passes, open }
    }

    fn embed(
        handle: &Handle,
        text: &str,
        lane: Lane,
    ) -> tokio::task::JoinHandle<Result<crate::Embedded, Error>> {
        let (handle, text) = (handle.clone(), text.to_owned());
        tokio::spawn(async move { handle.embed_one(text, Purpose::Query, lane).await })
    }

    #[tokio::test]
    async fn a_long_text_says_how_much_of_it_was_used() {
        let gate = gated(8);
        for _ in 0..WINDOWS_MAX {
            gate.open.send(()).unwrap();
        }
        let text = "字".repeat(4 * WINDOWS_MAX + 3);
        let embedded = embed(&gate.handle, &text, Lane::Query).await.unwrap().unwrap();
        assert_eq!(embedded.token_count, 4 * WINDOWS_MAX + 3);
        assert_eq!(embedded.token_count_used, 4 * WINDOWS_MAX);
        assert_eq!(embedded.window_count, WINDOWS_MAX);
    }

    #[tokio::test]
    async fn full_queue_refuses_at_once() {
        let gate = gated(1);
        let running = embed(&gate.handle, "一", Lane::Bulk);
        tokio::task::yield_now().await;
        gate.passes.recv().unwrap();
        let waiting = embed(&gate.handle, "二", Lane::Bulk);
        tokio::task::yield_now().await;
        let refused = gate.handle.embed_one("三".into(), Purpose::Query, Lane::Bulk).await;
        assert!(matches!(refused, Err(Error::Overloaded)), "{refused:?}");
        for _ in 0..2 {
            gate.open.send(()).unwrap();
        }
        assert!(running.await.unwrap().is_ok() && waiting.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_query_goes_before_the_next_pass_of_an_import() {
        let gate = gated(8);
        let import = embed(&gate.handle, "一二三四五六七八", Lane::Bulk);
        tokio::task::yield_now().await;
        assert_eq!(gate.passes.recv().unwrap(), 4);
        let query = embed(&gate.handle, "问", Lane::Query);
        tokio::task::yield_now().await;
        for _ in 0..3 {
            gate.open.send(()).unwrap();
        }
        assert!(query.await.unwrap().is_ok() && import.await.unwrap().is_ok());
        assert_eq!(gate.passes.try_iter().collect::<Vec<_>>(), [1, 4]);
    }

    #[tokio::test]
    async fn a_job_whose_caller_has_gone_is_skipped() {
        let gate = gated(8);
        let running = embed(&gate.handle, "一", Lane::Bulk);
        tokio::task::yield_now().await;
        gate.passes.recv().unwrap();
        let gone = embed(&gate.handle, "没人等", Lane::Bulk);
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let last = embed(&gate.handle, "二二", Lane::Bulk);
        tokio::task::yield_now().await;
        for _ in 0..2 {
            gate.open.send(()).unwrap();
        }
        assert!(running.await.unwrap().is_ok() && last.await.unwrap().is_ok());
        assert_eq!(gate.passes.try_iter().collect::<Vec<_>>(), [2]);
    }

    #[tokio::test]
    async fn a_model_that_panics_fails_its_job_and_no_other() {
        let gate = gated(8);
        for _ in 0..2 {
            gate.open.send(()).unwrap();
        }
        let broken = embed(&gate.handle, "炸", Lane::Query).await.unwrap();
        assert!(matches!(broken, Err(Error::Panicked)), "{broken:?}");
        assert!(embed(&gate.handle, "好", Lane::Query).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn after_stop_nothing_is_taken() {
        let gate = gated(8);
        gate.handle.stop();
        let refused = gate.handle.embed_one("一".into(), Purpose::Query, Lane::Query).await;
        assert!(matches!(refused, Err(Error::Stopped)));
    }
}
