//! The lexical units of a text, the same on both sides of a search.
//!
//! Normalized text (`text::normalize`) is cut by jieba with its dictionary and ours of the
//! newsroom, without guessing (no HMM: a guess depends on the neighbours, and a query has others
//! than an article). What the dictionary lacks falls apart into single characters; each run of them
//! gives character bigrams, so an unknown name (李在镕 → 李在, 在镕) is found. Numbers stay whole, with
//! their percent sign or date unit (`131.9%`, `3月`). Words that say nothing are left out.

pub(crate) mod words;

use std::collections::HashSet;

use words::Scratch;
use words::Words;

use crate::normalize::normalize;
use crate::units;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;
use wenmai_domain::terms::UNIT_BIT;

/// The version of everything that decides a term; part of the index version.
pub const VERSION: &str = "terms2";

/// Our words that jieba's dictionary lacks: one word a line, frequency behind it. They are in the
/// table of [`words`] already.
#[cfg(test)]
const NEWSROOM: &str = include_str!("terms/newsroom.txt");
/// Words that say nothing.
const STOP: &str = include_str!("terms/stop.txt");

/// Term saturation of BM25.
const K1: f32 = 1.2;
/// Length normalization of BM25.
const B: f32 = 0.75;
/// The article length, in terms, that BM25 calls average: fixed, so that an article's weights do not
/// depend on what else is stored. Chosen for web news, not measured.
const LENGTH_AVERAGE: f32 = 300.0;
/// Characters that join words and stand in no name: they end a run of single characters.
const FUNCTION: &str = "的了和与及或是也都就而并被把等";
/// How often a term of the title counts.
const TITLE_WEIGHT: f32 = 2.0;

/// A term and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The normalized text of it.
    pub text: String,
    /// Where it stands in the source.
    pub span: Span,
}

/// Cuts texts into terms. The dictionary, some milliseconds and 6 MB, is loaded with the first text.
pub struct Analyzer {
    stop: HashSet<&'static str>,
}

/// The cutter does not do what this version promises: the program was built wrongly.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("terms of `{text}` are {found:?}, not {wanted:?}")]
pub struct Broken {
    /// What was cut.
    pub text: &'static str,
    /// Into what.
    pub found: Vec<String>,
    /// Into what it should have been.
    pub wanted: Vec<&'static str>,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self { stop: STOP.lines().filter(|line| !line.starts_with('#')).collect() }
    }
}

impl Analyzer {
    /// Loads the dictionaries and checks them on texts that other cutters get wrong.
    ///
    /// # Errors
    /// [`Broken`] names the text that is cut otherwise than this version promises.
    pub fn load() -> Result<Self, Broken> {
        let analyzer = Self::default();
        analyzer.check()?;
        Ok(analyzer)
    }

