//! Who said what: a person or an office that the text names, the verb, and the words.
//!
//! Only sentences that name the speaker, before the words or behind them (“水来了。”老周说。); 他说 is left
//! out, as nobody could check it without the rest.

use crate::alone;
use crate::clause::END;
use crate::feature::Body;
use crate::quotation::Quotations;
use crate::quotation::is_mark;
use crate::trim;
use crate::wording;
use wenmai_domain::span::Span;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;

/// Characters of a statement, at most.
const STATEMENT_CHARS_MAX: usize = 150;
/// Characters of a speaker who is named by all that stands before the verb, at most.
const SPEAKER_CHARS_MAX: usize = 24;
/// Characters of what is said, at least.
const SAID_CHARS_MIN: usize = 8;

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The speaker as printed (周小禾, 县水利局).
    pub speaker: String,
    /// Where the speaker stands in the body.
    pub speaker_parts: Vec<Span>,
    /// The sentence, speaker and words.
    pub text: String,
    /// Where it stands in the body; more than one span where its lines were joined.
    pub parts: Vec<Span>,
    /// Whether the words stand in quotes.
    pub is_direct: bool,
}

/// The statements of a body in order; `mentions` are whom and what it mentions, in order.
#[must_use]
pub fn statements(body: &Body<'_>, mentions: &[Entity]) -> Vec<Statement> {
    let mut found = Vec::new();
    for at in 0..body.clauses.len() {
        let clause = body.clause(at);
        let bare = clause.get(trim::dateline(clause)..).unwrap_or_default();
        let leans = wording::refers_back(bare) || wording::connects(bare) || opens(bare);
        if announces(bare) || !wording::speaks(clause) || leans || !body.is_statement(at) {
            continue;
        }
        found.extend(statement(body, at, mentions).filter(|one| is_clean(&one.text)));
    }
    found
}

/// Whether a clause says on what condition, or despite what, something else holds: it names no speaker.
fn opens(clause: &str) -> bool {
    const OPENING: [&str; 12] = [
        "尽管", "虽然", "如果", "由于", "随着", "因为", "当", "即使", "无论", "只要", "既然", "若",
    ];
    OPENING.iter().any(|word| clause.starts_with(word))
}

/// Whether nothing of the page stands in a statement, and it was not cut off.
fn is_clean(text: &str) -> bool {
    !text.contains("...")
        && !text.contains("，对此")
        && !text.contains("） ")
        && !text.contains(['△', '▲', '▼', '◆', '■', '●', '→', '↓', '…'])
        && !["图源", "图片来源", "视频来源", "供图", "资料图"].iter().any(|cue| text.contains(cue))
        && !alone::repeats_itself(text)
        && !alone::is_glued(text)
        && !alone::chats(text)
        && !trim::is_joined(text)
        && !trim::speaks_for_itself(text)
}

/// Whether a clause says that something was done, rather than what somebody says of it: 清河渠业宣布，
fn announces(clause: &str) -> bool {
    clause.trim_end_matches(['，', '：', ',', ':', '“']).ends_with("宣布")
}

/// Whether a paper is named rather than who speaks: 县水利局评估报告
fn is_paper(speaker: &str) -> bool {
    [
        "报告",
        "数据",
        "研究",
        "文件",
        "公报",
        "条例",
        "规定",
        "办法",
        "白皮书",
        "报道",
        "意见书",
        "决定",
    ]
    .iter()
    .any(|word| speaker.ends_with(word))
}

