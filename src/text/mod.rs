//! Chinese text: pure functions from text to its units, each with its place in the source.

pub mod date;
pub mod entity;
pub mod normalize;
pub mod pattern;
pub mod sentence;
pub(crate) mod surname;
pub mod terms;
