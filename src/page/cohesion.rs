//! Topic shifts: whether the text behind a short line goes on about what stood before it.
//!
//! A headline begins a new topic, a subheading does not. Words are stood in for by pairs of Han
//! characters, weighted by how few blocks of the page have them (text tiling: Hearst 1997).

use std::collections::HashMap;
use std::collections::HashSet;

use crate::line::Block;
use crate::names::is_han;
use wenmai_text::likeness::bigrams;

/// Characters that are compared on each side.
const REACH: usize = 600;

/// Gaps that are measured at most, so that time stays linear on a page of very many lines.
const MOST_GAPS: usize = 3_000;

/// Shortest block that counts as running text, in characters.
const RUNNING: usize = 18;

/// A pair of neighbouring Han characters.
type Pair = (char, char);

/// Numbers of pairs with their weights, by number, each once: sums are the same in every run.
type Bag = Vec<(u32, f32)>;

/// What a gap between blocks says about the topic.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Shift {
    /// Similarity across the gap over the page's usual similarity within articles; `None` where
    /// there is no text on one side.
    pub ratio: Option<f32>,
    /// Part of the line's own pairs that the text before has, weighted.
    pub echoed_before: f32,
    /// Part of the line's own pairs that the text behind has, weighted.
    pub echoed_after: f32,
    /// The text behind says the very words of the line.
    pub said_after: bool,
    /// Between the short line before and this one stands a text, and hardly any.
    pub little_before: bool,
}

/// Weights of pairs on one page.
pub(crate) struct Cohesion<'a> {
    blocks: &'a [Block],
    /// The pairs of each block, as numbers.
    pairs: Vec<Vec<u32>>,
    numbers: HashMap<Pair, u32>,
    weights: Vec<f32>,
    usual: f32,
}

/// Characters of every text: a pair with one of them says nothing of its topic.
const EMPTY: &str = "的了是在有和不一这那我你他她它们个为以就到说也要地得着过与及其等将被把从对于而但并还都很更最又再已\
    会能可之所者该各每多年月日时";

fn pairs(text: &str) -> impl Iterator<Item = Pair> + '_ {
    let speaks = |c: char| is_han(c) && !EMPTY.contains(c);
    let speaking = text.chars().map(move |c| speaks(c).then_some(c));
    bigrams(speaking).filter_map(|(before, c)| before.zip(c))
}

/// Whether the first words of `text` are those of `line`: a third of its pairs.
pub(crate) fn begins_alike(line: &str, text: &str) -> bool {
    const BEGINNING: usize = 60;
    let end = text.char_indices().nth(BEGINNING).map_or(text.len(), |(at, _)| at);
    let begins: HashSet<Pair> = pairs(text.get(..end).unwrap_or_default()).collect();
    let (mut all, mut shared) = (0, 0);
    for pair in pairs(line) {
        all += 1;
        shared += usize::from(begins.contains(&pair));
    }
    shared >= 2 && shared * 3 >= all
}

fn is_running(block: &Block) -> bool {
    block.text.chars().nth(RUNNING).is_some()
}

