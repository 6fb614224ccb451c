//! Where a piece may begin and end, and what may be left out of it. Only ever deletes.
//!
//! A piece never begins with a word that leans on what stood before (他、这、但、并 …), and never ends
//! with a clause that only opens something (随着…，；他表示，). Datelines, 据悉， and 记者从…获悉， are dropped from
//! its start, notes in brackets from its inside. Who claims something (外交部称，) stays: a claim
//! without its speaker would become a fact.

use crate::clause::END;
use crate::quotation::Quotations;
use crate::quotation::is_mark;
use crate::wording::attributes;
use crate::wording::ends_with_any;
use crate::wording::leans;
use crate::wording::refers_back;
use crate::wording::starts_with_any;
use crate::wording::tells_time;
use wenmai_domain::span::Span;

/// What a clause that leans on the next one begins with.
const OPENING: [&str; 33] = [
    "虽然", "如果", "为了", "由于", "随着", "尽管", "当", "只要", "只有", "无论", "不论", "除了",
    "不仅", "不但", "为", "在", "自", "从", "通过", "根据", "按照", "据", "围绕", "面对", "针对",
    "作为", "对于", "受", "因", "走进", "来到", "步入", "站在",
];
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
/// Characters of a note in brackets that may be left out.
const NOTE_CHARS: usize = 24;
/// Characters in brackets that belong to a name: 刚果（金）.
const NAME_CHARS: usize = 1;

/// Whether a piece says something to who reads it beside pieces of other texts: no bare words in
/// quotes, no item of a list, not who reported, nor only who said it.
#[must_use]
pub fn stands_alone(piece: &str) -> bool {
    let behind = piece.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_item =
        behind.len() < piece.len() && behind.starts_with(['.', '、', '．', ')', '）', ':', '：']);
    let is_credit = piece.contains("记者") && piece.trim_end_matches(END).ends_with("报道");
    let only_says = attributes(piece) && piece.chars().count() <= NOTE_CHARS;
    !is_item
        && !is_credit
        && !only_says
        && !is_joined(piece)
        && !speaks_for_itself(piece)
        && !piece.starts_with(['—', '-', '/', '`'])
}

/// Whether a blank stands between two Chinese characters of `piece`: a heading ran into a sentence.
fn is_joined(piece: &str) -> bool {
    let is_han = |c: char| !c.is_ascii() && c.is_alphabetic();
    let blanks = piece.match_indices([' ', '　']);
    blanks.into_iter().any(|(at, blank)| {
        let before = piece.get(..at).and_then(|text| text.chars().next_back());
        let behind = piece.get(at + blank.len()..).and_then(|text| text.chars().next());
        before.is_some_and(is_han) && behind.is_some_and(is_han)
    })
}

/// Whether somebody speaks in `piece` as 我们 or to 你 outside of quotation marks.
fn speaks_for_itself(piece: &str) -> bool {
    const PERSONS: [char; 4] = ['我', '咱', '你', '您'];
    const FREE: [&str; 12] = [
        "我国", "我省", "我市", "我县", "我区", "我军", "我党", "我方", "我驻", "我校", "我院",
        "自我",
    ];
    const OFFICES: [&str; 5] = ["我局", "我委", "我司", "我公司", "我办"];
    if !piece.contains(PERSONS) {
        return false;
    }
    let chars: Vec<char> = piece.chars().collect();
    let quotations = Quotations::of(&chars);
    let (mut quoted_to, mut outside) = (0, String::new());
    for (at, c) in chars.iter().enumerate() {
        quoted_to = quotations.closing(at).map_or(quoted_to, |close| close.max(quoted_to));
        if at >= quoted_to {
            outside.push(*c);
        }
    }
    for word in FREE {
        outside = outside.replace(word, "");
    }
    // 县水利局通报：我局已经修渠。
    if let Some((announced, _)) = outside.split_once('：')
        && ["通报", "公告", "声明", "回应", "通告"].iter().any(|word| announced.contains(word))
    {
        for word in OFFICES {
            outside = outside.replace(word, "");
        }
    }
    outside.contains(PERSONS)
}

