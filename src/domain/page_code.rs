//! Page codes as papers write them: `3`, `A03`, `第3版`, `T4`, `B02-03`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de;

/// Letters of a part of the issue, at most (`A`, `ZK`).
const SECTION_CHARS_MAX: usize = 3;
/// Digits of a page number that is read from text, at most: more are a date or an id.
const DIGITS_MAX: usize = 4;
/// Parts of an issue that a paper names by one character (特3版).
const NAMED_SECTIONS: [char; 4] = ['特', '专', '增', '副'];
/// Where the keys of named sections begin: behind all that three letters can make.
const NAMED_SECTION_BASE: i64 = 27 * 27 * 27;
/// Bits of [`PageCode::sort_key`] that the number takes.
const NUMBER_BITS: u32 = 32;

/// The page of an issue: a part named by letters, where the paper has parts, and a number.
///
/// Two codes are the same page if part and numbers are equal, however many zeros are written:
/// `A3` equals `A03`. They are ordered as the pages of the issue: plain numbers first, then by part
/// and number.
#[derive(Debug, Clone, Copy)]
pub struct PageCode {
    /// The part's letters in upper case, or one character of [`NAMED_SECTIONS`]; NUL where there
    /// is none.
    section: [char; SECTION_CHARS_MAX],
    number: u32,
    /// The last page of a double page; 0 where there is only one.
    last: u32,
    /// Digits that the number is written with, at least; a page without a part has 1.
    width: u8,
}

impl PageCode {
    /// The page of that number in a paper whose pages have numbers only.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self { section: ['\0'; SECTION_CHARS_MAX], number, last: 0, width: 1 }
    }

    /// Reads what a paper, a feed or an export writes for a page, and what else stands there: the
    /// page's name (`A03版：要闻` is page `A03` with the name 要闻). Without a code that can be told,
    /// all of the text is the name.
    #[must_use]
    pub fn read(text: &str) -> (Option<Self>, String) {
        let whole: Vec<char> = text.trim().chars().map(half_width).collect();
        if let Some((code, end)) = at_start(&whole) {
            let rest = whole.get(end..).unwrap_or_default();
            let parted = rest.first().is_none_or(|next| is_separator(*next));
            let closed = end.checked_sub(1).and_then(|at| whole.get(at)) == Some(&'版');
            if parted || closed {
                return (Some(code), name(rest));
            }
        }
        // The name may stand first: `要闻 A03版`.
        for start in 1..whole.len() {
            let (Some(tail), Some(before)) = (whole.get(start..), whole.get(start - 1)) else {
                continue;
            };
            let begins = is_separator(*before) || tail.first() == Some(&'第');
            if let Some((code, end)) = at_start(tail).filter(|_| begins)
                && end == tail.len()
                && tail.last() == Some(&'版')
            {
                return (Some(code), name(whole.get(..start).unwrap_or_default()));
            }
        }
        (None, text.trim().to_owned())
    }

    /// The page's number within its part.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The last page, for a page that is several together (`B02-03`).
    #[must_use]
    pub fn last(self) -> Option<u32> {
        (self.last > 0).then_some(self.last)
    }

    /// Whether it is a number and nothing else, as all pages were before parts were kept.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.section == ['\0'; SECTION_CHARS_MAX] && self.last == 0
    }

    /// The same page, in the part of `other` if it names no part itself: 下转2版 on page A01 means
    /// A02.
    #[must_use]
    pub fn in_part_of(self, other: Self) -> Self {
        if self.section[0] == '\0' { Self { section: other.section, ..self } } else { self }
    }

    /// A number in the order of the issue's pages, at most 2^53: that of a page without a part is
    /// its number, the others follow by part and number.
    #[must_use]
    pub fn sort_key(self) -> i64 {
        let letters = self.section.into_iter().filter(|letter| *letter != '\0');
        let of_named = letters.clone().next().filter(|letter| !letter.is_ascii_alphabetic());
        let section = match of_named {
            Some(named) => NAMED_SECTION_BASE + i64::from(u32::from(named)),
            // Base 27, as in a dictionary: `A` before `AA` before `B`.
            None => self.section.into_iter().fold(0, |key, letter| {
                let digit = if letter == '\0' { 0 } else { i64::from(u32::from(letter)) - 64 };
                key * 27 + digit
            }),
        };
        (section << NUMBER_BITS) | i64::from(self.number)
    }
}

impl From<u32> for PageCode {
    fn from(number: u32) -> Self {
        Self::from_number(number)
    }
}

impl PartialEq for PageCode {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for PageCode {}

impl PartialOrd for PageCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PageCode {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.sort_key(), self.last).cmp(&(other.sort_key(), other.last))
    }
}

