//! Do the differences between two texts make the one another report than the other?

use std::collections::BTreeMap;
use std::ops::Range;
use std::ops::RangeInclusive;

use crate::reprint::align::Hunk;
use crate::reprint::contrast;
use crate::reprint::difference::Difference;
use crate::reprint::difference::Fact;
use crate::reprint::difference::difference;
use crate::reprint::difference::does;
use crate::reprint::difference::sorted;
use crate::reprint::words::Word;
use crate::reprint::words::words_at;

/// Misprints in so many characters, at least, make a text badly read, and so many in all; in any other
/// a wrong number is another number.
const MISPRINT_EVERY: usize = 150;
const MISPRINTS_MIN: usize = 2;
/// Standard deviations by which more numbers may be wrong than their share of the text lets expect.
const DEVIATIONS: f64 = 2.0;
/// Negations, opposites and names that may be misread.
const TURNS_MAX: usize = 1;
/// Characters with which a text tells its news; another word there is other news.
const LEAD_CHARS: usize = 80;
/// A text up to this length is all news.
pub(super) const BRIEF_CHARS: usize = 200;
/// Characters of a passage in which names have changed places, and differences inside it.
const SWAPPED_CHARS: RangeInclusive<usize> = 4..=60;
const SWAPPED_HUNKS_MAX: usize = 8;

/// A place where one text tells other news than the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind of news it is.
    pub fact: Fact,
    /// What the left text has there, folded; may be empty.
    pub left: String,
    /// What the right text has there, folded; may be empty.
    pub right: String,
}

/// What the changes between two aligned texts amount to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Changes {
    /// Where one tells other news, in order.
    pub facts: Vec<Change>,
    /// Where one word stands for another without being told by the lead.
    pub words: Vec<Change>,
    /// Numbers that only one of them tells.
    pub added: Vec<Change>,
    /// Single characters that are others, as typing and reading machines make them.
    pub misprints: usize,
    /// Of the facts and words those that are single characters, which a machine may have misread.
    pub singles: usize,
    /// Single characters too many or too few, or often typed for each other.
    pub slips: usize,
}

impl Changes {
    /// Weighs the `hunks` between `left` and `right`.
    pub(super) fn between(left: &[char], right: &[char], hunks: &[Hunk]) -> Self {
        let mut changes = Self::default();
        let is_brief = left.len().min(right.len()) <= BRIEF_CHARS;
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for hunk in hunks {
            let texts = (text(left, &hunk.left), text(right, &hunk.right));
            let change = |fact| Change {
                fact,
                left: whole(left, &hunk.left),
                right: whole(right, &hunk.right),
            };
            let is_single = hunk.left.len().max(hunk.right.len()) == 1;
            let times = seen.entry(texts.clone()).and_modify(|times| *times += 1).or_insert(1);
            match difference(left, right, hunk) {
                Difference::Fact(Fact::Added) => changes.added.push(change(Fact::Added)),
                Difference::Fact(fact) => {
                    changes.singles += usize::from(
                        is_single && !matches!(fact, Fact::Number | Fact::Figure | Fact::Place),
                    );
                    changes.facts.push(change(fact));
                }
                Difference::Word(left, right) => {
                    changes.singles += usize::from(is_single);
                    let is_lead = hunk.left.start.min(hunk.right.start) < LEAD_CHARS;
                    let word = Change { fact: Fact::Word, left, right };
                    if is_lead || is_brief || *times > 1 {
                        changes.facts.push(word);
                    } else {
                        changes.words.push(word);
                    }
                }
                // A name that is another wherever it stands is no slip: 建军 for 建国.
                Difference::Misprint if *times == 2 && are_names(left, right, hunk) => {
                    changes.facts.push(change(Fact::Person));
                }
                Difference::Misprint => changes.misprints += 1,
                Difference::Slip => changes.slips += 1,
                Difference::Wording => {}
            }
        }
        changes.facts.extend(swaps(left, right, hunks));
        changes
    }

