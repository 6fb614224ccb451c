//! Measures how well two ways of grouping agree.

use std::collections::BTreeMap;

use serde::Serialize;

/// The agreement of the found groups with the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// The share of the found pairs that are true; 1 if none was found.
    pub pair_precision: f64,
    /// The share of the true pairs that were found; 1 if there are none.
    pub pair_recall: f64,
    /// The adjusted Rand index: 1 for equal groups, about 0 for chance. Source: Hubert & Arabie
    /// 1985.
    pub adjusted_rand: f64,
}

/// Compares the group numbers `found` with `truth`, both for the same articles.
#[must_use]
pub fn agreement(found: &[usize], truth: &[usize]) -> Agreement {
    let mut both = BTreeMap::<(usize, usize), u64>::new();
    let (mut of_found, mut of_truth) = (BTreeMap::new(), BTreeMap::new());
    for (left, right) in found.iter().zip(truth) {
        *both.entry((*left, *right)).or_default() += 1;
        *of_found.entry(*left).or_default() += 1;
        *of_truth.entry(*right).or_default() += 1;
    }
    let joint = pairs(both.values());
    let (found_pairs, true_pairs) = (pairs(of_found.values()), pairs(of_truth.values()));
    let all = pairs([found.len() as u64].iter());
    let part = |some: f64, of: f64| if of > 0.0 { some / of } else { 1.0 };
    let expected = part(found_pairs * true_pairs, all);
    let most = f64::midpoint(found_pairs, true_pairs);
    Agreement {
        pair_precision: part(joint, found_pairs),
        pair_recall: part(joint, true_pairs),
        adjusted_rand: if (most - expected).abs() < f64::EPSILON {
            1.0
        } else {
            (joint - expected) / (most - expected)
        },
    }
}

/// The number of pairs inside groups of these sizes.
fn pairs<'a>(sizes: impl Iterator<Item = &'a u64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of articles, far below 2^53")]
    let pairs = |size: &u64| (size * size.saturating_sub(1) / 2) as f64;
    sizes.map(pairs).sum()
}

#[cfg(test)]
mod tests {
    use super::agreement;

    #[test]
    fn figures_are_those_worked_by_hand() {
        // The found pairs are ab and cd, the true ones ab, ac and bc; both contain ab.
        let found = agreement(&[0, 0, 1, 1], &[7, 7, 7, 8]);
        assert!((found.pair_precision - 0.5).abs() < 1e-12);
        assert!((found.pair_recall - 1.0 / 3.0).abs() < 1e-12);
        // (1 − 2·3/6) / ((2 + 3)/2 − 2·3/6) = 0.
        assert!(found.adjusted_rand.abs() < 1e-12);
    }

    #[test]
    fn the_same_groups_under_other_numbers_agree() {
        let found = agreement(&[0, 0, 1], &[5, 5, 9]);
        assert!((found.adjusted_rand - 1.0).abs() < 1e-12);
        assert!((agreement(&[], &[]).pair_precision - 1.0).abs() < 1e-12);
    }
}
