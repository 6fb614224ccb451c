//! Whether a piece of one text can be sent on beside pieces of others.
//!
//! Stricter than `trim`, which knows only clauses: whoever reads a piece here has nothing before it
//! and nothing behind. It must not break off where its sentence has yet to say what happened, needs
//! somebody who does what it tells, may name nobody by a word for somebody else, and is told in the
//! voice of a report.

mod judging;
mod voice;
mod words;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use jiff::civil::Date;

use crate::clause::END;
use crate::feature::Body;
use crate::quotation::is_mark;
use crate::unit::PairHasher;
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
/// Bytes of a circumstance before a word for somebody, in which nobody can be named: eight characters.
const CIRCUMSTANCE_BYTES: usize = 24;
/// Characters of a label before a colon, at most.
const LABEL_CHARS: usize = 6;
/// Characters of a piece that only says that somebody speaks, at most.
const ANNOUNCED_CHARS: usize = 40;

/// Whether the sentence of the clauses `from..=to` goes on behind them with what they only lead to.
#[must_use]
pub fn breaks_off(body: &Body<'_>, from: usize, to: usize) -> bool {
    if !body.one_sentence(to, to + 1) || body.clause(to).ends_with(['；', ';']) {
        return false;
    }
    let last = body.clause(to);
    let joins = ["以及", "和", "与", "或", "及"].iter().any(|word| last.starts_with(word));
    let begins = |clause: &str, words: &[&str]| words.iter().any(|word| clause.starts_with(word));
    // 周小禾说如果水位上涨，
    let supposes = |clause: &str| ["如果", "一旦", "除非"].iter().any(|word| clause.contains(word));
    let leads = |at: usize| begins(body.clause(at), words::OPENING) || supposes(body.clause(at));
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
    (is_part && count(from..=end) <= WHOLE_CHARS) || is_poor(piece)
}

/// Whether `piece` adds to something, does not say which of several it tells of, or is what a page says of
/// itself.
#[must_use]
pub fn is_poor(piece: &str) -> bool {
    let first = piece.find(['，', '。', '；', '：', '！', '？']).unwrap_or(piece.len());
    continues(piece.get(..first).unwrap_or_default()) || is_bare(piece) || describes(piece)
}

/// Whether a clause says what follows from the one before it.
fn gives(clause: &str) -> bool {
    ["将", "会", "就", "则", "便", "已", "了", "要", "可", "被", "是"]
        .iter()
        .any(|word| clause.contains(word))
}

/// Whether a clause only says that somebody says or asks something that is yet to come.
fn asks_on(clause: &str) -> bool {
    let clause = clause.trim_end_matches(['，', ',', '：', ':', '“']);
    let ends = |word: &&str| clause.ends_with(*word);
    wording::ends_with_any(clause, words::ASKS_ON_SAYING)
        || (clause.contains("告诉") && ["记者", "媒体"].iter().any(ends))
        || clause.ends_with("报道")
        || clause.ends_with("消息")
}

/// Whether a clause ends in a time, a place or a circumstance of what is yet to come.
fn hangs(clause: &str) -> bool {
    const DAYS: [char; 8] = ['日', '月', '年', '晚', '早', '晨', '午', '夜'];
    // 3月12日上午9点
    let hour = clause.trim_end_matches(['，', ',']).strip_suffix(['点', '时', '分']);
    if hour.is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit())) {
        return true;
    }
    let clause = clause.trim_end_matches(['，', ',', '：', ':', '、']);
    let weekday = clause.char_indices().rev().nth(2).and_then(|(at, _)| clause.get(at..));
    let is_weekday = weekday.is_some_and(|end| end.starts_with("星期"));
    let led = ["根据", "按照", "针对", "围绕", "随着", "通过"].iter().any(|word| {
        let behind = clause.rfind(word).and_then(|at| clause.get(at + word.len()..));
        behind.is_some_and(|behind| behind.chars().count() <= LED_CHARS)
    });
    // 利用二十年统计资料，分析了: what was done by it is yet to come.
    let done = ["了", "将", "被", "是", "已", "达", "为"].iter().any(|word| clause.contains(word));
    let means = !done && words::HANGS_MEANS.iter().any(|word| clause.contains(word));
    means
        || led
        || is_weekday
        || wording::ends_with_any(clause, words::HANGS_ENDS)
        || clause.ends_with(DAYS)
}

/// Whether the clause behind the one at `to` cannot be parted from it: it denies, limits or turns it
/// around, or says what it is.
fn goes_with(body: &Body<'_>, to: usize) -> bool {
    let next = body.clause(to + 1);
    wording::starts_with_any(next, words::GOES_WITH_NEXT) && !next.starts_with("而且")
}

