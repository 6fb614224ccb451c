//! A story as a 简报: its parts in order, each line with the numbers of its sources.
//!
//! In the order in which an editor asks: what is new, what happened, how figures changed and where
//! they disagree, who says what, the background, the headlines of each day, how two outlets differ,
//! who covered it, the sources. What has nothing in it is left out, and nothing is told twice.
//! Headings are ours; every sentence below them is printed in the source whose number it bears, but
//! for days in brackets where its article counts from another day (`dated`). Written as Markdown or as
//! HTML (`markdown`, `html`).

mod html;
mod lines;
mod markdown;

pub use html::escaped;
pub use html::html;
pub use markdown::markdown;

use std::collections::HashSet;

use jiff::Span;
use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::clean;
use crate::ends;
use crate::figure::Figure;
use crate::set::Cited;
use crate::set::Source;
use crate::set::Told;
use crate::topic::Day;
use crate::topic::Story;
use crate::topic::cries;
use crate::unit::bigrams;
use crate::unit::units;
use crate::when;
use crate::when::BACKGROUND_DAYS;
use wenmai_text::headline;
use wenmai_text::likeness::containment;

/// Pieces that are told as new, at most.
const NEWEST_MAX: usize = 2;
/// Days of headlines from which on they are listed: two are told above.
const TIMELINE_DAYS_MIN: usize = 3;
/// Figures that are listed below what happened, at most.
const FIGURES_MAX: usize = 3;
/// Who must print such a figure: so many, and one in so many of all.
const FIGURE_TELLERS: usize = 3;
const FIGURE_PART: usize = 4;
/// Pairs of the headline that the sentence of such a figure must hold.
const HEADED_MIN: usize = 4;
/// Share of a headline of a day that what is told must hold: else it is of another matter.
const OF_MATTER_MIN: f32 = 0.15;
/// Share of a headline that headlines above it may hold.
const NAMED_MAX: f32 = 0.4;
/// Share of a line that may have been told above it.
const SAID_MAX: f32 = 0.5;

/// A part of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What only the last day tells.
    Newest,
    /// What happened.
    Course,
    /// Figures over time, and those that disagree.
    Changes,
    /// Other figures.
    Figures,
    /// Who said what.
    Statements,
    /// What was before.
    Background,
    /// One headline a day.
    Timeline,
    /// What two outlets share, and what only one tells.
    Comparison,
    /// Who covered it.
    Outlets,
    /// The articles.
    Sources,
}

impl Part {
    /// All parts in their usual order.
    pub const ALL: [Self; 10] = [
        Self::Newest,
        Self::Course,
        Self::Changes,
        Self::Figures,
        Self::Statements,
        Self::Background,
        Self::Timeline,
        Self::Comparison,
        Self::Outlets,
        Self::Sources,
    ];
}

/// In which order the course of events is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By time.
    #[default]
    Time,
    /// By time, the newest first.
    Newest,
    /// What most articles tell first.
    Tellers,
}

/// What a report holds, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The parts in order; all of them in their usual order if empty.
    pub parts: Vec<Part>,
    /// The order of what happened.
    pub order: Order,
}

impl Layout {
    fn parts(&self) -> &[Part] {
        if self.parts.is_empty() { &Part::ALL } else { &self.parts }
    }
}

/// A report: what a reader sees, without marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The headline that stands for all.
    pub title: String,
    /// How many articles of whom and when.
    pub coverage: String,
    /// The parts that hold something.
    pub sections: Vec<Section>,
    /// The articles, the first with number 1; empty where nobody asked for them.
    pub sources: Vec<Listed>,
}

/// A heading with its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Its lines, each made of runs.
    pub lines: Vec<Vec<Run>>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// Words.
    Text(String),
    /// Words that lead the line: a speaker, a figure.
    Strong(String),
    /// The number of a source, from 1.
    Cite(usize),
}

/// An article in the list of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Who printed it, and when; empty where both are unknown.
    pub printed: String,
    /// Its headline.
    pub title: String,
    /// Its name: `articles/…`.
    pub name: String,
    /// The address of its page; empty where unknown.
    pub url: String,
}

