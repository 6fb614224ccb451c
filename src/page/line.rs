//! Page text → blocks: what stands between blank lines, with hard-wrapped lines put together.
//!
//! A block keeps one span for each physical line. Heading marks, rules and other markup are taken
//! off and kept apart, so that every character that is not blank is either in a block or in the
//! marks.

use crate::byline;
use crate::seam;
use crate::staff;
use crate::teaser;
use wenmai_domain::span::Span;

/// A piece of the page that has one class.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block {
    /// One span per physical line, without the white space around it.
    pub spans: Vec<Span>,
    /// The lines put together.
    pub text: String,
    /// Depth of the heading mark, from 1; 0 where there is none.
    pub level: u8,
    /// Blank lines before it.
    pub gap: usize,
    /// Whether its first line is indented.
    pub indented: bool,
    /// Whether its last line is as wide as the column, where lines are hard-wrapped.
    pub full: bool,
}

impl Block {
    /// The spans of a range of bytes of [`Block::text`].
    pub fn slice(&self, from: usize, to: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut offset = 0;
        for span in &self.spans {
            let left = from.clamp(offset, offset + span.len());
            let right = to.clamp(offset, offset + span.len());
            if right > left {
                spans.push(Span::new(span.start + left - offset, span.start + right - offset));
            }
            offset += span.len();
        }
        spans
    }
}

/// Whether a character shows nothing: white space, or a byte order mark.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
}

/// The part of `span` without blank characters at its ends.
pub(crate) fn trimmed(text: &str, span: Span) -> Span {
    let Some(piece) = span.of(text) else {
        return Span::new(span.start, span.start);
    };
    let left = span.start + (piece.len() - piece.trim_start_matches(is_blank).len());
    Span::new(left, left + piece.trim_matches(is_blank).len())
}

/// A physical line with something on it.
struct Line {
    /// Without white space and marks.
    span: Span,
    level: u8,
    gap: usize,
    indented: bool,
    /// Display width: 2 for a Han character.
    width: usize,
}

/// Reads the blocks of `text`, in order, and the spans of its markup.
pub(crate) fn blocks(text: &str) -> (Vec<Block>, Vec<Span>) {
    let mut marks = Vec::new();
    let lines = lines(text, &mut marks);
    let wraps = wraps(text, &lines);
    let mut blocks: Vec<Block> = Vec::new();
    let mut joins = false;
    for (at, line) in lines.iter().enumerate() {
        let piece = line.span.of(text).unwrap_or_default();
        match blocks.last_mut() {
            Some(block) if joins && line.gap == 0 && !line.indented && line.level == 0 => {
                block.text.push_str(piece);
                block.spans.push(line.span);
            }
            _ => blocks.push(Block {
                spans: vec![line.span],
                text: piece.to_owned(),
                level: line.level,
                gap: line.gap,
                indented: line.indented,
                full: false,
            }),
        }
        let wrap = wraps.get(at).copied().flatten();
        if let Some(block) = blocks.last_mut() {
            block.full = wrap.is_some_and(|width| line.width + WRAP_SLACK >= width);
        }
        joins = wrap.is_some_and(|width| goes_on(text, &lines, at, width));
    }
    (blocks, marks)
}

/// Whether the line at `at` goes on in the next on a page whose columns are `wrap` wide.
///
/// Only a full line goes on: a short one ends its paragraph or is a heading.
fn goes_on(text: &str, lines: &[Line], at: usize, wrap: usize) -> bool {
    let Some((line, next)) = lines.get(at).zip(lines.get(at + 1)) else {
        return false;
    };
    let words = |line: &Line| line.span.of(text).unwrap_or_default();
    let is_full = |line: &Line| line.width + WRAP_SLACK >= wrap;
    let goes_on = if line.level > 0 {
        // Spaces make a heading's line narrower; what follows it up to a blank line is its rest.
        let ends = lines.get(at + 2).is_none_or(|after| after.gap > 0);
        is_full(line) || line.width * 3 >= wrap * 2 && ends && !words(next).contains('。')
    } else {
        is_full(line) && !(seam::is_closed(words(line)) && heads(text, lines, at + 1, wrap))
    };
    if byline::trailing_credit(words(line)).is_some() {
        // A caption ends with its credit, full line or not.
        return false;
    }
    // One name may also be the rest of a sentence that is not complete.
    let one = !seam::is_closed(words(line)) && !words(next).contains([' ', '　', '、']);
    goes_on && !(stands_alone(words(next)) && !(one && byline::bare(words(next)).is_some()))
}

