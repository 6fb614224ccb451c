//! What the lines around an article say: where it ends, what asks for something, who is named.
//!
//! Every pattern is for a short line of its own; running text is not searched with them.

use std::sync::LazyLock;

use regex::Regex;

use crate::html::credit;
use crate::html::moment;
use crate::script;

/// Longest line that the patterns of notes are tried on, in characters.
const NOTE_CHARS: usize = 140;

/// Headings of what stands below an article: other articles, readers' words, rights.
static BELOW: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[\s>»《◆■●▌|【\[]*(?:(?:相[关關]|延伸|推荐|推薦|更多|精彩|往期|[热熱][门門點点]?|最新|今日|编辑|猜你|人气|同类|同[类類]|扩展|擴展|其他|周边|大家|关联|關聯|你可能|您可能|为您|為您|为你|為你)",
        r"(?:阅读|閱讀|新[闻聞]|[链鏈連]接|連結|推荐|推薦|推送|文章|报道|报导|内容|專題|专题|稿件|[资資][讯訊]|信息|消息|视频|視頻|影音|图片|圖集|图集|排行|榜|回顾|回顧|精选|話題|话题|标签|喜欢|喜歡|感兴趣|都在看|還想看|还想看|也喜歡|也喜欢|热搜|好文|精彩|热点|搜索|条目|作品|资源|資源)",
        r".{0,12}",
        r"|(?:网友|網友|最新|全部|精彩|热门|熱門|精选|用户|读者|讀者|文章|我要|发表|發表|查看|更多|所有|写|寫|已有|展开|参与)*\s*[（(]?\s*[0-9,]*\s*[）)]?\s*[条條]?\s*(?:评论|留言|跟[贴帖]|回复|回覆|互动|互動|评论区|网友评论|发言|讨论|討論)(?:[（(]?\s*[0-9,]+\s*[条條]?[）)]?|列表|专区|專區|[区區]|内容|须知|數|数|\(.{0,9}\))?",
        r"|(?:版[权權]|免[责責]|特别|特別|郑重|鄭重|法律|重要|原创|侵权|風險|风险)(?:所有|声明|聲明|与免责.*|條款|条款|说明|提示|提醒|申明|告知)?[:：]?\s*$",
        r"|(?:上|下|前|后|後)一?[篇条條则則页頁][:：]?.{0,60}|(?:热|熱)(?:搜|榜).{0,6}",
        r"|(?:友情)?[链鏈]接|网站地图|網站地圖|合作[伙夥]伴|猜你喜欢|猜你喜歡|大家都在看|看过.{0,6}还看过?|评论",
        r"|(?:看|查看)?更多.{1,12}(?:新聞|新闻|報導|报道|內容)|看更多|(?:你|您)(?:可能)?(?:還|还|也)?(?:會|会)?(?:想|喜)[看歡欢].{0,6}|comments?|related\s.{0,30}|recommended.{0,30}|leave a reply|read more|more news|you may also like",
        r")[\s>»》】\]:：|…．.]*$",
    ))
});

/// Rights and disclaimers: nothing of an article comes behind them.
static RIGHTS: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[\s*※●（(【\[]*(?:(?:版[权權]|免[责責]|特[别別]|郑重|鄭重|法律|侵[权權]|版权作品|转载|轉載|平台|网站|本站|本网|著作[权權])(?:所有|声明|聲明|申明|说明|说明|须知|与免责|及免责|條款|条款)[^。]{0,4}[:：\s】\]]",
        r"|声明[:：]|聲明[:：]|(?:以上|上述|本文|文章|该文|此文)[^。]{0,12}(?:仅代表|不代表|僅代表|纯属|並不代表|系转载|系轉載|转载自|轉載自|版[权權])",
        r"|本(?:文|网|站|平台|账号|报)[^。]{0,20}(?:版权|版權|未[经經][^。]{0,8}(?:授[权權]|许可|許可)|不得转载|不代表|仅供参考|不承担)",
        r"|未[经經][^。]{0,10}(?:授[权權]|许可|許可|同意|书面)[^。]{0,12}(?:转载|轉載|不得|禁止|使用)",
        r"|凡(?:本网|本站|本报|来源|注明|標明|标明|注有)|(?:如|若)(?:有|发现|涉及|您|需转载|作者)[^。]{0,20}(?:侵[权權]|版[权權]|删除|刪除|联系|聯繫|聯絡)",
        r"|[（(]?(?:投资|股市|市场)有风险|(?:风险提示|温馨提示|溫馨提示)[:：]|copyright|©|all rights reserved|notice:|disclaimer",
        r"|本文(?:首发|刊登|刊载|原载|发表)于)",
    ))
});

