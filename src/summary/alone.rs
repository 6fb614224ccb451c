//! Whether a piece of one text can be sent on beside pieces of others.
//!
//! Stricter than `trim`, which knows only clauses: whoever reads a piece here has nothing before it
//! and nothing behind. It must not break off where its sentence has yet to say what happened, needs
//! somebody who does what it tells, may name nobody by a word for somebody else, and is told in the
//! voice of a report.

use jiff::civil::Date;

use crate::clause::END;
use crate::feature::Body;
use crate::quotation::is_mark;
use crate::wording;
use wenmai_domain::day;
use wenmai_text::date::dates;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;

/// Characters up to which a sentence is told whole or not at all.
const WHOLE_CHARS: usize = 60;
/// Characters of a run that a piece must not hold twice: a headline ran into its text.
const TWICE_CHARS: usize = 12;
/// Characters of what a picture shows, at most.
const CAPTION_CHARS: usize = 45;
/// Sentences behind one with a speaker in which the speaker may still be heard.
const SPEECH_SENTENCES: usize = 4;
/// Days after which what was to come is looked at again.
const OVERTAKEN_DAYS: i32 = 2;
/// Characters between 经 and the comma behind it: 经调查核实，
const EXAMINED_CHARS: usize = 10;
/// Characters behind 根据 and its like within which no verb can stand.
const LED_CHARS: usize = 6;
/// Characters of a piece that only says that somebody speaks, at most.
const ANNOUNCED_CHARS: usize = 40;
/// What a clause begins with that says on what condition, why or despite what another holds.
const OPENING: &[&str] = &[
    "如果", "若", "一旦", "只要", "只有", "除非", "即使", "即便", "虽然", "尽管", "由于", "因为",
    "随着", "为了", "为", "当", "自从", "不仅", "不但", "无论", "不论", "根据", "按照", "针对",
    "面对", "围绕", "通过", "除了", "包括", "作为", "对于", "关于", "对", "在",
];

/// Whether the sentence of the clauses `from..=to` goes on behind them with what they only lead to.
#[must_use]
pub fn breaks_off(body: &Body<'_>, from: usize, to: usize) -> bool {
    if !body.one_sentence(to, to + 1) || body.clause(to).ends_with(['；', ';']) {
        return false;
    }
    let last = body.clause(to);
    let joins = ["以及", "和", "与", "或", "及"].iter().any(|word| last.starts_with(word));
    let begins = |clause: &str, words: &[&str]| words.iter().any(|word| clause.starts_with(word));
    let leads = |at: usize| begins(body.clause(at), OPENING);
    // 在…的背景下，若…: what it leads to may stand one clause further.
    let led = leads(to) || (to > from && leads(to - 1) && !gives(last));
    led || joins || asks_on(last) || hangs(last) || goes_with(body, to)
}

/// Whether a piece is not as whole as it should be, though it can stand: its short sentence goes on,
/// it adds to something, or it does not say which of several it tells of.
#[must_use]
pub fn is_weak(body: &Body<'_>, from: usize, to: usize, piece: &str) -> bool {
    let count = |range: std::ops::RangeInclusive<usize>| {
        range.map(|at| body.clause(at).chars().count()).sum::<usize>()
    };
    let mut end = to;
    while body.one_sentence(to, end + 1) {
        end += 1;
    }
    let is_part = end > to && !body.clause(to).ends_with(['；', ';']);
    let first = piece.find(['，', '。', '；', '：', '！', '？']).unwrap_or(piece.len());
    (is_part && count(from..=end) <= WHOLE_CHARS)
        || continues(piece.get(..first).unwrap_or_default())
        || is_bare(piece)
}

/// Whether a clause says what follows from the one before it.
fn gives(clause: &str) -> bool {
    ["将", "会", "就", "则", "便", "已", "了", "要", "可", "被", "是"]
        .iter()
        .any(|word| clause.contains(word))
}

/// Whether a clause only says that somebody says or asks something that is yet to come.
fn asks_on(clause: &str) -> bool {
    const SAYING: &[&str] = &[
        "告诉", "问", "问道", "回应", "回答", "指", "称", "说", "表示", "认为", "发文", "发帖",
        "写道", "留言", "发布声明", "发表声明", "发布公告", "发布消息", "做出回应", "作出回应",
        "接受采访", "介绍",
    ];
    let clause = clause.trim_end_matches(['，', ',', '：', ':', '“']);
    let end = |word: &&str| clause.ends_with(*word);
    SAYING.iter().any(|word| end(&word))
        || (clause.contains("告诉") && ["记者", "媒体"].iter().any(|word| end(&word)))
        || clause.ends_with("报道") || clause.ends_with("消息")
}

