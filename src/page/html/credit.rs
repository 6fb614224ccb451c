//! Who wrote: lines of credit as papers and sites print them, and names in metadata.
//!
//! A line is one only if all of it is understood: an office, a role, names, and what may follow them
//! (`新京报记者 甲 乙`, `生活中心／甲報導`, `文｜财新 甲`, `甲/中国青年报`). Editors and proofreaders are
//! no authors, and people in the news stand in sentences, which are no lines of credit.

use std::sync::LazyLock;

use regex::Regex;

use crate::byline;
use crate::html::tree::Outline;
use crate::names;
use crate::script;
use crate::wire;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Role;
use wenmai_text::pattern;

/// Longest line of credit, in characters.
const CHARS: usize = 60;

/// A role, with what may stand before it: `全媒体见习记者`, `作者：`, `文/`.
static ROLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?:见习|見習|实习|實習|特约|特約|特派|首席|驻[\p{Han}]{1,4}|全媒体|全媒體|融媒体|融媒|本报|本報|本网|本站)*",
        r"(?P<role>实习生|實習生|通讯员|通訊員|评论员|評論員|摄影记者|攝影記者|记者|記者|编译|編譯|撰文|撰稿人?|采写|採寫|采访|采编|执笔|執筆|作者|特约撰稿|文字|整理|文[/／、]图|图[/／、]?文|文)",
        r"(?P<sep>\s*[:：/／|｜丨]\s*|\s+|)",
    ))
});

/// What ends the names of authors: others follow.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:责任?编辑|責任編輯|编辑|編輯|校对|校對|责编|審核|审核|主编|摄影|攝影|摄像|制图|来源|來源|统筹|图片?|圖片?|[0-9]{4}|发自|發自|阅读|浏览|评论|供图|摄|攝)\s*[:：/／|｜丨\s]?.*$",
    )
});

/// What may follow the names in a line of credit.
static TAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?:[/／]?\s*[\p{Han}]{0,4}(?:报道|報導|报导|採訪報導|整合|综合|綜合|整理|编译|編譯|專訪)|[／/]\s*[\p{Han}]{2,8}|图|文|/)?$",
    )
});

/// An office before a name: `生活中心／甲報導`, `甲/中国青年报`.
static OFFICE_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?P<office>[\p{Han}A-Za-z]{2,8}(?:中心|组|組|部|台|網|网))\s*[／/]\s*(?P<names>[\p{Han}、]{2,12}?)\s*(?:[／/]\s*)?(?:综合|綜合|即時|现场|現場|採訪|台北|編譯)?(?:報導|报道|报导)$",
    )
});
static OFFICE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?P<names>[\p{Han}]{2,4}(?:[、\s][\p{Han}]{2,4}){0,3})\s*[／/|｜]\s*[\p{Han}]{2,8}(?:报|社|网|台|周刊|杂志|新闻|日报|晚报|時報|時报)$",
    )
});

/// Words that stand where a name is expected and are none.
const NO_NAMES: [&str; 76] = [
    "高清",
    "展开",
    "收起",
    "全文",
    "文章",
    "状态",
    "常规",
    "安装",
    "关闭",
    "打印",
    "字号",
    "字体",
    "返回",
    "登录",
    "注册",
    "搜索",
    "下载",
    "举报",
    "纠错",
    "订阅",
    "点击",
    "查看",
    "保存",
    "默认",
    "放大",
    "缩小",
    "綜合",
    "綜合報導",
    "综合报道",
    "即時新聞",
    "編輯",
    "記者",
    "未知",
    "佚名",
    "匿名",
    "网络",
    "网络整理",
    "整理",
    "综合",
    "阅读",
    "编辑",
    "责任编辑",
    "责编",
    "作者",
    "记者",
    "简介",
    "管理员",
    "本站",
    "原创",
    "转载",
    "小编",
    "来源",
    "本报",
    "本网",
    "通讯员",
    "评论员",
    "新华社",
    "官方",
    "发布",
    "时间",
    "日期",
    "分享",
    "评论",
    "收藏",
    "关注",
    "热门",
    "推荐",
    "更多",
    "首页",
    "正文",
    "新闻",
    "采编",
    "报道",
    "办公室",
    "宣传部",
    "信息",
];

