//! The figures of a set, and those that disagree.
//!
//! Two pieces that say the same disagree where each has one number of a unit, behind like words,
//! and the values differ by more than rounding. An update looks the same: both are shown with their
//! sources and times, and nobody is called wrong.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use crate::set::Cited;
use crate::set::Cluster;
use crate::set::Source;
use wenmai_domain::span::Span;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Extractor;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::bigrams;
use wenmai_text::likeness::shares_any;

/// Characters before a number that say what is counted.
const CONTEXT_CHARS: usize = 6;
/// Part of the larger value within which rounding explains a difference.
const ROUNDING: f64 = 0.02;
/// Outlets from which on one alone does not make a figure of the story.
const MANY: usize = 5;
/// Pieces of a cluster that are compared, at most: pairs are quadratic.
const COMPARED_MAX: usize = 12;

/// A number and where it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number and unit as printed.
    pub text: String,
    /// Its value and unit (`320人`), by which figures meet.
    pub key: String,
    /// The piece that holds it.
    pub piece: Cited,
    /// Distinct outlets that print it in their own text.
    pub outlet_count: usize,
}

/// Two figures for what looks like one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// Of the more salient piece.
    pub left: Figure,
    /// Of the other.
    pub right: Figure,
}

/// The quantities of each piece of each cluster: looked for once, used by figures and conflicts.
#[derive(Debug, Clone, Default)]
pub struct Numbers(Vec<Vec<Vec<Entity>>>);

