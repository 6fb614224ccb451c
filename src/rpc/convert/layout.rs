//! Converts where the parts of a page stand.

use crate::convert::CharIndex;
use crate::convert::count32;
use crate::convert::spans;
use wenmai_domain::span::Span;
use wenmai_engine::ReadLayout;
use wenmai_layout::Layout;
use wenmai_layout::Pictured;
use wenmai_layout::Placed;
use wenmai_layout::Rect;
use wenmai_page::Page;
use wenmai_proto::wire;

/// Writes the layout of `page`, whose text `index` counts in characters.
#[must_use]
pub fn layout(from: ReadLayout, page: &Page, index: &CharIndex<'_>) -> wire::PageLayout {
    let ReadLayout { mut layout, page_count, draw } = from;
    layout.tie(&page.articles);
    let svg = if draw { layout.svg(page) } else { String::new() };
    let Layout { page: _, lines, pictures, left_out, notes, size, unit } = layout;
    let one = |span: Span| spans(&[span], index).into_iter().next();
    let lines = lines.into_iter().map(|line| {
        let Placed { span, rect, article, confidence } = line;
        let article_index = article.map(count32);
        wire::PlacedLine { span: one(span), r#box: Some(boxed(rect)), article_index, confidence }
    });
    let pictures = pictures.into_iter().map(|picture| {
        let Pictured { rect, article, .. } = picture;
        wire::PlacedPicture { r#box: Some(boxed(rect)), article_index: article.map(count32) }
    });
    let left_out = left_out.into_iter().map(|(reason, span)| wire::LeftOutPart {
        span: one(span),
        reason: reason.name().to_owned(),
    });
    wire::PageLayout {
        width: size.0,
        height: size.1,
        unit: unit.name().to_owned(),
        page_count: count32(page_count),
        lines: lines.collect(),
        pictures: pictures.collect(),
        left_out: left_out.collect(),
        notes,
        svg,
    }
}

fn boxed(rect: Rect) -> wire::PageBox {
    let Rect { left, top, right, bottom } = rect;
    wire::PageBox { left, top, right, bottom }
}
