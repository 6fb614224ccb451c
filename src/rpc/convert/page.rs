//! Converts issues, parsed articles, and spans of bytes into spans of characters.

use crate::convert::View;
use crate::convert::article::write_record;
use crate::convert::count32;
use crate::convert::date::read_date;
use crate::convert::name;
use crate::convert::record::read_page;
use wenmai_domain::article::Article;
use wenmai_domain::span::Span;
use wenmai_engine::Violation;
use wenmai_page::Continued;
use wenmai_page::Decision;
use wenmai_page::Doubt;
use wenmai_page::Issue;
use wenmai_page::NoArticle;
use wenmai_page::PageKind;
use wenmai_page::PageLink;
use wenmai_page::Parsed;
use wenmai_page::Parts;
use wenmai_proto::wire;

/// Writes what a web page without an article is.
#[must_use]
pub fn no_article(from: NoArticle) -> wire::NoArticle {
    let NoArticle { kind, links } = from;
    let written = match kind {
        PageKind::List => wire::WebPageKind::List,
        PageKind::Login => wire::WebPageKind::Login,
        PageKind::Missing => wire::WebPageKind::Missing,
        PageKind::Shell => wire::WebPageKind::Shell,
        PageKind::Empty => wire::WebPageKind::Empty,
        PageKind::NoText => wire::WebPageKind::NoText,
        PageKind::Several => wire::WebPageKind::Several,
    };
    let links = links.into_iter().map(|PageLink { title, url }| wire::PageLink { title, url });
    wire::NoArticle {
        kind: written.into(),
        reason: kind.reason().to_owned(),
        links: links.collect(),
    }
}

/// The distance in bytes between positions whose character is stored. A stored position takes four
/// bytes, and a look-up passes over at most this many.
const STRIDE_BYTES: usize = 256;

/// Reads an issue; without one, nothing is known of it.
///
/// # Errors
/// A violation of `issue.date` for a day that does not exist.
pub fn issue(from: Option<wire::Issue>) -> Result<Issue, Violation> {
    let wire::Issue { paper, date, edition, page_no, page_name, page, decisions } =
        from.unwrap_or_default();
    let date = date.map(|day| read_date(day, "issue.date")).transpose()?;
    let (page, page_name) = read_page(&page, page_no, page_name);
    if decisions.len() > DECISIONS_MAX {
        return Err(Violation::new("issue.decisions", "at most 1,000 decisions"));
    }
    let decisions = decisions.into_iter().map(read_decision).collect();
    Ok(Issue { paper, date, edition, page, page_name, decisions })
}

/// Finds the character at a byte of a text, quickly even for many bytes of a long text.
#[derive(Debug)]
pub struct CharIndex<'a> {
    bytes: &'a [u8],
    /// The number of characters that start before byte `i * STRIDE_BYTES`.
    before: Vec<u32>,
}

impl<'a> CharIndex<'a> {
    /// Makes the index by reading `text` once.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut before = vec![0];
        let mut sum = 0;
        for piece in bytes.chunks(STRIDE_BYTES) {
            sum += starts(piece);
            before.push(sum);
        }
        Self { bytes, before }
    }

    /// The number of characters that start before byte `at`; a byte past the end counts as the end.
    fn char_at(&self, at: usize) -> u32 {
        let at = at.min(self.bytes.len());
        let stride = at / STRIDE_BYTES;
        let known = self.before.get(stride).copied().unwrap_or_default();
        known + self.bytes.get(stride * STRIDE_BYTES..at).map_or(0, starts)
    }

    fn span(&self, span: Span) -> wire::TextSpan {
        let Span { start, end } = span;
        wire::TextSpan { start_char: self.char_at(start), end_char: self.char_at(end) }
    }
}

/// The number of characters that start in `bytes`: all bytes but the continuation bytes of UTF-8.
fn starts(bytes: &[u8]) -> u32 {
    count32(bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count())
}