/// The people whom a line of credit names as authors; `None` where it is none.
pub(super) fn line(text: &str) -> Option<Vec<Contributor>> {
    if text.chars().count() > CHARS || text.contains(['。', '！', '？']) {
        return None;
    }
    let text =
        text.trim().trim_matches(|c: char| "【】[]（）()〔〕 　□■◎●◆▲★·—-|｜".contains(c)).trim();
    for pattern in [&*OFFICE_FIRST, &*OFFICE_LAST] {
        if let Some(found) = pattern.captures(text).and_then(|found| found.name("names"))
            && let Some(people) = list(found.as_str(), Role::Author, true)
        {
            return Some(people);
        }
    }
    roles(text, false)
        .or_else(|| labelled(text))
        .or_else(|| byline::bare(text).filter(|people| people.iter().all(is_plausible)))
}

/// Names behind a label, wherever in the line it stands: `2025-09-08 来源：清河网作者：甲`.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"(?:作者|记者|記者|撰文|撰稿|采写)\s*[:：]\s*(?P<names>[^|｜:：]{2,40})")
});

/// Names behind a role at the end of a line that gives the day: `清河网　2025-09-08　记者 甲 乙`.
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"[0-9][年月日:：0-9\s/-]*\s(?:\p{Han}{2,6}(?:报|報|社|网|網)\s+)?(?:本报|本報|本網|本网)?(?:记者|記者)\s*(?P<names>\p{Han}{2,4}(?:[\s、]\p{Han}{2,4}){0,3})(?:\s*[／/]\s*\p{Han}{0,8}(?:报道|報導|报导))?$",
    )
});

fn labelled(text: &str) -> Option<Vec<Contributor>> {
    if let Some(names) = BEHIND.captures(text).and_then(|found| found.name("names")) {
        return list(names.as_str(), Role::Reporter, true);
    }
    let names = LABEL.captures(text)?.name("names")?.as_str();
    let plain = OTHERS.replace(names, "");
    let plain = plain.trim();
    list(plain, Role::Author, true)
        .or_else(|| list(plain.split_whitespace().next()?, Role::Author, true))
}

/// Reads a line by its roles.
fn roles(text: &str, bracketed: bool) -> Option<Vec<Contributor>> {
    let found: Vec<regex::Captures<'_>> = ROLE
        .captures_iter(text)
        .filter(|found| {
            let word = found.name("role").map_or("", |role| role.as_str());
            let sep = found.name("sep").map_or("", |sep| sep.as_str());
            // 文 is a role only with a mark behind it.
            word != "文" || !sep.trim().is_empty()
        })
        .collect();
    let first = found.first()?;
    let before = text.get(..first.get(0)?.start())?;
    if before.chars().count() > PREFIX_CHARS
        || before.contains(['，', '、', '：', ':', ',']) && !before.ends_with([' ', '　'])
    {
        return None;
    }
    if OTHERS.is_match(before) && !before.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut people = Vec::new();
    let mut ends = found
        .iter()
        .skip(1)
        .filter_map(|next| next.get(0))
        .map(|next| next.start())
        .collect::<Vec<_>>();
    ends.push(text.len());
    let set_off =
        text.contains(['／', '/']) || text.ends_with("报道") || text.ends_with("報導") || bracketed;
    for (place, (one, end)) in found.iter().zip(ends).enumerate() {
        let last = place + 1 == found.len();
        let role = role_of(one.name("role").map_or("", |role| role.as_str()));
        let stated = one.name("sep").is_some_and(|sep| !sep.as_str().is_empty());
        let between = text.get(one.get(0)?.end()..end)?;
        // 采写：清河晚报记者 甲: what runs into the next role is an office.
        let runs_on = !last && !between.ends_with(SEPARATES) && !between.contains(SEPARATES);
        if runs_on && !between.is_empty() && people.is_empty() {
            continue;
        }
        let names =
            between.trim_matches(|c: char| c.is_whitespace() || "、，,&和;；）)（(】".contains(c));
        if names.is_empty() {
            continue;
        }
        let plain = OTHERS.replace(names, "");
        match list(plain.trim(), role, stated || set_off) {
            Some(found) => people.extend(found),
            // 文/清河网专栏作者 甲: an office between two roles.
            None if people.is_empty() && !last && names.chars().count() <= PREFIX_CHARS => {}
            None => return None,
        }
    }
    (!people.is_empty()).then_some(people)
}

