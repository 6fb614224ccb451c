//! Hidden states → one vector per text.

use std::collections::BTreeMap;

use candle_core::DType;
use candle_core::Result;
use candle_core::Tensor;

/// How the token vectors of a window become one; the modes of sentence-transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The first token's.
    Cls,
    /// The mean over all tokens.
    Mean,
    /// The last token's.
    Last,
    /// The mean weighted by position, `1, 2, …`.
    Weighted,
}

/// `1_Pooling/config.json`.
type PoolingConfig = BTreeMap<String, serde_json::Value>;

/// The flags of older files, and the names of newer ones.
const MODES: [(&str, &str); 5] = [
    ("pooling_mode_cls_token", "cls"),
    ("pooling_mode_mean_tokens", "mean"),
    ("pooling_mode_max_tokens", "max"),
    ("pooling_mode_lasttoken", "lasttoken"),
    ("pooling_mode_weightedmean_tokens", "weightedmean"),
];

impl Pooling {
    /// Reads `1_Pooling/config.json`; without one, the mean, as sentence-transformers.
    pub(super) fn read(json: Option<&[u8]>) -> std::result::Result<Self, String> {
        let Some(json) = json else { return Ok(Pooling::Mean) };
        let config: PoolingConfig =
            serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let is_on =
            |flag: &str| config.get(flag).and_then(serde_json::Value::as_bool) == Some(true);
        let named: Vec<&str> = match config.get("pooling_mode").and_then(serde_json::Value::as_str)
        {
            Some(mode) => vec![mode],
            None => MODES.iter().filter(|(flag, _)| is_on(flag)).map(|(_, name)| *name).collect(),
        };
        match named.as_slice() {
            ["cls"] => Ok(Pooling::Cls),
            ["mean"] => Ok(Pooling::Mean),
            ["lasttoken"] => Ok(Pooling::Last),
            ["weightedmean"] => Ok(Pooling::Weighted),
            [] => Err("no pooling mode is set".to_owned()),
            other => Err(format!("pooling {} is not supported", other.join(" + "))),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Pooling::Cls => "cls",
            Pooling::Mean => "mean",
            Pooling::Last => "last",
            Pooling::Weighted => "weighted",
        }
    }

    /// Pools `hidden` `[batch, tokens, dim]` f32 over rows of `lengths` tokens, padded on the right
    /// → `[batch, dim]`, not normalized.
    ///
    /// Source: sentence-transformers `models/Pooling.py`.
    pub(super) fn apply(self, hidden: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (batch, tokens, _dim) = hidden.dims3()?;
        let mut weights = vec![0.0_f32; batch * tokens];
        for (row, &length) in weights.chunks_mut(tokens).zip(lengths) {
            let total = match self {
                Pooling::Cls | Pooling::Last => 1.0,
                Pooling::Mean => as_f32(length),
                Pooling::Weighted => as_f32(length * (length + 1) / 2),
            };
            for (position, weight) in row.iter_mut().take(length).enumerate() {
                let share = match self {
                    Pooling::Cls => as_f32(usize::from(position == 0)),
                    Pooling::Last => as_f32(usize::from(position + 1 == length)),
                    Pooling::Mean => 1.0,
                    Pooling::Weighted => as_f32(position + 1),
                };
                *weight = share / total;
            }
        }
        let weights = Tensor::from_vec(weights, (batch, 1, tokens), hidden.device())?;
        weights.matmul(&hidden.to_dtype(DType::F32)?)?.squeeze(1)
    }
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

    fn pooled(pooling: Pooling) -> Vec<Vec<f32>> {
        let hidden = [[[1.0_f32], [2.0], [6.0]], [[4.0], [100.0], [100.0]]];
        let hidden = Tensor::new(&hidden, &Device::Cpu).unwrap();
        pooling.apply(&hidden, &[3, 1]).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn padding_never_counts() {
        assert_eq!(pooled(Pooling::Cls), [[1.0], [4.0]]);
        assert_eq!(pooled(Pooling::Last), [[6.0], [4.0]]);
        assert_eq!(pooled(Pooling::Mean), [[3.0], [4.0]]);
        let weighted = pooled(Pooling::Weighted);
        assert!((weighted[0][0] - (1.0 + 4.0 + 18.0) / 6.0).abs() < 1e-5);
    }

    #[test]
    fn modes_that_we_lack_are_named() {
        let error = Pooling::read(Some(br#"{"pooling_mode_max_tokens": true}"#)).unwrap_err();
        assert!(error.contains("max"), "{error}");
    }
}
