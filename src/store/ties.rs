//! Makes ties between hits come out the same in every store.
//!
//! Qdrant breaks ties by the position of a point, our answers break them by id. Therefore all hits
//! that tie with the last one wanted must be seen before the rest is cut off.

use wenmai_domain::limit::Limit;

use crate::Scored;
use crate::best_first;

/// How many more hits are asked for than wanted, so that most ties are seen with the first
/// question.
const MARGIN: usize = 16;
/// Once this many hits were asked for, no more are: among so many ties, Qdrant chooses which are
/// seen.
const MAX: usize = 4_096;

/// How many hits to ask for at first when `limit` are wanted.
pub fn wanted_first(limit: Limit) -> usize {
    limit.count() + MARGIN
}

/// Cuts `hits`, which are the answer to a question for `wanted` hits, down to the best `limit`,
/// ties by id.
///
/// # Errors
/// If hits that were not seen may tie with the last one: how many hits to ask for next.
pub fn settled(mut hits: Vec<Scored>, wanted: usize, limit: Limit) -> Result<Vec<Scored>, usize> {
    hits.sort_by(best_first);
    let cut = hits.get(limit.count() - 1).map(|hit| hit.score);
    let end = hits.last().map(|hit| hit.score);
    if hits.len() < wanted || cut != end || wanted >= MAX {
        hits.truncate(limit.count());
        return Ok(hits);
    }
    Err(wanted.saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::settled;
    use crate::Scored;
    use wenmai_domain::limit::Limit;

    #[test]
    fn hits_that_may_tie_with_unseen_ones_are_asked_for_again() {
        let limit = Limit::new(2).unwrap();
        let hits = |scores: &[f32]| -> Vec<Scored> {
            let mut hits = Vec::new();
            for (id, score) in (0_u128..).zip(scores) {
                hits.push(Scored { id: Uuid::from_u128(id).into(), score: *score });
            }
            hits.reverse();
            hits
        };
        let ids = |found: Vec<Scored>| -> Vec<u128> {
            found.iter().map(|hit| hit.id.uuid().as_u128()).collect()
        };
        assert_eq!(settled(hits(&[3.0, 1.0, 1.0]), 3, limit).unwrap_err(), 12);
        assert_eq!(settled(hits(&[3.0, 1.0, 1.0]), 4, limit).map(ids), Ok(vec![0, 1]));
        assert_eq!(settled(hits(&[3.0, 2.0, 1.0]), 3, limit).map(ids), Ok(vec![0, 1]));
        assert_eq!(settled(hits(&[1.0; 5]), 4_096, limit).map(ids), Ok(vec![0, 1]));
    }
}
