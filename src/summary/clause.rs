//! Clauses of a body: the smallest pieces that a summary is made of.
//!
//! A clause ends at ，；：。！？… or at the end of a line, with the closing quotes behind it; inside
//! （）《》 and a short quotation it goes on. A long quotation is cut, and its clauses say that they stand
//! inside it. Who said it belongs to the sentence of what was said (`“水来了。”老周说。`). Thousands (`1,200`)
//! stay whole. Linear in the length of the text.

use crate::clean;
use crate::quotation::Facing;
use crate::quotation::Quotations;
use crate::wording;
use wenmai_domain::span::Span;

/// Marks that end a sentence.
pub const END: [char; 6] = ['。', '！', '？', '!', '?', '…'];
/// Marks that end a clause inside a sentence.
const PAUSE: [char; 5] = ['，', '；', '：', ';', ','];
/// Characters within which a bracket or quote must be closed; otherwise it is a misprint, or too
/// long to be kept whole.
const REACH: usize = 80;
/// Lines within which a quotation that one of them opens must be closed.
const REACH_LINES: usize = 8;
/// Characters behind a quotation within which its speaker is named.
const SPEAKER_REACH: usize = 24;

/// One clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its bytes, free of white space at both ends.
    pub span: Span,
    /// The line that it stands in, counted from 0.
    pub line: usize,
    /// The sentence that it stands in, counted from 0 over the body.
    pub sentence: usize,
    /// Whether it begins inside a quotation: somebody says it, and who stands before or behind.
    pub is_quoted: bool,
}

/// The clauses of the lines of `body` that are running text or subheads, in order.
#[must_use]
pub fn clauses(body: &str) -> Vec<Clause> {
    let lines = lines(body);
    let quoted = quoted(&lines);
    let mut cutter = Cutter { body, found: Vec::new(), line: 0, sentence: 0 };
    for (line, quoted) in lines.iter().zip(quoted) {
        cutter.line = line.number;
        cutter.cut(line, quoted);
        cutter.sentence += 1;
    }
    cutter.found
}

/// A line of running text, or a subhead.
struct Line {
    /// Which line of the body, from 0.
    number: usize,
    /// Its characters, each with its first byte in the body.
    chars: Vec<(usize, char)>,
    /// One past its last byte.
    end: usize,
    quotations: Quotations,
}

fn lines(body: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, text) in body.split('\n').enumerate() {
        if clean::is_text(text) {
            let chars: Vec<(usize, char)> =
                text.char_indices().map(|(at, c)| (start + at, c)).collect();
            let only: Vec<char> = chars.iter().map(|(_, c)| *c).collect();
            let quotations = Quotations::of(&only);
            found.push(Line { number, chars, end: start + text.len(), quotations });
        }
        start += text.len() + 1;
    }
    found
}

/// The characters of a line that a quotation of other lines, or one that nothing closes, holds.
#[derive(Debug, Clone, Copy, Default)]
struct Quoted {
    /// Those before this one: the quotation began in an earlier line.
    until: usize,
    /// Those from this one on: the quotation goes on in the next line.
    from: Option<usize>,
}

/// Of each line, what of it belongs to a quotation that reaches over several lines. Each of its
/// paragraphs may open it anew; only the last closes it. What no near line closes is a misprint.
fn quoted(lines: &[Line]) -> Vec<Quoted> {
    let mut found = vec![Quoted::default(); lines.len()];
    let mut goes_on = false;
    for (at, line) in lines.iter().enumerate() {
        let Some(one) = found.get_mut(at) else { continue };
        let begins_anew = line.quotations.facing(0) == Some(Facing::Opens);
        if goes_on && !begins_anew {
            one.until = line.quotations.unopened().map_or(line.chars.len(), |close| close + 1);
        }
        let opens = line.quotations.unclosed();
        let was_closed = begins_anew && opens.is_none() || line.quotations.unopened().is_some();
        let open = opens.is_some() || (goes_on && !was_closed);
        goes_on = open && is_closed_below(lines.get(at + 1..).unwrap_or_default());
        one.from = opens.filter(|_| goes_on);
    }
    found
}

/// Whether one of the next lines closes what was opened above them, or opens it anew.
fn is_closed_below(below: &[Line]) -> bool {
    let anew = |line: &Line| line.quotations.facing(0) == Some(Facing::Opens);
    below.first().is_some_and(anew)
        || below.iter().take(REACH_LINES).any(|line| line.quotations.unopened().is_some())
}

