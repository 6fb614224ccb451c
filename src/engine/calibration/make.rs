//! Makes a calibration: embeds texts with the model and with the bundled one, and compares.

use super::Calibrated;
use super::Calibration;
use super::MadeFrom;
use super::VERSION;
use super::fitted;
use super::fitted_to;
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
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;

/// Articles of an archive that are compared, at most: the cosines of all their pairs are taken.
const ARTICLES_MAX: usize = 1_500;
/// Sizes of an archive at which its calibration is made anew from its articles.
const SIZES: [u64; 3] = [500, 5_000, 50_000];
/// Records that are embedded with one call, so that queries come between.
const PIECE: usize = 64;
/// A model that tells so many Chinese pairs apart is not asked in English.
const CHINESE_ENOUGH: f64 = 0.92;
/// Share of the characters of a headline that must be Chinese for the bundled model to judge it.
const CHINESE_SHARE: f32 = 0.5;

impl Engine {
    /// The calibration of the running model: the one in the index if it still fits, else a new one.
    pub(super) async fn find_calibration(&self) -> Result<Calibrated, Error> {
        let info = self.embed.info();
        let kept = self.store.calibration().await?;
        let kept = kept.and_then(|json| serde_json::from_str::<Calibration>(&json).ok());
        let kept = kept.filter(|kept| kept.is_current(info));
        let count = self.store.count(&Filter::default()).await?;
        let size = SIZES.into_iter().filter(|size| *size <= count).max().unwrap_or(0);
        if let Some(kept) = kept.filter(|kept| kept.archive_count >= size) {
            return Ok(Calibrated::Fitted(Box::new(kept)));
        }
        let reference = calibrate(&self.embed, &[]).await?;
        let made = match &reference {
            Calibrated::Fitted(first) if size > 0 => {
                self.from_archive(first, size).await?.unwrap_or(reference)
            }
            Calibrated::Native | Calibrated::Fitted(_) | Calibrated::Off(_) => reference,
        };
        match &made {
            Calibrated::Fitted(made) => {
                tracing::info!(
                    calibration = made.name(),
                    model = made.model,
                    texts = made.text_count,
                    told_apart = made.told_apart,
                    "cosines of this model are put on the scale of the bundled one"
                );
                self.keep(made).await;
            }
            Calibrated::Off(reason) => tracing::warn!(
                reason,
                model = name(info),
                "related coverage has no ranker, and topics join nothing"
            ),
            Calibrated::Native => {}
        }
        Ok(made)
    }