    /// Checks the cutter on texts that others get wrong, which loads the dictionary.
    ///
    /// # Errors
    /// [`Broken`] names the text that is cut otherwise than this version promises.
    pub fn check(&self) -> Result<(), Broken> {
        let cases: [(&'static str, &[&'static str]); 3] = [
            ("2024年世界杯", &["2024年", "世界杯"]),
            ("增長１３１.９％", &["增长", "131.9%"]),
            ("李在镕获刑", &["李在", "在镕", "镕获", "获刑"]),
        ];
        for (text, wanted) in cases {
            let found: Vec<String> = self.terms(text).into_iter().map(|term| term.text).collect();
            if found != wanted {
                return Err(Broken { text, found, wanted: wanted.to_vec() });
            }
        }
        Ok(())
    }

    /// The terms of `text` in order, with repetitions.
    #[must_use]
    pub fn terms(&self, text: &str) -> Vec<Term> {
        let normalized = normalize(text);
        let units = Self::cut(normalized.text());
        let mut terms = Vec::with_capacity(units.len());
        for (unit, span) in join(normalized.text(), &units) {
            if !self.is_stop(unit) {
                terms.push(Term { text: unit.to_owned(), span: normalized.source(span) });
            }
        }
        terms
    }

    /// Whether a word says nothing by itself.
    pub(crate) fn is_stop(&self, word: &str) -> bool {
        self.stop.contains(word)
    }

    /// The sparse vector of an article: BM25 weights of the terms of title and body.
    ///
    /// `weight = tf·(k1+1) / (tf + k1·(1 − b + b·length/average))`, a title term counted twice.
    /// Source: Robertson & Zaragoza 2009, section 3.5; the idf factor is the store's.
    #[must_use]
    pub fn passage(&self, title: &str, body: &str) -> TermVector {
        self.weighed(title, body, false)
    }

    /// The vector of [`Analyzer::passage`], on request with the units of the text beside its terms.
    pub(crate) fn weighed(&self, title: &str, body: &str, with_units: bool) -> TermVector {
        let mut counts: Vec<(u32, f32)> = Vec::new();
        let mut length = 0.0;
        for (text, weight) in [(title, TITLE_WEIGHT), (body, 1.0)] {
            let normalized = normalize(text);
            let cut = Self::cut(normalized.text());
            for (term, _) in join(normalized.text(), &cut) {
                if !self.is_stop(term) {
                    counts.push((index(term), weight));
                    length += weight;
                }
            }
            if with_units {
                units::count(&normalized, &cut, |index, share| {
                    counts.push((index, weight * share));
                });
            }
        }
        let damping = K1 * (1.0 - B + B * length / LENGTH_AVERAGE);
        TermVector::from_weights(counts).map(|count| count * (K1 + 1.0) / (count + damping))
    }

    /// The words of normalized `text`, each with the dictionary's tag (`n`, `nr`, `v`; `x` where it
    /// has none); punctuation and space are left out.
    #[must_use]
    pub fn tagged(&self, text: &str) -> Vec<(Span, &'static str)> {
        let mut words = Vec::with_capacity(text.len() / 5);
        let mut scratch = Scratch::default();
        // Without a dictionary nothing is cut, and `check` says so.
        let Some(dictionary) = Words::bundled() else { return words };
        for run in runs(text) {
            match run.class {
                Class::Han => {
                    let Some(han) = run.span.of(text) else { continue };
                    dictionary.cut(han, run.span.start, &mut scratch, |word| {
                        words.push((word.span, dictionary.tag(&word, text)));
                    });
                }
                Class::Number => words.push((run.span, "m")),
                Class::Letter => words.push((run.span, "eng")),
                Class::Other => {}
            }
        }
        words
    }

    /// The words of normalized `text` as spans, punctuation and space left out.
    pub(crate) fn cut(text: &str) -> Vec<Span> {
        let (mut units, mut scratch) = (Vec::new(), Scratch::default());
        let Some(dictionary) = Words::bundled() else { return units };
        for run in runs(text) {
            match run.class {
                Class::Han => {
                    let Some(han) = run.span.of(text) else { continue };
                    dictionary.cut(han, run.span.start, &mut scratch, |word| units.push(word.span));
                }
                Class::Number | Class::Letter => units.push(run.span),
                Class::Other => {}
            }
        }
        units
    }
}

/// Joins units into terms: number + unit, and bigrams over runs of single Han characters.
pub(crate) fn join<'t>(text: &'t str, units: &[Span]) -> Vec<(&'t str, Span)> {
    let mut terms = Vec::with_capacity(units.len());
    let mut singles: Vec<Span> = Vec::new();
    let mut previous: Option<Span> = None;
    for &unit in units {
        let word = unit.of(text).unwrap_or_default();
        let single = is_single_han(word) && !FUNCTION.contains(word);
        let adjoins = previous.is_some_and(|before| before.end == unit.start);
        if !single || !adjoins {
            flush(text, &mut singles, &mut terms);
        }
        let after_number = adjoins
            && terms.last().is_some_and(|(_, span): &(&str, Span)| span.end == unit.start)
            && previous.and_then(|before| before.of(text)).is_some_and(is_number);
        match (terms.last_mut(), after_number && is_unit(word)) {
            (Some(number), true) => {
                let joined = Span::new(number.1.start, unit.end);
                *number = (joined.of(text).unwrap_or_default(), joined);
            }
            _ if single => singles.push(unit),
            _ => terms.push((word, unit)),
        }
        previous = Some(unit);
    }
    flush(text, &mut singles, &mut terms);
    terms
}

/// Turns a run of single characters into its bigrams; one alone stays itself.
fn flush<'t>(text: &'t str, singles: &mut Vec<Span>, terms: &mut Vec<(&'t str, Span)>) {
    let mut push = |span: Span| terms.push((span.of(text).unwrap_or_default(), span));
    match singles.as_slice() {
        [only] => push(*only),
        run => {
            for pair in run.windows(2) {
                if let [first, second] = pair {
                    push(Span::new(first.start, second.end));
                }
            }
        }
    }
    singles.clear();
}

/// The sparse vector of a question: how often it holds each term.
#[must_use]
pub fn query(terms: &[Term]) -> TermVector {
    TermVector::from_weights(terms.iter().map(|term| (index(&term.text), 1.0)))
}

/// The index of a term in a [`TermVector`]: its hash, in the half of the words.
///
/// Two of half a million terms share an index about sixty times; the harm is a little noise.
#[must_use]
pub fn index(term: &str) -> u32 {
    hash(term) & !UNIT_BIT
}

