//! Reads labelled pages: JSON Lines with `text`, `style` and the `articles` that a reader sees.

use std::io::BufRead;

use jiff::civil::Date;
use serde::Deserialize;

use wenmai_domain::article::Kind;
use wenmai_domain::page_code::PageCode;
use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// A page with the articles on it. Other fields are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Labelled {
    /// The text of the page, as it is parsed.
    pub text: String,
    /// How the page was made; figures are grouped by it.
    #[serde(default)]
    pub style: String,
    /// The name of the paper.
    #[serde(default)]
    pub paper: String,
    /// The date of the issue.
    #[serde(default)]
    pub date: Option<Date>,
    /// The page, as 3 or "A03".
    #[serde(default)]
    pub page: Option<PageCode>,
    /// Its articles, in any order.
    pub articles: Vec<Gold>,
}

/// A labelled article. A part that is `null` does not exist; a part that is missing in the whole
/// file is not judged.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Gold {
    /// The kind of the article, by which photos, teasers and staff boxes are told from the others.
    pub kind: Option<Kind>,
    pub title: Option<String>,
    pub kicker: Option<String>,
    pub subtitle: Option<String>,
    pub section: Option<String>,
    /// The names on lines of their own or in brackets, without those of the opener.
    pub byline: Option<Vec<String>>,
    /// The date in the words of the opener, or else of the lead (`9月7日`).
    pub dateline: Option<String>,
    /// The place in the opener.
    pub place: Option<String>,
    /// The text under a photo that belongs to the article.
    pub caption: Option<String>,
    /// Who took the photo.
    pub credit: Option<String>,
    /// The body as one text; paragraphs may be separated by any white space.
    pub body: Option<String>,
    /// The body by paragraphs, if they are known; they say which breaks of the page are inside one.
    pub paragraphs: Option<Vec<String>>,
}

impl Gold {
    /// The body as one text, from `body` or else from `paragraphs`.
    #[must_use]
    pub fn text(&self) -> String {
        let paragraphs = || self.paragraphs.clone().unwrap_or_default().concat();
        self.body.clone().unwrap_or_else(paragraphs)
    }

    /// Whether it counts as an article; teasers and staff boxes do not.
    #[must_use]
    pub fn is_article(&self) -> bool {
        self.kind.is_none_or(Kind::is_article)
    }
}

/// Reads labelled pages with the numbers of their lines. A bad line gives an error, and reading
/// goes on.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Labelled, LineError>)> {
    Lines::new(reader).map(|(number, line)| {
        let page = line.and_then(|line| {
            serde_json::from_str(&line).map_err(|error| LineError::NotAnArticle(error.to_string()))
        });
        (number, page)
    })
}
