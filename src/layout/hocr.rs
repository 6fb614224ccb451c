//! hOCR: pages, lines and words in the attributes of HTML.

use crate::alto::is_vertical;
use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::hull;
use crate::print;
use crate::print::Word;
use crate::xml;
use crate::xml::Element;
use crate::xml::Pages;

#[derive(Default)]
struct Reader {
    sheets: Vec<Sheet>,
    /// The line that is open: its box, size and the depth of its element.
    line: Option<(Option<Rect>, Option<f32>, usize)>,
    /// The depth of the word's element that is open.
    word: Option<usize>,
    words: Vec<Word>,
    /// Text of the line outside words.
    loose: String,
    depth: usize,
    bold: usize,
}

/// Reads the pages of an hOCR file.
pub(crate) fn read(text: &str) -> Vec<Sheet> {
    xml::pages(text, "HTML", Reader::default())
}

/// The numbers behind `name` in an element's title.
fn property(element: &Element, name: &str) -> Vec<f32> {
    let parts = element.get("title").split(';').map(str::trim);
    let found = parts.filter_map(|part| part.strip_prefix(name)).find(|rest| rest.starts_with(' '));
    found
        .map(|rest| rest.split_whitespace().filter_map(|n| n.parse().ok()).collect())
        .unwrap_or_default()
}

fn bbox(element: &Element) -> Option<Rect> {
    match property(element, "bbox").as_slice() {
        [left, top, right, bottom, ..] => {
            Some(Rect { left: *left, top: *top, right: *right, bottom: *bottom })
        }
        _ => None,
    }
}

impl Pages for Reader {
    fn open(&mut self, element: &Element) {
        self.depth += 1;
        if matches!(element.name.as_str(), "strong" | "b") {
            self.bold += 1;
        }
        for class in element.get("class").split_whitespace() {
            match class {
                "ocr_page" => {
                    let page = bbox(element).unwrap_or_default();
                    let (width, height) = (page.right, page.bottom);
                    self.sheets.push(Sheet { width, height, ..Sheet::default() });
                }
                "ocr_line" | "ocrx_line" | "ocr_header" | "ocr_caption" | "ocr_textfloat"
                | "ocr_footer" => {
                    self.end_line();
                    let sizes = ["x_size", "x_fsize"].map(|name| property(element, name));
                    let size = sizes.iter().find_map(|size| size.first().copied());
                    self.line = Some((bbox(element), size, self.depth));
                }
                "ocrx_word" | "ocr_word" => {
                    let size = property(element, "x_fsize").first().copied();
                    self.words.push(Word {
                        rect: bbox(element).unwrap_or_default(),
                        size: size.or_else(|| self.line.and_then(|line| line.1)),
                        confidence: property(element, "x_wconf").first().map(|conf| conf / 100.0),
                        bold: (self.bold > 0).then_some(true),
                        ..Word::default()
                    });
                    self.word = Some(self.depth);
                }
                "ocr_photo" | "ocr_image" | "ocr_linedrawing" => self.shape(element, false),
                "ocr_separator" => self.shape(element, true),
                _ => {}
            }
        }
    }

    fn text(&mut self, words: &str) {
        if self.word.is_some() {
            if let Some(word) = self.words.last_mut() {
                word.text.push_str(words.trim());
                word.bold = word.bold.or((self.bold > 0).then_some(true));
            }
        } else if self.line.is_some() {
            self.loose.push_str(words);
        }
    }

    fn close(&mut self, element: &Element) {
        if matches!(element.name.as_str(), "strong" | "b") {
            self.bold = self.bold.saturating_sub(1);
        }
        if self.word == Some(self.depth) {
            self.word = None;
        }
        if self.line.is_some_and(|(_, _, depth)| depth == self.depth) {
            self.end_line();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn sheets(self) -> Vec<Sheet> {
        self.sheets
    }
}

impl Reader {
    fn shape(&mut self, element: &Element, drawn: bool) {
        if let (Some(rect), Some(sheet)) = (bbox(element), self.sheets.last_mut()) {
            if drawn { sheet.rules.push(rect) } else { sheet.pictures.push(rect) }
        }
    }

    fn end_line(&mut self) {
        let (words, loose) = (std::mem::take(&mut self.words), std::mem::take(&mut self.loose));
        let Some((rect, size, _)) = self.line.take() else { return };
        let Some(sheet) = self.sheets.last_mut() else { return };
        let said: String = words.iter().map(|word| word.text.as_str()).collect();
        if words.is_empty() || words.iter().any(|word| !word.rect.is_sound()) {
            let text = if words.is_empty() { loose.trim().to_owned() } else { said };
            if let (Some(rect), false) = (rect, text.is_empty()) {
                let vertical = is_vertical(rect, &text);
                sheet.lines.push(Line { rect, text, size, vertical, ..Line::default() });
            }
            return;
        }
        let around = hull(words.iter().map(|word| &word.rect));
        sheet.lines.extend(print::lines(&words, is_vertical(around, &said)));
    }
}
