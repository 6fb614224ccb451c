//! Text that was broken at a fixed width, with its lines joined again and the way back to the source.
//!
//! Mail, terminals and the text layer of a page break lines where a column is full, in the middle of
//! a sentence and even of a word. Whoever takes each such line for a paragraph cuts sentences where
//! nobody ended one. [`Unwrapped`] finds out whether a text is broken like that and puts its
//! lines together; a text with one paragraph a line is left as it is. The page parser does the same
//! with the blocks of a page, where headings, columns and bylines are known as well.

use std::borrow::Cow;

use wenmai_domain::span::Span;

/// Columns (two for a Han character) that a full line may lack: a mark that may not begin the next
/// line, and one more character.
const SLACK: usize = 4;
/// The narrowest column that counts as a width at which lines are broken: verses are narrower.
const NARROWEST: usize = 24;
/// The widest such column.
const WIDEST: usize = 160;
/// Full lines that make a width, at least.
const FULL_MIN: usize = 3;
/// Marks that end a sentence.
const TERMINAL: &str = "。！？…!?；;｡";
/// Marks that may stand behind the end of a sentence.
const CLOSING: &str = "”’』」）)》〉】\"'";
/// Marks that never begin a paragraph.
const NO_START: &str = "，。、；：！？”’』」）)》〉】％℃,;:!?";

/// A text with its broken lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwrapped<'t> {
    text: Cow<'t, str>,
    /// The stretches of the source that the text is made of, in order; none where it is the source.
    runs: Vec<Run>,
}

/// A stretch of the source that stands in the joined text as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Its first byte in the joined text.
    at: usize,
    /// Its bytes in the source.
    source: Span,
}

/// A line with something on it.
struct Line {
    /// Its bytes without white space at both ends.
    span: Span,
    /// Columns up to its last character, with those of the indent.
    width: usize,
    /// Whether it begins with white space.
    indented: bool,
    /// Whether a blank line stands before it.
    parted: bool,
}

impl<'t> Unwrapped<'t> {
    /// Joins the lines of `source` that were broken at a fixed width. Between two Latin words a
    /// space takes the place of the line's end, elsewhere nothing does.
    #[must_use]
    pub fn of(source: &'t str) -> Self {
        let lines = lines(source);
        let widths = widths(source, &lines);
        let marks_paragraphs = lines.iter().skip(1).any(|line| line.indented || line.parted);
        let mut text = String::new();
        let mut runs = Vec::new();
        let mut from = 0;
        for (at, (line, next)) in lines.iter().zip(lines.iter().skip(1)).enumerate() {
            let width = widths.get(at).copied().flatten();
            if !goes_on(source, line, next, width, marks_paragraphs) {
                continue;
            }
            push(source, Span::new(from, line.span.end), &mut text, &mut runs);
            if parts_words(source, line, next) {
                text.push(' ');
            }
            from = next.span.start;
        }
        if runs.is_empty() {
            return Self { text: Cow::Borrowed(source), runs };
        }
        push(source, Span::new(from, source.len()), &mut text, &mut runs);
        Self { text: Cow::Owned(text), runs }
    }

    /// The text with its lines joined.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The paragraphs of the joined text: its lines that are not blank, without white space at both
    /// ends.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<String> {
        let lines = self.text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The bytes of the source that `span` of [`Unwrapped::text`] is made of, in order: one span a
    /// line that it reaches over.
    #[must_use]
    pub fn source(&self, span: Span) -> Vec<Span> {
        if self.runs.is_empty() {
            return vec![span];
        }
        let within = |run: &Run| {
            let end = run.at + run.source.len();
            let (from, to) = (span.start.max(run.at), span.end.min(end));
            let start = run.source.start;
            (from < to).then(|| Span::new(start + from - run.at, start + to - run.at))
        };
        self.runs.iter().filter_map(within).collect()
    }
}

fn push(source: &str, span: Span, text: &mut String, runs: &mut Vec<Run>) {
    runs.push(Run { at: text.len(), source: span });
    text.push_str(span.of(source).unwrap_or_default());
}

/// Whether the end of `line` stands between two Latin words.
fn parts_words(source: &str, line: &Line, next: &Line) -> bool {
    let last = line.span.of(source).and_then(|text| text.chars().next_back());
    let first = next.span.of(source).and_then(|text| text.chars().next());
    last.is_some_and(|c| c.is_ascii_alphabetic()) && first.is_some_and(|c| c.is_ascii_alphabetic())
}

