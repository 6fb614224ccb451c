//! Which ranker orders related coverage: the bundled one, a file, or none.
//!
//! A learned ranker belongs to the cosines of one model. With another model the bundled one gets its
//! cosines through `engine::calibration`. A file that somebody names must have been fitted to the model
//! itself.

use std::path::PathBuf;

use wenmai_embed::ModelInfo;
use wenmai_rank::scorer;
use wenmai_rank::scorer::Scorer;

/// The word that asks for the order without labels.
pub(super) const NONE: &str = "none";

/// The settings for the ranker of related coverage.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Ranker for related coverage: a file made by `models/train/train_ranker.py`, or `none` for
    /// the order without learned weights and probabilities; without it, the bundled one.
    #[arg(long, env = "WENMAI_RANKER", value_name = "FILE|none")]
    pub ranker: Option<String>,
}

/// What is wrong with a ranker that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("ranker {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not a ranker of this program.
    #[error("ranker {} cannot be used", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: scorer::Error,
    },
    /// The file was fitted to the cosines of another model.
    #[error("ranker was fitted to model {fitted}, this is {model}")]
    OtherModel {
        /// The model that the ranker was fitted to.
        fitted: String,
        /// The model that runs.
        model: String,
    },
}

/// A ranker, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranker(Option<Scorer>);

impl Ranker {
    /// The bundled ranker.
    #[must_use]
    pub fn bundled() -> Self {
        match Scorer::bundled() {
            Ok(scorer) => Self(Some(scorer)),
            // A test holds the bundled file to its form.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "bundled ranker");
                Self(None)
            }
        }
    }

    /// The ranker that `config` names.
    ///
    /// # Errors
    /// [`Error::Read`], [`Error::Wrong`], [`Error::OtherModel`].
    pub fn open(config: &Config, model: &ModelInfo) -> Result<Self, Error> {
        let path = match config.ranker.as_deref() {
            None => return Ok(Self::bundled()),
            Some(NONE) => return Ok(Self(None)),
            Some(path) => PathBuf::from(path),
        };
        let json = std::fs::read_to_string(&path)
            .map_err(|source| Error::Read { path: path.clone(), source })?;
        let scorer = Scorer::parse(&json).map_err(|source| Error::Wrong { path, source })?;
        Self::fitting(scorer, model)
    }

    /// `scorer`, if it was fitted to `model`.
    ///
    /// # Errors
    /// [`Error::OtherModel`].
    pub fn fitting(scorer: Scorer, model: &ModelInfo) -> Result<Self, Error> {
        let model = name(model);
        if scorer.model() == model {
            return Ok(Self(Some(scorer)));
        }
        Err(Error::OtherModel { fitted: scorer.model().to_owned(), model })
    }

    /// No ranker: the order without learned weights.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether the ranker was fitted to the cosines of `model` itself.
    pub(super) fn is_of(&self, model: &ModelInfo) -> bool {
        self.0.as_ref().is_some_and(|scorer| scorer.model() == name(model))
    }

    /// The version of the ranker; `none` without learned weights.
    #[must_use]
    pub fn version(&self) -> &str {
        self.0.as_ref().map_or(NONE, Scorer::version)
    }

    /// The learned weights, if there are any.
    pub(super) fn scorer(&self) -> Option<&Scorer> {
        self.0.as_ref()
    }
}

/// A model as ranker files name it: `family@version`.
#[must_use]
pub fn name(model: &ModelInfo) -> String {
    format!("{}@{}", model.family, model.version)
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::Error;
    use super::Ranker;
    use wenmai_embed as embed;
    use wenmai_embed::ModelInfo;

    fn bundled_model() -> ModelInfo {
        let config = embed::Config { threads: 1, ..embed::Config::default() };
        embed::open(&config).unwrap().info().clone()
    }

    #[test]
    fn the_bundled_ranker_fits_the_bundled_model() {
        assert_ne!(Ranker::bundled().version(), "none");
        assert!(Ranker::bundled().is_of(&bundled_model()));
    }

    #[test]
    fn it_was_not_fitted_to_another_model() {
        let model = ModelInfo { version: "other".into(), ..bundled_model() };
        assert!(!Ranker::bundled().is_of(&model));
    }

    #[test]
    fn a_named_file_must_be_there_and_fit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ranker.json");
        let config = Config { ranker: Some(path.display().to_string()) };
        let model = bundled_model();
        assert!(matches!(Ranker::open(&config, &model), Err(Error::Read { .. })));
        std::fs::write(&path, "[]").unwrap();
        assert!(matches!(Ranker::open(&config, &model), Err(Error::Wrong { .. })));
        std::fs::write(&path, include_str!("../../models/rankers/related.json")).unwrap();
        assert_eq!(Ranker::open(&config, &model).unwrap(), Ranker::bundled());
        let other = ModelInfo { version: "other".into(), ..model };
        assert!(matches!(Ranker::open(&config, &other), Err(Error::OtherModel { .. })));
    }

    #[test]
    fn none_is_none() {
        let config = Config { ranker: Some("none".into()) };
        assert_eq!(Ranker::open(&config, &bundled_model()).unwrap().version(), "none");
    }
}
