//! Two texts side by side: what both print, in the same order, and what differs in between.

use std::cmp::Ordering;
use std::cmp::Reverse;
use std::ops::Range;

use crate::reprint::Plain;
use crate::reprint::plain::GRAM_CHARS;

/// A gram that stands more often than this in a text joins nothing: it is a phrase, and pairing
/// every place of it with every other is quadratic.
const REPEATS_MAX: usize = 8;
/// Shared runs that are put in order, the longest first; a text of 60,000 characters has fewer
/// unless every line was changed.
const RUNS_MAX: usize = 400;
/// Gaps up to this length are compared character by character.
const GAP_CHARS_MAX: usize = 32;

/// Characters before the first shared run and behind the last that can be a changed word.
const EDGE_CHARS_MAX: usize = 8;
/// Characters of a headline that can be aligned with another.
const LINE_CHARS_MAX: usize = 80;

/// A piece that both texts print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    left: usize,
    right: usize,
    len: usize,
}

/// A place where the texts differ between two pieces that both print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Characters of the left text; may be empty.
    pub left: Range<usize>,
    /// Characters of the right text; may be empty.
    pub right: Range<usize>,
}

/// What both texts print in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Alignment {
    /// Characters that both print.
    pub matched: usize,
    /// What differs between matched pieces, in order; long rewritten passages included.
    pub hunks: Vec<Hunk>,
    /// What stands before the first matched piece and behind the last, where there is one.
    pub edges: Vec<Hunk>,
}

/// Aligns two texts: the heaviest chain of shared runs that keeps the order of both.
pub(super) fn align(left: &Plain, right: &Plain) -> Alignment {
    if left.chars() == right.chars() {
        return Alignment { matched: left.char_count(), ..Alignment::default() };
    }
    let chain = chain(&runs(left, right));
    let mut found = Alignment::default();
    for run in &chain {
        found.matched += run.len;
    }
    let (left_len, right_len) = (left.char_count(), right.char_count());
    if let Some(first) = chain.first() {
        let edge = Hunk { left: 0..first.left, right: 0..first.right };
        edge_into(left.chars(), right.chars(), edge, &mut found);
    }
    for pair in chain.windows(2) {
        let [before, after] = pair else { continue };
        let gap = Hunk {
            left: before.left + before.len..after.left,
            right: before.right + before.len..after.right,
        };
        gap_into(left.chars(), right.chars(), gap, &mut found);
    }
    if let Some(last) = chain.last() {
        let (from_left, from_right) = (last.left + last.len, last.right + last.len);
        let edge = Hunk { left: from_left..left_len, right: from_right..right_len };
        edge_into(left.chars(), right.chars(), edge, &mut found);
    }
    found
}

/// The maximal pieces of at least a gram that both texts print.
fn runs(left: &Plain, right: &Plain) -> Vec<Run> {
    let mut seeds = Vec::new();
    let (mut lefts, mut rights) = (left.grams(), right.grams());
    while let (Some((hash, _)), Some((other, _))) = (lefts.first(), rights.first()) {
        let ahead = |grams: &[(u32, u32)], hash: u32| {
            grams.iter().take_while(|(other, _)| *other == hash).count()
        };
        match hash.cmp(other) {
            Ordering::Less => lefts = lefts.get(1..).unwrap_or_default(),
            Ordering::Greater => rights = rights.get(1..).unwrap_or_default(),
            Ordering::Equal => {
                let some = lefts.split_at(ahead(lefts, *hash));
                let others = rights.split_at(ahead(rights, *hash));
                if some.0.len() <= REPEATS_MAX && others.0.len() <= REPEATS_MAX {
                    for (_, left) in some.0 {
                        seeds.extend(others.0.iter().map(|(_, right)| (*left, *right)));
                    }
                }
                (lefts, rights) = (some.1, others.1);
            }
        }
    }
    // By diagonal, then along it: neighbours join into one run.
    seeds.sort_unstable_by_key(|(left, right)| (i64::from(*left) - i64::from(*right), *left));
    let mut runs: Vec<Run> = Vec::new();
    for (left, right) in seeds {
        let (left, right) = (left as usize, right as usize);
        match runs.last_mut() {
            Some(run)
                if left < run.left + run.len
                    && left + run.right == right + run.left
                    && left > run.left =>
            {
                run.len = left + GRAM_CHARS - run.left;
            }
            _ => runs.push(Run { left, right, len: GRAM_CHARS }),
        }
    }
    runs.sort_by_key(|run| (Reverse(run.len), run.left, run.right));
    runs.truncate(RUNS_MAX);
    runs.sort_by_key(|run| (run.left, run.right));
    runs
}

/// The chain with the most characters; runs that overlap their forerunner are cut.
fn chain(runs: &[Run]) -> Vec<Run> {
    // The weight of the best chain that ends in each run, and the run before it there.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(runs.len());
    for (at, run) in runs.iter().enumerate() {
        let mut own = (run.len, None);
        for (before, (earlier, (weight, _))) in runs.iter().zip(&best).enumerate().take(at) {
            if earlier.left < run.left && earlier.right < run.right {
                let over = overlap(earlier, run);
                if over < run.len && weight + run.len - over > own.0 {
                    own = (weight + run.len - over, Some(before));
                }
            }
        }
        best.push(own);
    }
    let mut end = (0..best.len()).max_by_key(|at| (best.get(*at).map(|b| b.0), Reverse(*at)));
    let mut chain = Vec::new();
    while let Some((run, (_, before))) = end.and_then(|at| runs.get(at).zip(best.get(at))) {
        let over = before.and_then(|at| runs.get(at)).map_or(0, |earlier| overlap(earlier, run));
        chain.push(Run { left: run.left + over, right: run.right + over, len: run.len - over });
        end = *before;
    }
    chain.reverse();
    chain
}

