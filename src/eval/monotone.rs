//! Isotonic regression: fits a probability that never falls while the score rises.

/// Pairs that get the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The mean score of the pairs.
    pub score: f64,
    /// The number of pairs.
    pub count: f64,
    /// The number of true pairs.
    pub yes: f64,
}

impl Block {
    /// The share of true pairs.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.yes / self.count
    }

    /// The share of true pairs with half a pair of each kind added (Jeffreys' prior), so never 0 or
    /// 1.
    #[must_use]
    pub fn careful_share(&self) -> f64 {
        (self.yes + 0.5) / (self.count + 1.0)
    }

    fn join(&mut self, other: &Block) {
        let count = self.count + other.count;
        self.score = (self.score * self.count + other.score * other.count) / count;
        self.yes += other.yes;
        self.count = count;
    }
}

/// Fits the non-decreasing step function with the least squared error by pooling adjacent
/// violators; pairs of equal score stay together. Returns the steps in ascending order of score.
/// Source: Ayer et al. 1955; the shares equal those of scikit-learn's `IsotonicRegression`.
#[must_use]
pub fn fit(pairs: impl IntoIterator<Item = (f64, bool)>) -> Vec<Block> {
    let mut sorted: Vec<(f64, bool)> = pairs.into_iter().collect();
    sorted.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let mut ties: Vec<Block> = Vec::new();
    for (score, truth) in sorted {
        let one = Block { score, count: 1.0, yes: f64::from(u8::from(truth)) };
        match ties.last_mut().filter(|last| last.score.total_cmp(&score).is_eq()) {
            Some(last) => {
                last.count += 1.0;
                last.yes += one.yes;
            }
            None => ties.push(one),
        }
    }
    pool(ties, Block::share)
}

/// Joins neighbouring blocks until `value` rises from block to block.
fn pool(blocks: Vec<Block>, value: fn(&Block) -> f64) -> Vec<Block> {
    let mut pooled: Vec<Block> = Vec::new();
    for mut block in blocks {
        while let Some(last) = pooled.pop_if(|last| value(last) >= value(&block)) {
            block.join(&last);
        }
        pooled.push(block);
    }
    pooled
}

/// A non-decreasing curve of straight lines between points, constant before the first and after the
/// last one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// Scores and probabilities; both rise.
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// The curve through `points`, in which scores and probabilities must rise.
    #[must_use]
    pub fn new(points: Vec<(f64, f64)>) -> Self {
        Self { points }
    }

    /// The isotonic curve of `pairs`, through the middle of each block. It never reaches 0 or 1,
    /// which no number of pairs can prove.
    #[must_use]
    pub fn fit(pairs: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let blocks = pool(fit(pairs), Block::careful_share);
        Self::new(blocks.iter().map(|block| (block.score, block.careful_share())).collect())
    }

    /// The probability at `score`; 0 on a curve without points.
    #[must_use]
    pub fn at(&self, score: f64) -> f64 {
        let next = self.points.partition_point(|(at, _)| *at <= score);
        let right = self.points.get(next);
        let left = next.checked_sub(1).and_then(|at| self.points.get(at));
        match (left, right) {
            (Some((left, low)), Some((right, high))) => {
                low + (high - low) * (score - left) / (right - left)
            }
            (Some((_, only)), None) | (None, Some((_, only))) => *only,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prelude::prop;
    use proptest::prop_assert;
    use proptest::proptest;

    use super::Curve;
    use super::fit;

    #[test]
    fn shares_agree_with_scikit_learn() {
        // IsotonicRegression().fit(X, Y) gives 0, then ⅓ up to 0.3, ½ up to 0.5, and 1.
        let scores = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
        let truths = [false, true, false, false, true, false, true, true];
        let blocks = fit(scores.into_iter().zip(truths));
        let shares: Vec<(f64, f64)> =
            blocks.iter().map(|block| (block.count, block.share())).collect();
        assert_eq!(shares, [(1.0, 0.0), (3.0, 1.0 / 3.0), (2.0, 0.5), (2.0, 1.0)]);
        assert!((blocks[1].score - 0.7 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_curve_is_straight_between_its_points_and_flat_outside() {
        let curve = Curve::new(vec![(0.2, 0.1), (0.6, 0.5)]);
        assert!((curve.at(0.4) - 0.3).abs() < 1e-12);
        assert!((curve.at(-1.0) - 0.1).abs() < 1e-12);
        assert!((curve.at(1.0) - 0.5).abs() < 1e-12);
        assert!((curve.at(0.6) - 0.5).abs() < 1e-12);
        assert!(Curve::default().at(0.5).abs() < 1e-12);
    }

    #[test]
    fn a_few_pairs_prove_nothing() {
        let curve = Curve::fit([(0.1, false), (0.9, true)]);
        assert!((curve.at(0.9) - 0.75).abs() < 1e-12);
        assert!((curve.at(0.1) - 0.25).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_higher_score_is_never_less_probable(
            pairs in prop::collection::vec((0_u8..50, any::<bool>()), 1..200),
        ) {
            let pairs = pairs.into_iter().map(|(score, truth)| (f64::from(score) / 50.0, truth));
            let curve = Curve::fit(pairs);
            let mut last = 0.0;
            for at in 0..=100 {
                let found = curve.at(f64::from(at) / 100.0);
                prop_assert!(found >= last - 1e-12 && found > 0.0 && found < 1.0);
                last = found;
            }
        }
    }
}
