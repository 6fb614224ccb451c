//! How good are the answers on a labelled file? Metrics, readers and runs behind `wenmai eval`.
//!
//! A run indexes the file into the engine it is given, asks, and measures; it never tunes. Every
//! report carries n, the seed and the trivial baseline beside ours.

pub mod metrics;
pub mod related;
pub mod reprints;
pub mod stories;
