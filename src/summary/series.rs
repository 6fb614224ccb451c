//! Figures of one kind over time: a later one is an update, two of one time are a conflict.
//!
//! The kind of a figure is what it counts: its unit, and a word beside it in the clause (死亡, 受伤,
//! 转移), or else the two characters before it. What is counted anew (新增), as a part (其中) or for
//! another time (去年) is of no kind. A different value of a kind that comes later and takes the place
//! of the first is an update; one that other outlets print at the same time, or still print later,
//! is a conflict. Either holds only between pieces that tell of one matter: they share enough words.
//! Nobody is called wrong.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::cover::Matter;
use crate::figure::Figure;
use crate::figure::Outlet;
use crate::figure::Quantity;
use crate::figure::cited;
use crate::figure::outlet;
use crate::figure::quantities;
use crate::figure::split;
use crate::reading::Reading;
use crate::set::Source;
use wenmai_domain::span::Span;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::containment;

/// Part of the larger value within which rounding explains a difference.
const ROUNDING: f64 = 0.02;
/// Hours by which a figure must come later than another to take its place.
const LATER_HOURS: i64 = 3;
/// Hours for which outlets still print what was overtaken.
const LAG_HOURS: i64 = 36;
/// Hours within which two values must be printed to disagree: later ones are of another day.
const CONFLICT_HOURS: i64 = 72;
/// How many times as large one of two values that disagree may be as the other.
const CONFLICT_RATIO: f64 = 3.0;
/// Characters behind a number, and before it, within which a word says what is counted.
const NEAR: usize = 10;
/// Share of the shorter of two pieces that the other must hold for them to tell of one matter: where
/// a word names what is counted, and where none does.
const ALIKE_NAMED: f32 = 0.2;
const ALIKE_UNNAMED: f32 = 0.5;
/// Units in which anything is measured.
const RATES: [&str; 8] = ["%", "百分点", "元", "美元", "点", "倍", "岁", "年"];
/// Values of a kind that no word names, at most: more are of different things.
const UNNAMED_MAX: usize = 3;
/// How many times as large the largest value of such a kind may be as the smallest.
const UNNAMED_RATIO: f64 = 10.0;

/// What is counted, each with the words that say so.
const COUNTED: [(&str, &[&str]); 12] = [
    ("死亡", &["死亡", "遇难", "身亡", "丧生", "罹难", "遇害", "死"]),
    ("受伤", &["受伤", "负伤", "伤员", "伤者", "伤"]),
    ("失踪", &["失踪", "失联", "下落不明"]),
    ("被困", &["被困"]),
    ("获救", &["获救", "救出", "脱险"]),
    ("转移", &["转移", "疏散", "撤离", "安置"]),
    ("确诊", &["确诊", "病例", "感染", "阳性"]),
    ("被捕", &["被捕", "逮捕", "拘留", "抓获", "落网"]),
    ("受灾", &["受灾"]),
    ("房屋", &["倒塌", "损毁", "损坏"]),
    ("票房", &["票房"]),
    ("停电", &["停电"]),
];
/// Of these what may become less with time; of the others a lower figure that comes later is rather an
/// old one told again, so that it only takes the place of a higher one where the text says so.
const FALLING: [&str; 3] = ["失踪", "被困", "停电"];
/// Words by which a figure is of another kind: a part, an increase, another time.
const APART: [&str; 16] = [
    "新增",
    "另有",
    "其中",
    "又有",
    "增加了",
    "减少",
    "下降",
    "分别",
    "每",
    "平均",
    "人均",
    "去年",
    "上年",
    "同期",
    "曾",
    "预计",
];
/// Words by which a figure says that it takes the place of an earlier one.
const UPDATES: [&str; 9] =
    ["升至", "增至", "上升到", "增加到", "更新", "升到", "降至", "更正", "修正"];

/// Whether a word of the text says what is counted, rather than the characters before the number.
#[must_use]
pub fn is_named(what: &str) -> bool {
    COUNTED.iter().any(|(name, _)| *name == what)
}

