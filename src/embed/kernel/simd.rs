//! The operations on registers that every instruction set provides.

use crate::level::Task;

/// The most numbers that a register of any level holds.
pub(super) const WIDTH_MAX: usize = 16;

/// An instruction set. A value of it proves that this machine has the instructions.
///
/// The methods on registers are safe. Those on addresses are not, because the tiles of the matrix
/// products step through memory by themselves.
pub(super) trait Simd: Copy {
    /// A register of [`Simd::WIDTH`] numbers in f32.
    type F32: Copy;
    /// A register of [`Simd::WIDTH`] numbers in i32.
    type I32: Copy;
    /// A register of [`Simd::WIDTH`] words of [`Simd::PACK`] small integers each.
    type Words: Copy;

    /// Rows of a tile of a product; with two registers for each row they fill the register file.
    const ROWS: usize;
    /// How many numbers a register holds.
    const WIDTH: usize;
    /// Activations in one 32-bit word of an integer product: 4 as u8, or 2 as i16.
    const PACK: usize;
    /// What is added to an activation where the instructions need it to be unsigned.
    const OFFSET: i32;

    /// Runs `task` in a function of its own, which may use these instructions.
    fn run<T: Task>(self, task: T) -> T::Output;

    /// A register with `x` in every lane.
    fn splat(self, x: f32) -> Self::F32;
    /// `a + b`.
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`.
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`.
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`.
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded only once if the machine can.
    fn fma(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// The larger of `a` and `b` in each lane.
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The smaller of `a` and `b` in each lane.
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The absolute value of `a`.
    fn abs(self, a: Self::F32) -> Self::F32;
    /// `a` rounded to an integer, with halves to the even one.
    fn round(self, a: Self::F32) -> Self::F32;
    /// 2 to the power of `n`, which must be integral and in `-126..=127`.
    fn exp2(self, n: Self::F32) -> Self::F32;
    /// The sum of all lanes.
    fn sum(self, a: Self::F32) -> f32;
    /// The largest of all lanes.
    fn largest(self, a: Self::F32) -> f32;

    /// Converts each lane to f32.
    fn to_f32(self, a: Self::I32) -> Self::F32;
    /// `acc` plus the dot product of the small integers in each word; it is exact and never
    /// saturates.
    fn dot(self, acc: Self::I32, activation: Self::Words, weight: Self::Words) -> Self::I32;

    /// Loads the [`Simd::WIDTH`] numbers from `at`.
    ///
    /// # Safety
    /// They must lie inside one allocation.
    unsafe fn load(self, at: *const f32) -> Self::F32;
    /// Writes [`Simd::WIDTH`] numbers to `at`.
    ///
    /// # Safety
    /// The place must lie inside one allocation that may be written to.
    unsafe fn store(self, at: *mut f32, a: Self::F32);
    /// Loads the [`Simd::WIDTH`] integers from `at`.
    ///
    /// # Safety
    /// As for [`Simd::load`].
    unsafe fn load_i32(self, at: *const i32) -> Self::I32;
    /// Loads the word of activations at `at` into all lanes.
    ///
    /// # Safety
    /// As for [`Simd::load`], for four bytes.
    unsafe fn splat_word(self, at: *const u32) -> Self::Words;
    /// Loads the `WIDTH * PACK` weights from `at`.
    ///
    /// # Safety
    /// As for [`Simd::load`], for that many bytes.
    unsafe fn load_weights(self, at: *const i8) -> Self::Words;
    /// Asks the machine to fetch the cache line of `at`; any address is allowed.
    fn prefetch(self, at: *const f32);
    /// Converts a register of activations, rounded to integers in `-127..=127`, into the four words
    /// that [`Simd::dot`] takes, with [`Simd::OFFSET`] added to each activation.
    fn pack(self, a: Self::F32) -> [u32; 4];

    /// Loads the first [`Simd::WIDTH`] numbers of `from`, with zeros where it has fewer.
    #[inline(always)]
    fn read(self, from: &[f32]) -> Self::F32 {
        if from.len() < Self::WIDTH {
            return self.read_part(from);
        }
        // SAFETY: the length was just checked.
        unsafe { self.load(from.as_ptr()) }
    }

    /// Loads the numbers of `from`, which are fewer than [`Simd::WIDTH`], followed by zeros.
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
            // SAFETY: the length was just checked.
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
