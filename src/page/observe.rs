//! Which cues fire for each block of a page.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::page::Issue;
use crate::page::byline;
use crate::page::cohesion;
use crate::page::cohesion::Cohesion;
use crate::page::cohesion::Shift;
use crate::page::cue::Cue;
use crate::page::cue::Cues;
use crate::page::dateline;
use crate::page::kind;
use crate::page::line::Block;
use crate::page::line::EMPHASIS;
use crate::page::script;
use crate::page::seam;
use crate::page::staff;
use crate::page::teaser;

/// Words that columns and series end with, of any paper.
static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?:观察|调研|走基层|走一线|谈|之道|新事|视点|访谈|专栏|专题|聚焦|关注|风采|故事|档案|园地|看台|在线|快评|时评|短评|锐评|",
        r"评论|论坛|之窗|视界|视线|进行时|一线|现场|连线|特写|纪实|纪事|见闻|笔记|手记|随笔|随想|茶座|走笔|讲堂|课堂|广角|纵横|扫描|",
        r"速递|速览|快讯|简讯|短讯|要闻|动态|资讯|传真|热线|信箱|来信|来论|曝光台|红黑榜|光荣榜|先锋|榜样|人物|说法|问答|答疑|提醒|",
        r"提示|百科|天地|副刊|连载|系列报道|系列|巡礼|深度|透视|解读|解码|探访|沙龙|大家谈|面对面|帮办|追踪|直通车|会客厅|文苑|",
        r"论语|漫笔|走读|镜头|影像|钩沉|史话|风物|新语|服务台|公告栏)$",
    ))
});

/// Who talks: a series of talks by holders of one office (`…局长谈防汛`).
static TALKS: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"(?:长|书记|主任|专家|委员|代表|院士|教授)谈"));

/// Who said what: only running text goes on behind such a comma.
static SAYS: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:表示|介绍|指出|认为|强调|透露|坦言|告诉记者|介绍说|了解到|获悉|提出|要求)[，,：:]",
    )
});

static SERIES: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:[①-⑳㉑-㉟❶-❿]|[（(][0-9一二三四五六七八九十]{1,3}[）)]|之[一二三四五六七八九十]+|[·•][上中下])$",
    )
});

static TAG: LazyLock<Regex> = LazyLock::new(|| script::both(r"^.{4,}[（(][^（）()]{2,16}[）)]$"));

static CLAUSE: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"^(?:以|从|把|让|在|为|向|用|当|对|与)|的|[，,]"));

static BOX: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[■□◆◇●○▲△▼★☆▶►◎※·]*(?:点评|短评|编者按|编后|编后语|编辑点评|记者手记|采访手记|手记|核心阅读|核心提示|内容提要|提要|",
        r"相关链接|延伸阅读|链接|新闻链接|知识链接|背景|新闻背景|小贴士|小知识|名词解释|专家点评|专家观点|专家解读|记者观察|",
        r"连线评论员|微评|观点|对话|名片|人物名片|人物小传|数据|启示|声音|温馨提示|相关新闻)[■□◆◇●○▲△▼★☆◎※·]*[:：]?$",
    ))
});

static SCENE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:[▲△▼◀▶←→↑↓①-⑩]|图①|图一|上图|下图|左图|右图|近日|日前|连日来|昨日|昨天|今日|时下|眼下|",
        r"(?:[0-9０-９]{4}年)?(?:[0-9０-９]{1,2}月)?[0-9０-９]{1,2}日|[^，。]{2,16}(?:现场|车间|田间|地里|基地)[，,]|",
        r"\p{Han}{0,10}(?:游客|游人|市民|村民|居民|群众|工人|农民|农户|果农|菜农|学生|孩子|小朋友|老人|民警|消防员|医护人员|",
        r"工作人员|技术人员|农技人员|施工人员|志愿者|演员|选手|运动员|观众|读者)们?(?:正在|正|在))",
    ))
});

/// How first paragraphs begin.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:近日|日前|昨日|昨天|今日|今天|连日来|近年来|近段时间|近期|最近|今年以来|入[春夏秋冬汛]以来|本周|上周|截至|据悉|",
        r"记者(?:昨日|日前|今日)?从|(?:[0-9０-９]{4}年)?[0-9０-９]{1,2}月[0-9０-９]{1,2}日|[0-9０-９]{1,2}日|",
        r"[^。，]{0,24}(?:近日|日前|昨日)|[^。]{0,30}(?:获悉|了解到)，)",
    ))
});

