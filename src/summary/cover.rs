//! Which pieces of a set are told: those that together cover most of what its articles say.
//!
//! A fact (a person, a place, an organisation, a number, a date) is worth as much as the articles
//! make of it: the share of titles that print it, of openings, of all that is read. Neighbouring
//! units that several articles print stand for the rest of what is said. A piece is worth the facts
//! and units that nothing told before it holds, less the more of it was said and the less of it
//! others say, by the root of its length: short pieces that say much come first. They are taken one
//! by one while they fit and add enough; a worth only falls, so it is looked at again only at the
//! top (Minoux 1978).

mod told;

pub(crate) use told::Told;

use std::collections::BinaryHeap;
use std::collections::HashSet;

use rustc_hash::FxHashMap;
use rustc_hash::FxHashSet;

use crate::alone;
use crate::bid::Bid;
use crate::ends;
use crate::reading::Offer;
use crate::reading::Reading;
use crate::set::Scope;
use crate::unit::PairMap;
use crate::unit::PairSet;
use crate::when;
use crate::wording;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Sentences that open an article.
const OPENING_SENTENCES: usize = 2;
/// What a unit that all articles print is worth, beside a fact that all titles print.
const PAIR: f32 = 0.005;
/// Share of a piece that may have been said before it.
const REPEATED_MAX: f32 = 0.45;
/// How steeply the worth of a piece falls with the share that was said: its power, and what each piece
/// that is told adds to it.
const NOVELTY: f32 = 4.0;
const NOVELTY_MORE: f32 = 0.5;
/// How steeply it falls with the share of its facts that was told, for each piece that is told.
const STALE: f32 = 0.1;
/// What a piece that nobody else says anything of is worth, beside 1.2 of one that others say.
const ASIDE: f32 = 0.2;
/// What a piece is worth whose sentence goes on behind it, beside a whole one.
const BROKEN: f32 = 0.7;
/// What a piece must add to be told.
const ADDED_MIN: f32 = 0.1;
/// Share of a piece from a round-up that others must say as well.
const OWN_ITEM: f32 = 0.4;
/// Share of any piece that others must say as well, in a set of [`MANY`] readings or more; half of an
/// article's pieces must reach more, or only some of it is of the set's matter.
const ON_TOPIC: f32 = 0.2;
const MIXED: f32 = 0.22;
/// Part of the worth of the fact worth most from which on a fact is at the heart of the matter, and the
/// share of a piece without any such fact that others must say.
const CORE: f32 = 0.33;
const CORE_SHARED: f32 = 0.35;
/// Readings up to which none is asked for, and from which on all: of few, less is said twice.
const FEW: usize = 3;
const MANY: usize = 5;
/// Readings for each of which one more must print a pair for it to be shared.
const CROWD: usize = 25;
/// Pieces from which on nothing is told that is worth less than this part of the best of all.
const ENOUGH: usize = 3;
const ADDED_PART: f32 = 0.005;
/// Characters up to which a summary may break its sentences off, and from which on it is a report.
const SHORT_CHARS: usize = 150;
const LONG_CHARS: usize = 301;
/// How much of what the headlines say a piece of a report must say, or which share of it others must say.
const SOUND_HEADED: f32 = 0.08;
const SOUND_SHARED: f32 = 0.35;
/// How much of what the headlines say a piece must say that tells of long ago, or which share of it others
/// must say.
const OLD_HEADED: f32 = 0.25;
const OLD_SHARED: f32 = 0.6;
/// What a piece is worth that says nothing of the headlines, beside one that says all of them and this.
const UNHEADED: f32 = 0.2;
/// What a piece is worth that should be told only where nothing better is left: one that stands badly
/// alone, and one of which others say too little.
const WEAK: f32 = 0.3;
const STRAY: f32 = 0.1;
/// What a piece of a comment is worth beside one of a report.
const COMMENTED: f32 = 0.5;
/// What a piece is worth that stands one sentence deeper in its article; and the deepest at least.
const DEEPER: f32 = 0.9;
const DEEPEST: f32 = 0.3;
/// What the articles of a set say, and what each part of it is worth.
pub struct Matter<'r> {
    /// The fact of each kind and key.
    facts: FxHashMap<(Kind, &'r str), f32>,
    /// Pairs of neighbouring units that several articles print, and the share that does.
    pairs: PairMap<f32>,
    /// What the fact worth most is worth.
    most: f32,
    /// Pairs of the headlines, and the share of the articles that print each there.
    titles: PairMap<f32>,
    /// The sum of these shares in the headline that has most.
    headline: f32,
    /// Share of a piece that others must say.
    on_topic: f32,
    /// The sources of which only some pieces are of the set's matter.
    mixed: HashSet<usize>,
}

