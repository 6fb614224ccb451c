//! Which cues fire for each block of a page.

mod runs;

use std::collections::HashMap;
use std::collections::HashSet;

use crate::Issue;
use crate::byline;
use crate::cohesion::Cohesion;
use crate::cohesion::Shift;
use crate::cue::Cue;
use crate::cue::Cues;
use crate::dateline;
use crate::kind;
use crate::line::Block;
use crate::line::EMPHASIS;
use crate::seam;
use crate::staff;
use crate::teaser;
use crate::wording;

/// The blocks of a page with their cues.
pub(crate) fn observe(blocks: &[Block], issue: &Issue) -> Vec<Cues> {
    let mut cues: Vec<Cues> = blocks.iter().map(own).collect();
    trailing(blocks, &mut cues);
    edges(blocks, issue, &mut cues);
    levels(blocks, &mut cues);
    runs::margins(blocks, &mut cues);
    runs::below_marked(blocks, &mut cues);
    neighbours(blocks, &mut cues);
    runs::pairs(blocks, &mut cues);
    runs::alike(blocks, &mut cues);
    runs::briefs(blocks, &mut cues);
    announced(blocks, &mut cues);
    topics(blocks, &mut cues);
    cues
}

/// Characters of a line, up to 91. Long headlines are set in parts, and have no commas: they count
/// as lines of 60.
fn length(text: &str) -> usize {
    let count = text.chars().take(91).count();
    let parts = !text.contains(['。', '，', ',']) && text.contains([' ', '　']);
    if (61..=90).contains(&count) && parts { 60 } else { count }
}

/// What can be seen in the block alone.
fn own(block: &Block) -> Cues {
    let text = block.text.as_str();
    let mut cues = Cues::default();
    let count = length(text);
    let tag = count <= 60 && !text.contains('。') && wording::TAG.is_match(text);
    let exclaims = count <= 24 && text.ends_with(['！', '？', '!', '?']) && !text.contains('。');
    let credited = byline::trailing_credit(text).is_some();
    let sourced = wording::ends_with_source(text);
    let photo = count <= 60 && wording::is_photo_line(text);
    let closed = (seam::is_closed(text) || credited || sourced) && !tag && !exclaims;
    cues.note(Cue::EndsWithSource, sourced);
    cues.note(Cue::PhotoLine, photo);
    cues.note(Cue::Exclaims, exclaims);
    cues.note(Cue::Long, count > 60);
    cues.note(Cue::Middling, (33..=60).contains(&count));
    cues.note(Cue::Closed, closed);
    cues.note(Cue::Broken, block.level == 0 && seam::is_broken(text));
    cues.note(Cue::Continuation, seam::is_continuation(text));
    cues.note(Cue::Opener, dateline::opener(text).is_some());
    cues.note(Cue::LeadLike, wording::LEAD.is_match(text));
    cues.note(Cue::Scene, count > 12 && wording::SCENE.is_match(text));
    cues.note(Cue::Shown, text.starts_with("图为"));
    let may_run_on = !closed && block.level == 0;
    cues.note(Cue::FullLine, block.full && may_run_on);
    if may_run_on && count <= 90 {
        running(text, count, &mut cues);
    }
    cues.note(Cue::ColonEnd, text.ends_with(['：', ':']));
    cues.note(Cue::EndsWithCredit, credited);
    cues.note(Cue::StaffLine, staff::lines(text).is_some());
    if count > 60 {
        return cues;
    }
    people(text, &mut cues);
    pointers(text, &mut cues);
    let bracketed = byline::unbracketed(text) != text;
    let closing = wording::closes(text);
    let note = bracketed && count <= 26 && !closing && !cues.any(PEOPLE);
    cues.note(Cue::BracketNote, note);
    cues.note(Cue::ClosingLine, closing);
    cues.note(Cue::BoxWord, wording::is_box(text));
    cues.note(Cue::Label, wording::LABEL.is_match(text));
    cues.note(Cue::BoxTag, wording::BOX_TAG.is_match(text));
    cues.note(Cue::Figures, wording::figures(text) && block.level == 0);
    cues.note(Cue::Office, wording::OFFICE.is_match(text) && block.level == 0);
    let notice = kind::is_notice(text) || kind::is_daily(text);
    cues.note(Cue::NoticeTitle, notice && !closed);
    if closed && !note || closing || photo {
        return cues;
    }
    cues.note(Cue::Short, count <= 32);
    cues.note(Cue::VeryShort, count <= 6);
    shapes(text, count, &mut cues);
    cues
}

