//! What of a text belongs to the paper and not to the story: openers, bylines, source notes.

use std::sync::LazyLock;

use regex::Regex;

use wenmai_text::pattern;

/// Lines at the beginning in which an opener may stand; the first may be a headline.
const OPENER_LINES: usize = 3;
/// Characters of a line that can be a note; a longer one is a sentence.
const NOTE_CHARS_MAX: usize = 80;

/// `本报讯（记者 甲）`, `新华社清河9月8日电`, `据清河网报道，`, `【清河日报讯】`.
static OPENER: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)^\s*
        (?:[\[【（(] \s* (?:文|图|编译|记者|来源|作者|原标题|\p{Han}{2,6}(?:网|社|报|记者)) [^\]】）)。]{0,40} [\]】）)] \s*)?
        (?:[（(【\[]? \s* 据? \s*
          (?: (?:本报|本台|本网|本刊|本社) \p{Han}{0,8}?
            | \p{Han}{0,6}?(?:社|网|日报|晚报|早报|时报|商报|都市报|青年报|电视台|客户端|新闻) )
          [^，。！？；：:\n“”]{0,20}? (?:讯|电|消息|报道)
          \s* [）)】\]]? \s*
          (?:[（(][^（）()。]{0,60}[）)]\s*){0,2}
          (?:(?:\p{Han}{0,6}记者|通讯员|文/?|编辑)[\s:：]+\p{Han}{2,4}(?:[\s、]+\p{Han}{2,4}\b)*\s+)?
          [\s：:，,—\-]* )?",
    )
});

/// A line that says who made the text and not what happened.
static NOTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)^[\s【\[（(■●▲◎※▼△*]*
        (?: (?:文章|信息|稿件|本文|资料|图片|新闻|内容)?来源 | 作者 | (?:责任|执行|值班|本期|本文|网络|见习|实习)?(?:编辑|主编|责编)
          | 责编 | 美编 | 编审 | 校对 | 校检 | 审核 | 审校 | 审读 | 初审 | 复审 | 终审 | 一审 | 二审 | 三审 | 签发 | 监制 | 统筹 | 制作 | 制图 | 撰文 | 文字
          | 文 | 图 | 摄影 | 摄像 | 摄 | 供图 | 供稿 | 配图 | 视频 | 剪辑 | 排版 | 设计 | 策划 | 出品 | 编译
          | (?:本报|本网|本台|全媒体|融媒体|特约|见习|实习|首席)*记者 | 通讯员 | 实习生 | 原标题 | 原题 | 标签 | 关键词
          | 发布时间 | 更新时间 | 发表时间 | 时间 | 日期 | 版权声明 | 免责声明 | 声明 | 特别声明 | 阅读原文 | 转载 )
        \s* [/／：:丨|｜]",
    )
});

/// A line of nothing but a time: `2025-09-08 06:30`.
static STAMP: LazyLock<Regex> = LazyLock::new(|| pattern::fixed(r"^[\d\s年月日时分秒/.:：-]{6,}$"));

/// A line of names under a role: `本报记者 甲 乙`.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)^[（(\[【]?\s*(?:本报|本网|本台|全媒体|融媒体|特约|见习|实习|首席|\p{Han}{2,6}(?:社|网|报))*(?:记者|通讯员|评论员)
        (?:[\s、]+\p{Han}{2,4})+ (?:\s*(?:摄影)?报道|\s*摄)? \s*[）)\]】]?$",
    )
});

/// A bracket at the end that names source or editor, and the editor's line without brackets.
static TAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?x)\s*(?:
          [（(\[【] \s* (?:完|完毕|来源|文章来源|作者|责任编辑|责编|编辑|记者|本报记者|总台|央视|原题|原标题|文[/／]|图[/／]|本文|据|综合|新华社|中新社|通讯员|编译|审校)
            [^（）()\[\]【】]{0,60} [）)\]】]
        | (?:责任编辑|责编|编辑|文章来源|来源|返回搜狐|查看更多)\s*[：:]\s*[^，。]{0,24}
        | 返回搜狐，查看更多 ) \s*$",
    )
});

/// The lines of `paragraphs` without notes, the first ones without their openers.
pub(super) fn lines(paragraphs: &[String]) -> Vec<&str> {
    let all = paragraphs.iter().flat_map(|text| text.lines()).map(str::trim);
    let mut kept: Vec<&str> = all.filter(|line| !line.is_empty() && !is_note(line)).collect();
    for line in kept.iter_mut().take(OPENER_LINES) {
        let opener = OPENER.find(line).map_or(0, |found| found.end());
        // An opener that takes the whole line says nothing about where the text begins.
        if opener < line.len() {
            *line = line.get(opener..).unwrap_or_default();
        }
    }
    while let Some(last) = kept.last_mut() {
        let Some(tail) = TAIL.find(last) else { break };
        *last = last.get(..tail.start()).unwrap_or_default();
        if last.is_empty() {
            kept.pop();
        }
    }
    kept
}

fn is_note(line: &str) -> bool {
    // Bytes first: counting characters of every paragraph is not free.
    line.len() <= 4 * NOTE_CHARS_MAX
        && line.chars().count() <= NOTE_CHARS_MAX
        && !line.contains('。')
        && (NOTE.is_match(line) || NAMES.is_match(line) || STAMP.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn stripped(paragraphs: &[&str]) -> String {
        let paragraphs: Vec<String> = paragraphs.iter().map(|text| (*text).to_owned()).collect();
        lines(&paragraphs).join("\n")
    }

    #[test]
    fn openers_of_papers_and_agencies_are_cut() {
        for opener in [
            "本报讯（记者 周小禾 通讯员 许舟）",
            "新华社清河9月8日电（记者周小禾）",
            "中新网清河9月8日电 (许舟)",
            "据清河日报报道，",
            "【清河晚报讯】",
            "清河网讯 ",
        ] {
            let text = format!("{opener}大桥昨日合龙。");
            assert_eq!(stripped(&[&text]), "大桥昨日合龙。", "{opener}");
        }
    }

    #[test]
    fn notes_and_editors_are_dropped() {
        let text = [
            "来源：清河日报",
            "2025-09-08 06:30",
            "本报记者 周小禾 许舟",
            "大桥合龙。",
            "通车在即。（责任编辑：许舟）",
            "编辑：林小满",
        ];
        assert_eq!(stripped(&text), "大桥合龙。\n通车在即。");
    }

    #[test]
    fn sentences_stay() {
        for text in ["来源：这是一个关于水的故事。", "昨日，大桥合龙。", "电站昨日发电。"]
        {
            assert_eq!(stripped(&[text]), text);
        }
    }
}
