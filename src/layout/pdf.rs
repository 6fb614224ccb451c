//! PDF with a text layer: the characters of a page with their places, its pictures and its rules.
//!
//! `hayro-syntax` reads the objects and streams; what the operators of text and paths mean is read
//! here (`content`), with the fonts' characters (`font`, `cmap`), and put into lines (`glyphs`).

mod cmap;
mod content;
mod font;
mod glyphs;

use hayro_syntax::DecryptionError;
use hayro_syntax::LoadPdfError;
use hayro_syntax::Pdf;

use crate::model::Sheet;
use crate::model::Unit;
use crate::read::PAGES_MAX;
use crate::read::Refused;

use content::Reader;

/// Reads the page of index `page`; returns it with the number of pages.
pub(crate) fn read(bytes: &[u8], page: usize) -> Result<(Sheet, usize), Refused> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Refused::Encrypted,
        LoadPdfError::Decryption(_) => Refused::Encrypted,
        LoadPdfError::Invalid => Refused::Malformed("it is no PDF, or a broken one".to_owned()),
    })?;
    let pages = pdf.pages();
    let count = pages.len();
    if count == 0 {
        return Err(Refused::Empty);
    }
    if count > PAGES_MAX {
        return Err(Refused::TooManyPages(count));
    }
    let found = pages.get(page).ok_or(Refused::NoSuchPage(count))?;
    let (width, height) = found.render_dimensions();
    let mut reader = Reader::new(found);
    reader.page(found);
    let Reader { glyphs, pictures, rules, mute, notes, .. } = reader;
    let heard = glyphs.len();
    if heard == 0 {
        return Err(if mute > 0 { Refused::NoCharacters } else { Refused::NoTextLayer });
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
    Ok((sheet, count))
}
