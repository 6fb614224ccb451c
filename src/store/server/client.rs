//! Calls to the server: one deadline over all attempts, one more attempt over a new connection.
//!
//! The clients are `qdrant-client`'s generated ones, over a channel of our own: its own wrapper
//! retries after any deadline, calls a lost connection `Internal`, and takes no authority.

use std::future::Future;
use std::time::Duration;

use ::qdrant_client::qdrant::UpdateResult;
use ::qdrant_client::qdrant::UpdateStatus;
use ::qdrant_client::qdrant::collections_client::CollectionsClient;
use ::qdrant_client::qdrant::points_client::PointsClient;
use ::qdrant_client::qdrant::qdrant_client::QdrantClient;
use ::qdrant_client::qdrant::snapshots_client::SnapshotsClient;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::metadata::Ascii;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use crate::Error;
use crate::server::config::Config;
use crate::server::error;

/// Times that a call is tried while the way to the server fails and the deadline has not passed.
const ATTEMPTS: u32 = 3;
/// Pause before the second attempt, doubled before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// Most bytes of one answer: a page of the largest articles.
const ANSWER_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Time that a change of the collections has, at least: it waits for the server's disk.
const CHANGE_TIMEOUT: Duration = Duration::from_mins(1);
/// Time for a sign of life.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// A channel that shows the key.
type Authorized = InterceptedService<Channel, Key>;
/// Points, by the generated client.
pub type Points = PointsClient<Authorized>;
/// Collections, likewise.
pub type Collections = CollectionsClient<Authorized>;
/// Snapshots, likewise.
pub type Snapshots = SnapshotsClient<Authorized>;

/// Adds the key to every call. `Debug` shows nothing: the value is marked as a secret.
#[derive(Debug, Clone)]
pub struct Key(Option<MetadataValue<Ascii>>);

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(key) = &self.0 {
            request.metadata_mut().insert("api-key", key.clone());
        }
        Ok(request)
    }
}

/// The way to the server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Authorized,
    timeout: Duration,
}

impl Client {
    /// A client that connects when first used. Needs a runtime.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn new(config: &Config) -> Result<Self, Error> {
        let key = Key(config.api_key()?);
        let channel = InterceptedService::new(config.channel()?, key);
        Ok(Self { channel, timeout: config.timeout() })
    }

    /// The same client with time for changes of the collections.
    pub fn patient(&self) -> Self {
        Self { timeout: self.timeout.max(CHANGE_TIMEOUT), ..self.clone() }
    }

    /// Seconds that the server may take for one answer, for its own deadline.
    pub fn timeout_s(&self) -> u64 {
        self.timeout.as_secs().max(1)
    }

    /// Calls for points.
    ///
    /// # Errors
    /// [`Error::Away`]; what the server answers.
    pub async fn points<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Points) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let channel = || PointsClient::new(self.channel.clone());
        let client = || channel().max_decoding_message_size(ANSWER_BYTES_MAX);
        attempts(self.timeout, || call(client())).await
    }

    /// Calls for collections.
    ///
    /// # Errors
    /// As [`Client::points`].
    pub async fn collections<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Collections) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        attempts(self.timeout, || call(CollectionsClient::new(self.channel.clone()))).await
    }

    /// Calls for snapshots, which may take as long as they take.
    ///
    /// # Errors
    /// As [`Client::points`].
    pub async fn snapshots<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Snapshots) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let answer = call(SnapshotsClient::new(self.channel.clone())).await;
        answer.map(Response::into_inner).map_err(error::status)
    }

    /// The server's version; an answer means that it is alive.
    ///
    /// # Errors
    /// As [`Client::points`].
    pub async fn ping(&self) -> Result<String, Error> {
        let ask = || {
            let mut client = QdrantClient::new(self.channel.clone());
            async move { client.health_check(::qdrant_client::qdrant::HealthCheckRequest {}).await }
        };
        Ok(attempts(self.timeout.min(PING_TIMEOUT), ask).await?.version)
    }
}

