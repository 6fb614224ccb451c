//! Turns a cosine into the probabilities that two articles are of the same event and of the same
//! story.
//!
//! Two isotonic curves over pairs of articles are written as one table of at most [`KNOTS_MAX`]
//! knots with straight lines between them. How far the table can be trusted is measured on stories
//! that it was not made from: one half of the stories makes it, the other half tests it, in both
//! directions, for several random halvings. A pair belongs to the story of the article that asked.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::metrics;
use crate::monotone::Curve;

/// The most knots of a table.
pub const KNOTS_MAX: usize = 32;
/// How often the stories are halved at random; each halving is tested in both directions.
pub const HALVINGS: usize = 5;
/// The number of bins of equal width for the calibration error. Source: Guo et al. 2017 (15 bins).
pub const BINS: u32 = 15;

/// The probability from which an answer is worth showing.
pub const LIKELY: f64 = 0.1;

/// About how many positions are tried for a knot, at equal shares of the pairs.
const PLACES: usize = 512;
/// Knots are added until the table is this close to its curves everywhere.
const ERROR_MAX: f64 = 1e-3;

/// An article that asked, and an article that it was compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The number of the story of the article that asked.
    pub story: usize,
    /// The cosine of the two embeddings.
    pub cosine: f64,
    /// Whether both are of one event; `None` if they are of one story and one of them has no event
    /// label.
    pub same_event: Option<bool>,
    /// Whether both are of one story.
    pub same_story: bool,
    /// Whether the other article is among the nearest of the one that asked; else it was drawn at
    /// random.
    pub nearest: bool,
}

/// The relation that a probability is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Both articles report one event.
    SameEvent,
    /// Both articles belong to one story.
    SameStory,
}

impl Pair {
    fn truth(&self, relation: Relation) -> Option<bool> {
        match relation {
            Relation::SameEvent => self.same_event,
            Relation::SameStory => Some(self.same_story),
        }
    }
}

/// One knot of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Knot {
    /// The cosine; it rises from knot to knot.
    pub cosine: f64,
    /// The probability of the same event; never more than that of the same story.
    pub same_event: f64,
    /// Probability of the same story.
    pub same_story: f64,
}

/// How well a table predicts stories that it was not made from: means over all halves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Pairs with a known truth.
    pub pair_count: usize,
    /// The share of these pairs for which the relation holds.
    pub base_rate: f64,
    /// The expected calibration error with [`BINS`] bins.
    pub ece: f64,
    /// The largest expected calibration error of any half.
    pub ece_max: f64,
    /// The calibration error over the pairs to which the table gives at least [`LIKELY`]. Where
    /// most pairs are surely unrelated, `ece` is small whatever the table says of the others.
    pub ece_likely: Option<f64>,
    /// The expected calibration error of the cosine itself, taken as a probability.
    pub ece_of_cosine: f64,
    /// The Brier score: the mean squared error of the probability.
    pub brier: f64,
    /// The Brier score of a constant probability, the base rate of the other half.
    pub brier_of_base_rate: f64,
}

/// The table for `pairs`, with rising cosines; empty without pairs.
#[must_use]
pub fn table(pairs: &[Pair]) -> Vec<Knot> {
    let curve = |relation| Curve::fit(known(pairs, relation));
    let (event, story) = (curve(Relation::SameEvent), curve(Relation::SameStory));
    let mut cosines: Vec<f64> = pairs.iter().map(|pair| pair.cosine).collect();
    cosines.sort_by(f64::total_cmp);
    let places = places(&cosines);
    // Rounding must not turn a high probability into certainty.
    let probable = |curve: &Curve, cosine| rounded(curve.at(cosine)).clamp(1e-4, 1.0 - 1e-4);
    let knot = |cosine: f64| {
        let same_story = probable(&story, cosine);
        Knot { cosine, same_event: probable(&event, cosine).min(same_story), same_story }
    };
    let full: Vec<Knot> = places.into_iter().map(knot).collect();
    thinned(&full)
}

/// The curve that gives the probability of `relation` for a cosine, as `table` has it.
#[must_use]
pub fn curve(table: &[Knot], relation: Relation) -> Curve {
    let value = |knot: &Knot| match relation {
        Relation::SameEvent => knot.same_event,
        Relation::SameStory => knot.same_story,
    };
    Curve::new(table.iter().map(|knot| (knot.cosine, value(knot))).collect())
}