/// A figure and when it was first printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The figure, in the piece that printed it first.
    pub figure: Figure,
    /// When; `None` where no article that prints it has a time.
    pub time: Option<DateTime>,
}

/// The figures of one kind, each an update of the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What is counted: 死亡.
    pub what: String,
    /// At least two, in order of time.
    pub points: Vec<Point>,
}

/// Two figures of one kind and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What is counted, as in [`Series::what`].
    pub what: String,
    /// The one that was printed first.
    pub left: Figure,
    /// The other.
    pub right: Figure,
}

/// The figures of each kind that changed, and those that disagree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Updates.
    pub series: Vec<Series>,
    /// Conflicts of different outlets.
    pub conflicts: Vec<Conflict>,
}

impl Changes {
    /// Leaves out what reaches over several events; `event` gives that of a source.
    pub(crate) fn keep_within(&mut self, event: &dyn Fn(usize) -> Option<usize>) {
        let of = |figure: &Figure| event(figure.piece.source);
        self.series.retain(|one| {
            let mut points = one.points.iter().map(|point| of(&point.figure));
            let first = points.next().flatten();
            points.all(|other| other == first)
        });
        self.conflicts.retain(|one| of(&one.left) == of(&one.right));
    }
}

/// A value of a kind, and who prints it.
struct Value<'r> {
    number: f64,
    first: Option<DateTime>,
    last: Option<DateTime>,
    outlets: BTreeSet<Outlet<'r>>,
    shown: Quantity<'r>,
    worth: f32,
    updates: bool,
}

/// What `readings` of `sources` say together, and which of their figures changed; a figure that was
/// overtaken is worth nothing.
#[must_use]
pub fn matter<'r>(sources: &[Source<'_>], readings: &'r [Reading<'_>]) -> (Matter<'r>, Changes) {
    let mut matter = Matter::of(readings);
    let changes = changes(sources, readings, &matter);
    let mut known: BTreeMap<&str, &'r str> = BTreeMap::new();
    for quantity in quantities(readings) {
        known.insert(&quantity.number.key, &quantity.number.key);
    }
    for series in &changes.series {
        let keys = series.points.iter().map(|point| point.figure.key.as_str());
        let keys: Vec<&'r str> = keys.filter_map(|key| known.get(key).copied()).collect();
        if let Some((latest, overtaken)) = keys.split_last() {
            matter.overtake(overtaken, latest);
        }
    }
    (matter, changes)
}

/// The kinds of figures in `readings` of `sources` that have several values.
fn changes(sources: &[Source<'_>], readings: &[Reading<'_>], matter: &Matter<'_>) -> Changes {
    let mut kinds: BTreeMap<(String, &str), Vec<Value<'_>>> = BTreeMap::new();
    for quantity in quantities(readings) {
        let Some((reading, offer)) = quantity.place.of(readings) else { continue };
        let Some((number, unit)) = split(&quantity.number.key) else { continue };
        let Some(worth) = matter.worth(reading, offer) else { continue };
        let Some((what, updates)) = counted(reading, quantity) else { continue };
        let time = sources.get(reading.source).and_then(|source| source.time);
        let outlet = outlet(sources, reading.source);
        let values = kinds.entry((what, unit)).or_default();
        let close = |one: &&mut Value<'_>| {
            (one.number - number).abs() <= ROUNDING * one.number.abs().max(number.abs())
        };
        match values.iter_mut().find(close) {
            Some(known) => {
                let is_earlier = time.is_some() && (known.first.is_none() || time < known.first);
                if is_earlier || (time == known.first && worth > known.worth) {
                    (known.shown, known.worth) = (quantity, worth);
                }
                known.first = [known.first, time].into_iter().flatten().min();
                known.last = known.last.max(time);
                known.outlets.insert(outlet);
                known.updates |= updates;
            }
            None => values.push(Value {
                number,
                first: time,
                last: time,
                outlets: BTreeSet::from([outlet]),
                shown: quantity,
                worth,
                updates,
            }),
        }
    }
    let mut found = Changes::default();
    for ((what, _), values) in kinds {
        change(readings, &what, values, &mut found);
    }
    found.series.sort_by_key(|one| std::cmp::Reverse(weight(&one.points)));
    found
}

