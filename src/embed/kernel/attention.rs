//! Self-attention over the tokens of one window.

use crate::aligned::Aligned;
use crate::level::Level;
use crate::level::Task;
use crate::math::exp;
use crate::product::copy_edge;
use crate::product::tiles;
use crate::simd::Simd;
use crate::tile::COLUMNS_MAX;
use crate::tile::ROWS_MAX;
use crate::tile::Tile;
use crate::tile::columns;
use crate::tile::compute;

/// Computes `softmax(q · kᵀ) · v` for each head of one window. The caller has scaled the queries.
///
/// It works on a few rows of scores at a time, so that they and the keys and values of a head stay
/// in the cache. Source: Vaswani et al. 2017, section 3.2.
pub struct Attention<'a> {
    /// `[tokens, 3, heads, dim of a head]`: queries, keys, values.
    pub qkv: &'a [f32],
    pub heads: usize,
    /// The tokens whose output is wanted.
    pub asking: std::ops::Range<usize>,
    /// The output, `[asking, heads, dim of a head]`.
    pub out: &'a mut [f32],
    pub scratch: &'a mut Scratch,
}

/// Buffers for one head, which can be reused for windows of any size.
#[derive(Debug, Default)]
pub struct Scratch {
    /// `[panel of tokens, dim of a head, token]`, zero past the last token.
    keys: Aligned<f32>,
    /// `[panel of dims, token, dim]`, zero past the last dim.
    values: Aligned<f32>,
    /// `[row, token]`, a whole number of panels wide.
    scores: Aligned<f32>,
}

impl Attention<'_> {
    /// Runs with the instructions of `level`.
    pub fn compute(self, level: Level) {
        level.run(self);
    }
}

impl Task for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { qkv, heads, asking, out, scratch } = self;
        let dim = out.len() / asking.len().max(1);
        let head_dim = dim / heads.max(1);
        let tokens = qkv.len() / (3 * dim).max(1);
        assert!(asking.end <= tokens && out.len() == asking.len() * heads * head_dim);
        if head_dim == 0 {
            return;
        }
        let shape =
            Shape { dim, head_dim, tokens, padded: tokens.next_multiple_of(columns::<S>()) };
        scratch.keys.reserve(shape.padded * head_dim);
        scratch.values.reserve(head_dim.next_multiple_of(columns::<S>()) * tokens);
        scratch.scores.reserve(S::ROWS * shape.padded);
        for head in 0..heads {
            shape.pack::<S>(qkv.get(dim + head * head_dim..).unwrap_or_default(), scratch);
            for (row, count) in tiles(asking.len(), S::ROWS) {
                let queries = (asking.start + row) * 3 * dim + head * head_dim;
                let queries = qkv.get(queries..).unwrap_or_default();
                let out = out.get_mut(row * dim + head * head_dim..).unwrap_or_default();
                shape.rows(simd, queries, count, scratch, out);
            }
        }
    }
}

struct Shape {
    dim: usize,
    head_dim: usize,
    tokens: usize,
    /// The number of tokens, rounded up to whole panels.
    padded: usize,
}

impl Shape {
    /// Copies the keys and values of one head into panels. `keys` begins at the first token's keys
    /// of the head; its values are `dim` numbers further on.
    #[inline(always)]
    fn pack<S: Simd>(&self, keys: &[f32], scratch: &mut Scratch) {
        let width = columns::<S>();
        let row = 3 * self.dim;
        let panels = scratch.keys.chunks_mut(width * self.head_dim);
        for (panel, keys) in panels.zip(keys.chunks(width * row)).take(self.padded / width) {
            for (column, key) in keys.chunks(row).enumerate() {
                for (line, number) in panel.chunks_exact_mut(width).zip(key) {
                    if let Some(place) = line.get_mut(column) {
                        *place = *number;
                    }
                }
            }
        }
        let values = keys.get(self.dim..).unwrap_or_default();
        let panels = scratch.values.chunks_mut(width * self.tokens);
        for (at, panel) in (0..self.head_dim).step_by(width).zip(panels) {
            let count = width.min(self.head_dim - at);
            for (line, value) in panel.chunks_exact_mut(width).zip(values.chunks(row)) {
                let value = value.get(at..at + count).unwrap_or_default();
                if let Some(line) = line.get_mut(..count) {
                    line.copy_from_slice(value);
                }
            }
        }
    }

