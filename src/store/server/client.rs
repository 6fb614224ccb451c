//! Calls to the Qdrant server, each with one deadline over all its attempts.
//!
//! A call that fails on the way to the server is tried up to three times, and for as long as the
//! deadline allows while only a peer of the server is unreachable. The clients are the generated
//! ones of `qdrant-client`, over a channel of our own: its wrapper retries after any deadline,
//! reports a lost connection as `Internal`, and does not accept a certificate authority.

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

/// How often a call is tried while the way to the server fails and the deadline has not passed.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt, doubled before the third.
const PAUSE: Duration = Duration::from_millis(100);
/// The most bytes of one answer: a page of the largest articles.
const ANSWER_BYTES_MAX: usize = 512 * 1024 * 1024;
/// The least time for a change of the collections, which waits for the server's disk.
const CHANGE_TIMEOUT: Duration = Duration::from_mins(1);
/// The time for an answer to a health check.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// A channel that sends the API key with every call.
type Authorized = InterceptedService<Channel, Key>;
/// The generated client for points.
pub type Points = PointsClient<Authorized>;
/// The generated client for collections.
pub type Collections = CollectionsClient<Authorized>;
/// The generated client for snapshots.
pub type Snapshots = SnapshotsClient<Authorized>;

/// Adds the API key to every call. `Debug` does not show it, because the value is marked as a
/// secret.
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

/// The connection to the server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Authorized,
    timeout: Duration,
}

impl Client {
    /// Makes a client that connects when it is first used. Must be called inside a runtime.
    ///
    /// # Errors
    /// [`Error::Settings`] for an address, a key or a certificate that cannot be used.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let key = Key(config.api_key()?);
        let channel = InterceptedService::new(config.channel()?, key);
        Ok(Self { channel, timeout: config.timeout() })
    }

    /// The same client, with the longer deadline that changes of the collections need.
    pub fn patient(&self) -> Self {
        Self { timeout: self.timeout.max(CHANGE_TIMEOUT), ..self.clone() }
    }

    /// The deadline in whole seconds, which a request passes on to the server; at least 1.
    pub fn timeout_s(&self) -> u64 {
        self.timeout.as_secs().max(1)
    }

    /// Runs a call for points.
    ///
    /// # Errors
    /// [`Error::Away`] if there is no answer before the deadline, else what the server answers.
    pub async fn points<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Points) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let channel = || PointsClient::new(self.channel.clone());
        let client = || channel().max_decoding_message_size(ANSWER_BYTES_MAX);
        attempts(self.timeout, || call(client())).await
    }

    /// Runs a call for collections.
    ///
    /// # Errors
    /// The same as [`Client::points`].
    pub async fn collections<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Collections) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        attempts(self.timeout, || call(CollectionsClient::new(self.channel.clone()))).await
    }

    /// Runs a call for snapshots once and without a deadline, because the server may take long to
    /// make one.
    ///
    /// # Errors
    /// What the server answers; [`Error::Away`] if it cannot be reached.
    pub async fn snapshots<T, F, Fut>(&self, call: F) -> Result<T, Error>
    where
        F: Fn(Snapshots) -> Fut,
        Fut: Future<Output = Result<Response<T>, Status>>,
    {
        let answer = call(SnapshotsClient::new(self.channel.clone())).await;
        answer.map(Response::into_inner).map_err(error::status)
    }

    /// Asks the server for its version; an answer means that it is alive.
    ///
    /// # Errors
    /// The same as [`Client::points`].
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
            // Trying again is safe, because everything that is written here may be written twice. A
            // cluster recovers in seconds; a server that is away may stay away.
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

/// Accepts a write only if the server says that it is completed.
///
/// # Errors
/// [`Error::Away`] if it was accepted but is not completed yet, [`Error::Failed`] if it was
/// refused.
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
