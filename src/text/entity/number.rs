//! Quantities with their units, and ordinals.
//!
//! A number without a unit is no quantity, unless it counts in tens of thousands (3.2万). Clock times,
//! scores, codes, numbers of telephones, documents and houses are none.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::Taken;
use crate::entity::amount;
use crate::entity::amount::Amount;
use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::Word;

const UNITS: &str = include_str!("units.tsv");
/// The longest form of a unit.
const UNIT_CHARS_MAX: usize = 5;
/// What an ordinal counts (第三届); a 第 before anything else is no count.
const ORDINALS: &str =
    "届 次 批 季度 轮 期 代 场 集 名 位 个 条 章 版 天 周 年 周年 局 阶段 产业 方";
/// A bare 一 says how much only before these: 一人, 一亩; 一个 and 一天 are words of speech.
const ONE_COUNTS: [&str; 9] = ["成", "人", "元", "吨", "公斤", "斤", "公里", "米", "亩"];
/// Longer numerals are not read.
const NUMERAL_CHARS_MAX: usize = 24;

struct Unit {
    canonical: &'static str,
    factor: Amount,
}

static UNIT_FORMS: LazyLock<HashMap<&'static str, Unit>> = LazyLock::new(|| {
    let mut forms = HashMap::new();
    for row in UNITS.lines().filter(|row| !row.starts_with('#')) {
        let mut columns = row.split('\t');
        let (Some(canonical), Some(factor), Some(all)) =
            (columns.next(), columns.next().and_then(Amount::arabic), columns.next())
        else {
            continue;
        };
        for form in all.split(' ') {
            forms.insert(form, Unit { canonical, factor });
        }
    }
    forms
});

/// A numeral at characters `from..to`.
struct Numeral {
    from: usize,
    to: usize,
    amount: Amount,
    /// 一 alone.
    is_bare_one: bool,
    /// Counted in 万 or 亿.
    is_large: bool,
    is_chinese: bool,
}

/// The quantities and ordinals of the text in order, outside of what is `taken`.
pub(super) fn numbers(sheet: &Sheet<'_>, taken: &Taken) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < sheet.len() {
        if !is_numeral(sheet.char(at)) {
            at += 1;
            continue;
        }
        let end = run_end(sheet, at);
        if let Some(mention) = quantity(sheet, at, end).filter(|m| !taken.any(m.from, m.to)) {
            at = mention.to.max(end);
            found.push(mention);
        } else {
            at = past_clock(sheet, end);
        }
    }
    found
}

fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || amount::digit(c).is_some() || amount::power(c).is_some()
}

/// The end of the numeral at `at`: digits with points and commas inside, multipliers, 余 and 多.
fn run_end(sheet: &Sheet<'_>, from: usize) -> usize {
    let mut at = from;
    loop {
        let (c, next) = (sheet.char(at), sheet.char(at + 1));
        let inside = at > from && is_numeral(next);
        let goes_on = match c {
            '.' | ',' => inside && sheet.before(at).is_ascii_digit() && next.is_ascii_digit(),
            '点' => {
                inside && amount::digit(sheet.before(at)).is_some() && amount::digit(next).is_some()
            }
            '余' | '多' => at > from && matches!(next, '万' | '亿'),
            c => is_numeral(c),
        };
        if !goes_on {
            return at;
        }
        at += 1;
    }
}

