//! What several articles say together: the pieces that cover most of it, each once, in order of time.
//!
//! Pieces come from one article of each reprint group (`reading`) and are chosen by what they add to
//! what is told (`cover`). Whoever else says the same is named with each.

use std::collections::HashMap;
use std::collections::HashSet;

use jiff::civil::DateTime;

use crate::BUDGET_MAX;
use crate::Budget;
use crate::Extract;
use crate::chronicle;
use crate::cover;
use crate::cover::Matter;
use crate::cover::Place;
use crate::cover::places;
use crate::ranker::Ranker;
use crate::reading::Offer;
use crate::reading::Reading;
use crate::select;
use crate::topic::Since;
use crate::unit::PairSet;
use crate::when;
use crate::wording;
use wenmai_domain::day;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Share of a piece that another article must hold to say the same.
const SAME: f32 = 0.5;
/// Share of a piece that may have been known for it to be new.
const KNOWN_MAX: f32 = 0.5;
/// What the piece of the newest articles must be worth, beside the best of all.
const NEWEST_MIN: f32 = 0.5;
/// Sentences of an article within which what it has to tell as new is told.
const OPENS: usize = 2;
/// How much of what the headlines say a piece must say to be new of the set's matter.
const NEWEST_HEADED: f32 = 0.15;
/// Share of its words, but for names, numbers and dates, that may have been printed before.
const NEWS_KNOWN_MAX: f32 = 0.6;
/// What a piece counts as the lead that stands one sentence deeper, and one that somebody says.
const LEAD_DEEPER: f32 = 0.9;
const SAID: f32 = 0.5;
/// Days over which a set may be spread that is told with its main fact first.
const AT_ONCE_DAYS: i32 = 7;
/// Budget from which on the newest article is told in any case: shorter summaries say the whole.
const NEWEST_CHARS: usize = 200;

/// One article of a set.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its headline.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Who printed it: the paper, or the site; empty where unknown.
    pub outlet: &'a str,
    /// When; civil time of the paper.
    pub time: Option<DateTime>,
    /// The address of its page on the web; empty where unknown.
    pub url: &'a str,
    /// Its reprint group: articles of one number print one text.
    pub group: usize,
    /// The event that it tells of, by a number; 0 of all where events are not known.
    pub event: usize,
    /// How central it is to the set, `(0, 1]`; 1 where nothing is known.
    pub weight: f32,
}

/// A piece and the article that it is cited from.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    /// The article's place among the sources.
    pub source: usize,
    /// The piece.
    pub extract: Extract,
}

/// A piece that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The piece.
    pub piece: Cited,
    /// The other articles that say the same in their own text, in order; no reprints.
    pub also: Vec<usize>,
    /// Whether articles of the last day tell it, and none of an earlier day; of a story of several
    /// events, whether it tells of the newest.
    pub is_newest: bool,
}

/// Of which articles it is told, and what was known before them.
#[derive(Debug, Default)]
pub struct Scope {
    /// The sources that are told of; `None` for all.
    fresh: Option<HashSet<usize>>,
    /// The pairs that the others print.
    known: PairSet,
}

impl Scope {
    /// Of `readings` of `sources` the new ones, or all.
    #[must_use]
    pub fn of(sources: &[Source<'_>], readings: &[Reading<'_>], since: Option<&Since>) -> Self {
        let Some(since) = since else { return Self::default() };
        let is_new = |one: &&Reading<'_>| since.is_new(sources, one.source);
        let (new, old): (Vec<_>, Vec<_>) = readings.iter().partition(is_new);
        Self {
            fresh: Some(new.iter().map(|one| one.source).collect()),
            known: old.iter().flat_map(|one| one.body.bigrams.iter().flatten()).copied().collect(),
        }
    }

    /// Whether `offer` of `reading` is told of, and says what was not known.
    #[must_use]
    pub fn holds(&self, reading: &Reading<'_>, offer: &Offer) -> bool {
        self.fresh.as_ref().is_none_or(|fresh| {
            fresh.contains(&reading.source) && containment(&offer.pairs, &self.known) <= KNOWN_MAX
        })
    }
}

