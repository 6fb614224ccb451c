//! The learned ranker of related articles: from the features of a candidate it computes a score,
//! two probabilities and the reasons.
//!
//! `score = Σ gain · tanh(bias + Σ weight · z)` over a few units, with
//! `z = (feature − mean) / scale`. Several saturating units are used and not one linear sum,
//! because different weights are needed to tell the articles of one event within a story, and those
//! of the story from all others (`models/rankers/README.md`). Answers are ordered by the score;
//! people are shown the probabilities, which were fitted to held-out stories.
//!
//! A ranker is a small JSON file made by `models/train/train_ranker.py`. Its weights only fit the
//! cosines of one model, which it names.

use serde::Deserialize;

use crate::feature::COUNT;
use crate::feature::Features;
use crate::feature::NAMES;

/// The ranker for the bundled model.
const BUNDLED: &str = include_str!("../../models/rankers/related.json");

/// The most units of a ranker.
const UNITS_MAX: usize = 64;

/// The ways in which a ranker file can be invalid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not JSON of the right form.
    #[error("ranker is not a ranker file")]
    Json(#[from] serde_json::Error),
    /// It was made for other features.
    #[error("ranker has the features {given:?}, this program has {NAMES:?}")]
    Features {
        /// The features that the file names.
        given: Vec<String>,
    },
    /// A number or a count in it is not usable.
    #[error("ranker: {0}")]
    Wrong(&'static str),
}

/// A learned ranker of related articles.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    version: String,
    model: String,
    inputs: [Input; COUNT],
    units: Vec<Unit>,
    related: Vec<(f32, f32)>,
    same_event: Logistic,
}

/// The judgement of a ranker about one candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// The score by which answers are ordered; only comparable within one ranker.
    pub score: f32,
    /// The probability that both articles are of one story, in `[0, 1]`; it rises with the score.
    pub related: f32,
    /// The probability that both articles report the same event; at most `related`.
    pub same_event: f32,
}

/// The content of a ranker file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    model: String,
    #[serde(rename = "trained_on")]
    _trained_on: String,
    features: Vec<FileFeature>,
    units: Vec<Unit>,
    related: Vec<(f32, f32)>,
    same_event: Logistic,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFeature {
    name: String,
    mean: f32,
    scale: f32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Input {
    mean: f32,
    scale: f32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    gain: f32,
    bias: f32,
    weights: [f32; COUNT],
}

/// A logistic regression on the features and the units:
/// `p = 1 / (1 + exp(−(bias + Σ weights · z + Σ units · tanh)))`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Logistic {
    bias: f32,
    weights: [f32; COUNT],
    units: Vec<f32>,
}

