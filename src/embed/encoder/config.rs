//! Reads the shape of an encoder from its `config.json`, and refuses what we cannot compute.

use serde::Deserialize;

use wenmai_kernel::math::Activation;

/// The fields of `config.json` that decide the forward pass.
#[derive(Debug, Deserialize)]
struct Raw {
    model_type: String,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "tiny")]
    layer_norm_eps: f32,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
}

fn two() -> usize {
    2
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn tiny() -> f32 {
    1e-12
}

/// The shape of an encoder.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// `bert` or `xlm-roberta`.
    pub(super) family: &'static str,
    pub(super) dim: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) inner_dim: usize,
    pub(super) vocabulary: usize,
    /// Rows of the table of position embeddings.
    pub(super) positions: usize,
    /// The row of the first token's position.
    pub(super) first_position: usize,
    /// Rows of the table of token type embeddings.
    pub(super) token_types: usize,
    pub(super) activation: Activation,
    pub(super) epsilon: f32,
}

impl Shape {
    /// Reads `config.json`; `Err` is the reason as a sentence.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let raw: Raw = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let (family, first_position) = match raw.model_type.as_str() {
            "bert" => ("bert", 0),
            // XLM-RoBERTa numbers positions from one past the id of its padding token.
            "xlm-roberta" => ("xlm-roberta", raw.pad_token_id.unwrap_or(1).saturating_add(1)),
            other => return Err(format!("model_type `{other}` is not an encoder that we know")),
        };
        if let Some(kind) = raw.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(format!("position_embedding_type `{kind}` is not supported"));
        }
        let activation = match raw.hidden_act.as_str() {
            "gelu" => Activation::Gelu,
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Activation::GeluTanh,
            "relu" => Activation::Relu,
            other => return Err(format!("hidden_act `{other}` is not supported")),
        };
        let heads = raw.num_attention_heads;
        let sizes = [raw.hidden_size, raw.num_hidden_layers, heads, raw.intermediate_size];
        if sizes.contains(&0) || raw.type_vocab_size == 0 {
            return Err("a size is zero".to_owned());
        }
        if !raw.hidden_size.is_multiple_of(heads) {
            return Err(format!("{heads} heads do not divide hidden_size {}", raw.hidden_size));
        }
        Ok(Self {
            family,
            dim: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads,
            inner_dim: raw.intermediate_size,
            vocabulary: raw.vocab_size,
            positions: raw.max_position_embeddings,
            first_position,
            token_types: raw.type_vocab_size,
            activation,
            epsilon: raw.layer_norm_eps,
        })
    }

    /// The most tokens of a window, special tokens included.
    pub(super) fn tokens_max(&self) -> usize {
        self.positions.saturating_sub(self.first_position)
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;
    use super::Shape;

    fn read(changes: &[(&str, serde_json::Value)]) -> Result<Shape, String> {
        let mut json = serde_json::json!({
            "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 100,
            "max_position_embeddings": 66,
        });
        for (name, value) in changes {
            json[*name] = value.clone();
        }
        Shape::read(json.to_string().as_bytes())
    }

    #[test]
    fn positions_of_xlm_roberta_begin_behind_the_padding() {
        let bert = read(&[]).unwrap();
        assert_eq!((bert.first_position, bert.tokens_max()), (0, 66));
        let xlmr = read(&[("model_type", "xlm-roberta".into())]).unwrap();
        assert_eq!((xlmr.first_position, xlmr.tokens_max()), (2, 64));
    }

    #[test]
    fn the_activation_is_what_the_configuration_says() {
        let activation = |name: &str| read(&[("hidden_act", name.into())]).map(|it| it.activation);
        assert_eq!(activation("gelu"), Ok(Activation::Gelu));
        assert_eq!(activation("gelu_new"), Ok(Activation::GeluTanh));
        assert_eq!(activation("relu"), Ok(Activation::Relu));
        assert!(activation("swish").unwrap_err().contains("`swish`"));
    }

    #[test]
    fn what_we_cannot_run_is_named() {
        let reason = |name: &str, value: serde_json::Value| read(&[(name, value)]).unwrap_err();
        assert!(reason("position_embedding_type", "relative_key".into()).contains("relative_key"));
        assert!(reason("num_attention_heads", 5.into()).contains("5 heads"));
        assert!(reason("num_attention_heads", 0.into()).contains("zero"));
        assert!(reason("model_type", "mamba".into()).contains("mamba"));
    }
}
