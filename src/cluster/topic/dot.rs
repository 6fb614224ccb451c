//! Sums of products in a fixed order, so that the same numbers always give the same bits.

use wenmai_domain::embedding::Embedding;

/// Partial sums that a machine can keep side by side; part of the result's bits.
const LANES: usize = 16;
/// What 1.0 is in a [`Prefix`]: unit vectors' products then sum to at most 2^28.
const ONE: f32 = 16_384.0;
/// Numbers of a prefix: the bundled model is rotated, the first ones carry most.
pub(super) const PREFIX: usize = 128;

/// Numbers of a prefix that are looked at first.
pub(super) const HEAD: usize = 64;

/// The first numbers of an embedding as integers, whose sums are exact in any order.
pub(super) type Prefix = [i16; PREFIX];

/// The beginning of a [`Prefix`], and the length of the rest, rounded up.
#[derive(Clone, Copy)]
pub(super) struct Head {
    values: [i16; HEAD],
    rest: i32,
}

impl Head {
    /// Of no prefix: near nothing, so that a scan passes it over.
    pub(super) const NONE: Self = Self { values: [0; HEAD], rest: i32::MIN };
}

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

/// The prefix of an embedding, zeros behind a shorter one.
pub(super) fn prefix(embedding: &Embedding) -> Prefix {
    let mut prefix = [0; PREFIX];
    for (short, value) in prefix.iter_mut().zip(embedding.values()) {
        #[expect(clippy::cast_possible_truncation, reason = "a unit vector's values lie in ±1")]
        {
            *short = (value * ONE).round() as i16;
        }
    }
    prefix
}

/// The sum of products of two prefixes, exact.
pub(super) fn coarse(one: &Prefix, other: &Prefix) -> i32 {
    products(one, other)
}

/// The sum of products. It cannot overflow (see [`ONE`]), and is told so; and eight sums side by side
/// let the machine multiply eight at once, where one sum has it unpack them first.
fn products<const LENGTH: usize>(one: &[i16; LENGTH], other: &[i16; LENGTH]) -> i32 {
    const { assert!(LENGTH.is_multiple_of(8)) };
    let mut sums = [0_i32; 8];
    for (left, right) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum = sum.wrapping_add(i32::from(*a).wrapping_mul(i32::from(*b)));
        }
    }
    sums.into_iter().fold(0, i32::wrapping_add)
}

/// The head of a prefix.
pub(super) fn head(prefix: &Prefix) -> Head {
    let mut values = [0; HEAD];
    values.iter_mut().zip(prefix).for_each(|(value, of_prefix)| *value = *of_prefix);
    let square: i64 = prefix.iter().skip(HEAD).map(|value| i64::from(*value).pow(2)).sum();
    let rest = square.isqrt() + 1;
    Head { values, rest: i32::try_from(rest).unwrap_or(i32::MAX) }
}

/// The most that [`coarse`] can be for two prefixes with these heads: the rests are at best parallel
/// (Cauchy and Schwarz).
pub(super) fn at_most(one: &Head, other: &Head) -> i32 {
    let sum = products(&one.values, &other.values);
    sum.saturating_add(one.rest.saturating_mul(other.rest))
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
    use super::at_most;
    use super::coarse;
    use super::cosine;
    use super::head;
    use super::middle;
    use super::prefix;
    use wenmai_domain::embedding::Embedding;

    fn vector(seed: u16) -> Embedding {
        let value = |n: u16| f32::from(n.wrapping_mul(seed).wrapping_mul(2_654) % 1_000) - 500.0;
        Embedding::normalize((1..=100).map(value).collect()).unwrap()
    }

    #[test]
    fn a_prefix_comes_close_to_the_cosine() {
        let (one, other) = (vector(7), vector(8));
        let exact = one.similarity(&other);
        #[expect(clippy::cast_precision_loss, reason = "a test's tolerance")]
        let near = coarse(&prefix(&one), &prefix(&other)) as f32 / (16_384.0 * 16_384.0);
        assert!((exact - near).abs() < 1e-3, "{exact} {near}");
        assert!((exact - cosine(&one, &other)).abs() < 1e-5);
    }

    #[test]
    fn a_head_never_promises_too_little() {
        let long = |seed: u16| {
            let value = |n: u16| f32::from(n.wrapping_mul(seed).wrapping_mul(2_654) % 997) - 490.0;
            prefix(&Embedding::normalize((1..=200).map(value).collect()).unwrap())
        };
        for (one, other) in (1..60).flat_map(|one| (one..60).map(move |other| (one, other))) {
            let (one, other) = (long(one), long(other));
            assert!(at_most(&head(&one), &head(&other)) >= coarse(&one, &other));
            assert!(at_most(&head(&one), &head(&one)) >= coarse(&one, &one));
        }
    }

    #[test]
    fn the_middle_of_one_is_itself() {
        let one = vector(7);
        let (sum, length) = middle([&one]);
        assert!((length - 1.0).abs() < 1e-5 && (super::dot(&sum, one.values()) - 1.0).abs() < 1e-5);
        assert!(middle([]).0.is_empty());
    }
}