impl Scorer {
    /// Reads a ranker file.
    ///
    /// # Errors
    /// [`Error::Json`] for another kind of file, [`Error::Features`] for one made for other
    /// [`Error::Json`] for another kind of file, [`Error::Features`] for one made for other
    /// features, [`Error::Wrong`] for numbers that cannot be used.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let file: File = serde_json::from_str(json)?;
        let File { version, model, _trained_on, features, units, related, same_event } = file;
        if !features.iter().map(|feature| feature.name.as_str()).eq(NAMES) {
            let given = features.into_iter().map(|feature| feature.name).collect();
            return Err(Error::Features { given });
        }
        let mut inputs = [Input::default(); COUNT];
        for (input, FileFeature { name: _, mean, scale }) in inputs.iter_mut().zip(features) {
            *input = Input { mean, scale };
        }
        let scorer = Self { version, model, inputs, units, related, same_event };
        scorer.check()?;
        Ok(scorer)
    }

    /// The ranker for the bundled model.
    ///
    /// # Errors
    /// The errors of [`Scorer::parse`], if the program was built with an invalid file.
    pub fn bundled() -> Result<Self, Error> {
        Self::parse(BUNDLED)
    }

    /// The name and number of the ranker, such as `related-1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The model whose cosines the ranker was fitted to, as `family@version`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Computes the score and the probabilities of a candidate.
    #[must_use]
    pub fn judge(&self, features: &Features) -> Judgement {
        let z = self.standardize(features);
        let units: Vec<f32> = self.units.iter().map(|unit| unit.value(&z)).collect();
        let score = self.sum(&units);
        let related = curve(&self.related, score);
        let Logistic { bias, weights, units: unit_weights } = &self.same_event;
        let logit = bias + dot(weights, &z) + dot(unit_weights, &units);
        let same_event = (1.0 / (1.0 + (-logit).exp())).min(related);
        Judgement { score, related, same_event }
    }

    /// How much each feature changes the score, compared with its mean; in the order of [`NAMES`].
    ///
    /// Features that say the same share their effect, so the sum of these numbers is not the score.
    #[must_use]
    pub fn contributions(&self, features: &Features) -> Features {
        let z = self.standardize(features);
        let score = self.score(&z);
        let mut moved = [0.0; COUNT];
        for (at, moved) in moved.iter_mut().enumerate() {
            let mut without = z;
            without.iter_mut().skip(at).take(1).for_each(|value| *value = 0.0);
            *moved = score - self.score(&without);
        }
        moved
    }

    /// The same ranker, but with the feature `name` always at its mean; unchanged if there is no
    /// such feature.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        for at in NAMES.iter().enumerate().filter(|(_, known)| **known == name).map(|(at, _)| at) {
            let units = other.units.iter_mut().map(|unit| &mut unit.weights);
            for weights in units.chain(std::iter::once(&mut other.same_event.weights)) {
                weights.iter_mut().skip(at).take(1).for_each(|weight| *weight = 0.0);
            }
        }
        other
    }

    fn standardize(&self, features: &Features) -> Features {
        let mut z = *features;
        for (value, Input { mean, scale }) in z.iter_mut().zip(&self.inputs) {
            *value = (*value - mean) / scale;
        }
        z
    }

    fn score(&self, z: &Features) -> f32 {
        self.units.iter().map(|unit| unit.gain * unit.value(z)).sum()
    }

    fn sum(&self, values: &[f32]) -> f32 {
        self.units.iter().zip(values).map(|(unit, value)| unit.gain * value).sum()
    }

    fn check(&self) -> Result<(), Error> {
        let Self { version, model: _, inputs, units, related, same_event } = self;
        if version.is_empty() {
            return Err(Error::Wrong("it has no version"));
        }
        if units.is_empty() || units.len() > UNITS_MAX || same_event.units.len() != units.len() {
            return Err(Error::Wrong("units are missing, too many, or not all weighed"));
        }
        let weights = units
            .iter()
            .flat_map(|unit| unit.weights.iter().copied().chain([unit.gain, unit.bias]));
        let event = same_event.weights.iter().chain(&same_event.units).copied();
        let scales = inputs.iter().flat_map(|input| [input.mean, input.scale]);
        let knots = related.iter().flat_map(|(score, probability)| [*score, *probability]);
        let mut all = weights.chain(event).chain([same_event.bias]).chain(scales).chain(knots);
        if !all.all(f32::is_finite) {
            return Err(Error::Wrong("a number is not finite"));
        }
        if inputs.iter().any(|input| input.scale <= 0.0) {
            return Err(Error::Wrong("a scale is not above 0"));
        }
        let is_probability = |knot: &(f32, f32)| (0.0..=1.0).contains(&knot.1);
        let rises = related.is_sorted_by(|left, right| left.0 < right.0 && left.1 <= right.1);
        if related.is_empty() || !related.iter().all(is_probability) || !rises {
            return Err(Error::Wrong("probabilities do not rise with the score from 0 to 1"));
        }
        Ok(())
    }
}

impl Unit {
    fn value(&self, z: &Features) -> f32 {
        (self.bias + dot(&self.weights, z)).tanh()
    }
}

fn dot(weights: &[f32], values: &[f32]) -> f32 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

