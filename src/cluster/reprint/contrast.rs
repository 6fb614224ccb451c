//! Words of which one for the other makes another report, and words that say the same.
//!
//! Written by hand from how bulletins, results, appointments and notices are worded. All of it is
//! folded text: simplified characters, no marks.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

use wenmai_text::query::synonym::Synonyms;

/// Characters that stand for each other's place in a report: the grade of an alert, the direction of
/// a price, the side of a match, the level of an office. One of a row for another is other news.
const SETS: &str = "黄橙红蓝绿白黑紫灰 上下 升降跌贬 涨跌降 增减 加减降 提降 调停 胜负败平 赢输 男女 东西南北中 左右 \
买卖 进出退 开关停闭封 启停终 有无没 高低中 多少 大中小 冷热 晴阴雨雪云雾 春夏秋冬 早晚午 正副 主客 冠亚季殿 金银铜 \
首末再次 新旧 生死亡伤 轻重 松紧 续断 允禁 支反 赞否 盈亏损 收放付发 任免撤辞 迎送 成败 通断 立废 内外 长短 强弱 快慢 先后前 \
父母 夫妻 儿女 兄弟姐妹 爷奶 省市县区镇乡村州 局厅部委办 班级年 优良差 甲乙丙丁戊 小初高 美欧英日韩俄法德 \
单双混 一二三四五六七八九十两半 百千万亿 牛羊猪鸡鸭鹅鱼 米麦豆棉稻 金银铜铁铝锌铅镍 水电气热油 鼠牛虎兔龙蛇马羊猴鸡狗猪";

/// Pairs of words, each the other's opposite or its next step.
const OPPOSITES: &str = "已经/尚未 已/未 暂停/恢复 取消/举行 取消/恢复 推迟/提前 推迟/如期 延期/如期 战胜/不敌 战胜/负于 击败/不敌 击败/负于 击败/战平 战胜/战平 \
夺冠/出局 夺冠/落败 晋级/出局 晋级/淘汰 当选/落选 解除/发布 解除/启动 解除/升级 发布/撤销 通过/否决 支持/反对 同意/拒绝 同意/反对 批准/驳回 批准/否决 \
增长/下降 增长/减少 增长/下滑 增加/减少 上涨/下跌 上升/下降 上升/回落 上涨/回落 走高/走低 走强/走弱 盈利/亏损 扭亏/亏损 开幕/闭幕 开盘/收盘 开工/完工 开工/竣工 启动/终止 启动/结束 \
任命/免去 任命/撤销 就任/卸任 上任/离任 开放/关闭 允许/禁止 合格/超标 有罪/无罪 生还/遇难 受伤/死亡 受伤/遇难 失踪/死亡 失踪/遇难 失联/获救 获救/遇难 \
确诊/疑似 确诊/治愈 复牌/停牌 上市/退市 买入/卖出 增持/减持 净流入/净流出 流入/流出 利好/利空 顺差/逆差 超额/不足 入选/落选 录取/落榜 \
通车/封闭 开通/停运 恢复/中断 续约/解约 签约/解约 结婚/离婚 出生/去世 加入/退出 升级/降级 扩大/缩小 放宽/收紧 放松/收紧 提高/降低 加息/降息 \
承认/否认 证实/否认 成功/失败 顺利/失败 领先/落后 达标/超标 安全/危险 正常/异常 阳性/阴性 起诉/撤诉 胜诉/败诉 拘留/释放 逮捕/释放 停课/复课 停产/复产 停工/复工 \
涨停/跌停 利多/利空 多云/小雨 多云/晴 小雨/中雨 中雨/大雨 大雨/暴雨 暴雨/大暴雨 雷电/大风 大雾/大风 寒潮/高温 暴雨/暴雪 冰雹/雷电 \
周一/周二 上午/下午 上午/晚上 下午/晚上 白天/夜间 今晚/明晚 上周/本周 本周/下周 上月/本月 今年/去年 今年/明年 上旬/中旬 中旬/下旬";

/// Words that, put in or left out, turn the report: what did not happen, what is over, what is only
/// meant to happen.
const TURNING: &str = "不 未 没 没有 无 非 否 勿 莫 并未 并不 尚未 未能 不再 不予 不会 不能 拒绝 取消 解除 撤销 推迟 延期 提前 暂停 暂缓 停止 终止 中止 恢复 \
禁止 严禁 否认 拟 拟任 候任 疑似 涉嫌 再次 再度 二次 谣言 辟谣 更正 计划 有望 或将 已被 免去 不实";

