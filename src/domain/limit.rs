//! How many hits or articles at most.

/// A number of results, `1..=Limit::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(u16);

impl Limit {
    /// The most that one answer holds.
    pub const MAX: u16 = 1_000;
    /// The smallest limit.
    pub const ONE: Limit = Limit(1);
    /// The largest limit.
    pub const MOST: Limit = Limit(Self::MAX);

    /// Checks `n`.
    ///
    /// # Errors
    /// [`InvalidLimit`] if `n` is 0 or over [`Limit::MAX`].
    pub fn new(n: u32) -> Result<Self, InvalidLimit> {
        match u16::try_from(n) {
            Ok(n) if (1..=Self::MAX).contains(&n) => Ok(Self(n)),
            _ => Err(InvalidLimit { given: n }),
        }
    }

    /// The number, for sizes and slices.
    #[must_use]
    pub fn count(self) -> usize {
        usize::from(self.0)
    }
}

/// A limit outside `1..=1000`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("limit {given} is not in 1..=1000")]
pub struct InvalidLimit {
    /// What was asked.
    pub given: u32,
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[test]
    fn zero_and_over_max_are_refused() {
        assert!(Limit::new(0).is_err());
        assert!(Limit::new(1_001).is_err());
        assert_eq!(Limit::new(1_000).map(Limit::count), Ok(1_000));
    }
}
