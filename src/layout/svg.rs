//! The page as a drawing.

use std::fmt::Write as _;

use crate::Layout;
use crate::model::Rect;
use wenmai_page::Page;

/// Colours of articles, in turn.
const COLOURS: [&str; 12] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7",
    "#9c755f", "#2f6f4f", "#8c6bb1", "#d37295",
];

/// Draws the page.
pub(crate) fn draw(layout: &Layout, page: &Page) -> String {
    let (width, height) = layout.size;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    );
    for picture in &layout.pictures {
        let rect = &picture.rect;
        boxed(&mut svg, rect, picture.article.map_or("#888", colour), 0.12);
        let edges = (rect.left, rect.top, rect.right, rect.bottom);
        let _ = writeln!(
            svg,
            "<path d=\"M{0:.1} {1:.1}L{2:.1} {3:.1}M{2:.1} {1:.1}L{0:.1} {3:.1}\" stroke=\"#aaa\"/>",
            edges.0, edges.1, edges.2, edges.3
        );
    }
    let text = page.extracted.as_deref().unwrap_or_default();
    for line in &layout.lines {
        let fill = line.article.map_or("#cccccc", colour);
        boxed(&mut svg, &line.rect, fill, 0.35);
        words(&mut svg, &line.rect, line.span.of(text).unwrap_or_default());
    }
    for (at, parsed) in page.articles.iter().enumerate() {
        let spans: Vec<_> = parsed.spans.spans().collect();
        if let Some(first) = layout.boxes(&spans).first() {
            let size = (width / 60.0).max(1.0);
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size:.1}\" fill=\"black\" \
                 font-weight=\"bold\">{}</text>",
                first.left,
                first.top,
                at + 1
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn colour(article: usize) -> &'static str {
    COLOURS.get(article % COLOURS.len()).copied().unwrap_or("#888")
}

fn boxed(svg: &mut String, rect: &Rect, fill: &str, opacity: f32) {
    if !rect.is_sound() {
        return;
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\" \
         fill-opacity=\"{opacity}\"/>",
        rect.left,
        rect.top,
        rect.width(),
        rect.height()
    );
}

fn words(svg: &mut String, rect: &Rect, text: &str) {
    if !rect.is_sound() {
        return;
    }
    let shown = text.replace('&', "&amp;").replace('<', "&lt;");
    let vertical = rect.height() > 1.6 * rect.width() && text.chars().count() > 1;
    if vertical {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" writing-mode=\"vertical-rl\">{shown}</text>",
            rect.center_x(),
            rect.top,
            rect.width() * 0.9
        );
    } else {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
             font-size=\"{:.1}\">{shown}</text>",
            rect.left,
            rect.bottom - 0.15 * rect.height(),
            rect.width(),
            rect.height() * 0.85
        );
    }
}
