//! Joins the candidates of the vector search and the lexical search for a query in words.
//!
//! `fused = w·s + (1 − w)·similarity`, where `s` is the lexical score as a share of a full match
//! and `w = 0.3 + 0.5·s`: the more of the query's words an article contains, the more they count.
//! With the fixed weight of [`crate::fuse`], articles that contain a whole sentence of the query
//! deep in their text came after others that are only similar (`wenmai eval passages`).

use crate::fuse;
use crate::fuse::Scored;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;

/// The weight of the lexical leg for an article that shares no word with the query.
const WEIGHT_NONE: f32 = 0.3;
/// How much that weight grows up to a full match.
const WEIGHT_GROWTH: f32 = 0.5;

/// Orders the candidates of both legs, best first, ties by id. A leg that was not asked is an empty
/// slice.
///
/// `full` is the BM25 score of a full match. Without it, or if it is not above 0, the score of the
/// best candidate is used.
#[must_use]
pub fn order(
    mode: Mode,
    dense: &[Scored],
    lexical: &[Scored],
    full: Option<f32>,
) -> Vec<(ArticleId, Scores)> {
    let mut ordered = fuse::fuse(mode, dense, lexical, full);
    if mode != Mode::Hybrid {
        return ordered;
    }
    let best = || lexical.iter().map(|(_, score)| *score).fold(0.0, f32::max);
    let full = full.filter(|full| *full > 0.0).unwrap_or_else(best);
    for (_, scores) in &mut ordered {
        let lexical = scores.lexical.unwrap_or(0.0);
        let share = if full > 0.0 { (lexical / full).min(1.0) } else { 0.0 };
        let weight = WEIGHT_NONE + WEIGHT_GROWTH * share;
        let similarity = scores.similarity.unwrap_or(0.0).max(0.0);
        scores.fused = weight * share + (1.0 - weight) * similarity;
    }
    ordered.sort_by(|(left_id, left), (right_id, right)| {
        right.fused.total_cmp(&left.fused).then(left_id.cmp(right_id))
    });
    ordered
}

#[cfg(test)]
mod tests {
    use super::order;
    use wenmai_domain::hit::Mode;
    use wenmai_domain::id::ArticleId;

    fn id(n: u128) -> ArticleId {
        ArticleId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn a_full_match_stands_before_what_is_only_similar() {
        let dense = [(id(1), 0.7), (id(2), 0.1)];
        let lexical = [(id(1), 2.0), (id(2), 20.0)];
        let found = order(Mode::Hybrid, &dense, &lexical, Some(20.0));
        assert_eq!(found[0].0, id(2));
        assert!((found[0].1.fused - 0.82).abs() < 1e-6);
    }

    #[test]
    fn a_poor_match_does_not() {
        let dense = [(id(1), 0.7), (id(2), 0.1)];
        let lexical = [(id(2), 5.0)];
        assert_eq!(order(Mode::Hybrid, &dense, &lexical, Some(20.0))[0].0, id(1));
    }

    #[test]
    fn one_leg_alone_keeps_its_own_score() {
        let found = order(Mode::Lexical, &[], &[(id(1), 5.0)], None);
        assert!((found[0].1.fused - 5.0).abs() < 1e-6);
    }
}