/// A piece by its places: the reading, and the offer in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The place among the readings.
    pub reading: usize,
    /// The place among the reading's offers.
    pub offer: usize,
}

impl Place {
    /// The reading and the offer.
    #[must_use]
    pub fn of<'o, 'a>(self, readings: &'o [Reading<'a>]) -> Option<(&'o Reading<'a>, &'o Offer)> {
        let reading = readings.get(self.reading)?;
        Some((reading, reading.offers.get(self.offer)?))
    }
}

impl<'r> Matter<'r> {
    /// What `readings` say together.
    #[must_use]
    pub fn of(readings: &'r [Reading<'_>]) -> Self {
        Self::among(&readings.iter().collect::<Vec<_>>())
    }

    /// What some of a set's readings say together.
    #[must_use]
    pub fn among(readings: &[&'r Reading<'_>]) -> Self {
        let total: f32 = readings.iter().map(|reading| reading.weight).sum();
        let mut facts: FxHashMap<(Kind, &str), f32> = FxHashMap::default();
        let mut pairs: PairMap<(usize, f32)> = PairMap::default();
        for reading in readings {
            let part = reading.weight / total.max(f32::MIN_POSITIVE);
            for keys in [titled(reading), opened(reading), mentioned(reading)] {
                for key in keys {
                    *facts.entry(key).or_default() += part;
                }
            }
            let held = reading.offers.iter().flat_map(|offer| &offer.pairs);
            let held: PairSet = held.chain(&reading.title_pairs).copied().collect();
            for pair in held {
                let (count, sum) = pairs.entry(pair).or_default();
                *count += 1;
                *sum += part;
            }
        }
        let (titles, headline) = titles(readings, total);
        let several = 2 + readings.len() / CROWD;
        let shared = pairs.into_iter().filter(|(_, (count, _))| *count >= several);
        let pairs = shared.map(|(pair, (_, sum))| (pair, sum)).collect();
        let part = share(readings.len().clamp(FEW, MANY) - FEW, MANY - FEW);
        let most = facts.values().copied().fold(0.0, f32::max);
        let mut matter = Self {
            facts,
            pairs,
            most,
            titles,
            headline,
            on_topic: ON_TOPIC * part,
            mixed: HashSet::new(),
        };
        let mixed = readings.iter().filter(|reading| matter.is_mixed(reading, MIXED * part));
        matter.mixed = mixed.map(|reading| reading.source).collect();
        matter
    }

    /// Whether most pieces of `reading` say what hardly anybody else says.
    fn is_mixed(&self, reading: &Reading<'_>, least: f32) -> bool {
        let mut shares: Vec<f32> = reading.offers.iter().map(|one| self.topical(one)).collect();
        shares.sort_by(f32::total_cmp);
        reading.is_roundup || shares.get(shares.len() / 2).is_some_and(|middle| *middle < least)
    }

    /// Whether the article at `source` bundles several matters, of which only one is the set's.
    #[must_use]
    pub fn bundles(&self, source: usize) -> bool {
        self.mixed.contains(&source)
    }

    /// The share of `pairs` that several articles print.
    #[must_use]
    pub fn shared(&self, pairs: &[u64]) -> f32 {
        let known = pairs.iter().filter(|pair| self.pairs.contains_key(pair)).count();
        share(known, pairs.len().max(1))
    }

    /// Whether `text` of the article at `source`, by its `pairs`, is of the set's matter.
    #[must_use]
    pub fn is_on_topic(&self, source: usize, pairs: &[u64]) -> bool {
        let least = if self.mixed.contains(&source) { OWN_ITEM } else { self.on_topic };
        self.shared(pairs) >= least
    }

    /// Gives the worth of the numbers `overtaken` to the one that took their place.
    pub fn overtake(&mut self, overtaken: &[&'r str], latest: &'r str) {
        let mut most = self.fact(Kind::Number, latest);
        for key in overtaken {
            most = most.max(self.facts.insert((Kind::Number, *key), 0.0).unwrap_or_default());
        }
        self.facts.insert((Kind::Number, latest), most);
    }

    /// What the fact of this kind and key is worth: 3 where every title, opening and text prints it.
    #[must_use]
    pub fn fact(&self, kind: Kind, key: &str) -> f32 {
        self.facts.get(&(kind, key)).copied().unwrap_or_default()
    }

    /// What `offer` of `reading` is worth where nothing is told yet; `None` if it says nothing, or is
    /// of another matter than the set.
    #[must_use]
    pub fn worth(&self, reading: &'r Reading<'_>, offer: &'r Offer) -> Option<f32> {
        if self.bundles(reading.source) && !self.is_on_topic(reading.source, &offer.pairs) {
            return None;
        }
        worth(self, reading, offer, &Told::default())
    }

    /// How much of what the headlines say together `offer` says, `[0, 1]`.
    #[must_use]
    pub fn headed(&self, offer: &Offer) -> f32 {
        let held = offer.pairs.iter().filter_map(|pair| self.titles.get(pair)).sum::<f32>();
        (held / self.headline.max(f32::MIN_POSITIVE)).min(1.0)
    }

    /// The share of a piece that other articles say as well.
    fn topical(&self, offer: &Offer) -> f32 {
        self.shared(&offer.pairs)
    }

    /// Whether `offer` is hardly of the matter: others say little of it, or it names nobody and nothing
    /// that the articles speak of most, and not much of it is in others' words.
    pub(crate) fn is_aside(&self, reading: &'r Reading<'_>, offer: &'r Offer) -> bool {
        let shared = self.shared(&offer.pairs);
        let is_core = |(kind, key): Key<'_>| self.fact(kind, key) >= CORE * self.most;
        shared < self.on_topic || (shared < CORE_SHARED && !keys(reading, offer).any(is_core))
    }

    /// Share of the worth of its facts that is told.
    fn held(&self, reading: &'r Reading<'_>, offer: &'r Offer, told: &Told<'r>) -> f32 {
        let (mut all, mut known) = (0.0, 0.0);
        for key in keys(reading, offer) {
            let worth = self.fact(key.0, key.1);
            all += worth;
            if told.facts.contains(&key) {
                known += worth;
            }
        }
        if all > 0.0 { known / all } else { 1.0 }
    }

    /// What `offer` adds to what is told.
    fn gain(&self, reading: &'r Reading<'_>, offer: &'r Offer, told: &Told<'r>) -> f32 {
        let mut counted: Vec<(Kind, &str)> = Vec::with_capacity(offer.mentions.len());
        let mut facts = 0.0;
        for key in keys(reading, offer) {
            if !told.facts.contains(&key) && !counted.contains(&key) {
                facts += self.fact(key.0, key.1);
                counted.push(key);
            }
        }
        let new = offer.pairs.iter().filter(|pair| !told.pairs.contains(pair));
        facts + PAIR * new.filter_map(|pair| self.pairs.get(pair)).sum::<f32>()
    }
}