/// How many outlets print the figures of a series.
fn weight(points: &[Point]) -> usize {
    points.iter().map(|point| point.figure.outlet_count).sum()
}

/// Adds what became of the values of one kind to `found`.
fn change(readings: &[Reading<'_>], what: &str, mut values: Vec<Value<'_>>, found: &mut Changes) {
    let is_named = COUNTED.iter().any(|(name, _)| *name == what);
    let (least, most) = values.iter().fold((f64::MAX, 0.0_f64), |(least, most), one| {
        (least.min(one.number.abs()), most.max(one.number.abs()))
    });
    // Shares and prices without a word for what they are of are of anything.
    let is_rate =
        values.iter().any(|one| RATES.iter().any(|unit| one.shown.number.key.ends_with(unit)));
    if values.len() < 2
        || !is_named && (is_rate || values.len() > UNNAMED_MAX || most > UNNAMED_RATIO * least)
    {
        return;
    }
    values.sort_by_key(|one| (one.first.is_none(), one.first));
    let figure = |one: &Value<'_>| {
        Some(Figure {
            text: one.shown.number.text.clone(),
            key: one.shown.number.key.clone(),
            piece: cited(readings, one.shown.place)?,
            outlet_count: one.outlets.len(),
        })
    };
    let enough = if is_named { ALIKE_NAMED } else { ALIKE_UNNAMED };
    let mut line: Vec<&Value<'_>> = Vec::new();
    for value in &values {
        let Some(before) = line.last() else {
            line.push(value);
            continue;
        };
        if alike(readings, before, value) < enough {
            continue;
        }
        let is_old = is_named && !FALLING.contains(&what) && value.number < before.number;
        if takes_place(before, value) && (!is_old || value.updates) {
            line.push(value);
        } else if disagree(before, value)
            && let (Some(left), Some(right)) = (figure(before), figure(value))
        {
            found.conflicts.push(Conflict { what: what.to_owned(), left, right });
        }
    }
    let point = |one: &&Value<'_>| Some(Point { figure: figure(one)?, time: one.first });
    let points: Vec<Point> = line.iter().filter_map(point).collect();
    if points.len() > 1 {
        found.series.push(Series { what: what.to_owned(), points });
    }
}

/// Whether two values of one kind are of one thing: nobody prints both, they were printed near each
/// other in time, and neither is many times the other.
fn disagree(one: &Value<'_>, other: &Value<'_>) -> bool {
    let (low, high) =
        (one.number.abs().min(other.number.abs()), one.number.abs().max(other.number.abs()));
    let near = match (one.last, other.first) {
        (Some(last), Some(first)) => {
            first.duration_since(last) <= SignedDuration::from_hours(CONFLICT_HOURS)
        }
        _ => true,
    };
    one.outlets.is_disjoint(&other.outlets) && near && high <= CONFLICT_RATIO * low
}

