//! Dates in Chinese news, resolved against the day of the issue.
//!
//! Finds `2024年3月12日`, `3月12日至13日`, `12日`, `本月12日`, `去年12月`, `昨日`, `近日` and their like, and
//! says how sure the answer is. It does not read Chinese numerals, clock times or holidays.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use regex::Captures;
use regex::Regex;

use crate::pattern;
use wenmai_domain::day;
use wenmai_domain::span::Span;

/// How sure a resolved date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// 近日, 日前: some days around, a guess.
    Vague,
    /// Year or month were not printed and follow from the issue's date.
    Inferred,
    /// Printed in full, or 今天 and 昨日 with a known issue date.
    Exact,
}

/// A date, or a range of days, that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateMention {
    /// Where it stands.
    pub span: Span,
    /// First day; `None` where the issue's date is needed and unknown.
    pub from: Option<Date>,
    /// Last day; equals `from` for one day.
    pub to: Option<Date>,
    /// How sure both are.
    pub certainty: Certainty,
}

impl DateMention {
    /// The words as printed in `text`, which must be the text it was found in.
    #[must_use]
    pub fn raw(self, text: &str) -> &str {
        self.span.of(text).unwrap_or_default()
    }
}

/// Days that 近日 and 日前 reach back.
const VAGUE_DAYS: i64 = 7;

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)
        (?: (?P<year>[0-9０-９]{4}) 年 | (?P<rel>今年|去年|前年|明年) )?
        (?: (?P<month>[0-9０-９]{1,2}) 月份? | (?P<relmonth>本月|上月|上个月|当月|下月) )
        (?: (?P<day>[0-9０-９]{1,2}) 日?
            (?: (?:至|到|—+|－|-|~|～|–)
                (?: (?P<month2>[0-9０-９]{1,2}) 月 )? (?P<day2>[0-9０-９]{1,2}) )? 日 )?
      | (?P<only>[0-9０-９]{1,2}) 日?
            (?: (?:至|到|—+|－|-|~|～|–) (?P<only2>[0-9０-９]{1,2}) )? 日
      | (?P<word>今天|今日|今晨|今晚|今早|昨天|昨日|昨晚|昨夜|前天|前日|明天|明日|后天)
      | (?P<vague>近日|日前|连日来|近期|近来|不久前|前不久)",
    )
});

/// Finds the dates in `text`, in order, and resolves them against `issue`.
#[must_use]
pub fn dates(text: &str, issue: Option<Date>) -> Vec<DateMention> {
    DATE.captures_iter(text).filter_map(|found| mention(text, &found, issue)).collect()
}

fn mention(text: &str, found: &Captures<'_>, issue: Option<Date>) -> Option<DateMention> {
    let whole = found.get(0)?;
    let span = Span::new(whole.start(), whole.end());
    let before = text.get(..span.start)?.chars().next_back();
    let after = text.get(span.end..)?.chars().next();
    // A digit before it, or 3日内 and 10日游, means a count or a larger number, not a day.
    if before.is_some_and(|c| c.is_numeric() || matches!(c, '.' | '第' | '每' | '近')) {
        return None;
    }
    let resolved = if let Some(word) = found.name("word") {
        day_word(word.as_str(), issue)
    } else if found.name("vague").is_some() {
        vague(issue)
    } else if let Some(day) = number(found, "only") {
        if matches!(after, Some('内' | '游' | '间' | '报' | '元' | '以')) || before == Some('月')
        {
            return None;
        }
        bare_day(day, number(found, "only2"), issue)?
    } else {
        month_day(found, issue)?
    };
    let (days, certainty) = resolved;
    Some(DateMention { span, from: days.map(|d| d.0), to: days.map(|d| d.1), certainty })
}

/// A first and last day, where known, and how sure.
type Resolved = (Option<(Date, Date)>, Certainty);

fn day_word(word: &str, issue: Option<Date>) -> Resolved {
    let shift = match word.chars().next() {
        Some('昨') => -1,
        Some('前') => -2,
        Some('明') => 1,
        Some('后') => 2,
        Some(_) | None => 0,
    };
    let day = issue.and_then(|issue| issue.checked_add(shift.days()).ok());
    (day.map(|day| (day, day)), Certainty::Exact)
}

