//! Pooling: turns the hidden states of a window into one vector, which is not normalized yet.

use std::collections::BTreeMap;

use candle_core::D;
use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;

use crate::dense::Head;
use crate::modules::Modules;

/// How the hidden states of a window become one vector, and the modules behind that.
#[derive(Debug, Clone)]
pub(super) struct Pooling {
    mode: Mode,
    head: Head,
    /// Whether the tokens of a prompt would have to be left out of the pooling.
    pub(super) is_without_prompt: bool,
}

/// The pooling modes of sentence-transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The hidden state of the first token.
    Cls,
    /// The mean over all tokens.
    Mean,
    /// The sum over all tokens, divided by the square root of their number.
    MeanSqrt,
    /// The hidden state of the last token.
    Last,
    /// The mean over all tokens, weighted by their position `1, 2, …`.
    Weighted,
    /// The maximum over all tokens, for each dimension.
    Max,
}

/// The content of a pooling module's `config.json`.
type PoolingConfig = BTreeMap<String, serde_json::Value>;

/// For each mode the flag of older files and the name in newer ones.
const MODES: [(&str, &str, Mode); 6] = [
    ("pooling_mode_cls_token", "cls", Mode::Cls),
    ("pooling_mode_max_tokens", "max", Mode::Max),
    ("pooling_mode_mean_tokens", "mean", Mode::Mean),
    ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", Mode::MeanSqrt),
    ("pooling_mode_weightedmean_tokens", "weightedmean", Mode::Weighted),
    ("pooling_mode_lasttoken", "lasttoken", Mode::Last),
];

impl Pooling {
    /// Reads the configuration of the pooling. Without one it is the mean, as in
    /// sentence-transformers.
    pub(super) fn read(modules: &Modules) -> std::result::Result<Self, String> {
        let head = modules.head.clone();
        let Some((_, json)) = &modules.pooling else {
            return Ok(Self { mode: Mode::Mean, head, is_without_prompt: false });
        };
        let config: PoolingConfig =
            serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let flag = |name: &str| config.get(name).and_then(serde_json::Value::as_bool);
        let is_without_prompt = flag("include_prompt") == Some(false);
        Ok(Self { mode: Mode::read(&config)?, head, is_without_prompt })
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn name(&self) -> &'static str {
        match self.mode {
            Mode::Cls => "cls",
            Mode::Mean => "mean",
            Mode::MeanSqrt => "mean-sqrt",
            Mode::Last => "last",
            Mode::Weighted => "weighted",
            Mode::Max => "max",
        }
    }

    /// Pools `hidden` `[batch, tokens, dim]` f32, whose rows have `lengths` tokens and are padded
    /// on the right, and applies the head → `[batch, dim_out]`, not normalized.
    ///
    /// Source: sentence-transformers `models/Pooling.py`.
    pub(super) fn apply(&self, hidden: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let hidden = hidden.to_dtype(DType::F32)?;
        let pooled = if self.mode == Mode::Max {
            max(&hidden, lengths)?
        } else {
            self.mode.shares(&hidden, lengths)?.matmul(&hidden)?.squeeze(1)?
        };
        self.apply_head(&pooled)
    }

    /// Applies the head to vectors that were pooled elsewhere, `[batch, dim]` f32 →
    /// `[batch, dim_out]`.
    pub(super) fn apply_head(&self, pooled: &Tensor) -> Result<Tensor> {
        self.head.apply(pooled)
    }

    /// Whether a module behind the pooling changes the direction of a vector.
    pub(super) fn has_head(&self) -> bool {
        self.head.changes_direction()
    }
}

impl Mode {
    fn read(config: &PoolingConfig) -> std::result::Result<Self, String> {
        let is_on = |flag: &str| config.get(flag).and_then(serde_json::Value::as_bool);
        let named: Vec<&str> = match config.get("pooling_mode") {
            Some(serde_json::Value::String(mode)) => vec![mode],
            Some(serde_json::Value::Array(modes)) => {
                modes.iter().map(|mode| mode.as_str().unwrap_or("?")).collect()
            }
            _ => {
                let set = MODES.iter().filter(|(flag, ..)| is_on(flag) == Some(true));
                set.map(|(_, name, _)| *name).collect()
            }
        };
        let known = match named.as_slice() {
            [] => return Err("no pooling mode is set".to_owned()),
            [name] => MODES.iter().find(|(_, known, _)| known == name),
            _ => None,
        };
        known.map(|(.., mode)| *mode).ok_or_else(|| {
            let known: Vec<&str> = MODES.iter().map(|(_, name, _)| *name).collect();
            format!("pooling {} is not supported: one of {}", named.join(" + "), known.join(", "))
        })
    }

