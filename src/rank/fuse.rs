//! Joins the candidates of the vector search and the lexical search into one order.
//!
//! `fused = w·lexical/scale + (1 − w)·similarity`: a plain sum, which did better than reciprocal
//! rank fusion on the dev stories (`models/train/RESULTS.md`). A leg that did not find a candidate
//! adds nothing. `scale` is the BM25 score of the article asked about for its own text, if it is
//! known, with `w` = [`LEXICAL_WEIGHT`]; otherwise it is that of the best candidate, with `w` =
//! [`LEXICAL_WEIGHT_UNKNOWN`].

use std::collections::BTreeMap;

use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;

/// The weight of the lexical leg in a fused score.
pub const LEXICAL_WEIGHT: f32 = 0.4;
/// The weight of the lexical leg where the BM25 score of a full match is not known. It is lower,
/// because the best candidate then counts as a full match.
pub const LEXICAL_WEIGHT_UNKNOWN: f32 = 0.3;

/// An article and its score in one leg.
pub type Scored = (ArticleId, f32);

/// Orders the candidates of both legs, best first, ties by id. A leg that was not asked is an empty
/// slice.
///
/// `lexical_scale` is the BM25 score of a full match. Without it, or if it is not above 0, the
/// score of the best candidate is used. Similarities are shown as they are and fused as `cosines` puts
/// them.
#[must_use]
pub fn fuse(
    mode: Mode,
    dense: &[Scored],
    lexical: &[Scored],
    lexical_scale: Option<f32>,
    cosines: &CosineScale,
) -> Vec<(ArticleId, Scores)> {
    let mut found = BTreeMap::<ArticleId, Scores>::new();
    for (id, score) in dense {
        found.entry(*id).or_default().similarity = Some(*score);
    }
    for (id, score) in lexical {
        found.entry(*id).or_default().lexical = Some(*score);
    }
    let best = lexical.iter().map(|(_, score)| *score).fold(0.0, f32::max);
    let (scale, weight) = match lexical_scale.filter(|scale| *scale > 0.0) {
        Some(scale) => (scale, LEXICAL_WEIGHT),
        None => (best, LEXICAL_WEIGHT_UNKNOWN),
    };
    for scores in found.values_mut() {
        let similarity = scores.similarity.map_or(0.0, |similarity| cosines.at(similarity));
        let lexical = scores.lexical.unwrap_or(0.0);
        scores.fused = match mode {
            Mode::Dense => scores.similarity.unwrap_or(0.0),
            Mode::Lexical => lexical,
            Mode::Hybrid => {
                let share = if scale > 0.0 { (lexical / scale).min(1.0) } else { 0.0 };
                weight * share + (1.0 - weight) * similarity.max(0.0)
            }
        };
    }
    let mut ordered: Vec<_> = found.into_iter().collect();
    ordered.sort_by(|(left_id, left), (right_id, right)| {
        right.fused.total_cmp(&left.fused).then(left_id.cmp(right_id))
    });
    ordered
}

/// A fused score that is lowered a little for articles that lie far apart in time; the order where
/// there is no learned ranker.
///
/// `fused · (1 − w + w · exp(−|days| / τ))` with `w` = 0.1 and `τ` = 30 days. If a day is not
/// known, `τ` days are assumed.
#[must_use]
pub fn freshened(fused: f32, asked: Option<i32>, found: Option<i32>) -> f32 {
    const WEIGHT: f32 = 0.1;
    const SCALE_DAYS: f32 = 30.0;
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^24 days the kernel is 0 anyway")]
    let days = match (asked, found) {
        (Some(asked), Some(found)) => asked.abs_diff(found) as f32,
        _ => SCALE_DAYS,
    };
    fused * (1.0 - WEIGHT + WEIGHT * (-days / SCALE_DAYS).exp())
}

#[cfg(test)]
mod tests {
    use super::LEXICAL_WEIGHT;
    use super::freshened;
    use super::fuse;
    use wenmai_domain::hit::Mode;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::scale::CosineScale;

    const PLAIN: CosineScale = CosineScale::identity();

    fn id(n: u128) -> ArticleId {
        ArticleId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn what_both_legs_find_comes_first() {
        let dense = [(id(1), 0.9), (id(2), 0.7)];
        let lexical = [(id(3), 10.0), (id(2), 8.0)];
        let order: Vec<_> =
            fuse(Mode::Hybrid, &dense, &lexical, None, &PLAIN).into_iter().map(|f| f.0).collect();
        assert_eq!(order, [id(2), id(1), id(3)]);
    }

    #[test]
    fn a_known_scale_replaces_the_best_score() {
        let fused = fuse(Mode::Hybrid, &[], &[(id(1), 5.0)], Some(10.0), &PLAIN);
        assert!((fused[0].1.fused - 0.5 * LEXICAL_WEIGHT).abs() < 1e-6);
    }

    #[test]
    fn one_leg_alone_keeps_its_own_score() {
        let fused = fuse(Mode::Lexical, &[], &[(id(1), 5.0)], None, &PLAIN);
        assert!((fused[0].1.fused - 5.0).abs() < 1e-6);
        assert_eq!(fused[0].1.similarity, None);
    }

    #[test]
    fn equal_scores_stand_in_order_of_id() {
        let order: Vec<_> = fuse(Mode::Dense, &[(id(9), 0.5), (id(3), 0.5)], &[], None, &PLAIN)
            .into_iter()
            .map(|f| f.0)
            .collect();
        assert_eq!(order, [id(3), id(9)]);
    }

    #[test]
    fn another_time_takes_a_little_away_and_no_time_less_than_another_year() {
        let at = |day| freshened(1.0, Some(100), day);
        assert!((at(Some(100)) - 1.0).abs() < 1e-6);
        assert!(at(Some(110)) < 1.0 && (at(Some(90)) - at(Some(110))).abs() < 1e-6);
        assert!(at(None) > at(Some(500)) && at(Some(500)) >= 0.9);
    }

    #[test]
    fn nothing_found_is_no_answer() {
        assert!(fuse(Mode::Hybrid, &[], &[], None, &PLAIN).is_empty());
    }
}
