//! Measures topics on labelled stories, streamed in the order of time.
//!
//! Every article is assigned by weights that were trained without its story. Stories are divided
//! into folds by the hash of their name, as in [`crate::learned`], and
//! `models/rankers/topics-folds.json` contains one set of weights for each fold. Stories that no
//! weights have seen may be assigned by any.

mod agree;
mod baseline;
mod drift;
mod items;
mod run;
mod stable;

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::Progress;
use crate::index::IngestReport;
use crate::learned::FOLDS;
use crate::metrics;
use crate::stories::Labelled;
use crate::topics::run::Folds;
use crate::topics::run::Pass;
use wenmai_cluster::topic;
use wenmai_cluster::topic::Weights;
use wenmai_domain::topic::Level;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_text::entity::Extractor;

pub use agree::Agreement;
pub use agree::agreement;
pub use drift::Drift;
pub use drift::Swollen;
pub use items::Stream;
pub use items::Streamed;
pub use items::stream;
pub use stable::Labelled as ShownLabel;
pub use stable::Stability;

/// The weights of the folds.
const BUNDLED: &str = include_str!("../../models/rankers/topics-folds.json");

/// The weights of the folds that are part of this program.
///
/// # Errors
/// [`topic::Error`] if the program was built with an invalid file.
pub fn bundled() -> Result<Vec<Weights>, topic::Error> {
    folds(BUNDLED)
}

/// Reads a list of [`FOLDS`] sets of weights.
///
/// # Errors
/// [`topic::Error`] for any other kind of file.
pub fn folds(json: &str) -> Result<Vec<Weights>, topic::Error> {
    let all: Vec<serde_json::Value> = serde_json::from_str(json)?;
    if all.len() != FOLDS {
        return Err(topic::Error::Wrong("not one set of weights per fold"));
    }
    all.iter().map(|one| Weights::parse(&one.to_string())).collect()
}

/// The ways in which a run can fail.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The features cannot be written.
    #[error("features cannot be written")]
    Write(#[from] std::io::Error),
}

/// The settings of a measurement.
pub struct Options {
    /// One set of weights for each fold.
    pub folds: Vec<Weights>,
    /// Where to write features for training; stability and baselines are not measured then.
    pub features: Option<Box<dyn Write + Send>>,
    /// Leave stability and baselines out.
    pub is_brief: bool,
}

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The version of the weights.
    pub weights: String,
    /// The index version of the engine.
    pub index_version: String,
    /// How the cosines of the model are measured.
    pub calibration: String,
    /// How many articles were streamed.
    pub article_count: usize,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// How many stories the articles belong to.
    pub story_count: usize,
    /// How many articles have an event label.
    pub event_article_count: usize,
    /// The figures of all methods, ours first.
    pub methods: Vec<Method>,
    /// Articles assigned per second on one thread.
    pub articles_per_s: f64,
    /// How many merges of stories there were.
    pub merge_count: usize,
    /// How far stories drift.
    pub drift: Drift,
    /// How stable ids, labels and decisions are; `None` if they were left out.
    pub stability: Option<Stability>,
    /// The time spent on indexing.
    pub ingest: IngestReport,
}

/// The figures of one method.
#[derive(Debug, Clone, Serialize)]
pub struct Method {
    /// The name of the method.
    pub name: String,
    /// The agreement with the labelled stories, over all articles.
    pub story: Agreement,
    /// The agreement with the labelled events, over articles with an event label.
    pub event: Agreement,
}

/// Indexes the articles into `engine`, which must be empty, and streams them.
///
/// # Errors
/// [`Failure`] if the engine fails or the features cannot be written.
pub async fn run(
    engine: &Engine,
    extractor: &Extractor,
    articles: Vec<Labelled>,
    options: Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Failure> {
    let Options { folds, mut features, is_brief } = options;
    let is_brief = is_brief || features.is_some();
    let version = folds.first().map_or_else(String::new, |first| first.version().to_owned());
    let Stream { items: stream, story_count, refused_count, ingest } =
        self::stream(engine, extractor, articles, progress).await?;
    let calibrated = engine.calibrated().await?;
    let measured = |weights: Weights| weights.with_scales(calibrated.scales());
    let folds = Folds(folds.into_iter().map(measured).map(Arc::new).collect());
    let total = stream.len();
    let started = Instant::now();
    let out: Option<&mut (dyn Write + Send)> = match &mut features {
        Some(out) => Some(&mut **out),
        None => None,
    };
    let mut step = |done| progress(Progress::Compare(done, total));
    let ours = run::pass(&stream, &folds, out, &mut step)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut methods = vec![method("wenmai", &stream, &ours)];
    let mut stability = None;
    if let Some(weights) = folds.of(0).filter(|_| !is_brief) {
        methods.extend(baseline::methods(&stream));
        let again = run::pass(&stream, &folds, None, &mut |_| ())?;
        stability = Some(stable::measure(&stream, &ours, &again, weights));
    }
    Ok(Report {
        weights: version,
        index_version: engine.info().await?.index_version,
        calibration: calibrated.shown(),
        article_count: total,
        refused_count,
        story_count,
        event_article_count: stream.iter().filter(|one| one.event.is_some()).count(),
        methods,
        articles_per_s: metrics::as_f64(total) / seconds.max(1e-9),
        merge_count: ours.merge_count,
        drift: drift::measure(&stream, &ours),
        stability,
        ingest,
    })
}

fn method(name: &str, stream: &[Streamed], pass: &Pass) -> Method {
    measured(name, stream, &pass.numbers(stream, Level::Story), &pass.numbers(stream, Level::Event))
}

/// Compares groups of the whole stream with both kinds of labels.
fn measured(name: &str, stream: &[Streamed], stories: &[usize], events: &[usize]) -> Method {
    let labels: Vec<usize> = stream.iter().map(|one| one.story).collect();
    let labelled = stream.iter().zip(events).filter_map(|(one, found)| Some((*found, one.event?)));
    let (events, event_labels): (Vec<usize>, Vec<usize>) = labelled.unzip();
    Method {
        name: name.to_owned(),
        story: agreement(stories, &labels),
        event: agreement(&events, &event_labels),
    }
}

#[cfg(test)]
mod tests {
    use super::bundled;
    use super::folds;
    use wenmai_cluster::topic::Weights;

    #[test]
    fn the_weights_of_the_folds_can_be_read_and_fit_the_published_ones() {
        let published = Weights::bundled().unwrap();
        assert!(bundled().unwrap().iter().all(|one| one.model() == published.model()));
        assert!(folds("[]").is_err());
    }
}
