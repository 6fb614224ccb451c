//! Says why a hit is related: the kind of relation, the days between, the entities that both name,
//! and the features that moved its score.

use jiff::civil::Date;

use crate::Engine;
use crate::ranked::Judged;
use wenmai_domain::article::Article;
use wenmai_domain::day;
use wenmai_domain::entity::Entities;
use wenmai_domain::entity::Kind;
use wenmai_domain::hit::Reason;
use wenmai_domain::hit::Relation;
use wenmai_domain::hit::RelationKind;
use wenmai_domain::hit::Shared;
use wenmai_domain::hit::When;
use wenmai_rank::feature::NAMES;
use wenmai_rank::scorer::Judgement;

/// Shared entities of one kind that are shown with a hit, at most.
const SHARED_MAX: usize = 8;

impl Engine {
    /// How `found` is related to an article of `day` that names `entities`.
    pub(super) fn relation(
        &self,
        judged: &Judged,
        found: &Article,
        (day, entities): (Option<Date>, &Entities),
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
        Relation {
            kind: RelationKind::of(related, same_event, when),
            related,
            same_event,
            days_apart: days_apart(day, found.record.date()),
            shared: shared(found, entities),
            reasons,
        }
    }
}

/// What `found` and `asked` both name: in the order of `found`, the headline's first.
fn shared(found: &Article, asked: &Entities) -> Shared {
    let of = |kind| found.entities.shared(asked, kind).take(SHARED_MAX);
    let keys = |kind| of(kind).map(str::to_owned).collect();
    Shared {
        persons: keys(Kind::Person),
        places: keys(Kind::Place),
        organisations: keys(Kind::Organisation),
        numbers: of(Kind::Number).map(|key| printed(found, key)).collect(),
    }
}

/// The number with the key `key` as `article` prints it first: 112毫米 where the key is 0.112米.
fn printed(article: &Article, key: &str) -> String {
    let number = article.entities.of(Kind::Number).find(|number| number.key == key);
    let text = number.and_then(|number| {
        let record = &article.record;
        let text = match number.paragraph {
            None => Some(&record.title),
            Some(at) => record.paragraphs.get(usize::try_from(at).ok()?),
        };
        number.span.of(text?)
    });
    text.unwrap_or(key).to_owned()
}

/// Days from `asked` to `found`, negative before.
fn days_apart(asked: Option<Date>, found: Option<Date>) -> Option<i32> {
    Some(day::between(asked?, found?))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::days_apart;

    #[test]
    fn days_before_are_negative() {
        let (first, second) = (Some(date(2025, 2, 28)), Some(date(2025, 3, 2)));
        assert_eq!(days_apart(first, second), Some(2));
        assert_eq!(days_apart(second, first), Some(-2));
        assert_eq!(days_apart(None, first), None);
    }
}
