//! Scores how similar the two sentences of each row are, by the model and by the trivial baselines.

use serde::Serialize;

use crate::Progress;
use crate::characters;
use crate::rows::Row;
use wenmai_embed as embed;
use wenmai_embed::Embedded;
use wenmai_embed::Handle;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;

/// The number of rows in one call to the model.
const BATCH: usize = 512;

/// A way to score the similarity of two sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// The cosine of the model's embeddings.
    Model,
    /// The cosine of the counts of character bigrams.
    Bigrams,
    /// The share of characters in common.
    Overlap,
}

impl Scorer {
    /// The name of the scorer in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scorer::Model => "model",
            Scorer::Bigrams => "character bigrams",
            Scorer::Overlap => "characters in common",
        }
    }
}

/// The scores of all rows, by scorer.
#[derive(Debug, Default)]
pub struct Scored {
    /// The scores that people gave, in the order of the file.
    pub scores: Vec<f64>,
    /// The scores of the model.
    pub model: Vec<f64>,
    /// The scores of [`Scorer::Bigrams`].
    pub bigrams: Vec<f64>,
    /// The scores of [`Scorer::Overlap`].
    pub overlap: Vec<f64>,
    /// The rows that the model cannot read, by line number; they are in none of the columns.
    pub unreadable: Vec<(u64, embed::Error)>,
}

impl Scored {
    /// The columns with their scorers, the model first.
    #[must_use]
    pub fn columns(&self) -> [(Scorer, &[f64]); 3] {
        [
            (Scorer::Model, &self.model),
            (Scorer::Bigrams, &self.bigrams),
            (Scorer::Overlap, &self.overlap),
        ]
    }
}

/// Scores `rows`; both sentences of each are embedded as passages.
///
/// # Errors
/// [`embed::Error`] if the model can embed nothing more. A sentence that it cannot embed is
/// reported in [`Scored::unreadable`].
pub async fn score(
    handle: &Handle,
    rows: &[Row],
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Scored, embed::Error> {
    let mut scored = Scored::default();
    let mut done = 0;
    for batch in rows.chunks(BATCH) {
        let texts = batch.iter().flat_map(|row| [row.left.clone(), row.right.clone()]).collect();
        let embedded = handle.embed(texts, Purpose::Passage, Lane::Bulk).await?;
        let mut embedded = embedded.into_iter();
        for row in batch {
            let (Some(left), Some(right)) = (embedded.next(), embedded.next()) else { break };
            match cosine(left, right) {
                Ok(cosine) => {
                    scored.scores.push(row.score);
                    scored.model.push(cosine);
                    scored.bigrams.push(characters::bigram_cosine(&row.left, &row.right));
                    scored.overlap.push(characters::overlap(&row.left, &row.right));
                }
                Err(error) => scored.unreadable.push((row.number, error)),
            }
        }
        done += batch.len();
        progress(Progress::Embed(done, rows.len()));
    }
    Ok(scored)
}

/// Rounds to six decimals: with more, equal sentences would be ranked by rounding errors.
fn cosine(
    left: Result<Embedded, embed::Error>,
    right: Result<Embedded, embed::Error>,
) -> Result<f64, embed::Error> {
    let cosine = left?.embedding.similarity(&right?.embedding);
    Ok((f64::from(cosine) * 1e6).round() / 1e6)
}
