//! What became of the questions of one measurement.

use std::time::Duration;

use serde::Serialize;
use tonic::Code;

use crate::eval::load::drive::Call;
use wenmai_eval::metrics::quantile;

/// How each question ended, and after how long.
#[derive(Debug, Default)]
pub(super) struct Tally {
    answered_ms: Vec<f64>,
    refused_ms: Vec<f64>,
    failed: usize,
    unsent: usize,
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// What was called.
    pub(super) call: Call,
    /// By how many, or how often.
    pub(super) load: String,
    /// Questions that came due.
    pub(super) asked: usize,
    /// Of these answered, a second.
    pub(super) answers_per_s: f64,
    /// Median and 99th percentile of the answered, milliseconds.
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    /// Refused because of load.
    pub(super) refused: usize,
    /// Median and 99th percentile of the refused, milliseconds.
    pub(super) refused_p50_ms: Option<f64>,
    pub(super) refused_p99_ms: Option<f64>,
    /// Ended in any other way.
    pub(super) failed: usize,
    /// Not sent, because too many were on their way.
    pub(super) unsent: usize,
    /// Memory of the server after it, MiB.
    pub(super) resident_mib: Option<f64>,
}

impl Tally {
    /// A question ended with `code` so long after it was due.
    pub(super) fn add(&mut self, code: Code, took: Duration) {
        let ms = took.as_secs_f64() * 1e3;
        if code == Code::Ok {
            self.answered_ms.push(ms);
        } else if code == Code::ResourceExhausted {
            self.refused_ms.push(ms);
        } else {
            self.failed += 1;
        }
    }

    /// A question was due and could not be sent.
    pub(super) fn skip(&mut self) {
        self.unsent += 1;
    }

    /// The same of another client, with this one's.
    pub(super) fn join(&mut self, other: Self) {
        let Self { answered_ms, refused_ms, failed, unsent } = other;
        self.answered_ms.extend(answered_ms);
        self.refused_ms.extend(refused_ms);
        self.failed += failed;
        self.unsent += unsent;
    }

    /// As a row.
    #[expect(clippy::cast_precision_loss, reason = "counts of questions are far below 2^52")]
    pub(super) fn row(&self, call: Call, load: String, period: Duration) -> Row {
        let Self { answered_ms, refused_ms, failed, unsent } = self;
        Row {
            call,
            load,
            asked: answered_ms.len() + refused_ms.len() + failed + unsent,
            answers_per_s: answered_ms.len() as f64 / period.as_secs_f64().max(1e-9),
            p50_ms: quantile(answered_ms, 0.5),
            p99_ms: quantile(answered_ms, 0.99),
            refused: refused_ms.len(),
            refused_p50_ms: quantile(refused_ms, 0.5),
            refused_p99_ms: quantile(refused_ms, 0.99),
            failed: *failed,
            unsent: *unsent,
            resident_mib: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::Code;

    use super::Tally;
    use crate::eval::load::drive::Call;

    #[test]
    fn every_question_is_in_one_column() {
        let mut tally = Tally::default();
        tally.add(Code::Ok, Duration::from_millis(4));
        tally.add(Code::ResourceExhausted, Duration::from_millis(1));
        tally.skip();
        let mut other = Tally::default();
        other.add(Code::Unavailable, Duration::from_millis(9));
        other.add(Code::Ok, Duration::from_millis(6));
        tally.join(other);
        let row = tally.row(Call::Search, String::new(), Duration::from_secs(2));
        assert_eq!((row.asked, row.refused, row.failed, row.unsent), (5, 1, 1, 1));
        assert!((row.answers_per_s - 1.0).abs() < 1e-9);
        assert!(row.p99_ms.unwrap() > 4.0);
    }
}
