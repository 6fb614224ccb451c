//! Reads and checks safetensors files, so that it is known what a file holds before a model is
//! built from it.
//!
//! A file that is cut short, is something else, or holds a number that is not finite is refused
//! with its name. Weights in several files are joined by `shards` first.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use half::bf16;
use half::f16;
use serde::Deserialize;

/// The most bytes of a header, as in the format's own library.
const HEADER_BYTES_MAX: usize = 100_000_000;

/// The bytes of a safetensors file and the place of each tensor in them.
pub(super) struct Weights {
    /// The file's name, for messages.
    name: String,
    bytes: Cow<'static, [u8]>,
    tensors: BTreeMap<String, Place>,
}

/// The numbers of a tensor, row after row.
pub(super) enum Numbers {
    /// A copy as 32-bit floating point.
    Floats(Vec<f32>),
    /// Integers from -128 to 127 in two's complement, read where they are inside the program: 20 MB
    /// of which only the needed part is read, instead of 80 MB that are computed at every start.
    Bytes(&'static [u8]),
}

/// The type, the shape and the place of a tensor in a file.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    /// Its bytes, counted from the first one after the header.
    pub(super) range: Range<usize>,
}

/// The entry of a tensor in a header.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

impl Weights {
    /// Reads the header and checks that the data is complete and every number finite; `Err` is the
    /// reason as a sentence.
    pub(super) fn new(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, String> {
        let weights = Self::unchecked(name, bytes)?;
        match weights.tensors.iter().find(|(_, tensor)| !weights.is_finite(tensor)) {
            Some((broken, _)) => {
                Err(format!("{name}: tensor `{broken}` holds NaN or infinite numbers"))
            }
            None => Ok(weights),
        }
    }

    /// Reads the header and checks that the data is complete, but not the numbers. For weights
    /// inside this program, whose numbers a test checks.
    pub(super) fn unchecked(
        name: &str,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Result<Self, String> {
        let named = |reason: String| format!("{name}: {reason}");
        let bytes = bytes.into();
        let length = header_length(&bytes).map_err(named)?;
        let data_bytes = bytes.len().checked_sub(8 + length).ok_or_else(cut).map_err(named)?;
        let header = bytes.get(8..8 + length).unwrap_or_default();
        let tensors = tensors(header, data_bytes).map_err(named)?;
        Ok(Self { name: name.to_owned(), bytes, tensors })
    }

    /// The bytes of the whole safetensors file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn has(&self, tensor: &str) -> bool {
        self.tensors.contains_key(tensor)
    }

    /// The length of a vector; `None` if there is no such tensor or it is not a vector.
    pub(super) fn length_of(&self, tensor: &str) -> Option<usize> {
        match self.tensors.get(tensor)?.shape.as_slice() {
            [length] => Some(*length),
            _ => None,
        }
    }

    /// The numbers of rows and columns of a matrix.
    pub(super) fn rows_and_columns(&self, tensor: &str) -> Result<(usize, usize), String> {
        match self.tensor(tensor)?.shape.as_slice() {
            [rows, columns] => Ok((*rows, *columns)),
            other => {
                Err(format!("{}: tensor `{tensor}` is {other:?}, it should have rows", self.name))
            }
        }
    }

    /// The numbers of a tensor, which must have `shape`, row after row.
    pub(super) fn numbers(&self, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let found = self.shaped(tensor, shape)?;
        numbers(&found.dtype, self.data(found)).ok_or_else(|| self.unsupported(tensor, found))
    }

    /// The same as [`Weights::numbers`], but without a copy if the file is part of the program and
    /// the numbers are bytes.
    pub(super) fn in_place(&self, tensor: &str, shape: &[usize]) -> Result<Numbers, String> {
        let found = self.shaped(tensor, shape)?;
        match &self.bytes {
            Cow::Borrowed(bytes) if found.dtype == "I8" => {
                let data = data_in(bytes).get(found.range.clone());
                Ok(Numbers::Bytes(data.unwrap_or_default()))
            }
            Cow::Borrowed(_) | Cow::Owned(_) => self.numbers(tensor, shape).map(Numbers::Floats),
        }
    }

    /// The place of a tensor, which must have `shape`.
    fn shaped(&self, tensor: &str, shape: &[usize]) -> Result<&Place, String> {
        let found = self.tensor(tensor)?;
        if found.shape == shape {
            return Ok(found);
        }
        let (name, found) = (&self.name, &found.shape);
        Err(format!("{name}: tensor `{tensor}` is {found:?}, the configuration says {shape:?}"))
    }

    /// The indices in a tensor, which must be a vector of `length` integers that are not negative.
    pub(super) fn indices(&self, tensor: &str, length: usize) -> Result<Vec<usize>, String> {
        let found = self.tensor(tensor)?;
        let data = self.data(found);
        let whole: Vec<i64> = match found.dtype.as_str() {
            "I64" => each(data, i64::from_le_bytes),
            "I32" => each(data, |bytes| i64::from(i32::from_le_bytes(bytes))),
            "U32" => each(data, |bytes| i64::from(u32::from_le_bytes(bytes))),
            "U16" => each(data, |bytes| i64::from(u16::from_le_bytes(bytes))),
            _ => return Err(self.unsupported(tensor, found)),
        };
        let indices: Vec<usize> = whole.into_iter().flat_map(usize::try_from).collect();
        if indices.len() == length && found.shape.len() == 1 {
            return Ok(indices);
        }
        Err(format!("{}: tensor `{tensor}` should hold {length} indices", self.name))
    }

    fn tensor(&self, tensor: &str) -> Result<&Place, String> {
        self.tensors.get(tensor).ok_or_else(|| format!("{} has no tensor `{tensor}`", self.name))
    }

    fn unsupported(&self, tensor: &str, found: &Place) -> String {
        let (name, dtype) = (&self.name, &found.dtype);
        format!(
            "{name}: tensor `{tensor}` has dtype {dtype}, which is not supported here: F32, F16, \
             BF16, F64, I8"
        )
    }

    fn data(&self, tensor: &Place) -> &[u8] {
        data_in(&self.bytes).get(tensor.range.clone()).unwrap_or_default()
    }

    /// Whether all numbers of a tensor are finite; integers always are.
    fn is_finite(&self, tensor: &Place) -> bool {
        let data = self.data(tensor);
        // A number is not finite if all bits of its exponent are set.
        let halves = |exponent: u16| {
            data.chunks_exact(2).all(|bytes| match bytes {
                [low, high] => u16::from_le_bytes([*low, *high]) & exponent != exponent,
                _ => true,
            })
        };
        match tensor.dtype.as_str() {
            "F32" => data.chunks_exact(4).all(|bytes| {
                bytes.try_into().is_ok_and(|bytes| f32::from_le_bytes(bytes).is_finite())
            }),
            "F64" => data.chunks_exact(8).all(|bytes| {
                bytes.try_into().is_ok_and(|bytes| f64::from_le_bytes(bytes).is_finite())
            }),
            "F16" => halves(0x7c00),
            "BF16" => halves(0x7f80),
            _ => true,
        }
    }
}

/// The data after the header of the safetensors file in `bytes`.
fn data_in(bytes: &[u8]) -> &[u8] {
    let start = header_length(bytes).map_or(0, |length| 8 + length);
    bytes.get(start..).unwrap_or_default()
}

/// The length of the header, in bytes, of a safetensors file that begins with `bytes`.
pub(super) fn header_length(bytes: &[u8]) -> Result<usize, String> {
    if bytes.starts_with(b"version https://git-lfs") {
        return Err("is a pointer of git-lfs, not the weights: run `git lfs pull`".to_owned());
    }
    let length: [u8; 8] = bytes.get(..8).and_then(|bytes| bytes.try_into().ok()).ok_or_else(cut)?;
    usize::try_from(u64::from_le_bytes(length))
        .ok()
        .filter(|length| *length <= HEADER_BYTES_MAX)
        .ok_or_else(|| "is not a safetensors file".to_owned())
}

/// The tensors that `header` lists, each of which must lie within `data_bytes` of data.
pub(super) fn tensors(header: &[u8], data_bytes: usize) -> Result<BTreeMap<String, Place>, String> {
    let mut header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header)
        .map_err(|error| format!("is not a safetensors file: {error}"))?;
    header.remove("__metadata__");
    let mut tensors = BTreeMap::new();
    for (name, entry) in header {
        let Entry { dtype, shape, data_offsets: (start, end) } =
            serde_json::from_value(entry).map_err(|error| format!("tensor `{name}`: {error}"))?;
        if end > data_bytes {
            return Err(cut());
        }
        let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        let wanted = match width(&dtype) {
            Some(width) => count.and_then(|count| count.checked_mul(width)),
            None => end.checked_sub(start),
        };
        if wanted.is_none() || wanted != end.checked_sub(start) {
            return Err(format!("tensor `{name}` does not fill its place"));
        }
        tensors.insert(name, Place { dtype, shape, range: start..end });
    }
    Ok(tensors)
}