/// Whether `piece` names nobody who does what it tells: it begins, behind a time, with what was done.
#[must_use]
pub fn lacks_subject(piece: &str) -> bool {
    if acts_for_nobody(piece) {
        return true;
    }
    let behind = behind_dates(piece);
    if behind.len() == piece.len() {
        return false;
    }
    let clause = behind.split(['，', '。', '；']).find(|clause| !clause.is_empty());
    let clause = clause.unwrap_or_default();
    // 12日在清河县举行的大会通过: the clause has its subject behind 的.
    let has_noun = clause.contains('的') || clause.contains('，');
    wording::starts_with_any(behind, words::LACKS_SUBJECT_DONE) && !has_noun
}

/// Whether `piece` says by what law, or to what end, something was done, and then what, but not by whom:
/// 依据《水法》，拟决定罚款。 为修渠，已拨款。
pub(crate) fn acts_for_nobody(piece: &str) -> bool {
    const LED: [&str; 8] = ["依据", "根据", "按照", "对“", "针对", "为了", "涉及", "依照"];
    const DONE: [&str; 12] = [
        "拟",
        "决定",
        "依法",
        "已累计",
        "已对",
        "将对",
        "责令",
        "予以",
        "给予",
        "共计",
        "已经",
        "累计",
    ];
    if wording::starts_with_any(piece, words::ACTS_FOR_NOBODY) {
        return true;
    }
    if !wording::starts_with_any(piece, &LED) {
        return false;
    }
    let second = piece.split('，').nth(1).unwrap_or_default();
    wording::starts_with_any(second, &DONE) || piece.starts_with("涉及")
}

/// Whether `piece` is what a page says of an old firm or a place, not what happened: 清河渠业成立于1998年
fn describes(piece: &str) -> bool {
    const BORN: [&str; 15] = [
        "成立于",
        "创立于",
        "创建于",
        "始建于",
        "注册资本",
        "法定代表人",
        "公开资料显示",
        "资料显示",
        "官网介绍",
        "官网显示",
        "天眼查",
        "企查查",
        "旗下品牌包括",
        "旗下拥有",
        "，原名",
    ];
    BORN.iter().any(|word| piece.contains(word))
}

