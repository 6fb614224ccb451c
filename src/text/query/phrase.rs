//! Whether a text holds words exactly: on normalized texts, so that width, case and script do not
//! matter, and never inside a longer number or Latin word (`12日` is not in 112日, `ai` not in
//! said).
//!
//! Both sides are folded first: blanks and quotation marks between Chinese characters are layout and go,
//! a hyphen or a blank inside a name with a number goes (`F-16`, `PM 2.5`, 歼-20), so do the commas of a
//! number (`1,200`). Title marks (《》) and all other marks stay.

use crate::normalize;
use crate::normalize::Normalized;
use crate::units::token::is_ideograph;
use crate::units::token::is_transparent;
use wenmai_domain::span::Span;

/// A text as phrases are looked for in it, and the way back.
#[derive(Debug, Clone)]
pub struct Folded {
    text: String,
    /// For each character of `text`: its first byte there, and its place in the normalized text.
    origins: Vec<(usize, Span)>,
    normalized: Normalized,
}

/// What was passed over before a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Nothing,
    Blank,
    Hyphen,
}

impl Folded {
    /// Folds `source`.
    #[must_use]
    pub fn of(source: &str) -> Self {
        let normalized = normalize::normalize(source);
        let mut folded =
            Self { text: String::with_capacity(source.len()), origins: Vec::new(), normalized };
        let normal = folded.normalized.text().to_owned();
        let mut gap = Gap::Nothing;
        let mut gap_span = Span::new(0, 0);
        let mut before: Option<char> = None;
        for (start, c) in normal.char_indices() {
            let span = Span::new(start, start + c.len_utf8());
            let rest = normal.get(span.end..).unwrap_or_default();
            gap = match c {
                c if c.is_whitespace() || is_transparent(c) => {
                    if gap == Gap::Hyphen {
                        gap
                    } else {
                        Gap::Blank
                    }
                }
                '-' | '\u{2010}'..='\u{2015}' | '\u{2212}'
                    if gap != Gap::Hyphen && before.is_some() =>
                {
                    Gap::Hyphen
                }
                ',' if is_thousands(before, rest) => continue,
                c => {
                    if let Some(mark) = before.and_then(|before| kept(before, gap, c)) {
                        folded.push(mark, gap_span);
                    }
                    let c = match c {
                        '〈' => '《',
                        '〉' => '》',
                        c => c,
                    };
                    folded.push(c, span);
                    before = Some(c);
                    gap = Gap::Nothing;
                    continue;
                }
            };
            gap_span = span;
        }
        folded
    }

    fn push(&mut self, c: char, span: Span) {
        self.origins.push((self.text.len(), span));
        self.text.push(c);
    }

    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the source holds the folded `phrase`.
    #[must_use]
    pub fn places(&self, phrase: &str) -> Vec<Span> {
        places(&self.text, phrase).filter_map(|span| self.source(span)).collect()
    }

    fn source(&self, span: Span) -> Option<Span> {
        let from = self.origins.partition_point(|(start, _)| *start < span.start);
        let to = self.origins.partition_point(|(start, _)| *start < span.end);
        let ((_, first), (_, last)) =
            (self.origins.get(from)?, self.origins.get(to.checked_sub(1)?)?);
        Some(self.normalized.source(Span::new(first.start, last.end)))
    }
}

/// The mark that a gap between two characters leaves, if it leaves one.
fn kept(before: char, gap: Gap, after: char) -> Option<char> {
    let is_plain = |c: char| c.is_alphanumeric() && !is_ideograph(c);
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    let same =
        is_plain(before) && is_plain(after) && before.is_ascii_digit() == after.is_ascii_digit();
    let joins = is_plain(before) || is_plain(after);
    match gap {
        Gap::Blank if same => Some(' '),
        Gap::Hyphen if digits || !joins => Some('-'),
        Gap::Nothing | Gap::Blank | Gap::Hyphen => None,
    }
}

/// Whether the comma between `before` and `rest` parts the thousands of a number.
fn is_thousands(before: Option<char>, rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    before.is_some_and(|c| c.is_ascii_digit()) && digits == 3
}

/// The form in which phrases are compared.
#[must_use]
pub fn folded(text: &str) -> String {
    Folded::of(text).text
}

/// A name as it is compared with others: normalized, without white space at the ends.
#[must_use]
pub fn normal(text: &str) -> String {
    normalize::normal(text).trim().to_owned()
}

