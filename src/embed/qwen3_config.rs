//! Reads and checks the `config.json` of a Qwen3 model; what it asks for and we do not compute is
//! refused.

use serde::Deserialize;
use serde_json::Value;

/// The sizes of a model; all are above zero and fit each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Config {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) intermediate_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) num_key_value_heads: usize,
    pub(super) head_dim: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) rms_norm_eps: f32,
    pub(super) rope_theta: f64,
    pub(super) attention_bias: bool,
}

/// The fields of `config.json` that are read; a missing one has the default of `transformers`.
#[derive(Deserialize)]
struct Json {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    max_position_embeddings: usize,
    rms_norm_eps: Option<f32>,
    rope_theta: Option<f64>,
    /// Contains `rope_theta` in newer files.
    rope_parameters: Option<Rope>,
    /// Contains the scaling of positions in older files.
    rope_scaling: Option<Rope>,
    #[serde(default)]
    attention_bias: bool,
    hidden_act: Option<String>,
    #[serde(default)]
    use_sliding_window: bool,
    layer_types: Option<Vec<String>>,
    is_causal: Option<bool>,
    use_bidirectional_attention: Option<Value>,
}

#[derive(Deserialize)]
struct Rope {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f64>,
}

impl Config {
    /// Reads `config.json`; `Err` is the reason as a sentence.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let json: Json = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        json.check_form()?;
        let inside = json.rope_parameters.as_ref().and_then(|rope| rope.rope_theta);
        let config = Self {
            vocab_size: json.vocab_size,
            hidden_size: json.hidden_size,
            intermediate_size: json.intermediate_size,
            num_hidden_layers: json.num_hidden_layers,
            num_attention_heads: json.num_attention_heads,
            num_key_value_heads: json.num_key_value_heads.unwrap_or(32),
            head_dim: json.head_dim.unwrap_or(128),
            max_position_embeddings: json.max_position_embeddings,
            rms_norm_eps: json.rms_norm_eps.unwrap_or(1e-6),
            rope_theta: json.rope_theta.or(inside).unwrap_or(10_000.0),
            attention_bias: json.attention_bias,
        };
        config.check_sizes()?;
        Ok(config)
    }

    fn check_sizes(&self) -> Result<(), String> {
        let (heads, key_heads) = (self.num_attention_heads, self.num_key_value_heads);
        if key_heads == 0 || !heads.is_multiple_of(key_heads) {
            return Err(format!(
                "num_attention_heads {heads} is not a multiple of num_key_value_heads {key_heads}"
            ));
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(2) {
            return Err(format!("head_dim {} is not even", self.head_dim));
        }
        // The products of sizes cannot overflow, because `sizes::check` has bounded each of them.
        let is_sound = |number: f64| number.is_finite() && number > 0.0;
        if !is_sound(self.rope_theta) || !is_sound(f64::from(self.rms_norm_eps)) {
            return Err("rope_theta and rms_norm_eps must be above zero".to_owned());
        }
        Ok(())
    }
}

impl Json {
    /// Refuses settings that we do not compute.
    fn check_form(&self) -> Result<(), String> {
        let act = self.hidden_act.as_deref().unwrap_or("silu");
        if act != "silu" {
            return Err(format!("hidden_act `{act}` is not supported: silu"));
        }
        let sliding = |layer: &String| layer != "full_attention";
        if self.use_sliding_window || self.layer_types.iter().flatten().any(sliding) {
            return Err("attention within a sliding window is not supported: full".to_owned());
        }
        let both_ways = match &self.use_bidirectional_attention {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(_) => true,
        };
        if self.is_causal == Some(false) || both_ways {
            return Err("attention to what comes behind is not supported: causal".to_owned());
        }
        let ropes = [&self.rope_scaling, &self.rope_parameters];
        let mut kinds = ropes.into_iter().flatten().filter_map(|rope| rope.rope_type.as_deref());
        match kinds.find(|kind| *kind != "default") {
            Some(kind) => Err(format!("rope scaling `{kind}` is not supported: default")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn read(change: &str) -> Result<Config, String> {
        let mut json = serde_json::json!({
            "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
            "max_position_embeddings": 64,
        });
        let change: serde_json::Value = serde_json::from_str(change).unwrap();
        for (field, value) in change.as_object().unwrap() {
            json[field] = value.clone();
        }
        Config::read(json.to_string().as_bytes())
    }

    #[test]
    fn newer_files_keep_the_base_of_the_rotation_elsewhere() {
        let older = read(r#"{"rope_theta": 1000000.0}"#).unwrap();
        let newer = r#"{"rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}}"#;
        assert_eq!(read(newer).unwrap(), older);
    }

    #[test]
    fn what_we_do_not_compute_is_refused() {
        for (change, word) in [
            (r#"{"hidden_act": "gelu"}"#, "gelu"),
            (r#"{"use_sliding_window": true}"#, "sliding"),
            (r#"{"layer_types": ["full_attention", "sliding_attention"]}"#, "sliding"),
            (r#"{"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}"#, "yarn"),
            (r#"{"is_causal": false}"#, "causal"),
        ] {
            let reason = read(change).unwrap_err();
            assert!(reason.contains(word), "{change}: {reason}");
        }
    }

    #[test]
    fn sizes_that_do_not_fit_each_other_are_refused() {
        for change in [
            r#"{"num_key_value_heads": 0}"#,
            r#"{"num_key_value_heads": 3}"#,
            r#"{"head_dim": 0}"#,
            r#"{"head_dim": 15}"#,
            r#"{"rope_theta": 0.0}"#,
            r#"{"rms_norm_eps": -1.0}"#,
            r#"{"vocab_size": -1}"#,
        ] {
            assert!(read(change).is_err(), "{change}");
        }
    }
}
