//! The weights of an encoder, read from safetensors and packed for the kernels.

use candle_core::DType;
use candle_nn::VarBuilder;

use crate::Precision;
use crate::encoder::config::Shape;
use wenmai_kernel::level::Level;
use wenmai_kernel::product::Panels;
use wenmai_kernel::quantized::Panels8;

/// The matrix and the bias of a linear layer.
#[derive(Debug)]
pub(super) enum Linear {
    F32(Panels),
    Int8(Panels8),
}

/// The weights of a layer normalization.
#[derive(Debug)]
pub(super) struct Norm {
    /// `[dim]`.
    pub(super) weight: Vec<f32>,
    /// `[dim]`.
    pub(super) bias: Vec<f32>,
}

/// The weights of one layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// The product for queries, keys and values; the queries are already scaled for attention.
    pub(super) qkv: Linear,
    pub(super) output: Linear,
    pub(super) output_norm: Norm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) down_norm: Norm,
}

/// All weights of an encoder.
#[derive(Debug)]
pub(super) struct Weights {
    /// `[vocabulary, dim]`.
    pub(super) words: Vec<f32>,
    /// `[tokens_max, dim]`, from the position of the first token on, with the embedding of token
    /// type 0 already added.
    pub(super) positions: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
}

/// Prefixes that a checkpoint may put before the names of its tensors.
const PREFIXES: [&str; 3] = ["", "bert", "roberta"];

/// Reads the tensors below one name.
struct Reader<'a> {
    at: VarBuilder<'a>,
    level: Level,
    precision: Precision,
}

impl Weights {
    /// Reads the weights from `tensors`; `Err` is the reason as a sentence.
    pub(super) fn read(
        tensors: &VarBuilder,
        shape: &Shape,
        level: Level,
        precision: Precision,
    ) -> Result<Self, String> {
        let below = |prefix: &&str| {
            if prefix.is_empty() { tensors.clone() } else { tensors.pp(*prefix) }
        };
        let root = PREFIXES
            .iter()
            .map(below)
            .find(|root| root.contains_tensor("embeddings.word_embeddings.weight"));
        let at = root.ok_or("there is no tensor `embeddings.word_embeddings.weight`")?;
        let root = Reader { at, level, precision };
        let tables = root.below("embeddings");
        let words = tables.table("word_embeddings", shape.vocabulary, shape.dim)?;
        let mut positions = tables.table("position_embeddings", shape.positions, shape.dim)?;
        let types = tables.table("token_type_embeddings", shape.token_types, shape.dim)?;
        positions.drain(..(shape.first_position * shape.dim).min(positions.len()));
        for row in positions.chunks_mut(shape.dim) {
            for (number, kind) in row.iter_mut().zip(&types) {
                *number += kind;
            }
        }
        let norm = tables.norm("LayerNorm", shape.dim)?;
        let layer = |at: usize| root.below(&format!("encoder.layer.{at}")).layer(shape);
        let layers = (0..shape.layers).map(layer).collect::<Result<_, _>>()?;
        Ok(Self { words, positions, norm, layers })
    }
}

impl Reader<'_> {
    fn below(&self, name: &str) -> Self {
        Self { at: self.at.pp(name), level: self.level, precision: self.precision }
    }

    fn layer(&self, shape: &Shape) -> Result<Layer, String> {
        let Shape { dim, heads, inner_dim, .. } = *shape;
        #[expect(clippy::cast_precision_loss, reason = "dimensions are far below 2^24")]
        let scale = 1.0 / ((dim / heads) as f32).sqrt();
        let attention = self.below("attention");
        let mut weight = Vec::with_capacity(3 * dim * dim);
        let mut bias = Vec::with_capacity(3 * dim);
        for (name, scale) in [("query", scale), ("key", 1.0), ("value", 1.0)] {
            let (matrix, vector) = attention.below("self").matrix(name, dim, dim)?;
            weight.extend(matrix.iter().map(|number| number * scale));
            bias.extend(vector.iter().map(|number| number * scale));
        }
        Ok(Layer {
            qkv: self.pack(&weight, &bias),
            output: attention.linear("output.dense", dim, dim)?,
            output_norm: attention.norm("output.LayerNorm", dim)?,
            up: self.linear("intermediate.dense", inner_dim, dim)?,
            down: self.linear("output.dense", dim, inner_dim)?,
            down_norm: self.norm("output.LayerNorm", dim)?,
        })
    }

    fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Result<Linear, String> {
        let (weight, bias) = self.matrix(name, outputs, inputs)?;
        Ok(self.pack(&weight, &bias))
    }

    fn pack(&self, weight: &[f32], bias: &[f32]) -> Linear {
        match self.precision {
            Precision::F32 => Linear::F32(Panels::pack(self.level, weight, bias)),
            Precision::Int8 => Linear::Int8(Panels8::pack(self.level, weight, bias)),
        }
    }

    fn matrix(
        &self,
        name: &str,
        outputs: usize,
        inputs: usize,
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let weight = self.table(name, outputs, inputs)?;
        Ok((weight, self.numbers(&format!("{name}.bias"), &[outputs])?))
    }

    fn table(&self, name: &str, rows: usize, dim: usize) -> Result<Vec<f32>, String> {
        self.numbers(&format!("{name}.weight"), &[rows, dim])
    }

    fn norm(&self, name: &str, dim: usize) -> Result<Norm, String> {
        // The first checkpoints, which were converted from TensorFlow, have its names.
        let old = self.at.contains_tensor(&format!("{name}.gamma"));
        let (weight, bias) = if old { ("gamma", "beta") } else { ("weight", "bias") };
        Ok(Norm {
            weight: self.numbers(&format!("{name}.{weight}"), &[dim])?,
            bias: self.numbers(&format!("{name}.{bias}"), &[dim])?,
        })
    }

    fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let read = || {
            let tensor = self.at.get(shape, name)?.to_dtype(DType::F32)?;
            tensor.flatten_all()?.to_vec1::<f32>()
        };
        let numbers = read().map_err(|error| error.to_string())?;
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err(format!("tensor `{name}` holds what is not a number"))
        }
    }
}
