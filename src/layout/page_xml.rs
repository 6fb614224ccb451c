//! PAGE XML: regions and lines with polygons.

use crate::alto::is_vertical;
use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::print;
use crate::xml;
use crate::xml::Element;
use crate::xml::Pages;

#[derive(Default)]
struct Reader {
    sheets: Vec<Sheet>,
    /// Names of open elements.
    open: Vec<String>,
    line: Option<Line>,
    /// Whether the region is a heading, by its type.
    heading: bool,
}

/// Reads the pages of a PAGE file.
pub(crate) fn read(text: &str) -> Vec<Sheet> {
    xml::pages(text, "XML", Reader::default())
}

/// The box around the points of a `Coords`: `x,y x,y …`.
fn points(element: &Element) -> Option<Rect> {
    let pairs = element.get("points").split_whitespace();
    let read = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        let (x, y): (f32, f32) = (x.parse().ok()?, y.parse().ok()?);
        Some(Rect::new(x, y, x, y))
    };
    pairs.filter_map(read).reduce(|a, b| a.union(&b))
}

impl Pages for Reader {
    fn open(&mut self, element: &Element) {
        match element.name.as_str() {
            "Page" => self.sheets.push(Sheet {
                width: element.number("imageWidth").unwrap_or_default(),
                height: element.number("imageHeight").unwrap_or_default(),
                ..Sheet::default()
            }),
            "TextRegion" => {
                let kind = element.get("type");
                self.heading = kind == "heading" || kind == "header" && element.get("x") == "h";
            }
            "TextLine" => {
                let confidence = element.number("conf");
                self.line = Some(Line { confidence, heading: self.heading, ..Line::default() });
            }
            "Coords" => self.coords(element),
            "Point" if self.parent(0) == "Coords" => {
                if let (Some(x), Some(y)) = (element.number("x"), element.number("y")) {
                    self.place(Rect::new(x, y, x, y), 1);
                }
            }
            "TextStyle" => {
                if let Some(line) = &mut self.line {
                    line.size = line.size.or(element.number("fontSize"));
                    line.bold = line.bold.or(Some(element.get("bold") == "true"));
                }
            }
            "TextEquiv" if self.parent(0) == "TextLine" => {
                if let Some(line) = &mut self.line {
                    line.confidence = element.number("conf").or(line.confidence);
                }
            }
            _ => {}
        }
        self.open.push(element.name.clone());
    }

    fn text(&mut self, words: &str) {
        let direct = self.parent(0) == "Unicode"
            && self.parent(1) == "TextEquiv"
            && self.parent(2) == "TextLine";
        if let (true, Some(line)) = (direct, &mut self.line)
            && line.text.is_empty()
        {
            words.trim().clone_into(&mut line.text);
        }
    }

    fn close(&mut self, element: &Element) {
        self.open.pop();
        if element.name != "TextLine" {
            return;
        }
        if let (Some(mut line), Some(sheet)) = (self.line.take(), self.sheets.last_mut()) {
            line.vertical = is_vertical(line.rect, &line.text);
            print::trim(&mut line);
            sheet.lines.push(line);
        }
    }

    fn sheets(self) -> Vec<Sheet> {
        self.sheets
    }
}

impl Reader {
    /// The element around the one that is opening or open, `above` steps out.
    fn parent(&self, above: usize) -> &str {
        self.open.iter().rev().nth(above).map(String::as_str).unwrap_or_default()
    }

    fn coords(&mut self, element: &Element) {
        if let Some(rect) = points(element) {
            self.place(rect, 0);
        }
    }

    /// Gives the element `above` steps out of the innermost this box, or more of it.
    fn place(&mut self, rect: Rect, above: usize) {
        let owner = self.parent(above).to_owned();
        let Some(sheet) = self.sheets.last_mut() else { return };
        let grow = above > 0;
        let add = |shapes: &mut Vec<Rect>| match shapes.last_mut() {
            // Further points of the same shape come one by one in old versions.
            Some(last) if grow && last.area() < rect.area() + 1e9 => *last = last.union(&rect),
            _ => shapes.push(rect),
        };
        match owner.as_str() {
            "TextLine" => {
                if let Some(line) = &mut self.line {
                    let empty = line.rect == Rect::default();
                    line.rect = if empty { rect } else { line.rect.union(&rect) };
                }
            }
            "ImageRegion" | "GraphicRegion" | "LineDrawingRegion" | "ChartRegion" => {
                add(&mut sheet.pictures);
            }
            "SeparatorRegion" => add(&mut sheet.rules),
            "AdvertRegion" => add(&mut sheet.frames),
            _ => {}
        }
    }
}
