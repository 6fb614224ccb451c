//! ROUGE on characters: how much of an editor's brief a summary contains, and how little else.
//!
//! Units are Han characters, Latin words and numbers, in lower case (`wenmai-summary`, `unit`). The
//! figures are F1 of shared units, of shared neighbouring pairs, and of the longest common
//! subsequence. Source: Lin 2004.

use serde::Serialize;

use wenmai_summary::unit::bigrams;
use wenmai_summary::unit::units;
use wenmai_text::likeness::dice;
use wenmai_text::likeness::shared_count;

/// Three F1 figures, each in `[0, 1]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rouge {
    /// ROUGE-1, of single units.
    pub r1: f64,
    /// ROUGE-2, of neighbouring pairs.
    pub r2: f64,
    /// ROUGE-L, of the longest common subsequence.
    pub rl: f64,
}

impl Rouge {
    /// The sum of the three, by which the oracle chooses.
    #[must_use]
    pub fn sum(self) -> f64 {
        self.r1 + self.r2 + self.rl
    }
}

/// Compares `candidate` with `reference`.
#[must_use]
pub fn rouge(candidate: &str, reference: &str) -> Rouge {
    let (given, wanted) = (units(candidate), units(reference));
    Rouge {
        r1: dice(shared_count(&given, &wanted), given.len(), wanted.len()),
        r2: dice(
            shared_count(&bigrams(&given), &bigrams(&wanted)),
            given.len().saturating_sub(1),
            wanted.len().saturating_sub(1),
        ),
        rl: dice(subsequence(&given, &wanted), given.len(), wanted.len()),
    }
}

/// The length of the longest common subsequence.
fn subsequence(left: &[u32], right: &[u32]) -> usize {
    let mut row = vec![0_usize; right.len() + 1];
    for one in left {
        let mut diagonal = 0;
        for (other, at) in right.iter().zip(1..) {
            let above = row.get(at).copied().unwrap_or_default();
            let before = row.get(at - 1).copied().unwrap_or_default();
            if let Some(cell) = row.get_mut(at) {
                *cell = if one == other { diagonal + 1 } else { above.max(before) };
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::rouge;

    #[test]
    fn it_agrees_with_a_count_by_hand() {
        // 清河开闸 against 清河放水开闸: all 4 units are among the 6; 清河 and 开闸 of 3 pairs are among 5; all
        // four units are in the same order.
        let found = rouge("清河开闸", "清河放水开闸。");
        assert!((found.r1 - 0.8).abs() < 1e-9, "{found:?}");
        assert!((found.r2 - 0.5).abs() < 1e-9, "{found:?}");
        assert!((found.rl - 0.8).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn order_and_repetition_count() {
        assert!(rouge("闸开河清", "清河开闸").rl < 0.3);
        assert!((rouge("清清清清", "清河开闸").r1 - 0.25).abs() < 1e-9);
        assert!(rouge("", "").sum() < 1e-9 && rouge("", "清").sum() < 1e-9);
    }

    #[test]
    fn a_number_is_right_as_a_whole() {
        assert!(rouge("35", "350").r1 < 1e-9);
        assert!((rouge("GDP", "gdp").r1 - 1.0).abs() < 1e-9);
    }
}
