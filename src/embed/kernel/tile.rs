//! The innermost loop of every f32 product: a few rows times two registers of columns.

use crate::level::Task;
use crate::simd::Simd;

/// The most rows of a tile at any level.
pub(super) const ROWS_MAX: usize = 12;
/// The most columns of a tile at any level.
pub(super) const COLUMNS_MAX: usize = 32;

/// The columns of a tile with the instructions `S`.
pub(super) const fn columns<S: Simd>() -> usize {
    2 * S::WIDTH
}

/// Calls `$tile.$method::<S, R>($simd)`, where `R` is the number of rows of the tile.
macro_rules! by_rows {
    ($tile:expr, $method:ident, $simd:expr) => {
        match $tile.rows {
            1 => $tile.$method::<S, 1>($simd),
            2 => $tile.$method::<S, 2>($simd),
            3 => $tile.$method::<S, 3>($simd),
            4 => $tile.$method::<S, 4>($simd),
            5 if S::ROWS >= 5 => $tile.$method::<S, 5>($simd),
            6 if S::ROWS >= 6 => $tile.$method::<S, 6>($simd),
            7 if S::ROWS >= 7 => $tile.$method::<S, 7>($simd),
            8 if S::ROWS >= 8 => $tile.$method::<S, 8>($simd),
            9 if S::ROWS >= 9 => $tile.$method::<S, 9>($simd),
            10 if S::ROWS >= 10 => $tile.$method::<S, 10>($simd),
            11 if S::ROWS >= 11 => $tile.$method::<S, 11>($simd),
            12 if S::ROWS >= 12 => $tile.$method::<S, 12>($simd),
            _ => {}
        }
    };
}
pub(super) use by_rows;

/// Computes `out = start + a · b` for a tile of `rows` × [`columns`].
pub(super) struct Tile {
    /// `1..=S::ROWS`.
    pub(super) rows: usize,
    /// Numbers in a row of `a`, which is also the number of rows of `b`.
    pub(super) depth: usize,
    pub(super) a: *const f32,
    /// The distance, in numbers, from one row of `a` to the next.
    pub(super) a_stride: usize,
    /// Rows of [`columns`] numbers, one after the other.
    pub(super) b: *const f32,
    pub(super) out: *mut f32,
    /// The distance, in numbers, from one row of `out` to the next.
    pub(super) out_stride: usize,
    /// One number for each column, the same for every row.
    pub(super) start: Option<*const f32>,
    /// Whether the previous content of `out` is added.
    pub(super) add: bool,
}

/// Computes `tile`.
///
/// # Safety
/// All rows that `tile` names must exist: `rows` of `depth` numbers from `a`, `depth` of
/// [`columns`] from `b`, [`columns`] numbers from `start`, and `rows` of [`columns`] from `out`, to
/// which nothing else may refer during the call.
#[inline(always)]
pub(super) unsafe fn compute<S: Simd>(simd: S, tile: Tile) {
    simd.run(Sound(tile));
}

/// A tile for whose addresses the caller of [`compute`] is responsible.
struct Sound(Tile);

impl Task for Sound {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let tile = self.0;
        // SAFETY: the caller of `compute` is responsible for the addresses of the tile.
        unsafe { by_rows!(tile, of_rows, simd) }
    }
}

impl Tile {
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const R: usize>(&self, simd: S) {
        // SAFETY: every address below is within what the contract of `compute` names.
        unsafe {
            let zero = simd.splat(0.0);
            let first = match self.start {
                Some(start) => [simd.load(start), simd.load(start.add(S::WIDTH))],
                None => [zero, zero],
            };
            let mut sums = [first; R];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.depth {
                // Prefetches the next panel, which is mostly in the third-level cache.
                let ahead = b.wrapping_add(self.depth * 2 * S::WIDTH);
                simd.prefetch(ahead);
                simd.prefetch(ahead.wrapping_add(S::WIDTH));
                let left = simd.load(b);
                let right = simd.load(b.add(S::WIDTH));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let value = simd.splat(*a.add(row * self.a_stride));
                    *sum = [simd.fma(value, left, sum[0]), simd.fma(value, right, sum[1])];
                }
                a = a.add(1);
                b = b.add(2 * S::WIDTH);
            }
            for (row, mut sum) in sums.into_iter().enumerate() {
                let out = self.out.add(row * self.out_stride);
                if self.add {
                    sum[0] = simd.add(sum[0], simd.load(out));
                    sum[1] = simd.add(sum[1], simd.load(out.add(S::WIDTH)));
                }
                simd.store(out, sum[0]);
                simd.store(out.add(S::WIDTH), sum[1]);
            }
        }
    }
}
