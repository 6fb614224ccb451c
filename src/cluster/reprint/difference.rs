//! What does one place where two texts differ amount to: other news, another word, or a slip?

use std::ops::Range;

use wenmai_text::surname;

use crate::reprint::align::Hunk;
use crate::reprint::contrast;
use crate::reprint::numeral;
use crate::reprint::numeral::Quantity;
use crate::reprint::places;
use crate::reprint::words::Word;
use crate::reprint::words::words_at;

/// Characters of a change, at most, that can be one fact for another; more is a rewritten passage.
const FACT_CHARS_MAX: usize = 32;
/// Characters of a word, at most, that stands for another; more is a rewritten clause.
const WORD_CHARS_MAX: usize = 6;
/// Characters by which a word may be longer than the one that it stands for: slots of a mould are
/// filled with words of one kind, which are about as long.
const WORD_CHARS_MORE: usize = 1;
/// The same where whole words stand for each other.
const WHOLE_CHARS_MORE: usize = 2;
/// Characters that must have changed places for it to be no slip.
const SWAPPED_CHARS_MIN: usize = 4;
/// Characters of a name of a person.
const NAME_CHARS: Range<usize> = 2..5;
/// Characters of a clause that was put in and tells a number.
const ADDED_CHARS_MAX: usize = 12;
/// Letters of a mark like the A of `A股`; a longer word has typing errors.
const MARK_LETTERS_MAX: usize = 3;
/// Characters of a clause that only one text has: numbers in it are no others than those beside it.
const CLAUSE_CHARS_MIN: usize = 6;
/// Digits of a number that is no quantity, at least.
const STAMP_DIGITS_MIN: usize = 4;
/// Characters around a change in which a name that it cuts through is looked for.
const NAME_REACH: usize = 3;
/// What stands behind a number that a report is about: who was hurt, what it cost.
const TOLD_UNITS: &str = "人名死伤例户万亿元%级起";

/// What kind of news a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// Another day, ordinal or number of something that is not told.
    Number,
    /// Another number of what the report is about: who was hurt, what it cost.
    Figure,
    /// Another place.
    Place,
    /// Another person.
    Person,
    /// The other of two: a grade, a direction, a side, a role.
    Opposite,
    /// What did not happen, is over, or is only meant to happen.
    Turn,
    /// The same names, each in the other's place.
    Swap,
    /// Another word where both texts are otherwise the same.
    Word,
    /// A number that only one of them tells.
    Added,
}

/// What a place where two texts differ amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Another report, whatever the rest.
    Fact(Fact),
    /// One word for another, which may be style or the news: the words.
    Word(String, String),
    /// Single characters that are others, as typing and reading machines make them.
    Misprint,
    /// A single character too many or too few, or one that is often typed for the other.
    Slip,
    /// How something is put, or a passage of one of them alone.
    Wording,
}

/// Says what `hunk` between `left` and `right` amounts to.
pub(super) fn difference(left: &[char], right: &[char], hunk: &Hunk) -> Difference {
    let (short, long) = match (hunk.left.len(), hunk.right.len()) {
        (one, other) if one < other => (one, other),
        (one, other) => (other, one),
    };
    if long > FACT_CHARS_MAX {
        return Difference::Wording;
    }
    if (short, long) == (1, 1) && is_confused(left, right, hunk) {
        return Difference::Slip;
    }
    let is_clause = short == 0 && long > CLAUSE_CHARS_MIN;
    if let Some(number) = other_number(left, right, hunk).filter(|_| !is_clause)
        && !is_numbering(left, right, hunk)
    {
        let is_told = number.unit.is_some_and(|unit| TOLD_UNITS.contains(unit));
        return Difference::Fact(if is_told { Fact::Figure } else { Fact::Number });
    }
    if places_differ(left, right, hunk) {
        return Difference::Fact(Fact::Place);
    }
    match (short, long) {
        (0, _) if hunk.left.is_empty() => put_in(right, &hunk.right),
        (0, _) => put_in(left, &hunk.left),
        (1, 1) => one_for_one(left, right, hunk),
        _ => words_for_words(left, right, hunk),
    }
}

/// Whether the two characters are typed or read for each other.
fn is_confused(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let pair = left.get(hunk.left.start).zip(right.get(hunk.right.start));
    pair.is_some_and(|(one, other)| contrast::are_confused(*one, *other))
}