/// Interpolates linearly between `knots` at `at`; constant beyond the first and the last one.
fn curve(knots: &[(f32, f32)], at: f32) -> f32 {
    let next = knots.partition_point(|(score, _)| *score <= at);
    let before = next.checked_sub(1).and_then(|before| knots.get(before));
    match (before, knots.get(next)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => *y,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use super::Scorer;
    use crate::feature::COUNT;
    use crate::feature::Features;
    use crate::feature::NAMES;

    /// A ranker with one unit that adds up all features.
    fn plain() -> serde_json::Value {
        let features: Vec<_> = NAMES
            .iter()
            .map(|name| serde_json::json!({"name": name, "mean": 0.0, "scale": 1.0}))
            .collect();
        serde_json::json!({
            "version": "test-1", "model": "static@0", "trained_on": "nothing",
            "features": features,
            "units": [{"gain": 2.0, "bias": 0.0, "weights": vec![0.1; COUNT]}],
            "related": [[0.0, 0.1], [1.0, 0.9]],
            "same_event": {"bias": 0.0, "weights": vec![0.0; COUNT], "units": [1.0]}
        })
    }

    fn parse(value: &serde_json::Value) -> Result<Scorer, Error> {
        Scorer::parse(&value.to_string())
    }

    #[test]
    fn the_bundled_ranker_can_be_read() {
        let scorer = Scorer::bundled().unwrap();
        assert!(scorer.version().starts_with("related-"), "{}", scorer.version());
    }

    #[test]
    fn the_bundled_ranker_rises_with_what_makes_articles_alike() {
        let scorer = Scorer::bundled().unwrap();
        let like: Features = [0.95, 0.9, 0.9, 0.9, 0.8, 0.9, 1.0, 1.0, 1.0, 0.0];
        let unlike: Features = [0.2, 0.0, 0.1, 0.2, 0.0, 0.1, 0.0, 0.0, 0.1, 0.0];
        let (like, unlike) = (scorer.judge(&like), scorer.judge(&unlike));
        assert!(like.score > unlike.score && like.related > 0.9, "{like:?}");
        assert!(unlike.related < 0.3 && unlike.same_event <= unlike.related, "{unlike:?}");
    }

    #[test]
    fn score_and_probability_follow_the_formula_by_hand() {
        let scorer = parse(&plain()).unwrap();
        let judged = scorer.judge(&[0.2; COUNT]);
        let unit = 0.2_f32.tanh();
        assert!((judged.score - 2.0 * unit).abs() < 1e-6);
        assert!((judged.related - (0.1 + 0.8 * 2.0 * unit)).abs() < 1e-6);
        assert!(judged.same_event <= judged.related);
        assert_eq!(judged, scorer.judge(&[0.2; COUNT]));
    }

    #[test]
    fn probabilities_end_where_the_knots_end() {
        let scorer = parse(&plain()).unwrap();
        assert!((scorer.judge(&[-1.0; COUNT]).related - 0.1).abs() < 1e-6);
        assert!((scorer.judge(&[1.0; COUNT]).related - 0.9).abs() < 1e-6);
    }

    #[test]
    fn an_average_feature_moves_nothing_and_one_left_out_never_does() {
        let scorer = parse(&plain()).unwrap();
        let mut features = [0.0; COUNT];
        features[3] = 0.5;
        let moved = scorer.contributions(&features);
        assert!(moved[3] > 0.0 && moved[0].abs() < 1e-6);
        let without = scorer.without(NAMES[3]);
        assert!(without.judge(&features).score.abs() < 1e-6);
    }

    #[test]
    fn files_that_cannot_be_used_say_why() {
        assert!(matches!(Scorer::parse("{}"), Err(Error::Json(_))));
        let wrong = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut file = plain();
            change(&mut file);
            parse(&file).unwrap_err().to_string()
        };
        assert!(wrong(&|file| file["features"][0]["name"] = "colour".into()).contains("colour"));
        assert!(wrong(&|file| file["features"][0]["scale"] = 0.into()).contains("scale"));
        assert!(wrong(&|file| file["units"] = serde_json::json!([])).contains("units"));
        assert!(
            wrong(&|file| file["related"] = serde_json::json!([[0.0, 0.9], [1.0, 0.1]]))
                .contains("rise")
        );
        assert!(matches!(
            Scorer::parse(&plain().to_string().replace("\"bias\":0.0", "\"bias\":1e99")),
            Err(Error::Wrong(_))
        ));
    }
}
