//! Where the parts of an article stand, for `wenmai parse --explain`.

use wenmai_proto::wire;

/// A line for each part of an article: what it is, and the boxes that it was read from.
pub(super) fn boxes(article: &wire::ParsedArticle, layout: &wire::PageLayout) -> Vec<String> {
    let spans = article.spans.clone().unwrap_or_default();
    let wire::ArticleSpans {
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
    } = spans;
    let body = paragraphs.into_iter().flat_map(|paragraph| paragraph.spans).collect();
    let parts = [
        ("section", section),
        ("kicker", kicker),
        ("title", title),
        ("subtitle", subtitle),
        ("byline", byline),
        ("dateline", dateline),
        ("body", body),
        ("captions", captions),
        ("jump", jump),
        ("source note", source_note),
    ];
    let mut lines = Vec::new();
    for (name, spans) in parts {
        let found = merged(&spans, layout);
        if !found.is_empty() {
            let shown: Vec<String> = found.iter().map(shown).collect();
            lines.push(format!("{name}: {}", shown.join(" ")));
        }
    }
    lines
}

fn shown(rect: &wire::PageBox) -> String {
    let wire::PageBox { left, top, right, bottom } = rect;
    format!("{left:.0},{top:.0}-{right:.0},{bottom:.0}")
}

/// The boxes of the lines that `spans` take, those below each other in one.
fn merged(spans: &[wire::TextSpan], layout: &wire::PageLayout) -> Vec<wire::PageBox> {
    let mut boxes: Vec<wire::PageBox> = Vec::new();
    for line in &layout.lines {
        let (Some(span), Some(rect)) = (&line.span, &line.r#box) else { continue };
        let taken = spans
            .iter()
            .any(|one| one.start_char < span.end_char && span.start_char < one.end_char);
        if !taken {
            continue;
        }
        let height = rect.bottom - rect.top;
        match boxes.last_mut() {
            Some(last)
                if rect.left < last.right
                    && rect.right > last.left
                    && (rect.top - last.bottom).abs() < 1.5 * height =>
            {
                last.left = last.left.min(rect.left);
                last.right = last.right.max(rect.right);
                last.bottom = last.bottom.max(rect.bottom);
            }
            _ => boxes.push(*rect),
        }
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::boxes;
    use wenmai_proto::wire;

    #[test]
    fn lines_below_each_other_are_one_box() {
        let span = |start_char, end_char| wire::TextSpan { start_char, end_char };
        let line = |start, end, top: f32, left: f32| wire::PlacedLine {
            span: Some(span(start, end)),
            r#box: Some(wire::PageBox { left, top, right: left + 50.0, bottom: top + 10.0 }),
            ..wire::PlacedLine::default()
        };
        let lines = vec![line(0, 4, 0.0, 0.0), line(4, 8, 15.0, 0.0), line(8, 12, 0.0, 60.0)];
        let layout = wire::PageLayout { lines, ..wire::PageLayout::default() };
        let paragraph = wire::ParagraphSpans { spans: vec![span(0, 12)] };
        let spans =
            wire::ArticleSpans { paragraphs: vec![paragraph], ..wire::ArticleSpans::default() };
        let article = wire::ParsedArticle { spans: Some(spans), ..wire::ParsedArticle::default() };
        assert_eq!(boxes(&article, &layout), ["body: 0,0-50,25 60,0-110,10"]);
    }
}