/// Long kickers that trail off (……) above another line of their headline are no whole sentences.
fn trailing(blocks: &[Block], cues: &mut [Cues]) {
    const LONGEST: usize = 45;
    let heads = |cues: &Cues| cues.has(Cue::Short) && !cues.has(Cue::Closed) && !cues.any(PEOPLE);
    let small: Vec<bool> = cues.iter().skip(1).map(heads).collect();
    for ((block, cue), next) in blocks.iter().zip(cues.iter_mut()).zip(small) {
        let text = block.text.as_str();
        let trails = next && block.level == 0 && text.trim_end_matches('”').ends_with("……");
        if trails && !text.contains('。') && text.chars().nth(LONGEST).is_none() {
            cue.drop(Cue::Closed);
            cue.note(Cue::Short, true);
        }
    }
}

/// Cues of running text in a line that does not end as a sentence does.
fn running(text: &str, count: usize, cues: &mut Cues) {
    let spaced = text.contains([' ', '　']);
    let pieces: Vec<&str> = text.split(['，', ',']).collect();
    let commas = pieces.len() - 1;
    // `…都来帮忙，一起`: a heading does not stop right behind its comma.
    let stops = commas > 0 && pieces.last().is_some_and(|tail| tail.chars().count() <= 3);
    let flows = commas >= 2 && !spaced || stops || wording::SAYS.is_match(text);
    cues.note(Cue::Flows, flows && count <= 60);
    cues.note(Cue::HasComma, commas > 0 && !spaced && (12..=60).contains(&count));
    let begins = cues.any(&[Cue::Scene, Cue::LeadLike]);
    cues.note(Cue::LeadBegins, begins && commas > 0 && !text.contains(' '));
    let inner = text.trim_end_matches(['。', '；', ';']);
    cues.note(Cue::StopInside, inner.contains(['。', '；', ';']));
    let last = text.chars().next_back();
    cues.note(Cue::EndsOpen, last.is_some_and(|c| OPEN_ENDS.contains(c)));
    cues.note(Cue::Roomy, (21..=32).contains(&count) && !spaced);
}

/// Characters that no heading ends with: what they belong to is still to come.
const OPEN_ENDS: &str = "的和与及或并而在是对将把被从为以由向使让至于该其这那各每";

/// Cues of lines that name people.
pub(crate) const PEOPLE: &[Cue] = &[
    Cue::Names,
    Cue::OneName,
    Cue::RoleLine,
    Cue::BracketRole,
    Cue::DutyAndName,
    Cue::CreditLine,
    Cue::MakerLine,
];

/// Cues that make a line no candidate for a heading.
pub(crate) const FURNITURE: &[Cue] = &[
    Cue::StaffLine,
    Cue::BarePointer,
    Cue::PointerPhrase,
    Cue::TeaserHead,
    Cue::Names,
    Cue::OneName,
    Cue::RoleLine,
    Cue::BracketRole,
    Cue::DutyAndName,
    Cue::CreditLine,
    Cue::MastheadLine,
    Cue::PageLine,
    Cue::BoxWord,
    Cue::BeforePointer,
];

fn people(text: &str, cues: &mut Cues) {
    if byline::credit(text).is_some() {
        cues.note(Cue::CreditLine, true);
    } else if byline::with_roles(text).is_some() {
        let bracketed = byline::unbracketed(text) != text;
        cues.note(if bracketed { Cue::BracketRole } else { Cue::RoleLine }, true);
    } else if byline::makers(text) {
        cues.note(Cue::MakerLine, true);
    } else if wording::is_box(text) {
        // 手记, 连线: words, though some begin like names.
    } else if let Some(names) = byline::bare(text) {
        cues.note(if names.len() > 1 { Cue::Names } else { Cue::OneName }, true);
    } else {
        cues.note(Cue::DutyAndName, byline::titled(text).is_some());
    }
}

fn pointers(text: &str, cues: &mut Cues) {
    cues.note(Cue::TeaserHead, teaser::is_header(text));
    match teaser::pointer(text) {
        Some((_, true)) => cues.note(Cue::PointerPhrase, true),
        Some((_, false)) => cues.note(Cue::BarePointer, true),
        None => cues.note(Cue::EndsWithPointer, teaser::trailing(text).is_some()),
    }
}

