//! Words of folded text around a place where two texts differ.

use std::ops::Range;
use std::sync::LazyLock;

use wenmai_text::terms::Analyzer;

/// Characters on either side of a place that are cut into words with it.
const REACH: usize = 6;

/// The cutter; its dictionary is the one of the process.
static ANALYZER: LazyLock<Analyzer> = LazyLock::new(Analyzer::default);

/// A word of folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its characters.
    pub text: String,
    /// The dictionary's tag.
    pub tag: &'static str,
    /// Its first character and the one after its last.
    pub range: Range<usize>,
}

impl Word {
    /// Whether it names a thing, a doing or a property, and not only how others belong together.
    pub(super) fn has_content(&self) -> bool {
        let first = self.tag.chars().next().unwrap_or('x');
        matches!(
            first,
            'n' | 'v' | 'a' | 'i' | 'l' | 'j' | 'x' | 'e' | 's' | 'b' | 'z' | 'g' | 't' | 'f'
        )
    }
}

/// The words of `chars` that hold a character of `range`, in order; those around an empty range are
/// none.
pub(super) fn words_at(chars: &[char], range: &Range<usize>) -> Vec<Word> {
    let near = range.start.saturating_sub(REACH)..(range.end + REACH).min(chars.len());
    let text: String = chars.get(near.clone()).unwrap_or_default().iter().collect();
    let mut found = Vec::new();
    // The place in the text of the last byte that was passed, in bytes and in characters.
    let (mut bytes, mut count) = (0, near.start);
    for (span, tag) in ANALYZER.tagged(&text) {
        count += text.get(bytes..span.start).unwrap_or_default().chars().count();
        let word = span.of(&text).unwrap_or_default();
        let place = count..count + word.chars().count();
        (bytes, count) = (span.end, place.end);
        if place.start < range.end && range.start < place.end {
            found.push(Word { text: word.to_owned(), tag, range: place });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::words_at;

    #[test]
    fn the_words_of_a_place_are_whole() {
        let chars: Vec<char> = "县气象台发布暴雨橙色预警信号".chars().collect();
        let words = |range| words_at(&chars, &range).into_iter().map(|word| word.text);
        assert_eq!(words(8..9).collect::<Vec<_>>(), ["橙色"]);
        assert_eq!(words(5..7).collect::<Vec<_>>(), ["发布", "暴雨"]);
        assert_eq!(words(6..6).count(), 0);
    }
}