/// What a set is told by.
#[derive(Clone, Copy)]
pub struct Telling<'t, 'r> {
    /// What the readings say together.
    pub matter: &'t Matter<'r>,
    /// Rates clauses.
    pub ranker: &'t Ranker,
    /// Of which articles it is told.
    pub scope: &'t Scope,
}

/// What `readings` of `sources` say, in at most `budget` characters and in order of time; `matter` is
/// what they say together.
///
/// Empty only where no source holds running text.
#[must_use]
pub fn tell<'r>(
    sources: &[Source<'_>],
    readings: &'r [Reading<'_>],
    matter: &Matter<'r>,
    ranker: &Ranker,
    budget: Budget,
) -> Vec<Told> {
    tell_of(sources, readings, Telling { matter, ranker, scope: &Scope::default() }, budget)
}

/// As [`tell`], of the articles in the scope of `telling`; empty also where they say nothing new.
#[must_use]
pub fn tell_of<'r>(
    sources: &[Source<'_>],
    readings: &'r [Reading<'_>],
    telling: Telling<'_, 'r>,
    budget: Budget,
) -> Vec<Told> {
    let Telling { matter, ranker, scope } = telling;
    let char_max = budget.chars().min(BUDGET_MAX);
    let events = chronicle::events(sources);
    let last = chronicle::newest(&events);
    let news = News::of(sources, readings);
    let newest = newest(&news, readings, matter).filter(|_| char_max >= NEWEST_CHARS);
    let chosen = match readings {
        // One article is told as it is told alone.
        [_] => Vec::new(),
        _ if !events.is_empty() => chronicle::choose(sources, readings, &events, scope, char_max),
        _ => cover::choose(readings, matter, scope, newest, char_max),
    };
    let lead = lead(matter, &news, readings, &chosen);
    let lead = lead.filter(|_| events.is_empty() && is_at_once(sources));
    let mut told: Vec<Told> = chosen
        .into_iter()
        .filter_map(|place| {
            let (reading, offer) = place.of(readings)?;
            let score =
                select::score_of(&reading.body, &reading.scores(ranker), offer.from, offer.to);
            let extract = Extract { score, ..offer.extract.clone() };
            let piece = Cited { source: reading.source, extract };
            let also = also(readings, place.reading, offer);
            let is_newest = match last {
                Some(last) => sources.get(reading.source).is_some_and(|one| one.event == last),
                None => {
                    news.holds(matter, reading, offer)
                        && also.iter().all(|source| is_last(sources, *source))
                }
            };
            Some(Told { piece, also, is_newest })
        })
        .collect();
    if told.is_empty() && scope.fresh.is_none() {
        told = alone(readings, ranker, char_max);
    }
    order(sources, lead.as_ref(), &mut told);
    told
}

