//! Foreign names in Chinese characters: 乔纳森·黑尔, 总统卡洛斯, 特朗普.
//!
//! The last part of a name with points is its key, so that 黑尔 alone meets it.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::Taken;
use crate::entity::cues;
use crate::entity::person::is_title;
use crate::entity::sets::Chars;
use crate::entity::sets::Words;
use crate::entity::sets::words;
use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::Word;
use crate::entity::sheet::is_han;

/// The longest part of such a name.
const PART_CHARS_MAX: usize = 7;

static FOREIGN: LazyLock<Chars> = LazyLock::new(|| Chars::new(cues::FOREIGN));
/// Names that stand in the news without their other parts.
static KNOWN: LazyLock<Words> = LazyLock::new(|| words(cues::KNOWN_NAMES));

/// The foreign names of the text in order; `pointed` are those with points.
pub(in crate::entity) fn names(
    sheet: &Sheet<'_>,
    pointed: Vec<Found>,
    taken: &Taken,
) -> Vec<Found> {
    let mut found = pointed;
    let mut blocked = Taken::new(sheet.len());
    blocked.add(&found);
    let parts: HashSet<String> = found.iter().map(|found| found.key.clone()).collect();
    let mut at = 0;
    while let Some(word) = sheet.word(at) {
        let end = if is_piece(sheet, word) { run(sheet, at) } else { at + 1 };
        // 向普京 is a word of the dictionary.
        let behind = sheet.slice(word.from + 1, word.to);
        if word.tag == Tag::Person
            && KNOWN.contains(behind)
            && !KNOWN.contains(sheet.word_text(word))
        {
            found.push(Found::new(Kind::Person, word.from + 1, word.to, behind.to_owned()));
            at += 1;
            continue;
        }
        let last = sheet.word(end - 1).map_or(word.to, |last| last.to);
        let text = sheet.slice(word.from, last);
        let free = !taken.any(word.from, last) && !blocked.any(word.from, last);
        if free && (parts.contains(text) || is_alone(sheet, at, end, text)) {
            found.push(Found::new(Kind::Person, word.from, last, text.to_owned()));
            at = end;
        } else {
            at += 1;
        }
    }
    found.sort_by_key(|found| found.from);
    found
}

/// Names whose parts are joined by points.
pub(in crate::entity) fn pointed(sheet: &Sheet<'_>, taken: &Taken) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < sheet.len() {
        if !is_point(sheet.char(at)) {
            at += 1;
            continue;
        }
        let from = leftward(sheet, at);
        let mut to = rightward(sheet, at + 1);
        let mut last = at + 1;
        while to > last && is_point(sheet.char(to)) && rightward(sheet, to + 1) > to + 1 {
            last = to + 1;
            to = rightward(sheet, last);
        }
        if from < at && to > last && to - from >= 4 && !taken.any(from, to) {
            let tail = sheet.slice(last, to);
            let key = if to - last >= 2 { tail } else { sheet.slice(from, to) };
            found.push(Found::new(Kind::Person, from, to, key.to_owned()));
        }
        at = to.max(at + 1);
    }
    found
}

fn is_point(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '∙')
}

/// Whether a word can be a piece of a transcribed name.
fn is_piece(sheet: &Sheet<'_>, word: Word) -> bool {
    let foreign = (word.from..word.to).all(|at| FOREIGN.contains(sheet.char(at)));
    let said = matches!(word.tag, Tag::Transcribed | Tag::Person | Tag::Unknown | Tag::Place);
    foreign && (word.len() == 1 || said || word.tag == Tag::Proper)
        || word.tag == Tag::Transcribed && is_han(sheet.char(word.from))
}

/// Where the part that ends at `to` begins.
fn leftward(sheet: &Sheet<'_>, to: usize) -> usize {
    let mut from = to;
    while let Some(word) = sheet.ending(from) {
        let title = is_title(sheet.word_text(word)) && word.len() > 1;
        let transcribed = is_piece(sheet, word) || to == from && word.len() <= 3;
        if title || !transcribed || to - word.from > PART_CHARS_MAX {
            break;
        }
        from = word.from;
    }
    from
}

/// Where the part that begins at `from` ends.
fn rightward(sheet: &Sheet<'_>, from: usize) -> usize {
    let mut to = from;
    while let Some(word) = sheet.holding(to).filter(|word| word.from == to) {
        let title = is_title(sheet.word_text(word)) && word.len() > 1;
        let transcribed = is_piece(sheet, word) || to == from && word.len() <= 3;
        if title || !transcribed || word.to - from > PART_CHARS_MAX {
            break;
        }
        to = word.to;
    }
    to
}

/// The word behind the run of pieces that begins with word `at`.
fn run(sheet: &Sheet<'_>, at: usize) -> usize {
    let mut end = at;
    let mut to = sheet.word(at).map_or(0, |word| word.from);
    let from = to;
    while let Some(word) = sheet.word(end).filter(|word| word.from == to) {
        if !is_piece(sheet, word) || word.to - from > PART_CHARS_MAX {
            break;
        }
        to = word.to;
        end += 1;
    }
    end.max(at + 1)
}

/// Whether the words `at..end` are a transcribed name that stands without its other parts: known, or
/// behind a title, or a word that the dictionary has as such a name.
fn is_alone(sheet: &Sheet<'_>, at: usize, end: usize, text: &str) -> bool {
    if KNOWN.contains(text) {
        return true;
    }
    let Some(first) = sheet.word(at) else { return false };
    let char_count = text.chars().count();
    let titled = sheet.ending(first.from).is_some_and(|word| is_title(sheet.word_text(word)));
    let single = end == at + 1;
    if single {
        let all = text.chars().all(|c| FOREIGN.contains(c));
        let place = ["州", "市", "省", "岛", "港", "地区", "机场", "大学", "大桥", "河", "县"];
        if !all || place.iter().any(|kind| sheet.has(first.to, kind)) {
            return false;
        }
        let whither = sheet.ending(first.from).map(|word| sheet.word_text(word));
        if matches!(whither, Some("在" | "首都" | "于" | "从" | "到" | "往" | "赴" | "位于"))
        {
            return false;
        }
        let named = first.tag == Tag::Transcribed || first.tag == Tag::Person && char_count >= 3;
        let long = char_count >= 4 && first.tag == Tag::Transcribed;
        return named && (long || titled && char_count >= 2);
    }
    titled && (3..=PART_CHARS_MAX).contains(&char_count)
}
