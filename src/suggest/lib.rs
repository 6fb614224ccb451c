//! What somebody may have meant, or be about to type.
//!
//! [`lexicon`] gathers what an archive names: headlines, persons, places, organisations, topics, outlets and
//! the words of its headlines. [`index`] is a fixed picture of it that completes what was typed so far, by
//! characters or by pinyin, and finds what a mistyped name may mean. [`offer`] recognises days, names and outlets
//! in a question and offers them as conditions; it applies none. [`discover`] finds the words that an
//! archive has of its own.
//!
//! Everything here is a function of what it is given, in any order: the same archive gives the same answers.

pub mod discover;
pub mod index;
pub mod lexicon;
pub mod offer;
pub mod period;
pub mod sound;
pub mod words;

mod ranges;
mod slip;