/// Lines that speak of the article or to the reader; they are skipped wherever they stand.
static NOTE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[\s（(【\[*▲△◎●■◆]*(?:",
        r"(?:本文|文章|新闻|报道)?原标题|原題|原题(?:为|[:：])|原標題|原文标题|责任?编辑?[:：\s]|責任編輯|(?:本文|本期|值班|执行|新媒体|微信|网络)?(?:责编|編輯|编辑|主编|审核|校对|校審|编审|监制|统筹|制作|设计|值班|美编|版式|编校|初审|复审|终审|总监制|运营|排版|編審|監製|策划|策劃|剪辑|出品)(?:人|员)?\s*[:：/｜|丨]",
        r"|[-—–·•*～~\s]*(?i:the\s*)?(?i:end)[-—–·•*～~\s.]*$|(?:文章|稿件|信息|消息|本文|资料|内容)?(?:来源|來源|出处|出處|稿源)\s*[:：|｜丨/／]|(?:本文|原文)(?:链接|地址|来自)|(?:文章)?(?:关键[词字]|關鍵字|标签|標籤|tags?)\s*[:：]",
        r"|(?:责编|编辑|責編|編輯|排版|校对|审核|美编|监制|统筹|策划|剪辑|视频|摄像|翻译|值班编辑|责任编辑)\s+\p{Han}{2,4}(?:\s*[|｜丨/／、]?\s*\p{Han}{2,5}){0,8}$|.{0,24}(?:内容)?由\s*AI.{0,8}(?:生成|提炼|总结).{0,20}$|\[?复制链接\]?$|广告加载中|推荐$|请同意.{0,20}(?:隐私|Cookie|cookie).{0,30}$|.{0,30}未经.{0,8}(?:授权|许可|允许)[^。]{0,8}(?:转载|使用).{0,4}$|只看该作者|[【\[（(]?\s*(?:评论|推荐|收藏|打印|关闭|发表评论|加入收藏|告诉好友|打印此文|关闭窗口|大\s*中\s*小)[】\]）)](?:\s*[【\[（(][^】\]）)]{1,8}[】\]）)])+$|点击.{0,14}(?:蓝字|关注|名片|查看|阅读|收听|进入|下载|观看|图片|这里|此处|播放|放大|訂閱|订阅)|點擊.{0,14}(?:關注|查看|看|閱讀|觀看|下載)|.{0,40}[點点]我.{0,4}(?:下載|下载|訂閱|订阅|看).{0,30}$|长按.{0,14}(?:识别|关注|二维码)|扫(?:码|一扫|描).{0,20}$|掃.{0,10}(?:碼|QR).{0,10}$|关注我们|關注我們|阅读原文|閱讀原文|微信扫.{0,10}",
        r"|(?:更多|详细|更详细).{0,16}(?:请|敬请|欢迎)?(?:关注|下载|登录|登陆|访问|點擊|点击|訂閱)",
        r"|(?:欢迎|敬请|请)(?:关注|扫描|转载|转发|分享|下载|订阅|点击|长按|留言).{0,40}$|(?:下载|打开).{0,12}(?:客户端|APP|app|查看更多).{0,12}$",
        r"|分享(?:到|至|给|本文|让更多人看到)?[:：]?.{0,20}$|打印(?:本页|此页|本文)?|关闭(?:窗口|本页|此页)?|返回(?:顶部|首页|列表|上页)?|收藏(?:本文)?|举报|纠错|我要纠错|字[号體号体][:：]?.{0,16}$|字體.{0,10}$|缩小|放大|[大中小默认\s]{1,9}$|(?:浏览|阅读|点击|访问|瀏覽)(?:次?[数量數]|数)?[:：]?\s*[0-9,.万]*\s*次?$|[0-9,.万]+\s*(?:阅读|评论|浏览|次浏览|人参与|參與)$",
        r"|返回.{1,8}[，,].{0,8}$|.{0,60}(?:扫描|扫码|识别|长按)[^。]{0,12}(?:二维码|關注|关注).{0,30}$|[0-9、.]*\s*回复【.{1,20}】.{0,20}$|.{0,16}[点點]【?在看】?.{0,10}$|正文已结束|您可以按|全文完|\(?完\)?[）)]?$|全文$|展开(?:全文|更多|阅读|剩余.*)?$|继续阅读|未完待续|责任编辑|本文来自.{0,30}$|\[?查看原文\]?$|查看更多|加载中.{0,6}|加载更多|视频加载中.{0,6}|相关视频|(?:您的|你的)?浏览器(?:不支持|版本).{0,60}$|请.{0,6}(?:登录|登錄|输入).{0,20}$|当前位置[:：].{0,60}$|您(?:现在的|当前的?|所在的?)?位置[:：]?.{0,60}$|首页\s*[>＞»].{0,60}$|来自.{0,12}(?:客户端|号)$|已关注$|\+?\s*关注$|赞\s*[0-9]*$|点赞.{0,6}$|上一[页頁]|下一[页頁]|第?\s*[0-9]+\s*/\s*[0-9]+\s*页?$|\[[0-9]+\]$",
        r"|本文由.{1,16}(?:发表|发布|撰写|投稿|授权|原创).{0,30}$|(?:新闻|报料|爆料|投稿|热线|联系|举报|客服|合作|服务)(?:热线|电话|邮箱|方式|微信|QQ)?(?:电话|邮箱)?\s*[:：]",
        r"|(?:图片|图源|图|照片|视频|配图|圖片|題圖|题图|封面图|供图|摄影|摄|圖|攝影)\s*(?:来源|來源)?\s*[:：/／]\s*\S{1,30}$|图片?(?:来自|源自|據|据).{0,24}$|(?:资料图|資料圖|资料照片|網頁截圖|网页截图|视频截图|影片截圖|示意图|示意圖)[。]?$|广告$|廣告$|推广$|advertisement$|ad$|sponsored$|APP内打开|原创$|转载$",
        r")",
    ))
});

