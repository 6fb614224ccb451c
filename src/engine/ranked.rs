//! Candidates on their way to an answer, as the steps of ranking hand them on.

use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_rank::feature::Features;
use wenmai_rank::scorer::Judgement;

/// Candidates that each leg is asked for. The number is always the same: with another depth a
/// candidate that only one leg had found would change its score, and the pages of one answer would
/// not fit together.
pub(super) const CANDIDATES: u32 = 500;

/// A candidate with its scores; a list of them is ordered best first.
pub(super) struct Ranked {
    pub(super) id: ArticleId,
    pub(super) scores: Scores,
    /// What a learned ranker said of it; `None` where none did.
    pub(super) judged: Option<Judged>,
}

/// The features of a candidate, and what the ranker made of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judged {
    pub(super) features: Features,
    pub(super) judgement: Judgement,
}

/// The order of candidates: the better score first, and the lower id on a tie.
pub(super) fn best_first(left: &Ranked, right: &Ranked) -> std::cmp::Ordering {
    right.scores.fused.total_cmp(&left.scores.fused).then(left.id.cmp(&right.id))
}
