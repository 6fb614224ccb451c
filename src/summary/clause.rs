//! Clauses of a body: the smallest pieces that a summary is made of.
//!
//! A clause ends at ，；：。！？… or at the end of a line, with the closing quotes behind it; inside
//! （）《》“” it goes on. Thousands (`1,200`) stay whole. Linear in the length of the text.

use crate::clean;
use wenmai_domain::span::Span;

/// Marks that end a sentence.
pub const END: [char; 6] = ['。', '！', '？', '!', '?', '…'];
/// Marks that end a clause inside a sentence.
const PAUSE: [char; 5] = ['，', '；', '：', ';', ','];
/// Characters within which a bracket or quote must be closed; otherwise it is a misprint, or too
/// long to be kept whole.
const REACH: usize = 80;

/// One clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its bytes, free of white space at both ends.
    pub span: Span,
    /// The line that it stands in, counted from 0.
    pub line: usize,
    /// The sentence that it stands in, counted from 0 over the body.
    pub sentence: usize,
}

/// The clauses of the lines of `body` that are running text or subheads, in order.
#[must_use]
pub fn clauses(body: &str) -> Vec<Clause> {
    let mut cutter = Cutter { body, found: Vec::new(), line: 0, sentence: 0 };
    let mut start = 0;
    for (number, line) in body.split('\n').enumerate() {
        if clean::is_text(line) {
            cutter.line = number;
            cutter.cut(start, line);
            cutter.sentence += 1;
        }
        start += line.len() + 1;
    }
    cutter.found
}

struct Cutter<'a> {
    body: &'a str,
    found: Vec<Clause>,
    line: usize,
    sentence: usize,
}

impl Cutter<'_> {
    /// Cuts `line`, which begins at byte `offset`.
    fn cut(&mut self, offset: usize, line: &str) {
        let chars: Vec<(usize, char)> = line.char_indices().collect();
        let char = |at: usize| chars.get(at).map(|(_, c)| *c);
        let byte = |at: usize| offset + chars.get(at).map_or(line.len(), |(byte, _)| *byte);
        let (mut start, mut at, mut held_to) = (0, 0, 0);
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
            let in_number = c == ',' && char(next).is_some_and(|c| c.is_ascii_digit());
            // `“水来了。”` is over at its quote, whose inside was held together.
            let before = at.checked_sub(1).and_then(char);
            let closes = is_quote(c) && before.is_some_and(|c| END.contains(&c));
            if !closes && !END.contains(&c) && !PAUSE.contains(&c) || in_number {
                at = next;
                continue;
            }
            let mut end = next;
            while char(end).is_some_and(|c| END.contains(&c) || is_quote(c)) {
                end += 1;
            }
            let pauses = char(end).is_some_and(|c| PAUSE.contains(&c));
            if closes && pauses {
                at = end;
                continue;
            }
            self.push(byte(start), byte(end));
            if closes || (at..end).any(|at| char(at).is_some_and(|c| END.contains(&c))) {
                self.sentence += 1;
            }
            start = end;
            at = end;
        }
        self.push(byte(start), byte(chars.len()));
    }

    fn push(&mut self, start: usize, end: usize) {
        let Some(piece) = self.body.get(start..end) else { return };
        let left = start + (piece.len() - piece.trim_start().len());
        let span = Span::new(left, left + piece.trim().len());
        if !span.is_empty() {
            self.found.push(Clause { span, line: self.line, sentence: self.sentence });
        }
    }
}

fn closing(c: char) -> Option<char> {
    match c {
        '“' => Some('”'),
        '（' => Some('）'),
        '(' => Some(')'),
        '《' => Some('》'),
        '「' => Some('」'),
        '【' => Some('】'),
        _ => None,
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』')
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
    fn what_is_no_text_gives_no_clause() {
        assert!(texts("（记者 周小禾 摄）\n责任编辑：林一\n\n 　 ").is_empty());
    }

    proptest! {
        #[test]
        fn clauses_are_exact_in_order_and_apart(body in "[甲乙。！，；：…“”（）《》,1 \n]{0,80}|\\PC{0,60}") {
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
