//! Finds the family of a model; `folder` then loads a model of that family.

use serde::Deserialize;

use crate::modules::Modules;

/// The families of models that this program can run; `config.json` names one by its `model_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// BERT and XLM-RoBERTa.
    Encoder,
    Qwen3,
    /// Static embeddings as model2vec saves them.
    Static,
    /// A `StaticEmbedding` module of sentence-transformers, which has no `config.json`.
    StaticEmbedding,
}

/// The field of `config.json` that decides the family.
#[derive(Deserialize)]
struct ModelType {
    model_type: Option<String>,
}

impl Family {
    /// Finds the family from `config.json` and `modules.json`; `Err` is the reason as a sentence.
    pub(super) fn read(config: &[u8], modules: &Modules) -> Result<Self, String> {
        let ModelType { model_type } =
            serde_json::from_slice(config).map_err(|error| error.to_string())?;
        match model_type.as_deref() {
            Some("bert" | "xlm-roberta") => Ok(Family::Encoder),
            Some("qwen3") => Ok(Family::Qwen3),
            Some("model2vec" | "static") => Ok(Family::Static),
            Some(other) => Err(format!(
                "model_type `{other}` is not supported: bert, xlm-roberta, qwen3, model2vec, or a \
                 StaticEmbedding of sentence-transformers"
            )),
            None if modules.is_static => Ok(Family::StaticEmbedding),
            None => Err("model_type is missing".to_owned()),
        }
    }

    /// Whether the family reads its sizes from `config.json`.
    pub(super) fn is_transformer(self) -> bool {
        match self {
            Family::Encoder | Family::Qwen3 => true,
            Family::Static | Family::StaticEmbedding => false,
        }
    }

    /// Whether the family can compute its products in 8-bit integers.
    pub(super) fn is_encoder(self) -> bool {
        self == Family::Encoder
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use candle_core::Device;
    use candle_core::Tensor;

    use crate::Purpose;
    use crate::fixture;

    #[test]
    fn a_family_that_we_lack_is_named_beside_those_we_have() {
        let folder = fixture::copy("bert");
        fixture::set(&folder.path().join("config.json"), "model_type", "mamba");
        let reason = fixture::reason(folder.path());
        assert!(reason.contains("`mamba` is not supported: bert, xlm-roberta, qwen3"), "{reason}");
    }

    #[test]
    fn weights_that_are_damaged_are_refused_in_every_family() {
        for (name, file) in [
            ("bert", "model.safetensors"),
            ("qwen3", "model-00001-of-00002.safetensors"),
            ("model2vec", "model.safetensors"),
            ("static_embedding", "model.safetensors"),
            ("dense", "2_Dense/model.safetensors"),
        ] {
            let folder = fixture::copy(name);
            let path = folder.path().join(file);
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("cut short"), "{name}: {reason}");
            std::fs::write(&path, b"\x80\x02}q\x00X\x00\x00\x00 this is a pickle").unwrap();
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("not a safetensors file"), "{name}: {reason}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_in_every_family() {
        for (name, file, tensor) in [
            ("bert", "model.safetensors", "encoder.layer.0.output.dense.bias"),
            ("qwen3", "model-00002-of-00002.safetensors", "layers.0.mlp.up_proj.weight"),
            ("static_embedding", "model.safetensors", "embedding.weight"),
            ("dense", "4_Dense/model.safetensors", "linear.weight"),
        ] {
            let folder = fixture::copy(name);
            fixture::change(&folder.path().join(file), |tensors| {
                let old = tensors.get(tensor).unwrap();
                let nan = Tensor::full(f32::NAN, old.shape(), &Device::Cpu).unwrap();
                tensors.insert(tensor.to_owned(), nan.to_dtype(old.dtype()).unwrap());
            });
            let reason = fixture::reason(folder.path());
            assert!(reason.contains(tensor) && reason.contains("NaN"), "{name}: {reason}");
        }
    }

    #[test]
    fn sizes_that_do_not_fit_the_weights_are_refused() {
        for (name, field, value) in [
            ("bert", "hidden_size", 64),
            ("bert", "num_attention_heads", 0),
            ("bert", "num_attention_heads", 5),
            ("bert", "intermediate_size", 63),
            ("bert", "num_hidden_layers", 3),
            ("bert", "vocab_size", 632),
            ("bert", "max_position_embeddings", 65),
            ("qwen3", "hidden_size", 64),
            ("qwen3", "num_attention_heads", 0),
            ("qwen3", "num_attention_heads", 8),
            ("qwen3", "num_key_value_heads", 4),
            ("qwen3", "head_dim", 32),
            ("qwen3", "num_hidden_layers", 3),
            ("qwen3", "vocab_size", 600),
        ] {
            let folder = fixture::copy(name);
            fixture::set(&folder.path().join("config.json"), field, value);
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("cannot be loaded"), "{name} {field}: {reason}");
            assert!(!reason.contains("breaks down"), "{name} {field}: {reason}");
        }
    }

    #[test]
    fn a_tokenizer_larger_than_the_vocabulary_is_refused_in_every_family() {
        for name in ["bert", "qwen3", "model2vec", "static_embedding"] {
            let folder = fixture::copy(name);
            let path = folder.path().join("tokenizer.json");
            let mut json: serde_json::Value =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            json["model"]["vocab"]["闻"] = 700.into();
            std::fs::write(&path, json.to_string()).unwrap();
            let reason = fixture::reason(folder.path());
            assert!(reason.contains("tokenizer.json: it has a token with id 700"), "{reason}");
        }
    }

    #[test]
    fn weights_of_half_the_width_give_the_same_direction() {
        let folder = fixture::folder("bert");
        let exact = fixture::load(&folder);
        for dtype in [DType::F16, DType::BF16] {
            let copy = fixture::copy("bert");
            fixture::change(&copy.path().join("model.safetensors"), |tensors| {
                for tensor in tensors.values_mut().filter(|tensor| tensor.dtype().is_float()) {
                    *tensor = tensor.to_dtype(dtype).unwrap();
                }
            });
            let half = fixture::load(copy.path());
            assert_ne!(half.info().version, exact.info().version);
            let text = "云溪市今日下雪";
            let [a, b] =
                [&exact, &half].map(|model| fixture::embed(&**model, text, Purpose::Passage));
            let cosine: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.999, "{dtype:?}: {cosine}");
        }
    }

    #[test]
    fn any_text_has_a_finite_vector_or_no_token() {
        let long = "云溪市今日下雪，2024年。ab🙂".repeat(30_000);
        let unbroken = "雪".repeat(350_000);
        let letters = "a".repeat(1_000_000);
        for name in ["bert", "qwen3", "model2vec", "static_embedding"] {
            let model = fixture::load(&fixture::folder(name));
            let most = model.info().window_tokens_max;
            for text in ["", " ", "🙂", "，。！", "\0", "\u{200b}", &long, &unbroken, &letters]
            {
                let ids = model.tokenize(text, Purpose::Query).unwrap();
                for window in ids.chunks(most).take(2) {
                    let embedding = model.forward(&[window]).unwrap().remove(0);
                    assert!(embedding.values().iter().all(|value| value.is_finite()), "{name}");
                }
            }
            assert!(model.tokenize("", Purpose::Query).unwrap().is_empty());
        }
    }
}
