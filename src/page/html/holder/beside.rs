//! Where another article begins below the text: by the rank of its heading, by names, or as one of a
//! list of cards.

use crate::html::holder::Scene;
use crate::html::tree::Piece;

impl Scene<'_> {
    /// Whether a heading begins another article: it stands in another element than the text before
    /// it, and has the headline's rank or names that speak against it.
    pub(super) fn is_next(
        &self,
        at: usize,
        last_text: Option<usize>,
        headline: Option<usize>,
    ) -> bool {
        let piece_at = |at: Option<usize>| at.and_then(|at| self.outline.pieces.get(at));
        let (Some(piece), Some(text), Some(line)) =
            (piece_at(Some(at)), piece_at(last_text), piece_at(headline))
        else {
            return false;
        };
        let parent = |piece: &Piece| self.outline.elements.get(piece.element).map(|one| one.parent);
        let ranks = line.heading > 0 && (1..=line.heading).contains(&piece.heading);
        let sunk = piece.heading > 0 && self.down_of(piece) < self.down_of(text) * SUNK;
        let leads = piece.heading > 0
            && (piece.is_link() && self.leads_away(at)
                || self.is_card(at) && self.is_outside(at, headline, last_text));
        (ranks || sunk || leads) && piece.text != line.text && parent(piece) != parent(text)
    }

    /// Whether the linked heading at `at` is one of several with a few lines below each: those of
    /// other articles.
    fn leads_away(&self, at: usize) -> bool {
        let pieces = &self.outline.pieces;
        let near = at.saturating_sub(BLURB_PIECES)..(at + 1 + BLURB_PIECES).min(pieces.len());
        let near = pieces.get(near).unwrap_or_default();
        near.iter().filter(|piece| piece.heading > 0 && piece.is_link()).count() >= 3
    }

    /// Whether the heading at `at` stands in one of several boxes of one shape, each with a heading
    /// and a line or two.
    fn is_card(&self, at: usize) -> bool {
        let Some(piece) = self.outline.pieces.get(at) else { return false };
        let element = |at: usize| self.outline.elements.get(at);
        let boxes = self.outline.around(piece).filter_map(element);
        let own = boxes.into_iter().find(|one| one.to > one.from + 1);
        let Some(own) = own.filter(|one| one.from == at && one.to <= at + 4 && one.shape != 0)
        else {
            return false;
        };
        let near = own.from.saturating_sub(CARD_PIECES)..own.to + CARD_PIECES;
        // Elements are in the order of their beginnings.
        let elements = &self.outline.elements;
        let first = elements.partition_point(|one| one.from < near.start);
        let alike = elements.iter().skip(first).take(CARD_ELEMENTS).filter(|one| {
            one.shape == own.shape && near.contains(&one.from) && one.to <= one.from + 4
        });
        alike.take(3).count() == 3
    }

    /// Whether a piece stands outside the smallest element that holds both headline and text.
    fn is_outside(&self, at: usize, headline: Option<usize>, text: Option<usize>) -> bool {
        let (Some(line), Some(text)) = (headline, text) else { return false };
        let Some(piece) = self.outline.pieces.get(line) else { return false };
        let mut around =
            self.outline.around(piece).filter_map(|one| self.outline.elements.get(one));
        around.find(|one| one.to > text).is_some_and(|one| at >= one.to)
    }
}

/// What is left of the mass of a text, at most, below whose heading other articles begin.
const SUNK: f64 = 0.6;
/// Pieces around a linked heading among which two more make a list of other articles.
const BLURB_PIECES: usize = 12;
/// Elements that are looked at around a box.
const CARD_ELEMENTS: usize = 400;
/// Pieces around a box among which others of its shape are looked for.
const CARD_PIECES: usize = 16;
