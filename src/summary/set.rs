//! What several articles say together: like pieces are joined, those that many outlets print come
//! first, and numbers that disagree are named.
//!
//! Pieces come from one article of each reprint group, so a text printed twenty times speaks once.
//! A piece joins the first cluster whose seed it resembles: cosine of neighbouring units, weighed
//! by how rare they are in the set. A cluster is worth more, the more distinct outlets tell it and
//! the more of its words others use too: pages bring along what has nothing to do with the matter.
//! One piece of each is told, in order of time.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use jiff::civil::DateTime;

use crate::BUDGET_MAX;
use crate::Budget;
use crate::Extract;
use crate::ends;
use crate::feature::Body;
use crate::ranker::Ranker;
use crate::select;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Cosine from which two pieces say the same.
const SAME: f32 = 0.3;
/// Characters of pieces that one article offers, at most.
const OFFERED_CHARS: usize = 400;
/// Characters of one piece, at most: longer ones say too much at once to be compared.
const PIECE_CHARS_MAX: usize = 120;
/// How much opening an article counts, against all that an editor would keep.
const OPENING: f32 = 1.0;
/// Share of a piece that may have been said before it.
const REPEATED_MAX: f32 = 0.5;
/// Share of the other articles that use a word of the matter.
const KNOWN: f32 = 0.1;
/// What a piece is worth none of whose words others use, beside what one of all their words is: 1.1.
const ASIDE: f32 = 0.1;

/// One article of a set.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its headline.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Who printed it: the paper, or the site.
    pub outlet: &'a str,
    /// When; civil time of the paper.
    pub time: Option<DateTime>,
    /// The address of its page on the web; empty where unknown.
    pub url: &'a str,
    /// Its reprint group: articles of one number print one text.
    pub group: usize,
    /// How central it is to the set, `(0, 1]`; 1 where nothing is known.
    pub weight: f32,
}

/// A piece and the article that it is cited from.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    /// The article's place among the sources.
    pub source: usize,
    /// The piece.
    pub extract: Extract,
}

/// Pieces that say the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The pieces; the first is the one that is told.
    pub pieces: Vec<Cited>,
    /// Distinct outlets that tell it in their own text.
    pub outlet_count: usize,
    /// What the clusters are ordered by.
    pub salience: f32,
}

