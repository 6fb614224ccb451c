//! The BERT family: bge, text2vec, m3e, gte and kin, by candle-transformers' forward pass.
//!
//! Parity with the reference implementation is held by `tests/fixtures/bert` (see its
//! `make_fixture.py`): cosine ≥ 0.9999 and no number off by more than 1e-4.

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use candle_transformers::models::bert::Config;

use crate::domain::embedding::Embedding;
use crate::embed::Embedder;
use crate::embed::Error;
use crate::embed::ModelInfo;
use crate::embed::Purpose;
use crate::embed::folder::Files;
use crate::embed::folder::Prompts;
use crate::embed::pool::Pooling;
use crate::embed::tokenize::Tokens;

pub(super) struct Bert {
    info: ModelInfo,
    tokens: Tokens,
    prompts: Prompts,
    pooling: Pooling,
    model: BertModel,
}

impl Bert {
    /// Loads the family from `files`; `Err` is the reason in words.
    pub(super) fn load(files: &Files, mut info: ModelInfo) -> Result<Self, String> {
        let config: Config = serde_json::from_slice(files.config())
            .map_err(|error| format!("config.json: {error}"))?;
        let tokens = Tokens::read(files.tokenizer())
            .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        let pooling = Pooling::read(files.pooling())
            .map_err(|reason| format!("1_Pooling/config.json: {reason}"))?;
        let weights = VarBuilder::from_slice_safetensors(files.weights(), DType::F32, &Device::Cpu)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        let model = BertModel::load(weights, &config)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        let marks = tokens.before.len() + tokens.behind.len();
        let positions =
            files.max_seq_length().unwrap_or(usize::MAX).min(config.max_position_embeddings);
        info.family = "bert";
        info.dim = config.hidden_size;
        info.pooling = pooling.name();
        info.window_tokens_max = positions.saturating_sub(marks);
        if info.window_tokens_max == 0 {
            return Err(format!("config.json: {positions} positions hold no text"));
        }
        Ok(Self { info, tokens, prompts: files.prompts(), pooling, model })
    }

    /// Hidden states of padded `windows` → pooled `[batch, dim]`.
    fn pooled(&self, windows: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let marks = self.tokens.before.len() + self.tokens.behind.len();
        let lengths: Vec<usize> = windows.iter().map(|window| window.len() + marks).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let mut ids = Vec::with_capacity(windows.len() * longest);
        let mut mask = Vec::with_capacity(windows.len() * longest);
        for (window, &length) in windows.iter().zip(&lengths) {
            ids.extend(self.tokens.before.iter().chain(*window).chain(&self.tokens.behind));
            ids.extend(std::iter::repeat_n(self.tokens.pad, longest - length));
            mask.extend((0..longest).map(|position| u32::from(position < length)));
        }
        let shape = (windows.len(), longest);
        let ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        self.pooling.apply(&hidden, &lengths)?.to_vec2()
    }
}

impl Embedder for Bert {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        self.tokens.ids(&self.prompts.apply(text, purpose))
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        let rows = self.pooled(windows).map_err(|error| Error::Model(Box::new(error)))?;
        let embed = |row| Embedding::normalize(row).map_err(|_zero| Error::NoDirection);
        rows.into_iter().map(embed).collect()
    }
}
