//! `IngestArticles`: a stream of articles in, one answer per article out, in order.
//!
//! Items that are already waiting are stored together, so a stream is as fast as a batch, and a
//! lone item waits no longer than a pause of [`PAUSE`]. Memory is bounded: while a batch is being
//! stored nothing is read, and HTTP/2 flow control stops the sender. A bad item is answered and
//! skipped. When the service drains, the batch in hand is answered and the stream ends.

use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

use futures::stream;
use prost::Message;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::Streaming;
use tracing::Instrument;

use crate::Phase;
use crate::REQUEST_BYTES_MAX;
use crate::Shared;
use crate::convert;
use crate::status::Description;
use crate::status::Failure;
use crate::status::describe;
use crate::status::under;
use crate::transport::of_transport;
use wenmai_domain::article::Record;
use wenmai_engine as engine;
use wenmai_engine::ErrorKind;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::ingest_articles_response::Outcome;

/// Items stored together at most. A flush to disk costs about 35 ms however many there are.
pub(super) const BATCH_ITEMS_MAX: usize = 256;
/// Bytes of items after which no more are added to a batch.
const BATCH_BYTES_MAX: usize = REQUEST_BYTES_MAX;
/// First and longest wait for room.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_LAST: Duration = Duration::from_secs(1);
/// A sender that is silent for so long has nothing more at hand.
const PAUSE: Duration = Duration::from_millis(2);

/// The answers to the items of `inbound`. To be called on the threads that work on calls: articles
/// are stored there, while whoever sends the answers only waits.
pub fn answers(
    shared: Shared,
    inbound: Streaming<wire::IngestArticlesRequest>,
) -> impl stream::Stream<Item = Result<wire::IngestArticlesResponse, Status>> + Send + 'static {
    let (workers, ready) = (Handle::current(), VecDeque::new());
    let state = Stream { shared, workers, inbound, next_index: 0, ready, ended: Ended::No };
    stream::unfold(state, Stream::next)
}

/// The state of one stream.
struct Stream {
    shared: Shared,
    /// The threads that work on calls.
    workers: Handle,
    inbound: Streaming<wire::IngestArticlesRequest>,
    /// Items read so far.
    next_index: u64,
    /// Answers that are not yet sent.
    ready: VecDeque<wire::IngestArticlesResponse>,
    ended: Ended,
}

/// Whether more items can come, and what ends the stream once all answers are sent.
enum Ended {
    No,
    Yes,
    With(Status),
}

/// One item, read.
struct Incoming {
    index: u64,
    item_id: String,
    record: Result<Record, Violation>,
}

impl Stream {
    /// The next answer, with the state after it.
    async fn next(mut self) -> Option<(Result<wire::IngestArticlesResponse, Status>, Self)> {
        loop {
            if let Some(answer) = self.ready.pop_front() {
                return Some((Ok(answer), self));
            }
            match std::mem::replace(&mut self.ended, Ended::Yes) {
                Ended::No => {
                    self.ended = Ended::No;
                    let items = self.gather().await;
                    self.store(items).await;
                }
                Ended::Yes => return None,
                Ended::With(status) => return Some((Err(status), self)),
            }
        }
    }

    /// Waits for an item and takes those that come with it.
    async fn gather(&mut self) -> Vec<Incoming> {
        let mut items = Vec::new();
        let first = tokio::select! {
            biased;
            () = self.shared.life.draining() => {
                self.ended = Ended::With(Failure::Draining.into());
                return items;
            }
            message = self.inbound.message() => message,
        };
        let mut bytes = 0;
        let mut message = first;
        loop {
            match message {
                Ok(Some(request)) => {
                    bytes += request.encoded_len();
                    items.push(self.read(request));
                }
                Ok(None) => {
                    self.ended = Ended::Yes;
                    return items;
                }
                Err(status) => {
                    let status = of_transport(&status).map_or(status, Status::from);
                    self.ended = Ended::With(status);
                    return items;
                }
            }
            if items.len() >= BATCH_ITEMS_MAX || bytes >= BATCH_BYTES_MAX {
                return items;
            }
            match tokio::time::timeout(PAUSE, self.inbound.message()).await {
                Ok(next) => message = next,
                Err(_pause) => return items,
            }
        }
    }