/// Puts what is told in order: the `lead`, a source and where its piece begins, and the rest by the day of
/// which it tells; behind a lead what happened long ago comes last.
fn order(sources: &[Source<'_>], lead: Option<&(usize, Option<usize>)>, told: &mut [Told]) {
    // Of one day the article comes first whose piece was worth most, told in its own order.
    let mut ranks: HashMap<usize, usize> = HashMap::new();
    for (rank, one) in told.iter().enumerate() {
        ranks.entry(one.piece.source).or_insert(rank);
    }
    told.sort_by_cached_key(|one| {
        let Cited { source, extract } = &one.piece;
        let issue = sources.get(*source).and_then(|source| Some(source.time?.date()));
        let day = when::day_of(&extract.text, issue);
        let is_old = issue.is_some_and(|issue| when::tells_of_old(&extract.text, issue));
        let start = extract.parts.first().map(|part| part.start);
        let is_lead = lead.is_some_and(|lead| *lead == (*source, start));
        (!is_lead, lead.is_some() && is_old, day.is_none(), day, ranks.get(source).copied(), start)
    });
}

/// The source and the first byte of the piece among `chosen` that says most of what the headlines say, near
/// the opening of its article; rather not what somebody says of it, and nothing that is new.
fn lead<'r>(
    matter: &Matter<'r>,
    news: &News,
    readings: &'r [Reading<'_>],
    chosen: &[Place],
) -> Option<(usize, Option<usize>)> {
    let mut best: Option<(f32, usize, Option<usize>)> = None;
    for (reading, offer) in chosen.iter().filter_map(|place| place.of(readings)) {
        if news.holds(matter, reading, offer) {
            continue;
        }
        let first = offer.extract.text.split_inclusive('，').next().unwrap_or_default();
        let told = if wording::speaks(first) { SAID } else { 1.0 };
        let depth = LEAD_DEEPER.powf(share(offer.depth, 1));
        let worth = matter.headed(offer) * depth * told;
        if best.is_none_or(|(known, ..)| worth > known) {
            best =
                Some((worth, reading.source, offer.extract.parts.first().map(|part| part.start)));
        }
    }
    best.map(|(_, source, start)| (source, start))
}

/// Whether `sources` are of few days, so that what happened is told first and the rest behind it.
fn is_at_once(sources: &[Source<'_>]) -> bool {
    let days = || sources.iter().filter_map(|one| Some(one.time?.date()));
    let span = days().min().zip(days().max());
    span.is_none_or(|(first, last)| day::between(first, last) <= AT_ONCE_DAYS)
}

/// What can be new in a set.
struct News {
    /// The sources of the last day; empty where all are of one.
    last: HashSet<usize>,
    /// The pairs that articles of earlier days print.
    known: PairSet,
}

impl News {
    fn of(sources: &[Source<'_>], readings: &[Reading<'_>]) -> Self {
        let (last, earlier): (Vec<&Reading<'_>>, Vec<&Reading<'_>>) =
            readings.iter().partition(|one| is_last(sources, one.source));
        let pairs =
            |one: &&Reading<'_>| one.body.bigrams.iter().flatten().copied().collect::<Vec<u64>>();
        Self {
            known: if last.is_empty() {
                PairSet::default()
            } else {
                earlier.iter().flat_map(pairs).collect()
            },
            last: last.into_iter().map(|one| one.source).collect(),
        }
    }

    /// Whether `offer` of `reading` can be what is new: an article of the last day opens with it, in a
    /// whole sentence of the set's matter, most of which was not printed before.
    fn holds<'r>(&self, matter: &Matter<'r>, reading: &'r Reading<'_>, offer: &'r Offer) -> bool {
        let opens = offer.depth <= OPENS && !offer.is_part && !offer.is_weak && !reading.is_comment;
        opens
            && self.last.contains(&reading.source)
            && reading.issue.is_none_or(|issue| !when::looks_back(&offer.extract.text, issue))
            && containment(&offer.content, &self.known) <= NEWS_KNOWN_MAX
            && matter.headed(offer) >= NEWEST_HEADED
            && cover::is_sound(matter, reading, offer)
    }
}

/// Of the first article that holds text what it would be told in alone: it is the only one, or no
/// sentence of the others is a statement.
fn alone(readings: &[Reading<'_>], ranker: &Ranker, char_max: usize) -> Vec<Told> {
    let Ok(budget) = Budget::new(char_max) else { return Vec::new() };
    let tell = |reading: &Reading<'_>| {
        let found = select::select(&reading.body, &reading.scores(ranker), ranker.keep(), budget);
        let told = |extract| Told {
            piece: Cited { source: reading.source, extract },
            also: Vec::new(),
            is_newest: false,
        };
        found.into_iter().map(told).collect::<Vec<Told>>()
    };
    readings.iter().map(tell).find(|told| !told.is_empty()).unwrap_or_default()
}

