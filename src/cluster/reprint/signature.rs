//! Hashes by which a text, or a good part of it, is found again.

use crate::reprint::Plain;
use crate::reprint::plain;
use wenmai_domain::reprint::Signature;

/// Grams among which the smallest hash is kept: two texts that share so many characters in one
/// piece share a key.
const WINDOW_GRAMS: usize = 32;
/// Windows of a short text, at least: so that one typo does not hide it.
const WINDOWS_MIN: usize = 4;
/// Keys of a text at most: of a long one the smallest, which are the smallest in its parts too.
const KEYS_MAX: usize = 96;
/// One of so many keys of a text must be shared with a text that it is compared with.
const SHARED_PART: usize = 4;

/// The signature of `plain`: the smallest gram hash of every window.
///
/// What is kept of a passage depends on the passage alone, so a part is found by its own keys,
/// which a MinHash of the whole text does not give. Source: Schleimer, Wilkerson & Aiken 2003
/// (winnowing), with a smaller window for short texts: its keys hold those of larger windows.
#[must_use]
pub fn signature(plain: &Plain) -> Signature {
    let hashes: Vec<u32> = plain::hashes(plain.chars()).collect();
    let window = WINDOW_GRAMS.min(hashes.len() / WINDOWS_MIN).max(1);
    let mut keys: Vec<u32> = Vec::with_capacity(hashes.len() / window * 2 + 1);
    // The smallest of a window is kept as long as the window holds it, then looked for again.
    let (mut smallest, mut place) = (u32::MAX, usize::MAX);
    for (start, hashes) in hashes.windows(window).enumerate() {
        if place == usize::MAX || place < start {
            (smallest, place) = (u32::MAX, start);
            for (offset, hash) in hashes.iter().enumerate() {
                if *hash <= smallest {
                    (smallest, place) = (*hash, start + offset);
                }
            }
            keys.push(smallest);
        } else if let Some(last) = hashes.last().filter(|last| **last <= smallest) {
            (smallest, place) = (*last, start + window - 1);
            keys.push(smallest);
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(KEYS_MAX);
    Signature::new(keys)
}

/// How many keys of `signature` another text must share to be looked at.
#[must_use]
pub fn least_shared(signature: &Signature) -> usize {
    (signature.keys().len() / SHARED_PART).max(1)
}

#[cfg(test)]
mod tests {
    use super::KEYS_MAX;
    use super::signature;
    use crate::reprint::Plain;

    /// A text in which no gram stands twice.
    fn text(from: u32, count: u32) -> String {
        (0..count).filter_map(|n| char::from_u32(0x4e00 + (from + n) * 7919 % 20_000)).collect()
    }

    #[test]
    fn a_part_is_found_by_its_own_keys() {
        let whole = format!("{}{}{}", text(0, 300), text(900, 200), text(5_000, 400));
        let whole = signature(&Plain::of_text(&whole));
        let part = signature(&Plain::of_text(&text(900, 200)));
        assert!(part.shared(&whole) * 2 > part.keys().len());
    }

    #[test]
    fn other_texts_share_nothing() {
        let left = signature(&Plain::of_text(&text(0, 500)));
        let right = signature(&Plain::of_text(&text(3_000, 500)));
        assert_eq!(left.shared(&right), 0);
    }

    #[test]
    fn short_texts_have_several_keys_and_long_ones_not_too_many() {
        assert!(signature(&Plain::of_text(&text(0, 30))).keys().len() >= 3);
        assert_eq!(signature(&Plain::of_text(&text(0, 9_000))).keys().len(), KEYS_MAX);
        assert!(signature(&Plain::of_text("")).is_empty());
        assert!(signature(&Plain::of_text("清河")).is_empty());
    }
}
