//! What was found on a page → its articles, with each printed line tied to the one it belongs to.

use std::collections::HashSet;

use crate::Layout;
use crate::Pictured;
use crate::Placed;
use crate::attach::LeftOut;
use crate::class::Class;
use crate::measure::Measured;
use crate::model::Sheet;
use crate::plan::Plan;
use crate::story::Script;
use wenmai_domain::span::Span;
use wenmai_page::Issue;
use wenmai_page::Page;
use wenmai_page::known;
use wenmai_page::known::Piece;

/// What was found, before it becomes articles.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub articles: Vec<Vec<Piece>>,
    why: Vec<Vec<&'static str>>,
    pictures: Vec<Vec<usize>>,
    left_out: Vec<(LeftOut, Span)>,
}

impl Parts {
    pub fn add(&mut self, pieces: Vec<Piece>, why: Vec<&'static str>, pictures: Vec<usize>) {
        if !pieces.is_empty() {
            self.articles.push(pieces);
            self.why.push(why);
            self.pictures.push(pictures);
        }
    }

    /// Writes what no article took behind the articles.
    pub fn rest(&mut self, plan: &Plan<'_>, adverts: &[usize], script: &mut Script) {
        let written: HashSet<usize> = script.placed.iter().map(|(_, given)| *given).collect();
        for (at, stack) in plan.stacks.iter().enumerate() {
            let reason = if adverts.binary_search(&at).is_ok() {
                LeftOut::Advertisement
            } else if plan.class(at) == Class::Furniture {
                LeftOut::Masthead
            } else {
                LeftOut::Unclear
            };
            let left: Vec<usize> = stack
                .items
                .iter()
                .copied()
                .filter(|item| {
                    plan.measured
                        .items
                        .get(*item)
                        .is_some_and(|item| !written.contains(&item.given))
                })
                .collect();
            if !left.is_empty() {
                let span = script.write(plan, &left, "", " ");
                self.left_out.push((reason, span));
            }
        }
    }
}

/// Makes the articles and ties each printed line to the one it belongs to.
pub(crate) fn finish(
    sheet: &Sheet,
    measured: &Measured,
    mut script: Script,
    parts: &Parts,
    (issue, notes): (&Issue, Vec<String>),
) -> Layout {
    let mut left_out = parts.left_out.clone();
    left_out.extend(unwritten(sheet, measured, &mut script));
    let mut page = known::compose(&script.text, &parts.articles, issue);
    page.unassigned.extend(left_out.iter().map(|(_, span)| *span));
    page.unassigned.sort_unstable();
    page.marks = script.marks;
    let placed = script.placed.iter().filter_map(|(span, given)| {
        let line = sheet.lines.get(*given)?;
        let (rect, confidence) = (line.rect, line.confidence);
        Some(Placed { span: *span, rect, article: None, confidence })
    });
    let mut lines: Vec<Placed> = placed.collect();
    lines.sort_by_key(|line| line.span);
    let pictures = explained(&mut page, measured, parts);
    page.extracted = Some(script.text);
    let size = (measured.page.width(), measured.page.height());
    let size = if measured.turned { (size.1, size.0) } else { size };
    let articles = std::mem::take(&mut page.articles);
    let mut layout = Layout { page, lines, pictures, left_out, notes, size, unit: sheet.unit };
    layout.tie(&articles);
    layout.page.articles = articles;
    layout
}

/// Writes the lines that are in no stack: those without a place, and all of a page in too many
/// pieces.
fn unwritten(sheet: &Sheet, measured: &Measured, script: &mut Script) -> Vec<(LeftOut, Span)> {
    let written: HashSet<usize> = script.placed.iter().map(|(_, given)| *given).collect();
    let items = measured.items.iter().map(|item| (item.given, LeftOut::Unclear));
    let astray = measured.astray.iter().map(|given| (*given, LeftOut::Astray));
    let mut left_out = Vec::new();
    for (given, reason) in items.chain(astray).filter(|(given, _)| !written.contains(given)) {
        let Some(line) = sheet.lines.get(given) else { continue };
        if !script.text.is_empty() {
            script.text.push('\n');
        }
        let start = script.text.len();
        script.text.push_str(line.text.trim());
        let span = Span::new(start, script.text.len());
        script.placed.push((span, given));
        left_out.push((reason, span));
        script.text.push('\n');
    }
    left_out
}

/// Says of each article why its parts are together; returns the pictures of all.
fn explained(page: &mut Page, measured: &Measured, parts: &Parts) -> Vec<Pictured> {
    let mut pictures: Vec<Pictured> = Vec::new();
    for (at, pieces) in parts.articles.iter().enumerate() {
        let spans = || pieces.iter().flat_map(|piece| &piece.spans);
        let near = spans().next().copied();
        let own = parts.pictures.get(at).into_iter().flatten();
        let rects = own.filter_map(|at| measured.original(*at));
        pictures.extend(rects.map(|rect| Pictured { rect, article: None, near }));
        // An article is written in one piece, so its parts lie between its first and last.
        let Some((from, to)) = spans().min().zip(spans().max()) else { continue };
        let found = page.articles.iter_mut().find(|parsed| {
            let first = parsed.spans.spans().min();
            first.is_some_and(|first| first.start >= from.start && first.start < to.end)
        });
        if let (Some(parsed), Some(why)) = (found, parts.why.get(at)) {
            parsed.rules_fired.extend(why);
        }
    }
    pictures
}
