//! Words that an archive has of its own: found by how firmly their characters hold together and how freely
//! what stands beside them changes, without labels.
//!
//! A candidate is a row of words and characters of the dictionary inside one clause that the dictionary
//! does not have as a whole. Its cohesion is the least pointwise mutual information over its cuts, its
//! freedom the lesser entropy of the characters before and behind it. Source: Sproat & Shih 1990 for the
//! first, Harris 1955 and Huang & Powers 2003 for the second. Texts are counted in two passes, so that
//! neighbours are kept of frequent candidates only.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use wenmai_domain::span::Span;
use wenmai_text::normalize::normal;
use wenmai_text::terms::Analyzer;

/// Characters of a word.
const CHARS: std::ops::RangeInclusive<usize> = 2..=6;
/// Pieces of the dictionary in a word at most.
const PIECES_MAX: usize = 4;
/// Candidates kept while counting; when there are more, those seen once so far are dropped.
const KEPT_MAX: usize = 2_000_000;
/// Characters that stand inside no word.
const JOINTS: &str = "的了和与及或等被把";
/// Characters that begin or end no word.
const NO_EDGE: &str = "的了和与及或是也都就而并被把等在对从为以于将向让使由到这那其此该之所每各某吗呢吧啊们个有不很更最又再还已曾正可能会要应需着过时中上下内外后前间年月日号元";

/// What makes a candidate a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Articles that hold it, at least.
    pub article_count_min: u32,
    /// Cohesion at least, in nats.
    pub cohesion_min: f64,
    /// Entropy on either side at least, in nats.
    pub entropy_min: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { article_count_min: 5, cohesion_min: 5.5, entropy_min: 1.5 }
    }
}

/// A word that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct NewWord {
    /// The word, normalized.
    pub text: String,
    /// How many articles hold it.
    pub article_count: u32,
    /// How often it stands in them.
    pub count: u32,
    /// How firmly its pieces hold together, in nats.
    pub cohesion: f64,
    /// How freely its surroundings change, in nats: the lesser of both sides.
    pub entropy: f64,
}

/// The first pass: how often pieces and candidates stand in the texts.
#[derive(Debug, Default)]
pub struct Counts {
    pieces: HashMap<Box<str>, u32>,
    piece_total: u64,
    candidates: HashMap<Box<str>, (u32, u32)>,
    article_count: u32,
}

/// The second pass: what stands beside the candidates that are left.
#[derive(Debug)]
pub struct Neighbours {
    counts: Counts,
    thresholds: Thresholds,
    beside: HashMap<Box<str>, (Side, Side)>,
}

/// The characters on one side of a candidate; the border of a clause is the space.
type Side = BTreeMap<char, u32>;

impl Counts {
    /// Counts one article.
    pub fn add<'t>(&mut self, texts: impl Iterator<Item = &'t str>, analyzer: &Analyzer) {
        self.article_count += 1;
        let mut seen: HashSet<Box<str>> = HashSet::new();
        for text in texts {
            let text = normal(text);
            let pieces = pieces(&text, analyzer);
            for (piece, _) in &pieces {
                let piece = piece.of(&text).unwrap_or_default();
                self.piece_total += 1;
                match self.pieces.get_mut(piece) {
                    Some(count) => *count += 1,
                    None => _ = self.pieces.insert(piece.into(), 1),
                }
            }
            for span in candidates(&text, &pieces) {
                let word = span.of(&text).unwrap_or_default();
                let is_first = seen.insert(word.into());
                match self.candidates.get_mut(word) {
                    Some((count, articles)) => {
                        *count += 1;
                        *articles += u32::from(is_first);
                    }
                    None => _ = self.candidates.insert(word.into(), (1, 1)),
                }
            }
        }
        if self.candidates.len() > KEPT_MAX {
            self.candidates.retain(|_, (_, articles)| *articles > 1);
        }
    }

    /// Ends the first pass: what too few articles hold, or what does not hold together, is left out.
    #[must_use]
    pub fn second(mut self, thresholds: Thresholds) -> Neighbours {
        let candidates = std::mem::take(&mut self.candidates);
        let enough = |(count, articles): &(u32, u32)| {
            *articles >= thresholds.article_count_min && *count >= thresholds.article_count_min
        };
        self.candidates = candidates.into_iter().filter(|(_, counts)| enough(counts)).collect();
        let beside =
            self.candidates.keys().map(|word| (word.clone(), Default::default())).collect();
        Neighbours { counts: self, thresholds, beside }
    }
}