/// Whether a clause only says that something was learnt: 据悉， 记者从县水利局获悉，
#[must_use]
pub fn is_filler(clause: &str) -> bool {
    let Some(clause) = clause.strip_suffix(['，', ',', '：']) else { return false };
    let learnt = ["获悉", "了解到", "看到"].iter().any(|verb| clause.ends_with(verb));
    matches!(
        clause,
        "据悉" | "据了解" | "另据了解" | "据介绍" | "据统计" | "与此同时" | "此外" | "同时"
    ) || (learnt && clause.contains("记者"))
}

/// Whether a piece may begin with `clause`; `before` is the clause before it in its sentence, and
/// `is_second` whether that one opens the sentence.
#[must_use]
pub fn may_begin(clause: &str, before: Option<&str>, is_second: bool) -> bool {
    if leans(clause) || is_filler(clause) {
        return false;
    }
    let Some(before) = before else { return true };
    let fades = is_second
        && (is_filler(before)
            || (before.chars().count() <= 8 && before.ends_with('，') && tells_time(before)));
    before.ends_with(['；', ';']) || fades
}

/// Whether a piece may end with `clause`, which its sentence goes on from if `goes_on`.
#[must_use]
pub fn may_end(clause: &str, goes_on: bool) -> bool {
    let opens = || starts_with_any(clause, &OPENING);
    let closed = clause.ends_with(END);
    if clause.ends_with(['：', ':', '、']) || (attributes(clause) && !closed) {
        return false;
    }
    let count = clause.chars().count();
    let is_time = || (tells_time(clause) && count <= 8) || ends_in_time(clause);
    !goes_on || !(opens() || is_time() || count <= 4 || lacks_verb(clause) || sets_scene(clause))
}

/// Whether `clause` says on what condition, or with what reserve, the clause before it holds: a piece
/// must not end before it.
#[must_use]
pub fn qualifies(clause: &str) -> bool {
    const RESERVES: [&str; 18] = [
        "如果",
        "若",
        "除非",
        "只要",
        "倘若",
        "假如",
        "否则",
        "前提是",
        "前提为",
        "但尚",
        "但未",
        "但并",
        "但不",
        "但没",
        "但仍",
        "不过尚",
        "不过未",
        "但是否",
    ];
    starts_with_any(clause, &RESERVES)
}

/// Whether a clause ends with a point in time, at which something is yet to happen: 12日17时15分，
fn ends_in_time(clause: &str) -> bool {
    let clause = clause.trim_end_matches(['，', ',', '许']);
    let number = clause.strip_suffix(['年', '月', '日', '时', '分']);
    number.is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
}

/// Whether a clause only says when or where the next one happens: 在水利峰会上，
fn sets_scene(clause: &str) -> bool {
    const SCENES: [&str; 16] = [
        "会上",
        "会议上",
        "峰会上",
        "现场",
        "期间",
        "之际",
        "以来",
        "之后",
        "之前",
        "以后",
        "时候",
        "过程中",
        "的一天",
        "情况下",
        "背景下",
        "方面",
    ];
    let clause = clause.trim_end_matches(['，', ',']);
    ends_with_any(clause, &SCENES)
        || (clause.ends_with(['时', '后', '前', '中']) && tells_time(clause))
}

/// Whether a clause only names who or what the next one tells of: 县水利局等12个单位，安倍的举动，
fn lacks_verb(clause: &str) -> bool {
    const HAPPENS: [char; 8] = ['了', '是', '有', '着', '将', '被', '为', '已'];
    let clause = clause.trim_end_matches(['，', ',']);
    if let Some((_, counted)) = clause.rsplit_once('等')
        && clause.contains('、')
    {
        // 等12人: the list is who did it.
        let rest = counted.trim_start_matches(|c: char| c.is_numeric() || c == '多' || c == '余');
        return rest.chars().count() <= 4 && !rest.contains(HAPPENS);
    }
    let is_short = clause.chars().count() <= 12 && !clause.contains(HAPPENS);
    let noun = clause.rsplit_once('的').map(|(_, noun)| noun.chars().count());
    is_short && noun.is_some_and(|count| (1..=4).contains(&count))
}

/// Whether a clause tells who stands where in a picture: 县长林大川（左）
#[must_use]
pub fn points_into_a_picture(clause: &str) -> bool {
    const PLACES: [&str; 10] =
        ["（左", "（右", "（中）", "（前排", "（后排", "(左", "(右", "(中)", "（图", "左起"];
    clause.contains(['（', '(', '左']) && PLACES.iter().any(|place| clause.contains(place))
}

