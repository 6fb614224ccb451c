//! Finds the instruction sets of this machine, and runs a loop with one of them.

use crate::portable::Portable;
use crate::simd::Simd;
#[cfg(target_arch = "x86_64")]
use crate::x86::Avx2;
#[cfg(target_arch = "x86_64")]
use crate::x86::Avx512;

/// Work that is compiled once for each instruction set.
///
/// `run` and everything that it calls, down to the methods of [`Simd`], must be
/// `#[inline(always)]`: only code that is inlined into the function of its level may use the
/// registers of that level.
pub(super) trait Task {
    type Output;

    /// Does the work with the instructions of `simd`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Level {
    /// The fastest level of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self::all().into_iter().next_back().unwrap_or(Self(Set::Portable))
    }

    /// All levels of this machine, the slowest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let fast = [Avx2::detect().map(Set::Avx2), Avx512::detect().map(Set::Avx512)];
            let sets = std::iter::once(Set::Portable).chain(fast.into_iter().flatten());
            sets.map(Self).collect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Self(Set::Portable)]
    }

    /// Runs `task` with this level's instructions.
    #[inline]
    pub(super) fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Set::Portable => task.run(Portable),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2(simd) => simd.run(task),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512(simd) => simd.run(task),
        }
    }
}