impl Neighbours {
    /// Looks at one article again.
    pub fn add<'t>(&mut self, texts: impl Iterator<Item = &'t str>, analyzer: &Analyzer) {
        for text in texts {
            let text = normal(text);
            let pieces = pieces(&text, analyzer);
            for span in candidates(&text, &pieces) {
                let word = span.of(&text).unwrap_or_default();
                let Some((left, right)) = self.beside.get_mut(word) else { continue };
                let before = text.get(..span.start).and_then(|t| t.chars().next_back());
                let behind = text.get(span.end..).and_then(|t| t.chars().next());
                for (side, c) in [(left, before), (right, behind)] {
                    let c = c.filter(|c| c.is_alphanumeric()).unwrap_or(' ');
                    *side.entry(c).or_default() += 1;
                }
            }
        }
    }

    /// The words, those in the most articles first, ties by text. Of two that stand in each other almost always,
    /// the longer one.
    #[must_use]
    pub fn words(self, analyzer: &Analyzer) -> Vec<NewWord> {
        let mut found = Vec::new();
        for (text, (left, right)) in &self.beside {
            let Some((count, article_count)) = self.counts.candidates.get(text).copied() else {
                continue;
            };
            let entropy = entropy(left).min(entropy(right));
            let cohesion = self.cohesion(text, count, analyzer);
            let Thresholds { cohesion_min, entropy_min, .. } = self.thresholds;
            if entropy >= entropy_min && cohesion >= cohesion_min {
                found.push(NewWord {
                    text: text.to_string(),
                    article_count,
                    count,
                    cohesion,
                    entropy,
                });
            }
        }
        found.sort_by(|left, right| {
            right.article_count.cmp(&left.article_count).then(left.text.cmp(&right.text))
        });
        let longer: Vec<(String, u32)> =
            found.iter().map(|word| (word.text.clone(), word.count)).collect();
        found.retain(|word| {
            let inside = |(other, count): &(String, u32)| {
                other.len() > word.text.len()
                    && other.contains(&word.text)
                    && f64::from(*count) >= 0.7 * f64::from(word.count)
            };
            !longer.iter().any(inside)
        });
        found
    }

    /// The least pointwise mutual information over the places where `word` can be cut: of a part that is a
    /// candidate itself its own count, else what its pieces give by chance.
    fn cohesion(&self, word: &str, count: u32, analyzer: &Analyzer) -> f64 {
        let pieces = pieces(word, analyzer);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 pieces")]
        let total = self.counts.piece_total.max(1) as f64;
        let share = |part: &str, pieces: &[Piece]| {
            if let Some((count, _)) = self.counts.candidates.get(part) {
                return f64::from(*count) / total;
            }
            let one = |(span, _): &Piece| {
                let count = span.of(word).and_then(|piece| self.counts.pieces.get(piece));
                f64::from(count.copied().unwrap_or(1)) / total
            };
            pieces.iter().map(one).product()
        };
        let own = f64::from(count) / total;
        let cut = |at: usize| {
            let (left, right) = pieces.split_at(at);
            let middle = right.first().map_or(word.len(), |(span, _)| span.start);
            let (before, behind) = word.split_at(middle);
            (own / (share(before, left) * share(behind, right))).ln()
        };
        (1..pieces.len()).map(cut).fold(f64::INFINITY, f64::min)
    }
}

/// The Shannon entropy of the characters on one side, in nats. Each border of a clause is a character of
/// its own, since there anything might have followed.
fn entropy(side: &Side) -> f64 {
    let total: f64 = side.values().map(|count| f64::from(*count)).sum();
    let part = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    let of = |(c, count): (&char, &u32)| match c {
        ' ' => f64::from(*count) * part(1.0 / total),
        _ => part(f64::from(*count) / total),
    };
    side.iter().map(of).sum()
}