struct Cutter<'a> {
    body: &'a str,
    found: Vec<Clause>,
    line: usize,
    sentence: usize,
}

impl Cutter<'_> {
    /// Cuts `line`, of which quotations of other lines hold `quoted`.
    fn cut(&mut self, line: &Line, quoted: Quoted) {
        let (chars, quotations) = (&line.chars, &line.quotations);
        let char = |at: usize| chars.get(at).map(|(_, c)| *c);
        let byte = |at: usize| chars.get(at).map_or(line.end, |(byte, _)| *byte);
        let is_quote = |at: usize| quotations.facing(at) == Some(Facing::Closes);
        let (mut start, mut at, mut held_to) = (0, 0, 0);
        // The end of the quotation that reaches furthest, and whether `start` stands inside of it.
        let (mut quoted_to, mut is_inside) = (quoted.until, quoted.until > 0);
        // Whether whoever says the last quotation stands before it: 老周说：“ or 老周说，“
        let mut is_announced = false;
        while let Some(c) = char(at) {
            let next = at + 1;
            if at < held_to {
                at = next;
                continue;
            }
            if let Some(close) = closing(c) {
                let near = chars.iter().skip(next).take(REACH);
                let found = near.zip(next..).find(|((_, c), _)| *c == close);
                held_to = found.map_or(held_to, |(_, close)| close);
            }
            if let Some(close) = quotations.closing(at) {
                if close >= quoted_to {
                    let before = at.checked_sub(1).and_then(char);
                    is_announced = matches!(before, Some('：' | ':'))
                        || (at == start && self.found.last().is_some_and(|c| self.attributes(c)));
                }
                quoted_to = quoted_to.max(close + 1);
                if close <= at + REACH {
                    held_to = held_to.max(close);
                }
            } else if quoted.from == Some(at) {
                quoted_to = chars.len();
            }
            let in_number = c == ',' && char(next).is_some_and(|c| c.is_ascii_digit());
            // `“水来了。”` is over at its quote, whose inside was held together.
            let before = at.checked_sub(1).and_then(char);
            let closes = is_quote(at) && before.is_some_and(|c| END.contains(&c));
            if !closes && !END.contains(&c) && !PAUSE.contains(&c) || in_number {
                at = next;
                continue;
            }
            let mut end = next;
            while char(end).is_some_and(|c| END.contains(&c)) || is_quote(end) {
                end += 1;
            }
            let pauses = char(end).is_some_and(|c| PAUSE.contains(&c));
            let is_over = (at..end).any(|at| char(at).is_some_and(|c| END.contains(&c)));
            // A quotation before a noun is a name or a manner: 一句“水来了。”的喊声
            let is_word = closes && char(end).is_some_and(|c| matches!(c, '的' | '等'));
            if closes && (pauses || is_word) {
                at = end;
                continue;
            }
            self.push(byte(start), byte(end), is_inside);
            // A blank stands where a paragraph ended: what comes next is of somebody else.
            let is_parted = char(end).is_some_and(char::is_whitespace);
            let is_said = !is_announced && !is_parted && end.checked_sub(1).is_some_and(is_quote);
            if (closes || is_over) && !(is_said && speaker_follows(chars, end)) {
                self.sentence += 1;
            }
            start = end;
            at = end;
            is_inside = start < quoted_to;
        }
        self.push(byte(start), byte(chars.len()), is_inside);
    }

    /// Whether `clause` names who says what follows.
    fn attributes(&self, clause: &Clause) -> bool {
        clause.sentence == self.sentence
            && clause.span.of(self.body).is_some_and(wording::attributes)
    }

    fn push(&mut self, start: usize, end: usize, is_quoted: bool) {
        let Some(piece) = self.body.get(start..end) else { return };
        let left = start + (piece.len() - piece.trim_start().len());
        let span = Span::new(left, left + piece.trim().len());
        if !span.is_empty() {
            let (line, sentence) = (self.line, self.sentence);
            self.found.push(Clause { span, line, sentence, is_quoted });
        }
    }
}