fn statement(body: &Body<'_>, at: usize, mentions: &[Entity]) -> Option<Statement> {
    let clause = body.clauses.get(at)?;
    let quotation = at.checked_sub(1).filter(|before| body.is_said(*before));
    // 周小禾则表示: somebody else said what stands before.
    let contrasts = wording::before_verb(body.clause(at)).is_some_and(|who| who.ends_with('则'));
    let quotation = quotation.filter(|_| !contrasts);
    let span = reach(body, quotation.unwrap_or(at), at)?;
    let text = span.of(body.text)?;
    let said_before = quotation.map_or("", |before| body.clause(before));
    let said_behind = body.text.get(clause.span.end..span.end).unwrap_or_default();
    let count = said_before.chars().count() + said_behind.chars().count();
    if count < SAID_CHARS_MIN || trim::is_unattributed(text) {
        return None;
    }
    let printed = body.clause(at);
    // Who took the picture above the text says nothing.
    let credit = trim::dateline(printed);
    let named = printed.get(credit..)?;
    if wording::leans(named) {
        return None;
    }
    let from = clause.span.start + credit;
    let first = mentions.partition_point(|one| one.span.start < from);
    let within = mentions.get(first..).unwrap_or_default().iter();
    let within: Vec<&Entity> = within.take_while(|one| one.span.end <= clause.span.end).collect();
    let before_verb = wording::before_verb(named)?;
    let of = |kind: Kind| {
        let speaks = |mention: &&&Entity| {
            let span = Span::new(mention.span.start - from, mention.span.end - from);
            mention.kind == kind && speaks(before_verb, span)
        };
        within.iter().rfind(speaks)
    };
    let speaker = if let Some(person) = of(Kind::Person) {
        let rest = before_verb.get(person.span.end - from..).unwrap_or_default();
        if cut(rest) {
            return None;
        }
        whole(body.text, name(person))
    } else {
        let phrase = Span::new(from, from + phrase(named)?.len());
        // Without a person there must be an authority, or somebody of one.
        of(Kind::Organisation).filter(|one| one.span.start < phrase.end).map(|_| phrase)?
    };
    let named = speaker.of(body.text)?;
    let has_time = named.contains(|c: char| c.is_ascii_digit() || matches!(c, '（' | '('));
    // 曾发文 is no name.
    let leans =
        ["彼时", "此前", "当时", "随后", "目前", "其后"].iter().any(|word| named.starts_with(word));
    let is_verb = ["发文", "发帖", "表态", "回应"].iter().any(|verb| named.ends_with(verb));
    if has_time || is_verb || leans || is_paper(named) || is_reporter(body.text, speaker.start) {
        return None;
    }
    let heading = quotation.map_or(credit, |_| trim::dateline(text));
    let span = Span::new(span.start + heading, span.end);
    Some(Statement {
        speaker: speaker.of(body.text)?.to_owned(),
        speaker_parts: vec![speaker],
        text: span.of(body.text)?.to_owned(),
        parts: vec![span],
        is_direct: quotation.is_some() || said_behind.trim_start().starts_with(is_mark),
    })
}

/// Whether `rest`, between a name that was read and the verb, holds the end of the name: 齐扬还 behind 佩泽希.
fn cut(rest: &str) -> bool {
    const LAST_CHARS: usize = 3;
    const FREE: [char; 24] = [
        '在', '对', '向', '则', '也', '还', '曾', '已', '均', '都', '便', '就', '又', '再', '即',
        '等', '的', '和', '受', '为', '当', '接', '今', '昨',
    ];
    const OTHERS: [&str; 32] = [
        "家属",
        "律师",
        "父亲",
        "母亲",
        "丈夫",
        "妻子",
        "儿子",
        "女儿",
        "发言人",
        "方面",
        "团队",
        "代理",
        "办公室",
        "公司",
        "舅",
        "叔",
        "姑",
        "姨",
        "爷",
        "奶",
        "爸",
        "妈",
        "哥",
        "姐",
        "弟",
        "妹",
        "父",
        "母",
        "老师",
        "朋友",
        "经纪",
        "粉丝",
    ];
    let mut rest = rest.trim();
    if OTHERS.iter().any(|word| rest.starts_with(word)) {
        return true;
    }
    while let Some(shorter) = BETWEEN.iter().find_map(|word| rest.strip_suffix(word)) {
        rest = shorter;
    }
    // 布赛义迪6日: a day stands behind the name.
    let rest = rest.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let count = rest.chars().count();
    (1..=LAST_CHARS).contains(&count)
        && !rest.starts_with(FREE)
        && rest.chars().all(|c| !c.is_ascii() && c.is_alphabetic())
}

/// Whether who is named at the byte `at` writes the article: 清河日报记者周小禾12日报道：
fn is_reporter(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end();
    ["记者", "通讯员", "编辑"].iter().any(|duty| before.ends_with(duty))
}

/// The name of a person without an adverb that was read as its last character: 陈亮则表示，
fn name(person: &Entity) -> Span {
    const ADVERBS: [char; 8] = ['则', '也', '还', '曾', '已', '均', '都', '便'];
    let Entity { span, text, .. } = person;
    let shorter = text.strip_suffix(ADVERBS).filter(|name| name.chars().count() >= 2);
    shorter.map_or(*span, |name| Span::new(span.start, span.start + name.len()))
}

