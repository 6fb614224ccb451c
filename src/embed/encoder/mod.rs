//! The encoder family: BERT (bge, text2vec, m3e, gte and others) and XLM-RoBERTa, with a forward
//! pass of our own.
//!
//! Tests compare it with the reference implementation on `tests/fixtures/bert` and
//! `tests/fixtures/xlmr` (see their `make_fixture.py`): the cosine must be at least 0.9999 and no
//! number may be off by more than 1e-5. One forward pass runs on one thread and shares nothing with
//! others, so the worker threads do not wait for each other. The pass itself is in `forward`, its
//! inner loops are in the crate `wenmai-kernel`.

mod config;
mod forward;
mod weights;

use std::cell::RefCell;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;

use crate::Embedder;
use crate::Error;
use crate::ModelInfo;
use crate::Purpose;
use crate::encoder::config::Shape;
use crate::encoder::forward::Batch;
use crate::encoder::forward::Forward;
use crate::encoder::forward::Scratch;
use crate::encoder::forward::Wanted;
use crate::encoder::weights::Weights;
use crate::files::Files;
use crate::pool::Mode;
use crate::pool::Pooling;
use crate::prompts::Prompts;
use crate::tokenize::Tokens;
use wenmai_domain::embedding::Embedding;
use wenmai_kernel::level::Level;

thread_local! {
    /// The buffers of this thread. A pass needs up to 20 MB, and would spend much of its time
    /// allocating them.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

pub(super) struct Encoder {
    info: ModelInfo,
    tokens: Tokens,
    prompts: Prompts,
    pooling: Pooling,
    shape: Shape,
    weights: Weights,
    level: Level,
}

impl Encoder {
    /// Loads the model from `files`; `Err` is the reason as a sentence.
    pub(super) fn load(files: &Files, info: ModelInfo) -> Result<Self, String> {
        Self::load_for(files, info, Level::best())
    }

    fn load_for(files: &Files, mut info: ModelInfo, level: Level) -> Result<Self, String> {
        let shape =
            Shape::read(files.config()).map_err(|reason| format!("config.json: {reason}"))?;
        let tokens = Tokens::read(files.tokenizer())
            .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        let pooling =
            Pooling::read(files.pooling()).map_err(|reason| format!("pooling: {reason}"))?;
        let tensors = VarBuilder::from_slice_safetensors(files.weights(), DType::F32, &Device::Cpu)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        let weights = Weights::read(&tensors, &shape, level, files.precision())
            .map_err(|reason| format!("model.safetensors: {reason}"))?;
        let marks = tokens.before.len() + tokens.behind.len();
        let positions = files.max_seq_length().unwrap_or(usize::MAX).min(shape.tokens_max());
        info.family = shape.family;
        info.dim = shape.dim;
        info.pooling = pooling.name();
        info.window_tokens_max = positions.saturating_sub(marks);
        if info.window_tokens_max == 0 {
            return Err(format!("config.json: {positions} positions hold no text"));
        }
        Ok(Self { info, tokens, prompts: files.prompts(), pooling, shape, weights, level })
    }

    /// Runs `windows` through the model and pools their hidden states: one row `[dim]` for each
    /// window.
    fn pooled(&self, windows: &[&[u32]], scratch: &mut Scratch) -> Result<Vec<Vec<f32>>, Error> {
        let marks = self.tokens.before.len() + self.tokens.behind.len();
        let lengths: Vec<usize> = windows.iter().map(|window| window.len() + marks).collect();
        let mut ids = Vec::with_capacity(lengths.iter().sum());
        for window in windows {
            ids.extend(self.tokens.before.iter().chain(*window).chain(&self.tokens.behind));
        }
        let wanted = match self.pooling.mode() {
            Mode::Cls => Wanted::First,
            Mode::Last => Wanted::Last,
            Mode::Mean | Mode::MeanSqrt | Mode::Weighted | Mode::Max => Wanted::All,
        };
        let forward = Forward { shape: &self.shape, weights: &self.weights, level: self.level };
        let batch = Batch { ids: &ids, lengths: &lengths, wanted };
        let hidden = forward.run(batch, scratch).map_err(|reason| Error::Model(reason.into()))?;
        let pooled = if wanted == Wanted::All {
            self.pool(hidden, &lengths)
        } else {
            self.through_head(hidden, windows.len())
        };
        pooled.map_err(|error| Error::Model(Box::new(error)))
    }

    /// Applies the modules behind the pooling to the one hidden state of each window,
    /// `[windows, dim]`.
    fn through_head(&self, hidden: &[f32], count: usize) -> candle_core::Result<Vec<Vec<f32>>> {
        let pooled = Tensor::from_slice(hidden, (count, self.shape.dim), &Device::Cpu)?;
        self.pooling.apply_head(&pooled)?.to_vec2()
    }

    /// Pools the hidden states `[tokens, dim]` of windows of different `lengths`.
    fn pool(&self, hidden: &[f32], lengths: &[usize]) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut rest = hidden;
        let mut rows = Vec::with_capacity(lengths.len());
        for &length in lengths {
            let (window, behind) = rest.split_at(length * self.shape.dim);
            rest = behind;
            let window = Tensor::from_slice(window, (1, length, self.shape.dim), &Device::Cpu)?;
            rows.push(self.pooling.apply(&window, &[length])?.flatten_all()?.to_vec1()?);
        }
        Ok(rows)
    }
}