/// Whether a line is complete by what it says: names, duties, a pointer, a box's header.
fn stands_alone(line: &str) -> bool {
    teaser::is_header(line)
        || teaser::pointer(line).is_some()
        || byline::bare(line).is_some()
        || byline::with_roles(line).is_some()
        || staff::lines(line).is_some()
}

/// Whether a heading begins at the line `at`, behind a full stop: at most [`HEADING_LINES`] lines
/// that do not end as a sentence does. Paragraphs do, where their last line falls short.
fn heads(text: &str, lines: &[Line], at: usize, wrap: usize) -> bool {
    const HEADING_LINES: usize = 2;
    for (ahead, line) in lines.iter().skip(at).take(HEADING_LINES).enumerate() {
        if ahead > 0 && (line.gap > 0 || line.indented || line.level > 0) {
            return true;
        }
        if seam::is_closed(line.span.of(text).unwrap_or_default()) {
            return false;
        }
        if line.width + WRAP_SLACK < wrap {
            return true;
        }
    }
    false
}

/// How much shorter than the column a full line may be: a mark that may not begin a line, and one
/// more character.
const WRAP_SLACK: usize = 4;

/// The width of the column that each line stands in, where it is hard-wrapped.
///
/// A program wraps a whole page at one width; a page set in columns has a width for each run of
/// lines without a blank one between.
fn wraps(text: &str, lines: &[Line]) -> Vec<Option<usize>> {
    if let Some(width) = wrap_width(text, lines) {
        return vec![Some(width); lines.len()];
    }
    let mut wraps = Vec::with_capacity(lines.len());
    for run in lines.chunk_by(|_, next| next.gap == 0) {
        wraps.extend(std::iter::repeat_n(wrap_width(text, run), run.len()));
    }
    wraps
}

/// The width of the columns of `lines` where they are hard-wrapped.
///
/// They are when many lines that have another directly below are equally wide, few are wider, and
/// most of them do not end as a sentence does. With one paragraph per line, lines have all widths
/// and end with their sentences.
fn wrap_width(text: &str, lines: &[Line]) -> Option<usize> {
    const WIDEST: usize = 160;
    const NARROWEST: usize = 16;
    let mut counts = [0_usize; WIDEST + 1];
    let mut open = [0_usize; WIDEST + 1];
    let (mut followed, mut wider) = (0_usize, 0_usize);
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if next.gap > 0 || line.level > 0 || next.level > 0 {
            continue;
        }
        followed += 1;
        match (counts.get_mut(line.width), open.get_mut(line.width)) {
            (Some(count), Some(open)) => {
                *count += 1;
                let closed = seam::is_closed(line.span.of(text).unwrap_or_default());
                *open += usize::from(!closed);
            }
            _ => wider += 1,
        }
    }
    let sum = |of: &[usize], width: usize| {
        of.iter().skip(width.saturating_sub(WRAP_SLACK)).take(WRAP_SLACK + 1).sum::<usize>()
    };
    let width = (NARROWEST..=WIDEST).max_by_key(|width| (sum(&counts, *width), *width))?;
    let full = sum(&counts, width);
    let wider = wider + counts.iter().skip(width + 1).sum::<usize>();
    let alike = full >= 3 && full * 3 >= followed && wider * 12 <= full;
    (alike && sum(&open, width) * 3 >= full * 2).then_some(width)
}

