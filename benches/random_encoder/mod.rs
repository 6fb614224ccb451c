//! An encoder of bge-small-zh's shape with random weights, made in memory and loaded from a folder
//! that is removed at once.

use std::collections::HashMap;

use candle_core::Device;
use candle_core::Tensor;
use wenmai::embed;
use wenmai::embed::Config;
use wenmai::embed::Model;
use wenmai::embed::Precision;

const DIM: usize = 512;
const INNER: usize = 2_048;
const LAYERS: usize = 4;
const VOCABULARY: usize = 21_128;

/// The model, multiplying in `precision`. Its tokenizer knows one token and puts no marks.
pub fn model(precision: Precision) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let config = serde_json::json!({
        "model_type": "bert", "hidden_size": DIM, "num_hidden_layers": LAYERS,
        "num_attention_heads": 8, "intermediate_size": INNER, "vocab_size": VOCABULARY,
        "max_position_embeddings": 512,
    });
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": { "type": "WordLevel", "vocab": { "[UNK]": 0 }, "unk_token": "[UNK]" },
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    candle_core::safetensors::save(&weights(), folder.path().join("model.safetensors")).unwrap();
    let config = Config { folder: Some(folder.path().to_owned()), precision, ..Config::default() };
    embed::open(&config).unwrap()
}

fn weights() -> HashMap<String, Tensor> {
    let mut tensors = HashMap::new();
    let mut matrix = |name: String, rows: usize, columns: usize| {
        let random = Tensor::randn(0.0_f32, 0.02, (rows, columns), &Device::Cpu).unwrap();
        tensors.insert(format!("{name}.weight"), random);
    };
    for (table, rows) in [("word", VOCABULARY), ("position", 512), ("token_type", 2)] {
        matrix(format!("embeddings.{table}_embeddings"), rows, DIM);
    }
    let mut rows = vec![];
    for layer in (0..LAYERS).map(|at| format!("encoder.layer.{at}")) {
        for name in ["self.query", "self.key", "self.value", "output.dense"] {
            rows.push((format!("{layer}.attention.{name}"), DIM, DIM));
        }
        rows.push((format!("{layer}.intermediate.dense"), INNER, DIM));
        rows.push((format!("{layer}.output.dense"), DIM, INNER));
    }
    for (name, outputs, inputs) in &rows {
        matrix(name.clone(), *outputs, *inputs);
    }
    for (name, outputs, _) in rows {
        let zeros = Tensor::zeros(outputs, candle_core::DType::F32, &Device::Cpu).unwrap();
        tensors.insert(format!("{name}.bias"), zeros);
    }
    let norms = (0..LAYERS).flat_map(|at| {
        ["attention.output", "output"].map(|half| format!("encoder.layer.{at}.{half}"))
    });
    for norm in norms.chain(["embeddings".to_owned()]) {
        let ones = Tensor::ones(DIM, candle_core::DType::F32, &Device::Cpu).unwrap();
        tensors.insert(format!("{norm}.LayerNorm.weight"), ones.clone());
        tensors.insert(format!("{norm}.LayerNorm.bias"), ones.zeros_like().unwrap());
    }
    tensors
}
