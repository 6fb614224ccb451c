//! In which order do candidates answer? Pure scoring; it fetches nothing.

pub mod diversify;
pub mod fuse;
pub mod overlap;
pub mod recency;
pub mod search;
