//! Measures the learned ranker on labelled stories; each story is scored by weights that were
//! trained without it.
//!
//! Stories are divided into [`FOLDS`] by the hash of their name.
//! `models/rankers/related-folds.json` contains one ranker for each fold, trained on the stories of
//! all other folds by the script that trained the published ranker. Stories that no ranker has seen
//! may be scored by any. Features are computed once; orders, probabilities and the ablation follow
//! from them.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::num::NonZeroUsize;

use serde::Serialize;

use crate::bootstrap;
use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::metrics;
use crate::related::Corpus;
use crate::related::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_rank::feature::Features;
use wenmai_rank::feature::NAMES;
use wenmai_rank::scorer;
use wenmai_rank::scorer::Scorer;
use wenmai_text::terms::index;

/// The number of parts that the stories are divided into.
pub const FOLDS: usize = 5;
/// The rankers of the folds.
const BUNDLED: &str = include_str!("../../models/rankers/related-folds.json");
/// The number of bins of the calibration error.
const BINS: usize = 10;
/// How stories are resampled.
const BOOTSTRAP: Bootstrap = Bootstrap { seed: 20_240_314, resample_count: 2_000 };
/// The depths at which probabilities are compared with the truth.
const DEPTHS: [usize; 2] = [10, 100];

/// One ranker for each fold.
pub struct Rankers(Vec<Scorer>);

impl Rankers {
    /// The rankers that are part of this program.
    ///
    /// # Errors
    /// [`scorer::Error`] if the program was built with an invalid file.
    pub fn bundled() -> Result<Self, scorer::Error> {
        Self::parse(BUNDLED)
    }

    /// Reads a list of [`FOLDS`] rankers.
    ///
    /// # Errors
    /// [`scorer::Error`] for any other kind of file.
    pub fn parse(json: &str) -> Result<Self, scorer::Error> {
        let all: Vec<serde_json::Value> = serde_json::from_str(json)?;
        if all.len() != FOLDS {
            return Err(scorer::Error::Wrong("not one ranker per fold"));
        }
        let rankers = all.iter().map(|one| Scorer::parse(&one.to_string()));
        Ok(Self(rankers.collect::<Result<_, _>>()?))
    }

    /// The model whose cosines the rankers were fitted to.
    #[must_use]
    pub fn model(&self) -> &str {
        self.0.first().map_or("", Scorer::model)
    }

    fn of(&self, story: &str) -> Option<&Scorer> {
        self.0.get(fold(story))
    }
}

/// A query with the features of its candidates.
pub(super) struct Compared {
    pub(super) query: ArticleId,
    pub(super) found: Vec<(ArticleId, Features)>,
}

/// The figures of the learned ranker.
#[derive(Debug, Clone, Serialize)]
pub struct Learned {
    /// The version of the published ranker; the figures are those of the rankers of the folds.
    pub ranker: String,
    pub ndcg_10: f64,
    /// The mean reciprocal rank of the first answer of the same event.
    pub event_mrr: f64,
    /// The mean share of the other articles of the event (at most 10) that are among the first 10
    /// answers.
    pub event_recall_10: f64,
    /// The mean share of the other articles of the story (at most 100) that are among the first 100
    /// answers.
    pub story_recall_100: f64,
    /// The median time of one call for ten hits by one client, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile of that time.
    pub p99_ms: f64,
    /// The difference of nDCG@10 to each mode, with the lower and the upper end of its 95 %
    /// interval from resampling stories.
    pub over: BTreeMap<&'static str, [f64; 3]>,
    /// The expected calibration error among the first answers.
    pub calibration: Vec<Calibration>,
    /// The figures with one feature at a time held at its mean.
    pub ablation: Vec<Ablation>,
}

/// The expected calibration error of the two probabilities, `Σ |mean probability − share| · n / N`
/// over ten bins of equal width.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Calibration {
    /// The number of answers of each query that were looked at.
    pub depth: usize,
    /// The error of the probability of the same story.
    pub related: f64,
    /// The error of the probability of the same event.
    pub same_event: f64,
}

/// The figures without one feature.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Ablation {
    /// The name of the feature.
    pub feature: &'static str,
    pub ndcg_10: f64,
    /// The mean reciprocal rank of the first answer of the same event.
    pub event_mrr: f64,
    /// The mean story recall at 100.
    pub story_recall_100: f64,
}