/// Joins like pieces of `sources`, each short enough for `budget`; the most salient cluster comes
/// first.
#[must_use]
pub fn clusters(sources: &[Source<'_>], ranker: &Ranker, budget: Budget) -> Vec<Cluster> {
    clusters_while(sources, ranker, budget, &|| true)
}

/// As [`clusters`], of those sources only that were read while `goes_on` said yes.
#[must_use]
pub fn clusters_while(
    sources: &[Source<'_>],
    ranker: &Ranker,
    budget: Budget,
    goes_on: &dyn Fn() -> bool,
) -> Vec<Cluster> {
    let offered = offered(sources, ranker, budget.chars().min(PIECE_CHARS_MAX), goes_on);
    let sets: Vec<BTreeSet<u64>> = offered
        .iter()
        .map(|one| bigrams(&units(&one.extract.text)).into_iter().collect())
        .collect();
    let topical = topical(sources, &offered, &sets);
    let vectors = vectors(&sets);
    let mut seeds: HashMap<u64, Vec<(usize, f32)>> = HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, vector) in vectors.iter().enumerate() {
        let mut like: HashMap<usize, f32> = HashMap::new();
        for (pair, weight) in vector {
            for (cluster, other) in seeds.get(pair).into_iter().flatten() {
                *like.entry(*cluster).or_default() += weight * other;
            }
        }
        // Of equals the older one: a map's order is not the same in every run.
        let best = like.into_iter().max_by(|l, r| l.1.total_cmp(&r.1).then(r.0.cmp(&l.0)));
        let best = best.filter(|(_, cosine)| *cosine >= SAME);
        if let Some(joined) = best.and_then(|(cluster, _)| members.get_mut(cluster)) {
            joined.push(at);
            continue;
        }
        for (pair, weight) in vector {
            seeds.entry(*pair).or_default().push((members.len(), *weight));
        }
        members.push(vec![at]);
    }
    let told = offered.into_iter().zip(topical).collect::<Vec<_>>();
    let mut found: Vec<Cluster> =
        members.into_iter().map(|members| cluster(sources, &told, &members)).collect();
    found.sort_by(|left, right| right.salience.total_cmp(&left.salience));
    found
}

/// The cluster of `members`, each of which is given with how topical it is.
fn cluster(sources: &[Source<'_>], offered: &[(Cited, f32)], members: &[usize]) -> Cluster {
    let mut rated: Vec<(f32, &Cited)> = members
        .iter()
        .filter_map(|at| offered.get(*at))
        .map(|(one, topical)| {
            let weight = sources.get(one.source).map_or(1.0, |source| source.weight);
            (one.extract.score * weight * (ASIDE + topical), one)
        })
        .collect();
    rated.sort_by(|l, r| r.0.total_cmp(&l.0).then(l.1.source.cmp(&r.1.source)));
    let outlets = rated.iter().filter_map(|(_, one)| sources.get(one.source));
    let outlet_count = outlets.map(|one| one.outlet).collect::<BTreeSet<&str>>().len();
    let best = rated.first().map_or(0.0, |(worth, _)| *worth);
    let salience = best * (1.0 + share(outlet_count, 1).ln());
    Cluster {
        pieces: rated.into_iter().map(|(_, one)| one.clone()).collect(),
        outlet_count,
        salience,
    }
}

/// How much of each piece others use too, `[0, 1]`: the mean over its pairs, each of which counts in
/// full from [`KNOWN`] of the other groups on. 1 where there is no other group.
fn topical(sources: &[Source<'_>], offered: &[Cited], sets: &[BTreeSet<u64>]) -> Vec<f32> {
    let group = |one: &Cited| sources.get(one.source).map_or(0, |source| source.group);
    let mut holders: HashMap<u64, HashSet<usize>> = HashMap::new();
    let mut groups = HashSet::new();
    for (one, pairs) in offered.iter().zip(sets) {
        let mut held = |pair: u64| {
            holders.entry(pair).or_default().insert(group(one));
        };
        pairs.iter().copied().for_each(&mut held);
        // One article of a group speaks, so its title is read with the first of its pieces.
        if groups.insert(group(one)) {
            let title = sources.get(one.source).map_or("", |source| source.title);
            bigrams(&units(title)).into_iter().for_each(held);
        }
    }
    if groups.len() < 2 {
        return vec![1.0; offered.len()];
    }
    let enough = (KNOWN * share(groups.len() - 1, 1)).max(1.0);
    let known = |pair: &u64| {
        let others = holders.get(pair).map_or(0, |all| all.len() - 1);
        (share(others, 1) / enough).min(1.0)
    };
    sets.iter()
        .map(|pairs| pairs.iter().map(known).sum::<f32>() / share(pairs.len().max(1), 1))
        .collect()
}

/// The pieces of one article of each group: of the most central, then of the earliest.
fn offered(
    sources: &[Source<'_>],
    ranker: &Ranker,
    char_max: usize,
    goes_on: &dyn Fn() -> bool,
) -> Vec<Cited> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by(|left, right| {
        let (left, right) = (sources.get(*left), sources.get(*right));
        let weight = |one: Option<&Source<'_>>| one.map_or(0.0, |one| one.weight);
        let time = |one: Option<&Source<'_>>| one.and_then(|one| one.time);
        // No time sorts before any time in an Option; here it comes last.
        let late = |one| (time(one).is_none(), time(one));
        weight(right).total_cmp(&weight(left)).then(late(left).cmp(&late(right)))
    });
    let mut groups = HashSet::new();
    let first = |at: &usize| sources.get(*at).is_some_and(|source| groups.insert(source.group));
    let speakers: Vec<usize> = order.into_iter().filter(first).collect();
    let read = |offer: &dyn Fn(&Body<'_>, &[f32]) -> Vec<Extract>| {
        let mut all = Vec::new();
        for at in speakers.iter().copied().take_while(|_| goes_on()) {
            let Some(source) = sources.get(at) else { continue };
            let body = Body::new(source.body);
            let scores = with_opening(&body, &select::scores(&body, source.title, ranker));
            let pieces = offer(&body, &scores);
            all.extend(pieces.into_iter().map(|extract| Cited { source: at, extract }));
        }
        all
    };
    let keep = ranker.keep() / (1.0 + OPENING);
    let all = read(&|body, scores| select::offer(body, scores, keep, char_max, OFFERED_CHARS));
    match Budget::new(char_max) {
        // Texts without marks, or outcries: better than nothing.
        Ok(budget) if all.is_empty() => {
            read(&|body, scores| select::select(body, scores, keep, budget))
        }
        _ => all,
    }
}

/// `scores`, raised for the sentences that open the text, `[0, 1]`.
///
/// A set has several openings, each of which was written to say the whole; the ranker learned from
/// single articles what stands out behind one.
fn with_opening(body: &Body<'_>, scores: &[f32]) -> Vec<f32> {
    let mut count = 0_usize;
    let mut last = None;
    let each = scores.iter().zip(&body.clauses).enumerate();
    each.map(|(at, (score, clause))| {
        if !body.is_sentence(at) || *score <= 0.0 {
            return 0.0;
        }
        if last.replace(clause.sentence).is_some_and(|last| last != clause.sentence) {
            count += 1;
        }
        (score + OPENING / share(1 + count, 1)) / (1.0 + OPENING)
    })
    .collect()
}

/// Unit vectors of pairs, weighed by `ln(1 + n / df)`.
fn vectors(sets: &[BTreeSet<u64>]) -> Vec<Vec<(u64, f32)>> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for pair in sets.iter().flatten() {
        *counts.entry(*pair).or_default() += 1;
    }
    let rarity =
        |pair: &u64| (1.0 + share(sets.len(), counts.get(pair).copied().unwrap_or(1))).ln();
    sets.iter()
        .map(|set| {
            let weights: Vec<(u64, f32)> = set.iter().map(|pair| (*pair, rarity(pair))).collect();
            let norm = weights.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
            weights.into_iter().map(|(pair, weight)| (pair, weight / norm.max(1e-6))).collect()
        })
        .collect()
}

/// Of each cluster the piece that is told, while `budget` lasts; in order of time.
///
/// Empty only where no source holds running text.
#[must_use]
pub fn tell(sources: &[Source<'_>], clusters: &[Cluster], budget: Budget) -> Vec<Cited> {
    let mut left = budget.chars().min(BUDGET_MAX);
    let mut told: Vec<Cited> = Vec::new();
    let mut said: HashSet<u64> = HashSet::new();
    for cluster in clusters {
        let fits = |one: &&Cited| cost(&one.extract) <= left;
        let Some(piece) = cluster.pieces.iter().find(fits) else { continue };
        let pairs = bigrams(&units(&piece.extract.text));
        if containment(&pairs, &said) > REPEATED_MAX {
            continue;
        }
        left -= cost(&piece.extract);
        said.extend(pairs);
        told.push(piece.clone());
    }
    let key = |one: &Cited| {
        let time = sources.get(one.source).and_then(|source| source.time);
        let start = one.extract.parts.first().map(|part| part.start);
        (time.is_none(), time, one.source, start)
    };
    told.sort_by_key(key);
    told
}

/// Characters with the mark that will stand behind it.
fn cost(extract: &Extract) -> usize {
    extract.char_count() + usize::from(!ends(&extract.text))
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::Source;
    use super::clusters;
    use super::tell;
    use super::with_opening;
    use crate::Budget;
    use crate::feature::Body;
    use crate::ranker::Ranker;

    /// Three reports of one flood, and a reprint of the first.
    pub(crate) fn flood() -> Vec<Source<'static>> {
        let first = "清河县12日遭遇暴雨，已转移群众3200人。县水利局局长周小禾表示，“堤防没有险情，大家放心。”\
                     农民林大川说，家里的三亩地被淹。";
        let second = "清河县遭遇暴雨，截至13日已转移群众4100人。清河大桥临时封闭。";
        let third = "14日，清河大桥恢复通车。清河县遭遇暴雨后，1200亩麦田正在排水。";
        let at = |day| Some(date(2024, 3, day).at(8, 0, 0, 0));
        let source = |body, outlet, day, group| Source {
            title: "清河县遭遇暴雨 转移群众",
            body,
            outlet,
            time: at(day),
            url: "",
            group,
            weight: 1.0,
        };
        vec![
            source(third, "东湖晚报", 14, 2),
            source(first, "清河日报", 12, 0),
            source(second, "南山新闻网", 13, 1),
            source(first, "北岭日报", 13, 0),
        ]
    }

    fn told(budget: usize) -> Vec<(usize, String)> {
        let sources = flood();
        let budget = Budget::new(budget).unwrap();
        let found = clusters(&sources, &Ranker::bundled().unwrap(), budget);
        let told = tell(&sources, &found, budget);
        told.into_iter().map(|one| (one.source, one.extract.text)).collect()
    }

    #[test]
    fn pieces_come_in_order_of_time_once_each() {
        let told = told(200);
        let sources: Vec<usize> = told.iter().map(|(source, _)| *source).collect();
        let day = |source: &usize| [14, 12, 13, 13][*source];
        assert!(sources.is_sorted_by_key(day) && sources.len() >= 2, "{told:?}");
        assert!(!sources.contains(&3), "a reprint spoke: {told:?}");
    }

    #[test]
    fn a_budget_is_kept() {
        for budget in [20, 60, 120] {
            let length: usize = told(budget).iter().map(|(_, text)| text.chars().count()).sum();
            assert!(length > 0 && length <= budget, "{budget}: {:?}", told(budget));
        }
    }

    #[test]
    fn what_several_outlets_tell_comes_first() {
        let sources = flood();
        let found = clusters(&sources, &Ranker::bundled().unwrap(), Budget::new(200).unwrap());
        assert!(found[0].outlet_count >= 2, "{found:?}");
        assert!(found[0].pieces[0].extract.text.contains("暴雨"), "{found:?}");
    }

    #[test]
    fn what_others_say_nothing_of_counts_little_and_outcries_are_left_out() {
        let mut sources = flood();
        let aside = "东湖动物园的熊猫昨天满了两周岁，游客排起长队。清河大桥通车啦！";
        let body = format!("{aside}{}", sources[0].body);
        sources[0].body = &body;
        let budget = Budget::new(200).unwrap();
        let found = clusters(&sources, &Ranker::bundled().unwrap(), budget);
        let told = |words: &str| {
            let cluster = found.iter().find(|one| one.pieces[0].extract.text.contains(words));
            let cluster = cluster.unwrap();
            cluster.salience / cluster.pieces[0].extract.score
        };
        assert!(told("熊猫") < 0.5 * told("麦田"), "{found:?}");
        let pieces = found.iter().flat_map(|cluster| &cluster.pieces);
        assert!(!pieces.into_iter().any(|one| one.extract.text.contains("通车啦")), "{found:?}");
    }

    #[test]
    fn texts_without_a_statement_are_told_all_the_same() {
        let sources = [Source { body: "清河大桥通车啦！", ..flood()[0] }];
        let budget = Budget::new(200).unwrap();
        let found = clusters(&sources, &Ranker::bundled().unwrap(), budget);
        assert_eq!(tell(&sources, &found, budget)[0].extract.text, "清河大桥通车啦！");
    }

    #[test]
    fn what_opens_a_text_counts_more_and_its_title_nothing() {
        let body = Body::new("渠首\n清河开闸。农民下地，麦田返青。");
        let raised = with_opening(&body, &[0.9, 0.2, 0.2, 0.0]);
        assert!(raised[0] == 0.0 && raised[3] == 0.0, "{raised:?}");
        assert!((raised[1] - 0.6).abs() < 1e-6 && (raised[2] - 0.35).abs() < 1e-6, "{raised:?}");
    }

    #[test]
    fn nothing_to_say_gives_nothing() {
        let source = Source { body: "甲村\t1\t2", ..flood()[0] };
        let budget = Budget::new(200).unwrap();
        assert!(clusters(&[source], &Ranker::bundled().unwrap(), budget).is_empty());
        assert!(clusters(&[], &Ranker::bundled().unwrap(), budget).is_empty());
    }
}
