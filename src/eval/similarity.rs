//! How alike are the sentences of each row, to the model and to the trivial baselines?

use serde::Serialize;

use crate::Progress;
use crate::characters;
use crate::rows::Row;
use wenmai_embed as embed;
use wenmai_embed::Embedded;
use wenmai_embed::Handle;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;

/// Rows of one call to the model.
const BATCH: usize = 512;

/// What says how alike two sentences are.
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
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scorer::Model => "model",
            Scorer::Bigrams => "character bigrams",
            Scorer::Overlap => "characters in common",
        }
    }
}

/// Rows with what each scorer says of them.
#[derive(Debug, Default)]
pub struct Scored {
    /// What people said, in the order of the file.
    pub scores: Vec<f64>,
    /// What the model says.
    pub model: Vec<f64>,
    /// What bigrams say.
    pub bigrams: Vec<f64>,
    /// What characters in common say.
    pub overlap: Vec<f64>,
    /// Rows that the model cannot read, by line number; in none of the columns.
    pub unreadable: Vec<(u64, embed::Error)>,
}

impl Scored {
    /// The columns by scorer, the model first.
    #[must_use]
    pub fn columns(&self) -> [(Scorer, &[f64]); 3] {
        [
            (Scorer::Model, &self.model),
            (Scorer::Bigrams, &self.bigrams),
            (Scorer::Overlap, &self.overlap),
        ]
    }
}

/// Scores `rows`; both sentences are embedded as texts to be found.
///
/// # Errors
/// [`embed::Error`] where nothing more can be embedded; a sentence that cannot is kept in the
/// answer.
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

/// Six decimals: below that, equal sentences would be ranked by the rounding of their lengths.
fn cosine(
    left: Result<Embedded, embed::Error>,
    right: Result<Embedded, embed::Error>,
) -> Result<f64, embed::Error> {
    let cosine = left?.embedding.similarity(&right?.embedding);
    Ok((f64::from(cosine) * 1e6).round() / 1e6)
}