/// One character for another.
fn one_for_one(left: &[char], right: &[char], hunk: &Hunk) -> Difference {
    let at = |chars: &[char], range: &Range<usize>| chars.get(range.start).copied();
    let (Some(one), Some(other)) = (at(left, &hunk.left), at(right, &hunk.right)) else {
        return Difference::Misprint;
    };
    if one.is_ascii_alphabetic() && other.is_ascii_alphabetic() {
        let is_mark = letters(left, hunk.left.start) <= MARK_LETTERS_MAX
            && letters(right, hunk.right.start) <= MARK_LETTERS_MAX;
        return if is_mark { Difference::Fact(Fact::Opposite) } else { Difference::Misprint };
    }
    let (some, others) = (words_at(left, &hunk.left), words_at(right, &hunk.right));
    if contrast::are_opposites(&joined(&some), &joined(&others)) {
        return Difference::Fact(Fact::Opposite);
    }
    if contrast::is_loose(&joined(&some)) && contrast::is_loose(&joined(&others)) {
        return Difference::Wording;
    }
    if contrast::are_opposed(one, other) {
        return Difference::Fact(Fact::Opposite);
    }
    if says_the_same(&some, &others) {
        return Difference::Wording;
    }
    if are_places(&some, &others) {
        return Difference::Fact(Fact::Place);
    }
    if is_surname(left, &hunk.left, &some) && is_surname(right, &hunk.right, &others) {
        return Difference::Fact(Fact::Person);
    }
    match (some.as_slice(), others.as_slice()) {
        // 化学 for 数学: both are words, so it was not mistyped. A character alone is a word too often.
        ([word], [other])
            if word.range.len() > 1
                && word.range.len() == other.range.len()
                && hunk.left.start - word.range.start == hunk.right.start - other.range.start
                && word.has_content()
                && other.has_content() =>
        {
            replaced(word.text.clone(), other.text.clone())
        }
        // 梨 for 桃: nouns of one character. A word that was mistyped falls apart on one side only.
        ([word], [other]) if is_short_noun(word) && is_short_noun(other) => {
            replaced(word.text.clone(), other.text.clone())
        }
        _ => Difference::Misprint,
    }
}

/// Whether a word is a noun of one character.
fn is_short_noun(word: &Word) -> bool {
    word.range.len() == 1 && matches!(word.tag, "n" | "nz" | "ng")
}

/// A word, or a few, for another.
fn words_for_words(left: &[char], right: &[char], hunk: &Hunk) -> Difference {
    let of = |chars: &[char], range: &Range<usize>| -> String {
        chars.get(range.clone()).unwrap_or_default().iter().collect()
    };
    let (one, other) = (of(left, &hunk.left), of(right, &hunk.right));
    let (some, others) = (words_at(left, &hunk.left), words_at(right, &hunk.right));
    let (word, instead) = (joined(&some), joined(&others));
    if contrast::are_opposites(&one, &other) || contrast::are_opposites(&word, &instead) {
        return Difference::Fact(Fact::Opposite);
    }
    let names_source = contrast::names_source(&word) || contrast::names_source(&instead);
    if says_the_same(&some, &others) || contrast::are_synonyms(&one, &other) || names_source {
        return Difference::Wording;
    }
    if sorted(&one) == sorted(&other) {
        let is_swap = hunk.left.len() >= SWAPPED_CHARS_MIN && some.iter().any(does);
        return if is_swap { Difference::Fact(Fact::Swap) } else { Difference::Misprint };
    }
    if are_places(&some, &others) && !contrast::are_synonyms(&word, &instead) {
        return Difference::Fact(Fact::Place);
    }
    if is_person(left, &hunk.left, &some) && is_person(right, &hunk.right, &others) {
        return Difference::Fact(Fact::Person);
    }
    let is_word = |words: &[Word], range: &Range<usize>| {
        range.len() <= WORD_CHARS_MAX && words.iter().any(Word::has_content)
    };
    // 7件 for 部分, 6月 for 近期: one of them is more exact.
    let is_exact = |text: &str| text.chars().any(|c| c.is_ascii_digit());
    if is_exact(&one) != is_exact(&other) {
        return Difference::Wording;
    }
    let more = hunk.left.len().abs_diff(hunk.right.len());
    let as_long = more <= WORD_CHARS_MORE
        || (more <= WHOLE_CHARS_MORE
            && are_whole(&some, &hunk.left)
            && are_whole(&others, &hunk.right));
    if as_long && is_word(&some, &hunk.left) && is_word(&others, &hunk.right) {
        return replaced(word, instead);
    }
    Difference::Wording
}