    /// Writes the output for `count` rows of queries to `out`. Rows of queries are `3 · dim`
    /// numbers apart, those of `out` are `dim` apart.
    #[inline(always)]
    fn rows<S: Simd>(
        &self,
        simd: S,
        queries: &[f32],
        count: usize,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let width = columns::<S>();
        let Scratch { keys, values, scores } = scratch;
        for (column, panel) in
            (0..self.padded).step_by(width).zip(keys.chunks(width * self.head_dim))
        {
            let tile = Tile {
                rows: count,
                depth: self.head_dim,
                a: queries.as_ptr(),
                a_stride: 3 * self.dim,
                b: panel.as_ptr(),
                out: scores.get_mut(column..).unwrap_or_default().as_mut_ptr(),
                out_stride: self.padded,
                start: None,
                add: false,
            };
            // SAFETY: `queries` has `count` rows, `panel` is whole, and `scores` is as wide as all
            // panels together and has `S::ROWS` rows.
            unsafe { compute(simd, tile) }
        }
        let mut sums = [0.0; ROWS_MAX];
        for (row, sum) in scores.chunks_mut(self.padded).zip(&mut sums).take(count) {
            *sum = exponentials(simd, row.get_mut(..self.tokens).unwrap_or_default());
        }
        let mut answer = [0.0_f32; ROWS_MAX * COLUMNS_MAX];
        for (at, panel) in (0..self.head_dim).step_by(width).zip(values.chunks(width * self.tokens))
        {
            let tile = Tile {
                rows: count,
                depth: self.tokens,
                a: scores.as_ptr(),
                a_stride: self.padded,
                b: panel.as_ptr(),
                out: answer.as_mut_ptr(),
                out_stride: width,
                start: None,
                add: false,
            };
            // SAFETY: `scores` has `count` rows of all tokens, `panel` has a line for each token,
            // and `answer` has room for the largest tile.
            unsafe { compute(simd, tile) }
            for (row, sum) in answer.chunks_mut(width).zip(&sums).take(count) {
                let share = simd.splat(1.0 / sum);
                for numbers in row.chunks_exact_mut(S::WIDTH) {
                    simd.write(simd.mul(simd.read(numbers), share), numbers);
                }
            }
            let place = out.get_mut(at..).unwrap_or_default();
            let shape = (count, width.min(self.head_dim - at));
            copy_edge(&answer, width, place, self.dim, shape, false);
        }
    }
}

/// Replaces each `x` of `row` by `exp(x - largest)` and returns their sum, which is at least 1.
#[inline(always)]
fn exponentials<S: Simd>(simd: S, row: &mut [f32]) -> f32 {
    let (whole, rest) = row.split_at_mut(row.len() / S::WIDTH * S::WIDTH);
    let mut most = simd.splat(f32::NEG_INFINITY);
    for numbers in whole.chunks_exact(S::WIDTH) {
        most = simd.max(simd.read(numbers), most);
    }
    let most = rest.iter().copied().fold(simd.largest(most), f32::max);
    let most = simd.splat(most);
    let mut sum = simd.splat(0.0);
    for numbers in whole.chunks_exact_mut(S::WIDTH) {
        let power = exp(simd, simd.sub(simd.read(numbers), most));
        sum = simd.add(sum, power);
        simd.write(power, numbers);
    }
    let power = exp(simd, simd.sub(simd.read_part(rest), most));
    simd.write(power, rest);
    simd.sum(sum) + rest.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::Attention;
    use super::Scratch;
    use crate::level::Level;
    use crate::tests::assert_near;
    use crate::tests::numbers;

    /// The output of all heads for one token, computed in f64 by the formula.
    fn answer(qkv: &[f32], heads: usize, dim: usize, token: usize) -> Vec<f64> {
        let head_dim = dim / heads;
        let part = |token: usize, part: usize, head: usize| {
            &qkv[token * 3 * dim + part * dim + head * head_dim..][..head_dim]
        };
        let one = |head: usize| {
            let query = part(token, 0, head);
            let score = |key: &[f32]| -> f64 {
                query.iter().zip(key).map(|(q, k)| f64::from(*q) * f64::from(*k)).sum()
            };
            let tokens = qkv.len() / (3 * dim);
            let powers: Vec<f64> = (0..tokens).map(|at| score(part(at, 1, head)).exp()).collect();
            let total: f64 = powers.iter().sum();
            let mut sum = vec![0.0; head_dim];
            for (at, power) in powers.iter().enumerate() {
                for (sum, value) in sum.iter_mut().zip(part(at, 2, head)) {
                    *sum += power / total * f64::from(*value);
                }
            }
            sum
        };
        (0..heads).flat_map(one).collect()
    }

    #[test]
    fn every_level_agrees_with_the_formula_for_any_window() {
        for (tokens, heads, dim) in [(1, 1, 3), (5, 4, 32), (33, 2, 80), (70, 3, 96)] {
            let qkv = numbers(tokens * 3 * dim, 1);
            for asking in [0..tokens, 0..1, tokens - 1..tokens] {
                let wanted: Vec<f64> =
                    asking.clone().flat_map(|token| answer(&qkv, heads, dim, token)).collect();
                // The same buffers must serve windows of any size.
                let mut scratch = Scratch::default();
                for level in Level::all() {
                    let mut out = vec![0.0; asking.len() * dim];
                    let asking = asking.clone();
                    Attention { qkv: &qkv, heads, asking, out: &mut out, scratch: &mut scratch }
                        .compute(level);
                    assert_near(&out, &wanted, 2e-6, &format!("{level:?} {tokens} tokens"));
                }
            }
        }
    }
}
