//! What a language model is asked to make of cited pieces, and whether its answer may be shown.
//!
//! An answer is refused that is empty, too long or cut off, that holds a number, date or name which
//! the pieces do not (`guard`), that turns a denial around, that drops who claims something, or of
//! which a clause shares too little with them. It can still be wrong: whoever shows it shows the pieces as well.

use std::collections::HashSet;
use std::fmt::Write;

use crate::Budget;
use crate::guard;
use crate::guard::Basis;
use crate::guard::Invented;
use crate::unit::PairSet;
use crate::unit::bigrams;
use crate::unit::units;
use crate::wording;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Extractor;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Who the model is, and its rules.
const SYSTEM: &str = "你是报社编辑，把摘录改写成一段通顺的简讯。只写摘录里有的事实，不增加，不推测，不评论。\
                      数字、日期、人名、地名和机构名照抄。摘录里是谁说的，写明是谁说的。不加标题，不分段，不解释。";
/// Share of the answer's units that the pieces must hold.
const UNITS_MIN: f32 = 0.7;
/// Share of the answer's neighbouring pairs that the pieces must hold.
const PAIRS_MIN: f32 = 0.3;
/// Share of a claim that a sentence must hold to say it.
const CLAIM_MIN: f32 = 0.5;
/// Units of a clause, at least, for its own words to be compared.
const CLAUSE_UNITS: usize = 6;
/// Share of the units and of the neighbouring pairs of each clause that the pieces must hold.
const CLAUSE_UNITS_MIN: f32 = 0.6;
const CLAUSE_PAIRS_MIN: f32 = 0.25;
/// Characters that deny what stands behind them.
const DENIALS: [char; 6] = ['不', '没', '未', '无', '非', '否'];

/// Characters of a clause over which a denial reaches: 没有出现险情 denies 险情 as well.
const DENIAL_REACH: usize = 6;

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Who it is, and its rules.
    pub system: String,
    /// The task and the pieces.
    pub user: String,
}

/// Why an answer must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It says nothing.
    Empty,
    /// It was cut off.
    Unfinished,
    /// It has more characters than the budget.
    TooLong,
    /// It holds what the pieces do not.
    Invented(Vec<Invented>),
    /// It denies what the pieces say, or says what they deny.
    Denied,
    /// It says what somebody claims and not who, or names another.
    Unattributed,
    /// It, or a clause of it, is hardly made of the pieces' words.
    Foreign,
}

/// Asks for `cited` in at most `budget` characters.
#[must_use]
pub fn instruction(cited: &[&str], budget: Budget) -> Instruction {
    let mut user = format!(
        "把下面的摘录改写成不超过{}个字的一段话，直接写出这段话。\n\n摘录：\n",
        budget.chars()
    );
    for (number, text) in (1..).zip(cited) {
        // Writing to a string cannot fail.
        let _ = writeln!(user, "{number}. {text}");
    }
    Instruction { system: SYSTEM.to_owned(), user }
}

/// The answer `written` in one line, if it may be shown beside `cited`.
///
/// # Errors
/// [`Refusal`]: what it invents is told first.
pub fn judged(
    written: &str,
    is_finished: bool,
    cited: &[Basis<'_>],
    extractor: &Extractor,
    budget: Budget,
) -> Result<String, Refusal> {
    let text = one_line(written);
    let given = units(&text);
    if given.is_empty() {
        return Err(Refusal::Empty);
    }
    let invented = guard::invented(&text, cited, extractor);
    if !invented.is_empty() {
        return Err(Refusal::Invented(invented));
    }
    let known: Vec<u32> = cited.iter().flat_map(|one| units(one.text)).collect();
    let pairs: HashSet<u64> = cited.iter().flat_map(|one| bigrams(&units(one.text))).collect();
    let known: HashSet<u32> = known.into_iter().collect();
    if containment(&given, &known) < UNITS_MIN || containment(&bigrams(&given), &pairs) < PAIRS_MIN
    {
        return Err(Refusal::Foreign);
    }
    let is_foreign = |clause: &str| {
        let units = units(clause);
        units.len() >= CLAUSE_UNITS
            && (containment(&units, &known) < CLAUSE_UNITS_MIN
                || containment(&bigrams(&units), &pairs) < CLAUSE_PAIRS_MIN)
    };
    if text.split(['，', '。', '；', '！', '？']).any(is_foreign) {
        return Err(Refusal::Foreign);
    }
    if cited.iter().any(|one| loses_speaker(one.text, &text, extractor)) {
        return Err(Refusal::Unattributed);
    }
    let source: String = cited.iter().flat_map(|one| [one.text, "\n"]).collect();
    if turns_around(&text, &source) || turns_around(&source, &text) {
        return Err(Refusal::Denied);
    }
    if text.chars().count() > budget.chars() {
        return Err(Refusal::TooLong);
    }
    if is_finished { Ok(text) } else { Err(Refusal::Unfinished) }
}

/// Whether `piece` says that somebody claims something, and a sentence of `text` says it without naming
/// them.
fn loses_speaker(piece: &str, text: &str, extractor: &Extractor) -> bool {
    let mut clauses = piece.split_inclusive(['，', '：', '。', '；']);
    let Some(who) = clauses.find(|clause| wording::names_source(clause)) else { return false };
    let named = |one: &Entity| matches!(one.kind, Kind::Person | Kind::Organisation);
    let mut speakers: Vec<String> =
        extractor.entities(who, None).into_iter().filter(named).map(|one| one.text).collect();
    // The person speaks, the organisation is theirs.
    let claim: PairSet = clauses.flat_map(|clause| bigrams(&units(clause))).collect();
    let Some(speaker) = speakers.pop() else { return false };
    let sentences = text.split(['。', '！', '？']);
    let mut saying = sentences.filter(|sentence| {
        let pairs = bigrams(&units(sentence));
        let said = pairs.iter().filter(|pair| claim.contains(pair)).count();
        !claim.is_empty() && share(said, claim.len()) >= CLAIM_MIN
    });
    saying.any(|sentence| !sentence.contains(&speaker))
}

/// `text` without white space at its ends and between Chinese characters.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.trim().chars() {
        if c.is_whitespace() || c.is_control() {
            gap = true;
            continue;
        }
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if gap && latin(out.chars().next_back()) && latin(Some(c)) {
            out.push(' ');
        }
        gap = false;
        out.push(c);
    }
    out
}

