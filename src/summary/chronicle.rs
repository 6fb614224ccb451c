//! A story of several events, told by its events: of the newest what happened, of each earlier one a
//! sentence.
//!
//! Without this the day with most articles would be told and the rest left out. Each event has its own
//! matter (`cover`), by which its pieces are weighed; what articles tell of the events before theirs is
//! background and is left to those. Where not all events fit, those that most articles tell stay.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::cover::Matter;
use crate::cover::Place;
use crate::cover::Told;
use crate::cover::cost;
use crate::cover::is_sound;
use crate::reading::Offer;
use crate::reading::Reading;
use crate::set::Scope;
use crate::set::Source;
use crate::unit::PairSet;
use wenmai_domain::day;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Events from which on a story is told by them.
const EVENTS_MIN: usize = 3;
/// Characters from which on the newest event is told in two pieces.
const TWO_PIECES_CHARS: usize = 200;
/// Part of all characters that the newest event may take, in tenths, and the least that it may.
const NEWEST_TENTHS: usize = 4;
const NEWEST_CHARS_MIN: usize = 60;
/// Characters of the sentence of an earlier event, if one so short is there.
const SENTENCE_CHARS: usize = 80;
/// Days from the middle of an event within which its articles speak of it.
const NEAR_DAYS: i32 = 10;
/// Share of a headline of the event that a piece must hold.
const TITLE_MIN: f32 = 0.2;
/// Share of a piece's words that the articles of earlier events may print.
const EARLIER_MAX: f32 = 0.5;
/// What a piece is worth that breaks off or judges, beside one that does neither.
const UNSOUND: f32 = 0.3;
/// Share of a piece that may have been told of another event.
const REPEATED_MAX: f32 = 0.45;

/// An event of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number, as [`Source::event`] has it.
    pub number: usize,
    /// The sources that tell of it, in order.
    pub sources: Vec<usize>,
    /// When the middle one of them was published; `None` where no time is known.
    pub time: Option<DateTime>,
}

/// The events of `sources` in order of time; empty unless they are enough for a story to be told by
/// them.
#[must_use]
pub fn events(sources: &[Source<'_>]) -> Vec<Event> {
    let mut all: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        all.entry(source.event).or_default().push(at);
    }
    if all.len() < EVENTS_MIN {
        return Vec::new();
    }
    let event = |(number, articles): (usize, Vec<usize>)| {
        let times = articles.iter().filter_map(|at| sources.get(*at)?.time);
        let mut times: Vec<DateTime> = times.collect();
        times.sort_unstable();
        Event { number, sources: articles, time: times.get(times.len() / 2).copied() }
    };
    let mut found: Vec<Event> = all.into_iter().map(event).collect();
    found.sort_by_key(|one| (one.time.is_none(), one.time, one.number));
    found
}

/// The number of the event that is told as new: the last of those with a time.
#[must_use]
pub fn newest(events: &[Event]) -> Option<usize> {
    events.iter().rfind(|one| one.time.is_some()).map(|one| one.number)
}

/// The readings of one event, and what those of earlier ones print.
struct Part<'r, 'a> {
    number: usize,
    readings: Vec<(usize, &'r Reading<'a>)>,
    earlier: PairSet,
}

