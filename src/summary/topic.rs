//! A set told as a story: headline, what happened, timeline, figures, who said what, who covered
//! it.
//!
//! Works on any list of articles; a topic's members are one. Everything is cited: the timeline
//! shows printed headlines, the rest exact pieces.

mod days;
mod outlets;
mod said;

pub use outlets::Outlet;

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;

use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::Budget;
use crate::chronicle;
use crate::clean;
use crate::compare;
use crate::compare::Comparison;
use crate::figure;
use crate::figure::Figure;
use crate::keyphrase::Keyphrase;
use crate::keyphrase::Phrases;
use crate::keyphrase::best;
use crate::quote::Statement;
use crate::ranker::Ranker;
use crate::reading;
use crate::series;
use crate::series::Conflict;
use crate::series::Series;
use crate::set;
use crate::set::Scope;
use crate::set::Source;
use crate::set::Told;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_domain::span::Span;
use wenmai_text::entity::Extractor;
use wenmai_text::likeness::share;
use wenmai_text::terms::Analyzer;

/// Figures shown.
const FIGURES_MAX: usize = 8;
/// What the headline of an article that bundles several matters counts, beside others.
const BUNDLE: f32 = 0.2;
/// What a title counts that names staff or a picture, beside a headline.
const NO_HEADLINE: f32 = 0.1;
/// What a headline counts that calls for readers, beside one that tells.
const CRYING: f32 = 0.5;
/// Keyphrases shown.
const KEYPHRASES_MAX: usize = 8;
/// Articles whose statements and keyphrases are read: the most central ones.
const READ_MAX: usize = 60;
/// Characters of an article whose phrases are looked for.
const PHRASE_CHARS: usize = 400;

/// What articles are told with.
#[derive(Clone, Copy)]
pub struct Reader<'r> {
    /// Rates clauses.
    pub ranker: &'r Ranker,
    /// Finds numbers and names.
    pub extractor: &'r Extractor,
    /// Finds keyphrases.
    pub analyzer: &'r Analyzer,
    /// Whether somebody still waits; asked between articles. Once it says no, what comes back is
    /// for nobody and may be incomplete.
    pub goes_on: &'r dyn Fn() -> bool,
}

/// A set of articles, told.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The article whose headline stands for all; `None` of nothing.
    pub headline: Option<usize>,
    /// What happened, in order of time.
    pub told: Vec<Told>,
    /// One headline a day, in order; of a story of several events one an event.
    pub timeline: Vec<Day>,
    /// Whether it is a story of several events, told by them.
    pub is_of_events: bool,
    /// Quantities that most outlets print.
    pub figures: Vec<Figure>,
    /// Quantities that changed, most told first.
    pub series: Vec<Series>,
    /// Quantities that disagree.
    pub conflicts: Vec<Conflict>,
    /// Who said what.
    pub statements: Vec<(usize, Statement)>,
    /// Who covered it, most articles first; articles of unknown outlets are left out.
    pub outlets: Vec<Outlet>,
    /// What it is about.
    pub keyphrases: Vec<Keyphrase>,
    /// What two outlets share and what only one tells, where that was asked.
    pub comparison: Option<Comparison>,
    /// The day of the newest article, for whose readers the story is told.
    pub day: Option<Date>,
}

/// Which articles are new to whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Those published after this time.
    Time(DateTime),
    /// The sources at these places.
    Sources(HashSet<usize>),
}

impl Since {
    /// Whether the article at `source` is new.
    #[must_use]
    pub fn is_new(&self, sources: &[Source<'_>], source: usize) -> bool {
        match self {
            Self::Time(since) => {
                sources.get(source).and_then(|one| one.time).is_some_and(|at| at > *since)
            }
            Self::Sources(new) => new.contains(&source),
        }
    }
}

/// What is asked of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// How much to tell of what happened.
    pub budget: Budget,
    /// Only what new articles say and others did not.
    pub since: Option<Since>,
    /// The names of two outlets to be compared.
    pub compare: Option<[String; 2]>,
}

impl Asked {
    /// All that is told in `budget`.
    #[must_use]
    pub fn within(budget: Budget) -> Self {
        Self { budget, since: None, compare: None }
    }
}

/// A day of the story, or one of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day of publication; of an event that of its middle article.
    pub date: Date,
    /// The article whose headline stands for it.
    pub source: usize,
    /// Articles of that day or event.
    pub article_count: usize,
}

