//! The static family: one vector for each token, and their mean for a text. It reads the layouts of
//! model2vec and of the `StaticEmbedding` module of sentence-transformers.
//!
//! There is no attention, so a token has the same vector everywhere; such a model is two orders of
//! magnitude faster than an encoder. Unknown tokens are left out where model2vec does so. A
//! vocabulary may be quantized: several tokens then share a row (`mapping`), and each has a factor
//! of its own (`weights`).

use candle_core::Device;
use candle_core::Tensor;

use crate::Embedder;
use crate::Error;
use crate::ModelInfo;
use crate::Purpose;
use crate::files::Files;
use crate::pool::Pooling;
use crate::prompts::Prompts;
use crate::tokenize;
use crate::tokenize::Tokens;
use crate::weights::Numbers;
use crate::weights::Weights;
use wenmai_domain::embedding::Embedding;

/// Tokens in one window. The mean has no limit of its own; this bounds how long a query waits for
/// an import.
pub(super) const WINDOW_TOKENS: usize = 512;

pub(super) struct StaticModel {
    info: ModelInfo,
    tokens: Tokens,
    prompts: Prompts,
    pooling: Pooling,
    table: Table,
}

/// The vectors of all tokens.
struct Table {
    dim: usize,
    /// `[rows, dim]`, row after row.
    vectors: Numbers,
    /// The row of each token; `None` if the row is the token's id.
    mapping: Option<Vec<usize>>,
    /// The factor of each token; `None` if all are 1.
    weights: Option<Vec<f32>>,
}

impl StaticModel {
    /// Loads the model from `files`; `Err` is the reason as a sentence.
    pub(super) fn load(files: &Files, mut info: ModelInfo) -> Result<Self, String> {
        let mut tokens = Tokens::read(files.tokenizer())
            .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        if !files.drops_unknown() {
            tokens.unknown = None;
        }
        let table = Table::read(files.tensors(), &tokens)?;
        info.family = "static";
        info.dim = table.dim;
        info.pooling = "mean";
        info.window_tokens_max = WINDOW_TOKENS;
        let pooling = Pooling::read(files.pooling())?;
        Ok(Self { info, tokens, prompts: files.prompts(), pooling, table })
    }

    fn known(&self, text: &str) -> Result<Vec<u32>, Error> {
        let mut ids = self.tokens.ids(text)?;
        ids.retain(|id| Some(*id) != self.tokens.unknown);
        Ok(ids)
    }
}

impl Table {
    fn read(file: &Weights, tokens: &Tokens) -> Result<Self, String> {
        let name = ["embeddings", "embedding.weight"];
        let name = name.into_iter().find(|name| file.has(name)).unwrap_or("embeddings");
        let (row_count, dim) = file.rows_and_columns(name)?;
        if dim == 0 {
            return Err(format!("model.safetensors: tensor `{name}` has rows of no number"));
        }
        let vectors = file.in_place(name, &[row_count, dim])?;
        // A quantized vocabulary has fewer rows than tokens.
        let token_count = match file.length_of("mapping").or(file.length_of("weights")) {
            Some(token_count) => token_count,
            None => row_count,
        };
        let mapping = file.has("mapping").then(|| file.indices("mapping", token_count));
        let mapping = mapping.transpose()?;
        if let Some(row) = mapping.iter().flatten().find(|row| **row >= row_count) {
            return Err(format!(
                "model.safetensors: `mapping` names row {row}, `{name}` has {row_count}"
            ));
        }
        let weights = file.has("weights").then(|| file.numbers("weights", &[token_count]));
        let weights = weights.transpose()?;
        let vectors_of = if mapping.is_some() { token_count } else { token_count.min(row_count) };
        if tokens.largest as usize >= vectors_of {
            return Err(format!(
                "tokenizer.json: {}",
                tokenize::too_large(tokens.largest, vectors_of)
            ));
        }
        Ok(Self { dim, vectors, mapping, weights })
    }

