//! Organisations: fixed names, and names that a suffix ends (清河县水利局, 鲁西惠丰农业科技有限公司).
//!
//! From the suffix the reader walks left over the words that may stand in a name, then looks where it
//! begins: at a place, at a level of government (市公安局), or at what no dictionary knows (惠丰). What has
//! none of these is a kind of organisation and no name: 科技公司, 一家医院.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::LazyLock;

use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::Taken;
use crate::entity::cues;
use crate::entity::gazetteer::Gazetteer;
use crate::entity::lexicon::Hit;
use crate::entity::lexicon::Lexicon;
use crate::entity::person::is_title;
use crate::entity::sets::Chars;
use crate::entity::sets::Words;
use crate::entity::sets::words;
use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::Word;
use crate::entity::sheet::is_han;

/// The longest name.
const NAME_CHARS_MAX: usize = 24;
/// The longest suffix.
const SUFFIX_CHARS_MAX: usize = 8;
/// What the key of a company leaves out.
const LEGAL_FORMS: [&str; 3] = ["股份有限公司", "有限责任公司", "有限公司"];

static SUFFIXES: LazyLock<Words> = LazyLock::new(|| words(cues::SUFFIXES));
/// The last characters of suffixes: most words need not be looked up.
static SUFFIX_ENDS: LazyLock<Chars> = LazyLock::new(|| {
    let ends = SUFFIXES.iter().filter_map(|suffix| suffix.chars().next_back());
    Chars::new(&ends.chain(cues::OFFICES.chars()).collect::<String>())
});
static LEVELS: LazyLock<Words> = LazyLock::new(|| words(cues::LEVELS));
static NO_OFFICE: LazyLock<Words> = LazyLock::new(|| words(cues::NO_OFFICE));
static NO_PART: LazyLock<Words> = LazyLock::new(|| words(cues::NO_PART));
static OFFICIAL: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| cues::OFFICIAL.split_whitespace().collect());

/// The organisations of the text in order, outside of what is `taken`.
pub(super) fn organisations(
    sheet: &Sheet<'_>,
    lexicon: &Lexicon,
    hits: &[Hit],
    places: &[Found],
    gazetteer: &Gazetteer,
    taken: &Taken,
) -> Vec<Found> {
    let fixed = fixed(sheet, lexicon, hits);
    let starts: HashMap<usize, usize> = places
        .iter()
        .map(|place| (place.from, place.to))
        .chain(fixed.iter().map(|name| (name.from, name.to)))
        .collect();
    let countries: HashSet<usize> = places
        .iter()
        .filter(|place| gazetteer.place(&place.key).is_some_and(|at| gazetteer.depth(at) == 0))
        .map(|place| place.from)
        .collect();
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while let Some(word) = sheet.word(at) {
        at += 1;
        let Some((suffix, to)) = suffix(sheet, at - 1, word) else { continue };
        let floor = found.last().map_or(0, |last| last.to);
        let Some(mut from) = name_start(sheet, at - 1, suffix, floor, &starts) else { continue };
        if floor > 0 && from == floor {
            // 冠县公安局 goes on as 冠县公安局刑侦大队.
            from = found.pop().map_or(from, |last| last.from);
        }
        // 泰国幼儿园 is one of many: a country names its own offices only.
        let country = starts.get(&from) == Some(&suffix) && countries.contains(&from);
        if country && !is_official(sheet.slice(suffix, to)) {
            continue;
        }
        if to - from <= NAME_CHARS_MAX && !taken.any(from, to) {
            found.push(Found::new(Kind::Organisation, from, to, key(sheet, from, to)));
        }
    }
    let covers = |name: &Found| found.iter().any(|own| own.from < name.to && name.from < own.to);
    let mut alone: Vec<Found> =
        fixed.into_iter().filter(|name| !covers(name) && !taken.any(name.from, name.to)).collect();
    alone.append(&mut found);
    alone.sort_by_key(|found| found.from);
    alone
}

