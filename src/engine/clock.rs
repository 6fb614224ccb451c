//! The one place where the engine asks what time it is.

use jiff::Timestamp;
use jiff::civil::Date;

use wenmai_domain::day;

/// Microseconds since 1970 UTC.
pub(super) fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The day that it is in China.
pub(super) fn today() -> Date {
    day::civil_time(Timestamp::now()).date()
}
