//! What a web page is that holds no article, so that whoever sent it knows why nothing was taken.

use std::sync::LazyLock;

use regex::Regex;

use crate::NoArticle;
use crate::PageKind;
use crate::PageLink;
use crate::html::headline::Names;
use crate::html::tree::Outline;
use crate::script;

/// Links from which a page is a list.
const LIST_LINKS: usize = 8;
/// Least letters of a link that may be a headline.
const HEADLINE_CHARS: usize = 6;
/// Text below which a page with scripts is only their shell, in characters.
const SHELL_CHARS: usize = 150;
/// Script from which a page without text is a shell, in bytes.
const SHELL_SCRIPT: usize = 300;

static GONE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?i)(?:^|[^0-9])404(?:[^0-9]|$)|not found|page (?:does not|doesn't) exist|",
        r"(?:页面|网页|頁面|網頁|文章|内容|新闻|帖子|信息)[^。]{0,8}(?:不存在|未找到|找不到|已?(?:被)?(?:删除|刪除|下线|下架)|不见了)|(?:找不到|无法找到|没有找到|您访问的)[^。]{0,10}(?:页面|网页|頁面|内容)|该内容已被发布者删除|此内容因违规无法查看",
    ))
});

static LOGIN: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"登录|登錄|登入|用户名|密码|密碼|验证码|sign in|log in"));

/// Whether a headline says that the article is not there.
pub(super) fn is_gone(headline: &str) -> bool {
    headline.chars().count() <= 40 && GONE.is_match(headline)
}

/// Whether a headline asks who one is.
pub(super) fn asks(headline: &str) -> bool {
    headline.chars().count() <= 16 && LOGIN.is_match(headline)
}

/// A page with several articles.
pub(super) const SEVERAL: NoArticle = NoArticle { kind: PageKind::Several, links: Vec::new() };

/// Whether the page holds several articles of about the same length and is named for none: the
/// front page of a site, a day's posts.
pub(super) fn several(outline: &Outline, names: &Names) -> bool {
    let mut outer: Vec<(usize, usize)> = Vec::new();
    for element in outline.elements.iter().filter(|element| &*element.name == "article") {
        // Replies are articles in articles.
        if outer.last().is_none_or(|(_, to)| element.from >= *to) {
            outer.push((element.from, element.to));
        }
    }
    let pieces = |from: usize, to: usize| outline.pieces.get(from..to).unwrap_or_default();
    let chars = |(from, to): &(usize, usize)| -> usize {
        let texts = pieces(*from, *to).iter().filter(|piece| piece.marks > 0 && !piece.is_link());
        texts.map(|piece| piece.chars).sum()
    };
    let names_it = |(from, to): &(usize, usize)| {
        pieces(*from, *to)
            .iter()
            .any(|piece| piece.heading > 0 && names.agreement(&piece.text) >= 1.5)
    };
    let mut lengths: Vec<usize> = outer.iter().map(chars).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let alike = match lengths.as_slice() {
        [first, second, ..] => *first >= ARTICLE_CHARS && second * 5 >= first * 2,
        [_] | [] => false,
    };
    // What stands around the articles may name the page too: its headline above all of them.
    let above = outer.first().map_or(0, |(from, _)| *from);
    let heads = pieces(0, above)
        .iter()
        .any(|piece| piece.heading == 1 && names.agreement(&piece.text) >= 1.5);
    alike && !heads && !outer.iter().any(names_it)
}

/// Characters from which an element for articles holds one.
const ARTICLE_CHARS: usize = 60;

/// Says what a page without an article is.
pub(super) fn judge(outline: &Outline) -> NoArticle {
    let chars: usize = outline.pieces.iter().map(|piece| piece.chars).sum();
    let links: Vec<PageLink> = headlines(outline);
    let titles = || {
        outline
            .pieces
            .iter()
            .take(60)
            .map(|piece| piece.text.as_str())
            .chain([outline.title.as_str()])
    };
    let short = |text: &&str| text.chars().count() <= 80;
    let kind =
        if titles().filter(short).any(|text| GONE.is_match(text)) && links.len() < 4 * LIST_LINKS {
            PageKind::Missing
        } else if outline.asks_password && links.len() < 4 * LIST_LINKS
            || chars < SHELL_CHARS * 2 && LOGIN.is_match(&outline.title)
        {
            PageKind::Login
        } else if links.len() >= LIST_LINKS {
            PageKind::List
        } else if chars < SHELL_CHARS && outline.script_bytes >= SHELL_SCRIPT {
            PageKind::Shell
        } else if chars == 0 {
            PageKind::Empty
        } else {
            PageKind::NoText
        };
    let links = if kind == PageKind::List { links } else { Vec::new() };
    NoArticle { kind, links }
}

/// The links of a page that read like headlines, each address once, in order.
pub(super) fn headlines(outline: &Outline) -> Vec<PageLink> {
    let mut seen = std::collections::HashSet::new();
    let mut links = Vec::new();
    for anchor in &outline.anchors {
        let goes = !anchor.href.starts_with('#')
            && !anchor.href.to_ascii_lowercase().starts_with("javascript:");
        let words = anchor.text.chars().filter(|c| c.is_alphanumeric()).count();
        if goes && words >= HEADLINE_CHARS && seen.insert(anchor.href.as_str()) {
            links.push(PageLink { title: anchor.text.clone(), url: anchor.href.clone() });
        }
    }
    links
}
