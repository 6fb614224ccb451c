//! Into which group does an article go, and who is its original then?

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::reprint::Change;
use crate::reprint::Overlap;
use crate::reprint::Plain;
use crate::reprint::Standing;
use crate::reprint::compare;
use crate::reprint::headline;
use crate::reprint::plain;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;

/// Texts that a new one is this nearly as much alike as the closest are as good as that.
const LIKENESS_SLACK: f64 = 0.05;
/// A text that its group's anchor holds so much of is found through the anchor.
const COVERED_MIN: f64 = 0.85;
/// A text that a new one holds so much of is a part of it.
const HELD_MIN: f64 = 0.75;

/// A text and how it stands.
#[derive(Debug, Clone)]
pub struct Printed {
    /// Who it is, and when it was printed.
    pub standing: Standing,
    /// What it prints.
    pub plain: Arc<Plain>,
    /// Letters and digits of its headline, without remarks and the names of site and paper.
    pub(super) title: Vec<char>,
}

impl Printed {
    /// `article`, whose text folds to `plain`.
    #[must_use]
    pub fn new(article: &Article, plain: Arc<Plain>) -> Self {
        let standing = Standing::new(article.id, &article.record, plain.char_count());
        let title = wenmai_text::headline::clean(&article.record.title);
        let title = plain::fold(without_outlet(&title, &article.record));
        Self { standing, plain, title }
    }
}

/// A headline without the name of the paper or site that printed it before a colon: it says who
/// tells, not what is told.
fn without_outlet<'t>(title: &'t str, record: &Record) -> &'t str {
    let outlets = [&record.paper, &record.source];
    let mut named = outlets.into_iter().filter(|outlet| !outlet.is_empty());
    let after = |outlet: &String| title.strip_prefix(outlet.as_str())?.strip_prefix(['：', ':']);
    named.find_map(after).map_or(title, str::trim_start)
}

/// Where the headlines of two articles, if they follow one mould, tell different news.
#[must_use]
pub fn headline_changes(left: &Printed, right: &Printed) -> Vec<Change> {
    headline::changes(left, right)
}

/// A text that new ones are compared with: an original, or a member that prints more than that.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// The text.
    pub printed: Printed,
    /// Its group.
    pub group: GroupId,
    /// The original of the group; the text itself where it is one.
    pub original: Printed,
}

impl Anchor {
    fn is_original(&self) -> bool {
        self.original.standing == self.printed.standing
    }
}

/// What becomes of an article, and of the original that it may have come before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Its place.
    pub membership: Membership,
    /// Whether new texts must be compared with it.
    pub is_anchor: bool,
    /// Whether the original so far, which it takes the place of, stays an anchor; `None` where it
    /// takes nobody's place.
    pub replaced: Option<bool>,
    /// Other groups that the article shows to be of the same news: they become one with its own. In
    /// the order of their ids; nearly always none.
    pub merged: Vec<GroupId>,
    /// Groups that hold other news than the article, and texts that print the article as well: what
    /// both leave out went to the one that came first. Their members are told apart by [`is_claimed`].
    /// In the order of their ids; nearly always none.
    pub contested: Vec<GroupId>,
}

/// An anchor that a new text may join, and what the two share.
struct Fitting<'a> {
    anchor: &'a Anchor,
    overlap: Overlap,
}

impl Fitting<'_> {
    /// Whether the new text holds the anchor's, and that is its group's original: then the new text is
    /// the whole of which the group knew a part.
    fn is_held_original(&self) -> bool {
        self.anchor.is_original() && self.overlap.of_left >= HELD_MIN
    }
}

