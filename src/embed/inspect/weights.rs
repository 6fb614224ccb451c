//! Checks a safetensors file without loading it: whether its header agrees with its length, and
//! whether its numbers are finite.
//!
//! The format is eight bytes with the length of the header, the header in JSON, and the tensors one
//! after the other. Source: the safetensors README, section "Format".

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;

use crate::inspect::WeightsFile;

/// The longest header, in bytes; the limit of the format itself.
const HEADER_BYTES_MAX: u64 = 100_000_000;
/// Bytes that are read at a time; a multiple of the size of every number.
const CHUNK_BYTES: u64 = 1 << 20;

/// The header of a file of weights.
pub(super) struct Header {
    /// The names and entries of the tensors, in the order of their data.
    tensors: Vec<(String, Tensor)>,
}

#[derive(Debug, Clone, Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Header {
    /// Reads the header at the start of `file`, which must agree with the length of the file; `Err`
    /// is the reason as a sentence.
    pub(super) fn read(file: &mut WeightsFile) -> Result<Self, String> {
        let wrong = |what: String| format!("{}: {what}", file.name);
        let mut length = [0; 8];
        let start = file.reader.read_exact(&mut length);
        start.map_err(|_short| wrong(format!("{} bytes are no safetensors file", file.bytes)))?;
        let length = u64::from_le_bytes(length);
        let data = file.bytes.checked_sub(8).and_then(|rest| rest.checked_sub(length));
        let Some(data) = data.filter(|_| length <= HEADER_BYTES_MAX) else {
            let what = format!("a header of {length} bytes in a file of {}", file.bytes);
            return Err(wrong(format!("{what}: truncated, or no safetensors file")));
        };
        let mut json = Vec::new();
        let read = file.reader.by_ref().take(length).read_to_end(&mut json);
        read.map_err(|error| wrong(error.to_string()))?;
        let mut entries: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&json).map_err(|error| wrong(format!("header: {error}")))?;
        entries.remove("__metadata__");
        let mut tensors = Vec::new();
        for (name, value) in entries {
            let tensor: Tensor = serde_json::from_value(value)
                .map_err(|error| wrong(format!("tensor {name}: {error}")))?;
            tensors.push((name, tensor));
        }
        tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);
        let header = Self { tensors };
        header.check(data).map_err(wrong)?;
        Ok(header)
    }

    /// Checks that the tensors fill `data` bytes without a gap, and that each is as long as its
    /// shape says.
    fn check(&self, data: u64) -> Result<(), String> {
        let mut at = 0;
        for (name, tensor) in &self.tensors {
            let (start, end) = tensor.data_offsets;
            if start != at || end < start {
                return Err(format!("tensor {name} lies at {start} instead of {at}"));
            }
            if tensor.bytes() != Some(end - start) {
                let Tensor { dtype, shape, .. } = tensor;
                let what = format!("tensor {name}, {dtype} {shape:?}, has {} bytes", end - start);
                return Err(what);
            }
            at = end;
        }
        if at == data {
            return Ok(());
        }
        Err(format!("tensors of {at} bytes in a file with {data} for them: truncated or damaged"))
    }

    /// How many learned numbers there are. Wide integers are not counted, because they are
    /// positions and the like.
    pub(super) fn parameter_count(&self) -> u64 {
        // Rows of 8-bit integers are learned numbers too; indices are wider.
        let is_learned = |tensor: &Tensor| tensor.number().is_some() || tensor.dtype == "I8";
        let learned = self.tensors.iter().filter(|(_, tensor)| is_learned(tensor));
        learned.filter_map(|(_, tensor)| tensor.count()).sum()
    }

    /// How many tokens have a vector; `None` if there is no tensor of a known name.
    pub(super) fn vocabulary_size(&self) -> Option<u64> {
        const NAMES: [&str; 4] =
            ["word_embeddings.weight", "embed_tokens.weight", "embeddings", "embedding.weight"];
        let named = |name: &str| {
            NAMES.iter().any(|known| name == *known || name.ends_with(&format!(".{known}")))
        };
        let found =
            self.tensors.iter().find(|(name, tensor)| named(name) && tensor.shape.len() == 2);
        found.and_then(|(_, tensor)| tensor.shape.first().copied())
    }

    /// The name of the first tensor that contains NaN or an infinite number. `file` must be
    /// positioned after its header.
    pub(super) fn not_finite(&self, file: &mut WeightsFile) -> Result<Option<String>, String> {
        for (name, tensor) in &self.tensors {
            let (start, end) = tensor.data_offsets;
            let mut rest = end - start;
            while rest > 0 {
                let mut chunk = Vec::new();
                let read = file.reader.by_ref().take(rest.min(CHUNK_BYTES)).read_to_end(&mut chunk);
                read.map_err(|error| format!("{}: {error}", file.name))?;
                if chunk.is_empty() {
                    return Err(format!("{}: ends within tensor {name}", file.name));
                }
                if tensor.number().is_some_and(|number| number.any_not_finite(&chunk)) {
                    return Ok(Some(name.clone()));
                }
                rest -= chunk.len() as u64;
            }
        }
        Ok(None)
    }
}

