//! What is known of each clause: where it stands, what it shares with the title and with the rest,
//! what it is made of.
//!
//! One pass over the text; the learned ranker weighs the numbers (`ranker`). No word here belongs
//! to one outlet: cues are of any news text.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::clause::Clause;
use crate::clause::END;
use crate::clause::clauses;
use crate::clean;
use crate::ends;
use crate::pairs::Pairs;
use crate::quotation;
use crate::trim;
use crate::unit::bigrams;
use crate::unit::units;
use crate::wording;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// The features by name, in the order of [`Features`].
pub const NAMES: [&str; COUNT] = [
    "log_clause",
    "place",
    "log_line",
    "log_sentence",
    "first_line",
    "first_sentence",
    "opens_sentence",
    "closes_sentence",
    "log_in_sentence",
    "log_sentence_clauses",
    "sentence_opens_line",
    "subhead",
    "log_subheads",
    "subhead_above",
    "subhead_just_above",
    "first_subhead",
    "log_chars",
    "log_text_bytes",
    "title_bigrams",
    "title_units",
    "title_covered",
    "sentence_title_covered",
    "title_bigrams_before",
    "title_bigrams_after",
    "title_bigrams_best",
    "repeated",
    "repeated_share",
    "lead_bigrams",
    "digits",
    "has_digit",
    "quotes",
    "ends_in_colon",
    "ends_in_semicolon",
    "attribution",
    "attribution_before",
    "connective",
    "pronoun",
    "time",
    "source",
    "list",
    "spaced",
    "sentence_units",
];
/// How many features there are.
pub const COUNT: usize = 42;
/// Characters of a subhead.
const SUBHEAD_CHARS: std::ops::RangeInclusive<usize> = 4..=40;

/// Share of a heading's pairs that the lines below must hold.
const BORNE_OUT: f32 = 0.4;
/// Share of pairs from which a line repeats the title.
const ALIKE: f32 = 0.8;

/// The features of one clause.
pub type Features = [f32; COUNT];

/// A body, cut into clauses, with what they hold.
pub struct Body<'t> {
    /// The text.
    pub text: &'t str,
    /// Its clauses in order.
    pub clauses: Vec<Clause>,
    /// Neighbouring units of each clause.
    pub bigrams: Vec<Vec<u64>>,
    units: Vec<Vec<u32>>,
    subheads: HashSet<usize>,
    /// Of each clause, how its sentence ends.
    endings: Vec<Ending>,
    /// Headings that the text below them repeats.
    borne_out: HashSet<usize>,
    /// Sentences of those who made the page.
    asides: HashSet<usize>,
}

