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
use crate::sheet;

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
    /// A stream of it unpacks to more than a page can hold.
    TooLarge,
    /// It holds more pages than are read.
    TooManyPages(usize),
    /// There is no page of that index; it has so many.
    NoSuchPage(usize),
}

impl Refused {
    /// The reason in a word, for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Refused::Unknown => "UNKNOWN_FORMAT",
            Refused::Malformed(_) => "MALFORMED",
            Refused::Encrypted => "ENCRYPTED",
            Refused::NoTextLayer => "NO_TEXT_LAYER",
            Refused::NoCharacters => "NO_CHARACTERS",
            Refused::Empty => "EMPTY",
            Refused::TooManyLines(_) => "TOO_MANY_LINES",
            Refused::TooLarge => "TOO_LARGE",
            Refused::TooManyPages(_) => "TOO_MANY_PAGES",
            Refused::NoSuchPage(_) => "NO_SUCH_PAGE",
        }
    }

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
            Refused::TooLarge => "a part of the PDF is too large when it is unpacked".into(),
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
    if format == Format::Pdf {
        let pdf = pdf::File::open(bytes)?;
        let sheet = pdf.page(page).ok_or(Refused::NoSuchPage(pdf.count()))??;
        return checked(sheet).map(|sheet| (sheet, pdf.count()));
    }
    let mut sheets = sheets(bytes, format)?;
    let count = sheets.len();
    if page >= count {
        return Err(Refused::NoSuchPage(count));
    }
    checked(sheets.swap_remove(page)).map(|sheet| (sheet, count))
}

/// Reads all pages of a file, each for itself: one that is refused does not keep the others.
///
/// # Errors
/// [`Refused`], where no page of it can be read.
pub fn open_all(bytes: &[u8], format: Format) -> Result<Vec<Result<Sheet, Refused>>, Refused> {
    if format == Format::Pdf {
        let pdf = pdf::File::open(bytes)?;
        let pages = (0..pdf.count()).filter_map(|at| pdf.page(at));
        return Ok(pages.map(|page| page.and_then(checked)).collect());
    }
    Ok(sheets(bytes, format)?.into_iter().map(checked).collect())
}

/// The pages of a file that is no PDF.
fn sheets(bytes: &[u8], format: Format) -> Result<Vec<Sheet>, Refused> {
    let text = || String::from_utf8_lossy(bytes);
    let json = || -> Result<serde_json::Value, Refused> {
        serde_json::from_slice(bytes).map_err(|error| Refused::Malformed(error.to_string()))
    };
    let sheets = match format {
        Format::Alto => alto::read(&text()),
        Format::Hocr => hocr::read(&text()),
        Format::PageXml => page_xml::read(&text()),
        Format::Bbox => bbox::read(&text()),
        Format::Paddle => paddle::read(&json()?),
        Format::Mineru => mineru::read(&json()?),
        Format::Sheet => vec![sheet::read(&json()?).ok_or(Refused::Unknown)?],
        Format::Pdf => Vec::new(),
    };
    match sheets.len() {
        0 => Err(Refused::Empty),
        count if count > PAGES_MAX => Err(Refused::TooManyPages(count)),
        _ => Ok(sheets),
    }
}

fn checked(sheet: Sheet) -> Result<Sheet, Refused> {
    let lines = sheet.lines.len();
    if lines > LINES_MAX {
        return Err(Refused::TooManyLines(lines));
    }
    let said = sheet.lines.iter().any(|line| line.text.chars().any(char::is_alphanumeric));
    if said { Ok(sheet) } else { Err(Refused::Empty) }
}
