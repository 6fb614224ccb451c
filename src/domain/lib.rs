//! The words every part shares: types that cannot hold a wrong value.
//!
//! Pure: no I/O, no clock, no async. Each type is checked once, in its constructor.

pub mod article;
pub mod day;
pub mod digest;
pub mod embedding;
pub mod entity;
pub mod filter;
pub mod hit;
pub mod id;
pub mod limit;
pub mod page_code;
pub mod reprint;
pub mod scale;
pub mod scales;
pub mod span;
pub mod terms;
pub mod topic;