/// Whether the clause from the character at `from` on names who said what stands before it: 老周说。
fn speaker_follows(chars: &[(usize, char)], from: usize) -> bool {
    let mut clause = String::new();
    for (_, c) in chars.iter().skip(from).take(SPEAKER_REACH) {
        if END.contains(c) || PAUSE.contains(c) || crate::quotation::is_mark(*c) {
            break;
        }
        clause.push(*c);
    }
    wording::attributes(&clause)
}

fn closing(c: char) -> Option<char> {
    match c {
        '（' => Some('）'),
        '(' => Some(')'),
        '《' => Some('》'),
        '【' => Some('】'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::clauses;

    fn texts(body: &str) -> Vec<(&str, usize, usize)> {
        let found = clauses(body);
        found.iter().map(|one| (one.span.of(body).unwrap(), one.line, one.sentence)).collect()
    }

    #[test]
    fn clauses_know_their_line_and_sentence() {
        let wanted =
            [("清河县开闸，", 0, 0), ("水来了。", 0, 0), ("农民笑了。", 0, 1), ("渠成", 1, 3)];
        assert_eq!(texts("清河县开闸，水来了。农民笑了。\n渠成"), wanted);
    }

    #[test]
    fn quotes_brackets_and_thousands_stay_whole() {
        let body = "老周说：“先开闸，再放水。”他走了，《谁，修渠》花1,200元（含税，含运）。";
        let only: Vec<&str> = texts(body).into_iter().map(|(text, ..)| text).collect();
        let wanted =
            ["老周说：", "“先开闸，再放水。”", "他走了，", "《谁，修渠》花1,200元（含税，含运）。"];
        assert_eq!(only, wanted);
    }

    #[test]
    fn an_unclosed_quote_does_not_swallow_the_text() {
        assert_eq!(texts("他说：“开闸，放水，回家。").len(), 4);
    }

    #[test]
    fn straight_marks_hold_together_and_keep_their_speaker() {
        let body = "\"难的是江心，换了三次刀盘。\"工程师何小溪说，\"都过去了。\"隧道明年通车。";
        let other = "老周说，“水来了。”农民林大川说，麦子浇上了。";
        let sentences: Vec<usize> = texts(other).iter().map(|(.., sentence)| *sentence).collect();
        assert_eq!(sentences, [0, 0, 1, 1], "each has a speaker of its own");
        let wanted = [
            ("\"难的是江心，换了三次刀盘。\"", 0, 0),
            ("工程师何小溪说，", 0, 0),
            ("\"都过去了。\"", 0, 0),
            ("隧道明年通车。", 0, 1),
        ];
        assert_eq!(texts(body), wanted);
    }

    #[test]
    fn a_long_quotation_is_cut_and_its_clauses_say_so() {
        let said = "渠修了三年，花了不少工夫。".repeat(10);
        let body = format!("老周说：“{said}”水来了。");
        let quoted: Vec<bool> = clauses(&body).iter().map(|one| one.is_quoted).collect();
        assert_eq!(quoted.len(), 22);
        assert!(!quoted[0] && !quoted[1] && quoted[2..21].iter().all(|one| *one) && !quoted[21]);
    }

    #[test]
    fn a_quotation_may_reach_over_lines() {
        let quoted = |body: &str| {
            let all = clauses(body);
            all.iter().map(|one| one.is_quoted).collect::<Vec<_>>()
        };
        let body = "老周说：“渠修好了。\n水明天来。\n大家放心。”村民笑了。";
        assert_eq!(quoted(body), [false, false, true, true, false]);
        assert_eq!(quoted("“渠修好了。\n“水来了。”\n村民笑了。"), [false, false, false]);
        assert_eq!(quoted("他说：“渠修好了。\n水明天来。"), [false, false, false], "a misprint");
    }

    #[test]
    fn what_is_no_text_gives_no_clause() {
        assert!(texts("（记者 周小禾 摄）\n责任编辑：林一\n\n 　 ").is_empty());
    }

    proptest! {
        #[test]
        fn clauses_are_exact_in_order_and_apart(body in "[甲乙说。！，；：…“”\"（）《》「」,1 \n]{0,80}|\\PC{0,60}") {
            let mut end = 0;
            for clause in clauses(&body) {
                let text = clause.span.of(&body);
                prop_assert!(clause.span.start >= end);
                prop_assert!(text.is_some_and(|text| !text.trim().is_empty()));
                end = clause.span.end;
            }
        }
    }
}
