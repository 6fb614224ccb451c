//! Sorted keys, of which those that begin with something are found, the weightiest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Keys whose highest weight is kept together.
const BLOCK: usize = 64;

/// A place in a text: whose, and from which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// The entry.
    pub(crate) of: u32,
    /// The byte in the entry's text.
    pub(crate) from: u16,
    /// What it weighs among those that begin alike.
    pub(crate) weight: u16,
}

/// Keys in the order of the texts that they point into.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    keys: Vec<Key>,
    /// The highest weight of each block.
    best: Vec<u16>,
}

impl Ranges {
    /// Sorts `keys` by the rest of the text that each points into; ties by entry.
    pub(crate) fn new<'t>(mut keys: Vec<Key>, rest: impl Fn(Key) -> &'t str) -> Self {
        keys.sort_unstable_by(|left, right| {
            let order = rest(*left).cmp(rest(*right));
            order.then((left.of, left.from).cmp(&(right.of, right.from)))
        });
        keys.shrink_to_fit();
        let best = |block: &[Key]| block.iter().map(|key| key.weight).max().unwrap_or(0);
        Self { best: keys.chunks(BLOCK).map(best).collect(), keys }
    }

    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Key>() + self.best.capacity() * size_of::<u16>()
    }

    /// The keys whose text begins with `start`.
    fn range<'t>(&self, start: &str, rest: &impl Fn(Key) -> &'t str) -> (usize, usize) {
        let from = self.keys.partition_point(|key| rest(*key) < start);
        let behind = self.keys.get(from..).unwrap_or_default();
        let length = behind.partition_point(|key| rest(*key).starts_with(start));
        (from, from + length)
    }

    /// At most `wanted` keys whose text begins with `start` and which `keep` keeps, one for each entry, the
    /// weightiest first, ties in the order of the texts. At most `looked_at_max` are looked at.
    pub(crate) fn top<'t>(
        &self,
        start: &str,
        (wanted, looked_at_max): (usize, usize),
        rest: impl Fn(Key) -> &'t str,
        mut keep: impl FnMut(Key) -> bool,
    ) -> Vec<Key> {
        let (from, to) = self.range(start, &rest);
        let mut blocks = BinaryHeap::new();
        for block in from / BLOCK..to.div_ceil(BLOCK) {
            let best = self.best.get(block).copied().unwrap_or(0);
            blocks.push((best, Reverse(block)));
        }
        let mut waiting = BinaryHeap::<(u16, Reverse<usize>)>::new();
        let (mut found, mut looked_at) = (Vec::<Key>::new(), 0);
        while found.len() < wanted && looked_at < looked_at_max {
            let next = waiting.peek().map(|(weight, _)| *weight);
            if let Some((best, Reverse(block))) = blocks.peek().copied()
                && next.is_none_or(|next| best >= next)
            {
                blocks.pop();
                let within = (block * BLOCK).max(from)..((block + 1) * BLOCK).min(to);
                let keys = within.filter_map(|at| self.keys.get(at).map(|key| (at, key.weight)));
                waiting.extend(keys.map(|(at, weight)| (weight, Reverse(at))));
                continue;
            }
            let Some((_, Reverse(at))) = waiting.pop() else { break };
            looked_at += 1;
            let Some(key) = self.keys.get(at).copied() else { continue };
            if !found.iter().any(|known| known.of == key.of) && keep(key) {
                found.push(key);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Key;
    use super::Ranges;

    #[test]
    fn the_weightiest_of_those_that_begin_alike_come_first() {
        let texts = ["外卖骑手", "外卖", "外贸", "卖场"];
        let rest = |key: Key| &texts[key.of as usize][usize::from(key.from)..];
        let keys = [(0, 5), (1, 9), (2, 7), (3, 99)];
        let keys = keys.map(|(of, weight)| Key { of, from: 0, weight }).to_vec();
        let ranges = Ranges::new(keys, rest);
        let of = |start: &str, wanted| -> Vec<u32> {
            ranges.top(start, (wanted, 100), rest, |_| true).iter().map(|key| key.of).collect()
        };
        assert_eq!(of("外", 2), [1, 2]);
        assert_eq!(of("外卖", 9), [1, 0]);
        assert_eq!(of("马", 9), Vec::<u32>::new());
    }

    proptest! {
        #[test]
        fn it_finds_what_a_scan_finds(
            texts in prop::collection::vec("[ab]{1,4}", 1..300),
            weights in prop::collection::vec(0_u16..9, 300),
            start in "[ab]{0,2}",
        ) {
            let rest = |key: Key| &texts[key.of as usize][usize::from(key.from)..];
            let key = |at: usize| Key { of: u32::try_from(at).unwrap(), from: 0, weight: weights[at] };
            let ranges = Ranges::new((0..texts.len()).map(key).collect(), rest);
            let mut scan: Vec<usize> =
                (0..texts.len()).filter(|at| texts[*at].starts_with(&start)).collect();
            scan.sort_by(|l, r| {
                weights[*r].cmp(&weights[*l]).then(texts[*l].cmp(&texts[*r])).then(l.cmp(r))
            });
            scan.truncate(10);
            let found = ranges.top(&start, (10, usize::MAX), rest, |_| true);
            let found: Vec<usize> = found.iter().map(|key| key.of as usize).collect();
            prop_assert_eq!(found, scan);
        }
    }
}
