//! Cues that take several blocks to see: margins, pairs of short lines, columns of briefs.

use crate::cohesion;
use crate::cue::Cue;
use crate::cue::Cues;
use crate::kind;
use crate::learned;
use crate::line::Block;
use crate::observe::FURNITURE;
use crate::observe::PEOPLE;
use crate::opening;

/// Cues of pages whose paragraphs are indented.
pub(super) fn margins(blocks: &[Block], cues: &mut [Cues]) {
    let texts = || blocks.iter().zip(&*cues).filter(|(_, cues)| cues.has(Cue::Long));
    let (all, indented) = (texts().count(), texts().filter(|(block, _)| block.indented).count());
    if indented < 3 || indented * 5 < all * 4 {
        return;
    }
    for (block, cue) in blocks.iter().zip(cues.iter_mut()) {
        cue.note(Cue::Indented, block.indented);
        cue.note(Cue::AtMargin, !block.indented && !cue.any(FURNITURE) && !cue.any(PEOPLE));
    }
}

/// Whether a block is a short line that can head something.
fn is_small(cues: Cues) -> bool {
    cues.has(Cue::Short) && !cues.any(FURNITURE) && !cues.any(&[Cue::Figures, Cue::Label])
}

/// Cues of short lines without a mark directly below a headline that has one, before any text.
pub(super) fn below_marked(blocks: &[Block], cues: &mut [Cues]) {
    const PIECES: &[Cue] = &[
        Cue::Broken,
        Cue::EndsOpen,
        Cue::StopInside,
        Cue::LeadBegins,
        Cue::Opener,
        Cue::PhotoLine,
        Cue::BoxWord,
        Cue::Numbered,
        Cue::Figures,
    ];
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let broken = opening::is_broken(&own);
    let line = |cues: Cues| {
        let short = cues.any(&[Cue::Short, Cue::Middling]) && !cues.has(Cue::Closed);
        short && !cues.any(FURNITURE) && !cues.any(&[Cue::Label]) && !cues.any(PIECES)
    };
    let mut below = false;
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        if block.level > 0 {
            below = cue.has(Cue::TopMark);
            continue;
        }
        below = below && line(*cue);
        if !below {
            continue;
        }
        let end = (i..blocks.len()).find(|at_| !line(at(*at_))).unwrap_or(blocks.len());
        let directly = i > 0 && blocks.get(i - 1).is_some_and(|above| above.level > 0);
        let alone = directly && end == i + 1;
        let named = at(end).any(&[Cue::RoleLine, Cue::BracketRole, Cue::MakerLine]);
        let read = learned::line(&block.text);
        let margin = read.headline - read.text;
        let title = named && margin > -4.0
            || !broken
                && alone
                && is_small(*cue)
                && margin > -2.0
                && at(end).any(&[Cue::Closed, Cue::Long]);
        cue.note(Cue::BelowMarked, title && !at(end).has(Cue::Continuation));
    }
}

/// Cues of two short lines between texts, and of a line whose words the next text begins with.
pub(super) fn pairs(blocks: &[Block], cues: &mut [Cues]) {
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let is_text = |cues: Cues| cues.any(&[Cue::Closed, Cue::Long, Cue::Broken, Cue::Opener]);
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        if block.level > 0 || !is_small(*cue) {
            continue;
        }
        let ends = |i: usize| i == 0 || !is_small(at(i - 1)) && at(i - 1).any(ENDS);
        let below = |i: usize| at(i).any(PEOPLE) || at(i).has(Cue::Dash);
        let behind = |i: usize| {
            is_text(at(i)) || below(i) && (is_text(at(i + 1)) || below(i + 1) && is_text(at(i + 2)))
        };
        let (here, next) = (at(i), at(i + 1));
        let plain = |cues: Cues| !cues.any(&[Cue::Dash, Cue::Office, Cue::BoxTag, Cue::Tag]);
        let unmarked = |i: usize| blocks.get(i).is_some_and(|block| block.level == 0);
        let first = ends(i) && unmarked(i + 1) && is_small(next) && behind(i + 2);
        let fits = plain(here) && (plain(next) || next.has(Cue::Tag));
        cue.note(Cue::PairFirst, first && fits);
        let second =
            i > 0 && ends(i - 1) && unmarked(i - 1) && is_small(at(i - 1)) && behind(i + 1);
        let fits = second && plain(at(i - 1)) && (plain(here) || here.has(Cue::Tag));
        cue.note(Cue::PairSecond, fits);
    }
    for (i, cue) in cues.iter_mut().enumerate().filter(|(_, cue)| is_small(**cue)) {
        let text = |i: usize| blocks.get(i).map_or("", |block| block.text.as_str());
        let lead = if at(i + 1).any(PEOPLE) { i + 2 } else { i + 1 };
        cue.note(Cue::LeadEcho, is_text(at(lead)) && cohesion::begins_alike(text(i), text(lead)));
    }
}

