//! Days in words, as people search for them: 上周, 今年三月, 近三天, 春节期间.
//!
//! Read against a given day. A month or feast without a year is the last one that has begun. Nothing is
//! guessed: what is not one of these forms is no period.

use std::sync::LazyLock;

use jiff::Span as Time;
use jiff::ToSpan;
use jiff::civil::Date;
use regex::Captures;
use regex::Regex;

use wenmai_domain::span::Span;
use wenmai_text::pattern;

/// First days of the lunar years from 2010 on, as month and day.
const SPRING: [(i8, i8); 26] = [
    (2, 14),
    (2, 3),
    (1, 23),
    (2, 10),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 16),
    (2, 5),
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
];
/// Dragon boat festivals from 2015 on.
const BOATS: [(i8, i8); 16] = [
    (6, 20),
    (6, 9),
    (5, 30),
    (6, 18),
    (6, 7),
    (6, 25),
    (6, 14),
    (6, 3),
    (6, 22),
    (6, 10),
    (5, 31),
    (6, 19),
    (6, 9),
    (5, 28),
    (6, 16),
    (6, 5),
];
/// Mid-autumn festivals from 2015 on.
const AUTUMN: [(i8, i8); 16] = [
    (9, 27),
    (9, 15),
    (10, 4),
    (9, 24),
    (9, 13),
    (10, 1),
    (9, 21),
    (9, 10),
    (9, 29),
    (9, 17),
    (10, 6),
    (9, 25),
    (9, 15),
    (10, 3),
    (9, 22),
    (9, 12),
];

/// Days that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Where they are named.
    pub span: Span,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// A number of up to two characters, in digits or Chinese.
const NUMBER: &str = "[0-9]{1,3}|[一二两三四五六七八九十]{1,3}";

static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(&format!(
        r"(?x)
        (?: (?P<year>[12][0-9]{{3}})年 | (?P<rel>今年|去年|前年|明年) )
            (?: 的? (?: (?P<month>{NUMBER})月份? (?: (?P<day>{NUMBER})[日号] )?
              | (?P<half>上半年|下半年) | 第?(?P<quarter>[一二三四1234])季度
              | (?P<feast>春节|元旦|清明|五一|端午|国庆|中秋)(?:假期|期间|节)* ) )?
      | (?P<relmonth>本月|这个月|上个月|上月|下个月|下月)
      | (?P<relweek>本周|这周|这星期|上上周|上周|上个星期|上星期|下周|下星期)
            (?P<weekday>[一二三四五六日天])?
      | (?P<word>大前天|前天|前日|昨天|昨日|昨晚|今天|今日|今早|今晚|明天|明日)
      | (?:最近|近|过去)(?P<count>{NUMBER}|半)个?(?P<unit>天|日|周|星期|月|年)
      | (?P<alone>{NUMBER})月份? (?: (?P<aloneday>{NUMBER})[日号] )?
      | (?P<bare>春节|元旦|清明|五一|端午|国庆|中秋)(?:假期|期间)"
    ))
});

/// The periods that normalized `text` names, read against the day `today`, in order.
#[must_use]
pub fn periods(text: &str, today: Date) -> Vec<Period> {
    let read = |found: Captures<'_>| {
        let whole = found.get(0)?;
        let before = text.get(..whole.start())?.chars().next_back();
        if before.is_some_and(|c| c.is_ascii_digit() || "第每一二三四五六七八九十".contains(c))
        {
            return None;
        }
        let (from, to) = resolve(&found, today)?;
        Some(Period { span: Span::new(whole.start(), whole.end()), from, to })
    };
    PERIOD.captures_iter(text).filter_map(read).collect()
}

