//! Checks the sizes in a transformer's `config.json` before any model reads them, because a model
//! library may divide by them or allocate that much memory.

use serde_json::Map;
use serde_json::Value;

/// The fields whose value must be at least 1.
const FIELDS: [&str; 9] = [
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
    "type_vocab_size",
];

/// The largest size that is accepted: more than any model has, and so small that products of two do
/// not overflow.
const SIZE_MAX: u64 = 1 << 24;

/// Checks the sizes in `config.json` and returns the size of the vocabulary.
///
/// # Errors
/// A sentence that names the wrong field.
pub(super) fn check(config: &[u8]) -> Result<usize, String> {
    let config: Map<String, Value> =
        serde_json::from_slice(config).map_err(|error| error.to_string())?;
    let mut sizes = [None; FIELDS.len()];
    for (name, size) in FIELDS.iter().zip(&mut sizes) {
        *size = match config.get(*name) {
            None | Some(Value::Null) => None,
            Some(value) => Some(read(value).ok_or_else(|| {
                format!("{name} is {value}, it should be a number from 1 to {SIZE_MAX}")
            })?),
        };
    }
    let [vocabulary, hidden, _, _, heads, _, head_dim, ..] = sizes;
    if let (Some(hidden), Some(heads), None) = (hidden, heads, head_dim)
        && !hidden.is_multiple_of(heads)
    {
        return Err(format!(
            "hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
        ));
    }
    vocabulary.ok_or_else(|| "vocab_size is missing".to_owned())
}

fn read(value: &Value) -> Option<usize> {
    let size = value.as_u64().filter(|size| (1..=SIZE_MAX).contains(size))?;
    usize::try_from(size).ok()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_size_of_zero_or_past_all_bounds_is_refused() {
        for wrong in ["0", "-1", "1e9", "99999999999", "\"12\""] {
            let json = format!(r#"{{"vocab_size": 10, "num_attention_heads": {wrong}}}"#);
            let reason = check(json.as_bytes()).unwrap_err();
            assert!(reason.contains("num_attention_heads"), "{wrong}: {reason}");
        }
    }

    #[test]
    fn heads_must_share_the_hidden_size_unless_theirs_is_given() {
        let json = |rest: &str| {
            format!(r#"{{"vocab_size": 10, "hidden_size": 32, "num_attention_heads": 5{rest}}}"#)
        };
        assert!(check(json("").as_bytes()).unwrap_err().contains("multiple"));
        assert_eq!(check(json(r#", "head_dim": 16"#).as_bytes()).unwrap(), 10);
    }
}
