//! Which element of a web page holds its article?
//!
//! Running text outside links gives each piece a mass, which its element and those around it share
//! (after Kohlschütter et al. 2010 and Arc90's Readability). Names of elements, what stands above a
//! part (“comments”, “more news”) and the distance to the headline raise or lower it: they are weighed
//! and forbid nothing, and none of them counts against an element that holds the headline.

mod beside;

use std::collections::HashSet;

use crate::html::tree::Outline;
use crate::html::tree::Piece;
use crate::html::wording;
use crate::html::words::Roles;
use wenmai_text::likeness::bigrams;

/// A page with what was measured on it.
pub(super) struct Scene<'a> {
    /// The page.
    pub outline: &'a Outline,
    /// Mass of each piece before anything is weighed.
    mass: Vec<f64>,
    /// Sums of `mass` before each piece.
    before: Vec<f64>,
    /// What the names of an element and those around it leave of its mass, 0 to 1 and a little more.
    down: Vec<f64>,
    /// Sums, before each piece, of the mass of what reads like the page's own text.
    own_before: Vec<f64>,
    /// Characters and characters inside links before each piece.
    chars_before: Vec<(usize, usize)>,
    /// The piece that the page's description repeats, where it repeats one.
    described: Option<usize>,
    /// Which pieces stand under a heading of other articles, comments or rights.
    beside: Vec<bool>,
}

/// How many elements around a piece share its mass.
const SHARED: usize = 5;
/// How much more an element holds than the best one inside it, where texts are set in sections side
/// by side.
const CLEARLY: f64 = 1.2;
/// The same for an element that the page marks as its article.
const MARKED: f64 = 2.0;
/// What is left of the mass of what stands below the article.
const TAIL: f64 = 0.05;
/// The mass between headline and text at which the text is worth half.
const GAP: f64 = 500.0;

#[expect(clippy::cast_precision_loss, reason = "a length of text")]
fn mass(piece: &Piece, counts_hidden: bool) -> f64 {
    if piece.is_hidden && !counts_hidden || piece.is_link() || piece.heading > 0 {
        return 0.0;
    }
    let plain = piece.chars.saturating_sub(2 * piece.link_chars);
    if piece.marks >= 1 && plain >= 10 || plain >= 40 {
        plain as f64 + 10.0 * piece.marks.min(plain / 8) as f64
    } else if plain >= 4 {
        0.25 * plain as f64
    } else {
        0.0
    }
}

impl<'a> Scene<'a> {
    /// Measures a page; hidden text counts where `counts_hidden`.
    pub fn new(outline: &'a Outline, counts_hidden: bool) -> Self {
        let mass: Vec<f64> =
            outline.pieces.iter().map(|piece| mass(piece, counts_hidden)).collect();
        let before = sums(mass.iter().copied());
        let mut chars_before = vec![(0, 0)];
        let (mut chars, mut links) = (0, 0);
        for piece in &outline.pieces {
            chars += piece.chars;
            links += piece.link_chars;
            chars_before.push((chars, links));
        }
        let mut scene = Self {
            outline,
            mass,
            before,
            down: Vec::new(),
            own_before: Vec::new(),
            chars_before,
            beside: Vec::new(),
            described: described(outline),
        };
        scene.weigh(None);
        scene
    }

    /// Weighs the names of elements again, now that the headline is known, and finds where the part
    /// below the article begins.
    pub fn weigh(&mut self, headline: Option<usize>) {
        let whole = self.mass_in(0, usize::MAX).max(1.0);
        let mut down: Vec<f64> = Vec::with_capacity(self.outline.elements.len());
        for (at, element) in self.outline.elements.iter().enumerate() {
            let above = if element.parent == at {
                1.0
            } else {
                down.get(element.parent).copied().unwrap_or(1.0)
            };
            let holds = headline.is_some_and(|line| element.from <= line && line < element.to);
            let most = self.mass_in(element.from, element.to) * 2.0 > whole;
            let own = factor(&element.name, element.roles, &element.property);
            let is_comment = element.roles.has(Roles::COMMENT);
            // What holds most of the page is the article, unless a text stands between it and the
            // headline.
            let first = headline.is_none_or(|line| self.mass_in(line + 1, element.from) < TEXT_MIN);
            let own = if holds || most && first && !is_comment { own.max(1.0) } else { own };
            down.push((above * own).clamp(0.02, 3.0));
        }
        self.down = down;
        let pieces = self.outline.pieces.iter().zip(&self.mass);
        let own =
            pieces.map(
                |(piece, mass)| {
                    if piece.marks > 0 && self.down_of(piece) >= 0.5 { *mass } else { 0.0 }
                },
            );
        self.own_before = sums(own);
        self.find_beside(headline);
    }

