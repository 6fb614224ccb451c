//! Which pieces of the element that holds an article are its text?
//!
//! Paragraphs, subheads and captions are kept, each as what it is; lines that speak of the article
//! (day, source, editor) are read as claims; boxes with other articles, notices, votes and tools are
//! left out, and what stands below the article ends it.

mod kind;
mod parts;

use crate::html::claims::Claims;
use crate::html::claims::Trust;
use crate::html::headline::Headline;
use crate::html::headline::Names;
use crate::html::holder::Scene;
use crate::html::holder::TEXT_MIN;
use crate::html::tree::Element;
use crate::html::tree::Piece;
use crate::html::wording;

pub(super) use parts::Body;
pub(super) use parts::Paragraph;
pub(super) use parts::shared;

/// What a piece was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Text,
    Subhead,
    Caption,
    /// It speaks of the article.
    About,
    Nothing,
}

/// Reads the text in `holder`, and the lead between it and the headline.
pub(super) fn read(
    scene: &Scene<'_>,
    holder: usize,
    headline: &Headline,
    names: &Names,
    claims: &mut Claims,
) -> Body {
    let Some(element) = scene.outline.elements.get(holder) else { return Body::default() };
    let reader = Reader::new(scene, holder, element, headline, names);
    let taken = reader.take();
    reader.about(&taken, claims);
    reader.body(&taken)
}

struct Reader<'a> {
    scene: &'a Scene<'a>,
    pieces: &'a [Piece],
    holder: usize,
    /// First piece that may be text, and one past the last.
    from: usize,
    to: usize,
    /// First piece of the holder.
    inside: usize,
    headline: &'a Headline,
    names: &'a Names,
    /// The element whose children most paragraphs are, where most are children of one.
    home: Option<usize>,
    /// The first paragraph among those of `home`.
    first_home: usize,
    /// Whether any element with one piece is a paragraph: some sites set paragraphs as `div`.
    any_leaf: bool,
    /// Whether hidden pieces count, since nothing else is there.
    counts_hidden: bool,
}

/// Names of elements that hold one paragraph.
const LEAVES: [&str; 9] = ["p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"];
/// The shortest line that is taken for running text wherever it stands, in characters.
const RUNNING_CHARS: usize = 16;
/// Pieces between headline and holder that are looked at.
const LEAD_PIECES: usize = 40;
/// Paragraphs of a lead at most.
const LEADS_MAX: usize = 2;
/// How many times more text an element holds than what stands behind it in another one and is
/// therefore left out.
const TRAIL: f64 = 5.0;

impl<'a> Reader<'a> {
    fn new(
        scene: &'a Scene<'a>,
        holder: usize,
        element: &Element,
        headline: &'a Headline,
        names: &'a Names,
    ) -> Self {
        let behind = headline.index.map(|at| at + headline.count);
        let from = match behind {
            Some(behind) if behind <= element.from => {
                behind.max(element.from.saturating_sub(LEAD_PIECES))
            }
            Some(behind) if behind < element.to => behind,
            Some(_) | None => element.from,
        };
        let visible = scene.mass_in(element.from, element.to) > 0.0;
        let mut reader = Self {
            scene,
            pieces: &scene.outline.pieces,
            holder,
            from,
            to: element.to,
            inside: element.from,
            headline,
            names,
            home: None,
            first_home: 0,
            any_leaf: false,
            counts_hidden: false,
        };
        reader.counts_hidden = visible
            && scene
                .outline
                .pieces
                .get(element.from..element.to)
                .unwrap_or_default()
                .iter()
                .all(|piece| piece.is_hidden || is_slight(piece));
        reader.home = reader.find_home();
        if reader.home.is_none() {
            reader.any_leaf = true;
            reader.home = reader.find_home();
        }
        let reads = |at: &usize| {
            reader.pieces.get(*at).is_some_and(|piece| piece.marks > 0 && reader.is_home(piece))
        };
        reader.first_home = (reader.inside..reader.to)
            .find(reads)
            .filter(|_| reader.home.is_some())
            .unwrap_or_default();
        reader
    }

    /// The element that a piece is a paragraph of.
    fn parent(&self, piece: &Piece) -> usize {
        let element = self.scene.outline.elements.get(piece.element);
        let is_leaf =
            |one: &Element| LEAVES.contains(&&*one.name) || self.any_leaf && one.to <= one.from + 1;
        element.map_or(0, |one| if is_leaf(one) { one.parent } else { piece.element })
    }

