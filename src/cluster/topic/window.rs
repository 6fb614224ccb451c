//! The articles of the window, and what is near a new one among them. Exact and in memory.
//!
//! A scan over short integer vectors and the rare terms of the headline find candidates, which are
//! then compared in full. Ties go to the lower id, so the order in which articles came in shows
//! nowhere.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::collections::BinaryHeap;
use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::topic::Item;
use crate::topic::anchor::Anchors;
use crate::topic::candidate::as_f32;
use crate::topic::digest::is_digest;
use crate::topic::dot;
use crate::topic::dot::Head;
use crate::topic::dot::Prefix;
use crate::topic::dot::cosine;
use crate::topic::item::PLACE;
use crate::topic::pair::Likeness;
use crate::topic::pair::Standing;
use crate::topic::pair::days_apart;
use crate::topic::side::Side;
use crate::topic::side::Sums;
use crate::topic::side::share;
use crate::topic::vocabulary::Background;
use crate::topic::vocabulary::Vocabulary;
use crate::topic::vocabulary::Weighted;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scale::Middle;
use wenmai_domain::scales::Script;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Placement;
use wenmai_text::terms::index;

/// Articles that the scan hands on to be compared in full.
const SCANNED: usize = 200;
/// Articles that share a rare headline term and are compared too.
const TITLED: usize = 50;
/// A headline term of more articles than this finds none.
const TITLE_HOLDERS_MAX: usize = 300;
/// Near articles that are judged.
pub(super) const NEAR: usize = 80;
/// Characters of a piece of the name of a place.
const PIECE_CHARS_MAX: usize = 6;
/// Of these the middle is asked, and the mean cosine.
const MIDDLE: usize = 10;
const FORTY: usize = 40;

/// An article in the window.
pub(super) struct Held {
    pub(super) id: ArticleId,
    pub(super) at: i64,
    pub(super) arrival: u64,
    pub(super) embedding: Embedding,
    pub(super) placement: Placement,
    pub(super) anchors: Anchors,
    pub(super) script: Script,
    /// Whether it is a round-up, which glues nothing.
    pub(super) is_digest: bool,
    title: Box<[Weighted]>,
    text: Box<[Weighted]>,
    /// Numbers of the terms that are pieces of places it names, ascending.
    places: Box<[u32]>,
    keys: Box<[Weighted]>,
}

/// An article that is near another.
pub(super) struct Near<'a> {
    pub(super) held: &'a Held,
    pub(super) like: Likeness,
    pub(super) standing: Standing,
}

/// All of them.
#[derive(Default)]
pub(super) struct Window {
    slots: Vec<Option<Held>>,
    prefixes: Vec<Prefix>,
    /// The heads of the prefixes, apart: a scan reads all of these and few of those.
    heads: Vec<Head>,
    free: Vec<usize>,
    by_id: HashMap<ArticleId, usize>,
    by_time: BTreeSet<(i64, ArticleId)>,
    by_arrival: BTreeSet<(u64, ArticleId)>,
    terms: Vocabulary,
    keys: Vocabulary,
    /// Slots of the articles whose headline holds a term, by the term's number.
    titled: HashMap<u32, Vec<usize>, FxBuildHasher>,
}

/// A new article, ready to be compared with many.
struct Query {
    /// Its text, and its title.
    words: Side<2>,
    keys: Side<1>,
    /// Numbers of the terms that are pieces of places it names, ascending.
    places: Box<[u32]>,
}

impl Window {
    /// An empty one; how common words are is told by its articles and by news at large.
    pub(super) fn before(background: Arc<Background>) -> Self {
        Self { terms: Vocabulary::before(background), ..Self::default() }
    }

