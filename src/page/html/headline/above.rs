//! The headline of a page that is not named for its article.

use std::collections::HashSet;

use crate::html::body::Body;
use crate::html::headline::Headline;
use crate::html::headline::Names;
use crate::html::headline::bare;
use crate::html::headline::headline;
use crate::html::headline::is_site;
use crate::html::holder::Scene;
use crate::html::tree::Piece;
use crate::html::wording;
use crate::html::words::Roles;
use wenmai_text::likeness::bigrams;

/// Pieces above the text in which a headline may stand, and behind its first line, where headings
/// were taken for text.
const ABOVE: usize = 10;
const BEHIND: usize = 4;
/// Characters of a line from which it is running text.
const RUNNING_CHARS: usize = 30;
/// What its rank and names must say for a line that shares nothing with the text.
const MARKED: f64 = 1.5;
/// What a line needs to be taken for the headline.
const WORTH_MIN: f64 = 1.5;

/// The line above the text that reads most like its headline: by the rank of its heading, its names,
/// the words that it shares with the text, and a line with day or source below it.
pub(in crate::html) fn above(scene: &Scene<'_>, names: &Names, body: &Body) -> Option<Headline> {
    let (text, _) = body.place?;
    let sample = body.sample();
    let pairs: HashSet<(char, char)> =
        bigrams(sample.chars().filter(|c| c.is_alphanumeric())).collect();
    let pieces = &scene.outline.pieces;
    let runs = |piece: &Piece| piece.marks > 0 && piece.chars >= RUNNING_CHARS;
    let behind = pieces.iter().skip(text).take(BEHIND).take_while(|piece| !runs(piece)).count();
    let mut best: Option<(f64, usize)> = None;
    for at in text.saturating_sub(ABOVE)..text + behind {
        // Among the first lines of the text only a heading can be the headline, or a line over the day.
        let heads = pieces.get(at).is_some_and(|piece| at < text || piece.heading > 0)
            || pieces.get(at + 1).is_some_and(tells);
        let worth = worth(scene, at, &pairs).filter(|_| heads).unwrap_or_default();
        if worth >= WORTH_MIN && best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, at));
        }
    }
    let (_, at) = best?;
    Some(headline(scene, names, at, 1))
}

/// Whether such a line stands below `piece`, or below the subtitle between.
fn told(scene: &Scene<'_>, at: usize, piece: &Piece) -> bool {
    let behind = |step: usize| scene.outline.pieces.get(at + step);
    let lower = |next: &Piece| piece.heading > 0 && next.heading > piece.heading;
    behind(1).is_some_and(tells) || behind(1).is_some_and(lower) && behind(2).is_some_and(tells)
}

/// Whether a line tells day, source or names, as lines below a headline do.
fn tells(line: &Piece) -> bool {
    let hour = line.text.contains(':') && line.text.chars().any(|c| c.is_ascii_digit());
    line.chars <= 60 && (wording::tells(&line.text) || wording::labels_day(&line.text) && hour)
        || wording::labels_publication(&line.text)
}

/// How much speaks for a line being the headline of a text with those pairs of characters.
fn worth(scene: &Scene<'_>, at: usize, text: &HashSet<(char, char)>) -> Option<f64> {
    let piece = scene.outline.pieces.get(at)?;
    let is_heading = (1..=2).contains(&piece.heading);
    let linked = piece.is_link();
    let fits = (3..=60).contains(&piece.chars) && (!linked || is_heading) && !piece.is_hidden;
    if !fits
        || piece.text.ends_with(['。', '，', '；', '：', ':'])
        || piece.text.starts_with(['—', '-'])
        || wording::tells(&piece.text) && wording::before_day(&piece.text).is_none()
        || wording::is_note(&piece.text)
        || !is_heading && wording::is_caption(&piece.text)
        || is_site(Some(&piece.text))
    {
        return None;
    }
    let pairs: Vec<(char, char)> = bigrams(bare(&piece.text).chars()).collect();
    let shared = pairs.iter().filter(|pair| text.contains(pair)).count();
    let roles = scene.roles_near(piece).with(piece.roles);
    let rank = match piece.heading {
        0 => 0.0,
        1 => 3.2,
        2 => 2.4,
        _ => 2.0,
    };
    let titled = roles.has(Roles::TITLE);
    let marked = rank
        + f64::from(u8::from(titled)) * 1.5
        + f64::from(u8::from(piece.bold_chars == piece.chars)) * 0.7;
    // Day, source or names below a line say that it is a headline.
    let told = told(scene, at, piece);
    if roles.has(Roles::AROUND) {
        return None;
    }
    if marked == 0.0 && !told || shared < 2 && !told && !is_heading {
        return None;
    }
    if shared == 0 && marked < MARKED {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "the length of a line")]
    let share = shared as f64 / pairs.len().max(1) as f64;
    let link = if linked { 1.0 } else { 0.0 };
    Some(marked + 4.0 * share + f64::from(u8::from(told)) * 1.2 - link)
}
