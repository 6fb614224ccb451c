//! The level that every machine has: plain Rust on eight lanes, which the compiler may put into
//! registers. The other levels are tested against it.

use crate::level::Task;
use crate::simd::Simd;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portable;

type F32 = [f32; 8];

#[inline(always)]
fn each(mut a: F32, change: impl Fn(f32) -> f32) -> F32 {
    for lane in &mut a {
        *lane = change(*lane);
    }
    a
}

#[inline(always)]
fn pair(mut a: F32, b: F32, join: impl Fn(f32, f32) -> f32) -> F32 {
    for (lane, other) in a.iter_mut().zip(b) {
        *lane = join(*lane, other);
    }
    a
}

impl Simd for Portable {
    type F32 = F32;
    type I32 = [i32; 8];
    type Words = [[i16; 2]; 8];

    const ROWS: usize = 4;
    const WIDTH: usize = 8;
    const PACK: usize = 2;
    const OFFSET: i32 = 0;

    fn run<T: Task>(self, task: T) -> T::Output {
        task.run(self)
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F32 {
        [x; 8]
    }

    #[inline(always)]
    fn add(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn fma(self, a: F32, b: F32, c: F32) -> F32 {
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn max(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: F32, b: F32) -> F32 {
        pair(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn abs(self, a: F32) -> F32 {
        each(a, f32::abs)
    }

    #[inline(always)]
    fn round(self, a: F32) -> F32 {
        each(a, f32::round_ties_even)
    }

    #[inline(always)]
    fn exp2(self, n: F32) -> F32 {
        // 127 is the exponent of 1; adding 2^23 puts the integer into the low bits.
        each(n, |n| f32::from_bits((n + (127.0 + 8_388_608.0)).to_bits() << 23))
    }

    #[inline(always)]
    fn sum(self, a: F32) -> f32 {
        a.into_iter().sum()
    }

    #[inline(always)]
    fn largest(self, a: F32) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a rounding of 2^-24 is f32's own")]
    fn to_f32(self, a: [i32; 8]) -> F32 {
        a.map(|sum| sum as f32)
    }

    #[inline(always)]
    fn dot(self, mut acc: [i32; 8], activation: Self::Words, weight: Self::Words) -> [i32; 8] {
        for ((sum, [a, b]), [v, w]) in acc.iter_mut().zip(activation).zip(weight) {
            *sum += i32::from(a) * i32::from(v) + i32::from(b) * i32::from(w);
        }
        acc
    }

    #[inline(always)]
    fn pack(self, a: F32) -> [u32; 4] {
        let mut words = [0; 4];
        for (word, pair) in words.iter_mut().zip(a.chunks_exact(2)) {
            *word = pair.iter().rev().fold(0, |word, number| word << 16 | half_word(*number));
        }
        words
    }

    #[inline(always)]
    fn prefetch(self, _at: *const f32) {}

    #[inline(always)]
    unsafe fn load(self, at: *const f32) -> F32 {
        // SAFETY: the caller guarantees eight numbers; an array needs no more alignment than one of
        // them.
        unsafe { at.cast::<F32>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f32, a: F32) {
        // SAFETY: as in `load`.
        unsafe { at.cast::<F32>().write(a) }
    }

    #[inline(always)]
    unsafe fn load_i32(self, at: *const i32) -> [i32; 8] {
        // SAFETY: as in `load`.
        unsafe { at.cast::<[i32; 8]>().read() }
    }

    #[inline(always)]
    unsafe fn splat_word(self, at: *const u32) -> Self::Words {
        // SAFETY: the caller guarantees four bytes, and any four bytes are two i16.
        [unsafe { at.cast::<[i16; 2]>().read_unaligned() }; 8]
    }

    #[inline(always)]
    unsafe fn load_weights(self, at: *const i8) -> Self::Words {
        // SAFETY: the caller guarantees sixteen bytes.
        let weights = unsafe { at.cast::<[[i8; 2]; 8]>().read() };
        weights.map(|pair| pair.map(i16::from))
    }
}

/// An integral `x` in `-127..=127` as the low half of a word.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "integral and small by the contract of `pack`")]
fn half_word(x: f32) -> u32 {
    u32::from((x as i16).cast_unsigned())
}