/// Names of the list, where words begin and end with them.
fn fixed(sheet: &Sheet<'_>, lexicon: &Lexicon, hits: &[Hit]) -> Vec<Found> {
    let named = |hit: &Hit| {
        let key = lexicon.name(*hit)?.organisation?;
        let whole = sheet.is_edge(hit.from) && sheet.is_edge(hit.to);
        let latin = |c: char| c.is_ascii_alphanumeric();
        let cut = latin(sheet.char(hit.from)) && latin(sheet.before(hit.from));
        (whole && !cut).then(|| Found::new(Kind::Organisation, hit.from, hit.to, key.to_owned()))
    };
    hits.iter().filter_map(named).collect()
}

/// The longest suffix that word number `at` is, ends with, or begins with before a title (大学教授).
fn suffix(sheet: &Sheet<'_>, at: usize, word: Word) -> Option<(usize, usize)> {
    if !is_han(sheet.char(word.from)) || word.len() < 2 && !is_office(sheet, word) {
        return None;
    }
    let middle = word.from + 2;
    if word.len() == 4
        && SUFFIXES.contains(sheet.slice(word.from, middle))
        && is_title(sheet.slice(middle, word.to))
    {
        return Some((word.from, middle));
    }
    if !SUFFIX_ENDS.contains(sheet.char(word.to - 1)) {
        return None;
    }
    let first = word.to.saturating_sub(SUFFIX_CHARS_MAX);
    let listed = (first..word.to - 1).find(|from| SUFFIXES.contains(sheet.slice(*from, word.to)));
    let from = listed.or_else(|| is_office(sheet, word).then_some(word.to - 1))?;
    // A longer suffix goes on behind it: 有限 in 有限公司 is none yet.
    let next = sheet.word(at + 1).filter(|next| next.from == word.to);
    let goes_on = next.is_some_and(|next| SUFFIXES.contains(sheet.word_text(next)));
    (!goes_on || word.len() > 2 || sheet.is_edge(from)).then_some((from, word.to))
}

/// Whether the word ends like an office or a house: 文化馆, 监察局; 局 alone behind other words.
fn is_office(sheet: &Sheet<'_>, word: Word) -> bool {
    let ends = cues::OFFICES.contains(sheet.char(word.to - 1));
    let text = sheet.word_text(word);
    let alone = word.len() == 1 && matches!(text, "局" | "厅" | "署" | "馆");
    ends && word.tag != Tag::Verb && (alone || !NO_OFFICE.contains(text))
}

/// Where the name begins whose suffix begins at `suffix` in word number `at`; not before `floor`.
fn name_start(
    sheet: &Sheet<'_>,
    at: usize,
    suffix: usize,
    floor: usize,
    starts: &HashMap<usize, usize>,
) -> Option<usize> {
    let word = sheet.word(at)?;
    if floor > 0 && word.from == floor {
        return Some(floor);
    }
    if NO_PART.contains(sheet.slice(word.from, suffix)) {
        return None;
    }
    let mut from = word.from;
    let mut proper = (word.from < suffix && word.tag == Tag::Proper).then_some(word.from);
    let mut place = starts.contains_key(&word.from).then_some(word.from);
    let (mut singles, mut bracketed) = (0, false);
    for earlier in sheet.words().get(..at)?.iter().rev() {
        let mark = sheet.before(from);
        let bracket = earlier.to + 1 == from && (mark == ')' || mark == '(' && bracketed);
        bracketed = bracketed && mark != '(' || bracket && mark == ')';
        if earlier.from < floor || earlier.to != from && !bracket {
            break;
        }
        // A suffix of several words, 股份有限公司, begins before the last of them.
        if suffix.saturating_sub(earlier.from) > NAME_CHARS_MAX || !is_part(sheet, *earlier) {
            break;
        }
        from = earlier.from;
        // A chain of places leads a name; a place apart from it belongs to something before.
        let chained = |known: usize| starts.get(&from) == Some(&known);
        if starts.contains_key(&from) && place.is_none_or(chained) {
            place = Some(from);
        }
        singles = if earlier.len() == 1 && is_han(sheet.char(from)) { singles + 1 } else { 0 };
        if singles >= 2 || is_proper(sheet, *earlier) {
            proper = Some(from);
        }
    }
    // A place that only leads; what stands before it belongs to another thing.
    let start = match (place, proper) {
        (Some(place), Some(proper)) if proper < place && is_brand(sheet, proper, place) => proper,
        // An office needs its place or its level: 文化馆 alone is none.
        (None, Some(_)) if suffix + 1 == word.to => level_start(sheet, at, suffix)?,
        (Some(place), _) => place,
        // 尹锡悦政府: whose, not which.
        (None, Some(_)) if sheet.slice(suffix, word.to) == "政府" => return None,
        (None, Some(proper)) => proper,
        (None, None) => level_start(sheet, at, suffix)?,
    };
    let named = start < suffix || starts.get(&start).is_some_and(|end| *end >= word.to);
    named.then_some(start)
}

