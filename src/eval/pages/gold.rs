//! Labelled pages: JSON Lines with `text`, `style` and the `articles` that a reader sees.

use std::io::BufRead;

use jiff::civil::Date;
use serde::Deserialize;

use wenmai_domain::article::Kind;
use wenmai_domain::page_code::PageCode;
use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// A page and what stands on it. Fields that are not listed are passed over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Labelled {
    /// The page, as it is to be parsed.
    pub text: String,
    /// How it was made; figures are grouped by it.
    #[serde(default)]
    pub style: String,
    /// The paper's name.
    #[serde(default)]
    pub paper: String,
    /// The date.
    #[serde(default)]
    pub date: Option<Date>,
    /// The page, as 3 or "A03".
    #[serde(default)]
    pub page: Option<PageCode>,
    /// Its articles, in any order.
    pub articles: Vec<Gold>,
}

/// An article by its labels. A part that is `null` is not there; one that is missing throughout the
/// file is not judged.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Gold {
    /// What kind it is; photos, teasers and staff boxes are told from the rest.
    pub kind: Option<Kind>,
    /// The headline.
    pub title: Option<String>,
    /// The kicker.
    pub kicker: Option<String>,
    /// The subtitle.
    pub subtitle: Option<String>,
    /// The section.
    pub section: Option<String>,
    /// Names on lines of their own or in brackets, not those of the opener.
    pub byline: Option<Vec<String>>,
    /// The date words of the opener, else of the lead (`9月7日`).
    pub dateline: Option<String>,
    /// The place of the opener.
    pub place: Option<String>,
    /// The words under a photo that stands with the article.
    pub caption: Option<String>,
    /// Who took the photo.
    pub credit: Option<String>,
    /// The body as one text; paragraphs may be divided by anything blank.
    pub body: Option<String>,
    /// The body by paragraphs, where known; says which breaks of the page are seams.
    pub paragraphs: Option<Vec<String>>,
}

impl Gold {
    /// The body as one text.
    #[must_use]
    pub fn text(&self) -> String {
        let paragraphs = || self.paragraphs.clone().unwrap_or_default().concat();
        self.body.clone().unwrap_or_else(paragraphs)
    }

    /// Whether it counts as an article: teasers and staff boxes do not.
    #[must_use]
    pub fn is_article(&self) -> bool {
        self.kind.is_none_or(Kind::is_article)
    }
}

/// Reads labelled pages; each bad line is an error with its number, and reading goes on.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Labelled, LineError>)> {
    Lines::new(reader).map(|(number, line)| {
        let page = line.and_then(|line| {
            serde_json::from_str(&line).map_err(|error| LineError::NotAnArticle(error.to_string()))
        });
        (number, page)
    })
}