/// FNV-1a over the bytes of `text`, 64 bits folded to 32.
pub(crate) fn hash(text: &str) -> u32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    #[expect(clippy::cast_possible_truncation, reason = "folding 64 bits to 32 is the point")]
    {
        (hash ^ (hash >> 32)) as u32
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Han,
    Number,
    Letter,
    Other,
}

struct Run {
    class: Class,
    span: Span,
}

/// Cuts `text` where the class of character changes; `1.5`, `131.9%` and `n95` are one run.
fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let end = start + c.len_utf8();
        let next_is_digit = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let Some(last) = runs.last_mut().filter(|last| last.span.end == start) else {
            runs.push(Run { class: class(c), span: Span::new(start, end) });
            continue;
        };
        let joins = match (last.class, class(c)) {
            (Class::Letter, Class::Number) => true,
            (Class::Number, Class::Other) => c == '%' || (matches!(c, '.' | ',') && next_is_digit),
            (before, now) => before == now,
        };
        if joins {
            last.span.end = end;
        } else {
            runs.push(Run { class: class(c), span: Span::new(start, end) });
        }
    }
    runs
}

fn class(c: char) -> Class {
    match c {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '〇' => {
            Class::Han
        }
        '\u{20000}'..='\u{3ffff}' => Class::Han,
        c if c.is_ascii_digit() => Class::Number,
        c if c.is_alphanumeric() => Class::Letter,
        _ => Class::Other,
    }
}

fn is_single_han(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| class(c) == Class::Han) && chars.next().is_none()
}

fn is_number(word: &str) -> bool {
    word.ends_with(|c: char| c.is_ascii_digit())
}

/// Units that make a number a date or a time.
fn is_unit(word: &str) -> bool {
    matches!(word, "年" | "月" | "日" | "号" | "时" | "月份")
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::Analyzer;
    use super::index;
    use wenmai_domain::digest::sha256;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

    fn cut(text: &str) -> Vec<String> {
        ANALYZER.terms(text).into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn numbers_percent_and_dates_stay_whole() {
        assert_eq!(
            cut("3月12日，增长131.9%，达161.6亿元"),
            ["3月", "12日", "增长", "131.9%", "达", "161.6", "亿元"]
        );
    }

    #[test]
    fn an_unknown_name_gives_bigrams_wherever_it_stands() {
        for text in ["徐慧莹表示", "组长徐慧莹", "徐慧莹"] {
            let terms = cut(text);
            assert!(
                terms.contains(&"徐慧".to_owned()) || terms.contains(&"徐慧莹".to_owned()),
                "{terms:?}"
            );
        }
    }

    #[test]
    fn newsroom_words_are_one_term() {
        assert_eq!(cut("培育新质生产力"), ["培育", "新质生产力"]);
    }

    #[test]
    fn letters_and_digits_of_a_name_stay_together() {
        assert_eq!(cut("N95口罩与5G"), ["n95", "口罩", "5", "g"]);
    }

    #[test]
    fn one_text_in_two_scripts_has_the_same_terms() {
        assert_eq!(cut("清河縣的醫院"), cut("清河县的医院"));
    }

    #[test]
    fn spans_name_the_printed_form() {
        let source = "全縣ＧＤＰ增長";
        let terms = ANALYZER.terms(source);
        let printed: Vec<_> = terms.iter().filter_map(|term| term.span.of(source)).collect();
        assert!(printed.contains(&"ＧＤＰ"), "{printed:?}");
        assert!(printed.contains(&"增長"), "{printed:?}");
    }

    #[test]
    fn the_index_of_a_term_is_pinned() {
        assert_eq!(index(""), 0x4fd0_bfc1);
    }

    #[test]
    fn what_decides_a_term_is_pinned_to_the_version() {
        let cut = cut("新质生产力在清河县：徐慧莹说，3月12日增长131.9%，N95口罩的事").join("/");
        let parts = [super::NEWSROOM.as_bytes(), super::STOP.as_bytes(), cut.as_bytes()];
        let pinned = ("terms2", "025b6d9d6bbf");
        assert_eq!(
            (super::VERSION, &sha256(parts)[..12]),
            pinned,
            "raise VERSION, then pin: {cut}"
        );
    }

    #[test]
    fn a_term_of_the_title_weighs_more() {
        let vector = ANALYZER.passage("大桥", "粮食");
        let weight = |term| vector.iter().find(|(at, _)| *at == index(term)).unwrap().1;
        assert!(weight("大桥") > weight("粮食"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_into_terms_that_stand_in_it(source in "[\\PC一-龥0-9%.]{0,40}") {
            for term in ANALYZER.terms(&source) {
                prop_assert!(term.span.of(&source).is_some_and(|text| !text.is_empty()));
            }
        }
    }
}
