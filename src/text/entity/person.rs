//! Names of persons: a surname, characters that names are made of, and the words around them.
//!
//! Every place where a name may stand gets a score from these cues; what passes is a name, and so is
//! the same name wherever it stands again in the text.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::Taken;
use crate::entity::cues;
use crate::entity::sets::Chars;
use crate::entity::sets::Words;
use crate::entity::sets::words;
use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::is_han;
use crate::surname;

pub(super) mod foreign;

/// What a candidate of three characters or more needs, in points; one of two characters.
const ENOUGH: i32 = 26;
const ENOUGH_SHORT: i32 = 34;
/// How much less a name needs that passed elsewhere in the text.
const KNOWN: i32 = 16;
/// How much a name of two characters gains that stands before several others.
const BRANCHES: i32 = 4;
/// How much a name gains that stands in a list behind a name.
const LISTED: i32 = 16;

static TITLES: LazyLock<Words> = LazyLock::new(|| words(cues::TITLES));
static VERBS: LazyLock<Words> = LazyLock::new(|| words(cues::VERBS));
static BEHIND: LazyLock<Words> = LazyLock::new(|| words(cues::BEHIND));
static NAMING: LazyLock<Words> = LazyLock::new(|| words(cues::NAMING));
static GIVEN: LazyLock<Chars> = LazyLock::new(|| Chars::new(cues::GIVEN));
static NEVER: LazyLock<Chars> = LazyLock::new(|| Chars::new(cues::NEVER));
static WORDY: LazyLock<Chars> = LazyLock::new(|| Chars::new(cues::WORDY));

/// A place where a name may stand.
struct Candidate {
    from: usize,
    to: usize,
    score: i32,
}

/// The names of the text in order, outside of what is `taken`; `pointed` are those with points.
pub(super) fn persons(sheet: &Sheet<'_>, pointed: Vec<Found>, taken: &Taken) -> Vec<Found> {
    let mut found = foreign::names(sheet, pointed, taken);
    let mut blocked = Taken::new(sheet.len());
    blocked.add(&found);
    let mut candidates = Vec::new();
    for at in 0..sheet.words().len() {
        for (from, to, structure) in shapes(sheet, at) {
            if taken.any(from, to) || blocked.any(from, to) {
                continue;
            }
            let Some(score) = score(sheet, from, to, structure) else { continue };
            candidates.push(Candidate { from, to, score });
        }
    }
    weigh_lengths(sheet, &mut candidates);
    let mut best: HashMap<&str, i32> = HashMap::new();
    for candidate in &candidates {
        let known = best.entry(sheet.slice(candidate.from, candidate.to)).or_default();
        *known = candidate.score.max(*known);
    }
    // Where a name that passed ends, so that the next of a list gains by it.
    let mut ends: HashSet<usize> = found.iter().map(|found| found.to).collect();
    let mut passes = |candidate: &Candidate| {
        let Candidate { from, to, score } = *candidate;
        let enough = if to - from > 2 { ENOUGH } else { ENOUGH_SHORT };
        let elsewhere = best.get(sheet.slice(from, to)).is_some_and(|best| *best >= enough);
        let listed = is_listed(sheet, from) && ends.contains(&(from - 1));
        let score = score + if elsewhere { KNOWN } else { 0 } + if listed { LISTED } else { 0 };
        if score >= enough {
            ends.insert(to);
        }
        score >= enough
    };
    let mut open: Vec<Candidate> = candidates.into_iter().filter(|c| passes(c)).collect();
    // Of names that overlap the better one stands, of equal ones the longer.
    open.sort_by_key(|candidate| (-candidate.score, candidate.from, usize::MAX - candidate.to));
    for Candidate { from, to, .. } in open {
        if !blocked.any(from, to) {
            let name = Found::new(Kind::Person, from, to, sheet.slice(from, to).to_owned());
            blocked.add(std::slice::from_ref(&name));
            found.push(name);
        }
    }
    found
}

/// Takes points from names of three characters whose first two stand in the text more often: 张兰找
/// and 张兰还 are 张兰 with a verb.
fn weigh_lengths(sheet: &Sheet<'_>, candidates: &mut [Candidate]) {
    let mut counts: HashMap<&str, i32> = HashMap::new();
    for candidate in candidates.iter() {
        *counts.entry(sheet.slice(candidate.from, candidate.to)).or_default() += 1;
    }
    let count = |from: usize, to: usize| counts.get(sheet.slice(from, to)).copied().unwrap_or(0);
    for candidate in candidates.iter_mut() {
        let Candidate { from, to, .. } = *candidate;
        let long = if to - from == 3 { to } else { from + 3 };
        let short = long - 1;
        if to - from > 3 || count(from, short) == 0 {
            continue;
        }
        let branches = count(from, short) - count(from, long);
        match to - from {
            3 if branches > count(from, long) => candidate.score -= 14,
            2 if branches > 0 && branches >= count(from, long) => candidate.score += BRANCHES,
            _ => {}
        }
    }
}

