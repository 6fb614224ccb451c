//! Units in which texts are compared: a Han character, a Latin word or a number each; lower case.
//!
//! ROUGE counts them (`eval::summary::rouge`), and the ranker's overlaps do.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

use wenmai_text::likeness;
use wenmai_text::terms::index;

/// A set of pairs of units, as [`bigrams`] gives them.
pub type PairSet = HashSet<u64, BuildHasherDefault<PairHasher>>;
/// What is known of pairs of units.
pub type PairMap<V> = HashMap<u64, V, BuildHasherDefault<PairHasher>>;

/// Hashes a pair of units by mixing its halves, which are hashes already: nobody who writes a text
/// gains by pairs that collide, as each text has few.
#[derive(Debug, Clone, Copy, Default)]
pub struct PairHasher(u64);

impl Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, pair: u64) {
        // Multiplying carries every bit of both halves to the top, where the table looks.
        self.0 =
            (pair ^ pair.rotate_left(32)).wrapping_add(pair).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The units of `text` in order, each as a hash; punctuation and space have none.
#[must_use]
pub fn units(text: &str) -> Vec<u32> {
    let mut found = Vec::with_capacity(text.len() / 3);
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let point = c == '.'
            && word.ends_with(|last: char| last.is_ascii_digit())
            && !word.contains('.')
            && chars.peek().is_some_and(char::is_ascii_digit);
        let goes_on = word.chars().last().is_none_or(|last| {
            point || (last.is_ascii_alphabetic() == c.is_ascii_alphabetic() && last.is_ascii())
        });
        if !(goes_on && (point || c.is_ascii_alphanumeric())) {
            flush(&mut word, &mut found);
        }
        if point || c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            let mut buffer = [0; 4];
            found.push(index(c.encode_utf8(&mut buffer)));
        }
    }
    flush(&mut word, &mut found);
    found
}

fn flush(word: &mut String, found: &mut Vec<u32>) {
    if !word.is_empty() {
        found.push(index(word));
        word.clear();
    }
}

/// Neighbouring pairs of `units`, each as one number.
#[must_use]
pub fn bigrams(units: &[u32]) -> Vec<u64> {
    let number = |(first, second)| (u64::from(first) << 32) | u64::from(second);
    likeness::bigrams(units.iter().copied()).map(number).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;
    use std::hash::BuildHasherDefault;

    use super::PairHasher;
    use super::PairSet;
    use super::bigrams;
    use super::units;

    #[test]
    fn a_number_and_a_word_are_one_unit_each() {
        assert_eq!(units("增长3.5%，GDP！").len(), 4);
        assert_eq!(units("gdp"), units("GDP"));
        assert_eq!(units("5G网").len(), 3);
        assert_eq!(units("3.5.").len(), 1);
        assert_ne!(units("35"), units("3.5"));
        assert!(units("，。…").is_empty());
    }

    #[test]
    fn pairs_hash_apart() {
        let text = "清河县昨日开闸放水灌溉两万亩麦田农民下地忙春耕";
        let pairs: PairSet = bigrams(&units(text)).into_iter().collect();
        let hash = |pair: &u64| BuildHasherDefault::<PairHasher>::default().hash_one(pair);
        let tops: HashSet<u64> = pairs.iter().map(|pair| hash(pair) >> 48).collect();
        assert_eq!((pairs.len(), tops.len()), (22, 22));
        assert_ne!(hash(&((1 << 32) | 2)), hash(&((2 << 32) | 1)));
    }

    #[test]
    fn pairs_are_neighbours_in_order() {
        assert_eq!(bigrams(&units("清河")).len(), 1);
        assert_ne!(bigrams(&units("清河")), bigrams(&units("河清")));
        assert!(bigrams(&units("清")).is_empty());
    }
}
