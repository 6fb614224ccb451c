//! The Qwen3 family (Qwen3-Embedding): a causal decoder, pooled as its folder says, usually by the
//! last token.
//!
//! Windows are packed one after the other, so nothing is padded. Only attention looks at one window
//! at a time, in blocks of queries, and never at later tokens. Tests compare it with the reference
//! implementation on `tests/fixtures/qwen3` (see its `make_fixture.py`).

use candle_core::Device;
use candle_core::Tensor;
use candle_nn::ops::rms_norm;
use candle_nn::ops::softmax_last_dim;
use candle_nn::rotary_emb::rope;

use crate::Embedder;
use crate::Error;
use crate::ModelInfo;
use crate::Purpose;
use crate::files::Files;
use crate::pool::Pooling;
use crate::prompts::Prompts;
use crate::qwen3_config::Config;
use crate::tokenize::Tokens;
use crate::weights::Weights;
use wenmai_domain::embedding::Embedding;

/// The most tokens in one window, special tokens included, even if the model takes more: attention
/// grows with the square of the length, and a query waits for a whole window of an import.
pub(super) const WINDOW_TOKENS: usize = 2048;

/// How many queries are compared with the keys before them at a time; it bounds the memory for
/// scores.
const BLOCK: usize = 256;

pub(super) struct Qwen3 {
    info: ModelInfo,
    tokens: Tokens,
    prompts: Prompts,
    pooling: Pooling,
    config: Config,
    /// `[vocabulary, hidden]`.
    vectors: Tensor,
    layers: Vec<Layer>,
    /// `[hidden]`.
    norm: Tensor,
    /// Cosines of the rotary position embedding, `[positions, head_dim / 2]`; `sin` likewise.
    cos: Tensor,
    sin: Tensor,
}

/// The weights of one layer. Matrices with the same input are joined row by row into one.
struct Layer {
    /// `[hidden]`.
    attention_norm: Tensor,
    /// Queries, keys, values: `[(heads + 2 · key_heads) · head_dim, hidden]`.
    projection: Tensor,
    projection_bias: Option<Tensor>,
    /// `[head_dim]`.
    query_norm: Tensor,
    key_norm: Tensor,
    /// `[hidden, heads · head_dim]`.
    output: Tensor,
    output_bias: Option<Tensor>,
    /// `[hidden]`.
    feed_norm: Tensor,
    /// The gate projection, then the up projection: `[2 · inner, hidden]`.
    feed_in: Tensor,
    /// `[hidden, inner]`.
    feed_out: Tensor,
}

impl Qwen3 {
    /// Loads the model from `files`; `Err` is the reason as a sentence.
    pub(super) fn load(files: &Files, mut info: ModelInfo) -> Result<Self, String> {
        let config =
            Config::read(files.config()).map_err(|reason| format!("config.json: {reason}"))?;
        let tokens = Tokens::read(files.tokenizer())
            .map_err(|reason| format!("tokenizer.json: {reason}"))?;
        let pooling = Pooling::read(files.pooling())?;
        let marks = tokens.before.len() + tokens.behind.len();
        let positions = files
            .max_seq_length()
            .unwrap_or(usize::MAX)
            .min(config.max_position_embeddings)
            .min(WINDOW_TOKENS);
        info.family = "qwen3";
        info.dim = config.hidden_size;
        info.pooling = pooling.name();
        info.window_tokens_max = positions.saturating_sub(marks);
        if info.window_tokens_max == 0 {
            return Err(format!("config.json: {positions} positions hold no text"));
        }
        let reader = Reader::new(files.tensors());
        let hidden = config.hidden_size;
        let vectors = reader.rows(&["embed_tokens.weight"], &[config.vocab_size], hidden)?;
        let layers = (0..config.num_hidden_layers).map(|at| Layer::read(&reader, &config, at));
        let layers = layers.collect::<Result<_, _>>()?;
        let norm = reader.vector("norm.weight", hidden)?;
        let (cos, sin) = rotations(&config, positions).map_err(|error| error.to_string())?;
        let prompts = files.prompts();
        Ok(Self { info, tokens, prompts, pooling, config, vectors, layers, norm, cos, sin })
    }

