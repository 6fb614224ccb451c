//! In which order do candidates answer? Pure scoring; it fetches nothing.

pub mod fuse;
pub mod overlap;
