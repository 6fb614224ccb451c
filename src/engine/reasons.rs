//! Why a hit is related: its kind, days apart, shared numbers, and what moved its score.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::domain::article::Record;
use crate::domain::hit::Reason;
use crate::domain::hit::Relation;
use crate::domain::hit::RelationKind;
use crate::domain::hit::When;
use crate::engine::Engine;
use crate::engine::input::LEAD_CHARS;
use crate::engine::judge::Judged;
use crate::rank::feature::NAMES;
use crate::rank::scorer::Judgement;

/// Shared numbers shown with a hit, at most.
const NUMBERS_MAX: usize = 8;
/// Digits from which a bare number says something by itself.
const DIGITS_MIN: usize = 2;

impl Engine {
    /// How `found` is related to an article of `day` that holds `numbers`.
    pub(super) fn relation(
        &self,
        judged: &Judged,
        found: &Record,
        (day, numbers): (Option<Date>, &BTreeSet<String>),
        when: When,
    ) -> Relation {
        let Judged { features, judgement } = judged;
        let Judgement { score: _, related, same_event } = *judgement;
        let moved = self.ranker.scorer().map(|scorer| scorer.contributions(features));
        let mut reasons: Vec<Reason> = NAMES
            .iter()
            .zip(features)
            .zip(moved.unwrap_or_default())
            .map(|((feature, value), contribution)| Reason { feature, value: *value, contribution })
            .collect();
        reasons.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
        let mut shared = self.numbers(found);
        shared.retain(|number| numbers.contains(number));
        Relation {
            kind: RelationKind::of(related, same_event, when),
            related,
            same_event,
            days_apart: days_apart(day, found.date()),
            shared_numbers: shared.into_iter().take(NUMBERS_MAX).collect(),
            reasons,
        }
    }

    /// The numbers of headline and opening that say something: of two digits or more, or with a
    /// percent sign; not the parts of a date.
    pub(super) fn numbers(&self, record: &Record) -> BTreeSet<String> {
        let body: String = record.body().chars().take(LEAD_CHARS).collect();
        let terms = [record.title.as_str(), &body].map(|text| self.analyzer.terms(text));
        let texts = terms.into_iter().flatten().map(|term| term.text);
        texts.filter(|text| is_telling(text)).collect()
    }
}

fn is_telling(term: &str) -> bool {
    let digits = term.chars().filter(char::is_ascii_digit).count();
    let rest = term.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    term.starts_with(|c: char| c.is_ascii_digit())
        && (rest == "%" || (rest.is_empty() && digits >= DIGITS_MIN))
}

/// Days from `asked` to `found`, negative before.
fn days_apart(asked: Option<Date>, found: Option<Date>) -> Option<i32> {
    let hours = found?.duration_since(asked?).as_hours();
    i32::try_from(hours / 24).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::days_apart;
    use super::is_telling;

    #[test]
    fn amounts_tell_something_and_dates_do_not() {
        for number in ["131.9%", "5%", "161.6", "25,000", "12"] {
            assert!(is_telling(number), "{number}");
        }
        for other in ["3", "12日", "2024年", "n95", "大桥", "", "%"] {
            assert!(!is_telling(other), "{other}");
        }
    }

    #[test]
    fn days_before_are_negative() {
        let (first, second) = (Some(date(2025, 2, 28)), Some(date(2025, 3, 2)));
        assert_eq!(days_apart(first, second), Some(2));
        assert_eq!(days_apart(second, first), Some(-2));
        assert_eq!(days_apart(None, first), None);
    }
}