fn vague(issue: Option<Date>) -> Resolved {
    let days = issue.and_then(|to| Some((to.checked_sub(VAGUE_DAYS.days()).ok()?, to)));
    (days, Certainty::Vague)
}

/// `12日`, `12日至13日`: of the months around the issue the one that comes nearest, the past preferred.
fn bare_day(day: i8, last: Option<i8>, issue: Option<Date>) -> Option<Resolved> {
    if !(1..=31).contains(&day) {
        return None;
    }
    let Some(issue) = issue else {
        return Some((None, Certainty::Inferred));
    };
    let near = |day: i8| {
        (-1..=1)
            .filter_map(|shift: i64| issue.first_of_month().checked_add(shift.months()).ok())
            .filter_map(|month| Date::new(month.year(), month.month(), day).ok())
            .min_by_key(|date| distance(*date, issue))
    };
    let from = near(day)?;
    let to = last.and_then(|last| ending(from, None, last)).unwrap_or(from);
    Some(((Some((from, to))), Certainty::Inferred))
}

/// Days between, the future counted double: news tells what has happened.
fn distance(date: Date, issue: Date) -> i32 {
    let days = day::between(issue, date);
    if days > 0 { days.saturating_mul(2) } else { days.saturating_neg() }
}

fn month_day(found: &Captures<'_>, issue: Option<Date>) -> Option<Resolved> {
    let (first, certainty) = first_of_month(found, issue)?;
    let Some(first) = first else {
        return Some((None, certainty));
    };
    let Some(day) = number(found, "day") else {
        return Some((Some((first, first.last_of_month())), certainty));
    };
    let mut from = Date::new(first.year(), first.month(), day).ok()?;
    if let Some(issue) = issue.filter(|_| certainty == Certainty::Inferred)
        && found.name("month").is_some()
        && found.name("rel").is_none()
    {
        from = in_nearest_year(from, issue);
    }
    let to = number(found, "day2").and_then(|day| ending(from, number(found, "month2"), day));
    Some((Some((from, to.unwrap_or(from))), certainty))
}

/// The first day of the month that is meant, and how sure; none where the issue is unknown.
fn first_of_month(found: &Captures<'_>, issue: Option<Date>) -> Option<(Option<Date>, Certainty)> {
    if let Some(word) = found.name("relmonth") {
        let shift = match word.as_str() {
            "上月" | "上个月" => -1,
            "下月" => 1,
            _ => 0,
        };
        let month = issue.and_then(|d| d.first_of_month().checked_add(shift.months()).ok());
        return Some((month, Certainty::Inferred));
    }
    let month = number(found, "month")?;
    if let Some(year) = found.name("year").and_then(|year| digits(year.as_str())) {
        return Some((Some(Date::new(year, month, 1).ok()?), Certainty::Exact));
    }
    let shift = match found.name("rel").map(|rel| rel.as_str()) {
        Some("去年") => -1,
        Some("前年") => -2,
        Some("明年") => 1,
        Some(_) | None => 0,
    };
    if !(1..=12).contains(&month) {
        return None;
    }
    let Some(issue) = issue else {
        return Some((None, Certainty::Inferred));
    };
    let mut first = Date::new(issue.year() + shift, month, 1).ok()?;
    if found.name("rel").is_none() && found.name("day").is_none() {
        first = in_nearest_year(first, issue);
    }
    Some((Some(first), Certainty::Inferred))
}

/// Moves a date without a printed year into the year in which it lies nearest to the issue: on
/// January 2, `12月30日` was last year, and on December 30 `1月2日` is next year.
fn in_nearest_year(date: Date, issue: Date) -> Date {
    let moved = |years: i64| date.checked_add(years.years()).ok();
    let days = day::between(issue, date);
    match days {
        184.. => moved(-1).unwrap_or(date),
        ..=-300 => moved(1).unwrap_or(date),
        _ => date,
    }
}

/// The last day of a range that begins on `from`; `None` where it is no date or lies before `from`.
fn ending(from: Date, month: Option<i8>, day: i8) -> Option<Date> {
    let month = month.unwrap_or(from.month());
    let same = Date::new(from.year(), month, day).ok()?;
    let to = if same < from { same.checked_add(1.years()).ok()? } else { same };
    (day::between(from, to) <= 184).then_some(to)
}

