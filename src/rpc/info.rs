//! `InfoService`: facts about the running service.

use std::time::Instant;

use tonic::Request;
use tonic::Response;
use tonic::Status;

use crate as rpc;
use crate::Shared;
use crate::answer;
use crate::convert;
use crate::ingest::BATCH_ITEMS_MAX;
use crate::status::refuse;
use wenmai_embed::ModelInfo;
use wenmai_engine as engine;
use wenmai_engine::Info;
use wenmai_engine::calibration::Calibrated;
use wenmai_engine::calibration::Fit;
use wenmai_proto::wire;
use wenmai_proto::wire::info_service_server::InfoService;
use wenmai_store as store;

/// Parts of the program that may be left out of it.
const FEATURES: [(&str, bool); 4] = [
    ("edge", store::WITH_EDGE),
    ("hub", wenmai_embed::hub::WITH_HUB),
    ("otlp", wenmai_telemetry::WITH_OTLP),
    ("server", store::WITH_SERVER),
];

/// The service.
pub struct InfoApi {
    shared: Shared,
}

impl InfoApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl InfoService for InfoApi {
    async fn get_info(
        &self,
        request: Request<wire::GetInfoRequest>,
    ) -> Result<Response<wire::GetInfoResponse>, Status> {
        let since = Instant::now();
        let wire::GetInfoRequest {} = request.into_inner();
        let Info { model, index_version, store } =
            self.shared.engine.info().await.map_err(refuse)?;
        // The folder stays on the server: it is nobody's business but its owner's.
        let store::Status { backend, location: _, article_count, survives } = store;
        answer(wire::GetInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            index_version,
            model: Some(wire::ModelInfo {
                calibrations: self
                    .shared
                    .engine
                    .known_calibration()
                    .map(write_calibrations)
                    .unwrap_or_default(),
                ..write_model(model)
            }),
            store: Some(wire::StoreInfo {
                backend: backend.to_owned(),
                article_count,
                survives: survives.iter().map(|what| (*what).to_owned()).collect(),
            }),
            limits: Some(self.limits()),
            timings: Some(convert::total(since)),
            uptime: convert::duration(self.shared.started.elapsed()),
            features: FEATURES.iter().filter(|(_, on)| *on).map(|(of, _)| (*of).into()).collect(),
            has_topics: self.shared.engine.has_topics(),
        })
    }

    async fn create_snapshot(
        &self,
        request: Request<wire::CreateSnapshotRequest>,
    ) -> Result<Response<wire::CreateSnapshotResponse>, Status> {
        let since = Instant::now();
        let wire::CreateSnapshotRequest { name } = request.into_inner();
        let engine = &self.shared.engine;
        let name = engine.snapshot_named(&name).await.map_err(refuse)?;
        let article_count = engine.info().await.map_err(refuse)?.store.article_count;
        answer(wire::CreateSnapshotResponse {
            name,
            article_count,
            timings: Some(convert::total(since)),
        })
    }
}

/// None for the model that needs none.
fn write_calibrations(calibrated: &Calibrated) -> Vec<wire::Calibration> {
    let Calibrated::Fitted(made) = calibrated else { return Vec::new() };
    let write = |script: &str, fit: &Fit| wire::Calibration {
        script: script.to_owned(),
        name: fit.name(),
        text_count: convert::count(fit.text_count),
        told_apart: fit.told_apart,
        off_because: fit.off_because.clone(),
    };
    vec![write("chinese", &made.chinese), write("other", &made.other)]
}

fn write_model(model: ModelInfo) -> wire::ModelInfo {
    let ModelInfo { name, family, dim, window_tokens_max, pooling, version } = model;
    wire::ModelInfo {
        name,
        family: family.to_owned(),
        dim: convert::count32(dim),
        window_tokens_max: convert::count32(window_tokens_max),
        pooling: pooling.to_owned(),
        version,
        calibrations: Vec::new(),
    }
}

impl InfoApi {
    fn limits(&self) -> wire::Limits {
        let rpc::Limits {
            calls_max,
            calls_at_once,
            wait_max,
            streams_max,
            connections_max,
            answer_bytes_max,
        } = self.shared.limits;
        let (queue_texts_max, batch_tokens_max) = self.shared.engine.embed_limits();
        wire::Limits {
            request_bytes_max: convert::count(rpc::REQUEST_BYTES_MAX),
            response_bytes_max: convert::count(rpc::RESPONSE_BYTES_MAX),
            text_bytes_max: convert::count(engine::TEXT_BYTES_MAX),
            query_chars_max: convert::count(engine::QUERY_CHARS_MAX),
            batch_articles_max: convert::count(engine::BATCH_ARTICLES_MAX),
            embed_texts_max: convert::count(engine::EMBED_TEXTS_MAX),
            list_page_size_max: rpc::LIST_PAGE_SIZE_MAX.into(),
            search_page_size_max: rpc::SEARCH_PAGE_SIZE_MAX.into(),
            search_hits_max: rpc::SEARCH_HITS_MAX.into(),
            deadline_default: convert::duration(rpc::DEADLINE_DEFAULT),
            deadline_max: convert::duration(rpc::DEADLINE_MAX),
            pages_max: convert::count(engine::PAGES_MAX),
            summarized_articles_max: convert::count(engine::SUMMARIZED_MAX),
            calls_max: convert::count(calls_max),
            calls_at_once: convert::count(calls_at_once),
            streams_max: convert::count(streams_max),
            calls_per_connection: rpc::CALLS_PER_CONNECTION.into(),
            calls_per_second: self.shared.calls_per_second.unwrap_or_default().into(),
            stream_batch_articles_max: convert::count(BATCH_ITEMS_MAX),
            embed_queue_texts_max: convert::count(queue_texts_max),
            embed_batch_tokens_max: convert::count(batch_tokens_max),
            answer_bytes_max: convert::count(answer_bytes_max),
            connections_max: convert::count(connections_max),
            wait_max: convert::duration(wait_max),
        }
    }
}
