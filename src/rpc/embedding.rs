//! `EmbeddingService`: the model by itself.

use std::time::Instant;

use tonic::Request;
use tonic::Response;
use tonic::Status;

use crate::Shared;
use crate::answer;
use crate::convert;
use crate::status::Failure;
use crate::status::describe;
use crate::status::refuse;
use wenmai_embed::Embedded;
use wenmai_engine::Error;
use wenmai_proto::wire;
use wenmai_proto::wire::embedding_service_server::EmbeddingService;

/// The service.
pub struct EmbeddingApi {
    shared: Shared,
}

impl EmbeddingApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl EmbeddingService for EmbeddingApi {
    async fn embed_texts(
        &self,
        request: Request<wire::EmbedTextsRequest>,
    ) -> Result<Response<wire::EmbedTextsResponse>, Status> {
        let since = Instant::now();
        let wire::EmbedTextsRequest { texts, purpose, partial } = request.into_inner();
        let purpose = convert::purpose(purpose).map_err(Failure::from)?;
        let engine = &self.shared.engine;
        let embeddings: Vec<wire::TextEmbedding> = if partial {
            let each = engine.embed_each(texts, purpose).await.map_err(refuse)?;
            each.into_iter().map(|one| one.map_or_else(unread, |one| write(&one))).collect()
        } else {
            let embedded = engine.embed(texts, purpose).await.map_err(refuse)?;
            embedded.iter().map(write).collect()
        };
        let timings =
            wire::Timings { embed: convert::duration(since.elapsed()), ..convert::total(since) };
        answer(wire::EmbedTextsResponse {
            embeddings,
            model_version: self.shared.model_version.to_string(),
            index_version: self.shared.index_version.to_string(),
            timings: Some(timings),
        })
    }
}

fn write(embedded: &Embedded) -> wire::TextEmbedding {
    let Embedded { embedding, token_count, token_count_used, window_count } = embedded;
    wire::TextEmbedding {
        values: embedding.values().to_vec(),
        token_count: convert::count(*token_count),
        token_count_used: convert::count(*token_count_used),
        window_count: convert::count(*window_count),
        error: None,
    }
}

/// The entry of a text that was not embedded.
fn unread(error: Error) -> wire::TextEmbedding {
    let error = Some(describe(&Failure::Engine(error)).item());
    wire::TextEmbedding { error, ..wire::TextEmbedding::default() }
}
