//! Joins what the legs of the index found for a question in words.
//!
//! `fused = (w·s + (1 − w)·similarity + g·neighbours) / (1 + g)`, where `s` is the lexical score as a share
//! of a full match, `w = 0.4 + 0.4·s⁸`, and `neighbours` the similarity to the middle of the first answers
//! with `g = 0.3`. Near a full match the words decide: with a fixed weight, articles that hold a whole
//! sentence of the question deep in their text stood behind others that are only similar (`wenmai eval
//! passages`). Below that both count alike, which is what written queries want (`wenmai eval search`). The
//! first answers find what tells of the same matter in other words (Rocchio 1971, without labels); without
//! enough of them there is no such leg, and `g = 0`.

use std::collections::HashMap;

use crate::fuse;
use crate::fuse::Scored;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;

/// The lexical leg's say as long as much of the question is missing.
const WEIGHT_PARTIAL: f32 = 0.4;
/// How much that grows up to a full match.
const WEIGHT_GROWTH: f32 = 0.4;
/// How late it grows.
const GROWTH_POWER: i32 = 8;
/// What the middle of the first answers counts, where all else counts 1.
const NEIGHBOURS_WEIGHT: f32 = 0.3;

/// What the legs found. A leg that was not asked is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found<'a> {
    /// Similarities to the question.
    pub dense: &'a [Scored],
    /// BM25 scores.
    pub lexical: &'a [Scored],
    /// Similarities to the middle of the first answers, on the scale of `cosines` already.
    pub neighbours: &'a [Scored],
    /// The BM25 score of a full match; `None`, or nothing above 0, takes the best candidate's.
    pub full: Option<f32>,
    /// What puts the similarities of the model on the scale that the weights here are for; `None`
    /// leaves them as they are.
    pub cosines: Option<&'a CosineScale>,
}

/// Orders what the legs found, best first; ties by id.
#[must_use]
pub fn order(mode: Mode, found: Found<'_>) -> Vec<(ArticleId, Scores)> {
    let Found { dense, lexical, neighbours, full, cosines } = found;
    let plain = CosineScale::identity();
    let cosines = cosines.unwrap_or(&plain);
    let mut ordered = fuse::fuse(mode, dense, lexical, full, cosines);
    if mode != Mode::Hybrid {
        return ordered;
    }
    let best = || lexical.iter().map(|(_, score)| *score).fold(0.0, f32::max);
    let full = full.filter(|full| *full > 0.0).unwrap_or_else(best);
    let near: HashMap<ArticleId, f32> = neighbours.iter().copied().collect();
    // What that leg did not return is at most as near as its last.
    let floor = neighbours.iter().map(|(_, score)| *score).fold(f32::MAX, f32::min).min(1.0);
    let weight_near = if neighbours.is_empty() { 0.0 } else { NEIGHBOURS_WEIGHT };
    for (id, scores) in &mut ordered {
        let lexical = scores.lexical.unwrap_or(0.0);
        let share = if full > 0.0 { (lexical / full).min(1.0) } else { 0.0 };
        let weight = WEIGHT_PARTIAL + WEIGHT_GROWTH * share.powi(GROWTH_POWER);
        let similarity = scores.similarity.map_or(0.0, |cosine| cosines.at(cosine)).max(0.0);
        let near = near.get(id).copied().unwrap_or(floor).max(0.0);
        let own = weight * share + (1.0 - weight) * similarity;
        scores.fused = (own + weight_near * near) / (1.0 + weight_near);
    }
    ordered.sort_by(|(left_id, left), (right_id, right)| {
        right.fused.total_cmp(&left.fused).then(left_id.cmp(right_id))
    });
    ordered
}

#[cfg(test)]
mod tests {
    use super::Found;
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
        let legs = Found { dense: &dense, lexical: &lexical, full: Some(20.0), ..Found::default() };
        let found = order(Mode::Hybrid, legs);
        assert_eq!(found[0].0, id(2));
        assert!((found[0].1.fused - 0.82).abs() < 1e-6);
    }

    #[test]
    fn a_poor_match_does_not() {
        let dense = [(id(1), 0.7), (id(2), 0.1)];
        let lexical = [(id(2), 5.0)];
        let legs = Found { dense: &dense, lexical: &lexical, full: Some(20.0), ..Found::default() };
        assert_eq!(order(Mode::Hybrid, legs)[0].0, id(1));
    }

    #[test]
    fn one_leg_alone_keeps_its_own_score() {
        let found = order(Mode::Lexical, Found { lexical: &[(id(1), 5.0)], ..Found::default() });
        assert!((found[0].1.fused - 5.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_near_the_first_answers_stands_before_what_is_not() {
        let dense = [(id(1), 0.5), (id(2), 0.5), (id(3), 0.5)];
        let neighbours = [(id(3), 0.9), (id(1), 0.2)];
        let legs = Found { dense: &dense, neighbours: &neighbours, ..Found::default() };
        let found = order(Mode::Hybrid, legs);
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [id(3), id(1), id(2)]);
        assert!(found.iter().all(|(_, scores)| (0.0..=1.0).contains(&scores.fused)));
    }

    #[test]
    fn a_full_match_stands_before_what_is_near_the_first_answers() {
        let dense = [(id(1), 0.7), (id(2), 0.1)];
        let lexical = [(id(1), 2.0), (id(2), 20.0)];
        let neighbours = [(id(1), 0.9), (id(2), 0.1)];
        let (dense, lexical, neighbours) = (&dense[..], &lexical[..], &neighbours[..]);
        let legs = Found { dense, lexical, neighbours, full: Some(20.0), cosines: None };
        assert_eq!(order(Mode::Hybrid, legs)[0].0, id(2));
    }
}
