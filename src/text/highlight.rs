//! Where the words of a question stand in an article, and the passage that shows most of them.
//!
//! Words are units (`text::units`), found as the index finds them, and phrases (`text::query::phrase`). All
//! spans are of the text as printed. Linear in the text, for phrases times their number.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::query::phrase::Folded;
use crate::sentence::sentences;
use crate::units::Wanted;
use wenmai_domain::hit::Highlights;
use wenmai_domain::hit::Snippet;
use wenmai_domain::span::Span;

/// Characters of a snippet.
pub const SNIPPET_CHARS_MAX: usize = 120;
/// Bytes of a body that are looked through for a snippet; longer bodies are no articles.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What is looked for.
struct Asked<'a> {
    /// Units, then phrases.
    words: Vec<&'a str>,
    /// How many of `words` are units.
    unit_count: usize,
    units: Wanted<'a>,
}

/// Where `words` and `phrases` stand, and a passage of at most [`SNIPPET_CHARS_MAX`] characters.
///
/// `words` are units, `phrases` folded as `query::phrase` has it. A single Chinese character is looked for
/// only where there is nothing longer: it stands everywhere.
#[must_use]
pub fn highlights(
    title: &str,
    paragraphs: &[String],
    words: &BTreeSet<String>,
    phrases: &[String],
) -> Highlights {
    let long = |word: &&String| word.is_ascii() || word.chars().nth(1).is_some();
    let any_long = words.iter().chain(phrases).any(|word| long(&word));
    let mut words: Vec<&str> =
        words.iter().filter(|word| !any_long || long(word)).map(String::as_str).collect();
    let units = Wanted::new(words.iter().copied());
    let unit_count = words.len();
    words.extend(phrases.iter().map(String::as_str));
    let asked = Asked { words, unit_count, units };
    let title = apart(found(title, &asked).into_iter().map(|found| found.span).collect());
    Highlights { title, snippet: snippet(paragraphs, &asked) }
}

/// A word found in a text.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Which word.
    word: usize,
    /// Where it stands in the source.
    span: Span,
}

fn found(source: &str, asked: &Asked<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    if !asked.units.is_empty() {
        found.extend(asked.units.places(source));
    }
    let phrases = asked.words.iter().enumerate().skip(asked.unit_count);
    if asked.words.len() > asked.unit_count {
        let folded = Folded::of(source);
        for (word, phrase) in phrases {
            found.extend(folded.places(phrase).into_iter().map(|span| (word, span)));
        }
    }
    found.into_iter().map(|(word, span)| Found { word, span }).collect()
}

/// Joins spans that overlap or touch.
fn apart(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// A passage and how much it shows.
struct Passage {
    worth: f32,
    paragraph: usize,
    span: Span,
}

fn snippet(paragraphs: &[String], asked: &Asked<'_>) -> Option<Snippet> {
    let mut best: Option<(Passage, Vec<Found>)> = None;
    let mut bytes = 0;
    for (at, paragraph) in paragraphs.iter().enumerate() {
        bytes += paragraph.len();
        if bytes > BODY_BYTES_MAX && best.is_some() {
            break;
        }
        let found = found(paragraph, asked);
        let nothing_yet = best.is_none() && !paragraph.trim().is_empty();
        if found.is_empty() && !nothing_yet {
            continue;
        }
        let passage = best_passage(paragraph, at, &found, &asked.words);
        let better =
            |passage: &Passage| best.as_ref().is_none_or(|(best, _)| passage.worth > best.worth);
        if let Some(passage) = passage.filter(better) {
            best = Some((passage, found));
        }
    }
    let (Passage { paragraph, span, .. }, found) = best?;
    let text = span.of(paragraphs.get(paragraph)?)?.to_owned();
    let inside =
        found.iter().filter(|one| one.span.start >= span.start && one.span.end <= span.end);
    let shifted =
        inside.map(|one| Span::new(one.span.start - span.start, one.span.end - span.start));
    let matches = apart(shifted.collect());
    Some(Snippet { text, paragraph, span, matches })
}

/// The run of sentences, or of clauses where a sentence is too long, that holds most.
fn best_passage(text: &str, paragraph: usize, found: &[Found], words: &[&str]) -> Option<Passage> {
    let units = units(text);
    let mut best: Option<Passage> = None;
    for (first, unit) in units.iter().enumerate() {
        let mut span = unit.span;
        for next in units.get(first + 1..).unwrap_or_default() {
            let longer = Span::new(span.start, next.span.end);
            if chars(text, longer) > SNIPPET_CHARS_MAX {
                break;
            }
            span = longer;
        }
        let worth = worth(span, found, words) + if unit.opens { 0.5 } else { 0.0 };
        // Of passages that overlap and show the same, the last begins nearest to what it shows.
        let better = best.as_ref().is_none_or(|best| match worth.total_cmp(&best.worth) {
            Ordering::Greater => true,
            Ordering::Equal => span.start < best.span.end,
            Ordering::Less => false,
        });
        if better {
            best = Some(Passage { worth, paragraph, span });
        }
        if found.is_empty() {
            // The start is as good as any other place.
            break;
        }
    }
    best
}

/// Characters of the different words in `span`, and a little for each further place.
fn worth(span: Span, found: &[Found], words: &[&str]) -> f32 {
    let inside =
        found.iter().filter(|one| one.span.start >= span.start && one.span.end <= span.end);
    let mut seen = BTreeSet::new();
    let mut worth = 0.0;
    for one in inside {
        let length = words.get(one.word).map_or(0, |word| word.chars().count().min(32));
        #[expect(clippy::cast_precision_loss, reason = "at most 32")]
        let length = length as f32;
        worth += if seen.insert(one.word) { length } else { 0.05 * length };
    }
    worth
}

/// A piece that a passage is made of.
struct Unit {
    span: Span,
    /// Whether a sentence begins here.
    opens: bool,
}

fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for sentence in sentences(text) {
        if chars(text, sentence) <= SNIPPET_CHARS_MAX {
            units.push(Unit { span: sentence, opens: true });
            continue;
        }
        let mut start = sentence.start;
        let mut length = 0;
        for (at, c) in sentence.of(text).unwrap_or_default().char_indices() {
            length += 1;
            let end = sentence.start + at + c.len_utf8();
            let clause_ends = matches!(c, '，' | '；' | '：' | '、' | ',' | ';');
            if clause_ends || length == SNIPPET_CHARS_MAX || end == sentence.end {
                units.push(Unit { span: Span::new(start, end), opens: start == sentence.start });
                (start, length) = (end, 0);
            }
        }
    }
    units
}