/// The share of the shorter of the pieces of two values that the other holds.
fn alike(readings: &[Reading<'_>], one: &Value<'_>, other: &Value<'_>) -> f32 {
    let pairs = |value: &Value<'_>| Some(&value.shown.place.of(readings)?.1.pairs);
    let (Some(one), Some(other)) = (pairs(one), pairs(other)) else { return 0.0 };
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    containment(short, &long.iter().copied().collect::<HashSet<u64>>())
}

/// Whether `later` is an update of `before`.
fn takes_place(before: &Value<'_>, later: &Value<'_>) -> bool {
    if later.updates {
        return true;
    }
    let (Some(first), Some(last)) = (before.first, before.last) else { return false };
    let Some(new) = later.first else { return false };
    let hours = |from: DateTime, to: DateTime| to.duration_since(from);
    hours(first, new) >= SignedDuration::from_hours(LATER_HOURS)
        && hours(new, last) <= SignedDuration::from_hours(LAG_HOURS)
}

/// What `quantity` counts, and whether it says that it is an update; `None` where that is not clear.
fn counted(reading: &Reading<'_>, quantity: Quantity<'_>) -> Option<(String, bool)> {
    let (body, at) = (&reading.body, quantity.number.span);
    let clause = body.clauses.partition_point(|clause| clause.span.end <= at.start);
    let clause = body.clauses.get(clause)?.span;
    let numbers = |of: &[wenmai_text::entity::Entity]| {
        of.iter().filter(|one| one.kind == Kind::Number).map(|one| one.span).collect::<Vec<Span>>()
    };
    let (earlier, later) = reading.mentions.split_at_checked(quantity.mention)?;
    let from = numbers(earlier).last().map_or(clause.start, |one| one.end.max(clause.start));
    let later = later.get(1..).unwrap_or_default();
    let to = numbers(later).first().map_or(clause.end, |one| one.start.min(clause.end));
    let whole = body.text.get(clause.start..at.start)?;
    let before = body.text.get(from.min(at.start)..at.start)?;
    let behind = body.text.get(at.end..to.max(at.end))?;
    if APART.iter().any(|word| whole.contains(word)) {
        return None;
    }
    let updates = UPDATES.iter().any(|word| before.contains(word));
    let named = named_behind(behind).or_else(|| named_before(before));
    let what = named.map(str::to_owned).or_else(|| unnamed(before))?;
    Some((what, updates))
}

/// The kind whose word stands first in what is near behind a number.
fn named_behind(behind: &str) -> Option<&'static str> {
    let end = behind.char_indices().nth(NEAR).map_or(behind.len(), |(at, _)| at);
    let near = behind.get(..end)?;
    let found = COUNTED.iter().filter_map(|(kind, words)| {
        Some((words.iter().filter_map(|word| near.find(word)).min()?, *kind))
    });
    found.min_by_key(|(at, _)| *at).map(|(_, kind)| kind)
}

/// The kind whose word stands last in what is near before a number.
fn named_before(before: &str) -> Option<&'static str> {
    let start = before.char_indices().rev().nth(NEAR - 1).map_or(0, |(at, _)| at);
    let near = before.get(start..)?;
    let found = COUNTED.iter().filter_map(|(kind, words)| {
        Some((words.iter().filter_map(|word| near.rfind(word)).max()?, *kind))
    });
    found.max_by_key(|(at, _)| *at).map(|(_, kind)| kind)
}