fn lines(text: &str, marks: &mut Vec<Span>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut gap = 0;
    let mut rules: Vec<(usize, u8)> = Vec::new();
    let mut start = 0;
    for raw in text.split_inclusive(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let whole = Span::new(start, start + raw.len());
        // `\r\n` comes as two pieces; the second is empty and no blank line of its own.
        let second_half = raw == "\n" && text.get(..start).is_some_and(|t| t.ends_with('\r'));
        start = whole.end;
        let span = trimmed(text, whole);
        if span.is_empty() {
            gap += usize::from(!second_half);
            continue;
        }
        let piece = span.of(text).unwrap_or_default();
        if is_rule(piece) {
            if let Some(above) = lines.len().checked_sub(1).filter(|_| gap == 0) {
                rules.extend(underline(piece).map(|level| (above, level)));
            }
            marks.push(span);
            gap += 1;
            continue;
        }
        // Marks count: whoever wrapped the lines counted them too.
        let indent = raw.chars().take_while(|c| matches!(c, ' ' | '　' | '\t'));
        let width = indent.chain(piece.chars()).map(width).sum();
        let (span, level) = unmarked(text, span, marks);
        if span.is_empty() {
            gap += 1;
            continue;
        }
        let indented = raw.starts_with("　") || raw.starts_with("  ") || raw.starts_with('\t');
        lines.push(Line { span, level, gap, indented, width });
        gap = 0;
    }
    underlined(text, &mut lines, &rules);
    lines
}

/// The level of the heading that a rule directly below its line makes of it (Markdown's setext).
fn underline(rule: &str) -> Option<u8> {
    let of = |mark: char| rule.chars().all(|c| c == mark);
    if of('=') { Some(1) } else { of('-').then_some(2) }
}

/// Makes headings of short lines that stand alone over a rule. Dashes part texts as well: they
/// underline only where the page has them below several lines, or has headings underlined by `=`,
/// and no heading marks.
fn underlined(text: &str, lines: &mut [Line], rules: &[(usize, u8)]) {
    const WIDEST: usize = 80;
    let fits = |at: usize| {
        let line = lines.get(at)?;
        let words = line.span.of(text).unwrap_or_default();
        let alone = at == 0 || line.gap > 0;
        let short = line.width <= WIDEST && !words.ends_with(['。', '；', '，', '）', ')', '”']);
        (alone && short && line.level == 0 && !line.indented).then_some(())
    };
    let found: Vec<(usize, u8)> =
        rules.iter().copied().filter(|(at, _)| fits(*at).is_some()).collect();
    let marked = lines.iter().any(|line| (1..=6).contains(&line.level));
    let dashes = !marked && (found.len() >= 2 || found.iter().any(|(_, level)| *level == 1));
    for (at, level) in found.into_iter().filter(|(_, level)| *level == 1 || dashes) {
        if let Some(line) = lines.get_mut(at) {
            line.level = level;
        }
    }
}

fn width(c: char) -> usize {
    if c.is_ascii() { 1 } else { 2 }
}

/// A line of nothing but dashes, stars and the like.
fn is_rule(piece: &str) -> bool {
    piece.chars().count() >= 3
        && piece
            .chars()
            .all(|c| matches!(c, '-' | '*' | '_' | '=' | '~' | '#' | ' ' | '─' | '━' | '═'))
}

/// Takes heading marks (`##`), emphasis around the whole line (`**`), quote and lens brackets off
/// `span`; returns what is left and the depth of the heading.
fn unmarked(text: &str, span: Span, marks: &mut Vec<Span>) -> (Span, u8) {
    let mut rest = span;
    let mut level = 0;
    let piece = rest.of(text).unwrap_or_default();
    let hashes = piece.chars().take_while(|c| *c == '#').count();
    let behind = piece.get(hashes..).unwrap_or_default();
    if (1..=6).contains(&hashes) && behind.starts_with(is_blank) {
        level = u8::try_from(hashes).unwrap_or(6);
        rest = cut(text, rest, hashes, 0, marks);
        let tail = rest.of(text).unwrap_or_default();
        let closing = tail.len() - tail.trim_end_matches('#').len();
        rest = cut(text, rest, 0, closing, marks);
    }
    let piece = rest.of(text).unwrap_or_default();
    if piece.starts_with("> ") {
        rest = cut(text, rest, 1, 0, marks);
    }
    for (open, close) in [("**", "**"), ("__", "__"), ("【", "】")] {
        let piece = rest.of(text).unwrap_or_default();
        let inner = piece.strip_prefix(open).and_then(|p| p.strip_suffix(close));
        if inner.is_some_and(|inner| !inner.contains(open) && !inner.trim().is_empty()) {
            rest = cut(text, rest, open.len(), close.len(), marks);
            // Emphasis says less than a heading mark: it counts as one below all of them.
            level = if level == 0 { EMPHASIS } else { level };
        }
    }
    (rest, level)
}

