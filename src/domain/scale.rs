//! Measures the cosines of one model on the scale of another.
//!
//! Cosines of different models mean different things: with one unrelated texts lie at 0.1, with
//! another at 0.7. What was learned from the cosines of one model (rankers, weights, thresholds) can
//! be used with another once its cosines are put on the same scale. A [`CosineScale`] is a rising line
//! of straight pieces that does this. It is fitted without labels: to the cosines that both models give
//! to the same texts, of which equal shares are made to lie below corresponding points (quantile
//! matching). It never changes an order.

use serde::Deserialize;
use serde::Serialize;

use crate::embedding::Embedding;

/// Pieces of a fitted scale, at most.
const PIECES: usize = 64;
/// Nearest others of each text that are looked at beside all pairs: decisions are made among them.
const NEAREST: usize = 10;
/// Texts that a scale is fitted to, at least.
pub const TEXTS_MIN: usize = 100;
/// A model whose middle nine tenths of all cosines lie within this says nothing by them.
const SPREAD_MIN: f32 = 0.005;
/// The smallest difference between two points of a scale; closer ones are one.
const STEP_MIN: f32 = 1e-4;

/// A rising map from the cosines of one model to those of another, both in `[-1, 1]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(f32, f32)>", into = "Vec<(f32, f32)>")]
pub struct CosineScale {
    /// Points of the line, both numbers rising; empty for the scale that changes nothing.
    points: Vec<(f32, f32)>,
}

/// What the middle of some embeddings is, so that cosines with it can be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Middle {
    /// The length of the mean of the embeddings, in `[0, 1]`: 1 where all are alike.
    pub length: f32,
    /// How many embeddings there are.
    pub count: usize,
}

/// Why no scale could be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There are too few texts, or not as many of one model as of the other.
    #[error("there are too few texts to compare")]
    TooFew,
    /// All cosines of one of the models are nearly the same.
    #[error("all cosines are nearly the same")]
    Flat,
    /// A number is not finite.
    #[error("a cosine is not a number")]
    NotFinite,
    /// Points that do not rise, or lie outside of `[-1, 1]`.
    #[error("the points of the scale do not rise from -1 to 1")]
    Falling,
}

impl Middle {
    /// The middle of `members`, all of one model.
    #[must_use]
    pub fn of(members: &[Embedding]) -> Self {
        let mut sum = vec![0.0_f32; members.first().map_or(0, Embedding::dim)];
        for member in members {
            for (total, value) in sum.iter_mut().zip(member.values()) {
                *total += value;
            }
        }
        let count = members.len();
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        Self { length: length / as_f32(count.max(1)), count }
    }

    /// The cosine of a member with the middle of the others, from its `cosine` with the middle of
    /// all: a few members are near to their middle because they are part of it. `None` where there
    /// are no others, or where they cancel each other out.
    #[must_use]
    pub fn without(self, cosine: f32) -> Option<f32> {
        let sum = self.length * as_f32(self.count);
        let along = cosine * sum;
        let others = (sum * sum - 2.0 * along + 1.0).max(0.0).sqrt();
        (self.count > 1 && others > f32::EPSILON.sqrt())
            .then(|| ((along - 1.0) / others).clamp(-1.0, 1.0))
    }
}

impl CosineScale {
    /// The scale that changes nothing.
    #[must_use]
    pub const fn identity() -> Self {
        Self { points: Vec::new() }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.points.is_empty()
    }

    /// The scale through `points`, each a cosine of the one model and what it is in the other.
    ///
    /// # Errors
    /// [`Unfit::TooFew`] for a single point; [`Unfit::NotFinite`]; [`Unfit::Falling`].
    pub fn new(points: Vec<(f32, f32)>) -> Result<Self, Unfit> {
        if points.len() == 1 {
            return Err(Unfit::TooFew);
        }
        if points.iter().any(|(from, to)| !from.is_finite() || !to.is_finite()) {
            return Err(Unfit::NotFinite);
        }
        let within = |value: f32| (-1.0..=1.0).contains(&value);
        let rises = points.is_sorted_by(|left, right| left.0 < right.0 && left.1 <= right.1);
        if !rises || !points.iter().all(|(from, to)| within(*from) && within(*to)) {
            return Err(Unfit::Falling);
        }
        Ok(Self { points })
    }

    /// The points of the line; none for the scale that changes nothing.
    #[must_use]
    pub fn points(&self) -> &[(f32, f32)] {
        &self.points
    }

