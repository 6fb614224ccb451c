//! The figures of a set: the quantities that most of its outlets print.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::cover::Matter;
use crate::cover::Place;
use crate::cover::places;
use crate::reading::Reading;
use crate::set::Cited;
use crate::set::Source;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;

/// Articles from which on few do not make a figure of the story.
const MANY: usize = 4;
/// Outlets that must print it there: this many, and one of so many articles.
const OUTLETS_MIN: usize = 2;
const OUTLETS_PART: usize = 6;

/// A number and where it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number and unit as printed.
    pub text: String,
    /// Its value and unit (`320人`), by which figures meet.
    pub key: String,
    /// The piece that holds it.
    pub piece: Cited,
    /// Distinct outlets that print it in their own text; each unknown one counts.
    pub outlet_count: usize,
}

/// A quantity in a piece that can be told.
#[derive(Clone, Copy)]
pub(crate) struct Quantity<'r> {
    /// The piece.
    pub(crate) place: Place,
    /// The number.
    pub(crate) number: &'r Entity,
    /// Its place among the mentions of the reading.
    pub(crate) mention: usize,
}

/// The quantities of all pieces that a reader would look for; ordinals and 两个 are none.
pub(crate) fn quantities<'r>(readings: &'r [Reading<'_>]) -> impl Iterator<Item = Quantity<'r>> {
    places(readings).flat_map(move |place| {
        let (reading, offer) = place.of(readings).unzip();
        let mentions = offer.map(|offer| offer.mentions.as_slice()).unwrap_or_default();
        let quantity = move |at: &usize| {
            let reading = reading?;
            let number = reading.mentions.get(*at)?;
            let behind = reading.body.text.get(number.span.end..).unwrap_or_default();
            // 5个半小时 is not five of anything.
            let counts = number.kind == Kind::Number
                && !number.key.starts_with('第')
                && !behind.starts_with('半')
                && tells(number);
            counts.then_some(Quantity { place, number, mention: *at })
        };
        mentions.iter().filter_map(quantity)
    })
}

/// The piece at `place` as a citation.
pub(crate) fn cited(readings: &[Reading<'_>], place: Place) -> Option<Cited> {
    let (reading, offer) = place.of(readings)?;
    Some(Cited { source: reading.source, extract: offer.extract.clone() })
}

/// Who prints an article: its outlet, or the article itself where that is unknown.
pub(crate) type Outlet<'a> = (&'a str, usize);

/// Who prints the article at `source`.
pub(crate) fn outlet<'a>(sources: &[Source<'a>], source: usize) -> Outlet<'a> {
    match sources.get(source).map(|one| one.outlet) {
        Some(name) if !name.is_empty() => (name, 0),
        Some(_) | None => ("", source),
    }
}

/// The `limit` quantities that most outlets print, each with the piece worth most that holds it.
#[must_use]
pub fn figures(
    sources: &[Source<'_>],
    readings: &[Reading<'_>],
    matter: &Matter<'_>,
    limit: usize,
) -> Vec<Figure> {
    let mut all: BTreeMap<&str, (BTreeSet<Outlet<'_>>, f32, Option<Quantity<'_>>)> =
        BTreeMap::new();
    for quantity in quantities(readings) {
        let Some((reading, offer)) = quantity.place.of(readings) else { continue };
        let (outlets, best, shown) = all.entry(&quantity.number.key).or_default();
        outlets.insert(outlet(sources, reading.source));
        let worth = matter.worth(reading, offer).unwrap_or_default();
        if worth > *best {
            (*best, *shown) = (worth, Some(quantity));
        }
    }
    let several = readings.len() >= MANY;
    let outlets_min = OUTLETS_MIN.max(readings.len() / OUTLETS_PART);
    let mut rated: Vec<(f32, Figure)> = Vec::new();
    for (outlets, worth, shown) in all.into_values() {
        let Some(Quantity { place, number, .. }) = shown else { continue };
        let Some(piece) = cited(readings, place) else { continue };
        if !several || (outlets.len() >= outlets_min && !is_span(&number.key)) {
            let (text, key) = (number.text.clone(), number.key.clone());
            rated.push((worth, Figure { text, key, piece, outlet_count: outlets.len() }));
        }
    }
    rated.sort_by(|l, r| r.1.outlet_count.cmp(&l.1.outlet_count).then(r.0.total_cmp(&l.0)));
    rated.into_iter().take(limit).map(|(_, figure)| figure).collect()
}

/// Whether a number is more than a way of speaking: 两个, 一次 and 三点 are not, 两成 is.
fn tells(number: &Entity) -> bool {
    const PARTS: [&str; 4] = ["成", "倍", "折", "%"];
    const COUNTED: [&str; 8] = ["个", "次", "种", "项", "点", "条", "届", "步"];
    let Some((value, unit)) = split(&number.key) else { return true };
    let in_digits = number.text.contains(|c: char| c.is_numeric() && !c.is_alphabetic());
    if in_digits && value.abs() > 1.0 {
        return true;
    }
    PARTS.contains(&unit) || (value.abs() >= 10.0) || (in_digits && !COUNTED.contains(&unit))
}

/// Whether a number is an age or a length of time, which many a text prints of anything.
fn is_span(key: &str) -> bool {
    const SPANS: [&str; 12] =
        ["岁", "周岁", "年", "月", "个月", "天", "日", "小时", "分钟", "秒", "周", "世纪"];
    split(key).is_some_and(|(_, unit)| SPANS.contains(&unit))
}

/// Value and unit of a number's key.
pub(crate) fn split(key: &str) -> Option<(f64, &str)> {
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let at = key.find(|c| !is_digit(c))?;
    let (value, unit) = key.split_at_checked(at)?;
    Some((value.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::figures;
    use crate::cover::Matter;
    use crate::reading::tests::readings;
    use crate::set::Source;
    use crate::set::tests::flood;

    fn keys(sources: &[Source<'_>]) -> Vec<String> {
        let readings = readings(sources);
        let found = figures(sources, &readings, &Matter::of(&readings), 8);
        let mut keys: Vec<String> = found.into_iter().map(|one| one.key).collect();
        keys.sort();
        keys
    }

    #[test]
    fn a_way_of_speaking_is_no_figure() {
        let mut sources = flood();
        sources[1].body =
            "清河县遭遇暴雨，两个乡的1个水库和三点建议，收成少了两成，转移群众3200人，抢修12次。";
        assert_eq!(keys(&sources[1..2]), ["12次", "2成", "3200人"]);
    }

    #[test]
    fn figures_are_counted_by_outlet() {
        let sources = flood();
        assert!(keys(&sources).contains(&"3200人".to_owned()), "{:?}", keys(&sources));
    }
}
