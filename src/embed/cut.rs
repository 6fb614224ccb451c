//! Keeps only the first numbers of a model's embeddings (Matryoshka embeddings).
//!
//! Source: Kusupati et al. 2022, section 3; the numbers that are kept are scaled to unit length
//! again.

use crate::Embedder;
use crate::Error;
use crate::Model;
use crate::ModelInfo;
use crate::Purpose;
use wenmai_domain::embedding::Embedding;

/// A model whose embeddings are cut to their first `info.dim` numbers.
pub(super) struct Cut {
    model: Model,
    info: ModelInfo,
}

impl Cut {
    /// Wraps `model`, which must give at least `info.dim` numbers.
    pub(super) fn new(model: Model, info: ModelInfo) -> Self {
        Self { model, info }
    }
}

impl Embedder for Cut {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, Error> {
        self.model.tokenize(text, purpose)
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, Error> {
        let cut = |embedding: Embedding| {
            if embedding.dim() == self.info.dim {
                return Ok(embedding);
            }
            let kept = embedding.values().iter().take(self.info.dim).copied().collect();
            Embedding::normalize(kept).map_err(|_zero| Error::NoDirection)
        };
        self.model.forward(windows)?.into_iter().map(cut).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use crate::Purpose;
    use crate::fixture;
    use crate::open;

    #[test]
    fn the_first_numbers_are_scaled_to_length_one_again() {
        let folder = fixture::folder("bert");
        let whole = fixture::embed(&*fixture::load(&folder), "雪", Purpose::Passage);
        let cut = open(&Config { dim: Some(8), ..fixture::config(&folder) }).unwrap();
        assert_eq!(cut.info().dim, 8);
        let kept = fixture::embed(&*cut, "雪", Purpose::Passage);
        let length = whole[..8].iter().map(|value| value * value).sum::<f32>().sqrt();
        assert_eq!(kept.len(), 8);
        for (ours, theirs) in kept.iter().zip(&whole) {
            assert!((ours - theirs / length).abs() < 1e-6);
        }
    }

    #[test]
    fn more_numbers_than_the_model_gives_are_refused() {
        let config = Config { dim: Some(33), ..fixture::config(&fixture::folder("bert")) };
        let reason = open(&config).err().unwrap().to_string();
        assert!(reason.contains("--embed-dim 33 is more than the 32 numbers"), "{reason}");
    }

    #[test]
    fn the_folder_may_say_how_many_and_the_setting_goes_before() {
        let folder = fixture::copy("dense");
        let path = folder.path().join("config_sentence_transformers.json");
        fixture::set(&path, "truncate_dim", 6);
        let dim = |dim| open(&Config { dim, ..fixture::config(folder.path()) }).unwrap().info().dim;
        assert_eq!((dim(None), dim(Some(0)), dim(Some(7))), (6, 12, 7));
    }
}
