//! JSON of `MinerU`: its list of contents (`content_list`) and its middle form (`pdf_info`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::alto::is_vertical;
use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::Unit;
use crate::paddle::rect;

/// Pages that one file may have.
const PAGES_MAX: u64 = 10_000;

/// Reads the pages of a file.
pub(crate) fn read(value: &Value) -> Vec<Sheet> {
    match value.get("pdf_info").and_then(Value::as_array) {
        Some(pages) => pages.iter().map(middle).collect(),
        None => value.as_array().map(|list| contents(list)).unwrap_or_default(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more")]
fn middle(page: &Value) -> Sheet {
    let size = |at: usize| page.get("page_size").and_then(|size| size.get(at)?.as_f64());
    let mut sheet = Sheet {
        width: size(0).unwrap_or_default() as f32,
        height: size(1).unwrap_or_default() as f32,
        unit: Unit::Point,
        ..Sheet::default()
    };
    // Both keys hold the same blocks; paragraphs are joined over blocks in the other one.
    let blocks = ["preproc_blocks", "para_blocks"].iter().find_map(|key| page.get(key)?.as_array());
    let mut open: Vec<&Value> = blocks.into_iter().flatten().rev().collect();
    open.extend(page.get("discarded_blocks").and_then(Value::as_array).into_iter().flatten());
    while let Some(block) = open.pop() {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        if matches!(kind, "image_body" | "chart_body") {
            sheet.pictures.extend(block.get("bbox").and_then(rect));
            continue;
        }
        if let Some(inner) = block.get("blocks").and_then(Value::as_array) {
            open.extend(inner.iter().rev());
        }
        for line in block.get("lines").and_then(Value::as_array).into_iter().flatten() {
            sheet.lines.extend(printed(line, kind == "title"));
        }
    }
    sheet
}

fn printed(line: &Value, heading: bool) -> Option<Line> {
    let rect = line.get("bbox").and_then(rect)?;
    let spans = line.get("spans").and_then(Value::as_array)?;
    let text: String = spans.iter().filter_map(|span| span.get("content")?.as_str()).collect();
    let score = spans.iter().find_map(|span| span.get("score")?.as_f64());
    #[expect(clippy::cast_possible_truncation, reason = "a share needs no more")]
    let confidence = score.map(|score| score as f32);
    let vertical = is_vertical(rect, &text);
    let text = text.trim().to_owned();
    (!text.is_empty()).then_some(Line {
        rect,
        text,
        confidence,
        vertical,
        heading,
        ..Line::default()
    })
}

/// Blocks without lines, places in thousandths of the page.
fn contents(list: &[Value]) -> Vec<Sheet> {
    let mut sheets: BTreeMap<u64, Sheet> = BTreeMap::new();
    for item in list {
        let page = item.get("page_idx").and_then(Value::as_u64).unwrap_or_default();
        if page >= PAGES_MAX {
            continue;
        }
        let sheet = sheets.entry(page).or_insert_with(|| Sheet {
            width: 1_000.0,
            // A newspaper's page is taller than wide; the file does not say by how much.
            height: 1_000.0,
            unit: Unit::Thousandth,
            ..Sheet::default()
        });
        let Some(rect) = item.get("bbox").and_then(rect) else { continue };
        add(item, rect, sheet);
    }
    sheets.into_values().collect()
}

fn add(item: &Value, rect: Rect, sheet: &mut Sheet) {
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind == "image" || kind == "chart" {
        sheet.pictures.push(rect);
        for key in ["image_caption", "img_caption", "chart_caption"] {
            let words = item.get(key).and_then(Value::as_array).into_iter().flatten();
            let text: String = words.filter_map(Value::as_str).collect();
            if !text.trim().is_empty() {
                // The caption's own place is not given: it stands at the picture's foot.
                let foot = Rect { top: rect.bottom + 1.0, bottom: rect.bottom + 9.0, ..rect };
                let text = text.trim().to_owned();
                sheet.lines.push(Line { rect: foot, text, whole: true, ..Line::default() });
            }
        }
        return;
    }
    let Some(text) = item.get("text").and_then(Value::as_str).map(str::trim) else { return };
    if text.is_empty() {
        return;
    }
    let level = item.get("text_level").and_then(Value::as_u64);
    sheet.lines.push(Line {
        rect,
        text: text.to_owned(),
        vertical: is_vertical(rect, text) && text.chars().count() < 30 && level.is_some(),
        whole: true,
        heading: level.is_some_and(|level| level > 0),
        ..Line::default()
    });
}
