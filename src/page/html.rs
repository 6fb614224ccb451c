//! Web pages → the text of their article: an e-paper's article page, a news site's page.
//!
//! Five steps, each in a file of its own:
//!
//! 1. `tree`: markup → pieces of text in order and the elements around them.
//! 2. `claims`, `data`, `moment`: what the page says of itself, with one order of trust.
//! 3. `headline`: which piece is the headline.
//! 4. `holder`: which element holds the text; `words` reads class names as evidence.
//! 5. `body`, `wording`: which pieces in it are text; `nothing` says what a page without an article is.
//!
//! What is found goes to `web`, which writes it as an article with spans into the extracted text. It
//! is pure and takes time in proportion to the page; scripts are not run.

mod body;
mod claims;
pub(crate) mod credit;
mod data;
mod headline;
mod holder;
mod moment;
mod nothing;
mod stored;
mod thread;
mod tree;
mod wording;
mod words;

use std::collections::HashSet;

use jiff::civil::DateTime;

use crate::NoArticle;
use crate::PageLink;
use body::Body;
use body::Paragraph;
use claims::Claims;
use claims::Trust;
use headline::Headline;
use headline::Names;
use holder::Scene;
use tree::Outline;
use tree::Piece;
use wenmai_domain::article::Contributor;
use wenmai_text::likeness::bigrams;
use words::Roles;

/// The article of a web page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Extract {
    /// The headline.
    pub title: String,
    /// The line above it.
    pub kicker: String,
    /// The line below it.
    pub subtitle: String,
    /// The text: paragraphs and whether each is a subhead.
    pub paragraphs: Vec<(String, bool)>,
    /// What stands under its pictures.
    pub captions: Vec<String>,
    /// Whom the page names as its source.
    pub source: String,
    /// When it was published, in China's time; midnight where only the day is known.
    pub published: Option<DateTime>,
    /// Whom it names as authors.
    pub authors: Vec<Contributor>,
    /// Its canonical address.
    pub url: String,
    /// The page of the issue, as the paper prints it (`A03`).
    pub page: String,
    /// That page's name.
    pub page_name: String,
    /// Whether it is the first post of a forum's thread.
    pub is_post: bool,
    /// What the page is, where it holds no article.
    pub nothing: Option<NoArticle>,
}

/// Whether `text` is HTML, by what it begins with.
pub(super) fn is_html(text: &str) -> bool {
    let start =
        text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    let end = start.char_indices().nth(HEAD_CHARS).map_or(start.len(), |(at, _)| at);
    let head = start.get(..end).unwrap_or_default().to_ascii_lowercase();
    if !head.starts_with('<') {
        return false;
    }
    let is_tag = |tag: &str| {
        head.match_indices(tag).any(|(at, found)| {
            head.get(at + found.len()..)
                .is_some_and(|rest| rest.starts_with(|c: char| !c.is_ascii_alphanumeric()))
        })
    };
    let whole = ["<!doctype", "<html", "<head", "<body", "<meta", "<title"];
    if whole.iter().any(|tag| is_tag(tag)) {
        return true;
    }
    // Tables and centred lines stand in Markdown too, between headings with marks.
    let marked = head.lines().any(|line| line.starts_with("# ") || line.starts_with("## "));
    let parts = [
        "<div", "<article", "<p", "<table", "<section", "<main", "<span", "<h1", "<h2", "<h3",
        "<ul", "<li", "<td", "<font", "<center", "<script", "<style", "<a", "<br", "<header",
        "<form", "<dl",
    ];
    !marked && head.contains('>') && parts.iter().any(|tag| is_tag(tag))
}

/// Characters at the beginning of a text that tell whether it is HTML.
const HEAD_CHARS: usize = 4_000;

/// The links of the web page `text` that read like headlines.
pub(super) fn links(text: &str) -> Vec<PageLink> {
    nothing::headlines(&tree::outline(text))
}

/// Finds the article of the web page `text`.
pub(super) fn extract(text: &str) -> Extract {
    let outline = tree::outline(text);
    let mut claims = Claims::of(&outline);
    let names = Names::of(&outline, &claims);
    let found = [false, true].into_iter().find_map(|counts_hidden| {
        let mut own = claims.clone();
        let found = article(&outline, &names, &mut own, counts_hidden)?;
        claims = own;
        Some(found)
    });
    let found = match (found, told(&outline, &names, &claims)) {
        // The page tells machines another text than the one that was found: it knows better.
        (Some((_, body)), Some(other)) if !body.repeats(&other.1) => Some(other),
        (found, other) => found.or(other),
    };
    let found = found.or_else(|| {
        let stored = stored::stored(&outline);
        let (mut headline, body) = given(&outline, &names, stored.lines.clone())?;
        stored.tell(&mut claims, &mut headline);
        Some((headline, body))
    });
    let several = || nothing::several(&outline, &names);
    let Some((headline, body)) = found.filter(|_| !several()) else {
        let nothing = if several() { nothing::SEVERAL } else { nothing::judge(&outline) };
        return Extract { nothing: Some(nothing), ..Extract::default() };
    };
    claims.beside(&outline, &headline, &body);
    write(&outline, headline, body, claims)
}