/// What stands between names.
const SEPARATES: [char; 9] = [' ', '　', '、', '，', ',', '；', ';', '/', '／'];

/// Whether a line says in which role its people are.
pub(super) fn has_role(text: &str) -> bool {
    text.chars().count() <= CHARS
        && (ROLE.is_match(text)
            || OFFICE_FIRST.is_match(text.trim())
            || OFFICE_LAST.is_match(text.trim()))
}

/// A line that names who edited.
static EDITED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:责任?编辑|責任編輯|编辑|編輯|责编|编审|审核|主编|校对|编校|值班)\s*[:：/／|｜丨\s(（\[]\s*(?P<names>[\p{Han}]{2,4}(?:[、，\s][\p{Han}]{2,4}){0,3})",
    )
});

/// Whom the page names as editors.
pub(super) fn editors(outline: &Outline) -> Vec<String> {
    let short = outline
        .pieces
        .iter()
        .filter(|piece| piece.chars <= 120 && piece.text.contains(['编', '編', '审', '校']));
    let mut editors = Vec::new();
    for piece in short {
        for found in EDITED.captures_iter(&piece.text) {
            let names = found.name("names").map_or("", |names| names.as_str());
            editors.extend(names.split(['、', '，', ' ', '　']).map(str::to_owned));
        }
    }
    editors
}

/// Characters of an office before a role.
const PREFIX_CHARS: usize = 16;

/// Names in a list, with an office before or a word of reporting behind them.
fn list(text: &str, role: Role, stated: bool) -> Option<Vec<Contributor>> {
    let separator = |c: char| {
        c.is_whitespace() || matches!(c, '、' | '，' | ',' | '&' | '；' | ';' | '和' | '|' | '｜')
    };
    let mut people: Vec<Contributor> = Vec::new();
    let mut half: Option<&str> = None;
    for token in text.split(separator).filter(|token| !token.is_empty()) {
        let (name, rest) = token.split_once(['／', '/', '（', '(']).unwrap_or((token, ""));
        let name = name.trim();
        let (name, suffix) = without_tail(name);
        if let Some(first) = half.take() {
            let joined = format!("{first}{name}");
            if name.chars().count() > 2 || !accepts(&joined, stated) {
                return None;
            }
            people.push(Contributor { name: joined, role });
            continue;
        }
        if name.chars().count() == 1 && names::is_han(name.chars().next()?) {
            half = Some(name);
            continue;
        }
        if !people.is_empty() && TAIL.is_match(name) {
            break;
        }
        if accepts(name, stated) {
            people.push(Contributor { name: name.to_owned(), role });
        } else if let Some(glued) = names::glued(name).filter(|_| stated) {
            people.extend(glued.into_iter().map(|name| Contributor { name, role }));
        } else if people.is_empty() && is_office(name) && rest.is_empty() && suffix.is_empty() {
            // 文｜财新 甲
        } else {
            return None;
        }
        if !TAIL.is_match(rest.trim_end_matches(['）', ')'])) && rest.chars().count() > 14 {
            return None;
        }
    }
    (half.is_none() && !people.is_empty()).then_some(people)
}

/// A name without the word of reporting that is glued to it: 甲報導, 甲摄.
fn without_tail(name: &str) -> (&str, &str) {
    for tail in ["综合报道", "綜合報導", "报道", "報導", "报导", "整理", "整合", "图", "摄"]
    {
        if let Some(front) = name.strip_suffix(tail).filter(|front| front.chars().count() >= 2) {
            return (front, tail);
        }
    }
    (name, "")
}

fn accepts(name: &str, stated: bool) -> bool {
    let fits = if stated { names::may_be_name(name) } else { names::is_name(name) };
    fits && !NO_NAMES.contains(&name) && !is_office(name)
}

/// Whether a word names an office or a paper.
fn is_office(word: &str) -> bool {
    const ENDS: [char; 21] = [
        '报', '報', '社', '网', '網', '台', '局', '部', '委', '办', '院', '会', '會', '厅', '站',
        '刊', '新', '组', '心', '府', '号',
    ];
    let count = word.chars().count();
    (2..=12).contains(&count) && word.ends_with(ENDS)
        || word.ends_with("新闻")
        || word.ends_with("频道")
        || word.ends_with("发布")
}

fn is_plausible(person: &Contributor) -> bool {
    !NO_NAMES.contains(&person.name.as_str()) && !is_office(&person.name)
}

