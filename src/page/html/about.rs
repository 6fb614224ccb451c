//! What stands beside headline and text of the article that was found: day, source, people, the page
//! of the issue.

use crate::html::body::Body;
use crate::html::claims::Claims;
use crate::html::claims::Trust;
use crate::html::credit;
use crate::html::headline::Headline;
use crate::html::moment;
use crate::html::office;
use crate::html::tree::Outline;
use crate::html::tree::Piece;
use crate::html::wording;
use crate::html::words::Roles;

impl Claims {
    /// Reads what stands beside headline and text, and the address.
    pub(super) fn beside(&mut self, outline: &Outline, headline: &Headline, body: &Body) {
        self.signed(body);
        self.printed_page(outline);
        let (first, last) = body.place.unwrap_or_default();
        let line = headline.index.unwrap_or(first);
        let head = line.saturating_sub(NEAR)..first.max(line + 1) + 1;
        self.named(outline, &head);
        let piece = |at: usize| outline.pieces.get(at).filter(|piece| !piece.is_link());
        if let Some(own) = headline.index.and_then(piece) {
            // Some set day and source in the headline's own element.
            self.line(Trust::Beside, own.text.strip_prefix(&headline.text).unwrap_or_default());
        }
        for piece in (line + headline.count..first.min(line + 4 * NEAR)).filter_map(piece) {
            self.line(Trust::Beside, &piece.text);
            if self.site.contains(&piece.text) || office::publishes(&piece.text) {
                self.source(Trust::Beside, &piece.text);
            }
        }
        for piece in (line.saturating_sub(3)..line).filter_map(piece) {
            if wording::labels_day(&piece.text) || outline.is_epaper {
                self.line(Trust::Beside, &piece.text);
            }
        }
        for piece in (last + 1..last + 2 * NEAR).filter_map(piece) {
            let is_day = piece.chars <= 20 && moment::moment(&piece.text).is_some();
            if is_day
                || wording::labels_day(&piece.text)
                || wording::names_source(&piece.text)
                || wording::credits(&piece.text)
            {
                self.line(Trust::AtEnd, &piece.text);
            }
        }
        let pieces = outline.pieces.iter().enumerate();
        let labelled = pieces.filter(|(_, piece)| wording::labels_day(&piece.text));
        for (at, piece) in labelled.take(LABELLED_MAX) {
            self.moment_of(Trust::AtEnd, &piece.text);
            if wording::labels_publication(&piece.text)
                && let Some(cell) = outline.pieces.get(at + 1)
            {
                self.moment_of(Trust::AtEnd, &cell.text);
            }
        }
        let address: Vec<String> = self.url.ranked().into_iter().cloned().collect();
        for url in address {
            if let Some(moment) = moment::in_address(&url) {
                self.moments.claim(Trust::Address, moment);
            }
        }
    }

    /// Reads on which page of the issue the article stands, where the page of an e-paper says it
    /// outside its links to other pages.
    fn printed_page(&mut self, outline: &Outline) {
        if !self.page.is_empty() {
            return;
        }
        let named = outline.elements.iter().filter(|element| element.roles.has(Roles::PAGE));
        let named = named.map(|element| outline.text_of(element)).filter(|text| {
            let plain = text.trim();
            plain.chars().count() <= 24 && plain.chars().any(|c| c.is_ascii_digit())
        });
        let short = outline.pieces.iter().filter(|piece| !piece.is_link() && piece.chars <= 24);
        let printed: Vec<String> =
            short.map(|piece| piece.text.clone()).filter(|text| wording::is_page(text)).collect();
        self.issue_day(outline);
        let found = match printed.as_slice() {
            [] => named.take(1).next().filter(|_| outline.is_epaper),
            // Two pages are a list of pages.
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(first.clone()),
            [_, ..] => None,
        };
        self.page = found.unwrap_or_default();
    }

    /// Reads the day of the issue, which stands beside the page that is printed.
    fn issue_day(&mut self, outline: &Outline) {
        let is_page = |piece: &Piece| !piece.is_link() && wording::is_page(&piece.text);
        let Some(at) = outline.pieces.iter().take(LABELLED_MAX).position(is_page) else { return };
        let near = outline.pieces.get(at.saturating_sub(3)..(at + 4).min(outline.pieces.len()));
        for piece in near.unwrap_or_default() {
            self.moment_of(Trust::AtEnd, &piece.text);
        }
    }

    /// Reads the people whom the text names at its ends.
    fn signed(&mut self, body: &Body) {
        let texts =
            || body.paragraphs.iter().filter(|one| !one.is_subhead).map(|one| one.text.as_str());
        let opening = texts().take(3).find_map(credit::opening);
        let closing = texts().rev().take(2).find_map(credit::closing);
        for people in opening.into_iter().chain(closing) {
            self.authors.claim(Trust::Printed, people);
        }
    }

    /// Reads elements that are named for what they hold.
    fn named(&mut self, outline: &Outline, near: &std::ops::Range<usize>) {
        for element in &outline.elements {
            if !near.contains(&element.from) || element.to > element.from + 2 {
                continue;
            }
            let words: String = outline.text_of(element).chars().take(80).collect();
            if element.roles.has(Roles::TIME) || &*element.name == "time" {
                let value = if element.value.is_empty() { words.as_str() } else { &element.value };
                self.moment_of(Trust::Beside, value);
            }
            if element.roles.has(Roles::SOURCE)
                && words.chars().count() <= 30
                && moment::moment(&words).is_none()
            {
                self.source(Trust::Beside, &words);
            }
            if element.roles.has(Roles::AUTHOR) && !element.roles.has(Roles::EDITOR) {
                self.people(Trust::Beside, &words);
                self.account(&words);
            }
        }
    }

    /// Claims a moment that a line gives, as one of change where it says so.
    fn moment_of(&mut self, trust: Trust, line: &str) {
        let changed = line.contains("更新") || line.contains("修改");
        self.moment(if changed { Trust::Changed } else { trust }, line);
    }
}

/// Lines with the label of a day that are read.
const LABELLED_MAX: usize = 40;
/// Pieces around the headline in which the page speaks of the article.
const NEAR: usize = 12;
