//! Reorders candidates so that each adds something to those before it.
//!
//! This is maximal marginal relevance (Carbonell & Goldstein 1998): in each step it takes the
//! candidate with the highest `λ·relevance − (1 − λ)·similarity to the nearest one chosen`.

/// The weight of relevance against novelty, in `[0, 1]`; 1 keeps the order by relevance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lambda(f32);

impl Lambda {
    /// The weight that is used unless a caller gives another.
    pub const USUAL: f32 = 0.7;

    /// The weight `share`; `None` outside `[0, 1]`.
    #[must_use]
    pub fn new(share: f32) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }
}

/// The indices of `relevance` in the new order; of equal candidates the earlier one comes first.
///
/// `relevance` should be scaled to `[0, 1]`. `similarity` of two indices is in `[-1, 1]`; it is
/// called `n·(n − 1)/2` times for `n` candidates.
#[must_use]
pub fn diversify(
    relevance: &[f32],
    lambda: Lambda,
    similarity: impl Fn(usize, usize) -> f32,
) -> Vec<usize> {
    let Lambda(share) = lambda;
    let mut left: Vec<(usize, f32, f32)> =
        relevance.iter().enumerate().map(|(at, score)| (at, *score, 0.0)).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let worth =
            |(_, score, nearest): &(usize, f32, f32)| share * score - (1.0 - share) * nearest;
        let mut best = 0;
        let mut most = f32::NEG_INFINITY;
        for (place, candidate) in left.iter().enumerate() {
            if worth(candidate) > most {
                (best, most) = (place, worth(candidate));
            }
        }
        let (chosen, ..) = left.remove(best);
        order.push(chosen);
        for (at, _, nearest) in &mut left {
            *nearest = nearest.max(similarity(chosen, *at));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::Lambda;
    use super::diversify;

    /// The candidates 0 and 1 are copies of each other, 2 is like neither.
    fn copies(left: usize, right: usize) -> f32 {
        if left + right == 1 { 1.0 } else { 0.0 }
    }

    #[test]
    fn a_copy_comes_after_something_else() {
        let half = Lambda::new(0.5).unwrap();
        assert_eq!(diversify(&[1.0, 0.9, 0.6], half, copies), [0, 2, 1]);
    }

    #[test]
    fn with_nothing_but_relevance_the_order_stays() {
        let all = Lambda::new(1.0).unwrap();
        assert_eq!(diversify(&[1.0, 0.9, 0.6], all, copies), [0, 1, 2]);
        assert!(diversify(&[], all, copies).is_empty());
    }

    #[test]
    fn a_share_outside_its_range_is_none() {
        assert_eq!(Lambda::new(1.5), None);
        assert_eq!(Lambda::new(f32::NAN), None);
    }
}
