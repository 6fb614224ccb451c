//! JSON of `PaddleOCR`: lists of boxes and texts, results of PP-OCRv5, blocks of PP-Structure.

use serde_json::Value;

use crate::alto::is_vertical;
use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::hull;

/// Values that are looked at in one file.
const VALUES_MAX: usize = 2_000_000;

/// Keys of dictionaries whose values hold lines.
const INNER: [&str; 9] = [
    "res",
    "parsing_res_list",
    "layout_det_res",
    "overall_ocr_res",
    "ocrResults",
    "result",
    "data",
    "blocks",
    "prunedResult",
];

/// Reads one page out of the lists and dictionaries of a file.
pub(crate) fn read(value: &Value) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    // Results of several pages come as a list of lists of lines, or of dictionaries with their own
    // width and height.
    if let Some(pages) = pages(value) {
        sheets.extend(pages.iter().map(sheet));
    } else {
        sheets.push(sheet(value));
    }
    sheets
}

/// The pages of a value that holds several.
fn pages(value: &Value) -> Option<&Vec<Value>> {
    let list = value.as_array()?;
    let nested = list.iter().all(|page| page.as_array().is_some_and(|p| p.iter().any(is_line)));
    let results = list.iter().all(|page| {
        ["rec_texts", "parsing_res_list", "width"].iter().any(|k| page.get(k).is_some())
    });
    (!list.is_empty() && (nested || results)).then_some(list)
}

/// Whether a value is `[[[x,y],…],[text,confidence]]`.
fn is_line(value: &Value) -> bool {
    line_of_lists(value).is_some()
}

fn sheet(value: &Value) -> Sheet {
    let mut sheet = Sheet {
        width: number(value, "width").unwrap_or_default(),
        height: number(value, "height").unwrap_or_default(),
        ..Sheet::default()
    };
    let mut open = vec![value];
    let mut seen = 0_usize;
    while let Some(value) = open.pop() {
        seen += 1;
        if seen > VALUES_MAX {
            sheet.notes.push("only a part of the file was read: it is too large".to_owned());
            break;
        }
        if let Some(line) = line_of_lists(value) {
            sheet.lines.push(line);
            continue;
        }
        if let Value::Array(list) = value {
            open.extend(list.iter().rev());
        } else if value.is_object() && !block(value, &mut sheet) {
            open.extend(INNER.iter().rev().filter_map(|key| value.get(key)));
        }
    }
    sheet
}

fn number(value: &Value, key: &str) -> Option<f32> {
    float(value.get(key)?)
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more")]
fn float(value: &Value) -> Option<f32> {
    let number = value.as_f64()? as f32;
    number.is_finite().then_some(number)
}

/// The box of `[x0, y0, x1, y1]` or of a polygon `[[x, y], …]`.
pub(crate) fn rect(value: &Value) -> Option<Rect> {
    let list = value.as_array()?;
    let flat: Option<Vec<f32>> = list.iter().map(float).collect();
    if let Some([x0, y0, x1, y1]) = flat.as_deref() {
        return Some(Rect::new(*x0, *y0, *x1, *y1));
    }
    let point = |value: &Value| {
        let (x, y) = (float(value.get(0)?)?, float(value.get(1)?)?);
        Some(Rect::new(x, y, x, y))
    };
    let points: Option<Vec<Rect>> = list.iter().map(point).collect();
    let points = points.filter(|points| points.len() >= 3)?;
    Some(hull(points.iter()))
}

fn line_of_lists(value: &Value) -> Option<Line> {
    let list = value.as_array().filter(|list| list.len() == 2)?;
    let rect = rect(list.first()?)?;
    let said = list.get(1)?.as_array()?;
    let text = said.first()?.as_str()?.trim().to_owned();
    Some(made(rect, text, said.get(1).and_then(float)))
}

fn made(rect: Rect, text: String, confidence: Option<f32>) -> Line {
    let vertical = is_vertical(rect, &text);
    Line { rect, text, confidence, vertical, ..Line::default() }
}

/// Reads a dictionary that is a line, a block or a whole result; `false` where it is none.
fn block(value: &Value, sheet: &mut Sheet) -> bool {
    if let Some(texts) = value.get("rec_texts").and_then(Value::as_array) {
        let boxes = ["rec_polys", "rec_boxes", "dt_polys"].iter().find_map(|key| value.get(key));
        let scores = value.get("rec_scores").and_then(Value::as_array);
        for (at, text) in texts.iter().enumerate() {
            let place = boxes.and_then(|boxes| boxes.get(at)).and_then(rect);
            if let (Some(rect), Some(text)) = (place, text.as_str()) {
                let confidence = scores.and_then(|scores| scores.get(at)).and_then(float);
                sheet.lines.push(made(rect, text.trim().to_owned(), confidence));
            }
        }
        return true;
    }
    let place = ["bbox", "block_bbox", "text_region", "points", "box"];
    let place = place.iter().find_map(|key| value.get(key)).and_then(rect);
    let kind = ["type", "block_label", "label"].iter().find_map(|key| value.get(key)?.as_str());
    let Some(rect) = place else { return false };
    let text =
        ["text", "transcription", "block_content"].iter().find_map(|k| value.get(k)?.as_str());
    match (kind, text) {
        (Some("figure" | "image" | "chart" | "picture"), _) => sheet.pictures.push(rect),
        (_, Some(text)) if !text.trim().is_empty() => {
            let confidence = ["confidence", "score"].iter().find_map(|key| number(value, key));
            let mut line = made(rect, text.trim().to_owned(), confidence);
            line.heading = kind.is_some_and(|kind| kind.ends_with("title"));
            line.whole = value.get("block_content").is_some() || value.get("res").is_some();
            sheet.lines.push(line);
        }
        _ => {
            // A block of PP-Structure with its lines inside.
            let inner = value.get("res").and_then(Value::as_array);
            for line in inner.into_iter().flatten() {
                block(line, sheet);
            }
            return inner.is_some();
        }
    }
    true
}
