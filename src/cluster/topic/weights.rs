//! The learned numbers of topic clustering: five small nets and their thresholds, from a JSON file.
//!
//! `p = 1 / (1 + exp(−(bias + Σ linear · z + Σ gain · tanh(unit))))` with `z = (feature − mean) /
//! scale`. Made by `models/train/train_topics.py`; they belong to the cosines of one model, which the
//! file names.

use std::sync::Arc;

use serde::Deserialize;

use crate::topic::candidate;
use crate::topic::merge;
use crate::topic::pair;
use crate::topic::vocabulary::Background;
use wenmai_domain::scales::Scales;
use wenmai_domain::topic::Level;

/// The weights that come with the bundled model.
const BUNDLED: &str = include_str!("../../../models/rankers/topics.json");
/// Units of one net, at most.
const UNITS_MAX: usize = 64;

/// What is wrong with a weights file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON of the right shape.
    #[error("topic weights are not a weights file")]
    Json(#[from] serde_json::Error),
    /// Made for other features.
    #[error("topic weights for `{net}` have the features {given:?}")]
    Features {
        /// Which net.
        net: &'static str,
        /// Those of the file.
        given: Vec<String>,
    },
    /// A number or a count that cannot be.
    #[error("topic weights: {0}")]
    Wrong(&'static str),
}

/// Learned numbers of topic clustering.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    version: String,
    model: String,
    trained_on: String,
    pub(super) story: Accept,
    pub(super) event: Accept,
    /// From two groups of articles to the probability that they are one story.
    merge: Net,
    /// Stories merge from this probability on.
    pub(super) merge_from: f32,
    /// How common words are in news at large, behind the articles that are compared.
    #[serde(skip)]
    background: Arc<Background>,
    /// Put the cosines of the model that runs on the scale of the one that they were fitted to.
    #[serde(skip, default = "Scales::identity")]
    pub(super) scales: Scales,
}

/// The two decisions of one level.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    /// From two articles to the probability that they belong together.
    pair: Net,
    /// From an article and a topic to the same.
    candidate: Net,
    /// A topic is joined from this probability on.
    pub(super) from: f32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Net {
    features: Vec<Feature>,
    units: Vec<Unit>,
    linear: Vec<f32>,
    bias: f32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    name: String,
    mean: f32,
    scale: f32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    gain: f32,
    bias: f32,
    weights: Vec<f32>,
}

impl Weights {
    /// Reads a weights file.
    ///
    /// # Errors
    /// [`Error::Json`] for another kind of file, [`Error::Features`] for one made for other features,
    /// [`Error::Wrong`] for numbers that cannot be used.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let weights: Self = serde_json::from_str(json)?;
        let Self {
            version,
            model: _,
            trained_on: _,
            story,
            event,
            merge,
            merge_from,
            background: _,
            scales: _,
        } = &weights;
        if version.is_empty() {
            return Err(Error::Wrong("they have no version"));
        }
        for level in [story, event] {
            level.pair.check("pair", &pair::NAMES)?;
            level.candidate.check("candidate", &candidate::NAMES)?;
        }
        merge.check("merge", &merge::NAMES)?;
        if [story.from, event.from, *merge_from].iter().any(|from| !(0.0..=1.0).contains(from)) {
            return Err(Error::Wrong("a threshold is no probability"));
        }
        Ok(weights)
    }

    /// The weights that come with the bundled model.
    ///
    /// # Errors
    /// [`Error`] if the program was built with a wrong file.
    pub fn bundled() -> Result<Self, Error> {
        Self::parse(BUNDLED)
    }

    /// The same weights over articles that have news at large behind them, so that a few articles are
    /// compared by what is rare in the news and not by what is rare among them.
    #[must_use]
    pub fn with_background(self, background: Arc<Background>) -> Self {
        Self { background, ..self }
    }

    pub(super) fn background(&self) -> &Arc<Background> {
        &self.background
    }

    /// The same weights for another model, whose cosines `scales` put on the scale of theirs. An article
    /// for which there is no scale stays a topic of its own, unless it prints the text of another.
    #[must_use]
    pub fn with_scales(mut self, scales: Scales) -> Self {
        self.scales = scales;
        self
    }

    /// Their name and number, `topics-1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The model whose cosines they were fitted to, `family@version`.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn of(&self, level: Level) -> &Accept {
        match level {
            Level::Story => &self.story,
            Level::Event => &self.event,
        }
    }

    pub(super) fn merge(&self, features: &merge::Features) -> f32 {
        self.merge.probability(features)
    }
}

impl Accept {
    pub(super) fn pair(&self, features: &pair::Features) -> f32 {
        self.pair.probability(features)
    }

    pub(super) fn candidate(&self, features: &candidate::Features) -> f32 {
        self.candidate.probability(features)
    }
}

impl Net {
    fn check(&self, net: &'static str, names: &[&str]) -> Result<(), Error> {
        let Self { features, units, linear, bias } = self;
        if !features.iter().map(|feature| feature.name.as_str()).eq(names.iter().copied()) {
            let given = features.iter().map(|feature| feature.name.clone()).collect();
            return Err(Error::Features { net, given });
        }
        let fits = |weights: &[f32]| weights.len() == names.len();
        if !fits(linear) || !units.iter().all(|unit| fits(&unit.weights)) {
            return Err(Error::Wrong("not one weight for each feature"));
        }
        if units.len() > UNITS_MAX {
            return Err(Error::Wrong("too many units"));
        }
        let scales = features.iter().flat_map(|feature| [feature.mean, feature.scale]);
        let weights =
            units.iter().flat_map(|unit| unit.weights.iter().chain([&unit.gain, &unit.bias]));
        let mut all = scales.chain(weights.copied()).chain(linear.iter().copied()).chain([*bias]);
        if !all.all(f32::is_finite) {
            return Err(Error::Wrong("a number is not finite"));
        }
        if features.iter().any(|feature| feature.scale <= 0.0) {
            return Err(Error::Wrong("a scale is not above 0"));
        }
        Ok(())
    }

    fn probability(&self, features: &[f32]) -> f32 {
        let Self { features: scales, units, linear, bias } = self;
        let z = || {
            features
                .iter()
                .zip(scales)
                .map(|(value, Feature { name: _, mean, scale })| (value - mean) / scale)
        };
        let dot = |weights: &[f32]| -> f32 { z().zip(weights).map(|(z, weight)| z * weight).sum() };
        let units: f32 = units
            .iter()
            .map(|Unit { gain, bias, weights }| gain * (bias + dot(weights)).tanh())
            .sum();
        1.0 / (1.0 + (-(bias + dot(linear) + units)).exp())
    }
}