/// Whether a clause ends in a time, a place or a circumstance of what is yet to come.
fn hangs(clause: &str) -> bool {
    const ENDS: &[&str] = &[
        "后", "时", "前", "中", "上", "下", "之际", "期间", "以来", "同时", "左右", "许", "起",
        "来看", "来说", "而言", "方面", "显示", "数据", "情况", "背景", "原因", "为例", "在内",
        "等", "等等", "个城市中", "晚间", "凌晨", "星期",
    ];
    const DAYS: [char; 8] = ['日', '月', '年', '晚', '早', '晨', '午', '夜'];
    let clause = clause.trim_end_matches(['，', ',', '：', ':', '、']);
    let weekday = clause.char_indices().rev().nth(2).and_then(|(at, _)| clause.get(at..));
    let is_weekday = weekday.is_some_and(|end| end.starts_with("星期"));
    let led = ["根据", "按照", "针对", "围绕", "随着", "通过"].iter().any(|word| {
        let behind = clause.rfind(word).and_then(|at| clause.get(at + word.len()..));
        behind.is_some_and(|behind| behind.chars().count() <= LED_CHARS)
    });
    // 利用二十年统计资料，分析了: what was done by it is yet to come.
    const MEANS: &[&str] = &["利用", "借助", "凭借", "结合", "依据", "采用", "通过", "打着", "趁"];
    let done = ["了", "将", "被", "是", "已", "达", "为"].iter().any(|word| clause.contains(word));
    let means = !done && MEANS.iter().any(|word| clause.contains(word));
    means || led || is_weekday || ENDS.iter().any(|end| clause.ends_with(end)) || clause.ends_with(DAYS)
}

/// Whether the clause behind the one at `to` cannot be parted from it: it denies, limits or turns it
/// around, or says what it is.
fn goes_with(body: &Body<'_>, to: usize) -> bool {
    const NEXT: &[&str] = &[
        "但", "却", "而", "不过", "然而", "否则", "才", "就", "则", "以便", "从而", "使", "导致",
        "令", "让", "来", "即", "都", "也", "不是", "并非", "据此",
    ];
    let next = body.clause(to + 1);
    NEXT.iter().any(|word| next.starts_with(word)) && !next.starts_with("而且")
}

/// Whether `piece` names nobody who does what it tells: it begins, behind a time, with what was done.
#[must_use]
pub fn lacks_subject(piece: &str) -> bool {
    const DONE: &[&str] = &[
        "成功", "依法", "责令", "打掉", "抓获", "初步", "认定", "查获", "火遍", "凭借",
        "在", "于", "成立", "出生", "毕业", "曾", "已", "被", "从", "获", "起", "开始", "至",
        "后", "前", "左右", "正式", "再次", "又", "还", "也", "仍", "就", "并", "即", "因", "由于",
        "任", "担任", "出任", "入职", "加入", "离开", "当选", "考入", "进入", "转", "升任", "历任",
        "先后", "结婚", "离婚", "登记", "改名", "更名", "上市", "破产", "推出", "获得",
        "获悉", "报道", "消息", "讯", "电", "，在", "，于", "，被", "，已", "，曾", "以来",
    ];
    let behind = behind_dates(piece);
    if behind.len() == piece.len() {
        return false;
    }
    let clause = behind.split(['，', '。', '；']).find(|clause| !clause.is_empty());
    let clause = clause.unwrap_or_default();
    // 12日在清河县举行的大会通过: the clause has its subject behind 的.
    let has_noun = clause.contains('的') || clause.contains('，');
    DONE.iter().any(|word| behind.starts_with(word)) && !has_noun
}

/// What stands behind the dates and hours with which `piece` begins.
fn behind_dates(piece: &str) -> &str {
    const WORDS: &[&str] = &[
        "当地时间", "北京时间", "美东时间", "今天", "昨天", "今日", "昨日", "今年", "去年", "前年",
        "当年", "目前", "近日", "日前", "近期", "此前", "凌晨", "清晨", "早上", "早间", "上午",
        "中午", "下午", "傍晚", "晚间", "晚上", "深夜", "晚", "许", "左右", "同年", "次年", "年初",
        "年底", "初", "底",
    ];
    let mut rest = piece;
    loop {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        let unit = behind.chars().next().filter(|c| "年月日号时分点".contains(*c));
        if let Some(unit) = unit.filter(|_| behind.len() < rest.len()) {
            rest = behind.get(unit.len_utf8()..).unwrap_or_default();
        } else if let Some(behind) = behind_examined(rest) {
            rest = behind;
        } else if let Some(shorter) = WORDS.iter().find_map(|word| rest.strip_prefix(word)) {
            rest = shorter;
        } else {
            return rest.strip_prefix('，').filter(|_| rest.len() < piece.len()).unwrap_or(rest);
        }
    }
}