fn chars(text: &str, span: Span) -> usize {
    span.of(text).map_or(usize::MAX, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Highlights;
    use super::SNIPPET_CHARS_MAX;
    use super::highlights;

    fn mark(title: &str, body: &[&str], words: &[&str]) -> Highlights {
        let body: Vec<String> = body.iter().map(|&text| text.to_owned()).collect();
        highlights(title, &body, &words.iter().map(|&word| word.to_owned()).collect(), &[])
    }

    fn marked(highlights: &Highlights) -> Vec<&str> {
        let snippet = highlights.snippet.as_ref().unwrap();
        snippet.matches.iter().filter_map(|span| span.of(&snippet.text)).collect()
    }

    #[test]
    fn spans_are_of_the_text_as_printed_and_joined() {
        let title = "清河縣防汛演練";
        let found = mark(title, &[], &["清河", "县防", "演练"]);
        let texts: Vec<_> = found.title.iter().filter_map(|span| span.of(title)).collect();
        assert_eq!(texts, ["清河縣防", "演練"]);
        assert_eq!(found.snippet, None);
    }

    #[test]
    fn the_snippet_is_where_most_words_stand() {
        let far = "农技人员到田间指导施肥。".repeat(30);
        let found = mark(
            "题",
            &[&format!("清河水位平稳。{far}昨夜清河水位超过警戒线，启动应急响应。{far}")],
            &["清河", "警戒线", "应急"],
        );
        let snippet = found.snippet.as_ref().unwrap();
        assert!(snippet.text.starts_with("昨夜清河"), "{snippet:?}");
        assert_eq!(marked(&found), ["清河", "警戒线", "应急"]);
        assert!(snippet.text.chars().count() <= SNIPPET_CHARS_MAX);
    }

    #[test]
    fn a_long_sentence_is_cut_between_clauses() {
        let clause = "雨水沿着山谷汇入清澈的河道，";
        let text = format!("{}闸门全部打开，{}水退了。", clause.repeat(12), clause.repeat(12));
        let found = mark("题", &[&text], &["闸门"]);
        let snippet = found.snippet.unwrap();
        assert!(snippet.text.contains("闸门全部打开"));
        assert!(snippet.text.starts_with("雨水") || snippet.text.starts_with("闸门"));
    }

    #[test]
    fn without_a_match_the_body_begins() {
        let found = mark("题", &["", "第一句。第二句。"], &["无"]);
        let snippet = found.snippet.unwrap();
        assert_eq!((snippet.paragraph, snippet.text.as_str()), (1, "第一句。第二句。"));
        assert!(snippet.matches.is_empty());
    }

    #[test]
    fn a_single_character_is_marked_only_where_nothing_is_longer() {
        assert_eq!(marked(&mark("题", &["水上清河水。"], &["水", "清河"])), ["清河"]);
        assert_eq!(marked(&mark("题", &["水上清河水。"], &["水"])), ["水", "水"]);
    }

    proptest! {
        #[test]
        fn any_text_gives_spans_that_fit(
            body in proptest::collection::vec("[清河水a1，。 ㎡]{0,200}|\\PC{0,40}", 0..4),
            words in proptest::collection::btree_set("[清河水a1]{1,3}", 0..4),
        ) {
            let found = highlights("清河水a1", &body, &words, &[]);
            if let Some(snippet) = found.snippet {
                prop_assert_eq!(snippet.span.of(&body[snippet.paragraph]), Some(snippet.text.as_str()));
                prop_assert!(snippet.text.chars().count() <= SNIPPET_CHARS_MAX);
                for span in snippet.matches {
                    prop_assert!(span.of(&snippet.text).is_some_and(|text| !text.is_empty()));
                }
            }
        }
    }
}
