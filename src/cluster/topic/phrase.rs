//! Words of an article that can be keywords of its topics: whole words, names and phrases, as a
//! person would write them.
//!
//! The index cuts an unknown name into pairs of characters (仁勋, 黄仁), which finds it and reads badly.
//! Here a name is taken whole from what was recognised, a word that the dictionary lacks only where it
//! stands twice between known words, and two nouns that the headline joins make a phrase. What pages
//! and desks put around a text (markup, 责编, 邮箱) is left out.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::topic::cohesion::Tagged;
use crate::topic::cohesion::whole;
use wenmai_domain::span::Span;
use wenmai_text::headline;
use wenmai_text::normalize::normal;
use wenmai_text::pattern;
use wenmai_text::terms::Analyzer;

/// Characters of a word or a phrase.
const CHARS_MIN: usize = 2;
const PHRASE_CHARS_MAX: usize = 8;
/// Characters of a word that the dictionary lacks.
const UNKNOWN_CHARS: Range<usize> = 2..5;
/// Characters of a name that is taken out before the rest is cut; a shorter one may be part of a word.
const NAME_CHARS_MIN: usize = 3;
/// How often such a word, or a phrase that the headline does not hold, stands in the text at least.
const REPEATED: usize = 2;

/// Words of pages, desks and markup, which no topic is about.
static BOILERPLATE: LazyLock<HashSet<&str>> =
    LazyLock::new(|| BOILERPLATE_WORDS.split_whitespace().collect());
const BOILERPLATE_WORDS: &str = "责编 责任编辑 编辑 编审 校对 审校 监制 主编 邮箱 来源 记者 通讯员 实习生 摄影 供图 配图 图片 视频 组图 图集 图文 原标题 标题 正文 \
点击 转载 转发 版权 版权所有 声明 免责 免责声明 客户端 公众号 微信 微博 二维码 扫码 下载 登录 注册 首页 网站 链接 评论 点赞 收藏 分享 举报 反馈 查看 阅读 更多 \
快讯 独家 重磅 突发 刚刚 速递 更新 直播 专题 专栏 讯 电 报道 本报 本报讯 本网 新华网 人民网 新华社 中新社 央视网 央视新闻 澎湃 澎湃新闻 新闻网 新闻 日电 \
本报记者 责任 内容摘要 资料图 如图 下同 报料 授权 \
the of and for with from paper thepaper top align att attachment center style width height src href jpg jpeg png gif img alt nbsp ldquo rdquo mdash px font span div class strong br hr td tr table body html \
http https www com cn net org htm shtml php app ios android copyright all rights reserved auto content justify line text color \
background margin padding solid rgb rgba normal none family overflow display block inline word wrap bold italic indent size weight border webkit \
function var script javascript index title page target blank left right image images data id";

/// Addresses of web pages and of mail, whose pieces are no words.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:https?://|www\.)[!-~]+|[a-z0-9._-]+@[a-z0-9.-]+|[a-z0-9-]+\.(?:com|cn|net|org)\b",
    )
});

