//! Where a piece may begin and end, and what may be left out of it. Only ever deletes.
//!
//! A piece never begins with a word that leans on what stood before (他、这、但、并 …), and never ends
//! with a clause that only opens something (随着…，；他表示，). Datelines, 据悉， and 记者从…获悉， are dropped from
//! its start, notes in brackets from its inside. Who claims something (外交部称，) stays: a claim
//! without its speaker would become a fact.

mod dateline;

pub use dateline::dateline;

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
/// Characters of a note in brackets that may be left out.
const NOTE_CHARS: usize = 24;
/// Characters of a site or a paper that says that it learnt something, at most.
const SITE_CHARS: usize = 10;
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
pub(crate) fn is_joined(piece: &str) -> bool {
    let is_han = |c: char| !c.is_ascii() && c.is_alphabetic();
    let blanks = piece.match_indices([' ', '　']);
    blanks.into_iter().any(|(at, blank)| {
        let before = piece.get(..at).and_then(|text| text.chars().next_back());
        let behind = piece.get(at + blank.len()..).and_then(|text| text.chars().next());
        // A mark closes a heading as well: 渠首“提前开闸” 县长周小禾说
        let closes = |c: char| is_han(c) || matches!(c, '”' | '’' | '」');
        let joins = |c: char| is_han(c) || (c.is_alphanumeric() && before == Some('”'));
        before.is_some_and(closes) && behind.is_some_and(joins)
    })
}

/// Whether somebody speaks in `piece` as 我们 or to 你 outside of quotation marks.
pub(crate) fn speaks_for_itself(piece: &str) -> bool {
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
    // 清河财经APP获悉，
    let site = clause.strip_suffix("获悉").is_some_and(|who| who.chars().count() <= SITE_CHARS);
    matches!(
        clause,
        "据悉" | "据了解" | "另据了解" | "据介绍" | "据统计" | "与此同时" | "此外" | "同时"
    ) || site
        || (learnt && clause.contains("记者"))
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
