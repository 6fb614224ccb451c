//! Finds the line breaks of a page inside the labelled bodies, and whether the parser joined them.

use crate::pages::candidate::folded;
use crate::pages::gold::Labelled;
use wenmai_page::Page;

/// The counts of breaks on one page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seams {
    pub count: usize,
    pub joined: usize,
    pub apart_count: usize,
    pub kept_apart: usize,
}

/// How many characters on each side of a break are looked for in the parsed text.
const SIDE: usize = 8;
/// The longest line, in characters, that may be a subheading or a verse where the labels give no
/// paragraphs.
const SUBHEAD: usize = 24;

/// A break between two lines of one body.
struct Break {
    left: String,
    right: String,
    /// Whether it is inside a paragraph; `None` if the labels do not say.
    inside: Option<bool>,
}

/// Looks for every break of `labelled` in the paragraphs of `page`.
pub(super) fn seams(labelled: &Labelled, page: &Page) -> Seams {
    let records = page.articles.iter().map(|parsed| &parsed.article.record);
    let read: Vec<String> = records.flat_map(|r| &r.paragraphs).map(|p| folded(p)).collect();
    let mut seams = Seams::default();
    for at in breaks(labelled) {
        let across = format!("{}{}", last(&at.left), first(&at.right));
        let joined = read.iter().any(|paragraph| paragraph.contains(&across));
        match at.inside {
            Some(true) => {
                seams.count += 1;
                seams.joined += usize::from(joined);
            }
            Some(false) => {
                seams.apart_count += 1;
                seams.kept_apart += usize::from(!joined);
            }
            None => {}
        }
    }
    seams
}

fn last(text: &str) -> String {
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(SIDE)).collect()
}

fn first(text: &str) -> String {
    text.chars().take(SIDE).collect()
}

/// The breaks between consecutive lines of one labelled body.
fn breaks(labelled: &Labelled) -> Vec<Break> {
    let lines: Vec<String> =
        labelled.text.lines().map(folded).filter(|line| !line.is_empty()).collect();
    let mut found = Vec::new();
    for gold in labelled.articles.iter().filter(|gold| gold.is_article()) {
        let body = folded(&gold.text());
        let ends: Option<Vec<usize>> = gold.paragraphs.as_ref().map(|paragraphs| {
            let mut sum = 0;
            let lengths = paragraphs.iter().map(|paragraph| folded(paragraph).len());
            lengths.map(|length| (sum += length, sum).1).collect()
        });
        let (mut at, mut left) = (0, String::new());
        for line in &lines {
            let line = if at == 0 { without_opener(line, &body) } else { line.as_str() };
            if line.is_empty() || !body.get(at..).is_some_and(|rest| rest.starts_with(line)) {
                continue;
            }
            if at > 0 {
                let inside = match &ends {
                    Some(ends) => Some(!ends.contains(&at)),
                    None => guess(&left),
                };
                found.push(Break { left: left.clone(), right: line.to_owned(), inside });
            }
            at += line.len();
            line.clone_into(&mut left);
        }
    }
    found
}

/// The part of a line with which `body` begins; the labels may leave out an opener before it.
fn without_opener<'a>(line: &'a str, body: &str) -> &'a str {
    const OPENER: usize = 60;
    let starts = line.char_indices().take(OPENER).filter_map(|(at, _)| line.get(at..));
    let mut parts = starts.filter(|part| part.chars().nth(SIDE).is_some());
    parts.find(|part| body.starts_with(*part)).unwrap_or_default()
}

/// If the labels give no paragraphs, a break is inside one if the line before it is longer than
/// subheadings and verses and does not end like a sentence. All other breaks may be either.
fn guess(left: &str) -> Option<bool> {
    (!is_closed(left) && left.chars().nth(SUBHEAD).is_some()).then_some(true)
}

/// Whether a folded line, with half-width marks, ends like a sentence.
fn is_closed(line: &str) -> bool {
    let core = line.trim_end_matches(['”', '’', ')', '》', '"', '」', '』']);
    core.is_empty()
        || core.ends_with(['。', '!', '?', '…', ';', ':', '.'])
        || core.len() < line.len()
}