impl<'t> Body<'t> {
    /// Cuts `text`.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let clauses = clauses(text);
        let all = clauses.iter().map(|one| units(one.span.of(text).unwrap_or_default()));
        let units: Vec<Vec<u32>> = all.collect();
        let bigrams = units.iter().map(|units| bigrams(units)).collect();
        let endings = endings(text, &clauses);
        let (subheads, borne_out) = (HashSet::new(), HashSet::new());
        let asides = asides(text, &clauses);
        let mut body = Self { text, clauses, bigrams, units, subheads, endings, borne_out, asides };
        body.subheads = body.find_subheads();
        body.borne_out = body.find_borne_out();
        body
    }

    /// The text of the clause at `at`.
    #[must_use]
    pub fn clause(&self, at: usize) -> &'t str {
        self.clauses.get(at).and_then(|clause| clause.span.of(self.text)).unwrap_or_default()
    }

    /// Whether the clause at `at` stands in a line of its own that is a heading inside the text.
    #[must_use]
    pub fn is_subhead(&self, at: usize) -> bool {
        self.clauses.get(at).is_some_and(|clause| self.subheads.contains(&clause.line))
    }

    /// Whether the clause at `at` stands in a whole sentence: not in a line that no mark ends (a
    /// heading, a link, a caption, a text that was cut off), unless all of the body is like that.
    #[must_use]
    pub fn is_sentence(&self, at: usize) -> bool {
        let closed = |ending: &Ending| *ending != Ending::Open;
        !self.is_aside(at)
            && (self.endings.get(at).is_some_and(closed) || !self.endings.iter().any(closed))
    }

    /// Whether the clause at `at` stands in a sentence of those who made the page: a caption, a
    /// credit, a plea to click.
    fn is_aside(&self, at: usize) -> bool {
        self.clauses.get(at).is_some_and(|clause| self.asides.contains(&clause.sentence))
    }

    /// Whether what the clause at `at` says is somebody's claim, whom an earlier clause of its
    /// sentence names: 县水利局表示，渠道安全；麦田浇完。
    #[must_use]
    pub fn is_claimed(&self, at: usize) -> bool {
        (0..at)
            .rev()
            .take_while(|before| self.one_sentence(*before, at))
            .map(|before| self.clause(before))
            .any(|before| wording::names_source(before) && !trim::is_filler(before))
    }

    /// Whether the clause behind the one at `at` names who said what it quotes: “水来了。”老周说。
    #[must_use]
    pub fn is_said(&self, at: usize) -> bool {
        let is_mark = |c: char| quotation::is_mark(c);
        self.one_sentence(at, at + 1)
            && self.clause(at).ends_with(is_mark)
            && wording::attributes(self.clause(at + 1))
    }

    /// Whether the clause at `at` stands in a question: it tells nothing.
    #[must_use]
    pub fn is_question(&self, at: usize) -> bool {
        self.endings.get(at) == Some(&Ending::Question)
    }

    /// Whether the clause at `at` may be told: [`Body::is_sentence`], or a heading that the text
    /// below it bears out.
    #[must_use]
    pub fn is_told(&self, at: usize) -> bool {
        let borne_out = |clause: &Clause| self.borne_out.contains(&clause.line);
        self.is_sentence(at) || self.clauses.get(at).is_some_and(borne_out)
    }

    /// Whether the clause at `at` stands in a sentence that somebody else than its writer would also
    /// print: whole, and no outcry (what advertises another article is one).
    #[must_use]
    pub fn is_statement(&self, at: usize) -> bool {
        self.endings.get(at) == Some(&Ending::Statement) && !self.is_aside(at)
    }

    /// Headings most of whose pairs stand in the two lines below.
    fn find_borne_out(&self) -> HashSet<usize> {
        if self.subheads.is_empty() {
            return HashSet::new();
        }
        let mut lines: Vec<(usize, HashSet<u64>)> = Vec::new();
        for (clause, pairs) in self.clauses.iter().zip(&self.bigrams) {
            match lines.last_mut() {
                Some((line, known)) if *line == clause.line => known.extend(pairs),
                _ => lines.push((clause.line, pairs.iter().copied().collect())),
            }
        }
        let is_borne_out = |three: &[(usize, HashSet<u64>)]| match three {
            [(line, head), below @ ..] if self.subheads.contains(line) => {
                let known = |pair: &&u64| below.iter().any(|(_, known)| known.contains(pair));
                share(head.iter().filter(known).count(), head.len()) >= BORNE_OUT
            }
            _ => false,
        };
        let lasts = lines.len().saturating_sub(2)..lines.len();
        let lasts = lasts.filter_map(|at| lines.get(at..));
        let found = lines.windows(3).chain(lasts).filter(|three| is_borne_out(three));
        found.filter_map(|three| Some(three.first()?.0)).collect()
    }

    /// The lines that say what `title` says, and nothing else.
    #[must_use]
    pub fn lines_like(&self, title: &str) -> HashSet<usize> {
        let wanted = bigrams(&units(title));
        if wanted.is_empty() {
            return HashSet::new();
        }
        let known: HashSet<u64> = wanted.iter().copied().collect();
        let mut lines: HashMap<usize, (usize, usize)> = HashMap::new();
        for (clause, pairs) in self.clauses.iter().zip(&self.bigrams) {
            let (all, shared) = lines.entry(clause.line).or_default();
            *all += pairs.len();
            *shared += pairs.iter().filter(|pair| known.contains(pair)).count();
        }
        let like = |(all, shared): (usize, usize)| {
            share(shared, all) >= ALIKE && share(shared, wanted.len()) >= ALIKE
        };
        lines.into_iter().filter(|(_, counts)| like(*counts)).map(|(line, _)| line).collect()
    }

    /// Whether both clauses stand in one sentence.
    #[must_use]
    pub fn one_sentence(&self, left: usize, right: usize) -> bool {
        let sentence = |at| self.clauses.get(at).map(|clause: &Clause| clause.sentence);
        sentence(left).is_some() && sentence(left) == sentence(right)
    }

    /// Lines that no mark ends, short as a heading, in a text of several lines.
    fn find_subheads(&self) -> HashSet<usize> {
        let mut lines: Vec<(usize, usize, usize)> = Vec::new();
        for clause in &self.clauses {
            match lines.last_mut() {
                Some((line, _, end)) if *line == clause.line => *end = clause.span.end,
                _ => lines.push((clause.line, clause.span.start, clause.span.end)),
            }
        }
        if lines.len() < 2 {
            return HashSet::new();
        }
        let is_head = |(_, start, end): &&(usize, usize, usize)| {
            let text = self.text.get(*start..*end).unwrap_or_default();
            let count = text.chars().take(SUBHEAD_CHARS.end() + 1).count();
            let open = text.ends_with(['”', '：', '；', '，', '）', '、']) || text.ends_with(END);
            SUBHEAD_CHARS.contains(&count) && !open
        };
        lines.iter().filter(is_head).map(|(line, ..)| *line).collect()
    }

    /// The features of all clauses of a text under `title`.
    #[must_use]
    pub fn features(&self, title: &str) -> Vec<Features> {
        let shape = Shape::of(self);
        let title_units = units(title);
        let pairs = Pairs::of(self, &bigrams(&title_units));
        let title_units: HashSet<u32> = title_units.into_iter().collect();
        let shared: Vec<f32> =
            (0..self.clauses.len()).map(|at| pairs.share_of(at, |pair| pair.in_title)).collect();
        let best = shared.iter().copied().fold(0.0, f32::max);
        let at_or_0 =
            |at: Option<usize>| at.and_then(|at| shared.get(at)).copied().unwrap_or_default();
        let mut all = Vec::with_capacity(self.clauses.len());
        for at in 0..self.clauses.len() {
            let text = self.clause(at);
            let units = self.units.get(at).map(Vec::as_slice).unwrap_or_default();
            let place = shape.place(self, at);
            let other = [
                at_or_0(Some(at)),
                containment(units, &title_units),
                pairs.title_covered(at..at + 1),
                pairs.title_covered(shape.near(at)),
                at_or_0(at.checked_sub(1)),
                at_or_0(Some(at + 1)),
                best,
                pairs.repetition(at),
                pairs.share_of(at, |pair| pair.clause_count > 1),
                if self.one_sentence(0, at) { -0.2 } else { pairs.share_of(at, |one| one.in_lead) },
            ];
            let words = words(text, at.checked_sub(1).map(|before| self.clause(before)));
            let mut features = [0.0; COUNT];
            let length = [shape.sentence_units(self, at)];
            let values = place.iter().chain(&other).chain(&words).chain(&length);
            for (feature, value) in features.iter_mut().zip(values) {
                *feature = *value;
            }
            all.push(features);
        }
        all
    }
}