/// An office that signs a notice, or the day on which it did.
static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:\p{Han}{2,18}(?:局|公司|委员会|政府|办公室|服务中心|管理处|管理所|人民法院|检察院|银行|协会|商会|学会|委员会|",
        r"指挥部|领导小组|编辑部|合作社|集团|公证处|殡仪馆|税务所|派出所|拍卖行)|[0-9〇二]{4}年[0-9一二三四五六七八九十]{1,3}月",
        r"[0-9一二三四五六七八九十]{1,3}日)$",
    ))
});

/// A label with its value on the same line, as profiles and notices have them.
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:时间|地点|人物|事件|主持人|嘉宾|采访对象|受访者|受访人|对话人|主讲人?|票价|电话|联系电话|地址|邮编|邮箱|网址|",
        r"数据来源|资料来源|来源|单位|姓名|职务|年龄)[:：].{0,40}$",
    ))
});

static BOX_TAG: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"[（(](?:记者手记|采访手记|手记|编后|编后语|链接|相关链接|新闻链接|延伸阅读|点评|短评|背景|新闻背景|小贴士)[）)]$",
    )
});

static MASTHEAD: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"星期[一二三四五六日天]|农历|国内统一|统一刊号|连续出版物号|\bCN\s*[0-9]{2}|邮发代号|^总第\s*[0-9]+|第\s*[0-9]{3,}\s*[期号]|",
        r"今日\s*[0-9]+\s*版|主管主办|中共\p{Han}{2,8}委(?:主管|主办|机关报)|^\p{Han}{2,8}(?:出版社|报社)出版$|新闻热线[:：]",
    ))
});

static PAPER: LazyLock<Regex> = LazyLock::new(|| {
    script::both(r"^\p{Han}{2,8}(?:日报|晚报|早报|晨报|时报|都市报|商报|周报|快报|导报|新报)$")
});

static PAGE_LINE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^第?\s*[A-Za-z]{0,2}[0-9０-９一二三四五六七八九十]{1,3}\s*版?\s*[·:：|｜—-]*\s*\p{Han}{0,6}$",
    )
});

/// Lines that close an article: graphics, authors, an office in brackets.
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[（(]?(?:本版|本期)?(?:制图|版式设计|统筹|作者|本报[\p{Han}、]{0,20}[0-9月日]+电|",
        r"——\s*(?:编者|编辑部|作者|译者|记者)$|据《|整理|资料图片|影像中国|数据来源|资料来源|来源[:：]|执笔)",
    ))
});

/// Whether a line is complete without a mark at its end: an office, a label, figures.
pub(crate) fn is_whole(line: &str) -> bool {
    line.len() <= 200 && (OFFICE.is_match(line) || LABEL.is_match(line) || figures(line))
}

/// Whether a line closes an article: who made the graphics, who wrote, where the data are from.
pub(crate) fn closes(line: &str) -> bool {
    line.len() <= 200 && CLOSING.is_match(line)
}

/// The blocks of a page with their cues.
pub(crate) fn observe(blocks: &[Block], issue: &Issue) -> Vec<Cues> {
    let mut cues: Vec<Cues> = blocks.iter().map(own).collect();
    edges(blocks, issue, &mut cues);
    levels(blocks, &mut cues);
    margins(blocks, &mut cues);
    neighbours(blocks, &mut cues);
    pairs(blocks, &mut cues);
    briefs(blocks, &mut cues);
    announced(blocks, &mut cues);
    topics(blocks, &mut cues);
    cues
}

