//! The choice: runs of clauses that are worth their characters, under a budget.
//!
//! Candidates are all runs of clauses inside one line that may begin and end where they do
//! (`trim`). Their worth is the expected share of them that an editor keeps, times their
//! characters, less a price per character, less what is already said (shared neighbouring units).
//! The best are taken one by one while they are worth more than their price, and told in the order
//! of the text. Near linear: runs are short, and a worth only falls, so it is looked at again only
//! at the top (Minoux 1978).

use std::collections::BinaryHeap;
use std::collections::HashSet;

use crate::Budget;
use crate::Extract;
use crate::bid::Bid;
use crate::clause::Clause;
use crate::clause::END;
use crate::ends;
use crate::feature::Body;
use crate::ranker::Ranker;
use crate::trim;
use crate::wording;
use wenmai_domain::span::Span;
use wenmai_text::likeness::share;

/// Characters of a run of several clauses, at most: longer ones are told as two.
const RUN_CHARS_MAX: usize = 120;
/// The same of a piece for a set: a sentence is told whole.
const SENTENCE_CHARS_MAX: usize = 160;
/// Characters of a piece that is part of a sentence, at least.
const PART_CHARS_MIN: usize = 10;
/// Characters of a piece for a set whose sentence goes on, at least: shorter ones often only name who or what.
const BROKEN_CHARS_MIN: usize = 20;
/// Characters of any piece, at least.
const PIECE_CHARS_MIN: usize = 6;
/// Characters of a clause that says no more than that something is talked about.
const STIRRED_CHARS: usize = 12;
/// Characters of a text that say whether it leans on what stood before it: a time of ten, its mark, and
/// the longest word behind it.
const OPENING_CHARS: usize = 24;
/// Budget up to which the full price is asked; above it falls, as there is room.
const SHORT_BUDGET: usize = 60;
/// Pieces of one summary, at most.
const PIECES_MAX: usize = 200;

/// A run of clauses that can be cited alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its first clause.
    pub from: usize,
    /// Its last clause.
    pub to: usize,
    /// What of it is kept.
    pub parts: Vec<Span>,
    /// Characters kept.
    pub char_count: usize,
    /// Expected share of it that an editor keeps, `[0, 1]`.
    pub score: f32,
}

/// How far a run of clauses may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the end of its sentence.
    Sentence,
    /// To the end of its line.
    Line,
}

/// What `ranker` makes of each clause of `body` under `title`.
#[must_use]
pub fn scores(body: &Body<'_>, title: &str, ranker: &Ranker) -> Vec<f32> {
    let features = body.features(title);
    let all = features.iter().enumerate();
    // What stands above a summary is not told again below it.
    let repeats = body.lines_like(title);
    all.map(|(at, features)| {
        let repeated = body.clauses.get(at).is_some_and(|clause| repeats.contains(&clause.line));
        if repeated { 0.0 } else { ranker.score(features) }
    })
    .collect()
}

/// The summary of a body in at most `budget` characters, in the order of the text.
///
/// `scores` are those of its clauses, `keep` the ranker's. Empty only where the body holds no
/// running text. Where nothing fits whole, the best clause is cut and says so.
#[must_use]
pub fn select(body: &Body<'_>, scores: &[f32], keep: f32, budget: Budget) -> Vec<Extract> {
    let candidates = candidates(body, scores, budget.chars(), Reach::Line);
    let price = keep * share(SHORT_BUDGET, budget.chars()).min(1.0);
    let chosen = choose(body, &candidates, price, budget.chars());
    if chosen.is_empty() {
        return cut(body, scores, budget.chars()).into_iter().collect();
    }
    in_order(body, chosen)
}

/// The pieces that an article offers to a set: each of one sentence and at most `char_max`
/// characters, all together at most `room`, in the order of the text.
///
/// Shorter pieces than [`select`] gives: those of several articles are compared. Empty where no
/// sentence of the body is a statement.
#[must_use]
pub fn offer(
    body: &Body<'_>,
    scores: &[f32],
    keep: f32,
    char_max: usize,
    room: usize,
) -> Vec<Extract> {
    let candidates = candidates(body, scores, char_max, Reach::Sentence);
    let chosen = choose(body, &candidates, keep / 2.0, room);
    in_order(body, chosen)
}

