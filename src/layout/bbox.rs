//! What `pdftotext -bbox-layout` writes: words with their boxes in lines and blocks.

use crate::alto::is_vertical;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::Unit;
use crate::model::hull;
use crate::print;
use crate::print::Word;
use crate::xml;
use crate::xml::Element;
use crate::xml::Pages;

#[derive(Default)]
struct Reader {
    sheets: Vec<Sheet>,
    words: Vec<Word>,
    in_word: bool,
}

/// Reads the pages of the file.
pub(crate) fn read(text: &str) -> Vec<Sheet> {
    xml::pages(text, "XML", Reader::default())
}

fn rect(element: &Element) -> Option<Rect> {
    let edge = |name| element.number(name);
    Some(Rect {
        left: edge("xMin")?,
        top: edge("yMin")?,
        right: edge("xMax")?,
        bottom: edge("yMax")?,
    })
}

impl Pages for Reader {
    fn open(&mut self, element: &Element) {
        match element.name.as_str() {
            "page" => self.sheets.push(Sheet {
                width: element.number("width").unwrap_or_default(),
                height: element.number("height").unwrap_or_default(),
                unit: Unit::Point,
                ..Sheet::default()
            }),
            "line" => self.words.clear(),
            "word" => {
                self.in_word = true;
                let rect = rect(element).unwrap_or_default();
                self.words.push(Word { rect, ..Word::default() });
            }
            _ => {}
        }
    }

    fn close(&mut self, element: &Element) {
        match element.name.as_str() {
            "word" => self.in_word = false,
            "line" | "page" => {
                let words = std::mem::take(&mut self.words);
                let text: String = words.iter().map(|word| word.text.as_str()).collect();
                let around = hull(words.iter().map(|word| &word.rect));
                if let Some(sheet) = self.sheets.last_mut() {
                    sheet.lines.extend(print::lines(&words, is_vertical(around, &text)));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, words: &str) {
        if let Some(word) = self.words.last_mut().filter(|_| self.in_word) {
            word.text.push_str(&print::han(words));
        }
    }

    fn sheets(mut self) -> Vec<Sheet> {
        for sheet in &mut self.sheets {
            sheet.lines = print::stand_up(std::mem::take(&mut sheet.lines));
        }
        self.sheets
    }
}
