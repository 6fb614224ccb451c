//! What was read of a cleaned text, moved back to where it stands on the page.

use std::collections::HashMap;

use crate::Page;
use crate::Parsed;
use crate::Parts;
use crate::markdown::Clean;
use wenmai_domain::article::Article;
use wenmai_domain::id::ArticleId;
use wenmai_domain::span::Span;

/// Moves the spans of `page` back, and adds what the markup says: sections, title and source.
pub(super) fn restore(mut page: Page, clean: &Clean) -> Page {
    let places = |spans: &[Span]| -> Vec<Span> {
        spans.iter().flat_map(|span| clean.places(*span)).collect()
    };
    for parsed in &mut page.articles {
        parsed.spans = moved(&parsed.spans, &places);
    }
    for doubt in &mut page.doubts {
        doubt.spans = places(&doubt.spans);
    }
    page.unassigned = places(&page.unassigned);
    page.marks = places(&page.marks);
    page.unassigned.extend(&clean.left);
    page.marks.extend(&clean.marks);
    let before: Vec<ArticleId> = page.articles.iter().map(|parsed| parsed.article.id).collect();
    sections(&mut page, clean);
    front(&mut page, clean);
    captions(&mut page, clean);
    let after = page.articles.iter().map(|parsed| parsed.article.id);
    let renamed: HashMap<ArticleId, ArticleId> = before.into_iter().zip(after).collect();
    for parsed in &mut page.articles {
        let of = parsed.article.record.teaser_of;
        parsed.article.record.teaser_of = of.and_then(|id| renamed.get(&id).copied());
    }
    page.unassigned.sort_unstable();
    page.marks.sort_unstable();
    page
}

fn moved(parts: &Parts, places: &impl Fn(&[Span]) -> Vec<Span>) -> Parts {
    let Parts {
        kicker,
        title,
        subtitle,
        section,
        byline,
        dateline,
        paragraphs,
        captions,
        jump,
        source_note,
    } = parts;
    Parts {
        kicker: places(kicker),
        title: places(title),
        subtitle: places(subtitle),
        section: places(section),
        byline: places(byline),
        dateline: places(dateline),
        paragraphs: paragraphs.iter().map(|spans| places(spans)).collect(),
        captions: places(captions),
        jump: places(jump),
        source_note: places(source_note),
    }
}

/// Changes the record of an article, which may change its id.
fn change(parsed: &mut Parsed, edit: impl FnOnce(&mut Parsed)) {
    edit(parsed);
    parsed.article = Article::new(std::mem::take(&mut parsed.article.record));
}

/// Gives articles the name of the innermost heading that groups them.
fn sections(page: &mut Page, clean: &Clean) {
    for section in clean.sections.iter().rev() {
        let mut place = Some(section.span);
        for parsed in &mut page.articles {
            let start = parsed.spans.spans().min();
            let inside =
                start.is_some_and(|start| (section.span.end..section.end).contains(&start.start));
            if !inside || !parsed.article.record.section.is_empty() {
                continue;
            }
            change(parsed, |parsed| {
                parsed.article.record.section.clone_from(&section.name);
                parsed.spans.section.extend(place.take());
                parsed.rules_fired.push("heading-that-groups");
            });
        }
        page.unassigned.extend(place);
    }
}

/// Gives each article what stands under the pictures in it; one above all of them belongs to the first.
fn captions(page: &mut Page, clean: &Clean) {
    for (words, place) in &clean.captions {
        let start = |parsed: &Parsed| parsed.spans.spans().min().map_or(0, |span| span.start);
        let above = page.articles.iter().rposition(|parsed| start(parsed) < place.start);
        let Some(parsed) = page.articles.get_mut(above.unwrap_or_default()) else {
            page.unassigned.push(*place);
            continue;
        };
        change(parsed, |parsed| {
            parsed.article.record.captions.push(crate::web::caption(words));
            parsed.spans.captions.push(*place);
            parsed.rules_fired.push("picture-with-words");
        });
    }
}

/// Adds what the front matter says of the one article, or of all.
fn front(page: &mut Page, clean: &Clean) {
    let mut place = clean.front.title.as_ref();
    let alone = page.articles.len() == 1;
    for parsed in &mut page.articles {
        let bare = alone && parsed.article.record.title.is_empty();
        let title = place.take_if(|_| bare);
        let source = &clean.front.source;
        let sourced = parsed.article.record.source.is_empty() && !source.is_empty();
        if title.is_none() && !sourced {
            continue;
        }
        change(parsed, |parsed| {
            if sourced {
                source.clone_into(&mut parsed.article.record.source);
            }
            if let Some((title, span)) = title {
                title.clone_into(&mut parsed.article.record.title);
                parsed.spans.title.push(*span);
                parsed.rules_fired.push("front-matter");
            }
        });
    }
    page.unassigned.extend(place.map(|(_, span)| *span));
}