    fn find_home(&self) -> Option<usize> {
        let mut counts: std::collections::BTreeMap<usize, usize> =
            std::collections::BTreeMap::new();
        let mut all = 0;
        for (at, piece) in self.pieces.iter().enumerate().take(self.to).skip(self.inside) {
            if self.scene.is_beside(at) {
                continue;
            }
            let down = self.scene.down_between(piece.element, self.holder);
            if piece.marks > 0
                && !piece.is_link()
                && piece.chars >= RUNNING_CHARS
                && (down >= 0.5 || self.most_of_holder(piece))
            {
                *counts.entry(self.parent(piece)).or_default() += piece.chars;
                all += piece.chars;
            }
        }
        let (home, most) =
            counts.into_iter().max_by_key(|(at, count)| (*count, std::cmp::Reverse(*at)))?;
        (most * 5 >= all * 3).then_some(home)
    }

    fn is_home(&self, piece: &Piece) -> bool {
        let Some(home) = self.home else { return true };
        let in_table =
            || self.row(piece).is_some() && self.scene.outline.around(piece).any(|at| at == home);
        self.parent(piece) == home || in_table()
    }

    /// What each piece from `from` to `to` is.
    fn take(&self) -> Vec<Taken> {
        let mut taken = vec![Taken::Nothing; self.to.saturating_sub(self.from)];
        let whole = self.scene.mass_in(self.inside, self.to);
        let mut seen = 0.0;
        let mut last_text: Option<usize> = None;
        let mut at = self.from;
        while at < self.to {
            let Some(piece) = self.pieces.get(at) else { break };
            let slot = at - self.from;
            let rest = self.scene.mass_in(at, self.to);
            let ends =
                wording::is_rights(&piece.text) || wording::is_pay(&piece.text) && piece.chars < 60;
            if seen >= TEXT_MIN && ends && rest <= seen.max(whole * 0.5) {
                break;
            }
            if seen >= TEXT_MIN && self.is_next_article(piece) {
                break;
            }
            if seen >= TEXT_MIN && wording::is_below(&piece.text) && !piece.text.ends_with('。') {
                match self.behind_box(at, last_text, seen, rest) {
                    Some(next) => {
                        at = next;
                        continue;
                    }
                    None => break,
                }
            }
            let kind = if ends || wording::is_below(&piece.text) {
                Taken::Nothing
            } else {
                self.kind(at, piece, seen)
            };
            if let Some(place) = taken.get_mut(slot) {
                *place = kind;
            }
            if matches!(kind, Taken::Text | Taken::Subhead) {
                last_text = Some(at);
                if at >= self.inside {
                    seen += self.scene.mass_of(at).max(if self.counts_hidden { 20.0 } else { 0.0 });
                }
            }
            at += 1;
        }
        if !taken.contains(&Taken::Text) {
            // A gallery has no text but the words under its pictures.
            taken
                .iter_mut()
                .filter(|one| **one == Taken::Caption)
                .for_each(|one| *one = Taken::Text);
        }
        self.settle_lead(&mut taken);
        self.trim(&mut taken);
        taken
    }

    /// A lead is one paragraph or two; more between headline and text are another box's.
    fn settle_lead(&self, taken: &mut [Taken]) {
        let lead = self.inside.max(self.first_home).saturating_sub(self.from);
        let count = taken.iter().take(lead).filter(|one| **one == Taken::Text).count();
        if count > LEADS_MAX {
            taken
                .iter_mut()
                .take(lead)
                .filter(|one| **one == Taken::Text)
                .for_each(|one| *one = Taken::Nothing);
        }
    }

    /// Where the text goes on behind a box of other articles; `None` where it does not.
    fn behind_box(
        &self,
        at: usize,
        last_text: Option<usize>,
        seen: f64,
        rest: f64,
    ) -> Option<usize> {
        let first = last_text.unwrap_or(self.from);
        if let Some(end) = self.scene.own_box(at, first) {
            return (end < self.to).then_some(end);
        }
        let end = self.scene.box_end(at, first);
        if end < self.to {
            return Some(end);
        }
        // Nothing parts the heading from what follows: the heading alone is left out where most of
        // the text is still to come.
        (rest > seen * 1.5).then_some(at + 1)
    }