/// Tries `call` until it is answered, for `timeout` at most.
async fn attempts<T, F, Fut>(timeout: Duration, call: F) -> Result<T, Error>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<Response<T>, Status>>,
{
    let tried = async {
        let mut attempt = 1;
        loop {
            let (failure, is_of_a_peer) = match call().await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => {
                    let is_of_a_peer = error::is_of_a_peer(&status);
                    (error::status(status), is_of_a_peer)
                }
            };
            // Everything that is written here may be written twice. A cluster mends itself in
            // seconds; a server that is away may stay so.
            let is_last = attempt >= ATTEMPTS && !is_of_a_peer;
            if is_last || !matches!(failure, Error::Away(_)) {
                return Err(failure);
            }
            tokio::time::sleep(PAUSE * attempt.min(ATTEMPTS)).await;
            attempt += 1;
        }
    };
    let late = || error::late(timeout.as_millis());
    tokio::time::timeout(timeout, tried).await.unwrap_or_else(|_elapsed| Err(late()))
}

/// Takes a write for done only if the server says that it is.
///
/// # Errors
/// [`Error::Away`] if it is not done in time, [`Error::Failed`] if it was not taken.
pub fn completed(result: Option<UpdateResult>) -> Result<(), Error> {
    let status = result.map_or(UpdateStatus::UnknownUpdateStatus, |result| result.status());
    match status {
        UpdateStatus::Completed => Ok(()),
        UpdateStatus::Acknowledged | UpdateStatus::WaitTimeout => {
            Err(Error::Away("the write was taken and is not done yet".into()))
        }
        UpdateStatus::ClockRejected | UpdateStatus::UnknownUpdateStatus => {
            Err(error::failed(format!("the write was not taken: {}", status.as_str_name())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use ::qdrant_client::qdrant::UpdateResult;
    use ::qdrant_client::qdrant::UpdateStatus;
    use tonic::Response;
    use tonic::Status;

    use super::attempts;
    use super::completed;
    use crate::Error;

    #[tokio::test]
    async fn a_lost_connection_is_tried_again_and_a_refusal_is_not() {
        let count = AtomicU32::new(0);
        let answer = attempts(Duration::from_secs(9), || {
            let first = count.fetch_add(1, Ordering::Relaxed) == 0;
            async move { if first { Err(Status::unavailable("")) } else { Ok(Response::new(7)) } }
        });
        assert_eq!(answer.await.unwrap(), 7);
        let count = AtomicU32::new(0);
        let answer: Result<u8, _> = attempts(Duration::from_secs(9), || {
            count.fetch_add(1, Ordering::Relaxed);
            async { Err(Status::invalid_argument("no")) }
        })
        .await;
        assert!(matches!(answer, Err(Error::Failed(_))));
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_peer_that_is_away_is_waited_for_until_the_deadline() {
        let count = AtomicU32::new(0);
        let answer = attempts(Duration::from_mins(1), || {
            let early = count.fetch_add(1, Ordering::Relaxed) < 5;
            let away = "Failed to connect to http://127.0.0.1:6335/, error: transport error";
            async move { if early { Err(Status::internal(away)) } else { Ok(Response::new(7)) } }
        });
        assert_eq!(answer.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_ends_at_the_deadline() {
        let never = || std::future::pending::<Result<Response<u8>, Status>>();
        let answer = attempts(Duration::from_millis(20), never).await;
        assert!(matches!(answer, Err(Error::Away(_))));
    }

    #[test]
    fn only_a_completed_write_counts() {
        let result = |status: UpdateStatus| {
            completed(Some(UpdateResult { operation_id: None, status: status.into() }))
        };
        assert!(result(UpdateStatus::Completed).is_ok());
        assert!(matches!(result(UpdateStatus::Acknowledged), Err(Error::Away(_))));
        assert!(matches!(result(UpdateStatus::WaitTimeout), Err(Error::Away(_))));
        assert!(matches!(result(UpdateStatus::ClockRejected), Err(Error::Failed(_))));
        assert!(matches!(completed(None), Err(Error::Failed(_))));
    }
}
