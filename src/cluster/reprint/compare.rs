//! How much of a text does another hold, and what does that make it?

use std::cmp::Ordering;
use std::ops::Range;

use crate::reprint::Fact;
use crate::reprint::Plain;
use crate::reprint::align::Hunk;
use crate::reprint::align::align;
use crate::reprint::difference::tells_figure;
use crate::reprint::facts::Change;
use crate::reprint::facts::Changes;
use crate::reprint::numeral;
use wenmai_domain::reprint::Relation;

/// Both hold so much of each other: the same text.
const FULL_MIN: f64 = 0.8;
/// The shorter text, or what is left of it, stands in the other for so much.
const HELD_MIN: f64 = 0.75;
/// A later text that is shorter keeps so much of the earlier, at least, to be a reprint of it.
const KEPT_MIN: f64 = 0.3;
/// A later text that is longer may add so much that this part of it is the earlier one's; with more
/// it is a digest, or a report of its own that quotes.
const KEPT_LONGER_MIN: f64 = 0.7;
/// The part where the times do not tell which of the two was shortened or extended.
const KEPT_UNTOLD_MIN: f64 = 0.55;
/// So much of either makes a partial reprint worth naming.
const PART_MIN: f64 = 0.2;
/// Characters that must be the same, so that a stock phrase is not a text.
const MATCHED_MIN: usize = 60;
/// The longer text holds no more than a clause that the other has not.
const WHOLE_MIN: f64 = 0.93;
/// Characters that only one side has and that make a sentence, and characters that the other may have
/// in its place.
const SENTENCE_CHARS: usize = 16;
const SLIPS_MAX: usize = 2;
/// Added characters that make a report, and which part of the earlier text they must be at least: one
/// in so many.
const GROWN_CHARS: usize = 45;
const GROWN_PART: usize = 15;
/// The part of a later text that the earlier one is, at least, where the later is its update; where it
/// is less, the later is a digest, or a report of its own that quotes.
const GROWN_KEPT_MIN: f64 = 0.4;
/// What a passage says that a paper adds to any text.
const NOTES: [&str; 12] = [
    "关注",
    "转载",
    "版权",
    "声明",
    "公众号",
    "客户端",
    "欢迎",
    "来源",
    "责编",
    "编辑",
    "点击",
    "扫码",
];
/// A text shorter than this must be the same but for misprints.
const SHORT_CHARS: usize = 60;
/// Characters that a text must have to be a reprint of anything.
const CHARS_MIN: usize = 16;

/// What two texts share, seen from both.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Characters that both print in the same order.
    pub matched: usize,
    /// Part of the left text that the right one holds, 0 to 1.
    pub of_left: f64,
    /// Part of the right text that the left one holds, 0 to 1.
    pub of_right: f64,
    /// Whether what differs inside it is news: numbers, names, places, the other of two words.
    pub vetoed: bool,
    /// Where the two tell different news, in order.
    pub changes: Vec<Change>,
    /// Where one word stands for another behind the lead, which is style unless a headline tells it.
    pub(super) words: Vec<Change>,
    /// What the left text alone has.
    left_alone: Alone,
    /// What the right text alone has.
    right_alone: Alone,
    /// Characters of the left text.
    left: usize,
    /// Characters of the right text.
    right: usize,
}

/// Sentences that one text has and the other has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Alone {
    /// Their characters.
    char_count: usize,
    /// Whether they tell a number of what the report is about.
    tells_figure: bool,
}

impl Alone {
    fn of(chars: &[char], mut places: Vec<Range<usize>>) -> Self {
        places.retain(|place| {
            let text: String = chars.get(place.clone()).unwrap_or_default().iter().collect();
            !NOTES.iter().any(|note| text.contains(note))
        });
        Self {
            char_count: places.iter().map(Range::len).sum(),
            tells_figure: places.into_iter().any(|place| tells_figure(chars, place)),
        }
    }
}

/// A later print of a text that tells more, or corrects it: no reprint, and no other story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Where it tells other figures, `left` being the earlier text's, in order.
    pub changes: Vec<Change>,
    /// Characters of the sentences that it adds.
    pub added_chars: usize,
}

