//! Which instructions this machine has, and how a loop is run with them.

use crate::portable::Portable;
use crate::simd::Simd;
#[cfg(target_arch = "x86_64")]
use crate::x86::Avx2;
#[cfg(target_arch = "x86_64")]
use crate::x86::Avx512;

/// Work that is compiled once for each set of instructions.
///
/// `run` and all that it calls up to the methods of [`Simd`] must be `#[inline(always)]`: only what
/// is inlined into the function of its level may use that level's registers.
pub(super) trait Task {
    /// What the work gives.
    type Output;

    /// Does the work with the instructions that `simd` stands for.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// A set of instructions that this machine has.
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

    /// Every level of this machine, the slowest first.
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