/// Whether quotes, brackets and titles in `text` are closed.
#[must_use]
pub fn is_balanced(text: &str) -> bool {
    const BRACKETS: [char; 8] = ['（', '）', '《', '》', '(', ')', '【', '】'];
    if !text.contains(|c| is_mark(c) || BRACKETS.contains(&c)) {
        return true;
    }
    let chars: Vec<char> = text.chars().collect();
    let brackets = [('（', '）'), ('《', '》'), ('(', ')'), ('【', '】')];
    let count = |wanted: char| chars.iter().filter(|c| **c == wanted).count();
    brackets.iter().all(|(open, close)| count(*open) == count(*close))
        && Quotations::of(&chars).are_whole()
}

/// Whether a piece begins with what somebody said and does not tell who: bare words in quotes, or
/// words in quotes with 他说 behind them.
#[must_use]
pub fn is_unattributed(piece: &str) -> bool {
    if !piece.starts_with(is_mark) {
        return false;
    }
    let chars: Vec<char> = piece.chars().collect();
    let Some(close) = Quotations::of(&chars).closing(0) else { return false };
    let behind: String = chars.iter().skip(close + 1).collect();
    let behind = behind.trim_start_matches(['，', ',', ' ', '　']);
    let said = chars.get(1..close).unwrap_or_default();
    // A word in quotes opens many a sentence: “连心桥”通车了。
    let is_speech = said.iter().any(|c| END.contains(c) || matches!(c, '，' | ','));
    behind.trim_matches(END).is_empty() || (is_speech && (refers_back(behind) || goes_on(behind)))
}

/// Whether what stands behind a quotation does not say whose it is, but goes on: 但县水利局同时说，
fn goes_on(behind: &str) -> bool {
    ["但", "而", "不过", "然而", "同时", "此外"].iter().any(|word| behind.starts_with(word))
}

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

/// What of `span` is kept: its dateline at the start, and notes in brackets that hold no number,
/// are left out; so are pauses at the end. Empty where nothing is left.
#[must_use]
pub fn parts(text: &str, span: Span) -> Vec<Span> {
    let Some(piece) = span.of(text) else { return Vec::new() };
    let mut kept = Vec::new();
    let mut start = dateline(piece);
    let mut from = start;
    while let Some((open, bracket)) = next_bracket(piece, from) {
        let inside = piece.get(open + bracket.len_utf8()..).unwrap_or_default();
        let close = inside.char_indices().take(NOTE_CHARS).find(|(_, c)| matches!(c, '）' | ')'));
        let Some((length, mark)) = close else {
            from = open + bracket.len_utf8();
            continue;
        };
        let end = open + bracket.len_utf8() + length + mark.len_utf8();
        let note = inside.get(..length).unwrap_or_default();
        from = end;
        if note.chars().any(char::is_numeric) || names(note) {
            continue;
        }
        kept.push(Span::new(span.start + start, span.start + open));
        start = end;
    }
    let tail = piece.get(start..).unwrap_or_default();
    let tail = tail.trim_end_matches(['，', '；', '：', '、', ',', ';', ':', ' ', '　']);
    kept.push(Span::new(span.start + start, span.start + start + tail.len()));
    kept.retain(|part| part.of(text).is_some_and(|part| !part.trim().is_empty()));
    kept
}

/// Whether a note in brackets belongs to the name before it, rather than to a picture.
fn names(note: &str) -> bool {
    const PLACES: [char; 8] = ['左', '右', '中', '上', '下', '图', '完', '前'];
    note.chars().count() <= NAME_CHARS && !note.contains(PLACES)
}

fn next_bracket(piece: &str, from: usize) -> Option<(usize, char)> {
    let rest = piece.get(from..)?;
    let (at, c) = rest.char_indices().find(|(_, c)| matches!(c, '（' | '('))?;
    Some((from + at, c))
}

/// The text of `parts`, closed up.
#[must_use]
pub fn text_of(text: &str, parts: &[Span]) -> String {
    parts.iter().filter_map(|part| part.of(text)).collect()
}

#[cfg(test)]
mod tests;
