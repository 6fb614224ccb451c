//! The pages for people, on a port of their own, with the keys and certificates of the service.

use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::service::Routes;

use crate::connections;
use crate::connections::Handler;
use crate::connections::Server;
use crate::listen::BoundAddress;
use crate::listen::Listener;
use wenmai_rpc::access::Access;
use wenmai_rpc::access::Right;
use wenmai_telemetry::Metrics;
use wenmai_web::Doors;
use wenmai_web::Reach;
use wenmai_web::Site;

/// The port of the pages, which is listened on and not yet served.
pub(super) struct Pages {
    listeners: Vec<Listener>,
    site: Site,
}

/// Whether pages at `addresses` would let strangers change things: beyond this machine, and no key
/// is asked for.
pub(super) fn are_open(listeners: &[Listener], asks: bool) -> bool {
    !asks && listeners.iter().any(|listener| !listener.address.is_local())
}

impl Pages {
    /// Shows at `listeners` what `services` answer, to those whom `access` lets in.
    pub(super) fn new(
        listeners: Vec<Listener>,
        services: Routes,
        access: Access,
        is_secure: bool,
    ) -> Self {
        let is_local = listeners.iter().all(|listener| listener.address.is_local());
        let reach = Reach { is_secure, is_local };
        Self { listeners, site: Site::new(services, Arc::new(AccessDoors(access)), reach) }
    }

    /// Where they are shown.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &BoundAddress> {
        self.listeners.iter().map(|listener| &listener.address)
    }

    /// Serves until `closed` ends and requests have been answered; with TLS where `offers` has some.
    pub(super) async fn run(
        self,
        connections_max: usize,
        config: connections::Config,
        offers: Option<watch::Receiver<Arc<ServerConfig>>>,
        closed: impl Future<Output = ()>,
    ) {
        // The connections that are counted are those of gRPC.
        let uncounted = Metrics::default();
        let server = Server::new(Shown(self.site), connections_max, config, uncounted);
        server.serve(self.listeners, offers, closed).await;
    }
}

/// What answers requests.
#[derive(Clone)]
struct Shown(Site);

impl Handler for Shown {
    fn handle(
        self,
        request: Request<Body>,
    ) -> impl Future<Output = Response<Body>> + Send + 'static {
        self.0.answer(request)
    }
}

/// The keys of the service, as the pages ask for them.
struct AccessDoors(Access);

impl Doors for AccessDoors {
    fn asks(&self) -> bool {
        self.0.asks()
    }

    fn right(&self, headers: &HeaderMap) -> Option<wenmai_web::Right> {
        self.0.right(headers).map(|right| match right {
            Right::Read => wenmai_web::Right::Read,
            Right::Write => wenmai_web::Right::Write,
        })
    }
}
