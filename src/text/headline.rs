//! A headline without what desks, columns and sites put around it.
//!
//! `【组图】快讯丨望江大桥合龙_澜溪网` says 望江大桥合龙: the rest tells that there are pictures, that it is
//! new, and whose site it stands on. Pure functions over a headline as printed; what is left is a
//! part of it, but for markup and character references, which are read.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use crate::pattern;

/// Characters of a headline, at least: what would leave fewer is left alone.
const CHARS_MIN: usize = 4;
/// Characters of a column's or a site's name, at most.
const NAME_CHARS_MAX: usize = 12;
/// How many remarks stand one after the other, at most.
const REMARKS_MAX: usize = 6;

/// Remarks that stand at either end of a headline, in brackets or before a bar, a colon or a mark.
const REMARKS: &str = "组图|图集|多图|高清组图|图文|图|图片|视频|短视频|音频|直播|正在直播|现场直播|快讯|快报|速递|速报|速览|独家|独家报道|\
重磅|重磅消息|重磅发布|重磅官宣|刚刚|突发|突发快讯|最新|最新消息|最新进展|最新发布|最新通报|更新|持续更新|滚动|滚动更新|定了|官宣|官方通报|官方回应|官方发布|\
紧急|紧急提醒|紧急通知|紧急扩散|扩散|转发|转发周知|转发扩散|转载|转|关注|聚焦|热点|热议|热搜|提醒|注意|头条|今日头条|要闻|早报|晚报|早安|晚安|\
图解|一图读懂|一图看懂|一图了解|动图|长图|海报|深度|特稿|评论|时评|快评|锐评|原创|专题|专访|特写|综述|详情|全文|必看|收藏|速看|快看|快来看|注意啦|终于|\
曝光|揭秘|震惊|惊呆|泪目|感动|太好了|好消息|喜讯|喜报|捷报|大事件|大消息|传来好消息|有图有真相|附图|附视频|附名单|附全文|含视频|有视频|图视频|海外版|双语|vr|hot|new";

/// What a site or a column of a site is called at its end.
const SITES: &str = "网|在线|客户端|频道|新闻|日报|晚报|早报|晨报|都市报|商报|时报|周刊|周报|电视台|广播电台|电台|融媒|融媒体|融媒体中心|\
传媒|资讯|头条|号|社|公众号|平台|门户|论坛|社区|微博|视频|com|cn|net|中心|政府|杂志|报";

/// `<p>`, `</strong>`, `<img src=…>`.
static TAG: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>"));

/// `&nbsp;`, `&#8212;`, `&#x4e2d;`.
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| pattern::fixed(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));"));

/// A remark in brackets, `【组图】`, at the beginning.
static BRACKETED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(&format!(
        r"^[【\[［(（〔〖《「『<]\s*(?i:{REMARKS})[!！]*\s*[】\]］)）〕〗》」』>]\s*"
    ))
});

/// The same at the end.
static BRACKETED_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(&format!(r"\s*[【\[［(（〔〖]\s*(?i:{REMARKS})[!！]*\s*[】\]］)）〕〗]$"))
});

/// A remark before a bar, a colon or a mark of exclamation: `快讯｜`, `重磅！`, `刚刚，`.
static REMARKED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(&format!(
        r"^[#＃*·•]*(?i:{REMARKS})\s*(?:[!！|｜丨︱:：…~～—]+|[，,](?:\s*))[!！|｜丨︱]*\s*"
    ))
});

/// The name of a site at the end, behind a bar or a dash: `_澜溪网`, ` - 望川晚报`.
static SITE: LazyLock<Regex> = LazyLock::new(|| {
    let count = NAME_CHARS_MAX;
    pattern::fixed(&format!(
        r"\s*(?:[_|｜丨︱]|\s[-–—]+\s|-+|\s—+\s)\s*[^_|｜丨︱，。！？!?\-]{{0,{count}}}(?i:{SITES})\s*$"
    ))
});