/// The pairs of the headlines, each with the share of the weight `total` whose articles print it there, and
/// the largest sum of these in one headline.
fn titles(readings: &[&Reading<'_>], total: f32) -> (PairMap<f32>, f32) {
    let mut shares: PairMap<f32> = PairMap::default();
    for reading in readings {
        let own: PairSet = reading.title_pairs.iter().copied().collect();
        for pair in own {
            *shares.entry(pair).or_default() += reading.weight / total.max(f32::MIN_POSITIVE);
        }
    }
    let sum = |one: &&Reading<'_>| {
        one.title_pairs.iter().filter_map(|pair| shares.get(pair)).sum::<f32>()
    };
    let most = readings.iter().map(sum).fold(0.0, f32::max);
    (shares, most)
}

type Key<'r> = (Kind, &'r str);

fn titled<'r>(reading: &'r Reading<'_>) -> FxHashSet<Key<'r>> {
    reading.titled.iter().map(|one| (one.kind, one.key.as_str())).collect()
}

fn opened<'r>(reading: &'r Reading<'_>) -> FxHashSet<Key<'r>> {
    let sentence = |offer: &Offer| reading.body.clauses.get(offer.from).map(|one| one.sentence);
    let mut sentences: Vec<usize> = Vec::new();
    let opens = |offer: &&Offer| match sentence(offer) {
        Some(sentence) if sentences.contains(&sentence) => true,
        Some(sentence) if sentences.len() < OPENING_SENTENCES => {
            sentences.push(sentence);
            true
        }
        Some(_) | None => false,
    };
    reading.offers.iter().filter(opens).flat_map(|offer| keys(reading, offer)).collect()
}

