//! Whether what was found on a page is an article, and not the one sentence of a list or a form.

use crate::html::body;
use crate::html::body::Body;
use crate::html::body::Paragraph;
use crate::html::headline;
use crate::html::headline::Headline;
use crate::html::headline::Names;
use crate::html::nothing;
use crate::html::tree::Outline;
use crate::html::wording;

/// Characters below which a text is an article only under a headline that the page is named for.
const SHORT: usize = 200;
/// The least characters of an article.
const LEAST: usize = 20;
/// Pieces between a headline and the text right below it, at most.
const NEAR_PIECES: usize = 16;

/// Whether what was found is an article, and not the one sentence of a list or a form.
pub(super) fn is_article(
    outline: &Outline,
    headline: &Headline,
    names: &Names,
    body: &Body,
) -> bool {
    let chars = body.chars();
    let agrees = headline.index.is_some()
        && names.agreement(&headline.text) >= 1.5
        && headline::bare(&headline.text).chars().count() >= 4
        && !nothing::is_gone(&headline.text);
    let sentences = body
        .paragraphs
        .iter()
        .filter(|one| one.text.ends_with(['。', '！', '？', '”', '…']))
        .count();
    let says = body.paragraphs.iter().any(|one| one.text.contains(['。', '！', '？', '.']));
    if chars < LEAST || (sentences == 0 && chars < SHORT || !says) && !agrees {
        return false;
    }
    let links = nothing::headlines(outline);
    let link_chars: usize = links.iter().map(|link| link.title.chars().count()).sum();
    let kind = nothing::judge(outline).kind;
    let poor = chars < SHORT && matches!(kind, crate::PageKind::Missing | crate::PageKind::Login);
    if nothing::asks(&headline.text) && poor || is_index(outline, body) {
        return false;
    }
    let headed = heads(headline, body) && !nothing::is_gone(&headline.text);
    let many = links.len() >= LIST_LINKS && chars < 2 * link_chars;
    let lists = many && !runs(body);
    agrees || (headed || !poor && !lists) && !is_blurbs(outline, body)
}

/// Whether the text speaks of what its headline does: one right above it, or the page's own name.
fn heads(headline: &Headline, body: &Body) -> bool {
    let share = body::shared(&headline.text, &body.paragraphs);
    let long = headline::bare(&headline.text).chars().count() >= NAME_CHARS;
    match headline.index.zip(body.place) {
        Some((line, (first, _))) => {
            line < first && first <= line + NEAR_PIECES && long && share >= 0.33
        }
        None => long && share >= 0.5,
    }
}

/// Letters from which a line is no site's or section's name.
const NAME_CHARS: usize = 8;

/// Whether a body is running text of some length, however many links stand around it.
fn runs(body: &Body) -> bool {
    let whole = |one: &&Paragraph| {
        let chars = one.text.chars().count();
        chars >= 40 && one.text.contains('。') || chars >= 80 && one.text.ends_with(['.', '”'])
    };
    let running: Vec<&Paragraph> = body.paragraphs.iter().filter(whole).collect();
    let chars: usize = running.iter().map(|one| one.text.chars().count()).sum();
    running.len() >= 4 && chars >= 2 * SHORT && chars * 2 >= body.chars()
}

/// Whether headlines that are links stand between the paragraphs: a list with a blurb for each.
fn is_blurbs(outline: &Outline, body: &Body) -> bool {
    let (headlines, texts) = between(outline, body);
    headlines >= 4 && headlines * 5 >= texts * 3
}

/// Whether there are many more such headlines than paragraphs, as on the front page of a site.
fn is_index(outline: &Outline, body: &Body) -> bool {
    let (headlines, texts) = between(outline, body);
    headlines >= 2 * LIST_LINKS && headlines >= 2 * texts
}

/// Headlines that are links, and paragraphs, from the first paragraph to the last.
fn between(outline: &Outline, body: &Body) -> (usize, usize) {
    let Some((first, last)) = body.place else { return (0, 0) };
    let between = outline.pieces.get(first..=last).unwrap_or_default();
    let headlines = between.iter().filter(|piece| piece.is_link() && piece.chars >= 6).count();
    // Each blurb may have a day of its own.
    let texts = body.paragraphs.iter().filter(|one| !wording::is_bare_day(&one.text)).count();
    (headlines, texts)
}

/// Links from which a page without a headline may be a list.
const LIST_LINKS: usize = 8;