/// The two characters before a number, without words that only lead to it.
fn unnamed(before: &str) -> Option<String> {
    const LEADING: [&str; 20] = [
        "超过", "至少", "达到", "约为", "大约", "升至", "增至", "超", "约", "近", "逾", "达", "至",
        "为", "了", "共", "有", "已", "到", "是",
    ];
    let mut rest = before;
    while let Some(shorter) = LEADING.iter().find_map(|word| rest.strip_suffix(word)) {
        rest = shorter;
    }
    let mut last = rest.chars().rev();
    let (second, first) = (last.next()?, last.next()?);
    (first.is_alphabetic() && second.is_alphabetic()).then(|| format!("{first}{second}"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Changes;
    use super::matter;
    use crate::reading::tests::readings;
    use crate::set::Source;
    use crate::set::tests::flood;
    use wenmai_text::entity::Kind;

    fn of(sources: &[Source<'_>]) -> Changes {
        matter(sources, &readings(sources)).1
    }

    /// Reports of one collapse: hour of the 3rd, outlet, text.
    fn collapse<'a>(all: &[(i8, &'static str, &'a str)]) -> Vec<Source<'a>> {
        let source =
            |(group, (hour, outlet, body)): (usize, &(i8, &'static str, &'a str))| Source {
                title: "南山县矿井坍塌",
                body,
                outlet,
                time: Some(date(2024, 6, 3 + hour / 24).at(hour % 24, 0, 0, 0)),
                url: "",
                group,
                event: 0,
                weight: 1.0,
            };
        all.iter().enumerate().map(source).collect()
    }

    fn series(found: &Changes) -> Vec<(&str, Vec<&str>)> {
        found
            .series
            .iter()
            .map(|one| {
                let keys = one.points.iter().map(|point| point.figure.key.as_str()).collect();
                (one.what.as_str(), keys)
            })
            .collect()
    }

    #[test]
    fn a_later_figure_is_an_update() {
        let found = of(&flood());
        assert_eq!(series(&found), [("转移", vec!["3200人", "4100人"])]);
        assert!(found.conflicts.is_empty(), "{found:?}");
    }

    #[test]
    fn what_was_overtaken_is_worth_nothing() {
        let sources = flood();
        let readings = readings(&sources);
        let (matter, _) = matter(&sources, &readings);
        assert!(matter.fact(Kind::Number, "3200人").abs() < 1e-9);
        assert!((matter.fact(Kind::Number, "4100人") - 2.0 / 3.0).abs() < 1e-5);
    }

    #[test]
    fn figures_of_one_time_conflict() {
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井3日凌晨坍塌，造成11人死亡、40人受伤。"),
            (9, "东湖晚报", "南山县一座矿井3日凌晨坍塌，已有15人死亡，40人受伤。"),
        ]));
        assert!(found.series.is_empty(), "{found:?}");
        let keys: Vec<(&str, &str)> =
            found.conflicts.iter().map(|one| (&*one.left.key, &*one.right.key)).collect();
        assert_eq!(keys, [("11人", "15人")]);
    }

    #[test]
    fn deaths_and_injuries_are_two_series() {
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井3日凌晨坍塌，造成11人死亡、40人受伤。"),
            (20, "东湖晚报", "南山县矿井坍塌死亡人数升至14人，另有46人受伤。"),
            (36, "北岭网", "南山县矿井坍塌，截至4日中午14人遇难，受伤人数为46人。"),
        ]));
        let mut all = series(&found);
        all.sort();
        assert_eq!(all, [("受伤", vec!["40人", "46人"]), ("死亡", vec!["11人", "14人"])]);
        assert!(found.conflicts.is_empty(), "{found:?}");
    }

    #[test]
    fn fewer_dead_a_day_later_are_no_update_unless_the_text_says_so() {
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井3日凌晨坍塌，造成14人死亡。"),
            (40, "东湖晚报", "南山县一座矿井3日凌晨坍塌，造成11人死亡。"),
        ]));
        assert!(found.series.is_empty() && found.conflicts.len() == 1, "{found:?}");
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井3日凌晨坍塌，造成14人死亡。"),
            (40, "东湖晚报", "南山县一座矿井3日凌晨坍塌，死亡人数更正为11人。"),
        ]));
        assert_eq!(series(&found), [("死亡", vec!["14人", "11人"])]);
    }

    #[test]
    fn parts_increases_rounding_and_other_times_are_no_change() {
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井坍塌，造成15人死亡，转移矿工3200人。"),
            (20, "东湖晚报", "南山县矿井坍塌，其中2人死亡于医院，转移矿工3190人。"),
            (36, "北岭网", "南山县矿井坍塌，新增死亡3人。去年该县矿难死亡21人。"),
        ]));
        assert_eq!(found, Changes::default());
    }

    #[test]
    fn one_outlet_does_not_contradict_itself() {
        let found = of(&collapse(&[
            (8, "南山日报", "南山县一座矿井3日凌晨坍塌，造成11人死亡。"),
            (9, "南山日报", "南山县一座矿井3日凌晨坍塌，造成12人死亡。"),
        ]));
        assert!(found.conflicts.is_empty(), "{found:?}");
    }
}
