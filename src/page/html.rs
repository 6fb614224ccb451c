//! Web pages → the text of their article: an e-paper's article page, a news site's page.
//!
//! `pieces` cuts the page into pieces of text with the elements that they stand in; the element with
//! most running text outside links holds the article (after Kohlschütter et al. 2010 and Arc90's
//! Readability), the heading above it is its headline. What is found is written as a page of its
//! own, which [`crate::parse`] reads like any other, so kickers, bylines, openers and jumps are
//! found by the same rules. Menus, advertisements and lists of links are left out; spans point into
//! the text that is left. It is one pass and pure; scripts are not run.

mod data;
mod pieces;

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::byline;
use crate::names::is_han;
use pieces::Outline;
use pieces::Piece;
use wenmai_text::pattern;

/// The article of a web page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Extract {
    /// Its text: the headline as a heading, what stands above and below it, paragraphs.
    pub text: String,
    /// Whom the page names as its source.
    pub source: String,
    /// The day it names.
    pub date: Option<Date>,
    /// Whom it names as authors.
    pub authors: Vec<String>,
    /// The heading above its headline, which on web pages is a kicker.
    pub kicker: Option<String>,
    /// What stands under its pictures.
    pub captions: Vec<String>,
}

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?P<year>20[0-9]{2})\s*[-年/.]\s*(?P<month>[0-9]{1,2})\s*[-月/.]\s*(?P<day>[0-9]{1,2})",
    )
});

static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:稿件来源|信息来源|文章来源|来源|來源)\s*[:：]\s*(?P<source>[^\s|｜:：（(]{2,30})",
    )
});

static AUTHORS: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"(?:作者|记者|記者)\s*[:：]\s*(?P<names>[\p{Han}、，·]{2,8}(?:[、，\s]+[\p{Han}·]{2,4}){0,5})",
    )
});

/// Where a text was printed, at its end: `《清河日报》（2025年09月08日 05版）`.
static PRINTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^《\s*(?P<source>[^》]{2,20}?)\s*》\s*[（(]\s*20[0-9]{2}\s*[-年][^）)]{2,30}版?\s*[）)]$",
    )
});

/// What asks the reader to do something.
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"^(?:点击.{0,8}(?:蓝字|关注|名片)|长按.{0,12}(?:识别|关注)|扫码.{0,12}$|关注我们|阅读原文|",
        r"[（(]?责任?编辑?[:：]|(?:文章)?关键词[:：])",
    ))
});

/// What a news site puts below its articles.
static BELOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"^(?:相关(?:阅读|新闻|链接|推荐|文章)|推荐阅读|延伸阅读|热门(?:推荐|新闻|排行)|猜你喜欢|上一篇|下一篇|分享到|扫一扫|",
        r"版权(?:所有|声明)|免责声明|网友评论|我要评论|打印本页|关闭窗口|更多精彩)",
    ))
});

/// Whether `text` is HTML, by what it begins with.
pub(super) fn is_html(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !start.starts_with('<') {
        return false;
    }
    let end = start.char_indices().nth(4_000).map_or(start.len(), |(at, _)| at);
    let head = start.get(..end).unwrap_or_default().to_ascii_lowercase();
    let tags = ["<!doctype html", "<html", "<head", "<body", "<div", "<article", "<p>", "<table"];
    tags.iter().any(|tag| head.contains(tag))
}

