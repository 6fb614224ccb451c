//! Layer normalization.

use crate::level::Level;
use crate::level::Task;
use crate::simd::Simd;

/// Scales each row to mean 0 and variance 1, then multiplies it by `weight` and adds `bias`.
///
/// Source: Ba, Kiros & Hinton 2016, section 3.
pub struct Normalize<'a> {
    /// `[rows, dim]`.
    pub rows: &'a mut [f32],
    /// `[dim]`.
    pub weight: &'a [f32],
    /// `[dim]`.
    pub bias: &'a [f32],
    /// Added to the variance, so that the scale stays finite.
    pub epsilon: f32,
}

impl Normalize<'_> {
    /// Runs with the instructions of `level`.
    pub fn compute(self, level: Level) {
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
                sum = simd.add(sum, simd.read(numbers));
            }
            let mean = simd.sum(sum) / dim as f32;
            let (minus_mean, mut square) = (simd.splat(-mean), simd.splat(0.0));
            let whole = dim / S::WIDTH * S::WIDTH;
            for numbers in row.chunks_exact(S::WIDTH) {
                let off = simd.add(simd.read(numbers), minus_mean);
                square = simd.fma(off, off, square);
            }
            let rest = row.get(whole..).unwrap_or_default();
            let rest: f32 = rest.iter().map(|x| (x - mean) * (x - mean)).sum();
            let variance = (simd.sum(square) + rest) / dim as f32;
            let scale = simd.splat(1.0 / (variance + epsilon).sqrt());
            let facts = weight.chunks(S::WIDTH).zip(bias.chunks(S::WIDTH));
            for (numbers, (weight, bias)) in row.chunks_mut(S::WIDTH).zip(facts) {
                let off = simd.add(simd.read(numbers), minus_mean);
                let scale = simd.mul(scale, simd.read(weight));
                let normal = simd.fma(off, scale, simd.read(bias));
                simd.write(normal, numbers);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Normalize;
    use crate::level::Level;
    use crate::tests::assert_near;
    use crate::tests::numbers;

    #[test]
    fn every_level_agrees_with_the_formula_at_any_width() {
        for dim in [1_u8, 5, 32, 41] {
            let width = usize::from(dim);
            let (rows, weight) = (numbers(3 * width, 1), numbers(width, 2));
            let bias = numbers(width, 3);
            let normal = |row: &[f32]| {
                let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / f64::from(dim);
                let square = |x: &f32| (f64::from(*x) - mean).powi(2);
                let variance = row.iter().map(square).sum::<f64>() / f64::from(dim);
                let scale = 1.0 / (variance + 1e-5).sqrt();
                let one = |at: usize| {
                    let off = (f64::from(row[at]) - mean) * scale;
                    off * f64::from(weight[at]) + f64::from(bias[at])
                };
                (0..width).map(one).collect::<Vec<f64>>()
            };
            let wanted: Vec<f64> = rows.chunks(width).flat_map(normal).collect();
            for level in Level::all() {
                let mut rows = rows.clone();
                Normalize { rows: &mut rows, weight: &weight, bias: &bias, epsilon: 1e-5 }
                    .compute(level);
                assert_near(&rows, &wanted, 1e-5, &format!("{level:?} {dim}"));
            }
        }
    }
}
