//! Measures how good the answers are on labelled files; the library behind `wenmai eval`.
//!
//! It contains readers of labelled files, metrics, and one run for each command. A run indexes the
//! file into the engine that it is given (or embeds its pairs of sentences), asks its questions and
//! measures the answers; it never tunes anything. Every report gives the number of cases, the seed
//! and a trivial baseline beside our own figures.

pub mod bootstrap;
pub mod calibration;
pub mod characters;
pub mod correlation;
pub mod decision;
pub mod filtered;
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

/// How far a run has come; pairs of numbers are how many are done, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Articles are being indexed.
    Ingest(usize, usize),
    /// The vector index is being built.
    Optimize,
    /// Queries are being asked in this mode.
    Query(Mode, usize, usize),
    /// Queries are being compared with their candidates, or articles assigned to topics.
    Compare(usize, usize),
    /// Sentences or windows are being embedded.
    Embed(usize, usize),
    /// Resamples are being drawn for the intervals.
    Resample,
}
