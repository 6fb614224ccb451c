//! Words by which a clause says what it is: who speaks, what it continues, whom it addresses.
//!
//! Lists of words, and nothing that depends on where a clause stands.

use crate::clause::END;

/// Verbs that name a speaker or a source when they end a clause.
const ATTRIBUTION: [&str; 31] = [
    "表示",
    "强调",
    "指出",
    "说",
    "认为",
    "介绍",
    "透露",
    "称",
    "宣布",
    "显示",
    "要求",
    "提出",
    "报道",
    "获悉",
    "了解到",
    "道",
    "规定",
    "呼吁",
    "警告",
    "重申",
    "看到",
    "坦言",
    "直言",
    "感慨",
    "回忆",
    "解释",
    "补充",
    "告诉记者",
    "证实",
    "消息",
    "通报",
];
/// Words that continue what stood before.
const CONNECTIVE: [&str; 39] = [
    "但",
    "而",
    "同时",
    "此外",
    "另外",
    "因此",
    "所以",
    "然而",
    "不过",
    "并",
    "也",
    "还",
    "又",
    "其中",
    "对此",
    "与此同时",
    "随后",
    "之后",
    "接着",
    "于是",
    "从而",
    "以及",
    "且",
    "则",
    "却",
    "以便",
    "使",
    "让",
    "更",
    "都",
    "才",
    "就",
    "再",
    "已",
    "均",
    "共",
    "和",
    "与",
    "或",
];
/// Words that mean something named before.
const BACK: [&str; 36] = [
    "他",
    "她",
    "它",
    "这",
    "那",
    "其",
    "该",
    "此",
    "双方",
    "当天",
    "当日",
    "上述",
    "前者",
    "后者",
    "两人",
    "二人",
    "对方",
    "俩",
    "自己",
    "为此",
    "由此",
    "据此",
    "如此",
    "在此",
    "除此",
    "同日",
    "次日",
    "当晚",
    "当时",
    "届时",
    "后来",
    "随即",
    "另据",
    "另悉",
    "另一方面",
    "以上",
];
/// Words of somebody who speaks for themselves.
const VOICE: [&str; 19] = [
    "我",
    "期待",
    "希望",
    "应该说",
    "哈哈",
    "网友问",
    "报道称",
    "大家",
    "各位",
    "想必",
    "相信",
    "不得不说",
    "众所周知",
    "话说",
    "说起",
    "说到",
    "可以说",
    "看来",
    "原来",
];
/// Words of somebody who speaks to the reader.
const ADDRESS: [&str; 9] = ["我想", "我觉得", "我只", "我认为", "小编", "笔者", "你", "您", "咱"];
/// Words that begin so and lean on nothing.
const FREE: [&str; 50] = [
    "我国",
    "我省",
    "我市",
    "我县",
    "我区",
    "我州",
    "我军",
    "我党",
    "我方",
    "我驻",
    "我部",
    "我校",
    "我院",
    "我队",
    "他国",
    "其他",
    "其实",
    "其余",
    "而立",
    "还原",
    "并购",
    "并网",
    "也门",
    "都市",
    "都江",
    "都匀",
    "再生",
    "和平",
    "和谐",
    "和田",
    "与会",
    "更新",
    "更多",
    "使馆",
    "使用",
    "就业",
    "就近",
    "共同",
    "共青",
    "以色列",
    "以军",
    "以方",
    "有关",
    "将军",
    "及时",
    "等待",
    "被告",
    "那曲",
    "或将",
    "是否",
];
/// Whether a clause names who says what follows.
#[must_use]
pub fn attributes(clause: &str) -> bool {
    const THINGS: [&str; 25] = [
        "案情介绍",
        "内容介绍",
        "产品介绍",
        "小说",
        "假说",
        "学说",
        "传说",
        "来说",
        "再说",
        "据说",
        "街道",
        "渠道",
        "轨道",
        "味道",
        "知道",
        "频道",
        "管道",
        "通道",
        "人道",
        "河道",
        "名称",
        "简称",
        "职称",
        "统称",
        "对称",
    ];
    let clause = clause.trim_end_matches(['，', '：', '。', '；', ',', ':', '“']);
    ends_with_any(clause, &ATTRIBUTION) && !ends_with_any(clause, &THINGS)
}

/// Whether a clause names somebody who speaks, rather than a report or a figure that shows something.
#[must_use]
pub fn speaks(clause: &str) -> bool {
    attributes(clause) && before_verb(clause).is_some()
}

