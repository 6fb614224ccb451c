//! Page text → structured articles: what a digitised newspaper page says, part by part.
//!
//! [`parse`] reads the page in four steps, each in a file of its own:
//!
//! 1. `line`: physical lines → blocks; hard-wrapped lines are put together, heading marks come off.
//! 2. `observe`, `cue`: named, weighted cues for each block, its neighbours and the page's topics
//!    (`cohesion`), read with `byline`, `names`, `dateline`, `staff`, `teaser` and `seam`.
//! 3. `path`: the best sequence of classes (Viterbi).
//! 4. `assemble`, `draft`, `kind`: classes → articles; broken paragraphs join, teasers are linked.
//!
//! [`join`] puts together what stands on several pages of an issue; `html` finds the article of a web
//! page, which is then read like any other.
//!
//! It promises: nothing is invented (a paragraph is the concatenation of its spans), nothing is
//! lost (every character that is not blank is in one part of one article, in
//! [`Page::unassigned`] or in [`Page::marks`]), no input panics, and time grows linearly with the
//! page. It is pure: no I/O, no clock, no randomness. It does not read page layout, only the order
//! of the text.

mod assemble;
mod byline;
mod cohesion;
mod cue;
mod dateline;
mod draft;
#[cfg(test)]
mod fit;
mod heads;
mod html;
mod issue;
mod kind;
pub mod known;
mod learned;
mod line;
mod markdown;
mod names;
mod observe;
mod opening;
mod path;
mod review;
mod script;
mod seam;
mod staff;
mod teaser;
mod web;
mod wire;
mod wording;

use wenmai_domain::article::Article;
use wenmai_domain::page_code::PageCode;
use wenmai_domain::span::Span;

/// What is known of the page before it is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Issue {
    /// The paper's name; goes into every article.
    pub paper: String,
    /// The issue's date; relative dates are resolved against it.
    pub date: Option<jiff::civil::Date>,
    /// Edition of the issue.
    pub edition: String,
    /// The page, as 3 or A03.
    pub page: Option<PageCode>,
    /// Name of the page.
    pub page_name: String,
    /// What a person decided on doubtful cuts.
    pub decisions: Vec<Decision>,
}

/// A person's decision whether an article begins at a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The line; white space does not count.
    pub line: String,
    /// How many lines of the same words come before it.
    pub nth: usize,
    /// Whether an article begins there; else it belongs to the one above.
    pub cut: bool,
}

/// A cut that may be wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// How it was read; the other reading has the other `cut`.
    pub decision: Decision,
    /// Where its lines stand.
    pub spans: Vec<Span>,
    /// The probability of the reading, by the parser's own model.
    pub confidence: f32,
}

/// A page, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Articles, teasers and staff boxes, in page order.
    pub articles: Vec<Parsed>,
    /// Text that no part took, mastheads and page numbers among it.
    pub unassigned: Vec<Span>,
    /// Markup: heading marks, emphasis, rules.
    pub marks: Vec<Span>,
    /// The text that all spans point into, where that is not the page's own: what stands in HTML.
    pub extracted: Option<String>,
    /// What the page is, where it is a web page that holds no article.
    pub no_article: Option<NoArticle>,
    /// Cuts that may be wrong, in order, with how they were read.
    pub doubts: Vec<Doubt>,
}

/// A web page that holds no article: nothing was taken from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoArticle {
    /// What it is instead.
    pub kind: PageKind,
    /// Where it leads, if it is a list: its links that read like headlines, in order.
    pub links: Vec<PageLink>,
}

/// What a web page is that holds no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// A list of articles: a section, the contents of an issue's page.
    List,
    /// It asks who one is.
    Login,
    /// It says that what was asked for is not there.
    Missing,
    /// Its text comes only when its scripts run.
    Shell,
    /// It holds no text at all.
    Empty,
    /// It holds words and no running text.
    NoText,
    /// It holds several articles of about the same length and is named for none of them.
    Several,
}