/// What stands behind 经查， and its like.
fn behind_examined(text: &str) -> Option<&str> {
    let behind = text.strip_prefix('经')?;
    let (first, rest) = behind.split_once('，')?;
    (first.chars().count() <= EXAMINED_CHARS).then_some(rest)
}

/// Whether `piece` begins with a noun for what happened that does not say which: 事件造成2人受伤
#[must_use]
pub fn is_bare(piece: &str) -> bool {
    const NOUNS: &[&str] = &[
        "事件", "事故", "袭击", "会议", "会上", "发布会", "案件", "活动", "现场", "报告", "文章",
        "消息", "声明", "公告", "通报", "视频", "画面", "地震", "爆炸", "火灾", "选举结果", "结果",
        "受消息", "受此", "受访", "报道", "当事", "比赛", "赛后", "协议", "双方", "警方", "校方",
        "官方",
    ];
    let piece = behind_dates(piece);
    NOUNS.iter().any(|noun| {
        piece.strip_prefix(noun).is_some_and(|behind| {
            let next: String = behind.chars().take(2).collect();
            !next.starts_with(['的', '和', '与', '、', '中', '人', '组', '厅'])
        })
    })
}

/// Whether `piece` says only that somebody speaks, or will: 发言人周小禾主持例行记者会。
#[must_use]
pub fn announces(piece: &str) -> bool {
    const ENDS: &[&str] = &[
        "答记者问", "回答记者提问", "例行记者会", "新闻发布会", "记者会", "进行了解读", "进行解读", "作了介绍", "接受了采访",
        "接受采访", "发表讲话", "发布消息", "发布通报", "召开", "举行", "作出回应", "做出回应",
        "予以公布",
    ];
    let end = piece.trim_end_matches(END);
    let last = end.rsplit(['，', '。', '；']).next().unwrap_or(end);
    let only = end.chars().count() <= ANNOUNCED_CHARS && ENDS.iter().any(|word| end.ends_with(word));
    only || (wording::before_verb(last).is_some() && !end.contains(is_mark))
}

/// Whether `piece` speaks as somebody who tells a tale, comments or turns to the reader.
#[must_use]
pub fn chats(piece: &str) -> bool {
    const BEGINS: &[&str] = &[
        "果然", "毕竟", "其实", "事实上", "实际上", "具体来说", "具体而言", "总之", "总的来说",
        "综上", "说白了", "换句话说", "换言之", "也就是说", "简单来说", "真可谓", "难怪", "显然",
        "不难看出", "由此可见", "可见", "事情是这样", "先", "那么", "好在", "没想到", "一时间",
        "不得不", "要知道", "可想而知", "说到底", "归根结底", "果不其然", "当然", "或许", "也许",
        "恐怕", "无疑", "毫无疑问", "不可否认", "试想", "试问", "究竟", "到底", "如今看来", "例如",
        "比如", "譬如", "诸如", "除此", "综合", "欢迎", "需要注意", "想要", "对于我们", "可以看到",
        "可以看出", "从这些", "从中", "更新：", "时间回到", "时至今日", "具体来看", "当年", "同年",
        "次年", "同月", "当月", "次月", "此后", "其间", "期间", "事发后", "随后", "与之",
        "部分素材", "素材来源", "记者实探",
    ];
    const HOLDS: &[&str] = &[
        "小编", "笔者", "吃瓜", "这瓜", "瓜田", "真的是", "不言而喻", "可想而知", "令人嗤之以鼻",
        "一言难尽", "你看", "朋友们", "家人们", "老铁", "网友们都", "大家都", "话题冲上", "热搜第",
        "这样一组", "如下：", "拭目以待", "让我们", "不禁", "何去何从", "值得深思", "细思极恐", "登录/注册", "报料",
    ];
    const ENDS: &[&str] = &[
        "呢", "吧", "啦", "呀", "嘛", "啊", "哦", "了吗", "而已", "罢了", "咯", "哟", "不香吗", "呗",
    ];
    let end = piece.trim_end_matches(END).trim_end_matches(['”', '~', '～']);
    BEGINS.iter().any(|word| piece.starts_with(word) && !piece.starts_with("先后"))
        || HOLDS.iter().any(|word| piece.contains(word))
        || ENDS.iter().any(|word| end.ends_with(word))
}

