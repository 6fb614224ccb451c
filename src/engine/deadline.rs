//! The time by which a caller wants its answer, for the steps that may wait long.
//!
//! The transport sets it around a call; a step that waits for another process asks how much of it
//! is left, so that enough remains for the work itself.

use std::future::Future;
use std::time::Duration;
use std::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs `work`, whose caller waits for it until `deadline`.
pub async fn by<T>(deadline: Instant, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(deadline, work).await
}

/// The time that the caller of the running task still waits; `None` if it did not say.
pub(super) fn remaining() -> Option<Duration> {
    let until = |deadline: &Instant| deadline.saturating_duration_since(Instant::now());
    DEADLINE.try_with(until).ok()
}