/// The sentences that are captions, credits or pleas to click.
fn asides(text: &str, clauses: &[Clause]) -> HashSet<usize> {
    let sentences = clauses.chunk_by(|left, right| left.sentence == right.sentence);
    let whole = |clauses: &[Clause]| {
        let (first, last) = (clauses.first()?, clauses.last()?);
        let sentence = text.get(first.span.start..last.span.end)?;
        clean::is_aside(sentence).then_some(first.sentence)
    };
    sentences.filter_map(whole).collect()
}

/// How a sentence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// With no mark.
    Open,
    Statement,
    /// Outside quotes.
    Exclamation,
    Question,
}

impl Ending {
    /// Of a sentence with this last clause.
    fn of(clause: &str) -> Self {
        let inside = clause.trim_end_matches(['”', '’', '」', '』', '"', '）', ')']);
        if inside.ends_with(['？', '?']) {
            return Self::Question;
        }
        if clause.ends_with(['！', '!']) {
            return Self::Exclamation;
        }
        // The lines of a list end with a semicolon.
        if ends(clause) || clause.ends_with(['；', ';']) { Self::Statement } else { Self::Open }
    }
}

/// Of each clause, how its sentence ends.
fn endings(text: &str, clauses: &[Clause]) -> Vec<Ending> {
    let mut endings = Vec::with_capacity(clauses.len());
    let mut after: Option<(usize, Ending)> = None;
    for clause in clauses.iter().rev() {
        let ending = match after {
            Some((sentence, ending)) if sentence == clause.sentence => ending,
            Some(_) | None => Ending::of(clause.span.of(text).unwrap_or_default()),
        };
        endings.push(ending);
        after = Some((clause.sentence, ending));
    }
    endings.reverse();
    endings
}