/// Whether a word of `piece` means somebody or something that it does not name before: 此次, 上述, 他.
/// `mentions` are those of the piece, each with its first byte there.
#[must_use]
pub fn leans_inside(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    const THIS: &[&str] = &[
        "此次", "本次", "这次", "上述", "该", "此举", "此事", "此案", "此前的", "这一", "这些",
        "这个", "这种", "这项", "这名", "这位", "这家", "这里", "这样", "那次", "那时", "其中",
        "双方", "两人", "二人", "对方", "前者", "当事人", "涉事", "同案", "对此", "就此", "为此",
        "以上", "据此", "由此", "与此", "此番", "如此",
    ];
    const WHO: &[&str] = &["他", "她", "它", "其", "俩", "后者"];
    const FREE: &[&str] = &[
        "其他", "其它", "其余", "其实", "其次", "尤其", "极其", "与其", "其间", "应该", "活该",
        "吉他", "他国", "他人", "其乐", "名副其实", "土耳其", "马其", "莫其", "突其", "该国", "其后",
    ];
    let first = piece.find(['，', '。', '；', '：', '！', '？']).unwrap_or(piece.len());
    let named = |at: usize, kinds: &[Kind]| {
        mentions.iter().any(|(start, one)| *start < at && kinds.contains(&one.kind))
    };
    let free = |at: usize, len: usize| {
        FREE.iter().any(|word| {
            piece.match_indices(word).any(|(from, _)| from <= at && at + len <= from + word.len())
        })
    };
    let found = |words: &[&str]| {
        let all = words.iter().flat_map(|word| piece.match_indices(word));
        let all = all.filter(|(at, word)| !free(*at, word.len()) && !in_quotes(piece, *at));
        all.map(|(at, _)| at).min()
    };
    const ANY: [Kind; 3] = [Kind::Person, Kind::Organisation, Kind::Place];
    // In a later clause it may mean what the earlier ones tell.
    let party = found(&["当事人"]).is_some_and(|at| !named(at, &ANY));
    let this = party || found(THIS).is_some_and(|at| at <= first);
    let who = found(WHO).is_some_and(|at| at <= first && !named(at, &ANY) || !has_noun(piece, at));
    this || who
}

/// Whether the first clause of a piece adds to something told before it: 石渠也开闸了，
fn continues(clause: &str) -> bool {
    const ADDS: &[&str] = &["也", "还", "亦", "同样", "同时", "另外", "仍然", "再度", "随后"];
    const WORDS: &[&str] = &[
        "也门", "还原", "还款", "偿还", "归还", "返还", "退还", "生还", "也是", "还是", "也许",
        "同时期",
    ];
    ADDS.iter().any(|word| {
        clause.match_indices(word).any(|(at, _)| {
            let is_word = |whole: &&str| {
                let whole: &str = whole;
                clause.match_indices(whole).any(|(from, _)| from <= at && at < from + whole.len())
            };
            at > 0 && !WORDS.iter().any(is_word) && !in_quotes(clause, at)
        })
    })
}

/// Whether anything stands before `at` that a pronoun could mean.
fn has_noun(piece: &str, at: usize) -> bool {
    piece.get(..at).is_some_and(|before| before.chars().count() > 4)
}

/// Whether the byte at `at` stands in a quotation of `piece`.
fn in_quotes(piece: &str, at: usize) -> bool {
    let before = piece.get(..at).unwrap_or_default();
    let opened = before.chars().filter(|c| is_mark(*c)).count();
    opened % 2 == 1
}

/// Whether `piece` says a run of [`TWICE_CHARS`] characters twice, or holds what joins a page's parts.
#[must_use]
pub fn repeats_itself(piece: &str) -> bool {
    let chars: Vec<char> = piece.chars().collect();
    let runs = chars.windows(TWICE_CHARS);
    let mut seen = std::collections::HashSet::new();
    runs.into_iter().any(|run| !seen.insert(run))
}

/// Whether a headline or a caption stands before `piece` without a mark between: 渠首的工人 4日，周小禾表示
#[must_use]
pub fn is_glued(piece: &str) -> bool {
    piece.match_indices([' ', '　']).any(|(at, blank)| {
        let before = piece.get(..at).and_then(|text| text.chars().next_back());
        let behind = piece.get(at + blank.len()..).unwrap_or_default();
        let number = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_date = number.len() < behind.len() && number.starts_with(['日', '月', '年']);
        let is_text = before.is_some_and(|c| !c.is_ascii() && (c.is_alphanumeric() || is_mark(c)));
        is_text && (is_date || wording::tells_time(behind))
    })
}

