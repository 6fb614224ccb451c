//! Compares which entities two articles name: persons, places, organisations, numbers and dates.
//!
//! An entity that every article names says little (中国), one that few name says much (a surname, a
//! sum of money). So each shared key is weighted by its inverse document frequency, which the
//! caller looks up.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;

/// The keys of the entities that an article names, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named(BTreeSet<(Kind, String)>);

impl Named {
    /// The keys of `entities`. Ambiguous ones are left out: two articles that name a 朝阳区 may mean
    /// two different places.
    #[must_use]
    pub fn of(entities: &[Entity]) -> Self {
        let sure = entities.iter().filter(|entity| !entity.ambiguous);
        Self(sure.map(|entity| (entity.kind, entity.key.clone())).collect())
    }

    /// The keys, in order of their kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, &str)> {
        self.0.iter().map(|(kind, key)| (*kind, key.as_str()))
    }
}

/// An entity that both articles name.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    pub kind: Kind,
    pub key: String,
    /// Its inverse document frequency.
    pub idf: f32,
}

/// The result of a comparison.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overlap {
    /// The similarity over all kinds, in `[0, 1]`: 1 if both name the same entities, 0 if they
    /// share none or one of them names none.
    pub all: f32,
    /// The similarity within each kind that at least one of them names.
    pub kinds: BTreeMap<Kind, f32>,
    /// The shared entities, the rarest first.
    pub shared: Vec<Shared>,
}

/// The inverse document frequency of a key that `holding` of `article_count` articles name; always
/// positive.
///
/// `ln(1 + (N − n + 0.5) / (n + 0.5))`. Source: Robertson & Zaragoza 2009, section 3.1, with the 1
/// that Lucene adds to keep it above zero.
#[must_use]
pub fn idf(article_count: u32, holding: u32) -> f32 {
    let (all, with) = (f64::from(article_count), f64::from(holding.min(article_count)));
    #[expect(clippy::cast_possible_truncation, reason = "six digits are enough for a weight")]
    let idf = ((all - with + 0.5) / (with + 0.5)).ln_1p() as f32;
    idf
}

/// The weighted Jaccard similarity of two sets of keys:
/// `Σ idf of the intersection / Σ idf of the union`.
///
/// `idf` gives the weight of a key, which must not be negative.
#[must_use]
pub fn overlap(one: &Named, other: &Named, idf: impl Fn(Kind, &str) -> f32) -> Overlap {
    let mut sums: BTreeMap<Kind, (f32, f32)> = BTreeMap::new();
    let mut shared = Vec::new();
    for (kind, key) in one.0.union(&other.0) {
        let weight = idf(*kind, key);
        let (both, either) = sums.entry(*kind).or_default();
        *either += weight;
        let entry = (*kind, key.clone());
        if one.0.contains(&entry) && other.0.contains(&entry) {
            *both += weight;
            shared.push(Shared { kind: *kind, key: entry.1, idf: weight });
        }
    }
    shared.sort_by(|a, b| b.idf.total_cmp(&a.idf));
    let share = |both: f32, either: f32| if either > 0.0 { both / either } else { 0.0 };
    let (both, either) =
        sums.values().fold((0.0, 0.0), |all, kind| (all.0 + kind.0, all.1 + kind.1));
    let kinds = sums.into_iter().map(|(kind, (both, either))| (kind, share(both, either)));
    Overlap { all: share(both, either), kinds: kinds.collect(), shared }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Named;
    use super::idf;
    use super::overlap;
    use wenmai_domain::span::Span;
    use wenmai_text::entity::Entity;
    use wenmai_text::entity::Kind;

    fn named(keys: &[(Kind, &str)]) -> Named {
        let entity = |(kind, key): &(Kind, &str)| Entity {
            kind: *kind,
            text: (*key).to_owned(),
            key: (*key).to_owned(),
            span: Span::new(0, 1),
            ambiguous: *key == "朝阳区",
        };
        Named::of(&keys.iter().map(entity).collect::<Vec<_>>())
    }

    /// As if 900 of a thousand articles named 中国 and one each of the other keys.
    fn rare(_: Kind, key: &str) -> f32 {
        idf(1_000, if key == "中国" { 900 } else { 1 })
    }

    #[test]
    fn a_rare_name_counts_more_than_a_common_one() {
        let one = named(&[(Kind::Place, "中国"), (Kind::Person, "周小禾")]);
        let common = overlap(&one, &named(&[(Kind::Place, "中国")]), rare);
        let rare = overlap(&one, &named(&[(Kind::Person, "周小禾")]), rare);
        assert!(rare.all > 0.9 && common.all < 0.1, "{} {}", rare.all, common.all);
    }

    #[test]
    fn the_rarest_shared_key_stands_first() {
        let one = named(&[(Kind::Place, "中国"), (Kind::Number, "320人")]);
        let found = overlap(&one, &one, rare);
        assert!((found.all - 1.0).abs() < 1e-6);
        assert_eq!(found.shared[0].key, "320人");
        assert_eq!(found.kinds.len(), 2);
    }

    #[test]
    fn an_ambiguous_name_is_not_shared() {
        let one = named(&[(Kind::Place, "朝阳区")]);
        assert_eq!(overlap(&one, &one, rare), super::Overlap::default());
    }

    proptest! {
        #[test]
        fn the_overlap_is_symmetric_and_bounded(
            one in prop::collection::vec("[甲乙丙丁戊]", 0..6),
            other in prop::collection::vec("[甲乙丙丁戊]", 0..6),
        ) {
            let set = |keys: &[String]| {
                named(&keys.iter().map(|key| (Kind::Person, key.as_str())).collect::<Vec<_>>())
            };
            let (one, other) = (set(&one), set(&other));
            let there = overlap(&one, &other, rare).all;
            prop_assert!((0.0..=1.0).contains(&there));
            prop_assert!((there - overlap(&other, &one, rare).all).abs() < 1e-6);
        }
    }
}