    /// The weight of each token in the vector of its row, `[batch, 1, tokens]`; padding has the
    /// weight 0.
    fn shares(self, hidden: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (batch, tokens, _dim) = hidden.dims3()?;
        let mut shares = vec![0.0_f32; batch * tokens];
        for (row, &length) in shares.chunks_mut(tokens).zip(lengths) {
            let total = match self {
                Mode::Cls | Mode::Last | Mode::Max => 1.0,
                Mode::Mean => as_f32(length),
                Mode::MeanSqrt => as_f32(length).sqrt(),
                Mode::Weighted => as_f32(length * (length + 1) / 2),
            };
            for (position, share) in row.iter_mut().take(length).enumerate() {
                let part = match self {
                    Mode::Cls => as_f32(usize::from(position == 0)),
                    Mode::Last => as_f32(usize::from(position + 1 == length)),
                    Mode::Mean | Mode::MeanSqrt | Mode::Max => 1.0,
                    Mode::Weighted => as_f32(position + 1),
                };
                *share = part / total;
            }
        }
        Tensor::from_vec(shares, (batch, 1, tokens), hidden.device())
    }
}

/// The maximum over the tokens of each row, `[batch, dim]`.
fn max(hidden: &Tensor, lengths: &[usize]) -> Result<Tensor> {
    let mut rows = Vec::with_capacity(lengths.len());
    for (row, &length) in lengths.iter().enumerate() {
        rows.push(hidden.get(row)?.narrow(0, 0, length)?.max_keepdim(D::Minus2)?);
    }
    Tensor::cat(&rows, 0)
}

#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use candle_core::Tensor;

    use super::Pooling;
    use crate::modules::Modules;

    fn read(json: &str) -> Result<Pooling, String> {
        let pooling = Some(("1_Pooling/config.json".to_owned(), json.as_bytes().to_vec()));
        Pooling::read(&Modules { pooling, ..Modules::default() })
    }

    fn pooled(mode: &str) -> Vec<Vec<f32>> {
        let pooling = read(&format!(r#"{{"pooling_mode": "{mode}"}}"#)).unwrap();
        let hidden = [[[1.0_f32], [2.0], [6.0]], [[4.0], [100.0], [100.0]]];
        let hidden = Tensor::new(&hidden, &Device::Cpu).unwrap();
        pooling.apply(&hidden, &[3, 1]).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn padding_never_counts() {
        assert_eq!(pooled("cls"), [[1.0], [4.0]]);
        assert_eq!(pooled("lasttoken"), [[6.0], [4.0]]);
        assert_eq!(pooled("mean"), [[3.0], [4.0]]);
        assert_eq!(pooled("max"), [[6.0], [4.0]]);
        let weighted = pooled("weightedmean");
        assert!((weighted[0][0] - (1.0 + 4.0 + 18.0) / 6.0).abs() < 1e-5);
        let rooted = pooled("mean_sqrt_len_tokens");
        assert!((rooted[0][0] - 9.0 / 3.0_f32.sqrt()).abs() < 1e-5);
    }

    #[test]
    fn the_flags_of_older_files_are_read() {
        let json = r#"{"pooling_mode_cls_token": false, "pooling_mode_max_tokens": true}"#;
        assert_eq!(read(json).unwrap().name(), "max");
    }

    #[test]
    fn modes_that_we_lack_are_named_beside_those_we_have() {
        let two = r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#;
        let error = read(two).unwrap_err();
        assert!(error.contains("cls + mean is not supported: one of cls, max"), "{error}");
        let unknown = read(r#"{"pooling_mode": "attention"}"#).unwrap_err();
        assert!(unknown.contains("attention"), "{unknown}");
        assert!(read("{}").unwrap_err().contains("no pooling mode"));
    }
}