    /// Marks what stands under headings such as 相关阅读 and 网友评论, behind the first text.
    fn find_beside(&mut self, headline: Option<usize>) {
        let mut beside = vec![false; self.outline.pieces.len()];
        let (mut seen, mut last_text) = (0.0, None);
        let mut at = headline.map_or(0, |line| line + 1);
        while let Some(piece) = self.outline.pieces.get(at) {
            let parts = wording::is_below(&piece.text) || self.is_next(at, last_text, headline);
            if seen >= TEXT_MIN && parts {
                let end = self.box_end(at, last_text.unwrap_or_default());
                beside.iter_mut().take(end).skip(at).for_each(|one| *one = true);
                at = end.max(at + 1);
                continue;
            }
            if self.down_of(piece) >= 0.5 && piece.marks > 0 && self.mass_of(at) > 0.0 {
                seen += self.mass_of(at);
                last_text = Some(at);
            }
            at += 1;
        }
        self.beside = beside;
    }

    /// Where the part ends that the heading at `at` is over: an element of its own, else the list
    /// behind it in the element of the text.
    pub fn box_end(&self, at: usize, last_text: usize) -> usize {
        self.own_box(at, last_text).unwrap_or_else(|| {
            let around = self
                .outline
                .pieces
                .get(at)
                .into_iter()
                .flat_map(|piece| self.outline.around(piece));
            let mut elements = around.filter_map(|element| self.outline.elements.get(element));
            let shared = elements.find(|one| one.from <= last_text);
            self.flat_end(at, shared.map_or(self.outline.pieces.len(), |one| one.to))
        })
    }

    /// The end of the smallest element around the heading at `at` that holds more than a heading and
    /// nothing of the text before it.
    pub fn own_box(&self, at: usize, last_text: usize) -> Option<usize> {
        let piece = self.outline.pieces.get(at)?;
        let elements =
            self.outline.around(piece).filter_map(|element| self.outline.elements.get(element));
        let own = elements.take_while(|one| one.from > last_text);
        let holds = |to: usize| {
            self.links_in(at + 1, to) >= BOX_CHARS || self.mass_in(at + 1, to) >= TEXT_MIN
        };
        own.map(|one| one.to.max(at + 1)).find(|to| holds(*to))
    }

    /// Where a list ends that stands in one element with the text: where two paragraphs follow each
    /// other again. Comments are paragraphs themselves, so behind their heading nothing goes on.
    fn flat_end(&self, at: usize, to: usize) -> usize {
        let heading = self.outline.pieces.get(at).map_or("", |piece| piece.text.as_str());
        if wording::is_comments(heading) {
            return to.max(at + 1);
        }
        let reads = |place: usize| {
            let piece = self.outline.pieces.get(place).filter(|_| place < to);
            piece.is_some_and(|piece| {
                piece.marks > 0 && piece.chars >= 25 && piece.link_chars * 3 < piece.chars
            })
        };
        let mut near = at + 1..to.min(at + LIST_PIECES);
        near.find(|place| reads(*place) && reads(place + 1)).unwrap_or(to.max(at + 1))
    }

    /// Whether a piece stands under a heading of other articles, comments or rights.
    pub fn is_beside(&self, at: usize) -> bool {
        self.beside.get(at).copied().unwrap_or_default()
    }

    /// Characters inside links of the pieces from one up to another.
    fn links_in(&self, from: usize, to: usize) -> usize {
        let at = |index: usize| {
            self.chars_before.get(index.min(self.outline.pieces.len())).map_or(0, |sums| sums.1)
        };
        at(to).saturating_sub(at(from))
    }

    /// What the names of the elements around a piece leave of its mass.
    pub fn down_of(&self, piece: &Piece) -> f64 {
        self.down.get(piece.element).copied().unwrap_or(1.0)
    }

    /// What the names of an element, relative to one around it, leave of its mass.
    pub fn down_between(&self, inner: usize, outer: usize) -> f64 {
        let of = |at: usize| self.down.get(at).copied().unwrap_or(1.0);
        of(inner) / of(outer)
    }

    /// Mass of the pieces from one up to another.
    pub fn mass_in(&self, from: usize, to: usize) -> f64 {
        between(&self.before, from, to)
    }

