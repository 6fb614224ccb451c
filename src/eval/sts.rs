//! `wenmai eval sts`: how well the cosines of the model order pairs of sentences as people do.

use serde::Serialize;

use crate::bootstrap;
use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::correlation::Ranking;
use crate::correlation::pearson;
use crate::correlation::spearman;
use crate::similarity::Scored;
use crate::similarity::Scorer;

/// How well one scorer agrees with people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The scorer, the model or a baseline.
    pub scorer: Scorer,
    /// Spearman's rank correlation with mean ranks for ties; `None` if a column is constant.
    pub spearman: Option<f64>,
    /// The 95 % interval of it, from resampling rows.
    pub spearman_interval: Option<Interval>,
    /// The 95 % interval of the model's Spearman correlation minus this scorer's, on the same
    /// resamples; `None` for the model itself.
    pub model_ahead: Option<Interval>,
    /// Pearson's correlation; `None` if a column is constant.
    pub pearson: Option<f64>,
    /// The 95 % interval of it, from resampling rows.
    pub pearson_interval: Option<Interval>,
}

/// Measures how well every scorer agrees with people.
#[must_use]
pub fn measure(scored: &Scored, bootstrap: Bootstrap) -> Vec<Agreement> {
    let count = scored.scores.len();
    let truth = Ranking::new(&scored.scores);
    let model = Ranking::new(&scored.model);
    let measured = scored.columns().map(|(scorer, values)| {
        let ranking = Ranking::new(values);
        let once = bootstrap::once(count);
        let [spearman_interval, model_ahead, pearson_interval] =
            bootstrap.intervals(count, |counts| {
                let own = spearman(&ranking, &truth, counts);
                let ahead = spearman(&model, &truth, counts).zip(own);
                let ahead = ahead.map(|(model, own)| model - own);
                [own, ahead, pearson(values, &scored.scores, counts)]
            });
        Agreement {
            scorer,
            spearman: spearman(&ranking, &truth, &once),
            spearman_interval,
            model_ahead: model_ahead.filter(|_| scorer != Scorer::Model),
            pearson: pearson(values, &scored.scores, &once),
            pearson_interval,
        }
    });
    measured.to_vec()
}

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::bootstrap::Bootstrap;
    use crate::similarity::Scored;

    const BOOTSTRAP: Bootstrap = Bootstrap { seed: 1, resample_count: 200 };

    #[test]
    fn the_model_is_measured_beside_the_baselines_on_the_same_rows() {
        let said: Vec<f64> = (0..40_i32).map(f64::from).collect();
        let model = said.iter().map(|score| score * score).collect();
        let bigrams = said.iter().map(|score| (score * 7.0) % 11.0).collect();
        let overlap = vec![0.5; 40];
        let scored = Scored { scores: said, model, bigrams, overlap, unreadable: Vec::new() };
        let [model, bigrams, overlap] = measure(&scored, BOOTSTRAP).try_into().unwrap();
        assert!((model.spearman.unwrap() - 1.0).abs() < 1e-12);
        assert!(model.pearson.unwrap() < 1.0 && model.model_ahead.is_none());
        let ahead = bigrams.model_ahead.unwrap();
        assert!(ahead.low > 0.5 && ahead.high < 1.5, "{ahead:?}");
        let within = bigrams.spearman_interval.unwrap();
        let own = bigrams.spearman.unwrap();
        assert!(within.low < own && own < within.high);
        assert_eq!((overlap.spearman, overlap.spearman_interval), (None, None));
    }
}