fn role_of(word: &str) -> Role {
    match script::simplified(word).as_str() {
        "记者" => Role::Reporter,
        "通讯员" => Role::Correspondent,
        "摄影记者" => Role::Photographer,
        _ => Role::Author,
    }
}

/// The people whom a value of metadata names; offices and accounts are none.
pub(super) fn named(value: &str) -> Vec<Contributor> {
    let value = value.trim();
    if let Some(people) = line(value) {
        return people;
    }
    let names = names::list(value, names::is_name).unwrap_or_default();
    let people = names.into_iter().map(|name| Contributor { name, role: Role::Author });
    people.filter(is_plausible).collect()
}

/// An account's name as its author.
pub(super) fn account(value: &str) -> Option<Contributor> {
    let name: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '·'));
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let fits =
        (2..=14).contains(&name.chars().count()) && letters && digits <= 4 && !name.contains(' ');
    let other = NO_NAMES.contains(&name.as_str())
        || OTHERS.is_match(&name)
        || is_office(&name) && !name.ends_with('号');
    (fits && !other).then_some(Contributor { name, role: Role::Author })
}

/// The people whom a paragraph names before its first sentence: `新京报讯（记者 甲）…`,
/// `【編譯甲、記者乙／綜合報導】…`.
pub(super) fn opening(paragraph: &str) -> Option<Vec<Contributor>> {
    if let Some(people) = wire::opener(paragraph).map(|found| found.byline)
        && !people.is_empty()
    {
        return Some(people).filter(|people| people.iter().all(is_plausible));
    }
    let end = paragraph.char_indices().nth(OPENING_CHARS).map_or(paragraph.len(), |(at, _)| at);
    let head = paragraph.get(..end)?;
    let open = head.find(['（', '(', '【', '〔'])?;
    if head.get(..open)?.contains(['，', '。', '：', '“']) {
        return None;
    }
    let inner = head.get(open..)?.trim_start_matches(['（', '(', '【', '〔']);
    let close = inner.find(['）', ')', '】', '〕'])?;
    let inner = inner.get(..close)?;
    if let Some(wire) = WIRE.captures(inner).and_then(|found| found.name("name")) {
        return Some(vec![Contributor { name: wire.as_str().to_owned(), role: Role::Reporter }])
            .filter(|people| people.iter().all(is_plausible));
    }
    ROLE.is_match(inner).then(|| roles(inner.trim(), true))?
}

/// A reporter, a place and a day in one run, as agencies write them: 中央社記者甲乙丙桃園19日電. Names
/// of three characters are the rule there.
static WIRE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:记者|記者)(?P<name>\p{Han}{3})\p{Han}{2,4}[0-9]{1,2}(?:月[0-9]{1,2})?日[电電專专]",
    )
});

/// Characters of a paragraph in which it may name its authors.
const OPENING_CHARS: usize = 70;

/// The people whom a paragraph names behind its last sentence: `…价值。（文/图 甲 乙）`. Who took a
/// photo is no author.
pub(super) fn closing(paragraph: &str) -> Option<Vec<Contributor>> {
    let (_, inner) = last_bracket(paragraph)?;
    (ROLE.is_match(inner) && !photographs(inner)).then(|| roles(inner, true))?
}

/// Where the credit begins that ends a caption, in bytes, and its names: `…现场。（清河日报记者 甲 摄）`.
pub(crate) fn photographer(caption: &str) -> Option<(usize, Vec<String>)> {
    let (at, inner) = last_bracket(caption)?;
    let people = roles(inner, true).filter(|_| photographs(inner))?;
    Some((at, people.into_iter().map(|person| person.name).collect()))
}

/// The bracket that ends a text: where it begins, and what stands in it.
fn last_bracket(text: &str) -> Option<(usize, &str)> {
    let text = text.trim_end();
    let at = text.rfind(['（', '(', '【'])?;
    let whole = text.get(at..)?;
    let fits = whole.chars().count() <= CHARS && whole.ends_with(['）', ')', '】']);
    fits.then(|| (at, whole.trim_matches(|c: char| "（）()【】 　".contains(c))))
}

/// Whether a credit is for a photo.
fn photographs(credit: &str) -> bool {
    credit.ends_with(['摄', '攝']) || credit.ends_with("摄影") || credit.ends_with("供图")
}

#[cfg(test)]
mod tests;
