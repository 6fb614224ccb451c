//! The exponential function and the activations, computed on a register at a time.

use crate::level::Level;
use crate::level::Task;
use crate::simd::Simd;

/// The coefficients of `p` in [`Gelu`]; this one belongs to the highest power.
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

/// The activation between the two products of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x Φ(x)` with a relative error below 1e-6, also for large negative numbers.
    Gelu,
    /// The tanh form of GELU: Hendrycks & Gimpel 2016, section 2.
    GeluTanh,
    /// `max(0, x)`.
    Relu,
}

impl Activation {
    /// Applies the activation to every number of `values`, with the instructions of `level`.
    pub fn apply(self, level: Level, values: &mut [f32]) {
        match self {
            Self::Gelu => level.run(Map { values, function: Gelu }),
            Self::GeluTanh => level.run(Map { values, function: GeluTanh }),
            Self::Relu => level.run(Map { values, function: Relu }),
        }
    }
}

/// A function that is applied to a register.
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
            let x = simd.read(numbers);
            simd.write(self.function.of(simd, x), numbers);
        }
    }
}

/// e to the power of `x`, with a relative error below 2e-7. It is nearly 0 below -87, and above 88
/// it stays at its value for 88. Source: Cephes, `expf.c`.
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const POWERS: [f32; 5] = [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];
    // A NaN is the second argument of both, so it stays a NaN.
    let x = simd.max(simd.splat(-87.33), simd.min(simd.splat(88.0), x));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    // ln 2 in two parts, of which the first has few bits and is exact.
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
    /// `x Φ(x) = max(0, x) - |x| Φ(-|x|)` with `Φ(-z) = exp(-z²/2) p(t)` and `t = 1 / (1 + 0.3 z)`,
    /// in the form of Abramowitz & Stegun 7.1.26. The eight coefficients of `p` are our own
    /// least-squares fit over `0 <= z <= 13.4`, with an error of 1.3e-7.
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        let size = simd.abs(x);
        // Beyond 14 the tail is below the smallest number, and squares would overflow.
        let z = simd.min(simd.splat(14.0), size);
        let half = simd.mul(z, simd.splat(-0.5));
        let square = simd.mul(z, half);
        // The rounding error of the square; for large squares much of the result would be lost
        // without it.
        let lost = simd.fma(z, half, simd.sub(simd.splat(0.0), square));
        let bell = exp(simd, square);
        let bell = simd.fma(bell, lost, bell);
        let t = simd.div(simd.splat(1.0), simd.fma(z, simd.splat(0.3), simd.splat(1.0)));
        let mut sum = simd.splat(TAIL_LAST);
        for power in TAIL {
            sum = simd.fma(sum, t, simd.splat(power));
        }
        let tail = simd.mul(simd.mul(bell, t), sum);
        simd.sub(simd.max(simd.splat(0.0), x), simd.mul(size, tail))
    }
}

impl Function for GeluTanh {
    /// `x / (1 + exp(-2 u))`, `u = √(2/π) (x + 0.044715 x³)`.
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        let inner = simd.fma(simd.mul(x, x), simd.splat(0.044_715), simd.splat(1.0));
        let u = simd.mul(simd.mul(x, inner), simd.splat(-1.595_769));
        simd.div(x, simd.add(exp(simd, u), simd.splat(1.0)))
    }
}

impl Function for Relu {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, x: S::F32) -> S::F32 {
        simd.max(simd.splat(0.0), x)
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;
    use crate::level::Level;
    use crate::tests::assert_near;

    /// `x` and `x Φ(x)` to twelve digits, computed with 40 digits.
    const GELU: [(f32, f64); 16] = [
        (-12.5, -4.665_705_373_6e-35),
        (-8.0, -4.976_768_459_42e-15),
        (-5.25, -3.992_604_271_16e-7),
        (-3.5, -0.000_814_201_776_624),
        (-2.0, -0.045_500_263_896_4),
        (-1.0, -0.158_655_253_931),
        (-0.5, -0.154_268_769_363),
        (-0.125, -0.056_282_721_896_2),
        (-1e-4, -4.999_600_931_43e-5),
        (1e-4, 5.000_398_815_95e-5),
        (0.3, 0.185_373_435_387),
        (0.75, 0.580_029_485_717),
        (1.5, 1.399_789_198_1),
        (2.5, 2.484_475_836_69),
        (4.0, 3.999_873_315_03),
        (9.0, 9.0),
    ];

    fn apply(activation: Activation, level: Level, x: &[f32]) -> Vec<f32> {
        let mut values = x.to_vec();
        activation.apply(level, &mut values);
        values
    }

    #[test]
    fn gelu_is_exact_to_a_millionth_of_its_size_also_in_the_tail() {
        for level in Level::all() {
            for (x, wanted) in GELU {
                let ours = f64::from(apply(Activation::Gelu, level, &[x])[0]);
                assert!((ours / wanted - 1.0).abs() < 1e-6, "{level:?} {x}: {ours}, not {wanted}");
            }
        }
    }

    #[test]
    fn the_tanh_form_and_relu_follow_their_formulas() {
        let x: Vec<f32> = (-400_i16..400).map(|at| f32::from(at) / 50.0).collect();
        let tanh = |x: &f32| {
            let x = f64::from(*x);
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            0.5 * x * (1.0 + u.tanh())
        };
        let wanted: Vec<f64> = x.iter().map(tanh).collect();
        let cut: Vec<f64> = x.iter().map(|x| f64::from(x.max(0.0))).collect();
        for level in Level::all() {
            assert_near(&apply(Activation::GeluTanh, level, &x), &wanted, 1e-6, "tanh");
            assert_near(&apply(Activation::Relu, level, &x), &cut, 0.0, "relu");
        }
    }

    #[test]
    fn the_far_ends_stay_finite_and_what_is_not_a_number_stays_so() {
        for level in Level::all() {
            for activation in [Activation::Gelu, Activation::GeluTanh, Activation::Relu] {
                let ends = apply(activation, level, &[-1e10, 1e10, f32::NAN]);
                assert!(
                    ends[0].abs() < 1e-25
                        && (ends[1] / 1e10 - 1.0).abs() < 1e-6
                        && ends[2].is_nan(),
                    "{ends:?}"
                );
            }
        }
    }
}
