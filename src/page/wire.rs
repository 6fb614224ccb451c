//! Openers as papers and agencies of Taiwan and Hong Kong print them: `〔記者甲／清河報導〕`,
//! `（中央社記者甲清河縣14日電）`, `記者甲、乙／綜合報導`, `【清河報專訊】`. Mainland sites print some of them too.

use std::sync::LazyLock;

use regex::Regex;

use crate::dateline::Opener;
use crate::names;
use crate::script;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Dateline;
use wenmai_domain::article::Role;
use wenmai_text::surname;

/// Characters of an opener at most, its brackets left out.
const CHARS: usize = 40;

/// Who, and from where: `記者甲／清河報導`, `即時新聞／綜合報導`, `財經中心／甲報導`.
static SLASHED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?P<agency>\p{Han}{2,5}社)?(?P<who>[\p{Han}A-Za-z·、，\s]{2,30}?)\s*[／/∕╱]\s*",
        r"(?P<where>[\p{Han}、]{0,12}?)(?:报道|报导|专访|特稿|直击|日电|电)$",
    ))
});

/// A reporter, a place and a day in one run: `中央社記者甲清河縣14日電`, `本報記者甲清河報導`.
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?P<agency>\p{Han}{2,5}社)?(?:本报|本社)?(?:特派|特约|驻地)?记者(?P<run>[\p{Han}、]{2,24}?)",
        r"(?P<date>(?:[0-9]{1,2}月)?(?:[0-9]{1,2}|[一二三四五六七八九十廿卅]{1,3})日)?",
        r"(?:外电|专|即时|综合)*(?:电|报道|报导|讯)$",
    ))
});

/// An agency, a place and a day: `香港清河社5月14日電`.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?P<agency>\p{Han}{2,6}社)(?P<place>\p{Han}{0,6}?)",
        r"(?P<date>(?:[0-9]{4}年)?(?:[0-9]{1,2}月)?[0-9]{1,2}日)(?:专|外)?(?:电|讯|消息)$",
    ))
});

/// A paper's or site's own name: `【清河報專訊】`, `【清河日報綜合報導】`, `【清河網】`.
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:(?:\p{Han}{1,6}(?:报|网|社|新闻)|本报|本网)",
        r"(?:专讯|讯|综合报道|综合报导|即时报道|即时报导|快讯)",
        r"|\p{Han}{1,5}(?:网|日报|晚报|早报|时报|通讯社))$",
    ))
});

/// Words before 報導 that are no place.
const NO_PLACES: [&str; 22] = [
    "综合", "綜合", "即时", "即時", "现场", "現場", "专题", "專題", "连线", "連線", "采访", "採訪",
    "整理", "外电", "外電", "独家", "獨家", "深度", "编译", "編譯", "特別", "特别",
];

/// What stands before the stroke where no person does.
const OFFICES: [&str; 18] = [
    "中心", "组", "組", "部", "台", "网", "網", "新闻", "新聞", "报", "報", "社", "室", "團隊",
    "团队", "小组", "小組", "版",
];

/// Reads the opener that `text` begins with.
pub(crate) fn opener(text: &str) -> Option<Opener> {
    let start = text.len() - text.trim_start().len();
    let head = text.get(start..)?;
    let first = head.chars().next()?;
    let close = closing(first);
    let (inner, len) = match close {
        Some(close) => {
            let end = head.find(close)?;
            (head.get(first.len_utf8()..end)?, end + close.len_utf8())
        }
        None => plain(head)?,
    };
    let inner = inner.trim();
    if inner.chars().count() > CHARS {
        return None;
    }
    let is_bracketed = close.is_some();
    let mut found = slashed(inner)
        .or_else(|| run(inner).filter(|_| is_bracketed))
        .or_else(|| dated(inner).filter(|_| is_bracketed))
        .or_else(|| own(inner).filter(|_| matches!(first, '【' | '〔' | '[')))?;
    let behind = head.get(len..)?;
    let blank = |c: char| c.is_whitespace() || matches!(c, '：' | ':' | '—');
    found.len = start + len + behind.len() - behind.trim_start_matches(blank).len();
    Some(found)
}

