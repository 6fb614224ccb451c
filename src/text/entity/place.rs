//! Which names of the gazetteer stand in a text, and which place each one means.

use std::collections::HashSet;

use crate::entity::Found;
use crate::entity::Kind;
use crate::entity::Taken;
use crate::entity::gazetteer::Gazetteer;
use crate::entity::gazetteer::Need;
use crate::entity::gazetteer::Sense;
use crate::entity::lexicon::Hit;
use crate::entity::lexicon::Lexicon;
use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::is_han;
use crate::entity::township;

/// The places of the text in order.
pub(super) fn places(
    sheet: &Sheet<'_>,
    lexicon: &Lexicon,
    gazetteer: &Gazetteer,
    hits: &[Hit],
    taken: &Taken,
) -> Vec<Found> {
    let mut covered = Taken::new(sheet.len());
    let mut hits: Vec<Hit> = hits
        .iter()
        .filter_map(|hit| fitting(sheet, lexicon, *hit))
        .filter(|hit| !taken.any(hit.from, hit.to) && covered.claim(hit.from, hit.to))
        .collect();
    hits.sort_by_key(|hit| hit.from);
    let firm = firm(lexicon, gazetteer, &hits);
    let mut found: Vec<Found> = Vec::with_capacity(hits.len());
    for hit in hits {
        let Some(name) = lexicon.name(hit) else { continue };
        for (at, place) in &name.parts {
            let key = gazetteer.key(*place).to_owned();
            found.push(Found::new(Kind::Place, hit.from + at, hit.from + at + 1, key));
        }
        let before = found.last().filter(|last| last.to == hit.from);
        let before = before.and_then(|last| gazetteer.place(&last.key));
        let Some((place, ambiguous)) = meaning(&name.senses, gazetteer, &firm, before) else {
            continue;
        };
        let key = if ambiguous { sheet.slice(hit.from, hit.to) } else { gazetteer.key(place) };
        let mut mention = Found::new(Kind::Place, hit.from, hit.to, key.to_owned());
        mention.ambiguous = ambiguous;
        found.push(mention);
        if let Some(town) = township::behind(sheet, hit.to) {
            let key = format!("{}{}", gazetteer.key(place), sheet.slice(town.0, town.1));
            found.push(Found::new(Kind::Place, town.0, town.1, key));
        }
    }
    found
}

/// The places that no organisation covers, but for the one that leads its name: 聊城市公安局 is in
/// 聊城市. A country that leads (中国银行) says nothing of where.
pub(super) fn outside(
    places: Vec<Found>,
    organisations: &[Found],
    gazetteer: &Gazetteer,
) -> Vec<Found> {
    let mut ahead = organisations.iter().peekable();
    let mut kept = Vec::with_capacity(places.len());
    let mut lead_end = 0;
    for place in places {
        while ahead.peek().is_some_and(|organisation| organisation.to <= place.from) {
            ahead.next();
        }
        let Some(organisation) = ahead.peek().filter(|other| other.from < place.to) else {
            kept.push(place);
            continue;
        };
        let country = gazetteer.place(&place.key).is_some_and(|at| gazetteer.depth(at) == 0);
        let leads = place.from == organisation.from || place.from == lead_end;
        if leads && !country && place.to < organisation.to {
            lead_end = place.to;
            kept.push(place);
        }
    }
    kept
}

/// The hit, or the shorter name at its start, where words begin and end with it.
fn fitting(sheet: &Sheet<'_>, lexicon: &Lexicon, hit: Hit) -> Option<Hit> {
    let name = lexicon.name(hit)?;
    if !sheet.is_edge(hit.from) {
        return None;
    }
    if !name.parts.is_empty() && name.senses.is_empty() {
        return is_expression(sheet, hit).then_some(hit);
    }
    if !name.senses.is_empty() && ends_well(sheet, hit) {
        return Some(hit);
    }
    let shorter = lexicon.shorter(sheet, hit.from, hit.to.saturating_sub(1))?;
    let fits = lexicon.name(shorter).is_some_and(|name| !name.senses.is_empty());
    (fits && ends_well(sheet, shorter)).then_some(shorter)
}

