//! Topic shifts: whether the text behind a short line goes on about what stood before it.
//!
//! A headline begins a new topic, a subheading does not. Words are stood in for by pairs of Han
//! characters, weighted by how few blocks of the page have them (text tiling: Hearst 1997).

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use crate::page::line::Block;
use crate::page::names::is_han;

/// Characters that are compared on each side.
const REACH: usize = 600;

/// Gaps that are measured at most, so that time stays linear on a page of very many lines.
const MOST_GAPS: usize = 3_000;

/// Shortest block that counts as running text, in characters.
const RUNNING: usize = 18;

/// A pair of neighbouring Han characters.
type Pair = (char, char);

/// Weighted pairs, ordered, so that sums are the same in every run.
type Bag = BTreeMap<Pair, f32>;

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
}

/// Weights of pairs on one page.
pub(crate) struct Cohesion<'a> {
    blocks: &'a [Block],
    weight: HashMap<Pair, f32>,
    usual: f32,
}

/// Characters of every text: a pair with one of them says nothing of its topic.
const EMPTY: &str = "的了是在有和不一这那我你他她它们个为以就到说也要地得着过与及其等将被把从对于而但并还都很更最又再已\
    会能可之所者该各每多年月日时";

fn pairs(text: &str) -> impl Iterator<Item = Pair> + '_ {
    let speaks = |c: char| is_han(c) && !EMPTY.contains(c);
    text.chars().zip(text.chars().skip(1)).filter(move |(a, b)| speaks(*a) && speaks(*b))
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
        let mut seen: HashMap<Pair, f32> = HashMap::new();
        for block in blocks {
            for pair in pairs(&block.text).collect::<HashSet<_>>() {
                *seen.entry(pair).or_default() += 1.0;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of blocks")]
        let total = blocks.len().max(1) as f32;
        let weight = seen.into_iter().map(|(pair, n)| (pair, (1.0 + total / n).ln())).collect();
        let mut cohesion = Self { blocks, weight, usual: 0.0 };
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
            .filter_map(|at| self.similarity(at, at))
            .collect();
        found.sort_by(f32::total_cmp);
        found.get(found.len() / 2).copied().unwrap_or_default()
    }

    /// Weighs the short lines `candidates` (indices of blocks, ascending).
    pub fn shifts(&self, candidates: &[usize]) -> HashMap<usize, Shift> {
        candidates.iter().take(MOST_GAPS).map(|at| (*at, self.shift(*at))).collect()
    }

    /// The weighted part of the pairs of block `at` that the text before it has.
    pub fn echoed(&self, at: usize) -> Option<f32> {
        let before = self.before(at);
        let text = self.blocks.get(at).map(|block| block.text.as_str())?;
        (before.len() >= 8).then(|| self.echo(text, &before))
    }

    /// Whether the last character of block `at` and the first of the next are a pair that the page
    /// has elsewhere: then a column probably broke a word there.
    pub fn word_across(&self, at: usize) -> bool {
        let last =
            self.blocks.get(at).filter(|b| b.level == 0).and_then(|b| b.text.chars().next_back());
        let first =
            self.blocks.get(at + 1).filter(|b| b.level == 0).and_then(|b| b.text.chars().next());
        last.zip(first).is_some_and(|pair| self.weight.contains_key(&pair))
    }

    fn shift(&self, at: usize) -> Shift {
        let title = self.blocks.get(at).map_or("", |block| &block.text);
        let before = self.before(at);
        let after = self.after(at + 1);
        let similarity = self.similarity(at, at + 1);
        let usual = self.usual;
        Shift {
            ratio: similarity.filter(|_| usual > 0.0).map(|similarity| similarity / usual),
            echoed_before: self.echo(title, &before),
            echoed_after: self.echo(title, &after),
        }
    }

    /// Similarity of the text that ends before block `left` to that which begins at block `right`.
    fn similarity(&self, left: usize, right: usize) -> Option<f32> {
        let before = self.before(left);
        let after = self.after(right);
        if before.len() < 8 || after.len() < 8 {
            return None;
        }
        let norm = |bag: &Bag| bag.values().map(|w| w * w).sum::<f32>().sqrt();
        let (a, b) = (self.bag(&before), self.bag(&after));
        let dot: f32 = a.iter().filter_map(|(pair, w)| b.get(pair).map(|v| v * w)).sum();
        Some(dot / (norm(&a) * norm(&b)).max(1e-6))
    }

    fn bag(&self, pairs: &[Pair]) -> Bag {
        let mut bag = Bag::new();
        for pair in pairs {
            *bag.entry(*pair).or_default() += 1.0;
        }
        for (pair, count) in &mut bag {
            // The first mention counts most: one word said ten times is still one word.
            *count = (1.0 + count.ln()) * self.weight.get(pair).copied().unwrap_or_default();
        }
        bag
    }

    fn before(&self, end: usize) -> Vec<Pair> {
        let mut found = Vec::new();
        for block in self.blocks.get(..end).unwrap_or_default().iter().rev().take(40) {
            if is_running(block) {
                // The end of a long block is nearest to the gap.
                let from = block.text.char_indices().rev().nth(REACH).map_or(0, |(at, _)| at);
                found.extend(pairs(block.text.get(from..).unwrap_or_default()));
            }
            if found.len() >= REACH {
                break;
            }
        }
        found
    }

    fn after(&self, start: usize) -> Vec<Pair> {
        let mut found = Vec::new();
        for block in self.blocks.get(start..).unwrap_or_default().iter().take(40) {
            if is_running(block) {
                found.extend(pairs(&block.text).take(REACH));
            }
            if found.len() >= REACH {
                break;
            }
        }
        found
    }

    /// The weighted part of the pairs of `title` that `context` has.
    fn echo(&self, title: &str, context: &[Pair]) -> f32 {
        let context: HashSet<_> = context.iter().collect();
        let mut all = 0.0;
        let mut shared = 0.0;
        for pair in pairs(title) {
            let weight = self.weight.get(&pair).copied().unwrap_or_default();
            all += weight;
            if context.contains(&pair) {
                shared += weight;
            }
        }
        if all > 0.0 { shared / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Cohesion;
    use crate::page::line::blocks;

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
