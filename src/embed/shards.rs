//! Reads the weights of a folder: one safetensors file, or several shards that are joined into one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;

use serde::Deserialize;

use crate::weights;
use crate::weights::Weights;

/// The name of the weights in one file.
const WHOLE: &str = "model.safetensors";
/// The name of the index that lists the shards.
const INDEX: &str = "model.safetensors.index.json";
/// The names of pickled weights, which older folders have and which are never read.
const PICKLED: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

/// The field of the index that is read: the shard of each tensor.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Reads the weights in `folder`; `within` is its path inside the model's folder, for messages.
pub(super) fn read(folder: &Path, within: &Path) -> Result<Weights, String> {
    let name = |file: &str| within.join(file).display().to_string();
    let whole = folder.join(WHOLE);
    if whole.exists() {
        let bytes = std::fs::read(whole).map_err(|error| format!("{}: {error}", name(WHOLE)))?;
        return Weights::new(&name(WHOLE), bytes);
    }
    if folder.join(INDEX).exists() {
        let bytes = join(folder).map_err(|reason| format!("{}: {reason}", name(INDEX)))?;
        return Weights::new(&name(WHOLE), bytes);
    }
    if let Some(pickled) = PICKLED.iter().find(|file| folder.join(file).exists()) {
        return Err(format!(
            "{} is missing, and {} is not read: only safetensors are. To convert it: python -c \
             \"from transformers import AutoModel as M; \
             M.from_pretrained('DIR').save_pretrained('DIR', safe_serialization=True)\"",
            name(WHOLE),
            name(pickled)
        ));
    }
    Err(format!("{} is missing", name(WHOLE)))
}

/// A shard whose header was read; `file` is positioned at the first byte of its data.
struct Shard {
    file: File,
    tensors: BTreeMap<String, weights::Place>,
    data_bytes: usize,
}

/// Joins the shards in `folder` into the bytes of one safetensors file; each shard is read once,
/// straight into its place.
fn join(folder: &Path) -> Result<Vec<u8>, String> {
    let index = std::fs::read(folder.join(INDEX)).map_err(|error| error.to_string())?;
    let Index { weight_map } = serde_json::from_slice(&index).map_err(|error| error.to_string())?;
    let names: BTreeSet<&String> = weight_map.values().collect();
    let mut shards = Vec::new();
    for name in names {
        // A name with a folder in it could lead out of the model's folder.
        if Path::new(name).file_name() != Some(name.as_ref()) {
            return Err(format!("`{name}` is not the name of a file"));
        }
        let shard = open(&folder.join(name)).map_err(|reason| format!("{name}: {reason}"))?;
        let mut wanted = weight_map.iter().filter(|(_, file)| *file == name);
        if let Some((tensor, _)) = wanted.find(|(tensor, _)| !shard.tensors.contains_key(*tensor)) {
            return Err(format!("{name} has no tensor `{tensor}`"));
        }
        shards.push(shard);
    }
    let mut header = header(&shards)?;
    // The format pads its header with spaces, so that the data is aligned.
    header.resize(header.len().next_multiple_of(8), b' ');
    let data_bytes: usize = shards.iter().map(|shard| shard.data_bytes).sum();
    let mut bytes = Vec::new();
    let room = bytes.try_reserve_exact(8 + header.len() + data_bytes);
    room.map_err(|_full| format!("{data_bytes} bytes do not fit in memory"))?;
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for shard in shards {
        let mut data = shard.file.take(shard.data_bytes as u64);
        let read = data.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if read != shard.data_bytes {
            return Err("a shard became shorter while it was read".to_owned());
        }
    }
    Ok(bytes)
}

fn open(path: &Path) -> Result<Shard, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let length = usize::try_from(length).map_err(|error| error.to_string())?;
    let mut start = Vec::new();
    file.by_ref().take(64).read_to_end(&mut start).map_err(|error| error.to_string())?;
    let header_bytes = weights::header_length(&start)?;
    let data_bytes = length.checked_sub(8 + header_bytes).ok_or("is cut short")?;
    file.seek(SeekFrom::Start(8)).map_err(|error| error.to_string())?;
    let mut header = vec![0; header_bytes];
    file.read_exact(&mut header).map_err(|error| error.to_string())?;
    let tensors = weights::tensors(&header, data_bytes)?;
    Ok(Shard { file, tensors, data_bytes })
}

/// The header for the data of all shards, one after the other.
fn header(shards: &[Shard]) -> Result<Vec<u8>, String> {
    let mut header = serde_json::Map::new();
    let mut start = 0;
    for shard in shards {
        for (name, tensor) in &shard.tensors {
            let offsets = [start + tensor.range.start, start + tensor.range.end];
            let entry = serde_json::json!({
                "dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": offsets,
            });
            if header.insert(name.clone(), entry).is_some() {
                return Err(format!("tensor `{name}` is in two shards"));
            }
        }
        start += shard.data_bytes;
    }
    serde_json::to_vec(&header).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    const INDEX: &str = "model.safetensors.index.json";

    #[test]
    fn one_file_and_its_shards_are_the_same_model() {
        let folder = fixture::copy("qwen3");
        let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        let whole = folder.path().join("model.safetensors");
        let first = folder.path().join(shards[0]);
        let second = candle_core::safetensors::load(
            folder.path().join(shards[1]),
            &candle_core::Device::Cpu,
        );
        std::fs::rename(first, &whole).unwrap();
        fixture::change(&whole, |tensors| tensors.extend(second.unwrap()));
        std::fs::remove_file(folder.path().join(INDEX)).unwrap();
        fixture::assert_passages_agree(&fixture::load(folder.path()), "qwen3");
    }

    #[test]
    fn a_tensor_that_is_not_in_its_shard_is_named() {
        let folder = fixture::copy("qwen3");
        let index = folder.path().join(INDEX);
        let json = std::fs::read_to_string(&index).unwrap();
        std::fs::write(&index, json.replace("\"norm.weight", "\"gone.weight")).unwrap();
        let reason = fixture::reason(folder.path());
        assert!(reason.contains("has no tensor `gone.weight`"), "{reason}");
    }

    #[test]
    fn a_tensor_in_two_shards_is_refused() {
        let folder = fixture::copy("qwen3");
        let (a, b) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
        let first =
            candle_core::safetensors::load(folder.path().join(a), &candle_core::Device::Cpu);
        fixture::change(&folder.path().join(b), |tensors| tensors.extend(first.unwrap()));
        assert!(fixture::reason(folder.path()).contains("is in two shards"));
    }

    #[test]
    fn a_shard_outside_the_folder_is_refused() {
        let folder = fixture::copy("qwen3");
        let index = folder.path().join(INDEX);
        let json = std::fs::read_to_string(&index).unwrap();
        std::fs::write(&index, json.replace("model-00001", "../model-00001")).unwrap();
        assert!(fixture::reason(folder.path()).contains("is not the name of a file"));
    }
}