    /// Computes the pooled vectors of `windows`, `[batch, dim]`.
    fn pooled(&self, windows: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut ids: Vec<u32> = Vec::new();
        let mut spans = Vec::with_capacity(windows.len());
        for window in windows {
            let start = ids.len();
            ids.extend(self.tokens.before.iter().chain(*window).chain(&self.tokens.behind));
            spans.push((start, ids.len() - start));
        }
        let ids = Tensor::new(ids, &Device::Cpu)?;
        let mut hidden = self.vectors.index_select(&ids, 0)?;
        for layer in &self.layers {
            let normed = rms_norm(&hidden, &layer.attention_norm, self.config.rms_norm_eps)?;
            hidden = hidden.add(&self.attend(layer, &normed, &spans)?)?;
            let normed = rms_norm(&hidden, &layer.feed_norm, self.config.rms_norm_eps)?;
            hidden = hidden.add(&layer.feed(&normed)?)?;
        }
        let hidden = rms_norm(&hidden, &self.norm, self.config.rms_norm_eps)?;
        let mut rows = Vec::with_capacity(windows.len());
        for (start, length) in spans {
            let states = hidden.narrow(0, start, length)?.unsqueeze(0)?;
            rows.extend(self.pooling.apply(&states, &[length])?.to_vec2()?);
        }
        Ok(rows)
    }

    /// Causal self-attention over packed windows: `normed` `[tokens, hidden]` → `[tokens, hidden]`.
    ///
    /// Source: Qwen3 technical report 2025, section 2 (grouped queries, norms on queries and keys),
    /// `transformers` `modeling_qwen3.py`.
    fn attend(
        &self,
        layer: &Layer,
        normed: &Tensor,
        spans: &[(usize, usize)],
    ) -> candle_core::Result<Tensor> {
        let Config { num_attention_heads: heads, num_key_value_heads: key_heads, head_dim, .. } =
            self.config;
        let projected = linear(normed, &layer.projection, layer.projection_bias.as_ref())?;
        // [tokens, heads, head_dim] → [1, heads, tokens of the window, head_dim].
        let by_head = |first: usize, count: usize, (start, length): (usize, usize)| {
            let part = projected.narrow(0, start, length)?;
            let part = part.narrow(1, first * head_dim, count * head_dim)?;
            part.contiguous()?.reshape((length, count, head_dim))?.transpose(0, 1)?.contiguous()
        };
        let rotate = |part: Tensor, norm: &Tensor| {
            let part = rms_norm(&part, norm, self.config.rms_norm_eps)?;
            rope(&part.unsqueeze(0)?, &self.cos, &self.sin)?.squeeze(0)
        };
        let mut mixed = Vec::with_capacity(spans.len());
        for &span in spans {
            let queries = rotate(by_head(0, heads, span)?, &layer.query_norm)?;
            let keys = rotate(by_head(heads, key_heads, span)?, &layer.key_norm)?;
            let values = by_head(heads + key_heads, key_heads, span)?;
            mixed.push(causal(&queries, &keys, &values)?);
        }
        linear(&Tensor::cat(&mixed, 0)?, &layer.output, layer.output_bias.as_ref())
    }
}

impl Layer {
    fn read(reader: &Reader, config: &Config, at: usize) -> Result<Self, String> {
        let name = |tensor: &str| format!("layers.{at}.{tensor}");
        let of_kind = |tensors: &[&str], kind: &str| -> Vec<String> {
            tensors.iter().map(|tensor| name(&format!("{tensor}.{kind}"))).collect()
        };
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let queries = config.num_attention_heads * config.head_dim;
        let keys = config.num_key_value_heads * config.head_dim;
        let rows = |tensors: &[&str], sizes: &[usize], columns: usize| {
            let names = of_kind(tensors, "weight");
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            reader.rows(&names, sizes, columns)
        };
        let projected = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
        let bias = |tensors: &[&str], sizes: &[usize]| {
            let is_there = config.attention_bias;
            is_there.then(|| reader.joined(&of_kind(tensors, "bias"), sizes)).transpose()
        };
        Ok(Self {
            attention_norm: reader.vector(&name("input_layernorm.weight"), hidden)?,
            projection: rows(&projected, &[queries, keys, keys], hidden)?,
            projection_bias: bias(&projected, &[queries, keys, keys])?,
            query_norm: reader.vector(&name("self_attn.q_norm.weight"), config.head_dim)?,
            key_norm: reader.vector(&name("self_attn.k_norm.weight"), config.head_dim)?,
            output: rows(&["self_attn.o_proj"], &[hidden], queries)?,
            output_bias: bias(&["self_attn.o_proj"], &[hidden])?,
            feed_norm: reader.vector(&name("post_attention_layernorm.weight"), hidden)?,
            feed_in: rows(&["mlp.gate_proj", "mlp.up_proj"], &[inner, inner], hidden)?,
            feed_out: rows(&["mlp.down_proj"], &[hidden], inner)?,
        })
    }