/// The report of `story` of `sources`; `names` are the articles' names, in the same order.
#[must_use]
pub fn report(story: &Story, sources: &[Source<'_>], names: &[String], layout: &Layout) -> Report {
    let title = |at: usize| sources.get(at).map_or("", |source| source.title);
    let mut maker = Maker::of(story, sources);
    maker.has_course = layout.parts().contains(&Part::Course);
    let mut sections = Vec::new();
    for part in layout.parts() {
        sections.extend(maker.part(*part, layout.order));
    }
    sections.retain(|section: &Section| !section.lines.is_empty());
    let listed = layout.parts().contains(&Part::Sources);
    let of = |(source, name): (&Source<'_>, &String)| Listed {
        printed: format!("{}{}", source.outlet, lines::day_of(source.time)).trim_start().to_owned(),
        title: source.title.to_owned(),
        name: name.clone(),
        url: source.url.to_owned(),
    };
    Report {
        title: story
            .headline
            .map_or("（没有报道）".to_owned(), |at| headline::clean(title(at))),
        coverage: lines::coverage(sources, story.outlets.len()),
        sections,
        sources: sources.iter().zip(names).filter(|_| listed).map(of).collect(),
    }
}

/// What the parts of a report are made from.
struct Maker<'s, 'a> {
    story: &'s Story,
    sources: &'s [Source<'a>],
    /// The pieces that are told as new.
    newest: Vec<&'s Told>,
    /// The time before which an article is background.
    old: DateTime,
    /// The pairs of all that is told of what happened.
    said: HashSet<u64>,
    /// Whether the report has the course of events.
    has_course: bool,
}

