//! How it looks on the wire: the services of `proto/wenmai/v1`, health and reflection.
//!
//! One file per service; `convert` turns wire into domain and back, `status` failures into
//! statuses, `guard` is what every call goes through. Nothing here decides anything about articles:
//! that is the engine's. TLS is `app`'s; keys are checked here, in `access`.

pub mod access;
mod admission;
mod article;
mod convert;
mod embedding;
mod executor;
mod guard;
mod health;
mod info;
mod ingest;
mod method;
mod page_token;
mod pages;
mod phase;
mod record;
mod search;
mod status;
mod summary;
mod topic;
mod transport;
mod watch;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use prost::Message;
use tonic::Response;
use tonic::Status;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::HeaderMap;
use tonic::service::Routes;
use tonic::service::RoutesBuilder;

use wenmai_domain::article::Record;
use wenmai_engine as engine;
use wenmai_engine::Engine;
use wenmai_proto::DESCRIPTORS;
use wenmai_proto::wire;

use access::Access;
use admission::Admission;

pub use admission::Limits;
pub use executor::CallExecutor;
pub use guard::REQUEST_ID;
pub use health::Health;
pub use phase::Life;
pub use phase::Phase;
pub use phase::Switch;
pub use phase::starting;
pub use status::DOMAIN;

/// Bytes of one request message: a page or article at its limit of 2 MiB, or a batch of usual
/// articles.
pub const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of one response message: a thousand embeddings of a large model.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a message that clients take unless they are told to take more: the default of gRPC's
/// libraries.
const CLIENT_BYTES_USUAL: usize = 4 * 1024 * 1024;
/// Pages of answers are cut here, so that with the rest of the message they are what every client
/// takes.
const PAGE_BYTES_MAX: usize = CLIENT_BYTES_USUAL - 128 * 1024;
/// Calls on one connection at a time; a client's own library queues the rest.
pub const CALLS_PER_CONNECTION: u32 = 128;
/// Time for a call whose client sets no deadline.
pub const DEADLINE_DEFAULT: Duration = Duration::from_secs(10);
/// Longest deadline that a client can set.
pub const DEADLINE_MAX: Duration = Duration::from_mins(1);
/// Articles on a page of a list, unless asked otherwise.
const LIST_PAGE_SIZE: u32 = 50;
/// Articles on a page of a list at most.
pub const LIST_PAGE_SIZE_MAX: u32 = 1_000;
/// Hits on a page of a search, unless asked otherwise.
const SEARCH_PAGE_SIZE: u32 = 10;
/// Hits on a page of a search at most.
pub const SEARCH_PAGE_SIZE_MAX: u32 = 100;
/// Hits that a search can be paged through; further down there is nothing worth a look.
pub const SEARCH_HITS_MAX: u32 = 900;

/// A record as the wire has it, whole: for clients in this crate.
#[must_use]
pub fn record_to_wire(record: Record) -> wire::ArticleRecord {
    convert::write_record(record, convert::View::Full)
}

/// A civil time of China as the wire has it: for clients in this program.
#[must_use]
pub fn time_to_wire(time: jiff::civil::DateTime) -> Option<prost_types::Timestamp> {
    convert::date::timestamp(time)
}

/// A day as the wire has it: for clients in this program.
#[must_use]
pub fn date_to_wire(date: jiff::civil::Date) -> wire::Date {
    convert::date::write_date(date)
}

/// The trailers of a call that is ended because its connection must end.
#[must_use]
pub fn connection_ended() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    // It is made of what a header may hold.
    let _whole = Status::from(status::Failure::ConnectionEnded).add_header(&mut trailers);
    trailers
}

/// What every service needs; cheap to clone.
#[derive(Clone)]
struct Shared {
    engine: Engine,
    index_version: Arc<str>,
    model_version: Arc<str>,
    life: Life,
    limits: Limits,
    calls_per_second: Option<u32>,
    started: Instant,
}

/// All services before `engine`, within limits that suit this machine; see [`routes_within`].
///
/// # Errors
/// [`engine::Error`] if the engine cannot say what its index is made with.
pub async fn routes(
    engine: Engine,
    life: Life,
    access: Access,
) -> Result<(Routes, Health), engine::Error> {
    routes_within(engine, life, access, Limits::default(), CallExecutor::default()).await
}

