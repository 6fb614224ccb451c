//! The product of activations and a weight matrix in 8-bit integers.
//!
//! Weights are i8 with one scale for each output, activations i8 with one scale for each token,
//! which is found when they come. The sums are exact in i32 at every level, so a model gives the
//! same vectors on every machine, except for the rounding of what stays in f32.

use crate::aligned::Aligned;
use crate::level::Level;
use crate::level::Task;
use crate::product::copy_edge;
use crate::product::tiles;
use crate::simd::Simd;
use crate::tile::COLUMNS_MAX;
use crate::tile::ROWS_MAX;
use crate::tile::by_rows;
use crate::tile::columns;

/// The largest absolute value of a quantized number. The range is symmetric, so zero stays zero.
const LARGEST: f32 = 127.0;

/// A weight matrix in i8 with its scales and its bias, divided into panels as wide as a tile.
#[derive(Debug)]
pub struct Panels8 {
    inputs: usize,
    outputs: usize,
    /// `[panel, word, column, number in the word]`, zero past the last input and output.
    weights: Aligned<i8>,
    /// The value at which each sum starts; it cancels the offset of the activations.
    starts: Aligned<i32>,
    /// The value of one step of each output's weights.
    scales: Aligned<f32>,
    bias: Aligned<f32>,
}

/// Rows of quantized activations, filled by [`Quantize`].
#[derive(Debug, Default)]
pub struct Rows8 {
    /// `[row, word]`.
    words: Aligned<u32>,
    /// The value of one step of each row's activations.
    scales: Aligned<f32>,
}

/// How many words hold a row of `inputs` activations.
#[inline(always)]
fn word_count<S: Simd>(inputs: usize) -> usize {
    inputs.next_multiple_of(S::WIDTH) / S::PACK
}

struct Pack<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
}

impl Panels8 {
    /// Quantizes and packs `weights` `[outputs, inputs]` and `bias` `[outputs]` for `level`.
    #[must_use]
    pub fn pack(level: Level, weights: &[f32], bias: &[f32]) -> Self {
        level.run(Pack { weights, bias })
    }

    /// How many numbers a row of activations has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }
}

impl Task for Pack<'_> {
    type Output = Panels8;

    fn run<S: Simd>(self, _simd: S) -> Panels8 {
        let outputs = self.bias.len();
        let inputs = self.weights.len() / outputs.max(1);
        let width = columns::<S>();
        let padded = outputs.next_multiple_of(width);
        let panel_len = width * word_count::<S>(inputs) * S::PACK;
        let mut panels = Panels8 {
            inputs,
            outputs,
            weights: Aligned::zeros(padded / width * panel_len),
            starts: Aligned::zeros(padded),
            scales: Aligned::zeros(padded),
            bias: Aligned::zeros(padded),
        };
        let facts =
            panels.starts.iter_mut().zip(panels.scales.iter_mut()).zip(panels.bias.iter_mut());
        let rows = self.weights.chunks(inputs.max(1)).zip(self.bias);
        for (output, (((start, scale), place), (row, bias))) in facts.zip(rows).enumerate() {
            let panel = panels.weights.chunks_mut(panel_len.max(1)).nth(output / width);
            let step = step(row.iter().fold(0.0, |most, weight| weight.abs().max(most)));
            let mut sum = 0;
            let words = panel.unwrap_or_default().chunks_mut(width * S::PACK);
            for (word, weights) in words.zip(row.chunks(S::PACK)) {
                let places = word.iter_mut().skip(output % width * S::PACK);
                for (place, weight) in places.zip(weights) {
                    *place = nearest(weight / step);
                    sum += i32::from(*place);
                }
            }
            (*start, *scale, *place) = (-S::OFFSET * sum, step, *bias);
        }
        panels
    }
}

/// The value of one step if the largest number is `most`; 1 if that is so close to zero that the
/// inverse would not be finite.
#[inline(always)]
fn step(most: f32) -> f32 {
    if most > 1e-30 { most / LARGEST } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn nearest(x: f32) -> i8 {
    x.round_ties_even().clamp(-LARGEST, LARGEST) as i8
}

/// Quantizes rows of activations.
pub struct Quantize<'a> {
    /// `[rows, inputs]`.
    pub a: &'a [f32],
    pub inputs: usize,
    pub out: &'a mut Rows8,
}

impl Quantize<'_> {
    /// Runs with the instructions of `level`.
    pub fn compute(self, level: Level) {
        level.run(self);
    }
}