/// The pieces by which the story of `events` is told in `char_max` characters, the newest event's first
/// and then those of the events that most articles tell.
#[must_use]
pub fn choose(
    sources: &[Source<'_>],
    readings: &[Reading<'_>],
    events: &[Event],
    scope: &Scope,
    char_max: usize,
) -> Vec<Place> {
    let newest = newest(events);
    let mut parts = parts(sources, readings, events);
    // Stable: of equally large events the earlier comes first.
    parts.sort_by_key(|part| (Some(part.number) != newest, std::cmp::Reverse(part.readings.len())));
    let (mut told, mut left, mut chosen) = (Told::default(), char_max, Vec::new());
    for part in &parts {
        let is_newest = Some(part.number) == newest;
        let (count, most) = if is_newest {
            let room = (char_max * NEWEST_TENTHS / 10).max(NEWEST_CHARS_MIN);
            (if char_max >= TWO_PIECES_CHARS { 2 } else { 1 }, room)
        } else {
            (1, SENTENCE_CHARS)
        };
        let mut rated = rated(part, scope, true);
        if rated.is_empty() && is_newest {
            rated = self::rated(part, scope, false);
        }
        let mut room = most.min(left);
        let before = chosen.len();
        // Where nothing so short is there, a longer piece tells it.
        for longest in [most, left] {
            for (place, reading, offer) in &rated {
                let cost = cost(offer);
                let repeated = containment(&offer.pairs, told.pairs()) > REPEATED_MAX;
                if cost > room.min(longest) || repeated {
                    continue;
                }
                (left, room) = (left - cost, room - cost);
                told.add(reading, offer);
                chosen.push(*place);
                if chosen.len() == before + count {
                    break;
                }
            }
            if chosen.len() > before {
                break;
            }
            room = left;
        }
    }
    chosen
}

type Rated<'r, 'a> = (Place, &'r Reading<'a>, &'r Offer);

/// The pieces of an event that may be told, those worth most first; of `own` ones only those that say
/// what one of its headlines says, and not what the articles of earlier events print.
fn rated<'r, 'a>(part: &Part<'r, 'a>, scope: &Scope, own: bool) -> Vec<Rated<'r, 'a>> {
    let all: Vec<&Reading<'_>> = part.readings.iter().map(|(_, reading)| *reading).collect();
    let matter = Matter::among(&all);
    let covered = |offer: &Offer| {
        let held = |pair: &&u64| offer.pairs.binary_search(pair).is_ok();
        let shares = all.iter().map(|one| {
            let count = one.title_pairs.iter().filter(held).count();
            share(count, one.title_pairs.len().max(1))
        });
        shares.fold(0.0_f32, f32::max)
    };
    let mut rated: Vec<(f32, Rated<'r, 'a>)> = Vec::new();
    for (at, reading) in &part.readings {
        for (offer, one) in reading.offers.iter().enumerate() {
            let covered = covered(one);
            let is_own =
                containment(&one.content, &part.earlier) <= EARLIER_MAX && covered >= TITLE_MIN;
            if (own && !is_own) || !scope.holds(reading, one) {
                continue;
            }
            if let Some(worth) = matter.worth(reading, one) {
                let place = Place { reading: *at, offer };
                let sound = if is_sound(&matter, reading, one) { 1.0 } else { UNSOUND };
                rated.push((worth * covered.max(TITLE_MIN) * sound, (place, *reading, one)));
            }
        }
    }
    rated.sort_by(|l, r| r.0.total_cmp(&l.0));
    rated.into_iter().map(|(_, one)| one).collect()
}

/// The readings of each event, in order of time.
fn parts<'r, 'a>(
    sources: &[Source<'_>],
    readings: &'r [Reading<'a>],
    events: &[Event],
) -> Vec<Part<'r, 'a>> {
    let mut earlier = PairSet::default();
    let mut found = Vec::new();
    for event in events {
        let of = |reading: &Reading<'_>| {
            sources.get(reading.source).is_some_and(|source| source.event == event.number)
        };
        let mut own: Vec<(usize, &Reading<'_>)> =
            readings.iter().enumerate().filter(|(_, reading)| of(reading)).collect();
        // What is far from the event's day looks back, or was put there by mistake.
        let is_near = |reading: &Reading<'_>| {
            let time = sources.get(reading.source).and_then(|source| source.time);
            event.time.zip(time).is_none_or(|(middle, time)| {
                day::between(middle.date(), time.date()).abs() <= NEAR_DAYS
            })
        };
        if own.iter().any(|(_, reading)| is_near(reading)) {
            own.retain(|(_, reading)| is_near(reading));
        }
        let before = earlier.clone();
        earlier.extend(own.iter().flat_map(|(_, one)| one.body.bigrams.iter().flatten()));
        if !own.is_empty() {
            found.push(Part { number: event.number, readings: own, earlier: before });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::EVENTS_MIN;
    use super::choose;
    use super::events;
    use super::newest;
    use crate::reading::tests::readings;
    use crate::set::Scope;
    use crate::set::Source;

    /// The building of a canal in a story of five events over a year; the second has most articles.
    const STORY: [(usize, i16, i8, &str, &str); 8] = [
        (1, 2023, 3, "清河县批准修建北渠", "清河县3月2日批准修建北渠，投资1.2亿元。"),
        (2, 2023, 6, "北渠工地塌方 两人受伤", "清河县北渠工地6月8日塌方，造成2名工人受伤。"),
        (
            2,
            2023,
            6,
            "清河县北渠工地发生塌方",
            "清河县北渠工地8日发生塌方，2名工人受伤，伤者已送医。",
        ),
        (2, 2023, 6, "北渠塌方原因正在调查", "清河县北渠工地塌方造成2名工人受伤，原因正在调查。"),
        (
            3,
            2023,
            9,
            "北渠塌方责任人被问责",
            "县水利局副局长林大川因北渠塌方被免职。清河县3月批准修建北渠，投资1.2亿元。",
        ),
        (4, 2023, 12, "北渠复工", "清河县北渠12月5日复工，工期延长到明年3月。"),
        (
            5,
            2024,
            3,
            "北渠通水 惠及三万亩麦田",
            "清河县北渠3月12日通水，惠及3万亩麦田。清河县3月批准修建北渠，投资1.2亿元。",
        ),
        (
            5,
            2024,
            3,
            "清河县北渠正式通水",
            "清河县北渠12日正式通水。北渠全长18公里，惠及麦田3万亩。",
        ),
    ];

    fn sources() -> Vec<Source<'static>> {
        let source = |(group, (event, year, month, title, body)): (usize, _)| Source {
            title,
            body,
            outlet: "清河日报",
            time: Some(date(year, month, 12).at(8, 0, 0, 0)),
            url: "",
            group,
            event,
            weight: 1.0,
        };
        STORY.into_iter().enumerate().map(source).collect()
    }

    fn told(char_max: usize) -> Vec<(usize, String)> {
        let sources = sources();
        let readings = readings(&sources);
        let found = events(&sources);
        let chosen = choose(&sources, &readings, &found, &Scope::default(), char_max);
        let text = |place: &crate::cover::Place| {
            let (reading, offer) = place.of(&readings).unwrap();
            (sources[reading.source].event, offer.extract.text.clone())
        };
        chosen.iter().map(text).collect()
    }

    #[test]
    fn each_event_is_told_and_the_newest_first() {
        let told = told(300);
        assert_eq!(told[0].0, 5, "{told:?}");
        assert!(told[0].1.contains("通水"), "{told:?}");
        let mut of: Vec<usize> = told.iter().map(|(event, _)| *event).collect();
        of.dedup();
        assert_eq!(of, [5, 2, 1, 3, 4], "by size, then by time: {told:?}");
        let blamed = told.iter().find(|(event, _)| *event == 3).unwrap();
        assert!(blamed.1.contains("林大川"), "what was before is not its own: {told:?}");
    }

    #[test]
    fn where_there_is_little_room_the_newest_and_the_largest_are_told() {
        let told = told(70);
        let of: Vec<usize> = told.iter().map(|(event, _)| *event).collect();
        assert!(of.starts_with(&[5, 2]), "{told:?}");
        let count: usize = told.iter().map(|(_, text)| text.chars().count()).sum();
        assert!(count <= 70, "{told:?}");
    }

    #[test]
    fn few_events_are_no_story_of_events() {
        let mut sources = sources();
        assert_eq!(newest(&events(&sources)), Some(5));
        sources.retain(|one| one.event > 5 - (EVENTS_MIN - 1));
        assert!(events(&sources).is_empty());
    }
}