fn in_order(body: &Body<'_>, mut chosen: Vec<&Candidate>) -> Vec<Extract> {
    chosen.sort_by_key(|candidate| candidate.from);
    chosen.into_iter().map(|candidate| extract(body.text, candidate)).collect()
}

/// The candidate as a citation of `text`.
#[must_use]
pub fn extract(text: &str, candidate: &Candidate) -> Extract {
    Extract {
        text: trim::text_of(text, &candidate.parts),
        parts: candidate.parts.clone(),
        score: candidate.score,
        is_cut: false,
    }
}

/// All runs of clauses of at most `char_max` characters that can be cited alone.
#[must_use]
pub fn candidates(
    body: &Body<'_>,
    scores: &[f32],
    char_max: usize,
    reach: Reach,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    let marks: Vec<Marks> = (0..body.clauses.len()).map(|at| Marks::of(body, at, reach)).collect();
    for from in 0..body.clauses.len() {
        let Some(first) = body.clauses.get(from) else { continue };
        if !may_start(body, from, reach) {
            continue;
        }
        let opens_sentence =
            from.checked_sub(1).is_none_or(|before| !body.one_sentence(before, from));
        let run_max = run_max(body, from, reach);
        let followed = follows(body, from).filter(|_| opens_sentence);
        let (mut worth, mut length) = (0.0, 0);
        let (mut names_speaker, mut opening) = (false, Opening::default());
        for (to, mark) in marks.iter().enumerate().skip(from) {
            let reached = |last: &&Clause| match reach {
                Reach::Sentence => {
                    last.sentence == first.sentence || followed == Some(last.sentence)
                }
                Reach::Line => last.line == first.line,
            };
            let Some(last) = body.clauses.get(to).filter(reached) else { break };
            if mark.stops || (to > from && mark.refers && !names_speaker) {
                break;
            }
            names_speaker |= mark.attributes;
            worth += scores.get(to).copied().unwrap_or_default() * share(mark.char_count, 1);
            length += mark.char_count;
            // What is left out is short: a run this long cannot fit any more.
            if length > char_max + 2 * RUN_CHARS_MAX || (to > from && length > run_max) {
                break;
            }
            if !mark.may_end {
                continue;
            }
            let parts = trim::parts(body.text, Span::new(first.span.start, last.span.end));
            let text = trim::text_of(body.text, &parts);
            let char_count = text.chars().count();
            let alone = reach == Reach::Sentence;
            let is_part = (!opens_sentence || mark.goes_on) && !body.is_subhead(to);
            let char_min = match (alone, is_part) {
                (true, _) if mark.goes_on => BROKEN_CHARS_MIN,
                (true, _) | (false, true) => PART_CHARS_MIN,
                (false, false) => PIECE_CHARS_MIN,
            };
            let fits = (char_min..=char_max).contains(&char_count);
            let stands = fits
                && !opening.leans(&text)
                && !trim::is_unattributed(&text)
                && (!alone || trim::stands_alone(&text));
            if stands && trim::is_balanced(&text) {
                let score = worth / share(length, 1);
                found.push(Candidate { from, to, parts, char_count, score });
            }
        }
    }
    found
}

/// Characters of a run of several clauses that begins with the one at `from`, at most. What is left out
/// before a text is no part of its length.
fn run_max(body: &Body<'_>, from: usize, reach: Reach) -> usize {
    match reach {
        Reach::Sentence => {
            let opening = body.clause(from);
            let left_out = opening.get(..trim::dateline(opening)).unwrap_or_default();
            SENTENCE_CHARS_MAX + left_out.chars().count()
        }
        Reach::Line => RUN_CHARS_MAX,
    }
}

/// The sentence behind that of the clause at `from`, in its line, if it begins with a word for somebody
/// or something that the first names: 周小禾12日到任。他是县里的第九任局长。
fn follows(body: &Body<'_>, from: usize) -> Option<usize> {
    let first = body.clauses.get(from)?;
    let behind = body.clauses.get(from..)?.iter().position(|one| one.sentence != first.sentence)?;
    let next = body.clauses.get(from + behind).filter(|next| next.line == first.line)?;
    let opening = body.clause(from + behind);
    let refers = !next.is_quoted && wording::refers_back(opening) && !wording::enumerates(opening);
    refers.then_some(next.sentence)
}

