//! Times as feeds and exports write them, told in China Standard Time.
//!
//! A time without a zone is China's. One that names its zone is brought to China's clock. Words
//! (昨天, 2小时前) count from the time at which the feed was fetched.

mod clock;

use std::sync::LazyLock;

use jiff::Span;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;
use regex::Captures;
use regex::Regex;

use clock::CLOCK;
use clock::clock;
use clock::numeral;
use clock::zone;
use wenmai_domain::day;
use wenmai_text::pattern;

/// Hours of the clock of Chinese papers before UTC.
const CHINA_HOURS: i64 = 8;
/// The year of the first periodical in Chinese (察世俗每月统记传): nothing is older.
const YEAR_MIN: i16 = 1815;
/// Days after today that a time may lie: an issue may be dated tomorrow.
const DAYS_AHEAD_MAX: i64 = 2;

/// Against which times words and likelihood are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// When the feed is read, in China Standard Time.
    pub now: DateTime,
    /// When it was fetched, in China Standard Time: what 昨天 counts from.
    pub fetched: DateTime,
}

/// Why a text gives no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTime {
    /// It is in no spelling that is known.
    #[error("`{0}` is not a time (2024-03-14 08:00, RFC 2822, seconds since 1970, 3月14日 …)")]
    Unknown(String),
    /// It names a day that no article is from.
    #[error("`{text}` is not likely: {why}")]
    Unlikely {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads a time and checks that it is a likely one for an article.
///
/// # Errors
/// [`NoTime`] with what was written.
pub fn read(text: &str, clock: Clock) -> Result<DateTime, NoTime> {
    let written = || text.trim().chars().take(60).collect::<String>();
    let time = parse(text, clock.fetched).ok_or_else(|| NoTime::Unknown(written()))?;
    match unlikely(time, clock.now) {
        None => Ok(time),
        Some(why) => Err(NoTime::Unlikely { text: written(), why }),
    }
}

/// What is not likely about an article's time, if anything.
#[must_use]
pub fn unlikely(time: DateTime, now: DateTime) -> Option<&'static str> {
    let epoch = jiff::civil::date(1970, 1, 1);
    if time.year() < YEAR_MIN {
        Some("before the first newspapers in Chinese")
    } else if time.date() == epoch || time.date() == epoch.yesterday().unwrap_or(epoch) {
        Some("1970-01-01 is what an empty time is written as")
    } else if i64::from(day::between(now.date(), time.date())) > DAYS_AHEAD_MAX {
        Some("it lies in the future")
    } else {
        None
    }
}

/// Reads a time without judging it; words count from `fetched`.
#[must_use]
pub fn parse(text: &str, fetched: DateTime) -> Option<DateTime> {
    let text = half_width(text.trim());
    let text = LABEL.replace(&text, "");
    let text = text.trim();
    if text.is_empty() || text.len() > 100 {
        return None;
    }
    number(text)
        .or_else(|| instant(text))
        .or_else(|| ago(text, fetched))
        .or_else(|| day_and_clock(text, fetched))
}

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"^(?:发布时间|发布日期|发布于|发表于|更新时间|更新于|时间|日期)\s*:?\s*")
});

/// Seconds, milliseconds or microseconds since 1970, or digits of a date and a time.
fn number(text: &str) -> Option<DateTime> {
    let digits = DOT_NET.captures(text).and_then(|found| found.get(1));
    let (text, is_net) = digits.map_or((text, false), |digits| (digits.as_str(), true));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to)?.parse::<i8>().ok();
    let year = || whole.get(..4)?.parse::<i16>().ok();
    let date = || Date::new(year()?, part(4, 6)?, part(6, 8)?).ok();
    let at = |second: i8| Time::new(part(8, 10)?, part(10, 12)?, second, 0).ok();
    let stamp = || whole.parse::<i64>().ok();
    match whole.len() {
        _ if is_net => stamp().and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        8 => return Some(date()?.to_datetime(Time::midnight())),
        12 => return Some(date()?.to_datetime(at(0)?)),
        // Digits of a date are no milliseconds: those have 13 until the year 2286.
        14 => return Some(date()?.to_datetime(at(part(12, 14)?)?)),
        1 if whole == "0" => Some(Timestamp::UNIX_EPOCH),
        9 | 10 => stamp().and_then(|s| Timestamp::from_second(s).ok()),
        11..=13 => stamp().and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        16 => stamp().and_then(|us| Timestamp::from_microsecond(us).ok()),
        19 => stamp().and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok()),
        _ => None,
    }
    .map(day::civil_time)
}