impl Tensor {
    fn count(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |count, side| count.checked_mul(*side))
    }

    /// The length in bytes by type and shape; `None` for an unknown type or a shape that overflows.
    fn bytes(&self) -> Option<u64> {
        let size = match self.dtype.as_str() {
            "F64" | "I64" | "U64" => 8,
            "F32" | "I32" | "U32" => 4,
            "F16" | "BF16" | "I16" | "U16" => 2,
            "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" => 1,
            _ => return None,
        };
        self.count()?.checked_mul(size)
    }

    fn number(&self) -> Option<Number> {
        match self.dtype.as_str() {
            "F64" => Some(Number::F64),
            "F32" => Some(Number::F32),
            "F16" => Some(Number::F16),
            "BF16" => Some(Number::Bf16),
            _ => None,
        }
    }
}

/// The floating-point types of the format.
#[derive(Clone, Copy)]
enum Number {
    F64,
    F32,
    F16,
    Bf16,
}

impl Number {
    /// Whether a number in `bytes` has an exponent of all ones, which means NaN or infinity.
    fn any_not_finite(self, bytes: &[u8]) -> bool {
        let any = |size: usize, mask: u64| {
            bytes.chunks_exact(size).any(|number| {
                let mut wide = [0; 8];
                wide.iter_mut().zip(number).for_each(|(to, from)| *to = *from);
                u64::from_le_bytes(wide) & mask == mask
            })
        };
        match self {
            Number::F64 => any(8, 0x7ff0_0000_0000_0000),
            Number::F32 => any(4, 0x7f80_0000),
            Number::F16 => any(2, 0x7c00),
            Number::Bf16 => any(2, 0x7f80),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::Header;
    use crate::inspect::WeightsFile;

    fn file(bytes: Vec<u8>) -> WeightsFile {
        let length = bytes.len() as u64;
        let reader = Box::new(Cursor::new(bytes));
        WeightsFile { name: "model.safetensors".into(), bytes: length, reader }
    }

    /// A safetensors file with one tensor of two numbers.
    fn two(dtype: &str, data: &[u8]) -> Vec<u8> {
        let json = format!(
            r#"{{"embeddings":{{"dtype":"{dtype}","shape":[2,1],"data_offsets":[0,{}]}}}}"#,
            data.len()
        );
        [&(json.len() as u64).to_le_bytes(), json.as_bytes(), data].concat()
    }

    fn reason(bytes: Vec<u8>) -> String {
        Header::read(&mut file(bytes)).err().unwrap()
    }

    #[test]
    fn a_sound_file_counts_its_numbers() {
        let header = Header::read(&mut file(two("F32", &[0; 8]))).unwrap();
        assert_eq!((header.parameter_count(), header.vocabulary_size()), (2, Some(2)));
    }

    #[test]
    fn a_file_that_does_not_fit_its_header_is_refused() {
        let sound = two("F32", &[0; 8]);
        assert!(reason(sound[..sound.len() - 1].to_vec()).contains("truncated"));
        assert!(reason([sound.as_slice(), &[0]].concat()).contains("truncated or damaged"));
        assert!(reason(sound[..20].to_vec()).contains("truncated"));
        assert!(reason(b"PK".to_vec()).contains("no safetensors file"));
        assert!(reason(b"<!doctype html><html>".to_vec()).contains("no safetensors file"));
        assert!(reason(two("F32", &[0; 4])).contains("has 4 bytes"));
    }

    #[test]
    fn numbers_that_are_none_are_found_in_every_type() {
        let first = |dtype: &str, data: &[u8]| {
            let mut file = file(two(dtype, data));
            Header::read(&mut file).unwrap().not_finite(&mut file).unwrap()
        };
        let f32 = |value: f32| [1.0_f32.to_le_bytes(), value.to_le_bytes()].concat();
        assert_eq!(first("F32", &f32(f32::MAX)), None);
        assert_eq!(first("F32", &f32(f32::NAN)).as_deref(), Some("embeddings"));
        assert_eq!(first("F32", &f32(f32::NEG_INFINITY)).as_deref(), Some("embeddings"));
        let f16 =
            |value: f32| [half::f16::ONE, half::f16::from_f32(value)].map(half::f16::to_le_bytes);
        assert_eq!(first("F16", &f16(65_504.0).concat()), None);
        assert!(first("F16", &f16(f32::INFINITY).concat()).is_some());
        let bf16 = [half::bf16::ONE, half::bf16::NAN].map(half::bf16::to_le_bytes);
        assert!(first("BF16", &bf16.concat()).is_some());
    }
}