/// How a short line is built, for comparing it with others: its length, and what stands in it.
#[derive(Clone, Copy)]
struct Build {
    count: usize,
    marks: [bool; 4],
    last: Option<char>,
}

fn build(text: &str) -> Build {
    Build {
        count: text.chars().count(),
        marks: ["，", " ", "“", "："].map(|mark| text.contains(mark)),
        last: text.chars().next_back(),
    }
}

impl Build {
    fn is_like(self, other: Self) -> bool {
        let apart = self.count.abs_diff(other.count);
        let ends = self.last == other.last;
        apart <= 2 && self.marks == other.marks || apart <= 5 && ends
    }
}

/// Cues of short lines that come again and again in one article, built alike.
///
/// Two lines count as of one article where no sure beginning of another stands between them: names
/// or an opener below a line, a line that closes an article.
pub(super) fn alike(blocks: &[Block], cues: &mut [Cues]) {
    const LONGEST: usize = 20;
    const ROW: usize = 6;
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let mut row: Vec<(usize, Build)> = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let here = at(i);
        let sure = |i: usize| at(i).any(PEOPLE) || at(i).has(Cue::Opener);
        let begins = is_small(here) && (sure(i + 1) || is_small(at(i + 1)) && sure(i + 2));
        if here.any(PEOPLE) || here.any(FURNITURE) || begins || here.has(Cue::Tag) {
            row.clear();
            continue;
        }
        let text = block.text.as_str();
        let runs_on = here.any(RUNNING);
        if !is_small(here) || runs_on || block.level > 0 || text.chars().nth(LONGEST).is_some() {
            continue;
        }
        let build = build(text);
        let near = row.iter().rev().take(ROW);
        // Two lines in a row are no row of subheadings.
        let like: Vec<usize> = near
            .filter(|(other, shape)| other + 1 < i && shape.is_like(build))
            .map(|(other, _)| *other)
            .collect();
        for other in like.iter().chain((!like.is_empty()).then_some(&i)) {
            if let Some(cue) = cues.get_mut(*other) {
                cue.note(Cue::Alike, true);
            }
        }
        row.push((i, build));
    }
}

/// What tells a line of running text from a heading.
const RUNNING: &[Cue] = &[
    Cue::Flows,
    Cue::Broken,
    Cue::EndsOpen,
    Cue::StopInside,
    Cue::NumberAcross,
    Cue::LeadBegins,
    Cue::FullLine,
    Cue::AfterBroken,
];

/// What a pair of short lines may stand behind.
const ENDS: &[Cue] = &[
    Cue::Closed,
    Cue::CreditLine,
    Cue::BracketRole,
    Cue::PointerPhrase,
    Cue::StaffLine,
    Cue::MastheadLine,
    Cue::PageLine,
    Cue::ClosingLine,
    Cue::Office,
];

/// Cues of the items of a column of briefs: a line and one short text, again and again.
pub(super) fn briefs(blocks: &[Block], cues: &mut [Cues]) {
    const ITEM_CHARS: usize = 200;
    let own: Vec<Cues> = cues.to_vec();
    let at = |i: usize| own.get(i).copied().unwrap_or_default();
    let short = |i: usize| blocks.get(i).is_some_and(|b| b.text.chars().nth(ITEM_CHARS).is_none());
    let mut inside = false;
    let mut texts = 0;
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        if block.text.chars().nth(8).is_none() && kind::is_for_briefs(&block.text) {
            (inside, texts) = (true, 0);
            continue;
        }
        if is_small(*cue) {
            inside = inside && !is_small(at(i + 1)) && short(i + 1) && block.level == 0;
            cue.note(Cue::BriefItem, inside);
            texts = 0;
        } else if !cue.any(PEOPLE) {
            texts += usize::from(!cue.has(Cue::Continuation));
            inside = inside && texts < 3;
        }
    }
}