/// A name with points of whose first part only the last character was read: 勃·布莱克曼 of 鲍勃·布莱克曼.
fn whole(text: &str, span: Span) -> Span {
    let span = to_the_verb(text, span);
    let first = span.of(text).and_then(|name| name.split_once('·')).map_or("", |(first, _)| first);
    let before = text.get(..span.start).and_then(|text| text.chars().next_back());
    match before {
        Some(c) if first.chars().count() == 1 && c.is_alphabetic() && !c.is_ascii() => {
            Span::new(span.start - c.len_utf8(), span.end)
        }
        Some(_) | None => span,
    }
}

/// A name with points whose last part was read too short, with what stands before the verb or 在, 对:
/// 阿布·祖 of 阿布·祖赫里表示，
fn to_the_verb(text: &str, span: Span) -> Span {
    const LAST_CHARS: usize = 4;
    let name = span.of(text).unwrap_or_default();
    let last = name.rsplit('·').next().unwrap_or_default();
    if last.len() == name.len() || last.chars().count() > 1 {
        return span;
    }
    let rest = text.get(span.end..).unwrap_or_default();
    let near: Vec<usize> = rest.char_indices().map(|(at, _)| at).take(LAST_CHARS + 1).collect();
    let ends = near.into_iter().skip(1).find(|at| {
        let behind = rest.get(*at..).unwrap_or_default();
        let verb =
            ["表示", "说", "称", "指出", "强调", "认为", "在", "对", "向", "当地时间", "接受"];
        verb.iter().any(|word| behind.starts_with(word))
    });
    ends.map_or(span, |length| Span::new(span.start, span.end + length))
}

/// What may stand between a speaker and the verb.
const BETWEEN: [&str; 59] = [
    "公开",
    "解释",
    "补充",
    "坦言",
    "此次",
    "并",
    "就",
    "当地时间",
    "北京时间",
    "上午",
    "中午",
    "下午",
    "傍晚",
    "晚间",
    "晚上",
    "深夜",
    "凌晨",
    "早间",
    "晚",
    "同期",
    "发布过",
    "发布通报",
    "通报",
    "应询",
    "随后",
    "最新",
    "均",
    "对此",
    "当天",
    "当日",
    "近日",
    "日前",
    "今天",
    "昨天",
    "今日",
    "昨日",
    "再次",
    "还",
    "也",
    "则",
    "曾",
    "此前",
    "同时",
    "发布公告",
    "发表声明",
    "发布声明",
    "发布消息",
    "发布报告",
    "发布情况说明",
    "发布说明",
    "发布情况",
    "还明确",
    "分析",
    "官方消息",
    "官网",
    "官微",
    "官方微博",
    "回应",
    "公告",
];

/// Who speaks in a clause that names no person by the lists: all that stands before the verb, with
/// the office (清河县驻东湖市代表涅边贾), without the time. `None` where that is more than a name.
fn phrase(clause: &str) -> Option<&str> {
    const INSIDE: [char; 10] = ['，', '在', '向', '对', '“', '接', '据', '：', '引', '于'];
    let mut rest = wording::before_verb(clause)?;
    loop {
        let time = rest
            .strip_suffix('日')
            .map(|rest| rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '月'));
        let shorter = BETWEEN.iter().find_map(|word| rest.strip_suffix(word));
        let told = to_whom(rest);
        match time.filter(|time| time.len() + '日'.len_utf8() < rest.len()).or(shorter).or(told) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    let is_name = (2..=SPEAKER_CHARS_MAX).contains(&rest.chars().count());
    // 县水利局发布的此份: a paper speaks, not the office.
    let is_paper =
        ["的一", "的此", "的这", "发布的", "情况"].iter().any(|word| rest.contains(word));
    (is_name && !rest.contains(INSIDE) && !is_paper).then_some(rest)
}

/// Whether `text` at `span` ends its paragraph inside a quotation that the next one opens anew: no mark
/// closes it there.
fn goes_on_below(body: &Body<'_>, span: &Span, text: &str) -> bool {
    let rest = body.text.get(span.end..).unwrap_or_default();
    let chars: Vec<char> = text.chars().collect();
    let found = Quotations::of(&chars);
    let below = rest.trim_start();
    rest.starts_with('\n')
        && below.starts_with(is_mark)
        && found.unclosed().is_some()
        && found.unopened().is_none()
}

