//! A sheet, cleaned and measured: each line with its size relative to the page's body type.

use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::model::hull;
use crate::print::ems;
use crate::print::typical;

/// Rules and frames that are looked at; a page has some dozens.
const SHAPES_MAX: usize = 400;

/// A line with its size.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Where it stands, in the direction of reading: see [`Measured::turned`].
    pub rect: Rect,
    /// The words of the line.
    pub text: String,
    /// Size of its type, relative to the body's: 1 is body type.
    pub size: f32,
    /// Whether it is bold, where that is known.
    pub bold: Option<bool>,
    /// Whether its characters stand below each other.
    pub vertical: bool,
    /// Whether it is a whole paragraph.
    pub whole: bool,
    /// Whether the source calls it a heading.
    pub heading: bool,
    /// Its index among the lines of the sheet.
    pub given: usize,
}

/// A sheet, measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// The lines that have a place on the page.
    pub items: Vec<Item>,
    /// Indexes of lines of the sheet without a place on the page.
    pub astray: Vec<usize>,
    /// Size of the body type in the sheet's unit.
    pub em: f32,
    /// The page.
    pub page: Rect,
    /// Pictures.
    pub pictures: Vec<Rect>,
    /// Horizontal rules.
    pub across: Vec<Rect>,
    /// Vertical rules.
    pub down: Vec<Rect>,
    /// Frames.
    pub frames: Vec<Rect>,
    /// Whether the page is set vertically: it is read turned by a quarter, so that its lines run
    /// from left to right and follow each other downwards.
    pub turned: bool,
    /// Whether sizes are those that the source states, not measured ones.
    pub exact: bool,
    /// What is noticed, for people.
    pub notes: Vec<String>,
}

impl Measured {
    /// A picture as it stands on the page, before it was turned.
    pub fn original(&self, picture: usize) -> Option<Rect> {
        let rect = *self.pictures.get(picture)?;
        if !self.turned {
            return Some(rect);
        }
        // What the quarter turn did, undone: the page's height became its width.
        let wide = self.page.height();
        Some(Rect::new(wide - rect.bottom, rect.left, wide - rect.top, rect.right))
    }
}

/// Measures a sheet.
pub(crate) fn measure(sheet: &Sheet) -> Measured {
    let mut measured = Measured { notes: sheet.notes.clone(), ..Measured::default() };
    let page = page_of(sheet);
    let is_placed = |line: &Line| line.rect.is_sound() && page.holds(&line.rect);
    let vertical = turned(&sheet.lines);
    measured.turned = vertical;
    let turn = |rect: &Rect| if vertical { quarter(rect, &page) } else { *rect };
    for (given, line) in sheet.lines.iter().enumerate() {
        if line.text.trim().is_empty() {
            continue;
        }
        if !is_placed(line) {
            measured.astray.push(given);
            continue;
        }
        measured.items.push(Item {
            rect: turn(&line.rect),
            text: line.text.trim().to_owned(),
            size: 1.0,
            bold: line.bold,
            vertical: line.vertical != vertical,
            whole: line.whole,
            heading: line.heading,
            given,
        });
    }
    if !measured.astray.is_empty() {
        let count = measured.astray.len();
        measured.notes.push(format!("{count} lines stand outside the page or have no extent"));
    }
    measured.page = turn(&page);
    sizes(&mut measured, sheet);
    shapes(&mut measured, sheet, turn);
    measured
}

/// The page; its size is taken from the lines where the source gives none.
fn page_of(sheet: &Sheet) -> Rect {
    let page = Rect { left: 0.0, top: 0.0, right: sheet.width, bottom: sheet.height };
    if page.is_sound() {
        return page;
    }
    let sound = sheet.lines.iter().map(|line| &line.rect).filter(|rect| rect.is_sound());
    hull(sound)
}

/// Whether most of the text stands in vertical lines.
fn turned(lines: &[Line]) -> bool {
    let (mut vertical, mut all) = (0_usize, 0_usize);
    for line in lines {
        all += line.text.len();
        vertical += if line.vertical { line.text.len() } else { 0 };
    }
    vertical * 5 > all * 3
}

/// A box on the page turned by a quarter to the left: what stood at the right comes on top.
fn quarter(rect: &Rect, page: &Rect) -> Rect {
    Rect::new(rect.top, page.right - rect.right, rect.bottom, page.right - rect.left)
}

