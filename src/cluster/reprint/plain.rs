//! A text folded to what a reprint keeps: letters and digits of one script, in order.

use std::borrow::Cow;
use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization as _;

use crate::reprint::strip;
use wenmai_domain::article::Record;
use wenmai_text::headline;

/// Characters of a gram.
pub(super) const GRAM_CHARS: usize = 5;
/// Characters of an article that are looked at; what follows in a longer one decides nothing.
const CHARS_MAX: usize = 60_000;
/// A title shorter than this may begin a sentence by chance, so it stays.
const TITLE_CHARS_MIN: usize = 6;

/// The letters and digits of an article's text, without dateline, byline and source notes.
#[derive(Debug, Clone)]
pub struct Plain {
    chars: Vec<char>,
    /// Whether the text began with its headline, which is no part of it here.
    pub(super) is_headed: bool,
    /// Hash and place of each run of [`GRAM_CHARS`] characters, sorted; most texts are compared
    /// with none and need them not.
    grams: OnceLock<Vec<(u32, u32)>>,
}

impl Plain {
    /// Folds the body of `record`; without one its captions, else its title.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let mut chars = Vec::new();
        let mut first_line = 0;
        let is_marked = |text: &String| text.contains(['<', '&']);
        let paragraphs: Cow<'_, [String]> = if record.paragraphs.iter().any(is_marked) {
            record.paragraphs.iter().map(|text| headline::without_markup(text)).collect()
        } else {
            Cow::Borrowed(&record.paragraphs)
        };
        for line in strip::lines(&paragraphs) {
            fold_into(line, &mut chars);
            if first_line == 0 {
                first_line = chars.len();
            }
            if chars.len() > CHARS_MAX {
                break;
            }
        }
        let title = fold(&record.title);
        // Web pages print the headline again above the text. Where it runs on in the same line it is how
        // the text begins, as that of a flash does.
        let is_headed = title.len() >= TITLE_CHARS_MIN
            && chars.get(..first_line).is_some_and(|line| line == title);
        if is_headed {
            chars.drain(..title.len());
        }
        for caption in record.captions.iter().filter(|_| record.paragraphs.is_empty()) {
            fold_into(&caption.text, &mut chars);
        }
        if chars.is_empty() {
            chars = title;
        }
        Self { is_headed, ..Self::new(chars) }
    }

    /// Folds a text that has neither title nor notes.
    #[cfg(test)]
    pub(super) fn of_text(text: &str) -> Self {
        Self::new(fold(text))
    }

    fn new(mut chars: Vec<char>) -> Self {
        chars.truncate(CHARS_MAX);
        Self { chars, is_headed: false, grams: OnceLock::new() }
    }

    /// Its characters.
    #[must_use]
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// How many characters it has.
    #[must_use]
    pub fn char_count(&self) -> usize {
        self.chars.len()
    }

    /// Hash and place of each gram, sorted.
    pub(super) fn grams(&self) -> &[(u32, u32)] {
        self.grams.get_or_init(|| {
            let mut grams: Vec<(u32, u32)> = hashes(&self.chars).zip(0..).collect();
            grams.sort_unstable();
            grams
        })
    }
}

/// The hash of each run of [`GRAM_CHARS`] characters, in order.
pub(super) fn hashes(chars: &[char]) -> impl Iterator<Item = u32> + '_ {
    chars.windows(GRAM_CHARS).map(|gram| {
        let folded = gram.iter().fold(0_u64, |hash, c| {
            hash.wrapping_mul(0x0000_0100_0000_01b3).wrapping_add(u64::from(u32::from(*c)))
        });
        mixed(folded)
    })
}

/// The upper half of a hash whose every bit depends on all of `value`.
///
/// Source: the finalizer of `SplitMix64` (Steele, Lea & Flood 2014).
fn mixed(value: u64) -> u32 {
    let mut hash = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((hash ^ (hash >> 31)) >> 32) as u32
}

pub(super) fn fold(text: &str) -> Vec<char> {
    let mut chars = Vec::new();
    fold_into(text, &mut chars);
    chars
}

/// Adds the letters and digits of `text`, and the points and percent signs of its numbers, as
/// `text::normalize` would fold them; without places in the source, which makes it several times
/// faster.
fn fold_into(text: &str, chars: &mut Vec<char>) {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{4e00}'..='\u{9fff}' | '0'..='9' | 'a'..='z' | '.' | '%' | '·' => kept.push(c),
            '\0'..='\u{7f}' if c.is_ascii_uppercase() => kept.push(c.to_ascii_lowercase()),
            '\0'..='\u{7f}' | '，' | '。' | '、' | '；' | '：' | '“' | '”' | '《' | '》' =>
            {
                kept.push(' ');
            }
            c => kept.extend(c.nfkc().flat_map(char::to_lowercase)),
        }
    }
    // One character becomes one character.
    let simple = if kept.is_ascii() { kept } else { fast2s::convert(&kept) };
    let mut rest = simple.chars().peekable();
    while let Some(c) = rest.next() {
        let after_digit = chars.last().is_some_and(char::is_ascii_digit);
        match c {
            c if c.is_alphanumeric() => chars.push(c),
            '.' | '·' if after_digit && rest.peek().is_some_and(char::is_ascii_digit) => {
                chars.push('.');
            }
            '%' if after_digit => chars.push('%'),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use wenmai_domain::article::Record;

    fn plain(title: &str, paragraphs: &[&str]) -> String {
        let paragraphs = paragraphs.iter().map(|text| (*text).to_owned()).collect();
        let record = Record { title: title.into(), paragraphs, ..Record::default() };
        Plain::of(&record).chars().iter().collect()
    }

    #[test]
    fn width_script_and_marks_do_not_count() {
        assert_eq!(plain("", &["清河縣，增長３.５％。", "“大橋”通車！"]), "清河县增长3.5%大桥通车");
    }

    #[test]
    fn a_headline_above_the_text_is_not_text() {
        assert_eq!(
            plain("清河大桥今日通车", &["清河大桥今日通车", "大桥长三公里。"]),
            "大桥长三公里"
        );
    }

    #[test]
    fn a_text_of_its_title_alone_is_its_title() {
        assert_eq!(plain("清河大桥今日通车", &["清河大桥今日通车"]), "清河大桥今日通车");
    }
}