/// A word that only one of the texts has.
fn put_in(chars: &[char], range: &Range<usize>) -> Difference {
    let word: String = chars.get(range.clone()).unwrap_or_default().iter().collect();
    let behind: String = chars.iter().skip(range.end).take(NAME_REACH).copied().collect();
    if contrast::turns(&word, &behind) {
        return Difference::Fact(Fact::Turn);
    }
    if range.len() == 1 {
        return Difference::Slip;
    }
    if range.len() <= ADDED_CHARS_MAX && tells_figure(chars, range.clone()) {
        return Difference::Fact(Fact::Added);
    }
    Difference::Wording
}

/// One word for another, unless they are each other's opposite or the same in other words.
fn replaced(word: String, instead: String) -> Difference {
    if contrast::are_opposites(&word, &instead) {
        return Difference::Fact(Fact::Opposite);
    }
    if contrast::are_synonyms(&word, &instead) {
        return Difference::Wording;
    }
    Difference::Word(word, instead)
}

/// Whether nothing but time, source, speech or joints stands on one of the sides.
fn says_the_same(some: &[Word], others: &[Word]) -> bool {
    let says_nothing = |words: &[Word]| {
        words.iter().all(|word| contrast::is_loose(&word.text) || !word.has_content())
    };
    says_nothing(some) && says_nothing(others)
        || (contrast::is_loose(&joined(some)) && contrast::is_loose(&joined(others)))
}

/// Whether `range` is made of whole words.
fn are_whole(words: &[Word], range: &Range<usize>) -> bool {
    words.first().is_some_and(|word| word.range.start == range.start)
        && words.last().is_some_and(|word| word.range.end == range.end)
}

/// Whether each side is one name of a place.
fn are_places(some: &[Word], others: &[Word]) -> bool {
    let is_place =
        |words: &[Word]| matches!(words, [word] if word.tag == "ns" && word.range.len() > 1);
    is_place(some) && is_place(others)
}

/// Whether a word is a verb that says something, or a number.
pub(super) fn does(word: &Word) -> bool {
    let is_verb = word.tag.starts_with('v') && !contrast::is_loose(&word.text);
    is_verb || word.text.chars().any(|c| c.is_ascii_digit())
}

/// The characters of a text, sorted: equal for texts of the same characters.
pub(super) fn sorted(text: &str) -> Vec<char> {
    let mut chars: Vec<char> = text.chars().collect();
    chars.sort_unstable();
    chars
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.text.as_str()).collect()
}

/// How many letters stand together around `at`.
fn letters(chars: &[char], at: usize) -> usize {
    let is_letter = |c: &&char| c.is_ascii_alphabetic();
    let before = chars.get(..at).unwrap_or_default().iter().rev().take_while(is_letter).count();
    before + chars.get(at..).unwrap_or_default().iter().take_while(is_letter).count()
}

/// Whether the character of `range` begins a name: a common surname that is no part of a word.
fn is_surname(chars: &[char], range: &Range<usize>, words: &[Word]) -> bool {
    let first = chars.get(range.start).map(char::to_string).unwrap_or_default();
    let [word] = words else { return false };
    surname::length(&first) > 0
        && (word.tag.starts_with("nr") || (word.range.len() == 1 && is_name_part(chars, range.end)))
}

/// Whether what stands at `at` is no word of several characters.
fn is_name_part(chars: &[char], at: usize) -> bool {
    words_at(chars, &(at..at + 1))
        .iter()
        .all(|word| word.range.len() == 1 || word.tag.starts_with("nr"))
}

/// Whether the characters of `range` are a name, or all of it behind the surname.
fn is_person(chars: &[char], range: &Range<usize>, words: &[Word]) -> bool {
    let known = |word: &Word| word.tag.starts_with("nr") && word.range.len() > 1;
    if words.iter().any(known) {
        return true;
    }
    let before = range.start.checked_sub(1).and_then(|at| chars.get(at));
    let (first, len) = (chars.get(range.start), range.len());
    let begins = first.is_some_and(|c| surname::is_common(*c)) && NAME_CHARS.contains(&len);
    let follows = before.is_some_and(|c| surname::is_common(*c)) && len <= 2;
    let ordinary = words.iter().any(|word| word.range.len() > 1);
    (begins || follows) && !ordinary
}

