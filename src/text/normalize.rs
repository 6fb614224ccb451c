//! One form for one text: NFKC, simplified characters, lower case; every character keeps its
//! source.
//!
//! Queries and articles go through the same steps, so `ＧＤＰ`, `GDP` and `gdp`, 聊城 and 聊城 in
//! traditional characters meet. Conversion to simplified is by character with its neighbours (crate
//! `fast2s`), one character for one, never by phrase.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::domain::span::Span;

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
    let mut composed = String::with_capacity(source.len());
    let mut spans: Vec<Span> = Vec::with_capacity(source.len() / 2);
    for cluster in clusters(source) {
        let text = cluster.of(source).unwrap_or_default();
        if is_stable(text) {
            composed.push_str(text);
            spans.push(cluster);
            continue;
        }
        for c in text.nfkc().flat_map(char::to_lowercase) {
            composed.push(c);
            spans.push(cluster);
        }
    }
    // One character becomes one character, so the spans still fit.
    let simplified = if composed.is_ascii() { composed } else { fast2s::convert(&composed) };
    let origins = simplified.char_indices().map(|(start, _)| start).zip(spans).collect();
    Normalized { text: simplified, origins }
}

/// Whether `text` is one character that neither NFKC nor lower case changes: nearly all of the news is.
fn is_stable(text: &str) -> bool {
    let mut chars = text.chars();
    let stable = chars.next().is_some_and(|c| {
        matches!(c, '\u{4e00}'..='\u{9fff}' | 'a'..='z' | '0'..='9' | ' ' | '\n' | '、' | '。' | '《' | '》')
    });
    stable && chars.next().is_none()
}

/// Spans of the characters of `source`, each with the combining marks behind it.
fn clusters(source: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    for (start, c) in source.char_indices() {
        let end = start + c.len_utf8();
        match found.last_mut() {
            Some(last) if canonical_combining_class(c) != 0 => last.end = end,
            _ => found.push(Span::new(start, end)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::normalize;
    use crate::domain::span::Span;

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
        for c in ('\u{0}'..='\u{ffff}').filter(|c| super::is_stable(&c.to_string())) {
            let long: String = c.to_string().nfkc().flat_map(char::to_lowercase).collect();
            assert_eq!(long, c.to_string());
        }
    }

    proptest! {
        #[test]
        fn every_character_has_a_source_that_fits(source in "\\PC{0,60}") {
            let normalized = normalize(&source);
            for (start, c) in normalized.text().char_indices() {
                let back = normalized.source(Span::new(start, start + c.len_utf8()));
                prop_assert!(back.of(&source).is_some_and(|text| !text.is_empty()));
            }
        }
    }
}
