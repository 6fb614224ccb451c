//! Two groups of articles: are they one story? What is compared.

use crate::topic::candidate::as_f32;
use crate::topic::pair::fade;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::scale::CosineScale;

/// How many features two groups have.
pub(super) const COUNT: usize = 15;

/// The features of two groups, in the order of [`NAMES`].
pub(super) type Features = [f32; COUNT];

/// Their names, as weights files spell them.
pub(super) const NAMES: [&str; COUNT] = [
    "centres",
    "mean",
    "nearest_high",
    "nearest_low",
    "one_below_within",
    "other_below_within",
    "below_tighter",
    "below_looser",
    "tighter",
    "looser",
    "terms",
    "fewer",
    "more",
    "gap_days",
    "gap_months",
];

/// Members that are compared, the latest.
pub(super) const SAMPLE: usize = 40;

/// One of the two.
#[derive(Debug, Clone, Default)]
pub(super) struct Group<'a> {
    /// Embeddings of the latest members.
    pub(super) sample: Vec<&'a Embedding>,
    /// Members in the window.
    pub(super) member_count: usize,
    /// First and last second among the sample.
    pub(super) from: i64,
    /// See `from`.
    pub(super) to: i64,
}

/// How close the members of one group are: each one's nearest other, and all pairs, on average.
#[derive(Clone, Copy)]
struct Within {
    nearest: f32,
    mean: f32,
}

impl Group<'_> {
    fn within(&self, scale: &CosineScale) -> Option<Within> {
        let count = self.sample.len();
        if count < 2 {
            return None;
        }
        let mut nearest = vec![-1.0_f32; count];
        let mut sum = 0.0;
        for (at, one) in self.sample.iter().enumerate() {
            for (to, other) in self.sample.iter().enumerate().skip(at + 1) {
                let cosine = scale.at(one.similarity(other));
                sum += cosine;
                for place in [at, to] {
                    nearest
                        .iter_mut()
                        .skip(place)
                        .take(1)
                        .for_each(|best| *best = best.max(cosine));
                }
            }
        }
        let pairs = as_f32(count * (count - 1)) / 2.0;
        Some(Within { nearest: nearest.iter().sum::<f32>() / as_f32(count), mean: sum / pairs })
    }
}

/// The features of two groups; `centres` and `terms` are the cosines of their middles and of their
/// summed terms, the former on `scale`, as the others will be. The order of the two does not matter.
pub(super) fn features(
    [one, other]: &[Group<'_>; 2],
    centres: f32,
    terms: f32,
    scale: &CosineScale,
) -> Features {
    let (one, other) = if (one.from, one.member_count) <= (other.from, other.member_count) {
        (one, other)
    } else {
        (other, one)
    };
    let mut to_other = vec![-1.0_f32; one.sample.len()];
    let mut to_one = vec![-1.0_f32; other.sample.len()];
    let mut sum = 0.0;
    for (left, to_other) in one.sample.iter().zip(&mut to_other) {
        for (right, to_one) in other.sample.iter().zip(&mut to_one) {
            let cosine = scale.at(left.similarity(right));
            sum += cosine;
            *to_other = to_other.max(cosine);
            *to_one = to_one.max(cosine);
        }
    }
    let average = |values: &[f32]| values.iter().sum::<f32>() / as_f32(values.len().max(1));
    let (to_other, to_one) = (average(&to_other), average(&to_one));
    let mean = sum / as_f32((one.sample.len() * other.sample.len()).max(1));
    let lone = Within { nearest: 1.0, mean: 1.0 };
    let (first, second) = (one.within(scale), other.within(scale));
    let (first, second) = (first.or(second).unwrap_or(lone), second.or(first).unwrap_or(lone));
    let tighter = first.mean.max(second.mean);
    let looser = first.mean.min(second.mean);
    let gap = one.from.max(other.from).saturating_sub(one.to.min(other.to)).max(0);
    let gap = day::days_f32(gap.unsigned_abs());
    let (few, many) =
        (one.member_count.min(other.member_count), one.member_count.max(other.member_count));
    [
        centres,
        mean,
        to_other.max(to_one),
        to_other.min(to_one),
        to_other - first.nearest,
        to_one - second.nearest,
        mean - tighter,
        mean - looser,
        tighter,
        looser,
        terms,
        as_f32(few.max(1)).ln(),
        as_f32(many.max(1)).ln(),
        fade(gap, 10.0),
        fade(gap, 60.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::Group;
    use super::features;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::scale::CosineScale;

    #[test]
    fn the_order_of_the_two_does_not_matter() {
        let vector = |x: f32, y: f32| Embedding::normalize(vec![x, y]).unwrap();
        let all = [vector(1.0, 0.0), vector(0.9, 0.1), vector(0.2, 1.0)];
        let [a, b, c] = &all;
        let one = Group { sample: vec![a, b], member_count: 2, from: 0, to: 10 };
        let other = Group { sample: vec![c], member_count: 1, from: 90_000, to: 90_000 };
        let scale = CosineScale::identity();
        let there = features(&[one.clone(), other.clone()], 0.5, 0.1, &scale);
        let back = features(&[other, one], 0.5, 0.1, &scale);
        assert_eq!(there.map(f32::to_bits), back.map(f32::to_bits));
        assert!(there.iter().all(|value| value.is_finite()));
        let none = [Group::default(), Group::default()];
        assert!(features(&none, 0.0, 0.0, &scale).iter().all(|value| value.is_finite()));
    }
}
