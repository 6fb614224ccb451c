//! Numbers that begin at a cache line, so that no load of a register crosses one.

/// Bytes in a cache line and in the widest register.
const LINE: usize = 64;

/// A vector of fixed length whose first number is at a multiple of 64 bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// A vector of `len` zeros.
    pub(super) fn zeros(len: usize) -> Self {
        let numbers = vec![T::default(); len + LINE];
        let start = numbers.as_ptr().align_offset(LINE).min(LINE);
        Self { numbers, start, len }
    }

    /// Makes the vector at least `len` long; what it contains afterwards is unspecified.
    pub(super) fn reserve(&mut self, len: usize) {
        if self.len < len {
            *self = Self::zeros(len);
        }
    }
}

impl<T> std::ops::Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.numbers.get(self.start..self.start + self.len).unwrap_or_default()
    }
}

impl<T> std::ops::DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.numbers.get_mut(self.start..self.start + self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Aligned;

    #[test]
    fn the_first_number_begins_a_cache_line() {
        for len in [1, 7, 1_000] {
            let mut numbers: Aligned<f32> = Aligned::default();
            numbers.reserve(len);
            assert_eq!((numbers.len(), numbers.as_ptr() as usize % 64), (len, 0));
        }
    }
}