/// What stands behind the dates and hours with which `piece` begins.
fn behind_dates(piece: &str) -> &str {
    let mut rest = piece;
    loop {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
        let unit = behind.chars().next().filter(|c| "年月日号时分点".contains(*c));
        if let Some(unit) = unit.filter(|_| behind.len() < rest.len()) {
            rest = behind.get(unit.len_utf8()..).unwrap_or_default();
        } else if let Some(behind) = behind_examined(rest) {
            rest = behind;
        } else if let Some(shorter) =
            words::BEHIND_DATES_WORDS.iter().find_map(|word| rest.strip_prefix(word))
        {
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
    let piece = behind_dates(piece);
    words::IS_BARE_NOUNS.iter().any(|noun| {
        piece.strip_prefix(noun).is_some_and(|behind| {
            let next: String = behind.chars().take(2).collect();
            !next.starts_with(['的', '和', '与', '、', '中', '人', '组', '厅'])
        })
    })
}

/// Whether `piece` says only that somebody speaks, or will: 发言人周小禾主持例行记者会。
#[must_use]
pub fn announces(piece: &str) -> bool {
    let end = piece.trim_end_matches(END);
    let last = end.rsplit(['，', '。', '；']).next().unwrap_or(end);
    let only = end.chars().count() <= ANNOUNCED_CHARS
        && wording::ends_with_any(end, words::ANNOUNCES_ENDS);
    only || (wording::before_verb(last).is_some() && !end.contains(is_mark))
}

/// Whether `piece` speaks as somebody who tells a tale, comments or turns to the reader.
#[must_use]
pub fn chats(piece: &str) -> bool {
    let end = piece.trim_end_matches(END).trim_end_matches(['”', '~', '～']);
    (wording::starts_with_any(piece, voice::CHATS_BEGINS) && !piece.starts_with("先后"))
        || voice::CHATS_HOLDS.iter().any(|word| piece.contains(word))
        || wording::ends_with_any(end, words::CHATS_ENDS)
}

/// Whether a word of `piece` means somebody or something that it does not name before: 此次, 上述, 他.
/// `mentions` are those of the piece, each with its first byte there.
#[must_use]
pub fn leans_inside(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    const ANY: [Kind; 3] = [Kind::Person, Kind::Organisation, Kind::Place];
    let first = piece.find(['，', '。', '；', '：', '！', '？']).unwrap_or(piece.len());
    let named = |at: usize, kinds: &[Kind]| {
        mentions.iter().any(|(start, one)| *start < at && kinds.contains(&one.kind))
    };
    let free = |at: usize, len: usize| {
        words::LEANS_INSIDE_FREE.iter().any(|word| {
            piece.match_indices(word).any(|(from, _)| from <= at && at + len <= from + word.len())
        })
    };
    let found = |words: &[&str]| {
        // Most words are not there, which is found out faster than where they are.
        let held = words.iter().filter(|word| piece.contains(**word));
        let all = held.flat_map(|word| piece.match_indices(word));
        let all = all.filter(|(at, word)| !free(*at, word.len()) && !in_quotes(piece, *at));
        all.map(|(at, _)| at).min()
    };
    // In a later clause it may mean what the earlier ones tell.
    let party = found(&["当事人"]).is_some_and(|at| !named(at, &ANY));
    // 风波过后，他: nobody is named before.
    let begins = |at: usize| piece.get(..at).is_some_and(|before| before.ends_with('，'));
    let near = |at: usize| at <= first || begins(at);
    let this = found(words::LEANS_INSIDE_THIS).is_some_and(|at| {
        at <= first || (begins(at) && !named(at, &ANY) && at <= CIRCUMSTANCE_BYTES)
    });
    // 周小禾曾如此说到: what was said stands elsewhere.
    let above = found(&["上述"]).is_some_and(|at| !named(at, &ANY));
    let this = this || party || above || found(words::LEANS_INSIDE_SAID).is_some();
    // 渠首的石闸12日修好，其下游通水: a thing is meant, and one was told of.
    let thing = |at: usize| {
        let of_thing = piece.get(at..).is_some_and(|rest| rest.starts_with(['其', '它']));
        of_thing && at > first && has_noun(piece, first)
    };
    let who = found(words::LEANS_INSIDE_WHO)
        .is_some_and(|at| (near(at) && !named(at, &ANY) && !thing(at)) || !has_noun(piece, at));
    // 来到渠首水利局后，他修了三年渠: a place is no person.
    let behind = found(&["他", "她"]).is_some_and(|at| {
        let before = piece.get(..at).unwrap_or_default();
        before.matches('，').count() == 1
            && ["后，", "时，", "期间，", "以来，"].iter().any(|end| before.ends_with(end))
            && !named(at, &[Kind::Person])
    });
    this || who || behind
}

/// Whether the first clause of a piece adds to something told before it: 石渠也开闸了，
fn continues(clause: &str) -> bool {
    words::CONTINUES_ADDS.iter().any(|word| {
        clause.match_indices(word).any(|(at, _)| {
            let is_word = |whole: &&str| {
                let whole: &str = whole;
                clause.match_indices(whole).any(|(from, _)| from <= at && at < from + whole.len())
            };
            at > 0 && !words::CONTINUES_WORDS.iter().any(is_word) && !in_quotes(clause, at)
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

/// Whether `piece` says a run of some characters twice, or holds what joins a page's parts.
#[must_use]
pub fn repeats_itself(piece: &str) -> bool {
    let chars: Vec<char> = piece.chars().collect();
    let mut seen: HashMap<u64, usize, BuildHasherDefault<PairHasher>> = HashMap::default();
    chars.windows(TWICE_CHARS).enumerate().any(|(at, run)| {
        let number = run.iter().fold(0_u64, |sum, c| {
            sum.wrapping_mul(0x0100_0000_01B3).wrapping_add(u64::from(u32::from(*c)))
        });
        let before = seen.insert(number, at);
        before.is_some_and(|from| chars.get(from..from + TWICE_CHARS) == Some(run))
    })
}

/// Whether a headline or a caption stands before `piece` without a mark between: 渠首的工人 4日，周小禾表示
#[must_use]
pub fn is_glued(piece: &str) -> bool {
    piece.match_indices([' ', '　']).any(|(at, blank)| {
        let before = piece.get(..at).and_then(|text| text.chars().next_back());
        let behind = piece.get(at + blank.len()..).unwrap_or_default();
        let number = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_date = number.len() < behind.len() && number.starts_with(['日', '月', '年', '岁']);
        let is_text = before.is_some_and(|c| !c.is_ascii() && (c.is_alphanumeric() || is_mark(c)));
        is_text && (is_date || wording::tells_time(behind))
    })
}

/// Whether what `piece` of the day `issue` says was to come is over by the day `last`, or it says how
/// things stood meanwhile: 结果预计5日公布, 计票仍在进行
#[must_use]
pub fn is_overtaken(piece: &str, issue: Date, last: Date) -> bool {
    if day::between(issue, last) < OVERTAKEN_DAYS {
        return false;
    }
    let meanwhile = words::IS_OVERTAKEN_MEANWHILE.iter().any(|word| piece.contains(word));
    let to_come = words::IS_OVERTAKEN_COMING.iter().any(|word| piece.contains(word));
    let is_over = |date: Date| issue <= date && date <= last;
    meanwhile || to_come && dates(piece, Some(issue)).iter().filter_map(|one| one.to).any(is_over)
}

/// Whether `piece` names what a picture shows and tells nothing: 周小禾在开闸仪式上。 渠首的石闸。
fn is_caption(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    let end = piece.trim_end_matches(END);
    if ["仪式上", "发布会上", "大会上"].iter().any(|place| end.ends_with(place)) {
        return true;
    }
    if end.len() == piece.len() || end.chars().count() > CAPTION_CHARS {
        return false;
    }
    let verbs = ["是", "为", "任", "有", "叫", "：", "了", "将"];
    let bare = end.replace("华为", "").replace("主任", "").replace("责任", "");
    let says = verbs.iter().any(|verb| bare.contains(verb));
    let named = mentions.iter().any(|(start, one)| {
        one.kind == Kind::Person && start + (one.span.end - one.span.start) == end.len()
    });
    let shows = words::IS_CAPTION_ENDS.iter().any(|word| end.ends_with(word));
    let goes_on = words::IS_CAPTION_GOES_ON.iter().any(|word| end.ends_with(word));
    !says && (named || (shows && !goes_on))
}

/// Whether `piece` demands something, and whoever does so is named in a sentence before it of the same
/// paragraph, not in the piece: 周小禾说，…。各村应当修渠。
#[must_use]
pub fn is_orphaned(body: &Body<'_>, from: usize, to: usize) -> bool {
    let clauses = || (from..=to).map(|at| body.clause(at));
    let demands =
        clauses().any(|one| judging::IS_ORPHANED_DEMANDS.iter().any(|word| one.contains(word)));
    let claims = clauses().any(wording::names_source);
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

/// Whether `piece` says what ought to be, and not according to whom: 渠道应当立即检修。
#[must_use]
pub fn preaches(piece: &str) -> bool {
    const RULES: [&str; 9] = ["《", "法", "条", "规定", "规则", "通知", "判", "要求", "合同"];
    let said = || piece.split_inclusive('，').any(wording::names_source);
    judging::PREACHES.iter().any(|word| piece.contains(word))
        && !RULES.iter().any(|word| piece.contains(word))
        && !piece.contains(is_mark)
        && !said()
}

/// Whether `piece` judges or guesses in its own voice, outside of quotation marks, and names nobody whose
/// judgement it is: 渠道修得可谓及时。
#[must_use]
pub fn opines(piece: &str) -> bool {
    let cue = |word: &&str| piece.match_indices(*word).any(|(at, _)| !in_quotes(piece, at));
    judging::OPINES.iter().any(cue) && !piece.split_inclusive('，').any(wording::names_source)
}

/// Whether `piece` is what somebody says in a printed interview: 周小禾：渠道已经清淤。
fn is_labelled(piece: &str) -> bool {
    piece.split_once('：').is_some_and(|(label, _)| {
        label.chars().count() <= LABEL_CHARS
            && label.chars().all(|c| !c.is_ascii() && c.is_alphabetic())
    })
}

/// Whether `piece` begins with a time counted from something told before it: 三年后，
fn counts_on(piece: &str) -> bool {
    const NUMBERS: &str = "一二两三四五六七八九十几数半多";
    const UNITS: [&str; 8] = ["年后", "个月后", "天后", "日后", "周后", "小时后", "分钟后", "场后"];
    let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit() || NUMBERS.contains(c));
    rest.len() < piece.len() && UNITS.iter().any(|unit| rest.starts_with(unit))
}

/// Whether a letter is left of the word with which `piece` began: c 在报告中指出
fn is_torn(piece: &str) -> bool {
    let mut chars = piece.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase()) && chars.next() == Some(' ')
}

/// Whether `piece`, with its `mentions`, can be sent on as it is; how its clauses break off is asked
/// of [`breaks_off`].
#[must_use]
pub fn stands(piece: &str, mentions: &[(usize, &Entity)]) -> bool {
    !lacks_subject(piece)
        && !announces(piece)
        && !chats(piece)
        && !preaches(piece)
        && !counts_on(piece)
        && !is_labelled(piece)
        && !leans_inside(piece, mentions)
        && !repeats_itself(piece)
        && !is_glued(piece)
        && !is_caption(piece, mentions)
        && !piece.contains("...")
        && !piece.contains(['↓', '▼', '→', '↑'])
        && !piece.starts_with('@')
        && !piece.contains(['{', '}'])
        && !["（一）", "(一)", "（1）"].iter().any(|item| piece.contains(item))
        && !is_torn(piece)
}

#[cfg(test)]
mod tests;
