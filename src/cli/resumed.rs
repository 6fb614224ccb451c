//! A stream of articles that outlives the connections it goes over.
//!
//! A server ends every connection some day, in good order. What it had not answered is then sent
//! again over the next one; storing the same twice changes nothing.

use std::collections::VecDeque;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Response;
use tonic::Status;
use tonic::Streaming;
use tonic_types::StatusExt;

use crate::connect::Transport;
use wenmai_proto::wire;
use wenmai_proto::wire::article_service_client::ArticleServiceClient;

/// The reason with which a call ends whose connection is too old.
const CONNECTION_ENDED: &str = "CONNECTION_ENDED";
/// Items on their way to a connection.
const AHEAD: usize = 64;

/// Whether a call ended only because its connection did.
pub(super) fn is_connection_ended(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == CONNECTION_ENDED)
}

/// Articles on their way to a service.
pub(super) struct IngestStream {
    client: ArticleServiceClient<Transport>,
    queue: mpsc::Receiver<wire::IngestArticlesRequest>,
    unanswered: VecDeque<wire::IngestArticlesRequest>,
    open: Option<Open>,
}

/// The stream over the connection that there is now.
struct Open {
    /// `None` once all is sent.
    items: Option<mpsc::Sender<wire::IngestArticlesRequest>>,
    answers: Answers,
}

/// The answers of a stream. Items are sent while it is being opened: a proxy may pass a call on only
/// with its first item.
enum Answers {
    Opening(BoxFuture<'static, Result<Response<Inbound>, Status>>),
    Open(Box<Inbound>),
}

type Inbound = Streaming<wire::IngestArticlesResponse>;

impl Answers {
    /// The next answer; nothing is lost if the future is dropped before it is ready.
    async fn next(&mut self) -> Result<Option<wire::IngestArticlesResponse>, Status> {
        loop {
            match self {
                Self::Opening(opening) => *self = Self::Open(Box::new(opening.await?.into_inner())),
                Self::Open(answers) => return answers.message().await,
            }
        }
    }
}

impl IngestStream {
    /// Stores what comes through `queue`.
    pub(super) fn new(
        client: ArticleServiceClient<Transport>,
        queue: mpsc::Receiver<wire::IngestArticlesRequest>,
    ) -> Self {
        Self { client, queue, unanswered: VecDeque::new(), open: None }
    }

    /// The answer to the next item; `None` after the last one. Nothing is lost if the future is
    /// dropped before it is ready.
    pub(super) async fn next(&mut self) -> Result<Option<wire::IngestArticlesResponse>, Status> {
        loop {
            let open = match &mut self.open {
                Some(open) => open,
                closed => {
                    let (items, sent) = mpsc::channel(AHEAD);
                    let again: Vec<_> = self.unanswered.iter().cloned().collect();
                    let all = stream::iter(again).chain(ReceiverStream::new(sent));
                    let mut client = self.client.clone();
                    let opening = async move { client.ingest_articles(all).await };
                    let answers = Answers::Opening(Box::pin(opening));
                    closed.insert(Open { items: Some(items), answers })
                }
            };
            let Open { items, answers } = open;
            let answer = tokio::select! {
                is_last = pass_on(items.as_ref(), &mut self.queue, &mut self.unanswered) => {
                    if is_last {
                        *items = None;
                    }
                    continue;
                }
                answer = answers.next() => answer,
            };
            match answer {
                Err(status) if is_connection_ended(&status) => self.open = None,
                answer => {
                    self.unanswered.pop_front();
                    return answer;
                }
            }
        }
    }
}

/// Passes the next item of `queue` on, and notes it as unanswered; whether there was none left. Never
/// ends where all is passed on.
async fn pass_on(
    items: Option<&mpsc::Sender<wire::IngestArticlesRequest>>,
    queue: &mut mpsc::Receiver<wire::IngestArticlesRequest>,
    unanswered: &mut VecDeque<wire::IngestArticlesRequest>,
) -> bool {
    let Some(items) = items else { return std::future::pending().await };
    // Where nobody takes items any more the answers say why.
    let Ok(room) = items.reserve().await else { return std::future::pending().await };
    let Some(item) = queue.recv().await else { return true };
    // Nothing is awaited from here on, so that no item is lost.
    unanswered.push_back(item.clone());
    room.send(item);
    false
}