    /// Whether the changed facts make it another report, `matched` characters being the same, of which
    /// `numerics` belong to numbers.
    ///
    /// Where a machine misreads one character in a hundred it misreads numbers and names too, as many
    /// as stand in the text. Of all that differs the numbers are then about that share; so many more
    /// are forgiven as chance brings, twice the deviation; and one that turns the sense. Changed news has its differences
    /// where the news is, and a text without other misprints is not badly read.
    pub(super) fn veto(&self, matched: usize, numerics: usize) -> bool {
        let of =
            |wanted: fn(&Fact) -> bool| self.facts.iter().filter(|one| wanted(&one.fact)).count();
        // A machine makes as many other words as misprints; what else is told says more.
        let numbers = of(|fact| matches!(fact, Fact::Number | Fact::Figure | Fact::Place));
        let turns =
            of(|fact| matches!(fact, Fact::Turn | Fact::Opposite | Fact::Swap | Fact::Person));
        let all = self.misprints + self.singles + self.slips / 2 + numbers;
        if self.misprints < MISPRINTS_MIN || all.saturating_mul(MISPRINT_EVERY) < matched {
            return !self.facts.is_empty();
        }
        let [numbers, all, matched, numerics] =
            [numbers, all, matched.max(1), numerics].map(as_f64);
        let share = (numerics / matched).min(1.0);
        let most = all * share + DEVIATIONS * (all * share * (1.0 - share)).sqrt() + 0.5;
        numbers > most || turns > TURNS_MAX
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of characters, far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

/// Whether what differs is, on both sides, part of a name: of no word of the dictionary.
fn are_names(left: &[char], right: &[char], hunk: &Hunk) -> bool {
    let is_name = |chars: &[char], range: &Range<usize>| {
        let words = words_at(chars, range);
        words.iter().all(|word| word.range.len() == 1 || word.tag.starts_with("nr"))
    };
    is_name(left, &hunk.left) && is_name(right, &hunk.right)
}

/// The words that hold the characters of `range`.
fn whole(chars: &[char], range: &Range<usize>) -> String {
    let words = words_at(chars, range);
    if words.is_empty() {
        return text(chars, range);
    }
    words.into_iter().map(|word| word.text).collect()
}

fn text(chars: &[char], range: &Range<usize>) -> String {
    chars.get(range.clone()).unwrap_or_default().iter().collect()
}

/// Where names stand in each other's place: 甲 beat 乙, 乙 beat 甲.
///
/// A passage that holds the same characters in another order, with a verb or a score among them;
/// unless what was moved is a word like 昨日, which may stand anywhere.
fn swaps(left: &[char], right: &[char], hunks: &[Hunk]) -> Vec<Change> {
    let mut found = Vec::new();
    let mut rest = hunks;
    while let Some((first, behind)) = rest.split_first() {
        let swapped = rest.iter().take(SWAPPED_HUNKS_MAX).enumerate().find_map(|(at, last)| {
            let from = first.left.start..last.left.end;
            let to = first.right.start..last.right.end;
            is_swap((left, &from), (right, &to)).then(|| (at, text(left, &from), text(right, &to)))
        });
        rest = match swapped {
            Some((at, left, right)) => {
                found.push(Change { fact: Fact::Swap, left, right });
                rest.get(at + 1..).unwrap_or_default()
            }
            None => behind,
        };
    }
    found
}

/// Whether the two passages say the same words in another order.
pub(super) fn is_swap(left: (&[char], &Range<usize>), right: (&[char], &Range<usize>)) -> bool {
    if left.1.len() != right.1.len() || !SWAPPED_CHARS.contains(&left.1.len()) {
        return false;
    }
    let (one, other) = (text(left.0, left.1), text(right.0, right.1));
    if one == other || sorted(&one) != sorted(&other) {
        return false;
    }
    let said = |side: (&[char], &Range<usize>)| -> Vec<Word> {
        let words = words_at(side.0, side.1).into_iter();
        words.filter(|word| word.has_content() && !contrast::is_loose(&word.text)).collect()
    };
    let (some, others) = (said(left), said(right));
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    texts(&some) != texts(&others) && words_at(left.0, left.1).iter().any(does)
}

#[cfg(test)]
mod tests {
    use super::Change;
    use super::Changes;
    use super::Fact;
    use crate::reprint::Plain;
    use crate::reprint::align::align;

    fn changes(left: &str, right: &str) -> Changes {
        let (left, right) = (Plain::of_text(left), Plain::of_text(right));
        Changes::between(left.chars(), right.chars(), &align(&left, &right).hunks)
    }

    fn facts(left: &str, right: &str) -> usize {
        let frame = |text: &str| format!("清河县防汛办昨日通报，{text}，其余情况正在核实。");
        changes(&frame(left), &frame(right)).facts.len()
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
    fn another_place_is_another_fact() {
        assert_eq!(facts("柳溪镇堤坝已加固", "石桥镇堤坝已加固"), 1);
        assert_eq!(facts("山东沿海有大风", "辽宁沿海有大风"), 1);
        assert_eq!(facts("柳溪镇堤坝已加固", "石桥镇堤坝已加固，柳溪镇没有"), 1);
    }

    #[test]
    fn a_badly_read_text_may_have_a_wrong_number() {
        let facts = |count| {
            let change = Change { fact: Fact::Figure, left: "12".into(), right: "15".into() };
            vec![change; count]
        };
        let badly = Changes { facts: facts(1), misprints: 12, slips: 3, ..Changes::default() };
        assert!(!badly.veto(800, 40));
        assert!(Changes { facts: facts(9), ..badly.clone() }.veto(800, 40));
        assert!(Changes { misprints: 1, slips: 2, ..badly.clone() }.veto(800, 40));
        let turned = Change { fact: Fact::Turn, left: "不".into(), right: String::new() };
        assert!(Changes { facts: vec![turned; 3], ..badly }.veto(800, 40));
    }
}
