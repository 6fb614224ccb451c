//! Cuts texts into windows, runs the windows through the model in batches of a bounded size, and
//! averages them into one embedding per text.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use crate::Embedded;
use crate::Embedder;
use crate::Error;
use crate::Purpose;
use wenmai_domain::embedding::Embedding;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Stage;

/// The model that a job is run with, its limits and its metrics.
#[derive(Clone, Copy)]
pub(super) struct Means<'job> {
    pub(super) model: &'job dyn Embedder,
    pub(super) budget: Budget,
    /// Counts forward passes, tokens and time.
    pub(super) metrics: &'job Metrics,
}

/// The limits of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// The most tokens of one forward pass: the length of its longest window times its number of
    /// windows.
    pub(super) batch_tokens: usize,
    /// The most windows of one text.
    pub(super) windows_max: usize,
}

/// Embeds `texts` and returns one result for each, in their order. `between` is called before every
/// step and says whether to go on; if not, the rest fail with [`Error::Stopped`].
pub(super) fn embed(
    means: Means,
    texts: &[String],
    purpose: Purpose,
    between: &mut dyn FnMut() -> bool,
) -> Vec<Result<Embedded, Error>> {
    let Means { model, budget, metrics } = means;
    let mut plan = |text: &String| {
        if !between() {
            return Err(Error::Stopped);
        }
        let plan = || guarded(|| Plan::new(model, budget, text, purpose));
        metrics.blocking(Stage::Tokenize, plan)
    };
    let mut plans: Vec<Result<Plan, Error>> = texts.iter().map(&mut plan).collect();
    let mut jobs: Vec<(usize, Range<usize>)> = Vec::new();
    for (at, plan) in plans.iter().enumerate() {
        if let Ok(plan) = plan {
            jobs.extend(plan.windows.iter().map(|window| (at, window.clone())));
        }
    }
    // The longest come first: windows of similar length share a batch, which needs little padding.
    jobs.sort_by_key(|(_, window)| std::cmp::Reverse(window.len()));
    let mut rest = jobs.as_slice();
    while let Some((_, longest)) = rest.first() {
        let count = (budget.batch_tokens / longest.len().max(1)).clamp(1, rest.len());
        let (batch, behind) = rest.split_at(count);
        rest = behind;
        if !between() {
            return texts.iter().map(|_| Err(Error::Stopped)).collect();
        }
        run(means, &mut plans, batch);
    }
    let finish = |plan: Result<Plan, Error>| {
        let embedded = plan?.finish()?;
        metrics.embedded(embedded.token_count, embedded.token_count_used);
        Ok(embedded)
    };
    plans.into_iter().map(finish).collect()
}

/// Runs one batch and adds the embedding of each window to its text.
fn run(means: Means, plans: &mut [Result<Plan, Error>], batch: &[(usize, Range<usize>)]) {
    let answer = {
        let window_ids = |(at, window): &(usize, Range<usize>)| match plans.get(*at) {
            Some(Ok(plan)) => plan.ids.get(window.clone()).unwrap_or_default(),
            _ => &[],
        };
        let windows: Vec<&[u32]> = batch.iter().map(window_ids).collect();
        let longest = windows.iter().map(|window| window.len()).max().unwrap_or_default();
        let tokens = windows.iter().map(|window| window.len()).sum();
        means.metrics.batch(tokens, longest * windows.len());
        means.metrics.blocking(Stage::Forward, || guarded(|| means.model.forward(&windows)))
    };
    match answer {
        Ok(embeddings) => {
            for ((at, window), embedding) in batch.iter().zip(embeddings) {
                if let Some(Ok(plan)) = plans.get_mut(*at) {
                    plan.add(&embedding, window.len());
                }
            }
        }
        // One bad window must not fail its neighbours, so each is tried again alone.
        Err(_) if batch.len() > 1 => {
            for job in batch {
                run(means, plans, std::slice::from_ref(job));
            }
        }
        Err(error) => {
            if let Some(plan) = batch.first().and_then(|(at, _)| plans.get_mut(*at)) {
                *plan = Err(error);
            }
        }
    }
}

/// The result of `work`, or [`Error::Panicked`]. A model that panics over one text must not end the
/// thread and with it the work of all others.
fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::Panicked))
}

/// A text, its windows, and the sum of their embeddings so far.
struct Plan {
    ids: Vec<u32>,
    windows: Vec<Range<usize>>,
    /// The sum of the embeddings of the windows, each weighted by its number of tokens.
    sum: Vec<f32>,
}

impl Plan {
    fn new(
        model: &dyn Embedder,
        budget: Budget,
        text: &str,
        purpose: Purpose,
    ) -> Result<Self, Error> {
        let ids = model.tokenize(text, purpose)?;
        if ids.is_empty() {
            return Err(Error::Empty);
        }
        let windows = windows(ids.len(), model.info().window_tokens_max, budget.windows_max);
        Ok(Self { ids, windows, sum: Vec::new() })
    }

    fn add(&mut self, embedding: &Embedding, token_count: usize) {
        self.sum.resize(embedding.dim(), 0.0);
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^24")]
        let weight = token_count as f32;
        for (total, value) in self.sum.iter_mut().zip(embedding.values()) {
            *total += weight * value;
        }
    }

    fn finish(self) -> Result<Embedded, Error> {
        Ok(Embedded {
            embedding: Embedding::normalize(self.sum).map_err(|_zero| Error::NoDirection)?,
            token_count: self.ids.len(),
            token_count_used: self.windows.iter().map(Range::len).sum(),
            window_count: self.windows.len(),
        })
    }
}

/// Divides `token_count` tokens into at most `windows_max` windows of nearly equal length, none
/// longer than `tokens_max`. Tokens past the last window are left out.
fn windows(token_count: usize, tokens_max: usize, windows_max: usize) -> Vec<Range<usize>> {
    let tokens_max = tokens_max.max(1);
    let used = token_count.min(tokens_max.saturating_mul(windows_max.max(1)));
    let count = used.div_ceil(tokens_max);
    (0..count).map(|at| at * used / count..(at + 1) * used / count).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::windows;

    #[test]
    fn a_short_text_is_one_window() {
        assert_eq!(windows(5, 512, 64), vec![0..5]);
    }

    #[test]
    fn a_long_text_is_cut_evenly() {
        assert_eq!(windows(600, 512, 64), vec![0..300, 300..600]);
    }

    #[test]
    fn text_past_the_last_window_is_left_out() {
        assert_eq!(windows(100, 10, 3), vec![0..10, 10..20, 20..30]);
    }

    proptest! {
        #[test]
        fn windows_are_contiguous_and_within_the_limit(
            count in 1_usize..5_000, most in 1_usize..600, windows_max in 1_usize..70,
        ) {
            let cut = windows(count, most, windows_max);
            prop_assert!(cut.len() <= windows_max);
            prop_assert!(cut.iter().all(|window| !window.is_empty() && window.len() <= most));
            prop_assert!(cut.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert_eq!(cut.last().unwrap().end, count.min(most * windows_max));
        }
    }
}
