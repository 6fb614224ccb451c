//! Activations times a weight matrix in 8-bit integers.
//!
//! Weights are i8 with one scale per output, activations i8 with one scale per token, found as they
//! come. The sums are exact in i32 at every level, so one model gives one vector on every machine,
//! but for the rounding of what stays f32.

use crate::embed::kernel::aligned::Aligned;
use crate::embed::kernel::level::Level;
use crate::embed::kernel::level::Task;
use crate::embed::kernel::product::copy_edge;
use crate::embed::kernel::product::tiles;
use crate::embed::kernel::simd::Simd;
use crate::embed::kernel::tile::COLUMNS_MAX;
use crate::embed::kernel::tile::ROWS_MAX;
use crate::embed::kernel::tile::columns;

/// The largest size of a quantized number. Symmetric, so that zero stays zero.
const LARGEST: f32 = 127.0;

/// A weight matrix in i8, its scales and its bias, cut into panels as wide as a tile.
#[derive(Debug)]
pub(in crate::embed) struct Panels8 {
    inputs: usize,
    outputs: usize,
    /// `[panel, word, column, number in the word]`, zero past the last input and output.
    weights: Aligned<i8>,
    /// What a sum starts with: takes back the activations' offset.
    starts: Aligned<i32>,
    /// What one step of a weight is worth.
    scales: Aligned<f32>,
    bias: Aligned<f32>,
}

/// Rows of quantized activations; see [`Quantize`].
#[derive(Debug, Default)]
pub(in crate::embed) struct Rows8 {
    /// `[row, word]`.
    words: Aligned<u32>,
    /// What one step of each row's activations is worth.
    scales: Aligned<f32>,
}

/// Words of a row of `inputs` activations.
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
    pub(in crate::embed) fn pack(level: Level, weights: &[f32], bias: &[f32]) -> Self {
        level.run(Pack { weights, bias })
    }

    /// Numbers in a row of activations.
    pub(in crate::embed) fn inputs(&self) -> usize {
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

/// What one step is worth if the largest number is `most`; 1 where all are zero.
#[inline(always)]
fn step(most: f32) -> f32 {
    if most > 0.0 { most / LARGEST } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn nearest(x: f32) -> i8 {
    x.round_ties_even().clamp(-LARGEST, LARGEST) as i8
}

/// Quantizes rows of `inputs` activations.
pub(in crate::embed) struct Quantize<'a> {
    /// `[rows, inputs]`.
    pub(in crate::embed) a: &'a [f32],
    pub(in crate::embed) inputs: usize,
    pub(in crate::embed) out: &'a mut Rows8,
}

impl Quantize<'_> {
    /// Does it with the instructions of `level`.
    pub(in crate::embed) fn compute(self, level: Level) {
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
                most = simd.max(simd.abs(simd.from_slice(numbers)), most);
            }
            most = simd.max(simd.abs(simd.from_part(rest)), most);
            *scale = step(simd.largest(most));
            let inverse = simd.splat(1.0 / *scale);
            let (front, back) = words.split_at_mut(whole.len() / S::PACK);
            for (numbers, words) in whole.chunks_exact(S::WIDTH).zip(front.chunks_exact_mut(4)) {
                words.copy_from_slice(&quantized(simd, simd.from_slice(numbers), inverse));
            }
            if !back.is_empty() {
                back.copy_from_slice(&quantized(simd, simd.from_part(rest), inverse));
            }
        }
    }
}

#[inline(always)]
fn quantized<S: Simd>(simd: S, numbers: S::F32, inverse: S::F32) -> [u32; 4] {
    simd.pack(simd.round(simd.mul(numbers, inverse)))
}

/// `out = a · weights + bias`, plus what stands in `out` if `add`.
pub(in crate::embed) struct Product8<'a> {
    /// `[rows, inputs]`.
    pub(in crate::embed) a: &'a Rows8,
    pub(in crate::embed) rows: usize,
    pub(in crate::embed) panels: &'a Panels8,
    /// `[rows, outputs]`.
    pub(in crate::embed) out: &'a mut [f32],
    pub(in crate::embed) add: bool,
}

impl Product8<'_> {
    /// Computes it with the instructions of `level`, which the panels were packed for.
    pub(in crate::embed) fn compute(self, level: Level) {
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
                simd.run(Tile8 {
                    rows: count,
                    words,
                    a: a.words.get(row * words..).unwrap_or_default().as_ptr(),
                    b: panel.as_ptr(),
                    out: target,
                    out_stride: stride,
                    starts: starts.get(column..).unwrap_or_default().as_ptr(),
                    row_scales: a.scales.get(row..).unwrap_or_default().as_ptr(),
                    scales: at(scales),
                    bias: at(bias),
                    add: whole && add,
                });
                if !whole {
                    copy_edge(&edge, width, place, outputs, outputs - column, count, add);
                }
            }
        }
    }
}

/// A tile of `rows` × [`columns`] of an integer product, scaled back to f32.
struct Tile8 {
    rows: usize,
    words: usize,
    a: *const u32,
    b: *const i8,
    out: *mut f32,
    out_stride: usize,
    starts: *const i32,
    row_scales: *const f32,
    scales: *const f32,
    bias: *const f32,
    add: bool,
}

impl Task for Tile8 {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // SAFETY: whoever made the tile answers for its addresses.
        unsafe {
            match self.rows {
                1 => self.of_rows::<S, 1>(simd),
                2 => self.of_rows::<S, 2>(simd),
                3 => self.of_rows::<S, 3>(simd),
                4 => self.of_rows::<S, 4>(simd),
                5 if S::ROWS >= 5 => self.of_rows::<S, 5>(simd),
                6 if S::ROWS >= 6 => self.of_rows::<S, 6>(simd),
                7 if S::ROWS >= 7 => self.of_rows::<S, 7>(simd),
                8 if S::ROWS >= 8 => self.of_rows::<S, 8>(simd),
                9 if S::ROWS >= 9 => self.of_rows::<S, 9>(simd),
                10 if S::ROWS >= 10 => self.of_rows::<S, 10>(simd),
                11 if S::ROWS >= 11 => self.of_rows::<S, 11>(simd),
                _ if S::ROWS >= 12 => self.of_rows::<S, 12>(simd),
                _ => {}
            }
        }
    }
}

impl Tile8 {
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const R: usize>(&self, simd: S) {
        // SAFETY: every address below is inside what the contract of `Tile8` names.
        unsafe {
            let first = [simd.load_i32(self.starts), simd.load_i32(self.starts.add(S::WIDTH))];
            let mut sums = [first; R];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.words {
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