    /// How many articles it holds.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn get(&self, id: ArticleId) -> Option<&Held> {
        self.slots.get(*self.by_id.get(&id)?)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: ArticleId) -> Option<&mut Held> {
        self.slots.get_mut(*self.by_id.get(&id)?)?.as_mut()
    }

    /// The oldest article before `at`, or that came before `arrival`.
    pub(super) fn expired(&self, at: i64, arrival: u64) -> Option<ArticleId> {
        let old = self.by_time.first().filter(|(time, _)| *time < at).map(|(_, id)| *id);
        old.or_else(|| {
            self.by_arrival.first().filter(|(came, _)| *came < arrival).map(|(_, id)| *id)
        })
    }

    /// Takes in an article that it does not hold.
    pub(super) fn insert(&mut self, item: &Item, placement: Placement) {
        let Item { id, arrival, at, title, embedding, title_terms, text_terms, keys, original: _ } =
            item;
        let text = self.terms.add(text_terms);
        let held = Held {
            id: *id,
            at: *at,
            arrival: *arrival,
            embedding: embedding.clone(),
            placement,
            anchors: Anchors::of(title, keys),
            script: Script::of(title),
            is_digest: is_digest(title),
            title: self.terms.within(title_terms, &text),
            text,
            places: self.terms.numbers(place_pieces(keys)),
            keys: self.keys.add(&key_terms(keys)),
        };
        let prefix = dot::prefix(embedding);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.prefixes.push(prefix);
            self.heads.push(dot::head(&prefix));
            self.slots.len() - 1
        });
        for (number, _) in &held.title {
            self.titled.entry(*number).or_default().push(slot);
        }
        self.by_id.insert(*id, slot);
        self.by_time.insert((*at, *id));
        self.by_arrival.insert((*arrival, *id));
        self.prefixes.iter_mut().skip(slot).take(1).for_each(|place| *place = prefix);
        self.heads.iter_mut().skip(slot).take(1).for_each(|place| *place = dot::head(&prefix));
        self.slots.iter_mut().skip(slot).take(1).for_each(|place| *place = None);
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some(held);
        }
    }

    /// Forgets an article.
    pub(super) fn remove(&mut self, id: ArticleId) -> Option<Held> {
        let slot = self.by_id.remove(&id)?;
        let held = self.slots.get_mut(slot)?.take()?;
        self.by_time.remove(&(held.at, id));
        self.by_arrival.remove(&(held.arrival, id));
        for (number, _) in &held.title {
            if let Some(slots) = self.titled.get_mut(number) {
                slots.retain(|other| *other != slot);
                if slots.is_empty() {
                    self.titled.remove(number);
                }
            }
        }
        self.terms.remove(&held.text);
        self.keys.remove(&held.keys);
        if let Some(head) = self.heads.get_mut(slot) {
            *head = Head::NONE;
        }
        self.free.push(slot);
        Some(held)
    }

    /// The articles nearest to `item`, the most promising first; cosines are put on `scale`.
    pub(super) fn near(&self, item: &Item, scale: &CosineScale) -> Vec<Near<'_>> {
        let query = Query {
            words: Side::new(&self.terms, [&item.text_terms, &item.title_terms]),
            keys: Side::new(&self.keys, [&key_terms(&item.keys)]),
            places: self.terms.numbers(place_pieces(&item.keys)),
        };
        let mut slots = self.scan(&dot::prefix(&item.embedding));
        let [_, title] = &query.words.terms;
        slots.extend(self.titled(title));
        slots.sort_unstable();
        slots.dedup();
        let held = slots.iter().filter_map(|slot| self.slots.get(*slot)?.as_ref());
        let mut near: Vec<Near<'_>> = held
            .map(|held| {
                let like = self.like(item, &query, held, scale);
                Near { held, like, standing: Standing::default() }
            })
            .collect();
        near.sort_by(|left, right| {
            let (one, other) = (left.like.first_look(), right.like.first_look());
            other.total_cmp(&one).then(left.held.id.cmp(&right.held.id))
        });
        near.truncate(NEAR);
        stand(&mut near, scale);
        near
    }

    fn like(&self, item: &Item, query: &Query, held: &Held, scale: &CosineScale) -> Likeness {
        let [of_text, of_title] = query.words.lengths;
        let [of_keys] = query.keys.lengths;
        let is_place = |number: &u32| {
            [&query.places, &held.places].iter().any(|all| all.binary_search(number).is_ok())
        };
        let (mut text, mut mentioned, mut square) = (0.0, 0.0, 0.0);
        let (mut beyond_places, mut strongest) = (0.0, 0.0_f32);
        for (number, weight) in &held.text {
            let weight = weight * self.terms.idf(*number);
            let [in_text, in_title] = query.words.weights(*number);
            square += weight * weight;
            text += in_text * weight;
            if in_text > 0.0 {
                strongest = strongest.max(in_text * weight);
                beyond_places += if is_place(number) { 0.0 } else { in_text * weight };
            }
            mentioned += in_title * weight;
        }
        let (mut title, mut title_square) = (0.0, 0.0);
        for (number, weight) in &held.title {
            let weight = weight * self.terms.idf(*number);
            let [_, in_title] = query.words.weights(*number);
            title_square += weight * weight;
            title += in_title * weight;
        }
        let (mut keys, mut keys_square) = (0.0, 0.0);
        for (number, weight) in &held.keys {
            let weight = weight * self.keys.idf(*number);
            let [in_keys] = query.keys.weights(*number);
            keys_square += weight * weight;
            keys += in_keys * weight;
        }
        Likeness {
            cosine: scale.at(cosine(&item.embedding, &held.embedding)),
            text: share(text, of_text, square),
            beyond_places: share(beyond_places, of_text, square),
            beyond_one: share(text - strongest, of_text, square),
            title: share(title, of_title, title_square),
            mentioned: share(mentioned, of_title, square),
            keys: share(keys, of_keys, keys_square),
            days: days_apart(item.at, held.at),
        }
    }

    /// The slots of the articles whose prefixes lie nearest; ties to the lower id.
    fn scan(&self, query: &Prefix) -> Vec<usize> {
        let mut best: BinaryHeap<Reverse<(i32, Reverse<ArticleId>, usize)>> =
            BinaryHeap::with_capacity(SCANNED + 1);
        let mut least = i32::MIN;
        let of_query = dot::head(query);
        for (slot, of_slot) in self.heads.iter().enumerate() {
            if dot::at_most(&of_query, of_slot) < least {
                continue;
            }
            let Some(prefix) = self.prefixes.get(slot) else { continue };
            let near = dot::coarse(query, prefix);
            if near < least {
                continue;
            }
            // Last, as it lies elsewhere in memory.
            let Some(Some(held)) = self.slots.get(slot) else { continue };
            best.push(Reverse((near, Reverse(held.id), slot)));
            if best.len() > SCANNED {
                best.pop();
                least = best.peek().map_or(i32::MIN, |Reverse((least, _, _))| *least);
            }
        }
        best.into_iter().map(|Reverse((_, _, slot))| slot).collect()
    }

    /// The slots of articles whose headlines share rare terms with the query's.
    fn titled(&self, title: &[Weighted]) -> Vec<usize> {
        let mut found: HashMap<usize, i64, FxBuildHasher> = HashMap::default();
        for (number, weight) in title {
            let Some(slots) =
                self.titled.get(number).filter(|slots| slots.len() <= TITLE_HOLDERS_MAX)
            else {
                continue;
            };
            #[expect(clippy::cast_possible_truncation, reason = "a rounded weight, far below 2^63")]
            let weight = (weight * 1_000.0) as i64;
            for slot in slots {
                *found.entry(*slot).or_default() += weight;
            }
        }
        let id = |slot: usize| self.slots.get(slot).and_then(Option::as_ref).map(|held| held.id);
        let mut found: Vec<(i64, Option<ArticleId>, usize)> =
            found.into_iter().map(|(slot, weight)| (weight, id(slot), slot)).collect();
        found.sort_unstable_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        found.truncate(TITLED);
        found.into_iter().map(|(_, _, slot)| slot).collect()
    }

    /// The cosine between the summed terms of two groups of articles.
    pub(super) fn terms_alike<'a>(
        &self,
        one: impl Iterator<Item = &'a Held>,
        other: impl Iterator<Item = &'a Held>,
    ) -> f32 {
        let one = Sums::of(one.map(|held| &*held.text));
        let other = Sums::of(other.map(|held| &*held.text));
        one.cosine(&other, &self.terms)
    }

    /// The cosine between what two groups of articles name and that of the terms of their headlines, added
    /// up; `None` where these are too common to say anything.
    pub(super) fn named_alike(&self, one: &[&Held], other: &[&Held]) -> Option<f32> {
        let keys = |held: &[&Held]| Sums::of(held.iter().map(|held| &*held.keys));
        let titles = |held: &[&Held]| Sums::of(held.iter().map(|held| &*held.title));
        let names = [keys(one), keys(other)];
        let headlines = [titles(one), titles(other)];
        let says = |sums: &[Sums; 2], vocabulary: &Vocabulary| {
            !sums.iter().any(|sums| sums.is_silent(vocabulary))
        };
        if !says(&names, &self.keys) && !says(&headlines, &self.terms) {
            return None;
        }
        let cosine = |[one, other]: &[Sums; 2], vocabulary| one.cosine(other, vocabulary);
        Some(cosine(&names, &self.keys) + cosine(&headlines, &self.terms))
    }
}