impl PageKind {
    /// Says in a sentence what the page is and why nothing was taken.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            PageKind::List => "the page is a list of links and holds no article",
            PageKind::Login => "the page asks for a login and holds no article",
            PageKind::Missing => "the page says that the article is not there",
            PageKind::Shell => {
                "the page holds scripts and no text: its article comes only when they run"
            }
            PageKind::Empty => "the page holds no text",
            PageKind::NoText => "the page holds words but no running text",
            PageKind::Several => {
                "the page holds several articles of the same weight and is named for none"
            }
        }
    }
}

/// A link of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    /// Its words.
    pub title: String,
    /// Where it goes, as the page writes it.
    pub url: String,
}

/// Reads the articles of a page: plain text, Markdown, or HTML.
#[must_use]
pub fn parse(text: &str, issue: &Issue) -> Page {
    if html::is_html(text) {
        web::read(text, issue)
    } else {
        markdown::read(text, issue, parse_text)
    }
}

/// The links of a web page that read like headlines, each address once, in order: what a list of
/// articles leads to. None for a text that is no web page.
#[must_use]
pub fn links(text: &str) -> Vec<PageLink> {
    if html::is_html(text) { html::links(text) } else { Vec::new() }
}

fn parse_text(text: &str, issue: &Issue) -> Page {
    let (blocks, marks) = line::blocks(text);
    let cues = observe::observe(&blocks, issue);
    let mut scores: Vec<path::Scores> = cues.iter().map(|cues| cues.scores()).collect();
    let groups = opening::groups(&blocks, &cues);
    opening::weigh(&groups, &cues, &mut scores);
    review::decide(&issue.decisions, &blocks, &groups, &mut scores);
    let mut classes = path::best(&scores);
    heads::settle(&groups, &blocks, &cues, &mut classes);
    let mut page = assemble::assemble(text, issue, &blocks, &cues, &classes);
    page.marks = marks;
    review::judge(&mut page, &blocks, &groups, &scores, &classes);
    page
}

pub use issue::join;

/// One article of a page, with the place of each part in the page text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The article.
    pub article: Article,
    /// Where its parts stand.
    pub spans: Parts,
    /// Which rules decided, in order, for explanation.
    pub rules_fired: Vec<&'static str>,
    /// Where it goes on, on other pages of the issue; only [`join`] finds that.
    pub continued: Vec<Continued>,
    /// The probability that it begins, goes on and ends where it does, by the parser's own model: that
    /// of the least sure decision; `None` where cuts were not decided, as on web pages.
    pub confidence: Option<f32>,
}

/// The part of an article that stands on another page.
#[derive(Debug, Clone, PartialEq)]
pub struct Continued {
    /// Index of the page among those that were joined.
    pub page: usize,
    /// Where its parts stand there.
    pub spans: Parts,
}

/// Spans of an article's parts in the page text; a part broken by a seam has several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// The kicker.
    pub kicker: Vec<Span>,
    /// The headline.
    pub title: Vec<Span>,
    /// The subtitle.
    pub subtitle: Vec<Span>,
    /// The section name.
    pub section: Vec<Span>,
    /// Byline lines.
    pub byline: Vec<Span>,
    /// The dateline opener that is not part of the body.
    pub dateline: Vec<Span>,
    /// One list per paragraph of the body: what a seam broke has two spans or more.
    pub paragraphs: Vec<Vec<Span>>,
    /// Captions and credits.
    pub captions: Vec<Span>,
    /// Jump and page-pointer lines.
    pub jump: Vec<Span>,
    /// The source note.
    pub source_note: Vec<Span>,
}

impl Parts {
    /// The spans of all parts, in no order that means anything.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        let Self {
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
        } = self;
        [kicker, title, subtitle, section, byline, dateline, captions, jump, source_note]
            .into_iter()
            .chain(paragraphs)
            .flatten()
            .copied()
    }
}

#[cfg(test)]
mod tests;