/// All services before `engine`, open to whom `access` lets in and within `limits`, and the health
/// that they report, which is open to all and not limited. Calls are worked on by `executor`.
///
/// # Errors
/// [`engine::Error`] if the engine cannot say what its index is made with.
pub async fn routes_within(
    engine: Engine,
    life: Life,
    access: Access,
    limits: Limits,
    executor: CallExecutor,
) -> Result<(Routes, Health), engine::Error> {
    let info = engine.info().await?;
    let metrics = engine.metrics().clone();
    let shared = Shared {
        engine,
        index_version: info.index_version.into(),
        model_version: info.model.version.into(),
        life: life.clone(),
        limits,
        calls_per_second: access.calls_per_second(),
        started: Instant::now(),
    };
    let admission = Admission::new(limits, metrics.clone());
    let state = guard::GuardState::new(life, access, admission, metrics).with_executor(executor);
    let (health, health_service) = health::start().await;
    let mut routes = Routes::builder();
    macro_rules! serve {
        ($server:path, $api:expr) => {{
            let server = <$server>::new($api)
                .max_decoding_message_size(REQUEST_BYTES_MAX)
                .max_encoding_message_size(RESPONSE_BYTES_MAX)
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .send_compressed(CompressionEncoding::Zstd)
                .send_compressed(CompressionEncoding::Gzip);
            routes.add_service(guard::Guard::new(server, state.clone()));
        }};
    }
    serve!(
        wire::article_service_server::ArticleServiceServer<_>,
        article::ArticleApi::new(shared.clone())
    );
    serve!(
        wire::search_service_server::SearchServiceServer<_>,
        search::SearchApi::new(shared.clone())
    );
    serve!(
        wire::summary_service_server::SummaryServiceServer<_>,
        summary::SummaryApi::new(shared.clone())
    );
    serve!(wire::topic_service_server::TopicServiceServer<_>, topic::TopicApi::new(shared.clone()));
    serve!(
        wire::embedding_service_server::EmbeddingServiceServer<_>,
        embedding::EmbeddingApi::new(shared.clone())
    );
    serve!(wire::info_service_server::InfoServiceServer<_>, info::InfoApi::new(shared));
    routes.add_service(health_service);
    add_reflection(&mut routes, &state);
    Ok((routes.routes(), health))
}

/// Adds reflection, in both versions: many tools still ask only for the older one.
fn add_reflection(routes: &mut RoutesBuilder, state: &guard::GuardState) {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // The descriptors are made by the same build, so they are there or nothing works at all.
    match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(service), Ok(older)) => {
            routes.add_service(guard::Guard::new(service, state.clone()));
            routes.add_service(guard::Guard::new(older, state.clone()));
        }
        (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "no reflection"),
    }
}

/// `message` as an answer, if it fits.
fn answer<M: Message>(message: M) -> Result<Response<M>, Status> {
    let given = message.encoded_len();
    if given > RESPONSE_BYTES_MAX {
        return Err(status::Failure::AnswerTooLarge { given }.into());
    }
    Ok(Response::new(message))
}

/// How many of `messages` fit on a page, from the first on; at least one if there is one.
fn fitting<M: Message>(messages: &[M]) -> usize {
    fitting_beside(0, messages).max(usize::from(!messages.is_empty()))
}

/// How many of `messages` fit on a page beside `used` bytes, from the first on; maybe none.
fn fitting_beside<M: Message>(used: usize, messages: &[M]) -> usize {
    let mut bytes = used;
    let fits = |message: &&M| {
        bytes = bytes.saturating_add(message.encoded_len());
        bytes <= PAGE_BYTES_MAX
    };
    messages.iter().take_while(fits).count()
}

/// Bytes of `messages` on the wire.
fn encoded_len<M: Message>(messages: &[M]) -> usize {
    messages.iter().map(Message::encoded_len).sum()
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::PAGE_BYTES_MAX;
    use super::RESPONSE_BYTES_MAX;
    use super::answer;
    use super::fitting;
    use wenmai_proto::wire;

    fn article(bytes: usize) -> wire::Article {
        wire::Article { name: "a".repeat(bytes), ..Default::default() }
    }

    #[test]
    fn a_page_is_cut_before_it_is_too_large_and_never_empty() {
        let third = article(PAGE_BYTES_MAX / 3);
        assert_eq!(fitting(&[third.clone(), third.clone(), third.clone(), third]), 2);
        assert_eq!(fitting(&[article(10), article(10)]), 2);
        assert_eq!(fitting(&[article(PAGE_BYTES_MAX + 1), article(10)]), 1);
        assert_eq!(fitting::<wire::Article>(&[]), 0);
    }

    #[test]
    fn an_answer_over_the_limit_is_refused_with_its_size() {
        let status = answer(article(RESPONSE_BYTES_MAX)).unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(answer(article(RESPONSE_BYTES_MAX - 100)).is_ok());
    }
}