/// Says of each near article where it stands among all.
fn stand(near: &mut [Near<'_>], scale: &CosineScale) {
    let (middle, length) = dot::middle(near.iter().take(MIDDLE).map(|near| &near.held.embedding));
    let mean = |count: usize| {
        let cosines = near.iter().take(count).map(|near| near.like.cosine);
        let count = near.len().min(count).max(1);
        cosines.sum::<f32>() / as_f32(count)
    };
    let nearest = near.first().map_or(0.0, |near| near.like.cosine);
    let (ten, forty) = (mean(MIDDLE), mean(FORTY));
    let of_middle = Middle { length, count: near.len().min(MIDDLE) };
    for (rank, near) in near.iter_mut().enumerate() {
        let to_middle = dot::dot(&middle, near.held.embedding.values());
        near.standing = Standing {
            rank: u16::try_from(rank).unwrap_or(u16::MAX),
            neighbours: scale.with_middle(to_middle, of_middle, rank < MIDDLE),
            nearest,
            ten,
            forty,
        };
    }
}

/// The terms into which the names of places among `keys` may be cut: 望川市 into 望川, 川市 and the like.
fn place_pieces(keys: &[String]) -> impl Iterator<Item = u32> + '_ {
    keys.iter().filter_map(|key| key.strip_prefix(PLACE)).flat_map(|place| {
        let starts: Vec<usize> = place.char_indices().map(|(at, _)| at).collect();
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([place.len()]).collect();
        let pieces = starts.into_iter().enumerate().flat_map(move |(at, start)| {
            let ends: Vec<usize> = ends.iter().skip(at).take(PIECE_CHARS_MAX).copied().collect();
            ends.into_iter().map(move |end| (start, end))
        });
        pieces.filter_map(move |(start, end)| Some(index(place.get(start..end)?)))
    })
}