/// The bracket that closes one.
fn closing(open: char) -> Option<char> {
    match open {
        '（' => Some('）'),
        '(' => Some(')'),
        '〔' => Some('〕'),
        '【' => Some('】'),
        '[' => Some(']'),
        '［' => Some('］'),
        _ => None,
    }
}

/// An opener without brackets: it holds a stroke, ends with the word of reporting, and something sets
/// it off from the sentence.
fn plain(head: &str) -> Option<(&str, usize)> {
    if !head.starts_with("記者") && !head.starts_with("记者") && !head.starts_with("文／") {
        return None;
    }
    let reach = head.char_indices().nth(CHARS).map_or(head.len(), |(at, _)| at);
    let near = head.get(..reach)?;
    let ends = ["報導", "報道", "报导", "报道"].iter().filter_map(|word| near.find(word));
    let end = ends.min()? + "報導".len();
    let inner = head.get(..end)?;
    let is_credit = inner.contains(['／', '/', '∕', '╱']) && !inner.contains(['。', '「', '“']);
    is_credit.then_some((inner, end))
}

fn slashed(inner: &str) -> Option<Opener> {
    let found = SLASHED.captures(inner)?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str()).trim();
    let who = part("who");
    // 編譯甲、記者乙: each may have a role of its own.
    let byline = if is_office(who) { Vec::new() } else { credited(who)? };
    let where_ = place(part("where"));
    if byline.is_empty() {
        // Behind an office there stands a person or a place.
        if let Some(names) = names::list(where_, names::is_name) {
            return Some(made("", Dateline::default(), people(names, Role::Reporter)));
        }
    }
    let dateline = Dateline { place: where_.to_owned(), ..Dateline::default() };
    Some(made(part("agency"), dateline, byline))
}

/// The people whom a list names, each with the role before it.
fn credited(who: &str) -> Option<Vec<Contributor>> {
    let mut found = Vec::new();
    for piece in who.split(['、', '，']) {
        let (names, role) = without_role(piece.trim());
        let listed = names::list(names, names::may_be_name).or_else(|| names::glued(names))?;
        found.extend(people(listed, role));
    }
    Some(found)
}

fn run(inner: &str) -> Option<Opener> {
    let found = RUN.captures(inner)?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let mut pieces: Vec<&str> = part("run").split('、').collect();
    let (name, place_) = apart(pieces.pop()?)?;
    pieces.push(name);
    if !pieces.iter().all(|name| names::may_be_name(name)) {
        return None;
    }
    let names = pieces.into_iter().map(str::to_owned).collect();
    let dateline = Dateline {
        raw: part("date").to_owned(),
        place: place(place_).to_owned(),
        ..Dateline::default()
    };
    Some(made(part("agency"), dateline, people(names, Role::Reporter)))
}

fn dated(inner: &str) -> Option<Opener> {
    let found = DATED.captures(inner)?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str()).to_owned();
    let dateline = Dateline { raw: part("date"), place: part("place"), ..Dateline::default() };
    Some(made(&part("agency"), dateline, Vec::new()))
}

fn own(inner: &str) -> Option<Opener> {
    OWN.is_match(inner).then(|| made("", Dateline::default(), Vec::new()))
}

fn made(agency: &str, dateline: Dateline, byline: Vec<Contributor>) -> Opener {
    Opener { len: 0, dateline, agency: agency.to_owned(), byline, own: agency.is_empty() }
}

fn people(names: Vec<String>, role: Role) -> Vec<Contributor> {
    names.into_iter().map(|name| Contributor { name, role }).collect()
}