/// What can be seen in the block alone.
fn own(block: &Block) -> Cues {
    let text = block.text.as_str();
    let mut cues = Cues::default();
    let mut count = text.chars().take(91).count();
    if (61..=90).contains(&count) && !text.contains(['。', '，', ',']) && text.contains([' ', '　'])
    {
        // Long headlines are set in parts, and have no commas.
        count = 60;
    }
    let tag = count <= 60 && !text.contains('。') && TAG.is_match(text);
    let exclaims = count <= 24 && text.ends_with(['！', '？', '!', '?']) && !text.contains('。');
    let credited = byline::trailing_credit(text).is_some();
    let closed = (seam::is_closed(text) || credited) && !tag && !exclaims;
    cues.note(Cue::Exclaims, exclaims);
    cues.note(Cue::Long, count > 60);
    cues.note(Cue::Middling, (33..=60).contains(&count));
    cues.note(Cue::Closed, closed);
    cues.note(Cue::Broken, block.level == 0 && seam::is_broken(text));
    cues.note(Cue::Continuation, seam::is_continuation(text));
    cues.note(Cue::Opener, dateline::opener(text).is_some());
    cues.note(Cue::LeadLike, LEAD.is_match(text));
    cues.note(Cue::Scene, count > 12 && SCENE.is_match(text));
    cues.note(Cue::Shown, text.starts_with("图为"));
    let flows = text.matches('，').count() >= 2 && !text.contains([' ', '　']);
    let says = SAYS.is_match(text);
    // `…都来帮忙，一起`: a heading does not stop right behind its comma.
    let stops = text.rsplit('，').next().is_some_and(|tail| tail.chars().count() <= 3);
    let flows = flows || says || stops && text.contains('，');
    cues.note(Cue::Flows, flows && count <= 60 && !closed && block.level == 0);
    let comma = text.contains('，') && !text.contains([' ', '　']) && count >= 12;
    cues.note(Cue::HasComma, comma && count <= 60 && !closed && block.level == 0);
    cues.note(Cue::ColonEnd, text.ends_with(['：', ':']));
    let begins = cues.has(Cue::Scene) || cues.has(Cue::LeadLike);
    cues.note(Cue::FullLine, block.full && !closed && block.level == 0);
    let lead = !closed && begins && text.contains('，') && !text.contains(' ');
    cues.note(Cue::LeadBegins, lead && block.level == 0);
    cues.note(Cue::EndsWithCredit, credited);
    cues.note(Cue::StaffLine, staff::lines(text).is_some());
    if count > 60 {
        return cues;
    }
    people(text, &mut cues);
    pointers(text, &mut cues);
    let bracketed = byline::unbracketed(text) != text;
    let closing = closes(text);
    let note = bracketed && count <= 26 && !closing && !cues.any(PEOPLE);
    cues.note(Cue::BracketNote, note);
    cues.note(Cue::ClosingLine, closing);
    cues.note(Cue::BoxWord, BOX.is_match(text));
    cues.note(Cue::Label, LABEL.is_match(text));
    cues.note(Cue::BoxTag, BOX_TAG.is_match(text));
    cues.note(Cue::Figures, figures(text) && block.level == 0);
    cues.note(Cue::Office, OFFICE.is_match(text) && block.level == 0);
    cues.note(Cue::NoticeTitle, kind::is_notice(text) && !closed);
    if closed && !note || closing {
        return cues;
    }
    cues.note(Cue::Short, count <= 32);
    cues.note(Cue::VeryShort, count <= 6);
    shapes(text, count, &mut cues);
    cues
}

/// Whether most of a line is digits, marks and spaces between them.
fn figures(text: &str) -> bool {
    let (mut digits, mut others) = (0_usize, 0_usize);
    for c in text.chars() {
        digits += usize::from(c.is_numeric());
        others += usize::from(c.is_alphabetic() && !"年月日时分元".contains(c));
    }
    digits >= 4 && digits >= others
}

/// Cues of lines that name people.
const PEOPLE: &[Cue] =
    &[Cue::Names, Cue::OneName, Cue::RoleLine, Cue::BracketRole, Cue::DutyAndName, Cue::CreditLine];

/// Cues that make a line no candidate for a heading.
const FURNITURE: &[Cue] = &[
    Cue::StaffLine,
    Cue::BarePointer,
    Cue::PointerPhrase,
    Cue::TeaserHead,
    Cue::Names,
    Cue::OneName,
    Cue::RoleLine,
    Cue::BracketRole,
    Cue::DutyAndName,
    Cue::CreditLine,
    Cue::MastheadLine,
    Cue::PageLine,
    Cue::BoxWord,
    Cue::BeforePointer,
];

