//! Chinese text: pure functions from text to text units.

pub mod date;
pub mod sentence;