fn mentioned<'r>(reading: &'r Reading<'_>) -> FxHashSet<Key<'r>> {
    reading.offers.iter().flat_map(|offer| keys(reading, offer)).collect()
}

fn keys<'r>(reading: &'r Reading<'_>, offer: &'r Offer) -> impl Iterator<Item = Key<'r>> {
    let mentions = offer.mentions.iter().filter_map(|at| reading.mentions.get(*at));
    mentions.map(|one| (one.kind, one.key.as_str()))
}

/// The pieces that are told in `char_max` characters, those worth most first; `first` is told in any
/// case, if it fits.
///
/// Whole sentences that stand well and are of the matter, as long as they add something beside the best
/// of them; where there is none, what there is.
#[must_use]
pub fn choose<'r>(
    readings: &'r [Reading<'_>],
    matter: &Matter<'r>,
    scope: &Scope,
    first: Option<Place>,
    char_max: usize,
) -> Vec<Place> {
    let is_long = char_max >= LONG_CHARS;
    let is_good = |reading: &'r Reading<'_>, offer: &'r Offer| match char_max {
        ..=SHORT_CHARS => !alone::is_poor(&offer.extract.text),
        _ => !offer.is_part && !offer.is_weak && (!is_long || is_sound(matter, reading, offer)),
    };
    let chosen = choose_of(readings, matter, first, char_max, &|reading, offer| {
        scope.holds(reading, offer) && is_good(reading, offer)
    });
    if chosen.is_empty() {
        choose_of(readings, matter, first, char_max, &|reading, offer| scope.holds(reading, offer))
    } else {
        chosen
    }
}

/// Whether `offer` of `reading` may stand in a report, where there is room to choose: it is of the matter,
/// over at its end, and tells rather than judges.
pub(crate) fn is_sound<'r>(
    matter: &Matter<'r>,
    reading: &'r Reading<'_>,
    offer: &'r Offer,
) -> bool {
    let text = offer.extract.text.as_str();
    let reports = || {
        let first = text.split_inclusive('，').next().unwrap_or_default();
        wording::tells_time(text) || wording::names_source(first)
    };
    let is_old =
        |reading: &Reading<'_>| reading.issue.is_some_and(|issue| when::tells_of_old(text, issue));
    // Behind a semicolon the subject may stand in what was left out.
    let is_item = offer.from.checked_sub(1).is_some_and(|before| {
        reading.body.one_sentence(before, offer.from)
            && reading.body.clause(before).ends_with(['；', ';'])
    });
    ends(text)
        && !is_item
        && !text.contains('…')
        && !alone::opines(text)
        && !alone::acts_for_nobody(text)
        && (!is_old(reading)
            || matter.headed(offer) >= OLD_HEADED
            || matter.shared(&offer.pairs) >= OLD_SHARED)
        && !matter.is_aside(reading, offer)
        && (matter.headed(offer) >= SOUND_HEADED
            || matter.shared(&offer.pairs) >= SOUND_SHARED
            || matter.on_topic <= 0.0)
        && (!reading.is_comment || reports())
}