/// Whether what `piece` of the day `issue` says was to come is over by the day `last`, or it says how
/// things stood meanwhile: 结果预计5日公布, 计票仍在进行
#[must_use]
pub fn is_overtaken(piece: &str, issue: Date, last: Date) -> bool {
    const COMING: &[&str] = &["将", "预计", "即将", "拟于", "定于", "有望", "计划", "原定"];
    const MEANWHILE: &[&str] = &[
        "仍在进行", "正在进行", "仍在搜救", "正在搜救", "即将公布", "即将举行", "尚未公布", "正在统计",
    ];
    if day::between(issue, last) < OVERTAKEN_DAYS {
        return false;
    }
    let meanwhile = MEANWHILE.iter().any(|word| piece.contains(word));
    let to_come = COMING.iter().any(|word| piece.contains(word));
    let is_over = |date: Date| issue <= date && date <= last;
    meanwhile || to_come && dates(piece, Some(issue)).iter().filter_map(|one| one.to).any(is_over)
}

/// Whether `piece` names what a picture shows and tells nothing: 周小禾在开闸仪式上。 渠首的石闸。
fn is_caption(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    const ENDS: &[&str] = &[
        "中", "上", "前", "旁", "内", "合影", "照片", "画面", "外景", "参加投票", "街头", "现场",
        "资料图", "示意图", "截图",
    ];
    const GOES_ON: &[&str] = &["进行中", "调查中", "审理中", "处理中", "之中", "以上", "当中"];
    let end = piece.trim_end_matches(END);
    if end.len() == piece.len() || end.chars().count() > CAPTION_CHARS {
        return false;
    }
    let verbs = ["是", "为", "任", "有", "叫", "：", "了", "将"];
    let says = verbs.iter().any(|verb| end.contains(verb));
    let named = mentions.iter().any(|(start, one)| {
        one.kind == Kind::Person && start + (one.span.end - one.span.start) == end.len()
    });
    let shows = ENDS.iter().any(|word| end.ends_with(word));
    let goes_on = GOES_ON.iter().any(|word| end.ends_with(word));
    !says && (named || (shows && !goes_on))
}

/// Whether `piece` demands something, and whoever does so is named in a sentence before it of the same
/// paragraph, not in the piece: 周小禾说，…。各村应当修渠。
#[must_use]
pub fn is_orphaned(body: &Body<'_>, from: usize, to: usize) -> bool {
    const DEMANDS: &[&str] = &[
        "应当", "应该", "必须", "不应", "不得", "务必", "不容", "敦促", "呼吁", "强烈", "坚决",
        "应保持", "都应", "应得到", "需要", "希望", "理应", "绝不", "毫无", "严正", "关切", "谴责",
        "愿", "应立即", "要求", "负面", "反对", "值得", "意味着", "可能", "恐", "不会", "表明",
        "显然", "充分", "进一步", "严重", "执意", "背道而驰", "坚定", "一再",
    ];
    let clauses = || (from..=to).map(|at| body.clause(at));
    let demands = clauses().any(|one| DEMANDS.iter().any(|word| one.contains(word)));
    let claims = clauses().any(|one| wording::names_source(one));
    let Some(first) = body.clauses.get(from) else { return false };
    if !demands || claims || wording::tells_time(body.clause(from)) {
        return false;
    }
    let before = (0..from).rev().take_while(|at| {
        body.clauses.get(*at).is_some_and(|clause| {
            clause.line == first.line && clause.sentence + SPEECH_SENTENCES >= first.sentence
        })
    });
    let answers = |clause: &str| clause.contains("答记者问") || clause.starts_with("答：");
    before.map(|at| body.clause(at)).any(|clause| wording::speaks(clause) || answers(clause))
}

/// Whether `piece`, with its `mentions`, can be sent on as it is; how its clauses break off is asked
/// of [`breaks_off`].
#[must_use]
pub fn stands(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    !lacks_subject(piece)
        && !announces(piece)
        && !chats(piece)
        && !leans_inside(piece, mentions)
        && !repeats_itself(piece)
        && !is_glued(piece)
        && !is_caption(piece, mentions)
        && !piece.contains("...")
        && !piece.contains(['↓', '▼', '→', '↑'])
        && !piece.starts_with('@')
}
