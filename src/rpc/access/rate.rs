//! How often a caller may call: a bucket of tokens each, filled at a steady rate.

use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

use crate::access::Caller;

/// Seconds of calls that may come at once after a rest.
const BURST_SECONDS: f64 = 2.0;
/// Callers remembered; there are only as many as keys, of which some may have been replaced.
const CALLERS_MAX: usize = 1_024;

/// A bucket for each caller.
#[derive(Debug)]
pub(super) struct Buckets {
    per_second: Option<f64>,
    callers: HashMap<Caller, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Buckets {
    pub(super) fn new(calls_per_second: Option<u32>) -> Self {
        Self { per_second: calls_per_second.map(f64::from), callers: HashMap::new() }
    }

    /// Takes a token of `caller`.
    ///
    /// # Errors
    /// The time until there is one.
    pub(super) fn take(&mut self, caller: &Caller, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.per_second.filter(|rate| *rate > 0.0) else { return Ok(()) };
        let most = (rate * BURST_SECONDS).max(1.0);
        if self.callers.len() >= CALLERS_MAX && !self.callers.contains_key(caller) {
            self.callers.clear();
        }
        let full = Bucket { tokens: most, filled_at: now };
        let bucket = self.callers.entry(caller.clone()).or_insert(full);
        let passed = now.saturating_duration_since(bucket.filled_at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate).min(most);
        bucket.filled_at = now;
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use super::Buckets;
    use crate::access::Caller;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let mut buckets = Buckets::new(Some(2));
        let (caller, now) = (Caller::from("a"), Instant::now());
        let taken = (0..9).filter(|_| buckets.take(&caller, now).is_ok()).count();
        assert_eq!(taken, 4);
        let wait = buckets.take(&caller, now).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(buckets.take(&caller, now + wait).is_ok());
    }

    #[test]
    fn without_a_rate_all_pass() {
        let mut buckets = Buckets::new(None);
        let (caller, now) = (Caller::from("a"), Instant::now());
        assert!((0..1_000).all(|_| buckets.take(&caller, now).is_ok()));
    }
}
