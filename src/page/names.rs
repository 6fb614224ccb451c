//! Chinese personal names, as bylines print them.

use std::collections::HashSet;
use std::sync::LazyLock;

use wenmai_text::surname;

/// Whether `c` is a Han character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '〇')
}

/// Words of pages that begin with a surname and are no names: columns, boxes, fields.
const NO_NAMES: &str = "简讯 文苑 文化 文艺 文体 文教 文旅 文摘 时评 时政 时事 时讯 时尚 国际 国内 经济 金融 \
    金点子 高考 康养 安全 平安 方圆 方言 万象 万花筒 关注 焦点 连线 查询 常识 应急 农业 农村 农事 广告 公告 公示 \
    古今 东方 江湖 江南 山水 华夏 成长 成果 管理 纪实 纪念 纪检 党建 党务 双拥 房产 车市 云上 云端 温馨 乐活 乐游 \
    景点 景区 游记 游踪 路况 路讯 严选 明星 白天 黄页 易购 都市 曲艺 书画 书评 书讯 书香 史话 史海 习语 晴雨表 \
    时间表 连载 相声 单位 水利 水产 师者 师说 谈天 相亲 幸福 后续 支招 招聘 法治 法制 法苑 通知 通告 通报 贺信 \
    鲁西 冀中 甘肃 宁夏 江苏 江西 云南 海南 湖南 湖北 河南 河北 山东 山西 广东 广西 安徽 贵州 青海 辽宁 吉林 \
    温州 常州 郑州 杭州 苏州 徐州 连云港 欧洲 非洲 美洲 亚洲 应对 施工 项目 单打 双打 张弛 马拉松 田径 游泳 边塞";

static NO_NAME: LazyLock<HashSet<&str>> = LazyLock::new(|| NO_NAMES.split_whitespace().collect());

/// Whether `token` looks like a full name: a known surname and one or two characters.
pub(crate) fn is_name(token: &str) -> bool {
    // 富阳区, 安县: places that begin like names.
    let place = token.ends_with(['区', '县', '市']);
    if place || !token.chars().all(is_han) || NO_NAME.contains(token) {
        return false;
    }
    let surname = surname::length(token);
    surname > 0 && (surname + 1..=surname + 2).contains(&token.chars().count())
}

/// Whether `token` can be a name where the page says that one stands there (`记者 …`): two to four
/// Han characters, or longer with the point of transcribed names.
pub(crate) fn may_be_name(token: &str) -> bool {
    let count = token.chars().count();
    let point = |c: char| matches!(c, '·' | '•' | '・');
    // 作者为…, 记者从…: a sentence goes on there, and no name begins so.
    let verb = |c: char| "为系是在由从将和与及的对".contains(c);
    (2..=4).contains(&count) && token.chars().all(is_han) && !token.starts_with(verb)
        || (3..=16).contains(&count)
            && token.chars().any(point)
            && token.chars().all(|c| is_han(c) || point(c))
}

/// Splits a list of names at spaces, 、 and commas; `张 颖` with a space inside becomes one name.
///
/// `None` where a piece is no name by `accept`, or there is none.
pub(crate) fn list(text: &str, accept: fn(&str) -> bool) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut half: Option<&str> = None;
    let separator =
        |c: char| c.is_whitespace() || matches!(c, '、' | '，' | ',' | '/' | '／' | ';' | '；');
    for token in text.split(separator).filter(|token| !token.is_empty()) {
        let single = token.chars().nth(1).is_none();
        let name = match half.take() {
            Some(first) if single => format!("{first}{token}"),
            Some(_) => return None,
            None if single => {
                half = Some(token);
                continue;
            }
            None => token.to_owned(),
        };
        if !accept(&name) {
            return None;
        }
        names.push(name);
    }
    (half.is_none() && !names.is_empty()).then_some(names)
}

/// Splits names that stand without anything between them: 周小禾林小满.
pub(crate) fn glued(text: &str) -> Option<Vec<String>> {
    let chars: Vec<char> = text.chars().collect();
    if !(4..=12).contains(&chars.len()) {
        return None;
    }
    // From the end: which length of name at each place lets the rest be names too. Three first:
    // most names have three characters.
    let mut length: Vec<usize> = vec![0; chars.len()];
    for at in (0..chars.len()).rev() {
        let fits = |count: &usize| {
            let end = at + count;
            let name: String = chars.iter().skip(at).take(*count).collect();
            let rest = end == chars.len() || length.get(end).is_some_and(|next| *next > 0);
            end <= chars.len() && rest && is_name(&name)
        };
        let found = [3, 2].into_iter().find(fits).unwrap_or_default();
        if let Some(slot) = length.get_mut(at) {
            *slot = found;
        }
    }
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(count) = length.get(at) {
        if *count == 0 {
            return None;
        }
        names.push(chars.iter().skip(at).take(*count).collect());
        at += count;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::glued;
    use super::is_name;
    use super::list;
    use super::may_be_name;

    #[test]
    fn a_surname_makes_a_name() {
        assert!(is_name("周小禾") && is_name("欧阳春雨") && is_name("江渡"));
        assert!(!is_name("清河县") && !is_name("周") && !is_name("周一到周五"));
    }

    #[test]
    fn spaces_inside_short_names_are_closed() {
        let names = list("周 禾　林小满、许 舟", is_name);
        assert_eq!(names, Some(vec!["周禾".into(), "林小满".into(), "许舟".into()]));
    }

    #[test]
    fn a_word_that_is_no_name_spoils_the_list() {
        assert_eq!(list("周小禾 大桥合龙", is_name), None);
        assert_eq!(list("周小禾 林", is_name), None);
        assert_eq!(list("  ", is_name), None);
    }

    #[test]
    fn glued_names_come_apart() {
        assert_eq!(glued("周小禾林小满"), Some(vec!["周小禾".into(), "林小满".into()]));
        assert_eq!(glued("清河县水利局"), None);
    }

    #[test]
    fn transcribed_names_need_their_point() {
        assert!(!may_be_name("为林学家"));
        assert!(may_be_name("阿依·古丽") && may_be_name("尔玛") && !may_be_name("清河县人民医院"));
    }
}