    /// A calibration from articles of the archive, those of the lowest ids; `None` where too few of
    /// them are in Chinese.
    async fn from_archive(
        &self,
        first: &Calibration,
        size: u64,
    ) -> Result<Option<Calibrated>, Error> {
        let (mut records, mut ours) = (Vec::new(), Vec::new());
        let mut from = None;
        while records.len() < ARTICLES_MAX {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            let ids: Vec<_> = page.points.iter().map(|point| point.article.id).collect();
            let stored = self.store.fetch(&ids, wenmai_store::Vectors::Yes).await?;
            for stored in stored.into_iter().flatten() {
                let Some((embedding, _)) = stored.vectors else { continue };
                if is_chinese(&stored.article.record) && records.len() < ARTICLES_MAX {
                    records.push(stored.article.record);
                    ours.push(embedding);
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let theirs = bundled(&records).await?;
        let ours: Vec<Option<Embedding>> = ours.into_iter().map(Some).collect();
        let made = compared(&ours, &theirs, first.told_apart).ok();
        Ok(made.map(|(points, text_count)| {
            let (made_from, archive_count) = (MadeFrom::Articles, size);
            let calibration =
                Calibration { points, text_count, made_from, archive_count, ..first.clone() };
            Calibrated::Fitted(Box::new(calibration))
        }))
    }

    /// Keeps a calibration in the index. Without it the next start makes it again.
    async fn keep(&self, made: &Calibration) {
        let kept = match serde_json::to_string(made) {
            Ok(json) => self.store.keep_calibration(json).await,
            Err(error) => Err(wenmai_store::Error::Failed(error.into())),
        };
        if let Err(error) = kept {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the calibration could not be kept");
        }
    }
}

/// Makes the calibration of a running model: from `records` where enough of them are in Chinese, else
/// from the built-in reference text, which also says whether the model can be trusted.
///
/// # Errors
/// [`Error::Embed`] if the model is overloaded or has stopped, or the bundled one cannot be loaded.
pub async fn calibrate(model: &embed::Handle, records: &[Record]) -> Result<Calibrated, Error> {
    let (to, own) = (fitted_to(), name(model.info()));
    if own == to {
        return Ok(Calibrated::Native);
    }
    let chinese = reference::articles(Language::Chinese);
    let texts: Vec<Record> = chinese.iter().map(|told| told.record.clone()).collect();
    let theirs = bundled(&texts).await?;
    let mut ours = embedded(model, &texts).await?;
    let mut told = stories_told_apart(&chinese, &ours);
    let mut made_from = MadeFrom::Reference;
    if told < CHINESE_ENOUGH {
        let english = reference::articles(Language::English);
        let texts: Vec<Record> = english.iter().map(|told| told.record.clone()).collect();
        let in_english = embedded(model, &texts).await?;
        let better = stories_told_apart(&english, &in_english);
        if better > told {
            (ours, told, made_from) = (in_english, better, MadeFrom::ReferenceEnglish);
        }
    }
    let (points, text_count) = match compared(&ours, &theirs, told) {
        Ok(made) => made,
        Err(reason) => return Ok(Calibrated::Off(reason)),
    };
    let mut made = Calibration {
        version: VERSION,
        model: own,
        fitted_to: to,
        made_from,
        text_count,
        archive_count: 0,
        told_apart: (told * 1e4).round() / 1e4,
        points,
    };
    let chosen: Vec<Record> =
        records.iter().filter(|record| is_chinese(record)).take(ARTICLES_MAX).cloned().collect();
    if !chosen.is_empty() {
        let (ours, theirs) = (embedded(model, &chosen).await?, bundled(&chosen).await?);
        if let Ok((points, text_count)) = compared(&ours, &theirs, told) {
            let archive_count = u64::try_from(records.len()).unwrap_or(u64::MAX);
            made = Calibration {
                points,
                text_count,
                archive_count,
                made_from: MadeFrom::Articles,
                ..made
            };
        }
    }
    Ok(Calibrated::Fitted(Box::new(made)))
}

/// The scale from the embeddings of texts to those of the bundled model, and how many texts both could
/// read.
fn compared(
    ours: &[Option<Embedding>],
    theirs: &[Option<Embedding>],
    told: f64,
) -> Result<(wenmai_domain::scale::CosineScale, usize), String> {
    let both = ours.iter().zip(theirs).filter_map(|pair| match pair {
        (Some(one), Some(other)) => Some((one.clone(), other.clone())),
        _ => None,
    });
    let (ours, theirs): (Vec<Embedding>, Vec<Embedding>) = both.unzip();
    Ok((fitted(&ours, &theirs, told)?, ours.len()))
}

/// The embeddings of records by the bundled model, which is loaded for it.
async fn bundled(records: &[Record]) -> Result<Vec<Option<Embedding>>, Error> {
    let config = embed::Config { threads: 1, ..embed::Config::default() };
    let handle = embed::Handle::start(embed::open(&config)?, &config);
    let embedded = embedded(&handle, records).await;
    handle.stop();
    embedded
}

/// The embeddings of records as the index has them; `None` for one that the model cannot read.
async fn embedded(
    model: &embed::Handle,
    records: &[Record],
) -> Result<Vec<Option<Embedding>>, Error> {
    let mut found = Vec::with_capacity(records.len());
    for piece in records.chunks(PIECE) {
        let texts: Vec<Vec<String>> =
            piece.iter().map(|record| EmbedTexts::of(record).texts).collect();
        let all = texts.iter().flatten().cloned().collect();
        let mut parts = model.embed(all, Purpose::Passage, Lane::Bulk).await?.into_iter();
        for texts in &texts {
            let own = parts.by_ref().take(texts.len()).collect();
            found.push(match input::joined(own) {
                Ok(embedding) => Some(embedding),
                Err(error @ (embed::Error::Stopped | embed::Error::Overloaded)) => {
                    return Err(error.into());
                }
                // What a model cannot read, or breaks down over, it cannot be measured by.
                Err(_) => None,
            });
        }
    }
    Ok(found)
}

/// How well embeddings tell the stories of the reference text apart (see [`told_apart`]).
fn stories_told_apart(told: &[Told], embeddings: &[Option<Embedding>]) -> f64 {
    let (mut same, mut different) = (Vec::new(), Vec::new());
    let readable: Vec<(&Told, &Embedding)> = told
        .iter()
        .zip(embeddings)
        .filter_map(|(told, embedding)| Some((told, embedding.as_ref()?)))
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
    let letters = || record.title.chars().filter(|c| c.is_alphabetic());
    let is_han = |c: &char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
    let (all, han) = (letters().count(), letters().filter(is_han).count());
    #[expect(clippy::cast_precision_loss, reason = "characters of a headline")]
    let share = han as f32 / all.max(1) as f32;
    share >= CHINESE_SHARE
}