fn people(text: &str, cues: &mut Cues) {
    if byline::credit(text).is_some() {
        cues.note(Cue::CreditLine, true);
    } else if byline::with_roles(text).is_some() {
        let bracketed = byline::unbracketed(text) != text;
        cues.note(if bracketed { Cue::BracketRole } else { Cue::RoleLine }, true);
    } else if let Some(names) = byline::bare(text) {
        cues.note(if names.len() > 1 { Cue::Names } else { Cue::OneName }, true);
    } else {
        cues.note(Cue::DutyAndName, byline::titled(text).is_some());
    }
}

fn pointers(text: &str, cues: &mut Cues) {
    cues.note(Cue::TeaserHead, teaser::is_header(text));
    match teaser::pointer(text) {
        Some((_, true)) => cues.note(Cue::PointerPhrase, true),
        Some((_, false)) => cues.note(Cue::BarePointer, true),
        None => cues.note(Cue::EndsWithPointer, teaser::trailing(text).is_some()),
    }
}

/// Cues in the wording of a short line.
fn shapes(text: &str, count: usize, cues: &mut Cues) {
    let plain = text.trim_end_matches(|c: char| SERIES.is_match(c.encode_utf8(&mut [0; 4])));
    cues.note(Cue::Series, SERIES.is_match(text));
    let column = COLUMN.is_match(plain) && count <= 14 || TALKS.is_match(text);
    cues.note(Cue::ColumnWord, column);
    cues.note(Cue::Dash, text.starts_with("——") || text.starts_with("--"));
    cues.note(Cue::DashEnd, text.ends_with("——"));
    cues.note(Cue::Clause, CLAUSE.is_match(text));
    cues.note(Cue::Tag, TAG.is_match(text));
    let pieces: Vec<usize> = text.split_whitespace().map(|piece| piece.chars().count()).collect();
    let long = pieces.iter().filter(|count| **count >= 4).count();
    cues.note(Cue::TwoParts, pieces.len() >= 2 && long >= 2);
    let uneven = pieces.iter().any(|count| *count <= 3) && pieces.iter().any(|count| *count >= 4);
    cues.note(Cue::Stacked, pieces.len() >= 4 && uneven);
}

/// How many blocks at each end of a page can be its masthead.
const EDGE: usize = 5;

fn edges(blocks: &[Block], issue: &Issue, cues: &mut [Cues]) {
    let total = blocks.len();
    let mut teasers = false;
    for (at, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        teasers |= cue.has(Cue::TeaserHead);
        let text = block.text.as_str();
        let short = !cue.any(&[Cue::Long, Cue::Middling]);
        let edge = at < EDGE || at + EDGE >= total;
        let named = |name: &str| {
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            !name.is_empty() && plain == name
        };
        let name =
            named(&issue.paper) || at < 2 && (named(&issue.page_name) || PAPER.is_match(text));
        let paper = short && name;
        let number = cue.has(Cue::Figures) && !text.contains(['年', '月']);
        let line = edge
            && !cue.has(Cue::Long)
            && !number
            && MASTHEAD.is_match(text)
            && !cue.has(Cue::Closed);
        cue.note(Cue::MastheadLine, paper || line);
        let number = short && at < EDGE && !teasers && PAGE_LINE.is_match(text);
        cue.note(
            Cue::PageLine,
            number && (text.contains('版') || at == 0 && text.starts_with('A')),
        );
    }
    let furniture = |cues: &Cues| cues.any(&[Cue::MastheadLine, Cue::PageLine]);
    if let Some(first) = cues.iter_mut().find(|cues| !furniture(cues)) {
        first.note(Cue::First, true);
    }
}