/// Tests tables of `pairs` on the stories that they were not made from.
///
/// A table is made of all pairs of its half; `judged` selects the pairs of the other half that test
/// it. `None` if no half has both a table and pairs to test it.
#[must_use]
pub fn cross_validated(
    pairs: &[Pair],
    relation: Relation,
    seed: u64,
    judged: impl Fn(&Pair) -> bool,
) -> Option<Quality> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let stories: BTreeSet<usize> = pairs.iter().map(|pair| pair.story).collect();
    let mut order: Vec<usize> = stories.into_iter().collect();
    let mut halves = Vec::new();
    for _ in 0..HALVINGS {
        order.shuffle(&mut rng);
        let first: BTreeSet<usize> = order.iter().take(order.len() / 2).copied().collect();
        let (left, right): (Vec<Pair>, Vec<Pair>) =
            pairs.iter().partition(|pair| first.contains(&pair.story));
        for (made_of, rest) in [(&left, &right), (&right, &left)] {
            let rest: Vec<Pair> = rest.iter().filter(|pair| judged(pair)).copied().collect();
            halves.extend(half(made_of, &rest, relation));
        }
    }
    let mean = |of: fn(&Half) -> f64| metrics::mean(&halves.iter().map(of).collect::<Vec<f64>>());
    let truths: Vec<bool> =
        pairs.iter().filter(|pair| judged(pair)).filter_map(|pair| pair.truth(relation)).collect();
    Some(Quality {
        pair_count: truths.len(),
        base_rate: share(&truths)?,
        ece: mean(|half| half.ece)?,
        ece_max: halves.iter().map(|half| half.ece).fold(0.0, f64::max),
        ece_likely: metrics::mean(
            &halves.iter().filter_map(|half| half.ece_likely).collect::<Vec<f64>>(),
        ),
        ece_of_cosine: mean(|half| half.ece_of_cosine)?,
        brier: mean(|half| half.brier)?,
        brier_of_base_rate: mean(|half| half.brier_of_base_rate)?,
    })
}

/// The figures of one half, tested with the table of the other.
struct Half {
    ece: f64,
    ece_likely: Option<f64>,
    ece_of_cosine: f64,
    brier: f64,
    brier_of_base_rate: f64,
}

fn half(made_of: &[Pair], judged: &[Pair], relation: Relation) -> Option<Half> {
    let curve = curve(&table(made_of), relation);
    let made_of: Vec<bool> = known(made_of, relation).map(|(_, truth)| truth).collect();
    let base_rate = share(&made_of)?;
    let judged: Vec<(f64, bool)> = known(judged, relation).collect();
    let said = |say: &dyn Fn(f64) -> f64| -> Vec<(f64, bool)> {
        judged.iter().map(|(cosine, truth)| (say(*cosine), *truth)).collect()
    };
    let calibrated = said(&|cosine| curve.at(cosine));
    let likely: Vec<(f64, bool)> =
        calibrated.iter().filter(|(said, _)| *said >= LIKELY).copied().collect();
    Some(Half {
        ece_likely: calibration_error(&likely),
        ece: calibration_error(&calibrated)?,
        ece_of_cosine: calibration_error(&said(&|cosine| cosine.clamp(0.0, 1.0)))?,
        brier: brier(&calibrated)?,
        brier_of_base_rate: brier(&said(&|_| base_rate))?,
    })
}

/// The cosine and the truth of each pair whose truth is known.
fn known(pairs: &[Pair], relation: Relation) -> impl Iterator<Item = (f64, bool)> {
    pairs.iter().filter_map(move |pair| Some((pair.cosine, pair.truth(relation)?)))
}

/// The expected calibration error: over [`BINS`] bins of equal width, the difference between the
/// mean probability and the share of true cases, weighted by the number of cases in the bin. `None`
/// without cases. Source: Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017.
#[must_use]
pub fn calibration_error(said: &[(f64, bool)]) -> Option<f64> {
    let mut gaps = vec![0.0; BINS as usize];
    for (probability, truth) in said {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=BINS")]
        let bin = (probability.clamp(0.0, 1.0) * f64::from(BINS)) as usize;
        if let Some(gap) = gaps.get_mut(bin.min(BINS as usize - 1)) {
            *gap += probability - f64::from(u8::from(*truth));
        }
    }
    let gaps: Vec<f64> = gaps.into_iter().map(f64::abs).collect();
    let per_bin = metrics::mean(&gaps)? * f64::from(BINS);
    share_of(per_bin, said.len())
}

/// The mean squared difference between probability and truth; `None` without cases. Source: Brier
/// 1950.
#[must_use]
pub fn brier(said: &[(f64, bool)]) -> Option<f64> {
    let gap = |(said, truth): &(f64, bool)| (said - f64::from(u8::from(*truth))).powi(2);
    metrics::mean(&said.iter().map(gap).collect::<Vec<f64>>())
}

