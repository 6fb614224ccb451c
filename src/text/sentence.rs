//! Sentences of a Chinese text.
//!
//! Splits on 。！？ and ……, and on ； once a sentence is longer than [`SEMICOLON_AFTER`] characters.
//! Never splits inside （）《》, keeps a closing quote with the sentence that it ends, and keeps
//! `。”他说` in one piece, because the speaker belongs to what was said. The spans cover all
//! characters that are not white space, in order; nothing is changed or left out.

use std::collections::VecDeque;

use wenmai_domain::span::Span;

/// Characters after which a semicolon ends a sentence: a long enumeration would else be one.
pub const SEMICOLON_AFTER: usize = 60;

/// Characters for which an unclosed bracket still holds a sentence together; after that it is taken
/// for a misprint.
const BRACKET_REACH: usize = 200;

/// Words that begin the rest of a sentence after a closed quotation.
const SPEECH: [&str; 12] =
    ["说", "道", "问", "答", "表示", "介绍", "告诉", "解释", "回忆", "感慨", "强调", "坦言"];

/// How far behind a closing quote the speaker's verb may stand, in characters.
const SPEECH_REACH: usize = 14;

/// Splits `text` into sentences; each span is free of white space at both ends.
#[must_use]
pub fn sentences(text: &str) -> Vec<Span> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut splitter = Splitter { text, chars: &chars, spans: Vec::new(), start: 0 };
    splitter.run();
    splitter.spans
}

struct Splitter<'a> {
    text: &'a str,
    chars: &'a [(usize, char)],
    spans: Vec<Span>,
    /// Index into `chars` of the first character of the open sentence.
    start: usize,
}

impl Splitter<'_> {
    fn run(&mut self) {
        let mut at = 0;
        let mut opened: VecDeque<usize> = VecDeque::new();
        while let Some(c) = self.char(at) {
            if matches!(c, '（' | '(' | '《' | '〈') {
                opened.push_back(at);
            } else if matches!(c, '）' | ')' | '》' | '〉') {
                opened.pop_back();
            }
            if opened.front().is_some_and(|open| at - open > BRACKET_REACH) {
                opened.pop_front();
            }
            let next = at + 1;
            if c == '\n' {
                opened.clear();
                self.close(next);
            } else if opened.is_empty() && self.ends_at(at) {
                let end = self.tail(next);
                if self.may_break(end) {
                    self.close(end);
                }
                at = end;
                continue;
            }
            at = next;
        }
        self.close(self.chars.len());
    }

    fn char(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|(_, c)| *c)
    }

    /// Whether the character at `at` can end a sentence.
    fn ends_at(&self, at: usize) -> bool {
        match self.char(at) {
            Some('。' | '！' | '？' | '!' | '?' | '｡' | '…') => true,
            Some('；' | ';') => at - self.start >= SEMICOLON_AFTER,
            Some('.') => self.full_stop(at),
            Some(_) | None => false,
        }
    }

    /// A half-width point ends a sentence only behind a letter or Han character and before white
    /// space or the end, so `3.14`, `1. 甲` and `www.` stay whole.
    fn full_stop(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|i| self.char(i));
        let after = self.char(at + 1);
        before.is_some_and(char::is_alphabetic) && after.is_none_or(char::is_whitespace)
    }

    /// The first index behind the marks, closing quotes and brackets that follow an end mark.
    fn tail(&self, mut at: usize) -> usize {
        while self.char(at).is_some_and(|c| {
            matches!(c, '。' | '！' | '？' | '!' | '?' | '…' | '”' | '’' | '』' | '」' | '"')
        }) {
            at += 1;
        }
        at
    }

    /// Whether the text may break before `end`: not where the speaker or a continuation follows.
    fn may_break(&self, end: usize) -> bool {
        let last = end.checked_sub(1).and_then(|i| self.char(i));
        let next = self.char(end);
        match next {
            Some('，' | '、' | ',' | '：' | '）' | ')' | '》' | '—') => return false,
            Some('的' | '等') if last.is_some_and(is_closing) => return false,
            Some(_) | None => {}
        }
        if last == Some('…') {
            // What follows dots decides nothing, so they end the sentence.
            return true;
        }
        !(last.is_some_and(is_closing) && self.speaker_follows(end))
    }

    fn speaker_follows(&self, at: usize) -> bool {
        let mut clause = String::new();
        for (_, c) in self.chars.iter().skip(at).take(SPEECH_REACH) {
            if matches!(c, '，' | '。' | '！' | '？' | '“' | '：' | '；' | '\n' | '、') {
                break;
            }
            clause.push(*c);
        }
        SPEECH.iter().any(|verb| clause.ends_with(verb))
    }

    /// Ends the open sentence before index `end` and drops white space at both of its ends.
    fn close(&mut self, end: usize) {
        let from = self.chars.get(self.start).map_or(self.text.len(), |(i, _)| *i);
        let to = self.chars.get(end).map_or(self.text.len(), |(i, _)| *i);
        self.start = end;
        let Some(piece) = self.text.get(from..to) else {
            return;
        };
        let left = from + (piece.len() - piece.trim_start().len());
        let right = left + piece.trim().len();
        if right > left {
            self.spans.push(Span::new(left, right));
        }
    }
}

fn is_closing(c: char) -> bool {
    matches!(c, '”' | '’' | '』' | '」' | '"')
}

#[cfg(test)]
mod tests {
    use super::sentences;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().filter_map(|span| span.of(text)).collect()
    }

    #[test]
    fn a_closing_quote_stays_with_its_sentence() {
        assert_eq!(split("他喊：“开闸！”水来了。"), ["他喊：“开闸！”", "水来了。"]);
    }

    #[test]
    fn the_speaker_stays_with_what_was_said() {
        assert_eq!(split("“桥通了。”老周说。天亮了。"), ["“桥通了。”老周说。", "天亮了。"]);
    }

    #[test]
    fn brackets_and_titles_are_never_split() {
        let text = "会议（上午开始。下午结束）通过了《谁来修路？》一文。散会。";
        assert_eq!(split(text), ["会议（上午开始。下午结束）通过了《谁来修路？》一文。", "散会。"]);
    }

    #[test]
    fn decimals_and_numbered_lists_are_safe() {
        assert_eq!(split("增长3.5%。1. 修渠！2. 清淤?"), ["增长3.5%。", "1. 修渠！", "2. 清淤?"]);
    }

    #[test]
    fn dots_are_one_mark() {
        assert_eq!(split("雨还在下……河水涨了。"), ["雨还在下……", "河水涨了。"]);
    }

    #[test]
    fn a_semicolon_splits_long_sentences_only() {
        let long = "清".repeat(70);
        assert_eq!(split("甲；乙。"), ["甲；乙。"]);
        assert_eq!(split(&format!("{long}；乙。")).len(), 2);
    }

    #[test]
    fn an_unclosed_bracket_does_not_swallow_the_text() {
        let text = format!("（甲{}。乙。丙。", "河".repeat(300));
        assert_eq!(split(&text).len(), 3);
    }

    proptest! {
        #[test]
        fn sentences_cover_all_text_in_order(text in "[甲乙。！？…“”（）《》；.1 \na—，说]{0,80}|\\PC{0,60}") {
            let spans = sentences(&text);
            let mut kept = String::new();
            let mut end = 0;
            for span in spans {
                prop_assert!(span.start >= end && !span.is_empty());
                end = span.end;
                kept.push_str(span.of(&text).unwrap());
            }
            let dense = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(dense(&kept), dense(&text));
        }
    }
}
