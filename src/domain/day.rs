//! Days and civil time: the one place that knows the epoch, a day's length and China's offset.
//!
//! A day is either a calendar date or its number: days since 1970-01-01, negative before. An instant
//! is told in the civil time of Chinese papers, China Standard Time, which is UTC+8 all year. Nothing
//! here asks what time it is.

use jiff::Span;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Seconds of a day.
pub const SECONDS: i64 = 86_400;

/// China Standard Time, UTC+8 all year: the civil time of Chinese papers.
const CHINA: Offset = jiff::tz::offset(8);
/// The day from which days are counted.
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The number of a day: days since 1970-01-01, negative before.
#[must_use]
pub fn number(date: Date) -> i32 {
    between(EPOCH, date)
}

/// The day with this number; `None` outside of the calendar, which has the years −9999 to 9999.
#[must_use]
pub fn from_number(number: i64) -> Option<Date> {
    let span = Span::new().try_days(number).ok()?;
    EPOCH.checked_add(span).ok()
}

/// Days from one day to another, negative if the other is earlier.
#[must_use]
pub fn between(from: Date, to: Date) -> i32 {
    // Dates lie within ±9999 years, so the difference fits in hours and in an i32 of days.
    i32::try_from(to.duration_since(from).as_hours() / 24).unwrap_or(i32::MAX)
}

/// The number of the day that it is in China at a second since 1970-01-01 UTC.
#[must_use]
pub fn of_second(second: i64) -> i64 {
    (second + i64::from(CHINA.seconds())).div_euclid(SECONDS)
}

/// What a Chinese paper's clock shows at an instant.
#[must_use]
pub fn civil_time(instant: Timestamp) -> DateTime {
    CHINA.to_datetime(instant)
}

/// The instant at which a Chinese paper's clock shows `at`; `None` only in the first and last hours
/// of the calendar.
#[must_use]
pub fn instant(at: DateTime) -> Option<Timestamp> {
    CHINA.to_timestamp(at).ok()
}

/// Seconds from 1970-01-01 00:00 to `at`, both read off the same clock.
#[must_use]
pub fn civil_seconds(at: DateTime) -> i64 {
    at.duration_since(EPOCH.at(0, 0, 0, 0)).as_secs()
}

/// So many seconds in days.
#[expect(clippy::cast_precision_loss, reason = "seconds become days")]
#[must_use]
pub fn days(seconds: i64) -> f64 {
    seconds as f64 / SECONDS as f64
}

/// So many seconds in days, in the precision that features have.
#[expect(clippy::cast_precision_loss, reason = "seconds become days")]
#[must_use]
pub fn days_f32(seconds: u64) -> f32 {
    seconds as f32 / SECONDS as f32
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::Date;
    use jiff::civil::date;

    use super::between;
    use super::civil_seconds;
    use super::civil_time;
    use super::days;
    use super::days_f32;
    use super::from_number;
    use super::instant;
    use super::number;
    use super::of_second;

    #[test]
    fn days_are_counted_from_1970_both_ways() {
        assert_eq!(number(date(1970, 1, 1)), 0);
        assert_eq!(number(date(1970, 1, 2)), 1);
        assert_eq!(number(date(1969, 12, 31)), -1);
    }

    #[test]
    fn a_number_names_its_day_again() {
        for day in [Date::MIN, date(1969, 12, 31), date(2024, 2, 29), Date::MAX] {
            assert_eq!(from_number(number(day).into()), Some(day));
        }
        for outside in [i64::MIN, i64::from(number(Date::MAX)) + 1, i64::MAX] {
            assert_eq!(from_number(outside), None);
        }
    }

    #[test]
    fn days_before_are_negative() {
        let (first, second) = (date(2025, 2, 28), date(2025, 3, 2));
        assert_eq!((between(first, second), between(second, first)), (2, -2));
        assert_eq!(between(first, first), 0);
    }

    #[test]
    fn a_day_in_china_begins_at_sixteen_hours_utc() {
        assert_eq!((of_second(57_599), of_second(57_600)), (0, 1));
        assert_eq!((of_second(-28_800), of_second(-28_801)), (0, -1));
    }

    #[test]
    fn an_instant_and_its_civil_time_name_each_other() {
        let at = date(2025, 9, 8).at(8, 30, 0, 0);
        let stamp: Timestamp = "2025-09-08T00:30:00Z".parse().unwrap();
        assert_eq!((civil_time(stamp), instant(at)), (at, Some(stamp)));
        assert_eq!(civil_seconds(at) - 8 * 3_600, stamp.as_second());
        assert_eq!(instant(date(-9999, 1, 1).at(0, 0, 0, 0)), None);
    }

    #[test]
    fn seconds_become_parts_of_days() {
        assert!((days(-129_600) + 1.5).abs() < 1e-12);
        assert!((days_f32(43_200) - 0.5).abs() < 1e-6);
    }
}