/// The words of an article's headline and opening that can be keywords, each once.
///
/// `names` are whole names of persons, places and organisations in it, in their form for matching.
#[must_use]
pub fn keyword_candidates(
    title: &str,
    lead: &str,
    names: &[&str],
    analyzer: &Analyzer,
) -> Vec<String> {
    let shown: Vec<&str> = names.iter().copied().filter(|name| is_shown(name)).collect();
    let read = |text: &str| {
        let mut text = ADDRESS.replace_all(&normal(text), "，").into_owned();
        // A name is one word; what is left of the text has no pieces of it.
        for name in shown.iter().filter(|name| name.chars().count() >= NAME_CHARS_MIN) {
            text = text.replace(name, "，");
        }
        text
    };
    let title = read(&headline::clean(title));
    let lead = read(&headline::without_markup(lead));
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let texts = [&title, &lead].map(|text| Tagged { text, words: analyzer.tagged(text) });
    for (text, is_title) in texts.iter().zip([true, false]) {
        for candidate in candidates(text) {
            let joined = match candidate.kind {
                Shape::Phrase => candidate.text,
                Shape::Word | Shape::Unknown => whole(&candidate.text, candidate.is_name, &texts),
            };
            let count = counts.entry(joined).or_default();
            count.times += 1;
            count.in_title |= is_title;
            count.kind = count.kind.min(candidate.kind);
        }
    }
    let mut found: Vec<String> = Vec::new();
    for (text, count) in counts {
        let is_whole = match count.kind {
            Shape::Word => true,
            Shape::Phrase => count.in_title && count.times >= REPEATED,
            Shape::Unknown => count.times >= REPEATED,
        };
        // 仁勋 inside 黄仁勋 is a piece of a name.
        let is_piece = count.kind == Shape::Unknown
            && shown.iter().any(|name| name.contains(&text) || text.contains(name));
        if is_whole && !is_piece {
            found.push(text);
        }
    }
    for name in shown {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// How a candidate came about; the surer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Shape {
    Word,
    #[default]
    Phrase,
    Unknown,
}

#[derive(Debug, Default)]
struct Count {
    times: usize,
    in_title: bool,
    kind: Shape,
}

struct Candidate {
    text: String,
    kind: Shape,
    /// Whether it may be a name, or a piece of one.
    is_name: bool,
}

/// Words, joined nouns and runs of single characters of a normalized text, with repetitions.
fn candidates(Tagged { text, words }: &Tagged<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut push = |text: &str, kind, is_name| {
        if is_shown(text) {
            found.push(Candidate { text: text.to_owned(), kind, is_name });
        }
    };
    for (span, tag) in words {
        let word = span.of(text).unwrap_or_default();
        if word.chars().count() >= CHARS_MIN && says_something(tag) {
            let is_name = tag.starts_with("nr") || matches!(*tag, "nz" | "x");
            push(word, Shape::Word, is_name);
        }
    }
    for pair in words.windows(2) {
        let [(first, tag), (second, other)] = pair else { continue };
        let phrase = text.get(first.start..second.end).unwrap_or_default();
        let joined = first.end == second.start && is_noun(tag) && is_noun(other);
        let each = [first, second].map(|span| span.of(text).unwrap_or_default().chars().count());
        let is_phrase = each[0] >= CHARS_MIN && each[1] >= 1 && each[0] + each[1] > 2;
        if joined && is_phrase && phrase.chars().count() <= PHRASE_CHARS_MAX {
            push(phrase, Shape::Phrase, false);
        }
    }
    // Runs of single characters between words: what the dictionary lacks.
    let mut run: Option<(usize, usize)> = None;
    for (at, (span, tag)) in words.iter().enumerate() {
        let word = span.of(text).unwrap_or_default();
        let is_single = word.chars().count() == 1 && is_name_part(tag);
        run = match run {
            Some((start, end)) if is_single && end == span.start => Some((start, span.end)),
            Some((start, end)) => {
                push_unknown(text, (start, end), &mut push);
                is_single.then_some((span.start, span.end))
            }
            None => is_single.then_some((span.start, span.end)),
        };
        if at + 1 == words.len()
            && let Some(last) = run
        {
            push_unknown(text, last, &mut push);
        }
    }
    found
}

fn push_unknown(
    text: &str,
    (start, end): (usize, usize),
    push: &mut impl FnMut(&str, Shape, bool),
) {
    let run = text.get(start..end).unwrap_or_default();
    if UNKNOWN_CHARS.contains(&run.chars().count()) {
        push(run, Shape::Unknown, true);
    }
}

/// Whether `word` can name a standing subject: a noun or a name, or words that end in one. 不得 and 推进
/// may be keywords of a story, and nothing runs through the news under their name.
///
/// A word that the dictionary lacks as a whole, and would cut into single characters, is a name.
#[must_use]
pub fn is_subject(word: &str, analyzer: &Analyzer) -> bool {
    let text = normal(word);
    let pieces = analyzer.tagged(&text);
    let is_single =
        |(span, _): &(Span, &str)| span.of(&text).is_some_and(|piece| piece.chars().count() == 1);
    pieces.last().is_some_and(|(_, tag)| names_something(tag))
        || pieces.len() > 1 && pieces.iter().all(is_single)
}

/// Whether a word of the dictionary's `tag` names something: nouns of all kinds, verbs that are nouns
/// as well, idioms, what is foreign, unknown or without a tag, and the endings of nouns.
fn names_something(tag: &str) -> bool {
    matches!(tag.chars().next(), Some('n' | 'j' | 'l' | 'i' | 'x' | 'k' | 's'))
        || matches!(tag, "" | "vn" | "an" | "eng")
}

/// Whether a word of the dictionary's `tag` can be what a topic is about.
fn says_something(tag: &str) -> bool {
    let first = tag.chars().next().unwrap_or('x');
    matches!(first, 'n' | 'v' | 'a' | 'i' | 'l' | 'j' | 's' | 'b' | 'x' | 'e') && tag != "nrfg"
}

fn is_noun(tag: &str) -> bool {
    matches!(tag, "n" | "ns" | "nz" | "nt" | "vn" | "j" | "ng" | "l" | "b" | "an")
}

/// Whether a single character of `tag` can be part of a word that the dictionary lacks.
fn is_name_part(tag: &str) -> bool {
    matches!(tag, "n" | "nr" | "ns" | "nz" | "ng" | "x" | "j" | "g" | "a" | "vg" | "ag" | "zg")
}

/// Whether a reader wants to see `word`: at least two characters, not all of them digits, and no word
/// of pages and desks.
fn is_shown(word: &str) -> bool {
    word.chars().count() >= CHARS_MIN
        && word.chars().any(char::is_alphabetic)
        && !word.contains('/')
        && !word.chars().next().is_some_and(|c| c.is_ascii_digit())
        && !BOILERPLATE.contains(word)
}

#[cfg(test)]
mod tests {
    use super::is_subject;
    use super::keyword_candidates;
    use wenmai_text::terms::Analyzer;

    fn found(title: &str, lead: &str, names: &[&str]) -> Vec<String> {
        keyword_candidates(title, lead, names, &Analyzer::load().unwrap())
    }

    #[test]
    fn names_are_whole_and_pieces_of_them_are_left_out() {
        let words = found(
            "黄柏勋在柳溪讲话",
            "黄柏勋说，柳溪的渡口要修。黄柏勋还说，柏勋是祖父起的名字。",
            &["黄柏勋", "柳溪镇"],
        );
        assert!(words.contains(&"黄柏勋".to_owned()), "{words:?}");
        for piece in ["柏勋", "黄柏", "勋在"] {
            assert!(!words.contains(&piece.to_owned()), "{words:?}");
        }
    }

    #[test]
    fn markup_and_credits_are_no_words_of_a_topic() {
        let words = found(
            "【组图】快讯丨望江大桥主桥合龙_澜溪网",
            "text-align: justify; <p align=\"center\"><img src=\"attachment.jpg\"></p>大桥合龙。责编：许舟 邮箱：a@b.cn",
            &[],
        );
        assert!(words.contains(&"合龙".to_owned()), "{words:?}");
        for noise in [
            "com",
            "hwb",
            "b.cn",
            "justify",
            "组图",
            "快讯",
            "责编",
            "邮箱",
            "align",
            "center",
            "attachment",
            "溪网",
        ] {
            assert!(!words.contains(&noise.to_owned()), "{noise}: {words:?}");
        }
    }

    #[test]
    fn a_piece_that_always_stands_beside_the_same_character_is_written_with_it() {
        let words = found(
            "多模态新品发布",
            "多模态是方向。浦特科夫昨日到访，浦特科夫说，多模态要做，泡泡玛特也要学，泡泡玛特不急。",
            &[],
        );
        for word in ["多模态", "泡泡玛特"] {
            assert!(words.contains(&word.to_owned()), "{word}: {words:?}");
        }
        for piece in ["模态", "泡泡", "玛特"] {
            assert!(!words.contains(&piece.to_owned()), "{piece}: {words:?}");
        }
    }

    #[test]
    fn nouns_that_the_headline_joins_make_a_phrase() {
        let words = found("柳溪安全生产条例施行", "安全生产条例昨日施行，安全生产是大事。", &[]);
        assert!(words.iter().any(|word| word == "安全生产"), "{words:?}");
    }

    #[test]
    fn nouns_and_names_are_subjects_and_verbs_and_function_words_are_none() {
        let analyzer = Analyzer::load().unwrap();
        for word in ["台风", "诈骗", "大模型", "暴雨", "黄柏勋", "清河大桥", "反补贴税", "GDP"]
        {
            assert!(is_subject(word, &analyzer), "{word}");
        }
        for word in ["不得", "推进", "举行", "必须", "进一步", "他们", "目前", "全面推进"]
        {
            assert!(!is_subject(word, &analyzer), "{word}");
        }
    }
}
