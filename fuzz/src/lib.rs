//! The services inside the process of a fuzz target: a request's bytes in, a status out.
#![cfg(feature = "service")]

use std::cell::RefCell;

use http_body_util::BodyExt;
use http_body_util::Full;
use prost::bytes::Bytes;
use tokio::runtime::Runtime;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::service::Routes;
use tower_service::Service;
use wenmai::embed;
use wenmai::engine::Engine;
use wenmai::rpc;
use wenmai::rpc::Phase;
use wenmai::rpc::access::Access;

/// What a caller is never told: a fault of ours.
const FAULTS: [&str; 3] = ["2", "13", "15"];

struct Services {
    runtime: Runtime,
    routes: Routes,
    _open: rpc::Switch,
}

thread_local! {
    static SERVICES: RefCell<Option<Services>> = const { RefCell::new(None) };
}

/// Calls `path` with one message of `bytes`; gRPC's status code as it stands on the wire.
///
/// # Panics
/// If the service answers that it is at fault itself (UNKNOWN, INTERNAL, DATA_LOSS).
pub fn call(path: &str, bytes: &[u8]) -> String {
    SERVICES.with_borrow_mut(|services| {
        let Services { runtime, routes, .. } = services.get_or_insert_with(start);
        let status = runtime.block_on(ask(routes, path, bytes));
        assert!(!FAULTS.contains(&status.as_str()), "{path} answered {status}");
        status
    })
}

fn start() -> Services {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let model = embed::Config { threads: 1, ..embed::Config::default() };
    let (phase, life) = rpc::starting();
    let routes = runtime.block_on(async {
        let engine = Engine::open_in_memory(&model).unwrap().with_topics().await.unwrap();
        rpc::routes(engine, life, Access::open()).await.unwrap().0
    });
    phase.set(Phase::Serving);
    Services { runtime, routes, _open: phase }
}

async fn ask(routes: &mut Routes, path: &str, bytes: &[u8]) -> String {
    // A message on the wire: not compressed, its length, itself.
    let mut framed = vec![0];
    framed.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    framed.extend(bytes);
    let request = Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "2S")
        .body(Body::new(Full::new(Bytes::from(framed)).map_err(|never| match never {})))
        .unwrap();
    let response = routes.call(request).await.unwrap();
    let (head, body) = response.into_parts();
    let collected = body.collect().await;
    let trailers = collected.ok().and_then(|whole| whole.trailers().cloned());
    let status = trailers.as_ref().unwrap_or(&head.headers).get("grpc-status");
    let status = status.or_else(|| head.headers.get("grpc-status"));
    status.map_or_else(String::new, |code| code.to_str().unwrap().to_owned())
}