/// Whether the article at `source` is of the last day, and others are of earlier ones.
fn is_last(sources: &[Source<'_>], source: usize) -> bool {
    let days = || sources.iter().filter_map(|one| Some(one.time?.date()));
    let day = sources.get(source).and_then(|one| Some(one.time?.date()));
    day.is_some() && day == days().max() && days().min() != day
}

/// The piece worth most of the articles of the last day; `None` where all are of one day, or it is
/// worth little.
fn newest<'r>(news: &News, readings: &'r [Reading<'_>], matter: &Matter<'r>) -> Option<Place> {
    let (mut best, mut of_last) = (0.0, None);
    for place in places(readings) {
        let Some((reading, offer)) = place.of(readings) else { continue };
        let Some(worth) = matter.worth(reading, offer) else { continue };
        best = worth.max(best);
        let is_better = of_last.is_none_or(|(known, _)| worth > known);
        if is_better && news.holds(matter, reading, offer) {
            of_last = Some((worth, place));
        }
    }
    // What the last day adds may be an afterthought.
    of_last.filter(|(worth, _)| *worth >= NEWEST_MIN * best).map(|(_, place)| place)
}

/// The sources of other readings that say what `offer` of the reading at `at` says.
fn also(readings: &[Reading<'_>], at: usize, offer: &Offer) -> Vec<usize> {
    let said: PairSet = offer.pairs.iter().copied().collect();
    let same = |other: &Offer| {
        let shared = containment(&other.pairs, &said);
        shared >= SAME && other.pairs.len() * 2 >= offer.pairs.len()
    };
    let others = readings.iter().enumerate().filter(|(other, _)| *other != at);
    let saying = others.filter(|(_, reading)| reading.offers.iter().any(same));
    let mut found: Vec<usize> = saying.map(|(_, reading)| reading.source).collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::Source;
    use super::Told;
    use super::tell;
    use crate::Budget;
    use crate::reading::tests::TOOLS;
    use crate::reading::tests::readings;
    use crate::series;

    /// Three reports of one flood, and a reprint of the first.
    pub(crate) fn flood() -> Vec<Source<'static>> {
        let first = "清河县12日遭遇暴雨，已转移群众3200人。县水利局局长周小禾表示，“堤防没有险情，大家放心。”\
                     农民林大川说，家里的三亩地被淹。";
        let second = "清河县遭遇暴雨，截至13日已转移群众4100人。清河大桥临时封闭。";
        let third = "14日，清河大桥恢复通车。清河县遭遇暴雨后，1200亩麦田正在排水。";
        let at = |day| Some(date(2024, 3, day).at(8, 0, 0, 0));
        let source = |body, outlet, day, group| Source {
            title: "清河县遭遇暴雨 转移群众",
            body,
            outlet,
            time: at(day),
            url: "",
            group,
            event: 0,
            weight: 1.0,
        };
        vec![
            source(third, "东湖晚报", 14, 2),
            source(first, "清河日报", 12, 0),
            source(second, "南山新闻网", 13, 1),
            source(first, "北岭日报", 13, 0),
        ]
    }

    fn told_of(sources: &[Source<'_>], budget: usize) -> Vec<Told> {
        let readings = readings(sources);
        let (matter, _) = series::matter(sources, &readings);
        tell(sources, &readings, &matter, &TOOLS.ranker, Budget::new(budget).unwrap())
    }

    fn texts(told: &[Told]) -> Vec<&str> {
        told.iter().map(|one| one.piece.extract.text.as_str()).collect()
    }

    #[test]
    fn the_main_fact_comes_first_and_the_rest_in_order_of_time_once_each() {
        let mut sources = flood();
        sources[0].title = "清河大桥恢复通车";
        let told = told_of(&sources, 200);
        assert!(told[0].piece.extract.text.contains("4100人"), "{told:?}");
        let sources: Vec<usize> = told.iter().skip(1).map(|one| one.piece.source).collect();
        let day = |source: &usize| [14, 12, 13, 13][*source];
        assert!(sources.is_sorted_by_key(day) && sources.len() >= 2, "{told:?}");
        assert!(!sources.contains(&3), "a reprint spoke: {told:?}");
        let newest = told.iter().find(|one| one.is_newest).map(|one| one.piece.source);
        assert_eq!(newest, Some(0), "the last day's article is told: {told:?}");
    }

    #[test]
    fn of_a_figure_that_changed_the_latest_is_told() {
        let told = told_of(&flood(), 60);
        let all = texts(&told).concat();
        assert!(all.contains("4100人") && !all.contains("3200人"), "{all}");
    }

    #[test]
    fn a_budget_is_kept() {
        for budget in [20, 60, 120] {
            let told = told_of(&flood(), budget);
            let length: usize = texts(&told).iter().map(|text| text.chars().count()).sum();
            assert!(length > 0 && length <= budget, "{budget}: {told:?}");
        }
    }

    #[test]
    fn what_several_articles_tell_is_told_once_with_all_of_them() {
        let at = |day| Some(date(2024, 5, day).at(8, 0, 0, 0));
        let source = |body, outlet, day, group| Source {
            title: "东湖县化肥厂起火",
            body,
            outlet,
            time: at(day),
            url: "",
            group,
            event: 0,
            weight: 1.0,
        };
        let sources = [
            source("东湖县化肥厂2日凌晨起火，3人受伤。厂区当时堆有大量原料。", "东湖日报", 2, 0),
            source(
                "东湖县化肥厂2日凌晨起火，造成3人受伤。消防队出动12辆水罐车。",
                "南山晚报",
                2,
                1,
            ),
            source("东湖县化肥厂2日凌晨起火，致3人受伤。北岭市派出5支医疗队。", "北岭网", 3, 2),
        ];
        let told = told_of(&sources, 100);
        let fire = told.iter().filter(|one| one.piece.extract.text.contains("起火"));
        let fire: Vec<&Told> = fire.collect();
        assert_eq!(fire.len(), 1, "{told:?}");
        assert_eq!(fire[0].also.len(), 2, "{told:?}");
        let all = texts(&told).concat();
        assert!(all.contains("12辆") && all.contains("5支"), "{all}");
    }

    #[test]
    fn what_others_say_nothing_of_comes_last_and_outcries_are_left_out() {
        let mut sources = flood();
        let aside = "东湖动物园的熊猫昨天满了两周岁，游客排起长队。清河大桥通车啦！";
        let body = format!("{aside}{}", sources[0].body);
        sources[0].body = &body;
        assert!(!texts(&told_of(&sources, 40)).concat().contains("熊猫"));
        assert!(!texts(&told_of(&sources, 400)).concat().contains("通车啦"));
    }

    #[test]
    fn a_round_up_tells_only_the_item_of_the_set() {
        let mut sources = flood();
        let body = "【清河县暴雨】清河县遭遇暴雨，13日转移群众4100人。\n\
            【东湖市船厂】东湖市市长林大川13日说，船厂明年开工建造6艘货轮。\n\
            【北岭县电价】北岭县13日调整电价，每度降低两分。";
        sources[2] = Source { title: "一周要闻速览", body, ..sources[2] };
        let all = texts(&told_of(&sources, 400)).concat();
        assert!(!all.contains("船厂") && !all.contains("电价"), "{all}");
    }

    #[test]
    fn texts_without_a_statement_are_told_all_the_same() {
        let sources = [Source { body: "清河大桥通车啦！", ..flood()[0] }];
        assert_eq!(texts(&told_of(&sources, 200)), ["清河大桥通车啦！"]);
        let two = [sources[0], Source { group: 9, ..sources[0] }];
        assert_eq!(texts(&told_of(&two, 200)), ["清河大桥通车啦！"]);
    }

    #[test]
    fn nothing_to_say_gives_nothing() {
        let source = Source { body: "甲村\t1\t2", ..flood()[0] };
        assert!(told_of(&[source], 200).is_empty() && told_of(&[], 200).is_empty());
    }
}
