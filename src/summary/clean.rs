//! Which lines of a body are not what was reported: captions, credits, bylines, staff, tables.
//!
//! The page parser sets most of them apart; feeds leave them in the body.

use wenmai_text::surname;

/// What opens a line about those who made the page, before a colon, a space or a slash.
const STAFF: [&str; 28] = [
    "责编",
    "责任编辑",
    "编辑",
    "校对",
    "监制",
    "审核",
    "值班编委",
    "值班审核",
    "美编",
    "版式",
    "编审",
    "终审",
    "初审",
    "复审",
    "来源",
    "稿源",
    "原标题",
    "作者",
    "记者",
    "本报记者",
    "通讯员",
    "摄影",
    "摄像",
    "供图",
    "制图",
    "文",
    "图",
    "主编",
];
/// What opens a caption.
const CAPTION: [&str; 10] =
    ["图为", "图①", "图②", "图说", "资料图", "上图", "下图", "左图", "右图", "题图"];
/// What opens a line that the site added.
const SITE: [&str; 9] = [
    "扫码",
    "点击",
    "免责声明",
    "版权声明",
    "延伸阅读",
    "相关阅读",
    "更多精彩",
    "欢迎关注",
    "声明：",
];
/// What readers are asked for, or told of rights, in a short line.
const ASKED: [&str; 16] = [
    "点赞",
    "点关注",
    "请关注",
    "欢迎留言",
    "欢迎转发",
    "评论区",
    "仅供参考",
    "不得转载",
    "禁止转载",
    "版权归",
    "不代表本",
    "不代表平台",
    "联系删除",
    "感谢阅读",
    "感谢观看",
    "举报/反馈",
];
/// Characters of a line about people who made the page, at most.
const SHORT: usize = 40;

/// What a reader is asked to do with the page.
const CLICK: [&str; 26] = [
    "版权所有",
    "©",
    "通报如下",
    "公告如下",
    "点击查看",
    "点击阅读",
    "点击下方",
    "点击上方",
    "点击链接",
    "点击进入",
    "点击关注",
    "阅读原文",
    "原文链接",
    "扫描二维码",
    "扫码关注",
    "长按识别",
    "关注公众号",
    "微信公众号",
    "下载客户端",
    "转载请",
    "未经授权",
    "请联系我们",
    "责任编辑",
    "敬请关注",
    "更多资讯",
    "更多精彩",
];
/// Characters of a sentence to the reader, or about a picture, at most.
const ASIDE_CHARS: usize = 80;

/// Whether a sentence, in a line of running text, is of those who made the page and tells nothing: a
/// caption, a credit, a plea to click.
#[must_use]
pub fn is_aside(sentence: &str) -> bool {
    let inner = sentence.trim_start_matches(['（', '(', '【', '[', '▲', '△', '●', ' ', '　']);
    let end = sentence.trim_end_matches(['。', '）', ')', '】', ']', ' ', '　']);
    let is_short = || sentence.chars().nth(ASIDE_CHARS).is_none();
    let is_caption = || CAPTION.iter().any(|cue| inner.starts_with(cue));
    let is_credit = || {
        ["图源", "图片来源", "视频来源", "图据"].iter().any(|cue| inner.starts_with(cue))
            || (end.ends_with('摄') && (end.contains("记者") || end.contains('图')))
            || end.ends_with("供图")
    };
    let asks = || CLICK.iter().chain(&ASKED).any(|cue| sentence.contains(cue));
    is_short() && (is_caption() || is_credit() || asks())
}

/// Whether `line` is running text or a subhead.
#[must_use]
pub fn is_text(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['▲', '△', '▼', '●', '■', '◆']).trim_start();
    let inner = line.trim_start_matches(['（', '(', '【', '[']);
    let count = line.chars().take(SHORT + 1).count();
    let is_short = count <= SHORT;
    if line.is_empty() || !line.chars().any(char::is_alphabetic) {
        return false;
    }
    if line.contains('\t') || line.matches('|').count() >= 2 {
        return false;
    }
    if CAPTION.iter().any(|cue| inner.starts_with(cue))
        || SITE.iter().any(|cue| line.starts_with(cue))
    {
        return false;
    }
    let end = line.trim_end_matches(['）', ')', '】', ']', '。']);
    if is_short && ["摄", "供图", "制图"].iter().any(|cue| end.ends_with(cue)) {
        return false;
    }
    if is_short && (names_staff(inner) || ASKED.iter().any(|cue| line.contains(cue))) {
        return false;
    }
    !is_byline(inner)
}

fn names_staff(line: &str) -> bool {
    STAFF.iter().any(|duty| {
        line.strip_prefix(duty).is_some_and(|rest| {
            rest.starts_with(['：', ':', '/', '丨', '｜', ' ', '　']) && !rest.contains('，')
        })
    })
}

/// A bare line of names, apart by spaces.
fn is_byline(line: &str) -> bool {
    let line = line.trim_end_matches(['）', ')']);
    let count = line.split_whitespace().take(6).count();
    (2..=5).contains(&count) && line.split_whitespace().all(is_name)
}

/// Longer words that begin like a name are rather subheads (高度重视 严格落实).
fn is_name(word: &str) -> bool {
    let surname = surname::length(word);
    let given = word.chars().count().saturating_sub(surname);
    surname > 0 && (1..=2).contains(&given)
}

#[cfg(test)]
mod tests {
    use super::is_aside;
    use super::is_text;

    #[test]
    fn captions_credits_bylines_and_staff_are_not_text() {
        for line in [
            "图为清河县渠首。",
            "▲资料图：清河县渠首",
            "（本报记者 周小禾 摄）",
            "责任编辑：林一",
            "文/周小禾 图/林一",
            "记者 周小禾",
            "周小禾 林大川",
            "来源：清河日报",
            "扫码关注清河发布",
            "感谢阅读，如您喜欢请点赞、关注，谢谢！",
            "以上内容仅供参考。",
            "举报/反馈",
            "甲村\t120\t130",
            "| 村 | 亩 |",
            "12 345 67",
            "",
        ] {
            assert!(!is_text(line), "{line}");
        }
    }

    #[test]
    fn sentences_about_the_page_are_asides() {
        for sentence in [
            "图为清河县渠首。",
            "（图源：清河发布）",
            "开闸现场（本报记者 周小禾 摄）。",
            "更多详情请点击阅读原文。",
            "欢迎关注公众号清河发布。",
        ] {
            assert!(is_aside(sentence), "{sentence}");
        }
        for sentence in
            ["清河县开闸。", "县里用无人机拍摄渠道。", "记者点击网页后发现，渠首已停水。"]
        {
            assert!(!is_aside(sentence), "{sentence}");
        }
    }

    #[test]
    fn text_and_subheads_are() {
        for line in [
            "记者在清河县看到，渠水已经流进麦田。",
            "清河县开闸放水",
            "编辑部昨天搬家，读者仍可来信。",
            "春灌提前 麦田返青",
            "高度重视 严格落实",
            "图书馆今天开放。",
        ] {
            assert!(is_text(line), "{line}");
        }
    }
}