impl<'a> Cohesion<'a> {
    /// Weighs the pairs of a page.
    pub fn new(blocks: &'a [Block]) -> Self {
        let mut numbers: HashMap<Pair, u32> = HashMap::new();
        let mut counts: Vec<(f32, usize)> = Vec::new();
        let mut found = Vec::with_capacity(blocks.len());
        for (at, block) in blocks.iter().enumerate() {
            let mut own = Vec::with_capacity(block.text.len() / 6);
            for pair in pairs(&block.text) {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(pair).or_insert(next);
                match counts.get_mut(number as usize) {
                    // In how many blocks it is, each block once.
                    Some((count, last)) if *last != at => (*count, *last) = (*count + 1.0, at),
                    Some(_) => {}
                    None => counts.push((1.0, at)),
                }
                own.push(number);
            }
            found.push(own);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of blocks")]
        let total = blocks.len().max(1) as f32;
        let weights = counts.into_iter().map(|(n, _)| (1.0 + total / n).ln()).collect();
        let mut cohesion = Self { blocks, pairs: found, numbers, weights, usual: 0.0 };
        cohesion.usual = cohesion.usual();
        cohesion
    }

    /// The median similarity between running blocks that follow each other directly.
    fn usual(&self) -> f32 {
        let mut found: Vec<f32> = (1..self.blocks.len())
            .filter(|at| {
                let pair = self.blocks.get(at - 1).zip(self.blocks.get(*at));
                pair.is_some_and(|(a, b)| is_running(a) && is_running(b))
            })
            .take(MOST_GAPS / 10)
            .filter_map(|at| self.similarity(&self.before(at), &self.after(at)))
            .collect();
        found.sort_by(f32::total_cmp);
        found.get(found.len() / 2).copied().unwrap_or_default()
    }

    /// Weighs the short lines `candidates` (indices of blocks, ascending).
    pub fn shifts(&self, candidates: &[usize]) -> HashMap<usize, Shift> {
        let previous = std::iter::once(None).chain(candidates.iter().copied().map(Some));
        let next = candidates.iter().skip(1).copied().chain([self.blocks.len()]);
        let around = candidates.iter().zip(previous).zip(next).take(MOST_GAPS);
        around
            .map(|((at, previous), next)| {
                let mut shift = self.shift(*at);
                shift.said_after = self.said(*at, next);
                shift.little_before = previous.is_some_and(|previous| self.little(previous, *at));
                (*at, shift)
            })
            .collect()
    }

    /// Whether the blocks between line `at` and block `end` say its words.
    fn said(&self, at: usize, end: usize) -> bool {
        const FEWEST: usize = 6;
        let line = self.blocks.get(at).map_or("", |block| block.text.as_str());
        let words = line.trim_matches(['“', '”']);
        let behind = self.blocks.get(at + 1..end.max(at + 1)).unwrap_or_default();
        let mut reach = REACH * 4;
        words.chars().nth(FEWEST - 1).is_some()
            && behind.iter().any(|block| {
                let within = reach > 0;
                reach = reach.saturating_sub(block.text.len() / 3);
                let end =
                    block.text.char_indices().nth(REACH).map_or(block.text.len(), |(at, _)| at);
                within && block.text.get(..end).is_some_and(|text| text.contains(words))
            })
    }

    /// Whether there is a text between two short lines, and hardly any.
    fn little(&self, from: usize, to: usize) -> bool {
        const LITTLE: usize = 110;
        let between = self.blocks.get(from + 1..to).unwrap_or_default();
        let bytes: usize = between.iter().take(4).map(|block| block.text.len()).sum();
        (1..LITTLE * 3).contains(&bytes)
    }

    /// The weighted part of the pairs of block `at` that the text before it has.
    pub fn echoed(&self, at: usize) -> Option<f32> {
        let before = self.before(at);
        (before.len() >= 8).then(|| self.echo(at, &self.bag(before)))
    }

    /// Whether the last character of block `at` and the first of the next are a pair that the page
    /// has elsewhere: then a column probably broke a word there.
    pub fn word_across(&self, at: usize) -> bool {
        let last =
            self.blocks.get(at).filter(|b| b.level == 0).and_then(|b| b.text.chars().next_back());
        let first =
            self.blocks.get(at + 1).filter(|b| b.level == 0).and_then(|b| b.text.chars().next());
        last.zip(first).is_some_and(|pair| self.numbers.contains_key(&pair))
    }

    fn shift(&self, at: usize) -> Shift {
        let before = self.before(at);
        let after = self.after(at + 1);
        let similarity = self.similarity(&before, &after);
        let usual = self.usual;
        Shift {
            ratio: similarity.filter(|_| usual > 0.0).map(|similarity| similarity / usual),
            echoed_before: self.echo(at, &self.bag(before)),
            echoed_after: self.echo(at, &self.bag(after)),
            ..Shift::default()
        }
    }

    /// Similarity of two texts by their pairs; `None` where one is too short.
    fn similarity(&self, before: &[u32], after: &[u32]) -> Option<f32> {
        if before.len() < 8 || after.len() < 8 {
            return None;
        }
        let norm = |bag: &Bag| bag.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        let (a, b) = (self.bag(before.to_vec()), self.bag(after.to_vec()));
        let dot: f32 = a.iter().filter_map(|(pair, w)| weight_in(&b, *pair).map(|v| v * w)).sum();
        Some(dot / (norm(&a) * norm(&b)).max(1e-6))
    }

    fn bag(&self, mut pairs: Vec<u32>) -> Bag {
        pairs.sort_unstable();
        let runs = pairs.chunk_by(|a, b| a == b);
        let weighed = runs.filter_map(|run| {
            #[expect(clippy::cast_precision_loss, reason = "a count of pairs")]
            let count = run.len() as f32;
            let pair = *run.first()?;
            // The first mention counts most: one word said ten times is still one word.
            Some((pair, (1.0 + count.ln()) * self.weights.get(pair as usize)?))
        });
        weighed.collect()
    }

    fn before(&self, end: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let blocks = self.blocks.get(..end).unwrap_or_default().iter().zip(&self.pairs);
        for (block, pairs) in blocks.rev().take(40) {
            if is_running(block) {
                // The end of a long block is nearest to the gap.
                found.extend(pairs.get(pairs.len().saturating_sub(REACH)..).unwrap_or_default());
            }
            if found.len() >= REACH {
                break;
            }
        }
        found
    }

    fn after(&self, start: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let blocks = self.blocks.iter().zip(&self.pairs);
        for (block, pairs) in blocks.skip(start).take(40) {
            if is_running(block) {
                found.extend(pairs.iter().take(REACH));
            }
            if found.len() >= REACH {
                break;
            }
        }
        found
    }

    /// The weighted part of the pairs of block `at` that `context` has.
    fn echo(&self, at: usize, context: &Bag) -> f32 {
        let (mut all, mut shared) = (0.0, 0.0);
        for pair in self.pairs.get(at).into_iter().flatten() {
            let weight = self.weights.get(*pair as usize).copied().unwrap_or_default();
            all += weight;
            if weight_in(context, *pair).is_some() {
                shared += weight;
            }
        }
        if all > 0.0 { shared / all } else { 0.0 }
    }
}

/// The weight of a pair in a bag.
fn weight_in(bag: &Bag, pair: u32) -> Option<f32> {
    let at = bag.binary_search_by_key(&pair, |(other, _)| *other).ok()?;
    bag.get(at).map(|(_, weight)| *weight)
}

#[cfg(test)]
mod tests {
    use super::Cohesion;
    use crate::line::blocks;

    #[test]
    fn a_new_topic_is_less_like_what_stood_before() {
        let bridge = "清河大桥主桥合龙，大桥施工人员在桥面浇筑混凝土，大桥全长一千二百米。";
        let more = "大桥施工人员介绍，主桥合龙以后还要铺装桥面，清河大桥明年五月通车。";
        let grain = "柳溪镇秋粮开镰收割，农机手驾驶收割机下田，今年玉米亩产比去年高。";
        let page = format!("{bridge}\n\n{more}\n\n桥面铺装\n\n{more}\n\n秋粮开镰\n\n{grain}");
        let (blocks, _) = blocks(&page);
        let shifts = Cohesion::new(&blocks).shifts(&[2, 4]);
        assert!(shifts[&4].ratio < shifts[&2].ratio);
        assert!(shifts[&4].echoed_after > shifts[&4].echoed_before);
    }
}
