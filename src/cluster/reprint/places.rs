//! Which place does a changed word name? The one place of this module that knows names.

/// What stands behind the name of a place.
const SUFFIXES: &str = "省市县区镇乡村旗州盟";
/// Those of them that hardly begin a word.
const CERTAIN: &str = "省市县镇";
/// What points at a place instead of naming it: 我市, 该县.
const POINTING: &str = "我本该全各此当两某的";
/// Characters of a place's name before its suffix, at most.
const NAME_CHARS_MAX: usize = 4;
/// Provinces, and cities and countries of whose weather, prices and matches is often told.
const KNOWN: [&str; 98] = [
    "北京",
    "天津",
    "上海",
    "重庆",
    "河北",
    "山西",
    "辽宁",
    "吉林",
    "黑龙江",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "海南",
    "四川",
    "贵州",
    "云南",
    "陕西",
    "甘肃",
    "青海",
    "台湾",
    "内蒙古",
    "广西",
    "西藏",
    "宁夏",
    "新疆",
    "香港",
    "澳门",
    "石家庄",
    "太原",
    "沈阳",
    "大连",
    "长春",
    "哈尔滨",
    "南京",
    "苏州",
    "无锡",
    "杭州",
    "宁波",
    "合肥",
    "福州",
    "厦门",
    "南昌",
    "济南",
    "青岛",
    "烟台",
    "郑州",
    "洛阳",
    "武汉",
    "长沙",
    "广州",
    "深圳",
    "珠海",
    "佛山",
    "东莞",
    "南宁",
    "海口",
    "三亚",
    "成都",
    "贵阳",
    "昆明",
    "拉萨",
    "西安",
    "兰州",
    "西宁",
    "银川",
    "乌鲁木齐",
    "呼和浩特",
    "美国",
    "英国",
    "法国",
    "德国",
    "日本",
    "韩国",
    "朝鲜",
    "俄罗斯",
    "乌克兰",
    "印度",
    "巴西",
    "意大利",
    "西班牙",
    "葡萄牙",
    "荷兰",
    "加拿大",
    "澳大利亚",
    "墨西哥",
    "阿根廷",
    "土耳其",
    "伊朗",
    "以色列",
    "泰国",
    "越南",
];

/// The places that `chars` name; `next` is the character behind them.
pub(super) fn places(chars: &[char], next: Option<char>) -> Vec<String> {
    let mut found = Vec::new();
    let text: String = chars.iter().collect();
    found.extend(KNOWN.iter().filter(|name| text.contains(**name)).map(|name| (*name).to_owned()));
    // 清河|县: a word that was changed, with the suffix behind it or at its end.
    let (name, suffix) = match (chars.split_last(), next) {
        (Some((last, name)), _) if is_suffix(*last) && !name.is_empty() => (name, *last),
        (Some(_), Some(next)) if is_suffix(next) => (chars, next),
        _ => return found,
    };
    // 加固|村民: one character before a village is seldom its name.
    let is_pointed = name.first().is_some_and(|c| POINTING.contains(*c));
    let is_name = !is_pointed && (name.len() > 1 || CERTAIN.contains(suffix));
    if is_name && name.len() <= NAME_CHARS_MAX && name.iter().all(|c| is_han(*c)) {
        let name: String = name.iter().chain([&suffix]).collect();
        if !found.iter().any(|known| name.starts_with(known.as_str())) {
            found.push(name);
        }
    }
    found
}

/// Whether `c` ends the name of a place and hardly begins a word.
pub(super) fn is_certain(c: char) -> bool {
    CERTAIN.contains(c)
}

fn is_suffix(c: char) -> bool {
    SUFFIXES.contains(c)
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::places;

    fn found(text: &str, next: Option<char>) -> Vec<String> {
        places(&text.chars().collect::<Vec<char>>(), next)
    }

    #[test]
    fn a_place_is_known_by_name_or_by_what_stands_behind() {
        assert_eq!(found("清河", Some('县')), ["清河县"]);
        assert_eq!(found("柳溪镇", Some('的')), ["柳溪镇"]);
        assert_eq!(found("在山东", Some('举')), ["山东"]);
        assert_eq!(found("山东", Some('省')), ["山东"]);
        assert!(found("大桥", Some('通')).is_empty());
    }
}
