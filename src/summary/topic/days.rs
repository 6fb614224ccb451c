//! The days of a story, or its events, each by a printed headline.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;

use jiff::civil::Date;

use super::Day;
use super::headline;
use crate::chronicle;
use crate::set::Source;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_text::likeness::containment;

/// Days of a timeline, at most.
const DAYS_MAX: usize = 12;
/// Events of a story that are named, at most: those with most articles.
const EVENTS_MAX: usize = 40;

/// The days with most groups, told by their most central headline; one that repeats an earlier one
/// is left out.
pub(super) fn timeline(
    sources: &[Source<'_>],
    central: &[f32],
    bundles: &HashSet<usize>,
) -> Vec<Day> {
    let mut days: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        if let Some(time) = source.time.filter(|_| !bundles.contains(&source.group)) {
            days.entry(time.date()).or_default().push(at);
        }
    }
    let mut found: Vec<Day> = Vec::new();
    let mut said: Vec<HashSet<u64>> = Vec::new();
    for (date, articles) in days {
        let Some(source) = headline(sources, central, articles.iter().copied()) else { continue };
        let title = sources.get(source).map_or("", |one| one.title);
        let pairs = bigrams(&units(title));
        if said.iter().any(|earlier| containment(&pairs, earlier) > 0.8) {
            continue;
        }
        said.push(pairs.into_iter().collect());
        found.push(Day { date, source, article_count: articles.len() });
    }
    if found.len() > DAYS_MAX {
        let mut counts: Vec<(usize, Date)> =
            found.iter().map(|day| (day.article_count, day.date)).collect();
        counts.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let kept: BTreeSet<Date> =
            counts.into_iter().take(DAYS_MAX).map(|(_, date)| date).collect();
        found.retain(|day| kept.contains(&day.date));
    }
    found
}

/// The events that most articles tell, in order of time, each with its most central headline.
pub(super) fn by_events(
    sources: &[Source<'_>],
    central: &[f32],
    events: &[chronicle::Event],
) -> Vec<Day> {
    let mut counts: Vec<usize> = events.iter().map(|one| one.sources.len()).collect();
    counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
    let least = counts.get(EVENTS_MAX).map_or(0, |count| count + 1);
    let day = |event: &chronicle::Event| {
        let source = headline(sources, central, event.sources.iter().copied())?;
        Some(Day { date: event.time?.date(), source, article_count: event.sources.len() })
    };
    events.iter().filter(|one| one.sources.len() >= least).filter_map(day).collect()
}