/// The quantity of the left text where a change puts one quantity for another of the same unit; `None` where it does
/// not.
fn other_number(left: &[char], right: &[char], hunk: &Hunk) -> Option<Quantity> {
    let (some, others) =
        (numbers(left, widened(left, &hunk.left)), numbers(right, widened(right, &hunk.right)));
    let alone = |of: &[Quantity], than: &[Quantity]| -> Vec<Quantity> {
        of.iter().filter(|one| !than.contains(one)).copied().collect()
    };
    let (only_left, only_right) = (alone(&some, &others), alone(&others, &some));
    let mut changed =
        only_left.iter().filter(|one| only_right.iter().any(|other| one.unit == other.unit));
    changed.next().copied()
}

/// Whether `range` tells a number of what the report is about.
pub(super) fn tells_figure(chars: &[char], range: Range<usize>) -> bool {
    numbers(chars, range).iter().any(|one| one.unit.is_some_and(|unit| TOLD_UNITS.contains(unit)))
}

/// Whether only the numeral of a list, 一 or 五, was put in beside another numeral.
fn is_numbering(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let (chars, range) = match (hunk.left.is_empty(), hunk.right.is_empty()) {
        (true, false) => (right, &hunk.right),
        (false, true) => (left, &hunk.left),
        _ => return false,
    };
    let numeral = chars.get(range.clone()).unwrap_or_default();
    let around = chars.get(widened(chars, range)).unwrap_or_default();
    let is_scaled = around.iter().any(|c| "十百千万亿".contains(*c));
    matches!(numeral, [c] if !c.is_ascii_digit()) && !is_scaled
}

/// `range`, grown over the numbers that it cuts through.
fn widened(chars: &[char], range: &Range<usize>) -> Range<usize> {
    let before = chars.get(..range.start).unwrap_or_default();
    let behind = chars.get(range.end..).unwrap_or_default();
    let numeric = |c: &&char| numeral::is_numeric(**c);
    let left = before.iter().rev().take_while(numeric).count();
    let right = behind.iter().take_while(numeric).count();
    range.start - left..range.end + right
}

fn numbers(chars: &[char], range: Range<usize>) -> Vec<Quantity> {
    let next = chars.get(range.end).copied();
    let piece = chars.get(range).unwrap_or_default();
    // 02142025, 20250718171829: the name of a file or the time of a print, of no story.
    let digits = piece.iter().take_while(|c| c.is_ascii_digit()).count();
    let is_mark = digits >= STAMP_DIGITS_MIN && (piece.first() == Some(&'0') || digits >= 8);
    numeral::quantities(if is_mark { piece.get(digits..).unwrap_or_default() } else { piece }, next)
}

/// Whether a change puts one place for another that the left, or right, text does not name at all.
fn places_differ(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let of = |chars: &[char], range: &Range<usize>| {
        let near =
            range.start.saturating_sub(NAME_REACH)..(range.end + NAME_REACH).min(chars.len());
        let mut names = places::places(chars.get(near).unwrap_or_default(), None);
        let next = chars.get(range.end).copied();
        names.extend(places::places(chars.get(range.clone()).unwrap_or_default(), next));
        names.extend(place_around(chars, range));
        names
    };
    let (some, others) = (of(left, &hunk.left), of(right, &hunk.right));
    let alone = |of: &[String], than: &[String], chars: &[char]| {
        of.iter().any(|name| !than.contains(name) && !holds(chars, name))
    };
    alone(&some, &others, right) && alone(&others, &some, left)
}

/// The place whose name `range` begins, where it ends a little behind it: 澜|溪县.
fn place_around(chars: &[char], range: &Range<usize>) -> Vec<String> {
    let reach = range.end..(range.end + NAME_REACH).min(chars.len());
    let Some(end) = reach.clone().find(|at| chars.get(*at).is_some_and(|c| places::is_certain(*c)))
    else {
        return Vec::new();
    };
    // In 把|城市 the suffix belongs to a word that the change does not touch.
    let is_whole = words_at(chars, &(range.end..end + 1))
        .iter()
        .all(|word| word.range.len() == 1 || word.range.start <= range.start);
    if !is_whole {
        return Vec::new();
    }
    places::places(chars.get(range.start..end + 1).unwrap_or_default(), None)
}

/// Whether `chars` hold `name` somewhere.
pub(super) fn holds(chars: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    chars.windows(name.len().max(1)).any(|window| window == name)
}
