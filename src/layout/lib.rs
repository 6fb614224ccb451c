//! Newspaper pages whose lines have places → structured articles, with the boxes of each part.
//!
//! [`open`] reads a file of any [`Format`] into one [`Sheet`] a page; [`analyse`] finds what stands
//! on it, in steps with a file each:
//!
//! 1. `measure`: sizes relative to the body type; rules, frames, pictures sorted. `room`: the page,
//!    its halves where two were scanned as one, and its frames.
//! 2. `stack`: lines below each other in one column. `class`: headings, running text, lines that say
//!    themselves what they are. `head`: kicker, headline and subtitle together.
//! 3. `plan`: which stack belongs to which headline, by its reach (`shelf`: what stands above) and
//!    by how sentences go on over columns (`plan/flow`). `picture`, `attach`, `advert`: captions,
//!    names, boxes, what is left out.
//! 4. `order`, `story`: the order of reading, paragraphs, and one text that all spans point into.
//!
//! It promises: nothing is invented (a part is lines of the source), nothing is lost (each line is
//! in an article or in [`Layout::left_out`]), no input panics, and time grows as n log n with the
//! lines. It is pure: no I/O, no clock, no randomness.

mod advert;
mod alto;
mod attach;
mod bbox;
mod class;
mod format;
mod head;
mod hocr;
mod measure;
mod mets;
mod mineru;
mod model;
mod order;
mod paddle;
mod page_xml;
mod pdf;
mod picture;
mod plan;
mod print;
mod read;
mod result;
mod room;
mod sheet;
mod shelf;
mod stack;
mod story;
mod svg;
mod xml;

use wenmai_domain::span::Span;
use wenmai_page::Issue;
use wenmai_page::Page;

pub use attach::LeftOut;
pub use format::Format;
pub use mets::alto_files;
pub use model::Line;
pub use model::Rect;
pub use model::Sheet;
pub use model::Unit;
pub use read::Refused;
pub use read::open;
pub use read::open_all;

use plan::Plan;
use result::Parts;
use result::finish;
use story::Script;

/// A page, read, with places.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The articles; all spans point into [`Page::extracted`].
    pub page: Page,
    /// Each printed line: its bytes in the text, its box, and the article it belongs to.
    pub lines: Vec<Placed>,
    /// Pictures.
    pub pictures: Vec<Pictured>,
    /// Lines that belong to no article, and why.
    pub left_out: Vec<(LeftOut, Span)>,
    /// What is noticed of the page, in sentences for people.
    pub notes: Vec<String>,
    /// Width and height of the page.
    pub size: (f32, f32),
    /// What the boxes count.
    pub unit: Unit,
}

/// A printed line.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Its bytes in the text.
    pub span: Span,
    /// Where it stands on the page.
    pub rect: Rect,
    /// The article that it belongs to, as an index of [`Page::articles`].
    pub article: Option<usize>,
    /// How sure the reader of the image was, from 0 to 1.
    pub confidence: Option<f32>,
}

/// A picture of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictured {
    /// The box of the picture on its sheet, in the unit of the sheet.
    pub rect: Rect,
    /// The article that it belongs to, as an index of [`Page::articles`].
    pub article: Option<usize>,
    /// A span of that article.
    pub(crate) near: Option<Span>,
}

impl Layout {
    /// The boxes of a part: one for each run of lines below each other.
    #[must_use]
    pub fn boxes(&self, spans: &[Span]) -> Vec<Rect> {
        let mut boxes: Vec<Rect> = Vec::new();
        for span in spans {
            let first = self.lines.partition_point(|line| line.span.end <= span.start);
            let inside = self.lines.iter().skip(first);
            for line in inside.take_while(|line| line.span.start < span.end) {
                let height = line.rect.height();
                match boxes.last_mut() {
                    Some(last)
                        if line.rect.shared_x(last) > 0.5 * line.rect.width()
                            && (line.rect.top - last.bottom).abs() < 1.5 * height =>
                    {
                        *last = last.union(&line.rect);
                    }
                    _ => boxes.push(line.rect),
                }
            }
        }
        boxes
    }

    /// Ties the lines to `articles`, which came of [`Layout::page`] and may be fewer since: of what
    /// goes on from another page the lines belong to none.
    pub fn tie(&mut self, articles: &[wenmai_page::Parsed]) {
        let mut owners: Vec<(Span, usize)> = Vec::new();
        for (at, parsed) in articles.iter().enumerate() {
            owners.extend(parsed.spans.spans().map(|span| (span, at)));
        }
        owners.sort_unstable();
        let owner = |span: &Span| {
            let at = owners.partition_point(|(one, _)| one.end <= span.start);
            owners.get(at).filter(|(one, _)| one.start < span.end).map(|(_, article)| *article)
        };
        for line in &mut self.lines {
            line.article = owner(&line.span);
        }
        for picture in &mut self.pictures {
            picture.article = picture.near.and_then(|span| owner(&span));
        }
    }

    /// Draws the page: each article in a colour of its own, pictures grey, what is left out striped.
    /// `page` is its own or, where that was taken out and joined with others, what became of it.
    #[must_use]
    pub fn svg(&self, page: &Page) -> String {
        svg::draw(self, page)
    }
}

/// Stacks over which a page is in too many pieces to be a page of print.
const STACKS_MAX: usize = 4_000;

/// Finds the articles of a page.
#[must_use]
pub fn analyse(sheet: &Sheet, issue: &Issue) -> Layout {
    let mut measured = measure::measure(sheet);
    let (rooms, of_items) = room::rooms(&mut measured);
    let stacks = stack::stacks(&measured, &of_items);
    let mut script = Script::default();
    let mut notes = std::mem::take(&mut measured.notes);
    if stacks.len() > STACKS_MAX {
        notes.push(format!(
            "the page is in {} pieces: no articles can be told from each other",
            stacks.len()
        ));
        return finish(sheet, &measured, script, &Parts::default(), (issue, notes));
    }
    let classes = class::classes(&measured, &stacks);
    let mut plan = Plan::new(&measured, &rooms, &stacks, classes);
    let teasers = attach::teasers(&mut plan);
    plan.regroup();
    plan.assign();
    picture::give(&mut plan);
    let staff = attach::lines(&mut plan);
    let adverts = attach::adverts(&mut plan);
    attach::boxes(&mut plan);
    let mut parts = Parts::default();
    for (story, pieces) in story::write(&plan, &mut script) {
        let why = plan.stories.get(story).map(|story| story.why.clone()).unwrap_or_default();
        let pictures = plan.stories.get(story).map(|story| story.pictures.clone());
        parts.add(pieces, why, pictures.unwrap_or_default());
    }
    for members in teasers {
        for pieces in story::teasers(&plan, &members, &mut script) {
            parts.add(pieces, vec!["teaser-box"], Vec::new());
        }
    }
    for members in staff {
        let pieces = story::staff(&plan, &members, &mut script);
        parts.add(pieces, vec!["staff-box"], Vec::new());
    }
    parts.rest(&plan, &adverts, &mut script);
    if parts.articles.is_empty() && !adverts.is_empty() {
        notes.push("the page holds advertisements and no article".to_owned());
    }
    finish(sheet, &measured, script, &parts, (issue, notes))
}

#[cfg(test)]
mod tests;