/// Finds the article of the web page `text`.
pub(super) fn extract(text: &str) -> Extract {
    let outline = pieces::outline(text);
    let Some(holder) = holder(&outline.pieces) else {
        return Extract::default();
    };
    let is_inside = |piece: &&Piece| piece.within.contains(&holder);
    let first = outline.pieces.iter().position(|piece| is_inside(&piece)).unwrap_or_default();
    let title = title(&outline, first);
    let mut extract = Extract::default();
    for (key, value) in &outline.meta {
        about(&mut extract, key, value);
    }
    data::tell(&outline.data, &mut extract);
    if extract.source.is_empty() && (2..=40).contains(&outline.source.chars().count()) {
        outline.source.clone_into(&mut extract.source);
    }
    let mut page = Writer::default();
    for (at, piece) in outline.pieces.iter().enumerate() {
        let place = Place { at, first, title: title.index, inside: is_inside(&piece) };
        if place.title == Some(at) || place.title.is_none() && place.inside && page.text.is_empty()
        {
            page.heading(2, &title.text);
            if place.title == Some(at) {
                continue;
            }
        }
        let wording = piece.text.as_str();
        match place.part(piece, outline.is_epaper) {
            Part::Caption => extract.captions.push(wording.to_owned()),
            Part::Heading if wording != title.text => {
                page.heading(3, wording);
                if title.index.is_some_and(|title| at < title) {
                    extract.kicker = Some(wording.to_owned());
                }
            }
            Part::About => credits(&mut extract, wording),
            Part::Body if BELOW.is_match(wording) => break,
            Part::Body => page.paragraph(wording),
            Part::Heading | Part::Nothing => {}
        }
    }
    extract.text = page.text;
    let mut head = outline.pieces.iter().take(first).filter(|piece| piece.text.contains("星期"));
    extract.date = extract.date.or_else(|| head.find_map(|piece| date(&piece.text)));
    extract
}

/// Where a piece stands.
struct Place {
    at: usize,
    /// The first piece of the text.
    first: usize,
    /// The headline.
    title: Option<usize>,
    /// Whether it stands in the element that holds the text.
    inside: bool,
}

/// What a piece is.
enum Part {
    Heading,
    Caption,
    /// It tells of the article: day, source, author.
    About,
    Body,
    Nothing,
}

impl Place {
    fn part(&self, piece: &Piece, is_epaper: bool) -> Part {
        let Self { at, first, title, inside } = *self;
        let beside = title.is_some_and(|title| at.abs_diff(title) <= 2)
            && at < first.max(title.unwrap_or(0) + 1);
        if piece.is_aside {
            return Part::Nothing;
        }
        let near = inside || at <= first && at + 6 > first;
        if piece.is_caption && near {
            return Part::Caption;
        }
        let text = piece.text.as_str();
        if !inside || at <= title.unwrap_or(0) && piece.heading > 0 {
            let small = is_epaper && text.chars().count() <= 40 && !piece.is_link() && !tells(text);
            return match (at <= first, beside && (piece.heading > 0 || small)) {
                (true, true) => Part::Heading,
                (true, false) if title.is_some_and(|t| at > t) || at + 4 > first => Part::About,
                _ => Part::Nothing,
            };
        }
        if title.is_some_and(|title| at < title) || piece.is_link() || is_meta(text) {
            return Part::About;
        }
        if CALL.is_match(text) { Part::Nothing } else { Part::Body }
    }
}

/// Whether a line gives a day, a source or names.
fn tells(line: &str) -> bool {
    DATE.is_match(line)
        || SOURCE.is_match(line)
        || byline::bare(line).is_some()
        || byline::with_roles(line).is_some()
}

/// Writes the text of the article.
#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn heading(&mut self, level: usize, text: &str) {
        if !text.is_empty() {
            self.paragraph(&format!("{} {text}", "#".repeat(level)));
        }
    }

    fn paragraph(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
    }
}

/// A headline, and the piece that it is.
struct Title {
    text: String,
    index: Option<usize>,
}