    /// Mass of a piece.
    pub fn mass_of(&self, at: usize) -> f64 {
        self.mass.get(at).copied().unwrap_or_default()
    }

    /// Mass before a piece.
    pub fn mass_before(&self, at: usize) -> f64 {
        self.mass_in(0, at)
    }

    /// Mass behind a piece.
    pub fn mass_after(&self, at: usize) -> f64 {
        self.mass_in(at + 1, usize::MAX)
    }

    /// What the names of the two innermost blocks of a piece say.
    pub fn roles_near(&self, piece: &Piece) -> Roles {
        let near = self.outline.around(piece).take(2);
        near.filter_map(|at| self.outline.elements.get(at))
            .fold(piece.roles, |all, e| all.with(e.roles))
    }

    /// Pairs of characters of the longest texts of the page.
    pub fn sample_pairs(&self) -> HashSet<(char, char)> {
        let mut pairs = HashSet::new();
        for piece in
            self.outline.pieces.iter().filter(|piece| piece.marks > 0 && !piece.is_link()).take(80)
        {
            let letters: Vec<char> =
                piece.text.chars().filter(|c| c.is_alphanumeric()).take(600).collect();
            pairs.extend(bigrams(letters));
        }
        pairs
    }

    /// The weighed mass of a piece.
    fn weighed(&self, at: usize, piece: &Piece) -> f64 {
        let tail = if self.is_beside(at) { TAIL } else { 1.0 };
        self.mass_of(at) * self.down_of(piece) * tail
    }

    /// The element that holds the text, where there is any.
    pub fn holder(&self, headline: Option<usize>) -> Option<usize> {
        let mut scores: Vec<Held> = vec![Held::default(); self.outline.elements.len()];
        for (at, piece) in self.outline.pieces.iter().enumerate() {
            let weighed = self.weighed(at, piece);
            if weighed <= 0.0 {
                continue;
            }
            let mut share = weighed;
            let mut shared = 0;
            for element in self.outline.around(piece) {
                let Some(held) = scores.get_mut(element) else { break };
                if held.first.is_none() && piece.marks > 0 {
                    held.first = Some(at);
                }
                held.mass += weighed;
                if shared < SHARED {
                    held.score += share;
                }
                // What is no more than one paragraph shares with its parent in full.
                let alone = self.outline.elements.get(element).is_some_and(|e| e.to <= e.from + 1);
                if !alone {
                    share /= 2.0;
                    shared += 1;
                }
            }
        }
        let worth = |held: &Held| held.score * self.nearness(held.first, headline);
        let described = |at: usize| {
            let one = self.outline.elements.get(at);
            let holds = one
                .zip(self.described)
                .is_some_and(|(one, piece)| (one.from..one.to).contains(&piece));
            if holds { DESCRIBED } else { 1.0 }
        };
        let mut ranked: Vec<(usize, f64)> =
            scores.iter().enumerate().map(|(at, held)| (at, worth(held) * described(at))).collect();
        ranked.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
        let (mut holder, _) = ranked.first().copied().filter(|(_, worth)| *worth > 0.0)?;
        let mut mass = scores.get(holder)?.mass;
        for element in self.outline.up(holder).skip(1).collect::<Vec<_>>() {
            if let Some(more) = scores.get(element)
                && more.mass > mass * self.clearly(holder, element)
                && self.adds_text(element, holder, more.mass - mass)
                && self.starts_well(element, holder, headline)
            {
                (holder, mass) = (element, more.mass);
            }
        }
        Some(holder)
    }

    /// How near a text that begins at `first` is to the headline, from 0 to 1.
    fn nearness(&self, first: Option<usize>, headline: Option<usize>) -> f64 {
        match (first, headline) {
            (Some(first), Some(line)) if first > line => {
                GAP / (GAP + between(&self.own_before, line + 1, first))
            }
            (Some(_), None) => 1.0,
            (Some(_), Some(_)) | (None, _) => 0.3,
        }
    }

    /// Whether an element around the holder takes in nothing that stands before the headline.
    fn starts_well(&self, outer: usize, inner: usize, headline: Option<usize>) -> bool {
        let (Some(outer), Some(inner), Some(line)) =
            (self.outline.elements.get(outer), self.outline.elements.get(inner), headline)
        else {
            return true;
        };
        line <= outer.from || inner.from <= line || self.mass_in(outer.from, line) < TEXT_MIN
    }

