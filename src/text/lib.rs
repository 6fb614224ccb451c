//! Chinese text: pure functions from text to its units, each with its place in the source.

pub mod date;
pub mod entity;
pub mod headline;
pub mod highlight;
pub mod likeness;
pub mod normalize;
pub mod pattern;
pub mod query;
pub mod sentence;
pub mod surname;
pub mod terms;
pub mod units;
pub mod unwrap;
