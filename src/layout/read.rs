//! A file's bytes → its pages, or why there are none.

use std::borrow::Cow;

use crate::alto;
use crate::bbox;
use crate::format::Format;
use crate::hocr;
use crate::mineru;
use crate::model::Sheet;
use crate::paddle;
use crate::page_xml;
use crate::pdf;

/// Lines that one page may have; a newspaper's has under two thousand.
const LINES_MAX: usize = 250_000;

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is none of the formats.
    Unknown,
    /// It is not what its format has to be.
    Malformed(String),
    /// It is locked with a password.
    Encrypted,
    /// It holds pictures of pages and no text.
    NoTextLayer,
    /// It has text, in fonts that do not say which characters their glyphs are.
    NoCharacters,
    /// It holds no line of text.
    Empty,
    /// It holds more lines than a page of print.
    TooManyLines(usize),
    /// It holds more pages than are read.
    TooManyPages(usize),
    /// There is no page of that index; it has so many.
    NoSuchPage(usize),
}

impl Refused {
    /// Says in a sentence why nothing was read.
    #[must_use]
    pub fn reason(&self) -> Cow<'static, str> {
        match self {
            Refused::Unknown => {
                "the file is none of ALTO, hOCR, PAGE XML, PaddleOCR, MinerU, pdftotext -bbox-layout and PDF".into()
            }
            Refused::Malformed(what) => format!("the file cannot be read: {what}").into(),
            Refused::Encrypted => "the PDF is locked with a password".into(),
            Refused::NoTextLayer => {
                "the PDF holds images and no text: recognise its characters (OCR) first".into()
            }
            Refused::NoCharacters => {
                "the PDF's fonts do not say which characters their glyphs are: recognise its characters (OCR)".into()
            }
            Refused::Empty => "the file holds no line of text with a place".into(),
            Refused::TooManyLines(count) => {
                format!("a page has {count} lines, over the limit of {LINES_MAX}").into()
            }
            Refused::TooManyPages(count) => {
                format!("the file has {count} pages, over the limit of {PAGES_MAX}").into()
            }
            Refused::NoSuchPage(count) => format!("the file has {count} pages").into(),
        }
    }
}

/// Pages that one file may have.
pub(crate) const PAGES_MAX: usize = 1_000;

/// Reads the page of index `page`; returns it with the number of pages in the file.
///
/// # Errors
/// [`Refused`], by what is wrong with the file.
pub fn open(bytes: &[u8], format: Option<Format>, page: usize) -> Result<(Sheet, usize), Refused> {
    let format = format.or_else(|| Format::detect(bytes)).ok_or(Refused::Unknown)?;
    let mut sheets = match format {
        Format::Pdf => {
            let (sheet, count) = pdf::read(bytes, page)?;
            return checked(sheet).map(|sheet| (sheet, count));
        }
        Format::Paddle | Format::Mineru => {
            let value = serde_json::from_slice(bytes)
                .map_err(|error| Refused::Malformed(error.to_string()))?;
            if format == Format::Paddle { paddle::read(&value) } else { mineru::read(&value) }
        }
        Format::Alto | Format::Hocr | Format::PageXml | Format::Bbox => {
            let text = String::from_utf8_lossy(bytes);
            match format {
                Format::Alto => alto::read(&text),
                Format::Hocr => hocr::read(&text),
                Format::PageXml => page_xml::read(&text),
                _ => bbox::read(&text),
            }
        }
    };
    let count = sheets.len();
    if count == 0 {
        return Err(Refused::Empty);
    }
    if page >= count {
        return Err(Refused::NoSuchPage(count));
    }
    let sheet = sheets.swap_remove(page);
    checked(sheet).map(|sheet| (sheet, count))
}

fn checked(sheet: Sheet) -> Result<Sheet, Refused> {
    let lines = sheet.lines.len();
    if lines > LINES_MAX {
        return Err(Refused::TooManyLines(lines));
    }
    let said = sheet.lines.iter().any(|line| line.text.chars().any(char::is_alphanumeric));
    if said { Ok(sheet) } else { Err(Refused::Empty) }
}
