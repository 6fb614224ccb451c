//! How sure the parser is of where it cut, which cuts are doubtful, and what a person decided.
//!
//! The scores of the path are turned into probabilities by the forward–backward algorithm. Lines
//! that may open an article and lines marked as headings are decisions: an article is as sure as
//! the least sure decision at its ends and inside it. The probabilities are those of the model; how
//! often it is right where it says so is measured on pages, not promised.

use std::collections::HashMap;

use crate::Decision;
use crate::Doubt;
use crate::Page;
use crate::line::Block;
use crate::opening::Group;
use crate::path;
use crate::path::Class;
use crate::path::STARTS;
use crate::path::Scores;
use wenmai_domain::span::Span;

/// Below this probability a decision is doubtful.
const DOUBT: f32 = 0.85;

/// Blocks up to which probabilities are computed: a page has some hundred.
const MOST_BLOCKS: usize = 5_000;

/// Worth more than all cues together: what a person said.
const SAID: f32 = 60.0;

/// The lines that one decision is about, as a range of blocks.
fn lines_of(at: usize, groups: &[Group]) -> std::ops::Range<usize> {
    let group = groups.iter().find(|group| group.lines.contains(&at));
    group.map_or(at..at + 1, |group| group.lines.clone())
}

/// What is compared of a line: it without white space.
fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Changes the scores of lines that a person decided on.
pub(crate) fn decide(
    decisions: &[Decision],
    blocks: &[Block],
    groups: &[Group],
    scores: &mut [Scores],
) {
    for decision in decisions {
        let line = folded(&decision.line);
        let alike = blocks.iter().enumerate().filter(|(_, block)| folded(&block.text) == line);
        let Some((at, _)) = alike.take(decision.nth + 1).nth(decision.nth) else {
            continue;
        };
        let lines = lines_of(at, groups);
        for scores in scores.iter_mut().take(lines.end).skip(lines.start) {
            for class in Class::ALL {
                let opens = matches!(
                    class,
                    Class::Section | Class::Kicker | Class::Headline | Class::Subtitle
                );
                let within = matches!(class, Class::Body | Class::Lead | Class::Subhead);
                if (decision.cut && opens || !decision.cut && within)
                    && let Some(score) = scores.get_mut(class as usize)
                {
                    *score += SAID;
                }
            }
        }
    }
}

/// A line on which it hangs whether an article begins.
struct Choice {
    /// The blocks of its lines.
    lines: std::ops::Range<usize>,
    cut: bool,
    sure: f32,
}

/// Finds how sure each article of `page` is, and which cuts are doubtful.
pub(crate) fn judge(
    page: &mut Page,
    blocks: &[Block],
    groups: &[Group],
    scores: &[Scores],
    classes: &[Class],
) {
    if blocks.len() > MOST_BLOCKS {
        return;
    }
    let odds = path::probabilities(scores);
    let choices = choices(blocks, groups, &odds, classes);
    let place = |choice: &Choice| blocks.get(choice.lines.start).and_then(|b| b.spans.first());
    let starts: Vec<Option<Span>> =
        page.articles.iter().map(|parsed| parsed.spans.spans().min()).collect();
    let mut sure = vec![1.0_f32; starts.len()];
    for choice in &choices {
        let Some(place) = place(choice) else { continue };
        let begun = starts.iter().filter(|start| start.is_some_and(|s| s.start <= place.start));
        let Some(at) = begun.count().checked_sub(1) else { continue };
        let above = if choice.cut { at.saturating_sub(1) } else { at };
        for slot in sure.iter_mut().take(at + 1).skip(above) {
            *slot = slot.min(choice.sure);
        }
    }
    for (parsed, sure) in page.articles.iter_mut().zip(sure) {
        parsed.confidence = Some(sure);
    }
    page.doubts = doubts(&choices, blocks);
}

/// The decisions of a page: groups of short lines, and marked lines that no group holds.
fn choices(blocks: &[Block], groups: &[Group], odds: &[Scores], classes: &[Class]) -> Vec<Choice> {
    let marked = blocks.iter().enumerate().filter(|(_, block)| block.level > 0);
    let mut lines: Vec<std::ops::Range<usize>> = marked.map(|(at, _)| at..at + 1).collect();
    lines.extend(groups.iter().map(|group| group.lines.clone()));
    lines.sort_by_key(|lines| lines.start);
    let choice = |lines: std::ops::Range<usize>| {
        let class = *classes.get(lines.start)?;
        let odds = odds.get(lines.start)?;
        let opens = |class: &Class| odds.get(*class as usize).copied().unwrap_or_default();
        let opening: f32 = STARTS.iter().map(opens).sum();
        let cut = STARTS.contains(&class);
        // A second line of a headline is no decision of its own.
        let beside = class == Class::Subtitle;
        let sure = if cut { opening } else { 1.0 - opening };
        (!beside).then_some(Choice { lines, cut, sure: sure.clamp(0.0, 1.0) })
    };
    lines.into_iter().filter_map(choice).collect()
}

fn doubts(choices: &[Choice], blocks: &[Block]) -> Vec<Doubt> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut nth: Vec<usize> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let count = seen.entry(folded(&block.text)).or_default();
        nth.push(*count);
        *count += 1;
    }
    let doubtful = choices.iter().filter(|choice| choice.sure < DOUBT);
    let doubt = |choice: &Choice| {
        let lines = blocks.get(choice.lines.clone())?;
        let first = lines.first()?;
        Some(Doubt {
            decision: Decision {
                line: first.text.clone(),
                nth: nth.get(choice.lines.start).copied().unwrap_or_default(),
                cut: choice.cut,
            },
            spans: lines.iter().flat_map(|block| block.spans.iter().copied()).collect(),
            confidence: choice.sure,
        })
    };
    doubtful.filter_map(doubt).collect()
}