    /// How much more `outer` must hold than `holder` inside it: what the page marks as its article is
    /// seldom a part of it.
    fn clearly(&self, holder: usize, outer: usize) -> f64 {
        let mut between = self.outline.up(holder).take_while(|at| *at != outer);
        let marked = between.any(|at| {
            let one = self.outline.elements.get(at);
            one.is_some_and(|one| &*one.name == "article" || &*one.property == "articlebody")
        });
        if marked { MARKED } else { CLEARLY }
    }

    /// Whether what an element holds around an inner one is mostly running text, of `mass`: not links
    /// and short lines.
    fn adds_text(&self, outer: usize, inner: usize, mass: f64) -> bool {
        let (Some(outer), Some(inner)) =
            (self.outline.elements.get(outer), self.outline.elements.get(inner))
        else {
            return false;
        };
        let at = |index: usize| self.chars_before.get(index).copied().unwrap_or_default();
        let sums = |from: usize, to: usize| {
            let ((all, links), (all_from, links_from)) = (at(to), at(from));
            (all - all_from, links - links_from)
        };
        let ((all, links), (own, own_links)) =
            (sums(outer.from, outer.to), sums(inner.from, inner.to));
        let (added, added_links) = (all - own, links - own_links);
        #[expect(clippy::cast_precision_loss, reason = "a length of text")]
        let dense = mass >= added as f64 * 0.7;
        added_links * 4 <= added && dense
    }
}

/// Sums of the values before each place, one more than there are values.
fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums = vec![sum];
    for value in values {
        sum += value;
        sums.push(sum);
    }
    sums
}

/// The sum of the values from one place up to another.
fn between(sums: &[f64], from: usize, to: usize) -> f64 {
    let last = sums.len().saturating_sub(1);
    let at = |index: usize| sums.get(index.min(last)).copied().unwrap_or_default();
    at(to) - at(from)
}

/// Pieces of a list at most, behind which a text may go on.
const LIST_PIECES: usize = 200;
/// Characters of links from which what stands under a heading is a box of its own.
const BOX_CHARS: usize = 16;
/// How much more an element is worth that holds what the page's description repeats.
const DESCRIBED: f64 = 1.8;
/// Characters of a description from which it tells something.
const DESCRIPTION_CHARS: usize = 20;

/// The last piece that the page's own description repeats: sites take it from the first paragraph.
fn described(outline: &Outline) -> Option<usize> {
    let named = outline.meta.iter().find(|(name, value)| {
        matches!(name.as_str(), "description" | "og:description")
            && value.chars().count() >= DESCRIPTION_CHARS
    });
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(300).collect::<Vec<char>>();
    let own: HashSet<(char, char)> = bigrams(letters(&named?.1)).collect();
    let shared = |piece: &Piece| {
        let pairs: HashSet<(char, char)> = bigrams(letters(&piece.text)).collect();
        pairs.intersection(&own).count()
    };
    let texts = outline.pieces.iter().enumerate().filter(|(_, piece)| {
        piece.marks > 0
            && piece.chars >= DESCRIPTION_CHARS
            && !piece.is_link()
            && piece.heading == 0
    });
    let best = texts.map(|(at, piece)| (shared(piece), at)).max()?;
    (best.0 * 2 >= own.len() && best.0 >= DESCRIPTION_CHARS / 2).then_some(best.1)
}

/// Mass from which a text is one.
pub(super) const TEXT_MIN: f64 = 40.0;

/// What an element holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    score: f64,
    mass: f64,
    /// Its first piece that reads like a text.
    first: Option<usize>,
}

/// What tag and names of an element leave of the mass inside.
fn factor(name: &str, roles: Roles, property: &str) -> f64 {
    let tag = match name {
        "nav" => 0.15,
        "footer" => 0.2,
        "aside" => 0.5,
        "article" | "main" => 1.3,
        "details" | "ul" | "ol" | "dl" => 0.7,
        _ => 1.0,
    };
    let mut named = 1.0;
    for (role, factor) in [
        (Roles::COMMENT, 0.15),
        (Roles::OTHER, 0.4),
        (Roles::FRAME, 0.4),
        (Roles::NOTICE, 0.4),
        (Roles::SUMMARY, 0.7),
        (Roles::CAPTION, 0.5),
    ] {
        if roles.has(role) {
            named *= factor;
        }
    }
    if roles.has(Roles::BODY) {
        // `share-content` says both.
        named = f64::sqrt(named) * 1.15;
    }
    let property = if property.eq_ignore_ascii_case("articlebody") { 2.0 } else { 1.0 };
    tag * named * property
}