impl<'s, 'a> Maker<'s, 'a> {
    fn of(story: &'s Story, sources: &'s [Source<'a>]) -> Self {
        // What one event tells of another day is none of another story.
        let old = if story.is_of_events { DateTime::MIN } else { background(sources) };
        let texts = story.told.iter().map(|one| one.piece.extract.text.as_str());
        let said = texts.flat_map(|text| bigrams(&units(text))).collect();
        let mut maker = Self { story, sources, newest: Vec::new(), old, said, has_course: true };
        // What the last day tells of long ago is background.
        let mut newest: Vec<&Told> = story.told.iter().filter(|one| one.is_newest).collect();
        if !story.is_of_events {
            newest.retain(|one| !maker.is_old(one) && !maker.looks_back(one));
            newest.sort_by_key(|one| std::cmp::Reverse(one.also.len()));
        }
        newest.truncate(NEWEST_MAX);
        maker.newest = newest;
        maker
    }

    /// The sections of one part; empty ones are left out by the caller.
    fn part(&self, part: Part, order: Order) -> Vec<Section> {
        let section = |heading: &str, lines| Section { heading: heading.to_owned(), lines };
        match part {
            Part::Newest => {
                let mut lines = self.told(&|one| self.is_newest(one), order);
                lines.extend(
                    self.newest_named().filter(|_| lines.is_empty()).map(|day| self.named(day)),
                );
                vec![section("最新进展", lines)]
            }
            Part::Course if self.story.is_of_events => {
                vec![section("经过", self.events(order))]
            }
            Part::Course => {
                let of = |one: &Told| !self.is_newest(one) && !self.is_old(one);
                vec![section("经过", self.told(&of, order))]
            }
            Part::Background => {
                let of = |one: &Told| !self.is_newest(one) && self.is_old(one);
                vec![section("背景", self.told(&of, Order::Time))]
            }
            Part::Changes => vec![
                section("数字变化", lines::series(self.story, self.sources)),
                section("说法不一的数字", lines::conflicts(self.story, self.sources)),
            ],
            Part::Figures => {
                let tells = |one: &&Figure| {
                    one.outlet_count >= self.tellers_min()
                        && !one.key.ends_with(['%', '倍', '折', '成'])
                        && ends(&one.piece.extract.text)
                        && self.is_headed(&one.piece.extract.text)
                        && self.is_new(&one.piece.extract.text)
                };
                let mut fresh = self.story.figures.iter().filter(tells).take(FIGURES_MAX);
                let unit = if self.story.outlets.is_empty() { "篇" } else { "家" };
                vec![section("其他数据", lines::figures(&mut fresh, unit, self))]
            }
            Part::Statements => {
                let of = self.story.statements.iter().filter(|(_, one)| self.is_new(&one.text));
                let line = |(source, one): &(usize, crate::quote::Statement)| {
                    let text = self.dated(&one.text, *source);
                    vec![
                        Run::Strong(one.speaker.clone()),
                        Run::Text(format!("：{text} ")),
                        Run::Cite(source + 1),
                    ]
                };
                vec![section("各方说法", of.map(line).collect())]
            }
            // They stand in the course already.
            Part::Timeline if self.story.is_of_events && self.has_course => Vec::new(),
            Part::Timeline => vec![section("逐日标题", self.timeline())],
            Part::Comparison => self.comparison(),
            Part::Outlets => vec![section("各家报道", lines::outlets(self.story))],
            Part::Sources => Vec::new(),
        }
    }

    fn comparison(&self) -> Vec<Section> {
        let Some(found) = &self.story.comparison else { return Vec::new() };
        let [left, right] = &found.outlets;
        let [of_left, of_right] = &found.only;
        let section = |heading: String, pieces: &[Cited]| {
            let lines = pieces.iter().map(|piece| self.cited(piece)).collect();
            Section { heading, lines }
        };
        vec![
            section(format!("{left}和{right}都说"), &found.both),
            section(format!("只有{left}说"), of_left),
            section(format!("只有{right}说"), of_right),
        ]
    }

    /// A line for each event but the newest, in order: what is told of it, or else its headline.
    fn events(&self, order: Order) -> Vec<Vec<Run>> {
        let event = |source: usize| self.sources.get(source).map(|one| one.event);
        let told: Vec<&Told> = self.story.told.iter().filter(|one| !self.is_newest(one)).collect();
        let is_told = |day: &&Day| {
            self.story.told.iter().any(|one| event(one.piece.source) == event(day.source))
        };
        let title = |at: usize| self.sources.get(at).map_or("", |source| source.title);
        let named = self.story.timeline.iter().filter(|day| !is_told(day));
        let is_new = |day: &&Day| {
            self.newest.is_empty() && self.newest_named().is_some_and(|new| std::ptr::eq(new, *day))
        };
        let named = named.filter(|day| !title(day.source).trim().is_empty() && !is_new(day));
        let mut lines: Vec<(Option<Date>, usize, Vec<Run>)> = Vec::new();
        for one in told {
            let date = self.time(one.piece.source).map(DateTime::date);
            lines.push((date, one.also.len() + 1, lines::told(self, one)));
        }
        for day in named {
            lines.push((Some(day.date), day.article_count, self.named(day)));
        }
        lines.sort_by_key(|(date, ..)| (date.is_none(), *date));
        match order {
            Order::Time => {}
            Order::Newest => lines.reverse(),
            Order::Tellers => lines.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count)),
        }
        lines.into_iter().map(|(.., line)| line).collect()
    }

    /// The newest of the events by which a story is told.
    fn newest_named(&self) -> Option<&'s Day> {
        self.story.timeline.last().filter(|_| self.story.is_of_events)
    }

    /// A day or an event by its headline.
    fn named(&self, day: &Day) -> Vec<Run> {
        let title = self.sources.get(day.source).map_or("", |source| source.title);
        let title = headline::clean(title);
        vec![Run::Text(format!("{} {title} ", day.date)), Run::Cite(day.source + 1)]
    }

    fn timeline(&self) -> Vec<Vec<Run>> {
        let days = &self.story.timeline;
        if days.len() < TIMELINE_DAYS_MIN {
            return Vec::new();
        }
        let title = |at: usize| self.sources.get(at).map_or("", |source| source.title);
        let mut named: HashSet<u64> = HashSet::new();
        named.extend(self.story.headline.into_iter().flat_map(|at| bigrams(&units(title(at)))));
        // The days of an event are often told by one headline in other words.
        let fresh = days.iter().filter(|one| {
            let pairs = bigrams(&units(title(one.source)));
            let is_new = containment(&pairs, &named) <= NAMED_MAX;
            let tells = clean::is_text(title(one.source))
                && !cries(title(one.source))
                && containment(&pairs, &self.said) >= OF_MATTER_MIN;
            named.extend(pairs);
            is_new && tells && self.is_new(title(one.source))
        });
        let line = |one: &Day| {
            let mut line = self.named(one);
            line.push(Run::Text(format!("（{}篇）", one.article_count)));
            line
        };
        let lines: Vec<Vec<Run>> = fresh.map(line).collect();
        // A day or two beside what is told above are no course.
        if lines.len() < TIMELINE_DAYS_MIN { Vec::new() } else { lines }
    }

    /// A line for each told piece that is `wanted`.
    fn told(&self, wanted: &dyn Fn(&Told) -> bool, order: Order) -> Vec<Vec<Run>> {
        let mut of: Vec<&Told> = self.story.told.iter().filter(|one| wanted(one)).collect();
        match order {
            Order::Time => {}
            Order::Newest => of.sort_by_key(|one| std::cmp::Reverse(self.day(one))),
            Order::Tellers => of.sort_by_key(|one| std::cmp::Reverse(one.also.len())),
        }
        of.into_iter().map(|one| lines::told(self, one)).collect()
    }

    fn is_newest(&self, one: &Told) -> bool {
        self.newest.iter().any(|new| std::ptr::eq(*new, one))
    }

    fn is_old(&self, one: &Told) -> bool {
        let time = self.time(one.piece.source);
        time.is_some_and(|time| {
            time < self.old || when::tells_of_old(&one.piece.extract.text, time.date())
        })
    }

    /// Whether a piece begins with a day some days before its article: it is not what is new.
    fn looks_back(&self, one: &Told) -> bool {
        let issue = self.time(one.piece.source).map(DateTime::date);
        issue.is_some_and(|issue| when::looks_back(&one.piece.extract.text, issue))
    }

    /// Whether all articles are of one day, which the report names at its top.
    fn is_of_one_day(&self) -> bool {
        let days: HashSet<Date> =
            self.sources.iter().filter_map(|one| Some(one.time?.date())).collect();
        days.len() <= 1
    }

    /// Whether `text` shares words with the headline.
    fn is_headed(&self, text: &str) -> bool {
        let title =
            self.story.headline.and_then(|at| self.sources.get(at)).map_or("", |one| one.title);
        let pairs: HashSet<u64> = bigrams(&units(text)).into_iter().collect();
        bigrams(&units(title)).iter().filter(|pair| pairs.contains(pair)).count() >= HEADED_MIN
    }

    /// How many must print a figure that no sentence of the report tells.
    fn tellers_min(&self) -> usize {
        let groups: HashSet<usize> = self.sources.iter().map(|one| one.group).collect();
        FIGURE_TELLERS.max(groups.len() / FIGURE_PART)
    }

    /// Whether `text` says more than what happened.
    fn is_new(&self, text: &str) -> bool {
        containment(&bigrams(&units(text)), &self.said) <= SAID_MAX
    }

    /// The day of what a piece tells.
    fn day(&self, one: &Told) -> Option<Date> {
        let issue = self.time(one.piece.source).map(DateTime::date);
        when::day_of(&one.piece.extract.text, issue)
    }

    /// When the article at `source` was published.
    fn time(&self, source: usize) -> Option<DateTime> {
        self.sources.get(source)?.time
    }

    /// `text` of the article at `source` with the days that it means.
    fn dated(&self, text: &str, source: usize) -> String {
        let issue = self.time(source).map(DateTime::date);
        crate::dated::dated(text, issue, self.story.day)
    }

    fn cited(&self, piece: &Cited) -> Vec<Run> {
        let text = self.dated(&piece.extract.text, piece.source);
        vec![Run::Text(format!("{text} ")), Run::Cite(piece.source + 1)]
    }
}

/// The time before which an article is background: well before half of all.
fn background(sources: &[Source<'_>]) -> DateTime {
    let mut times: Vec<DateTime> = sources.iter().filter_map(|source| source.time).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied();
    let back = middle.and_then(|time| time.checked_sub(Span::new().days(BACKGROUND_DAYS)).ok());
    back.unwrap_or(DateTime::MIN)
}

#[cfg(test)]
mod tests;
