//! Runs Qwen3 models in GGUF with candle's quantized layers, choosing the likeliest token each
//! time.
//!
//! The file is checked before candle reads it: its tensors must have the shapes that its metadata
//! say. So a damaged file is an error, and no memory is allocated for impossible sizes.

use std::fs::File;
use std::io::BufReader;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;

use candle_core::DType;
use candle_core::Device;
use candle_core::Tensor;
use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::gguf_file::Value;
use candle_transformers::models::quantized_qwen3::ModelWeights;

use crate::Error;
use crate::Prompt;
use crate::Writer;
use crate::Written;
use crate::chat::Chat;

/// The most tokens of prompt and answer together: more than any summary needs, with small tables.
const CONTEXT_MAX: u32 = 8_192;
/// Tokens of a prompt that are read in one step; between steps the caller may stop the work.
const STEP: usize = 128;
/// The most layers that are accepted; no model has as many.
const LAYERS_MAX: usize = 512;

/// A loaded model with its tokenizer.
pub(super) struct Qwen3 {
    name: String,
    chat: Chat,
    model: ModelWeights,
    context: usize,
}

impl Qwen3 {
    /// Loads the GGUF file at `weights` with the `tokenizer.json` in `json`; `Err` is the reason as
    /// a sentence.
    pub(super) fn read(weights: &Path, json: &[u8]) -> Result<Self, String> {
        let file = weights.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // candle divides by numbers of the file, so it may panic.
        let read = || catch_unwind(AssertUnwindSafe(|| load(weights)));
        let broken = |reason: String| format!("{file}: {reason}");
        let loaded = read().map_err(|_panic| broken("it is broken".to_owned()))?;
        let Loaded { model, shape, name, stop } = loaded.map_err(broken)?;
        let chat = Chat::read(json, stop).map_err(|reason| format!("tokenizer.json: {reason}"))?;
        if chat.largest() as usize >= shape.vocabulary {
            let (largest, rows) = (chat.largest(), shape.vocabulary);
            return Err(format!(
                "tokenizer.json: it has a token with id {largest}, the model vectors for {rows} \
                 tokens only"
            ));
        }
        let name = if name.is_empty() { file } else { name };
        Ok(Self { name, chat, model, context: shape.context })
    }

    /// Computes the likeliest token after `ids`, which begin at position `offset`.
    fn next(&mut self, ids: &[u32], offset: usize) -> candle_core::Result<u32> {
        let input = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let logits = self.model.forward(&input, offset)?.to_dtype(DType::F32)?;
        logits.flatten_all()?.argmax(0)?.to_scalar()
    }

    fn answer(
        &mut self,
        prompt: &Prompt,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Written, Error> {
        let failed = |error: candle_core::Error| Error::Model(error.into());
        let ids = self.chat.ids(prompt).map_err(Error::Model)?;
        let limit = self.context.saturating_sub(prompt.token_max);
        if ids.len() > limit {
            return Err(Error::TooLong { limit, given: ids.len() });
        }
        self.model.clear_kv_cache();
        let mut offset = 0;
        let mut next = None;
        for step in steps(&ids) {
            if !goes_on() {
                return Err(Error::Stopped);
            }
            next = Some(self.next(step, offset).map_err(failed)?);
            offset += step.len();
        }
        let mut written = Vec::new();
        while let Some(id) = next.filter(|id| !self.chat.ends(*id)) {
            if written.len() >= prompt.token_max {
                break;
            }
            if !goes_on() {
                return Err(Error::Stopped);
            }
            written.push(id);
            next = Some(self.next(&[id], offset).map_err(failed)?);
            offset += 1;
        }
        let is_finished = next.is_some_and(|id| self.chat.ends(id));
        Ok(Written { text: self.chat.text(&written).map_err(Error::Model)?, is_finished })
    }
}

impl Writer for Qwen3 {
    fn name(&self) -> &str {
        &self.name
    }