/// The heading that stands above the article, else what the page calls itself.
fn title(outline: &Outline, first: usize) -> Title {
    let metas = ["og:title", "articletitle"].iter().find_map(|name| outline.meta.get(*name));
    let named = metas.filter(|title| !title.is_empty()).unwrap_or(&outline.title);
    // 标题_栏目_网站: the first part is the headline.
    let named = named.split(['_', '|', '｜']).next().unwrap_or_default();
    let named = named.split(" - ").next().unwrap_or_default().trim();
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let score = |(at, piece): &(usize, &Piece)| {
        let same = !named.is_empty() && bare(&piece.text) == bare(named);
        let near = *at <= first + 4;
        (same, near && piece.heading == 1, near && piece.heading > 1, *at)
    };
    let candidates = outline.pieces.iter().enumerate();
    let headings = candidates.filter(|(at, piece)| {
        let is_named = !named.is_empty() && bare(&piece.text) == bare(named);
        (piece.heading > 0 || is_named) && *at <= first + 4 && !piece.is_aside
    });
    match headings.max_by_key(score) {
        Some((at, piece)) => Title { text: piece.text.clone(), index: Some(at) },
        None => Title { text: named.to_owned(), index: None },
    }
}

/// How much more an element holds than the best one inside it, where texts are set in sections side
/// by side.
const CLEARLY: f64 = 1.25;

/// The element that holds the text: the one with most running text (a piece speaks for its parent,
/// half for the next, and so on upwards), or one around it that holds clearly more.
fn holder(pieces: &[Piece]) -> Option<u32> {
    let mut scores: HashMap<u32, Held> = HashMap::new();
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| !piece.is_aside) {
        let plain = piece.text.chars().count().saturating_sub(2 * piece.link_chars);
        let marks = piece.text.matches(['，', '。', ',']).count();
        if plain < 10 || marks == 0 || piece.is_caption {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "a length of text")]
        let (mass, mut share) = (plain as f64, plain as f64 + 20.0 * marks as f64);
        for element in piece.within.iter().rev() {
            let held = scores.entry(*element).or_insert_with(|| Held { at, ..Held::default() });
            held.score += share;
            held.mass += mass;
            share /= 2.0;
        }
    }
    let rank = |held: &Held| (held.score, std::cmp::Reverse(held.at));
    let best = scores.iter().max_by(|(_, a), (_, b)| {
        let (a, b) = (rank(a), rank(b));
        a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
    });
    let (mut holder, mut held) = best.map(|(id, held)| (*id, *held))?;
    let around = pieces.iter().find(|piece| piece.within.contains(&holder))?.within.clone();
    let outer = around.iter().rev().copied().skip_while(|element| *element != holder).skip(1);
    for element in outer.collect::<Vec<_>>() {
        if let Some(more) = scores.get(&element)
            && more.mass > held.mass * CLEARLY
            && !full_of_links(pieces, element)
        {
            (holder, held) = (element, *more);
        }
    }
    Some(holder)
}

/// What an element holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    score: f64,
    /// Characters of running text.
    mass: f64,
    /// Its first piece.
    at: usize,
}

/// Whether links are a good part of an element.
fn full_of_links(pieces: &[Piece], element: u32) -> bool {
    let inside = pieces.iter().filter(|p| p.within.contains(&element) && !p.is_aside);
    let (links, all) = inside.fold((0, 0), |(links, all), piece| {
        (links + piece.link_chars, all + piece.text.chars().count())
    });
    links * 5 > all
}

/// Whether a line tells of the article instead of being in it: day, source, author.
fn is_meta(line: &str) -> bool {
    let count = line.chars().count();
    let says = SOURCE.is_match(line) || DATE.is_match(line) && line.contains(':');
    count <= 60 && (says || PRINTED.is_match(line)) && !line.contains('。')
}

fn credits(extract: &mut Extract, line: &str) {
    if line.chars().count() > 120 {
        return;
    }
    if extract.source.is_empty() {
        let found = SOURCE
            .captures(line)
            .or_else(|| PRINTED.captures(line))
            .and_then(|found| found.name("source"));
        extract.source = found.map_or_else(String::new, |source| source.as_str().to_owned());
    }
    extract.date = extract.date.or_else(|| date(line));
    if extract.authors.is_empty()
        && let Some(names) = AUTHORS.captures(line).and_then(|found| found.name("names"))
    {
        extract.authors = names_of(names.as_str());
    }
    if extract.authors.is_empty() {
        let day = DATE.find(line).map_or(line.len(), |day| day.start());
        let end = line.find('《').map_or(day, |at| at.min(day));
        let head = line.get(..end).unwrap_or_default().trim_matches(|c: char| !is_han(c));
        let people = byline::with_roles(head).or_else(|| byline::bare(head));
        extract.authors = people.unwrap_or_default().into_iter().map(|who| who.name).collect();
    }
}

