//! The loops that take nearly all the time of a forward pass, using the SIMD instructions of this
//! machine.
//!
//! Each loop is written once, generic over an instruction set (`simd::Simd`), and compiled for
//! three: plain Rust for every machine, AVX2 with FMA, and AVX-512 with VNNI. [`level::Level`]
//! finds out at run time which of them exist; the plain one is what the others are tested against.
//! Only packing and growing buffers allocate, and nothing starts a thread.
#![expect(unsafe_code, reason = "instructions of one machine and addresses inside a tile")]
#![expect(clippy::inline_always, reason = "see `level::Task`")]

mod aligned;
pub mod attention;
pub mod level;
pub mod math;
pub mod normalize;
mod portable;
pub mod product;
pub mod quantized;
mod simd;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(test)]
mod tests {
    /// `count` pseudo-random numbers in -1..1.
    pub(super) fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            // The bits of 1 with a random fraction give a number in 1..2.
            f32::from_bits(0x3f80_0000 | state >> 9) * 2.0 - 3.0
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// Asserts that no number of `ours` differs from `wanted` by more than `most`.
    pub(super) fn assert_near(ours: &[f32], wanted: &[f64], most: f64, about: &str) {
        assert_eq!(ours.len(), wanted.len(), "{about}");
        for (at, (ours, wanted)) in ours.iter().zip(wanted).enumerate() {
            let off = (f64::from(*ours) - wanted).abs();
            assert!(off <= most, "{about}: number {at} is {ours}, not {wanted}");
        }
    }
}