/// Finds the group of `new` among the anchors that share hashes with it, most first; without one it
/// founds `own`.
///
/// It joins the text that it is most alike; of those about as much, the earliest: an abridged text
/// may leave out just what its original and an updated report differ in. A member that is not the
/// original counts only where the new text has something of the original as well: else a digest
/// would join what it holds.
///
/// Two parts of one text that came before the whole founded a group each. A new text that holds the
/// originals of both makes them one, unless they tell different news; the group of the earliest
/// original keeps its id.
#[must_use]
pub fn join<'a>(
    new: &Printed,
    own: GroupId,
    anchors: impl IntoIterator<Item = &'a Anchor>,
) -> Joined {
    let (mut fitting, against) = sorted(new, anchors);
    let is_against = |one: &Fitting| against.contains(&one.anchor.group);
    let mut contested: Vec<GroupId> =
        fitting.iter().filter(|one| is_against(one)).map(|one| one.anchor.group).collect();
    contested.sort_unstable();
    contested.dedup();
    fitting.retain(|one| !is_against(one));
    let closest = fitting.iter().map(|one| one.overlap.likeness()).fold(0.0, f64::max);
    let is_close = |one: &Fitting| one.overlap.likeness() >= closest - LIKENESS_SLACK;
    let close = (0..).zip(&fitting).filter(|(_, one)| is_close(one));
    let best: Option<usize> =
        close.min_by_key(|(_, one)| one.anchor.printed.standing).map(|(at, _)| at);
    let Some(best) = best.filter(|at| *at < fitting.len()).map(|at| fitting.swap_remove(at)) else {
        let membership = Membership { group: own, is_original: true };
        let merged = Vec::new();
        return Joined { membership, is_anchor: true, replaced: None, merged, contested };
    };
    let united = united(new, &best, &fitting);
    let first = united.iter().copied().chain([best.anchor]);
    let first = first.min_by_key(|anchor| (anchor.original.standing, anchor.group));
    let first = first.unwrap_or(best.anchor);
    let merged = united.iter().chain([&best.anchor]).map(|anchor| anchor.group);
    let mut merged: Vec<GroupId> = merged.filter(|group| *group != first.group).collect();
    merged.sort_unstable();
    if new.standing < first.original.standing {
        let of_original = compare(&first.original.plain, &new.plain).of_left;
        let membership = Membership { group: first.group, is_original: true };
        let replaced = Some(of_original < COVERED_MIN);
        return Joined { membership, is_anchor: true, replaced, merged, contested };
    }
    Joined {
        membership: Membership { group: first.group, is_original: false },
        // What it tells otherwise may turn out to be another's.
        is_anchor: best.overlap.of_right < COVERED_MIN || !best.overlap.changes.is_empty(),
        replaced: None,
        merged,
        contested,
    }
}

/// The anchors that `new` may join, and the groups of those that hold its text with other news in it.
fn sorted<'a>(
    new: &Printed,
    anchors: impl IntoIterator<Item = &'a Anchor>,
) -> (Vec<Fitting<'a>>, BTreeSet<GroupId>) {
    let (mut fitting, mut against) = (Vec::new(), BTreeSet::new());
    for anchor in anchors {
        let overlap = compare(&anchor.printed.plain, &new.plain);
        if contradicts(&overlap) {
            against.insert(anchor.group);
            continue;
        }
        if !fits(&anchor.printed, new, &overlap) {
            continue;
        }
        if !anchor.is_original() {
            let of_original = compare(&anchor.original.plain, &new.plain);
            if contradicts(&of_original) {
                against.insert(anchor.group);
            } else if of_original.relation().is_none() {
                continue;
            }
        }
        fitting.push(Fitting { anchor, overlap });
    }
    (fitting, against)
}

/// Whether two texts are one but for the news.
fn contradicts(overlap: &Overlap) -> bool {
    overlap.vetoed && overlap.of_left.max(overlap.of_right) >= HELD_MIN
}

/// Whether `later`, by the order in which they came, prints the text of `known`.
fn fits(known: &Printed, later: &Printed, overlap: &Overlap) -> bool {
    overlap.is_reprint(known.standing.in_time(&later.standing))
        && headline::belong(known, later)
        && !headline::differ(known, later, overlap)
}