/// Whether `left` only ever denies two characters that `right` only ever affirms.
fn turns_around(left: &str, right: &str) -> bool {
    let chars: Vec<char> = left.chars().collect();
    let denied = chars.windows(3).filter_map(|three| match three {
        // 没有 is one word.
        ['没', '有', _] => None,
        [denial, one, two] if DENIALS.contains(denial) => Some([*one, *two]),
        _ => None,
    });
    let had = chars.windows(4).filter_map(|four| match four {
        ['没', '有', one, two] => Some([*one, *two]),
        _ => None,
    });
    denied.chain(had).filter(|two| two.iter().all(|c| c.is_alphabetic())).any(|two| {
        let (here, there) = (said(left, two), said(right, two));
        here.affirmed == 0 && there.affirmed > 0 && there.denied == 0
    })
}

/// How often something is affirmed and denied.
struct Said {
    affirmed: usize,
    denied: usize,
}

fn said(text: &str, two: [char; 2]) -> Said {
    let chars: Vec<char> = text.chars().collect();
    let mut said = Said { affirmed: 0, denied: 0 };
    for (at, pair) in chars.windows(2).enumerate() {
        if *pair != two {
            continue;
        }
        let before = chars.get(at.saturating_sub(DENIAL_REACH)..at).unwrap_or_default();
        let mut before = before.iter().rev().take_while(|c| c.is_alphanumeric());
        if before.any(|c| DENIALS.contains(c)) {
            said.denied += 1;
        } else {
            said.affirmed += 1;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use super::Refusal;
    use super::instruction;
    use super::judged;
    use crate::Budget;
    use crate::guard::Basis;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    static EXTRACTOR: LazyLock<Extractor> =
        LazyLock::new(|| Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());

    fn budget(chars: usize) -> Budget {
        Budget::new(chars).unwrap()
    }

    fn judge(written: &str) -> Result<String, Refusal> {
        let cited = ["清河县转移群众3200人", "县水利局局长周小禾表示，堤防没有出现险情。"];
        let cited = cited.map(|text| Basis { text, issue: None });
        judged(written, true, &cited, &EXTRACTOR, budget(40))
    }

    #[test]
    fn the_task_names_the_pieces_and_the_length() {
        let asked = instruction(&["清河开闸", "麦田返青。"], budget(60));
        assert!(asked.user.contains("不超过60个字") && asked.user.contains("2. 麦田返青。"));
        assert!(!asked.system.contains('\n'));
    }

    #[test]
    fn other_words_for_the_same_are_shown_in_one_line() {
        let written = "\n清河县转移了群众3200人。\n县水利局局长周小禾说，堤防没有险情。 ";
        let wanted = "清河县转移了群众3200人。县水利局局长周小禾说，堤防没有险情。";
        assert_eq!(judge(written).as_deref(), Ok(wanted));
    }

    #[test]
    fn inventions_are_told_first() {
        let Err(Refusal::Invented(found)) = judge("清河县转移群众3300人。") else {
            panic!()
        };
        assert_eq!(found[0].text, "3300人");
        assert!(matches!(judge("7 7 7 7 7 7 7 7"), Err(Refusal::Invented(_))));
    }

    #[test]
    fn a_denial_must_stay_one_and_none_may_be_added() {
        assert_eq!(judge("县水利局局长周小禾表示，堤防出现险情。"), Err(Refusal::Denied));
        assert_eq!(judge("清河县没有转移群众3200人。"), Err(Refusal::Denied));
        assert!(judge("周小禾表示，堤防未出现险情。").is_ok());
    }

    #[test]
    fn what_is_empty_foreign_or_too_long_is_refused() {
        assert_eq!(judge(" 。\n"), Err(Refusal::Empty));
        assert_eq!(judge("这里的花都开了，真好看。"), Err(Refusal::Foreign));
        assert_eq!(judge(&"清河县转移群众3200人。".repeat(4)), Err(Refusal::TooLong));
        let cited = [Basis { text: "清河县转移群众", issue: None }];
        let cut = judged("清河县转移", false, &cited, &EXTRACTOR, budget(40));
        assert_eq!(cut, Err(Refusal::Unfinished));
    }
}
