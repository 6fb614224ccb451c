//! Whether the short lines between two texts open an article or head a part of one.
//!
//! Short lines that follow each other without text between them are weighed together: a kicker and
//! a headline, or the two lines of a subheading. What they read like (`learned`), what stands below
//! them, how the text behind begins and how much it goes on about what the text before was about
//! are put together by a logistic model of few named weights (`learned/groups.tsv`, fitted by
//! `models/train/fit_page_groups.py`). The log odds go to the classes of the path.

use std::collections::HashMap;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use crate::cue::Cue;
use crate::cue::Cues;
use crate::dateline;
use crate::learned;
use crate::line::Block;
use crate::names::is_han;
use crate::observe::FURNITURE;
use crate::observe::PEOPLE;
use crate::path::Class;
use crate::path::Scores;
use crate::wording;
use wenmai_text::likeness::bigrams;

/// Groups that are looked at, so that time stays linear on a page of very many lines; of those
/// behind them nothing is said.
const MOST_GROUPS: usize = 1_000;

/// Characters of the text on each side that are compared.
const NEAR: usize = 600;
const FAR: usize = 3_000;

/// Short lines that follow each other, without heading marks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// The blocks of the lines.
    pub lines: Range<usize>,
    /// The block in which the text behind begins; names may stand between.
    pub text: usize,
    /// What is seen of it, by the position in [`NAMES`].
    pub seen: [f32; NAMES.len()],
    /// The part of each line's own words that the text behind says.
    pub said: Vec<f32>,
}

/// The names of the features.
pub(crate) const NAMES: [&str; 42] = [
    "always",
    "headline-not-text",
    "headline-not-subhead",
    "least-headline",
    "role-below",
    "name-below",
    "own-opener",
    "wire-opener",
    "opening",
    "behind-end",
    "one-line",
    "three-lines",
    "first",
    "shared-near",
    "shared-far",
    "lines-said-before",
    "lines-said-behind",
    "little-before",
    "little-behind",
    "much-behind",
    "alike",
    "numbered",
    "colon",
    "quote",
    "question",
    "behind-names",
    "long-line",
    "runs-on",
    "far-apart",
    "label-below",
    "lead-like",
    "told-below",
    "unsigned-here",
    "unended-here",
    "names-above",
    "brief",
    "notice",
    "lead-echo",
    "tag",
    "two-parts",
    "column",
    "dash",
];

static WEIGHTS: LazyLock<[f32; NAMES.len()]> = LazyLock::new(|| {
    let table = include_str!("learned/groups.tsv");
    let weight = |name: &str| {
        let rows = table.lines().filter_map(|line| line.split_once('\t'));
        let row = rows.filter(|(feature, _)| *feature == name).map(|(_, weight)| weight).next();
        row.and_then(|weight| weight.parse().ok()).unwrap_or_default()
    };
    NAMES.map(weight)
});

impl Group {
    /// What is seen of it under `name`.
    pub fn sees(&self, name: &str) -> f32 {
        let place = NAMES.iter().position(|other| *other == name);
        place.and_then(|place| self.seen.get(place)).copied().unwrap_or_default()
    }

    /// The logarithm of the odds that it opens an article.
    pub fn odds(&self) -> f32 {
        self.seen.iter().zip(WEIGHTS.iter()).map(|(seen, weight)| seen * weight).sum()
    }
}

/// Whether a block is a short line that may be a heading.
fn is_small(block: &Block, cues: Cues) -> bool {
    const NOT: &[Cue] = &[
        Cue::Closed,
        Cue::Figures,
        Cue::Label,
        Cue::Opener,
        Cue::Office,
        Cue::ClosingLine,
        Cue::PhotoLine,
        Cue::Broken,
        Cue::StopInside,
        Cue::LeadBegins,
        Cue::EndsOpen,
        Cue::NumberAcross,
    ];
    let short = cues.any(&[Cue::Short, Cue::Middling]) || cues.has(Cue::Exclaims);
    block.level == 0 && short && !cues.any(NOT) && !cues.any(FURNITURE)
}

