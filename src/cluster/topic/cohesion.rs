//! Is a word of an article whole, or a piece of a longer one that the dictionary lacks?
//!
//! What stands beside a word wherever it occurs belongs to it: 特科夫 is never without 维, 宗庆 never
//! without 后, 泡泡 never without 玛特. Only single characters are taken, which the dictionary could not
//! place, and none that joins or bends words (的, 在, 了).

use wenmai_domain::span::Span;

/// Occurrences of a word from which on its surroundings say something.
const TIMES_MIN: usize = 2;
/// Characters of a word that was completed, at most.
const CHARS_MAX: usize = 6;
/// Prefixes that make another word of a noun: 多模态, 反倾销, 副会长.
const PREFIXES: &str = "多非反超副总亚次微泛跨零智";

/// Characters that stand between words, whatever the dictionary calls them.
const JOINING: &str = "的了是在和与及也都就将被把对向从于为等说称这那其该各已还又并或以至很更最不没无要会能可让使给由自当因而且则却有";

/// A normalized text with its words.
pub(super) struct Tagged<'t> {
    /// The text.
    pub(super) text: &'t str,
    /// Its words and their tags, without punctuation.
    pub(super) words: Vec<(Span, &'static str)>,
}

/// The side of a word on which something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Behind,
}

/// `word` with what stands beside it wherever it occurs in `texts`. A name, or what may be a piece of
/// one, is completed on both sides; another word by a prefix, or by two unknown characters behind it.
pub(super) fn whole(word: &str, is_name: bool, texts: &[Tagged<'_>]) -> String {
    let mut whole = word.to_owned();
    while let Some(c) = beside(&whole, Side::Before, is_name, texts) {
        if !(is_name || PREFIXES.contains(c)) || is_full(&whole) {
            break;
        }
        whole.insert(0, c);
        if !is_name {
            break;
        }
    }
    let mut longer = whole.clone();
    let mut added = 0;
    while let Some(c) = beside(&longer, Side::Behind, true, texts).filter(|_| !is_full(&longer)) {
        longer.push(c);
        added += 1;
    }
    if is_name && added > 0 || added > 1 { longer } else { whole }
}

fn is_full(word: &str) -> bool {
    word.chars().count() >= CHARS_MAX
}

/// The single character that stands on one side of `word` wherever it occurs.
fn beside(word: &str, side: Side, is_name: bool, texts: &[Tagged<'_>]) -> Option<char> {
    let (mut found, mut times) = (None, 0);
    for Tagged { text, words } in texts {
        for (start, _) in text.match_indices(word) {
            let end = start + word.len();
            let next = words.iter().find(|(span, _)| match side {
                Side::Before => span.end == start,
                Side::Behind => span.start == end,
            });
            let (span, tag) = next?;
            let mut chars = span.of(text)?.chars();
            let (only, None) = (chars.next()?, chars.next()) else { return None };
            let is_part = belongs(only, tag) && (is_name || PREFIXES.contains(only));
            if !is_part || found.is_some_and(|known| known != only) {
                return None;
            }
            (found, times) = (Some(only), times + 1);
        }
    }
    found.filter(|_| times >= TIMES_MIN)
}

/// Whether a single character of `tag` can be part of a word: no preposition, joint, particle or
/// pronoun, and no adverb that bends a verb.
fn belongs(c: char, tag: &str) -> bool {
    !matches!(tag.chars().next(), Some('p' | 'c' | 'u' | 'r' | 'y' | 'q' | 'e' | 'w'))
        && tag != "eng"
        && !JOINING.contains(c)
}

#[cfg(test)]
mod tests {
    use super::Tagged;
    use super::whole;
    use wenmai_text::terms::Analyzer;

    fn completed(word: &str, is_name: bool, text: &str) -> String {
        let analyzer = Analyzer::load().unwrap();
        whole(word, is_name, &[Tagged { text, words: analyzer.tagged(text) }])
    }

    #[test]
    fn what_always_stands_beside_a_piece_completes_it() {
        let text = "洛特科夫到访，会见洛特科夫的是市长";
        assert_eq!(completed("特科夫", true, text), "洛特科夫");
        assert_eq!(completed("模态", false, "多模态来了，多模态走了"), "多模态");
    }

    #[test]
    fn what_stands_there_once_or_joins_words_does_not() {
        assert_eq!(completed("大桥", false, "新大桥通车，大桥很长"), "大桥");
        assert_eq!(completed("黄柏勋", true, "黄柏勋在柳溪，黄柏勋在河湾"), "黄柏勋");
        assert_eq!(completed("大桥", false, "看大桥"), "大桥");
    }
}