/// As [`choose`], of the pieces that `may` be told.
fn choose_of<'r>(
    readings: &'r [Reading<'_>],
    matter: &Matter<'r>,
    first: Option<Place>,
    char_max: usize,
    may: &dyn Fn(&'r Reading<'_>, &'r Offer) -> bool,
) -> Vec<Place> {
    let mut chosen: Vec<Place> = Vec::new();
    let mut told = Told::default();
    let (mut left, mut best) = (char_max, 0.0_f32);
    let mut bids: BinaryHeap<Bid<Place>> = BinaryHeap::new();
    for (rank, place) in places(readings).enumerate() {
        let Some((reading, offer)) = place.of(readings) else { continue };
        if Some(place) == first {
            bids.push(Bid { worth: f32::INFINITY, rank, item: place });
        } else if may(reading, offer)
            && let Some(worth) = matter.worth(reading, offer)
        {
            best = best.max(worth);
            bids.push(Bid { worth, rank, item: place });
        }
    }
    while let Some(Bid { rank, item: place, worth: before }) = bids.pop() {
        let Some((reading, offer)) = place.of(readings) else { continue };
        let overlaps = |other: &Place| {
            let other_offer = other.of(readings).map(|(_, offer)| offer);
            other.reading == place.reading
                && other_offer.is_some_and(|one| one.from <= offer.to && offer.from <= one.to)
        };
        let cost = cost(offer);
        if cost > left || chosen.iter().any(overlaps) {
            continue;
        }
        if before.is_finite() {
            if told.is_again(reading, offer) {
                continue;
            }
            let Some(worth) = worth(matter, reading, offer, &told) else { continue };
            if bids.peek().is_some_and(|next| next.worth > worth) {
                bids.push(Bid { worth, rank, item: place });
                continue;
            }
            if char_max >= LONG_CHARS && worth < ADDED_PART * best && chosen.len() >= ENOUGH {
                break;
            }
        }
        left -= cost;
        told.add(reading, offer);
        chosen.push(place);
    }
    chosen
}

/// Characters of a piece with the mark that will stand behind it.
pub(crate) fn cost(offer: &Offer) -> usize {
    offer.extract.char_count() + usize::from(!ends(&offer.extract.text))
}

/// What a piece is worth beside what is told; `None` where that says it already, or it says nothing.
fn worth<'r>(
    matter: &Matter<'r>,
    reading: &'r Reading<'_>,
    offer: &'r Offer,
    told: &Told<'r>,
) -> Option<f32> {
    let repeated = containment(&offer.pairs, &told.pairs);
    let gain = matter.gain(reading, offer, told);
    let adds = repeated <= REPEATED_MAX && gain >= ADDED_MIN;
    let length = share(offer.extract.char_count().max(1), 1).sqrt();
    let count = share(told.pieces.len(), 1);
    let novel =
        (ASIDE + matter.topical(offer)) * (1.0 - repeated).powf(NOVELTY + NOVELTY_MORE * count);
    let whole = if offer.is_part { BROKEN } else { 1.0 };
    let place = DEEPER.powf(share(offer.depth, 1)).max(DEEPEST);
    let headed = UNHEADED + matter.headed(offer);
    let stands = if offer.is_weak { WEAK } else { 1.0 };
    let stands = if reading.is_comment { stands * COMMENTED } else { stands };
    let known = if matter.shared(&offer.pairs) < matter.on_topic { STRAY } else { 1.0 };
    let worth = gain * novel * whole * place * stands * known * headed;
    let fresh = (1.0 - matter.held(reading, offer, told)).powf((STALE * count).min(1.0));
    adds.then(|| worth * fresh * reading.weight.sqrt() / length)
}

/// All offers of `readings`.
pub fn places(readings: &[Reading<'_>]) -> impl Iterator<Item = Place> {
    readings
        .iter()
        .enumerate()
        .flat_map(|(reading, one)| (0..one.offers.len()).map(move |offer| Place { reading, offer }))
}

#[cfg(test)]
mod tests;
