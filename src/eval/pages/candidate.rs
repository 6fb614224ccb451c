//! The articles that a system found, in the form in which they are compared: folded titles, bodies
//! and parts.

use unicode_normalization::UnicodeNormalization as _;

use wenmai_domain::article::Kind;
use wenmai_domain::span::Span;
use wenmai_page::Parsed;

/// An article that a system found.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidate {
    pub kind: Kind,
    pub title: String,
    /// The folded body in several versions: with and without what stands apart at its ends.
    pub bodies: Vec<String>,
    pub kicker: String,
    pub subtitle: String,
    pub section: String,
    /// The names on lines of their own; names in the opener are in [`Candidate::in_opener`].
    pub byline: Vec<String>,
    pub in_opener: Vec<String>,
    pub dateline: String,
    pub place: String,
    pub caption: String,
    pub credit: String,
}

/// The text without white space, and with the same width for all characters.
pub(super) fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{200b}')).collect()
}

/// A folded heading without the dashes before it.
pub(super) fn heading(text: &str) -> String {
    folded(text).trim_start_matches(['—', '-', '─']).to_owned()
}

impl Candidate {
    /// The article as the parser read it.
    pub fn parsed(page: &str, parsed: &Parsed) -> Self {
        let record = &parsed.article.record;
        let parts = &parsed.spans;
        let text = |spans: &[Span]| {
            folded(&spans.iter().filter_map(|span| span.of(page)).collect::<String>())
        };
        let last = parts.paragraphs.last().and_then(|spans| spans.last());
        let behind = |spans: &[Span]| {
            let after = |span: &&Span| last.is_some_and(|last| span.start >= last.end);
            text(&spans.iter().filter(after).copied().collect::<Vec<_>>())
        };
        let body = folded(&record.paragraphs.concat());
        let opener = text(&parts.dateline);
        let signed = behind(&parts.byline);
        let noted = format!("{signed}{}", behind(&parts.source_note));
        let credited = behind(&parts.captions);
        let mut bodies = Vec::new();
        for start in ["", opener.as_str()] {
            for end in ["", signed.as_str(), noted.as_str(), credited.as_str()] {
                bodies.push(format!("{start}{body}{end}"));
            }
        }
        bodies.dedup();
        let names = || record.byline.iter().map(|person| folded(&person.name)).collect();
        let apart = !parts.byline.is_empty();
        let caption = record.captions.first();
        Self {
            kind: record.kind,
            title: folded(&record.title),
            bodies,
            kicker: heading(&record.kicker),
            subtitle: heading(&record.subtitle),
            section: folded(&record.section),
            byline: if apart { names() } else { Vec::new() },
            in_opener: if apart { Vec::new() } else { names() },
            dateline: record.dateline.as_ref().map_or_else(String::new, |d| folded(&d.raw)),
            place: record.dateline.as_ref().map_or_else(String::new, |d| folded(&d.place)),
            caption: caption.map_or_else(String::new, |caption| folded(&caption.text)),
            credit: caption.map_or_else(String::new, |caption| folded(&caption.credit)),
        }
    }

    /// An article of a headline and a body.
    pub fn plain(title: &str, body: &str) -> Self {
        Self { title: folded(title), bodies: vec![folded(body)], ..Self::default() }
    }

    /// The longest version of the body.
    pub fn body(&self) -> &str {
        self.bodies.iter().max_by_key(|body| body.len()).map_or("", |body| body)
    }
}
