//! Chooses articles to make reprints from: long enough, and no reprints of each other.

use std::collections::BTreeMap;
use std::collections::HashSet;

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::stories::Labelled;
use wenmai_cluster::reprint::Plain;
use wenmai_domain::article::Record;
use wenmai_text::likeness::grams;

/// The least number of characters in an article.
const CHARS_MIN: usize = 200;
/// The number of characters in a gram.
const GRAM_CHARS: usize = 5;

/// Chooses up to `count` articles that share less than a tenth of their grams with those before.
/// For some of them it also finds an article of the same event by another source that quotes the
/// same words, but has less than 30 % of its text in common.
#[must_use]
pub fn choose(
    articles: &[Labelled],
    count: usize,
    rng: &mut ChaCha8Rng,
) -> (Vec<Record>, BTreeMap<usize, Record>) {
    let mut events = BTreeMap::<(&str, &str), Vec<&Labelled>>::new();
    for one in articles {
        if let Some(event) = &one.event {
            events.entry((&one.story, event)).or_default().push(one);
        }
    }
    let mut order: Vec<&Labelled> = articles.iter().collect();
    order.shuffle(rng);
    let mut seen = HashSet::new();
    let (mut bases, mut told) = (Vec::new(), BTreeMap::new());
    for one in order {
        if bases.len() == count {
            break;
        }
        let plain = Plain::of(&one.record);
        let own = grams_of(&plain);
        if plain.char_count() < CHARS_MIN || own.intersection(&seen).count() * 10 > own.len() {
            continue;
        }
        let event = one.event.as_ref().and_then(|event| events.get(&(&one.story[..], &event[..])));
        for other in event.into_iter().flatten() {
            let theirs = grams_of(&Plain::of(&other.record));
            let common = theirs.intersection(&own).count();
            let shorter = theirs.len().min(own.len());
            let fits = other.record.source != one.record.source
                && theirs.len() >= CHARS_MIN
                && common * 10 < shorter * 3
                && common * 30 > shorter
                && theirs.intersection(&seen).count() * 10 < theirs.len();
            if fits {
                told.insert(bases.len(), other.record.clone());
                seen.extend(theirs);
                break;
            }
        }
        seen.extend(own);
        bases.push(one.record.clone());
    }
    (bases, told)
}

/// The set of grams of a text.
fn grams_of(plain: &Plain) -> HashSet<[char; GRAM_CHARS]> {
    grams(plain.chars()).collect()
}