/// A word or character of the dictionary, with its tag there.
type Piece = (Span, &'static str);

/// Words and characters of the dictionary in normalized `text`, letters and digits left out.
fn pieces(text: &str, analyzer: &Analyzer) -> Vec<Piece> {
    let tagged = analyzer.tagged(text).into_iter();
    tagged.filter(|(_, tag)| !matches!(*tag, "m" | "eng")).collect()
}

/// Rows of pieces that may be a word.
fn candidates(text: &str, pieces: &[Piece]) -> Vec<Span> {
    let mut found = Vec::new();
    for (at, (first, tag)) in pieces.iter().enumerate() {
        let mut span = *first;
        let mut has_single = is_single(text, first);
        if is_edge(text, first) || *tag == "r" {
            continue;
        }
        for (more, (next, next_tag)) in pieces.iter().skip(at + 1).take(PIECES_MAX - 1).enumerate()
        {
            if next.start != span.end || is_joint(text, next) {
                break;
            }
            span.end = next.end;
            has_single |= is_single(text, next);
            let chars = span.of(text).map_or(0, |word| word.chars().count());
            if chars > *CHARS.end() {
                break;
            }
            // Words of the dictionary beside each other are a phrase, unless two nouns make a third.
            let is_compound = more == 0 && is_noun(tag) && is_noun(next_tag);
            if CHARS.contains(&chars) && (has_single || is_compound) && !is_edge(text, next) {
                found.push(span);
            }
        }
    }
    found
}

fn is_single(text: &str, span: &Span) -> bool {
    span.of(text).is_some_and(|piece| piece.chars().count() == 1)
}

/// Whether a piece can make a word with another: a noun, but no place, which stands in addresses.
fn is_noun(tag: &str) -> bool {
    (tag.starts_with('n') && tag != "ns") || matches!(tag, "vn" | "an" | "b" | "j")
}

/// Whether a piece joins words and stands inside none.
fn is_joint(text: &str, span: &Span) -> bool {
    is_single(text, span) && span.of(text).is_some_and(|piece| JOINTS.contains(piece))
}

/// Whether a piece cannot stand at the edge of a word.
fn is_edge(text: &str, span: &Span) -> bool {
    is_single(text, span) && span.of(text).is_some_and(|piece| NO_EDGE.contains(piece))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::Counts;
    use super::NewWord;
    use super::Thresholds;
    use wenmai_text::terms::Analyzer;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

    fn texts() -> Vec<String> {
        let around = ["村民", "孩子", "记者", "老师", "游客", "干部", "医生", "学生"];
        let after = ["办得好", "受欢迎", "人多", "开课", "停课", "真热闹", "没有人", "搬家"];
        let of = |n: usize| {
            format!(
                "{}说，{}麦田小塾{}。天气好，大家来。",
                around[n % 8],
                around[(n * 3) % 8],
                after[(n * 5) % 8]
            )
        };
        (0..40).map(of).collect()
    }

    fn words(texts: &[String]) -> Vec<NewWord> {
        let mut counts = Counts::default();
        for text in texts {
            counts.add(std::iter::once(text.as_str()), &ANALYZER);
        }
        let thresholds = Thresholds { cohesion_min: 2.0, ..Thresholds::default() };
        let mut second = counts.second(thresholds);
        for text in texts {
            second.add(std::iter::once(text.as_str()), &ANALYZER);
        }
        second.words(&ANALYZER)
    }

    #[test]
    fn a_word_that_the_dictionary_lacks_is_found_whole() {
        let found = words(&texts());
        let texts: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
        assert!(texts.contains(&"麦田小塾"), "{texts:?}");
        assert!(!texts.contains(&"田小塾") && !texts.contains(&"小塾"), "{texts:?}");
    }

    #[test]
    fn the_order_of_articles_changes_nothing() {
        let mut other = texts();
        other.reverse();
        assert_eq!(words(&texts()), words(&other));
    }

    #[test]
    fn what_one_article_repeats_is_no_word() {
        let one = vec!["麦田小塾办得好，麦田小塾人多，麦田小塾开课，麦田小塾停课。".repeat(5)];
        assert_eq!(words(&one), []);
    }
}