/// What turns a report only before certain words: `副` before an office, but not in 副食.
const BEFORE: &str = "半/决赛 半/程 复/赛 复/牌 复/课 复/工 复/产 复/审 首/次 首/位 反/诉 反/超 续/约 预/选 预/赛 假/药 假/消息 非/法 无/罪 无/效 无/人";
/// Characters that turn an office.
const BEFORE_ROLE: &str = "原前代副准";
/// What those turn: the beginnings of offices.
const ROLES: &str = "局长 县长 市长 省长 区长 镇长 乡长 村长 州长 部长 厅长 处长 科长 司长 院长 校长 所长 站长 会长 主任 主席 书记 总理 总统 \
首相 总裁 董事长 总经理 经理 教授 队长 馆长 台长 行长";

/// Words that count for nothing where they stand for each other: how time, source and speech are put,
/// and how a paper names its own town.
const SAME: &str = "今天 今日 昨天 昨日 前天 前日 近日 日前 近期 当天 当日 目前 现在 如今 此前 之前 此后 随后 日 月 号 时 昨 今 当晚 昨夜 昨晚 今晨 今早 今年 本月 \
表示 说 称 提醒 呼吁 建议 坦言 回忆 直言 补充 介绍 告诉 透露 指出 认为 获悉 了解 了解到 得知 报道 消息 讯 电 说道 讲 谈到 强调 据悉 据介绍 据了解 \
本报 本网 本台 本社 记者 我市 我县 我省 我区 我镇 我国 中国 全市 全县 全省 该市 该县 该省 该区 本市 本县 本省 当地 县里 市里 省里 \
他 她 它 他们 她们 它们 其 该 这 那 此 这个 该个 这些 自己 本 \
的 地 得 了 着 过 在 于 从 自 由 向 对 对于 和 与 及 以及 同 跟 将 把 让 使 因 因为 由于 并 并且 而且 也 还 就 便 则 但 但是 不过 却 等 等等 \
进行 开展 展开 实施 举行 举办 召开 开始 成为 作为 是 为 有 位于 座落 坐落 来到 抵达 到达 前往 \
大家 群众 市民 居民 人们 民众 老百姓 百姓 网友 宝宝 孩子 小孩 儿童 老人 女性 女士 男士 先生 小伙 \
非常 十分 很 特别 比较 较 更 更加 更为 最 最为 约 大约 近 左右 余 多 超过 超 逾 \
图 图片 视频 上图 下图 左图 右图 资料图 编辑 责编 来源 作者 时间";

/// What of a phrase says who tells it: 记者从县水务局获悉, 央视新闻消息.
const SOURCES: &str = "记者 获悉 消息 了解到 报道 总台 央视 快讯 财联社 新华社 法新社 路透社 中新社 官网 图源 本文 来源 转自 转载 据介绍 据悉 提问 日报 晚报 新闻 每经 编辑 责编 通讯员 视频 图片 资料图 客户端 公众号 答记者问 发布会 官微 微博 通报称 称";

/// Pairs of characters that are typed or read for each other.
const CONFUSED: &str = "未末 己已 已巳 人入 土士 日曰 干千 天夫 大太 今令 失矢 没设 无元 免兔 开井 拢龙 帐账 止至 须需 启起 映应 利力 做作 他它 他她 它她 的地 的得 地得 象像 那哪 收搜 度渡 树竖 \
在再 座坐 分份 订定 副幅 型形 复覆 唯惟 粘黏 连联 象向 即既 蓝篮 园圆 辩辨 辨辫 炼练 绩迹 计记 决绝 历厉 励厉 密蜜 平评 期其 齐其 清青 情清 请情 晴睛 全权 实时 事是 式是 \
受授 查察 至致 制治 制致 制至 采彩 反返 震振 泛范 以已 义意 议义 像相 象相 尽近 尽进 进近 准淮 晖辉 玲铃 芬芳 瑾谨 祥详 钢刚 纲钢 缰疆 彊疆 裏里 着著 布佈 户戶 叠迭 藉借 \
彩踩 幕暮 慕幕 募幕 副付 燥躁 噪躁 侯候 拨拔 折拆 折析 拆析 抡抢 沧苍 仑仓 贷货 贷贫 栗粟 冶治 治洽 刺剌 戌戍 戊戌 陕狭 崇祟 拢扰 因固 困因 固困 围国 拦栏 笼龙 笼拢";

