//! Lowers the scores of older articles, for callers that ask for recent ones.

/// An exponential decay with a floor, so that an old article is still found where there is nothing
/// newer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recency {
    half_life_days: f32,
    floor: f32,
}

/// The parameters of a decay are not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecency {
    /// The half-life is zero, negative or not finite.
    #[error("a half-life is a number of days above 0")]
    HalfLife,
    /// The floor is outside `[0, 1]`.
    #[error("a floor is a number from 0 to 1")]
    Floor,
}

impl Recency {
    /// The floor that is used unless a caller gives another: age alone at most halves a score.
    pub const FLOOR: f32 = 0.5;

    /// A decay with this half-life in days and this floor.
    ///
    /// # Errors
    /// [`InvalidRecency`] names the parameter that is not valid.
    pub fn new(half_life_days: f32, floor: f32) -> Result<Self, InvalidRecency> {
        if !(half_life_days.is_finite() && half_life_days > 0.0) {
            return Err(InvalidRecency::HalfLife);
        }
        if !(0.0..=1.0).contains(&floor) {
            return Err(InvalidRecency::Floor);
        }
        Ok(Self { half_life_days, floor })
    }

    /// The factor for the score of an article that is `age_days` old, in `[floor, 1]`:
    /// `floor + (1 − floor)·2^(−age/half-life)`. A negative age counts as 0; without a date the
    /// factor is `floor`.
    #[must_use]
    pub fn factor(self, age_days: Option<i32>) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "days of a human history")]
        let kept = age_days.map_or(0.0, |age| (-(age.max(0) as f32) / self.half_life_days).exp2());
        self.floor + (1.0 - self.floor) * kept
    }
}

#[cfg(test)]
mod tests {
    use super::InvalidRecency;
    use super::Recency;

    #[test]
    fn a_half_life_halves_what_lies_above_the_floor() {
        let recency = Recency::new(30.0, 0.5).unwrap();
        let near = |age, wanted: f32| (recency.factor(age) - wanted).abs() < 1e-6;
        assert!(near(Some(0), 1.0) && near(Some(30), 0.75) && near(Some(60), 0.625));
        assert!(near(Some(i32::MAX), 0.5) && near(None, 0.5) && near(Some(-9), 1.0));
    }

    #[test]
    fn numbers_that_make_no_decay_are_refused() {
        for half_life in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Recency::new(half_life, 0.5), Err(InvalidRecency::HalfLife));
        }
        for floor in [-0.1, 1.1, f32::NAN] {
            assert_eq!(Recency::new(7.0, floor), Err(InvalidRecency::Floor));
        }
    }
}
