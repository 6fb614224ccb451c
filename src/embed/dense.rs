//! The modules of sentence-transformers behind the pooling, which turn a pooled vector into an
//! embedding.
//!
//! A normalization at the end is not among them, because every embedding is scaled to unit length
//! anyway.

use std::path::Path;

use candle_core::D;
use candle_core::Device;
use candle_core::Tensor;
use serde::Deserialize;

use crate::shards;
use wenmai_domain::digest::sha256;

/// The modules behind the pooling, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Normalize,
    Dense(Dense),
}

/// A linear layer with its activation and its residual connection.
#[derive(Debug, Clone)]
struct Dense {
    /// The name of its folder, for messages.
    name: String,
    /// `[dim_out, dim_in]`.
    weight: Tensor,
    /// `[dim_out]`.
    bias: Option<Tensor>,
    activation: Activation,
    residual: Residual,
    /// The SHA-256 over its configuration and its weights.
    digest: String,
}

/// The activations that sentence-transformers names by their class in torch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Tanh,
    Identity,
    Relu,
    Gelu,
    Silu,
    Sigmoid,
}

/// What is added to the output of the activation.
#[derive(Debug, Clone)]
enum Residual {
    None,
    /// The input of the layer.
    Input,
    /// The input times this matrix, `[dim_out, dim_in]`.
    Projected(Tensor),
}

/// The fields of a Dense module's `config.json` that are read.
#[derive(Deserialize)]
struct DenseConfig {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    /// The name of a class of torch; where it is missing, sentence-transformers uses tanh.
    activation_function: Option<String>,
    module_input_name: Option<String>,
    module_output_name: Option<String>,
    #[serde(default)]
    use_residual: bool,
}

fn yes() -> bool {
    true
}

impl Head {
    /// Appends a scaling to unit length.
    pub(super) fn push_normalize(&mut self) {
        self.steps.push(Step::Normalize);
    }

    /// Appends the Dense module whose files are in `folder`; `within` is the path of that folder
    /// inside the model's, for messages.
    pub(super) fn push_dense(&mut self, folder: &Path, within: &Path) -> Result<(), String> {
        let dense = Dense::read(folder, within)?;
        self.steps.push(Step::Dense(dense));
        Ok(())
    }

    /// The length of the vectors that come out when vectors of length `dim` go in.
    ///
    /// # Errors
    /// A sentence that names the module whose input length does not fit.
    pub(super) fn dim(&self, dim: usize) -> Result<usize, String> {
        self.steps.iter().try_fold(dim, |dim, step| match step {
            Step::Normalize => Ok(dim),
            Step::Dense(dense) => {
                let (dim_out, dim_in) = dense.weight.dims2().map_err(|error| error.to_string())?;
                let name = &dense.name;
                if dim_in == dim {
                    return Ok(dim_out);
                }
                Err(format!("{name}: it takes {dim_in} numbers, what is before it gives {dim}"))
            }
        })
    }

    /// Whether there is a Dense module; a scaling alone does not change the direction of a vector.
    pub(super) fn changes_direction(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Dense(_)))
    }

    /// What distinguishes this head from others, as a part of the model version; empty if it
    /// changes no direction.
    pub(super) fn digest(&self) -> Vec<String> {
        let last_dense = self.steps.iter().rposition(|step| matches!(step, Step::Dense(_)));
        let steps = self.steps.iter().take(last_dense.map_or(0, |at| at + 1));
        steps
            .map(|step| match step {
                Step::Normalize => "normalize".to_owned(),
                Step::Dense(dense) => dense.digest.clone(),
            })
            .collect()
    }

    /// Applies the modules to pooled vectors: `[batch, dim]` f32 → `[batch, dim_out]`.
    pub(super) fn apply(&self, pooled: &Tensor) -> candle_core::Result<Tensor> {
        self.steps.iter().try_fold(pooled.clone(), |vectors, step| match step {
            Step::Normalize => {
                let norms = vectors.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
                // As in torch, a vector of zeros stays zero.
                vectors.broadcast_div(&norms.clamp(1e-12, f32::MAX)?)
            }
            Step::Dense(dense) => dense.apply(&vectors),
        })
    }
}