/// Whether `line`, in a column of `width`, goes on in `next`.
fn goes_on(
    source: &str,
    line: &Line,
    next: &Line,
    width: Option<usize>,
    marks_paragraphs: bool,
) -> bool {
    if next.indented || next.parted {
        return false;
    }
    let text = |line: &Line| line.span.of(source).unwrap_or_default();
    if text(next).starts_with(|c| NO_START.contains(c)) {
        return true;
    }
    let is_full = width.is_some_and(|width| line.width + SLACK >= width);
    // Where no indent and no blank line parts paragraphs, each of them ends with its sentence.
    is_full && (!is_closed(text(line)) || marks_paragraphs && !is_item(text(next)))
}

/// Whether `line` ends as a sentence does.
fn is_closed(line: &str) -> bool {
    line.trim_end_matches(|c| CLOSING.contains(c)).ends_with(|c| TERMINAL.contains(c))
}

/// Whether `line` begins as an item of a list does.
fn is_item(line: &str) -> bool {
    if line.starts_with(['●', '■', '◆', '▲', '★', '·', '•']) {
        return true;
    }
    let open = line.trim_start_matches(['（', '(']);
    let rest =
        open.trim_start_matches(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c));
    let mut behind = rest.chars();
    let marked = behind.next().is_some_and(|c| matches!(c, '、' | '.' | '．' | '）' | ')'));
    rest.len() < open.len() && marked && behind.next().is_none_or(|c| !c.is_ascii_digit())
}

/// The width of the column of each line, where lines are broken at one: of the whole text, else of
/// each run of lines without a blank one between.
fn widths(source: &str, lines: &[Line]) -> Vec<Option<usize>> {
    if let Some(width) = width_of(source, lines) {
        return vec![Some(width); lines.len()];
    }
    let mut widths = Vec::with_capacity(lines.len());
    for run in lines.chunk_by(|_, next| !next.parted) {
        widths.extend(std::iter::repeat_n(width_of(source, run), run.len()));
    }
    widths
}

/// The width at which `lines` are broken: many of those that have another directly below are as
/// wide, hardly any is wider, and most of them do not end as a sentence does. With one paragraph a
/// line, lines have all widths and end with their sentences.
fn width_of(source: &str, lines: &[Line]) -> Option<usize> {
    let mut counts = [0_usize; WIDEST + 1];
    let mut open = [0_usize; WIDEST + 1];
    let (mut followed, mut wider) = (0_usize, 0_usize);
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if next.parted {
            continue;
        }
        followed += 1;
        match (counts.get_mut(line.width), open.get_mut(line.width)) {
            (Some(count), Some(open)) => {
                *count += 1;
                *open += usize::from(!is_closed(line.span.of(source).unwrap_or_default()));
            }
            _ => wider += 1,
        }
    }
    let sum = |of: &[usize], width: usize| {
        of.iter().skip(width.saturating_sub(SLACK)).take(SLACK + 1).sum::<usize>()
    };
    let width = (NARROWEST..=WIDEST).max_by_key(|width| (sum(&counts, *width), *width))?;
    let full = sum(&counts, width);
    let wider = wider + counts.iter().skip(width + 1).sum::<usize>();
    let alike = full >= FULL_MIN && full * 3 >= followed && wider * 12 <= full;
    (alike && sum(&open, width) * 3 >= full * 2).then_some(width)
}