/// The groups of short lines of a page, in order; none where headlines are marked.
pub(crate) fn groups(blocks: &[Block], cues: &[Cues]) -> Vec<Group> {
    // Where headlines have marks, a line without one heads no article.
    let mut marked = cues.iter().enumerate().filter(|(_, cues)| cues.has(Cue::TopMark));
    // A mark above all else, and no other, names the page.
    let first = marked.next().map(|(at, _)| at);
    if first.is_some_and(|at| at > 0) || marked.next().is_some() {
        return Vec::new();
    }
    let broken = is_broken(cues);
    // A long line with a comma is the beginning of a sentence there.
    let piece =
        |cues: Cues| broken && cues.has(Cue::HasComma) && cues.any(&[Cue::Roomy, Cue::Middling]);
    let small =
        blocks.iter().zip(cues).map(|(block, cues)| is_small(block, *cues) && !piece(*cues));
    let small: Vec<bool> = small.collect();
    let is = |at: usize| small.get(at) == Some(&true);
    let named = |at: usize| cues.get(at).is_some_and(|cues| cues.any(PEOPLE));
    let mut found: Vec<Group> = Vec::new();
    let mut at = 0;
    while at < blocks.len() {
        if !is(at) {
            at += 1;
            continue;
        }
        let start = at;
        while is(at) {
            at += 1;
        }
        let lines = start..at;
        let mut text = at;
        while named(text) {
            text += 1;
        }
        found.push(Group { lines, text, seen: [0.0; NAMES.len()], said: Vec::new() });
    }
    let page = Page { blocks, cues };
    let ends: Vec<usize> =
        found.iter().skip(1).map(|next| next.lines.start).chain([blocks.len()]).collect();
    let mut before = 0;
    for (group, end) in found.iter_mut().zip(ends).take(MOST_GROUPS) {
        group.seen = page.see(group, before, end);
        group.said = page.said(group, end);
        before = group.text;
    }
    compare_all(&mut found);
    found
}

/// Sees what sets a group apart from others of its page: nobody signs below it, or nothing ends
/// above it, while that is the page's habit.
fn compare_all(groups: &mut [Group]) {
    let has = |group: &Group, names: &[&str]| names.iter().any(|name| group.sees(name) > 0.0);
    for (habit, marks) in [("unsigned-here", SIGNED), ("unended-here", &["behind-end"])] {
        let is_habit = groups.iter().any(|group| has(group, marks));
        let place = NAMES.iter().position(|name| *name == habit).unwrap_or_default();
        for group in groups.iter_mut().filter(|group| is_habit && !has(group, marks)) {
            let seen = flag(habit == "unsigned-here" || group.sees("first") == 0.0);
            group.seen.iter_mut().skip(place).take(1).for_each(|slot| *slot = seen);
        }
    }
}

/// What says that the paper's own people, or a reader, wrote what stands below.
pub(crate) const SIGNED: &[&str] = &["role-below", "name-below", "own-opener", "told-below"];

/// Classes of the lines that open an article.
pub(crate) const OPENING: &[Class] =
    &[Class::Section, Class::Kicker, Class::Headline, Class::Subtitle];

/// Classes of short lines within one.
const WITHIN: &[Class] = &[Class::Subhead, Class::Body, Class::Lead];

/// How much of the odds each class gets where paragraphs are whole.
const SHARE: f32 = 1.5;

/// The same where columns broke sentences: a short line may then be a piece of one, and what stands
/// beside it as well.
const SHARE_BROKEN: f32 = 0.5;

/// Whether columns broke many of the page's paragraphs.
pub(crate) fn is_broken(cues: &[Cues]) -> bool {
    let long = || cues.iter().filter(|cues| cues.has(Cue::Long));
    let broken = long().filter(|cues| !cues.any(&[Cue::Closed, Cue::ColonEnd])).count();
    broken * 25 > long().count()
}

/// Most that a group can say for or against a class.
const MOST: f32 = 6.0;

/// Adds what the groups say to the scores of their blocks.
pub(crate) fn weigh(groups: &[Group], cues: &[Cues], scores: &mut [Scores]) {
    let share = if is_broken(cues) { SHARE_BROKEN } else { SHARE };
    for group in groups {
        let odds = group.odds().clamp(-MOST, MOST);
        for scores in scores.iter_mut().take(group.lines.end).skip(group.lines.start) {
            for (classes, sign) in [(OPENING, share), (WITHIN, -share)] {
                for class in classes {
                    if let Some(score) = scores.get_mut(*class as usize) {
                        *score += sign * odds;
                    }
                }
            }
        }
    }
}

/// A page whose groups are looked at.
struct Page<'a> {
    blocks: &'a [Block],
    cues: &'a [Cues],
}

