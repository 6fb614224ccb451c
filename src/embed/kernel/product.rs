//! The product of activations and a weight matrix in f32.

use crate::aligned::Aligned;
use crate::level::Level;
use crate::level::Task;
use crate::simd::Simd;
use crate::tile::COLUMNS_MAX;
use crate::tile::ROWS_MAX;
use crate::tile::Tile;
use crate::tile::columns;
use crate::tile::compute;

/// Rows of a panel that one pass over the tiles reads, so that they stay in the first-level cache.
pub(super) const DEPTH: usize = 512;

/// A weight matrix and its bias, divided into panels as wide as a tile.
#[derive(Debug)]
pub struct Panels {
    inputs: usize,
    outputs: usize,
    /// `[panel, input, column]`, zero past the last output.
    weights: Aligned<f32>,
    /// Zero past the last output.
    bias: Aligned<f32>,
}

struct Pack<'a> {
    weights: &'a [f32],
    bias: &'a [f32],
}

impl Panels {
    /// Packs `weights` `[outputs, inputs]`, as a linear layer stores them, and `bias` `[outputs]`
    /// for `level`. Numbers that are missing count as zero.
    #[must_use]
    pub fn pack(level: Level, weights: &[f32], bias: &[f32]) -> Self {
        level.run(Pack { weights, bias })
    }
}

impl Task for Pack<'_> {
    type Output = Panels;

    fn run<S: Simd>(self, _simd: S) -> Panels {
        let outputs = self.bias.len();
        let inputs = self.weights.len() / outputs.max(1);
        let width = columns::<S>();
        let padded = outputs.next_multiple_of(width);
        let mut weights = Aligned::zeros(padded * inputs);
        for (panel, rows) in weights
            .chunks_mut((width * inputs).max(1))
            .zip(self.weights.chunks((width * inputs).max(1)))
        {
            for (column, row) in rows.chunks(inputs.max(1)).enumerate() {
                for (line, weight) in panel.chunks_mut(width).zip(row) {
                    if let Some(place) = line.get_mut(column) {
                        *place = *weight;
                    }
                }
            }
        }
        let mut bias = Aligned::zeros(padded);
        for (place, number) in bias.iter_mut().zip(self.bias) {
            *place = *number;
        }
        Panels { inputs, outputs, weights, bias }
    }
}

/// Computes `out = a · weights + bias`, and adds the previous content of `out` if `add` is set.
pub struct Product<'a> {
    /// `[rows, inputs]`.
    pub a: &'a [f32],
    pub panels: &'a Panels,
    /// `[rows, outputs]`.
    pub out: &'a mut [f32],
    pub add: bool,
}

impl Product<'_> {
    /// Runs with the instructions of `level`, for which the panels must have been packed.
    pub fn compute(self, level: Level) {
        level.run(self);
    }
}

impl Task for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { a, panels, out, add } = self;
        let Panels { inputs, outputs, weights, bias } = panels;
        let (inputs, outputs, width) = (*inputs, *outputs, columns::<S>());
        let rows = a.len() / inputs.max(1);
        assert!(out.len() == rows * outputs && weights.len() == inputs * bias.len());
        assert!(bias.len() == outputs.next_multiple_of(width), "packed for another level");
        let mut edge = [0.0_f32; ROWS_MAX * COLUMNS_MAX];
        for depth_at in (0..inputs).step_by(DEPTH) {
            let depth = DEPTH.min(inputs - depth_at);
            for column in (0..outputs).step_by(width) {
                let whole = column + width <= outputs;
                let panel = weights.get(column * inputs + depth_at * width..).unwrap_or_default();
                let start = bias.get(column..).unwrap_or_default().as_ptr();
                for (row, count) in tiles(rows, S::ROWS) {
                    let a = a.get(row * inputs + depth_at..).unwrap_or_default();
                    let place = out.get_mut(row * outputs + column..).unwrap_or_default();
                    let (target, stride) = if whole {
                        (place.as_mut_ptr(), outputs)
                    } else {
                        (edge.as_mut_ptr(), width)
                    };
                    let tile = Tile {
                        rows: count,
                        depth,
                        a: a.as_ptr(),
                        a_stride: inputs,
                        b: panel.as_ptr(),
                        out: target,
                        out_stride: stride,
                        start: (depth_at == 0).then_some(start),
                        add: whole && (add || depth_at > 0),
                    };
                    // SAFETY: the lengths asserted above cover every row and column of the tile; a
                    // tile that would reach past the last output is written to `edge`.
                    unsafe { compute(simd, tile) }
                    if !whole {
                        let shape = (count, outputs - column);
                        copy_edge(&edge, width, place, outputs, shape, add || depth_at > 0);
                    }
                }
            }
        }
    }
}

/// Copies or adds the first `rows` × `columns` numbers of `edge`, whose rows are `width` long, to
/// `place`, whose rows are `stride` apart.
#[inline(always)]
pub(super) fn copy_edge(
    edge: &[f32],
    width: usize,
    place: &mut [f32],
    stride: usize,
    (rows, columns): (usize, usize),
    add: bool,
) {
    for (line, from) in place.chunks_mut(stride).zip(edge.chunks(width)).take(rows) {
        for (to, sum) in line.iter_mut().zip(from).take(columns) {
            *to = if add { *to + *sum } else { *sum };
        }
    }
}

/// The first row and the number of rows of each tile, when `rows` rows are divided as evenly as
/// possible into tiles of at most `most`.
#[inline(always)]
pub(super) fn tiles(rows: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(most);
    (0..count).map(move |at| {
        let begin = at * rows / count;
        (begin, (at + 1) * rows / count - begin)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Panels;
    use super::Product;
    use super::tiles;
    use crate::level::Level;
    use crate::tests::assert_near;
    use crate::tests::numbers;

    #[test]
    fn every_level_agrees_with_plain_sums_at_any_shape() {
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 33, 40), (13, 7, 31), (25, 600, 64)] {
            let (a, weights) = (numbers(rows * inputs, 1), numbers(outputs * inputs, 2));
            let (bias, before) = (numbers(outputs, 3), numbers(rows * outputs, 4));
            for add in [false, true] {
                let one = |at: usize| {
                    let (row, output) = (at / outputs, at % outputs);
                    let a = &a[row * inputs..][..inputs];
                    let pairs = a.iter().zip(&weights[output * inputs..][..inputs]);
                    let sum: f64 = pairs.map(|(a, w)| f64::from(*a) * f64::from(*w)).sum();
                    sum + f64::from(bias[output]) + if add { f64::from(before[at]) } else { 0.0 }
                };
                let wanted: Vec<f64> = (0..rows * outputs).map(one).collect();
                for level in Level::all() {
                    let panels = Panels::pack(level, &weights, &bias);
                    let mut out = before.clone();
                    Product { a: &a, panels: &panels, out: &mut out, add }.compute(level);
                    let about = format!("{level:?} {rows} × {inputs} × {outputs}");
                    assert_near(&out, &wanted, 1e-4, &about);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn tiles_cover_all_rows_once(rows in 0_usize..200, most in 1_usize..13) {
            let tiles: Vec<(usize, usize)> = tiles(rows, most).collect();
            prop_assert!(tiles.iter().all(|(_, count)| (1..=most).contains(count)));
            prop_assert!(tiles.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0));
            prop_assert_eq!(tiles.iter().map(|(_, count)| count).sum::<usize>(), rows);
        }
    }
}
