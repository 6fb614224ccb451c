//! Words and shapes of lines that say what they are: columns, boxes, leads, mastheads, offices.

use std::sync::LazyLock;

use regex::Regex;

use crate::names;
use crate::script;

/// Words that columns and series end with, of any paper.
pub(super) static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?:观察|调研|走基层|走一线|谈|之道|新事|视点|访谈|专栏|专题|聚焦|关注|风采|故事|档案|园地|看台|在线|快评|时评|短评|锐评|",
        r"评论|论坛|之窗|视界|视线|进行时|一线|现场|连线|特写|纪实|纪事|见闻|笔记|手记|随笔|随想|茶座|走笔|讲堂|课堂|广角|纵横|扫描|",
        r"速递|速览|快讯|简讯|短讯|要闻|动态|资讯|传真|热线|信箱|来信|来论|曝光台|红黑榜|光荣榜|先锋|榜样|人物|说法|问答|答疑|提醒|",
        r"提示|百科|天地|副刊|连载|系列报道|系列|巡礼|深度|透视|解读|解码|探访|沙龙|大家谈|面对面|帮办|追踪|直通车|会客厅|文苑|",
        r"论语|漫笔|走读|镜头|影像|钩沉|史话|风物|新语|服务台|公告栏)$",
    ))
});

/// Who talks: a series of talks by holders of one office (`…局长谈防汛`).
pub(super) static TALKS: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"(?:长|书记|主任|专家|委员|代表|院士|教授)谈"));

/// Who said what: only running text goes on behind such a comma.
pub(super) static SAYS: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:表示|介绍|指出|认为|强调|透露|坦言|告诉记者|介绍说|了解到|获悉|提出|要求)[，,：:]",
    )
});

pub(super) static SERIES: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:[①-⑳㉑-㉟❶-❿]|[（(][0-9一二三四五六七八九十]{1,3}[）)]|之[一二三四五六七八九十]+|[·•][上中下])$",
    )
});

pub(super) static TAG: LazyLock<Regex> = LazyLock::new(|| {
    script::both(r"^.{4,}[（(](?:[^（）()]|[（(][^（）()]{1,4}[）)]){2,24}[）)]$")
});

/// Subheadings of a row: 一、…, （二）…, 3．…, ■….
pub(super) static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:[（(]?[一二三四五六七八九十]{1,3}(?:、|[)）]|\.)|第[一二三四五六七八九十]{1,3}[、：:]|",
        r"[（(]?[0-9０-９]{1,2}(?:[、．)）]|\.[^0-9])|[①-⑳■◆●▲★▌])",
    ))
});

pub(super) static CLAUSE: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"^(?:以|从|把|让|在|为|向|用|当|对|与)|的|[，,]"));

pub(super) static BOX: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[■□◆◇●○▲△▼★☆▶►◎※·]*(?:点评|短评|编者按|编后|编后语|编辑点评|记者手记|采访手记|手记|核心阅读|核心提示|内容提要|提要|",
        r"相关链接|延伸阅读|链接|新闻链接|知识链接|背景|新闻背景|小贴士|小知识|名词解释|专家点评|专家观点|专家解读|记者观察|",
        r"连线评论员|微评|观点|对话|名片|人物名片|人物小传|数据|启示|声音|温馨提示|相关新闻)[■□◆◇●○▲△▼★☆◎※·]*[:：]?$",
    ))
});

pub(super) static SCENE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:[▲△▼◀▶←→↑↓①-⑩]|图①|图一|上图|下图|左图|右图|近日|日前|连日来|昨日|昨天|今日|时下|眼下|",
        r"(?:[0-9０-９]{4}年)?(?:[0-9０-９]{1,2}月)?[0-9０-９]{1,2}日|[^，。]{2,16}(?:现场|车间|田间|地里|基地)[，,]|",
        r"\p{Han}{0,10}(?:游客|游人|市民|村民|居民|群众|工人|农民|农户|果农|菜农|学生|孩子|小朋友|老人|民警|消防员|医护人员|",
        r"工作人员|技术人员|农技人员|施工人员|志愿者|演员|选手|运动员|观众|读者)们?(?:正在|正|在))",
    ))
});

/// How first paragraphs begin.
pub(super) static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:近日|日前|昨日|昨天|今日|今天|昨晚|前天|前不久|不久前|这几天|这两天|这段时间|",
        r"连日来|近年来|近段时间|近期|最近|今年以来|入[春夏秋冬汛]以来|本周|上周|截至|据悉|",
        r"记者(?:昨日|日前|今日)?从|(?:[0-9０-９]{4}年)?[0-9０-９]{1,2}月[0-9０-９]{1,2}日|[0-9０-９]{1,2}日|",
        r"[^。，]{0,24}(?:近日|日前|昨日)|[^。]{0,30}(?:获悉|了解到)[，,])",
    ))
});

/// An office that signs a notice, or the day on which it did.
pub(super) static OFFICE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:\p{Han}{2,18}(?:局|公司|委员会|政府|办公室|服务中心|管理处|管理所|人民法院|检察院|银行|协会|商会|学会|委员会|",
        r"指挥部|领导小组|编辑部|合作社|集团|公证处|殡仪馆|税务所|派出所|拍卖行)|\p{Han}{1,3}[市区县]|[0-9〇二]{4}年[0-9一二三四五六七八九十]{1,3}月",
        r"[0-9一二三四五六七八九十]{1,3}日)$",
    ))
});

