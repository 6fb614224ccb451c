//! Pointers between pages: `4版`, `详细报道见7版`, `下转2版`, `上接1版`, and the headers of teaser boxes.

use std::sync::LazyLock;

use regex::Regex;

use crate::script;
use wenmai_domain::article::Jump;
use wenmai_domain::page_code::PageCode;

const PAGE: &str = concat!(
    r"(?:第\s*)?(?P<no>[A-Za-zＡ-Ｚ]{0,2}\s*",
    r"(?:[0-9０-９]{1,3}|[一二三四五六七八九十]{1,3}))\s*(?:版|版面|版头条)",
);

/// A line that only points: `4版`, `→第2版`, `（详细报道见7版）`.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(&format!(
        concat!(
            r"^[（(【]?\s*[→>▶►☞·•]*\s*(?P<verb>(?:详细)?(?:报道|内容|全文|新闻|文章)?\s*(?:请)?",
            r"(?:详见|详情见|另见|刊发在|刊于|见|刊|下转|紧转|转|上接|紧接|接)?)",
            r"\s*(?:本报|今日)?\s*{page}\s*[》>→）)】。]*$",
        ),
        page = PAGE
    ))
});

/// A pointer at the end of a title or of a body: `…（下转2版）`, `秋粮开镰 3版`.
static TRAILING: LazyLock<Regex> = LazyLock::new(|| {
    script::both(&format!(
        concat!(
            r"(?P<all>(?:[（(【]\s*(?:详细)?(?:报道|内容|全文)?\s*(?:详见|见|刊|下转|紧转|转)?",
            r"\s*{page}\s*[）)】]|(?:[\s　…·.]+|[→>▶►☞]+\s*|(?:详细报道|详)?见)",
            r"第?\s*(?P<no2>[A-Za-z]?[0-9０-９]{{1,3}})\s*版))\s*$",
        ),
        page = PAGE
    ))
});

/// A pointer back at the beginning of a body: `（上接1版）`.
static LEADING: LazyLock<Regex> = LazyLock::new(|| {
    script::both(&format!(r"^[（(【]?\s*(?:上接|紧接)\s*{PAGE}[^）)】。]{{0,20}}[）)】]?"))
});

/// Headers of boxes that announce other pages.
const HEADERS: [&str; 16] = [
    "今日导读",
    "导读",
    "本报导读",
    "版面导读",
    "今日看点",
    "今日要闻",
    "新闻导读",
    "内容导读",
    "要闻导读",
    "本期导读",
    "今日关注导读",
    "内容提要",
    "导航",
    "新闻导航",
    "版面导航",
    "今日导航",
];

/// Longest line that is looked at, in bytes.
const LONGEST: usize = 300;

/// Whether `line` heads a teaser box.
pub(crate) fn is_header(line: &str) -> bool {
    let plain: String = line.chars().filter(|c| !c.is_whitespace()).collect();
    let plain = plain.trim_matches(|c: char| !crate::names::is_han(c));
    HEADERS.contains(&plain)
}

/// Reads a line that only points; the flag says whether it has a verb (`见`, `下转`), not a bare `4版`.
pub(crate) fn pointer(line: &str) -> Option<(Jump, bool)> {
    if line.len() > LONGEST {
        return None;
    }
    let found = WHOLE.captures(line)?;
    let verb = found.name("verb").map_or("", |verb| verb.as_str()).trim();
    let page = page_code(found.name("no")?.as_str())?;
    let jump = if verb.contains('接') { Jump::FromPage(page) } else { Jump::ToPage(page) };
    Some((jump, !verb.is_empty()))
}

/// Where a pointer begins that ends `text`, in bytes, and the page it names.
pub(crate) fn trailing(text: &str) -> Option<(usize, Jump)> {
    let from = text.char_indices().rev().nth(30).map_or(0, |(at, _)| at);
    let found = TRAILING.captures(text.get(from..)?)?;
    let page = page_code(found.name("no").or_else(|| found.name("no2"))?.as_str())?;
    Some((from + found.name("all")?.start(), Jump::ToPage(page)))
}

/// Where a pointer ends that begins `text`, in bytes, and the page it names.
pub(crate) fn leading(text: &str) -> Option<(usize, Jump)> {
    let to = text.char_indices().nth(60).map_or(text.len(), |(at, _)| at);
    let found = LEADING.captures(text.get(..to)?)?;
    let page = page_code(found.name("no")?.as_str())?;
    Some((found.get(0)?.end(), Jump::FromPage(page)))
}

/// Where a page's name begins at the end of a teaser (`… 理论版`), in bytes.
pub(crate) fn page_name(title: &str) -> Option<usize> {
    let (at, _) = title.char_indices().rev().find(|(_, c)| c.is_whitespace())?;
    let name = title.get(at..)?.trim();
    let count = name.chars().count();
    (at > 0 && name.ends_with('版') && (2..=5).contains(&count)).then_some(at)
}

/// Reads 7, ７, 十二 and A07.
fn page_code(written: &str) -> Option<PageCode> {
    format!("{}版", written.split_whitespace().collect::<String>()).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::is_header;
    use super::leading;
    use super::page_name;
    use super::pointer;
    use super::trailing;
    use wenmai_domain::article::Jump;

    #[test]
    fn lines_that_only_point_are_read() {
        assert_eq!(pointer("4版"), Some((Jump::ToPage(4.into()), false)));
        assert_eq!(pointer("详细报道见7版"), Some((Jump::ToPage(7.into()), true)));
        assert_eq!(pointer("（下转第十二版）"), Some((Jump::ToPage(12.into()), true)));
        assert_eq!(pointer("上接1版"), Some((Jump::FromPage(1.into()), true)));
        assert_eq!(pointer("今天再版"), None);
        let part = "A07".parse().unwrap();
        assert_eq!(pointer("详见A7版"), Some((Jump::ToPage(part), true)));
    }

    #[test]
    fn a_pointer_may_end_or_begin_a_text() {
        let text = "大桥合龙。（下转2版）";
        let (at, jump) = trailing(text).unwrap();
        assert_eq!((&text[..at], jump), ("大桥合龙。", Jump::ToPage(2.into())));
        assert_eq!(trailing("秋粮开镰 3版").unwrap().1, Jump::ToPage(3.into()));
        assert_eq!(trailing("此书已出第3版"), None);
        assert_eq!(leading("（上接1版）大桥").unwrap().1, Jump::FromPage(1.into()));
    }

    #[test]
    fn headers_may_be_spaced_and_decorated() {
        assert!(is_header("今 日 导 读") && is_header("■导读") && !is_header("导读员上岗"));
    }

    #[test]
    fn a_page_name_behind_a_teaser_is_found() {
        assert_eq!(page_name("秋粮开镰 三农版"), Some("秋粮开镰".len()));
        assert_eq!(page_name("秋粮开镰"), None);
    }
}
