//! One form for one text: NFKC, simplified characters, lower case, nothing invisible; every character
//! keeps its source.
//!
//! Queries and articles go through the same steps, so `ＧＤＰ`, `GDP` and `gdp`, 聊城 and 聊城 in
//! traditional characters meet. Conversion to simplified is by character with its neighbours (crate
//! `fast2s`), one character for one, never by phrase. Radicals that a PDF prints in place of characters
//! become these characters. What has no width (a zero-width space, a soft hyphen, a variation selector)
//! is left out: editors and scripts against copying put it inside words.

mod radicals;
mod variants;

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
    if composed.is_ascii() {
        return composed;
    }
    let mut converted = fast2s::convert(&composed);
    if converted.chars().any(|c| variants::standard(c).is_some()) {
        converted = converted.chars().map(|c| variants::standard(c).unwrap_or(c)).collect();
    }
    converted
}

/// `source` in NFKC and lower case; `origin` is told where each character of it came from.
fn composed(source: &str, mut origin: impl FnMut(Span)) -> String {
    let mut composed = String::with_capacity(source.len());
    let mut chars = source.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if is_invisible(first) {
            continue;
        }
        // A character with the combining marks and the variation selectors behind it.
        let mut end = start + first.len_utf8();
        let mut is_alone = true;
        while let Some((at, mark)) = chars.next_if(|(_, c)| is_mark(*c) || is_selector(*c)) {
            end = at + mark.len_utf8();
            is_alone &= is_selector(mark);
        }
        let cluster = Span::new(start, end);
        if let Some(c) = short_way(first).filter(|_| is_alone) {
            composed.push(c);
            origin(cluster);
            continue;
        }
        let text = cluster.of(source).unwrap_or_default();
        let visible = text.chars().filter(|c| !is_selector(*c));
        for c in visible.nfkc().flat_map(char::to_lowercase) {
            composed.push(radicals::ideograph(c).unwrap_or(c));
            origin(cluster);
        }
    }
    composed
}

/// Whether `c` has no width and no meaning for a search: it may stand inside a word. Marks that turn
/// the direction of writing are among them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0001}'..='\u{e007f}'
    ) || is_selector(c)
}

/// Whether `c` chooses a form of the character before it.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
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

    #[test]
    fn what_cannot_be_seen_is_left_out_and_spans_still_fit() {
        let source = "清\u{200b}河\u{ad}水\u{2060}库\u{feff}，葛\u{e0100}城\u{fe00}";
        let normalized = normalize(source);
        assert_eq!(normalized.text(), "清河水库,葛城");
        let place = |word: &str| {
            let at = normalized.text().find(word).unwrap();
            normalized.source(Span::new(at, at + word.len())).of(source).unwrap()
        };
        assert_eq!(place("河水"), "河\u{ad}水");
        assert_eq!(place("葛城"), "葛\u{e0100}城\u{fe00}");
        assert_eq!(normalize("\u{200b}\u{fe00}").text(), "");
    }

    #[test]
    fn radicals_become_the_characters_they_are_printed_for() {
        let source = "⻄部⺠生，⻓河⽔⽂";
        let normalized = normalize(source);
        assert_eq!(normalized.text(), "西部民生,长河水文");
        assert_eq!(normalized.source(Span::new(0, 6)).of(source), Some("⻄部"));
    }

    #[test]
    fn forms_of_taiwan_and_hong_kong_are_folded() {
        for (printed, normal) in [
            ("衞生、裏面、台灣、臺灣", "卫生、里面、台湾、台湾"),
            ("羣眾、山峯、牀位、綫路", "群众、山峰、床位、线路"),
            ("啓用、爲民、鷄蛋、麪粉", "启用、为民、鸡蛋、面粉"),
            ("内外、户口、决定、温州、黄河", "内外、户口、决定、温州、黄河"),
        ] {
            assert_eq!(normalize(printed).text(), normal);
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