/// What the numeral `from..end` and its surroundings say.
fn quantity(sheet: &Sheet<'_>, from: usize, end: usize) -> Option<Found> {
    if let Some((start, amount, to)) = fraction(sheet, from, end) {
        return Some(Found::new(Kind::Number, start, to, amount));
    }
    let numeral = numeral(sheet, from, end)?;
    if sheet.before(from) == '第' {
        return ordinal(sheet, &numeral);
    }
    if is_code(sheet, &numeral) {
        return None;
    }
    let rough = matches!(sheet.char(numeral.to), '余' | '多' | '来');
    let at = numeral.to + usize::from(rough);
    let below_zero = sheet.slice(from.saturating_sub(2), from) == "零下";
    let minus = below_zero || sheet.before(from) == '-' && !is_numeral(sheet.before(from - 1));
    let from = if below_zero { from - 2 } else { from };
    let amount = if minus { numeral.amount.negative() } else { numeral.amount };
    let Some((unit, to)) = unit(sheet, at, &numeral) else {
        // 3.2万, 近百万: large enough to stand alone, but not 3.2万张三 (another unit unknown).
        let alone = numeral.is_large && !numeral.is_chinese;
        let key = amount.to_string();
        return alone.then(|| Found::new(Kind::Number, from, at, key));
    };
    let value = amount.times(unit.factor)?;
    Some(Found::new(Kind::Number, from, to, format!("{value}{}", unit.canonical)))
}

/// 百分之五, 三分之一: the start, the key and the end.
fn fraction(sheet: &Sheet<'_>, from: usize, end: usize) -> Option<(usize, String, usize)> {
    if !sheet.has(end, "分之") {
        return None;
    }
    let below = sheet.slice(from, end);
    let first = end + 2;
    let to = run_end(sheet, first);
    let text = sheet.slice(first, to);
    let above = if sheet.char(first).is_ascii_digit() {
        Amount::mixed(text)?
    } else {
        amount::chinese(text)?
    };
    let key = match below {
        "百" => format!("{above}%"),
        "千" => format!("{above}‰"),
        _ => format!("{above}/{}", numeral(sheet, from, end)?.amount),
    };
    Some((from, key, to))
}

fn numeral(sheet: &Sheet<'_>, from: usize, end: usize) -> Option<Numeral> {
    if end <= from || end - from > NUMERAL_CHARS_MAX {
        return None;
    }
    let is_chinese = !sheet.char(from).is_ascii_digit();
    if is_chinese && !may_be_chinese(sheet, from, end) {
        return None;
    }
    let text: String = sheet.slice(from, end).replace(['余', '多'], "");
    let amount = if is_chinese { amount::chinese(&text)? } else { Amount::mixed(&text)? };
    let is_large = text.contains(['万', '亿']);
    Some(Numeral { from, to: end, amount, is_bare_one: text == "一", is_large, is_chinese })
}

/// Whether the Chinese numeral is one and no part of a word: 统一, 三亚, 十分, 数十, 百姓.
fn may_be_chinese(sheet: &Sheet<'_>, from: usize, end: usize) -> bool {
    let starts = sheet.holding(from);
    let ends = end.checked_sub(1).and_then(|last| sheet.holding(last));
    let counted = |word: Word| UNIT_FORMS.contains_key(sheet.slice(end, word.to));
    let begins = |word: Word| {
        word.from == from || word.tag == Tag::Number || sheet.slice(word.from, from) == "近"
    };
    let within = starts.is_some_and(begins)
        && ends.is_some_and(|word| word.to == end || word.tag == Tag::Number || counted(word));
    let before = sheet.before(from);
    let vague =
        matches!(before, '数' | '几' | '好' | '成' | '之' | '十' | '初' | '周' | '老' | '星');
    // 百 and 万 alone count only with 近百名, 上万人, 百余户, 百分之.
    let bare = amount::power(sheet.char(from)).is_some_and(|power| power != 10)
        && !matches!(before, '近' | '上' | '约' | '逾' | '超' | '过')
        && !matches!(sheet.char(end), '余' | '多')
        && !sheet.has(end, "分之");
    within && !vague && !bare && !sheet.has(from, "十分")
}

