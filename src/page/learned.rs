//! The line models: how much a short line reads like a headline, and a paragraph like the first of
//! an article; and how common a pair of characters is.
//!
//! They were learned from published headlines and bodies by `examples/train_lines.rs`, which says
//! what stands in the tables beside this file. A table is read when it is first asked.

use std::collections::HashMap;
use std::sync::LazyLock;

mod gram;

/// How much a short line reads like each of three kinds: scores of a softmax, so only their
/// differences count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Line {
    pub headline: f32,
    pub subhead: f32,
    /// A piece of running text.
    pub text: f32,
}

/// Weights of features by the hash of their names, in hundredths.
struct Table<const N: usize>(HashMap<u64, [i16; N]>);

static LINES: LazyLock<Table<3>> = LazyLock::new(|| Table::read(include_str!("learned/lines.tsv")));
static OPENINGS: LazyLock<Table<2>> =
    LazyLock::new(|| Table::read(include_str!("learned/openings.tsv")));
static COMMON: LazyLock<HashMap<(char, char), u8>> = LazyLock::new(|| {
    let mut levels = HashMap::new();
    for (level, pairs) in rows(include_str!("learned/common.tsv")) {
        let level = level.parse().unwrap_or_default();
        let chars: Vec<char> = pairs.chars().collect();
        levels.extend(chars.chunks_exact(2).filter_map(|pair| match pair {
            [a, b] => Some(((*a, *b), level)),
            _ => None,
        }));
    }
    levels
});

/// Articles that the pairs were counted in, as a power of two: 113,816.
const ARTICLES: f32 = 16.8;

/// The power of two below which a pair is not listed.
const RARE: f32 = 5.0;

/// The lines of a table without its head: first column and the rest.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().skip(1).filter_map(|line| line.split_once('\t'))
}

impl<const N: usize> Table<N> {
    fn read(table: &'static str) -> Self {
        let row = |(name, weights): (&str, &str)| {
            let mut row = [0; N];
            for (slot, weight) in row.iter_mut().zip(weights.split('\t')) {
                *slot = weight.parse().unwrap_or_default();
            }
            (hash(name), row)
        };
        Self(rows(table).map(row).collect())
    }

    /// The sum of the weights of what `see` is called with.
    fn sum(&self, features: impl FnOnce(&mut dyn FnMut(&str))) -> [f32; N] {
        let mut sums = [0.0; N];
        let mut add = |name: &str| {
            if let Some(row) = self.0.get(&hash(name)) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += f32::from(*weight) / 100.0;
                }
            }
        };
        add("");
        features(&mut add);
        sums
    }
}

/// FNV-1a: the same on every machine.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Scores a short line.
pub(crate) fn line(text: &str) -> Line {
    let [headline, subhead, text] = LINES.sum(|see| gram::of_line(text, see));
    Line { headline, subhead, text }
}

/// The logarithm of the odds that a paragraph is the first of an article, by its beginning alone.
pub(crate) fn opening(text: &str) -> f32 {
    let [going_on, beginning] = OPENINGS.sum(|see| gram::of_opening(text, see));
    beginning - going_on
}

/// How rare a pair of Han characters is: the power of two of articles to one that has it, from 0 to
/// about 12.
pub(crate) fn rarity(pair: (char, char)) -> f32 {
    ARTICLES - COMMON.get(&pair).map_or(RARE, |level| f32::from(*level))
}

#[cfg(test)]
mod tests {
    use super::line;
    use super::opening;
    use super::rarity;

    #[test]
    fn headlines_and_pieces_of_text_are_told_apart() {
        let margin = |text: &str| line(text).headline - line(text).text;
        assert!(margin("清河大桥主桥合龙 预计明年通车") > 0.0);
        assert!(margin("的时候，他们已经在田里干了一个") < 0.0);
    }

    #[test]
    fn first_paragraphs_are_told_from_later_ones() {
        assert!(opening("9月7日，记者从清河县水利局获悉，清河大桥主桥顺利合龙。") > 0.0);
        assert!(opening("他还说，此外，这些设备也将陆续投入使用，让更多人受益。") < 0.0);
    }

    #[test]
    fn names_are_rarer_than_words() {
        assert!(rarity(('禾', '渡')) > rarity(('中', '国')));
    }
}
