//! The time of day and the zone in what a feed writes for a time.

use std::sync::LazyLock;

use jiff::civil::Time;
use regex::Regex;

use crate::time::word;
use wenmai_text::pattern;

pub(super) static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?i)(?P<part>凌晨|清晨|早上|早晨|上午|中午|午间|下午|傍晚|晚上|晚间|夜间|深夜|早|晚)?\s*",
        r"(?P<h>\d{1,2}|[一二两三四五六七八九十]{1,3})\s*",
        r"(?:(?P<half>[点时]半)|[点时:]\s*(?:(?P<m>\d{1,2})\s*分?)?(?:[:\s]?(?P<s>\d{1,2})(?:[.,]\d+)?\s*秒?)?)",
        r"整?\s*(?P<ampm>\b?[ap]\.?m\b\.?)?",
    ))
});

/// The time of day in `text`, which is taken out of it, and the days that it leads on (24:00).
/// `None` outside for a time that no clock shows; `None` inside for no time at all.
#[expect(clippy::option_option, reason = "no clock at all is not a wrong one")]
pub(super) fn clock(text: &mut String) -> Option<Option<(Time, i64)>> {
    let Some(found) = CLOCK.captures(text) else {
        return Some(None);
    };
    let number = |name: &str| {
        let written = word(&found, name);
        written.parse::<i64>().unwrap_or_else(|_in_words| numeral(written))
    };
    let half = found.name("half").is_some();
    let (mut hour, minute) = (number("h"), if half { 30 } else { number("m") });
    let late =
        matches!(word(&found, "part"), "下午" | "傍晚" | "晚上" | "晚间" | "夜间" | "深夜" | "晚");
    let noon = matches!(word(&found, "part"), "中午" | "午间");
    let ampm = word(&found, "ampm").to_ascii_lowercase();
    if (late || ampm.starts_with('p')) && hour < 12 || noon && hour < 4 {
        hour += 12;
    } else if ampm.starts_with('a') && hour == 12 {
        hour = 0;
    }
    let days = i64::from(hour == 24 && minute == 0);
    let hour = if days == 1 { 0 } else { i8::try_from(hour).ok()? };
    // A leap second is the last second of its minute.
    let second = number("s").min(59);
    let time = Time::new(hour, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    let range = found.get(0).map(|all| all.range())?;
    text.replace_range(range, " ");
    Some(Some((time, days)))
}

static OFFSET: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"(?i)(?:GMT|UTC)?\s*(?P<sign>[+\-−])\s*(?P<h>\d{1,2}):?(?P<m>\d{2})?\b")
});
static ZONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"\b(?P<name>Z|UTC|GMT|UT|CST|HKT|SGT|JST|KST|EST|EDT|CDT|MST|MDT|PST|PDT|BST|CET|CEST)\b|\([^)]*\)",
    )
});

/// Minutes before UTC of the zone in `text`, which is taken out of it. `None` outside for an offset
/// that no zone has; `None` inside for no zone at all.
#[expect(clippy::option_option, reason = "no zone at all is not a wrong one")]
pub(super) fn zone(text: &mut String) -> Option<Option<i64>> {
    let mut minutes = None;
    if let Some(found) = OFFSET.captures(text) {
        let hours: i64 = word(&found, "h").parse().ok()?;
        let more: i64 = word(&found, "m").parse().unwrap_or(0);
        let sign = if word(&found, "sign") == "+" { 1 } else { -1 };
        if hours > 14 || more > 59 {
            return None;
        }
        minutes = Some(sign * (hours * 60 + more));
        let range = found.get(0).map(|all| all.range())?;
        text.replace_range(range, " ");
    }
    while let Some(found) = ZONE.captures(text) {
        let hours = match word(&found, "name") {
            // In Chinese feeds CST is China's, not that of the American Middle West.
            "CST" | "HKT" | "SGT" => 8,
            "JST" | "KST" => 9,
            "BST" | "CET" => 1,
            "CEST" => 2,
            "EDT" => -4,
            "EST" | "CDT" => -5,
            "MDT" => -6,
            "MST" | "PDT" => -7,
            "PST" => -8,
            _ => 0,
        };
        if found.name("name").is_some() {
            minutes = minutes.or(Some(hours * 60));
        }
        let range = found.get(0).map(|all| all.range())?;
        text.replace_range(range, " ");
    }
    Some(minutes)
}

/// Chinese numerals below 100; 0 for anything else.
pub(super) fn numeral(text: &str) -> i64 {
    let mut value = 0;
    for c in text.chars() {
        let digit = "一二三四五六七八九".chars().position(|digit| digit == c);
        match (c, digit.and_then(|at| i64::try_from(at + 1).ok())) {
            ('十', _) => value = value.max(1) * 10,
            ('两', _) => value += 2,
            (_, Some(digit)) => value += digit,
            _ => return 0,
        }
    }
    value
}
