//! From bytes of a body to bytes of its paragraphs: a body is its paragraphs, joined by line feeds.

use wenmai_domain::span::Span;

/// A place in an article's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which paragraph, from 0.
    pub paragraph: usize,
    /// Bytes of that paragraph.
    pub span: Span,
}

/// Where `span` of the joined body stands among `paragraphs`; one that reaches over a paragraph's
/// end is cut there.
#[must_use]
pub fn place(paragraphs: &[String], span: Span) -> Option<Place> {
    let mut start = 0;
    for (paragraph, text) in paragraphs.iter().enumerate() {
        let end = start + text.len();
        if span.start < end {
            let from = span.start.checked_sub(start)?;
            let to = span.end.min(end) - start;
            return Some(Place { paragraph, span: Span::new(from, to) });
        }
        start = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::place;
    use wenmai_domain::span::Span;

    #[test]
    fn a_span_of_the_body_is_found_in_its_paragraph() {
        let paragraphs = ["清河".to_owned(), String::new(), "开闸引水".to_owned()];
        let body = paragraphs.join("\n");
        let start = body.find("引水").unwrap();
        let found = place(&paragraphs, Span::new(start, start + 6)).unwrap();
        assert_eq!((found.paragraph, found.span.of(&paragraphs[2])), (2, Some("引水")));
        assert_eq!(
            place(&paragraphs, Span::new(0, 3)).unwrap().span.of(&paragraphs[0]),
            Some("清")
        );
        assert_eq!(place(&paragraphs, Span::new(99, 100)), None);
    }
}
