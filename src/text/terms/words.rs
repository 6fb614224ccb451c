//! The words that a text is cut into: a dictionary that is read where it lies in the program.
//!
//! The words, frequencies and tags are jieba's (github.com/fxsjy/jieba, MIT) with ours of the
//! newsroom (`newsroom.txt`), made into `words.bin` by `examples/words.rs`. A text is cut as jieba
//! cuts it without guessing (no HMM): of all ways to part it into words the one with the largest
//! product of their frequencies; a test holds both equal. Building jieba's own tables from its text
//! takes 0.2 s and 100 MB at every start, reading these some milliseconds and 5 MB.

use std::sync::LazyLock;

use crawdad::Trie;

use wenmai_domain::span::Span;

/// See `examples/words.rs` for the layout.
const TABLE: &[u8] = include_bytes!("words.bin");
/// What the file begins with.
const MAGIC: &[u8] = b"wenmai words 1\n";
/// The tag of a character without one.
const UNTAGGED: &str = "x";

/// The dictionary.
pub(crate) struct Words {
    /// Word → place of its weight × 256 + place of its tag.
    trie: Trie,
    /// Natural logarithms of frequencies, each once.
    weights: Vec<f64>,
    /// Parts of speech, each once.
    tags: Vec<&'static str>,
    /// Tags of characters that are no word: first, last, place of the tag.
    alone: Vec<(char, char, u8)>,
    /// Natural logarithm of the sum of all frequencies.
    weight_total: f64,
}

/// A word in a text.
pub(super) struct Word {
    /// Where it stands.
    pub(super) span: Span,
    /// What the dictionary keeps of it; `None` for a character that is no word.
    entry: Option<u32>,
}

/// Buffers that are used again from run to run.
#[derive(Default)]
pub(super) struct Scratch {
    /// The characters of a block, each with its first byte.
    chars: Vec<(usize, char)>,
    route: Vec<Step>,
}

/// One step of the best way through a block.
#[derive(Clone, Copy)]
struct Step {
    /// Logarithm of the probability of the rest of the block from here.
    probability: f64,
    /// The character after the word.
    end: usize,
    entry: Option<u32>,
}

/// `words.bin` is not what this program reads: it was built wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Malformed;

impl Words {
    /// The table, read when it is first asked for, once in a process; `None` if it is malformed.
    pub(crate) fn bundled() -> Option<&'static Self> {
        static WORDS: LazyLock<Result<Words, Malformed>> = LazyLock::new(Words::load);
        WORDS.as_ref().ok()
    }

    /// Reads the table.
    fn load() -> Result<Self, Malformed> {
        let rest = TABLE.strip_prefix(MAGIC).ok_or(Malformed)?;
        let mut reader = Reader(rest);
        let weight_total = f64::from_le_bytes(reader.take()?);
        let count = reader.count()?;
        let weights: Result<_, _> =
            (0..count).map(|_| reader.take().map(f64::from_le_bytes)).collect();
        let count = reader.count()?;
        let tags: Result<_, _> = (0..count).map(|_| reader.text()).collect();
        let count = reader.count()?;
        let alone: Result<_, _> = (0..count)
            .map(|_| Ok((reader.character()?, reader.character()?, reader.byte()?)))
            .collect();
        let (trie, _end) = Trie::deserialize_from_slice(reader.0);
        Ok(Self { trie, weights: weights?, tags: tags?, alone: alone?, weight_total })
    }

    /// Cuts `han`, a run of Chinese characters that begins at byte `start` of a text, and gives
    /// `each` its words in order.
    pub(super) fn cut(
        &self,
        han: &str,
        start: usize,
        scratch: &mut Scratch,
        mut each: impl FnMut(Word),
    ) {
        scratch.chars.clear();
        for (at, c) in han.char_indices() {
            if is_cut(c) {
                scratch.chars.push((start + at, c));
                continue;
            }
            self.cut_block(start + at, scratch, &mut each);
            scratch.chars.clear();
            let span = Span::new(start + at, start + at + c.len_utf8());
            each(Word { span, entry: self.trie.exact_match([c]) });
        }
        self.cut_block(start + han.len(), scratch, &mut each);
    }

    /// The lengths, in characters, of the words with which `chars` begin, the shortest first.
    pub(crate) fn lengths(&self, chars: impl Iterator<Item = char>) -> impl Iterator<Item = usize> {
        self.trie.common_prefix_search(chars).map(|(_, length)| length)
    }

    /// The part of speech of `word`, which stands in `text`.
    pub(super) fn tag(&self, word: &Word, text: &str) -> &'static str {
        let place = match word.entry {
            Some(entry) => Some((entry & 0xff) as usize),
            None => word.span.of(text).and_then(|word| word.chars().next()).and_then(|c| {
                let after = self.alone.partition_point(|(_, last, _)| *last < c);
                let found = self.alone.get(after).filter(|(first, _, _)| *first <= c);
                found.map(|(_, _, place)| usize::from(*place))
            }),
        };
        place.and_then(|place| self.tags.get(place)).copied().unwrap_or(UNTAGGED)
    }

    /// Cuts the characters in `scratch`, which end before byte `end` of the text.
    fn cut_block(&self, end: usize, scratch: &mut Scratch, each: &mut impl FnMut(Word)) {
        let Scratch { chars, route } = scratch;
        self.find_route(chars, route);
        let mut at = 0;
        while let (Some((start, _)), Some(step)) = (chars.get(at), route.get(at)) {
            at = step.end;
            let end = chars.get(at).map_or(end, |(next, _)| *next);
            each(Word { span: Span::new(*start, end), entry: step.entry });
        }
    }

    /// Finds the best step from each of `chars`, from the last to the first.
    fn find_route(&self, chars: &[(usize, char)], route: &mut Vec<Step>) {
        route.clear();
        route.resize(chars.len() + 1, Step { probability: 0.0, end: chars.len(), entry: None });
        for at in (0..chars.len()).rev() {
            let rest = |end: usize| route.get(end).map_or(0.0, |step| step.probability);
            let mut best: Option<Step> = None;
            let following = chars.get(at..).unwrap_or_default().iter().map(|(_, c)| *c);
            // From the shortest word to the longest, which wins among equals.
            for (entry, length) in self.trie.common_prefix_search(following) {
                let end = at + length;
                let probability = self.weight(entry) - self.weight_total + rest(end);
                if best.is_none_or(|best| probability >= best.probability) {
                    best = Some(Step { probability, end, entry: Some(entry) });
                }
            }
            // An unknown character counts as seen once.
            let unknown = 0.0 - self.weight_total + rest(at + 1);
            let step = best.unwrap_or(Step { probability: unknown, end: at + 1, entry: None });
            if let Some(place) = route.get_mut(at) {
                *place = step;
            }
        }
    }

    fn weight(&self, entry: u32) -> f64 {
        self.weights.get((entry >> 8) as usize).copied().unwrap_or_default()
    }
}

