//! One form for one text: NFKC, simplified characters, lower case; every character keeps its
//! source.
//!
//! Queries and articles go through the same steps, so `ＧＤＰ`, `GDP` and `gdp`, 聊城 and 聊城 in
//! traditional characters meet. Conversion to simplified is by character with its neighbours (crate
//! `fast2s`), one character for one, never by phrase.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use wenmai_domain::span::Span;

/// A normalized text and the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    text: String,
    /// For each character of `text`: its first byte in `text`, and the source span it came from.
    origins: Vec<(usize, Span)>,
}

impl Normalized {
    /// The normalized text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the source that `span` of the normalized text came from.
    ///
    /// A span inside a character that grew (㎡ → m2) gives the whole source character. An empty
    /// span, or one past the end, gives an empty span.
    #[must_use]
    pub fn source(&self, span: Span) -> Span {
        let first = self.origins.partition_point(|(start, _)| *start <= span.start).max(1) - 1;
        let last = self.origins.partition_point(|(start, _)| *start < span.end);
        match self.origins.get(first..last) {
            Some([(_, only)]) => *only,
            Some([(_, first), .., (_, last)]) => Span::new(first.start, last.end),
            _ => {
                let end = self.origins.last().map_or(0, |(_, origin)| origin.end);
                Span::new(end, end)
            }
        }
    }
}

/// Normalizes `source`: NFKC, then traditional → simplified, then lower case.
#[must_use]
pub fn normalize(source: &str) -> Normalized {
    let mut spans: Vec<Span> = Vec::with_capacity(source.len() / 2);
    // One character becomes one character, so the spans still fit.
    let text = simplified(composed(source, |origin| spans.push(origin)));
    let origins = text.char_indices().map(|(start, _)| start).zip(spans).collect();
    Normalized { text, origins }
}

/// The text of [`normalize`] alone.
#[must_use]
pub fn normal(source: &str) -> String {
    simplified(composed(source, |_| ()))
}

fn simplified(composed: String) -> String {
    if composed.is_ascii() { composed } else { fast2s::convert(&composed) }
}

/// `source` in NFKC and lower case; `origin` is told where each character of it came from.
fn composed(source: &str, mut origin: impl FnMut(Span)) -> String {
    let mut composed = String::with_capacity(source.len());
    let mut chars = source.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        // A character with the combining marks behind it.
        let mut end = start + first.len_utf8();
        let mut is_alone = true;
        while let Some((at, mark)) = chars.next_if(|(_, c)| is_mark(*c)) {
            (end, is_alone) = (at + mark.len_utf8(), false);
        }
        let cluster = Span::new(start, end);
        if let Some(c) = short_way(first).filter(|_| is_alone) {
            composed.push(c);
            origin(cluster);
            continue;
        }
        let text = cluster.of(source).unwrap_or_default();
        for c in text.nfkc().flat_map(char::to_lowercase) {
            composed.push(c);
            origin(cluster);
        }
    }
    composed
}

/// What NFKC and lower case make of a character alone, where that needs no table: nearly all of the
/// news.
fn short_way(c: char) -> Option<char> {
    match c {
        '\u{4e00}'..='\u{9fff}' | '\n'..='~' | '、' | '。' | '《' | '》' | '“' | '”' => {
            Some(c.to_ascii_lowercase())
        }
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = u32::from(c) - u32::from('！') + u32::from('!');
            char::from_u32(narrow).map(|narrow| narrow.to_ascii_lowercase())
        }
        _ => None,
    }
}

/// Whether `c` belongs to the character before it.
fn is_mark(c: char) -> bool {
    let is_none = matches!(c, '\u{0}'..='\u{2ff}' | '\u{3001}'..='\u{3029}' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}');
    !is_none && canonical_combining_class(c) != 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::normalize;
    use wenmai_domain::span::Span;

    #[test]
    fn width_case_and_script_are_folded() {
        assert_eq!(normalize("ＧＤＰ增長５％，㎡").text(), "gdp增长5%,m2");
        assert_eq!(normalize("清河縣醫院").text(), "清河县医院");
    }

    #[test]
    fn spans_lead_back_to_the_source() {
        let source = "面積３㎡。";
        let normalized = normalize(source);
        let at = normalized.text().find("m2").unwrap();
        let back = normalized.source(Span::new(at, at + 1));
        assert_eq!(back.of(source), Some("㎡"));
        assert_eq!(normalized.source(Span::new(0, 6)).of(source), Some("面積"));
    }

    #[test]
    fn marks_join_their_letter() {
        let normalized = normalize("cafe\u{301}!");
        assert_eq!(normalized.text(), "café!");
    }

    #[test]
    fn the_short_way_gives_what_the_long_way_gives() {
        use unicode_normalization::UnicodeNormalization;
        use unicode_normalization::char::canonical_combining_class;
        for c in '\u{0}'..='\u{ffff}' {
            assert_eq!(super::is_mark(c), canonical_combining_class(c) != 0);
            let Some(short) = super::short_way(c) else { continue };
            let long: String = c.to_string().nfkc().flat_map(char::to_lowercase).collect();
            assert_eq!(long, short.to_string());
        }
    }

    proptest! {
        #[test]
        fn every_character_has_a_source_that_fits(source in "\\PC{0,60}") {
            let normalized = normalize(&source);
            prop_assert_eq!(normalized.text(), super::normal(&source));
            for (start, c) in normalized.text().char_indices() {
                let back = normalized.source(Span::new(start, start + c.len_utf8()));
                prop_assert!(back.of(&source).is_some_and(|text| !text.is_empty()));
            }
        }
    }
}