impl Page<'_> {
    /// The features of `group`; the text before it begins at block `before`, and the next group is
    /// at block `end`.
    fn see(&self, group: &Group, before: usize, end: usize) -> [f32; NAMES.len()] {
        let mut seen: HashMap<&str, f32> = HashMap::from([("always", 1.0)]);
        self.read_lines(group, &mut seen);
        self.read_around(group, &mut seen);
        self.compare(group, before, end, &mut seen);
        NAMES.map(|name| seen.get(name).copied().unwrap_or_default())
    }

    fn text(&self, at: usize) -> &str {
        self.blocks.get(at).map_or("", |block| block.text.as_str())
    }

    fn small(&self, at: usize) -> bool {
        self.blocks.get(at).is_some_and(|block| is_small(block, self.cues(at)))
    }

    /// Whether short lines with names or an opener of their own follow the names below `group`.
    fn signs_above(&self, group: &Group) -> bool {
        let behind = (group.text..self.blocks.len()).find(|at| !self.small(*at));
        let begins = |at: usize| self.cues(at).any(PEOPLE) || self.cues(at).has(Cue::Opener);
        self.small(group.text) && behind.is_some_and(begins)
    }

    /// The first running text at or behind block `from`: photos, labels and short lines are passed.
    fn running(&self, from: usize) -> usize {
        const AHEAD: usize = 8;
        let passed = |at: usize| {
            self.small(at)
                || self.cues(at).any(PEOPLE)
                || self.cues(at).any(&[Cue::PhotoLine, Cue::Label, Cue::BracketNote])
        };
        (from..from + AHEAD).find(|at| !passed(*at)).unwrap_or(from)
    }

    fn cues(&self, at: usize) -> Cues {
        self.cues.get(at).copied().unwrap_or_default()
    }

    /// What the lines read like.
    fn read_lines(&self, group: &Group, seen: &mut HashMap<&'static str, f32>) {
        let range = || group.lines.clone();
        #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
        let count = group.lines.len() as f32;
        let lines: Vec<learned::Line> = range().map(|at| learned::line(self.text(at))).collect();
        let mean = |of: fn(&learned::Line) -> f32| {
            (lines.iter().map(of).sum::<f32>() / count).clamp(-4.0, 4.0) / 4.0
        };
        seen.insert("headline-not-text", mean(|line| line.headline - line.text));
        seen.insert("headline-not-subhead", mean(|line| line.headline - line.subhead));
        let least = lines.iter().map(|l| l.headline - l.subhead.max(l.text)).fold(4.0, f32::min);
        seen.insert("least-headline", least.clamp(-4.0, 4.0) / 4.0);
        seen.insert("one-line", flag(group.lines.len() == 1));
        seen.insert("three-lines", flag(group.lines.len() >= 3));
        let share = |fits: &dyn Fn(usize) -> bool| {
            #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
            let fitting = range().filter(|at| fits(*at)).count() as f32;
            fitting / count
        };
        let ends = |at: usize, marks: &[char]| self.text(at).ends_with(marks);
        seen.insert("alike", share(&|at| self.cues(at).has(Cue::Alike)));
        seen.insert("numbered", share(&|at| self.cues(at).has(Cue::Numbered)));
        seen.insert("colon", share(&|at| ends(at, &['：', ':'])));
        seen.insert("quote", share(&|at| self.text(at).starts_with('“') && ends(at, &['”'])));
        seen.insert("question", share(&|at| ends(at, &['？', '?'])));
        for (name, cue) in [
            ("brief", Cue::BriefItem),
            ("notice", Cue::NoticeTitle),
            ("lead-echo", Cue::LeadEcho),
            ("tag", Cue::Tag),
            ("two-parts", Cue::TwoParts),
            ("column", Cue::ColumnWord),
            ("dash", Cue::Dash),
        ] {
            seen.insert(name, flag(range().any(|at| self.cues(at).has(cue))));
        }
        seen.insert("runs-on", share(&|at| self.cues(at).any(RUNS_ON)));
        let longest = range().map(|at| self.text(at).chars().count()).max().unwrap_or_default();
        seen.insert("long-line", flag(longest >= 18));
    }

    /// What stands directly above and below.
    fn read_around(&self, group: &Group, seen: &mut HashMap<&'static str, f32>) {
        let names = group.lines.end..group.text;
        let role = |at: usize| self.cues(at).any(&[Cue::RoleLine, Cue::BracketRole]);
        // 讲述人：甲 stands above every letter of a column.
        let told = wording::told_by(self.text(group.text));
        seen.insert("told-below", flag(told));
        // Names sign what stands above them where what follows has names of its own.
        let heads = !self.signs_above(group);
        seen.insert("role-below", flag(names.clone().any(role) && heads));
        seen.insert("name-below", flag(!names.is_empty() && !names.clone().any(role) && heads));
        let running = self.running(group.text);
        let text = self.text(running);
        let opener = dateline::opener(text);
        seen.insert("own-opener", flag(opener.as_ref().is_some_and(|opener| opener.own)));
        seen.insert("wire-opener", flag(opener.as_ref().is_some_and(|opener| !opener.own)));
        let from = opener.map_or(0, |opener| opener.len);
        let rest = text.get(from..).unwrap_or_default();
        seen.insert("opening", learned::opening(rest).clamp(-4.0, 4.0) / 4.0);
        seen.insert("lead-like", flag(self.cues(running).has(Cue::LeadLike)));
        let label = self.cues(group.text).has(Cue::Label);
        seen.insert("label-below", flag(label && !told));
        let here = self.cues(group.lines.start);
        seen.insert("first", flag(here.has(Cue::First)));
        seen.insert("far-apart", flag(here.has(Cue::FarApart)));
        let above = group.lines.start.checked_sub(1);
        let ended = here.has(Cue::AfterClosing)
            || above.is_some_and(|at| wording::ends_with_source(self.text(at)));
        seen.insert("behind-end", flag(ended));
        // Names below a heading: what comes behind them is its text. Below a text they stand above
        // a headline, or sign the text.
        let people = above.is_some_and(|at| self.cues(at).any(PEOPLE) && !ended);
        let first = (0..group.lines.start).rev().find(|at| !self.cues(*at).any(PEOPLE));
        let theirs = first.is_some_and(|at| self.small(at));
        seen.insert("behind-names", flag(people && theirs));
        seen.insert("names-above", flag(people && !theirs));
    }

    /// The part of the words of each line that the text up to block `end` says.
    fn said(&self, group: &Group, end: usize) -> Vec<f32> {
        let behind = self.pairs(group.text..end, FAR, false);
        let line = |at| shared(&self.pairs(at..at + 1, NEAR, false), &behind);
        group.lines.clone().map(line).collect()
    }

    /// How much the text behind goes on about what stood before.
    fn compare(
        &self,
        group: &Group,
        before: usize,
        end: usize,
        seen: &mut HashMap<&'static str, f32>,
    ) {
        let behind = self.pairs(group.text..self.blocks.len(), NEAR, false);
        let near = self.pairs(0..group.lines.start, NEAR, true);
        let far = self.pairs(0..group.lines.start, FAR, true);
        let lines = self.pairs(group.lines.clone(), NEAR, false);
        let log = |share: f32| (share + 0.02).ln() + 2.5;
        seen.insert("shared-near", log(shared(&behind, &near)));
        seen.insert("shared-far", log(shared(&behind, &far)));
        seen.insert("lines-said-before", shared(&lines, &far));
        seen.insert("lines-said-behind", shared(&lines, &behind));
        let length = |range: Range<usize>| -> usize {
            range.take(60).map(|at| self.text(at).chars().count()).sum()
        };
        let little = |length: usize| flag(length < 160);
        seen.insert("little-before", little(length(before..group.lines.start)));
        let section = length(group.text..end);
        seen.insert("little-behind", little(section));
        seen.insert("much-behind", flag(section >= 600));
    }

    /// The pairs of characters in some blocks, from the first or from the last on.
    fn pairs(&self, blocks: Range<usize>, reach: usize, backward: bool) -> HashSet<(char, char)> {
        let mut found = HashSet::new();
        let mut count = 0;
        let (start, end) = (blocks.start, blocks.end);
        for step in 0..blocks.len() {
            let text = self.text(if backward { end - 1 - step } else { start + step });
            found.extend(pairs(text));
            count += text.chars().count();
            if count >= reach {
                break;
            }
        }
        found
    }
}

