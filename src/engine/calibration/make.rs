//! Makes a calibration: embeds texts with the model and with the bundled one, and compares.

use tokio::sync::OnceCell;

use super::Calibrated;
use super::Calibration;
use super::Fit;
use super::MadeFrom;
use super::TOLD_APART_MIN;
use super::VERSION;
use super::axis;
use super::fitted_to;
use super::reason;
use super::reference;
use super::reference::Language;
use super::reference::Told;
use super::told_apart;
use crate::Engine;
use crate::Error;
use crate::input;
use crate::input::EmbedTexts;
use crate::ranker::name;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scale::Unfit;
use wenmai_domain::scales::Measure;
use wenmai_domain::scales::Script;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_store as store;

/// Articles of a feed that are compared, at most: the cosines of all their pairs are taken.
const ARTICLES_MAX: usize = 1_500;
/// Records that are embedded with one call, so that queries come between.
const PIECE: usize = 64;

/// Embeddings of some texts, in their order; the reason, for a person, for one that the model cannot
/// read.
type Embeddings = Vec<Result<Embedding, String>>;

/// The embeddings of the reference text by the bundled model, once they are needed.
static OF_REFERENCE: OnceCell<Embeddings> = OnceCell::const_new();

impl Engine {
    /// The calibration of the running model: the one in the index if it still fits, else a new one.
    pub(super) async fn find_calibration(&self) -> Result<Calibrated, Error> {
        let info = self.embed.info();
        let kept = self.store.calibration().await?;
        let kept = kept.and_then(|json| serde_json::from_str::<Calibration>(&json).ok());
        let kept = kept.filter(|kept| kept.is_current(info));
        if let Some(kept) = kept {
            return Ok(Calibrated::Fitted(Box::new(kept)));
        }
        let made = calibrate(&self.embed, &[]).await?;
        if let Calibrated::Fitted(made) = &made {
            tell(made);
            self.keep(made).await;
        }
        Ok(made)
    }

    /// Keeps a calibration in the index. Without it the next start makes it again.
    async fn keep(&self, made: &Calibration) {
        let kept = match serde_json::to_string(made) {
            Ok(json) => self.store.keep_calibration(json).await,
            Err(error) => Err(store::Error::Failed(error.into())),
        };
        if let Err(error) = kept {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the calibration could not be kept");
        }
    }
}

impl Fit {
    /// The scale of the reference text, as far as the model tells its stories apart.
    fn of_reference(told: &[Told], ours: &Embeddings, theirs: &Embeddings) -> Self {
        let (made, mut off_because) = match compared(MadeFrom::Reference, ours, theirs) {
            Ok(made) => (made, String::new()),
            Err(reason) => (Compared::default(), reason),
        };
        let Compared { points, axis, without_axis, text_count } = made;
        let shared = Embedding::normalize(axis.clone()).ok();
        let measure = Measure { axis: shared, ..Measure::default() };
        let told_apart = stories_told_apart(told, ours, &measure);
        if off_because.is_empty() && told_apart < TOLD_APART_MIN {
            let (found, needed) = (told_apart * 100.0, TOLD_APART_MIN * 100.0);
            off_because = format!(
                "the model puts two articles of one story nearer than two of different subjects in \
                 {found:.1} of 100 pairs of the reference text, {needed:.0} are needed"
            );
        }
        Self {
            made_from: MadeFrom::Reference,
            text_count,
            archive_count: 0,
            told_apart: (told_apart * 1e4).round() / 1e4,
            off_because,
            points,
            axis,
            without_axis,
        }
    }

    /// The same, with a scale from articles of a feed of `archive_count`; as it was, but for that
    /// number, where there are too few of them.
    fn refitted(self, ours: &Embeddings, theirs: &Embeddings, archive_count: u64) -> Self {
        match compared(MadeFrom::Articles, ours, theirs) {
            Ok(Compared { points, axis, without_axis, text_count }) => {
                let made_from = MadeFrom::Articles;
                Self { made_from, text_count, archive_count, points, axis, without_axis, ..self }
            }
            Err(_) => Self { archive_count, ..self },
        }
    }
}

/// Tells the log how cosines are measured, or which decisions are off and why.
fn tell(made: &Calibration) {
    for (script, fit) in [("Chinese", &made.chinese), ("other", &made.other)] {
        let (calibration, told_apart) = (fit.name(), fit.told_apart);
        if fit.scale().is_some() {
            tracing::info!(calibration, script, told_apart, "cosines are measured");
        } else {
            tracing::warn!(
                reason = fit.off_because,
                script,
                "no ranker and no topics for such texts with this model"
            );
        }
    }
}

/// Makes the calibration of a running model from the built-in reference text, and the part of it that is
/// for Chinese from those of `records` that are in Chinese, where there are enough of them.
///
/// # Errors
/// [`Error::Embed`] if the model is overloaded or has stopped, or the bundled one cannot be loaded.
pub async fn calibrate(model: &embed::Handle, records: &[Record]) -> Result<Calibrated, Error> {
    let (to, own) = (fitted_to(), name(model.info()));
    if own == to {
        return Ok(Calibrated::Native);
    }
    let records_of =
        |told: &[Told]| told.iter().map(|told| told.record.clone()).collect::<Vec<Record>>();
    let chinese = reference::articles(Language::Chinese);
    let english = reference::articles(Language::English);
    // The English text says the same, so that the bundled model need not read it.
    let theirs = OF_REFERENCE.get_or_try_init(|| bundled(records_of(&chinese))).await?;
    let in_chinese = embedded(model, &records_of(&chinese)).await?;
    let in_english = embedded(model, &records_of(&english)).await?;
    let mut made = Calibration {
        version: VERSION,
        model: own,
        fitted_to: to,
        chinese: Fit::of_reference(&chinese, &in_chinese, theirs),
        other: Fit::of_reference(&english, &in_english, theirs),
    };
    let in_language: Vec<&Record> = records.iter().filter(|record| is_chinese(record)).collect();
    let chosen: Vec<Record> = spread(&in_language, ARTICLES_MAX).cloned().collect();
    if !chosen.is_empty() && made.chinese.scale().is_some() {
        let (ours, theirs) = (embedded(model, &chosen).await?, bundled(chosen).await?);
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        made.chinese = made.chinese.refitted(&ours, &theirs, count);
    }
    Ok(Calibrated::Fitted(Box::new(made)))
}