/// Cues in the wording of a short line.
fn shapes(text: &str, count: usize, cues: &mut Cues) {
    let plain =
        text.trim_end_matches(|c: char| wording::SERIES.is_match(c.encode_utf8(&mut [0; 4])));
    cues.note(Cue::Series, wording::SERIES.is_match(text));
    let column = wording::COLUMN.is_match(plain) && count <= 14 || wording::TALKS.is_match(text);
    cues.note(Cue::ColumnWord, column);
    cues.note(Cue::Dash, text.starts_with("——") || text.starts_with("--"));
    cues.note(Cue::DashEnd, text.ends_with("——"));
    cues.note(Cue::Clause, wording::CLAUSE.is_match(text));
    cues.note(Cue::Tag, wording::TAG.is_match(text));
    cues.note(Cue::Numbered, wording::NUMBERED.is_match(text));
    cues.note(Cue::Quoted, text.starts_with('“') && text.ends_with('”'));
    let pieces: Vec<usize> = text.split_whitespace().map(|piece| piece.chars().count()).collect();
    let long = pieces.iter().filter(|count| **count >= 4).count();
    cues.note(Cue::TwoParts, pieces.len() >= 2 && long >= 2);
    let uneven = pieces.iter().any(|count| *count <= 3) && pieces.iter().any(|count| *count >= 4);
    cues.note(Cue::Stacked, pieces.len() >= 4 && uneven);
}

/// How many blocks at each end of a page can be its masthead.
const EDGE: usize = 5;

fn edges(blocks: &[Block], issue: &Issue, cues: &mut [Cues]) {
    let total = blocks.len();
    let mut teasers = false;
    for (at, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        teasers |= cue.has(Cue::TeaserHead);
        let text = block.text.as_str();
        let short = !cue.any(&[Cue::Long, Cue::Middling]);
        let edge = at < EDGE || at + EDGE >= total;
        let named = |name: &str| {
            let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            !name.is_empty() && plain == name
        };
        let name = named(&issue.paper)
            || at < 2 && (named(&issue.page_name) || wording::PAPER.is_match(text));
        let paper = short && name;
        let number = cue.has(Cue::Figures) && !text.contains(['年', '月']);
        let line = edge
            && !cue.has(Cue::Long)
            && !number
            && wording::MASTHEAD.is_match(text)
            && !cue.has(Cue::Closed);
        cue.note(Cue::MastheadLine, paper || line);
        let number = short && at < EDGE && !teasers && wording::PAGE_LINE.is_match(text);
        cue.note(
            Cue::PageLine,
            number && (text.contains('版') || at == 0 && text.starts_with('A')),
        );
    }
    let furniture = |cues: &Cues| cues.any(&[Cue::MastheadLine, Cue::PageLine]);
    if let Some(first) = cues.iter_mut().find(|cues| !furniture(cues)) {
        first.note(Cue::First, true);
    }
}

/// Cues of heading marks, which are only as good as their level among the page's others.
fn levels(blocks: &[Block], cues: &mut [Cues]) {
    let heading = |(block, cues): &(&Block, &Cues)| block.level > 0 && !cues.any(FURNITURE);
    let levels = blocks.iter().zip(&*cues).filter(heading).map(|(block, _)| block.level);
    let count = levels.clone().count();
    // Emphasis marks headings only where nothing else does, and more than one.
    let top = levels.clone().min().filter(|top| *top < EMPHASIS || count >= 3);
    let lowest = levels.max();
    // Where what stands above headlines has no marks, two marked lines are one headline.
    let alone = top != Some(EMPHASIS) || unmarked_above(blocks, cues);
    let mut higher_follows: Option<u8> = None;
    for (block, cue) in blocks.iter().zip(cues.iter_mut()).rev() {
        let level = block.level;
        if level == 0 {
            let heads = cue.any(&[Cue::Short, Cue::Middling]) || cue.any(PEOPLE);
            if !heads || cue.any(&[Cue::StaffLine, Cue::BarePointer, Cue::Opener]) {
                higher_follows = None;
            }
            let short = cue.has(Cue::Short) || cue.has(Cue::Middling) && !cue.has(Cue::Closed);
            let unmarked = top.is_some() && short && !cue.any(FURNITURE);
            let ends = cue.any(&[Cue::Office, Cue::ClosingLine, Cue::Figures]);
            let above = unmarked && higher_follows == top && !ends;
            cue.note(Cue::UnmarkedAboveMarked, above);
            cue.note(Cue::Unmarked, unmarked && !above);
            continue;
        }
        let lower = higher_follows.is_some_and(|next| next < level);
        let marked = level < EMPHASIS || top == Some(EMPHASIS);
        // Of several levels, two of the highest in a row are a headline in two lines.
        let same = higher_follows == Some(level)
            && (level < EMPHASIS || !alone)
            && (top == lowest || top != Some(level));
        cue.note(Cue::MarkedBeforeMarked, same && marked && !cue.any(FURNITURE));
        cue.note(Cue::Emphasis, !marked);
        cue.note(Cue::OnlyEmphasis, !marked && top.is_some_and(|top| top < EMPHASIS));
        cue.note(Cue::LowerBeforeHigher, lower && marked);
        cue.note(Cue::TopMark, marked && top == Some(level));
        cue.note(Cue::LowerMark, marked && top != Some(level));
        // A line with a dash above a text belongs to the headline above it.
        let below = cue.has(Cue::Dash) && higher_follows.is_none();
        if !cue.any(FURNITURE) && !below {
            higher_follows = Some(higher_follows.map_or(level, |next| next.min(level)));
        }
    }
}

