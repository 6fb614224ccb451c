//! The usual filter for near-duplicates as a baseline: `MinHash` of character 5-grams. Articles
//! whose estimated Jaccard similarity reaches a threshold are put into one group.

use std::collections::BTreeMap;

use wenmai_domain::article::Record;

/// The number of hash functions in a signature.
const HASHES: usize = 128;
/// The number of characters in a gram.
const GRAM_CHARS: usize = 5;

/// The group number of each of `records` at a Jaccard `threshold`; candidates are found by bands of
/// `rows` hashes.
///
/// Source: Broder 1997; bands as in Leskovec, Rajaraman & Ullman, section 3.4.
#[must_use]
pub fn groups(records: &[&Record], threshold: f64, rows: usize) -> Vec<usize> {
    let signatures: Vec<Option<Vec<u32>>> =
        records.iter().map(|record| signature(record)).collect();
    let mut parents: Vec<usize> = (0..records.len()).collect();
    for band in 0..HASHES / rows {
        let mut buckets = BTreeMap::<&[u32], Vec<usize>>::new();
        for (at, signature) in signatures.iter().enumerate() {
            let piece = signature.as_ref().and_then(|all| all.get(band * rows..(band + 1) * rows));
            if let Some(piece) = piece {
                buckets.entry(piece).or_default().push(at);
            }
        }
        for bucket in buckets.into_values() {
            for pair in pairs(&bucket) {
                if root(&parents, pair.0) != root(&parents, pair.1)
                    && alike(&signatures, pair) >= threshold
                {
                    let (low, high) = (root(&parents, pair.0), root(&parents, pair.1));
                    if let Some(parent) = parents.get_mut(low.max(high)) {
                        *parent = low.min(high);
                    }
                }
            }
        }
    }
    (0..records.len()).map(|at| root(&parents, at)).collect()
}

/// All pairs of `members`.
pub(super) fn pairs(members: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    members
        .iter()
        .enumerate()
        .flat_map(|(at, left)| members.iter().skip(at + 1).map(|right| (*left, *right)))
}

fn root(parents: &[usize], mut at: usize) -> usize {
    while let Some(parent) = parents.get(at).filter(|parent| **parent != at) {
        at = *parent;
    }
    at
}

/// The share of hashes that two signatures have in common.
fn alike(signatures: &[Option<Vec<u32>>], (left, right): (usize, usize)) -> f64 {
    let of = |at: usize| signatures.get(at).and_then(Option::as_ref);
    let (Some(left), Some(right)) = (of(left), of(right)) else { return 0.0 };
    let same = left.iter().zip(right).filter(|(a, b)| a == b).count();
    #[expect(clippy::cast_precision_loss, reason = "at most 128")]
    let share = same as f64 / HASHES as f64;
    share
}

/// The smallest value of each hash function; `None` for a text shorter than a gram.
fn signature(record: &Record) -> Option<Vec<u32>> {
    let letters: Vec<char> = record.body().chars().filter(|c| c.is_alphanumeric()).collect();
    let mut smallest = vec![u32::MAX; HASHES];
    for gram in letters.windows(GRAM_CHARS) {
        let hash = gram.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| {
            (hash ^ u64::from(u32::from(*c))).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut seed = 0_u64;
        for least in &mut smallest {
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (hash ^ seed).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *least = (*least).min((mixed >> 32) as u32);
        }
    }
    (letters.len() >= GRAM_CHARS).then_some(smallest)
}

#[cfg(test)]
mod tests {
    use super::groups;
    use wenmai_domain::article::Record;

    fn record(text: &str) -> Record {
        Record { paragraphs: vec![text.into()], ..Record::default() }
    }

    #[test]
    fn equal_texts_are_one_group_and_others_are_not() {
        let text = "清河大桥昨日通车，全县干部群众参加仪式，大桥全长三公里。";
        let records = [record(text), record("柳溪水库今天开始蓄水，计划三天完成。"), record(text)];
        let records: Vec<&Record> = records.iter().collect();
        assert_eq!(groups(&records, 0.8, 8), [0, 1, 0]);
    }
}
