//! An article and a topic: does it belong there? What the topic's nearest members say together.

use crate::topic::pair::fade;

/// How many features a candidate topic has.
pub(super) const COUNT: usize = 20;

/// The features of a candidate, in the order of [`NAMES`].
pub(super) type Features = [f32; COUNT];

/// Their names, as weights files spell them.
pub(super) const NAMES: [&str; COUNT] = [
    "best",
    "second",
    "best_three",
    "best_three_of_three",
    "best_ten",
    "share",
    "in_five",
    "in_ten",
    "other_best",
    "above_other",
    "size",
    "near_share",
    "centre",
    "cohesion",
    "above_cohesion",
    "days_since",
    "weeks_since",
    "cosine",
    "support",
    "support_share",
];

/// Members that are near the article, and what is known of their topic.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// Probabilities of the near members, falling, with their ranks among all near articles.
    pub(super) near: Vec<(f32, usize)>,
    /// The highest cosine of them.
    pub(super) cosine: f32,
    /// Members of the topic in the window.
    pub(super) member_count: usize,
    /// Cosine to the middle of the latest members.
    pub(super) centre: f32,
    /// Length of the mean of the latest members' embeddings: 1 where all are alike.
    pub(super) cohesion: f32,
    /// Days since the latest member.
    pub(super) days_since: f32,
}

/// The features of a candidate. `total` is the sum of probabilities over all topics, `other` the best
/// probability outside this one, `near_max` how many near articles there can be.
pub(super) fn features(evidence: &Evidence, total: f32, other: f32, near_max: usize) -> Features {
    let Evidence { near, cosine, member_count, centre, cohesion, days_since } = evidence;
    let best = near.first().map_or(0.0, |(p, _)| *p);
    let second = near.get(1).map_or(0.0, |(p, _)| *p);
    let sum = |count: usize| near.iter().take(count).map(|(p, _)| p).sum::<f32>();
    let within = |rank: usize| as_f32(near.iter().filter(|(_, at)| *at < rank).count());
    let members = as_f32((*member_count).max(1));
    let reach = members.min(as_f32(near_max));
    let support = sum(near.len());
    [
        best,
        second,
        sum(3) / members.min(3.0),
        sum(3) / 3.0,
        sum(10) / members.min(10.0),
        support / (total + 1e-6),
        within(5) / 5.0,
        within(10) / 10.0,
        other,
        best - other,
        members.ln_1p(),
        (as_f32(near.len()) / reach).min(1.0),
        *centre,
        *cohesion,
        centre - cohesion,
        fade(*days_since, 3.0),
        fade(*days_since, 30.0),
        *cosine,
        support.ln_1p(),
        support / reach,
    ]
}

#[expect(clippy::cast_precision_loss, reason = "counts in a window are far below 2^24")]
pub(super) fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::Evidence;
    use super::NAMES;
    use super::features;

    #[test]
    fn a_small_topic_is_not_punished_for_having_few_members() {
        let evidence = Evidence { near: vec![(0.9, 0)], member_count: 1, ..Evidence::default() };
        let got = features(&evidence, 0.9, 0.0, 80);
        let value = |name: &str| got[NAMES.iter().position(|known| *known == name).unwrap()];
        assert!((value("best_three") - 0.9).abs() < 1e-6);
        assert!((value("best_three_of_three") - 0.3).abs() < 1e-6);
        assert!((value("share") - 1.0).abs() < 1e-3);
    }

    #[test]
    fn no_evidence_gives_finite_numbers() {
        assert!(features(&Evidence::default(), 0.0, 0.0, 80).iter().all(|value| value.is_finite()));
    }
}