/// The ways in which a name may begin with word `at`: its characters, and points for how it is cut.
fn shapes(sheet: &Sheet<'_>, at: usize) -> Vec<(usize, usize, i32)> {
    let mut shapes = Vec::new();
    let Some(word) = sheet.word(at) else { return shapes };
    let surname = surname::length(sheet.slice(word.from, word.from + 2));
    if surname == 0 {
        return shapes;
    }
    let next = |from: usize, offset: usize| {
        sheet.word(at + offset).filter(|word| word.from == from && is_han(sheet.char(word.from)))
    };
    let from = word.from;
    if word.len() > surname {
        let sure = matches!(word.tag, Tag::Person | Tag::Transcribed);
        match word.len() {
            2 => {
                if sure {
                    shapes.push((from, word.to, -2));
                }
                if let Some(last) = next(word.to, 1).filter(|last| last.len() == 1) {
                    shapes.push((from, last.to, if sure { 3 } else { -3 }));
                }
            }
            3 if sure && (surname == 2 || all_given(sheet, from + surname, word.to)) => {
                shapes.push((from, word.to, 12));
            }
            3 if sure => shapes.push((from, word.to, 2)),
            4 if sure && surname == 2 => shapes.push((from, word.to, 12)),
            _ => {}
        }
        if let (3, 2, Some(last)) = (word.len(), surname, next(word.to, 1)) {
            // 欧阳明 is in the dictionary, 欧阳明月 is meant.
            if last.len() == 1 {
                shapes.push((from, last.to, 12));
            }
        }
        return shapes;
    }
    let Some(first) = next(word.to, 1) else { return shapes };
    match first.len() {
        2 => {
            let named = first.tag == Tag::Person || all_given(sheet, first.from, first.to);
            shapes.push((from, first.to, if named { 4 } else { -14 }));
        }
        1 => {
            shapes.push((from, first.to, -3));
            if let Some(second) = next(first.to, 2).filter(|second| second.len() == 1) {
                shapes.push((from, second.to, 10));
            }
        }
        _ => {}
    }
    shapes
}

fn all_given(sheet: &Sheet<'_>, from: usize, to: usize) -> bool {
    (from..to).all(|at| GIVEN.contains(sheet.char(at)))
}

/// The points of the name `from..to`; `None` where a character forbids it.
fn score(sheet: &Sheet<'_>, from: usize, to: usize, structure: i32) -> Option<i32> {
    let surname = surname::length(sheet.slice(from, from + 2));
    let first = sheet.char(from);
    let mut score = structure;
    score += match surname {
        2 => 14,
        _ if WORDY.contains(first) && surname::is_common(first) => 2,
        _ if WORDY.contains(first) => -6,
        _ if surname::is_common(first) => 10,
        _ => 3,
    };
    for at in from + surname..to {
        let c = sheet.char(at);
        if NEVER.contains(c) {
            return None;
        }
        score += if GIVEN.contains(c) { 6 } else { 0 };
    }
    Some(score + before(sheet, from) + behind(sheet, to))
}

/// Points for what stands before a name.
fn before(sheet: &Sheet<'_>, from: usize) -> i32 {
    let gap = usize::from(matches!(sheet.before(from), ' ' | ':' | '/'));
    let Some(word) = sheet.ending(from - gap) else {
        return match sheet.before(from) {
            '、' => 5,
            c if is_han(c) => 0,
            _ => 4,
        };
    };
    let text = sheet.word_text(word);
    if is_title(text) {
        return 24;
    }
    if gap > 0 {
        return 0;
    }
    if NAMING.contains(text) {
        return 4;
    }
    // 雷 before 丁秦星: a single character that is no particle belongs to a longer name.
    let piece = matches!(word.tag, Tag::Noun | Tag::Unknown | Tag::Person | Tag::Proper);
    if piece && word.len() == 1 { -6 } else { 0 }
}

/// Whether a list goes on at `from`.
fn is_listed(sheet: &Sheet<'_>, from: usize) -> bool {
    matches!(sheet.before(from), '、' | '和' | '与' | ' ' | '及')
}

/// A title, or a word that ends with one: 副市长, 党委书记.
pub(super) fn is_title(text: &str) -> bool {
    let tail = |count: usize| {
        let skip = text.chars().count().saturating_sub(count);
        text.char_indices().nth(skip).and_then(|(at, _)| text.get(at..)).unwrap_or_default()
    };
    TITLES.contains(text) || TITLES.contains(tail(2)) || TITLES.contains(tail(3))
}

/// Points for what stands behind a name.
fn behind(sheet: &Sheet<'_>, to: usize) -> i32 {
    let Some(word) = sheet.holding(to) else {
        return match sheet.char(to) {
            '(' => 8,
            c if is_han(c) => 0,
            _ => 4,
        };
    };
    let text = sheet.word_text(word);
    if word.from != to {
        return -20;
    }
    match text {
        _ if BEHIND.contains(text) => 20,
        "说" | "表示" | "告诉" | "介绍" | "指出" | "认为" | "透露" | "坦言" | "强调" | "称" => {
            16
        }
        _ if VERBS.contains(text) => 7,
        _ => 0,
    }
}