    /// The mean of the vectors of the tokens `ids`, `[dim]`.
    fn mean(&self, ids: &[u32]) -> Result<Vec<f32>, Error> {
        let mut sum = vec![0.0_f32; self.dim];
        for id in ids {
            let lacking =
                || Error::Model(format!("token {id} has no vector in model.safetensors").into());
            let id = *id as usize;
            let row = match &self.mapping {
                Some(mapping) => *mapping.get(id).ok_or_else(lacking)?,
                None => id,
            };
            let weight = match &self.weights {
                Some(weights) => *weights.get(id).ok_or_else(lacking)?,
                None => 1.0,
            };
            let row = row * self.dim..(row + 1) * self.dim;
            match &self.vectors {
                Numbers::Floats(vectors) => add(&mut sum, weight, vectors.get(row), |value| *value),
                Numbers::Bytes(vectors) => {
                    add(&mut sum, weight, vectors.get(row), |value| f32::from(value.cast_signed()))
                }
            }
            .ok_or_else(lacking)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^24")]
        let count = ids.len().max(1) as f32;
        for total in &mut sum {
            *total /= count;
        }
        Ok(sum)
    }
}

/// Adds `weight` times `row` to `sum`, converting each number with `read`; `None` if there is no
/// row.
fn add<T>(sum: &mut [f32], weight: f32, row: Option<&[T]>, read: impl Fn(&T) -> f32) -> Option<()> {
    for (total, value) in sum.iter_mut().zip(row?) {
        *total += weight * read(value);
    }
    Some(())
}

impl Embedder for StaticModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        let with_prompt = self.prompts.apply(text, purpose);
        // Without this check, a text of unknown tokens would get the embedding of its prompt.
        if *with_prompt != *text && self.known(text)?.is_empty() {
            return Ok(Vec::new());
        }
        self.known(&with_prompt)
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        let means: Result<Vec<_>, _> = windows.iter().map(|ids| self.table.mean(ids)).collect();
        let rows = if self.pooling.has_head() {
            self.through_head(&means?).map_err(|error| Error::Model(Box::new(error)))?
        } else {
            means?
        };
        let embed = |row| Embedding::normalize(row).map_err(|_zero| Error::NoDirection);
        rows.into_iter().map(embed).collect()
    }
}

impl StaticModel {
    fn through_head(&self, means: &[Vec<f32>]) -> candle_core::Result<Vec<Vec<f32>>> {
        let shape = (means.len(), self.table.dim);
        let means = Tensor::from_vec(means.concat(), shape, &Device::Cpu)?;
        self.pooling.apply_head(&means)?.to_vec2()
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_core::Tensor;

    use crate::Config;
    use crate::Purpose;
    use crate::fixture;
    use crate::open;

    #[test]
    fn static_vectors_agree_with_the_reference() {
        let model = fixture::load(&fixture::folder("static"));
        let mut known_texts = 0;
        for case in fixture::expected("static") {
            let known: Vec<u32> = case.ids.iter().copied().filter(|id| *id != 1).collect();
            let ids = model.tokenize(&case.text, Purpose::Passage).unwrap();
            assert_eq!(ids, known, "{}", case.text);
            if !known.is_empty() {
                known_texts += 1;
                let pair = (case.text.as_str(), case.embedding.as_slice());
                fixture::assert_parity(&model, Purpose::Passage, &[pair]);
            }
        }
        assert!(known_texts >= 7);
    }

    #[test]
    fn the_bundled_vectors_agree_with_the_ten_lines_of_their_card() {
        let model = open(&Config::default()).unwrap();
        let cases = fixture::expected("bundled");
        for case in &cases {
            assert_eq!(model.tokenize(&case.text, Purpose::Passage).unwrap(), case.ids);
        }
        let pairs: Vec<(&str, &[f32])> =
            cases.iter().map(|case| (case.text.as_str(), case.embedding.as_slice())).collect();
        fixture::assert_parity(&model, Purpose::Passage, &pairs);
    }

    #[test]
    fn a_quantized_vocabulary_agrees_with_the_reference() {
        let model = fixture::load(&fixture::folder("model2vec"));
        for case in fixture::expected("model2vec") {
            let ids = model.tokenize(&case.text, Purpose::Passage).unwrap();
            assert_eq!(ids, case.ids, "{}", case.text);
        }
        fixture::assert_passages_agree(&model, "model2vec");
    }

    #[test]
    fn a_static_embedding_module_agrees_with_the_reference_and_keeps_the_unknown() {
        let model = fixture::load(&fixture::folder("static_embedding"));
        fixture::assert_passages_agree(&model, "static_embedding");
    }

    #[test]
    fn a_mapping_to_a_row_that_is_not_there_is_refused() {
        for rows in [199_u32, 0] {
            let folder = fixture::copy("model2vec");
            std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
            let row =
                |count: usize| Tensor::ones((count, 4), candle_core::DType::F32, &Device::Cpu);
            let mapping = vec![rows; 631];
            let tensors = std::collections::HashMap::from([
                ("embeddings".to_owned(), row(rows as usize).unwrap()),
                ("mapping".to_owned(), Tensor::new(mapping, &Device::Cpu).unwrap()),
            ]);
            candle_core::safetensors::save(&tensors, folder.path().join("model.safetensors"))
                .unwrap();
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("names row"), "{reason}");
        }
    }

    #[test]
    fn a_prompt_before_no_known_token_is_no_text() {
        let config = Config {
            query_prompt: Some("云溪".into()),
            ..fixture::config(&fixture::folder("static"))
        };
        let model = open(&config).unwrap();
        assert!(model.tokenize("，。！", Purpose::Query).unwrap().is_empty());
        assert!(model.tokenize("雪", Purpose::Query).unwrap().len() > 1);
    }
}
