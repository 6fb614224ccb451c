//! The dense side of an article: a unit-length vector of one model.

use std::sync::Arc;

/// A unit-length vector of finite numbers, `[dim]`; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Arc<[f32]>);

impl Embedding {
    /// Scales `values` to length 1.
    ///
    /// # Errors
    /// [`InvalidEmbedding`] if a value is not finite or all are zero: such a vector has no
    /// direction.
    pub fn normalize(mut values: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < 1e-12 {
            return Err(InvalidEmbedding);
        }
        for value in &mut values {
            #[expect(clippy::cast_possible_truncation, reason = "a unit vector's values fit f32")]
            {
                *value = (f64::from(*value) / norm) as f32;
            }
        }
        Ok(Self(values.into()))
    }

    /// The direction halfway between several embeddings of one model: their sum, scaled to length
    /// 1.
    ///
    /// # Errors
    /// [`InvalidEmbedding`] if there are none, their dims differ, or they cancel out.
    pub fn mean(parts: &[&Embedding]) -> Result<Self, InvalidEmbedding> {
        let Some((first, rest)) = parts.split_first() else { return Err(InvalidEmbedding) };
        let mut sum = first.0.to_vec();
        for part in rest {
            if part.dim() != sum.len() {
                return Err(InvalidEmbedding);
            }
            for (total, value) in sum.iter_mut().zip(part.values()) {
                *total += value;
            }
        }
        Self::normalize(sum)
    }

    /// What is left of the direction without its part along `axis`, which all vectors of a model may
    /// share; `None` where nothing is left, or the dims differ.
    #[must_use]
    pub fn without(&self, axis: &Embedding) -> Option<Self> {
        if self.dim() != axis.dim() {
            return None;
        }
        let along = self.similarity(axis);
        let rest = self.0.iter().zip(axis.0.iter()).map(|(value, part)| value - along * part);
        Self::normalize(rest.collect()).ok()
    }

    /// The numbers, `[dim]`.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// How many numbers.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.0.len()
    }

    /// Cosine with another embedding of the same model, in `[-1, 1]`.
    #[must_use]
    pub fn similarity(&self, other: &Embedding) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }
}

/// A vector without a direction: not finite, all zero, or of unequal dims.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("embedding is zero, not finite, or of another dim")]
pub struct InvalidEmbedding;

#[cfg(test)]
mod tests {
    use super::Embedding;

    #[test]
    fn scaled_to_unit_length() {
        let embedding = Embedding::normalize(vec![3.0, 4.0]).unwrap();
        assert!((embedding.similarity(&embedding) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn vectors_without_a_direction_are_refused() {
        assert!(Embedding::normalize(vec![0.0; 4]).is_err());
        assert!(Embedding::normalize(vec![f32::NAN, 1.0]).is_err());
        assert!(Embedding::normalize(Vec::new()).is_err());
    }

    #[test]
    fn without_a_shared_direction_the_rest_is_compared() {
        let vector = |x, y, z| Embedding::normalize(vec![x, y, z]).unwrap();
        let axis = vector(0.0, 0.0, 1.0);
        let (one, other) = (vector(1.0, 0.0, 3.0), vector(0.0, 1.0, 3.0));
        assert!(one.similarity(&other) > 0.8);
        let (one, other) = (one.without(&axis).unwrap(), other.without(&axis).unwrap());
        assert!(one.similarity(&other).abs() < 1e-6);
        assert_eq!(axis.without(&axis), None);
        assert_eq!(axis.without(&Embedding::normalize(vec![1.0]).unwrap()), None);
    }

    #[test]
    fn opposite_vectors_have_no_mean() {
        let east = Embedding::normalize(vec![1.0, 0.0]).unwrap();
        let west = Embedding::normalize(vec![-1.0, 0.0]).unwrap();
        assert!(Embedding::mean(&[&east, &west]).is_err());
    }
}
