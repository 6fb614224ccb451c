//! Decisions with any model: how its cosines are put on the scale of the bundled model's.
//!
//! Ranker, weights of topics and thresholds were fitted to the cosines of the bundled model. Another
//! model gets a [`CosineScale`], made without labels from texts that both models embed: the built-in
//! reference text. It is kept in the index; a file of `wenmai model calibrate`, which may be made from
//! articles instead, may stand in its place. Chinese and other texts
//! have a scale each, as a model may know only one of them. A model that does not tell the stories of the
//! reference text apart, or whose cosines are all alike, gets none: then related coverage has the order
//! without labels, topics join nothing, and the log says why.

mod axis;
mod make;
mod near;
mod reference;

use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::Engine;
use crate::Error;
use crate::ranker::name;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scale::Unfit;
use wenmai_domain::scales::Measure;
use wenmai_domain::scales::Scales;
use wenmai_domain::scales::Script;
use wenmai_embed::ModelInfo;
use wenmai_rank::scorer::Scorer;

pub use make::calibrate;

/// Counts up when the reference text or the way to make a calibration changes; older ones are made anew.
const VERSION: u32 = 2;
/// Share of pairs in which two articles of one story must be nearer than two of different subjects.
const TOLD_APART_MIN: f64 = 0.8;
/// The scale that changes nothing.
static PLAIN: CosineScale = CosineScale::identity();

/// The settings for the calibration of another model.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// How the cosines of another model are measured: a file that `wenmai model calibrate` made for
    /// this model. Without it a calibration is made at the first start and kept in the index.
    #[arg(long, env = "WENMAI_CALIBRATION", value_name = "FILE")]
    pub calibration: Option<PathBuf>,
}

/// How the cosines of a model become those of the bundled one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The version of the procedure that made it.
    pub version: u32,
    /// The model whose cosines it measures, `family@version`.
    pub model: String,
    /// The model on whose scale it puts them, `family@version`.
    pub fitted_to: String,
    /// For Chinese texts.
    pub chinese: Fit,
    /// For other texts, measured in English.
    pub other: Fit,
}

/// How the cosines of texts in one script are measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// What both models embedded.
    pub made_from: MadeFrom,
    /// How many texts that were.
    pub text_count: usize,
    /// How many articles the feed had, where it was made from articles; else 0.
    pub archive_count: u64,
    /// The share of pairs of the reference text in which two articles of one story are nearer than two
    /// of different subjects, in `[0, 1]`; 0.5 is chance.
    pub told_apart: f64,
    /// Why the cosines cannot be measured, for a person; empty where they can be.
    pub off_because: String,
    /// Points of the rising line from the model's cosines to the other's; none where it is off.
    pub points: CosineScale,
    /// The direction that all vectors share, `[dim]`; empty where unrelated texts do not lie high. Where
    /// vectors are at hand, in topics, it is taken out of them.
    pub axis: Vec<f32>,
    /// The same as `points`, for vectors without that direction; none where there is none.
    pub without_axis: CosineScale,
}

/// What a calibration was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MadeFrom {
    /// The built-in reference text.
    Reference,
    /// Articles of a feed.
    Articles,
}

/// Whether and how the cosines of the running model are measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Calibrated {
    /// The model is the one that everything was fitted to.
    Native,
    /// They are put on its scale, as far as that can be.
    Fitted(Box<Calibration>),
}

/// What is wrong with a calibration file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("calibration {} cannot be read", path.display())]
    Read {
        /// The calibration file that was named.
        path: PathBuf,
        /// Why the system does not give it.
        #[source]
        source: std::io::Error,
    },
    /// It is no calibration.
    #[error("calibration {} cannot be used", path.display())]
    Wrong {
        /// The calibration file that was named.
        path: PathBuf,
        /// Where its text departs from the JSON of a calibration.
        #[source]
        source: serde_json::Error,
    },
    /// It measures the cosines of another model, or puts them on the scale of another.
    #[error("calibration {} was made for model {made_for}, this is {model}", path.display())]
    OtherModel {
        /// The calibration file that was named.
        path: PathBuf,
        /// The models that it was made for.
        made_for: String,
        /// Those that are here.
        model: String,
    },
}

