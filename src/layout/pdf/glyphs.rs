//! Characters with places → lines, by where they stand and in which order they were written.

use std::collections::HashSet;

use crate::model::Line;
use crate::model::Rect;
use crate::print;

/// A character on the page.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub text: String,
    pub rect: Rect,
    pub size: f32,
    pub bold: bool,
    /// Whether its font writes downwards.
    pub vertical: bool,
}

/// Puts characters into lines.
pub(super) fn lines(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut runs: Vec<Line> = Vec::new();
    let mut last: Option<Glyph> = None;
    // The same characters are drawn twice, a hair apart, where a font has no bold face.
    let mut seen: HashSet<(String, i64, i64)> = HashSet::new();
    for glyph in glyphs {
        if glyph.text.trim().is_empty() {
            if let (Some(run), Some(before)) = (runs.last_mut(), &last)
                && follows(before, &glyph)
                && !run.text.ends_with(' ')
            {
                run.text.push(' ');
            }
            continue;
        }
        if !seen.insert(place(&glyph)) {
            continue;
        }
        let joined = last.as_ref().is_some_and(|before| follows(before, &glyph));
        match (runs.last_mut(), &last) {
            (Some(run), Some(before)) if joined => {
                let gap = gap(before, &glyph) / glyph.size;
                let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
                let both = latin(run.text.chars().next_back()) && latin(glyph.text.chars().next());
                if !run.text.ends_with(' ') && (gap > 0.6 || both && gap > 0.2) {
                    run.text.push(' ');
                }
                run.text.push_str(&glyph.text);
                run.rect = run.rect.union(&glyph.rect);
            }
            _ => runs.push(Line {
                rect: glyph.rect,
                text: glyph.text.clone(),
                size: Some(glyph.size),
                bold: Some(glyph.bold),
                vertical: glyph.vertical,
                ..Line::default()
            }),
        }
        last = Some(glyph);
    }
    let mut lines = print::stand_up(merged(runs));
    lines.retain(|line| !line.text.trim().is_empty());
    for line in &mut lines {
        print::trim(line);
        if line.vertical {
            line.text = print::level(&line.text);
        }
        if line.text.chars().count() < 2 {
            line.vertical = false;
        }
    }
    lines
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page are small")]
fn place(glyph: &Glyph) -> (String, i64, i64) {
    let step = (0.3 * glyph.size).max(0.1);
    let at = |x: f32| (x / step).round() as i64;
    (glyph.text.clone(), at(glyph.rect.left), at(glyph.rect.top))
}

fn gap(before: &Glyph, next: &Glyph) -> f32 {
    if before.vertical {
        next.rect.top - before.rect.bottom
    } else {
        next.rect.left - before.rect.right
    }
}

/// Whether a character stands right behind another in its line.
fn follows(before: &Glyph, next: &Glyph) -> bool {
    let size = next.size.max(before.size);
    if before.vertical != next.vertical || next.size < 0.55 * size || before.size < 0.55 * size {
        return false;
    }
    let gap = gap(before, next);
    let level = if before.vertical {
        (before.rect.center_x() - next.rect.center_x()).abs()
    } else {
        (before.rect.bottom - next.rect.bottom).abs()
    };
    level < 0.35 * size && gap > -0.6 * size && gap < 1.25 * size
}

/// Puts runs together that stand right behind each other, in whichever order they were written.
fn merged(mut runs: Vec<Line>) -> Vec<Line> {
    let size = |run: &Line| run.size.unwrap_or(1.0);
    runs.sort_by(|a, b| {
        a.rect.bottom.total_cmp(&b.rect.bottom).then(a.rect.left.total_cmp(&b.rect.left))
    });
    // Runs of one height, from left to right.
    let mut row = (f32::NEG_INFINITY, 0_usize);
    let mut placed: Vec<(usize, Line)> = Vec::with_capacity(runs.len());
    for run in runs {
        if run.rect.bottom - row.0 > 0.25 * size(&run) {
            row = (run.rect.bottom, row.1 + 1);
        }
        placed.push((row.1, run));
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.rect.left.total_cmp(&b.1.rect.left)));
    let mut lines: Vec<(usize, Line)> = Vec::with_capacity(placed.len());
    for (row, run) in placed {
        let joins = lines.last().is_some_and(|(other, last)| {
            let gap = run.rect.left - last.rect.right;
            let alike = (size(last) / size(&run) - 1.0).abs() < 0.1;
            *other == row
                && alike
                && !last.vertical
                && !run.vertical
                && gap > -0.5 * size(&run)
                && gap < 0.3 * size(&run)
        });
        match lines.last_mut() {
            Some((_, last)) if joins => {
                last.text.push_str(&run.text);
                last.rect = last.rect.union(&run.rect);
            }
            _ => lines.push((row, run)),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}
