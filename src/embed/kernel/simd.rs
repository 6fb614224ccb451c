//! What every set of instructions can do with a register of numbers.

use crate::level::Task;

/// Numbers in the widest register.
pub(super) const WIDTH_MAX: usize = 16;

/// A set of instructions. A value of it proves that this machine has them.
///
/// The plain methods work on registers and are safe. Those on addresses are not: the tiles of the
/// matrix products step through memory by themselves.
pub(super) trait Simd: Copy {
    /// A register of [`Simd::WIDTH`] f32.
    type F32: Copy;
    /// A register of [`Simd::WIDTH`] i32.
    type I32: Copy;
    /// A register of [`Simd::WIDTH`] words of [`Simd::PACK`] small integers each.
    type Words: Copy;

    /// Rows of a tile of a product: with two registers for each they fill the register file.
    const ROWS: usize;
    /// Numbers in a register.
    const WIDTH: usize;
    /// Activations in one 32-bit word of an integer product: 4 u8 or 2 i16.
    const PACK: usize;
    /// What is added to an activation so that it can be unsigned where it must be.
    const OFFSET: i32;

    /// Runs `task` in a function of its own that may use these instructions.
    fn run<T: Task>(self, task: T) -> T::Output;

    /// All lanes `x`.
    fn splat(self, x: f32) -> Self::F32;
    /// `a + b`.
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`.
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`.
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`.
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once where the machine can.
    fn fma(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// The larger of `a` and `b`.
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The smaller of `a` and `b`.
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a` without its sign.
    fn abs(self, a: Self::F32) -> Self::F32;
    /// `a` rounded to an integer, halves to even.
    fn round(self, a: Self::F32) -> Self::F32;
    /// 2 to the power of `n`, integral and in `-126..=127`.
    fn exp2(self, n: Self::F32) -> Self::F32;
    /// The sum of the lanes.
    fn sum(self, a: Self::F32) -> f32;
    /// The largest of the lanes.
    fn largest(self, a: Self::F32) -> f32;

    /// Lane by lane as f32.
    fn to_f32(self, a: Self::I32) -> Self::F32;
    /// `acc` plus the dot product of the small integers of each word; exact, never saturating.
    fn dot(self, acc: Self::I32, activation: Self::Words, weight: Self::Words) -> Self::I32;

    /// The [`Simd::WIDTH`] numbers from `at`.
    ///
    /// # Safety
    /// They must lie inside one allocation.
    unsafe fn load(self, at: *const f32) -> Self::F32;
    /// Writes [`Simd::WIDTH`] numbers to `at`.
    ///
    /// # Safety
    /// The place must lie inside one allocation that may be written.
    unsafe fn store(self, at: *mut f32, a: Self::F32);
    /// The [`Simd::WIDTH`] sums from `at`.
    ///
    /// # Safety
    /// As [`Simd::load`].
    unsafe fn load_i32(self, at: *const i32) -> Self::I32;
    /// The word of activations at `at` in all lanes.
    ///
    /// # Safety
    /// As [`Simd::load`], for four bytes.
    unsafe fn splat_word(self, at: *const u32) -> Self::Words;
    /// The `WIDTH * PACK` weights from `at`.
    ///
    /// # Safety
    /// As [`Simd::load`], for that many bytes.
    unsafe fn load_weights(self, at: *const i8) -> Self::Words;
    /// Asks for the cache line of `at`; any address will do.
    fn prefetch(self, at: *const f32);
    /// A register of activations, rounded to integers in `-127..=127`, as the four words that
    /// [`Simd::dot`] takes; each plus [`Simd::OFFSET`].
    fn pack(self, a: Self::F32) -> [u32; 4];

    /// The first [`Simd::WIDTH`] numbers of `from`; zeros where it has fewer.
    #[inline(always)]
    fn read(self, from: &[f32]) -> Self::F32 {
        if from.len() < Self::WIDTH {
            return self.read_part(from);
        }
        // SAFETY: just checked.
        unsafe { self.load(from.as_ptr()) }
    }

    /// The numbers of `from`, fewer than [`Simd::WIDTH`], and zeros behind them.
    #[inline(always)]
    fn read_part(self, from: &[f32]) -> Self::F32 {
        let mut numbers = [0.0; WIDTH_MAX];
        for (number, from) in numbers.iter_mut().zip(from) {
            *number = *from;
        }
        // SAFETY: no register is wider than the array.
        unsafe { self.load(numbers.as_ptr()) }
    }

    /// Writes as many numbers of `a` as `to` holds.
    #[inline(always)]
    fn write(self, a: Self::F32, to: &mut [f32]) {
        if to.len() >= Self::WIDTH {
            // SAFETY: just checked.
            unsafe { self.store(to.as_mut_ptr(), a) }
            return;
        }
        let mut numbers = [0.0; WIDTH_MAX];
        // SAFETY: no register is wider than the array.
        unsafe { self.store(numbers.as_mut_ptr(), a) }
        for (to, number) in to.iter_mut().zip(numbers) {
            *to = number;
        }
    }
}
