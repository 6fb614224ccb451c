//! Two outlets beside each other: what both tell, and what only one of them does.

use std::collections::HashSet;

use crate::cover::Matter;
use crate::cover::Place;
use crate::cover::places;
use crate::figure::cited;
use crate::reading::Reading;
use crate::set::Cited;
use crate::set::Source;
use crate::unit::PairSet;
use wenmai_text::likeness::containment;

/// Share of a piece that the other outlet must print for both to tell it.
const BOTH_MIN: f32 = 0.5;
/// Share of a piece that the other outlet may print where only one tells it.
const ONE_MAX: f32 = 0.3;
/// Share of a piece that may have been told before it.
const TOLD_MAX: f32 = 0.35;
/// Pieces of each kind, at most.
const PIECES_MAX: usize = 5;

/// What two outlets tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The names of both.
    pub outlets: [String; 2],
    /// What both tell, in the words of the first.
    pub both: Vec<Cited>,
    /// What only the first or only the second tells.
    pub only: [Vec<Cited>; 2],
}

/// Compares what the readings of two `outlets` tell, each kind in at most `char_max` characters.
#[must_use]
pub fn compare(
    sources: &[Source<'_>],
    readings: &[Reading<'_>],
    matter: &Matter<'_>,
    outlets: [&str; 2],
    char_max: usize,
) -> Comparison {
    let of = |name: &str| -> HashSet<usize> {
        let outlet = |source: usize| sources.get(source).map_or("", |source| source.outlet);
        let all = readings.iter().enumerate();
        all.filter(|(_, one)| outlet(one.source) == name).map(|(at, _)| at).collect()
    };
    let sides: [HashSet<usize>; 2] = outlets.map(of);
    let printed = sides.each_ref().map(|side| printed(readings, side));
    let [left, right] = &sides;
    let [by_left, by_right] = &printed;
    let both = |share: f32| share >= BOTH_MIN;
    let one = |share: f32| share <= ONE_MAX;
    let pick = |side: &HashSet<usize>, other: &PairSet, wanted: &dyn Fn(f32) -> bool| {
        picked(readings, matter, side, char_max, &|pairs| wanted(containment(pairs, other)))
    };
    Comparison {
        outlets: outlets.map(str::to_owned),
        both: pick(left, by_right, &both),
        only: [pick(left, by_right, &one), pick(right, by_left, &one)],
    }
}

/// The pairs of all that the readings at `side` print.
fn printed(readings: &[Reading<'_>], side: &HashSet<usize>) -> PairSet {
    let of = side.iter().filter_map(|at| readings.get(*at));
    of.flat_map(|reading| reading.body.bigrams.iter().flatten().chain(&reading.title_pairs))
        .copied()
        .collect()
}

/// The pieces worth most of the readings at `side` whose pairs are `wanted`, each told once.
fn picked(
    readings: &[Reading<'_>],
    matter: &Matter<'_>,
    side: &HashSet<usize>,
    char_max: usize,
    wanted: &dyn Fn(&[u64]) -> bool,
) -> Vec<Cited> {
    let mut rated: Vec<(f32, Place)> = places(readings)
        .filter(|place| side.contains(&place.reading))
        .filter_map(|place| {
            let (reading, offer) = place.of(readings)?;
            let fits = !offer.is_weak && wanted(&offer.pairs);
            Some((matter.worth(reading, offer).filter(|_| fits)?, place))
        })
        .collect();
    rated.sort_by(|l, r| r.0.total_cmp(&l.0));
    let (mut told, mut found, mut left) = (PairSet::default(), Vec::new(), char_max);
    for (_, place) in rated {
        let Some((_, offer)) = place.of(readings) else { continue };
        let count = offer.extract.char_count();
        if count > left || containment(&offer.pairs, &told) > TOLD_MAX {
            continue;
        }
        left -= count;
        told.extend(&offer.pairs);
        found.extend(cited(readings, place));
        if found.len() == PIECES_MAX {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::compare;
    use crate::reading::tests::readings;
    use crate::series;
    use crate::set::tests::flood;

    #[test]
    fn two_outlets_share_what_both_print_and_keep_what_is_theirs() {
        let mut sources = flood();
        sources[1].body =
            "清河县12日遭遇暴雨，已转移群众3200人。县水利局局长周小禾表示，堤防没有险情。";
        sources[2].body =
            "清河县12日遭遇暴雨，已转移群众3200人。清河大桥13日临时封闭，车辆绕行北岭县。";
        let readings = readings(&sources);
        let (matter, _) = series::matter(&sources, &readings);
        let found = compare(&sources, &readings, &matter, ["清河日报", "南山新闻网"], 200);
        let text = |all: &[crate::set::Cited]| {
            all.iter().map(|one| one.extract.text.as_str()).collect::<Vec<_>>().concat()
        };
        assert!(text(&found.both).contains("3200人"), "{found:?}");
        assert!(text(&found.only[0]).contains("周小禾"), "{found:?}");
        let right = text(&found.only[1]);
        assert!(right.contains("封闭") && !right.contains("周小禾"), "{found:?}");
        let none = compare(&sources, &readings, &matter, ["清河日报", "无此报"], 200);
        assert!(none.both.is_empty() && none.only[1].is_empty() && !none.only[0].is_empty());
    }
}