/// Gives each item its size.
fn sizes(measured: &mut Measured, sheet: &Sheet) {
    let items = &mut measured.items;
    let stated = items.iter().filter(|item| size_of(sheet, item).is_some_and(|s| s > 0.0)).count();
    let is_stated = stated * 5 >= items.len() * 4 && stated > 0;
    measured.exact = is_stated;
    // Boxes are higher than type, by how much differs from program to program.
    let long: Vec<&Item> = items.iter().filter(|i| !i.whole && ems(&i.text) >= 6.0).collect();
    let tall = typical(long.iter().map(|item| across(item) / advance(item))).max(0.3);
    let raw: Vec<f32> = items
        .iter()
        .map(|item| {
            if is_stated {
                size_of(sheet, item).filter(|size| *size > 0.0).unwrap_or(1.0)
            } else if item.whole {
                whole_size(item)
            } else {
                printed_size(item, tall)
            }
        })
        .collect();
    let body = mode(items.iter().zip(&raw).map(|(item, size)| (*size, ems(&item.text))));
    let near = |size: f32| (size / body - 1.0).abs() < 0.06;
    let both = items.iter().zip(&raw);
    let bodies = both.filter(|(item, size)| near(**size) && !item.whole && ems(&item.text) >= 4.0);
    let advance = typical(bodies.map(|(item, _)| advance(item)));
    measured.em = if advance > 0.0 { advance } else { body };
    for (item, size) in items.iter_mut().zip(raw) {
        item.size = (size / body).clamp(0.1, 50.0);
        if item.heading && item.size < 1.3 && item.whole {
            item.size = 1.5;
        }
    }
}

fn size_of(sheet: &Sheet, item: &Item) -> Option<f32> {
    sheet.lines.get(item.given).and_then(|line| line.size)
}

/// The extent of a line across its direction.
fn across(item: &Item) -> f32 {
    if item.vertical { item.rect.width() } else { item.rect.height() }
}

/// How far a line goes on with each em.
fn advance(item: &Item) -> f32 {
    let long = if item.vertical { item.rect.height() } else { item.rect.width() };
    long / ems(&item.text).max(0.5)
}

/// The size of a line's type, of its box alone. `tall` is how high boxes are for type of size 1.
///
/// Spaced lines are longer than their type is large, and boxes higher: the smaller of both counts.
/// Lines set to a measure are a little longer or shorter, so that where both agree the middle does.
fn printed_size(item: &Item, tall: f32) -> f32 {
    let (long, high) = (advance(item), across(item) / tall);
    let count = ems(&item.text);
    if count < 5.0 {
        return high.min(long * 1.2);
    }
    if (long / high - 1.0).abs() < 0.2 { (long * high).sqrt() } else { long.min(high) }
}

/// The size of the type in a paragraph of which only the outer box is known.
fn whole_size(item: &Item) -> f32 {
    let (count, rect) = (ems(&item.text).max(0.5), item.rect);
    let single = rect.width() / count;
    if single * 2.2 > rect.height() {
        return single.min(rect.height());
    }
    // Lines are one and a half em apart.
    (rect.area() / count / 1.5).sqrt()
}

/// The value around which most weight lies.
fn mode(values: impl Iterator<Item = (f32, f32)>) -> f32 {
    let mut values: Vec<(f32, f32)> =
        values.filter(|(value, _)| value.is_finite() && *value > 0.0).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut from, mut weight) = (0, 0.0);
    let mut best = (0.0, 1.0);
    for (at, (value, own)) in values.iter().enumerate() {
        weight += own;
        while let Some((first, gone)) = values.get(from).filter(|(first, _)| first * 1.08 < *value)
        {
            let _ = first;
            weight -= gone;
            from += 1;
        }
        if weight > best.0 {
            let middle = values.get(usize::midpoint(from, at)).map_or(*value, |(value, _)| *value);
            best = (weight, middle);
        }
    }
    best.1
}

/// Sorts pictures, rules and frames, and finds frames that are drawn as four rules.
fn shapes(measured: &mut Measured, sheet: &Sheet, turn: impl Fn(&Rect) -> Rect) {
    let (em, page) = (measured.em, measured.page);
    let is_inside = |rect: &&Rect| rect.shared_x(&page) > 0.0 && rect.shared_y(&page) > 0.0;
    let pictures = sheet.pictures.iter().filter(|rect| rect.is_sound()).map(&turn);
    measured.pictures = pictures
        .filter(|rect| is_inside(&rect) && rect.width() > 2.0 * em && rect.height() > 2.0 * em)
        .filter(|rect| rect.area() < 0.9 * page.area())
        .take(SHAPES_MAX)
        .collect();
    let finite = |rect: &&Rect| {
        [rect.left, rect.top, rect.right, rect.bottom].iter().all(|edge| edge.is_finite())
    };
    for rect in sheet.rules.iter().chain(&sheet.frames).filter(finite).map(turn) {
        let (width, height) = (rect.width(), rect.height());
        if height < 0.8 * em && width > 2.0 * em {
            measured.across.push(rect);
        } else if width < 0.8 * em && height > 2.0 * em {
            measured.down.push(rect);
        } else if width > 4.0 * em && height > 2.0 * em && rect.area() < 0.8 * page.area() {
            measured.frames.push(rect);
        }
    }
    measured.across.truncate(SHAPES_MAX);
    measured.down.truncate(SHAPES_MAX);
    drawn(measured);
    measured.frames.sort_by(|a, b| a.area().total_cmp(&b.area()));
    measured.frames.dedup_by(|a, b| {
        let shared = a.shared_x(b).max(0.0) * a.shared_y(b).max(0.0);
        shared > 0.92 * a.area().max(b.area())
    });
    measured.frames.truncate(SHAPES_MAX);
    let by_top = |a: &Rect, b: &Rect| a.top.total_cmp(&b.top);
    measured.across.sort_by(by_top);
    measured.down.sort_by(|a, b| a.left.total_cmp(&b.left));
}