/// Keys as terms, each once.
fn key_terms(keys: &[String]) -> TermVector {
    let keys: BTreeSet<u32> = keys.iter().map(|key| index(key)).collect();
    TermVector::from_weights(keys.into_iter().map(|key| (key, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::SCANNED;
    use super::Window;
    use crate::topic::Item;
    use crate::topic::dot;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::terms::TermVector;
    use wenmai_domain::topic::Level;
    use wenmai_domain::topic::Placement;
    use wenmai_domain::topic::TopicId;

    /// Article `n`, one of a few directions and noise, the first numbers carrying most.
    fn item(n: u64) -> Item {
        let mut state = (n % 9 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut own = (n + 1).wrapping_mul(0xd134_2543_de82_ef95) | 1;
        let unit = |state: &mut u64| {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            f32::from(u16::try_from(*state >> 48).unwrap()) / 32_768.0 - 1.0
        };
        let values = (0..256_u16).map(|at| {
            let scale = 1.0 / (1.0 + f32::from(at) / 32.0);
            scale * (unit(&mut state) + unit(&mut own))
        });
        Item {
            id: ArticleId::from(uuid::Uuid::from_u128(u128::from(n) + 1)),
            arrival: n + 1,
            at: 0,
            title: String::new(),
            embedding: Embedding::normalize(values.collect()).unwrap(),
            title_terms: TermVector::from_weights([]),
            text_terms: TermVector::from_weights([]),
            keys: Vec::new(),
            original: None,
        }
    }

    #[test]
    fn a_scan_finds_what_comparing_everything_finds() {
        let mut window = Window::default();
        for n in 0..1_500 {
            let item = item(n);
            let [event, story] =
                [Level::Event, Level::Story].map(|level| TopicId::found(level, item.id));
            window.insert(&item, Placement { event, story });
        }
        // Slots that were given back are taken again, or stay empty.
        for n in (0..1_500).step_by(7) {
            window.remove(item(n).id);
        }
        let again = item(0);
        let [event, story] =
            [Level::Event, Level::Story].map(|level| TopicId::found(level, again.id));
        window.insert(&again, Placement { event, story });
        for n in 2_000..2_020 {
            let query = dot::prefix(&item(n).embedding);
            let held = window.slots.iter().enumerate();
            let held = held.filter_map(|(slot, held)| Some((slot, held.as_ref()?)));
            let mut all: Vec<(i32, ArticleId, usize)> = held
                .map(|(slot, held)| {
                    (dot::coarse(&query, &dot::prefix(&held.embedding)), held.id, slot)
                })
                .collect();
            all.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
            let mut wanted: Vec<usize> =
                all.into_iter().take(SCANNED).map(|(_, _, slot)| slot).collect();
            let mut found = window.scan(&query);
            wanted.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, wanted, "of {n}");
        }
    }
}
