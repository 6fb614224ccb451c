//! `wenmai eval pairs`: how well the cosines of the model separate pairs that match from pairs that
//! do not.

use serde::Serialize;

use crate::bootstrap;
use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::decision::Cut;
use crate::decision::Judged;
use crate::similarity::Scored;
use crate::similarity::Scorer;

/// How well one scorer separates the pairs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Separation {
    /// The scorer, the model or a baseline.
    pub scorer: Scorer,
    /// The average precision; `None` if no pair matches.
    pub average_precision: Option<f64>,
    /// The 95 % interval of the average precision, from resampling rows.
    pub average_precision_interval: Option<Interval>,
    /// The 95 % interval of the model's average precision minus this scorer's, on the same
    /// resamples; `None` for the model itself.
    pub model_ahead: Option<Interval>,
    /// The area under the ROC curve; `None` if one kind of pairs is missing.
    pub roc_auc: Option<f64>,
    /// The 95 % interval of the area, from resampling rows.
    pub roc_auc_interval: Option<Interval>,
    /// The decision with the best F1; its threshold is chosen on these very rows.
    pub best_f1: Option<Cut>,
    /// The 95 % interval of the best F1, whose threshold is chosen again in each resample.
    pub best_f1_interval: Option<Interval>,
}

/// Measures every scorer; `truths` are the labels of the rows, in their order.
#[must_use]
pub fn measure(scored: &Scored, truths: &[bool], bootstrap: Bootstrap) -> Vec<Separation> {
    let count = truths.len();
    let model = Judged::new(&scored.model, truths);
    let measured = scored.columns().map(|(scorer, values)| {
        let judged = Judged::new(values, truths);
        let once = bootstrap::once(count);
        let [average_precision_interval, model_ahead, roc_auc_interval, best_f1_interval] =
            bootstrap.intervals(count, |counts| {
                let own = judged.average_precision(counts);
                let ahead = model.average_precision(counts).zip(own);
                let ahead = ahead.map(|(model, own)| model - own);
                let f1 = judged.best_f1(counts).map(|cut| cut.f1);
                [own, ahead, judged.roc_auc(counts), f1]
            });
        Separation {
            scorer,
            average_precision: judged.average_precision(&once),
            average_precision_interval,
            model_ahead: model_ahead.filter(|_| scorer != Scorer::Model),
            roc_auc: judged.roc_auc(&once),
            roc_auc_interval,
            best_f1: judged.best_f1(&once),
            best_f1_interval,
        }
    });
    measured.to_vec()
}

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::bootstrap::Bootstrap;
    use crate::similarity::Scored;

    #[test]
    fn the_model_is_measured_beside_the_baselines_on_the_same_rows() {
        let truths: Vec<bool> = (0..60).map(|at| at % 3 == 0).collect();
        let model = truths.iter().map(|truth| if *truth { 0.9 } else { 0.2 }).collect();
        let bigrams = (0..60_i32).map(|at| f64::from((at * 7) % 13)).collect();
        let overlap = vec![0.5; 60];
        let scored = Scored { model, bigrams, overlap, ..Scored::default() };
        let bootstrap = Bootstrap { seed: 1, resample_count: 200 };
        let [model, bigrams, overlap] = measure(&scored, &truths, bootstrap).try_into().unwrap();
        assert_eq!((model.average_precision, model.roc_auc), (Some(1.0), Some(1.0)));
        let cut = model.best_f1.unwrap();
        assert_eq!((cut.threshold, cut.f1, cut.accuracy), (0.9, 1.0, 1.0));
        assert!(bigrams.model_ahead.unwrap().low > 0.0);
        // One score for all rows says nothing, so precision and area are those of chance.
        assert!((overlap.average_precision.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(overlap.roc_auc, Some(0.5));
    }
}
