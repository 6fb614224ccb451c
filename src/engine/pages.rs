//! Pages as they are given, read into articles: text of any kind, and files whose lines have places.

use crate::Engine;
use crate::Error;
use crate::PAGES_MAX;
use crate::input;
use wenmai_layout as layout;
use wenmai_layout::Layout;
use wenmai_page as page;
use wenmai_page::Issue;
use wenmai_page::Page;

/// A page as it was given.
#[derive(Debug, Clone)]
pub enum PageGiven {
    /// Plain text, Markdown or HTML.
    Text(String),
    /// A file whose lines have places.
    File(PageFile),
}

/// A page as a file whose lines have places.
#[derive(Debug, Clone, Default)]
pub struct PageFile {
    /// The file.
    pub data: Vec<u8>,
    /// Its format's name or media type; empty where the content tells.
    pub format: String,
    /// Which page of a file of several, from 0.
    pub page_index: usize,
    /// Whether a drawing of the page is wanted.
    pub draw: bool,
}

/// A page that was read.
#[derive(Debug, Clone)]
pub struct ReadPage {
    /// What stands on it.
    pub page: Page,
    /// Where it stands, if the page came as a file.
    pub layout: Option<ReadLayout>,
}

/// Where the parts of a page stand. The layout's own page is empty: it is in [`ReadPage::page`].
#[derive(Debug, Clone)]
pub struct ReadLayout {
    /// The places.
    pub layout: Layout,
    /// How many pages the file has.
    pub page_count: usize,
    /// Whether a drawing is wanted.
    pub draw: bool,
}

impl Engine {
    /// Reads a page into articles, teasers and staff boxes; stores nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text without a letter, [`Error::TextTooLong`].
    pub fn parse_page(&self, text: &str, issue: &Issue) -> Result<Page, Error> {
        let decoded = input::decode("text", text.as_bytes())?;
        if !decoded.text.chars().any(char::is_alphanumeric) {
            return Err(Error::invalid("text", "the page holds no text"));
        }
        // Spans count from the start of `text`, so the text itself is parsed, mark included.
        Ok(page::parse(text, issue))
    }

    /// Reads a page out of a file whose lines have places; stores nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `file`, for what cannot be read and why.
    pub fn parse_file(&self, file: &PageFile, issue: &Issue) -> Result<ReadPage, Error> {
        let PageFile { data, format, page_index, draw } = file;
        let named = (!format.is_empty()).then(|| layout::Format::from_name(format));
        if named == Some(None) {
            return Err(Error::invalid("file.format", format!("{format} is no known format")));
        }
        let (sheet, page_count) = layout::open(data, named.flatten(), *page_index)
            .map_err(|refused| Error::invalid("file.data", refused.reason()))?;
        let mut layout = layout::analyse(&sheet, issue);
        let page = std::mem::take(&mut layout.page);
        Ok(ReadPage { page, layout: Some(ReadLayout { layout, page_count, draw: *draw }) })
    }

    /// Reads a page, whichever way it came; stores nothing.
    ///
    /// # Errors
    /// As [`Engine::parse_page`] and [`Engine::parse_file`].
    pub fn read_page(&self, given: &PageGiven, issue: &Issue) -> Result<ReadPage, Error> {
        match given {
            PageGiven::Text(text) => {
                self.parse_page(text, issue).map(|page| ReadPage { page, layout: None })
            }
            PageGiven::File(file) => self.parse_file(file, issue),
        }
    }

    /// Reads the pages of one issue, and joins what goes on on another page; stores nothing. Each
    /// page has its entry in `issues`.
    ///
    /// # Errors
    /// As [`Engine::read_page`], naming `pages[i]`; [`Error::BatchTooLarge`] over [`PAGES_MAX`].
    pub fn parse_issue(
        &self,
        given: &[PageGiven],
        issues: &[Issue],
    ) -> Result<Vec<ReadPage>, Error> {
        if given.len() > PAGES_MAX {
            return Err(Error::BatchTooLarge { limit: PAGES_MAX, given: given.len() });
        }
        let mut pages = Vec::with_capacity(given.len());
        let mut layouts = Vec::with_capacity(given.len());
        for (at, (given, issue)) in given.iter().zip(issues).enumerate() {
            let read = self.read_page(given, issue).map_err(|error| of_page(at, error))?;
            pages.push(read.page);
            layouts.push(read.layout);
        }
        page::join(&mut pages);
        let both = pages.into_iter().zip(layouts);
        Ok(both.map(|(page, layout)| ReadPage { page, layout }).collect())
    }
}

/// The same failure with its field under the page `at`.
fn of_page(at: usize, error: Error) -> Error {
    error.under(|field| format!("pages[{at}].{field}"))
}