/// Characters by which `run` reaches into `earlier`, in whichever text it reaches further.
fn overlap(earlier: &Run, run: &Run) -> usize {
    let left = (earlier.left + earlier.len).saturating_sub(run.left);
    left.max((earlier.right + earlier.len).saturating_sub(run.right))
}

/// Aligns two headlines, which are too short for grams; `None` where they do not follow one
/// mould: three quarters of the longer stand in the other.
pub(super) fn align_lines(left: &[char], right: &[char]) -> Option<Alignment> {
    let long = left.len().max(right.len());
    if long > LINE_CHARS_MAX {
        return None;
    }
    let pairs = common(left, right);
    if pairs.is_empty() || pairs.len() * 4 < long * 3 {
        return None;
    }
    let mut found = Alignment::default();
    let gap = Hunk { left: 0..left.len(), right: 0..right.len() };
    pairs_into(pairs, &gap, &mut found);
    Some(found)
}

/// Adds what stands before the first piece that both print, or behind the last: headings of one
/// mould, or a word that was changed, where it is short on both sides; more is another opening or
/// ending.
fn edge_into(left: &[char], right: &[char], edge: Hunk, found: &mut Alignment) {
    let (short, long) = ends(&edge);
    found.edges.push(edge.clone());
    if short == 0 || long > GAP_CHARS_MAX {
        return;
    }
    let pairs = common(
        left.get(edge.left.clone()).unwrap_or_default(),
        right.get(edge.right.clone()).unwrap_or_default(),
    );
    if pairs.len() * 2 >= short {
        pairs_into(pairs, &edge, found);
    } else if long <= EDGE_CHARS_MAX {
        found.hunks.push(edge);
    }
}

/// Adds what both print inside a short gap, and the rest of it as hunks.
fn gap_into(left: &[char], right: &[char], gap: Hunk, found: &mut Alignment) {
    let (short, long) = ends(&gap);
    if short == 0 || long > GAP_CHARS_MAX {
        if long > 0 {
            found.hunks.push(gap);
        }
        return;
    }
    let some = left.get(gap.left.clone()).unwrap_or_default();
    let others = right.get(gap.right.clone()).unwrap_or_default();
    let pairs = common(some, others);
    // A few characters that happen to stand in both do not make two passages one.
    if pairs.len() * 2 < short {
        found.hunks.push(gap);
        return;
    }
    pairs_into(pairs, &gap, found);
}

/// Characters of the shorter and of the longer side.
fn ends(hunk: &Hunk) -> (usize, usize) {
    let (left, right) = (hunk.left.len(), hunk.right.len());
    (left.min(right), left.max(right))
}

/// Adds `pairs`, places inside `gap` that both print, and what stands between them as hunks.
fn pairs_into(pairs: Vec<(usize, usize)>, gap: &Hunk, found: &mut Alignment) {
    found.matched += pairs.len();
    let (mut from_left, mut from_right) = (0, 0);
    let end = (gap.left.len(), gap.right.len());
    for (to_left, to_right) in pairs.into_iter().chain([end]) {
        if to_left > from_left || to_right > from_right {
            found.hunks.push(Hunk {
                left: gap.left.start + from_left..gap.left.start + to_left,
                right: gap.right.start + from_right..gap.right.start + to_right,
            });
        }
        (from_left, from_right) = (to_left + 1, to_right + 1);
    }
}

/// The places of a longest common subsequence, in order.
fn common(left: &[char], right: &[char]) -> Vec<(usize, usize)> {
    // lengths[i][j] is that of left[i..] and right[j..].
    let mut lengths = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    let at = |lengths: &[Vec<usize>], i: usize, j: usize| {
        lengths.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    };
    for (i, a) in left.iter().enumerate().rev() {
        for (j, b) in right.iter().enumerate().rev() {
            let length = if a == b {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i).and_then(|row| row.get_mut(j)) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        if a == b {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::Hunk;
    use super::align;
    use crate::reprint::Plain;

    #[test]
    fn equal_texts_match_whole() {
        let text = Plain::of_text("清河大桥昨日合龙，全长三公里。");
        let found = align(&text, &text);
        assert_eq!((found.matched, found.hunks.len()), (text.char_count(), 0));
    }

    #[test]
    fn one_changed_character_is_one_hunk() {
        let left = Plain::of_text("清河大桥昨日合龙，全长三公里。");
        let right = Plain::of_text("清河大桥昨日合笼，全长三公里。");
        let found = align(&left, &right);
        assert_eq!(found.matched, left.char_count() - 1);
        assert_eq!(found.hunks, [Hunk { left: 7..8, right: 7..8 }]);
    }

    #[test]
    fn what_stands_in_another_order_matches_once() {
        let (first, second) = ("清河大桥昨日合龙通车", "柳溪水库今天开始蓄水三天");
        let left = Plain::of_text(&format!("{first}{second}"));
        let right = Plain::of_text(&format!("{second}{first}"));
        assert_eq!(align(&left, &right).matched, second.chars().count());
    }

    #[test]
    fn a_repeated_phrase_is_no_quadratic_matter() {
        let left = Plain::of_text(&"清河大桥".repeat(5_000));
        let right = Plain::of_text(&format!("{}通车", "清河大桥".repeat(4_000)));
        assert_eq!(align(&left, &right).matched, 0);
    }
}
