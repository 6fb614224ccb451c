//! A normalized text laid out for the readers of entities: its characters and its words.

use crate::terms::Analyzer;
use wenmai_domain::span::Span;

/// What the dictionary says of a word, as far as the readers ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A thing, or a verb used as one.
    Noun,
    /// A personal name; below four characters a guess.
    Person,
    /// A foreign name in Chinese characters.
    Transcribed,
    /// A place.
    Place,
    /// An organisation, a brand, an abbreviation.
    Proper,
    /// An action.
    Verb,
    /// A quality that may stand inside a name (高级, 国有).
    Quality,
    /// A number.
    Number,
    /// A word of Latin letters.
    Latin,
    /// What stands in no name: particles, adverbs, pronouns, measures, times.
    Function,
    /// Unknown.
    Unknown,
}

impl Tag {
    fn of(tag: &str) -> Self {
        match tag {
            "nr" | "nrfg" => Self::Person,
            "nrt" => Self::Transcribed,
            "ns" => Self::Place,
            "nt" | "nz" | "j" => Self::Proper,
            "eng" => Self::Latin,
            _ => match tag.as_bytes().first() {
                Some(b'n' | b's' | b'l' | b'i') => Self::Noun,
                Some(b'v') if tag == "vn" => Self::Noun,
                Some(b'v') => Self::Verb,
                Some(b'a' | b'b') => Self::Quality,
                Some(b'm') => Self::Number,
                Some(b'd' | b'p' | b'c' | b'u' | b'r' | b'q' | b't' | b'f' | b'y' | b'e') => {
                    Self::Function
                }
                _ => Self::Unknown,
            },
        }
    }
}

/// A word: characters `from..to`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) tag: Tag,
}

impl Word {
    /// How many characters it has.
    pub(super) fn len(self) -> usize {
        self.to - self.from
    }
}

/// Characters and words of one normalized text; places in it are indices of characters.
pub(super) struct Sheet<'t> {
    text: &'t str,
    chars: Vec<char>,
    /// The first byte of each character, and the length behind the last.
    starts: Vec<usize>,
    words: Vec<Word>,
    /// For each character the word it belongs to; past the last word where it belongs to none.
    word_of: Vec<usize>,
}

impl<'t> Sheet<'t> {
    /// Lays out normalized `text`.
    pub(super) fn new(text: &'t str, analyzer: &Analyzer) -> Self {
        let (mut starts, chars): (Vec<usize>, Vec<char>) = text.char_indices().unzip();
        starts.push(text.len());
        let tagged = analyzer.tagged(text);
        let mut word_of = vec![usize::MAX; chars.len()];
        let mut words = Vec::with_capacity(tagged.len());
        let mut at = 0;
        for (span, tag) in tagged {
            while starts.get(at).is_some_and(|start| *start < span.start) {
                at += 1;
            }
            let from = at;
            while starts.get(at).is_some_and(|start| *start < span.end) {
                if let Some(slot) = word_of.get_mut(at) {
                    *slot = words.len();
                }
                at += 1;
            }
            words.push(Word { from, to: at, tag: Tag::of(tag) });
        }
        Self { text, chars, starts, words, word_of }
    }

    /// The text itself.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// How many characters it has.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at `at`; NUL outside.
    pub(super) fn char(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or_default()
    }

    /// The character before `at`; NUL at the start.
    pub(super) fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or('\0', |at| self.char(at))
    }

    /// The characters `from..to`.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'t str {
        self.span(from, to).of(self.text).unwrap_or_default()
    }

    /// The bytes of the characters `from..to`.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        let byte = |at: usize| self.starts.get(at).copied().unwrap_or(self.text.len());
        Span::new(byte(from), byte(to))
    }

    /// The character that begins at `byte`, or after it.
    pub(super) fn index(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start < byte)
    }

    /// Whether `wanted` stands at `at`.
    pub(super) fn has(&self, at: usize, wanted: &str) -> bool {
        let start = self.starts.get(at).copied().unwrap_or(self.text.len());
        self.text.get(start..).is_some_and(|rest| rest.starts_with(wanted))
    }

    /// All words in order.
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// The word number `at`.
    pub(super) fn word(&self, at: usize) -> Option<Word> {
        self.words.get(at).copied()
    }

    /// The text of a word.
    pub(super) fn word_text(&self, word: Word) -> &'t str {
        self.slice(word.from, word.to)
    }

    /// The number of the word that holds character `at`.
    pub(super) fn word_at(&self, at: usize) -> Option<usize> {
        self.word_of.get(at).copied().filter(|word| *word < self.words.len())
    }

    /// The word that holds character `at`.
    pub(super) fn holding(&self, at: usize) -> Option<Word> {
        self.word(self.word_at(at)?)
    }

    /// The word that ends where `at` begins.
    pub(super) fn ending(&self, at: usize) -> Option<Word> {
        self.holding(at.checked_sub(1)?).filter(|word| word.to == at)
    }

    /// Whether no word crosses the place before character `at`.
    pub(super) fn is_edge(&self, at: usize) -> bool {
        self.holding(at).is_none_or(|word| word.from == at)
    }
}

/// Whether `c` is a Han character.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '〇')
}
