//! A page with places as a picture: each printed line in the colour of its part, each article a link
//! to what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::runs::Place;
use crate::marks;
use wenmai_proto::wire;

/// Width of the picture.
const WIDTH: f32 = 1_000.0;

/// Lines of one part of an article, drawn at once.
pub(super) struct Drawn {
    pub(super) class: &'static str,
    /// The boxes as an SVG path.
    pub(super) path: String,
}

/// An article on the picture; number 0 holds what no article took.
pub(super) struct Shape {
    pub(super) number: usize,
    /// Where its number stands.
    pub(super) at: (i32, i32),
    pub(super) parts: Vec<Drawn>,
}

/// The picture of a page.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) shapes: Vec<Shape>,
}

/// Draws a page; `places` are those of the parts in its text, in order.
pub(super) fn of(layout: &wire::PageLayout, places: &[Place]) -> Plan {
    let scale = WIDTH / layout.width.max(1.0);
    let mut shapes: BTreeMap<usize, BTreeMap<&'static str, String>> = BTreeMap::new();
    let mut corners: BTreeMap<usize, (i32, i32)> = BTreeMap::new();
    let mut add = |number: usize, class: &'static str, bounds: &wire::PageBox| {
        let [left, top, right, bottom] =
            [bounds.left, bounds.top, bounds.right, bounds.bottom].map(|edge| whole(edge * scale));
        let path = shapes.entry(number).or_default().entry(class).or_default();
        let _written = write!(path, "M{left} {top}H{right}V{bottom}H{left}Z");
        let corner = corners.entry(number).or_insert((left, top));
        if (top, left) < (corner.1, corner.0) {
            *corner = (left, top);
        }
    };
    for line in &layout.lines {
        let (Some(bounds), Some(span)) = (&line.r#box, line.span) else { continue };
        let (class, number) = part_of(marks::bounds(span), places).unwrap_or(("none", 0));
        add(number, class, bounds);
    }
    for picture in &layout.pictures {
        let Some(bounds) = &picture.r#box else { continue };
        let number = picture.article_index.map_or(0, |index| crate::show::index(index) + 1);
        add(number, "picture", bounds);
    }
    let shape = |(number, parts): (usize, BTreeMap<&'static str, String>)| Shape {
        number,
        at: corners.get(&number).copied().unwrap_or_default(),
        parts: parts.into_iter().map(|(class, path)| Drawn { class, path }).collect(),
    };
    Plan {
        width: whole(WIDTH),
        height: whole(layout.height * scale),
        shapes: shapes.into_iter().map(shape).collect(),
    }
}

/// The part that holds the middle of a line.
fn part_of((from, to): (usize, usize), places: &[Place]) -> Option<(&'static str, usize)> {
    let middle = from + to.saturating_sub(from) / 2;
    let before = places.partition_point(|place| place.0 <= middle);
    let mut holds = places.get(..before)?.iter().rev();
    holds.find(|place| middle < place.1).map(|place| (place.2, place.3))
}

#[expect(clippy::cast_possible_truncation, reason = "a place on a picture is a small number")]
fn whole(value: f32) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests {
    use super::of;
    use wenmai_proto::wire;

    #[test]
    fn lines_are_drawn_in_the_colour_of_their_part() {
        let line = |start_char, end_char, top| wire::PlacedLine {
            span: Some(wire::TextSpan { start_char, end_char }),
            r#box: Some(wire::PageBox { left: 10.0, top, right: 90.0, bottom: top + 5.0 }),
            ..Default::default()
        };
        let layout = wire::PageLayout {
            width: 100.0,
            height: 200.0,
            lines: vec![line(0, 4, 20.0), line(5, 9, 30.0), line(10, 14, 40.0)],
            ..Default::default()
        };
        let plan = of(&layout, &[(0, 4, "title", 1), (5, 9, "body", 1)]);
        assert_eq!((plan.width, plan.height), (1_000, 2_000));
        let told: Vec<_> = plan
            .shapes
            .iter()
            .map(|shape| (shape.number, shape.parts.iter().map(|p| p.class).collect::<Vec<_>>()))
            .collect();
        assert_eq!(told, [(0, vec!["none"]), (1, vec!["body", "title"])]);
        assert_eq!(plan.shapes[1].at, (100, 200));
        assert_eq!(plan.shapes[1].parts[1].path, "M100 200H900V250H100Z");
    }
}