/// The level of a line that is only emphasised.
pub(crate) const EMPHASIS: u8 = 7;

/// Cuts `front` and `back` bytes off, keeps them as marks, and trims what is left.
fn cut(text: &str, span: Span, front: usize, back: usize, marks: &mut Vec<Span>) -> Span {
    for mark in [Span::new(span.start, span.start + front), Span::new(span.end - back, span.end)] {
        if !mark.is_empty() {
            marks.push(mark);
        }
    }
    trimmed(text, Span::new(span.start + front, span.end - back))
}

#[cfg(test)]
mod tests {
    use super::EMPHASIS;
    use super::blocks;

    fn texts(page: &str) -> Vec<String> {
        blocks(page).0.into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn underlined_lines_are_headings() {
        let (blocks, marks) =
            blocks("大桥合龙\n====\n\n正文一。\n\n两岸通车\n----\n\n正文二。\n----\n");
        let levels: Vec<u8> = blocks.iter().map(|block| block.level).collect();
        assert_eq!((levels, marks.len()), (vec![1, 0, 2, 0], 3));
        // One row of dashes below a line parts texts.
        let (blocks, _) = super::blocks("本报讯 记者 甲\n----\n\n正文一。\n");
        assert_eq!(blocks[0].level, 0);
    }

    #[test]
    fn blank_lines_part_blocks_and_marks_come_off() {
        let (blocks, marks) = blocks("\u{feff}## 大桥合龙\r\n\r\n本报讯　昨日，桥通了。\r\n");
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].text.as_str(), blocks[0].level), ("大桥合龙", 2));
        assert_eq!(blocks[1].gap, 1);
        assert_eq!(marks.len(), 1);
    }

    #[test]
    fn wrapped_lines_are_put_together() {
        let page = "清河大桥昨日合龙施工历时两年\n总长一千二百米双向共有六车道\n\
                    明年五月通车。\n县医院新院区本周投用病床增加\n至六百张门诊楼已经完成装修并\n开诊。";
        assert_eq!(texts(page).len(), 2);
    }

    #[test]
    fn one_paragraph_per_line_is_not_wrapped() {
        let page = "清河大桥合龙\n昨日，大桥合龙，历时两年，明年五月通车。\n短句。\n又一段，比较长一些的文字在这里。";
        assert_eq!(texts(page).len(), 4);
    }

    #[test]
    fn an_indent_begins_a_block_in_wrapped_text() {
        let page = "　　清河大桥昨日合龙施工历时两\n年总长一千二百米双向六车道。他\n　　县医院新院区本周投用病床增\n加至六百张门诊楼已经完成了装修\n并开诊。";
        assert_eq!(texts(page).len(), 2);
    }

    #[test]
    fn a_wrapped_heading_is_one_block() {
        let page = "## 清河大桥主桥昨日顺利 预计明\n年五月通车(重点工程)\n\n清河大桥昨日合龙施工历时两\n\
                    年总长一千二百米双向六车道\n全桥明年五月就能正式通车迎\n接八方来客。";
        let (blocks, _) = blocks(page);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].text, "清河大桥主桥昨日顺利 预计明年五月通车(重点工程)");
    }

    #[test]
    fn rules_and_emphasis_are_markup() {
        let (blocks, marks) = blocks("---\n\n**秋粮开镰**\n\n【简讯】\n");
        assert_eq!(blocks.iter().map(|b| b.level).collect::<Vec<_>>(), [EMPHASIS, EMPHASIS]);
        assert_eq!(marks.len(), 5);
    }

    #[test]
    fn a_slice_of_a_block_keeps_its_places() {
        let page = "清河大桥昨日合龙施工历时两年\n总长一千二百米双向共有六车道\n\
                    全桥明年五月就能正式通车迎客\n好。";
        let block = blocks(page).0.remove(0);
        let spans = block.slice(block.text.len() - 9, block.text.len());
        let text: String = spans.iter().filter_map(|span| span.of(page)).collect();
        assert_eq!(text, "客好。");
        assert_eq!(spans.len(), 2);
    }
}
