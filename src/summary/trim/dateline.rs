//! What stands before a text and is none of it: who wires from where and when, marks of the page,
//! headings and credits that lost their line ends.

use super::is_balanced;
use crate::wording::starts_with_any;
use crate::wording::tells_time;

/// Who wires.
const AGENCY: [&str; 10] = [
    "本报",
    "新华社",
    "新华网",
    "中新社",
    "中新网",
    "人民网",
    "央视网",
    "本网",
    "本台",
    "中国新闻网",
];
/// Characters within which a dateline is over.
const DATELINE_CHARS: usize = 30;
/// Characters of the name of a site before 讯, at most, with that.
const SITE_CHARS: usize = 12;
/// Characters of a heading in brackets before a text, at most.
const HEADING_CHARS: usize = 60;
/// Bytes of the number of an item, at most: two of Chinese characters.
const ITEM_BYTES_MAX: usize = 6;
/// Characters of a clause behind a heading that only a blank sets off, at least.
const GLUED_CHARS: usize = 5;

/// Bytes of label and dateline at the start of `text`: `本报清河3月12日讯（记者 周小禾）`; 0 where there is
/// none.
#[must_use]
pub fn dateline(text: &str) -> usize {
    let label = label(text);
    let text = text.get(label..).unwrap_or_default();
    label + wire(text)
}

/// Bytes of a mark of the page before the text: 核心阅读, 【环球网报道】, quotes that nothing closes.
fn label(text: &str) -> usize {
    const LABELS: [&str; 12] = [
        "核心阅读",
        "阅读提示",
        "内容提要",
        "编者按：",
        "导读：",
        "摘要：",
        "各位观众，",
        "观众朋友们，",
        "问：",
        "答：",
        "看点：",
        "原标题：",
    ];
    let rest = if text.starts_with("\"\"") { text.trim_start_matches('"') } else { text };
    let rest = rest.trim_start_matches([' ', '　', '▲', '●', '■', '◆']);
    let before = text.len() - rest.len();
    if let Some(credit) = credit(rest).or_else(|| glued(rest)) {
        return before + credit;
    }
    if let Some(label) = LABELS.iter().find(|label| rest.starts_with(*label)) {
        return before + label.len();
    }
    if let Some(site) = site(rest) {
        return before + site;
    }
    if rest.starts_with("另据") && !rest.starts_with("另据悉") && !rest.starts_with("另据了解，")
    {
        return before + "另".len();
    }
    if let Some(item) = item(rest).or_else(|| copied(rest)) {
        return before + item;
    }
    let close = rest.char_indices().take(HEADING_CHARS).find(|(_, c)| *c == '】');
    match close {
        Some((at, c)) if rest.starts_with('【') => before + at + c.len_utf8(),
        Some(_) | None => before,
    }
}

/// Bytes of the site that printed a text, without place or day: 清河青年网讯
fn site(text: &str) -> Option<usize> {
    let end = text.char_indices().take(SITE_CHARS).find(|(_, c)| *c == '讯').map(|(at, _)| at)?;
    let name = text.get(..end)?;
    let is_site =
        ["网", "报", "网专", "报专", "社", "客户端"].iter().any(|end| name.ends_with(end));
    // With a day or in brackets the dateline has its end elsewhere.
    (is_site && !name.contains(['（', '(', '日', '电'])).then(|| {
        let behind = text.get(end + '讯'.len_utf8()..).unwrap_or_default();
        text.len() - behind.trim_start_matches([' ', '　', '，', ':', '：']).len()
    })
}

/// Bytes of where a page says that it copied its text: 本文转自【清河日报】；
fn copied(text: &str) -> Option<usize> {
    let behind = text.strip_prefix("本文转自").or_else(|| text.strip_prefix("本文来源"))?;
    let near: String = behind.chars().take(DATELINE_CHARS).collect();
    let at = near.find(['；', ' ', '。', '　'])?;
    let rest = behind.get(at..)?.trim_start_matches(['；', ' ', '。', '　']);
    Some(text.len() - rest.len())
}

/// Bytes of the number of an item: 3.县水利局表示， 一、渠首开闸， （二）
fn item(text: &str) -> Option<usize> {
    const COUNT: &str = "一二三四五六七八九十";
    let open = text.strip_prefix(['（', '(']).unwrap_or(text);
    let rest = open.trim_start_matches(|c: char| c.is_ascii_digit() || COUNT.contains(c));
    let count = open.len() - rest.len();
    if count == 0 || count > ITEM_BYTES_MAX {
        return None;
    }
    let marks: &[char] =
        if open.len() < text.len() { &['）', ')'] } else { &['.', '、', '．', '）', ')'] };
    let behind = rest.strip_prefix(marks)?;
    // 1.5万亩 is a number.
    let is_number = rest.starts_with('.') && behind.starts_with(|c: char| c.is_ascii_digit());
    (!is_number).then(|| text.len() - behind.trim_start().len())
}

