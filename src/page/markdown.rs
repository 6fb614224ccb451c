//! Markdown as programs write it: what is markup, what only leads elsewhere, and which headings group
//! others.
//!
//! The text is read without its inline markup (links, emphasis, comments, tags, escapes), front
//! matter and tables of contents, and the spans that are found are moved back to where they stand
//! in the text. A heading that has nothing but headings below it is a section. Where there is none
//! of all this, nothing is changed.

mod inline;
mod outline;
mod restore;

use std::sync::LazyLock;

use regex::Regex;

use crate::Issue;
use crate::Page;
use crate::line::trimmed;
use wenmai_domain::span::Span;

/// A page without the markup of programs.
#[derive(Debug, Default)]
struct Clean {
    /// What is left, to be read.
    pub text: String,
    /// What was taken out as markup, in order.
    pub marks: Vec<Span>,
    /// What was taken out as words that belong to no article: contents, links to go on.
    pub left: Vec<Span>,
    /// The headings that group others, in order.
    pub sections: Vec<Section>,
    /// What stands under pictures, in order, with its place.
    pub captions: Vec<(String, Span)>,
    /// What stands in the front matter.
    pub front: Front,
    /// For each piece that was kept: where it begins in [`Clean::text`], and its place on the page.
    kept: Vec<(usize, Span)>,
}

/// A heading that groups articles.
#[derive(Debug, Clone, PartialEq)]
struct Section {
    pub name: String,
    pub span: Span,
    /// Where its articles end on the page.
    pub end: usize,
}

/// What a file says of itself before its text.
#[derive(Debug, Clone, Default, PartialEq)]
struct Front {
    pub title: Option<(String, Span)>,
    pub date: Option<jiff::civil::Date>,
    pub source: String,
}

/// A line of the page.
#[derive(Debug, Clone)]
struct Row {
    /// Without the white space around it.
    span: Span,
    /// Depth of the heading mark; 0 where there is none.
    level: usize,
    /// What was taken out of it.
    cut: Vec<Span>,
    /// Its words without markup.
    words: String,
    fate: Fate,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fate {
    /// It is read.
    #[default]
    Kept,
    /// It is nothing but markup.
    Mark,
    /// Its words belong to no article.
    Left,
    /// It groups headings.
    Section,
    /// It is a picture with words, or the words right below one.
    Caption,
}

/// A line that only leads elsewhere, by its words.
static LEADS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[>→»\s]*(?:查看|阅读|点击|返回|跳转|打开|原文|全文|更多|来源链接|上一[篇版页期]|下一[篇版页期]|目录|回到顶部|分享|收藏|订阅|",
        r"https?://)\S{0,12}$|^(?:更新|抓取|采集|导出|生成|发布于|最后更新|最后修改)(?:时间|日期)?[:：]\s*[-0-9T:.Z/ +年月日]+$",
    ))
    .ok()
});

/// Reads `text` with `parse`, without the markup of programs where it has any.
pub(crate) fn read(text: &str, issue: &Issue, parse: impl FnOnce(&str, &Issue) -> Page) -> Page {
    let Some(clean) = clean(text) else {
        return parse(text, issue);
    };
    let issue = Issue { date: issue.date.or(clean.front.date), ..issue.clone() };
    restore::restore(parse(&clean.text, &issue), &clean)
}