fn number(found: &Captures<'_>, name: &str) -> Option<i8> {
    i8::try_from(digits(found.name(name)?.as_str())?).ok()
}

/// Reads half-width and full-width digits.
fn digits(text: &str) -> Option<i16> {
    let mut value: i16 = 0;
    for c in text.chars() {
        let digit = match c {
            '0'..='9' => u32::from(c) - u32::from('0'),
            '０'..='９' => u32::from(c) - u32::from('０'),
            _ => return None,
        };
        value = value.checked_mul(10)?.checked_add(i16::try_from(digit).ok()?)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::Certainty;
    use super::dates;

    fn resolve(text: &str, issue: Date) -> Vec<(&str, Option<Date>, Option<Date>, Certainty)> {
        dates(text, Some(issue))
            .into_iter()
            .map(|found| (found.raw(text), found.from, found.to, found.certainty))
            .collect()
    }

    #[test]
    fn a_range_within_a_month_has_both_ends() {
        let found = resolve("3月12日至13日，清河开渠。", date(2024, 3, 14));
        let (from, to) = (Some(date(2024, 3, 12)), Some(date(2024, 3, 13)));
        assert_eq!(found, [("3月12日至13日", from, to, Certainty::Inferred)]);
    }

    #[test]
    fn a_printed_year_is_exact() {
        let day = Some(date(2023, 12, 1));
        let found = resolve("于2023年12月1日开工", date(2025, 9, 8));
        assert_eq!(found, [("2023年12月1日", day, day, Certainty::Exact)]);
    }

    #[test]
    fn december_in_an_issue_of_january_was_last_year() {
        let day = Some(date(2024, 12, 30));
        assert_eq!(resolve("12月30日，", date(2025, 1, 2))[0].1, day);
        assert_eq!(resolve("1月2日，", date(2024, 12, 30))[0].1, Some(date(2025, 1, 2)));
    }

    #[test]
    fn a_bare_day_goes_to_the_nearest_month() {
        assert_eq!(resolve("31日晚", date(2025, 1, 2))[0].1, Some(date(2024, 12, 31)));
        assert_eq!(resolve("7日至9日", date(2025, 9, 10))[0].2, Some(date(2025, 9, 9)));
    }

    #[test]
    fn day_words_shift_from_the_issue() {
        let found = resolve("昨日开工，今天放水，明日验收。", date(2025, 9, 1));
        let days: Vec<_> = found.iter().filter_map(|found| found.1).collect();
        assert_eq!(days, [date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 2)]);
    }

    #[test]
    fn vague_words_span_a_week() {
        let found = resolve("日前，清河县发文。", date(2025, 9, 8));
        let week = (Some(date(2025, 9, 1)), Some(date(2025, 9, 8)));
        assert_eq!(found, [("日前", week.0, week.1, Certainty::Vague)]);
    }

    #[test]
    fn months_of_last_year_are_whole() {
        let found = resolve("去年12月", date(2025, 9, 8));
        assert_eq!(found[0].1, Some(date(2024, 12, 1)));
        assert_eq!(found[0].2, Some(date(2024, 12, 31)));
    }

    #[test]
    fn counts_of_days_are_no_dates() {
        assert_eq!(resolve("3日内办结，推出2日游", date(2025, 9, 8)), []);
        assert_eq!(resolve("2月30日", date(2025, 9, 8)), []);
    }

    #[test]
    fn without_an_issue_only_full_dates_resolve() {
        let found = dates("2025年9月8日和9月9日", None);
        assert_eq!(found[0].from, Some(date(2025, 9, 8)));
        assert_eq!(found[1].from, None);
    }

    proptest! {
        #[test]
        fn any_text_gives_ordered_spans(text in "[0-9０-９年月日至本上去昨今近前—,]{0,40}|\\PC{0,40}") {
            let mut end = 0;
            let late = dates(&text, Some(Date::MAX));
            for found in late.into_iter().chain(dates(&text, Some(Date::MIN))) {
                prop_assert!(found.span.of(&text).is_some());
                prop_assert!(found.from <= found.to);
                end = end.max(found.span.end);
            }
            prop_assert!(end <= text.len());
        }
    }
}