/// Aligns two texts and measures what they share.
#[must_use]
pub fn compare(left: &Plain, right: &Plain) -> Overlap {
    let found = align(left, right);
    let mut changes = Changes::between(left.chars(), right.chars(), &found.hunks);
    let (left_count, right_count) = (left.char_count(), right.char_count());
    let longer = left_count.max(right_count);
    // An abridged text leaves out clauses with figures; where all else is there, the figure is the news.
    if part(found.matched, longer) >= WHOLE_MIN {
        changes.facts.append(&mut changes.added);
    }
    let numerics = left.chars().iter().filter(|c| numeral::is_numeric(**c)).count();
    let places = |sides: fn(&Hunk) -> (&Range<usize>, &Range<usize>)| -> Vec<Range<usize>> {
        let hunks = found.hunks.iter().chain(&found.edges).map(sides);
        let alone = hunks.filter(|(own, others)| {
            // What a paper puts before a text is mostly its dateline.
            let least = if own.start == 0 { GROWN_CHARS } else { SENTENCE_CHARS };
            own.len() >= least && others.len() <= SLIPS_MAX
        });
        alone.map(|(own, _)| own.clone()).collect()
    };
    Overlap {
        matched: found.matched,
        of_left: part(found.matched, left_count),
        of_right: part(found.matched, right_count),
        vetoed: changes.veto(found.matched, numerics),
        changes: changes.facts,
        words: changes.words,
        left_alone: Alone::of(left.chars(), places(|hunk| (&hunk.left, &hunk.right))),
        right_alone: Alone::of(right.chars(), places(|hunk| (&hunk.right, &hunk.left))),
        left: left_count,
        right: right_count,
    }
}

impl Overlap {
    /// Whether the two print one text, whole or shortened, so that one can stand for the other in a
    /// list. `in_time` says which was printed first, as far as is known: a shortened text is later
    /// than the whole, a digest is later than what it holds.
    #[must_use]
    pub fn is_reprint(&self, in_time: Ordering) -> bool {
        let (held, kept) = (self.of_left.max(self.of_right), self.likeness());
        let shorter = self.left.min(self.right);
        if self.vetoed || shorter < CHARS_MIN {
            return false;
        }
        if shorter < SHORT_CHARS {
            return kept >= FULL_MIN;
        }
        if self.update(in_time).is_some() {
            return false;
        }
        let longer_first = match in_time {
            Ordering::Less => Some(self.left > self.right),
            Ordering::Greater => Some(self.right > self.left),
            Ordering::Equal => None,
        };
        let kept_min = match longer_first {
            Some(true) => KEPT_MIN,
            Some(false) => KEPT_LONGER_MIN,
            None => KEPT_UNTOLD_MIN,
        };
        held >= HELD_MIN && kept >= kept_min
    }

    /// What the later of the two, by `in_time`, adds to the earlier or corrects in it; `None` where it
    /// is no update of it, or the times do not tell.
    ///
    /// An update holds nearly all of the earlier text, and not much else. It has another figure, or sentences that tell a
    /// figure, or so many more that they are a report: what was found out since.
    #[must_use]
    pub fn update(&self, in_time: Ordering) -> Option<Update> {
        let (held, kept, earlier, alone) = match in_time {
            Ordering::Less => (self.of_left, self.of_right, self.left, self.right_alone),
            Ordering::Greater => (self.of_right, self.of_left, self.right, self.left_alone),
            Ordering::Equal => return None,
        };
        let is_figure = |change: &Change| matches!(change.fact, Fact::Figure | Fact::Added);
        // In a badly read text a few wrong figures are forgiven: they correct nothing.
        let told = if self.vetoed { self.changes.as_slice() } else { &[] };
        let is_version = held >= HELD_MIN && kept >= GROWN_KEPT_MIN;
        if !is_version || earlier < CHARS_MIN || !told.iter().all(is_figure) {
            return None;
        }
        let is_grown = alone.tells_figure
            || alone.char_count >= GROWN_CHARS && alone.char_count * GROWN_PART >= earlier;
        if told.is_empty() && !is_grown {
            return None;
        }
        let turned = |change: &Change| Change {
            fact: change.fact,
            left: change.right.clone(),
            right: change.left.clone(),
        };
        let changes = match in_time {
            Ordering::Greater => told.iter().map(turned).collect(),
            Ordering::Less | Ordering::Equal => told.to_vec(),
        };
        Some(Update { changes, added_chars: alone.char_count })
    }

    /// What the two are to each other; `None` for no more than phrases in common, or another
    /// report in the same words.
    #[must_use]
    pub fn relation(&self) -> Option<Relation> {
        if self.vetoed || self.left.min(self.right) < CHARS_MIN {
            return None;
        }
        if self.likeness() >= FULL_MIN {
            return Some(Relation::Full);
        }
        let held = self.of_left.max(self.of_right);
        (held >= PART_MIN && self.matched >= MATCHED_MIN).then_some(Relation::Partial)
    }

