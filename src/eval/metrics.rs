//! Metrics of a ranked list, and statistics of a list of numbers.

/// The normalized discounted cumulative gain of the first `depth` answers, in `[0, 1]`.
///
/// `gains` are those of the answers in order; `relevant` are the gains of everything that could
/// have been found. `DCG = Σ gain / log2(rank + 1)`, with linear gain. `None` if nothing could be
/// found. Source: Järvelin & Kekäläinen 2002.
#[must_use]
pub fn ndcg(gains: &[f64], relevant: &[f64], depth: usize) -> Option<f64> {
    let mut best = relevant.to_vec();
    best.sort_by(|left, right| right.total_cmp(left));
    let ideal = dcg(&best, depth);
    (ideal > 0.0).then(|| dcg(gains, depth) / ideal)
}

fn dcg(gains: &[f64], depth: usize) -> f64 {
    let discounted = gains.iter().take(depth).zip(2_u32..);
    discounted.map(|(gain, rank_and_one)| gain / f64::from(rank_and_one).log2()).sum()
}

/// The reciprocal rank of the first correct answer; 0 if there is none.
#[must_use]
pub fn reciprocal_rank(right: &[bool]) -> f64 {
    let first = right.iter().zip(1_u32..).find(|(right, _)| **right);
    first.map_or(0.0, |(_, rank)| 1.0 / f64::from(rank))
}

/// The recall of the first `depth` answers, as a share of what they could contain:
/// `relevant_count`, or `depth` if more is relevant. `None` if there is nothing to find.
#[must_use]
pub fn recall(right: &[bool], relevant_count: usize, depth: usize) -> Option<f64> {
    let found = right.iter().take(depth).filter(|right| **right).count();
    let most = relevant_count.min(depth);
    (most > 0).then(|| as_f64(found) / as_f64(most))
}

/// The mean; `None` without values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / as_f64(values.len()))
}

/// The value that the given share of the values does not exceed (nearest rank); `None` without
/// values.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank in the list"
    )]
    let rank = (share.clamp(0.0, 1.0) * as_f64(sorted.len())).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Converts a count for arithmetic.
#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::ndcg;
    use super::quantile;
    use super::recall;
    use super::reciprocal_rank;

    #[test]
    fn ndcg_agrees_with_the_formula_by_hand() {
        let dcg = 1.0 + 2.0 / 3_f64.log2();
        let ideal = 2.0 + 1.0 / 3_f64.log2();
        assert!((ndcg(&[1.0, 2.0], &[1.0, 2.0], 10).unwrap() - dcg / ideal).abs() < 1e-12);
        assert_eq!(ndcg(&[2.0, 1.0], &[1.0, 2.0], 10), Some(1.0));
        assert_eq!(ndcg(&[], &[], 10), None);
    }

    #[test]
    fn answers_past_the_depth_do_not_count() {
        assert_eq!(ndcg(&[0.0, 2.0], &[2.0], 1), Some(0.0));
        assert_eq!(recall(&[true, true], 5, 1), Some(1.0));
        assert_eq!(recall(&[false, true], 2, 1), Some(0.0));
        assert_eq!(recall(&[false, true], 2, 2), Some(0.5));
        assert_eq!(recall(&[], 0, 2), None);
    }

    #[test]
    fn the_first_right_answer_decides_the_reciprocal_rank() {
        assert!((reciprocal_rank(&[false, false, true, true]) - 1.0 / 3.0).abs() < 1e-12);
        assert!(reciprocal_rank(&[false]).abs() < 1e-12);
    }

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(quantile(&values, 0.5), Some(3.0));
        assert_eq!(quantile(&values, 0.99), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