/// Cues of heading marks, which are only as good as their level among the page's others.
fn levels(blocks: &[Block], cues: &mut [Cues]) {
    let heading = |(block, cues): &(&Block, &Cues)| block.level > 0 && !cues.any(FURNITURE);
    let levels = blocks.iter().zip(&*cues).filter(heading).map(|(block, _)| block.level);
    let count = levels.clone().count();
    // Emphasis marks headings only where nothing else does, and more than one.
    let top = levels.clone().min().filter(|top| *top < EMPHASIS || count >= 3);
    let lowest = levels.max();
    let mut higher_follows: Option<u8> = None;
    for (block, cue) in blocks.iter().zip(cues.iter_mut()).rev() {
        let level = block.level;
        if level == 0 {
            let heads = cue.any(&[Cue::Short, Cue::Middling]) || cue.any(PEOPLE);
            if !heads || cue.any(&[Cue::StaffLine, Cue::BarePointer, Cue::Opener]) {
                higher_follows = None;
            }
            let short = cue.has(Cue::Short) || cue.has(Cue::Middling) && !cue.has(Cue::Closed);
            let unmarked = top.is_some() && short && !cue.any(FURNITURE);
            let ends = cue.any(&[Cue::Office, Cue::ClosingLine, Cue::Figures]);
            let above = unmarked && higher_follows == top && !ends;
            cue.note(Cue::UnmarkedAboveMarked, above);
            cue.note(Cue::Unmarked, unmarked && !above);
            continue;
        }
        let lower = higher_follows.is_some_and(|next| next < level);
        let marked = level < EMPHASIS || top == Some(EMPHASIS);
        // Of several levels, two of the highest in a row are a headline in two lines.
        let same = higher_follows == Some(level)
            && level < EMPHASIS
            && (top == lowest || top != Some(level));
        cue.note(Cue::MarkedBeforeMarked, same && marked && !cue.any(FURNITURE));
        cue.note(Cue::Emphasis, !marked);
        cue.note(Cue::LowerBeforeHigher, lower && marked);
        cue.note(Cue::TopMark, marked && top == Some(level));
        cue.note(Cue::LowerMark, marked && top != Some(level));
        // A line with a dash above a text belongs to the headline above it.
        let below = cue.has(Cue::Dash) && higher_follows.is_none();
        if !cue.any(FURNITURE) && !below {
            higher_follows = Some(higher_follows.map_or(level, |next| next.min(level)));
        }
    }
}

/// Cues of pages whose paragraphs are indented.
fn margins(blocks: &[Block], cues: &mut [Cues]) {
    let texts = || blocks.iter().zip(&*cues).filter(|(_, cues)| cues.has(Cue::Long));
    let (all, indented) = (texts().count(), texts().filter(|(block, _)| block.indented).count());
    if indented < 3 || indented * 5 < all * 4 {
        return;
    }
    for (block, cue) in blocks.iter().zip(cues.iter_mut()) {
        cue.note(Cue::Indented, block.indented);
        cue.note(Cue::AtMargin, !block.indented && !cue.any(FURNITURE) && !cue.any(PEOPLE));
    }
}

