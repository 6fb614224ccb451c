//! The lexical side of an article: a sparse vector of weighted terms.

/// Set in the index of a unit, by which a search finds articles, and not set in that of a word, by which
/// texts are compared. So the words of a vector stand before its units.
pub const UNIT_BIT: u32 = 1 << 31;

/// Weighted terms, sorted by index, each index once; the store's sparse vector `terms`.
///
/// An index is the stable 32-bit hash of a term (`text::terms::index`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermVector {
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl TermVector {
    /// Sums `weights` by index, in the order given, and sorts; weights that are not finite or not positive
    /// are left out.
    #[must_use]
    pub fn from_weights(weights: impl IntoIterator<Item = (u32, f32)>) -> Self {
        let is_weight = |(_, weight): &(u32, f32)| weight.is_finite() && *weight > 0.0;
        let mut all: Vec<(u32, f32)> = weights.into_iter().filter(is_weight).collect();
        // Stable, so that the sums are the same in every run.
        all.sort_by_key(|(index, _)| *index);
        let mut vector = Self::default();
        for (index, weight) in all {
            match (vector.indices.last(), vector.values.last_mut()) {
                (Some(last), Some(sum)) if *last == index => *sum += weight,
                _ => {
                    vector.indices.push(index);
                    vector.values.push(weight);
                }
            }
        }
        vector
    }

    /// The same terms with other weights; those that are not finite or not positive are left out.
    #[must_use]
    pub fn map(&self, weigh: impl Fn(f32) -> f32) -> Self {
        Self::from_weights(self.iter().map(|(index, weight)| (index, weigh(weight))))
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

    /// The words alone, without the units.
    #[must_use]
    pub fn words(&self) -> Self {
        let end = self.indices.partition_point(|index| index & UNIT_BIT == 0);
        let (indices, values) = (self.indices.get(..end), self.values.get(..end));
        let (indices, values) = (indices.unwrap_or_default(), values.unwrap_or_default());
        Self { indices: indices.to_vec(), values: values.to_vec() }
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
    use super::UNIT_BIT;

    #[test]
    fn words_come_without_the_units() {
        let vector = TermVector::from_weights([(UNIT_BIT, 1.0), (7, 2.0), (UNIT_BIT | 7, 3.0)]);
        assert_eq!(vector.words(), TermVector::from_weights([(7, 2.0)]));
        assert_eq!(vector.words().words(), vector.words());
    }

    #[test]
    fn equal_indices_are_summed_and_bad_weights_left_out() {
        let vector =
            TermVector::from_weights([(7, 1.0), (3, 2.0), (7, 0.5), (9, f32::NAN), (1, 0.0)]);
        assert_eq!(vector.indices(), [3, 7]);
        assert_eq!(vector.values(), [2.0, 1.5]);
    }
}