impl Embedder for Encoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        self.tokens.ids(&self.prompts.apply(text, purpose))
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        let rows = SCRATCH.with_borrow_mut(|scratch| self.pooled(windows, scratch))?;
        let embed = |row| Embedding::normalize(row).map_err(|_zero| Error::NoDirection);
        rows.into_iter().map(embed).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::Encoder;
    use crate::Embedder;
    use crate::Error;
    use crate::ModelInfo;
    use crate::Precision;
    use crate::Purpose;
    use crate::files::Files;
    use wenmai_kernel::level::Level;

    fn load(name: &str, precision: Precision, pooling: &str, level: Level) -> Encoder {
        let folder =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name);
        let json = format!(r#"{{"pooling_mode": "{pooling}"}}"#);
        let files = Files::read(&folder).unwrap().with(precision).with_pooling(&json);
        let info = ModelInfo {
            name: name.to_owned(),
            family: "",
            dim: 0,
            window_tokens_max: 0,
            pooling: "",
            version: "0".to_owned(),
        };
        Encoder::load_for(&files, info, level).unwrap()
    }

    fn cosines(a: &Encoder, b: &Encoder, windows: &[&[u32]]) -> Vec<f32> {
        let (a, b) = (a.forward(windows).unwrap(), b.forward(windows).unwrap());
        a.iter().zip(&b).map(|(a, b)| a.similarity(b)).collect()
    }

    #[test]
    fn every_level_gives_the_same_embeddings() {
        let windows: [&[u32]; 3] = [&[7, 8, 9, 10, 11], &[20; 40], &[5]];
        for precision in [Precision::F32, Precision::Int8] {
            for pooling in ["mean", "cls", "lasttoken"] {
                let best = load("bert", precision, pooling, Level::best());
                for level in Level::all() {
                    let other = load("bert", precision, pooling, level);
                    let like = cosines(&best, &other, &windows);
                    assert!(like.iter().all(|like| *like > 0.9999), "{level:?} {like:?}");
                }
            }
        }
    }

    #[test]
    fn int8_stays_close_to_f32() {
        let exact = load("bert", Precision::F32, "mean", Level::best());
        let small = load("bert", Precision::Int8, "mean", Level::best());
        let ids: Vec<Vec<u32>> =
            ["青禾县举行春季植树活动", "雪", "云溪河治理工程已经完成，两岸绿道将于五月开放。"]
                .map(|text| exact.tokenize(text, Purpose::Passage).unwrap())
                .to_vec();
        let windows: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let like = cosines(&exact, &small, &windows);
        assert!(like.iter().all(|like| *like > 0.998), "{like:?}");
    }

    #[test]
    fn a_token_that_the_model_lacks_is_an_error() {
        let model = load("xlmr", Precision::F32, "mean", Level::best());
        assert!(matches!(model.forward(&[&[1_000_000]]), Err(Error::Model(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn windows_packed_together_get_what_each_gets_alone(
            windows in proptest::collection::vec(
                proptest::collection::vec(5_u32..150, 1..60), 1..20),
        ) {
            for (name, pooling) in [("bert", "cls"), ("bert", "mean"), ("xlmr", "lasttoken")] {
                let model = load(name, Precision::F32, pooling, Level::best());
                let windows: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
                let together = model.forward(&windows).unwrap();
                for (window, embedding) in windows.iter().zip(together) {
                    let alone = model.forward(&[window]).unwrap().remove(0);
                    let off = alone.values().iter().zip(embedding.values());
                    prop_assert!(off.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-6);
                }
            }
        }
    }
}
