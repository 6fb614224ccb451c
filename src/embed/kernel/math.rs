//! Functions of a register: exponential and the activations.

use crate::embed::kernel::level::Level;
use crate::embed::kernel::level::Task;
use crate::embed::kernel::simd::Simd;

/// The numbers of `p` in [`Gelu`], the last power first.
const TAIL_LAST: f32 = 0.035_983_86;
const TAIL: [f32; 7] = [
    -0.158_494_08,
    0.208_584_22,
    -0.055_743_41,
    0.129_655_42,
    0.099_580_59,
    0.120_807_566,
    0.119_625_784,
];

/// The function between the two products of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::embed) enum Activation {
    /// `x Φ(x)`, off by less than 1e-6 of its size, also far out on the negative side.
    Gelu,
    /// The tanh form: Hendrycks & Gimpel 2016, section 2.
    GeluTanh,
    /// `max(0, x)`.
    Relu,
}

impl Activation {
    /// Changes every number of `values`, with the instructions of `level`.
    pub(in crate::embed) fn apply(self, level: Level, values: &mut [f32]) {
        match self {
            Self::Gelu => level.run(Map { values, function: Gelu }),
            Self::GeluTanh => level.run(Map { values, function: GeluTanh }),
            Self::Relu => level.run(Map { values, function: Relu }),
        }
    }
}

/// A function of a register.
trait Function {
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32;
}

struct Gelu;
struct GeluTanh;
struct Relu;

struct Map<'a, F> {
    values: &'a mut [f32],
    function: F,
}

impl<F: Function> Task for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for numbers in self.values.chunks_mut(S::WIDTH) {
            let x = simd.from_slice(numbers);
            simd.to_slice(self.function.of(simd, x), numbers);
        }
    }
}

/// e to the power of `x`, off by less than 2e-7 of its size; 0 or nearly so below -87, and as
/// large as it gets above 88. Source: Cephes, `expf.c`.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const POWERS: [f32; 5] =
        [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.500_000_01];
    // What is not a number stands behind in both, so it stays.
    let x = simd.max(simd.splat(-87.33), simd.min(simd.splat(88.0), x));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    // ln 2 in two parts, the first exact in few bits.
    let rest = simd.fma(n, simd.splat(-0.693_359_4), x);
    let rest = simd.fma(n, simd.splat(2.121_944_4e-4), rest);
    let mut sum = simd.splat(1.987_569_1e-4);
    for power in POWERS {
        sum = simd.fma(sum, rest, simd.splat(power));
    }
    let sum = simd.add(simd.fma(sum, simd.mul(rest, rest), rest), simd.splat(1.0));
    simd.mul(sum, simd.exp2(n))
}

impl Function for Gelu {
    /// `x Φ(x) = max(0, x) - |x| Φ(-|x|)` with `Φ(-z) = exp(-z²/2) p(t)`, `t = 1 / (1 + 0.3 z)`:
    /// the form of Abramowitz & Stegun 7.1.26. The eight numbers of `p` are our own least squares
    /// over `0 <= z <= 13.4` and make an error of 1.3e-7.
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        let z = simd.abs(x);
        let half = simd.mul(z, simd.splat(-0.5));
        let square = simd.mul(z, half);
        // What the rounding of the square lost; large squares would lose much of the result.
        let lost = simd.fma(z, half, simd.sub(simd.splat(0.0), square));
        let bell = exp(simd, square);
        let bell = simd.fma(bell, lost, bell);
        let t = simd.div(simd.splat(1.0), simd.fma(z, simd.splat(0.3), simd.splat(1.0)));
        let mut sum = simd.splat(TAIL_LAST);
        for power in TAIL {
            sum = simd.fma(sum, t, simd.splat(power));
        }
        let tail = simd.mul(simd.mul(bell, t), sum);
        simd.sub(simd.max(simd.splat(0.0), x), simd.mul(z, tail))
    }
}

impl Function for GeluTanh {
    /// `x / (1 + exp(-2 u))`, `u = √(2/π) (x + 0.044715 x³)`.
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        let inner = simd.fma(simd.mul(x, x), simd.splat(0.044_715), simd.splat(1.0));
        let u = simd.mul(simd.mul(x, inner), simd.splat(-1.595_769_1));
        simd.div(x, simd.add(exp(simd, u), simd.splat(1.0)))
    }
}

impl Function for Relu {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        simd.max(simd.splat(0.0), x)
    }
}