/// At most `most` of `all`, evenly spread over them: a feed may be sorted by date or subject.
fn spread<'a, T>(all: &'a [&'a T], most: usize) -> impl Iterator<Item = &'a T> {
    let count = all.len().min(most);
    (0..count).filter_map(move |at| all.get(at * all.len() / count).copied())
}

/// What a comparison of a model with the bundled one gives.
#[derive(Default)]
struct Compared {
    points: CosineScale,
    axis: Vec<f32>,
    without_axis: CosineScale,
    /// How many texts both could read.
    text_count: usize,
}

/// Compares the embeddings of texts with those of the bundled model; else the reason, for a person.
fn compared(
    made_from: MadeFrom,
    ours: &Embeddings,
    theirs: &Embeddings,
) -> Result<Compared, String> {
    let both = ours.iter().zip(theirs).filter_map(|pair| match pair {
        (Ok(one), Ok(other)) => Some((one.clone(), other.clone())),
        _ => None,
    });
    let unread = ours.iter().find_map(|one| one.as_ref().err());
    let asked_count = ours.len();
    let (ours, theirs): (Vec<Embedding>, Vec<Embedding>) = both.unzip();
    let points = CosineScale::fit(&ours, &theirs).map_err(|unfit| match (unfit, unread) {
        (Unfit::TooFew, Some(why)) => {
            let count = ours.len();
            format!("{}, {count} of {asked_count}: {why}", reason(unfit))
        }
        _ => reason(unfit),
    })?;
    let text_count = ours.len();
    let plain = Compared { points, text_count, ..Compared::default() };
    // Articles have so little in common that their mean is what the model adds.
    let axis = match made_from {
        MadeFrom::Reference => axis::beyond_texts(&ours, &theirs),
        MadeFrom::Articles => axis::of_mean(&ours),
    };
    let Some(axis) = axis else { return Ok(plain) };
    let rest: Option<Vec<Embedding>> = ours.iter().map(|one| one.without(&axis)).collect();
    let without_axis = rest.and_then(|rest| CosineScale::fit(&rest, &theirs).ok());
    Ok(match without_axis {
        Some(without_axis) => Compared { axis: axis.values().to_vec(), without_axis, ..plain },
        None => plain,
    })
}

/// The embeddings of records by the bundled model, which is loaded for it.
async fn bundled(records: Vec<Record>) -> Result<Embeddings, Error> {
    let config = embed::Config { threads: 1, ..embed::Config::default() };
    let handle = embed::Handle::start(embed::open(&config)?, &config);
    let embedded = embedded(&handle, &records).await;
    handle.stop();
    embedded
}

/// The embeddings of records as the index has them.
async fn embedded(model: &embed::Handle, records: &[Record]) -> Result<Embeddings, Error> {
    let mut found = Vec::with_capacity(records.len());
    for piece in records.chunks(PIECE) {
        let texts: Vec<Vec<String>> =
            piece.iter().map(|record| EmbedTexts::of(record).texts).collect();
        let all = texts.iter().flatten().cloned().collect();
        let mut parts = model.embed(all, Purpose::Passage, Lane::Bulk).await?.into_iter();
        for texts in &texts {
            let own = parts.by_ref().take(texts.len()).collect();
            found.push(match input::joined(own) {
                Ok(embedding) => Ok(embedding),
                Err(error @ (embed::Error::Stopped | embed::Error::Overloaded)) => {
                    return Err(error.into());
                }
                // What a model cannot read, or breaks down over, it cannot be measured by.
                Err(error) => Err(error.to_string()),
            });
        }
    }
    Ok(found)
}

/// How well embeddings, without the direction of `measure`, tell the stories of the reference text apart
/// (see [`told_apart`]).
fn stories_told_apart(told: &[Told], embeddings: &Embeddings, measure: &Measure) -> f64 {
    let (mut same, mut different) = (Vec::new(), Vec::new());
    let readable: Vec<(&Told, Embedding)> = told
        .iter()
        .zip(embeddings)
        .filter_map(|(told, one)| Some((told, measure.prepared(one.as_ref().ok()?.clone()))))
        .collect();
    for (at, (one, left)) in readable.iter().enumerate() {
        for (other, right) in readable.iter().skip(at + 1) {
            if one.story == other.story {
                same.push(left.similarity(right));
            } else if one.subject != other.subject {
                different.push(left.similarity(right));
            }
        }
    }
    told_apart(&mut same, &mut different)
}

/// Whether a record is in the language of the bundled model.
fn is_chinese(record: &Record) -> bool {
    Script::of(&record.title) == Script::Chinese
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn a_sample_is_spread_over_all() {
        let all: Vec<usize> = (0..1_000).collect();
        let all: Vec<&usize> = all.iter().collect();
        let sample: Vec<usize> = spread(&all, 7).copied().collect();
        assert_eq!(sample, [0, 142, 285, 428, 571, 714, 857]);
        assert_eq!(spread(&all, 2_000).count(), 1_000);
        assert_eq!(spread::<usize>(&[], 7).count(), 0);
    }
}