/// Reads the markup of `text`; `None` where there is none that a program wrote.
fn clean(text: &str) -> Option<Clean> {
    let mut clean = Clean::default();
    let start = front(text, &mut clean);
    let comments = inline::comments(text, start);
    let mut rows = rows(text, start, &comments);
    outline::settle(&mut rows);
    let changed = start > 0
        || !comments.is_empty()
        || rows.iter().any(|row| !row.cut.is_empty() || row.fate != Fate::Kept);
    if !changed {
        return None;
    }
    sections(&rows, text.len(), &mut clean);
    let marks = std::mem::take(&mut clean.marks).into_iter().chain(comments);
    let mut out: Vec<(Span, Fate)> = marks.map(|span| (span, Fate::Mark)).collect();
    out.extend(clean.front.title.iter().map(|(_, span)| (*span, Fate::Section)));
    for row in &rows {
        if matches!(row.fate, Fate::Kept | Fate::Caption) {
            out.extend(row.cut.iter().map(|span| (*span, Fate::Mark)));
        } else {
            out.push((row.span, row.fate));
        }
        if row.fate == Fate::Caption {
            let inner = inside(row);
            clean.captions.push((inner.of(text).unwrap_or_default().to_owned(), inner));
            out.push((inner, Fate::Caption));
        }
    }
    let out = apart(out);
    for (span, fate) in &out {
        match fate {
            Fate::Mark => clean.marks.push(*span),
            Fate::Left => clean.left.push(*span),
            // Sections, captions and the title of the file hold their own places.
            Fate::Section | Fate::Caption | Fate::Kept => {}
        }
    }
    let out: Vec<Span> = out.into_iter().map(|(span, _)| span).collect();
    clean.keep(text, &out);
    Some(clean)
}

/// The same spans in order, each cut where the one before it reaches into it.
fn apart(mut spans: Vec<(Span, Fate)>) -> Vec<(Span, Fate)> {
    spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    let mut found = Vec::with_capacity(spans.len());
    for (span, fate) in spans {
        let span = Span::new(span.start.max(end), span.end.max(end));
        if !span.is_empty() {
            end = span.end;
            found.push((span, fate));
        }
    }
    found
}

impl Clean {
    /// Keeps what is not in `out`, spans in order.
    fn keep(&mut self, text: &str, out: &[Span]) {
        let mut at = 0;
        for span in out.iter().copied().chain([Span::new(text.len(), text.len())]) {
            if span.start > at {
                let piece = Span::new(at, span.start);
                self.kept.push((self.text.len(), piece));
                self.text.push_str(piece.of(text).unwrap_or_default());
            }
            at = at.max(span.end);
        }
    }

    /// Where a span of [`Clean::text`] stands on the page.
    pub fn places(&self, span: Span) -> Vec<Span> {
        let first = self.kept.partition_point(|(start, _)| *start <= span.start).saturating_sub(1);
        let pieces = self.kept.iter().skip(first).take_while(|(start, _)| *start < span.end);
        let place = |(start, piece): &(usize, Span)| {
            let from = span.start.max(*start) - start;
            let to = span.end.min(start + piece.len()) - start;
            Span::new(piece.start + from, piece.start + to)
        };
        pieces.map(place).filter(|place| !place.is_empty()).collect()
    }
}

/// Reads the front matter; returns where the text begins behind it.
fn front(text: &str, clean: &mut Clean) -> usize {
    const MOST_LINES: usize = 40;
    let body = text.trim_start_matches('\u{feff}');
    let start = text.len() - body.len();
    let Some(rest) = body.strip_prefix("---\n").or_else(|| body.strip_prefix("---\r\n")) else {
        return 0;
    };
    let mut at = text.len() - rest.len();
    let mut marks = vec![trimmed(text, Span::new(start, at))];
    let mut found = Front::default();
    for line in rest.split_inclusive('\n').take(MOST_LINES) {
        let span = Span::new(at, at + line.len());
        at = span.end;
        if matches!(line.trim(), "---" | "...") {
            marks.push(trimmed(text, span));
            clean.marks = marks.into_iter().filter(|mark| !mark.is_empty()).collect();
            clean.front = found;
            return at;
        }
        marks.push(trimmed(text, span));
        let listed = line.starts_with([' ', '\t', '-']) || line.trim().is_empty();
        match line.split_once(':') {
            Some((key, value)) if !listed => {
                field(text, span, key.trim(), value, &mut found, &mut marks);
            }
            _ if listed => {}
            _ => return 0,
        }
    }
    0
}