/// Cues in the blocks before and behind.
fn neighbours(blocks: &[Block], cues: &mut [Cues]) {
    let own: Vec<Cues> = cues.to_vec();
    let at = |index: Option<usize>| index.and_then(|i| own.get(i)).copied().unwrap_or_default();
    let names = &[Cue::Names, Cue::OneName, Cue::RoleLine, Cue::DutyAndName];
    let usual_gap = usual_gap(blocks);
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        let before = at(i.checked_sub(1));
        let (next, second) = (at(Some(i + 1)), at(Some(i + 2)));
        cue.note(Cue::BeforePointer, next.has(Cue::BarePointer) && !cue.any(FURNITURE));
        cue.note(Cue::BeforeOpener, next.has(Cue::Opener) && cue.has(Cue::Short));
        let above = i.checked_sub(1).and_then(|i| blocks.get(i)).map_or(0, |block| block.level);
        let label = before.has(Cue::Label)
            && i.checked_sub(1)
                .and_then(|i| blocks.get(i))
                .is_some_and(|b| b.text.ends_with(['：', ':']));
        cue.note(Cue::AfterLabel, label && !cue.any(&[Cue::Long, Cue::Closed]));
        let lower = above > 0 && block.level > above && block.level < EMPHASIS;
        cue.note(Cue::LowerAfterHigher, lower && !before.any(FURNITURE));
        cue.note(Cue::BeforeByline, next.any(names));
        // Names directly below a heading belong to that one.
        let above = at(i.checked_sub(2));
        let theirs = above.any(&[Cue::Short, Cue::Middling]) && !above.any(&[Cue::Closed]);
        cue.note(Cue::AfterByline, before.any(names) && !theirs);
        // A name alone is a credit only below a scene: it may be the next article's author.
        let scene = cue.has(Cue::Scene) || before.has(Cue::Scene) && before.has(Cue::Closed);
        let credit = |cues: Cues| cues.has(Cue::CreditLine) || scene && cues.has(Cue::OneName);
        let text = cue.has(Cue::Closed) && !cue.any(FURNITURE);
        cue.note(Cue::BeforeCredit, text && credit(next));
        let credited = credit(second) || next.has(Cue::EndsWithCredit);
        let far = credited && next.has(Cue::Closed) && cue.has(Cue::Scene);
        cue.note(Cue::SceneBeforeCredit, text && far);
        cue.note(Cue::FarApart, i > 0 && block.gap > usual_gap);
        let open = i.checked_sub(1).and_then(|i| blocks.get(i)).is_some_and(|previous| {
            let running = before.any(&[Cue::Long, Cue::Broken, Cue::Flows, Cue::HasComma])
                && !before.any(&[Cue::Tag, Cue::TwoParts])
                || before.has(Cue::Long);
            running && previous.level == 0 && !before.any(FURNITURE) && !before.has(Cue::Closed)
        });
        cue.note(Cue::AfterBroken, open && block.level == 0 && !cue.any(PEOPLE));
        let previous = i.checked_sub(1).and_then(|i| blocks.get(i));
        let closes =
            previous.is_some_and(|previous| !before.has(Cue::Long) && closes(&previous.text));
        let ended = before.any(&[Cue::CreditLine, Cue::BracketRole, Cue::PointerPhrase]) || closes;
        cue.note(Cue::AfterClosing, ended);
        let small = |cues: Cues| cues.has(Cue::Short) && !cues.any(FURNITURE);
        cue.note(Cue::BesideShort, small(*cue) && (small(before) || small(next)));
    }
}

/// Whether a block is a short line that can head something.
fn is_small(cues: Cues) -> bool {
    cues.has(Cue::Short) && !cues.any(FURNITURE) && !cues.any(&[Cue::Figures, Cue::Label])
}

/// Cues of two short lines between texts, and of a line whose words the next text begins with.
fn pairs(blocks: &[Block], cues: &mut [Cues]) {
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let is_text = |cues: Cues| cues.any(&[Cue::Closed, Cue::Long, Cue::Broken, Cue::Opener]);
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        if block.level > 0 || !is_small(*cue) {
            continue;
        }
        let ends = |i: usize| i == 0 || !is_small(at(i - 1)) && at(i - 1).any(ENDS);
        let below = |i: usize| at(i).any(PEOPLE) || at(i).has(Cue::Dash);
        let behind = |i: usize| {
            is_text(at(i)) || below(i) && (is_text(at(i + 1)) || below(i + 1) && is_text(at(i + 2)))
        };
        let (here, next) = (at(i), at(i + 1));
        let plain = |cues: Cues| !cues.any(&[Cue::Dash, Cue::Office, Cue::BoxTag, Cue::Tag]);
        let unmarked = |i: usize| blocks.get(i).is_some_and(|block| block.level == 0);
        let first = ends(i) && unmarked(i + 1) && is_small(next) && behind(i + 2);
        let fits = plain(here) && (plain(next) || next.has(Cue::Tag));
        cue.note(Cue::PairFirst, first && fits);
        let second =
            i > 0 && ends(i - 1) && unmarked(i - 1) && is_small(at(i - 1)) && behind(i + 1);
        let fits = plain(at(i - 1)) && (plain(here) || here.has(Cue::Tag));
        cue.note(Cue::PairSecond, second && fits);
    }
    for (i, cue) in cues.iter_mut().enumerate().filter(|(_, cue)| is_small(**cue)) {
        let text = |i: usize| blocks.get(i).map_or("", |block| block.text.as_str());
        let lead = if at(i + 1).any(PEOPLE) { i + 2 } else { i + 1 };
        cue.note(Cue::LeadEcho, is_text(at(lead)) && cohesion::begins_alike(text(i), text(lead)));
    }
}

/// What a pair of short lines may stand behind.
const ENDS: &[Cue] = &[
    Cue::Closed,
    Cue::CreditLine,
    Cue::BracketRole,
    Cue::PointerPhrase,
    Cue::StaffLine,
    Cue::MastheadLine,
    Cue::PageLine,
    Cue::ClosingLine,
    Cue::Office,
];

