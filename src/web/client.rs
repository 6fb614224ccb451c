//! Calls of the services, with the key of the visitor and under the id of the request.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tonic::Request;
use tonic::service::Routes;

use crate::failure::Failure;
use crate::visit::Visit;
use wenmai_proto::wire::article_service_client::ArticleServiceClient;
use wenmai_proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai_proto::wire::info_service_client::InfoServiceClient;
use wenmai_proto::wire::search_service_client::SearchServiceClient;
use wenmai_proto::wire::summary_service_client::SummaryServiceClient;
use wenmai_proto::wire::topic_service_client::TopicServiceClient;

/// The time that a person waits for a page.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls of one page at a time.
const AT_ONCE: usize = 4;
/// Bytes of an answer; the services send no more.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The header with the id under which the log has a call.
const REQUEST_ID: &str = "x-request-id";

macro_rules! clients {
    ($($name:ident: $client:ident;)*) => {
        $(pub(crate) fn $name(&self) -> $client<Routes> {
            $client::new(self.site.services.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
        })*
    };
}

impl Visit {
    clients! {
        article_service: ArticleServiceClient;
        embedding_service: EmbeddingServiceClient;
        info_service: InfoServiceClient;
        search_service: SearchServiceClient;
        summary_service: SummaryServiceClient;
        topic_service: TopicServiceClient;
    }

    /// `message` as a call of this visitor.
    pub(crate) fn call<M>(&self, message: M) -> Request<M> {
        let mut request = self.stream(message);
        request.set_timeout(PATIENCE);
        request
    }

    /// `message` as a call of this visitor whose answer has no end.
    pub(crate) fn stream<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let headers = request.metadata_mut();
        let key = self.key.as_ref().and_then(|key| key.to_str().ok());
        if let Some(key) = key.and_then(|key| key.parse().ok()) {
            headers.insert("authorization", key);
        }
        let id = self.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        if let Some(id) = id.and_then(|id| id.parse().ok()) {
            headers.insert(REQUEST_ID, id);
        }
        request
    }
}

/// The message of an answer.
pub(crate) fn told<M>(answer: Result<tonic::Response<M>, tonic::Status>) -> Result<M, Failure> {
    Ok(answer?.into_inner())
}

/// The outcomes of calls in their order, only a few at a time: one page must not fill the queue in
/// which everybody waits.
pub(crate) async fn each<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    stream::iter(calls).buffered(AT_ONCE).collect().await
}