    /// How alike the two are: the part of the longer text that both hold, 0 to 1.
    #[must_use]
    pub fn likeness(&self) -> f64 {
        self.of_left.min(self.of_right)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of characters, far below 2^53")]
fn part(matched: usize, count: usize) -> f64 {
    if count == 0 { 0.0 } else { (matched as f64 / count as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::Overlap;
    use super::compare;
    use crate::reprint::Plain;
    use wenmai_domain::reprint::Relation;

    const LEAD: &str = "清河县水务局介绍，清河大桥加固工程昨日完工，施工历时五个月，桥面重新铺装，\
        两侧护栏全部更换，过往车辆不再限速，附近三个村的村民出行更加方便。";
    const REST: &str = "工程总投资由县财政承担，施工期间没有中断交通。下一步，水务局将对上游的两座小桥\
        进行检查，根据结果决定是否加固。村民周大爷说，以前过桥要等，现在一脚油门就到集市。";

    fn of(left: &str, right: &str) -> Overlap {
        compare(&Plain::of_text(left), &Plain::of_text(right))
    }

    #[test]
    fn a_text_with_misprints_is_the_same_text() {
        let whole = format!("{LEAD}{REST}");
        let found = of(&whole, &whole.replace("加固", "加因").replace("护栏", "护拦"));
        assert_eq!(found.relation(), Some(Relation::Full));
        assert!(found.is_reprint(Ordering::Equal));
    }

    #[test]
    fn a_later_shortened_text_is_a_reprint_and_an_earlier_one_is_not() {
        let found = of(&format!("{LEAD}{REST}"), LEAD);
        assert_eq!(found.relation(), Some(Relation::Partial));
        assert!(found.is_reprint(Ordering::Less));
        assert!(!found.is_reprint(Ordering::Greater));
        assert!((found.of_right - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_updated_number_is_another_report() {
        let found =
            of(&format!("{LEAD}{REST}"), &format!("{LEAD}{REST}").replace("五个月", "七个月"));
        assert_eq!(found.relation(), None);
        assert!(!found.is_reprint(Ordering::Equal));
    }

    #[test]
    fn a_later_text_with_another_figure_or_more_to_tell_is_an_update() {
        let toll =
            "石桥镇化工园昨晚起火，目前有12人受伤，明火已经扑灭，原因正在调查，周边道路临时封闭。";
        let found = of(toll, &toll.replace("12人", "15人"));
        let update = found.update(Ordering::Less).unwrap();
        let changes: Vec<_> =
            update.changes.iter().map(|one| (&one.left[..], &one.right[..])).collect();
        assert_eq!(changes, [("12", "15")]);
        assert_eq!(found.update(Ordering::Equal), None);
        let whole = format!("{LEAD}{REST}");
        let more = "截至今天上午，又有7人获救，另有3人还在搜寻之中，救援队已经增加到九支。";
        let grown_clause = of(&whole, &whole.replace("全部更换", "全部更换，其中3人受伤"));
        assert!(grown_clause.update(Ordering::Less).is_some());
        let grown = of(&whole, &format!("{whole}{more}"));
        assert!(grown.update(Ordering::Less).is_some_and(|update| update.added_chars > 16));
        assert!(!grown.is_reprint(Ordering::Less));
        let digest = of(&whole, &format!("{whole}{}", toll.repeat(6).replace("12人", "7人")));
        assert_eq!(digest.update(Ordering::Less), None, "the earlier text is a small part of it");
        let note = of(&whole, &format!("{whole}本文由清河县融媒体中心整理发布，欢迎转发。"));
        assert_eq!(note.update(Ordering::Less), None);
        assert!(note.is_reprint(Ordering::Less));
        let elsewhere = of(&whole, &whole.replace("清河", "柳溪"));
        assert_eq!(elsewhere.update(Ordering::Less), None);
    }

    #[test]
    fn a_short_text_must_be_the_same() {
        let text = "清河大桥加固工程昨日完工，今天恢复通车。";
        assert!(of(text, text).is_reprint(Ordering::Equal));
        assert!(!of(text, &format!("{text}{LEAD}")).is_reprint(Ordering::Less));
        assert!(!of("晴。", "晴。").is_reprint(Ordering::Equal));
    }
}