static DOT_NET: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"^/?Date\((\d{9,14})(?:[+-]\d{4})?\)/?$"));

/// ISO 8601 as jiff reads it, with its offset.
fn instant(text: &str) -> Option<DateTime> {
    text.parse::<Timestamp>().ok().map(day::civil_time)
}

static AGO: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"^(?:大约|约)?\s*(?:(?P<count>\d{1,4})|(?P<half>半)|(?P<one>[一二两三四五六七八九十]))\s*个?\s*",
        r"(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|礼拜|月|年)(?P<more>半)?\s*(?:之|以)?前$",
    ))
});

/// 2小时前, 刚刚.
fn ago(text: &str, fetched: DateTime) -> Option<DateTime> {
    if matches!(text, "刚刚" | "刚才" | "现在" | "just now" | "now") {
        return Some(fetched);
    }
    if let Some(found) = AGO_ENGLISH.captures(text) {
        let count = word(&found, "count").parse().unwrap_or(1);
        return before(fetched, count, word(&found, "unit"), false);
    }
    let found = AGO.captures(text)?;
    let count = match (found.name("count"), found.name("one")) {
        (Some(count), _) => count.as_str().parse().ok()?,
        (None, Some(one)) => numeral(one.as_str()),
        (None, None) => 0,
    };
    before(
        fetched,
        count,
        word(&found, "unit"),
        found.name("half").or(found.name("more")).is_some(),
    )
}

static AGO_ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?i:(?P<count>\d{1,4}|an?)\s+(?P<unit>second|minute|hour|day|week|month|year)s?\s+ago)$",
    )
});

fn before(from: DateTime, count: i64, unit: &str, half: bool) -> Option<DateTime> {
    let unit = unit.to_ascii_lowercase();
    let half = i64::from(half);
    let span = Span::new();
    let span = match unit.as_str() {
        "秒" | "秒钟" | "second" => span.try_seconds(count),
        "分" | "分钟" | "minute" => span.try_seconds(count * 60 + half * 30),
        "小时" | "钟头" | "hour" => span.try_minutes(count * 60 + half * 30),
        "天" | "日" | "day" => span.try_hours(count * 24 + half * 12),
        "周" | "星期" | "礼拜" | "week" => span.try_days(count * 7),
        "月" | "month" => span.try_months(count),
        _ => span.try_months(count * 12 + half * 6),
    };
    from.checked_sub(span.ok()?).ok()
}

/// A day in any spelling, with what the clock showed where that is told.
fn day_and_clock(text: &str, fetched: DateTime) -> Option<DateTime> {
    let named = date(text, fetched);
    let is_clock = named.is_none() && CLOCK.find(text).is_some_and(|found| found.start() == 0);
    let (date, mut rest) = named.or_else(|| is_clock.then(|| (fetched.date(), text.to_owned())))?;
    let time = clock(&mut rest)?;
    let zone = zone(&mut rest)?;
    let left = WEEKDAY.replace_all(&rest, "");
    // What is left over may say anything about the time, so nothing but marks may be.
    if left.chars().any(char::is_alphanumeric) {
        return None;
    }
    let (time, days) = time.unwrap_or((Time::midnight(), 0));
    let at = date.to_datetime(time).checked_add(Span::new().try_days(days).ok()?).ok()?;
    match zone {
        // A clock alone that has not come to that hour means the day before.
        None if is_clock && at > fetched => at.checked_sub(Span::new().days(1)).ok(),
        None => Some(at),
        Some(minutes) => {
            let span = Span::new().try_minutes(CHINA_HOURS * 60 - minutes).ok()?;
            at.checked_add(span).ok()
        }
    }
}

