//! What a piece was last found to be worth, for choosing pieces one after the other.
//!
//! A piece is worth less the more is told already, so a bid is only a bound: whoever takes the best
//! one weighs it again and puts it back if another is worth more now.

use std::cmp::Ordering;

/// A piece and what it was last found to be worth. In a heap the best comes first.
#[derive(Debug)]
pub struct Bid<T> {
    /// What it was last found to be worth.
    pub worth: f32,
    /// Its place among the pieces; of equally good ones the earlier wins, so that two runs choose
    /// alike.
    pub rank: usize,
    /// The piece.
    pub item: T,
}

impl<T> PartialEq for Bid<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Bid<T> {}

impl<T> PartialOrd for Bid<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Bid<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.worth.total_cmp(&other.worth).then(other.rank.cmp(&self.rank))
    }
}
