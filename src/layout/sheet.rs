//! A sheet as JSON: a page of any format in little room, to be sent instead of a large file.

use serde_json::Value;
use serde_json::json;

use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::Unit;

/// The key by which the form is known, and its version.
const KEY: &str = "wenmai_sheet";

impl Sheet {
    /// Writes the sheet; [`crate::open`] reads it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let rects = |rects: &[Rect]| rects.iter().map(edges).collect::<Vec<_>>();
        let lines: Vec<Value> = self.lines.iter().map(written).collect();
        json!({
            KEY: 1,
            "width": self.width,
            "height": self.height,
            "unit": self.unit.name(),
            "pictures": rects(&self.pictures),
            "rules": rects(&self.rules),
            "frames": rects(&self.frames),
            "notes": self.notes,
            "lines": lines,
        })
        .to_string()
    }
}

fn edges(rect: &Rect) -> Value {
    json!([rect.left, rect.top, rect.right, rect.bottom])
}

/// `[box, text]`, and what else is known by name.
fn written(line: &Line) -> Value {
    let Line { rect, text, size, bold, confidence, vertical, whole, heading } = line;
    let mut more = serde_json::Map::new();
    let floats = [("size", size), ("conf", confidence)];
    for (key, value) in floats {
        more.extend(value.map(|value| (key.to_owned(), json!(value))));
    }
    more.extend(bold.map(|bold| ("bold".to_owned(), json!(bold))));
    let flags = [("vertical", vertical), ("whole", whole), ("heading", heading)];
    more.extend(
        flags.iter().filter(|(_, on)| **on).map(|(key, _)| ((*key).to_owned(), json!(true))),
    );
    json!([edges(rect), text, more])
}

/// Reads a sheet; `None` where it is none of the version that is known.
pub(crate) fn read(value: &Value) -> Option<Sheet> {
    if value.get(KEY).and_then(Value::as_u64) != Some(1) {
        return None;
    }
    let rects = |key: &str| -> Vec<Rect> {
        let list = value.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(rect).collect()
    };
    let notes = value.get("notes").and_then(Value::as_array).into_iter().flatten();
    let lines = value.get("lines").and_then(Value::as_array).into_iter().flatten();
    Some(Sheet {
        width: value.get("width").and_then(float).unwrap_or_default(),
        height: value.get("height").and_then(float).unwrap_or_default(),
        unit: Unit::from_name(value.get("unit").and_then(Value::as_str).unwrap_or_default()),
        lines: lines.filter_map(line).collect(),
        pictures: rects("pictures"),
        rules: rects("rules"),
        frames: rects("frames"),
        notes: notes.filter_map(Value::as_str).take(100).map(str::to_owned).collect(),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more")]
fn float(value: &Value) -> Option<f32> {
    value.as_f64().map(|number| number as f32).filter(|number| number.is_finite())
}

fn rect(value: &Value) -> Option<Rect> {
    let edge = |at: usize| value.get(at).and_then(float);
    Some(Rect { left: edge(0)?, top: edge(1)?, right: edge(2)?, bottom: edge(3)? })
}

fn line(value: &Value) -> Option<Line> {
    let more = value.get(2);
    let flag = |key: &str| more.and_then(|more| more.get(key)?.as_bool());
    Some(Line {
        rect: rect(value.get(0)?)?,
        text: value.get(1)?.as_str()?.to_owned(),
        size: more.and_then(|more| float(more.get("size")?)),
        bold: flag("bold"),
        confidence: more.and_then(|more| float(more.get("conf")?)),
        vertical: flag("vertical").unwrap_or_default(),
        whole: flag("whole").unwrap_or_default(),
        heading: flag("heading").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use crate::model::Line;
    use crate::model::Rect;
    use crate::model::Sheet;
    use crate::model::Unit;

    #[test]
    fn a_sheet_comes_back_as_it_was() {
        let sheet = Sheet {
            width: 100.0,
            height: 200.5,
            unit: Unit::Point,
            lines: vec![Line {
                rect: Rect::new(1.0, 2.0, 3.0, 4.0),
                text: "清河".into(),
                size: Some(12.0),
                bold: Some(false),
                vertical: true,
                ..Line::default()
            }],
            pictures: vec![Rect::new(5.0, 5.0, 6.0, 6.0)],
            notes: vec!["说明".into()],
            ..Sheet::default()
        };
        let (read, count) = crate::open(sheet.to_json().as_bytes(), None, 0).unwrap();
        assert_eq!((read, count), (sheet, 1));
    }
}