/// Which clauses make up each line and sentence.
struct Shape {
    /// Of each clause: its sentence and line, counted over those that hold text.
    order: Vec<(usize, usize)>,
    /// First clause of each sentence, and one past the last.
    sentences: Vec<(usize, usize)>,
    /// First clause of each line.
    lines: Vec<usize>,
    first_subhead: Option<usize>,
}

impl Shape {
    fn of(body: &Body<'_>) -> Self {
        let mut shape = Self {
            order: Vec::new(),
            sentences: Vec::new(),
            lines: Vec::new(),
            first_subhead: None,
        };
        let mut last: Option<Clause> = None;
        for (at, clause) in body.clauses.iter().enumerate() {
            if last.is_none_or(|last| last.line != clause.line) {
                shape.lines.push(at);
            }
            match shape.sentences.last_mut() {
                Some((_, end)) if last.is_some_and(|last| last.sentence == clause.sentence) => {
                    *end = at + 1;
                }
                _ => shape.sentences.push((at, at + 1)),
            }
            last = Some(*clause);
            let (line, sentence) = (shape.lines.len() - 1, shape.sentences.len() - 1);
            shape.order.push((sentence, line));
            if shape.first_subhead.is_none() && body.is_subhead(at) {
                shape.first_subhead = Some(line);
            }
        }
        shape
    }

    /// Line, sentence, and the sentence's clauses, of the clause at `at`.
    fn of_clause(&self, at: usize) -> (usize, usize, usize, usize) {
        let (sentence, line) = self.order.get(at).copied().unwrap_or_default();
        let (from, to) = self.sentences.get(sentence).copied().unwrap_or_default();
        (line, sentence, from, to)
    }

    /// The first eighteen features.
    fn place(&self, body: &Body<'_>, at: usize) -> [f32; 18] {
        let (line, sentence, from, to) = self.of_clause(at);
        let start = self.lines.get(line).copied().unwrap_or_default();
        let head = |line: Option<usize>| {
            line.and_then(|line| self.lines.get(line)).is_some_and(|at| body.is_subhead(*at))
        };
        let above = head(line.checked_sub(1));
        let begin = body.clauses.get(at).map_or(0, |clause| clause.span.start);
        let subhead = body.is_subhead(at);
        [
            log(at),
            share(begin, body.text.len()),
            log(line),
            log(sentence),
            flag(line == 0),
            flag(sentence == 0),
            flag(at == from),
            flag(at + 1 == to),
            log(at - from),
            log(to - from),
            flag(from == start),
            flag(subhead),
            log(body.subheads.len()),
            flag(above),
            flag(above && at == start),
            flag(subhead && self.first_subhead == Some(line)),
            log(body.clause(at).chars().count()),
            log(body.text.len()),
        ]
    }

    /// The clauses of the sentence of the clause at `at`.
    fn near(&self, at: usize) -> std::ops::Range<usize> {
        let (_, _, from, to) = self.of_clause(at);
        // A sentence of a thousand clauses is a list; what is near tells enough.
        from.max(at.saturating_sub(NEAR))..to.min(at + NEAR)
    }

    /// Hundreds of units in the sentence, at most two.
    fn sentence_units(&self, body: &Body<'_>, at: usize) -> f32 {
        let count =
            body.units.get(self.near(at)).unwrap_or_default().iter().map(Vec::len).sum::<usize>();
        share(count.min(200), 100)
    }
}

/// Clauses to each side that are looked at in one sentence: keeps the work linear.
const NEAR: usize = 16;

/// What the words of a clause say.
fn words(text: &str, before: Option<&str>) -> [f32; 13] {
    let count = text.chars().count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    [
        share(digits, count),
        flag(digits > 0),
        share(text.chars().filter(|c| matches!(c, '“' | '《')).count().min(3), 1),
        flag(text.ends_with(['：', ':'])),
        flag(text.ends_with(['；', ';'])),
        flag(wording::attributes(text)),
        flag(before.is_some_and(wording::attributes)),
        flag(wording::connects(text)),
        flag(wording::refers_back(text)),
        flag(wording::tells_time(text)),
        flag(text.starts_with(['据']) || text.starts_with("根据") || text.starts_with("记者")),
        flag(text.contains('、')),
        flag(text.contains([' ', '　'])),
    ]
}

fn flag(is: bool) -> f32 {
    if is { 1.0 } else { 0.0 }
}

/// `ln(1 + count)`.
pub(super) fn log(count: usize) -> f32 {
    share(count, 1).ln_1p()
}

#[cfg(test)]
mod tests;