    fn read(&mut self, request: wire::IngestArticlesRequest) -> Incoming {
        let wire::IngestArticlesRequest { item_id, article } = request;
        let index = self.next_index;
        self.next_index += 1;
        let record = article
            .ok_or_else(|| Violation::new("article", "is required"))
            .and_then(|article| convert::record(article, "article."));
        Incoming { index, item_id, record }
    }

    /// Stores the good ones of `items` and puts an answer to each in `ready`.
    async fn store(&mut self, items: Vec<Incoming>) {
        if items.is_empty() {
            return;
        }
        let since = Instant::now();
        let mut records = Vec::new();
        let mut places = Vec::with_capacity(items.len());
        for Incoming { index, item_id, record } in items {
            let failed = match record {
                Ok(record) => {
                    records.push(record);
                    None
                }
                Err(violation) => Some(describe(&violation.into())),
            };
            places.push((index, item_id, failed));
        }
        let (mut outcomes, timings) = self.outcomes(records, since).await;
        for (index, item_id, failed) in places {
            let outcome = failed
                .map(|description| Outcome::Error(description.item()))
                .or_else(|| outcomes.pop_front());
            self.ready.push_back(wire::IngestArticlesResponse {
                index,
                item_id,
                outcome,
                index_version: self.shared.index_version.to_string(),
                timings: None,
            });
        }
        if let Some(last) = self.ready.back_mut() {
            last.timings = Some(timings);
        }
    }

    /// One outcome per record, in order, and where the time went.
    async fn outcomes(
        &self,
        records: Vec<Record>,
        since: Instant,
    ) -> (VecDeque<Outcome>, wire::Timings) {
        if records.is_empty() {
            return (VecDeque::new(), convert::total(since));
        }
        let record_count = records.len();
        match self.ingest(records).await {
            Ok((results, timings)) => {
                let outcomes = results.into_iter().map(|result| match result {
                    Ok(done) => Outcome::Ingested(convert::ingested(&done)),
                    Err(error) => Outcome::Error(in_item(error).item()),
                });
                (outcomes.collect(), convert::ingest_timings(timings, since))
            }
            // All of them failed for one reason; the stream goes on, the next batch may do better.
            Err(error) => {
                let error = Outcome::Error(in_item(error).item());
                (std::iter::repeat_n(error, record_count).collect(), convert::total(since))
            }
        }
    }
}

impl Stream {
    /// Stores records; while model or store have no room it waits, and so does the sender.
    async fn ingest(
        &self,
        records: Vec<Record>,
    ) -> Result<(engine::IngestResults, engine::IngestTimings), engine::Error> {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.attempt(records.clone()).await {
                Err(error)
                    if error.kind() == ErrorKind::Overloaded
                        && self.shared.life.phase() != Phase::Draining =>
                {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_LAST);
                }
                done => return done,
            }
        }
    }
}

impl Stream {
    /// Stores records on the threads that work on calls; given up together with the stream, but for
    /// a write that has begun.
    async fn attempt(
        &self,
        records: Vec<Record>,
    ) -> Result<(engine::IngestResults, engine::IngestTimings), engine::Error> {
        let engine = self.shared.engine.clone();
        let ingest = async move { engine.ingest(records).await }.in_current_span();
        let mut task = AbortOnDrop(self.workers.spawn(ingest));
        match (&mut task.0).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_threads_ended) => Err(engine::Error::Store(wenmai_store::Error::Closed)),
            },
        }
    }
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn in_item(error: engine::Error) -> Description {
    describe(&Failure::Engine(under("article.", error)))
}
