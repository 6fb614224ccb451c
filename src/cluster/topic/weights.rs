//! The learned numbers of topic clustering.

/// Learned numbers, read from a small file (`models/rankers/topics.json`).
#[derive(Debug, Clone, Default)]
pub struct Weights {}

/// What is wrong with a weights file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON of the right shape.
    #[error("topic weights are not a weights file")]
    Json(#[from] serde_json::Error),
    /// A number or a count that cannot be.
    #[error("topic weights: {0}")]
    Wrong(&'static str),
}

impl Weights {
    /// The weights that come with the bundled model.
    ///
    /// # Errors
    /// [`Error`] if the program was built with a wrong file.
    pub fn bundled() -> Result<Self, Error> {
        Ok(Self::default())
    }
}