/// The names behind a role that a credit begins with.
fn without_role(who: &str) -> (&str, Role) {
    const ROLES: [(&str, Role); 9] = [
        ("特派記者", Role::Reporter),
        ("特派记者", Role::Reporter),
        ("本報記者", Role::Reporter),
        ("本报记者", Role::Reporter),
        ("記者", Role::Reporter),
        ("记者", Role::Reporter),
        ("編譯", Role::Author),
        ("编译", Role::Author),
        ("文", Role::Author),
    ];
    let found = ROLES.iter().find_map(|(word, role)| Some((who.strip_prefix(word)?, *role)));
    found.map_or((who, Role::Author), |(rest, role)| (rest.trim(), role))
}

fn is_office(who: &str) -> bool {
    OFFICES.iter().any(|end| who.ends_with(end))
}

/// A place without the words that may stand before 報導; empty where they are all.
fn place(text: &str) -> &str {
    let mut text = text;
    while let Some(front) = NO_PLACES.iter().find_map(|word| text.strip_suffix(word)) {
        text = front;
    }
    text
}

/// Splits a name from the place that follows it without anything between them. Names of three
/// characters are the rule; with a surname of two there may be four.
fn apart(text: &str) -> Option<(&str, &str)> {
    let count = text.chars().count();
    let of_name = match (surname::length(text), count) {
        (_, ..=3) => count,
        (2, 6..) => 4,
        (_, 4) => 2,
        _ => 3,
    };
    let at = text.char_indices().nth(of_name).map_or(text.len(), |(at, _)| at);
    Some((text.get(..at)?, text.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::opener;

    /// Names, place, day, agency, and what is left of the text.
    fn read(text: &str) -> Option<(String, String, String, String, &str)> {
        let found = opener(text)?;
        let names: Vec<&str> = found.byline.iter().map(|one| one.name.as_str()).collect();
        let line = found.dateline;
        Some((names.join(" "), line.place, line.raw, found.agency, text.get(found.len..)?))
    }

    #[test]
    fn reporters_places_and_days_are_told_apart() {
        for (text, names, place, day, agency) in [
            ("〔記者周小禾／清河報導〕堤防", "周小禾", "清河", "", ""),
            ("（中央社記者周小禾清河縣14日電）堤防", "周小禾", "清河縣", "14日", "中央社"),
            ("（記者周小禾柳溪十四日電）堤防", "周小禾", "柳溪", "十四日", ""),
            ("[記者周小禾、許舟／清河報導]堤防", "周小禾 許舟", "清河", "", ""),
            ("【記者周小禾／綜合報導】堤防", "周小禾", "", "", ""),
            ("【本報記者周小禾清河報導】堤防", "周小禾", "清河", "", ""),
            ("〔即時新聞／綜合報導〕堤防", "", "", "", ""),
            ("財經中心／周小禾報導 堤防", "", "", "", "none"),
            ("（財經中心／周小禾報導）堤防", "周小禾", "", "", ""),
            ("記者周小禾／清河報導　堤防", "周小禾", "清河", "", ""),
            ("【清河報專訊】堤防", "", "", "", ""),
            ("（清河通訊社5月14日電）堤防", "", "", "5月14日", "清河通訊社"),
            ("【清河网】堤防", "", "", "", ""),
        ] {
            if agency == "none" {
                assert!(opener(text).is_none(), "{text}");
                continue;
            }
            let wanted = [names, place, day, agency].map(str::to_owned);
            let [names, place, day, agency] = wanted;
            assert_eq!(read(text), Some((names, place, day, agency, "堤防")), "{text}");
        }
    }

    #[test]
    fn what_is_no_opener_stays() {
        for text in [
            "（圖／周小禾攝）堤防完工。",
            "【獨家】堤防完工。",
            "（一）堤防完工。",
            "記者周小禾說，堤防完工的報導屬實。",
            "記者會／今天舉行",
            "【重要通知】放假三天。",
            "【天气预报】明天有雨。",
            "（上接第一版）堤防完工。",
            "〔",
            "",
        ] {
            assert!(opener(text).is_none(), "{text}");
        }
    }
}