impl Numbers {
    fn of(&self, cluster: usize) -> &[Vec<Entity>] {
        self.0.get(cluster).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Looks for the quantities of `clusters`, as long as `goes_on` says yes.
#[must_use]
pub fn numbers(clusters: &[Cluster], extractor: &Extractor, goes_on: &dyn Fn() -> bool) -> Numbers {
    let of = |cluster: &Cluster| {
        cluster.pieces.iter().map(|piece| quantities(piece, extractor)).collect()
    };
    Numbers(clusters.iter().take_while(|_| goes_on()).map(of).collect())
}

/// The `limit` quantities that most outlets print, of the most salient pieces first.
#[must_use]
pub fn figures(
    sources: &[Source<'_>],
    clusters: &[Cluster],
    numbers: &Numbers,
    limit: usize,
) -> Vec<Figure> {
    let mut outlets: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut all: Vec<(usize, Figure)> = Vec::new();
    for (rank, cluster) in clusters.iter().enumerate() {
        for (piece, numbers) in cluster.pieces.iter().zip(numbers.of(rank)) {
            let outlet = sources.get(piece.source).map_or("", |source| source.outlet);
            for number in numbers.iter().cloned() {
                let known = outlets.entry(number.key.clone()).or_default();
                if known.is_empty() {
                    all.push((rank, figure(number, piece)));
                }
                known.insert(outlet);
            }
        }
    }
    let several = sources.iter().map(|source| source.outlet).collect::<BTreeSet<_>>().len() >= MANY;
    let mut all: Vec<(usize, Figure)> = all
        .into_iter()
        .map(|(rank, mut figure)| {
            figure.outlet_count = outlets.get(&figure.key).map_or(1, BTreeSet::len);
            (rank, figure)
        })
        .filter(|(_, figure)| !several || figure.outlet_count > 1)
        .collect();
    all.sort_by_key(|(rank, figure)| (std::cmp::Reverse(figure.outlet_count), *rank));
    all.into_iter().take(limit).map(|(_, figure)| figure).collect()
}

/// Figures of different outlets that disagree, at most one pair a cluster and unit.
#[must_use]
pub fn conflicts(sources: &[Source<'_>], clusters: &[Cluster], numbers: &Numbers) -> Vec<Conflict> {
    let mut found = Vec::new();
    let several = |(_, cluster): &(usize, &Cluster)| cluster.outlet_count > 1;
    for (rank, cluster) in clusters.iter().enumerate().filter(several) {
        let numbers = numbers.of(rank);
        let numbers = numbers.get(..COMPARED_MAX).unwrap_or(numbers);
        let mut units = HashSet::new();
        for (left_at, left) in numbers.iter().enumerate() {
            for (right_at, right) in numbers.iter().enumerate().skip(left_at + 1) {
                let pieces = (cluster.pieces.get(left_at), cluster.pieces.get(right_at));
                let (Some(one), Some(other)) = pieces else { continue };
                if outlet(sources, one) == outlet(sources, other) {
                    continue;
                }
                for (unit, a, b) in disagreeing((one, left), (other, right)) {
                    if units.insert(unit) {
                        found.push(Conflict { left: figure(a, one), right: figure(b, other) });
                    }
                }
            }
        }
    }
    found
}

fn outlet<'a>(sources: &[Source<'a>], piece: &Cited) -> &'a str {
    sources.get(piece.source).map_or("", |source| source.outlet)
}

/// Quantities with a unit that a reader would look for; ordinals and 两个 are none.
fn quantities(piece: &Cited, extractor: &Extractor) -> Vec<Entity> {
    if !piece.extract.text.contains(is_numeral) {
        return Vec::new();
    }
    let text = &piece.extract.text;
    let all = extractor.entities(text, None).into_iter();
    // 5个半小时 is not five of anything.
    let whole = |one: &Entity| !text.get(one.span.end..).unwrap_or_default().starts_with('半');
    let of_order = |one: &Entity| one.key.starts_with('第');
    all.filter(|one| one.kind == Kind::Number && !of_order(one) && tells(one) && whole(one))
        .collect()
}

/// Whether a number is more than a way of speaking: 两个, 一次 and 三点 are not, 两成 is.
fn tells(number: &Entity) -> bool {
    const PARTS: [&str; 4] = ["成", "倍", "折", "%"];
    const COUNTED: [&str; 8] = ["个", "次", "种", "项", "点", "条", "届", "步"];
    let Some((value, unit)) = split(&number.key) else { return true };
    let in_digits = number.text.contains(|c: char| c.is_numeric() && !c.is_alphabetic());
    if in_digits && value.abs() > 1.0 {
        return true;
    }
    PARTS.contains(&unit) || (value.abs() >= 10.0) || (in_digits && !COUNTED.contains(&unit))
}

/// Whether a number may hold `c`: most pieces have none, and looking for names takes long.
fn is_numeral(c: char) -> bool {
    c.is_numeric() || "〇零一二两三四五六七八九十百千万亿半".contains(c)
}

fn figure(number: Entity, piece: &Cited) -> Figure {
    Figure { text: number.text, key: number.key, piece: piece.clone(), outlet_count: 1 }
}

type Side<'n> = (&'n Cited, &'n Vec<Entity>);

/// Unit and both numbers, where each side has exactly one of the unit behind like words.
fn disagreeing(left: Side<'_>, right: Side<'_>) -> Vec<(String, Entity, Entity)> {
    let mut found = Vec::new();
    for one in left.1 {
        let Some((value, unit)) = split(&one.key) else { continue };
        let of_unit = |numbers: &[Entity]| {
            let same =
                |number: &&Entity| split(&number.key).is_some_and(|(_, other)| other == unit);
            let mut all = numbers.iter().filter(same).cloned().collect::<Vec<_>>();
            if all.len() == 1 { all.pop() } else { None }
        };
        let (Some(one), Some(other)) = (of_unit(left.1), of_unit(right.1)) else { continue };
        let Some((theirs, _)) = split(&other.key) else { continue };
        let differ = (value - theirs).abs() > ROUNDING * value.abs().max(theirs.abs());
        if differ && alike(&left.0.extract.text, one.span, &right.0.extract.text, other.span) {
            found.push((unit.to_owned(), one, other));
        }
    }
    found
}

/// Whether two characters in a row stand before both numbers.
fn alike(left: &str, at: Span, right: &str, other: Span) -> bool {
    let before = |text: &str, end: usize| {
        let chars: Vec<char> = text.get(..end).unwrap_or_default().chars().rev().collect();
        chars.into_iter().filter(|c| c.is_alphabetic()).take(CONTEXT_CHARS).collect::<Vec<char>>()
    };
    let (left, right) = (before(left, at.start), before(right, other.start));
    shares_any(bigrams(left), &bigrams(right).collect::<Vec<_>>())
}

/// Value and unit of a number's key.
fn split(key: &str) -> Option<(f64, &str)> {
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let at = key.find(|c| !is_digit(c))?;
    let (value, unit) = key.split_at_checked(at)?;
    Some((value.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use super::conflicts;
    use super::figures;
    use super::numbers;
    use crate::Budget;
    use crate::ranker::Ranker;
    use crate::set::Source;
    use crate::set::clusters;
    use crate::set::tests::flood;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    static EXTRACTOR: LazyLock<Extractor> =
        LazyLock::new(|| Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());

    fn disagreeing(sources: &[Source<'_>]) -> Vec<(String, String)> {
        let found = clusters(sources, &Ranker::bundled().unwrap(), Budget::new(200).unwrap());
        let all = conflicts(sources, &found, &numbers(&found, &EXTRACTOR, &|| true));
        all.into_iter().map(|one| (one.left.key, one.right.key)).collect()
    }

    #[test]
    fn numbers_that_disagree_are_named_with_both_sources() {
        let mut keys = disagreeing(&flood());
        let (left, right) = keys.pop().unwrap();
        let mut both = [left, right];
        both.sort();
        assert_eq!(both, ["3200人", "4100人"]);
    }

    #[test]
    fn rounding_and_one_outlet_are_no_conflict() {
        let mut sources = flood();
        sources[2].body = "清河县遭遇暴雨，截至13日已转移群众3190人。";
        assert!(disagreeing(&sources).is_empty());
        let mut sources = flood();
        sources[2].outlet = sources[1].outlet;
        assert!(disagreeing(&sources).is_empty());
    }

    #[test]
    fn a_way_of_speaking_is_no_figure() {
        let mut sources = flood();
        sources[1].body =
            "清河县遭遇暴雨，两个乡的1个水库和三点建议，收成少了两成，转移群众3200人，抢修12次。";
        let found =
            clusters(&sources[1..2], &Ranker::bundled().unwrap(), Budget::new(200).unwrap());
        let numbers = numbers(&found, &EXTRACTOR, &|| true);
        let mut keys: Vec<String> =
            figures(&sources, &found, &numbers, 8).into_iter().map(|one| one.key).collect();
        keys.sort();
        assert_eq!(keys, ["12次", "2成", "3200人"]);
    }

    #[test]
    fn figures_are_counted_by_outlet() {
        let sources = flood();
        let found = clusters(&sources, &Ranker::bundled().unwrap(), Budget::new(200).unwrap());
        let numbers = numbers(&found, &EXTRACTOR, &|| true);
        let keys: Vec<String> =
            figures(&sources, &found, &numbers, 8).into_iter().map(|one| one.key).collect();
        assert!(keys.contains(&"3200人".to_owned()), "{keys:?}");
    }
}