/// Whether `member` of a contested group goes with `new`: it prints its text, and tells less of other
/// news than beside `other`, a text of its group that tells other news than `new`; or nothing of
/// either, and `new` was printed first.
#[must_use]
pub fn is_claimed(member: &Printed, new: &Printed, other: &Printed) -> bool {
    let (to_new, to_other) =
        (compare(&new.plain, &member.plain), compare(&other.plain, &member.plain));
    if member.standing < new.standing || !fits(new, member, &to_new) {
        return false;
    }
    match to_new.changes.len().cmp(&to_other.changes.len()) {
        Ordering::Less => true,
        Ordering::Equal => new.standing < other.standing,
        Ordering::Greater => false,
    }
}

/// Whether `one` and `other` are one text but for the news, so that their copies must be told apart.
#[must_use]
pub fn tell_other_news(one: &Printed, other: &Printed) -> bool {
    contradicts(&compare(&one.plain, &other.plain))
}

/// Originals of other groups that become one with that of `best`, one a group.
fn united<'a>(new: &Printed, best: &Fitting<'a>, others: &[Fitting<'a>]) -> Vec<&'a Anchor> {
    let mut united: Vec<&Anchor> = Vec::new();
    if !best.is_held_original() {
        return united;
    }
    for Fitting { anchor, .. } in others.iter().filter(|one| one.is_held_original()) {
        let is_known = |known: &&Anchor| known.group == anchor.group;
        let agrees = |known: &&Anchor| agree(new, &known.printed, &anchor.printed);
        if !united.iter().chain([&best.anchor]).any(is_known)
            && united.iter().chain([&best.anchor]).all(agrees)
        {
            united.push(anchor);
        }
    }
    united
}

/// Whether neither of two texts that `new` holds tells other news than the other, or more of it. What the
/// later of them adds is nothing new where `new` was printed before both.
fn agree(new: &Printed, one: &Printed, other: &Printed) -> bool {
    let overlap = compare(&one.plain, &other.plain);
    let is_first =
        [one, other].iter().all(|known| new.standing.in_time(&known.standing) == Ordering::Less);
    !overlap.vetoed
        && (is_first || overlap.update(one.standing.in_time(&other.standing)).is_none())
        && !headline::differ(one, other, &overlap)
}

/// Whether `member` of a group must be compared with new texts beside the group's `original`: it
/// prints more than that.
#[must_use]
pub fn prints_more(original: &Printed, member: &Printed) -> bool {
    compare(&original.plain, &member.plain).of_right < COVERED_MIN
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::civil::date;

    use super::Anchor;
    use super::Joined;
    use super::Printed;
    use super::is_claimed;
    use super::join;
    use super::tell_other_news;
    use crate::reprint::Plain;
    use wenmai_domain::article::Article;
    use wenmai_domain::article::Record;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::reprint::Membership;

    const TEXT: &str = "清河县水务局介绍，清河大桥加固工程昨日完工，施工历时五个月，桥面重新铺装，\
        两侧护栏全部更换，过往车辆不再限速，附近三个村的村民出行更加方便。";
    const AFTER: &str = "工程总投资由县财政承担，施工期间没有中断交通。下一步，水务局将对上游的两座小桥进行\
        检查，根据结果决定是否加固。桥头新装了六盏路灯，夜里过桥不再摸黑，附近小学的学生上学近了一里路。";
    const MORE: &str = "村民周大爷说，以前过桥要等，现在一脚油门就到集市。";

    fn printed(day: i8, text: &str) -> Printed {
        let record = Record {
            published_at: Some(date(2025, 9, day).at(0, 0, 0, 0)),
            paragraphs: vec![text.into()],
            ..Record::default()
        };
        let article = Article::new(record);
        Printed::new(&article, Arc::new(Plain::of(&article.record)))
    }

    #[test]
    fn a_whole_text_makes_the_groups_of_its_parts_one() {
        let (part, other) = (printed(7, TEXT), printed(8, AFTER));
        let whole = printed(6, &format!("{TEXT}{AFTER}"));
        let found = joined(&whole, &[&part, &other]);
        assert_eq!(found.membership, Membership { group: founded(&part), is_original: true });
        assert_eq!(found.merged, [founded(&other)]);
        let corrected = printed(8, &TEXT.replace("五个月", "七个月"));
        assert!(joined(&whole, &[&part, &corrected]).merged.is_empty());
    }

    #[test]
    fn a_badly_read_copy_is_contested_when_the_report_that_it_prints_comes() {
        let report = format!("{TEXT}{AFTER}");
        let corrected = printed(7, &report.replace("五个月", "七个月"));
        let misread =
            report.replace("铺装", "铺龘").replace("检查", "检龘").replace("路灯", "路龘");
        let copy = printed(8, &misread);
        let found = joined(&copy, &[&corrected]);
        assert_eq!(found.membership.group, founded(&corrected), "a number may be misread");
        assert!(found.is_anchor, "it may be another's");
        let anchor = |printed: &Printed| Anchor {
            printed: printed.clone(),
            group: founded(&corrected),
            original: corrected.clone(),
        };
        let anchors = [anchor(&corrected), anchor(&copy)];
        let report = printed(6, &report);
        let found = join(&report, founded(&report), &anchors);
        assert_eq!(found.membership, Membership { group: founded(&report), is_original: true });
        assert_eq!(found.contested, [founded(&corrected)]);
        assert!(is_claimed(&copy, &report, &corrected));
        assert!(tell_other_news(&corrected, &report) && !tell_other_news(&copy, &report));
    }

    fn founded(printed: &Printed) -> GroupId {
        GroupId::found(printed.standing.id(), "h")
    }

    fn joined(new: &Printed, anchors: &[&Printed]) -> Joined {
        let anchors: Vec<Anchor> = anchors
            .iter()
            .map(|known| Anchor {
                printed: (*known).clone(),
                group: founded(known),
                original: (*known).clone(),
            })
            .collect();
        join(new, founded(new), &anchors)
    }

    #[test]
    fn a_text_without_its_like_founds_a_group() {
        let new = printed(8, TEXT);
        let found = joined(&new, &[&printed(7, MORE)]);
        assert_eq!(found.membership.group, founded(&new));
        assert!(found.membership.is_original && found.is_anchor);
    }

    #[test]
    fn a_later_copy_joins_and_need_not_be_found_again() {
        let known = printed(7, TEXT);
        let found = joined(&printed(8, TEXT), &[&known]);
        assert_eq!(found.membership.group, founded(&known));
        assert!(!found.membership.is_original && !found.is_anchor);
    }

    #[test]
    fn an_earlier_copy_that_comes_late_becomes_the_original() {
        let known = printed(7, TEXT);
        let found = joined(&printed(6, TEXT), &[&known]);
        assert_eq!(found.membership.group, founded(&known));
        assert!(found.membership.is_original);
        assert_eq!(found.replaced, Some(false));
    }

    #[test]
    fn a_member_that_prints_more_is_found_by_it() {
        let known = printed(7, TEXT);
        let found = joined(&printed(8, &format!("{TEXT}{MORE}")), &[&known]);
        assert!(!found.membership.is_original && found.is_anchor);
    }

    #[test]
    fn of_two_alike_the_closer_is_joined_and_the_earlier_keeps_its_id() {
        let (short, whole) = (printed(6, TEXT), printed(7, &format!("{TEXT}{MORE}")));
        let found = joined(&printed(8, &format!("{TEXT}{MORE}")), &[&short, &whole]);
        assert_eq!(found.membership, Membership { group: founded(&short), is_original: false });
        assert_eq!(found.merged, [founded(&whole)]);
        assert!(!found.is_anchor, "the closer one holds all of it");
        let ids: [ArticleId; 2] = [short.standing.id(), whole.standing.id()];
        assert_ne!(ids[0], ids[1]);
    }
}