/// Whether a word may stand inside a name.
fn is_part(sheet: &Sheet<'_>, word: Word) -> bool {
    let text = sheet.word_text(word);
    if NO_PART.contains(text) {
        return false;
    }
    match word.tag {
        Tag::Noun
        | Tag::Person
        | Tag::Transcribed
        | Tag::Place
        | Tag::Proper
        | Tag::Latin
        | Tag::Quality
        | Tag::Unknown => true,
        Tag::Verb => word.len() == 2 && IN_NAMES.contains(text),
        Tag::Number => sheet.before(word.from) == '第' || text.starts_with('第'),
        Tag::Function => word.len() == 1 && "东西南北中上".contains(sheet.char(word.from)),
    }
}

static NO_BRAND: LazyLock<Words> = LazyLock::new(|| words(cues::NO_BRAND));
/// Verbs of names: 投资公司, 管理委员会.
static IN_NAMES: LazyLock<Words> = LazyLock::new(|| words(cues::VERBS_IN_NAMES));

/// Whether a word by itself makes a name of what follows.
fn is_proper(sheet: &Sheet<'_>, word: Word) -> bool {
    let text = sheet.word_text(word);
    match word.tag {
        Tag::Proper | Tag::Latin | Tag::Unknown => word.len() >= 2,
        Tag::Transcribed | Tag::Place => true,
        Tag::Person => word.len() >= 2 && !NO_BRAND.contains(text),
        Tag::Noun | Tag::Verb | Tag::Quality | Tag::Number | Tag::Function => false,
    }
}

/// Whether what stands before a place belongs to the name: 国网山东, 新希望六和.
fn is_brand(sheet: &Sheet<'_>, from: usize, to: usize) -> bool {
    to - from <= 4 && sheet.is_edge(from) && sheet.is_edge(to) || sheet.before(to) == '('
}

fn is_official(text: &str) -> bool {
    OFFICIAL.iter().any(|ending| text.ends_with(ending))
}

/// The level of government right before an official suffix: 市公安局, 国家统计局.
fn level_start(sheet: &Sheet<'_>, at: usize, suffix: usize) -> Option<usize> {
    let word = sheet.word(at)?;
    if !is_official(sheet.word_text(word)) {
        return None;
    }
    let mut from = suffix.max(word.from);
    for earlier in sheet.words().get(..at)?.iter().rev().take(5) {
        if earlier.to != from || earlier.tag == Tag::Function && earlier.len() > 1 {
            break;
        }
        from = earlier.from;
        if LEVELS.contains(sheet.word_text(*earlier)) {
            // 该市公安局, 全市: the level must stand alone.
            return sheet.is_edge(from).then_some(from);
        }
    }
    None
}

/// The name without its legal form and brackets.
fn key(sheet: &Sheet<'_>, from: usize, to: usize) -> String {
    let name: String = sheet.slice(from, to).chars().filter(|c| !"() ".contains(*c)).collect();
    let bare = LEGAL_FORMS.iter().find_map(|form| name.strip_suffix(form));
    bare.filter(|bare| bare.chars().count() >= 3).map_or(name.clone(), str::to_owned)
}