/// Cues of the items of a column of briefs: a line and one short text, again and again.
fn briefs(blocks: &[Block], cues: &mut [Cues]) {
    const ITEM_CHARS: usize = 200;
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let short = |i: usize| blocks.get(i).is_some_and(|b| b.text.chars().nth(ITEM_CHARS).is_none());
    let mut inside = false;
    let mut texts = 0;
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        if block.text.chars().nth(8).is_none() && kind::is_for_briefs(&block.text) {
            (inside, texts) = (true, 0);
            continue;
        }
        if is_small(*cue) {
            inside = inside && !is_small(at(i + 1)) && short(i + 1) && block.level == 0;
            cue.note(Cue::BriefItem, inside);
            texts = 0;
        } else if !cue.any(PEOPLE) {
            texts += usize::from(!cue.has(Cue::Continuation));
            inside = inside && texts < 3;
        }
    }
}

/// The gap that most blocks have before them.
fn usual_gap(blocks: &[Block]) -> usize {
    let mut gaps: Vec<usize> = blocks.iter().skip(1).map(|block| block.gap).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(1)
}

/// What is compared of two titles: their characters without spaces and marks.
pub(crate) fn folded(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Headlines that a teaser on the same page announces in the same words.
fn announced(blocks: &[Block], cues: &mut [Cues]) {
    let titles: HashSet<String> = blocks
        .iter()
        .zip(&*cues)
        .filter(|(_, cues)| cues.has(Cue::BeforePointer))
        .map(|(block, _)| folded(&block.text))
        .collect();
    for (block, cue) in blocks.iter().zip(cues.iter_mut()) {
        let candidate = !cue.any(&[Cue::BeforePointer, Cue::Long]);
        let same = !titles.is_empty() && candidate && titles.contains(&folded(&block.text));
        cue.note(Cue::Announced, same);
    }
}

fn topics(blocks: &[Block], cues: &mut [Cues]) {
    let candidate = |cues: &Cues| {
        let heading = cues.has(Cue::Short) || cues.has(Cue::Middling) && !cues.has(Cue::Closed);
        heading && !cues.any(FURNITURE) && !cues.any(&[Cue::Broken, Cue::Opener])
    };
    let short: Vec<usize> =
        cues.iter().enumerate().filter(|(_, cues)| candidate(cues)).map(|(at, _)| at).collect();
    let cohesion = Cohesion::new(blocks);
    scenes(&cohesion, cues);
    for (at, cue) in cues.iter_mut().enumerate() {
        let open = !cue.any(&[Cue::Closed, Cue::ClosingLine]) && !cue.any(FURNITURE);
        cue.note(Cue::WordAcross, open && cohesion.word_across(at));
    }
    let shifts: HashMap<usize, Shift> = cohesion.shifts(&short);
    for (at, cue) in cues.iter_mut().enumerate() {
        let Some(shift) = shifts.get(&at) else {
            continue;
        };
        if let Some(ratio) = shift.ratio {
            cue.note(Cue::NewTopic, ratio < 0.35);
            cue.note(Cue::OtherTopic, (0.35..0.6).contains(&ratio));
            cue.note(Cue::SameTopic, ratio > 0.85);
        }
        let (before, after) = (shift.echoed_before, shift.echoed_after);
        cue.note(Cue::EchoedAfter, after >= 0.3 && before < 0.15);
        cue.note(Cue::EchoedBefore, before >= 0.25);
    }
}

/// Whether the caption of a photo is about what the text before it is about.
fn scenes(cohesion: &Cohesion<'_>, cues: &mut [Cues]) {
    let captions = &[Cue::BeforeCredit, Cue::SceneBeforeCredit, Cue::EndsWithCredit];
    for (at, cue) in cues.iter_mut().enumerate().filter(|(_, cue)| cue.any(captions)) {
        if let Some(echo) = cohesion.echoed(at) {
            cue.note(Cue::SceneApart, echo < 0.1 && !cue.has(Cue::Shown));
            cue.note(Cue::SceneWithin, echo > 0.25);
        }
    }
}