    /// The gated feed-forward half of the layer, `[tokens, hidden]` → `[tokens, hidden]`.
    fn feed(&self, normed: &Tensor) -> candle_core::Result<Tensor> {
        let both = linear(normed, &self.feed_in, None)?;
        let halves = both.chunk(2, 1)?;
        let [gate, through] = halves.as_slice() else {
            candle_core::bail!("the feed-forward part has no two halves")
        };
        linear(&gate.silu()?.mul(through)?, &self.feed_out, None)
    }
}

/// `input` `[rows, in]` times `weight` `[out, in]`, plus `bias` → `[rows, out]`.
fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> candle_core::Result<Tensor> {
    let product = input.matmul(&weight.t()?)?;
    match bias {
        Some(bias) => product.broadcast_add(bias),
        None => Ok(product),
    }
}

/// Causal attention: `queries` `[heads, tokens, head_dim]`, `keys` and `values`
/// `[key_heads, tokens, head_dim]` → `[tokens, heads · head_dim]`. Each token sees itself and those
/// before it.
fn causal(queries: &Tensor, keys: &Tensor, values: &Tensor) -> candle_core::Result<Tensor> {
    let (heads, tokens, head_dim) = queries.dims3()?;
    let (key_heads, ..) = keys.dims3()?;
    #[expect(clippy::cast_precision_loss, reason = "a head has some hundred numbers")]
    let queries = (queries / (head_dim as f64).sqrt())?;
    let mut blocks = Vec::with_capacity(tokens.div_ceil(BLOCK));
    for start in (0..tokens).step_by(BLOCK) {
        let rows = BLOCK.min(tokens - start);
        let seen = start + rows;
        // The queries that share keys are put below each other.
        let asked = queries.narrow(1, start, rows)?.contiguous()?;
        let asked = asked.reshape((key_heads, heads / key_heads * rows, head_dim))?;
        let scores = asked.matmul(&keys.narrow(1, 0, seen)?.transpose(1, 2)?)?;
        let scores = scores.reshape((heads, rows, seen))?.broadcast_add(&mask(rows, seen)?)?;
        let shares = softmax_last_dim(&scores)?;
        let shares = shares.reshape((key_heads, heads / key_heads * rows, seen))?;
        let mixed = shares.matmul(&values.narrow(1, 0, seen)?.contiguous()?)?;
        let mixed = mixed.reshape((heads, rows, head_dim))?.transpose(0, 1)?.contiguous()?;
        blocks.push(mixed.reshape((rows, heads * head_dim))?);
    }
    Tensor::cat(&blocks, 0)
}

/// The causal mask of the last `rows` of `seen` tokens, `[rows, seen]`: minus infinity where a
/// token would look ahead.
fn mask(rows: usize, seen: usize) -> candle_core::Result<Tensor> {
    let ahead = |at: usize| at % seen > seen - rows + at / seen;
    let cells = (0..rows * seen).map(|at| if ahead(at) { f32::NEG_INFINITY } else { 0.0 });
    Tensor::from_vec(cells.collect(), (rows, seen), &Device::Cpu)
}

/// The cosines and sines of the rotary position embedding, `[positions, head_dim / 2]` each.
///
/// Source: Su et al. 2021, section 3.4.2, with the two halves of a head as pairs.
fn rotations(config: &Config, positions: usize) -> candle_core::Result<(Tensor, Tensor)> {
    let half = config.head_dim / 2;
    let mut angles = Vec::with_capacity(positions * half);
    for position in 0..positions {
        for pair in 0..half {
            #[expect(clippy::cast_precision_loss, reason = "both are a few thousand")]
            let (position, share) = (position as f32, pair as f64 / half as f64);
            // The reference rounds the frequency to f32 too.
            #[expect(clippy::cast_possible_truncation, reason = "f32 is what we compute in")]
            let frequency = (1.0 / config.rope_theta.powf(share)) as f32;
            angles.push(position * frequency);
        }
    }
    let angles = Tensor::from_vec(angles, (positions, half), &Device::Cpu)?;
    Ok((angles.cos()?, angles.sin()?))
}