/// A notice of payment or membership: the text behind it is not in the page.
static PAY: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:订阅|购买|付费|登录|登錄|開通|开通|成为会员|会员).{0,20}(?:阅读|查看|全文|享受|看完整|畅读|解锁)|(?:阅读|查看|閱讀)(?:全文|完整).{0,12}(?:登录|订阅|付费|会员|购买)|加入.{0,12}(?:付費|付费)會?会?[員员]|余下全文|本文为付费内容|此内容为付费",
    )
});

/// What stands under a picture, by its wording.
static CAPTION: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[\s]*(?:[▲△▼▽↑↓◎]|图[①-⑳][:：]|[（(【\[]?(?:图为|图[一二三四五六七八九十0-9]{0,3}[:：为]|上图|下图|左图|右图|图中|图片说明|圖說|图说|图集|资料图|资料图片|资料照|資料圖|圖[:：／/]|图[／/]|题图|視頻|视频截图|图\s*[|｜丨]|【圖】|photo|image))",
        r"|(?:摄|攝)(?:影)?[）)\]】。]*$|(?:资料图|資料圖|资料图片|资料照片|供图|供圖|图片社|图[:：][^。]{2,24}|视觉中国供图|翻攝自.{0,20}|制图|製圖|翻摄自.{0,20}|截图|截圖)[）)\]】。]*$|[（(](?:图|圖|来源|圖片|图片|照片|资料|東方IC|视觉中国|新华社)[^（()）]{0,40}[）)]\s*$",
    ))
});

/// Whether a line heads what stands below articles.
pub(super) fn is_below(line: &str) -> bool {
    line.chars().count() <= 60 && BELOW.is_match(line.trim())
}

/// Whether a line that heads what stands below is about readers' comments.
pub(super) fn is_comments(line: &str) -> bool {
    const WORDS: [&str; 9] =
        ["评论", "評論", "留言", "跟贴", "跟帖", "回复", "回覆", "讨论", "omment"];
    WORDS.iter().any(|word| line.contains(word))
}

/// Whether a line begins a statement of rights, a disclaimer or a warning.
pub(super) fn is_rights(line: &str) -> bool {
    RIGHTS.is_match(head(line))
}

/// Whether a line speaks of the article or asks the reader for something.
pub(super) fn is_note(line: &str) -> bool {
    let count = line.chars().count();
    count <= NOTE_CHARS
        && (NOTE.is_match(line)
            || count <= SPACED_CHARS
                && line.contains([' ', '　'])
                && NOTE.is_match(&unspaced(line))
            || PAY.is_match(line) && !line.ends_with('。'))
}

/// Longest line whose blanks are left out to read its label, in characters: `责 编：甲`.
const SPACED_CHARS: usize = 30;

/// A line whose first two words of one character are put together.
fn unspaced(line: &str) -> String {
    let mut parts = line.split_whitespace();
    let first = parts.next().unwrap_or_default();
    let single = first.chars().count() == 1;
    let rest = parts.collect::<Vec<_>>().join(" ");
    if single { format!("{first}{rest}") } else { line.to_owned() }
}

/// Whether a line asks for payment before it shows the rest.
pub(super) fn is_pay(line: &str) -> bool {
    line.chars().count() <= NOTE_CHARS && PAY.is_match(line)
}

/// Whether a line reads like the words under a picture.
pub(super) fn is_caption(line: &str) -> bool {
    line.chars().count() <= 200 && CAPTION.is_match(line)
}

/// Who edited, behind the last sentence: `…六千顆石頭。（編輯：何宜）1121015`.
static EDITOR: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"\s*[（(]\s*(?:责任?编辑|编辑|责编|校对|核稿)\s*[:：/／][^（）()]{1,40}[）)]\s*[0-9]{0,8}$|返回\p{Han}{2,6}[，,]\s*查看更多$",
    )
});

