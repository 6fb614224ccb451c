//! What a template headline pins down: 莘县召开第十六届… is not 阳谷县召开第十七届….
//!
//! Two headlines that say the same but for an ordinal or a place contradict each other, however alike
//! their texts are.

use std::collections::BTreeSet;

use crate::topic::item::PLACE;
use wenmai_text::normalize::normalize;

/// From this likeness of the headlines on, a difference in their anchors counts.
const TEMPLATE_FROM: f32 = 0.45;
/// Characters of an ordinal's number, at most.
const ORDINAL_CHARS_MAX: usize = 6;

/// Ordinals and places that a headline names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Anchors {
    /// What is counted, and which of them it is: (`届`, `十六`).
    ordinals: BTreeSet<(char, String)>,
    places: BTreeSet<String>,
}

impl Anchors {
    /// The anchors of `title`; `keys` are those of its article.
    pub(super) fn of(title: &str, keys: &[String]) -> Self {
        let normalized = normalize(title);
        let title = normalized.text();
        let places = keys
            .iter()
            .filter_map(|key| key.strip_prefix(PLACE))
            .filter(|place| named(title, place))
            .map(str::to_owned);
        Self { ordinals: ordinals(title), places: places.collect() }
    }

    /// Whether the two cannot be of one event, given how alike their headlines are.
    pub(super) fn contradict(&self, other: &Self, title_likeness: f32) -> bool {
        if title_likeness < TEMPLATE_FROM {
            return false;
        }
        let other_ordinal = self.ordinals.iter().any(|(unit, _)| {
            let of = |anchors: &'_ Self| {
                let same = anchors.ordinals.iter().filter(|(counted, _)| counted == unit);
                same.map(|(_, number)| number.clone()).collect::<BTreeSet<_>>()
            };
            let theirs = of(other);
            !theirs.is_empty() && of(self).is_disjoint(&theirs)
        });
        other_ordinal || other_places(&self.places, &other.places)
    }
}

/// Whether both name places, and none of one lies in, or is, one of the other.
fn other_places(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let near = |a: &str, b: &str| a.contains(b) || b.contains(a);
    !one.is_empty() && !other.is_empty() && !one.iter().any(|a| other.iter().any(|b| near(a, b)))
}

/// Whether `title` names `place`, with or without its last character (聊城, 聊城市).
fn named(title: &str, place: &str) -> bool {
    let short: String = {
        let count = place.chars().count();
        place.chars().take(if count > 2 { count - 1 } else { count }).collect()
    };
    !short.is_empty() && title.contains(&short)
}

/// The ordinals of normalized `title`: 第…届, 第…轮.
fn ordinals(title: &str) -> BTreeSet<(char, String)> {
    let mut found = BTreeSet::new();
    for (at, _) in title.match_indices('第') {
        let rest: Vec<char> = title[at..].chars().skip(1).take(ORDINAL_CHARS_MAX + 1).collect();
        let digits = rest
            .iter()
            .take_while(|c| c.is_ascii_digit() || "一二三四五六七八九十百零〇两".contains(**c));
        let number: String = digits.collect();
        let unit = rest.get(number.chars().count());
        if let Some(unit) = unit.filter(|unit| !number.is_empty() && unit.is_alphabetic()) {
            found.insert((*unit, number));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Anchors;

    fn anchors(title: &str) -> Anchors {
        let places = ["地:莘县", "地:阳谷县", "地:聊城市", "地:山东省聊城市"];
        Anchors::of(title, &places.map(str::to_owned))
    }

    #[test]
    fn another_county_or_ordinal_in_a_template_contradicts() {
        let one = anchors("莘县召开第十六届人代会");
        assert!(one.contradict(&anchors("阳谷县召开人代会"), 0.8));
        assert!(one.contradict(&anchors("莘县召开第十七届人代会"), 0.8));
        assert!(!one.contradict(&anchors("莘县召开第十六届人代会"), 0.8));
        assert!(!one.contradict(&anchors("某地召开人代会"), 0.8), "no anchor, no contradiction");
    }

    #[test]
    fn only_template_headlines_are_compared() {
        let one = anchors("莘县召开第十六届人代会");
        assert!(!one.contradict(&anchors("阳谷县的麦子熟了"), 0.1));
    }

    #[test]
    fn a_place_and_what_it_lies_in_agree() {
        assert!(!anchors("聊城发布通报").contradict(&anchors("山东省聊城市发布通报"), 0.9));
    }
}
