//! The static family: one vector per token, a text's is their mean (the layout of model2vec).
//!
//! No attention, so a token means the same everywhere; two orders of magnitude cheaper than an
//! encoder. Unknown tokens are dropped, as model2vec does.

use candle_core::DType;
use candle_core::Device;

use crate::domain::embedding::Embedding;
use crate::embed::Embedder;
use crate::embed::Error;
use crate::embed::ModelInfo;
use crate::embed::Purpose;
use crate::embed::folder::Files;
use crate::embed::folder::Prompts;
use crate::embed::tokenize::Tokens;

/// Tokens in one window: the mean has no limit of its own; this bounds the work between two looks
/// at the query lane.
pub(super) const WINDOW_TOKENS: usize = 512;

pub(super) struct StaticModel {
    info: ModelInfo,
    tokens: Tokens,
    prompts: Prompts,
    /// `[vocabulary, dim]`, row after row.
    vectors: Vec<f32>,
}

impl StaticModel {
    /// Loads the family from `files`; `Err` is the reason in words.
    pub(super) fn load(files: &Files, mut info: ModelInfo) -> Result<Self, String> {
        let tensors = candle_core::safetensors::load_buffer(files.weights(), &Device::Cpu)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        let tensor = ["embeddings", "embedding.weight"]
            .iter()
            .find_map(|name| tensors.get(*name))
            .ok_or("model.safetensors has no tensor `embeddings`")?;
        let (vector_count, dim) = tensor.dims2().map_err(|error| error.to_string())?;
        if let Some(extra) = ["weights", "mapping"].iter().find(|name| tensors.contains_key(**name))
        {
            return Err(format!("model.safetensors: tensor `{extra}` is not supported"));
        }
        let vectors = tensor
            .to_dtype(DType::F32)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1::<f32>())
            .map_err(|error| error.to_string())?;
        info.family = "static";
        info.dim = dim;
        info.pooling = "mean";
        info.window_tokens_max = WINDOW_TOKENS;
        let tokens = Tokens::read(files.tokenizer())
            .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        if tokens.vocabulary_size() > vector_count {
            return Err(format!(
                "tokenizer.json has {} tokens, model.safetensors {vector_count} vectors",
                tokens.vocabulary_size()
            ));
        }
        Ok(Self { info, tokens, prompts: files.prompts(), vectors })
    }
}

impl Embedder for StaticModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        let mut ids = self.tokens.ids(&self.prompts.apply(text, purpose))?;
        ids.retain(|id| Some(*id) != self.tokens.unknown);
        Ok(ids)
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        let dim = self.info.dim;
        let embed = |window: &&[u32]| {
            let mut sum = vec![0.0_f32; dim];
            for id in *window {
                let start = *id as usize * dim;
                let row = self.vectors.get(start..start + dim).ok_or_else(|| {
                    Error::Model(format!("token {id} has no vector in model.safetensors").into())
                })?;
                for (total, value) in sum.iter_mut().zip(row) {
                    *total += value;
                }
            }
            Embedding::normalize(sum).map_err(|_zero| Error::NoDirection)
        };
        windows.iter().map(embed).collect()
    }
}