/// What tells a line of running text from a heading.
const RUNS_ON: &[Cue] = &[Cue::Flows, Cue::FullLine, Cue::AfterBroken, Cue::WordAcross];

fn flag(is: bool) -> f32 {
    f32::from(u8::from(is))
}

/// Pairs of Han characters, and of neighbouring letters in words of other scripts.
fn pairs(text: &str) -> impl Iterator<Item = (char, char)> + '_ {
    let speaks = |c: char| is_han(c) || c.is_ascii_alphabetic();
    let speaking = text.chars().map(move |c| speaks(c).then_some(c));
    bigrams(speaking).filter_map(|(before, c)| before.zip(c))
}

/// The part of the pairs `of` a text that are `among` those of another, rare pairs counting most.
fn shared(of: &HashSet<(char, char)>, among: &HashSet<(char, char)>) -> f32 {
    /// Pairs that are commoner say nothing.
    const COMMON: f32 = 4.0;
    // In a fixed order: a sum of floating-point numbers depends on it.
    let mut pairs: Vec<_> = of.iter().copied().collect();
    pairs.sort_unstable();
    let (mut all, mut both) = (0.0, 0.0);
    for pair in pairs {
        let weight = (learned::rarity(pair) - COMMON).max(0.0);
        all += weight;
        if among.contains(&pair) {
            both += weight;
        }
    }
    if all > 0.0 { both / all } else { 0.0 }
}
