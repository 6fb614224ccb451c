//! The learned numbers of topic clustering.

/// Learned numbers, read from a small file (`models/rankers/topics.json`).
#[derive(Debug, Clone, Default)]
pub struct Weights {}