    /// What `cosine` is on the other model's scale. The same texts are the same in both, so 1 stays 1;
    /// below the first point nothing is told apart.
    #[must_use]
    pub fn at(&self, cosine: f32) -> f32 {
        let Some((first, last)) = self.points.first().zip(self.points.last()) else {
            return cosine;
        };
        let after = self.points.partition_point(|(from, _)| *from <= cosine);
        let Some(left) = after.checked_sub(1).and_then(|before| self.points.get(before)) else {
            return first.1;
        };
        let right = self.points.get(after).copied().unwrap_or((1.0_f32.max(last.0), 1.0));
        let width = right.0 - left.0;
        if width <= 0.0 {
            return left.1;
        }
        left.1 + (right.1 - left.1) * ((cosine - left.0) / width).min(1.0)
    }

    /// The cosine of an embedding with the middle of others, `cosine`, on the other model's scale.
    ///
    /// A cosine with a middle is the mean of the cosines with its members over the middle's length. Both
    /// are measured anew: where unrelated texts lie at 0.7, every middle is long and near to everything.
    /// `inside` says that the embedding is itself one of the members.
    #[must_use]
    pub fn with_middle(&self, cosine: f32, middle: Middle, inside: bool) -> f32 {
        if self.is_identity() {
            return cosine;
        }
        let mean = cosine * middle.length;
        let mean = if inside { self.mean_with_own(mean, middle.count) } else { self.at(mean) };
        over(mean, self.length(middle))
    }

    /// The length of a middle on the other model's scale.
    #[must_use]
    pub fn length(&self, middle: Middle) -> f32 {
        let Middle { length, count } = middle;
        if self.is_identity() || count < 2 {
            return length;
        }
        // The square of the length is the mean of all cosines among the members, their own included.
        self.mean_with_own(length * length, count).max(0.0).sqrt()
    }

    /// The cosine of two middles without a common member, `cosine`, on the other model's scale.
    #[must_use]
    pub fn between(&self, cosine: f32, one: Middle, other: Middle) -> f32 {
        if self.is_identity() {
            return cosine;
        }
        let mean = self.at(cosine * one.length * other.length);
        over(mean, self.length(one) * self.length(other))
    }

    /// The mean of `count` cosines of which one is that of an embedding with itself.
    fn mean_with_own(&self, mean: f32, count: usize) -> f32 {
        let count = as_f32(count.max(1));
        if count < 2.0 {
            return mean;
        }
        let others = (mean * count - 1.0) / (count - 1.0);
        (1.0 + (count - 1.0) * self.at(others)) / count
    }

    /// Fits the scale of a model to that of another: `ours` and `theirs` are the embeddings of the same
    /// texts in the same order, at most a few thousand. Equal input gives equal bits.
    ///
    /// The cosines of all pairs and those of each text with its ten nearest, which are different pairs
    /// in each model, count half each.
    ///
    /// # Errors
    /// [`Unfit::TooFew`]; [`Unfit::Flat`]; [`Unfit::NotFinite`].
    pub fn fit(ours: &[Embedding], theirs: &[Embedding]) -> Result<Self, Unfit> {
        if ours.len() < TEXTS_MIN || ours.len() != theirs.len() {
            return Err(Unfit::TooFew);
        }
        let (ours, theirs) = (Sample::of(ours)?, Sample::of(theirs)?);
        let mut points: Vec<(f32, f32)> = Vec::with_capacity(PIECES + 2);
        let inner = (0..PIECES).map(|at| (as_f32(at) + 0.5) / as_f32(PIECES));
        for share in std::iter::once(0.0).chain(inner).chain(std::iter::once(1.0)) {
            let (from, to) = (ours.quantile(share), theirs.quantile(share));
            let apart = points.last().is_none_or(|last| from - last.0 >= STEP_MIN);
            if apart && from < 1.0 - STEP_MIN {
                points.push((from, to.min(1.0)));
            }
        }
        Self::new(points)
    }
}

/// `sum / length`, a cosine; 0 where there is no length.
fn over(sum: f32, length: f32) -> f32 {
    if length > 0.0 { (sum / length).clamp(-1.0, 1.0) } else { 0.0 }
}

/// The cosines among some texts, ascending: those of all pairs, and those of near ones.
struct Sample {
    all: Vec<f32>,
    near: Vec<f32>,
}

