//! What an article, or several, say in brief: chosen pieces of their text. Pure.
//!
//! Nothing is written here: every piece is one or more exact spans of a body, and says which. A
//! text is cut into clauses (`clause`), lines that are no running text are left out (`clean`), a
//! linear model rates each clause (`feature`, `ranker`), and runs of clauses that can stand alone
//! (`trim`) are chosen under a budget of characters (`select`). Several articles are joined in
//! `set`, of pieces that stand alone beside those of others (`alone`, `tone`), those of a story by its events
//! (`chronicle`), told as a story in `topic` and
//! written as a `report`; `compare` puts two outlets beside each other, `dated` says which day 昨天 was; `keyphrase` names what they are about; `rewrite` asks
//! for other words, and `guard` refuses those that say more than their sources.

pub mod alone;
mod bid;
pub mod chronicle;
pub mod clause;
pub mod clean;
pub mod compare;
pub mod cover;
pub mod dated;
pub mod feature;
pub mod figure;
pub mod guard;
pub mod keyphrase;
#[cfg(test)]
mod marked;
mod pairs;
pub mod place;
mod quotation;
pub mod quote;
pub mod ranker;
pub mod reading;
pub mod report;
pub mod rewrite;
pub mod select;
pub mod series;
pub mod set;
mod tone;
pub mod topic;
pub mod trim;
pub mod unit;
mod when;
pub mod wording;

use wenmai_domain::span::Span;

/// Fewest characters that a summary may be asked to have: in less nothing is said.
pub const BUDGET_MIN: usize = 10;
/// Most characters of a summary.
pub const BUDGET_MAX: usize = 5_000;

/// How long a summary may be, in characters: [`BUDGET_MIN`] to [`BUDGET_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(usize);

/// A budget that no summary fits into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a budget has {BUDGET_MIN} to {BUDGET_MAX} characters, {given} were asked for")]
pub struct InvalidBudget {
    /// What was asked for.
    pub given: usize,
}

impl Budget {
    /// A budget of `chars` characters.
    ///
    /// # Errors
    /// [`InvalidBudget`] outside the range.
    pub fn new(chars: usize) -> Result<Self, InvalidBudget> {
        if (BUDGET_MIN..=BUDGET_MAX).contains(&chars) {
            Ok(Self(chars))
        } else {
            Err(InvalidBudget { given: chars })
        }
    }

    /// Its characters.
    #[must_use]
    pub fn chars(self) -> usize {
        self.0
    }
}

/// A piece of a body that is cited.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// What is printed there, deletions closed up.
    pub text: String,
    /// The bytes of the body that `text` is made of, in order and apart; more than one where
    /// something between them was left out.
    pub parts: Vec<Span>,
    /// How much of it an editor would be expected to keep, `[0, 1]`.
    pub score: f32,
    /// It does not end where a clause ends: nothing shorter fitted.
    pub is_cut: bool,
}

impl Extract {
    /// Characters of its text.
    #[must_use]
    pub fn char_count(&self) -> usize {
        self.text.chars().count()
    }
}

/// The pieces as one text: in one line, apart by `；`, closed by `。`.
#[must_use]
pub fn joined<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() && !ends(&all) {
            all.push('；');
        }
        all.push_str(text);
    }
    if !all.is_empty() && !ends(&all) {
        all.push('。');
    }
    all
}

/// Whether a sentence is over at the end of `text`.
fn ends(text: &str) -> bool {
    text.trim_end_matches(['”', '’', '」', '』', '"', '＂', '）', ')']).ends_with(clause::END)
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use super::joined;

    #[test]
    fn a_budget_says_what_fits() {
        assert_eq!(Budget::new(0).unwrap_err().given, 0);
        assert!(Budget::new(9).is_err() && Budget::new(5_001).is_err());
        assert_eq!(Budget::new(10).unwrap().chars(), 10);
    }

    #[test]
    fn pieces_are_kept_apart_and_closed() {
        assert_eq!(
            joined(["甲村通水", "乙村通电。", "丙村通路"]),
            "甲村通水；乙村通电。丙村通路。"
        );
        assert_eq!(joined(["他说“水来了。”"]), "他说“水来了。”");
        assert_eq!(joined([]), "");
    }
}