static YEAR_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:^|[^\d])(?P<era>民国)?(?P<y>\d{2,4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?:\s*[日号]|T|\b)?",
    )
});
static COMPACT: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:T|\s+|$)"));
static COMPACT_CLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"^\s*(\d{2})(\d{2})(\d{2})?(?:Z|$|\s|\+)"));
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?i)\b(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<name>[a-z]{3,9})\.?,?[\s-]+(?P<y>\d{4})\b",
    )
});
static MONTH_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?i)\b(?P<name>[a-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})\b",
    )
});
static UNIX_DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?i)^(?:[a-z]{3}\s+)?(?P<name>[a-z]{3})\s+(?P<d>\d{1,2})\s+(?P<between>\d{1,2}:.*)\s(?P<y>\d{4})$",
    )
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?:(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]|(?P<m2>\d{1,2})[-/](?P<d2>\d{1,2})(?:\s|$))",
    )
});
static DAY_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"^(?:(?P<before>大前|前|昨|今|明|当)(?:天|日)?|(?P<night>昨晚|今晚|今早|今晨))")
});
static WEEKDAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?:星期|礼拜|周)[一二三四五六日天]|",
        r"(?i:\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\b\.?|\bat\b|北京时间|bj\s*time)",
    ))
});

/// The day that a text names, and the text without it.
fn date(text: &str, fetched: DateTime) -> Option<(Date, String)> {
    let without = |found: &Captures<'_>| {
        let whole = found.get(0);
        let (start, end) = whole.map_or((0, 0), |whole| (whole.start(), whole.end()));
        format!("{} {}", text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default())
    };
    if let Some(found) = YEAR_FIRST.captures(text) {
        let written = word(&found, "y");
        let year: i16 = written.parse().ok()?;
        let year = if found.name("era").is_some() { year.checked_add(1911)? } else { year };
        // 08-09-2025 would be read from its middle; two digits are only a year of the Republic.
        if written.len() != 4 && found.name("era").is_none() {
            return None;
        }
        return Some((ymd(year, &found)?, without(&found)));
    }
    if let Some(found) = COMPACT.captures(text) {
        return Some((
            ymd(word(&found, "y").parse().ok()?, &found)?,
            clock_apart(&without(&found)),
        ));
    }
    if let Some(found) = UNIX_DATE.captures(text) {
        let date = named(&found)?;
        return Some((date, word(&found, "between").to_owned()));
    }
    if let Some(found) = DAY_FIRST.captures(text).or_else(|| MONTH_FIRST.captures(text)) {
        return Some((named(&found)?, without(&found)));
    }
    if let Some(found) = MONTH_DAY.captures(text) {
        let part = |one, other| found.name(one).or(found.name(other))?.as_str().parse::<i8>().ok();
        let (month, day) = (part("m", "m2")?, part("d", "d2")?);
        let of_year = |year: i16| Date::new(year, month, day).ok();
        let year = fetched.year();
        let tomorrow = fetched.date().tomorrow().ok()?;
        // A day without a year is the last one of that name: nobody writes about the next.
        let date = of_year(year).filter(|date| *date <= tomorrow).or_else(|| of_year(year - 1))?;
        return Some((date, without(&found)));
    }
    let found = DAY_WORD.captures(text)?;
    let (days, keep) = match (word(&found, "before"), word(&found, "night")) {
        ("大前", _) => (3, ""),
        ("前", _) => (2, ""),
        ("昨", _) => (1, ""),
        ("明", _) => (-1, ""),
        (_, "昨晚") => (1, "晚"),
        (_, "今晚") => (0, "晚"),
        (_, "今早" | "今晨") => (0, "早"),
        _ => (0, ""),
    };
    let date = fetched.date().checked_sub(Span::new().days(days)).ok()?;
    Some((date, format!("{keep}{}", without(&found).trim())))
}

/// Digits of a clock without marks, set apart by colons.
fn clock_apart(text: &str) -> String {
    COMPACT_CLOCK
        .replace(text, |found: &Captures<'_>| {
            let part = |at: usize| found.get(at).map_or("00", |part| part.as_str());
            let end = found.get(0).map_or("", |all| all.as_str());
            let tail: String =
                end.chars().skip_while(|c| c.is_whitespace() || c.is_ascii_digit()).collect();
            format!("{}:{}:{}{tail}", part(1), part(2), part(3))
        })
        .into_owned()
}

fn ymd(year: i16, found: &Captures<'_>) -> Option<Date> {
    Date::new(year, word(found, "m").parse().ok()?, word(found, "d").parse().ok()?).ok()
}

/// A day whose month has an English name.
fn named(found: &Captures<'_>) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = word(found, "name").to_ascii_lowercase();
    let month = MONTHS
        .iter()
        .position(|month| month.starts_with(&name) || name == "sept" && month.starts_with("sep"))?;
    let month = i8::try_from(month + 1).ok()?;
    Date::new(word(found, "y").parse().ok()?, month, word(found, "d").parse().ok()?).ok()
}