/// A label with its value on the same line, as profiles and notices have them.
pub(super) static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?:时间|地点|人物|事件|\p{Han}{2,4}(?:时间|地点|方式)|主持人|嘉宾|采访对象|受访者|受访人|对话人|主讲人?|导航|",
        r"(?:本报)?(?:法律顾问|地址|热线)|出版单位|印刷|承印|邮发代号|定价|零售价|发行|投稿|微信|",
        r"票价|电话|联系电话|地址|邮编|邮箱|网址|",
        r"数据来源|资料来源|来源|单位|姓名|职务|年龄)[:：].{0,40}$|",
        r"^\p{Han}{1,3}人[:：]\s*\p{Han}{2,4}$",
    ))
});

pub(super) static BOX_TAG: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"[（(](?:记者手记|采访手记|手记|编后|编后语|链接|相关链接|新闻链接|延伸阅读|点评|短评|背景|新闻背景|小贴士)[）)]$",
    )
});

pub(super) static MASTHEAD: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"星期[一二三四五六日天]|农历|国内统一|统一刊号|连续出版物号|\bCN\s*[0-9]{2}|邮发代号|^总第\s*[0-9]+|第\s*[0-9]{3,}\s*[期号]|",
        r"今日\s*[0-9]+\s*版|主管主办|中共\p{Han}{2,8}委(?:主管|主办|机关报)|^\p{Han}{2,8}(?:出版社|报社)出版$|新闻热线[:：]",
    ))
});

pub(super) static PAPER: LazyLock<Regex> = LazyLock::new(|| {
    script::both(r"^\p{Han}{2,8}(?:日报|晚报|早报|晨报|时报|都市报|商报|周报|快报|导报|新报)$")
});

pub(super) static PAGE_LINE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^第?\s*[A-Za-z]{0,2}[0-9０-９一二三四五六七八九十]{1,3}\s*版?\s*[·:：|｜—-]*\s*\p{Han}{0,6}$",
    )
});

/// Lines that close an article: graphics, authors, an office in brackets.
pub(super) static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[（(]?(?:本版|本期)?(?:制图|版式设计|统筹|作者|本报[\p{Han}、]{0,20}[0-9月日]+电|",
        r"——\s*(?:编者|编辑部|作者|译者|记者)$|据《|整理|资料图片|影像中国|数据来源|资料来源|来源[:：]|执笔)",
    ))
});

/// Who is named behind the last sentence of an article: `…。据清河新闻`, `…。（新华社）`.
static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?:^|[。！？”’…）])\s*[/／]?(?:(?:据|综合|来源[:：]|转自)[\p{Han}A-Za-z·《》“”、\s]{2,24}|",
        r"[（(](?:据|综合|来源[:：])?(?:本报|新华|央视|中新|人民|\p{Han}{2,6}(?:社|网|报))[^（）()。，]{0,20}[）)])$",
    ))
});

/// Whether `text` ends with who supplied it, which no paragraph inside an article does.
pub(crate) fn ends_with_source(text: &str) -> bool {
    let from = text.char_indices().rev().nth(30).map_or(0, |(at, _)| at);
    let found = SOURCE.find(text.get(from..).unwrap_or_default());
    // Where the text was cut for the search no line begins.
    found.is_some_and(|found| from == 0 || found.start() > 0)
}

/// Who tells what follows: `讲述人：周小禾`, `来信人：林小满`.
static TOLD: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"^\p{Han}{1,4}[人者][:：]\s*(?P<name>\p{Han}{2,4})$"));

/// Whether a line names who tells what follows.
pub(crate) fn told_by(line: &str) -> bool {
    let name = |found: regex::Captures<'_>| found.name("name").map(|name| name.as_str().to_owned());
    line.len() <= 60 && TOLD.captures(line).and_then(name).is_some_and(|n| names::may_be_name(&n))
}

/// A caption with no more than a place and whoever took or supplied the photo.
static PHOTO: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[^。！？]{0,30}[\s　](?:(?:本报|\p{Han}{1,4})?(?:记者|通讯员|网友)?\s*[\p{Han}A-Za-z“”·]{2,14}[\s　]+摄|",
        r"\p{Han}{2,8}(?:供图|提供|配图)|资料图片?|资料照片)$|^[\p{Han}“”A-Za-z0-9]{2,14}[\s　]+摄$|^\p{Han}{2,8}供图$",
    ))
});

/// Whether a line is a caption that names a place and whoever took the photo, and no more.
pub(crate) fn is_photo_line(line: &str) -> bool {
    line.len() <= 200 && PHOTO.is_match(line)
}

/// Whether a line is complete without a mark at its end: an office, a label, figures.
pub(crate) fn is_whole(line: &str) -> bool {
    let says = OFFICE.is_match(line) || LABEL.is_match(line) || figures(line);
    line.len() <= 200 && (says || is_photo_line(line)) || ends_with_source(line)
}

/// Whether a line is the heading of a box; its characters may stand apart (手 记).
pub(super) fn is_box(line: &str) -> bool {
    const LONGEST: usize = 60;
    let plain = || line.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    line.len() <= LONGEST && BOX.is_match(&plain())
}

/// Whether a line closes an article: who made the graphics, who wrote, where the data are from.
pub(crate) fn closes(line: &str) -> bool {
    line.len() <= 200 && CLOSING.is_match(line)
}

/// Whether most of a line is digits, marks and spaces between them.
pub(super) fn figures(text: &str) -> bool {
    let (mut digits, mut others) = (0_usize, 0_usize);
    for c in text.chars() {
        digits += usize::from(c.is_numeric());
        others += usize::from(c.is_alphabetic() && !"年月日时分元".contains(c));
    }
    digits >= 4 && digits > others
}