    fn write(
        &mut self,
        prompt: &Prompt,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Written, Error> {
        let answer = self.answer(prompt, goes_on);
        // The cache of keys and values is of no use to the next prompt, and takes memory.
        self.model.clear_kv_cache();
        answer
    }
}

/// Divides `ids` into steps of [`STEP`]. No step of several has only one token, because candle
/// would treat it as part of an answer.
fn steps(ids: &[u32]) -> Vec<&[u32]> {
    let mut steps: Vec<&[u32]> = ids.chunks(STEP).collect();
    let count = steps.len();
    if count > 1 && steps.last().is_some_and(|last| last.len() == 1) {
        steps.truncate(count - 2);
        steps.extend(ids.get((count - 2) * STEP..));
    }
    steps
}

/// The sizes that the file names.
struct Shape {
    vocabulary: usize,
    context: usize,
}

struct Loaded {
    model: ModelWeights,
    shape: Shape,
    name: String,
    stop: Option<u32>,
}

fn load(path: &Path) -> Result<Loaded, String> {
    let words = |error: candle_core::Error| error.to_string();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = BufReader::new(file);
    let mut gguf = Content::read(&mut reader).map_err(words)?;
    let shape = check(&gguf)?;
    let context = u32::try_from(shape.context).map_err(|error| error.to_string())?;
    // candle makes its tables of rotation angles for the whole context, and in 16 bits unless the
    // file says otherwise, which blurs positions beyond the first few hundred.
    gguf.metadata.insert("qwen3.context_length".to_owned(), Value::U32(context));
    gguf.metadata.insert("general.dtype".to_owned(), Value::U32(0));
    let name = gguf.metadata.get("general.name").and_then(|name| name.to_string().ok().cloned());
    let stop = gguf.metadata.get("tokenizer.ggml.eos_token_id");
    let stop = stop.and_then(|id| id.to_u32().ok());
    let model = ModelWeights::from_gguf(gguf, &mut reader, &Device::Cpu).map_err(words)?;
    Ok(Loaded { model, shape, name: name.unwrap_or_default(), stop })
}

/// Checks that the tensors are those of a Qwen3 model of the sizes that the file names.
fn check(gguf: &Content) -> Result<Shape, String> {
    let architecture = gguf.metadata.get("general.architecture");
    let architecture = architecture.and_then(|value| value.to_string().ok());
    match architecture.map(String::as_str) {
        Some("qwen3") => {}
        Some(other) => return Err(format!("its architecture is {other}, not qwen3")),
        None => return Err("it does not say its architecture".to_owned()),
    }
    let number = |key: &str| {
        let value = gguf.metadata.get(&format!("qwen3.{key}"));
        let value = value.and_then(|value| value.to_u64().ok()).filter(|value| *value > 0);
        let value = value.and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| format!("it does not say qwen3.{key}"))
    };
    let (heads, groups) = (number("attention.head_count")?, number("attention.head_count_kv")?);
    let (head, hidden) = (number("attention.key_length")?, number("embedding_length")?);
    let (layers, context) = (number("block_count")?, number("context_length")?);
    let dims = |name: &str| {
        let info = gguf.tensor_infos.get(name);
        info.map(|info| info.shape.dims().to_vec()).ok_or_else(|| format!("it lacks {name}"))
    };
    let fits = |name: &str, wanted: &[usize]| match dims(name)? {
        dims if dims == wanted => Ok(()),
        dims => Err(format!("{name} has the shape {dims:?}, not {wanted:?}")),
    };
    if layers > LAYERS_MAX || head % 2 != 0 || heads % groups != 0 || head.max(heads) > 1 << 20 {
        return Err("its sizes do not fit together".to_owned());
    }
    let vocabulary = dims("token_embd.weight")?.first().copied().unwrap_or_default();
    fits("token_embd.weight", &[vocabulary, hidden])?;
    fits("output_norm.weight", &[hidden])?;
    if gguf.tensor_infos.contains_key("output.weight") {
        fits("output.weight", &[vocabulary, hidden])?;
    }
    for layer in 0..layers {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let inner = dims(&name("ffn_gate"))?.first().copied().unwrap_or_default();
        let wanted: [(&str, &[usize]); 11] = [
            ("attn_q", &[heads * head, hidden]),
            ("attn_k", &[groups * head, hidden]),
            ("attn_v", &[groups * head, hidden]),
            ("attn_output", &[hidden, heads * head]),
            ("attn_q_norm", &[head]),
            ("attn_k_norm", &[head]),
            ("attn_norm", &[hidden]),
            ("ffn_norm", &[hidden]),
            ("ffn_gate", &[inner, hidden]),
            ("ffn_up", &[inner, hidden]),
            ("ffn_down", &[hidden, inner]),
        ];
        for (part, wanted) in wanted {
            fits(&name(part), wanted)?;
        }
    }
    let context = context.min(CONTEXT_MAX as usize);
    Ok(Shape { vocabulary, context })
}

#[cfg(test)]
mod tests {
    use super::STEP;
    use super::steps;

    #[test]
    fn no_step_of_a_prompt_has_one_token() {
        let lengths = |count: usize| {
            let ids = vec![0; count];
            steps(&ids).into_iter().map(<[u32]>::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(STEP), [STEP]);
        assert_eq!(lengths(STEP + 1), [STEP + 1]);
        assert_eq!(lengths(2 * STEP + 1), [STEP, STEP + 1]);
        assert_eq!(lengths(2 * STEP + 2), [STEP, STEP, 2]);
        assert!(lengths(0).is_empty());
    }
}
