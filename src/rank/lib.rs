//! In which order do candidates answer? Pure scoring; it fetches nothing.
//!
//! `fuse` joins the legs of the index with two constants. `feature` says ten plain things about a
//! pair of articles, and `scorer` turns them into an order, probabilities and reasons with weights
//! that were learned from labelled stories.

pub mod diversify;
pub mod feature;
pub mod fuse;
pub mod overlap;
pub mod recency;
pub mod scorer;
pub mod search;