/// What is asked of a clause for every run that may hold it.
#[expect(clippy::struct_excessive_bools, reason = "each is asked by itself")]
struct Marks {
    char_count: usize,
    /// No run reaches it: it is not told, or says nothing.
    stops: bool,
    /// Its sentence goes on behind it.
    goes_on: bool,
    /// A run may end with it.
    may_end: bool,
    /// It names a speaker by a word for somebody named before.
    refers: bool,
    /// It names who says what follows.
    attributes: bool,
}

impl Marks {
    fn of(body: &Body<'_>, at: usize, reach: Reach) -> Self {
        let (clause, alone) = (body.clause(at), reach == Reach::Sentence);
        let goes_on = body.one_sentence(at, at + 1);
        let stops = !body.is_told(at) || tells_nothing(body, at) || (alone && is_aside(body, at));
        let held = || goes_on && (body.is_said(at) || trim::qualifies(body.clause(at + 1)));
        let cannot_end = || stops || held() || (alone && stirs_behind(body, at));
        let attributes = wording::attributes(clause);
        Self {
            char_count: clause.chars().count(),
            stops,
            goes_on,
            may_end: !cannot_end() && trim::may_end(clause, goes_on),
            refers: attributes && wording::refers_back(clause),
            attributes,
        }
    }
}

/// The opening of the last run that was looked at: those of one beginning mostly share it.
#[derive(Default)]
struct Opening {
    text: String,
    leans: bool,
}

impl Opening {
    /// Whether `text` leans on what stood before it. A note before it may be gone, and something else
    /// opens it.
    fn leans(&mut self, text: &str) -> bool {
        let end = text.char_indices().nth(OPENING_CHARS).map_or(text.len(), |(at, _)| at);
        let opening = text.get(..end).unwrap_or(text);
        // A shorter text may end where the opening does.
        if self.text.is_empty() || end == text.len() || self.text != opening {
            let behind = wording::behind_time(text);
            let some = behind.len() < text.len() && wording::tells_of_some(behind);
            self.leans = (wording::leans(behind) && !some) || wording::leans(text);
            self.text = if end == text.len() { String::new() } else { opening.to_owned() };
        }
        self.leans
    }
}

/// Whether a run may begin with the clause at `from`: it is told, nobody else says it, and it leans
/// on nothing before it.
fn may_start(body: &Body<'_>, from: usize, reach: Reach) -> bool {
    let before = from.checked_sub(1).filter(|before| body.one_sentence(*before, from));
    let is_second =
        before.is_some_and(|one| one.checked_sub(1).is_none_or(|two| !body.one_sentence(two, one)));
    let is_told = match reach {
        Reach::Sentence => body.is_statement(from),
        Reach::Line => body.is_told(from),
    };
    let is_quoted = body.clauses.get(from).is_none_or(|clause| clause.is_quoted);
    // A dateline is dropped, so what stands behind it opens the sentence.
    let opening = body.clause(from);
    let opening = opening.get(trim::dateline(opening)..).unwrap_or_default();
    let before = before.map(|at| body.clause(at));
    // 此外， is left out where the piece stands among those of other articles.
    let linked = reach == Reach::Sentence && is_second && before.is_some_and(wording::links);
    is_told
        && !is_quoted
        && trim::may_begin(opening, before.filter(|_| !linked), is_second)
        && !body.is_claimed(from)
}

/// The mean score of the clauses `from..=to`, by their characters: the share of them that an editor
/// would be expected to keep.
#[must_use]
pub fn score_of(body: &Body<'_>, scores: &[f32], from: usize, to: usize) -> f32 {
    let (mut worth, mut length) = (0.0, 0);
    for at in from..=to {
        let count = body.clause(at).chars().count();
        worth += scores.get(at).copied().unwrap_or_default() * share(count, 1);
        length += count;
    }
    worth / share(length.max(1), 1)
}

/// Whether the clause at `at` asks, or says who stands where in a picture.
fn tells_nothing(body: &Body<'_>, at: usize) -> bool {
    body.is_question(at) || trim::points_into_a_picture(body.clause(at))
}

/// Whether the clause at `at` is to the reader, or says only that something is talked about.
fn is_aside(body: &Body<'_>, at: usize) -> bool {
    wording::addresses(body.clause(at)) || wording::stirs(body.clause(at))
}

