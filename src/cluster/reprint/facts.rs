//! Does a change make it another report? Numbers, ordinals and places that differ inside what is
//! otherwise the same.

use std::ops::Range;

use crate::reprint::align::Hunk;
use crate::reprint::numeral;
use crate::reprint::numeral::Quantity;
use crate::reprint::places;

/// Characters of a change, at most, that can be one fact for another; more is a rewritten passage.
const FACT_CHARS_MAX: usize = 32;
/// Characters around a change in which a name that it cuts through is looked for.
const NAME_REACH: usize = 3;
/// Misprints in so many characters, at least, make a text badly read; in any other a wrong number
/// is another number.
const MISPRINT_EVERY: usize = 150;
/// Misprints for which one wrong number is forgiven, and how many are so at most.
const MISPRINTS_PER_FACT: usize = 3;
const FORGIVEN_MAX: usize = 2;

/// What the changes between two aligned texts amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Changes {
    /// Numbers, ordinals and places that are others.
    pub facts: usize,
    /// Single characters that are others, as typing and reading machines make them.
    pub misprints: usize,
    /// Single characters too many or too few.
    pub slips: usize,
}

impl Changes {
    /// Weighs the `hunks` between `left` and `right`.
    pub(super) fn between(left: &[char], right: &[char], hunks: &[Hunk]) -> Self {
        let mut changes = Self::default();
        for hunk in hunks {
            if hunk.left.len().max(hunk.right.len()) > FACT_CHARS_MAX {
                continue;
            }
            if numbers_differ(left, right, hunk) || places_differ(left, right, hunk) {
                changes.facts += 1;
            } else if hunk.left.len() == 1 && hunk.right.len() == 1 {
                changes.misprints += 1;
            } else if hunk.left.len() + hunk.right.len() == 1 {
                changes.slips += 1;
            }
        }
        changes
    }

    /// Whether the changed facts make it another report, `matched` characters being the same.
    ///
    /// Where a machine misreads one character in a hundred it misreads numbers too: then a few are
    /// forgiven, and as many as the rate of misprints lets expect, three times over.
    pub(super) fn veto(self, matched: usize, numerics: usize) -> bool {
        let misread = self.misprints + self.slips / 2;
        let badly_read = misread.saturating_mul(MISPRINT_EVERY) >= matched;
        let few = (self.misprints / MISPRINTS_PER_FACT).min(FORGIVEN_MAX);
        let expected = 3 * misread.saturating_mul(numerics) / matched.max(1);
        self.facts > if badly_read && few > 0 { few + expected } else { 0 }
    }
}

/// Whether a change puts one quantity for another of the same unit.
fn numbers_differ(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let (some, others) =
        (numbers(left, widened(left, &hunk.left)), numbers(right, widened(right, &hunk.right)));
    let alone = |of: &[Quantity], than: &[Quantity]| -> Vec<Quantity> {
        of.iter().filter(|one| !than.contains(one)).copied().collect()
    };
    let (only_left, only_right) = (alone(&some, &others), alone(&others, &some));
    only_left.iter().any(|one| only_right.iter().any(|other| one.unit == other.unit))
}

/// `range`, grown over the numbers that it cuts through.
fn widened(chars: &[char], range: &Range<usize>) -> Range<usize> {
    let before = chars.get(..range.start).unwrap_or_default();
    let behind = chars.get(range.end..).unwrap_or_default();
    let numeric = |c: &&char| numeral::is_numeric(**c);
    let left = before.iter().rev().take_while(numeric).count();
    let right = behind.iter().take_while(numeric).count();
    range.start - left..range.end + right
}

fn numbers(chars: &[char], range: Range<usize>) -> Vec<Quantity> {
    let next = chars.get(range.end).copied();
    numeral::quantities(chars.get(range).unwrap_or_default(), next)
}

/// Whether a change puts one place for another that the left, or right, text does not name at all.
fn places_differ(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let of = |chars: &[char], range: &Range<usize>| {
        let near =
            range.start.saturating_sub(NAME_REACH)..(range.end + NAME_REACH).min(chars.len());
        let mut names = places::places(chars.get(near).unwrap_or_default(), None);
        let next = chars.get(range.end).copied();
        names.extend(places::places(chars.get(range.clone()).unwrap_or_default(), next));
        names
    };
    let (some, others) = (of(left, &hunk.left), of(right, &hunk.right));
    let alone = |of: &[String], than: &[String], chars: &[char]| {
        of.iter().any(|name| !than.contains(name) && !holds(chars, name))
    };
    alone(&some, &others, right) && alone(&others, &some, left)
}

/// Whether `chars` hold `name` somewhere.
fn holds(chars: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    chars.windows(name.len().max(1)).any(|window| window == name)
}

#[cfg(test)]
mod tests {
    use super::Changes;
    use crate::reprint::Plain;
    use crate::reprint::align::align;

    fn changes(left: &str, right: &str) -> Changes {
        let (left, right) = (Plain::of_text(left), Plain::of_text(right));
        Changes::between(left.chars(), right.chars(), &align(&left, &right).hunks)
    }

    fn facts(left: &str, right: &str) -> usize {
        let frame = |text: &str| format!("清河县防汛办昨日通报，{text}，其余情况正在核实。");
        changes(&frame(left), &frame(right)).facts
    }

    #[test]
    fn another_number_of_the_same_thing_is_another_fact() {
        assert_eq!(facts("已造成12人受伤", "已造成15人受伤"), 1);
        assert_eq!(facts("公布第三批名单", "公布第四批名单"), 1);
        assert_eq!(facts("损失三百万元", "损失五百万元"), 1);
        assert_eq!(facts("损失12万元", "损失12亿元"), 1);
        assert_eq!(facts("上涨3.5%左右", "上涨3.6%左右"), 1);
        assert_eq!(facts("截至8时雨量不大", "截至14时雨量不大"), 1);
    }

    #[test]
    fn the_same_said_otherwise_is_the_same() {
        assert_eq!(facts("3月12日开闸", "2025年3月12日开闸"), 0);
        assert_eq!(facts("近日开闸", "12日开闸"), 0);
        assert_eq!(facts("损失300万元整", "损失三百万元整"), 0);
        assert_eq!(facts("约20名群众", "多名群众"), 0);
    }

    #[test]
    fn another_place_is_another_fact_unless_both_are_named() {
        assert_eq!(facts("柳溪镇堤坝已加固", "石桥镇堤坝已加固"), 1);
        assert_eq!(facts("山东沿海有大风", "辽宁沿海有大风"), 1);
        let (left, right) = ("柳溪镇堤坝已加固", "石桥镇堤坝已加固，柳溪镇没有");
        assert_eq!(facts(left, right), 0);
    }

    #[test]
    fn a_badly_read_text_may_have_a_wrong_number() {
        let badly = Changes { facts: 1, misprints: 12, slips: 3 };
        assert!(!badly.veto(800, 40));
        assert!(Changes { facts: 9, ..badly }.veto(800, 40));
        assert!(Changes { facts: 1, misprints: 2, slips: 9 }.veto(800, 40));
    }
}