/// What stands behind an underline at the end: a site, whatever its name.
static UNDERLINED: LazyLock<Regex> = LazyLock::new(|| {
    let count = NAME_CHARS_MAX;
    pattern::fixed(&format!(r"\s*_\s*[^_，。！？!?]{{1,{count}}}$"))
});

/// A headline that is a line of credits.
static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^[（(【\[]?\s*(?:责\s*编|责任编辑|编\s*辑|编\s*审|校\s*对|审\s*校|监\s*制|邮\s*箱|来\s*源|原标题|本报记者|文字编辑)\s*[:：]",
    )
});

/// The name of a site, with another in Latin letters or without.
static SITE_ALONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^\p{Han}{2,6}(?:网|在线|客户端|新闻|日报|晚报|早报|时报|周刊|电视台|融媒体)(?:\s*[-–—_|·]\s*[A-Za-z][A-Za-z .]*)?$",
    )
});

/// `text` without tags, its character references read; most texts have neither and stay as they are.
#[must_use]
pub fn without_markup(text: &str) -> String {
    let mut text = text.to_owned();
    if text.contains('<') {
        text = TAG.replace_all(&text, "").into_owned();
    }
    if text.contains('&') {
        text = REFERENCE.replace_all(&text, |found: &Captures<'_>| read(found)).into_owned();
    }
    text
}

/// What a character reference means; one that is unknown stays.
fn read(found: &Captures<'_>) -> String {
    let number = match (found.get(1), found.get(2)) {
        (Some(digits), _) => digits.as_str().parse().ok(),
        (_, Some(digits)) => u32::from_str_radix(digits.as_str(), 16).ok(),
        _ => None,
    };
    let whole = found.get(0).map_or("", |whole| whole.as_str());
    if let Some(c) = number.and_then(char::from_u32) {
        return if c.is_control() { String::from(" ") } else { c.to_string() };
    }
    let meaning = match found.get(3).map_or("", |name| name.as_str()) {
        "nbsp" | "ensp" | "emsp" | "thinsp" => " ",
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "ldquo" => "“",
        "rdquo" => "”",
        "lsquo" => "‘",
        "rsquo" => "’",
        "mdash" => "—",
        "ndash" => "–",
        "middot" => "·",
        "hellip" => "…",
        "bull" => "•",
        "times" => "×",
        "deg" => "°",
        "zwnj" | "zwj" | "shy" => "",
        _ => whole,
    };
    meaning.to_owned()
}

/// A headline without markup, remarks and the name of the site: what it says.
///
/// What is a remark as a whole stays. The name of a column before a bar stays too, since it may be
/// what the headline is about (`暴雨红色预警｜…`); see [`without_column`].
#[must_use]
pub fn clean(title: &str) -> String {
    let title = without_markup(title);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut rest = title.as_str();
    for _ in 0..REMARKS_MAX {
        let before = rest;
        for pattern in [&*BRACKETED, &*REMARKED] {
            rest = pattern.find(rest).map_or(rest, |found| kept(rest, found.end()..rest.len()));
        }
        for pattern in [&*BRACKETED_LAST, &*SITE, &*UNDERLINED] {
            rest = pattern.find(rest).map_or(rest, |found| kept(rest, 0..found.start()));
        }
        if rest.len() == before.len() {
            break;
        }
    }
    let shout =
        |c: char| matches!(c, '!' | '！' | '。' | '；' | '，' | '~' | '～') || c.is_whitespace();
    let end = rest.trim_end_matches(shout).len();
    kept(rest, 0..end)
        .trim_start_matches(|c: char| c.is_whitespace() || "，。、；：!！|｜丨_".contains(c))
        .to_owned()
}

/// Whether a headline says nothing of an article: it names who made the page (`责编：… 邮箱：…`) or the
/// site alone (`澜溪新闻-The Lanxi`), as a page does whose headline was not found.
#[must_use]
pub fn is_credit(title: &str) -> bool {
    let title = title.trim();
    CREDIT.is_match(title) || SITE_ALONE.is_match(title)
}

/// The part `range` of `text`, or all of it where that would be no headline.
fn kept(text: &str, range: std::ops::Range<usize>) -> &str {
    let part = text.get(range).unwrap_or(text).trim();
    let letters = part.chars().filter(|c| c.is_alphanumeric()).take(CHARS_MIN).count();
    if letters < CHARS_MIN { text } else { part }
}

/// A [`clean`] headline without the name of a column: of its parts between bars the longest.
#[must_use]
pub fn without_column(title: &str) -> &str {
    let parts = title.split(['|', '｜', '丨', '︱', '_']).map(str::trim);
    // The first of equals, so that a headline in two halves begins as it was printed.
    let mut longest = "";
    for part in parts {
        if part.chars().count() > longest.chars().count() {
            longest = part;
        }
    }
    if longest.is_empty() { title } else { longest }
}

#[cfg(test)]
mod tests {
    use super::clean;
    use super::is_credit;
    use super::without_column;
    use super::without_markup;

    #[test]
    fn remarks_and_sites_are_taken_off() {
        for (printed, said) in [
            ("【组图】快讯丨柳溪大桥主桥合龙_清河网", "柳溪大桥主桥合龙"),
            ("（更新）柳溪大桥主桥合龙&#8212;&#8212;两岸同庆", "柳溪大桥主桥合龙——两岸同庆"),
            ("独家 | 视频 | 柳溪大桥合龙现场！！！", "柳溪大桥合龙现场"),
            ("重磅！刚刚，大桥合龙了！", "大桥合龙了"),
            ("柳溪大桥合龙（图）", "柳溪大桥合龙"),
            ("柳溪大桥合龙 - 清河晚报", "柳溪大桥合龙"),
            ("柳溪大桥合龙-新闻频道-清河网", "柳溪大桥合龙"),
            ("<strong>柳溪大桥&nbsp;合龙</strong>", "柳溪大桥 合龙"),
            ("突发！柳溪一化工厂起火", "柳溪一化工厂起火"),
        ] {
            assert_eq!(clean(printed), said, "{printed}");
        }
    }

    #[test]
    fn credits_and_the_name_of_a_site_are_no_headline() {
        for title in
            ["责编：许 舟 邮箱：a@b.cn", "（责任编辑：许舟）", "澜溪新闻-The Lanxi", "清河在线"]
        {
            assert!(is_credit(title), "{title}");
        }
        for title in
            ["来源不明的短信来了", "编辑部的故事", "柳溪新闻发布会今天举行", "澜溪日报社迁址"]
        {
            assert!(!is_credit(title), "{title}");
        }
    }

    #[test]
    fn what_the_headline_says_stays() {
        for title in [
            "快讯",
            "【暴雨红色预警】柳溪县未来三小时有大暴雨",
            "关注孩子的眼睛",
            "刚刚过去的一年，柳溪变了",
            "最新款手机发布",
            "图书馆今天开放",
            "A-B轮融资完成",
            "柳溪-石桥高速公路通车",
            "清河3-1柳溪",
        ] {
            assert_eq!(clean(title), title);
        }
        assert_eq!(without_column("民生｜柳溪大桥今日通车"), "柳溪大桥今日通车");
        assert_eq!(without_column("柳溪大桥今日通车"), "柳溪大桥今日通车");
    }

    #[test]
    fn markup_and_references_are_read() {
        assert_eq!(
            without_markup("气温&lt;5℃ &#20013;&#x56fd; <br/>A&B &foo;"),
            "气温<5℃ 中国 A&B &foo;"
        );
        assert_eq!(without_markup("3 < 5 且 7 > 6"), "3 < 5 且 7 > 6");
    }
}
