//! Days and hours as web pages write them, in China's time.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use jiff::tz::Offset;
use regex::Regex;

use wenmai_text::pattern;

/// A day, with its hour where the page gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// The day in China.
    pub day: Date,
    /// The hour in China.
    pub time: Option<Time>,
    /// What was written, where that was in UTC.
    pub written: Option<DateTime>,
}

impl Moment {
    /// The moment as civil time; midnight where no hour is known.
    pub fn at(self) -> DateTime {
        self.day.to_datetime(self.time.unwrap_or(Time::midnight()))
    }
}

/// `2025-09-08 21:35`, `2025年9月8日`, `2025/9/8T21:35:10.000Z`, `2025 09/08 21:35`.
static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?P<year>(?:19|20)[0-9]{2})\s*[-年/.／\s]\s*(?P<month>[0-9]{1,2})\s*[-月/.／]\s*(?P<day>[0-9]{1,2})(?:[0-9]|\s*日)?",
        r"(?:(?:[\sT,，]|星期.|周.|\([^)]{1,4}\)|（[^）]{1,4}）){0,6}(?P<half>上午|下午|晚上|凌晨|中午|晚)?\s*(?P<hour>[0-2]?[0-9])\s*[:：时點点時]\s*(?P<minute>[0-5][0-9])(?:\s*[:：分]\s*(?P<second>[0-5][0-9]))?",
        r"(?:\.[0-9]{1,9})?\s*(?P<zone>Z|UTC|GMT|[+-][01][0-9]:?[0-5][0-9])?)?",
    ))
});

/// `20250908`, in addresses and metadata.
static DIGITS: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:^|[^0-9])(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])(?:$|[^0-9]|[0-9]{6}$)",
    )
});

/// `/2019-09/07/` and `/2019/0907/`, in addresses.
static PATH: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"[/_](?P<year>(?:19|20)[0-9]{2})[-/]?(?P<month>0[1-9]|1[0-2])[-/]?(?P<day>0[1-9]|[12][0-9]|3[01])(?:[/_.]|$)",
    )
});

/// `Mon, 08 Sep 2025 21:35:00 +0800`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?:(?P<d1>[0-9]{1,2})\s+(?P<m1>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,?\s+|(?P<m2>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<d2>[0-9]{1,2}),?\s+)(?P<year>(?:19|20)[0-9]{2})",
        r"(?:,?\s+(?P<hour>[0-2]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?\s*(?P<zone>Z|UTC|GMT|[+-][01][0-9]:?[0-5][0-9])?)?",
    ))
});

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// China's offset from UTC, in hours.
const CHINA_HOURS: i8 = 8;

/// The first moment that `text` names in full.
pub(super) fn moment(text: &str) -> Option<Moment> {
    MOMENT.captures_iter(text).find_map(|found| read(&found)).or_else(|| named(text))
}

/// A line without the moment that it names; `None` where it names none.
pub(super) fn without(text: &str) -> Option<String> {
    moment(text)?;
    Some(MOMENT.replace(text, " ").into_owned())
}

/// The moment that a value of metadata gives: as text, or as seconds or milliseconds since 1970.
pub(super) fn value(text: &str) -> Option<Moment> {
    let text = text.trim();
    if text.len() >= 9 && text.len() <= 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return epoch(text);
    }
    moment(text).or_else(|| digits(&DIGITS, text))
}

/// The day that an address carries.
pub(super) fn in_address(url: &str) -> Option<Moment> {
    let url: String = url.chars().take(400).collect();
    digits(&PATH, &url).or_else(|| digits(&DIGITS, &url))
}

fn digits(pattern: &Regex, text: &str) -> Option<Moment> {
    let found = pattern.captures(text)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let day =
        day(part("year")?.parse().ok()?, part("month")?.parse().ok()?, part("day")?.parse().ok()?)?;
    Some(Moment { day, time: None, written: None })
}

/// Seconds or milliseconds since 1970. Values before 1990 are counters, not moments.
fn epoch(digits: &str) -> Option<Moment> {
    let number: i64 = digits.parse().ok()?;
    let seconds = if digits.len() >= 12 { number / 1_000 } else { number };
    let at = Timestamp::from_second(seconds).ok()?;
    Some(in_china(at)).filter(|moment| moment.day.year() >= 1990)
}

fn in_china(at: Timestamp) -> Moment {
    let civil = Offset::constant(CHINA_HOURS).to_datetime(at);
    Moment { day: civil.date(), time: Some(civil.time()), written: None }
}

