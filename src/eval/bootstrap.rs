//! Percentile bootstrap: confidence intervals that say how far a figure would move with other rows.
//!
//! Rows are drawn with replacement. A statistic receives how often each row was drawn, so that it
//! can sort once and not once for each resample. All statistics of one call see the same draws, so
//! their difference is a paired one. The result depends only on the seed. Source: Efron &
//! Tibshirani 1993, chapter 13.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::metrics;

/// How resamples are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bootstrap {
    pub seed: u64,
    /// The number of resamples; 0 gives no interval.
    pub resample_count: usize,
}

/// The 95 % interval of a statistic over the resamples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The 2.5th percentile.
    pub low: f64,
    /// The 97.5th percentile.
    pub high: f64,
}

impl Bootstrap {
    /// The intervals of `N` statistics over `row_count` rows.
    ///
    /// `statistics` receives how often each row counts, `[row_count]`. A resample in which a
    /// statistic is undefined is left out of its interval; `None` if none remains.
    pub fn intervals<const N: usize>(
        &self,
        row_count: usize,
        mut statistics: impl FnMut(&[u32]) -> [Option<f64>; N],
    ) -> [Option<Interval>; N] {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut drawn = [const { Vec::new() }; N];
        let mut counts = vec![0_u32; row_count];
        for _ in 0..self.resample_count {
            counts.fill(0);
            for _ in 0..row_count {
                let at = rng.random_range(0..row_count);
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
            for (values, value) in drawn.iter_mut().zip(statistics(&counts)) {
                values.extend(value);
            }
        }
        drawn.map(|values| interval(&values))
    }
}

/// Counts in which every row occurs once, for the statistic of the rows themselves.
#[must_use]
pub fn once(row_count: usize) -> Vec<u32> {
    vec![1; row_count]
}

/// The mean of `values`, each weighted with its count; `None` if nothing is counted.
#[must_use]
pub fn mean(values: &[f64], counts: &[u32]) -> Option<f64> {
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let sum: f64 = values.iter().zip(counts).map(|(value, count)| value * f64::from(*count)).sum();
    (total > 0.0).then(|| sum / total)
}

fn interval(values: &[f64]) -> Option<Interval> {
    let low = metrics::quantile(values, 0.025)?;
    Some(Interval { low, high: metrics::quantile(values, 0.975)? })
}

#[cfg(test)]
mod tests {
    use super::Bootstrap;
    use super::mean;
    use super::once;

    const BOOTSTRAP: Bootstrap = Bootstrap { seed: 7, resample_count: 2_000 };

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors_each_way() {
        let values: Vec<f64> = (0..400_i32).map(|at| f64::from(at % 2)).collect();
        let [found] = BOOTSTRAP.intervals(400, |counts| [mean(&values, counts)]);
        let found = found.unwrap();
        // The standard error is 0.5 / sqrt(400) = 0.025.
        assert!((found.low - 0.451).abs() < 0.006, "{found:?}");
        assert!((found.high - 0.549).abs() < 0.006, "{found:?}");
    }

    #[test]
    fn one_seed_gives_one_interval() {
        let values: Vec<f64> = (0..50_i32).map(f64::from).collect();
        let draw = |seed| {
            let bootstrap = Bootstrap { seed, ..BOOTSTRAP };
            bootstrap.intervals(50, |counts| [mean(&values, counts)])
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn statistics_of_one_call_see_the_same_rows() {
        let values: Vec<f64> = (0..30_i32).map(f64::from).collect();
        let more: Vec<f64> = values.iter().map(|value| value + 1.0).collect();
        let [difference] = BOOTSTRAP.intervals(30, |counts| {
            [mean(&more, counts).zip(mean(&values, counts)).map(|(more, value)| more - value)]
        });
        let difference = difference.unwrap();
        assert!((difference.low - 1.0).abs() < 1e-9 && (difference.high - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_never_defined_has_no_interval() {
        assert_eq!(BOOTSTRAP.intervals(5, |_| [None, Some(2.0)])[0], None);
        let [of_nothing] = BOOTSTRAP.intervals(0, |counts| [mean(&[], counts)]);
        assert_eq!(of_nothing, None);
        assert_eq!(mean(&[1.0, 3.0], &once(2)), Some(2.0));
    }
}
