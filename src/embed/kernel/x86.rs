//! The levels of x86-64: AVX2 with FMA, and AVX-512 with VNNI.
//!
//! Only `detect` makes a value of either type, so the value proves that the instructions exist.

// `allow` and not `expect`, because builds with tests do not raise the lint.
#[allow(clippy::wildcard_imports, reason = "intrinsics carry their own prefix")]
use core::arch::x86_64::*;

use crate::level::Task;
use crate::simd::Simd;

/// Processors from Haswell and Zen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx2(());

/// Processors from Ice Lake and Zen 4 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Avx512(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni")
            && Avx2::detect().is_some();
        found.then_some(Self(()))
    }
}

/// Defines methods that are one intrinsic on registers.
macro_rules! register {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $gives:ty = $body:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $kind),*) -> $gives {
            // SAFETY: `self` proves that the instructions exist, and they only touch registers.
            unsafe { $body }
        }
    )*};
}

/// Defines methods that are one intrinsic on an address.
macro_rules! memory {
    ($($name:ident($($arg:ident: $kind:ty),*) $(-> $gives:ty)? = $body:expr;)*) => {$(
        #[inline(always)]
        unsafe fn $name(self, $($arg: $kind),*) $(-> $gives)? {
            // SAFETY: `self` proves that the instructions exist, and the caller is responsible for
            // the address; none of the instructions needs alignment.
            unsafe { $body }
        }
    )*};
}

const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

impl Simd for Avx2 {
    type F32 = __m256;
    type I32 = __m256i;
    type Words = __m256i;

    const ROWS: usize = 6;
    const WIDTH: usize = 8;
    const PACK: usize = 2;
    const OFFSET: i32 = 0;

    #[inline]
    fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2,fma")]
        fn with<T: Task>(simd: Avx2, task: T) -> T::Output {
            task.run(simd)
        }
        // SAFETY: `self` proves that the instructions exist.
        unsafe { with(self, task) }
    }

    register! {
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        fma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        abs(a: __m256) -> __m256 = _mm256_andnot_ps(_mm256_set1_ps(-0.0), a);
        round(a: __m256) -> __m256 = _mm256_round_ps::<NEAREST>(a);
        exp2(n: __m256) -> __m256 = {
            // 127 is the exponent of 1.
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        };
        sum(a: __m256) -> f32 = {
            let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        };
        largest(a: __m256) -> f32 = {
            let four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        };
        to_f32(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
        // `vpmaddubsw` takes twice as many numbers, but its 16-bit sums saturate with 8-bit
        // activations; the sums of `vpmaddwd` are 32 bits wide.
        dot(acc: __m256i, activation: __m256i, weight: __m256i) -> __m256i =
            _mm256_add_epi32(acc, _mm256_madd_epi16(activation, weight));
        pack(a: __m256) -> [u32; 4] = {
            let wide = _mm256_cvtps_epi32(a);
            let low = _mm256_castsi256_si128(wide);
            let high = _mm256_extracti128_si256::<1>(wide);
            core::mem::transmute::<__m128i, [u32; 4]>(_mm_packs_epi32(low, high))
        };
        prefetch(at: *const f32) -> () = _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }

    memory! {
        load(at: *const f32) -> __m256 = _mm256_loadu_ps(at);
        store(at: *mut f32, a: __m256) = _mm256_storeu_ps(at, a);
        load_i32(at: *const i32) -> __m256i = _mm256_loadu_si256(at.cast());
        splat_word(at: *const u32) -> __m256i = _mm256_set1_epi32(at.cast::<i32>().read_unaligned());
        load_weights(at: *const i8) -> __m256i = _mm256_cvtepi8_epi16(_mm_loadu_si128(at.cast()));
    }
}

impl Simd for Avx512 {
    type F32 = __m512;
    type I32 = __m512i;
    type Words = __m512i;

    const ROWS: usize = 12;
    const WIDTH: usize = 16;
    const PACK: usize = 4;
    const OFFSET: i32 = 128;

    #[inline]
    fn run<T: Task>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2,fma")]
        fn with<T: Task>(simd: Avx512, task: T) -> T::Output {
            task.run(simd)
        }
        // SAFETY: `self` proves that the instructions exist.
        unsafe { with(self, task) }
    }

    register! {
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        fma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        abs(a: __m512) -> __m512 = _mm512_abs_ps(a);
        round(a: __m512) -> __m512 = _mm512_roundscale_ps::<NEAREST>(a);
        exp2(n: __m512) -> __m512 = {
            // 127 is the exponent of 1.
            let exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        };
        sum(a: __m512) -> f32 = _mm512_reduce_add_ps(a);
        largest(a: __m512) -> f32 = _mm512_reduce_max_ps(a);
        to_f32(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        dot(acc: __m512i, activation: __m512i, weight: __m512i) -> __m512i =
            _mm512_dpbusd_epi32(acc, activation, weight);
        pack(a: __m512) -> [u32; 4] = {
            let shifted = _mm512_add_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(Self::OFFSET));
            core::mem::transmute::<__m128i, [u32; 4]>(_mm512_cvtepi32_epi8(shifted))
        };
        prefetch(at: *const f32) -> () = _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }

    memory! {
        load(at: *const f32) -> __m512 = _mm512_loadu_ps(at);
        store(at: *mut f32, a: __m512) = _mm512_storeu_ps(at, a);
        load_i32(at: *const i32) -> __m512i = _mm512_loadu_si512(at.cast());
        splat_word(at: *const u32) -> __m512i = _mm512_set1_epi32(at.cast::<i32>().read_unaligned());
        load_weights(at: *const i8) -> __m512i = _mm512_loadu_si512(at.cast());
    }
}