fn about(extract: &mut Extract, key: &str, value: &str) {
    match key {
        "article:published_time" | "publishdate" | "pubdate" | "og:release_date" => {
            extract.date = extract.date.or_else(|| date(value));
        }
        "source" | "mediaid" | "og:article:source" | "contentsource"
            if extract.source.is_empty() =>
        {
            let plain = value.trim_start_matches("来源").trim_start_matches([':', '：']).trim();
            plain.clone_into(&mut extract.source);
        }
        "author" | "article:author" | "og:article:author" if extract.authors.is_empty() => {
            extract.authors = names_of(value);
        }
        _ => {}
    }
}

fn names_of(text: &str) -> Vec<String> {
    byline::bare(text).unwrap_or_default().into_iter().map(|person| person.name).collect()
}

fn date(text: &str) -> Option<Date> {
    let found = DATE.captures(text)?;
    let part = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<i16>().ok());
    let small = |name: &str| part(name).and_then(|number| i8::try_from(number).ok());
    Date::new(part("year")?, small("month")?, small("day")?).ok()
}

#[cfg(test)]
mod tests {
    use super::extract;
    use super::is_html;

    /// An article page as e-papers have it; a county that does not exist.
    const EPAPER: &str = "<!DOCTYPE html><html><head><title>清河大桥合龙-清河日报</title>\
        <script>var a = '<p>没有，没有。</p>';</script></head><body>\
        <div class=nav><a href=1>第01版：要闻</a> <a href=2>第02版：综合</a></div>\
        <div class=article><h3>历时两年</h3><h1>清河大桥合龙</h1><h2>明年五月通车</h2>\
        <p class=sec>周小禾 《清河日报》（2025年09月08日 第01版） 来源：清河日报</p>\
        <div id=ozoom><P>&nbsp;&nbsp;&nbsp;&nbsp;本报柳溪9月7日电　（记者周小禾）清河大桥昨日合龙，历时两年，\
        两岸群众来到现场。<P>大桥全长一千二百米，双向六车道。<br>明年五月通车，两岸告别渡船。</P></div></div>\
        <ul><li><a href=3>柳溪秋粮开镰</a></li><li><a href=4>医院新院区启用，床位增加。</a></li></ul>\
        <div class=footer>清河日报社版权所有，未经许可，不得转载。</div></body></html>";

    #[test]
    fn an_article_page_gives_its_article_alone() {
        assert!(is_html(EPAPER));
        let found = extract(EPAPER);
        assert!(found.text.contains("## 清河大桥合龙\n"), "{}", found.text);
        assert!(found.text.contains("双向六车道。\n\n明年五月"), "{}", found.text);
        assert!(!found.text.contains("秋粮") && !found.text.contains("版权"), "{}", found.text);
        assert!(!found.text.contains("没有"), "{}", found.text);
        assert_eq!(found.source, "清河日报");
        assert_eq!(found.date.unwrap().to_string(), "2025-09-08");
    }

    #[test]
    fn plain_text_is_no_html() {
        assert!(!is_html("## 大桥合龙\n\n昨日，大桥合龙。"));
        assert!(!is_html("<本报讯> 昨日，大桥合龙。"));
    }

    #[test]
    fn broken_html_ends_somewhere() {
        for text in
            ["<html>", "<p>大桥合龙，通车。<p", "<div>".repeat(5_000).as_str(), "<html></p></p>"]
        {
            let _ = extract(text);
        }
        assert!(extract("<html><body><p>大桥昨日合龙，明年五月通车。").text.contains("大桥昨日"));
    }
}