/// Reads a field of the front matter that takes `span` of the page.
fn field(text: &str, span: Span, key: &str, value: &str, front: &mut Front, marks: &mut Vec<Span>) {
    let words = value.trim().trim_matches(['"', '\'']).trim();
    match key.to_ascii_lowercase().as_str() {
        "title" | "标题" if !words.is_empty() => {
            let line = span.of(text).unwrap_or_default();
            let from = span.start + line.find(words).unwrap_or_default();
            let place = Span::new(from, from + words.len());
            marks.pop();
            let behind = trimmed(text, Span::new(place.end, span.end));
            marks.extend([trimmed(text, Span::new(span.start, from)), behind]);
            front.title = Some((words.to_owned(), place));
        }
        "date" | "published" | "pubdate" | "日期" | "发布时间" => {
            front.date = words.get(..10).and_then(|day| day.replace('/', "-").parse().ok());
        }
        "source" | "来源" => words.clone_into(&mut front.source),
        _ => {}
    }
}

/// The lines of `text` from `start` on, without their inline markup; blank ones are left out.
fn rows(text: &str, start: usize, comments: &[Span]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut at = start;
    let mut below_picture = false;
    for line in text.get(start..).unwrap_or_default().split_inclusive(['\n', '\r']) {
        let span = trimmed(text, Span::new(at, at + line.len()));
        at += line.len();
        let commented = comments.iter().any(|c| c.start <= span.start && span.end <= c.end);
        if span.is_empty() || commented {
            // `\r\n` comes as two pieces, of which the second is no line.
            below_picture &= commented || line == "\n";
            continue;
        }
        let mut row = row(text, span, comments);
        let words = span.of(text).unwrap_or_default();
        if below_picture && inline::is_slanted(words) {
            row.cut =
                vec![Span::new(span.start, span.start + 1), Span::new(span.end - 1, span.end)];
            row.fate = Fate::Caption;
        }
        below_picture = inline::is_picture(words);
        rows.push(row);
    }
    rows
}

/// What of a line its markup stands around.
fn inside(row: &Row) -> Span {
    let start = row.cut.first().filter(|first| first.start == row.span.start);
    let end = row.cut.last().filter(|last| last.end == row.span.end);
    let start = start.map_or(row.span.start, |first| first.end);
    Span::new(start, end.map_or(row.span.end, |last| last.start).max(start))
}

fn row(text: &str, span: Span, comments: &[Span]) -> Row {
    let line = span.of(text).unwrap_or_default();
    let hashes = line.chars().take_while(|c| *c == '#').count();
    let heading = (1..=6).contains(&hashes)
        && line.get(hashes..).is_some_and(|l| l.starts_with([' ', '　', '\t']));
    let mut cut = Vec::new();
    inline::cut(text, span, comments, &mut cut);
    let mut words = String::new();
    let mut from = span.start + if heading { hashes } else { 0 };
    let gone = comments.iter().filter(|c| c.start < span.end && c.end > span.start);
    let mut out: Vec<Span> = cut.iter().chain(gone).copied().collect();
    out.sort_unstable();
    for mark in out.iter().copied().chain([Span::new(span.end, span.end)]) {
        if mark.start > from {
            words.push_str(text.get(from..mark.start).unwrap_or_default());
        }
        from = from.max(mark.end);
    }
    let words = words.trim().to_owned();
    let plain = words.trim_matches(|c: char| "-*>|·• [](){}（）".contains(c));
    let bare = words.is_empty() && !out.is_empty() || !cut.is_empty() && plain.is_empty();
    let fate = if bare || line.starts_with("```") {
        Fate::Mark
    } else if inline::is_picture(line) && cut.len() == 2 {
        Fate::Caption
    } else if (inline::is_link(line) || inline::is_address(line) || cut.is_empty())
        && LEADS.as_ref().is_some_and(|leads| leads.is_match(&words))
        && !heading
    {
        Fate::Left
    } else {
        Fate::Kept
    };
    Row { span, level: if heading { hashes } else { 0 }, cut, words, fate }
}

/// Notes the sections, each with the end of what it groups.
fn sections(rows: &[Row], end: usize, clean: &mut Clean) {
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.fate == Fate::Section) {
        let next = rows.iter().skip(at + 1).find(|next| next.level > 0 && next.level <= row.level);
        clean.sections.push(Section {
            name: row.words.clone(),
            span: row.span,
            end: next.map_or(end, |next| next.span.start),
        });
    }
}