/// Where folded `text` holds folded `phrase`, in order; an empty phrase stands nowhere.
pub fn places<'t>(text: &'t str, phrase: &'t str) -> impl Iterator<Item = Span> + 't {
    let whole = move |span: &Span| {
        let before = text.get(..span.start).and_then(|text| text.chars().next_back());
        let after = text.get(span.end..).and_then(|text| text.chars().next());
        let (first, last) = (phrase.chars().next(), phrase.chars().next_back());
        !goes_on(before, first) && !goes_on(last, after)
    };
    let found = (!phrase.is_empty()).then(|| text.match_indices(phrase)).into_iter().flatten();
    found.map(move |(start, _)| Span::new(start, start + phrase.len())).filter(whole)
}

/// Whether folded `text` holds folded `phrase`.
#[must_use]
pub fn holds(text: &str, phrase: &str) -> bool {
    places(text, phrase).next().is_some()
}

/// Whether one of `sources`, texts as they are printed, holds folded `phrase`.
///
/// What stands there letter by letter is found without folding, which takes ten times as long.
pub fn stands_in<'t>(sources: impl Iterator<Item = &'t str> + Clone, phrase: &str) -> bool {
    let is_plain = !phrase.is_empty() && phrase.chars().all(is_ideograph);
    (is_plain && sources.clone().any(|source| source.contains(phrase)))
        || sources.into_iter().any(|source| holds(&folded(source), phrase))
}

/// Whether two neighbours belong to one number or one Latin word.
fn goes_on(left: Option<char>, right: Option<char>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => {
            (left.is_ascii_digit() && right.is_ascii_digit())
                || (left.is_ascii_alphabetic() && right.is_ascii_alphabetic())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Folded;
    use super::folded;
    use super::holds;
    use super::normal;
    use super::places;
    use super::stands_in;

    fn stands(text: &str, phrase: &str) -> bool {
        holds(&folded(text), &folded(phrase))
    }

    #[test]
    fn a_phrase_stands_in_printed_texts_as_in_folded_ones() {
        let texts = ["清河大橋合龍", "完成除险 加固", "捐书1,200册", "甲乙"];
        for (phrase, stands) in [
            ("大桥", true),
            ("除险加固", true),
            ("200册", false),
            ("1200册", true),
            ("合龙完成", false),
            ("甲乙", true),
            ("", false),
        ] {
            assert_eq!(stands_in(texts.into_iter(), phrase), stands, "{phrase}");
            let folded: Vec<String> = texts.iter().map(|text| super::folded(text)).collect();
            assert_eq!(folded.iter().any(|text| holds(text, phrase)), stands, "{phrase}");
        }
    }

    #[test]
    fn layout_inside_a_phrase_does_not_matter() {
        for (text, phrase) in [
            ("完成除险 加固", "除险加固"),
            ("完成除险\u{200b}加固", "除险加固"),
            ("办好“麦田课堂”开课", "「麦田课堂」开课"),
            ("作家阿依·古丽", "阿依古丽"),
            ("一架F—16战机", "F16"),
            ("歼20首飞", "歼-20"),
            ("浓度PM 2.5", "pm2.5"),
            ("捐书1,200册", "1200册"),
            ("电影〈之后〉", "《之后》"),
        ] {
            assert!(stands(text, phrase), "{text} {phrase}");
        }
    }

    #[test]
    fn marks_that_mean_something_stay() {
        for (text, phrase) in [
            ("在这之后，", "《之后》"),
            ("处理，待办", "处理待办"),
            ("2020-2021", "20202021"),
            ("the rapist", "therapist"),
            ("第1,200号", "200号"),
            ("沪-杭", "沪杭"),
        ] {
            assert!(!stands(text, phrase), "{text} {phrase}");
        }
    }

    #[test]
    fn places_are_of_the_text_as_printed() {
        let text = "昨日，“除險 加固”完工，F-16飛過";
        let of = |phrase: &str| -> Vec<&str> {
            let places = Folded::of(text).places(&folded(phrase));
            places.iter().map(|span| span.of(text).unwrap()).collect()
        };
        assert_eq!(of("除险加固"), ["除險 加固"]);
        assert_eq!(of("f16飞过"), ["F-16飛過"]);
    }

    #[test]
    fn width_case_and_script_do_not_matter() {
        assert!(holds(&normal("清河縣ＧＤＰ增長"), &normal("县gdp")));
        assert!(!holds(&normal("清河县的GDP"), &normal("县gdp")));
    }

    #[test]
    fn a_number_or_latin_word_counts_only_whole() {
        assert!(holds("共12日", "12日") && !holds("第112日", "12日"));
        assert!(holds("用ai写稿", "ai") && !holds("he said", "ai"));
        assert!(holds("n95口罩", "95口罩"));
    }

    #[test]
    fn every_place_is_told_in_order() {
        let starts: Vec<_> = places("水位，水位", "水位").map(|span| span.start).collect();
        assert_eq!(starts, [0, 9]);
        assert_eq!(places("水位", "").count(), 0);
    }
}
