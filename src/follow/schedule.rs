//! When a feed is asked again: sooner where it brings news, later where it does not, never against
//! what it asks for. Pure, and without chance: what looks random follows from the feed's address.

use std::time::Duration;

use jiff::Timestamp;
use sha2::Digest;
use sha2::Sha256;

use wenmai_feed::channel::Channel;

/// Between two polls of a feed, at least.
pub const INTERVAL_MIN: Duration = Duration::from_mins(5);
/// Between two polls of a feed, at most.
pub const INTERVAL_MAX: Duration = Duration::from_hours(24);
/// Between the first two polls of a feed.
pub const INTERVAL_FIRST: Duration = Duration::from_mins(30);
/// Between two attempts at a page that failed for now, at least.
const RETRY_MIN: Duration = Duration::from_mins(5);
/// Attempts at a page.
pub const ATTEMPTS_MAX: u32 = 6;
/// By how much a time is spread, in parts of it: feeds that failed together must not come back
/// together.
const SPREAD: f64 = 0.2;

/// The time until the next poll, by what the last one brought: halved with news, half as long again
/// without, within five minutes and a day.
#[must_use]
pub fn interval(before: Duration, has_news: bool) -> Duration {
    let next = if has_news { before / 2 } else { before + before / 2 };
    next.clamp(INTERVAL_MIN, INTERVAL_MAX)
}

/// The time until the next attempt after `failures` in a row: doubled with each, from five minutes to
/// a day.
#[must_use]
pub fn back_off(failures: u32) -> Duration {
    let doubled = INTERVAL_MIN.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.clamp(INTERVAL_MIN, INTERVAL_MAX)
}

/// The time until the next attempt at a page after `attempts`.
#[must_use]
pub fn retry(attempts: u32) -> Duration {
    RETRY_MIN.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(INTERVAL_MAX)
}

/// `time`, up to a fifth longer: by how much follows from `key` and `count`.
#[must_use]
pub fn spread(time: Duration, key: &str, count: u64) -> Duration {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update(count.to_le_bytes());
    let first = hash.finalize().first().copied().unwrap_or_default();
    time + time.mul_f64(SPREAD * f64::from(first) / 255.0)
}

/// When a feed is asked next: `wait` from now, not before its own `ttl` and what its server allows
/// (`fresh`), and in no hour or day that it wants to be left alone, if that is within a day.
#[must_use]
pub fn next_poll(
    now: Timestamp,
    wait: Duration,
    fresh: Option<Duration>,
    channel: &Channel,
) -> Timestamp {
    let ttl = channel.ttl_minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let asked = ttl.max(fresh).unwrap_or_default();
    let wait = wait.max(asked).clamp(INTERVAL_MIN, INTERVAL_MAX);
    let at = later(now, wait);
    let latest = later(now, INTERVAL_MAX);
    let mut open = at;
    while is_skipped(open, channel) && open < latest {
        // The next full hour.
        let second = open.as_second();
        let next = second - second.rem_euclid(3_600) + 3_600;
        open = Timestamp::from_second(next).unwrap_or(latest);
    }
    open.min(latest)
}

fn is_skipped(at: Timestamp, channel: &Channel) -> bool {
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    let hour = u32::try_from(at.hour()).unwrap_or_default();
    let day = u32::try_from(at.date().weekday().to_monday_zero_offset()).unwrap_or_default();
    channel.skip_hours >> hour & 1 == 1 || channel.skip_days >> day & 1 == 1
}

/// The moment `wait` after `now`; the last one that there is where that is too far.
#[must_use]
pub fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::INTERVAL_FIRST;
    use super::INTERVAL_MAX;
    use super::INTERVAL_MIN;
    use super::back_off;
    use super::interval;
    use super::next_poll;
    use super::spread;
    use wenmai_feed::channel::Channel;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_feed_with_news_is_asked_more_often_and_a_quiet_one_less() {
        assert_eq!(interval(INTERVAL_FIRST, true), Duration::from_mins(15));
        assert_eq!(interval(INTERVAL_FIRST, false), Duration::from_mins(45));
        assert_eq!((0..99).fold(INTERVAL_FIRST, |now, _| interval(now, true)), INTERVAL_MIN);
        assert_eq!((0..99).fold(INTERVAL_FIRST, |now, _| interval(now, false)), INTERVAL_MAX);
    }

    #[test]
    fn failures_double_the_time_up_to_a_day() {
        assert_eq!([1, 2, 3].map(back_off), [5, 10, 20].map(Duration::from_mins));
        assert_eq!(back_off(u32::MAX), INTERVAL_MAX);
    }

    #[test]
    fn a_feed_is_left_alone_when_it_asks_for_that() {
        let now = at("2026-03-14T01:50:00Z");
        let half_hour = Duration::from_mins(30);
        let free = Channel::default();
        assert_eq!(next_poll(now, half_hour, None, &free), at("2026-03-14T02:20:00Z"));
        let ttl = Channel { ttl_minutes: Some(120), ..Channel::default() };
        assert_eq!(next_poll(now, half_hour, None, &ttl), at("2026-03-14T03:50:00Z"));
        let fresh = Some(Duration::from_hours(3));
        assert_eq!(next_poll(now, half_hour, fresh, &ttl), at("2026-03-14T04:50:00Z"));
        let night = Channel { skip_hours: 0b1_1100, ..Channel::default() };
        assert_eq!(next_poll(now, half_hour, None, &night), at("2026-03-14T05:00:00Z"));
        // A Saturday; the whole weekend is more than a day away.
        let weekend = Channel { skip_days: 0b110_0000, ..Channel::default() };
        assert_eq!(next_poll(now, half_hour, None, &weekend), at("2026-03-15T01:50:00Z"));
    }

    proptest! {
        #[test]
        fn every_wait_is_within_its_bounds(
            wait in 0_u64..400_000, ttl in prop::option::of(0_u32..20_000), hours: u32, days: u8,
            fresh in prop::option::of(0_u64..10_000_000), second in 0_i64..2_000_000_000, key: String,
        ) {
            let now = Timestamp::from_second(second).unwrap();
            let channel = Channel { ttl_minutes: ttl, skip_hours: hours, skip_days: days, ..Channel::default() };
            let wait = spread(Duration::from_secs(wait), &key, 7);
            let next = next_poll(now, wait, fresh.map(Duration::from_secs), &channel);
            let waited = Duration::try_from(next.duration_since(now)).unwrap();
            prop_assert!((INTERVAL_MIN..=INTERVAL_MAX).contains(&waited));
            prop_assert!(spread(wait, &key, 7) == spread(wait, &key, 7));
        }
    }
}
