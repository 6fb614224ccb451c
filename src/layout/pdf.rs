//! PDF with a text layer: the characters of a page with their places, its pictures and its rules.
//!
//! `hayro-syntax` reads the objects and streams; what the operators of text and paths mean is read
//! here (`content`), with the fonts' characters (`font`, `cmap`), and put into lines (`glyphs`).

mod bomb;
mod cmap;
mod content;
mod font;
mod glyphs;

use hayro_syntax::LoadPdfError;
use hayro_syntax::Pdf;
use hayro_syntax::page::Page;

use crate::model::Sheet;
use crate::model::Unit;
use crate::read::PAGES_MAX;
use crate::read::Refused;

use content::Reader;

/// A PDF whose objects were read.
pub(crate) struct File {
    pdf: Pdf,
}

impl File {
    /// Reads the file's objects.
    pub fn open(bytes: &[u8]) -> Result<Self, Refused> {
        if bomb::is_bomb(bytes) {
            return Err(Refused::TooLarge);
        }
        let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
            LoadPdfError::Decryption(_) => Refused::Encrypted,
            LoadPdfError::Invalid => Refused::Malformed("it is no PDF, or a broken one".to_owned()),
        })?;
        match pdf.pages().len() {
            0 => Err(Refused::Empty),
            count if count > PAGES_MAX => Err(Refused::TooManyPages(count)),
            _ => Ok(Self { pdf }),
        }
    }

    /// How many pages it has.
    pub fn count(&self) -> usize {
        self.pdf.pages().len()
    }

    /// One page; `None` where there is none of that index.
    pub fn page(&self, page: usize) -> Option<Result<Sheet, Refused>> {
        self.pdf.pages().get(page).map(read)
    }
}

fn read(page: &Page<'_>) -> Result<Sheet, Refused> {
    let (width, height) = page.render_dimensions();
    let mut reader = Reader::new(page);
    reader.page(page);
    let Reader { glyphs, pictures, rules, mute, notes, .. } = reader;
    let heard = glyphs.len();
    if heard == 0 && mute == 0 {
        let pictured = !pictures.is_empty();
        return Err(if pictured { Refused::NoTextLayer } else { Refused::Empty });
    }
    if mute > heard {
        return Err(Refused::NoCharacters);
    }
    let mut sheet = Sheet { width, height, unit: Unit::Point, notes, ..Sheet::default() };
    if mute > 0 {
        sheet.notes.push(format!("{mute} glyphs say no character and are left out"));
    }
    sheet.lines = glyphs::lines(glyphs);
    sheet.pictures = pictures;
    sheet.rules = rules;
    Ok(sheet)
}