fn day(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok()
}

fn read(found: &regex::Captures<'_>) -> Option<Moment> {
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    // A third digit behind the day is no day.
    let whole = found.get(0)?.as_str();
    let number = |name: &str| part(name).and_then(|part| part.parse::<i8>().ok());
    let day_end = found.name("day")?.end() - found.get(0)?.start();
    if whole.get(day_end..)?.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let day = day(part("year")?.parse().ok()?, number("month")?, number("day")?)?;
    Some(zoned(day, clock(found), part("zone")))
}

fn named(text: &str) -> Option<Moment> {
    let found = NAMED.captures(text)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let month = part("m1").or_else(|| part("m2"))?;
    let month = i8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
    let number = part("d1").or_else(|| part("d2"))?.parse().ok()?;
    let day = day(part("year")?.parse().ok()?, month, number)?;
    Some(zoned(day, clock(&found), part("zone")))
}

fn clock(found: &regex::Captures<'_>) -> Option<Time> {
    let number = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<i8>().ok());
    let mut hour = number("hour")?;
    let half = found.name("half").map_or("", |half| half.as_str());
    if matches!(half, "下午" | "晚上" | "晚") && hour < 12 || half == "中午" && hour < 3 {
        hour += 12;
    }
    Time::new(hour, number("minute")?, number("second").unwrap_or_default(), 0).ok()
}

/// What is given in another zone, in China's.
fn zoned(day: Date, time: Option<Time>, zone: Option<&str>) -> Moment {
    let plain = Moment { day, time, written: None };
    let (Some(clock), Some(zone)) = (time, zone) else { return plain };
    let minutes = offset_minutes(zone);
    let Ok(offset) = Offset::from_seconds(minutes * 60) else { return plain };
    let written = Some(day.to_datetime(clock)).filter(|_| minutes == 0);
    let at = offset.to_timestamp(day.to_datetime(clock)).ok().map(in_china);
    at.map_or(plain, |at| Moment { written, ..at })
}

/// The minutes east of UTC that `+08:00` names; 0 for `Z`.
fn offset_minutes(zone: &str) -> i32 {
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 4 {
        return 0;
    }
    let number: i32 = digits.parse().unwrap_or_default();
    let minutes = number / 100 * 60 + number % 100;
    if zone.starts_with('-') { -minutes } else { minutes }
}

#[cfg(test)]
mod tests {
    use super::in_address;
    use super::moment;
    use super::value;

    fn at(text: &str) -> String {
        value(text).map_or_else(String::new, |moment| moment.at().to_string())
    }

    #[test]
    fn hours_are_kept_and_brought_to_china() {
        assert_eq!(at("发布时间：2025-09-08 21:35　来源"), "2025-09-08T21:35:00");
        assert_eq!(at("2025-09-08T22:10:00Z"), "2025-09-09T06:10:00");
        assert_eq!(at("2025-09-08T07:58:00+08:00"), "2025-09-08T07:58:00");
        assert_eq!(at("2025-09-08T20:00:00.000-0500"), "2025-09-09T09:00:00");
        assert_eq!(at("2025年9月8日 下午3:05"), "2025-09-08T15:05:00");
        assert_eq!(at("Mon, 08 Sep 2025 21:35:00 GMT"), "2025-09-09T05:35:00");
        assert_eq!(at("1757338500"), "2025-09-08T21:35:00");
        assert_eq!(at("1757338500000"), "2025-09-08T21:35:00");
    }

    #[test]
    fn days_of_the_last_century_are_days() {
        assert_eq!(at("1998年08月21日"), "1998-08-21T00:00:00");
        assert_eq!(at("2019 09/07 19:02"), "2019-09-07T19:02:00");
        assert_eq!(moment("2003-2025"), None);
        assert_eq!(moment("2025-13-40"), None);
        assert_eq!(moment("电话 2025-09-0812345"), None);
    }

    #[test]
    fn addresses_carry_days() {
        let day = |url: &str| in_address(url).map(|moment| moment.day.to_string());
        assert_eq!(day("https://a.example/c/2019-09/07/c_1.htm").as_deref(), Some("2019-09-07"));
        assert_eq!(day("https://a.example/20190907/1.html").as_deref(), Some("2019-09-07"));
        assert_eq!(day("https://a.example/article/12345678901"), None);
    }
}