/// The share of `true`; `None` without values.
#[must_use]
pub fn share(truths: &[bool]) -> Option<f64> {
    let ones: Vec<f64> = truths.iter().map(|truth| f64::from(u8::from(*truth))).collect();
    metrics::mean(&ones)
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^53")]
fn share_of(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// The positions where knots may stand: both ends of the sorted cosines and those between that
/// divide them into equal shares, rounded and without duplicates.
fn places(sorted: &[f64]) -> Vec<f64> {
    let step = (sorted.len() / PLACES).max(1);
    let mut places: Vec<f64> = sorted.iter().step_by(step).chain(sorted.last()).copied().collect();
    for place in &mut places {
        *place = rounded(*place);
    }
    places.dedup();
    places
}

/// Selects at most [`KNOTS_MAX`] knots: both ends, then repeatedly the one from which the straight
/// lines so far differ most.
fn thinned(full: &[Knot]) -> Vec<Knot> {
    let mut kept: BTreeSet<usize> = BTreeSet::from([0, full.len().saturating_sub(1)]);
    while kept.len() < KNOTS_MAX {
        let table = chosen(full, &kept);
        let (event, story) =
            (curve(&table, Relation::SameEvent), curve(&table, Relation::SameStory));
        let error = |knot: &Knot| {
            let event = (event.at(knot.cosine) - knot.same_event).abs();
            event.max((story.at(knot.cosine) - knot.same_story).abs())
        };
        let errors = full.iter().map(error).enumerate();
        match errors.max_by(|(_, left), (_, right)| left.total_cmp(right)) {
            Some((at, error)) if error > ERROR_MAX => kept.insert(at),
            _ => break,
        };
    }
    chosen(full, &kept)
}

fn chosen(full: &[Knot], kept: &BTreeSet<usize>) -> Vec<Knot> {
    kept.iter().filter_map(|at| full.get(*at)).copied().collect()
}

/// Rounds to four decimals; more would be noise of the sample.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::KNOTS_MAX;
    use super::Pair;
    use super::Relation;
    use super::brier;
    use super::calibration_error;
    use super::cross_validated;
    use super::curve;
    use super::table;

    /// Pairs in which the cosine is the probability of the same story, and its square that of the
    /// same event.
    fn honest(story_count: usize, per_story: u32) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for story in 0..story_count {
            for at in 0..per_story {
                let cosine = (f64::from(at) + 0.5) / f64::from(per_story);
                // In a sequence of low discrepancy, the share of numbers below `cosine` is
                // `cosine`.
                let place = u32::try_from(story).unwrap() * per_story + at;
                let draw = (f64::from(place) * 0.618_033_988_749_895).fract();
                let same_story = draw < cosine;
                let same_event = Some(draw < cosine * cosine);
                pairs.push(Pair { story, cosine, same_event, same_story, nearest: true });
            }
        }
        pairs
    }

    #[test]
    fn errors_agree_with_the_formulas() {
        // The expected values are scikit-learn's `brier_score_loss`, and the calibration error
        // computed with numpy over 15 bins.
        let said =
            [(0.1, false), (0.4, false), (0.35, true), (0.8, true), (0.62, true), (1.0, true)];
        assert!((brier(&said).unwrap() - 0.129_483_333_333_333_33).abs() < 1e-12);
        assert!((calibration_error(&said).unwrap() - 0.288_333_333_333_333_33).abs() < 1e-12);
        assert_eq!((brier(&[]), calibration_error(&[])), (None, None));
    }

    #[test]
    fn the_table_finds_the_probabilities_that_made_the_pairs() {
        let table = table(&honest(200, 50));
        assert!(table.len() <= KNOTS_MAX, "{}", table.len());
        for (cosine, event) in [(0.2, 0.04), (0.5, 0.25), (0.8, 0.64)] {
            let found = curve(&table, Relation::SameStory).at(cosine);
            assert!((found - cosine).abs() < 0.05, "story at {cosine}: {found}");
            let found = curve(&table, Relation::SameEvent).at(cosine);
            assert!((found - event).abs() < 0.05, "event at {cosine}: {found}");
        }
    }

    #[test]
    fn knots_rise_and_an_event_is_never_more_probable_than_its_story() {
        let mut pairs = honest(50, 40);
        for pair in &mut pairs {
            pair.same_event = pair.same_story.then_some(true);
        }
        let table = table(&pairs);
        for knots in table.windows(2) {
            assert!(knots[0].cosine < knots[1].cosine);
            assert!(knots[0].same_event <= knots[1].same_event);
            assert!(knots[0].same_story <= knots[1].same_story);
        }
        assert!(table.iter().all(|knot| knot.same_event <= knot.same_story));
        assert!(table.iter().all(|knot| knot.same_event > 0.0 && knot.same_story < 1.0));
    }

    #[test]
    fn unseen_stories_judge_the_table() {
        let pairs = honest(200, 50);
        let quality = cross_validated(&pairs, Relation::SameEvent, 1, |_| true).unwrap();
        assert_eq!(quality.pair_count, 10_000);
        assert!((quality.base_rate - 1.0 / 3.0).abs() < 0.01, "{quality:?}");
        assert!(quality.ece < 0.03 && quality.ece <= quality.ece_max, "{quality:?}");
        assert!(quality.ece_of_cosine > 0.1, "{quality:?}");
        assert!(quality.brier < quality.brier_of_base_rate, "{quality:?}");
    }

    #[test]
    fn what_cannot_be_judged_has_no_quality() {
        let one_story = honest(1, 10);
        assert_eq!(cross_validated(&one_story, Relation::SameStory, 1, |_| true), None);
        assert_eq!(cross_validated(&[], Relation::SameStory, 1, |_| true), None);
        assert!(table(&[]).is_empty());
    }
}