/// The fold that a story belongs to.
#[must_use]
pub fn fold(story: &str) -> usize {
    index(story) as usize % FOLDS
}

/// Whether a story is one of the one in `one_in` that a quicker measurement takes. Each fold gives its
/// share.
#[must_use]
pub fn is_in_sample(story: &str, one_in: NonZeroUsize) -> bool {
    (index(story) as usize / FOLDS).is_multiple_of(one_in.get())
}

/// Computes all figures but the times; `others` are the nDCG@10 of the other modes, by query.
pub(super) fn measure(
    corpus: &Corpus,
    asked: &[Compared],
    rankers: &Rankers,
    others: &[(&'static str, Vec<f64>)],
) -> Learned {
    let scores = scores(corpus, asked, rankers, None);
    let mut ablation = Vec::new();
    for feature in NAMES {
        let without = self::scores(corpus, asked, rankers, Some(feature));
        ablation.push(Ablation {
            feature,
            ndcg_10: mean(&without.ndcg),
            event_mrr: mean(&without.event_mrr),
            story_recall_100: mean(&without.story_recall),
        });
    }
    let stories: Vec<&str> = asked.iter().filter_map(|one| corpus.story(one.query)).collect();
    let over = others
        .iter()
        .map(|(name, other)| (*name, difference(&scores.ndcg, other, &stories)))
        .collect();
    Learned {
        ranker: rankers.0.first().map_or_else(String::new, |first| first.version().to_owned()),
        ndcg_10: mean(&scores.ndcg),
        event_mrr: mean(&scores.event_mrr),
        event_recall_10: mean(&scores.event_recall),
        story_recall_100: mean(&scores.story_recall),
        p50_ms: 0.0,
        p99_ms: 0.0,
        over,
        calibration: DEPTHS.map(|depth| calibration(corpus, asked, rankers, depth)).to_vec(),
        ablation,
    }
}

/// Writes one line of JSON for each query: its story and fold, how much there is to find, and for
/// each candidate the gain and the features.
///
/// # Errors
/// Any error of writing.
pub(super) fn write(corpus: &Corpus, asked: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    for Compared { query, found } in asked {
        let Some(story) = corpus.story(*query) else { continue };
        let (event_count, story_count) = corpus.others(*query);
        let gains: Vec<u8> = found.iter().map(|(id, _)| corpus.gain(*query, *id)).collect();
        let features: Vec<&Features> = found.iter().map(|(_, features)| features).collect();
        let line = serde_json::json!({
            "story": story, "fold": fold(story), "event_count": event_count,
            "story_count": story_count, "gains": gains, "features": features,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Orders the candidates of every query with the ranker of its fold, perhaps without one feature.
fn scores(corpus: &Corpus, asked: &[Compared], rankers: &Rankers, without: Option<&str>) -> Scores {
    let rankers = match without {
        Some(name) => &Rankers(rankers.0.iter().map(|ranker| ranker.without(name)).collect()),
        None => rankers,
    };
    let mut scores = Scores::default();
    for one in asked {
        let ordered = ordered(corpus, one, rankers);
        let ids: Vec<ArticleId> = ordered.into_iter().map(|(_, id, _)| id).collect();
        scores.add(corpus, one.query, &ids);
    }
    scores
}

/// The score, the id and the features of the candidates, best first.
fn ordered<'a>(
    corpus: &Corpus,
    one: &'a Compared,
    rankers: &Rankers,
) -> Vec<(f32, ArticleId, &'a Features)> {
    let Some(ranker) = corpus.story(one.query).and_then(|story| rankers.of(story)) else {
        return Vec::new();
    };
    let judged = one.found.iter().map(|(id, found)| (ranker.judge(found).score, *id, found));
    let mut ordered: Vec<_> = judged.collect();
    ordered.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    ordered
}

fn calibration(
    corpus: &Corpus,
    asked: &[Compared],
    rankers: &Rankers,
    depth: usize,
) -> Calibration {
    let (mut related, mut same_event) = (Vec::new(), Vec::new());
    for one in asked {
        let ranker = corpus.story(one.query).and_then(|story| rankers.of(story));
        let Some(ranker) = ranker else { continue };
        for (_, id, features) in ordered(corpus, one, rankers).into_iter().take(depth) {
            let gain = corpus.gain(one.query, id);
            let judged = ranker.judge(features);
            related.push((f64::from(judged.related), gain >= 1));
            same_event.push((f64::from(judged.same_event), gain == 2));
        }
    }
    Calibration {
        depth,
        related: calibration_error(&related),
        same_event: calibration_error(&same_event),
    }
}

/// The expected calibration error of probabilities and truths. Source: Naeini et al. 2015.
fn calibration_error(told: &[(f64, bool)]) -> f64 {
    let mut gaps = [0.0; BINS];
    for (probability, truth) in told {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a bin of a probability"
        )]
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        let gap = probability - f64::from(u8::from(*truth));
        gaps.iter_mut().skip(bin).take(1).for_each(|sum| *sum += gap);
    }
    let total: f64 = gaps.iter().map(|gap: &f64| gap.abs()).sum();
    total / metrics::as_f64(told.len()).max(1.0)
}

/// The mean of `ours − theirs` with its 95 % interval from resampling whole stories.
fn difference(ours: &[f64], theirs: &[f64], stories: &[&str]) -> [f64; 3] {
    let mut by_story = BTreeMap::<&str, (f64, f64)>::new();
    for ((ours, theirs), story) in ours.iter().zip(theirs).zip(stories) {
        let (sum, count) = by_story.entry(story).or_default();
        *sum += ours - theirs;
        *count += 1.0;
    }
    let by_story: Vec<(f64, f64)> = by_story.into_values().collect();
    let statistic = |counts: &[u32]| {
        let weighed = by_story
            .iter()
            .zip(counts)
            .map(|((sum, count), times)| (sum * f64::from(*times), count * f64::from(*times)));
        let (sum, count) = weighed.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        [(count > 0.0).then(|| sum / count)]
    };
    let [middle] = statistic(&bootstrap::once(by_story.len()));
    let [interval] = BOOTSTRAP.intervals(by_story.len(), statistic);
    let middle = middle.unwrap_or(0.0);
    interval.map_or([middle; 3], |Interval { low, high }| [middle, low, high])
}

fn mean(values: &[f64]) -> f64 {
    metrics::mean(values).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::FOLDS;
    use super::Rankers;
    use super::calibration_error;
    use super::difference;
    use super::fold;
    use super::is_in_sample;

    #[test]
    fn the_rankers_of_the_folds_can_be_read_and_fit_the_published_one() {
        let rankers = Rankers::bundled().unwrap();
        let published = wenmai_rank::scorer::Scorer::bundled().unwrap();
        assert_eq!(rankers.model(), published.model());
        assert!(rankers.of("a story").is_some());
        assert!(Rankers::parse("[]").is_err());
    }

    #[test]
    fn a_story_has_one_fold_for_ever() {
        assert!((0..100).all(|n| fold(&n.to_string()) < FOLDS));
        assert_eq!([fold("1005"), fold("20707")], [fold("1005"), fold("20707")]);
    }

    #[test]
    fn a_sample_takes_its_share_of_each_fold() {
        let third = NonZeroUsize::new(3).unwrap();
        let mut taken = [0; FOLDS];
        for story in (0..3_000).map(|n: u32| n.to_string()) {
            assert!(is_in_sample(&story, NonZeroUsize::MIN));
            taken[fold(&story)] += usize::from(is_in_sample(&story, third));
        }
        assert!(taken.iter().all(|count| (150..250).contains(count)), "{taken:?}");
    }

    #[test]
    fn a_calibration_error_is_the_gap_between_told_and_true() {
        let told = [(0.95, true), (0.95, true), (0.95, false), (0.95, true)];
        assert!((calibration_error(&told) - 0.2).abs() < 1e-9);
        assert!(calibration_error(&[]).abs() < 1e-9);
    }

    #[test]
    fn stories_of_one_difference_have_no_interval() {
        let [mean, low, high] = difference(&[0.5, 0.7], &[0.4, 0.6], &["a", "b"]);
        assert!((mean - 0.1).abs() < 1e-9 && (low - 0.1).abs() < 1e-9 && (high - 0.1).abs() < 1e-9);
    }
}