/// What stands before the words for those to whom somebody speaks: 县水利局向媒体 of 县水利局向媒体表示，
fn to_whom(clause: &str) -> Option<&str> {
    const HEARERS: [&str; 6] = ["媒体", "记者", "外界", "公众", "社会", "本报"];
    let before = HEARERS.iter().find_map(|word| clause.strip_suffix(word))?;
    before.strip_suffix(['向', '对']).filter(|before| !before.is_empty())
}

/// From the clause at `from` as far as its sentence goes within [`STATEMENT_CHARS_MAX`], at least
/// behind `named`; every quotation in it is closed.
fn reach(body: &Body<'_>, from: usize, named: usize) -> Option<Span> {
    let start = body.clauses.get(from)?.span.start;
    let clauses = (named..body.clauses.len()).take_while(|at| body.one_sentence(from, *at));
    let spans =
        clauses.filter_map(|at| Some((at, Span::new(start, body.clauses.get(at)?.span.end))));
    let fits = |span: &Span| {
        let text = span.of(body.text).unwrap_or_default();
        text.chars().count() <= STATEMENT_CHARS_MAX
            && (trim::is_balanced(text) || goes_on_below(body, span, text))
    };
    let ends = |at: usize| trim::may_end(body.clause(at), body.one_sentence(at, at + 1));
    let (_, span) = spans.filter(|(at, span)| ends(*at) && fits(span)).last()?;
    let text = span.of(body.text)?;
    // What is too long to be told whole is told to the end of a sentence inside of it, if at all.
    if !text.trim_end_matches(is_mark).ends_with(END) && !text.ends_with(['；', ';']) {
        return None;
    }
    let kept = text.trim_end_matches(['，', '；', ',', ';', ' ', '　']).len();
    Some(Span::new(start, start + kept))
}

/// Whether who is named at `span` of `clause`, a clause up to its verb of speech, can be its subject:
/// 周小禾接受清河日报采访时表示， has one,
/// 对于周小禾来说， and 据清河日报报道， have none.
fn speaks(clause: &str, span: Span) -> bool {
    // 向媒体表示: 媒体 is nobody's given name.
    const EVERYBODY: [&str; 10] =
        ["媒体", "记者", "外界", "公众", "社会", "网友", "大家", "国会", "议会", "法院"];
    const BEFORE: [&str; 27] = [
        "了", "对", "致", "援引", "向", "对于", "接受", "据", "给", "让", "被", "把", "从", "在",
        "挺", "小", "称", "回应", "告诉", "介绍", "谈到", "提及", "提到", "评价", "会见", "会晤",
        "支持",
    ];
    const BEHIND: [&str; 8] = ["采访", "记者", "报道", "来说", "获悉", "了解到", "看到", "规定"];
    let named = clause.get(span.start..span.end).unwrap_or_default();
    // 发布《关于处罚周小禾的决定》称: who is named in a title is not who says it.
    let titled = clause
        .get(..span.start)
        .is_some_and(|before| before.matches('《').count() > before.matches('》').count());
    if titled || EVERYBODY.iter().any(|word| named.ends_with(word)) {
        return false;
    }
    let (Some(before), Some(behind)) = (clause.get(..span.start), clause.get(span.end..)) else {
        return false;
    };
    // Somebody named before speaks: 周小禾来到渠首，他说，
    let is_another = behind.contains(['他', '她']);
    // 县长在同周小禾会面时说: the other one speaks.
    let meets = behind.ends_with('时')
        && ["同", "与", "和", "会见", "会晤", "致电"].iter().any(|word| before.contains(word));
    // 致周小禾的信中说: who wrote it stands before.
    let belongs = behind.starts_with('的')
        || ["视频", "照片", "消息", "文章"].iter().any(|thing| behind.ends_with(thing));
    let before = before.trim_end_matches(['《', '“', '「']);
    !is_another
        && !belongs
        && !meets
        && !BEFORE.iter().any(|word| before.ends_with(word))
        && (behind.contains('受')
            || hears(behind)
            || !BEHIND.iter().any(|word| behind.contains(word)))
}

/// Whether somebody speaks to reporters: 在现场对记者
fn hears(behind: &str) -> bool {
    ["对记者", "向记者", "对媒体", "向媒体"].iter().any(|words| behind.ends_with(words))
}

#[cfg(test)]
mod tests;