/// What stands before the verb of speech at the end of a clause: 周小禾 of 周小禾表示，
#[must_use]
pub fn before_verb(clause: &str) -> Option<&str> {
    const SHOWN: [&str; 10] =
        ["显示", "报道", "获悉", "了解到", "看到", "消息", "通报", "规定", "要求", "提出"];
    let clause = clause.trim_end_matches(['，', '：', '。', '；', ',', ':', '“']);
    // 报道 ends with 道.
    if ends_with_any(clause, &SHOWN) {
        return None;
    }
    let verbs = ATTRIBUTION.iter().filter(|verb| !SHOWN.contains(verb));
    let longest = verbs.filter(|verb| clause.ends_with(*verb)).max_by_key(|verb| verb.len())?;
    clause.strip_suffix(longest)
}

/// Whether a clause says no more than that something is talked about: …一事引发关注。
#[must_use]
pub fn stirs(clause: &str) -> bool {
    const STIRRED: [&str; 7] = ["关注", "热议", "讨论", "轰动", "争议", "热搜", "围观"];
    const STIRS: [&str; 8] = ["引发", "引起", "备受", "受到", "登上", "冲上", "掀起", "成为"];
    let clause = clause.trim_end_matches(END).trim_end_matches(['，', ',', '；']);
    ends_with_any(clause, &STIRRED) && STIRS.iter().any(|verb| clause.contains(verb))
}

/// Whether a clause begins with a word that continues what stood before.
#[must_use]
pub fn connects(clause: &str) -> bool {
    starts(clause, &CONNECTIVE)
}

/// Whether a clause begins with a word to the reader: 小编提醒您，
#[must_use]
pub fn addresses(clause: &str) -> bool {
    starts(clause, &ADDRESS)
}

/// Whether a clause begins with a word for something named before.
#[must_use]
pub fn refers_back(clause: &str) -> bool {
    starts(clause, &BACK)
}

fn starts(clause: &str, words: &[&str]) -> bool {
    starts_with_any(clause, words) && !starts_with_any(clause, &FREE)
}

/// Whether `text` begins with one of `words`, of which each has one Chinese character or more. Most
/// words differ in the first one, which is compared as a number.
#[must_use]
pub fn starts_with_any(text: &str, words: &[&str]) -> bool {
    let head = text.as_bytes().first_chunk::<3>();
    let may = |word: &str| word.as_bytes().first_chunk::<3>() == head;
    head.is_some() && words.iter().any(|word| may(word) && text.starts_with(word))
}

/// Whether `text` ends with one of `words`, of which each has one Chinese character or more.
#[must_use]
pub fn ends_with_any(text: &str, words: &[&str]) -> bool {
    let tail = text.as_bytes().last_chunk::<3>();
    let may = |word: &str| word.as_bytes().last_chunk::<3>() == tail;
    tail.is_some() && words.iter().any(|word| may(word) && text.ends_with(word))
}

/// Whether a clause begins with a time.
#[must_use]
pub fn tells_time(clause: &str) -> bool {
    const TIME: [&str; 12] = [
        "今天",
        "昨天",
        "今日",
        "昨日",
        "日前",
        "近日",
        "近期",
        "目前",
        "当前",
        "当地时间",
        "北京时间",
        "截至",
    ];
    let behind = clause.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_year = clause.len() == behind.len() + 4 && behind.starts_with('年');
    let is_day = behind.len() < clause.len() && behind.starts_with(['日', '号', '月']);
    is_day || is_year || starts_with_any(clause, &TIME)
}

/// Whether a clause names whose claim the rest of its sentence is: 县水利局表示， or 据县水利局预报，
#[must_use]
pub fn names_source(clause: &str) -> bool {
    const NOBODY: [&str; 5] = ["据悉", "据了解", "据介绍", "据统计", "据此"];
    let names = || clause.starts_with('据') && !NOBODY.iter().any(|word| clause.starts_with(word));
    attributes(clause) || names()
}

/// Whether a clause is an item of an enumeration whose beginning stands elsewhere: 三是…, 其次，
#[must_use]
pub fn enumerates(clause: &str) -> bool {
    const ORDER: [&str; 9] =
        ["首先，", "其次", "再次，", "再者", "最后，", "第一，", "第二，", "第三，", "第四，"];
    let mut chars = clause.chars();
    let counted = chars.next().is_some_and(|c| "一二三四五六七八九十".contains(c));
    (counted && matches!(chars.next(), Some('是' | '要')) && !clause.starts_with("一要"))
        || starts_with_any(clause, &ORDER)
}

