//! Measures how well found topics agree with labelled ones.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::as_f64;

/// The agreement of found groups with the labels of the same articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// B³ precision: the mean over articles of the share of their found group that has their label.
    /// Source for all B³ figures: Bagga & Baldwin 1998.
    pub b3_precision: f64,
    /// B³ recall: the mean over articles of the share of the articles with their label that are in
    /// their found group.
    pub b3_recall: f64,
    /// The harmonic mean of B³ precision and recall.
    pub b3_f1: f64,
    /// The F1 over pairs of articles, which large groups dominate; it is not B³.
    pub pairwise_f1: f64,
    /// The adjusted mutual information, normalized by the arithmetic mean. Source: Vinh, Epps &
    /// Bailey 2010.
    pub ami: f64,
    /// The adjusted Rand index. Source: Hubert & Arabie 1985.
    pub ari: f64,
    /// The number of found groups.
    pub found_count: usize,
    /// The number of different labels.
    pub label_count: usize,
    /// The number of found groups with a single article.
    pub singleton_count: usize,
    /// The share of these whose article is also the only one with its label; 1 if there are none.
    pub singleton_accuracy: f64,
}

/// The contingency table of groups and labels: the sizes of its cells, of the groups and of the
/// labels.
struct Table {
    cells: BTreeMap<(usize, usize), usize>,
    found: BTreeMap<usize, usize>,
    labels: BTreeMap<usize, usize>,
    total: usize,
}

impl Table {
    fn new(found: &[usize], labels: &[usize]) -> Self {
        let mut table = Self {
            cells: BTreeMap::new(),
            found: BTreeMap::new(),
            labels: BTreeMap::new(),
            total: found.len().min(labels.len()),
        };
        for (group, label) in found.iter().zip(labels) {
            *table.cells.entry((*group, *label)).or_default() += 1;
            *table.found.entry(*group).or_default() += 1;
            *table.labels.entry(*label).or_default() += 1;
        }
        table
    }

    /// Each cell with the sizes of its found group and of its label.
    fn cells(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        self.cells.iter().filter_map(|((group, label), count)| {
            Some((
                as_f64(*count),
                as_f64(*self.found.get(group)?),
                as_f64(*self.labels.get(label)?),
            ))
        })
    }
}

/// Compares the group numbers `found` with the `labels` of the same articles.
#[must_use]
pub fn agreement(found: &[usize], labels: &[usize]) -> Agreement {
    let table = Table::new(found, labels);
    if table.total == 0 {
        return Agreement::default();
    }
    let total = as_f64(table.total);
    let b3_precision =
        table.cells().map(|(cell, group, _)| cell * cell / group).sum::<f64>() / total;
    let b3_recall = table.cells().map(|(cell, _, label)| cell * cell / label).sum::<f64>() / total;
    let pairs = |count: f64| count * (count - 1.0) / 2.0;
    let joint: f64 = table.cells().map(|(cell, _, _)| pairs(cell)).sum();
    let of = |sizes: &BTreeMap<usize, usize>| -> f64 {
        sizes.values().map(|size| pairs(as_f64(*size))).sum()
    };
    let (in_found, in_labels) = (of(&table.found), of(&table.labels));
    let expected = in_found * in_labels / pairs(total).max(1.0);
    let most = f64::midpoint(in_found, in_labels);
    let lone: Vec<usize> =
        table.found.iter().filter(|(_, size)| **size == 1).map(|(group, _)| *group).collect();
    let right = table.cells().filter(|(_, group, label)| *group < 1.5 && *label < 1.5).count();
    Agreement {
        b3_precision,
        b3_recall,
        b3_f1: harmonic(b3_precision, b3_recall),
        pairwise_f1: if in_found + in_labels > 0.0 {
            2.0 * joint / (in_found + in_labels)
        } else {
            1.0
        },
        ami: adjusted_information(&table),
        ari: if (most - expected).abs() < 1e-12 {
            1.0
        } else {
            (joint - expected) / (most - expected)
        },
        found_count: table.found.len(),
        label_count: table.labels.len(),
        singleton_count: lone.len(),
        singleton_accuracy: if lone.is_empty() { 1.0 } else { as_f64(right) / as_f64(lone.len()) },
    }
}

fn harmonic(one: f64, other: f64) -> f64 {
    if one + other > 0.0 { 2.0 * one * other / (one + other) } else { 0.0 }
}