impl Calibration {
    /// What is known of texts in `script`.
    #[must_use]
    pub fn fit(&self, script: Script) -> &Fit {
        match script {
            Script::Chinese => &self.chinese,
            Script::Other => &self.other,
        }
    }

    /// Reads the calibration of `model` from the file that `config` names, if it names one.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be read, is no calibration, or was made for another model.
    pub fn open(config: &Config, model: &ModelInfo) -> Result<Option<Self>, FileError> {
        let Some(path) = config.calibration.clone() else { return Ok(None) };
        let json = std::fs::read_to_string(&path)
            .map_err(|source| FileError::Read { path: path.clone(), source })?;
        let read: Self = serde_json::from_str(&json)
            .map_err(|source| FileError::Wrong { path: path.clone(), source })?;
        let (here, to) = (name(model), fitted_to());
        if read.model != here {
            return Err(FileError::OtherModel { path, made_for: read.model, model: here });
        }
        if read.fitted_to != to {
            let made_for = format!("{} as {}", read.model, read.fitted_to);
            return Err(FileError::OtherModel { path, made_for, model: format!("{here} as {to}") });
        }
        Ok(Some(read))
    }

    /// Whether it fits the models and the procedure of this program.
    fn is_current(&self, model: &ModelInfo) -> bool {
        self.version == VERSION && self.model == name(model) && self.fitted_to == fitted_to()
    }
}

impl Fit {
    /// A short name of what it is, such as `reference-2` or `articles-2-5000`; empty where it is off.
    #[must_use]
    pub fn name(&self) -> String {
        match self.made_from {
            _ if self.scale().is_none() => String::new(),
            MadeFrom::Reference => format!("reference-{VERSION}"),
            MadeFrom::Articles => format!("articles-{VERSION}-{}", self.archive_count),
        }
    }

    /// The scale; `None` where the cosines cannot be measured.
    #[must_use]
    pub fn scale(&self) -> Option<&CosineScale> {
        self.off_because.is_empty().then_some(&self.points)
    }

    fn measure(&self) -> Option<Measure> {
        let scale = self.scale()?;
        Some(match Embedding::normalize(self.axis.clone()) {
            Ok(axis) => Measure { scale: self.without_axis.clone(), axis: Some(axis) },
            Err(_empty) => Measure { scale: scale.clone(), axis: None },
        })
    }

    fn shown(&self) -> String {
        let Self { text_count, told_apart, off_because, .. } = self;
        match self.scale() {
            Some(_) => {
                format!("{} (from {text_count} texts, {told_apart:.3} told apart)", self.name())
            }
            None => format!("off, no ranker, and topics join nothing: {off_because}"),
        }
    }
}

impl Calibrated {
    /// In a few words, for a person.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Native => "none needed: ranker and topics were fitted to this model".to_owned(),
            Self::Fitted(made) => {
                format!("Chinese: {}\nother: {}", made.chinese.shown(), made.other.shown())
            }
        }
    }

    /// The scale for texts in `script`; `None` where their cosines cannot be measured.
    #[must_use]
    pub fn scale(&self, script: Script) -> Option<&CosineScale> {
        match self {
            Self::Native => Some(&PLAIN),
            Self::Fitted(made) => made.fit(script).scale(),
        }
    }

    /// How all cosines are measured where vectors are at hand.
    #[must_use]
    pub fn scales(&self) -> Scales {
        match self {
            Self::Native => Scales::identity(),
            Self::Fitted(made) => Scales::new(made.chinese.measure(), made.other.measure()),
        }
    }
}

/// The model that ranker and weights were fitted to, `family@version`.
#[must_use]
pub fn fitted_to() -> String {
    // A test holds the bundled file to its form.
    Scorer::bundled().map(|scorer| scorer.model().to_owned()).unwrap_or_default()
}