/// Whether a short line without a mark stands directly above one that has one, anywhere.
fn unmarked_above(blocks: &[Block], cues: &[Cues]) -> bool {
    let pairs = blocks.iter().zip(cues).zip(blocks.iter().skip(1).zip(cues.iter().skip(1)));
    pairs.into_iter().any(|((above, cues), (block, below))| {
        let small = above.level == 0 && cues.has(Cue::Short) && !cues.any(FURNITURE);
        let ends = cues.any(&[Cue::Office, Cue::ClosingLine, Cue::Figures, Cue::Label]);
        small && !ends && block.level > 0 && !below.any(FURNITURE)
    })
}

/// Cues in the blocks before and behind.
fn neighbours(blocks: &[Block], cues: &mut [Cues]) {
    let own: Vec<Cues> = cues.to_vec();
    let at = |index: Option<usize>| index.and_then(|i| own.get(i)).copied().unwrap_or_default();
    let names = &[Cue::Names, Cue::OneName, Cue::RoleLine, Cue::DutyAndName];
    let usual_gap = usual_gap(blocks);
    for (i, (block, cue)) in blocks.iter().zip(cues.iter_mut()).enumerate() {
        let before = at(i.checked_sub(1));
        let (next, second) = (at(Some(i + 1)), at(Some(i + 2)));
        cue.note(Cue::BeforePointer, next.has(Cue::BarePointer) && !cue.any(FURNITURE));
        cue.note(Cue::BeforeOpener, next.has(Cue::Opener) && cue.has(Cue::Short));
        let above = i.checked_sub(1).and_then(|i| blocks.get(i)).map_or(0, |block| block.level);
        let label = before.has(Cue::Label)
            && i.checked_sub(1)
                .and_then(|i| blocks.get(i))
                .is_some_and(|b| b.text.ends_with(['：', ':']));
        cue.note(Cue::AfterLabel, label && !cue.any(&[Cue::Long, Cue::Closed]));
        let lower = above > 0 && block.level > above && block.level < EMPHASIS;
        cue.note(Cue::LowerAfterHigher, lower && !before.any(FURNITURE));
        let told = cue.has(Cue::OneName) && before.has(Cue::RoleLine) && next.has(Cue::Long);
        cue.note(Cue::SecondName, told);
        cue.note(Cue::BeforeByline, next.any(names));
        // Names directly below a heading belong to that one.
        let above = at(i.checked_sub(2));
        let theirs = above.any(&[Cue::Short, Cue::Middling]) && !above.any(&[Cue::Closed]);
        cue.note(Cue::AfterByline, before.any(names) && !theirs);
        // A name alone is a credit only below a scene: it may be the next article's author.
        let scene = cue.has(Cue::Scene) || before.has(Cue::Scene) && before.has(Cue::Closed);
        let credit = |cues: Cues| cues.has(Cue::CreditLine) || scene && cues.has(Cue::OneName);
        let text = cue.has(Cue::Closed) && !cue.any(FURNITURE);
        cue.note(Cue::BeforeCredit, text && credit(next));
        let credited = credit(second) || next.has(Cue::EndsWithCredit);
        let far = credited && next.has(Cue::Closed) && cue.has(Cue::Scene);
        cue.note(Cue::SceneBeforeCredit, text && far);
        cue.note(Cue::FarApart, i > 0 && block.gap > usual_gap);
        let open = i.checked_sub(1).and_then(|i| blocks.get(i)).is_some_and(|previous| {
            let running = before.any(&[Cue::Long, Cue::Broken, Cue::Flows, Cue::HasComma])
                && !before.any(&[Cue::Tag, Cue::TwoParts])
                || before.has(Cue::Long);
            running && previous.level == 0 && !before.any(FURNITURE) && !before.has(Cue::Closed)
        });
        cue.note(Cue::AfterBroken, open && block.level == 0 && !cue.any(PEOPLE));
        let follower = blocks.get(i + 1).filter(|next| next.level == 0 && block.level == 0);
        let first = follower.and_then(|next| next.text.chars().next());
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let number = digits(block.text.chars().next_back()) && digits(first);
        cue.note(Cue::NumberAcross, number && !cue.has(Cue::Figures));
        let previous = i.checked_sub(1).and_then(|i| blocks.get(i));
        let closes = previous
            .is_some_and(|previous| !before.has(Cue::Long) && wording::closes(&previous.text));
        let ended = before.any(ENDED) || closes;
        // Whoever signs a notice ends it.
        let signed = before.has(Cue::Office) && !cue.any(&[Cue::Office, Cue::Label]);
        cue.note(Cue::AfterClosing, ended || signed);
        let small = |cues: Cues| cues.has(Cue::Short) && !cues.any(FURNITURE);
        cue.note(Cue::BesideShort, small(*cue) && (small(before) || small(next)));
    }
}