/// Reads tensors by the names of a bare model. A model that was saved with its language head has
/// `model.` before each name.
struct Reader<'w> {
    weights: &'w Weights,
    prefix: &'static str,
}

impl<'w> Reader<'w> {
    fn new(weights: &'w Weights) -> Self {
        let prefix = if weights.has("model.embed_tokens.weight") { "model." } else { "" };
        Self { weights, prefix }
    }

    /// Joins the matrices `names`, which have `sizes` rows each and `columns` columns, row by row.
    fn rows(&self, names: &[&str], sizes: &[usize], columns: usize) -> Result<Tensor, String> {
        let row_count: usize = sizes.iter().sum();
        let mut numbers = Vec::new();
        for (name, rows) in names.iter().zip(sizes) {
            let name = format!("{}{name}", self.prefix);
            let part = self.weights.numbers(&name, &[*rows, columns])?;
            if numbers.is_empty() { numbers = part } else { numbers.extend(part) }
        }
        let rows = Tensor::from_vec(numbers, (row_count, columns), &Device::Cpu);
        rows.map_err(|error| error.to_string())
    }

    /// Joins the vectors `names` of the lengths `sizes`.
    fn joined(&self, names: &[String], sizes: &[usize]) -> Result<Tensor, String> {
        let mut numbers = Vec::new();
        for (name, size) in names.iter().zip(sizes) {
            numbers.extend(self.weights.numbers(&format!("{}{name}", self.prefix), &[*size])?);
        }
        Tensor::new(numbers, &Device::Cpu).map_err(|error| error.to_string())
    }

    fn vector(&self, name: &str, size: usize) -> Result<Tensor, String> {
        self.joined(&[name.to_owned()], &[size])
    }
}

impl Embedder for Qwen3 {
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

#[cfg(test)]
mod tests {
    use crate::Purpose;
    use crate::fixture;

    #[test]
    fn qwen3_agrees_with_the_reference_on_passages_and_questions() {
        let model = fixture::load(&fixture::folder("qwen3"));
        assert_eq!((model.info().family, model.info().pooling), ("qwen3", "last"));
        assert_eq!(model.info().window_tokens_max, 2047);
        let cases = fixture::expected("qwen3");
        // One text must be longer than a block of queries.
        assert!(cases.iter().any(|case| case.ids.len() > super::BLOCK));
        fixture::assert_passages_agree(&model, "qwen3");
        let questions: Vec<(&str, &[f32])> =
            cases.iter().map(|case| (case.text.as_str(), case.query.as_slice())).collect();
        fixture::assert_parity(&model, Purpose::Query, &questions);
    }

    #[test]
    fn qwen3_tokens_agree_with_the_reference() {
        let model = fixture::load(&fixture::folder("qwen3"));
        for case in fixture::expected("qwen3") {
            let ids = model.tokenize(&case.text, Purpose::Passage).unwrap();
            assert_eq!(ids, case.ids, "{}", case.text);
        }
    }

    #[test]
    fn a_text_has_the_same_vector_alone_and_among_others() {
        let model = fixture::load(&fixture::folder("qwen3"));
        for case in fixture::expected("qwen3") {
            let alone = fixture::embed(&*model, &case.text, Purpose::Passage);
            let worst = alone.iter().zip(&case.embedding).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f32::max) <= 1e-5, "{}", case.text);
        }
    }

    #[test]
    fn weights_saved_with_the_language_head_are_found() {
        let folder = fixture::copy("qwen3");
        for shard in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
            fixture::change(&folder.path().join(shard), |tensors| {
                *tensors = tensors
                    .drain()
                    .map(|(name, tensor)| (format!("model.{name}"), tensor))
                    .collect();
            });
        }
        let index = folder.path().join("model.safetensors.index.json");
        let json = std::fs::read_to_string(&index).unwrap();
        let json = json.replace("\"layers.", "\"model.layers.");
        let json = json.replace("\"norm.", "\"model.norm.").replace("\"embed_", "\"model.embed_");
        std::fs::write(index, json).unwrap();
        fixture::assert_passages_agree(&fixture::load(folder.path()), "qwen3");
    }

    #[test]
    fn attention_with_biases_needs_them_in_the_file() {
        let folder = fixture::copy("qwen3");
        fixture::set(&folder.path().join("config.json"), "attention_bias", true);
        let reason = fixture::reason(folder.path());
        assert!(reason.contains("no tensor `layers.0.self_attn.q_proj.bias`"), "{reason}");
    }
}
