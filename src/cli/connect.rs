//! The services: of a running server, or the same ones inside this process.

mod trust;

use std::future::Future;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use tonic::Code;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::codegen::http::header::AUTHORIZATION;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::transport::Endpoint;

use crate::failure::Failure;
use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_engine::calibration;
use wenmai_engine::places;
use wenmai_engine::ranker;
use wenmai_engine::vocabulary;
use wenmai_proto::wire;
use wenmai_proto::wire::article_service_client::ArticleServiceClient;
use wenmai_proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai_proto::wire::info_service_client::InfoServiceClient;
use wenmai_proto::wire::search_service_client::SearchServiceClient;
use wenmai_proto::wire::summary_service_client::SummaryServiceClient;
use wenmai_proto::wire::topic_service_client::TopicServiceClient;
use wenmai_rpc as rpc;
use wenmai_rpc::DEADLINE_MAX;
use wenmai_rpc::Phase;
use wenmai_rpc::RESPONSE_BYTES_MAX;
use wenmai_rpc::access::Access;
use wenmai_store as store;

pub(super) use trust::Args as TrustArgs;

/// Time to reach a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for a server to get ready.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// Time between two looks.
const READY_POLL: Duration = Duration::from_millis(20);

/// Which services a command speaks to.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Ask a running server instead of the data folder, such as <http://127.0.0.1:50051> or
    /// unix:PATH.
    #[arg(long, env = "WENMAI_SERVER", value_name = "URL")]
    server: Option<String>,

    #[command(flatten)]
    trust: trust::Args,

    #[command(flatten)]
    store: store::Config,

    #[command(flatten)]
    embed: embed::Config,

    #[command(flatten)]
    ranker: ranker::Config,

    #[command(flatten)]
    calibration: calibration::Config,

    #[command(flatten)]
    places: places::Config,

    #[command(flatten)]
    vocabulary: vocabulary::Config,
}

/// What a command needs of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// It stores articles: the folder is made if need be.
    Folder,
    /// It reads articles: a folder that is not there is a mistake.
    Articles,
    /// It reads articles and topics.
    Topics,
    /// Parser and model are enough: no folder is touched.
    Nothing,
}

/// Clients of the services.
pub(super) struct Services {
    transport: Transport,
    /// The engine behind the services, if it is inside this process.
    engine: Option<Engine>,
    /// Lets the services run as long as it lives.
    _phase: Option<rpc::Switch>,
}

impl Services {
    /// Connects as `args` say.
    pub(super) async fn connect(args: &Args, needs: Needs) -> Result<Self, Failure> {
        if let Some(server) = &args.server {
            return Self::remote(server, &args.trust).await;
        }
        let folder = &args.store.data;
        let is_folder = args.store.url().is_none();
        if is_folder && matches!(needs, Needs::Articles | Needs::Topics) && !folder.exists() {
            let (place, what) = (folder.display(), "`wenmai ingest` makes one");
            return Err(Failure::Failed(format!("there is no index at {place}; {what}")));
        }
        let opened = match needs {
            Needs::Folder | Needs::Articles | Needs::Topics => {
                Engine::open(&args.embed, &args.store)?
            }
            Needs::Nothing => Engine::open_in_memory(&args.embed)?,
        };
        let opened = opened.with_ranker(&args.ranker)?.with_calibration(&args.calibration)?;
        let opened = opened.with_gazetteer(&args.places)?.with_vocabulary(&args.vocabulary)?;
        if needs != Needs::Nothing {
            // Of another model, which may need longer for it than a question may take.
            opened.calibrated().await?;
        }
        // Reading their log takes a moment, which a search need not wait for.
        let with_topics = matches!(needs, Needs::Folder | Needs::Topics);
        Self::local(if with_topics { opened.with_topics().await? } else { opened }).await
    }

    /// The services of `engine`, inside this process.
    pub(super) async fn local(engine: Engine) -> Result<Self, Failure> {
        let (phase, life) = rpc::starting();
        let routes = rpc::routes(engine.clone(), life, Access::open()).await;
        let (routes, _health) = routes.map_err(|error| Failure::failed(&error))?;
        phase.set(Phase::Serving);
        let transport = Transport::Local(routes.prepare());
        Ok(Self { transport, engine: Some(engine), _phase: Some(phase) })
    }

