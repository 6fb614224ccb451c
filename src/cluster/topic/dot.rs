//! Sums of products in a fixed order, so that the same numbers always give the same bits.

use crate::domain::embedding::Embedding;

/// Partial sums that a machine can keep side by side; part of the result's bits.
const LANES: usize = 16;
/// What 1.0 is in a [`Prefix`]: unit vectors' products then sum to at most 2^28.
const ONE: f32 = 16_384.0;

/// The first numbers of an embedding as integers, whose sums are exact in any order: the bundled
/// model is rotated, the first ones carry most.
pub(super) type Prefix = [i16; 128];
/// Fewer of them, to look at many articles.
pub(super) type Glance = [i16; 64];

/// The cosine of two embeddings of one model.
pub(super) fn cosine(one: &Embedding, other: &Embedding) -> f32 {
    dot(one.values(), other.values())
}

/// The sum of products, sixteen partial sums side by side.
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (left, right) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest = left.remainder().iter().zip(right.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    for (left, right) in left.zip(right) {
        for ((sum, a), b) in sums.iter_mut().zip(left).zip(right) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The first `N` numbers of an embedding, zeros behind a shorter one.
pub(super) fn prefix<const N: usize>(embedding: &Embedding) -> [i16; N] {
    let mut prefix = [0; N];
    for (short, value) in prefix.iter_mut().zip(embedding.values()) {
        #[expect(clippy::cast_possible_truncation, reason = "a unit vector's values lie in ±1")]
        {
            *short = (value * ONE).round() as i16;
        }
    }
    prefix
}

/// The sum of products of two prefixes, exact.
pub(super) fn coarse<const N: usize>(one: &[i16; N], other: &[i16; N]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The mean of some embeddings, and its length: 1 where all are alike, 0 for none.
pub(super) fn middle<'a>(embeddings: impl IntoIterator<Item = &'a Embedding>) -> (Vec<f32>, f32) {
    let mut sum: Vec<f32> = Vec::new();
    let mut count = 0.0_f32;
    for embedding in embeddings {
        sum.resize(sum.len().max(embedding.dim()), 0.0);
        for (total, value) in sum.iter_mut().zip(embedding.values()) {
            *total += value;
        }
        count += 1.0;
    }
    let length = dot(&sum, &sum).sqrt();
    if length > 0.0 {
        for value in &mut sum {
            *value /= length;
        }
    }
    (sum, length / count.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::coarse;
    use super::cosine;
    use super::middle;
    use super::prefix;
    use crate::domain::embedding::Embedding;

    fn vector(seed: u16) -> Embedding {
        let value = |n: u16| f32::from(n.wrapping_mul(seed).wrapping_mul(2_654) % 1_000) - 500.0;
        Embedding::normalize((1..=100).map(value).collect()).unwrap()
    }

    #[test]
    fn a_prefix_comes_close_to_the_cosine() {
        let (one, other) = (vector(7), vector(8));
        let exact = one.similarity(&other);
        #[expect(clippy::cast_precision_loss, reason = "a test's tolerance")]
        let near = coarse::<128>(&prefix(&one), &prefix(&other)) as f32 / (16_384.0 * 16_384.0);
        assert!((exact - near).abs() < 1e-3, "{exact} {near}");
        assert!((exact - cosine(&one, &other)).abs() < 1e-5);
    }

    #[test]
    fn the_middle_of_one_is_itself() {
        let one = vector(7);
        let (sum, length) = middle([&one]);
        assert!((length - 1.0).abs() < 1e-5 && (super::dot(&sum, one.values()) - 1.0).abs() < 1e-5);
        assert!(middle([]).0.is_empty());
    }
}
