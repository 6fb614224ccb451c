//! Dates that a text mentions: those of `text::date`, Chinese numerals, and years alone.

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::date;
use crate::date::DateMention;
use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::amount;
use crate::entity::sheet::Sheet;
use crate::pattern;

/// 2023年, 二〇二四年三月, 十二月三日: what `text::date` does not read.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)
        (?P<from>[12][0-9]{3}) 年? [至到\-—~–]+ (?P<to>[12][0-9]{3}) 年
      | (?P<year>[12][0-9]{3}|[一二][〇零一二三四五六七八九]{3}) 年
            (?: (?P<month>[一二三四五六七八九十]{1,2}) 月 (?: (?P<day>[一二三四五六七八九十]{1,3}) 日 )? )?
      | (?P<month_only>[一二三四五六七八九十]{1,2}) 月 (?P<day_only>[一二三四五六七八九十]{1,3}) 日",
    )
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"^(?:([0-9]{1,2})月份?)?(?:([0-9]{1,2})日?)?(?:[^0-9]+([0-9]{1,2})日)?$")
});

/// The dates of the text in order.
pub(super) fn days(sheet: &Sheet<'_>, issue: Option<Date>) -> Vec<Found> {
    let text = sheet.text();
    let mut found: Vec<Found> = Vec::new();
    for mention in date::dates(text, issue) {
        let (from, to) = (sheet.index(mention.span.start), sheet.index(mention.span.end));
        if is_word(sheet, from, to) {
            found.push(Found::new(Kind::Date, from, to, key(mention, text)));
        }
    }
    let known: Vec<(usize, usize)> = found.iter().map(|found| (found.from, found.to)).collect();
    let mut ahead = known.into_iter().peekable();
    for groups in OTHER.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        let (from, to) = (sheet.index(whole.start()), sheet.index(whole.end()));
        while ahead.peek().is_some_and(|known| known.1 <= from) {
            ahead.next();
        }
        let free = ahead.peek().is_none_or(|known| known.0 >= to);
        let group = |name: &str| groups.name(name).and_then(|group| read(group.as_str()));
        let key = match (group("from"), group("to")) {
            (Some(first), Some(last)) => format!("{first}/{last}"),
            _ => written(group("year"), group("month").or(group("month_only")), {
                group("day").or(group("day_only"))
            }),
        };
        if free && !sheet.before(from).is_ascii_digit() && !key.is_empty() {
            found.push(Found::new(Kind::Date, from, to, key));
        }
    }
    found.sort_by_key(|found| found.from);
    found
}

/// A word that only looks like a date is none: 今日头条 and 后天 inside a longer word.
fn is_word(sheet: &Sheet<'_>, from: usize, to: usize) -> bool {
    // 连续18日 counts days.
    let counted = matches!(sheet.before(from), '续' | '满' | '共' | '达');
    sheet.char(from).is_ascii_digit() && !counted || (sheet.is_edge(from) && sheet.is_edge(to))
}

fn read(text: &str) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    amount::chinese(text)?.small()
}

/// `2024-03-12`, `2024-03`, `2024`, `--03-12`; empty where it is no date.
fn written(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> String {
    let month = month.filter(|month| (1..=12).contains(month));
    let day = day.filter(|day| (1..=31).contains(day));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month:02}-{day:02}"),
        (Some(year), Some(month), None) => format!("{year}-{month:02}"),
        (Some(year), None, _) => format!("{year}"),
        (None, Some(month), Some(day)) => format!("--{month:02}-{day:02}"),
        (None, Some(month), None) => format!("--{month:02}"),
        (None, None, Some(day)) => format!("---{day:02}"),
        (None, None, None) => String::new(),
    }
}

/// The days that a mention resolved to, or the words as printed.
fn key(mention: DateMention, text: &str) -> String {
    match (mention.from, mention.to) {
        (Some(from), Some(to)) if from == to => from.to_string(),
        (Some(from), Some(to)) => format!("{from}/{to}"),
        _ => {
            let raw = mention.raw(text);
            let part = |group: Option<regex::Match<'_>>| read(group?.as_str());
            let parts = MONTH_DAY.captures(raw);
            let key = parts.map_or_else(String::new, |parts| {
                let first = written(None, part(parts.get(1)), part(parts.get(2)));
                match part(parts.get(3)) {
                    Some(last) => {
                        format!("{first}/{}", written(None, part(parts.get(1)), Some(last)))
                    }
                    None => first,
                }
            });
            if key.is_empty() { raw.to_owned() } else { key }
        }
    }
}
