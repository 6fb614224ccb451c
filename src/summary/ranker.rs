//! The learned ranker: how much of a clause an editor would keep.
//!
//! `score = bias + Σ weight · (feature − mean) / scale`, the expected share of the clause that a
//! brief holds. A small JSON file made by `models/train/train_summary.py`; linear, because boosted
//! trees on the same features were no better by more than half a point.

use serde::Deserialize;

use crate::feature::COUNT;
use crate::feature::Features;
use crate::feature::NAMES;

/// The ranker that comes with the program.
const BUNDLED: &str = include_str!("../../models/rankers/summary.json");

/// What is wrong with a ranker file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON of the right shape.
    #[error("summary ranker is not a ranker file")]
    Json(#[from] serde_json::Error),
    /// Made for other features.
    #[error("summary ranker has the features {given:?}, this program has {NAMES:?}")]
    Features {
        /// Those of the file.
        given: Vec<String>,
    },
    /// A number that cannot be scored with.
    #[error("summary ranker: {0}")]
    Wrong(&'static str),
}

/// A learned ranker of clauses.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranker {
    version: String,
    bias: f32,
    weights: [f32; COUNT],
    keep: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    #[serde(rename = "trained_on")]
    _trained_on: String,
    /// Score above which a clause is worth its characters in a short summary.
    keep: f32,
    bias: f32,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    name: String,
    mean: f32,
    scale: f32,
    weight: f32,
}

impl Ranker {
    /// The one that comes with the program.
    ///
    /// # Errors
    /// [`Error`] if the program was built with a wrong file.
    pub fn bundled() -> Result<Self, Error> {
        Self::parse(BUNDLED)
    }

    /// Reads a ranker file.
    ///
    /// # Errors
    /// [`Error::Json`] for another kind of file, [`Error::Features`] for one made for other
    /// features, [`Error::Wrong`] for numbers that cannot be scored with.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let File { version, _trained_on, keep, mut bias, features } = serde_json::from_str(json)?;
        if !features.iter().map(|feature| feature.name.as_str()).eq(NAMES) {
            let given = features.into_iter().map(|feature| feature.name).collect();
            return Err(Error::Features { given });
        }
        let mut weights = [0.0; COUNT];
        for (weight, feature) in weights.iter_mut().zip(features) {
            if feature.scale <= 0.0 {
                return Err(Error::Wrong("a scale is not positive"));
            }
            *weight = feature.weight / feature.scale;
            bias -= feature.mean * *weight;
        }
        if !(bias + keep + weights.iter().sum::<f32>()).is_finite() {
            return Err(Error::Wrong("a number is not finite"));
        }
        Ok(Self { version, bias, weights, keep })
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Score above which a clause is worth its characters in a short summary.
    #[must_use]
    pub fn keep(&self) -> f32 {
        self.keep
    }

    /// The expected share of a clause that a brief holds, `[0, 1]`.
    #[must_use]
    pub fn score(&self, features: &Features) -> f32 {
        let sum: f32 =
            self.weights.iter().zip(features).map(|(weight, value)| weight * value).sum();
        (self.bias + sum).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use super::Ranker;

    #[test]
    fn the_bundled_ranker_fits_this_program() {
        let ranker = Ranker::bundled().unwrap();
        assert!(ranker.keep() > 0.0 && !ranker.version().is_empty());
    }

    #[test]
    fn a_ranker_of_other_features_is_refused() {
        let json = r#"{"version":"v","trained_on":"","keep":0.2,"bias":0.1,
            "features":[{"name":"luck","mean":0,"scale":1,"weight":1}]}"#;
        assert!(matches!(Ranker::parse(json).unwrap_err(), Error::Features { .. }));
        assert!(matches!(Ranker::parse("[]").unwrap_err(), Error::Json(_)));
    }

    #[test]
    fn numbers_that_cannot_be_scored_with_are_refused() {
        let bundled = super::BUNDLED;
        let mut file: serde_json::Value = serde_json::from_str(bundled).unwrap();
        file["features"][0]["scale"] = 0.0.into();
        assert!(matches!(Ranker::parse(&file.to_string()).unwrap_err(), Error::Wrong(_)));
    }
}
