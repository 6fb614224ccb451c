//! How well a score separates true cases from false ones: average precision, the area under the ROC
//! curve, and the best F1.
//!
//! Rows of equal score are decided together, so no figure depends on their order. Every function
//! receives how often each row counts (see `bootstrap`).

use serde::Serialize;

/// Scores and their truths, sorted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Row, score and truth, in descending order of score.
    sorted: Vec<(usize, f64, bool)>,
}

/// The decision "true from this threshold up", and how good it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cut {
    /// The lowest score that is decided as true.
    pub threshold: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of the rows decided as true that are true.
    pub precision: f64,
    /// The share of the true rows that are decided as true.
    pub recall: f64,
    /// The share of all rows that are decided correctly.
    pub accuracy: f64,
}

/// The rows of one score, with the counts of true and of false ones.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    score: f64,
    yes: f64,
    no: f64,
}

impl Judged {
    /// Sorts the rows.
    #[must_use]
    pub fn new(scores: &[f64], truths: &[bool]) -> Self {
        let rows = scores.iter().zip(truths).enumerate();
        let mut sorted: Vec<_> = rows.map(|(row, (score, truth))| (row, *score, *truth)).collect();
        sorted.sort_by(|(_, left, _), (_, right, _)| right.total_cmp(left));
        Self { sorted }
    }

    /// The average precision `Σ (R_n − R_{n−1}) P_n` over the different scores, in descending
    /// order; `None` if no row is true. Computed as scikit-learn's `average_precision_score`,
    /// without interpolation.
    #[must_use]
    pub fn average_precision(&self, counts: &[u32]) -> Option<f64> {
        let steps = self.steps(counts);
        let (mut sum, mut yes, mut no) = (0.0, 0.0, 0.0);
        for step in steps {
            yes += step.yes;
            no += step.no;
            if step.yes > 0.0 {
                sum += step.yes * yes / (yes + no);
            }
        }
        (yes > 0.0).then(|| sum / yes)
    }

    /// The area under the ROC curve: the share of pairs of a true and a false row in which the true
    /// one has the higher score, equal scores counting half. `None` if one kind is missing. Source:
    /// Mann & Whitney 1947.
    #[must_use]
    pub fn roc_auc(&self, counts: &[u32]) -> Option<f64> {
        let (mut above, mut yes, mut no) = (0.0, 0.0, 0.0);
        for step in self.steps(counts) {
            above += step.no * (yes + step.yes / 2.0);
            yes += step.yes;
            no += step.no;
        }
        (yes > 0.0 && no > 0.0).then(|| above / (yes * no))
    }

    /// The threshold with the best F1, the highest one of several; `None` if no row is true.
    #[must_use]
    pub fn best_f1(&self, counts: &[u32]) -> Option<Cut> {
        let steps = self.steps(counts);
        let all_yes: f64 = steps.iter().map(|step| step.yes).sum();
        let all: f64 = all_yes + steps.iter().map(|step| step.no).sum::<f64>();
        let (mut yes, mut no) = (0.0, 0.0);
        let mut best: Option<Cut> = None;
        for step in steps {
            yes += step.yes;
            no += step.no;
            if yes == 0.0 {
                continue;
            }
            let cut = Cut {
                threshold: step.score,
                f1: 2.0 * yes / (yes + no + all_yes),
                precision: yes / (yes + no),
                recall: yes / all_yes,
                accuracy: (yes + (all - all_yes - no)) / all,
            };
            if best.is_none_or(|best| cut.f1 > best.f1) {
                best = Some(cut);
            }
        }
        best
    }

    /// The counted rows grouped by score, in descending order.
    fn steps(&self, counts: &[u32]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (row, score, truth) in &self.sorted {
            let count = f64::from(counts.get(*row).copied().unwrap_or(0));
            if count == 0.0 {
                continue;
            }
            let (yes, no) = if *truth { (count, 0.0) } else { (0.0, count) };
            match steps.last_mut().filter(|step| step.score.total_cmp(score).is_eq()) {
                Some(step) => {
                    step.yes += yes;
                    step.no += no;
                }
                None => steps.push(Step { score: *score, yes, no }),
            }
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::Judged;

    const SCORES: [f64; 8] = [0.9, 0.8, 0.8, 0.6, 0.5, 0.5, 0.3, 0.1];
    const TRUTHS: [bool; 8] = [true, true, false, false, true, false, true, false];
    const ONCE: [u32; 8] = [1; 8];
    const COUNTS: [u32; 8] = [1, 2, 0, 1, 3, 1, 0, 2];

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn figures_agree_with_scikit_learn() {
        // The expected values are those of average_precision_score and roc_auc_score, for the
        // second case on numpy.repeat(rows, COUNTS).
        let judged = Judged::new(&SCORES, &TRUTHS);
        close(judged.average_precision(&ONCE).unwrap(), 0.684_523_809_523_809_5);
        close(judged.roc_auc(&ONCE).unwrap(), 0.625);
        close(judged.average_precision(&COUNTS).unwrap(), 0.875);
        close(judged.roc_auc(&COUNTS).unwrap(), 0.8125);
    }

    #[test]
    fn the_best_f1_agrees_with_the_precision_recall_curve() {
        // The expected value is the maximum over scikit-learn's precision_recall_curve.
        let judged = Judged::new(&SCORES, &TRUTHS);
        let cut = judged.best_f1(&ONCE).unwrap();
        close(cut.f1, 8.0 / 11.0);
        close(cut.threshold, 0.3);
        close(cut.precision, 4.0 / 7.0);
        close(cut.recall, 1.0);
        close(cut.accuracy, 5.0 / 8.0);
        let cut = judged.best_f1(&COUNTS).unwrap();
        close(cut.f1, 6.0 / 7.0);
        close(cut.threshold, 0.5);
    }

    #[test]
    fn equal_scores_are_decided_together() {
        let first = Judged::new(&[0.5, 0.5], &[true, false]);
        let second = Judged::new(&[0.5, 0.5], &[false, true]);
        assert_eq!(first.average_precision(&[1, 1]), Some(0.5));
        assert_eq!(second.average_precision(&[1, 1]), Some(0.5));
        assert_eq!(first.roc_auc(&[1, 1]), Some(0.5));
    }

    #[test]
    fn without_one_kind_nothing_is_measured() {
        let none = Judged::new(&[0.5, 0.4], &[false, false]);
        assert_eq!(none.average_precision(&[1, 1]), None);
        assert_eq!(none.best_f1(&[1, 1]), None);
        let all = Judged::new(&[0.5, 0.4], &[true, true]);
        assert_eq!(all.roc_auc(&[1, 1]), None);
        assert_eq!(all.average_precision(&[1, 1]), Some(1.0));
    }
}