/// A label before the words under a film.
static FILM: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"^(?:视频简介|影片简介|视频介绍)\s*[:：]\s*"));

/// A paragraph without the note of its editor behind it and the label before it.
pub(super) fn without_notes(text: &str) -> &str {
    let from = FILM.find(text).map_or(0, |found| found.end());
    let rest = text.get(from..).unwrap_or_default();
    let end = EDITOR.find(rest).map_or(rest.len(), |found| found.start());
    rest.get(..end).filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// A headline with day, hour and source behind it in one line.
static DATED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^(?P<head>.{4,60}?)\s+(?:(?:发布|发表|更新)?(?:时间|日期|于)?\s*[:：]?\s*)?(?:19|20)[0-9]{2}\s?[-年/.]\s?[0-9]{1,2}\s?[-月/.]\s?[0-9]{1,2}日?\s+[0-9]{1,2}[:：时][0-9]{2}",
    )
});

/// The headline before day and hour that stand behind it in one line.
pub(super) fn before_day(line: &str) -> Option<&str> {
    Some(DATED.captures(line)?.name("head")?.as_str())
}

/// A day, with its hour or without, and nothing else.
pub(super) fn is_bare_day(line: &str) -> bool {
    let only = |c: char| c.is_ascii_digit() || "年月日时分秒上下午-/.:： ".contains(c);
    (4..=24).contains(&line.chars().count())
        && line.chars().any(|c| c.is_ascii_digit())
        && line.chars().all(only)
}

/// What stands before a summary.
static SUMMARY: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^[\s【\[（(]*(?:视频简介|影片簡介|内容简介|内容提要|内容摘要|内容速览|本文摘要|核心提示|核心内容|摘要|提要|导读|导语|要点|简介|简介|编者按|AI\s*(?:智能)?(?:摘要|总结|导读|速读|概括)|智能(?:摘要|总结|概括)|重點|划重点|劃重點|速读|速览|前言摘要|文章摘要|新闻摘要|新闻提要)[】\]）)]*\s*[:：]?",
    )
});

/// Whether a line begins or labels a summary.
pub(super) fn is_summary_label(line: &str) -> bool {
    SUMMARY.is_match(head(line))
}

/// A line that gives the day of publication and says so.
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:发布|發布|发表|發表|发稿|刊发|刊登|上传|录入|添加|更新)?(?:日期|时间)\s*[:：]|(?:发布|發布|发表|發表)于|出版日期",
    )
});

/// Whether a line says of a day that it is that of publication.
pub(super) fn labels_day(line: &str) -> bool {
    line.chars().count() <= NOTE_CHARS && LABELLED.is_match(line)
}

/// Whether a line is the label of the day of publication, whose value stands in a cell of its own.
pub(super) fn labels_publication(line: &str) -> bool {
    const WORDS: [&str; 8] = ["发布", "發布", "公开", "发表", "發表", "发文", "刊登", "上传"];
    line.ends_with([':', '：']) && WORDS.iter().any(|word| line.contains(word))
}

/// Whether a line gives a day, a source or names.
pub(super) fn tells(line: &str) -> bool {
    line.chars().count() <= NOTE_CHARS
        && (moment::moment(line).is_some() || names_source(line) || credit::line(line).is_some())
}

/// Whether a line gives a day in full.
pub(super) fn gives_day(line: &str) -> bool {
    line.chars().count() <= NOTE_CHARS && moment::moment(line).is_some()
}

/// Whether a line names who published.
pub(super) fn names_source(line: &str) -> bool {
    line.chars().count() <= NOTE_CHARS && crate::html::claims::source_in(line).is_some()
}

/// The first characters of a line, as many as patterns of its beginning need.
fn head(line: &str) -> &str {
    let end = line.char_indices().nth(80).map_or(line.len(), |(at, _)| at);
    line.get(..end).unwrap_or_default()
}

/// Whether a line names who wrote, and in which role.
pub(super) fn credits(line: &str) -> bool {
    credit::has_role(line) && credit::line(line).is_some()
}

/// A page of an issue, with its name: `第03版：三农`, `A03版 要闻`.
static PAGE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(r"^(?:第\s*)?[A-Z]{0,2}\s*[0-9]{1,3}\s*版(?:面)?(?:[:：\s|]+\p{Han}{2,10})?$")
});

/// Whether a line is the page of an issue and nothing else.
pub(super) fn is_page(line: &str) -> bool {
    line.chars().count() <= 24 && PAGE.is_match(line.trim())
}

/// Whether a line says who reports and nothing else: `社会中心／綜合報導`.
pub(super) fn reports(line: &str) -> bool {
    let plain = line.trim_end_matches(['）', ')', '】', '〕']);
    line.chars().count() <= 30 && ["报道", "報導", "报导"].iter().any(|word| plain.ends_with(word))
}
