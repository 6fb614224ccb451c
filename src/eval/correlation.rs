//! Pearson's and Spearman's correlation of two columns of numbers, with counted rows.
//!
//! Every function receives how often each row counts (see `bootstrap`). The result is that of a
//! table in which each row occurs that often.

/// A column that was sorted once, so that the mean ranks of any resample can be computed in one
/// pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// For each row, the index of its value among the different values in ascending order.
    place_of_row: Vec<usize>,
    /// The number of different values.
    place_count: usize,
}

impl Ranking {
    /// Sorts `values`. They must not be NaN, which would count as the largest value.
    #[must_use]
    pub fn new(values: &[f64]) -> Self {
        let mut order: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
        order.sort_by(|(_, left), (_, right)| left.total_cmp(right));
        let mut place_of_row = vec![0; values.len()];
        let mut place_count: usize = 0;
        let mut last = None;
        for (row, value) in order {
            if last != Some(value) {
                place_count += 1;
                last = Some(value);
            }
            if let Some(place) = place_of_row.get_mut(row) {
                *place = place_count - 1;
            }
        }
        Self { place_of_row, place_count }
    }

    /// The rank of each row, from 1; equal values share the mean of their ranks.
    fn mean_ranks(&self, counts: &[u32]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.place_count];
        for (place, count) in self.place_of_row.iter().zip(counts) {
            if let Some(rank) = ranks.get_mut(*place) {
                *rank += f64::from(*count);
            }
        }
        let mut before = 0.0;
        for rank in &mut ranks {
            let here = *rank;
            *rank = before + f64::midpoint(here, 1.0);
            before += here;
        }
        let of_place = |place: &usize| ranks.get(*place).copied().unwrap_or(0.0);
        self.place_of_row.iter().map(of_place).collect()
    }
}

/// Spearman's rank correlation with mean ranks for ties, in `[-1, 1]`; `None` if a column is
/// constant.
#[must_use]
pub fn spearman(left: &Ranking, right: &Ranking, counts: &[u32]) -> Option<f64> {
    pearson(&left.mean_ranks(counts), &right.mean_ranks(counts), counts)
}

/// Pearson's correlation, in `[-1, 1]`; `None` if a column is constant.
#[must_use]
pub fn pearson(left: &[f64], right: &[f64], counts: &[u32]) -> Option<f64> {
    let rows = || left.iter().zip(right).zip(counts).map(|(pair, count)| (pair, f64::from(*count)));
    let total: f64 = rows().map(|(_, count)| count).sum();
    let left_mean = rows().map(|((left, _), count)| left * count).sum::<f64>() / total;
    let right_mean = rows().map(|((_, right), count)| right * count).sum::<f64>() / total;
    let (mut both, mut left_only, mut right_only) = (0.0, 0.0, 0.0);
    for ((left, right), count) in rows() {
        let (left, right) = (left - left_mean, right - right_mean);
        both += count * left * right;
        left_only += count * left * left;
        right_only += count * right * right;
    }
    let spread = (left_only * right_only).sqrt();
    (spread > 0.0).then(|| (both / spread).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::Ranking;
    use super::pearson;
    use super::spearman;

    const LEFT: [f64; 6] = [0.9, 0.1, 0.4, 0.4, 0.7, 0.4];
    const RIGHT: [f64; 6] = [5.0, 1.0, 2.0, 3.0, 3.0, 1.0];
    const ONCE: [u32; 6] = [1; 6];

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        let ranks = Ranking::new(&LEFT).mean_ranks(&ONCE);
        // The expected ranks are those of scipy.stats.rankdata.
        assert_eq!(ranks, [6.0, 1.0, 3.0, 3.0, 5.0, 3.0]);
    }

    #[test]
    fn correlations_agree_with_scipy() {
        // The expected values are those of spearmanr and pearsonr in scipy 1.16.3.
        let (left, right) = (Ranking::new(&LEFT), Ranking::new(&RIGHT));
        close(spearman(&left, &right, &ONCE), 0.844_162_289_298_975_2);
        close(pearson(&LEFT, &RIGHT, &ONCE), 0.875_428_080_180_107_9);
    }

    #[test]
    fn a_count_stands_for_so_many_equal_rows() {
        // The expected values are those of scipy 1.16.3 for rows repeated this often
        // (numpy.repeat).
        let counts = [2, 0, 1, 3, 1, 1];
        let (left, right) = (Ranking::new(&LEFT), Ranking::new(&RIGHT));
        close(spearman(&left, &right, &counts), 0.796_273_119_366_855_9);
        close(pearson(&LEFT, &RIGHT, &counts), 0.832_103_613_805_654_8);
    }

    #[test]
    fn a_constant_column_has_no_correlation() {
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0], &[1, 1]), None);
        assert_eq!(pearson(&[], &[], &[]), None);
        let flat = Ranking::new(&[2.0, 2.0]);
        assert_eq!(spearman(&flat, &Ranking::new(&[1.0, 2.0]), &[1, 1]), None);
    }
}