/// Bytes of who took a picture, where that stands before the text and only a space parts them:
/// 本报记者 周小禾 摄 清河开闸。
fn credit(text: &str) -> Option<usize> {
    const CREDITED: [&str; 6] = ["摄 ", "摄　", "供图 ", "供图　", "制图 ", "摄影 "];
    let near = text
        .char_indices()
        .nth(DATELINE_CHARS)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or_default());
    if !near.contains(['摄', '图', '影']) {
        return None;
    }
    let ends = CREDITED.iter().filter_map(|mark| Some(near.find(mark)? + mark.len()));
    let end = ends.min()?;
    let before = text.get(..end)?;
    (!before.contains(['，', '。', '：', '“'])).then_some(end)
}

/// Bytes of lines that lost their ends and stand before the text with only a blank between: a
/// heading, 来源：清河日报, the page's marks. A blank parts no words of running text.
fn glued(text: &str) -> Option<usize> {
    const STOPS: [char; 12] =
        ['，', '。', '；', '！', '？', '“', '”', '（', '）', '《', '、', '「'];
    if let Some(heading) = before_quotation(text) {
        return Some(heading);
    }
    // A line without any mark is a heading, both halves of it.
    let clause = text.get(..text.find(STOPS)?)?;
    let blank = |c: char| matches!(c, ' ' | '　');
    let (at, mark) = clause.char_indices().rev().find(|(at, c)| {
        let before = clause.get(..*at).and_then(|text| text.chars().next_back());
        blank(*c) && before.is_some_and(|c| !c.is_ascii() && c.is_alphanumeric())
    })?;
    let end = at + mark.len_utf8();
    let rest = clause.get(end..)?.trim_start_matches(blank);
    // 3月 12日: what stands behind must be able to open a sentence.
    let opens = rest.chars().count() >= GLUED_CHARS && rest.starts_with(|c: char| !c.is_ascii())
        || rest.starts_with(|c: char| c.is_ascii_digit()) && tells_time(rest) && clause.len() > end;
    let names = rest.chars().count() <= 4 || clause.get(..at)?.ends_with("记者");
    (opens && !names).then(|| text.len() - text.get(end..).map_or(0, str::len))
}

/// Bytes of a heading before a quotation that only a blank sets off: 渠水“够用” “今年放心。”他说
fn before_quotation(text: &str) -> Option<usize> {
    let end = text.find(['，', '。', '；', '！', '？', '：']).unwrap_or(text.len());
    let before = text.get(..end)?;
    let at = [" “", "　“", " 「", " \""].iter().filter_map(|mark| before.rfind(mark)).max()?;
    let heading = text.get(..at)?;
    (!heading.is_empty() && is_balanced(heading))
        .then(|| text.len() - text.get(at..).map_or(0, |rest| rest.trim_start().len()))
}

/// Bytes of who wires from where, and when.
fn wire(text: &str) -> usize {
    let open = text.trim_start_matches(['（', '(', '【', ' ', '　']);
    let before = text.len() - open.len();
    let wires = starts_with_any(open, &AGENCY);
    let mut last = ' ';
    for (at, c) in open.char_indices().take(DATELINE_CHARS) {
        if matches!(c, '，' | '。' | '“') {
            return 0;
        }
        let told = c == '息' && last == '消' && text.get(..before + at).is_some_and(is_dated);
        if told && !open.starts_with('据') {
            let behind = before + at + c.len_utf8();
            let rest = text.get(behind..).unwrap_or_default().trim_start_matches(['，', ',']);
            return text.len() - rest.len();
        }
        let is_wire = c == '讯' || (c == '电' && (last == '日' || last == '　' || last == ' '));
        if is_wire && (wires || last == '日') {
            let behind = before + at + c.len_utf8();
            return behind + by_line(text.get(behind..).unwrap_or_default());
        }
        last = c;
    }
    0
}

/// Whether a day stands at the end of `text`, before 消: 清河网3月12日消
fn is_dated(text: &str) -> bool {
    let day = text.strip_suffix('消').and_then(|text| text.strip_suffix('日'));
    day.is_some_and(|day| day.ends_with(|c: char| c.is_ascii_digit()))
}

/// Bytes of the brackets with names, and of what sets them off, at the start of `text`.
fn by_line(text: &str) -> usize {
    const GAP: [char; 10] = ['）', ')', '】', ']', ' ', '　', '：', ':', '—', '-'];
    let mut rest = text.trim_start_matches(GAP);
    if rest.starts_with(['（', '(']) {
        let close =
            rest.char_indices().take(2 * DATELINE_CHARS).find(|(_, c)| matches!(c, '）' | ')'));
        if let Some((at, c)) = close {
            rest = rest.get(at + c.len_utf8()..).unwrap_or_default().trim_start_matches(GAP);
        }
    }
    text.len() - rest.len()
}