impl Hash for PageCode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.sort_key(), self.last).hash(state);
    }
}

impl fmt::Display for PageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::from(self.width);
        for letter in self.section.into_iter().filter(|letter| *letter != '\0') {
            write!(f, "{letter}")?;
        }
        write!(f, "{:0width$}", self.number)?;
        match self.last() {
            Some(last) => write!(f, "-{last:0width$}"),
            None => Ok(()),
        }
    }
}

/// A text that is not a page code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page is written as 3, A03, 第3版 or B02-03")]
pub struct InvalidPageCode;

impl FromStr for PageCode {
    type Err = InvalidPageCode;

    /// Reads a code with nothing else around it.
    fn from_str(text: &str) -> Result<Self, InvalidPageCode> {
        match PageCode::read(text) {
            (Some(code), name) if name.is_empty() => Ok(code),
            _ => Err(InvalidPageCode),
        }
    }
}

impl Serialize for PageCode {
    /// A plain number stays a number, as it was written before pages had parts.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            serializer.serialize_u32(self.number)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl<'de> Deserialize<'de> for PageCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = PageCode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page as 3 or \"A03\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<PageCode, E> {
                let number = u32::try_from(number).map_err(de::Error::custom)?;
                Ok(PageCode::from_number(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PageCode, E> {
                text.parse().map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The code that `text` begins with, and where it ends.
fn at_start(text: &[char]) -> Option<(PageCode, usize)> {
    let at = |place: usize| text.get(place).copied();
    let mut place = usize::from(at(0) == Some('第'));
    if at(place) == Some('头') && at(place + 1) == Some('版') {
        return Some((PageCode::from_number(1), place + 2));
    }
    let section = section(text, &mut place);
    let has_section = section[0] != '\0';
    let (number, width) = number(text, &mut place)?;
    let mut code =
        PageCode { section, number, last: 0, width: if has_section { width } else { 1 } };
    if let Some((last, end)) = last_page(text, place, &code) {
        (code.last, place) = (last, end);
    }
    place += usize::from(matches!(at(place), Some('版' | '页' | '面')));
    Some((code, place))
}

/// The letters of a part at `place`, which moves behind them and what parts them from the number.
fn section(text: &[char], place: &mut usize) -> [char; SECTION_CHARS_MAX] {
    let mut section = ['\0'; SECTION_CHARS_MAX];
    let start = *place;
    for slot in &mut section {
        match text.get(*place) {
            Some(letter) if letter.is_ascii_alphabetic() => *slot = letter.to_ascii_uppercase(),
            Some(named) if *place == start && NAMED_SECTIONS.contains(named) => {
                *slot = *named;
                *place += 1;
                break;
            }
            _ => break,
        }
        *place += 1;
    }
    if *place > start {
        while text.get(*place).is_some_and(|c| matches!(c, '叠' | '刊' | '-' | ' ' | '版' | '第'))
        {
            *place += 1;
        }
    }
    section
}

/// A number from 1 in digits or Chinese numerals at `place`, which moves behind it; with its width.
fn number(text: &[char], place: &mut usize) -> Option<(u32, u8)> {
    let rest = text.get(*place..)?;
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, length) = if digits > 0 {
        let written: String = rest.iter().take(digits).collect();
        (written.parse().ok().filter(|_| digits <= DIGITS_MAX)?, digits)
    } else {
        numeral(rest)?
    };
    *place += length;
    let width = if digits > 0 { digits } else { 1 };
    Some((number, u8::try_from(width).ok()?)).filter(|_| number > 0)
}

/// A Chinese numeral below 100 at the start of `text`, and its length. One without 版 behind it is
/// a word, as 三 in 三农.
fn numeral(text: &[char]) -> Option<(u32, usize)> {
    const DIGITS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digit = |at: usize| {
        let found = DIGITS.iter().position(|digit| Some(digit) == text.get(at))?;
        u32::try_from(found + 1).ok()
    };
    let ten = |at: usize| text.get(at) == Some(&'十');
    let (number, length) = match (digit(0), ten(0)) {
        (Some(tens), _) if ten(1) => match digit(2) {
            Some(ones) => (tens * 10 + ones, 3),
            None => (tens * 10, 2),
        },
        (Some(ones), _) => (ones, 1),
        (None, true) => match digit(1) {
            Some(ones) => (10 + ones, 2),
            None => (10, 1),
        },
        (None, false) => return None,
    };
    (text.get(length) == Some(&'版')).then_some((number, length))
}

/// The last page of a run such as `02-03` or `A02-A03`, whose first page ends at `place`.
fn last_page(text: &[char], place: usize, first: &PageCode) -> Option<(u32, usize)> {
    let mark = text.get(place)?;
    if !matches!(mark, '-' | '–' | '—' | '~' | '至' | '、' | ',') {
        return None;
    }
    let mut end = place + 1;
    let again = section(text, &mut end);
    let (last, _) = number(text, &mut end)?;
    let same_part = again[0] == '\0' || again == first.section;
    let closed = text.get(end).is_none_or(|next| is_separator(*next) || *next == '版');
    (same_part && closed && last > first.number).then_some((last, end))
}

/// A character in its narrow form: `Ａ０３` is `A03`.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// What may stand between a code and a name.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ':' | '·' | '|' | '(' | ')' | '[' | ']' | '•' | '_')
}

fn name(text: &[char]) -> String {
    let text: String = text.iter().collect();
    text.trim_matches(is_separator).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::PageCode;

    fn read(text: &str) -> (String, String) {
        let (code, name) = PageCode::read(text);
        (code.map(|code| code.to_string()).unwrap_or_default(), name)
    }

    #[test]
    fn codes_are_read_as_papers_write_them() {
        let forms = [
            ("3", "3"),
            ("03", "3"),
            ("第3版", "3"),
            ("第三版", "3"),
            ("十二版", "12"),
            ("二十一版", "21"),
            ("头版", "1"),
            ("A03", "A03"),
            ("a3", "A3"),
            ("Ａ０３版", "A03"),
            ("A叠03版", "A03"),
            ("T4", "T4"),
            ("ZK12", "ZK12"),
            ("特3版", "特3"),
            ("B02-03", "B02-03"),
            ("A02-A03版", "A02-03"),
            ("B02、03", "B02-03"),
            ("4-5", "4-5"),
        ];
        for (text, code) in forms {
            assert_eq!(read(text), (code.to_owned(), String::new()), "{text}");
        }
    }

    #[test]
    fn a_name_beside_the_code_is_kept() {
        for text in
            ["A03版：要闻", "A03：要闻", "A03 要闻", "A03版要闻", "要闻 A03版", "A03版（要闻）"]
        {
            assert_eq!(read(text), ("A03".to_owned(), "要闻".to_owned()), "{text}");
        }
        assert_eq!(read("要闻第3版"), ("3".to_owned(), "要闻".to_owned()));
    }

    #[test]
    fn what_holds_no_code_is_a_name() {
        for text in ["", "要闻", "三农", "2025-09-08", "20250908", "A", "0", "版", "3/16", "ABCD1"]
        {
            assert_eq!(read(text), (String::new(), text.to_owned()), "{text}");
        }
        assert_eq!(read(" 要闻 "), (String::new(), "要闻".to_owned()));
    }

    #[test]
    fn pages_are_ordered_as_in_the_issue() {
        let codes =
            ["1", "2", "12", "A01", "A2", "A10", "AA1", "B01", "B02", "B02-03", "ZZZ9", "特1"];
        let read: Vec<PageCode> = codes.iter().map(|code| code.parse().unwrap()).collect();
        assert!(read.is_sorted());
        assert!(read.iter().all(|code| code.sort_key() < 1 << 53));
        assert_eq!("A3".parse::<PageCode>(), "A003".parse());
        assert!(PageCode::from_number(u32::MAX) < "A1".parse().unwrap());
    }

    #[test]
    fn a_plain_number_is_written_as_before() {
        let json = |text: &str| serde_json::to_string(&text.parse::<PageCode>().unwrap()).unwrap();
        assert_eq!((json("03").as_str(), json("A03").as_str()), ("3", "\"A03\""));
        let read: PageCode = serde_json::from_str("20250908").unwrap();
        assert_eq!(read.number(), 20_250_908);
        assert!(serde_json::from_str::<PageCode>("\"要闻\"").is_err());
    }

    proptest! {
        #[test]
        fn every_code_comes_back_from_its_name(
            text in "\\PC{0,12}",
            made in "[A-Z]{0,3}[0-9]{1,4}(-[0-9]{1,4})?",
        ) {
            for text in [text, made] {
                if let (Some(code), _) = PageCode::read(&text) {
                    let again: PageCode = code.to_string().parse().unwrap();
                    prop_assert_eq!(again, code);
                    prop_assert_eq!(again.to_string(), code.to_string());
                    let json = serde_json::to_string(&code).unwrap();
                    prop_assert_eq!(serde_json::from_str::<PageCode>(&json).unwrap(), code);
                }
            }
        }
    }
}
