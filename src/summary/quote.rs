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
        && !text.contains(['△', '▲', '▼', '◆', '■', '●', '→', '↓', '…'])
        && !["图源", "图片来源", "视频来源", "供图", "资料图"].iter().any(|cue| text.contains(cue))
        && !alone::repeats_itself(text)
        && !alone::is_glued(text)
        && !alone::chats(text)
        && trim::stands_alone(text)
}

/// Whether a clause says that something was done, rather than what somebody says of it: 清河渠业宣布，
fn announces(clause: &str) -> bool {
    clause.trim_end_matches(['，', '：', ',', ':', '“']).ends_with("宣布")
}

/// Whether a paper is named rather than who speaks: 县水利局评估报告
fn is_paper(speaker: &str) -> bool {
    ["报告", "数据", "研究", "文件", "公报", "条例", "规定", "办法", "白皮书", "报道", "意见书", "决定"]
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
        whole(body.text, name(person))
    } else {
        let phrase = Span::new(from, from + phrase(named)?.len());
        // Without a person there must be an authority, or somebody of one.
        of(Kind::Organisation).filter(|one| one.span.start < phrase.end).map(|_| phrase)?
    };
    if is_paper(speaker.of(body.text)?) || is_reporter(body.text, speaker.start) {
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
const BETWEEN: [&str; 52] = [
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
    const BEFORE: [&str; 18] = [
        "对", "致", "援引", "向", "对于", "接受", "据", "给", "让", "被", "把", "从", "在", "挺",
        "小", "称", "回应", "告诉",
    ];
    const BEHIND: [&str; 8] = ["采访", "记者", "报道", "来说", "获悉", "了解到", "看到", "规定"];
    let named = clause.get(span.start..span.end).unwrap_or_default();
    if EVERYBODY.iter().any(|word| named.ends_with(word)) {
        return false;
    }
    let (Some(before), Some(behind)) = (clause.get(..span.start), clause.get(span.end..)) else {
        return false;
    };
    // Somebody named before speaks: 周小禾来到渠首，他说，
    let is_another = behind.contains(['他', '她']);
    // 致周小禾的信中说: who wrote it stands before.
    let belongs = behind.starts_with('的');
    let before = before.trim_end_matches(['《', '“', '「']);
    !is_another
        && !belongs
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
mod tests {
    use super::Statement;
    use crate::feature::Body;
    use crate::reading::tests::TOOLS;
    use crate::trim;

    fn statements(text: &str) -> Vec<Statement> {
        super::statements(&Body::new(text), &TOOLS.extractor.entities(text, None))
    }

    #[test]
    fn a_named_speaker_is_found_with_the_words() {
        let text = "清河开闸。县水利局局长周小禾表示：“渠道已经清淤，放水没有问题。”他说，水还会来，大家放心。";
        let found = statements(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].speaker, "周小禾");
        assert_eq!(found[0].parts[0].of(text), Some(found[0].text.as_str()));
        assert_eq!(found[0].speaker_parts[0].of(text), Some("周小禾"));
        assert!(found[0].is_direct && found[0].text.ends_with('”'));
    }

    #[test]
    fn a_speaker_may_stand_behind_the_words() {
        for (open, close) in [('“', '”'), ('"', '"'), ('「', '」')] {
            let text = format!(
                "{open}最难的一段是渠首的岩石。{close}县水利局总工程师周小禾说，{open}换了三次钻头。{close}\
                 水渠全长四公里。{open}以后浇地只要半天。{close}家住渠边的林大川说。"
            );
            let found = statements(&text);
            let speakers: Vec<&str> = found.iter().map(|one| one.speaker.as_str()).collect();
            assert_eq!(speakers, ["周小禾", "林大川"], "{found:?}");
            assert!(found.iter().all(|one| one.is_direct && trim::is_balanced(&one.text)));
            assert!(found[0].text.starts_with(open) && found[0].text.contains("三次钻头"));
        }
    }

    #[test]
    fn a_credit_of_a_picture_says_nothing() {
        let speakers = |text: &str| {
            let found = statements(text);
            found.into_iter().map(|one| one.speaker).collect::<Vec<_>>()
        };
        let words = "“渠道已经清淤，放水没有问题。”";
        assert!(speakers(&format!("新华社记者 林大川 摄 他说：{words}")).is_empty());
        assert!(speakers(&format!("渠首外景 新华社图 他说：{words}")).is_empty());
        assert!(speakers(&format!("（图源：清河日报社）\n他说：{words}")).is_empty());
    }

    #[test]
    fn who_is_spoken_of_or_asks_is_no_speaker() {
        let speakers = |text: &str| {
            let found = statements(text);
            found.into_iter().map(|one| one.speaker).collect::<Vec<_>>()
        };
        let words = "“渠道已经清淤，放水没有问题。”";
        assert_eq!(speakers(&format!("周小禾接受清河日报社采访时表示：{words}")), ["周小禾"]);
        assert!(speakers(&format!("对于周小禾来说，{words}")).is_empty());
        assert!(speakers("据清河县水利局报道，渠道已经清淤，放水没有问题。").is_empty());
        assert!(speakers(&format!("而周小禾表示，{words}")).is_empty());
    }

    #[test]
    fn a_speaker_without_a_known_name_is_named_with_the_office() {
        let of =
            |text: &str| statements(text).into_iter().map(|one| one.speaker).collect::<Vec<_>>();
        let words = "，渠道已经清淤，放水没有问题，大家放心。";
        assert_eq!(
            of(&format!("清河县水利局驻村代表涅边贾12日表示{words}")),
            ["清河县水利局驻村代表涅边贾"]
        );
        assert_eq!(of(&format!("清河县水利局有关负责人表示{words}")), ["清河县水利局有关负责人"]);
        assert_eq!(of(&format!("清河县水利局12日发布公告称{words}")), ["清河县水利局"]);
        assert!(of(&format!("清河日报社援引清河县水利局观点认为{words}")).is_empty());
        assert_eq!(of(&format!("林大川在致周小禾的信中表示{words}")), ["林大川"]);
        assert!(
            of(&format!("综合清河县水利局等处消息{words}")).is_empty(),
            "a source, nobody who speaks"
        );
        assert!(of(&format!("一名专家对《清河日报社》说{words}")).is_empty());
    }

    #[test]
    fn what_nobody_named_says_is_no_statement() {
        let text = "有人说，清河的水今年来得比往年早。数据显示，渠水流量比去年增加了两成。\
            周小禾问：“今年的水什么时候到村里？”";
        assert!(statements(text).is_empty());
    }
}