    /// Takes off, at both ends, short lines that are no paragraphs of the text.
    fn trim(&self, taken: &mut [Taken]) {
        let reads = |slot: usize| {
            self.pieces.get(self.from + slot).is_some_and(|piece| {
                piece.marks > 0 && piece.chars >= RUNNING_CHARS && self.is_home(piece)
            })
        };
        let texts = |taken: &[Taken], slot: usize| {
            matches!(taken.get(slot), Some(Taken::Text | Taken::Subhead))
        };
        let is_text = |taken: &[Taken], slot: usize| texts(taken, slot) && reads(slot);
        let (Some(first), Some(last)) = (
            (0..taken.len()).find(|slot| is_text(taken, *slot)),
            (0..taken.len()).rfind(|slot| is_text(taken, *slot)),
        ) else {
            return;
        };
        let mass = |slots: std::ops::Range<usize>| -> f64 {
            slots
                .filter(|slot| texts(taken, *slot))
                .map(|slot| self.scene.mass_of(self.from + slot))
                .sum()
        };
        // A few paragraphs of another element behind the text are another text's.
        if self.home.is_some() && mass(last + 1..taken.len()) * TRAIL < mass(first..last + 1) {
            for (slot, one) in
                taken.iter_mut().enumerate().skip(last + 1).filter(|(_, one)| **one == Taken::Text)
            {
                if self.pieces.get(self.from + slot).is_some_and(|piece| !self.is_home(piece)) {
                    *one = Taken::About;
                }
            }
        }
        for slot in (0..first).chain(last + 1..taken.len()) {
            let Some(piece) = self.pieces.get(self.from + slot) else { continue };
            let place = self.from + slot;
            let runs = |piece: &Piece| piece.marks > 0 && piece.chars >= RUNNING_CHARS;
            // A subhead is as much of the text as what it heads.
            let heads = slot > last
                && taken.get(slot) == Some(&Taken::Subhead)
                && taken.get(slot + 1) == Some(&Taken::Text)
                && self.pieces.get(place + 1).is_some_and(runs);
            let fits = self.is_home(piece) || place < self.inside || runs(piece) || heads;
            if texts(taken, slot)
                && !fits
                && let Some(one) = taken.get_mut(slot)
            {
                *one = Taken::About;
            }
        }
    }

    /// Reads the lines that speak of the article.
    fn about(&self, taken: &[Taken], claims: &mut Claims) {
        let is_text = |one: &Taken| matches!(one, Taken::Text | Taken::Subhead);
        let first = taken.iter().position(is_text).unwrap_or(taken.len());
        let lines = taken.iter().enumerate().filter(|(_, one)| **one == Taken::About);
        for (slot, _) in lines.take(ABOUT_MAX) {
            let Some(piece) = self.pieces.get(self.from + slot) else { continue };
            let trust = if slot < first { Trust::Beside } else { Trust::AtEnd };
            claims.line(trust, &piece.text);
        }
    }

    fn body(&self, taken: &[Taken]) -> Body {
        let mut body = Body::default();
        let mut row: Option<(usize, usize)> = None;
        for (slot, one) in taken.iter().enumerate() {
            let Some(piece) = self.pieces.get(self.from + slot) else { continue };
            if matches!(one, Taken::Text | Taken::Subhead) {
                let at = self.from + slot;
                body.place = Some((body.place.map_or(at, |(first, _)| first), at));
            }
            match one {
                Taken::Caption => body.captions.push(piece.text.clone()),
                Taken::Text | Taken::Subhead => {
                    let this = self.row(piece);
                    match body.paragraphs.last_mut() {
                        // The cells of a table's row are one line.
                        Some(last) if is_beside(this, row) && piece.chars <= CELL_CHARS => {
                            last.text.push_str("  ");
                            last.text.push_str(&piece.text);
                        }
                        _ => body.paragraphs.push(Paragraph {
                            text: wording::without_notes(&piece.text).to_owned(),
                            is_subhead: *one == Taken::Subhead,
                        }),
                    }
                    row = this;
                }
                Taken::About | Taken::Nothing => {}
            }
        }
        // A heading at the very end heads nothing.
        while body.paragraphs.last().is_some_and(|last| last.is_subhead)
            && body.paragraphs.len() > 1
        {
            body.paragraphs.pop();
        }
        body
    }

    /// The row and the cell of a table inside the holder that a piece is all the text of.
    fn row(&self, piece: &Piece) -> Option<(usize, usize)> {
        let inner: Vec<usize> =
            self.scene.outline.around(piece).take_while(|at| *at != self.holder).collect();
        let named = |names: &[&str]| {
            inner.iter().copied().find(|at| {
                self.scene.outline.elements.get(*at).is_some_and(|one| names.contains(&&*one.name))
            })
        };
        let (row, cell) = (named(&["tr"])?, named(&["td", "th"])?);
        let alone = self.scene.outline.elements.get(cell).is_some_and(|one| one.to <= one.from + 1);
        alone.then_some((row, cell))
    }
}

/// Whether two cells stand in one row.
fn is_beside(this: Option<(usize, usize)>, before: Option<(usize, usize)>) -> bool {
    this.zip(before).is_some_and(|((row, cell), (row_before, cell_before))| {
        row == row_before && cell != cell_before
    })
}

/// Lines that are read for what they say of the article.
const ABOUT_MAX: usize = 100;
/// Longest cell that is joined with those beside it, in characters.
const CELL_CHARS: usize = 60;

/// Whether a piece is too short to matter.
fn is_slight(piece: &Piece) -> bool {
    piece.chars < 10 || piece.is_link()
}
