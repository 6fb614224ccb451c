//! Makes `terms/words.bin`, the dictionary that texts are cut by, from jieba's `dict.txt` (a word, its
//! frequency and its part of speech on a line) and our `terms/newsroom.txt`:
//!
//! ```sh
//! cargo run -p wenmai-text --example words -- path/to/dict.txt
//! ```
//!
//! jieba's dictionary is MIT-licensed (github.com/fxsjy/jieba) and comes in the source of the crate
//! `jieba-rs`, in `src/data/dict.txt`. The layout, all numbers little-endian: `wenmai words 1` and a
//! line feed; the logarithm of the sum of all frequencies, f64; a count, u32, and so many logarithms
//! of frequencies, f64; a count and so many tags, each with its length in a byte; a count and so
//! many ranges of characters that are no word: first and last, u32, and the place of their tag, u8;
//! a trie of the crate `crawdad`, whose values are place of the weight × 256 + place of the tag.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use jieba_rs::Jieba;

/// The characters that the terms' cutter takes for Chinese.
const HAN: [(char, char); 5] = [
    ('\u{3007}', '\u{3007}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{20000}', '\u{3ffff}'),
];

/// Tags, each at its place.
#[derive(Default)]
struct Tags(Vec<String>);

impl Tags {
    fn place(&mut self, tag: &str) -> Result<u8, Box<dyn Error>> {
        let found = self.0.iter().position(|known| known == tag);
        let place = found.unwrap_or_else(|| {
            self.0.push(tag.to_owned());
            self.0.len() - 1
        });
        Ok(u8::try_from(place)?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let dictionary = std::env::args().nth(1).ok_or("name jieba's dict.txt")?;
    let dictionary = std::fs::read_to_string(dictionary)?;
    let terms = Path::new(env!("CARGO_MANIFEST_DIR")).join("terms");
    let newsroom = std::fs::read_to_string(terms.join("newsroom.txt"))?;

    // As jieba reads them: a word that comes twice counts twice in the sum.
    let mut words: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let mut total: u64 = 0;
    for line in dictionary.lines() {
        let mut fields = line.split_ascii_whitespace();
        let Some(word) = fields.next() else { continue };
        let frequency = fields.next().map_or(Ok(0), str::parse)?;
        words.insert(word, (frequency, fields.next().unwrap_or_default()));
        total += frequency;
    }
    let mut jieba = Jieba::new();
    for line in newsroom.lines().filter(|line| !line.starts_with('#')) {
        let Some((word, frequency)) = line.split_once(' ') else { continue };
        let frequency: usize = frequency.trim().parse()?;
        jieba.add_word(word, Some(frequency), None);
        let entry = words.entry(word).or_default();
        total = total + frequency as u64 - entry.0;
        entry.0 = frequency as u64;
    }

    let mut tags = Tags::default();
    let mut alone: Vec<(u32, u32, u8)> = Vec::new();
    for c in HAN.iter().flat_map(|(first, last)| *first..=*last) {
        let text = c.to_string();
        if words.contains_key(text.as_str()) {
            continue;
        }
        let tag = jieba.tag(&text, false).first().map_or("x", |tag| tag.tag).to_owned();
        let (c, place) = (u32::from(c), tags.place(&tag)?);
        match alone.last_mut() {
            Some((_, last, of)) if *last + 1 == c && *of == place => *last = c,
            _ => alone.push((c, c, place)),
        }
    }
    std::fs::write(terms.join("words.bin"), table(&words, total, &mut tags, &alone)?)?;
    Ok(())
}

fn table(
    words: &BTreeMap<&str, (u64, &str)>,
    total: u64,
    tags: &mut Tags,
    alone: &[(u32, u32, u8)],
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut places: BTreeMap<u64, u32> =
        words.values().map(|(frequency, _)| (*frequency, 0)).collect();
    for (next, place) in places.values_mut().enumerate() {
        *place = u32::try_from(next)?;
    }
    let mut records = Vec::with_capacity(words.len());
    for (word, (frequency, tag)) in words {
        let weight = places.get(frequency).ok_or("every frequency has a place")?;
        records.push((*word, weight << 8 | u32::from(tags.place(tag)?)));
    }
    let trie = crawdad::Trie::from_records(records).map_err(|error| error.to_string())?;

    #[expect(clippy::cast_precision_loss, reason = "all of them together are below 2^52")]
    let logarithm = |frequency: u64| (frequency as f64).ln().to_le_bytes();
    let count = |count: usize| u32::try_from(count).map(u32::to_le_bytes);
    let mut bytes = b"wenmai words 1\n".to_vec();
    bytes.extend(logarithm(total));
    bytes.extend(count(places.len())?);
    bytes.extend(places.keys().flat_map(|frequency| logarithm(*frequency)));
    bytes.extend(count(tags.0.len())?);
    for tag in &tags.0 {
        bytes.push(u8::try_from(tag.len())?);
        bytes.extend(tag.bytes());
    }
    bytes.extend(count(alone.len())?);
    for (first, last, place) in alone {
        bytes.extend(first.to_le_bytes());
        bytes.extend(last.to_le_bytes());
        bytes.push(*place);
    }
    bytes.extend(trie.serialize_to_vec());
    Ok(bytes)
}