/// Converts spans of bytes into spans of characters.
#[must_use]
pub fn spans(of: &[Span], index: &CharIndex<'_>) -> Vec<wire::TextSpan> {
    of.iter().map(|span| index.span(*span)).collect()
}

/// Decisions on one page at most: each is looked for among all of its lines.
const DECISIONS_MAX: usize = 1_000;

fn read_decision(from: wire::CutDecision) -> Decision {
    let wire::CutDecision { line, nth, cut } = from;
    Decision { line, nth: nth as usize, cut }
}

/// Converts the doubtful cuts of a page.
pub fn doubts(of: Vec<Doubt>, index: &CharIndex<'_>) -> Vec<wire::CutDoubt> {
    let doubt = |doubt: Doubt| {
        let Doubt { decision: Decision { line, nth, cut }, spans: of, confidence } = doubt;
        wire::CutDoubt {
            reading: Some(wire::CutDecision { line, nth: count32(nth), cut }),
            spans: spans(&of, index),
            confidence,
        }
    };
    of.into_iter().map(doubt).collect()
}

/// Converts a parsed article. It is on the page `at` of those that `pages` index.
#[must_use]
pub fn parsed(from: Parsed, pages: &[CharIndex<'_>], at: usize) -> wire::ParsedArticle {
    let Parsed { article, spans, rules_fired, continued, confidence } = from;
    let Article { id, record, entities: _ } = article;
    let parts = |parts: &Parts, page: usize| pages.get(page).map(|page| write_parts(parts, page));
    let continued = continued.iter().map(|Continued { page, spans }| wire::ContinuedPart {
        page_index: count32(*page),
        spans: parts(spans, *page),
    });
    wire::ParsedArticle {
        name: name(id),
        record: Some(write_record(record, View::Full)),
        spans: parts(&spans, at),
        continued: continued.collect(),
        rules_fired: rules_fired.into_iter().map(str::to_owned).collect(),
        confidence,
    }
}

fn write_parts(parts: &Parts, index: &CharIndex<'_>) -> wire::ArticleSpans {
    let Parts {
        kicker,
        title,
        subtitle,
        section,
        byline,
        dateline,
        paragraphs,
        captions,
        jump,
        source_note,
    } = parts;
    wire::ArticleSpans {
        kicker: spans(kicker, index),
        title: spans(title, index),
        subtitle: spans(subtitle, index),
        section: spans(section, index),
        byline: spans(byline, index),
        dateline: spans(dateline, index),
        paragraphs: paragraphs
            .iter()
            .map(|pieces| wire::ParagraphSpans { spans: spans(pieces, index) })
            .collect(),
        captions: spans(captions, index),
        jump: spans(jump, index),
        source_note: spans(source_note, index),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::CharIndex;
    use super::spans;
    use wenmai_domain::span::Span;

    proptest! {
        #[test]
        fn a_span_names_the_same_text_in_characters(
            text in "[a-z闻脉🀄\n]{0,400}",
            cut: (usize, usize),
        ) {
            let starts = text.char_indices().map(|(at, _)| at);
            let ends: Vec<usize> = starts.chain([text.len()]).collect();
            let (a, b) = (ends[cut.0 % ends.len()], ends[cut.1 % ends.len()]);
            let span = Span::new(a.min(b), a.max(b));
            let on_wire = spans(&[span], &CharIndex::new(&text))[0];
            let length = (on_wire.end_char - on_wire.start_char) as usize;
            let rest = text.chars().skip(on_wire.start_char as usize);
            let named: String = rest.take(length).collect();
            prop_assert_eq!(Some(named.as_str()), span.of(&text));
        }
    }

    #[test]
    fn bytes_past_the_end_are_the_end() {
        let on_wire = spans(&[Span::new(3, 99)], &CharIndex::new("闻脉"))[0];
        assert_eq!((on_wire.start_char, on_wire.end_char), (1, 2));
    }
}