/// The article that stands in the page; `None` where there is none.
fn article(
    outline: &Outline,
    names: &Names,
    claims: &mut Claims,
    counts_hidden: bool,
) -> Option<(Headline, Body)> {
    let mut scene = Scene::new(outline, counts_hidden);
    let headline = headline::find(&scene, names);
    scene.weigh(headline.index);
    let post = thread::first_post(&scene, headline.index);
    let holder = post.or_else(|| scene.holder(headline.index))?;
    let mut body = body::read(&scene, holder, &headline, names, claims);
    let mut headline = headline;
    if headline.index.is_none()
        && let Some((first, _)) = body.place
        && let Some(found) = headline::above(&scene, names, first, &body.sample())
    {
        // The page is not named for its article; now that the text is known, its heading is too.
        scene.weigh(found.index);
        body = body::read(&scene, holder, &found, names, claims);
        headline = found;
    }
    body.is_post = post.is_some();
    is_article(outline, &headline, names, &body).then_some((headline, body))
}

/// The article that the page gives to machines alone, as schema.org's `articleBody`.
fn told(outline: &Outline, names: &Names, claims: &Claims) -> Option<(Headline, Body)> {
    given(outline, names, data::lines(&claims.text))
}

/// The article of a text that the page does not show, where it is long enough to be one.
fn given(outline: &Outline, names: &Names, text: Vec<String>) -> Option<(Headline, Body)> {
    if text.iter().map(|line| line.chars().count()).sum::<usize>() < TOLD_MIN {
        return None;
    }
    let scene = Scene::new(outline, true);
    let headline = headline::find(&scene, names);
    let text = text.into_iter().filter(|line| !wording::is_note(line) && !wording::is_rights(line));
    let paragraphs = text.map(|text| Paragraph { text, is_subhead: false }).collect();
    Some((headline, Body { paragraphs, ..Body::default() }))
}

/// Characters from which a text for machines is an article.
const TOLD_MIN: usize = 80;
/// Characters below which a text is an article only under a headline that the page is named for.
const SHORT: usize = 200;
/// The least characters of an article.
const LEAST: usize = 20;

/// Whether what was found is an article, and not the one sentence of a list or a form.
fn is_article(outline: &Outline, headline: &Headline, names: &Names, body: &Body) -> bool {
    let chars = body.chars();
    let agrees = headline.index.is_some()
        && names.agreement(&headline.text) >= 1.5
        && headline::bare(&headline.text).chars().count() >= 4
        && !nothing::is_gone(&headline.text);
    let sentences = body
        .paragraphs
        .iter()
        .filter(|one| one.text.ends_with(['。', '！', '？', '”', '…']))
        .count();
    if chars < LEAST || sentences == 0 && chars < SHORT && !agrees {
        return false;
    }
    let links = nothing::headlines(outline);
    let link_chars: usize = links.iter().map(|link| link.title.chars().count()).sum();
    let kind = nothing::judge(outline).kind;
    let poor = chars < SHORT && matches!(kind, crate::PageKind::Missing | crate::PageKind::Login);
    let lists = links.len() >= LIST_LINKS && chars < 2 * link_chars && !runs(body);
    agrees || !poor && !lists && !is_blurbs(outline, body)
}

/// Whether a body is running text of some length, however many links stand around it.
fn runs(body: &Body) -> bool {
    let whole = |one: &&Paragraph| {
        one.text.chars().count() >= 40 && one.text.ends_with(['。', '！', '？', '”', '」', '…'])
    };
    let running: Vec<&Paragraph> = body.paragraphs.iter().filter(whole).collect();
    let chars: usize = running.iter().map(|one| one.text.chars().count()).sum();
    running.len() >= 4 && chars >= 2 * SHORT && chars * 2 >= body.chars()
}

/// Whether headlines that are links stand between the paragraphs: a list with a blurb for each.
fn is_blurbs(outline: &Outline, body: &Body) -> bool {
    let Some((first, last)) = body.place else { return false };
    let between = outline.pieces.get(first..=last).unwrap_or_default();
    let headlines = between.iter().filter(|piece| piece.is_link() && piece.chars >= 6).count();
    // Each blurb may have a day of its own.
    let texts = body.paragraphs.iter().filter(|one| !wording::is_bare_day(&one.text)).count();
    headlines >= 4 && headlines * 5 >= texts * 3
}

/// Links from which a page without a headline may be a list.
const LIST_LINKS: usize = 8;