/// What the lists of this file make: a pair, lower word first.
static PAIRS: LazyLock<HashSet<(&'static str, &'static str)>> = LazyLock::new(|| {
    let pairs = OPPOSITES.split_whitespace().filter_map(|pair| pair.split_once('/'));
    pairs.map(|(one, other)| (one.min(other), one.max(other))).collect()
});

/// For each character the rows of [`SETS`] that hold it.
static ROWS: LazyLock<HashMap<char, Vec<usize>>> = LazyLock::new(|| {
    let mut rows: HashMap<char, Vec<usize>> = HashMap::new();
    for (row, set) in SETS.split_whitespace().enumerate() {
        for c in set.chars() {
            rows.entry(c).or_default().push(row);
        }
    }
    rows
});

/// Whether one character for the other makes another report.
pub(super) fn are_opposed(left: char, right: char) -> bool {
    let rows = |c: char| ROWS.get(&c).map(Vec::as_slice).unwrap_or_default();
    left != right && rows(left).iter().any(|row| rows(right).contains(row))
}

/// Whether one word for the other makes another report.
pub(super) fn are_opposites(left: &str, right: &str) -> bool {
    PAIRS.contains(&(left.min(right), left.max(right)))
}

/// Whether the two characters are typed or read for each other.
pub(super) fn are_confused(left: char, right: char) -> bool {
    CONFUSED.split_whitespace().any(|pair| pair.contains(left) && pair.contains(right))
}

/// Whether `word`, put in before `behind`, turns the report.
pub(super) fn turns(word: &str, behind: &str) -> bool {
    let begins = |list: &str| list.split_whitespace().any(|known| behind.starts_with(known));
    TURNING.split_whitespace().any(|known| known == word)
        || (BEFORE_ROLE.contains(word) && begins(ROLES))
        || BEFORE
            .split_whitespace()
            .filter_map(|pair| pair.split_once('/'))
            .any(|(known, what)| known == word && behind.starts_with(what))
}

/// Whether `word` says nothing that its report could be another for.
pub(super) fn is_loose(word: &str) -> bool {
    SAME.split_whitespace().any(|known| known == word)
}

/// Whether `phrase` says who tells the story, which is for each paper to put.
pub(super) fn names_source(phrase: &str) -> bool {
    SOURCES.split_whitespace().any(|cue| phrase.contains(cue))
}

/// Whether the two name one thing.
pub(super) fn are_synonyms(left: &str, right: &str) -> bool {
    let known = Synonyms::bundled();
    known.knows(left) && known.others(left).contains(&right)
}

#[cfg(test)]
mod tests {
    use super::are_confused;
    use super::are_opposed;
    use super::are_opposites;
    use super::are_synonyms;
    use super::is_loose;
    use super::turns;

    #[test]
    fn grades_directions_and_sides_are_opposed() {
        for (left, right) in [('黄', '橙'), ('上', '下'), ('胜', '负'), ('男', '女'), ('冠', '亚')]
        {
            assert!(are_opposed(left, right) && are_opposed(right, left), "{left}{right}");
        }
        assert!(!are_opposed('桥', '路') && !are_opposed('上', '上'));
        assert!(are_opposites("恢复", "暂停") && !are_opposites("恢复", "恢复"));
    }

    #[test]
    fn a_word_turns_a_report_where_it_stands_before_what_it_turns() {
        assert!(turns("未", "通过验收") && turns("副", "县长") && turns("解除", "预警"));
        assert!(!turns("副", "食品") && !turns("大桥", "通车"));
    }

    #[test]
    fn names_of_one_thing_and_typing_errors_are_known() {
        assert!(are_synonyms("世卫", "世卫组织") && !are_synonyms("大桥", "隧道"));
        assert!(are_confused('拢', '龙') && !are_confused('桥', '路'));
        assert!(is_loose("昨日") && !is_loose("大桥"));
    }
}