/// 第十六次: the start is the 第.
fn ordinal(sheet: &Sheet<'_>, numeral: &Numeral) -> Option<Found> {
    let number = numeral.amount.small()?;
    let counted = ORDINALS
        .split(' ')
        .filter(|unit| sheet.has(numeral.to, unit))
        .max_by_key(|unit| unit.len())?;
    let to = numeral.to + counted.chars().count();
    let key = format!("第{number}{counted}");
    sheet.is_edge(to).then(|| Found::new(Kind::Number, numeral.from - 1, to, key))
}

/// Whether letters, hyphens or brackets make the digits a code, a number of something, or a time.
fn is_code(sheet: &Sheet<'_>, numeral: &Numeral) -> bool {
    let (before, next) = (sheet.before(numeral.from), sheet.char(numeral.to));
    let second = sheet.char(numeral.to + 1);
    let earlier = numeral.from.checked_sub(1).map_or('\0', |at| sheet.before(at));
    let glued = before.is_ascii_alphanumeric()
        || matches!(before, '_' | '/' | '#' | '[' | '〔' | '.' | ':')
        || before == '-' && earlier.is_ascii_alphabetic();
    let goes_on = matches!(next, ':' | '/' | '_' | '-') && second.is_ascii_digit()
        || next == '-' && second.is_ascii_alphabetic()
        || matches!(next, '〕' | ']' | '号' | '楼' | '室' | '后' | '比');
    // 3-5米 is a range, 2024-12 and 0635-842 are none.
    let range = next == '-' && unit_behind(sheet, numeral.to + 1);
    glued || goes_on && !range
}

fn unit_behind(sheet: &Sheet<'_>, from: usize) -> bool {
    let end = run_end(sheet, from);
    numeral(sheet, from, end).is_some_and(|numeral| unit(sheet, end, &numeral).is_some())
}

/// The longest unit at `at`, and its end.
fn unit(sheet: &Sheet<'_>, at: usize, numeral: &Numeral) -> Option<(&'static Unit, usize)> {
    (at + 1..=at + UNIT_CHARS_MAX).rev().find_map(|to| {
        let form = sheet.slice(at, to);
        let unit = UNIT_FORMS.get(form)?;
        fits(sheet, at, to, form, numeral).then_some((unit, to))
    })
}

/// Whether the unit is one here: not a part of a word, and not the time of day or year.
fn fits(sheet: &Sheet<'_>, at: usize, to: usize, form: &str, numeral: &Numeral) -> bool {
    let next = sheet.char(to);
    if form.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return !next.is_ascii_alphanumeric() && next != '/';
    }
    if numeral.is_bare_one && !ONE_COUNTS.contains(&form) {
        return false;
    }
    // 5人 but not 5人民币, 3级 but not 3级别: a word that begins with the unit is another word.
    let word = sheet.holding(at);
    let inside = word.is_some_and(|word| {
        // 百名护士 is cut as 百, 名护, 士.
        let cut_wrongly = form == "名" && word.tag == Tag::Verb;
        word.to > to && word.from >= at && word.tag != Tag::Number && !cut_wrongly
    });
    let clock = form == "点" && numeral.amount.small().is_some_and(|hour| hour <= 24);
    let calendar = form == "年" && numeral.amount.small().is_some_and(|year| year >= 1000);
    let word_of_eight = form == "字" && numeral.is_chinese;
    let minute = form == "分" && matches!(sheet.before(numeral.from), '时' | '点');
    !(inside || clock || calendar || minute || word_of_eight)
}

/// Past `时30分`, `:30:05` and `-8421234` behind digits that are no quantity.
fn past_clock(sheet: &Sheet<'_>, end: usize) -> usize {
    let mut at = end;
    loop {
        let joins = matches!(sheet.char(at), ':' | '-' | '/' | '_' | '时' | '点' | '.');
        if !joins || !sheet.char(at + 1).is_ascii_digit() {
            return at.max(end);
        }
        let next = run_end(sheet, at + 1);
        if quantity(sheet, at + 1, next).is_some() && sheet.char(at) == '-' {
            return at;
        }
        at = next;
    }
}