/// The adjusted mutual information, `(MI − E[MI]) / (mean entropy − E[MI])`; 1 for equal groups.
fn adjusted_information(table: &Table) -> f64 {
    let total = as_f64(table.total);
    let entropy = |sizes: &BTreeMap<usize, usize>| -> f64 {
        sizes.values().map(|size| as_f64(*size) / total).map(|share| -share * share.ln()).sum()
    };
    let information: f64 = table
        .cells()
        .map(|(cell, group, label)| cell / total * (total * cell / (group * label)).ln())
        .sum();
    let expected = expected_information(table);
    let mean = f64::midpoint(entropy(&table.found), entropy(&table.labels));
    if (mean - expected).abs() < 1e-12 { 1.0 } else { (information - expected) / (mean - expected) }
}

/// The expected mutual information of random groups of these sizes: a sum over hypergeometric
/// probabilities, in which equal pairs of sizes are computed once.
fn expected_information(table: &Table) -> f64 {
    let total = table.total;
    let mut logs = vec![0.0_f64; total + 2];
    let mut sum = 0.0;
    for (count, log) in logs.iter_mut().enumerate().skip(1) {
        sum += as_f64(count).ln();
        *log = sum;
    }
    let log = |count: usize| logs.get(count).copied().unwrap_or(0.0);
    let counted = |sizes: &BTreeMap<usize, usize>| {
        let mut counted = BTreeMap::<usize, usize>::new();
        for size in sizes.values() {
            *counted.entry(*size).or_default() += 1;
        }
        counted
    };
    let (groups, labels) = (counted(&table.found), counted(&table.labels));
    let mut expected = 0.0;
    for (group, groups) in &groups {
        for (label, labels) in &labels {
            let fixed =
                log(*group) + log(*label) + log(total - group) + log(total - label) - log(total);
            let least = (group + label).saturating_sub(total).max(1);
            let mut here = 0.0;
            for cell in least..=*group.min(label) {
                let chance = fixed
                    - log(cell)
                    - log(group - cell)
                    - log(label - cell)
                    - log(total + cell - group - label);
                let (cell, total) = (as_f64(cell), as_f64(total));
                let information = (total * cell / (as_f64(*group) * as_f64(*label))).ln();
                here += cell / total * information * chance.exp();
            }
            expected += here * as_f64(*groups) * as_f64(*labels);
        }
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::agreement;

    #[test]
    fn the_same_groups_under_other_names_agree_in_full() {
        let got = agreement(&[5, 5, 9, 9, 1], &[0, 0, 1, 1, 2]);
        for value in [got.b3_f1, got.pairwise_f1, got.ami, got.ari, got.singleton_accuracy] {
            assert!((value - 1.0).abs() < 1e-9, "{got:?}");
        }
    }

    #[test]
    fn b3_by_hand() {
        // The groups are {a a b} {b}, the labels {a a} {b b}.
        let got = agreement(&[0, 0, 0, 1], &[0, 0, 1, 1]);
        assert!((got.b3_precision - (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-9);
        assert!((got.b3_recall - (1.0 + 1.0 + 0.5 + 0.5) / 4.0).abs() < 1e-9);
        // One true pair is among three found and two labelled ones.
        assert!((got.pairwise_f1 - 0.4).abs() < 1e-9);
        assert!(got.singleton_accuracy.abs() < 1e-9);
    }

    #[test]
    fn adjusted_information_agrees_with_a_published_value() {
        // The value of scikit-learn's adjusted_mutual_info_score([0,0,1,1,2,2], [0,0,1,2,2,2]).
        let got = agreement(&[0, 0, 1, 2, 2, 2], &[0, 0, 1, 1, 2, 2]);
        assert!((got.ami - 0.502_361).abs() < 1e-6, "{}", got.ami);
    }

    #[test]
    fn one_article_each_has_precision_and_no_information() {
        let got = agreement(&[0, 1, 2, 3], &[0, 0, 1, 1]);
        assert!((got.b3_precision - 1.0).abs() < 1e-9 && (got.b3_recall - 0.5).abs() < 1e-9);
        assert!(got.ami.abs() < 1e-6 && got.pairwise_f1.abs() < 1e-9);
        assert_eq!(agreement(&[], &[]).found_count, 0);
    }
}