fn write(outline: &Outline, headline: Headline, body: Body, claims: Claims) -> Extract {
    let first = |list: Vec<&String>| list.first().map(|one| (*one).clone()).unwrap_or_default();
    let authors = claims.people_of(outline);
    let Body { paragraphs, captions, place: _, is_post } = body;
    let (kicker, mut subtitle) = around(outline, &headline, &claims, &paragraphs);
    let mut title = headline.text;
    if subtitle.is_empty()
        && let Some((head, rest)) = headline::parted(&title)
    {
        (title, subtitle) = (head.to_owned(), rest.to_owned());
    }
    Extract {
        title,
        kicker,
        subtitle,
        paragraphs: paragraphs.into_iter().map(|one| (one.text, one.is_subhead)).collect(),
        captions,
        source: first(claims.sources.ranked()),
        published: claims.published().map(moment::Moment::at),
        authors,
        url: first(claims.url.ranked()),
        page: claims.page,
        page_name: claims.page_name,
        is_post,
        nothing: None,
    }
}

/// The lines above and below the headline: what the page calls so, else headings beside it that
/// speak of what the text speaks of; names of sections and accounts do not.
fn around(
    outline: &Outline,
    headline: &Headline,
    claims: &Claims,
    text: &[Paragraph],
) -> (String, String) {
    let (mut kicker, mut subtitle) = (claims.kicker.clone(), claims.subtitle.clone());
    let Some(index) = headline.index else { return (kicker, subtitle) };
    let heading = |at: usize| {
        let piece = outline.pieces.get(at)?;
        let role = outline
            .elements
            .get(piece.element)
            .map_or(piece.roles, |one| one.roles.with(piece.roles));
        let small = outline.is_epaper
            && piece.chars <= 40
            && !piece.is_link()
            && !wording::tells(&piece.text);
        let words = piece.text.chars().any(char::is_alphabetic);
        let is = words
            && (piece.heading > 0 || small || role.has(Roles::HEADINGS))
            && piece.chars >= 2
            && !piece.is_hidden;
        let says = outline.is_epaper || role.has(Roles::AROUND) || speaks_of(&piece.text, text);
        (is && says
            && !piece.is_link()
            && !wording::tells(&piece.text)
            && !wording::is_note(&piece.text))
        .then_some(piece)
    };
    if kicker.is_empty()
        && let Some(piece) = index.checked_sub(1).and_then(heading)
        && (outline.is_epaper || is_near(outline, piece, index))
    {
        kicker.clone_from(&piece.text);
    }
    if subtitle.is_empty()
        && let Some(piece) = heading(index + headline.count)
        && (outline.is_epaper || piece.heading > 0 || piece.roles.has(Roles::SUBTITLE))
    {
        subtitle.clone_from(&piece.text);
    }
    (kicker, subtitle)
}

/// Whether a line beside the headline shares half its pairs of characters with the text, or is set
/// off by a dash.
fn speaks_of(line: &str, text: &[Paragraph]) -> bool {
    let own: Vec<(char, char)> = bigrams(headline::bare(line).chars()).collect();
    let body = text.iter().take(60).flat_map(|one| one.text.chars());
    let pairs: HashSet<(char, char)> =
        bigrams(body.filter(|c| c.is_alphanumeric()).take(6_000)).collect();
    let shared = own.iter().filter(|pair| pairs.contains(pair)).count();
    line.starts_with(['—', '-']) || own.len() >= 3 && shared * 2 >= own.len()
}

/// Whether a heading stands in one element with the headline, or is named for its place: headings
/// elsewhere are those of a section or of the way to it.
fn is_near(outline: &Outline, piece: &Piece, headline: usize) -> bool {
    let of = |element: usize| outline.elements.get(element).map(|one| (one.parent, one.roles));
    let line = outline.pieces.get(headline).and_then(|line| of(line.element));
    let own = of(piece.element);
    let named =
        own.is_some_and(|(_, roles)| roles.has(Roles::KICKER)) || piece.roles.has(Roles::KICKER);
    let path = piece.text.starts_with(['首', '当', '您']) || piece.text.contains(['>', '»', '＞']);
    named || !path && own.map(|(parent, _)| parent) == line.map(|(parent, _)| parent)
}

impl Claims {
    /// Reads what stands beside headline and text, and the address.
    fn beside(&mut self, outline: &Outline, headline: &Headline, body: &Body) {
        self.signed(body);
        self.printed_page(outline);
        let (first, last) = body.place.unwrap_or_default();
        let line = headline.index.unwrap_or(first);
        let head = line.saturating_sub(NEAR)..first.max(line + 1) + 1;
        self.named(outline, &head);
        let piece = |at: usize| outline.pieces.get(at).filter(|piece| !piece.is_link());
        for piece in (line + headline.count..first.min(line + 4 * NEAR)).filter_map(piece) {
            self.line(Trust::Beside, &piece.text);
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
        let labelled = outline.pieces.iter().filter(|piece| wording::labels_day(&piece.text));
        for piece in labelled.take(LABELLED_MAX) {
            self.moment_of(Trust::AtEnd, &piece.text);
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
        let found = match printed.as_slice() {
            [] => named.take(1).next().filter(|_| outline.is_epaper),
            // Two pages are a list of pages.
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(first.clone()),
            [_, ..] => None,
        };
        self.page = found.unwrap_or_default();
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

#[cfg(test)]
mod tests;