/// What ends an article.
const ENDED: &[Cue] = &[
    Cue::CreditLine,
    Cue::EndsWithCredit,
    Cue::BracketRole,
    Cue::PointerPhrase,
    Cue::EndsWithSource,
];

/// The gap that most blocks have before them.
fn usual_gap(blocks: &[Block]) -> usize {
    let mut gaps: Vec<usize> = blocks.iter().skip(1).map(|block| block.gap).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(1)
}

/// What is compared of two titles: their characters without spaces and marks.
pub(crate) fn folded(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Headlines that a teaser on the same page announces in the same words.
fn announced(blocks: &[Block], cues: &mut [Cues]) {
    let titles: HashSet<String> = blocks
        .iter()
        .zip(&*cues)
        .filter(|(_, cues)| cues.has(Cue::BeforePointer))
        .map(|(block, _)| folded(&block.text))
        .collect();
    for (block, cue) in blocks.iter().zip(cues.iter_mut()) {
        let candidate = !cue.any(&[Cue::BeforePointer, Cue::Long]);
        let same = !titles.is_empty() && candidate && titles.contains(&folded(&block.text));
        cue.note(Cue::Announced, same);
    }
}

fn topics(blocks: &[Block], cues: &mut [Cues]) {
    let candidate = |cues: &Cues| {
        let heading = cues.has(Cue::Short) || cues.has(Cue::Middling) && !cues.has(Cue::Closed);
        heading && !cues.any(FURNITURE) && !cues.any(&[Cue::Broken, Cue::Opener])
    };
    let short: Vec<usize> =
        cues.iter().enumerate().filter(|(_, cues)| candidate(cues)).map(|(at, _)| at).collect();
    let cohesion = Cohesion::new(blocks);
    scenes(&cohesion, cues);
    for (at, cue) in cues.iter_mut().enumerate() {
        let open = !cue.any(&[Cue::Closed, Cue::ClosingLine]) && !cue.any(FURNITURE);
        cue.note(Cue::WordAcross, open && cohesion.word_across(at));
    }
    let shifts: HashMap<usize, Shift> = cohesion.shifts(&short);
    for (at, cue) in cues.iter_mut().enumerate() {
        let Some(shift) = shifts.get(&at) else {
            continue;
        };
        if let Some(ratio) = shift.ratio {
            cue.note(Cue::NewTopic, ratio < 0.35);
            cue.note(Cue::OtherTopic, (0.35..0.6).contains(&ratio));
            cue.note(Cue::SameTopic, ratio > 0.85);
        }
        let (before, after) = (shift.echoed_before, shift.echoed_after);
        cue.note(Cue::EchoedAfter, after >= 0.3 && before < 0.15);
        cue.note(Cue::EchoedBefore, before >= 0.25);
        cue.note(Cue::SaidBelow, shift.said_after);
        cue.note(Cue::LittleBefore, shift.little_before);
    }
}

/// Whether the caption of a photo is about what the text before it is about.
fn scenes(cohesion: &Cohesion<'_>, cues: &mut [Cues]) {
    let captions = &[Cue::BeforeCredit, Cue::SceneBeforeCredit, Cue::EndsWithCredit];
    for (at, cue) in cues.iter_mut().enumerate().filter(|(_, cue)| cue.any(captions)) {
        if let Some(echo) = cohesion.echoed(at) {
            cue.note(Cue::SceneApart, echo < 0.1 && !cue.has(Cue::Shown));
            cue.note(Cue::SceneWithin, echo > 0.25);
        }
    }
}
