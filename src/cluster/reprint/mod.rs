//! What is a reprint of what?
//!
//! A text is first stripped of what belongs to its paper and not to the story (dateline, byline,
//! source notes: `strip`) and folded to its letters and digits ([`Plain`]). A [`signature`] of
//! winnowed hashes finds candidates, also where only a part was printed; it decides nothing. The
//! two texts are then aligned in order ([`align`](compare)), and [`Overlap::is_reprint`] decides by how
//! much of each the other holds, unless what differs is the news (`facts`): another number, place or
//! person, the other of two grades or directions (`contrast`), a negation, two names in each other's
//! place, another word where the text tells its news. How strong the equal rest is does not matter
//! then. A later text with other figures, or with more to tell, is an [`Update`].
//!
//! Titles hardly count, since papers write their own; but two of one mould that differ in a word which
//! is news (`headline`) are above two reports.

mod align;
mod compare;
mod contrast;
mod difference;
mod facts;
mod headline;
mod join;
mod numeral;
mod places;
mod plain;
mod signature;
mod standing;
mod strip;
mod words;

pub use compare::Overlap;
pub use compare::Update;
pub use compare::compare;
pub use difference::Fact;
pub use facts::Change;
pub use join::Anchor;
pub use join::Joined;
pub use join::Printed;
pub use join::headline_changes;
pub use join::is_claimed;
pub use join::join;
pub use join::prints_more;
pub use join::tell_other_news;
pub use plain::Plain;
pub use signature::least_shared;
pub use signature::signature;
pub use standing::Standing;

/// The version of everything that decides a signature; part of the index version.
pub const VERSION: &str = "reprint1";
