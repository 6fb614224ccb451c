//! Web pages → the text of their article: an e-paper's article page, a news site's page.
//!
//! Five steps, each in a file of its own:
//!
//! 1. `tree`: markup → pieces of text in order and the elements around them.
//! 2. `claims`, `data`, `moment`: what the page says of itself, with one order of trust.
//! 3. `headline`: which piece is the headline.
//! 4. `holder`: which element holds the text; `words` reads class names as evidence; of a forum's
//!    thread the first post does (`thread`).
//! 5. `body`, `wording`: which pieces in it are text; `sound` says whether that is an article, `nothing`
//!    what a page without one is. `stored` reads what a page stores for its scripts, `about` and
//!    `office` what stands beside the article.
//!
//! What is found goes to `web`, which writes it as an article with spans into the extracted text. It
//! is pure and takes time in proportion to the page; scripts are not run.

mod about;
mod body;
mod claims;
pub(crate) mod credit;
mod data;
mod headline;
mod holder;
mod moment;
mod nothing;
mod office;
mod sound;
mod stored;
mod thread;
mod tree;
mod wording;
mod words;

use jiff::civil::DateTime;

use crate::NoArticle;
use crate::PageLink;
use body::Body;
use body::Paragraph;
use claims::Claims;
use headline::Headline;
use headline::Names;
use holder::Scene;
use tree::Outline;
use tree::Piece;
use wenmai_domain::article::Contributor;
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
        stored.tell(&mut claims, &mut headline, &body);
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
    if is_doubtful(&headline, &body)
        && let Some(found) = headline::above(&scene, names, &body)
        && (headline.index.is_some() || names_less(&headline.text, &found.text, &body))
    {
        // The page is not named for its article; now that the text is known, its heading is too.
        scene.weigh(found.index);
        body = body::read(&scene, holder, &found, names, claims);
        headline = found;
    }
    body.is_post = post.is_some();
    sound::is_article(outline, &headline, names, &body).then_some((headline, body))
}

/// Whether a headline may be the name of the site, of which the text says nothing.
fn is_doubtful(headline: &Headline, body: &Body) -> bool {
    let site = || headline::is_site(Some(&headline.text));
    headline.index.is_none() || site() && body::shared(&headline.text, &body.paragraphs) < OWN_SHARE
}

/// Whether a name of the page, which stands nowhere in it, shares less with the text than a line does,
/// or too little to be its headline.
fn names_less(name: &str, line: &str, body: &Body) -> bool {
    let share = |text: &str| body::shared(text, &body.paragraphs);
    share(name) < 0.5 || share(name) <= share(line)
}

/// The share of a headline's pairs of characters that its text has at least.
const OWN_SHARE: f64 = 0.3;

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
fn write(outline: &Outline, headline: Headline, body: Body, claims: Claims) -> Extract {
    let first = |list: Vec<&String>| list.first().map(|one| (*one).clone()).unwrap_or_default();
    let authors = claims.people_of(outline);
    let Body { mut paragraphs, captions, place: _, is_post } = body;
    let (kicker, mut subtitle) = around(outline, &headline, &claims, &paragraphs);
    if paragraphs.first().is_some_and(|first| first.is_subhead && first.text == subtitle) {
        paragraphs.remove(0);
    }
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
        let again = headline::bare(&headline.text).contains(&headline::bare(&piece.text));
        (is && says
            && !again
            && !piece.is_link()
            && !wording::tells(&piece.text)
            && !wording::is_note(&piece.text))
        .then_some((piece, role))
    };
    if kicker.is_empty()
        && let Some((piece, _)) = index.checked_sub(1).and_then(heading)
        && (outline.is_epaper || is_near(outline, piece, index))
    {
        kicker.clone_from(&piece.text);
    }
    if subtitle.is_empty()
        && let Some((piece, role)) = heading(index + headline.count)
        && (outline.is_epaper || piece.heading > 0 || role.has(Roles::SUBTITLE))
    {
        subtitle.clone_from(&piece.text);
    }
    (kicker, subtitle)
}

/// Whether a line beside the headline says something of its own: it is no name of a section, a site or
/// an account, or shares half its pairs of characters with the text.
fn speaks_of(line: &str, text: &[Paragraph]) -> bool {
    const NAMES: [&str; 15] = [
        "版",
        "号",
        "栏目",
        "专栏",
        "要闻",
        "导读",
        "推荐",
        "频道",
        "专题",
        "文章",
        "日报",
        "晚报",
        "网",
        "电视台",
        "通讯社",
    ];
    let is_name = headline::bare(line).chars().count() < LINE_LETTERS
        || NAMES.iter().any(|end| line.ends_with(end));
    line.starts_with(['—', '-']) || !is_name || body::shared(line, text) >= 0.5
}

/// Letters from which a line says more than a name.
const LINE_LETTERS: usize = 6;

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

#[cfg(test)]
mod tests;
