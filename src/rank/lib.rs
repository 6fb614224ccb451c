//! Orders candidates. The functions are pure: candidates and their scores go in, an order comes
//! out.
//!
//! `fuse` joins the legs of the search with fixed weights, for related articles, and `search` does
//! so for queries in words. `feature` computes ten numbers about a pair of articles, from which
//! `scorer`, with weights learned from labelled stories, makes an order, probabilities and reasons.
//! `overlap` compares the entities that two articles name, `recency` lowers the scores of old
//! articles, and `diversify` avoids repetition.

pub mod diversify;
pub mod feature;
pub mod fuse;
pub mod overlap;
pub mod recency;
pub mod scorer;
pub mod search;