impl Task for Quantize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { a, inputs, out } = self;
        let words = word_count::<S>(inputs);
        let rows = a.len() / inputs.max(1);
        out.words.reserve(rows * words);
        out.scales.reserve(rows);
        let places = out.words.chunks_mut(words.max(1)).zip(out.scales.iter_mut());
        for (row, (words, scale)) in a.chunks(inputs.max(1)).zip(places) {
            let mut most = simd.splat(0.0);
            let (whole, rest) = row.split_at(row.len() / S::WIDTH * S::WIDTH);
            for numbers in whole.chunks_exact(S::WIDTH) {
                most = simd.max(simd.abs(simd.read(numbers)), most);
            }
            most = simd.max(simd.abs(simd.read_part(rest)), most);
            *scale = step(simd.largest(most));
            let inverse = simd.splat(1.0 / *scale);
            let (front, back) = words.split_at_mut(whole.len() / S::PACK);
            for (numbers, words) in whole.chunks_exact(S::WIDTH).zip(front.chunks_exact_mut(4)) {
                words.copy_from_slice(&quantized(simd, simd.read(numbers), inverse));
            }
            if !back.is_empty() {
                back.copy_from_slice(&quantized(simd, simd.read_part(rest), inverse));
            }
        }
    }
}

#[inline(always)]
fn quantized<S: Simd>(simd: S, numbers: S::F32, inverse: S::F32) -> [u32; 4] {
    simd.pack(simd.round(simd.mul(numbers, inverse)))
}

/// Computes `out = a · weights + bias`, and adds the previous content of `out` if `add` is set.
pub struct Product8<'a> {
    /// `[rows, inputs]`.
    pub a: &'a Rows8,
    pub rows: usize,
    pub panels: &'a Panels8,
    /// `[rows, outputs]`.
    pub out: &'a mut [f32],
    pub add: bool,
}

impl Product8<'_> {
    /// Runs with the instructions of `level`, for which the panels must have been packed.
    pub fn compute(self, level: Level) {
        level.run(self);
    }
}

impl Task for Product8<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { a, rows, panels, out, add } = self;
        let Panels8 { inputs, outputs, weights, starts, scales, bias } = panels;
        let (outputs, width, words) = (*outputs, columns::<S>(), word_count::<S>(*inputs));
        let panel_len = width * words * S::PACK;
        let padded = outputs.next_multiple_of(width);
        assert!(starts.len() == padded && weights.len() == padded / width * panel_len);
        assert!(scales.len() == padded && bias.len() == padded);
        assert!(a.words.len() >= rows * words && a.scales.len() >= rows);
        assert!(out.len() == rows * outputs, "one number per row and output");
        let mut edge = [0.0_f32; ROWS_MAX * COLUMNS_MAX];
        for column in (0..outputs).step_by(width) {
            let whole = column + width <= outputs;
            let panel = weights.get(column / width * panel_len..).unwrap_or_default();
            for (row, count) in tiles(rows, S::ROWS) {
                let place = out.get_mut(row * outputs + column..).unwrap_or_default();
                let (target, stride) =
                    if whole { (place.as_mut_ptr(), outputs) } else { (edge.as_mut_ptr(), width) };
                let at = |numbers: &[f32]| numbers.get(column..).unwrap_or_default().as_ptr();
                let tile = Tile8 {
                    rows: count,
                    words,
                    a: a.words.get(row * words..).unwrap_or_default().as_ptr(),
                    b: panel.as_ptr(),
                    out: target,
                    out_stride: stride,
                    row_scales: a.scales.get(row..).unwrap_or_default().as_ptr(),
                    starts: starts.get(column..).unwrap_or_default().as_ptr(),
                    scales: at(scales),
                    bias: at(bias),
                    add: whole && add,
                };
                // SAFETY: the lengths asserted above cover every row and column of the tile; a tile
                // that would reach past the last output is written to `edge`, which holds the
                // largest tile.
                unsafe { compute(simd, tile) }
                if !whole {
                    copy_edge(&edge, width, place, outputs, (count, outputs - column), add);
                }
            }
        }
    }
}

/// A tile of `rows` × [`columns`] of an integer product, which is scaled back to f32.
struct Tile8 {
    /// `1..=S::ROWS`.
    rows: usize,
    /// Words in a row of `a`, which is also the number of rows of `b`.
    words: usize,
    /// Rows of words, one after the other.
    a: *const u32,
    /// Rows of [`columns`] words, one after the other.
    b: *const i8,
    out: *mut f32,
    /// The distance, in numbers, from one row of `out` to the next.
    out_stride: usize,
    /// One scale for each row.
    row_scales: *const f32,
    /// One number for each column, as in the fields below.
    starts: *const i32,
    scales: *const f32,
    bias: *const f32,
    /// Whether the previous content of `out` is added.
    add: bool,
}