/// 赴鲁, 京津冀, 鲁a followed by the rest of a number plate.
fn is_expression(sheet: &Sheet<'_>, hit: Hit) -> bool {
    let last = sheet.before(hit.to);
    if last.is_ascii_alphabetic() {
        let next = sheet.char(hit.to);
        return next.is_ascii_alphanumeric() || matches!(next, '·' | '牌');
    }
    sheet.is_edge(hit.to)
}

/// Whether a word ends where the name ends, or goes on in a way that keeps the name in it (北京人).
fn ends_well(sheet: &Sheet<'_>, hit: Hit) -> bool {
    let short = hit.to - hit.from == 2;
    if sheet.is_edge(hit.to) {
        // 和县, 成县: the words around a name of two characters must not be Han words run together.
        return !short
            || sheet.holding(hit.from).is_some_and(|word| word.to == hit.to)
            || !is_han(sheet.before(hit.from))
            || sheet.ending(hit.from).is_some_and(|word| word.len() > 1);
    }
    let Some(word) = sheet.holding(hit.from).filter(|word| word.to > hit.to) else {
        return false;
    };
    let rest = sheet.slice(hit.to, word.to);
    matches!(word.tag, Tag::Place | Tag::Proper)
        || ["人", "籍", "市", "县", "省", "州", "区", "方", "队", "军", "话"].contains(&rest)
}

/// Places that the text names without doubt, and the places above them.
fn firm(lexicon: &Lexicon, gazetteer: &Gazetteer, hits: &[Hit]) -> HashSet<usize> {
    let mut firm = HashSet::new();
    for name in hits.iter().filter_map(|hit| lexicon.name(*hit)) {
        firm.extend(name.parts.iter().map(|(_, place)| *place));
        let mut sure = name.senses.iter().filter(|sense| sense.need == Need::Nothing);
        if let (Some(only), None) = (sure.next(), sure.next()) {
            firm.insert(only.place);
            firm.extend(gazetteer.ancestors(only.place));
        }
    }
    // Everything lies in China; that it is named says nothing about which 朝阳.
    firm.retain(|place| gazetteer.depth(*place) > 0);
    firm
}

/// The place that a name means, and whether that is a guess among several.
///
/// `before` is the place whose name ends where this one begins.
fn meaning(
    senses: &[Sense],
    gazetteer: &Gazetteer,
    firm: &HashSet<usize>,
    before: Option<usize>,
) -> Option<(usize, bool)> {
    let below = |place: usize| {
        before.is_some_and(|before| {
            gazetteer.depth(before) > 0 && gazetteer.ancestors(place).any(|above| above == before)
        })
    };
    if let Some(sense) = senses.iter().find(|sense| below(sense.place)) {
        return Some((sense.place, false));
    }
    let near = |place: usize| {
        firm.contains(&place) || gazetteer.ancestors(place).any(|above| firm.contains(&above))
    };
    let open = senses.iter().filter(|sense| match sense.need {
        Need::Nothing => true,
        Need::ParentNear => near(sense.place),
        Need::ParentBefore => false,
    });
    // Near ones first, then the higher ones: 海南 is the province.
    let rank = |sense: &&Sense| (!near(sense.place), gazetteer.depth(sense.place));
    let open: Vec<&Sense> = open.collect();
    let best = open.iter().copied().min_by_key(rank)?;
    // Below provinces a name that nothing decides stays open: there are two 朝阳区. 大理 is the
    // prefecture, and its city lies in it.
    let other = |sense: &&&Sense| {
        sense.place != best.place && gazetteer.ancestors(sense.place).all(|at| at != best.place)
    };
    let rivals = open.iter().filter(other);
    let undecided = rivals.filter(|sense| near(sense.place) == near(best.place)).count() > 0;
    Some((best.place, undecided && gazetteer.depth(best.place) > 1))
}
