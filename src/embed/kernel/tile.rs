//! The innermost loop of every f32 product: a few rows times two registers of columns.

use crate::embed::kernel::level::Task;
use crate::embed::kernel::simd::Simd;

/// Most rows of a tile at any level.
pub(super) const ROWS_MAX: usize = 12;
/// Most columns of a tile at any level.
pub(super) const COLUMNS_MAX: usize = 32;

/// Columns of a tile with the instructions `S`.
pub(super) const fn columns<S: Simd>() -> usize {
    2 * S::WIDTH
}

/// `out = start + a · b` for a tile of `rows` × [`columns`].
///
/// # Safety
/// To be run only where all of this holds: `1 <= rows <= S::ROWS`; `a` has `rows` rows of `depth` numbers,
/// `a_stride` apart; `b` has `depth` rows of [`columns`] numbers, one behind the other; `out` has
/// `rows` rows of [`columns`] numbers, `out_stride` apart, that nothing else refers to; `start`, if
/// any, has [`columns`] numbers.
pub(super) struct Tile {
    pub(super) rows: usize,
    pub(super) depth: usize,
    pub(super) a: *const f32,
    pub(super) a_stride: usize,
    pub(super) b: *const f32,
    pub(super) out: *mut f32,
    pub(super) out_stride: usize,
    /// One number per column, the same for each row.
    pub(super) start: Option<*const f32>,
    /// Whether what stands in `out` is added.
    pub(super) add: bool,
}

impl Task for Tile {
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

impl Tile {
    #[inline(always)]
    unsafe fn of_rows<S: Simd, const R: usize>(&self, simd: S) {
        // SAFETY: every address below is inside what the contract of `Tile` names.
        unsafe {
            let zero = simd.splat(0.0);
            let first = match self.start {
                Some(start) => [simd.load(start), simd.load(start.add(S::WIDTH))],
                None => [zero, zero],
            };
            let mut sums = [first; R];
            let (mut a, mut b) = (self.a, self.b);
            for _ in 0..self.depth {
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