/// Whether a clause only joins what follows to what stood before, and can be left out: 此外， 然而，
#[must_use]
pub fn links(clause: &str) -> bool {
    const LINKS: [&str; 16] = [
        "此外",
        "另外",
        "同时",
        "与此同时",
        "然而",
        "不过",
        "随后",
        "值得一提的是",
        "值得注意的是",
        "值得关注的是",
        "据报道",
        "据介绍",
        "事实上",
        "实际上",
        "此前",
        "需要指出的是",
    ];
    clause.strip_suffix(['，', ',']).is_some_and(|clause| LINKS.contains(&clause))
}

/// Whether a text tells that somebody exists who did something: 有村民说， but not 有3人.
#[must_use]
pub fn tells_of_some(text: &str) -> bool {
    const SOME: [&str; 10] = [
        "有网友",
        "有媒体",
        "有市民",
        "有村民",
        "有群众",
        "有游客",
        "有消费者",
        "有家长",
        "有消息",
        "有业内",
    ];
    starts_with_any(text, &SOME)
}

/// What stands behind the time with which `text` begins, where that is set off or one word: of
/// 目前该县已开闸 该县已开闸.
#[must_use]
pub fn behind_time(text: &str) -> &str {
    const WORDS: [&str; 12] = [
        "目前", "当前", "近日", "日前", "近期", "今天", "昨天", "今日", "昨日", "今年", "去年",
        "如今",
    ];
    let clause = text.find('，').map_or(text.len(), |at| at);
    let is_time = |clause: &str| tells_time(clause) && clause.chars().count() <= 10;
    if let (Some(first), Some(rest)) = (text.get(..clause), text.get(clause..))
        && is_time(first)
        && !rest.is_empty()
    {
        return rest.trim_start_matches('，');
    }
    let behind = WORDS.iter().find_map(|word| text.strip_prefix(word));
    // 目前已开闸: whoever did it stands before; but 今年将 and 目前有 open a sentence.
    behind.filter(|rest| refers_back(rest)).unwrap_or(text)
}

/// Whether a text begins with what only makes sense behind something else, or to who says it.
#[must_use]
pub fn leans(text: &str) -> bool {
    connects(text)
        || refers_back(text)
        || enumerates(text)
        || starts(text, &VOICE)
        || addresses(text)
        || starts(text, &["以", "的", "是", "有", "被", "将", "及", "等", "了"])
        || text.starts_with(['，', '。', '；', '：', '、', '）', '》', '”', '’', ')'])
}

#[cfg(test)]
mod tests {
    use super::addresses;
    use super::attributes;
    use super::before_verb;
    use super::behind_time;
    use super::connects;
    use super::enumerates;
    use super::leans;
    use super::names_source;
    use super::speaks;
    use super::stirs;
    use super::tells_time;

    #[test]
    fn clauses_are_known_by_their_words() {
        assert!(attributes("县水利局表示，") && !attributes("清河开闸，"));
        assert!(attributes("周小禾说，") && !attributes("他写了一部小说，"));
        assert!(speaks("周小禾告诉记者，") && !speaks("统计显示，") && !speaks("他写了小说，"));
        assert_eq!(before_verb("周小禾表示，"), Some("周小禾"));
        assert!(stirs("清河县开闸一事引发广泛关注。") && !stirs("县水利局关注水位。"));
        assert!(connects("但渠道老化，") && !connects("还原渠道，"));
        assert!(addresses("小编提醒您，") && !addresses("周小禾提醒，"));
        assert!(leans("其中麦田两万亩。") && !leans("其他县也开闸。") && !leans("我国东部春灌。"));
        assert!(
            enumerates("三是修渠，") && enumerates("其次，修渠。") && !enumerates("一些村民，")
        );
        assert_eq!(behind_time("目前该县已开闸。"), "该县已开闸。");
        assert_eq!(behind_time("3月12日，他走了。"), "他走了。");
        assert_eq!(behind_time("今年将修渠。"), "今年将修渠。");
        assert!(names_source("据县气象台预报，") && !names_source("据悉，"));
        assert!(tells_time("3月12日，") && !tells_time("3个县，"));
    }
}