/// Adds the frames whose four sides are rules.
fn drawn(measured: &mut Measured) {
    let near = |a: f32, b: f32| (a - b).abs() < 0.7 * measured.em;
    let mut frames = Vec::new();
    for top in &measured.across {
        let side = |x: f32| {
            measured.down.iter().filter(move |down| near(down.left, x) && near(down.top, top.top))
        };
        for left in side(top.left) {
            let closes = |right: &&Rect| near(right.bottom, left.bottom);
            let Some(right) = side(top.right).find(closes) else { continue };
            let bottom = measured.across.iter().any(|bottom| {
                near(bottom.top, left.bottom)
                    && near(bottom.left, top.left)
                    && near(bottom.right, top.right)
            });
            let frame = hull([top, left, right]);
            let large = frame.height() > 2.0 * measured.em && frame.width() > 4.0 * measured.em;
            if bottom && large && frame.area() < 0.8 * measured.page.area() {
                frames.push(frame);
            }
        }
        if frames.len() >= SHAPES_MAX {
            break;
        }
    }
    let sides = |rule: &Rect, frames: &[Rect]| {
        frames.iter().any(|frame| {
            near(rule.left, frame.left) && near(rule.right, frame.right)
                || near(rule.top, frame.top) && near(rule.bottom, frame.bottom)
        })
    };
    // The sides of a frame are no rules between articles.
    let on_edge = |rule: &Rect| {
        sides(rule, &frames)
            && frames.iter().any(|frame| {
                near(rule.top, frame.top) && near(rule.bottom, frame.top)
                    || near(rule.top, frame.bottom) && near(rule.bottom, frame.bottom)
                    || near(rule.left, frame.left) && near(rule.right, frame.left)
                    || near(rule.left, frame.right) && near(rule.right, frame.right)
            })
    };
    let (mut across, mut down) =
        (std::mem::take(&mut measured.across), std::mem::take(&mut measured.down));
    across.retain(|rule| !on_edge(rule));
    down.retain(|rule| !on_edge(rule));
    measured.across = across;
    measured.down = down;
    measured.frames.extend(frames);
}

#[cfg(test)]
mod tests {
    use super::measure;
    use crate::model::Line;
    use crate::model::Rect;
    use crate::model::Sheet;

    fn line(left: f32, top: f32, size: f32, text: &str) -> Line {
        let rect = Rect::new(left, top, left + size * crate::print::ems(text), top + size * 1.2);
        Line { rect, text: text.into(), ..Line::default() }
    }

    #[test]
    fn sizes_are_relative_to_the_body() {
        let mut lines = vec![line(0.0, 0.0, 36.0, "清河大桥主桥合龙")];
        for row in 0..9_u8 {
            lines.push(line(
                0.0,
                60.0 + 18.0 * f32::from(row),
                12.0,
                "横跨清河两岸的清河大桥主桥顺利",
            ));
        }
        lines.push(line(900.0, 0.0, 12.0, "在页外"));
        let sheet = Sheet { width: 400.0, height: 400.0, lines, ..Sheet::default() };
        let measured = measure(&sheet);
        assert!((measured.em - 12.0).abs() < 0.1);
        assert!((measured.items[0].size - 3.0).abs() < 0.1);
        assert_eq!(measured.astray, [10]);
    }

    #[test]
    fn four_rules_make_a_frame() {
        let rules = vec![
            Rect::new(10.0, 10.0, 200.0, 11.0),
            Rect::new(10.0, 99.0, 200.0, 100.0),
            Rect::new(10.0, 10.0, 11.0, 100.0),
            Rect::new(199.0, 10.0, 200.0, 100.0),
            Rect::new(10.0, 150.0, 380.0, 151.0),
        ];
        let lines =
            (0..4_u8).map(|row| line(20.0, 20.0 + 18.0 * f32::from(row), 12.0, "清河大桥合龙了"));
        let lines = lines.collect();
        let sheet = Sheet { width: 400.0, height: 400.0, lines, rules, ..Sheet::default() };
        let measured = measure(&sheet);
        assert_eq!((measured.frames.len(), measured.across.len(), measured.down.len()), (1, 1, 0));
    }
}