/// Why the scale of a model could not be fitted, for a person.
fn reason(unfit: Unfit) -> String {
    match unfit {
        Unfit::Flat => "the model gives nearly the same cosine to all texts",
        Unfit::NotFinite => "the model gives cosines that are no numbers",
        Unfit::TooFew => "the model can read too few of the texts",
        Unfit::Falling => "the cosines of the model cannot be ordered",
    }
    .to_owned()
}

/// The share of pairs, one of `same` and one of `different`, of which the former is larger; ties count
/// half (the area under the ROC curve).
fn told_apart(same: &mut [f32], different: &mut [f32]) -> f64 {
    same.sort_unstable_by(f32::total_cmp);
    different.sort_unstable_by(f32::total_cmp);
    let mut won = 0.0;
    for one in same.iter() {
        let below = different.partition_point(|other| other < one);
        let upto = different.partition_point(|other| other <= one);
        won += f64::midpoint(as_f64(below), as_f64(upto));
    }
    let pairs = as_f64(same.len()) * as_f64(different.len());
    if pairs > 0.0 { won / pairs } else { 0.5 }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs, far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

impl Engine {
    /// The same engine, whose cosines are taken as they are whatever the model: to measure what
    /// calibration is worth, and to write features for weights of a model's own.
    #[must_use]
    pub fn uncalibrated(mut self) -> Self {
        self.calibration = std::sync::Arc::new(Calibrated::Native.into());
        self
    }

    /// The same engine with the calibration that `config` names, if it names one.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be read, is no calibration, or was made for another model.
    pub fn with_calibration(mut self, config: &Config) -> Result<Self, FileError> {
        if let Some(read) = Calibration::open(config, self.embed.info())? {
            self.calibration = std::sync::Arc::new(Calibrated::Fitted(Box::new(read)).into());
        }
        Ok(self)
    }

    /// How the cosines of the model are measured. Read from the index, or made, by the first call.
    ///
    /// # Errors
    /// [`Error::Embed`] if the model is overloaded or has stopped; [`Error::Store`].
    pub async fn calibrated(&self) -> Result<&Calibrated, Error> {
        self.calibration.get_or_try_init(|| self.find_calibration()).await
    }

    /// How the cosines of the model are measured, if a question needed it already.
    #[must_use]
    pub fn known_calibration(&self) -> Option<&Calibrated> {
        self.calibration.get()
    }

    /// The scale for thresholds and weights that were chosen with the bundled model, for a question in
    /// `script`. Where cosines cannot be measured they are taken as they are: something must order.
    pub(super) async fn cosine_scale(&self, script: Script) -> Result<&CosineScale, Error> {
        Ok(self.calibrated().await?.scale(script).unwrap_or(&PLAIN))
    }

    /// The learned ranker, if there is one and its features can be measured for a question in `script`.
    pub(super) async fn scorer(&self, script: Script) -> Result<Option<&Scorer>, Error> {
        let Some(scorer) = self.ranker.scorer() else { return Ok(None) };
        if self.ranker.is_of(self.embed.info()) {
            return Ok(Some(scorer));
        }
        let can_be = self.calibrated().await?.scale(script).is_some();
        Ok(Some(scorer).filter(|_| can_be))
    }

    /// The version of the ranker that answers a question in `script`, with the name of the calibration
    /// where it needs one; `none` without learned weights.
    ///
    /// # Errors
    /// The same as [`Engine::calibrated`].
    pub async fn ranker_in_use(&self, script: Script) -> Result<String, Error> {
        let Some(scorer) = self.scorer(script).await? else {
            return Ok(crate::ranker::NONE.to_owned());
        };
        let version = scorer.version();
        if self.ranker.is_of(self.embed.info()) {
            return Ok(version.to_owned());
        }
        Ok(match self.calibrated().await? {
            Calibrated::Native => version.to_owned(),
            Calibrated::Fitted(made) => format!("{version}+{}", made.fit(script).name()),
        })
    }
}