fn word<'t>(found: &Captures<'t>, name: &str) -> &'t str {
    found.name(name).map_or("", |part| part.as_str())
}

fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' | '\u{a0}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::Clock;
    use super::NoTime;
    use super::parse;
    use super::read;

    fn clock() -> Clock {
        let now = date(2025, 9, 10).at(12, 0, 0, 0);
        Clock { now, fetched: now }
    }

    #[test]
    fn every_usual_spelling_of_one_minute_is_read() {
        for text in [
            "2025-09-08T07:30:00+08:00",
            "2025-09-08 07:30",
            "2025-09-08 07:30:00 +0800",
            "2025/09/08 07:30:00",
            "2025-9-8 7:30",
            "2025.09.08 07:30",
            "2025年09月08日 07:30",
            "2025年9月8日7时30分",
            "2025年9月8日 上午7点半",
            "２０２５－０９－０８　０７：３０",
            "发布时间：2025-09-08 07:30",
            "2025年09月08日 星期一 07:30",
            "Mon, 08 Sep 2025 07:30:00 +0800",
            "Mon, 8 Sep 2025 07:30 +0800",
            "Sun, 07 Sep 2025 23:30:00 GMT",
            "Sun, 07 Sep 2025 19:30:00 EDT",
            "Mon Sep 08 07:30:00 +0800 2025",
            "Mon Sep  8 07:30:00 CST 2025",
            "Mon Sep 08 2025 07:30:00 GMT+0800 (中国标准时间)",
            "September 8, 2025, 7:30 AM",
            "Sept. 8, 2025 7:30 a.m.",
            "08-Sep-2025 07:30",
            "20250908073000",
            "202509080730",
            "20250908T073000",
            "20250907T233000Z",
            "1757287800",
            "1757287800.0",
            "1757287800000",
            "1757287800123456",
            "/Date(1757287800000+0800)/",
            "2025-09-07T23:30:00.000Z",
            "2025-09-07T23:30Z",
            "2025-09-08T07:30:00.000+0800",
            "2025-09-08 07:30:00,000",
            "9月8日 07:30",
            "09-08 07:30",
            "前天 07:30",
            "前天上午7:30",
            "民国114年9月8日7时30分",
        ] {
            let read = read(text, clock()).map(|time| time.to_string()[..16].to_owned());
            assert_eq!(read, Ok("2025-09-08T07:30".to_owned()), "{text}");
        }
    }

    #[test]
    fn words_count_from_the_time_of_fetching() {
        for (text, expected) in [
            ("下午3点", Some("2025-09-09T15:00:00")),
            ("上午9:40", Some("2025-09-10T09:40:00")),
            ("昨天", Some("2025-09-09T00:00:00")),
            ("昨日下午3点", Some("2025-09-09T15:00:00")),
            ("今天 08:05", Some("2025-09-10T08:05:00")),
            ("昨晚8点", Some("2025-09-09T20:00:00")),
            ("今天中午12点半", Some("2025-09-10T12:30:00")),
            ("2小时前", Some("2025-09-10T10:00:00")),
            ("半小时前", Some("2025-09-10T11:30:00")),
            ("两天前", Some("2025-09-08T12:00:00")),
            ("刚刚", Some("2025-09-10T12:00:00")),
            ("3 days ago", Some("2025-09-07T12:00:00")),
            ("12月30日", Some("2024-12-30T00:00:00")),
            ("2025年9月8日24时", Some("2025-09-09T00:00:00")),
        ] {
            let read = parse(text, clock().fetched).map(|time| time.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn unlikely_and_impossible_days_are_told_apart() {
        for text in
            ["0", "1970-01-01 08:00:00", "0024-03-14", "2099-01-01", "2025-09-18", "1969-12-31"]
        {
            assert!(matches!(read(text, clock()), Err(NoTime::Unlikely { .. })), "{text}");
        }
        for text in [
            "soon",
            "2025-02-30",
            "2025-13-01",
            "08/09/2025",
            "2025-09-08 25:00",
            "第3版",
            "",
            "12",
            "2025",
        ] {
            assert!(matches!(read(text, clock()), Err(NoTime::Unknown(_))), "{text}");
        }
        assert!(read("1946-05-15", clock()).is_ok() && read("2025-09-11", clock()).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text: String, made in "[0-9年月日: T+-]{0,30}(前|Z|PM)?") {
            let _ = read(&text, clock());
            let _ = read(&made, clock());
        }
    }
}
