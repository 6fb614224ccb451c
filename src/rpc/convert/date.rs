//! Converts days and times in both directions.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;

use wenmai_domain::day;
use wenmai_engine::Violation;
use wenmai_proto::wire;

/// Reads a day.
///
/// # Errors
/// A violation of `field` if there is no such day in the years 1 to 9999.
pub fn read_date(from: wire::Date, field: &str) -> Result<Date, Violation> {
    let wire::Date { year, month, day } = from;
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let date = match parts {
        (Ok(year), Ok(month), Ok(day)) if year >= 1 => Date::new(year, month, day).ok(),
        _ => None,
    };
    date.ok_or_else(|| Violation::new(field, format!("{year}-{month}-{day} is not a day")))
}

/// Converts a day.
#[must_use]
pub fn write_date(day: Date) -> wire::Date {
    wire::Date { year: day.year().into(), month: day.month().into(), day: day.day().into() }
}

/// Reads a day as a number of days since 1970-01-01.
///
/// # Errors
/// A violation of `field` for a day that does not exist.
pub fn day(date: Option<wire::Date>, field: &str) -> Result<Option<i64>, Violation> {
    let read = date.map(|date| read_date(date, field)).transpose()?;
    Ok(read.map(|date| day::number(date).into()))
}

/// Converts a number of days since 1970-01-01 into a day; `None` if it is beyond the calendar.
#[must_use]
pub fn written_day(day: i64) -> Option<wire::Date> {
    day::from_number(day).map(write_date)
}

/// Reads a time as the civil time of China, in which papers give theirs.
///
/// # Errors
/// A violation of `field` if it is not a time in the years 1 to 9999.
pub fn read_time(time: prost_types::Timestamp, field: &str) -> Result<DateTime, Violation> {
    let prost_types::Timestamp { seconds, nanos } = time;
    let stamp = if (0..1_000_000_000).contains(&nanos) {
        Timestamp::new(seconds, nanos).ok()
    } else {
        None
    };
    stamp
        .map(day::civil_time)
        .filter(|at| at.year() >= 1)
        .ok_or_else(|| Violation::new(field, "is not a time of the years 1 to 9999"))
}

/// Converts a civil time of China.
#[must_use]
pub fn timestamp(at: DateTime) -> Option<prost_types::Timestamp> {
    // This fails only in the first and last hours of the calendar, in which no paper was printed.
    let stamp = day::instant(at)?;
    // Before 1970 jiff gives negative nanoseconds; those of the message are always positive.
    let nanos = stamp.subsec_nanosecond();
    let (seconds, nanos) = if nanos < 0 {
        (stamp.as_second() - 1, nanos + 1_000_000_000)
    } else {
        (stamp.as_second(), nanos)
    };
    Some(prost_types::Timestamp { seconds, nanos })
}

/// Converts a time in microseconds since 1970.
#[must_use]
pub fn timestamp_us(us: i64) -> Option<prost_types::Timestamp> {
    let nanos = i32::try_from(us.rem_euclid(1_000_000)).ok()? * 1_000;
    Some(prost_types::Timestamp { seconds: us.div_euclid(1_000_000), nanos })
}

#[cfg(test)]
mod tests {
    use super::written_day;

    #[test]
    fn days_past_the_calendar_are_unset() {
        assert_eq!(
            written_day(0).map(|date| (date.year, date.month, date.day)),
            Some((1970, 1, 1))
        );
        assert_eq!(written_day(i64::MAX), None);
    }
}