/// Characters that words are made of, as jieba has them; others stand alone.
fn is_cut(c: char) -> bool {
    matches!(
        c,
        '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{2a6df}'
            | '\u{2a700}'..='\u{2ebef}'
            | '\u{2f800}'..='\u{2fa1f}'
    )
}

/// What is left of the table.
struct Reader(&'static [u8]);

impl Reader {
    fn bytes(&mut self, count: usize) -> Result<&'static [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.bytes(N)?.try_into().map_err(|_length| Malformed)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn count(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_le_bytes)
    }

    fn character(&mut self) -> Result<char, Malformed> {
        char::from_u32(self.count()?).ok_or(Malformed)
    }

    fn text(&mut self) -> Result<&'static str, Malformed> {
        let length = usize::from(self.byte()?);
        std::str::from_utf8(self.bytes(length)?).map_err(|_not_text| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use jieba_rs::Jieba;
    use proptest::prelude::*;

    use super::super::NEWSROOM;
    use super::Scratch;
    use super::Words;

    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::load().unwrap());
    static JIEBA: LazyLock<Jieba> = LazyLock::new(|| {
        let mut jieba = Jieba::new();
        for line in NEWSROOM.lines().filter(|line| !line.starts_with('#')) {
            if let Some((word, frequency)) = line.split_once(' ') {
                jieba.add_word(word, frequency.trim().parse().ok(), None);
            }
        }
        jieba
    });

    fn ours(text: &str) -> Vec<(&str, &str)> {
        let (mut words, mut scratch) = (Vec::new(), Scratch::default());
        WORDS.cut(text, 0, &mut scratch, |word| {
            words.push((word.span.of(text).unwrap(), WORDS.tag(&word, text)));
        });
        words
    }

    fn jiebas(text: &str) -> Vec<(&str, &str)> {
        JIEBA.tag(text, false).into_iter().map(|tag| (tag.word, tag.tag)).collect()
    }

    /// Whether `c` can stand in a run that is cut.
    fn is_han(c: char) -> bool {
        super::super::class(c) == super::super::Class::Han
    }

    #[test]
    fn every_character_is_cut_and_tagged_as_jieba_does() {
        for c in ('\u{3000}'..='\u{3ffff}').filter(|c| is_han(*c)) {
            let text = c.to_string();
            assert_eq!(ours(&text), jiebas(&text));
        }
    }

    #[test]
    fn the_words_of_the_newsroom_are_in_the_table() {
        for line in NEWSROOM.lines().filter(|line| !line.starts_with('#')) {
            let Some((word, _)) = line.split_once(' ') else { continue };
            let run: String = word.chars().filter(|c| is_han(*c)).collect();
            assert_eq!(ours(&run), jiebas(&run), "run `examples/words.rs` again");
        }
    }

    #[test]
    fn real_news_is_cut_as_jieba_does() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/pages");
        let mut runs = 0;
        for entry in std::fs::read_dir(path).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
            for run in text.split(|c| !is_han(c)).filter(|run| !run.is_empty()) {
                assert_eq!(ours(run), jiebas(run));
                runs += 1;
            }
        }
        assert!(runs > 500, "{runs}");
    }

    proptest! {
        #[test]
        fn any_run_is_cut_as_jieba_does(
            run in proptest::collection::vec(
                prop_oneof![
                    prop::char::range('一', '龥'),
                    prop::char::range('\u{3400}', '\u{3500}'),
                    prop::char::range('\u{2a6d0}', '\u{2a710}'),
                    prop::sample::select("的〇中国人民在有大会年".chars().collect::<Vec<_>>()),
                ],
                0..40,
            )
        ) {
            let run: String = run.into_iter().collect();
            prop_assert_eq!(ours(&run), jiebas(&run));
        }
    }
}