impl Dense {
    fn read(folder: &Path, within: &Path) -> Result<Self, String> {
        let name = within.display().to_string();
        let json = std::fs::read(folder.join("config.json"))
            .map_err(|error| format!("{name}/config.json: {error}"))?;
        let config: DenseConfig = serde_json::from_slice(&json)
            .map_err(|error| format!("{name}/config.json: {error}"))?;
        let features = [&config.module_input_name, &config.module_output_name];
        if let Some(other) = features.into_iter().flatten().find(|f| *f != "sentence_embedding") {
            return Err(format!("{name}/config.json: feature `{other}` is not supported"));
        }
        let activation = Activation::read(config.activation_function.as_deref())
            .map_err(|reason| format!("{name}/config.json: {reason}"))?;
        let weights = shards::read(folder, within)?;
        let (dim_in, dim_out) = (config.in_features, config.out_features);
        let matrix = |tensor: &str| {
            let numbers = weights.numbers(tensor, &[dim_out, dim_in])?;
            Tensor::from_vec(numbers, (dim_out, dim_in), &Device::Cpu).map_err(|e| e.to_string())
        };
        let weight = matrix("linear.weight")?;
        let bias = if config.bias {
            let bias = weights.numbers("linear.bias", &[dim_out])?;
            Some(Tensor::new(bias, &Device::Cpu).map_err(|error| error.to_string())?)
        } else {
            None
        };
        let residual = match (config.use_residual, dim_in == dim_out) {
            (false, _) => Residual::None,
            (true, true) => Residual::Input,
            (true, false) => Residual::Projected(matrix("residual.weight")?),
        };
        let digest = sha256([&*json, weights.bytes()]);
        Ok(Self { name, weight, bias, activation, residual, digest })
    }

    /// Applies the layer: `[batch, dim_in]` → `[batch, dim_out]`.
    ///
    /// Source: sentence-transformers `models/Dense.py`.
    fn apply(&self, vectors: &Tensor) -> candle_core::Result<Tensor> {
        let mut out = vectors.matmul(&self.weight.t()?)?;
        if let Some(bias) = &self.bias {
            out = out.broadcast_add(bias)?;
        }
        let out = match self.activation {
            Activation::Tanh => out.tanh()?,
            Activation::Identity => out,
            Activation::Relu => out.relu()?,
            Activation::Gelu => out.gelu_erf()?,
            Activation::Silu => out.silu()?,
            Activation::Sigmoid => candle_nn::ops::sigmoid(&out)?,
        };
        match &self.residual {
            Residual::None => Ok(out),
            Residual::Input => out.add(vectors),
            Residual::Projected(weight) => out.add(&vectors.matmul(&weight.t()?)?),
        }
    }
}

impl Activation {
    fn read(class: Option<&str>) -> Result<Self, String> {
        let name = class.and_then(|class| class.rsplit('.').next()).unwrap_or("Tanh");
        match name {
            "Tanh" => Ok(Activation::Tanh),
            "Identity" => Ok(Activation::Identity),
            "ReLU" => Ok(Activation::Relu),
            "GELU" => Ok(Activation::Gelu),
            "SiLU" => Ok(Activation::Silu),
            "Sigmoid" => Ok(Activation::Sigmoid),
            other => Err(format!(
                "activation {other} is not supported: Tanh, Identity, ReLU, GELU, SiLU, Sigmoid"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Purpose;
    use crate::fixture;

    #[test]
    fn dense_modules_agree_with_the_reference_on_passages_and_questions() {
        let model = fixture::load(&fixture::folder("dense"));
        assert_eq!(model.info().dim, 12);
        fixture::assert_passages_agree(&model, "dense");
        let cases = fixture::expected("dense");
        let questions: Vec<(&str, &[f32])> =
            cases.iter().map(|case| (case.text.as_str(), case.query.as_slice())).collect();
        fixture::assert_parity(&model, Purpose::Query, &questions);
    }

    #[test]
    fn a_module_that_does_not_take_what_the_one_before_gives_is_refused() {
        let folder = fixture::copy("dense");
        let modules = folder.path().join("modules.json");
        let json = std::fs::read_to_string(&modules).unwrap();
        let swapped = json.replace("2_Dense", "X").replace("4_Dense", "2_Dense");
        std::fs::write(&modules, swapped.replace('X', "4_Dense")).unwrap();
        let reason = fixture::reason(folder.path());
        assert!(
            reason.contains("4_Dense: it takes 24 numbers, what is before it gives 16"),
            "{reason}"
        );
    }

    #[test]
    fn weights_of_another_shape_than_the_configuration_are_refused() {
        let folder = fixture::copy("dense");
        fixture::set(&folder.path().join("2_Dense/config.json"), "out_features", 25);
        let reason = fixture::reason(folder.path());
        assert!(reason.contains("is [24, 16], the configuration says [25, 16]"), "{reason}");
    }

    #[test]
    fn what_a_dense_module_may_do_and_we_do_not_is_refused() {
        for (field, value) in [
            ("activation_function", "torch.nn.modules.activation.Softplus"),
            ("module_input_name", "token_embeddings"),
        ] {
            let folder = fixture::copy("dense");
            fixture::set(&folder.path().join("2_Dense/config.json"), field, value);
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("is not supported"), "{reason}");
        }
    }
}