fn resolve(found: &Captures<'_>, today: Date) -> Option<(Date, Date)> {
    let text = |name| found.name(name).map(|found| found.as_str());
    if let Some(word) = text("word") {
        let shift = match word {
            "大前天" => -3,
            "前天" | "前日" => -2,
            "昨天" | "昨日" | "昨晚" => -1,
            "明天" | "明日" => 1,
            _ => 0,
        };
        let day = plus(today, shift.days())?;
        return Some((day, day));
    }
    if let Some(week) = text("relweek") {
        return of_week(week, text("weekday"), today);
    }
    if let Some(month) = text("relmonth") {
        let shift = if month.starts_with('上') { -1 } else { i32::from(month.starts_with('下')) };
        return Some(of_month(plus(today.first_of_month(), shift.months())?));
    }
    if let Some(count) = text("count") {
        return of_last(count, text("unit")?, today);
    }
    if let Some(feast) = text("bare") {
        let year = today.year();
        let this = of_feast(feast, year).filter(|(from, _)| *from <= today);
        return this.or_else(|| of_feast(feast, year - 1));
    }
    if let Some(month) = text("alone") {
        let year = today.year();
        let this = of_numbers(year, month, text("aloneday")).filter(|(from, _)| *from <= today);
        return this.or_else(|| of_numbers(year - 1, month, text("aloneday")));
    }
    let year = match (text("year"), text("rel")) {
        (Some(year), _) => year.parse().ok()?,
        (None, Some("去年")) => today.year() - 1,
        (None, Some("前年")) => today.year() - 2,
        (None, Some("明年")) => today.year() + 1,
        (None, _) => today.year(),
    };
    if let Some(feast) = text("feast") {
        return of_feast(feast, year);
    }
    let months = match (text("half"), text("quarter").and_then(number)) {
        (Some("上半年"), _) => (1, 6),
        (Some(_), _) => (7, 12),
        (None, Some(quarter)) => (quarter * 3 - 2, quarter * 3),
        (None, None) => match text("month") {
            Some(month) => return of_numbers(year, month, text("day")),
            None => (1, 12),
        },
    };
    let last = Date::new(year, i8::try_from(months.1).ok()?, 1).ok()?;
    Some((Date::new(year, i8::try_from(months.0).ok()?, 1).ok()?, last.last_of_month()))
}

fn plus(day: Date, time: Time) -> Option<Date> {
    day.checked_add(time).ok()
}

fn of_week(week: &str, weekday: Option<&str>, today: Date) -> Option<(Date, Date)> {
    let monday = plus(today, -i64::from(today.weekday().to_monday_zero_offset()).days())?;
    let shift = match week.chars().filter(|c| *c == '上').count() {
        0 => i64::from(week.starts_with('下')),
        1 => -1,
        _ => -2,
    };
    let monday = plus(monday, shift.weeks())?;
    let Some(weekday) = weekday else { return Some((monday, plus(monday, 6.days())?)) };
    let after = match weekday {
        "日" | "天" => 6,
        other => i64::from(number(other)?) - 1,
    };
    let day = plus(monday, after.days())?;
    Some((day, day))
}

fn of_month(first: Date) -> (Date, Date) {
    (first, first.last_of_month())
}

/// The last days, weeks, months or years up to today.
fn of_last(count: &str, unit: &str, today: Date) -> Option<(Date, Date)> {
    let is_half = count == "半";
    let count = if is_half { 1 } else { i64::from(number(count)?) };
    let back = match unit {
        "天" | "日" => (count - 1).max(0).days(),
        "周" | "星期" => (count * 7 - 1).days(),
        "月" if is_half => 14.days(),
        "月" => count.months(),
        _ if is_half => 6.months(),
        _ => count.years(),
    };
    Some((today.checked_sub(back).ok()?, today))
}

fn of_numbers(year: i16, month: &str, day: Option<&str>) -> Option<(Date, Date)> {
    let month = i8::try_from(number(month)?).ok()?;
    match day {
        Some(day) => {
            let day = Date::new(year, month, i8::try_from(number(day)?).ok()?).ok()?;
            Some((day, day))
        }
        None => Some(of_month(Date::new(year, month, 1).ok()?)),
    }
}