impl Sample {
    fn of(embeddings: &[Embedding]) -> Result<Self, Unfit> {
        let mut all = Vec::with_capacity(embeddings.len() * embeddings.len() / 2);
        let mut near = Vec::with_capacity(embeddings.len() * NEAREST);
        let mut row: Vec<f32> = Vec::with_capacity(embeddings.len());
        for (at, one) in embeddings.iter().enumerate() {
            let others = embeddings.iter().enumerate().filter(|(to, _)| *to != at);
            row.clear();
            for (to, other) in others {
                let cosine = one.similarity(other);
                row.push(cosine);
                if to > at {
                    all.push(cosine);
                }
            }
            row.sort_unstable_by(|left, right| right.total_cmp(left));
            near.extend(row.iter().take(NEAREST));
        }
        if !all.iter().all(|cosine| cosine.is_finite()) {
            return Err(Unfit::NotFinite);
        }
        all.sort_unstable_by(f32::total_cmp);
        near.sort_unstable_by(f32::total_cmp);
        let sample = Self { all, near };
        if sample.quantile(0.95) - sample.quantile(0.05) < SPREAD_MIN {
            return Err(Unfit::Flat);
        }
        Ok(sample)
    }

    /// The cosine below which the share `share` of the mixture lies, found by halving.
    fn quantile(&self, share: f32) -> f32 {
        let below = |cosine: f32| {
            let part = |sorted: &[f32]| {
                let count = sorted.partition_point(|one| *one <= cosine);
                as_f32(count) / as_f32(sorted.len().max(1))
            };
            f32::midpoint(part(&self.all), part(&self.near))
        };
        let first = self.all.first().copied().unwrap_or(-1.0);
        let last = self.all.last().copied().unwrap_or(1.0);
        if share <= 0.0 {
            return first;
        }
        if share >= 1.0 {
            return last;
        }
        let (mut low, mut high) = (first, last);
        // Thirty halvings of an interval of at most 2 are finer than an f32.
        for _ in 0..30 {
            let middle = f32::midpoint(low, high);
            if below(middle) < share {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs; a share need not be exact")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

impl TryFrom<Vec<(f32, f32)>> for CosineScale {
    type Error = Unfit;

    fn try_from(points: Vec<(f32, f32)>) -> Result<Self, Unfit> {
        Self::new(points)
    }
}

impl From<CosineScale> for Vec<(f32, f32)> {
    fn from(scale: CosineScale) -> Self {
        scale.points
    }
}

#[cfg(test)]
mod tests {
    use super::CosineScale;
    use super::Middle;
    use super::TEXTS_MIN;
    use super::Unfit;
    use crate::embedding::Embedding;

    /// `count` texts of stories of five in a space of 16 numbers, with `common` added to each vector.
    fn texts(count: u32, common: f32) -> Vec<Embedding> {
        let noise = |n: u32, at: u32| {
            let mixed = (n * 31 + at + 1).wrapping_mul(2_654_435_761);
            f32::from(u16::try_from(mixed >> 16).unwrap()) / 32_768.0 - 1.0
        };
        let vector = |n: u32| {
            let mut values: Vec<f32> =
                (0..16).map(|at| noise(n / 5, at) + 0.6 * noise(1_000 + n, at)).collect();
            values.push(common);
            Embedding::normalize(values).unwrap()
        };
        (0..count).map(vector).collect()
    }

    #[test]
    fn the_same_cosines_stay_nearly_what_they_are() {
        let texts = texts(200, 0.0);
        let scale = CosineScale::fit(&texts, &texts).unwrap();
        for cosine in [-0.3, 0.0, 0.2, 0.55, 0.8, 1.0] {
            assert!((scale.at(cosine) - cosine).abs() < 1e-3, "{cosine}: {}", scale.at(cosine));
        }
    }

    #[test]
    fn a_member_is_measured_by_the_others() {
        let members = &texts(9, 0.0)[2..7];
        let all = Embedding::mean(&members.iter().collect::<Vec<_>>()).unwrap();
        let middle = Middle::of(members);
        for (at, member) in members.iter().enumerate() {
            let others: Vec<&Embedding> =
                members.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, one)| one).collect();
            let truth = Embedding::mean(&others).unwrap().similarity(member);
            let said = middle.without(all.similarity(member)).unwrap();
            assert!((said - truth).abs() < 1e-3, "{said} {truth}");
        }
        assert_eq!(Middle::of(&members[..1]).without(1.0), None);
        assert_eq!(Middle { length: 0.5, count: 2 }.without(1.0), None);
    }

    #[test]
    fn the_identity_changes_no_bit() {
        let scale = CosineScale::identity();
        let middle = Middle { length: 0.37, count: 7 };
        for cosine in [-0.1_f32, 0.123_456_7, 0.987_654_3] {
            assert_eq!(scale.at(cosine).to_bits(), cosine.to_bits());
            assert_eq!(scale.with_middle(cosine, middle, true).to_bits(), cosine.to_bits());
            assert_eq!(scale.between(cosine, middle, middle).to_bits(), cosine.to_bits());
        }
        assert_eq!(scale.length(middle).to_bits(), 0.37_f32.to_bits());
    }

    #[test]
    fn a_common_part_of_all_vectors_is_taken_out() {
        let (plain, shifted) = (texts(300, 0.0), texts(300, 5.0));
        assert!(shifted[0].similarity(&shifted[200]) > 0.5, "unrelated texts lie high");
        let scale = CosineScale::fit(&shifted, &plain).unwrap();
        let (mut off, mut raw) = (0.0_f32, 0.0_f32);
        for (one, other) in (0..100).map(|at| (at, (at * 7 + 1) % 300)) {
            let (truth, said) =
                (plain[one].similarity(&plain[other]), shifted[one].similarity(&shifted[other]));
            off += (scale.at(said) - truth).abs() / 100.0;
            raw += (said - truth).abs() / 100.0;
        }
        assert!(off < 0.15 && raw > 0.5, "off by {off} on average, {raw} before");
    }

    #[test]
    fn a_middle_is_measured_as_its_members_are() {
        let (plain, shifted) = (texts(300, 0.0), texts(300, 5.0));
        let scale = CosineScale::fit(&shifted, &plain).unwrap();
        let middle = |texts: &[Embedding]| {
            let members: Vec<&Embedding> = texts[..5].iter().collect();
            (Embedding::mean(&members).unwrap(), Middle::of(&texts[..5]))
        };
        let ((plain_middle, plain_length), (mean, length)) = (middle(&plain), middle(&shifted));
        assert!((scale.length(length) - plain_length.length).abs() < 0.1);
        for (at, inside) in [(2, true), (3, true), (40, false), (222, false)] {
            let said = scale.with_middle(mean.similarity(&shifted[at]), length, inside);
            let truth = plain_middle.similarity(&plain[at]);
            assert!((said - truth).abs() < 0.15, "{at}: {said}, not {truth}");
        }
    }

    #[test]
    fn it_rises_and_ends_at_one() {
        let scale = CosineScale::fit(&texts(200, 3.0), &texts(200, 0.0)).unwrap();
        let mut before = -1.0_f32;
        for step in 0..=2_000_u16 {
            let now = scale.at(f32::from(step) / 1_000.0 - 1.0);
            assert!(now >= before && now <= 1.0, "{step}: {now} after {before}");
            before = now;
        }
        assert!((scale.at(1.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_same_texts_give_the_same_bits() {
        let fit = || CosineScale::fit(&texts(150, 2.0), &texts(150, 0.0)).unwrap();
        assert_eq!(fit(), fit());
    }

    #[test]
    fn a_model_that_says_the_same_of_all_texts_is_named() {
        let plain = texts(150, 0.0);
        let same = vec![plain[0].clone(); 150];
        assert_eq!(CosineScale::fit(&same, &plain), Err(Unfit::Flat));
        let few = TEXTS_MIN - 1;
        assert_eq!(CosineScale::fit(&plain[..few], &plain[..few]), Err(Unfit::TooFew));
        assert_eq!(CosineScale::fit(&plain, &plain[1..]), Err(Unfit::TooFew));
    }

    #[test]
    fn points_that_are_no_scale_are_refused() {
        let new = |points: &[(f32, f32)]| CosineScale::new(points.to_vec());
        assert_eq!(new(&[(0.1, 0.2), (0.0, 0.3)]), Err(Unfit::Falling));
        assert_eq!(new(&[(0.1, 0.4), (0.2, 0.3)]), Err(Unfit::Falling));
        assert_eq!(new(&[(0.1, 0.4), (0.2, 1.3)]), Err(Unfit::Falling));
        assert_eq!(new(&[(0.1, f32::NAN), (0.2, 0.3)]), Err(Unfit::NotFinite));
        assert_eq!(new(&[(0.1, 0.4)]), Err(Unfit::TooFew));
        assert!(new(&[]).unwrap().is_identity());
    }
}