    /// The services of the server at `url`, trusted as `trust` says.
    pub(super) async fn remote(url: &str, trust: &trust::Args) -> Result<Self, Failure> {
        let is_whole = url.contains("://") || url.starts_with("unix:");
        let url = if is_whole { url.to_owned() } else { format!("http://{url}") };
        let endpoint = Endpoint::from_shared(url.clone()).map_err(|error| {
            Failure::Usage(format!("`{url}` is not a server's address: {error}"))
        })?;
        let endpoint = trust.applied(endpoint.connect_timeout(CONNECT_TIMEOUT), &url)?;
        let key = trust.key()?;
        let channel = endpoint.connect().await;
        let channel = channel.map_err(|error| {
            Failure::Failed(format!("no server at {url}: {}", crate::failure::chain(&error)))
        })?;
        Ok(Self { transport: Transport::Remote { channel, key }, engine: None, _phase: None })
    }

    /// What carries calls, for a client that is not ours.
    pub(super) fn transport(&self) -> Transport {
        self.transport.clone()
    }

    pub(super) fn articles(&self) -> ArticleServiceClient<Transport> {
        ArticleServiceClient::new(self.transport.clone())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
    }

    pub(super) fn search(&self) -> SearchServiceClient<Transport> {
        SearchServiceClient::new(self.transport.clone())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
    }

    pub(super) fn summary(&self) -> SummaryServiceClient<Transport> {
        SummaryServiceClient::new(self.transport.clone())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
    }

    pub(super) fn topics(&self) -> TopicServiceClient<Transport> {
        TopicServiceClient::new(self.transport.clone())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
    }

    /// The engine, if it is inside this process.
    pub(super) fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    pub(super) fn embedding(&self) -> EmbeddingServiceClient<Transport> {
        EmbeddingServiceClient::new(self.transport.clone())
            .max_decoding_message_size(RESPONSE_BYTES_MAX)
    }

    pub(super) fn info(&self) -> InfoServiceClient<Transport> {
        InfoServiceClient::new(self.transport.clone())
    }

    /// Waits until the services have loaded their model and reached their store.
    pub(super) async fn wait_until_ready(&self) -> Result<(), Failure> {
        let mut info = self.info();
        let started = Instant::now();
        loop {
            match info.get_info(wire::GetInfoRequest {}).await {
                Ok(_) => return Ok(()),
                Err(status) if status.code() != Code::Unavailable => return Err(status.into()),
                Err(status) if started.elapsed() > READY_TIMEOUT => return Err(status.into()),
                Err(_) => tokio::time::sleep(READY_POLL).await,
            }
        }
    }

    /// Lets the data folder go.
    pub(super) async fn close(self) -> Result<(), Failure> {
        match self.engine {
            Some(engine) => Ok(engine.close().await?),
            None => Ok(()),
        }
    }
}

impl Args {
    /// The services of another server, trusted as `--server` is.
    pub(super) async fn remote(&self, url: &str) -> Result<Services, Failure> {
        Services::remote(url, &self.trust).await
    }

    /// The table of own words, if one is named.
    pub(super) fn words(&self) -> Option<&Path> {
        self.vocabulary.words.as_deref()
    }

    /// The data folder, if articles are kept on this machine.
    pub(super) fn data(&self) -> Option<PathBuf> {
        let is_here = self.server.is_none() && self.store.url().is_none();
        is_here.then(|| self.store.data.clone())
    }

    /// Where articles are kept, for a person.
    pub(super) fn place(&self) -> String {
        self.server.clone().unwrap_or_else(|| self.store.place())
    }
}

/// `message` as a request that may take as long as any call may: a person waits.
pub(super) fn patient<M>(message: M) -> tonic::Request<M> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(DEADLINE_MAX);
    request
}

/// What carries calls to the services.
#[derive(Clone)]
pub(super) enum Transport {
    Local(Routes),
    Remote {
        channel: Channel,
        /// The whole `authorization` header.
        key: Option<HeaderValue>,
    },
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Transport::Local(routes) => {
                Service::<Request<Body>>::poll_ready(routes, context).map_err(Into::into)
            }
            Transport::Remote { channel, .. } => channel.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self {
            Transport::Local(routes) => {
                let answer = routes.call(request);
                Box::pin(async move { answer.await.map_err(Into::into) })
            }
            Transport::Remote { channel, key } => {
                if let Some(key) = key {
                    request.headers_mut().insert(AUTHORIZATION, key.clone());
                }
                let answer = channel.call(request);
                Box::pin(async move { answer.await.map_err(Into::into) })
            }
        }
    }
}
