//! Rooms: the page, its halves where two pages were scanned as one, and the frames on it.

use crate::measure::Measured;
use crate::model::Rect;

/// An area whose lines have nothing to do with those outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// What it takes up.
    pub rect: Rect,
    /// The room around it; `None` for the page.
    pub parent: Option<usize>,
}

/// Lines that a frame must hold to be a room.
const LINES_MIN: usize = 2;

/// The rooms of a page, the page first, and the room of each item.
pub(crate) fn rooms(measured: &mut Measured) -> (Vec<Room>, Vec<usize>) {
    let page = measured.page;
    let mut rooms = vec![Room { rect: page, parent: None }];
    let halves = halves(measured);
    if let Some(middle) = halves {
        measured.notes.push("two pages stand side by side: each is read alone".to_owned());
        rooms = vec![
            Room { rect: Rect { right: middle, ..page }, parent: None },
            Room { rect: Rect { left: middle, ..page }, parent: None },
        ];
    }
    let own = rooms.len();
    // From the largest, so that a room's parent is there before it.
    for frame in measured.frames.iter().rev() {
        let inside = |item: &&crate::measure::Item| frame.holds(&item.rect);
        let lines = measured.items.iter().filter(inside);
        let body = lines.clone().filter(|item| item.size < 1.3 && !item.vertical).count();
        let pictures = measured.pictures.iter().filter(|rect| frame.holds(rect)).count();
        let heads = lines.filter(|item| item.size >= 1.3).count();
        let holds = body + 4 * pictures.min(1);
        if holds < LINES_MIN || body + heads < 2 {
            continue;
        }
        let parent = rooms
            .iter()
            .rposition(|room| room.rect.holds(frame) && room.rect.area() > frame.area());
        rooms.push(Room { rect: *frame, parent: Some(parent.unwrap_or(0)) });
    }
    let of = |rect: &Rect| {
        let framed = rooms.iter().enumerate().skip(own).rev();
        let framed = framed.filter(|(_, room)| room.rect.holds(rect));
        let least = framed.min_by(|a, b| a.1.rect.area().total_cmp(&b.1.rect.area()));
        let root = || rooms.iter().take(own).position(|room| room.rect.holds(rect));
        least.map(|(at, _)| at).or_else(root).unwrap_or(0)
    };
    let of_items = measured.items.iter().map(|item| of(&item.rect)).collect();
    (rooms, of_items)
}

/// The room that `rect` stands in.
pub(crate) fn room_of(rooms: &[Room], rect: &Rect) -> usize {
    let holding = rooms.iter().enumerate().filter(|(_, room)| room.rect.holds(rect));
    let least = holding.min_by(|a, b| a.1.rect.area().total_cmp(&b.1.rect.area()));
    least.map_or(0, |(at, _)| at)
}

/// Where two pages scanned as one part: a wide page with an empty strip in its middle.
fn halves(measured: &Measured) -> Option<f32> {
    let page = measured.page;
    if page.width() < 1.15 * page.height() || measured.items.len() < 20 {
        return None;
    }
    let middle = page.center_x();
    let reach = 0.03 * page.width();
    // The widest gap near the middle that hardly a line crosses.
    let near = measured
        .items
        .iter()
        .filter(|item| item.rect.right > middle - reach && item.rect.left < middle + reach);
    let mut edges: Vec<(f32, i32)> = Vec::new();
    for item in near {
        edges.push((item.rect.left, 1));
        edges.push((item.rect.right, -1));
    }
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut open, mut from, mut best) = (0, middle - reach, (0.0, middle));
    for (x, step) in edges.iter().copied().chain([(middle + reach, 0)]) {
        let x = x.clamp(middle - reach, middle + reach);
        if open == 0 && x - from > best.0 {
            best = (x - from, f32::midpoint(from, x));
        }
        open += step;
        from = x;
    }
    let chars = |left: bool| -> usize {
        let side = measured.items.iter().filter(|i| (i.rect.center_x() < best.1) == left);
        side.map(|item| item.text.chars().count()).sum()
    };
    let (left, right) = (chars(true), chars(false));
    let both = left.min(right) * 5 > left.max(right);
    (best.0 > 3.0 * measured.em && both).then_some(best.1)
}
