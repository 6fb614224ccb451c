//! Names of those who publish, where no label says so: beside the day under the headline, or as the
//! page's own name has them.

use crate::html::moment;
use crate::html::tree::Outline;

/// What names of those who publish end with.
const ENDS: [&str; 38] = [
    "报",
    "報",
    "网",
    "網",
    "社",
    "台",
    "臺",
    "新闻",
    "新聞",
    "在线",
    "線上",
    "快讯",
    "快訊",
    "客户端",
    "融媒",
    "融媒体",
    "频道",
    "頻道",
    "观察",
    "周刊",
    "週刊",
    "杂志",
    "雜誌",
    "发布",
    "热线",
    "信息港",
    "通讯",
    "时评",
    "日报",
    "晚报",
    "早报",
    "商报",
    "电台",
    "中心",
    "政府",
    "委员会",
    "大学",
    "学院",
];
/// Characters of such a name.
const CHARS: std::ops::RangeInclusive<usize> = 2..=14;
/// Words that end so and are none.
const NONE: [&str; 12] =
    ["新闻", "新聞", "快讯", "发布", "频道", "在线", "社", "网", "首页", "中心", "热线", "通讯"];

/// The site's names that a page's title carries behind or before the headline.
pub(super) fn of_title(outline: &Outline) -> Vec<String> {
    let mut parts: Vec<String> = outline
        .title
        .split(['_', '-', '|', '｜', '—', '–', '·', '>', '@'])
        .map(|part| part.trim().to_owned())
        .filter(|part| CHARS.contains(&part.chars().count()))
        .collect();
    // The last part names the site most often.
    parts.reverse();
    parts.dedup();
    parts
}

/// Whether a word reads like the name of a paper, a site or an office.
pub(super) fn publishes(word: &str) -> bool {
    CHARS.contains(&word.chars().count())
        && !NONE.contains(&word)
        && ENDS.iter().any(|end| word.ends_with(end))
        && word.chars().all(|c| c.is_alphanumeric() || c == '·')
        && !word.chars().any(|c| c.is_ascii_digit())
}

/// Whom a line with a day names without a label: `2022-11-09 06:30 清河新闻`.
pub(super) fn beside_day(line: &str, site: &[String]) -> Option<String> {
    let line = moment::without(line)?;
    let mut words = line.split(|c: char| c.is_whitespace() || "|｜·/／,，()（）[]【】".contains(c));
    let named = |word: &str| publishes(word) || site.iter().any(|name| name == word);
    let found =
        words.find(|word| named(word) && !word.starts_with("本文") && !word.contains("来源"));
    found.map(str::to_owned)
}