fn cut() -> String {
    "is cut short".to_owned()
}

/// The bytes of one number; `None` for a type that is never read.
fn width(dtype: &str) -> Option<usize> {
    match dtype {
        "BOOL" | "I8" | "U8" => Some(1),
        "F16" | "BF16" | "I16" | "U16" => Some(2),
        "F32" | "I32" | "U32" => Some(4),
        "F64" | "I64" | "U64" => Some(8),
        _ => None,
    }
}

/// The numbers in `data` as f32; `None` for a type that is not supported.
fn numbers(dtype: &str, data: &[u8]) -> Option<Vec<f32>> {
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what we compute in")]
    let narrowed = |bytes| f64::from_le_bytes(bytes) as f32;
    match dtype {
        "F32" => Some(each(data, f32::from_le_bytes)),
        "F16" => Some(each(data, |bytes| f16::from_le_bytes(bytes).to_f32())),
        "BF16" => Some(each(data, |bytes| bf16::from_le_bytes(bytes).to_f32())),
        "F64" => Some(each(data, narrowed)),
        "I8" => Some(each(data, |bytes| f32::from(i8::from_le_bytes(bytes)))),
        _ => None,
    }
}

/// Applies `read` to each group of `N` bytes.
fn each<const N: usize, T>(data: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.chunks_exact(N).filter_map(|bytes| bytes.try_into().ok()).map(read).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Weights;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn reason(bytes: Vec<u8>) -> String {
        Weights::new("model.safetensors", bytes).err().unwrap()
    }

    #[test]
    fn numbers_are_read_from_every_dtype() {
        let read = |dtype: &str, data: &[u8]| {
            let end = data.len();
            let header =
                format!(r#"{{"a":{{"dtype":"{dtype}","shape":[2],"data_offsets":[0,{end}]}}}}"#);
            let weights = Weights::new("model.safetensors", file(&header, data)).unwrap();
            weights.numbers("a", &[2]).unwrap()
        };
        assert_eq!(read("F32", &[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]), [1.0, -2.0]);
        assert_eq!(read("F16", &[0, 0x3c, 0, 0xc0]), [1.0, -2.0]);
        assert_eq!(read("BF16", &[0x80, 0x3f, 0, 0xc0]), [1.0, -2.0]);
        assert_eq!(read("I8", &[1, 0xfe]), [1.0, -2.0]);
    }

    #[test]
    fn what_is_no_safetensors_file_is_refused() {
        assert!(reason(b"GGUF-something-else".to_vec()).contains("not a safetensors file"));
        assert!(reason(Vec::new()).contains("cut short"));
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0".to_vec();
        assert!(reason(pointer).contains("git lfs pull"));
    }

    #[test]
    fn a_file_that_ends_too_early_is_refused() {
        let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let whole = file(header, &[0; 8]);
        assert!(Weights::new("model.safetensors", whole.clone()).is_ok());
        for kept in [0, 7, 8, 30, whole.len() - 1] {
            let reason = reason(whole[..kept].to_vec());
            assert!(reason.contains("cut short"), "{kept} bytes: {reason}");
        }
    }

    #[test]
    fn a_shape_that_does_not_fill_its_place_is_refused() {
        for shape in ["[3]", "[18446744073709551615, 2]", "[1]"] {
            let header =
                format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":[0,8]}}}}"#);
            assert!(reason(file(&header, &[0; 8])).contains("does not fill"), "{shape}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_by_name() {
        let nan = |dtype: &str, data: &[u8]| {
            let end = data.len();
            let header =
                format!(r#"{{"bad":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{end}]}}}}"#);
            reason(file(&header, data))
        };
        for (dtype, data) in [
            ("F32", f32::NAN.to_le_bytes().to_vec()),
            ("F64", f64::INFINITY.to_le_bytes().to_vec()),
            ("F16", vec![0, 0x7c]),
            ("BF16", vec![0xc0, 0xff]),
        ] {
            assert!(nan(dtype, &data).contains("`bad` holds NaN"), "{dtype}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Weights::new("model.safetensors", bytes);
        }

        #[test]
        fn any_header_is_answered(
            start in any::<u64>(), end in any::<u64>(), size in any::<u64>(),
        ) {
            let header = format!(
                r#"{{"a":{{"dtype":"F32","shape":[{size},2],"data_offsets":[{start},{end}]}}}}"#
            );
            let _ = Weights::new("model.safetensors", file(&header, &[0; 16]));
        }
    }
}