fn lines(source: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    let (mut start, mut parted) = (0, false);
    for raw in source.split_inclusive('\n') {
        let text = raw.trim();
        if text.is_empty() {
            parted = !found.is_empty();
        } else {
            let indent = raw.len() - raw.trim_start().len();
            let span = Span::new(start + indent, start + indent + text.len());
            let width = raw.trim_end().chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            found.push(Line { span, width, indented: indent > 0, parted });
            parted = false;
        }
        start += raw.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Unwrapped;
    use wenmai_domain::span::Span;

    const BROKEN: &str = "青禾县昨日启用新的客运站，站内设有六条发\n车道，每天开行班车八十趟。县交通局负责人\n\
                          说，老车站将于月底关闭，原有班次全部迁入\n，旅客可以在两站之间免费换乘。\n";

    #[test]
    fn lines_broken_at_a_width_are_joined() {
        let joined = Unwrapped::of(BROKEN);
        assert!(joined.text().contains("六条发车道，每天"), "{}", joined.text());
        assert!(joined.text().contains("全部迁入，旅客"), "{}", joined.text());
        assert_eq!(joined.text().trim_end().matches('\n').count(), 0);
    }

    #[test]
    fn one_paragraph_a_line_is_left_as_it_is() {
        for text in [
            "青禾县客运站启用\n昨日，客运站启用，设有六条发车道。\n老站月底关闭。\n旅客可以免费换乘两站之间的班车，直到年底。",
            "渠水清清绕村流，\n两岸桃花开满头。\n老农挥锄笑开口，\n今年又是好年头。",
            "青禾县客运站昨日启用\n\n原有班次全部迁入新站\n\n旅客可免费换乘",
            "",
        ] {
            assert_eq!(Unwrapped::of(text).text(), text);
        }
    }

    #[test]
    fn indents_and_blank_lines_part_paragraphs() {
        let text = "　　青禾县昨日启用新的客运站，站内设有\n\
                    六条发车道，每天开行八十趟，全部是电动\n\
                    班车，班次表贴在门口，也可以在网上查到\n\
                    并打印。\n\
                    \u{3000}\u{3000}老车站将于月底关闭，站房改作图书馆\n\
                    使用，老站前的广场种上了树。";
        let joined = Unwrapped::of(text);
        let paragraphs: Vec<&str> = joined.text().split('\n').collect();
        assert_eq!(paragraphs.len(), 2, "{paragraphs:?}");
        assert!(paragraphs[0].ends_with("并打印。") && paragraphs[1].ends_with("种上了树。"));
    }

    #[test]
    fn a_joined_sentence_leads_back_to_its_lines() {
        let joined = Unwrapped::of(BROKEN);
        let start = joined.text().find("站内").unwrap();
        let end = joined.text().find("每天").unwrap();
        let parts = joined.source(Span::new(start, end));
        let texts: Vec<&str> = parts.iter().filter_map(|part| part.of(BROKEN)).collect();
        assert_eq!(texts, ["站内设有六条发", "车道，"]);
        let plain = Unwrapped::of("一行。");
        assert_eq!(plain.source(Span::new(0, 3)), [Span::new(0, 3)]);
    }

    #[test]
    fn latin_words_stay_apart_and_numbers_whole() {
        let text = "新站由青禾公司建造，共投资人民币二十亿零5\n00万元，其中五亿元来自北岸基金会，即River\n\
                    Bank Foundation，其余由县里和省里各出一半\n，老车站随后拆除。";
        let joined = Unwrapped::of(text);
        assert!(joined.text().contains("500万元") && joined.text().contains("River Bank"));
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "[甲乙丙丁，。1a \n　]{0,200}") {
            let joined = Unwrapped::of(&text);
            let dense = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(dense(joined.text()), dense(&text));
            let all = joined.source(Span::new(0, joined.text().len()));
            let back: String = all.iter().filter_map(|part| part.of(&text)).collect();
            prop_assert_eq!(dense(&back), dense(&text));
        }
    }

    const WHOLE: &str = "柳溪镇昨日召开防汛会议，会议决定从本月十五日起各村轮流值守，全镇设二十四个观测点，做到一小时一报。\
        镇水利站负责人说，今年雨水比往年多，预计上游来水还要涨，请低处的人家把粮食先搬到高处。";

    fn paragraphs(text: &str) -> Vec<String> {
        Unwrapped::of(text).paragraphs()
    }

    fn broken(text: &str, chars: usize) -> String {
        let all: Vec<char> = text.chars().collect();
        all.chunks(chars).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_of_one_width_are_joined() {
        for width in [14, 20, 24] {
            assert_eq!(paragraphs(&broken(WHOLE, width)), [WHOLE], "{width}");
        }
    }

    #[test]
    fn paragraphs_stay_apart() {
        let two = format!("　　{}\n　　{}", broken(WHOLE, 20), broken(WHOLE, 20));
        assert_eq!(paragraphs(&two), [WHOLE, WHOLE]);
        let blank = format!("{}\n\n{}", broken(WHOLE, 20), broken(WHOLE, 18));
        assert_eq!(paragraphs(&blank), [WHOLE, WHOLE]);
        let plain =
            "第一段说的是水情。\n第二段说的是雨情，比前一段长得多，共有两个分句。\n第三段很短。";
        assert_eq!(paragraphs(plain).len(), 3);
        let long = [WHOLE, WHOLE, WHOLE];
        assert_eq!(paragraphs(&long.join("\n")), long);
        let list = "序号　村名　户数\n一　上柳村　三百二十户\n二　下柳村　四百一十户\n三　东河村　二百零六户";
        assert_eq!(paragraphs(list).len(), 4);
    }

    #[test]
    fn latin_words_keep_their_space() {
        let text = "The bridge over the river was closed on\nMonday morning after the flood, and it\nwill be open again in the last week of\nSeptember.";
        assert_eq!(paragraphs(text).len(), 1);
        assert!(
            paragraphs(text)[0].contains("on Monday")
                && paragraphs(text)[0].contains("of September")
        );
    }
}