/// The days around a feast: for the spring festival from its eve to the eighth day.
fn of_feast(feast: &str, year: i16) -> Option<(Date, Date)> {
    let since = |first: i16, table: &[(i8, i8)]| {
        let (month, day) = *table.get(usize::try_from(year - first).ok()?)?;
        Date::new(year, month, day).ok()
    };
    let on = |month, day| Date::new(year, month, day).ok();
    let (day, before, after) = match feast {
        "春节" => (since(2010, &SPRING)?, 1, 7),
        "端午" => (since(2015, &BOATS)?, 1, 2),
        "中秋" => (since(2015, &AUTUMN)?, 1, 2),
        "元旦" => (on(1, 1)?, 1, 2),
        "清明" => (on(4, 4)?, 1, 2),
        "五一" => (on(5, 1)?, 0, 4),
        _ => (on(10, 1)?, 0, 6),
    };
    Some((plus(day, (-before).days())?, plus(day, after.days())?))
}

/// A number up to 999 in digits, or up to 99 in Chinese.
fn number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let digit = |c| "一二三四五六七八九".chars().position(|known| known == c).map(|at| at + 1);
    let digit = |c| if c == '两' { Some(2) } else { digit(c) };
    let found = match text.split_once('十') {
        Some((tens, ones)) => {
            let tens = if tens.is_empty() { 1 } else { digit(tens.chars().next()?)? };
            let ones = if ones.is_empty() { 0 } else { digit(ones.chars().next()?)? };
            tens * 10 + ones
        }
        None => digit(text.chars().next().filter(|_| text.chars().count() == 1)?)?,
    };
    i32::try_from(found).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::periods;

    /// A Thursday.
    const TODAY: jiff::civil::Date = date(2024, 3, 14);

    fn named(text: &str) -> Option<(String, String, String)> {
        let found = periods(text, TODAY).into_iter().next()?;
        let written = found.span.of(text)?.to_owned();
        Some((written, found.from.to_string(), found.to.to_string()))
    }

    #[test]
    fn days_in_words_are_read_against_today() {
        for (text, written, from, to) in [
            ("昨天 大桥", "昨天", "2024-03-13", "2024-03-13"),
            ("上周 防汛", "上周", "2024-03-04", "2024-03-10"),
            ("上周五的会", "上周五", "2024-03-08", "2024-03-08"),
            ("上上周", "上上周", "2024-02-26", "2024-03-03"),
            ("今年三月 招聘", "今年三月", "2024-03-01", "2024-03-31"),
            ("去年十二月", "去年十二月", "2023-12-01", "2023-12-31"),
            ("今年 小麦", "今年", "2024-01-01", "2024-12-31"),
            ("上个月", "上个月", "2024-02-01", "2024-02-29"),
            ("去年下半年", "去年下半年", "2023-07-01", "2023-12-31"),
            ("2023年第四季度", "2023年第四季度", "2023-10-01", "2023-12-31"),
            ("2024年3月14日", "2024年3月14日", "2024-03-14", "2024-03-14"),
            ("12月 大雪", "12月", "2023-12-01", "2023-12-31"),
            ("三月五日", "三月五日", "2024-03-05", "2024-03-05"),
            ("近三天 暴雨", "近三天", "2024-03-12", "2024-03-14"),
            ("最近一周", "最近一周", "2024-03-08", "2024-03-14"),
            ("近半年", "近半年", "2023-09-14", "2024-03-14"),
            ("春节期间 出行", "春节期间", "2024-02-09", "2024-02-17"),
            ("去年国庆期间", "去年国庆期间", "2023-10-01", "2023-10-07"),
            ("中秋假期", "中秋假期", "2023-09-28", "2023-10-01"),
        ] {
            let wanted = Some((written.to_owned(), from.to_owned(), to.to_owned()));
            assert_eq!(named(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_none() {
        for text in
            ["大桥通车", "春节", "周一", "十三月", "2024年13月", "近千天", "第3月", "每月", "月球"]
        {
            assert_eq!(named(text), None, "{text}");
        }
    }
}
