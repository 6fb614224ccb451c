//! Advertisements: areas whose words sell, without running text.

use std::collections::BTreeSet;

/// Words that advertisements have and reports seldom do.
const WORDS: [&str; 34] = [
    "广告",
    "热线",
    "咨询电话",
    "订购",
    "抢购",
    "优惠",
    "特价",
    "开盘",
    "招租",
    "招商",
    "加盟",
    "团购",
    "折扣",
    "起售",
    "销售电话",
    "售楼",
    "地址：",
    "地址:",
    "电话：",
    "电话:",
    "乘车路线",
    "扫码",
    "二维码",
    "满减",
    "钜惠",
    "盛大开业",
    "限时",
    "礼品",
    "火爆",
    "预约电话",
    "贵宾",
    "全场",
    "元/㎡",
    "本广告",
];

/// Whether lines are those of an advertisement; `alone` where they stand in a frame of their own.
pub(crate) fn is_advert(lines: &[String], alone: bool) -> bool {
    let plain = |line: &String| line.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let labelled = lines.iter().any(|line| plain(line) == "广告");
    let all = lines.concat();
    let sentences = all.matches('。').count();
    let found: BTreeSet<&str> = WORDS.iter().copied().filter(|word| all.contains(word)).collect();
    let digits = all.chars().filter(char::is_ascii_digit).count();
    let count = all.chars().count().max(1);
    let numbers = digits * 12 > count;
    let exclaims = all.matches(['！', '!']).count();
    if labelled && sentences <= 3 {
        return true;
    }
    let points = found.len() + usize::from(numbers) + usize::from(exclaims > 0);
    let needed = if alone { 3 } else { 4 };
    points >= needed && found.len() >= 2 && sentences <= 1 && count < 600
}

#[cfg(test)]
mod tests {
    use super::is_advert;

    #[test]
    fn what_sells_is_an_advertisement() {
        let sells = ["望江华府 盛大开盘", "首付八万起 全场九折优惠！", "销售电话：0999-8866123"]
            .map(String::from);
        assert!(is_advert(&sells, true));
        let tells =
            ["9月7日，超市全场打折，市民抢购。", "店长介绍，优惠持续三天。"].map(String::from);
        assert!(!is_advert(&tells, true));
        let notice = ["停水通知", "因管道检修，9月8日停水。联系电话：8866123。"].map(String::from);
        assert!(!is_advert(&notice, true));
    }
}
