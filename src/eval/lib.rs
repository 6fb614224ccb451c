//! How good are the answers on a labelled file? Metrics, readers and runs behind `wenmai eval`.
//!
//! A run indexes the file into the engine it is given, or scores its pairs, asks, and measures; it
//! never tunes. Every report carries n, the seed and the trivial baseline beside ours.

pub mod bootstrap;
pub mod calibration;
pub mod characters;
pub mod correlation;
pub mod decision;
pub mod index;
pub mod latency;
pub mod learned;
pub mod metrics;
pub mod monotone;
pub mod nearest;
pub mod pages;
pub mod pairs;
pub mod passages;
pub mod queries;
pub mod related;
pub mod reprints;
pub mod rows;
pub mod search;
pub mod similarity;
pub mod stories;
pub mod sts;
pub mod summary;
pub mod topics;

use wenmai_domain::hit::Mode;

/// Where a run stands: how many are done, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Indexing articles.
    Ingest(usize, usize),
    /// Building the graph.
    Optimize,
    /// Asking queries.
    Query(Mode, usize, usize),
    /// Comparing queries with their candidates.
    Compare(usize, usize),
    /// Embedding pairs of sentences.
    Embed(usize, usize),
    /// Drawing resamples for intervals.
    Resample,
}
