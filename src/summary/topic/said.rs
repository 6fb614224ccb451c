//! Who said what of a story.

use std::collections::HashSet;

use super::READ_MAX;
use crate::cover::Matter;
use crate::quote::Statement;
use crate::quote::statements;
use crate::reading::Reading;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;

/// Statements shown.
const STATEMENTS_MAX: usize = 4;
/// What words in quotes are worth, beside the same told without.
const DIRECT: f32 = 1.3;
/// Share of a statement that may have been heard before.
const HEARD_MAX: f32 = 0.45;
/// Statements of one speaker.
const SPEAKER_MAX: usize = 2;
/// Share of the characters of what a speaker says that may stand in what the same speaker says above it:
/// translated twice, few words are the same.
const RESAID_MAX: f32 = 0.55;
/// Share of a statement that others must say as well, or the headlines.
const SHARED_MIN: f32 = 0.3;
/// Articles below which statements need no others that say the same.
const FEW: usize = 4;

/// Who said what: first those whom several articles name, with words that others tell as well.
pub(super) fn said(
    readings: &[Reading<'_>],
    matter: &Matter<'_>,
    central: &[f32],
) -> Vec<(usize, Statement)> {
    let centrality = |at: usize| central.get(at).copied().unwrap_or_default();
    let most = central.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut order: Vec<&Reading<'_>> = readings.iter().collect();
    order.sort_by(|l, r| {
        centrality(r.source).total_cmp(&centrality(l.source)).then(l.source.cmp(&r.source))
    });
    let mut rated: Vec<(f32, Vec<u64>, usize, Statement)> = Vec::new();
    for reading in order.into_iter().take(READ_MAX) {
        for statement in statements(&reading.body, &reading.mentions) {
            let pairs = bigrams(&units(&statement.text));
            let is_known = readings.len() < FEW || matter.shared(&pairs) >= SHARED_MIN;
            if !is_known || !matter.is_on_topic(reading.source, &pairs) {
                continue;
            }
            let known = matter.fact(Kind::Person, &statement.speaker)
                + matter.fact(Kind::Organisation, &statement.speaker);
            let direct = if statement.is_direct { DIRECT } else { 1.0 };
            let worth = (matter.shared(&pairs) + known) * direct;
            let worth = worth * (centrality(reading.source) / most).sqrt();
            rated.push((worth, pairs, reading.source, statement));
        }
    }
    rated.sort_by(|l, r| r.0.total_cmp(&l.0));
    let mut found: Vec<(usize, Statement)> = Vec::new();
    let mut heard: HashSet<u64> = HashSet::new();
    for (_, pairs, source, statement) in rated {
        let of_speaker = found.iter().filter(|(_, one)| is_same(&one.speaker, &statement.speaker));
        let texts: Vec<&str> = of_speaker.map(|(_, one)| one.text.as_str()).collect();
        if texts.len() >= SPEAKER_MAX
            || texts.iter().any(|text| resaid(&statement.text, text) > RESAID_MAX)
            || containment(&pairs, &heard) > HEARD_MAX
        {
            continue;
        }
        heard.extend(pairs);
        found.push((source, statement));
        if found.len() == STATEMENTS_MAX {
            break;
        }
    }
    found
}

/// Whether two names are of one speaker, one of them with the office or the first name.
fn is_same(left: &str, right: &str) -> bool {
    left.contains(right) || right.contains(left)
}

/// The share of the different characters of `text` that `earlier` holds.
fn resaid(text: &str, earlier: &str) -> f32 {
    let chars =
        |text: &str| -> HashSet<char> { text.chars().filter(|c| c.is_alphabetic()).collect() };
    let (new, known) = (chars(text), chars(earlier));
    share(new.intersection(&known).count(), new.len().max(1))
}
