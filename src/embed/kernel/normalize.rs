//! Layer normalization of rows.

use crate::embed::kernel::level::Level;
use crate::embed::kernel::level::Task;
use crate::embed::kernel::simd::Simd;

/// Scales each row to mean 0 and variance 1, then by `weight` plus `bias`.
///
/// Source: Ba, Kiros & Hinton 2016, section 3.
pub(in crate::embed) struct Normalize<'a> {
    /// `[rows, dim]`.
    pub(in crate::embed) rows: &'a mut [f32],
    /// `[dim]`.
    pub(in crate::embed) weight: &'a [f32],
    /// `[dim]`.
    pub(in crate::embed) bias: &'a [f32],
    /// Keeps the scale finite.
    pub(in crate::embed) epsilon: f32,
}

impl Normalize<'_> {
    /// Does it with the instructions of `level`.
    pub(in crate::embed) fn compute(self, level: Level) {
        level.run(self);
    }
}

impl Task for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "dimensions are far below 2^24")]
    fn run<S: Simd>(self, simd: S) {
        let Self { rows, weight, bias, epsilon } = self;
        let dim = weight.len().max(1);
        for row in rows.chunks_mut(dim) {
            let mut sum = simd.splat(0.0);
            for numbers in row.chunks(S::WIDTH) {
                sum = simd.add(sum, simd.from_slice(numbers));
            }
            let mean = simd.sum(sum) / dim as f32;
            let (minus_mean, mut square) = (simd.splat(-mean), simd.splat(0.0));
            let whole = dim / S::WIDTH * S::WIDTH;
            for numbers in row.chunks_exact(S::WIDTH) {
                let off = simd.add(simd.from_slice(numbers), minus_mean);
                square = simd.fma(off, off, square);
            }
            let rest = row.get(whole..).unwrap_or_default();
            let rest: f32 = rest.iter().map(|x| (x - mean) * (x - mean)).sum();
            let variance = (simd.sum(square) + rest) / dim as f32;
            let scale = simd.splat(1.0 / (variance + epsilon).sqrt());
            let facts = weight.chunks(S::WIDTH).zip(bias.chunks(S::WIDTH));
            for (numbers, (weight, bias)) in row.chunks_mut(S::WIDTH).zip(facts) {
                let off = simd.add(simd.from_slice(numbers), minus_mean);
                let scale = simd.mul(scale, simd.from_slice(weight));
                let normal = simd.fma(off, scale, simd.from_slice(bias));
                simd.to_slice(normal, numbers);
            }
        }
    }
}
