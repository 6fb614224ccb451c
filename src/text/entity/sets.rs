//! Sets of characters and of words that are asked for every word of a text.
//!
//! The lists are ours, so nobody can choose words that collide: a plain hash is enough, and three times
//! as fast here as the standard one.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

/// Characters of the basic plane, a bit each.
pub(super) struct Chars(Vec<u64>);

impl Chars {
    /// The characters of `list`.
    pub(super) fn new(list: &str) -> Self {
        let mut bits = vec![0; 1 << 10];
        for c in list.chars() {
            if let Some(block) = bits.get_mut(u32::from(c) as usize >> 6) {
                *block |= 1_u64 << (u32::from(c) & 63);
            }
        }
        Self(bits)
    }

    /// Whether `c` is one of them.
    pub(super) fn contains(&self, c: char) -> bool {
        let block = self.0.get(u32::from(c) as usize >> 6);
        block.is_some_and(|block| block >> (u32::from(c) & 63) & 1 == 1)
    }
}

/// Words of a list.
pub(super) type Words = HashSet<&'static str, BuildHasherDefault<Fnv>>;

/// The words of `list`, which white space parts.
pub(super) fn words(list: &'static str) -> Words {
    list.split_whitespace().collect()
}

/// FNV-1a, 64 bits.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Chars;
    use super::words;

    #[test]
    fn a_set_holds_its_own_and_nothing_else() {
        let chars = Chars::new("周禾");
        assert!(chars.contains('周') && !chars.contains('洲') && !chars.contains('\u{1f600}'));
        let words = words("市长 局长");
        assert!(words.contains("局长") && !words.contains("长"));
    }
}
