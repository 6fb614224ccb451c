//! Is a headline that of a round-up? 早安·世界丨甲会见乙；丙地降雨；丁公司上市.
//!
//! A round-up tells of many things, so it is like reports of all of them and would glue them together.

use wenmai_text::headline;

/// What columns that sum up a day or a week are called.
const COLUMNS: [&str; 28] = [
    "早报",
    "晨报",
    "午报",
    "晚报",
    "日报",
    "周报",
    "月报",
    "早安",
    "晚安",
    "早餐",
    "早知道",
    "早读",
    "夜读",
    "晚读",
    "早参",
    "晨会",
    "盘前",
    "早评",
    "收评",
    "要闻",
    "速览",
    "速递",
    "汇总",
    "集锦",
    "播报",
    "一周",
    "24小时",
    "热点",
];
/// Headlines of columns that name none of their items.
const NAMELESS: [&str; 12] = [
    "新闻简报",
    "新闻早餐",
    "早餐fm",
    "要闻速览",
    "要闻速递",
    "今日要闻",
    "一周要闻",
    "每日要闻",
    "隔夜要闻",
    "公告集锦",
    "公告汇总",
    "今日大事",
];
/// What stands between the items of a round-up, and between those of some columns.
const BETWEEN: [char; 2] = [';', '；'];
const BETWEEN_IN_COLUMN: [char; 3] = [';', '；', '/'];
/// Characters of an item, at least.
const ITEM_CHARS_MIN: usize = 5;
/// Items of a headline that make it one of a round-up, whatever its column.
const ITEMS: usize = 3;

/// Whether the headline is that of a round-up: several items under the name of a column, three without
/// one, or the name of such a column alone.
pub(super) fn is_digest(title: &str) -> bool {
    let title = headline::without_markup(title);
    let lower = title.to_lowercase();
    if NAMELESS.iter().any(|name| lower.contains(name)) {
        return true;
    }
    let items = |between: &[char]| {
        title.split(between).filter(|item| item.chars().count() >= ITEM_CHARS_MIN).count()
    };
    let in_column = COLUMNS.iter().any(|name| lower.contains(name));
    items(&BETWEEN) >= ITEMS || (in_column && items(&BETWEEN_IN_COLUMN) > 1)
}

#[cfg(test)]
mod tests {
    use super::is_digest;

    #[test]
    fn several_items_under_a_column_are_a_round_up() {
        assert!(is_digest("清河早报|市长考察渡口改造；柳溪镇秋粮收购过半"));
        assert!(is_digest("市长考察渡口改造;柳溪镇秋粮收购过半;图书馆新馆开放"));
        assert!(is_digest("「早知道」大桥今日通车/秋粮收购价格上调/新馆开放"));
        assert!(is_digest("一周要闻回顾（9月第二周）"));
    }

    #[test]
    fn one_report_is_none_whatever_its_column() {
        assert!(!is_digest("早安·清河|大桥今日正式通车"));
        assert!(!is_digest("清河大桥通车；两岸同庆"));
        assert!(!is_digest("清河晚报：大桥加固过半"));
        assert!(!is_digest("大桥&#xFF01;通车&#xFF01;两岸同庆"));
        assert!(!is_digest("2024/25赛季清河队主场告捷"));
    }
}