/// Whether the clause behind the one at `at`, in its sentence, says what it is that stirs people.
fn stirs_behind(body: &Body<'_>, at: usize) -> bool {
    let next = if body.one_sentence(at, at + 1) { body.clause(at + 1) } else { "" };
    wording::stirs(next) && next.chars().count() > STIRRED_CHARS
}

fn choose<'c>(
    body: &Body<'_>,
    candidates: &'c [Candidate],
    price: f32,
    char_max: usize,
) -> Vec<&'c Candidate> {
    let mut chosen: Vec<&Candidate> = Vec::new();
    let mut left = char_max;
    let mut taken = vec![false; body.clauses.len()];
    let mut said: HashSet<u64> = HashSet::new();
    let worth = |candidate: &Candidate, said: &HashSet<u64>| {
        let repeated = if said.is_empty() { 0.0 } else { repeated(body, candidate, said) };
        (candidate.score - price - repeated / 2.0) * share(candidate.char_count, 1)
    };
    let bids = candidates.iter().enumerate();
    let mut bids: BinaryHeap<Bid<&Candidate>> =
        bids.map(|(rank, item)| Bid { worth: worth(item, &said), rank, item }).collect();
    while let Some(Bid { rank, item: candidate, .. }) = bids.pop() {
        let range = candidate.from..=candidate.to;
        let cost = cost(body.text, candidate);
        if cost > left || taken.get(range.clone()).is_none_or(|taken| taken.contains(&true)) {
            continue;
        }
        let now = worth(candidate, &said);
        if bids.peek().is_some_and(|next| next.worth > now) {
            bids.push(Bid { worth: now, rank, item: candidate });
            continue;
        }
        if (now <= 0.0 && !chosen.is_empty()) || chosen.len() >= PIECES_MAX {
            break;
        }
        left -= cost;
        if let Some(taken) = taken.get_mut(range.clone()) {
            taken.fill(true);
        }
        said.extend(body.bigrams.get(range).unwrap_or_default().iter().flatten());
        chosen.push(candidate);
    }
    chosen
}

/// Characters with the mark that will stand behind it.
fn cost(text: &str, candidate: &Candidate) -> usize {
    let last = candidate.parts.last().and_then(|part| part.of(text)).unwrap_or_default();
    candidate.char_count + usize::from(!ends(last))
}

/// The share of a candidate that is said already.
fn repeated(body: &Body<'_>, candidate: &Candidate, said: &HashSet<u64>) -> f32 {
    let clauses = body.bigrams.get(candidate.from..=candidate.to).unwrap_or_default();
    let count = clauses.iter().map(Vec::len).sum();
    share(clauses.iter().flatten().filter(|bigram| said.contains(bigram)).count(), count)
}

/// The best clause, from its start to where it fits.
fn cut(body: &Body<'_>, scores: &[f32], char_max: usize) -> Option<Extract> {
    let begins = |at: usize| {
        if !body.is_told(at) || body.is_question(at) {
            return false;
        }
        let before = at.checked_sub(1).filter(|before| body.one_sentence(*before, at));
        let is_free = !body.clauses.get(at).is_some_and(|clause| clause.is_quoted);
        is_free && trim::may_begin(body.clause(at), before.map(|at| body.clause(at)), false)
    };
    let rated = || (0..body.clauses.len()).zip(scores.iter().copied());
    let best = rated()
        .filter(|(at, _)| begins(*at))
        .max_by(|l, r| l.1.total_cmp(&r.1).then(r.0.cmp(&l.0)));
    let (at, score) = best.or_else(|| rated().next())?;
    let clause = body.clauses.get(at)?;
    let start = clause.span.start + trim::dateline(body.clause(at));
    let rest = body.text.get(start..clause.span.end)?;
    // One character is left for the mark behind it.
    let most = char_max.saturating_sub(1);
    let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
    let fitting = rest.get(..end)?;
    let pause = fitting.rfind(['、', ' ', '　']).filter(|at| end < rest.len() && *at * 2 > end);
    let text = fitting.get(..pause.unwrap_or(end))?;
    let text = text.trim_end_matches(['，', '；', '：', '、', ' ', '　']);
    let is_cut =
        text.len() < rest.trim_end_matches(['，', '；', '：', '、']).trim_end_matches(END).len();
    let parts = vec![Span::new(start, start + text.len())];
    (!text.is_empty()).then(|| Extract { text: text.to_owned(), parts, score, is_cut })
}

#[cfg(test)]
mod tests;