/// Computes `tile`.
///
/// # Safety
/// All rows and columns that `tile` names must exist, and nothing else may refer to those of `out`
/// during the call.
#[inline(always)]
unsafe fn compute<S: Simd>(simd: S, tile: Tile8) {
    simd.run(Sound(tile));
}

/// A tile for whose addresses the caller of [`compute`] is responsible.
struct Sound(Tile8);

impl Task for Sound {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let tile = self.0;
        // SAFETY: the caller of `compute` is responsible for the addresses of the tile.
        unsafe { by_rows!(tile, of_rows, simd) }
    }
}

impl Tile8 {
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const R: usize>(&self, simd: S) {
        // SAFETY: every address below is within what the contract of `compute` names.
        unsafe {
            let first = [simd.load_i32(self.starts), simd.load_i32(self.starts.add(S::WIDTH))];
            let mut sums = [first; R];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.words {
                let ahead = b.wrapping_add(self.words * 2 * S::WIDTH * S::PACK);
                simd.prefetch(ahead.cast());
                simd.prefetch(ahead.wrapping_add(S::WIDTH * S::PACK).cast());
                let left = simd.load_weights(b);
                let right = simd.load_weights(b.add(S::WIDTH * S::PACK));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let word = simd.splat_word(a.add(row * self.words));
                    *sum = [simd.dot(sum[0], word, left), simd.dot(sum[1], word, right)];
                }
                a = a.add(1);
                b = b.add(2 * S::WIDTH * S::PACK);
            }
            for half in 0..2 {
                let column = half * S::WIDTH;
                let scale = simd.load(self.scales.add(column));
                let bias = simd.load(self.bias.add(column));
                for (row, sum) in sums.into_iter().enumerate() {
                    let [left, right] = sum;
                    let sum = simd.to_f32(if half == 0 { left } else { right });
                    let out = self.out.add(row * self.out_stride + column);
                    let start = if self.add { simd.add(bias, simd.load(out)) } else { bias };
                    let scale = simd.mul(scale, simd.splat(*self.row_scales.add(row)));
                    simd.store(out, simd.fma(sum, scale, start));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Panels8;
    use super::Product8;
    use super::Quantize;
    use super::Rows8;
    use crate::level::Level;
    use crate::tests::assert_near;
    use crate::tests::numbers;

    fn product(level: Level, a: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let inputs = weights.len() / bias.len();
        let rows = a.len() / inputs;
        let panels = Panels8::pack(level, weights, bias);
        let mut quantized = Rows8::default();
        Quantize { a, inputs, out: &mut quantized }.compute(level);
        let mut out = vec![1.0; rows * bias.len()];
        Product8 { a: &quantized, rows, panels: &panels, out: &mut out, add: true }.compute(level);
        out
    }

    #[test]
    fn every_level_gives_the_same_sums_at_any_shape() {
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 33, 40), (13, 7, 31), (25, 600, 64)] {
            let (a, weights) = (numbers(rows * inputs, 1), numbers(outputs * inputs, 2));
            let bias = numbers(outputs, 3);
            let one = |at: usize| {
                let (row, output) = (at / outputs, at % outputs);
                let a = &a[row * inputs..][..inputs];
                let weights = &weights[output * inputs..][..inputs];
                let largest = |row: &[f32]| row.iter().fold(0.0, |most: f32, x| x.abs().max(most));
                let (a_step, step) = (largest(a) / 127.0, largest(weights) / 127.0);
                let whole = |x: &f32, inverse: f32| f64::from((x * inverse).round_ties_even());
                let pairs = a.iter().zip(weights);
                let sum: f64 = pairs
                    .map(|(a, w)| whole(a, 1.0 / a_step) * f64::from((w / step).round_ties_even()))
                    .sum();
                sum * f64::from(step * a_step) + f64::from(bias[output]) + 1.0
            };
            let wanted: Vec<f64> = (0..rows * outputs).map(one).collect();
            for level in Level::all() {
                let about = format!("{level:?} {rows} × {inputs} × {outputs}");
                assert_near(&product(level, &a, &weights, &bias), &wanted, 1e-5, &about);
            }
        }
    }

    #[test]
    fn the_largest_numbers_do_not_saturate() {
        let (a, weights) = (vec![1.0; 2_048], vec![-1.0; 2_048]);
        for level in Level::all() {
            assert_near(&product(level, &a, &weights, &[0.0]), &[-2_047.0], 1e-3, "sum");
        }
    }

    #[test]
    fn rows_and_weights_of_zeros_give_the_bias() {
        for level in Level::all() {
            for next_to_nothing in [0.0, 1e-40] {
                let a = [next_to_nothing; 8];
                let out = product(level, &a, &[next_to_nothing; 24], &[1.0, 2.0, 3.0]);
                assert_eq!(out, [2.0, 3.0, 4.0]);
            }
        }
    }
}
