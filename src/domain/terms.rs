//! The lexical side of an article: a sparse vector of weighted terms.

/// Weighted terms, sorted by index, each index once; the store's sparse vector `terms`.
///
/// An index is the stable 32-bit hash of a term (`text::terms::index`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermVector {
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl TermVector {
    /// Sums `weights` by index and sorts; weights that are not finite or not positive are left out.
    #[must_use]
    pub fn from_weights(weights: impl IntoIterator<Item = (u32, f32)>) -> Self {
        let mut sums = std::collections::BTreeMap::<u32, f32>::new();
        for (index, weight) in weights {
            if weight.is_finite() && weight > 0.0 {
                *sums.entry(index).or_default() += weight;
            }
        }
        let (indices, values) = sums.into_iter().unzip();
        Self { indices, values }
    }

    /// Hashes of the terms, ascending.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Weights, in the order of [`TermVector::indices`].
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Whether it holds no term.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Pairs of index and weight.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.indices.iter().copied().zip(self.values.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::TermVector;

    #[test]
    fn equal_indices_are_summed_and_bad_weights_left_out() {
        let vector =
            TermVector::from_weights([(7, 1.0), (3, 2.0), (7, 0.5), (9, f32::NAN), (1, 0.0)]);
        assert_eq!(vector.indices(), [3, 7]);
        assert_eq!(vector.values(), [2.0, 1.5]);
    }
}
