//! ALTO 2 to 4: blocks, lines and strings of a digitised page.

use std::collections::HashMap;

use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::Unit;
use crate::print;
use crate::print::Word;
use crate::xml;
use crate::xml::Element;
use crate::xml::Pages;

/// Size and weight of a `TextStyle`.
#[derive(Debug, Clone, Copy)]
struct Style {
    size: Option<f32>,
    bold: bool,
}

#[derive(Default)]
struct Reader {
    unit: Unit,
    in_unit: bool,
    styles: HashMap<String, Style>,
    sheets: Vec<Sheet>,
    /// Styles of the page, blocks, line and strings that are open, innermost last.
    open: Vec<(String, Option<Style>)>,
    line: Option<Rect>,
    words: Vec<Word>,
}

/// Reads the pages of an ALTO file.
pub(crate) fn read(text: &str) -> Vec<Sheet> {
    xml::pages(text, "XML", Reader::default())
}

fn unit(words: &str) -> Unit {
    match words.trim() {
        "mm10" => Unit::TenthMillimetre,
        "inch1200" => Unit::Inch1200,
        _ => Unit::Pixel,
    }
}

/// The box that an element's HPOS, VPOS, WIDTH and HEIGHT give.
fn rect(element: &Element) -> Option<Rect> {
    let (x, y) = (element.number("HPOS")?, element.number("VPOS")?);
    let (width, height) = (element.number("WIDTH")?, element.number("HEIGHT")?);
    Some(Rect { left: x, top: y, right: x + width, bottom: y + height })
}

impl Pages for Reader {
    fn open(&mut self, element: &Element) {
        let mut refs = element.get("STYLEREFS").split_whitespace();
        let style = refs.find_map(|id| self.styles.get(id)).copied();
        match element.name.as_str() {
            "MeasurementUnit" => self.in_unit = true,
            "TextStyle" => {
                let bold = element.get("FONTSTYLE").contains("bold");
                let style = Style { size: element.number("FONTSIZE"), bold };
                self.styles.insert(element.get("ID").to_owned(), style);
            }
            "Page" => self.sheets.push(Sheet {
                width: element.number("WIDTH").unwrap_or_default(),
                height: element.number("HEIGHT").unwrap_or_default(),
                unit: self.unit,
                ..Sheet::default()
            }),
            "TextLine" => {
                self.line = rect(element);
                self.words.clear();
            }
            "Illustration" => self.shape(element, false),
            "GraphicalElement" => self.shape(element, true),
            "ComposedBlock" if element.get("TYPE").to_lowercase().contains("illustration") => {
                self.shape(element, false);
            }
            "String" => self.word(element, style),
            _ => {}
        }
        if matches!(element.name.as_str(), "Page" | "TextBlock" | "TextLine") {
            self.open.push((element.name.clone(), style));
        }
    }

    fn close(&mut self, element: &Element) {
        match element.name.as_str() {
            "MeasurementUnit" => self.in_unit = false,
            "TextLine" => self.end_line(),
            _ => {}
        }
        if self.open.last().is_some_and(|(name, _)| *name == element.name) {
            self.open.pop();
        }
    }

    fn text(&mut self, words: &str) {
        if self.in_unit {
            self.unit = unit(words);
        }
    }

    fn sheets(self) -> Vec<Sheet> {
        self.sheets
    }
}

impl Reader {
    fn shape(&mut self, element: &Element, drawn: bool) {
        if let (Some(rect), Some(sheet)) = (rect(element), self.sheets.last_mut()) {
            if drawn { sheet.rules.push(rect) } else { sheet.pictures.push(rect) }
        }
    }

    fn word(&mut self, element: &Element, style: Option<Style>) {
        let outer = || self.open.iter().rev().find_map(|(_, style)| *style);
        let style = style.or_else(outer);
        let own = element.get("STYLE");
        let bold = style.map(|style| style.bold || own.contains("bold"));
        self.words.push(Word {
            rect: rect(element).unwrap_or_default(),
            text: element.get("CONTENT").to_owned(),
            size: style.and_then(|style| style.size),
            bold: bold.or_else(|| own.contains("bold").then_some(true)),
            confidence: element.number("WC"),
        });
    }

    fn end_line(&mut self) {
        let (Some(sheet), words) = (self.sheets.last_mut(), std::mem::take(&mut self.words)) else {
            return;
        };
        let placed = words.iter().filter(|word| word.rect.is_sound()).count();
        let outer = self.line.take();
        if placed < words.len() || words.is_empty() {
            // Strings without places: the line's own box is what there is.
            let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            let Some(rect) = outer.or_else(|| words.first().map(|word| word.rect)) else { return };
            let first = words.first().cloned().unwrap_or_default();
            let vertical = is_vertical(rect, &text.concat());
            let text = text.join(" ");
            let Word { size, bold, confidence, .. } = first;
            sheet.lines.push(Line {
                rect,
                text,
                size,
                bold,
                confidence,
                vertical,
                ..Line::default()
            });
            return;
        }
        let text: String = words.iter().map(|word| word.text.as_str()).collect();
        let around = crate::model::hull(words.iter().map(|word| &word.rect));
        sheet.lines.extend(print::lines(&words, is_vertical(around, &text)));
    }
}

/// Whether a line of `text` in `rect` can only be vertical.
pub(crate) fn is_vertical(rect: Rect, text: &str) -> bool {
    let count = text.chars().filter(|c| !c.is_whitespace()).count();
    count >= 2 && rect.height() > 1.6 * rect.width()
}