impl Story {
    /// Leaves out what other articles than the new ones said already.
    fn keep_since(&mut self, sources: &[Source<'_>], since: &Since) {
        let is_new = |source: usize| since.is_new(sources, source);
        self.timeline.retain(|day| is_new(day.source));
        self.figures.retain(|one| is_new(one.piece.source));
        self.series
            .retain(|one| one.points.last().is_some_and(|last| is_new(last.figure.piece.source)));
        self.conflicts.retain(|one| is_new(one.right.piece.source));
        self.statements.retain(|(source, _)| is_new(*source));
    }

    /// Moves every citation from the text that was read to the text that it was made from:
    /// `original` gives the spans there of a span of the source's text here.
    pub fn relocate(&mut self, original: &dyn Fn(usize, Span) -> Vec<Span>) {
        let moved = |source: usize, parts: &mut Vec<Span>| {
            *parts = parts.iter().flat_map(|part| original(source, *part)).collect();
        };
        let points = self.series.iter_mut().flat_map(|series| &mut series.points);
        let sides = self.conflicts.iter_mut().flat_map(|one| [&mut one.left, &mut one.right]);
        let figures = self.figures.iter_mut().chain(points.map(|point| &mut point.figure));
        let told = self.told.iter_mut().map(|one| &mut one.piece);
        let compared = self
            .comparison
            .iter_mut()
            .flat_map(|one| one.both.iter_mut().chain(one.only.iter_mut().flatten()));
        let pieces = figures.chain(sides).map(|figure| &mut figure.piece);
        for piece in told.chain(pieces).chain(compared) {
            moved(piece.source, &mut piece.extract.parts);
        }
        for (source, statement) in &mut self.statements {
            moved(*source, &mut statement.parts);
            moved(*source, &mut statement.speaker_parts);
        }
    }
}

/// Tells `sources` in `budget` characters.
#[must_use]
pub fn story(sources: &[Source<'_>], reader: Reader<'_>, budget: Budget) -> Story {
    story_of(sources, reader, &Asked::within(budget))
}

/// Tells of `sources` what is asked.
#[must_use]
pub fn story_of(sources: &[Source<'_>], reader: Reader<'_>, asked: &Asked) -> Story {
    let Asked { budget, since, compare } = asked;
    let readings = reading::read(sources, reader, budget.chars());
    let (matter, mut changes) = series::matter(sources, &readings);
    let events = chronicle::events(sources);
    if !events.is_empty() {
        // The dead of one flood are no update of those of another.
        changes.keep_within(&|source| sources.get(source).map(|one| one.event));
    }
    let bundles = readings.iter().filter(|one| matter.bundles(one.source));
    let bundles = bundles.filter_map(|one| Some(sources.get(one.source)?.group));
    let bundles: HashSet<usize> = bundles.collect();
    let mut central = centrality(sources);
    // What bundles several matters stands for none of them.
    for (source, central) in sources.iter().zip(&mut central) {
        if bundles.contains(&source.group) {
            *central *= BUNDLE;
        }
    }
    let read = most_central(sources, &central);
    let phrases = phrases(sources, reader, &read);
    let scope = Scope::of(sources, &readings, since.as_ref());
    let telling = set::Telling { matter: &matter, ranker: reader.ranker, scope: &scope };
    let compared = compare.as_ref().map(|[left, right]| {
        compare::compare(sources, &readings, &matter, [left, right], budget.chars())
    });
    let mut story = Story {
        headline: headline(sources, &central, 0..sources.len()),
        told: set::tell_of(sources, &readings, telling, *budget),
        timeline: if events.is_empty() {
            days::timeline(sources, &central, &bundles)
        } else {
            days::by_events(sources, &central, &events)
        },
        is_of_events: !events.is_empty(),
        figures: figure::figures(sources, &readings, &matter, FIGURES_MAX),
        series: changes.series,
        conflicts: changes.conflicts,
        statements: said::said(&readings, &matter, &central),
        outlets: outlets::outlets(sources, &phrases),
        keyphrases: best(read.iter().filter_map(|at| phrases.get(*at)), KEYPHRASES_MAX),
        comparison: compared,
        day: sources.iter().filter_map(|one| one.time).max().map(DateTime::date),
    };
    if let Some(since) = since {
        story.keep_since(sources, since);
    }
    story
}

/// How much of each title the titles of other groups share, times the source's weight.
fn centrality(sources: &[Source<'_>]) -> Vec<f32> {
    let sets: Vec<Vec<u64>> = sources
        .iter()
        .map(|one| {
            bigrams(&units(one.title)).into_iter().collect::<BTreeSet<_>>().into_iter().collect()
        })
        .collect();
    let mut groups: HashMap<u64, HashSet<usize>> = HashMap::new();
    for (pairs, source) in sets.iter().zip(sources) {
        for pair in pairs {
            groups.entry(*pair).or_default().insert(source.group);
        }
    }
    let shared = |pairs: &Vec<u64>| {
        let others = pairs.iter().map(|pair| groups.get(pair).map_or(0, |all| all.len() - 1));
        // Long titles share more; the root keeps them from always winning.
        share(others.sum(), 1) / share(pairs.len().max(1), 1).sqrt()
    };
    sets.iter().zip(sources).map(|(pairs, source)| (1.0 + shared(pairs)) * source.weight).collect()
}

fn most_central(sources: &[Source<'_>], central: &[f32]) -> Vec<usize> {
    let mut order: Vec<(usize, f32)> = central.iter().copied().enumerate().collect();
    order.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let mut groups = HashSet::new();
    let new = |at: &usize| sources.get(*at).is_some_and(|source| groups.insert(source.group));
    order.into_iter().map(|(at, _)| at).filter(new).take(READ_MAX).collect()
}

/// Whether the headline at `at` says what was to come, and articles of later days are there.
fn is_overtaken(sources: &[Source<'_>], at: usize) -> bool {
    let day = |source: &Source<'_>| source.time.map(DateTime::date);
    let own = sources.get(at).and_then(day);
    let coming =
        |source: &Source<'_>| source.title.contains(['将', '拟']) || source.title.contains("预计");
    let later = sources.iter().filter(|one| day(one) > own);
    own.is_some()
        && sources.get(at).is_some_and(coming)
        && later.filter(|one| !coming(one)).count() > 0
}

/// Whether a headline calls for readers rather than tells: 重磅！清河开闸，结果竟是…
pub(crate) fn cries(title: &str) -> bool {
    const CRIES: [&str; 30] = [
        "最新",
        "突发",
        "刚刚",
        "重磅",
        "现场画面",
        "画面曝光",
        "视频曝光",
        "全文",
        "真相",
        "竟",
        "其实",
        "原来",
        "一个比一个",
        "速看",
        "必看",
        "炸锅",
        "震惊",
        "没想到",
        "细思极恐",
        "一文读懂",
        "一图",
        "怎么回事",
        "为何",
        "为什么",
        "什么",
        "网友",
        "热搜",
        "实锤",
        "大瓜",
        "才是",
    ];
    title.contains(['！', '!', '？', '?', '…', '→', '~'])
        || title.contains("...")
        || CRIES.iter().any(|word| title.contains(word))
}

/// The most central title of a usual length among `of`; rather one that does not cry or ask.
fn headline(
    sources: &[Source<'_>],
    central: &[f32],
    of: impl IntoIterator<Item = usize>,
) -> Option<usize> {
    let rated = of.into_iter().filter_map(|at| {
        let title = sources.get(at)?.title;
        let count = title.chars().count();
        let usual = if (8..=40).contains(&count) { 1.0 } else { 0.5 };
        let calm = if cries(title) { CRYING } else { 1.0 };
        // Cut off, or of several matters.
        let whole = if title.ends_with("...") || title.ends_with('…') || title.contains([';', '；'])
        {
            CRYING
        } else {
            1.0
        };
        // Marks of the page around a headline: 【组图】快讯丨…_清河网
        let bare =
            if title.contains(['【', '丨', '|', '｜', '_', '&', '[']) { 0.6 } else { 1.0 };
        // Staff and marks of the page stand where a headline was lost.
        let told = if clean::is_text(title) { 1.0 } else { NO_HEADLINE };
        let stale = if is_overtaken(sources, at) { CRYING } else { 1.0 };
        let worth = told
            * whole
            * stale
            * central.get(at).copied().unwrap_or_default()
            * usual
            * calm
            * bare;
        (count > 0).then_some((worth, at))
    });
    rated.max_by(|l, r| l.0.total_cmp(&r.0).then(r.1.cmp(&l.1))).map(|(_, at)| at)
}

/// The phrases of each source among `read`, and of those that speak for their outlets; none of others.
fn phrases(sources: &[Source<'_>], reader: Reader<'_>, read: &[usize]) -> Vec<Phrases> {
    let mut wanted = outlets::read(sources);
    wanted.extend(read);
    let of = |(at, source): (usize, &Source<'_>)| {
        if !wanted.contains(&at) {
            return Phrases::default();
        }
        let end = source.body.char_indices().nth(PHRASE_CHARS).map(|(at, _)| at);
        let opening = end.and_then(|end| source.body.get(..end)).unwrap_or(source.body);
        Phrases::of(source.title, opening, reader.analyzer)
    };
    sources.iter().enumerate().take_while(|_| (reader.goes_on)()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Reader;
    use super::Story;
    use super::story;
    use crate::Budget;
    use crate::ranker::Ranker;
    use crate::set::Source;
    use crate::set::tests::flood;
    use wenmai_domain::span::Span;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;
    use wenmai_text::unwrap::Unwrapped;

    fn tell(sources: &[Source<'_>]) -> Story {
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let extractor = Extractor::load(Arc::clone(&analyzer)).unwrap();
        let ranker = Ranker::bundled().unwrap();
        let goes_on = &|| true;
        let reader =
            Reader { ranker: &ranker, extractor: &extractor, analyzer: &analyzer, goes_on };
        story(sources, reader, Budget::new(100).unwrap())
    }

    #[test]
    fn a_story_has_its_parts_with_their_sources() {
        let found = tell(&flood());
        assert!(!found.told.is_empty() && found.headline.is_some());
        assert_eq!((found.conflicts.len(), found.series.len()), (0, 1));
        let (source, statement) = &found.statements[0];
        assert_eq!(statement.speaker, "周小禾");
        assert_eq!(statement.parts[0].of(flood()[*source].body), Some(statement.text.as_str()));
        let original: Vec<(&str, usize)> =
            found.outlets.iter().map(|one| (one.name.as_str(), one.original_count)).collect();
        assert!(
            original.contains(&("北岭日报", 0)) && original.contains(&("清河日报", 1)),
            "{original:?}"
        );
    }

    #[test]
    fn a_timeline_tells_a_headline_once() {
        let mut sources = flood();
        assert_eq!(tell(&sources).timeline.len(), 1, "one headline on three days");
        sources[0].title = "清河大桥恢复通车";
        let days = tell(&sources).timeline;
        assert_eq!(days.len(), 2);
        assert!(days[0].date < days[1].date && days[1].source == 0, "{days:?}");
    }

    #[test]
    fn a_story_of_joined_lines_cites_the_lines() {
        let bodies: Vec<String> = flood()
            .iter()
            .map(|source| {
                let chars: Vec<char> = source.body.chars().collect();
                let lines = chars.chunks(14).map(|line| line.iter().collect::<String>());
                lines.collect::<Vec<String>>().join("\n")
            })
            .collect();
        let joined: Vec<Unwrapped<'_>> = bodies.iter().map(|body| Unwrapped::of(body)).collect();
        let mut sources = flood();
        for (source, joined) in sources.iter_mut().zip(&joined) {
            source.body = joined.text();
        }
        let plain = tell(&sources);
        let mut moved = plain.clone();
        moved.relocate(&|source, span| joined[source].source(span));
        let cited = |source: usize, parts: &[Span]| -> String {
            parts.iter().filter_map(|part| part.of(&bodies[source])).collect()
        };
        assert!(moved.told.iter().any(|one| one.piece.extract.parts.len() > 1), "{moved:?}");
        for one in moved.told.iter().map(|one| &one.piece) {
            assert_eq!(cited(one.source, &one.extract.parts), one.extract.text);
        }
        for (source, statement) in &moved.statements {
            assert_eq!(cited(*source, &statement.parts), statement.text);
            assert_eq!(cited(*source, &statement.speaker_parts), statement.speaker);
        }
    }

    #[test]
    fn an_unknown_outlet_is_none_and_a_plain_headline_stands_for_all() {
        let mut sources = flood();
        sources[0].outlet = "";
        sources[1].title = "【组图】快讯丨清河县遭遇暴雨 转移群众_清河网";
        let found = tell(&sources);
        assert!(found.outlets.iter().all(|one| !one.name.is_empty()) && found.outlets.len() == 3);
        assert_ne!(found.headline, Some(1));
    }

    #[test]
    fn a_headline_that_cries_or_is_overtaken_does_not_stand_for_all() {
        let mut sources = flood();
        sources[1].title = "重磅！清河县遭遇暴雨 转移群众";
        sources[3].title = "清河县将遭遇暴雨 转移群众";
        let found = tell(&sources);
        assert!(!matches!(found.headline, Some(1 | 3)), "{:?}", found.headline);
        assert!(super::cries("清河县开闸，结果竟是这样") && !super::cries("清河县开闸"));
        assert!(super::is_overtaken(&sources, 3) && !super::is_overtaken(&sources, 0));
    }

    #[test]
    fn one_article_is_a_story_and_none_is_an_empty_one() {
        let one = tell(&flood()[..1]);
        assert_eq!((one.headline, one.outlets.len(), one.timeline.len()), (Some(0), 1, 1));
        let none = tell(&[]);
        assert!(none.headline.is_none() && none.told.is_empty());
    }
}
